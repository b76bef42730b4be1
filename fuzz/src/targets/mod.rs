//! One function for each parser: it takes any bytes, and panics when the parser does not keep what it must.
//!
//! No panic, no endless reading and no memory without bound are the least of it; each function says what more.

mod alpaca;
mod asks;
mod bars;
mod bodies;
mod config;
mod faults;
mod oanda;
mod quotes;
mod records;
mod sessions;
mod signals;
mod state;
mod world;

pub use alpaca::alpaca;
pub use asks::asks;
pub use bars::bars;
pub use config::config;
pub use faults::faults;
pub use oanda::oanda;
pub use quotes::quotes;
pub use records::records;
pub use sessions::sessions;
pub use signals::signals;
pub use state::state;

/// A target: its name, which is that of its seeds too, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 11] = [
    ("alpaca", alpaca),
    ("asks", asks),
    ("bars", bars),
    ("config", config),
    ("faults", faults),
    ("oanda", oanda),
    ("quotes", quotes),
    ("records", records),
    ("sessions", sessions),
    ("signals", signals),
    ("state", state),
];
