//! Everything that can reach the desk. One closed list, so that a session can be written down and told again.

use broker_api::{
    Account, AccountRef, Activity, AssetClass, CancelOutcome, ClientOrderId, Digest, Figures, Finding,
    Holdings, InstrumentIx, Key, Left, Level, Protection, Quote, Repair, Scope, Signal, SubmitOutcome, Time,
    VenueDay, VenueId,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// One thing that happened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The strategy decided something.
    Signal {
        /// What.
        signal: Signal,
        /// The hash of its payload.
        digest: Digest,
    },
    /// A price.
    Quote {
        /// Of which instrument of the catalog.
        ix: InstrumentIx,
        /// The price, with the time of its data.
        quote: Quote,
    },
    /// A stretch of a venue's log.
    Activity {
        /// Whose.
        venue: VenueId,
        /// What it told.
        activity: Activity,
    },
    /// What came of sending an order.
    Submitted {
        /// Which order.
        order: ClientOrderId,
        /// Which attempt at it.
        attempt: u32,
        /// What came of it.
        outcome: SubmitOutcome,
    },
    /// What came of asking for a cancel.
    Cancelled {
        /// Of which order.
        order: ClientOrderId,
        /// What came of it.
        outcome: CancelOutcome,
    },
    /// The venue's answer about an order; nothing when the question failed.
    Found {
        /// Which order.
        order: ClientOrderId,
        /// The answer.
        finding: Option<Finding>,
    },
    /// A reading of an account.
    Snapshot {
        /// The reading.
        account: Account,
    },
    /// What the process before this one last read of an account whose venue does not answer.
    Left {
        /// The reading, and what it would be worth with every stop hit.
        left: Left,
    },
    /// What a venue says is held and live.
    Holdings {
        /// Whose.
        venue: VenueId,
        /// What it said.
        holdings: Holdings,
    },
    /// What a venue's own clock says.
    Clock {
        /// Whose.
        venue: VenueId,
        /// How far it is from ours, at least: above zero when it is ahead. In whole milliseconds.
        ahead: TimeDelta,
    },
    /// What came of asking a venue to close a position.
    Closing {
        /// Of what.
        key: Key,
        /// What came of it.
        outcome: CancelOutcome,
    },
    /// What a venue's own calendar says of the days ahead.
    Days {
        /// Whose.
        venue: VenueId,
        /// Of which market.
        class: AssetClass,
        /// Every date, in order.
        days: Vec<VenueDay>,
    },
    /// Time passed.
    Timer,
    /// A person acted.
    Operator(Operator),
}

/// What a person can do to a desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Operator {
    /// Sets the level: tighter at once, looser only by this way.
    Level {
        /// To what.
        level: Level,
        /// Who.
        name: Box<str>,
        /// Why, in their words.
        why: Box<str>,
        /// When it ends by itself, for a pause.
        until: Option<Time>,
    },
    /// Repairs what book and venue disagree about, by what the venue was last seen to hold.
    Repair {
        /// At which venue.
        venue: VenueId,
        /// In which instrument; nothing for what concerns the venue as a whole.
        key: Option<Key>,
        /// How.
        repair: Repair,
        /// For what is adopted: where it shall be taken out.
        plan: Protection,
        /// For what is ignored: until when.
        until: Option<Time>,
        /// Who.
        name: Box<str>,
        /// Why, in their words.
        why: Box<str>,
    },
    /// Stops entries of a part of trading.
    Stop {
        /// Which.
        scope: Scope,
        /// Who.
        name: Box<str>,
        /// Why, in their words.
        why: Box<str>,
        /// When it ends by itself, if it does.
        until: Option<Time>,
    },
    /// Lets entries of a part of trading go on.
    Allow {
        /// Which.
        scope: Scope,
        /// Who.
        name: Box<str>,
        /// Why, in their words.
        why: Box<str>,
    },
    /// Arms an account of real money.
    Arm {
        /// Which account.
        of: AccountRef,
        /// For how long from now on.
        seconds: u32,
        /// With which version of the limits.
        limits: u32,
        /// How many seconds ago the halt was last tried, as whoever arms shows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        drilled_before: Option<u32>,
        /// Why the gate that was not passed is gone through; nothing where it was.
        override_gate: Option<Box<str>>,
        /// The certificate that it was passed at a practice account, as whoever arms shows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Digest>,
        /// Who.
        name: Box<str>,
        /// Why, in their words.
        why: Box<str>,
    },
    /// Ends that.
    Disarm {
        /// Who.
        name: Box<str>,
        /// Why, in their words.
        why: Box<str>,
    },
    /// Confirms limits that are loosened a great deal: they are in force from the next account day on.
    ConfirmLimits {
        /// Those, as they may be.
        figures: Figures,
        /// Who.
        name: Box<str>,
        /// Why, in their words.
        why: Box<str>,
    },
    /// Closes everything, and sets the level to flattening.
    Flatten {
        /// Who.
        name: Box<str>,
        /// Why, in their words.
        why: Box<str>,
    },
}
