//! Two brokers in one book: stocks and coins at a simulated Alpaca, currency pairs at a simulated OANDA, one guard over both.

mod alone;
mod days;
mod served;

use std::process::{Command, Output, Stdio};

use broker_api::Time;
use broker_sim::core::Market;
use broker_sim::{alpaca, oanda};
use chrono::{SecondsFormat, TimeDelta};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::place::{code, stderr, stdout};

/// A folder to trade in, and both simulators. Time stands still until a test moves it on, at both.
struct Desk {
    folder: TempDir,
    stocks: alpaca::Control,
    pairs: oanda::Control,
    urls: (String, String),
    // Dropped last: what runs in it ends with it.
    _running: (alpaca::Running, oanda::Running),
    _runtime: Runtime,
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A Friday on which the exchange is open, at 10:00 in New York.
fn begins() -> Time {
    "2026-10-02T14:00:00Z".parse().unwrap()
}

fn prices(rows: &[(&str, &str)]) -> Vec<(String, Decimal)> {
    rows.iter().map(|(symbol, price)| ((*symbol).to_owned(), decimal(price))).collect()
}

impl Desk {
    fn new() -> Self {
        Self::with(
            &[("AAPL", "227.10"), ("MSFT", "431.25")],
            &[("EUR_USD", "1.08500"), ("USD_JPY", "156.250")],
        )
    }

    fn with(stocks: &[(&str, &str)], pairs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at_alpaca = alpaca::Settings {
            market: Market::Calendar,
            cash: decimal("50000"),
            prices: prices(stocks),
            quirks: alpaca::Quirks { partial_percent: 0, ..alpaca::Quirks::default() },
            ..alpaca::Settings::stepped(begins())
        };
        let at_oanda = oanda::Settings {
            market: Market::Calendar,
            prices: prices(pairs),
            ..oanda::Settings::stepped(begins())
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let running = runtime.block_on(async {
            (alpaca::Alpaca::start(at_alpaca).await.unwrap(), oanda::Oanda::start(at_oanda).await.unwrap())
        });
        let desk = Self {
            folder,
            stocks: running.0.control(),
            pairs: running.1.control(),
            urls: (running.0.url(), running.1.url()),
            _running: running,
            _runtime: runtime,
        };
        let made = desk.tradewind(&["init", "--venue", "alpaca"]);
        assert!(code(&made) == 0, "{}", stderr(&made));
        desk
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["TRADEWIND_", "APCA_", "ALPACA_", "OANDA_"].iter().any(|of| name.starts_with(of)) {
                command.env_remove(&*name);
            }
        }
        command
            .env("TRADEWIND_ROUTE_FOREX", "oanda")
            .env("APCA_API_BASE_URL", &self.urls.0)
            .env("APCA_API_KEY_ID", "PKTEST")
            .env("APCA_API_SECRET_KEY", "a-secret-of-this-test")
            .env("OANDA_BASE_URL", &self.urls.1)
            .env("OANDA_ACCESS_TOKEN", "a-token-of-this-very-test");
        command
    }

    fn tradewind(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// One pass over these signals.
    fn pass(&self, signals: &[Value]) -> Output {
        std::fs::write(self.folder.path().join("signals.json"), json!(signals).to_string()).unwrap();
        self.tradewind(&["run", "--signals", "signals.json", "--settle", "3", "--json"])
    }

    #[track_caller]
    fn passes(&self, signals: &[Value]) -> Value {
        let ran = self.pass(signals);
        assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
        let document: Value = serde_json::from_slice(&ran.stdout).unwrap();
        document["data"].clone()
    }

    fn signal(&self, id: &str, symbol: &str, class: &str, more: &Value) -> Value {
        let now = self.stocks.now();
        let text = |at: Time| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut signal = json!({
            "id": id, "symbol": symbol, "asset_class": class, "decided_at": text(now),
            "expires_at": text(now + TimeDelta::hours(4)), "strategy": "test",
        });
        for (name, value) in more.as_object().unwrap() {
            signal[name] = value.clone();
        }
        signal
    }

    fn moves_on(&self, by: TimeDelta) {
        self.stocks.step(by).unwrap();
        self.pairs.step(by).unwrap();
    }

    /// What is held of a pair at OANDA.
    fn pair(&self, pair: &str) -> Decimal {
        let truth = self.pairs.truth();
        let rows = truth["positions"].as_array().unwrap();
        let row = rows.iter().find(|row| row["instrument"] == pair);
        let units = |row: &Value, side: &str| decimal(row[side]["units"].as_str().unwrap());
        row.map_or(Decimal::ZERO, |row| units(row, "long") + units(row, "short"))
    }

    /// What is held of a stock at Alpaca.
    fn stock(&self, symbol: &str) -> Decimal {
        let truth = self.stocks.truth();
        let rows = truth["positions"].as_array().unwrap();
        let row = rows.iter().find(|row| row["symbol"] == symbol);
        row.map_or(Decimal::ZERO, |row| decimal(row["qty"].as_str().unwrap()))
    }

    /// What the book holds: symbol, venue and size.
    fn booked(&self) -> Vec<(String, String, Decimal)> {
        let shown = self.tradewind(&["positions", "--json"]);
        let document: Value = serde_json::from_slice(&shown.stdout).unwrap();
        let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let rows = document["data"].as_array().unwrap().iter();
        let mut rows: Vec<_> = rows
            .map(|row| (word(row, "symbol"), word(row, "venue"), decimal(row["quantity"].as_str().unwrap())))
            .collect();
        rows.sort();
        rows
    }
}

#[test]
fn each_class_is_traded_at_its_own_broker_and_one_book_holds_both() {
    let desk = Desk::new();
    let entries = [
        desk.signal("one", "AAPL", "equity", &json!({"action": "enter", "side": "long", "stop": "215.00"})),
        desk.signal(
            "two",
            "EUR/USD",
            "forex",
            &json!({"action": "enter", "side": "long", "stop": "1.07500"}),
        ),
    ];
    let told = desk.passes(&entries);
    for n in 0..2 {
        assert_eq!(told["signals"][n]["outcome"], "filled", "{told:#}");
    }
    assert!(desk.stock("AAPL") > Decimal::ZERO && desk.pair("EUR_USD") > Decimal::ZERO);
    let held = [
        ("AAPL".to_owned(), "alpaca".to_owned(), desk.stock("AAPL")),
        ("EUR/USD".to_owned(), "oanda".to_owned(), desk.pair("EUR_USD")),
    ];
    assert_eq!(desk.booked(), held);
    let compared = desk.tradewind(&["reconcile"]);
    assert_eq!(code(&compared), 0, "{}{}", stdout(&compared), stderr(&compared));
    // Another process goes on with both, and closes both.
    desk.moves_on(TimeDelta::minutes(5));
    let exits = [
        desk.signal("three", "AAPL", "equity", &json!({"action": "exit"})),
        desk.signal("four", "EUR/USD", "forex", &json!({"action": "exit"})),
    ];
    desk.passes(&exits);
    assert_eq!((desk.stock("AAPL"), desk.pair("EUR_USD")), (Decimal::ZERO, Decimal::ZERO));
    desk.passes(&[]);
    assert_eq!(desk.booked(), []);
}

#[test]
fn one_that_was_never_there_stops_a_pass_before_anything_is_sent() {
    let mut desk = Desk::new();
    let there = std::mem::replace(&mut desk.urls.1, "http://127.0.0.1:9".to_owned());
    let entry =
        [desk.signal("one", "AAPL", "equity", &json!({"action": "enter", "side": "long", "stop": "215.00"}))];
    let ran = desk.pass(&entry);
    assert_eq!(code(&ran), 5, "{}{}", stdout(&ran), stderr(&ran));
    assert!(
        stderr(&ran).contains("OANDA did not answer") && desk.stock("AAPL").is_zero(),
        "{}",
        stderr(&ran)
    );
    // Which account it would be nobody knows yet. And a book of both is not traded with one of them left out.
    desk.urls.1 = there;
    desk.passes(&[]);
    let alone = desk.command(&["run"]).env("TRADEWIND_ROUTE_FOREX", "venue").output().unwrap();
    assert_eq!(code(&alone), 2, "{}{}", stdout(&alone), stderr(&alone));
    assert!(stderr(&alone).contains("oanda") && stderr(&alone).contains("route"), "{}", stderr(&alone));
}

#[test]
fn the_doctor_looks_at_both_and_a_route_that_cannot_be_is_refused() {
    let desk = Desk::new();
    let looked = desk.tradewind(&["doctor"]);
    let said = stdout(&looked);
    assert_eq!(code(&looked), 0, "{said}{}", stderr(&looked));
    assert!(said.contains("Alpaca answered") && said.contains("OANDA answered"), "{said}");
    for (name, value, why) in [
        ("TRADEWIND_ROUTE_EQUITY", "oanda", "trades no"),
        ("TRADEWIND_VENUE_BROKER", "paper", "trades everything itself"),
        ("TRADEWIND_VENUE_MODE", "live", "real money"),
    ] {
        let refused = desk.command(&["doctor"]).env(name, value).output().unwrap();
        let said = format!("{}{}", stdout(&refused), stderr(&refused));
        assert!(code(&refused) == 2 && said.contains(why), "{name}={value}: {said}");
    }
}
