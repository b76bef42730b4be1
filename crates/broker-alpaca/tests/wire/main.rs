//! Each operation of the adapter on the wire: URL, headers, body, and what is made of the answer. Loopback only.

#![expect(clippy::unwrap_used, reason = "what fails in a test ends it")]

mod bounds;
mod commands;
mod forms;
mod history;
mod kinds;
mod legs;
mod non_trades;
mod once;
mod reads;
mod turns;
mod urls;
mod world;
