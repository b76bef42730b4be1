//! `run` and `demo`: what a pass does, and that it does nothing twice.

use serde_json::{Value, json};

use crate::place::{Place, code, enter, exit, stderr, stdout};

fn outcomes(place: &Place) -> Vec<(String, String)> {
    let mut all: Vec<_> = place
        .data(&["signals", "--all"])
        .iter()
        .map(|signal| {
            (signal["id"].as_str().unwrap().to_owned(), signal["outcome"].as_str().unwrap().to_owned())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn the_same_signals_twice_place_nothing_new() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000"), enter("two", "ETH/USD", "2800")]);
    let first = place.run();
    assert_eq!(code(&first), 0, "{}{}", stdout(&first), stderr(&first));
    let orders = place.data(&["orders", "--all"]);
    // an entry and a stop each
    assert_eq!(orders.len(), 4);
    assert_eq!(place.data(&["fills", "--all"]).len(), 2);
    let second = place.run();
    assert_eq!(code(&second), 0);
    assert!(stdout(&second).contains("nothing repeated"), "{}", stdout(&second));
    assert!(stdout(&second).contains("2 signals: 2 taken in before"), "{}", stdout(&second));
    assert_eq!(place.data(&["orders", "--all"]).len(), 4);
    assert_eq!(place.data(&["fills", "--all"]).len(), 2);
    assert_eq!(outcomes(&place), [("one".into(), "filled".into()), ("two".into(), "filled".into())]);
}

#[test]
fn the_same_id_with_another_content_changes_nothing_and_is_told() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    place.signals(&[enter("one", "ETH/USD", "2800")]);
    let second = place.run();
    assert!(stdout(&second).contains("taken in before"), "{}", stdout(&second));
    let signals = place.data(&["signals"]);
    assert_eq!((signals.len(), &signals[0]["symbol"]), (1, &json!("BTC/USD")));
    assert!(signals[0]["conflict"].is_string(), "{signals:?}");
    assert_eq!(place.data(&["fills", "--all"]).len(), 1);
}

#[test]
fn a_position_is_guarded_closed_and_summed_up() {
    let place = Place::new();
    place.signals(&[enter("in", "BTC/USD", "80000")]);
    place.run();
    let positions = place.data(&["positions"]);
    assert_eq!((positions.len(), &positions[0]["protected"]), (1, &json!("yes")));
    place.signals(&[exit("out", "BTC/USD")]);
    let out = place.run();
    assert_eq!(code(&out), 0, "{}{}", stdout(&out), stderr(&out));
    assert!(place.data(&["positions"]).is_empty());
    assert!(place.data(&["orders"]).is_empty(), "the stop was cancelled with its position");
    let trades = place.data(&["trades"]);
    assert_eq!((trades.len(), &trades[0]["exit_signal"]), (1, &json!("out")));
    assert_eq!(outcomes(&place), [("in".into(), "filled".into()), ("out".into(), "filled".into())]);
    let state: Value =
        serde_json::from_slice(&std::fs::read(place.file("paper-state.json")).unwrap()).unwrap();
    assert_eq!(state["trades"].as_array().unwrap().len(), 1);
    assert_eq!(code(&place.tradewind(&["state", "verify"])), 0);
}

#[test]
fn a_rehearsal_says_all_and_writes_nothing() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    place.signals(&[enter("two", "ETH/USD", "2800")]);
    place.prices();
    let before = place.bytes();
    let dry = place.tradewind(&["run", "--signals", "signals.json", "--dry-run"]);
    assert_eq!(code(&dry), 0, "{}", stderr(&dry));
    assert!(stdout(&dry).contains("REHEARSAL") && stdout(&dry).contains("FILLED"), "{}", stdout(&dry));
    assert!(place.bytes() == before, "a file changed");
    let new = Place::new();
    new.signals(&[enter("one", "BTC/USD", "80000")]);
    let before = new.bytes();
    assert_eq!(code(&new.tradewind(&["run", "--signals", "signals.json", "--dry-run"])), 0);
    assert!(new.bytes() == before, "a file was made");
}

#[test]
fn without_a_configuration_the_paper_defaults_apply_and_a_missing_price_denies() {
    let place = Place::new();
    std::fs::remove_file(place.file("tradewind.toml")).unwrap();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    let ran = place.tradewind(&["run", "--signals", "signals.json", "--fail-on-denied"]);
    assert_eq!(code(&ran), 6, "{}{}", stdout(&ran), stderr(&ran));
    assert!(stderr(&ran).contains("the paper defaults apply"), "{}", stderr(&ran));
    assert!(stdout(&ran).contains("DENIED") && stdout(&ran).contains("no_price"), "{}", stdout(&ran));
    let listed = place.tradewind(&["status", "--verbose"]);
    assert!(stdout(&listed).contains("daily_loss_percent = 3 %"), "{}", stdout(&listed));
}

#[test]
fn signals_come_from_standard_input_too() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    let mut command = place.command(&["run", "--signals", "-"]);
    command.stdin(std::fs::File::open(place.file("signals.json")).unwrap());
    let ran = command.output().unwrap();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    assert_eq!(outcomes(&place), [("one".into(), "filled".into())]);
}

#[test]
fn the_demo_shows_one_of_everything() {
    let place = Place::new();
    let demo = place.tradewind(&["demo", "--out", "look"]);
    assert_eq!(code(&demo), 0, "{}", stderr(&demo));
    let text = stdout(&demo);
    for word in [
        "GENERATED MARKET",
        "REJECTED",
        "PARTLY FILLED",
        "EXPIRED",
        "DENIED",
        "came again under the same id",
        "Look on with",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let state = ["--state", "look/paper-state.json"];
    assert_eq!(code(&place.tradewind(&[&["journal", "verify"], &state[..]].concat())), 0);
    assert_eq!(code(&place.tradewind(&[&["state", "verify"], &state[..]].concat())), 0);
    let trades = place.data(&[&["trades", "--all"], &state[..]].concat());
    let csv = std::fs::read_to_string(place.file("look/trades.csv")).unwrap();
    assert_eq!(csv.lines().count(), trades.len() + 1);
    assert!(trades.len() > 100, "{}", trades.len());
    let signals = place.data(&[&["signals", "--all"], &state[..]].concat());
    let open = signals.iter().filter(|signal| signal["ended_at"].is_null()).count();
    assert!(signals.len() > 500 && open < 12, "{} signals, {open} without an end", signals.len());
    // the market is the same every time, and a folder that is not a demo's is left alone
    let again = place.json(&["demo", "--out", "look"]);
    assert_eq!(again["data"]["totals"]["trades"], json!(trades.len()));
    let other = place.tradewind(&["demo", "--out", "."]);
    assert_eq!(code(&other), 2, "{}", stderr(&other));
}
