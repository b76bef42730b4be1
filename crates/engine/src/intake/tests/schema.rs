//! The JSON Schema says the same as the code, as far as a schema can. What it cannot say (instruments, the order of
//! times, sessions, the number of digits, keys that are there twice) stands in docs/signals.md and is kept out of the entries here.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};

use super::{NOW, at, defaults};
use crate::intake::{SIGNALS_SCHEMA, read};

static SCHEMA: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&serde_json::from_str(SIGNALS_SCHEMA).unwrap()).unwrap());

fn number() -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!("0"),
        json!("0.0"),
        json!(0),
        json!("-1"),
        json!(-1),
        json!(true),
        json!([1]),
    ];
    values.extend(
        ["1e3", "abc", "1.", ".5", "", "+1", "1", "21.90", "0.01", "99.9", "007", "100"]
            .map(|text| json!(text)),
    );
    values.extend([json!(1), json!(50.5), json!(100)]);
    values
}

/// Times that are in order whenever they are times at all: bar, decision, expiry.
fn time(good: &str, other: &str) -> Vec<Value> {
    let bad = ["2026-11-20T21:00:00", "2026-11-20", "soon", "", "2026-11-20T21:00Z"].map(|bad| json!(bad));
    let mut values = vec![json!(good), json!(other), json!(null), json!(5), json!({})];
    values.extend(bad);
    values
}

/// All keys, with good and bad values of each.
fn values() -> Vec<(&'static str, Vec<Value>)> {
    let words = |words: &[&str]| {
        let mut values = vec![json!(null), json!(7), json!("")];
        values.extend(words.iter().map(|word| json!(word)));
        values
    };
    let (long, longer) = ("x".repeat(64), "x".repeat(65));
    let mut all = vec![
        ("id", words(&["a", "b/c", "a b", "\u{e9}", &long, &longer])),
        ("asset_class", words(&["equity", "stock"])),
        ("action", words(&["enter", "exit", "adjust", "buy"])),
        ("side", words(&["long", "short", "buy"])),
        ("strategy", words(&["trend-a", "a b", "a/b", &long])),
        ("bar_close", time("2026-11-20T15:00:00Z", "2026-11-20t15:00:00z")),
        ("decided_at", time("2026-11-20T16:00:00Z", "2026-11-20T11:00:00.25-05:00")),
        ("expires_at", time("2026-11-20T20:00:00Z", "2026-11-20 20:00:00+00:00")),
        ("stopp", vec![json!("1"), json!(1)]),
    ];
    let numbers = ["decision_price", "stop", "target", "trail", "quantity", "notional", "risk_pct"];
    all.extend(numbers.map(|name| (name, number())));
    all
}

/// A good entry of which up to three keys are taken away or set otherwise.
fn entry() -> impl Strategy<Value = Value> {
    let common = json!({
        "id": "1", "symbol": "AAPL", "bar_close": "2026-11-20T15:00:00Z", "decided_at": "2026-11-20T16:00:00Z",
    });
    let good = [
        json!({"action": "enter", "side": "long", "stop": "1", "target": 5, "risk_pct": "1"}),
        json!({"action": "enter", "side": "short", "quantity": "3", "strategy": "s"}),
        json!({"action": "exit", "decision_price": "2"}),
        json!({"action": "adjust", "stop": "2", "target": null}),
        json!({"action": "adjust", "trail": "0.5"}),
    ];
    let good = good.map(|own| {
        let mut entry = common.clone();
        entry.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        entry
    });
    let change = select(values()).prop_flat_map(|(name, values)| {
        prop::option::weighted(0.8, select(values)).prop_map(move |to| (name, to))
    });
    (select(good.to_vec()), prop::collection::vec(change, 0..=3)).prop_map(|(mut entry, changes)| {
        for (name, to) in changes {
            let keys = entry.as_object_mut().unwrap();
            match to {
                Some(value) => keys.insert(name.to_owned(), value),
                None => keys.remove(name),
            };
        }
        entry
    })
}

/// Whether the code takes the entry.
fn is_taken(entry: &Value) -> bool {
    let intake = read(&format!("[{entry}]"), "signals", at(NOW), &defaults());
    intake.faults.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn schema_and_code_take_the_same_entries(entry in entry()) {
        let list = json!([entry]);
        let told: Vec<String> = SCHEMA.iter_errors(&list).map(|error| error.to_string()).collect();
        let intake = read(&list.to_string(), "signals", at(NOW), &defaults());
        prop_assert_eq!(told.is_empty(), intake.faults.is_empty(), "{}\nschema: {:#?}\ncode: {:#?}", entry, told, intake.faults);
    }
}

#[test]
fn enough_of_them_are_good_and_bad() {
    // The property above says nothing when all entries are refused by both.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let taken = (0..2_000).filter(|_| is_taken(&entry().new_tree(&mut runner).unwrap().current())).count();
    assert!((300..1_700).contains(&taken), "{taken} of 2000 are taken");
}

#[test]
fn what_a_schema_cannot_say_is_said_by_the_code() {
    let schema = &*SCHEMA;
    let good = json!({"id": "1", "symbol": "AAPL", "action": "adjust", "stop": "1", "decided_at": "2026-11-20T21:05:00Z"});
    let with = |key: &str, value: Value| {
        let mut entry = good.clone();
        entry[key] = value;
        entry
    };
    for entry in [
        with("symbol", json!("APPL")),
        with("asset_class", json!("forex")),
        with("stop", json!("1234567890123456789012345678901")),
        with("decided_at", json!("2026-02-30T21:05:00Z")),
        with("decided_at", json!("2027-11-20T21:05:00Z")),
        with("expires_at", json!("2026-11-20T21:00:00Z")),
        with("bar_close", json!("2026-11-20T21:05:01Z")),
        json!({"symbol": "AAPL", "action": "exit", "bar_close": "2026-11-20T21:00:00.5Z"}),
        json!({"id": "1", "symbol": "AAPL", "action": "enter", "side": "long", "stop": "1", "risk_pct": "101", "decided_at": "2026-11-20T21:05:00Z"}),
    ] {
        assert!(schema.is_valid(&json!([entry])), "{entry}");
        assert!(!is_taken(&entry), "{entry}");
    }
    assert!(is_taken(&good) && schema.is_valid(&json!([good])));
    assert!(schema.is_valid(&json!({"schema": "tradewind.signals/1", "signals": [good]})));
    assert!(!schema.is_valid(&json!({"schema": "tradewind.signals/2", "signals": [good]})));
    assert!(!schema.is_valid(&good), "one entry is an item of the list, not a file");
}
