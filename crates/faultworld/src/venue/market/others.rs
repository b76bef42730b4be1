//! What happens to an account without an order of ours: others trade, executions are taken back, money and units come
//! and go.

use broker_api::{
    Amount, ClientOrderId, End, ExecutionId, Fill, Held, Key, Money, NonTrade, NonTradeKind, OrderKind,
    Price, Qty, Side, Time, VenueEvent,
};
use rust_decimal::Decimal;

use super::{KILLED, Market};
use crate::dice::Dice;

impl Market {
    /// Takes the last execution of an instrument back.
    pub fn bust(&mut self, dice: u64, at: Time) -> bool {
        let fills: Vec<Fill> = self
            .truth
            .log
            .iter()
            .filter_map(|(_, event)| if let VenueEvent::Filled(fill) = event { Some(*fill) } else { None })
            .collect();
        // What was executed in other units is not taken back.
        let is_split = |fill: &Fill| {
            let split = |(at, event): &(Time, VenueEvent)| {
                matches!(event, VenueEvent::NonTrade(entry)
                    if entry.kind == NonTradeKind::Split && entry.key == Some(fill.key) && *at >= fill.at)
            };
            self.truth.log.iter().any(split)
        };
        let busted = |id| {
            self.truth
                .log
                .iter()
                .any(|(_, event)| matches!(event, VenueEvent::Busted { execution, .. } if *execution == id))
        };
        let Some(place) = usize::try_from(dice).ok().and_then(|n| n.checked_rem(fills.len())) else {
            return false;
        };
        let fill = fills[place];
        if busted(fill.execution) || is_split(&fill) {
            return false;
        }
        let held =
            self.truth.held(fill.key).moved(fill.side.opposite().signed(fill.qty)).unwrap_or(Held::FLAT);
        self.truth.held.insert(fill.key, held);
        let value = fill.price.get() * fill.qty.get();
        self.cash += if fill.side == Side::Buy { value } else { -value };
        self.truth.disturbed.insert(fill.key);
        self.truth.log.push((at, VenueEvent::Busted { execution: fill.execution, at }));
        true
    }

    /// Somebody else trades: a little of their own, or all that is held.
    pub fn disturb(&mut self, key: Key, is_liquidation: bool, at: Time) {
        let (held, lot) =
            (self.truth.held(key), self.listed.get(&key).map_or(Decimal::ONE, |listed| listed.lot));
        let (side, qty) = match Side::reducing(held).filter(|_| is_liquidation) {
            Some(side) => (side, Ok(held.size())),
            None => (Side::Buy, Qty::new(lot * Decimal::TEN)),
        };
        let (Ok(qty), Some(price), Ok(order)) = (qty, self.price(key, side), ClientOrderId::new("by-hand"))
        else {
            return;
        };
        self.truth.disturbed.insert(key);
        self.execute(order, key, side, qty, price, at);
    }

    /// An entry of the log that no trade made.
    fn enters(&mut self, kind: NonTradeKind, key: Option<Key>, units: Held, money: i64, at: Time) {
        self.entries += 1;
        let (Ok(id), Ok(amount)) =
            (ExecutionId::new(&format!("n{}", self.entries)), Amount::new(Decimal::from(money)))
        else {
            return;
        };
        self.cash += Decimal::from(money);
        let money = Money { amount, currency: self.currency };
        let entry = NonTrade { id, kind, key, units, money, becomes: None, at };
        self.truth.log.push((at, VenueEvent::NonTrade(entry)));
    }

    /// Money for what is held, a few dollars.
    pub fn pays(&mut self, key: Key, dice: &mut Dice, at: Time) {
        self.enters(NonTradeKind::Dividend, Some(key), Held::FLAT, dice.between(1, 90), at);
    }

    /// A fee that comes late.
    pub fn charges(&mut self, dice: &mut Dice, at: Time) {
        self.enters(NonTradeKind::Fee, None, Held::FLAT, -dice.between(1, 30), at);
    }

    /// Money comes in, or a little goes out.
    pub fn transfers(&mut self, dice: &mut Dice, at: Time) {
        let money = if dice.happens(500) { dice.between(500, 20_000) } else { -dice.between(10, 1_500) };
        self.enters(NonTradeKind::Transfer, None, Held::FLAT, money, at);
    }

    /// Units come in: worth what they are, and nobody paid.
    pub fn brings_units(&mut self, key: Key, dice: &mut Dice, at: Time) {
        let Some(lot) = self.listed.get(&key).map(|listed| listed.lot) else { return };
        let Ok(qty) = Qty::new(lot * Decimal::from(dice.between(1, 20))) else { return };
        let units = Side::Buy.signed(qty);
        self.holds(key, units);
        self.truth.disturbed.insert(key);
        self.enters(NonTradeKind::UnitTransfer, Some(key), units, 0, at);
    }

    /// Two, three or four for one: what is held, what rests, and the price.
    pub fn splits(&mut self, key: Key, dice: &mut Dice, at: Time) {
        let ratio = Decimal::from(dice.between(2, 4));
        let before = self.truth.held(key);
        // Where a step of the price is much of it, nothing is split.
        let is_dear = |listed: &&mut super::Listed| listed.price > Decimal::from(40);
        let Some(listed) = self.listed.get_mut(&key).filter(is_dear) else { return };
        listed.price = ((listed.price / ratio) / listed.tick).floor().max(Decimal::ONE) * listed.tick;
        let side = if before.is_long() { Side::Buy } else { Side::Sell };
        let more = Qty::new(before.size().get() * (ratio - Decimal::ONE)).map(|more| side.signed(more));
        let Ok(units) = more else { return };
        for place in 0..self.truth.arrivals.len() {
            let arrival = &mut self.truth.arrivals[place];
            if arrival.intent.key != key || arrival.end.is_some() {
                continue;
            }
            let is_open = !arrival.intent.purpose.is_reducing();
            if is_open || !self.rules.adjusts || !restated(arrival, ratio, listed_tick(&self.listed, key)) {
                self.close(place, End::Cancelled, KILLED, at);
            }
        }
        if units.is_flat() {
            return;
        }
        self.holds(key, units);
        self.enters(NonTradeKind::Split, Some(key), units, 0, at);
    }

    /// What is held changes, and nothing tells why: all of it goes, most of it, or something comes.
    pub fn forgets(&mut self, key: Key, dice: &mut Dice) {
        let Some(lot) = self.listed.get(&key).map(|listed| listed.lot) else { return };
        let held = self.truth.held(key);
        let (side, qty) = match Side::reducing(held) {
            Some(side) => match dice.below(4) {
                0 => (side, held.size().get()),
                // Less than a lot is left.
                1 => (side, held.size().get() - lot * Decimal::new(3, 1)),
                2 => (side, (held.size().get() / Decimal::TWO / lot).floor() * lot),
                _ => (side.opposite(), lot * Decimal::from(dice.between(1, 9))),
            },
            None => (Side::Buy, lot * Decimal::from(dice.between(1, 9))),
        };
        let Ok(qty) = Qty::new(qty) else { return };
        self.truth.disturbed.insert(key);
        let worth = self.listed.get(&key).map_or(Decimal::ZERO, |listed| listed.price) * qty.get();
        self.cash += if side == Side::Buy { -worth } else { worth };
        self.holds(key, side.signed(qty));
    }

    fn holds(&mut self, key: Key, more: Held) {
        let held = self.truth.held(key).moved(more).unwrap_or(Held::FLAT);
        self.truth.held.insert(key, held);
    }
}

fn listed_tick(listed: &std::collections::BTreeMap<Key, super::Listed>, key: Key) -> Decimal {
    listed.get(&key).map_or(Decimal::ONE, |listed| listed.tick)
}

/// Restates an order that rests; says whether that can be.
fn restated(arrival: &mut crate::truth::Arrival, ratio: Decimal, tick: Decimal) -> bool {
    let qty = |qty: Qty| Qty::new(qty.get() * ratio).ok();
    let price = |price: Price| Price::new((price.get() / ratio / tick).round() * tick).ok();
    let order = match arrival.intent.order {
        OrderKind::Stop(mut order) => price(order.trigger).map(|trigger| {
            order.trigger = trigger;
            OrderKind::Stop(order)
        }),
        OrderKind::Limit(mut order) => price(order.limit).map(|limit| {
            order.limit = limit;
            OrderKind::Limit(order)
        }),
        _ => None,
    };
    match (order, qty(arrival.intent.qty), qty(arrival.filled)) {
        (Some(order), Some(qty), Some(filled)) if arrival.filled.is_zero() => {
            (arrival.intent.order, arrival.intent.qty, arrival.filled) = (order, qty, filled);
            true
        }
        _ => false,
    }
}
