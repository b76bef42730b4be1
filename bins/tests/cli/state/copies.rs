//! Backups: whole, never over anything, made beside a process that writes; and brought back so that a death at any
//! moment leaves one set of files or says what to do.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{JOURNAL, STATE, edit, ends, file, held, pass};
use crate::place::{Place, code, enter, now, stderr};
use crate::schemas::{assert_fits, schema};

const VENUE: &str = "paper-venue.sqlite";
const MARKER: &str = "paper-state.json.restoring";

fn seq(place: &Place) -> u64 {
    place.json(&["status"])["journal"]["seq"].as_u64().unwrap()
}

fn is_whole(place: &Place) -> bool {
    code(&place.tradewind(&["journal", "verify"])) == 0 && code(&place.tradewind(&["state", "verify"])) == 0
}

#[test]
fn a_backup_holds_everything_and_overwrites_nothing() {
    let place = held();
    let output = schema(&place, "output");
    edit(&place, |state| state["python"] = json!("theirs"));
    let made = place.json(&["state", "backup", "--out", "copies/friday"]);
    assert_fits(&output, &made, "state backup");
    assert_eq!(
        (&made["data"]["positions"], &made["data"]["page"]["records"]),
        (&json!(2), &json!(seq(&place)))
    );
    let folder = place.file("copies/friday");
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["backup.json", JOURNAL, STATE, VENUE]);
    let copy: Value = serde_json::from_slice(&fs::read(folder.join(STATE)).unwrap()).unwrap();
    assert_eq!(copy["python"], json!("theirs"));
    ends(&place.tradewind(&["state", "backup", "--out", "copies/friday"]), 2, &["there already"]);
    let left: Vec<_> = fs::read_dir(place.file("copies")).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing half-made is left");
    ends(&Place::new().tradewind(&["state", "backup"]), 2, &["no journal"]);
}

#[test]
fn a_backup_is_made_beside_a_process_that_writes_and_says_so() {
    let place = held();
    let lock = state::Lock::take(&place.file("paper-state.json.lock"), "a test", now()).unwrap();
    ends(&place.tradewind(&["state", "backup", "--out", "b"]), 0, &["another process writes", "whole"]);
    ends(&place.tradewind(&["state", "restore", "b"]), 5, &["another process works"]);
    drop(lock);
    ends(&place.tradewind(&["state", "restore", "b"]), 0, &["is read by the next pass", "resume"]);
    ends(&place.tradewind(&["resume", "--why", "go"]), 3, &["TW0704"]);
    ends(&pass(&place), 3, &[]);
    ends(&place.tradewind(&["resume", "--why", "read"]), 0, &[]);
}

#[test]
fn an_older_backup_is_restored_loudly_and_what_was_there_is_kept() {
    let place = held();
    let output = schema(&place, "output");
    ends(&place.tradewind(&["state", "backup", "--out", "b"]), 0, &[]);
    let then = seq(&place);
    place.signals(&[enter("three", "SOL/USD", "130")]);
    ends(&place.run(), 0, &[]);
    let late = seq(&place);
    let restored = place.json(&["state", "restore", "b"]);
    assert_fits(&output, &restored, "state restore");
    assert_eq!(restored["data"]["records"], json!(then));
    assert_eq!(restored["data"]["history_wanted_since"], json!(null), "the broker's log came with it");
    assert!(is_whole(&place) && place.data(&["positions"]).len() == 2);
    let kept = place.file("paper-state.json.before-restore-1");
    for name in [STATE, JOURNAL, VENUE] {
        assert!(kept.join(name).exists(), "{name}");
    }
    // Trading goes on: the broker has forgotten what the book has.
    place.signals(&[enter("three", "SOL/USD", "130")]);
    ends(&place.run(), 0, &["FILLED"]);
    // What was kept is a whole place by itself.
    let old = place.tradewind(&["--state", kept.join(STATE).to_str().unwrap(), "journal", "verify"]);
    ends(&old, 0, &[&format!("{late} records")]);
    let again = place.tradewind(&["state", "restore", "b"]);
    ends(&again, 0, &["THE BACKUP IS OLDER", "before-restore-2"]);
}

#[test]
fn a_backup_without_the_brokers_log_leaves_the_broker_and_reads_its_history() {
    let place = held();
    ends(&place.tradewind(&["state", "backup", "--out", "b"]), 0, &[]);
    // As with a broker that is somewhere else: its log goes on whatever is restored here.
    fs::remove_file(place.file("b").join(VENUE)).unwrap();
    let mut page: Value = serde_json::from_slice(&fs::read(place.file("b/backup.json")).unwrap()).unwrap();
    page["venue"] = json!(null);
    place.write("b/backup.json", &page.to_string());
    place.signals(&[enter("three", "SOL/USD", "130")]);
    ends(&place.run(), 0, &["FILLED"]);
    ends(
        &place.tradewind(&["state", "restore", "b"]),
        0,
        &["THE BACKUP IS OLDER", "is read by the next pass"],
    );
    assert_eq!(place.json(&["status"])["level"], json!("paused"));
    ends(&pass(&place), 3, &["3 positions"]);
    ends(&place.tradewind(&["resume", "--why", "read"]), 0, &[]);
    assert_eq!(place.data(&["fills", "--all"]).len(), 3);
}

#[test]
fn a_backup_that_is_not_whole_changes_nothing() {
    let place = held();
    ends(&place.tradewind(&["state", "backup", "--out", "b"]), 0, &[]);
    for name in [STATE, JOURNAL, VENUE, "backup.json"] {
        let path = place.file("b").join(name);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        for bytes in [&bad[..], &good[..middle]] {
            fs::write(&path, bytes).unwrap();
            let before = place.bytes();
            ends(&place.tradewind(&["state", "restore", "b"]), 2, &["nothing was changed"]);
            assert!(place.bytes() == before, "{name}");
        }
        fs::write(&path, good).unwrap();
    }
    let mut page: Value = serde_json::from_slice(&fs::read(place.file("b/backup.json")).unwrap()).unwrap();
    page["journal"]["file"] = json!("../paper-state.journal.sqlite");
    place.write("b/backup.json", &page.to_string());
    ends(&place.tradewind(&["state", "restore", "b"]), 2, &["no name of a file"]);
}

/// Copies a whole folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            let _ = fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_restore_that_died_between_any_two_steps_is_finished_by_the_same_command() {
    // What a whole restore does, to know its two ends.
    let place = held();
    ends(&place.tradewind(&["state", "backup", "--out", "b"]), 0, &[]);
    let then = seq(&place);
    place.signals(&[enter("three", "SOL/USD", "130")]);
    ends(&place.run(), 0, &[]);
    // By hand, every state between the marker and the end: for each file, not begun, moved away, in place.
    let names = [STATE, JOURNAL, VENUE];
    for done in 0..=names.len() * 2 {
        let other = Place::new();
        copy(place.path(), other.path());
        let kept = other.file("paper-state.json.before-restore-1");
        fs::create_dir(&kept).unwrap();
        for name in names {
            fs::copy(other.file("b").join(name), other.file(&format!("{name}.restored"))).unwrap();
        }
        let marker =
            json!({ "from": "b", "kept": "paper-state.json.before-restore-1", "unread_since": null });
        other.write(MARKER, &marker.to_string());
        for step in 0..done {
            let name = names[step / 2];
            if step % 2 == 0 {
                for ending in ["-wal", "-shm", ""] {
                    let _ = fs::rename(
                        other.file(&format!("{name}{ending}")),
                        kept.join(format!("{name}{ending}")),
                    );
                }
            } else {
                fs::rename(other.file(&format!("{name}.restored")), other.file(name)).unwrap();
            }
        }
        for words in
            [&["run"][..], &["status"], &["state", "adopt", "--reason", "x"], &["state", "restore", "c"]]
        {
            ends(&other.tradewind(words), 2, &["did not come to its end", "tradewind state restore b"]);
        }
        ends(&other.tradewind(&["state", "restore", "b"]), 0, &["whole"]);
        assert_eq!(seq(&other), then, "after {done} steps");
        assert!(is_whole(&other) && !other.file(MARKER).exists());
        assert!(names.iter().all(|name| kept.join(name).exists()), "after {done} steps");
        ends(&pass(&other), 0, &["2 positions"]);
    }
}

#[expect(clippy::disallowed_methods, reason = "the moment of a kill")]
#[test]
fn a_restore_that_is_killed_leaves_one_set_or_a_marker() {
    let place = held();
    ends(&place.tradewind(&["state", "backup", "--out", "b"]), 0, &[]);
    let then = seq(&place);
    ends(&pass(&place), 0, &[]);
    let late = seq(&place);
    // How long a whole one takes on this machine, as busy as it is.
    let whole = Place::new();
    copy(place.path(), whole.path());
    let began = std::time::Instant::now();
    ends(&whole.tradewind(&["-q", "state", "restore", "b"]), 0, &[]);
    let took = began.elapsed();
    let (mut old, mut new, mut marked) = (0, 0, 0);
    for n in 0..40_u32 {
        let other = Place::new();
        copy(place.path(), other.path());
        let mut child = other.command(&["-q", "state", "restore", "b"]).spawn().unwrap();
        std::thread::sleep(took * n / 30);
        let _ = child.kill();
        child.wait().unwrap();
        if other.file(MARKER).exists() {
            marked += 1;
            ends(&other.tradewind(&["status"]), 2, &["tradewind state restore b"]);
            ends(&other.tradewind(&["state", "restore", "b"]), 0, &[]);
        }
        let is = seq(&other);
        assert!(is_whole(&other) && (is == then || is == late), "{n}: {is}");
        if is == late {
            old += 1;
        } else {
            new += 1;
        }
        let ran = pass(&other);
        assert_eq!(code(&ran), 0, "{n}: {}", stderr(&ran));
        assert!(file(&other)["journal_seq"].as_u64().unwrap() > then);
    }
    println!("{old} as before, {new} restored, {marked} of them finished afterwards");
    assert!(old > 0 && new > 0);
}
