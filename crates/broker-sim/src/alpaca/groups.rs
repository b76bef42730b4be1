//! Orders that belong together: how they are made, what a fill or an end of one means for the others, and what trails.

use broker_api::{Price, Side};
use rust_decimal::{Decimal, RoundingStrategy};

use super::order::{Class, Kind, Order, Role, Status};
use super::request::Wanted;
use super::venue::Venue;
use crate::core::Prepared;

impl Venue {
    /// Makes the orders of a request that was examined; gives the place of the first.
    pub(super) fn place(&mut self, wanted: &Wanted, asset: usize) -> usize {
        let mut first = self.blank(wanted, asset);
        match self.prepared.take() {
            Some(Prepared::PartialFill(qty)) => first.first_fill = Some(qty),
            Some(Prepared::RejectedLater) => first.rejected_later = true,
            Some(Prepared::LateCancel(_)) | None => {}
        }
        let place = self.orders.len();
        if wanted.class == Class::Oco {
            // The take profit is the order itself.
            first.limit = wanted.take_profit;
        }
        if wanted.class != Class::Simple {
            let role = if wanted.class == Class::Oco { Role::TakeProfit } else { Role::Entry };
            first.group = Some((self.chance.uuid(), role));
        }
        let group = first.group.clone();
        self.know(first);
        self.begin(place);
        let profit = wanted.take_profit.filter(|_| wanted.class != Class::Oco);
        let side = if wanted.class == Class::Oco { wanted.side } else { wanted.side.opposite() };
        let legs = [
            profit.map(|limit| (Role::TakeProfit, Kind::Limit, Some(limit), None)),
            wanted.stop_loss.map(|(stop, limit)| {
                (
                    Role::StopLoss,
                    if limit.is_some() { Kind::StopLimit } else { Kind::Stop },
                    limit,
                    Some(stop),
                )
            }),
        ];
        for (role, kind, limit, stop) in legs.into_iter().flatten() {
            let mut leg = self.blank(wanted, asset);
            leg.client_id = self.chance.uuid();
            (leg.side, leg.kind, leg.limit, leg.stop) = (side, kind, limit, stop);
            (leg.status, leg.parent) = (Status::Held, Some(place));
            leg.intent = if side == Side::Sell { "sell_to_close" } else { "buy_to_close" };
            leg.group = group.clone().map(|(group, _)| (group, role));
            let at = self.orders[place].created;
            (leg.created, leg.updated, leg.submitted) = (at, at, at);
            leg.expires = self.orders[place].expires;
            let at = self.orders.len();
            self.know(leg);
            self.orders[place].legs.push(at);
        }
        place
    }

    /// An order as a request asks for it, not yet known.
    pub(super) fn blank(&mut self, wanted: &Wanted, asset: usize) -> Order {
        let held = self.held(asset);
        let listed = &self.assets[asset];
        let truncated = |qty: Decimal| {
            let step = listed.asset.trade_increment;
            let steps = qty.checked_div(step).unwrap_or(qty).trunc();
            if listed.is_crypto() { (steps * step).normalize() } else { qty.normalize() }
        };
        let qty = wanted.qty.map(truncated);
        let best =
            listed.prices.map(|prices| if wanted.side == Side::Sell { prices.bid } else { prices.ask });
        let reckoned = self.reckoned(wanted, asset);
        let at = self.at;
        let mut order = Order {
            id: self.chance.uuid(),
            client_id: String::new(),
            asset,
            side: wanted.side,
            kind: wanted.kind,
            tif: wanted.tif,
            class: wanted.class,
            qty,
            notional: wanted.notional,
            limit: wanted.limit,
            stop: wanted.stop,
            trail_price: wanted.trail_price,
            trail_percent: wanted.trail_percent,
            best: best.filter(|_| wanted.kind == Kind::TrailingStop).map(Price::get),
            extended: wanted.extended,
            status: Status::Accepted,
            created: at,
            updated: at,
            submitted: at,
            filled_at: None,
            expired_at: None,
            canceled_at: None,
            failed_at: None,
            replaced_at: None,
            replaced_by: None,
            replaces: None,
            expires: None,
            target: qty,
            filled: Decimal::ZERO,
            value: Decimal::ZERO,
            intent: match wanted.side {
                Side::Buy if held < Decimal::ZERO => "buy_to_close",
                Side::Buy => "buy_to_open",
                Side::Sell if held > Decimal::ZERO => "sell_to_close",
                Side::Sell => "sell_to_open",
            },
            parent: None,
            legs: Vec::new(),
            group: None,
            engine: None,
            entered: 0,
            is_awake: false,
            first_fill: None,
            rejected_later: false,
            reckoned,
            is_foreign: false,
        };
        if order.kind == Kind::TrailingStop {
            order.stop = trailed(&order);
        }
        order.client_id = match &wanted.client_id {
            Some(id) => id.clone(),
            None => self.chance.uuid(),
        };
        order
    }

    /// Knows an order from now on.
    pub(super) fn know(&mut self, order: Order) {
        let place = self.orders.len();
        self.by_id.insert(order.id.clone(), place);
        self.by_client.insert(order.client_id.clone(), place);
        self.orders.push(order);
    }

    fn members(&self, place: usize) -> Vec<usize> {
        let Some((group, _)) = &self.orders[place].group else { return Vec::new() };
        let is_member = |(other, order): &(usize, &Order)| {
            *other != place && order.group.as_ref().is_some_and(|(name, _)| name == group)
        };
        self.orders.iter().enumerate().filter(is_member).map(|(other, _)| other).collect()
    }

    /// What a fill of an order means for its group.
    pub(super) fn group_filled(&mut self, place: usize) {
        let Some((_, role)) = self.orders[place].group.clone() else { return };
        let is_whole = self.orders[place].status == Status::Filled;
        let others: Vec<usize> =
            self.members(place).into_iter().filter(|other| !self.orders[*other].status.is_over()).collect();
        match role {
            Role::Entry if is_whole => self.wake_legs(&others),
            Role::Entry => {}
            Role::TakeProfit if is_whole => others.into_iter().for_each(|other| self.end_leg(other)),
            Role::TakeProfit => {
                // What is left to stop is what is left to sell.
                let rest = self.orders[place].rest();
                for other in others {
                    self.leave(other);
                    (self.orders[other].qty, self.orders[other].target) = (rest, rest);
                    self.enter(other);
                }
            }
            Role::StopLoss => others.into_iter().for_each(|other| self.end_leg(other)),
        }
    }

    /// Ends a leg whose partner filled; the rest of the group goes on.
    fn end_leg(&mut self, place: usize) {
        let group = self.orders[place].group.take();
        self.end(place, Status::Canceled);
        self.orders[place].group = group;
    }

    /// The entry is filled: its legs begin to work. Of two, the stop waits in the shadow of the other.
    fn wake_legs(&mut self, legs: &[usize]) {
        let has_profit = legs.iter().any(|leg| self.is_role(*leg, Role::TakeProfit));
        for leg in legs {
            let waits = has_profit && self.is_role(*leg, Role::StopLoss);
            if !waits {
                let at = self.stamp();
                let order = &mut self.orders[*leg];
                (order.status, order.updated) = (Status::New, at);
                self.tell(*leg, "new");
            }
            if !self.orders[*leg].status.is_over() {
                self.enter(*leg);
            }
        }
    }

    fn is_role(&self, place: usize, role: Role) -> bool {
        self.orders[place].group.as_ref().is_some_and(|(_, is)| *is == role)
    }

    /// The stop of an OCO works from the moment its order does.
    pub(super) fn enter_shadow(&mut self, place: usize) {
        if self.orders[place].class == Class::Oco {
            for leg in self.orders[place].legs.clone() {
                if self.orders[leg].status == Status::Held && self.orders[leg].engine.is_none() {
                    self.enter(leg);
                }
            }
        }
    }

    /// What the end of an order means for its group: the others end too.
    pub(super) fn group_ended(&mut self, place: usize, status: Status) {
        if status == Status::Replaced {
            return;
        }
        for other in self.members(place) {
            self.end(other, Status::Canceled);
        }
    }

    /// The stop of a bracket is another order when it fills, where the settings want it so. Gives the place of that.
    pub(super) fn renamed_stop(&mut self, place: usize) -> usize {
        let order = &self.orders[place];
        if !self.quirks().stop_leg_new_id || !self.is_role(place, Role::StopLoss) || order.replaces.is_some()
        {
            return place;
        }
        let mut next = order.clone();
        next.id = self.chance.uuid();
        next.client_id = self.chance.uuid();
        next.replaces = Some(order.id.clone());
        let (at, new) = (self.stamp(), self.orders.len());
        (next.created, next.submitted, next.updated) = (at, at, at);
        let old = &mut self.orders[place];
        (old.status, old.replaced_at, old.replaced_by) = (Status::Replaced, Some(at), Some(next.id.clone()));
        if let Some(id) = old.engine.take() {
            self.by_engine.insert(id, new);
        }
        let parent = old.parent;
        self.know(next);
        if let Some(parent) = parent {
            self.orders[parent].legs.push(new);
        }
        self.tell(place, "replaced");
        new
    }

    /// Notes which stops a price reaches.
    pub(super) fn awaken(&mut self, asset: usize, low: Price, high: Price) {
        for place in self.working(asset) {
            let order = &mut self.orders[place];
            let is_reached = order.stop.is_some_and(|stop| match order.side {
                Side::Buy => high.get() >= stop,
                Side::Sell => low.get() <= stop,
            });
            if is_reached && order.waits_for_stop() {
                order.is_awake = true;
            }
        }
    }

    /// Lets trailing stops follow the last prices.
    pub(super) fn ratchet(&mut self, asset: usize) {
        let Some(prices) = self.assets[asset].prices else { return };
        for place in self.working(asset) {
            let order = &mut self.orders[place];
            if order.kind != Kind::TrailingStop || order.is_awake {
                continue;
            }
            let (seen, is_better) = match order.side {
                Side::Sell => (prices.bid.get(), order.best.is_none_or(|best| prices.bid.get() > best)),
                Side::Buy => (prices.ask.get(), order.best.is_none_or(|best| prices.ask.get() < best)),
            };
            if is_better {
                order.best = Some(seen);
                order.stop = trailed(order);
                self.leave(place);
                self.enter(place);
            }
        }
    }
}

/// Where a trailing stop stands: rounded to cents, away from the market.
pub(super) fn trailed(order: &Order) -> Option<Decimal> {
    let best = order.best?;
    let by = match (order.trail_price, order.trail_percent) {
        (Some(price), _) => price,
        (None, Some(percent)) => best * percent / Decimal::ONE_HUNDRED,
        (None, None) => return None,
    };
    Some(match order.side {
        Side::Sell => (best - by).round_dp_with_strategy(2, RoundingStrategy::ToNegativeInfinity),
        Side::Buy => (best + by).round_dp_with_strategy(2, RoundingStrategy::ToPositiveInfinity),
    })
}
