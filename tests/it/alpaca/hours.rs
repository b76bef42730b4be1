//! Outside of the session: orders that ask for it trade, and no others.

use broker_alpaca::{NewOrder, WireTimeInForce};
use broker_api::intent::Limit;
use broker_api::{Intent, OrderKind, SubmitOutcome, TimeInForce};
use broker_sim::core::{Clock, Market};

use super::{ENTRY, Scene, buy, of};

/// A Friday evening in New York, an hour after the close.
async fn evening() -> Scene {
    Scene::with(|settings| {
        settings.clock = Clock::Stepped(of("2026-11-20T22:00:00Z"));
        settings.market = Market::Calendar;
    })
    .await
}

fn limit(id: &str, qty: &str, limit: &str) -> Intent {
    Intent { order: OrderKind::Limit(Limit { limit: of(limit) }), ..buy(id, "AAPL", qty) }
}

fn outside(intent: &Intent) -> NewOrder {
    NewOrder { extended_hours: true, ..NewOrder::from_intent(intent).expect("an order") }
}

async fn place(scene: &Scene, order: &NewOrder) {
    let answer = scene.alpaca.place(order, false).await;
    assert!(matches!(answer, SubmitOutcome::Accepted { .. }), "{answer:?}");
}

#[tokio::test]
async fn an_order_that_asks_for_the_evening_trades_in_it_and_another_waits_for_the_open() {
    let scene = evening().await;
    place(&scene, &outside(&limit(ENTRY, "10", "200"))).await;
    let waits = "tw1bbbbbbbbbbbbbbbbbbbb-e1";
    scene.take(&limit(waits, "5", "200")).await;
    assert_eq!(scene.lines().await, [format!("buy 10 200 of {ENTRY}")]);
    scene.control.set_time(of("2026-11-23T14:30:00Z")).expect("the next open");
    let [first, second] = [format!("buy 10 200 of {ENTRY}"), format!("buy 5 200 of {waits}")];
    assert_eq!(scene.lines().await, [first, second]);
}

#[tokio::test]
async fn a_part_of_a_share_trades_in_the_evening_for_the_day() {
    let scene = evening().await;
    let part = limit(ENTRY, "2.5", "199");
    let order = outside(&part);
    assert_eq!(order.time_in_force, WireTimeInForce::Day);
    place(&scene, &order).await;
    assert_eq!(scene.held().await, Vec::<String>::new());
    scene.price("AAPL", "198.5");
    assert_eq!(scene.held().await, ["AAPL 2.5 at 198.5"]);
    // What does not fill ends with the evening, not with the session before it.
    let late = "tw1bbbbbbbbbbbbbbbbbbbb-e1";
    place(&scene, &outside(&limit(late, "0.5", "150"))).await;
    scene.control.set_time(of("2026-11-21T00:59:00Z")).expect("before its end");
    assert_eq!(scene.lines().await, [format!("buy 2.5 198.5 of {ENTRY}")]);
    scene.control.set_time(of("2026-11-21T01:01:00Z")).expect("after its end");
    assert_eq!(scene.lines().await, [format!("buy 2.5 198.5 of {ENTRY}"), format!("{late} expired")]);
}

#[tokio::test]
async fn what_does_not_trade_in_the_evening_is_not_sent() {
    let scene = evening().await;
    let coin = Intent { tif: TimeInForce::Gtc, ..limit(ENTRY, "1", "95000") };
    let coin = Intent { key: super::key("BTC/USD"), ..coin };
    let at_market = buy(ENTRY, "AAPL", "1");
    let at_once = Intent { tif: TimeInForce::Ioc, ..limit(ENTRY, "1", "200") };
    for intent in [coin, at_market, at_once] {
        let answer = scene.alpaca.place(&outside(&intent), false).await;
        assert!(
            matches!(&answer, SubmitOutcome::Refused { text, .. } if text.starts_with("not sent")),
            "{answer:?}"
        );
    }
    assert_eq!(scene.control.truth()["refused"], serde_json::json!([]));
}
