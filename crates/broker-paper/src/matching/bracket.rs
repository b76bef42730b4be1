//! What follows from a fill: the legs of a bracket come and go, and orders with nothing left to reduce end.
//!
//! A bracket is one: when a leg fills the other gets smaller by as much, and what is left of the entry ends, or it
//! would open anew what was just being closed. A leg that somebody cancels is not made again.

use broker_api::intent::{Limit, Stop};
use broker_api::{
    Amount, ClientOrderId, End, InstrumentIx, OrderKind, Purpose, Qty, Side, Time, TimeInForce,
};

use super::codes::Word;
use super::fill::is_left_behind;
use super::orders::Order;
use super::{Known, Matching};

/// The id of a bracket's leg: the entry's, and a letter. Nothing when the entry's leaves no room.
pub(super) fn leg_id(entry: ClientOrderId, purpose: Purpose) -> Option<ClientOrderId> {
    entry.leg(purpose)
}

impl Matching {
    /// What a fill of `qty` of an order brings about; the order as it was before.
    pub(super) fn follow_up(&mut self, ix: InstrumentIx, order: &Order, qty: Qty, at: Time) {
        if let Some(entry) = order.parent {
            self.leg_filled(ix, entry, order.n, qty, at);
        }
        if order.plan.is_some() {
            self.make_legs(ix, order, qty, at);
        }
        let row = &self.rows[ix.index()];
        let reducing = Side::reducing(row.position.held);
        let behind = row.orders.iter().filter(|other| is_left_behind(other, reducing));
        for (n, entry) in behind.map(|other| (other.n, other.parent)).collect::<Vec<_>>() {
            self.close(ix, n, End::Cancelled, Word::NothingToReduce, at);
            if let Some(entry) = entry {
                self.close_entry(ix, entry, Word::NothingToReduce, at);
            }
        }
    }

    fn leg_filled(&mut self, ix: InstrumentIx, entry: ClientOrderId, n: u64, qty: Qty, at: Time) {
        let orders = &mut self.rows[ix.index()].orders;
        if let Some(other) = orders.iter_mut().find(|other| other.parent == Some(entry) && other.n != n) {
            other.qty = other.qty.minus_or_zero(qty);
            if other.rest().is_zero() {
                let n = other.n;
                self.close(ix, n, End::Cancelled, Word::LegFilled, at);
            }
        }
        self.close_entry(ix, entry, Word::LegFilled, at);
    }

    fn close_entry(&mut self, ix: InstrumentIx, entry: ClientOrderId, why: Word, at: Time) {
        if let Some(n) = self.rows[ix.index()].by_id(entry).map(|order| order.n) {
            self.close(ix, n, End::Cancelled, why, at);
        }
    }

    /// Legs for `qty` more of an entry: those that live grow, those that never were are made.
    fn make_legs(&mut self, ix: InstrumentIx, entry: &Order, qty: Qty, at: Time) {
        let side = entry.side.opposite();
        if Side::reducing(self.held(ix)) != Some(side) {
            return;
        }
        let plan = entry.plan.unwrap_or_default();
        let stop = plan.stop.map(|trigger| (Purpose::Stop, OrderKind::Stop(Stop { trigger }), trigger));
        let target = plan.target.map(|limit| (Purpose::Target, OrderKind::Limit(Limit { limit }), limit));
        for (purpose, kind, price) in stop.into_iter().chain(target) {
            // That there is room for these ids was seen when the entry was taken.
            let Some(id) = leg_id(entry.id, purpose) else { continue };
            let row = &mut self.rows[ix.index()];
            match self.known.get(&id) {
                Some(Known::Live(_)) => {
                    for leg in row.orders.iter_mut().filter(|leg| leg.id == id) {
                        leg.qty = leg.qty.plus(qty).unwrap_or(leg.qty);
                    }
                    continue;
                }
                Some(Known::Over(_)) => continue,
                None => {}
            }
            self.orders += 1;
            self.known.insert(id, Known::Live(ix));
            row.orders.push(Order {
                n: self.orders,
                id,
                side,
                purpose,
                qty: entry.filled.plus(qty).unwrap_or(qty),
                filled: Qty::ZERO,
                kind,
                tif: TimeInForce::Gtc,
                reduces: true,
                plan: None,
                parent: Some(entry.id),
                accepted: at,
                from: at,
                price,
                trigger: plan.stop.filter(|_| purpose == Purpose::Stop),
                best: None,
                awake: false,
                value: Amount::ZERO,
                paid: Amount::ZERO,
                at_most: None,
                acted: 0,
            });
        }
    }
}
