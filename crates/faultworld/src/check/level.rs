//! Machines only tighten: no level is loosened but by a person, save a pause whose own time has come, and a person leaves what
//! closed everything, or stood still, in two steps and not before its time; no entry is announced at a level that forbids
//! it, nor in a part of trading that is stopped; and what losses are measured from is never lowered within a day, and keeps its share when money comes or goes.

use std::collections::BTreeSet;

use broker_api::{Amount, By, ClientOrderId, Level, NonTradeKind, Purpose, Record, Time};

use chrono::{Datelike, IsoWeek, TimeDelta};
use rust_decimal::Decimal;

use super::parts::Parts;
use super::{Bounds, Checker, Seen};

/// What a division may have rounded.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// See the module.
#[derive(Debug)]
pub(super) struct Levels {
    level: Level,
    until: Option<Time>,
    entries: BTreeSet<ClientOrderId>,
    day: Option<Time>,
    high_water: Option<Amount>,
    /// What the day's loss is measured from.
    begun: Option<Amount>,
    /// What the week's is.
    week: Option<Amount>,
    of_week: Option<IsoWeek>,
    /// Falls at which everything is closed: of the day, and from the highest equity.
    flattens: [Decimal; 2],
    /// How long entries rest after that.
    rest: TimeDelta,
    parts: Parts,
}

impl Levels {
    pub(super) const fn new(bounds: &Bounds) -> Self {
        Self {
            level: Level::Trading,
            until: None,
            entries: BTreeSet::new(),
            day: None,
            high_water: None,
            begun: None,
            week: None,
            of_week: None,
            flattens: bounds.flattens,
            rest: bounds.rest,
            parts: Parts::new(),
        }
    }
}

impl Levels {
    /// The guard closes everything: two of the last readings were so low, and entries rest.
    fn closes(&self, seq: u64, at: Time, until: Option<Time>, seen: &Seen<'_>) -> Result<(), String> {
        if until.is_none_or(|until| until < at + self.rest) {
            return Err(format!("record {seq} closes everything, and entries rest until {until:?}"));
        }
        let [day, high] = self.flattens;
        let floor = |from: Option<Amount>, limit: Decimal| {
            from.map(|from| from.get() - from.get() * limit / Decimal::ONE_HUNDRED)
        };
        let floors = [floor(self.begun, day), floor(self.high_water, high)];
        let is_low = |equity: Decimal| floors.iter().flatten().any(|floor| equity <= *floor + CENT);
        // A step may still have seen the reading before the last one.
        let told = seen.truth.told.iter().rev().filter(|(records, _)| *records < seq).take(3);
        let low = told.filter(|(_, equity)| is_low(*equity)).count();
        if low < 2 {
            return Err(format!(
                "record {seq} closes everything, and {low} of the last readings were so low"
            ));
        }
        Ok(())
    }

    fn sent(&self, order: ClientOrderId, seq: u64) -> Result<(), String> {
        if self.level > Level::Trading && self.entries.contains(&order) {
            return Err(format!("record {seq} sends the entry {order} at the level {}", self.level));
        }
        Ok(())
    }
}

impl Checker for Levels {
    fn name(&self) -> &'static str {
        "level"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            self.parts.follow(stamped)?;
            let (level, by, until) = match &stamped.record {
                Record::LevelSet { level, by, until, .. } => (level, by, until),
                Record::Intended { intent, .. } => {
                    if intent.purpose == Purpose::Entry {
                        self.entries.insert(intent.id);
                    }
                    self.sent(intent.id, stamped.seq)?;
                    continue;
                }
                Record::Resent { order, .. } => {
                    self.sent(*order, stamped.seq)?;
                    continue;
                }
                Record::DayStarted { starts, equity, high_water, week, .. } => {
                    if self.day >= Some(*starts) || self.high_water > Some(*high_water) {
                        return Err(format!("record {} measures losses from less than before", stamped.seq));
                    }
                    (self.day, self.high_water) = (Some(*starts), Some(*high_water));
                    if self.week.is_some() && self.week != *week && self.of_week == Some(of_week(*starts)) {
                        return Err(format!("record {} begins the week anew within it", stamped.seq));
                    }
                    (self.begun, self.week) = (Some(*equity), *week);
                    self.of_week = Some(of_week(*starts));
                    continue;
                }
                // Money that is brought in or taken out is neither profit nor loss.
                Record::NonTrade { entry, before, .. } if entry.kind == NonTradeKind::Transfer => {
                    let flow = entry.money.amount.get();
                    let moved = |from: Option<Amount>| {
                        from.and_then(|from| {
                            Amount::new(moved(from.get(), flow, before.map(Amount::get))).ok()
                        })
                    };
                    (self.begun, self.week) = (moved(self.begun), moved(self.week));
                    self.high_water = moved(self.high_water);
                    continue;
                }
                _ => continue,
            };
            let is_over = self.level == Level::Paused && self.until.is_some_and(|until| until <= stamped.at);
            if *level < self.level && *by == By::Guard && !is_over {
                return Err(format!("record {} loosens {} to {level} by itself", stamped.seq, self.level));
            }
            let is_late = self.until.is_none_or(|until| until <= stamped.at);
            let is_step = match self.level {
                Level::Flattening | Level::Frozen => *level >= Level::ReduceOnly,
                Level::ReduceOnly => *level >= Level::ReduceOnly || is_late,
                Level::Paused | Level::Trading => true,
            };
            if *level == Level::Flattening && *by == By::Guard {
                self.closes(stamped.seq, stamped.at, *until, seen)?;
            }
            if !is_step {
                return Err(format!("record {} goes from {} to {level} at once", stamped.seq, self.level));
            }
            (self.level, self.until) = (*level, *until);
        }
        if seen.book.guard().level != self.level {
            return Err(format!(
                "the book is at {}, its records say {}",
                seen.book.guard().level,
                self.level
            ));
        }
        self.parts.are_those_of(seen.book)?;
        let guard = seen.book.guard();
        let book = (guard.day.map(|day| day.equity), guard.week, guard.high_water);
        let records = (self.begun, self.week, self.high_water);
        if self.begun.is_some() && book != records {
            return Err(format!("losses are measured from {book:?}, by the records from {records:?}"));
        }
        Ok(())
    }
}

/// What a fall is measured from after money came or went: the fall keeps its share of it. In cents, rounded up.
pub(super) fn moved(from: Decimal, flow: Decimal, before: Option<Decimal>) -> Decimal {
    match before.filter(|before| *before > Decimal::ZERO && *before + flow > Decimal::ZERO) {
        Some(before) => {
            (from * (before + flow) / before * Decimal::ONE_HUNDRED).ceil() / Decimal::ONE_HUNDRED
        }
        None => from + flow,
    }
}

/// The week of an account day, which is named after the day that it ends on.
fn of_week(starts: Time) -> IsoWeek {
    (starts + TimeDelta::hours(12)).iso_week()
}
