//! How failures are told: their shape on standard error, one document or nothing on standard output, a page for each.

use std::io::Read as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::place::{Place, code, enter, now, stderr, stdout};
use crate::schemas::{assert_fits, schema};

/// A place in which something was traded.
fn traded() -> Place {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000"), enter("two", "ETH/USD", "9000")]);
    assert_eq!(code(&place.run()), 0);
    place
}

/// Standard error is `error[TWnnnn]: what`, then causes, then the fix, then where the page is; gives the causes.
#[track_caller]
fn assert_shape(ran: &Output, number: &str, what: &str, fix: &str) -> Vec<String> {
    let (said, text) = (stdout(ran), stderr(ran));
    assert!(said.is_empty(), "{said}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
    let lines: Vec<&str> = text.lines().collect();
    let [first, rest @ ..] = lines.as_slice() else { panic!("nothing is said") };
    assert!(first.starts_with(&format!("error[{number}]: ")) && first.contains(what), "{text}");
    let [causes @ .., told, last] = rest else { panic!("too little is said: {text}") };
    assert_eq!(*last, format!("  more:  tradewind help {number}"), "{text}");
    assert!(told.starts_with("  fix:   ") && told.contains(fix), "{text}");
    let causes = causes.iter().map(|line| line.strip_prefix("  cause: ").unwrap_or_else(|| panic!("{text}")));
    causes.map(str::to_owned).collect()
}

#[test]
fn a_failure_says_what_then_why_then_what_to_do_and_where_more_is() {
    let place = traded();
    let gone = place.tradewind(&["status", "--config", "gone.toml"]);
    let causes = assert_shape(&gone, "TW0103", "gone.toml cannot be read", "--config");
    assert!(causes.len() == 1 && causes[0].contains("No such file"), "{causes:?}");

    let lock = state::Lock::take(&place.file("paper-state.json.lock"), "a test", now()).unwrap();
    let causes = assert_shape(&place.run(), "TW0302", "another process", "wait for it to end");
    assert!(causes.len() == 1 && causes[0].contains("a test"), "{causes:?}");
    drop(lock);

    let time = place.tradewind(&["status", "--at", "yesterday"]);
    assert_eq!(assert_shape(&time, "TW0108", "--at yesterday", "2026-11-20T21:00:00Z").len(), 1);

    let state = std::fs::read_to_string(place.file("paper-state.json")).unwrap();
    place.write("paper-state.json", &state[..state.len() / 2]);
    let causes = assert_shape(&place.run(), "TW0304", "cannot be used together", "nothing was changed");
    assert_eq!(causes.len(), 1, "a cause that says its own cause is not followed by it: {causes:?}");
    let causes = assert_shape(
        &place.tradewind(&["state", "verify"]),
        "TW0307",
        "paper-state.json cannot be used",
        "the journal is the truth",
    );
    assert_eq!(causes.len(), 1, "{causes:?}");
    let mut edited: Value = serde_json::from_str(&state).unwrap();
    edited["totals"]["trades"] = json!(7);
    place.write("paper-state.json", &edited.to_string());
    let causes = assert_shape(
        &place.tradewind(&["state", "verify"]),
        "TW0309",
        "were edited",
        "tradewind state import",
    );
    assert!(
        causes.contains(&"/totals/trades is 7 in the file and 0 by the journal".to_owned()),
        "{causes:?}"
    );

    place.write("example-quotes.jsonl", "{\"symbol\":\"BTC/USD\",\"bid\":\"1\"}\n");
    place.write("paper-state.json", &state);
    let prices = place.tradewind(&["run"]);
    let causes = assert_shape(&prices, "TW0205", "the prices cannot be used", "correct the row");
    assert!(causes[0].contains("example-quotes.jsonl"), "{causes:?}");
}

/// Ways to fail, one for each verb that can: the words, and what is done before.
const FAILURES: [(&[&str], &str); 24] = [
    (&["init"], "TW0904"),
    (&["demo", "--out", "."], "TW0905"),
    (&["run", "--signals", "gone.json"], "TW0202"),
    (&["run", "--signals", "gone.json", "--dry-run"], "TW0202"),
    (&["replay", "--bars", "b", "--symbols", "gone.csv", "--strategy", "breakout", "--out", "o"], "TW0208"),
    (&["status", "--state", "gone.json"], "TW0301"),
    (&["positions", "--at", "then"], "TW0108"),
    (&["orders", "--state", "gone.json"], "TW0301"),
    (&["fills", "--state", "gone.json"], "TW0301"),
    (&["trades", "--state", "gone.json"], "TW0301"),
    (&["signals", "--state", "gone.json"], "TW0301"),
    (&["explain", "gone"], "TW0204"),
    (&["reproduce", "gone.jsonl"], "TW0210"),
    (&["halt", "--config", "gone.toml"], "TW0103"),
    (&["resume", "--why", "x", "--config", "gone.toml"], "TW0103"),
    (&["flatten", "--why", "x"], "TW0109"),
    (&["state", "verify", "--state", "gone.json"], "TW0301"),
    (&["state", "export", "--out", "."], "TW0313"),
    (&["journal", "verify", "--state", "gone.json"], "TW0301"),
    (&["journal", "tail", "--state", "gone.json"], "TW0301"),
    (&["help", "nothing-of-that-name"], "TW0107"),
    (&["stauts"], "TW0101"),
    (&["resume"], "TW0101"),
    (&["completions", "tcsh"], "TW0101"),
];

/// Every file with its bytes, save what SQLite puts beside a file that somebody reads.
fn files(place: &Place) -> Vec<(String, Vec<u8>)> {
    let is_kept = |name: &str| !name.ends_with("-shm") && !name.ends_with("-wal");
    place.bytes().into_iter().filter(|(name, _)| is_kept(name)).collect()
}

#[test]
fn every_verb_that_fails_prints_no_data_and_one_document_for_programs() {
    let place = traded();
    let output = schema(&place, "output");
    let before = files(&place);
    for (words, number) in FAILURES {
        let ran = place.tradewind(words);
        assert_eq!(code(&ran), 2, "{words:?}: {}", stderr(&ran));
        assert!(ran.stdout.is_empty(), "{words:?}: {}", stdout(&ran));
        assert!(stderr(&ran).contains(&format!("error[{number}]: ")), "{words:?}: {}", stderr(&ran));
        assert!(files(&place) == before, "{words:?}: something was written");
        // Exactly one document, or it would not be read as one.
        let document = place.json(words);
        assert_fits(&output, &document, &words.join(" "));
        let data = &document["data"];
        assert_eq!(
            (&document["schema"], &data["number"], &data["exit"]),
            (&json!("tradewind.error/1"), &json!(number), &json!(2)),
            "{words:?}"
        );
    }
}

#[test]
fn a_slip_of_the_command_line_is_told_like_every_failure() {
    let place = Place::new();
    let slip = place.tradewind(&["stauts"]);
    assert!(assert_shape(&slip, "TW0101", "'stauts'", "'status'").is_empty());
    assert_shape(&place.tradewind(&["status", "--jsn"]), "TW0101", "'--jsn'", "'--json'");
    let why = place.tradewind(&["resume"]);
    assert!(
        stderr(&why).contains("--why <TEXT>")
            && stderr(&why).contains("fix:   write it as: tradewind resume")
    );
    let nothing = place.tradewind(&[]);
    assert_eq!((code(&nothing), stdout(&nothing)), (2, String::new()));
    assert!(stderr(&nothing).contains("Exit codes:"), "{}", stderr(&nothing));
    assert!(stderr(&nothing).ends_with("  more:  tradewind help TW0101\n"), "{}", stderr(&nothing));
    for words in [&["--help"][..], &["--version"], &["run", "--help"]] {
        let ran = place.tradewind(words);
        assert_eq!((code(&ran), stderr(&ran)), (0, String::new()), "{words:?}");
        assert!(!stdout(&ran).is_empty() && !stdout(&ran).contains('\u{1b}'), "{words:?}");
    }
}

#[test]
fn every_page_is_there_by_its_number_and_its_word() {
    let place = Place::new();
    let output = schema(&place, "output");
    let all = place.json(&["help"]);
    assert_fits(&output, &all, "help");
    let pages = all["data"]["pages"].as_array().unwrap();
    assert!(pages.len() > 130, "{}", pages.len());
    let listed = stdout(&place.tradewind(&["help"]));
    for page in pages {
        let (number, word) = (page["number"].as_str().unwrap(), page["code"].as_str().unwrap());
        assert!(listed.contains(&format!("  {number}  {word}")), "{number}");
        let shown = place.tradewind(&["help", number]);
        assert_eq!((code(&shown), stderr(&shown)), (0, String::new()), "{number}");
        let text = stdout(&shown);
        assert!(text.starts_with(&format!("{number}  {word}  (")), "{text}");
        assert!(text.contains(page["text"].as_str().unwrap()), "{text}");
    }
    let word = place.json(&["help", "number-too-large"]);
    assert_eq!(word["data"]["pages"].as_array().unwrap().len(), 2, "a failure and a reason: {word}");
    assert_eq!(place.json(&["help", "connectivity"])["data"]["pages"][0]["code"], json!("no_contact"));
    let run = stdout(&place.tradewind(&["help", "run"]));
    assert!(run.contains("Usage: tradewind run") && run.contains("--settle"), "{run}");
    let nested = place.json(&["help", "state", "verify"]);
    assert_fits(&output, &nested, "help state verify");
    assert!(nested["data"]["verb"].as_str().unwrap().contains("Usage: tradewind state verify"), "{nested}");
    let both = stdout(&place.tradewind(&["help", "flatten"]));
    assert!(both.contains("--confirm") && both.contains("TW0715"), "{both}");
    for (asked, near) in [("TW0999", "TW0"), ("no_prise", "no_price"), ("statuss", "status")] {
        let unknown = place.tradewind(&["help", asked]);
        assert_eq!(code(&unknown), 2);
        assert_shape(&unknown, "TW0107", asked, &format!("did you mean `tradewind help {near}"));
    }
}

#[test]
fn a_denial_and_a_bad_signal_lead_to_their_pages() {
    let place = traded();
    let explained = stdout(&place.tradewind(&["explain", "two"]));
    assert!(explained.contains("stop_side") && explained.contains("tradewind help TW0530"), "{explained}");
    let mut bad = enter("bad", "ETH/USD", "2800");
    bad["stopp"] = json!("1");
    place.signals(&[bad]);
    let ran = place.run();
    assert!(stderr(&ran).starts_with("warning[TW0221]: signals.json"), "{}", stderr(&ran));
}

#[test]
fn nobody_reading_is_no_failure_and_a_full_disk_is_one() {
    let place = traded();
    for words in [&["help"][..], &["signals", "--json"], &["--help"], &["completions", "bash"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = place.command(words).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{words:?}");
    }
    if let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") {
        let ran = place.command(&["status"]).stdout(full).output().unwrap();
        assert_eq!(code(&ran), 1);
        assert!(stderr(&ran).starts_with("error[TW0902]: "), "{}", stderr(&ran));
    }
}
