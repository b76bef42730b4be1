//! Bugs on purpose that take more than a condition, for `torture --planted`; no other build has them.

use broker_api::{
    By, ClientOrderId, ExecutionId, Fill, Finding, GuardState, Intent, Level, Money, Qty, Ratio, Reason,
    Record, SubmitOutcome, planted,
};
use state::Illegal;
use state::book::Order;

use super::Step;

/// The answer to an order, misread.
pub(super) fn misread(outcome: &SubmitOutcome) -> SubmitOutcome {
    let code = broker_api::Code::fixed("not_sent");
    match outcome {
        SubmitOutcome::NotSent { .. } if planted!(NotSentIsSent) => {
            SubmitOutcome::Accepted { venue_order: None }
        }
        SubmitOutcome::Unknown { why } if planted!(UnknownIsNotSent) => {
            SubmitOutcome::NotSent { why: why.clone() }
        }
        SubmitOutcome::Duplicate { text } if planted!(DuplicateIsRefusal) => {
            SubmitOutcome::Refused { code, text: text.clone() }
        }
        SubmitOutcome::Refused { text, .. } if planted!(RefusalRetried) => {
            SubmitOutcome::NotSent { why: text.clone() }
        }
        _ => outcome.clone(),
    }
}

/// An order that is sent again gets another name.
pub(super) fn rename(intent: &mut Intent) {
    let name = ClientOrderId::new(&format!("{}x", intent.id)).ok().filter(|_| planted!(FreshNameOnResend));
    intent.id = name.unwrap_or(intent.id);
}

impl Step<'_> {
    /// Whether an execution is passed over.
    pub(super) fn drops(&self, fill: &Fill) -> bool {
        let is_same =
            |known: &state::book::Execution| (known.fill.order, known.fill.price) == (fill.order, fill.price);
        let is_cancelled = || self.book.order(fill.order).is_some_and(|row| row.cancel_wanted.is_some());
        planted!(SameOrderSamePrice) && self.book.executions().any(is_same)
            || planted!(OvertakingFillDropped) && is_cancelled()
    }

    /// Books a market order that was taken as executed.
    pub(super) fn accepted(&mut self, order: ClientOrderId, outcome: &SubmitOutcome) -> Result<(), Illegal> {
        let Some(row) = self.book.order(order) else { return Ok(()) };
        let is_market = matches!(row.intent.order, broker_api::OrderKind::Market(_));
        let is_taken = matches!(outcome, SubmitOutcome::Accepted { .. });
        match self.invented(row, row.remaining()) {
            Some(fill) if is_market && is_taken && planted!(AcceptedIsFilled) => {
                self.put(Record::Filled { fill })
            }
            _ => Ok(()),
        }
    }

    /// Books what a question found executed.
    pub(super) fn told(&mut self, order: ClientOrderId, finding: Option<&Finding>) -> Result<(), Illegal> {
        let (Some(row), Some(Finding::Found { order: seen })) = (self.book.order(order), finding) else {
            return Ok(());
        };
        match self.invented(row, seen.filled.minus_or_zero(row.filled)) {
            Some(fill) if planted!(FilledFromFinding) => self.put(Record::Filled { fill }),
            _ => Ok(()),
        }
    }

    /// A stop over what was ordered of its position.
    pub(super) fn ordered(&self, wanted: Intent) -> Intent {
        let first = || {
            let id = self.book.position(wanted.key)?.executions.first()?;
            self.book.order(self.book.execution(wanted.key.venue, *id)?.fill.order)
        };
        let is_stop = wanted.purpose == broker_api::Purpose::Stop && planted!(StopFromOrdered);
        match first().filter(|_| is_stop) {
            Some(entry) => Intent { qty: entry.intent.qty, ..wanted },
            None => wanted,
        }
    }

    /// Whether what rests of a purpose was made on an earlier day.
    pub(super) fn is_of_yesterday(&self, key: broker_api::Key, purpose: broker_api::Purpose) -> bool {
        let mut legs = self
            .book
            .open_orders_of(key)
            .filter(|row| row.intent.purpose == purpose)
            .map(|row| row.decided_at.date_naive())
            .peekable();
        planted!(RenewalDoubled) && legs.peek().is_some() && legs.all(|day| day < self.now.date_naive())
    }

    /// Lifts what a breaker set, once it would not trip any more.
    pub(super) fn lifted(&mut self) -> Result<(), Illegal> {
        let free = GuardState { level: Level::Trading, ..self.book.guard().clone() };
        let is_good = self.equity().is_some_and(|equity| {
            risk::breakers(&free, Some(equity), true, self.now, &self.setup.limits).is_none()
        });
        let guard = self.book.guard();
        if planted!(MachineLoosens) && is_good && guard.level > Level::Paused && guard.by == Some(By::Guard) {
            let reason = Reason::plain(broker_api::Code::fixed("operator"), "the loss is made good");
            let (level, by) = (Level::Trading, By::Guard);
            return self.put(Record::LevelSet { level, by, reason, until: None });
        }
        Ok(())
    }

    fn invented(&self, row: &Order, qty: Qty) -> Option<Fill> {
        let Intent { key, side, reference, .. } = row.intent;
        let currency = self.setup.catalog.instrument(key)?.quote;
        Some(Fill {
            execution: ExecutionId::new(&format!("{}-{}", row.intent.id, row.filled)).ok()?,
            order: row.intent.id,
            key,
            side,
            qty: Some(qty).filter(|qty| !qty.is_zero())?,
            price: reference,
            fee: Money { amount: broker_api::Amount::ZERO, currency },
            kept: Qty::ZERO,
            rate: Ratio::ONE,
            at: self.now,
            model: None,
        })
    }
}
