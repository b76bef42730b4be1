//! Faults of requests, as at every simulated broker.

use broker_api::Qty;
use broker_sim::core::{OnRequest, RequestRule, Rule};
use serde_json::{Value, json};

use super::wire::{Sim, at_price, market, with};
use crate::wire::decimal;

fn on_orders(act: OnRequest) -> Rule {
    let (method, path) = (Some("POST".to_owned()), Some("/v3/accounts/*".to_owned()));
    Rule::Request(RequestRule { method, path, nth: 1, times: 1, act })
}

async fn order(sim: &Sim) -> Option<crate::wire::Got> {
    sim.send("POST", "/orders", &json!({ "order": market("EUR_USD", "100") }).to_string()).await
}

#[tokio::test]
async fn requests_and_replies_are_lost_late_and_broken() {
    let sim = Sim::start().await;
    // (what happens, what is seen, whether the order is in the log)
    let cases: Vec<(OnRequest, Option<u16>, bool)> = vec![
        (OnRequest::LostRequest, None, false),
        (OnRequest::LostReply, None, true),
        (OnRequest::CutBody, None, true),
        (OnRequest::LateReply { millis: 1 }, Some(201), true),
        (OnRequest::MalformedBody, Some(201), true),
        (OnRequest::RateLimited, Some(429), false),
        (OnRequest::Status { code: 504, processed: true }, Some(504), true),
        (OnRequest::Status { code: 503, processed: false }, Some(503), false),
        (OnRequest::Html502 { processed: true }, Some(502), true),
        (
            OnRequest::Reject { status: 400, code: "INSTRUMENT_HALTED".into(), message: "no".to_owned() },
            Some(400),
            false,
        ),
    ];
    for (act, status, is_done) in cases {
        let before = sim.last().await;
        sim.control.fault(on_orders(act.clone()));
        let got = order(&sim).await;
        assert_eq!(got.as_ref().map(|got| got.status), status, "{act:?}");
        assert_eq!(sim.last().await > before, is_done, "{act:?}");
        match got.filter(|got| matches!(got.status, 400 | 429 | 504)) {
            Some(got) if got.status == 504 => {
                assert_eq!(got.json(), json!({"errorMessage": "Timeout waiting for response."}));
            }
            Some(got) if got.status == 400 => drop(got.no(400, "INSTRUMENT_HALTED")),
            Some(got) => assert!(got.headers.contains("requestid"), "{}", got.headers),
            None => {}
        }
    }
}

#[tokio::test]
async fn a_late_request_arrives_alone() {
    let sim = Sim::start().await;
    let before = sim.last().await;
    sim.control.fault(on_orders(OnRequest::LateRequest { millis: 30_000 }));
    assert!(order(&sim).await.is_none());
    sim.step(29);
    assert_eq!(sim.last().await, before);
    sim.step(1);
    assert_eq!(sim.kinds_since(before).await, ["MARKET_ORDER CLIENT_ORDER", "ORDER_FILL MARKET_ORDER"]);
}

#[tokio::test]
async fn an_order_fills_in_part_and_what_is_left_is_another_order() {
    let sim = Sim::start().await;
    let part = || OnRequest::PartialFill { qty: Qty::new(decimal("30")).unwrap() };
    sim.control.fault(on_orders(part()));
    let named =
        with(at_price("LIMIT", "EUR_USD", "100", "1.09000"), &json!({"clientExtensions": {"id": "a"}}));
    let told = Sim::made(&sim.post(&named).await);
    let fill = &told["orderFillTransaction"];
    assert_eq!((fill["units"].as_str(), fill["requestedUnits"].as_str()), (Some("30"), Some("100")));
    let next = &told["orderReissueTransaction"];
    assert_eq!(
        (next["units"].as_str(), &next["replacesOrderID"]),
        (Some("70"), &told["orderCreateTransaction"]["id"])
    );
    assert_eq!(sim.get("/orders/@a").await.ok()["order"]["id"], next["id"]);
    let before = sim.last().await;
    sim.step(1);
    let fill = &sim.since(before).await[0];
    assert_eq!((fill["units"].as_str(), &fill["orderID"]), (Some("70"), &next["id"]));
    // All or nothing is nothing; now or never is what there is.
    sim.control.fault(on_orders(part()));
    let told = Sim::made(&sim.post(&market("EUR_USD", "100")).await);
    assert_eq!(told["orderCancelTransaction"]["reason"], "INSUFFICIENT_LIQUIDITY");
    sim.control.fault(on_orders(part()));
    let told = Sim::made(&sim.post(&with(market("EUR_USD", "100"), &json!({"timeInForce": "IOC"}))).await);
    assert_eq!(told["orderFillTransaction"]["units"], "30");
}

#[tokio::test]
async fn one_that_rests_over_a_halt_still_fills_in_part_first() {
    let sim = Sim::start().await;
    sim.control.fault(on_orders(OnRequest::PartialFill { qty: Qty::new(decimal("30")).unwrap() }));
    Sim::made(&sim.post(&at_price("STOP", "EUR_USD", "100", "1.09000")).await);
    for is_halted in [true, false] {
        sim.control.halt("EUR_USD", is_halted).unwrap();
    }
    let before = sim.last().await;
    sim.price("EUR_USD", "1.09500");
    sim.step(1);
    let units: Vec<Value> = sim.since(before).await.into_iter().map(|row| row["units"].clone()).collect();
    assert_eq!(units, ["30", "70", "70"], "a part, what is left as an order of its own, and its fill");
}

#[tokio::test]
async fn an_order_is_killed_afterwards_and_a_cancel_comes_late() {
    let sim = Sim::start().await;
    sim.control.fault(on_orders(OnRequest::RejectedLater));
    let told = Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "100", "1.08000")).await);
    assert_eq!(told["orderCancelTransaction"]["reason"], "INTERNAL_SERVER_ERROR");
    let told = Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "100", "1.08000")).await);
    let id = told["orderCreateTransaction"]["id"].as_str().unwrap().to_owned();
    let late = r#"{"request":{"method":"PUT","do":{"late_cancel":{"millis":60000}}}}"#;
    sim.control.fault_lines(late).unwrap();
    assert_eq!(sim.put(&format!("/orders/{id}/cancel"), &Value::Null).await.status, 504);
    assert_eq!(sim.get(&format!("/orders/{id}")).await.ok()["order"]["state"], "PENDING");
    sim.step(60);
    assert_eq!(sim.get(&format!("/orders/{id}")).await.ok()["order"]["state"], "CANCELLED");
}

#[tokio::test]
async fn moments_and_maintenance_come_by_script() {
    let sim = Sim::start().await;
    sim.market("EUR_USD", "100").await;
    let before = sim.last().await;
    let script = r#"
        {"time":{"at":"2026-03-10T14:06:00Z","do":{"price":{"symbol":"EUR_USD","price":"1.1"}}}}
        {"time":{"at":"2026-03-10T14:07:00Z","do":{"liquidate":{"symbol":"EUR_USD"}}}}
        {"time":{"at":"close","do":{"non_trade":{"cash":{"amount":"5"}}}}}"#;
    sim.control.fault_lines(script).unwrap();
    sim.go_to("2026-03-10T21:00:00Z");
    let kinds = sim.kinds_since(before).await;
    assert_eq!(
        kinds,
        ["MARKET_ORDER MARGIN_CLOSEOUT", "ORDER_FILL MARKET_ORDER_MARGIN_CLOSEOUT", "TRANSFER_FUNDS"]
    );
    assert_eq!(sim.since(before).await[1]["price"], "1.10000");
    sim.control.fault_lines(r#"{"request":{"do":{"maintenance":{"millis":60000}}}}"#).unwrap();
    assert_eq!(sim.get("/summary").await.status, 503);
    assert_eq!(sim.get("/summary").await.status, 503);
    sim.step(60);
    assert_eq!(sim.get("/summary").await.status, 200);
}

#[tokio::test]
async fn too_many_requests_in_a_second_are_refused() {
    let sim = Sim::with(|settings| settings.rate_limit = 3).await;
    for _ in 0..3 {
        assert_eq!(sim.get("/summary").await.status, 200);
    }
    assert_eq!(sim.get("/summary").await.status, 429);
    sim.step(1);
    assert_eq!(sim.get("/summary").await.status, 200);
}
