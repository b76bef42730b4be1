//! What an import takes over from another program, as its record holds it.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{Key, StrategyId};
use crate::intent::Protection;
use crate::number::{Amount, Price, Qty};
use crate::signal::Direction;

/// A position that was taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedPosition {
    /// Of what.
    pub key: Key,
    /// Which way.
    pub direction: Direction,
    /// How much.
    pub qty: Qty,
    /// What one unit came to, in quote currency.
    pub price: Price,
    /// Where it shall be taken out.
    pub plan: Protection,
    /// Loss to its stop, in base currency; nothing without a stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Amount>,
    /// When it was opened; nothing when the file does not say so with a zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Time>,
    /// The strategy behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<StrategyId>,
}

/// A closed trade of another program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedTrade {
    /// Of what.
    pub key: Key,
    /// Which way.
    pub direction: Direction,
    /// How much.
    pub qty: Qty,
    /// Its average entry, in quote currency.
    pub entry: Price,
    /// Its average exit, in quote currency.
    pub exit: Price,
    /// When it was opened; nothing when the file does not say so with a zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Time>,
    /// When it was closed; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Time>,
    /// Profit after fees, in base currency; nothing when the file does not say, and then it is reckoned from the prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net: Option<Amount>,
    /// Fees, in base currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<Amount>,
    /// The strategy behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<StrategyId>,
}
