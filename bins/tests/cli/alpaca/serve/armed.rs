//! Real money beside a process that serves: it is armed and disarmed while that goes on.

use serde_json::json;

use super::super::desk::Desk;
use super::{Server, put};
use crate::place::{code, stderr, stdout};

#[test]
fn a_process_that_serves_is_armed_and_disarmed_as_it_goes_on() {
    let desk = Desk::of_real_money();
    let server = Server::start(&desk);
    server.until("it says so", || server.said().contains("NOT ARMED"));
    put(&desk, "early.json", &json!([desk.enter("early", "AAPL", "219")]).to_string());
    server.until("the entry is denied", || desk.json(&["signals"])[0]["reason"]["code"] == "not_armed");
    desk.armed();
    put(&desk, "in.json", &json!([desk.enter("in", "AAPL", "219")]).to_string());
    server.until("the stop rests", || desk.live("AAPL").len() == 1);
    let done = desk.tradewind(&["disarm", "--why", "done for today"]);
    assert_eq!(code(&done), 0, "{}{}", stdout(&done), stderr(&done));
    assert!(stdout(&done).contains("by the process that trades"), "{}", stdout(&done));
    put(&desk, "late.json", &json!([desk.enter("late", "KO", "60")]).to_string());
    server.until("the entry is denied", || desk.json(&["signals"])[0]["reason"]["code"] == "not_armed");
    assert_eq!(desk.count("KO", "buy"), 0);
    assert_eq!(desk.live("AAPL").len(), 1, "the stop stays");
    // What is loosened a great deal is confirmed beside it too.
    desk.sets("positions_max", "25");
    let done = desk.tradewind(&["limits", "confirm", "positions_max", "--reason", "larger"]);
    assert_eq!(code(&done), 0, "{}{}", stdout(&done), stderr(&done));
    assert_eq!(server.ends(), Some(3), "not armed");
}
