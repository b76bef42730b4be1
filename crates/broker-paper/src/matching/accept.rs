//! What an order must be to be taken. The first reason against it is the one that is said.

use broker_api::{
    Amount, ClientOrderId, Instrument, InstrumentIx, Intent, OrderKind, Overflow, Price, Protection, Purpose,
    Qty, Side, Time, TimeInForce,
};

use super::bracket::leg_id;
use super::codes::Word;
use super::orders::Order;
use super::prices::{Mark, Sides};
use super::{Known, Matching, Refusal};

fn no<T>(word: Word, text: String) -> Result<T, Refusal> {
    Err(Refusal { code: word.code(), text: text.into() })
}

fn too_large(_: Overflow) -> Refusal {
    let text = "quantity and price come to more than 28 digits can hold; send a smaller order";
    Refusal { code: Word::BadNumber.code(), text: text.into() }
}

/// Whether `price` lies on the losing side of `from` for a position opened by `side`.
fn loses(side: Side, price: Price, from: Price) -> bool {
    match side {
        Side::Buy => price < from,
        Side::Sell => price > from,
    }
}

impl Matching {
    /// The order that is taken for an intent at `now`.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn examined(&self, intent: &Intent, now: Time) -> Result<(InstrumentIx, Order), Refusal> {
        let Intent { id, key, side, qty, .. } = *intent;
        if self.known.contains_key(&id) || self.is_reserved(id) {
            return no(
                Word::DuplicateId,
                format!("the id {id} was given before; an id names one order for ever"),
            );
        }
        let ix = self.catalog.find(key).filter(|_| key.venue == self.settings.venue);
        let Some((ix, instrument)) = ix.and_then(|ix| Some((ix, self.catalog.get(ix)?))) else {
            return no(Word::UnknownInstrument, format!("{key} is not traded here"));
        };
        // All that is held can be given out, however little it is.
        let closes_all = (intent.reduce_only || intent.purpose.is_reducing()) && qty == self.held(ix).size();
        if qty.is_zero() || !closes_all {
            quantity(instrument, qty)?;
        }
        prices(instrument, intent)?;
        time_in_force(intent, now)?;
        let mark = self.rows[ix.index()].mark;
        let price = reckoned(intent, mark);
        sides(intent, mark)?;
        let plan = if intent.bracket { Some(self.bracket(instrument, intent, price)?) } else { None };
        let reduces = self.reduces(ix, instrument, intent)?;
        if self.rate(instrument.quote).is_none() {
            let (from, to) = (instrument.quote, self.settings.currency);
            let text = format!(
                "no price tells what {from} is worth in {to}; list a pair of the two and play its prices first"
            );
            return no(Word::NoConversion, text);
        }
        if !reduces {
            self.can_pay(ix, instrument, intent, price)?;
        }
        let Some(from) = now.checked_add_signed(self.settings.latency) else {
            return Err(too_large(Overflow));
        };
        let trigger = match intent.order {
            OrderKind::Stop(stop) => Some(stop.trigger),
            OrderKind::StopLimit(stop) => Some(stop.trigger),
            OrderKind::Market(_) | OrderKind::Limit(_) | OrderKind::TrailingStop(_) => None,
        };
        let mut order = Order {
            n: self.orders + 1,
            id,
            side,
            purpose: intent.purpose,
            qty,
            filled: Qty::ZERO,
            kind: intent.order,
            tif: intent.tif,
            reduces,
            plan,
            parent: None,
            accepted: now,
            from,
            price,
            trigger,
            best: None,
            awake: false,
            value: Amount::ZERO,
            paid: Amount::ZERO,
            at_most: None,
            acted: 0,
        };
        if let Some(mark) = mark {
            order.follow(Sides::of_mark(&mark).of(side)).map_err(too_large)?;
        }
        Ok((ix, order))
    }

    /// Whether an id is kept for a leg that a bracket may still make.
    fn is_reserved(&self, id: ClientOrderId) -> bool {
        let text = id.as_str();
        let Some(entry) = text.strip_suffix("-s").or_else(|| text.strip_suffix("-t")) else { return false };
        let Some(Known::Live(ix)) = ClientOrderId::new(entry).ok().and_then(|entry| self.known.get(&entry))
        else {
            return false;
        };
        self.rows[ix.index()].orders.iter().any(|order| order.plan.is_some() && order.id.as_str() == entry)
    }

    fn bracket(&self, instrument: &Instrument, intent: &Intent, price: Price) -> Result<Protection, Refusal> {
        let Intent { side, plan, .. } = *intent;
        let bad = |text: String| no(Word::BadBracket, text);
        if intent.purpose != Purpose::Entry || intent.reduce_only {
            return bad("only an order that opens a position can have a stop and a target of its own".into());
        }
        if plan.stop.is_none() && plan.target.is_none() {
            return bad("a bracket needs a stop, a target, or both".into());
        }
        for price in [plan.stop, plan.target].into_iter().flatten() {
            if !price.is_multiple_of(instrument.tick) {
                return bad(format!("{price} is not a whole number of ticks of {}", instrument.tick));
            }
        }
        if let Some(stop) = plan.stop.filter(|stop| !loses(side, *stop, price)) {
            return bad(format!("a stop at {stop} does not limit the loss of a {side} at {price}"));
        }
        if let Some(target) = plan.target.filter(|target| !loses(side, price, *target)) {
            return bad(format!("a target at {target} is no profit for a {side} at {price}"));
        }
        for purpose in [Purpose::Stop, Purpose::Target] {
            match leg_id(intent.id, purpose) {
                None => {
                    let max = ClientOrderId::MAX - 2;
                    return bad(format!(
                        "the id of a bracket must leave room for its legs: at most {max} bytes"
                    ));
                }
                Some(leg) if self.known.contains_key(&leg) => {
                    return bad(format!("the id {leg}, which a leg of it would have, was given before"));
                }
                Some(_) => {}
            }
        }
        Ok(plan)
    }

    /// Whether the order never opens or turns a position. A sale of what cannot be sold short is of that kind.
    fn reduces(&self, ix: InstrumentIx, instrument: &Instrument, intent: &Intent) -> Result<bool, Refusal> {
        let Intent { key, side, qty, .. } = *intent;
        let held = self.held(ix);
        if intent.reduce_only || intent.purpose.is_reducing() {
            if Side::reducing(held) != Some(side) {
                return no(
                    Word::NothingToReduce,
                    format!("a {side} reduces nothing: {held} of {key} is held"),
                );
            }
            return Ok(true);
        }
        if side == Side::Buy || instrument.shortable {
            return Ok(false);
        }
        let mut short = self.rows[ix.index()].orders.iter().filter(|order| {
            // Sales under way that may each take all of what they still want.
            order.side == Side::Sell && order.purpose == Purpose::Entry
        });
        let ahead = short.try_fold(qty, |sum, order| sum.plus(order.rest()).ok());
        if !held.is_long() || ahead.is_none_or(|ahead| ahead > held.size()) {
            let text = format!("{key} cannot be sold short, and {held} of it is held");
            return no(Word::NotShortable, text);
        }
        Ok(true)
    }

    fn can_pay(
        &self,
        ix: InstrumentIx,
        instrument: &Instrument,
        intent: &Intent,
        price: Price,
    ) -> Result<(), Refusal> {
        let value = price.times(intent.qty).map_err(too_large)?;
        if value < instrument.notional_min {
            let (least, quote) = (instrument.notional_min, instrument.quote);
            let text = format!("the order is worth {value} {quote}, the least is {least}");
            return no(Word::MinNotional, text);
        }
        let opens = self.opening(ix, intent.side, intent.qty);
        if opens.is_zero() {
            return Ok(());
        }
        let binds = self.binds(instrument, opens, price).map_err(too_large)?;
        let free = self.worth().and_then(|worth| worth.equity.minus(worth.margin)).map_err(too_large)?;
        let free = self.under_way().and_then(|under_way| free.minus(under_way)).map_err(too_large)?;
        if binds > free {
            let (binds, free) = (binds.round_half_even(2), free.round_half_even(2));
            let text = format!(
                "the order binds {binds} {}, and {free} is free once the orders that work are counted",
                self.settings.currency
            );
            return no(Word::InsufficientMargin, text);
        }
        Ok(())
    }
}

fn quantity(instrument: &Instrument, qty: Qty) -> Result<(), Refusal> {
    let Instrument { lot, qty_min, qty_max, .. } = instrument;
    let text = if qty.is_zero() {
        "an order for nothing".to_owned()
    } else if !qty.is_multiple_of(*lot) {
        format!("{qty} is not a whole number of lots of {lot}")
    } else if qty < *qty_min {
        format!("{qty} is less than the least quantity, {qty_min}")
    } else if qty > *qty_max {
        format!("{qty} is more than the greatest quantity, {qty_max}")
    } else {
        return Ok(());
    };
    no(Word::BadQuantity, text)
}

fn prices(instrument: &Instrument, intent: &Intent) -> Result<(), Refusal> {
    let tick = instrument.tick;
    match intent.order.prices().into_iter().flatten().find(|price| !price.is_multiple_of(tick)) {
        Some(price) => no(Word::BadPrice, format!("{price} is not a whole number of ticks of {tick}")),
        None => Ok(()),
    }
}

fn time_in_force(intent: &Intent, now: Time) -> Result<(), Refusal> {
    let text = match (intent.tif, intent.order) {
        (TimeInForce::Gtd(until), _) if until <= now => {
            format!("it would be over at {until}, and it is {now}")
        }
        (TimeInForce::Ioc | TimeInForce::Fok, order)
            if !matches!(order, OrderKind::Market(_) | OrderKind::Limit(_)) =>
        {
            format!(
                "a {} order waits for a price, so it cannot be filled at once or not at all",
                order.name().as_str()
            )
        }
        _ => return Ok(()),
    };
    no(Word::BadTimeInForce, text)
}

/// Prices on the wrong side of each other or, for an order that opens, of the market. A protective stop that the
/// market has passed is taken: it fills at once, which is what it is for.
fn sides(intent: &Intent, mark: Option<Mark>) -> Result<(), Refusal> {
    let side = intent.side;
    let trigger = match intent.order {
        OrderKind::StopLimit(o) if loses(side, o.limit, o.trigger) => {
            let (limit, trigger) = (o.limit, o.trigger);
            let text =
                format!("a {side} that {trigger} wakes does not fill at {limit} or better: that lies behind");
            return no(Word::BadPrice, text);
        }
        OrderKind::StopLimit(o) => o.trigger,
        OrderKind::Stop(o) => o.trigger,
        OrderKind::Market(_) | OrderKind::Limit(_) | OrderKind::TrailingStop(_) => return Ok(()),
    };
    let market = mark.map(|mark| mark.against(side));
    match market.filter(|market| !loses(side, *market, trigger)) {
        Some(market) if !intent.purpose.is_reducing() && !intent.reduce_only => {
            let text =
                format!("the market is at {market} and has passed {trigger}; send a market order instead");
            no(Word::BadPrice, text)
        }
        _ => Ok(()),
    }
}

/// What an order is reckoned at before it fills.
fn reckoned(intent: &Intent, mark: Option<Mark>) -> Price {
    let market = mark.map(|mark| mark.against(intent.side));
    match intent.order {
        OrderKind::Market(_) | OrderKind::TrailingStop(_) => market.unwrap_or(intent.reference),
        // A sale fills at its limit or above.
        OrderKind::Limit(o) if intent.side == Side::Sell => {
            market.map_or(o.limit, |market| market.max(o.limit))
        }
        OrderKind::Limit(o) => o.limit,
        OrderKind::Stop(o) => o.trigger,
        OrderKind::StopLimit(o) => o.limit,
    }
}
