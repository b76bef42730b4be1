//! What stops a part of trading, or everything, by the figures alone.

use super::*;
use crate::stops::{class_loss, class_loss_max, diverged};

#[test]
fn a_class_may_lose_its_share_of_what_the_day_began_with() {
    let (ten, limits) = ("10000".parse().unwrap(), Limits::paper());
    assert_eq!(class_loss_max(ten, AssetClass::Crypto, &limits), "200".parse().ok());
    assert_eq!(class_loss_max(Amount::ZERO, AssetClass::Crypto, &limits), None);
    let reason = class_loss(AssetClass::Forex, "212.345".parse().unwrap(), ten, &limits);
    assert_eq!(
        (reason.code.as_str(), reason.key.as_deref()),
        ("class_loss", Some("daily_loss_forex_percent"))
    );
    let figures = (reason.would_be.as_deref(), reason.limit.as_deref());
    assert_eq!(figures, (Some("2.12 %"), Some("2 %")));
    assert!(reason.text.contains("forex lost 212.34 since"), "{}", reason.text);
}

#[test]
fn all_that_is_poor_is_said_and_what_stops_the_most_first() {
    let limits = Limits::paper();
    let (worst, mean) = ("151".parse().ok(), "38".parse().ok());
    let executed = Executed { worst, mean, answer: Some(TimeDelta::seconds(6)) };
    let found = poor(&executed, AssetClass::Crypto, &limits);
    let kinds = found.iter().map(|poor| match poor {
        Poor::Everything(_) => "everything",
        Poor::Class(_) => "class",
        Poor::Instrument(_) => "instrument",
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["everything", "class", "instrument"]);
    let codes: Vec<_> = found.into_iter().map(|poor| poor.reason().code.to_string()).collect();
    assert_eq!(codes, ["slow_answers", "slippage_mean", "slippage"]);
    let (worst, mean) = ("150".parse().ok(), "37.5".parse().ok());
    let executed = Executed { worst, mean, answer: Some(TimeDelta::seconds(5)) };
    assert!(poor(&executed, AssetClass::Crypto, &limits).is_empty());
    assert!(poor(&Executed::default(), AssetClass::Equity, &limits).is_empty());
}

#[test]
fn more_than_two_instruments_or_a_venue_freeze_everything() {
    let limits = Limits::paper();
    assert_eq!(diverged(2, 0, &limits), None);
    for (instruments, venues) in [(3, 0), (0, 1), (9, 9)] {
        let trip = diverged(instruments, venues, &limits).unwrap();
        assert_eq!((trip.level, trip.until), (Level::Frozen, None));
        assert_eq!(trip.reason.code.as_str(), "many_diverged");
    }
}
