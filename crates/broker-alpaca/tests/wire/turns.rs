//! Who goes first when few requests are left: every question on the way to a cancel goes with it.

use broker_api::{Broker, CancelOutcome, Finding};
use serde_json::{Value, json};
use wiremock::matchers::{query_param, query_param_is_missing};
use wiremock::{MockServer, ResponseTemplate};

use crate::world::*;

const STOP: &str = "11aa6f0e-2c94-4d0b-a1f7-3e5b9d7c0003";
const WOKEN: &str = "11aa6f0e-2c94-4d0b-a1f7-3e5b9d7c0004";

/// The headers of an answer say that so many of 200 requests are left for the next forty seconds.
async fn few_are_left(server: &MockServer, alpaca: &broker_alpaca::Alpaca, left: u32) {
    let few = ok(json!({"timestamp": "2026-11-20T10:10:00-05:00", "is_open": true}))
        .insert_header("X-RateLimit-Limit", "200")
        .insert_header("X-RateLimit-Remaining", left.to_string())
        .insert_header("X-RateLimit-Reset", at("2026-11-20T15:10:40Z").timestamp().to_string());
    ours("GET", "/v2/clock").respond_with(few).expect(1).mount(server).await;
    alpaca.clock().await.unwrap();
    assert!(alpaca.account().await.unwrap_err().transient, "a read would have to wait too long");
}

fn leg(id: &str, status: &str) -> Value {
    let mut leg = order(id, "f7b2c3d4-5e6f-4071-9b8c-0d1e2f3a4b52", status, "0");
    (leg["order_class"], leg["side"], leg["type"]) = ("bracket".into(), "sell".into(), "stop".into());
    (leg["limit_price"], leg["stop_price"]) = (Value::Null, "400".into());
    leg
}

#[tokio::test]
async fn a_leg_that_was_replaced_is_looked_up_and_cancelled_at_once() {
    let (server, alpaca) = world().await;
    // Three questions and the cancel, and not one request more.
    few_are_left(&server, &alpaca, 4).await;
    let mut entry = order(ID, NAME, "filled", "12");
    entry["order_class"] = "bracket".into();
    let by_name = ours("GET", "/v2/orders:by_client_order_id").and(query_param("client_order_id", NAME));
    by_name.respond_with(ok(entry.clone())).expect(1).mount(&server).await;
    let mut old = leg(STOP, "replaced");
    old["replaced_by"] = WOKEN.into();
    entry["legs"] = json!([old]);
    let family = ours("GET", &format!("/v2/orders/{ID}")).and(query_param("nested", "true"));
    family.respond_with(ok(entry)).expect(1).mount(&server).await;
    let new = ours("GET", &format!("/v2/orders/{WOKEN}")).and(query_param_is_missing("nested"));
    new.respond_with(ok(leg(WOKEN, "new"))).expect(1).mount(&server).await;
    let gone = ours("DELETE", &format!("/v2/orders/{WOKEN}"));
    gone.respond_with(ResponseTemplate::new(204)).expect(1).mount(&server).await;
    assert_eq!(alpaca.cancel(name(&format!("{NAME}-s"))).await, CancelOutcome::Accepted);
}

#[tokio::test]
async fn an_order_under_alpacas_own_id_is_looked_up_and_cancelled_at_once() {
    let (server, alpaca) = world().await;
    few_are_left(&server, &alpaca, 3).await;
    let gone = refusal(404, 40_410_000, "order not found");
    ours("GET", "/v2/orders:by_client_order_id").respond_with(gone).expect(1).mount(&server).await;
    let path = format!("/v2/orders/{ID}");
    ours("GET", &path)
        .respond_with(ok(order(ID, "somebody-elses", "new", "0")))
        .expect(1)
        .mount(&server)
        .await;
    ours("DELETE", &path).respond_with(ResponseTemplate::new(204)).expect(1).mount(&server).await;
    assert_eq!(alpaca.cancel(name(&ID.replace('-', ""))).await, CancelOutcome::Accepted);
}

#[tokio::test]
async fn a_position_is_closed_at_once() {
    let (server, alpaca) = world().await;
    few_are_left(&server, &alpaca, 1).await;
    let made = ok(order(ID, "e6a1b2c3-4d5e-4f60-8a7b-9c0d1e2f3a41", "pending_new", "0"));
    ours("DELETE", "/v2/positions/MSFT").respond_with(made).expect(1).mount(&server).await;
    assert_eq!(alpaca.close(key("MSFT")).await, CancelOutcome::Accepted);
}

#[tokio::test]
async fn an_order_without_an_answer_is_looked_for_before_what_only_reads() {
    let (server, alpaca) = world().await;
    // Of 200 reads leave 80 to others, and these questions 50.
    few_are_left(&server, &alpaca, 52).await;
    let gone = refusal(404, 40_410_000, "order not found");
    ours("GET", "/v2/orders:by_client_order_id").respond_with(gone).expect(1).mount(&server).await;
    let list = ours("GET", "/v2/orders").and(query_param("status", "all"));
    list.respond_with(ok(json!([order(ID, NAME, "new", "0")]))).expect(1).mount(&server).await;
    let found = alpaca.find(name(NAME), mark(), sent()).await;
    assert!(matches!(found, Ok(Finding::Found { .. })), "{found:?}");
}
