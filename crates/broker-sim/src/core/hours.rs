//! When the US stock exchanges are open: New York hours with their holidays and half-days, or always, or never.

use std::collections::BTreeMap;

use broker_api::Time;
use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone as _, Weekday};
use chrono_tz::America::New_York;

/// The table of the days on which the exchanges do not keep their usual hours.
const TABLE: &str = include_str!("../../../engine/calendar/us-equities.csv");

/// Who decides whether the market is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Market {
    /// It is open, and stays so: no session ends.
    Open,
    /// It is closed, and stays so.
    Closed,
    /// The exchanges' calendar.
    Calendar,
}

impl Market {
    /// By its name in flags and control messages.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "open" => Some(Self::Open),
            "closed" => Some(Self::Closed),
            "calendar" => Some(Self::Calendar),
            _ => None,
        }
    }
}

/// One day's hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The date in New York.
    pub date: NaiveDate,
    /// The first moment of the core session.
    pub opens: Time,
    /// The first moment after it.
    pub closes: Time,
    /// The first moment of trading before it.
    pub begins: Time,
    /// The first moment after the trading that follows it.
    pub ends: Time,
}

/// What changes at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Trading before the core session begins.
    Begins,
    /// The core session opens.
    Opens,
    /// The core session closes.
    Closes,
    /// All trading of the day ends.
    Ends,
}

/// The hours of a market.
#[derive(Clone, Debug)]
pub struct Hours {
    /// Who decides.
    pub market: Market,
    /// When an unusual day closes; nothing when it stays closed.
    unusual: BTreeMap<NaiveDate, Option<NaiveTime>>,
}

fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default()
}

/// A wall clock's moment in New York.
pub(crate) fn new_york(date: NaiveDate, time: NaiveTime) -> Time {
    let at = date.and_time(time);
    let here = New_York.from_local_datetime(&at).earliest();
    here.map_or_else(|| at.and_utc(), |at| at.with_timezone(&chrono::Utc))
}

/// The date in New York.
pub(crate) fn date_of(at: Time) -> NaiveDate {
    at.with_timezone(&New_York).date_naive()
}

impl Hours {
    /// The hours of a market.
    pub fn new(market: Market) -> Self {
        let row = |line: &str| {
            let mut fields = line.split(',');
            let date = fields.next()?.parse().ok()?;
            // `closed`, or when it closes.
            Some((date, NaiveTime::parse_from_str(fields.next()?, "%H:%M").ok()))
        };
        Self { market, unusual: TABLE.lines().filter_map(row).collect() }
    }

    /// The hours of a date by the calendar; nothing when it stays closed.
    pub fn session(&self, date: NaiveDate) -> Option<Session> {
        if matches!(date.weekday(), Weekday::Sat | Weekday::Sun) {
            return None;
        }
        let (close, end) = match self.unusual.get(&date) {
            None => (time(16, 0), time(20, 0)),
            Some(None) => return None,
            Some(Some(close)) => (*close, time(17, 0)),
        };
        Some(Session {
            date,
            opens: new_york(date, time(9, 30)),
            closes: new_york(date, close),
            begins: new_york(date, time(4, 0)),
            ends: new_york(date, end),
        })
    }

    /// Every session from a date on.
    pub fn sessions(&self, from: NaiveDate) -> impl Iterator<Item = Session> + '_ {
        // Nothing is closed for a month; and no search goes on for ever.
        from.iter_days().take(40).filter_map(|date| self.session(date))
    }

    /// Whether the core session is open.
    pub fn is_open(&self, at: Time) -> bool {
        match self.market {
            Market::Open => true,
            Market::Closed => false,
            Market::Calendar => self.session(date_of(at)).is_some_and(|s| s.opens <= at && at < s.closes),
        }
    }

    /// Whether there is any trading, before, in or after the core session.
    pub fn is_extended(&self, at: Time) -> bool {
        match self.market {
            Market::Open => true,
            Market::Closed => false,
            Market::Calendar => self.session(date_of(at)).is_some_and(|s| s.begins <= at && at < s.ends),
        }
    }

    /// The session under way by the calendar, or the next.
    pub fn coming(&self, at: Time) -> Option<Session> {
        self.sessions(date_of(at)).find(|session| at < session.closes)
    }

    /// The next opening after a moment, by the calendar.
    pub fn next_open(&self, at: Time) -> Option<Time> {
        self.sessions(date_of(at)).map(|session| session.opens).find(|opens| *opens > at)
    }

    /// The last session that closed before a moment, by the calendar.
    pub fn last_closed(&self, at: Time) -> Option<Session> {
        let mut date = date_of(at);
        for _ in 0..40 {
            if let Some(session) = self.session(date).filter(|session| session.closes <= at) {
                return Some(session);
            }
            date = date.checked_sub_days(Days::new(1))?;
        }
        None
    }

    /// The first change after a moment; a market that is always open or closed has none.
    pub fn next_change(&self, after: Time) -> Option<(Time, Change)> {
        if self.market != Market::Calendar {
            return None;
        }
        self.sessions(date_of(after))
            .take(2)
            .flat_map(|s| {
                [
                    (s.begins, Change::Begins),
                    (s.opens, Change::Opens),
                    (s.closes, Change::Closes),
                    (s.ends, Change::Ends),
                ]
            })
            .find(|(at, _)| *at > after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn half_days_and_holidays_are_known() {
        let hours = Hours::new(Market::Calendar);
        assert!(hours.is_open(at("2026-11-25T15:00:00Z")));
        // Thanksgiving, and the short day after it.
        assert!(!hours.is_open(at("2026-11-26T15:00:00Z")));
        assert!(hours.is_open(at("2026-11-27T17:59:59Z")));
        assert!(!hours.is_open(at("2026-11-27T18:00:00Z")));
        assert!(hours.is_extended(at("2026-11-27T21:59:59Z")));
        assert_eq!(hours.next_open(at("2026-11-25T15:00:00Z")), Some(at("2026-11-27T14:30:00Z")));
        assert_eq!(
            hours.next_change(at("2026-11-25T21:00:00Z")),
            Some((at("2026-11-26T01:00:00Z"), Change::Ends))
        );
    }
}
