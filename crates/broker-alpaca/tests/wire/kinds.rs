//! Every kind of order as it goes over the wire: all of its body, and nothing else.

use broker_alpaca::{NewOrder, OrderClass, OrderType, StopLoss, TakeProfit};
use broker_api::intent::{Limit, Stop, StopLimit, TrailingStop};
use broker_api::{
    Broker as _, Finding, Intent, OrderKind, Price, Protection, Purpose, Side, SubmitOutcome, TimeInForce,
    VenueEvent,
};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, query_param};

use crate::world::*;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn of(order: OrderKind) -> Intent {
    Intent { order, tif: TimeInForce::Gtc, ..intent() }
}

/// A body, and what it has beside or instead of the usual.
fn body(kind: &str, more: Value) -> Value {
    let body = json!({
        "symbol": "MSFT", "qty": "12", "side": "buy", "type": kind, "time_in_force": "gtc", "client_order_id": NAME
    });
    with(body, more)
}

fn with(mut body: Value, more: Value) -> Value {
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

#[tokio::test]
async fn an_intent_of_every_kind_is_all_of_one_body() {
    let (limit, trigger, distance) = (price("431.25"), price("420"), price("2.5"));
    let market = of(OrderKind::MARKET);
    let plan = Protection { stop: Some(price("400")), target: Some(price("500")), trail: None };
    let stop = Protection { target: None, ..plan };
    let target = Protection { stop: None, ..plan };
    let coin = |order| Intent { key: key("BTC/USD"), side: Side::Sell, ..of(order) };
    let cases = [
        (market, body("market", json!({}))),
        (of(OrderKind::Limit(Limit { limit })), body("limit", json!({"limit_price": "431.25"}))),
        (of(OrderKind::Stop(Stop { trigger })), body("stop", json!({"stop_price": "420"}))),
        (
            of(OrderKind::StopLimit(StopLimit { trigger, limit })),
            body("stop_limit", json!({"stop_price": "420", "limit_price": "431.25"})),
        ),
        (
            of(OrderKind::TrailingStop(TrailingStop { distance })),
            body("trailing_stop", json!({"trail_price": "2.5"})),
        ),
        (
            Intent { tif: TimeInForce::Ioc, side: Side::Sell, ..market },
            body("market", json!({"time_in_force": "ioc", "side": "sell"})),
        ),
        (Intent { tif: TimeInForce::Fok, ..market }, body("market", json!({"time_in_force": "fok"}))),
        (
            Intent { bracket: true, plan, ..market },
            body(
                "market",
                json!({"order_class": "bracket", "take_profit": {"limit_price": "500"}, "stop_loss": {"stop_price": "400"}}),
            ),
        ),
        (
            Intent { bracket: true, plan: stop, ..market },
            body("market", json!({"order_class": "oto", "stop_loss": {"stop_price": "400"}})),
        ),
        (
            Intent { bracket: true, plan: target, ..market },
            body("market", json!({"order_class": "oto", "take_profit": {"limit_price": "500"}})),
        ),
        // A plan that is not a bracket stays here.
        (Intent { plan, ..market }, body("market", json!({}))),
        // A part of a share lives for a day.
        (
            Intent { qty: "2.5".parse().unwrap(), purpose: Purpose::Exit, side: Side::Sell, ..market },
            body("market", json!({"qty": "2.5", "side": "sell", "time_in_force": "day"})),
        ),
        (
            coin(OrderKind::Stop(Stop { trigger: price("61000") })),
            body(
                "stop_limit",
                json!({"symbol": "BTC/USD", "side": "sell", "stop_price": "61000", "limit_price": "57950"}),
            ),
        ),
        (coin(OrderKind::MARKET), body("market", json!({"symbol": "BTC/USD", "side": "sell"}))),
    ];
    for (intent, body) in cases {
        let (server, alpaca) = world().await;
        let answer = ok(order(ID, NAME, "pending_new", "0"));
        let post = ours("POST", "/v2/orders").and(body_json(&body));
        post.respond_with(answer).expect(1).mount(&server).await;
        let outcome = alpaca.submit(&intent, mark()).await;
        assert!(matches!(outcome, SubmitOutcome::Accepted { .. }), "{body}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_an_intent_cannot_say_is_for_who_places_it() {
    let entry = NewOrder::from_intent(&of(OrderKind::MARKET)).unwrap();
    let sale = Intent { purpose: Purpose::Exit, side: Side::Sell, ..of(OrderKind::MARKET) };
    let sale = NewOrder {
        kind: OrderType::Limit { limit_price: price("500") },
        ..NewOrder::from_intent(&sale).unwrap()
    };
    let stop_loss = StopLoss { stop_price: price("400"), limit_price: Some(price("398.5")) };
    let legs = json!({"take_profit": {"limit_price": "500"},
        "stop_loss": {"stop_price": "400", "limit_price": "398.5"}});
    let with_legs = |kind: &str, class: &str, more: Value| {
        with(with(body(kind, legs.clone()), json!({"order_class": class})), more)
    };
    let cases = [
        (
            NewOrder {
                order_class: Some(OrderClass::Bracket),
                take_profit: Some(TakeProfit { limit_price: price("500") }),
                stop_loss: Some(stop_loss),
                ..entry.clone()
            },
            with_legs("market", "bracket", json!({})),
        ),
        (
            sale.or_stop(stop_loss).unwrap(),
            with_legs("limit", "oco", json!({"side": "sell", "limit_price": "500"})),
        ),
        (
            NewOrder { kind: OrderType::TrailingShare { trail_percent: "1.5".parse().unwrap() }, ..entry },
            body("trailing_stop", json!({"trail_percent": "1.5"})),
        ),
    ];
    for (new, body) in cases {
        let (server, alpaca) = world().await;
        let answer = ok(order(ID, NAME, "pending_new", "0"));
        let post = ours("POST", "/v2/orders").and(body_json(&body));
        post.respond_with(answer).expect(1).mount(&server).await;
        let outcome = alpaca.place(&new, true).await;
        assert!(matches!(outcome, SubmitOutcome::Accepted { .. }), "{body}: {outcome:?}");
    }
}

const STOP: &str = "11aa6f0e-2c94-4d0b-a1f7-3e5b9d7c0003";

/// The target of a pair that closes, and its stop.
fn pair(has_group: bool, target: &str, stop: &str) -> (Value, Value) {
    let mut head = order(ID, NAME, target, "0");
    (head["order_class"], head["side"]) = ("oco".into(), "sell".into());
    let mut stop = order(STOP, "f7b2c3d4-5e6f-4071-9b8c-0d1e2f3a4b52", stop, "0");
    (stop["order_class"], stop["side"], stop["type"]) = ("oco".into(), "sell".into(), "stop".into());
    (stop["limit_price"], stop["stop_price"]) = (Value::Null, "400".into());
    if has_group {
        (head["group_id"], head["group_role"]) = ("9c2e4b77".into(), "take_profit".into());
        (stop["group_id"], stop["group_role"]) = ("9c2e4b77".into(), "stop_loss".into());
    }
    (head, stop)
}

#[tokio::test]
async fn the_end_of_such_a_stop_is_told_under_its_name_and_by_its_group_nothing_more_is_asked() {
    for (has_group, families) in [(true, 0..=0), (false, 1..=1)] {
        let (server, alpaca) = world().await;
        let (head, mut stop) = pair(has_group, "new", "canceled");
        stop["canceled_at"] = "2026-11-20T15:05:09.4Z".into();
        let nested = with(head.clone(), json!({"legs": [stop]}));
        let list = |nested: &str| {
            ours("GET", "/v2/orders").and(query_param("status", "all")).and(query_param("nested", nested))
        };
        list("false").respond_with(ok(json!([stop, head]))).expect(1).mount(&server).await;
        list("true").respond_with(ok(json!([nested]))).expect(families).mount(&server).await;
        ours("GET", "/v2/account/activities/FILL").respond_with(ok(json!([]))).mount(&server).await;
        let read = alpaca.activity_since(None).await.unwrap();
        let [VenueEvent::Closed { order, .. }] = read.events.as_slice() else { panic!("{read:?}") };
        assert_eq!(order.as_str(), format!("{NAME}-s"));
    }
}

#[tokio::test]
async fn the_stop_of_a_pair_that_closes_is_named_after_its_target() {
    for has_group in [true, false] {
        let (server, alpaca) = world().await;
        let (mut head, stop) = pair(has_group, "new", "held");
        let flat = json!([head]);
        head["legs"] = json!([stop]);
        let open = || ours("GET", "/v2/orders").and(query_param("status", "open"));
        open().and(query_param("nested", "false")).respond_with(ok(flat)).mount(&server).await;
        open().and(query_param("nested", "true")).respond_with(ok(json!([head]))).mount(&server).await;
        let listed = alpaca.open_orders().await.unwrap();
        let named = |id: &str| listed.iter().find(|order| order.id == Some(name(id)));
        assert_eq!(listed.len(), 2, "{listed:#?}");
        assert_eq!(named(NAME).unwrap().parent, None);
        let leg = format!("{NAME}-s");
        assert_eq!(named(&leg).unwrap().parent, Some(name(NAME)));
        // It is found by that name, too.
        ours("GET", "/v2/orders:by_client_order_id").respond_with(ok(head.clone())).mount(&server).await;
        ours("GET", &format!("/v2/orders/{ID}")).respond_with(ok(head)).mount(&server).await;
        let Ok(Finding::Found { order }) = alpaca.find(name(&leg), mark(), sent()).await else {
            panic!("it is there")
        };
        assert_eq!(order.venue_order.unwrap().as_str(), STOP);
    }
}
