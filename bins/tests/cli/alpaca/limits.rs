//! Limits that change from one start to the next: versions in the journal, and a person's second word for what is loosened a
//! great deal.

use serde_json::{Value, json};

use super::desk::{Desk, document};
use crate::place::{code, stderr, stdout};

/// The version in force, and one of its figures.
fn in_force(desk: &Desk, key: &str) -> (u64, String) {
    let limits = &desk.state()["guard"]["limits"];
    (limits["version"].as_u64().unwrap(), limits["figures"][key].as_str().unwrap().to_owned())
}

/// What a pass says of limits that wait.
fn pending(desk: &Desk) -> Vec<Value> {
    desk.pass(0, &[], &[])["limits_pending"].as_array().unwrap().clone()
}

#[test]
fn a_limit_that_is_loosened_a_great_deal_waits_for_a_word_and_for_the_next_account_day() {
    let desk = Desk::new("100000");
    let first = desk.run(&[], &["--record", "first.jsonl"]);
    assert_eq!(code(&first), 0, "{}", stderr(&first));
    assert_eq!(in_force(&desk, "positions_max"), (1, "10".to_owned()));
    assert_eq!(pending(&desk), Vec::<Value>::new());
    assert_eq!(in_force(&desk, "positions_max").0, 1, "what stays is no new version");
    desk.sets("positions_max", "25");
    let waits = pending(&desk);
    assert_eq!((waits.len(), &waits[0]["key"]), (1, &json!("positions_max")));
    assert_eq!((&waits[0]["factor"], &waits[0]["waits_for"]), (&json!("2.5"), &json!("confirmation")));
    assert_eq!(in_force(&desk, "positions_max"), (1, "10".to_owned()));
    for words in [&["run"][..], &["status"], &["limits"], &["doctor"]] {
        let told = stdout(&desk.tradewind(words));
        assert!(told.contains("limits confirm positions_max --reason TEXT"), "{words:?}: {told}");
    }
    let other = desk.tradewind(&["limits", "confirm", "open_risk_percent", "--reason", "more"]);
    assert_eq!(code(&other), 2, "{}", stdout(&other));
    assert!(
        stderr(&other).contains("TW0411") && stderr(&other).contains("positions_max"),
        "{}",
        stderr(&other)
    );
    let done = desk.tradewind(&["limits", "confirm", "limits.positions_max", "--reason", "larger", "--json"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    // 17:00 in New York.
    let from = document(&done)["data"]["confirmed"]["from"].clone();
    assert_eq!(from, "2026-10-02T21:00:00Z");
    assert_eq!(pending(&desk)[0]["waits_for"], "time");
    desk.seconds(7 * 3600 - 60);
    assert_eq!(pending(&desk)[0]["waits_for"], "time", "it is not the next account day yet");
    assert_eq!(in_force(&desk, "positions_max"), (1, "10".to_owned()));
    desk.seconds(120);
    let last = desk.run(&[], &["--record", "last.jsonl"]);
    assert_eq!(code(&last), 0, "{}", stderr(&last));
    assert_eq!(in_force(&desk, "positions_max"), (2, "25".to_owned()));
    assert_eq!(desk.state()["guard"]["confirmed"], Value::Null, "what was confirmed is used up");
    let history = desk.json(&["limits", "history"]);
    let rows: Vec<(&Value, &Value)> =
        history.as_array().unwrap().iter().map(|row| (&row["version"], &row["changed"])).collect();
    let changed = json!([{ "key": "positions_max", "was": "10", "is": "25" }]);
    assert_eq!(rows, [(&json!(1), &json!([])), (&Value::Null, &Value::Null), (&json!(2), &changed)]);
    for session in ["first.jsonl", "last.jsonl"] {
        let again = desk.tradewind(&["reproduce", session]);
        assert_eq!(code(&again), 0, "{}{}", stdout(&again), stderr(&again));
    }
}

#[test]
fn a_limit_that_is_loosened_twofold_or_tightened_is_in_force_at_once() {
    let desk = Desk::new("100000");
    desk.pass(0, &[], &[]);
    desk.sets("positions_max", "20");
    desk.sets("duplicate_seconds", "30");
    desk.sets("order_notional_percent", "\"1\"");
    assert_eq!(pending(&desk), Vec::<Value>::new());
    let is = |key: &str| in_force(&desk, key).1;
    assert_eq!((is("positions_max"), is("duplicate_seconds")), ("20".to_owned(), "30".to_owned()));
    assert_eq!(in_force(&desk, "order_notional_percent"), (2, "1".to_owned()));
}

#[test]
fn what_is_held_back_binds() {
    let desk = Desk::new("100000");
    desk.sets("positions_max", "1");
    desk.pass(0, &[desk.enter("one", "AAPL", "219")], &[]);
    desk.sets("positions_max", "5");
    let told = desk.pass(0, &[desk.enter("two", "KO", "60")], &[]);
    assert_eq!(
        (&told["signals"][0]["outcome"], &told["signals"][0]["reason"]["code"]),
        (&json!("denied"), &json!("max_positions"))
    );
    let set = desk.tradewind(&["run", "--set", "limits.positions_max=500", "--json"]);
    assert_eq!(document(&set)["data"]["limits_pending"][0]["key"], "positions_max", "nor by --set");
}
