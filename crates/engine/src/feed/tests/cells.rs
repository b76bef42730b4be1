//! Cells read straight from the bytes are what the slower readers make of them.

use chrono::Datelike;
use proptest::prelude::*;

use super::*;
use crate::feed::cells::{Stamp, plain, stamp, usual};
use crate::feed::sessions::Sessions;

/// Both readings of a number agree, to the last digit and place.
fn agrees(text: &str) {
    let Some(fast) = plain(text.as_bytes()) else { return };
    let slow = text.parse::<Ratio>().unwrap_or_else(|bad| panic!("{text:?} {bad}")).get();
    assert_eq!((fast.mantissa(), fast.scale()), (slow.mantissa(), slow.scale()), "{text:?}");
    assert_eq!(fast.is_sign_negative(), slow.is_sign_negative());
    let parsed = text.parse::<Price>().map(Price::get);
    assert_eq!(Price::new(fast).map(Price::get), parsed);
    assert_eq!(Qty::new(fast), text.parse::<Qty>());
}

proptest! {
    #[test]
    fn numbers_agree(whole in "[0-9]{0,20}", point in "[.]{0,2}", fraction in "[0-9]{0,20}") {
        agrees(&format!("{whole}{point}{fraction}"));
    }

    #[test]
    fn any_text_agrees(text in "[-+0-9.eE ,_]{0,20}") {
        agrees(&text);
    }

    #[test]
    fn usual_numbers_are_read_straight(text in "[0-9]{1,9}(\\.[0-9]{1,8})?") {
        prop_assert!(plain(text.as_bytes()).is_some());
        agrees(&text);
    }

    #[test]
    fn moments_agree(seconds in -60_000_000_000_i64..250_000_000_000, odd in "[-0-9TZ: .+]{10,20}") {
        let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let written = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        prop_assert_eq!(usual(written.as_bytes()), Ok(Some(Stamp::Moment(at))));
        prop_assert_eq!(stamp(&at.to_rfc3339()), Ok(Stamp::Moment(at)));
        if let Ok(Some(Stamp::Moment(read))) = usual(odd.as_bytes()) {
            prop_assert_eq!(Ok(read), odd.parse::<Time>());
        }
    }
}

#[test]
fn every_date_is_read_and_has_the_session_of_the_calendar() {
    let calendar = Calendar::new();
    let mut sessions = Sessions::new();
    let first = NaiveDate::from_ymd_opt(2006, 12, 1).unwrap();
    for date in first.iter_days().take_while(|date| date.year() <= 2031) {
        assert_eq!(usual(date.to_string().as_bytes()), Ok(Some(Stamp::Date(date))));
        for class in AssetClass::ALL {
            let expected = calendar.day(class, date).or_else(|| calendar.regular(class, date));
            assert!(expected.is_some());
            // Twice: as it is computed, and as it is remembered.
            assert_eq!([sessions.get(class, date), sessions.get(class, date)], [expected; 2]);
        }
    }
    for other in ["2026-02-29", "2026-11-31", "2026-00-01", "2026-11-1x", "2026/11/20", "+2026-1-20"] {
        assert_eq!(usual(other.as_bytes()), Ok(None));
        assert!(stamp(other).is_err());
    }
}

#[test]
fn digits_that_are_no_seconds() {
    assert_eq!(stamp("1420070460"), Ok(Stamp::Close(at("2015-01-01T00:01:00Z"))));
    assert_eq!(stamp("0"), Ok(Stamp::Close(at("1970-01-01T00:00:00Z"))));
    for (text, why) in [
        ("1420070460000", "is too far away for seconds since 1970 (milliseconds perhaps)"),
        ("20150102", "looks like a date without its dashes"),
        ("1420070460.5", "nor whole seconds since 1970"),
        ("-1420070460", "nor whole seconds since 1970"),
        ("1420070460142007046014200704601420070460", "nor whole seconds since 1970"),
    ] {
        let error = stamp(text).unwrap_err();
        assert!(error.contains(text) && error.ends_with(why), "{error}");
    }
}
