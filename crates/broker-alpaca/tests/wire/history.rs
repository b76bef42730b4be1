//! The log: fills and closings by cursor.

use broker_api::{Activity, Broker, End, VenueEvent};
use chrono::TimeDelta;
use serde_json::{Value, json};
use wiremock::MockServer;
use wiremock::matchers::{query_param, query_param_is_missing};

use crate::world::*;

fn row(n: u32, time: &str, qty: &str, cum: &str) -> Value {
    json!({
        "id": format!("20261120100209{n:03}::6c0d1b7a-52e4-4f98-a3c6-19d0e7b8f2a5"), "activity_type": "FILL",
        "transaction_time": time, "type": "fill", "price": "431.22", "qty": qty, "side": "buy", "symbol": "MSFT",
        "leaves_qty": "0", "order_id": ID, "cum_qty": cum, "order_status": "filled"
    })
}

async fn mount(server: &MockServer, orders: Value, rows: Value) {
    let all =
        ours("GET", "/v2/orders").and(query_param("status", "all")).and(query_param("direction", "asc"));
    all.respond_with(ok(orders)).mount(server).await;
    ours("GET", "/v2/account/activities/FILL")
        .and(query_param("direction", "asc"))
        .and(query_param("page_size", "100"))
        .and(query_param_is_missing("order_id"))
        .respond_with(ok(rows))
        .mount(server)
        .await;
}

fn told(activity: &Activity) -> Vec<String> {
    let line = |event: &VenueEvent| match event {
        VenueEvent::Filled(fill) => format!("{} {} {} of {}", fill.side, fill.qty, fill.price, fill.order),
        VenueEvent::Closed { order, end, code, .. } => format!("{order} {end:?} {code}"),
        VenueEvent::Busted { execution, .. } => format!("busted {}", &execution.as_str()[14..17]),
        VenueEvent::NonTrade(entry) => format!("{} {}", entry.kind.as_str(), entry.id),
        VenueEvent::Corrected { fill, .. } => format!("corrected to {} {}", fill.qty, fill.price),
    };
    activity.events.iter().map(line).collect()
}

const FIRST: &str = "2026-11-20T15:02:09.331208Z";
const SECOND: &str = "2026-11-20T15:02:09.874410Z";

#[tokio::test]
async fn fills_are_told_in_their_order_with_our_name_and_again_from_the_same_place() {
    let (server, alpaca) = world().await;
    let rows = json!([row(2, SECOND, "7", "12"), row(1, FIRST, "5", "5")]);
    mount(&server, json!([order(ID, NAME, "filled", "12")]), rows).await;
    let expected = [format!("buy 5 431.22 of {NAME}"), format!("buy 7 431.22 of {NAME}")];
    let first = alpaca.activity_since(None).await.unwrap();
    assert!(first.complete);
    assert_eq!(told(&first), expected);
    let again = alpaca.activity_since(Some(first.cursor)).await.unwrap();
    assert_eq!(told(&again), expected, "within the overlap they are told again");
    assert_eq!(again.cursor, first.cursor, "nothing is new, so the place is the same");
    let requests = server.received_requests().await.unwrap();
    let asked = |path: &str| {
        let last = requests.iter().rfind(|request| request.url.path() == path).unwrap();
        last.url.query_pairs().find(|(name, _)| name == "after").map(|(_, value)| value.into_owned()).unwrap()
    };
    assert_eq!(
        asked("/v2/account/activities/FILL"),
        "2026-11-20T14:47:09.874Z",
        "a quarter of an hour before"
    );
    assert!(asked("/v2/orders").as_str() < "2026-11-20T15:02:07", "before the order that was live");
}

#[tokio::test]
async fn an_order_of_long_ago_is_looked_up_by_its_id() {
    let (server, alpaca) = world().await;
    mount(&server, json!([]), json!([row(1, FIRST, "12", "12")])).await;
    let by_id = format!("/v2/orders/{ID}");
    ours("GET", &by_id).respond_with(ok(order(ID, NAME, "filled", "12"))).expect(1).mount(&server).await;
    let activity = alpaca.activity_since(None).await.unwrap();
    assert_eq!(told(&activity), [format!("buy 12 431.22 of {NAME}")]);
}

#[tokio::test]
async fn closings_come_from_the_list_and_after_their_fills() {
    let (server, alpaca) = world().await;
    let ended = |n: u32, status: &str, field: &str| {
        let name = format!("tw1{n:020}-e1");
        let mut order = order(&format!("00000000-0000-4000-8000-{n:012}"), &name, status, "0");
        order[field] = format!("2026-11-20T15:0{n}:00.5Z").into();
        order
    };
    let mut part = order(ID, NAME, "canceled", "5");
    part["canceled_at"] = FIRST.into();
    let orders = json!([
        part,
        ended(3, "expired", "expired_at"),
        ended(4, "rejected", "failed_at"),
        ended(5, "replaced", "replaced_at"),
        ended(6, "new", "updated_at")
    ]);
    mount(&server, orders, json!([row(1, FIRST, "5", "5")])).await;
    let activity = alpaca.activity_since(None).await.unwrap();
    let name = |n: u32| format!("tw1{n:020}-e1");
    assert_eq!(
        told(&activity),
        [
            format!("buy 5 431.22 of {NAME}"),
            format!("{NAME} Cancelled canceled"),
            format!("{} Expired expired", name(3)),
            format!("{} Refused rejected", name(4)),
            format!("{} Cancelled replaced", name(5)),
        ]
    );
    let VenueEvent::Closed { end, at: when, .. } = activity.events[2] else { panic!() };
    assert_eq!((end, when), (End::Expired, at("2026-11-20T15:03:00.5Z")));
}

#[tokio::test]
async fn rows_that_went_missing_are_asked_for_and_waited_for() {
    let (server, alpaca) = world().await;
    let mut gone = order(ID, NAME, "canceled", "12");
    gone["canceled_at"] = SECOND.into();
    mount(&server, json!([gone]), json!([row(2, SECOND, "7", "12")])).await;
    let own = || ours("GET", "/v2/account/activities/FILL").and(query_param("order_id", ID));
    own().respond_with(ok(json!([row(2, SECOND, "7", "12")]))).up_to_n_times(1).mount(&server).await;
    own().respond_with(ok(json!([row(1, FIRST, "5", "5"), row(2, SECOND, "7", "12")]))).mount(&server).await;
    let first = alpaca.activity_since(None).await.unwrap();
    assert_eq!(told(&first), [format!("buy 7 431.22 of {NAME}")], "not closed before its fills are there");
    assert_eq!(first.cursor.as_str(), "a2.0.0.0", "and not passed over");
    let then = alpaca.activity_since(Some(first.cursor)).await.unwrap();
    assert_eq!(then.events.len(), 3);
    assert_eq!(told(&then)[2], format!("{NAME} Cancelled canceled"));
    assert!(then.cursor > first.cursor);
}

#[tokio::test]
async fn long_logs_are_read_page_by_page() {
    let (server, alpaca) = world().await;
    let page: Vec<Value> =
        (1..=100).map(|n| row(n, FIRST, "0.1", &format!("{}.{}", n / 10, n % 10))).collect();
    let last = page[99]["id"].as_str().unwrap().to_owned();
    let all = ours("GET", "/v2/orders");
    all.respond_with(ok(json!([order(ID, NAME, "filled", "10.1")]))).mount(&server).await;
    let rows = || ours("GET", "/v2/account/activities/FILL");
    let end = ok(json!([row(101, SECOND, "0.1", "10.1")]));
    rows().and(query_param("page_token", last)).respond_with(end).expect(1).mount(&server).await;
    rows().respond_with(ok(page.into())).expect(1).mount(&server).await;
    let activity = alpaca.activity_since(None).await.unwrap();
    assert_eq!((activity.events.len(), activity.complete), (101, true));
}

#[tokio::test]
async fn a_row_that_is_gone_is_a_bust_only_when_the_order_says_so_too() {
    for (filled, is_bust) in [("5", true), ("12", false)] {
        let (server, alpaca) = world().await;
        let both = json!([row(1, FIRST, "5", "5"), row(2, SECOND, "7", "12")]);
        let one = json!([row(1, FIRST, "5", "5")]);
        let list = || ours("GET", "/v2/orders");
        list()
            .respond_with(ok(json!([order(ID, NAME, "filled", "12")])))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        list().respond_with(ok(json!([order(ID, NAME, "filled", filled)]))).mount(&server).await;
        let by_id = format!("/v2/orders/{ID}");
        ours("GET", &by_id).respond_with(ok(order(ID, NAME, "filled", filled))).mount(&server).await;
        let rows = || ours("GET", "/v2/account/activities/FILL");
        rows().respond_with(ok(both)).up_to_n_times(1).mount(&server).await;
        rows().respond_with(ok(one)).mount(&server).await;
        let first = alpaca.activity_since(None).await.unwrap();
        let second = alpaca.activity_since(Some(first.cursor)).await.unwrap();
        let busts = told(&second).into_iter().filter(|line| line == "busted 002").count();
        assert_eq!(busts == 1, is_bust, "{:?}", told(&second));
        let third = alpaca.activity_since(Some(second.cursor)).await.unwrap();
        assert!(!told(&third).contains(&"busted 002".to_owned()), "said once");
    }
}

#[tokio::test]
async fn an_order_that_filled_less_than_was_told_lost_an_execution_however_old() {
    const OTHER: &str = "00000000-0000-4000-8000-000000000001";
    let (server, alpaca, hands) = world_in_time().await;
    let list = || ours("GET", "/v2/orders");
    let live = |filled: &str| order(ID, NAME, "partially_filled", filled);
    let rows = || ours("GET", "/v2/account/activities/FILL");
    let both = json!([row(1, FIRST, "5", "5"), row(2, SECOND, "3", "8")]);
    let mut later = row(3, "2026-11-20T16:00:00Z", "12", "12");
    later["order_id"] = OTHER.into();
    let other = order(OTHER, "tw1bbbbbbbbbbbbbbbbbbbb-e1", "filled", "12");
    list().respond_with(ok(json!([live("8")]))).up_to_n_times(1).mount(&server).await;
    list().respond_with(ok(json!([live("8"), other]))).up_to_n_times(1).mount(&server).await;
    list().respond_with(ok(json!([live("5"), other]))).mount(&server).await;
    let own = rows().and(query_param("order_id", ID));
    own.respond_with(ok(json!([row(1, FIRST, "5", "5")]))).expect(1).mount(&server).await;
    let all = json!([both[0], both[1], later]);
    rows().respond_with(ok(both)).up_to_n_times(1).mount(&server).await;
    rows().respond_with(ok(all)).up_to_n_times(1).mount(&server).await;
    rows().respond_with(ok(json!([later]))).mount(&server).await;
    ours("GET", &format!("/v2/orders/{ID}")).respond_with(ok(live("5"))).expect(1).mount(&server).await;
    let first = alpaca.activity_since(None).await.unwrap();
    assert_eq!(first.events.len(), 2);
    hands.pass(TimeDelta::hours(1));
    // From here on the window no longer holds the rows of the first order.
    let second = alpaca.activity_since(Some(first.cursor)).await.unwrap();
    assert_eq!(second.events.len(), 3, "{:?}", told(&second));
    let third = alpaca.activity_since(Some(second.cursor)).await.unwrap();
    assert_eq!(told(&third).last().map(String::as_str), Some("busted 002"));
    let fourth = alpaca.activity_since(Some(third.cursor)).await.unwrap();
    assert!(!told(&fourth).contains(&"busted 002".to_owned()), "said once");
}

#[tokio::test]
async fn an_order_whose_count_alone_is_less_is_asked_about_once_a_minute_and_loses_nothing() {
    let (server, alpaca, hands) = world_in_time().await;
    let list = || ours("GET", "/v2/orders");
    let live = |filled: &str| order(ID, NAME, "partially_filled", filled);
    list().respond_with(ok(json!([live("8")]))).up_to_n_times(1).mount(&server).await;
    list().respond_with(ok(json!([live("5")]))).mount(&server).await;
    let both = json!([row(1, FIRST, "5", "5"), row(2, SECOND, "3", "8")]);
    ours("GET", "/v2/account/activities/FILL").respond_with(ok(both)).mount(&server).await;
    let by_id = ours("GET", &format!("/v2/orders/{ID}"));
    by_id.respond_with(ok(live("5"))).expect(2).mount(&server).await;
    let mut cursor = alpaca.activity_since(None).await.unwrap().cursor;
    for _ in 0..3 {
        let read = alpaca.activity_since(Some(cursor)).await.unwrap();
        assert!(!told(&read).iter().any(|line| line.starts_with("busted")), "{:?}", told(&read));
        cursor = read.cursor;
    }
    hands.pass(TimeDelta::minutes(1));
    alpaca.activity_since(Some(cursor)).await.unwrap();
}

#[tokio::test]
async fn a_row_that_changed_is_a_correction() {
    let (server, alpaca) = world().await;
    let list = ours("GET", "/v2/orders");
    list.respond_with(ok(json!([order(ID, NAME, "filled", "12")]))).mount(&server).await;
    let rows = || ours("GET", "/v2/account/activities/FILL");
    let mut changed = row(1, FIRST, "12", "12");
    rows().respond_with(ok(json!([changed.clone()]))).up_to_n_times(1).mount(&server).await;
    changed["price"] = "431.2".into();
    rows().respond_with(ok(json!([changed]))).mount(&server).await;
    let first = alpaca.activity_since(None).await.unwrap();
    let second = alpaca.activity_since(Some(first.cursor)).await.unwrap();
    assert_eq!(told(&second), ["corrected to 12 431.2"]);
}

#[tokio::test]
async fn an_account_without_a_past_has_a_place_to_begin() {
    let (server, alpaca) = world().await;
    mount(&server, json!([]), json!([])).await;
    let activity = alpaca.activity_since(None).await.unwrap();
    assert_eq!((activity.events.len(), activity.complete, activity.cursor.as_str()), (0, true, "a2.0.0.0"));
}
