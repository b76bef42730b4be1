//! The account cannot be read when its day begins: exits and stops go on, entries do not, and the day begins late.

use broker_sim::alpaca::Quirks;
use serde_json::json;

use super::{Desk, at, holds, level, nothing_twice, outcome, records};
use crate::alpaca::desk::document;
use crate::alpaca::serve::Server;
use crate::place::{code, stderr};

/// Time goes on to a moment, and the process that serves has seen it.
fn goes_on(desk: &Desk, server: &Server<'_>, moment: &str) {
    at(desk, moment);
    let asked = || desk.requests("GET", "/v2/clock");
    let before = asked();
    server.until("it follows the clock", || asked() > before + 1);
}

#[test]
fn a_day_whose_beginning_cannot_be_read_lets_no_entry_through_and_begins_late() {
    let prices = [("BTC/USD", "95000"), ("ETH/USD", "3000"), ("SOL/USD", "140")];
    let desk = Desk::with("100000", &prices, 1, Quirks { partial_percent: 0, ..Quirks::default() });
    desk.pass(0, &[desk.enter("one", "BTC/USD", "90000"), desk.enter("two", "ETH/USD", "2900")], &[]);
    let enters = |id: &str| {
        let ran = desk.run(&[desk.enter(id, "SOL/USD", "130")], &["--settle", "20"]);
        assert_eq!(code(&ran), 0, "{}", stderr(&ran));
        outcome(&document(&ran)["data"], id)
    };
    at(&desk, "2026-10-02T20:59:00Z");
    let server = Server::start(&desk);
    let out = json!({"request": {"method": "GET", "path": "/v2/account", "times": 0, "do": {"status": {"code": 503}}}});
    desk.control.fault_lines(&out.to_string()).unwrap();
    goes_on(&desk, &server, "2026-10-02T21:01:30Z");
    assert_eq!(enters("first"), "denied stale_account");
    // What closes goes on: an exit that is asked for, and a stop that is hit.
    desk.price("ETH/USD", "2890");
    let left = desk.run(&[desk.exit("out", "BTC/USD")], &["--settle", "20"]);
    assert_eq!((code(&left), outcome(&document(&left)["data"], "out").as_str()), (0, "filled"));
    server.until("the stop is booked", || super::held_here(&desk).is_empty());
    holds(&desk, &[]);
    goes_on(&desk, &server, "2026-10-02T21:10:00Z");
    assert_eq!(enters("second"), "denied stale_account");
    assert_eq!(records(&desk, "day_started").len(), 1, "no day begins with what was not read");

    goes_on(&desk, &server, "2026-10-02T21:20:00Z");
    desk.control.clear_faults();
    server.until("the day begins", || records(&desk, "day_started").len() == 2);
    let begun = &records(&desk, "day_started")[1]["record"];
    // The last before was 99,950.00, the first after is 99,535.29.
    assert_eq!(
        (&begun["starts"], &begun["late"], &begun["equity"], &begun["high_water"]),
        (&json!("2026-10-02T21:00:00Z"), &json!(true), &json!("99950"), &json!("100000"))
    );
    assert_eq!(enters("third"), "filled");
    assert_eq!(level(&desk), "trading");
    assert_eq!(server.ends(), Some(0));
    nothing_twice(&desk);
}
