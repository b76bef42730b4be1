//! What a journal promises: nothing is handed out before it is kept, every change is found, the fold is the book.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::Batch;
use crate::memory::{Fault, MemoryStore};
use crate::sqlite::SqliteStore;
use crate::testing::{at, bindings, bound, commit, record, started, story};

fn told(store: &MemoryStore) -> (Journal<MemoryStore>, Book) {
    let mut journal = Journal::open(store.clone()).unwrap();
    let book = commit(&mut journal, &story(), 3);
    (journal, book)
}

fn next(book: &mut Book, command: &'static str) -> Batch<&'static str> {
    let mut batch = Batch::new(book.seq() + 1);
    let record = started(book.life() + 1);
    batch.put_with(book, record, command, at(9)).unwrap();
    batch
}

#[test]
fn commands_come_out_of_a_commit_in_order() {
    let (mut journal, mut book) = told(&MemoryStore::new("a"));
    let mut batch = next(&mut book, "first");
    let record = started(book.life() + 1);
    batch.put_with(&mut book, record, "second", at(9)).unwrap();
    let commands = journal.commit(batch).unwrap();
    assert_eq!(commands.get(), &["first", "second"]);
    assert_eq!(commands.each().map(Durable::open).collect::<Vec<_>>(), ["first", "second"]);
    assert_eq!((journal.head().seq, journal.head().at), (book.seq(), Some(at(9))));
}

#[test]
fn a_batch_that_does_not_begin_at_the_head_is_refused() {
    let (mut journal, mut book) = told(&MemoryStore::new("a"));
    let head = journal.head();
    let lost = next(&mut book, "lost");
    let ahead = next(&mut book, "ahead");
    assert_eq!(
        journal.commit(ahead).unwrap_err(),
        JournalError::WrongPlace { first: head.seq + 2, head: head.seq }
    );
    assert_eq!(journal.head(), head);
    journal.commit(lost).unwrap().open();
    let again = Batch::<()>::new(head.seq + 1);
    assert!(matches!(journal.commit(again), Err(JournalError::WrongPlace { .. })));
}

#[test]
fn a_batch_belongs_to_one_book() {
    let mut book = Book::default();
    let mut batch = Batch::<()>::new(2);
    let refused = batch.put(&mut book, bound(), at(0)).unwrap_err();
    assert!(refused.to_string().contains("goes on with record 2"), "{refused}");
    assert_eq!((book, batch.is_empty()), (Book::default(), true));
}

#[test]
fn after_a_failed_commit_nothing_is_committed() {
    for fault in [Fault::Lost, Fault::Doubtful] {
        let store = MemoryStore::new("a");
        let (mut journal, mut book) = told(&store);
        let (head, rows) = (journal.head(), store.rows().len());
        store.fail_after(0, fault);
        assert!(matches!(journal.commit(next(&mut book, "lost")), Err(JournalError::Store(_))));
        store.heal();
        for first in [head.seq + 1, book.seq() + 1] {
            let refused = journal.commit(Batch::<()>::new(first)).unwrap_err();
            assert!(matches!(refused, JournalError::Frozen { .. }), "{refused}");
            assert!(refused.to_string().contains("no space is left"), "{refused}");
        }
        let kept = usize::from(fault == Fault::Doubtful);
        assert_eq!((store.rows().len(), journal.frozen().is_some()), (rows + kept, true));
        // The next start reads what was written, and goes on.
        let mut again = Journal::open(store).unwrap();
        assert_eq!(again.head().seq, head.seq + kept as u64);
        let book = commit(&mut again, &[], 1);
        assert_eq!(book.life(), 1 + u32::from(fault == Fault::Doubtful));
        again.verify().unwrap();
    }
}

#[test]
fn every_change_is_found_at_its_record() {
    type Change = fn(&mut Vec<Encoded>);
    let seq = 5; // the row at place 4
    let changes: [(&str, Change, u64); 9] = [
        ("its payload", |rows| rows[4].payload = rows[4].payload.replace("100.00", "100.01"), seq),
        ("its time", |rows| rows[4].at = "1970-01-01T00:00:02Z".into(), seq),
        ("its kind", |rows| rows[4].kind = "corrected".into(), seq),
        ("its version", |rows| rows[4].version = 2, seq),
        ("its hash", |rows| rows[4].hash = rows[3].hash, seq),
        ("its place", |rows| rows.swap(4, 5), seq),
        ("removed", |rows| drop(rows.remove(4)), seq),
        ("the last one removed", |rows| drop(rows.pop()), 10),
        ("torn", |rows| rows[4].payload.truncate(20), seq),
    ];
    for (what, change, seq) in changes {
        let store = MemoryStore::new("a");
        let (journal, _) = told(&store);
        assert_eq!(journal.verify().unwrap().records, 10);
        store.tamper(change);
        let broken = journal.verify().unwrap_err();
        assert_eq!(broken.seq, seq, "{what}: {broken}");
    }
}

#[test]
fn a_change_with_all_hashes_made_anew_still_shows_in_the_head() {
    let store = MemoryStore::new("a");
    let (journal, _) = told(&store);
    store.tamper(|rows| {
        rows[4].at = "1970-01-01T00:00:09Z".into();
        let mut before = rows[3].hash;
        for row in &mut rows[4..] {
            row.hash = chained(before, row);
            before = row.hash;
        }
    });
    let broken = journal.verify().unwrap_err();
    assert_eq!((broken.seq, &*broken.why), (10, "it changed since the journal was opened"));
    let again = Journal::open(store).unwrap().verify().unwrap().head;
    assert_ne!(again.short(), journal.head().short());
}

#[test]
fn journals_with_the_same_records_have_different_hashes() {
    let (one, _) = told(&MemoryStore::new("a"));
    let (two, _) = told(&MemoryStore::new("b"));
    assert_ne!(one.head().hash, two.head().hash);
    assert_eq!(one.hash_at(0).unwrap(), Some(genesis("a")));
    assert_eq!(one.hash_at(10).unwrap(), Some(one.head().hash));
    assert_eq!(one.hash_at(11).unwrap(), None);
}

#[test]
fn the_chain_is_what_the_page_says() {
    let (journal, _) = told(&MemoryStore::new("a"));
    let row = &journal.store().rows()[0];
    let text = format!("{}\n1\n{}\nvenue_bound\n1\n{}", genesis("a"), row.at, row.payload);
    assert_eq!(row.hash, crate::encode::digest(text.as_bytes()));
}

#[test]
fn a_row_of_a_newer_program_stops() {
    let store = MemoryStore::new("a");
    let (journal, _) = told(&store);
    for (change, said) in [
        ((|rows: &mut Vec<Encoded>| rows[9].version = 2) as fn(&mut Vec<Encoded>), "has version 2"),
        (|rows| rows[9].payload = r#"{"record":"teleported"}"#.into(), "teleported"),
    ] {
        store.tamper(change);
        let refused = Journal::open(store.clone()).unwrap_err().to_string();
        assert!(refused.starts_with("record 10 cannot be read") && refused.contains(said), "{refused}");
        assert!(journal.read(9, 1).is_err());
        store.tamper(|rows| rows[9].version = 1);
    }
}

#[test]
fn the_book_of_a_moment_holds_what_was_decided_until_then() {
    let (journal, book) = told(&MemoryStore::new("a"));
    // Batches of three: the records of the n-th were decided at second n.
    assert_eq!(book_at(&journal, at(-1)).unwrap(), Book::default());
    assert_eq!(book_at(&journal, at(0)).unwrap().seq(), 3);
    assert_eq!(book_at(&journal, at(2)).unwrap().seq(), 9);
    assert_eq!(book_at(&journal, at(99)).unwrap(), book);
}

proptest! {
    #[test]
    fn what_is_read_back_folds_to_the_same_book(
        bound in bindings(),
        records in prop::collection::vec(record(), 0..150),
        size in 1usize..9,
    ) {
        let store = MemoryStore::new("a");
        let mut journal = Journal::open(store.clone()).unwrap();
        let all: Vec<_> = [bound, started(1)].into_iter().chain(records).collect();
        let book = commit(&mut journal, &all, size);
        let again = Journal::open(store).unwrap();
        let mut folded = Book::default();
        for stamped in again.read(0, usize::MAX).unwrap() {
            prop_assert_eq!(folded.apply(&stamped.record, stamped.at).unwrap(), stamped.seq);
        }
        prop_assert_eq!(&folded, &book);
        prop_assert_eq!(again.verify().unwrap(), Verified { records: book.seq(), head: journal.head() });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_file_keeps_what_memory_keeps(
        bound in bindings(),
        records in prop::collection::vec(record(), 0..60),
        size in 4usize..20,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let mut journal = Journal::open(SqliteStore::create(&path).unwrap()).unwrap();
        let all: Vec<_> = [bound, started(1)].into_iter().chain(records).collect();
        let book = commit(&mut journal, &all, size);
        let mut twin = Journal::open(MemoryStore::new(journal.id())).unwrap();
        commit(&mut twin, &all, size);
        prop_assert_eq!(twin.head(), journal.head());
        drop(journal);
        let again = Journal::open(SqliteStore::open_read_only(&path).unwrap()).unwrap();
        prop_assert_eq!(again.store().read(0, usize::MAX).unwrap(), twin.store().rows());
        prop_assert_eq!(again.verify().unwrap().records, book.seq());
    }
}

/// Random records are worth nothing where none of them can follow: each kind of what people allow does, in some book.
#[test]
fn all_that_people_allow_follows_in_some_random_book() {
    let mut runner = TestRunner::deterministic();
    let books = (bindings(), prop::collection::vec(record(), 150));
    let mut followed = BTreeSet::new();
    for _ in 0..600 {
        let (bound, records) = books.new_tree(&mut runner).unwrap().current();
        let mut book = Book::default();
        for record in [bound, started(1)].into_iter().chain(records) {
            if book.apply(&record, at(0)).is_ok() {
                followed.insert(record.name());
            }
        }
    }
    for kind in [
        "limits_set",
        "limits_confirmed",
        "armed",
        "disarmed",
        "gate_overridden",
        "gate_passed",
        "entries_stopped",
        "entries_allowed",
    ] {
        assert!(followed.contains(kind), "{kind}: {followed:?}");
    }
}
