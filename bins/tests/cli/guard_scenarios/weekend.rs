//! Everything is to be closed while the market of some of it is closed.

use serde_json::json;

use super::{Desk, account, at, closed_there, holds, level, levels, nothing_twice, says};

const STOPS: [&str; 2] = ["stop sell 44 219 new", "stop sell 160 60 new"];

/// Both stocks are held behind the stops that they had.
#[track_caller]
fn both_are_guarded(desk: &Desk) {
    holds(desk, &["AAPL 44", "KO 160"]);
    assert_eq!([desk.live("AAPL"), desk.live("KO")].concat(), STOPS);
}

#[test]
fn what_is_closed_on_a_saturday_keeps_its_stops_until_the_market_opens() {
    let desk = Desk::new("100000");
    let signals = [
        desk.enter("one", "AAPL", "219"),
        desk.enter("two", "KO", "60"),
        desk.enter("three", "BTC/USD", "90000"),
    ];
    desk.pass(0, &signals, &[]);
    at(&desk, "2026-10-03T14:00:00Z");
    let account = account(&desk);
    let pending = "pending until Mon 5 Oct 13:30 UTC, when its market opens; its stop rests";
    let (aapl, ko) = (format!("AAPL 44: {pending}"), format!("KO 160: {pending}"));
    let told = ["Closing: still held 2 positions; still open 2 orders", &aapl, &ko];
    let said = says(&desk, &["flatten", "--why", "out", "--confirm", &account], 0, &told);
    assert!(!said.contains("Flat:"), "{said}");
    // Coins have no weekend.
    assert_eq!(closed_there(&desk), ["market BTC/USD 0.104999999 95000"]);
    both_are_guarded(&desk);

    // It is asked for again, a pass dies in the middle, and the next one begins: nothing is lost, and nothing is sent.
    let sent = desk.sent();
    at(&desk, "2026-10-04T14:00:00Z");
    says(&desk, &["flatten", "--why", "out", "--confirm", &account], 0, &["still held 2 positions"]);
    desk.killed(&[], 4);
    let told = desk.pass(3, &[], &[]);
    let row = |symbol: &str, quantity: &str| {
        json!({ "symbol": symbol, "quantity": quantity, "closing": "pending", "opens_at": "2026-10-05T13:30:00Z",
            "again_at": null, "stop_rests": true })
    };
    assert_eq!(told["closing"], json!([row("AAPL", "44"), row("KO", "160")]));
    at(&desk, "2026-10-05T13:29:00Z");
    desk.pass(3, &[], &[]);
    both_are_guarded(&desk);
    assert_eq!((desk.sent(), level(&desk)), (sent, "flattening".to_owned()));
    let status = desk.json(&["status"]);
    let symbols: Vec<_> =
        status["closing"].as_array().unwrap().iter().map(|row| row["symbol"].clone()).collect();
    assert_eq!(symbols, ["AAPL", "KO"]);

    at(&desk, "2026-10-05T13:31:00Z");
    let told = desk.pass(3, &[], &[]);
    holds(&desk, &[]);
    assert_eq!(
        closed_there(&desk),
        ["market AAPL 44 227.1", "market BTC/USD 0.104999999 95000", "market KO 160 62.4"]
    );
    assert!(desk.live("AAPL").is_empty() && desk.live("KO").is_empty());
    assert_eq!(
        (&told["closing"], levels(&desk)),
        (&json!([]), vec!["flattening operator 2026-10-04T14:00:00Z".to_owned()])
    );
    says(
        &desk,
        &["flatten", "--why", "out", "--confirm", &account],
        0,
        &["Flat: nothing is held and no order is open."],
    );
    nothing_twice(&desk);
}
