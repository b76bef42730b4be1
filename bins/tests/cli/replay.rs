//! `replay` from the command line: what it writes, that it writes the same again, and what it leaves alone.

mod agrees;
mod bad;
mod guard;
mod room;
mod workload;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta};
use serde_json::{Value, json};
use state::{Journal, SqliteStore};
use tempfile::TempDir;

use crate::place::{Place, code, stderr, stdout};
use crate::schemas::{assert_fits, schema};

const FILES: [&str; 4] = ["equity.csv", "orders.csv", "summary.json", "trades.csv"];
const SYMBOLS: &str = "symbol,asset_class,tick,lot,shortable\nAAPL,equity,0.01,1,yes\nEUR/USD,forex,0.00001,1,yes\n\
                       BTC/USD,crypto,0.01,0.0001,no\n";
/// How many days the bars go on.
const DAYS: i64 = 240;

/// A folder with bars of three symbols, to replay in.
pub struct Past {
    folder: TempDir,
}

/// A walk of whole numbers that is the same every time.
struct Walk(u64);

impl Walk {
    fn below(&mut self, bound: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % bound).unwrap()
    }
}

/// A Tuesday.
fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 2).unwrap()
}

/// Daily bars around `start` ticks, of which `places` are behind the point.
fn bars(seed: u64, start: i64, places: u32, every_day: bool) -> String {
    let mut walk = Walk(seed);
    let unit = 10_i64.pow(places);
    let text = |ticks: i64| format!("{}.{:0width$}", ticks / unit, ticks % unit, width = places as usize);
    let mut rows = "date,open,high,low,close,volume\n".to_owned();
    let (mut last, mut pull) = (start, 0);
    for n in 0..DAYS {
        let day = first_day() + TimeDelta::days(n);
        if n % 20 == 0 {
            pull = walk.below(5) - 2;
        }
        if !every_day && day.weekday().number_from_monday() > 5 {
            continue;
        }
        let step = start / 100;
        let bound = u64::try_from(2 * step).unwrap();
        let open = last + (walk.below(bound) - step) / 4;
        let close = (open + walk.below(bound) - step + pull * step / 3).max(start / 4);
        let high = open.max(close) + walk.below(bound) / 3;
        let low = open.min(close) - walk.below(bound) / 3;
        let volume = 100 + walk.below(100_000);
        rows.push_str(&format!(
            "{day},{},{},{},{},{volume}\n",
            text(open),
            text(high),
            text(low),
            text(close)
        ));
        last = close;
    }
    rows
}

impl Past {
    pub fn new() -> Self {
        let past = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(past.file("bars")).unwrap();
        past.write("bars/AAPL.csv", &bars(1, 18_000, 2, false));
        past.write("bars/EUR_USD.csv", &bars(2, 110_000, 5, false));
        past.write("bars/BTC-USD.csv", &bars(3, 4_200_000, 2, true));
        past.write("symbols.csv", SYMBOLS);
        past
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    fn summary(&self, out: &str) -> Value {
        serde_json::from_str(&self.read(&format!("{out}/summary.json"))).unwrap()
    }

    /// The program in this folder.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub fn tradewind(&self, words: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_tradewind")).args(words).output().unwrap()
    }

    /// A breakout over short channels, into `out`.
    pub fn breakout(&self, out: &str, more: &[&str]) -> Output {
        self.tradewind(&[&breakout(out)[..], more].concat())
    }

    /// A replay of `signals.jsonl`.
    pub fn told(&self, out: &str, more: &[&str]) -> Output {
        let words = [&given(out)[..], &["--signals", "signals.jsonl"], more].concat();
        self.tradewind(&words)
    }

    /// Writes entries and exits of stocks: id, day, `enter` or `exit`.
    pub fn signals(&self, entries: &[(&str, &str, &str)]) {
        let lines: Vec<String> = entries
            .iter()
            .map(|(id, day, action)| {
                let mut signal = json!({
                    "id": id, "symbol": "AAPL", "asset_class": "equity", "action": action,
                    "decided_at": format!("{day}T21:30:00Z"),
                });
                if *action == "enter" {
                    (signal["side"], signal["stop"]) = (json!("long"), json!("130"));
                }
                signal.to_string()
            })
            .collect();
        self.write("signals.jsonl", &(lines.join("\n") + "\n"));
    }

    /// Every file below the folder with its bytes, and every folder.
    pub fn everything(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        fn walk(folder: &Path, all: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, all);
                    all.insert(path, None);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    all.insert(path, Some(bytes));
                }
            }
        }
        let mut all = BTreeMap::new();
        walk(self.folder.path(), &mut all);
        all
    }

    /// The names in a folder, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.file(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// What every replay here is given.
pub fn given(out: &str) -> [&str; 7] {
    ["replay", "--bars", "bars", "--symbols", "symbols.csv", "--out", out]
}

pub fn breakout(out: &str) -> Vec<&str> {
    let strategy = ["--strategy", "breakout", "--entry", "10", "--exit", "5", "--atr", "5"];
    [&given(out)[..], &strategy].concat()
}

#[track_caller]
fn assert_done(output: &Output) {
    assert_eq!(code(output), 0, "{}{}", stdout(output), stderr(output));
}

fn sha256(bytes: &[u8]) -> String {
    state::encode::digest(bytes).to_string()
}

#[test]
fn a_strategy_leaves_four_files_and_the_summary_holds_to_them() {
    let past = Past::new();
    let ran = past.breakout("out", &[]);
    assert_done(&ran);
    assert_eq!(past.names("out"), FILES);
    assert_eq!(past.names("."), ["bars", "out", "symbols.csv"], "nothing else is left");
    let summary = past.summary("out");
    let lines = |name: &str| past.read(&format!("out/{name}")).lines().count() - 1;
    assert_eq!(summary["schema"], json!("tradewind.replay/1"));
    assert_eq!(summary["trades_sha256"], json!(sha256(past.read("out/trades.csv").as_bytes())));
    assert_eq!(summary["trades"], json!(lines("trades.csv")));
    assert_eq!(summary["orders"], json!(lines("orders.csv")));
    assert!(lines("trades.csv") >= 5 && lines("equity.csv") > 150, "{summary:#}");
    let rows = ["AAPL", "EUR_USD", "BTC-USD"].map(|name| past.read(&format!("bars/{name}.csv")));
    assert_eq!(summary["bars"], json!(rows.iter().map(|text| text.lines().count() - 1).sum::<usize>()));
    assert_eq!(summary["symbols"], json!(["AAPL", "EUR/USD", "BTC/USD"]));
    let text = stdout(&ran);
    assert!(text.contains("REPLAY") && text.contains(summary["trades_sha256"].as_str().unwrap()), "{text}");
}

#[test]
fn the_same_replay_twice_writes_the_same_bytes() {
    let past = Past::new();
    for out in ["one", "two"] {
        assert_done(&past.breakout(out, &["--direction", "both", "--equity", "marked"]));
    }
    for name in FILES {
        assert!(past.read(&format!("one/{name}")) == past.read(&format!("two/{name}")), "{name}");
    }
    // And another configuration is another result, so the equality says something.
    assert_done(&past.breakout("other", &["--direction", "both", "--costs", "none"]));
    assert!(past.read("one/trades.csv") != past.read("other/trades.csv"));
}

#[test]
fn what_programs_read_fits_its_schema() {
    let past = Past::new();
    let output = schema(&Place::new(), "output");
    let ran = past.breakout("out", &["--json"]);
    assert_done(&ran);
    let document: Value = serde_json::from_str(&stdout(&ran)).unwrap();
    assert_fits(&output, &document, "replay");
    assert_eq!(document["schema"], json!("tradewind.replay/1"));
    let summary = past.summary("out");
    for (key, value) in summary.as_object().unwrap() {
        assert_eq!(document["data"][key], *value, "{key}");
    }
    for key in ["bars", "trades", "trades_sha256", "equity_closed", "equity_marked", "entries", "denied"] {
        let mut less = document.clone();
        less["data"].as_object_mut().unwrap().remove(key);
        assert!(!output.is_valid(&less), "the schema asks for {key}");
    }
    past.write("symbols.csv", "symbol,asset_class\n");
    let failed = past.breakout("out", &["--json"]);
    let error: Value = serde_json::from_str(&stdout(&failed)).unwrap();
    assert_fits(&output, &error, "error");
    assert_eq!((&error["schema"], &error["data"]["exit"]), (&json!("tradewind.error/1"), &json!(2)));
}

#[test]
fn the_journal_holds_together_and_changes_nothing() {
    let past = Past::new();
    assert_done(&past.breakout("without", &[]));
    assert_done(&past.breakout("with", &["--journal"]));
    assert_eq!(
        past.names("with"),
        ["equity.csv", "orders.csv", "replay.journal.sqlite", "summary.json", "trades.csv"]
    );
    let (without, with) = (past.summary("without"), past.summary("with"));
    assert_eq!(without["trades_sha256"], with["trades_sha256"]);
    assert_eq!(without["records"], with["records"]);
    let journal =
        Journal::open(SqliteStore::open(&past.file("with/replay.journal.sqlite")).unwrap()).unwrap();
    let verified = journal.verify().unwrap();
    assert_eq!(json!(verified.records), with["records"]);
    let mut book = state::Book::default();
    journal.fold(&mut book, |_| true).unwrap();
    assert_eq!(json!(book.totals().trades), with["trades"]);
    assert_eq!(json!(book.positions().len()), with["positions_open"]);
}

#[test]
fn signals_of_a_file_are_taken_and_those_after_the_end_are_counted() {
    let past = Past::new();
    past.signals(&[
        ("in", "2024-02-05", "enter"),
        ("out", "2024-02-20", "exit"),
        ("late", "2025-06-02", "enter"),
    ]);
    let ran = past.told("out", &["--limits", "wide"]);
    assert_done(&ran);
    let summary = past.summary("out");
    assert_eq!((&summary["signals"], &summary["signals_after_the_end"]), (&json!(2), &json!(1)));
    assert_eq!((&summary["trades"], &summary["entries"]), (&json!(1), &json!(1)), "{summary:#}");
    assert!(stdout(&ran).contains("1 were decided after the last bar"), "{}", stdout(&ran));
    let trades = past.read("out/trades.csv");
    let trade = trades.lines().nth(1).unwrap();
    assert!(
        trade.contains("signal") && trade.contains("2024-02-06") && trade.contains("2024-02-21"),
        "{trade}"
    );
}

#[test]
fn an_earlier_result_is_replaced_and_what_is_not_ours_is_left_alone() {
    let past = Past::new();
    assert_done(&past.breakout("out", &["--journal"]));
    let first = past.read("out/summary.json");
    assert_done(&past.breakout("out", &["--cash", "50000"]));
    assert_eq!(past.names("out"), ["equity.csv", "orders.csv", "summary.json", "trades.csv"]);
    let second = past.read("out/summary.json");
    assert!(second != first);
    // A folder is replaced as a whole, so nothing of anybody else may lie in it.
    past.write("out/notes.txt", "mine");
    assert_eq!(code(&past.breakout("out", &[])), 2);
    assert_eq!((past.read("out/summary.json"), past.read("out/notes.txt")), (second, "mine".to_owned()));

    std::fs::create_dir(past.file("empty")).unwrap();
    assert_done(&past.breakout("empty", &[]));
    for foreign in ["trades.csv", "summary.json", "anything"] {
        let folder = format!("of-another-{foreign}");
        std::fs::create_dir(past.file(&folder)).unwrap();
        past.write(&format!("{folder}/{foreign}"), "{\"schema\": \"another/1\"}");
        let before = past.everything();
        let refused = past.breakout(&folder, &[]);
        assert_eq!(code(&refused), 2, "{}", stderr(&refused));
        assert!(stderr(&refused).contains("holds files that no replay wrote"), "{}", stderr(&refused));
        assert!(past.everything() == before, "{foreign}: something changed");
    }
}

#[test]
fn days_outside_the_window_are_not_played() {
    let past = Past::new();
    assert_done(&past.breakout("out", &["--from", "2024-03-01", "--to", "2024-04-30"]));
    let summary = past.summary("out");
    let at =
        |key: &str| summary[key].as_str().unwrap().parse::<DateTime<chrono::Utc>>().unwrap().date_naive();
    let day = |month, day| NaiveDate::from_ymd_opt(2024, month, day).unwrap();
    assert!(at("first") >= day(2, 29) && at("last") <= day(5, 1), "{summary:#}");
    assert!(summary["bars"].as_u64().unwrap() > 130, "{summary:#}");
}
