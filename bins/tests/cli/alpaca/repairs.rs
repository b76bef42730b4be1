//! What others do in the account, and what a person makes of it: from the broker's answer to the line of a report. What
//! happened to the users of other programs stands at each test.

use broker_api::Side;
use broker_sim::alpaca::Quirks;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::desk::{Desk, PRICES, decimal, document};
use crate::place::{code, stderr, stdout};
use crate::schemas::{assert_fits, schema_of};

/// Every question for positions fails.
const POSITIONS_FAIL: &str = r#"{"request":{"method":"GET","path":"/v2/positions","times":0,"do":{"status":{"code":503,"processed":false}}}}"#;

/// A desk that holds AAPL with its stop.
fn holding() -> Desk {
    let desk = Desk::new("100000");
    let ran = desk.run(&[desk.enter("one", "AAPL", "219")], &[]);
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    desk
}

fn held(desk: &Desk, symbol: &str) -> String {
    let positions = desk.json(&["positions"]);
    let row = positions.as_array().unwrap().iter().find(|row| row["symbol"] == symbol).cloned();
    row.map_or_else(|| "0".to_owned(), |row| row["quantity"].as_str().unwrap().to_owned())
}

fn repaired(desk: &Desk, words: &[&str]) -> Value {
    let done = desk.tradewind(&[&["repair"], words, &["--json"]].concat());
    let told = document(&done);
    assert_fits(&schema_of(|words| desk.tradewind(words), "output"), &told, "repair");
    assert_eq!(told["schema"], "tradewind.repair/1", "{told:#}");
    assert_eq!(told["data"]["exit"], json!(code(&done)));
    told["data"].clone()
}

fn verdict(desk: &Desk, symbol: &str) -> Value {
    let looked = desk.tradewind(&["reconcile", "--json"]);
    let told = document(&looked);
    let rows = told["data"]["instruments"].as_array().unwrap_or_else(|| panic!("{told:#}")).clone();
    rows.into_iter().find(|row| row["symbol"] == symbol).unwrap_or(Value::Null)
}

#[test]
fn reconcile_looks_writes_nothing_and_says_what_matches() {
    let desk = holding();
    let before = std::fs::read(desk.folder.path().join("paper-state.json")).unwrap();
    let posts = desk.requests("POST", "/v2/orders");
    let looked = desk.tradewind(&["reconcile"]);
    let text = stdout(&looked);
    assert_eq!(code(&looked), 0, "{text}{}", stderr(&looked));
    assert!(text.contains("1 of 1 positions match, 1 stops cover 1 positions, 0 unknown"), "{text}");
    assert_eq!(verdict(&desk, "AAPL")["verdict"], "match");
    assert_eq!(std::fs::read(desk.folder.path().join("paper-state.json")).unwrap(), before);
    assert_eq!(desk.requests("POST", "/v2/orders"), posts);
}

// Positions that were closed by hand stayed open in memory all session: nautechsystems/nautilus_trader#3655.
#[test]
fn a_position_that_a_person_closed_is_closed_here_too_and_counts_as_neither_won_nor_lost() {
    let desk = holding();
    let all = held(&desk, "AAPL");
    desk.cancel_all_by_hand();
    desk.control.trade("AAPL", Side::Sell, decimal(&all)).unwrap();
    let ran = desk.run(&[], &[]);
    assert_eq!(code(&ran), 4, "{}{}", stdout(&ran), stderr(&ran));
    let status = desk.json(&["status"]);
    assert_eq!(status["diverged"][0]["code"], "outside_trade", "{status:#}");
    assert_eq!((&status["outside"]["trades_kept_out"], &status["totals"]["losses"]), (&json!(1), &json!(0)));
    assert_eq!(desk.json(&["trades"])[0]["outside"], "outside_trade");
    let story = stdout(&desk.tradewind(&["explain", "AAPL"]));
    assert!(story.contains("DIVERGENCE AAPL") && story.contains("not ours (outside_trade)"), "{story}");
    assert!(story.contains("choose      tradewind repair trust-broker AAPL --reason TEXT"), "{story}");
    assert!(!story.contains("repair adopt"), "there is nothing to adopt: {story}");
    // No entry until a person has looked, and then it goes on.
    let denied = desk.run(&[desk.enter("two", "AAPL", "219")], &[]);
    assert_eq!(document(&denied)["data"]["signals"][0]["outcome"], "denied");
    assert_eq!(repaired(&desk, &["trust-broker", "AAPL", "--reason", "sold by hand"])["exit"], 0);
    // An equal entry within a minute would be taken for the same one.
    desk.seconds(61);
    let again = desk.run(&[desk.enter("three", "AAPL", "219")], &[]);
    assert_eq!(document(&again)["data"]["signals"][0]["outcome"], "filled", "{}", stdout(&again));
}

// A forced liquidation was not booked: QuantConnect/Lean#5839.
#[test]
fn what_the_broker_liquidates_is_booked_and_no_stop_is_left() {
    let desk = holding();
    desk.control.liquidate("AAPL").unwrap();
    let ran = desk.run(&[], &[]);
    assert_eq!(code(&ran), 4, "{}{}", stdout(&ran), stderr(&ran));
    assert_eq!(held(&desk, "AAPL"), "0");
    let open = desk.json(&["orders"]);
    assert_eq!(open, json!([]), "{open:#}");
    assert_eq!(verdict(&desk, "AAPL"), Value::Null, "nothing is held, here or there");
}

// A manual trade once ended the run, and is now ignored: QuantConnect/Lean#2916.
#[test]
fn what_a_person_buys_can_be_left_alone_adopted_or_closed() {
    let desk = holding();
    let ours = held(&desk, "AAPL");
    desk.control.trade("AAPL", Side::Buy, decimal("4")).unwrap();
    assert_eq!(code(&desk.run(&[], &[])), 4);
    let row = verdict(&desk, "AAPL");
    assert_eq!(
        (&row["verdict"], &row["beside"], &row["diverged"]),
        (&json!("explained"), &json!("4"), &json!(true)),
        "{row:#}"
    );
    let left = repaired(&desk, &["ignore", "AAPL", "--reason", "my own"]);
    assert_eq!((&left["held"], &left["beside"], &left["exit"]), (&json!(ours), &json!("4"), &json!(0)));
    assert_eq!(code(&desk.run(&[], &[])), 0, "and stays so");
    let ours_now = repaired(&desk, &["adopt", "AAPL", "--stop", "220", "--reason", "run it from here"]);
    assert_eq!((&ours_now["exit"], &ours_now["beside"]), (&json!(0), &json!("0")), "{ours_now:#}");
    let position = &desk.json(&["positions"])[0];
    assert_eq!(
        (&position["stop"], &position["protected"], &position["outside"]),
        (&json!("220"), &json!("yes"), &json!("repair")),
        "{position:#}"
    );
    desk.control.trade("MSFT", Side::Buy, decimal("3")).unwrap();
    assert_eq!(code(&desk.run(&[], &[])), 4);
    let closed = repaired(&desk, &["close", "MSFT", "--reason", "not wanted"]);
    assert_eq!((&closed["held"], &closed["diverged"]), (&json!("0"), &json!([])), "{closed:#}");
    let there = desk.control.truth()["positions"].clone();
    assert_eq!(there.as_array().unwrap().len(), 1, "{there:#}");
}

#[test]
fn a_repair_of_what_agrees_and_flags_that_do_not_fit_are_refused_and_change_nothing() {
    let desk = holding();
    let before = std::fs::read(desk.folder.path().join("paper-state.json")).unwrap();
    for (words, word) in [
        (&["repair", "trust-broker", "AAPL", "--reason", "x"][..], "TW0818"),
        (&["repair", "ignore", "AAPL", "--stop", "1", "--reason", "x"], "TW0819"),
        (&["repair", "close", "AAPL", "--until", "2026-12-01T00:00:00Z", "--reason", "x"], "TW0819"),
        (&["repair", "fix", "AAPL", "--reason", "x"], "adopt"),
        (&["repair", "adopt", "AAPL"], "--reason"),
    ] {
        let refused = desk.tradewind(words);
        assert_eq!(code(&refused), 2, "{words:?}");
        assert!(stderr(&refused).contains(word), "{words:?}: {}", stderr(&refused));
    }
    let state = std::fs::read(desk.folder.path().join("paper-state.json")).unwrap();
    let place = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap()["positions"].clone();
    assert_eq!(place(&state), place(&before));
}

// A failed position query was read as flat: nautechsystems/nautilus_trader#3023.
#[test]
fn a_broker_that_does_not_say_what_it_holds_is_not_taken_for_an_empty_account() {
    let desk = holding();
    desk.control.fault_lines(POSITIONS_FAIL).unwrap();
    let looked = desk.tradewind(&["reconcile"]);
    assert_eq!(code(&looked), 5, "{}{}", stdout(&looked), stderr(&looked));
    assert!(stderr(&looked).contains("TW0817"), "{}", stderr(&looked));
    desk.control.clear_faults();
    desk.control.fault_lines(POSITIONS_FAIL).unwrap();
    let ran = desk.run(&[desk.enter("two", "MSFT", "420")], &["--settle", "1"]);
    assert_eq!(code(&ran), 5, "{}", stdout(&ran));
    assert_ne!(held(&desk, "AAPL"), "0");
    assert_eq!(desk.json(&["status"])["diverged"], json!([]));
    assert_eq!(desk.requests("POST", "/v2/orders"), 1, "nothing enters before it was compared");
}

#[test]
fn what_is_ignored_for_a_time_and_what_was_not_traded_stand_in_status_and_explain() {
    let desk = holding();
    desk.control.trade("KO", Side::Buy, decimal("2")).unwrap();
    assert_eq!(code(&desk.run(&[], &[])), 4);
    let story = stdout(&desk.tradewind(&["explain", "KO"]));
    for line in [
        "our book    0   beside it 2",
        "looked for  an order of ours",
        "entries in KO are stopped",
        "repair adopt KO --stop PRICE",
    ] {
        assert!(story.contains(line), "{line}: {story}");
    }
    let left =
        repaired(&desk, &["ignore", "KO", "--until", "2026-12-01T00:00:00Z", "--reason", "for a while"]);
    assert_eq!((&left["exit"], &left["until"]), (&json!(0), &json!("2026-12-01T00:00:00Z")), "{left:#}");
    let status = desk.json(&["status"]);
    assert_eq!(status["outside"]["held"][0]["until"], json!("2026-12-01T00:00:00Z"), "{status:#}");
    let text = stdout(&desk.tradewind(&["status"]));
    assert!(text.contains("beside     2 KO   in the account, and none of ours"), "{text}");
}

// What was ignored was ignored for ever: QuantConnect/Lean#2916, QuantConnect/Lean.Brokerages.OANDA#36.
#[test]
fn what_is_left_alone_until_a_time_differs_again_when_that_is_over() {
    let desk = holding();
    desk.control.trade("KO", Side::Buy, decimal("2")).unwrap();
    assert_eq!(code(&desk.run(&[], &[])), 4);
    let left =
        repaired(&desk, &["ignore", "KO", "--until", "2026-10-02T16:00:00Z", "--reason", "for a while"]);
    assert_eq!((&left["beside"], &left["exit"]), (&json!("2"), &json!(0)), "{left:#}");
    desk.seconds(7000);
    desk.long_pass(0);
    desk.seconds(300);
    desk.long_pass(4);
    let differs = &desk.json(&["status"])["diverged"][0];
    let told = (&differs["symbol"], &differs["code"], &differs["book"], &differs["broker"]);
    assert_eq!(told, (&json!("KO"), &json!("position_differs"), &json!("0"), &json!("2")), "{differs:#}");
    desk.shows(&["reconcile"], &["KO"]);
    assert_eq!(desk.requests("POST", "/v2/orders"), 1, "nothing was sold");
}

// One execution was missing in what was told, and positions were made to fit in a loop:
// QuantConnect/Lean.Brokerages.TradeStation#101, nautechsystems/nautilus_trader#3869.
#[test]
fn an_execution_that_the_log_does_not_tell_yet_is_no_difference_and_nothing_is_done_about_it() {
    let quirks = Quirks { partial_percent: 0, fills_after: TimeDelta::seconds(60), ..Quirks::default() };
    let desk = Desk::with("100000", &PRICES, 1, quirks);
    desk.run(&[desk.enter("one", "AAPL", "219")], &["--settle", "1"]);
    assert_eq!(desk.control.truth()["positions"][0]["qty"], "44");
    assert_eq!((desk.position("AAPL"), &desk.json(&["status"])["diverged"]), (Value::Null, &json!([])));
    desk.seconds(30);
    let ran = desk.run(&[], &["--settle", "1"]);
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    assert_eq!((desk.position("AAPL"), &desk.json(&["status"])["diverged"]), (Value::Null, &json!([])));
    desk.seconds(31);
    desk.pass(0, &[], &[]);
    let position = desk.position("AAPL");
    assert_eq!(
        (&position["quantity"], &position["protected"]),
        (&json!("44"), &json!("yes")),
        "{position:#}"
    );
    assert_eq!(desk.sent(), ["POST buy"]);
    assert_eq!(verdict(&desk, "AAPL")["verdict"], "match");
}

#[test]
fn a_broker_out_of_reach_ends_both_verbs_with_5_and_nothing_is_written() {
    let desk = holding();
    let file = desk.folder.path().join("paper-state.json");
    let before = std::fs::read(&file).unwrap();
    for words in [&["reconcile"][..], &["repair", "ignore", "AAPL", "--reason", "x"]] {
        let failed = desk.command(words).env("APCA_API_BASE_URL", "http://127.0.0.1:9").output().unwrap();
        assert_eq!(code(&failed), 5, "{words:?}: {}{}", stdout(&failed), stderr(&failed));
        assert_eq!(std::fs::read(&file).unwrap(), before, "{words:?}");
    }
    desk.control.fault_lines(POSITIONS_FAIL).unwrap();
    let failed = desk.tradewind(&["repair", "ignore", "AAPL", "--reason", "x"]);
    assert_eq!(code(&failed), 5, "{}", stderr(&failed));
    assert!(stderr(&failed).contains("a failed query is not an empty account"), "{}", stderr(&failed));
    let records = desk.json(&["journal", "tail", "--last", "1000"]);
    assert!(!records.to_string().contains("repaired"), "nothing was decided on no answer");
}

#[test]
fn a_target_beside_a_stop_of_a_part_is_shown_as_watched() {
    let desk = Desk::new("100000");
    let mut signal = desk.enter("one", "BTC/USD", "90000");
    signal["target"] = json!("120000");
    let ran = desk.run(&[signal], &["--settle", "1"]);
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    let position = &desk.json(&["positions"])[0];
    assert_eq!(
        (&position["protection"], &position["target_protection"]),
        (&json!("venue"), &json!("watched")),
        "{position:#}"
    );
    assert!(stdout(&desk.tradewind(&["positions"])).contains("watched"));
    assert!(stdout(&desk.tradewind(&["status"])).contains("targets    watched, while a pass runs: BTC/USD"));
}
