//! The calendar against the published lists, the changes of the hour, and itself.

use std::collections::BTreeSet;

use proptest::prelude::*;

use AssetClass::{Crypto, Equity, Forex};

use super::*;

mod opening;
mod zones;

const CALENDAR: Calendar = Calendar::new();
const CLASSES: [AssetClass; 3] = [Equity, Forex, Crypto];

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn year_days(year: i32) -> impl Iterator<Item = NaiveDate> {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap().iter_days().take_while(move |day| day.year() == year)
}

/// The weekdays of a year on which stocks are not traded.
fn closures(year: i32) -> Vec<String> {
    year_days(year)
        .filter(|day| !is_weekend(*day) && CALENDAR.day(Equity, *day).is_none())
        .map(|day| day.format("%m-%d").to_string())
        .collect()
}

/// The half days of a year.
fn halves(year: i32) -> Vec<String> {
    let short = |session: Session| session.closes - session.opens == TimeDelta::minutes(210);
    year_days(year)
        .filter(|day| CALENDAR.day(Equity, *day).is_some_and(short))
        .map(|day| day.format("%m-%d").to_string())
        .collect()
}

fn count(year: i32) -> usize {
    year_days(year).filter(|day| CALENDAR.day(Equity, *day).is_some()).count()
}

#[test]
fn the_published_closures() {
    let lists: [(i32, &[&str]); 7] = [
        (2024, &["01-01", "01-15", "02-19", "03-29", "05-27", "06-19", "07-04", "09-02", "11-28", "12-25"]),
        (
            2025,
            &[
                "01-01", "01-09", "01-20", "02-17", "04-18", "05-26", "06-19", "07-04", "09-01", "11-27",
                "12-25",
            ],
        ),
        (2026, &["01-01", "01-19", "02-16", "04-03", "05-25", "06-19", "07-03", "09-07", "11-26", "12-25"]),
        (2027, &["01-01", "01-18", "02-15", "03-26", "05-31", "06-18", "07-05", "09-06", "11-25", "12-24"]),
        // New Year's Day of 2028 is a Saturday and not made up for.
        (2028, &["01-17", "02-21", "04-14", "05-29", "06-19", "07-04", "09-04", "11-23", "12-25"]),
        (2029, &["01-01", "01-15", "02-19", "03-30", "05-28", "06-19", "07-04", "09-03", "11-22", "12-25"]),
        (2030, &["01-01", "01-21", "02-18", "04-19", "05-27", "06-19", "07-04", "09-02", "11-28", "12-25"]),
    ];
    for (year, list) in lists {
        assert_eq!(closures(year), list, "{year}");
    }
}

#[test]
fn the_published_half_days() {
    let lists: [(i32, &[&str]); 7] = [
        (2024, &["07-03", "11-29", "12-24"]),
        (2025, &["07-03", "11-28", "12-24"]),
        (2026, &["11-27", "12-24"]),
        (2027, &["11-26"]),
        (2028, &["07-03", "11-24"]),
        (2029, &["07-03", "11-23", "12-24"]),
        (2030, &["07-03", "11-29", "12-24"]),
    ];
    for (year, list) in lists {
        assert_eq!(halves(year), list, "{year}");
    }
}

#[test]
fn the_number_of_sessions() {
    assert_eq!((count(2026), count(2027)), (251, 251));
    assert_eq!((2015..=2025).map(count).sum::<usize>(), 2_766);
}

/// The rules know nothing of a closure that nobody foretold; everything else the table must have as they do.
#[test]
fn the_table_and_the_rules_agree_on_every_day_but_the_unscheduled() {
    const UNSCHEDULED: [&str; 1] = ["2025-01-09"];
    let hours = |kind: equity::Kind| match kind {
        equity::Kind::Ordinary => Some(equity::CLOSE),
        equity::Kind::Short(closes, _) => Some(closes),
        equity::Kind::Weekend | equity::Kind::Closed(_) => None,
        equity::Kind::Unknown => panic!("a year that is covered"),
    };
    let mut differ = Vec::new();
    let mut days = 0;
    for day in table::YEARS.flat_map(year_days).filter(|day| !is_weekend(*day)) {
        days += 1;
        if hours(equity::kind(day)) != hours(equity::by_rule(day)) {
            differ.push(day.to_string());
        }
    }
    assert_eq!((days, differ), (1_827, UNSCHEDULED.map(str::to_owned).to_vec()));
}

#[test]
fn a_stock_day_follows_new_yorks_clock() {
    let session = |text| CALENDAR.day(Equity, date(text)).map(|day| (day.opens, day.closes));
    let winter = Some((at("2026-03-06T14:30:00Z"), at("2026-03-06T21:00:00Z")));
    let summer = Some((at("2026-03-09T13:30:00Z"), at("2026-03-09T20:00:00Z")));
    assert_eq!((session("2026-03-06"), session("2026-03-09")), (winter, summer));
    let autumn = Some((at("2026-10-30T13:30:00Z"), at("2026-10-30T20:00:00Z")));
    let back = Some((at("2026-11-02T14:30:00Z"), at("2026-11-02T21:00:00Z")));
    assert_eq!((session("2026-10-30"), session("2026-11-02")), (autumn, back));
    assert_eq!(session("2026-11-27").unwrap().1, at("2026-11-27T18:00:00Z"));
}

#[test]
fn the_edges_of_a_stock_session() {
    for (t, open) in [
        ("2026-11-23T14:29:59Z", false),
        ("2026-11-23T14:30:00Z", true),
        ("2026-11-23T20:59:59Z", true),
        ("2026-11-23T21:00:00Z", false),
        ("2026-11-27T18:00:00Z", false),
        ("2026-11-26T16:00:00Z", false),
        ("2025-01-09T16:00:00Z", false),
        ("2026-11-21T16:00:00Z", false),
    ] {
        assert_eq!(CALENDAR.is_open(Equity, at(t)), open, "{t}");
    }
}

#[test]
fn over_thanksgiving() {
    let evening = at("2026-11-25T22:00:00Z");
    assert_eq!(CALENDAR.next_open(Equity, evening), Some(at("2026-11-27T14:30:00Z")));
    assert_eq!(CALENDAR.next_close(Equity, evening), Some(at("2026-11-27T18:00:00Z")));
    assert_eq!(CALENDAR.last_close(Equity, at("2026-11-27T15:00:00Z")), Some(at("2026-11-25T21:00:00Z")));
    assert_eq!(CALENDAR.last_close(Equity, at("2026-11-27T18:00:00Z")), Some(at("2026-11-27T18:00:00Z")));
    // Hurricane Sandy: the longest closure of the years covered.
    assert_eq!(CALENDAR.next_open(Equity, at("2012-10-26T20:00:00Z")), Some(at("2012-10-31T13:30:00Z")));
}

#[test]
fn the_week_of_currencies() {
    let closes = at("2026-11-20T22:00:00Z");
    let opens = at("2026-11-22T22:00:00Z");
    let second = TimeDelta::seconds(1);
    assert!(CALENDAR.is_open(Forex, closes - second) && !CALENDAR.is_open(Forex, closes));
    assert!(!CALENDAR.is_open(Forex, opens - second) && CALENDAR.is_open(Forex, opens));
    assert_eq!(CALENDAR.next_open(Forex, closes), Some(opens));
    assert_eq!(CALENDAR.last_close(Forex, opens), Some(closes));
    assert_eq!(CALENDAR.open_until(Forex, opens), Some(at("2026-11-27T22:00:00Z")));
    assert_eq!(CALENDAR.open_until(Forex, closes), None);
    // In the middle of the week one day follows the other.
    let wednesday = at("2026-11-25T12:00:00Z");
    assert_eq!(CALENDAR.last_close(Forex, wednesday), Some(at("2026-11-24T22:00:00Z")));
    assert_eq!(CALENDAR.next_close(Forex, wednesday), Some(at("2026-11-25T22:00:00Z")));
}

#[test]
fn the_sundays_of_the_changed_hour() {
    // The clocks change in the night to Sunday: Friday closes by the old hour, Sunday opens by the new one.
    for (closes, opens) in [
        ("2026-03-06T22:00:00Z", "2026-03-08T21:00:00Z"),
        ("2026-10-30T21:00:00Z", "2026-11-01T22:00:00Z"),
        ("2027-03-12T22:00:00Z", "2027-03-14T21:00:00Z"),
        ("2027-11-05T21:00:00Z", "2027-11-07T22:00:00Z"),
    ] {
        assert_eq!(CALENDAR.next_open(Forex, at(closes)), Some(at(opens)));
        assert_eq!(CALENDAR.last_close(Forex, at(opens)), Some(at(closes)));
        assert_eq!(CALENDAR.account_day(at(opens)), at(opens));
        let before = at(opens) - TimeDelta::seconds(1);
        assert_eq!(CALENDAR.account_day(before), at(closes) + TimeDelta::days(1));
    }
}

#[test]
fn currencies_rest_on_christmas_and_new_year() {
    assert!(CALENDAR.is_open(Forex, at("2026-12-24T21:59:59Z")));
    assert!(!CALENDAR.is_open(Forex, at("2026-12-24T22:00:00Z")));
    assert_eq!(CALENDAR.next_open(Forex, at("2026-12-24T22:00:00Z")), Some(at("2026-12-27T22:00:00Z")));
    assert_eq!(CALENDAR.next_open(Forex, at("2025-12-31T22:00:00Z")), Some(at("2026-01-01T22:00:00Z")));
}

#[test]
fn coins_never_rest() {
    for t in ["2026-12-25T03:00:00Z", "2040-01-01T00:00:00Z", "1999-12-31T23:59:59Z"] {
        assert!(CALENDAR.is_open(Crypto, at(t)) && CALENDAR.open_until(Crypto, at(t)).is_none(), "{t}");
    }
    let t = at("2026-11-23T14:30:00Z");
    assert_eq!(CALENDAR.last_close(Crypto, t), Some(at("2026-11-23T00:00:00Z")));
    assert_eq!(CALENDAR.next_close(Crypto, t), Some(at("2026-11-24T00:00:00Z")));
}

#[test]
fn outside_of_the_covered_years_nothing_is_guessed() {
    for t in ["2006-06-14T16:00:00Z", "2031-06-11T16:00:00Z"] {
        assert!(!CALENDAR.is_open(Equity, at(t)));
        assert_eq!(CALENDAR.next_open(Equity, at(t)), None);
        assert_eq!(CALENDAR.last_close(Equity, at(t)), None);
    }
    assert_eq!(CALENDAR.next_open(Equity, at("2030-12-31T21:00:00Z")), None);
    let (next, why) = CALENDAR.next_run(&[Equity], at("2030-12-31T22:00:00Z"));
    assert_eq!(next, at("2031-01-01T22:00:00Z"));
    assert!(why.contains("covers 2007 to 2030"), "{why}");
    for end in [Time::MIN_UTC, Time::MAX_UTC] {
        for class in CLASSES {
            CALENDAR.next_open(class, end);
            CALENDAR.last_close(class, end);
        }
        CALENDAR.account_day(end);
    }
}

#[test]
fn the_next_pass() {
    let next = |classes: &[AssetClass], t: &str| CALENDAR.next_run(classes, at(t));
    let (time, why) = next(&[Equity], "2026-11-20T21:05:00Z");
    assert_eq!(time, at("2026-11-23T14:35:00Z"));
    assert_eq!(
        why,
        "5 minutes after 2026-11-23 14:30 UTC (09:30 New York): stocks open, then settle and protect"
    );
    let (time, why) = next(&[Equity], "2026-11-27T14:35:00Z");
    assert_eq!(time, at("2026-11-27T18:05:00Z"));
    assert_eq!(why, "5 minutes after 2026-11-27 18:00 UTC (13:00 New York): stocks close, then decide");
    // The close itself is past, its pass is not.
    assert_eq!(next(&[Equity], "2026-11-20T21:04:59Z").0, at("2026-11-20T21:05:00Z"));
    assert_eq!(next(&CLASSES, "2026-11-23T21:30:00Z").0, at("2026-11-23T22:05:00Z"));
    assert_eq!(next(&CLASSES, "2026-11-21T12:00:00Z").0, at("2026-11-22T00:05:00Z"));
    assert_eq!(next(&[Forex], "2026-11-21T12:00:00Z").0, at("2026-11-22T22:05:00Z"));
    assert_eq!(next(&[], "2026-11-21T12:00:00Z").0, at("2026-11-22T12:00:00Z"));
}

/// Real exchange days, where they lie beside the sources: the dates of a fund that trades every day.
#[test]
fn real_exchange_days() {
    let Some(shared) = std::env::var_os("TRADEWIND_SHARED") else {
        println!("skipped: TRADEWIND_SHARED names no folder of real data");
        return;
    };
    let file = std::path::Path::new(&shared).join("data/bars/SPY.csv");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: {} is not there", file.display());
        return;
    };
    let traded: BTreeSet<NaiveDate> = text.lines().skip(1).map(|line| date(&line[..10])).collect();
    let (first, last) = (*traded.first().unwrap(), *traded.last().unwrap());
    let ours: BTreeSet<NaiveDate> = first
        .iter_days()
        .take_while(|day| *day <= last)
        .filter(|day| CALENDAR.day(Equity, *day).is_some())
        .collect();
    let differ: Vec<_> = traded.symmetric_difference(&ours).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

fn classes() -> impl Strategy<Value = AssetClass> {
    prop::sample::select(CLASSES.to_vec())
}

/// A moment from 2008 to 2029, where all classes are covered.
fn moments() -> impl Strategy<Value = Time> {
    (1_199_145_600_i64..1_893_456_000).prop_map(|seconds| Time::from_timestamp(seconds, 0).unwrap())
}

proptest! {
    #[test]
    fn neighbours_agree(class in classes(), t in moments()) {
        let (opens, closes) = (CALENDAR.next_open(class, t).unwrap(), CALENDAR.next_close(class, t).unwrap());
        let last = CALENDAR.last_close(class, t).unwrap();
        prop_assert!(last <= t && t < opens && t < closes);
        prop_assert!(CALENDAR.is_open(class, opens));
        prop_assert!(CALENDAR.session(class, opens).unwrap().opens == opens);
        prop_assert!(CALENDAR.session(class, closes - TimeDelta::seconds(1)).unwrap().closes == closes);
        if let Some(session) = CALENDAR.session(class, t) {
            prop_assert!(session.holds(t) && session.closes == closes && session.closes <= opens);
            prop_assert!(last <= session.opens);
        } else {
            prop_assert!(opens < closes);
            prop_assert!(CALENDAR.session(class, opens).unwrap().closes == closes);
            prop_assert!(CALENDAR.next_close(class, last) == Some(closes));
            prop_assert!(CALENDAR.last_close(class, opens) == Some(last));
        }
    }

    #[test]
    fn an_account_day_is_a_day(t in moments()) {
        let day = CALENDAR.account_day(t);
        prop_assert!(day <= t && t - day < TimeDelta::hours(25));
        prop_assert!(day.with_timezone(&New_York).time() == ROLL);
        prop_assert!(CALENDAR.account_day(day) == day);
    }

    #[test]
    fn a_pass_is_always_ahead(t in moments()) {
        let (next, _) = CALENDAR.next_run(&CLASSES, t);
        prop_assert!(next > t && next - t <= TimeDelta::hours(25));
        let (again, _) = CALENDAR.next_run(&CLASSES, next - TimeDelta::seconds(1));
        prop_assert!(again == next);
    }
}

#[test]
fn a_venue_is_looked_after_by_new_yorks_clock_over_midnight_too() {
    let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
    let nightly = Blackout { days: vec![Weekday::Tue, Weekday::Fri], from: time(23, 45), to: time(0, 45) };
    let at = |text: &str| text.parse::<Time>().unwrap();
    let ends = |text: &str| Calendar::new().blackout(&nightly, at(text));
    // Tuesday 2026-03-03 in winter, five hours behind; Friday 2026-03-13 in summer, four.
    assert_eq!(ends("2026-03-04T04:44:59Z"), None);
    assert_eq!(ends("2026-03-04T04:45:00Z"), Some(at("2026-03-04T05:45:00Z")));
    assert_eq!(ends("2026-03-04T05:44:59Z"), Some(at("2026-03-04T05:45:00Z")));
    assert_eq!(ends("2026-03-04T05:45:00Z"), None);
    assert_eq!(ends("2026-03-05T05:00:00Z"), None, "not on a Wednesday");
    assert_eq!(ends("2026-03-14T04:00:00Z"), Some(at("2026-03-14T04:45:00Z")));
    let roll = Blackout { days: vec![Weekday::Tue], from: time(16, 59), to: time(17, 5) };
    assert_eq!(Calendar::new().blackout(&roll, at("2026-03-03T22:00:00Z")), Some(at("2026-03-03T22:05:00Z")));
    assert_eq!(Calendar::new().blackout(&roll, at("2026-03-03T22:05:00Z")), None);
}
