//! Orders that close one trade: made by a fill, or asked for on a trade that is open.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::errors::{Refusal, words};
use super::log::members;
use super::order::{DEPENDENTS, Kind, OnFill, Order};
use super::request::{Given, body};
use super::routes::{Answer, ok};
use super::rules::{Wrong, echo};
use super::venue::Venue;
use crate::core::Request;

impl Venue {
    /// The order that another makes on the trade it opened.
    pub(super) fn dependent_of(
        &self,
        trade: u64,
        pair: usize,
        made: &OnFill,
        price: Decimal,
        is_long: bool,
    ) -> Order {
        let mut order = Order::new(made.kind, pair, Decimal::ZERO, made.tif);
        let mut echo = made.echo.clone();
        echo.insert("tradeID".to_owned(), json!(trade.to_string()));
        order.trade = Some(trade);
        (order.price, order.distance, order.gtd) = (made.price, made.distance, made.gtd);
        (order.trigger, order.client) = (made.trigger, made.client.clone());
        if let (Kind::StopLoss, Some(distance)) = (made.kind, made.distance) {
            let stop = if is_long { price - distance } else { price + distance };
            order.price = Some(stop);
            echo.insert("price".to_owned(), json!(self.pairs[pair].pair.price_text(stop)));
        }
        if made.kind == Kind::TrailingStopLoss {
            let prices = self.pairs[pair].prices;
            order.best = prices.map(|prices| if is_long { prices.bid } else { prices.ask });
        }
        order.echo = echo;
        order
    }

    /// Makes, replaces or cancels the orders of a trade.
    pub(super) fn set_dependents(&mut self, named: &str, request: &Request) -> Answer {
        let asked = body(&request.body)?;
        let before = self.book.last;
        let Some(place) = self.book.find_trade(named).filter(|place| self.book.trades[*place].is_open())
        else {
            return Err(self.no_trade_to_change(named));
        };
        let trade = self.book.trades[place].id;
        let fields = [
            ("takeProfit", Kind::TakeProfit),
            ("stopLoss", Kind::StopLoss),
            ("trailingStopLoss", Kind::TrailingStopLoss),
        ];
        // Nothing is done when one of them is refused.
        let mut wanted = Vec::new();
        for (field, kind) in fields {
            match asked.get(field) {
                None => {}
                Some(Value::Null) => wanted.push((field, kind, None)),
                Some(Value::Object(given)) => {
                    let mut given = given.clone();
                    given.insert("tradeID".to_owned(), json!(trade.to_string()));
                    let given = Given { members: &given, at: field };
                    match self.examine(kind, given) {
                        Ok(_) if self.breaks_safeguard(place) => {
                            let reason =
                                format!("{}_ORDER_WOULD_VIOLATE_FIFO_VIOLATION_SAFEGUARD", kind.as_str());
                            return Err(self.reject_dependent(field, kind, given, &reason));
                        }
                        Ok(order) => wanted.push((field, kind, Some(order))),
                        Err(Wrong::Unread(refusal)) => return Err(refusal),
                        Err(Wrong::Because(reason)) => {
                            return Err(self.reject_dependent(field, kind, given, &reason));
                        }
                    }
                }
                Some(_) => return Err(Refusal::no_value(field)),
            }
        }
        let mut told = Map::new();
        for (field, kind, order) in wanted {
            let old = self.book.dependent(trade, kind);
            let reason = if order.is_some() { "CLIENT_REQUEST_REPLACED" } else { "CLIENT_REQUEST" };
            let old_id = old.map(|old| self.book.orders[old].id);
            if let Some(old) = old {
                let next = self.next_id() + 1;
                let more = if order.is_some() {
                    json!({ "replacedByOrderID": next.to_string() })
                } else {
                    json!({})
                };
                if let Some(id) = self.end_with(old, reason, members(more)) {
                    told.insert(format!("{field}OrderCancelTransaction"), self.told(id));
                }
            }
            let Some(mut order) = order else { continue };
            order.replaces = old_id;
            if order.client.is_none() {
                order.client = old.and_then(|old| self.book.orders[old].client.clone());
            }
            let reason = if old_id.is_some() { "REPLACEMENT" } else { "CLIENT_ORDER" };
            let new = self.take(order, reason, Map::new());
            let id = self.book.orders[new].id;
            if let Some(old) = old {
                self.book.orders[old].replaced_by = Some(id);
            }
            told.insert(format!("{field}OrderTransaction"), self.told(id));
            self.begin(new);
            let order = &self.book.orders[new];
            if let Some(fill) = order.filling {
                told.insert(format!("{field}OrderFillTransaction"), self.told(fill));
            }
            if let Some(cancel) = order.cancelling {
                told.insert(format!("{field}OrderCreatedCancelTransaction"), self.told(cancel));
            }
        }
        told.insert("relatedTransactionIDs".to_owned(), self.related(before));
        told.insert("lastTransactionID".to_owned(), json!(self.book.last.to_string()));
        ok(&told.into())
    }

    fn reject_dependent(&mut self, field: &str, kind: Kind, given: Given<'_>, reason: &str) -> Refusal {
        let before = self.book.last;
        let mut told = echo(kind, given).unwrap_or_default();
        told.insert("reason".to_owned(), json!("CLIENT_ORDER"));
        told.insert("rejectReason".to_owned(), json!(reason));
        let id = self.write(&format!("{}_ORDER_REJECT", kind.as_str()), told);
        Refusal::coded(400, reason, words(reason))
            .with(&format!("{field}OrderRejectTransaction"), self.told(id))
            .with("relatedTransactionIDs", self.related(before))
            .with("lastTransactionID", json!(self.book.last.to_string()))
    }

    /// The orders of a trade, as it tells them.
    pub(super) fn dependents_json(&self, trade: u64, is_summary: bool, told: &mut Value) {
        for kind in DEPENDENTS {
            let Some(place) = self.view().dependent(trade, kind) else { continue };
            let order = &self.view().orders[place];
            if is_summary {
                told[format!("{}ID", kind.member())] = json!(order.id.to_string());
            } else {
                told[kind.member()] = self.order_json(order);
            }
        }
    }

    /// Lets trailing stops follow the last prices of a pair.
    pub(super) fn ratchet(&mut self, pair: usize, low: Decimal, high: Decimal) {
        let follows =
            |order: &Order| order.pair == pair && order.kind == Kind::TrailingStopLoss && order.is_pending();
        let places = self.pairs[pair].pair.display_precision;
        let all: Vec<usize> =
            (0..self.book.orders.len()).filter(|place| follows(&self.book.orders[*place])).collect();
        for place in all {
            let is_sale = self.side_of(&self.book.orders[place]) == broker_api::Side::Sell;
            let order = &mut self.book.orders[place];
            let seen = if is_sale { high } else { low }.round_dp(places);
            let is_better = order.best.is_none_or(|best| if is_sale { seen > best } else { seen < best });
            if !is_better {
                continue;
            }
            order.best = Some(seen);
            if order.engine.is_some() {
                self.leave(place);
                self.batch();
                self.enter(place);
            }
        }
    }
}
