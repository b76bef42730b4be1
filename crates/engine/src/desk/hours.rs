//! What the calendar says, remembered: it is asked at every order and answers the same for hours.

use broker_api::{AssetClass, Time};
use chrono::TimeDelta;

use crate::calendar::{Calendar, Opening, Session};

/// From a moment of one account day into the next one, whatever the clocks do in between, and not past its end.
const INTO_NEXT_DAY: TimeDelta = TimeDelta::hours(26);

/// A stretch of time in which a market is open, or in which it is closed.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: Time,
    until: Time,
    session: Option<Session>,
    last_close: Option<Time>,
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Hours {
    calendar: Calendar,
    stretches: [Option<Stretch>; AssetClass::ALL.len()],
    day: Option<(Time, Time)>,
}

impl Hours {
    pub(super) const fn new(calendar: Calendar) -> Self {
        Self { calendar, stretches: [None; AssetClass::ALL.len()], day: None }
    }

    /// What the market is, as [`Calendar::open`] says it.
    pub(super) fn open(&mut self, class: AssetClass, now: Time, says: Option<bool>) -> Opening {
        Opening::of(class, self.stretch(class, now).session, now, says)
    }

    /// When the market last closed, at or before `now`.
    pub(super) fn last_close(&mut self, class: AssetClass, now: Time) -> Option<Time> {
        self.stretch(class, now).last_close
    }

    pub(super) fn next_open(&self, class: AssetClass, now: Time) -> Option<Time> {
        self.calendar.next_open(class, now)
    }

    /// The beginning of the account day that `now` lies in.
    pub(super) fn account_day(&mut self, now: Time) -> Time {
        if let Some((from, until)) = self.day
            && from <= now
            && now < until
        {
            return from;
        }
        let from = self.calendar.account_day(now);
        let next = from.checked_add_signed(INTO_NEXT_DAY).map(|later| self.calendar.account_day(later));
        self.day = next.filter(|until| *until > now).map(|until| (from, until));
        from
    }

    /// The account day that `now` lies in, when it was asked for before: its beginning, and the beginning of the next.
    pub(super) fn day_around(&self, now: Time) -> Option<(Time, Time)> {
        self.day.filter(|(from, until)| *from <= now && now < *until)
    }

    fn stretch(&mut self, class: AssetClass, now: Time) -> Stretch {
        let place = class as usize;
        if let Some(Some(known)) = self.stretches.get(place)
            && known.from <= now
            && now < known.until
        {
            return *known;
        }
        let session = self.calendar.session(class, now);
        let last_close = self.calendar.last_close(class, now);
        let (from, until) = match session {
            Some(session) => (Some(session.opens), Some(session.closes)),
            None => (last_close, self.calendar.next_open(class, now)),
        };
        // Where the calendar does not reach, the answer holds for this moment and no other.
        let stretch =
            Stretch { from: from.unwrap_or(now), until: from.and(until).unwrap_or(now), session, last_close };
        if let Some(row) = self.stretches.get_mut(place) {
            *row = Some(stretch);
        }
        stretch
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_remembered_is_what_the_calendar_says(
            start in 0_i64..900_000_000,
            steps in proptest::collection::vec(prop_oneof![0_i64..100, 0_i64..4_000, -90_000_i64..300_000], 1..200),
        ) {
            // From 2005, where stocks have no calendar yet, into 2033, where they have none any more.
            let mut at = Utc.timestamp_opt(1_104_537_600 + start, 0).unwrap();
            let calendar = Calendar::new();
            let mut hours = Hours::new(calendar);
            for step in steps {
                at += TimeDelta::seconds(step);
                for class in AssetClass::ALL {
                    for says in [None, Some(true), Some(false)] {
                        let (ours, theirs) = (hours.open(class, at, says), calendar.open(class, at, says));
                        prop_assert_eq!(ours, theirs, "{} {}", class, at);
                    }
                    prop_assert_eq!(hours.last_close(class, at), calendar.last_close(class, at), "{} {}", class, at);
                }
                prop_assert_eq!(hours.account_day(at), calendar.account_day(at), "{}", at);
            }
        }
    }
}
