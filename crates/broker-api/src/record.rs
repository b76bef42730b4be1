//! The records: every fact that can change the book. A closed list, versioned, data without behaviour.
//!
//! 1. A record says what happened, not what to think of it; whoever reads it needs no configuration.
//! 2. A change of meaning gets a new version and both stay readable; [`VERSION`](crate::record::VERSION) is written with each record.
//! 3. Any record a program does not know stops it: a book that skipped a fact is not the book.

mod about;
mod adopted;
mod change;
mod ending;
mod imported;
mod repair;
mod stamped;

use crate::arming::{Armed, Disarmed, GateOverridden, GatePassed, LimitsConfirmed, LimitsSet};
use crate::{
    AccountRef, Amount, By, ByClass, CancelOutcome, ClientOrderId, Code, Cursor, Digest, End, ExecutionId,
    Fill, Finding, Held, Intent, Key, Left, Level, Marks, NonTrade, Price, Protection, Purpose, Qty, Reason,
    Scope, Signal, SignalId, SubmitOutcome, Time, VenueId, VenueOrderId,
};
use serde::{Deserialize, Serialize};

pub use self::{adopted::Adopted, change::Change, ending::Ending};
pub use imported::{ImportedPosition, ImportedTrade};
pub use repair::{Repair, Repaired};
pub use stamped::{Stamped, VERSION};

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
        /// Where several venues are traded: what each was last read to be worth, for a process that does not reach one of them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<Left>,
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
        /// Equity as it was read, where the day is measured from more than that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read: Option<Amount>,
        /// The highest equity known, this reading included.
        high_water: Amount,
        /// Whether it was read later than 15 minutes after the boundary.
        late: bool,
        /// Equity the loss of its week is measured from; nothing in records of older programs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        week: Option<Amount>,
        /// As in [`Day`](crate::Day): what positions carried then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carried: Option<ByClass>,
    },
    /// Entries of a part of trading are stopped; everything else goes on.
    EntriesStopped {
        /// Of which part.
        scope: Scope,
        /// Why.
        reason: Reason,
        /// When it ends by itself, if it does.
        until: Option<Time>,
    },
    /// Entries of a part of trading go on.
    EntriesAllowed {
        /// Of which part.
        scope: Scope,
        /// By whom: the guard only once its time has come.
        by: By,
        /// Why.
        reason: Reason,
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
    /// The limits in force from here on, all of them: at the start of a process, when they are not what they were.
    LimitsSet(LimitsSet),
    /// A person confirmed limits that are loosened a great deal.
    LimitsConfirmed(LimitsConfirmed),
    /// A person armed an account of real money.
    Armed(Armed),
    /// It is not armed any more.
    Disarmed(Disarmed),
    /// A person goes through a gate that was not passed.
    GateOverridden(GateOverridden),
    /// A gate was passed.
    GatePassed(GatePassed),
    /// Book and venue disagree; entries in what it concerns are stopped until a person repairs it.
    Diverged {
        /// At which venue.
        venue: VenueId,
        /// In which instrument, when it is one.
        key: Option<Key>,
        /// What was seen.
        reason: Reason,
        /// An execution that could not be booked, when it is about one.
        fill: Option<Fill>,
        /// What the venue holds of it, when that was read: no more than that is closed or guarded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        there: Option<Held>,
    },
    /// A person repaired what book and venue disagreed about.
    Repaired {
        /// At which venue.
        venue: VenueId,
        /// In which instrument; nothing for what concerns the venue as a whole.
        key: Option<Key>,
        /// What was decided, and upon what.
        with: Repaired,
        /// Who, as they named themselves.
        name: Box<str>,
        /// Why, in their words.
        reason: Box<str>,
    },
    /// An execution that belongs to no order of ours. It moves what else the account holds, and then what we hold.
    Outside {
        /// The execution.
        fill: Fill,
        /// What it is taken for.
        code: Code,
    },
    /// An entry of the venue's log that no trade made.
    NonTrade {
        /// Which venue's.
        venue: VenueId,
        /// The entry.
        entry: NonTrade,
        /// For money that comes or goes: what all venues were worth before, in base currency; unknown, falls move by the money.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Amount>,
    },
    /// The venue kept less of an instrument as its fee than executions were booked with.
    FeeSettled {
        /// Of what.
        key: Key,
        /// How much less.
        back: Qty,
    },
    /// The stop of a position follows the best price.
    StopTrailed {
        /// Whose.
        key: Key,
        /// To where: never away from the market.
        stop: Price,
    },
    /// The venue is being asked to close what is too little for an order.
    CloseStarted {
        /// Of what.
        key: Key,
    },
    /// The venue's answer to that.
    CloseAnswered {
        /// Of what.
        key: Key,
        /// What came of it.
        answer: CancelOutcome,
    },
    /// The state file was found edited: our keys in it are not what the journal says, which is what counts.
    EditFound {
        /// The hash of the file's bytes.
        file: Digest,
        /// The name under which the file is kept, in the folder of the state file.
        kept: Box<str>,
        /// How many places differ; 0 when only the checksum does not fit.
        places: u64,
    },
    /// A person's edit of the state file was taken in.
    Edited {
        /// The hash of the file's bytes.
        file: Digest,
        /// Why, in the person's words.
        reason: Box<str>,
        /// What was changed, and nothing else.
        changes: Vec<Change>,
    },
    /// The journal begins with a state file whose own journal is gone. Only ever the first record.
    Adopted(Adopted),
    /// The venue may know what the book does not: its log is read, and our orders in it adopted, before entries go on.
    HistoryWanted {
        /// Which venue.
        venue: VenueId,
        /// What happened after this moment may not be in the book.
        since: Time,
    },
    /// An order of ours that the venue knew and the book did not.
    OrderAdopted {
        /// The order, as far as the venue and its name tell.
        intent: Intent,
        /// The venue's name of it, when it gave one.
        venue_order: Option<VenueOrderId>,
    },
    /// The venue's log was read, and every order of ours in it is in the book.
    HistoryRead {
        /// Which venue's.
        venue: VenueId,
    },
    /// Positions and closed trades of another program were taken over, and the venue holds those positions.
    Imported {
        /// The SHA-256 of the file they were read from.
        file: Digest,
        /// Why, in a person's words.
        reason: Box<str>,
        /// What the account's equity changed by, in base currency: a flow, neither profit nor loss.
        flow: Amount,
        /// What is held from then on.
        positions: Vec<ImportedPosition>,
        /// What had been closed before. None of it counts.
        trades: Vec<ImportedTrade>,
    },
}
