//! What a venue can do, and how an order without an answer is settled there. Data, not code in the desk.

use chrono::{NaiveTime, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};

use crate::intent::{KindName, Purpose};
use crate::number::Ratio;

/// When an order that is proven absent may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Resend {
    /// Never: a person decides.
    Never,
    /// Once its absence is proven from the venue's log.
    AfterProof,
    /// After the venue has not known it for so long; a duplicate id is refused there for ever.
    AfterSilence(#[serde(with = "crate::millis")] TimeDelta),
    /// Within so long after the first attempt, under the same id: "already registered" means found.
    ProbeSameId(#[serde(with = "crate::millis")] TimeDelta),
}

/// How an order without an answer is settled at a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolvePolicy {
    /// How long after the loss to ask first.
    #[serde(with = "crate::millis")]
    pub first_ask: TimeDelta,
    /// How long between two questions.
    #[serde(with = "crate::millis")]
    pub every: TimeDelta,
    /// How many questions; after them the order stays unknown and a person is told.
    pub asks_max: u32,
    /// How long after an order stopped being sent its absence means anything.
    #[serde(with = "crate::millis")]
    pub settle: TimeDelta,
    /// How long after its commit an order may still be sent.
    #[serde(with = "crate::millis")]
    pub send_within: TimeDelta,
    /// Whether it may be sent again.
    pub resend: Resend,
    /// How many of its attempts may have arrived, in all.
    pub attempts_max: u32,
    /// How many of its attempts may end before anything left us.
    #[serde(default = "often")]
    pub not_sent_max: u32,
    /// How many of its attempts may be put off by the venue.
    #[serde(default = "often")]
    pub throttled_max: u32,
    /// How long after an attempt was lost it may still arrive. An order that only silence speaks against is not given
    /// up before: it may be sent again, under a name that the venue knows when the first one comes.
    #[serde(default, with = "crate::millis")]
    pub gone_after: TimeDelta,
    /// Entries carry a last moment of their own: they are limit orders this far from the price at most, and end when
    /// their time to be sent does. For venues at which a name is free again once its order is over.
    #[serde(default)]
    pub fence: Option<Ratio>,
}

/// What outlives some minutes without a connection.
const fn often() -> u32 {
    60
}

/// A stretch of the night in which a venue is looked after: what it does not know then proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blackout {
    /// The days on which it begins, in New York.
    pub days: Vec<Weekday>,
    /// Its first moment, by New York's clock.
    pub from: NaiveTime,
    /// The first moment after it; on the next day when it is not later.
    pub to: NaiveTime,
}

/// Whether a venue makes stop and target itself once an entry fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brackets {
    /// It does not.
    None,
    /// Over whole shares, once the entry is filled whole.
    WholeShares,
    /// Over anything, as it is filled.
    AsFilled,
}

/// What a venue can do. What is not listed is not tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about a venue")]
pub struct Capabilities {
    /// The order kinds it takes.
    pub kinds: Vec<KindName>,
    /// The order kinds it holds for the next session while the market is closed.
    pub holds_when_closed: Vec<KindName>,
    /// Whether it enforces that a reducing order never opens or turns a position.
    pub reduce_only: bool,
    /// Whether it makes stop and target itself once an entry fills.
    pub brackets: Brackets,
    /// Whether a live order that closes binds the units that it would close: then no stop can rest beside a target, but as
    /// the legs of a bracket.
    #[serde(default)]
    pub closing_binds: bool,
    /// Whether an order for a part of a share ends with the session, whatever it asks for.
    #[serde(default)]
    pub parts_end_with_session: bool,
    /// Whether it closes a position whole when asked to, however little that is.
    #[serde(default)]
    pub closes_positions: bool,
    /// Whether it looks at what an order costs only when the order is executed: one that rests is taken, whatever it would
    /// bind, and ends as it wakes if that is too much.
    #[serde(default)]
    pub paid_when_executed: bool,
    /// Whether its log tells of orders that closed without a fill; otherwise they are found by asking.
    pub log_tells_closings: bool,
    /// When it is looked after: no entry is sent then, and no order is asked about.
    #[serde(default)]
    pub blackouts: Vec<Blackout>,
    /// How an order without an answer is settled.
    pub resolve: ResolvePolicy,
}

impl Capabilities {
    /// Whether it takes orders of this kind.
    pub fn takes(&self, kind: KindName) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether it keeps an order of this kind for the next session.
    pub fn holds(&self, kind: KindName) -> bool {
        self.holds_when_closed.contains(&kind)
    }

    /// The same of an order of ours: an entry that carries a last moment of its own ends before the next session begins.
    pub fn keeps(&self, purpose: Purpose, kind: KindName) -> bool {
        self.holds(kind) && (purpose != Purpose::Entry || self.resolve.fence.is_none())
    }
}
