//! What stands around a request: which credentials, which kind of body, which fields; and that nothing else does.

use std::sync::Arc;

use broker_alpaca::{Alpaca, Config, Credentials, NewOrder, OrderType};
use broker_api::{Broker, CancelOutcome, Mode, SubmitOutcome};
use serde_json::{Value, json};
use wiremock::matchers::{any, body_json, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::world::*;

/// The requests that came, with their headers by name.
async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

fn told(request: &Request, name: &str) -> Option<String> {
    request.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_token_goes_out_as_a_bearers_and_no_key_beside_it() {
    let server = MockServer::start().await;
    let made = ok(order(ID, NAME, "pending_new", "0"));
    let with_token = |verb| Mock::given(method(verb)).and(header("Authorization", "Bearer an-oauth-token"));
    with_token("POST").and(path("/v2/orders")).respond_with(made).expect(1).mount(&server).await;
    let clock = ok(json!({"timestamp": "2026-11-20T15:10:00Z"}));
    with_token("GET").and(path("/v2/clock")).respond_with(clock).expect(1).mount(&server).await;
    let credentials = Credentials::bearer("an-oauth-token".into()).unwrap();
    let config = Config::new(venue(), Mode::Practice, credentials).unwrap();
    let config = config.with_base_url(&server.uri()).unwrap().with_data_url(&server.uri()).unwrap();
    let alpaca = Alpaca::new(config, Arc::new(now)).unwrap();
    assert_eq!(alpaca.clock().await.unwrap(), now());
    assert!(matches!(alpaca.submit(&intent(), mark()).await, SubmitOutcome::Accepted { .. }));
    for request in requests(&server).await {
        assert_eq!(told(&request, "apca-api-key-id"), None);
        assert_eq!(told(&request, "apca-api-secret-key"), None);
    }
}

#[tokio::test]
async fn a_body_is_json_and_a_request_without_one_does_not_say_so() {
    let (server, alpaca) = world().await;
    Mock::given(any()).respond_with(ok(order(ID, NAME, "pending_new", "0"))).mount(&server).await;
    assert!(matches!(alpaca.submit(&intent(), mark()).await, SubmitOutcome::Accepted { .. }));
    alpaca.cancel(name(NAME)).await;
    alpaca.close(key("MSFT")).await;
    let requests = requests(&server).await;
    let line = |request: &Request| {
        let kind = told(request, "content-type").unwrap_or_else(|| "-".into());
        format!("{} {} {kind} {}", request.method, request.url.path(), request.body.is_empty())
    };
    let lines: Vec<String> = requests.iter().map(line).collect();
    let cancel = format!("DELETE /v2/orders/{ID} - true");
    assert_eq!(
        lines,
        ["POST /v2/orders application/json false", &cancel, "DELETE /v2/positions/MSFT - true"]
    );
    for request in &requests {
        assert!(told(request, "user-agent").unwrap().starts_with("tradewind/"));
        assert_eq!((told(request, "referer"), told(request, "cookie")), (None, None));
    }
}

#[tokio::test]
async fn an_order_outside_the_session_says_so_and_one_within_says_nothing() {
    let (server, alpaca) = world().await;
    let body = |more: Value| {
        let mut body = json!({
            "symbol": "MSFT", "qty": "12", "side": "buy", "type": "limit", "limit_price": "431.25",
            "time_in_force": "day", "client_order_id": NAME
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for more in [json!({"extended_hours": true}), json!({})] {
        let answer = ok(order(ID, NAME, "pending_new", "0"));
        ours("POST", "/v2/orders")
            .and(body_json(body(more)))
            .respond_with(answer)
            .expect(1)
            .mount(&server)
            .await;
    }
    let within = NewOrder::from_intent(&intent()).unwrap();
    let outside = NewOrder { extended_hours: true, ..within.clone() };
    for order in [&outside, &within] {
        let outcome = alpaca.place(order, false).await;
        assert!(matches!(outcome, SubmitOutcome::Accepted { .. }), "{outcome:?}");
    }
    // At the market nothing trades outside, and nothing of it leaves.
    let market = NewOrder { kind: OrderType::Market, ..outside };
    assert!(matches!(alpaca.place(&market, false).await, SubmitOutcome::Refused { .. }));
}

#[tokio::test]
async fn a_position_is_closed_under_its_plain_name_and_the_answer_is_looked_at() {
    let short = "insufficient qty available for order (requested: 12, available: 0)";
    let cases = [
        (ok(order(ID, "e6a1b2c3-4d5e-4f60-8a7b-9c0d1e2f3a41", "pending_new", "0")), "accepted"),
        // What is gone is gone.
        (refusal(404, 40_410_000, "position does not exist"), "too_late"),
        // It is as it was: it may be asked for again.
        (refusal(403, 40_310_000, short), "not_sent"),
        (refusal(429, 42_910_000, "too many requests"), "not_sent"),
        // A gateway's word, and no word: only asking proves it.
        (ResponseTemplate::new(503), "unknown"),
        (ResponseTemplate::new(302).insert_header("location", "/login"), "unknown"),
    ];
    for (answer, expected) in cases {
        let (server, alpaca) = world().await;
        ours("DELETE", "/v2/positions/BTCUSD").respond_with(answer).expect(1).mount(&server).await;
        let outcome = alpaca.close(key("BTC/USD")).await;
        let told = serde_json::to_value(&outcome).unwrap();
        assert_eq!(told["outcome"], expected, "{outcome:?}");
        let requests = requests(&server).await;
        assert_eq!((requests.len(), requests[0].url.query()), (1, None), "all of it, and asked once");
    }
    let (server, alpaca) = world().await;
    let made = ok(order(ID, "e6a1b2c3-4d5e-4f60-8a7b-9c0d1e2f3a41", "pending_new", "0"));
    ours("DELETE", "/v2/positions/BRK.B").respond_with(made).expect(1).mount(&server).await;
    assert_eq!(alpaca.close(key("BRK.B")).await, CancelOutcome::Accepted);
}
