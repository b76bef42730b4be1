//! How long a start takes, with the questions to the broker, from the state file: with no records behind it, and with
//! many. And how much memory it takes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use broker_api::{AccountRef, Broker as _, Time};
use chrono::TimeDelta;
use serde_json::Value;
use state::{Batch, Book, Journal, SqliteStore};

use crate::inside::adapter;
use crate::rig::{Desk, Simulator, friday, is_whole, memory};
use crate::rounds::{Line, ROUNDS, Series};
use crate::world::World;

/// How many records are written at once.
const AT_ONCE: usize = 5_000;
/// How often a process is looked at while it runs.
const LOOK: Duration = Duration::from_millis(1);
/// Between two trades of the past: so many records go back some ten years.
const BETWEEN: TimeDelta = TimeDelta::seconds(60);
/// What a simulator lists; the past was traded in coins, which have no session.
const COINS: [&str; 6] = ["BTC/USD", "ETH/USD", "SOL/USD", "LTC/USD", "XRP/USD", "DOGE/USD"];
/// What its account has, as the past says.
const CASH: u64 = 10_000;

/// The lines of starts on so many records, and what memory they take.
pub(crate) fn lines(program: &Path, records: &[usize]) -> (Vec<Line>, Vec<String>) {
    let (mut lines, mut told) = (Vec::new(), Vec::new());
    for records in records {
        let start = Start::with(program, *records);
        let (more, memory) = start.measured();
        lines.extend(more);
        told.push(memory);
    }
    (lines, told)
}

/// A place to start in, again and again.
struct Start {
    simulator: Simulator,
    desk: Desk,
    records: usize,
    /// What a start asks of the broker.
    asked: Vec<Vec<u8>>,
}

impl Start {
    fn with(program: &Path, records: usize) -> Self {
        // The past ends before the simulation begins.
        let prices = COINS.iter().map(|coin| ((*coin).to_owned(), 100.into())).collect();
        let simulator = Simulator::start(friday(), CASH, prices);
        let desk = Desk::new(program, simulator.url());
        if records > 0 {
            long(&simulator, &desk, records);
        }
        // Writes the state file that later starts begin from, and shows what one asks.
        let mut start = Self { simulator, desk, records, asked: Vec::new() };
        let _ = start.runs();
        let before = start.simulator.control.wire().len();
        let _ = start.runs();
        let wire = start.simulator.control.wire();
        start.asked = wire[before.min(wire.len())..].iter().filter_map(request).collect();
        start
    }

    fn measured(&self) -> (Vec<Line>, String) {
        let [mut serve, mut run, mut floor] = [(); 3].map(|()| Series::default());
        let (mut of_serve, mut of_run) = (None, None);
        for round in 0..=ROUNDS {
            let (ran, of) = self.runs();
            let server = self.desk.serve(&["--signals", "-"]);
            of_serve = of_serve.max(memory(server.pid()));
            of_run = of_run.max(of);
            let ready = server.took;
            server.ends();
            let least = self.least();
            // The first warms up.
            if round > 0 {
                for (series, took) in [(&mut serve, ready), (&mut run, ran), (&mut floor, least)] {
                    series.round();
                    series.put(took);
                }
            }
        }
        let floor_is = "`tradewind --version`, and its questions by a bare client";
        let of = |what: &str| format!("start: `tradewind {what}`, {} records", many(self.records));
        let lines = vec![
            Line::new(of("serve") + ", until it is ready", &serve, floor_is, &floor),
            Line::new(of("run") + ", to its end", &run, floor_is, &floor),
        ];
        let mib =
            |kib: Option<u64>| kib.map_or("?".to_owned(), |kib| format!("{:.1} MiB", kib as f64 / 1024.0));
        let (serve, run) = (mib(of_serve), mib(of_run));
        let (records, asked) = (many(self.records), self.asked.len());
        let told = format!(
            "{records} records: {asked} questions a pass; most memory (VmHWM): serve {serve}, run {run}"
        );
        (lines, told)
    }

    /// A pass without signals: how long it took, and the most memory that was seen.
    fn runs(&self) -> (Duration, Option<u64>) {
        let began = Instant::now();
        let mut child: Child = self.desk.command(&["run", "--settle", "0"]).spawn().unwrap();
        let mut most = None;
        loop {
            most = most.max(memory(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                let took = began.elapsed();
                assert_eq!(status.code(), Some(0), "a pass in {}", self.desk.folder.path().display());
                return (took, most);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The program that only says its version, and the same questions, one after the other.
    fn least(&self) -> Duration {
        let began = Instant::now();
        let said = self.desk.command(&["--version"]).status().unwrap();
        assert!(said.success());
        let mut line = TcpStream::connect(self.simulator.address()).unwrap();
        line.set_nodelay(true).unwrap();
        for request in &self.asked {
            line.write_all(request).unwrap();
            answer(&mut line);
        }
        began.elapsed()
    }
}

/// With the digits in groups.
fn many(records: usize) -> String {
    let digits = records.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// What was asked, as a bare client asks it again.
fn request(entry: &Value) -> Option<Vec<u8>> {
    let path = entry["path"].as_str().filter(|_| entry["kind"] == "request")?;
    if entry["method"] != "GET" || path == "/stream" {
        return None;
    }
    let query: Vec<String> = entry["query"]
        .as_array()?
        .iter()
        .filter_map(|pair| Some(format!("{}={}", pair[0].as_str()?, pair[1].as_str()?)))
        .collect();
    let query = query.join("&").replace('/', "%2F").replace(':', "%3A");
    let keys = "apca-api-key-id: PKBENCH\r\napca-api-secret-key: bench";
    Some(format!("GET {path}?{query} HTTP/1.1\r\nhost: localhost\r\n{keys}\r\n\r\n").into_bytes())
}

/// Reads an answer whole.
fn answer(line: &mut TcpStream) {
    let (mut answer, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let read = line.read(&mut buffer).unwrap();
        assert!(read > 0, "no whole answer: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..read]);
        if is_whole(&answer) {
            return;
        }
    }
}

/// Writes the journal of an account that traded for long, and holds nothing now.
fn long(simulator: &Simulator, desk: &Desk, records: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let broker = adapter(&simulator.url(), simulator.now);
    let of: AccountRef = runtime.block_on(broker.identity()).unwrap();
    let ends = simulator.now.get() - TimeDelta::days(1);
    let journal = Journal::open(SqliteStore::create(&desk.journal()).unwrap()).unwrap();
    let mut past = Past { journal, book: Book::default(), written: 0 };
    // Ten records a trade, and less than two hours from one to the next.
    let trades = i32::try_from(records / 9 + 1).unwrap();
    let began: Time = ends - TimeDelta::hours(2) * trades;
    let mut world = World::at(of, began, BETWEEN, 0);
    while past.written + world.records.len() < records {
        let next = (past.written + world.records.len() + AT_ONCE).min(records) - past.written;
        world.trade(next);
        past.write(&mut world);
    }
    let millis = world.now.timestamp_millis();
    world.forget_the_log(&format!("a2.{millis}.{millis}.{millis}"));
    past.write(&mut world);
    past.journal.maintain().unwrap();
}

/// A journal that is being written.
struct Past {
    journal: Journal<SqliteStore>,
    book: Book,
    written: usize,
}

impl Past {
    /// Commits what the world did since, which then needs not remember it.
    fn write(&mut self, world: &mut World) {
        let mut batch = Batch::<()>::new(self.book.seq() + 1);
        for stamped in world.records.drain(..) {
            let _ = batch.put(&mut self.book, stamped.record, stamped.at).unwrap();
            self.written += 1;
        }
        drop(self.journal.commit(batch).unwrap());
    }
}
