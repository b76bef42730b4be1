//! The days of a practice account, as its journal tells them: what the gate `broker-paper` looks at.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{
    AccountRef, By, CancelOutcome, ClientOrderId, Finding, Level, Mode, Phase, Record, SignalId, Stamped,
    SubmitOutcome, Time,
};
use chrono::{NaiveDate, TimeDelta};
use engine::calendar::Calendar;
use evidence::gates::{BrokerPaperFacts, BrokerPaperNeeds, Drills, FlowDay};
use state::book::{Order, Position};
use state::{Book, Illegal};

use super::facts::{is_orphan, times};
use crate::failure::Failure;
use crate::figures;
use crate::history::History;
use crate::place::{Place, Reading, broken};

/// What there is, and of which account.
#[derive(Debug)]
pub struct Flow {
    /// What the gate looks at.
    pub facts: BrokerPaperFacts,
    /// The practice account.
    pub of: AccountRef,
}

/// Gathers what the gate `broker-paper` looks at.
///
/// # Errors
/// A book that is not of a broker's practice account; a journal that cannot be read.
pub fn flow(place: &Place, reading: &Reading) -> Result<Flow, Failure> {
    let of = practice(&reading.book)?;
    let bound = TimeDelta::seconds(i64::from(place.loaded.config.limits.stop_missing_seconds));
    let mut week = Week { bound, ..Week::default() };
    reading.each(|stamped| week.take(stamped).map_err(|illegal| broken(&illegal)))?;
    Ok(Flow { facts: week.ended(), of })
}

/// The one practice account of a book.
fn practice(book: &Book) -> Result<AccountRef, Failure> {
    let accounts: Vec<AccountRef> = book.venues().map(|venue| venue.of).collect();
    match accounts.as_slice() {
        [of] if of.mode == Mode::Practice => Ok(*of),
        [of, ..] if of.mode == Mode::Live => {
            let what = "this state is of an account of real money, where the gate broker-paper is not passed";
            Err(Failure::usage("gate_elsewhere", what)
                .fix("name the state of the practice account with --state; nothing was recorded"))
        }
        _ => {
            let what = "this state is not of a broker's practice account, whose order flow the gate judges";
            Err(Failure::usage("gate_needs_broker", what).fix(
                "trade a week at a practice account, and name its state with --state; nothing was recorded",
            ))
        }
    }
}

/// Days under way, folded record by record.
#[derive(Default)]
struct Week {
    calendar: Calendar,
    /// How long a position may lie without its stop.
    bound: TimeDelta,
    book: Book,
    history: History,
    days: BTreeMap<NaiveDate, FlowDay>,
    today: NaiveDate,
    /// When the last record was written.
    now: Time,
    /// Orders that were about to leave today.
    leaving: BTreeSet<ClientOrderId>,
    /// The entries of each signal, with the day and the record of each.
    entries: BTreeMap<SignalId, Vec<(ClientOrderId, NaiveDate, u64)>>,
    /// Orders of which an answer was lost, and not yet found.
    lost: BTreeSet<ClientOrderId>,
    /// Orders that were filled beyond what was asked for, and positions that lay without their stop, as far as told.
    beyond: BTreeSet<ClientOrderId>,
    bare: BTreeSet<u64>,
    /// Whether a person halted, and whether it was the guard that closes everything.
    is_halted: bool,
    is_guards: bool,
    drills: Drills,
}

impl Week {
    fn take(&mut self, stamped: &Stamped) -> Result<(), Illegal> {
        let date = Calendar::account_date(self.calendar.account_day(stamped.at));
        if date > self.today || self.days.is_empty() {
            self.reconciled();
            self.leaving.clear();
            self.today = date;
        }
        self.now = self.now.max(stamped.at);
        self.day(self.today);
        self.before(stamped);
        self.history.take(&mut self.book, stamped)?;
        self.after(stamped);
        Ok(())
    }

    fn day(&mut self, date: NaiveDate) -> &mut FlowDay {
        self.days.entry(date).or_insert_with(|| FlowDay {
            date,
            orders: 0,
            reconciled: 0,
            failures: Vec::new(),
            was_frozen: false,
        })
    }

    fn failed(&mut self, date: NaiveDate, seq: u64, what: &str) {
        self.day(date).failures.push(format!("record {seq}: {what}"));
    }

    /// What shows in the book before a record.
    fn before(&mut self, stamped: &Stamped) {
        let book = &self.book;
        let is_busy = book.positions().len() > 0 || book.open_orders().len() > 0;
        let today = Some(self.today);
        match &stamped.record {
            Record::Started { .. } if is_busy => self.drills.restart = today,
            Record::DayStarted { .. } if is_busy => self.drills.session_boundary = today,
            Record::LevelSet { level, by, .. } => {
                self.is_guards = *by == By::Guard;
                if *by == By::Guard || *level == Level::Paused {
                    // No person's halt.
                } else if *level > book.guard().level {
                    self.is_halted = true;
                } else if *level == Level::Trading && std::mem::take(&mut self.is_halted) {
                    self.drills.halt = today;
                }
            }
            _ => {}
        }
        self.bare(stamped.seq, stamped.at);
    }

    /// Positions that lie without their stop for too long, each once.
    fn bare(&mut self, seq: u64, at: Time) {
        let too_long = |position: &&Position| {
            let lasting = position.bare.since.map_or(0, |since| (at - since).num_milliseconds());
            lasting.max(i64::try_from(position.bare.longest_ms).unwrap_or(i64::MAX))
                > self.bound.num_milliseconds()
        };
        let found = self.book.positions().filter(too_long);
        let found: Vec<_> = found.map(|position| (position.number, position.key.symbol)).collect();
        for (number, symbol) in found {
            if self.bare.insert(number) {
                let most = figures::span(self.bound);
                self.failed(
                    self.today,
                    seq,
                    &format!("{symbol} lay without its stop for longer than {most}"),
                );
            }
        }
    }

    /// What a record says, once the book has it.
    fn after(&mut self, stamped: &Stamped) {
        let level = self.book.guard().level;
        let is_frozen = level == Level::Frozen || level == Level::Flattening && self.is_guards;
        let today = self.today;
        self.day(today).was_frozen |= is_frozen;
        if let Some(what) = self.failure(stamped) {
            self.failed(today, stamped.seq, &what);
        }
        let Some(id) = stamped.record.order() else { return };
        match &stamped.record {
            Record::Intended { intent, .. } => {
                self.leaving.insert(id);
                if let Some(signal) = intent.signal.filter(|_| !intent.purpose.is_reducing()) {
                    self.entries.entry(signal).or_default().push((id, today, stamped.seq));
                }
            }
            Record::Resent { .. } => drop(self.leaving.insert(id)),
            Record::Answered { answer: SubmitOutcome::Unknown { .. }, .. }
            | Record::CancelAnswered { answer: CancelOutcome::Unknown { .. }, .. } => {
                self.lost.insert(id);
            }
            record => {
                let is_found = matches!(
                    record,
                    Record::AskAnswered { finding: Some(Finding::Found { .. } | Finding::Absent { .. }), .. }
                );
                let is_told = is_found || self.known(id).is_some_and(|order| order.end().is_some());
                if is_told && self.lost.remove(&id) {
                    self.drills.disconnect = Some(today);
                }
            }
        }
    }

    fn known(&self, id: ClientOrderId) -> Option<&Order> {
        self.history.orders.get(&id)
    }

    /// What failed, in a sentence.
    fn failure(&mut self, stamped: &Stamped) -> Option<String> {
        if is_orphan(stamped) {
            return Some("an execution belongs to no order of ours".to_owned());
        }
        match &stamped.record {
            Record::Diverged { reason, .. } => Some(format!("book and broker disagreed: {}", reason.text)),
            Record::GaveUp { order, reason } => {
                Some(format!("order {order} never arrived, and was given up: {}", reason.text))
            }
            Record::Answered { order, answer, .. } => {
                let (SubmitOutcome::Refused { text, .. } | SubmitOutcome::RefusedUnlisted { text, .. }) =
                    answer
                else {
                    return None;
                };
                let is_decided = self.known(*order).is_some_and(|o| !o.intent.purpose.is_protective());
                is_decided.then(|| format!("the broker refused order {order}: {text}"))
            }
            Record::Filled { fill } | Record::Corrected { fill } => {
                let order = self.known(fill.order)?;
                let is_beyond = order.filled.get() > order.intent.qty.get();
                (is_beyond && self.beyond.insert(fill.order))
                    .then(|| format!("order {} was filled beyond what was asked for", fill.order))
            }
            _ => None,
        }
    }

    /// Counts the orders of the day that ends, and those of which book and broker say the same.
    fn reconciled(&mut self) {
        let is_venue = self.book.venues_diverged().len() > 0;
        let differs: BTreeSet<_> = self.book.diverged().map(|(key, _)| key).collect();
        let is_same = |order: &&Order| {
            !matches!(order.phase, Phase::Sending | Phase::Unknown)
                && !is_venue
                && !differs.contains(&order.intent.key)
        };
        let sent = self.leaving.iter().filter_map(|id| self.known(*id));
        let sent: Vec<&Order> = sent.filter(|order| has_left(order)).collect();
        let (orders, same) = (sent.len(), sent.iter().copied().filter(|order| is_same(order)).count());
        if let Some(day) = self.days.get_mut(&self.today) {
            (day.orders, day.reconciled) = (orders, same);
        }
    }

    /// All that is known, once there is no record more.
    fn ended(mut self) -> BrokerPaperFacts {
        self.reconciled();
        self.bare(self.book.seq(), self.now);
        let left = |(id, ..): &&(ClientOrderId, NaiveDate, u64)| self.known(*id).is_some_and(has_left);
        let again = self.entries.iter().flat_map(|(signal, entries)| {
            entries.iter().filter(left).skip(1).map(|(_, date, seq)| (*date, *seq, *signal))
        });
        let again: Vec<_> = again.collect();
        for (date, seq, signal) in again {
            self.failed(date, seq, &format!("the signal {signal} entered a second time"));
        }
        let (without, all) = self.uncovered();
        BrokerPaperFacts {
            drills: self.drills,
            stop_coverage: BrokerPaperFacts::covered(without, all),
            signal_to_fill_ms: times(&self.history, None).known,
            trades: self.history.trades.len(),
            needs: BrokerPaperNeeds::default(),
            days: self.days.into_values().collect(),
        }
    }

    /// How long what was held since the last failure lay without its stop, and how long it was held, in milliseconds.
    fn uncovered(&self) -> (u64, u64) {
        let failed = self.days.values().rev().find(|day| !day.failures.is_empty() || day.was_frozen);
        let is_in = |at: Time| {
            let date = Calendar::account_date(self.calendar.account_day(at));
            failed.is_none_or(|failed| date > failed.date)
        };
        let closed = self.history.trades.values().map(|trade| (&trade.position, trade.closed_at));
        let held = self.book.positions().map(|position| (position, self.now));
        let (mut all, mut without) = (0, 0);
        for (position, until) in closed.chain(held).filter(|(_, until)| is_in(*until)) {
            let span = |since: Time| (until - since).num_milliseconds().max(0).unsigned_abs();
            all += span(position.opened_at);
            without += position.bare.total_ms + position.bare.since.map_or(0, span);
        }
        (without, all)
    }
}

/// Whether any attempt at an order left us.
fn has_left(order: &Order) -> bool {
    order.attempt > order.unsent
}

#[cfg(test)]
mod tests;
