//! What is refused, with which code, and what it leaves in the log.

use broker_sim::oanda::{Division, Pair};
use serde_json::{Value, json};

use super::wire::{ACCOUNT, Sim, at_price, market, with};
use crate::wire::raw;

#[tokio::test]
async fn every_rule_of_an_order_has_its_reason() {
    let mut exotic = Pair::usual("USD_TRY", Division::Europe);
    exotic.tradeable = false;
    let mut small = Pair::usual("NZD_USD", Division::Europe);
    small.minimum_trade_size = 10.into();
    let sim = Sim::with(|settings| settings.pairs = vec![exotic, small]).await;
    let limit = |price: &str| at_price("LIMIT", "EUR_USD", "1000", price);
    let on_fill = |name: &str, value: Value| with(market("EUR_USD", "100"), &json!({ name: value }));
    let long = "x".repeat(129);
    let cases: Vec<(Value, &str)> = vec![
        (market("USD_TRY", "10"), "INSTRUMENT_NOT_TRADEABLE"),
        (json!({"type": "MARKET", "instrument": "EUR_USD"}), "UNITS_MISSING"),
        (market("EUR_USD", "0"), "UNITS_INVALID"),
        (market("EUR_USD", "many"), "UNITS_INVALID"),
        (market("EUR_USD", "1.5"), "UNITS_PRECISION_EXCEEDED"),
        (market("NZD_USD", "9"), "UNITS_MIMIMUM_NOT_MET"),
        (market("EUR_USD", "100000001"), "UNITS_LIMIT_EXCEEDED"),
        (with(market("EUR_USD", "1"), &json!({"timeInForce": "GTC"})), "TIME_IN_FORCE_INVALID"),
        (with(market("EUR_USD", "1"), &json!({"priceBound": "1.0850001"})), "PRICE_BOUND_PRECISION_EXCEEDED"),
        (json!({"type": "LIMIT", "instrument": "EUR_USD", "units": "1"}), "PRICE_MISSING"),
        (limit("-1"), "PRICE_INVALID"),
        (limit("1.0810001"), "PRICE_PRECISION_EXCEEDED"),
        (with(limit("1.08"), &json!({"timeInForce": "GTD"})), "TIME_IN_FORCE_GTD_TIMESTAMP_MISSING"),
        (
            with(limit("1.08"), &json!({"timeInForce": "GTD", "gtdTime": "2026-03-10T14:05:07Z"})),
            "TIME_IN_FORCE_GTD_TIMESTAMP_IN_PAST",
        ),
        (with(limit("1.08"), &json!({"clientExtensions": {"id": long}})), "CLIENT_ORDER_ID_INVALID"),
        (with(limit("1.08"), &json!({"clientExtensions": {"tag": long}})), "CLIENT_ORDER_TAG_INVALID"),
        (
            with(limit("1.08"), &json!({"tradeClientExtensions": {"comment": long}})),
            "CLIENT_TRADE_COMMENT_INVALID",
        ),
        (on_fill("takeProfitOnFill", json!({})), "TAKE_PROFIT_ON_FILL_PRICE_MISSING"),
        (
            on_fill("takeProfitOnFill", json!({"price": "1.123456"})),
            "TAKE_PROFIT_ON_FILL_PRICE_PRECISION_EXCEEDED",
        ),
        (
            on_fill("stopLossOnFill", json!({"price": "1.123456"})),
            "STOP_LOSS_ON_FILL_PRICE_PRECISION_EXCEEDED",
        ),
        (on_fill("stopLossOnFill", json!({})), "STOP_LOSS_ON_FILL_PRICE_AND_DISTANCE_BOTH_MISSING"),
        (
            on_fill("stopLossOnFill", json!({"price": "1.07", "distance": "0.01"})),
            "STOP_LOSS_ON_FILL_PRICE_AND_DISTANCE_BOTH_SPECIFIED",
        ),
        (
            on_fill("stopLossOnFill", json!({"price": "1.07", "timeInForce": "FOK"})),
            "STOP_LOSS_ON_FILL_TIME_IN_FORCE_INVALID",
        ),
        (
            on_fill("trailingStopLossOnFill", json!({"distance": "0.00001"})),
            "TRAILING_STOP_LOSS_ON_FILL_PRICE_DISTANCE_MINIMUM_NOT_MET",
        ),
        (
            with(
                on_fill("stopLossOnFill", json!({"price": "1.07", "clientExtensions": {"id": "a"}})),
                &json!({"takeProfitOnFill": {"price": "1.1", "clientExtensions": {"id": "a"}}}),
            ),
            "ORDERS_ON_FILL_DUPLICATE_CLIENT_ORDER_IDS",
        ),
        (json!({"type": "TAKE_PROFIT", "price": "1.1"}), "TRADE_ID_UNSPECIFIED"),
    ];
    for (order, code) in cases {
        let before = sim.last().await;
        let body = sim.post(&order).await.no(400, code);
        let told = &body["orderRejectTransaction"];
        assert_eq!(told["rejectReason"], code, "{order}");
        assert_eq!(told["id"], (before + 1).to_string(), "{order}");
        assert_eq!(told["type"], format!("{}_ORDER_REJECT", order["type"].as_str().unwrap()));
        assert_eq!(body["relatedTransactionIDs"], json!([(before + 1).to_string()]));
        assert_eq!(sim.last().await, before + 1, "a refusal takes one id");
    }
    sim.post(&json!({"type": "TAKE_PROFIT", "tradeID": "77", "price": "1.1"}))
        .await
        .no(404, "TRADE_DOESNT_EXIST");
    // 128 letters are few enough.
    let longest = with(limit("1.08"), &json!({"clientExtensions": {"id": "x".repeat(128)}}));
    Sim::made(&sim.post(&longest).await);
}

#[tokio::test]
async fn what_is_not_even_read_leaves_nothing_in_the_log() {
    let sim = Sim::start().await;
    let before = sim.last().await;
    let body =
        sim.post(&market("EUR_XXX", "1")).await.no(400, "oanda::rest::core::InvalidParameterException");
    assert!(body["errorMessage"].as_str().unwrap().contains("order.instrument"), "{body}");
    for order in [
        with(market("EUR_USD", "1"), &json!({"timeInForce": "SOON"})),
        with(market("EUR_USD", "1"), &json!({"positionFill": "SOME"})),
        json!({"type": "WISH", "instrument": "EUR_USD", "units": "1"}),
        json!({"instrument": "EUR_USD", "units": "1"}),
    ] {
        assert_eq!(sim.post(&order).await.status, 400, "{order}");
    }
    for body in ["{", "[]", "{}", r#"{"order":7}"#] {
        assert_eq!(sim.send("POST", "/orders", body).await.unwrap().status, 400, "{body}");
    }
    for (path, status) in [
        ("/orders/77", 404),
        ("/trades/77", 404),
        ("/transactions/77", 404),
        ("/positions/EUR_USD", 404),
        ("/positions/EUR_XXX", 400),
        ("/orders?count=501", 400),
        ("/orders?state=ODD", 400),
        ("/nothing", 404),
        ("/transactions/idrange?from=1&to=99", 416),
        ("/transactions/sinceid?id=99", 416),
        ("/changes?sinceTransactionID=99", 416),
        ("/transactions?pageSize=1001", 400),
        ("/pricing", 400),
        ("/pricing?instruments=EUR_XXX", 400),
    ] {
        let got = sim.get(path).await;
        assert_eq!(got.status, status, "{path}: {}", got.text);
        assert!(got.json()["errorMessage"].is_string(), "{path}");
    }
    assert_eq!(sim.send("DELETE", "/orders", "").await.unwrap().status, 405);
    assert_eq!(sim.last().await, before);
}

#[tokio::test]
async fn only_a_bearer_of_a_token_is_let_in_and_only_to_its_account() {
    let sim = Sim::with(|settings| settings.token = Some("right".to_owned())).await;
    let to = sim.running.address();
    for (headers, status) in [
        ("", 401),
        ("authorization: Basic right\r\n", 401),
        ("authorization: Bearer wrong\r\n", 401),
        ("authorization: Bearer right\r\n", 200),
    ] {
        let got = raw(to, "GET", &format!("{ACCOUNT}/summary"), headers, "").await.unwrap();
        assert_eq!(got.status, status, "{headers}");
        assert!(got.headers.contains("requestid: "), "{}", got.headers);
        if status == 401 {
            assert_eq!(got.json(), json!({"errorMessage": "Insufficient authorization to perform request."}));
        }
    }
    let right = "authorization: Bearer right\r\n";
    let got = raw(to, "GET", "/v3/accounts/101-001-1-002/summary", right, "").await.unwrap();
    assert_eq!((got.status, got.json()["errorCode"].clone()), (404, Value::Null));
    assert_eq!(raw(to, "GET", "/v3/accounts/12345/summary", right, "").await.unwrap().status, 400);
    let accounts = raw(to, "GET", "/v3/accounts", right, "").await.unwrap().ok();
    assert_eq!(accounts, json!({"accounts": [{"id": "101-001-7654321-001", "tags": []}]}));
}

#[tokio::test]
async fn an_order_is_killed_at_its_fill_for_what_the_fill_would_do() {
    let sim = Sim::start().await;
    let killed =
        |told: &Value| told["orderCancelTransaction"]["reason"].as_str().unwrap_or_default().to_owned();
    for (order, reason) in [
        (market("EUR_USD", "5000000"), "INSUFFICIENT_MARGIN"),
        (market("EUR_USD", "20000000"), "INSUFFICIENT_LIQUIDITY"),
        (with(market("EUR_USD", "1"), &json!({"takeProfitOnFill": {"price": "1.08"}})), "LOSING_TAKE_PROFIT"),
        (
            with(market("EUR_USD", "-1"), &json!({"takeProfitOnFill": {"price": "1.09"}})),
            "LOSING_TAKE_PROFIT",
        ),
        (
            with(market("EUR_USD", "1"), &json!({"stopLossOnFill": {"price": "1.09"}})),
            "STOP_LOSS_ON_FILL_LOSS",
        ),
        (with(market("EUR_USD", "1"), &json!({"positionFill": "REDUCE_ONLY"})), "POSITION_CLOSEOUT_FAILED"),
    ] {
        let before = sim.last().await;
        let told = Sim::made(&sim.post(&order).await);
        assert_eq!(killed(&told), reason, "{order}");
        assert_eq!(sim.last().await, before + 2);
    }
    // The margin of an order that waits is looked at when it fills.
    Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "5000000", "1.08000")).await);
    let before = sim.last().await;
    sim.price("EUR_USD", "1.07900");
    assert_eq!(sim.kinds_since(before).await, ["ORDER_CANCEL INSUFFICIENT_MARGIN"]);
    // A trade's name guards what opens as long as it is open.
    let named = with(market("EUR_USD", "1"), &json!({"tradeClientExtensions": {"id": "t"}}));
    Sim::made(&sim.post(&named).await);
    sim.post(&named).await.no(400, "CLIENT_TRADE_ID_ALREADY_EXISTS");
}
