//! The simulated OANDA over its own wire.

mod account;
mod candles;
mod faults;
mod orders;
mod refusals;
mod session;
mod streams;
mod trades;
mod unverified;
mod wire;
