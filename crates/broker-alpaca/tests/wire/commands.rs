//! Orders and cancels.

use broker_alpaca::{NewOrder, OrderSize, WireTimeInForce};
use broker_api::{Broker, CancelOutcome, OrderKind, Purpose, SubmitOutcome, TimeInForce};
use serde_json::json;
use wiremock::matchers::{any, body_json, query_param};
use wiremock::{Mock, ResponseTemplate};

use crate::world::*;

#[tokio::test]
async fn an_order_is_one_post_with_our_id() {
    let (server, alpaca) = world().await;
    let body = json!({
        "symbol": "MSFT", "qty": "12", "side": "buy", "type": "limit", "limit_price": "431.25",
        "time_in_force": "day", "client_order_id": NAME
    });
    let answer = ok(order(ID, NAME, "pending_new", "0"));
    ours("POST", "/v2/orders").and(body_json(body)).respond_with(answer).expect(1).mount(&server).await;
    let outcome = alpaca.submit(&intent(), mark()).await;
    let SubmitOutcome::Accepted { venue_order: Some(id) } = outcome else { panic!("{outcome:?}") };
    assert_eq!(id.as_str(), ID);
}

#[tokio::test]
async fn an_answer_is_what_the_table_says() {
    let cases = [
        (refusal(403, 40_310_000, "insufficient buying power"), "refused"),
        (refusal(422, 40_010_001, "client_order_id must be unique"), "duplicate"),
        (refusal(409, 40_010_001, "client_order_id must be unique"), "duplicate"),
        (refusal(401, 40_110_000, "request is not authorized"), "broken"),
        (refusal(403, 40_310_000, "a rule nobody has listed"), "refused_unlisted"),
        (refusal(500, 50_010_000, "internal server error"), "unknown"),
        (ResponseTemplate::new(502).set_body_string("<html>bad gateway</html>"), "unknown"),
        (ResponseTemplate::new(200).set_body_string("{\"id\":\"b7d3"), "unknown"),
        (ResponseTemplate::new(200), "unknown"),
        (ok(order(ID, "tw1bbbbbbbbbbbbbbbbbbbb-e1", "new", "0")), "unknown"),
        (ResponseTemplate::new(307).insert_header("location", "/v2/elsewhere"), "unknown"),
        (refusal(429, 42_910_000, "too many requests"), "throttled"),
    ];
    for (answer, expected) in cases {
        let (server, alpaca) = world().await;
        // One request in all: nothing is repeated, and no redirect is followed.
        Mock::given(any()).respond_with(answer).expect(1).mount(&server).await;
        let outcome = alpaca.submit(&intent(), mark()).await;
        let told = serde_json::to_value(&outcome).unwrap();
        assert_eq!(told["outcome"], expected, "{outcome:?}");
        assert!(!told.to_string().contains("hush"), "{told}");
    }
}

#[tokio::test]
async fn too_many_requests_close_for_as_long_as_the_headers_say() {
    let (server, alpaca) = world().await;
    let reset = at("2026-11-20T15:10:40Z");
    let answer = refusal(429, 42_910_000, "too many requests")
        .insert_header("X-RateLimit-Limit", "200")
        .insert_header("X-RateLimit-Remaining", "0")
        .insert_header("X-RateLimit-Reset", reset.timestamp().to_string());
    ours("POST", "/v2/orders").respond_with(answer).expect(1).mount(&server).await;
    assert_eq!(alpaca.submit(&intent(), mark()).await, SubmitOutcome::Throttled { until: reset });
    // The next one does not even leave.
    let again = alpaca.submit(&intent(), mark()).await;
    assert!(matches!(again, SubmitOutcome::NotSent { .. }), "{again:?}");
}

#[tokio::test]
async fn when_few_requests_are_left_only_exits_go() {
    let (server, alpaca) = world().await;
    let few = ok(json!({"timestamp": "2026-11-20T10:10:00.5-05:00", "is_open": true}))
        .insert_header("X-RateLimit-Limit", "200")
        .insert_header("X-RateLimit-Remaining", "10")
        .insert_header("X-RateLimit-Reset", at("2026-11-20T15:10:40Z").timestamp().to_string());
    ours("GET", "/v2/clock").respond_with(few).expect(1).mount(&server).await;
    let answer = ok(order(ID, NAME, "pending_new", "0"));
    ours("POST", "/v2/orders").respond_with(answer).expect(1).mount(&server).await;
    assert_eq!(alpaca.clock().await.unwrap(), at("2026-11-20T15:10:00.5Z"));
    let entry = alpaca.submit(&intent(), mark()).await;
    assert!(matches!(entry, SubmitOutcome::NotSent { .. }), "{entry:?}");
    let exit = broker_api::Intent { purpose: Purpose::Exit, ..intent() };
    assert!(matches!(alpaca.submit(&exit, mark()).await, SubmitOutcome::Accepted { .. }));
    assert!(alpaca.account().await.unwrap_err().transient, "a read would have to wait too long");
}

#[tokio::test]
async fn what_breaks_a_rule_does_not_leave() {
    let (server, alpaca) = world().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).expect(0).mount(&server).await;
    let coin = broker_api::Intent {
        key: key("BTC/USD"),
        order: OrderKind::MARKET,
        tif: TimeInForce::Day,
        ..intent()
    };
    let outcome = alpaca.submit(&coin, mark()).await;
    let SubmitOutcome::Refused { text, .. } = outcome else { panic!("{outcome:?}") };
    assert!(text.starts_with("not sent") && text.contains("gtc or ioc"), "{text}");
}

#[tokio::test]
async fn a_part_of_a_share_is_for_exits_unless_switched_on() {
    let (server, alpaca) = world().await;
    let answer = ok(order(ID, NAME, "pending_new", "0"));
    ours("POST", "/v2/orders").respond_with(answer).expect(2).mount(&server).await;
    let part = broker_api::Intent { qty: "2.5".parse().unwrap(), ..intent() };
    let SubmitOutcome::Refused { code, text } = alpaca.submit(&part, mark()).await else { panic!("it left") };
    assert_eq!(code.as_str(), "not_fractionable");
    assert!(text.contains("with_fractions"), "{text}");
    // What is held is closed whole, wherever the part came from.
    let exit = broker_api::Intent { purpose: Purpose::Exit, ..part };
    assert!(matches!(alpaca.submit(&exit, mark()).await, SubmitOutcome::Accepted { .. }));
    let config = config(&server.uri()).with_fractions(true);
    let alpaca = broker_alpaca::Alpaca::new(config, std::sync::Arc::new(now)).unwrap();
    assert!(matches!(alpaca.submit(&part, mark()).await, SubmitOutcome::Accepted { .. }));
}

#[tokio::test]
async fn an_order_for_money_is_for_who_asks() {
    let (server, alpaca) = world().await;
    let body = json!({
        "symbol": "MSFT", "notional": "25.5", "side": "buy", "type": "market", "time_in_force": "day",
        "client_order_id": NAME
    });
    let answer = ok(order(ID, NAME, "pending_new", "0"));
    ours("POST", "/v2/orders").and(body_json(body)).respond_with(answer).expect(1).mount(&server).await;
    let market = broker_api::Intent { order: OrderKind::MARKET, ..intent() };
    let order = NewOrder {
        size: OrderSize::Money("25.50".parse().unwrap()),
        time_in_force: WireTimeInForce::Day,
        ..NewOrder::from_intent(&market).unwrap()
    };
    assert!(matches!(alpaca.place(&order, false).await, SubmitOutcome::Accepted { .. }));
}

#[tokio::test]
async fn a_cancel_finds_the_order_and_asks_once() {
    let (server, alpaca) = world().await;
    ours("GET", "/v2/orders:by_client_order_id")
        .and(query_param("client_order_id", NAME))
        .respond_with(ok(order(ID, NAME, "new", "0")))
        .expect(1)
        .mount(&server)
        .await;
    let path = format!("/v2/orders/{ID}");
    ours("DELETE", &path).respond_with(ResponseTemplate::new(204)).up_to_n_times(1).mount(&server).await;
    assert_eq!(alpaca.cancel(name(NAME)).await, CancelOutcome::Accepted);
    // Its id is known now.
    let late = refusal(422, 42_210_000, "order is already in \"filled\" state");
    ours("DELETE", &path).respond_with(late).expect(1).mount(&server).await;
    assert_eq!(alpaca.cancel(name(NAME)).await, CancelOutcome::TooLate);
}

#[tokio::test]
async fn a_cancel_of_what_is_over_or_not_there_does_not_leave() {
    let (server, alpaca) = world().await;
    let lookup = || ours("GET", "/v2/orders:by_client_order_id");
    let gone = refusal(404, 40_410_000, "order not found");
    lookup().respond_with(gone).up_to_n_times(1).mount(&server).await;
    lookup().respond_with(ok(order(ID, NAME, "filled", "12"))).up_to_n_times(1).mount(&server).await;
    lookup().respond_with(ResponseTemplate::new(503)).mount(&server).await;
    let outcomes =
        [alpaca.cancel(name(NAME)).await, alpaca.cancel(name(NAME)).await, alpaca.cancel(name(NAME)).await];
    let [CancelOutcome::NotSent { .. }, CancelOutcome::TooLate, CancelOutcome::NotSent { .. }] = outcomes
    else {
        panic!("{outcomes:?}");
    };
}
