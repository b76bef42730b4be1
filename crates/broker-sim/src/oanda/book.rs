//! What follows from the log: orders, trades, positions and the money of the account.

use std::collections::BTreeMap;

use broker_api::Time;
use rust_decimal::Decimal;
use serde_json::Value;

use super::order::{Kind, Order};

/// A trade.
#[derive(Clone, Debug)]
pub(super) struct Trade {
    /// The id of the fill that opened it.
    pub id: u64,
    pub pair: usize,
    pub price: Decimal,
    pub opened: Time,
    /// Negative is short.
    pub initial: Decimal,
    pub current: Decimal,
    pub margin: Decimal,
    pub realized: Decimal,
    pub financing: Decimal,
    pub dividend: Decimal,
    /// What was traded to close it, and at which prices times units.
    pub closed_units: Decimal,
    pub closed_value: Decimal,
    pub closing: Vec<u64>,
    pub closed_at: Option<Time>,
    pub client: Option<Value>,
}

impl Trade {
    pub(super) fn is_open(&self) -> bool {
        !self.current.is_zero()
    }

    pub(super) fn is_long(&self) -> bool {
        self.initial.is_sign_positive()
    }

    pub(super) fn client_id(&self) -> Option<&str> {
        self.client.as_ref()?.get("id")?.as_str()
    }

    /// What it would earn at a price, in the pair's quote currency.
    pub(super) fn profit(&self, price: Decimal) -> Decimal {
        (price - self.price) * self.current
    }
}

/// What was earned on one side of a pair.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Earned {
    pub pl: Decimal,
    pub financing: Decimal,
    pub dividend: Decimal,
}

/// What was earned in a pair that was traded once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Position {
    pub long: Earned,
    pub short: Earned,
}

/// All that follows from the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    /// The last transaction.
    pub last: u64,
    pub orders: Vec<Order>,
    pub trades: Vec<Trade>,
    pub positions: BTreeMap<usize, Position>,
    pub balance: Decimal,
    pub pl: Decimal,
    pub financing: Decimal,
    pub dividend: Decimal,
    pub last_fill: Option<Time>,
    pub alias: Option<String>,
    pub margin_rate: Option<Decimal>,
    pub margin_call: Option<Time>,
}

impl Book {
    /// An order's place, by its id.
    pub(super) fn order(&self, id: u64) -> Option<usize> {
        self.orders.binary_search_by_key(&id, |order| order.id).ok()
    }

    /// A trade's place, by its id.
    pub(super) fn trade(&self, id: u64) -> Option<usize> {
        self.trades.binary_search_by_key(&id, |trade| trade.id).ok()
    }

    /// The place of an order as a path names it: by its number, or for a pending one by `@` and its client's name.
    pub(super) fn find_order(&self, named: &str) -> Option<usize> {
        match named.strip_prefix('@') {
            Some(client) => {
                self.orders.iter().position(|order| order.is_pending() && order.client_id() == Some(client))
            }
            None => self.order(named.parse().ok()?),
        }
    }

    /// The place of a trade as a path names it.
    pub(super) fn find_trade(&self, named: &str) -> Option<usize> {
        match named.strip_prefix('@') {
            Some(client) => {
                self.trades.iter().position(|trade| trade.is_open() && trade.client_id() == Some(client))
            }
            None => self.trade(named.parse().ok()?),
        }
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = (usize, &Order)> {
        self.orders.iter().enumerate().filter(|(_, order)| order.is_pending())
    }

    pub(super) fn open_trades(&self) -> impl Iterator<Item = (usize, &Trade)> {
        self.trades.iter().enumerate().filter(|(_, trade)| trade.is_open())
    }

    /// The pending order of a kind that closes a trade.
    pub(super) fn dependent(&self, trade: u64, kind: Kind) -> Option<usize> {
        self.pending()
            .find(|(_, order)| order.trade == Some(trade) && order.kind == kind)
            .map(|(place, _)| place)
    }

    /// What is held of a pair on a side; negative on the short one.
    pub(super) fn held(&self, pair: usize, is_long: bool) -> Decimal {
        let of_it = |trade: &&Trade| trade.pair == pair && trade.is_open() && trade.is_long() == is_long;
        self.trades.iter().filter(of_it).map(|trade| trade.current).sum()
    }

    pub(super) fn earned(&mut self, pair: usize, is_long: bool) -> &mut Earned {
        let position = self.positions.entry(pair).or_default();
        if is_long { &mut position.long } else { &mut position.short }
    }
}
