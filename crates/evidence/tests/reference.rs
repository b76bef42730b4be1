//! An independent program in plain Python, tests/reference/evidence.py, computes the same figures of the same ledgers.

use std::path::Path;
use std::process::{Command, Output};
use std::{fs, io};

use evidence::ledger::{equity_csv, trades_csv};
use evidence::{Conventions, EquityFigures, TradeFigures};

const LEDGERS: u64 = 80;

fn script(folder: &Path, what: &str) -> io::Result<Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/evidence.py");
    let mut program = Command::new("python3");
    program.arg(script).arg(what).arg(folder).args(["--ledgers", &LEDGERS.to_string()]);
    program.output()
}

#[test]
fn an_independent_program_computes_the_same_figures() {
    let python =
        Command::new("python3").args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).status();
    if !python.is_ok_and(|status| status.success()) {
        println!("skipped: python3, 3.11 or later, is not there to run tests/reference");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let made = script(folder.path(), "--make").expect("python3");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for seed in 1..=LEDGERS {
        let text = |name: &str| {
            fs::read_to_string(folder.path().join(format!("{name}-{seed}.csv"))).expect("a file")
        };
        let ledger = trades_csv(&text("trades")).expect("a ledger").read;
        let points = equity_csv(&text("equity")).expect("a series").read;
        let all = serde_json::json!({
            "money": TradeFigures::of(&ledger.money()),
            "r": TradeFigures::of(&ledger.multiples().expect("risks")),
            "equity": EquityFigures::of(&points, Conventions::BUSINESS_DAYS).expect("returns"),
        });
        fs::write(folder.path().join(format!("figures-{seed}.json")), all.to_string()).expect("a file");
    }
    let checked = script(folder.path(), "--check").expect("python3");
    let said = String::from_utf8_lossy(&checked.stdout);
    let is_same = checked.status.success() && said.contains(" 0 differ");
    assert!(is_same, "{said}{}", String::from_utf8_lossy(&checked.stderr));
    let compared: usize = said
        .lines()
        .last()
        .and_then(|line| line.split_whitespace().next())
        .and_then(|word| word.parse().ok())
        .expect("how many figures");
    assert!(compared > 70 * usize::try_from(LEDGERS).expect("a number"), "{said}");
}
