//! Real money and limits, as a desk sees them that anybody may have made.

use broker_api::{AccountRef, Ending, Figures, Level, Mode, Purpose, Record};
use chrono::TimeDelta;
use engine::{Desk, Input, Operator};

use super::Scene;
use crate::world::{account_ref, capabilities, of, plan, setup};

fn ours() -> AccountRef {
    AccountRef { mode: Mode::Live, ..account_ref() }
}

fn arms(scene: &mut Scene, of: AccountRef, seconds: u32, limits: u32, gate: Option<&str>) {
    let override_gate = gate.map(Into::into);
    let (name, why) = ("ann".into(), "to begin".into());
    let drilled_before = Some(60);
    let arm =
        Operator::Arm { of, seconds, limits, drilled_before, override_gate, certificate: None, name, why };
    scene.feed(&[Input::Operator(arm)]);
}

fn is_armed(scene: &Scene) -> bool {
    scene.book.guard().armed.is_some()
}

/// Armed for an hour.
fn armed() -> Scene {
    let mut scene = Scene::live(capabilities());
    scene.after(0);
    arms(&mut scene, ours(), 3_600, 1, Some("see my notes"));
    assert!(is_armed(&scene));
    scene
}

fn denied(scene: &Scene, id: &str) -> Option<String> {
    let (ending, code) = scene.ended(id)?;
    (ending == Ending::Denied).then(|| code.map_or_else(String::new, |code| code.to_string()))
}

/// Why the guard disarmed.
fn disarmed(scene: &Scene) -> Vec<String> {
    let reason = |record: &Record| match record {
        Record::Disarmed(disarmed) => Some(disarmed.reason.text.to_string()),
        _ => None,
    };
    scene.records.iter().filter_map(reason).collect()
}

#[test]
fn what_may_not_be_armed_is_not() {
    let mut scene = Scene::live(capabilities());
    let gate = Some("see my notes");
    arms(&mut scene, ours(), 3_600, 1, gate);
    assert!(!is_armed(&scene), "the account was not read");
    scene.after(0);
    arms(&mut scene, ours(), 3_600, 1, None);
    arms(&mut scene, ours(), 3_600, 2, gate);
    arms(&mut scene, ours(), 0, 1, gate);
    arms(&mut scene, ours(), 30 * 24 * 3_600 + 1, 1, gate);
    arms(&mut scene, account_ref(), 3_600, 1, gate);
    arms(&mut scene, AccountRef { account: of("other"), ..ours() }, 3_600, 1, gate);
    scene.desk.set_halted(true);
    arms(&mut scene, ours(), 3_600, 1, gate);
    scene.desk.set_halted(false);
    assert!(!is_armed(&scene) && scene.book.guard().gates.is_empty());
    scene.enters("in", plan("190", ""));
    assert_eq!(denied(&scene, "in").as_deref(), Some("not_armed"));
    arms(&mut scene, ours(), 30 * 24 * 3_600, 1, gate);
    assert!(is_armed(&scene));
}

#[test]
fn an_arming_ends_with_its_time_and_what_rests_is_cancelled() {
    let mut scene = armed();
    scene.enters("in", plan("190", ""));
    assert_eq!(scene.rests(Purpose::Entry).len(), 1);
    scene.after(3_599);
    assert!(is_armed(&scene));
    assert!(scene.desk.next_due().is_some_and(|due| due <= scene.now() + TimeDelta::seconds(1)));
    scene.after(1);
    assert!(!is_armed(&scene));
    scene.after(10);
    assert_eq!(scene.rests(Purpose::Entry).len(), 0, "the entry that rested is cancelled");
    assert_eq!(disarmed(&scene).len(), 1);
}

#[test]
fn a_position_keeps_its_stop_and_may_be_left_when_nothing_is_armed() {
    let mut scene = armed();
    scene.enters("in", plan("190", ""));
    let entry = scene.made(Purpose::Entry)[0];
    scene.fills(entry.id, &entry.qty.to_string());
    scene.after(3_600);
    assert!(!is_armed(&scene));
    assert_eq!(scene.rests(Purpose::Stop).len(), 1, "it is placed without an arming");
    scene.leaves("out");
    scene.after(1);
    scene.after(1);
    assert_eq!(scene.made(Purpose::Exit).len(), 1);
}

#[test]
fn a_level_another_account_and_other_limits_disarm() {
    let mut scene = armed();
    let act =
        Operator::Level { level: Level::ReduceOnly, name: "ann".into(), why: "odd".into(), until: None };
    scene.feed(&[Input::Operator(act)]);
    assert_eq!(disarmed(&scene), ["the level is reduce-only"]);
    let mut scene = armed();
    let act = Operator::Level { level: Level::Paused, name: "ann".into(), why: "odd".into(), until: None };
    scene.feed(&[Input::Operator(act)]);
    assert!(is_armed(&scene), "a pause ends by itself, and disarms nothing");
    let mut scene = armed();
    scene.mode = Mode::Practice;
    scene.after(1);
    assert!(!is_armed(&scene) && disarmed(&scene)[0].contains("PRACTICE"), "{:?}", disarmed(&scene));
    let mut scene = armed();
    scene.versioned(2);
    scene.after(1);
    assert!(!is_armed(&scene) && disarmed(&scene)[0].contains("version 2"), "{:?}", disarmed(&scene));
}

#[test]
fn a_desk_with_limits_that_nobody_confirmed_lets_no_entry_through() {
    let mut scene = Scene::new(capabilities());
    scene.versioned(1);
    let mut looser = setup(capabilities());
    looser.limits.positions_max = 21;
    scene.desk = Desk::new(looser.clone());
    scene.after(0);
    scene.enters("in", plan("190", ""));
    assert_eq!(denied(&scene, "in").as_deref(), Some("loosened_limit"));
    // Confirmed, and the next account day has begun.
    let figures: Figures = [("positions_max".into(), "21".into())].into();
    let (name, why) = ("ann".into(), "larger".into());
    scene.feed(&[Input::Operator(Operator::ConfirmLimits { figures, name, why })]);
    scene.enters("early", plan("190", ""));
    assert_eq!(denied(&scene, "early").as_deref(), Some("loosened_limit"));
    scene.after(24 * 3_600);
    scene.enters("late", plan("190", ""));
    assert_eq!((denied(&scene, "late"), scene.made(Purpose::Entry).len()), (None, 1));
    // Twice is no great deal.
    let mut scene = Scene::new(capabilities());
    scene.versioned(1);
    looser.limits.positions_max = 20;
    scene.desk = Desk::new(looser);
    scene.after(0);
    scene.enters("in", plan("190", ""));
    assert_eq!(scene.made(Purpose::Entry).len(), 1);
}
