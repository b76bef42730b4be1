//! Brackets, and orders that only reduce.

use super::*;

#[test]
fn a_bracket_makes_its_legs_and_one_ends_the_other() {
    let mut engine = free();
    accept(&mut engine, &[bracket("e", "10", "95", "110")], 0);
    assert_eq!(play(&mut engine, 0, QUIET), ["e 10@100 open"]);
    let legs: Vec<_> = engine.open_orders().iter().map(|order| order.id.unwrap().to_string()).collect();
    assert_eq!(legs, ["e-s", "e-t"]);
    let events = play(&mut engine, 1, ["105", "111", "104", "110"]);
    assert_eq!(events, ["e-t 10@110 range_limit", "e-s Cancelled leg_filled"]);
    assert_eq!(engine.account(day(1)).unwrap().balance, n("10100"));
}

#[test]
fn legs_work_in_the_bar_their_entry_filled_in_and_the_stop_goes_first() {
    let mut engine = free();
    accept(&mut engine, &[bracket("e", "10", "95", "105")], 0);
    let events = play(&mut engine, 0, ["100", "106", "94", "100"]);
    assert_eq!(events, ["e 10@100 open", "e-s 10@95 range_stop", "e-t Cancelled leg_filled"]);
}

#[test]
fn legs_grow_with_the_entry_and_shrink_with_each_other() {
    let mut engine = costly("0", "0", "0", "0", Some("0.1"));
    let entry = Intent { order: limit("e", "99").order, ..bracket("e", "10", "90", "110") };
    accept(&mut engine, &[entry], 0);
    assert_eq!(play_volume(&mut engine, 0, QUIET, "40"), ["e 4@99 range_limit"]);
    assert_eq!(play_volume(&mut engine, 1, QUIET, "30"), ["e 3@99 range_limit"]);
    // The target takes two of seven, and ends what is left of the entry.
    let events = play_volume(&mut engine, 2, ["105", "112", "104", "108"], "20");
    assert_eq!(events, ["e-t 2@110 range_limit", "e Cancelled leg_filled"]);
    // The stop has five left, and ends the target.
    let events = play_volume(&mut engine, 3, ["95", "96", "89", "90"], "900");
    assert_eq!(events, ["e-s 5@90 range_stop", "e-t Cancelled leg_filled"]);
    assert!(engine.open_orders().is_empty() && engine.positions().is_empty());
}

#[test]
fn a_bracket_ends_when_its_position_is_closed_otherwise() {
    let mut engine = costly("0", "0", "0", "0", Some("0.1"));
    let entry = Intent { order: limit("e", "99").order, ..bracket("e", "10", "90", "110") };
    accept(&mut engine, &[entry], 0);
    assert_eq!(play_volume(&mut engine, 0, QUIET, "40"), ["e 4@99 range_limit"]);
    accept(&mut engine, &[exit("x", Purpose::Exit, OrderKind::MARKET)], 1);
    engine.cancel(n("e-t"), day(1)).unwrap();
    let expected = [
        "x 4@100 open",
        "e-s Cancelled nothing_to_reduce",
        "e Cancelled nothing_to_reduce",
        // It asked for ten, four were there.
        "x Cancelled nothing_to_reduce",
    ];
    assert_eq!(play_volume(&mut engine, 1, QUIET, "1000"), expected);
    let order = engine.order(n("x")).unwrap();
    assert_eq!((order.end, order.filled), (Some(broker_api::End::Cancelled), n("4")));
}

#[test]
fn a_stop_that_fills_in_part_leaves_as_much_less_to_the_target() {
    let mut engine = costly("0", "0", "0", "0", Some("0.1"));
    accept(&mut engine, &[bracket("e", "10", "95", "110")], 0);
    assert_eq!(play_volume(&mut engine, 0, QUIET, "100"), ["e 10@100 open"]);
    let events = play_volume(&mut engine, 1, ["100", "100", "94", "96"], "40");
    assert_eq!(events, ["e-s 4@95 range_stop"]);
    let events = play_volume(&mut engine, 2, ["112"; 4], "59");
    // What is awake goes first.
    assert_eq!(events, ["e-s 5@112 open"]);
    engine.cancel(n("e-s"), day(3)).unwrap();
    assert_eq!(play_volume(&mut engine, 3, ["112"; 4], "100"), ["e-t 1@112 gap"]);
    assert_eq!(engine.order(n("e-t")).unwrap().end, Some(broker_api::End::Filled));
}

#[test]
fn an_entry_that_only_closes_has_no_legs() {
    let mut engine = holding();
    accept(&mut engine, &[Intent { side: Side::Sell, ..bracket("f", "4", "110", "90") }], 1);
    assert_eq!(play(&mut engine, 1, QUIET), ["f 4@100 open"]);
    assert!(engine.open_orders().is_empty());
}

#[test]
fn the_ids_of_legs_are_kept_for_them() {
    let mut engine = free();
    accept(&mut engine, &[bracket("e", "1", "95", "110")], 0);
    let taken = engine.accept(&buy("e-s", "1"), day(0)).unwrap_err();
    assert_eq!(taken.code.as_str(), "duplicate_id");
    accept(&mut engine, &[buy("f-t", "1"), buy("g-s", "1")], 0);
    let taken = engine.accept(&bracket("f", "1", "95", "110"), day(0)).unwrap_err();
    assert_eq!(taken.code.as_str(), "bad_bracket");
}

#[test]
fn two_stops_of_one_position_never_turn_it() {
    let mut engine = holding();
    accept(&mut engine, &[stop("a", "95"), stop("b", "94")], 1);
    let events = play(&mut engine, 1, ["100", "100", "90", "92"]);
    assert_eq!(events, ["a 10@95 range_stop", "b Cancelled nothing_to_reduce"]);
}

#[test]
fn what_cannot_be_sold_short_is_never_short() {
    let mut engine = free();
    let ko = |id, side, qty| order(id, "KO", side, qty, OrderKind::MARKET);
    quote(&mut engine, "KO", day(0), "50", "50");
    accept(&mut engine, &[ko("e", Side::Buy, "10")], 0);
    drain(&mut engine);
    let refused = engine.accept(&ko("a", Side::Sell, "11"), day(0)).unwrap_err();
    assert_eq!(refused.code.as_str(), "not_shortable");
    let dear = OrderKind::Limit(Limit { limit: n("60") });
    accept(&mut engine, &[order("b", "KO", Side::Sell, "6", dear)], 0);
    let refused = engine.accept(&ko("c", Side::Sell, "5"), day(0)).unwrap_err();
    assert_eq!(refused.code.as_str(), "not_shortable");
    let all = Intent { purpose: Purpose::Exit, reduce_only: true, ..ko("d", Side::Sell, "10") };
    accept(&mut engine, &[all], 0);
    let events = told(&drain(&mut engine));
    assert_eq!(events, ["d 10@50 quote", "b Cancelled nothing_to_reduce"]);
}

#[test]
fn an_opening_order_may_turn_a_position() {
    let mut engine = holding();
    accept(&mut engine, &[order("x", "AAPL", Side::Sell, "15", OrderKind::MARKET)], 1);
    assert_eq!(play(&mut engine, 1, ["110"; 4]), ["x 15@110 open"]);
    let [position] = engine.positions()[..] else { panic!("not one") };
    assert_eq!((position.held, position.average), (n("-5"), n("110")));
    assert_eq!(engine.account(day(1)).unwrap().balance, n("10100"));
}
