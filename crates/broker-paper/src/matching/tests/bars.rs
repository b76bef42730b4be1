//! What a bar's and a quote's prices make of orders.

use super::*;

#[test]
fn a_stop_fills_at_its_trigger_or_at_the_gap_through_it() {
    for (prices, expected) in
        [(["100", "102", "94", "99"], "s 10@95 range_stop"), (["93", "96", "92", "95"], "s 10@93 gap")]
    {
        let mut engine = holding();
        accept(&mut engine, &[stop("s", "95")], 1);
        assert_eq!(play(&mut engine, 1, prices), [expected]);
        assert!(engine.positions().is_empty());
    }
}

#[test]
fn when_a_bar_touches_both_the_stop_is_what_filled() {
    let mut engine = holding();
    accept(&mut engine, &[target("t", "105"), stop("s", "95")], 1);
    let events = play(&mut engine, 1, ["100", "106", "94", "100"]);
    assert_eq!(events, ["s 10@95 range_stop", "t Cancelled nothing_to_reduce"]);
    assert_eq!(engine.account(day(1)).unwrap().balance, n("9950"));
}

#[test]
fn a_limit_fills_at_the_better_of_open_and_limit() {
    for (prices, expected) in [
        (["100", "101", "97", "99"], vec!["l 10@98 range_limit"]),
        (["96", "99", "95", "98"], vec!["l 10@96 gap"]),
        (["100", "101", "98.01", "99"], vec![]),
    ] {
        let mut engine = free();
        accept(&mut engine, &[limit("l", "98")], 0);
        assert_eq!(play(&mut engine, 0, prices), expected);
    }
}

#[test]
fn a_short_position_meets_the_ask() {
    let mut engine = costly("0.02", "0", "0", "0", None);
    let short = order("e", "AAPL", Side::Sell, "10", OrderKind::MARKET);
    accept(&mut engine, &[short], 0);
    assert_eq!(play(&mut engine, 0, QUIET), ["e 10@99 open"]);
    // Closing it costs the ask, 101.
    assert_eq!(engine.account(day(0)).unwrap().equity, n("9980"));
    let cover = Intent { side: Side::Buy, ..stop("s", "105") };
    let gain = Intent { side: Side::Buy, ..target("t", "95") };
    accept(&mut engine, &[cover, gain], 1);
    // The ask is a hundredth above: 94.05 mid is 94.9905, 104 is 105.04.
    assert_eq!(play(&mut engine, 1, ["100", "103.9", "94.1", "100"]), Vec::<String>::new());
    let events = play(&mut engine, 2, ["100", "104", "94.05", "100"]);
    assert_eq!(events, ["s 10@105 range_stop", "t Cancelled nothing_to_reduce"]);
}

#[test]
fn a_bars_own_spread_goes_before_the_configured_one() {
    let mut engine = costly("0.02", "0", "0", "0", None);
    accept(&mut engine, &[buy("e", "10")], 0);
    let wide = Bar { spread: Some(n("0.5")), ..bar(0, QUIET, None) };
    assert_eq!(told(&play_bar(&mut engine, wide)), ["e 10@100.25 open"]);
}

#[test]
fn prices_are_rounded_to_ticks_against_the_order() {
    let mut engine = costly("0", "0", "0.00005", "0", None);
    accept(&mut engine, &[buy("e", "10")], 0);
    assert_eq!(play(&mut engine, 0, QUIET), ["e 10@100.01 open"]);
    accept(&mut engine, &[exit("x", Purpose::Exit, OrderKind::MARKET)], 1);
    assert_eq!(play(&mut engine, 1, QUIET), ["x 10@99.99 open"]);
    accept(&mut engine, &[buy("f", "10")], 2);
    play(&mut engine, 2, QUIET);
    accept(&mut engine, &[exit("y", Purpose::Exit, OrderKind::MARKET)], 3);
    assert_eq!(play(&mut engine, 3, ["0.004"; 4]), ["y 10@0.01 open"], "nothing is sold for nothing");
}

#[test]
fn a_trailing_stop_follows_and_never_goes_back() {
    let mut engine = holding();
    accept(&mut engine, &[trailing("s", "5")], 1);
    // It is tried on the low before it follows the high.
    assert!(play(&mut engine, 1, ["101", "110", "100", "108"]).is_empty());
    assert_eq!(play(&mut engine, 2, ["108", "109", "104", "106"]), ["s 10@105 range_stop"]);
}

#[test]
fn a_stop_limit_that_wakes_beyond_its_limit_waits_there() {
    let mut engine = holding();
    accept(&mut engine, &[stop_limit("s", "95", "94")], 1);
    assert!(play(&mut engine, 1, ["90", "93", "88", "92"]).is_empty());
    assert_eq!(play(&mut engine, 2, ["92", "96", "91", "95"]), ["s 10@94 range_limit"]);
}

#[test]
fn a_part_of_the_volume_fills_a_bar_and_the_rest_waits() {
    let mut engine = costly("0", "0", "0", "0", Some("0.1"));
    accept(&mut engine, &[buy("a", "10"), limit("l", "99.5")], 0);
    // A tenth of 69: six, by whole lots; nothing is left for the range.
    assert_eq!(play_volume(&mut engine, 0, QUIET, "69"), ["a 6@100 open"]);
    let events = play_volume(&mut engine, 1, QUIET, "110");
    assert_eq!(events, ["a 4@100 open", "l 7@99.5 range_limit"]);
    assert_eq!(engine.order(n("l")).unwrap().filled, n("7"));
    // A stop that finds nobody stays awake.
    accept(&mut engine, &[stop("s", "99.2")], 2);
    assert!(play_volume(&mut engine, 2, ["100", "100", "99", "100"], "9").is_empty());
    assert_eq!(play_volume(&mut engine, 3, ["102"; 4], "1000"), ["s 10@102 open"]);
}

#[test]
fn an_order_takes_part_only_after_the_moment_it_came_in() {
    let mut engine = free();
    let [open, range, close] = moments("AAPL", bar(0, QUIET, None));
    accept(&mut engine, &[limit("far", "10")], 0);
    engine.begin(&open);
    accept(&mut engine, &[buy("e", "1"), limit("l", "99.5")], 0);
    assert!(drain(&mut engine).is_empty());
    engine.begin(&range);
    assert_eq!(told(&drain(&mut engine)), ["l 10@99.5 range_limit"]);
    engine.begin(&close);
    assert_eq!(told(&drain(&mut engine)), ["e 1@100 open"]);
}

#[test]
fn an_order_meets_the_quote_that_stands() {
    let mut engine = free();
    quote(&mut engine, "AAPL", day(0), "99.98", "100.02");
    let late = day(0) + TimeDelta::seconds(7);
    engine.accept(&buy("e", "10"), late).unwrap();
    let events = drain(&mut engine);
    assert_eq!(told(&events), ["e 10@100.02 quote"]);
    assert_eq!(fills(&events)[0].at, late);
    accept(&mut engine, &[limit("far", "99"), limit("near", "100.50")], 1);
    assert_eq!(told(&drain(&mut engine)), ["near 10@100.02 quote"]);
    // A stop that the market has passed is not refused; it fills.
    accept(&mut engine, &[stop("s", "100")], 1);
    assert_eq!(told(&drain(&mut engine)), ["s 10@99.98 quote"]);
    // A bar ends the quote.
    play(&mut engine, 2, QUIET);
    accept(&mut engine, &[buy("f", "1")], 2);
    assert!(drain(&mut engine).is_empty());
    // A quote that no healthy source says is passed over.
    assert!(quote(&mut engine, "AAPL", day(3), "101", "100").is_empty());
    assert_eq!(quote(&mut engine, "AAPL", day(3), "100", "100"), ["f 1@100 quote"]);
}

#[test]
fn a_price_that_its_spread_leaves_no_bid_is_passed_over() {
    let mut engine = holding();
    accept(&mut engine, &[stop("s", "95")], 1);
    let wide = Bar { spread: Some(n("300")), ..bar(1, ["90"; 4], None) };
    assert!(play_bar(&mut engine, wide).is_empty());
    assert_eq!(engine.account(day(1)).unwrap().equity, n("10000"));
}

#[test]
fn latency_keeps_an_order_out_until_it_is_over() {
    let settings = Settings { latency: TimeDelta::seconds(2), ..settings() };
    let mut engine = Matching::new(catalog(), settings);
    quote(&mut engine, "AAPL", day(0), "100", "100");
    accept(&mut engine, &[buy("e", "1")], 0);
    assert!(drain(&mut engine).is_empty());
    let at = |seconds| day(0) + TimeDelta::seconds(seconds);
    assert!(quote(&mut engine, "AAPL", at(1), "101", "101").is_empty());
    assert_eq!(quote(&mut engine, "AAPL", at(2), "102", "102"), ["e 1@102 quote"]);
}
