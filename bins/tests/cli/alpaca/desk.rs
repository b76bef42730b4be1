//! A folder to trade in and a simulated Alpaca beside it. Time stands still until a test moves it on.

use std::process::{Command, Output, Stdio};
use std::str::FromStr as _;

use broker_api::Time;
use broker_sim::alpaca::{Alpaca, Control, Quirks, Running, Settings};
use broker_sim::core::{Bystander, Market, OnRequest, Reply, Request};
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

    /// At an account that is one of real money by its number, with a configuration that means one.
    pub fn of_real_money() -> Self {
        let quirks = Quirks { partial_percent: 0, live: true, ..Quirks::default() };
        let desk = Self::with("100000", &PRICES, 1, quirks);
        desk.sets("mode", "\"live\"");
        desk
    }

    /// Sets a key of the configuration file to another value.
    pub fn sets(&self, key: &str, value: &str) {
        let file = self.folder.path().join("tradewind.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let mut times = 0;
        let lines = text.lines().map(|line| match line.split_once(" = ") {
            Some((name, _)) if name == key => {
                times += 1;
                format!("{key} = {value}\n")
            }
            _ => format!("{line}\n"),
        });
        let text: String = lines.collect();
        assert_eq!(times, 1, "{key}");
        std::fs::write(&file, text).unwrap();
    }

    /// The account, as the broker calls it.
    pub fn account(&self) -> String {
        self.control.truth()["account_id"].as_str().unwrap().to_owned()
    }

    /// The words that arm the account for an hour, with a drill of today; with the gate overridden.
    pub fn arms(&self) -> Vec<String> {
        let now = text(crate::place::now());
        let drill = json!({ "schema": "tradewind.drill/1", "as_of": now, "data": { "passed": true } });
        std::fs::write(self.folder.path().join("drill.json"), drill.to_string()).unwrap();
        let account = self.account();
        let words =
            ["arm", "--account", &account, "--for", "1h", "--why", "to begin", "--drill", "drill.json"];
        let more = ["--notify", "cat", "--override-gate", "see my notes"];
        words.into_iter().chain(more).map(str::to_owned).collect()
    }

    /// Arms it.
    #[track_caller]
    pub fn armed(&self) {
        let words = self.arms();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let done = self.tradewind(&words);
        assert_eq!(code(&done), 0, "{}{}", stdout(&done), stderr(&done));
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

    /// How many orders of a side there ever were, by symbol.
    pub fn count(&self, symbol: &str, side: &str) -> usize {
        self.orders().iter().filter(|order| order["symbol"] == symbol && order["side"] == side).count()
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

    /// A request of another program at the same account: the status, and what is answered.
    pub fn by_hand(&self, method: &str, path: &str, body: &str) -> String {
        use std::io::{Read as _, Write as _};
        let host = self.url.trim_start_matches("http://").to_owned();
        let mut line = std::net::TcpStream::connect(&host).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAPCA-API-KEY-ID: PKTEST\r\nAPCA-API-SECRET-KEY: another\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        line.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).unwrap();
        answer
    }

    /// A person cancels all orders of the account by another program.
    pub fn cancel_all_by_hand(&self) {
        let answer = self.by_hand("DELETE", "/v2/orders", "");
        assert!(answer.starts_with("HTTP/1.1 207"), "{answer}");
        self.control.step(TimeDelta::seconds(2)).unwrap();
    }

    /// A pass that waits for nothing longer than some seconds, and ends as it should; what it says to programs.
    #[track_caller]
    pub fn pass(&self, ends_with: i32, signals: &[Value], words: &[&str]) -> Value {
        let ran = self.run(signals, &[&["--settle", "3"], words].concat());
        assert_eq!(code(&ran), ends_with, "{}{}", stdout(&ran), stderr(&ran));
        document(&ran)["data"].clone()
    }

    /// A verb that looks shows these lines, whatever the width of its columns.
    #[track_caller]
    pub fn shows(&self, words: &[&str], lines: &[&str]) {
        let looks = words[0] == "reconcile";
        let shown = stdout(&if looks { self.at_length(words) } else { self.tradewind(words) });
        let told = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        for line in lines {
            assert!(told.contains(line), "{words:?} does not show {line:?}: {shown}");
        }
    }

    /// What is held of a symbol, as programs read it.
    pub fn position(&self, symbol: &str) -> Value {
        let rows = self.json(&["positions"]);
        rows.as_array().unwrap().iter().find(|row| row["symbol"] == symbol).cloned().unwrap_or(Value::Null)
    }

    /// The orders that live at the broker: kind, which way, how many, at which price, in which state.
    pub fn live(&self, symbol: &str) -> Vec<String> {
        let is_live = |order: &&Value| {
            ["new", "partially_filled", "held", "accepted", "pending_new", "pending_cancel"]
                .contains(&order["status"].as_str().unwrap())
        };
        let told = |order: &Value| {
            let word = |field: &str| order[field].as_str().unwrap_or_default().to_owned();
            let price = [word("stop_price"), word("limit_price")].into_iter().find(|price| !price.is_empty());
            let words = [word("type"), word("side"), word("qty")].into_iter().chain(price);
            let words: Vec<String> = words.chain([word("status")]).collect();
            words.join(" ")
        };
        let orders = self.orders();
        let of_symbol = orders.iter().filter(|order| order["symbol"] == symbol);
        let mut live: Vec<String> = of_symbol.filter(is_live).map(told).collect();
        live.sort();
        live
    }

    /// What programs read of the book.
    pub fn state(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.path().join("paper-state.json")).unwrap()).unwrap()
    }

    /// A verb during which something happens right after a request was answered that begins so, as `POST /v2/orders`.
    pub fn tradewind_while(&self, words: &[&str], after: &str, act: impl FnOnce()) -> Output {
        let (tells, told) = std::sync::mpsc::channel();
        self.control.stand_by(Tells(tells));
        let mut command = self.command(words);
        let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let within = std::time::Duration::from_secs(30);
        while !told.recv_timeout(within).unwrap().starts_with(after) {}
        act();
        running.wait_with_output().unwrap()
    }

    /// The same for a pass over these signals.
    pub fn run_while(&self, signals: &[Value], after: &str, act: impl FnOnce()) -> Output {
        std::fs::write(self.folder.path().join("signals.json"), json!(signals).to_string()).unwrap();
        let words = ["run", "--signals", "signals.json", "--settle", "8", "--json"];
        self.tradewind_while(&words, after, act)
    }

    /// A verb during which six seconds go by: what is looked at twice, or tried again after a moment, has been by its end.
    pub fn at_length(&self, words: &[&str]) -> Output {
        let later = || assert!(self.control.step(TimeDelta::seconds(6)).is_ok());
        self.tradewind_while(words, "GET /v2/positions", later)
    }

    /// A pass of that kind.
    #[track_caller]
    pub fn long_pass(&self, ends_with: i32) -> Value {
        let ran = self.at_length(&["run", "--settle", "8", "--json"]);
        assert_eq!(code(&ran), ends_with, "{}{}", stdout(&ran), stderr(&ran));
        document(&ran)["data"].clone()
    }

    /// A pass that is killed as soon as its step of that number begins, from 0; whether that came before its end.
    pub fn killed(&self, words: &[&str], nth: usize) -> bool {
        use std::io::{BufRead as _, BufReader};
        let words = [&["run", "--settle", "0", "--verbose"], words].concat();
        let mut child = self.command(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let is_reached = lines.filter(|line| line.starts_with("step: ")).nth(nth).is_some();
        child.kill().unwrap();
        is_reached && child.wait().unwrap().code().is_none()
    }

    /// Time goes by at the broker.
    pub fn seconds(&self, seconds: i64) {
        self.control.step(TimeDelta::seconds(seconds)).unwrap();
    }

    pub fn price(&self, symbol: &str, price: &str) {
        self.control.set_price(symbol, decimal(price)).unwrap();
    }

    /// The requests that made or ended orders, in their order: `POST sell`, `DELETE`.
    pub fn sent(&self) -> Vec<String> {
        let told = |line: &Value| {
            let path = line["path"].as_str().unwrap_or_default();
            let is_order = line["kind"] == "request" && path.starts_with("/v2/orders");
            match line["method"].as_str().filter(|_| is_order)? {
                "POST" => Some(format!("POST {}", line["body"]["side"].as_str().unwrap())),
                "DELETE" => Some("DELETE".to_owned()),
                _ => None,
            }
        };
        self.control.wire().iter().filter_map(told).collect()
    }

    /// An exit decided now.
    pub fn exit(&self, id: &str, symbol: &str) -> Value {
        let mut signal = self.enter(id, symbol, "1");
        let fields = signal.as_object_mut().unwrap();
        fields.retain(|name, _| !matches!(name.as_str(), "side" | "stop"));
        fields["action"] = json!("exit");
        signal
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

/// A request of ours and its answer went over the wire.
struct Tells(std::sync::mpsc::Sender<String>);

impl Bystander for Tells {
    fn request(&mut self, _: &Request) -> Option<OnRequest> {
        None
    }

    fn answered(&mut self, request: &Request, _: Option<&Reply>) {
        // Who asked has all it wanted to know.
        let _ = self.0.send(format!("{} {}", request.method, request.path));
    }
}

/// A signal with keys more.
pub fn with(mut signal: Value, more: &Value) -> Value {
    signal.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    signal
}

/// The document of `--json`.
pub fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", stdout(output), stderr(output)))
}
