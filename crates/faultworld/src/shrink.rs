//! As few of a schedule's faults as it takes to fail the same checker: first halves are left out, then quarters, and so
//! on down to single ones.

use std::collections::BTreeSet;

/// So often a schedule is played again at most.
const PLAYS_MAX: u32 = 300;

/// The least set that still fails, as far as leaving out goes; `fails` plays the schedule with these faults only.
pub fn shrunk(all: &BTreeSet<u64>, mut fails: impl FnMut(&BTreeSet<u64>) -> bool) -> BTreeSet<u64> {
    let mut kept: Vec<u64> = all.iter().copied().collect();
    let mut size = kept.len().div_ceil(2);
    let mut plays = 0;
    while size > 0 && !kept.is_empty() {
        let mut from = 0;
        let mut is_smaller = false;
        while from < kept.len() && plays < PLAYS_MAX {
            plays += 1;
            let to = kept.len().min(from + size);
            let fewer: BTreeSet<u64> = kept[..from].iter().chain(&kept[to..]).copied().collect();
            if fails(&fewer) {
                kept.drain(from..to);
                is_smaller = true;
            } else {
                from = to;
            }
        }
        // What one left out made needless may stand before it: single ones are tried until none goes.
        if size > 1 || !is_smaller || plays >= PLAYS_MAX {
            size /= 2;
        }
    }
    kept.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_takes_is_left_and_halves_go_first() {
        let all: BTreeSet<u64> = (0..64).collect();
        let mut plays = 0;
        let left = shrunk(&all, |only| {
            plays += 1;
            only.contains(&7) && only.contains(&40)
        });
        assert_eq!(left, [7, 40].into());
        assert!(plays < 40, "{plays} plays, one by one it is 64");
    }

    #[test]
    fn what_fails_without_any_fault_needs_none() {
        assert_eq!(shrunk(&(0..9).collect(), |_| true), BTreeSet::new());
        assert_eq!(shrunk(&BTreeSet::new(), |_| true), BTreeSet::new());
    }
}
