//! Orders of every type: taken, filled, cancelled, replaced, and what each leaves in the log.

use serde_json::{Value, json};

use super::wire::{Sim, at_price, market, with};

fn id(told: &Value) -> u64 {
    told.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_market_order_fills_and_its_protection_follows_in_one_batch() {
    let sim = Sim::start().await;
    sim.quote("EUR_USD", "1.08500", "1.08512");
    let before = sim.last().await;
    let order = with(
        market("EUR_USD", "1000"),
        &json!({
            "clientExtensions": {"id": "ord-1", "tag": "trend", "comment": "entry"}, "tradeClientExtensions": {"id": "trd-1"},
            "takeProfitOnFill": {"price": "1.09500"}, "stopLossOnFill": {"price": "1.08000"}, "priceBound": "1.08560",
        }),
    );
    let got = sim.post(&order).await;
    let told = Sim::made(&got);
    let create = &told["orderCreateTransaction"];
    let n = before + 1;
    assert_eq!((id(&create["id"]), create["type"].as_str()), (n, Some("MARKET_ORDER")));
    assert_eq!(create["clientExtensions"]["id"], "ord-1");
    assert_eq!(create["timeInForce"], "FOK");
    let fill = &told["orderFillTransaction"];
    assert_eq!((id(&fill["id"]), id(&fill["orderID"]), id(&fill["batchID"])), (n + 1, n, n));
    assert_eq!(fill["time"], create["time"]);
    for (name, value) in [
        ("units", "1000"),
        ("requestedUnits", "1000"),
        ("price", "1.08512"),
        ("fullVWAP", "1.08512"),
        ("pl", "0.0000"),
        ("accountBalance", "100000.0000"),
        ("halfSpreadCost", "0.0600"),
        ("reason", "MARKET_ORDER"),
        ("clientOrderID", "ord-1"),
    ] {
        assert_eq!(fill[name], value, "{name}");
    }
    let opened = &fill["tradeOpened"];
    assert_eq!((id(&opened["tradeID"]), opened["units"].as_str()), (n + 1, Some("1000")));
    assert_eq!(opened["clientExtensions"]["id"], "trd-1");
    // 1000 x 1.08506 x 0.0333
    assert_eq!(opened["initialMarginRequired"], "36.1325");
    assert_eq!(told["relatedTransactionIDs"], json!([n, n + 1, n + 2, n + 3].map(|id| id.to_string())));
    assert_eq!(id(&told["lastTransactionID"]), n + 3);
    assert!(
        got.headers.contains(&format!("location: /v3/accounts/101-001-7654321-001/orders/{n}")),
        "{}",
        got.headers
    );
    let number = got.headers.split("requestid: ").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(create["requestID"], number);
    let kinds = sim.kinds_since(before).await;
    let wanted = [
        "MARKET_ORDER CLIENT_ORDER",
        "ORDER_FILL MARKET_ORDER",
        "TAKE_PROFIT_ORDER ON_FILL",
        "STOP_LOSS_ORDER ON_FILL",
    ];
    assert_eq!(kinds, wanted);

    // The stop is hit: the target ends with the trade.
    let before = sim.last().await;
    sim.quote("EUR_USD", "1.07990", "1.08002");
    assert_eq!(
        sim.kinds_since(before).await,
        ["ORDER_FILL STOP_LOSS_ORDER", "ORDER_CANCEL LINKED_TRADE_CLOSED"]
    );
    let fill = &sim.since(before).await[0];
    assert_eq!((fill["pl"].as_str(), fill["accountBalance"].as_str()), (Some("-5.2200"), Some("99994.7800")));
    let closed = &fill["tradesClosed"][0];
    assert_eq!((id(&closed["tradeID"]), closed["clientTradeID"].as_str()), (n + 1, Some("trd-1")));
    assert_eq!(closed["units"], "-1000");
    let trade = sim.get(&format!("/trades/{}", n + 1)).await.ok();
    assert_eq!(
        (trade["trade"]["state"].as_str(), trade["trade"]["averageClosePrice"].as_str()),
        (Some("CLOSED"), Some("1.07990"))
    );
}

#[tokio::test]
async fn limits_stops_and_touches_wait_for_their_price() {
    let sim = Sim::start().await;
    for (kind, units, price, filled_at) in [
        ("LIMIT", "100", "1.08400", "1.08400"),
        ("STOP", "100", "1.08600", "1.08650"),
        ("MARKET_IF_TOUCHED", "-100", "1.08600", "1.08650"),
        ("MARKET_IF_TOUCHED", "-100", "1.08400", "1.08350"),
    ] {
        sim.price("EUR_USD", "1.08500");
        let told = Sim::made(&sim.post(&at_price(kind, "EUR_USD", units, price)).await);
        assert!(told["orderFillTransaction"].is_null(), "{told}");
        let order = told["orderCreateTransaction"]["id"].as_str().unwrap().to_owned();
        let pending = sim.get(&format!("/orders/{order}")).await.ok();
        assert_eq!(pending["order"]["state"], "PENDING");
        assert_eq!(sim.get("/pendingOrders").await.ok()["orders"].as_array().unwrap().len(), 1);
        let beyond = if filled_at > price { "1.08650" } else { "1.08350" };
        let before = sim.last().await;
        sim.price("EUR_USD", if filled_at == price { "1.08400" } else { beyond });
        let fill = &sim.since(before).await[0];
        assert_eq!(
            (fill["type"].as_str(), fill["price"].as_str()),
            (Some("ORDER_FILL"), Some(filled_at)),
            "{kind}"
        );
        assert_eq!(fill["orderID"], order.as_str());
        let done = sim.get(&format!("/orders/{order}")).await.ok();
        assert_eq!(
            (done["order"]["state"].as_str(), &done["order"]["fillingTransactionID"]),
            (Some("FILLED"), &fill["id"])
        );
    }
}

#[tokio::test]
async fn a_limit_that_the_market_has_passed_fills_at_the_market() {
    let sim = Sim::start().await;
    let told = Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "-100", "1.05000")).await);
    let fill = &told["orderFillTransaction"];
    assert_eq!((fill["price"].as_str(), fill["reason"].as_str()), (Some("1.08500"), Some("LIMIT_ORDER")));
}

#[tokio::test]
async fn bounds_kill_an_order_and_a_stop_that_gapped_through_its_own() {
    let sim = Sim::start().await;
    let told = Sim::made(&sim.post(&with(market("EUR_USD", "100"), &json!({"priceBound": "1.08000"}))).await);
    assert_eq!(told["orderCancelTransaction"]["reason"], "BOUNDS_VIOLATION");
    assert!(told["orderFillTransaction"].is_null());
    let stop = with(at_price("STOP", "EUR_USD", "100", "1.08600"), &json!({"priceBound": "1.08610"}));
    Sim::made(&sim.post(&stop).await);
    let before = sim.last().await;
    sim.price("EUR_USD", "1.08700");
    assert_eq!(sim.kinds_since(before).await, ["ORDER_CANCEL BOUNDS_VIOLATION"]);
}

#[tokio::test]
async fn a_trailing_stop_follows_the_price_and_never_goes_back() {
    let sim = Sim::start().await;
    let told = Sim::made(
        &sim.post(&with(
            market("EUR_USD", "100"),
            &json!({"trailingStopLossOnFill": {"distance": "0.00200"}}),
        ))
        .await,
    );
    let trade = told["orderFillTransaction"]["id"].as_str().unwrap().to_owned();
    let stop = |told: &Value| {
        told["trade"]["trailingStopLossOrder"]["trailingStopValue"].as_str().map(ToOwned::to_owned)
    };
    let path = format!("/trades/{trade}");
    assert_eq!(stop(&sim.get(&path).await.ok()).as_deref(), Some("1.08300"));
    sim.price("EUR_USD", "1.09000");
    assert_eq!(stop(&sim.get(&path).await.ok()).as_deref(), Some("1.08800"));
    sim.price("EUR_USD", "1.08850");
    assert_eq!(stop(&sim.get(&path).await.ok()).as_deref(), Some("1.08800"));
    let before = sim.last().await;
    sim.price("EUR_USD", "1.08790");
    let fill = &sim.since(before).await[0];
    assert_eq!(
        (fill["reason"].as_str(), fill["price"].as_str()),
        (Some("TRAILING_STOP_LOSS_ORDER"), Some("1.08790"))
    );
}

#[tokio::test]
async fn a_cancel_is_told_once_and_then_there_is_no_such_order() {
    let sim = Sim::start().await;
    let order =
        with(at_price("LIMIT", "EUR_USD", "100", "1.08000"), &json!({"clientExtensions": {"id": "ord/1 a"}}));
    Sim::made(&sim.post(&order).await);
    assert_eq!(sim.get("/orders/@ord%2F1%20a").await.ok()["order"]["state"], "PENDING");
    let told = sim.put("/orders/%40ord%2F1%20a/cancel", &Value::Null).await.ok();
    assert_eq!(
        (told["orderCancelTransaction"]["reason"].as_str(), &told["orderCancelTransaction"]["clientOrderID"]),
        (Some("CLIENT_REQUEST"), &json!("ord/1 a"))
    );
    let again = sim.put("/orders/@ord%2F1%20a/cancel", &Value::Null).await.no(404, "ORDER_DOESNT_EXIST");
    assert_eq!(again["orderCancelRejectTransaction"]["type"], "ORDER_CANCEL_REJECT");
    sim.get("/orders/@ord%2F1%20a").await.no(404, "NO_SUCH_ORDER");
}

#[tokio::test]
async fn a_name_is_free_again_after_a_fill_and_the_order_is_done_twice() {
    let sim = Sim::start().await;
    let order = with(market("EUR_USD", "100"), &json!({"clientExtensions": {"id": "same"}}));
    for _ in 0..2 {
        let told = Sim::made(&sim.post(&order).await);
        assert_eq!(told["orderFillTransaction"]["clientOrderID"], "same");
    }
    assert_eq!(sim.get("/positions/EUR_USD").await.ok()["position"]["long"]["units"], "200");
    let waits =
        with(at_price("LIMIT", "EUR_USD", "100", "1.08000"), &json!({"clientExtensions": {"id": "same"}}));
    Sim::made(&sim.post(&waits).await);
    let body = sim.post(&waits).await.no(400, "CLIENT_ORDER_ID_ALREADY_EXISTS");
    assert_eq!(body["orderRejectTransaction"]["type"], "LIMIT_ORDER_REJECT");
    assert_eq!(body["orderRejectTransaction"]["rejectReason"], "CLIENT_ORDER_ID_ALREADY_EXISTS");
}

#[tokio::test]
async fn a_replacement_is_a_new_order_that_keeps_the_name() {
    let sim = Sim::start().await;
    let order =
        with(at_price("LIMIT", "EUR_USD", "100", "1.08000"), &json!({"clientExtensions": {"id": "a"}}));
    let told = Sim::made(&sim.post(&order).await);
    let old = id(&told["orderCreateTransaction"]["id"]);
    let body = json!({"order": at_price("LIMIT", "EUR_USD", "200", "1.08100")});
    let got = sim.put(&format!("/orders/{old}"), &body).await;
    let told = Sim::made(&got);
    let (cancel, create) = (&told["orderCancelTransaction"], &told["orderCreateTransaction"]);
    assert_eq!(
        (cancel["reason"].as_str(), id(&cancel["replacedByOrderID"])),
        (Some("CLIENT_REQUEST_REPLACED"), old + 2)
    );
    assert_eq!(
        (create["reason"].as_str(), id(&create["replacesOrderID"]), id(&create["id"])),
        (Some("REPLACEMENT"), old, old + 2)
    );
    assert_eq!((&create["clientExtensions"]["id"], &create["batchID"]), (&json!("a"), &cancel["id"]));
    let body = json!({"order": at_price("STOP", "EUR_USD", "200", "1.09000")});
    sim.put(&format!("/orders/{}", old + 2), &body).await.no(400, "REPLACING_ORDER_INVALID");
    // What fills meanwhile cannot be replaced.
    sim.price("EUR_USD", "1.08050");
    let body = json!({"order": at_price("LIMIT", "EUR_USD", "200", "1.08200")});
    let body = sim.put("/orders/@a", &body).await.no(404, "ORDER_DOESNT_EXIST");
    assert_eq!(body["orderCancelRejectTransaction"]["type"], "ORDER_CANCEL_REJECT");
}

#[tokio::test]
async fn depth_kills_what_wants_all_and_fills_part_of_what_does_not() {
    let sim = Sim::with(|settings| settings.liquidity = 1_000_000.into()).await;
    let told = Sim::made(&sim.post(&market("EUR_USD", "1000001")).await);
    assert_eq!(told["orderCancelTransaction"]["reason"], "INSUFFICIENT_LIQUIDITY");
    let told =
        Sim::made(&sim.post(&with(market("EUR_USD", "1500000"), &json!({"timeInForce": "IOC"}))).await);
    let fill = &told["orderFillTransaction"];
    assert_eq!((fill["units"].as_str(), fill["requestedUnits"].as_str()), (Some("1000000"), Some("1500000")));
    assert!(told["orderCancelTransaction"].is_null(), "{told}");
    assert_eq!(sim.get("/pendingOrders").await.ok()["orders"], json!([]));
}

#[tokio::test]
async fn times_end_orders() {
    let sim = Sim::start().await;
    let gtd = json!({"timeInForce": "GTD", "gtdTime": "2026-03-10T15:00:00.000000000Z"});
    Sim::made(&sim.post(&with(at_price("LIMIT", "EUR_USD", "1", "1.0"), &gtd)).await);
    Sim::made(
        &sim.post(&with(at_price("LIMIT", "EUR_USD", "2", "1.0"), &json!({"timeInForce": "GFD"}))).await,
    );
    Sim::made(
        &sim.post(&with(at_price("LIMIT", "EUR_USD", "3", "1.0"), &json!({"timeInForce": "GTC"}))).await,
    );
    let before = sim.last().await;
    sim.go_to("2026-03-10T14:59:59Z");
    assert_eq!(sim.last().await, before);
    sim.go_to("2026-03-10T15:00:00Z");
    assert_eq!(sim.kinds_since(before).await, ["ORDER_CANCEL TIME_IN_FORCE_EXPIRED"]);
    // 17:00 in New York, which is in summer time since two days.
    sim.go_to("2026-03-10T20:59:59Z");
    assert_eq!(sim.last().await, before + 1);
    sim.go_to("2026-03-10T21:00:00Z");
    assert_eq!(sim.last().await, before + 2);
    let orders = sim.get("/orders?state=ALL").await.ok();
    let states: Vec<&str> =
        orders["orders"].as_array().unwrap().iter().map(|o| o["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["PENDING", "CANCELLED", "CANCELLED"]);
    assert_eq!(sim.get("/orders?count=1&instrument=EUR_USD").await.ok()["orders"][0]["units"], "3");
}
