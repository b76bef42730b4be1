//! Orders, cancels and closings.

use broker_api::{Broker, CancelOutcome, OrderKind, Protection, Purpose, SubmitOutcome, TimeInForce};
use serde_json::{Value, json};
use wiremock::MockServer;
use wiremock::matchers::body_json;

use crate::world::*;

async fn sends(intent: &broker_api::Intent, body: Value) {
    let (server, oanda) = world().await;
    let created = json!({"orderCreateTransaction": made(4101, "LIMIT_ORDER"), "relatedTransactionIDs": ["4101"],
        "lastTransactionID": "4101"});
    of_account("POST", "/orders")
        .and(body_json(json!({"order": body})))
        .respond_with(answer(201, &created))
        .expect(1)
        .mount(&server)
        .await;
    let outcome = oanda.submit(intent, mark(4100)).await;
    let SubmitOutcome::Accepted { venue_order } = outcome else { panic!("{outcome:?}") };
    assert_eq!(venue_order.unwrap().as_str(), "4101");
}

#[tokio::test]
async fn an_entry_carries_its_names_and_its_last_moment() {
    let wanted = json!({"type": "LIMIT", "instrument": "EUR_USD", "units": "-1500", "price": "1.0856",
        "timeInForce": "GTD", "gtdTime": "2026-03-10T14:10:20.500000000Z", "positionFill": "REDUCE_FIRST",
        "clientExtensions": {"id": NAME}, "tradeClientExtensions": {"id": NAME}});
    sends(&intent(), wanted).await;
}

#[tokio::test]
async fn an_exit_only_reduces() {
    let exit = broker_api::Intent {
        purpose: Purpose::Exit,
        order: OrderKind::MARKET,
        tif: TimeInForce::Gtc,
        reduce_only: true,
        ..intent()
    };
    let wanted = json!({"type": "MARKET", "instrument": "EUR_USD", "units": "-1500", "timeInForce": "FOK",
        "positionFill": "REDUCE_ONLY", "clientExtensions": {"id": NAME}});
    sends(&exit, wanted).await;
}

#[tokio::test]
async fn stop_and_target_come_with_the_trade_under_names_that_follow() {
    let plan = Protection {
        stop: Some("1.09".parse().unwrap()),
        target: Some("1.06".parse().unwrap()),
        trail: None,
    };
    let entry = broker_api::Intent {
        bracket: true,
        plan,
        order: OrderKind::MARKET,
        tif: TimeInForce::Day,
        ..intent()
    };
    let wanted = json!({"type": "MARKET", "instrument": "EUR_USD", "units": "-1500", "timeInForce": "FOK",
        "positionFill": "REDUCE_FIRST", "clientExtensions": {"id": NAME}, "tradeClientExtensions": {"id": NAME},
        "takeProfitOnFill": {"timeInForce": "GTC", "price": "1.06", "clientExtensions": {"id": format!("{NAME}-t")}},
        "stopLossOnFill": {"timeInForce": "GTC", "price": "1.09", "clientExtensions": {"id": format!("{NAME}-s")}}});
    sends(&entry, wanted).await;
}

async fn answered(status: u16, body: &Value) -> SubmitOutcome {
    let (server, oanda) = world().await;
    of_account("POST", "/orders").respond_with(answer(status, body)).expect(1).mount(&server).await;
    oanda.submit(&intent(), mark(4100)).await
}

#[tokio::test]
async fn taken_and_killed_at_once_is_refused() {
    let killed = |reason: &str| {
        json!({"orderCreateTransaction": made(4105, "LIMIT_ORDER"), "orderCancelTransaction":
            {"id": "4106", "batchID": "4105", "time": "2026-03-10T14:05:07Z", "type": "ORDER_CANCEL", "orderID": "4105",
                "reason": reason}, "lastTransactionID": "4106"})
    };
    let outcome = answered(201, &killed("INSUFFICIENT_MARGIN")).await;
    let SubmitOutcome::Refused { code, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(code.as_str(), "insufficient_margin");
    let outcome = answered(201, &killed("CLIENT_TRADE_ID_ALREADY_EXISTS")).await;
    assert!(matches!(outcome, SubmitOutcome::Duplicate { .. }), "{outcome:?}");
    let mut part = killed("TIME_IN_FORCE_EXPIRED");
    part["orderFillTransaction"] = filled(4106, 4105, "-500");
    assert!(matches!(answered(201, &part).await, SubmitOutcome::Accepted { .. }));
}

#[tokio::test]
async fn what_is_no_answer_about_this_order_is_unknown() {
    let mut other = made(4105, "LIMIT_ORDER");
    other["clientExtensions"]["id"] = json!("somebody-elses");
    for (status, body) in [
        (201, json!({"orderCreateTransaction": other})),
        (201, json!({"lastTransactionID": "4105"})),
        (200, json!([])),
        (504, json!({"errorMessage": "Timeout waiting for response."})),
        (503, json!("<html>")),
        (302, json!({})),
    ] {
        let outcome = answered(status, &body).await;
        assert!(matches!(outcome, SubmitOutcome::Unknown { .. }), "{status} {body}: {outcome:?}");
    }
}

#[tokio::test]
async fn refusals_tell_no_secret_and_the_limit_is_kept() {
    let body = json!({"errorMessage": format!("no {TOKEN}"), "errorCode": "PRICE_PRECISION_EXCEEDED",
        "orderRejectTransaction": {"id": "4107"}});
    let outcome = answered(400, &body).await;
    let SubmitOutcome::Refused { code, text } = outcome else { panic!("{outcome:?}") };
    assert!(code.as_str() == "bad_price" && text.contains("no ***") && !text.contains(TOKEN), "{text}");
    let (server, oanda) = world().await;
    of_account("POST", "/orders").respond_with(answer(429, &json!({}))).expect(1).mount(&server).await;
    let outcome = oanda.submit(&intent(), mark(4100)).await;
    assert!(matches!(outcome, SubmitOutcome::Throttled { until } if until > now()), "{outcome:?}");
    // Nothing leaves before that.
    let again = oanda.submit(&intent(), mark(4100)).await;
    assert!(matches!(again, SubmitOutcome::NotSent { .. }), "{again:?}");
}

#[tokio::test]
async fn what_breaks_a_rule_is_not_sent() {
    let (server, oanda) = world().await;
    of_account("GET", "/instruments")
        .respond_with(ok(&json!({"instruments": [{"name": "EUR_USD", "type": "CURRENCY", "displayPrecision": 5,
            "tradeUnitsPrecision": 0, "minimumTradeSize": "1", "maximumOrderUnits": "100000000", "marginRate": "0.0333"}]})))
        .mount(&server)
        .await;
    of_account("GET", "/summary").respond_with(ok(&summary("4100"))).mount(&server).await;
    oanda.instrument(key("EUR/USD").symbol).await.unwrap().unwrap();
    let finer = OrderKind::Limit(broker_api::intent::Limit { limit: "1.085601".parse().unwrap() });
    let stop_limit = OrderKind::StopLimit(broker_api::intent::StopLimit {
        trigger: "1.08".parse().unwrap(),
        limit: "1.079".parse().unwrap(),
    });
    for broken in [
        broker_api::Intent { order: finer, ..intent() },
        broker_api::Intent { order: stop_limit, ..intent() },
        broker_api::Intent { qty: "0.5".parse().unwrap(), ..intent() },
        broker_api::Intent { qty: "200000000".parse().unwrap(), ..intent() },
    ] {
        let outcome = oanda.submit(&broken, mark(4100)).await;
        let SubmitOutcome::Refused { text, .. } = outcome else { panic!("{outcome:?}") };
        assert!(text.starts_with("not sent: "), "{text}");
    }
    assert!(server.received_requests().await.unwrap().iter().all(|request| request.method.as_str() == "GET"));
}

async fn cancelled(status: u16, body: &Value, log: &Value) -> (CancelOutcome, MockServer) {
    let (server, oanda) = world().await;
    let at = format!("/orders/@{NAME}/cancel");
    of_account("PUT", &at).respond_with(answer(status, body)).expect(1).mount(&server).await;
    of_account("GET", "/summary").respond_with(ok(&summary("3"))).mount(&server).await;
    let rows = json!({"transactions": log, "lastTransactionID": "3"});
    of_account("GET", "/transactions/sinceid").respond_with(ok(&rows)).mount(&server).await;
    (oanda.cancel(name(NAME)).await, server)
}

#[tokio::test]
async fn a_cancel_that_finds_nothing_is_too_late_only_where_the_log_knows_the_order() {
    let (outcome, _server) =
        cancelled(200, &json!({"orderCancelTransaction": {"id": "9"}}), &json!([])).await;
    assert_eq!(outcome, CancelOutcome::Accepted);
    let gone = json!({"errorCode": "ORDER_DOESNT_EXIST", "errorMessage": "order not found"});
    let other = |id: u64| json!({"id": id.to_string(), "time": "2026-03-10T14:05:07Z", "type": "CREATE"});
    let known = json!([made(1, "LIMIT_ORDER"), filled(2, 1, "-1500"), other(3)]);
    assert_eq!(cancelled(404, &gone, &known).await.0, CancelOutcome::TooLate);
    let unknown = json!([other(1), other(2), other(3)]);
    assert!(matches!(cancelled(404, &gone, &unknown).await.0, CancelOutcome::NotSent { .. }));
    assert!(matches!(cancelled(502, &json!("<html>"), &unknown).await.0, CancelOutcome::Unknown { .. }));
}

#[tokio::test]
async fn a_position_is_closed_on_the_side_that_is_held() {
    let (server, oanda) = world().await;
    let flat = json!({"units": "0"});
    let position =
        |short: Value| json!({"position": {"instrument": "EUR_USD", "long": flat, "short": short}});
    let held = position(json!({"units": "-500", "averagePrice": "1.0864"}));
    of_account("GET", "/positions/EUR_USD").respond_with(ok(&held)).up_to_n_times(2).mount(&server).await;
    let closes = || {
        of_account("PUT", "/positions/EUR_USD/close")
            .and(body_json(json!({"longUnits": "NONE", "shortUnits": "ALL"})))
    };
    let killed = json!({"shortOrderCancelTransaction": {"id": "9", "time": "2026-03-10T14:05:07Z",
        "type": "ORDER_CANCEL", "reason": "MARKET_HALTED"}});
    closes().respond_with(ok(&killed)).up_to_n_times(1).mount(&server).await;
    closes().respond_with(ok(&json!({"shortOrderFillTransaction": {"id": "11"}}))).mount(&server).await;
    let halted = oanda.close(key("EUR/USD")).await;
    assert!(matches!(&halted, CancelOutcome::NotSent { why } if why.contains("MARKET_HALTED")), "{halted:?}");
    assert_eq!(oanda.close(key("EUR/USD")).await, CancelOutcome::Accepted);
    of_account("GET", "/positions/EUR_USD")
        .respond_with(ok(&position(flat.clone())))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    assert_eq!(oanda.close(key("EUR/USD")).await, CancelOutcome::TooLate);
    let never = json!({"errorCode": "NO_SUCH_POSITION", "lastTransactionID": "4140"});
    of_account("GET", "/positions/EUR_USD").respond_with(answer(404, &never)).mount(&server).await;
    assert_eq!(oanda.close(key("EUR/USD")).await, CancelOutcome::TooLate);
}
