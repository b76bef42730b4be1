//! What a careful person would write by hand in the place of all of ours: the bytes of an order into a file, flushed, then
//! its request by a plain client of HTTP, and its answer read. At an account of its own, which answers as fast as ours.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use rust_decimal::Decimal;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use tokio::runtime::Runtime;

use crate::inside::{name, simulator};
use crate::mirror::Bare;
use crate::rig::Simulator;

/// What it looks at of an answer.
#[derive(Deserialize)]
struct Answer {
    id: String,
    client_order_id: String,
}

/// How long it took.
pub(crate) struct Took {
    /// Until the bytes were durable.
    pub(crate) write: Duration,
    /// Until the answer was read.
    pub(crate) whole: Duration,
}

/// See the module.
pub(crate) struct Floor {
    client: Client,
    runtime: Runtime,
    simulator: Simulator,
    url: String,
    file: Bare,
    sent: usize,
}

impl Floor {
    /// With such a file.
    pub(crate) fn new(file: Bare) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = tls.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        let client = Client::builder().tls_backend_preconfigured(tls).no_proxy().tcp_nodelay(true).build();
        let simulator = simulator(1);
        let url = format!("{}/v2/orders", simulator.url());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let floor = Self { client: client.unwrap(), runtime, simulator, url, file, sent: 0 };
        floor.price(100);
        floor
    }

    /// One whose file grows, and one whose file has its room.
    pub(crate) fn both(folder: &Path) -> [Self; 2] {
        [Bare::growing(&folder.join("grows")), Bare::with_room(&folder.join("has-room"))].map(Self::new)
    }

    /// Writes the bytes down and sends an order for so many.
    pub(crate) fn order(&mut self, bytes: &[u8], shares: usize) -> Took {
        self.sent += 1;
        let id = format!("tw1floor-{:027}", self.sent);
        let body = serde_json::json!({
            "client_order_id": id, "symbol": name(0), "qty": shares.to_string(), "side": "buy", "type": "market",
            "time_in_force": "gtc", "order_class": "bracket", "take_profit": { "limit_price": "110" },
            "stop_loss": { "stop_price": "95" },
        });
        let body = body.to_string();
        let began = Instant::now();
        self.file.put(bytes);
        let write = began.elapsed();
        let answer: Answer = self.runtime.block_on(async {
            let request = self.client.post(&self.url).header(CONTENT_TYPE, "application/json");
            let request = request
                .header("apca-api-key-id", "PKBENCH")
                .header("apca-api-secret-key", "a-key-of-a-bench");
            let answer = request.body(body).send().await.unwrap();
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
        });
        let whole = began.elapsed();
        assert_eq!((answer.client_order_id, answer.id.is_empty()), (id, false));
        Took { write, whole }
    }

    /// All that is held is sold at its target.
    pub(crate) fn sells_all(&self) {
        self.price(111);
        self.price(100);
    }

    fn price(&self, dollars: i64) {
        let (bid, ask) = (Decimal::new(dollars * 100, 2), Decimal::new(dollars * 100 + 2, 2));
        self.simulator.control.set_quote(&name(0), bid, ask).unwrap();
    }
}
