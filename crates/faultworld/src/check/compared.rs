//! Book and venue are compared, and nothing is made to fit: no entry goes before the first comparison of its process; a
//! difference is said when it was seen twice, and never of what no list told; a venue closes all of an instrument only where
//! all is ours; and a repair is a person's.

use std::collections::BTreeSet;

use broker_api::{Key, Purpose, Record, Repair};
use rust_decimal::Decimal;

use super::holding::{Holding, Holdings};
use super::{Checker, Seen};
use crate::truth::Told;

/// What a difference in what is held is called.
const DIFFERS: &str = "position_differs";

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// The record with which the process of now began.
    started: Option<u64>,
    /// Repairs that nobody wrote down yet.
    wanted: Vec<(Key, Repair)>,
    held: Holdings,
    /// Where something was said to differ, and nobody repaired it yet.
    said: BTreeSet<Key>,
    looked: usize,
}

impl Compared {
    fn is_ours_alone(&self, key: Key, there: Decimal) -> bool {
        there == self.held.get(key).map_or(Decimal::ZERO, Holding::held)
    }

    /// The lists that the process of now was told before a record, the last one first.
    fn lists<'s>(&self, seen: &'s Seen<'_>, seq: u64) -> impl Iterator<Item = &'s Told> {
        let started = self.started.unwrap_or(0);
        let all = seen.truth.lists.as_deref().unwrap_or_default().iter().rev();
        all.skip_while(move |told| told.records >= seq).take_while(move |told| told.records >= started)
    }
}

impl Checker for Compared {
    fn name(&self) -> &'static str {
        "compared"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        self.wanted.extend(seen.repairs.get(self.looked..).unwrap_or_default());
        self.looked = seen.repairs.len();
        for stamped in seen.fresh.iter().filter(|_| seen.truth.lists.is_some()) {
            let seq = stamped.seq;
            match &stamped.record {
                Record::Started { .. } => self.started = Some(seq),
                Record::Intended { intent, .. }
                    if intent.purpose == Purpose::Entry && self.lists(seen, seq).next().is_none() =>
                {
                    return Err(format!("record {seq} lets {} in before anything was compared", intent.id));
                }
                Record::Diverged { key: Some(key), reason, there: Some(there), .. }
                    if reason.code.as_str() == DIFFERS =>
                {
                    let is_so = |told: &Told| told.of(*key) == *there;
                    // What differed before, and is the same again, is told anew; what is beside ours is left alone for a time only.
                    let row = self.held.get(*key);
                    let (ours, beside) = row.map_or_else(Default::default, |row| (row.held(), row.beside()));
                    let agrees = self.said.contains(key) && [ours, ours + beside].contains(&there.get());
                    let least = if agrees { 1 } else { 2 };
                    if self.lists(seen, seq).take(least).filter(|told| is_so(told)).count() < least {
                        return Err(format!(
                            "record {seq} says that {there} are held of {key}: it was not seen twice"
                        ));
                    }
                }
                Record::CloseStarted { key } => {
                    let there = self.lists(seen, seq).next().map(|told| told.of(*key).get());
                    let held = self.held.get(*key).map_or(Decimal::ZERO, Holding::held);
                    if there != Some(held) {
                        return Err(format!(
                            "record {seq} has all of {key} closed: {held} are ours, the venue told of {there:?}"
                        ));
                    }
                }
                // What was there before the book began is nobody's of ours.
                Record::Repaired { with, .. } if self.started.is_none() && with.repair == Repair::Ignore => {}
                // What was left alone for a time is left alone no more once nothing of it is there.
                Record::Repaired { key: Some(key), with, name, .. }
                    if &**name == "tradewind" && self.is_ours_alone(*key, with.there.get()) => {}
                Record::Repaired { key: Some(key), with, .. } => {
                    let place = self.wanted.iter().position(|wanted| *wanted == (*key, with.repair));
                    let Some(place) = place else {
                        return Err(format!("record {seq} repairs {key}, and nobody asked for it"));
                    };
                    self.wanted.remove(place);
                }
                _ => {}
            }
            match &stamped.record {
                Record::Diverged { key: Some(key), .. } => drop(self.said.insert(*key)),
                Record::Repaired { key: Some(key), .. } => drop(self.said.remove(key)),
                _ => {}
            }
            self.held.follow(&stamped.record);
        }
        Ok(())
    }
}
