//! What happens in an account that no order of ours made, from the broker's answer to the line that a person reads. What
//! happened to the users of other programs stands at each test.

use broker_api::Side;
use broker_sim::alpaca::Quirks;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::desk::{Desk, PRICES, decimal};
use crate::place::{code, stderr, stdout};

/// A desk that holds 44 AAPL at 227.10 with their stop.
fn holding() -> Desk {
    let desk = Desk::new("100000");
    desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
    assert_eq!(desk.live("AAPL"), ["stop sell 44 219 new"]);
    desk
}

fn happens(desk: &Desk, what: Value) {
    desk.control.non_trade(&serde_json::from_value(what).unwrap()).unwrap();
}

fn repaired(desk: &Desk, words: &[&str]) {
    let done = desk.at_length(&[&["repair"], words, &["--reason", "looked"]].concat());
    assert_eq!(code(&done), 0, "{words:?}: {}{}", stdout(&done), stderr(&done));
}

fn money(value: &Value) -> Decimal {
    decimal(value.as_str().unwrap_or_else(|| panic!("{value} is no figure")))
}

// Orders that the program had not made could not be managed and blocked trading: QuantConnect/Lean.Brokerages.InteractiveBrokers#232.
#[test]
fn an_order_of_another_program_stops_entries_there_and_stays_where_it_is() {
    let desk = holding();
    let order = json!({
        "symbol": "MSFT", "qty": "5", "side": "buy", "type": "limit", "limit_price": "400",
        "time_in_force": "gtc", "client_order_id": "grid-7",
    });
    let answer = desk.by_hand("POST", "/v2/orders", &order.to_string());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    desk.long_pass(4);
    let status = desk.json(&["status"]);
    assert_eq!(status["diverged"][0]["code"], "order_of_others", "{status:#}");
    desk.shows(&["reconcile"], &["live there and not ours:", "buy 5 MSFT"]);
    let lines = [
        "looked for the order in the book: it is not there",
        "done entries in MSFT are stopped, nothing was sold or bought; all else goes on",
        "tradewind repair ignore MSFT [--until TIME] --reason TEXT",
    ];
    desk.shows(&["explain", "MSFT"], &lines);
    let both = [desk.enter("msft", "MSFT", "420"), desk.enter("ko", "KO", "60")];
    let ran = desk.pass(4, &both, &[]);
    let outcomes = [&ran["signals"][0]["outcome"], &ran["signals"][1]["outcome"]];
    assert_eq!(outcomes, ["denied", "filled"], "{ran:#}");
    repaired(&desk, &["ignore", "MSFT"]);
    let ran = desk.pass(0, &[desk.enter("again", "MSFT", "420")], &[]);
    assert_eq!(ran["signals"][0]["outcome"], "filled", "{ran:#}");
    desk.long_pass(0); // it is left alone
    assert_eq!(desk.live("MSFT"), ["limit buy 5 400 new", "stop sell 23 420 new"]);
}

// A forced liquidation was not booked: QuantConnect/Lean#5839 and QuantConnect/Lean.Brokerages.InteractiveBrokers#156.
#[test]
fn what_others_sell_of_ours_has_its_price_in_the_trade_and_none_in_the_figures_of_the_strategy() {
    let left_after = |sold: &str| {
        let desk = holding();
        desk.control.set_price("AAPL", decimal("220")).unwrap();
        if sold == "all" {
            desk.control.liquidate("AAPL").unwrap();
        } else {
            desk.cancel_all_by_hand();
            desk.control.trade("AAPL", Side::Sell, decimal(sold)).unwrap();
        }
        desk.long_pass(4);
        let units = if sold == "all" { "44" } else { sold };
        desk.shows(&["explain", "AAPL"], &[&format!("not ours (outside_trade): sell {units} AAPL @ 220")]);
        desk.shows(&["fills"], &["AAPL not ours sell"]);
        desk
    };
    // By the broker: 44 at 220 that came to 227.10.
    let desk = left_after("all");
    assert_eq!((desk.position("AAPL"), desk.live("AAPL")), (Value::Null, Vec::<String>::new()));
    let trade = &desk.json(&["trades"])[0];
    assert_eq!(
        (&trade["net"], &trade["exit_code"]),
        (&json!("-312.4"), &json!("outside_trade")),
        "{trade:#}"
    );
    desk.shows(&["trades"], &["AAPL long 44", "outside_trade -312.40"]);
    let status = desk.json(&["status"]);
    let figures = (&status["totals"]["trades"], &status["totals"]["losses"], &status["losses_in_a_row"]);
    assert_eq!(figures, (&json!(1), &json!(0), &json!(0)), "{status:#}");
    assert_eq!(status["account"]["realised_today"], "-312.4", "the money is gone all the same");
    desk.shows(&["status"], &["outside 1 closed trade kept out of the strategy's figures"]);
    repaired(&desk, &["trust-broker", "AAPL"]);
    desk.pass(0, &[desk.enter("again", "AAPL", "212")], &[]);
    assert_eq!(desk.live("AAPL"), ["stop sell 45 212 new"], "a tenth of 99,687.60");

    // By a person, a part: the stop is of what is left, and the trade is kept out when that goes too.
    let desk = left_after("10");
    assert_eq!(desk.live("AAPL"), ["stop sell 34 219 new"]);
    let position = desk.position("AAPL");
    assert_eq!((&position["quantity"], &position["outside"]), (&json!("34"), &json!("outside_trade")));
    repaired(&desk, &["trust-broker", "AAPL"]);
    desk.pass(0, &[desk.exit("out", "AAPL")], &[]);
    let trade = &desk.json(&["trades"])[0];
    assert_eq!((&trade["quantity"], &trade["net"]), (&json!("44"), &json!("-312.4")), "{trade:#}");
    let totals = &desk.json(&["status"])["totals"];
    assert_eq!((&totals["outside"], &totals["wins"], &totals["losses"]), (&json!(1), &json!(0), &json!(0)));
}

// Money that was brought in counted as profit, and closed everything: EarnForex/Account-Protector#8. A dividend could not be
// told from a deposit: alpacahq/Alpaca-API#43.
#[test]
fn dividends_interest_and_late_fees_are_money_and_what_is_brought_in_or_taken_out_is_no_profit_and_no_loss() {
    let desk = holding();
    for what in [
        json!({"dividend": {"symbol": "AAPL", "per_share": "0.26"}}),
        json!({"interest": {"amount": "-1.5"}}),
        json!({"fee": {"amount": "0.02", "kind": "TAF"}}),
        json!({"cash": {"amount": "1000"}}),
        json!({"cash": {"amount": "-40000"}}),
    ] {
        happens(&desk, what);
    }
    desk.pass(0, &[], &[]);
    let status = desk.json(&["status"]);
    let account = &status["account"];
    // 44 times 0.26, less 1.50 and 0.02; the day began with 100,000.
    for (field, expected) in [
        ("equity", "61009.92"),
        ("day_equity", "61000"),
        ("today", "9.92"),
        ("realised_today", "0"),
        ("high_water", "61000"),
    ] {
        assert_eq!(money(&account[field]), decimal(expected), "{field}: {account:#}");
    }
    assert_eq!(money(&desk.control.truth()["equity"]), decimal("61009.92"));
    assert_eq!((&status["level"], &status["totals"]["trades"]), (&json!("trading"), &json!(0)), "{status:#}");
    desk.shows(
        &["status"],
        &[
            "not traded transfer -39,000.00 dividend +11.44 financing -1.50 late fee -0.02",
            "Nothing needs you.",
        ],
    );
    // Told once, however often the log is read; and the next entry is a tenth of what is there now.
    desk.control.step(TimeDelta::minutes(2)).unwrap();
    desk.pass(0, &[desk.enter("ko", "KO", "60")], &[]);
    assert_eq!(desk.json(&["status"])["outside"], status["outside"]);
    assert_eq!(desk.position("KO")["quantity"], "97");
}

// After a split a bracket stood at its old prices, and the position was sold at the open: alpacahq/alpaca-py#469.
#[test]
fn a_split_while_holding_changes_units_and_prices_and_neither_guard_nor_profit() {
    for (old, new, quirks, units, entry, stop, target, sold) in [
        ("1", "2", Quirks::default(), "320", "31.2", "29.25", "35", "35.1"),
        (
            "1",
            "2",
            Quirks { forward_split_cancels: true, split_as_pair: true, ..Quirks::default() },
            "320",
            "31.2",
            "29.25",
            "35",
            "35.1",
        ),
        ("4", "1", Quirks::default(), "40", "249.6", "234", "280", "280.8"),
    ] {
        let desk = Desk::with("100000", &PRICES, 1, Quirks { partial_percent: 0, ..quirks });
        let mut signal = desk.enter("in", "KO", "58.5");
        signal["target"] = json!("70");
        desk.pass(0, &[signal], &[]);
        assert_eq!(desk.live("KO"), ["limit sell 160 70 new", "stop sell 160 58.5 held"]);
        happens(&desk, json!({"split": {"symbol": "KO", "old": old, "new": new}}));
        desk.long_pass(0);
        assert_eq!(desk.live("KO"), [format!("stop sell {units} {stop} new")], "{old} for {new}");
        let position = desk.position("KO");
        for (field, expected) in [
            ("quantity", units),
            ("average_price", entry),
            ("stop", stop),
            ("target", target),
            ("protection", "venue"),
            ("target_protection", "watched"),
            ("planned_loss", "624"),
        ] {
            assert_eq!(position[field], expected, "{field}: {position:#}");
        }
        let status = desk.json(&["status"]);
        assert_eq!((&status["account"]["equity"], &status["diverged"]), (&json!("100000"), &json!([])));
        desk.shows(&["status"], &["not traded 1 split", "protected venue: KO", "1 of 1 wanted stops rest"]);
        desk.shows(&["explain", "KO"], &["split of KO"]);
        // What was paid is what it was: the profit is that of the new price.
        desk.control.set_price("KO", decimal(sold)).unwrap();
        desk.pass(0, &[], &[]);
        let trade = &desk.json(&["trades"])[0];
        let told = [&trade["quantity"], &trade["net"], &trade["exit_code"], &trade["outside"]];
        assert_eq!(told, [&json!(units), &json!("1248"), &json!("target"), &Value::Null], "{trade:#}");
        assert_eq!(desk.json(&["status"])["totals"]["wins"], 1);
    }
}

// A position was shown, and its orders sent, under a symbol that had become another one: QuantConnect/Lean#9736 and
// QuantConnect/Lean.Brokerages.Alpaca#70.
#[test]
fn what_is_held_goes_on_under_its_new_symbol_and_waits_for_a_person_where_that_is_not_traded() {
    let prices = [&PRICES[..], &[("NEWCO", "50")]].concat();
    for (becomes, is_traded) in [("META", true), ("NEWCO", false)] {
        let prices: Vec<_> = prices.iter().copied().chain([("META", "590.10")]).collect();
        let desk = Desk::with("100000", &prices, 1, Quirks { partial_percent: 0, ..Quirks::default() });
        desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
        happens(&desk, json!({"rename": {"symbol": "AAPL", "becomes": becomes}}));
        desk.long_pass(if is_traded { 0 } else { 4 });
        assert_eq!(desk.position("AAPL"), Value::Null);
        let position = desk.position(becomes);
        let told = (&position["quantity"], &position["average_price"], &position["stop"]);
        assert_eq!(told, (&json!("44"), &json!("227.1"), &json!("219")), "{position:#}");
        desk.shows(&["explain", becomes], &["change of symbol of AAPL into"]);
        assert_eq!(desk.live("AAPL"), Vec::<String>::new());
        if is_traded {
            assert_eq!(desk.live(becomes), ["stop sell 44 219 new"]);
            assert_eq!(position["protection"], "venue");
            desk.control.set_price(becomes, decimal("230.1")).unwrap();
            desk.pass(0, &[desk.exit("out", becomes)], &[]);
            let trade = &desk.json(&["trades"])[0];
            assert_eq!((&trade["symbol"], &trade["net"]), (&json!(becomes), &json!("132")), "{trade:#}");
        } else {
            let status = desk.json(&["status"]);
            assert_eq!(status["diverged"][0]["code"], "units_moved", "{status:#}");
            desk.shows(&["status"], &["DIVERGENCE NEWCO", "which is not among the instruments of this run"]);
        }
    }
}

// What was moved outside of the program was made up for by an opposite order: nautechsystems/nautilus_trader#3054.
#[test]
fn units_that_are_brought_in_are_beside_ours_and_those_that_are_taken_out_go_at_what_they_came_to() {
    let desk = holding();
    happens(&desk, json!({"units": {"symbol": "AAPL", "qty": "5", "price": "80"}}));
    desk.pass(4, &[], &[]);
    desk.shows(
        &["status"],
        &["beside 5 AAPL in the account, and none of ours", "units came or went without a trade", "5 units"],
    );
    repaired(&desk, &["ignore", "AAPL"]);
    happens(&desk, json!({"units": {"symbol": "AAPL", "qty": "-9"}}));
    desk.pass(4, &[], &[]);
    // Five of them were beside ours.
    let position = desk.position("AAPL");
    assert_eq!(
        (&position["quantity"], &position["outside"]),
        (&json!("40"), &json!("units_moved")),
        "{position:#}"
    );
    assert_eq!(desk.live("AAPL"), ["stop sell 40 219 new"]);
    let status = desk.json(&["status"]);
    assert_eq!(
        (&status["totals"]["gross"], &status["outside"]["held"]),
        (&json!("0"), &json!([])),
        "{status:#}"
    );
    desk.shows(&["status"], &["not traded 2 transfer of units", "DIVERGENCE AAPL"]);
    assert_eq!(desk.requests("POST", "/v2/orders"), 3, "the entry, its stop anew, and that of what is left");
    repaired(&desk, &["trust-broker", "AAPL"]);
    desk.pass(0, &[desk.exit("out", "AAPL")], &[]);
    let trade = &desk.json(&["trades"])[0];
    assert_eq!((&trade["net"], &trade["outside"]), (&json!("0"), &json!("units_moved")), "{trade:#}");
}

// A position was carried on that the broker had not: nautechsystems/nautilus_trader#3023 and #3054.
#[test]
fn an_execution_that_is_taken_back_while_nothing_runs_is_a_difference_until_a_person_has_looked() {
    let bust = |desk: &Desk, nth: usize| {
        let executions = desk.control.truth()["executions"].clone();
        desk.control.step(TimeDelta::hours(2)).unwrap();
        desk.control.bust(executions[nth]["execution_id"].as_str().unwrap()).unwrap();
        desk.long_pass(4);
        let differs = desk.json(&["status"])["diverged"][0].clone();
        assert_eq!(differs["code"], "position_differs", "{differs:#}");
        (differs["book"].clone(), differs["broker"].clone())
    };
    // The entry: its stop went with what it closes, and none is sent for what is not there.
    let desk = holding();
    assert_eq!(bust(&desk, 0), (json!("44"), json!("0")));
    desk.shows(&["explain", "AAPL"], &["our book 44 broker 0 difference -44"]);
    repaired(&desk, &["trust-broker", "AAPL"]);
    assert_eq!((desk.position("AAPL"), desk.live("AAPL")), (Value::Null, Vec::<String>::new()));
    assert_eq!(desk.requests("POST", "/v2/orders"), 1);
    let totals = &desk.json(&["status"])["totals"];
    assert_eq!((&totals["outside"], &totals["gross"], &totals["wins"]), (&json!(1), &json!("0"), &json!(0)));

    // The exit: the account holds again what was sold.
    let desk = holding();
    desk.pass(0, &[desk.exit("out", "AAPL")], &[]);
    assert_eq!(bust(&desk, 1), (json!("0"), json!("44")));
    desk.shows(
        &["explain", "AAPL"],
        &["our book 0 broker 44 difference 44", "repair adopt AAPL --stop PRICE"],
    );
    repaired(&desk, &["adopt", "AAPL", "--stop", "219"]);
    assert_eq!(desk.live("AAPL"), ["stop sell 44 219 new"]);
    assert_eq!(desk.position("AAPL")["average_price"], "227.1");
    desk.pass(0, &[], &[]);
}

// The same while a pass waits for something else: it is found, and undone as if it had never been.
#[test]
fn an_execution_that_is_taken_back_while_a_pass_runs_is_undone_and_its_stop_goes_with_it() {
    let quirks = Quirks { partial_percent: 0, route_after: TimeDelta::seconds(1), ..Quirks::default() };
    let desk = Desk::with("100000", &PRICES, 1, quirks);
    // Nineteen fill, then the rest.
    let part = r#"{"request":{"method":"POST","path":"/v2/orders","do":{"partial_fill":{"qty":"19"}}}}"#;
    desk.control.fault_lines(part).unwrap();
    let step = || assert!(desk.control.step(TimeDelta::seconds(2)).is_ok());
    let ran = desk.run_while(&[desk.enter("in", "AAPL", "219")], "POST /v2/orders", || (step(), step()).0);
    assert_eq!((code(&ran), desk.live("AAPL")), (0, vec!["stop sell 44 219 new".to_owned()]));
    let second = desk.control.truth()["executions"][1]["execution_id"].as_str().unwrap().to_owned();
    desk.control.step(TimeDelta::minutes(5)).unwrap();
    let ran = desk.run_while(&[desk.enter("ko", "KO", "60")], "POST /v2/orders", || {
        desk.control.bust(&second).unwrap();
        step();
    });
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    desk.long_pass(0);
    assert_eq!(desk.position("AAPL")["quantity"], "19");
    assert_eq!(desk.live("AAPL"), ["stop sell 19 219 new"]);
    desk.shows(&["explain", "AAPL"], &["alpaca took the execution", "back", "long 19", "protected venue"]);
    let fills = desk.json(&["fills"]);
    let of_aapl = |row: &&Value| row["fill"]["key"] == "alpaca:AAPL";
    assert_eq!(fills.as_array().unwrap().iter().filter(of_aapl).count(), 1, "{fills:#}");
    assert_eq!(desk.json(&["status"])["diverged"], json!([]));
}

// What was bought was larger than what there was, for the fee was taken out of it: freqtrade/freqtrade#8526 among many.
#[test]
fn the_fee_in_kind_that_a_broker_tells_at_the_end_of_the_day_takes_nothing_twice() {
    let desk = Desk::new("10000");
    desk.pass(0, &[desk.enter("in", "BTC/USD", "90000")], &[]);
    let before = desk.position("BTC/USD");
    desk.control.set_time("2026-10-03T00:00:01Z".parse().unwrap()).unwrap();
    desk.pass(0, &[], &[]);
    let after = desk.position("BTC/USD");
    assert_eq!(
        (&after["quantity"], &after["protection"]),
        (&before["quantity"], &json!("venue")),
        "{after:#}"
    );
    let held = desk.control.truth()["positions"][0]["qty"].clone();
    assert_eq!(after["quantity"], held);
    desk.shows(&["status"], &["not traded 1 fee in kind", "Nothing needs you."]);
}
