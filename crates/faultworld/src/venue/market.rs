//! What a venue does by itself: orders meet prices, fill in parts, expire, are cancelled. Its truth is kept here.

mod groups;
mod others;

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{
    Amount, ClientOrderId, Code, Currency, Cursor, End, ExecutionId, Fill, Held, Intent, Key, Money,
    OrderKind, Price, Qty, Ratio, Side, Time, TimeInForce, VenueEvent,
};
use rust_decimal::Decimal;

use crate::truth::{Arrival, Truth};

/// Reasons that a venue gives.
pub const CANCELLED: Code = Code::fixed("cancelled");
/// Its time in force is over.
pub const EXPIRED: Code = Code::fixed("expired");
/// The venue ended it.
pub const KILLED: Code = Code::fixed("killed");

/// An instrument as the venue trades it.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Where and what.
    pub key: Key,
    /// The price that it trades at.
    pub price: Decimal,
    /// The smallest step of the price.
    pub tick: Decimal,
    /// The smallest quantity.
    pub lot: Decimal,
}

/// What a venue does with orders beside filling them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub struct Rules {
    /// It makes the legs of a bracket once its entry is filled whole.
    pub makes_legs: bool,
    /// What closes binds the units that it would close.
    pub binds: bool,
    /// An order for a part of a share ends with the session.
    pub parts_end: bool,
    /// A split restates what rests; otherwise it ends that.
    pub adjusts: bool,
    /// What may only reduce never opens or turns.
    pub reduces: bool,
}

/// A venue's own side.
#[derive(Clone, Debug)]
pub struct Market {
    /// What happened.
    pub truth: Truth,
    /// What can be traded.
    pub listed: BTreeMap<Key, Listed>,
    /// What was paid and received.
    pub cash: Decimal,
    currency: Currency,
    executions: u64,
    /// How often nothing was left of an instrument.
    trades: BTreeMap<Key, u64>,
    /// Orders that fill in parts.
    slow: BTreeSet<usize>,
    /// What it does with orders.
    pub rules: Rules,
    /// The legs of each bracket that live, by the place of their entry.
    groups: BTreeMap<usize, Vec<usize>>,
    /// Endings that its log does not tell yet.
    late: Vec<(Time, VenueEvent)>,
    /// How many entries its log has that no trade made.
    entries: u64,
    /// Until when sessions were ended.
    session: Option<Time>,
}

impl Market {
    /// A venue at which nothing happened.
    pub fn new(listed: Vec<Listed>, cash: Decimal, currency: Currency) -> Self {
        let listed = listed.into_iter().map(|listed| (listed.key, listed)).collect();
        Self {
            truth: Truth::default(),
            listed,
            cash,
            currency,
            executions: 0,
            trades: BTreeMap::new(),
            slow: BTreeSet::new(),
            rules: Rules::default(),
            groups: BTreeMap::new(),
            late: Vec::new(),
            entries: 0,
            session: None,
        }
    }

    /// Takes an order.
    pub fn accept(&mut self, intent: Intent, records: u64, is_slow: bool, at: Time) -> usize {
        let place = self.truth.arrivals.len();
        self.truth.arrivals.push(Arrival {
            at,
            records,
            intent,
            end: None,
            filled: Qty::ZERO,
            cancelling: false,
        });
        if is_slow {
            self.slow.insert(place);
        }
        self.meet(place, at);
        place
    }

    /// Ends an order that lives.
    pub fn close(&mut self, place: usize, end: End, code: Code, at: Time) {
        let Some(arrival) = self.truth.arrivals.get_mut(place) else { return };
        if arrival.end.is_none() {
            arrival.end = Some(end);
            let order = arrival.intent.id;
            self.truth.log.push((at, VenueEvent::Closed { order, end, code, at }));
            self.group_ends(place, at);
        }
    }

    /// All orders meet the prices of now; what was to be cancelled is.
    pub fn meet_all(&mut self, at: Time) {
        self.tells_late(at);
        self.sessions_end(at);
        for place in 0..self.truth.arrivals.len() {
            let arrival = &self.truth.arrivals[place];
            if arrival.end.is_some() {
                continue;
            }
            match arrival.intent.tif {
                TimeInForce::Gtd(until) if until < at => self.close(place, End::Expired, EXPIRED, at),
                _ if arrival.cancelling => self.close(place, End::Cancelled, CANCELLED, at),
                _ => self.meet(place, at),
            }
        }
    }

    /// One order meets the price of now.
    fn meet(&mut self, place: usize, at: Time) {
        let Some(arrival) = self.truth.arrivals.get(place) else { return };
        let intent = arrival.intent;
        let Some(price) = self.price(intent.key, intent.side) else { return };
        let reaches = |limit: Price| match intent.side {
            Side::Buy => price.get() <= limit.get(),
            Side::Sell => price.get() >= limit.get(),
        };
        let wakes = |trigger: Price| match intent.side {
            Side::Buy => price.get() >= trigger.get(),
            Side::Sell => price.get() <= trigger.get(),
        };
        let fills = match intent.order {
            OrderKind::Market(_) => true,
            OrderKind::Limit(order) => reaches(order.limit),
            OrderKind::Stop(order) => wakes(order.trigger),
            OrderKind::StopLimit(order) => wakes(order.trigger) && reaches(order.limit),
            OrderKind::TrailingStop(_) => false,
        };
        if fills {
            let share = if self.slow.remove(&place) { Decimal::new(4, 1) } else { Decimal::ONE };
            self.fill(place, share, price, at);
        }
    }

    /// Executes a share of what is left of an order.
    pub fn fill(&mut self, place: usize, share: Decimal, price: Price, at: Time) {
        let Some(arrival) = self.truth.arrivals.get(place) else { return };
        let (intent, rest) = (arrival.intent, arrival.rest());
        let Some(lot) = self.listed.get(&intent.key).map(|listed| listed.lot) else { return };
        let mut qty = (rest.get() * share / lot).floor() * lot;
        if qty.is_zero() {
            qty = rest.get();
        }
        let held = self.truth.held(intent.key);
        if intent.reduce_only && self.rules.reduces {
            let reducible =
                if Side::reducing(held) == Some(intent.side) { held.size().get() } else { Decimal::ZERO };
            qty = qty.min(reducible);
        }
        let Ok(qty) = Qty::new(qty) else { return };
        if qty.is_zero() {
            return self.close(place, End::Cancelled, KILLED, at);
        }
        let Ok(filled) = arrival.filled.plus(qty) else { return };
        let arrival = &mut self.truth.arrivals[place];
        arrival.filled = filled;
        if filled == intent.qty {
            arrival.end = Some(End::Filled);
        }
        self.execute(intent.id, intent.key, intent.side, qty, price, at);
        self.group_filled(place, at);
        let arrival = &self.truth.arrivals[place];
        // What may only reduce and has nothing left to reduce ends.
        if arrival.end.is_none()
            && intent.reduce_only
            && self.rules.reduces
            && self.truth.held(intent.key).is_flat()
        {
            self.close(place, End::Cancelled, KILLED, at);
        }
    }

    /// Moves what is held, and writes it down.
    pub fn execute(&mut self, order: ClientOrderId, key: Key, side: Side, qty: Qty, price: Price, at: Time) {
        self.executions += 1;
        let before = self.truth.held(key);
        let moved = before.moved(side.signed(qty)).unwrap_or(Held::FLAT);
        if moved.is_flat() || moved.is_long() != before.is_long() && !before.is_flat() {
            *self.trades.entry(key).or_default() += 1;
        }
        self.truth.held.insert(key, moved);
        let value = price.get() * qty.get();
        self.cash += if side == Side::Buy { -value } else { value };
        self.cash -= Decimal::new(1, 1);
        let (Ok(execution), Ok(fee)) =
            (ExecutionId::new(&format!("x{}", self.executions)), Amount::new(Decimal::new(1, 1)))
        else {
            return;
        };
        let fee = Money { amount: fee, currency: self.currency };
        let kept = Qty::ZERO;
        let fill =
            Fill { execution, order, key, side, qty, price, fee, kept, rate: Ratio::ONE, at, model: None };
        self.truth.log.push((at, VenueEvent::Filled(fill)));
    }

    /// The number of what is held, or would be next.
    pub fn trade(&self, key: Key) -> u64 {
        self.trades.get(&key).copied().unwrap_or(0)
    }

    /// What an order of a side is executed at now.
    pub fn price(&self, key: Key, side: Side) -> Option<Price> {
        let listed = self.listed.get(&key)?;
        let price = match side {
            Side::Buy => listed.price + listed.tick,
            Side::Sell => listed.price,
        };
        Price::new(price).ok()
    }

    /// What the account is worth.
    pub fn equity(&self) -> Decimal {
        let worth = |(key, held): (&Key, &Held)| {
            self.listed.get(key).map_or(Decimal::ZERO, |listed| listed.price * held.get())
        };
        self.cash + self.truth.held.iter().map(worth).sum::<Decimal>()
    }

    /// The end of what can be read at a moment.
    pub fn end_of_log(&self, until: Time) -> usize {
        self.truth.log.iter().take_while(|(at, _)| *at <= until).count()
    }
}

/// A place in the log.
pub fn cursor(place: usize) -> Option<Cursor> {
    Cursor::new(&place.to_string()).ok()
}
