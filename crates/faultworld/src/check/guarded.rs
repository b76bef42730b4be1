//! Wanted protection is what is held: at rest, exactly the stop and the target that a position shall have rest at the
//! venue, over all that is held, and no order of ours rests that no position wants.

use broker_api::{Level, OrderKind, Phase, Purpose};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use state::book::Position;

use super::{Checker, Seen};
use crate::truth::Arrival;

/// How long a part of a bracket may lie without its legs: the bound, and a cancel with its answer lost.
const BRACKET_WITHIN: TimeDelta = TimeDelta::seconds(90);

/// See the module. While it runs: a position whose turn is over has a stop under way, or a record says what blocks it.
#[derive(Debug, Default)]
pub(super) struct Guarded;

impl Checker for Guarded {
    fn name(&self) -> &'static str {
        "guarded"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        if !seen.is_alive || seen.book.guard().level == Level::Frozen {
            return Ok(());
        }
        // The venue makes the legs of a bracket when its entry is filled whole; a part of it may wait for that, not for long.
        let waits = |position: &Position| {
            let is_bracket = seen.book.open_orders().any(|order| {
                order.intent.key == position.key
                    && order.intent.purpose == Purpose::Entry
                    && order.intent.bracket
            });
            is_bracket && position.bare.since.is_none_or(|since| since + BRACKET_WITHIN >= seen.now)
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
