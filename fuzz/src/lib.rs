//! What every parser must keep, whatever it is given. `cargo fuzz` looks for inputs that break it, and
//! `tests/it/corpus.rs` runs the same functions over the inputs that are kept here.

/// One function for each parser.
pub mod targets;
