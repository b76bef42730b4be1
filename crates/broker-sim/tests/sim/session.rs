//! Hours: what waits for the opening, what ends at the close, and the calendar that says when that is.

use broker_sim::core::Market;
use chrono::TimeDelta;
use serde_json::json;

use crate::wire::{Sim, at, order};

async fn by_calendar(start: &str) -> Sim {
    Sim::with(|settings| {
        settings.clock = broker_sim::core::Clock::Stepped(at(start));
        settings.market = Market::Calendar;
    })
    .await
}

#[tokio::test]
async fn an_order_for_a_closed_market_is_accepted_and_waits() {
    let sim = by_calendar("2026-11-20T22:00:00Z").await;
    let made = sim.buy("AAPL", "10").await;
    assert_eq!(
        (&made["status"], &made["expires_at"]),
        (&json!("accepted"), &json!("2026-11-23T21:00:00.000000000Z"))
    );
    sim.patch(&made, &json!({"qty": "5"})).await.refused(
        422,
        42_210_000,
        "cannot replace order in accepted status",
    );
    // What is bought comes at the opening's price.
    sim.price("AAPL", "210");
    assert_eq!(sim.order(&made).await["status"], "accepted");
    let next_open = sim.get("/v2/clock").await.ok()["next_open"].clone();
    assert_eq!(next_open, "2026-11-23T09:30:00-05:00");
    sim.control.set_time(at("2026-11-23T14:30:00Z")).unwrap();
    let now = sim.order(&made).await;
    assert_eq!((&now["status"], &now["filled_avg_price"]), (&json!("filled"), &json!("210")));
    assert_ne!(now["submitted_at"], made["submitted_at"], "it is sent on at the opening");
}

#[tokio::test]
async fn the_close_ends_the_orders_of_the_day_and_no_others() {
    let sim = by_calendar("2026-11-20T15:00:00Z").await;
    let mut stream = sim.listen().await;
    let limit = |tif: &str| order("AAPL", "buy", "1", "limit", tif, &json!({"limit_price": "150"}));
    let day = sim.post(&limit("day")).await.ok();
    let gtc = sim.post(&limit("gtc")).await.ok();
    let late = json!({"limit_price": "150", "extended_hours": true});
    let extended = sim.post(&order("AAPL", "buy", "1", "limit", "day", &late)).await.ok();
    stream.events().await;
    sim.control.set_time(at("2026-11-20T21:00:00Z")).unwrap();
    assert_eq!(sim.order(&day).await["status"], "expired");
    assert_eq!(stream.events().await, ["expired"]);
    // After hours only the order that asked for them trades.
    sim.price("AAPL", "149");
    assert_eq!(sim.order(&gtc).await["status"], "new");
    assert_eq!(sim.order(&extended).await["status"], "filled");
    sim.control.set_time(at("2026-11-23T14:30:00Z")).unwrap();
    assert_eq!(sim.order(&gtc).await["status"], "filled");
}

#[tokio::test]
async fn a_half_day_ends_at_one() {
    let sim = by_calendar("2026-11-27T17:00:00Z").await;
    let day = sim.post(&order("AAPL", "buy", "1", "limit", "day", &json!({"limit_price": "150"}))).await.ok();
    assert_eq!(day["expires_at"], "2026-11-27T18:00:00.000000000Z");
    let clock = sim.get("/v2/clock").await.ok();
    assert_eq!(
        (&clock["is_open"], &clock["next_close"]),
        (&json!(true), &json!("2026-11-27T13:00:00-05:00"))
    );
    sim.control.set_time(at("2026-11-27T18:00:00Z")).unwrap();
    assert_eq!(sim.order(&day).await["status"], "expired");
    let rows = sim.get("/v2/calendar?start=2026-12-23&end=2026-12-28").await.ok();
    let half = json!({"date": "2026-12-24", "open": "09:30", "close": "13:00", "session_open": "0400",
        "session_close": "1700", "settlement_date": "2026-12-28"});
    assert_eq!((rows.as_array().unwrap().len(), &rows[1]), (3, &half));
    let newer = sim.get("/v3/calendar/NYSE?start=2026-12-24&end=2026-12-24").await.ok();
    assert_eq!(newer["calendar"][0]["core_end"], "2026-12-24T13:00:00-05:00");
    assert_eq!(sim.get("/v3/clock").await.ok()["clocks"][0]["phase"], "post");
}

#[tokio::test]
async fn an_old_order_is_cancelled_after_ninety_days() {
    let sim = by_calendar("2026-08-24T15:00:00Z").await;
    let made =
        sim.post(&order("AAPL", "buy", "1", "limit", "gtc", &json!({"limit_price": "150"}))).await.ok();
    assert_eq!(made["expires_at"], "2026-11-22T21:15:00.000000000Z");
    sim.control.set_time(at("2026-11-20T22:00:00Z")).unwrap();
    assert_eq!(sim.order(&made).await["status"], "new");
    sim.control.set_time(at("2026-11-23T22:00:00Z")).unwrap();
    assert_eq!(sim.order(&made).await["status"], "canceled");
}

#[tokio::test]
async fn a_cancel_of_the_night_may_wait_for_the_morning() {
    let sim = Sim::with(|settings| {
        settings.market = Market::Closed;
        settings.quirks.closed_cancels_wait = true;
    })
    .await;
    let made = sim.buy("AAPL", "1").await;
    sim.delete(&format!("/v2/orders/{}", made["id"].as_str().unwrap())).await;
    assert_eq!(sim.order(&made).await["status"], "pending_cancel");
    sim.control.set_market(Market::Open);
    assert_eq!(sim.order(&made).await["status"], "canceled");
}

#[tokio::test]
async fn the_market_can_be_closed_and_opened_by_hand() {
    let sim = Sim::start().await;
    let day = sim.post(&order("AAPL", "buy", "1", "limit", "day", &json!({"limit_price": "150"}))).await.ok();
    sim.control.set_market(Market::Closed);
    assert_eq!(sim.order(&day).await["status"], "expired");
    assert_eq!(sim.get("/v2/clock").await.ok()["is_open"], false);
    let made = sim.buy("AAPL", "1").await;
    sim.control.set_market(Market::Open);
    assert_eq!(sim.order(&made).await["status"], "filled");
}

#[tokio::test]
async fn time_can_be_stepped_and_does_not_go_back() {
    let sim = Sim::start().await;
    let before = sim.control.now();
    assert_eq!(sim.control.step(TimeDelta::hours(1)).unwrap() - before, TimeDelta::hours(1));
    assert!(sim.control.set_time(before).unwrap_err().to_string().contains("time does not go back"));
    let by_wire = sim.raw("POST", "/_sim/step", "", r#"{"millis":1000}"#).await.unwrap().ok();
    assert_eq!(by_wire["now"], "2026-11-20T16:02:08Z");
    let real = Sim::with(|settings| {
        let start = before;
        settings.clock = broker_sim::core::Clock::Real(std::sync::Arc::new(move || start));
    })
    .await;
    assert!(real.control.step(TimeDelta::hours(1)).is_err());
}
