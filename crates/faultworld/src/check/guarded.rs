//! Wanted protection is what is held: at rest, exactly the stop and the target that a position shall have rest at the
//! venue, over all that is held, and no order of ours rests that no position wants.

use std::collections::BTreeMap;

use broker_api::{Held, Key, Level, NonTrade, NonTradeKind, OrderKind, Phase, Price, Purpose, Record, Time};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use state::book::Position;

use super::{Checker, Seen};
use crate::truth::Arrival;

/// How long a part of a bracket may lie without its legs: the bound, and a cancel with its answer lost.
const BRACKET_WITHIN: TimeDelta = TimeDelta::seconds(90);

/// See the module. While it runs: a position whose turn is over has a stop under way, or a record says what blocks it.
#[derive(Debug, Default)]
pub(super) struct Guarded {
    /// Each position at the last look: its number, its stop, and what was held.
    before: BTreeMap<Key, (u64, Option<Price>, Held)>,
    /// Since when a bracket was seen to be filled in part.
    parts: BTreeMap<Key, Time>,
}

impl Guarded {
    /// A split moves the stop with the price, unless something else moved it too.
    fn is_split(&self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            let Record::NonTrade {
                entry: NonTrade { kind: NonTradeKind::Split, key: Some(key), .. }, ..
            } = &stamped.record
            else {
                continue;
            };
            let others = seen.fresh.iter().filter(|other| {
                other.seq != stamped.seq
                    && (other.record.key() == Some(*key)
                        || matches!(&other.record, Record::Filled { fill } if fill.key == *key))
            });
            let (Some(before), Some(after)) = (self.before.get(key), seen.book.position(*key)) else {
                continue;
            };
            let (number, Some(stop), held) = *before else { continue };
            let Some(stays) = after.plan.stop else { continue };
            let is_moved = stays.get() * after.held.get() - stop.get() * held.get();
            // What prices are rounded to.
            let dust = after.held.size().get() * Decimal::new(1, 2);
            if others.count() == 0 && number == after.number && is_moved.abs() > dust {
                return Err(format!("{key} was split, and its stop of {stop} lies at {stays}"));
            }
        }
        Ok(())
    }
}

impl Checker for Guarded {
    fn name(&self) -> &'static str {
        "guarded"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        self.is_split(seen)?;
        let row = |position: &Position| (position.key, (position.number, position.plan.stop, position.held));
        self.before = seen.book.positions().map(row).collect();
        if !seen.is_alive || seen.book.guard().level == Level::Frozen {
            return Ok(());
        }
        // The venue makes the legs of a bracket when its entry is filled whole; a part of it may wait for that, not for long.
        let brackets = seen.book.open_orders().filter(|order| {
            order.intent.purpose == Purpose::Entry
                && order.intent.bracket
                && seen.book.position(order.intent.key).is_some()
        });
        self.parts = brackets
            .map(|order| order.intent.key)
            .map(|key| (key, self.parts.get(&key).copied().unwrap_or(seen.now)))
            .collect();
        let waits = |position: &Position| {
            self.parts.get(&position.key).is_some_and(|since| *since + BRACKET_WITHIN >= seen.now)
        };
        let lies = |position: &&Position| {
            position.plan.stop.is_some()
                && position.blocked.is_none()
                && !waits(position)
                && position.refused.is_empty()
                && seen.book.exit_wanted(position.key).is_none()
                && !seen.truth.disturbed.contains(&position.key)
                && !seen
                    .book
                    .open_orders()
                    .any(|order| order.intent.key == position.key && order.intent.purpose == Purpose::Stop)
        };
        let rests = |position: &Position| {
            seen.book.open_orders().any(|order| {
                order.intent.key == position.key
                    && order.intent.purpose == Purpose::Stop
                    && matches!(order.phase, Phase::Working | Phase::Cancelling)
                    && order.remaining() >= position.held.size()
            })
        };
        let is_unmeasured = |position: &&Position| {
            position.plan.stop.is_some() && !rests(position) && position.bare.since.is_none()
        };
        if let Some(position) = seen.book.positions().find(is_unmeasured) {
            return Err(format!("{}: it lies without its stop, and nobody measures how long", position.key));
        }
        match seen.book.positions().find(lies) {
            Some(position) => Err(format!("{}: no stop was sent at once, and none is blocked", position.key)),
            None => Ok(()),
        }
    }

    fn at_rest(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let is_unknown = |key| {
            seen.book.open_orders().any(|order| order.intent.key == key && order.phase == Phase::Unknown)
        };
        for arrival in seen.truth.live() {
            let key = arrival.intent.key;
            if seen.truth.disturbed.contains(&key) || is_unknown(key) {
                continue;
            }
            if seen.truth.held(key).is_flat() && arrival.intent.purpose.is_reducing() {
                return Err(format!(
                    "{} rests at the venue, and nothing is held of {key}",
                    arrival.intent.id
                ));
            }
        }
        for position in seen.book.positions() {
            let key = position.key;
            if seen.truth.disturbed.contains(&key) || is_unknown(key) || seen.book.exit_wanted(key).is_some()
            {
                continue;
            }
            if position.plan.stop.is_none() && position.blocked.is_none() {
                return Err(format!("{key}: {} lie without a stop, and nothing closes them", position.held));
            }
            let rests: Vec<_> = seen
                .truth
                .live()
                .filter(|arrival| arrival.intent.key == key && arrival.intent.purpose == Purpose::Stop)
                .map(Arrival::rest)
                .collect();
            let wanted: Vec<_> =
                position.plan.stop.map(|_| seen.truth.held(key).size()).into_iter().collect();
            if rests != wanted {
                return Err(format!(
                    "{key}: stops over {wanted:?} are wanted, over {rests:?} rest at the venue"
                ));
            }
            let lies = |arrival: &Arrival| match (arrival.intent.order, position.plan.stop) {
                // A hundredth of a percent is more than a tick.
                (OrderKind::Stop(order), Some(stop)) => {
                    (order.trigger.get() - stop.get()).abs() * Decimal::from(10_000) <= stop.get()
                }
                _ => true,
            };
            let stops = |arrival: &&Arrival| {
                arrival.intent.key == key && arrival.intent.purpose == Purpose::Stop && !lies(arrival)
            };
            if let Some(arrival) = seen.truth.live().find(stops) {
                let order = arrival.intent.order;
                return Err(format!("{key}: a stop at {:?} is wanted, {order:?} rests", position.plan.stop));
            }
        }
        Ok(())
    }
}
