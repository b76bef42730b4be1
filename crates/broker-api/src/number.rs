//! Prices, quantities and money: decimals that cannot be mixed up, cannot overflow unseen, and say how they round.
//!
//! 1. Each wraps one private number type; only the arithmetic that means something exists.
//! 2. Arithmetic is checked: what does not fit is an [`Overflow`], never a wrong figure and never a panic.
//! 3. Rounding is always asked for by a name that tells its direction.
//! 4. They are text in every file and on every wire, and are read back through the same constructor: plain
//!    decimal notation, no exponent, no `NaN`, at most 28 digits.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::ids::Currency;

mod decimal;
mod money;
mod price;

use decimal::{compare, is_plain_multiple, is_small, multiple, parse, plain};
pub use money::Money;

/// A text or figure that is not the number it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadNumber {
    /// Not a plain decimal such as `227.10`.
    Text,
    /// More digits than 28, which a decimal cannot hold exactly.
    TooManyDigits,
    /// A price that is zero or negative, or a quantity that is negative.
    Sign,
    /// Beyond what any instrument we know trades at: a price above 10^12, a quantity above 10^15.
    Absurd,
}

impl fmt::Display for BadNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "is not a plain decimal (write it as text like \"227.10\", no exponent, no NaN)",
            Self::TooManyDigits => "has more than 28 digits",
            Self::Sign => "must be above zero",
            Self::Absurd => "is absurdly large",
        })
    }
}

impl std::error::Error for BadNumber {}

/// A result that does not fit into 28 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the result does not fit into 28 digits")
    }
}

impl std::error::Error for Overflow {}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, |$v:ident| $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Decimal);

        impl PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                compare(self.0, other.0) == Ordering::Equal
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> Ordering {
                compare(self.0, other.0)
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }

        impl $name {
            /// Takes a decimal that is one.
            ///
            /// # Errors
            /// Wrong sign, or absurdly large.
            #[inline]
            pub fn new(value: Decimal) -> Result<Self, BadNumber> {
                let $v = value;
                $check.map(|()| Self(value))
            }

            /// The bare decimal, for formulas and display.
            pub const fn get(self) -> Decimal {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = BadNumber;
            fn from_str(text: &str) -> Result<Self, BadNumber> {
                Self::new(parse(text)?)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadNumber;
            fn try_from(text: String) -> Result<Self, BadNumber> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> Self {
                plain(number.0).to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                plain(self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

const PRICE_MAX: i64 = 1_000_000_000_000;
const QTY_MAX: i64 = 1_000_000_000_000_000;

number!(
    /// A price in the instrument's quote currency, above zero.
    Price,
    |v| {
        if v.is_zero() || v.is_sign_negative() {
            Err(BadNumber::Sign)
        } else if !is_small(v) && v > Decimal::from(PRICE_MAX) {
            Err(BadNumber::Absurd)
        } else {
            Ok(())
        }
    }
);
number!(
    /// An amount of an instrument (shares, units, coins), never negative; the side says the direction.
    Qty,
    |v| {
        if v.is_sign_negative() && !v.is_zero() {
            Err(BadNumber::Sign)
        } else if !is_small(v) && v > Decimal::from(QTY_MAX) {
            Err(BadNumber::Absurd)
        } else {
            Ok(())
        }
    }
);
number!(
    /// What is held of an instrument: positive is long, negative is short.
    Held,
    |v| if v.abs() > Decimal::from(QTY_MAX) { Err(BadNumber::Absurd) } else { Ok(()) }
);
number!(
    /// A dimensionless factor: a conversion rate, a share of equity.
    Ratio,
    |_v| Ok(())
);
number!(
    /// An amount of money whose currency the context states (a book's base currency, an instrument's quote currency).
    Amount,
    |_v| Ok(())
);

impl Qty {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// For a field that is left away where it is nothing: what it is then.
    pub const fn nothing() -> Self {
        Self::ZERO
    }

    /// The same: whether it is left away.
    pub fn is_nothing(&self) -> bool {
        self.is_zero()
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).and_then(|v| Self::new(v).ok()).ok_or(Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`Overflow`] when `other` is more.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).and_then(|v| Self::new(v).ok()).ok_or(Overflow)
    }

    /// The difference, or nothing when `other` is more.
    #[must_use]
    pub fn minus_or_zero(self, other: Self) -> Self {
        self.minus(other).unwrap_or(Self::ZERO)
    }

    /// The largest multiple of `lot` that is not more.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn round_down_to(self, lot: Self) -> Result<Self, Overflow> {
        multiple(self.0, lot.0, RoundingStrategy::ToZero).and_then(|v| Self::new(v).ok()).ok_or(Overflow)
    }

    /// Whether it is a whole number of `lot`s.
    pub fn is_multiple_of(self, lot: Self) -> bool {
        is_plain_multiple(self.0, lot.0) || self.0.checked_rem(lot.0).is_some_and(|rest| rest.is_zero())
    }
}

impl Held {
    /// Nothing held.
    pub const FLAT: Self = Self(Decimal::ZERO);

    /// Whether nothing is held.
    pub fn is_flat(self) -> bool {
        self.0.is_zero()
    }

    /// Whether more than nothing is held, bought rather than sold.
    pub fn is_long(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// How much is held, whatever the direction.
    pub fn size(self) -> Qty {
        Qty(self.0.abs())
    }

    /// What is held after `by` more (negative: less).
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn moved(self, by: Self) -> Result<Self, Overflow> {
        self.0.checked_add(by.0).and_then(|v| Self::new(v).ok()).ok_or(Overflow)
    }
}

impl Default for Amount {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The sum.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// The opposite amount.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The amount times a rate or share.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn times(self, factor: Ratio) -> Result<Self, Overflow> {
        self.0.checked_mul(factor.0).map(Self).ok_or(Overflow)
    }

    /// The share this is of `whole`; nothing when `whole` is zero or negative, which has no share.
    pub fn share_of(self, whole: Self) -> Option<Ratio> {
        (whole.0 > Decimal::ZERO).then(|| self.0.checked_div(whole.0).map(Ratio)).flatten()
    }

    /// Rounded to `places` decimal places, ties to the even neighbour: how money is booked.
    #[must_use]
    pub fn round_half_even(self, places: u32) -> Self {
        Self(self.0.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven).normalize())
    }

    /// The amount with its currency.
    pub const fn of(self, currency: Currency) -> Money {
        Money { amount: self, currency }
    }
}

impl Ratio {
    /// One: no conversion.
    pub const ONE: Self = Self(Decimal::ONE);
    /// Nought.
    pub const ZERO: Self = Self(Decimal::ZERO);
}

#[cfg(test)]
mod tests;
