//! An adapter before a server of which each test says what it answers.

use std::sync::{Arc, Mutex};

use broker_alpaca::{Alpaca, Config, Credentials};
use broker_api::intent::Limit;
use broker_api::{
    ClientOrderId, Cursor, Intent, Key, Mode, OrderKind, Protection, Purpose, SentWindow, Side, Symbol, Time,
    TimeInForce, VenueId,
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockBuilder, MockServer, ResponseTemplate};

pub(crate) const ID: &str = "b7d3c1e4-0a55-4c0e-8f0b-6d1f2a9e7c31";
pub(crate) const NAME: &str = "tw1aaaaaaaaaaaaaaaaaaaa-e1";

pub(crate) fn at(text: &str) -> Time {
    text.parse().unwrap()
}

pub(crate) fn now() -> Time {
    at("2026-11-20T15:10:00Z")
}

pub(crate) fn config(url: &str) -> Config {
    let credentials = Credentials::key("PKTEST".into(), "hush".into()).unwrap();
    let config = Config::new(venue(), Mode::Practice, credentials).unwrap();
    config.with_base_url(url).unwrap().with_data_url(url).unwrap()
}

pub(crate) fn adapter(url: &str) -> Alpaca {
    Alpaca::new(config(url), Arc::new(now)).unwrap()
}

/// Where what no trade made is read.
pub(crate) const ACTIVITIES: &str = "/v2/account/activities";

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct Hands(Arc<Mutex<Time>>);

impl Hands {
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }
}

/// The same with a clock that the test moves.
pub(crate) async fn world_in_time() -> (MockServer, Alpaca, Hands) {
    let server = MockServer::start().await;
    nothing_but_trades(&server).await;
    let hands = Hands(Arc::new(Mutex::new(now())));
    let read = Arc::clone(&hands.0);
    let alpaca = Alpaca::new(config(&server.uri()), Arc::new(move || *read.lock().unwrap())).unwrap();
    (server, alpaca, hands)
}

/// Unless a test says otherwise, there are activities of trades alone.
async fn nothing_but_trades(server: &MockServer) {
    ours("GET", ACTIVITIES).respond_with(ok(json!([]))).with_priority(200).mount(server).await;
}

pub(crate) async fn world() -> (MockServer, Alpaca) {
    let server = MockServer::start().await;
    nothing_but_trades(&server).await;
    let alpaca = adapter(&server.uri());
    (server, alpaca)
}

/// A request as every one of ours must be: with the headers of the key.
pub(crate) fn ours(verb: &str, at: &str) -> MockBuilder {
    Mock::given(method(verb))
        .and(path(at))
        .and(header("APCA-API-KEY-ID", "PKTEST"))
        .and(header("APCA-API-SECRET-KEY", "hush"))
}

pub(crate) fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub(crate) fn refusal(status: u16, code: u32, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"code": code, "message": message}))
}

pub(crate) fn venue() -> VenueId {
    VenueId::new("alpaca").unwrap()
}

pub(crate) fn key(symbol: &str) -> Key {
    Key { venue: venue(), symbol: Symbol::new(symbol).unwrap() }
}

pub(crate) fn name(text: &str) -> ClientOrderId {
    ClientOrderId::new(text).unwrap()
}

pub(crate) fn mark() -> Cursor {
    Cursor::new("a1.0.0").unwrap()
}

pub(crate) fn sent() -> SentWindow {
    SentWindow { from: at("2026-11-20T15:00:00Z"), to: at("2026-11-20T15:00:30Z") }
}

pub(crate) fn intent() -> Intent {
    Intent {
        id: name(NAME),
        key: key("MSFT"),
        signal: None,
        purpose: Purpose::Entry,
        side: Side::Buy,
        qty: "12".parse().unwrap(),
        order: OrderKind::Limit(Limit { limit: "431.25".parse().unwrap() }),
        tif: TimeInForce::Day,
        reduce_only: false,
        bracket: false,
        plan: Protection::default(),
        reference: "431".parse().unwrap(),
        risk: None,
    }
}

/// An order as Alpaca shows it.
pub(crate) fn order(id: &str, client: &str, status: &str, filled: &str) -> Value {
    json!({
        "id": id, "client_order_id": client, "created_at": "2026-11-20T15:02:07.418223917Z",
        "updated_at": "2026-11-20T15:02:09.419001223Z", "submitted_at": "2026-11-20T15:02:07.402118845Z",
        "filled_at": null, "expired_at": null, "canceled_at": null, "failed_at": null, "replaced_at": null,
        "symbol": "MSFT", "asset_class": "us_equity", "notional": null, "qty": "12", "filled_qty": filled,
        "filled_avg_price": null, "order_class": "", "order_type": "limit", "type": "limit", "side": "buy",
        "time_in_force": "day", "limit_price": "431.25", "stop_price": null, "status": status,
        "extended_hours": false, "legs": null, "a_new_field": {"of": ["any", "form"]}
    })
}
