//! The adapter to Alpaca: one account there behind [`broker_api::Broker`] and [`broker_api::Quotes`].
//!
//! Which file does what, in the order in which a call passes them:
//!
//! | module | what |
//! |---|---|
//! | `config` | hosts and settings, from the names that Alpaca's own tools use |
//! | `secret` | credentials that cannot be printed, logged, serialised or put in a URL |
//! | `broker`, `log`, `quotes` | the ports, call by call; the log is fills, closings and what no trade made, by cursor |
//! | `symbols` | the canonical names of pairs of coins |
//! | `convert` | between Alpaca's words and ours. Pure |
//! | `wire` | Alpaca's JSON, with exact numbers and open lists of words |
//! | `transport` | the way to both hosts, over what all adapters share: `broker-http` |
//! | `classify` | the one table of what a refusal means |
//! | `stream` | `trade_updates`: every message is a hint to read the log |
//!
//! With the feature `probe` there is also `probe`: the wire as it is, for who asks a practice account what nobody documents.
//!
//! What Alpaca documents and nobody has seen on the wire is marked "unverified" where it is used.

mod broker;
mod capabilities;
pub mod classify;
mod config;
mod convert;
mod log;
mod orders;
#[cfg(feature = "probe")]
pub mod probe;
mod quotes;
mod secret;
mod stream;
mod symbols;
mod transport;
mod wire;

pub use broker::Alpaca;
pub use broker_http::{Clock, ConfigError};
pub use capabilities::capabilities;
pub use config::{Config, Feed};
pub use secret::Credentials;
pub use transport::StartError;
pub use wire::{NewOrder, OrderClass, OrderSize, OrderType, StopLoss, TakeProfit, WireSide, WireTimeInForce};
