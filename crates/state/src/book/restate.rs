//! Executions taken back or restated: the position or trade they belong to is folded again without them.
//!
//! What cannot be folded again (its executions are forgotten, the instrument was traded anew since, or one fill
//! closed a position and opened the next) is refused here; the desk then writes a divergence, and a person repairs it.

use broker_api::{Amount, Event, ExecutionId, Fill, Intent, Key, Qty, VenueId};

use super::fold::{No, no};
use super::ledger::{self, Effect};
use super::rows::{Position, Trade};
use super::{Book, IMPORTED};

/// What became of a position that was folded again.
enum Again {
    Nothing,
    Open(Position),
    Flat(Position, Box<(Fill, Intent)>),
}

impl Book {
    /// Takes an execution back, or puts `with` in its place.
    pub(super) fn restated(
        &mut self,
        venue: VenueId,
        execution: ExecutionId,
        with: Option<&Fill>,
    ) -> Result<(), No> {
        let Some(old) =
            self.execution(venue, execution).filter(|known| !known.busted).map(|known| known.fill)
        else {
            return no(format!("execution {execution} is not in the book, or was taken back before"));
        };
        if with.is_some_and(|new| (new.order, new.key, new.side) != (old.order, old.key, old.side)) {
            return no(format!("execution {execution} is restated for another order, instrument or side"));
        }
        let Some(order) = self.order(old.order) else {
            return no(format!("order {} is forgotten", old.order));
        };
        let mut filled = order.filled.minus(old.qty)?;
        let taken_back = if with.is_none() { order.taken_back.plus(old.qty)? } else { order.taken_back };
        let mut value = order.value.minus(old.price.times(old.qty)?)?;
        let mut fees = order.fees.minus(self.booked(&old)?.fees)?;
        if let Some(new) = with {
            filled = filled.plus(new.qty)?;
            value = value.plus(new.price.times(new.qty)?)?;
            fees = fees.plus(self.booked(new)?.fees)?;
        }
        let is_whole = with.is_some() && filled.plus(taken_back)? >= order.intent.qty;
        let event = if is_whole { Event::FullyFilled } else { Event::Busted };

        let key = old.key;
        let held = self.positions.get(&key).filter(|p| p.executions.contains(&execution)).cloned();
        let traded = self
            .trades
            .iter()
            .rposition(|t| t.position.key == key && t.position.executions.contains(&execution));
        match (held, traded) {
            (Some(position), None) => {
                let again = self.again(&position, execution, with)?;
                self.swap(&position, &again)?;
                self.moves(old.order, event, old.at)?; // the table allows both events everywhere
                self.positions.remove(&key);
                self.put_back(key, again);
            }
            (None, Some(at)) => {
                let trade = self.trades[at].clone();
                let again = self.again(&trade.position, execution, with)?;
                if !matches!(again, Again::Flat(..)) && self.traded_since(&trade) {
                    return no(format!("{key} was traded anew since execution {execution}"));
                }
                self.swap(&trade.position, &again)?;
                self.moves(old.order, event, old.at)?;
                match again {
                    Again::Flat(position, ..) => self.trades[at].position = position,
                    again => {
                        self.trades.remove(at);
                        self.totals.trades -= 1;
                        self.put_back(key, again);
                    }
                }
                self.rescore(&trade, at);
            }
            _ => return no(format!("execution {execution} cannot be undone by itself")),
        }
        self.count_fill(old.order, filled, value, fees);
        if let Some(order) = self.any_order(old.order) {
            order.taken_back = taken_back;
        }
        let executions = self.executions.entry(venue).or_default();
        // One that was taken back stays known: it may be told again, and must not count then.
        if let Some(known) = executions.get_mut(&execution) {
            match with {
                Some(new) => known.fill = *new,
                None => known.busted = true,
            }
        }
        self.totals.fills -= u64::from(with.is_none());
        // What was restated upwards may be all of its order.
        self.retire(old.order);
        self.settle_exit(key);
        Ok(())
    }

    /// Folds a position's executions again, with one left out or replaced.
    fn again(&self, old: &Position, execution: ExecutionId, with: Option<&Fill>) -> Result<Again, No> {
        let mut state = Again::Nothing;
        let mut traded = Qty::ZERO;
        for id in &old.executions {
            let Some(known) = self.execution(old.key.venue, *id) else {
                return no(format!("execution {id} is forgotten"));
            };
            traded = traded.plus(known.fill.moved()?)?;
            let fill = match (*id == execution, with) {
                (true, None) => continue,
                (true, Some(new)) => *new,
                (false, _) => known.fill,
            };
            let Some(order) = self.order(fill.order) else {
                return no(format!("order {} is forgotten", fill.order));
            };
            let before = match state {
                Again::Nothing => None,
                Again::Open(position) => Some(position),
                Again::Flat(..) => return no("it would have been flat in between"),
            };
            state = match ledger::filled(
                before,
                old.number,
                &self.booked(&fill)?,
                &order.intent,
                old.strategy,
            )? {
                Effect::Open(position) => Again::Open(position),
                Effect::Flat(position) => Again::Flat(position, Box::new((fill, order.intent))),
                Effect::Turned(..) => return no("it would have turned"),
            };
        }
        if traded != old.entered.plus(old.exited)? {
            return no(
                "one of its executions also closed the position before it, or opened the one after it",
            );
        }
        if let Again::Open(position) | Again::Flat(position, ..) = &mut state {
            (position.plan, position.legs_made) = (old.plan, old.legs_made);
            (position.signal, position.blocked) = (old.signal, old.blocked.clone());
            if position.executions.first() == old.executions.first() {
                position.opened_at = old.opened_at;
            }
            position.refused.clone_from(&old.refused);
            (position.outside, position.bare) = (old.outside, old.bare);
        }
        Ok(state)
    }

    /// Replaces a position's part of the sums.
    fn swap(&mut self, old: &Position, new: &Again) -> Result<(), No> {
        let (gross, fees) = match new {
            Again::Nothing => (Amount::ZERO, Amount::ZERO),
            Again::Open(p) | Again::Flat(p, ..) => (p.gross, p.fees),
        };
        let gross = self.totals.gross.minus(old.gross)?.plus(gross)?;
        let fees = self.totals.fees.minus(old.fees)?.plus(fees)?;
        (self.totals.gross, self.totals.fees) = (gross, fees);
        Ok(())
    }

    fn put_back(&mut self, key: Key, again: Again) {
        match again {
            Again::Nothing => {}
            Again::Open(position) => drop(self.positions.insert(key, position)),
            Again::Flat(position, last) => self.close(position, &last.0, &last.1),
        }
    }

    fn traded_since(&self, trade: &Trade) -> bool {
        let key = trade.position.key;
        self.positions.contains_key(&key)
            || self.trades.iter().any(|t| t.position.key == key && t.position.number > trade.position.number)
    }

    /// Counts wins, losses and the streak again after the trade at `at`, which was `old`, changed or went.
    fn rescore(&mut self, old: &Trade, at: usize) {
        if old.position.outside.is_some() {
            return; // it counted nowhere
        }
        let new = self.trades.get(at).filter(|t| t.position.number == old.position.number).map(Trade::net);
        let (was, is) = (old.net(), new.unwrap_or(Amount::ZERO));
        self.totals.wins -= u64::from(was > Amount::ZERO);
        self.totals.wins += u64::from(is > Amount::ZERO);
        self.totals.losses -= u64::from(was < Amount::ZERO);
        self.totals.losses += u64::from(is < Amount::ZERO);
        let counts = |t: &&Trade| t.exit_code != Some(IMPORTED) && t.position.outside.is_none();
        let counted = self.trades.iter().filter(counts);
        let streak = counted.rev().take_while(|t| t.net() < Amount::ZERO).count();
        self.guard.losses_in_row = u32::try_from(streak).unwrap_or(u32::MAX);
        self.guard.cooled_at = self.guard.cooled_at.min(self.guard.losses_in_row);
        if let Some(day) = self.guard.day.as_mut().filter(|day| old.closed_at >= day.starts)
            && let Ok(change) = is.minus(was)
            && let Ok(realised) = day.realised.plus(change)
        {
            day.realised = realised;
        }
    }
}
