//! The log, and how an order without an answer is settled by it.

use broker_api::{Broker, End, Finding, Proof, VenueEvent};
use serde_json::{Value, json};
use wiremock::MockServer;
use wiremock::matchers::query_param;

use crate::world::*;

fn other(id: u64) -> Value {
    json!({"id": id.to_string(), "batchID": id.to_string(), "time": "2026-03-10T14:05:07Z", "type": "CLIENT_CONFIGURE"})
}

async fn log(server: &MockServer, since: u64, rows: &Value, last: u64) {
    of_account("GET", "/summary").respond_with(ok(&summary(&last.to_string()))).mount(server).await;
    let body = json!({"transactions": rows, "lastTransactionID": last.to_string()});
    of_account("GET", "/transactions/sinceid")
        .and(query_param("id", since.to_string()))
        .respond_with(ok(&body))
        .mount(server)
        .await;
}

#[tokio::test]
async fn what_was_done_is_read_from_its_place_on() {
    let (server, oanda) = world().await;
    log(&server, 4100, &json!([made(4101, "LIMIT_ORDER"), filled(4102, 4101, "-1500")]), 4102).await;
    let read = oanda.activity_since(Some(mark(4100))).await.unwrap();
    assert!(read.complete && read.cursor == mark(4102));
    let [VenueEvent::Filled(fill)] = read.events.as_slice() else { panic!("{:?}", read.events) };
    assert_eq!((fill.order, fill.key), (name(NAME), key("EUR/USD")));
    // In euros: half of both factors, and what the conversion cost is a fee.
    assert_eq!((fill.rate.to_string(), fill.fee.amount.to_string()), ("0.9".into(), "0.0576".into()));
    assert_eq!(fill.at.timestamp_subsec_nanos(), 123_456_789);
}

#[tokio::test]
async fn far_from_its_end_the_log_is_read_in_ranges() {
    let (server, oanda) = world().await;
    of_account("GET", "/summary").respond_with(ok(&summary("2400"))).mount(&server).await;
    let rows: Vec<Value> = (1..=1000).map(other).collect();
    of_account("GET", "/transactions/idrange")
        .and(query_param("from", "1"))
        .and(query_param("to", "1000"))
        .respond_with(ok(&json!({"transactions": rows, "lastTransactionID": "2400"})))
        .expect(1)
        .mount(&server)
        .await;
    let read = oanda.activity_since(None).await.unwrap();
    // The last one may be the first of a batch that goes on.
    assert!(!read.complete && read.cursor == mark(999) && read.events.is_empty());
}

#[tokio::test]
async fn a_hole_is_filled_or_proven_and_never_passed_over() {
    let (server, oanda) = world().await;
    log(&server, 4100, &json!([made(4101, "LIMIT_ORDER"), other(4104)]), 4104).await;
    let fill = json!({"transaction": filled(4102, 4101, "-1500"), "lastTransactionID": "4104"});
    of_account("GET", "/transactions/4102").respond_with(ok(&fill)).mount(&server).await;
    let none = json!({"errorCode": "NO_SUCH_TRANSACTION", "lastTransactionID": "4104"});
    of_account("GET", "/transactions/4103")
        .respond_with(answer(404, &none))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let read = oanda.activity_since(Some(mark(4100))).await.unwrap();
    assert!(read.complete && read.events.len() == 1, "{read:?}");
    // A gateway's word is none.
    of_account("GET", "/transactions/4103").respond_with(answer(404, &json!({}))).mount(&server).await;
    assert!(oanda.activity_since(Some(mark(4100))).await.is_err());
}

#[tokio::test]
async fn an_answer_that_is_cut_is_read_on_from_its_end() {
    let (server, oanda) = world().await;
    log(&server, 4100, &json!([other(4101), made(4102, "LIMIT_ORDER")]), 4103).await;
    let read = oanda.activity_since(Some(mark(4100))).await.unwrap();
    // The last one may be the first of a batch that goes on.
    assert!(!read.complete && read.cursor == mark(4101), "{read:?}");
}

#[tokio::test]
async fn a_transaction_that_matters_is_understood_or_the_reading_fails() {
    let (server, oanda) = world().await;
    log(&server, 1, &json!([{"id": "2", "type": "A_TYPE_OF_TOMORROW", "time": 7}, other(3)]), 3).await;
    assert!(oanda.activity_since(Some(mark(1))).await.unwrap().complete);
    let mut broken = filled(2, 1, "-1500");
    broken["units"] = json!(["many"]);
    let (server, oanda) = world().await;
    log(&server, 1, &json!([broken]), 2).await;
    let failed = oanda.activity_since(Some(mark(1))).await.unwrap_err();
    assert!(!failed.transient && failed.why.contains("transaction 2 (ORDER_FILL)"), "{failed}");
}

#[tokio::test]
async fn a_log_that_ends_before_its_place_is_another_one() {
    let (server, oanda) = world().await;
    log(&server, 4100, &json!([]), 7).await;
    assert!(!oanda.activity_since(Some(mark(4100))).await.unwrap_err().transient);
}

async fn found(rows: &Value, last: u64, to: &str) -> Finding {
    let (server, oanda) = world().await;
    log(&server, 4100, rows, last).await;
    let none = json!({"errorCode": "NO_SUCH_ORDER", "lastTransactionID": last.to_string()});
    of_account("GET", &format!("/orders/@{NAME}")).respond_with(answer(404, &none)).mount(&server).await;
    oanda.find(name(NAME), mark(4100), sent(to)).await.unwrap()
}

#[tokio::test]
async fn an_order_is_found_by_its_name_in_the_log() {
    let Finding::Found { order } =
        found(&json!([made(4101, "LIMIT_ORDER"), filled(4102, 4101, "-1500")]), 4102, "2026-03-10T14:05:20Z")
            .await
    else {
        panic!("it is there")
    };
    assert_eq!((order.end, order.filled.to_string()), (Some(End::Filled), "1500".to_owned()));
}

#[tokio::test]
async fn absence_is_proven_ten_seconds_after_the_last_moment_and_not_before() {
    // It is ten past.
    let proven = found(&json!([other(4101)]), 4101, "2026-03-10T14:09:49Z").await;
    let Finding::Absent { proof: Proof::FencePassed { fence, to } } = proven else { panic!("{proven:?}") };
    assert_eq!((fence, to), (at("2026-03-10T14:09:49Z"), mark(4101)));
    let early = found(&json!([other(4101)]), 4101, "2026-03-10T14:09:51Z").await;
    let Finding::NotYet { again_at } = early else { panic!("{early:?}") };
    assert!(again_at > at("2026-03-10T14:10:01Z"));
}

#[tokio::test]
async fn a_log_with_a_hole_proves_nothing() {
    let (server, oanda) = world().await;
    log(&server, 4100, &json!([other(4102)]), 4102).await;
    of_account("GET", "/transactions/4101").respond_with(answer(503, &json!({}))).mount(&server).await;
    assert!(oanda.find(name(NAME), mark(4100), sent("2026-03-10T14:05:20Z")).await.is_err());
}
