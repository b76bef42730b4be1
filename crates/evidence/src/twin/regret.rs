//! What checks saved or cost: each signal that was not followed, played alone.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Played, Standing};

/// A signal that was denied, or whose time passed, and what would have come of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regret {
    /// The signal.
    pub id: String,
    /// What it is about.
    pub symbol: String,
    /// Why it was not followed.
    pub code: String,
    /// What the backtest's engine made of it alone, at the size that we would have given.
    pub alone: Played,
}

/// What one reason comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegretSum {
    /// Why signals were not followed.
    pub code: String,
    /// How many.
    pub signals: usize,
    /// How many of them would have been traded and closed.
    pub traded: usize,
    /// How many would still be open at the end of the bars.
    pub open: usize,
    /// What those that closed would have made, in R, as far as they have a stop: above zero is what the check cost, below what
    /// it saved.
    pub r: f64,
    /// The same in base currency, of all of them.
    pub pnl: Decimal,
}

/// Each reason with its sum, the costliest first.
pub fn sums(regrets: &[Regret]) -> Vec<RegretSum> {
    let mut sums: BTreeMap<&str, RegretSum> = BTreeMap::new();
    for regret in regrets {
        let sum = sums.entry(&regret.code).or_default();
        sum.signals += 1;
        match regret.alone.standing {
            Standing::Closed => {
                sum.traded += 1;
                sum.r += regret.alone.r.unwrap_or_default();
                sum.pnl = sum.pnl.saturating_add(regret.alone.pnl.unwrap_or_default());
            }
            Standing::Open => sum.open += 1,
            Standing::Nothing => {}
        }
    }
    let mut sums: Vec<RegretSum> =
        sums.into_iter().map(|(code, sum)| RegretSum { code: code.to_owned(), ..sum }).collect();
    sums.sort_by(|one, other| other.pnl.cmp(&one.pnl).then_with(|| one.code.cmp(&other.code)));
    sums
}
