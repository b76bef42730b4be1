//! What is held of an instrument and what it cost, and the losing trades in a row, reckoned from executions alone.

use broker_api::{Fill, Qty, Side};
use rust_decimal::Decimal;

/// What is held of one instrument.
#[derive(Debug, Default)]
pub(super) struct Holding {
    held: Decimal,
    /// What the held part cost.
    cost: Decimal,
    /// What was received less what was paid since it was flat, fees included.
    flow: Decimal,
    /// Something of it was taken back: nothing is claimed of it any more.
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
                net = Some(std::mem::take(&mut self.flow));
                self.cost = Decimal::ZERO;
            }
        }
        self.held += qty;
        self.cost += qty.abs() * price;
        self.flow -= qty * price;
        let is_ours = !self.is_touched;
        if net.is_some() {
            self.is_touched = false;
        }
        net.filter(|_| !self.is_unclear && is_ours)
    }

    /// Somebody else traded: what is beside ours goes first, then ours, and the rest is beside it.
    pub(super) fn others(&mut self, fill: &Fill) {
        let by = fill.side.signed(fill.moved().unwrap_or(fill.qty)).get();
        let opposes = |held: Decimal| !held.is_zero() && held.is_sign_negative() != by.is_sign_negative();
        let part = |held: Decimal, by: Decimal| if by.abs() > held.abs() { -held } else { by };
        let first = if opposes(self.beside) { part(self.beside, by) } else { Decimal::ZERO };
        self.beside += first;
        let left = by - first;
        let ours = if opposes(self.held) && !left.is_zero() { part(self.held, left) } else { Decimal::ZERO };
        self.beside += left - ours;
        if let Ok(qty) = Qty::new(ours.abs())
            && !qty.is_zero()
        {
            self.is_touched = true;
            self.filled(&Fill { qty, kept: Qty::ZERO, ..*fill });
        }
    }

    pub(super) const fn is_flat(&self) -> bool {
        self.is_unclear || self.held.is_zero()
    }

    pub(super) const fn cost(&self) -> Decimal {
        if self.is_unclear { Decimal::ZERO } else { self.cost }
    }

    pub(super) const fn forget(&mut self) {
        self.is_unclear = true;
    }
}

/// Losing trades in a row, and whether entries must rest for them.
#[derive(Debug)]
pub(super) struct Streak {
    step: u32,
    latch: u32,
    losses: u32,
    /// How many there were when a rest was last begun.
    rested_at: u32,
    is_unclear: bool,
}

impl Streak {
    pub(super) const fn new(step: u32, latch: u32) -> Self {
        Self { step, latch, losses: 0, rested_at: 0, is_unclear: false }
    }

    pub(super) fn closed(&mut self, net: Decimal) {
        if net < Decimal::ZERO {
            self.losses += 1;
        } else {
            (self.losses, self.rested_at) = (0, 0);
        }
    }

    /// How many there are, as long as that is clear.
    pub(super) fn losses(&self) -> Option<u32> {
        (!self.is_unclear).then_some(self.losses)
    }

    pub(super) const fn rests(&mut self) {
        self.rested_at = self.losses;
    }

    pub(super) const fn forget(&mut self) {
        self.is_unclear = true;
    }

    /// So many, when a rest is due that was not begun.
    pub(super) fn due(&self) -> Option<u32> {
        let is_latched = self.losses >= self.latch && self.losses > self.rested_at;
        let is_due = is_latched || self.losses / self.step > self.rested_at / self.step;
        (is_due && !self.is_unclear).then_some(self.losses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(side: Side, qty: &str, price: &str) -> Fill {
        Fill {
            execution: broker_api::ExecutionId::new("x").unwrap(),
            order: broker_api::ClientOrderId::new("o").unwrap(),
            key: broker_api::Key {
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
    fn a_rest_is_due_once_for_so_many_losses() {
        let mut streak = Streak::new(2, 5);
        let loss = Decimal::NEGATIVE_ONE;
        streak.closed(loss);
        assert_eq!(streak.due(), None);
        streak.closed(loss);
        assert_eq!(streak.due(), Some(2));
        streak.rests();
        assert_eq!(streak.due(), None);
        streak.closed(Decimal::ONE);
        streak.closed(loss);
        assert_eq!(streak.due(), None);
    }
}
