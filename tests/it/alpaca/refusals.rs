//! What the adapter makes of refusals as they come over the wire, and not as a test writes them: rows of its table.

use std::collections::BTreeSet;

use broker_alpaca::classify::{Meaning, Row, TABLE};
use broker_alpaca::{
    NewOrder, OrderClass, OrderSize, OrderType, StopLoss, TakeProfit, WireSide, WireTimeInForce,
};
use broker_api::{Broker as _, CancelOutcome, Price, SubmitOutcome};
use broker_sim::alpaca::{Asset, Quirks, Settings};
use broker_sim::core::Market;

use super::{Scene, of};

fn order(side: WireSide, symbol: &str, qty: &str, kind: OrderType) -> NewOrder {
    let is_coin = symbol.contains('/');
    NewOrder {
        client_order_id: of("tw1aaaaaaaaaaaaaaaaaaaa-e9"),
        symbol: of(symbol),
        size: OrderSize::Units(of(qty)),
        side,
        kind,
        time_in_force: if is_coin { WireTimeInForce::Gtc } else { WireTimeInForce::Day },
        extended_hours: false,
        order_class: None,
        take_profit: None,
        stop_loss: None,
    }
}

fn buy(symbol: &str, qty: &str) -> NewOrder {
    order(WireSide::Buy, symbol, qty, OrderType::Market)
}

fn sell(symbol: &str, qty: &str) -> NewOrder {
    order(WireSide::Sell, symbol, qty, OrderType::Market)
}

fn limit(side: WireSide, symbol: &str, qty: &str, at: &str) -> NewOrder {
    order(side, symbol, qty, OrderType::Limit { limit_price: of(at) })
}

fn stop(at: &str) -> NewOrder {
    order(WireSide::Buy, "AAPL", "1", OrderType::Stop { stop_price: of(at) })
}

fn bracket(order: &NewOrder, target: &str, stop: &str) -> NewOrder {
    NewOrder {
        order_class: Some(OrderClass::Bracket),
        take_profit: Some(TakeProfit { limit_price: of::<Price>(target) }),
        stop_loss: Some(StopLoss { stop_price: of::<Price>(stop), limit_price: None }),
        ..order.clone()
    }
}

/// Orders before it, the order that is refused, and the code that the adapter has for it.
type Refused = (&'static str, fn(&mut Quirks), Vec<NewOrder>, NewOrder, &'static str);

fn refused() -> Vec<Refused> {
    use WireSide::{Buy, Sell};
    let usual: fn(&mut Quirks) = |_| {};
    let day_trades: fn(&mut Quirks) = |quirks| quirks.pdt_refusal = true;
    let trips =
        || (0..3).flat_map(|_| [buy("AAPL", "1"), sell("AAPL", "1")]).chain([buy("AAPL", "1")]).collect();
    let one = |order: NewOrder| vec![order];
    vec![
        ("money", usual, vec![], buy("AAPL", "9000"), "insufficient_buying_power"),
        ("units", usual, one(buy("AAPL", "5")), sell("AAPL", "6"), "insufficient_quantity"),
        ("coins", usual, one(buy("BTC/USD", "0.01")), sell("BTC/USD", "0.01"), "insufficient_balance"),
        ("least", usual, vec![], buy("PENNY", "1"), "min_notional"),
        (
            "wash",
            usual,
            vec![buy("AAPL", "5"), limit(Buy, "AAPL", "1", "190")],
            sell("AAPL", "1"),
            "wash_trade",
        ),
        (
            "wash of 2024",
            |quirks| quirks.wash_trade_status = 422,
            vec![buy("AAPL", "5"), limit(Buy, "AAPL", "1", "190")],
            sell("AAPL", "1"),
            "wash_trade",
        ),
        ("short", usual, one(limit(Buy, "AAPL", "1", "190")), sell("AAPL", "1"), "opposite_order_open"),
        ("long", usual, one(limit(Sell, "AAPL", "1", "210")), buy("AAPL", "1"), "opposite_order_open"),
        ("whole", usual, vec![], buy("WHOLE", "0.5"), "not_fractionable"),
        (
            "nobody's",
            |quirks| quirks.unknown_asset_status = 404,
            vec![],
            buy("NONE", "1"),
            "unknown_instrument",
        ),
        ("day trades", day_trades, trips(), sell("AAPL", "1"), "day_trading"),
        ("limit", usual, vec![], limit(Buy, "AAPL", "1", "190.123"), "bad_price"),
        ("stop", usual, vec![], stop("210.123"), "bad_price"),
        ("side of a stop", usual, vec![], stop("190"), "bad_price"),
        (
            "bracket that closes",
            usual,
            one(buy("AAPL", "5")),
            bracket(&sell("AAPL", "5"), "190", "210"),
            "bad_bracket",
        ),
    ]
}

async fn scene(change: impl FnOnce(&mut Quirks)) -> Scene {
    Scene::with(|settings: &mut Settings| {
        change(&mut settings.quirks);
        settings.cash = of("20000");
        let more = [("PENNY", "0.98"), ("WHOLE", "50")];
        settings.prices.extend(more.map(|(symbol, price)| (symbol.to_owned(), of(price))));
        settings.assets = vec![Asset { fractionable: false, ..Asset::usual("WHOLE") }];
    })
    .await
}

/// Places orders that must be taken, each under a name of its own.
async fn take(scene: &Scene, orders: Vec<NewOrder>) {
    for (number, order) in (1..).zip(orders) {
        let client_order_id = of(&format!("tw1aaaaaaaaaaaaaaaaaaaa-x{number}"));
        let answer = scene.alpaca.place(&NewOrder { client_order_id, ..order }, false).await;
        assert!(matches!(answer, SubmitOutcome::Accepted { .. }), "{answer:?}");
    }
}

fn code(row: &Row) -> Option<&'static str> {
    if let Meaning::Refused(code) = row.meaning { Some(code) } else { None }
}

#[tokio::test]
async fn refusals_of_the_wire_are_rows_of_the_table() {
    let mut unseen: BTreeSet<&str> = TABLE.iter().filter_map(code).collect();
    for (what, change, before, order, wanted) in refused() {
        let scene = scene(change).await;
        take(&scene, before).await;
        let is_made = scene.control.truth()["orders"].as_array().expect("orders").len();
        let answer = scene.alpaca.place(&order, false).await;
        let SubmitOutcome::Refused { code, text } = &answer else { panic!("{what}: {answer:?}") };
        assert_eq!(code.as_str(), wanted, "{what}: {text}");
        assert!(!text.contains("not sent"), "{what} must come from the wire: {text}");
        assert_eq!(scene.control.truth()["orders"].as_array().expect("orders").len(), is_made, "{what}");
        unseen.remove(wanted);
    }
    // What these rows are about the adapter sees itself, and sends nothing.
    assert_eq!(unseen, BTreeSet::from(["bad_quantity", "bad_request", "bad_time_in_force"]));
}

#[tokio::test]
async fn an_asset_that_nobody_knows_is_refused_under_either_status() {
    let scene = scene(|_| {}).await;
    let answer = scene.alpaca.place(&buy("NONE", "1"), false).await;
    // Of the other wording there is no record: it is no row, and a refusal once the order is not found.
    assert!(
        matches!(&answer, SubmitOutcome::RefusedUnlisted { code, .. } if code.as_str() == "42210000"),
        "{answer:?}"
    );
    assert_eq!(scene.alpaca.instrument(of("NONE")).await, Ok(None));
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_duplicate_under_either_status_and_whichever_check_comes_first() {
    let changes: [fn(&mut Quirks); 3] =
        [|_| {}, |quirks| quirks.duplicate_status = 409, |quirks| quirks.checks_backwards = true];
    for change in changes {
        let scene = scene(change).await;
        take(&scene, vec![buy("AAPL", "1")]).await;
        let again = NewOrder { client_order_id: of("tw1aaaaaaaaaaaaaaaaaaaa-x1"), ..buy("AAPL", "1") };
        let answer = scene.alpaca.place(&again, false).await;
        assert!(matches!(answer, SubmitOutcome::Duplicate { .. }), "{answer:?}");
        assert_eq!(scene.held().await, ["AAPL 1 at 200"]);
    }
}

#[tokio::test]
async fn cancels_and_too_many_are_rows_too() {
    for bare_429 in [false, true] {
        let scene = scene(|quirks| (quirks.cancels_stick, quirks.bare_429) = (true, bare_429)).await;
        take(&scene, vec![limit(WireSide::Buy, "AAPL", "1", "190"), buy("MSFT", "1")]).await;
        let [rests, filled] = ["x1", "x2"].map(|end| of(&format!("tw1aaaaaaaaaaaaaaaaaaaa-{end}")));
        assert_eq!(scene.alpaca.cancel(filled).await, CancelOutcome::TooLate);
        assert_eq!(scene.alpaca.cancel(rests).await, CancelOutcome::Accepted);
        // It is under way; the second is refused on the wire, and taken here.
        assert_eq!(scene.alpaca.cancel(rests).await, CancelOutcome::Accepted);
        let refused = scene.control.wire().iter().filter(|line| line["status"] == 422).count();
        assert_eq!(refused, 2, "both were asked on the wire");
        scene.control.fault_lines(r#"{"request":{"do":"rate_limited"}}"#).expect("a rule");
        let answer = scene.alpaca.place(&buy("MSFT", "1"), false).await;
        assert!(matches!(answer, SubmitOutcome::Throttled { .. }), "{answer:?}");
    }
}

#[tokio::test]
async fn a_closed_market_refuses_no_order_that_waits() {
    let scene = scene(|_| {}).await;
    scene.control.set_market(Market::Closed);
    take(&scene, vec![limit(WireSide::Buy, "AAPL", "1", "190"), stop("210")]).await;
}
