//! An adapter before a server of which each test says what it answers.

use std::sync::Arc;

use broker_api::intent::Limit;
use broker_api::{
    ClientOrderId, Cursor, Intent, Key, Mode, OrderKind, Protection, Purpose, SentWindow, Side, Symbol, Time,
    TimeInForce, VenueId,
};
use broker_oanda::{Config, Credentials, Oanda};
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockBuilder, MockServer, ResponseTemplate};

pub(crate) const ACCOUNT: &str = "101-004-7654321-001";
pub(crate) const NAME: &str = "tw1aaaaaaaaaaaaaaaaaaaa-e1";
pub(crate) const TOKEN: &str = "hushhushhushhush";

pub(crate) fn at(text: &str) -> Time {
    text.parse().unwrap()
}

pub(crate) fn now() -> Time {
    at("2026-03-10T14:10:00Z")
}

pub(crate) fn config(url: &str) -> Config {
    let credentials = Credentials::token(TOKEN.into()).unwrap();
    Config::new(venue(), Mode::Practice, credentials).unwrap().with_base_url(url).unwrap()
}

pub(crate) fn adapter(url: &str) -> Oanda {
    Oanda::new(config(url).with_account(ACCOUNT).unwrap(), Arc::new(now)).unwrap()
}

pub(crate) async fn world() -> (MockServer, Oanda) {
    let server = MockServer::start().await;
    let oanda = adapter(&server.uri());
    (server, oanda)
}

/// A request as every one of ours must be.
pub(crate) fn ours(verb: &str, at: &str) -> MockBuilder {
    Mock::given(method(verb))
        .and(path(at))
        .and(header("Authorization", format!("Bearer {TOKEN}").as_str()))
        .and(header("Accept-Datetime-Format", "RFC3339"))
}

/// The same of the account.
pub(crate) fn of_account(verb: &str, rest: &str) -> MockBuilder {
    ours(verb, &format!("/v3/accounts/{ACCOUNT}{rest}"))
}

pub(crate) fn answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

pub(crate) fn ok(body: &Value) -> ResponseTemplate {
    answer(200, body)
}

pub(crate) fn summary(last: &str) -> Value {
    json!({"account": {"id": ACCOUNT, "currency": "EUR", "balance": "43650.7887", "NAV": "43500.1000",
        "marginUsed": "948.9000", "marginAvailable": "42551.2000", "marginRate": "0.02", "resettablePLTime": "0",
        "hedgingEnabled": false, "a_new_field": [1]}, "lastTransactionID": last})
}

pub(crate) fn venue() -> VenueId {
    VenueId::new("oanda").unwrap()
}

pub(crate) fn key(symbol: &str) -> Key {
    Key { venue: venue(), symbol: Symbol::new(symbol).unwrap() }
}

pub(crate) fn name(text: &str) -> ClientOrderId {
    ClientOrderId::new(text).unwrap()
}

pub(crate) fn mark(id: u64) -> Cursor {
    Cursor::new(&format!("t{id}")).unwrap()
}

pub(crate) fn sent(to: &str) -> SentWindow {
    SentWindow { from: at("2026-03-10T14:05:00Z"), to: at(to) }
}

pub(crate) fn intent() -> Intent {
    Intent {
        id: name(NAME),
        key: key("EUR/USD"),
        signal: None,
        purpose: Purpose::Entry,
        side: Side::Sell,
        qty: "1500".parse().unwrap(),
        order: OrderKind::Limit(Limit { limit: "1.08560".parse().unwrap() }),
        tif: TimeInForce::Gtd(at("2026-03-10T14:10:20.5Z")),
        reduce_only: false,
        bracket: false,
        plan: Protection::default(),
        reference: "1.085".parse().unwrap(),
        risk: None,
    }
}

/// The transaction that makes an order.
pub(crate) fn made(id: u64, kind: &str) -> Value {
    json!({"id": id.to_string(), "accountID": ACCOUNT, "userID": 7_654_321, "batchID": id.to_string(),
        "requestID": "61299900011122233", "time": "2026-03-10T14:05:07.123456789Z", "type": kind,
        "instrument": "EUR_USD", "units": "-1500", "price": "1.08560", "timeInForce": "GTD",
        "reason": "CLIENT_ORDER", "clientExtensions": {"id": NAME, "a_new_field": null}})
}

/// The one that executes it, in an account of euros.
pub(crate) fn filled(id: u64, order: u64, units: &str) -> Value {
    json!({"id": id.to_string(), "accountID": ACCOUNT, "batchID": order.to_string(),
        "time": "2026-03-10T14:05:07.123456789Z", "type": "ORDER_FILL", "orderID": order.to_string(),
        "clientOrderID": NAME, "instrument": "EUR_USD", "units": units, "requestedUnits": "-1500",
        "price": "1.08512", "fullVWAP": "1.08512", "pl": "11.4624", "quotePL": "12.80", "financing": "0.0000",
        "commission": "0.0000", "accountBalance": "25000.0000", "guaranteedExecutionFee": "0.0000",
        "homeConversionFactors": {"gainQuoteHome": {"factor": "0.8955"}, "lossQuoteHome": {"factor": "0.9045"},
            "gainBaseHome": null, "lossBaseHome": null}})
}
