//! The ways in which a signal can end.

use serde::{Deserialize, Serialize};

/// How a signal ended. Each signal ends in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Done, whole.
    Filled,
    /// Done in part; the rest was cancelled or expired.
    PartFilled,
    /// The position's plan was changed as asked.
    Adjusted,
    /// Stopped by our own guard; nothing was sent.
    Denied,
    /// Refused by the venue.
    Rejected,
    /// Its time passed before anything was filled.
    Expired,
    /// Cancelled before anything was filled.
    Cancelled,
    /// Provably never reached the venue.
    NeverSent,
}

impl Ending {
    /// All of them, in the order reports list them.
    pub const ALL: [Self; 8] = [
        Self::Filled,
        Self::PartFilled,
        Self::Adjusted,
        Self::Denied,
        Self::Rejected,
        Self::Expired,
        Self::Cancelled,
        Self::NeverSent,
    ];

    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::PartFilled => "partly filled",
            Self::Adjusted => "adjusted",
            Self::Denied => "denied",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::NeverSent => "never sent",
        }
    }
}
