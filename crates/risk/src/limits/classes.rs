//! Limits that each class of instruments has its own of.

use broker_api::{AssetClass, Ratio};

use super::Limits;

impl Limits {
    pub(crate) const fn quote_age(&self, class: AssetClass) -> (u32, &'static str) {
        match class {
            AssetClass::Equity => (self.quote_age_equity_seconds, "quote_age_equity_seconds"),
            AssetClass::Forex => (self.quote_age_forex_seconds, "quote_age_forex_seconds"),
            AssetClass::Crypto => (self.quote_age_crypto_seconds, "quote_age_crypto_seconds"),
        }
    }

    pub(crate) const fn collar(&self, class: AssetClass) -> (Ratio, &'static str) {
        match class {
            AssetClass::Equity => (self.collar_equity_percent, "collar_equity_percent"),
            AssetClass::Forex => (self.collar_forex_percent, "collar_forex_percent"),
            AssetClass::Crypto => (self.collar_crypto_percent, "collar_crypto_percent"),
        }
    }

    /// The loss of a class in a day at which its entries rest.
    pub const fn daily_loss_of(&self, class: AssetClass) -> (Ratio, &'static str) {
        match class {
            AssetClass::Equity => (self.daily_loss_equity_percent, "daily_loss_equity_percent"),
            AssetClass::Forex => (self.daily_loss_forex_percent, "daily_loss_forex_percent"),
            AssetClass::Crypto => (self.daily_loss_crypto_percent, "daily_loss_crypto_percent"),
        }
    }

    pub(crate) const fn slippage_of(&self, class: AssetClass) -> (Ratio, &'static str) {
        match class {
            AssetClass::Equity => (self.slippage_equity_bps, "slippage_equity_bps"),
            AssetClass::Forex => (self.slippage_forex_bps, "slippage_forex_bps"),
            AssetClass::Crypto => (self.slippage_crypto_bps, "slippage_crypto_bps"),
        }
    }

    pub(crate) const fn positions_of(&self, class: AssetClass) -> (u32, &'static str) {
        match class {
            AssetClass::Equity => (self.positions_equity_max, "positions_equity_max"),
            AssetClass::Forex => (self.positions_forex_max, "positions_forex_max"),
            AssetClass::Crypto => (self.positions_crypto_max, "positions_crypto_max"),
        }
    }

    pub(crate) const fn exposure_of(&self, class: AssetClass) -> (Ratio, &'static str) {
        match class {
            AssetClass::Equity => (self.exposure_equity_percent, "exposure_equity_percent"),
            AssetClass::Forex => (self.exposure_forex_percent, "exposure_forex_percent"),
            AssetClass::Crypto => (self.exposure_crypto_percent, "exposure_crypto_percent"),
        }
    }
}
