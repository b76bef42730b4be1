//! What happened, and what follows from it: the book and its only fold, the journal that is the truth, and the
//! checkpoint that is its readable face.
//!
//! 1. Records come into the [`Book`] one by one through [`Book::apply`]; it is the only way the book changes, and
//!    a record that cannot follow what the book holds is refused without a trace.
//! 2. A [`Batch`] collects records and the commands that they announce; [`Journal::commit`] makes the records
//!    durable and only then gives the commands back, as [`Durable`].
//! 3. The state file is written from the book, behind the journal or level with it, never ahead.

/// What was decided and is not durable yet.
pub mod batch;
/// The durable state.
pub mod book;
/// The state file.
pub mod checkpoint;
/// What is safe to act on.
pub mod durable;
/// Records as rows, and their chain.
pub mod encode;
/// The files of one book.
pub mod files;
/// The log that is the truth.
pub mod journal;
/// The right to write.
pub mod lock;
/// A store without a file.
pub mod memory;
/// The book against what a venue holds.
pub mod reconcile;
/// The journal's file.
pub mod sqlite;
/// How a book is taken up again.
pub mod start;
/// What a journal is kept in.
pub mod store;
#[cfg(test)]
mod testing;

pub use batch::Batch;
pub use book::{Book, Illegal};
pub use checkpoint::{Checkpoint, CheckpointError, Loaded};
pub use durable::Durable;
pub use encode::{Encoded, Unreadable, decode, encode};
pub use files::Files;
pub use journal::{Broken, Head, Journal, JournalError, Verified, book_at};
pub use lock::{Holder, Lock, LockError};
pub use memory::MemoryStore;
pub use sqlite::SqliteStore;
pub use start::{StartError, Started, start};
pub use store::{Store, StoreError};
