//! Why a runner may not go on, or could not start.

use std::fmt;

use broker_api::{AccountRef, VenueId};

/// A runner that may not go on. Start again: what was on its way is then found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Why.
    pub why: Box<str>,
}

impl fmt::Display for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped where nothing more may be sent: {}", self.why)
    }
}

impl std::error::Error for Frozen {}

/// Why a runner could not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartFault {
    /// The venue did not say which account it is, what it is worth, or where its log stands.
    Unavailable {
        /// Which.
        venue: VenueId,
        /// What it said.
        why: Box<str>,
    },
    /// The book trades another account than the one that answered.
    OtherAccount {
        /// As the book has it.
        bound: Box<AccountRef>,
        /// As it answered.
        found: Box<AccountRef>,
    },
    /// The first records could not be committed.
    Frozen(Frozen),
}

impl fmt::Display for StartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { venue, why } => write!(f, "{venue} is not available: {why}"),
            Self::OtherAccount { bound, found } => write!(
                f,
                "this book trades the {} account {} ({}) at {}, and the venue says it is the {} account {} ({}); \
                 use another state file for another account",
                bound.mode,
                bound.account,
                bound.currency,
                bound.venue,
                found.mode,
                found.account,
                found.currency
            ),
            Self::Frozen(frozen) => frozen.fmt(f),
        }
    }
}

impl std::error::Error for StartFault {}

impl From<Frozen> for StartFault {
    fn from(frozen: Frozen) -> Self {
        Self::Frozen(frozen)
    }
}
