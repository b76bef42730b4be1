//! The stream is connected and says nothing while prices fall: what is asked for finds it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Desk, closed_there, held_here, holds, holds_three, levels, nothing_twice};
use crate::alpaca::serve::{Server, now};

/// It reads the broker each second here; the rest is for a machine that has other things to do.
const FOUND_WITHIN: Duration = Duration::from_secs(15);

#[test]
fn a_fall_behind_a_mute_stream_is_found_by_asking() {
    let desk = Desk::new("100000");
    holds_three(&desk);
    let mute = json!({"stream": {"event": "listening", "do": "mute"}});
    desk.control.fault_lines(&mute.to_string()).unwrap();
    let server = Server::start(&desk);
    let listens = |frame: &Value| {
        frame["kind"] == "frame" && frame["way"] == "in" && frame["body"]["action"] == "listen"
    };
    server.until("it listens", || desk.control.wire().iter().any(listens));
    let began = now();
    for (symbol, price) in [("AAPL", "180"), ("MSFT", "340"), ("KO", "62")] {
        desk.price(symbol, price);
    }
    assert_eq!(closed_there(&desk), ["stop AAPL 44 180", "stop MSFT 23 340"]);
    server.until("the level is tightened", || !levels(&desk).is_empty());
    let took = began.elapsed();
    println!("found after {took:?}");
    assert!(took < FOUND_WITHIN, "{took:?}");
    server.until("the stops are booked", || held_here(&desk).len() == 1);
    assert_eq!(levels(&desk), ["reduce-only daily_loss 2026-10-02T21:00:00Z"]);
    holds(&desk, &["KO 108"]);
    let status = desk.json(&["status"]);
    assert_eq!(
        (&status["losses_in_a_row"], &status["account"]["realised_today"], &status["stops"]["resting"]),
        (&json!(2), &json!("-4171.15"), &json!(1))
    );
    let tells = |frame: &Value| frame["way"] == "out" && frame.to_string().contains("trade_updates");
    let told: Vec<Value> = desk.control.wire().into_iter().filter(tells).collect();
    assert!(told.is_empty(), "the stream said something: {told:#?}");
    assert_eq!(server.ends(), Some(3));
    nothing_twice(&desk);
}
