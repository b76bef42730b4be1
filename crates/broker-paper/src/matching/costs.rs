//! What the engine is told once: the account, and what trading costs in it. No prices live here.

use broker_api::{AccountId, Amount, AssetClass, Currency, Ratio, VenueId};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What trading one class of instruments costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassCosts {
    /// Ask minus bid as a share of the mid price; half of it lies on each side. Below 2, not negative.
    pub spread: Ratio,
    /// The fee as a share of the value traded. Not negative.
    pub fee: Ratio,
    /// How much worse than the price there was a market or triggered stop order fills, as a share of that price.
    /// Below 1, not negative.
    pub slippage: Ratio,
}

impl ClassCosts {
    /// Nothing.
    pub const FREE: Self = Self { spread: Ratio::ZERO, fee: Ratio::ZERO, slippage: Ratio::ZERO };
}

/// What trading costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// For stocks and funds.
    pub equity: ClassCosts,
    /// For currency pairs.
    pub forex: ClassCosts,
    /// For coins.
    pub crypto: ClassCosts,
    /// The least fee of an order that fills at all, in account currency.
    pub fee_min: Amount,
    /// Decimal places a fee is rounded to.
    pub places: u32,
}

impl Costs {
    /// Nothing costs anything.
    pub const FREE: Self = Self {
        equity: ClassCosts::FREE,
        forex: ClassCosts::FREE,
        crypto: ClassCosts::FREE,
        fee_min: Amount::ZERO,
        places: 2,
    };

    /// What a class costs.
    pub const fn of(&self, class: AssetClass) -> &ClassCosts {
        match class {
            AssetClass::Equity => &self.equity,
            AssetClass::Forex => &self.forex,
            AssetClass::Crypto => &self.crypto,
        }
    }

    /// Whether every figure is one that a cost can be: no share negative, no spread that eats the whole price.
    pub fn is_sane(&self) -> bool {
        let fits = |share: Ratio, below: Decimal| !share.get().is_sign_negative() && share.get() < below;
        [self.equity, self.forex, self.crypto].iter().all(|c| {
            fits(c.spread, Decimal::TWO) && fits(c.fee, Decimal::ONE) && fits(c.slippage, Decimal::ONE)
        }) && !self.fee_min.get().is_sign_negative()
    }
}

/// The account and how orders are filled in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the account's figures are in.
    pub currency: Currency,
    /// What it begins with.
    pub cash: Amount,
    /// What trading costs; must be [`Costs::is_sane`].
    pub costs: Costs,
    /// The share of a bar's volume that may be filled; nothing means no limit.
    pub participation: Option<Ratio>,
    /// How long after its acceptance an order begins to take part.
    pub latency: TimeDelta,
    /// The account's name.
    pub account: AccountId,
    /// The venue it is at.
    pub venue: VenueId,
}
