//! What no trade made, row by row.

use broker_alpaca::Alpaca;
use broker_api::{Activity, Broker, Cursor, NonTrade, VenueEvent};
use chrono::TimeDelta;
use serde_json::{Value, json};
use wiremock::MockServer;
use wiremock::matchers::{query_param, query_param_is_missing};

use crate::world::*;

fn row(n: u32, kind: &str, more: &Value) -> Value {
    let mut row = json!({
        "id": format!("20261120000000{n:03}::5f596936-6f23-4cef-bdf1-3806aae57dbf"), "activity_type": kind,
        "date": "2026-11-20", "net_amount": "0", "status": "executed", "description": "of any form"
    });
    for (name, value) in more.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

async fn no_orders(server: &MockServer) {
    ours("GET", "/v2/orders").respond_with(ok(json!([]))).mount(server).await;
    ours("GET", "/v2/account/activities/FILL").respond_with(ok(json!([]))).mount(server).await;
}

async fn mount(server: &MockServer, rows: Value) {
    no_orders(server).await;
    ours("GET", ACTIVITIES)
        .and(query_param("category", "non_trade_activity"))
        .and(query_param("direction", "asc"))
        .and(query_param("page_size", "100"))
        .respond_with(ok(rows))
        .mount(server)
        .await;
}

fn entries(activity: &Activity) -> Vec<NonTrade> {
    let entry = |event: &VenueEvent| match event {
        VenueEvent::NonTrade(entry) => Some(*entry),
        _ => None,
    };
    activity.events.iter().filter_map(entry).collect()
}

/// Each in a line, with the number of its row.
fn told(activity: &Activity) -> Vec<String> {
    let line = |entry: &NonTrade| {
        let of = entry.key.map_or_else(|| "-".to_owned(), |key| key.symbol.to_string());
        let into = entry.becomes.map(|key| format!(" into {}", key.symbol)).unwrap_or_default();
        let (kind, number) = (entry.kind.as_str(), &entry.id.as_str()[14..17]);
        format!("{number} {kind} {of}{into} {} {}", entry.units, entry.money)
    };
    entries(activity).iter().map(line).collect()
}

async fn read(rows: Value) -> Vec<String> {
    let (server, alpaca) = world().await;
    mount(&server, rows).await;
    told(&alpaca.activity_since(None).await.unwrap())
}

#[tokio::test]
async fn money_and_units_are_told_as_what_they_are() {
    let lines = read(json!([
        row(1, "CSD", &json!({"net_amount": "1000"})),
        row(2, "CSW", &json!({"net_amount": "-250.5", "currency": "USD"})),
        row(3, "DIV", &json!({"activity_sub_type": "CDIV", "symbol": "MSFT", "qty": "2", "per_share_amount": "0.51", "net_amount": "1.02"})),
        row(4, "DIV", &json!({"activity_sub_type": "SDIV", "symbol": "MSFT", "qty": "3"})),
        row(5, "DIVNRA", &json!({"symbol": "MSFT", "net_amount": "-0.15"})),
        row(6, "INT", &json!({"activity_sub_type": "MGN", "net_amount": "-1.5"})),
        row(7, "FEE", &json!({"activity_sub_type": "TAF", "net_amount": "-0.02"})),
        row(8, "PTC", &json!({"symbol": "MSFT", "net_amount": "-0.4"})),
        row(9, "ACATS", &json!({"symbol": "MSFT", "qty": "-9"})),
        row(10, "SPIN", &json!({"symbol": "NEW", "qty": "4"})),
        row(11, "A_NEW_WORD", &json!({"net_amount": "-3"})),
    ]))
    .await;
    let expected = [
        "001 transfer - 0 1000 USD",
        "002 transfer - 0 -250.5 USD",
        "003 dividend MSFT 0 1.02 USD",
        "004 dividend MSFT 3 0 USD",
        "005 dividend MSFT 0 -0.15 USD",
        "006 financing - 0 -1.5 USD",
        "007 late fee - 0 -0.02 USD",
        "008 late fee MSFT 0 -0.4 USD",
        "009 transfer of units MSFT -9 0 USD",
        "010 other entry NEW 4 0 USD",
        "011 other entry - 0 -3 USD",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_fee_in_kind_is_of_a_pair_whose_name_comes_without_its_slash() {
    let (server, alpaca) = world().await;
    let rows = json!([
        row(1, "CFEE", &json!({"symbol": "BTCUSD", "qty": "-0.00025"})),
        row(2, "CFEE", &json!({"symbol": "BTCUSD", "qty": "-0.00001"})),
        row(3, "OCT", &json!({"symbol": "BTC", "qty": "0.5"})),
    ]);
    mount(&server, rows).await;
    let coin = json!([{"class": "crypto", "symbol": "BTC/USD", "status": "active", "tradable": true}]);
    // Once for the pair, and once for a name that is none.
    ours("GET", "/v2/assets").respond_with(ok(coin)).expect(1..=2).mount(&server).await;
    let lines = told(&alpaca.activity_since(None).await.unwrap());
    let expected = [
        "001 fee in kind BTC/USD -0.00025 0 USD",
        "002 fee in kind BTC/USD -0.00001 0 USD",
        "003 transfer of units BTC/USD 0.5 0 USD",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_split_is_one_entry_told_as_a_change_or_as_a_pair() {
    let change = json!([row(1, "SPLIT", &json!({"symbol": "MSFT", "qty": "30"}))]);
    assert_eq!(read(change).await, ["001 split MSFT 30 0 USD"]);
    for group in [json!({"group_id": "g"}), json!({})] {
        let with = |n: u32, qty: &str, money: &str| {
            let mut row = row(n, "SPLIT", &json!({"symbol": "MSFT", "qty": qty, "net_amount": money}));
            row["group_id"] = group["group_id"].clone();
            row
        };
        // The names of an entry do not depend on the order of its rows.
        for rows in [
            json!([with(1, "-10", "0"), with(2, "2", "400")]),
            json!([with(2, "2", "400"), with(1, "-10", "0")]),
        ] {
            assert_eq!(read(rows).await, ["001 split MSFT -8 400 USD"], "{group}");
        }
    }
    let two = json!([
        row(1, "SPLIT", &json!({"symbol": "MSFT", "qty": "30", "group_id": "g"})),
        row(2, "SPLIT", &json!({"symbol": "AMD", "qty": "5", "group_id": "h"})),
    ]);
    assert_eq!(read(two).await.len(), 2);
}

#[tokio::test]
async fn a_change_of_symbol_is_one_entry() {
    for group in ["\"g\"", "null"] {
        let group: Value = serde_json::from_str(group).unwrap();
        let rows = json!([
            row(1, "NC", &json!({"symbol": "OLD", "qty": "-10", "group_id": group})),
            row(2, "NC", &json!({"symbol": "NEW", "qty": "10", "group_id": group})),
        ]);
        assert_eq!(read(rows).await, ["001 change of symbol OLD into NEW 0 0 USD"]);
    }
    // Half of one is for a person to look at.
    let half = json!([row(1, "NC", &json!({"symbol": "OLD", "qty": "-10"}))]);
    assert_eq!(read(half).await, ["001 other entry OLD -10 0 USD"]);
}

#[tokio::test]
async fn what_was_cancelled_does_not_count_and_what_was_corrected_does() {
    let of = |n: u32, status: &str| row(n, "CSD", &json!({"net_amount": "5", "status": status}));
    let lines = read(json!([of(1, "executed"), of(2, "canceled"), of(3, "correct"), of(4, "queued")])).await;
    assert_eq!(lines, ["001 transfer - 0 5 USD", "003 transfer - 0 5 USD"]);
}

#[tokio::test]
async fn an_entry_is_of_its_creation_or_else_of_the_first_moment_of_its_date() {
    let (server, alpaca) = world().await;
    let rows = json!([
        row(1, "CSD", &json!({"net_amount": "5"})),
        row(2, "CSD", &json!({"net_amount": "5", "date": "2026-11-19T05:00:00Z"})),
        row(3, "CSD", &json!({"net_amount": "5", "created_at": "2026-11-20T14:00:00.25Z"})),
    ]);
    mount(&server, rows).await;
    let at = |n: usize, entries: &[NonTrade]| entries[n].at.to_rfc3339();
    let entries = entries(&alpaca.activity_since(None).await.unwrap());
    assert_eq!(at(0, &entries), "2026-11-19T00:00:00+00:00");
    assert_eq!(at(1, &entries), "2026-11-20T00:00:00+00:00");
    assert_eq!(at(2, &entries), "2026-11-20T14:00:00.250+00:00");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_stops_the_log_only_when_it_may_be_about_units() {
    let bad = |more: Value| json!([row(1, "FEE", &more), row(2, "CSD", &json!({"net_amount": "5"}))]);
    assert_eq!(read(bad(json!({"net_amount": "much"}))).await, ["002 transfer - 0 5 USD"]);
    assert_eq!(read(bad(json!({"date": "soon", "net_amount": "1"}))).await, ["002 transfer - 0 5 USD"]);
    let (server, alpaca) = world().await;
    mount(&server, bad(json!({"symbol": "MSFT", "qty": "many"}))).await;
    let failed = alpaca.activity_since(None).await.unwrap_err();
    assert!(!failed.transient && failed.why.contains("an activity"), "{failed}");
    let (server, alpaca) = world().await;
    mount(&server, json!([{"activity_type": "CSD", "net_amount": "5"}])).await;
    alpaca.activity_since(None).await.expect_err("behind a row without a name nothing can be read");
}

/// From when on the entries of the last request are asked for.
async fn asked_from(server: &MockServer) -> Vec<Option<String>> {
    let requests = server.received_requests().await.unwrap();
    let of_entries = requests.iter().filter(|request| request.url.path() == ACTIVITIES);
    let after = |request: &wiremock::Request| {
        request.url.query_pairs().find(|(name, _)| name == "after").map(|(_, value)| value.into_owned())
    };
    of_entries.map(after).collect()
}

#[tokio::test]
async fn entries_are_read_at_first_and_then_once_a_minute_a_week_back() {
    let (server, alpaca, hands) = world_in_time().await;
    mount(&server, json!([row(1, "CSD", &json!({"net_amount": "5", "created_at": "2026-11-20T14:00:00Z"}))]))
        .await;
    let first = alpaca.activity_since(None).await.unwrap();
    assert_eq!(entries(&first).len(), 1);
    let second = alpaca.activity_since(Some(first.cursor)).await.unwrap();
    assert_eq!((entries(&second).len(), second.cursor), (0, first.cursor), "not within the minute");
    hands.pass(TimeDelta::minutes(1));
    let third = alpaca.activity_since(Some(second.cursor)).await.unwrap();
    assert_eq!(entries(&third), entries(&first), "told again under its name");
    assert_eq!(third.cursor, first.cursor);
    assert_eq!(asked_from(&server).await, [None, Some("2026-11-13T14:00:00.000Z".to_owned())]);
    // Another process reads at once.
    let other = adapter(&server.uri()).activity_since(Some(first.cursor)).await.unwrap();
    assert_eq!(entries(&other).len(), 1);
}

#[tokio::test]
async fn a_place_of_before_reads_on_from_its_fills() {
    let (server, alpaca) = world().await;
    mount(&server, json!([])).await;
    let place = Cursor::new("a1.1763650929331.1763640000000").unwrap();
    let read = alpaca.activity_since(Some(place)).await.unwrap();
    assert_eq!(read.cursor.as_str(), "a2.1763650929331.1763640000000.1763650929331");
    assert_eq!(asked_from(&server).await, [Some("2025-11-13T15:02:09.331Z".to_owned())]);
}

#[tokio::test]
async fn a_date_ahead_does_not_hide_what_is_created_until_then() {
    let (server, alpaca) = world().await;
    mount(&server, json!([row(1, "CSD", &json!({"net_amount": "5", "date": "2026-12-24"}))])).await;
    let read = alpaca.activity_since(None).await.unwrap();
    let millis = now().timestamp_millis();
    assert_eq!(read.cursor.as_str(), format!("a2.0.0.{millis}"));
}

#[tokio::test]
async fn an_entry_that_appears_long_after_its_date_is_as_new_as_what_is_read() {
    let (server, alpaca) = world().await;
    mount(&server, json!([row(1, "FEE", &json!({"net_amount": "-1", "date": "2026-01-02"}))])).await;
    let place = Cursor::new("a2.1763650929331.1763640000000.1763650929331").unwrap();
    let read = alpaca.activity_since(Some(place)).await.unwrap();
    assert_eq!(entries(&read)[0].at, at("2026-01-02T00:00:00Z").max(at("2025-11-13T15:02:09.331Z")));
    let place = Cursor::new(&format!("a2.0.0.{}", now().timestamp_millis())).unwrap();
    let later = adapter(&server.uri()).activity_since(Some(place)).await.unwrap();
    assert_eq!(entries(&later)[0].at, now() - TimeDelta::days(7));
}

async fn pages(server: &MockServer) -> Alpaca {
    no_orders(server).await;
    let deposit = |n: u32| row(n, "CSD", &json!({"net_amount": "1"}));
    let first: Vec<Value> =
        (1..100).map(deposit).chain([row(100, "SPLIT", &json!({"symbol": "MSFT", "qty": "-10"}))]).collect();
    let last = first[99]["id"].as_str().unwrap().to_owned();
    let then = json!([row(101, "SPLIT", &json!({"symbol": "MSFT", "qty": "20"}))]);
    ours("GET", ACTIVITIES)
        .and(query_param("page_token", last))
        .respond_with(ok(then))
        .expect(1)
        .mount(server)
        .await;
    ours("GET", ACTIVITIES)
        .and(query_param_is_missing("page_token"))
        .respond_with(ok(first.into()))
        .expect(1)
        .mount(server)
        .await;
    adapter(&server.uri())
}

#[tokio::test]
async fn entries_are_read_page_by_page_and_one_over_an_edge_is_one() {
    let server = MockServer::start().await;
    let alpaca = pages(&server).await;
    let read = alpaca.activity_since(None).await.unwrap();
    assert_eq!((entries(&read).len(), read.complete), (100, true));
    assert!(told(&read).contains(&"100 split MSFT 10 0 USD".to_owned()), "{:?}", told(&read));
}
