//! Positions that Alpaca closes itself, and executions that it takes back.

use broker_api::intent::{Limit, Stop};
use broker_api::{
    Broker as _, CancelOutcome, Intent, OrderKind, Purpose, Side, SubmitOutcome, TimeInForce, VenueEvent,
};

use super::{ENTRY, Scene, buy, key, of};

#[tokio::test]
async fn what_alpaca_closes_is_sold_in_an_order_of_its_own_and_closed_once() {
    let scene = Scene::new(|_| {}).await;
    scene.take(&buy(ENTRY, "AAPL", "10")).await;
    assert_eq!(scene.alpaca.close(key("AAPL")).await, CancelOutcome::Accepted);
    assert_eq!(scene.held().await, Vec::<String>::new());
    let read = scene.activity(scene.began).await;
    let [VenueEvent::Filled(_), VenueEvent::Filled(sale)] = read.events.as_slice() else {
        panic!("{read:?}")
    };
    assert_eq!((sale.side, sale.qty), (Side::Sell, of("10")));
    assert!(!sale.order.is_ours(), "{}", sale.order);
    assert_eq!(scene.alpaca.close(key("AAPL")).await, CancelOutcome::TooLate);
}

#[tokio::test]
async fn a_position_whose_units_a_stop_keeps_is_not_closed() {
    let scene = Scene::new(|_| {}).await;
    scene.take(&buy(ENTRY, "AAPL", "10")).await;
    let stop = Intent {
        id: of("tw1aaaaaaaaaaaaaaaaaaaa-s1"),
        purpose: Purpose::Stop,
        side: Side::Sell,
        order: OrderKind::Stop(Stop { trigger: of("180") }),
        tif: TimeInForce::Gtc,
        ..buy(ENTRY, "AAPL", "10")
    };
    scene.take(&stop).await;
    // The order that keeps them is named, for a person who looks.
    let open = scene.alpaca.open_orders().await.expect("live orders");
    let in_its_way = format!("in its way: {}", open[0].order.venue_order.expect("an id"));
    let answer = scene.alpaca.close(key("AAPL")).await;
    let CancelOutcome::NotSent { why } = answer else { panic!("{answer:?}") };
    assert!(why.contains("insufficient qty") && why.contains(&in_its_way), "{why}");
    let sale = Intent {
        side: Side::Sell,
        purpose: Purpose::Exit,
        ..buy("tw1aaaaaaaaaaaaaaaaaaaa-x1", "AAPL", "10")
    };
    let answer = scene.alpaca.submit(&sale, scene.began).await;
    let SubmitOutcome::Refused { code, text } = answer else { panic!("{answer:?}") };
    assert_eq!(code.as_str(), "insufficient_quantity");
    assert!(text.contains(&in_its_way), "{text}");
    assert_eq!(scene.held().await, ["AAPL 10 at 200"]);
}

#[tokio::test]
async fn coins_that_are_too_few_for_an_order_are_closed_by_alpaca() {
    let scene = Scene::new(|_| {}).await;
    scene.take(&buy(ENTRY, "BTC/USD", "0.0002")).await;
    scene.price("BTC/USD", "40000");
    let sale = Intent {
        side: Side::Sell,
        qty: of("0.0001995"),
        ..buy("tw1aaaaaaaaaaaaaaaaaaaa-x1", "BTC/USD", "1")
    };
    let answer = scene.alpaca.submit(&sale, scene.began).await;
    assert!(format!("{answer:?}").contains("minimal amount"), "{answer:?}");
    assert_eq!(scene.alpaca.close(key("BTC/USD")).await, CancelOutcome::Accepted);
    assert_eq!(scene.held().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_execution_that_is_taken_back_an_hour_later_is_told_without_a_stream() {
    let scene = Scene::new(|_| {}).await;
    let rule = r#"{"request":{"method":"POST","path":"/v2/orders","do":{"partial_fill":{"qty":"4"}}}}"#;
    scene.control.fault_lines(rule).expect("a rule");
    let entry = OrderKind::Limit(Limit { limit: of("200") });
    scene.take(&Intent { order: entry, tif: TimeInForce::Gtc, ..buy(ENTRY, "AAPL", "10") }).await;
    let first = scene.activity(scene.began).await;
    let [VenueEvent::Filled(fill)] = first.events.as_slice() else { panic!("{first:?}") };
    // The rest does not fill, and the log goes on with something else.
    scene.price("AAPL", "205");
    scene.pass(3_600);
    scene.take(&buy("tw1bbbbbbbbbbbbbbbbbbbb-e1", "MSFT", "1")).await;
    let second = scene.activity(first.cursor).await;
    let truth = scene.control.truth();
    let id = truth["executions"][0]["execution_id"].as_str().expect("a name").to_owned();
    scene.control.bust(&id).expect("a bust");
    let third = scene.activity(second.cursor).await;
    let is_bust = |event: &&VenueEvent| matches!(event, VenueEvent::Busted { .. });
    let busts: Vec<_> = third.events.iter().filter(is_bust).collect();
    let [VenueEvent::Busted { execution, .. }] = busts.as_slice() else { panic!("{third:?}") };
    assert_eq!(*execution, fill.execution);
    let fourth = scene.activity(third.cursor).await;
    assert!(!fourth.events.iter().any(|event| is_bust(&event)), "said once: {fourth:?}");
}
