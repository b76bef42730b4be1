//! What an account was worth, and the time-weighted returns that follow: what was paid in or out is no return.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::columns::{Column, Known, equity_row};
use super::number;
use crate::{Time, Undefined};

/// What the account was worth at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquityPoint {
    /// When.
    pub at: Time,
    /// The whole account after the flow, in base currency.
    pub equity: Decimal,
    /// What was paid in between the point before and this one, at its end; negative when paid out. In base currency.
    #[serde(default)]
    pub flow: Decimal,
}

/// The columns of an equity series, with every name they are known by.
pub const EQUITY_COLUMNS: &[Known] = &[
    equity_row(Column::At, true, &["at", "time", "date", "timestamp", "ts"]),
    equity_row(
        Column::Equity,
        true,
        &["equity", "value", "balance", "nav", "account_value", "total", "equity_marked"],
    ),
    equity_row(Column::Flow, false, &["flow", "flows", "deposit", "deposits", "cash_flow", "transfer"]),
];

/// Time-weighted returns between the points: `(equity - flow) / equity before - 1`. One fewer than points.
///
/// A deposit buys units at the value just before it, so it moves no return; the first point's flow is its own beginning.
pub fn returns(points: &[EquityPoint]) -> Result<Vec<f64>, Undefined> {
    if points.len() < 2 {
        return Err(Undefined::TooFew);
    }
    points
        .windows(2)
        .map(|pair| {
            let (before, after) = (number(pair[0].equity), number(pair[1].equity) - number(pair[1].flow));
            if before > 0.0 && after >= 0.0 { Ok(after / before - 1.0) } else { Err(Undefined::NoEquity) }
        })
        .collect()
}
