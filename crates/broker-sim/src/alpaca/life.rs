//! An order's life: taken, routed to the matching engine, filled, cancelled, ended by its time.

use broker_api::intent::{Limit, Stop, StopLimit};
use broker_api::{
    ClientOrderId, End, Fill, Intent, OrderKind, Price, Protection, Purpose, Side, TimeInForce, VenueEvent,
};
use chrono_tz::America::New_York;
use rust_decimal::{Decimal, RoundingStrategy};

use super::order::{Kind, Order, Status, Tif, side_text};
use super::venue::{Due, Execution, Venue, engine_qty};

impl Venue {
    /// Takes an order in that was examined: it is told, and on its way.
    pub(super) fn begin(&mut self, place: usize) {
        let at = self.stamp();
        let is_open = self.can_be_routed(place);
        let order = &mut self.orders[place];
        (order.created, order.submitted, order.updated) = (at, at, at);
        order.status = if is_open { Status::PendingNew } else { Status::Accepted };
        self.set_expiry(place);
        if is_open {
            self.tell(place, "pending_new");
            let when = self.at + self.quirks().route_after;
            self.schedule(when, Due::Route(place));
        } else if self.quirks().accepted_event {
            self.tell(place, "accepted");
        }
    }

    /// An order reaches the market.
    pub(super) fn route(&mut self, place: usize) {
        if !matches!(self.orders[place].status, Status::PendingNew | Status::Accepted) {
            return;
        }
        let at = self.stamp();
        let order = &mut self.orders[place];
        if order.status == Status::Accepted {
            order.submitted = at;
        }
        if order.rejected_later {
            self.end(place, Status::Rejected);
            return;
        }
        order.status = Status::New;
        self.tell(place, "new");
        self.enter(place);
        self.enter_shadow(place);
    }

    /// Puts what is left of an order into the matching engine, where it meets the last price at once.
    pub(super) fn enter(&mut self, place: usize) {
        let asset = self.orders[place].asset;
        let listed = &self.assets[asset];
        let Some(prices) = listed.prices else { return };
        let Some(instrument) = self.engine.catalog().get(listed.ix) else { return };
        let key = instrument.key;
        let order = &self.orders[place];
        let rest = match (order.rest(), order.notional) {
            (Some(rest), _) => rest,
            (None, notional) => {
                let price = if order.side == Side::Buy { prices.ask } else { prices.bid };
                notional.and_then(|value| value.checked_div(price.get())).unwrap_or_default()
            }
        };
        let qty = engine_qty(rest);
        let against = if order.side == Side::Buy { prices.ask } else { prices.bid };
        let kind = engine_kind(order, against);
        let tif = match order.tif {
            Tif::Ioc | Tif::Opg | Tif::Cls => TimeInForce::Ioc,
            Tif::Fok => TimeInForce::Fok,
            Tif::Day | Tif::Gtc => TimeInForce::Gtc,
        };
        let number = order.entered + 1;
        let (Some(kind), Ok(id)) = (kind, ClientOrderId::new(&format!("o{place}-{number}"))) else { return };
        let intent = Intent {
            id,
            key,
            signal: None,
            // A stop of the engine's own goes before everything else in a moment, a limit last.
            purpose: match order.kind {
                Kind::Stop | Kind::StopLimit | Kind::TrailingStop if order.is_closing() => Purpose::Stop,
                _ if order.is_closing() => Purpose::Exit,
                _ => Purpose::Entry,
            },
            side: order.side,
            qty,
            order: kind,
            tif,
            reduce_only: order.is_closing(),
            bracket: false,
            plan: Protection::default(),
            reference: against,
            risk: None,
        };
        let first = order.first_fill;
        if order.target.is_none() {
            self.orders[place].target = Some(self.orders[place].filled + qty.get());
        }
        let order = &mut self.orders[place];
        (order.entered, order.engine) = (number, Some(id));
        self.by_engine.insert(id, place);
        // Not a stamp, which may lie behind the next part of a bar.
        if self.engine.accept(&intent, self.at).is_err() {
            self.orders[place].engine = None;
            self.end(place, Status::Rejected);
            return;
        }
        if let Some(first) = first {
            self.orders[place].first_fill = None;
            self.engine.fill_at_most(id, first);
        } else {
            self.chance_of_part(place);
        }
        self.drain();
    }

    /// Rolls for one order whether it fills in part when its turn comes.
    pub(super) fn chance_of_part(&mut self, place: usize) {
        let percent = self.quirks().partial_percent;
        let order = &self.orders[place];
        let (Some(id), Some(rest)) = (order.engine, order.rest()) else { return };
        if order.tif == Tif::Fok || !self.chance.percent(percent) {
            return;
        }
        let part = if order.qty.is_some_and(|qty| qty.fract().is_zero()) {
            let units =
                u64::try_from(rest.trunc().mantissa() / 10_i128.pow(rest.trunc().scale())).unwrap_or(0);
            if units < 2 {
                return;
            }
            Decimal::from(self.chance.up_to(units - 1))
        } else {
            rest * Decimal::from(self.chance.up_to(99)) / Decimal::ONE_HUNDRED
        };
        let part = engine_qty(part);
        if !part.is_zero() {
            self.engine.fill_at_most(id, part);
        }
    }

    /// The same for every order of an asset that works.
    pub(super) fn chance_of_parts(&mut self, asset: usize) {
        if self.quirks().partial_percent > 0 {
            for place in self.working(asset) {
                self.chance_of_part(place);
            }
        }
    }

    pub(super) fn working(&self, asset: usize) -> Vec<usize> {
        let works = |(_, order): &(usize, &Order)| order.asset == asset && order.engine.is_some();
        self.orders.iter().enumerate().filter(works).map(|(place, _)| place).collect()
    }

    /// Orders that waited for a first price of their asset.
    pub(super) fn enter_waiting(&mut self, asset: usize) {
        let waits = |order: &Order| {
            order.asset == asset
                && order.engine.is_none()
                && order.entered == 0
                && order.status == Status::New
        };
        let waiting: Vec<usize> =
            (0..self.orders.len()).filter(|place| waits(&self.orders[*place])).collect();
        for place in waiting {
            self.enter(place);
        }
    }

    /// Takes an order out of the matching engine; it may be put there again.
    pub(super) fn leave(&mut self, place: usize) {
        if let Some(id) = self.orders[place].engine.take() {
            self.by_engine.remove(&id);
            let at = self.stamp();
            // What is over there already has nothing left to leave.
            let _ = self.engine.cancel(id, at);
        }
    }

    /// Notes what has happened in the matching engine.
    pub(super) fn drain(&mut self) {
        // What does not fit into 28 digits ends the moment; the settings bound prices and quantities far below.
        while let Ok(Some(event)) = self.engine.next_event() {
            match event {
                VenueEvent::Filled(fill) => self.filled(&fill),
                VenueEvent::Closed { order, end, .. } => {
                    if let Some(place) = self.by_engine.get(&order).copied() {
                        self.orders[place].engine = None;
                        let expires = end == End::Expired || self.quirks().immediate_rest_expires;
                        let is_immediate = !matches!(self.orders[place].tif, Tif::Day | Tif::Gtc);
                        let status = if expires && is_immediate { Status::Expired } else { Status::Canceled };
                        self.end(place, status);
                    }
                }
                VenueEvent::Busted { .. } | VenueEvent::Corrected { .. } | VenueEvent::NonTrade(_) => {}
            }
        }
    }

    fn filled(&mut self, fill: &Fill) {
        let Some(place) = self.by_engine.get(&fill.order).copied() else { return };
        let place = self.renamed_stop(place);
        let (qty, price) = (fill.qty.get(), fill.price.get());
        let at = self.stamp();
        let was_waiting = self.orders[place].status == Status::Held;
        if was_waiting {
            self.orders[place].status = Status::New;
            self.tell(place, "new");
        }
        let order = &mut self.orders[place];
        order.filled += qty;
        order.value += price * qty;
        order.updated = at;
        let leaves = order.rest().unwrap_or_default();
        let is_last = leaves.is_zero();
        if is_last {
            (order.status, order.filled_at, order.engine) = (Status::Filled, Some(at), None);
        } else if !matches!(order.status, Status::PendingCancel | Status::PendingReplace) {
            order.status = Status::PartiallyFilled;
        }
        let id = self.chance.uuid();
        let half = if self.quirks().fill_id_is_execution_id { id.clone() } else { self.chance.uuid() };
        let order = &self.orders[place];
        let is_short = self.quirks().sell_short_side && order.intent == "sell_to_open";
        let mut execution = Execution {
            activity: format!("{}::{half}", at.with_timezone(&New_York).format("%Y%m%d%H%M%S%3f")),
            id,
            order: place,
            qty,
            price,
            at,
            cumulative: order.filled,
            leaves,
            is_last,
            side: if is_short { "sell_short" } else { side_text(order.side) },
            busted: false,
            fee_in_kind: None,
            fee: None,
        };
        self.keep_fee(&mut execution);
        let event = if is_last { "fill" } else { "partial_fill" };
        self.tell_execution(event, &execution);
        self.executions.push(execution);
        self.group_filled(place);
    }

    /// Coins cost a quarter of a percent, in what is received.
    fn keep_fee(&mut self, execution: &mut Execution) {
        let order = &self.orders[execution.order];
        let listed = &self.assets[order.asset];
        if !listed.is_crypto() {
            return;
        }
        let rate = Decimal::new(25, 4);
        let ix = listed.ix;
        if order.side == Side::Buy {
            let places = RoundingStrategy::AwayFromZero;
            let fee = (execution.qty * rate).round_dp_with_strategy(9, places);
            let _ = self.engine.keep_back(ix, engine_qty(fee), execution.at);
            execution.fee_in_kind = Some(fee);
        } else {
            let fee = (execution.qty * execution.price * rate).round_dp(9);
            if let Ok(amount) = broker_api::Amount::new(fee) {
                let _ = self.engine.charge(amount);
            }
            execution.fee = Some(fee);
        }
    }

    /// Ends an order otherwise than by its last fill, tells so, and does what that means for its group.
    pub(super) fn end(&mut self, place: usize, status: Status) {
        if self.orders[place].status.is_over() {
            return;
        }
        self.leave(place);
        let at = self.stamp();
        let is_told = self.orders[place].status != Status::Held || self.quirks().leg_events;
        let order = &mut self.orders[place];
        (order.status, order.updated) = (status, at);
        match status {
            Status::Canceled => order.canceled_at = Some(at),
            Status::Expired => order.expired_at = Some(at),
            Status::Rejected => order.failed_at = Some(at),
            _ => {}
        }
        if is_told {
            self.tell(place, status.as_str());
        }
        self.group_ended(place, status);
    }
}

/// How an order meets the engine's market: one that has reached its stop is none any more.
fn engine_kind(order: &Order, against: Price) -> Option<OrderKind> {
    let limit = |value: Decimal| Price::new(value).ok();
    let trigger = order.stop.and_then(limit);
    let is_reached = trigger.is_some_and(|trigger| match order.side {
        Side::Buy => against >= trigger,
        Side::Sell => against <= trigger,
    });
    let is_awake = order.is_awake || is_reached;
    // A stop that buys is a stop limit a little above its price.
    let collar = || {
        let stop = order.stop?;
        let above = if stop < Decimal::from(50) { Decimal::new(104, 2) } else { Decimal::new(1025, 3) };
        limit((stop * above).round_dp(2)).filter(|_| order.side == Side::Buy && !order.is_closing())
    };
    let limited = |limit: Option<Price>| match limit {
        Some(limit) => OrderKind::Limit(Limit { limit }),
        None => OrderKind::MARKET,
    };
    Some(match order.kind {
        Kind::Market => OrderKind::MARKET,
        Kind::Limit => limited(Some(order.limit.and_then(limit)?)),
        Kind::Stop if is_awake => limited(collar()),
        Kind::TrailingStop if is_awake => OrderKind::MARKET,
        Kind::StopLimit if is_awake => limited(Some(order.limit.and_then(limit)?)),
        Kind::Stop | Kind::TrailingStop => match (trigger, collar()) {
            (Some(trigger), Some(limit)) if order.kind == Kind::Stop => {
                OrderKind::StopLimit(StopLimit { trigger, limit })
            }
            (trigger, _) => OrderKind::Stop(Stop { trigger: trigger? }),
        },
        Kind::StopLimit => {
            OrderKind::StopLimit(StopLimit { trigger: trigger?, limit: order.limit.and_then(limit)? })
        }
    })
}
