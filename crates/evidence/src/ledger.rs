//! Closed trades in the order in which they ended, and what an account was worth. Amounts are decimals; [`crate::ledger::number`]
//! is the one place where they become binary fractions for statistics.

/// The table of columns and their names.
pub mod columns;
/// What an account was worth.
pub mod equity;
/// Ledgers from CSV and JSON text.
pub mod read;

use std::fmt;

use chrono::Datelike as _;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};

pub use columns::{COLUMNS, Column};
pub use equity::{EQUITY_COLUMNS, EquityPoint};
pub use read::{Fault, Read, equity_csv, trades_csv, trades_json};

use crate::{Time, Undefined};

/// What kind of instrument was traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Stocks and funds.
    Equity,
    /// Pairs of currencies.
    Forex,
    /// Coins.
    Crypto,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Equity, Self::Forex, Self::Crypto];

    /// As files name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Equity => "equity",
            Self::Forex => "forex",
            Self::Crypto => "crypto",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which way a position gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Gains as the price rises.
    Long,
    /// Gains as the price falls.
    Short,
}

impl Side {
    /// +1 for long, -1 for short.
    pub fn sign(self) -> f64 {
        match self {
            Self::Long => 1.0,
            Self::Short => -1.0,
        }
    }
}

/// One round trip, from flat to flat, of one strategy in one instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Names this trade alone.
    pub id: String,
    /// Who decided; empty when there is only one.
    #[serde(default)]
    pub strategy: String,
    /// What was traded.
    pub symbol: String,
    /// Its kind, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// Long or short.
    pub side: Side,
    /// The first fill.
    pub opened: Time,
    /// The last fill; trades are ordered by it.
    pub closed: Time,
    /// The largest quantity held, in units of the instrument.
    pub quantity: Decimal,
    /// The mean price of entry, in quote currency.
    pub entry: Decimal,
    /// The mean price of exit, in quote currency.
    pub exit: Decimal,
    /// Profit or loss after all fees and financing, in base currency.
    pub pnl: Decimal,
    /// What was risked at entry, in base currency: frozen then, and never changed by a stop that moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Decimal>,
    /// Profit or loss as a multiple of what was risked, where it is given beside or instead of the risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r: Option<Decimal>,
    /// The value of the position at entry, in base currency, always positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notional: Option<Decimal>,
    /// The stop at entry, in quote currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Decimal>,
    /// The target at entry, in quote currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Decimal>,
    /// Whether another program traded it.
    #[serde(default)]
    pub imported: bool,
}

impl Trade {
    /// The multiple of the risk: as given, else profit or loss by risk (Tharp's R-multiple).
    pub fn multiple(&self) -> Option<f64> {
        match (self.r, self.risk) {
            (Some(r), _) => Some(number(r)),
            (None, Some(risk)) if risk > Decimal::ZERO => self.pnl.checked_div(risk).map(number),
            _ => None,
        }
    }

    /// What the plan would have won by what it would have lost: |target - entry| / |entry - stop|. Not what was realised.
    pub fn planned_ratio(&self) -> Option<f64> {
        let (stop, target) = (number(self.stop?), number(self.target?));
        let entry = number(self.entry);
        let lost = (entry - stop).abs();
        (lost > 0.0).then(|| (target - entry).abs() / lost)
    }

    /// For how long it was held, in days.
    pub fn days(&self) -> f64 {
        days(self.opened, self.closed)
    }
}

/// A decimal for statistics. The only conversion: what comes of it never becomes money again.
pub fn number(amount: Decimal) -> f64 {
    amount.to_f64().unwrap_or(f64::NAN)
}

/// Days between two moments.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries are far below 2^53")]
pub(crate) fn days(from: Time, to: Time) -> f64 {
    (to - from).num_milliseconds() as f64 / 86_400_000.0
}

/// In which numbers trades are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Multiples of what was risked.
    R,
    /// Base currency.
    Currency,
    /// Multiples of the mean loss of the same trades, for a backtest of which only headline figures are known; of the mean
    /// size of a trade where none was lost.
    MeanLoss,
}

impl Unit {
    /// As it stands behind a number.
    pub fn word(self) -> &'static str {
        match self {
            Self::R => "R",
            Self::Currency => "in base currency",
            Self::MeanLoss => "mean losses",
        }
    }
}

/// Closed trades, ordered by when they ended and then by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Trade>", into = "Vec<Trade>")]
pub struct Ledger {
    trades: Vec<Trade>,
}

impl TryFrom<Vec<Trade>> for Ledger {
    type Error = String;

    fn try_from(trades: Vec<Trade>) -> Result<Self, String> {
        let told = |faults: Vec<Fault>| faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ");
        Self::new(trades).map_err(told)
    }
}

impl From<Ledger> for Vec<Trade> {
    fn from(ledger: Ledger) -> Self {
        ledger.trades
    }
}

impl Ledger {
    /// Takes trades in any order. Refused with every fault there is: an id twice, an end before the beginning, a
    /// quantity or a risk that is not above zero.
    pub fn new(trades: Vec<Trade>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut known = std::collections::BTreeMap::new();
        for (index, trade) in trades.iter().enumerate() {
            let row = index + 1;
            if let Some(first) = known.insert(trade.id.as_str(), row) {
                let expected = format!("an id of its own; row {first} has it too");
                faults.push(Fault::new(row, Column::Id, &trade.id, expected));
            }
            faults.extend(wrong(trade).into_iter().map(|(c, found, e)| Fault::new(row, c, &found, e)));
        }
        if faults.is_empty() { Ok(Self::sorted(trades)) } else { Err(faults) }
    }

    pub(crate) fn sorted(mut trades: Vec<Trade>) -> Self {
        trades.sort_by(|a, b| a.closed.cmp(&b.closed).then_with(|| a.id.cmp(&b.id)));
        Self { trades }
    }

    /// The trades, in the order of their ends.
    pub fn trades(&self) -> &[Trade] {
        &self.trades
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.trades.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.trades.is_empty()
    }

    /// How many of them another program traded.
    pub fn imported(&self) -> usize {
        self.trades.iter().filter(|trade| trade.imported).count()
    }

    /// Without what another program traded.
    #[must_use]
    pub fn own(&self) -> Self {
        Self { trades: self.trades.iter().filter(|trade| !trade.imported).cloned().collect() }
    }

    /// Profits and losses, in base currency.
    pub fn money(&self) -> Vec<f64> {
        self.trades.iter().map(|trade| number(trade.pnl)).collect()
    }

    /// Multiples of the risk; undefined unless every trade has one.
    pub fn multiples(&self) -> Result<Vec<f64>, Undefined> {
        self.trades.iter().map(Trade::multiple).collect::<Option<_>>().ok_or(Undefined::NoRisk)
    }

    /// The numbers in this unit.
    pub fn values(&self, unit: Unit) -> Result<Vec<f64>, Undefined> {
        match unit {
            Unit::R => self.multiples(),
            Unit::Currency => Ok(self.money()),
            Unit::MeanLoss => {
                let values = self.multiples().unwrap_or_else(|_| self.money());
                let sizes =
                    |is_in: fn(f64) -> bool| values.iter().copied().filter(move |x| is_in(*x)).map(f64::abs);
                let lost: Vec<f64> = sizes(|x| x < 0.0).collect();
                let all: Vec<f64> = sizes(|_| true).collect();
                let unit = crate::figures::moments::mean(if lost.is_empty() { &all } else { &lost })
                    .map_err(|_| Undefined::NoTrades)?;
                Ok(values.iter().map(|x| if unit > 0.0 { x / unit } else { *x }).collect())
            }
        }
    }

    /// In which week each trade ended, as consecutive numbers of Monday-to-Sunday weeks (UTC), never falling.
    pub fn weeks(&self) -> Vec<i32> {
        self.trades
            .iter()
            .map(|trade| (trade.closed.date_naive().num_days_from_ce() - 1).div_euclid(7))
            .collect()
    }

    /// From the first entry to the last exit, in weeks.
    pub fn span_weeks(&self) -> f64 {
        let first = self.trades.iter().map(|trade| trade.opened).min();
        let last = self.trades.last().map(|trade| trade.closed);
        first.zip(last).map_or(0.0, |(from, to)| days(from, to) / 7.0)
    }
}

/// What is wrong with one trade: the column, what is there, what is expected.
pub(crate) fn wrong(trade: &Trade) -> Vec<(Column, String, String)> {
    let mut found = Vec::new();
    if trade.closed < trade.opened {
        found.push((
            Column::Closed,
            trade.closed.to_rfc3339(),
            format!("not before opened, {}", trade.opened.to_rfc3339()),
        ));
    }
    if trade.quantity <= Decimal::ZERO {
        found.push((
            Column::Quantity,
            trade.quantity.to_string(),
            "a quantity above zero; the side says the direction".into(),
        ));
    }
    let above_zero = [(Column::Risk, trade.risk), (Column::Notional, trade.notional)];
    for (column, amount) in above_zero {
        if let Some(amount) = amount.filter(|amount| *amount <= Decimal::ZERO) {
            found.push((column, amount.to_string(), "an amount above zero, or an empty cell".into()));
        }
    }
    found
}
