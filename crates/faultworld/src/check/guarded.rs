//! Wanted protection is what is held: at rest, exactly the stop and the target that a position shall have rest at the
//! venue, over all that is held, and no order of ours rests that no position wants.
//!
//! While it runs: a position whose turn is over has a stop under way, or a record says what blocks it; a stop is made
//! where the records say that it shall be; a position that no entry opened is to be closed; and time without a stop is
//! measured.

use std::collections::BTreeMap;

use broker_api::{Held, Key, Level, OrderKind, Phase, Purpose, Record, Side, Time};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use state::book::{Order, Position};

use super::plans::Plans;
use super::{Checker, Seen};
use crate::truth::Arrival;

/// How long a part of a bracket may lie without its legs: the bound, and a cancel with its answer lost.
const BRACKET_WITHIN: TimeDelta = TimeDelta::seconds(90);

/// How far a clock may be off.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(60);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Guarded {
    plans: Plans,
    /// Positions, by their number, for which a stop ever arrived at the venue.
    stopped: BTreeMap<Key, u64>,
    /// Since when a bracket was seen to be filled in part.
    parts: BTreeMap<Key, Time>,
}

impl Guarded {
    /// Whether an order is where the stop of its instrument shall be, by so many hundredths of a percent.
    fn lies(&self, key: Key, order: OrderKind, within: i64) -> bool {
        match (order, self.plans.of(key).and_then(|plan| plan.stop)) {
            (OrderKind::Stop(order), Some(stop)) => {
                let away = (order.trigger.get() - stop).abs();
                // A step of a price of some dollars is more than a hundredth of a percent of it.
                away * Decimal::from(10_000) <= stop * Decimal::from(within)
                    || stop > Decimal::TWO && away <= Decimal::new(2, 2)
            }
            _ => true,
        }
    }

    fn follow(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            self.plans.follow(&stamped.record);
            if let Record::Intended { intent, .. } = &stamped.record
                && intent.purpose == Purpose::Stop
                && !self.lies(intent.key, intent.order, 100)
            {
                let shall = self.plans.of(intent.key).and_then(|plan| plan.stop);
                return Err(format!(
                    "record {} makes {:?}, the stop shall be at {shall:?}",
                    stamped.seq, intent.order
                ));
            }
        }
        Ok(())
    }

    /// Time without a stop is measured: a position over which none was ever live has lain bare since it began.
    fn is_measured(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for position in seen.book.positions().filter(|position| position.plan.stop.is_some()) {
            let arrived = |arrival: &Arrival| {
                arrival.intent.key == position.key
                    && arrival.intent.purpose == Purpose::Stop
                    && arrival.at + CLOCKS_DIFFER >= position.opened_at
            };
            let mut was_stopped = self.stopped.get(&position.key) == Some(&position.number);
            if !was_stopped && seen.truth.arrivals.iter().rev().any(arrived) {
                self.stopped.insert(position.key, position.number);
                was_stopped = true;
            }
            // One of the position before it may rest still, as far as anybody was told.
            let rests = seen.book.open_orders().any(|order| {
                order.intent.key == position.key
                    && order.intent.purpose == Purpose::Stop
                    && matches!(order.phase, Phase::Working | Phase::Cancelling)
            });
            let bare = position.bare;
            if !was_stopped && !rests && bare.since.is_none() && bare.total_ms == 0 {
                return Err(format!(
                    "{}: no stop ever rested, and no time without one is measured",
                    position.key
                ));
            }
        }
        Ok(())
    }
}

/// Whether a list of the venue's that differs may hold back what is sent.
fn is_doubted(seen: &Seen<'_>, key: Key) -> bool {
    let told = seen.truth.lists.as_ref().and_then(|lists| lists.last());
    let there = told.map(|told| told.held.get(&key).copied().unwrap_or(Held::FLAT));
    let beside = seen.book.outside(key).map_or(Held::FLAT, |outside| outside.held);
    let all = seen.book.held(key).moved(beside).ok();
    is_diverged(seen, key) || there.is_some() && there != all
}

fn is_diverged(seen: &Seen<'_>, key: Key) -> bool {
    let is_unsaid = seen.truth.lists.is_none() && seen.truth.disturbed.contains(&key);
    is_unsaid || seen.book.diverged().any(|(diverged, _)| diverged == key)
}

impl Checker for Guarded {
    fn name(&self) -> &'static str {
        "guarded"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        self.follow(seen)?;
        if !seen.is_alive || seen.book.guard().level == Level::Frozen {
            return Ok(());
        }
        self.is_measured(seen)?;
        // The venue makes the legs of a bracket when its entry is filled whole; a part of it may wait for that, not for long.
        let is_part = |order: &&Order| {
            order.intent.purpose == Purpose::Entry && order.intent.bracket && !order.filled.is_zero()
        };
        let keys = seen.book.open_orders().filter(is_part).map(|order| order.intent.key);
        self.parts = keys.map(|key| (key, self.parts.get(&key).copied().unwrap_or(seen.now))).collect();
        let waits = |position: &Position| {
            self.parts.get(&position.key).is_some_and(|since| *since + BRACKET_WITHIN >= seen.now)
        };
        let lies = |position: &&Position| {
            position.plan.stop.is_some()
                && position.blocked.is_none()
                && !waits(position)
                && position.refused.is_empty()
                && seen.book.exit_wanted(position.key).is_none()
                && !is_doubted(seen, position.key)
                && !seen
                    .book
                    .open_orders()
                    .any(|order| order.intent.key == position.key && order.intent.purpose == Purpose::Stop)
        };
        if let Some(position) = seen.book.positions().find(lies) {
            return Err(format!("{}: no stop was sent at once, and none is blocked", position.key));
        }
        let is_kept = |position: &&Position| {
            self.plans.of(position.key).is_some_and(|plan| plan.is_overfilled)
                && seen.book.exit_wanted(position.key).is_none()
        };
        match seen.book.positions().find(is_kept) {
            Some(position) => Err(format!("{}: no entry opened it, and nothing closes it", position.key)),
            None => Ok(()),
        }
    }

    fn at_rest(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let is_unknown = |key| {
            seen.book.open_orders().any(|order| order.intent.key == key && order.phase == Phase::Unknown)
        };
        for arrival in seen.truth.live() {
            let key = arrival.intent.key;
            if is_diverged(seen, key) || is_unknown(key) {
                continue;
            }
            if seen.book.held(key).is_flat() && arrival.intent.purpose.is_reducing() {
                return Err(format!(
                    "{} rests at the venue, and nothing is held of {key}",
                    arrival.intent.id
                ));
            }
        }
        for position in seen.book.positions() {
            let key = position.key;
            if is_diverged(seen, key) || is_unknown(key) || seen.book.exit_wanted(key).is_some() {
                continue;
            }
            let rest_at = |purpose: Purpose| -> Vec<_> {
                let of = |arrival: &&Arrival| arrival.intent.key == key && arrival.intent.purpose == purpose;
                seen.truth.live().filter(of).map(Arrival::rest).collect()
            };
            let rests = rest_at(Purpose::Stop);
            let wanted: Vec<_> = position.plan.stop.map(|_| position.held.size()).into_iter().collect();
            if rests != wanted {
                return Err(format!(
                    "{key}: stops over {wanted:?} are wanted, over {rests:?} rest at the venue"
                ));
            }
            let targets = rest_at(Purpose::Target);
            if targets.len() > 1 || targets.first().is_some_and(|rest| *rest != position.held.size()) {
                return Err(format!("{key}: targets over {targets:?} rest, {} is held", position.held));
            }
            let stops = |arrival: &&Arrival| {
                arrival.intent.key == key
                    && arrival.intent.purpose == Purpose::Stop
                    && !self.lies(key, arrival.intent.order, 1)
            };
            if let Some(arrival) = seen.truth.live().find(stops) {
                let order = arrival.intent.order;
                return Err(format!("{key}: a stop at {:?} is wanted, {order:?} rests", position.plan.stop));
            }
            if !wanted.is_empty() && position.bare.since.is_some() {
                return Err(format!(
                    "{key}: its stop rests, and it counts as bare since {:?}",
                    position.bare
                ));
            }
            // Where others hold the other way, what is ours is more than there is.
            let is_against =
                |held: Held| Side::reducing(held) != Side::reducing(position.held) && !held.is_flat();
            let there = seen.truth.held(key);
            let beside = seen.book.outside(key).map_or(Held::FLAT, |outside| outside.held);
            if rests.iter().chain(&targets).any(|rest| *rest > there.size()) && !is_against(beside) {
                return Err(format!("{key}: {rests:?} and {targets:?} rest, and {there} is held there"));
            }
        }
        Ok(())
    }
}
