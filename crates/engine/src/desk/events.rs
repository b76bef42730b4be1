//! What venues say becomes records: executions, closings, answers. The venue's word wins over what was believed.

use broker_api::{
    Activity, CancelOutcome, ClientOrderId, Code, Fill, Finding, Reason, Record, SubmitOutcome, VenueEvent,
    VenueId, planted, transition,
};
use state::Illegal;

use super::Step;

const UNKNOWN_ORDER: Code = Code::fixed("unknown_order");
const CANNOT_RESTATE: Code = Code::fixed("cannot_restate");

impl Step<'_> {
    /// A stretch of a venue's log, in its order, and then the place it was read to.
    pub(super) fn activity(&mut self, venue: VenueId, activity: &Activity) -> Result<(), Illegal> {
        for event in activity.events.iter().filter(|_| !planted!(CursorBeforeEvents) || activity.complete) {
            match event {
                VenueEvent::Filled(fill) => self.filled(venue, fill)?,
                VenueEvent::Busted { execution, .. } => {
                    let known = self.book.execution(venue, *execution);
                    if known.is_some_and(|known| !known.busted) && !planted!(BustIgnored) {
                        let record = Record::Busted { venue, execution: *execution };
                        self.restated(venue, record, None)?;
                    }
                }
                VenueEvent::Corrected { fill, .. } => {
                    let known = self.book.execution(venue, fill.execution);
                    if known.is_some_and(|known| !known.busted && known.fill != *fill) {
                        self.restated(venue, Record::Corrected { fill: *fill }, Some(fill))?;
                    }
                }
                VenueEvent::Closed { order, end, code, .. } => {
                    let is_open = self.book.order(*order).is_some_and(|row| !row.phase.is_done());
                    if is_open && !planted!(ClosedIsSkipped) {
                        self.put(Record::Closed { order: *order, end: *end, code: *code })?;
                    }
                }
            }
        }
        let moved = self.book.venue(venue).is_some_and(|state| state.cursor != activity.cursor);
        if moved { self.put(Record::CursorMoved { venue, cursor: activity.cursor }) } else { Ok(()) }
    }

    /// One execution, counted once by its name. One that belongs to no order of ours is a divergence.
    fn filled(&mut self, venue: VenueId, fill: &Fill) -> Result<(), Illegal> {
        if self.book.has_execution(venue, fill.execution) {
            return Ok(());
        }
        #[cfg(planted)]
        if self.drops(fill) {
            return Ok(());
        }
        let ours = self.book.order(fill.order).map(|row| (row.intent.key, row.intent.side));
        if ours == Some((fill.key, fill.side)) {
            return self.put(Record::Filled { fill: *fill });
        }
        let text = format!(
            "{} {} {} at {} belongs to no order in the book (order {}, execution {})",
            fill.side, fill.qty, fill.key.symbol, fill.price, fill.order, fill.execution
        );
        let reason = Reason::plain(UNKNOWN_ORDER, text);
        self.put(Record::Diverged { venue, key: Some(fill.key), reason, fill: Some(*fill) })
    }

    /// A bust or correction. What the book cannot undo by itself stands as a divergence for a person.
    fn restated(&mut self, venue: VenueId, record: Record, fill: Option<&Fill>) -> Result<(), Illegal> {
        let execution = match &record {
            Record::Busted { execution, .. } => Some(*execution),
            _ => fill.map(|fill| fill.execution),
        };
        let Err(refused) = self.put(record) else { return Ok(()) };
        let key = execution.and_then(|id| self.book.execution(venue, id)).map(|known| known.fill.key);
        let reason = Reason::plain(CANNOT_RESTATE, refused.why);
        self.put(Record::Diverged { venue, key, reason, fill: fill.copied() })
    }

    /// The answer to an order. One to an earlier attempt than the last says nothing about the last.
    pub(super) fn submitted(
        &mut self,
        order: ClientOrderId,
        attempt: u32,
        outcome: &SubmitOutcome,
    ) -> Result<(), Illegal> {
        #[cfg(planted)]
        let outcome = &super::planted::misread(outcome);
        let Some(row) = self.book.order(order) else { return Ok(()) };
        if row.attempt != attempt || transition(row.phase, outcome.event()).is_none() {
            return Ok(());
        }
        self.put(Record::Answered { order, attempt, answer: outcome.clone() })?;
        #[cfg(planted)]
        self.accepted(order, outcome)?;
        Ok(())
    }

    /// The answer to a cancel.
    pub(super) fn cancelled(&mut self, order: ClientOrderId, outcome: &CancelOutcome) -> Result<(), Illegal> {
        let Some(row) = self.book.order(order) else { return Ok(()) };
        if transition(row.phase, outcome.event()).is_none() {
            return Ok(());
        }
        self.put(Record::CancelAnswered { order, answer: outcome.clone() })?;
        if planted!(CancelIsDone) && *outcome == CancelOutcome::Accepted {
            return self.put(Record::Closed { order, end: broker_api::End::Cancelled, code: UNKNOWN_ORDER });
        }
        Ok(())
    }

    /// The answer to a question about an order.
    pub(super) fn found(&mut self, order: ClientOrderId, finding: Option<&Finding>) -> Result<(), Illegal> {
        let Some(row) = self.book.order(order).filter(|row| row.asking) else { return Ok(()) };
        let (venue, fence, to) = (row.intent.key.venue, row.sent.to, row.mark);
        #[cfg(planted)]
        self.told(order, finding)?;
        let finding = match finding {
            Some(Finding::NotYet { .. }) if planted!(NotYetIsAbsent) => {
                Some(Finding::Absent { proof: broker_api::Proof::FencePassed { fence, to } })
            }
            // The venue went under while it was asked: what it does not know then is no answer.
            Some(Finding::Absent { .. }) if self.blackout(venue).is_some() => None,
            finding => finding.cloned(),
        };
        self.put(Record::AskAnswered { order, finding })
    }
}
