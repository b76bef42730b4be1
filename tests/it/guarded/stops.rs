//! What stops entries of a part of trading, while everything else goes on, and how it ends.

use broker_api::{
    AssetClass, Code, Direction, End, Ending, Level, Purpose, Record, Repair, Scope, Side, Stopped,
};
use chrono::{TimeDelta, TimeZone, Utc};
use engine::{Input, Operator, Setup};
use proptest::prelude::*;

use super::Scene;
use crate::world::{arrives, capabilities, enter, key, of, plan, quote, setup, signal, venue};

fn holding() -> Scene {
    Scene::holding(capabilities(), plan("190", ""))
}

/// Prices of stocks are live, and nothing is in the way of many entries.
fn live() -> Setup {
    let mut setup = setup(capabilities());
    setup.bars.clear();
    (setup.limits.duplicate_seconds, setup.limits.entries_again_max) = (1, 1000);
    (setup.limits.entries_minute_max, setup.limits.day_trades_max) = (1000, 1000);
    (setup.limits.cooldown_losses, setup.limits.latch_losses) = (100, 200);
    setup
}

fn stops(scene: &Scene) -> Vec<(Scope, String, bool)> {
    let row = |stop: &Stopped| (stop.scope, stop.reason.code.to_string(), stop.until.is_some());
    scene.book.guard().stopped.iter().map(row).collect()
}

fn allows(scene: &mut Scene, scope: Scope) {
    let act = Operator::Allow { scope, name: "ann".into(), why: "looked".into() };
    scene.feed(&[Input::Operator(act)]);
}

/// An entry into the pair or the coin.
fn enters(
    scene: &mut Scene,
    id: &str,
    symbol: &str,
    price: &str,
    stop: &str,
) -> Option<(Ending, Option<Code>)> {
    let now = scene.now();
    let wanted = enter(Direction::Long, plan(stop, ""));
    scene.feed(&[quote(symbol, price, price, now), arrives(signal(id, symbol, wanted, now))]);
    scene.ended(id)
}

const STOCKS: Scope = Scope::Class(AssetClass::Equity);

#[test]
fn a_class_that_lost_too_much_by_prices_is_stopped_at_the_second_reading() {
    let mut scene = holding();
    assert_eq!(scene.made(Purpose::Entry)[0].qty, of("49"));
    // 2,058 of 100,000; the account itself says that nothing was lost.
    scene.bid = "158".into();
    scene.after(10);
    assert!(stops(&scene).is_empty(), "one reading");
    assert!(scene.desk.doubts().is_some(), "it is read once more");
    scene.after(4);
    assert!(stops(&scene).is_empty(), "too near to each other");
    scene.after(1);
    assert_eq!(stops(&scene), [(STOCKS, "class_loss".to_owned(), true)]);
    assert_eq!((scene.desk.doubts(), scene.book.guard().level), (None, Level::Trading));
    assert_eq!(scene.rests(Purpose::Stop).len(), 1, "what is held keeps its stop");
    let pair = enters(&mut scene, "pair", "EUR/USD", "1.1", "1.09");
    assert_eq!(pair, None, "others go on");
}

#[test]
fn a_bad_price_that_is_gone_at_the_next_reading_stops_nothing() {
    let mut scene = holding();
    for bid in ["150", "200", "150", "200"] {
        scene.bid = bid.into();
        scene.after(10);
    }
    assert!(stops(&scene).is_empty() && scene.desk.doubts().is_none());
}

#[test]
fn what_was_closed_at_a_loss_stops_its_class_at_once_and_until_the_next_day() {
    let mut scene = holding();
    scene.bid = "150".into();
    let stop = scene.rests(Purpose::Stop)[0];
    scene.fills(stop.id, &stop.qty.to_string());
    scene.after(1);
    assert_eq!(stops(&scene), [(STOCKS, "class_loss".to_owned(), true)]);
    let next = Utc.with_ymd_and_hms(2026, 3, 3, 22, 0, 0).single();
    assert_eq!(scene.book.guard().stopped[0].until, next);
    scene.bid = "200".into();
    scene.after(61);
    scene.enters("again", plan("190", ""));
    assert_eq!(scene.ended("again"), Some((Ending::Denied, Some(of("entries_stopped")))));
    scene.restarts();
    let left = (next.expect("a time") - scene.now()).num_seconds();
    scene.after(left - 1);
    assert_eq!(stops(&scene).len(), 1, "not before its time");
    scene.after(1);
    assert!(stops(&scene).is_empty(), "by itself, and not again");
    let ends = scene.records.iter().filter(|record| matches!(record, Record::EntriesAllowed { .. }));
    assert_eq!(ends.count(), 1);
}

/// Yesterday's loss is not lost again today.
#[test]
fn what_was_carried_into_the_day_is_not_lost_in_it() {
    let mut scene = holding();
    scene.bid = "165".into();
    scene.after(10);
    scene.after(10 * 3600);
    let carried = scene.book.guard().day.and_then(|day| day.carried).and_then(|all| all.equity);
    assert_eq!(carried, Some(of("-1715")));
    scene.bid = "155".into();
    scene.after(10);
    scene.after(10);
    assert!(stops(&scene).is_empty(), "490 of it are of today");
    scene.bid = "120".into();
    scene.after(10);
    scene.after(10);
    assert_eq!(stops(&scene), [(STOCKS, "class_loss".to_owned(), true)]);
}

#[test]
fn a_person_who_lets_a_class_go_on_while_it_is_still_so_stops_it_again() {
    let mut scene = holding();
    scene.bid = "150".into();
    let stop = scene.rests(Purpose::Stop)[0];
    scene.fills(stop.id, &stop.qty.to_string());
    scene.after(1);
    allows(&mut scene, STOCKS);
    assert_eq!(stops(&scene), [(STOCKS, "class_loss".to_owned(), true)]);
}

#[test]
fn a_strategy_that_comes_again_and_again_is_stopped_until_a_person_looks() {
    let mut scene = Scene::with(setup(capabilities()));
    scene.after(0);
    for id in ["a", "b", "c"] {
        scene.enters(id, plan("190", ""));
        scene.ends(scene.rests(Purpose::Entry)[0].id, End::Cancelled);
        scene.after(61);
    }
    assert!(stops(&scene).is_empty());
    scene.enters("d", plan("190", ""));
    let strategy = Scope::Strategy(of("trend-a"));
    assert_eq!(scene.ended("d"), Some((Ending::Denied, Some(of("repeated_execution")))));
    assert_eq!(stops(&scene), [(strategy, "repeated_execution".to_owned(), false)]);
    let pair = enters(&mut scene, "e", "EUR/USD", "1.1", "1.09");
    assert_eq!(pair, Some((Ending::Denied, Some(of("entries_stopped")))), "whatever it enters");
    scene.restarts();
    scene.after(24 * 3600);
    assert_eq!(stops(&scene).len(), 1, "the next day does not end it");
    allows(&mut scene, strategy);
    scene.enters("f", plan("190", ""));
    assert_eq!(scene.rests(Purpose::Entry).len(), 1);
}

#[test]
fn what_counted_before_a_person_looked_does_not_count_again() {
    let mut scene = Scene::with(setup(capabilities()));
    scene.after(0);
    for id in ["a", "b", "c"] {
        scene.enters(id, plan("190", ""));
        scene.ends(scene.rests(Purpose::Entry)[0].id, End::Cancelled);
        scene.after(61);
    }
    scene.enters("d", plan("190", ""));
    scene.after(61);
    allows(&mut scene, Scope::Strategy(of("trend-a")));
    scene.enters("e", plan("190", ""));
    assert_eq!(scene.rests(Purpose::Entry).len(), 1, "the same day");
}

/// An entry at 200.02 that is executed at another price.
fn executed(scene: &mut Scene, id: &str, at: &str) {
    scene.bid = "200".into();
    scene.after(2);
    scene.enters(id, plan("190", ""));
    let entry = scene.rests(Purpose::Entry)[0];
    scene.bid = at.into();
    scene.fills(entry.id, &entry.qty.to_string());
    scene.after(1);
}

#[test]
fn an_execution_far_from_its_decision_stops_the_instrument_for_the_day() {
    let mut scene = Scene::with(live());
    executed(&mut scene, "a", "202");
    assert!(stops(&scene).is_empty(), "99 hundredths of a percent");
    let mut scene = Scene::with(live());
    executed(&mut scene, "a", "202.03");
    assert_eq!(stops(&scene), [(Scope::Instrument(key("AAPL")), "slippage".to_owned(), true)]);
    let until = scene.book.guard().stopped[0].until;
    assert_eq!(until, Utc.with_ymd_and_hms(2026, 3, 3, 22, 0, 0).single());
    let pair = enters(&mut scene, "pair", "EUR/USD", "1.1", "1.09");
    assert_eq!(pair, None, "others go on");
}

/// Where prices come as bars the next open is not the close, and nobody slipped.
#[test]
fn bars_say_nothing_of_executions() {
    let mut bars = live();
    bars.bars = setup(capabilities()).bars;
    let mut scene = Scene::with(bars);
    executed(&mut scene, "a", "210");
    assert!(stops(&scene).is_empty());
}

#[test]
fn twenty_dear_entries_stop_their_class_until_a_person_looks() {
    let mut scene = Scene::with(live());
    let again = |scene: &mut Scene, n: usize| {
        executed(scene, &format!("in-{n}"), "200.54");
        scene.leaves(&format!("out-{n}"));
        scene.after(1);
        let exit = scene.rests(Purpose::Exit)[0];
        scene.fills(exit.id, &exit.qty.to_string());
        scene.after(1);
    };
    for n in 0..19 {
        again(&mut scene, n);
        assert!(stops(&scene).is_empty(), "{n}");
    }
    scene.restarts();
    scene.after(1);
    again(&mut scene, 19);
    assert_eq!(
        stops(&scene),
        [(STOCKS, "slippage_mean".to_owned(), false)],
        "26 hundredths of a percent each"
    );
    allows(&mut scene, STOCKS);
    again(&mut scene, 20);
    assert!(stops(&scene).is_empty(), "what was before a person looked does not count again");
}

#[test]
fn answers_that_come_too_late_pause_entries_for_an_hour() {
    for (slow, level) in [(5, Level::Trading), (6, Level::Paused)] {
        let mut scene = Scene::with(live());
        scene.slow = slow;
        scene.after(0);
        for n in 0..10 {
            assert_eq!(scene.book.guard().level, Level::Trading, "{n}");
            scene.enters(&format!("in-{n}"), plan("190", ""));
            scene.ends(scene.rests(Purpose::Entry)[0].id, End::Cancelled);
            scene.after(2);
        }
        assert_eq!(scene.book.guard().level, level, "{slow}");
        if level == Level::Paused {
            assert_eq!(scene.book.guard().reason.as_ref().map(|why| why.code), Some(of("slow_answers")));
            scene.after(3600);
            assert_eq!(scene.book.guard().level, Level::Trading, "it ends by itself");
        }
    }
}

#[test]
fn more_than_two_differences_at_once_freeze_everything_and_repair_still_works() {
    let mut scene = holding();
    let repair = |scene: &mut Scene, symbol: &str| {
        let act = Operator::Repair {
            venue: venue(),
            key: Some(key(symbol)),
            repair: Repair::TrustBroker,
            plan: plan("", ""),
            until: None,
            name: "ann".into(),
            why: "looked".into(),
        };
        scene.feed(&[Input::Operator(act)]);
    };
    let asks = |scene: &mut Scene| {
        let (name, why) = ("ann".into(), "looked".into());
        scene.feed(&[Input::Operator(Operator::Level { level: Level::Trading, name, why, until: None })]);
        scene.book.guard().level
    };
    for (n, (symbol, qty)) in [("AAPL", "1"), ("EUR/USD", "10"), ("BTC/USD", "1")].into_iter().enumerate() {
        assert_eq!(scene.book.guard().level, Level::Trading, "{n}");
        scene.trades(&format!("hand-{n}"), key(symbol), Side::Buy, qty);
        scene.after(1);
    }
    let reason = scene.book.guard().reason.clone().expect("a reason");
    assert_eq!((scene.book.guard().level, reason.code), (Level::Frozen, of("many_diverged")));
    assert_eq!(asks(&mut scene), Level::Frozen, "it is repaired first");
    scene.after(10);
    for symbol in ["AAPL", "EUR/USD", "BTC/USD"] {
        repair(&mut scene, symbol);
    }
    assert_eq!(scene.book.diverged().len(), 0);
    assert_eq!(asks(&mut scene), Level::ReduceOnly, "one step");
    assert_eq!(asks(&mut scene), Level::Trading);
}

#[test]
fn entries_that_work_are_cancelled_in_what_a_person_stops() {
    let mut scene = Scene::with(setup(capabilities()));
    scene.after(0);
    scene.enters("a", plan("190", ""));
    let stop = |scene: &mut Scene, scope: Scope, seconds: Option<i64>| {
        let until = seconds.map(|seconds| scene.now() + TimeDelta::seconds(seconds));
        let (name, why) = ("ann".into(), "odd prices".into());
        scene.feed(&[Input::Operator(Operator::Stop { scope, name, why, until })]);
    };
    stop(&mut scene, Scope::Class(AssetClass::Crypto), None);
    assert_eq!(scene.rests(Purpose::Entry).len(), 1);
    stop(&mut scene, STOCKS, Some(60));
    scene.after(1);
    assert_eq!((scene.rests(Purpose::Entry).len(), stops(&scene).len()), (0, 2));
    // For less, or the same again: nothing. For longer: longer.
    stop(&mut scene, STOCKS, Some(30));
    stop(&mut scene, Scope::Class(AssetClass::Crypto), Some(30));
    stop(&mut scene, STOCKS, Some(600));
    scene.after(300);
    assert_eq!(stops(&scene).len(), 2);
    scene.after(300);
    assert_eq!(stops(&scene), [(Scope::Class(AssetClass::Crypto), "operator".to_owned(), false)]);
}

proptest! {
    /// Reckoned at each reading by hand: what is passed over without summing up could not have tripped.
    #[test]
    fn no_loss_is_passed_over(
        moves in proptest::collection::vec((-1500_i64..1500, 1_usize..4), 1..25),
        short in any::<bool>(),
    ) {
        let mut scene = Scene::new(capabilities());
        scene.after(0);
        let side = if short { Direction::Short } else { Direction::Long };
        let wanted = enter(side, plan(if short { "210" } else { "190" }, ""));
        scene.feed(&[arrives(signal("in", "AAPL", wanted, scene.now()))]);
        let entry = scene.made(Purpose::Entry)[0];
        scene.fills(entry.id, &entry.qty.to_string());
        scene.after(1);
        let (mut cents, mut before) = (20_000_i64, false);
        let qty: i64 = entry.qty.to_string().parse().unwrap();
        for (by, prices) in moves {
            for _ in 0..prices {
                cents = (cents + by / 2).max(100);
                scene.moves(&format!("{}.{:02}", cents / 100, cents % 100));
            }
            scene.after(10);
            let fell = if short { cents + 2 - 20_000 } else { 20_000 - cents };
            let lost = fell * qty;
            let is_so = lost >= 200_000;
            let is_stopped = !scene.book.guard().stopped.is_empty();
            prop_assert!(!is_stopped || is_so);
            prop_assert!(is_stopped == (is_so && before), "{} lost, {} before, {}", lost, before, is_stopped);
            if is_stopped {
                break;
            }
            before = is_so;
        }
    }
}
