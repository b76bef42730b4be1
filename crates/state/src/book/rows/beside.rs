//! The rows of what is not the strategy's own doing: what an account holds beside the book, entries that no trade made,
//! positions that are too little for an order, and the time without a stop.

use broker_api::{Amount, Code, Held, Time};
use serde::{Deserialize, Serialize};

/// How long a position lay without the stop it shall have, over all that was held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bare {
    /// Since when it does; nothing while its stop rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Milliseconds in all, without what goes on.
    pub total_ms: u64,
    /// The longest stretch, in milliseconds.
    pub longest_ms: u64,
}

impl Bare {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The same once its stop rests, or nothing is held any more.
    #[must_use]
    pub(crate) fn ended(self, at: Time) -> Self {
        let stretch = self.since.map_or(0, |since| (at - since).num_milliseconds().max(0).unsigned_abs());
        let longest_ms = self.longest_ms.max(stretch);
        Self { since: None, total_ms: self.total_ms.saturating_add(stretch), longest_ms }
    }
}

/// Entries of one kind that no trade made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonTrades {
    /// How many.
    pub count: u64,
    /// What they came to, in account currency; an entry in another currency is counted and not summed.
    pub money: Amount,
}

/// What an account holds of an instrument beside the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outside {
    /// How much; short is negative.
    pub held: Held,
    /// Since when it is so much.
    pub at: Time,
    /// Where from, the last of it.
    pub code: Code,
    /// For what a person wanted ignored for a time: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// The venue was asked to close what is too little for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// When it was last asked.
    pub at: Time,
    /// How often.
    pub asks: u32,
    /// A request is under way.
    pub asking: bool,
}
