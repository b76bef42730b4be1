//! Orders without an answer: asked about, sent again once proven absent, or given up. What may be done when is
//! the venue's policy; this file only carries it out.

use broker_api::{
    Capabilities, ClientOrderId, Code, End, Level, Mark, Phase, Purpose, Reason, Record, Time, TimeInForce,
    planted,
};
use orders::{GivingUp, Next, Unsettled};
use risk::Verdict;
use state::Illegal;
use state::book::Order;

use super::found::{Found, Sort};
use super::opening::{Stands, looked_after};
use super::protection::{BOUND, UNPROTECTED};
use super::{AGAIN, Step};
use crate::calendar::Calendar;
use crate::command::Command;

const NOT_SENT: Code = Code::fixed("not_sent");
const EXPIRED: Code = Code::fixed("expired");
const UNLISTED: Code = Code::fixed("unlisted");
const NOTHING_HELD: Code = Code::fixed("nothing_held");

impl Step<'_> {
    pub(super) fn unsettled(&mut self, found: Found) -> Result<(), Illegal> {
        if found.may_be(Sort::Unsettled, self.out.records().len()) {
            self.settle_all()?;
        }
        if !found.may_be(Sort::Cancelling, self.out.records().len()) {
            return Ok(());
        }
        let cancelling: Vec<ClientOrderId> = self
            .book
            .open_orders()
            .filter(|row| self.touched.has(row.intent.key))
            .filter(|row| row.phase == Phase::Cancelling)
            .map(|row| row.intent.id)
            .collect();
        for id in cancelling {
            self.cancelling(id)?;
        }
        Ok(())
    }

    fn settle_all(&mut self) -> Result<(), Illegal> {
        let open: Vec<ClientOrderId> = self
            .book
            .open_orders()
            .filter(|row| self.touched.has(row.intent.key))
            .filter(|row| matches!(row.phase, Phase::Unknown | Phase::Waiting))
            .map(|row| row.intent.id)
            .collect();
        for id in open {
            self.settle(id)?;
        }
        Ok(())
    }

    /// A cancel that was answered, or whose answer was lost, and that did not end its order: after a moment the venue
    /// is asked. What still lives there is working, and is cancelled again if that is still wanted.
    fn cancelling(&mut self, id: ClientOrderId) -> Result<(), Illegal> {
        let Some(row) = self.book.order(id) else { return Ok(()) };
        let Some(answered) = row.asked_at.filter(|at| *at >= row.since && !row.asking) else {
            return Ok(());
        };
        let due = row.not_before.map_or(answered + AGAIN, |at| at.max(answered + AGAIN));
        if due > self.now {
            self.due_at(due);
            return Ok(());
        }
        self.ask(id)
    }

    fn settle(&mut self, id: ClientOrderId) -> Result<(), Illegal> {
        let Some(row) = self.book.order(id) else { return Ok(()) };
        let (order, key) = (unsettled_of(row), row.intent.key);
        if order.phase == Phase::Waiting && row.intent.purpose == Purpose::Stop {
            // Whatever may be tried how often: a position lies without its stop for a bounded time.
            let bound = row.decided_at + BOUND;
            if bound > self.now {
                self.due_at(bound);
            } else if self.book.position(key).is_some() && self.book.exit_wanted(key).is_none() {
                return self.put(Record::ExitWanted { key, signal: None, code: UNPROTECTED });
            }
        }
        let Some(capabilities) = self.setup.venues.get(&key.venue) else { return Ok(()) };
        match orders::resolve(&capabilities.resolve, &order, self.now) {
            Next::Wait(at) => {
                if at > self.now {
                    self.due_at(at);
                }
                Ok(())
            }
            Next::Ask => self.ask(id),
            Next::Resend => self.resend(id),
            Next::Refused if self.may_be_given_up(id)? => {
                self.put(Record::Closed { order: id, end: End::Refused, code: UNLISTED })
            }
            // What provably never left us ends; what may have arrived counts as live until somebody knows.
            Next::TellPerson if order.phase == Phase::Waiting || planted!(UnknownGivenUp) => {
                let text = format!("it could not be sent in {} attempts", order.attempt);
                self.let_go(id, Reason::plain(NOT_SENT, text))
            }
            Next::Refused | Next::TellPerson => Ok(()),
        }
    }

    /// Asks about an order, but not while its venue is looked after: what is not known then is no answer.
    pub(super) fn ask(&mut self, id: ClientOrderId) -> Result<(), Illegal> {
        let Some(row) = self.book.order(id) else { return Ok(()) };
        let (venue, mark, sent) = (row.intent.key.venue, row.mark, row.sent);
        if let Some(until) = self.blackout(venue) {
            self.due_at(until);
            return Ok(());
        }
        self.put_with(Record::AskStarted { order: id }, Command::Find { venue, order: id, mark, sent })
    }

    /// Ends an order that will not be sent (again), as soon as it is certain that it does not arrive.
    fn let_go(&mut self, id: ClientOrderId, reason: Reason) -> Result<(), Illegal> {
        if self.may_be_given_up(id)? { self.put(Record::GaveUp { order: id, reason }) } else { Ok(()) }
    }

    /// Whether an order that nobody sends any more is certain not to arrive; if not, what it takes to be certain is due.
    fn may_be_given_up(&mut self, id: ClientOrderId) -> Result<bool, Illegal> {
        let Some(row) = self.book.order(id) else { return Ok(false) };
        let Some(capabilities) = self.setup.venues.get(&row.intent.key.venue) else { return Ok(false) };
        match orders::give_up(&capabilities.resolve, &unsettled_of(row), self.now) {
            GivingUp::Now => return Ok(true),
            GivingUp::At(at) => self.due_at(at),
            GivingUp::Asked => {
                // Asked as often as any order without an answer, and not more.
                let again = row.asked_at.filter(|_| row.asks > 0).map(|at| at + capabilities.resolve.every);
                match again.filter(|at| *at > self.now) {
                    Some(at) => self.due_at(at),
                    None => self.ask(id)?,
                }
            }
        }
        Ok(false)
    }

    /// Sends again what is proven absent, through the guard; or gives it up when its time or its use has passed.
    fn resend(&mut self, id: ClientOrderId) -> Result<(), Illegal> {
        let Some(row) = self.book.order(id) else { return Ok(()) };
        let (mut intent, attempt) = (row.intent, row.attempt + u32::from(!planted!(AttemptNotRaised)));
        let is_fenced = row.is_fenced();
        #[cfg(planted)]
        super::planted::rename(&mut intent);
        let expired = intent
            .signal
            .filter(|_| intent.purpose == Purpose::Entry)
            .and_then(|signal| self.book.signal(signal))
            .is_some_and(|state| state.signal.expires_at <= self.now);
        if expired && !planted!(ExpiredResent) {
            let reason = Reason::plain(EXPIRED, "its signal expired before it could be sent");
            return self.let_go(id, reason);
        }
        let useless = intent.purpose.is_reducing() && self.book.position(intent.key).is_none();
        let stopped = intent.purpose == Purpose::Entry && self.book.guard().level > Level::Paused;
        if useless || stopped {
            let reason = Reason::plain(NOTHING_HELD, "there is nothing left for it to do");
            return self.let_go(id, reason);
        }
        if intent.purpose == Purpose::Entry {
            match self.stands(&intent) {
                Stands::Goes => {}
                Stands::Waits => {
                    self.due_at(self.now + AGAIN);
                    return Ok(());
                }
                Stands::Denied(reason) => return self.let_go(id, reason),
            }
        }
        let Some((mark, send_by)) = self.sending(&intent) else { return Ok(()) };
        if is_fenced {
            intent.tif = TimeInForce::Gtd(send_by);
        }
        match self.review(&intent, Some(id)) {
            // What is written down under its name goes again as it is, or not at all.
            Some(Verdict::Approved { clipped_by: Some(check), .. }) => {
                let text = format!("check {check} lets only a part of it through now");
                self.let_go(id, Reason::plain(NOT_SENT, text))
            }
            Some(Verdict::Approved { order, marks, clipped_by: None }) => {
                let record = Record::Resent { order: id, attempt, mark, send_by, marks };
                self.put_with(record, Command::Submit { order, mark, attempt, send_by })
            }
            // What is not known yet (no price after a start) is waited for; only what is computed ends it.
            Some(Verdict::Denied { check, reason, marks }) if marks.get(check) != Mark::Missing => {
                self.let_go(id, reason)
            }
            Some(Verdict::Denied { .. } | Verdict::Wait { .. }) | None => {
                self.due_at(self.now + AGAIN);
                Ok(())
            }
        }
    }
}

/// What comes next for an order of unknown outcome at its venue, as a desk has it.
pub fn awaited(row: &Order, venue: &Capabilities, now: Time) -> Next {
    match orders::resolve(&venue.resolve, &unsettled_of(row), now) {
        Next::Ask => looked_after(venue, Calendar::new(), now).map_or(Next::Ask, Next::Wait),
        next => next,
    }
}

/// An order without an answer, as far as it matters to what comes next for it.
fn unsettled_of(row: &Order) -> Unsettled {
    Unsettled {
        phase: row.phase,
        since: row.since,
        sent: row.sent,
        attempt: row.attempt,
        unsent: row.unsent,
        throttled: row.throttled,
        lost_at: row.lost_at,
        was_refused: row.was_refused,
        is_open_ended: matches!(row.intent.purpose, Purpose::Entry) && !row.is_fenced(),
        asks: row.asks,
        asking: row.asking,
        question_at: row.question_at,
        asked_at: row.asked_at,
        not_before: row.not_before,
        proof: row.proof,
    }
}
