//! What a part of trading is, and that entries of it are stopped while everything else goes on.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Reason;
use crate::Time;
use crate::ids::{Key, StrategyId};
use crate::instrument::{AssetClass, Instrument};
use crate::number::Amount;

/// A part of trading. In files `{"class":"crypto"}`, `{"strategy":"trend-a"}`, `{"instrument":"paper:AAPL"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every instrument of a class.
    Class(AssetClass),
    /// Every signal of a strategy.
    Strategy(StrategyId),
    /// One instrument at one venue.
    Instrument(Key),
}

impl Scope {
    /// Whether an entry into `instrument`, decided by `strategy`, belongs to it. Without a strategy it belongs to none.
    pub fn covers(&self, instrument: &Instrument, strategy: Option<StrategyId>) -> bool {
        match self {
            Self::Class(class) => instrument.asset_class == *class,
            Self::Strategy(id) => strategy == Some(*id),
            Self::Instrument(key) => instrument.key == *key,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => write!(f, "class {class}"),
            Self::Strategy(id) => write!(f, "strategy {id}"),
            Self::Instrument(key) => write!(f, "{key}"),
        }
    }
}

/// A part of trading whose entries are stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopped {
    /// Which.
    pub scope: Scope,
    /// Since when.
    pub since: Time,
    /// When it ends by itself; without such a time only a person ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Why.
    pub reason: Reason,
}

/// A part of trading that a person let go on: what was counted against it before counts no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// Which.
    pub scope: Scope,
    /// When.
    pub at: Time,
}

/// One amount for each class; nothing where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByClass {
    /// Of stocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equity: Option<Amount>,
    /// Of currency pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forex: Option<Amount>,
    /// Of coins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crypto: Option<Amount>,
}

impl ByClass {
    /// The amount of one class.
    pub const fn get(&self, class: AssetClass) -> Option<Amount> {
        match class {
            AssetClass::Equity => self.equity,
            AssetClass::Forex => self.forex,
            AssetClass::Crypto => self.crypto,
        }
    }

    /// Made class by class.
    pub fn of(mut amount: impl FnMut(AssetClass) -> Option<Amount>) -> Self {
        Self {
            equity: amount(AssetClass::Equity),
            forex: amount(AssetClass::Forex),
            crypto: amount(AssetClass::Crypto),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_as_what_it_is() {
        let key = Key { venue: "paper".parse().unwrap(), symbol: "BTC/USD".parse().unwrap() };
        let all = [
            (Scope::Class(AssetClass::Crypto), "{\"class\":\"crypto\"}", "class crypto"),
            (Scope::Strategy("trend-a".parse().unwrap()), "{\"strategy\":\"trend-a\"}", "strategy trend-a"),
            (Scope::Instrument(key), "{\"instrument\":\"paper:BTC/USD\"}", "paper:BTC/USD"),
        ];
        for (scope, json, text) in all {
            assert_eq!(
                (serde_json::to_string(&scope).unwrap().as_str(), scope.to_string().as_str()),
                (json, text)
            );
            assert_eq!(serde_json::from_str::<Scope>(json).unwrap(), scope);
        }
    }
}
