//! Files of earlier programs are read, and fold to the book that they wrote down. A journal is kept as its rows in text,
//! one a line after its id; `fixtures/v1` is what the first program of this format wrote.

use std::fs;
use std::path::Path;

use super::super::start;
use crate::checkpoint;
use crate::encode::Encoded;
use crate::files::Files;
use crate::journal::Journal;
use crate::memory::MemoryStore;

/// The journal in a text of rows.
fn journal(text: &str) -> MemoryStore {
    let mut lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let word = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap().to_owned();
    let store = MemoryStore::new(&word(&lines.next().unwrap(), "id"));
    let rows: Vec<Encoded> = lines
        .map(|line| Encoded {
            seq: line["seq"].as_u64().unwrap(),
            at: word(&line, "at"),
            kind: word(&line, "kind"),
            version: u32::try_from(line["version"].as_u64().unwrap()).unwrap(),
            payload: word(&line, "payload"),
            hash: word(&line, "hash").parse().unwrap(),
        })
        .collect();
    store.tamper(|kept| *kept = rows);
    store
}

#[test]
fn what_version_1_wrote_is_read_and_folds_to_the_same_book() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1");
    let store = journal(&fs::read_to_string(fixtures.join("journal.jsonl")).unwrap());
    let whole = Journal::open(store.clone()).unwrap();
    assert_eq!(whole.verify().unwrap().records, 36);

    let folder = tempfile::tempdir().unwrap();
    let files = Files::beside(&folder.path().join("paper-state.json"));
    fs::copy(fixtures.join("paper-state.json"), &files.state).unwrap();
    let loaded = checkpoint::read(&files).unwrap().unwrap();
    assert!(loaded.intact && loaded.journal_seq == 36);
    let started = start(&files, store).unwrap();
    assert_eq!(started.edited, None);
    assert_eq!(started.book, loaded.book(&files.state).unwrap());
    // The time without a stop is measured since, and when orders were answered is kept; a file from before has neither.
    let without = |book: &crate::Book| {
        let mut book = serde_json::to_value(book).unwrap();
        let bare = |row: &mut serde_json::Value| drop(row.as_object_mut().unwrap().remove("bare"));
        book["positions"].as_object_mut().unwrap().values_mut().for_each(bare);
        book["trades"].as_array_mut().unwrap().iter_mut().for_each(bare);
        for orders in ["orders", "closed_orders"] {
            let answered =
                |row: &mut serde_json::Value| drop(row.as_object_mut().unwrap().remove("answered_at"));
            book[orders].as_object_mut().unwrap().values_mut().for_each(answered);
        }
        book
    };
    assert_eq!(without(&started.book), without(&whole.book_to(u64::MAX).unwrap()));
    assert_eq!(started.book.check(), Ok(()));
    assert_eq!((started.book.positions().len(), started.book.trades().len()), (1, 1));
}
