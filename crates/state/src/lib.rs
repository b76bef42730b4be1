//! The book: the durable state, folded from the records, and nothing else so far.
//!
//! Records come in one by one through [`Book::apply`]; it is the only way the book changes, and a record that
//! cannot follow what the book holds is refused without a trace.

/// The durable state.
pub mod book;

pub use book::{Book, Illegal};
