//! The stop and the target that Alpaca makes of a bracket: ours by name, as the desk knows them.

use broker_api::intent::Limit;
use broker_api::{
    Broker as _, CancelOutcome, End, Finding, Intent, OrderKind, Protection, Qty, TimeInForce, VenueOrder,
};

use super::{ENTRY, Scene, buy, name, of};

/// A bracket as the desk sends it.
fn bracket(order: OrderKind) -> Intent {
    let plan = Protection { stop: Some(of("190")), target: Some(of("220")), trail: None };
    Intent { order, tif: TimeInForce::Gtc, bracket: true, plan, ..buy(ENTRY, "AAPL", "10") }
}

fn leg(letter: char) -> String {
    format!("{ENTRY}-{letter}")
}

async fn found(scene: &Scene, id: &str) -> VenueOrder {
    match scene.alpaca.find(name(id), scene.began, scene.sent()).await {
        Ok(Finding::Found { order }) => order,
        other => panic!("{id}: {other:?}"),
    }
}

/// The live orders, each with its name and that of its entry.
async fn open(scene: &Scene) -> Vec<String> {
    let open = scene.alpaca.open_orders().await.expect("live orders");
    let text = |id: Option<broker_api::ClientOrderId>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let mut lines: Vec<String> =
        open.iter().map(|order| format!("{} of {}", text(order.id), text(order.parent))).collect();
    lines.sort();
    lines
}

fn both_legs() -> [String; 2] {
    ['s', 't'].map(|letter| format!("{} of {ENTRY}", leg(letter)))
}

#[tokio::test]
async fn the_target_fills_under_our_name_of_it_and_ends_the_stop_under_its_own() {
    let mut scene = Scene::new(|_| {}).await;
    scene.take(&bracket(OrderKind::MARKET)).await;
    assert_eq!(open(&scene).await, both_legs());
    // What one process learnt another does not know.
    scene.restart();
    scene.price("AAPL", "221");
    let expected = [
        format!("buy 10 200 of {ENTRY}"),
        format!("sell 10 221 of {}", leg('t')),
        format!("{} canceled", leg('s')),
    ];
    assert_eq!(scene.lines().await, expected);
    assert_eq!(found(&scene, &leg('t')).await.end, Some(End::Filled));
    assert_eq!(open(&scene).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_stop_that_is_replaced_as_it_wakes_fills_under_its_name_and_does_not_close_before() {
    let scene = Scene::new(|quirks| quirks.stop_leg_new_id = true).await;
    scene.take(&bracket(OrderKind::MARKET)).await;
    let before = found(&scene, &leg('s')).await;
    assert_eq!(before.end, None);
    scene.price("AAPL", "189");
    let lines = scene.lines().await;
    assert!(lines.contains(&format!("sell 10 189 of {}", leg('s'))), "{lines:?}");
    assert!(lines.contains(&format!("{} canceled", leg('t'))), "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.starts_with(&format!("{} ", leg('s')))),
        "it is not closed: {lines:?}"
    );
    let after = found(&scene, &leg('s')).await;
    assert_eq!(after.end, Some(End::Filled));
    assert_ne!(after.venue_order, before.venue_order, "it is another order there");
}

#[tokio::test]
async fn a_leg_is_cancelled_by_its_name_and_the_other_ends_with_it() {
    for letter in ['s', 't'] {
        let mut scene = Scene::new(|_| {}).await;
        scene.take(&bracket(OrderKind::MARKET)).await;
        scene.restart();
        assert_eq!(scene.alpaca.cancel(name(&leg(letter))).await, CancelOutcome::Accepted);
        let lines = scene.lines().await;
        for letter in ['s', 't'] {
            assert!(lines.contains(&format!("{} canceled", leg(letter))), "{lines:?}");
            assert_eq!(found(&scene, &leg(letter)).await.end, Some(End::Cancelled));
        }
        assert_eq!(scene.alpaca.cancel(name(&leg(letter))).await, CancelOutcome::TooLate);
        assert_eq!(scene.held().await, ["AAPL 10 at 200"]);
    }
}

#[tokio::test]
async fn legs_of_an_entry_that_filled_in_part_are_held_and_listed() {
    let scene = Scene::new(|_| {}).await;
    let rule = r#"{"request":{"method":"POST","path":"/v2/orders","do":{"partial_fill":{"qty":"4"}}}}"#;
    scene.control.fault_lines(rule).expect("a rule");
    scene.take(&bracket(OrderKind::Limit(Limit { limit: of("200") }))).await;
    let [stop, target] = both_legs();
    assert_eq!(open(&scene).await, [format!("{ENTRY} of -"), stop.clone(), target.clone()]);
    // They do nothing yet.
    scene.price("AAPL", "221");
    assert_eq!(scene.lines().await, [format!("buy 4 200 of {ENTRY}")]);
    scene.price("AAPL", "200");
    assert_eq!(open(&scene).await, [stop, target]);
    let lines = scene.lines().await;
    assert_eq!(lines, [format!("buy 4 200 of {ENTRY}"), format!("buy 6 200 of {ENTRY}")]);
}

#[tokio::test]
async fn an_entry_that_is_cancelled_takes_its_legs_with_it() {
    let scene = Scene::new(|_| {}).await;
    scene.take(&bracket(OrderKind::Limit(Limit { limit: of("195") }))).await;
    assert_eq!(open(&scene).await.len(), 3);
    assert_eq!(scene.alpaca.cancel(name(ENTRY)).await, CancelOutcome::Accepted);
    let mut lines = scene.lines().await;
    lines.sort();
    let ended = |id: String| format!("{id} canceled");
    assert_eq!(lines, [ended(ENTRY.to_owned()), ended(leg('s')), ended(leg('t'))]);
    assert_eq!(open(&scene).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_target_that_fills_in_part_leaves_a_stop_of_what_is_left() {
    let scene = Scene::new(|quirks| quirks.partial_percent = 100).await;
    scene.take(&bracket(OrderKind::MARKET)).await;
    // Each price fills a part of what is left, and of one share all.
    let mut prices = 0;
    while found(&scene, ENTRY).await.end.is_none() {
        scene.price("AAPL", "200");
        prices += 1;
        assert!(prices < 20, "it fills");
    }
    scene.price("AAPL", "221");
    let sold = found(&scene, &leg('t')).await.filled;
    let left = of::<Qty>("10").minus_or_zero(sold);
    assert!(!sold.is_zero() && !left.is_zero(), "{sold} of 10");
    let stops = async || {
        let open = scene.alpaca.open_orders().await.expect("live orders");
        open.into_iter().filter(|order| order.id == Some(name(&leg('s')))).map(|order| order.qty).collect()
    };
    let quantities: Vec<Qty> = stops().await;
    assert_eq!(quantities, [left]);
    // It sells what is left and no more.
    for _ in 0..20 {
        scene.price("AAPL", "189");
    }
    assert_eq!(scene.held().await, Vec::<String>::new());
    assert_eq!(found(&scene, &leg('s')).await.filled, left);
    assert_eq!(found(&scene, &leg('t')).await.end, Some(End::Cancelled));
    assert_eq!(stops().await, Vec::<Qty>::new());
}
