//! Every row of the start table, and that nothing is changed where a start is refused.

mod versions;

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::*;
use crate::checkpoint::{Checkpoint, write};
use crate::memory::MemoryStore;
use crate::testing::{at, commit, signal, started, story};

/// A folder with a journal of the story; the state file was written after the first `cut` records.
fn folder(cut: usize) -> (tempfile::TempDir, Files, Book) {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::beside(&folder.path().join("paper-state.json"));
    let Started { mut journal, .. } = open(&files).unwrap();
    let story = story();
    let (early, late) = story.split_at(cut);
    let book = commit(&mut journal, early, 5);
    write(&files, &Checkpoint::cut(&book, &journal, at(9), "test").unwrap()).unwrap();
    let book = commit(&mut journal, late, 5);
    (folder, files, book)
}

fn content(files: &Files) -> BTreeMap<std::ffi::OsString, Vec<u8>> {
    let all = fs::read_dir(files.folder()).unwrap().map(|file| file.unwrap().path());
    all.map(|path| (path.file_name().unwrap().to_owned(), fs::read(&path).unwrap())).collect()
}

/// Starts, which must be refused, and must change nothing.
fn refused(files: &Files) -> (StartError, String) {
    let before = content(files);
    let why = open(files).unwrap_err();
    assert_eq!(content(files).keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert!(content(files) == before, "something was changed");
    let text = why.to_string();
    assert!(text.contains("paper-state"), "{text}");
    (why, text)
}

fn edit(files: &Files, change: impl FnOnce(&mut Value)) {
    let mut file: Value = serde_json::from_slice(&fs::read(&files.state).unwrap()).unwrap();
    change(&mut file);
    fs::write(&files.state, serde_json::to_vec(&file).unwrap()).unwrap();
}

#[test]
fn no_file_and_no_journal_is_an_empty_book() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::beside(&folder.path().join("paper-state.json"));
    let started = open(&files).unwrap();
    assert_eq!((started.book, started.journal.head().seq), (Book::default(), 0));
    let id = started.journal.id().to_owned();
    drop(started.journal);
    assert_eq!(open(&files).unwrap().journal.id(), id);
    let other = Files::beside(&folder.path().join("other.json"));
    assert_ne!(open(&other).unwrap().journal.id(), id);
}

#[test]
fn no_file_folds_the_whole_journal() {
    let (_folder, files, book) = folder(4);
    fs::remove_file(&files.state).unwrap();
    assert_eq!(open(&files).unwrap().book, book);
    assert_eq!(open_read_only(&files).unwrap().book, book);
}

#[test]
fn a_file_that_matches_is_loaded_and_the_rest_folded() {
    for cut in [0, 4, 10] {
        let (_folder, files, book) = folder(cut);
        assert_eq!(open(&files).unwrap().book, book);
        assert_eq!(open_read_only(&files).unwrap().book, book);
    }
}

#[test]
fn what_is_folded_after_the_file_is_checked_and_what_was_before_is_not_read() {
    let story = story();
    let store = MemoryStore::new("a");
    let folder = tempfile::tempdir().unwrap();
    let files = Files::beside(&folder.path().join("paper-state.json"));
    let mut journal = Journal::open(store.clone()).unwrap();
    let book = commit(&mut journal, &story[..5], 5);
    write(&files, &Checkpoint::cut(&book, &journal, at(9), "test").unwrap()).unwrap();
    commit(&mut journal, &story[5..], 5);
    store.tamper(|rows| rows[2].payload.push(' '));
    start(&files, store.clone()).unwrap();
    store.tamper(|rows| rows[7].payload.push(' '));
    let why = start(&files, store).unwrap_err().to_string();
    assert!(why.contains("at record 8") && why.contains("journal verify"), "{why}");
}

#[test]
fn a_file_ahead_of_its_journal_is_refused_with_both() {
    let (_folder, files, _) = folder(10);
    let id = open(&files).unwrap().journal.id().to_owned();
    // The journal as it was before its last records: a copy without the write-ahead log, say.
    let store = MemoryStore::new(&id);
    commit(&mut Journal::open(store.clone()).unwrap(), &story()[..6], 5);
    let short = Journal::open(store.clone()).unwrap().head();
    let why = start(&files, store).unwrap_err();
    assert!(matches!(&why, StartError::Ahead { found, head, .. } if found.0 == 10 && head.seq == 6), "{why}");
    let text = why.to_string();
    assert!(
        text.contains("holds record 10") && text.contains("record 6") && text.contains(short.short()),
        "{text}"
    );
    assert!(text.contains("-wal file") && text.contains("nothing is traded"), "{text}");
}

#[test]
fn a_file_of_another_history_is_refused_with_both() {
    let (_folder, files, _) = folder(4);
    let id = open(&files).unwrap().journal.id().to_owned();
    let store = MemoryStore::new(&id);
    let mut other = Journal::open(store.clone()).unwrap();
    commit(&mut other, &[crate::testing::bound(), started(1), signal(1), signal(2), signal(3)], 5);
    let there = other.hash_at(4).unwrap().unwrap();
    let why = start(&files, store).unwrap_err();
    assert!(matches!(why, StartError::NotInChain { .. }), "{why}");
    let text = why.to_string();
    assert!(
        text.contains("at record 4") && text.contains(short(&there)) && text.contains("journal verify"),
        "{text}"
    );
}

#[test]
fn a_file_of_another_journal_is_refused_with_both() {
    let (_one, files, _) = folder(4);
    let (_two, others, _) = folder(4);
    fs::copy(&others.state, &files.state).unwrap();
    let (why, text) = refused(&files);
    assert!(matches!(why, StartError::OtherJournal { .. }), "{text}");
    assert!(text.contains("--state"), "{text}");
}

/// Starts with an edited file: the journal counts, and nothing is changed.
fn found(files: &Files, book: &Book) -> (Edit, String) {
    let before = content(files);
    let started = open(files).unwrap();
    assert_eq!(&started.book, book);
    drop(started.journal);
    let looked = open_read_only(files).unwrap();
    assert_eq!((&looked.book, &looked.edited), (book, &started.edited));
    drop(looked.journal);
    assert_eq!(
        content(files).get(files.state.file_name().unwrap()),
        before.get(files.state.file_name().unwrap())
    );
    let edit = started.edited.expect("an edit");
    let text = edit.to_string();
    assert!(text.contains("paper-state.json were edited"), "{text}");
    (edit, text)
}

#[test]
fn an_edited_file_is_told_with_the_difference_and_the_journal_counts() {
    let (_folder, files, book) = folder(8);
    edit(&files, |file| {
        file["guard"]["losses_in_row"] = 3.into();
        file["trades"][0]["exit_price"] = "999".into();
        file["orders"]["tw1"] = serde_json::json!({ "attempt": 1 });
        file["life"] = Value::Null;
        file["mine"] = "kept".into();
    });
    let (edit, text) = found(&files, &book);
    let paths: Vec<_> = edit.differences.iter().map(|difference| &*difference.path).collect();
    assert_eq!(paths, ["/life", "/guard/losses_in_row", "/orders/tw1", "/trades/1/exit_price"]);
    assert!(text.contains("/guard/losses_in_row is 3 in the file and 0 by the journal"), "{text}");
    assert!(text.contains("/orders/tw1 is {\"attempt\":1} in the file and absent by the journal"), "{text}");
    assert!(edit.kept.ends_with("paper-state.json.edited-1"), "{text}");
}

#[test]
fn an_edit_that_no_record_tells_is_told_too() {
    for (key, value) in [("generation", Value::from(7)), ("written_at", "2030-01-01T00:00:00Z".into())] {
        let (_folder, files, book) = folder(8);
        edit(&files, |file| file[key] = value);
        let (edit, text) = found(&files, &book);
        assert!(edit.differences.is_empty(), "{text}");
        assert!(text.contains("checksum does not fit"), "{text}");
    }
}

#[test]
fn an_edited_file_whose_place_is_not_in_the_journal_is_refused() {
    let (_folder, files, _) = folder(8);
    let whole = fs::read(&files.state).unwrap();
    edit(&files, |file| file["journal_seq"] = 99.into());
    let (why, text) = refused(&files);
    assert!(matches!(why, StartError::Ahead { .. }), "{text}");
    fs::write(&files.state, &whole).unwrap();
    edit(&files, |file| file["journal_seq"] = 7.into());
    let (why, text) = refused(&files);
    assert!(matches!(why, StartError::NotInChain { .. }), "{text}");
    fs::write(&files.state, &whole).unwrap();
    edit(&files, |file| file["journal_id"] = "b".into());
    let (why, text) = refused(&files);
    assert!(matches!(why, StartError::OtherJournal { .. }), "{text}");
}

#[test]
fn a_file_alone_is_refused() {
    for cut in [0, 8] {
        let (_folder, files, _) = folder(cut);
        for ending in ["", "-wal", "-shm"] {
            let mut path = files.journal.clone().into_os_string();
            path.push(ending);
            drop(fs::remove_file(path));
        }
        let (why, text) = refused(&files);
        assert!(matches!(why, StartError::FileOnly { .. }), "{text}");
        assert!(
            text.contains("move the file away")
                && text.contains("state adopt --reason")
                && text.contains("journal.sqlite"),
            "{text}"
        );
        assert!(matches!(open_read_only(&files), Err(StartError::FileOnly { .. })));
    }
    let (_folder, files, _) = folder(8);
    let why = start(&files, MemoryStore::new("empty")).unwrap_err();
    assert!(matches!(why, StartError::FileOnly { seq: 8, .. }), "{why}");
}

#[test]
fn files_that_cannot_be_used_are_named_and_left() {
    let (_folder, files, _) = folder(8);
    let whole = fs::read_to_string(&files.state).unwrap();
    let cases = [
        (String::new(), "is empty"),
        (whole[..500].to_owned(), "ends in the middle"),
        (whole.replace("tradewind.state/1", "tradewind.state/9"), "newer Tradewind"),
        ("{\"positions\": [], \"equity\": 1.5}".to_owned(), "not a state file of Tradewind"),
    ];
    for (text, said) in cases {
        fs::write(&files.state, text).unwrap();
        let (_, text) = refused(&files);
        assert!(text.contains(said) && text.contains("paper-state.json"), "{text}");
    }
    fs::write(&files.state, &whole).unwrap();
    let journal = fs::read(&files.journal).unwrap();
    for (bytes, said) in [
        (b"".as_slice(), "is empty"),
        (b"something else that is much longer than one hundred bytes, and is not a database at all, not even close to it", "is not a journal"),
        (&journal[..journal.len() / 2], "is damaged"),
    ] {
        fs::write(&files.journal, bytes).unwrap();
        let why = open(&files).unwrap_err().to_string();
        assert!(why.contains(said) && why.contains("paper-state.journal.sqlite"), "{why}");
        assert_eq!(fs::read(&files.journal).unwrap(), bytes);
    }
}
