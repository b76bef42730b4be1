//! A watchdog beside a process that serves: what it does when that hangs, or is gone, and that it leaves it alone otherwise.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::desk::{Desk, with};
use super::{Server, is_guarded, lies, pause, put};
use crate::place::code;
use crate::schemas::{assert_fits, schema_of};
use crate::watchdog::Watchdog;

/// One that acts after four seconds.
fn watch(desk: &Desk, words: &[&str]) -> Watchdog {
    let words = [&["watchdog", "--after", "4", "--json"], words].concat();
    Watchdog::start(desk.command(&words), desk.folder.path())
}

/// The bytes of the journal, its log, and the state file.
fn written(desk: &Desk) -> Vec<Option<Vec<u8>>> {
    let names = ["paper-state.journal.sqlite", "paper-state.journal.sqlite-wal", "paper-state.json"];
    names.map(|name| std::fs::read(desk.folder.path().join(name)).ok()).into()
}

/// One is held behind its stop.
fn holds(desk: &Desk) -> Server<'_> {
    let server = Server::start(desk);
    put(desk, "day.json", &json!([desk.enter("in", "AAPL", "219")]).to_string());
    server.until("the stop rests", || is_guarded(desk));
    server.until("it is booked", || desk.position("AAPL")["protected"] == "yes");
    server
}

#[test]
fn a_trader_that_hangs_loses_its_entries_and_keeps_its_stops() {
    let desk = Desk::new("100000");
    let server = holds(&desk);
    // An entry of which a part is filled rests beside a stop that follows.
    let rule =
        json!({"request": {"method": "POST", "path": "/v2/orders", "do": {"partial_fill": {"qty": "19"}}}});
    desk.control.fault_lines(&rule.to_string()).unwrap();
    let mut part = with(desk.enter("part", "KO", "1"), &json!({ "trail": "3" }));
    part.as_object_mut().unwrap().remove("stop");
    put(&desk, "part.json", &json!([part]).to_string());
    let is_entry = |order: &String| order.starts_with("market buy");
    let entries = || desk.live("KO").iter().filter(|order| is_entry(order)).count();
    let stops = || desk.live("KO").iter().filter(|order| !is_entry(order)).count();
    server.until("the entry rests beside its stop", || (entries(), stops()) == (1, 1));
    let watchdog = watch(&desk, &["--notify", "tee -a told.txt"]);
    server.signal("-STOP");
    let before = written(&desk);
    let silent = watchdog.until("silent");
    assert_eq!((&silent["pid"], &silent["has_ended"]), (&json!(server.child.id()), &json!(false)));
    let protection = watchdog.until("protection");
    let rows = protection["positions"].as_array().unwrap();
    let told = |row: &Value| (row["symbol"].clone(), row["held"].clone(), row["is_guarded"].clone());
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        [(json!("AAPL"), json!("44"), json!(true)), (json!("KO"), json!("19"), json!(true))]
    );
    let cancelled = watchdog.until("cancelled");
    assert_eq!((&cancelled["live"], cancelled["cancelled"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    desk.seconds(2);
    assert_eq!((entries(), stops()), (0, 1), "{:?}", desk.live("KO"));
    assert!(is_guarded(&desk) && lies(&desk, "paper-state.json.halt"));
    server.until("the command was told", || {
        let told = std::fs::read_to_string(desk.folder.path().join("told.txt")).unwrap_or_default();
        ["no sign of life", "1 cancelled", "AAPL 44: a stop"].iter().all(|text| told.contains(text))
    });
    assert!(written(&desk) == before, "who watches writes neither the journal nor the state file");
    assert_eq!(desk.json(&["status"])["watchdog"]["watches"], true);
    let schema = schema_of(|words| desk.tradewind(words), "output");
    for document in watchdog.documents() {
        assert_fits(&schema, &document, "watchdog");
    }
    server.signal("-CONT");
    watchdog.until("answers");
    let buys = desk.count("MSFT", "buy");
    put(&desk, "late.json", &json!([desk.enter("late", "MSFT", "420")]).to_string());
    server.until("it is put away", || lies(&desk, "in/done/late.json"));
    assert_eq!(desk.count("MSFT", "buy"), buys, "the halt file lies there until a person resumes");
    assert!(lies(&desk, "paper-state.json.halt"));
    assert_eq!(watchdog.ends(), Some(3));
    assert!(!lies(&desk, "paper-state.json.control/watchdog"));
}

#[test]
fn a_trader_that_was_killed_is_told_though_the_command_hangs() {
    let desk = Desk::new("100000");
    let server = holds(&desk);
    let watchdog = watch(&desk, &["--notify", "sleep 60"]);
    server.signal("-KILL");
    drop(server);
    // A person takes the stop away.
    desk.cancel_all_by_hand();
    let before = written(&desk);
    assert_eq!(watchdog.until("silent")["has_ended"], true);
    let failed = watchdog.until("notify_failed");
    assert!(failed["text"].as_str().unwrap().contains("within 10 s"), "{failed}");
    let words = watchdog.words();
    assert_eq!(words[..5], ["watching", "silent", "halt_file", "cancelled", "protection"]);
    let protection = watchdog.until("protection");
    assert_eq!(
        (&protection["positions"][0]["stops"], &protection["text"]),
        (&json!("0"), &json!("AAPL 44: NO STOP RESTS"))
    );
    assert!(lies(&desk, "paper-state.json.halt"));
    assert!(written(&desk) == before, "who watches writes neither the journal nor the state file");
    assert_eq!(desk.sent(), ["POST buy", "DELETE"], "nothing was to be cancelled but by that person");
    let server = Server::start(&desk);
    watchdog.until("answers");
    server.ends();
}

#[test]
fn a_trader_that_lives_or_ends_as_it_should_or_left_nothing_is_left_alone() {
    let desk = Desk::new("100000");
    let server = Server::start(&desk);
    let watchdog = watch(&desk, &[]);
    server.signal("-KILL");
    drop(server);
    // It held nothing.
    pause(Duration::from_secs(10));
    let server = holds(&desk);
    pause(Duration::from_secs(10));
    assert_eq!(server.ends(), Some(0));
    // The stop rests at the broker, and its trader ended by itself.
    pause(Duration::from_secs(10));
    desk.pass(0, &[], &[]);
    assert_eq!(watchdog.words(), ["watching"]);
    assert!(!lies(&desk, "paper-state.json.halt"));
    assert_eq!(desk.sent(), ["POST buy"]);
    assert_eq!(watchdog.ends(), Some(0));
}

#[test]
fn a_trader_that_hangs_for_long_is_ended_and_all_is_closed_when_that_was_asked_for() {
    let desk = Desk::new("100000");
    let mut server = holds(&desk);
    let watchdog = watch(&desk, &["--flatten", "--flatten-after", "2"]);
    server.signal("-STOP");
    watchdog.until("protection");
    let done = watchdog.until("flattened");
    assert_eq!(done["exit"], 0, "{done:#}");
    assert_eq!(server.child.wait().unwrap().code(), None, "it was ended");
    assert_eq!(desk.json(&["status"])["level"], "flattening");
    for _ in 0..5 {
        desk.seconds(5);
        desk.tradewind(&["run", "--settle", "2"]);
    }
    assert_eq!(desk.json(&["positions"]), json!([]));
    assert!(desk.live("AAPL").is_empty(), "{:?}", desk.live("AAPL"));
    assert_eq!(code(&desk.tradewind(&["journal", "verify"])), 0);
    assert!(lies(&desk, "paper-state.json.halt"), "a person resumes");
    watchdog.ends();
}
