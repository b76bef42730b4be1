//! Input that cannot be meant: exit code 2, the place is named, and nothing is written.

use super::Past;
use crate::place::{code, stderr};

/// Runs a replay that is refused; gives what was said.
#[track_caller]
fn refused(past: &Past, words: &[&str], what: &str) -> String {
    let before = past.everything();
    let output = past.tradewind(words);
    assert_eq!(code(&output), 2, "{what}: {}", stderr(&output));
    assert!(past.everything() == before, "{what}: something was written");
    stderr(&output)
}

/// A change of the past, and what is said of it.
fn after(what: &str, change: impl Fn(&Past), told: &[&str]) {
    let past = Past::new();
    change(&past);
    let text = refused(&past, &super::breakout("out"), what);
    for part in told {
        assert!(text.contains(part), "{what}: no {part:?} in {text}");
    }
}

/// The same with one line of the stock's bars replaced; lines count from 1.
fn with_line(what: &str, line: usize, row: &str, told: &[&str]) {
    let change = |past: &Past| {
        let text = past.read("bars/AAPL.csv");
        let lines: Vec<&str> =
            text.lines().enumerate().map(|(n, old)| if n + 1 == line { row } else { old }).collect();
        past.write("bars/AAPL.csv", &(lines.join("\n") + "\n"));
    };
    after(what, change, told);
}

#[test]
fn rows_that_cannot_be_trusted_are_named_with_file_and_line() {
    let row = "100.00,101.00,99.00,100.00,1000";
    let line = |n: usize| format!("AAPL.csv, line {n}");
    // Line 2 is of 2024-01-02, line 50 of a day in March.
    with_line("unsorted", 50, &format!("2024-01-03,{row}"), &[&line(50), "comes after a later row"]);
    with_line("a date twice", 3, &format!("2024-01-02,{row}"), &[&line(3), "is there twice"]);
    for (what, cells, told) in [
        ("high below low", "100.00,99.00,101.00,100.00,1000", "high"),
        ("high below close", "100.00,100.50,99.00,101.00,1000", "high"),
        ("low above open", "100.00,103.00,101.00,102.00,1000", "low"),
        ("a price of zero", "100.00,101.00,0,100.00,1000", "above zero"),
        ("a negative price", "100.00,101.00,-1,100.00,1000", "above zero"),
        ("an absurd price", "10000000000000,10000000000000,10000000000000,10000000000000,1000", "open"),
        ("no number", "100.00,101.00,n/a,100.00,1000", "low"),
        ("too few cells", "100.00,101.00,99.00", "cells"),
        ("too many cells", "100.00,101.00,99.00,100.00,1,000", "cells"),
    ] {
        with_line(what, 3, &format!("2024-01-03,{cells}"), &[&line(3), told, "nothing was written"]);
    }
    with_line("no date", 3, &format!("yesterday,{row}"), &[&line(3), "yesterday"]);
    with_line("a Sunday", 3, &format!("2024-01-07,{row}"), &[&line(3), "Sunday"]);
    with_line("an unknown column", 1, "date,open,high,low,close,turnover", &[&line(1), "turnover"]);
}

#[test]
fn a_bad_row_at_the_very_end_leaves_nothing_either() {
    let cut = |past: &Past| {
        let text = past.read("bars/BTC-USD.csv");
        let last = text.trim_end().rfind('\n').unwrap() + 1;
        past.write("bars/BTC-USD.csv", &text[..last + 18]);
    };
    after("a file that ends in the middle of a row", cut, &["BTC-USD.csv, line 241", "half written"]);
}

#[test]
fn what_is_missing_is_named() {
    let remove = |name: &'static str| move |past: &Past| std::fs::remove_file(past.file(name)).unwrap();
    after("a symbol without a file", remove("bars/EUR_USD.csv"), &["no bars of EUR/USD", "symbols.csv"]);
    let symbols = |row: &'static str| {
        let text = format!("symbol,asset_class,tick,lot\nBTC/USD,crypto,0.01,0.0001\n{row}\n");
        move |past: &Past| past.write("symbols.csv", &text)
    };
    after("a symbol without tick", symbols("AAPL,equity,,1"), &["symbols.csv, line 3, tick of AAPL"]);
    after("a symbol without lot", symbols("AAPL,equity,0.01,"), &["symbols.csv, line 3, lot of AAPL"]);
    after("a lot of zero", symbols("AAPL,equity,0.01,0"), &["symbols.csv, line 3, lot of AAPL"]);
    after("a symbol twice", symbols("BTC/USD,crypto,0.01,1"), &["symbols.csv", "twice"]);
    let head = |past: &Past| past.write("symbols.csv", "symbol,asset_class,tick,lot\n");
    after("no symbols", head, &["names no symbol"]);
    after("no file of symbols", remove("symbols.csv"), &["symbols.csv"]);
    let empty = |past: &Past| past.write("bars/AAPL.csv", "");
    after("an empty file", empty, &["AAPL.csv"]);
    let heads = |past: &Past| {
        for name in ["AAPL", "EUR_USD", "BTC-USD"] {
            past.write(&format!("bars/{name}.csv"), "date,open,high,low,close,volume\n");
        }
    };
    after("header lines only", heads, &["no bar"]);
    let none = |past: &Past| {
        std::fs::remove_dir_all(past.file("bars")).unwrap();
        std::fs::create_dir(past.file("bars")).unwrap();
        past.write("bars/notes.txt", "no bars");
    };
    after("a folder without bars", none, &["bars"]);
    after("no folder", |past| std::fs::remove_dir_all(past.file("bars")).unwrap(), &["bars"]);
}

#[test]
fn options_that_cannot_be_meant_are_refused() {
    let past = Past::new();
    past.write("signals.jsonl", "{}\n");
    let more = |words: &[&'static str], told: &str| {
        let text = refused(&past, &[&super::breakout("out")[..], words].concat(), told);
        assert!(text.contains(told), "{words:?}: {text}");
    };
    more(&["--slots", "0"], "--slots");
    more(&["--cash", "0"], "--cash");
    more(&["--cash=-1"], "--cash");
    more(&["--from", "2030-01-01"], "--from");
    more(&["--from", "2024-05-01", "--to", "2024-04-01"], "--from");
    more(&["--from", "someday"], "--from");
    more(&["--signals", "signals.jsonl"], "--signals");
    more(&["--direction", "up"], "--direction");
    for (option, words) in [
        ("--entry", ["--entry", "0"]),
        ("--exit", ["--exit", "0"]),
        ("--atr", ["--atr", "0"]),
        ("--entry", ["--entry", "100001"]),
        ("--stop", ["--stop", "0"]),
        ("--target", ["--target", "0"]),
    ] {
        let given = super::given("out");
        let text = refused(&past, &[&given[..], &["--strategy", "breakout"], &words].concat(), option);
        assert!(text.contains(option), "{words:?}: {text}");
    }
    let text = refused(&past, &super::given("out"), "no source");
    assert!(text.contains("--signals"), "{text}");
}

#[test]
fn one_bad_signal_refuses_all_of_them() {
    let past = Past::new();
    past.signals(&[("in", "2024-02-05", "enter")]);
    let good = past.read("signals.jsonl");
    past.write(
        "signals.jsonl",
        &(good.clone() + &good.replace("\"long\"", "\"sideways\"").replace("\"in\"", "\"b\"")),
    );
    let words = [&super::given("out")[..], &["--signals", "signals.jsonl"]].concat();
    let text = refused(&past, &words, "a bad entry");
    assert!(text.contains("signals.jsonl") && text.contains("line 2") && text.contains("side"), "{text}");
    std::fs::remove_file(past.file("signals.jsonl")).unwrap();
    assert!(refused(&past, &words, "no file").contains("signals.jsonl"));
}

#[test]
fn line_ends_of_the_other_kind_and_files_of_others_change_nothing() {
    let past = Past::new();
    assert_eq!(code(&past.breakout("plain", &[])), 0);
    for name in ["AAPL", "EUR_USD", "BTC-USD"] {
        let file = format!("bars/{name}.csv");
        past.write(&file, &past.read(&file).replace('\n', "\r\n"));
    }
    past.write("symbols.csv", &past.read("symbols.csv").replace('\n', "\r\n"));
    past.write("bars/MSFT.csv", "not,even\na,file,of,bars\n");
    let ran = past.breakout("crlf", &[]);
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    for name in super::FILES {
        assert!(past.read(&format!("plain/{name}")) == past.read(&format!("crlf/{name}")), "{name}");
    }
}
