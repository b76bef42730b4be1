//! An account at Alpaca, simulated on this machine: the program that a user runs, over the wire that the broker speaks.

mod account;
mod coins;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod cuts;
pub mod desk;
mod flow;
mod kills;
mod limits;
mod live;
mod month;
mod outside;
mod parts;
mod passes;
mod protection;
mod repairs;
#[cfg(unix)]
mod secrets;
pub mod serve;
mod tonight;
mod truth;
mod verbs;
