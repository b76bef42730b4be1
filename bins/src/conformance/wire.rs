//! Questions to the wire itself: orders as JSON, looks until something is so, and the stream as it comes.

use std::time::Duration;

use broker_alpaca::probe::Overheard;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::practice::Practice;

/// How much time passes between two looks.
pub(super) const LOOK: TimeDelta = TimeDelta::milliseconds(100);
/// How long something is looked for.
pub(super) const LONGEST: TimeDelta = TimeDelta::seconds(20);
/// How long the stream is heard for what may still come.
const EAR: Duration = Duration::from_millis(400);
/// The most frames that are taken at once.
const FRAMES_MAX: usize = 200;

/// An answer: status and body.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) has_retry_after: bool,
}

impl Said {
    pub(super) const fn is_good(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Status, code and message of a refusal.
    pub(super) fn words(&self) -> String {
        let code = self.body["code"].as_u64().map(|code| format!(" {code}")).unwrap_or_default();
        let message = self.body["message"].as_str().map(|text| format!(" \"{text}\"")).unwrap_or_default();
        format!("{}{code}{message}", self.status)
    }
}

/// The account, and the stream where it can be heard.
pub(super) struct Wire<'a> {
    pub(super) account: &'a Practice,
    pub(super) stream: Option<Overheard>,
    /// What the stream told: the `data` of each message.
    pub(super) told: Vec<Value>,
    names: u32,
}

impl<'a> Wire<'a> {
    pub(super) const fn new(account: &'a Practice) -> Self {
        Self { account, stream: None, told: Vec::new(), names: 0 }
    }

    /// A client order id that no order had.
    pub(super) fn name(&mut self) -> String {
        self.names += 1;
        format!("twp-{}-{}", self.account.now().timestamp_millis(), self.names)
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        query: &[(&'static str, &str)],
        body: Option<&Value>,
    ) -> Result<Said, String> {
        let body = body.map(Value::to_string);
        let raw = self.account.alpaca().ask_raw(method, path, query, body).await?;
        let body = serde_json::from_str(&raw.body).unwrap_or_else(|_| json!({ "message": raw.body }));
        Ok(Said { status: raw.status, body, has_retry_after: raw.has_retry_after })
    }

    /// A share of the price, in hundredths, as an order has it.
    pub(super) fn price(&self, hundredths: i64) -> String {
        let price = self.account.level().get() * Decimal::new(hundredths, 2);
        price.round_dp(2).normalize().to_string()
    }

    /// An order for one unit, limited far below the price, for the day; `changes` go over it, and a null takes away.
    pub(super) fn order(&mut self, changes: &Value) -> Value {
        let mut order = json!({
            "symbol": self.account.symbol(), "qty": "1", "side": "buy", "type": "limit", "limit_price": self.price(80),
            "time_in_force": "day", "client_order_id": self.name(),
        });
        if let (Some(order), Some(changes)) = (order.as_object_mut(), changes.as_object()) {
            order.extend(changes.clone());
            order.retain(|_, value| !value.is_null());
        }
        order
    }

    pub(super) async fn send(&self, order: &Value) -> Result<Said, String> {
        self.ask("POST", "/v2/orders", &[], Some(order)).await
    }

    /// The order of a client order id; nothing while it is not found.
    pub(super) async fn find(&self, client: &Value) -> Result<Option<Value>, String> {
        let client = client.as_str().unwrap_or_default();
        let said =
            self.ask("GET", "/v2/orders:by_client_order_id", &[("client_order_id", client)], None).await?;
        match said.status {
            200 => Ok(Some(said.body)),
            404 => Ok(None),
            _ => Err(format!("the order {client}: {}", said.words())),
        }
    }

    /// Looks at an order until it is so. How long that took, nought when it was so at the first look; nothing when it
    /// never was.
    pub(super) async fn until(
        &self,
        client: &Value,
        is_so: impl Fn(Option<&Value>) -> bool,
    ) -> Result<Option<TimeDelta>, String> {
        let began = self.account.now();
        let mut is_first = true;
        loop {
            let found = self.find(client).await?;
            let took = self.account.now() - began;
            if is_so(found.as_ref()) {
                return Ok(Some(if is_first { TimeDelta::zero() } else { took }));
            }
            if took >= LONGEST {
                return Ok(None);
            }
            is_first = false;
            self.account.pause(LOOK).await;
        }
    }

    /// The same for one of these states.
    pub(super) async fn becomes(&self, client: &Value, states: &[&str]) -> Result<Option<TimeDelta>, String> {
        let is_one = |order: &Value| states.iter().any(|state| order["status"] == *state);
        self.until(client, |order| order.is_some_and(is_one)).await
    }

    /// Cancels an order by its id, and waits until it is over, as far as that comes.
    pub(super) async fn cancel(&self, client: &Value) -> Result<(Said, Option<TimeDelta>), String> {
        self.until(client, |order| order.is_some()).await?;
        let order = self.find(client).await?.ok_or_else(|| format!("the order {client} is gone"))?;
        let path = format!("/v2/orders/{}", order["id"].as_str().unwrap_or_default());
        let said = self.ask("DELETE", &path, &[], None).await?;
        let took = self.becomes(client, &["canceled", "filled", "expired", "rejected"]).await?;
        Ok((said, took))
    }

    /// Takes in what the stream has told until it is silent for a moment.
    pub(super) async fn hear(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        for _ in 0..FRAMES_MAX {
            match stream.frame(EAR).await {
                Ok(Some(frame)) => {
                    self.account.tape().frame(frame.is_text, &frame.body);
                    let message: Value = serde_json::from_str(&frame.body).unwrap_or(Value::Null);
                    self.told.push(message["data"].clone());
                }
                Ok(None) => return,
                Err(_) => {
                    self.stream = None;
                    return;
                }
            }
        }
    }

    /// The events that the stream told of an order.
    pub(super) fn events_of(&self, id: &Value) -> impl Iterator<Item = &Value> {
        self.told.iter().filter(move |data| data["order"]["id"] == *id)
    }
}
