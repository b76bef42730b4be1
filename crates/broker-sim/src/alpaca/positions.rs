//! Positions as clients read them, and their closing.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::errors::Refusal;
use super::order::Status;
use super::routes::{Answer, ok};
use super::venue::{Venue, engine_qty};
use crate::core::{Reply, Request, decimal_text};

impl Venue {
    fn position_json(&self, asset: usize) -> Option<Value> {
        let listed = &self.assets[asset];
        let held = self.held(asset);
        let positions = self.engine.positions();
        let average = positions.iter().find(|p| p.key.symbol.as_str() == listed.symbol())?.average.get();
        let cost = held * average;
        let money = |value: Option<Decimal>| value.map(|value| decimal_text(value.round_dp(10)));
        let (last, before) = (listed.last(), listed.before.map(broker_api::Price::get));
        let value = last.map(|last| held * last);
        let profit = value.map(|value| value - cost);
        let share = profit.and_then(|profit| profit.checked_div(cost.abs()));
        let since = before.filter(|before| *before != average).unwrap_or(average);
        let is_of_today = self.executions.iter().any(|e| {
            self.orders[e.order].asset == asset && crate::core::date_of(e.at) == self.today() && !e.busted
        });
        let base = if is_of_today { average } else { since };
        let today = last.map(|last| held * (last - base));
        let today_share = today.and_then(|today| today.checked_div((held * base).abs()));
        let change = last.zip(before).and_then(|(last, before)| (last - before).checked_div(before));
        let on_hold = self.on_hold(asset, None).qty;
        let free = (held.abs() - on_hold).max(Decimal::ZERO);
        let free = if held < Decimal::ZERO { -free } else { free };
        Some(json!({
            "asset_id": listed.id, "symbol": listed.plain_symbol(), "exchange": listed.exchange(),
            "asset_class": listed.class(), "asset_marginable": listed.asset.marginable,
            "qty": decimal_text(held), "qty_available": decimal_text(free),
            "avg_entry_price": decimal_text(average), "side": if held > Decimal::ZERO { "long" } else { "short" },
            "market_value": money(value), "cost_basis": money(Some(cost)), "unrealized_pl": money(profit),
            "unrealized_plpc": money(share), "unrealized_intraday_pl": money(today),
            "unrealized_intraday_plpc": money(today_share), "current_price": last.map(decimal_text),
            "lastday_price": before.map(decimal_text), "change_today": money(change),
        }))
    }

    /// Everything that is held.
    pub(super) fn positions_json(&self) -> Value {
        (0..self.assets.len()).filter_map(|asset| self.position_json(asset)).collect()
    }

    fn held_asset(&self, name: &str) -> Result<usize, Refusal> {
        let found = self.find_asset(name).filter(|asset| !self.held(*asset).is_zero());
        found.ok_or_else(|| Refusal::not_found("position does not exist"))
    }

    pub(super) fn position(&self, name: &str) -> Answer {
        let asset = self.held_asset(name)?;
        ok(&self.position_json(asset).unwrap_or(Value::Null))
    }

    pub(super) fn close_one(&mut self, name: &str, request: &Request) -> Answer {
        let asset = self.held_asset(name)?;
        let held = self.held(asset).abs();
        let figure = |name: &str| {
            let text = request.query(name);
            let value = text.map(Decimal::from_str_exact).transpose().ok();
            let value = value.filter(|value| value.is_none_or(|value| value > Decimal::ZERO));
            value.ok_or_else(|| {
                Refusal::unprocessable(format!("invalid {name}: {}", text.unwrap_or_default()))
            })
        };
        let qty = match (figure("qty")?, figure("percentage")?) {
            (Some(_), Some(_)) => {
                return Err(Refusal::unprocessable("only one of qty or percentage is accepted"));
            }
            (Some(qty), None) => qty,
            (None, Some(percent)) if percent > Decimal::ONE_HUNDRED => {
                return Err(Refusal::unprocessable("percentage must be between 0 and 100"));
            }
            (None, Some(percent)) => {
                let part = held * percent / Decimal::ONE_HUNDRED;
                part.round_dp_with_strategy(9, RoundingStrategy::ToZero)
            }
            (None, None) => held,
        };
        let place = self.close_position(asset, engine_qty(qty).get())?;
        ok(&self.order_json(place, false))
    }

    fn close_position(&mut self, asset: usize, qty: Decimal) -> Result<usize, Refusal> {
        let wanted = self.closing(asset, qty);
        let asset = self.examine(&wanted)?;
        Ok(self.place(&wanted, asset))
    }

    pub(super) fn close_all(&mut self, request: &Request) -> Reply {
        let mut rows: Vec<Value> = Vec::new();
        if request.asks("cancel_orders") {
            for place in 0..self.orders.len() {
                let order = &self.orders[place];
                if order.status.is_over() || order.status == Status::Held {
                    continue;
                }
                let id = order.id.clone();
                // Where an order is named, its id stands in the place of a symbol.
                rows.push(match self.cancel(place) {
                    Ok(()) => json!({ "symbol": id, "status": 200, "body": self.order_json(place, true) }),
                    Err(refusal) => json!({ "symbol": id, "status": refusal.status, "body": refusal.body() }),
                });
            }
        }
        for asset in 0..self.assets.len() {
            let held = self.held(asset);
            if held.is_zero() {
                continue;
            }
            let symbol = self.assets[asset].plain_symbol();
            // Cancels have not come to their end yet, so what they keep is still kept.
            rows.push(match self.close_position(asset, held.abs()) {
                Ok(place) => {
                    json!({ "symbol": symbol, "status": 200, "body": self.order_json(place, false) })
                }
                Err(refusal) => json!({ "symbol": symbol, "status": refusal.status, "body": refusal.body() }),
            });
        }
        Reply::json(207, &rows.into())
    }
}
