//! What a process that trades is doing, told as it happens: for `--verbose`, and for tests that stop it in between.
//! Nothing waits for a watcher, and nothing is decided by one.

use std::fmt;
use std::sync::Arc;

use crate::command::Subject;
use crate::session::Recorder;

/// One thing that is about to happen, or just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Records are about to be committed.
    Commit {
        /// The first of them.
        first: u64,
        /// How many.
        records: usize,
    },
    /// An order, a cancel or a question about an order is about to be sent.
    Send {
        /// What it is about.
        subject: Subject,
    },
    /// What came of it is known; it is not written down yet.
    Outcome {
        /// What it is about.
        subject: Subject,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit { first, records } => write!(f, "commit {records} records from {first} on"),
            Self::Send { subject } => write!(f, "send {subject}"),
            Self::Outcome { subject } => write!(f, "outcome {subject}"),
        }
    }
}

/// Who is told.
pub type Watch = Arc<dyn Fn(Note) + Send + Sync>;

/// All who look on at a runner.
#[derive(Default)]
pub struct Onlookers {
    /// Who is told what is going on.
    pub watch: Option<Watch>,
    /// Who writes the session down.
    pub recorder: Option<Recorder>,
}

impl From<Option<Watch>> for Onlookers {
    fn from(watch: Option<Watch>) -> Self {
        Self { watch, recorder: None }
    }
}

/// Nobody.
pub fn nobody() -> Watch {
    Arc::new(|_| ())
}
