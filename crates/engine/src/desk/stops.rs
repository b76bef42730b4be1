//! What stops entries of a part of trading, and how it ends: the desk by its rules, a person by their word.

use broker_api::{By, Code, Key, Reason, Record, Scope, Time, planted};
use chrono::TimeDelta;
use state::Illegal;

use super::{AGAIN, Step};
use crate::command::Command;
use crate::input::Operator;

const STOP_OVER: Code = Code::fixed("stop_over");
const OPERATOR: Code = Code::fixed("operator");
const ENTRIES_STOPPED: Code = Code::fixed("entries_stopped");

impl Step<'_> {
    /// Ends what has its time, and stops what lost too much.
    pub(super) fn stops(&mut self) -> Result<(), Illegal> {
        let stopped = &self.book.guard().stopped;
        if !stopped.is_empty() {
            let ends: Vec<(Scope, Time, Time)> =
                stopped.iter().filter_map(|stop| Some((stop.scope, stop.since, stop.until?))).collect();
            for (scope, since, until) in ends {
                if until > self.now && !(planted!(StopEndsEarly) && since < self.now) {
                    self.due_at(until);
                    continue;
                }
                let reason = Reason::plain(STOP_OVER, "its time is over");
                self.put(Record::EntriesAllowed { scope, by: By::Guard, reason })?;
            }
        }
        self.class_losses()
    }

    /// Stops entries of a part of trading, unless they are stopped for as long already.
    pub(super) fn stop(&mut self, scope: Scope, reason: Reason, until: Option<Time>) -> Result<(), Illegal> {
        let is_shorter = |end: Option<Time>| end.is_some_and(|end| until.is_none_or(|until| until > end));
        match self.book.guard().stopped_at(scope) {
            Some(known) if !is_shorter(known.until) => Ok(()),
            _ => self.put(Record::EntriesStopped { scope, reason, until }),
        }
    }

    /// A person's word about a part of trading. What may not be is not done, and whoever asked has been told.
    pub(super) fn part_asked(&mut self, act: &Operator) -> Result<(), Illegal> {
        match act {
            Operator::Stop { scope, name, why, until } => {
                let reason = Reason::plain(OPERATOR, format!("{why} ({name})"));
                self.stop(*scope, reason, *until)
            }
            Operator::Allow { scope, name, why } if self.book.guard().stopped_at(*scope).is_some() => {
                let (by, reason) =
                    (By::Operator { name: name.clone() }, Reason::plain(OPERATOR, why.clone()));
                self.put(Record::EntriesAllowed { scope: *scope, by, reason })
            }
            _ => Ok(()),
        }
    }

    /// Cancels entries that work in what is stopped.
    pub(super) fn cancel_stopped(&mut self) -> Result<(), Illegal> {
        if self.book.guard().stopped.is_empty() {
            return Ok(());
        }
        let is_stopped = |row: &&state::book::Order| {
            let signal = row.intent.signal.and_then(|id| self.book.signal(id));
            let strategy = signal.map(|state| state.signal.strategy);
            let instrument = self.setup.catalog.instrument(row.intent.key);
            let covers = |scope: &Scope| instrument.is_some_and(|rules| scope.covers(rules, strategy));
            self.book.guard().stopped.iter().any(|stop| covers(&stop.scope))
        };
        let entries = self.book.open_orders().filter(|row| !row.intent.purpose.is_reducing());
        let entries: Vec<_> = entries.filter(is_stopped).map(|row| (row.intent.key, row.intent.id)).collect();
        for (key, order) in entries {
            self.cancel(key, order, ENTRIES_STOPPED)?;
        }
        Ok(())
    }

    /// Whether what is seen again, with nothing between that says otherwise, was first seen long enough before the last reading of
    /// the account. Nothing is seen when it is not so.
    pub(super) fn confirms(&self, doubt: &mut Option<Time>, seen: Option<Time>) -> bool {
        let Some(seen) = seen else {
            *doubt = None;
            return false;
        };
        let first = *doubt.get_or_insert(seen);
        let apart = TimeDelta::seconds(i64::from(self.setup.limits.confirm_seconds));
        self.read_at().is_some_and(|read| read - first >= apart)
    }

    /// Asks for a working order to be cancelled, once; an answer that changed nothing is waited for.
    pub(super) fn cancel(
        &mut self,
        key: Key,
        order: broker_api::ClientOrderId,
        code: Code,
    ) -> Result<(), Illegal> {
        let Some(row) = self.book.order(order) else { return Ok(()) };
        if row.phase != broker_api::Phase::Working {
            return Ok(());
        }
        if let Some(asked) = row.asked_at
            && asked + AGAIN > self.now
        {
            let again = asked + AGAIN;
            self.due_at(again);
            return Ok(());
        }
        self.put_with(Record::CancelStarted { order, code }, Command::Cancel { venue: key.venue, order })
    }
}
