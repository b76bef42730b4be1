//! What happens to orders: made, answered, asked about, moved along the table, put away.

use broker_api::{
    Amount, ClientOrderId, Code, Cursor, End, Event, Finding, Intent, Key, Phase, Proof, Purpose, Qty,
    Reason, SentWindow, SubmitOutcome, Time, planted, transition,
};
use chrono::TimeDelta;

use super::Book;
use super::fold::{No, no};
use super::rows::{Closing, Order, RefusedLeg};

const NOT_SENT: Code = Code::fixed("not_sent");
const NO_ANSWER: Code = Code::fixed("no_answer");
const VENUE_BROKEN: Code = Code::fixed("venue_broken");
const NAME_TAKEN: Code = Code::fixed("name_taken");
/// An order whose time at the venue ended this soon was refused by it, whatever it says.
const HARDLY_THERE: TimeDelta = TimeDelta::seconds(60);

impl Book {
    pub(super) fn intended(
        &mut self,
        intent: &Intent,
        mark: Cursor,
        sent: SentWindow,
        at: Time,
    ) -> Result<(), No> {
        if self.order(intent.id).is_some() {
            return no(format!("order {} was made before", intent.id));
        }
        if !self.venues.contains_key(&intent.key.venue) {
            return no(format!("the book is not bound to {}", intent.key.venue));
        }
        if let Some(signal) = intent.signal.and_then(|id| self.signals.get_mut(id)) {
            signal.orders.push(intent.id);
        }
        if intent.purpose.is_protective()
            && let Some(position) = self.positions.get_mut(&intent.key)
        {
            position.legs_made += u32::from(!planted!(LegNameReused));
            if position.blocked.as_ref().is_some_and(|blocked| blocked.purpose == intent.purpose) {
                position.blocked = None;
            }
        }
        if intent.purpose == Purpose::Exit
            && let Some(exit) = self.exits.get_mut(&intent.key)
        {
            exit.orders += 1;
        }
        self.totals.orders += 1;
        let order = Box::new(Order {
            intent: *intent,
            phase: Phase::Sending,
            attempt: 1,
            mark,
            sent,
            decided_at: at,
            since: at,
            venue_order: None,
            filled: Qty::ZERO,
            value: Amount::ZERO,
            fees: Amount::ZERO,
            asks: 0,
            asking: false,
            question_at: None,
            answered_at: None,
            asked_at: None,
            not_before: None,
            proof: None,
            unsent: 0,
            throttled: 0,
            lost_at: None,
            was_refused: false,
            taken_back: Qty::ZERO,
            cancel_wanted: None,
            reason: None,
        });
        self.orders.insert(order);
        Ok(())
    }

    pub(super) fn answered(
        &mut self,
        id: ClientOrderId,
        attempt: u32,
        answer: &SubmitOutcome,
        at: Time,
    ) -> Result<(), No> {
        let Some(order) = self.order(id) else {
            return no(format!("order {id} is not in the book"));
        };
        if attempt != order.attempt {
            return no(format!("it answers attempt {attempt}, and attempt {} is the last", order.attempt));
        }
        // A refusal speaks of the attempt that it answers. One before it, which only silence speaks against, may still arrive.
        let lost_before = order.lost_at.filter(|_| matches!(answer, SubmitOutcome::Refused { .. }));
        let event = if lost_before.is_some() { Event::Lost } else { answer.event() };
        self.moves(id, event, at)?;
        if let Some(order) = self.orders.get_mut(id) {
            if lost_before.is_some() {
                (order.lost_at, order.was_refused) = (lost_before, true);
            }
            if answer.is_heard() {
                order.answered_at = Some(at);
            }
            match answer {
                SubmitOutcome::Accepted { venue_order } => order.venue_order = *venue_order,
                SubmitOutcome::NotSent { why } => {
                    order.unsent += 1;
                    order.reason = Some(Reason::plain(NOT_SENT, why.clone()));
                }
                SubmitOutcome::Refused { code, text } => {
                    order.reason = Some(Reason::plain(*code, text.clone()));
                }
                SubmitOutcome::Duplicate { text } => {
                    order.reason = Some(Reason::plain(NAME_TAKEN, text.clone()));
                }
                SubmitOutcome::RefusedUnlisted { code, text } => {
                    order.was_refused = true;
                    order.reason = Some(Reason::plain(*code, text.clone()));
                }
                SubmitOutcome::Throttled { until } => {
                    order.throttled += 1;
                    order.not_before = Some(*until);
                }
                SubmitOutcome::Unknown { why } => order.reason = Some(Reason::plain(NO_ANSWER, why.clone())),
                SubmitOutcome::Broken { why } => {
                    order.reason = Some(Reason::plain(VENUE_BROKEN, why.clone()));
                }
            }
        }
        self.retire(id);
        Ok(())
    }

    pub(super) fn ask_answered(
        &mut self,
        id: ClientOrderId,
        finding: Option<&Finding>,
        at: Time,
    ) -> Result<(), No> {
        let Some(order) = self.orders.get(id) else {
            // It ended while the question was under way: its fills and closing said so, and they stand.
            return if self.closed_orders.contains_key(&id) {
                Ok(())
            } else {
                no(format!("order {id} is not in the book"))
            };
        };
        let executed = order.filled.plus(order.taken_back)?;
        let event = match finding {
            Some(Finding::Found { order: seen }) => match seen.end {
                // Complete is an order whose fills add up; until they do, it counts as live.
                Some(end) if end != End::Filled && [order.filled, executed].contains(&seen.filled) => {
                    Some(Event::Closed(end))
                }
                _ => Some(Event::FoundLive),
            },
            Some(Finding::NotYet { .. } | Finding::Absent { .. }) | None => None,
        };
        if let Some(event) = event {
            self.moves(id, event, at)?;
        }
        let order = self.open_order(id)?;
        (order.asking, order.asked_at) = (false, Some(at));
        match finding {
            Some(Finding::Found { order: seen }) => {
                order.venue_order = seen.venue_order.or(order.venue_order);
            }
            // What was absent before is not absent now because nobody answered.
            Some(Finding::NotYet { again_at }) => (order.not_before, order.proof) = (Some(*again_at), None),
            Some(Finding::Absent { proof }) => order.proof = Some(lasting(order.proof, *proof)),
            None => order.proof = None,
        }
        self.retire(id);
        Ok(())
    }

    /// Moves an order along the table. A late word about an order that is over is checked and changes nothing.
    pub(super) fn moves(&mut self, id: ClientOrderId, event: Event, at: Time) -> Result<(), No> {
        let Some(order) = self.any_order(id) else { return no(format!("order {id} is not in the book")) };
        let phase = after(order.phase, event)?;
        if phase != order.phase {
            (order.phase, order.since) = (phase, at);
        }
        if event == Event::Lost && phase == Phase::Unknown {
            order.lost_at = Some(at);
        }
        Ok(())
    }

    pub(super) fn open_order(&mut self, id: ClientOrderId) -> Result<&mut Order, No> {
        let order = self.orders.get_mut(id);
        order.ok_or_else(|| No(format!("order {id} is not open").into()))
    }

    pub(super) fn note(&mut self, id: ClientOrderId, reason: &Reason) {
        if let Some(order) = self.orders.get_mut(id) {
            order.reason = Some(reason.clone());
        }
    }

    /// Moves an order that is over to the closed ones, and lets go of an exit that has nothing left to do.
    pub(super) fn retire(&mut self, id: ClientOrderId) {
        if self.orders.get(id).is_some_and(|order| order.phase.is_done())
            && let Some(order) = self.orders.remove(id)
        {
            let key = order.intent.key;
            self.note_failure(&order);
            self.closed_orders.insert(id, order);
            self.settle_exit(key);
        }
    }

    /// What an order that came to nothing leaves: a refused leg with its position, an empty exit with its exit. A leg that
    /// the venue ended by itself counts as refused: made anew at once it would be ended again, as fast as the venue
    /// answers. One whose time at the venue ended came to nothing by no fault, and is made anew at once, unless that time
    /// was hardly there.
    fn note_failure(&mut self, order: &Order) {
        let Intent { key, purpose, .. } = order.intent;
        let is_failed = match order.end() {
            Some(End::Refused) => true,
            Some(End::Cancelled) => order.cancel_wanted.is_none(),
            Some(End::Expired) => order.since - order.sent.from < HARDLY_THERE,
            Some(End::Filled | End::NeverSent) | None => false,
        };
        // One that rested for a while says that such orders are taken: what was refused before it is history.
        let has_rested = order.end() != Some(End::Refused) && order.since - order.sent.from >= HARDLY_THERE;
        if purpose.is_protective()
            && has_rested
            && let Some(position) = self.positions.get_mut(&key)
        {
            position.refused.retain(|leg| leg.purpose != purpose);
        }
        if purpose.is_protective()
            && is_failed
            && let Some(position) = self.positions.get_mut(&key)
            && position.opened_at <= order.decided_at
        {
            position.refused.push(RefusedLeg { purpose, at: order.since });
        }
        if planted!(ExitDropped) && purpose == Purpose::Exit && order.filled.is_zero() {
            self.exits.remove(&key);
        }
        if purpose == Purpose::Exit
            && order.filled.is_zero()
            && (is_failed || order.end() != Some(End::Expired))
            && let Some(exit) = self.exits.get_mut(&key)
        {
            exit.failed_at = exit.failed_at.max(Some(order.since));
        }
    }

    /// The venue is asked to close what is too little for an order.
    pub(super) fn close_started(&mut self, key: Key, at: Time) -> Result<(), No> {
        if !self.positions.contains_key(&key) {
            return no(format!("nothing is held of {key}"));
        }
        let asks = self.closings.get(&key).map_or(0, |closing| closing.asks);
        self.closings.insert(key, Closing { at, asks: asks + 1, asking: true });
        Ok(())
    }

    /// What it answered; what was closed, its log tells.
    pub(super) fn close_answered(&mut self, key: Key) {
        if let Some(closing) = self.closings.get_mut(&key) {
            closing.asking = false;
        }
    }

    pub(super) fn settle_exit(&mut self, key: Key) {
        if self.exits.contains_key(&key) && !self.positions.contains_key(&key) && !self.has_open_entry(key) {
            self.exits.remove(&key);
        }
        if !self.positions.contains_key(&key) {
            self.closings.remove(&key);
        }
    }
}

pub(super) fn after(phase: Phase, event: Event) -> Result<Phase, No> {
    transition(phase, event).map_or_else(|| no(format!("{event:?} in {phase:?}")), Ok)
}

/// What speaks against an order after one more answer: a silence that was heard before, and nothing else since, has lasted
/// since then, whichever process heard its beginning.
fn lasting(known: Option<Proof>, told: Proof) -> Proof {
    match (known, told) {
        (Some(Proof::Silence { since: before }), Proof::Silence { since }) => {
            Proof::Silence { since: before.min(since) }
        }
        (_, told) => told,
    }
}
