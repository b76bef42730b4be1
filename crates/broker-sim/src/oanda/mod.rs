//! A simulated OANDA: REST v20 and both of its streams on one loopback port.
//!
//! What is asked comes in `routes`, orders are examined in `rules` and live in `life`; the matching engine alone says
//! when an order fills and at what price, `fills` what that does to trades and money. All that happens is a
//! transaction of `log`, and orders, trades and positions follow from it. What nobody has verified on the real wire is
//! a switch of [`Quirks`].

mod account;
mod book;
mod candles;
mod changes;
mod dependents;
mod effect;
mod errors;
mod face;
mod fills;
mod financing;
mod hours;
mod instruments;
mod life;
mod listing;
mod log;
mod margin;
mod money;
mod non_trades;
mod order;
mod positions;
mod pricing;
mod request;
mod routes;
mod rules;
mod settings;
mod stream;
mod time;
mod trades;
mod transactions;
mod venue;

use std::net::SocketAddr;

pub use instruments::Pair;
pub use settings::{Division, Quirks, Settings};

pub use crate::core::{Control, StartError};
use crate::core::{Host, WireLog};
use venue::Venue;

/// The simulator of OANDA.
#[derive(Clone, Copy, Debug)]
pub struct Oanda;

/// A running one. Dropping it stops it.
#[derive(Debug)]
pub struct Running(crate::core::Running);

impl Oanda {
    /// Starts one in the tokio runtime of the caller.
    ///
    /// # Errors
    /// The address is taken or not a loopback one, or the settings cannot be used.
    pub async fn start(settings: Settings) -> Result<Running, StartError> {
        let log = WireLog::new(settings.wire_log.as_deref()).map_err(StartError::WireLog)?;
        let (listen, rules, runs) = (settings.listen, settings.faults.clone(), settings.clock.runs());
        let connections = settings.connections;
        let venue = Venue::new(settings).map_err(StartError::Settings)?;
        Host::start(Box::new(venue), listen, rules, log, runs, connections).await.map(Running)
    }
}

impl Running {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The base address of REST and of the streams.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The handle on what it simulates.
    pub fn control(&self) -> Control {
        self.0.control()
    }

    /// Stops it: all connections are closed.
    pub fn stop(self) {
        self.0.stop();
    }
}
