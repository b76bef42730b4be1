//! The days of the US stock exchanges: the table for its years, and for the years before it the rules of the
//! holidays, with the days that no rule foretold.
//!
//! The rules are the New York Stock Exchange's own, as they have stood since 2007. The tests hold them, and the
//! table, against the published lists, and one against the other.

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};

use super::{Session, hour, is_weekend, new_york, table};

/// The first year that the calendar of stocks covers.
pub const FIRST_YEAR: i32 = 2007;
/// The last year that it covers: the last one of the table.
pub const LAST_YEAR: i32 = *table::YEARS.end();

/// When an ordinary day opens, in New York.
const OPEN: NaiveTime = hour(9, 30);
/// When an ordinary day closes, in New York.
pub(super) const CLOSE: NaiveTime = hour(16, 0);
/// When a half day closes by the rules, in New York.
const EARLY_CLOSE: NaiveTime = hour(13, 0);

/// Days before the table on which the exchanges stayed closed beside the holidays: year, month, day.
const CLOSED: [(i32, u32, u32); 4] = [
    (2007, 1, 2),   // mourning for President Ford
    (2012, 10, 29), // hurricane Sandy
    (2012, 10, 30), // hurricane Sandy
    (2018, 12, 5),  // mourning for President Bush
];

/// The first year in which Juneteenth was kept.
const JUNETEENTH_SINCE: i32 = 2022;

/// What kind of day a date is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ordinary,
    Weekend,
    /// It closes early, and why.
    Short(NaiveTime, &'static str),
    /// It does not open, and why.
    Closed(&'static str),
    /// Its year is not covered.
    Unknown,
}

/// The kind of a date: by the table in its years, by the rules before.
pub(super) fn kind(date: NaiveDate) -> Kind {
    if !(FIRST_YEAR..=LAST_YEAR).contains(&date.year()) {
        return Kind::Unknown;
    }
    if is_weekend(date) {
        return Kind::Weekend;
    }
    if !table::YEARS.contains(&date.year()) {
        return by_rule(date);
    }
    match table::row(date) {
        Err(table::NoTable) => Kind::Unknown,
        Ok(None) => Kind::Ordinary,
        Ok(Some(row)) => row.closes.map_or(Kind::Closed(row.name), |closes| Kind::Short(closes, row.name)),
    }
}

/// The kind of a weekday by the rules alone.
pub(super) fn by_rule(date: NaiveDate) -> Kind {
    if is_closed(date) {
        Kind::Closed("a holiday")
    } else if is_half(date) {
        Kind::Short(EARLY_CLOSE, "a half day")
    } else {
        Kind::Ordinary
    }
}

/// The session of a date; nothing when there is none, or the year is not covered.
pub(super) fn day(date: NaiveDate) -> Option<Session> {
    match kind(date) {
        Kind::Ordinary => hours(date, CLOSE),
        Kind::Short(closes, _) => hours(date, closes),
        Kind::Weekend | Kind::Closed(_) | Kind::Unknown => None,
    }
}

/// From the opening of a date to `close`.
pub(super) fn hours(date: NaiveDate, close: NaiveTime) -> Option<Session> {
    Some(Session { opens: new_york(date, OPEN)?, closes: new_york(date, close)? })
}

/// Whether a weekday is a holiday, or was closed for another reason.
fn is_closed(date: NaiveDate) -> bool {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let nth_monday = |n: u32| date.weekday() == Weekday::Mon && (day - 1) / 7 + 1 == n;
    let is_holiday = match month {
        // On a Saturday it is not made up for: the Friday before closes the year's books.
        1 => nth_monday(3) || day == 1 || (day == 2 && date.weekday() == Weekday::Mon),
        2 => nth_monday(3),
        3 | 4 => is_good_friday(date),
        5 => date.weekday() == Weekday::Mon && day >= 25,
        6 => year >= JUNETEENTH_SINCE && is_observed(date, 19),
        7 => is_observed(date, 4),
        9 => nth_monday(1),
        11 => date.weekday() == Weekday::Thu && (22..=28).contains(&day),
        12 => is_observed(date, 25),
        _ => false,
    };
    is_holiday || CLOSED.contains(&(year, month, day))
}

/// Whether the exchanges close at 13:00: the day after Thanksgiving, and the eves of Independence Day and Christmas
/// where they are Monday to Thursday. An eve that is a Friday is the holiday itself, or an ordinary day never.
fn is_half(date: NaiveDate) -> bool {
    let (month, day, weekday) = (date.month(), date.day(), date.weekday());
    match (month, day) {
        (7, 3) | (12, 24) => weekday != Weekday::Fri,
        (11, 23..=29) => weekday == Weekday::Fri,
        _ => false,
    }
}

/// Whether a weekday is the `nominal` day of its month, or stands in for it: the Friday before a Saturday, the
/// Monday after a Sunday.
fn is_observed(date: NaiveDate, nominal: u32) -> bool {
    match date.weekday() {
        Weekday::Fri => date.day() == nominal || date.day() + 1 == nominal,
        Weekday::Mon => date.day() == nominal || date.day() == nominal + 1,
        _ => date.day() == nominal,
    }
}

/// Two days before Easter Sunday of the Gregorian calendar.
fn is_good_friday(date: NaiveDate) -> bool {
    let year = date.year();
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let skew = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let shift = (32 + 2 * (b % 4) + 2 * (c / 4) - skew - c % 4) % 7;
    let late = (a + 11 * skew + 22 * shift) / 451;
    let sum = skew + shift - 7 * late + 114;
    let (Ok(month), Ok(day)) = (u32::try_from(sum / 31), u32::try_from(sum % 31 + 1)) else { return false };
    NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|easter| easter.checked_sub_days(chrono::Days::new(2)))
        .is_some_and(|friday| friday == date)
}
