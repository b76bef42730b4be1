//! What guards a position, as the fold sees it: the legs that a venue makes of a bracket, and the time without a stop.

use broker_api::intent::{Limit, Stop};
use broker_api::{
    Amount, ClientOrderId, Intent, Key, OrderKind, Phase, Protection, Purpose, Qty, Record, Side, Time,
    planted,
};

use super::Book;
use super::rows::{Bare, Order};

impl Book {
    /// What a venue makes of a bracket once its entry is filled whole: legs of names that follow from the entry's.
    pub(super) fn bring_legs(&mut self, entry: ClientOrderId, at: Time) {
        let is_bracket = |order: &&Order| order.intent.bracket && !planted!(LegsTwice);
        let Some(order) = self.order(entry).filter(is_bracket).cloned() else { return };
        let Intent { plan, .. } = order.intent;
        let stop = plan.stop.map(|trigger| (Purpose::Stop, OrderKind::Stop(Stop { trigger }), trigger));
        let target = plan.target.map(|limit| (Purpose::Target, OrderKind::Limit(Limit { limit }), limit));
        for (purpose, kind, reference) in stop.into_iter().chain(target) {
            let Some(id) = entry.leg(purpose).filter(|id| self.order(*id).is_none()) else { continue };
            let intent = Intent {
                id,
                purpose,
                side: order.intent.side.opposite(),
                order: kind,
                reduce_only: true,
                bracket: false,
                plan: Protection::default(),
                reference,
                risk: None,
                ..order.intent
            };
            let leg = Order {
                intent,
                phase: Phase::Working,
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
                reason: None,
                cancel_wanted: None,
                ..order.clone()
            };
            self.orders.insert(Box::new(leg));
        }
    }

    /// Measures how long positions lie without their stop, after a record that may have changed that.
    pub(super) fn measure(&mut self, record: &Record, at: Time) {
        match record {
            Record::Filled { fill } | Record::Outside { fill, .. } => {
                self.measured(fill.key, fill.at.min(at));
            }
            Record::Busted { venue, execution } => {
                if let Some(key) = self.execution(*venue, *execution).map(|known| known.fill.key) {
                    self.measured(key, at);
                }
            }
            Record::NonTrade { entry, .. } => {
                for key in entry.key.into_iter().chain(entry.becomes) {
                    self.measured(key, at);
                }
            }
            Record::Corrected { .. }
            | Record::PlanSet { .. }
            | Record::StopTrailed { .. }
            | Record::Repaired { .. } => {
                if let Some(key) = record.key() {
                    self.measured(key, at);
                }
            }
            Record::Answered { order, .. }
            | Record::AskAnswered { order, .. }
            | Record::Closed { order, .. }
            | Record::GaveUp { order, .. }
            | Record::Resent { order, .. } => {
                let of_stop = self.order(*order).filter(|order| order.intent.purpose == Purpose::Stop);
                if let Some(key) = of_stop.map(|order| order.intent.key) {
                    self.measured(key, at);
                }
            }
            Record::Started { .. } => {
                let held: Vec<Key> = self.positions.keys().copied().collect();
                for key in held {
                    self.measured(key, at);
                }
            }
            _ => {}
        }
    }

    fn measured(&mut self, key: Key, at: Time) {
        let Some(position) = self.positions.get(&key) else { return };
        let shall = position.plan.stop.is_some() || position.plan.trail.is_some();
        let is_bare = shall && !self.has_resting_stop(key) && !planted!(BareNotMeasured);
        let Some(position) = self.positions.get_mut(&key) else { return };
        position.bare = match (is_bare, position.bare.since) {
            (true, None) => Bare { since: Some(at), ..position.bare },
            (false, Some(_)) => position.bare.ended(at),
            (true, Some(_)) | (false, None) => return,
        };
    }

    /// Whether a stop is known to rest over all that is held of an instrument.
    pub fn has_resting_stop(&self, key: Key) -> bool {
        let (side, held) = (Side::reducing(self.held(key)), self.held(key).size());
        self.open_orders_of(key).any(|order| {
            Some(order.intent.side) == side
                && order.intent.purpose == Purpose::Stop
                && matches!(order.phase, Phase::Working | Phase::Cancelling)
                && order.remaining() >= held
        })
    }
}
