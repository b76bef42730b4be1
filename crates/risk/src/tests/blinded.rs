//! With one check blind at a time: what it stops gets through, so its tests would notice if it were not there.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::*;

/// Held for reading by every review of these tests, and for writing while a check looks away: that is of the process.
static SIGHT: RwLock<()> = RwLock::new(());

pub(super) fn seeing() -> RwLockReadGuard<'static, ()> {
    SIGHT.read().unwrap_or_else(PoisonError::into_inner)
}

/// What a review says while one check looks away.
fn without(number: u8, change: fn(&mut World)) -> Verdict {
    let mut world = World::good();
    change(&mut world);
    let _alone = SIGHT.write().unwrap_or_else(PoisonError::into_inner);
    blind::set(number);
    let verdict = world.review_now();
    blind::set(0);
    verdict
}

#[test]
fn what_a_check_stops_gets_past_it_when_it_is_blind() {
    let mut through = BTreeSet::new();
    let wrong = WRONG.iter().map(|(number, _, change)| (*number, *change));
    for (number, change) in wrong.chain(HELD_BACK.iter().copied()).chain(REMOVED.iter().copied()) {
        match without(number, change) {
            Verdict::Approved { clipped_by, .. } => {
                assert_ne!(clipped_by, Some(number));
                through.insert(number);
            }
            Verdict::Denied { check, .. } | Verdict::Wait { check, .. } => assert_ne!(check, number),
        }
    }
    // Each has a case that nothing but itself stops.
    assert_eq!(through, CHECKS.iter().map(|check| check.number).collect());
}
