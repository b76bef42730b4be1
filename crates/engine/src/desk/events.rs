//! What venues say becomes records: executions, closings, answers. The venue's word wins over what was believed.

use std::collections::BTreeSet;

use broker_api::{
    Activity, CancelOutcome, ClientOrderId, Code, ExecutionId, Fill, Finding, NonTrade, NonTradeKind, Phase,
    Reason, Record, Side, SubmitOutcome, VenueEvent, VenueId, planted, transition,
};
use state::Illegal;
use state::book::DUST;

use super::Step;

const UNKNOWN_ORDER: Code = Code::fixed("unknown_order");
const CANNOT_RESTATE: Code = Code::fixed("cannot_restate");
const CANNOT_BOOK: Code = Code::fixed("cannot_book");
const OUTSIDE_TRADE: Code = Code::fixed("outside_trade");
const UNITS_MOVED: Code = Code::fixed("units_moved");
const ORDER_GONE: Code = Code::fixed("order_gone");

impl Step<'_> {
    /// A stretch of a venue's log, in its order, and then the place it was read to.
    pub(super) fn activity(&mut self, venue: VenueId, activity: &Activity) -> Result<(), Illegal> {
        // What happened to a leg that a venue made waits for the fill of its entry, which brings it, when that is told later.
        let mut coming = BTreeSet::new();
        let events = || activity.events.iter().enumerate();
        let late: Vec<usize> = events()
            .filter(|(_, event)| self.is_of_coming_leg(event, &mut coming))
            .map(|(at, _)| at)
            .collect();
        let in_turn = events().filter(|(at, _)| !late.contains(at)).map(|(_, event)| event);
        let all = in_turn.chain(late.iter().filter_map(|at| activity.events.get(*at)));
        for event in all.filter(|_| !planted!(CursorBeforeEvents) || activity.complete) {
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
                VenueEvent::NonTrade(entry) => self.non_trade(venue, entry)?,
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

    /// `coming` are the executions of such legs so far: what is taken back of them waits with them.
    fn is_of_coming_leg(&self, event: &VenueEvent, coming: &mut BTreeSet<ExecutionId>) -> bool {
        let order = match event {
            VenueEvent::Filled(fill) => fill.order,
            VenueEvent::Closed { order, .. } => *order,
            VenueEvent::Busted { execution, .. } => return coming.contains(execution),
            VenueEvent::Corrected { fill, .. } => return coming.contains(&fill.execution),
            VenueEvent::NonTrade(_) => return false,
        };
        let entry = || order.leg_of().and_then(|(entry, _)| self.book.order(entry));
        let waits = self.book.order(order).is_none() && entry().is_some_and(|entry| entry.intent.bracket);
        if let (true, VenueEvent::Filled(fill)) = (waits, event) {
            coming.insert(fill.execution);
        }
        waits
    }

    /// One execution, counted once by its name. One that belongs to no order of ours moves what else the account holds, or
    /// what we hold, and entries stop there until a person has looked.
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
            self.put(Record::Filled { fill: *fill })?;
            return self.executed(fill.order);
        }
        let key = fill.key;
        let held = self.book.held(key);
        let is_dust = self.book.closing(key).is_some()
            && Side::reducing(held) == Some(fill.side)
            && fill.qty <= held.size()
            && !fill.order.is_ours();
        let code = if is_dust {
            DUST
        } else if fill.order.is_ours() {
            UNKNOWN_ORDER
        } else {
            OUTSIDE_TRADE
        };
        let whose = if code == OUTSIDE_TRADE { "somebody else's order" } else { "no order in the book" };
        let text = format!(
            "{} {} {} at {} belongs to {whose} (order {}, execution {})",
            fill.side, fill.qty, key.symbol, fill.price, fill.order, fill.execution
        );
        let reason = Reason::plain(code, text);
        let booked = if ours.is_some() || planted!(OutsideNotBooked) {
            Err(())
        } else {
            self.put(Record::Outside { fill: *fill, code }).map_err(|_| ())
        };
        match booked {
            Ok(()) if is_dust => Ok(()),
            Ok(()) => self.put(Record::Diverged { venue, key: Some(key), reason, fill: None, there: None }),
            Err(()) => {
                self.put(Record::Diverged { venue, key: Some(key), reason, fill: Some(*fill), there: None })
            }
        }
    }

    /// An entry of the log that no trade made, counted once by its name. Units that come or go without a trade are for a
    /// person to look at.
    fn non_trade(&mut self, venue: VenueId, entry: &NonTrade) -> Result<(), Illegal> {
        if self.book.has_non_trade(venue, entry.id) {
            return Ok(());
        }
        let key = entry.becomes.or(entry.key);
        let what = || {
            let of = entry.key.map_or_else(String::new, |key| format!(" of {}", key.symbol));
            let into = entry.becomes.map_or_else(String::new, |key| format!(" into {}", key.symbol));
            let units =
                if entry.units.is_flat() { String::new() } else { format!(", {} units", entry.units) };
            format!("{}{of}{into}{units} (entry {})", entry.kind.as_str(), entry.id)
        };
        let before = self.worth_before(entry);
        let told = self.put(Record::NonTrade { venue, entry: *entry, before });
        if entry.kind == NonTradeKind::Transfer {
            self.flowed.insert(venue);
        }
        let is_booked_whole =
            matches!(entry.kind, NonTradeKind::Split | NonTradeKind::FeeInKind | NonTradeKind::SymbolChange);
        let is_listed = key.is_none_or(|key| self.setup.catalog.instrument(key).is_some());
        let (code, text) = if let Err(refused) = told {
            (CANNOT_BOOK, format!("{}: {}", what(), refused.why))
        } else if !entry.units.is_flat() && !is_booked_whole {
            (UNITS_MOVED, format!("units came or went without a trade: {}", what()))
        } else if entry.kind == NonTradeKind::SymbolChange && !is_listed {
            (UNITS_MOVED, format!("{}, which is not among the instruments of this run", what()))
        } else {
            return Ok(());
        };
        self.put(Record::Diverged { venue, key, reason: Reason::plain(code, text), fill: None, there: None })
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
        self.put(Record::Diverged { venue, key, reason, fill: fill.copied(), there: None })
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
        self.answered(order)?;
        if matches!(outcome, SubmitOutcome::Refused { .. }) {
            self.pace.refused();
            self.refusals()?;
        }
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
        let was_live = row.phase == Phase::Working && row.question_at >= Some(row.since);
        let key = row.intent.key;
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
        let is_gone = was_live && matches!(finding, Some(Finding::Absent { .. }));
        self.put(Record::AskAnswered { order, finding })?;
        if is_gone && self.book.diverged().all(|(known, _)| known != key) {
            let text = format!(
                "the order {order} of {} was live there, and {venue} does not know of it now",
                key.symbol
            );
            let reason = Reason::plain(ORDER_GONE, text);
            return self.put(Record::Diverged { venue, key: Some(key), reason, fill: None, there: None });
        }
        Ok(())
    }
}
