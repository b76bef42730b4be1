//! Trades of a process that serves, one after the other: a signal on its standard input becomes an order on the wire,
//! and an execution on the wire becomes records in its journal. After each the floors of the same records.
//!
//! Each round is a process of its own at an account of its own.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use broker_api::{Record, Stamped};
use chrono::{SecondsFormat, TimeDelta};
use rust_decimal::Decimal;
use serde_json::json;
use state::{Journal, SqliteStore, Store as _};

use crate::mirror::{Mirror, Repeated};
use crate::rig::{Desk, Server, Simulator, friday};
use crate::rounds::{Line, ROUNDS, Series};

/// How many trades there are in a round.
const EACH: usize = 12;
/// What is traded, what it costs, and where it is sold.
const SYMBOL: &str = "AAPL";
const PRICE: [(i64, u32); 2] = [(22_710, 2), (22_714, 2)];
const TARGET: [(i64, u32); 2] = [(24_340, 2), (24_344, 2)];
/// How often the journal is looked at.
const LOOK: Duration = Duration::from_micros(20);
/// How long nothing must have been written before all is taken to be at rest.
const QUIET: Duration = Duration::from_millis(120);
const WITHIN: Duration = Duration::from_secs(20);

/// What was measured.
#[derive(Default)]
pub(crate) struct Served {
    order: Series,
    order_append: Series,
    order_sent: Series,
    order_commit: Series,
    event: Series,
    event_commit: Series,
}

impl Served {
    /// All rounds.
    pub(crate) fn measured(program: &Path) -> Self {
        let mut served = Self::default();
        let mut warms_up = Self::default();
        warms_up.round(program, 3);
        for _ in 0..ROUNDS {
            served.round(program, EACH);
        }
        served
    }

    fn round(&mut self, program: &Path, trades: usize) {
        for series in [
            &mut self.order,
            &mut self.order_append,
            &mut self.order_sent,
            &mut self.order_commit,
            &mut self.event,
            &mut self.event_commit,
        ] {
            series.round();
        }
        let mut scene = Scene::new(program);
        for trade in 0..trades {
            Scene::rests(trade);
            self.enters(&mut scene, trade);
            Scene::rests(trade + 1);
            self.leaves(&mut scene);
        }
    }

    /// A signal becomes an order.
    fn enters(&mut self, scene: &mut Scene, trade: usize) {
        let line = scene.signal(trade);
        scene.simulator.tap.forget();
        let began = Instant::now();
        scene.server.input.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
        let came = scene.simulator.tap.order();
        self.order.put(came.at.duration_since(began));
        let is_intended = |stamped: &Stamped| matches!(stamped.record, Record::Intended { .. });
        let of_order = scene.comes_to_rest(1, is_intended);
        self.order_commit.put(of_order.took);
        let floor = scene.mirror.write(&of_order.records, &came.bytes);
        self.order_append.put(floor.append);
        self.order_sent.put(floor.sent);
    }

    /// The price reaches the target, and the execution becomes records.
    fn leaves(&mut self, scene: &mut Scene) {
        let before = scene.head();
        scene.simulator.tap.forget();
        scene.price(TARGET);
        let told = scene.simulator.tap.execution();
        while scene.head() == before {
            assert!(told.elapsed() < WITHIN, "no record of an execution: {}", scene.server.said());
            std::thread::sleep(LOOK);
        }
        self.event.put(told.elapsed());
        let is_filled = |stamped: &Stamped| matches!(stamped.record, Record::Filled { .. });
        let of_event = scene.comes_to_rest(0, is_filled);
        let first = of_event.records.first().map(|stamped| stamped.seq);
        assert_eq!(first, Some(before + 1), "another record came first");
        self.event_commit.put(of_event.took);
        scene.price(PRICE);
    }

    /// What an order costs.
    pub(crate) fn orders(&self) -> Vec<Line> {
        let ours = "order: a signal on standard input to its order's bytes on the socket";
        let line = |floor_is, floor| Line::new(ours, &self.order, floor_is, floor);
        vec![
            line("append and fdatasync of the same bytes", &self.order_append),
            line("the same, and its request by a bare client", &self.order_sent),
            line("one commit of the same records", &self.order_commit),
            Line::new(
                "(one commit of the same records)",
                &self.order_commit,
                "append and fdatasync of the same bytes",
                &self.order_append,
            ),
        ]
    }

    /// What an execution costs.
    pub(crate) fn events(&self) -> Vec<Line> {
        let ours = "event: an execution's bytes on the socket to its records in the journal";
        vec![Line::new(ours, &self.event, "one commit of the same records", &self.event_commit)]
    }
}

/// A process that serves, and what it is measured with.
struct Scene {
    // Dropped first: it ends before what it talks to.
    server: Server,
    reader: Journal<SqliteStore>,
    mirror: Mirror,
    simulator: Simulator,
    _desk: Desk,
}

impl Scene {
    fn new(program: &Path) -> Self {
        let prices = vec![(SYMBOL.to_owned(), Decimal::new(PRICE[0].0, PRICE[0].1))];
        let simulator = Simulator::start(friday(), 100_000, prices);
        let desk = Desk::new(program, simulator.tap.url());
        let at = friday().to_rfc3339_opts(SecondsFormat::Secs, true);
        let quote = json!({ "symbol": SYMBOL, "bid": "227.10", "ask": "227.14", "at": at });
        std::fs::write(desk.at("quotes.jsonl"), format!("{quote}\n")).unwrap();
        let words = [
            "--signals",
            "-",
            "--set",
            "data.equity=quotes:quotes.jsonl",
            "--set",
            "limits.quote_age_equity_seconds=3600",
            // The same instrument, over and over, on one day of a clock that stands.
            "--set",
            "limits.entries_again_max=1000",
            "--set",
            "limits.day_trades_max=1000",
            "--set",
            "limits.entries_minute_max=1000",
            "--set",
            "limits.exits_minute_max=1000",
        ];
        let server = desk.serve(&words);
        let reader = Journal::open(SqliteStore::open_read_only(&desk.journal()).unwrap()).unwrap();
        let mirror = Mirror::new(desk.folder.path());
        let scene = Self { server, reader, mirror, simulator, _desk: desk };
        scene.price(PRICE);
        scene
    }

    /// A line of standard input.
    fn signal(&self, trade: usize) -> String {
        let now = self.simulator.now.get();
        let text = |at: broker_api::Time| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let signal = json!({
            "id": format!("bench/{trade}"), "symbol": SYMBOL, "action": "enter", "side": "long", "asset_class": "equity",
            "stop": "219.00", "target": "243.30", "decided_at": text(now), "expires_at": text(now + TimeDelta::hours(2)),
            "strategy": "bench", "quantity": (trade + 1).to_string(),
        });
        format!("{signal}\n")
    }

    fn price(&self, [bid, ask]: [(i64, u32); 2]) {
        let decimal = |(cents, places)| Decimal::new(cents, places);
        self.simulator.control.set_quote(SYMBOL, decimal(bid), decimal(ask)).unwrap();
    }

    /// The last record that others can read.
    fn head(&self) -> u64 {
        self.reader.store().head().unwrap().map_or(0, |row| row.seq)
    }

    /// Waits until nothing is written any more and so much is held; gives the commit that such a record was in.
    fn comes_to_rest(&mut self, held: usize, is_it: impl Fn(&Stamped) -> bool) -> Repeated {
        let (began, mut found) = (Instant::now(), None);
        loop {
            self.is_quiet();
            for repeated in self.mirror.follow(&self.reader) {
                if found.is_none() && repeated.records.iter().any(&is_it) {
                    found = Some(repeated);
                }
            }
            let is_there = self.mirror.book().positions().len() == held;
            if is_there && let Some(found) = found.take() {
                return found;
            }
            assert!(began.elapsed() < WITHIN, "it came to no rest: {}", self.server.said());
        }
    }

    fn is_quiet(&self) {
        let (mut since, mut head) = (Instant::now(), self.head());
        while since.elapsed() < QUIET {
            std::thread::sleep(QUIET / 8);
            let now = self.head();
            if now != head {
                (since, head) = (Instant::now(), now);
            }
        }
    }

    /// Lets time pass: now more, now less, so that what comes next falls between any two looks of the process.
    fn rests(n: usize) {
        let millis = u64::try_from(50 + n * 37 % 190).unwrap();
        std::thread::sleep(Duration::from_millis(millis));
    }
}
