//! The guide for who writes signals: every example on its page is what it says it is.

use super::{at, defaults, price};
use crate::intake::{entry, read};
use serde_json::json;

const PAGE: &str = include_str!("../../../../../docs/signals.md");

/// The fenced blocks of the page: what stands behind the fence, and the text.
fn blocks() -> Vec<(&'static str, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in PAGE.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(kind), None) => open = Some((kind, String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, text))) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

#[test]
fn every_example_is_taken_or_refused_as_it_says() {
    let (mut taken, mut refused) = (0, 0);
    let blocks = blocks();
    for (n, (kind, text)) in blocks.iter().enumerate() {
        let intake = read(text, "signals.json", at("2026-11-20T21:06:00Z"), &defaults());
        match *kind {
            "json" | "jsonl" | "csv" => {
                assert_eq!(intake.faults, [], "{text}");
                taken += intake.signals.len();
            }
            "json refused" => {
                let said: Vec<String> = intake.faults.iter().map(ToString::to_string).collect();
                let (kind, expected) = &blocks[n + 1];
                assert_eq!((*kind, expected.as_str()), ("text", (said.join("\n") + "\n").as_str()));
                assert_eq!(intake.signals, []);
                refused += 1;
            }
            "text" | "python" | "sh" => {}
            other => panic!("a block of {other:?} is run by nobody"),
        }
    }
    assert_eq!((taken, refused), (10, 2));
}

/// The cells of each row of the page whose first cell is code and that has so many.
fn rows(cells: usize) -> Vec<Vec<&'static str>> {
    let cut =
        |line: &'static str| -> Vec<&str> { line.trim_matches('|').split('|').map(str::trim).collect() };
    let rows = PAGE.lines().filter(|line| line.starts_with("| `")).map(cut);
    rows.filter(|row| row.len() == cells).collect()
}

#[test]
fn every_time_of_the_table_is_the_one_that_is_meant() {
    let rows = rows(5);
    assert_eq!(rows.len(), 10);
    for row in rows {
        let code = |n: usize| row[n].trim_matches('`');
        let mut entry = json!({"id": "1", "symbol": code(0), "action": code(1), "decided_at": code(2)});
        match code(1) {
            "enter" => entry["side"] = json!("long"),
            "adjust" => entry["stop"] = json!("1"),
            _ => {}
        }
        let intake = read(&entry.to_string(), "page", at("2026-12-01T00:00:00Z"), &defaults());
        assert_eq!(intake.faults, [], "{row:?}");
        assert_eq!(intake.signals[0].0.expires_at, at(code(3)), "{row:?}");
    }
}

#[test]
fn the_table_has_every_key() {
    let told: Vec<&str> = rows(4).iter().map(|row| row[0].trim_matches('`')).collect();
    let known: std::collections::BTreeSet<&str> = entry::KEYS.into_iter().collect();
    assert_eq!(told.iter().copied().collect::<std::collections::BTreeSet<_>>(), known);
    assert_eq!(told.len(), known.len());
    // What the page says of equal contents.
    assert_eq!(price("219").get(), price("219.00").get());
}
