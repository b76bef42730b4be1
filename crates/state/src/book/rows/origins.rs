//! Where a book came from, beside its own journal: other files that were taken in, and what is still to be read.

use broker_api::{Digest, Time};
use serde::{Deserialize, Serialize};

/// The state file that a book was taken from when its journal was gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptedFrom {
    /// The hash of the file's bytes.
    pub file: Digest,
    /// The id of the journal that is gone.
    pub journal: Box<str>,
    /// The last record of it that was in the file.
    pub seq: u64,
    /// The hash of that record's row.
    pub hash: Digest,
    /// When the file was written.
    pub written_at: Time,
}

/// An edit of the state file that nobody has decided about yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditFound {
    /// The hash of the file's bytes.
    pub file: Digest,
    /// The name under which the file is kept, beside the state file.
    pub kept: Box<str>,
    /// How many places differ.
    pub places: u64,
    /// When it was found.
    pub at: Time,
}

/// A venue whose log must be read before entries go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryWanted {
    /// What happened after this moment may not be in the book.
    pub since: Time,
}

/// A file of another program that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its SHA-256.
    pub file: Digest,
    /// When.
    pub at: Time,
    /// Why, in a person's words.
    pub reason: Box<str>,
    /// How many positions came with it.
    pub positions: u64,
    /// How many closed trades.
    pub trades: u64,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastStop {
    /// Which one.
    pub life: u32,
    /// The exit code.
    pub exit: u8,
    /// When.
    pub at: Time,
}
