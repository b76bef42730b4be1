//! Passes while one of both brokers is down.

use serde_json::{Value, json};

use super::{Desk, decimal};
use crate::place::{code, stderr, stdout};

#[test]
fn a_pass_works_at_the_one_that_answers_and_says_so() {
    let desk = Desk::new();
    let enter = |id: &str, symbol: &str, class: &str, stop: &str| {
        desk.signal(id, symbol, class, &json!({"action": "enter", "side": "long", "stop": stop}))
    };
    desk.passes(&[enter("one", "EUR/USD", "forex", "1.07500")]);
    desk.pairs.down();
    desk.moves_on(chrono::TimeDelta::minutes(30));
    let ran = desk.pass(&[
        enter("two", "AAPL", "equity", "215.00"),
        enter("three", "USD/JPY", "forex", "154.000"),
        desk.signal("four", "EUR/USD", "forex", &json!({"action": "exit"})),
    ]);
    assert_eq!(code(&ran), 5, "{}{}", stdout(&ran), stderr(&ran));
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let told = &told["data"];
    let outcome = |n: usize| told["signals"][n]["outcome"].as_str().unwrap_or_default().to_owned();
    assert_eq!((outcome(0), outcome(1)), ("filled".into(), "denied".into()), "{told:#}");
    assert_eq!(told["signals"][1]["reason"]["code"], "no_contact", "{told:#}");
    assert_eq!(told["away"][0]["venue"], "oanda", "{told:#}");
    assert!(stderr(&ran).contains("OANDA did not answer"), "{}", stderr(&ran));
    assert!(desk.stock("AAPL") > decimal("0"));
    let status = stdout(&desk.tradewind(&["status"]));
    assert!(status.contains("away       oanda not heard since 2026-10-02 14:0"), "{status}");
    let looked = desk.tradewind(&["doctor"]);
    assert_eq!(code(&looked), 5, "{}", stdout(&looked));
    assert!(stdout(&looked).contains("Alpaca answered"), "{}", stdout(&looked));
    // It comes back: what was to be closed is closed.
    desk.pairs.up();
    desk.moves_on(chrono::TimeDelta::minutes(30));
    desk.passes(&[]);
    desk.passes(&[]);
    assert!(desk.pair("EUR_USD").is_zero());
    assert_eq!(desk.booked(), [("AAPL".to_owned(), "alpaca".to_owned(), desk.stock("AAPL"))]);
}
