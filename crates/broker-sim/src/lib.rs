//! Simulated brokers that speak the real wire, over the one matching engine, with everything that goes wrong.
//!
//! [`core`] is what every broker shares: time, prices, faults, the wire log, the control, the server. Each broker is a
//! module beside it. A simulator listens on loopback only and takes any credentials.

pub mod alpaca;
pub mod core;
pub mod oanda;
