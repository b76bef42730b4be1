//! What prices are asked: whole ticks, distances, and what a quantity comes to.

use rust_decimal::{Decimal, RoundingStrategy};

use super::decimal::{is_plain_multiple, multiple};
use super::{Amount, Overflow, PRICE_MAX, Price, Qty, Ratio};

impl Price {
    /// The price of so many digits, `places` of them behind the point: as [`Price::new`] has it, but only where it is within
    /// its bounds at a glance, as prices mostly are. Nothing otherwise, which does not say that it is no price.
    #[inline]
    pub const fn of_digits(digits: u64, places: u32) -> Option<Self> {
        if digits == 0 || digits > PRICE_MAX.unsigned_abs() || places > Decimal::MAX_SCALE {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the lower and the upper half")]
        let (low, middle) = (digits as u32, (digits >> 32) as u32);
        Some(Self(Decimal::from_parts(low, middle, 0, false, places)))
    }

    /// The nearest multiple of `tick` that is not above: what a sell limit or a long position's stop is rounded to.
    ///
    /// # Errors
    /// [`Overflow`], also when nothing above zero is left.
    pub fn round_down_to(self, tick: Self) -> Result<Self, Overflow> {
        self.round(tick, RoundingStrategy::ToNegativeInfinity)
    }

    /// The nearest multiple of `tick` that is not below.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn round_up_to(self, tick: Self) -> Result<Self, Overflow> {
        self.round(tick, RoundingStrategy::ToPositiveInfinity)
    }

    /// The nearest multiple of `tick`, ties away from zero.
    ///
    /// # Errors
    /// [`Overflow`], also when nothing above zero is left.
    pub fn round_nearest_to(self, tick: Self) -> Result<Self, Overflow> {
        self.round(tick, RoundingStrategy::MidpointAwayFromZero)
    }

    /// Whether the price is a whole number of `tick`s.
    pub fn is_multiple_of(self, tick: Self) -> bool {
        is_plain_multiple(self.0, tick.0) || self.0.checked_rem(tick.0).is_some_and(|rest| rest.is_zero())
    }

    fn round(self, tick: Self, strategy: RoundingStrategy) -> Result<Self, Overflow> {
        multiple(self.0, tick.0, strategy).and_then(|v| Self::new(v).ok()).ok_or(Overflow)
    }

    /// Price times quantity: money in the quote currency.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn times(self, qty: Qty) -> Result<Amount, Overflow> {
        self.0.checked_mul(qty.0).map(Amount).ok_or(Overflow)
    }

    /// How far `other` lies above this price; negative when it lies below. In quote currency per unit.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn to(self, other: Self) -> Result<Amount, Overflow> {
        other.0.checked_sub(self.0).map(Amount).ok_or(Overflow)
    }

    /// The price moved by `by` quote currency per unit.
    ///
    /// # Errors
    /// [`Overflow`], also when the result is not above zero.
    pub fn moved(self, by: Amount) -> Result<Self, Overflow> {
        self.0.checked_add(by.0).and_then(|v| Self::new(v).ok()).ok_or(Overflow)
    }

    /// The share of this price by which `other` differs, always positive: 0.02 is two percent.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn distance(self, other: Self) -> Result<Ratio, Overflow> {
        let gap = other.0.checked_sub(self.0).ok_or(Overflow)?.abs();
        gap.checked_div(self.0).map(Ratio).ok_or(Overflow)
    }
}
