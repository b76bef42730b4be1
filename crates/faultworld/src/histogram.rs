//! How often each fault was met in each place.

use std::collections::BTreeMap;

use crate::fates::{Hit, combinations};
use crate::fault::Fault;
use crate::place::Place;
use crate::venue::manner::Manner;

/// Counts hits.
#[derive(Clone, Debug, Default)]
pub struct Histogram(BTreeMap<(Place, Fault), u64>);

impl Histogram {
    /// Counts what went wrong in a schedule.
    pub fn count(&mut self, hits: &[Hit]) {
        for hit in hits {
            *self.0.entry((hit.place, hit.fault)).or_default() += 1;
        }
    }

    /// Every combination that can occur at one of these venues, with how often it did, nought too.
    pub fn rows(&self, manners: &[Manner]) -> Vec<(Place, Fault, u64)> {
        let mut can: Vec<_> = manners.iter().flat_map(|manner| combinations(&manner.never)).collect();
        can.sort_unstable();
        can.dedup();
        can.into_iter().map(|at| (at.0, at.1, self.0.get(&at).copied().unwrap_or(0))).collect()
    }

    /// The combinations that were met less often than so.
    pub fn missed(&self, manners: &[Manner], often: u64) -> Vec<(Place, Fault, u64)> {
        let mut rows = self.rows(manners);
        rows.retain(|(_, _, count)| *count < often);
        rows
    }

    /// How many went wrong in all.
    pub fn sum(&self) -> u64 {
        self.0.values().sum()
    }
}
