//! What is held of each instrument, ours and beside it, and what it cost, reckoned from records by arithmetic of its own.

use std::collections::BTreeMap;

use broker_api::{ExecutionId, Fill, Key, NonTradeKind, Qty, Record, Repair, Repaired, Side};
use rust_decimal::{Decimal, RoundingStrategy};

/// What somebody asked a venue to close for us, because it was too little for an order, is a part of our trade.
const DUST: &str = "dust";
/// How many places units have after a split.
const UNIT_PLACES: u32 = 9;

/// All that is held.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    rows: BTreeMap<Key, Holding>,
    fills: BTreeMap<ExecutionId, Fill>,
}

impl Holdings {
    /// Takes a record in; gives what the trade brought that it ends, when that is the strategy's.
    pub(super) fn follow(&mut self, record: &Record) -> Option<Decimal> {
        match record {
            Record::Filled { fill } => {
                self.fills.insert(fill.execution, *fill);
                self.row(fill.key).filled(fill)
            }
            Record::Outside { fill, code } => self.row(fill.key).others(fill, code.as_str() == DUST),
            Record::Busted { execution, .. } => {
                if let Some(fill) = self.fills.remove(execution) {
                    self.row(fill.key).undone(&fill);
                }
                None
            }
            Record::Corrected { fill } => {
                if let Some(old) = self.fills.insert(fill.execution, *fill) {
                    self.row(fill.key).undone(&old);
                    self.row(fill.key).filled(fill);
                }
                None
            }
            Record::NonTrade { entry, .. } => {
                let (Some(key), by) = (entry.key, entry.units.get()) else { return None };
                match entry.kind {
                    NonTradeKind::Split => self.row(key).split(by),
                    NonTradeKind::FeeInKind | NonTradeKind::SymbolChange => {}
                    _ => self.row(key).units(by),
                }
                None
            }
            Record::Repaired { key: Some(key), with, .. } => {
                self.row(*key).repaired(with);
                None
            }
            Record::FeeSettled { key, back } => {
                self.row(*key).held += back.get();
                None
            }
            _ => None,
        }
    }

    fn row(&mut self, key: Key) -> &mut Holding {
        self.rows.entry(key).or_default()
    }

    /// What is held of one instrument.
    pub(super) fn get(&self, key: Key) -> Option<&Holding> {
        self.rows.get(&key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Key, &Holding)> {
        self.rows.iter().map(|(key, row)| (*key, row))
    }
}

/// What is held of one instrument.
#[derive(Debug, Default)]
pub(super) struct Holding {
    held: Decimal,
    /// What the held part cost.
    cost: Decimal,
    /// What was received less what was paid since it was flat, fees included.
    flow: Decimal,
    /// Something of it was taken back: nothing is claimed of what it cost any more, until it is flat.
    is_unclear: bool,
    /// Others had a part in it: what comes of it is not the strategy's.
    is_touched: bool,
    /// What the account holds beside it.
    beside: Decimal,
}

impl Holding {
    /// Takes an execution in; gives what the trade brought that it ends.
    pub(super) fn filled(&mut self, fill: &Fill) -> Option<Decimal> {
        // One of which more was kept than bought cannot be booked, and `fills` says so.
        let moved = fill.moved().unwrap_or(fill.qty);
        let (price, mut qty) = (fill.price.get(), fill.side.signed(moved).get());
        self.flow -= fill.fee.amount.get() + fill.kept.get() * price;
        let mut net = None;
        if !self.held.is_zero() && (self.held.is_sign_negative() == (fill.side == Side::Buy)) {
            let closes = if qty.abs() >= self.held.abs() { -self.held } else { qty };
            self.cost -= self.cost * (closes / self.held).abs();
            self.flow -= closes * price;
            self.held += closes;
            qty -= closes;
            if self.held.is_zero() {
                let flow = std::mem::take(&mut self.flow);
                net = Some(flow).filter(|_| !self.is_unclear && !self.is_touched);
                self.is_flat_now();
            }
        }
        self.held += qty;
        self.cost += qty.abs() * price;
        self.flow -= qty * price;
        net
    }

    fn is_flat_now(&mut self) {
        (self.cost, self.flow) = (Decimal::ZERO, Decimal::ZERO);
        (self.is_unclear, self.is_touched) = (false, false);
    }

    /// How much of a change from outside is ours: what is beside ours goes first, then ours, and the rest is beside it.
    fn falls(&mut self, by: Decimal) -> Decimal {
        let opposes = |held: Decimal| !held.is_zero() && held.is_sign_negative() != by.is_sign_negative();
        let part = |held: Decimal, by: Decimal| if by.abs() > held.abs() { -held } else { by };
        let first = if opposes(self.beside) { part(self.beside, by) } else { Decimal::ZERO };
        let left = by - first;
        let ours = if opposes(self.held) && !left.is_zero() { part(self.held, left) } else { Decimal::ZERO };
        self.beside += by - ours;
        ours
    }

    /// Somebody else traded.
    fn others(&mut self, fill: &Fill, is_dust: bool) -> Option<Decimal> {
        let ours = self.falls(fill.side.signed(fill.moved().unwrap_or(fill.qty)).get());
        let qty = Qty::new(ours.abs()).ok().filter(|qty| !qty.is_zero())?;
        self.is_touched |= !is_dust;
        self.filled(&Fill { qty, kept: Qty::ZERO, ..*fill })
    }

    /// Units came or went without a trade.
    fn units(&mut self, by: Decimal) {
        if by.is_zero() {
            return;
        }
        let ours = self.falls(by);
        if !ours.is_zero() {
            self.written_off(ours);
        }
    }

    /// A part of it goes for what it cost.
    fn written_off(&mut self, by: Decimal) {
        self.is_touched = true;
        self.cost -= self.cost * (by / self.held).abs();
        self.held += by;
        if self.held.is_zero() {
            self.is_flat_now();
        }
    }

    /// By how much a split that changes what there is by so much changes each unit of it.
    pub(super) fn ratio(&self, by: Decimal) -> Decimal {
        let before = self.held + self.beside;
        if before.is_zero() { Decimal::ONE } else { (before + by) / before }
    }

    fn split(&mut self, by: Decimal) {
        let before = self.held + self.beside;
        if before.is_zero() || by.is_zero() {
            return;
        }
        let all = before + by;
        let held = self.held * all / before;
        self.held = held.round_dp_with_strategy(UNIT_PLACES, RoundingStrategy::ToZero);
        self.beside = all - self.held;
    }

    fn undone(&mut self, fill: &Fill) {
        self.held -= fill.side.signed(fill.moved().unwrap_or(fill.qty)).get();
        self.is_unclear = true;
        if self.held.is_zero() {
            self.is_flat_now();
        }
    }

    /// A person decided what it is.
    fn repaired(&mut self, with: &Repaired) {
        let there = with.there.get();
        if with.repair == Repair::Ignore {
            self.beside = there - self.held;
            return;
        }
        self.beside = Decimal::ZERO;
        if there == self.held {
            return;
        }
        let is_same_way = !self.held.is_zero()
            && !there.is_zero()
            && self.held.is_sign_negative() == there.is_sign_negative();
        if !is_same_way {
            self.is_flat_now();
            self.held = Decimal::ZERO;
        }
        if there.abs() < self.held.abs() {
            self.written_off(there - self.held);
            return;
        }
        let own = if self.held.is_zero() { Decimal::ZERO } else { self.cost / self.held.abs() };
        let price = with.average.map_or(own, broker_api::Price::get);
        self.cost += (there - self.held).abs() * price;
        self.held = there;
        self.is_touched = !there.is_zero();
    }

    pub(super) const fn held(&self) -> Decimal {
        self.held
    }

    pub(super) const fn beside(&self) -> Decimal {
        self.beside
    }

    pub(super) const fn is_flat(&self) -> bool {
        self.held.is_zero()
    }

    pub(super) const fn cost(&self) -> Decimal {
        if self.is_unclear { Decimal::ZERO } else { self.cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(side: Side, qty: &str, price: &str) -> Fill {
        Fill {
            execution: ExecutionId::new("x").unwrap(),
            order: broker_api::ClientOrderId::new("o").unwrap(),
            key: Key {
                venue: broker_api::VenueId::new("paper").unwrap(),
                symbol: broker_api::Symbol::new("AAPL").unwrap(),
            },
            side,
            qty: qty.parse().unwrap(),
            price: price.parse().unwrap(),
            fee: broker_api::Money {
                amount: "0.1".parse().unwrap(),
                currency: broker_api::Currency::new("USD").unwrap(),
            },
            kept: Qty::ZERO,
            rate: broker_api::Ratio::ONE,
            at: broker_api::Time::UNIX_EPOCH,
            model: None,
        }
    }

    #[test]
    fn a_trade_is_what_came_in_less_what_went_out() {
        let mut holding = Holding::default();
        assert_eq!(holding.filled(&fill(Side::Buy, "10", "100")), None);
        assert_eq!(holding.filled(&fill(Side::Sell, "4", "101")), None);
        assert_eq!(holding.cost(), Decimal::from(600));
        let net = holding.filled(&fill(Side::Sell, "6", "99")).unwrap();
        assert_eq!(net, Decimal::new(-23, 1));
        assert!(holding.is_flat() && holding.cost().is_zero());
    }

    #[test]
    fn what_turns_ends_one_trade_and_begins_another() {
        let mut holding = Holding::default();
        holding.filled(&fill(Side::Sell, "5", "100"));
        let net = holding.filled(&fill(Side::Buy, "8", "90")).unwrap();
        assert_eq!((net, holding.cost()), (Decimal::new(498, 1), Decimal::from(270)));
    }

    #[test]
    fn what_others_do_falls_on_what_is_theirs_first() {
        let mut holding = Holding::default();
        holding.filled(&fill(Side::Buy, "10", "100"));
        holding.units(Decimal::from(4));
        assert_eq!(holding.others(&fill(Side::Sell, "6", "99"), false), None);
        assert_eq!((holding.held(), holding.beside()), (Decimal::from(8), Decimal::ZERO));
        holding.split(Decimal::from(8));
        assert_eq!((holding.held(), holding.cost()), (Decimal::from(16), Decimal::from(800)));
    }
}
