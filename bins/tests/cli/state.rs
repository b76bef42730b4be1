//! The state file and the journal at a start: every row of the start table, what a person's edit becomes, and a book
//! that goes on from its file alone.

mod copies;

use std::fs;

use serde_json::{Value, json};

use crate::place::{Place, code, enter, stderr, stdout};
use crate::schemas::{assert_fits, schema};

const STATE: &str = "paper-state.json";
const JOURNAL: &str = "paper-state.journal.sqlite";

/// Changes a file.
type Spoil = fn(&mut Value);

/// A place in which two coins are held, each with its stop.
pub fn held() -> Place {
    let place = Place::new();
    let mut two = enter("two", "ETH/USD", "2800");
    two["target"] = json!("3300");
    place.signals(&[enter("one", "BTC/USD", "80000"), two]);
    let ran = place.run();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    place
}

pub fn file(place: &Place) -> Value {
    serde_json::from_slice(&fs::read(place.file(STATE)).unwrap()).unwrap()
}

/// Changes the state file as another program would.
pub fn edit(place: &Place, change: impl FnOnce(&mut Value)) -> String {
    let mut state = file(place);
    change(&mut state);
    place.write(STATE, &state.to_string());
    state.to_string()
}

/// A pass without signals, with fresh prices.
pub fn pass(place: &Place) -> std::process::Output {
    place.prices();
    place.tradewind(&["run"])
}

#[track_caller]
pub fn ends(output: &std::process::Output, with: i32, said: &[&str]) {
    let text = stdout(output) + &stderr(output);
    assert_eq!(code(output), with, "{text}");
    for said in said {
        assert!(text.contains(said), "{said}: {text}");
    }
}

pub fn lose_journal(place: &Place) {
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(place.file(&format!("{JOURNAL}{ending}")));
    }
}

/// How many records of a kind the journal has.
fn records(place: &Place, kind: &str) -> usize {
    let all = place.data(&["journal", "tail", "--last", "1000"]);
    all.iter().filter(|row| row["record"]["record"] == json!(kind)).count()
}

#[test]
fn no_file_is_folded_from_the_journal_and_a_file_behind_is_brought_up() {
    let place = held();
    let first = fs::read(place.file(STATE)).unwrap();
    fs::remove_file(place.file(STATE)).unwrap();
    ends(&pass(&place), 0, &["2 positions"]);
    place.write(STATE, std::str::from_utf8(&first).unwrap());
    ends(&pass(&place), 0, &["2 positions"]);
    assert_eq!(code(&place.tradewind(&["state", "verify"])), 0);
}

#[test]
fn a_file_that_is_ahead_or_of_another_history_is_refused_and_nothing_changes() {
    let place = held();
    let other = held();
    let journal = fs::read(other.file(JOURNAL)).unwrap();
    lose_journal(&place);
    fs::write(place.file(JOURNAL), journal).unwrap();
    let before = place.bytes();
    ends(&place.tradewind(&["run"]), 2, &["belongs to journal", "--state"]);
    assert_eq!(without_sqlite(place.bytes()), without_sqlite(before));
    // Ahead: the journal as it was a pass ago.
    let place = held();
    place.tradewind(&["state", "backup", "--out", "early"]);
    ends(&pass(&place), 0, &[]);
    lose_journal(&place);
    fs::copy(place.file("early").join(JOURNAL), place.file(JOURNAL)).unwrap();
    ends(&place.tradewind(&["run"]), 2, &["records are missing", "nothing is traded from the file alone"]);
    // Edited as well: its place is looked at first.
    edit(&place, |state| state["totals"]["trades"] = json!(7));
    ends(&place.tradewind(&["run"]), 2, &["records are missing"]);
}

/// Files but those that SQLite makes when a database is only looked at.
fn without_sqlite(files: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    files.into_iter().filter(|(name, _)| !name.ends_with("-wal") && !name.ends_with("-shm")).collect()
}

#[test]
fn an_edit_stops_entries_and_nothing_else_until_a_person_takes_it_in() {
    let place = held();
    let edited = edit(&place, |state| {
        state["positions"]["paper:ETH/USD"]["plan"]["stop"] = json!("2850");
        state["python"] = json!({ "model": 7 });
    });
    ends(&place.tradewind(&["status"]), 0, &["was edited in Tradewind's own keys", "state verify"]);
    ends(
        &place.tradewind(&["state", "verify"]),
        4,
        &["/positions/paper:ETH~1USD/plan/stop", "\"2850\"", "\"2800\""],
    );
    // Prices fall through one stop: exits and protection go on, and an entry is denied.
    place.signals(&[enter("three", "LTC/USD", "80")]);
    place.fallen_prices();
    let ran = place.tradewind(&["run", "--signals", "signals.json"]);
    let shown = "/positions/paper:ETH~1USD/plan/stop is \"2850\" in the file and \"2800\" by the journal";
    ends(&ran, 4, &[shown, "state import", "tradewind resume", "DENIED", "level paused"]);
    assert_eq!(place.data(&["trades"]).len(), 2, "both stops were hit and booked");
    assert_eq!(fs::read_to_string(place.file("paper-state.json.edited-1")).unwrap(), edited);
    assert_eq!(file(&place)["python"], json!({ "model": 7 }), "the keys of others stay");
    for _ in 0..2 {
        ends(&pass(&place), 4, &["paper-state.json.edited-1"]);
    }
    assert_eq!((records(&place, "edit_found"), records(&place, "level_set")), (1, 1), "told once");
    ends(&place.tradewind(&["status"]), 0, &["not taken in", "state import paper-state.json.edited-1"]);
    // What it was about has changed since.
    let late = place.tradewind(&["state", "import", "paper-state.json.edited-1", "--reason", "tighter"]);
    ends(&late, 2, &["TW0332", "/positions/paper:ETH~1USD/plan/stop"]);
    ends(&place.tradewind(&["resume", "--why", "the stops did it"]), 0, &[]);
    ends(&pass(&place), 0, &["Nothing needs you"]);
}

#[test]
fn an_edit_that_is_taken_in_is_a_record_and_is_acted_upon() {
    let place = held();
    let output = schema(&place, "output");
    edit(&place, |state| {
        state["positions"]["paper:ETH/USD"]["plan"]["stop"] = json!("2850");
        state["totals"]["fees"] = json!("1.5");
    });
    ends(&pass(&place), 4, &[]);
    let words = ["state", "import", "paper-state.json.edited-1", "--reason", "tighter"];
    let taken = place.json(&words);
    assert_fits(&output, &taken, "state import");
    let change =
        json!({ "path": "/positions/paper:ETH~1USD/plan/stop", "from": "\"2800\"", "to": "\"2850\"" });
    assert_eq!(taken["data"]["changes"][0], change);
    assert_eq!(taken["data"]["level"], json!("paused"), "loosening is another act");
    ends(&place.tradewind(&["resume", "--why", "taken in"]), 0, &[]);
    ends(&pass(&place), 0, &["Nothing needs you"]);
    let stops: Vec<Value> = place.data(&["orders"]);
    let stop = stops
        .iter()
        .find(|o| o["intent"]["key"] == json!("paper:ETH/USD") && o["intent"]["purpose"] == json!("stop"));
    assert_eq!(stop.unwrap()["intent"]["trigger"], json!("2850"));
    ends(&place.tradewind(&words), 2, &["now, and was", "\"2850\""]);
    for verify in [["journal", "verify"], ["state", "verify"]] {
        ends(&place.tradewind(&verify), 0, &[]);
    }
}

#[test]
fn what_is_not_a_persons_to_edit_is_refused_by_name_and_nothing_changes() {
    let place = held();
    let good = fs::read_to_string(place.file(STATE)).unwrap();
    let edits: [(Spoil, &str); 5] = [
        (|state| state["guard"]["level"] = json!("frozen"), "/guard/level"),
        (|state| state["orders"] = json!({}), "/orders/"),
        (|state| state["venues"]["paper"]["cursor"] = json!("1"), "/venues/paper/cursor"),
        (
            |state| state["positions"]["paper:ETH/USD"]["held"] = json!("0.1"),
            "change `entered` or `exited` too",
        ),
        (|state| state["journal_hash"] = json!("a".repeat(64)), "no such record"),
    ];
    for (change, said) in edits {
        let mut state: Value = serde_json::from_str(&good).unwrap();
        change(&mut state);
        place.write("mine.json", &state.to_string());
        let before = place.bytes();
        ends(&place.tradewind(&["state", "import", "mine.json", "--reason", "so"]), 2, &[said, "mine.json"]);
        assert!(without_sqlite(place.bytes()) == without_sqlite(before), "{said}");
    }
    ends(&place.tradewind(&["state", "import", STATE, "--reason", "so"]), 2, &["TW0333"]);
    ends(&pass(&place), 0, &[]);
}

#[test]
fn who_resumes_without_having_seen_an_edit_is_shown_it_first() {
    let place = held();
    ends(&place.tradewind(&["halt"]), 0, &[]);
    edit(&place, |state| state["totals"]["wins"] = json!(0.5));
    ends(&place.tradewind(&["resume", "--why", "odd prices are over"]), 4, &["/totals/wins", "once more"]);
    ends(&place.tradewind(&["status"]), 0, &["level REDUCE-ONLY"]);
    ends(&place.tradewind(&["resume", "--why", "without it"]), 0, &["Entries go through"]);
    assert!(place.file("paper-state.json.edited-1").exists());
    // Another edit does not take the name of the first.
    edit(&place, |state| state["totals"]["wins"] = json!("x"));
    ends(&pass(&place), 4, &["paper-state.json.edited-2"]);
}

#[test]
fn a_file_alone_is_adopted_with_what_the_broker_knows_since() {
    let place = held();
    let output = schema(&place, "output");
    let old = fs::read_to_string(place.file(STATE)).unwrap();
    // What the file does not know: an entry with its legs.
    place.signals(&[enter("three", "SOL/USD", "130")]);
    ends(&place.run(), 0, &["FILLED"]);
    lose_journal(&place);
    let refused = place.tradewind(&["run"]);
    ends(&refused, 2, &["state adopt --reason"]);
    let mut theirs: Value = serde_json::from_str(&old).unwrap();
    theirs["python"] = json!("theirs");
    theirs["positions"]["paper:ETH/USD"]["tag"] = json!("swing");
    let mut edited = theirs.clone();
    edited["totals"]["wins"] = json!(3);
    place.write(STATE, &edited.to_string());
    ends(&place.tradewind(&["state", "adopt", "--reason", "disk"]), 2, &["not as it was written"]);
    place.write(STATE, &theirs.to_string());
    assert!(!place.file(JOURNAL).exists());
    let adopted = place.json(&["state", "adopt", "--reason", "disk"]);
    assert_fits(&output, &adopted, "state adopt");
    assert_eq!(adopted["level"], json!("paused"));
    assert_eq!(file(&place)["python"], json!("theirs"));
    assert_eq!(file(&place)["positions"]["paper:ETH/USD"]["tag"], json!("swing"));
    ends(&place.tradewind(&["state", "adopt", "--reason", "again"]), 2, &["it is what counts"]);
    ends(&place.tradewind(&["resume", "--why", "go"]), 3, &["TW0704", "tradewind run"]);
    ends(&place.tradewind(&["status"]), 0, &["is not in the book yet"]);

    place.prices();
    let ran = place.tradewind(&["run", "--record", "session.jsonl"]);
    ends(&ran, 3, &["3 positions", "nobody knows the stop that paper:SOL/USD was entered with"]);
    assert_eq!((records(&place, "order_adopted"), records(&place, "history_read")), (2, 1), "entry and stop");
    let sol = |words: &[&str]| -> Vec<Value> {
        place.data(words).into_iter().filter(|row| row["intent"]["key"] == json!("paper:SOL/USD")).collect()
    };
    let resting = sol(&["orders"]);
    assert_eq!(
        (resting.len(), &resting[0]["intent"]["purpose"]),
        (1, &json!("stop")),
        "the stop that rests stays"
    );
    ends(&place.tradewind(&["reproduce", "session.jsonl"]), 0, &[]);
    ends(&place.tradewind(&["resume", "--why", "read"]), 0, &[]);

    // The same decision again makes no second order, and a stop that is given replaces the one nobody knows.
    let mut stop = enter("stop", "SOL/USD", "131");
    stop["action"] = json!("adjust");
    stop.as_object_mut().unwrap().remove("side");
    place.signals(&[enter("three", "SOL/USD", "130"), stop]);
    ends(&place.run(), 0, &["position_open", "ADJUSTED", "3 of 3 wanted stops rest"]);
    let entries = sol(&["orders", "--all"]);
    assert_eq!(entries.iter().filter(|row| row["intent"]["purpose"] == json!("entry")).count(), 1);
    assert_eq!(sol(&["orders"])[0]["intent"]["trigger"], json!("131"));
    assert_eq!(place.data(&["fills", "--all"]).len(), 3);
    for verify in [["journal", "verify"], ["state", "verify"]] {
        ends(&place.tradewind(&verify), 0, &[]);
    }
}

#[test]
fn an_adoption_that_died_before_it_wrote_the_file_goes_on() {
    let place = held();
    let old = fs::read(place.file(STATE)).unwrap();
    lose_journal(&place);
    ends(&place.tradewind(&["state", "adopt", "--reason", "disk"]), 0, &[]);
    // Killed between the journal's first commit and the new state file.
    fs::write(place.file(STATE), &old).unwrap();
    ends(&pass(&place), 3, &["2 positions"]);
    assert_ne!(file(&place)["journal_id"], serde_json::from_slice::<Value>(&old).unwrap()["journal_id"]);
    // Killed before that commit: the journal is there and empty.
    let place = held();
    lose_journal(&place);
    drop(state::SqliteStore::create(&place.file(JOURNAL)).unwrap());
    ends(&place.tradewind(&["run"]), 2, &["state adopt --reason"]);
    ends(&place.tradewind(&["state", "adopt", "--reason", "disk"]), 0, &["2 positions held"]);
    ends(&pass(&place), 3, &[]);
    ends(&place.tradewind(&["resume", "--why", "read"]), 0, &[]);
}

#[test]
fn a_moment_of_the_past_is_shown_as_it_was_and_the_future_is_not_known() {
    let place = held();
    let rows = place.data(&["journal", "tail", "--last", "1000"]);
    let at = |row: &Value| row["at"].as_str().unwrap().to_owned();
    let first = at(&rows[0]);
    let early = place.json(&["status", "--at", "2020-01-01T00:00:00Z"]);
    assert_eq!((&early["journal"]["seq"], &early["data"]["positions"]), (&json!(0), &json!(0)), "{early}");
    ends(&place.tradewind(&["status", "--at", "2020-01-01T00:00:00Z"]), 0, &["before the first record"]);
    // Exactly at a record: everything of that very moment is in.
    let seq = rows.iter().filter(|row| at(row) == first).count();
    let exactly = place.json(&["status", "--at", &first]);
    assert_eq!(exactly["journal"]["seq"], json!(seq), "{exactly}");
    let last = at(rows.last().unwrap());
    let then = place.json(&["status", "--at", &last]);
    assert_eq!((&then["journal"]["seq"], &then["data"]["positions"]), (&json!(rows.len()), &json!(2)));
    ends(&place.tradewind(&["status", "--at", "2999-01-01T00:00:00Z"]), 2, &["in the future"]);
    ends(&place.tradewind(&["status", "--at", "yesterday"]), 2, &["with its zone"]);
}
