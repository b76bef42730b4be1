//! `run --record` and `reproduce`: a pass that is written down comes out again byte for byte, or it is said where not.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::place::{Place, code, enter, exit, stderr, stdout};

const SESSION: &str = "session.jsonl";

impl Place {
    /// One pass over the signals, with fresh prices, recorded.
    fn record(&self, file: &str) -> std::process::Output {
        self.prices();
        self.tradewind(&["run", "--signals", "signals.json", "--record", file])
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.file(file)).unwrap()
    }
}

/// A place with a position and a denied entry, both of them in its first session.
fn traded() -> Place {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000"), enter("two", "ETH/USD", "9000")]);
    let ran = place.record(SESSION);
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    assert!(stdout(&ran).contains("FILLED") && stdout(&ran).contains("DENIED"), "{}", stdout(&ran));
    assert!(stdout(&ran).contains("tradewind reproduce session.jsonl"), "{}", stdout(&ran));
    place
}

/// The session with a text replaced in its first line that holds both of these, and the number of that line.
fn edited(text: &str, kind: &str, from: &str, to: &str) -> (usize, String) {
    let at = text.lines().position(|line| line.contains(kind) && line.contains(from)).unwrap();
    let lines: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(n, line)| if n == at { line.replace(from, to) } else { line.to_owned() })
        .collect();
    (at + 1, lines.join("\n") + "\n")
}

#[test]
fn a_recorded_pass_comes_out_again_byte_for_byte_and_nothing_is_written() {
    let place = traded();
    // A second pass goes on with the book of the first: an exit, with the cancel of its stop.
    place.signals(&[exit("out", "BTC/USD"), enter("three", "SOL/USD", "130")]);
    let ran = place.record("second.jsonl");
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    let head = place.json(&["status"])["journal"].clone();
    let before = place.bytes();
    for file in [SESSION, "second.jsonl"] {
        let told = place.tradewind(&["reproduce", file]);
        assert_eq!(code(&told), 0, "{}{}", stdout(&told), stderr(&told));
        let text = stdout(&told);
        assert!(
            text.starts_with("reproduced  ") && text.contains("byte for byte the one recorded"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    let first = place.json(&["reproduce", SESSION])["data"].clone();
    let second = place.json(&["reproduce", "second.jsonl"]);
    assert_eq!(second["journal"], head, "up to the very hash that the journal ends with");
    let second = &second["data"];
    assert_eq!(
        (&first["equal"], &first["end"], &first["exit"]),
        (&json!(true), &json!("stopped"), &json!(0))
    );
    assert_eq!(first["to"], second["from"]);
    assert_eq!(
        first["records"].as_u64().unwrap() + second["records"].as_u64().unwrap(),
        head["seq"].as_u64().unwrap()
    );
    let told = place.json(&["journal", "tail", "--last", "1000"]).to_string();
    for kind in ["filled", "cancel_answered", "signal_ended", "venue_bound", "stopped", "exit_wanted"] {
        assert!(told.contains(&format!("\"record\":\"{kind}\"")), "{kind}: {told}");
    }
    assert!(place.bytes() == before, "a file changed");
    // It needs neither the book nor the configuration beside it.
    let other = Place::new();
    std::fs::copy(place.file(SESSION), other.file(SESSION)).unwrap();
    other.write("tradewind.toml", "[broken");
    assert_eq!(code(&other.tradewind(&["reproduce", SESSION])), 0);
}

#[test]
fn a_price_that_was_changed_is_found_at_the_commit_that_it_went_into() {
    let place = traded();
    let (line, text) = edited(&place.read(SESSION), "\"quote\"", "84210", "84211");
    place.write("edited.jsonl", &text);
    let told = place.tradewind(&["reproduce", "edited.jsonl", "--state", "paper-state.json"]);
    assert_eq!(code(&told), 1, "{}{}", stdout(&told), stderr(&told));
    let said = stdout(&told);
    assert!(said.starts_with("DIFFERS") && said.contains("commit "), "{said}");
    let rows = |sign: &str| {
        let rows = said.lines().filter(|row| row.starts_with(sign) && row.contains("\"intended\""));
        rows.map(str::to_owned).collect::<Vec<_>>()
    };
    let (then, now) = (rows("  - "), rows("  + "));
    assert!(then.len() == 1 && then[0].contains("84210"), "{said}");
    assert!(now.len() == 1 && now[0].contains("84211"), "{said}");
    let data = place.json(&["reproduce", "edited.jsonl"])["data"].clone();
    assert_eq!((&data["equal"], &data["end"], &data["exit"]), (&json!(false), &json!("differs"), &json!(1)));
    let difference = &data["difference"];
    assert!(difference["line"].as_u64().unwrap() > line as u64, "{difference}");
    assert!(
        said.contains(&format!("commit {} (line {})", difference["commit"], difference["line"])),
        "{said}"
    );
    assert_ne!(difference["now"]["hash"], difference["recorded"]["hash"]);
    let lines = difference["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["text"].as_str().unwrap().contains("\"signal\"")), "{lines:?}");
}

#[test]
fn what_is_no_whole_session_is_named_with_its_line() {
    let place = traded();
    let good = place.read(SESSION);
    let lines = good.lines().count();
    for (text, words) in [
        (String::new(), vec!["TW0211", "empty"]),
        ("{\"a\":1}\n".to_owned(), vec!["TW0211", "schema"]),
        (good.replacen("session/1", "session/2", 1), vec!["TW0211", "tradewind.session/2", "newer"]),
    ] {
        place.write("bad.jsonl", &text);
        let told = place.tradewind(&["reproduce", "bad.jsonl"]);
        assert_eq!(code(&told), 2, "{}", stdout(&told));
        assert!(words.iter().all(|word| stderr(&told).contains(word)), "{words:?}: {}", stderr(&told));
    }
    // Cut in its last line: what stands before it is told, and the line is named.
    place.write("cut.jsonl", &good[..good.len() - 10]);
    let told = place.tradewind(&["reproduce", "cut.jsonl"]);
    assert_eq!(code(&told), 2, "{}", stdout(&told));
    let said = stdout(&told);
    assert!(said.starts_with("in part  ") && said.contains(&format!("line {lines} is cut")), "{said}");
    // Made by another program, it is tried all the same, and its version is named when something differs.
    let ours = format!("\"tradewind\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let other = good.replacen(&ours, "\"tradewind\":\"0.9.7\"", 1);
    assert_ne!(other, good);
    place.write("other.jsonl", &other);
    let told = place.tradewind(&["reproduce", "other.jsonl"]);
    assert_eq!(code(&told), 0, "{}{}", stdout(&told), stderr(&told));
    place.write("other.jsonl", &edited(&other, "\"quote\"", "84210", "84211").1);
    let told = place.tradewind(&["reproduce", "other.jsonl"]);
    assert_eq!(code(&told), 2, "{}{}", stdout(&told), stderr(&told));
    assert!(stdout(&told).contains("0.9.7"), "{}", stdout(&told));
    let absent = place.tradewind(&["reproduce", "absent.jsonl"]);
    assert!(code(&absent) == 2 && stderr(&absent).contains("absent.jsonl"), "{}", stderr(&absent));
}

#[test]
fn a_recording_overwrites_nothing_and_leaves_nothing_when_nothing_began() {
    let place = traded();
    let before = place.bytes();
    let again = place.tradewind(&["run", "--signals", "signals.json", "--record", SESSION]);
    assert_eq!(code(&again), 2, "{}", stdout(&again));
    assert!(stderr(&again).contains(SESSION), "{}", stderr(&again));
    assert!(place.bytes() == before, "nothing was begun");
    let lock =
        state::Lock::take(&place.file("paper-state.json.lock"), "a test", crate::place::now()).unwrap();
    let held = place.tradewind(&["run", "--record", "new.jsonl"]);
    assert_eq!(code(&held), 5, "{}", stdout(&held));
    assert!(!place.file("new.jsonl").exists());
    drop(lock);
    let dry = place.tradewind(&["run", "--dry-run", "--record", "new.jsonl"]);
    assert_eq!(code(&dry), 2, "a rehearsal writes nothing: {}", stdout(&dry));
}

#[test]
fn a_pass_that_is_killed_leaves_a_session_up_to_its_last_commit() {
    let words = ["run", "--signals", "signals.json", "--verbose", "--record", SESSION];
    let mut told_of = 0;
    for at in 1..30 {
        let place = Place::new();
        place.signals(&[enter("one", "BTC/USD", "80000"), enter("two", "ETH/USD", "2800")]);
        let mut child = place.command(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let steps = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.starts_with("step: "))
            .take(at);
        // The last one was announced, and may not have been made.
        let commits = steps.filter(|line| line.starts_with("step: commit")).count().saturating_sub(1);
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            break;
        }
        if commits == 0 {
            continue;
        }
        let told = place.json(&["reproduce", SESSION]);
        let (data, why) = (&told["data"], format!("killed at its step {at}: {told}"));
        assert_eq!((&data["exit"], &data["equal"]), (&json!(0), &json!(true)), "{why}");
        assert!(data["commits"].as_u64().unwrap() >= commits as u64, "{commits} commits were made, {why}");
        let journal = &place.json(&["journal", "verify"])["journal"];
        assert!(data["to"]["seq"].as_u64() <= journal["seq"].as_u64(), "{why}");
        told_of += 1;
    }
    assert!(told_of > 5, "only {told_of} sessions were told");
}
