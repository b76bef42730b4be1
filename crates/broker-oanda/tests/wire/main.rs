//! Each operation of the adapter on the wire: URL, headers, body, and what is made of the answer. Loopback only.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a test ends it")]

mod commands;
mod history;
mod once;
mod reads;
mod world;
