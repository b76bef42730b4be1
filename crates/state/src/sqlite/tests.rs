//! What the file promises beside what the journal checks: one writer, readers beside it, bounded logs, whole copies.

use super::*;
use crate::testing::{commit, fill, intended, signal, started, story};
use crate::{Batch, Book, JournalError};

type Row3 = (String, String, String);

fn told() -> (tempfile::TempDir, PathBuf, Journal<SqliteStore>, Book) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper-state.journal.sqlite");
    let mut journal = Journal::open(SqliteStore::create(&path).unwrap()).unwrap();
    let book = commit(&mut journal, &story(), 3);
    (folder, path, journal, book)
}

fn batch(book: &mut Book) -> Batch<()> {
    let mut batch = Batch::new(book.seq() + 1);
    batch.put(book, started(book.life() + 1), crate::testing::at(9)).unwrap();
    batch
}

#[test]
fn each_commit_is_on_the_disk_before_it_returns() {
    let (_folder, _, journal, _) = told();
    let number =
        |name: &str| -> i64 { journal.store().db.pragma_query_value(None, name, |row| row.get(0)).unwrap() };
    assert_eq!(number("synchronous"), 2);
    assert_eq!((number("application_id"), number("user_version")), (APPLICATION, FORMAT));
    let mode: String = journal.store().db.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[test]
fn a_process_that_dies_loses_nothing_that_was_committed() {
    let (folder, path, journal, book) = told();
    // What lies on the disk while the writer is alive: its file and its write-ahead log.
    let copy = folder.path().join("copy.sqlite");
    fs::copy(&path, &copy).unwrap();
    fs::copy(with_ending(&path, "-wal"), with_ending(&copy, "-wal")).unwrap();
    let again = Journal::open(SqliteStore::open(&copy).unwrap()).unwrap();
    assert_eq!((again.verify().unwrap().records, again.head()), (book.seq(), journal.head()));
}

#[test]
fn a_second_writer_is_noticed_and_stops_the_first() {
    let (_folder, path, mut journal, mut book) = told();
    let mut other = Journal::open(SqliteStore::open(&path).unwrap()).unwrap();
    other.commit(batch(&mut book.clone())).unwrap().open();
    let refused = journal.commit(batch(&mut book)).unwrap_err();
    assert!(matches!(refused, JournalError::Store(StoreError::Shared { .. })), "{refused}");
    assert!(journal.frozen().is_some());
    other.verify().unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_that_was_moved_away_takes_no_more_records() {
    let (folder, path, mut journal, mut book) = told();
    fs::rename(&path, folder.path().join("moved.sqlite")).unwrap();
    let refused = journal.commit(batch(&mut book)).unwrap_err().to_string();
    assert!(refused.contains("moved away"), "{refused}");
}

#[test]
fn rows_are_neither_changed_nor_removed() {
    let (_folder, _, journal, _) = told();
    for change in [
        "UPDATE records SET payload = '{}' WHERE seq = 1",
        "DELETE FROM records WHERE seq = 10",
        "UPDATE journal SET id = 'other'",
    ] {
        let refused = journal.store().db.execute(change, []).unwrap_err().to_string();
        assert!(refused.contains("journal"), "{refused}");
    }
    journal.verify().unwrap();
}

#[test]
fn readers_see_what_is_committed_and_cannot_write() {
    let (_folder, path, mut journal, mut book) = told();
    let reader = Journal::open(SqliteStore::open_read_only(&path).unwrap()).unwrap();
    journal.commit(batch(&mut book)).unwrap().open();
    assert_eq!(reader.read(reader.head().seq, 10).unwrap().len(), 1);
    assert_eq!(reader.verify().unwrap().head, journal.head());
    let mut reader = Journal::open(SqliteStore::open_read_only(&path).unwrap()).unwrap();
    let mut its = book.clone();
    let refused = reader.commit(batch(&mut its)).unwrap_err();
    assert!(matches!(refused, JournalError::Store(StoreError::ReadOnly { .. })), "{refused}");
}

#[test]
fn the_write_ahead_log_is_used_again() {
    let (_folder, path, mut journal, mut book) = told();
    let log = || fs::metadata(with_ending(&path, "-wal")).unwrap().len();
    let mut after_the_first = 0;
    for round in 0..6 {
        for _ in 0..20 {
            journal.commit(batch(&mut book)).unwrap().open();
        }
        journal.maintain().unwrap();
        if round == 0 {
            after_the_first = log();
        }
    }
    assert!(log() <= after_the_first * 2, "{} bytes, {after_the_first} after the first round", log());
    let pages: i64 =
        journal.store().db.pragma_query_value(None, "wal_autocheckpoint", |row| row.get(0)).unwrap();
    assert_eq!(pages, i64::from(WAL_PAGES));
}

#[test]
fn what_is_not_a_journal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Missing { .. })));
    assert!(!path.exists());
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)").unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::NotOurs { .. })));
    assert!(matches!(SqliteStore::create(&path), Err(StoreError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
    let newer = folder.path().join("b.sqlite");
    let store = SqliteStore::create(&newer).unwrap();
    store.db.pragma_update(None, "user_version", FORMAT + 1).unwrap();
    drop(store);
    assert!(matches!(SqliteStore::open(&newer), Err(StoreError::Newer { found: 2, known: 1, .. })));
}

#[test]
fn the_log_of_a_removed_journal_is_not_folded_into_a_new_one() {
    let (folder, path, journal, _) = told();
    let (orphan, log) = (folder.path().join("b.sqlite"), with_ending(&path, "-wal"));
    fs::copy(log, with_ending(&orphan, "-wal")).unwrap();
    let refused = SqliteStore::create(&orphan).unwrap_err().to_string();
    assert!(refused.contains("b.sqlite-wal is left of another journal"), "{refused}");
    assert!(!orphan.exists());
    drop(journal);
}

#[test]
fn a_journal_half_made_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    fs::write(with_ending(&path, ".part"), b"cut short").unwrap();
    let journal = Journal::open(SqliteStore::create(&path).unwrap()).unwrap();
    assert_eq!(journal.verify().unwrap().records, 0);
    assert!(!with_ending(&path, ".part").exists());
}

#[test]
fn a_backup_is_whole_without_its_log_and_overwrites_nothing() {
    let (folder, path, mut journal, mut book) = told();
    let copy = folder.path().join("backup.sqlite");
    assert_eq!(journal.store().backup_to(&copy).unwrap(), 10);
    let head = journal.head();
    journal.commit(batch(&mut book)).unwrap().open();
    let moved = folder.path().join("elsewhere.sqlite");
    fs::rename(&copy, &moved).unwrap();
    let back = Journal::open(SqliteStore::open(&moved).unwrap()).unwrap();
    assert_eq!((back.id(), back.head()), (journal.id(), head));
    assert!(matches!(journal.store().backup_to(&moved), Err(StoreError::Exists { .. })));
    // A reader makes one as well, beside the writer.
    let reader = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(reader.backup_to(&copy).unwrap(), 11);
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains(".part")), "{names:?}");
}

#[test]
fn a_backup_of_a_damaged_journal_is_not_made() {
    let (folder, _, journal, _) = told();
    let db = &journal.store().db;
    db.execute_batch("DROP TRIGGER records_are_not_changed; UPDATE records SET at = '' WHERE seq = 4")
        .unwrap();
    let copy = folder.path().join("backup.sqlite");
    let refused = journal.store().backup_to(&copy).unwrap_err().to_string();
    assert!(refused.contains("record 4"), "{refused}");
    assert!(!copy.exists());
}

fn rows(journal: &Journal<SqliteStore>, ask: &str) -> Vec<Row3> {
    let mut ask = journal.store().db.prepare(ask).unwrap();
    let text = |row: &Row<'_>, at: usize| -> String {
        match row.get_ref(at).unwrap() {
            rusqlite::types::ValueRef::Null => "-".to_owned(),
            rusqlite::types::ValueRef::Integer(n) => n.to_string(),
            rusqlite::types::ValueRef::Real(x) => format!("{x:.4}"),
            other => other.as_str().unwrap().to_owned(),
        }
    };
    ask.query_map([], |row| Ok((text(row, 0), text(row, 1), text(row, 2))))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn row(a: &str, b: &str, c: &str) -> Row3 {
    (a.to_owned(), b.to_owned(), c.to_owned())
}

#[test]
fn the_views_show_what_happened() {
    use broker_api::{Code, End, Record};
    let (_folder, _, mut journal, _) = told();
    let (ended, order) = (crate::testing::reason(1), fill(2, 0, 1, 1).order);
    let more = [
        Record::SignalEnded {
            signal: "s0".parse().unwrap(),
            ending: broker_api::Ending::Filled,
            reason: Some(ended),
            marks: None,
        },
        signal(3),
        Record::Filled { fill: fill(2, 1, 1, 400) },
        Record::Corrected { fill: fill(2, 1, 2, 500) },
        Record::Filled { fill: fill(2, 2, 1, 400) },
        Record::Busted { venue: "paper".parse().unwrap(), execution: fill(2, 2, 1, 400).execution },
        Record::Closed { order, end: End::Cancelled, code: Code::fixed("cancelled") },
    ];
    commit(&mut journal, &more, 3);
    assert_eq!(
        rows(&journal, "SELECT id, end, fills FROM orders"),
        [row("tw1test-e0", "-", "2"), row("tw1test-e1", "-", "1"), row("tw1test-e2", "cancelled", "2")]
    );
    assert_eq!(
        rows(&journal, "SELECT execution, qty, price FROM fills WHERE key = 'paper:EUR/USD'"),
        [row("x2-0", "7", "2.00"), row("x2-1", "2", "5.00")]
    );
    assert_eq!(
        rows(&journal, "SELECT id, ending, reason FROM signals"),
        [row("s0", "filled", "test"), row("s3", "-", "-")]
    );
    assert_eq!(
        rows(&journal, "SELECT number, entry_price, exit_price FROM trades"),
        [row("1", "100.6000", "110.0000")]
    );
    assert_eq!(
        rows(&journal, "SELECT direction, gross_in_quote_currency, fees FROM trades"),
        [row("long", "94.0000", "0.7500")]
    );
}

#[test]
fn the_trades_view_has_the_trades_of_the_book() {
    use broker_api::{Fill, Record};
    let (_folder, _, mut journal, _) = told();
    // In and out in parts, through zero to the other side, two instruments at once, with fees in kind now and then.
    let orders = [(4, 5), (5, 8), (4, 3), (3, 9), (5, 2), (4, 6), (5, 4), (2, 2)];
    let more: Vec<_> = [2, 3, 4, 5].into_iter().map(|n| intended(n, 0)).collect();
    let fills = orders.iter().zip(20u8..).map(|((n, qty), name)| {
        let kept = if name % 3 == 1 { "0.25" } else { "0" }.parse().unwrap();
        Record::Filled { fill: Fill { kept, ..fill(*n, name, *qty, 100 + u16::from(name)) } }
    });
    let book = commit(&mut journal, &more.into_iter().chain(fills).collect::<Vec<_>>(), 3);
    let told: Vec<Row3> = book
        .trades()
        .map(|trade| {
            let p = &trade.position;
            let gross = format!("{:.4}", p.gross.to_string().parse::<f64>().unwrap());
            row(&p.number.to_string(), p.direction.as_str(), &gross)
        })
        .collect();
    assert!(told.len() >= 4, "{told:?}");
    let ask = "SELECT number, direction, gross_in_quote_currency FROM trades ORDER BY closed_at, number";
    let (mut shown, mut told) = (rows(&journal, ask), told);
    shown.sort();
    told.sort();
    assert_eq!(shown, told);
}

#[test]
fn the_trades_view_knows_what_was_taken_over() {
    use broker_api::{Direction, ImportedPosition, ImportedTrade, Protection, Record};
    let (_folder, _, mut journal, _) = told();
    let (long, short) = (fill(5, 41, 5, 130), fill(6, 42, 2, 90));
    let position = |of: &broker_api::Fill, direction| ImportedPosition {
        key: of.key,
        direction,
        qty: of.qty,
        price: "100".parse().unwrap(),
        plan: Protection::default(),
        risk: None,
        opened_at: None,
        strategy: None,
    };
    let trade = ImportedTrade {
        key: long.key,
        direction: Direction::Long,
        qty: long.qty,
        entry: long.price,
        exit: long.price,
        opened_at: None,
        closed_at: None,
        net: None,
        fees: None,
        strategy: None,
    };
    let imported = Record::Imported {
        file: crate::encode::digest(b"old"),
        reason: "moved".into(),
        flow: broker_api::Amount::ZERO,
        positions: vec![position(&long, Direction::Long), position(&short, Direction::Short)],
        trades: vec![trade],
    };
    let fills = [long, short].map(|fill| Record::Filled { fill });
    let more: Vec<_> = [imported, intended(5, 0), intended(6, 0)].into_iter().chain(fills).collect();
    let book = commit(&mut journal, &more, 3);
    let mut told: Vec<Row3> = book
        .trades()
        .filter(|trade| trade.position.imported.is_some() && trade.exit_code.is_none())
        .map(|trade| row(&trade.position.number.to_string(), trade.position.direction.as_str(), "-"))
        .collect();
    told.sort();
    assert_eq!(told.len(), 2);
    let ask = "SELECT number, direction, NULL FROM trades WHERE entry_price = 100 AND key IN \
               (SELECT value ->> '$.key' FROM records, json_each(payload, '$.positions') WHERE kind = 'imported')";
    let mut shown = rows(&journal, ask);
    shown.sort();
    assert_eq!(shown, told);
}
