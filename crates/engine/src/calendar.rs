//! Sessions, holidays, account days.
//!
//! 1. A market's time is a row of sessions, each with a date: stocks have one per exchange day, currencies one per
//!    day that ends at 17:00 New York, coins one per day in UTC. Sessions of currencies and coins follow each other
//!    without a gap, so "the last close" of an open market is at most a day away.
//! 2. All instants are computed from New York's own clock, so they are right through both changes of the hour.
//! 3. The stocks' calendar covers the years `FIRST_YEAR` to `LAST_YEAR`. Outside of them nothing is guessed: the
//!    market counts as closed, and every question for a time is answered with nothing.
//! 4. A calendar is never the sole authority. Markets close unannounced; `Calendar::open` holds it against what a
//!    venue says of itself, and `Calendar::compare` against the venue's own days.

mod compare;
mod equity;
mod opening;
mod table;
#[cfg(test)]
mod tests;

use broker_api::{AssetClass, Blackout, Time};
use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::America::New_York;

pub use compare::{Difference, says};
pub use equity::{FIRST_YEAR, LAST_YEAR};
pub use opening::{Opening, Why};

/// How many days around a moment are looked through for a session; no market we know was ever closed as long.
const SEARCH_DAYS: u64 = 12;
/// How long after an opening or a close a pass runs: prices are there, orders of the opening are done.
const AFTER: TimeDelta = TimeDelta::minutes(5);
/// The years that clocks are asked about at all: those that a time in a file can name.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9998;
/// When the account day and the currencies' day change, in New York.
const ROLL: NaiveTime = hour(17, 0);

const fn hour(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

/// One stretch in which a market is open: from `opens` on, until just before `closes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its first moment.
    pub opens: Time,
    /// The first moment after it.
    pub closes: Time,
}

impl Session {
    /// Whether a moment lies in it.
    pub fn holds(&self, t: Time) -> bool {
        self.opens <= t && t < self.closes
    }
}

/// When markets are open. Make one wherever it is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    behind_venues: bool,
}

impl Calendar {
    /// The calendar.
    pub const fn new() -> Self {
        Self { behind_venues: false }
    }

    /// One that speaks only where a venue says nothing: a simulator may keep hours, and a time, of its own.
    pub const fn behind_venues() -> Self {
        Self { behind_venues: true }
    }

    /// Whether venues go before it.
    pub const fn is_behind_venues(&self) -> bool {
        self.behind_venues
    }

    /// The session of a date: a stock's day at the exchange, 09:30 to 16:00 (13:00 on half days) New York; a
    /// currency's day, from 17:00 New York of the day before to 17:00; a coin's day in UTC. Nothing when the
    /// market is closed on that date, or the date is outside what is covered.
    pub fn day(&self, class: AssetClass, date: NaiveDate) -> Option<Session> {
        let open = match class {
            AssetClass::Equity => return equity::day(date),
            AssetClass::Forex => forex_has(date),
            AssetClass::Crypto => true,
        };
        if open { self.regular(class, date) } else { None }
    }

    /// The hours that a session of that date would have on an ordinary day, whether there is one or not: what a bar
    /// that carries only a date is placed by when [`day`](Self::day) knows of no session.
    pub fn regular(&self, class: AssetClass, date: NaiveDate) -> Option<Session> {
        match class {
            AssetClass::Equity => equity::hours(date, equity::CLOSE),
            AssetClass::Forex => {
                Some(Session { opens: new_york(date.pred_opt()?, ROLL)?, closes: new_york(date, ROLL)? })
            }
            AssetClass::Crypto => {
                let midnight = |date: NaiveDate| Utc.from_utc_datetime(&date.and_time(NaiveTime::MIN));
                Some(Session { opens: midnight(date), closes: midnight(date.succ_opt()?) })
            }
        }
    }

    /// Whether the calendar alone has a session at a moment. Whoever acts upon it asks [`open`](Self::open).
    fn is_open(self, class: AssetClass, t: Time) -> bool {
        self.session(class, t).is_some()
    }

    /// The session that a moment lies in; nothing when the market is closed.
    pub fn session(&self, class: AssetClass, t: Time) -> Option<Session> {
        self.around(class, t, 1).find(|session| session.holds(t))
    }

    /// When a stretch in which a venue is looked after ends; nothing when `t` does not lie in one.
    pub fn blackout(&self, blackout: &Blackout, t: Time) -> Option<Time> {
        let today = local_date(t);
        [today.pred_opt()?, today]
            .into_iter()
            .filter(|date| blackout.days.contains(&date.weekday()))
            .find_map(|date| {
                let ends = if blackout.to > blackout.from { date } else { date.succ_opt()? };
                let (from, to) = (new_york(date, blackout.from)?, new_york(ends, blackout.to)?);
                (from <= t && t < to).then_some(to)
            })
    }

    /// When the next session begins, strictly after `t`. For currencies and coins in the middle of their week that
    /// is the next change of day. Nothing when it lies outside what is covered.
    pub fn next_open(&self, class: AssetClass, t: Time) -> Option<Time> {
        self.around(class, t, SEARCH_DAYS).map(|session| session.opens).find(|opens| *opens > t)
    }

    /// When the session that is open now, or else the next one, ends: strictly after `t`. Nothing when it lies
    /// outside what is covered.
    pub fn next_close(&self, class: AssetClass, t: Time) -> Option<Time> {
        self.around(class, t, SEARCH_DAYS).map(|session| session.closes).find(|closes| *closes > t)
    }

    /// When the last session ended, at or before `t`. Nothing when it lies outside what is covered.
    pub fn last_close(&self, class: AssetClass, t: Time) -> Option<Time> {
        let today = local_date(t);
        let back = std::iter::successors(Some(today.succ_opt().unwrap_or(today)), NaiveDate::pred_opt);
        let sessions = back.take(days(SEARCH_DAYS)).filter_map(|date| self.day(class, date));
        sessions.map(|session| session.closes).find(|closes| *closes <= t)
    }

    /// When the market really closes: the end of the unbroken row of sessions that `t` lies in, such as Friday 17:00
    /// New York for currencies. Nothing when it is closed at `t`, or never closes, as coins.
    pub fn open_until(&self, class: AssetClass, t: Time) -> Option<Time> {
        let mut session = self.session(class, t)?;
        for _ in 0..SEARCH_DAYS {
            match self.session(class, session.closes) {
                Some(next) => session = next,
                None => return Some(session.closes),
            }
        }
        None
    }

    /// The date of a moment in New York, whatever the machine's own zone is.
    pub fn date(&self, t: Time) -> NaiveDate {
        local_date(t)
    }

    /// The beginning of the account day that `t` lies in: the last 17:00 New York at or before `t`, whatever the
    /// day of the week. Covers all years; at the very ends of the time scale it is `t` itself.
    pub fn account_day(&self, t: Time) -> Time {
        let today = local_date(t);
        let boundary = |date: Option<NaiveDate>| new_york(date?, ROLL).filter(|at| *at <= t);
        boundary(Some(today)).or_else(|| boundary(today.pred_opt())).unwrap_or(t)
    }

    /// The date that an account day is named after, by its beginning: the one on which it ends.
    pub fn account_date(starts: Time) -> NaiveDate {
        starts.checked_add_signed(TimeDelta::hours(12)).unwrap_or(starts).date_naive()
    }

    /// When a pass should run next, strictly after `t`, and why: five minutes after an opening (settle, protect) or
    /// after a close (decide) of the markets traded, whichever comes first. Where no session is known, because no
    /// class is given or `t` is outside what is covered, it is one day later, and the text says so.
    pub fn next_run(&self, classes: &[AssetClass], t: Time) -> (Time, String) {
        let since = t.checked_sub_signed(AFTER).unwrap_or(t);
        let mut events = Vec::new();
        for class in classes {
            let close = self.next_close(*class, since);
            events.extend(close.map(|at| (at, "close", *class)));
            // Where a session follows another without a gap, its opening is the other's close.
            let open =
                self.next_open(*class, since).filter(|at| !self.is_open(*class, *at - TimeDelta::seconds(1)));
            events.extend(open.map(|at| (at, "open", *class)));
        }
        events.sort_by_key(|event| *event);
        events.dedup();
        let Some((first, ..)) = events.first().copied() else {
            let text = format!(
                "no session is known: the calendar of stocks covers {FIRST_YEAR} to {LAST_YEAR}; look again in a day"
            );
            return (t.checked_add_signed(TimeDelta::days(1)).unwrap_or(t), text);
        };
        let named: Vec<String> = events
            .iter()
            .take_while(|(at, ..)| *at == first)
            .map(|(_, what, class)| {
                let aim = if *what == "open" { "settle and protect" } else { "decide" };
                format!("{} {what}, then {aim}", plural(*class))
            })
            .collect();
        let local = first.with_timezone(&New_York).format("%H:%M New York");
        let text =
            format!("5 minutes after {} ({local}): {}", first.format("%Y-%m-%d %H:%M UTC"), named.join("; "));
        (first + AFTER, text)
    }

    /// The sessions from the day before `t` on, in order; `ahead` days more than today.
    fn around(&self, class: AssetClass, t: Time, ahead: u64) -> impl Iterator<Item = Session> {
        let today = local_date(t);
        let (calendar, first) = (*self, today.pred_opt().unwrap_or(today));
        first.iter_days().take(days(ahead) + 2).filter_map(move |date| calendar.day(class, date))
    }
}

/// What is traded in the markets of a class, for people.
pub const fn plural(class: AssetClass) -> &'static str {
    match class {
        AssetClass::Equity => "stocks",
        AssetClass::Forex => "currencies",
        AssetClass::Crypto => "coins",
    }
}

fn days(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX - 2)
}

/// The date in New York; outside of [`YEARS`] the date in UTC, as no local clock is known there.
fn local_date(t: Time) -> NaiveDate {
    if YEARS.contains(&t.year()) { t.with_timezone(&New_York).date_naive() } else { t.date_naive() }
}

/// A clock time in New York as a moment; nothing where the clock skips or repeats it, which it never does by day.
fn new_york(date: NaiveDate, time: NaiveTime) -> Option<Time> {
    if !YEARS.contains(&date.year()) {
        return None;
    }
    New_York.from_local_datetime(&date.and_time(time)).single().map(|at| at.with_timezone(&Utc))
}

/// Whether currencies have a day of that date: Monday to Friday, without Christmas Day and New Year's Day.
fn forex_has(date: NaiveDate) -> bool {
    !is_weekend(date) && !matches!((date.month(), date.day()), (12, 25) | (1, 1))
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}
