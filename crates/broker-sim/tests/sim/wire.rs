//! The smallest client that can talk to a simulator, so that nothing is hidden by a library.

use std::net::SocketAddr;

use broker_api::Time;
use broker_sim::alpaca::{Alpaca, Control, Running, Settings};
use futures_util::{SinkExt as _, StreamExt as _};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A Friday in the middle of the session: 10:02 in New York.
pub(crate) const NOON: &str = "2026-11-20T15:02:07Z";

pub(crate) fn at(text: &str) -> Time {
    text.parse().unwrap()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) text: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    /// Whether it is refused with this status, code and message.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: u32, message: &str) -> Value {
        let body = self.json();
        let seen = (self.status, body["code"].as_u64(), body["message"].as_str().unwrap_or_default());
        assert_eq!(seen, (status, Some(u64::from(code)), message), "{}", self.text);
        body
    }
}

/// Sends a request on a connection of its own; nothing when that is closed without a whole answer.
pub(crate) async fn raw(to: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Option<Got> {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let head = head.to_lowercase();
    let length =
        head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse::<usize>().ok());
    let is_whole = read.is_ok() && length.is_none_or(|length| body.len() == length);
    is_whole.then(|| Got { status, headers: head.clone(), text: body.to_owned() })
}

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
        settings.prices = [("AAPL", "200"), ("MSFT", "431.25"), ("PENNY", "0.98"), ("BTC/USD", "95000")]
            .map(|(symbol, price)| (symbol.to_owned(), decimal(price)))
            .to_vec();
        change(&mut settings);
        let running = Alpaca::start(settings).await.unwrap();
        Self { control: running.control(), running }
    }

    /// Sends a request on a connection of its own; nothing when that is closed without a whole answer.
    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &str, body: &str) -> Option<Got> {
        raw(self.running.address(), method, path, headers, body).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> Option<Got> {
        self.raw(method, path, "apca-api-key-id: PKTEST\r\napca-api-secret-key: hush\r\n", body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.send("GET", path, "").await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Got {
        self.send("DELETE", path, "").await.unwrap()
    }

    pub(crate) async fn post(&self, order: &Value) -> Got {
        self.send("POST", "/v2/orders", &order.to_string()).await.unwrap()
    }

    pub(crate) async fn patch(&self, order: &Value, change: &Value) -> Got {
        let path = format!("/v2/orders/{}", order["id"].as_str().unwrap());
        self.send("PATCH", &path, &change.to_string()).await.unwrap()
    }

    /// An order by its id, as it is now.
    pub(crate) async fn order(&self, order: &Value) -> Value {
        self.get(&format!("/v2/orders/{}", order["id"].as_str().unwrap())).await.ok()
    }

    pub(crate) fn price(&self, symbol: &str, price: &str) {
        self.control.set_price(symbol, decimal(price)).unwrap();
    }

    /// Buys at the market.
    pub(crate) async fn buy(&self, symbol: &str, qty: &str) -> Value {
        let tif = if symbol.contains('/') { "gtc" } else { "day" };
        self.post(&order(symbol, "buy", qty, "market", tif, &json!({}))).await.ok()
    }

    pub(crate) async fn listen(&self) -> Stream {
        let mut stream = Stream::open(self, "/stream").await.unwrap();
        stream.say(&json!({"action": "auth", "key": "PKTEST", "secret": "hush"})).await;
        assert_eq!(stream.next().await.unwrap()["data"]["status"], "authorized");
        stream.say(&json!({"action": "listen", "data": {"streams": ["trade_updates", "nothing"]}})).await;
        let listening = json!({"stream": "listening", "data": {"streams": ["trade_updates"]}});
        assert_eq!(stream.next().await.unwrap(), listening);
        stream
    }
}

/// A body of an order.
pub(crate) fn order(symbol: &str, side: &str, qty: &str, kind: &str, tif: &str, more: &Value) -> Value {
    let mut order = json!({"symbol": symbol, "side": side, "qty": qty, "type": kind, "time_in_force": tif});
    for (name, value) in more.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

/// A socket.
pub(crate) struct Stream {
    wire: WebSocketStream<TcpStream>,
    pub(crate) binary: bool,
}

impl Stream {
    /// Opens a socket, or gives the status that refuses it.
    pub(crate) async fn open(sim: &Sim, path: &str) -> Result<Self, u16> {
        let address = sim.running.address();
        let stream = TcpStream::connect(address).await.unwrap();
        match tokio_tungstenite::client_async(format!("ws://{address}{path}"), stream).await {
            Ok((wire, _)) => Ok(Self { wire, binary: false }),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.wire.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next frame; nothing when the socket closes, or stays silent for a while.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let wait = std::time::Duration::from_millis(300);
        let frame = tokio::time::timeout(wait, self.wire.next()).await.ok()??.ok()?;
        self.binary = frame.is_binary();
        let text = frame.into_text().ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Whether the other side answers a ping.
    pub(crate) async fn pongs(&mut self) -> bool {
        self.wire.send(Message::Ping(vec![7].into())).await.unwrap();
        let wait = std::time::Duration::from_secs(5);
        let answer = tokio::time::timeout(wait, self.wire.next()).await;
        matches!(answer, Ok(Some(Ok(Message::Pong(bytes)))) if bytes.as_ref() == [7])
    }

    /// The names of the events that come, until there is silence.
    pub(crate) async fn events(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(frame) = self.next().await {
            names.push(frame["data"]["event"].as_str().unwrap_or_default().to_owned());
        }
        names
    }
}
