//! The binaries as a user meets them: run in a folder, read on standard output, killed at any moment.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test they are assertions")]
#![expect(unreachable_pub, reason = "the parts of one program, pub to each other")]

mod acts;
#[cfg(feature = "alpaca")]
mod alpaca;
mod bad_inputs;
mod config;
#[cfg(feature = "conformance")]
mod conformance;
#[cfg(all(feature = "alpaca", target_os = "linux", target_arch = "x86_64"))]
mod cut;
mod doctor;
mod drill;
mod errors;
mod gate;
#[cfg(feature = "alpaca")]
mod guard_scenarios;
mod help;
mod import;
mod kill;
#[cfg(feature = "oanda")]
mod oanda;
mod own_keys;
mod passes;
mod place;
mod python;
mod repairs;
mod replay;
mod report;
mod same_records;
mod schemas;
mod secrets;
mod serving;
mod sessions;
mod signals;
#[cfg(feature = "sim")]
mod sim;
mod state;
mod tonight;
mod twin;
mod two_brokers;
mod watchdog;
mod zones;
