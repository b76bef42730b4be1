//! A venue that does what a number tells it: takes orders or loses them, answers or keeps silent, fills in parts and
//! late. Whatever it does, its own log is true, and a reducing order never opens a position there.

use std::collections::BTreeMap;

use broker_api::{
    Activity, CancelOutcome, ClientOrderId, Cursor, End, Fill, Finding, Held, Holdings, Intent, Key, Money,
    OpenOrder, Price, Proof, Purpose, Qty, SubmitOutcome, Time, VenueEvent, VenueOrder, VenuePosition,
};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::world::of;

/// An order as the venue has it.
pub(super) struct Resting {
    pub(super) intent: Intent,
    pub(super) filled: Qty,
    pub(super) end: Option<End>,
    cancelling: bool,
}

/// The venue.
#[derive(Default)]
pub(super) struct Scripted {
    orders: BTreeMap<ClientOrderId, Resting>,
    arrived: Vec<ClientOrderId>,
    held: BTreeMap<Key, Held>,
    log: Vec<VenueEvent>,
    executions: usize,
    /// By how much its clock is ahead.
    pub(super) ahead: TimeDelta,
    /// Orders that arrived more than once, and legs that arrived while another of their kind was live.
    pub(super) doubled: Vec<ClientOrderId>,
}

fn why() -> Box<str> {
    "as told".into()
}

impl Scripted {
    /// An order, and its answer. The smallest number is the friendliest venue.
    pub(super) fn submit(&mut self, intent: &Intent, fate: u8, now: Time) -> SubmitOutcome {
        match fate % 17 {
            11 => return SubmitOutcome::Unknown { why: why() },
            13 => return SubmitOutcome::NotSent { why: why() },
            14 => return SubmitOutcome::Throttled { until: now + TimeDelta::seconds(2) },
            15 => return SubmitOutcome::Broken { why: why() },
            _ => {}
        }
        let is_its_like = |live: &Resting| {
            let of = &live.intent;
            intent.purpose.is_protective() && (of.key, of.purpose) == (intent.key, intent.purpose)
        };
        if self.orders.contains_key(&intent.id) || self.live().any(is_its_like) {
            self.doubled.push(intent.id);
        }
        let refused = matches!(fate % 17, 12 | 16).then_some(End::Refused);
        let resting = Resting { intent: *intent, filled: Qty::ZERO, end: refused, cancelling: false };
        self.orders.insert(intent.id, resting);
        self.arrived.push(intent.id);
        match fate % 17 {
            8 => self.fill(intent.id, Decimal::ONE, now),
            9 => self.fill(intent.id, Decimal::new(5, 1), now),
            _ => {}
        }
        match fate % 17 {
            10 | 16 => SubmitOutcome::Unknown { why: why() },
            12 => SubmitOutcome::Refused { code: of("told_so"), text: why() },
            _ => SubmitOutcome::Accepted { venue_order: None },
        }
    }

    /// A cancel, and its answer.
    pub(super) fn cancel(&mut self, order: ClientOrderId, fate: u8, now: Time) -> CancelOutcome {
        let Some(resting) = self.orders.get_mut(&order) else {
            return CancelOutcome::NotSent { why: why() };
        };
        if resting.end.is_some() {
            return CancelOutcome::TooLate;
        }
        match fate % 8 {
            4 => {
                resting.cancelling = true;
                CancelOutcome::Accepted
            }
            5 => CancelOutcome::NotSent { why: why() },
            6 => {
                self.close(order, End::Cancelled, now);
                CancelOutcome::Unknown { why: why() }
            }
            7 => CancelOutcome::Unknown { why: why() },
            _ => {
                self.close(order, End::Cancelled, now);
                CancelOutcome::Accepted
            }
        }
    }

    /// A question about an order, and its answer; nothing when it got none.
    pub(super) fn find(&self, order: ClientOrderId, mark: Cursor, fate: u8, now: Time) -> Option<Finding> {
        match fate % 4 {
            2 => return None,
            3 => return Some(Finding::NotYet { again_at: now + TimeDelta::seconds(3) }),
            _ => {}
        }
        Some(match self.orders.get(&order) {
            Some(Resting { end, filled, .. }) => {
                Finding::Found { order: VenueOrder { venue_order: None, end: *end, filled: *filled } }
            }
            None => Finding::Absent { proof: Proof::CompleteLog { from: mark, to: self.end_of_log() } },
        })
    }

    /// Its log from `cursor` on; `again` events from before it come once more, and at most `most` new ones.
    pub(super) fn activity(&self, cursor: Cursor, again: usize, most: usize) -> Activity {
        let from: usize = of(cursor.as_str());
        let to = self.log.len().min(from + most);
        let events = self.log[from.saturating_sub(again)..to].to_vec();
        Activity { events, cursor: of(&to.to_string()), complete: to == self.log.len() }
    }

    fn end_of_log(&self) -> Cursor {
        of(&self.log.len().to_string())
    }

    /// The order that arrived as the `n`th, counted round and round.
    pub(super) fn nth(&self, n: u8) -> Option<ClientOrderId> {
        self.arrived.get(usize::from(n) % self.arrived.len().max(1)).copied()
    }

    /// Executes a share of what is left of an order. One that was cancelled may still be executed: the words of its
    /// end and of its last fill crossed.
    pub(super) fn fill(&mut self, order: ClientOrderId, share: Decimal, now: Time) {
        let Some(resting) = self.orders.get_mut(&order) else { return };
        if !matches!(resting.end, None | Some(End::Cancelled)) {
            return;
        }
        let Intent { id, key, side, reduce_only, reference, .. } = resting.intent;
        let rest = resting.intent.qty.minus_or_zero(resting.filled);
        let wanted = Qty::new(rest.get() * share).ok().and_then(|qty| qty.round_down_to(lot(key)).ok());
        let mut qty = wanted.filter(|qty| !qty.is_zero()).unwrap_or(rest);
        let held = self.held.entry(key).or_insert(Held::FLAT);
        if reduce_only {
            let can = if broker_api::Side::reducing(*held) == Some(side) { held.size() } else { Qty::ZERO };
            qty = qty.min(can);
        }
        if qty.is_zero() {
            return;
        }
        resting.filled = resting.filled.plus(qty).expect("a sum that fits");
        if resting.filled == resting.intent.qty {
            resting.end = Some(End::Filled);
        }
        *held = held.moved(side.signed(qty)).expect("a sum that fits");
        self.executions += 1;
        self.log.push(VenueEvent::Filled(Fill {
            execution: of(&self.executions.to_string()),
            order: id,
            key,
            side,
            qty,
            price: price(reference, self.executions),
            fee: Money { amount: of("0.10"), currency: of("USD") },
            kept: Qty::ZERO,
            rate: of("1"),
            at: now + self.ahead,
            model: None,
        }));
    }

    /// Ends a live order.
    pub(super) fn close(&mut self, order: ClientOrderId, end: End, now: Time) {
        if let Some(resting) = self.orders.get_mut(&order)
            && resting.end.is_none()
        {
            resting.end = Some(end);
            self.log.push(VenueEvent::Closed { order, end, code: of("told_so"), at: now });
        }
    }

    /// Does what is left to do: cancels that were taken, entries and exits that rest.
    pub(super) fn tidy(&mut self, now: Time) {
        let live: Vec<_> = self.live().map(|o| (o.intent.id, o.intent.purpose, o.cancelling)).collect();
        for (order, purpose, cancelling) in live {
            if !cancelling && matches!(purpose, Purpose::Entry | Purpose::Exit) {
                self.fill(order, Decimal::ONE, now);
            }
            // What cannot be executed whole, because less is held than it would close, ends.
            if cancelling || purpose == Purpose::Exit {
                self.close(order, End::Cancelled, now);
            }
        }
    }

    /// Every order that may still be executed.
    pub(super) fn live(&self) -> impl Iterator<Item = &Resting> {
        self.orders.values().filter(|order| order.end.is_none())
    }

    /// Its lists, which are true.
    pub(super) fn holdings(&self) -> Holdings {
        let orders = self.live().map(|order| OpenOrder {
            id: Some(order.intent.id),
            parent: None,
            key: order.intent.key,
            side: order.intent.side,
            qty: order.intent.qty,
            kind: Some(order.intent.order),
            order: VenueOrder { venue_order: None, end: None, filled: order.filled },
        });
        let held = self.held().filter(|(_, held)| !held.is_flat());
        let positions = held.map(|(key, held)| VenuePosition { key, held, average: of("100") });
        Holdings { positions: positions.collect(), orders: orders.collect() }
    }

    /// What is held of everything that ever was.
    pub(super) fn held(&self) -> impl Iterator<Item = (Key, Held)> {
        self.held.iter().map(|(key, held)| (*key, *held))
    }
}

fn lot(key: Key) -> Qty {
    of(if key.symbol.as_str() == "BTC/USD" { "0.00001" } else { "1" })
}

/// A little off the price it was decided at, now better, now worse.
fn price(reference: Price, n: usize) -> Price {
    let percent = Decimal::new([99, 100, 101][n % 3], 2);
    Price::new((reference.get() * percent).round_dp(5)).unwrap_or(reference)
}
