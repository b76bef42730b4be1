//! Orders without an answer: asked about, sent again once proven absent, or given up. What may be done when is
//! the venue's policy; this file only carries it out.

use broker_api::{ClientOrderId, Code, Level, Mark, Phase, Purpose, Reason, Record};
use orders::{Next, Unsettled};
use risk::Verdict;
use state::Illegal;

use super::opening::Stands;
use super::{AGAIN, Step};
use crate::command::Command;

const NOT_SENT: Code = Code::fixed("not_sent");
const EXPIRED: Code = Code::fixed("expired");
const NOTHING_HELD: Code = Code::fixed("nothing_held");

impl Step<'_> {
    pub(super) fn unsettled(&mut self) -> Result<(), Illegal> {
        let open: Vec<ClientOrderId> = self
            .book
            .open_orders()
            .filter(|row| matches!(row.phase, Phase::Unknown | Phase::Waiting))
            .filter(|row| self.touched.has(row.intent.key))
            .map(|row| row.intent.id)
            .collect();
        for id in open {
            self.settle(id)?;
        }
        let cancelling: Vec<ClientOrderId> = self
            .book
            .open_orders()
            .filter(|row| row.phase == Phase::Cancelling && self.touched.has(row.intent.key))
            .map(|row| row.intent.id)
            .collect();
        for id in cancelling {
            self.cancelling(id)?;
        }
        Ok(())
    }

    /// A cancel that was answered, or whose answer was lost, and that did not end its order: after a moment the venue
    /// is asked. What still lives there is working, and is cancelled again if that is still wanted.
    fn cancelling(&mut self, id: ClientOrderId) -> Result<(), Illegal> {
        let Some(row) = self.book.order(id) else { return Ok(()) };
        let (venue, mark, sent) = (row.intent.key.venue, row.mark, row.sent);
        let Some(answered) = row.asked_at.filter(|at| *at >= row.since && !row.asking) else {
            return Ok(());
        };
        let due = row.not_before.map_or(answered + AGAIN, |at| at.max(answered + AGAIN));
        if due > self.now {
            self.due_at(due);
            return Ok(());
        }
        self.put_with(Record::AskStarted { order: id }, Command::Find { venue, order: id, mark, sent })
    }

    fn settle(&mut self, id: ClientOrderId) -> Result<(), Illegal> {
        let Some(row) = self.book.order(id) else { return Ok(()) };
        let venue = row.intent.key.venue;
        let Some(capabilities) = self.setup.venues.get(&venue) else { return Ok(()) };
        let order = Unsettled {
            phase: row.phase,
            since: row.since,
            sent: row.sent,
            attempt: row.attempt,
            asks: row.asks,
            asking: row.asking,
            asked_at: row.asked_at,
            not_before: row.not_before,
            proof: row.proof,
        };
        let (mark, sent) = (row.mark, row.sent);
        match orders::resolve(&capabilities.resolve, &order, self.now) {
            Next::Wait(at) => {
                if at > self.now {
                    self.due_at(at);
                }
                Ok(())
            }
            Next::Ask => self
                .put_with(Record::AskStarted { order: id }, Command::Find { venue, order: id, mark, sent }),
            Next::Resend => self.resend(id),
            // What provably never left us ends; what may have arrived counts as live until somebody knows.
            Next::TellPerson if order.phase == Phase::Waiting => {
                let text = format!("it could not be sent in {} attempts", order.attempt);
                self.put(Record::GaveUp { order: id, reason: Reason::plain(NOT_SENT, text) })
            }
            Next::TellPerson => Ok(()),
        }
    }

    /// Sends again what is proven absent, through the guard; or gives it up when its time or its use has passed.
    fn resend(&mut self, id: ClientOrderId) -> Result<(), Illegal> {
        let Some(row) = self.book.order(id) else { return Ok(()) };
        let (intent, attempt) = (row.intent, row.attempt + 1);
        let expired = intent
            .signal
            .filter(|_| intent.purpose == Purpose::Entry)
            .and_then(|signal| self.book.signal(signal))
            .is_some_and(|state| state.signal.expires_at <= self.now);
        if expired {
            let reason = Reason::plain(EXPIRED, "its signal expired before it could be sent");
            return self.put(Record::GaveUp { order: id, reason });
        }
        let useless = intent.purpose.is_reducing() && self.book.position(intent.key).is_none();
        let stopped = intent.purpose == Purpose::Entry && self.book.guard().level > Level::Paused;
        if useless || stopped {
            let reason = Reason::plain(NOTHING_HELD, "there is nothing left for it to do");
            return self.put(Record::GaveUp { order: id, reason });
        }
        if intent.purpose == Purpose::Entry {
            match self.stands(&intent) {
                Stands::Goes => {}
                Stands::Waits => {
                    self.due_at(self.now + AGAIN);
                    return Ok(());
                }
                Stands::Denied(reason) => return self.put(Record::GaveUp { order: id, reason }),
            }
        }
        match self.review(&intent, Some(id)) {
            Some(Verdict::Approved { order, marks, .. }) => {
                let Some((mark, send_by)) = self.sending(intent.key.venue) else { return Ok(()) };
                let record = Record::Resent { order: id, attempt, mark, send_by, marks };
                self.put_with(record, Command::Submit { order, mark, attempt, send_by })
            }
            // What is not known yet (no price after a start) is waited for; only what is computed ends it.
            Some(Verdict::Denied { check, reason, marks }) if marks.get(check) != Mark::Missing => {
                self.put(Record::GaveUp { order: id, reason })
            }
            Some(Verdict::Denied { .. } | Verdict::Wait { .. }) | None => {
                self.due_at(self.now + AGAIN);
                Ok(())
            }
        }
    }
}
