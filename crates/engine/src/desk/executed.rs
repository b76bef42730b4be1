//! How entries were executed and orders answered, from the book, so that a restart forgets nothing. It forgets as the book
//! does: what is over for more than five days is not counted.

use std::collections::VecDeque;

use broker_api::{AssetClass, ClientOrderId, Key, Level, Purpose, Ratio, Scope, Side, Time};
use chrono::TimeDelta;
use risk::stops::{ANSWERS_LEAST, ENTRIES_LEAST};
use risk::{Executed, Poor, Stage, Trip, poor};
use rust_decimal::Decimal;
use state::Illegal;
use state::book::Order;

use super::{Setup, Step};

/// How far back answers count.
const ANSWERS: TimeDelta = TimeDelta::minutes(10);
/// How long entries rest after late answers.
const REST: TimeDelta = TimeDelta::hours(1);
/// How many executed entries are remembered.
const REMEMBERED: usize = 400;
/// Parts of a price in one.
const BPS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// One entry that was executed.
#[derive(Clone, Copy, Debug)]
struct Entered {
    id: ClientOrderId,
    key: Key,
    class: AssetClass,
    decided_at: Time,
}

impl Entered {
    /// Nothing of what says nothing: of history, where prices come as bars, and of what was decided while its market was
    /// closed, which met the next opening.
    fn of(row: &Order, setup: &Setup) -> Option<Self> {
        let (id, key, decided_at) = (row.intent.id, row.intent.key, row.decided_at);
        if row.intent.purpose != Purpose::Entry || row.filled.is_zero() || setup.stage == Stage::Replay {
            return None;
        }
        let class = setup.catalog.instrument(key)?.asset_class;
        let calendar = setup.calendar;
        let is_open = calendar.is_behind_venues() || calendar.session(class, decided_at).is_some();
        (is_open && !setup.bars.contains_key(&class)).then_some(Self { id, key, class, decided_at })
    }
}

/// The last entries that were executed, and the last answers: what the book has of them as a process begins, and each since.
#[derive(Debug, Default)]
pub(super) struct Executions {
    entries: VecDeque<Entered>,
    /// When an order was answered, and how long that took.
    answers: VecDeque<(Time, TimeDelta)>,
}

impl Executions {
    /// Of orders in the sequence of their decisions.
    pub(super) fn of(orders: &[&Order], setup: &Setup) -> Self {
        let mut executions = Self::default();
        for row in orders {
            if let Some(entered) = Entered::of(row, setup) {
                executions.entered(entered);
            }
            executions.answers.extend(answer(row));
        }
        executions.answers.make_contiguous().sort_unstable();
        executions
    }

    fn entered(&mut self, entered: Entered) {
        if self.entries.iter().rev().take(ENTRIES_LEAST).any(|known| known.id == entered.id) {
            return;
        }
        self.entries.push_back(entered);
        if self.entries.len() > REMEMBERED {
            self.entries.pop_front();
        }
    }
}

/// When an order was answered, and how long after it was last sent.
fn answer(row: &Order) -> Option<(Time, TimeDelta)> {
    let at = row.answered_at?;
    Some((at, at - row.sent.from))
}

/// How much worse than decided an order was executed, in hundredths of a percent of its price.
fn slip(row: &Order) -> Option<Decimal> {
    let (paid, decided) = (row.average()?.get(), row.intent.reference.get());
    let worse = match row.intent.side {
        Side::Buy => paid.checked_sub(decided)?,
        Side::Sell => decided.checked_sub(paid)?,
    };
    worse.checked_mul(BPS)?.checked_div(decided)
}

impl Step<'_> {
    /// How entries into an instrument, in the account day that began then, and its class were lately executed, and orders answered.
    pub(super) fn executions(&self, key: Key, class: AssetClass, day: Time) -> Executed {
        if self.setup.stage == Stage::Replay {
            return Executed::default();
        }
        let (guard, entries) = (self.book.guard(), &self.pace.executions.entries);
        let slip_of = |entered: &Entered| self.book.order(entered.id).and_then(slip);
        let since = guard.allowed_at(Scope::Instrument(key)).map_or(day, |at| at.max(day));
        let here = entries.iter().rev().filter(|entered| entered.key == key && entered.decided_at >= since);
        let worst = here.filter_map(slip_of).max();
        let allowed = guard.allowed_at(Scope::Class(class));
        let is_last = |entered: &&Entered| entered.class == class && Some(entered.decided_at) > allowed;
        let last: Vec<Decimal> =
            entries.iter().rev().filter(is_last).filter_map(slip_of).take(ENTRIES_LEAST).collect();
        let sum = last.iter().try_fold(Decimal::ZERO, |sum, slip| sum.checked_add(*slip));
        let mean = sum.filter(|_| last.len() == ENTRIES_LEAST).map(|sum| sum / Decimal::from(ENTRIES_LEAST));
        let ratio = |of: Option<Decimal>| of.and_then(|of| Ratio::new(of.round_dp(4)).ok());
        Executed { worst: ratio(worst), mean: ratio(mean), answer: self.slow_answer() }
    }

    /// The median time to an answer, since a person last let entries through, when it is longer than it may be.
    fn slow_answer(&self) -> Option<TimeDelta> {
        let guard = self.book.guard();
        let since = guard.since.filter(|_| guard.level == Level::Trading).max(Some(self.now - ANSWERS));
        let answers = || self.pace.executions.answers.iter().filter(move |(at, _)| Some(*at) > since);
        let limit = TimeDelta::seconds(i64::from(self.setup.limits.answer_seconds_max));
        // Mostly none is slow. Of an even number the shorter one of the two in the middle counts.
        let (all, slow) = (answers().count(), answers().filter(|(_, taken)| *taken > limit).count());
        if all < ANSWERS_LEAST || slow * 2 <= all {
            return None;
        }
        let mut taken: Vec<TimeDelta> = answers().map(|(_, taken)| *taken).collect();
        taken.sort_unstable();
        taken.get((all - 1) / 2).copied()
    }

    /// An entry was executed, perhaps in part: whether it was too dear.
    pub(super) fn executed(&mut self, order: ClientOrderId) -> Result<(), Illegal> {
        let Some(row) = self.book.order(order) else { return Ok(()) };
        let Some(entered) = Entered::of(row, self.setup) else { return Ok(()) };
        let worst = slip(row).and_then(|slip| Ratio::new(slip.round_dp(4)).ok());
        self.pace.executions.entered(entered);
        // Only what cost more than it was decided at makes anything worse.
        let Some(worst) = worst.filter(|worst| *worst > Ratio::ZERO) else { return Ok(()) };
        let Entered { key, class, .. } = entered;
        let day = self.hours.account_day(self.now);
        let executed = Executed { worst: Some(worst), answer: None, ..self.executions(key, class, day) };
        for poor in poor(&executed, class, &self.setup.limits) {
            match poor {
                Poor::Class(reason) => self.stop(Scope::Class(class), reason, None)?,
                Poor::Instrument(reason) => {
                    let until = self.next_day_and_week().0;
                    self.stop(Scope::Instrument(key), reason, until)?;
                }
                Poor::Everything(_) => {}
            }
        }
        Ok(())
    }

    /// An order was answered: whether answers come too late.
    pub(super) fn answered(&mut self, order: ClientOrderId) -> Result<(), Illegal> {
        if self.setup.stage == Stage::Replay {
            return Ok(());
        }
        let Some((at, taken)) = self.book.order(order).and_then(answer) else { return Ok(()) };
        let old = self.now - ANSWERS;
        let answers = &mut self.pace.executions.answers;
        while answers.front().is_some_and(|(at, _)| *at <= old) {
            answers.pop_front();
        }
        answers.push_back((at, taken));
        // A fast answer makes nothing slower.
        let limit = TimeDelta::seconds(i64::from(self.setup.limits.answer_seconds_max));
        if taken <= limit || self.book.guard().level >= Level::Paused {
            return Ok(());
        }
        let executed = Executed { answer: self.slow_answer(), ..Executed::default() };
        let Some(Poor::Everything(reason)) =
            poor(&executed, AssetClass::Equity, &self.setup.limits).into_iter().next()
        else {
            return Ok(());
        };
        self.tripped(Trip { level: Level::Paused, reason, until: Some(self.now + REST) })
    }
}
