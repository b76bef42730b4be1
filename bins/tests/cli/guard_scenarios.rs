//! What stops trading, tried as it comes: the program that a user runs, over the wire, at a simulated broker whose time and prices
//! a test moves and whose answers it spoils. docs/levels.md has the list.

mod gap;
mod in_flight;
mod late_day;
mod losses;
mod mute;
mod refused;
mod tick;
mod weekend;

use broker_api::Time;
use serde_json::{Value, json};

use crate::alpaca::desk::{Desk, text};
use crate::place::{code, stderr, stdout};

/// The account that a person names to close everything.
fn account(desk: &Desk) -> String {
    desk.control.truth()["account_id"].as_str().unwrap().to_owned()
}

/// All records of a kind, the oldest first.
fn records(desk: &Desk, kind: &str) -> Vec<Value> {
    let rows = desk.json(&["journal", "tail", "--last", "5000"]);
    let of_kind = rows.as_array().unwrap().iter().filter(|row| row["record"]["record"] == kind);
    of_kind.cloned().collect()
}

/// The levels that were set, each with its code and its end: `reduce-only daily_loss 2026-10-05T21:00:00Z`.
fn levels(desk: &Desk) -> Vec<String> {
    let told = |row: &Value| {
        let record = &row["record"];
        let words = [&record["level"], &record["reason"]["code"], &record["until"]];
        let words: Vec<&str> = words.into_iter().filter_map(Value::as_str).collect();
        words.join(" ")
    };
    records(desk, "level_set").iter().map(told).collect()
}

/// What is held at the broker: `KO 160`.
fn held_there(desk: &Desk) -> Vec<String> {
    let truth = desk.control.truth();
    let row = |row: &Value| format!("{} {}", row["symbol"].as_str().unwrap(), row["qty"].as_str().unwrap());
    let mut held: Vec<String> = truth["positions"].as_array().unwrap().iter().map(row).collect();
    held.sort();
    held
}

/// Book and broker hold this, and nothing else.
#[track_caller]
fn holds(desk: &Desk, wanted: &[&str]) {
    assert_eq!(held_here(desk), wanted, "the book");
    assert_eq!(held_there(desk), wanted, "the broker");
}

/// The level, as programs read it.
fn level(desk: &Desk) -> String {
    desk.json(&["status"])["level"].as_str().unwrap().to_owned()
}

/// What is held by the book, in the same words.
fn held_here(desk: &Desk) -> Vec<String> {
    let rows = desk.json(&["positions"]);
    let row =
        |row: &Value| format!("{} {}", row["symbol"].as_str().unwrap(), row["quantity"].as_str().unwrap());
    let mut held: Vec<String> = rows.as_array().unwrap().iter().map(row).collect();
    held.sort();
    held
}

/// The orders that closed something at the broker: kind, symbol, quantity, price.
fn closed_there(desk: &Desk) -> Vec<String> {
    let is_close = |order: &&Value| order["side"] == "sell" && order["status"] == "filled";
    let word = |order: &Value, field: &str| order[field].as_str().unwrap_or_default().to_owned();
    let told = |order: &Value| {
        ["type", "symbol", "qty", "filled_avg_price"].map(|field| word(order, field)).join(" ")
    };
    let mut closed: Vec<String> = desk.orders().iter().filter(is_close).map(told).collect();
    closed.sort();
    closed
}

/// Every order has a name of its own, and the journal holds together.
#[track_caller]
fn nothing_twice(desk: &Desk) {
    let mut names: Vec<String> =
        desk.orders().iter().map(|order| order["client_order_id"].to_string()).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "one name is one order");
    assert_eq!(code(&desk.tradewind(&["journal", "verify"])), 0);
}

/// A verb ends with this code and says these words.
#[track_caller]
fn says(desk: &Desk, words: &[&str], ends_with: i32, told: &[&str]) -> String {
    let ran = desk.tradewind(words);
    let said = format!("{}{}", stdout(&ran), stderr(&ran));
    assert_eq!(code(&ran), ends_with, "{words:?}: {said}");
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in told {
        assert!(flat.contains(words), "{words:?} is not said: {said}");
    }
    said
}

/// A pass takes this entry in: the outcome, and the code of its reason.
#[track_caller]
fn enters(desk: &Desk, ends_with: i32, signal: Value, words: &[&str]) -> String {
    let id = signal["id"].as_str().unwrap().to_owned();
    outcome(&desk.pass(ends_with, &[signal], words), &id)
}

/// The outcome of a signal, and the code of its reason: `denied level`.
fn outcome(told: &Value, id: &str) -> String {
    let rows = told["signals"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{told:#}"));
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{} {}", word(&row["outcome"]), word(&row["reason"]["code"])).trim_end().to_owned()
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

/// Time goes on to a moment.
fn at(desk: &Desk, moment: &str) {
    desk.control.set_time(time(moment)).unwrap();
    assert_eq!(text(desk.control.now()), moment);
}

/// Three stocks are held behind their stops since Friday, 10:00 in New York; the stop of the last one lies far below.
fn holds_three(desk: &Desk) {
    let signals =
        [desk.enter("one", "AAPL", "219"), desk.enter("two", "MSFT", "415"), desk.enter("three", "KO", "44")];
    desk.pass(0, &signals, &[]);
    holds(desk, &["AAPL 44", "KO 108", "MSFT 23"]);
    assert_eq!(desk.json(&["status"])["stops"], json!({ "wanted": 3, "resting": 3 }));
}
