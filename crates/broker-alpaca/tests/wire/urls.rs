//! What is asked for by every call that changes nothing: each request to its last parameter, without a body, with the
//! headers of the key.

use std::collections::BTreeMap;

use broker_api::{AssetClass, Broker as _, Quotes as _, Symbol};
use chrono::NaiveDate;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request};

use crate::world::*;

/// A server on which there is a little of everything.
async fn served(server: &MockServer) {
    let quotes = json!({"t": "2026-11-20T15:02:07Z", "bp": 431.19, "ap": 431.24});
    let bars = |symbol: &str, t: &str| json!({"bars": {symbol: [{"t": t, "o": 1, "h": 1, "l": 1, "c": 1}]}, "next_page_token": null});
    let answers: BTreeMap<&str, Value> = BTreeMap::from([
        ("/v2/clock", json!({"timestamp": "2026-11-20T15:10:00Z"})),
        (
            "/v2/account",
            json!({"id": "3f0c9a52", "account_number": "PA3", "status": "ACTIVE", "cash": "1", "equity": "1",
                "buying_power": "1"}),
        ),
        ("/v2/positions", json!([])),
        ("/v2/orders", json!([])),
        ("/v2/calendar", json!([{"date": "2026-11-19", "open": "09:30", "close": "16:00"}])),
        ("/v2/assets", json!([])),
        (
            "/v2/assets/BRK.B",
            json!({"class": "us_equity", "symbol": "BRK.B", "status": "active", "tradable": true}),
        ),
        ("/v2/account/activities/FILL", json!([])),
        (ACTIVITIES, json!([])),
        ("/v2/stocks/quotes/latest", json!({"quotes": {"BRK.B": quotes}})),
        ("/v1beta3/crypto/us/latest/quotes", json!({"quotes": {"BTC/USD": quotes}})),
        ("/v2/stocks/bars", bars("BRK.B", "2026-11-19T05:00:00Z")),
        ("/v1beta3/crypto/us/bars", bars("BTC/USD", "2026-11-19T00:00:00Z")),
    ]);
    let answer = move |request: &Request| match answers.get(request.url.path()) {
        Some(answer) => ok(answer.clone()),
        None => refusal(404, 40_410_000, "order not found"),
    };
    Mock::given(any()).respond_with(answer).with_priority(1).mount(server).await;
}

/// What was asked since so many requests.
async fn asked(server: &MockServer, since: usize) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let line = |request: &Request| {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("apca-api-key-id"), Some("PKTEST"));
        assert_eq!(header("apca-api-secret-key"), Some("hush"));
        assert!(request.body.is_empty(), "{request:?}");
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{} {}{query}", request.method, request.url.path())
    };
    requests[since..].iter().map(line).collect()
}

/// Makes a call, and holds what it asked against what it should ask.
macro_rules! asks {
    ($server:ident, $call:expr, $($line:literal),+) => {{
        let before = $server.received_requests().await.unwrap().len();
        $call.await.unwrap();
        assert_eq!(asked(&$server, before).await, [$($line),+]);
    }};
}

#[tokio::test]
async fn of_the_account() {
    let (server, alpaca) = world().await;
    served(&server).await;
    asks!(server, alpaca.clock(), "GET /v2/clock");
    asks!(server, alpaca.identity(), "GET /v2/account");
    asks!(server, alpaca.account(), "GET /v2/account");
    asks!(server, alpaca.positions(), "GET /v2/positions");
    let days = NaiveDate::from_ymd_opt(2026, 11, 19).unwrap();
    asks!(
        server,
        alpaca.days(AssetClass::Equity, days, 10),
        "GET /v2/calendar?start=2026-11-19&end=2026-11-28"
    );
    let of = |text: &str| Symbol::new(text).unwrap();
    asks!(server, alpaca.instrument(of("BRK.B")), "GET /v2/assets/BRK.B");
    asks!(server, alpaca.instrument(of("BTC/USD")), "GET /v2/assets?status=active&asset_class=crypto");
}

#[tokio::test]
async fn of_orders() {
    let (server, alpaca) = world().await;
    served(&server).await;
    asks!(server, alpaca.open_orders(), "GET /v2/orders?status=open&limit=500&direction=asc&nested=false");
    asks!(
        server,
        alpaca.find(name(NAME), mark(), sent()),
        "GET /v2/orders:by_client_order_id?client_order_id=tw1aaaaaaaaaaaaaaaaaaaa-e1",
        "GET /v2/orders?status=all&limit=500&direction=asc&nested=false&after=2026-11-20T14%3A59%3A00.000Z"
    );
    asks!(
        server,
        alpaca.activity_since(None),
        "GET /v2/orders?status=all&limit=500&direction=asc&nested=false",
        "GET /v2/account/activities/FILL?direction=asc&page_size=100",
        "GET /v2/account/activities?category=non_trade_activity&direction=asc&page_size=100"
    );
}

#[tokio::test]
async fn of_prices() {
    let (server, alpaca) = world().await;
    served(&server).await;
    asks!(server, alpaca.quote(key("BRK.B")), "GET /v2/stocks/quotes/latest?symbols=BRK.B&feed=iex");
    asks!(server, alpaca.quote(key("BTC/USD")), "GET /v1beta3/crypto/us/latest/quotes?symbols=BTC%2FUSD");
    let (from, to) = (at("2026-11-18T00:00:00Z"), at("2026-11-20T00:00:00Z"));
    asks!(
        server,
        alpaca.bars(key("BRK.B"), from, to),
        "GET /v2/stocks/bars?adjustment=raw&feed=iex&symbols=BRK.B&timeframe=1Day&start=2026-11-16T00%3A00%3A00.000Z&end=2026-11-20T00%3A00%3A00.000Z&sort=asc&limit=10000",
        "GET /v2/calendar?start=2026-11-19&end=2026-11-19"
    );
    asks!(
        server,
        alpaca.bars(key("BTC/USD"), from, to),
        "GET /v1beta3/crypto/us/bars?symbols=BTC%2FUSD&timeframe=1Day&start=2026-11-16T00%3A00%3A00.000Z&end=2026-11-20T00%3A00%3A00.000Z&sort=asc&limit=10000"
    );
}
