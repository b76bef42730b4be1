//! Why a state file was not read or not written, in sentences that say what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::NAME;
use crate::files::folder;

/// Why a state file was not read or not written. What was there is still there.
#[derive(Debug)]
pub enum CheckpointError {
    /// It is not JSON, or not what it should hold.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: Box<str>,
    },
    /// It is not a state file of Tradewind.
    NotOurs {
        /// Which.
        path: PathBuf,
    },
    /// A newer program wrote it.
    Newer {
        /// Which.
        path: PathBuf,
        /// What it says it is.
        found: Box<str>,
    },
    /// It belongs to another journal.
    OtherJournal {
        /// Which.
        path: PathBuf,
        /// The id in it.
        found: Box<str>,
        /// Our journal's id.
        ours: Box<str>,
    },
    /// It knows more than what shall be written.
    Ahead {
        /// Which.
        path: PathBuf,
        /// The last record in it.
        found: u64,
        /// The last record in what shall be written.
        ours: u64,
    },
    /// The system said no.
    Io {
        /// Which.
        path: PathBuf,
        /// What was to be done with it: `read`, `written`.
        doing: &'static str,
        /// What it said.
        why: io::Error,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, why } => write!(
                f,
                "{0} cannot be understood: {why}; nothing was overwritten. The journal beside it has everything: \
                 move the file away (mv {0} {0}.broken), and the next run writes it again",
                path.display()
            ),
            Self::NotOurs { path } => write!(
                f,
                "{} is not a state file of Tradewind, and is left as it is; name another file with --state",
                path.display()
            ),
            Self::Newer { path, found } => write!(
                f,
                "{} was written by a newer Tradewind (it is {found}, and this program writes {NAME}); use that one",
                path.display()
            ),
            Self::OtherJournal { path, found, ours } => write!(
                f,
                "{} belongs to journal {found}, and this is journal {ours}; nothing was overwritten. Put the file \
                 and the journal that belong together side by side, or name another file with --state",
                path.display()
            ),
            Self::Ahead { path, found, ours } => write!(
                f,
                "{} holds record {found} already, and {ours} was to be written; nothing was overwritten. Two \
                 programs write this book: stop one, and run `tradewind journal verify`",
                path.display()
            ),
            Self::Io { path, doing, why } => {
                write!(f, "{} could not be {doing}: {why}", path.display())?;
                match why.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        write!(f, "; make room on its disk, and run again")
                    }
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        write!(f, "; give this user permission to write in {}", folder(path).display())
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for CheckpointError {}

pub(super) fn unreadable(path: &Path, why: impl Into<Box<str>>) -> CheckpointError {
    CheckpointError::Unreadable { path: path.to_owned(), why: why.into() }
}
