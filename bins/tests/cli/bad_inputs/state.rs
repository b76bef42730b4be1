//! State files that cannot be used.

use std::fs;

use serde_json::{Value, json};

use super::{Row, bounded, bytes, check, everything, folder, link, pipe, template, text};
use crate::place::{Place, enter};

const FILE: &str = "paper-state.json";
const RUN: &[&str] = &["run"];

/// A state file that is refused, and what is said of it.
fn refused(name: &str, make: impl Fn(&Place) + Sync + 'static, says: &[&str]) -> Row {
    Row::refused(name, RUN, make, &[&[FILE], says].concat())
}

/// One whose content is this.
fn content(name: &str, content: impl Into<String>, says: &[&str]) -> Row {
    refused(name, text(FILE, content), &[&["cannot be understood", "move the file away"], says].concat())
}

fn read(place: &Place) -> Value {
    serde_json::from_slice(&fs::read(place.file(FILE)).unwrap()).unwrap()
}

/// One without a key that every state file has.
fn without(key: &'static str, says: &[&str]) -> Row {
    let make = move |place: &Place| {
        let mut file = read(place);
        file.as_object_mut().unwrap().shift_remove(key).unwrap();
        place.write(FILE, &file.to_string());
    };
    refused(&format!("a state without {key}"), make, says)
}

/// One whose text is another.
fn changed(name: &str, change: impl Fn(&str) -> String + Sync + 'static, says: &[&str]) -> Row {
    let make = move |place: &Place| {
        let before = fs::read_to_string(place.file(FILE)).unwrap();
        let after = change(&before);
        assert_ne!(before, after);
        place.write(FILE, &after);
    };
    refused(name, make, says)
}

/// The files of a place that has traded something else.
fn other() -> Place {
    let place = Place::new();
    place.signals(&[enter("other", "ETH/USD", "2800")]);
    assert_eq!(place.run().status.code(), Some(0));
    place
}

pub(super) fn rows() -> Vec<Row> {
    let of_other = |name: &'static str| {
        move |place: &Place| {
            fs::copy(other().file(name), place.file(name)).unwrap();
        }
    };
    let schema = |to: &'static str| move |text: &str| text.replace("tradewind.state/1", to);
    vec![
        content("a state that is no JSON", "hello", &["not JSON", "line 1"]),
        content("an empty state", "", &["it is empty"]),
        content("a state of blanks", " \n", &["line"]),
        content("a state of brackets", "[".repeat(100_000), &["line 1"]),
        content("a state of objects", "{\"schema\":".repeat(100_000), &["line 1"]),
        content("a state behind a mark of the byte order", "\u{feff}{}", &["not JSON"]),
        content("a number that JSON does not have", "{\"schema\": NaN}", &["not JSON", "column"]),
        refused("a state that is no text", bytes(FILE, b"{\"schema\":\"\xff\"}"), &["not JSON"]),
        refused("a state of zeros", bytes(FILE, &[0; 512]), &["not JSON"]),
        changed(
            "a state of which half is there",
            |text| text[..text.len() / 2].to_owned(),
            &["ends in the middle"],
        ),
        changed("a state with more behind it", |text| format!("{text}}}"), &["not JSON"]),
        changed("a newer state", schema("tradewind.state/2"), &["newer", "tradewind.state/2"]),
        changed("a state of another program", schema("somebody/1"), &["not a state file", "--state"]),
        content_of("a list for a state", "[]"),
        content_of("a number for a state", "17"),
        content_of("an object for a state", "{}"),
        without("schema", &["not a state file"]),
        without("journal_id", &["journal_id", "missing"]),
        without("journal_seq", &["journal_seq", "missing"]),
        without("journal_hash", &["journal_hash", "missing"]),
        without("generation", &["generation", "missing"]),
        changed(
            "a seq below zero",
            |text| text.replace("\"journal_seq\": ", "\"journal_seq\": -"),
            &["journal_seq"],
        ),
        changed(
            "a seq in quotes",
            |text| text.replacen("\"journal_seq\": ", "\"journal_seq\": \"\", \"x\": ", 1),
            &["journal_seq"],
        ),
        changed(
            "a hash that is none",
            |text| text.replacen("\"journal_hash\": \"", "\"journal_hash\": \"zz", 1),
            &["digest"],
        ),
        changed(
            "an exponent for a generation",
            |text| text.replacen("\"generation\": ", "\"generation\": 1e", 1),
            &["generation"],
        ),
        refused("a folder for a state", folder(FILE), &["not a file but a folder"]),
        refused("a state that is a link to itself", link(FILE, FILE), &["symbolic links"]),
        refused("a state from a pipe", pipe(FILE), &["not a file"]),
        refused("a state that is a link to nothing", link(FILE, "nowhere"), &["a link to nowhere"]),
        changed("an older state", schema("tradewind.state/0"), &["tradewind.state/0", "older"]),
        refused("the state of another journal", of_other(FILE), &["belongs to journal"]),
        refused(
            "the journal of another state",
            of_other("paper-state.journal.sqlite"),
            &["belongs to journal"],
        ),
    ]
}

fn content_of(name: &str, content: &str) -> Row {
    refused(name, text(FILE, content), &["not a state file", "is left as it is"])
}

#[test]
fn a_state_that_cannot_be_used_is_named_and_kept() {
    check(&rows());
}

/// Whoever edits Tradewind's keys is told with code 4, finds what was edited under another name, and the journal counts.
#[test]
fn an_edited_state_ends_with_4_is_kept_and_changes_nothing() {
    let edits = [
        ("/checksum", json!("0".repeat(64))),
        ("/totals/trades", json!(7)),
        ("/totals/fees", json!("-1")),
        ("/guard/level", json!("anything")),
        ("/positions", json!({})),
        ("/orders", json!([])),
        ("/signals", json!(null)),
        ("/life", json!("1")),
    ];
    for (pointer, value) in edits {
        let place = template().copy();
        place.prices();
        let held = place.data(&["positions"]);
        let mut file = read(&place);
        *file.pointer_mut(pointer).unwrap() = value;
        place.write(FILE, &file.to_string());
        let ended = bounded(place.command(RUN), super::PATIENCE);
        let is_told = ended.err.contains(FILE) && ended.err.contains("edited");
        assert!(ended.code == Some(4) && is_told, "{pointer}: {}", ended.told());
        let kept = fs::read_to_string(place.file("paper-state.json.edited-1")).unwrap();
        assert_eq!(kept, file.to_string(), "{pointer}");
        assert_eq!(place.data(&["positions"]), held, "{pointer}: the journal counts");
        assert_eq!(bounded(place.command(&["state", "verify"]), super::PATIENCE).code, Some(0), "{pointer}");
    }
}

/// Wherever the file ends, it is said to be cut, and stays.
#[test]
fn a_state_is_refused_whatever_byte_it_ends_with() {
    let place = template().copy();
    let mut file = read(&place);
    // The checksum does not fit any more; that is found out only when the rest can be read.
    for key in ["signals", "orders", "closed_orders", "executions", "positions", "venues", "guard", "totals"]
    {
        file[key] = json!({});
    }
    let whole = file.to_string();
    assert!(whole.len() < 900, "{} bytes", whole.len());
    place.write(FILE, "");
    let before = everything(place.path());
    for end in 0..whole.len() {
        let cut = &whole.as_bytes()[..end];
        fs::write(place.file(FILE), cut).unwrap();
        let ended = bounded(place.command(RUN), super::PATIENCE);
        let is_told = ended.err.contains(FILE) && ended.err.contains("cannot be understood");
        assert!(ended.code == Some(2) && is_told && ended.out.is_empty(), "byte {end}: {}", ended.told());
        assert_eq!(fs::read(place.file(FILE)).unwrap(), cut, "byte {end}");
    }
    place.write(FILE, "");
    assert!(super::changes(&before, &everything(place.path())).is_empty(), "something was written");
}
