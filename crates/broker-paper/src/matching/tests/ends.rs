//! How orders end.

use broker_api::End;

use super::*;
use crate::matching::TooLate;

fn tif(id: &str, qty: &str, tif: TimeInForce) -> Intent {
    Intent { tif, ..buy(id, qty) }
}

#[test]
fn what_must_fill_at_once_ends_at_once() {
    let mut engine = costly("0", "0", "0", "0", Some("0.1"));
    let dear = Intent { tif: TimeInForce::Ioc, ..limit("low", "90") };
    accept(&mut engine, &[tif("ioc", "10", TimeInForce::Ioc), dear], 0);
    let events = play_volume(&mut engine, 0, QUIET, "60");
    assert_eq!(events, ["ioc 6@100 open", "ioc Cancelled ioc", "low Cancelled ioc"]);
    accept(&mut engine, &[tif("fok", "10", TimeInForce::Fok)], 1);
    assert_eq!(play_volume(&mut engine, 1, QUIET, "60"), ["fok Cancelled fok"]);
    accept(&mut engine, &[tif("whole", "6", TimeInForce::Fok)], 2);
    assert_eq!(play_volume(&mut engine, 2, QUIET, "60"), ["whole 6@100 open"]);
    // In the middle of a bar nothing is decided.
    let [open, range, close] = moments("AAPL", bar(3, QUIET, Some("0")));
    engine.begin(&open);
    let low = Intent { tif: TimeInForce::Ioc, ..limit("low2", "99") };
    accept(&mut engine, &[tif("late", "1", TimeInForce::Ioc), low], 3);
    engine.begin(&range);
    assert!(drain(&mut engine).is_empty());
    engine.begin(&close);
    assert_eq!(told(&drain(&mut engine)), ["late Cancelled ioc", "low2 Cancelled ioc"]);
    quote(&mut engine, "AAPL", day(4), "100", "100");
    accept(&mut engine, &[Intent { tif: TimeInForce::Fok, ..limit("q", "99") }], 4);
    assert_eq!(told(&drain(&mut engine)), ["q Cancelled fok"]);
}

#[test]
fn a_day_order_ends_with_the_session_it_worked_in() {
    let mut engine = free();
    let close = day(2) + TimeDelta::minutes(390);
    play(&mut engine, 1, QUIET);
    accept(&mut engine, &[Intent { tif: TimeInForce::Day, ..limit("a", "90") }], 2);
    assert_eq!(play(&mut engine, 2, QUIET), ["a Expired expired"]);
    // Sent as the session ended, it is for the next one; there it fills at the close before it ends.
    let late = |id, price| Intent { tif: TimeInForce::Day, ..limit(id, price) };
    for (id, price) in [("b", "90"), ("c", "97")] {
        engine.accept(&late(id, price), close).unwrap();
    }
    engine.begin(&moments("AAPL", bar(2, QUIET, None))[2]);
    assert!(drain(&mut engine).is_empty());
    assert_eq!(play(&mut engine, 3, ["100", "101", "98", "97"]), ["c 10@97 gap", "b Expired expired"]);
}

#[test]
fn a_dated_order_ends_before_the_price_of_its_date() {
    let mut engine = free();
    accept(&mut engine, &[Intent { tif: TimeInForce::Gtd(day(3)), ..limit("g", "90") }], 2);
    assert!(play(&mut engine, 2, QUIET).is_empty());
    assert_eq!(play(&mut engine, 3, ["89", "101", "89", "100"]), ["g Expired expired"]);
    let ended = engine.order(n("g")).unwrap();
    assert_eq!((ended.end, ended.filled), (Some(End::Expired), n("0")));
}

#[test]
fn a_cancel_is_told_once() {
    let mut engine = free();
    accept(&mut engine, &[limit("a", "90")], 0);
    let event = engine.cancel(n("a"), day(0)).unwrap();
    assert_eq!(told(&[event]), ["a Cancelled cancelled"]);
    assert_eq!(engine.cancel(n("a"), day(0)), Err(TooLate::Over));
    assert_eq!(engine.cancel(n("b"), day(0)), Err(TooLate::Unknown));
    assert!(drain(&mut engine).is_empty());
    assert!(play(&mut engine, 0, ["89"; 4]).is_empty());
}
