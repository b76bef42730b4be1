//! What an order's turn gives: how much, at what price, at what cost, and what that does to the account.

use broker_api::{
    Amount, End, ExecutionId, Fill, Instrument, InstrumentIx, Overflow, Price, Qty, Side, TimeInForce,
    VenueEvent,
};
use rust_decimal::Decimal;

use super::Matching;
use super::codes::Word;
use super::ledger::PLACES;
use super::orders::{Hit, Order};
use super::play::Turn;

impl Matching {
    /// An order's turn.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(super) fn act(&mut self, turn: Turn) -> Result<(), Overflow> {
        let Turn { ix, n, at, hit } = turn;
        let moments = self.moments;
        let Some(instrument) = self.catalog.get(ix) else { return Ok(()) };
        let lot = instrument.lot;
        let row = &mut self.rows[ix.index()];
        let Some(place) = row.place(n) else { return Ok(()) };
        let (held, left) = (row.position.held, row.budget.map(|budget| budget.left));
        let order = &mut row.orders[place];
        order.acted = moments;
        let Some(Hit { base, slips, model }) = hit else {
            self.close(ix, n, End::Cancelled, unfilled(turn.tif(self)), at);
            return Ok(());
        };
        // Whatever comes of it, a stop that was touched is awake.
        order.awake = true;
        let Some(base) = base else { return Ok(()) };
        let mut wanted = order.rest();
        if let Some(most) = order.at_most.take() {
            wanted = wanted.min(most);
        }
        if order.reduces {
            let reducible = if Side::reducing(held) == Some(order.side) { held.size() } else { Qty::ZERO };
            wanted = wanted.min(reducible);
        }
        if wanted.is_zero() {
            self.close(ix, n, End::Cancelled, Word::NothingToReduce, at);
            return Ok(());
        }
        let qty = match left {
            Some(left) if left < wanted => left.round_down_to(lot)?,
            _ => wanted,
        };
        let (tif, side) = (order.tif, order.side);
        if qty.is_zero() || tif == TimeInForce::Fok && qty < wanted {
            if matches!(tif, TimeInForce::Fok | TimeInForce::Ioc) {
                self.close(ix, n, End::Cancelled, unfilled(tif), at);
            }
            return Ok(());
        }
        let price = self.price(ix, side, base, slips)?;
        self.fill(turn, qty, price, model)?;
        if tif == TimeInForce::Ioc {
            self.close(ix, n, End::Cancelled, Word::Ioc, at);
        }
        Ok(())
    }

    /// Slippage, and rounding to ticks, both against the order.
    fn price(&self, ix: InstrumentIx, side: Side, base: Price, slips: bool) -> Result<Price, Overflow> {
        let instrument = self.catalog.get(ix).ok_or(Overflow)?;
        let slippage = self.settings.costs.of(instrument.asset_class).slippage.get();
        let slipped = if slips && !slippage.is_zero() {
            let by = base.get().checked_mul(slippage).ok_or(Overflow)?;
            let value = match side {
                Side::Buy => base.get().checked_add(by),
                Side::Sell => base.get().checked_sub(by),
            };
            value.and_then(|value| Price::new(value).ok()).ok_or(Overflow)?
        } else {
            base
        };
        let tick = instrument.tick;
        match side {
            Side::Buy => slipped.round_up_to(tick),
            // Nothing is sold for nothing: the least price is a tick.
            Side::Sell if slipped < tick => Ok(tick),
            Side::Sell => slipped.round_down_to(tick),
        }
    }

    /// What an order that has traded so much value costs in all, in account currency.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(super) fn fee(&self, instrument: &Instrument, value: Amount) -> Result<Amount, Overflow> {
        let costs = &self.settings.costs;
        let fee = value.times(costs.of(instrument.asset_class).fee)?.max(costs.fee_min);
        Ok(fee.round_half_even(costs.places))
    }

    /// Books a fill, whole or not at all; then what follows from it.
    fn fill(&mut self, turn: Turn, qty: Qty, price: Price, model: Word) -> Result<(), Overflow> {
        let Turn { ix, n, at, .. } = turn;
        let instrument = self.catalog.get(ix).ok_or(Overflow)?;
        let (key, currency) = (instrument.key, self.settings.currency);
        let row = &self.rows[ix.index()];
        let order = row.orders.get(row.place(n).ok_or(Overflow)?).ok_or(Overflow)?;
        // An order is taken only where there is a rate, and prices are never forgotten.
        let rate = self.rate(instrument.quote).ok_or(Overflow)?;
        let value = order.value.plus(price.times(qty)?.times(rate)?)?;
        let paid = self.fee(instrument, value)?;
        let fee = paid.minus(order.paid)?;
        let (position, profit) = row.position.after(order.side, qty, price)?;
        let profit = profit.times(rate)?.round_half_even(PLACES);
        let balance = self.balance.plus(profit)?.minus(fee)?;
        let filled = order.filled.plus(qty)?;
        let number = self.executions + 1;
        let fill = Fill {
            execution: ExecutionId::new(&format!("x{number}")).map_err(|_| Overflow)?,
            order: order.id,
            key,
            side: order.side,
            qty,
            price,
            fee: fee.of(currency),
            kept: Qty::ZERO,
            rate,
            at,
            model: Some(model.code()),
        };
        let before = order.clone();
        // Nothing below fails.
        self.executions = number;
        self.balance = balance.round_half_even(Decimal::MAX_SCALE);
        let row = &mut self.rows[ix.index()];
        row.position = position;
        self.book.get_mut().moved(ix, position.held);
        if let Some(budget) = &mut row.budget {
            budget.left = budget.left.minus_or_zero(qty);
        }
        if let Some(place) = row.place(n) {
            let order = &mut row.orders[place];
            (order.filled, order.value, order.paid) = (filled, value, paid);
        }
        self.pending.push_back(VenueEvent::Filled(fill));
        if filled >= before.qty {
            self.over(ix, n, End::Filled);
        }
        self.follow_up(ix, &before, qty, at);
        Ok(())
    }
}

fn unfilled(tif: TimeInForce) -> Word {
    if tif == TimeInForce::Fok { Word::Fok } else { Word::Ioc }
}

impl Turn {
    fn tif(self, engine: &Matching) -> TimeInForce {
        let row = &engine.rows[self.ix.index()];
        row.place(self.n).map_or(TimeInForce::Ioc, |place| row.orders[place].tif)
    }
}

/// Whether an order is left behind by a position: it reduces, and there is nothing on its side to reduce.
pub(super) fn is_left_behind(order: &Order, reducing: Option<Side>) -> bool {
    order.reduces && reducing != Some(order.side)
}
