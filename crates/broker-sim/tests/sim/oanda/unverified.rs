//! What nobody has verified on the real wire, both ways.

use broker_api::Qty;
use broker_sim::core::{OnRequest, RequestRule, Rule};
use broker_sim::oanda::Quirks;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::wire::{ACCOUNT, Sim, at_price, market, with};
use crate::wire::{decimal, raw};

/// One with the facts as they are usually taken, and one with a fact the other way.
async fn both(change: impl Fn(&mut Quirks)) -> [Sim; 2] {
    let usual = Sim::start().await;
    let other = Sim::with(|settings| change(&mut settings.quirks)).await;
    [usual, other]
}

#[tokio::test]
async fn a_time_that_has_passed_is_refused_or_over_at_once() {
    let [usual, other] = both(|quirks| quirks.past_gtd_refused = false).await;
    let gtd = json!({"timeInForce": "GTD", "gtdTime": "2026-03-10T14:00:00Z"});
    let order = with(at_price("LIMIT", "EUR_USD", "1", "1.0"), &gtd);
    usual.post(&order).await.no(400, "TIME_IN_FORCE_GTD_TIMESTAMP_IN_PAST");
    let told = Sim::made(&other.post(&order).await);
    assert_eq!(told["orderCancelTransaction"]["reason"], "TIME_IN_FORCE_EXPIRED");
}

#[tokio::test]
async fn what_is_over_is_found_or_not() {
    let [usual, other] = both(|quirks| quirks.finished_orders_served = false).await;
    for (sim, is_served) in [(&usual, true), (&other, false)] {
        let told = sim.market("EUR_USD", "1").await;
        let path = format!("/orders/{}", told["orderCreateTransaction"]["id"].as_str().unwrap());
        assert_eq!(sim.get(&path).await.status, if is_served { 200 } else { 404 });
        let all = sim.get("/orders?state=ALL").await.ok();
        assert_eq!(all["orders"].as_array().unwrap().len(), usize::from(is_served));
    }
}

#[tokio::test]
async fn what_a_part_leaves_goes_on_under_a_new_id_or_its_own() {
    let [usual, other] = both(|quirks| quirks.reissue = false).await;
    for (sim, is_new) in [(&usual, true), (&other, false)] {
        let act = OnRequest::PartialFill { qty: Qty::new(decimal("30")).unwrap() };
        let method = Some("POST".to_owned());
        sim.control.fault(Rule::Request(RequestRule { method, path: None, nth: 1, times: 1, act }));
        let told = Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "100", "1.09")).await);
        assert_eq!(told["orderReissueTransaction"].is_object(), is_new);
        let old = &told["orderCreateTransaction"]["id"];
        assert_eq!(&sim.get("/pendingOrders").await.ok()["orders"][0]["id"] == old, !is_new);
        let before = sim.last().await;
        sim.step(1);
        let fill = &sim.since(before).await[0];
        assert_eq!((fill["units"].as_str(), &fill["orderID"] == old), (Some("70"), !is_new));
        assert_eq!(sim.get("/pendingOrders").await.ok()["orders"], json!([]));
    }
}

#[tokio::test]
async fn the_rest_of_an_immediate_order_is_told_or_not() {
    for (told, is_told) in [(false, false), (true, true)] {
        let sim = Sim::with(|settings| {
            settings.liquidity = 1_000.into();
            settings.quirks.ioc_rest_cancelled = told;
        })
        .await;
        let told =
            Sim::made(&sim.post(&with(market("EUR_USD", "1500"), &json!({"timeInForce": "IOC"}))).await);
        assert_eq!(told["orderFillTransaction"]["units"], "1000");
        assert_eq!(told["orderCancelTransaction"].is_object(), is_told, "{told}");
    }
}

#[tokio::test]
async fn statuses_are_as_they_are_set() {
    for status in [404, 401, 403] {
        let sim = Sim::with(|settings| settings.quirks.unknown_account_status = status).await;
        assert_eq!(sim.get("/v3/accounts/101-001-1-001/summary").await.status, status);
    }
    let [usual, other] = both(|quirks| quirks.beyond_last_status = 400).await;
    assert_eq!(usual.get("/transactions/sinceid?id=99").await.status, 416);
    assert_eq!(other.get("/transactions/sinceid?id=99").await.status, 400);
    let [usual, other] = both(|quirks| (quirks.retry_after, quirks.coded_429) = (true, true)).await;
    for (sim, is_told) in [(&usual, false), (&other, true)] {
        sim.control.fault_lines(r#"{"request":{"do":"rate_limited"}}"#).unwrap();
        let got = sim.get("/summary").await;
        assert_eq!(
            (got.status, got.headers.contains("retry-after"), got.json()["errorCode"].is_string()),
            (429, is_told, is_told)
        );
    }
}

#[tokio::test]
async fn words_of_refusals_and_names_are_as_they_are_set() {
    let [usual, other] = both(|quirks| quirks.losing_take_profit = false).await;
    for (sim, reason) in [(&usual, "LOSING_TAKE_PROFIT"), (&other, "TAKE_PROFIT_ON_FILL_LOSS")] {
        let order = with(market("EUR_USD", "1"), &json!({"takeProfitOnFill": {"price": "1.0"}}));
        assert_eq!(Sim::made(&sim.post(&order).await)["orderCancelTransaction"]["reason"], reason);
    }
    let [usual, other] = both(|quirks| quirks.flat_side_forgiven = false).await;
    for (sim, status) in [(&usual, 200), (&other, 400)] {
        sim.market("EUR_USD", "1").await;
        assert_eq!(sim.put("/positions/EUR_USD/close", &json!({"longUnits": "ALL"})).await.status, status);
    }
    let [usual, other] = both(|quirks| quirks.pending_ids_unique = false).await;
    for (sim, status) in [(&usual, 400), (&other, 201)] {
        let order = with(at_price("LIMIT", "EUR_USD", "1", "1.0"), &json!({"clientExtensions": {"id": "a"}}));
        Sim::made(&sim.post(&order).await);
        assert_eq!(sim.post(&order).await.status, status);
    }
}

#[tokio::test]
async fn the_log_and_the_changes_tell_more_or_less() {
    let [usual, other] = both(|quirks| quirks.state_tells_balance = false).await;
    for (sim, is_told) in [(&usual, true), (&other, false)] {
        let told = sim.get("/changes?sinceTransactionID=1").await.ok();
        assert_eq!(told["state"]["balance"].is_string(), is_told);
    }
    let [usual, other] = both(|quirks| quirks.client_request_id = true).await;
    for (sim, told) in [(&usual, Value::Null), (&other, json!("mine"))] {
        let headers = "authorization: Bearer any\r\nclientrequestid: mine\r\n";
        let body = json!({"order": market("EUR_USD", "1")}).to_string();
        let path = format!("{ACCOUNT}/orders");
        let got = raw(sim.running.address(), "POST", &path, headers, &body).await.unwrap();
        assert_eq!(got.json()["orderCreateTransaction"]["clientRequestID"], told);
    }
    let [usual, other] = both(|quirks| quirks.transactions_of_a_week = true).await;
    for (sim, count) in [(&usual, 3), (&other, 0)] {
        sim.control.step(TimeDelta::days(30)).unwrap();
        assert_eq!(sim.get("/transactions").await.ok()["count"], count);
    }
    let [usual, other] = both(|quirks| quirks.since_id_most = 2).await;
    assert_eq!((usual.since(0).await.len(), other.since(0).await.len()), (3, 2));
    let [usual, other] = both(|quirks| quirks.never_reset_is_nought = false).await;
    assert_eq!(
        (
            usual.summary().await["resettablePLTime"].clone(),
            other.summary().await["resettablePLTime"].clone()
        ),
        (json!("0"), Value::Null)
    );
}

#[tokio::test]
async fn views_lie_behind_the_log_as_long_as_they_are_told_to() {
    let sim = Sim::with(|settings| settings.views_after = TimeDelta::milliseconds(500)).await;
    sim.step(1);
    let told = Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "1", "1.0")).await);
    let path = format!("/orders/{}", told["orderCreateTransaction"]["id"].as_str().unwrap());
    assert_eq!(sim.last().await, 4);
    assert_eq!(sim.since(3).await.len(), 1, "the log is never late");
    sim.get(&path).await.no(404, "NO_SUCH_ORDER");
    assert_eq!(sim.get("/pendingOrders").await.ok()["orders"], json!([]));
    assert_eq!(sim.get("/changes?sinceTransactionID=3").await.ok()["lastTransactionID"], "3");
    sim.control.step(TimeDelta::milliseconds(500)).unwrap();
    assert_eq!(sim.get(&path).await.ok()["order"]["state"], "PENDING");
    assert_eq!(
        sim.get("/changes?sinceTransactionID=3").await.ok()["changes"]["ordersCreated"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
