//! The simulated Alpaca over its own wire: plain HTTP and sockets on loopback, and a clock that is stepped.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test they are assertions")]

mod bystander;
mod coins;
mod faults;
mod groups;
mod non_trades;
mod oanda;
mod orders;
mod pages;
mod refusals;
mod session;
mod stream;
mod unverified;
mod wire;
