//! A figure is a number or says why it is none. In JSON: `0.42`, or `{"undefined": "no-trades"}`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a figure has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undefined {
    /// There is no closed trade.
    NoTrades,
    /// No trade was won.
    NoWins,
    /// No trade was lost: a ratio to the losses is beyond every bound.
    NoLosses,
    /// Neither won nor lost, all trades came out even.
    OnlyScratches,
    /// No period lost more than the least acceptable return.
    NoDownside,
    /// The curve was never below its highest point.
    NoDrawdown,
    /// All observations are the same.
    NoSpread,
    /// There are fewer observations than the formula needs.
    TooFew,
    /// Rows lack the risk that was taken at entry.
    NoRisk,
    /// Rows lack what the figure is made of (a stop, a target, a value in base currency).
    NotGiven,
    /// The equity series is empty, or not above zero.
    NoEquity,
    /// No time passed.
    NoTime,
    /// The variance of the estimate would not be above zero.
    NoVariance,
    /// The Sharpe ratio is not above the one it is compared with: no length of record would do.
    NotAbove,
    /// Headline figures do not hold it: a ledger of trades does.
    NeedsLedger,
    /// The value does not fit into a number.
    NotFinite,
}

impl Undefined {
    /// The reason in a few words, to stand in the place of a number.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoTrades => "no closed trade",
            Self::NoWins => "no winning trade",
            Self::NoLosses => "no losing trade",
            Self::OnlyScratches => "no trade was won or lost",
            Self::NoDownside => "no losing period",
            Self::NoDrawdown => "no drawdown",
            Self::NoSpread => "all observations are equal",
            Self::TooFew => "too few observations",
            Self::NoRisk => "the ledger does not say what was risked",
            Self::NotGiven => "the ledger does not hold it",
            Self::NoEquity => "no equity above zero",
            Self::NoTime => "no time passed",
            Self::NoVariance => "the variance of the estimate is not above zero",
            Self::NotAbove => "not above what it is compared with",
            Self::NeedsLedger => "needs a ledger of trades",
            Self::NotFinite => "too large for a number",
        }
    }
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl std::error::Error for Undefined {}

/// A number, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// The value; never infinite, never "not a number".
    Is(f64),
    /// No value.
    Undefined {
        /// Why.
        undefined: Undefined,
    },
}

impl Figure {
    /// A figure without a value.
    pub const fn none(undefined: Undefined) -> Self {
        Self::Undefined { undefined }
    }

    /// The value, if there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Is(value) => Some(value),
            Self::Undefined { .. } => None,
        }
    }

    /// With its sign and so many places, never `-0`.
    pub fn signed(self, places: usize) -> String {
        let Self::Is(value) = self else { return self.to_string() };
        let text = format!("{value:+.places$}");
        let is_zero = text.chars().all(|letter| matches!(letter, '+' | '-' | '0' | '.'));
        if is_zero { text.replace(['+', '-'], "") } else { text }
    }

    /// With so many places and thousands apart, never `-0`.
    pub fn grouped(self, places: usize) -> String {
        self.get().map_or_else(|_| self.to_string(), |value| grouped(value, places))
    }

    /// A share in percent, with one place.
    pub fn percent(self) -> String {
        format!("{:.1}", self.map(|share| share * 100.0))
    }

    /// The value, or why there is none.
    pub fn get(self) -> Result<f64, Undefined> {
        match self {
            Self::Is(value) => Ok(value),
            Self::Undefined { undefined } => Err(undefined),
        }
    }

    /// What a function makes of the value.
    #[must_use]
    pub fn map(self, f: impl FnOnce(f64) -> f64) -> Self {
        self.get().map(f).into()
    }
}

impl From<f64> for Figure {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Is(value) } else { Self::none(Undefined::NotFinite) }
    }
}

impl From<Result<f64, Undefined>> for Figure {
    fn from(value: Result<f64, Undefined>) -> Self {
        value.map_or_else(Self::none, Self::from)
    }
}

impl From<Undefined> for Figure {
    fn from(undefined: Undefined) -> Self {
        Self::none(undefined)
    }
}

/// With as many decimals as asked for (`{:.2}`), three without.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => write!(f, "{value:.*}", f.precision().unwrap_or(3)),
            Self::Undefined { undefined } => write!(f, "undefined ({undefined})"),
        }
    }
}

/// A number with so many places and thousands apart: `-1,234.50`; never `-0`.
pub fn grouped(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let is_zero = text.chars().all(|letter| matches!(letter, '0' | '.'));
    let sign = if value < 0.0 && !is_zero { "-" } else { "" };
    thousands(&format!("{sign}{text}"))
}

/// A number that is written plainly, such as `-1234.50`, with its thousands apart.
pub fn thousands(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !part.is_empty() {
        out.push('.');
        out.push_str(part);
    }
    out
}

/// The same with its sign; nothing stands before zero.
pub fn grouped_signed(value: f64, places: usize) -> String {
    let text = grouped(value, places);
    let is_zero = text.chars().all(|letter| matches!(letter, '0' | '.'));
    if value < 0.0 || is_zero { text } else { format!("+{text}") }
}

/// A quotient whose divisor must be above zero.
pub(crate) fn ratio(top: f64, bottom: f64, why: Undefined) -> Result<f64, Undefined> {
    if bottom > 0.0 { Ok(top / bottom) } else { Err(why) }
}

/// A count as a number. Counts here are far below 2^53, where this is exact.
#[expect(clippy::cast_precision_loss, reason = "counts of trades and periods are far below 2^53")]
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::{grouped, grouped_signed};

    #[test]
    fn thousands_stand_apart_and_zero_has_no_sign() {
        assert_eq!(grouped(13_794.954, 2), "13,794.95");
        assert_eq!((grouped(-1_234_567.0, 0), grouped(999.0, 0)), ("-1,234,567".into(), "999".into()));
        assert_eq!((grouped(-0.001, 2), grouped_signed(-0.001, 2)), ("0.00".into(), "0.00".into()));
        assert_eq!(
            (grouped_signed(3_794.95, 2), grouped_signed(-5.0, 1)),
            ("+3,794.95".into(), "-5.0".into())
        );
    }
}
