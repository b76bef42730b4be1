//! The journal's write-ahead log: it is used again and again, and a commit never waits for it to be folded into the
//! file as long as somebody keeps house in between.

#![expect(clippy::unwrap_used, reason = "what fails in a test ends it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use broker_api::{Record, Time};
use chrono::DateTime;
use state::{Batch, Book, Journal, SqliteStore};
use tempfile::TempDir;

const COMMITS: u64 = 20_000;
/// How many commits lie between two times of housekeeping.
const BETWEEN: u64 = 1_000;
/// What SQLite lets the log grow to by itself: 4,096 pages, each with 24 bytes before it, behind 32 bytes.
const FOLDED_AT: u64 = 4_096 * (4_096 + 24) + 32;
/// Room for the commit that crosses a bound.
const ONE_COMMIT: u64 = 64 * 1024;

/// A journal on a disk that costs no time: what is looked at here is space.
struct Disk {
    _folder: TempDir,
    file: PathBuf,
    log: PathBuf,
    book: Book,
    journal: Journal<SqliteStore>,
}

impl Disk {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let (file, log) = (folder.path().join("journal.sqlite"), folder.path().join("journal.sqlite-wal"));
        let journal = Journal::open(SqliteStore::create(&file).unwrap()).unwrap();
        let mut disk = Self { _folder: folder, file, log, book: Book::default(), journal };
        let limits = "0".repeat(64).parse().unwrap();
        disk.commit(Record::Started { life: 1, version: "0".into(), limits });
        disk
    }

    fn commit(&mut self, record: Record) {
        let mut batch = Batch::<()>::new(self.book.seq() + 1);
        let _ = batch.put(&mut self.book, record, Time::UNIX_EPOCH).unwrap();
        drop(self.journal.commit(batch).unwrap());
    }

    /// A small commit like any other.
    fn write(&mut self, n: u64) {
        let starts = DateTime::from_timestamp(i64::try_from(n).unwrap(), 0).unwrap();
        let equity = "10000".parse().unwrap();
        self.commit(Record::DayStarted {
            starts,
            equity,
            read: None,
            high_water: equity,
            late: false,
            week: None,
            carried: None,
        });
    }

    fn log_bytes(&self) -> u64 {
        fs::metadata(&self.log).unwrap().len()
    }

    /// Tells whether anything was folded into the file since.
    fn stamp(&self) -> (u64, SystemTime) {
        let file = fs::metadata(&self.file).unwrap();
        (file.len(), file.modified().unwrap())
    }
}

#[test]
fn no_commit_folds_the_log_while_somebody_keeps_house() {
    let mut disk = Disk::new();
    let mut largest = 0;
    for n in 0..COMMITS {
        if n.is_multiple_of(BETWEEN) {
            let before = disk.stamp();
            disk.journal.maintain().unwrap();
            assert_ne!(disk.stamp(), before, "housekeeping after commit {n} folded nothing");
        }
        let before = disk.stamp();
        disk.write(n);
        assert_eq!(disk.stamp(), before, "commit {n} folded the log into the file");
        largest = largest.max(disk.log_bytes());
    }
    assert!(largest < FOLDED_AT, "the log grew to {largest} bytes");
    assert_eq!(disk.journal.verify().unwrap().records, COMMITS + 1);
}

#[test]
fn the_log_stays_bounded_even_when_nobody_keeps_house() {
    let mut disk = Disk::new();
    let (mut folded, mut largest) = (0, 0);
    for n in 0..COMMITS {
        let before = disk.stamp();
        disk.write(n);
        folded += u32::from(disk.stamp() != before);
        largest = largest.max(disk.log_bytes());
    }
    assert!(folded > 0, "the log was never folded: {COMMITS} commits are too few to show anything");
    assert!(largest < FOLDED_AT + ONE_COMMIT, "the log grew to {largest} bytes");
    assert!(largest > FOLDED_AT / 2, "the log was folded at {largest} bytes, much earlier than is meant");
}

#[test]
fn a_reader_beside_the_writer_does_not_keep_the_log_growing() {
    let mut disk = Disk::new();
    let reader = Journal::open(SqliteStore::open_read_only(&disk.file).unwrap()).unwrap();
    let mut largest = 0;
    for n in 0..COMMITS {
        disk.write(n);
        if n.is_multiple_of(100) {
            let seen = reader.read(n.saturating_sub(50), 100).unwrap();
            assert_eq!(
                seen.last().map(|stamped| stamped.seq),
                Some(n + 2),
                "the reader sees the last commit"
            );
        }
        if n.is_multiple_of(BETWEEN) {
            disk.journal.maintain().unwrap();
        }
        largest = largest.max(disk.log_bytes());
    }
    assert!(largest < FOLDED_AT, "the log grew to {largest} bytes");
}

#[test]
fn after_housekeeping_a_commit_neither_begins_the_log_nor_makes_it_longer() {
    /// What the head of a log is, which is another one each time that it is begun.
    const HEAD: usize = 32;
    let head = |disk: &Disk| fs::read(&disk.log).unwrap()[..HEAD].to_vec();
    let mut disk = Disk::new();
    disk.write(0);
    let first = head(&disk);
    disk.journal.maintain().unwrap();
    let (begun, room) = (head(&disk), disk.log_bytes());
    assert_ne!(begun, first, "it was not begun anew");
    assert!(room >= 1024 * 1024, "it has {room} bytes");
    for n in 1..100 {
        disk.write(n);
        assert_eq!((head(&disk), disk.log_bytes()), (begun.clone(), room), "commit {n}");
    }
    disk.journal.maintain().unwrap();
    let tidy = (head(&disk), disk.stamp());
    disk.journal.maintain().unwrap();
    assert_eq!((head(&disk), disk.stamp()), tidy, "where nothing was written nothing is tidied up");
    let again = Journal::open(SqliteStore::open_read_only(&disk.file).unwrap()).unwrap();
    assert_eq!(again.verify().unwrap().records, 101);
}
