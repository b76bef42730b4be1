//! Draws samples on several threads. Each sample has a stream of random numbers of its own, named by its place, so the
//! same seed gives the same samples whoever draws which.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use super::path::{self, Draw};
use super::{Plan, Source, generator};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Samples drawn so far.
    pub done: usize,
    /// Samples in all.
    pub of: usize,
}

/// Samples that are drawn between two words about progress.
const PART: usize = 250;

/// The figures of every sample, by its place.
pub(super) fn draws(source: &Source, plan: Plan, progress: &(dyn Fn(Progress) + Sync)) -> Vec<Draw> {
    let parts = plan.resamples.div_ceil(PART);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut mine = Vec::new();
        let mut sample = Vec::with_capacity(plan.trades);
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                return mine;
            }
            let places = part * PART..((part + 1) * PART).min(plan.resamples);
            let drawn: Vec<Draw> = places
                .map(|place| {
                    source.draw(&mut generator(plan.seed, place as u64), plan.trades, &mut sample);
                    path::draw(&sample, plan.share_per_unit)
                })
                .collect();
            let so_far = done.fetch_add(drawn.len(), Ordering::Relaxed) + drawn.len();
            mine.push((part, drawn));
            progress(Progress { done: so_far, of: plan.resamples });
        }
    };
    let mut all: Vec<(usize, Vec<Draw>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..plan.threads.min(parts)).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(theirs) => all.extend(theirs),
                Err(why) => std::panic::resume_unwind(why),
            }
        }
        all
    });
    all.sort_by_key(|(part, _)| *part);
    all.into_iter().flat_map(|(_, drawn)| drawn).collect()
}
