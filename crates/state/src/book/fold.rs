//! The only fold: what each record does to the book. It checks first and changes after, so that a record
//! that is refused leaves no trace.

use std::collections::BTreeMap;
use std::fmt;

use broker_api::{
    AccountRef, Adopted, Amount, By, CancelOutcome, Day, End, Event, ExecutionId, Level, Mode, Overflow,
    Phase, Proof, Reason, Record, SentWindow, Time, TimeInForce, planted,
};
use chrono::TimeDelta;

use super::Book;
use super::orders::after;
use super::rows::{
    AdoptedFrom, Blocked, Divergence, EditFound, Ended, Execution, ExitWanted, Import, LastStop, Position,
    SignalState, VenueState,
};

/// How long closed orders, ended signals and executions are remembered after the last moment they could matter:
/// two sessions, with a long weekend between them.
const REMEMBERED: TimeDelta = TimeDelta::days(5);

/// How long before the newest execution of a venue others are remembered, however old: longer than the stretch of its log
/// that is read again.
const READ_AGAIN: TimeDelta = TimeDelta::days(1);

/// A record that cannot follow what the book holds: a fault of this program, or a journal that is not this book's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Illegal {
    /// The record's name.
    pub record: &'static str,
    /// What stands against it.
    pub why: Box<str>,
}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the record `{}` cannot follow what the book holds: {}", self.record, self.why)
    }
}

impl std::error::Error for Illegal {}

/// Why one record is refused; [`Book::apply`] adds the record's name.
pub(super) struct No(pub(super) Box<str>);

impl From<Overflow> for No {
    fn from(overflow: Overflow) -> Self {
        Self(overflow.to_string().into())
    }
}

pub(super) fn no<T>(why: impl Into<Box<str>>) -> Result<T, No> {
    Err(No(why.into()))
}

impl Book {
    /// Folds one record in and gives its seq.
    ///
    /// # Errors
    /// [`Illegal`]; then nothing changed.
    pub fn apply(&mut self, record: &Record, at: Time) -> Result<u64, Illegal> {
        match self.fold(record, at) {
            Ok(()) => {
                self.measure(record, at);
                self.seq += 1;
                Ok(self.seq)
            }
            Err(No(why)) => Err(Illegal { record: record.name(), why }),
        }
    }

    fn fold(&mut self, record: &Record, at: Time) -> Result<(), No> {
        match record {
            Record::VenueBound { of, equity, cursor } => {
                if let Some(known) = self.venues.get(&of.venue) {
                    return no(format!("{} is bound to account {}", of.venue, known.of.account));
                }
                let is_live = |of: &AccountRef| of.mode == Mode::Live;
                if self.venues.values().any(|known| is_live(&known.of) != is_live(of)) {
                    return no("real money and practice never share a book");
                }
                let venue = VenueState { of: *of, cursor: *cursor, opening_equity: *equity };
                self.joined(of, *equity)?;
                self.venues.insert(of.venue, venue);
            }
            Record::Started { life, .. } => return self.started(*life, at),
            Record::Stopped { life, exit, equity, left } => {
                if *life != self.life {
                    return no(format!("process {life} is not the one that writes, {}", self.life));
                }
                self.last_stop = Some(LastStop { life: *life, exit: *exit, at });
                self.guard.equity = equity.or(self.guard.equity);
                self.left.clone_from(left);
            }
            Record::SignalTaken { signal, digest } => {
                if self.signals.get(signal.id).is_some() {
                    return no(format!("signal {} was taken before", signal.id));
                }
                let state = SignalState {
                    signal: *signal,
                    digest: *digest,
                    conflict: None,
                    taken_at: at,
                    life: self.life,
                    ended: None,
                    orders: Vec::new(),
                };
                self.signals.insert(state);
                self.totals.signals += 1;
            }
            Record::SignalConflicted { signal, digest } => match self.signals.get_mut(*signal) {
                Some(state) => state.conflict = Some(*digest),
                None => return no(format!("signal {signal} is not in the book")),
            },
            Record::SignalEnded { signal, ending, reason, .. } => {
                match self.signals.get(*signal) {
                    Some(state) if state.ended.is_none() => {}
                    Some(_) => return no(format!("signal {signal} has ended before")),
                    None => return no(format!("signal {signal} is not in the book")),
                }
                if let Some(state) = self.signals.ending(*signal) {
                    state.ended = Some(Ended { ending: *ending, at, reason: reason.clone() });
                    *self.totals.endings.entry(*ending).or_default() += 1;
                }
            }
            Record::Intended { intent, mark, send_by, .. } => {
                self.intended(intent, *mark, SentWindow { from: at, to: *send_by }, at)?;
            }
            Record::Answered { order, attempt, answer } => self.answered(*order, *attempt, answer, at)?,
            Record::AskStarted { order } => {
                let order = self.open_order(*order)?;
                (order.asking, order.question_at) = (true, Some(at));
                order.asks += 1;
            }
            Record::AskAnswered { order, finding } => self.ask_answered(*order, finding.as_ref(), at)?,
            Record::Resent { order, attempt, mark, send_by, .. } => {
                let row = self.open_order(*order)?;
                if *attempt != row.attempt + 1 {
                    return no(format!("attempt {attempt} does not follow attempt {}", row.attempt));
                }
                row.phase = after(row.phase, Event::Resent)?;
                if matches!(row.proof, Some(Proof::CompleteLog { .. } | Proof::FencePassed { .. })) {
                    row.lost_at = None;
                }
                if row.is_fenced() {
                    row.intent.tif = TimeInForce::Gtd(*send_by);
                }
                (row.attempt, row.mark, row.since) = (*attempt, *mark, at);
                row.sent = SentWindow { from: at, to: *send_by };
                (row.asks, row.not_before, row.proof, row.reason) = (0, None, None, None);
                row.answered_at = None;
            }
            Record::GaveUp { order, reason } => {
                self.moves(*order, Event::GivenUp, at)?;
                self.note(*order, reason);
                self.retire(*order);
            }
            Record::CancelStarted { order, code } => {
                self.moves(*order, Event::CancelStarted, at)?;
                self.open_order(*order)?.cancel_wanted = Some(*code);
            }
            Record::CancelAnswered { order, answer } => {
                self.moves(*order, answer.event(), at)?;
                if let Some(row) = self.orders.get_mut(*order) {
                    row.asked_at = Some(at);
                    if matches!(answer, CancelOutcome::TooLate) {
                        row.cancel_wanted = None;
                    }
                }
            }
            Record::Closed { order, end, code } => {
                self.moves(*order, Event::Closed(*end), at)?;
                if let Some(row) = self.orders.get_mut(*order)
                    && *end != End::Filled
                {
                    let text = match end {
                        End::Expired => "its time at the venue ended",
                        End::Cancelled => "the venue cancelled what was left of it",
                        End::Refused => "the venue refused it",
                        End::NeverSent | End::Filled => "the venue closed it",
                    };
                    let reason = Reason::plain(*code, text);
                    row.reason.get_or_insert(reason);
                }
                self.retire(*order);
            }
            Record::Filled { fill } => self.filled(fill, at)?,
            Record::Busted { venue, execution } => self.restated(*venue, *execution, None)?,
            Record::Corrected { fill } => self.restated(fill.key.venue, fill.execution, Some(fill))?,
            Record::CursorMoved { venue, cursor } => match self.venues.get_mut(venue) {
                Some(state) => state.cursor = *cursor,
                None => return no(format!("the book is not bound to {venue}")),
            },
            Record::PlanSet { key, plan, .. } => match self.positions.get_mut(key) {
                Some(position) => {
                    position.plan.stop = plan.stop.or(position.plan.stop);
                    position.plan.target = plan.target.or(position.plan.target);
                    position.plan.trail = plan.trail.or(position.plan.trail);
                    if let Some(blocked) = &mut position.blocked {
                        // Tried at once, and not bounded later: new prices do not excuse a missing stop for longer.
                        blocked.retry_at = at;
                    }
                }
                None => return no(format!("nothing is held of {key}")),
            },
            Record::ExitWanted { key, signal, code } => {
                if !self.positions.contains_key(key) && !self.has_open_entry(*key) {
                    return no(format!("nothing is held of {key} and nothing would open it"));
                }
                if self.exits.contains_key(key) {
                    return no(format!("{key} is being closed already"));
                }
                self.exits.insert(
                    *key,
                    ExitWanted { signal: *signal, code: *code, at, orders: 0, failed_at: None },
                );
            }
            Record::ProtectionBlocked { key, purpose, reason, retry_at, bound } => {
                match self.positions.get_mut(key) {
                    Some(position) => {
                        let bound = position.blocked.as_ref().map_or(*bound, |known| known.bound);
                        let (purpose, reason) = (*purpose, reason.clone());
                        position.blocked = Some(Blocked { purpose, reason, retry_at: *retry_at, bound });
                    }
                    None => return no(format!("nothing is held of {key}")),
                }
            }
            Record::DayStarted { starts, equity, read, high_water, late, week, carried } => {
                let (realised, carried) = (Amount::ZERO, *carried);
                let (starts, equity, late) = (*starts, *equity, *late);
                self.guard.day = Some(Day { starts, equity, late, realised, carried });
                self.guard.week = *week;
                self.guard.high_water = Some(*high_water);
                // What the next day that begins late is measured from is what there was, not what this one was measured from.
                self.guard.equity = read.or(Some(equity));
                self.forget(starts);
            }
            Record::EntriesStopped { scope, reason, until } => self.stopped(*scope, reason, *until, at)?,
            Record::EntriesAllowed { scope, by, .. } => self.allowed(*scope, by, at)?,
            Record::LevelSet { level, by, reason, until } => {
                let guard = &self.guard;
                let over = guard.level == Level::Paused && guard.until.is_some_and(|until| until <= at);
                let loosens =
                    *level < guard.level && !(over && *level == Level::Trading) && !planted!(MachineLoosens);
                if *by == By::Guard && loosens {
                    return no(format!("only a person loosens {} to {level}", guard.level));
                }
                let has_no_end = guard.level == Level::Paused && guard.until.is_none();
                if *by == By::Guard && has_no_end && *level == Level::Paused && until.is_some() {
                    return no("a pause that only a person ends does not get an end".to_owned());
                }
                self.may_trade(*level)?;
                let guard = &mut self.guard;
                // A streak stops entries once: who resumes after the latch has seen it, and each further loss sets it anew.
                if matches!(reason.code.as_str(), "cooldown" | "loss_latch") {
                    guard.cooled_at = guard.losses_in_row;
                }
                (guard.level, guard.since, guard.by) = (*level, Some(at), Some(by.clone()));
                (guard.reason, guard.until) = (Some(reason.clone()), *until);
                if *level == Level::Trading && *by != By::Guard {
                    self.edit_found = None; // a person goes on without it
                }
            }
            Record::LimitsSet(_)
            | Record::LimitsConfirmed(_)
            | Record::Armed(_)
            | Record::Disarmed(_)
            | Record::GateOverridden(_)
            | Record::GatePassed(_) => self.permitted(record, at)?,
            Record::Diverged { venue, key, reason, fill, there } => {
                // The same as before, seen again: since when it is so does not change.
                let known =
                    key.and_then(|key| self.diverged.get(&key)).filter(|known| known.reason == *reason);
                let at = known.map_or(at, |known| known.at);
                let divergence = Divergence { reason: reason.clone(), at, fill: *fill, there: *there };
                if let Some(fill) = fill {
                    let seen = self.executions.entry(*venue).or_default();
                    seen.entry(fill.execution).or_insert(Execution {
                        fill: *fill,
                        purpose: None,
                        busted: false,
                    });
                }
                match key {
                    Some(key) => drop(self.diverged.insert(*key, divergence)),
                    None => drop(self.venues_diverged.insert(*venue, divergence)),
                }
            }
            Record::Repaired { venue, key, with, .. } => self.repaired(*venue, *key, with, at)?,
            Record::Outside { fill, code } => self.outside_fill(fill, *code, at)?,
            Record::NonTrade { venue, entry, before } => self.non_trade(*venue, entry, *before, at)?,
            Record::FeeSettled { key, back } => self.fee_settled(*key, *back)?,
            Record::StopTrailed { key, stop } => self.stop_trailed(*key, *stop)?,
            Record::CloseStarted { key } => self.close_started(*key, at)?,
            Record::CloseAnswered { key, .. } => self.close_answered(*key),
            Record::EditFound { file, kept, places } => {
                self.edit_found = Some(EditFound { file: *file, kept: kept.clone(), places: *places, at });
            }
            Record::Edited { changes, .. } => self.edited(changes)?,
            Record::Adopted(Adopted { file, journal, seq, hash, written_at, book, .. }) => {
                let (journal, written_at) = (journal.clone(), *written_at);
                self.adopted(AdoptedFrom { file: *file, journal, seq: *seq, hash: *hash, written_at }, book)?;
            }
            Record::HistoryWanted { venue, since } => self.want_history(*venue, *since)?,
            Record::OrderAdopted { intent, venue_order } => self.order_adopted(intent, *venue_order, at)?,
            Record::HistoryRead { venue } => self.history_read(*venue)?,
            Record::Imported { file, reason, flow, positions, trades } => {
                let (held, closed) = (positions.len() as u64, trades.len() as u64);
                let reason = reason.clone();
                let import = Import { file: *file, at, reason, positions: held, trades: closed };
                self.imported(import, *flow, positions, trades)?;
            }
        }
        Ok(())
    }

    fn started(&mut self, life: u32, at: Time) -> Result<(), No> {
        if life != self.life + 1 {
            return no(format!("process {life} does not follow process {}", self.life));
        }
        self.life = life;
        if self.last_stop.take().is_none() {
            // What a process that was killed did since, its last reading does not know.
            self.left.clear();
        }
        for order in self.orders.all_mut() {
            let phase = after(order.phase, Event::Restarted)?;
            if planted!(SendingForgotten) && order.phase == Phase::Sending {
                continue;
            }
            if planted!(CancelNotRepeated) && order.phase == Phase::Cancelling {
                continue;
            }
            if phase != order.phase {
                (order.phase, order.since) = (phase, at);
                order.lost_at = if phase == Phase::Unknown { Some(at) } else { order.lost_at };
            }
            if order.asking {
                order.question_at = None;
            }
            order.asking = planted!(QuestionNotFreed) && order.asking;
            if planted!(SiblingForgotten) && order.intent.purpose.is_protective() {
                order.asked_at = Some(at + TimeDelta::days(300));
            }
        }
        self.closings.values_mut().for_each(|closing| closing.asking = false);
        if planted!(LevelReset) {
            self.guard.level = Level::Trading;
        }
        if planted!(DayForgotten) {
            self.guard.day = None;
        }
        if planted!(ExecutionsForgotten) {
            self.executions.clear();
        }
        Ok(())
    }

    /// Forgets what can no longer matter: ended signals, closed orders and executions older than two sessions,
    /// unless an open position rests on them.
    fn forget(&mut self, now: Time) {
        let horizon = if planted!(ForgottenTooSoon) { Time::MAX_UTC } else { now - REMEMBERED };
        self.guard.allowed.retain(|allowed| allowed.at >= horizon);
        let positions = &self.positions;
        let rests_on = |position: &Position, execution: ExecutionId| position.executions.contains(&execution);
        let is_held = |execution: &Execution| {
            let (key, id) = (execution.fill.key, execution.fill.execution);
            let at_home = positions.get(&key).is_some_and(|position| rests_on(position, id));
            // What was held under one symbol may be held under another one now.
            let elsewhere = || positions.values().any(|p| p.key.venue == key.venue && rests_on(p, id));
            at_home || elsewhere()
        };
        let mut orders = Vec::with_capacity(self.executions.values().map(BTreeMap::len).sum());
        for executions in self.executions.values_mut() {
            // The end of a log is read again, however old it is.
            let newest = executions.values().map(|execution| execution.fill.at).max().unwrap_or(horizon);
            let horizon = horizon.min(newest - READ_AGAIN);
            executions.retain(|_, execution| {
                let keep = execution.fill.at >= horizon || is_held(execution);
                if keep {
                    orders.push(execution.fill.order);
                }
                keep
            });
        }
        self.executions.retain(|_, executions: &mut BTreeMap<_, _>| !executions.is_empty());
        orders.sort_unstable();
        let open: Vec<_> = self.orders.all().filter_map(|o| o.intent.signal).collect();
        let holding: Vec<_> = self.positions.values().filter_map(|p| p.signal).collect();
        self.closed_orders.retain(|id, order| order.since >= horizon || orders.binary_search(id).is_ok());
        self.signals.retain(|id, state| {
            state.ended.as_ref().is_none_or(|ended| ended.at.max(state.signal.expires_at) >= horizon)
                || open.contains(&id)
                || holding.contains(&id)
        });
    }
}
