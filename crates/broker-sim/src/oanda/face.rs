//! The simulated account as a [`Face`]: what the server, the control and the faults ask of it.

use broker_api::{Price, Side, Time};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::book::Trade;
use super::errors::Refusal;
use super::log::Entry;
use super::order::Order;
use super::settings::Settings;
use super::stream::is_stream;
use super::venue::{Due, Venue};
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
        self.batch();
        self.settle();
        reply
    }

    fn is_stream(&self, request: &Request) -> bool {
        request.method == "GET" && is_stream(&request.path)
    }

    fn connect(&mut self, socket: u64, request: &Request, to: Outgoing) -> Result<(), Reply> {
        if !self.is_stream(request) {
            return Err(Refusal::plain(400, "There are no WebSockets here.").reply());
        }
        self.requests += 1;
        let number = self.request_number();
        self.count_request()
            .and_then(|()| self.listen(socket, request, to))
            .map_err(|refusal| refusal.reply().with("requestid", &number))
    }

    fn heard(&mut self, _: u64, _: &str) {}

    fn gone(&mut self, socket: u64) {
        self.streams.gone(socket);
    }

    fn prepare(&mut self, prepared: Prepared) {
        self.prepared = Some(prepared);
    }

    fn refusal(&self, why: Unavailable) -> Reply {
        let reply = match why {
            Unavailable::TooMany if self.quirks().retry_after => {
                self.too_many().reply().with("retry-after", &1)
            }
            Unavailable::TooMany => self.too_many().reply(),
            Unavailable::Status(status) => Refusal::server(status).reply(),
        };
        reply.with("requestid", &self.request_number())
    }

    fn rejection(&self, status: u16, code: &ErrorCode, message: &str) -> Reply {
        Refusal::rejection(status, code, message).reply().with("requestid", &self.request_number())
    }

    fn script(&mut self, rule: Rule) {
        self.take_script(rule);
    }

    fn clear_script(&mut self) {
        self.streams.clear_script();
        self.at_close.clear();
        self.agenda.retain(|_, due| !matches!(due, Due::Act(_)));
    }

    fn quote(&mut self, symbol: &str, bid: Decimal, ask: Decimal) -> Result<(), String> {
        let pair = self.find_pair(symbol).ok_or_else(|| format!("{symbol} is not listed"))?;
        for price in [bid, ask] {
            Price::new(price).map_err(|why| format!("the price {why}"))?;
        }
        if bid > ask {
            return Err(format!("the bid of {symbol}, {bid}, lies above its ask, {ask}"));
        }
        self.set_prices(pair, bid, ask);
        Ok(())
    }

    fn set_market(&mut self, market: Market) {
        let was_open = self.hours.is_open(self.at);
        self.hours.market = market;
        match (was_open, self.hours.is_open(self.at)) {
            (false, true) => self.opens_market(),
            (true, false) => self.closes_market(),
            _ => {}
        }
        self.settle();
    }

    fn halt(&mut self, symbol: &str, is_halted: bool) -> Result<(), String> {
        let pair = self.find_pair(symbol).ok_or_else(|| format!("{symbol} is not listed"))?;
        self.pairs[pair].is_halted = is_halted;
        if is_halted {
            self.withdraw(pair);
        } else {
            self.release(pair);
        }
        self.tell_price(pair);
        self.settle();
        Ok(())
    }

    fn restart(&mut self, memory: bool) {
        self.streams.forget_all();
        if memory {
            return;
        }
        let mut settings =
            Settings { seed: self.chance.draw(), clock: self.clock.clone(), ..self.settings.clone() };
        settings.market = self.hours.market;
        for (name, price) in &mut settings.prices {
            if let Some(prices) = self.find_pair(name).and_then(|pair| self.pairs[pair].prices) {
                *price = prices.mid();
            }
        }
        // The same settings made an account before.
        if let Ok(new) = Self::new(settings) {
            *self = new;
        }
    }

    fn bust(&mut self, execution: &str) -> Result<(), String> {
        Err(format!(
            "OANDA has no way of its own to take {execution} back; a dividend adjustment or a transfer corrects it"
        ))
    }

    fn trade(&mut self, symbol: &str, side: Side, qty: Decimal) -> Result<String, String> {
        self.trades_by_hand(symbol, side, qty)
    }

    fn liquidate(&mut self, symbol: &str) -> Result<String, String> {
        self.liquidates(symbol)
    }

    fn non_trade(&mut self, what: &NonTrade) -> Result<Vec<String>, String> {
        self.happens(what)
    }

    fn truth(&self, since: Option<Time>) -> Value {
        let figures = self.figures();
        let updated = |order: &Order| order.cancelled_at.or(order.filled_at).unwrap_or(order.created);
        let is_new = |order: &&Order| since.is_none_or(|since| updated(order) > since);
        let changed: Vec<&Order> = self.book.orders.iter().filter(is_new).collect();
        let is_fill =
            |entry: &&Entry| entry.kind() == "ORDER_FILL" && since.is_none_or(|since| entry.at > since);
        let order = |order: &&Order| {
            let mut json = self.order_json(order);
            json["foreign"] = json!(order.is_foreign);
            json["filled"] = json!(decimal_text(order.filled));
            let cancel = order.cancelling.and_then(|id| self.entry(id));
            let is_of_it = |cancel: &Entry| cancel.json["batchID"] == json!(order.id.to_string());
            json["killed"] = json!(order.filled.is_zero() && cancel.is_some_and(is_of_it));
            json
        };
        let execution = |entry: &Entry| {
            let told = &entry.json;
            let units = told["units"].as_str().unwrap_or_default();
            json!({
                "execution_id": told["id"], "order_id": told["orderID"], "client_order_id": told["clientOrderID"],
                "symbol": told["instrument"], "side": if units.starts_with('-') { "sell" } else { "buy" },
                "qty": units.trim_start_matches('-'), "price": told["price"], "at": told["time"], "busted": false,
                "pl": told["pl"], "quote_pl": told["quotePL"], "fee": told["commission"],
            })
        };
        let is_new_trade =
            |trade: &&Trade| since.is_none_or(|since| trade.closed_at.is_none_or(|at| at > since));
        let trades = self.book.trades.iter().filter(is_new_trade).map(|trade| self.trade_json(trade, true));
        let is_other = |entry: &&Entry| {
            let kind = entry.kind();
            !kind.contains("ORDER") && since.is_none_or(|since| entry.at > since)
        };
        json!({
            "now": nanos(self.at), "account_id": self.settings.account, "account_number": self.settings.account,
            "currency": self.settings.currency, "cash": decimal_text(self.book.balance),
            "equity": decimal_text(figures.nav), "requests": self.requests,
            "changed": changed.iter().map(|order| updated(order)).max().or(since).map(nanos),
            "orders": changed.iter().map(order).collect::<Vec<_>>(), "refused": self.refused,
            "executions": self.log.iter().filter(is_fill).map(execution).collect::<Vec<_>>(),
            "trades": trades.collect::<Vec<_>>(),
            "positions": self.book.positions.keys().map(|pair| self.position_json(&self.book, *pair)).collect::<Vec<_>>(),
            "non_trades": self.log.iter().filter(is_other).map(|entry| entry.json.clone()).collect::<Vec<_>>(),
            "last_transaction": self.book.last.to_string(),
        })
    }
}
