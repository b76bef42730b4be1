//! What the paper gate looks at, and what it asks for.

use serde::{Deserialize, Serialize};

use crate::Ledger;
use crate::compare::Pair;

/// Something about the signals that a person must answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedFlag {
    /// What was seen.
    pub what: String,
    /// What a person said to it; open until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// What is needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaperNeeds {
    /// So many closed trades.
    pub trades: usize,
    /// Fewer losses in a row than this.
    pub losses_below: usize,
    /// 95 % of orders filled within so many milliseconds of their signal.
    pub signal_to_fill_ms: u64,
    /// Paired trades may on average lose less than this, in R.
    pub parity: f64,
}

impl Default for PaperNeeds {
    fn default() -> Self {
        Self { trades: 50, losses_below: 40, signal_to_fill_ms: 5000, parity: 0.05 }
    }
}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PaperFacts {
    /// Closed trades, ours and imported.
    pub ledger: Ledger,
    /// Whether imported trades count.
    pub count_imported: bool,
    /// From signal to first fill of each order, in milliseconds.
    pub signal_to_fill_ms: Vec<u64>,
    /// Trades beside what the backtest's engine made of the same signals.
    pub pairs: Vec<Pair>,
    /// What was seen about the signals.
    pub red_flags: Vec<RedFlag>,
    /// Orders that were sent twice.
    pub duplicate_orders: usize,
    /// Orders and fills that belong to no signal.
    pub orphan_orders: usize,
    /// Orders sent.
    pub orders: usize,
    /// Over so many weeks the counted trades were closed.
    pub weeks: f64,
    /// What a person said about a trade rate that chance does not explain.
    pub rate_answer: Option<String>,
    /// What is needed.
    pub needs: PaperNeeds,
}
