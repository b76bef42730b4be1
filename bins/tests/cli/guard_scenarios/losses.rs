//! Forty losing trades in a row, ten a round: three pauses, and the latch that only a person opens.

use broker_sim::alpaca::Quirks;
use serde_json::{Value, json};

use super::{Desk, at, enters, holds, levels, nothing_twice, outcome, says};

const STOCKS: [&str; 10] = ["AAPL", "MSFT", "KO", "PG", "JPM", "V", "UNH", "JNJ", "WMT", "COST"];

/// Ten are entered, and their stops are hit; a pass finds it, and ends with this code.
#[track_caller]
fn loses_ten(desk: &Desk, round: usize, ends_with: i32) {
    for symbol in STOCKS {
        desk.price(symbol, "100");
    }
    let entry = |symbol: &&str| desk.enter(&format!("{round}/{symbol}"), symbol, "99.8");
    let told = desk.pass(0, &STOCKS.iter().map(entry).collect::<Vec<Value>>(), &[]);
    for symbol in STOCKS {
        assert_eq!(outcome(&told, &format!("{round}/{symbol}")), "filled");
        desk.price(symbol, "99.7");
    }
    desk.seconds(2);
    desk.pass(ends_with, &[], &[]);
    holds(desk, &[]);
}

/// One is entered and left at another price; with which code the pass ends that finds it.
#[track_caller]
fn trades_one(desk: &Desk, id: &str, leaves_at: &str, ends_with: i32) {
    desk.price("KO", "100");
    // Two like each other within a minute were one.
    desk.seconds(61);
    assert_eq!(enters(desk, 0, desk.enter(id, "KO", "99"), &[]), "filled");
    desk.price("KO", leaves_at);
    let out = desk.exit(&format!("{id}-out"), "KO");
    desk.pass(ends_with, &[out], &[]);
    holds(desk, &[]);
}

/// Losses in a row, as programs read them.
fn losses(desk: &Desk) -> Value {
    desk.json(&["status"])["losses_in_a_row"].clone()
}

#[test]
fn forty_losses_in_a_row_end_entries_until_a_person_resumes() {
    let prices: Vec<(&str, &str)> = STOCKS.iter().map(|symbol| (*symbol, "100")).collect();
    let desk = Desk::with("100000", &prices, 1, Quirks { partial_percent: 0, ..Quirks::default() });
    // Rounds that end on the day they begin would be too many for a small margin account.
    desk.sets("day_trades_max", "1000");
    at(&desk, "2026-10-05T14:00:30Z");
    loses_ten(&desk, 1, 3);
    assert_eq!(
        (losses(&desk), levels(&desk)),
        (json!(10), vec!["paused cooldown 2026-10-06T14:00:32Z".to_owned()])
    );
    assert_eq!(enters(&desk, 3, desk.enter("rests", "KO", "99"), &[]), "denied level");
    // The pause ends by its own time, and nobody is needed.
    at(&desk, "2026-10-06T14:01:30Z");
    loses_ten(&desk, 2, 3);
    assert_eq!(losses(&desk), 20);
    // The second is ended by a person.
    says(&desk, &["resume", "--why", "looked"], 0, &["Entries go through again"]);
    at(&desk, "2026-10-06T15:00:30Z");
    loses_ten(&desk, 3, 3);
    assert_eq!(losses(&desk), 30);
    at(&desk, "2026-10-07T15:02:30Z");
    loses_ten(&desk, 4, 3);
    let told = [
        "paused cooldown 2026-10-06T14:00:32Z",
        "trading pause_over",
        "paused cooldown 2026-10-07T14:01:32Z",
        "trading operator",
        "paused cooldown 2026-10-07T15:00:32Z",
        "trading pause_over",
        "reduce-only loss_latch",
    ];
    assert_eq!((losses(&desk), levels(&desk)), (json!(40), told.map(ToOwned::to_owned).to_vec()));

    // No time ends it, and no new process.
    at(&desk, "2026-10-20T14:00:00Z");
    for id in ["late", "later"] {
        assert_eq!(enters(&desk, 3, desk.enter(id, "KO", "99"), &[]), "denied level");
    }
    let status = desk.json(&["status"]);
    assert_eq!(
        (&status["level"], &status["level_until"], &status["losses_in_a_row"]),
        (&json!("reduce-only"), &Value::Null, &json!(40))
    );
    let need = status["needs_you"][0]["text"].as_str().unwrap();
    assert!(need.contains("losing trades in a row: 40, limit 40"), "{need}");
    // A person does, once for the streak as it is.
    says(&desk, &["resume", "--why", "the market was closed to it"], 0, &["Entries go through again"]);
    desk.pass(0, &[], &[]);
    trades_one(&desk, "forty-one", "99.5", 3);
    assert_eq!(
        (losses(&desk), levels(&desk).last().unwrap().as_str()),
        (json!(41), "reduce-only loss_latch")
    );
    says(&desk, &["resume", "--why", "one more look"], 0, &["Entries go through again"]);
    trades_one(&desk, "won", "101", 0);
    assert_eq!((losses(&desk), super::level(&desk)), (json!(0), "trading".to_owned()));
    nothing_twice(&desk);
}
