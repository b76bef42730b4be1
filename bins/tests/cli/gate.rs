//! `gate paper`: fifty trades of the paper broker, made by the program itself, held against headline figures of a backtest.

use std::process::Stdio;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::place::{Place, code, enter, exit, now, stderr, stdout};
use crate::schemas::{assert_fits, schema};

/// A coin and the middle of its price.
const COINS: [(&str, f64); 3] = [("BTC/USD", 84_190.0), ("ETH/USD", 2_990.5), ("SOL/USD", 139.95)];
/// What is written into the configuration: limits wide enough for a day of so many trades.
const LIMITS: [(&str, &str); 5] = [
    ("entries_minute_max = 20", "entries_minute_max = 100"),
    ("exits_minute_max = 60", "exits_minute_max = 600"),
    ("entries_again_max = 3", "entries_again_max = 50"),
    ("duplicate_seconds = 60", "duplicate_seconds = 1"),
    ("entries_day_max = 100", "entries_day_max = 500"),
];
/// The backtest, and answers to what this book cannot have.
pub(super) const BACKTEST: [&str; 6] = [
    "backtest.headline.trades=2926",
    "backtest.headline.win_rate=0.42",
    "backtest.headline.profit_factor=1.18",
    "backtest.headline.years=11",
    "gate.pairs=shadows.json",
    "gate.rate_answer=made in a minute by a test",
];

fn priced(place: &Place, factors: [f64; 3]) {
    let at = now().to_rfc3339();
    let lines = COINS.iter().zip(factors).map(|((symbol, middle), factor)| {
        let (bid, ask) = (middle * factor * 0.9999, middle * factor * 1.0001);
        json!({ "symbol": symbol, "bid": format!("{bid:.2}"), "ask": format!("{ask:.2}"), "at": at })
            .to_string()
    });
    place.write("example-quotes.jsonl", &(lines.collect::<Vec<_>>().join("\n") + "\n"));
}

fn decided_now(mut signal: Value) -> Value {
    signal["decided_at"] = json!(now().to_rfc3339());
    signal
}

/// One round: three entries, and their exits a little later. Of all trades every so manyth wins.
pub(super) fn round(place: &Place, number: usize, won: f64, lost: f64) {
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let drift = 1.0 + number as f64 * 0.003;
    let pass = |signals: &[Value], factors: [f64; 3]| {
        priced(place, factors);
        place.signals(signals);
        let ran = place.tradewind(&["run", "--signals", "signals.json", "--fail-on-denied"]);
        assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    };
    let entries = COINS.iter().map(|(symbol, middle)| {
        decided_now(enter(&format!("in-{number}-{symbol}"), symbol, &format!("{:.2}", middle * drift * 0.9)))
    });
    pass(&entries.collect::<Vec<_>>(), [drift; 3]);
    let exits = COINS.iter().map(|(symbol, _)| decided_now(exit(&format!("out-{number}-{symbol}"), symbol)));
    let exits: Vec<_> = exits.collect();
    let ends = |at: usize| if (number * 3 + at) * 42 % 100 < 42 { won } else { lost };
    pass(&exits, [0, 1, 2].map(|at| drift * ends(at)));
}

/// A place whose limits are wide enough for a day of so many trades.
pub(super) fn roomy() -> Place {
    let place = Place::new();
    let mut text = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    for (from, to) in LIMITS {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    place.write("tradewind.toml", &text);
    place
}

/// A book of fifty-one trades that earn, and of forty-eight.
pub(super) static TRADED: LazyLock<(Place, Place)> = LazyLock::new(|| {
    let place = roomy();
    (0..16).for_each(|number| round(&place, number, 1.032, 0.987));
    let few = place.copy();
    round(&place, 16, 1.032, 0.987);
    (place, few)
});

/// The words of the gate with the backtest set, and more.
fn words<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let sets = BACKTEST.iter().flat_map(|set| ["--set", *set]);
    ["gate", "paper"].into_iter().chain(sets).chain(more.iter().copied()).collect()
}

/// Writes what a backtest's engine would make of the same signals: the same, less `cost` in R.
fn shadows(place: &Place, cost: f64) {
    let told = place.json(&["gate", "paper"]);
    let mut rows = told["data"]["facts"]["facts"]["ledger"].as_array().unwrap().clone();
    for row in &mut rows {
        let amount = |key: &str| row[key].as_str().unwrap().parse::<f64>().unwrap();
        row["r"] = json!(format!("{:.6}", amount("pnl") / amount("risk") + cost));
    }
    place.write("shadows.json", &json!(rows).to_string());
}

fn ready() -> Place {
    let place = TRADED.0.copy();
    shadows(&place, 0.0);
    place
}

#[track_caller]
fn verdict<'a>(told: &'a Value, name: &str) -> &'a str {
    let criteria = told["data"]["evaluation"]["criteria"].as_array().unwrap();
    let found = criteria.iter().find(|criterion| criterion["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {told:#}"))["verdict"].as_str().unwrap()
}

fn kept(place: &Place) -> Vec<Value> {
    let Ok(folder) = std::fs::read_dir(place.file("paper-state.json.gates")) else { return Vec::new() };
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()).collect()
}

#[test]
fn fifty_trades_as_in_the_backtest_pass_and_are_written_down_once() {
    let place = ready();
    let before = place.bytes();
    let told = place.tradewind(&words(&[]));
    assert_eq!(code(&told), 0, "{}{}", stdout(&told), stderr(&told));
    let text = stdout(&told);
    for line in ["PASSED: 12 of 12 met", "judged at 50 closed trades, of 51 that count; the next time at 75"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(place.bytes(), before, "looking changes nothing");
    assert_eq!(place.json(&words(&[]))["data"]["evaluation"]["counted_trades"], 50);
    let recorded = place.tradewind(&words(&["--record", "--why", "fifty, as agreed", "--json"]));
    assert_eq!(code(&recorded), 0, "{}", stderr(&recorded));
    let document: Value = serde_json::from_str(&stdout(&recorded)).unwrap();
    assert_fits(&schema(&place, "output"), &document, "gate");
    let certificate = document["data"]["certificate"]["sha256"].as_str().unwrap();
    let files = kept(&place);
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["data"]["certificate"]["sha256"], certificate);
    assert_eq!(files[0]["data"]["recorded"]["why"], "fifty, as agreed");
    // Anybody can compute it anew from the file alone.
    let data = &files[0]["data"];
    let proof: evidence::Certificate = serde_json::from_value(data["certificate"].clone()).unwrap();
    let evaluation: evidence::Evaluation = serde_json::from_value(data["evaluation"].clone()).unwrap();
    assert_eq!(proof.holds(&data["facts"], &evaluation), Ok(()));
    let mut other = data["facts"].clone();
    other["facts"]["orders"] = json!(1);
    assert!(proof.holds(&other, &evaluation).is_err(), "other facts have another hash");
    let status = place.json(&["status"]);
    assert_eq!(status["data"]["arming"]["gates"]["paper"]["certificate"], certificate);
    assert!(stdout(&place.tradewind(&["status"])).contains("gate       paper passed on "));
    assert!(stdout(&place.tradewind(&["journal", "tail"])).contains("fifty, as agreed"));
    let again = place.tradewind(&words(&["--record", "--why", "once more"]));
    assert_eq!(code(&again), 2);
    assert!(stderr(&again).contains("gate was recorded at 50 trades"), "{}", stderr(&again));
    assert_eq!(kept(&place).len(), 1);
}

#[test]
fn nothing_is_recorded_beside_a_process_that_serves() {
    let place = ready();
    std::fs::create_dir(place.file("in")).unwrap();
    let mut command = place.command(&["serve", "--signals", "in"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    crate::serving::until("it serves", || place.json(&["status"])["data"]["trader"]["serves"] == true);
    let beside = place.tradewind(&words(&["--record", "--why", "fifty, as agreed"]));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(code(&beside), 5, "{}{}", stdout(&beside), stderr(&beside));
    assert!(stderr(&beside).contains("TW0724"), "{}", stderr(&beside));
    assert!(kept(&place).is_empty());
}

#[test]
fn a_gate_that_is_not_passed_is_kept_and_a_second_look_is_told_as_one() {
    let place = ready();
    shadows(&place, 0.2);
    let first = place.tradewind(&words(&["--record", "--why", "as agreed"]));
    assert_eq!(code(&first), 3, "{}", stderr(&first));
    assert!(stdout(&first).contains("NOT PASSED: 11 of 12 met, 0 open, 1 failed"), "{}", stdout(&first));
    assert!(stdout(&first).contains("not met: execution-parity"), "{}", stdout(&first));
    let files = kept(&place);
    assert_eq!((files.len(), &files[0]["data"]["certificate"]), (1, &Value::Null));
    assert_eq!(place.json(&["status"])["data"]["arming"]["gates"], json!({}));
    let same = place.tradewind(&words(&["--record", "--why", "once more"]));
    assert_eq!(code(&same), 2, "the same facts are recorded once");
    shadows(&place, 0.0);
    let second = place.tradewind(&words(&["--record", "--why", "the shadows were wrong"]));
    assert_eq!(code(&second), 0, "{}", stderr(&second));
    let said = "1 evaluation at this number before";
    assert!(
        stdout(&second).contains(said) && stdout(&second).contains("has changed since"),
        "{}",
        stdout(&second)
    );
    let files = kept(&place);
    assert_eq!((files.len(), &files[1]["data"]["recorded"]["evaluation"]), (2, &json!(2)));
    assert_eq!(files[1]["data"]["earlier"][0]["outcome"], "failed");
}

#[test]
fn what_is_not_known_is_not_met() {
    let place = TRADED.0.copy();
    let bare = place.tradewind(&["gate", "paper", "--json"]);
    assert_eq!(code(&bare), 3);
    let told: Value = serde_json::from_str(&stdout(&bare)).unwrap();
    for name in
        ["win-rate", "profit-factor", "reward-to-risk", "execution-parity", "trade-rate", "gross-breakage"]
    {
        assert_eq!(verdict(&told, name), "cannot-tell", "{name}");
    }
    assert_eq!(verdict(&told, "closed-trades"), "met");
    assert!(stdout(&place.tradewind(&["gate", "paper"])).contains("no backtest is given"));
    shadows(&place, 0.0);
    let rows: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(place.file("shadows.json")).unwrap()).unwrap();
    place.write("shadows.json", &json!(rows[..40]).to_string());
    let some = place.json(&words(&[]));
    assert_eq!(verdict(&some, "execution-parity"), "met");
    assert_eq!(verdict(&some, "red-flags"), "not-met", "forty of fifty pairs are some of them");
    let answered = words(&["--set", "gate.answers=pairs: the engine cannot play the others"]);
    assert_eq!(code(&place.tradewind(&answered)), 0);
}

#[test]
fn too_few_trades_are_not_evaluated() {
    let place = TRADED.1.copy();
    shadows(&place, 0.0);
    let told = place.tradewind(&words(&[]));
    assert_eq!(code(&told), 3);
    let said = "48 closed trades so far; it is evaluated from 50 on: 2 more";
    assert!(stdout(&told).contains(said), "{}", stdout(&told));
    let recorded = place.tradewind(&words(&["--record", "--why", "now"]));
    assert_eq!(code(&recorded), 3);
    assert!(stderr(&recorded).contains("2 closed trades more"), "{}", stderr(&recorded));
    assert!(kept(&place).is_empty());
}

#[test]
fn trades_of_another_program_count_only_when_that_is_said() {
    let place = TRADED.1.copy();
    let at = now().to_rfc3339();
    let old = (0..4).map(|n| {
        json!({
            "id": format!("old-{n}"), "symbol": "BTC/USD", "side": "long", "quantity": "0.01", "entry_price": "80000",
            "exit_price": "80100", "opened_at": "2026-01-05T15:00:00Z", "closed_at": at, "pnl": "1",
        })
    });
    let file = json!({ "cash": "10000", "positions": [], "trades": old.collect::<Vec<_>>() });
    place.write("old.json", &file.to_string());
    let imported = place.tradewind(&["state", "import", "old.json", "--reason", "moved"]);
    assert_eq!(code(&imported), 0, "{}{}", stdout(&imported), stderr(&imported));
    let own = place.json(&["gate", "paper"]);
    let counts = |told: &Value| {
        ["own_trades", "imported_trades", "counted_trades"]
            .map(|key| told["data"]["evaluation"][key].as_u64())
    };
    assert_eq!(counts(&own), [Some(48), Some(4), Some(48)]);
    let text = stdout(&place.tradewind(&["gate", "paper"]));
    assert!(text.contains("48 of our own, 4 of another program and not counted"), "{text}");
    let all = place.json(&["gate", "paper", "--set", "gate.count_imported=true"]);
    assert_eq!(
        (all["data"]["judged"]["mark"].as_u64(), all["data"]["judged"]["counted"].as_u64()),
        (Some(50), Some(52))
    );
}

#[test]
fn a_person_answers_for_what_the_guard_did_and_nobody_answers_for_nothing() {
    let place = ready();
    let wrong = place.tradewind(&words(&["--set", "gate.answers=1: nothing was there"]));
    assert_eq!(code(&wrong), 2);
    assert!(stderr(&wrong).contains("no red flag has the name 1"), "{}", stderr(&wrong));
    let none = place.tradewind(&words(&["--set", "gate.answers=all is well"]));
    assert!(stderr(&none).contains("no name with an answer"), "{}", stderr(&none));
    // The same id with other content is a flag that no resume answers.
    let mut changed = decided_now(enter("in-0-BTC/USD", "BTC/USD", "70000"));
    changed["strategy"] = json!("other");
    place.signals(&[changed]);
    place.prices();
    place.tradewind(&["run", "--signals", "signals.json"]);
    let flagged = place.json(&words(&[]));
    assert_eq!(verdict(&flagged, "red-flags"), "not-met", "{flagged:#}");
    let flag = flagged["data"]["facts"]["facts"]["red_flags"][0]["what"].as_str().unwrap().to_owned();
    let name = flag.split(':').next().unwrap();
    let answer = format!("gate.answers={name}: written twice by hand");
    assert_eq!(code(&place.tradewind(&words(&["--set", &answer]))), 0, "{flag}");
}

#[test]
fn a_backtest_that_cannot_be_read_names_key_file_and_row() {
    let place = TRADED.1.copy();
    place.write("backtest.csv", "symbol,side,opened,closed,quantity,entry,exit,pnl\nAAPL,long,2026-01-05,2026-01-06,1,10,11,1\nAAPL,long,2026-01-05,2026-01-06,none,10,11,1\n");
    let bad = place.tradewind(&["gate", "paper", "--set", "backtest.ledger=backtest.csv"]);
    assert_eq!(code(&bad), 2);
    for part in ["backtest.ledger", "backtest.csv", "row 2, quantity", "found 'none'"] {
        assert!(stderr(&bad).contains(part), "{part}: {}", stderr(&bad));
    }
    let gone = place.tradewind(&["gate", "paper", "--set", "backtest.ledger=gone.csv"]);
    assert_eq!(code(&gone), 2);
    assert!(
        stderr(&gone).contains("backtest.ledger") && stderr(&gone).contains("gone.csv"),
        "{}",
        stderr(&gone)
    );
}
