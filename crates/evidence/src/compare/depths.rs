//! How deep the deepest drawdown of so many trades is by chance, as a share of equity.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Reference;
use crate::bands::Metric;
use crate::figure::{Figure, Undefined};
use crate::figures::moments::mean;
use crate::ledger::{Ledger, Unit, number};

/// The shares of samples that are told.
const SAMPLES: [f64; 3] = [0.5, 0.9, 0.95];

/// In so many samples of the backtest the deepest drawdown is no deeper than this.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Depth {
    /// The share of samples.
    pub samples: f64,
    /// Of the highest equity.
    pub depth: Figure,
}

/// The backtest's drawdowns in its unit, times what such a unit of the live trades is of the highest equity on average: what a trade
/// risks, or loses where headline figures alone are known. In money they are of an account of another size, and undefined.
pub fn depths(reference: &Reference, live: &Ledger, highest: Option<Decimal>) -> Vec<Depth> {
    let trades = live.trades();
    let units: Option<Vec<f64>> = match reference.unit {
        Unit::R => trades.iter().map(|trade| trade.risk.map(number)).collect(),
        Unit::MeanLoss => {
            Some(trades.iter().map(|trade| -number(trade.pnl)).filter(|lost| *lost > 0.0).collect())
        }
        Unit::Currency => None,
    };
    let unit = units.and_then(|all| mean(&all).ok());
    let highest = highest.map(number).filter(|highest| *highest > 0.0);
    let share = unit.zip(highest).map(|(unit, highest)| unit / highest);
    let depth = |samples: f64| {
        let deepest = reference.bands().quantile(Metric::MaxDrawdown, samples);
        let depth =
            share.map_or(Figure::none(Undefined::NotGiven), |share| deepest.map(|deepest| deepest * share));
        Depth { samples, depth }
    };
    SAMPLES.map(depth).into()
}
