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

#[test]
fn a_part_of_trading_is_halted_while_everything_else_goes_on() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    for (words, number) in [
        (&["halt", "--class", "coins", "--why", "x"][..], "TW0101"),
        (&["halt", "--symbol", "NOPE", "--why", "x"], "TW0709"),
        (&["resume", "--class", "crypto", "--strategy", "a", "--why", "x"], "TW0101"),
    ] {
        let refused = place.tradewind(words);
        assert_eq!(code(&refused), 2, "{}", stderr(&refused));
        assert!(stderr(&refused).contains(number), "{}", stderr(&refused));
    }
    let halt = place.tradewind(&["halt", "--symbol", "ETH/USD", "--why", "odd prices"]);
    assert_eq!(code(&halt), 0, "{}", stderr(&halt));
    assert!(stdout(&halt).contains("tradewind resume --symbol ETH/USD --why TEXT"), "{}", stdout(&halt));
    assert!(!place.file("paper-state.json.halt").exists(), "only a part");
    place.signals(&[enter("two", "ETH/USD", "2800"), enter("three", "SOL/USD", "130")]);
    let ran = place.run();
    assert!(stdout(&ran).contains("stopped    entries of paper:ETH/USD since"), "{}", stdout(&ran));
    assert!(stdout(&ran).contains("Needs you: entries of paper:ETH/USD are stopped"), "{}", stdout(&ran));
    let status = place.json(&["status"]);
    assert_eq!((&status["level"], &status["data"]["entries_go_through"]), (&json!("trading"), &json!(true)));
    let stop = &status["data"]["stopped"][0];
    assert_eq!((&stop["code"], &stop["until"]), (&json!("operator"), &json!(null)), "{status}");
    assert_eq!(stop["resume"], json!("resume --symbol ETH/USD --why TEXT"));
    let signals = place.data(&["signals", "--all"]);
    let of = |id: &str| signals.iter().find(|row| row["id"] == json!(id)).unwrap_or(&signals[0]).clone();
    assert!(of("two").to_string().contains("entries_stopped"), "{signals:?}");
    assert!(!of("three").to_string().contains("entries_stopped"), "{signals:?}");
    let class = place.tradewind(&["halt", "--class", "crypto", "--why", "odd prices of coins"]);
    assert_eq!(code(&class), 0, "{}", stderr(&class));
    for part in [["--symbol", "ETH/USD"], ["--class", "crypto"]] {
        let resumed = place.tradewind(&["resume", part[0], part[1], "--why", "fine again"]);
        assert_eq!(code(&resumed), 0, "{}", stderr(&resumed));
    }
    assert_eq!(place.json(&["status"])["data"]["stopped"], json!([]));
    place.prices();
    place.signals(&[enter("four", "ETH/USD", "2800")]);
    place.run();
    assert!(place.data(&["positions"]).iter().any(|row| row["symbol"] == json!("ETH/USD")));
    assert!(place.tradewind(&["journal", "verify"]).status.success());
}
