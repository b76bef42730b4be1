//! A runner at a paper venue whose session is written down: it comes out again byte for byte, and whether it is
//! written, or cannot be, changes nothing.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use broker_api::{Direction, Wanted};
use engine::session::{End, Line, Recorder, Reproduced, Writer, reproduce};
use engine::{Input, Operator, Runner};
use state::memory::Fault;
use state::{Book, Head, Journal, MemoryStore};

use crate::world::paper::Paper;
use crate::world::{arrives, enter, plan, signal};

const AROUND_200: [&str; 4] = ["200", "200.5", "199.5", "200"];

/// A file with room for so many bytes, and what its writer complained about.
#[derive(Clone)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: usize,
    faults: Arc<Mutex<Vec<String>>>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() + bytes.len() > self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        kept.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk {
    fn of(room: usize) -> Self {
        Self { bytes: Arc::default(), room, faults: Arc::default() }
    }

    fn recorder(&self) -> Recorder {
        let (mut writer, faults) = (Writer::new(self.clone()), Arc::clone(&self.faults));
        Box::new(move |line: &Line<'_>| {
            if let Err(fault) = writer.write(line) {
                faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault.to_string());
            }
        })
    }

    fn told(&self) -> Reproduced {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        reproduce(bytes.as_slice()).expect("a session")
    }

    fn faults(&self) -> usize {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn journal() -> Journal<MemoryStore> {
    Journal::open(MemoryStore::new("recorded")).expect("an empty journal")
}

/// An entry that is filled, one that is denied, one that comes again with another content, a stop that is moved, and
/// a person who closes it all.
async fn played(paper: &Paper, mut runner: Runner<MemoryStore>) -> Runner<MemoryStore> {
    let now = paper.clock.now();
    runner = paper.bar(runner, "AAPL", AROUND_200).await.expect("nothing fails");
    let one = signal("one", "AAPL", enter(Direction::Long, plan("190", "230")), now);
    let denied = signal("denied", "AAPL", enter(Direction::Long, plan("10", "")), now);
    runner = runner.turn(vec![arrives(one), arrives(denied)]).await.expect("nothing fails");
    runner = paper.bar(runner, "AAPL", AROUND_200).await.expect("nothing fails");
    let Input::Signal { signal: again, .. } = arrives(one) else { unreachable!() };
    let other = Input::Signal { signal: again, digest: state::encode::digest(b"another") };
    let moved = signal("moved", "AAPL", Wanted::Adjust { plan: plan("195", "") }, paper.clock.now());
    runner = runner.turn(vec![other, arrives(moved)]).await.expect("nothing fails");
    runner = paper.bar(runner, "AAPL", ["200", "201", "194", "196"]).await.expect("nothing fails");
    let two = signal("two", "BTC/USD", enter(Direction::Long, plan("48000", "")), paper.clock.now());
    runner = paper.bar(runner, "BTC/USD", ["50000", "50100", "49900", "50000"]).await.expect("nothing fails");
    runner = runner.turn(vec![arrives(two)]).await.expect("nothing fails");
    runner = paper.bar(runner, "BTC/USD", ["50000", "50100", "49900", "50000"]).await.expect("nothing fails");
    let act = Operator::Flatten { name: "mira".into(), why: "leaving".into() };
    runner = runner.turn(vec![Input::Operator(act)]).await.expect("nothing fails");
    paper.bar(runner, "BTC/USD", ["50000", "50100", "49900", "50000"]).await.expect("nothing fails")
}

/// Plays all of it, recorded or not.
async fn life(recorder: Option<Recorder>) -> (Book, Head, Vec<&'static str>) {
    let paper = Paper::new();
    let runner = paper.recorded(Book::default(), journal(), recorder).await;
    let (book, journal) = played(&paper, runner).await.stop(0).expect("nothing fails");
    let names = journal.read(0, 1_000).expect("rows").iter().map(|stamped| stamped.record.name()).collect();
    (book, journal.head(), names)
}

#[tokio::test(flavor = "current_thread")]
async fn a_life_with_fills_cancels_and_denials_comes_out_again() {
    let disk = Disk::of(usize::MAX);
    let (book, head, names) = life(Some(disk.recorder())).await;
    for name in
        ["filled", "closed", "cancel_answered", "plan_set", "signal_conflicted", "level_set", "stopped"]
    {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let told = disk.told();
    assert!(matches!(told.end, End::Stopped), "{:#?}", told.end);
    assert_eq!((told.head, told.records(), &told.book), (head.into(), head.seq, &book));
    assert!(told.inputs > 20 && disk.faults() == 0, "{} inputs", told.inputs);
}

#[tokio::test(flavor = "current_thread")]
async fn a_second_life_goes_on_with_the_book_of_the_first() {
    let paper = Paper::new();
    let runner = paper.recorded(Book::default(), journal(), None).await;
    let (book, journal) = played(&paper, runner).await.stop(0).expect("nothing fails");
    let (before, disk) = (journal.head(), Disk::of(usize::MAX));
    let runner = paper.recorded(book, journal, Some(disk.recorder())).await;
    let (book, journal) = runner.stop(0).expect("nothing fails");
    let told = disk.told();
    assert!(matches!(told.end, End::Stopped), "{:#?}", told.end);
    assert_eq!((told.from, told.head, &told.book), (before.into(), journal.head().into(), &book));
}

#[tokio::test(flavor = "current_thread")]
async fn whether_it_is_recorded_or_cannot_be_the_same_records_are_written() {
    let (book, head, _) = life(None).await;
    for room in [0, 100, 3_000, 9_000] {
        let disk = Disk::of(room);
        let (recorded, same, _) = life(Some(disk.recorder())).await;
        assert_eq!((&recorded, same), (&book, head), "room for {room} bytes");
        assert_eq!(disk.faults(), 1, "said once, with room for {room} bytes");
    }
    let told = Disk::of(9_000);
    life(Some(told.recorder())).await;
    let told = told.told();
    assert!(matches!(told.end, End::Open) && told.commits > 1, "{:#?}", told.end);
}

#[tokio::test(flavor = "current_thread")]
async fn what_a_process_was_about_when_its_disk_failed_is_in_the_session() {
    let (paper, disk, store) = (Paper::new(), Disk::of(usize::MAX), MemoryStore::new("recorded"));
    let journal = Journal::open(store.clone()).expect("an empty journal");
    let mut runner = paper.recorded(Book::default(), journal, Some(disk.recorder())).await;
    runner = paper.bar(runner, "AAPL", AROUND_200).await.expect("nothing fails");
    let head = runner.head();
    store.fail_after(0, Fault::Lost);
    let entry = signal("one", "AAPL", enter(Direction::Long, plan("190", "230")), paper.clock.now());
    runner.turn(vec![arrives(entry)]).await.err().expect("a runner that may not go on");
    let told = disk.told();
    assert!(matches!(told.end, End::Open), "{:#?}", told.end);
    assert_eq!(
        (told.head, told.untold),
        (head.into(), 2),
        "the signal and the order, which were never durable"
    );
}
