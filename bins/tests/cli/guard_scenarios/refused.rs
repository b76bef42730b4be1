//! The broker refuses the orders that close one of three positions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use broker_sim::core::{Bystander, OnRequest, Reply, Request};
use serde_json::{Value, json};

use crate::alpaca::desk::document;

use super::{Desk, account, closed_there, holds, holds_three, level, nothing_twice, says};

/// Refuses to sell a stock at market, as long as it is on.
struct Refuses {
    is_on: Arc<AtomicBool>,
    status: u16,
    code: u32,
    message: &'static str,
}

impl Bystander for Refuses {
    fn request(&mut self, request: &Request) -> Option<OnRequest> {
        let is_it = self.is_on.load(Ordering::Relaxed) && is_sale(&request.method, &order(request));
        let refusal = OnRequest::Reject {
            status: self.status,
            code: self.code.into(),
            message: self.message.to_owned(),
        };
        is_it.then_some(refusal)
    }

    fn answered(&mut self, _: &Request, _: Option<&Reply>) {}
}

fn order(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

fn is_sale(method: &str, order: &Value) -> bool {
    method == "POST" && order["symbol"] == "KO" && order["side"] == "sell" && order["type"] == "market"
}

/// How often it was tried to close it.
fn tries(desk: &Desk) -> usize {
    let is_try = |line: &&Value| {
        line["kind"] == "request" && is_sale(line["method"].as_str().unwrap_or_default(), &line["body"])
    };
    desk.control.wire().iter().filter(is_try).count()
}

/// Three are held, and everything is to be closed while one is refused.
fn closes(desk: &Desk, status: u16, code: u32, message: &'static str, told: &[&str]) -> Arc<AtomicBool> {
    holds_three(desk);
    let is_on = Arc::new(AtomicBool::new(true));
    desk.control.stand_by(Refuses { is_on: Arc::clone(&is_on), status, code, message });
    let said = says(desk, &["flatten", "--why", "out", "--confirm", &account(desk)], 0, told);
    assert!(!said.contains("Flat:"), "{said}");
    holds(desk, &["KO 108"]);
    assert_eq!(closed_there(desk), ["market AAPL 44 227.1", "market MSFT 23 431.25"]);
    is_on
}

/// The broker takes it: everything is closed, each once.
fn ends_flat(desk: &Desk, is_on: &AtomicBool) {
    is_on.store(false, Ordering::Relaxed);
    desk.seconds(61);
    desk.pass(3, &[], &[]);
    holds(desk, &[]);
    assert_eq!(closed_there(desk), ["market AAPL 44 227.1", "market KO 108 62.4", "market MSFT 23 431.25"]);
    assert!(desk.live("KO").is_empty(), "{:?}", desk.live("KO"));
    let said = says(desk, &["flatten", "--why", "out", "--confirm", &account(desk)], 0, &[]);
    assert!(said.contains("Flat: nothing is held and no order is open."), "{said}");
    assert_eq!(level(desk), "flattening");
    nothing_twice(desk);
}

#[test]
fn what_the_broker_refuses_to_close_is_told_guarded_and_tried_again() {
    let desk = Desk::new("100000");
    let message = "insufficient qty available for order (requested: 108, available: 0)";
    let told =
        ["Closing: still held 1 position", "KO 108: still held, the broker refused to close it", message];
    let is_on = closes(&desk, 403, 40_310_000, message, &told);
    assert_eq!(tries(&desk), 1);
    // Until it is tried again its stop rests, as before.
    desk.seconds(6);
    let told = desk.pass(3, &[], &[]);
    assert_eq!(desk.live("KO"), ["stop sell 108 44 new"]);
    assert_eq!(
        told["closing"],
        json!([{ "symbol": "KO", "quantity": "108", "closing": "refused", "opens_at": null,
            "again_at": "2026-10-02T14:01:00Z", "stop_rests": true }])
    );
    let needs = told["needs_you"].to_string();
    assert!(
        needs.contains("KO 108: still held, the broker refused to close it") && needs.contains(message),
        "{needs}"
    );
    assert_eq!(tries(&desk), 1);
    // Each minute it is tried once more, and never beside its stop.
    for tried in [2, 3] {
        desk.seconds(61);
        desk.pass(3, &[], &[]);
        assert_eq!(tries(&desk), tried);
        desk.seconds(6);
        desk.pass(3, &[], &[]);
        assert_eq!((tries(&desk), desk.live("KO")), (tried, vec!["stop sell 108 44 new".to_owned()]));
    }
    ends_flat(&desk, &is_on);
    assert_eq!(tries(&desk), 4);
}

#[test]
fn what_is_refused_in_words_that_nobody_knows_counts_as_live_and_is_tried_again_once_it_is_not() {
    let desk = Desk::new("100000");
    let told = ["Closing: still held 1 position; still open 1 order", "KO 108: under way"];
    let is_on = closes(&desk, 422, 42_219_999, "not today", &told);
    desk.seconds(31);
    let told = document(&desk.tradewind(&["run", "--settle", "0", "--json"]))["data"].clone();
    let needs = told["needs_you"].to_string();
    assert!(needs.contains("KO exit of 108 has no known outcome"), "{needs}");
    let is_refused = || {
        desk.seconds(31);
        let told = document(&desk.tradewind(&["run", "--settle", "0", "--json"]));
        told["data"]["closing"][0]["closing"] == "refused"
    };
    assert!((0..8).any(|_| is_refused()), "it ends as refused once it cannot arrive any more");
    assert_eq!(tries(&desk), 1, "what may be live is not sent again");
    ends_flat(&desk, &is_on);
}
