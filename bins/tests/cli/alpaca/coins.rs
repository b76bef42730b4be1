//! Coins, of which the broker keeps its fee in kind: what is held is less than what was bought, is guarded whole, and can
//! be sold whole.

use broker_sim::alpaca::Quirks;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::desk::{Desk, PRICES, decimal, text};
use super::truth;
use crate::place::{code, stderr, stdout};

/// What is held there now, of everything.
fn held(desk: &Desk) -> Vec<String> {
    let truth = desk.control.truth();
    let of = |row: &Value| row["qty"].as_str().unwrap().to_owned();
    truth["positions"].as_array().unwrap().iter().map(of).collect()
}

#[track_caller]
fn passes(desk: &Desk, signals: &[Value]) {
    let ran = desk.run(signals, &["--settle", "1"]);
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
}

fn exit(desk: &Desk) -> Value {
    let now = desk.control.now();
    json!({
        "id": "out", "symbol": "BTC/USD", "asset_class": "crypto", "action": "exit", "decided_at": text(now),
        "expires_at": text(now + TimeDelta::hours(6)), "strategy": "test",
    })
}

#[test]
fn a_coin_is_held_less_its_fee_guarded_whole_and_sold_to_the_last_part() {
    let desk = Desk::new("10000");
    passes(&desk, &[desk.enter("in", "BTC/USD", "90000")]);
    let position = &desk.json(&["positions"])[0];
    let fill = desk.json(&["fills"])[0]["fill"].clone();
    let (bought, kept) = (decimal(fill["qty"].as_str().unwrap()), decimal(fill["kept"].as_str().unwrap()));
    assert_eq!(
        kept,
        (bought * decimal("0.0025")).round_dp_with_strategy(9, rust_decimal::RoundingStrategy::AwayFromZero)
    );
    assert_eq!(held(&desk), [(bought - kept).normalize().to_string()]);
    assert_eq!(position["quantity"], held(&desk)[0].as_str(), "{position:#}");
    let stops: Vec<Value> = desk.orders().into_iter().filter(|order| order["type"] == "stop_limit").collect();
    assert_eq!((stops.len(), &stops[0]["qty"]), (1, &json!(held(&desk)[0])), "{stops:#?}");
    truth::book_is_what_the_broker_has(&desk, decimal("10000"));
    assert!(stdout(&desk.tradewind(&["fills"])).contains(" BTC "), "the fee is told in coins");

    desk.control.set_price("BTC/USD", decimal("97000")).unwrap();
    passes(&desk, &[exit(&desk)]);
    assert_eq!(held(&desk), [""; 0], "nothing is left");
    assert_eq!(desk.control.truth()["refused"], json!([]));
    truth::book_is_what_the_broker_has(&desk, decimal("10000"));
    assert_eq!(desk.json(&["status"])["totals"]["trades"], 1);
}

#[test]
fn a_coin_that_is_bought_in_part_loses_the_rest_of_its_entry_to_its_stop_which_sells_it_whole() {
    let desk = Desk::with("10000", &PRICES, 3, Quirks { partial_percent: 100, ..Quirks::default() });
    passes(&desk, &[desk.enter("in", "BTC/USD", "90000")]);
    for _ in 0..4 {
        desk.control.step(TimeDelta::minutes(1)).unwrap();
        passes(&desk, &[]);
    }
    // A stop beside what is left of an entry would trade with oneself, and Alpaca refuses it.
    let entry = desk.orders().into_iter().find(|order| order["side"] == "buy").unwrap();
    assert_eq!(entry["status"], "canceled", "{entry:#}");
    assert!(decimal(entry["filled_qty"].as_str().unwrap()) < decimal(entry["qty"].as_str().unwrap()));
    assert_eq!(desk.json(&["status"])["protection"][0]["protection"], "venue");
    truth::book_is_what_the_broker_has(&desk, decimal("10000"));
    desk.control.set_price("BTC/USD", decimal("89900")).unwrap();
    for _ in 0..20 {
        desk.control.step(TimeDelta::minutes(1)).unwrap();
        passes(&desk, &[]);
        if held(&desk).is_empty() {
            break;
        }
    }
    assert_eq!(held(&desk), [""; 0], "nothing is left");
    truth::book_is_what_the_broker_has(&desk, decimal("10000"));
    assert_eq!(desk.json(&["status"])["totals"]["trades"], 1);
    assert!(desk.json(&["fills"]).as_array().unwrap().len() > 2, "it was sold in parts");
}
