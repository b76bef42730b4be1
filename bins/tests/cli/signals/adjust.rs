//! `adjust`: stop and target of what is held are moved, one leg at a time, or the adjustment is denied with its reason.

use serde_json::{Value, json};

use crate::place::{Place, code, enter, exit, stderr, stdout};

/// An adjustment of BTC/USD with these prices.
fn adjust(id: &str, prices: &Value) -> Value {
    let mut signal = exit(id, "BTC/USD");
    signal["action"] = json!("adjust");
    signal.as_object_mut().unwrap().extend(prices.as_object().unwrap().clone());
    signal
}

/// A place that holds BTC/USD with a stop at 80000 and a target at 90000.
fn holding() -> Place {
    let place = Place::new();
    let mut signal = enter("in", "BTC/USD", "80000");
    signal["target"] = json!("90000");
    place.signals(&[signal]);
    let ran = place.run();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    assert_eq!(legs(&place), ["stop 80000", "target 90000"]);
    place
}

/// The live orders of the position: purpose and price; each is of all that is held.
fn legs(place: &Place) -> Vec<String> {
    let held = place.data(&["positions"]).first().map(|position| position["quantity"].clone());
    let mut legs: Vec<_> = place
        .data(&["orders"])
        .iter()
        .map(|order| {
            let intent = &order["intent"];
            assert_eq!(Some(&intent["qty"]), held.as_ref(), "{order}");
            assert_eq!(order["phase"], json!("working"), "{order}");
            let price =
                ["trigger", "limit", "distance"].iter().find_map(|name| intent[*name].as_str()).unwrap();
            format!("{} {price}", intent["purpose"].as_str().unwrap())
        })
        .collect();
    legs.sort();
    legs
}

/// What became of the one signal of a pass: its outcome and the code of its reason.
fn outcome(place: &Place, signal: Value) -> (String, String) {
    place.signals(&[signal]);
    place.prices();
    let ran = place.json(&["run", "--signals", "signals.json"]);
    let row = &ran["data"]["signals"][0];
    (
        row["outcome"].as_str().unwrap_or("").to_owned(),
        row["reason"]["code"].as_str().unwrap_or("").to_owned(),
    )
}

fn is(outcome: &(String, String), word: &str, reason: &str) -> bool {
    (outcome.0.as_str(), outcome.1.as_str()) == (word, reason)
}

#[test]
fn a_stop_is_tightened_and_loosened_and_a_target_moved() {
    let place = holding();
    for (id, prices, expected) in [
        ("tighten", json!({"stop": "82000"}), ["stop 82000", "target 90000"]),
        ("loosen", json!({"stop": "79000.5"}), ["stop 79000.5", "target 90000"]),
        ("further", json!({"target": "95000"}), ["stop 79000.5", "target 95000"]),
        ("both", json!({"stop": "81000", "target": "88000"}), ["stop 81000", "target 88000"]),
    ] {
        let orders = place.data(&["orders", "--all"]).len();
        let got = outcome(&place, adjust(id, &prices));
        assert!(is(&got, "adjusted", ""), "{id}: {got:?}");
        assert_eq!(legs(&place), expected, "{id}");
        // What did not move was left alone, and what moved is one order more.
        let moved = prices.as_object().unwrap().len();
        assert_eq!(place.data(&["orders", "--all"]).len(), orders + moved, "{id}");
        assert_eq!(place.data(&["positions"])[0]["protected"], json!("yes"), "{id}");
    }
    let told = stdout(&place.tradewind(&["explain", "both"]));
    assert!(
        told.contains("ADJUSTED") && told.contains("stop 81,000") && told.contains("target 88,000"),
        "{told}"
    );
    // Never two of a kind at once: each old leg was over before the next one was sent.
    let mut live = std::collections::BTreeMap::<String, i32>::new();
    for row in place.data(&["journal", "tail", "--last", "1000"]) {
        let record = &row["record"];
        let of =
            |id: &Value| id.as_str().unwrap().rsplit('-').next().unwrap().chars().next().unwrap().to_string();
        match record["record"].as_str().unwrap() {
            "intended" => {
                let leg = of(&record["intent"]["id"]);
                let count = live.entry(leg.clone()).or_default();
                *count += 1;
                assert_eq!(*count, 1, "{leg}: {row}");
            }
            "closed" => *live.entry(of(&record["order"])).or_default() -= 1,
            _ => {}
        }
    }
    // The stop that rests is the one that works: the price falls below it, and the position is out.
    place.fallen_prices();
    assert_eq!(code(&place.tradewind(&["run"])), 0);
    assert!(place.data(&["positions"]).is_empty() && place.data(&["orders"]).is_empty());
    assert_eq!(place.data(&["trades"])[0]["exit"], json!("stop"));
}

#[test]
fn the_same_again_changes_nothing_and_is_recorded() {
    let place = holding();
    assert!(is(&outcome(&place, adjust("a", &json!({"stop": "82000"}))), "adjusted", ""));
    let orders = place.data(&["orders", "--all"]).len();
    assert!(is(&outcome(&place, adjust("b", &json!({"stop": "82000.00"}))), "adjusted", "unchanged"));
    assert_eq!(place.data(&["orders", "--all"]).len(), orders, "no order was touched");
    assert_eq!(legs(&place), ["stop 82000", "target 90000"]);
    // The same file again is the same signal.
    let again = place.run();
    assert!(stdout(&again).contains("1 signal: 1 taken in before"), "{}", stdout(&again));
    assert_eq!(place.data(&["orders", "--all"]).len(), orders);
}

#[test]
fn what_cannot_be_is_denied_with_its_reason_and_nothing_is_sent() {
    let place = holding();
    let orders = place.data(&["orders", "--all"]).len();
    // The bid is 84170 and the ask 84210.
    for (id, prices) in [
        ("above", json!({"stop": "85000"})),
        ("at", json!({"stop": "84170"})),
        ("below", json!({"target": "84000"})),
        ("one of both", json!({"stop": "82000", "target": "84210"})),
    ] {
        let id = id.replace(' ', "-");
        assert!(is(&outcome(&place, adjust(&id, &prices)), "denied", "stop_side"), "{id}");
        assert_eq!(legs(&place), ["stop 80000", "target 90000"], "{id}: all of it or nothing");
    }
    assert_eq!(place.data(&["orders", "--all"]).len(), orders);
    let told = stdout(&place.tradewind(&["signals"]));
    assert!(told.contains("belongs below the bid 84170"), "{told}");
    let mut elsewhere = adjust("nothing", &json!({"stop": "80"}));
    elsewhere["symbol"] = json!("LTC/USD");
    assert!(is(&outcome(&place, elsewhere), "denied", "nothing_held"));
    let failed = {
        place.signals(&[adjust("told", &json!({"stop": "85000"}))]);
        place.prices();
        place.tradewind(&["run", "--signals", "signals.json", "--fail-on-denied"])
    };
    assert_eq!(code(&failed), 6, "{}", stdout(&failed));
}

#[test]
fn one_pass_can_enter_adjust_and_exit_in_the_order_of_the_file() {
    let place = Place::new();
    place.signals(&[enter("in", "BTC/USD", "80000")]);
    place.run();
    place.signals(&[
        adjust("up", &json!({"stop": "82000"})),
        exit("out", "BTC/USD"),
        adjust("late", &json!({"stop": "83000"})),
    ]);
    let ran = place.run();
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    let rows = place.data(&["signals"]);
    let of = |id: &str| rows.iter().find(|row| row["id"] == json!(id)).unwrap();
    assert_eq!(of("up")["outcome"], json!("adjusted"));
    assert_eq!(of("out")["outcome"], json!("filled"));
    assert_eq!(
        (&of("late")["outcome"], &of("late")["reason"]["code"]),
        (&json!("denied"), &json!("already_closing"))
    );
    assert!(place.data(&["positions"]).is_empty() && place.data(&["orders"]).is_empty());
}

#[test]
fn a_trail_makes_the_stop_follow_the_price_and_the_same_again_changes_nothing() {
    let place = holding();
    assert!(is(&outcome(&place, adjust("trail", &json!({"trail": "500"}))), "adjusted", ""));
    assert_eq!(legs(&place), ["stop 80000", "target 90000"], "until there is a price");
    place.prices();
    assert_eq!(code(&place.tradewind(&["run"])), 0);
    // The bid is 84170. From here on the venue itself follows, so many behind.
    assert_eq!(legs(&place), ["stop 500", "target 90000"]);
    let position = &place.data(&["positions"])[0];
    assert_eq!((&position["trail"], &position["stop"]), (&json!("500"), &json!("83670.00")));
    assert!(stdout(&place.tradewind(&["positions"])).contains("stop follows 500.00 behind"));
    assert!(is(&outcome(&place, adjust("again", &json!({"trail": "500.0"}))), "adjusted", "unchanged"));
    assert_eq!(legs(&place), ["stop 500", "target 90000"]);
    let told = stdout(&place.tradewind(&["explain", "BTC/USD"]));
    assert!(told.contains("the stop follows the price to 83,670"), "{told}");
}
