//! The simulated account as a [`Face`]: what the server, the control and the faults ask of it.

use broker_api::{Price, Side, Time};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::data_stream::Feed;
use super::errors::Refusal;
use super::order::Order;
use super::settings::Settings;
use super::venue::{Execution, Venue};
use crate::core::{
    ErrorCode, Face, Market, NonTrade, Outgoing, Prepared, Reply, Request, Rule, Unavailable, decimal_text,
    nanos,
};

impl Face for Venue {
    fn now(&self) -> Time {
        self.clock.now()
    }

    fn catch_up(&mut self) {
        let now = self.clock.now();
        self.play_to(now);
        if self.clock.runs() {
            self.play_again();
        }
    }

    fn move_to(&mut self, to: Time) -> Result<(), String> {
        self.clock.move_to(to)?;
        self.play_to(to);
        self.play_again();
        Ok(())
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let reply = self.routed(request);
        self.prepared = None;
        // What an order brings about happens behind its answer.
        let now = self.at;
        self.play_to(now);
        self.limits(reply)
    }

    fn connect(&mut self, socket: u64, request: &Request, to: Outgoing) -> Result<(), Reply> {
        let has_keys =
            request.header("apca-api-key-id").is_some() && request.header("apca-api-secret-key").is_some();
        if request.header("content-type").is_some_and(|kind| kind.contains("msgpack")) {
            let refusal = Refusal::malformed("MessagePack is not simulated: ask for JSON");
            return Err(refusal.status(415).reply());
        }
        match request.path.as_str() {
            "/stream" => {
                if !self.streams.connect(socket, to, has_keys) {
                    return Err(Refusal::too_many(self.quirks().bare_429).reply());
                }
            }
            "/v2/iex" | "/v2/sip" | "/v2/delayed_sip" | "/v2/test" => {
                self.streams.connect_feed(socket, Feed::new(to, false, has_keys));
            }
            path if path.starts_with("/v1beta3/crypto/") => {
                self.streams.connect_feed(socket, Feed::new(to, true, has_keys));
            }
            _ => return Err(Refusal::not_found("endpoint not found").reply()),
        }
        Ok(())
    }

    fn heard(&mut self, socket: u64, text: &str) {
        self.streams.heard(socket, text);
    }

    fn gone(&mut self, socket: u64) {
        self.streams.gone(socket);
    }

    fn prepare(&mut self, prepared: Prepared) {
        self.prepared = Some(prepared);
    }

    fn refusal(&self, why: Unavailable) -> Reply {
        match why {
            Unavailable::TooMany => {
                let reply = self.limits_of(Refusal::too_many(self.quirks().bare_429).reply(), 0);
                if self.quirks().retry_after { reply.with("retry-after", &1) } else { reply }
            }
            Unavailable::Status(status) => Refusal::server(status).reply(),
        }
    }

    fn rejection(&self, status: u16, code: &ErrorCode, message: &str) -> Reply {
        Reply::json(status, &json!({ "code": code, "message": message }))
    }

    fn script(&mut self, rule: Rule) {
        self.take_script(rule);
    }

    fn clear_script(&mut self) {
        self.streams.clear_script();
        self.at_close.clear();
        self.agenda.retain(|_, due| !matches!(due, super::venue::Due::Act(_)));
    }

    fn quote(&mut self, symbol: &str, bid: Decimal, ask: Decimal) -> Result<(), String> {
        let asset = self.find_asset(symbol).ok_or_else(|| format!("{symbol} is not listed"))?;
        let price = |value: Decimal| Price::new(value).map_err(|why| format!("the price {why}"));
        let (bid, ask) = (price(bid)?, price(ask)?);
        if bid > ask {
            return Err(format!("the bid of {symbol}, {bid}, lies above its ask, {ask}"));
        }
        self.set_prices(asset, bid, ask);
        let now = self.at;
        self.play_to(now);
        Ok(())
    }

    fn set_market(&mut self, market: Market) {
        let was_open = self.hours.is_open(self.at);
        self.hours.market = market;
        self.changed = self.at;
        match (was_open, self.hours.is_open(self.at)) {
            (false, true) => {
                self.finish_waiting_cancels();
                self.release();
            }
            (true, false) => self.close_session(),
            _ => {}
        }
    }

    fn halt(&mut self, symbol: &str, _: bool) -> Result<(), String> {
        Err(format!("halts of {symbol} alone are not simulated here"))
    }

    fn restart(&mut self, memory: bool) {
        self.streams.forget_all();
        if memory {
            return;
        }
        let cash = self.settings.cash;
        let mut settings =
            Settings { seed: self.chance.draw(), clock: self.clock.clone(), cash, ..self.settings.clone() };
        settings.market = self.hours.market;
        for (symbol, price) in &mut settings.prices {
            if let Some(last) =
                self.assets.iter().find(|a| a.symbol() == symbol).and_then(super::assets::Listed::last)
            {
                *price = last;
            }
        }
        // The same settings made an account before.
        if let Ok(new) = Self::new(settings) {
            *self = new;
        }
    }

    fn bust(&mut self, execution: &str) -> Result<(), String> {
        self.take_back(execution)
    }

    fn trade(&mut self, symbol: &str, side: Side, qty: Decimal) -> Result<String, String> {
        self.manual_trade(symbol, side, qty)
    }

    fn liquidate(&mut self, symbol: &str) -> Result<String, String> {
        self.liquidate_position(symbol)
    }

    fn non_trade(&mut self, what: &NonTrade) -> Result<Vec<String>, String> {
        let ids = self.happens(what)?;
        let now = self.at;
        self.play_to(now);
        Ok(ids)
    }

    fn truth(&self, since: Option<Time>) -> Value {
        let figures = self.figures();
        let is_new = |order: &Order| since.is_none_or(|since| order.updated > since);
        let changed: Vec<usize> =
            (0..self.orders.len()).filter(|place| is_new(&self.orders[*place])).collect();
        let of_changed = |execution: &&Execution| is_new(&self.orders[execution.order]);
        let order = |place: usize| {
            let mut order = self.order_json(place, false);
            order["foreign"] = json!(self.orders[place].is_foreign);
            order
        };
        let execution = |execution: &Execution| {
            let order = &self.orders[execution.order];
            json!({
                "execution_id": execution.id, "activity_id": execution.activity, "order_id": order.id,
                "client_order_id": order.client_id, "symbol": self.assets[order.asset].symbol(), "side": execution.side,
                "qty": decimal_text(execution.qty), "price": decimal_text(execution.price), "at": nanos(execution.at),
                "busted": execution.busted, "kept": decimal_text(execution.fee_in_kind.unwrap_or_default()),
                "fee": decimal_text(execution.fee.unwrap_or_default()),
            })
        };
        json!({
            "now": nanos(self.at), "account_id": self.account_id, "account_number": self.account_number,
            "cash": decimal_text(figures.cash), "equity": decimal_text(figures.equity), "requests": self.requests,
            "changed": changed.iter().map(|place| self.orders[*place].updated).max().or(since).map(nanos),
            "orders": changed.into_iter().map(order).collect::<Vec<_>>(),
            "refused": self.refused,
            "executions": self.executions.iter().filter(of_changed).map(execution).collect::<Vec<_>>(),
            "positions": self.positions_json(), "non_trades": self.non_trades_json(),
        })
    }
}
