//! Transactions of each type, as events.

use serde_json::{Value, json};

use super::*;

const NAME: &str = "tw1aaaaaaaaaaaaaaaaaaaa-e1";

fn rows(rows: &Value) -> Vec<Transaction> {
    serde_json::from_value(rows.clone()).unwrap()
}

fn told_by(memory: &mut Memory, rows: &[Transaction]) -> Vec<VenueEvent> {
    let (venue, home) = (VenueId::new("oanda").unwrap(), Currency::new("USD").unwrap());
    of(venue, home, rows, &Rates::default(), memory).unwrap()
}

fn told(all: &Value) -> Vec<VenueEvent> {
    told_by(&mut Memory::default(), &rows(all))
}

fn made(id: u64, kind: &str, tif: &str) -> Value {
    json!({"id": id.to_string(), "batchID": id.to_string(), "time": "2026-03-10T14:05:07.123456789Z", "type": kind,
        "instrument": "EUR_USD", "units": "1000", "timeInForce": tif, "reason": "CLIENT_ORDER",
        "clientExtensions": {"id": NAME}})
}

fn filled(id: u64, order: u64, batch: u64, units: &str) -> Value {
    json!({"id": id.to_string(), "batchID": batch.to_string(), "time": "2026-03-10T14:05:07.123456789Z",
        "type": "ORDER_FILL", "orderID": order.to_string(), "clientOrderID": NAME, "instrument": "EUR_USD",
        "units": units, "requestedUnits": "1000", "price": "1.08512", "fullVWAP": "1.08512", "pl": "0.0000",
        "quotePL": "0", "financing": "0.0000", "commission": "0.0000", "accountBalance": "25000.0000"})
}

fn cancelled(id: u64, order: u64, batch: u64, reason: &str) -> Value {
    json!({"id": id.to_string(), "batchID": batch.to_string(), "time": "2026-03-10T14:05:08Z", "type": "ORDER_CANCEL",
        "orderID": order.to_string(), "clientOrderID": NAME, "reason": reason})
}

fn ends(events: &[VenueEvent]) -> Vec<(String, End, String)> {
    let end = |event: &VenueEvent| match event {
        VenueEvent::Closed { order, end, code, .. } => Some((order.to_string(), *end, code.to_string())),
        _ => None,
    };
    events.iter().filter_map(end).collect()
}

#[test]
fn a_fill_that_closes_and_opens_is_one_with_its_nanoseconds() {
    let mut turn = filled(4111, 4110, 4110, "-1500");
    turn["pl"] = json!("1.2800");
    turn["quotePL"] = json!("1.28000");
    turn["commission"] = json!("0.5");
    turn["financing"] = json!("-0.0123");
    turn["tradesClosed"] =
        json!([{"tradeID": "4102", "units": "-400"}, {"tradeID": "4105", "units": "-600"}]);
    turn["tradeOpened"] = json!({"tradeID": "4111", "units": "-500"});
    let events = told(&json!([made(4110, "MARKET_ORDER", "FOK"), turn]));
    let [VenueEvent::Filled(fill), VenueEvent::NonTrade(financing)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((fill.side, fill.qty.get(), fill.order.as_str()), (broker_api::Side::Sell, 1500.into(), NAME));
    assert_eq!((fill.fee.amount.to_string(), fill.execution.as_str()), ("0.5".into(), "4111"));
    assert_eq!(fill.at.timestamp_subsec_nanos(), 123_456_789);
    assert_eq!(
        (financing.kind, financing.money.amount.to_string()),
        (NonTradeKind::Financing, "-0.0123".into())
    );
    assert_eq!(financing.id.as_str(), "4111-f");
}

#[test]
fn an_order_that_is_killed_is_refused_once() {
    let events = told(&json!([made(5, "MARKET_ORDER", "FOK"), cancelled(6, 5, 5, "MARKET_HALTED")]));
    assert_eq!(ends(&events), [(NAME.to_owned(), End::Refused, "market_halted".to_owned())]);
    // What it was not executed of is cancelled, not refused.
    let events = told(&json!([
        made(5, "LIMIT_ORDER", "IOC"),
        filled(6, 5, 5, "400"),
        cancelled(7, 5, 5, "TIME_IN_FORCE_EXPIRED")
    ]));
    assert_eq!(ends(&events), [(NAME.to_owned(), End::Cancelled, "time_in_force_expired".to_owned())]);
    // The same where no transaction tells it.
    let events = told(&json!([made(5, "LIMIT_ORDER", "IOC"), filled(6, 5, 5, "400")]));
    assert_eq!(ends(&events)[0].1, End::Cancelled);
    let events = told(&json!([made(5, "LIMIT_ORDER", "GTC"), filled(6, 5, 5, "400")]));
    assert_eq!(ends(&events).len(), 0, "it rests");
}

#[test]
fn ends_have_their_reasons() {
    let end = |reason: &str| ends(&told(&json!([cancelled(9, 5, 9, reason)])))[0].1;
    assert_eq!(end("TIME_IN_FORCE_EXPIRED"), End::Expired);
    assert_eq!(end("CLIENT_REQUEST"), End::Cancelled);
    assert_eq!(end("LINKED_TRADE_CLOSED"), End::Cancelled);
    assert_eq!(end("A_NEW_WORD"), End::Cancelled);
    // The one in its place has its name: it is the same order.
    let mut replaced = cancelled(9, 5, 9, "CLIENT_REQUEST_REPLACED");
    replaced["replacedByOrderID"] = json!("10");
    assert_eq!(told(&json!([replaced, made(10, "LIMIT_ORDER", "GTC")])).len(), 0);
}

#[test]
fn a_second_order_of_a_name_says_nothing_about_the_first() {
    let reject = |reason: &str| {
        let mut row = made(7, "LIMIT_ORDER_REJECT", "GTC");
        row["rejectReason"] = json!(reason);
        ends(&told(&json!([row])))
    };
    assert_eq!(reject("CLIENT_ORDER_ID_ALREADY_EXISTS").len(), 0);
    assert_eq!(reject("PRICE_PRECISION_EXCEEDED")[0].1, End::Refused);
    let twice = json!([made(5, "MARKET_ORDER", "FOK"), cancelled(6, 5, 5, "CLIENT_TRADE_ID_ALREADY_EXISTS")]);
    assert_eq!(ends(&told(&twice)).len(), 0);
}

#[test]
fn what_goes_on_under_another_id_keeps_its_name() {
    let mut memory = Memory::default();
    let mut rest = made(8, "LIMIT_ORDER", "GTC");
    rest["clientExtensions"] = json!(null);
    rest["replacesOrderID"] = json!("5");
    told_by(&mut memory, &rows(&json!([made(5, "LIMIT_ORDER", "GTC"), filled(7, 5, 7, "400"), rest])));
    let mut last = filled(9, 8, 9, "600");
    last["clientOrderID"] = json!(null);
    let events = told_by(&mut memory, &rows(&json!([last])));
    let [VenueEvent::Filled(fill)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(fill.order.as_str(), NAME);
    // What others do has the order's id for a name.
    let mut foreign = filled(12, 11, 11, "-1000");
    foreign["clientOrderID"] = json!("Their Own");
    let events = told_by(&mut memory, &rows(&json!([foreign])));
    let [VenueEvent::Filled(fill)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(fill.order.as_str(), "o11");
}

#[test]
fn money_that_no_trade_made_is_what_it_is() {
    let at = "2026-03-16T21:00:00Z";
    let events = told(&json!([
        {"id": "1", "time": at, "type": "CREATE"},
        {"id": "2", "time": at, "type": "TRANSFER_FUNDS", "amount": "25000.0000", "fundingReason": "CLIENT_FUNDING",
            "accountBalance": "25000.0000"},
        {"id": "3", "time": at, "type": "DAILY_FINANCING", "financing": "-0.0800", "accountBalance": "24999.9200",
            "positionFinancings": [{"instrument": "EUR_USD", "financing": "-0.0690"},
                {"instrument": "USD_JPY", "financing": "-0.0100"}]},
        {"id": "4", "time": at, "type": "DIVIDEND_ADJUSTMENT", "instrument": "NAS100_USD", "dividendAdjustment": "1.5",
            "accountBalance": "25001.4200"},
        {"id": "5", "time": at, "type": "MARGIN_CALL_ENTER"},
        {"id": "6", "time": at, "type": "A_TYPE_OF_TOMORROW", "accountBalance": "25000.4200"},
        {"id": "7", "time": at, "type": "A_TYPE_OF_TOMORROW", "accountBalance": "25000.4200"},
    ]));
    let told: Vec<_> = events
        .iter()
        .map(|event| match event {
            VenueEvent::NonTrade(entry) => {
                let key = entry.key.map_or_else(String::new, |key| key.symbol.to_string());
                (entry.id.to_string(), entry.kind, key, entry.money.amount.to_string())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let one =
        |id: &str, kind, key: &str, amount: &str| (id.to_owned(), kind, key.to_owned(), amount.to_owned());
    assert_eq!(
        told,
        [
            one("2-m", NonTradeKind::Transfer, "", "25000"),
            one("3-f0", NonTradeKind::Financing, "EUR/USD", "-0.069"),
            one("3-f1", NonTradeKind::Financing, "USD/JPY", "-0.01"),
            one("3-f", NonTradeKind::Financing, "", "-0.001"),
            one("4-d", NonTradeKind::Dividend, "NAS100/USD", "1.5"),
            one("6-b", NonTradeKind::Other, "", "-1"),
        ]
    );
}
