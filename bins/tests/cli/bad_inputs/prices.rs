//! Quotes that cannot be trusted.

use chrono::{SecondsFormat, TimeDelta};
use serde_json::json;

use super::{DRY, PATIENCE, Row, bounded, bytes, check, folder, link, pipe, template, text};
use crate::place::{Place, enter, now};

const FILE: &str = "example-quotes.jsonl";

/// Quotes of which the second line is this, and what is said of it.
fn line(name: &str, line: impl Into<String>, says: &[&str]) -> Row {
    let line = line.into();
    let make = move |place: &Place| {
        place.write(FILE, &format!("{}\n{line}\n", quote("BTC/USD", "84170", "84210", 0)));
    };
    Row::refused(
        name,
        DRY,
        make,
        &[&["example-quotes.jsonl, line 2", "the prices cannot be used"], says].concat(),
    )
}

/// A quote that is so many seconds old.
fn quote(symbol: &str, bid: &str, ask: &str, age: i64) -> String {
    let at = (now() - TimeDelta::seconds(age)).to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({ "symbol": symbol, "bid": bid, "ask": ask, "at": at }).to_string()
}

/// A quote whose `key` is written otherwise.
fn with(key: &'static str, value: &'static str, says: &[&str]) -> Row {
    let pairs = [
        ("symbol", "\"ETH/USD\""),
        ("bid", "\"2990\""),
        ("ask", "\"2991\""),
        ("at", "\"2026-11-20T20:59:58Z\""),
    ];
    let pairs = pairs.map(|(name, known)| format!("\"{name}\":{}", if name == key { value } else { known }));
    line(
        &format!("{key} of a quote is {value}"),
        format!("{{{}}}", pairs.join(",")),
        &[&[key], says].concat(),
    )
}

fn unreadable(name: &str, make: impl Fn(&Place) + Sync + 'static, says: &[&str]) -> Row {
    Row::refused(name, DRY, make, &[&[FILE, "the prices cannot be used"], says].concat())
}

pub(super) fn rows() -> Vec<Row> {
    let number = &["plain decimal"];
    let good = || quote("ETH/USD", "2990", "2991", 0);
    let half = |text: &str| format!("{}\n", &text[..text.len() - 9]);
    vec![
        with("bid", "\"0\"", &["above zero"]),
        with("bid", "-1", &["above zero"]),
        with("bid", "1e400", number),
        with("bid", "\"NaN\"", number),
        with("bid", "\"1,5\"", number),
        with("bid", "1234567890123456789012345678901234567890", &["digits"]),
        with("bid", "\"99999999999999999999\"", &["absurdly large"]),
        with("bid", "null", &["not a number"]),
        with("ask", "true", &["not a number"]),
        with("ask", "[1]", &["not a number"]),
        with("ask", "\"\"", number),
        with("at", "\"2026-11-20T20:59:58\"", &["zone"]),
        with("at", "\"2026-02-29T00:00:00Z\"", &["2026-02-29"]),
        with("at", "\"now\"", &["now"]),
        with("at", "1763672398", &[]).without("at"),
        with("symbol", "7", &[]).without("symbol"),
        line("no quote", "BTC/USD 84170 84210", &["expected"]),
        line("a quote without an ask", good().replace("ask", "asked"), &["asked"]),
        line("a key of a quote twice", good().replacen('{', "{\"bid\":\"1\",", 1), &["bid"]),
        line("a quote with more in it", good().replacen('{', "{\"volume\":\"1\",", 1), &["volume"]),
        line("a list for a quote", "[1,2]", &[]),
        line("a quote that is cut", half(&good()), &[]),
        line("brackets for a quote", "[".repeat(100_000), &[]),
        unreadable("quotes that are no text", bytes(FILE, b"{\"symbol\":\"\xff\"}\n"), &["line 1"]),
        unreadable("quotes that are a folder", folder(FILE), &["not a file but a folder"]),
        unreadable("quotes as one list", text(FILE, "[\n]\n"), &["line 1"]),
        unreadable("quotes from a pipe", pipe(FILE), &["not a file"]),
        unreadable("quotes that link to themselves", link(FILE, FILE), &["symbolic links"]),
    ]
}

impl Row {
    /// The same, where the key is not named: the reader says what it expected there.
    fn without(mut self, key: &str) -> Self {
        self.says.retain(|part| part != key);
        self
    }
}

#[test]
fn quotes_that_cannot_be_trusted_are_named_and_nothing_is_decided() {
    check(&rows());
}

/// Makes a file of quotes.
type Making = Box<dyn Fn(&Place)>;

/// Quotes that are well written and no price to trade at: the pass goes on, and no entry leaves.
#[test]
fn a_price_that_nobody_can_trade_at_opens_nothing() {
    let future = |place: &Place| place.write(FILE, &(quote("ETH/USD", "2990", "2991", -3_600) + "\n"));
    let rows: [(&str, Making); 6] = [
        (
            "a bid above the ask",
            Box::new(|place| place.write(FILE, &(quote("ETH/USD", "2999", "2991", 0) + "\n"))),
        ),
        ("a quote from the future", Box::new(future)),
        (
            "an old quote",
            Box::new(|place| place.write(FILE, &(quote("ETH/USD", "2990", "2991", 3_600) + "\n"))),
        ),
        ("quotes of others only", Box::new(|place| place.write(FILE, &(quote("NOPE", "1", "2", 0) + "\n")))),
        ("an empty file of quotes", Box::new(|place| place.write(FILE, ""))),
        ("no file of quotes", Box::new(|place| std::fs::remove_file(place.file(FILE)).unwrap())),
    ];
    for (name, make) in rows {
        let place = template().copy();
        place.signals(&[enter("new", "ETH/USD", "2800")]);
        make(&place);
        let before = place.data(&["orders", "--all"]).len();
        let ended = bounded(place.command(&["run", "--signals", "signals.json"]), PATIENCE);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.told());
        assert!(ended.out.contains("DENIED"), "{name}: {}", ended.told());
        assert_eq!(place.data(&["orders", "--all"]).len(), before, "{name}: an order was made");
    }
}

/// A last line that is still being written is left for the next time.
#[test]
fn half_a_last_line_of_quotes_takes_nothing_from_the_others() {
    let place = template().copy();
    place.signals(&[enter("new", "ETH/USD", "2800")]);
    let good = quote("ETH/USD", "2990", "2991", 0);
    place.write(FILE, &format!("{good}\n{}", &good[..30]));
    let ended = bounded(place.command(DRY), PATIENCE);
    assert!(ended.code == Some(0) && ended.out.contains("FILLED"), "{}", ended.told());
}
