//! The clock of a venue beside ours.

use broker_api::{Direction, Ending, Level, Purpose, Record};
use chrono::TimeDelta;
use engine::{Input, Operator, Stage};

use super::Scene;
use crate::world::{arrives, capabilities, enter, of, plan, quote, setup, signal, venue};

fn at_a_broker() -> Scene {
    let mut setup = setup(capabilities());
    setup.stage = Stage::Broker;
    let mut scene = Scene::with(setup);
    scene.after(0);
    scene
}

fn reads(scene: &mut Scene, milliseconds: i64) {
    let ahead = TimeDelta::milliseconds(milliseconds);
    scene.feed(&[Input::Clock { venue: venue(), ahead }]);
}

fn denied(scene: &mut Scene, id: &str) -> String {
    let now = scene.now();
    let wanted = enter(Direction::Long, plan("1.09", ""));
    scene.feed(&[quote("EUR/USD", "1.1", "1.1", now), arrives(signal(id, "EUR/USD", wanted, now))]);
    let (ending, code) = scene.ended(id).expect("it ended");
    assert_eq!(ending, Ending::Denied, "{id}");
    code.expect("a code").to_string()
}

#[test]
fn two_readings_that_are_apart_pause_entries_and_nothing_else_until_they_agree() {
    let mut scene = at_a_broker();
    reads(&mut scene, 0);
    reads(&mut scene, 2_001);
    scene.enters("in", plan("190", ""));
    let entry = scene.made(Purpose::Entry)[0];
    assert_eq!(scene.book.guard().level, Level::Trading, "one reading may be wrong");
    scene.fills(entry.id, &entry.qty.to_string());
    scene.after(1);
    reads(&mut scene, -2_001);
    let guard = scene.book.guard();
    assert_eq!((guard.level, guard.until), (Level::Paused, Some(scene.now() + TimeDelta::minutes(10))));
    let reason = guard.reason.as_ref().expect("a reason");
    assert_eq!((reason.code, reason.key.as_deref()), (of("clock_skew"), Some("clock_milliseconds")));
    assert_eq!(denied(&mut scene, "paused"), "level");
    // Whom a person lets through is stopped by the check itself, until the clocks agree.
    let (name, why) = ("ann".into(), "looked".into());
    scene.feed(&[Input::Operator(Operator::Level { level: Level::Trading, name, why, until: None })]);
    assert_eq!(denied(&mut scene, "resumed"), "clock_skew");
    assert_eq!(scene.rests(Purpose::Stop).len(), 1, "what is held keeps its stop");
    reads(&mut scene, 2_001);
    assert_eq!(scene.book.guard().level, Level::Paused, "it is still so");
    scene.leaves("out");
    scene.after(1);
    assert_eq!(scene.made(Purpose::Exit).len(), 1, "exits go on");
    let exit = scene.made(Purpose::Exit)[0];
    scene.fills(exit.id, &exit.qty.to_string());
    reads(&mut scene, 0);
    scene.after(600);
    assert_eq!(scene.book.guard().level, Level::Trading, "by itself");
    let pauses = scene.records.iter().filter(
        |record| matches!(record, Record::LevelSet { reason, .. } if reason.code == of("clock_skew")),
    );
    assert_eq!(pauses.count(), 2);
    reads(&mut scene, 2_000);
    scene.enters("on-its-bound", plan("190", ""));
    assert_eq!(scene.made(Purpose::Entry).len(), 2);
}

#[test]
fn a_clock_that_nobody_read_in_this_process_denies_entries() {
    let mut scene = at_a_broker();
    assert_eq!(denied(&mut scene, "unread"), "no_clock");
    reads(&mut scene, 0);
    scene.after(301);
    assert_eq!(denied(&mut scene, "long-ago"), "no_clock");
    reads(&mut scene, 0);
    scene.restarts();
    scene.after(0);
    assert_eq!(denied(&mut scene, "another-process"), "no_clock");
    assert_eq!(scene.book.guard().level, Level::Trading, "what is not known trips nothing");
    reads(&mut scene, 2_001);
    assert_eq!(denied(&mut scene, "the-only-one"), "clock_skew");
    assert_eq!(scene.book.guard().level, Level::Trading);
}
