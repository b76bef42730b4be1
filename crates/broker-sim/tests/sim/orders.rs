//! The life of each kind of order.

use serde_json::json;

use crate::wire::{Sim, decimal, order};

#[tokio::test]
async fn a_market_order_is_pending_then_filled_and_becomes_a_position() {
    let sim = Sim::start().await;
    let made = sim.buy("AAPL", "10").await;
    assert_eq!(made["status"], "pending_new");
    assert_eq!(
        (&made["qty"], &made["filled_qty"], &made["notional"]),
        (&json!("10"), &json!("0"), &json!(null))
    );
    assert_eq!(made["expires_at"], "2026-11-20T21:00:00.000000000Z");
    assert_eq!(made["position_intent"], "buy_to_open");
    let now = sim.order(&made).await;
    assert_eq!((&now["status"], &now["filled_avg_price"]), (&json!("filled"), &json!("200")));
    let position = sim.get("/v2/positions/AAPL").await.ok();
    assert_eq!((&position["qty"], &position["qty_available"]), (&json!("10"), &json!("10")));
    assert_eq!((&position["side"], &position["cost_basis"]), (&json!("long"), &json!("2000")));
    let account = sim.get("/v2/account").await.ok();
    assert_eq!((&account["cash"], &account["equity"]), (&json!("98000"), &json!("100000")));
    assert_eq!(account["multiplier"], "4");
    assert_eq!(account["account_number"].as_str().map(|number| &number[..2]), Some("PA"));
}

#[tokio::test]
async fn a_limit_order_waits_for_its_price_and_gives_its_money_back_when_it_is_cancelled() {
    let sim = Sim::start().await;
    let power = |account: &serde_json::Value| decimal(account["buying_power"].as_str().unwrap());
    let before = power(&sim.get("/v2/account").await.ok());
    let made =
        sim.post(&order("AAPL", "buy", "10", "limit", "day", &json!({"limit_price": "190"}))).await.ok();
    assert_eq!(sim.order(&made).await["status"], "new");
    assert_eq!(before - power(&sim.get("/v2/account").await.ok()), decimal("1900"));
    let id = made["id"].as_str().unwrap();
    let cancelled = sim.delete(&format!("/v2/orders/{id}")).await;
    assert_eq!((cancelled.status, cancelled.text.as_str()), (204, ""));
    assert_eq!(sim.order(&made).await["status"], "canceled");
    assert_eq!(power(&sim.get("/v2/account").await.ok()), before);
    // Once more is no error; an order that filled is.
    assert_eq!(sim.delete(&format!("/v2/orders/{id}")).await.status, 204);
    let filled =
        sim.post(&order("AAPL", "buy", "1", "limit", "day", &json!({"limit_price": "201"}))).await.ok();
    assert_eq!(sim.order(&filled).await["filled_avg_price"], "200");
    let late = sim.delete(&format!("/v2/orders/{}", filled["id"].as_str().unwrap())).await;
    late.refused(422, 42_210_000, "order is already in \"filled\" state");
}

#[tokio::test]
async fn stops_wake_at_their_price() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "10").await;
    let stop = sim.post(&order("AAPL", "sell", "4", "stop", "gtc", &json!({"stop_price": "190"}))).await.ok();
    let limited = json!({"stop_price": "189", "limit_price": "188.5"});
    let stop_limit = sim.post(&order("AAPL", "sell", "4", "stop_limit", "gtc", &limited)).await.ok();
    assert_eq!(sim.get("/v2/positions/AAPL").await.ok()["qty_available"], "2");
    sim.price("AAPL", "190.01");
    assert_eq!(sim.order(&stop).await["status"], "new");
    sim.price("AAPL", "188");
    assert_eq!(sim.order(&stop).await["filled_avg_price"], "188");
    // Awake, and its limit is not met before the price comes back.
    assert_eq!(sim.order(&stop_limit).await["status"], "new");
    sim.price("AAPL", "188.6");
    assert_eq!(sim.order(&stop_limit).await["filled_avg_price"], "188.6");
}

#[tokio::test]
async fn a_stop_that_buys_does_not_pay_any_price() {
    let sim = Sim::start().await;
    let stop = sim.post(&order("AAPL", "buy", "4", "stop", "day", &json!({"stop_price": "210"}))).await.ok();
    sim.price("AAPL", "216");
    // 210 and 2.5 percent are 215.25.
    assert_eq!(sim.order(&stop).await["status"], "new");
    sim.price("AAPL", "215");
    assert_eq!(sim.order(&stop).await["filled_avg_price"], "215");
}

#[tokio::test]
async fn a_trailing_stop_follows_and_never_goes_back() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "10").await;
    let five = json!({"trail_percent": "5"});
    let trail = sim.post(&order("AAPL", "sell", "10", "trailing_stop", "gtc", &five)).await.ok();
    assert_eq!((&trail["hwm"], &trail["stop_price"]), (&json!("200"), &json!("190")));
    for (price, hwm, stop) in [("220", "220", "209"), ("210", "220", "209"), ("225", "225", "213.75")] {
        sim.price("AAPL", price);
        let now = sim.order(&trail).await;
        assert_eq!(
            (&now["hwm"], &now["stop_price"], &now["status"]),
            (&json!(hwm), &json!(stop), &json!("new"))
        );
    }
    let changed = sim.patch(&trail, &json!({"trail": "4"})).await.ok();
    assert_eq!(sim.order(&changed).await["stop_price"], "216");
    sim.price("AAPL", "215.5");
    assert_eq!(sim.order(&changed).await["filled_avg_price"], "215.5");
}

#[tokio::test]
async fn immediate_orders_fill_or_end() {
    let sim = Sim::start().await;
    let below = json!({"limit_price": "190"});
    for tif in ["ioc", "fok"] {
        let made = sim.post(&order("AAPL", "buy", "1", "limit", tif, &below)).await.ok();
        assert_eq!(sim.order(&made).await["status"], "canceled", "{tif}");
    }
    let sim = Sim::with(|settings| settings.quirks.immediate_rest_expires = true).await;
    let rule = r#"{"request":{"method":"POST","path":"/v2/orders","do":{"partial_fill":{"qty":"3"}}}}"#;
    sim.control.fault_lines(rule).unwrap();
    let made = sim.post(&order("AAPL", "buy", "10", "market", "ioc", &json!({}))).await.ok();
    let now = sim.order(&made).await;
    assert_eq!((&now["status"], &now["filled_qty"]), (&json!("expired"), &json!("3")));
}

#[tokio::test]
async fn parts_of_shares_and_sums_of_money() {
    let sim = Sim::start().await;
    let bought = sim.post(&order("AAPL", "buy", "0.5", "market", "day", &json!({}))).await.ok();
    assert_eq!(sim.order(&bought).await["filled_qty"], "0.5");
    let money =
        json!({"symbol": "MSFT", "notional": "25", "side": "buy", "type": "market", "time_in_force": "day"});
    let made = sim.post(&money).await.ok();
    assert_eq!((&made["qty"], &made["notional"]), (&json!(null), &json!("25")));
    let now = sim.order(&made).await;
    assert_eq!((&now["status"], &now["filled_qty"]), (&json!("filled"), &json!("0.057971014")));
    for (kind, more) in [("stop", json!({"stop_price": "190"})), ("limit", json!({"limit_price": "210"}))] {
        let sold = sim.post(&order("AAPL", "sell", "0.01", kind, "day", &more)).await;
        assert_eq!(sold.status, 200, "{kind}: {}", sold.text);
    }
}

#[tokio::test]
async fn a_short_sale_is_negative_everywhere() {
    let sim = Sim::start().await;
    let made = sim.post(&order("AAPL", "sell", "30", "market", "day", &json!({}))).await.ok();
    assert_eq!(made["position_intent"], "sell_to_open");
    let position = sim.get("/v2/positions/AAPL").await.ok();
    let seen =
        ["qty", "qty_available", "side", "market_value", "cost_basis"].map(|name| position[name].clone());
    assert_eq!(seen, [json!("-30"), json!("-30"), json!("short"), json!("-6000"), json!("-6000")]);
    assert_eq!(sim.get("/v2/account").await.ok()["cash"], "106000");
    sim.price("AAPL", "190");
    let closed = sim.delete("/v2/positions/AAPL").await.ok();
    assert_eq!((&closed["side"], &closed["position_intent"]), (&json!("buy"), &json!("buy_to_close")));
    assert_eq!(sim.get("/v2/account").await.ok()["cash"], "100300");
    sim.get("/v2/positions/AAPL").await.refused(404, 40_410_000, "position does not exist");
}

#[tokio::test]
async fn a_replacement_is_another_order() {
    let sim = Sim::start().await;
    let first =
        sim.post(&order("AAPL", "buy", "10", "limit", "day", &json!({"limit_price": "190"}))).await.ok();
    let unchanged = sim.patch(&first, &json!({"limit_price": "190"})).await;
    unchanged.refused(403, 40_310_000, "order parameters are not changed");
    let change = json!({"limit_price": "191", "client_order_id": "second"});
    let second = sim.patch(&first, &change).await.ok();
    assert_eq!((&second["replaces"], &second["client_order_id"]), (&first["id"], &json!("second")));
    assert_eq!(second["created_at"], first["created_at"]);
    let old = sim.order(&first).await;
    assert_eq!((&old["status"], &old["replaced_by"]), (&json!("replaced"), &second["id"]));
    assert_eq!(sim.order(&second).await["status"], "new");
    sim.price("AAPL", "190.5");
    assert_eq!(sim.order(&second).await["status"], "filled");
    sim.patch(&second, &json!({"qty": "20"})).await.refused(
        422,
        42_210_000,
        "order is already in \"filled\" state",
    );
}

#[tokio::test]
async fn a_replacement_that_comes_too_late_is_rejected() {
    let sim = Sim::with(|settings| settings.quirks.route_after = chrono::TimeDelta::seconds(2)).await;
    let first =
        sim.post(&order("AAPL", "buy", "10", "limit", "day", &json!({"limit_price": "190"}))).await.ok();
    sim.patch(&first, &json!({"limit_price": "191"})).await.refused(
        422,
        42_210_000,
        "cannot replace order in pending_new status",
    );
    sim.control.step(chrono::TimeDelta::seconds(2)).unwrap();
    let second = sim.patch(&first, &json!({"limit_price": "191"})).await.ok();
    sim.price("AAPL", "189");
    assert_eq!(sim.order(&first).await["status"], "filled");
    sim.control.step(chrono::TimeDelta::seconds(2)).unwrap();
    assert_eq!(sim.order(&second).await["status"], "rejected");
    assert_eq!(sim.get("/v2/positions/AAPL").await.ok()["qty"], "10");
}

#[tokio::test]
async fn a_cancel_may_lose_its_race_or_never_end() {
    let sim = Sim::with(|settings| settings.quirks.cancel_after = chrono::TimeDelta::seconds(1)).await;
    let made =
        sim.post(&order("AAPL", "buy", "10", "limit", "day", &json!({"limit_price": "190"}))).await.ok();
    let path = format!("/v2/orders/{}", made["id"].as_str().unwrap());
    assert_eq!(sim.delete(&path).await.status, 204);
    assert_eq!(sim.order(&made).await["status"], "pending_cancel");
    sim.delete(&path).await.refused(422, 42_210_000, "order pending cancel");
    sim.price("AAPL", "190");
    assert_eq!(sim.order(&made).await["status"], "filled");
    sim.control.step(chrono::TimeDelta::seconds(2)).unwrap();
    assert_eq!(sim.order(&made).await["status"], "filled");

    let stuck = Sim::with(|settings| settings.quirks.cancels_stick = true).await;
    let made =
        stuck.post(&order("AAPL", "buy", "10", "limit", "day", &json!({"limit_price": "190"}))).await.ok();
    stuck.delete(&format!("/v2/orders/{}", made["id"].as_str().unwrap())).await;
    stuck.control.step(chrono::TimeDelta::hours(1)).unwrap();
    assert_eq!(stuck.order(&made).await["status"], "pending_cancel");
}
