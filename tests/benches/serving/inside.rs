//! The same way within this process: the runner with its journal on the disk and the adapter to Alpaca, before a
//! simulator. What it costs to wake a process is not in it, and it tells where the time goes.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use broker_alpaca::{Alpaca, Config, Credentials};
use broker_api::{
    Broker, Catalog, Direction, Mode, Protection, Qty, Quote, Record, Signal, SizeWanted, Stamped, Symbol,
    Time, Wanted,
};
use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::watch::{Note, Onlookers};
use engine::{Depth, Desk, Input, Limits, Policy, Runner, Setup, UnderWay, Venue};
use rust_decimal::Decimal;
use state::{Book, Journal, SqliteStore};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::mirror::{Mirror, Repeated};
use crate::rig::{Simulator, friday};

/// How long answers are waited for before something else is looked at.
const LOOK: Duration = Duration::from_millis(2);
const WITHIN: Duration = Duration::from_secs(20);

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// What was noted, and when.
type Notes = Arc<Mutex<Vec<(Note, Instant)>>>;

/// A runner that trades within this process.
pub(crate) struct Inside {
    runner: Option<Runner<SqliteStore>>,
    under_way: UnderWay,
    notes: Notes,
    catalog: Arc<Catalog>,
    pub(crate) runtime: Runtime,
    pub(crate) mirror: Mirror,
    pub(crate) simulator: Simulator,
    _folder: TempDir,
}

/// The adapter before a simulator.
pub(crate) fn adapter(url: &str, now: crate::rig::Now) -> Alpaca {
    let credentials = Credentials::key("PKBENCH".into(), "a-key-of-a-bench".into()).unwrap();
    let config = Config::new(of("alpaca"), Mode::Practice, credentials).unwrap();
    let config = config.with_base_url(url).unwrap().with_data_url(url).unwrap();
    Alpaca::new(config, Arc::new(move || now.get())).unwrap()
}

impl Inside {
    /// Where so many stocks are traded, all at one price: through the tap, or without it.
    pub(crate) fn new(symbols: usize, is_tapped: bool) -> Self {
        let names: Vec<String> = (0..symbols).map(name).collect();
        let simulator = simulator(symbols);
        let url = if is_tapped { simulator.tap.url() } else { simulator.url() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let now = simulator.now;
        let broker: Arc<dyn Broker> = Arc::new(adapter(&url, now));
        let listed = runtime.block_on(async {
            let mut listed = Vec::new();
            for name in &names {
                listed.extend(broker.instrument(of(name)).await.unwrap());
            }
            listed
        });
        let catalog = Arc::new(Catalog::new(listed).unwrap());
        let notes = Notes::default();
        let runner = runtime.block_on(started(folder.path(), broker, &catalog, now, &notes));
        Self {
            runner: Some(runner),
            under_way: UnderWay::new(runtime.handle().clone()),
            notes,
            catalog,
            mirror: Mirror::new(folder.path()),
            runtime,
            simulator,
            _folder: folder,
        }
    }

    pub(crate) fn runner(&self) -> &Runner<SqliteStore> {
        self.runner.as_ref().unwrap()
    }

    pub(crate) fn held(&self) -> usize {
        self.runner().book().positions().len()
    }

    /// Steps inputs, commits, and begins what follows.
    pub(crate) fn act(&mut self, inputs: &[Input]) {
        self.runner = self.runner.take().map(|runner| runner.act(inputs, &mut self.under_way).unwrap());
    }

    /// Takes the next answers in, if some come soon.
    pub(crate) fn goes_on(&mut self) {
        let Self { runtime, under_way, .. } = self;
        // A timer is made inside of its runtime.
        let answers = runtime.block_on(async { timeout(LOOK, under_way.answers()).await });
        if let Ok(answers) = answers {
            let took = |runner: Runner<_>| runner.took(answers, &mut self.under_way).unwrap();
            self.runner = self.runner.take().map(took);
        }
    }

    /// Goes on until so much is held and nothing is under way.
    pub(crate) fn settles(&mut self, held: usize) {
        let began = Instant::now();
        while self.held() != held || !self.under_way.is_empty() {
            assert!(began.elapsed() < WITHIN, "{} are held, not {held}", self.held());
            if self.under_way.is_empty() {
                let Self { runner, under_way, .. } = self;
                runner.as_ref().unwrap().read(Depth::All, under_way);
            }
            self.goes_on();
        }
    }

    /// Prices of all instruments: what they cost, or where they are sold.
    pub(crate) fn price(&mut self, dollars: i64) {
        let (bid, ask) = (Decimal::new(dollars * 100, 2), Decimal::new(dollars * 100 + 2, 2));
        for (_, row) in self.catalog.iter() {
            self.simulator.control.set_quote(row.key.symbol.as_str(), bid, ask).unwrap();
        }
        let at = self.simulator.now.get();
        let price = |number: Decimal| of(&number.to_string());
        let quote = Quote { bid: price(bid), ask: price(ask), at };
        let inputs: Vec<Input> = self.catalog.iter().map(|(ix, _)| Input::Quote { ix, quote }).collect();
        self.act(&inputs);
    }

    /// A signal to buy so many of one of them.
    pub(crate) fn signal(&self, n: usize, shares: usize, id: &str) -> Input {
        let now = self.simulator.now.get();
        let plan = Protection { stop: Some(of("95")), target: Some(of("110")), trail: None };
        let size = SizeWanted::Quantity(of::<Qty>(&shares.to_string()));
        let signal = Signal {
            id: of(id),
            strategy: of("bench"),
            symbol: of::<Symbol>(&name(n)),
            decision_price: Some(of("100")),
            bar_close: None,
            decided_at: now,
            expires_at: now + TimeDelta::hours(1),
            wanted: Wanted::Enter { side: Direction::Long, size, plan },
        };
        Input::Signal { signal, digest: of(&format!("{n:064x}")) }
    }

    /// All that is held is sold at its target.
    pub(crate) fn sells_all(&mut self) {
        self.price(111);
        self.settles(0);
        self.price(100);
    }

    /// Repeats what the journal took in.
    pub(crate) fn follow(&mut self) -> Vec<Repeated> {
        let Self { runner, mirror, .. } = self;
        mirror.follow(runner.as_ref().unwrap().journal())
    }

    /// The same, and gives the commit that the first order was in.
    pub(crate) fn repeated(&mut self) -> Repeated {
        let is_intended = |stamped: &Stamped| matches!(stamped.record, Record::Intended { .. });
        self.follow().into_iter().find(|repeated| repeated.records.iter().any(is_intended)).expect("an order")
    }

    /// Takes inputs in as a pass does: until nothing is left to do now.
    pub(crate) fn turn(&mut self, inputs: Vec<Input>) {
        let turned = self.runner.take().map(|runner| self.runtime.block_on(runner.turn(inputs)).unwrap());
        self.runner = turned;
    }

    /// Tidies the journal's files up, as a process that serves does when it begins and in each quiet minute.
    pub(crate) fn tidies(&mut self) {
        self.runner.as_mut().unwrap().maintain();
    }

    /// What was noted since the last time.
    pub(crate) fn notes(&self) -> Vec<(Note, Instant)> {
        std::mem::take(&mut self.notes.lock().unwrap())
    }
}

/// A simulator of so many stocks, all at one price.
pub(crate) fn simulator(symbols: usize) -> Simulator {
    let prices = (0..symbols).map(|n| (name(n), Decimal::from(100))).collect();
    Simulator::start(friday(), 100_000_000, prices)
}

/// A name of a stock.
pub(crate) fn name(n: usize) -> String {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap());
    ['T', letter(n / 26), letter(n)].iter().collect()
}

async fn started(
    folder: &Path,
    broker: Arc<dyn Broker>,
    catalog: &Arc<Catalog>,
    now: crate::rig::Now,
    notes: &Notes,
) -> Runner<SqliteStore> {
    let clock: engine::Clock = Arc::new(move || -> Time { now.get() });
    let journal = Journal::open(SqliteStore::create(&folder.join("journal.sqlite")).unwrap()).unwrap();
    let venue = Venue::new(broker, Arc::clone(&clock), folder.join("halt"));
    let setup = Setup {
        catalog: Arc::clone(catalog),
        policy: Policy::paper(),
        limits: Limits::wide(500),
        calendar: Calendar::behind_venues(),
        base: of("USD"),
        venues: [(venue.id(), venue.capabilities().clone())].into(),
        bars: std::collections::BTreeMap::new(),
        stage: engine::Stage::Broker,
        buckets: [].into(),
        blackouts: [].into(),
        drilled: None,
        alerts: None,
    };
    let notes = Arc::clone(notes);
    let watch: engine::watch::Watch =
        Arc::new(move |note| notes.lock().unwrap().push((note, Instant::now())));
    let onlookers = Onlookers { watch: Some(watch), recorder: None };
    let (desk, book) = (Desk::new(setup), Book::default());
    Runner::start(desk, book, journal, vec![venue], clock, "0.0.0", onlookers).await.unwrap()
}
