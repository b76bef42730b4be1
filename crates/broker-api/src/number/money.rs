//! Money: an amount that says what it is of.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Amount, Overflow};
use crate::ids::Currency;

/// An amount together with its currency: what is reported and what a broker states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`Overflow`] also when the currencies differ: there is no such sum.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        if self.currency != other.currency {
            return Err(Overflow);
        }
        Ok(self.amount.plus(other.amount)?.of(self.currency))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}
