//! How fast the way of data is: one step, one fold, one commit, one start, each beside the least it could cost.
//!
//! `cargo build --release -p bins && cargo bench -p tests --bench spine` prints what criterion measures and then a
//! table of ratios; `... -- none` prints the table alone. `docs/performance.md` says how to read it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints what it measured by the clock, and what fails in it ends it"
)]

#[path = "spine/ratio.rs"]
mod ratio;
#[path = "spine/reconcile.rs"]
mod reconcile;
#[path = "spine/start.rs"]
mod start;
#[path = "spine/world.rs"]
mod world;

use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use engine::Input;
use ratio::{Row, pair, timed, timed_many};
use state::{Batch, Book, Journal, SqliteStore, Store as _, encode};
use world::World;

/// How many records a book is folded from.
const RECORDS: usize = 100_000;
/// How many positions are held while a step is measured.
const HELD: usize = 3;
/// How many records lie behind a step that is measured: some months of trading.
const BEHIND: usize = 10_000;
/// How many quotes are measured at once: one alone is shorter than the clock can tell.
const QUOTES: u32 = 2_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    steps(&mut criterion);
    folds(&mut criterion);
    commits(&mut criterion);
    criterion.final_summary();
    let asked = |name: &str| std::env::args().any(|arg| arg == name);
    if asked("--bench") && !asked("--list") && !asked("--profile-time") {
        table();
    }
}

fn table() {
    let mut rows = vec![quote_row(), signal_row()];
    rows.extend(commit_rows());
    rows.extend(fold_rows());
    rows.extend(start::rows());
    rows.extend(reconcile::rows());
    println!("\n{}", Row::HEADING);
    for row in rows {
        println!("{row}");
    }
}

/// A desk in the middle of its work, at the moment before a signal.
fn at_work() -> World {
    let mut world = World::new(HELD);
    world.trade(BEHIND);
    world.later();
    world
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    let mut world = at_work();
    let quotes = quotes(&world);
    let mut n = 0;
    group.bench_function("quote that changes nothing", |bench| {
        bench.iter(|| {
            n += 1;
            world.step(&quotes[n % quotes.len()])
        });
    });
    let mut world = at_work();
    let signal = world.signal();
    group.bench_function("signal that becomes an order", |bench| {
        let World { desk, book, market, now, .. } = &mut world;
        bench.iter_batched_ref(
            || (book.clone(), market.clone()),
            |(book, market)| {
                let mut batch = Batch::new(book.seq() + 1);
                desk.step(book, market, &signal, *now, &mut batch).unwrap();
                batch
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// Prices of all instruments, each in two versions.
fn quotes(world: &World) -> Vec<Input> {
    (0..2)
        .flat_map(|cents| (0..33).map(move |n| (n, cents)))
        .map(|(n, cents)| world.quote(n, cents))
        .collect()
}

fn quote_row() -> Row {
    let mut world = at_work();
    let (mut bare, now) = (world.market.clone(), world.now);
    let quotes = quotes(&world);
    let mut next = quotes.iter().cycle();
    let mut next_bare = quotes.iter().cycle();
    pair(
        ("step: a quote that changes nothing", "the price noted, and nothing else"),
        200,
        || timed_many(QUOTES, || next.next().map(|quote| world.step(quote))),
        || timed_many(QUOTES, || next_bare.next().map(|quote| bare.observe(quote, now))),
    )
    .of_each(QUOTES)
}

fn signal_row() -> Row {
    let mut world = at_work();
    let signal = world.signal();
    let (before, market) = (world.book.clone(), world.market.clone());
    let (records, _) = world.step(&signal).drain_volatile();
    let at = records.first().unwrap().at;
    let encoded = || records.iter().map(|record| encode(world::hash(0), record).unwrap()).collect::<Vec<_>>();
    let desk = &mut world.desk;
    pair(
        ("step: a signal becomes an order", "its records as JSON, hashed"),
        2_000,
        || {
            let (mut book, mut market) = (before.clone(), market.clone());
            let mut batch = Batch::new(book.seq() + 1);
            timed(|| desk.step(&mut book, &mut market, &signal, at, &mut batch).unwrap()).0
        },
        || timed(|| black_box(encoded())).0,
    )
}

/// A journal on the disk, a book that is level with it, and a file beside it.
struct Disk {
    world: World,
    journal: Journal<SqliteStore>,
    /// Repeats what the world's book did, to put records into batches that are there already.
    mirror: Book,
    written: usize,
    file: File,
    bytes: Vec<u8>,
}

impl Disk {
    fn new(folder: &Path) -> Self {
        let journal = Journal::open(SqliteStore::create(&folder.join("journal.sqlite")).unwrap()).unwrap();
        let file = OpenOptions::new().create(true).append(true).open(folder.join("floor")).unwrap();
        let (world, mirror) = (World::new(HELD), Book::default());
        let mut disk = Self { world, journal, mirror, written: 0, file, bytes: Vec::new() };
        disk.level();
        disk
    }

    /// Commits what the journal does not have yet.
    fn level(&mut self) {
        let mut batch = Batch::<()>::new(self.mirror.seq() + 1);
        for stamped in &self.world.records[self.written..] {
            let _ = batch.put(&mut self.mirror, stamped.record.clone(), stamped.at).unwrap();
        }
        self.written = self.world.records.len();
        drop(self.journal.commit(batch).unwrap());
    }

    /// One trade: how long its signal took to be decided, and to be durable.
    fn trade(&mut self) -> (Duration, Duration) {
        self.world.later();
        self.level();
        let signal = self.world.signal();
        let (step, batch) = timed(|| self.world.step(&signal));
        let records = batch.records().to_vec();
        let rows: Vec<_> = records.iter().map(|record| encode(world::hash(0), record).unwrap()).collect();
        self.bytes.clear();
        for row in rows {
            let (seq, at, kind, hash) = (row.seq, row.at, row.kind, row.hash);
            writeln!(self.bytes, "{seq} {at} {kind} {} {} {hash}", row.version, row.payload).unwrap();
        }
        let (commit, commands) = timed(|| self.journal.commit(batch).unwrap());
        for stamped in &records {
            let _ = self.mirror.apply(&stamped.record, stamped.at).unwrap();
        }
        self.written += records.len();
        self.world.records.extend(records);
        self.world.finish(commands.open());
        self.level();
        (step, commit)
    }

    /// The same bytes at the end of a bare file.
    fn append(&mut self) -> Duration {
        timed(|| {
            self.file.write_all(&self.bytes).unwrap();
            self.file.sync_data().unwrap();
        })
        .0
    }
}

fn commits(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = Disk::new(folder.path());
    let mut group = criterion.benchmark_group("durable");
    group.sample_size(50);
    group.bench_function("commit of a signal's batch", |bench| {
        bench.iter_custom(|times| (0..times).map(|_| disk.trade().1).sum());
    });
    group.bench_function("append and fdatasync of the same bytes", |bench| {
        bench.iter_custom(|times| (0..times).map(|_| disk.append()).sum());
    });
    group.finish();
}

fn commit_rows() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let disk = std::cell::RefCell::new(Disk::new(folder.path()));
    let append = || disk.borrow_mut().append();
    let floor = "append and fdatasync of the same bytes";
    vec![
        pair(("commit of that signal's records", floor), 2_000, || disk.borrow_mut().trade().1, append),
        pair(
            ("signal to durable: step and commit", floor),
            2_000,
            || {
                let (step, commit) = disk.borrow_mut().trade();
                step + commit
            },
            append,
        ),
    ]
}

/// Many records, and a journal that holds them.
fn long(folder: &Path, records: usize) -> (World, Journal<SqliteStore>) {
    let mut world = World::new(0);
    world.trade(records);
    let journal = start::written(&folder.join("journal.sqlite"), &world);
    (world, journal)
}

fn in_memory(world: &World) -> Book {
    let mut book = Book::default();
    for stamped in &world.records {
        let _ = book.apply(&stamped.record, stamped.at).unwrap();
    }
    book
}

fn from_disk(journal: &Journal<SqliteStore>) -> Book {
    let mut book = Book::default();
    journal.fold(&mut book, |_| true).unwrap();
    book
}

/// Every row, as text.
fn bare(journal: &Journal<SqliteStore>) -> usize {
    let (mut after, mut bytes) = (0, 0);
    loop {
        let rows = journal.store().read(after, 1_000).unwrap();
        let Some(last) = rows.last() else { return bytes };
        after = last.seq;
        bytes += rows.iter().map(|row| row.payload.len()).sum::<usize>();
    }
}

fn folds(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let (world, journal) = long(folder.path(), RECORDS);
    assert_eq!(in_memory(&world), from_disk(&journal), "both ways give one book");
    let mut group = criterion.benchmark_group("100,000 records");
    group.sample_size(10);
    group.bench_function("folded", |bench| bench.iter_with_large_drop(|| in_memory(&world)));
    group.bench_function("read, checked and folded", |bench| {
        bench.iter_with_large_drop(|| from_disk(&journal));
    });
    group.bench_function("rows read", |bench| bench.iter(|| bare(&journal)));
    group.finish();
}

fn fold_rows() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let (world, journal) = long(folder.path(), RECORDS);
    let read = || timed(|| from_disk(&journal)).0;
    let ours = "100,000 records from the disk: read, checked, folded";
    vec![
        pair((ours, "the fold alone, in memory"), 15, read, || timed(|| in_memory(&world)).0),
        pair((ours, "their rows read as text"), 15, read, || timed(|| black_box(bare(&journal))).0),
    ]
}
