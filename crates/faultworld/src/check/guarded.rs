//! Wanted protection is what is held: at rest, exactly the stop and the target that a position shall have rest at the
//! venue, over all that is held, and no order of ours rests that no position wants.

use broker_api::{Phase, Purpose};

use super::{Checker, Seen};
use crate::truth::Arrival;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Guarded;

impl Checker for Guarded {
    fn name(&self) -> &'static str {
        "guarded"
    }

    fn look(&mut self, _: &Seen<'_>) -> Result<(), String> {
        Ok(())
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
        }
        Ok(())
    }
}
