//! Orders that are executed in part, from the broker's answer to the line that a person reads. What happened to the users of
//! other programs stands at each test.

use broker_sim::alpaca::Quirks;
use broker_sim::core::Market;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::desk::{Desk, PRICES, decimal, with};
use super::truth;
use crate::place::{code, stderr, stdout};

fn desk(cash: &str, quirks: Quirks) -> Desk {
    Desk::with(cash, &PRICES, 1, quirks)
}

/// Nothing fills in part but by what a test says.
fn exact(cash: &str) -> Desk {
    desk(cash, Quirks { partial_percent: 0, ..Quirks::default() })
}

/// The next order first fills so much, and the rest when a price comes or time goes by.
fn part(desk: &Desk, qty: &str) {
    let rule =
        json!({"request": {"method": "POST", "path": "/v2/orders", "do": {"partial_fill": {"qty": qty}}}});
    desk.control.fault_lines(&rule.to_string()).unwrap();
}

/// An entry whose stop follows: at this broker such a stop may rest beside an entry.
fn follows(desk: &Desk) -> Value {
    let mut signal = with(desk.enter("in", "AAPL", "1"), &json!({ "trail": "8" }));
    signal.as_object_mut().unwrap().remove("stop");
    signal
}

/// What became of a signal.
fn outcome(desk: &Desk, id: &str) -> String {
    let rows = desk.json(&["signals", "--all"]);
    let row = rows.as_array().unwrap().iter().find(|row| row["id"] == id);
    row.unwrap()["outcome"].as_str().unwrap().to_owned()
}

#[track_caller]
fn is_flat(desk: &Desk, symbol: &str) {
    assert_eq!((desk.position(symbol), desk.live(symbol)), (Value::Null, Vec::<String>::new()));
    assert_eq!(desk.control.truth()["positions"], json!([]));
}

fn entry(desk: &Desk) -> Value {
    desk.orders().into_iter().find(|order| order["side"] == "buy").unwrap()
}

// The protective quantity was not what was filled: nautechsystems/nautilus_trader#3435, freqtrade/freqtrade#8526.
#[test]
fn the_rest_of_an_entry_is_kept_until_its_session_ends_and_its_stop_is_of_what_is_held() {
    let desk = exact("100000");
    part(&desk, "19");
    for _ in 0..2 {
        desk.pass(0, &[follows(&desk)], &[]);
        assert_eq!(desk.live("AAPL"), ["market buy 44 partially_filled", "trailing_stop sell 19 219.1 new"]);
    }
    let position = desk.position("AAPL");
    assert_eq!((&position["quantity"], &position["protection"]), (&json!("19"), &json!("venue")));
    desk.shows(&["status"], &["1 entries open", "1 of 1 wanted stops rest"]);
    assert_eq!(outcome(&desk, "in"), "working");
    desk.control.set_time("2026-10-02T20:05:00Z".parse().unwrap()).unwrap();
    desk.pass(0, &[], &[]);
    assert_eq!(desk.live("AAPL"), ["trailing_stop sell 19 219.1 new"]);
    assert_eq!(
        (desk.position("AAPL")["quantity"].clone(), outcome(&desk, "in")),
        (json!("19"), "partly_filled".into())
    );
    assert_eq!(entry(&desk)["filled_qty"], "19");
    truth::book_is_what_the_broker_has(&desk, decimal("100000"));
}

// A second order was sent after a part had filled and the rest was cancelled: freqtrade/freqtrade#11461.
#[test]
fn the_rest_of_an_entry_is_cancelled_after_the_time_that_is_set() {
    let desk = desk("100000", Quirks { partial_percent: 100, ..Quirks::default() });
    let words = ["--set", "orders.entry_remainder_seconds=60"];
    desk.pass(0, &[follows(&desk)], &words);
    let first = desk.position("AAPL")["quantity"].as_str().unwrap().to_owned();
    desk.seconds(59);
    desk.pass(0, &[], &words);
    let second = desk.position("AAPL")["quantity"].as_str().unwrap().to_owned();
    assert!(decimal(&first) < decimal(&second) && decimal(&second) < decimal("44"), "{first} {second}");
    assert_eq!(entry(&desk)["status"], "partially_filled");
    assert_eq!(desk.live("AAPL")[1], format!("trailing_stop sell {second} 219.1 new"));
    desk.seconds(1);
    desk.pass(0, &[], &words);
    let held = desk.position("AAPL")["quantity"].as_str().unwrap().to_owned();
    assert_eq!((&entry(&desk)["status"], &entry(&desk)["filled_qty"]), (&json!("canceled"), &json!(held)));
    assert!(decimal(&held) < decimal("44"), "{held}");
    assert_eq!(desk.live("AAPL"), [format!("trailing_stop sell {held} 219.1 new")]);
    desk.shows(&["explain", "AAPL"], &["a cancel is about to be sent (remainder)"]);
    assert_eq!(outcome(&desk, "in"), "partly_filled");
    // The signal is not carried out again.
    desk.seconds(60);
    desk.pass(0, &[], &words);
    assert_eq!(desk.orders().iter().filter(|order| order["side"] == "buy").count(), 1);
    truth::book_is_what_the_broker_has(&desk, decimal("100000"));
}

// The legs of a bracket wake when all of its entry is filled, and what is filled lies bare until then:
// nautechsystems/nautilus_trader#2623, #2611.
#[test]
fn a_bracket_whose_entry_fills_in_part_gives_way_to_a_stop_of_what_is_held() {
    let desk = exact("100000");
    part(&desk, "19");
    let signal = with(desk.enter("in", "AAPL", "219"), &json!({ "target": "243" }));
    desk.run(&[signal], &["--settle", "0"]);
    let legs = ["limit sell 44 243 held", "market buy 44 partially_filled", "stop sell 44 219 held"];
    assert_eq!(desk.live("AAPL"), legs);
    desk.shows(&["status"], &["protected NOT YET: AAPL", "no stop AAPL for", "0 of 1 wanted stops rest"]);
    desk.control.set_market(Market::Closed);
    desk.seconds(29);
    desk.run(&[], &["--settle", "0"]);
    assert_eq!(desk.live("AAPL"), legs, "it is waited for");
    desk.seconds(2);
    desk.pass(0, &[], &[]);
    assert_eq!(desk.live("AAPL"), ["stop sell 19 219 accepted"]);
    desk.control.set_market(Market::Open);
    assert_eq!(desk.live("AAPL"), ["stop sell 19 219 new"]);
    let position = desk.position("AAPL");
    for (field, expected) in [("quantity", "19"), ("protection", "venue"), ("target_protection", "watched")] {
        assert_eq!(position[field], expected, "{position:#}");
    }
    assert_eq!(position["unprotected"]["longest_ms"], 31_000, "{position:#}");
    desk.shows(&["positions"], &["without its stop 31 s longest"]);
    assert_eq!(outcome(&desk, "in"), "partly_filled");
    truth::book_is_what_the_broker_has(&desk, decimal("100000"));
}

// What the one leg sold was still guarded by the other: nautechsystems/nautilus_trader#2704, alpacahq/alpaca-py#198.
#[test]
fn a_target_that_fills_in_part_leaves_a_stop_of_the_rest() {
    let desk = desk("100000", Quirks { partial_percent: 100, ..Quirks::default() });
    let signal = with(desk.enter("in", "AAPL", "219"), &json!({ "target": "243" }));
    desk.run(&[signal], &["--settle", "0"]);
    for _ in 0..20 {
        desk.seconds(1);
    }
    assert_eq!(desk.live("AAPL"), ["limit sell 44 243 new", "stop sell 44 219 held"]);
    desk.pass(0, &[], &[]);
    desk.price("AAPL", "243.5");
    desk.price("AAPL", "240");
    desk.pass(0, &[], &[]);
    let held = desk.position("AAPL")["quantity"].as_str().unwrap().to_owned();
    assert!(decimal(&held) < decimal("44"), "{held}");
    assert_eq!(desk.live("AAPL"), [format!("stop sell {held} 219 new")]);
    let position = desk.position("AAPL");
    let guards = (&position["protection"], &position["target_protection"]);
    assert_eq!(guards, (&json!("venue"), &json!("watched")), "{position:#}");
    truth::book_is_what_the_broker_has(&desk, decimal("100000"));
}

// An entry that was called cancelled had filled: freqtrade/freqtrade#3647. A fill came while the order was being changed:
// QuantConnect/Lean.Brokerages.TradeStation#84.
#[test]
fn an_exit_takes_what_is_left_of_its_entry_away_and_sells_what_filled_also_what_fills_meanwhile() {
    // What comes while the sale is under way is a trade of its own after it, or one with it where the sale came later: the two
    // requests leave together, and the broker takes one of them first.
    for (meanwhile, sold) in [(0, &[&["19"][..]][..]), (1, &[&["25", "19"], &["44"]])] {
        let quirks = Quirks { partial_percent: 0, cancel_after: TimeDelta::seconds(2), ..Quirks::default() };
        let desk = desk("100000", quirks);
        part(&desk, "19");
        desk.run(&[desk.enter("in", "AAPL", "219")], &["--settle", "0"]);
        assert_eq!(desk.position("AAPL")["quantity"], "19");
        let ran = desk.run_while(&[desk.exit("out", "AAPL")], "DELETE /v2/orders", || {
            if meanwhile > 0 {
                desk.seconds(meanwhile);
            } else {
                desk.control.set_market(Market::Closed);
                desk.seconds(2);
                desk.control.set_market(Market::Open);
            }
        });
        assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
        // How far one of them comes is a matter of milliseconds.
        for _ in 0..3 {
            desk.long_pass(0);
        }
        is_flat(&desk, "AAPL");
        let trades = desk.json(&["trades"]);
        let of = |trade: &Value| trade["quantity"].as_str().unwrap().to_owned();
        let trades: Vec<String> = trades.as_array().unwrap().iter().map(of).collect();
        assert!(sold.iter().any(|sold| trades == *sold), "{trades:?}");
        assert_eq!(outcome(&desk, "out"), "filled");
        truth::book_is_what_the_broker_has(&desk, decimal("100000"));
    }
}

// What was left was below the least value of an order, and stayed: freqtrade/freqtrade#2011, freqtrade/freqtrade#8374.
#[test]
fn what_is_too_little_for_an_order_is_closed_by_the_broker_itself_and_belongs_to_its_trade() {
    let desk = exact("10000");
    part(&desk, "0.00012");
    desk.run(&[desk.enter("in", "BTC/USD", "70000")], &["--settle", "0"]);
    desk.price("BTC/USD", "80000");
    desk.long_pass(0);
    is_flat(&desk, "BTC/USD");
    // The stop was refused beside the entry, and then as too little; and so was the order that should close it.
    assert_eq!(desk.sent(), ["POST buy", "POST sell", "DELETE", "POST sell", "POST sell"]);
    assert_eq!(desk.requests("DELETE", "/v2/positions/BTCUSD"), 1);
    let lines = [
        "the broker refused it: min_notional",
        "what is left is too little for an order; the broker is being asked to close it",
        "alpaca:BTC/USD: the broker closes it",
        "closed by the broker, as asked (dust): sell 0.0001197 BTC/USD @ 80,000",
    ];
    desk.shows(&["explain", "BTC/USD"], &lines);
    let trade = &desk.json(&["trades"])[0];
    let told = [&trade["quantity"], &trade["exit_code"], &trade["outside"]];
    assert_eq!(told, [&json!("0.0001197"), &json!("dust"), &Value::Null], "{trade:#}");
    let status = desk.json(&["status"]);
    let totals = &status["totals"];
    assert_eq!(
        (&totals["trades"], &totals["losses"], &status["diverged"]),
        (&json!(1), &json!(1), &json!([]))
    );
    // The next pass reads the account once more.
    desk.run(&[], &["--settle", "0"]);
    truth::book_is_what_the_broker_has(&desk, decimal("10000"));
}
