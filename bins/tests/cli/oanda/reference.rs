//! An account held against `tests/reference/oanda_pl.py`, which reckons its money a second time from what happened; and the book
//! of the trader held against both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

use rust_decimal::Decimal;
use serde_json::Value;

use super::{CHARGE, Desk, TOKEN, number};
use crate::place::{code, stderr, stdout};

/// Rules that are broken on purpose, one at a time; each must be noticed in any month.
const WRONG: [&str; 7] = ["sides", "no_charge", "base_as_quote", "sign", "utc_roll", "weekend", "year"];

/// Who runs this shall see it.
#[expect(clippy::print_stdout, reason = "who reads the tests shall know what was compared, and what was not")]
pub fn tells(what: &str) {
    println!("{what}");
}

/// Whether there is a Python to run it; says so when there is none.
pub fn is_there() -> bool {
    let python =
        Command::new("python3").args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).status();
    let is_there = python.is_ok_and(|status| status.success());
    if !is_there {
        tells("skipped: python3, 3.11 or later, is not there to run tests/reference");
    }
    is_there
}

/// The program with these words, beside what it read and the prices that there were.
fn python(desk: &Desk, words: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/oanda_pl.py");
    Command::new("python3")
        .arg(script.canonicalize().unwrap())
        .args(["--quotes", "quotes.jsonl", "--charge", CHARGE])
        .args(words)
        .current_dir(desk.folder.path())
        .env("OANDA_ACCESS_TOKEN", TOKEN)
        .env_remove("TZ")
        .output()
        .unwrap()
}

/// What the program makes of the account and of the prices that there were. Nothing that OANDA told may differ from it.
#[track_caller]
pub fn figures(desk: &Desk, notes: &str) -> Value {
    std::fs::write(desk.folder.path().join("quotes.jsonl"), notes).unwrap();
    let ran = python(desk, &["--url", &desk.url, "--save", "told.json", "--out", "figures.json"]);
    let said = format!("{}{}", stdout(&ran), stderr(&ran));
    assert!(code(&ran) == 0 && said.contains(" 0 differ"), "{said}");
    tells(said.trim_end());
    serde_json::from_str(&std::fs::read_to_string(desk.folder.path().join("figures.json")).unwrap()).unwrap()
}

/// With one rule broken at a time the program no longer agrees with what it read.
#[track_caller]
pub fn notices_what_is_wrong(desk: &Desk) {
    for wrong in WRONG {
        notices(desk, wrong);
    }
}

/// The same of one.
#[track_caller]
pub fn notices(desk: &Desk, wrong: &str) {
    let ran = python(desk, &["--told", "told.json", "--wrong", wrong]);
    let said = stdout(&ran);
    assert_eq!(code(&ran), 1, "{wrong} is not noticed: {said}{}", stderr(&ran));
    tells(&format!("{wrong}: {}", said.lines().last().unwrap_or_default()));
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_else(|| panic!("no {field} in {row:#}"))
}

/// A figure of the book, which keeps ten places, without what these round away.
fn booked(value: &Value) -> Decimal {
    number(value).round_dp(8).normalize()
}

/// The book of the trader says the same of every fill, every trade, every night, and of all together.
#[track_caller]
pub fn book_agrees(desk: &Desk, figures: &Value, began_with: Decimal) {
    let fills = desk.json(&["fills", "--all"]);
    let ours: BTreeMap<&str, &Value> =
        rows(&fills).iter().map(|row| (word(&row["fill"], "execution"), &row["fill"])).collect();
    let theirs = rows(&figures["fills"]);
    let ids: BTreeSet<&str> = theirs.iter().map(|fill| word(fill, "id")).collect();
    assert_eq!(ours.keys().copied().collect::<BTreeSet<_>>(), ids, "every fill is booked once");
    for fill in theirs {
        let (id, row) = (word(fill, "id"), ours[word(fill, "id")]);
        let rate = (number(&fill["gain"]) + number(&fill["loss"])) / Decimal::TWO;
        assert_eq!(number(&row["rate"]), rate.normalize(), "what fill {id} was converted by");
        let net = number(&fill["quote_pl"]) * rate - number(&row["fee"]["amount"]);
        assert_eq!(net.normalize(), number(&fill["pl"]), "what fill {id} brought: {row:#}");
    }
    trades_agree(desk, figures);
    nights_agree(desk, figures);

    let status = desk.json(&["status"]);
    let totals = &status["totals"];
    let net = number(&totals["gross"]) - number(&totals["fees"]);
    assert_eq!(net.round_dp(8).normalize(), number(&figures["pl"]).normalize(), "profit");
    let financing = booked(&totals["non_trades"]["financing"]["money"]);
    assert_eq!(financing, number(&figures["financing"]), "financing");
    let balance = (began_with + net + financing).round_dp(8);
    assert_eq!(balance.normalize(), number(&figures["balance"]).normalize(), "balance");
    assert_eq!(booked(&status["account"]["equity"]), number(&figures["nav"]), "equity");
    let file = std::fs::read_to_string(desk.folder.path().join("paper-state.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    assert_eq!(file["totals"], *totals, "the state file");
    let compared = desk.tradewind(&["reconcile"]);
    assert_eq!(code(&compared), 0, "{}{}", stdout(&compared), stderr(&compared));
}

/// Each trade from flat to flat: pair, when it ended, side, units and what it brought.
fn trades_agree(desk: &Desk, figures: &Value) {
    let trades = desk.json(&["trades", "--all"]);
    let ours: BTreeSet<(String, String, String, Decimal, Decimal)> = rows(&trades)
        .iter()
        .map(|row| {
            let (side, closed) = (word(row, "side").to_owned(), word(row, "closed_at")[..19].to_owned());
            let symbol = word(row, "symbol").replace('/', "_");
            (symbol, closed, side, number(&row["quantity"]).normalize(), booked(&row["net"]))
        })
        .collect();
    let reckoned: BTreeSet<_> = rows(&figures["trades"])
        .iter()
        .map(|row| {
            let units = number(&row["units"]);
            let side = if units.is_sign_negative() { "short" } else { "long" };
            let (pair, closed) =
                (word(row, "instrument").to_owned(), word(row, "closed_at")[..19].to_owned());
            (pair, closed, side.to_owned(), units.abs().normalize(), booked(&row["pl"]))
        })
        .collect();
    assert_eq!(ours, reckoned, "trades: book and reference");
    assert_eq!(rows(&trades).len(), rows(&figures["trades"]).len());
}

/// Each night's financing of each pair.
fn nights_agree(desk: &Desk, figures: &Value) {
    let journal = desk.json(&["journal", "tail", "--last", "1000000"]);
    let paid: BTreeMap<(String, String), Decimal> = rows(&journal)
        .iter()
        .map(|row| &row["record"])
        .filter(|record| record["record"] == "non_trade" && record["entry"]["kind"] == "financing")
        .map(|record| {
            let entry = &record["entry"];
            let pair = word(entry, "key").trim_start_matches("oanda:").replace('/', "_");
            ((word(entry, "at")[..19].to_owned(), pair), number(&entry["money"]["amount"]).normalize())
        })
        .collect();
    let mut nights = BTreeMap::new();
    for roll in rows(&figures["rolls"]) {
        for part in rows(&roll["parts"]) {
            let money = number(&part["financing"]).normalize();
            if !money.is_zero() {
                let at = word(roll, "at").trim_end_matches('Z').to_owned();
                nights.insert((at, word(part, "instrument").to_owned()), money);
            }
        }
    }
    assert_eq!(paid, nights, "financing of each night and pair: book and reference");
}
