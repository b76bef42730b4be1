//! The hours of the market: weekends, the break of the day, a pair that is halted, bars that are played.

use broker_sim::core::Market;
use serde_json::json;

use super::wire::{Sim, at_price, market, with};
use crate::wire::at;

fn calendar(settings: &mut broker_sim::oanda::Settings) {
    settings.market = Market::Calendar;
    // A Friday afternoon, an hour before the close.
    settings.clock = broker_sim::core::Clock::Stepped(at("2026-03-13T20:00:00Z"));
}

#[tokio::test]
async fn on_weekends_market_orders_are_killed_and_others_wait() {
    let sim = Sim::with(calendar).await;
    Sim::made(
        &sim.post(&with(at_price("LIMIT", "EUR_USD", "100", "1.08000"), &json!({"timeInForce": "GFD"})))
            .await,
    );
    sim.go_to("2026-03-13T21:00:00Z");
    assert_eq!(sim.get("/pendingOrders").await.ok()["orders"], json!([]), "the day is over");
    let told = Sim::made(&sim.post(&market("EUR_USD", "100")).await);
    assert_eq!(told["orderCancelTransaction"]["reason"], "MARKET_HALTED");
    let price = sim.get("/pricing?instruments=EUR_USD").await.ok()["prices"][0].clone();
    assert_eq!(
        (price["tradeable"].as_bool(), price["status"].as_str()),
        (Some(false), Some("non-tradeable"))
    );
    let told = Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "100", "1.09000")).await);
    assert!(told["orderFillTransaction"].is_null(), "{told}");
    let before = sim.last().await;
    // Sunday, 17:00 in New York.
    sim.go_to("2026-03-15T20:59:59Z");
    assert_eq!(sim.last().await, before);
    sim.go_to("2026-03-15T21:00:00Z");
    assert_eq!(sim.kinds_since(before).await, ["ORDER_FILL LIMIT_ORDER"]);
    // The break of Monday.
    sim.go_to("2026-03-16T20:58:00Z");
    let told = Sim::made(&sim.post(&market("EUR_USD", "100")).await);
    assert_eq!(told["orderCancelTransaction"]["reason"], "MARKET_HALTED");
    sim.go_to("2026-03-16T21:03:00Z");
    assert!(Sim::made(&sim.post(&market("EUR_USD", "100")).await)["orderFillTransaction"].is_object());
}

#[tokio::test]
async fn one_pair_is_halted_while_others_trade() {
    let sim = Sim::start().await;
    Sim::made(&sim.post(&at_price("STOP", "EUR_USD", "100", "1.09000")).await);
    sim.control.halt("EUR_USD", true).unwrap();
    let told = Sim::made(&sim.post(&market("EUR_USD", "100")).await);
    assert_eq!(told["orderCancelTransaction"]["reason"], "MARKET_HALTED");
    sim.market("GBP_USD", "100").await;
    let before = sim.last().await;
    sim.price("EUR_USD", "1.09500");
    assert_eq!(sim.last().await, before);
    sim.send("POST", "/_sim/halt", r#"{"symbol":"EUR_USD","halted":false}"#).await.unwrap().ok();
    assert_eq!(sim.kinds_since(before).await, ["ORDER_FILL STOP_ORDER"]);
    assert!(sim.control.halt("EUR_XXX", true).is_err());
}

#[tokio::test]
async fn the_control_closes_and_opens_the_market() {
    let sim = Sim::start().await;
    sim.control.set_market(Market::Closed);
    Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "100", "1.09000")).await);
    let before = sim.last().await;
    sim.control.set_market(Market::Open);
    assert_eq!(sim.kinds_since(before).await, ["ORDER_FILL LIMIT_ORDER"]);
}

#[tokio::test]
async fn bars_are_played_the_worse_first() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "date,open,high,low,close\n2026-03-09,1.0800,1.0900,1.0790,1.0850\n2026-03-10,1.0850,1.0860,1.0840,1.0850\n\
                2026-03-11,1.0850,1.0950,1.0750,1.0900\n";
    std::fs::write(folder.path().join("EUR_USD.csv"), rows).unwrap();
    let sim = Sim::with(|settings| {
        settings.market = Market::Calendar;
        settings.prices.truncate(1);
        settings.bars = Some(folder.path().to_owned());
    })
    .await;
    let exits = json!({"takeProfitOnFill": {"price": "1.0940"}, "stopLossOnFill": {"price": "1.0760"}});
    Sim::made(&sim.post(&with(market("EUR_USD", "100"), &exits)).await);
    let before = sim.last().await;
    // The bar of Wednesday begins with the pause of Tuesday, and both exits lie in it.
    sim.go_to("2026-03-10T21:02:59Z");
    assert_eq!(sim.kinds_since(before).await, ["DAILY_FINANCING"]);
    sim.go_to("2026-03-10T21:03:00Z");
    let told = sim.since(before + 1).await;
    assert_eq!(
        (told[0]["reason"].as_str(), told[0]["price"].as_str()),
        (Some("STOP_LOSS_ORDER"), Some("1.07600"))
    );
    assert_eq!(told[1]["reason"], "LINKED_TRADE_CLOSED");
}

#[tokio::test]
async fn it_comes_back_with_or_without_what_it_knew() {
    let sim = Sim::start().await;
    sim.market("EUR_USD", "100").await;
    let last = sim.last().await;
    sim.control.restart(true);
    assert_eq!(sim.last().await, last);
    sim.control.restart(false);
    assert_eq!(sim.last().await, 3);
    assert_eq!(sim.get("/openPositions").await.ok()["positions"], json!([]));
}
