//! The strategy's decisions, as the desk takes them: checked, complete, with the default expiry filled in.
//!
//! The shape on the wire is flatter and is read by the engine's intake; here an entry cannot lack its side.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{SignalId, StrategyId, Symbol};
use crate::intent::{Protection, Side};
use crate::number::{Amount, Price, Qty, Ratio};

/// Which way a position earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// By rising prices.
    Long,
    /// By falling prices.
    Short,
}

impl Direction {
    /// The side of the order that opens such a position.
    pub const fn entry_side(self) -> Side {
        match self {
            Self::Long => Side::Buy,
            Self::Short => Side::Sell,
        }
    }

    /// `long` or `short`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// How large an entry shall be, when the strategy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeWanted {
    /// So many units.
    Quantity(Qty),
    /// So much value, in quote currency, at the price of the moment.
    Notional(Amount),
    /// So many percent of equity lost if the stop is hit.
    RiskPct(Ratio),
    /// As the configuration sizes.
    Configured,
}

/// What the strategy wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum Wanted {
    /// Open a position.
    Enter {
        /// Which way.
        side: Direction,
        /// How much.
        size: SizeWanted,
        /// Where to be taken out.
        plan: Protection,
    },
    /// Close whatever is held of the symbol.
    Exit,
    /// Move the stop, the target, or both of what is held; what is absent stays as it is.
    Adjust {
        /// The new prices.
        plan: Protection,
    },
}

impl Wanted {
    /// `enter`, `exit` or `adjust`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Enter { .. } => "enter",
            Self::Exit => "exit",
            Self::Adjust { .. } => "adjust",
        }
    }
}

/// One decision of a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The idempotency key.
    pub id: SignalId,
    /// Who decided.
    pub strategy: StrategyId,
    /// About what.
    pub symbol: Symbol,
    /// The price the decision rests on, and against which slippage is measured. Never a fill price.
    pub decision_price: Option<Price>,
    /// The end of the last bar the decision saw.
    pub bar_close: Option<Time>,
    /// When it was decided.
    pub decided_at: Time,
    /// From when on it must not be acted upon.
    pub expires_at: Time,
    /// What to do.
    #[serde(flatten)]
    pub wanted: Wanted,
}
