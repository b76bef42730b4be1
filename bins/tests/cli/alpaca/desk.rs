//! A folder to trade in and a simulated Alpaca beside it. Time stands still until a test moves it on.

use std::process::{Command, Output, Stdio};
use std::str::FromStr as _;

use broker_api::Time;
use broker_sim::alpaca::{Alpaca, Control, Quirks, Running, Settings};
use broker_sim::core::Market;
use chrono::{SecondsFormat, TimeDelta};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::place::{code, stderr, stdout};

/// What the simulator trades here.
pub const PRICES: [(&str, &str); 4] =
    [("AAPL", "227.10"), ("MSFT", "431.25"), ("KO", "62.40"), ("BTC/USD", "95000")];

/// See the module.
pub struct Desk {
    pub folder: TempDir,
    pub control: Control,
    url: String,
    // Dropped last: what runs in it ends with it.
    _running: Running,
    _runtime: Runtime,
}

pub fn decimal(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

/// A day in 2026 on which the exchange is open, at 10:00 in New York.
pub fn friday() -> Time {
    "2026-10-02T14:00:00Z".parse().unwrap()
}

pub fn text(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Desk {
    /// At an account with so much cash, in the middle of a trading day; nothing is left to chance.
    pub fn new(cash: &str) -> Self {
        Self::with(cash, &PRICES, 1, Quirks { partial_percent: 0, ..Quirks::default() })
    }

    /// The same, where these symbols are traded, and what chance there is follows from a seed.
    pub fn with(cash: &str, prices: &[(&str, &str)], seed: u64, quirks: Quirks) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            market: Market::Calendar,
            cash: decimal(cash),
            prices: prices.iter().map(|(symbol, price)| ((*symbol).to_owned(), decimal(price))).collect(),
            wire_log: Some(folder.path().join("wire.jsonl")),
            seed,
            quirks,
            ..Settings::stepped(friday())
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let running = runtime.block_on(Alpaca::start(settings)).unwrap();
        let desk = Self {
            folder,
            control: running.control(),
            url: running.url(),
            _running: running,
            _runtime: runtime,
        };
        let made = desk.tradewind(&["init", "--venue", "alpaca"]);
        assert!(code(&made) == 0, "{}", stderr(&made));
        desk
    }

    /// The program with these words, in this folder, not started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind-alpaca"));
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["TRADEWIND_", "APCA_", "ALPACA_"].iter().any(|of| name.starts_with(of)) {
                command.env_remove(&*name);
            }
        }
        command
            .env("APCA_API_BASE_URL", &self.url)
            .env("APCA_API_KEY_ID", "PKTEST")
            .env("APCA_API_SECRET_KEY", "a-secret-of-this-test");
        command
    }

    pub fn tradewind(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// One pass over these signals, with words more.
    pub fn run(&self, signals: &[Value], words: &[&str]) -> Output {
        std::fs::write(self.folder.path().join("signals.json"), json!(signals).to_string()).unwrap();
        self.tradewind(&[&["run", "--signals", "signals.json", "--json"], words].concat())
    }

    /// The data of what a verb says to programs.
    pub fn json(&self, words: &[&str]) -> Value {
        document(&self.tradewind(&[words, &["--json"]].concat()))["data"].clone()
    }

    /// What truly is at the broker.
    pub fn orders(&self) -> Vec<Value> {
        self.control.truth()["orders"].as_array().unwrap().clone()
    }

    /// Everything that went over the wire.
    pub fn wire(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.folder.path().join("wire.jsonl")).unwrap();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How many requests of a method came to a path.
    pub fn requests(&self, method: &str, path: &str) -> usize {
        let is_it = |line: &&Value| {
            line["kind"] == "request" && line["method"] == method && line["path"].as_str() == Some(path)
        };
        self.control.wire().iter().filter(is_it).count()
    }

    /// A person cancels all orders of the account by another program.
    pub fn cancel_all_by_hand(&self) {
        use std::io::{Read as _, Write as _};
        let host = self.url.trim_start_matches("http://").to_owned();
        let mut line = std::net::TcpStream::connect(&host).unwrap();
        let request = format!(
            "DELETE /v2/orders HTTP/1.1\r\nHost: {host}\r\nAPCA-API-KEY-ID: PKTEST\r\nAPCA-API-SECRET-KEY: another\r\nConnection: close\r\n\r\n"
        );
        line.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 207"), "{answer}");
        self.control.step(TimeDelta::seconds(2)).unwrap();
    }

    /// What programs read of the book.
    pub fn state(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.path().join("paper-state.json")).unwrap()).unwrap()
    }

    /// An entry decided now.
    pub fn enter(&self, id: &str, symbol: &str, stop: &str) -> Value {
        let now = self.control.now();
        json!({
            "id": id, "symbol": symbol, "action": "enter", "side": "long", "stop": stop,
            "asset_class": if symbol.contains('/') { "crypto" } else { "equity" },
            "decided_at": text(now), "expires_at": text(now + TimeDelta::hours(20)), "strategy": "test",
        })
    }
}

/// The document of `--json`.
pub fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", stdout(output), stderr(output)))
}
