//! Trades as they are asked for: shown, listed, closed, and named.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::book::Trade;
use super::errors::{Refusal, words};
use super::listing::{before_id, count, wanted_ids};
use super::log::members;
use super::money::{money, text};
use super::order::Closes;
use super::request::{Figure, Given, body};
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::{Request, nanos};

impl Venue {
    /// What a trade would earn if it were closed now, in the account's currency.
    pub(super) fn unrealized(&self, trade: &Trade) -> Decimal {
        let prices = self.pairs[trade.pair].prices;
        let price = prices.map(|prices| if trade.is_long() { prices.bid } else { prices.ask });
        self.quote_factors(trade.pair).of(trade.profit(price.unwrap_or(trade.price)))
    }

    /// A trade as `GET` shows it, or in few words as the account does.
    pub(super) fn trade_json(&self, trade: &Trade, is_summary: bool) -> Value {
        let pair = &self.pairs[trade.pair].pair;
        let mut json = json!({
            "id": trade.id.to_string(), "instrument": pair.name, "price": pair.price_text(trade.price),
            "openTime": nanos(trade.opened), "initialUnits": text(trade.initial),
            "initialMarginRequired": money(trade.margin), "currentUnits": text(trade.current),
            "realizedPL": money(trade.realized), "financing": money(trade.financing),
            "dividendAdjustment": money(trade.dividend), "state": if trade.is_open() { "OPEN" } else { "CLOSED" },
        });
        if trade.is_open() {
            json["unrealizedPL"] = json!(money(self.unrealized(trade)));
            json["marginUsed"] = json!(money(self.margin_of(trade.pair, trade.current)));
        }
        if !trade.closed_units.is_zero() {
            json["averageClosePrice"] = json!(pair.price_text(trade.closed_value / trade.closed_units));
            json["closingTransactionIDs"] = trade.closing.iter().map(|id| json!(id.to_string())).collect();
        }
        if let Some(at) = trade.closed_at {
            json["closeTime"] = json!(nanos(at));
        }
        if let Some(client) = &trade.client {
            json["clientExtensions"] = client.clone();
        }
        self.dependents_json(trade.id, is_summary, &mut json);
        json
    }

    pub(super) fn list_trades(&self, request: &Request) -> Answer {
        let book = self.view();
        let state = request.query("state").unwrap_or("OPEN");
        if !["OPEN", "CLOSED", "CLOSE_WHEN_TRADEABLE", "ALL"].contains(&state) {
            return Err(Refusal::no_value("state"));
        }
        let pair = request.query("instrument");
        if pair.is_some_and(|name| self.find_pair(name).is_none()) {
            return Err(Refusal::no_value("instrument"));
        }
        let (count, ids, before) = (count(request)?, wanted_ids(request)?, before_id(request)?);
        let is_asked = |trade: &&Trade| {
            let is_state = match state {
                "OPEN" => trade.is_open(),
                "CLOSED" => !trade.is_open(),
                state => state == "ALL",
            };
            is_state
                && pair.is_none_or(|name| self.pairs[trade.pair].name() == name)
                && ids.as_ref().is_none_or(|ids| ids.contains(&trade.id))
                && trade.id < before
        };
        let trades: Vec<Value> = book
            .trades
            .iter()
            .rev()
            .filter(is_asked)
            .take(count)
            .map(|t| self.trade_json(t, false))
            .collect();
        ok(&json!({ "trades": trades, "lastTransactionID": book.last.to_string() }))
    }

    pub(super) fn open_trades(&self) -> Value {
        let book = self.view();
        let mut trades: Vec<Value> =
            book.open_trades().map(|(_, trade)| self.trade_json(trade, false)).collect();
        trades.reverse();
        json!({ "trades": trades, "lastTransactionID": book.last.to_string() })
    }

    pub(super) fn get_trade(&self, named: &str) -> Answer {
        let book = self.view();
        let Some(place) = book.find_trade(named) else {
            return Err(Refusal::coded(404, "NO_SUCH_TRADE", "The trade ID specified does not exist")
                .with("lastTransactionID", json!(book.last.to_string())));
        };
        ok(&json!({
            "trade": self.trade_json(&book.trades[place], false), "lastTransactionID": book.last.to_string(),
        }))
    }

    /// The refusal of what would change a trade that is not open.
    pub(super) fn no_trade_to_change(&self, _: &str) -> Refusal {
        Refusal::coded(404, "NO_SUCH_TRADE", "The trade ID specified does not exist")
            .with("lastTransactionID", json!(self.book.last.to_string()))
    }

    pub(super) fn extend_trade(&mut self, named: &str, request: &Request) -> Answer {
        let asked = body(&request.body)?;
        let client = Given { members: &asked, at: "trade" }.extensions("clientExtensions")?;
        let before = self.book.last;
        let place = self.book.find_trade(named).filter(|place| self.book.trades[*place].is_open());
        let (Some(place), Some(client)) = (place, client.clone()) else {
            let reason =
                if client.is_some() { "TRADE_DOESNT_EXIST" } else { "CLIENT_EXTENSIONS_DATA_MISSING" };
            let mut told = json!({ "rejectReason": reason });
            match named.strip_prefix('@') {
                Some(client) => told["clientTradeID"] = json!(client),
                None => told["tradeID"] = json!(named),
            }
            let id = self.write("TRADE_CLIENT_EXTENSIONS_MODIFY_REJECT", members(told));
            let status = if client.is_some() { 404 } else { 400 };
            return Err(Refusal::coded(status, reason, words(reason))
                .with("tradeClientExtensionsModifyRejectTransaction", self.told(id))
                .with("relatedTransactionIDs", self.related(before))
                .with("lastTransactionID", json!(self.book.last.to_string())));
        };
        let trade = &mut self.book.trades[place];
        let mut told = json!({ "tradeID": trade.id.to_string(), "tradeClientExtensionsModify": client });
        if let Some(client) = trade.client_id() {
            told["clientTradeID"] = json!(client);
        }
        trade.client = Some(client);
        let id = self.write("TRADE_CLIENT_EXTENSIONS_MODIFY", members(told));
        ok(&json!({
            "tradeClientExtensionsModifyTransaction": self.told(id), "relatedTransactionIDs": self.related(before),
            "lastTransactionID": self.book.last.to_string(),
        }))
    }

    pub(super) fn close_trade(&mut self, named: &str, request: &Request) -> Answer {
        let asked = body(&request.body)?;
        let units = Given { members: &asked, at: "close" }.text("units")?.unwrap_or_else(|| "ALL".to_owned());
        let before = self.book.last;
        let open = self.book.find_trade(named).filter(|place| self.book.trades[*place].is_open());
        let Some(place) = open else {
            return Err(self.close_rejected(named, &units, "TRADE_DOESNT_EXIST", 404, Map::new()));
        };
        let trade = &self.book.trades[place];
        let (id, pair, held) = (trade.id, trade.pair, trade.current);
        let echo = members(json!({ "instrument": self.pairs[pair].name() }));
        let size = if units == "ALL" {
            held.abs()
        } else {
            let figure = Figure::read(&units);
            let wrong = match figure.value.filter(|value| *value > Decimal::ZERO) {
                None => Some("UNITS_INVALID"),
                Some(_) if figure.is_finer_than(self.pairs[pair].pair.units_precision) => {
                    Some("UNITS_PRECISION_EXCEEDED")
                }
                Some(value) if value > held.abs() => Some("CLOSE_TRADE_UNITS_EXCEED_TRADE_SIZE"),
                Some(_) => None,
            };
            if let Some(reason) = wrong {
                return Err(self.close_rejected(named, &units, reason, 400, echo));
            }
            figure.value.unwrap_or_default()
        };
        let signed = if held.is_sign_negative() { size } else { -size };
        let mut order = self.market_order(pair, signed, Some(Closes::Trade(id)));
        let mut close = json!({ "tradeID": id.to_string(), "units": units });
        if let Some(client) = self.book.trades[place].client_id() {
            close["clientTradeID"] = json!(client);
        }
        order.echo.insert("tradeClose".to_owned(), close);
        let order = self.take(order, "TRADE_CLOSE", Map::new());
        self.begin(order);
        let mut told = Map::new();
        self.tell_closing(order, "", &mut told);
        told.insert("relatedTransactionIDs".to_owned(), self.related(before));
        told.insert("lastTransactionID".to_owned(), json!(self.book.last.to_string()));
        ok(&told.into())
    }

    /// What became of an order that closes something, by the beginning of its members.
    pub(super) fn tell_closing(&self, place: usize, side: &str, told: &mut Map<String, Value>) {
        let order = &self.book.orders[place];
        let name = |what: &str| {
            if side.is_empty() {
                format!("order{what}Transaction")
            } else {
                format!("{side}Order{what}Transaction")
            }
        };
        told.insert(name("Create"), self.told(order.id));
        for (what, id) in [("Fill", order.filling), ("Cancel", order.cancelling)] {
            if let Some(id) = id {
                told.insert(name(what), self.told(id));
            }
        }
    }

    fn close_rejected(
        &mut self,
        named: &str,
        units: &str,
        reason: &str,
        status: u16,
        mut told: Map<String, Value>,
    ) -> Refusal {
        let before = self.book.last;
        let mut close = json!({ "units": units });
        match named.strip_prefix('@') {
            Some(client) => close["clientTradeID"] = json!(client),
            None => close["tradeID"] = json!(named),
        }
        told.extend(members(json!({
            "timeInForce": "FOK", "positionFill": "REDUCE_ONLY", "reason": "TRADE_CLOSE", "tradeClose": close,
            "rejectReason": reason,
        })));
        let id = self.write("MARKET_ORDER_REJECT", told);
        let refusal =
            Refusal::coded(status, reason, words(reason)).with("orderRejectTransaction", self.told(id));
        // The 400 of a close has no ids.
        if status == 400 {
            return refusal;
        }
        refusal
            .with("relatedTransactionIDs", self.related(before))
            .with("lastTransactionID", json!(self.book.last.to_string()))
    }
}
