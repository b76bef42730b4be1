//! What of the guard can be looked at by itself: each check with limits of its own, and each breaker.
//!
//! A check and a breaker that rest on the same limits are one part: neither can be had without the other.

use crate::checks::CHECKS;
use crate::limits::Limits;

/// A check or a breaker, with its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The number of the check that the limits bound; nothing when they are of a breaker alone.
    pub check: Option<u8>,
    /// Its name.
    pub name: &'static str,
    /// Its limits. The number of positions is not among what can be widened. What two checks have is left out with either:
    /// the collars are those of the price and of what an order may state.
    pub keys: &'static [&'static str],
    /// Limits that say how it goes on once it has tripped, which it shares with others.
    pub manner: &'static [&'static str],
}

/// How everything is closed, and for how long.
const CLOSES: &[&str] = &["confirm_seconds", "flatten_rest_hours"];

/// The breakers. Where a fall has two steps they are one: the second is not to come before the first.
pub const BREAKERS: &[Part] = &[
    Part {
        check: Some(31),
        name: "loss_streak",
        keys: &["cooldown_losses", "cooldown_hours", "latch_losses"],
        manner: &[],
    },
    Part {
        check: Some(32),
        name: "daily_loss",
        keys: &["daily_loss_percent", "daily_loss_flatten_percent"],
        manner: CLOSES,
    },
    Part { check: Some(32), name: "weekly_loss", keys: &["weekly_loss_percent"], manner: &[] },
    Part {
        check: Some(33),
        name: "drawdown",
        keys: &["drawdown_percent", "drawdown_flatten_percent"],
        manner: CLOSES,
    },
    Part { check: None, name: "unknown_orders", keys: &["unknown_minutes"], manner: &[] },
    Part {
        check: None,
        name: "class_loss",
        keys: &["daily_loss_equity_percent", "daily_loss_forex_percent", "daily_loss_crypto_percent"],
        manner: &["confirm_seconds"],
    },
    Part { check: None, name: "diverged", keys: &["diverged_max"], manner: &[] },
];

/// All parts: the checks in their order, breakers with the checks whose limits they have, then the others.
pub fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    for check in CHECKS {
        let number = Some(check.number);
        let own = BREAKERS.iter().filter(|part| part.check == number);
        let before = parts.len();
        parts.extend(own);
        if parts.len() == before && !check.keys.is_empty() {
            parts.push(Part { check: number, name: check.name, keys: check.keys, manner: &[] });
        }
    }
    parts.extend(BREAKERS.iter().filter(|part| part.check.is_none()));
    parts
}

impl Part {
    /// The limits with which it is alone: its own as they are, all others wide.
    pub fn alone(&self, limits: &Limits) -> Limits {
        limits.only(&[self.keys, self.manner].concat())
    }

    /// The limits with which it is left out: its own wide, all others as they are.
    pub fn left_out(&self, limits: &Limits) -> Limits {
        limits.widened(self.keys)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn lines(limits: &Limits) -> BTreeMap<&'static str, String> {
        limits.lines().into_iter().map(|line| (line.key, line.value)).collect()
    }

    fn differing(one: &Limits, other: &Limits) -> BTreeSet<&'static str> {
        let other = lines(other);
        lines(one).into_iter().filter(|(key, value)| other[key] != *value).map(|(key, _)| key).collect()
    }

    #[test]
    fn every_limit_is_of_a_part_and_none_but_the_collars_of_two() {
        let parts = parts();
        let mut named: Vec<&str> = parts.iter().flat_map(|part| part.keys).copied().collect();
        named.sort_unstable();
        let twice = named.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        assert!(twice.clone().all(|key| key.starts_with("collar_")), "{:?}", twice.collect::<Vec<_>>());
        let manner = parts.iter().flat_map(|part| part.manner).copied();
        let named: BTreeSet<&str> = named.iter().copied().chain(manner).collect();
        assert_eq!(named, lines(&Limits::paper()).into_keys().collect());
        // And every check with limits has its row.
        for check in CHECKS.iter().filter(|check| !check.keys.is_empty()) {
            assert!(parts.iter().any(|part| part.check == Some(check.number)), "{}", check.name);
        }
    }

    #[test]
    fn a_part_alone_and_all_but_it_differ_in_its_own_limits_only() {
        let (limits, wide) = (Limits::paper(), Limits::wide(Limits::paper().positions_max));
        let binding = differing(&limits, &wide);
        assert_eq!(binding.len() + 1, limits.lines().len(), "all of them but the number of positions");
        for part in parts() {
            let (alone, left_out) = (part.alone(&limits), part.left_out(&limits));
            let own: BTreeSet<&str> = part.keys.iter().copied().filter(|key| binding.contains(key)).collect();
            let with = own.iter().copied().chain(part.manner.iter().copied()).collect();
            assert_eq!(differing(&alone, &wide), with, "{}", part.name);
            assert_eq!(differing(&left_out, &limits), own, "{}", part.name);
            assert_eq!((alone.fault(), left_out.fault()), (None, None), "{}", part.name);
            assert_eq!(alone.positions_max, limits.positions_max);
        }
    }
}
