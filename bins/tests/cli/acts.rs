//! What a person does: halt, resume, flatten.

use serde_json::json;

use crate::place::{Place, code, enter, stderr, stdout};

#[test]
fn a_halt_stops_entries_until_a_person_resumes() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    let halt = place.tradewind(&["halt", "--why", "odd prices"]);
    assert_eq!(code(&halt), 0, "{}", stderr(&halt));
    assert!(place.file("paper-state.json.halt").exists());
    place.signals(&[enter("two", "ETH/USD", "2800")]);
    let ran = place.run();
    assert_eq!(code(&ran), 3, "{}", stdout(&ran));
    assert!(stdout(&ran).contains("DENIED") && stdout(&ran).contains("resume --why"), "{}", stdout(&ran));
    assert_eq!(place.data(&["fills", "--all"]).len(), 1);
    assert_eq!(place.data(&["positions"])[0]["protected"], json!("yes"), "the stop stays");
    assert_eq!(code(&place.tradewind(&["resume"])), 2, "a reason is needed");
    let resumed = place.tradewind(&["resume", "--why", "fine again"]);
    assert_eq!(code(&resumed), 0, "{}", stderr(&resumed));
    assert!(!place.file("paper-state.json.halt").exists());
    place.signals(&[enter("three", "ETH/USD", "2800")]);
    assert_eq!(code(&place.run()), 0);
    assert_eq!(place.data(&["fills", "--all"]).len(), 2);
}

#[test]
fn a_halt_file_alone_holds_entries_back() {
    let place = Place::new();
    place.write("paper-state.json.halt", "by hand\n");
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    let ran = place.run();
    assert_eq!(code(&ran), 3, "{}", stdout(&ran));
    assert!(place.data(&["orders", "--all"]).is_empty());
}

#[test]
fn flatten_closes_everything_for_the_account_that_is_named() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000"), enter("two", "ETH/USD", "2800")]);
    place.run();
    let unnamed = place.tradewind(&["flatten", "--why", "leaving"]);
    assert_eq!(code(&unnamed), 2);
    assert!(
        stderr(&unnamed).contains("2 positions") && stderr(&unnamed).contains("--confirm paper-1"),
        "{}",
        stderr(&unnamed)
    );
    assert_eq!(place.data(&["positions"]).len(), 2);
    place.prices();
    let flat = place.tradewind(&["flatten", "--why", "leaving", "--confirm", "paper-1"]);
    assert_eq!(code(&flat), 0, "{}", stderr(&flat));
    assert!(stdout(&flat).contains("Flat:"), "{}", stdout(&flat));
    assert!(place.data(&["positions"]).is_empty() && place.data(&["orders"]).is_empty());
    let status = place.json(&["status"]);
    assert_eq!(status["level"], json!("flattening"));
    let open: rust_decimal::Decimal =
        status["data"]["account"]["open_today"].as_str().unwrap().parse().unwrap();
    assert!(open.is_zero(), "nothing is held, so nothing is open: {status}");
    let why = place.json(&["explain", "BTC/USD"]);
    assert!(why.to_string().contains("flatten"));
    // Out of it lead two steps, and the second takes a day.
    let first = place.tradewind(&["resume", "--why", "looked at"]);
    assert_eq!(code(&first), 3, "{}", stdout(&first));
    assert!(stderr(&first).contains("TW0707") && stderr(&first).contains("not before"), "{}", stderr(&first));
    assert_eq!(place.json(&["status"])["level"], json!("reduce-only"));
    let second = place.tradewind(&["resume", "--why", "looked at again"]);
    assert_eq!(code(&second), 3, "{}", stdout(&second));
    assert!(stderr(&second).contains("TW0705"), "{}", stderr(&second));
    place.signals(&[enter("three", "BTC/USD", "80000")]);
    assert_eq!(code(&place.run()), 3);
    assert_eq!(place.json(&["status"])["level"], json!("reduce-only"));
}
