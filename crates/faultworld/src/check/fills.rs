//! No execution is lost or counted twice, whoever's it is: what the journal holds of each instrument, ours and beside it, is
//! what the venue executed and entered, each once; and at rest nothing is missing.

use std::collections::BTreeSet;

use broker_api::{ExecutionId, Fill, Key, Record, VenueEvent};
use rust_decimal::Decimal;

use super::holding::Holdings;
use super::{Checker, Seen};

/// What rounded parts of a split may differ by.
const SMALL: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fills {
    told: BTreeSet<ExecutionId>,
    undone: BTreeSet<ExecutionId>,
    diverged: BTreeSet<Key>,
    /// Where something was told that cannot be booked: of that, what was taken back may be a part.
    unbookable: BTreeSet<Key>,
    held: Holdings,
    /// Where the venue's log stood when the book began: nothing before is ours.
    begins: Option<usize>,
}

impl Fills {
    fn follow(&mut self, record: &Record, seq: u64, seen: &Seen<'_>) -> Result<(), String> {
        match record {
            Record::VenueBound { cursor, .. } => self.begins = cursor.as_str().parse().ok(),
            Record::Busted { execution, .. } => drop(self.undone.insert(*execution)),
            Record::Diverged { key, fill, reason, .. } => {
                self.diverged.extend(key);
                if !matches!(reason.code.as_str(), "position_differs" | "outside_trade" | "unknown_order") {
                    self.unbookable.extend(key);
                }
                let of_others = fill.filter(|fill| seen.truth.lists.is_some() && !fill.order.is_ours());
                if let Some(fill) = of_others {
                    return Err(format!(
                        "record {seq} tells the execution {}, and it moves nothing",
                        fill.execution
                    ));
                }
                self.told.extend(fill.map(|fill| fill.execution));
            }
            Record::Filled { fill } => self.is_new(fill, seen)?,
            Record::Outside { fill, .. } => {
                if fill.order.is_ours() {
                    return Err(format!(
                        "record {seq} takes an execution of {} for somebody else's",
                        fill.order
                    ));
                }
                self.is_new(fill, seen)?;
            }
            Record::NonTrade { entry, .. } => {
                if !self.told.insert(entry.id) {
                    return Err(format!("entry {} is booked twice", entry.id));
                }
                let is_true =
                    |event: &VenueEvent| matches!(event, VenueEvent::NonTrade(there) if there == entry);
                // Over the wire nobody writes down what no trade made.
                if seen.truth.lists.is_some() && !seen.truth.log.iter().any(|(_, event)| is_true(event)) {
                    return Err(format!("entry {} is booked and never was made so", entry.id));
                }
            }
            _ => {}
        }
        self.held.follow(record);
        Ok(())
    }

    fn is_new(&mut self, fill: &Fill, seen: &Seen<'_>) -> Result<(), String> {
        if !self.told.insert(fill.execution) {
            return Err(format!("execution {} is booked twice", fill.execution));
        }
        let is_true = |event: &VenueEvent| matches!(event, VenueEvent::Filled(there) if there == fill);
        if !seen.truth.log.iter().rev().any(|(_, event)| is_true(event)) {
            return Err(format!("execution {} is booked and never happened so", fill.execution));
        }
        Ok(())
    }

    /// Whether nothing can be said of an instrument: where nobody writes down what is beside ours.
    fn is_left_out(key: Key, seen: &Seen<'_>) -> bool {
        seen.truth.lists.is_none() && seen.truth.disturbed.contains(&key)
    }
}

impl Checker for Fills {
    fn name(&self) -> &'static str {
        "fills"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            self.follow(&stamped.record, stamped.seq, seen)?;
        }
        if seen.fresh.is_empty() {
            return Ok(());
        }
        for (key, row) in self.held.iter().filter(|(key, _)| !Self::is_left_out(*key, seen)) {
            let beside = seen.book.outside(key).map_or(Decimal::ZERO, |outside| outside.held.get());
            let book = (seen.book.held(key).get(), beside);
            if (book.0 - row.held()).abs() > SMALL || (book.1 - row.beside()).abs() > SMALL {
                return Err(format!(
                    "{key}: the book holds {} and {} beside it, its records come to {} and {}",
                    book.0,
                    book.1,
                    row.held(),
                    row.beside()
                ));
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let is_open = |key: Key| {
            Self::is_left_out(key, seen) || seen.book.diverged().any(|(diverged, _)| diverged == key)
        };
        for (_, event) in seen.truth.log.iter().skip(self.begins.unwrap_or(0)) {
            match event {
                VenueEvent::Busted { execution, .. }
                    if self.told.contains(execution)
                        && !self.undone.contains(execution)
                        && self.unbookable.is_empty() =>
                {
                    return Err(format!("execution {execution} was taken back, and nobody says so"));
                }
                VenueEvent::Filled(fill)
                    if !Self::is_left_out(fill.key, seen) && !self.told.contains(&fill.execution) =>
                {
                    return Err(format!("execution {} of {} was never booked", fill.execution, fill.order));
                }
                VenueEvent::NonTrade(entry)
                    if !self.told.contains(&entry.id)
                        && entry.key.is_none_or(|key| !self.diverged.contains(&key)) =>
                {
                    return Err(format!("entry {} ({}) was never booked", entry.id, entry.kind.as_str()));
                }
                _ => {}
            }
        }
        for (key, held) in &seen.truth.held {
            let beside = seen.book.outside(*key).map_or(Decimal::ZERO, |outside| outside.held.get());
            let book = seen.book.held(*key).get();
            if !is_open(*key) && (book + beside - held.get()).abs() > SMALL {
                return Err(format!("{key}: the book holds {book} and {beside} beside it, the venue {held}"));
            }
        }
        Ok(())
    }
}
