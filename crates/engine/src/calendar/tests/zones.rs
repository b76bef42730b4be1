//! The days on which clocks change, half days, and the ends of years, as traders in other zones meet them: each moment
//! is written in the trader's own clock, and what comes out must be the same moment in all of them.

use chrono_tz::{America::New_York as Nyc, Asia::Kolkata, Australia::Sydney, Tz};

use super::*;

/// A moment by a clock on somebody's wall.
fn wall(zone: Tz, text: &str) -> Time {
    let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    zone.from_local_datetime(&local).single().unwrap().with_timezone(&Utc)
}

/// One moment in the clocks of Sydney, Kolkata and New York.
fn thrice(sydney: &str, kolkata: &str, new_york: &str) -> Time {
    let [one, two, three] = [wall(Sydney, sydney), wall(Kolkata, kolkata), wall(Nyc, new_york)];
    assert!(one == two && two == three, "{one} {two} {three}");
    one
}

#[test]
fn the_day_the_clocks_change_is_the_same_day_everywhere() {
    // Monday, 08:00 New York, after each change. Europe changes in other weeks and has no say.
    for (t, opens, closes) in [
        (
            thrice("2026-03-09 23:00", "2026-03-09 17:30", "2026-03-09 08:00"),
            "2026-03-09T13:30:00Z",
            "2026-03-09T20:00:00Z",
        ),
        (
            thrice("2026-11-03 00:00", "2026-11-02 18:30", "2026-11-02 08:00"),
            "2026-11-02T14:30:00Z",
            "2026-11-02T21:00:00Z",
        ),
        (
            thrice("2027-03-15 23:00", "2027-03-15 17:30", "2027-03-15 08:00"),
            "2027-03-15T13:30:00Z",
            "2027-03-15T20:00:00Z",
        ),
        (
            thrice("2027-11-09 00:00", "2027-11-08 18:30", "2027-11-08 08:00"),
            "2027-11-08T14:30:00Z",
            "2027-11-08T21:00:00Z",
        ),
    ] {
        assert_eq!(CALENDAR.open(Equity, t, None), Opening::Closed);
        assert_eq!(CALENDAR.next_open(Equity, t), Some(at(opens)));
        assert_eq!(CALENDAR.next_close(Equity, t), Some(at(closes)));
        assert_eq!(CALENDAR.next_run(&[Equity], t).0, at(opens) + TimeDelta::minutes(5));
        assert_eq!(CALENDAR.next_run(&[Equity], at(opens) + TimeDelta::minutes(5)).0, at(closes) + AFTER);
    }
}

#[test]
fn the_weeks_in_which_europe_has_another_hour_change_nothing() {
    // The first and last session of each such week, the day before it, and the day after it.
    for (day, opens) in [
        ("2026-03-06", "14:30"),
        ("2026-03-09", "13:30"),
        ("2026-03-27", "13:30"),
        ("2026-03-30", "13:30"),
        ("2026-10-23", "13:30"),
        ("2026-10-26", "13:30"),
        ("2026-10-30", "13:30"),
        ("2026-11-02", "14:30"),
        ("2027-03-12", "14:30"),
        ("2027-03-15", "13:30"),
        ("2027-03-29", "13:30"),
        ("2027-10-29", "13:30"),
        ("2027-11-01", "13:30"),
        ("2027-11-05", "13:30"),
        ("2027-11-08", "14:30"),
    ] {
        let session = CALENDAR.day(Equity, date(day)).unwrap();
        assert_eq!(session.opens, at(&format!("{day}T{opens}:00Z")));
        assert_eq!(session.closes - session.opens, TimeDelta::minutes(390), "{day}");
        // The currencies' day ends an hour after the stocks', by the same clock.
        assert_eq!(
            CALENDAR.day(Forex, date(day)).unwrap().closes,
            session.closes + TimeDelta::hours(1),
            "{day}"
        );
    }
}

#[test]
fn a_currencies_day_has_24_hours_even_when_a_new_york_day_has_not() {
    // The clocks change on Sundays before the week begins.
    for day in ["2026-03-09", "2026-11-02", "2027-03-15", "2027-11-08"] {
        let session = CALENDAR.day(Forex, date(day)).unwrap();
        assert_eq!(session.closes - session.opens, TimeDelta::hours(24), "{day}");
    }
    // An account day is counted through the weekend, and one of them is an hour shorter or longer.
    for (sunday, hours) in [
        ("2026-03-08T12:00:00Z", 23),
        ("2026-11-01T12:00:00Z", 25),
        ("2027-03-14T12:00:00Z", 23),
        ("2027-11-07T12:00:00Z", 25),
    ] {
        let begins = CALENDAR.account_day(at(sunday));
        let next = CALENDAR.account_day(at(sunday) + TimeDelta::hours(24));
        assert_eq!(next - begins, TimeDelta::hours(hours), "{sunday}");
    }
}

#[test]
fn at_the_very_change_of_the_clocks_nothing_jumps() {
    for change in
        ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2027-03-14T07:00:00Z", "2027-11-07T06:00:00Z"]
    {
        let (before, after) = (at(change) - TimeDelta::seconds(1), at(change));
        for class in CLASSES {
            assert_eq!(CALENDAR.open(class, before, None), CALENDAR.open(class, after, None), "{change}");
            assert_eq!(CALENDAR.next_open(class, before), CALENDAR.next_open(class, after), "{change}");
        }
        assert_eq!(CALENDAR.account_day(before), CALENDAR.account_day(after), "{change}");
        assert_eq!(CALENDAR.next_run(&[Equity, Forex], before), CALENDAR.next_run(&[Equity, Forex], after));
    }
}

#[test]
fn half_days_end_at_one() {
    for (day, closes, name) in [
        ("2026-11-27", "18:00", "day after Thanksgiving"),
        ("2026-12-24", "18:00", "Christmas Eve"),
        ("2027-11-26", "18:00", "day after Thanksgiving"),
    ] {
        let closes = at(&format!("{day}T{closes}:00Z"));
        let last = closes - TimeDelta::seconds(1);
        assert_eq!(CALENDAR.open(Equity, last, None), Opening::Open);
        assert_eq!(CALENDAR.open(Equity, closes, None), Opening::Closed);
        assert_eq!(CALENDAR.next_run(&[Equity], last).0, closes + AFTER);
        assert_eq!(CALENDAR.why(Equity, closes), Some(Why::EarlyClose(name)));
        assert_eq!(closes.with_timezone(&Kolkata).format("%F %H:%M").to_string(), format!("{day} 23:30"));
    }
    // In Sydney it is Saturday already when the half day ends.
    assert_eq!(wall(Sydney, "2026-11-28 05:00"), at("2026-11-27T18:00:00Z"));
    assert_eq!(CALENDAR.next_open(Equity, at("2026-12-24T18:00:00Z")), Some(at("2026-12-28T14:30:00Z")));
}

#[test]
fn years_end_and_begin() {
    // New Year has come in Sydney and Kolkata, and New York still trades.
    let t = thrice("2027-01-01 07:30", "2027-01-01 02:00", "2026-12-31 15:30");
    assert_eq!(CALENDAR.open(Equity, t, None), Opening::Open);
    assert_eq!(CALENDAR.date(t), date("2026-12-31"));
    assert_eq!(CALENDAR.next_close(Equity, t), Some(at("2026-12-31T21:00:00Z")));
    assert_eq!(CALENDAR.next_open(Equity, t), Some(at("2027-01-04T14:30:00Z")));
    assert_eq!(CALENDAR.account_day(t), at("2026-12-30T22:00:00Z"));
    // At 17:00 New York the account day changes, holiday or not, and currencies rest for New Year's Day.
    assert_eq!(CALENDAR.account_day(at("2026-12-31T22:00:00Z")), at("2026-12-31T22:00:00Z"));
    assert_eq!(CALENDAR.open_until(Forex, t), Some(at("2026-12-31T22:00:00Z")));
    assert_eq!(CALENDAR.why(Forex, at("2026-12-31T22:00:00Z")), Some(Why::Closed("New Year's Day")));
    assert_eq!(CALENDAR.next_open(Forex, at("2026-12-31T22:00:00Z")), Some(at("2027-01-03T22:00:00Z")));
    // The trap: the first day of 2028 is a Saturday that is not made up for; the Friday before is an ordinary day.
    assert_eq!(CALENDAR.next_close(Equity, at("2027-12-31T15:00:00Z")), Some(at("2027-12-31T21:00:00Z")));
    assert_eq!(CALENDAR.next_open(Equity, at("2027-12-31T21:00:00Z")), Some(at("2028-01-03T14:30:00Z")));
}

#[test]
fn the_week_of_currencies_begins_on_monday_in_sydney() {
    let closes = thrice("2026-11-28 09:00", "2026-11-28 03:30", "2026-11-27 17:00");
    let opens = thrice("2026-11-30 09:00", "2026-11-30 03:30", "2026-11-29 17:00");
    assert_eq!(CALENDAR.open(Forex, closes, None), Opening::Closed);
    assert_eq!(CALENDAR.next_open(Forex, closes), Some(opens));
    assert_eq!(CALENDAR.next_run(&[Forex], closes + AFTER).0, opens + AFTER);
    assert_eq!(CALENDAR.account_day(opens), opens);
}
