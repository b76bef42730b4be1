//! Trips that tighten the level, what a level asks for, and how a person loosens it.

use broker_api::{By, Code, Level, Phase, Reason, Record, Time, VenueId, planted};
use chrono::TimeDelta;
use risk::{Stage, Trip, Unclear};
use state::book::Order;
use state::{Book, Illegal};

use super::found::{Found, Sort};
use super::{AGAIN, Step};
use crate::input::Operator;

const LEVEL: Code = Code::fixed("level");
const NOT_ARMED: Code = Code::fixed("not_armed");
const FLATTEN: Code = Code::fixed("flatten");
const OPERATOR: Code = Code::fixed("operator");
const UNKNOWN_TOO_OLD: Code = Code::fixed("unknown_too_old");

/// How long entries rest once two clocks were apart, before they are compared again.
const UNTIL_SET: TimeDelta = TimeDelta::minutes(10);

/// What of a book stands in the way of trading.
pub fn unclear(book: &Book) -> Unclear {
    // What nothing can be found out about would hold a desk that stands still for ever, and with it the stops of what is held.
    // It keeps entries out by itself; what made the desk stand still are the differences.
    let guard = book.guard();
    let differs = guard.reason.as_ref().is_some_and(|reason| reason.code == risk::stops::MANY_DIVERGED);
    let is_unknown = |row: &&Order| row.phase == Phase::Unknown;
    let unknown = if guard.level == Level::Frozen && differs {
        0
    } else {
        book.open_orders().filter(is_unknown).count()
    };
    Unclear { diverged: book.diverged().len() + book.venues_diverged().len(), unknown }
}

impl Step<'_> {
    /// Tightens the level when a breaker trips, and ends a pause whose time has come.
    pub(super) fn breakers(&mut self, found: Found) -> Result<(), Illegal> {
        #[cfg(planted)]
        self.lifted()?;
        let guard = self.book.guard();
        if guard.level == Level::Paused
            && let Some(until) = guard.until
        {
            if until <= self.now {
                let reason = Reason::plain(Code::fixed("pause_over"), "the pause has ended by its own time");
                return self.put(Record::LevelSet {
                    level: Level::Trading,
                    by: By::Guard,
                    reason,
                    until: None,
                });
            }
            self.due_at(until);
        }
        // Records alone make orders unknown, and what is due touches everything.
        if !self.touched.is_nothing()
            && let Some(trip) = self.many_diverged().or_else(|| self.unknown_too_old(found))
        {
            return self.tripped(trip);
        }
        let equity = self.equity().filter(|_| self.flowed.is_empty());
        let limits = &self.setup.limits;
        if !self.floor.may_trip(self.book.guard(), equity, limits) {
            if equity.is_some() {
                *self.doubt = None;
            }
            return Ok(());
        }
        let is_deep = risk::is_deep(self.book.guard(), equity, limits);
        let is_confirmed = self.is_confirmed(is_deep) || planted!(FlattenUnconfirmed);
        match risk::breakers(self.book.guard(), equity, is_confirmed, self.now, limits) {
            Some(trip) => self.tripped(trip),
            None => Ok(()),
        }
    }

    /// Whether two readings of the account call for closing everything.
    fn is_confirmed(&mut self, is_deep: bool) -> bool {
        let mut doubt = *self.doubt;
        let is_confirmed = self.confirms(&mut doubt, self.read_at().filter(|_| is_deep));
        *self.doubt = doubt;
        if doubt.is_some() && !is_confirmed && self.book.guard().level < Level::Flattening {
            self.due_at(self.now + AGAIN);
        }
        is_confirmed
    }

    /// Book and broker disagree about so much that nothing must move by itself.
    fn many_diverged(&self) -> Option<Trip> {
        let (instruments, venues) = (self.book.diverged().len(), self.book.venues_diverged().len());
        let trip = risk::stops::diverged(instruments, venues, &self.setup.limits)?;
        (self.book.guard().level < trip.level).then_some(trip)
    }

    pub(super) fn tripped(&mut self, trip: Trip) -> Result<(), Illegal> {
        let Trip { level, reason, until } = trip;
        let until = match (level, reason.code.as_str()) {
            (Level::Flattening, _) if planted!(RestForgotten) => None,
            (Level::Flattening, _) => self.rest_after_closing(),
            (Level::ReduceOnly, "daily_loss") => self.next_day_and_week().0,
            (Level::ReduceOnly, "weekly_loss") => self.next_day_and_week().1,
            _ => until,
        };
        self.put(Record::LevelSet { level, by: By::Guard, reason, until })
    }

    /// Until when nobody lets entries through again once everything was ordered to be closed now.
    fn rest_after_closing(&self) -> Option<Time> {
        let hours = i64::from(self.setup.limits.flatten_rest_hours);
        let over = self.now.checked_add_signed(TimeDelta::hours(hours));
        let guard = self.book.guard();
        over.max(guard.until.filter(|_| guard.level > Level::Paused))
    }

    /// An order without a known outcome for too long: how much is at risk is not known.
    fn unknown_too_old(&mut self, found: Found) -> Option<Trip> {
        let is_there = found.may_be(Sort::Unknown, self.out.records().len());
        if !is_there || self.book.guard().level >= Level::ReduceOnly {
            return None;
        }
        // Of a venue that is away while others are traded nothing can be found out: what may have become of its orders is taken off
        // what it is worth instead, and the time counts from its return.
        let unknown = self
            .book
            .open_orders()
            .filter(|row| row.phase == Phase::Unknown && !self.is_silent(row.intent.key.venue));
        let back = |row: &Order| self.market.back(row.intent.key.venue);
        let since = |row: &Order| back(row).map_or(row.since, |back| back.max(row.since));
        let oldest = unknown.min_by_key(|row| since(row))?;
        let minutes = self.setup.limits.unknown_minutes;
        let (since, id, key) = (since(oldest), oldest.intent.id, oldest.intent.key);
        let bound = since + TimeDelta::minutes(i64::from(minutes));
        if bound > self.now {
            self.due_at(bound);
            return None;
        }
        let age = (self.now - since).num_minutes();
        let text = format!(
            "what became of the order {id} of {} is not known for {age} minutes, limit {minutes}; no entries until a person has looked and resumes",
            key.symbol
        );
        let reason = Reason {
            limit: Some(format!("{minutes} min").into()),
            would_be: Some(format!("{age} min").into()),
            key: Some("unknown_minutes".into()),
            ..Reason::plain(UNKNOWN_TOO_OLD, text)
        };
        Some(Trip { level: Level::ReduceOnly, reason, until: None })
    }

    /// The clock of a venue was read: whether it is too far from ours, by two readings.
    pub(super) fn clock(&mut self, venue: VenueId) -> Result<(), Illegal> {
        if self.setup.stage != Stage::Broker || self.book.guard().level >= Level::Paused {
            return Ok(());
        }
        let ahead = self.market.clock_twice(venue);
        let reason = ahead.and_then(|ahead| risk::stops::apart(ahead, venue, &self.setup.limits));
        let Some(reason) = reason else { return Ok(()) };
        self.tripped(Trip { level: Level::Paused, reason, until: Some(self.now + UNTIL_SET) })
    }

    /// After a refusal: whether there were too many.
    pub(super) fn refusals(&mut self) -> Result<(), Illegal> {
        if self.book.guard().level >= Level::ReduceOnly {
            return Ok(());
        }
        let lately = self.answers();
        let Some(reason) = risk::storm(&lately, &self.setup.limits) else { return Ok(()) };
        self.tripped(Trip { level: Level::ReduceOnly, reason, until: None })
    }

    /// Cancels entries where the level says so, or real money is not armed; closes everything where it says that.
    pub(super) fn level(&mut self) -> Result<(), Illegal> {
        let level = self.book.guard().level;
        if matches!(level, Level::Trading | Level::Paused) {
            self.cancel_stopped()?;
        }
        let is_off = matches!(level, Level::ReduceOnly | Level::Flattening);
        let is_unarmed = self.book.venues().any(|venue| self.is_unarmed(venue.of.venue));
        if level == Level::Frozen || !is_off && !is_unarmed {
            return Ok(());
        }
        let entries: Vec<_> = self
            .book
            .open_orders()
            .filter(|row| !row.intent.purpose.is_reducing())
            .map(|row| (row.intent.key, row.intent.id))
            .filter(|(key, _)| is_off || self.is_unarmed(key.venue))
            .collect();
        for (key, order) in entries {
            self.cancel(key, order, if is_off { LEVEL } else { NOT_ARMED })?;
        }
        if level == Level::Flattening {
            let held: Vec<_> = self.book.positions().map(|position| position.key).collect();
            for key in
                held.into_iter().filter(|key| self.book.exit_wanted(*key).is_none()).collect::<Vec<_>>()
            {
                self.put(Record::ExitWanted { key, signal: None, code: FLATTEN })?;
            }
        }
        Ok(())
    }

    /// A person's word about the level. What loosens goes one step, and not before its time; what may not be is not done,
    /// and whoever asked has been told why.
    pub(super) fn level_asked(&mut self, act: &Operator) -> Result<(), Illegal> {
        let (wanted, name, why, until) = match act {
            Operator::Level { level, name, why, until } => (*level, name, why, *until),
            // Nothing is closed while nobody knows well enough what is held.
            Operator::Flatten { .. } if self.book.guard().level == Level::Frozen => return Ok(()),
            Operator::Flatten { name, why } => (Level::Flattening, name, why, self.rest_after_closing()),
            _ => return Ok(()),
        };
        let guard = self.book.guard();
        let (level, until) = if wanted < guard.level && planted!(ResumeAtOnce) {
            (wanted, None)
        } else if wanted < guard.level {
            match risk::loosened(guard, unclear(self.book), self.now) {
                Ok((level, until)) => (level.max(wanted), until),
                Err(_) if planted!(ResumeTooEarly) => (Level::Trading, None),
                Err(_) => return Ok(()),
            }
        } else {
            // Who tightens, or says the same again, takes no time away.
            (wanted, until.max(guard.until.filter(|_| guard.level > Level::Paused)))
        };
        *self.doubt = None;
        let by = By::Operator { name: name.clone() };
        let reason = Reason::plain(OPERATOR, why.clone());
        self.put(Record::LevelSet { level, by, reason, until })
    }
}
