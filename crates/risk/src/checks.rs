//! The checks, in their order. Each looks at one case and says one thing; none knows of another.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all checks are asked in one way, also those that lack nothing"
)]

mod account;
mod case;
mod executed;
mod exposure;
mod held;
mod losses;
mod market;
mod order;
mod pace;
mod risk;
mod signal;
mod state;
mod table;
mod totals;

use std::cmp::Ordering;

use broker_api::{Amount, Code, Qty, Ratio, Reason};
use chrono::TimeDelta;
use rust_decimal::Decimal;

pub(crate) use case::{Case, Lack};
pub use table::{Applies, Check, Control, ELSEWHERE, Elsewhere, Orders};

/// What a check says. A reason is seldom there, and lies apart, so that the other answers are small.
pub(crate) enum Said {
    Passed,
    /// Passed within a tenth of its bound.
    Near,
    /// At most so much.
    Clip(Qty, Box<Reason>),
    /// Something passing stands against it.
    Wait(Box<Reason>),
    Denied(Box<Reason>),
    /// What it needs is not known, which stops an entry.
    Missing(Box<Reason>),
}

/// All checks, in the order in which the first that says no decides.
pub const CHECKS: &[Check] = &[
    state::LIMITS,
    state::LEVEL,
    state::RECONCILED,
    state::CONNECTIVITY,
    state::CLOCK,
    pace::DUPLICATE_DECISION,
    pace::DUPLICATE_ORDER,
    signal::STALE,
    signal::ORDERED,
    account::TRADABLE,
    market::OPEN,
    market::PRICE,
    market::COLLAR,
    market::DRIFT,
    order::NOTIONAL,
    order::LOT_AND_TICK,
    signal::STOP,
    risk::PER_TRADE,
    exposure::POSITIONS,
    exposure::POSITION,
    exposure::TOGETHER,
    risk::OPEN,
    account::BUYING_POWER,
    account::DAY_TRADES,
    account::SHORT_SALE,
    held::OPPOSING,
    pace::RATE,
    pace::REPEATED,
    pace::REFUSALS,
    losses::STREAK,
    losses::FALLEN,
    losses::DRAWDOWN,
    executed::SLIPPAGE,
    held::GUARDED,
    held::HOLDING_TIME,
    market::BLACKOUTS,
    account::LOOSENED,
    account::ENVIRONMENT,
    account::ALERTS,
];

/// What a missing input means for a check of entries.
const DENIES: &str = "the entry is denied";
/// For a check of what the book itself counts.
const COUNTED: &str = "nothing can be: the book counts it";

/// A reason without a bound.
pub(crate) fn no(code: &'static str, text: impl Into<Box<str>>) -> Reason {
    Reason::plain(Code::fixed(code), text)
}

/// A reason with its bound.
pub(crate) fn over(code: &'static str, key: &'static str, text: String, is: String, limit: String) -> Reason {
    Reason { key: Some(key.into()), ..beyond(code, text, is, limit) }
}

/// A reason with a bound that the instrument or the book sets, not the configuration.
pub(crate) fn beyond(code: &'static str, text: String, is: String, limit: String) -> Reason {
    Reason {
        code: Code::fixed(code),
        text: text.into(),
        limit: Some(limit.into()),
        would_be: Some(is.into()),
        key: None,
    }
}

/// How far ahead of ours another clock may be.
pub(crate) const AHEAD: TimeDelta = TimeDelta::seconds(60);

/// How two figures lie to each other: as amounts compare, which is quicker than decimals do, where both can be amounts.
pub(crate) fn compared(one: Decimal, other: Decimal) -> Ordering {
    match (Amount::new(one), Amount::new(other)) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => one.cmp(&other),
    }
}

/// Passed, or nearly not.
pub(crate) fn within(is: Decimal, limit: Decimal) -> Said {
    let near = limit * Decimal::new(9, 1);
    let is_bound = limit.is_sign_positive() && !limit.is_zero();
    if is_bound && compared(is, near).is_ge() { Said::Near } else { Said::Passed }
}

/// A share of something, held against a bound in percent. It is divided only for people: that takes the longest.
pub(crate) struct Share {
    hundredfold: Decimal,
    whole: Decimal,
}

impl Share {
    /// The share that `part` is of `whole`, which is above zero.
    pub(crate) fn of(part: Decimal, whole: Decimal) -> Result<Self, Lack> {
        let hundredfold = part.checked_mul(Decimal::ONE_HUNDRED).ok_or(Lack::TooLarge)?;
        Ok(Self { hundredfold, whole })
    }

    /// How the share lies to so many percent, and what it says when it lies below.
    pub(crate) fn against(&self, percent: Ratio) -> Result<(Ordering, Said), Lack> {
        let most = percent.get().checked_mul(self.whole).ok_or(Lack::TooLarge)?;
        Ok((compared(self.hundredfold, most), within(self.hundredfold, most)))
    }

    /// In percent, to two places.
    pub(crate) fn percent(&self) -> Decimal {
        let percent = self.hundredfold.checked_div(self.whole).unwrap_or(self.hundredfold);
        percent.round_dp(2).normalize()
    }
}

/// The same of what is counted.
pub(crate) fn counted(is: u32, limit: u32) -> Said {
    if u64::from(is) * 10 >= u64::from(limit) * 9 { Said::Near } else { Said::Passed }
}

/// An amount as people read it.
pub(crate) fn cents(amount: Amount) -> String {
    amount.round_half_even(2).to_string()
}

impl Said {
    pub(crate) fn clip(qty: Qty, reason: Reason) -> Self {
        Self::Clip(qty, Box::new(reason))
    }

    pub(crate) fn wait(reason: Reason) -> Self {
        Self::Wait(Box::new(reason))
    }

    pub(crate) fn denied(reason: Reason) -> Self {
        Self::Denied(Box::new(reason))
    }

    pub(crate) fn missing(reason: Reason) -> Self {
        Self::Missing(Box::new(reason))
    }

    /// What passed is near when something else of the same check is; nothing else changes.
    pub(crate) fn or_near(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Passed, Self::Near) => Self::Near,
            (said, _) => said,
        }
    }
}
