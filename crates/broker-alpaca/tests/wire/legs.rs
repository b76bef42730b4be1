//! Legs that Alpaca makes of a bracket, on a wire with groups and on one without.

use broker_api::{Broker, CancelOutcome, Finding, VenueEvent};
use serde_json::{Value, json};
use wiremock::matchers::{query_param, query_param_is_missing};
use wiremock::{MockServer, ResponseTemplate};

use crate::world::*;

const TARGET: &str = "11aa6f0e-2c94-4d0b-a1f7-3e5b9d7c0002";
const STOP: &str = "11aa6f0e-2c94-4d0b-a1f7-3e5b9d7c0003";
const WOKEN: &str = "11aa6f0e-2c94-4d0b-a1f7-3e5b9d7c0004";

/// A member of the bracket of [`ID`].
fn member(id: &str, client: &str, role: &str, status: &str, filled: &str, has_group: bool) -> Value {
    let mut member = order(id, client, status, filled);
    member["order_class"] = "bracket".into();
    if role != "entry" {
        member["side"] = "sell".into();
    }
    match role {
        "stop_loss" => {
            (member["type"], member["limit_price"], member["stop_price"]) =
                ("stop".into(), Value::Null, "400".into());
        }
        "take_profit" => member["limit_price"] = "500".into(),
        _ => {}
    }
    if has_group {
        (member["group_id"], member["group_role"]) =
            ("9c2e4b77-6f0a-4e39-b5d2-8a1c0f3e7d55".into(), role.into());
    }
    member
}

fn entry(has_group: bool) -> Value {
    member(ID, NAME, "entry", "filled", "12", has_group)
}

fn target(status: &str, filled: &str, has_group: bool) -> Value {
    member(TARGET, "e6a1b2c3-4d5e-4f60-8a7b-9c0d1e2f3a41", "take_profit", status, filled, has_group)
}

fn stop(status: &str, has_group: bool) -> Value {
    member(STOP, "f7b2c3d4-5e6f-4071-9b8c-0d1e2f3a4b52", "stop_loss", status, "0", has_group)
}

fn nested(entry: &Value, legs: &[Value]) -> Value {
    let mut entry = entry.clone();
    entry["legs"] = legs.into();
    entry
}

fn fill(order: &str) -> Value {
    json!({
        "id": "20261120100209331::6c0d1b7a-52e4-4f98-a3c6-19d0e7b8f2a5", "activity_type": "FILL", "side": "sell",
        "transaction_time": "2026-11-20T15:05:09.331208Z", "type": "fill", "price": "500", "qty": "12",
        "symbol": "MSFT", "leaves_qty": "0", "order_id": order, "cum_qty": "12", "order_status": "filled"
    })
}

fn lines(events: &[VenueEvent]) -> Vec<String> {
    let line = |event: &VenueEvent| match event {
        VenueEvent::Filled(fill) => format!("filled {}", fill.order),
        VenueEvent::Closed { order, code, .. } => format!("{code} {order}"),
        other => format!("{other:?}"),
    };
    events.iter().map(line).collect()
}

#[tokio::test]
async fn fills_and_ends_of_legs_have_names_of_ours_by_group_or_by_the_list_of_entries() {
    for has_group in [true, false] {
        let (server, alpaca) = world().await;
        let mut ended = stop("canceled", has_group);
        ended["canceled_at"] = "2026-11-20T15:05:09.4Z".into();
        let (entry, target) = (entry(has_group), target("filled", "12", has_group));
        let flat = json!([target, ended, entry]);
        let list = || ours("GET", "/v2/orders").and(query_param("status", "all"));
        list().and(query_param("nested", "false")).respond_with(ok(flat)).mount(&server).await;
        // With groups nothing more is asked; without them once for each leg.
        let family = list().and(query_param("nested", "true"));
        let calls = if has_group { 0..=0 } else { 1..=2 };
        family.respond_with(ok(json!([nested(&entry, &[target, ended])]))).expect(calls).mount(&server).await;
        let own = ours("GET", "/v2/account/activities/FILL").and(query_param("order_id", ID));
        own.respond_with(ok(json!([]))).mount(&server).await;
        ours("GET", "/v2/account/activities/FILL")
            .and(query_param_is_missing("order_id"))
            .respond_with(ok(json!([fill(TARGET)])))
            .mount(&server)
            .await;
        let read = alpaca.activity_since(None).await.unwrap();
        assert_eq!(lines(&read.events), [format!("filled {NAME}-t"), format!("canceled {NAME}-s")]);
    }
}

/// A leg that woke: the old one is replaced, and what replaced it stands for itself.
async fn woken(server: &MockServer) {
    let mut old = stop("replaced", true);
    old["replaced_by"] = WOKEN.into();
    old["replaced_at"] = "2026-11-20T15:05:08Z".into();
    let new = member(WOKEN, "00000000-5e6f-4071-9b8c-0d1e2f3a4b53", "stop_loss", "new", "0", true);
    let by_name = ours("GET", "/v2/orders:by_client_order_id").and(query_param("client_order_id", NAME));
    by_name.respond_with(ok(entry(true))).mount(server).await;
    let family = ours("GET", &format!("/v2/orders/{ID}")).and(query_param("nested", "true"));
    family
        .respond_with(ok(nested(&entry(true), &[target("canceled", "0", true), old.clone()])))
        .mount(server)
        .await;
    ours("GET", &format!("/v2/orders/{WOKEN}")).respond_with(ok(new.clone())).mount(server).await;
    let flat = json!([entry(true), old, new]);
    ours("GET", "/v2/orders").respond_with(ok(flat)).mount(server).await;
    ours("GET", "/v2/account/activities/FILL").respond_with(ok(json!([]))).mount(server).await;
}

#[tokio::test]
async fn a_leg_that_was_replaced_is_found_and_cancelled_as_what_replaced_it() {
    let (server, alpaca) = world().await;
    woken(&server).await;
    let leg = name(&format!("{NAME}-s"));
    let Ok(Finding::Found { order }) = alpaca.find(leg, mark(), sent()).await else { panic!("it is there") };
    assert_eq!((order.venue_order.unwrap().as_str(), order.end), (WOKEN, None));
    let gone = ours("DELETE", &format!("/v2/orders/{WOKEN}"));
    gone.respond_with(ResponseTemplate::new(204)).expect(1).mount(&server).await;
    assert_eq!(alpaca.cancel(leg).await, CancelOutcome::Accepted);
}

#[tokio::test]
async fn a_leg_that_was_replaced_is_not_told_as_closed() {
    let (server, alpaca) = world().await;
    let new = member(WOKEN, "00000000-5e6f-4071-9b8c-0d1e2f3a4b53", "stop_loss", "new", "0", true);
    let open = || ours("GET", "/v2/orders").and(query_param("status", "open"));
    open().and(query_param("nested", "false")).respond_with(ok(json!([new]))).mount(&server).await;
    open().and(query_param("nested", "true")).respond_with(ok(json!([]))).mount(&server).await;
    woken(&server).await;
    let own = |order: &str| format!("{order} {NAME}-s");
    let read = alpaca.activity_since(None).await.unwrap();
    assert!(!lines(&read.events).contains(&own("replaced")), "{:?}", read.events);
    let open = alpaca.open_orders().await.unwrap();
    let of_leg: Vec<_> = open.iter().filter(|order| order.id == Some(name(&format!("{NAME}-s")))).collect();
    assert_eq!(of_leg.len(), 1, "{open:#?}");
    assert_eq!(of_leg[0].order.venue_order.unwrap().as_str(), WOKEN);
}

#[tokio::test]
async fn legs_of_another_programs_bracket_keep_their_own_names_and_are_looked_up_once() {
    let (server, alpaca) = world().await;
    let mut foreign = entry(true);
    foreign["client_order_id"] = "somebody-elses".into();
    let (legs, list) = ([target("filled", "12", true), stop("held", true)], || ours("GET", "/v2/orders"));
    list().and(query_param("nested", "false")).respond_with(ok(json!(legs))).mount(&server).await;
    list()
        .and(query_param("nested", "true"))
        .respond_with(ok(json!([nested(&foreign, &legs)])))
        .expect(1)
        .mount(&server)
        .await;
    let own = ours("GET", "/v2/account/activities/FILL").and(query_param("order_id", TARGET));
    own.respond_with(ok(json!([]))).mount(&server).await;
    ours("GET", "/v2/account/activities/FILL").respond_with(ok(json!([fill(TARGET)]))).mount(&server).await;
    for _ in 0..3 {
        let read = alpaca.activity_since(None).await.unwrap();
        assert_eq!(lines(&read.events), ["filled e6a1b2c34d5e4f608a7b9c0d1e2f3a41"]);
    }
}

#[tokio::test]
async fn a_leg_of_an_entry_that_is_not_there_is_absent() {
    let (server, alpaca) = world().await;
    ours("GET", "/v2/orders:by_client_order_id")
        .respond_with(refusal(404, 40_410_000, "order not found"))
        .mount(&server)
        .await;
    ours("GET", "/v2/orders").respond_with(ok(json!([]))).mount(&server).await;
    let leg = name(&format!("{NAME}-t"));
    assert!(matches!(alpaca.find(leg, mark(), sent()).await, Ok(Finding::Absent { .. })));
    assert!(matches!(alpaca.cancel(leg).await, CancelOutcome::NotSent { .. }));
}
