//! The matching engine: orders meet the prices that are played to it.
//!
//! 1. It is pure: no clock, no file, no chance. The same calls give the same events, and [`Matching::restore`]
//!    goes on exactly where [`Matching::save`] stopped, in the middle of a moment too.
//! 2. [`Matching::begin`] starts a moment, [`Matching::next_event`] gives what comes of it, one event at a time,
//!    until nothing is left. Between two events orders may be accepted and cancelled.
//! 3. An order accepted during a moment takes part from the next one on. Only where the last price of its
//!    instrument is a quote, which stands until it is replaced, it meets that quote at the next event.
//! 4. Where a bar leaves open what happened first, the worse is taken: stops go before targets, a gap fills at
//!    the open, a trailing stop follows a bar only after it was tried on it.
//! 5. What does not fit into 28 digits is an [`Overflow`]; the engine is then in the middle of something, and its
//!    owner goes back to what was saved.

mod accept;
mod account;
mod bracket;
mod codes;
mod costs;
mod fill;
mod ledger;
mod moment;
mod orders;
mod outside;
mod play;
mod prices;
mod rates;
mod saved;
#[cfg(test)]
mod tests;
mod transfer;
mod worth;

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use broker_api::{
    Account, Amount, Catalog, ClientOrderId, Code, Currency, End, Held, InstrumentIx, Intent, Key, OpenOrder,
    Overflow, Price, Qty, Ratio, Time, VenueEvent, VenueOrder, VenueOrderId, VenuePosition,
};
pub use costs::{ClassCosts, Costs, Settings};
pub use moment::Moment;
pub use saved::{BadSaved, Saved};
use serde::{Deserialize, Serialize};
pub use transfer::{TransferIn, Transferred};

use codes::Word;
use ledger::Position;
use orders::Order;
use play::{Budget, Playing};
use prices::{Mark, Spread};
use rates::Rates;
use worth::Book;

/// Why an order was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What programs branch on.
    pub code: Code,
    /// The sentence for a person, with its figures.
    pub text: Box<str>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

/// Why an order was not cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLate {
    /// It was never taken.
    Unknown,
    /// It is over.
    Over,
}

impl std::fmt::Display for TooLate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unknown => "no order of this id was ever taken",
            Self::Over => "the order is over already",
        })
    }
}

impl std::error::Error for TooLate {}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Over {
    /// Its number; a refused order has none.
    n: Option<u64>,
    end: End,
    filled: Qty,
}

/// What an id that was given stands for.
#[derive(Clone, Copy, Debug)]
enum Known {
    Live(InstrumentIx),
    Over(Over),
}

/// All about one instrument.
#[derive(Clone, Debug, Default)]
struct Row {
    position: Position,
    mark: Option<Mark>,
    /// The time of the quote that stands, when the last price was one.
    standing: Option<Time>,
    /// What may still be filled of the bar being played.
    budget: Option<Budget>,
    /// By their numbers, ascending.
    orders: Vec<Order>,
}

impl Row {
    fn place(&self, n: u64) -> Option<usize> {
        self.orders.binary_search_by_key(&n, |order| order.n).ok()
    }

    fn by_id(&self, id: ClientOrderId) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }
}

/// The engine: one account, its orders and its positions. It may go from thread to thread but is not shared by two:
/// a reading of the account keeps what it reckoned for the next one.
#[derive(Clone, Debug)]
pub struct Matching {
    catalog: Arc<Catalog>,
    settings: Settings,
    rates: Rates,
    /// What is held, valued when the account is read.
    book: RefCell<Book>,
    /// One for each instrument of the catalog.
    rows: Vec<Row>,
    /// The same: the spread of bars that say none.
    spreads: Box<[Spread]>,
    known: HashMap<ClientOrderId, Known>,
    /// Cash in account currency.
    balance: Amount,
    /// The number of the last order accepted.
    orders: u64,
    /// The number of the last execution.
    executions: u64,
    /// The number of the last moment.
    moments: u64,
    playing: Option<Playing>,
    /// Orders that have yet to meet the standing quote of their instrument; some may be over since.
    fresh: Vec<(InstrumentIx, u64)>,
    /// Events that have happened and are not told yet.
    pending: VecDeque<VenueEvent>,
    /// What came from outside, by the file it was read from.
    transfers: Vec<Transferred>,
}

impl Matching {
    /// A new account at its beginning.
    pub fn new(catalog: Arc<Catalog>, settings: Settings) -> Self {
        let rates = Rates::new(&catalog, settings.currency);
        let spreads = catalog.iter().map(|(_, i)| Spread::configured(i.asset_class, &settings.costs));
        Self {
            book: RefCell::new(Book::new(&catalog, &rates, settings.currency)),
            rates,
            spreads: spreads.collect(),
            rows: vec![Row::default(); catalog.len()],
            known: HashMap::new(),
            balance: settings.cash,
            orders: 0,
            executions: 0,
            moments: 0,
            playing: None,
            fresh: Vec::new(),
            pending: VecDeque::new(),
            transfers: Vec::new(),
            catalog,
            settings,
        }
    }

    /// The account and its costs.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The instruments it trades.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Takes an order at `now`. A refused id is used up too, and known as refused from then on: a log that is
    /// played back must bring the refused orders as well.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn accept(&mut self, intent: &Intent, now: Time) -> Result<(), Refusal> {
        match self.examined(intent, now) {
            Ok((ix, order)) => {
                self.orders = order.n;
                self.known.insert(order.id, Known::Live(ix));
                let row = &mut self.rows[ix.index()];
                if row.standing.is_some() && order.from <= now {
                    self.fresh.push((ix, order.n));
                }
                row.orders.push(order);
                Ok(())
            }
            Err(refusal) => {
                let over = Over { n: None, end: End::Refused, filled: Qty::ZERO };
                self.known.entry(intent.id).or_insert(Known::Over(over));
                Err(refusal)
            }
        }
    }

    /// Cancels an order at `now`; gives the event of it.
    ///
    /// # Errors
    /// It was never taken, or is over.
    pub fn cancel(&mut self, id: ClientOrderId, now: Time) -> Result<VenueEvent, TooLate> {
        let ix = match self.known.get(&id) {
            None => return Err(TooLate::Unknown),
            Some(Known::Over(_)) => return Err(TooLate::Over),
            Some(Known::Live(ix)) => *ix,
        };
        let n = self.rows[ix.index()].by_id(id).map(|order| order.n).ok_or(TooLate::Unknown)?;
        self.over(ix, n, End::Cancelled);
        Ok(VenueEvent::Closed { order: id, end: End::Cancelled, code: Word::Cancelled.code(), at: now })
    }

    /// Removes a live order and remembers how it ended.
    fn over(&mut self, ix: InstrumentIx, n: u64, end: End) -> Option<Order> {
        let row = &mut self.rows[ix.index()];
        let order = row.orders.remove(row.place(n)?);
        self.known.insert(order.id, Known::Over(Over { n: Some(n), end, filled: order.filled }));
        Some(order)
    }

    /// Ends a live order otherwise than by its last fill, and tells so.
    fn close(&mut self, ix: InstrumentIx, n: u64, end: End, why: Word, at: Time) {
        if let Some(order) = self.over(ix, n, end) {
            self.pending.push_back(VenueEvent::Closed { order: order.id, end, code: why.code(), at });
        }
    }

    /// What is held of an instrument.
    pub fn held(&self, ix: InstrumentIx) -> Held {
        self.rows.get(ix.index()).map_or(Held::FLAT, |row| row.position.held)
    }

    /// Everything that is held, in the catalog's order.
    pub fn positions(&self) -> Vec<VenuePosition> {
        let held = |(instrument, row): (&broker_api::Instrument, &Row)| {
            let average = row.position.average()?;
            Some(VenuePosition { key: instrument.key, held: row.position.held, average })
        };
        self.catalog.iter().map(|(_, instrument)| instrument).zip(&self.rows).filter_map(held).collect()
    }

    /// Whether an id was given before.
    pub fn knows(&self, id: ClientOrderId) -> bool {
        self.known.contains_key(&id)
    }

    /// An order that was taken or refused, by its id.
    pub fn order(&self, id: ClientOrderId) -> Option<VenueOrder> {
        match self.known.get(&id)? {
            Known::Live(ix) => self.rows[ix.index()].by_id(id).map(live),
            Known::Over(over) => Some(VenueOrder {
                venue_order: over.n.and_then(venue_order),
                end: Some(over.end),
                filled: over.filled,
            }),
        }
    }

    /// Every live order, by acceptance.
    pub fn open_orders(&self) -> Vec<OpenOrder> {
        let keys = self.catalog.iter().map(|(_, instrument)| instrument.key);
        let rows =
            keys.zip(&self.rows).flat_map(|(key, row)| row.orders.iter().map(move |order| (key, order)));
        let mut all: Vec<_> = rows.collect();
        all.sort_unstable_by_key(|(_, order)| order.n);
        all.into_iter().map(|(key, order)| open(key, order)).collect()
    }

    /// What one unit of a currency is worth in account currency at the last prices; nothing when they do not say.
    pub fn rate(&self, from: Currency) -> Option<Ratio> {
        self.rates.of(from, |ix| self.mid(ix))
    }

    /// The same, with the number of the way that the prices of it lead.
    fn way_and_rate(&self, from: Currency) -> Option<(usize, Ratio)> {
        self.rates.way_of(from, |ix| self.mid(ix))
    }

    fn mid(&self, ix: InstrumentIx) -> Option<Price> {
        self.rows.get(ix.index())?.mark.map(|mark| mark.mid())
    }

    /// The account at `now`, at the last prices. Orders that are still working are not taken off its buying
    /// power.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn account(&self, now: Time) -> Result<Account, Overflow> {
        let mut account = self.blank(now);
        self.read_again(&mut account, now)?;
        Ok(account)
    }

    /// Brings an earlier reading of this engine's account up to `now`: what a replay does at every bar. Says whether any of its
    /// figures is another one.
    ///
    /// # Errors
    /// [`Overflow`]; then it is left as it was.
    pub fn read_again(&self, account: &mut Account, now: Time) -> Result<bool, Overflow> {
        let worth = self.worth()?;
        let before = (account.equity, account.margin_used, account.balance);
        (account.equity, account.margin_used) = (worth.equity, worth.margin);
        (account.buying_power, account.balance, account.at) = (worth.free, self.balance, now);
        Ok(before != (worth.equity, worth.margin, self.balance))
    }
}

fn open(key: Key, order: &Order) -> OpenOrder {
    let (id, parent) = (Some(order.id), order.parent);
    OpenOrder {
        id,
        parent,
        key,
        side: order.side,
        qty: order.qty,
        kind: Some(order.kind),
        order: live(order),
    }
}

fn live(order: &Order) -> VenueOrder {
    VenueOrder { venue_order: venue_order(order.n), end: None, filled: order.filled }
}

fn venue_order(n: u64) -> Option<VenueOrderId> {
    VenueOrderId::new(&n.to_string()).ok()
}
