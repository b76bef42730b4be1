//! When currencies are traded: from Sunday to Friday 17:00 New York, but for a break around each 17:00 between.

use broker_api::Time;
use chrono::{Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Weekday};

use crate::core::{Market, date_of, new_york};

/// What changes at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// Trading stops.
    Closes,
    /// 17:00 in New York: financing, and the end of the orders of the day.
    Rolls,
    /// Trading goes on.
    Opens,
}

/// The hours of the market.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hours {
    pub market: Market,
}

fn at(date: NaiveDate, hour: u32, minute: u32) -> Time {
    new_york(date, NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default())
}

/// 17:00 in New York on a date.
pub(super) fn roll_of(date: NaiveDate) -> Time {
    at(date, 17, 0)
}

/// The first 17:00 in New York after a moment.
pub(super) fn next_roll(after: Time) -> Time {
    let date = date_of(after);
    let roll = roll_of(date);
    if roll > after { roll } else { date.checked_add_days(Days::new(1)).map_or(roll, roll_of) }
}

/// A day of trading: from 17:00 of the day before to 17:00; nothing on a weekend.
pub(super) fn day_of(date: NaiveDate) -> Option<(Time, Time)> {
    if matches!(date.weekday(), Weekday::Sat | Weekday::Sun) {
        return None;
    }
    Some((roll_of(date.pred_opt()?), roll_of(date)))
}

/// The changes of a date, in their order.
fn changes(date: NaiveDate) -> Vec<(Time, Change)> {
    let roll = (at(date, 17, 0), Change::Rolls);
    let (closes, opens) = ((at(date, 16, 58), Change::Closes), (at(date, 17, 3), Change::Opens));
    match date.weekday() {
        Weekday::Sat => vec![roll],
        Weekday::Sun => vec![roll, (at(date, 17, 0), Change::Opens)],
        Weekday::Fri => vec![(at(date, 17, 0), Change::Closes), roll],
        _ => vec![closes, roll, opens],
    }
}

impl Hours {
    /// Whether there is trading.
    pub(super) fn is_open(self, now: Time) -> bool {
        match self.market {
            Market::Open => true,
            Market::Closed => false,
            Market::Calendar => {
                let date = date_of(now);
                let before = |date: NaiveDate| {
                    changes(date).into_iter().rfind(|(at, change)| *at <= now && *change != Change::Rolls)
                };
                let mut dates = (0..4).filter_map(|back| date.checked_sub_days(Days::new(back)));
                dates.find_map(before).is_some_and(|(_, change)| change == Change::Opens)
            }
        }
    }

    /// A span of time without what lies outside the hours at its ends; as it is when nothing would be left.
    pub(super) fn within(self, opens: Time, closes: Time) -> (Time, Time) {
        let last_before = |until: Time, wanted: Change| {
            let dates = (0..4).filter_map(|back| date_of(until).checked_sub_days(Days::new(back)));
            dates
                .flat_map(|date| changes(date).into_iter().rev())
                .find(|(at, change)| *at <= until && *change == wanted)
        };
        let end = if self.is_open(closes - TimeDelta::nanoseconds(1)) {
            Some(closes)
        } else {
            last_before(closes, Change::Closes).map(|(at, _)| at)
        };
        let begin = if self.is_open(opens) {
            Some(opens)
        } else {
            let next =
                std::iter::successors(self.next_change((opens, Change::Closes)), |at| self.next_change(*at));
            next.take(6).find(|(_, change)| *change == Change::Opens).map(|(at, _)| at)
        };
        match (begin, end) {
            (Some(begin), Some(end)) if begin < end => (begin, end),
            _ => (opens, closes),
        }
    }

    /// The first change after what was made before; a market that is always open or closed has only the end of days.
    pub(super) fn next_change(self, after: (Time, Change)) -> Option<(Time, Change)> {
        let dates = date_of(after.0 - TimeDelta::days(1)).iter_days().take(5);
        let kept = |change: &(Time, Change)| self.market == Market::Calendar || change.1 == Change::Rolls;
        dates.flat_map(changes).filter(kept).find(|change| *change > after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_and_breaks_follow_new_york() {
        let hours = Hours { market: Market::Calendar };
        let is_open = |text: &str| hours.is_open(text.parse().unwrap());
        // Winter: 17:00 is 22:00 UTC.
        assert!(is_open("2026-11-20T21:59:59Z"));
        assert!(!is_open("2026-11-20T22:00:00Z"));
        assert!(!is_open("2026-11-22T21:59:59Z"));
        assert!(is_open("2026-11-22T22:00:00Z"));
        assert!(!is_open("2026-11-23T22:00:00Z"));
        assert!(is_open("2026-11-23T22:03:00Z"));
        // Summer: an hour earlier.
        assert!(!is_open("2026-07-10T21:00:00Z"));
        assert!(is_open("2026-07-12T21:00:00Z"));
        assert_eq!(
            next_roll("2026-07-12T21:00:00Z".parse().unwrap()),
            "2026-07-13T21:00:00Z".parse::<Time>().unwrap()
        );
    }
}
