//! The smallest client of OANDA.

use broker_sim::oanda::{Control, Oanda, Running, Settings};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::wire::{Got, at, decimal, raw};

/// A Tuesday in the middle of the day of New York.
pub(crate) const NOON: &str = "2026-03-10T14:05:07Z";
pub(crate) const ACCOUNT: &str = "/v3/accounts/101-001-7654321-001";

/// A simulator with what a client needs.
pub(crate) struct Sim {
    pub(crate) running: Running,
    pub(crate) control: Control,
}

impl Sim {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::stepped(at(NOON));
        settings.prices = [("EUR_USD", "1.08500"), ("USD_JPY", "150.000"), ("GBP_USD", "1.26400")]
            .map(|(pair, price)| (pair.to_owned(), decimal(price)))
            .to_vec();
        change(&mut settings);
        let running = Oanda::start(settings).await.unwrap();
        Self { control: running.control(), running }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> Option<Got> {
        let headers = "authorization: Bearer any\r\ncontent-type: application/json\r\n";
        let path = if path.starts_with("/v3") || path.starts_with("/_sim") {
            path.to_owned()
        } else {
            format!("{ACCOUNT}{path}")
        };
        raw(self.running.address(), method, &path, headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.send("GET", path, "").await.unwrap()
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Got {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send("PUT", path, &body).await.unwrap()
    }

    pub(crate) async fn post(&self, order: &Value) -> Got {
        self.send("POST", "/orders", &json!({ "order": order }).to_string()).await.unwrap()
    }

    /// An order that is taken.
    #[track_caller]
    pub(crate) fn made(got: &Got) -> Value {
        assert_eq!(got.status, 201, "{}", got.text);
        got.json()
    }

    /// Buys, or sells with a minus, at the market.
    pub(crate) async fn market(&self, pair: &str, units: &str) -> Value {
        Self::made(&self.post(&market(pair, units)).await)
    }

    pub(crate) fn quote(&self, pair: &str, bid: &str, ask: &str) {
        self.control.set_quote(pair, decimal(bid), decimal(ask)).unwrap();
    }

    pub(crate) fn price(&self, pair: &str, price: &str) {
        self.quote(pair, price, price);
    }

    pub(crate) fn step(&self, seconds: i64) {
        self.control.step(TimeDelta::seconds(seconds)).unwrap();
    }

    pub(crate) fn go_to(&self, moment: &str) {
        self.control.set_time(at(moment)).unwrap();
    }

    /// The transactions after an id.
    pub(crate) async fn since(&self, id: u64) -> Vec<Value> {
        let told = self.get(&format!("/transactions/sinceid?id={id}")).await.ok();
        told["transactions"].as_array().unwrap().clone()
    }

    /// Their kinds, with the reason of each that has one.
    pub(crate) async fn kinds_since(&self, id: u64) -> Vec<String> {
        let name = |told: &Value| match told["reason"].as_str() {
            Some(reason) => format!("{} {reason}", told["type"].as_str().unwrap()),
            None => told["type"].as_str().unwrap().to_owned(),
        };
        self.since(id).await.iter().map(name).collect()
    }

    pub(crate) async fn last(&self) -> u64 {
        self.get("/summary").await.ok()["lastTransactionID"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn summary(&self) -> Value {
        self.get("/summary").await.ok()["account"].clone()
    }

    pub(crate) async fn listen(&self, path: &str) -> Lines {
        Lines::open(self, &format!("{ACCOUNT}{path}"), "").await.unwrap()
    }
}

impl Got {
    /// Whether it is refused with this status and code.
    #[track_caller]
    pub(crate) fn no(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        let seen = (self.status, body["errorCode"].as_str().unwrap_or_default());
        assert_eq!(seen, (status, code), "{}", self.text);
        assert!(!body["errorMessage"].as_str().unwrap_or_default().is_empty(), "{}", self.text);
        body
    }
}

/// A body of a market order.
pub(crate) fn market(pair: &str, units: &str) -> Value {
    json!({ "type": "MARKET", "instrument": pair, "units": units })
}

/// A body of an order that waits for a price.
pub(crate) fn at_price(kind: &str, pair: &str, units: &str, price: &str) -> Value {
    json!({ "type": kind, "instrument": pair, "units": units, "price": price })
}

/// The same with more members.
pub(crate) fn with(mut order: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

/// A stream of lines over chunked HTTP.
pub(crate) struct Lines {
    wire: TcpStream,
    /// What was read, without the chunks around it.
    read: Vec<u8>,
    raw: Vec<u8>,
    pub(crate) head: String,
}

impl Lines {
    /// Opens a stream, or gives the status that refuses it.
    pub(crate) async fn open(sim: &Sim, path: &str, headers: &str) -> Result<Self, u16> {
        let mut wire = TcpStream::connect(sim.running.address()).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: sim\r\nauthorization: Bearer any\r\n{headers}\r\n");
        wire.write_all(head.as_bytes()).await.unwrap();
        let mut raw = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&raw).into_owned();
            if let Some((head, _)) = text.split_once("\r\n\r\n") {
                let head = head.to_lowercase();
                let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
                if status != 200 {
                    return Err(status);
                }
                raw.drain(..head.len() + 4);
                return Ok(Self { wire, read: Vec::new(), raw, head });
            }
            assert!(wire.read_buf(&mut raw).await.unwrap() > 0, "closed: {text}");
        }
    }

    /// Takes whole chunks out of what was read; false at the end of the body.
    fn unchunk(&mut self) -> bool {
        loop {
            let Some(end) = self.raw.windows(2).position(|pair| pair == b"\r\n") else { return true };
            let size = usize::from_str_radix(std::str::from_utf8(&self.raw[..end]).unwrap(), 16).unwrap();
            if size == 0 {
                return false;
            }
            if self.raw.len() < end + 2 + size + 2 {
                return true;
            }
            self.read.extend_from_slice(&self.raw[end + 2..end + 2 + size]);
            self.raw.drain(..end + 2 + size + 2);
        }
    }

    /// The next line; nothing when the stream ends, or stays silent for a while.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let wait = std::time::Duration::from_millis(300);
        loop {
            let goes_on = self.unchunk();
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            if !goes_on {
                return None;
            }
            let read = tokio::time::timeout(wait, self.wire.read_buf(&mut self.raw)).await.ok()?.ok()?;
            if read == 0 {
                return None;
            }
        }
    }

    /// Whether the other side ended it.
    pub(crate) async fn is_over(&mut self) -> bool {
        let wait = std::time::Duration::from_secs(5);
        while self.unchunk() {
            match tokio::time::timeout(wait, self.wire.read_buf(&mut self.raw)).await {
                Ok(Ok(0) | Err(_)) => return true,
                Ok(Ok(_)) => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// All lines until there is silence.
    pub(crate) async fn all(&mut self) -> Vec<Value> {
        let mut lines = Vec::new();
        while let Some(line) = self.next().await {
            lines.push(line);
        }
        lines
    }

    /// Their kinds.
    pub(crate) async fn kinds(&mut self) -> Vec<String> {
        self.all().await.iter().map(|line| line["type"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
