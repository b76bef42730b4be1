//! Open or closed, and why; the calendar beside what a venue says.

use broker_api::{VenueDay, VenueHours};

use super::*;

#[test]
fn around_the_change_of_the_currencies_day_no_entry_goes() {
    let open = |t| CALENDAR.open(Forex, at(t), None);
    let roll = |until| Opening::Roll { until: at(until) };
    for (t, expected) in [
        ("2026-11-24T21:44:59Z", Opening::Open),
        ("2026-11-24T21:45:00Z", roll("2026-11-24T22:15:00Z")),
        ("2026-11-24T22:00:00Z", roll("2026-11-24T22:15:00Z")),
        ("2026-11-24T22:14:59Z", roll("2026-11-24T22:15:00Z")),
        ("2026-11-24T22:15:00Z", Opening::Open),
        // The week ends and begins with the same quarters of an hour.
        ("2026-11-27T21:50:00Z", roll("2026-11-27T22:15:00Z")),
        ("2026-11-27T22:00:00Z", Opening::Closed),
        ("2026-11-29T22:00:00Z", roll("2026-11-29T22:15:00Z")),
    ] {
        assert_eq!(open(t), expected, "{t}");
        assert_eq!(open(t).is_trading(), CALENDAR.is_open(Forex, at(t)), "{t}");
    }
    for t in ["2026-11-24T22:00:00Z", "2026-11-24T20:59:59Z"] {
        assert_eq!(CALENDAR.open(Crypto, at(t), None), Opening::Open);
    }
}

#[test]
fn where_calendar_and_venue_disagree_no_entry_goes_and_an_exit_is_tried() {
    let (day, night) = (at("2026-11-24T15:00:00Z"), at("2026-11-24T03:00:00Z"));
    for (t, says, expected) in [
        (day, None, Opening::Open),
        (day, Some(true), Opening::Open),
        (day, Some(false), Opening::Disagree),
        (night, None, Opening::Closed),
        (night, Some(false), Opening::Closed),
        (night, Some(true), Opening::Disagree),
    ] {
        assert_eq!(CALENDAR.open(Equity, t, says), expected, "{t} {says:?}");
    }
    assert!(Opening::Disagree.takes_exits() && !Opening::Disagree.is_trading());
}

#[test]
fn why_a_market_is_closed() {
    let why = |class, t| CALENDAR.why(class, at(t)).map(|why| why.to_string());
    for (class, t, expected) in [
        (Equity, "2026-11-24T15:00:00Z", None),
        (Equity, "2026-11-24T22:00:00Z", Some("outside of its hours")),
        (Equity, "2026-11-21T16:00:00Z", Some("outside of its hours")),
        (Equity, "2026-11-26T16:00:00Z", Some("Thanksgiving Day")),
        (Equity, "2026-11-27T15:00:00Z", None),
        (Equity, "2026-11-27T18:00:00Z", Some("closed early: day after Thanksgiving")),
        (Equity, "2025-01-09T16:00:00Z", Some("mourning for President Carter")),
        (Equity, "2031-06-11T16:00:00Z", Some("the calendar covers 2007 to 2030")),
        (Forex, "2026-12-24T23:00:00Z", Some("Christmas Day")),
        (Forex, "2026-11-28T12:00:00Z", Some("outside of its hours")),
        (Crypto, "2026-12-25T12:00:00Z", None),
    ] {
        assert_eq!(why(class, t).as_deref(), expected, "{class} {t}");
    }
}

/// Ten days of a venue's own calendar, as ours has them.
fn listed(class: AssetClass, from: &str) -> Vec<VenueDay> {
    let hours = |day: Session| VenueHours { opens: day.opens, closes: day.closes };
    let dates = date(from).iter_days().take(10);
    dates.map(|date| VenueDay { date, hours: CALENDAR.day(class, date).map(hours) }).collect()
}

#[test]
fn a_venue_whose_days_differ_is_told_of_day_by_day() {
    let from = "2026-11-23";
    for class in CLASSES {
        assert_eq!(CALENDAR.compare(class, date(from), 10, &listed(class, from)), [], "{class}");
    }
    let mut theirs = listed(Equity, from);
    // It forgot the half day, stays closed on a day of ours, and leaves one out.
    theirs[4].hours.as_mut().unwrap().closes = at("2026-11-27T21:00:00Z");
    theirs[7].hours = None;
    theirs.remove(8);
    let told = CALENDAR.compare(Equity, date(from), 10, &theirs);
    let texts: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "stocks on 2026-11-27: our calendar has 2026-11-27 14:30 to 2026-11-27 18:00 UTC, \
             the venue's 2026-11-27 14:30 to 2026-11-27 21:00 UTC",
            "stocks on 2026-11-30: our calendar has 2026-11-30 14:30 to 2026-11-30 21:00 UTC, the venue's closed",
            "stocks on 2026-12-01: our calendar has 2026-12-01 14:30 to 2026-12-01 21:00 UTC, the venue's not listed",
        ]
    );
    for (t, says) in [
        ("2026-11-23T04:00:00Z", None), // the evening before, in New York
        ("2026-11-23T05:00:00Z", Some(false)),
        ("2026-11-27T19:00:00Z", Some(true)),
        ("2026-11-30T15:00:00Z", Some(false)),
        ("2026-12-02T15:00:00Z", Some(true)),
        ("2026-12-02T22:00:00Z", None),
        ("2026-12-03T15:00:00Z", None),
    ] {
        assert_eq!(super::super::says(&theirs, at(t)), says, "{t}");
    }
    assert_eq!(says(&[], at("2026-11-23T15:00:00Z")), None);
    let coins = listed(Crypto, from);
    assert_eq!(says(&coins, at("2026-11-23T04:00:00Z")), Some(true));
}
