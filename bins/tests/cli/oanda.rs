//! An account at OANDA, simulated on this machine: the program that a user runs, over the wire that the broker speaks.

mod market;
mod month;
mod mute;
mod reference;

use std::process::{Command, Output, Stdio};

use broker_api::Time;
use broker_sim::core::Market;
use broker_sim::oanda::{Control, Oanda, Running, Settings};
use chrono::{SecondsFormat, TimeDelta};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::place::{code, stderr, stdout};

const TOKEN: &str = "a-token-of-this-very-test";
const ACCOUNT: &str = "101-004-7654321-001";
/// What converting money costs on each side, as a share of the rate.
const CHARGE: &str = "0.005";

/// A folder to trade in and a simulated OANDA beside it. Time stands still until a test moves it on.
struct Desk {
    folder: TempDir,
    control: Control,
    url: String,
    // Dropped last: what runs in it ends with it.
    _running: Running,
    _runtime: Runtime,
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn text(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn number(value: &Value) -> Decimal {
    decimal(value.as_str().unwrap())
}

impl Desk {
    /// At an account in dollars, in the middle of a week; what converting costs is not nothing.
    fn new() -> Self {
        let prices = [("EUR_USD", "1.08500"), ("USD_JPY", "156.250"), ("GBP_USD", "1.26400")];
        Self::at(Settings {
            account: ACCOUNT.to_owned(),
            prices: prices.iter().map(|(pair, price)| ((*pair).to_owned(), decimal(price))).collect(),
            ..Settings::stepped("2026-10-01T14:00:00Z".parse().unwrap())
        })
    }

    /// At an account of these settings, in the week of currencies; what converting costs is not nothing.
    fn at(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            market: Market::Calendar,
            conversion_charge: decimal(CHARGE),
            token: Some(TOKEN.to_owned()),
            wire_log: Some(folder.path().join("wire.jsonl")),
            ..settings
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let running = runtime.block_on(Oanda::start(settings)).unwrap();
        let (control, url) = (running.control(), running.url());
        let desk = Self { folder, control, url, _running: running, _runtime: runtime };
        let made = desk.tradewind(&["init", "--venue", "oanda"]);
        assert!(code(&made) == 0, "{}", stderr(&made));
        desk
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind-oanda"));
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["TRADEWIND_", "OANDA_"].iter().any(|of| name.starts_with(of)) {
                command.env_remove(&*name);
            }
        }
        command.env("OANDA_BASE_URL", &self.url).env("OANDA_ACCESS_TOKEN", TOKEN);
        command
    }

    fn tradewind(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        let ran = self.tradewind(&[words, &["--json"]].concat());
        let document: Value = serde_json::from_slice(&ran.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", stdout(&ran), stderr(&ran)));
        document["data"].clone()
    }

    #[track_caller]
    fn pass(&self, ends_with: i32, signals: &[Value]) -> Value {
        std::fs::write(self.folder.path().join("signals.json"), json!(signals).to_string()).unwrap();
        let ran = self.tradewind(&["run", "--signals", "signals.json", "--settle", "3", "--json"]);
        assert_eq!(code(&ran), ends_with, "{}{}", stdout(&ran), stderr(&ran));
        let document: Value = serde_json::from_slice(&ran.stdout).unwrap();
        document["data"].clone()
    }

    fn signal(&self, id: &str, symbol: &str, more: &Value) -> Value {
        let now = self.control.now();
        let mut signal = json!({
            "id": id, "symbol": symbol, "asset_class": "forex", "decided_at": text(now),
            "expires_at": text(now + TimeDelta::hours(20)), "strategy": "test",
        });
        for (name, value) in more.as_object().unwrap() {
            signal[name] = value.clone();
        }
        signal
    }

    fn enter(&self, id: &str, symbol: &str, side: &str, stop: &str, target: &str) -> Value {
        self.signal(id, symbol, &json!({"action": "enter", "side": side, "stop": stop, "target": target}))
    }

    fn exit(&self, id: &str, symbol: &str) -> Value {
        self.signal(id, symbol, &json!({"action": "exit"}))
    }

    fn orders(&self, state: &str) -> Vec<Value> {
        let truth = self.control.truth();
        let orders = truth["orders"].as_array().unwrap().clone();
        orders.into_iter().filter(|order| order["state"] == state).collect()
    }

    /// What is held of a pair at the broker: long less short.
    fn held(&self, pair: &str) -> Decimal {
        let truth = self.control.truth();
        let rows = truth["positions"].as_array().unwrap();
        let row = rows.iter().find(|row| row["instrument"] == pair);
        row.map_or(Decimal::ZERO, |row| number(&row["long"]["units"]) + number(&row["short"]["units"]))
    }

    /// The same in the book.
    fn booked(&self, symbol: &str) -> Decimal {
        let rows = self.json(&["positions"]);
        let row = rows.as_array().unwrap().iter().find(|row| row["symbol"] == symbol);
        row.map_or(Decimal::ZERO, |row| {
            let size = number(&row["quantity"]).abs();
            if row["side"] == "short" { -size } else { size }
        })
    }

    #[track_caller]
    fn book_is_broker(&self) {
        for (symbol, pair) in [("EUR/USD", "EUR_USD"), ("USD/JPY", "USD_JPY")] {
            assert_eq!(self.booked(symbol), self.held(pair), "{symbol}");
        }
        let compared = self.tradewind(&["reconcile"]);
        assert_eq!(code(&compared), 0, "{}{}", stdout(&compared), stderr(&compared));
    }
}

#[test]
fn an_entry_its_stop_its_target_and_its_exit() {
    let desk = Desk::new();
    let entries = [
        desk.enter("one", "EUR/USD", "long", "1.07500", "1.10500"),
        desk.enter("two", "USD/JPY", "short", "158.000", "150.000"),
    ];
    let told = desk.pass(0, &entries);
    assert_eq!(told["signals"][0]["outcome"], "filled", "{told:#}");
    assert_eq!(told["signals"][1]["outcome"], "filled", "{told:#}");
    assert!(desk.held("EUR_USD") > Decimal::ZERO && desk.held("USD_JPY") < Decimal::ZERO);
    let pending = desk.orders("PENDING");
    let kinds: Vec<_> = pending.iter().map(|order| order["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "STOP").count(), 2, "{pending:#?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "LIMIT").count(), 2, "{pending:#?}");
    assert!(pending.iter().all(|order| order["positionFill"] == "REDUCE_ONLY"), "{pending:#?}");
    desk.book_is_broker();
    // The same again does nothing more.
    let before = desk.orders("FILLED").len();
    assert_eq!(desk.pass(0, &entries)["signals"][0]["repeated"], true);
    assert_eq!((desk.orders("FILLED").len(), desk.orders("PENDING").len()), (before, 4));
    // A stop is reached while nobody looks; another process books it, and takes the target away.
    desk.control.set_price("EUR_USD", decimal("1.07400")).unwrap();
    desk.control.step(TimeDelta::seconds(5)).unwrap();
    assert_eq!(desk.held("EUR_USD"), Decimal::ZERO);
    desk.pass(0, &[desk.exit("three", "USD/JPY")]);
    assert_eq!(desk.held("USD_JPY"), Decimal::ZERO);
    desk.pass(0, &[]);
    assert_eq!(desk.orders("PENDING").len(), 0, "{:#?}", desk.orders("PENDING"));
    desk.book_is_broker();
    let said = std::fs::read_to_string(desk.folder.path().join("wire.jsonl")).unwrap();
    assert!(!said.contains(TOKEN), "the wire log masks the token");
}

#[test]
fn an_order_without_an_answer_is_settled_by_the_log() {
    let desk = Desk::new();
    let lost = format!(
        r#"{{"request":{{"method":"POST","path":"/v3/accounts/{ACCOUNT}/orders","do":"lost_reply"}}}}"#
    );
    desk.control.fault_lines(&lost).unwrap();
    let entry = [desk.enter("one", "EUR/USD", "long", "1.07500", "1.10500")];
    std::fs::write(desk.folder.path().join("signals.json"), json!(entry).to_string()).unwrap();
    let first = desk.tradewind(&["run", "--signals", "signals.json", "--settle", "0"]);
    assert!([0, 5].contains(&code(&first)), "{}{}", stdout(&first), stderr(&first));
    assert!(desk.held("EUR_USD") > Decimal::ZERO, "it arrived");
    // Another process finds it, and sends nothing twice.
    desk.control.step(TimeDelta::seconds(5)).unwrap();
    desk.pass(0, &entry);
    let filled: Vec<_> = desk.orders("FILLED").into_iter().filter(|order| order["type"] == "LIMIT").collect();
    assert_eq!(filled.len(), 1, "{filled:#?}");
    desk.book_is_broker();
}

#[test]
fn the_doctor_looks_and_sends_nothing() {
    let desk = Desk::new();
    let looked = desk.tradewind(&["doctor"]);
    let said = stdout(&looked);
    assert_eq!(code(&looked), 0, "{said}{}", stderr(&looked));
    assert!(said.contains("PRACTICE  oanda") && !said.contains(TOKEN), "{said}");
    assert_eq!(desk.orders("PENDING").len() + desk.orders("FILLED").len(), 0);
    let other = desk.command(&["run"]).env("OANDA_ENVIRONMENT", "live").output().unwrap();
    assert_eq!(code(&other), 2, "{}{}", stdout(&other), stderr(&other));
    assert!(stderr(&other).contains("OANDA_ENVIRONMENT"), "{}", stderr(&other));
    let wrong =
        desk.command(&["run"]).env("OANDA_ACCESS_TOKEN", "another-token-that-is-wrong").output().unwrap();
    assert_eq!(code(&wrong), 5, "{}{}", stdout(&wrong), stderr(&wrong));
    assert!(!stderr(&wrong).contains("another-token-that-is-wrong"), "{}", stderr(&wrong));
}
