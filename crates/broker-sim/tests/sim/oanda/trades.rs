//! Trades and positions: netting, hedging, the rules of the United States, and closing.

use broker_sim::oanda::Division;
use serde_json::{Value, json};

use super::wire::{Sim, market, with};

fn fill(told: &Value) -> &Value {
    &told["orderFillTransaction"]
}

#[tokio::test]
async fn an_opposite_order_closes_the_oldest_first_and_opens_the_rest() {
    let sim = Sim::start().await;
    let first = sim.market("EUR_USD", "300").await;
    sim.price("EUR_USD", "1.08600");
    let second = sim.market("EUR_USD", "200").await;
    sim.price("EUR_USD", "1.08700");
    let told = sim.market("EUR_USD", "-400").await;
    let fill_of = fill(&told);
    assert_eq!(fill_of["tradesClosed"][0]["tradeID"], fill(&first)["id"]);
    assert_eq!(fill_of["tradeReduced"]["tradeID"], fill(&second)["id"]);
    assert_eq!(fill_of["tradeReduced"]["units"], "-100");
    assert!(fill_of["tradeOpened"].is_null());
    // 300 x 0.002 and 100 x 0.001
    assert_eq!(fill_of["pl"], "0.7000");
    let told = sim.market("EUR_USD", "-250").await;
    assert_eq!(
        (fill(&told)["tradeOpened"]["units"].as_str(), fill(&told)["units"].as_str()),
        (Some("-150"), Some("-250"))
    );
    let position = sim.get("/positions/EUR_USD").await.ok()["position"].clone();
    assert_eq!(
        (position["long"]["units"].as_str(), position["short"]["units"].as_str()),
        (Some("0"), Some("-150"))
    );
    assert!(position["long"]["averagePrice"].is_null() && position["short"]["averagePrice"] == "1.08700");
    assert_eq!(position["pl"], "0.8000");
    assert_eq!(sim.get("/openTrades").await.ok()["trades"].as_array().unwrap().len(), 1);
    assert_eq!(sim.get("/trades?state=ALL").await.ok()["trades"].as_array().unwrap().len(), 3);
    assert_eq!(sim.get("/trades?state=CLOSED&count=1").await.ok()["trades"][0]["id"], fill(&second)["id"]);
}

#[tokio::test]
async fn on_a_hedging_account_long_and_short_stand_side_by_side() {
    let sim = Sim::with(|settings| settings.hedging = true).await;
    sim.market("EUR_USD", "300").await;
    let short = sim.market("EUR_USD", "-200").await;
    assert_eq!(fill(&short)["tradeOpened"]["units"], "-200");
    let position = sim.get("/openPositions").await.ok()["positions"][0].clone();
    assert_eq!(
        (position["long"]["units"].as_str(), position["short"]["units"].as_str()),
        (Some("300"), Some("-200"))
    );
    // The greater side binds: 300 x 1.085 x 0.0333
    assert_eq!(position["marginUsed"], "10.8392");
    let told =
        Sim::made(&sim.post(&with(market("EUR_USD", "-50"), &json!({"positionFill": "REDUCE_FIRST"}))).await);
    assert_eq!(fill(&told)["tradeReduced"]["units"], "-50");
}

#[tokio::test]
async fn in_the_united_states_sizes_differ_and_the_oldest_goes_first() {
    let sim = Sim::with(|settings| settings.division = Division::Us).await;
    let protected =
        |units: &str| with(market("EUR_USD", units), &json!({"stopLossOnFill": {"price": "1.07"}}));
    let first = Sim::made(&sim.post(&protected("100")).await);
    let told = Sim::made(&sim.post(&protected("100")).await);
    assert_eq!(told["orderCancelTransaction"]["reason"], "FIFO_VIOLATION_SAFEGUARD_VIOLATION");
    Sim::made(&sim.post(&protected("101")).await);
    let plain = sim.market("EUR_USD", "200").await;
    let same = sim.market("EUR_USD", "200").await;
    let trade = |told: &Value| fill(told)["id"].as_str().unwrap().to_owned();
    let body = json!({"takeProfit": {"price": "1.2"}});
    sim.put(&format!("/trades/{}/orders", trade(&same)), &body)
        .await
        .no(400, "TAKE_PROFIT_ORDER_WOULD_VIOLATE_FIFO_VIOLATION_SAFEGUARD");
    let told = sim.put(&format!("/trades/{}/close", trade(&same)), &json!({})).await.ok();
    assert_eq!(told["orderCancelTransaction"]["reason"], "FIFO_VIOLATION");
    let told = sim.put(&format!("/trades/{}/close", trade(&plain)), &json!({})).await.ok();
    assert_eq!(fill(&told)["reason"], "MARKET_ORDER_TRADE_CLOSE");
    let told = sim.put(&format!("/trades/{}/close", trade(&first)), &json!({"units": "40"})).await.ok();
    assert_eq!(fill(&told)["tradeReduced"]["units"], "-40");
}

#[tokio::test]
async fn a_trade_closes_in_part_and_whole_and_then_no_more() {
    let sim = Sim::start().await;
    let told = Sim::made(
        &sim.post(&with(market("EUR_USD", "-300"), &json!({"tradeClientExtensions": {"id": "t"}}))).await,
    );
    let trade = fill(&told)["id"].as_str().unwrap().to_owned();
    let path = format!("/trades/{trade}/close");
    for (units, code) in [
        ("301", "CLOSE_TRADE_UNITS_EXCEED_TRADE_SIZE"),
        ("0", "UNITS_INVALID"),
        ("1.5", "UNITS_PRECISION_EXCEEDED"),
    ] {
        let body = sim.put(&path, &json!({ "units": units })).await.no(400, code);
        assert_eq!(body["orderRejectTransaction"]["rejectReason"], code);
        assert!(body["lastTransactionID"].is_null(), "the 400 of a close has no ids");
    }
    sim.price("EUR_USD", "1.08400");
    let told = sim.put(&path, &json!({"units": "100"})).await.ok();
    let create = &told["orderCreateTransaction"];
    assert_eq!(
        (create["reason"].as_str(), create["units"].as_str(), create["timeInForce"].as_str()),
        (Some("TRADE_CLOSE"), Some("100"), Some("FOK"))
    );
    assert_eq!(create["tradeClose"], json!({"tradeID": trade, "units": "100", "clientTradeID": "t"}));
    assert_eq!(
        (fill(&told)["pl"].as_str(), fill(&told)["reason"].as_str()),
        (Some("0.1000"), Some("MARKET_ORDER_TRADE_CLOSE"))
    );
    let told = sim.put("/trades/@t/close", &Value::Null).await.ok();
    assert_eq!(fill(&told)["tradesClosed"][0]["tradeID"], trade.as_str());
    let body = sim.put(&path, &json!({"units": "ALL"})).await.no(404, "TRADE_DOESNT_EXIST");
    assert_eq!(body["orderRejectTransaction"]["type"], "MARKET_ORDER_REJECT");
    assert_eq!(sim.summary().await["balance"], "100000.3000");
}

#[tokio::test]
async fn a_trade_gets_other_protection_and_loses_it() {
    let sim = Sim::start().await;
    let told = sim.market("EUR_USD", "300").await;
    let trade = fill(&told)["id"].as_str().unwrap().to_owned();
    let path = format!("/trades/{trade}/orders");
    let told = sim
        .put(&path, &json!({"takeProfit": {"price": "1.1"}, "stopLoss": {"distance": "0.005"}}))
        .await
        .ok();
    assert_eq!(told["takeProfitOrderTransaction"]["type"], "TAKE_PROFIT_ORDER");
    assert_eq!(told["stopLossOrderTransaction"]["price"], "1.08000");
    let told = sim.put(&path, &json!({"takeProfit": {"price": "1.2"}, "stopLoss": null})).await.ok();
    assert_eq!(told["takeProfitOrderCancelTransaction"]["reason"], "CLIENT_REQUEST_REPLACED");
    assert_eq!(told["takeProfitOrderTransaction"]["reason"], "REPLACEMENT");
    assert_eq!(told["stopLossOrderCancelTransaction"]["reason"], "CLIENT_REQUEST");
    let trade_told = sim.get(&format!("/trades/{trade}")).await.ok()["trade"].clone();
    assert_eq!(trade_told["takeProfitOrder"]["price"], "1.2");
    assert!(trade_told["stopLossOrder"].is_null());
    let body = json!({"stopLoss": {"price": "1.0700001"}});
    let body = sim.put(&path, &body).await.no(400, "PRICE_PRECISION_EXCEEDED");
    assert_eq!(body["stopLossOrderRejectTransaction"]["rejectReason"], "PRICE_PRECISION_EXCEEDED");
    let stop = json!({"type": "STOP_LOSS", "tradeID": trade, "price": "1.07"});
    Sim::made(&sim.post(&stop).await);
    sim.post(&stop).await.no(400, "STOP_LOSS_ORDER_ALREADY_EXISTS");
    // A target that the market has reached fills at once.
    let told = sim.put(&path, &json!({"takeProfit": {"price": "1.085"}})).await.ok();
    assert_eq!(told["takeProfitOrderFillTransaction"]["reason"], "TAKE_PROFIT_ORDER");
    assert_eq!(sim.get("/pendingOrders").await.ok()["orders"], json!([]));
}

#[tokio::test]
async fn a_position_closes_by_its_held_side() {
    let sim = Sim::start().await;
    let body = sim
        .put("/positions/EUR_USD/close", &json!({"longUnits": "ALL"}))
        .await
        .no(404, "CLOSEOUT_POSITION_DOESNT_EXIST");
    assert_eq!(body["longOrderRejectTransaction"]["type"], "MARKET_ORDER_REJECT");
    sim.market("EUR_USD", "-300").await;
    sim.market("EUR_USD", "-200").await;
    let both = json!({"longUnits": "ALL", "shortUnits": "ALL"});
    sim.put("/positions/EUR_USD/close", &both).await.no(400, "CLOSEOUT_POSITION_DOESNT_EXIST");
    let told =
        sim.put("/positions/EUR_USD/close", &json!({"longUnits": "NONE", "shortUnits": "350"})).await.ok();
    let fill = &told["shortOrderFillTransaction"];
    assert_eq!(
        (fill["reason"].as_str(), fill["units"].as_str()),
        (Some("MARKET_ORDER_POSITION_CLOSEOUT"), Some("350"))
    );
    assert_eq!(
        told["shortOrderCreateTransaction"]["shortPositionCloseout"],
        json!({"instrument": "EUR_USD", "units": "350"})
    );
    sim.put("/positions/EUR_USD/close", &json!({"shortUnits": "ALL", "longUnits": "NONE"})).await.ok();
    let position = sim.get("/positions/EUR_USD").await.ok();
    assert_eq!(position["position"]["short"]["units"], "0");
    assert_eq!(sim.get("/openPositions").await.ok()["positions"], json!([]));
}

#[tokio::test]
async fn names_of_orders_and_trades_change() {
    let sim = Sim::start().await;
    let told = sim.market("EUR_USD", "300").await;
    let trade = fill(&told)["id"].as_str().unwrap().to_owned();
    let body = json!({"clientExtensions": {"id": "t", "tag": "g"}});
    let told = sim.put(&format!("/trades/{trade}/clientExtensions"), &body).await.ok();
    assert_eq!(told["tradeClientExtensionsModifyTransaction"]["tradeClientExtensionsModify"]["id"], "t");
    assert_eq!(sim.get("/trades/@t").await.ok()["trade"]["id"], trade.as_str());
    sim.put("/trades/77/clientExtensions", &body).await.no(404, "TRADE_DOESNT_EXIST");
    let told =
        Sim::made(&sim.post(&json!({"type": "TAKE_PROFIT", "clientTradeID": "t", "price": "1.2"})).await);
    let order = told["orderCreateTransaction"]["id"].as_str().unwrap().to_owned();
    let body = json!({"clientExtensions": {"id": "o"}});
    let told = sim.put(&format!("/orders/{order}/clientExtensions"), &body).await.ok();
    assert_eq!(told["orderClientExtensionsModifyTransaction"]["clientExtensionsModify"]["id"], "o");
    assert_eq!(sim.get("/orders/@o").await.ok()["order"]["id"], order.as_str());
    let told = sim.put("/orders/77/clientExtensions", &body).await.no(404, "ORDER_DOESNT_EXIST");
    assert_eq!(
        told["orderClientExtensionsModifyRejectTransaction"]["type"],
        "ORDER_CLIENT_EXTENSIONS_MODIFY_REJECT"
    );
}
