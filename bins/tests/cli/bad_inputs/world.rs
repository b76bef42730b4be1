//! What stands around the files: locks, rights, room, and the journals of a book.

use std::fs;
use std::process::Command;

use super::{PATIENCE, Row, bounded, bytes, changes, check, everything, folder, template};
use crate::place::{Place, code, enter, now, stderr};

const RUN: &[&str] = &["run"];
const JOURNAL: &str = "paper-state.journal.sqlite";
const VENUE: &str = "paper-venue.sqlite";

fn bad(name: &str, make: impl Fn(&Place) + Sync + 'static, says: &[&str]) -> Row {
    Row::refused(name, RUN, make, says)
}

/// A file with these bytes at a place of it.
fn patched(name: &'static str, at: usize, with: &'static [u8]) -> impl Fn(&Place) + Sync + 'static {
    move |place| {
        let mut bytes = fs::read(place.file(name)).unwrap();
        bytes[at..at + with.len()].copy_from_slice(with);
        fs::write(place.file(name), bytes).unwrap();
    }
}

fn gone(name: &'static str) -> impl Fn(&Place) + Sync + 'static {
    move |place| fs::remove_file(place.file(name)).unwrap()
}

fn half(name: &'static str) -> impl Fn(&Place) + Sync + 'static {
    move |place| {
        let bytes = fs::read(place.file(name)).unwrap();
        fs::write(place.file(name), &bytes[..bytes.len() / 2]).unwrap();
    }
}

#[test]
fn files_of_a_book_that_do_not_hold_are_named_and_kept() {
    check(&[
        bad("no journal", gone(JOURNAL), &["paper-state.json", JOURNAL, "not there"]),
        bad("an empty journal", bytes(JOURNAL, b""), &[JOURNAL, "empty"]),
        bad(
            "a journal that is none",
            bytes(JOURNAL, b"no database at all, but a longer text than a head"),
            &[JOURNAL],
        ),
        bad("a journal of another program", patched(JOURNAL, 68, b"abcd"), &[JOURNAL]),
        bad("a journal of a newer format", patched(JOURNAL, 60, &[0, 0, 0, 2]), &[JOURNAL, "newer"]),
        bad("half a journal", half(JOURNAL), &[JOURNAL]),
        bad("a folder for a journal", folder(JOURNAL), &[JOURNAL]),
        bad("no log of the venue", gone(VENUE), &[VENUE, "put the file back"]),
        bad("an empty log of the venue", bytes(VENUE, b""), &[VENUE]),
        bad(
            "a log of the venue that is none",
            bytes(VENUE, b"no database at all, but a longer text than a head"),
            &[VENUE],
        )
        .ends(5),
    ]);
}

#[test]
fn a_byte_of_the_journal_that_is_another_is_found_out() {
    let place = template().copy();
    let whole = fs::read(place.file(JOURNAL)).unwrap();
    // Wherever records stand: the file may keep a copy of a row that it has moved.
    let places: Vec<usize> = (0..whole.len()).filter(|at| whole[*at..].starts_with(b"\"record\":")).collect();
    for (n, change) in [(12, b'~'), (40, b'0'), (41, b'"')] {
        let mut bytes = whole.clone();
        for at in &places {
            bytes[at + n] = change;
        }
        if bytes == whole {
            continue;
        }
        fs::write(place.file(JOURNAL), &bytes).unwrap();
        // The last state is known by its hash, so a pass does not walk what lies before it; whoever asks is told.
        let ended = bounded(place.command(&["journal", "verify"]), PATIENCE);
        // A last record that cannot be read is found out when the file is opened.
        assert!(matches!(ended.code, Some(1 | 2)), "byte {n}: {}", ended.told());
        assert!(ended.err.contains("record") && ended.out.is_empty(), "byte {n}: {}", ended.told());
        assert_eq!(fs::read(place.file(JOURNAL)).unwrap(), bytes);
    }
}

#[test]
fn a_lock_that_another_process_holds_is_respected_by_every_verb_that_writes() {
    let place = template().copy();
    place.signals(&[enter("new", "ETH/USD", "2800")]);
    let lock = state::Lock::take(&place.file("paper-state.json.lock"), "a test", now()).unwrap();
    let before = everything(place.path());
    for words in [
        &["run", "--signals", "signals.json"][..],
        &["run", "--dry-run"],
        &["resume", "--why", "x"],
        &["flatten", "--why", "x", "--confirm", "paper-1"],
    ] {
        let ended = bounded(place.command(words), PATIENCE);
        assert_eq!(ended.code, Some(5), "{words:?}: {}", ended.told());
        assert!(ended.err.contains("another process") && ended.out.is_empty(), "{words:?}: {}", ended.told());
        // What SQLite puts beside a file that it only reads is none of ours.
        let mut after = everything(place.path());
        after.retain(|name, _| {
            before.contains_key(name) || !name.ends_with("-shm") && !name.ends_with("-wal")
        });
        assert!(after == before, "{words:?} wrote");
    }
    drop(lock);
}

/// Runs the program as somebody without rights to this folder; nothing when that cannot be had here.
fn without_rights(place: &Place, words: &[&str]) -> Option<super::Ended> {
    let probe = place.file("probe");
    let is_root = fs::write(&probe, "").is_ok();
    let _ = fs::remove_file(&probe);
    let program = env!("CARGO_BIN_EXE_tradewind");
    let mut command = if is_root {
        let may =
            Command::new("setpriv").args(["--reuid=65534", "--clear-groups", program, "--version"]).output();
        if !may.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--clear-groups", program]);
        command
    } else {
        Command::new(program)
    };
    command.args(words).current_dir(place.path());
    Some(bounded(command, PATIENCE))
}

#[test]
fn where_nothing_may_be_written_nothing_is_and_the_file_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |place: &Place, name: &str, mode| {
        fs::set_permissions(place.file(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    let folder = template().copy();
    mode(&folder, "", 0o555);
    let file = template().copy();
    mode(&file, "", 0o777);
    mode(&file, "paper-state.json.lock", 0o666);
    mode(&file, JOURNAL, 0o444);
    let hidden = template().copy();
    mode(&hidden, "", 0o777);
    mode(&hidden, "paper-state.json.lock", 0o666);
    mode(&hidden, "paper-state.json", 0o000);
    for (name, place, says) in [
        ("a folder", &folder, ".lock"),
        ("a journal", &file, JOURNAL),
        ("a state", &hidden, "paper-state.json"),
    ] {
        let before = everything(place.path());
        let Some(ended) = without_rights(place, RUN) else {
            println!("skipped: as root, and setpriv cannot run the program as somebody else");
            return;
        };
        assert!(matches!(ended.code, Some(1 | 2 | 5)), "{name}: {}", ended.told());
        assert!(ended.err.contains(says) && ended.err.contains("ermission"), "{name}: {}", ended.told());
        assert!(ended.out.is_empty(), "{name}: {}", ended.told());
        let mut changed = changes(&before, &everything(place.path()));
        // SQLite leaves these, empty, beside a file that it may read and not write.
        changed.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
        assert!(changed.is_empty(), "{name}: {changed:?} changed");
    }
    mode(&folder, "", 0o755);
}

/// A disk that is full at any moment of a pass: nothing is half written, and the next pass goes on.
#[test]
fn a_full_disk_ends_a_pass_and_loses_nothing() {
    let mut failed = 0;
    for blocks in [0, 1, 4, 8, 9, 12, 16, 24, 32, 48, 56, 64, 80, 100, 140] {
        let place = template().copy();
        place.signals(&[enter("new", "ETH/USD", "2800")]);
        place.prices();
        let state = fs::read(place.file("paper-state.json")).unwrap();
        let script = format!("trap '' XFSZ; ulimit -f {blocks} || exit 99; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_tradewind"), "run", "--signals", "signals.json"]);
        command.current_dir(place.path());
        // What is printed goes into pipes, which have no size.
        let ended = command.output().unwrap();
        if ended.status.code() != Some(0) {
            failed += 1;
            assert!(matches!(code(&ended), 1 | 2 | 5), "{blocks} blocks: {}", stderr(&ended));
            assert!(stderr(&ended).contains("error["), "{blocks} blocks: {}", stderr(&ended));
            let left = fs::read(place.file("paper-state.json")).unwrap();
            assert!(
                left == state || serde_json::from_slice::<serde_json::Value>(&left).is_ok(),
                "{blocks} blocks"
            );
        }
        place.prices();
        let again = bounded(place.command(&["run", "--signals", "signals.json"]), PATIENCE);
        assert_eq!(again.code, Some(0), "{blocks} blocks, then with room: {}", again.told());
        assert_eq!(place.data(&["fills", "--all"]).len(), 2, "{blocks} blocks: one entry, once");
        let verified = bounded(place.command(&["journal", "verify"]), PATIENCE);
        assert_eq!(verified.code, Some(0), "{blocks} blocks: {}", verified.told());
    }
    assert!(failed > 3, "only {failed} passes were without room");
}
