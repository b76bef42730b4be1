//! The adapter to OANDA v20: one account there behind [`broker_api::Broker`] and [`broker_api::Quotes`].
//!
//! Which file does what, in the order in which a call passes them:
//!
//! | module | what |
//! |---|---|
//! | `config` | hosts and settings, from the names that are usual for OANDA |
//! | `secret` | the token, which cannot be printed, logged, serialised or put in a URL |
//! | `inside` | what all clones share, and what was learnt of the account |
//! | `broker`, `log`, `quotes` | the ports, call by call; the log is the account's transactions, by their ids |
//! | `search` | what the transactions say of one order: how an order without an answer is settled |
//! | `convert` | between OANDA's words and ours. Pure |
//! | `wire` | OANDA's JSON, with exact numbers and open lists of words |
//! | `transport` | the way to the account, over what all adapters share: `broker-http` |
//! | `classify` | the one table of what a refusal means |
//! | `stream` | the stream of transactions: every line is a hint to read the log |
//!
//! What nobody has seen on the wire is marked "unverified" where it is used.

#[cfg(feature = "probe")]
mod bodies;
mod broker;
mod capabilities;
pub mod classify;
mod config;
mod convert;
mod inside;
mod log;
mod quotes;
mod search;
mod secret;
mod stream;
mod transport;
mod wire;

#[cfg(feature = "probe")]
pub use bodies::Body;
pub use broker::Oanda;
pub use broker_http::{Clock, ConfigError, StartError};
pub use capabilities::{Exits, capabilities};
pub use config::Config;
pub use secret::Credentials;
pub use wire::{NewOrder, OrderType, PositionFill, WireTimeInForce};
