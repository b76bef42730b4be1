//! The account as clients read it: figures, configuration, history; and the assets.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::request::Fields;
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::{Request, decimal_text, nanos, number};

impl Venue {
    pub(super) fn account_json(&self) -> Value {
        let figures = self.figures();
        let money = |value: Decimal| decimal_text(value.round_dp(2));
        let long_and_short = figures.long - figures.short;
        let half = if figures.multiplier > Decimal::ONE { Decimal::TWO } else { Decimal::ONE };
        let mut account = json!({
            "id": self.account_id, "account_number": self.account_number, "status": "ACTIVE",
            "crypto_status": "ACTIVE", "currency": "USD", "buying_power": money(figures.buying_power),
            "regt_buying_power": money(figures.regt), "effective_buying_power": money(figures.buying_power),
            "non_marginable_buying_power": money(figures.non_marginable),
            "options_buying_power": money(figures.non_marginable), "cash": money(figures.cash), "accrued_fees": "0",
            "pending_transfer_in": "0", "pending_transfer_out": "0", "portfolio_value": money(figures.equity),
            "equity": money(figures.equity), "last_equity": money(self.last_equity),
            "long_market_value": money(figures.long), "short_market_value": money(figures.short),
            "position_market_value": money(long_and_short),
            "initial_margin": money(long_and_short / half),
            "maintenance_margin": money(long_and_short * Decimal::new(3, 1)), "last_maintenance_margin": "0", "sma": "0",
            "multiplier": decimal_text(figures.multiplier), "shorting_enabled": self.is_shorting_enabled(),
            "trading_blocked": false, "transfers_blocked": false, "account_blocked": false,
            "trade_suspended_by_user": self.configuration.suspend_trade,
            "balance_asof": self.balance_date().to_string(), "crypto_tier": 1, "options_approved_level": 0,
            "options_trading_level": 0, "intraday_adjustments": "0", "pending_reg_taf_fees": "0",
            "created_at": nanos(self.created), "admin_configurations": {}, "user_configurations": null,
        });
        if self.quirks().legacy {
            account["pattern_day_trader"] = json!(false);
            account["daytrade_count"] = json!(0);
            account["daytrading_buying_power"] = json!(money(figures.buying_power));
        }
        account
    }

    pub(super) fn configuration_json(&self) -> Value {
        let configuration = &self.configuration;
        let mut json = json!({
            "trade_confirm_email": configuration.trade_confirm_email, "suspend_trade": configuration.suspend_trade,
            "no_shorting": configuration.no_shorting, "fractional_trading": configuration.fractional_trading,
            "max_margin_multiplier": decimal_text(configuration.max_margin_multiplier),
            "max_options_trading_level": 0, "ptp_no_exception_entry": false, "disable_overnight_trading": false,
        });
        if self.quirks().legacy {
            json["dtbp_check"] = json!("entry");
            json["pdt_check"] = json!("entry");
        }
        json
    }

    pub(super) fn configure(&mut self, fields: &Fields) -> Answer {
        if let Some(multiplier) = fields.figure("max_margin_multiplier")? {
            if ![1, 2, 4].map(Decimal::from).contains(&multiplier) {
                return Err(Refusal::unprocessable("max_margin_multiplier must be one of 1, 2, 4"));
            }
            self.configuration.max_margin_multiplier = multiplier;
        }
        let configuration = &mut self.configuration;
        let flags = [
            ("suspend_trade", &mut configuration.suspend_trade),
            ("no_shorting", &mut configuration.no_shorting),
            ("fractional_trading", &mut configuration.fractional_trading),
        ];
        for (name, flag) in flags {
            if fields.has(name) {
                *flag = fields.get(name).and_then(Value::as_bool).unwrap_or(*flag);
            }
        }
        if let Some(mail @ ("all" | "none")) = fields.text("trade_confirm_email") {
            mail.clone_into(&mut self.configuration.trade_confirm_email);
        }
        ok(&self.configuration_json())
    }

    /// Equity now and at the last close: the history that is simulated.
    pub(super) fn history_json(&self, request: &Request) -> Value {
        let equity = self.figures().equity;
        let profit = equity - self.last_equity;
        let share = profit.checked_div(self.last_equity).unwrap_or_default().round_dp(6);
        let before = self.hours.last_closed(self.at).map_or(self.created, |session| session.closes);
        json!({
            "timestamp": [before.timestamp(), self.at.timestamp()],
            "equity": [number(self.last_equity), number(equity)],
            "profit_loss": [0, number(profit)], "profit_loss_pct": [0, number(share)],
            "base_value": number(self.last_equity), "base_value_asof": self.balance_date().to_string(),
            "timeframe": request.query("timeframe").unwrap_or("1D"),
        })
    }

    pub(super) fn assets_json(&self, request: &Request) -> Value {
        let is_wanted = |asset: &&super::assets::Listed| {
            let status = if asset.asset.active { "active" } else { "inactive" };
            request.query("status").is_none_or(|wanted| wanted == status)
                && request.query("asset_class").is_none_or(|wanted| wanted == asset.class())
                && request.query("exchange").is_none_or(|wanted| wanted == asset.exchange())
        };
        self.assets.iter().filter(is_wanted).map(|asset| asset.json(self.quirks().easy_to_borrow)).collect()
    }

    pub(super) fn asset_json(&self, name: &str) -> Answer {
        let Some(asset) = self.find_asset(name) else {
            return Err(Refusal::not_found(format!("asset not found for {name}")));
        };
        ok(&self.assets[asset].json(self.quirks().easy_to_borrow))
    }
}
