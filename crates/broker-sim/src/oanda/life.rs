//! An order's life: taken, put before the matching engine, cancelled, ended by its time.

use broker_api::intent::{Limit, Stop};
use broker_api::{
    ClientOrderId, Intent, OrderKind, Price, Protection, Purpose, Qty, Side, TimeInForce, VenueEvent,
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::hours::next_roll;
use super::instruments::Prices;
use super::order::{Kind, Order, State, Tif, Trigger};
use super::venue::{Due, Venue};

impl Venue {
    /// Takes an order in: its transaction is written, and it gets its id. It has not met the market yet.
    pub(super) fn take(&mut self, mut order: Order, reason: &str, more: Map<String, Value>) -> usize {
        let mut members = order.echo.clone();
        members.extend(more);
        members.insert("reason".to_owned(), json!(reason));
        if let Some(client) = &order.client {
            members.insert("clientExtensions".to_owned(), client.clone());
        }
        if let Some(client) = &order.trade_client {
            members.insert("tradeClientExtensions".to_owned(), client.clone());
        }
        if let Some(old) = order.replaces {
            members.insert("replacesOrderID".to_owned(), json!(old.to_string()));
        }
        let id = self.write(&format!("{}_ORDER", order.kind.as_str()), members);
        (order.id, order.created) = (id, self.at);
        order.expires = match order.tif {
            Tif::Gtd => order.gtd,
            Tif::Gfd => Some(next_roll(self.at)),
            Tif::Gtc | Tif::Fok | Tif::Ioc => None,
        };
        if let Some(at) = order.expires {
            self.schedule(at, Due::Expire(id));
        }
        self.book.orders.push(order);
        self.book.orders.len() - 1
    }

    /// Lets an order that was taken meet the market.
    pub(super) fn begin(&mut self, place: usize) {
        let order = &self.book.orders[place];
        if order.killed {
            self.end(place, "INTERNAL_SERVER_ERROR");
        } else if order.expires.is_some_and(|at| at <= self.at) {
            self.end(place, "TIME_IN_FORCE_EXPIRED");
        } else if self.is_open_for(order.pair) {
            let is_too_much = order.units.abs() > self.settings.liquidity || order.first_fill.is_some();
            if order.tif == Tif::Fok && is_too_much && order.closes.is_none() {
                self.end(place, "INSUFFICIENT_LIQUIDITY");
            } else {
                self.enter(place);
            }
        } else if order.tif.is_immediate() {
            self.end(place, "MARKET_HALTED");
        }
    }

    /// Which way an order trades.
    pub(super) fn side_of(&self, order: &Order) -> Side {
        let is_sale = match order.trade.and_then(|id| self.book.trade(id)) {
            Some(trade) => self.book.trades[trade].is_long(),
            None => order.units.is_sign_negative(),
        };
        if is_sale { Side::Sell } else { Side::Buy }
    }

    /// What an order still wants.
    pub(super) fn rest_of(&self, order: &Order) -> Decimal {
        match order.trade.and_then(|id| self.book.trade(id)) {
            Some(trade) => self.book.trades[trade].current.abs(),
            None => order.units.abs() - order.filled,
        }
    }

    /// The price at which an order fills or wakes.
    pub(super) fn level(order: &Order, side: Side) -> Option<Decimal> {
        if order.kind == Kind::TrailingStopLoss { order.trailing(side == Side::Sell) } else { order.price }
    }

    /// Puts what is left of an order before the matching engine, where it meets the last price at once.
    pub(super) fn enter(&mut self, place: usize) {
        let order = &self.book.orders[place];
        let listed = &self.pairs[order.pair];
        let Some(prices) = listed.prices else { return };
        let side = self.side_of(order);
        let is_reached = Self::is_reached(order, side, prices);
        // Where bid and ask are the same, every price of a trigger is the engine's.
        if order.trigger != Trigger::Own && !is_reached && prices.bid != prices.ask {
            return;
        }
        let Some(kind) = engine_kind(order, side, is_reached) else { return };
        let rest = self.rest_of(order);
        let reference = if side == Side::Buy { prices.ask } else { prices.bid };
        let number = order.entered + 1;
        let id = ClientOrderId::new(&format!("o{}-{number}", order.id));
        let (Ok(id), Ok(qty), Ok(reference)) = (id, Qty::new(rest), Price::new(reference)) else { return };
        let intent = Intent {
            id,
            key: listed.key,
            signal: None,
            purpose: Purpose::Entry,
            side,
            qty,
            order: kind,
            tif: match order.tif {
                Tif::Ioc => TimeInForce::Ioc,
                Tif::Fok => TimeInForce::Fok,
                Tif::Gtc | Tif::Gtd | Tif::Gfd => TimeInForce::Gtc,
            },
            reduce_only: false,
            bracket: false,
            plan: Protection::default(),
            reference,
            risk: None,
        };
        let (liquidity, closes) = (self.settings.liquidity, order.closes.is_some() || order.trade.is_some());
        let most = order.first_fill.or_else(|| (rest > liquidity).then_some(liquidity)).filter(|_| !closes);
        let order = &mut self.book.orders[place];
        (order.entered, order.engine) = (number, Some(id));
        self.by_engine.insert(id, order.id);
        if self.engine.accept(&intent, self.at).is_err() {
            self.leave(place);
            self.end(place, "INTERNAL_SERVER_ERROR");
            return;
        }
        if let Some(most) = most.and_then(|most| Qty::new(most).ok()) {
            self.engine.fill_at_most(id, most);
        }
        self.drain(false);
    }

    /// Whether the last prices wake an order.
    pub(super) fn is_reached(order: &Order, side: Side, prices: Prices) -> bool {
        let Some(level) = Self::level(order, side) else { return false };
        let (own, other) = match side {
            Side::Buy => (prices.ask, prices.bid),
            Side::Sell => (prices.bid, prices.ask),
        };
        let price = match order.trigger {
            Trigger::Own => own,
            Trigger::Other => other,
            Trigger::Bid => prices.bid,
            Trigger::Ask => prices.ask,
            Trigger::Mid => prices.mid(),
        };
        let waits_for_lower = is_limit(order) == (side == Side::Buy);
        if waits_for_lower { price <= level } else { price >= level }
    }

    /// Takes an order out of the matching engine; it may be put there again.
    pub(super) fn leave(&mut self, place: usize) {
        if let Some(id) = self.book.orders[place].engine.take() {
            self.by_engine.remove(&id);
            // What is over there already has nothing left to leave.
            let _ = self.engine.cancel(id, self.at);
        }
    }

    /// Notes what has happened in the matching engine; what comes of prices is a batch of its own each.
    pub(super) fn drain(&mut self, is_of_prices: bool) {
        // What does not fit into 28 digits ends the moment; the rules bound prices and units far below.
        while let Ok(Some(event)) = self.engine.next_event() {
            match event {
                VenueEvent::Filled(fill) => {
                    let order = self.by_engine.get(&fill.order).copied();
                    let Some(place) = order.and_then(|id| self.book.order(id)) else { continue };
                    if is_of_prices {
                        self.batch();
                    }
                    self.fills(place, fill.qty.get(), fill.price.get());
                }
                VenueEvent::Closed { order, .. } => {
                    let Some(id) = self.by_engine.remove(&order) else { continue };
                    let Some(place) = self.book.order(id) else { continue };
                    let order = &mut self.book.orders[place];
                    order.engine = None;
                    let reason =
                        if order.kind == Kind::Market { "BOUNDS_VIOLATION" } else { "TIME_IN_FORCE_EXPIRED" };
                    self.end(place, reason);
                }
                VenueEvent::Busted { .. } | VenueEvent::Corrected { .. } | VenueEvent::NonTrade(_) => {}
            }
        }
    }

    /// Ends a pending order otherwise than by its fill; gives the transaction of it.
    pub(super) fn end(&mut self, place: usize, reason: &str) -> Option<u64> {
        self.end_with(place, reason, Map::new())
    }

    /// The same with more members.
    pub(super) fn end_with(&mut self, place: usize, reason: &str, more: Map<String, Value>) -> Option<u64> {
        if !self.book.orders[place].is_pending() {
            return None;
        }
        self.leave(place);
        let order = &self.book.orders[place];
        let mut members = Map::new();
        members.insert("orderID".to_owned(), json!(order.id.to_string()));
        if let Some(client) = order.client_id() {
            members.insert("clientOrderID".to_owned(), json!(client));
        }
        members.insert("reason".to_owned(), json!(reason));
        members.extend(more);
        let id = self.write("ORDER_CANCEL", members);
        let at = self.at;
        let order = &mut self.book.orders[place];
        (order.state, order.cancelling, order.cancelled_at) = (State::Cancelled, Some(id), Some(at));
        Some(id)
    }

    /// Lets everything of a pair that waits for the market go there.
    pub(super) fn release(&mut self, pair: usize) {
        if !self.is_open_for(pair) {
            return;
        }
        let waits = |order: &Order| order.pair == pair && order.is_pending() && order.engine.is_none();
        let waiting: Vec<u64> =
            self.book.orders.iter().filter(|order| waits(order)).map(|order| order.id).collect();
        for id in waiting {
            if let Some(place) = self.book.order(id).filter(|place| self.book.orders[*place].is_pending()) {
                self.batch();
                self.enter(place);
            }
        }
    }

    /// Takes everything of a pair out of the market until it goes on.
    pub(super) fn withdraw(&mut self, pair: usize) {
        for place in 0..self.book.orders.len() {
            if self.book.orders[place].pair == pair {
                self.leave(place);
            }
        }
    }

    /// What came of fills and cannot wait: new orders meet the market, and margin is looked after.
    pub(super) fn settle(&mut self) {
        while !self.waiting.is_empty() {
            for id in std::mem::take(&mut self.waiting) {
                let Some(place) = self.book.order(id) else { continue };
                let order = &self.book.orders[place];
                if order.is_pending() && order.engine.is_none() && self.is_open_for(order.pair) {
                    self.batch();
                    self.enter(place);
                }
            }
        }
        self.watch_margin();
        self.keep_view();
    }
}

/// Whether an order waits for a price as good as its own, and not for one as bad.
const fn is_limit(order: &Order) -> bool {
    match order.kind {
        Kind::Limit | Kind::TakeProfit => true,
        Kind::MarketIfTouched => order.is_limit_like,
        Kind::Market | Kind::Stop | Kind::StopLoss | Kind::TrailingStopLoss => false,
    }
}

/// How an order meets the engine's market: one that has reached its level is none that waits any more.
fn engine_kind(order: &Order, side: Side, is_reached: bool) -> Option<OrderKind> {
    let limited = |limit: Option<Decimal>| match limit.and_then(|limit| Price::new(limit).ok()) {
        Some(limit) => OrderKind::Limit(Limit { limit }),
        None => OrderKind::MARKET,
    };
    let level = Venue::level(order, side);
    Some(match order.kind {
        Kind::Market => limited(order.bound),
        Kind::Limit | Kind::TakeProfit => limited(Some(level?)),
        Kind::MarketIfTouched if order.is_limit_like && !is_reached => limited(Some(level?)),
        _ if is_reached => OrderKind::MARKET,
        _ => OrderKind::Stop(Stop { trigger: Price::new(level?).ok()? }),
    })
}
