//! What is refused, with its exact status, code and words.

use serde_json::{Value, json};

use crate::wire::{Sim, order};

fn market(symbol: &str, side: &str, qty: &str) -> Value {
    order(symbol, side, qty, "market", "day", &json!({}))
}

#[tokio::test]
async fn credentials_must_be_there_and_may_be_any() {
    let sim = Sim::start().await;
    let none = sim.raw("GET", "/v2/account", "", "").await.unwrap();
    none.refused(401, 40_110_000, "request is not authorized");
    let half = sim.raw("GET", "/v2/account", "apca-api-key-id: PK\r\n", "").await.unwrap();
    assert_eq!(half.status, 401);
    for header in ["authorization: Bearer abc\r\n", "authorization: Basic YTpi\r\n"] {
        assert_eq!(sim.raw("GET", "/v2/account", header, "").await.unwrap().status, 200, "{header}");
    }
}

#[tokio::test]
async fn an_id_names_one_order_for_ever() {
    let sim = Sim::start().await;
    let mine =
        |qty: &str| order("AAPL", "buy", qty, "market", "day", &json!({"client_order_id": "mine.1:A_b"}));
    let made = sim.post(&mine("1")).await.ok();
    assert_eq!(sim.order(&made).await["status"], "filled");
    sim.post(&mine("2")).await.refused(422, 40_010_001, "client_order_id must be unique");
    let found = sim.get("/v2/orders:by_client_order_id?client_order_id=mine.1%3AA_b").await.ok();
    assert_eq!(found["id"], made["id"]);
    let none = sim.get("/v2/orders:by_client_order_id?client_order_id=other").await;
    none.refused(404, 40_410_000, "order not found for other");
    let long = order("AAPL", "buy", "1", "market", "day", &json!({"client_order_id": "x".repeat(129)}));
    assert_eq!(sim.post(&long).await.status, 422);

    let forgetful = Sim::with(|settings| settings.quirks.ids_come_back = true).await;
    forgetful.post(&mine("1")).await.ok();
    forgetful.post(&mine("2")).await.ok();
}

#[tokio::test]
async fn the_form_of_an_order() {
    let sim = Sim::start().await;
    let nothing = sim.send("POST", "/v2/orders", "{").await.unwrap();
    nothing.refused(400, 40_010_000, "request body format is invalid");
    let cases = [
        (json!({"qty": null}), 422, 40_010_001, "qty or notional is required"),
        (json!({"notional": "10"}), 400, 40_010_000, "only one of qty or notional is accepted"),
        (json!({"qty": "-1"}), 422, 40_010_001, "qty must be > 0"),
        (json!({"side": "up"}), 422, 40_010_001, "invalid side: up"),
        (json!({"limit_price": "1"}), 422, 40_010_001, "market orders require no limit price"),
        (
            json!({"type": "stop_limit", "stop_price": "1"}),
            422,
            40_010_001,
            "stop limit orders require limit price",
        ),
        (
            json!({"order_class": "bracket", "stop_loss": {"stop_price": "1"}}),
            422,
            40_010_001,
            "bracket orders require take_profit.limit_price",
        ),
        (json!({"symbol": "NONE"}), 422, 42_210_000, "asset \"NONE\" not found"),
        (
            json!({"time_in_force": "gtc", "qty": "0.5"}),
            422,
            42_210_000,
            "fractional orders must be DAY orders",
        ),
        (
            json!({"qty": "0.5", "order_class": "oto", "stop_loss": {"stop_price": "190"}}),
            422,
            42_210_000,
            "fractional orders must be simple orders",
        ),
        (
            json!({"qty": null, "notional": "10.001"}),
            422,
            42_210_000,
            "notional value must be limited to 2 decimal places",
        ),
        (
            json!({"qty": null, "notional": "10", "type": "limit", "limit_price": "1"}),
            422,
            42_210_000,
            "notional orders must be market orders",
        ),
        (
            json!({"type": "limit", "limit_price": "290.123"}),
            422,
            42_210_000,
            "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria",
        ),
        (
            json!({"extended_hours": true}),
            422,
            42_210_000,
            "extended hours order must be DAY or GTC limit orders",
        ),
        (
            json!({"type": "stop", "stop_price": "190"}),
            422,
            42_210_000,
            "stop price must be greater than current price",
        ),
    ];
    for (change, status, code, message) in cases {
        let body = order("AAPL", "buy", "1", "market", "day", &change);
        sim.post(&body).await.refused(status, code, message);
    }
    // Numbers may come as numbers; below a dollar there are four places.
    let penny = json!({"symbol": "PENNY", "qty": 100, "limit_price": 0.9712, "type": "limit"});
    sim.post(&order("PENNY", "buy", "1", "limit", "day", &penny)).await.ok();
    assert_eq!(sim.control.truth()["refused"].as_array().unwrap().len(), 16);
}

#[tokio::test]
async fn money_and_shares_must_be_there() {
    let sim = Sim::start().await;
    let much = sim.post(&market("AAPL", "buy", "2001")).await;
    let body = much.refused(403, 40_310_000, "insufficient buying power");
    assert_eq!((&body["buying_power"], &body["cost_basis"]), (&json!("400000"), &json!("400200")));
    let little = sim.post(&market("PENNY", "buy", "1")).await;
    little.refused(403, 40_310_000, "cost basis must be >= minimal amount of order 1");
    sim.buy("AAPL", "10").await;
    let over = sim.post(&market("AAPL", "sell", "23")).await;
    let message = "insufficient qty available for order (requested: 23, available: 10)";
    let body = over.refused(403, 40_310_000, message);
    assert_eq!(
        (&body["existing_qty"], &body["held_for_orders"], &body["symbol"]),
        (&json!("10"), &json!("0"), &json!("AAPL"))
    );
    let cash = Sim::with(|settings| settings.cash = 1000.into()).await;
    cash.post(&market("AAPL", "buy", "6")).await.refused(403, 40_310_000, "insufficient buying power");
    cash.post(&market("AAPL", "sell", "1")).await.refused(403, 40_310_000, "account is not allowed to short");
}

#[tokio::test]
async fn no_trade_with_oneself() {
    let sim = Sim::start().await;
    let limit =
        |side: &str, price: &str| order("AAPL", side, "1", "limit", "day", &json!({"limit_price": price}));
    let low = sim.post(&limit("buy", "190")).await.ok();
    sim.post(&market("AAPL", "sell", "1")).await.refused(
        403,
        40_310_000,
        "cannot open a short sell while a long buy order is open",
    );
    sim.buy("AAPL", "5").await;
    let body = sim.post(&market("AAPL", "sell", "1")).await.refused(
        403,
        40_310_000,
        "potential wash trade detected. use complex orders",
    );
    assert_eq!(body["existing_order_id"], low["id"]);
    assert_eq!(body["reject_reason"], "opposite side market/stop order exists");
    assert_eq!(sim.post(&limit("sell", "190")).await.status, 403);
    sim.post(&limit("sell", "210")).await.ok();
    // Groups may.
    let oco = json!({"order_class": "oco", "take_profit": {"limit_price": "220"}, "stop_loss": {"stop_price": "180"}});
    sim.post(&order("AAPL", "sell", "2", "limit", "gtc", &oco)).await.ok();
    let old = Sim::with(|settings| settings.quirks.wash_trade_status = 422).await;
    old.buy("AAPL", "5").await;
    old.post(&limit("buy", "190")).await.ok();
    let sale = old.post(&market("AAPL", "sell", "1")).await;
    sale.refused(422, 42_210_000, "potential wash trade detected. use complex orders");
}

#[tokio::test]
async fn assets_decide_what_may_be_done_with_them() {
    let sim = Sim::with(|settings| {
        let usual = broker_sim::alpaca::Asset::usual;
        let whole = broker_sim::alpaca::Asset { fractionable: false, shortable: false, ..usual("MSFT") };
        let halted = broker_sim::alpaca::Asset { tradable: false, ..usual("AAPL") };
        let gone = broker_sim::alpaca::Asset { active: false, ..usual("GONE") };
        settings.assets = vec![whole, halted, gone];
    })
    .await;
    sim.post(&market("MSFT", "buy", "0.5")).await.refused(
        403,
        40_310_000,
        "asset \"MSFT\" is not fractionable",
    );
    sim.post(&market("MSFT", "sell", "1")).await.refused(
        422,
        42_210_000,
        "asset \"MSFT\" cannot be sold short",
    );
    sim.post(&market("AAPL", "buy", "1")).await.refused(422, 42_210_000, "asset AAPL is not tradable");
    sim.post(&market("GONE", "buy", "1")).await.refused(422, 42_210_000, "asset GONE is not active");
    sim.get("/v2/assets/NONE").await.refused(404, 40_410_000, "asset not found for NONE");
    let active = sim.get("/v2/assets?status=active&asset_class=us_equity").await.ok();
    assert_eq!(active.as_array().unwrap().len(), 3);
    sim.send("PATCH", "/v2/account/configurations", r#"{"suspend_trade":true}"#).await.unwrap().ok();
    assert_eq!(sim.post(&market("MSFT", "buy", "1")).await.status, 403);
    assert_eq!(sim.get("/v2/account").await.ok()["trade_suspended_by_user"], true);
}

#[tokio::test]
async fn legs_must_lie_on_their_sides() {
    let sim = Sim::start().await;
    let bracket = |profit: &str, stop: &str| {
        let legs = json!({"order_class": "bracket", "take_profit": {"limit_price": profit}, "stop_loss": {"stop_price": stop}});
        order("AAPL", "buy", "1", "market", "day", &legs)
    };
    let crossed = sim.post(&bracket("190", "195")).await;
    crossed.refused(422, 42_210_000, "take_profit.limit_price must be > stop_loss.stop_price");
    let high = sim.post(&bracket("220", "200")).await;
    let body = high.refused(422, 42_210_000, "stop_loss.stop_price must be <= base_price - 0.01");
    assert_eq!(body["base_price"], "200");
    let low = sim.post(&bracket("200", "190")).await;
    low.refused(422, 42_210_000, "take_profit.limit_price must be >= base_price + 0.01");
    sim.buy("AAPL", "5").await;
    let mut exit = bracket("190", "220");
    exit["side"] = json!("sell");
    sim.post(&exit).await.refused(422, 42_210_000, "bracket orders must be entry orders");
}

#[tokio::test]
async fn too_many_requests() {
    let sim = Sim::with(|settings| settings.rate_limit = 2).await;
    let first = sim.get("/v2/account").await;
    assert!(
        first.headers.contains("x-ratelimit-limit: 2\r\nx-ratelimit-remaining: 1\r\n"),
        "{}",
        first.headers
    );
    sim.get("/v2/account").await.ok();
    let third = sim.post(&market("AAPL", "buy", "1")).await;
    third.refused(429, 42_910_000, "too many requests.");
    assert!(third.headers.contains("x-ratelimit-remaining: 0"), "{}", third.headers);
    assert_eq!(sim.control.truth()["orders"], json!([]));
    sim.control.step(chrono::TimeDelta::minutes(1)).unwrap();
    sim.get("/v2/account").await.ok();
}
