//! How a person loosens a level: step by step, and not before its time. Machines only tighten.

use std::fmt;

use broker_api::{GuardState, Level, Time};

/// What stands in the way of trading as long as it is so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unclear {
    /// How many instruments or venues book and broker disagree about.
    pub diverged: usize,
    /// How many orders have no known outcome.
    pub unknown: usize,
}

/// Why a person may not loosen a level now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLoosened {
    /// Its time has not come.
    TooEarly {
        /// When it will.
        until: Time,
    },
    /// What stopped it is not settled.
    Unclear(Unclear),
}

impl fmt::Display for NotLoosened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooEarly { until } => write!(f, "not before {until}"),
            Self::Unclear(Unclear { diverged, unknown }) => write!(
                f,
                "book and broker disagree about {diverged} instruments, and {unknown} orders have no known outcome"
            ),
        }
    }
}

/// To which level a person who loosens comes next, and until when the one after it is out of reach.
///
/// A pause ends at once. Reductions only end once their time has come: after the day's loss not before the next account day.
/// Closing everything, and standing still, end in two steps: first to reductions only, with everything clear, and then as
/// any other; after everything was closed not before its rest is over.
///
/// # Errors
/// Why not now.
pub fn loosened(
    guard: &GuardState,
    unclear: Unclear,
    now: Time,
) -> Result<(Level, Option<Time>), NotLoosened> {
    match guard.level {
        Level::Trading | Level::Paused => Ok((Level::Trading, None)),
        Level::ReduceOnly => match guard.until.filter(|until| *until > now) {
            Some(until) => Err(NotLoosened::TooEarly { until }),
            None => Ok((Level::Trading, None)),
        },
        Level::Flattening | Level::Frozen if unclear != Unclear::default() => {
            Err(NotLoosened::Unclear(unclear))
        }
        Level::Flattening | Level::Frozen => Ok((Level::ReduceOnly, guard.until)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn at(hours: i64) -> Time {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap() + TimeDelta::hours(hours)
    }

    #[test]
    fn what_closed_everything_takes_two_steps_and_its_time() {
        let mut guard = GuardState { level: Level::Flattening, until: Some(at(24)), ..GuardState::default() };
        let clear = Unclear::default();
        assert_eq!(loosened(&guard, clear, at(1)), Ok((Level::ReduceOnly, Some(at(24)))));
        guard.level = Level::ReduceOnly;
        let early = loosened(&guard, clear, at(23)).unwrap_err();
        assert_eq!(early, NotLoosened::TooEarly { until: at(24) });
        assert_eq!(loosened(&guard, clear, at(24)), Ok((Level::Trading, None)));
    }

    #[test]
    fn what_is_unclear_is_repaired_first() {
        for level in [Level::Flattening, Level::Frozen] {
            let guard = GuardState { level, ..GuardState::default() };
            for unclear in [Unclear { diverged: 1, unknown: 0 }, Unclear { diverged: 0, unknown: 1 }] {
                let refused = loosened(&guard, unclear, at(0)).unwrap_err();
                assert_eq!(refused, NotLoosened::Unclear(unclear));
            }
            assert_eq!(loosened(&guard, Unclear::default(), at(0)), Ok((Level::ReduceOnly, None)));
        }
    }

    #[test]
    fn a_pause_and_what_has_no_time_end_at_once() {
        for level in [Level::Trading, Level::Paused, Level::ReduceOnly] {
            let until = (level == Level::Paused).then(|| at(9));
            let guard = GuardState { level, until, ..GuardState::default() };
            let unclear = Unclear { diverged: 1, unknown: 1 };
            assert_eq!(loosened(&guard, unclear, at(0)), Ok((Level::Trading, None)), "{level}");
        }
    }
}
