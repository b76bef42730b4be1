//! A folder to trade in, and the program in it. Coins only: their market is always open, so no test depends on when
//! it runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A coin, its bid and ask.
pub const PRICES: [(&str, &str, &str); 4] = [
    ("BTC/USD", "84170.00", "84210.00"),
    ("ETH/USD", "2990.00", "2991.00"),
    ("SOL/USD", "139.90", "140.00"),
    ("LTC/USD", "89.90", "90.00"),
];

/// The same coins, each just below the stops that these tests give it.
const FALLEN: [(&str, &str, &str); 4] = [
    ("BTC/USD", "79900.00", "79940.00"),
    ("ETH/USD", "2795.00", "2796.00"),
    ("SOL/USD", "129.00", "129.10"),
    ("LTC/USD", "89.90", "90.00"),
];

/// A folder with a configuration and prices of this moment.
pub struct Place {
    folder: TempDir,
}

/// The time of this machine: prices and signals must be young when the program looks at them.
#[expect(clippy::disallowed_methods, reason = "what the program under test reads")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An entry: id, symbol, stop.
pub fn enter(id: &str, symbol: &str, stop: &str) -> Value {
    let at = now();
    json!({
        "id": id, "symbol": symbol, "asset_class": "crypto", "action": "enter", "side": "long", "stop": stop,
        "decided_at": text(at - TimeDelta::minutes(1)), "expires_at": text(at + TimeDelta::hours(2)), "strategy": "test",
    })
}

/// An exit.
pub fn exit(id: &str, symbol: &str) -> Value {
    let at = now();
    json!({
        "id": id, "symbol": symbol, "asset_class": "crypto", "action": "exit",
        "decided_at": text(at - TimeDelta::minutes(1)), "expires_at": text(at + TimeDelta::hours(2)), "strategy": "test",
    })
}

impl Place {
    /// A new one, as `init` makes it.
    pub fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let made = place.tradewind(&["init"]);
        assert!(made.status.success(), "{}", stderr(&made));
        place.prices();
        place
    }

    /// Another one with the same files.
    pub fn copy(&self) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for entry in std::fs::read_dir(self.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
        }
        place
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes prices of this moment.
    pub fn prices(&self) {
        self.write_prices(&PRICES);
    }

    /// Writes prices of this moment that are just below every stop of these tests.
    pub fn fallen_prices(&self) {
        self.write_prices(&FALLEN);
    }

    fn write_prices(&self, prices: &[(&str, &str, &str)]) {
        let lines: Vec<String> = prices
            .iter()
            .map(|(symbol, bid, ask)| {
                json!({ "symbol": symbol, "bid": bid, "ask": ask, "at": text(now()) }).to_string()
            })
            .collect();
        self.write("example-quotes.jsonl", &(lines.join("\n") + "\n"));
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    /// Writes signals.
    pub fn signals(&self, signals: &[Value]) {
        self.write("signals.json", &json!(signals).to_string());
    }

    /// The program with these words, in this folder, not started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        // What the caller has set is not what is tested.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRADEWIND_") && name != "TRADEWIND_SHARED" {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs the program.
    pub fn tradewind(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// One pass over the signals, with fresh prices.
    pub fn run(&self) -> Output {
        self.prices();
        self.tradewind(&["run", "--signals", "signals.json"])
    }

    /// What a verb says to programs.
    pub fn json(&self, words: &[&str]) -> Value {
        let output = self.tradewind(&[words, &["--json"]].concat());
        let text = stdout(&output);
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{words:?}: {error}: {text}{}", stderr(&output)))
    }

    /// The data of what a verb says to programs.
    pub fn data(&self, words: &[&str]) -> Vec<Value> {
        self.json(words)["data"].as_array().cloned().unwrap_or_else(|| panic!("{words:?} gives no list"))
    }

    /// Every file with its bytes, save the lock.
    pub fn bytes(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .filter(|entry| !entry.file_name().to_string_lossy().ends_with(".lock"))
            .map(|entry| {
                (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The exit code.
pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}
