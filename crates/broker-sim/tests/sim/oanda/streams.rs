//! The two streams: lines over chunked HTTP, their beats, and how often prices are told.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::wire::{ACCOUNT, Lines, Sim, at_price, market, with};

#[tokio::test]
async fn transactions_are_told_as_they_are_written_and_beats_tell_the_last() {
    let sim = Sim::start().await;
    let mut stream = sim.listen("/transactions/stream").await;
    assert!(stream.head.contains("transfer-encoding: chunked"), "{}", stream.head);
    let first = stream.next().await.unwrap();
    assert_eq!((first["type"].as_str(), first["lastTransactionID"].as_str()), (Some("HEARTBEAT"), Some("3")));
    let told = Sim::made(
        &sim.post(&with(market("EUR_USD", "100"), &json!({"stopLossOnFill": {"price": "1.07"}}))).await,
    );
    let lines = stream.all().await;
    let ids: Vec<&Value> = lines.iter().map(|line| &line["id"]).collect();
    assert_eq!(json!(ids), told["relatedTransactionIDs"]);
    assert_eq!(lines[1], told["orderFillTransaction"]);
    sim.step(4);
    assert!(stream.next().await.is_none());
    sim.step(1);
    let beat = stream.next().await.unwrap();
    assert_eq!(
        beat,
        json!({"type": "HEARTBEAT", "lastTransactionID": "6", "time": "2026-03-10T14:05:12.000000000Z"})
    );
    sim.step(20);
    assert_eq!(stream.kinds().await.len(), 4);
}

#[tokio::test]
async fn prices_are_told_four_times_a_second_at_most() {
    let sim = Sim::start().await;
    let mut stream = sim.listen("/pricing/stream?instruments=EUR_USD%2CUSD_JPY").await;
    let lines = stream.all().await;
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0]["type"].as_str(), lines[0]["bids"][0]["price"].as_str()),
        (Some("PRICE"), Some("1.08500"))
    );
    assert!(lines[0]["bids"][0]["liquidity"].is_number());
    // Within the window of the snapshot: only the last one, at its end.
    sim.price("EUR_USD", "1.08600");
    sim.price("EUR_USD", "1.08700");
    sim.price("GBP_USD", "1.30000");
    assert!(stream.next().await.is_none());
    sim.control.step(TimeDelta::milliseconds(250)).unwrap();
    let lines = stream.all().await;
    assert_eq!((lines.len(), lines[0]["asks"][0]["price"].as_str()), (1, Some("1.08700")));
    sim.step(1);
    sim.price("EUR_USD", "1.08800");
    assert_eq!(stream.all().await.len(), 1, "a window that is over holds nothing back");
    sim.step(5);
    assert_eq!(stream.kinds().await, ["HEARTBEAT"]);
    let path = "/pricing/stream?instruments=USD_JPY&snapshot=false&includeHomeConversions=true";
    let mut stream = sim.listen(path).await;
    sim.price("USD_JPY", "151.000");
    let lines = stream.all().await;
    assert_eq!(
        (lines.len(), lines[0]["type"].as_str(), lines[1]["homeConversions"].is_array()),
        (2, Some("PRICE"), true)
    );
}

#[tokio::test]
async fn who_may_not_listen_is_told_so_and_seconds_are_told_to_who_asks() {
    let sim = Sim::with(|settings| settings.token = Some("right".to_owned())).await;
    assert_eq!(Lines::open(&sim, &format!("{ACCOUNT}/transactions/stream"), "").await.err(), Some(401));
    let sim = Sim::start().await;
    assert_eq!(Lines::open(&sim, &format!("{ACCOUNT}/pricing/stream"), "").await.err(), Some(400));
    assert_eq!(
        Lines::open(&sim, "/v3/accounts/101-001-9-009/transactions/stream", "").await.err(),
        Some(404)
    );
    let path = format!("{ACCOUNT}/transactions/stream");
    let mut stream = Lines::open(&sim, &path, "accept-datetime-format: UNIX\r\n").await.unwrap();
    assert_eq!(stream.next().await.unwrap()["time"], "1773151507.000000000");
}

#[tokio::test]
async fn faults_of_events_work_on_lines() {
    let sim = Sim::start().await;
    let mut stream = sim.listen("/transactions/stream").await;
    let mut prices = sim.listen("/pricing/stream?instruments=EUR_USD").await;
    stream.all().await;
    prices.all().await;
    let script = |text: &str| {
        sim.control.clear_faults();
        sim.control.fault_lines(text).unwrap();
    };
    script(r#"{"stream":{"event":"ORDER_FILL","do":"drop"}}"#);
    sim.market("EUR_USD", "100").await;
    assert_eq!(stream.kinds().await, ["MARKET_ORDER"]);
    sim.step(5);
    assert_eq!(stream.next().await.unwrap()["lastTransactionID"], "5", "the beat tells of what was lost");
    script(r#"{"stream":{"event":"fill","do":"duplicate"}}"#);
    sim.market("EUR_USD", "100").await;
    assert_eq!(stream.kinds().await, ["MARKET_ORDER", "ORDER_FILL", "ORDER_FILL"]);
    script(r#"{"stream":{"do":"swap_with_next"}}"#);
    sim.market("EUR_USD", "100").await;
    assert_eq!(stream.kinds().await, ["ORDER_FILL", "MARKET_ORDER"]);
    prices.all().await;
    script(r#"{"stream":{"event":"PRICE","do":"mute"}}"#);
    sim.step(1);
    sim.price("EUR_USD", "1.08600");
    sim.step(10);
    assert_eq!(prices.kinds().await, Vec::<String>::new(), "one stream is dead");
    assert_eq!(stream.kinds().await, ["HEARTBEAT", "HEARTBEAT"], "the other lives");
    script(r#"{"stream":{"event":"TRANSACTION_HEARTBEAT","do":"disconnect"}}"#);
    sim.step(5);
    assert!(stream.is_over().await);
    assert_eq!(prices.kinds().await, ["HEARTBEAT"]);
    sim.control.disconnect();
    assert!(prices.is_over().await);
    let wire = sim.control.wire();
    let frames = wire.iter().filter(|line| line["kind"] == "frame").count();
    assert!(frames > 10, "lines are in the wire log: {frames}");
    assert!(!json!(wire).to_string().contains("Bearer any"));
}

#[tokio::test]
async fn what_prices_bring_about_is_told_too() {
    let sim = Sim::start().await;
    let mut stream = sim.listen("/transactions/stream").await;
    stream.all().await;
    Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "100", "1.08000")).await);
    sim.price("EUR_USD", "1.07900");
    let lines = stream.all().await;
    assert_eq!((lines[1]["type"].as_str(), lines[1]["requestID"].is_null()), (Some("ORDER_FILL"), true));
}

#[tokio::test]
async fn of_too_many_new_connections_the_others_are_closed() {
    let sim = Sim::with(|settings| settings.connections = Some(2)).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(TcpStream::connect(sim.running.address()).await.unwrap());
    }
    let mut byte = [0];
    let third = open[2].read(&mut byte);
    let closed = tokio::time::timeout(Duration::from_secs(5), third).await.unwrap();
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    let first = tokio::time::timeout(Duration::from_millis(200), open[0].read(&mut byte)).await;
    assert!(first.is_err(), "the first two stay open");
}
