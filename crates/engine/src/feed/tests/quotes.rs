//! Quotes: which one counts, and what is refused.

use super::*;

fn quotes(text: &str) -> Result<Quotes, FeedError> {
    let catalog = catalog(&[("AAPL", AssetClass::Equity), ("EUR/USD", AssetClass::Forex)]);
    let dir = folder(&[("quotes.jsonl", text)]);
    Quotes::read(&dir.path().join("quotes.jsonl"), &catalog)
}

#[test]
fn the_latest_quote_counts() {
    let read = quotes(concat!(
        r#"{"symbol":"AAPL","bid":"227.10","ask":227.14,"at":"2026-11-20T20:59:58Z"}"#, "\n\n",
        r#"{"symbol":"EURUSD=X","bid":1.15000000000000000001,"ask":"1.1502","at":"2026-11-20T15:59:58-05:00"}"#, "\n",
        r#"{"symbol":"AAPL","bid":"1","ask":"2","at":"2026-11-20T20:59:57Z"}"#, "\n",
        r#"{"symbol":"TSLA","bid":"1","ask":"2","at":"2026-11-20T20:59:57Z"}"#, "\n",
        r#"{"symbol":"AAPL","bid":"3","ask":"4","at":"2026-11-20T20:59"#,
    ))
    .unwrap();
    let rows: Vec<_> = read.iter().map(|(_, quote)| quote).collect();
    let apple =
        broker_api::Quote { bid: price("227.10"), ask: price("227.14"), at: at("2026-11-20T20:59:58Z") };
    let euro = broker_api::Quote {
        bid: price("1.15000000000000000001"),
        ask: price("1.1502"),
        at: at("2026-11-20T20:59:58Z"),
    };
    assert_eq!((rows, read.others()), (vec![apple, euro], 1));
}

#[test]
fn what_is_wrong_with_a_quote_is_told() {
    for (line, expected) in [
        (r#"{"symbol":"AAPL","bid":"1","ask":"2"}"#, "missing field `at`"),
        (
            r#"{"symbol":"AAPL","bid":"1","ask":"2","at":"2026-11-20T20:59:58Z","last":"3"}"#,
            "unknown field `last`",
        ),
        (
            r#"{"symbol":"AAPL","bid":"1","bid":"1","ask":"2","at":"2026-11-20T20:59:58Z"}"#,
            "duplicate field `bid`",
        ),
        (
            r#"{"symbol":"AAPL","bid":"-1","ask":"2","at":"2026-11-20T20:59:58Z"}"#,
            "bid: \"-1\" must be above zero",
        ),
        (
            r#"{"symbol":"AAPL","bid":"1","ask":null,"at":"2026-11-20T20:59:58Z"}"#,
            "ask: null is not a number",
        ),
        (
            r#"{"symbol":"AAPL","bid":"1","ask":"2","at":"2026-11-20T20:59:58"}"#,
            "at: \"2026-11-20T20:59:58\" is not a moment with its zone",
        ),
        ("[]", "expected struct Line"),
        ("nonsense", "expected ident"),
    ] {
        let error = quotes(&format!("\n{line}\n")).unwrap_err().to_string();
        assert!(error.contains("quotes.jsonl, line 2") && error.contains(expected), "{error}");
    }
    assert_eq!(quotes("").unwrap().iter().count(), 0);
}
