//! An account of real money, by its number: what it needs, what goes through when a person has armed it, and what ends that.

use serde_json::{Value, json};

use super::desk::{Desk, document};
use crate::place::{code, stderr, stdout};

/// What is missing, as the verb lists it.
#[track_caller]
fn missing(desk: &Desk, words: &[&str]) -> Vec<String> {
    let ran = desk.tradewind(&[words, &["--json"]].concat());
    assert_eq!(code(&ran), 3, "{}{}", stdout(&ran), stderr(&ran));
    let told = document(&ran)["data"].clone();
    assert_eq!(told["code"], "not_armed");
    told["causes"].as_array().unwrap().iter().map(|cause| cause.as_str().unwrap().to_owned()).collect()
}

/// The records of a name in the journal.
fn records(desk: &Desk, name: &str) -> Vec<Value> {
    let rows = desk.json(&["journal", "tail", "--last", "1000"]);
    let is_it = |row: &&Value| row["record"]["record"] == name;
    rows.as_array().unwrap().iter().filter(is_it).map(|row| row["record"].clone()).collect()
}

fn is_armed(desk: &Desk) -> bool {
    desk.state()["guard"]["armed"].is_object()
}

/// What a signal came to, and why.
fn outcome(told: &Value) -> (&str, &str) {
    let signal = &told["signals"][0];
    (signal["outcome"].as_str().unwrap_or_default(), signal["reason"]["code"].as_str().unwrap_or_default())
}

#[test]
fn arm_lists_everything_that_is_missing_at_once_and_does_nothing() {
    let desk = Desk::of_real_money();
    desk.sets("mode", "\"practice\"");
    std::fs::write(desk.folder.path().join("drill.json"), "{}").unwrap();
    let words = ["arm", "--account", "another", "--for", "8h", "--why", "to begin"];
    let set = ["--set", "venue.mode=live", "--set", "limits.positions_max=9"];
    let told = missing(&desk, &[&words[..], &set, &["--drill", "drill.json", "--notify", "false"]].concat());
    let expected = [
        "venue.mode = \"live\" comes from --set venue.mode=live",
        "limits.positions_max is not set by a configuration file",
        "the gate broker_paper was not passed",
        "--account another is not the account",
        "drill.json is no drill",
        "the command of --notify: false ended with",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for wanted in expected {
        assert!(told.iter().any(|line| line.starts_with(wanted)), "{wanted}: {told:#?}");
    }
    let named = format!("calls {}", desk.account());
    assert!(told.iter().any(|line| line.contains(&named)), "{told:#?}");
    let told = missing(&desk, &words);
    for wanted in
        ["venue.mode is \"practice\"", "the broker does not confirm", "no drill was shown", "nobody is told"]
    {
        assert!(told.iter().any(|line| line.starts_with(wanted)), "{wanted}: {told:#?}");
    }
    assert!(!desk.folder.path().join("paper-state.json").exists(), "nothing was begun");
    desk.sets("mode", "\"live\"");
    let old =
        json!({ "schema": "tradewind.drill/1", "as_of": "2026-01-02T15:00:00Z", "data": { "passed": true } });
    std::fs::write(desk.folder.path().join("drill.json"), old.to_string()).unwrap();
    let account = desk.account();
    let words = [
        "arm",
        "--account",
        &account,
        "--for",
        "8h",
        "--why",
        "x",
        "--notify",
        "cat",
        "--drill",
        "drill.json",
    ];
    let told = missing(&desk, &[&words[..], &["--override-gate", "see my notes"]].concat());
    assert!(told.len() == 1 && told[0].contains("last 35 days"), "{told:#?}");
    for (length, number) in [("31d", 2), ("8", 2), ("0h", 2)] {
        let refused = desk.tradewind(&["arm", "--account", &account, "--for", length, "--why", "x"]);
        assert_eq!(code(&refused), number, "{}", stderr(&refused));
        assert!(stderr(&refused).contains("TW0412"), "{}", stderr(&refused));
    }
    assert_eq!(desk.requests("POST", "/v2/orders"), 0);
}

#[test]
fn entries_go_through_while_armed_and_exits_and_stops_always() {
    let desk = Desk::of_real_money();
    let told = desk.pass(3, &[desk.enter("early", "AAPL", "219")], &[]);
    assert_eq!(outcome(&told), ("denied", "not_armed"));
    assert_eq!(told["arming"]["live"], true);
    assert_eq!(desk.requests("POST", "/v2/orders"), 0);
    let shown = stdout(&desk.tradewind(&["run"]));
    assert!(
        shown.starts_with("LIVE  alpaca ") && shown.contains("live       NOT ARMED: entries are denied"),
        "{shown}"
    );
    assert!(shown.contains("missing: the gate broker_paper was not passed"), "{shown}");
    desk.armed();
    assert!(is_armed(&desk));
    let told = desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
    assert_eq!(outcome(&told).0, "filled", "{told:#}");
    assert_eq!(desk.live("AAPL").len(), 1, "its stop rests");
    let shown = stdout(&desk.tradewind(&["run"]));
    assert!(
        shown.contains("live       ARMED until") && shown.contains("broker_paper OVERRIDDEN by"),
        "{shown}"
    );
    // Its hour is over.
    desk.seconds(3_601);
    let told = desk.pass(3, &[desk.enter("late", "KO", "60")], &[]);
    assert_eq!(outcome(&told), ("denied", "not_armed"));
    assert!(!is_armed(&desk));
    let ended = records(&desk, "disarmed");
    assert_eq!((ended.len(), &ended[0]["by"]["by"]), (1, &json!("guard")), "{ended:#?}");
    assert_eq!(desk.live("AAPL").len(), 1, "its stop stays");
    let told = desk.pass(3, &[desk.exit("out", "AAPL")], &[]);
    assert_eq!(outcome(&told).0, "filled", "an exit goes out: {told:#}");
    assert_eq!(desk.position("AAPL"), Value::Null);
    let status = stdout(&desk.tradewind(&["status"]));
    assert!(status.contains("NOT ARMED") && status.contains("OVERRIDDEN"), "{status}");
}

#[test]
fn a_breaker_disarms_and_nothing_arms_by_itself() {
    let desk = Desk::of_real_money();
    desk.armed();
    desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
    // Far below the stop: more than the day may lose.
    desk.price("AAPL", "100");
    desk.seconds(6);
    desk.pass(3, &[], &[]);
    let level = records(&desk, "level_set");
    assert_eq!(
        (&level[0]["level"], &level[0]["by"]["by"]),
        (&json!("reduce-only"), &json!("guard")),
        "{level:#?}"
    );
    assert!(!is_armed(&desk));
    let ended = records(&desk, "disarmed");
    assert!(ended.len() == 1 && ended[0]["reason"]["text"] == "the level is reduce-only", "{ended:#?}");
    desk.seconds(8 * 3600);
    let resumed = desk.tradewind(&["resume", "--why", "looked"]);
    assert_eq!(code(&resumed), 0, "{}", stderr(&resumed));
    desk.pass(3, &[], &[]);
    assert!(!is_armed(&desk), "a person resumed, and did not arm");
}

#[test]
fn limits_that_change_disarm() {
    let desk = Desk::of_real_money();
    desk.armed();
    desk.sets("positions_max", "9");
    let told = desk.pass(3, &[desk.enter("in", "AAPL", "219")], &[]);
    assert_eq!(outcome(&told), ("denied", "not_armed"));
    let ended = records(&desk, "disarmed");
    let text = "it was armed with version 1 of the limits, and version 2 is in force";
    assert!(ended.len() == 1 && ended[0]["reason"]["text"] == text, "{ended:#?}");
    // A limit that waits stands in the way of the next arming.
    desk.sets("positions_max", "30");
    let words = desk.arms();
    let told = missing(&desk, &words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(told.len() == 1 && told[0].starts_with("limit positions_max stays 9, not 30"), "{told:#?}");
}

#[test]
fn a_person_disarms_without_the_broker() {
    let desk = Desk::of_real_money();
    desk.armed();
    let mut command = desk.command(&["disarm", "--why", "done for today"]);
    let done = command.env("APCA_API_BASE_URL", "http://127.0.0.1:9").output().unwrap();
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    assert!(!is_armed(&desk));
    let ended = records(&desk, "disarmed");
    assert_eq!(
        (&ended[0]["by"]["by"], &ended[0]["reason"]["text"]),
        (&json!("operator"), &json!("done for today"))
    );
    let again = desk.tradewind(&["disarm", "--why", "once more"]);
    assert!(code(&again) == 0 && stdout(&again).contains("Nothing was armed"), "{}", stdout(&again));
}

#[test]
fn real_money_and_practice_never_share_a_state() {
    let practice = Desk::new("100000");
    practice.pass(0, &[], &[]);
    practice.sets("mode", "\"live\"");
    let live = Desk::of_real_money();
    live.pass(3, &[], &[]);
    live.sets("mode", "\"practice\"");
    for desk in [&practice, &live] {
        for words in [&["run"][..], &["reconcile"]] {
            let refused = desk.tradewind(words);
            assert_eq!(code(&refused), 2, "{}{}", stdout(&refused), stderr(&refused));
            assert!(stderr(&refused).contains("TW0410") && stderr(&refused).contains("never share a state"));
        }
    }
    let words = practice.arms();
    let told = missing(&practice, &words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(told.iter().any(|line| line.starts_with("this state is of a PRACTICE account")), "{told:#?}");
    assert!(
        !practice.folder.path().join("paper-state.json.drills").exists(),
        "nothing is kept for what is not armed"
    );
    // A state of their own, and keys of the other kind: the broker says what they are.
    for desk in [&practice, &live] {
        let refused = desk.tradewind(&["run", "--state", "other.json"]);
        assert_eq!(code(&refused), 5, "{}{}", stdout(&refused), stderr(&refused));
        assert!(!desk.folder.path().join("other.json").exists());
    }
}
