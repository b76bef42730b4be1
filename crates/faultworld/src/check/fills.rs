//! No execution is lost or counted twice: what the journal holds of each instrument is what the venue executed, each
//! execution once; and at rest nothing is missing.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{ExecutionId, Key, Record, VenueEvent};
use rust_decimal::Decimal;

use super::{Checker, Seen};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fills {
    told: BTreeSet<ExecutionId>,
    undone: BTreeSet<ExecutionId>,
    diverged: BTreeSet<Key>,
    held: BTreeMap<Key, Decimal>,
}

impl Checker for Fills {
    fn name(&self) -> &'static str {
        "fills"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            let fill = match &stamped.record {
                Record::Filled { fill } => fill,
                Record::Busted { execution, .. } => {
                    self.undone.insert(*execution);
                    continue;
                }
                Record::Diverged { key: Some(key), .. } => {
                    self.diverged.insert(*key);
                    continue;
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
                && !seen.truth.disturbed.iter().any(|key| self.diverged.contains(key))
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
        for (key, held) in &seen.truth.held {
            let book = seen.book.held(*key);
            if !seen.truth.disturbed.contains(key) && book != *held {
                return Err(format!("{key}: the book holds {book}, the venue {held}"));
            }
        }
        Ok(())
    }
}
