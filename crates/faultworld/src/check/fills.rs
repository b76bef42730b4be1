//! No execution is lost or counted twice: what the journal holds of each instrument is what the venue executed, each
//! execution once; and at rest nothing is missing.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{ExecutionId, Key, Record, VenueEvent};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{Checker, Seen};

/// What the venue holds and no log explains is not believed before.
const BELIEVED_AFTER: TimeDelta = TimeDelta::seconds(30);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fills {
    told: BTreeSet<ExecutionId>,
    undone: BTreeSet<ExecutionId>,
    /// Where in the log the account was bound: what was before is no part of the book. Nothing where places have no numbers.
    bound: Option<usize>,
    /// What others traded.
    others: BTreeSet<ExecutionId>,
    /// Where something was told that cannot be booked.
    unbookable: BTreeSet<Key>,
    /// What was said to differ although nobody else traded: it stays so until a person looked.
    differs: BTreeSet<Key>,
    held: BTreeMap<Key, Decimal>,
}

impl Fills {
    /// Whether something of it was executed a while ago and is not booked: then it does differ.
    fn is_long_untold(&self, key: Key, seen: &Seen<'_>) -> bool {
        seen.truth.log.iter().any(|(at, event)| {
            matches!(event, VenueEvent::Filled(fill) if fill.key == key && !self.told.contains(&fill.execution))
                && *at + BELIEVED_AFTER <= seen.now
        })
    }
}

impl Checker for Fills {
    fn name(&self) -> &'static str {
        "fills"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            let fill = match &stamped.record {
                Record::Filled { fill } => fill,
                Record::VenueBound { cursor, .. } => {
                    self.bound = cursor.as_str().parse().ok();
                    continue;
                }
                Record::Outside { fill, .. } => {
                    if !self.others.insert(fill.execution) {
                        return Err(format!("execution {} of others is booked twice", fill.execution));
                    }
                    continue;
                }
                Record::Busted { execution, .. } => {
                    self.undone.insert(*execution);
                    continue;
                }
                Record::Diverged { key: Some(key), reason, .. } => {
                    if reason.code.as_str() == "position_differs" {
                        if !seen.truth.disturbed.contains(key) && !self.is_long_untold(*key, seen) {
                            return Err(format!("{key} is said to differ: {}", reason.text));
                        }
                        self.differs.insert(*key);
                    }
                    if !matches!(reason.code.as_str(), "position_differs" | "outside_trade" | "unknown_order")
                    {
                        self.unbookable.insert(*key);
                    }
                    continue;
                }
                Record::Repaired { name, .. } if &**name != "tradewind" => {
                    return Err(format!("record {} repairs, and nobody asked for it", stamped.seq));
                }
                _ => continue,
            };
            if !self.told.insert(fill.execution) {
                return Err(format!("execution {} is booked twice", fill.execution));
            }
            let is_true = seen
                .truth
                .log
                .iter()
                .any(|(_, event)| matches!(event, VenueEvent::Filled(there) if there == fill));
            if !is_true {
                return Err(format!("execution {} is booked and never happened so", fill.execution));
            }
            *self.held.entry(fill.key).or_default() +=
                fill.side.signed(fill.moved().map_err(|why| why.to_string())?).get();
        }
        for (key, held) in &self.held {
            if seen.truth.disturbed.contains(key) {
                continue;
            }
            let book = seen.book.held(*key).get();
            if book != *held {
                return Err(format!("{key}: the book holds {book}, its executions come to {held}"));
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for (_, event) in &seen.truth.log {
            if let VenueEvent::Busted { execution, .. } = event
                && self.told.contains(execution)
                && !self.undone.contains(execution)
                && !seen.truth.disturbed.iter().any(|key| self.unbookable.contains(key))
            {
                return Err(format!("execution {execution} was taken back, and nobody says so"));
            }
            if let VenueEvent::Filled(fill) = event
                && !seen.truth.disturbed.contains(&fill.key)
                && !self.told.contains(&fill.execution)
            {
                return Err(format!("execution {} of {} was never booked", fill.execution, fill.order));
            }
        }
        for (_, event) in seen.truth.log.iter().skip(self.bound.unwrap_or(usize::MAX)) {
            if let VenueEvent::Filled(fill) = event
                && seen.truth.find(fill.order).is_none()
                && !self.others.contains(&fill.execution)
            {
                return Err(format!("execution {} of others was never booked beside ours", fill.execution));
            }
        }
        let is_taken_back = |key: Key| {
            let of_key = |event: &VenueEvent, id| matches!(event, VenueEvent::Filled(fill) if fill.key == key && fill.execution == id);
            seen.truth.log.iter().any(|(_, event)| match event {
                VenueEvent::Busted { execution, .. } => {
                    seen.truth.log.iter().any(|(_, event)| of_key(event, *execution))
                }
                _ => false,
            })
        };
        for key in &seen.truth.disturbed {
            let (book, beside) = (
                seen.book.held(*key).get(),
                seen.book.outside(*key).map_or(Decimal::ZERO, |outside| outside.held.get()),
            );
            let held = seen.truth.held(*key).get();
            if book + beside != held && !self.differs.contains(key) && !is_taken_back(*key) {
                return Err(format!(
                    "{key}: the book holds {book} and {beside} of others, the venue {held}, and nobody says so"
                ));
            }
        }
        for (key, held) in &seen.truth.held {
            let book = seen.book.held(*key);
            if !seen.truth.disturbed.contains(key) && book != *held {
                return Err(format!("{key}: the book holds {book}, the venue {held}"));
            }
        }
        Ok(())
    }
}
