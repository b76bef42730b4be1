//! The book: what is open, what was done, and what the guard counts. Its one way to change is [`Book::apply`].
//!
//! It is data and questions. Deciding happens elsewhere; a decision comes in as a record.

mod arming;
mod check;
mod edited;
mod fold;
mod guarding;
mod import;
mod ledger;
mod non_trades;
mod open;
mod orders;
mod outside;
mod position;
mod restate;
mod rows;
mod signals;
mod stops;

use std::collections::{BTreeMap, VecDeque};

use broker_api::{
    ClientOrderId, Code, ExecutionId, Exposure, GuardState, Held, Key, Left, SignalId, Time, VenueId, planted,
};
use serde::{Deserialize, Serialize};

pub(crate) use edited::keyed;
pub use fold::Illegal;
use open::Open;
pub use outside::{DUST, REPAIR};
pub use rows::{
    AdoptedFrom, Bare, Blocked, Closing, Divergence, EditFound, Ended, Execution, ExitWanted, HistoryWanted,
    Import, LastStop, NonTrades, Order, Outside, Position, RefusedLeg, SignalState, Totals, Trade,
    VenueState,
};
use signals::Signals;

/// How many closed trades the book keeps; older ones are in the journal.
pub const TRADES_KEPT: usize = 2_000;
/// How a trade that another program closed says what closed it.
const IMPORTED: Code = Code::fixed("imported");

/// The durable state, folded from the records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// How many records are in it.
    #[serde(rename = "journal_seq")]
    seq: u64,
    /// How many processes wrote to it.
    life: u32,
    /// How the last process ended, when it could say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_stop: Option<LastStop>,
    /// What the accounts of several venues were worth when the last process ended by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left: Vec<Left>,
    /// Where it came from, when not from a journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adopted: Option<AdoptedFrom>,
    /// The edit of the state file that waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edit_found: Option<EditFound>,
    /// Venues that may know of orders which are not in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    history_wanted: BTreeMap<VenueId, HistoryWanted>,
    guard: GuardState,
    venues: BTreeMap<VenueId, VenueState>,
    positions: BTreeMap<Key, Position>,
    exits: BTreeMap<Key, ExitWanted>,
    orders: Open,
    totals: Totals,
    diverged: BTreeMap<Key, Divergence>,
    venues_diverged: BTreeMap<VenueId, Divergence>,
    signals: Signals,
    trades: VecDeque<Trade>,
    /// Boxed: rows are large, and a map moves what it holds when it grows.
    closed_orders: BTreeMap<ClientOrderId, Box<Order>>,
    executions: BTreeMap<VenueId, BTreeMap<ExecutionId, Execution>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    imports: Vec<Import>,
    /// What accounts hold beside the book.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    outside: BTreeMap<Key, Outside>,
    /// Entries that no trade made, by their names: told again, they do not count again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    non_trades: BTreeMap<VenueId, BTreeMap<ExecutionId, Time>>,
    /// What venues are asked to close because it is too little for an order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    closings: BTreeMap<Key, Closing>,
}

impl Book {
    /// How many records are in it: the seq of the last one.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The number of the process that writes to it, or wrote last.
    pub fn life(&self) -> u32 {
        self.life
    }

    /// How the last process ended; nothing while one runs, or after one that was killed.
    pub fn last_stop(&self) -> Option<&LastStop> {
        self.last_stop.as_ref()
    }

    /// What the account of a venue was worth when the process before this one ended; nothing after one that was killed, and where
    /// one venue is traded.
    pub fn left(&self, venue: VenueId) -> Option<&Left> {
        self.left.iter().find(|left| left.account.of.venue == venue)
    }

    /// The state file it was taken from, when its journal was gone.
    pub fn adopted_from(&self) -> Option<&AdoptedFrom> {
        self.adopted.as_ref()
    }

    /// The edit of the state file that was found, until a person takes it in or goes on without it.
    pub fn edit_found(&self) -> Option<&EditFound> {
        self.edit_found.as_ref()
    }

    /// Venues whose log must be read, and our orders in it adopted, before entries go through.
    pub fn history_wanted(&self) -> impl ExactSizeIterator<Item = (VenueId, HistoryWanted)> {
        self.history_wanted.iter().map(|(venue, wanted)| (*venue, *wanted))
    }

    /// What the guard judges by.
    pub fn guard(&self) -> &GuardState {
        &self.guard
    }

    /// The venue of this name, when the book is bound to it.
    pub fn venue(&self, venue: VenueId) -> Option<&VenueState> {
        self.venues.get(&venue)
    }

    /// All venues, by name.
    pub fn venues(&self) -> impl Iterator<Item = &VenueState> {
        self.venues.values()
    }

    /// What is held of an instrument.
    pub fn position(&self, key: Key) -> Option<&Position> {
        self.positions.get(&key)
    }

    /// Everything that is held, by key.
    pub fn positions(&self) -> impl ExactSizeIterator<Item = &Position> {
        self.positions.values()
    }

    /// Whether, and why, an instrument's position shall be closed.
    pub fn exit_wanted(&self, key: Key) -> Option<&ExitWanted> {
        self.exits.get(&key)
    }

    /// Every instrument whose position shall be closed.
    pub fn exits_wanted(&self) -> impl ExactSizeIterator<Item = (Key, &ExitWanted)> {
        self.exits.iter().map(|(key, exit)| (*key, exit))
    }

    /// An order, open or closed.
    pub fn order(&self, id: ClientOrderId) -> Option<&Order> {
        self.orders.get(id).or_else(|| self.closed_orders.get(&id).map(AsRef::as_ref))
    }

    /// Orders that are not over, by id.
    pub fn open_orders(&self) -> impl ExactSizeIterator<Item = &Order> {
        self.orders.all()
    }

    /// Those of one instrument, by id.
    pub fn open_orders_of(&self, key: Key) -> impl Iterator<Item = &Order> {
        self.orders.of(key)
    }

    /// Orders that are over and still remembered, by id.
    pub fn closed_orders(&self) -> impl ExactSizeIterator<Item = &Order> {
        self.closed_orders.values().map(AsRef::as_ref)
    }

    /// A signal that is still remembered.
    pub fn signal(&self, id: SignalId) -> Option<&SignalState> {
        self.signals.get(id)
    }

    /// The signals that are still remembered, by id.
    pub fn signals(&self) -> impl ExactSizeIterator<Item = &SignalState> {
        self.signals.all()
    }

    /// The signals that have not ended, by id.
    pub fn open_signals(&self) -> impl ExactSizeIterator<Item = SignalId> {
        self.signals.open()
    }

    /// The last closed trades, oldest first; at most [`TRADES_KEPT`].
    pub fn trades(&self) -> impl DoubleEndedIterator<Item = &Trade> + ExactSizeIterator {
        self.trades.iter()
    }

    /// Sums since the book began.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Instruments in which book and venue disagree.
    pub fn diverged(&self) -> impl ExactSizeIterator<Item = (Key, &Divergence)> {
        self.diverged.iter().map(|(key, divergence)| (*key, divergence))
    }

    /// Venues with which the book disagrees about more than one instrument.
    pub fn venues_diverged(&self) -> impl ExactSizeIterator<Item = (VenueId, &Divergence)> {
        self.venues_diverged.iter().map(|(venue, divergence)| (*venue, divergence))
    }

    /// Whether an execution was told before.
    pub fn has_execution(&self, venue: VenueId, execution: ExecutionId) -> bool {
        self.execution(venue, execution).is_some()
    }

    /// An execution that is still remembered.
    pub fn execution(&self, venue: VenueId, execution: ExecutionId) -> Option<&Execution> {
        self.executions.get(&venue)?.get(&execution)
    }

    /// The executions that are still remembered, by venue and name.
    pub fn executions(&self) -> impl Iterator<Item = &Execution> {
        self.executions.values().flat_map(BTreeMap::values)
    }

    /// What an account holds of an instrument beside the book.
    pub fn outside(&self, key: Key) -> Option<&Outside> {
        self.outside.get(&key)
    }

    /// All that accounts hold beside the book.
    pub fn outsides(&self) -> impl ExactSizeIterator<Item = (Key, &Outside)> {
        self.outside.iter().map(|(key, outside)| (*key, outside))
    }

    /// Whether an entry that no trade made was told before.
    pub fn has_non_trade(&self, venue: VenueId, id: ExecutionId) -> bool {
        self.non_trades.get(&venue).is_some_and(|known| known.contains_key(&id)) && !planted!(EntryTwice)
    }

    /// What the venue is asked to close because it is too little for an order.
    pub fn closing(&self, key: Key) -> Option<&Closing> {
        self.closings.get(&key)
    }

    /// How much of what is held the venue is known to hold too: all of it, unless the two disagree.
    pub fn confirmed(&self, key: Key) -> Held {
        let held = self.held(key);
        let Some(there) = self.diverged.get(&key).and_then(|divergence| divergence.there) else {
            return held;
        };
        if held.is_flat() || there.is_flat() || there.is_long() != held.is_long() {
            Held::FLAT
        } else if there.size() < held.size() {
            there
        } else {
            held
        }
    }

    /// Whether an entry of this instrument is not over.
    pub fn has_open_entry(&self, key: Key) -> bool {
        self.open_orders_of(key).any(|order| !order.intent.purpose.is_reducing())
    }

    /// All that binds or could bind risk in one instrument.
    pub fn exposure(&self, key: Key) -> Exposure {
        self.exposure_without(key, None)
    }

    /// The same as if one order were not there.
    pub fn exposure_without(&self, key: Key, own: Option<ClientOrderId>) -> Exposure {
        let mut row = self.held_row(key, self.positions.get(&key));
        for order in self.open_orders_of(key).filter(|order| Some(order.intent.id) != own) {
            self.count(&mut row, order);
        }
        row
    }

    /// All that binds or could bind risk, one row per instrument, into `rows`, which is emptied first. There is
    /// always a row for `about`: what is not held of it may still be in dispute.
    /// `own` is left out: an order that is reviewed again must not count itself.
    pub fn fill_exposures(&self, about: Key, own: Option<ClientOrderId>, rows: &mut Vec<Exposure>) {
        rows.clear();
        rows.extend(self.positions.iter().map(|(key, position)| self.held_row(*key, Some(position))));
        if !self.positions.contains_key(&about) {
            rows.push(self.held_row(about, None));
        }
        for order in self.orders.all().filter(|order| Some(order.intent.id) != own) {
            let key = order.intent.key;
            let at = rows.iter().position(|row| row.key == key).unwrap_or_else(|| {
                rows.push(self.held_row(key, None));
                rows.len() - 1
            });
            self.count(&mut rows[at], order);
        }
    }

    fn count(&self, row: &mut Exposure, order: &Order) {
        count(row, order);
        if row.strategy.is_none() && !order.intent.purpose.is_reducing() {
            let signal = order.intent.signal.and_then(|id| self.signal(id));
            row.strategy = signal.map(|state| state.signal.strategy);
        }
    }

    fn held_row(&self, key: Key, position: Option<&Position>) -> Exposure {
        let mut row = Exposure::none(key);
        if let Some(position) = position {
            row.held = position.held;
            row.confirmed = self.confirmed(key);
            row.average = position.average();
            row.plan = position.plan;
            row.strategy = position.strategy;
        }
        row.exit_wanted = self.exits.contains_key(&key);
        row.diverged = self.diverged.contains_key(&key) || self.venues_diverged.contains_key(&key.venue);
        row
    }

    /// What is held of an instrument; flat when nothing is.
    pub fn held(&self, key: Key) -> Held {
        self.positions.get(&key).map_or(Held::FLAT, |position| position.held)
    }
}

/// Adds an open order to its instrument's row. Sums stay within what a quantity can hold, or saturate high.
fn count(row: &mut Exposure, order: &Order) {
    let rest = order.remaining();
    if planted!(UnknownNotCounted) && order.phase == broker_api::Phase::Unknown {
        return;
    }
    if order.intent.purpose.is_reducing() {
        // Stop and target close the same units; the larger of what live orders would close is what counts.
        row.exiting = row.exiting.max(rest);
    } else {
        row.entering = row.entering.plus(rest).unwrap_or(row.entering);
        row.entering_side = Some(order.intent.side);
        row.entering_at = Some(order.intent.reference);
        row.entering_stop = order.intent.plan.stop;
    }
    if order.phase == broker_api::Phase::Unknown {
        row.unknown += 1;
    }
}

#[cfg(test)]
mod tests;
