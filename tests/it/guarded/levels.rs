//! What the guard does when equity falls, and how a person lets entries through again.

use broker_api::{By, Code, Ending, Level, Money, NonTrade, NonTradeKind, Purpose, Record, Time, VenueEvent};
use chrono::{TimeDelta, TimeZone, Utc};
use engine::calendar::Calendar;
use engine::{Input, Operator};

use super::Scene;
use crate::world::{capabilities, of, plan, setup};

fn holding() -> Scene {
    Scene::holding(capabilities(), plan("190", ""))
}

fn level(scene: &Scene) -> Level {
    scene.book.guard().level
}

fn until(scene: &Scene) -> Option<Time> {
    scene.book.guard().until
}

fn asks(scene: &mut Scene, level: Level) {
    let act = Operator::Level { level, name: "ann".into(), why: "looked".into(), until: None };
    scene.feed(&[Input::Operator(act)]);
}

/// The account is worth so much for so many seconds, and is read at their end.
fn worth(scene: &mut Scene, equity: &'static str, seconds: i64) {
    scene.equity = equity;
    scene.after(seconds);
}

/// The account is worth so much a minute after the next account day has begun, and is read then.
fn next_day(scene: &mut Scene, equity: &'static str) {
    let day = Calendar::new().account_day(scene.now() + TimeDelta::hours(25)) + TimeDelta::minutes(1);
    let day = if day - TimeDelta::hours(24) > scene.now() { day - TimeDelta::hours(24) } else { day };
    worth(scene, equity, (day - scene.now()).num_seconds());
}

fn closes(scene: &Scene) -> usize {
    scene.records.iter().filter(|record| matches!(record, Record::ExitWanted { .. })).count()
}

#[test]
fn one_bad_reading_ends_entries_and_closes_nothing() {
    let mut scene = holding();
    worth(&mut scene, "93000", 10);
    assert_eq!((level(&scene), closes(&scene)), (Level::ReduceOnly, 0), "one reading");
    worth(&mut scene, "100000", 10);
    worth(&mut scene, "93000", 10);
    worth(&mut scene, "100000", 10);
    assert_eq!((level(&scene), closes(&scene)), (Level::ReduceOnly, 0), "never two after each other");
    assert_eq!(scene.rests(Purpose::Stop).len(), 1);
}

#[test]
fn two_readings_five_seconds_apart_close_everything() {
    let mut scene = holding();
    worth(&mut scene, "93000", 10);
    worth(&mut scene, "93000", 4);
    assert_eq!((level(&scene), closes(&scene)), (Level::ReduceOnly, 0), "too near to each other");
    worth(&mut scene, "93000", 1);
    assert_eq!((level(&scene), closes(&scene)), (Level::Flattening, 1));
    let reason = scene.book.guard().reason.clone().expect("a reason");
    assert_eq!((reason.code, reason.key.as_deref()), (of("daily_loss"), Some("daily_loss_flatten_percent")));
    assert_eq!(scene.made(Purpose::Exit).len(), 1);
}

#[test]
fn what_closed_everything_is_left_in_two_steps_and_not_within_a_day() {
    let mut scene = holding();
    worth(&mut scene, "93000", 10);
    worth(&mut scene, "93000", 5);
    let over = scene.now() + TimeDelta::hours(24);
    assert_eq!(until(&scene), Some(over));
    // The next account day measures its loss from its own beginning.
    next_day(&mut scene, "93000");
    asks(&mut scene, Level::Trading);
    assert_eq!((level(&scene), until(&scene)), (Level::ReduceOnly, Some(over)), "one step");
    asks(&mut scene, Level::Trading);
    assert_eq!(level(&scene), Level::ReduceOnly, "not before its time");
    let left = (over - scene.now()).num_seconds();
    worth(&mut scene, "93000", left - 1);
    asks(&mut scene, Level::Trading);
    assert_eq!(level(&scene), Level::ReduceOnly);
    scene.restarts();
    worth(&mut scene, "93000", 1);
    asks(&mut scene, Level::Trading);
    assert_eq!(level(&scene), Level::Trading);
    assert!(matches!(scene.book.guard().by, Some(By::Operator { .. })));
}

/// What stopped it looks again at once.
#[test]
fn a_step_on_the_day_of_the_loss_leads_nowhere() {
    let mut scene = holding();
    worth(&mut scene, "93000", 10);
    worth(&mut scene, "93000", 5);
    asks(&mut scene, Level::Trading);
    assert_eq!(level(&scene), Level::ReduceOnly);
    worth(&mut scene, "93000", 5);
    worth(&mut scene, "93000", 5);
    assert_eq!(level(&scene), Level::Flattening);
}

#[test]
fn after_the_loss_of_a_day_nobody_lets_entries_through_before_the_next() {
    let mut scene = holding();
    worth(&mut scene, "96900", 10);
    // 17:00 in New York on the day of the scene.
    let next = Utc.with_ymd_and_hms(2026, 3, 3, 22, 0, 0).single();
    assert_eq!((level(&scene), until(&scene)), (Level::ReduceOnly, next));
    asks(&mut scene, Level::Trading);
    assert_eq!(level(&scene), Level::ReduceOnly);
    asks(&mut scene, Level::ReduceOnly);
    assert_eq!(until(&scene), next, "to say it again takes no time away");
    worth(&mut scene, "96900", 7 * 3600);
    asks(&mut scene, Level::Trading);
    assert_eq!(level(&scene), Level::Trading);
}

#[test]
fn small_losses_of_some_days_add_up_to_that_of_the_week() {
    let mut scene = holding();
    for equity in ["97500", "95500", "93000"] {
        next_day(&mut scene, equity);
        assert_eq!(level(&scene), Level::Trading, "{equity}");
    }
    worth(&mut scene, "91900", 60);
    assert_eq!(level(&scene), Level::ReduceOnly);
    assert_eq!(scene.book.guard().reason.as_ref().map(|reason| reason.code), Some(of("weekly_loss")));
    // Sunday, 17:00 in New York, daylight-saving time since that morning.
    assert_eq!(until(&scene), Utc.with_ymd_and_hms(2026, 3, 8, 21, 0, 0).single());
    worth(&mut scene, "91900", 5 * 24 * 3600);
    asks(&mut scene, Level::Trading);
    worth(&mut scene, "91900", 1);
    assert_eq!(level(&scene), Level::Trading, "the next week is measured from its own beginning");
}

/// Money that comes in makes no fall smaller, and none larger before the account was read with it.
#[test]
fn a_fall_keeps_its_share_when_money_comes_in() {
    let mut scene = holding();
    // Fallen by 13.9 % from the highest, a little each day, into the third week.
    for equity in
        ["98000", "96000", "94000", "94000", "94000", "93500", "91500", "89500", "88000", "88000", "88000"]
    {
        next_day(&mut scene, equity);
    }
    next_day(&mut scene, "86100");
    next_day(&mut scene, "86100");
    assert_eq!(level(&scene), Level::Trading);
    let at = scene.now();
    let money = Money { amount: of("100000"), currency: of("USD") };
    let transfer = NonTrade {
        id: of("t1"),
        kind: NonTradeKind::Transfer,
        key: None,
        units: broker_api::Held::FLAT,
        becomes: None,
        money,
        at,
    };
    scene.tells(&VenueEvent::NonTrade(transfer));
    worth(&mut scene, "186100", 1);
    let guard = scene.book.guard();
    assert_eq!((level(&scene), guard.high_water), (Level::Trading, Some(of("216144.02"))));
    worth(&mut scene, "183700", 10);
    assert_eq!(level(&scene), Level::ReduceOnly, "15 % of what there was, whatever came in");
    assert_eq!(scene.book.guard().reason.as_ref().map(|reason| reason.code), Some(of("drawdown")));
}

#[test]
fn what_a_venue_refuses_three_times_ends_entries() {
    let mut setup = setup(capabilities());
    setup.limits.entries_again_max = 10;
    let mut scene = Scene::with(setup);
    scene.refuses = vec![Purpose::Entry];
    scene.after(0);
    for (n, id) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(level(&scene), Level::Trading, "{n}");
        scene.enters(id, plan("190", ""));
        scene.after(61);
        assert_eq!(scene.ended(id).map(|(ending, _)| ending), Some(Ending::Rejected));
    }
    let reason = scene.book.guard().reason.as_ref().map(|reason| reason.code);
    assert_eq!((level(&scene), reason), (Level::ReduceOnly, Some(of::<Code>("refusals"))));
    asks(&mut scene, Level::Trading);
    scene.refuses.clear();
    scene.after(61);
    scene.enters("d", plan("190", ""));
    assert_eq!(scene.live.len(), 1, "what was refused before a person looked does not count again");
}

/// What is held is not known well enough to close it, whoever asks.
#[test]
fn a_frozen_desk_closes_nothing_and_stays_frozen() {
    let mut scene = holding();
    asks(&mut scene, Level::Frozen);
    let act = Operator::Flatten { name: "ann".into(), why: "leaving".into() };
    scene.feed(&[Input::Operator(act)]);
    assert_eq!((level(&scene), closes(&scene), scene.rests(Purpose::Stop).len()), (Level::Frozen, 0, 1));
}
