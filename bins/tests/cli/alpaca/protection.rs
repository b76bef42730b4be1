//! What guards a position at a broker, from the broker's answer to the line that a person reads. What happened to the users of
//! other programs stands at each test.

use broker_api::Side;
use broker_sim::alpaca::Quirks;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::desk::{Desk, PRICES, decimal, with};
use super::truth;
use crate::place::{code, stderr, stdout};

/// A desk at a broker of these ways.
fn desk(cash: &str, quirks: &Quirks) -> Desk {
    Desk::with(cash, &PRICES, 1, Quirks { partial_percent: 0, ..quirks.clone() })
}

/// Stocks are traded in parts.
const PARTS: [&str; 2] = ["--set", "alpaca.quantities=fractions"];

/// How the newest trade ended, and what it brought.
fn last_trade(desk: &Desk) -> (String, String) {
    let trade = &desk.json(&["trades"])[0];
    let code = trade["exit_code"].as_str().or(trade["exit"].as_str());
    (code.unwrap().to_owned(), trade["net"].as_str().unwrap().to_owned())
}

#[track_caller]
fn is_flat(desk: &Desk, symbol: &str) {
    assert_eq!((desk.position(symbol), desk.live(symbol)), (Value::Null, Vec::<String>::new()));
    let truth = desk.control.truth();
    assert_eq!(truth["positions"], json!([]), "{truth:#}");
    assert_eq!(desk.json(&["orders"]), json!([]));
}

/// A person has looked at what the broker holds.
#[track_caller]
fn repaired(desk: &Desk, symbol: &str) {
    let done = desk.at_length(&["repair", "trust-broker", symbol, "--reason", "looked"]);
    assert_eq!(code(&done), 0, "{}{}", stdout(&done), stderr(&done));
}

// The cancel of a bracket's other leg was never told: alpacahq/alpaca-py#198. The stop has another id once it wakes:
// alpacahq/alpaca-backtrader-api#80.
#[test]
fn the_legs_of_a_bracket_rest_at_the_broker_and_one_ends_the_other_while_nothing_runs() {
    for (stop_leg_new_id, price, by, net) in
        [(false, "243", "target", "699.6"), (false, "219", "stop", "-356.4"), (true, "219", "stop", "-356.4")]
    {
        let desk = desk("100000", &Quirks { stop_leg_new_id, ..Quirks::default() });
        let signal = with(desk.enter("in", "AAPL", "219"), &json!({ "target": "243" }));
        desk.pass(0, &[signal], &[]);
        assert_eq!(desk.live("AAPL"), ["limit sell 44 243 new", "stop sell 44 219 held"]);
        let position = desk.position("AAPL");
        let guards = (&position["protection"], &position["target_protection"]);
        assert_eq!(guards, (&json!("venue"), &json!("venue")), "{position:#}");
        desk.shows(&["status"], &["protected venue: AAPL", "1 of 1 wanted stops rest"]);
        desk.price("AAPL", price);
        desk.pass(0, &[], &[]);
        is_flat(&desk, "AAPL");
        assert_eq!(last_trade(&desk), (by.to_owned(), net.to_owned()));
        assert_eq!(desk.sent(), ["POST buy"], "the broker did all of it");
        truth::book_is_what_the_broker_has(&desk, decimal("100000"));
    }
}

// What a process watched was gone after its end: hummingbot/hummingbot-api#243, vnpy/vnpy#3453.
#[test]
fn a_target_that_is_watched_takes_its_stop_away_first_and_sells_once() {
    let desk = Desk::new("10000");
    let signal = with(desk.enter("in", "BTC/USD", "90000"), &json!({ "target": "100000" }));
    desk.pass(0, &[signal], &[]);
    let stop = desk.live("BTC/USD");
    assert!(stop.len() == 1 && stop[0].ends_with(" 90000 new"), "{stop:?}");
    desk.shows(&["status"], &["protected venue: BTC/USD", "targets watched, while a pass runs: BTC/USD"]);
    desk.shows(&["explain", "BTC/USD"], &["protected venue, stop 90,000.00, target 100,000.00 watched"]);
    // Between two passes nobody looks.
    desk.price("BTC/USD", "100500");
    assert_eq!(desk.live("BTC/USD"), stop);
    desk.pass(0, &[], &[]);
    is_flat(&desk, "BTC/USD");
    assert_eq!(last_trade(&desk).0, "target");
    assert_eq!(desk.sent(), ["POST buy", "POST sell", "DELETE", "POST sell"]);
    desk.shows(&["explain", "BTC/USD"], &["alpaca:BTC/USD shall be closed (target)"]);
    truth::book_is_what_the_broker_has(&desk, decimal("10000"));
}

// An order that was called cancelled had been filled: freqtrade/freqtrade#3647. A stop and what closed beside it drove a
// quantity past nought: nautechsystems/nautilus_trader#2704.
#[test]
fn a_stop_that_fills_while_it_is_being_cancelled_closes_the_position_and_nothing_else_is_sold() {
    let slow = || Quirks { cancel_after: TimeDelta::seconds(2), ..Quirks::default() };
    for (symbol, stop, falls_to) in [("BTC/USD", "90000", "89000"), ("AAPL", "219", "218")] {
        let desk = desk("10000", &slow());
        let mut signal = desk.enter("in", symbol, stop);
        if symbol == "BTC/USD" {
            signal["target"] = json!("100000");
        }
        desk.pass(0, &[signal], &[]);
        let sent = desk.sent().len();
        desk.price(symbol, if symbol == "BTC/USD" { "100500" } else { "228" });
        let exit = [desk.exit("out", symbol)];
        let signals = if symbol == "BTC/USD" { &[] } else { &exit[..] };
        let ran = desk.run_while(signals, "DELETE /v2/orders", || {
            desk.price(symbol, falls_to);
            desk.seconds(3);
        });
        assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
        is_flat(&desk, symbol);
        assert_eq!(desk.sent()[sent..], ["DELETE"], "{symbol}");
        assert_eq!(desk.json(&["trades"])[0]["exit"], "stop");
        truth::book_is_what_the_broker_has(&desk, decimal("10000"));
    }
}

// Orders that were lost on the way were filled hours later: hummingbot/hummingbot#3374. A closing order that was still there
// opened the opposite: nautechsystems/nautilus_trader#3054.
#[test]
fn a_stop_that_arrives_after_its_position_was_closed_and_fills_is_closed_in_turn() {
    let desk = Desk::new("100000");
    desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
    desk.cancel_all_by_hand();
    // The stop that is made anew is lost on its way; the broker acts on it half an hour later.
    let lost =
        r#"{"request":{"method":"POST","path":"/v2/orders","do":{"late_request":{"millis":1800000}}}}"#;
    desk.control.fault_lines(lost).unwrap();
    desk.long_pass(5);
    desk.shows(&["status"], &["1 unknown", "0 of 1 wanted stops rest"]);
    desk.control.trade("AAPL", Side::Sell, decimal("44")).unwrap();
    for _ in 0..4 {
        desk.run(&[], &["--settle", "1"]);
        desk.seconds(60);
    }
    desk.shows(&["explain", "AAPL"], &["will not be sent: there is nothing left for it to do"]);
    repaired(&desk, "AAPL");
    is_flat(&desk, "AAPL");
    desk.seconds(1800);
    assert_eq!(desk.live("AAPL"), ["stop sell 44 219 new"], "here it comes");
    desk.long_pass(4);
    desk.shows(&["status"], &["DIVERGENCE AAPL", "is live, and the book has it as over"]);
    desk.price("AAPL", "218");
    desk.long_pass(4);
    is_flat(&desk, "AAPL");
    desk.shows(&["explain", "AAPL"], &["alpaca:AAPL shall be closed (overfilled)", "buy 44 AAPL @ 218"]);
    assert_eq!(desk.sent(), ["POST buy", "DELETE", "POST sell", "POST buy"]);
    repaired(&desk, "AAPL");
    desk.pass(0, &[], &[]);
    truth::book_is_what_the_broker_has(&desk, decimal("100000"));
}

#[test]
fn a_stop_that_follows_is_moved_by_the_broker_where_it_can_and_by_passes_elsewhere() {
    // The broker moves it, whether or not something runs here.
    let desk = Desk::new("100000");
    let follows = |desk: &Desk, symbol: &str, by: &str| {
        let mut signal = with(desk.enter("in", symbol, "1"), &json!({ "trail": by }));
        signal.as_object_mut().unwrap().remove("stop");
        signal
    };
    desk.pass(0, &[follows(&desk, "AAPL", "8")], &[]);
    assert_eq!(desk.live("AAPL"), ["trailing_stop sell 44 219.1 new"]);
    assert_eq!(desk.position("AAPL")["protection"], "venue");
    desk.shows(&["positions"], &["stop follows 8.00 behind"]);
    desk.price("AAPL", "240");
    assert_eq!(desk.live("AAPL"), ["trailing_stop sell 44 232 new"]);
    desk.pass(0, &[], &[]);
    assert_eq!(desk.sent(), ["POST buy", "POST sell"], "it is left to the broker");
    desk.price("AAPL", "231.5");
    desk.pass(0, &[], &[]);
    is_flat(&desk, "AAPL");
    assert_eq!(last_trade(&desk), ("stop".to_owned(), "193.6".to_owned()));

    // Passes move it, in steps of a quarter of its distance, and never back.
    let desk = Desk::new("10000");
    desk.pass(0, &[follows(&desk, "BTC/USD", "2000")], &[]);
    let stop_at = |price: &str| {
        let live = desk.live("BTC/USD");
        assert!(live.len() == 1 && live[0].ends_with(&format!(" {price} new")), "{price}: {live:?}");
    };
    stop_at("93000");
    for (price, at) in [("95400", "93000"), ("96000", "94000"), ("94500", "94000"), ("97000", "95000")] {
        desk.price("BTC/USD", price);
        desk.pass(0, &[], &[]);
        stop_at(at);
        assert_eq!(desk.position("BTC/USD")["stop"], at);
    }
    desk.shows(
        &["explain", "BTC/USD"],
        &["the stop follows the price to 94,000", "follows the price to 95,000"],
    );
    desk.price("BTC/USD", "94900");
    desk.pass(0, &[], &[]);
    is_flat(&desk, "BTC/USD");
    assert_eq!(last_trade(&desk).0, "stop");
    truth::book_is_what_the_broker_has(&desk, decimal("10000"));
}

// Parts of a share are traded with orders that end with the day only: alpacahq/Alpaca-API#230 and #236, alpacahq/alpaca-py#499.
#[test]
fn the_stop_of_a_part_of_a_share_is_renewed_for_each_session_once() {
    for looks_after_the_close in [true, false] {
        let desk = Desk::new("1000");
        desk.pass(0, &[desk.enter("in", "AAPL", "219")], &PARTS);
        let stop = desk.live("AAPL");
        assert!(stop.len() == 1 && stop[0].ends_with(" 219 new"), "{stop:?}");
        desk.shows(&["status"], &["protected renewed: AAPL"]);
        desk.control.set_time("2026-10-02T20:05:00Z".parse().unwrap()).unwrap();
        assert_eq!(desk.live("AAPL"), [""; 0], "it ended with its session");
        if looks_after_the_close {
            desk.pass(0, &[], &PARTS);
            assert_eq!(desk.live("AAPL"), [stop[0].replace(" new", " accepted")]);
        }
        desk.control.set_time("2026-10-05T13:35:00Z".parse().unwrap()).unwrap();
        for _ in 0..2 {
            desk.pass(0, &[], &PARTS);
            assert_eq!(desk.live("AAPL"), stop);
        }
        assert_eq!(desk.sent(), ["POST buy", "POST sell", "POST sell"]);
        let position = desk.position("AAPL");
        assert_eq!((&position["protected"], &position["protection"]), (&json!("yes"), &json!("renewed")));
        desk.price("AAPL", "218.5");
        desk.pass(0, &[], &PARTS);
        is_flat(&desk, "AAPL");
        truth::book_is_what_the_broker_has(&desk, decimal("1000"));
    }
}

// A stop that could not be placed left its position bare: freqtrade/freqtrade#8374, nautechsystems/nautilus_trader#2623.
#[test]
fn a_stop_that_the_broker_refuses_is_tried_once_more_and_then_the_position_goes() {
    let refused = [
        (422, 42_210_000, "stop price must be less than current price"),
        (403, 40_310_000, "potential wash trade detected. use complex orders"),
    ];
    for (status, number, message) in refused {
        for times in [1, 2] {
            let desk = Desk::new("10000");
            let refuse = json!({"request": {
                "method": "POST", "path": "/v2/orders", "nth": 2, "times": times,
                "do": {"reject": {"status": status, "code": number, "message": message}},
            }});
            desk.control.fault_lines(&refuse.to_string()).unwrap();
            let ran = desk.run(&[desk.enter("in", "BTC/USD", "90000")], &["--settle", "1"]);
            assert_eq!(code(&ran), 0, "{message}: {}{}", stdout(&ran), stderr(&ran));
            let position = desk.position("BTC/USD");
            assert_eq!((&position["protected"], &position["protection"]), (&json!("NOT YET"), &Value::Null));
            desk.shows(
                &["status"],
                &["protected NOT YET: BTC/USD", "no stop BTC/USD for", "0 of 1 wanted stops rest"],
            );
            desk.long_pass(0);
            if times == 1 {
                let position = desk.position("BTC/USD");
                assert_eq!(position["protection"], "venue", "{position:#}");
                assert_eq!(position["unprotected"]["longest_ms"], 6000, "{position:#}");
                desk.shows(&["status"], &["no stop BTC/USD 6.0 s longest"]);
                continue;
            }
            is_flat(&desk, "BTC/USD");
            assert_eq!(last_trade(&desk).0, "unprotected");
            desk.shows(&["trades"], &["without its stop 6.0 s longest"]);
            truth::book_is_what_the_broker_has(&desk, decimal("10000"));
        }
    }
}

// A symbol that is halted is refused in words that nobody wrote down, and what was sent is not known:
// QuantConnect/Lean.Brokerages.InteractiveBrokers#93.
#[test]
fn a_stop_that_is_refused_in_unknown_words_counts_as_live_until_it_is_certain_and_then_the_position_goes() {
    let desk = Desk::new("10000");
    let refuse = r#"{"request":{"method":"POST","path":"/v2/orders","nth":2,"times":2,"do":{"reject":{"status":422,"code":42210000,"message":"trading in this symbol is halted"}}}}"#;
    desk.control.fault_lines(refuse).unwrap();
    let ran = desk.run(&[desk.enter("in", "BTC/USD", "90000")], &["--settle", "0"]);
    assert_eq!(code(&ran), 5, "{}", stdout(&ran));
    desk.shows(&["status"], &["1 unknown", "BTC/USD stop of 0.010499999 has no known outcome"]);
    for _ in 0..24 {
        desk.shows(&["status"], &["protected NOT YET: BTC/USD", "no stop BTC/USD for"]);
        desk.seconds(15);
        desk.run(&[], &["--settle", "0"]);
        if desk.position("BTC/USD").is_null() {
            break;
        }
    }
    is_flat(&desk, "BTC/USD");
    assert_eq!(desk.sent(), ["POST buy", "POST sell", "POST sell", "POST sell"]);
    assert_eq!(last_trade(&desk).0, "unprotected");
    desk.shows(&["trades"], &["without its stop 5 min longest"]);
    truth::book_is_what_the_broker_has(&desk, decimal("10000"));
}
