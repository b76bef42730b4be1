//! Risk tonight at a broker: what stands there without this program, what does not, and orders nobody answers.

use serde_json::{Value, json};

use super::desk::{Desk, with};
use crate::place::stdout;
use crate::tonight::decimal;

fn carried<'a>(told: &'a Value, symbol: &str) -> &'a Value {
    let rows = told["carried"].as_array().unwrap();
    rows.iter().find(|row| row["symbol"] == symbol).unwrap_or_else(|| panic!("{symbol}: {told:#}"))
}

#[test]
fn who_guards_what_while_nothing_runs() {
    let desk = Desk::new("100000");
    let signals =
        [desk.enter("one", "AAPL", "219"), with(desk.enter("two", "MSFT", "420"), &json!({ "trail": "10" }))];
    let ran = desk.pass(0, &signals, &[]);
    let told = &ran["tonight"];
    assert_eq!(carried(told, "AAPL")["alone"], "venue", "{told:#}");
    assert_eq!(carried(told, "MSFT")["alone"], "program", "{told:#}");
    let why = carried(told, "MSFT")["why"].as_str().unwrap();
    assert!(why.contains("follows only while this runs"), "{why}");
    // Friday 10:00 in New York: what is closed at 16:00 opens on Monday at 09:30.
    assert_eq!(
        told["next_open"],
        json!([{ "class": "equity", "at": "2026-10-05T13:30:00Z", "never_closes": false }])
    );
    assert_eq!(carried(told, "AAPL")["from_is"], "price", "the broker's own price");
    let text = stdout(&desk.tradewind(&["status"]));
    assert!(text.contains("on a stop at the venue: AAPL   on this program: MSFT (its stop rests"), "{text}");
    assert!(text.contains("no price at hand, so from the entry price: AAPL, MSFT"), "{text}");
}

#[test]
fn an_entry_that_nobody_answers_counts_at_its_full_size() {
    let desk = Desk::new("100000");
    let lost = json!({"request": {"method": "POST", "path": "/v2/orders", "times": 0, "do": "lost_request"}});
    desk.control.fault_lines(&lost.to_string()).unwrap();
    let silent = json!({"request": {"method": "GET", "path": "/v2/orders:by_client_order_id", "times": 0, "do": {"status": {"code": 503}}}});
    desk.control.fault_lines(&silent.to_string()).unwrap();
    let ran = desk.pass(5, &[desk.enter("one", "AAPL", "219")], &[]);
    let told = &ran["tonight"];
    let row = carried(told, "AAPL");
    assert_eq!((&row["under_way"], &row["from_is"]), (&json!(true), &json!("entry")), "{told:#}");
    let order = &desk.json(&["orders"])[0];
    assert_eq!(
        (&order["phase"], &order["intent"]["qty"]),
        (&json!("unknown"), &row["quantity"]),
        "{order:#}"
    );
    let each = decimal(&row["from"]) - decimal(&row["stop"]);
    assert_eq!(decimal(&row["loss"]), each * decimal(&row["quantity"]), "{told:#}");
    assert_eq!(told["every_stop"]["loss"], row["loss"]);
    let text = stdout(&desk.tradewind(&["status"]));
    assert!(text.contains("entries counted as if filled: AAPL"), "{text}");
}
