//! What may be held counts what may still be bought: no entry is announced when the places for positions are taken, by what is
//! held and by every entry that is not over.

use std::collections::BTreeSet;

use broker_api::{Purpose, Record};

use super::{Checker, Seen};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Slots;

impl Checker for Slots {
    fn name(&self) -> &'static str {
        "slots"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let entries = seen.book.open_orders().filter(|order| order.intent.purpose == Purpose::Entry);
        let held = seen.book.positions().map(|position| position.key);
        let mut taken: BTreeSet<_> = entries.map(|order| order.intent.key).chain(held).collect();
        for stamped in seen.fresh {
            let Record::Intended { intent, .. } = &stamped.record else { continue };
            // One that opened meanwhile took its place when it was announced, or is not ours.
            taken.retain(|key| !seen.truth.disturbed.contains(key) || *key == intent.key);
            if intent.purpose == Purpose::Entry && taken.len() > seen.positions_max {
                return Err(format!(
                    "record {} enters {}, and {taken:?} are more than {}",
                    stamped.seq, intent.key, seen.positions_max
                ));
            }
        }
        Ok(())
    }
}
