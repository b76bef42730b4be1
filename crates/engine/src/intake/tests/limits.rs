//! Texts that are too large, too deep, too strange: refused at a bound, with a sentence, and without a trace.

use serde_json::json;

use super::super::{ENTRIES_MAX, ENTRY_BYTES_MAX, TEXT_BYTES_MAX};
use super::{defaults, example, faults, one, take};
use crate::intake::symbols::{Meaning, resolve};

/// The one fault of a text that is refused whole.
fn refused(text: &str) -> String {
    let said = faults(text);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("signals: file: "), "{}", said[0]);
    said[0].clone()
}

#[test]
fn more_entries_than_can_be_meant_are_refused_whole() {
    for text in [
        format!("[{}{{}}]", "{},".repeat(ENTRIES_MAX)),
        "{}\n".repeat(ENTRIES_MAX + 1),
        format!("symbol\n{}", "A\n".repeat(ENTRIES_MAX + 1)),
    ] {
        let said = refused(&text);
        assert!(said.contains("holds more than 1,000,000 entries"), "{said}");
    }
}

#[test]
fn a_text_and_an_entry_have_a_most_length() {
    let said = refused(&format!("[{}]", " ".repeat(TEXT_BYTES_MAX)));
    assert!(said.contains("has 67108866 bytes, and at most 67108864 are read"), "{said}");
    let (good, long) = (example(&json!({})), example(&json!({"id": "x".repeat(ENTRY_BYTES_MAX)})));
    for (text, place) in [
        (format!("[{good},\n{long}]"), "entry 2, line 2 has 10"),
        (format!("{good}\n{long}\n"), "line 2 has 10"),
        (long.clone(), "its one entry has 10"),
        (format!("symbol,action\nAAPL,exit\n{},exit\n", "A".repeat(ENTRY_BYTES_MAX)), "line 3 has 10"),
        (format!("{}\nAAPL\n", "A".repeat(ENTRY_BYTES_MAX + 1)), "line 1 has 10"),
    ] {
        let said = refused(&text);
        assert!(said.contains(place) && said.contains("no entry has more than 1048576"), "{said}");
    }
    // Many entries in one line, as programs write them, are not one long entry.
    let many: Vec<_> = (0..5_000).map(|n| example(&json!({"id": n.to_string()}))).collect();
    let text = format!("[{}]", many.join(","));
    assert!(text.len() > ENTRY_BYTES_MAX);
    assert_eq!(take(&text).signals.len(), 5_000);
}

#[test]
fn what_is_deep_takes_no_stack() {
    let deep = 1_000_000;
    assert!(refused(&"[".repeat(deep)).contains("ends in the middle"));
    let entry = format!("{{\"stop\":{}1{}}}", "[".repeat(deep / 4), "]".repeat(deep / 4));
    assert!(faults(&entry).iter().any(|said| said.ends_with("stop: is not a number")));
    let entry = format!("[{}1{}]", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(faults(&entry).iter().any(|said| said.contains("a: is not a known key")));
}

#[test]
fn numbers_that_are_none_or_too_long() {
    let said = |raw: &str| faults(&example(&json!({})).replace("\"227.10\"", raw));
    for raw in [
        "1e3",
        "1E3",
        "2.271e2",
        "\"1e3\"",
        "\"Infinity\"",
        "\"NaN\"",
        "\"+1\"",
        "\"1,000\"",
        "\" 1\"",
        "\".5\"",
    ] {
        let said = said(raw);
        assert_eq!(said.len(), 1, "{raw}: {said:?}");
        assert!(
            said[0].starts_with("signals, line 1: decision_price: ")
                && said[0].contains("is not a plain decimal"),
            "{said:?}"
        );
    }
    let forty = "1234567890".repeat(4);
    for raw in [forty.clone(), format!("\"{forty}\""), format!("0.{forty}")] {
        assert!(said(&raw)[0].contains("decision_price: \""), "{raw}");
        assert_eq!(said(&raw).len(), 1, "{raw}");
    }
    // JSON has no word for these, so the text is not JSON, and the fault says why.
    for raw in ["NaN", "Infinity", "-Infinity"] {
        let whole = said(raw);
        assert!(
            whole[0].contains("file: is not JSON") && whole[0].contains("NaN and Infinity are no numbers"),
            "{raw}: {}",
            whole[0]
        );
        let lines = take(&format!(
            "{}\n{}\n",
            example(&json!({})),
            example(&json!({"id": "2"})).replace("\"227.10\"", raw)
        ));
        assert_eq!(lines.signals.len(), 1, "a line by itself is one bad entry");
        assert!(lines.faults[0].why.contains("NaN and Infinity are no numbers"), "{}", lines.faults[0]);
    }
}

#[test]
fn nothing_reaches_a_terminal_as_it_is() {
    let evil = "\u{1b}[2J\u{7}";
    for text in [
        example(&json!({evil: "1"})),
        example(&json!({"symbol": evil})),
        example(&json!({"side": evil})),
        example(&json!({"stop": evil})),
        example(&json!({"id": evil})),
        example(&json!({"decided_at": evil})),
        format!("{evil},symbol\n"),
        format!("{{\"schema\": \"tradewind.signals/1\", \"signals\": [], {}: 1}}", json!(evil)),
        format!("{{{0}: 1, {0}: 2}}", json!(evil)),
        format!("{}\0\n", example(&json!({}))),
        "symbol,action\nAA\0PL,exit\n".to_owned(),
    ] {
        let said = faults(&text).join("\n");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
    // What is shown of a long text is its beginning.
    for key in ["symbol", "side", "stop", "id", "decided_at", "strategy"] {
        let said = faults(&example(&json!({key: "y".repeat(1_000_000)})));
        assert!(said.iter().all(|said| said.len() < 400), "{key}: {}", said[0].len());
        assert!(said[0].contains("(1000000 bytes)"), "{}", said[0]);
    }
    assert!(faults(&example(&json!({"z".repeat(1_000_000): "1"})))[0].len() < 400);
}

#[test]
fn a_bad_first_line_is_one_bad_entry_and_half_an_object_is_none() {
    let good = example(&json!({}));
    let intake = take(&format!("{{\"id\": x}}\n{good}\n"));
    assert_eq!((intake.signals.len(), intake.faults[0].place.as_str()), (1, "signals, line 1"));
    // An object over several lines that is not JSON must not pass for lines, however its lines look.
    for text in [
        format!("{{\"schema\" \"tradewind.signals/1\",\n\"signals\": [\n{good}\n]}}\n"),
        format!("{{\"schema\":\"tradewind.signals/1\",\"signals\":[{good}\n{good}\n"),
        format!("{{\"schema\":\"tradewind.signals/1\",\"signals\":[{good},\n{good}\n"),
    ] {
        refused(&text);
    }
    // Every beginning of a line is refused; only the whole of it is an entry, line break or not.
    for cut in 1..good.len() {
        assert!(take(&good[..cut]).signals.is_empty(), "{cut}");
    }
    one(&good);
    assert!(
        refused("symbol,action,decided_at,id,target\nAAPL,adjust,2026-11-20T21:05:00Z,1,10")
            .contains("line break")
    );
    assert!(
        refused("symbol,action,decided_at,id,target\r\nAAPL,adjust,2026-11-20T21:05:00Z,1,10\r")
            .contains("line break")
    );
}

#[test]
fn only_letters_of_ascii_are_the_same_in_both_sizes() {
    let mut defaults = defaults();
    defaults.aliases.insert("MINI".to_owned(), "AAPL".parse().unwrap());
    let means = |text: &str| resolve(text, &defaults.catalog, &defaults.aliases);
    for same in ["MINI", "mini", "Mini", "xbt"] {
        assert!(matches!(means(same), Meaning::One(_)), "{same}");
    }
    for other in [
        "m\u{131}ni",
        "M\u{130}N\u{130}",
        "M\u{131}N\u{131}",
        "\u{391}APL",
        "\u{ff21}APL",
        "AAPL\u{200b}",
        " AAPL",
    ] {
        assert!(matches!(means(other), Meaning::Unknown), "{other}");
    }
}

#[test]
fn a_name_that_could_be_two_is_refused_with_both() {
    let mut defaults = defaults();
    defaults.aliases.insert("Coin".to_owned(), "BTC/USD".parse().unwrap());
    defaults.aliases.insert("COIN".to_owned(), "AAPL".parse().unwrap());
    let read = |symbol: &str| {
        let text = example(&json!({"symbol": symbol, "asset_class": null}));
        super::super::read(&text, "signals", super::at(super::NOW), &defaults)
    };
    assert_eq!(read("Coin").signals[0].0.symbol.as_str(), "BTC/USD", "as it is written");
    assert_eq!(read("COIN").signals[0].0.symbol.as_str(), "AAPL");
    assert_eq!(
        read("coin").faults[0].to_string(),
        "signals, line 1: symbol: \"coin\" could be \"AAPL\" or \"BTC/USD\"; write the one that is meant"
    );
}
