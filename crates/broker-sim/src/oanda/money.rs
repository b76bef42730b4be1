//! Money: what a currency is worth in the account's, and how figures look on the wire.

use rust_decimal::Decimal;

use super::instruments::Listed;
use super::venue::Venue;
use crate::core::decimal_text;

/// Places of the account's figures.
pub(super) const PLACES: u32 = 4;

/// A figure without zeros at its end.
pub(super) fn text(value: Decimal) -> String {
    decimal_text(value)
}

/// An amount of the account's currency.
pub(super) fn money(value: Decimal) -> String {
    let rounded = value.round_dp(PLACES);
    // A negative zero is no figure.
    format!("{:.4}", if rounded.is_zero() { Decimal::ZERO } else { rounded })
}

/// A share, as percentages of the account are told.
pub(super) fn share(value: Decimal) -> String {
    format!("{:.5}", value.round_dp(5))
}

/// What one unit of a currency is worth in the account's: when it is earned, and when it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Factors {
    pub gain: Decimal,
    pub loss: Decimal,
    pub mid: Decimal,
}

impl Factors {
    /// An amount in the account's currency.
    pub(super) fn of(&self, amount: Decimal) -> Decimal {
        amount * if amount.is_sign_negative() { self.loss } else { self.gain }
    }
}

/// The rate of one currency in another over the prices that are there: a pair of both, or two over a third currency.
pub(super) fn rate(pairs: &[Listed], from: &str, to: &str) -> Option<Decimal> {
    if from == to {
        return Some(Decimal::ONE);
    }
    direct(pairs, from, to).or_else(|| {
        let others = pairs.iter().flat_map(|listed| {
            let (base, quote) = listed.pair.currencies();
            [base, quote]
        });
        // The dollar first, as most have a pair with it.
        std::iter::once("USD")
            .chain(others)
            .find_map(|over| direct(pairs, from, over)?.checked_mul(direct(pairs, over, to)?))
    })
}

fn direct(pairs: &[Listed], from: &str, to: &str) -> Option<Decimal> {
    pairs.iter().find_map(|listed| {
        let mid = listed.prices?.mid();
        match listed.pair.currencies() {
            (base, quote) if base == from && quote == to => Some(mid),
            (base, quote) if base == to && quote == from => Decimal::ONE.checked_div(mid),
            _ => None,
        }
    })
}

impl Venue {
    /// What one unit of a currency is worth in the account's; nought when no price tells.
    pub(super) fn factors(&self, currency: &str) -> Factors {
        if currency == self.settings.currency {
            return Factors { gain: Decimal::ONE, loss: Decimal::ONE, mid: Decimal::ONE };
        }
        let mid = rate(&self.pairs, currency, &self.settings.currency).unwrap_or_default();
        let charge = self.settings.conversion_charge;
        let round = |value: Decimal| value.round_dp(8);
        Factors {
            gain: round(mid * (Decimal::ONE - charge)),
            loss: round(mid * (Decimal::ONE + charge)),
            mid,
        }
    }

    /// The same of a pair's quote currency.
    pub(super) fn quote_factors(&self, pair: usize) -> Factors {
        self.factors(self.pairs[pair].pair.currencies().1)
    }

    /// The same of a pair's base currency.
    pub(super) fn base_factors(&self, pair: usize) -> Factors {
        self.factors(self.pairs[pair].pair.currencies().0)
    }
}
