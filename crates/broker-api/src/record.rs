//! The records: every fact that can change the book. A closed list, versioned, data without behaviour.
//!
//! 1. A record says what happened, not what to think of it; whoever reads it needs no configuration.
//! 2. A change of meaning gets a new version and both stay readable; [`VERSION`](crate::record::VERSION) is written with each record.
//! 3. Any record a program does not know stops it: a book that skipped a fact is not the book.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::account::AccountRef;
use crate::fill::Fill;
use crate::guard::{By, Level, Marks, Reason};
use crate::ids::{ClientOrderId, Code, Cursor, Digest, ExecutionId, Key, SignalId, VenueId};
use crate::intent::{Intent, Protection, Purpose};
use crate::number::Amount;
use crate::order::End;
use crate::outcome::{CancelOutcome, Finding, SubmitOutcome};
use crate::signal::Signal;

/// The version of the records written by this program.
pub const VERSION: u32 = 1;

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

/// One fact that changed the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// The book trades this account, and no other, at this venue.
    VenueBound {
        /// Which account.
        of: AccountRef,
        /// What it was worth then.
        equity: Amount,
        /// Where its log stood then; everything before is not ours.
        cursor: Cursor,
    },
    /// A process began to write. What an earlier one had on its way is unknown from here on.
    Started {
        /// Counts the processes.
        life: u32,
        /// The program's version.
        version: Box<str>,
        /// The limits it runs under, by the hash of their canonical form.
        limits: Digest,
    },
    /// A process ended by itself.
    Stopped {
        /// Which one.
        life: u32,
        /// The exit code it ended with.
        exit: u8,
        /// The last equity it knew, in base currency.
        equity: Option<Amount>,
    },
    /// A signal was taken in.
    SignalTaken {
        /// The signal.
        signal: Signal,
        /// The hash of its payload as it came, to tell a repetition from a conflict.
        digest: Digest,
    },
    /// A signal came again under its id with another payload; the first stands.
    SignalConflicted {
        /// Which.
        signal: SignalId,
        /// The hash of the other payload.
        digest: Digest,
    },
    /// A signal ended.
    SignalEnded {
        /// Which.
        signal: SignalId,
        /// How.
        ending: Ending,
        /// Why, when it is not simply done.
        reason: Option<Reason>,
        /// What the checks said, when they were asked.
        marks: Option<Marks>,
    },
    /// An order is decided, approved, and about to be sent.
    Intended {
        /// The order.
        intent: Intent,
        /// A place in the venue's log before which the order cannot be.
        mark: Cursor,
        /// After this moment it is not sent any more.
        send_by: Time,
        /// What the checks said.
        marks: Marks,
    },
    /// The venue's answer to an order, or the lack of one.
    Answered {
        /// Which order.
        order: ClientOrderId,
        /// To which attempt at it.
        attempt: u32,
        /// What came of it.
        answer: SubmitOutcome,
    },
    /// The venue is being asked about an order.
    AskStarted {
        /// Which.
        order: ClientOrderId,
    },
    /// The venue's answer about an order; nothing when the question failed.
    AskAnswered {
        /// Which.
        order: ClientOrderId,
        /// What it said.
        finding: Option<Finding>,
    },
    /// An order that never arrived was reviewed again and is about to be sent again.
    Resent {
        /// Which.
        order: ClientOrderId,
        /// Counts from 1 for the first attempt.
        attempt: u32,
        /// As in [`Record::Intended`].
        mark: Cursor,
        /// As in [`Record::Intended`].
        send_by: Time,
        /// As in [`Record::Intended`].
        marks: Marks,
    },
    /// An order that never arrived will not be sent.
    GaveUp {
        /// Which.
        order: ClientOrderId,
        /// Why.
        reason: Reason,
    },
    /// A cancel is about to be sent.
    CancelStarted {
        /// Of which order.
        order: ClientOrderId,
        /// Why.
        code: Code,
    },
    /// The venue's answer to a cancel.
    CancelAnswered {
        /// Of which order.
        order: ClientOrderId,
        /// What came of it.
        answer: CancelOutcome,
    },
    /// An order ended otherwise than by its last fill.
    Closed {
        /// Which.
        order: ClientOrderId,
        /// How.
        end: End,
        /// The venue's reason.
        code: Code,
    },
    /// An execution.
    Filled {
        /// The execution.
        fill: Fill,
    },
    /// An execution was taken back.
    Busted {
        /// Where.
        venue: VenueId,
        /// Which.
        execution: ExecutionId,
    },
    /// An execution was restated under its name.
    Corrected {
        /// As it now stands.
        fill: Fill,
    },
    /// The venue's log was read to here.
    CursorMoved {
        /// Which venue's.
        venue: VenueId,
        /// To where.
        cursor: Cursor,
    },
    /// A position's stop or target was moved; what is absent stays.
    PlanSet {
        /// Whose.
        key: Key,
        /// The new prices.
        plan: Protection,
        /// By which signal.
        signal: SignalId,
    },
    /// A position shall be closed.
    ExitWanted {
        /// Which.
        key: Key,
        /// By which signal; none when the guard or a person decided.
        signal: Option<SignalId>,
        /// Why.
        code: Code,
    },
    /// A protective order could not be placed.
    ProtectionBlocked {
        /// Of which position.
        key: Key,
        /// Which one.
        purpose: Purpose,
        /// Why.
        reason: Reason,
        /// When it is tried again.
        retry_at: Time,
        /// By when the position must be protected or closed.
        bound: Time,
    },
    /// An account day began.
    DayStarted {
        /// Its boundary.
        starts: Time,
        /// Equity its loss is measured from, in base currency.
        equity: Amount,
        /// The highest equity known, this reading included.
        high_water: Amount,
        /// Whether it was read later than 15 minutes after the boundary.
        late: bool,
    },
    /// The level was changed.
    LevelSet {
        /// To what.
        level: Level,
        /// By whom.
        by: By,
        /// Why.
        reason: Reason,
        /// When it ends by itself, if it does.
        until: Option<Time>,
    },
    /// Book and venue disagree; entries in what it concerns are stopped until a person repairs it.
    Diverged {
        /// At which venue.
        venue: VenueId,
        /// In which instrument, when it is one.
        key: Option<Key>,
        /// What was seen.
        reason: Reason,
        /// The execution that belongs to no order of ours, when it is one.
        fill: Option<Fill>,
    },
}

impl Record {
    /// Its name in the journal: the `record` tag of its JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VenueBound { .. } => "venue_bound",
            Self::Started { .. } => "started",
            Self::Stopped { .. } => "stopped",
            Self::SignalTaken { .. } => "signal_taken",
            Self::SignalConflicted { .. } => "signal_conflicted",
            Self::SignalEnded { .. } => "signal_ended",
            Self::Intended { .. } => "intended",
            Self::Answered { .. } => "answered",
            Self::AskStarted { .. } => "ask_started",
            Self::AskAnswered { .. } => "ask_answered",
            Self::Resent { .. } => "resent",
            Self::GaveUp { .. } => "gave_up",
            Self::CancelStarted { .. } => "cancel_started",
            Self::CancelAnswered { .. } => "cancel_answered",
            Self::Closed { .. } => "closed",
            Self::Filled { .. } => "filled",
            Self::Busted { .. } => "busted",
            Self::Corrected { .. } => "corrected",
            Self::CursorMoved { .. } => "cursor_moved",
            Self::PlanSet { .. } => "plan_set",
            Self::ExitWanted { .. } => "exit_wanted",
            Self::ProtectionBlocked { .. } => "protection_blocked",
            Self::DayStarted { .. } => "day_started",
            Self::LevelSet { .. } => "level_set",
            Self::Diverged { .. } => "diverged",
        }
    }

    /// The signal it is about, when it is about one.
    pub fn signal(&self) -> Option<SignalId> {
        match self {
            Self::SignalTaken { signal, .. } => Some(signal.id),
            Self::SignalConflicted { signal, .. }
            | Self::SignalEnded { signal, .. }
            | Self::PlanSet { signal, .. } => Some(*signal),
            Self::Intended { intent, .. } => intent.signal,
            Self::ExitWanted { signal, .. } => *signal,
            _ => None,
        }
    }

    /// The order it is about, when it is about one.
    pub fn order(&self) -> Option<ClientOrderId> {
        match self {
            Self::Intended { intent, .. } => Some(intent.id),
            Self::Answered { order, .. }
            | Self::AskStarted { order }
            | Self::AskAnswered { order, .. }
            | Self::Resent { order, .. }
            | Self::GaveUp { order, .. }
            | Self::CancelStarted { order, .. }
            | Self::CancelAnswered { order, .. }
            | Self::Closed { order, .. } => Some(*order),
            Self::Filled { fill } | Self::Corrected { fill } => Some(fill.order),
            _ => None,
        }
    }

    /// The instrument it is about, when it says so itself.
    pub fn key(&self) -> Option<Key> {
        match self {
            Self::Intended { intent, .. } => Some(intent.key),
            Self::Filled { fill } | Self::Corrected { fill } => Some(fill.key),
            Self::PlanSet { key, .. }
            | Self::ExitWanted { key, .. }
            | Self::ProtectionBlocked { key, .. } => Some(*key),
            Self::Diverged { key, .. } => *key,
            _ => None,
        }
    }
}

/// A record with its place and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Counts from 1, without a gap.
    pub seq: u64,
    /// When it was decided, by the clock that was passed in.
    pub at: Time,
    /// The fact.
    pub record: Record,
}
