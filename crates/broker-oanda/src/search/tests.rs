//! One order among transactions.

use serde_json::{Value, json};

use super::*;

const NAME: &str = "tw1aaaaaaaaaaaaaaaaaaaa-e1";

fn at() -> &'static str {
    "2026-03-10T14:05:07Z"
}

fn made(id: u64, units: &str, tif: &str) -> Value {
    json!({"id": id, "batchID": id, "time": at(), "type": "LIMIT_ORDER", "units": units, "timeInForce": tif,
        "clientExtensions": {"id": NAME}})
}

fn filled(id: u64, order: u64, units: &str, of: &str) -> Value {
    json!({"id": id, "batchID": order, "time": at(), "type": "ORDER_FILL", "orderID": order, "units": units,
        "requestedUnits": of, "clientOrderID": NAME})
}

fn cancelled(id: u64, order: u64, batch: u64, reason: &str) -> Value {
    json!({"id": id, "batchID": batch, "time": at(), "type": "ORDER_CANCEL", "orderID": order, "reason": reason,
        "clientOrderID": NAME})
}

/// What is seen: its id, its end and what was executed of it.
fn found(rows: Value) -> Option<(String, Option<End>, String)> {
    let rows: Vec<Transaction> = serde_json::from_value(rows).unwrap();
    let order = seen(&rows, ClientOrderId::new(NAME).unwrap()).unwrap()?;
    Some((order.venue_order.unwrap().to_string(), order.end, order.filled.to_string()))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside what is found")]
fn is(id: &str, end: Option<End>, filled: &str) -> Option<(String, Option<End>, String)> {
    Some((id.to_owned(), end, filled.to_owned()))
}

#[test]
fn an_order_is_found_as_it_stands() {
    assert_eq!(found(json!([])), None);
    assert_eq!(found(json!([made(5, "10", "GTC")])), is("5", None, "0"));
    assert_eq!(found(json!([made(5, "-10", "GTC"), filled(6, 5, "-4", "-10")])), is("5", None, "4"));
    let whole = json!([made(5, "10", "GTC"), filled(6, 5, "4", "10"), filled(7, 5, "6", "6")]);
    assert_eq!(found(whole), is("5", Some(End::Filled), "10"));
    let rest = json!([made(5, "10", "GTC"), filled(6, 5, "4", "10"), cancelled(8, 5, 8, "CLIENT_REQUEST")]);
    assert_eq!(found(rest), is("5", Some(End::Cancelled), "4"));
    let late = json!([made(5, "10", "GTD"), cancelled(8, 5, 8, "TIME_IN_FORCE_EXPIRED")]);
    assert_eq!(found(late), is("5", Some(End::Expired), "0"));
    assert_eq!(
        found(json!([made(5, "10", "IOC"), filled(6, 5, "4", "10")])),
        is("5", Some(End::Cancelled), "4")
    );
}

#[test]
fn an_order_that_was_refused_is_found_so() {
    let killed = json!([made(5, "10", "GTC"), cancelled(6, 5, 5, "INSUFFICIENT_MARGIN")]);
    assert_eq!(found(killed), is("5", Some(End::Refused), "0"));
    let mut reject = made(5, "10", "GTC");
    reject["type"] = json!("LIMIT_ORDER_REJECT");
    reject["rejectReason"] = json!("PRICE_PRECISION_EXCEEDED");
    assert_eq!(found(json!([reject])), is("5", Some(End::Refused), "0"));
    // A second one of its name says nothing about the first.
    reject["rejectReason"] = json!("CLIENT_ORDER_ID_ALREADY_EXISTS");
    assert_eq!(found(json!([reject])), None);
    reject["id"] = json!(7);
    assert_eq!(found(json!([made(5, "10", "GTC"), reject])), is("5", None, "0"));
    let twice = json!([
        made(5, "10", "FOK"),
        filled(6, 5, "10", "10"),
        made(7, "10", "FOK"),
        cancelled(8, 7, 7, "CLIENT_TRADE_ID_ALREADY_EXISTS")
    ]);
    assert_eq!(found(twice), is("5", Some(End::Filled), "10"));
}

#[test]
fn what_goes_on_under_another_id_is_the_same_order() {
    let rest = json!({"id": 8, "batchID": 7, "time": at(), "type": "LIMIT_ORDER", "units": "6", "timeInForce": "GTC",
        "replacesOrderID": "5"});
    let first = json!([made(5, "10", "GTC"), filled(7, 5, "4", "10"), rest]);
    assert_eq!(found(first.clone()), is("5", None, "4"));
    let mut all = first.as_array().unwrap().clone();
    let mut last = filled(9, 8, "6", "6");
    last["clientOrderID"] = json!(null);
    all.push(last);
    assert_eq!(found(Value::Array(all)), is("5", Some(End::Filled), "10"));
}

#[test]
fn two_executions_of_one_name_both_count() {
    let twice = json!([
        made(5, "10", "FOK"),
        filled(6, 5, "10", "10"),
        made(7, "10", "FOK"),
        filled(8, 7, "10", "10")
    ]);
    assert_eq!(found(twice), is("5", Some(End::Filled), "20"));
}
