//! The paper venue: a pure matching engine, and a venue on it with a log of its own.
//!
//! [`matching`] is always there, does no I/O and is what a replay of history uses. The venue, with its SQLite
//! log, is behind the feature `venue`, so that whoever needs only the rules carries no database.

mod capabilities;
pub mod matching;
#[cfg(feature = "venue")]
pub mod venue;

pub use capabilities::capabilities;
