//! Pairs of coins: other names, other times in force, fees in kind.

use serde_json::json;

use crate::wire::{Sim, at, order};

#[tokio::test]
async fn the_fee_of_a_purchase_is_kept_in_coins() {
    let sim = Sim::start().await;
    let made = sim.post(&order("BTC/USD", "buy", "0.1", "market", "gtc", &json!({}))).await.ok();
    let now = sim.order(&made).await;
    assert_eq!((&now["symbol"], &now["filled_qty"]), (&json!("BTC/USD"), &json!("0.1")));
    let position = sim.get("/v2/positions/BTCUSD").await.ok();
    assert_eq!((&position["symbol"], &position["qty"]), (&json!("BTCUSD"), &json!("0.09975")));
    assert_eq!(sim.get("/v2/account").await.ok()["cash"], "90500");
    let much = sim.post(&order("BTC/USD", "sell", "0.1", "market", "gtc", &json!({}))).await;
    much.refused(403, 40_310_000, "insufficient balance for BTC (requested: 0.1, available: 0.09975)");
    sim.post(&order("BTCUSD", "sell", "0.09975", "market", "gtc", &json!({}))).await.ok();
    assert_eq!(sim.get("/v2/positions").await.ok(), json!([]));
    // The sale's fee is kept in dollars: 9476.25 less 23.690625.
    assert_eq!(sim.get("/v2/account").await.ok()["cash"], "99952.56");
    // Fees are posted when the day is over.
    assert_eq!(sim.get("/v2/account/activities/CFEE").await.ok(), json!([]));
    sim.control.set_time(at("2026-11-21T00:00:00Z")).unwrap();
    let fees = sim.get("/v2/account/activities/CFEE").await.ok();
    assert_eq!((&fees[0]["qty"], &fees[0]["symbol"]), (&json!("-0.00025"), &json!("BTCUSD")));
}

#[tokio::test]
async fn coins_have_rules_of_their_own() {
    let sim = Sim::start().await;
    let day = sim.post(&order("BTC/USD", "buy", "0.1", "market", "day", &json!({}))).await;
    day.refused(422, 42_210_000, "invalid crypto time_in_force");
    let small = json!({"symbol": "BTC/USD", "notional": "9.99", "side": "buy", "type": "market", "time_in_force": "gtc"});
    sim.post(&small).await.refused(403, 40_310_000, "cost basis must be >= minimal amount of order 10");
    let long = sim.post(&order("BTC/USD", "buy", "0.00123456789999", "market", "ioc", &json!({}))).await.ok();
    assert_eq!(long["qty"], "0.001234567", "what is too fine is cut off");
    // Coins trade at night.
    sim.control.set_market(broker_sim::core::Market::Closed);
    let made = sim
        .post(&order("BTC/USD", "buy", "0.1", "limit", "gtc", &json!({"limit_price": "95000"})))
        .await
        .ok();
    assert_eq!(sim.order(&made).await["status"], "filled");
    let asset = sim.get("/v2/assets/BTC%2FUSD").await.ok();
    assert_eq!((&asset["class"], &asset["min_trade_increment"]), (&json!("crypto"), &json!("0.000000001")));
    let quotes = sim.raw("GET", "/v1beta3/crypto/us/latest/quotes?symbols=BTC/USD", "", "").await.unwrap();
    assert_eq!(quotes.ok()["quotes"]["BTC/USD"]["ap"], 95000);
}
