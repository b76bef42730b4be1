//! A drill beside a process that serves.

use serde_json::{Value, json};

use super::super::desk::{Desk, document};
use super::{Server, is_guarded, lies, put};
use crate::drill::assert_held;
use crate::place::{code, stderr, stdout};

/// The account at the broker.
fn account(desk: &Desk) -> String {
    desk.control.truth()["account_id"].as_str().unwrap().to_owned()
}

/// The newest drill that was put away.
fn kept(desk: &Desk) -> Value {
    let folder = std::fs::read_dir(desk.folder.path().join("paper-state.json.drills")).unwrap();
    let newest = folder.map(|entry| entry.unwrap().path()).max().unwrap();
    serde_json::from_slice(&std::fs::read(newest).unwrap()).unwrap()
}

#[test]
fn a_process_that_serves_is_halted_and_resumed_by_a_drill() {
    let desk = Desk::new("100000");
    let server = Server::start(&desk);
    put(&desk, "day.json", &json!([desk.enter("in", "AAPL", "219")]).to_string());
    server.until("the stop rests", || is_guarded(&desk));
    server.until("it is booked", || desk.position("AAPL")["protected"] == "yes");
    let refused = desk.tradewind(&["drill"]);
    assert_eq!(code(&refused), 2, "{}{}", stdout(&refused), stderr(&refused));
    assert!(stderr(&refused).contains(&format!("--confirm {}", account(&desk))), "{}", stderr(&refused));
    assert!(!lies(&desk, "paper-state.json.drills"));
    let told = document(&desk.tradewind(&["drill", "--confirm", &account(&desk), "--json"]));
    assert_held(&told);
    assert_eq!((&told["data"]["trader"], &told["mode"]), (&json!("serves"), &json!("practice")));
    assert_eq!(told["data"]["limit_ms"], 1_000);
    assert_eq!(kept(&desk), told);
    assert_eq!(desk.json(&["status"])["entries_go_through"], true);
    assert!(is_guarded(&desk));
    assert_eq!(desk.sent(), ["POST buy"], "nothing is placed and nothing closed");
    put(&desk, "more.json", &json!([desk.enter("more", "KO", "60")]).to_string());
    server.until("entries go through again", || desk.count("KO", "buy") == 1);
    assert_eq!(server.ends(), Some(0));
}

#[test]
fn a_drill_beside_a_process_that_hangs_fails_and_is_kept_as_failed() {
    let desk = Desk::new("100000");
    let server = Server::start(&desk);
    server.signal("-STOP");
    server.until("it does not answer", || {
        desk.json(&["status"])["trader"]["silent_for_ms"].as_i64().is_some_and(|ms| ms > 3_500)
    });
    let ran = desk.tradewind(&["drill", "--json"]);
    assert_eq!(code(&ran), 3, "{}{}", stdout(&ran), stderr(&ran));
    assert!(stderr(&ran).contains("warning[TW0573]"), "{}", stderr(&ran));
    let told = document(&ran);
    let data = &told["data"];
    assert_eq!((&data["passed"], &data["trader"]), (&json!(false), &json!("hangs")));
    let faults = data["faults"].to_string();
    assert!(faults.contains("resume ended with 5") && faults.contains("not let through again"), "{faults}");
    assert_eq!(kept(&desk), told);
    assert!(lies(&desk, "paper-state.json.halt"), "entries are off still");
    assert_eq!(desk.json(&["status"])["last_drill"]["passed"], false);
    server.signal("-CONT");
    server.until("it was told", || desk.json(&["status"])["level"] != "trading");
    server.until("it answers", || {
        desk.json(&["status"])["trader"]["silent_for_ms"].as_i64().is_some_and(|ms| ms < 1_500)
    });
    let resumed = desk.tradewind(&["resume", "--why", "it is well again"]);
    assert_eq!(code(&resumed), 0, "{}", stderr(&resumed));
    assert_eq!(server.ends(), Some(0));
}
