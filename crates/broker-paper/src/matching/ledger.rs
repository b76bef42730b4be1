//! What a fill does to a position, exactly.
//!
//! A position keeps the exact sum its held part came to. What reduces it releases the share of that sum that it
//! closes, rounded half to even at 10 places, and the last releases all that is left: so the profits always add up
//! to exits minus entries.

use broker_api::{Amount, Held, Overflow, Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// Decimal places of what is booked.
pub(super) const PLACES: u32 = 10;

/// What is held of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    pub held: Held,
    /// What it came to, in quote currency; never negative.
    pub cost: Amount,
}

impl Default for Position {
    fn default() -> Self {
        Self { held: Held::FLAT, cost: Amount::ZERO }
    }
}

impl Position {
    /// The average price of what is held; nothing when nothing is.
    pub(super) fn average(&self) -> Option<Price> {
        let price = self.cost.get().checked_div(self.held.size().get())?;
        Price::new(price.round_dp(PLACES).normalize()).ok()
    }

    /// The position after a fill, and the profit of what the fill closed, in quote currency.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(super) fn after(&self, side: Side, qty: Qty, price: Price) -> Result<(Self, Amount), Overflow> {
        if Side::reducing(self.held) != Some(side) {
            let held = self.held.moved(side.signed(qty))?;
            return Ok((Self { held, cost: self.cost.plus(price.times(qty)?)? }, Amount::ZERO));
        }
        let closed = qty.min(self.held.size());
        let value = price.times(closed)?;
        let released = self.release(closed)?;
        let profit = if self.held.is_long() { value.minus(released)? } else { released.minus(value)? };
        if closed < self.held.size() {
            let held = self.held.moved(side.signed(closed))?;
            return Ok((Self { held, cost: self.cost.minus(released)? }, profit));
        }
        let rest = qty.minus(closed)?;
        if rest.is_zero() {
            return Ok((Self::default(), profit));
        }
        Ok((Self { held: side.signed(rest), cost: price.times(rest)? }, profit))
    }

    /// What would be earned by closing it for `value`, in quote currency.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(super) fn profit(&self, value: Amount) -> Result<Amount, Overflow> {
        if self.held.is_long() { value.minus(self.cost) } else { self.cost.minus(value) }
    }

    /// What is left when `qty` of it is taken away for nothing, at most all: a fee in kind.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(super) fn without(&self, qty: Qty) -> Result<Self, Overflow> {
        let taken = qty.min(self.held.size());
        if taken == self.held.size() {
            return Ok(Self::default());
        }
        let side = Side::reducing(self.held).unwrap_or(Side::Sell);
        let cost = self.cost.minus(self.release(taken)?)?;
        Ok(Self { held: self.held.moved(side.signed(taken))?, cost })
    }

    fn release(&self, closed: Qty) -> Result<Amount, Overflow> {
        let size = self.held.size();
        if closed == size {
            return Ok(self.cost);
        }
        let part = self.cost.get().checked_mul(closed.get()).ok_or(Overflow)?;
        let share = part.checked_div(size.get()).ok_or(Overflow)?;
        Ok(Amount::new(share).map_err(|_| Overflow)?.round_half_even(PLACES))
    }
}
