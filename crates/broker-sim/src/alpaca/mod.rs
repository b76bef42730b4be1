//! A simulated Alpaca: trading REST, `trade_updates`, market data REST and streams on one loopback port.
//!
//! What is asked comes in `routes`, orders are examined in `rules` and live in `life`; the matching engine alone
//! says what fills, at what price. What nobody has verified on the real wire is a switch of [`Quirks`].

mod account;
mod activities;
mod assets;
mod changes;
mod clock;
mod data;
mod data_stream;
mod day_trades;
mod errors;
mod face;
mod figures;
mod groups;
mod life;
mod non_trades;
mod order;
mod positions;
mod reading;
mod request;
mod routes;
mod rules;
mod session;
mod settings;
mod stream;
mod time;
mod transcript;
mod unverified;
mod venue;

use std::net::SocketAddr;

pub use assets::Asset;
pub use settings::{InitialStatus, PROFILE, Quirks, Settings};
pub use transcript::Transcript;

pub use crate::core::{Control, StartError};
use crate::core::{Host, WireLog};
use venue::Venue;

/// The simulator of Alpaca.
#[derive(Clone, Copy, Debug)]
pub struct Alpaca;

/// A running one. Dropping it stops it.
#[derive(Debug)]
pub struct Running(crate::core::Running);

impl Alpaca {
    /// Starts one in the tokio runtime of the caller.
    ///
    /// # Errors
    /// The address is taken or not a loopback one, or the settings cannot be used.
    pub async fn start(settings: Settings) -> Result<Running, StartError> {
        let log = WireLog::new(settings.wire_log.as_deref()).map_err(StartError::WireLog)?;
        let (listen, rules, runs) = (settings.listen, settings.faults.clone(), settings.clock.runs());
        let venue = Venue::new(settings).map_err(StartError::Settings)?;
        Host::start(Box::new(venue), listen, rules, log, runs, None).await.map(Running)
    }
}

impl Running {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The base address of trading and of market data.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The address of `trade_updates`.
    pub fn stream_url(&self) -> String {
        format!("ws://{}/stream", self.0.address())
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
