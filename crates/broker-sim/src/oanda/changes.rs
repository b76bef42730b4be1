//! The changes since a transaction, and how everything that follows prices stands.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::book::Book;
use super::errors::Refusal;
use super::money::{money, text};
use super::order::Kind;
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::Request;

/// What happened to orders and trades, by their ids.
#[derive(Default)]
struct Changed {
    created: BTreeSet<u64>,
    cancelled: BTreeSet<u64>,
    filled: BTreeSet<u64>,
    opened: BTreeSet<u64>,
    reduced: BTreeSet<u64>,
    closed: BTreeSet<u64>,
    pairs: BTreeSet<usize>,
}

fn id(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

impl Venue {
    pub(super) fn changes(&self, request: &Request) -> Answer {
        let since =
            request.query("sinceTransactionID").ok_or_else(|| Refusal::no_value("sinceTransactionID"))?;
        let since: u64 = since.parse().map_err(|_| Refusal::no_value("sinceTransactionID"))?;
        let book = self.view();
        if since > book.last {
            return Err(self.beyond_last());
        }
        let mut changed = Changed::default();
        let mut transactions = Vec::new();
        for entry in self.log.iter().filter(|entry| entry.id > since && entry.id <= book.last) {
            self.notes(entry.kind(), &entry.json, entry.id, &mut changed);
            transactions.push(entry.json.clone());
        }
        let orders = |ids: &BTreeSet<u64>| -> Value {
            ids.iter()
                .filter_map(|id| book.order(*id))
                .map(|place| self.order_json(&book.orders[place]))
                .collect()
        };
        let trades = |ids: &BTreeSet<u64>| -> Value {
            ids.iter()
                .filter_map(|id| book.trade(*id))
                .map(|place| self.trade_json(&book.trades[place], true))
                .collect()
        };
        let positions: Value = changed.pairs.iter().map(|pair| self.position_json(book, *pair)).collect();
        ok(&json!({
            "changes": {
                "ordersCreated": orders(&changed.created), "ordersCancelled": orders(&changed.cancelled),
                "ordersFilled": orders(&changed.filled), "ordersTriggered": [],
                "tradesOpened": trades(&changed.opened), "tradesReduced": trades(&changed.reduced),
                "tradesClosed": trades(&changed.closed), "positions": positions, "transactions": transactions,
            },
            "state": self.state_json(book), "lastTransactionID": book.last.to_string(),
        }))
    }

    fn notes(&self, kind: &str, told: &Value, at: u64, changed: &mut Changed) {
        match kind {
            "ORDER_CANCEL" => changed.cancelled.extend(id(&told["orderID"])),
            "ORDER_FILL" => {
                changed.filled.extend(id(&told["orderID"]));
                changed.opened.extend(id(&told["tradeOpened"]["tradeID"]));
                changed.reduced.extend(id(&told["tradeReduced"]["tradeID"]));
                let closed = told["tradesClosed"].as_array().into_iter().flatten();
                changed.closed.extend(closed.filter_map(|closed| id(&closed["tradeID"])));
                changed.pairs.extend(told["instrument"].as_str().and_then(|name| self.find_pair(name)));
            }
            kind if kind.ends_with("_ORDER") => drop(changed.created.insert(at)),
            _ => {}
        }
    }

    /// How everything that follows prices stands.
    fn state_json(&self, book: &Book) -> Value {
        let mut state = Value::Object(self.figures_json(&self.figures()));
        if self.quirks().state_tells_balance {
            for (name, amount) in [
                ("balance", book.balance),
                ("pl", book.pl),
                ("resettablePL", book.pl),
                ("financing", book.financing),
            ] {
                state[name] = json!(money(amount));
            }
        }
        let trailing = book.pending().filter(|(_, order)| order.kind == Kind::TrailingStopLoss);
        state["orders"] = trailing
            .map(|(_, order)| {
                let is_sale = self.side_of(order) == broker_api::Side::Sell;
                let pair = &self.pairs[order.pair].pair;
                let value = order.trailing(is_sale).unwrap_or_default();
                let now = self.pairs[order.pair].prices.map(|p| if is_sale { p.bid } else { p.ask });
                json!({
                    "id": order.id.to_string(), "trailingStopValue": pair.price_text(value),
                    "triggerDistance": text((now.unwrap_or(value) - value).abs()), "isTriggerDistanceExact": true,
                })
            })
            .collect();
        state["trades"] = book
            .open_trades()
            .map(|(_, trade)| {
                json!({
                    "id": trade.id.to_string(), "unrealizedPL": money(self.unrealized(trade)),
                    "marginUsed": money(self.margin_of(trade.pair, trade.current)),
                })
            })
            .collect();
        let pairs: BTreeSet<usize> = book.open_trades().map(|(_, trade)| trade.pair).collect();
        state["positions"] = pairs
            .into_iter()
            .map(|pair| {
                let (long, short) =
                    (self.unrealized_side(book, pair, true), self.unrealized_side(book, pair, false));
                let margin = self.margin_of_position(pair, book.held(pair, true), book.held(pair, false));
                json!({
                    "instrument": self.pairs[pair].name(), "netUnrealizedPL": money(long + short),
                    "longUnrealizedPL": money(long), "shortUnrealizedPL": money(short), "marginUsed": money(margin),
                })
            })
            .collect();
        state
    }
}
