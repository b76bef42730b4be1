//! The rows of the book: signals, orders, positions, trades. Data with small questions, no changes.

mod beside;
mod origins;

use broker_api::{
    AccountRef, Amount, ClientOrderId, Code, Cursor, Digest, Direction, End, Ending, ExecutionId, Fill, Held,
    Intent, Key, NonTradeKind, Phase, Price, Protection, Purpose, Qty, Ratio, Reason, SentWindow, Signal,
    SignalId, StrategyId, Time, TimeInForce, VenueOrderId,
};
use serde::{Deserialize, Serialize};

pub use beside::{Bare, Closing, NonTrades, Outside};
pub use origins::{AdoptedFrom, EditFound, HistoryWanted, Import, LastStop};

/// One venue the book trades at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueState {
    /// Which account it is.
    pub of: AccountRef,
    /// How far its log was read.
    pub cursor: Cursor,
    /// What the account was worth when the book was bound to it.
    pub opening_equity: Amount,
}

/// How and when a signal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// When.
    pub at: Time,
    /// Why, when it is not simply done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// One signal that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalState {
    /// The signal.
    pub signal: Signal,
    /// The hash of its payload.
    pub digest: Digest,
    /// The hash of another payload that came under the same id, the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Digest>,
    /// When it was taken.
    pub taken_at: Time,
    /// Which process took it.
    pub life: u32,
    /// Its end, once it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// The orders that serve it.
    #[serde(default)]
    pub orders: Vec<ClientOrderId>,
}

/// One order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// As we wanted it.
    pub intent: Intent,
    /// Where it stands.
    pub phase: Phase,
    /// How often it was sent, or was about to be.
    pub attempt: u32,
    /// A place in the venue's log before which the last attempt cannot be.
    pub mark: Cursor,
    /// The time in which the last attempt can have arrived.
    pub sent: SentWindow,
    /// When it was decided.
    pub decided_at: Time,
    /// When its phase last changed.
    pub since: Time,
    /// The venue's name of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue_order: Option<VenueOrderId>,
    /// How much was executed.
    pub filled: Qty,
    /// How much more was executed and taken back: the venue does not execute it again.
    #[serde(default = "Qty::nothing", skip_serializing_if = "Qty::is_nothing")]
    pub taken_back: Qty,
    /// What that came to, in quote currency.
    pub value: Amount,
    /// What it cost beside the price, in account currency.
    pub fees: Amount,
    /// How often the venue was asked about it.
    #[serde(default)]
    pub asks: u32,
    /// A question about it is under way.
    #[serde(default)]
    pub asking: bool,
    /// When the last question about it was put, of which its answer tells; nothing once a process ended that waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_at: Option<Time>,
    /// When the venue first answered its last attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Time>,
    /// When the venue last answered, or failed to answer, a question or a cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Time>,
    /// Not before this moment is it asked about, or sent, again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// What the venue last proved about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<broker_api::Proof>,
    /// How many of its attempts ended before anything left us.
    #[serde(default)]
    pub unsent: u32,
    /// How many of its attempts the venue put off.
    #[serde(default)]
    pub throttled: u32,
    /// When an attempt was last lost: it may still be on its way, until a log proves that it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_at: Option<Time>,
    /// The last attempt was refused in words of no table, or while an attempt before it may still arrive.
    #[serde(default)]
    pub was_refused: bool,
    /// A cancel is wanted and not yet confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_wanted: Option<Code>,
    /// Why it ended as it did, or waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Order {
    /// What is not executed yet.
    pub fn remaining(&self) -> Qty {
        self.intent.qty.minus_or_zero(self.filled).minus_or_zero(self.taken_back)
    }

    /// Whether it carries its last moment itself: it ends when its time to be sent does.
    pub fn is_fenced(&self) -> bool {
        self.intent.tif == TimeInForce::Gtd(self.sent.to)
    }

    /// Whether it may still be executed: everything but what is over or provably not sent.
    pub fn may_be_live(&self) -> bool {
        self.phase.may_be_live()
    }

    /// Its average price so far, in quote currency, rounded half to even at 10 places.
    pub fn average(&self) -> Option<Price> {
        average(self.value, self.filled)
    }

    /// Whether its venue had it and the book did not: it is known as far as the venue and its name tell.
    pub fn is_adopted(&self) -> bool {
        self.reason.as_ref().is_some_and(|reason| reason.code == super::edited::ADOPTED)
    }

    /// How it ended.
    pub fn end(&self) -> Option<End> {
        if let Phase::Done(end) = self.phase { Some(end) } else { None }
    }
}

/// `value / qty`, rounded half to even at 10 places; nothing for no quantity.
pub(crate) fn average(value: Amount, qty: Qty) -> Option<Price> {
    let price = value.get().checked_div(qty.get())?;
    Price::new(price.round_dp(10).normalize()).ok()
}

/// Somebody decided to close a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitWanted {
    /// The signal that asks for it; none for the guard and for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<SignalId>,
    /// Why.
    pub code: Code,
    /// Since when.
    pub at: Time,
    /// How many orders were made for it.
    #[serde(default)]
    pub orders: u32,
    /// When the last of them ended that executed nothing, though its time was not over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Time>,
}

/// A protective order that the venue refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLeg {
    /// Which one.
    pub purpose: Purpose,
    /// When.
    pub at: Time,
}

/// A protective order that could not be placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Which one.
    pub purpose: Purpose,
    /// Why.
    pub reason: Reason,
    /// When it is tried again.
    pub retry_at: Time,
    /// By when the position must be protected or closed.
    pub bound: Time,
}

/// What is held of one instrument, from its first fill on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Of what.
    pub key: Key,
    /// Counts positions from 1; the trade it becomes keeps the number.
    pub number: u64,
    /// Which way.
    pub direction: Direction,
    /// How much; short is negative.
    pub held: Held,
    /// What is held came to, in quote currency: the exact sum of its fills, less what exits released.
    pub cost: Amount,
    /// All that was ever taken in.
    pub entered: Qty,
    /// What that came to, in quote currency.
    pub entered_value: Amount,
    /// All that was given out again.
    pub exited: Qty,
    /// What that came to, in quote currency.
    pub exited_value: Amount,
    /// Profit of what was given out, before fees, in account currency.
    pub gross: Amount,
    /// Fees so far, in account currency.
    pub fees: Amount,
    /// When the first fill was.
    pub opened_at: Time,
    /// The signal that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<SignalId>,
    /// The strategy behind that signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<StrategyId>,
    /// The price the entry was decided at.
    pub decided_at_price: Price,
    /// Planned loss to the first stop, in account currency, for what was taken in; frozen for R.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Amount>,
    /// Where it shall be taken out.
    pub plan: Protection,
    /// How many protective orders were made for it, for their names.
    #[serde(default)]
    pub legs_made: u32,
    /// A protective order that could not be placed, until one could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Blocked>,
    /// Protective orders that were refused since it was opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedLeg>,
    /// Its executions, in order.
    pub executions: Vec<ExecutionId>,
    /// What changed it that was no order of ours, the last of such: its trade is left out of the strategy's figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<Code>,
    /// An order that was to close the position before it opened it: it is closed in turn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overfilled: bool,
    /// How long it lay without the stop it shall have.
    #[serde(default, skip_serializing_if = "Bare::is_nothing")]
    pub bare: Bare,
    /// The file of another program that it was taken over from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Digest>,
}

impl Position {
    /// The average price of what is held, in quote currency.
    pub fn average(&self) -> Option<Price> {
        average(self.cost, self.held.size())
    }

    /// Open profit at a price, before the fees of closing, in quote currency.
    pub fn open_profit(&self, price: Price) -> Option<Amount> {
        let worth = price.times(self.held.size()).ok()?;
        match self.direction {
            Direction::Long => worth.minus(self.cost).ok(),
            Direction::Short => self.cost.minus(worth).ok(),
        }
    }
}

/// One round trip, from the first entry fill to the last exit fill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The position as it was when it became flat.
    #[serde(flatten)]
    pub position: Position,
    /// When the last fill was.
    pub closed_at: Time,
    /// What closed it.
    pub exit: Purpose,
    /// The signal that closed it, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_signal: Option<SignalId>,
    /// Why it was closed, when it was not a protective order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<Code>,
}

impl Trade {
    /// Profit after fees, in account currency.
    pub fn net(&self) -> Amount {
        self.position.gross.minus(self.position.fees).unwrap_or(Amount::ZERO)
    }

    /// Net profit over the planned loss, four places; nothing without a stop.
    pub fn r(&self) -> Option<Ratio> {
        let r = self.net().share_of(self.position.risk?)?;
        Ratio::new(r.get().round_dp(4)).ok()
    }

    /// Average entry price.
    pub fn entry(&self) -> Option<Price> {
        average(self.position.entered_value, self.position.entered)
    }

    /// Average exit price.
    pub fn exit_price(&self) -> Option<Price> {
        average(self.position.exited_value, self.position.exited)
    }
}

/// An execution the book remembers, to know it when it is told again or taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The execution.
    pub fill: Fill,
    /// Why its order existed; nothing when it belongs to no order of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// It was taken back: it counts nowhere, and is remembered so that it does not count when it is told again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub busted: bool,
}

/// Sums over all closed trades since the book began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// How many positions were ever given a number, those of imports and their closed trades too.
    pub positions: u64,
    /// How many trades closed.
    pub trades: u64,
    /// How many of them won.
    pub wins: u64,
    /// How many of them lost.
    pub losses: u64,
    /// The longest run of losing trades.
    pub losses_in_row_max: u32,
    /// Profit of closed trades and of the closed parts of open ones, before fees, in account currency.
    pub gross: Amount,
    /// All fees, in account currency.
    pub fees: Amount,
    /// How many closed trades something else than our orders had a part in: they count as neither won nor lost.
    #[serde(default)]
    pub outside: u64,
    /// Entries of the venues' logs that no trade made, by their kind.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub non_trades: std::collections::BTreeMap<NonTradeKind, NonTrades>,
    /// Executions counted.
    pub fills: u64,
    /// Orders made.
    pub orders: u64,
    /// Signals taken.
    pub signals: u64,
    /// How signals ended.
    pub endings: std::collections::BTreeMap<Ending, u64>,
}

/// A disagreement between book and venue about one instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// What was seen.
    pub reason: Reason,
    /// When.
    pub at: Time,
    /// The execution that belongs to no order of ours, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
    /// What the venue holds of it, when that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there: Option<Held>,
}
