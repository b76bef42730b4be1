//! How well orders were carried out, from the journal, and from bars where some are configured: rows for `evidence::execution`,
//! and what they come to.
//!
//! The journal knows when a bar closed, when the strategy decided, when a signal was taken in, when an order was approved, when
//! its answer was taken in, when it was filled by the venue's clock, and when its stop was accepted. It does not know when a
//! request was written (t4), nor the middle of a quote at any moment: what needs them is undefined, and no other figure takes
//! their place. The price that an order was approved at is the ask of a purchase and the bid of a sale, and stands for the market
//! as the order left. What was not filled is priced at the close of the first bar that closes once the order was over; without
//! bars it has no price.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{
    AssetClass, ClientOrderId, End as Ended, Ending, Fill, Key, Price, Purpose, Side, Symbol, Time, Wanted,
};
use evidence::Class;
use evidence::execution::{
    CostModel, CostVerdict, Drift, End, Execution, Hour, Quality as OfClass, StepTimes, Times, against_model,
    by_hour, drift, latencies, quality,
};
use evidence::ledger::number;
use rust_decimal::Decimal;
use serde::Serialize;
use state::Book;
use state::book::{Order, Position, SignalState};

use crate::config::CostTable;
use crate::failure::Failure;
use crate::history::History;
use crate::place::{Place, Reading};
use crate::twin::Past;

/// How many filled orders are told one by one.
const TOLD: usize = 200;

/// More than this for one order stops entries of the class, in basis points: stocks, currencies, coins.
const HARD_CAPS: [(Class, i64); 3] = [(Class::Equity, 100), (Class::Forex, 20), (Class::Crypto, 150)];

/// What a place on the way of an order is, and of how many orders the journal knows when they went by.
#[derive(Clone, Debug, Serialize)]
pub struct Known {
    /// `t0` to `t8`.
    pub place: &'static str,
    /// What happens there, and by whose clock.
    pub what: &'static str,
    /// Of how many orders it is known.
    pub orders: usize,
}

/// Time that positions lay without the stop they should have had.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Unprotected {
    /// Positions, closed and open, without those that were to have no stop.
    pub positions: usize,
    /// Of these, those that ever lay without it.
    pub bare: usize,
    /// All of it, in milliseconds.
    pub total_ms: u64,
    /// The longest stretch, in milliseconds.
    pub longest_ms: u64,
    /// Whose that was; empty for nobody's.
    pub longest_symbol: String,
}

/// How well the orders of a book were carried out.
#[derive(Clone, Debug, Serialize)]
pub struct Quality {
    /// Entries and exits that a signal decided: all of them, then each class that there are any of.
    pub decided: Vec<OfClass>,
    /// Stops that were filled, against the price that they were to be hit at; likewise.
    pub stops: Vec<OfClass>,
    /// The steps of the way.
    pub latencies: Vec<StepTimes>,
    /// Costs of decided orders against what the configuration says they should be.
    pub costs: Vec<CostVerdict>,
    /// Costs beyond that as orders followed each other, and the last of them one by one.
    pub drift: Drift,
    /// Costs by the hour of the day.
    pub hours: Vec<Hour>,
    /// Whether bars tell the prices of what was not filled.
    pub has_bars: bool,
    /// Time without a stop.
    pub unprotected: Unprotected,
    /// What the journal knows of the way.
    pub known: Vec<Known>,
    /// Orders that are not over yet; they are in nothing above.
    pub open: usize,
    /// Orders that provably never reached the venue; likewise.
    pub never_sent: usize,
    /// Orders whose instrument is of no known class; likewise.
    pub unclassed: usize,
}

impl Quality {
    /// Of everything that the journal has; `past`: bars that tell the prices of what was not filled.
    ///
    /// # Errors
    /// Bars that cannot be read or trusted.
    pub fn of(
        place: &Place,
        reading: &Reading,
        history: &History,
        past: Option<&Past<'_>>,
    ) -> Result<Self, Failure> {
        let mut rows = Rows::of(place, history);
        if let Some(past) = past {
            rows.priced(past)?;
        }
        let models = HARD_CAPS.map(|(class, cap)| model(&place.loaded.config.costs, class, cap));
        let costs = models
            .iter()
            .map(|model| against_model(&rows.decided, *model))
            .filter(|verdict| verdict.orders > 0);
        Ok(Self {
            decided: by_class(&rows.decided),
            stops: by_class(&rows.stops),
            latencies: latencies(&rows.decided),
            costs: costs.collect(),
            drift: drift(&rows.decided, &models, TOLD),
            hours: by_hour(&rows.decided),
            has_bars: past.is_some(),
            unprotected: unprotected(history, &reading.book, reading.as_of),
            known: known(&rows.decided),
            open: rows.open,
            never_sent: rows.never_sent,
            unclassed: rows.unclassed,
        })
    }
}

/// All of them, then each class that has some.
fn by_class(rows: &[Execution]) -> Vec<OfClass> {
    let classes = Class::ALL.into_iter().filter(|class| rows.iter().any(|row| row.class == *class));
    std::iter::once(None).chain(classes.map(Some)).map(|class| quality(rows, class)).collect()
}

/// What an order of a class should cost against its decision price: half the spread, and what an order at market loses beyond it.
fn model(costs: &CostTable, class: Class, cap: i64) -> CostModel {
    let row = match class {
        Class::Equity => costs.equity,
        Class::Forex => costs.forex,
        Class::Crypto => costs.crypto,
    };
    let expected = row.spread_bps.get() / Decimal::TWO + row.slippage_bps.get();
    CostModel { class, expected: number(expected), hard_cap: number(Decimal::from(cap)) }
}

/// Rows for `evidence`.
#[derive(Default)]
struct Rows {
    decided: Vec<Execution>,
    stops: Vec<Execution>,
    /// Of which of them something was not filled, and when it was over.
    missed: Vec<(usize, (Symbol, Time))>,
    open: usize,
    never_sent: usize,
    unclassed: usize,
}

impl Rows {
    fn of(place: &Place, history: &History) -> Self {
        let mut fills: BTreeMap<ClientOrderId, Vec<&Fill>> = BTreeMap::new();
        for known in &history.fills {
            fills.entry(known.fill.order).or_default().push(&known.fill);
        }
        let stops = stops_of(history);
        let mut rows = Self::default();
        for order in history.orders.values() {
            let Some(ended) = order.end() else {
                rows.open += 1;
                continue;
            };
            // What provably never reached the venue is no order of the venue's.
            if ended == Ended::NeverSent {
                rows.never_sent += 1;
                continue;
            }
            let Some((class, quote)) = listed(place, order.intent.key) else {
                rows.unclassed += 1;
                continue;
            };
            let of = fills.get(&order.intent.id).map_or(&[][..], Vec::as_slice);
            let signal = order.intent.signal.as_ref().and_then(|id| history.signals.get(id));
            let is_stop = order.intent.purpose == Purpose::Stop;
            if order.intent.purpose.is_protective() {
                // One that was never hit says nothing; a target is a bound, and not a price that was decided.
                if is_stop && !of.is_empty() {
                    rows.stops.push(row(order, ended, class, quote, of, None, None));
                }
                continue;
            }
            let guarded = stops.get(&order.intent.key).map_or(&[][..], Vec::as_slice);
            let decided = row(order, ended, class, quote, of, signal, confirmed(order, guarded));
            if decided.is_missed() {
                rows.missed.push((rows.decided.len(), (order.intent.key.symbol, order.since)));
            }
            rows.decided.push(decided);
        }
        rows.decided.extend(history.signals.values().filter_map(|state| denied(place, state)));
        rows
    }
}

impl Rows {
    /// Looks up what the price of each came to that was not filled whole.
    fn priced(&mut self, past: &Past<'_>) -> Result<(), Failure> {
        let wanted: BTreeSet<(Symbol, Time)> = self.missed.iter().map(|(_, wanted)| *wanted).collect();
        let closes = past.closes_after(&wanted)?;
        for (at, wanted) in &self.missed {
            self.decided[*at].end_price = closes.get(wanted).map(|price| number(price.get()));
        }
        Ok(())
    }
}

/// When stops were approved and accepted, by instrument, in that order.
fn stops_of(history: &History) -> BTreeMap<Key, Vec<(Time, Time)>> {
    let mut all: BTreeMap<Key, Vec<(Time, Time)>> = BTreeMap::new();
    for order in history.orders.values().filter(|order| order.intent.purpose == Purpose::Stop) {
        // A refusal is an answer too, and guards nothing.
        if let Some(at) = order.answered_at.filter(|_| order.end() != Some(Ended::Refused)) {
            all.entry(order.intent.key).or_default().push((order.decided_at, at));
        }
    }
    for of in all.values_mut() {
        of.sort_unstable();
    }
    all
}

/// When the stop of what an entry opened was accepted: the first one that was approved after the entry. What is held already
/// takes no other entry, so it is no other position's.
fn confirmed(order: &Order, stops: &[(Time, Time)]) -> Option<Time> {
    let is_entry = order.intent.purpose == Purpose::Entry;
    let at = stops.iter().find(|(approved, _)| *approved >= order.decided_at).map(|(_, accepted)| *accepted);
    at.filter(|_| is_entry && !order.filled.is_zero())
}

/// The class of an instrument, and the currency of its price.
fn listed(place: &Place, key: Key) -> Option<(Class, broker_api::Currency)> {
    let row = place.catalog.instrument(key)?;
    Some((class(row.asset_class), row.quote))
}

fn class(of: AssetClass) -> Class {
    match of {
        AssetClass::Equity => Class::Equity,
        AssetClass::Forex => Class::Forex,
        AssetClass::Crypto => Class::Crypto,
    }
}

fn row(
    order: &Order,
    ended: Ended,
    class: Class,
    quote: broker_api::Currency,
    fills: &[&Fill],
    signal: Option<&SignalState>,
    stop_confirmed: Option<Time>,
) -> Execution {
    let intent = &order.intent;
    let decided = signal.and_then(|state| state.signal.decision_price);
    let price = |price: Price| number(price.get());
    let end = match ended {
        Ended::Refused => End::Refused,
        _ if order.filled >= intent.qty => End::Filled,
        _ if order.filled.is_zero() => End::Unfilled,
        _ => End::Partly,
    };
    let times = fills.iter().map(|fill| fill.at);
    Execution {
        id: intent.id.to_string(),
        symbol: intent.key.symbol.to_string(),
        class,
        side: match intent.side {
            Side::Buy => evidence::Side::Long,
            Side::Sell => evidence::Side::Short,
        },
        is_exit: intent.purpose != Purpose::Entry,
        asked: number(intent.qty.get()),
        filled: number(order.filled.get()),
        decision: price(decided.unwrap_or(intent.reference)),
        // Without a decision price nothing tells what waiting cost.
        arrival: decided.map(|_| price(intent.reference)),
        fill: order.average().map(price),
        middle_at_fill: None,
        end_price: None,
        fees: number(fees(fills, quote)),
        end,
        times: Times {
            data: signal.and_then(|state| state.signal.bar_close),
            decided: signal.map(|state| state.signal.decided_at),
            taken: signal.map(|state| state.taken_at),
            approved: Some(order.decided_at),
            sent: None,
            accepted: order.answered_at,
            first_fill: times.clone().min(),
            last_fill: times.max(),
            stop_confirmed,
        },
    }
}

/// Fees in the currency of the price; those taken of the instrument itself at the price of their execution.
fn fees(fills: &[&Fill], quote: broker_api::Currency) -> Decimal {
    let one = |fill: &&Fill| {
        let paid = if fill.fee.currency == quote {
            Some(fill.fee.amount.get())
        } else {
            fill.fee.amount.get().checked_div(fill.rate.get())
        };
        let kept = fill.kept.get().checked_mul(fill.price.get());
        paid.unwrap_or_default() + kept.unwrap_or_default()
    };
    fills.iter().map(one).sum()
}

/// What our own guard stopped: an order that never was. It counts in no rate but its own.
fn denied(place: &Place, state: &SignalState) -> Option<Execution> {
    let is_denied = state.ended.as_ref().is_some_and(|ended| ended.ending == Ending::Denied);
    if !is_denied || !state.orders.is_empty() {
        return None;
    }
    let none = number(Decimal::ZERO);
    Some(Execution {
        id: state.signal.id.to_string(),
        symbol: state.signal.symbol.to_string(),
        class: class_of(place, state.signal.symbol)?,
        side: evidence::Side::Long,
        is_exit: !matches!(state.signal.wanted, Wanted::Enter { .. }),
        asked: none,
        filled: none,
        decision: state.signal.decision_price.map_or(none, |price| number(price.get())),
        arrival: None,
        fill: None,
        middle_at_fill: None,
        end_price: None,
        fees: none,
        end: End::Denied,
        // A signal that went no further has no way to be measured.
        times: Times::default(),
    })
}

fn class_of(place: &Place, symbol: Symbol) -> Option<Class> {
    let row = place.catalog.get(place.catalog.find_symbol(symbol)?)?;
    Some(class(row.asset_class))
}

fn known(rows: &[Execution]) -> Vec<Known> {
    let of = |place, what, pick: fn(&Times) -> Option<Time>| Known {
        place,
        what,
        orders: rows.iter().filter(|row| pick(&row.times).is_some()).count(),
    };
    vec![
        of("t0", "the bar closed, as the signal says", |t| t.data),
        of("t1", "the strategy decided, as the signal says", |t| t.decided),
        of("t2", "the signal was taken in, our clock", |t| t.taken),
        of("t3", "the guard approved, our clock", |t| t.approved),
        of("t4", "the request was written: the journal does not know", |t| t.sent),
        of("t5", "the answer was taken in, our clock", |t| t.accepted),
        of("t6", "the first fill, the venue's clock", |t| t.first_fill),
        of("t7", "the last fill, the venue's clock", |t| t.last_fill),
        of("t8", "the stop was accepted, our clock", |t| t.stop_confirmed),
    ]
}

fn unprotected(history: &History, book: &Book, now: Time) -> Unprotected {
    let closed = history.trades.values().map(|trade| &trade.position);
    let shall = |position: &&Position| position.plan.stop.is_some() || position.plan.trail.is_some();
    let mut found = Unprotected::default();
    for position in closed.chain(book.positions()).filter(shall) {
        let going_on = position.bare.since.map_or(0, |since| (now - since).num_milliseconds());
        let going_on = u64::try_from(going_on).unwrap_or_default();
        let longest = position.bare.longest_ms.max(going_on);
        found.positions += 1;
        found.bare += usize::from(longest > 0);
        found.total_ms += position.bare.total_ms + going_on;
        if longest > found.longest_ms {
            found.longest_ms = longest;
            found.longest_symbol = position.key.symbol.to_string();
        }
    }
    found
}
