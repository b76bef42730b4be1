//! Cancels and replacements: asked for at one moment, done at another, and what may happen in between.

use broker_api::Side;
use rust_decimal::Decimal;

use super::errors::Refusal;
use super::order::{Class, Kind, Order, Status, Tif};
use super::request::{Fields, Wanted};
use super::venue::{Due, Venue};
use crate::core::Prepared;

impl Venue {
    /// Asks for an order's end.
    ///
    /// # Errors
    /// It cannot be cancelled any more, or not yet.
    pub(super) fn cancel(&mut self, place: usize) -> Result<(), Refusal> {
        let status = self.orders[place].status;
        match status {
            Status::Canceled => return Ok(()),
            Status::PendingCancel => return Err(Refusal::unprocessable("order pending cancel")),
            Status::PendingReplace => return Err(Refusal::unprocessable("order pending replace")),
            status if status.is_over() => {
                let status = status.as_str();
                return Err(Refusal::unprocessable(format!("order is already in \"{status}\" state")));
            }
            _ => {}
        }
        let at = self.stamp();
        let order = &mut self.orders[place];
        (order.status, order.updated) = (Status::PendingCancel, at);
        self.tell(place, "pending_cancel");
        let waits = self.quirks().closed_cancels_wait && !self.is_open_for(self.orders[place].asset);
        if !self.quirks().cancels_stick && !waits {
            let late = match self.prepared.take() {
                Some(Prepared::LateCancel(late)) => late,
                _ => self.quirks().cancel_after,
            };
            let when = self.at + late;
            self.schedule(when, Due::Cancel(place));
        }
        Ok(())
    }

    /// A cancel comes to its end, unless the order did before.
    pub(super) fn finish_cancel(&mut self, place: usize) {
        if self.orders[place].status == Status::PendingCancel {
            self.end(place, Status::Canceled);
        }
    }

    /// Cancels that waited for the market's opening.
    pub(super) fn finish_waiting_cancels(&mut self) {
        if self.quirks().closed_cancels_wait && !self.quirks().cancels_stick {
            (0..self.orders.len()).for_each(|place| self.finish_cancel(place));
        }
    }

    /// Asks for another order in the place of one; gives its place.
    ///
    /// # Errors
    /// Why that is not to be had.
    pub(super) fn replace(&mut self, place: usize, fields: &Fields) -> Result<usize, Refusal> {
        let old = &self.orders[place];
        self.can_be_replaced(old)?;
        let tif = match fields.text("time_in_force") {
            None => old.tif,
            Some(text) => {
                Tif::named(text).ok_or_else(|| Refusal::invalid(format!("invalid time_in_force: {text}")))?
            }
        };
        let (qty, limit, stop) =
            (fields.figure("qty")?, fields.figure("limit_price")?, fields.figure("stop_price")?);
        let trail = fields.figure("trail")?;
        let client_id = fields.text("client_order_id").map(str::to_owned);
        if qty.is_some_and(|qty| !qty.fract().is_zero()) && !self.assets[old.asset].is_crypto() {
            return Err(Refusal::unprocessable("qty must be integer"));
        }
        for (name, price) in [("limit_price", limit), ("stop_price", stop)] {
            if let Some(price) = price {
                self.check_increment(old.asset, name, price)?;
            }
        }
        if client_id.as_ref().is_some_and(|id| self.by_client.contains_key(id)) {
            return Err(
                Refusal::invalid("client_order_id must be unique").status(self.quirks().duplicate_status)
            );
        }
        let is_same = |new: Option<Decimal>, old: Option<Decimal>| new.is_none() || new == old;
        let old_trail = old.trail_price.or(old.trail_percent);
        if is_same(qty, old.qty)
            && is_same(limit, old.limit)
            && is_same(stop, old.stop)
            && is_same(trail, old_trail)
            && tif == old.tif
        {
            return Err(Refusal::forbidden("order parameters are not changed"));
        }
        let whole = qty.or(old.qty);
        let done = if self.quirks().replace_ignores_fills { Decimal::ZERO } else { old.filled };
        let rest = whole.map(|whole| whole - done);
        if rest.is_some_and(|rest| rest <= Decimal::ZERO) {
            return Err(Refusal::unprocessable("qty must be greater than the filled quantity"));
        }
        self.has_room(place, rest.unwrap_or_default(), limit)?;
        let mut new = self.orders[place].clone();
        new.id = self.chance.uuid();
        new.client_id = match client_id {
            Some(id) => id,
            None => self.chance.uuid(),
        };
        new.replaces = Some(self.orders[place].id.clone());
        (new.qty, new.target, new.tif) = (rest, rest, tif);
        (new.limit, new.stop) = (limit.or(new.limit), stop.or(new.stop));
        if let Some(trail) = trail {
            match new.trail_price {
                Some(_) => new.trail_price = Some(trail),
                None => new.trail_percent = Some(trail),
            }
            new.stop = super::groups::trailed(&new);
        }
        (new.filled, new.value, new.engine, new.entered) = (Decimal::ZERO, Decimal::ZERO, None, 0);
        new.is_awake = false;
        (new.filled_at, new.reckoned) = (None, limit.or(stop).unwrap_or(new.reckoned));
        let at = self.stamp();
        (new.submitted, new.updated) = (at, at);
        let was_held = self.orders[place].status == Status::Held;
        new.status = Status::PendingNew;
        let old = &mut self.orders[place];
        (old.status, old.updated) = (Status::PendingReplace, at);
        self.tell(place, "pending_replace");
        let next = self.orders.len();
        self.know(new);
        let when = self.at + self.quirks().route_after;
        if was_held {
            self.orders[next].intent = self.orders[place].intent;
        }
        self.schedule(when, Due::Replace { old: place, new: next });
        Ok(next)
    }

    fn can_be_replaced(&self, order: &Order) -> Result<(), Refusal> {
        let no = |text: String| Err(Refusal::unprocessable(text));
        let status = order.status.as_str();
        match order.status {
            Status::Accepted | Status::PendingNew | Status::PendingCancel | Status::PendingReplace => {
                return no(format!("cannot replace order in {status} status"));
            }
            Status::Held if !self.quirks().held_can_be_replaced => {
                return no(format!("cannot replace order in {status} status"));
            }
            _ if order.status.is_over() => return no(format!("order is already in \"{status}\" state")),
            _ => {}
        }
        if order.notional.is_some() {
            return no("notional orders cannot be replaced".to_owned());
        }
        if order.class == Class::Oto {
            return no("oto orders cannot be replaced".to_owned());
        }
        if order.qty.is_some_and(|qty| !qty.fract().is_zero()) && !self.assets[order.asset].is_crypto() {
            return no("fractional orders cannot be replaced".to_owned());
        }
        Ok(())
    }

    /// Whether the account has what a replacement needs beside what it replaces.
    fn has_room(&self, place: usize, rest: Decimal, limit: Option<Decimal>) -> Result<(), Refusal> {
        let order = &self.orders[place];
        if order.is_closing() {
            let held = self.held(order.asset).abs();
            let hold = self.on_hold(order.asset, Some(place));
            if order.status != Status::Held && rest > held - hold.qty {
                return Err(Refusal::forbidden(format!(
                    "insufficient qty available for order (requested: {rest}, available: {})",
                    (held - hold.qty).max(Decimal::ZERO)
                )));
            }
            return Ok(());
        }
        // The larger of the two is kept while the replacement is on its way.
        let more = rest * limit.unwrap_or(order.reckoned) - order.reserved();
        let power = self.figures().buying_power;
        if more > power {
            return Err(Refusal::forbidden("insufficient buying power")
                .with("buying_power", power.to_string())
                .with("cost_basis", more.to_string()));
        }
        Ok(())
    }

    /// A replacement arrives: it takes the other's place, or finds it over.
    pub(super) fn finish_replace(&mut self, old: usize, new: usize) {
        if self.orders[old].status != Status::PendingReplace {
            // It filled, or ended, before.
            self.tell(old, "order_replace_rejected");
            let group = self.orders[new].group.take();
            self.end(new, Status::Rejected);
            self.orders[new].group = group;
            return;
        }
        let was_in_shadow = self.orders[old].parent.is_some() && self.is_shadow(old);
        let was_entered = self.orders[old].entered > 0;
        let at = self.stamp();
        self.leave(old);
        let id = self.orders[new].id.clone();
        let order = &mut self.orders[old];
        (order.status, order.replaced_at, order.replaced_by, order.updated) =
            (Status::Replaced, Some(at), Some(id), at);
        self.tell(old, "replaced");
        for order in &mut self.orders {
            for leg in &mut order.legs {
                if *leg == old {
                    *leg = new;
                }
            }
        }
        // Parts of what it replaces may have filled on the way.
        if was_in_shadow || !was_entered && self.orders[old].parent.is_some() {
            self.orders[new].status = Status::Held;
            if was_entered {
                self.enter(new);
            }
            return;
        }
        self.route(new);
    }

    /// Whether an order is the stop of a group whose profit taking works.
    fn is_shadow(&self, place: usize) -> bool {
        let Some((group, _)) = &self.orders[place].group else { return false };
        matches!(self.orders[place].kind, Kind::Stop | Kind::StopLimit)
            && self.orders.iter().any(|other| {
                other.kind == Kind::Limit
                    && !other.status.is_over()
                    && other.group.as_ref().is_some_and(|(name, _)| name == group)
                    && other.id != self.orders[place].id
            })
    }

    /// A market order over so much that closes a position, whoever wants it.
    pub(super) fn closing(&mut self, asset: usize, qty: Decimal) -> Wanted {
        let side = if self.held(asset) > Decimal::ZERO { Side::Sell } else { Side::Buy };
        let is_crypto = self.assets[asset].is_crypto();
        let order = self.market_order(asset, side, qty, if is_crypto { Tif::Gtc } else { Tif::Day });
        Wanted { closes_position: true, ..order }
    }

    fn market_order(&self, asset: usize, side: Side, qty: Decimal, tif: Tif) -> Wanted {
        Wanted {
            symbol: self.assets[asset].symbol().to_owned(),
            qty: Some(qty),
            notional: None,
            side,
            kind: Kind::Market,
            tif,
            class: Class::Simple,
            limit: None,
            stop: None,
            trail_price: None,
            trail_percent: None,
            extended: false,
            client_id: None,
            take_profit: None,
            stop_loss: None,
            closes_position: false,
        }
    }

    /// A trade that a person makes in the account.
    ///
    /// # Errors
    /// The broker's refusal, or no such asset.
    pub(super) fn manual_trade(&mut self, symbol: &str, side: Side, qty: Decimal) -> Result<String, String> {
        let asset = self.find_asset(symbol).ok_or_else(|| format!("{symbol} is not listed"))?;
        let tif = if self.assets[asset].is_crypto() { Tif::Gtc } else { Tif::Day };
        let wanted = self.market_order(asset, side, qty, tif);
        self.examine(&wanted).map_err(|refusal| refusal.message)?;
        Ok(self.foreign(&wanted, asset))
    }

    /// The broker ends all orders of a symbol and closes the position.
    ///
    /// # Errors
    /// Nothing is held.
    pub(super) fn liquidate_position(&mut self, symbol: &str) -> Result<String, String> {
        let asset = self.find_asset(symbol).ok_or_else(|| format!("{symbol} is not listed"))?;
        if self.held(asset).is_zero() {
            return Err(format!("nothing of {symbol} is held"));
        }
        for place in 0..self.orders.len() {
            if self.orders[place].asset == asset {
                self.end(place, Status::Canceled);
            }
        }
        let qty = self.held(asset).abs();
        let wanted = self.closing(asset, qty);
        Ok(self.foreign(&wanted, asset))
    }

    fn foreign(&mut self, wanted: &Wanted, asset: usize) -> String {
        let place = self.place(wanted, asset);
        self.orders[place].is_foreign = true;
        let at = self.at;
        self.play_to(at);
        self.orders[place].id.clone()
    }

    /// Takes an execution back: position and cash are as if it had not been, its activity is gone.
    ///
    /// # Errors
    /// It is not known, or was taken back before.
    pub(super) fn take_back(&mut self, id: &str) -> Result<(), String> {
        let found = self.executions.iter().position(|execution| execution.id == id);
        let at_place = found.ok_or_else(|| format!("there is no execution {id}"))?;
        if self.executions[at_place].busted {
            return Err(format!("execution {id} was taken back before"));
        }
        let execution = self.executions[at_place].clone();
        let order = &self.orders[execution.order];
        let (ix, side) = (self.assets[order.asset].ix, order.side.opposite());
        let price = broker_api::Price::new(execution.price).map_err(|error| error.to_string())?;
        let at = self.stamp();
        let kept = execution.fee_in_kind.unwrap_or_default();
        let qty = super::venue::engine_qty(execution.qty - kept);
        self.engine.book(ix, side, qty, price, at).map_err(|error| error.to_string())?;
        if let Ok(fee) = broker_api::Amount::new(kept * execution.price + execution.fee.unwrap_or_default()) {
            let _ = self.engine.charge(fee.negated());
        }
        self.executions[at_place].busted = true;
        let order = &mut self.orders[execution.order];
        order.filled -= execution.qty;
        order.value -= execution.price * execution.qty;
        order.updated = at;
        self.drain();
        self.tell_execution("trade_bust", &execution);
        Ok(())
    }
}
