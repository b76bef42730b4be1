//! Orders as they are asked for: made, replaced, cancelled, shown and listed.

use broker_api::Side;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::errors::{Refusal, words};
use super::log::members;
use super::order::{Kind, Order};
use super::request::{Given, body, invalid};
use super::routes::{Answer, ok};
use super::rules::{Wrong, echo};
use super::venue::{Due, Venue};
use crate::core::{Prepared, Reply, Request};

/// Orders and trades of a list when nothing is said, and at most.
pub(super) const USUAL_COUNT: usize = 50;
pub(super) const MOST_COUNT: usize = 500;

/// How many are asked for.
pub(super) fn count(request: &Request) -> Result<usize, Refusal> {
    let Some(text) = request.query("count") else { return Ok(USUAL_COUNT) };
    let count: usize = text.parse().map_err(|_| Refusal::no_value("count"))?;
    if count == 0 {
        return Err(Refusal::no_value("count"));
    }
    if count > MOST_COUNT {
        return Err(Refusal::plain(400, "Maximum value for 'count' exceeded"));
    }
    Ok(count)
}

/// The ids that are asked for; all when none is.
pub(super) fn wanted_ids(request: &Request) -> Result<Option<Vec<u64>>, Refusal> {
    let Some(text) = request.query("ids") else { return Ok(None) };
    let ids: Result<Vec<u64>, _> = text.split(',').map(str::parse).collect();
    ids.map(Some).map_err(|_| Refusal::no_value("ids"))
}

/// Only what is before an id.
pub(super) fn before_id(request: &Request) -> Result<u64, Refusal> {
    request
        .query("beforeID")
        .map_or(Ok(u64::MAX), |text| text.parse().map_err(|_| Refusal::no_value("beforeID")))
}

fn order_of(request: &Request) -> Result<(Kind, Map<String, Value>), Refusal> {
    let asked = body(&request.body)?;
    let Some(Value::Object(given)) = asked.get("order") else {
        return Err(Refusal::plain(400, "The request was missing required data"));
    };
    let kind = Given { members: given, at: "order" }.word("type", Kind::named)?;
    Ok((kind.ok_or_else(|| invalid("order.type"))?, given.clone()))
}

impl Venue {
    pub(super) fn create_order(&mut self, request: &Request) -> Answer {
        let (kind, given) = order_of(request)?;
        let given = Given { members: &given, at: "order" };
        let before = self.book.last;
        let examined = self.examine(kind, given).and_then(|order| self.room_on_trade(&order).map(|()| order));
        match examined {
            Ok(mut order) => {
                match self.prepared.take() {
                    Some(Prepared::PartialFill(qty)) => order.first_fill = Some(qty.get()),
                    Some(Prepared::RejectedLater) => order.killed = true,
                    other => self.prepared = other,
                }
                let place = self.take(order, "CLIENT_ORDER", Map::new());
                self.begin(place);
                Ok(self.made(place, before, Map::new()))
            }
            Err(Wrong::Unread(refusal)) => Err(refusal),
            Err(Wrong::Because(reason)) => Err(self.reject(kind, given, &reason, Map::new())),
        }
    }

    /// What is said of an order that was just made.
    fn made(&self, place: usize, before: u64, mut told: Map<String, Value>) -> Reply {
        let order = &self.book.orders[place];
        told.insert("orderCreateTransaction".to_owned(), self.told(order.id));
        let is_replacement = told.contains_key("orderCancelTransaction");
        let cancel =
            if is_replacement { "replacingOrderCancelTransaction" } else { "orderCancelTransaction" };
        let events = [
            ("orderFillTransaction", order.filling),
            (cancel, order.cancelling),
            ("orderReissueTransaction", order.replaced_by),
        ];
        for (name, id) in events {
            if let Some(id) = id {
                told.insert(name.to_owned(), self.told(id));
            }
        }
        told.insert("relatedTransactionIDs".to_owned(), self.related(before));
        told.insert("lastTransactionID".to_owned(), json!(self.book.last.to_string()));
        let path = format!("/v3/accounts/{}/orders/{}", self.settings.account, order.id);
        Reply::json(201, &told.into()).with("location", &path)
    }

    /// Writes why an order is not taken.
    fn reject(&mut self, kind: Kind, given: Given<'_>, reason: &str, more: Map<String, Value>) -> Refusal {
        let before = self.book.last;
        let mut told = echo(kind, given).unwrap_or_default();
        for name in ["clientExtensions", "tradeClientExtensions"] {
            if let Ok(Some(client)) = given.extensions(name) {
                told.insert(name.to_owned(), client);
            }
        }
        told.insert("reason".to_owned(), json!("CLIENT_ORDER"));
        told.extend(more);
        told.insert("rejectReason".to_owned(), json!(reason));
        let id = self.write(&format!("{}_ORDER_REJECT", kind.as_str()), told);
        let status = if reason == "TRADE_DOESNT_EXIST" { 404 } else { 400 };
        Refusal::coded(status, reason, words(reason))
            .with("orderRejectTransaction", self.told(id))
            .with("relatedTransactionIDs", self.related(before))
            .with("lastTransactionID", json!(self.book.last.to_string()))
    }

    /// The pending order that a path names; a number must be one, or its own client's name.
    fn pending_order(&self, named: &str) -> Option<usize> {
        self.book.find_order(named).filter(|place| self.book.orders[*place].is_pending())
    }

    /// Writes that an order to cancel, replace or extend is not there.
    fn no_order(&mut self, named: &str, kind: &str, member: &str) -> Refusal {
        let before = self.book.last;
        let reason = "ORDER_DOESNT_EXIST";
        let mut told = json!({ "rejectReason": reason });
        match named.strip_prefix('@') {
            Some(client) => told["clientOrderID"] = json!(client),
            None => told["orderID"] = json!(named),
        }
        let id = self.write(kind, members(told));
        Refusal::coded(404, reason, "order not found")
            .with(member, self.told(id))
            .with("relatedTransactionIDs", self.related(before))
            .with("lastTransactionID", json!(self.book.last.to_string()))
    }

    pub(super) fn cancel_order(&mut self, named: &str) -> Answer {
        let Some(place) = self.pending_order(named) else {
            return Err(self.no_order(named, "ORDER_CANCEL_REJECT", "orderCancelRejectTransaction"));
        };
        if let Some(Prepared::LateCancel(by)) = self.prepared.take() {
            let id = self.book.orders[place].id;
            self.schedule(self.at + by, Due::Cancel(id));
            return Err(Refusal::server(504));
        }
        let before = self.book.last;
        let id = self.end(place, "CLIENT_REQUEST").unwrap_or_default();
        ok(&json!({
            "orderCancelTransaction": self.told(id), "relatedTransactionIDs": self.related(before),
            "lastTransactionID": self.book.last.to_string(),
        }))
    }

    pub(super) fn replace_order(&mut self, named: &str, request: &Request) -> Answer {
        let (kind, given) = order_of(request)?;
        let given = Given { members: &given, at: "order" };
        let Some(old) = self.pending_order(named) else {
            return Err(self.no_order(named, "ORDER_CANCEL_REJECT", "orderCancelRejectTransaction"));
        };
        let before = self.book.last;
        let (id, client) = (self.book.orders[old].id, self.book.orders[old].client.clone());
        let more = || members(json!({ "intendedReplacesOrderID": id.to_string() }));
        if self.book.orders[old].kind != kind || kind == Kind::Market {
            return Err(self.reject(kind, given, "REPLACING_ORDER_INVALID", more()));
        }
        // The name of the order that goes is free for the one that comes.
        let named = self.book.orders[old].client.take();
        let examined = self.examine(kind, given);
        self.book.orders[old].client = named;
        let mut order = match examined {
            Ok(order) => order,
            Err(Wrong::Unread(refusal)) => return Err(refusal),
            Err(Wrong::Because(reason)) => return Err(self.reject(kind, given, &reason, more())),
        };
        if order.trade != self.book.orders[old].trade {
            return Err(self.reject(kind, given, "REPLACING_TRADE_ID_INVALID", more()));
        }
        order.client = order.client.or(client);
        order.replaces = Some(id);
        let next = self.next_id() + 1;
        let cancel = self.end_with(
            old,
            "CLIENT_REQUEST_REPLACED",
            members(json!({ "replacedByOrderID": next.to_string() })),
        );
        let mut told = Map::new();
        told.insert("orderCancelTransaction".to_owned(), self.told(cancel.unwrap_or_default()));
        let place = self.take(order, "REPLACEMENT", Map::new());
        self.book.orders[old].replaced_by = Some(self.book.orders[place].id);
        self.begin(place);
        Ok(self.made(place, before, told))
    }

    pub(super) fn extend_order(&mut self, named: &str, request: &Request) -> Answer {
        let asked = body(&request.body)?;
        let given = Given { members: &asked, at: "order" };
        let client = given.extensions("clientExtensions")?;
        let trade_client = given.extensions("tradeClientExtensions")?;
        let Some(place) = self.pending_order(named) else {
            let kind = "ORDER_CLIENT_EXTENSIONS_MODIFY_REJECT";
            return Err(self.no_order(named, kind, "orderClientExtensionsModifyRejectTransaction"));
        };
        let before = self.book.last;
        let order = &mut self.book.orders[place];
        let mut told = json!({ "orderID": order.id.to_string() });
        if let Some(client) = order.client_id() {
            told["clientOrderID"] = json!(client);
        }
        if let Some(client) = client {
            told["clientExtensionsModify"] = client.clone();
            order.client = Some(client);
        }
        if let Some(client) = trade_client {
            told["tradeClientExtensionsModify"] = client.clone();
            order.trade_client = Some(client);
        }
        let id = self.write("ORDER_CLIENT_EXTENSIONS_MODIFY", members(told));
        ok(&json!({
            "orderClientExtensionsModifyTransaction": self.told(id), "relatedTransactionIDs": self.related(before),
            "lastTransactionID": self.book.last.to_string(),
        }))
    }

    /// An order as `GET` shows it.
    pub(super) fn order_json(&self, order: &Order) -> Value {
        let pair = &self.pairs[order.pair].pair;
        order.json(self.side_of(order) == Side::Sell, |price: Decimal| pair.price_text(price))
    }

    pub(super) fn get_order(&self, named: &str) -> Answer {
        let book = self.view();
        let is_served = |place: &usize| {
            let order = &book.orders[*place];
            order.is_pending() || self.quirks().finished_orders_served
        };
        let Some(place) = book.find_order(named).filter(is_served) else {
            return Err(Refusal::coded(404, "NO_SUCH_ORDER", "The order ID specified does not exist")
                .with("lastTransactionID", json!(book.last.to_string())));
        };
        ok(
            &json!({ "order": self.order_json(&book.orders[place]), "lastTransactionID": book.last.to_string() }),
        )
    }

    pub(super) fn pending_orders(&self) -> Value {
        let book = self.view();
        let mut orders: Vec<Value> = book.pending().map(|(_, order)| self.order_json(order)).collect();
        orders.reverse();
        json!({ "orders": orders, "lastTransactionID": book.last.to_string() })
    }

    pub(super) fn list_orders(&self, request: &Request) -> Answer {
        let book = self.view();
        let state = request.query("state").unwrap_or("PENDING");
        if !["PENDING", "FILLED", "TRIGGERED", "CANCELLED", "ALL"].contains(&state) {
            return Err(Refusal::no_value("state"));
        }
        let pair = request.query("instrument");
        if pair.is_some_and(|name| self.find_pair(name).is_none()) {
            return Err(Refusal::no_value("instrument"));
        }
        let (count, ids, before) = (count(request)?, wanted_ids(request)?, before_id(request)?);
        let is_asked = |order: &&Order| {
            (state == "ALL" || order.state.as_str() == state)
                && (order.is_pending() || self.quirks().finished_orders_served)
                && pair.is_none_or(|name| self.pairs[order.pair].name() == name)
                && ids.as_ref().is_none_or(|ids| ids.contains(&order.id))
                && order.id < before
        };
        let orders: Vec<Value> = book
            .orders
            .iter()
            .rev()
            .filter(is_asked)
            .take(count)
            .map(|order| self.order_json(order))
            .collect();
        ok(&json!({ "orders": orders, "lastTransactionID": book.last.to_string() }))
    }
}
