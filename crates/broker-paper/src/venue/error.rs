//! What can go wrong at the venue outside of a single order, in sentences a person can act on.

use std::fmt;
use std::path::{Path, PathBuf};

use broker_api::{Overflow, Time};
use rusqlite::ErrorCode;

/// Why the venue could not be opened or go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VenueError {
    /// The file could not be read or written. Nothing of the step counts until it is settled.
    Storage {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the database said.
        why: Box<str>,
    },
    /// The file is a database of something else.
    NotOurs {
        /// Which file.
        path: PathBuf,
    },
    /// The file was written by a later version of this program.
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The latest format that is known here.
        known: i64,
    },
    /// The file holds another account than the one that is configured.
    OtherAccount {
        /// Which file.
        path: PathBuf,
        /// Which setting differs.
        what: &'static str,
        /// As the file has it.
        file: Box<str>,
        /// As it is configured.
        given: Box<str>,
    },
    /// Something inside the file does not make sense.
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What.
        what: &'static str,
        /// Why not.
        why: Box<str>,
    },
    /// Another program wrote to the file while this one had it open.
    Shared {
        /// Which file.
        path: PathBuf,
    },
    /// The orders and prices in the file no longer give what its log tells.
    Contradiction {
        /// Which file.
        path: PathBuf,
        /// The first row of the log that differs.
        seq: u64,
    },
    /// The costs or the account's settings cannot be right.
    BadSettings {
        /// Which.
        what: &'static str,
    },
    /// Prices from before the last ones that were played.
    Past {
        /// When they are from.
        at: Time,
        /// The last ones.
        last: Time,
    },
    /// The moment before has events left.
    Unfinished {
        /// When that moment is.
        at: Time,
    },
    /// Prices of an instrument that is not in the catalog.
    NoInstrument,
    /// Positions or cash that cannot come from outside; nothing of them did.
    NotTransferred {
        /// Why not.
        why: Box<str>,
    },
    /// A figure no longer fits into 28 digits.
    Overflow,
    /// The program failed inside an earlier step; the file holds what was committed.
    Stopped,
}

impl VenueError {
    pub(super) fn storage(path: &Path, doing: &'static str, why: &rusqlite::Error) -> Self {
        let hint = match why.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => ": the disk is full, make room",
            Some(ErrorCode::ReadOnly) => {
                ": the file or its folder may not be written, give the user the right to"
            }
            Some(ErrorCode::CannotOpen) => ": see that its folder exists and may be used",
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                ": another program has it open, end that one first"
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                ": the file is damaged or no database; put a backup in its place"
            }
            _ => "",
        };
        Self::Storage { path: path.to_owned(), doing, why: format!("{why}{hint}").into() }
    }

    pub(super) fn unreadable(path: &Path, what: &'static str, why: impl fmt::Display) -> Self {
        Self::Unreadable { path: path.to_owned(), what, why: why.to_string().into() }
    }

    /// Whether trying again can help without a person.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Storage { .. } | Self::Shared { .. })
    }
}

impl fmt::Display for VenueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage { path, doing, why } => {
                write!(f, "the paper venue's file {} could not be {doing}: {why}", path.display())
            }
            Self::NotOurs { path } => {
                write!(f, "{} is not a paper venue's file; name another file", path.display())
            }
            Self::Newer { path, found, known } => write!(
                f,
                "the paper venue's file {} has format {found}, this program knows formats up to {known}; \
                 use the newer program",
                path.display()
            ),
            Self::OtherAccount { path, what, file, given } => write!(
                f,
                "the paper venue's file {} belongs to another account: its {what} is {file}, configured is \
                 {given}; correct the configuration or name another file",
                path.display()
            ),
            Self::Unreadable { path, what, why } => write!(
                f,
                "the {what} in the paper venue's file {} cannot be read: {why}; put a backup in its place",
                path.display()
            ),
            Self::Shared { path } => write!(
                f,
                "another program wrote to the paper venue's file {}; let only one program use it",
                path.display()
            ),
            Self::Contradiction { path, seq } => write!(
                f,
                "row {seq} of the log in the paper venue's file {} is not what its orders and prices give; \
                 was it written by another version of this program? Open it once with that one",
                path.display()
            ),
            Self::BadSettings { what } => write!(f, "the paper venue's settings are wrong: {what}"),
            Self::Past { at, last } => {
                write!(f, "prices of {at} came after prices of {last} were played; play them in time order")
            }
            Self::Unfinished { at } => {
                write!(f, "the moment {at} has events left; take them before the next moment is played")
            }
            Self::NoInstrument => f.write_str("prices came for an instrument that is not in the catalog"),
            Self::NotTransferred { why } => {
                write!(f, "nothing was transferred to the paper account: {why}")
            }
            Self::Overflow => f.write_str("a figure of the paper account no longer fits into 28 digits"),
            Self::Stopped => f.write_str(
                "the paper venue failed inside an earlier step; start the program again, the file holds what counts",
            ),
        }
    }
}

impl std::error::Error for VenueError {}

impl From<Overflow> for VenueError {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}
