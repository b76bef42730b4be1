//! The simulator's truth as the checkers read it: what changed there since it was last read goes into the truth of the
//! schedule. What the wire carries of an order is the simulator's word; what it does not carry (what the order is for, its
//! signal) is what the adapter was given. In which form a simulator tells it stands in `alpaca` and `oanda`.

mod alpaca;
mod oanda;

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{
    ClientOrderId, Currency, End, ExecutionId, Fill, Held, Intent, Key, Price, Protection, Purpose, Qty,
    Symbol, Time, VenueEvent, VenueId,
};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::truth::{Arrival, Truth};

pub(super) use alpaca::OfAlpaca;
pub(super) use oanda::OfOanda;

/// What could not be read, and where: a fault of this program.
pub(super) type Read<T> = Result<T, String>;

/// The venue's own names of orders.
type Names = BTreeMap<String, ClientOrderId>;

/// What whoever reads goes by.
#[derive(Debug)]
pub(super) struct Known {
    venue: VenueId,
    currency: Currency,
    /// What the adapter was given.
    pub(super) given: BTreeMap<ClientOrderId, Intent>,
}

impl Known {
    fn key(&self, symbol: &str) -> Read<Key> {
        let symbol = Symbol::new(symbol).map_err(|why| format!("{symbol}: {why}"))?;
        Ok(Key { venue: self.venue, symbol })
    }

    /// An intent of what was given under a name; what the wire carries of it is filled in.
    fn intent(&self, id: ClientOrderId, key: Key) -> Read<Intent> {
        let given = self.given.get(&id);
        Ok(Intent {
            id,
            key,
            signal: given.and_then(|given| given.signal),
            purpose: given.map_or(Purpose::Entry, |given| given.purpose),
            side: broker_api::Side::Buy,
            qty: Qty::ZERO,
            order: broker_api::OrderKind::MARKET,
            tif: broker_api::TimeInForce::Gtc,
            reduce_only: given.is_some_and(|given| given.reduce_only),
            bracket: false,
            plan: given.map_or_else(Protection::default, |given| given.plan),
            reference: given
                .map_or(Price::new(Decimal::ONE).map_err(|why| why.to_string())?, |given| given.reference),
            risk: given.and_then(|given| given.risk),
        })
    }
}

/// An order, as it is told.
#[derive(Debug)]
pub(super) struct Told {
    /// Where it arrived before.
    place: Option<usize>,
    name: ClientOrderId,
    /// The entry that it is a leg of.
    entry: Option<ClientOrderId>,
    at: Time,
    filled: Qty,
    end: Option<End>,
    cancelling: bool,
}

/// The form in which a simulator tells its truth.
pub(super) trait Tells: Send {
    /// From when on it is asked what changed, when it was read up to a moment.
    fn since(&self, seen: Time) -> Time;

    /// An order; nothing for one that never lived. Its name is noted.
    fn order(&mut self, order: &Value, truth: &Truth, names: &mut Names) -> Read<Option<Told>>;

    /// It arrived, and has this place.
    fn arrived(&mut self, order: &Value, place: usize) -> Read<()>;

    /// What arrived: the wire's part of it as the simulator has it.
    fn intent(&self, told: &Told, order: &Value, known: &Known) -> Read<Intent>;

    /// An execution.
    fn executed(&self, execution: &Value, known: &Known, names: &Names) -> Read<Fill>;

    /// How much is held, of what a position is of.
    fn held(&self, position: &Value) -> Read<(String, Decimal)>;

    /// Our name of the instrument that something is of.
    fn symbol(&self, told: &Value) -> Read<String>;
}

/// Reads on in the simulator's truth.
pub(super) struct Mirror {
    pub(super) known: Known,
    tells: Box<dyn Tells>,
    /// Everything that changed up to here was read.
    seen: Time,
    told: BTreeSet<ExecutionId>,
    busted: BTreeSet<ExecutionId>,
}

fn text<'v>(of: &'v Value, field: &str) -> Read<&'v str> {
    of[field].as_str().ok_or_else(|| format!("{field} is no text in {of}"))
}

fn number(of: &Value, field: &str) -> Read<Decimal> {
    text(of, field)?.parse().map_err(|why| format!("{field} in {of}: {why}"))
}

fn price(of: &Value, field: &str) -> Read<Price> {
    Price::new(number(of, field)?).map_err(|why| format!("{field} in {of}: {why}"))
}

fn qty(of: &Value, field: &str) -> Read<Qty> {
    said(Qty::new(number(of, field)?), of)
}

fn said<T>(read: Result<T, impl std::fmt::Display>, of: &Value) -> Read<T> {
    read.map_err(|why| format!("{of}: {why}"))
}

impl Mirror {
    pub(super) fn new(venue: VenueId, currency: Currency, seen: Time, tells: Box<dyn Tells>) -> Self {
        let known = Known { venue, currency, given: BTreeMap::new() };
        Self { known, tells, seen, told: BTreeSet::new(), busted: BTreeSet::new() }
    }

    /// From when on it is to be told what changed.
    pub(super) fn since(&self) -> Time {
        self.tells.since(self.seen)
    }

    /// Takes in what changed; `records` tells how many records were durable when an order of a name arrived.
    pub(super) fn reads(
        &mut self,
        told: &Value,
        truth: &mut Truth,
        names: &mut Names,
        records: impl Fn(ClientOrderId) -> u64,
    ) -> Read<()> {
        if let Some(changed) = told["changed"].as_str() {
            self.seen = said(changed.parse(), told)?;
        }
        for order in told["orders"].as_array().into_iter().flatten() {
            if order["foreign"] == true {
                truth.disturbed.insert(self.key(order)?);
                continue;
            }
            let Some(told) = self.tells.order(order, truth, names)? else { continue };
            let place = if let Some(place) = told.place {
                place
            } else {
                let records = records(told.entry.unwrap_or(told.name));
                let intent = self.tells.intent(&told, order, &self.known)?;
                let (at, end, filled, cancelling) = (told.at, None, told.filled, false);
                truth.arrivals.push(Arrival { at, records, intent, end, filled, cancelling });
                truth.arrivals.len() - 1
            };
            self.tells.arrived(order, place)?;
            let arrival = &mut truth.arrivals[place];
            (arrival.filled, arrival.cancelling, arrival.end) = (told.filled, told.cancelling, told.end);
        }
        for execution in told["executions"].as_array().into_iter().flatten() {
            let fill = self.tells.executed(execution, &self.known, names)?;
            if self.told.insert(fill.execution) {
                truth.log.push((fill.at, VenueEvent::Filled(fill)));
            }
            if execution["busted"] == true && self.busted.insert(fill.execution) {
                truth.disturbed.insert(fill.key);
                let busted = VenueEvent::Busted { execution: fill.execution, at: fill.at };
                truth.log.push((fill.at, busted));
            }
        }
        let mut held = BTreeMap::new();
        for position in told["positions"].as_array().into_iter().flatten() {
            let (symbol, amount) = self.tells.held(position)?;
            held.insert(self.known.key(&symbol)?, said(Held::new(amount), position)?);
        }
        truth.held = held;
        Ok(())
    }

    fn key(&self, of: &Value) -> Read<Key> {
        self.known.key(&self.tells.symbol(of)?)
    }
}
