//! What executions do to positions, trades and counters: the part of the fold that touches money.

use broker_api::{
    Amount, ClientOrderId, Event, Fill, Intent, Money, Purpose, Qty, StrategyId, Time, planted,
};

use super::fold::{No, no};
use super::ledger::{self, Booked, Effect};
use super::rows::{Execution, Order, Position, Trade};
use super::{Book, TRADES_KEPT};

impl Book {
    pub(super) fn filled(&mut self, fill: &Fill, at: Time) -> Result<(), No> {
        if self.has_execution(fill.key.venue, fill.execution) {
            return no(format!("execution {} was told before", fill.execution));
        }
        let Some(order) = self.order(fill.order) else {
            return no(format!("order {} is not in the book", fill.order));
        };
        let intent = order.intent;
        if (intent.key, intent.side) != (fill.key, fill.side) {
            return no(format!("it names order {} and is not of its instrument and side", fill.order));
        }
        let filled = if planted!(PartIsAll) { fill.qty } else { order.filled.plus(fill.qty)? };
        let value = order.value.plus(fill.price.times(fill.qty)?)?;
        let booked = self.booked(fill)?;
        let fees = order.fees.plus(booked.fees)?;
        let event =
            if filled.plus(order.taken_back)? >= intent.qty { Event::FullyFilled } else { Event::PartFilled };

        let before = self.positions.get(&fill.key);
        let (gross, paid) = before.map_or((Amount::ZERO, Amount::ZERO), |p| (p.gross, p.fees));
        let opens = before.is_none();
        let number = self.totals.positions + 1;
        let strategy = self.strategy(&intent);
        let effect = ledger::filled(before.cloned(), number, &booked, &intent, strategy)?;
        let (now_gross, now_paid) = match &effect {
            Effect::Open(p) | Effect::Flat(p) | Effect::Turned(p, _) => (p.gross, p.fees),
        };
        let total_gross = self.totals.gross.plus(now_gross.minus(gross)?)?;
        let total_fees = self.totals.fees.plus(now_paid.minus(paid)?)?;
        let realised = match (&effect, self.guard.day) {
            (Effect::Flat(p) | Effect::Turned(p, _), Some(day)) => {
                Some(day.realised.plus(p.gross.minus(p.fees)?)?)
            }
            _ => None,
        };
        // Nothing below can fail but the table, which allows a fill everywhere.
        self.moves(fill.order, event, at)?;
        (self.totals.gross, self.totals.fees) = (total_gross, total_fees);
        self.totals.fills += 1;
        if let (Some(day), Some(realised)) = (&mut self.guard.day, realised) {
            day.realised = realised;
        }
        self.count_fill(fill.order, filled, value, fees);
        let execution = Execution { fill: *fill, purpose: Some(intent.purpose), busted: false };
        self.executions.entry(fill.key.venue).or_default().insert(fill.execution, execution);
        if opens || matches!(effect, Effect::Turned(..)) {
            self.totals.positions = number;
        }
        match effect {
            Effect::Open(mut position) => {
                if opens {
                    position.legs_made = self.adopted_legs(fill.key);
                    // A venue's clock may be ahead of ours, and nothing that is decided about it was decided before.
                    position.opened_at = position.opened_at.min(at);
                }
                self.positions.insert(fill.key, position);
            }
            Effect::Flat(position) => {
                self.positions.remove(&fill.key);
                self.close(position, fill, &intent);
            }
            Effect::Turned(position, mut turned) => {
                self.close(position, fill, &intent);
                turned.opened_at = turned.opened_at.min(at);
                self.positions.insert(fill.key, *turned);
            }
        }
        if event == Event::FullyFilled {
            self.bring_legs(fill.order, at);
        }
        self.retire(fill.order);
        self.there_moves(fill);
        self.settle_exit(fill.key);
        if intent.purpose == Purpose::Entry
            && let Some(exit) = self.exits.get_mut(&fill.key)
        {
            exit.failed_at = None; // what was refused was another quantity, with other orders beside it
        }
        Ok(())
    }

    /// A fill as it is booked: a fee may be money of the account, or of what the instrument is quoted in.
    pub(super) fn booked<'a>(&self, fill: &'a Fill) -> Result<Booked<'a>, No> {
        let Money { amount, currency } = fill.fee;
        let account = self.venues.get(&fill.key.venue).map(|venue| venue.of.currency);
        let quote = fill.key.symbol.as_str().split_once('/').map(|(_, quote)| quote);
        let fee = if amount == Amount::ZERO || account.is_none_or(|account| account == currency) {
            amount
        } else if quote.is_none_or(|quote| quote == currency.as_str()) {
            amount.times(fill.rate)?.round_half_even(ledger::PLACES)
        } else {
            return no(format!(
                "execution {}: nobody knows what its fee of {} is worth",
                fill.execution, fill.fee
            ));
        };
        let booked = Booked::new(fill, fee)?;
        if booked.qty.is_zero() {
            return no(format!("execution {}: the venue kept all of it", fill.execution));
        }
        Ok(booked)
    }

    fn strategy(&self, intent: &Intent) -> Option<StrategyId> {
        self.signals.get(intent.signal?).map(|state| state.signal.strategy)
    }

    pub(super) fn count_fill(&mut self, id: ClientOrderId, filled: Qty, value: Amount, fees: Amount) {
        if let Some(order) = self.any_order(id) {
            (order.filled, order.value, order.fees) = (filled, value, fees);
        }
    }

    /// An order, live or over.
    pub(super) fn any_order(&mut self, id: ClientOrderId) -> Option<&mut Order> {
        match self.orders.get_mut(id) {
            Some(order) => Some(order),
            None => self.closed_orders.get_mut(&id).map(AsMut::as_mut),
        }
    }

    pub(super) fn close(&mut self, position: Position, fill: &Fill, intent: &Intent) {
        let wanted = self.exits.get(&fill.key).filter(|_| intent.purpose == Purpose::Exit);
        let trade = Trade {
            closed_at: fill.at,
            exit: intent.purpose,
            exit_signal: wanted.and_then(|exit| exit.signal),
            exit_code: wanted.map(|exit| exit.code),
            position,
        };
        self.closed(trade);
    }

    /// A position that became flat is a trade.
    pub(super) fn closed(&mut self, mut trade: Trade) {
        trade.position.bare = trade.position.bare.ended(trade.closed_at);
        self.totals.trades += 1;
        self.score(&trade);
        if self.trades.len() == TRADES_KEPT {
            self.trades.pop_front();
        }
        self.trades.push_back(trade);
    }

    pub(super) fn score(&mut self, trade: &Trade) {
        if trade.position.outside.is_some() && !planted!(OutsideScored) {
            self.totals.outside += 1; // the strategy did not make it
            return;
        }
        if trade.net() < Amount::ZERO {
            self.totals.losses += 1;
            self.guard.losses_in_row += 1;
            self.totals.losses_in_row_max = self.totals.losses_in_row_max.max(self.guard.losses_in_row);
        } else {
            self.totals.wins += u64::from(trade.net() > Amount::ZERO);
            (self.guard.losses_in_row, self.guard.cooled_at) = (0, 0);
        }
    }
}
