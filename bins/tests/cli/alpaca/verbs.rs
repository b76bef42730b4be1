//! Every verb at an account of a broker: it does what it does at the paper broker, or says why not.

use serde_json::json;

use super::desk::{Desk, decimal, document};
use crate::place::{code, stderr, stdout};
use crate::schemas::{LOOKS, assert_fits};

#[track_caller]
fn ends_with(desk: &Desk, expected: i32, words: &[&str]) -> String {
    let ran = desk.tradewind(words);
    let said = format!("{}{}", stdout(&ran), stderr(&ran));
    assert_eq!(code(&ran), expected, "{words:?}: {said}");
    said
}

#[test]
fn verbs_that_look_show_the_account_and_fit_their_schemas() {
    let desk = Desk::new("100000");
    assert_eq!(code(&desk.run(&[desk.enter("one", "AAPL", "219")], &["--record", "session.jsonl"])), 0);
    let schema = serde_json::from_str(&ends_with(&desk, 0, &["state", "schema", "output"])).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let others = [
        &["explain", "AAPL"][..],
        &["state", "backup", "--out", "backup"],
        &["doctor"],
        &["doctor", "--config"],
        &["run", "--dry-run"],
    ];
    for words in LOOKS.into_iter().chain(others) {
        let told = document(&desk.tradewind(&[words, &["--json"]].concat()));
        assert_fits(&schema, &told, &words.join(" "));
        assert_ne!(told["schema"], json!("tradewind.error/1"), "{told:#}");
        if words[0] != "reproduce" {
            assert_eq!(told["mode"], "practice", "{words:?}: {told:#}");
        }
    }
    let status = ends_with(&desk, 0, &["status"]);
    assert!(status.starts_with("PRACTICE  alpaca ") && status.contains("protected  venue: AAPL"), "{status}");
    assert_eq!(desk.requests("POST", "/v2/orders"), 1, "who looks sends nothing");
}

#[test]
fn a_halt_holds_entries_back_until_a_person_resumes() {
    let desk = Desk::new("100000");
    assert_eq!(code(&desk.run(&[desk.enter("one", "AAPL", "219")], &[])), 0);
    ends_with(&desk, 0, &["halt", "--why", "odd prices"]);
    let held_back = desk.run(&[desk.enter("two", "KO", "60")], &[]);
    assert_eq!(code(&held_back), 3, "{}{}", stdout(&held_back), stderr(&held_back));
    assert_eq!(desk.requests("POST", "/v2/orders"), 1);
    ends_with(&desk, 3, &["doctor"]);
    ends_with(&desk, 0, &["resume", "--why", "prices are fine"]);
    assert_eq!(code(&desk.run(&[desk.enter("three", "KO", "60")], &[])), 0);
    assert_eq!(desk.requests("POST", "/v2/orders"), 2);
}

#[test]
fn a_book_whose_journal_is_lost_goes_on_from_its_file_with_what_the_broker_tells() {
    let desk = Desk::new("100000");
    assert_eq!(code(&desk.run(&[desk.enter("one", "AAPL", "219"), desk.enter("two", "KO", "60")], &[])), 0);
    // The stop of one is hit while nobody looks, and the journal is lost.
    desk.control.set_price("KO", decimal("59")).unwrap();
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(desk.folder.path().join(format!("paper-state.journal.sqlite{ending}")));
    }
    ends_with(&desk, 2, &["run"]);
    ends_with(&desk, 0, &["state", "adopt", "--reason", "the disk died"]);
    let ran = desk.run(&[desk.enter("three", "MSFT", "420")], &[]);
    assert_eq!(code(&ran), 3, "{}{}", stdout(&ran), stderr(&ran));
    let held = desk.json(&["positions"]);
    let symbols: Vec<&str> =
        held.as_array().unwrap().iter().filter_map(|position| position["symbol"].as_str()).collect();
    assert_eq!(symbols, ["AAPL"], "the stop was read of the broker, and the entry held back");
    ends_with(&desk, 0, &["resume", "--why", "all is read"]);
    assert_eq!(code(&desk.run(&[desk.enter("four", "MSFT", "420")], &[])), 0);
    assert_eq!(desk.control.truth()["positions"].as_array().unwrap().len(), 2);
}

#[test]
fn what_only_the_paper_broker_can_do_is_refused_by_name() {
    let desk = Desk::new("100000");
    let foreign =
        json!({ "positions": [{ "symbol": "AAPL", "side": "long", "quantity": "3", "entry_price": "200" }] });
    std::fs::write(desk.folder.path().join("old.json"), foreign.to_string()).unwrap();
    let said = ends_with(&desk, 2, &["state", "import", "old.json", "--reason", "moved"]);
    assert!(said.contains("Alpaca is traded here") && said.contains("venue.broker = \"paper\""), "{said}");
    assert_eq!(desk.requests("POST", "/v2/orders"), 0);
}
