//! What a journal is kept in. A store moves bytes; it knows no records.

use std::fmt;

use crate::encode::Encoded;

/// Keeps rows, in order, for good.
pub trait Store: Send {
    /// Adds rows after row `expected`, all or none, and returns when they are durable.
    ///
    /// # Errors
    /// [`StoreError`]. Whatever it says, the rows may have been written: the journal treats every error so.
    fn append(&mut self, expected: u64, rows: &[Encoded]) -> Result<(), StoreError>;

    /// The rows after row `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn read(&self, after: u64, limit: usize) -> Result<Vec<Encoded>, StoreError>;

    /// The last row.
    ///
    /// # Errors
    /// [`StoreError`].
    fn head(&self) -> Result<Option<Encoded>, StoreError>;

    /// The journal's id, given once when it was made.
    fn id(&self) -> &str;

    /// Housekeeping that may take a while; called when nothing waits.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost then, and it may be tried again.
    fn maintain(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Why a store did not do what was asked. `place` is its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// There is no file.
    Missing {
        /// Which.
        place: Box<str>,
    },
    /// There is a file already, where a new one was wanted.
    Exists {
        /// Which.
        place: Box<str>,
    },
    /// It is something else.
    NotOurs {
        /// Which.
        place: Box<str>,
    },
    /// A newer program made it.
    Newer {
        /// Which.
        place: Box<str>,
        /// Its format.
        found: i64,
        /// The newest format this program knows.
        known: i64,
    },
    /// Somebody else wrote to it, replaced it, or moved it away.
    Shared {
        /// Which.
        place: Box<str>,
        /// What was seen.
        why: Box<str>,
    },
    /// Somebody else keeps it busy.
    Busy {
        /// Which.
        place: Box<str>,
    },
    /// No space is left.
    Full {
        /// Which.
        place: Box<str>,
    },
    /// It, or its folder, may not be written to.
    ReadOnly {
        /// Which.
        place: Box<str>,
    },
    /// Its content is damaged.
    Corrupt {
        /// Which.
        place: Box<str>,
        /// What was found.
        why: Box<str>,
    },
    /// Anything else.
    Failed {
        /// Which.
        place: Box<str>,
        /// What was to be done with it: `opened`, `written`.
        doing: &'static str,
        /// What stood against it.
        why: Box<str>,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { place } => write!(f, "there is no journal at {place}"),
            Self::Exists { place } => write!(f, "{place} is there already and is not overwritten"),
            Self::NotOurs { place } => {
                write!(f, "{place} is not a journal of Tradewind; name another state file with --state")
            }
            Self::Newer { place, found, known } => write!(
                f,
                "{place} has format {found}, and this program knows formats up to {known}; use a newer Tradewind"
            ),
            Self::Shared { place, why } => write!(
                f,
                "{place} is not in our hands alone: {why}; find the other program, stop it, and start again"
            ),
            Self::Busy { place } => {
                write!(f, "{place} is kept busy by another program; stop it, and start again")
            }
            Self::Full { place } => {
                write!(
                    f,
                    "{place} could not be written, no space is left on its disk; make room, and start again"
                )
            }
            Self::ReadOnly { place } => write!(
                f,
                "{place} cannot be written; give this user write permission for the file and its folder"
            ),
            Self::Corrupt { place, why } => {
                write!(f, "{place} is damaged: {why}; keep it as it is, and bring back a copy that verifies")
            }
            Self::Failed { place, doing, why } => write!(f, "{place} could not be {doing}: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}
