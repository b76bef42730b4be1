//! The writer for strategies in Python: what it writes is taken in, once, and what it should refuse it refuses. Where
//! there is no `python3`, this is said and nothing is tested.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::place::{Place, code, stderr, stdout};
use crate::schemas::{assert_fits, schema};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/python").canonicalize().unwrap()
}

/// Whether there is a Python to run it; says so when there is none.
#[expect(clippy::print_stderr, reason = "who reads the tests shall know that this was not tested")]
fn is_there() -> bool {
    let is_there = Command::new("python3").arg("--version").output().is_ok_and(|ran| ran.status.success());
    if !is_there {
        eprintln!("skipped: there is no python3 on this machine");
    }
    is_there
}

/// Python in the folder of a place, with the writer to import.
fn python(place: &Place, words: &[&str]) -> Output {
    Command::new("python3")
        .args(words)
        .env("PYTHONPATH", folder())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("TZ")
        .current_dir(place.path())
        .output()
        .unwrap()
}

/// A program that has the writer and some times; gives what it prints.
#[track_caller]
fn prints(place: &Place, program: &str) -> String {
    let head = "from datetime import datetime, timedelta, timezone\n\
                from decimal import Decimal\n\
                from write_signals import Signal, write_signals\n\
                now = datetime.now(timezone.utc).replace(microsecond=0)\n\
                close = now - timedelta(minutes=5)\n\
                common = dict(strategy='py', bar_close=close, expires_at=now + timedelta(hours=2))\n";
    let ran = python(place, &["-c", &format!("{head}{program}")]);
    assert!(ran.status.success(), "{program}\n{}", stderr(&ran));
    stdout(&ran)
}

fn outcomes(ran: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
    ran["data"]["signals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(row, "symbol"), text(row, "outcome")))
        .collect()
}

#[test]
fn the_example_is_taken_in_once() {
    if !is_there() {
        return;
    }
    let place = Place::new();
    let script = folder().join("write_signals.py");
    // A close that no midnight comes in between.
    let close = (crate::place::now() - chrono::TimeDelta::hours(1)).format("%Y-%m-%dT%H:00:00Z").to_string();
    let write = || {
        let ran = python(&place, &[script.to_str().unwrap(), "signals.json", "--bar-close", &close]);
        assert!(ran.status.success(), "{}", stderr(&ran));
        std::fs::read_to_string(place.file("signals.json")).unwrap()
    };
    let text = write();
    assert_fits(&schema(&place, "signals"), &serde_json::from_str(&text).unwrap(), "signals.json");
    place.prices();
    let first = place.json(&["run", "--signals", "signals.json", "--strict"]);
    assert_eq!(first["data"]["exit"], json!(0), "{first:#}");
    let filled = |symbol: &str| (symbol.to_owned(), "filled".to_owned());
    assert_eq!(outcomes(&first), [filled("BTC/USD"), filled("ETH/USD")], "{first:#}");
    let (orders, fills) = (place.data(&["orders", "--all"]), place.data(&["fills", "--all"]));
    assert_eq!(write(), text, "the same decision is the same text");
    let again = place.run();
    assert_eq!(code(&again), 0, "{}", stderr(&again));
    assert!(stdout(&again).contains("2 signals: 2 taken in before"), "{}", stdout(&again));
    assert_eq!((place.data(&["orders", "--all"]), place.data(&["fills", "--all"])), (orders, fills));
    let left: Vec<_> =
        place.bytes().into_iter().map(|(name, _)| name).filter(|name| name.contains(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_entry_an_adjustment_and_an_exit_come_from_python() {
    if !is_there() {
        return;
    }
    let place = Place::new();
    for (program, expected) in [
        (
            "s = [Signal.enter('BTC-USD', 'long', stop=Decimal('80000.00'), target=90000, quantity=0.01, **common)]",
            "filled",
        ),
        ("s = [Signal.adjust('BTC/USD', stop=81000.5, trail=2500, **common)]", "adjusted"),
        ("s = [Signal.exit('BTC_USD', decision_price='84170', **common)]", "filled"),
    ] {
        prints(&place, &format!("{program}\nwrite_signals('signals.json', s)"));
        place.prices();
        let ran = place.json(&["run", "--signals", "signals.json", "--strict"]);
        assert_eq!(outcomes(&ran), [("BTC/USD".to_owned(), expected.to_owned())], "{program}: {ran:#}");
    }
    assert!(place.data(&["positions"]).is_empty());
    // Without an id of its own, the program derives the very same.
    let text = prints(
        &place,
        "print(Signal.exit('BTC/USD', **common).keys['id'], close.strftime('%Y%m%dT%H%M%SZ'))",
    );
    let (id, bar) = text.trim().split_once(' ').unwrap();
    assert_eq!(id, format!("{bar}/BTC/USD/exit/py"));
}

#[test]
fn what_contradicts_itself_is_refused_before_anything_is_written() {
    if !is_there() {
        return;
    }
    let place = Place::new();
    place.write("signals.json", "as it was");
    let cases = [
        (
            "Signal.enter('AAPL', 'long', strategy='py', bar_close=datetime(2026, 11, 20, 21))",
            "bar_close: 2026-11-20 21:00:00 has no zone",
        ),
        (
            "Signal.enter('AAPL', 'long', strategy='py', bar_close='2026-11-20')",
            "bar_close: '2026-11-20' is no datetime",
        ),
        ("Signal.enter('AAPL', 'long', stop=float('nan'), **common)", "stop: nan is no number to trade by"),
        ("Signal.enter('AAPL', 'long', stop=float('inf'), **common)", "stop: inf is no number to trade by"),
        ("Signal.enter('AAPL', 'long', stop='abc', **common)", "stop: 'abc' is no number"),
        ("Signal.enter('AAPL', 'long', stop=True, **common)", "stop: True is no number"),
        ("Signal.enter('AAPL', 'long', stop=0, **common)", "stop: 0 must be above zero"),
        ("Signal.enter('AAPL', 'long', stop='1.' + '3' * 40, **common)", "more than 28 digits"),
        ("Signal.enter('AAPL', 'buy', **common)", "side: 'buy' is neither 'long' nor 'short'"),
        (
            "Signal.enter('AAPL', 'long', decision_price=100, stop=101, **common)",
            "stop: 101 belongs below the decision_price 100 of a long entry",
        ),
        (
            "Signal.enter('AAPL', 'short', decision_price=100, stop=99, **common)",
            "stop: 99 belongs above the decision_price 100 of a short entry",
        ),
        (
            "Signal.enter('AAPL', 'long', stop=101, target=100, **common)",
            "stop: 101 belongs below the target 100",
        ),
        (
            "Signal.enter('AAPL', 'long', quantity=1, notional=1, **common)",
            "notional: is given beside quantity",
        ),
        ("Signal.enter('AAPL', 'long', risk_pct=1, **common)", "stop: is missing; risk_pct"),
        (
            "Signal.enter('AAPL', 'long', stop=1, risk_pct=101, **common)",
            "risk_pct: 101 is more than 100 percent",
        ),
        ("Signal.adjust('AAPL', **common)", "an adjustment needs one of them"),
        ("Signal.exit('', **common)", "symbol: '' is none"),
        ("Signal.exit('AAPL', strategy='a b', bar_close=close)", "strategy: 'a b' is not"),
        (
            "Signal.exit('AAPL', strategy='py', bar_close=close, decided_at=close - timedelta(seconds=1))",
            "is after the decision",
        ),
        (
            "Signal.exit('AAPL', strategy='py', bar_close=close, expires_at=close)",
            "is not after the decision",
        ),
        ("Signal.exit('AAPL', id='a b', **common)", "id: 'a b' is not 1 to 64"),
        (
            "Signal.exit('AAPL', strategy='py', bar_close=datetime.now(timezone.utc).replace(microsecond=5))",
            "not in whole seconds",
        ),
        (
            "write_signals('signals.json', [Signal.exit('AAPL', **common), Signal.exit('AAPL', **common)])",
            "is there twice",
        ),
    ];
    let program = cases.iter().fold(String::new(), |program, (call, _)| {
        program
            + &format!(
                "try:\n    {call}\n    print('TAKEN')\nexcept ValueError as refused:\n    print(refused)\n"
            )
    });
    let said = prints(&place, &program);
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said.len(), cases.len(), "{said:#?}");
    for ((call, expected), said) in cases.iter().zip(said) {
        assert!(said.contains(expected), "{call}\nsays: {said}\nnot:  {expected}");
    }
    assert_eq!(std::fs::read_to_string(place.file("signals.json")).unwrap(), "as it was");
    // Numbers keep their digits, and times their moment.
    let text = prints(
        &place,
        "s = Signal.enter('AAPL', 'long', strategy='py', bar_close=datetime(2026, 11, 20, 16, tzinfo=timezone(timedelta(hours=-5))), decision_price=0.1 + 0.2, stop=Decimal('1E-7'))\nprint(s.keys['decision_price'], s.keys['stop'], s.keys['bar_close'], s.keys['id'])",
    );
    assert_eq!(
        text.trim(),
        "0.30000000000000004 0.0000001 2026-11-20T21:00:00Z 20261120T210000Z/AAPL/enter/py"
    );
    // A folder that cannot be written to is told, and no half file is left.
    let gone = prints(
        &place,
        "try:\n    write_signals('gone/signals.json', [])\nexcept OSError as why:\n    print('no')",
    );
    assert_eq!(gone.trim(), "no");
}
