//! What came of a command, and what the venue's records say of an order whose outcome nobody knows.
//!
//! A timeout is not a rejection. What an adapter cannot classify by its own table is [`SubmitOutcome::Unknown`],
//! and unknown ends only by a [`Finding`].

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{ClientOrderId, Code, Cursor, Key, VenueOrderId};
use crate::intent::{OrderKind, Side};
use crate::number::Qty;
use crate::order::{End, Event};

/// What came of sending an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SubmitOutcome {
    /// Documented acceptance. Says nothing about fills: those come by cursor.
    Accepted {
        /// The venue's name of the order, when it gave one.
        venue_order: Option<VenueOrderId>,
    },
    /// Provably nothing left us: refused by our own validation, or no connection before the first byte.
    NotSent {
        /// Why.
        why: Box<str>,
    },
    /// A documented refusal that names this order. Final.
    Refused {
        /// The venue's code.
        code: Code,
        /// The venue's words.
        text: Box<str>,
    },
    /// Documented as: an order of this name is here already. Proof that an earlier attempt arrived, whatever was
    /// believed of it; what became of it is asked.
    Duplicate {
        /// The venue's words.
        text: Box<str>,
    },
    /// Documented as not processed; the same order may be sent again.
    Throttled {
        /// Not before.
        until: Time,
    },
    /// An answer of the kind that refuses, which stands in no table. Once the venue is found not to have the order it is
    /// a refusal, and never sent again: silence may be, an answer not.
    RefusedUnlisted {
        /// The venue's code.
        code: Code,
        /// The venue's words.
        text: Box<str>,
    },
    /// Anything else: no answer, half an answer, an answer that is not in the table.
    Unknown {
        /// What was seen.
        why: Box<str>,
    },
    /// The venue will refuse everything: bad credentials, wrong environment, a clock too far off. A person is needed.
    Broken {
        /// What the venue said.
        why: Box<str>,
    },
}

impl SubmitOutcome {
    /// What it does to the order. A broken venue refused nothing that names the order, so that order is unknown.
    pub const fn event(&self) -> Event {
        match self {
            Self::Accepted { .. } => Event::Accepted,
            Self::NotSent { .. } => Event::NotSent,
            Self::Refused { .. } => Event::Refused,
            Self::Throttled { .. } => Event::Throttled,
            Self::Unknown { .. }
            | Self::Broken { .. }
            | Self::Duplicate { .. }
            | Self::RefusedUnlisted { .. } => Event::Lost,
        }
    }

    /// Whether the venue said something about the order: how long that took is how slow it is.
    pub const fn is_heard(&self) -> bool {
        match self {
            Self::Accepted { .. }
            | Self::Refused { .. }
            | Self::Duplicate { .. }
            | Self::RefusedUnlisted { .. } => true,
            Self::NotSent { .. } | Self::Throttled { .. } | Self::Unknown { .. } | Self::Broken { .. } => {
                false
            }
        }
    }
}

/// What came of asking for a cancel. None of these says that the order is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CancelOutcome {
    /// Asked, and not done: the order may still fill until the venue closes it.
    Accepted,
    /// The order is already over; how, its fills and closing tell.
    TooLate,
    /// Provably nothing left us, or documented as not processed.
    NotSent {
        /// Why.
        why: Box<str>,
    },
    /// Anything else.
    Unknown {
        /// What was seen.
        why: Box<str>,
    },
}

impl CancelOutcome {
    /// What it does to the order.
    pub const fn event(&self) -> Event {
        match self {
            Self::Accepted => Event::CancelAccepted,
            Self::TooLate | Self::NotSent { .. } => Event::CancelFailed,
            Self::Unknown { .. } => Event::CancelLost,
        }
    }
}

/// An order as the venue shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueOrder {
    /// The venue's name of it.
    pub venue_order: Option<VenueOrderId>,
    /// How it ended; nothing while it is live. A state that is not understood is live.
    pub end: Option<End>,
    /// How much of it was executed, by the venue's count.
    pub filled: Qty,
}

/// An order that is live at a venue, whoever placed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// Our name of it; nothing when it is not of a form that we could have given.
    pub id: Option<ClientOrderId>,
    /// For a stop or target that the venue made itself: the entry of ours that it belongs to.
    pub parent: Option<ClientOrderId>,
    /// Where and what.
    pub key: Key,
    /// Which way.
    pub side: Side,
    /// How much in all, executed or not.
    pub qty: Qty,
    /// How it meets the market; nothing when it is of a kind that is not ours.
    pub kind: Option<OrderKind>,
    /// How it stands.
    pub order: VenueOrder,
}

/// The time in which an order can have reached its venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentWindow {
    /// When its intent became durable; nothing was sent before.
    pub from: Time,
    /// When it stopped being sent; nothing was sent after.
    pub to: Time,
}

/// Evidence that an order never arrived. A closed list; each can be checked against the venue's own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "snake_case")]
pub enum Proof {
    /// The venue's complete log between two places holds no order of this name.
    CompleteLog {
        /// A place at or before which the order was not yet sent.
        from: Cursor,
        /// The end of the log when it was read, after the order stopped being sent.
        to: Cursor,
    },
    /// The order carried a last moment of its own, that moment has passed, and the log up to then does not hold it.
    FencePassed {
        /// The moment.
        fence: Time,
        /// The end of the log when it was read.
        to: Cursor,
    },
    /// The venue, which knows every order it ever took by our id, has not known this one for longer than an order
    /// takes to appear; should it still come, its id is refused as a duplicate.
    Silence {
        /// Since when.
        since: Time,
    },
}

/// The venue's answer about one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// It is there.
    Found {
        /// As the venue shows it.
        order: VenueOrder,
    },
    /// Not there, and that proves nothing yet.
    NotYet {
        /// When to ask again.
        again_at: Time,
    },
    /// Proven not to be there.
    Absent {
        /// By what.
        proof: Proof,
    },
}

/// A question that got no usable answer. It is not an empty answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFailed {
    /// What was seen.
    pub why: Box<str>,
    /// Whether asking again can help without a person.
    pub transient: bool,
}

impl std::fmt::Display for QueryFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for QueryFailed {}
