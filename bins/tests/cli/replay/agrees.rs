//! What others say of the same bars: the published results of the common channel breakout on generated workloads, to the
//! cent, and the independent program under `tests/reference`, trade by trade.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::workload;
use crate::place::{code, stderr};

/// The summary of a workload, played by the strategy that its results were published for.
fn played(bars: &str, symbols: &str, slots: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("tape.csv"), bars).unwrap();
    std::fs::write(file("symbols.csv"), symbols).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_tradewind"))
        .args(["replay", "--bars", "tape.csv", "--symbols", "symbols.csv", "--strategy", "breakout"])
        .args(["--costs", "none", "--limits", "wide", "--slots", slots, "--out", "out"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    serde_json::from_str(&std::fs::read_to_string(file("out").join("summary.json")).unwrap()).unwrap()
}

fn figures(summary: &Value) -> [&Value; 5] {
    ["bars", "entries", "orders", "fills", "positions_open"].map(|key| &summary[key])
}

#[test]
fn minutes_of_one_symbol_come_out_to_the_cent() {
    let summary = played(&workload::w2(100_000), &workload::symbols_w2(), "1");
    assert_eq!(figures(&summary), [&json!(100_000), &json!(1_488), &json!(4_657), &json!(2_976), &json!(0)]);
    assert_eq!(summary["equity_closed"], "100560.94");
    // A position's two legs and the entry are each put before the guard, and so is every exit.
    assert_eq!((&summary["reviews"], &summary["denied"]), (&summary["orders"], &json!({})));
}

#[test]
fn days_of_many_symbols_with_few_slots_come_out_to_the_cent() {
    let summary = played(&workload::w1(), &workload::symbols_w1(), "10");
    assert_eq!(figures(&summary), [&json!(83_952), &json!(1_304), &json!(4_057), &json!(2_600), &json!(8)]);
    // 505,625.73 to the cent.
    assert_eq!(summary["equity_closed"], "505625.72902");
}

#[test]
fn an_independent_program_makes_the_same_trades() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference");
    let python =
        Command::new("python3").args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).status();
    if !python.is_ok_and(|status| status.success()) {
        println!("skipped: python3, 3.11 or later, is not there to run tests/reference");
        return;
    }
    let mut compare = Command::new("python3");
    compare.arg(scripts.join("compare.py")).args([
        "--binary",
        env!("CARGO_BIN_EXE_tradewind"),
        "--markets",
        "200",
    ]);
    match std::env::var_os("TRADEWIND_SHARED") {
        Some(shared) => drop(compare.arg("--data").arg(Path::new(&shared).join("data"))),
        None => println!("skipped: TRADEWIND_SHARED names no real data; generated markets are compared"),
    }
    let ran = compare.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains(" 0 differ"), "{said}{}", stderr(&ran));
}
