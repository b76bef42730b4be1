//! An account day begins with a reading of equity that is believed.

use broker_api::{Amount, Code, Direction, Ending, Level, Record};
use chrono::TimeDelta;
use engine::{Input, Stage};

use super::Scene;
use crate::world::{arrives, capabilities, enter, of, plan, quote, setup, signal, venue};

const TO_THE_NEXT_DAY: i64 = 7 * 3600;

fn at_a_broker() -> Scene {
    let mut setup = setup(capabilities());
    setup.stage = Stage::Broker;
    let mut scene = Scene::with(setup);
    scene.after(0);
    assert_eq!(begun(&scene), [("100000".to_owned(), "100000".to_owned())]);
    scene
}

/// What each day began with, and the highest equity then.
fn begun(scene: &Scene) -> Vec<(String, String)> {
    let text = |amount: &Amount| amount.to_string();
    let days = scene.records.iter().filter_map(|record| match record {
        Record::DayStarted { equity, high_water, .. } => Some((text(equity), text(high_water))),
        _ => None,
    });
    days.collect()
}

/// The account says so from now on, and is read so many seconds later.
fn says(scene: &mut Scene, equity: &'static str, seconds: i64) {
    scene.equity = equity;
    scene.after(seconds);
}

fn enters(scene: &mut Scene, id: &str) -> Option<(Ending, Option<Code>)> {
    let now = scene.now();
    let wanted = enter(Direction::Long, plan("45000", ""));
    scene.feed(&[
        Input::Clock { venue: venue(), ahead: TimeDelta::zero() },
        quote("BTC/USD", "50000", "50000", now),
        arrives(signal(id, "BTC/USD", wanted, now)),
    ]);
    scene.ended(id)
}

fn second_day(scene: &Scene) -> (String, String) {
    let days = begun(scene);
    assert_eq!(days.len(), 2, "{days:?}");
    days[1].clone()
}

#[test]
fn a_first_reading_that_is_too_high_begins_no_day_and_makes_no_fall() {
    let mut scene = at_a_broker();
    says(&mut scene, "1000000", TO_THE_NEXT_DAY);
    assert_eq!(begun(&scene).len(), 1, "no day begins with it");
    assert!(scene.desk.doubts().is_some(), "it is read once more");
    assert_eq!(enters(&mut scene, "early"), Some((Ending::Denied, Some(of("unconfirmed_equity")))));
    says(&mut scene, "101000", 1);
    assert_eq!(second_day(&scene), ("101000".to_owned(), "101000".to_owned()));
    assert!(scene.desk.doubts().is_none());
    scene.after(10);
    scene.after(10);
    assert_eq!(scene.book.guard().level, Level::Trading, "nothing fell");
    assert_eq!(enters(&mut scene, "late"), None, "it is on its way");
}

#[test]
fn a_first_reading_that_is_too_low_does_not_blind_the_day() {
    let mut scene = at_a_broker();
    says(&mut scene, "10000", TO_THE_NEXT_DAY);
    assert_eq!(begun(&scene).len(), 1);
    // One reading of such a fall ends entries, as at any time, and closes nothing.
    assert_eq!(scene.book.guard().level, Level::ReduceOnly);
    says(&mut scene, "99000", 1);
    assert_eq!(second_day(&scene), ("99000".to_owned(), "100000".to_owned()));
    says(&mut scene, "93000", 1);
    scene.after(5);
    assert_eq!(scene.book.guard().level, Level::Flattening, "6 % of what the day began with");
}

#[test]
fn what_a_second_reading_confirms_begins_the_day_with_the_nearer_of_the_two() {
    let mut scene = at_a_broker();
    says(&mut scene, "110000", TO_THE_NEXT_DAY);
    says(&mut scene, "108000", 4);
    assert_eq!(begun(&scene).len(), 1, "too soon after the first");
    says(&mut scene, "109000", 1);
    assert_eq!(second_day(&scene), ("109000".to_owned(), "109000".to_owned()));
    // Three percent and more is far, less is not.
    says(&mut scene, "112300", 24 * 3600);
    assert_eq!(begun(&scene).len(), 3);
    says(&mut scene, "115800", 24 * 3600);
    assert_eq!(begun(&scene).len(), 3);
    // On the other side of what is known it confirms nothing.
    says(&mut scene, "108000", 5);
    assert_eq!(begun(&scene).len(), 3);
}

#[test]
fn a_process_that_begins_between_two_readings_makes_both_itself() {
    let mut scene = at_a_broker();
    says(&mut scene, "1000000", TO_THE_NEXT_DAY);
    scene.restarts();
    says(&mut scene, "1000000", 60);
    assert_eq!(begun(&scene).len(), 1, "the first one of this process");
    says(&mut scene, "100000", 4);
    assert_eq!(second_day(&scene), ("100000".to_owned(), "100000".to_owned()));
    assert_eq!(scene.book.guard().level, Level::Trading);
}
