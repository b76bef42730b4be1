//! The same days twice, once as a trading process lives through them and once as a replay: the same records come out,
//! one by one. Both are given the market and the signals of the demo; the process has a paper venue with its own log
//! in a file, a runner that commits before it sends, and a clock that is stepped.

use std::process::Command;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use broker_api::{
    Account, Amount, AssetClass, Broker, Catalog, Currency, Ending, Instrument, Intent, Key, Purpose, Ratio,
    Record, Stamped, SubmitOutcome, Symbol, Time,
};
use broker_paper::matching::{ClassCosts, Costs, Matching, Moment, Settings};
use broker_paper::venue::{PaperVenue, capabilities};
use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::feed::Bars;
use engine::intake::{self, Defaults};
use engine::replay::{Decided, Keep, Replay, Told, drive};
use engine::watch::Onlookers;
use engine::{Basis, Clock, Desk, Input, Limits, Policy, Runner, Setup, Sizing, Venue};
use state::{Book, Journal, MemoryStore};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::place::{code, stderr};

/// Both journals have this id, so that equal records give equal hashes.
const JOURNAL: &str = "the same days";
const VERSION: &str = "0";
/// The stock that our list says can be sold short, and the venue does not lend.
const NOT_LENT: &str = "WMT";
/// How many records are shown before the first ones that differ.
const BEFORE: usize = 3;

fn of<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

/// The instrument that a file of bars is named after.
fn instrument(file: &str) -> Instrument {
    let pair = file.split_once(['_', '-']);
    let symbol = pair.map_or_else(|| file.to_owned(), |(base, quote)| format!("{base}/{quote}"));
    let is_currency = |code: &str| ["EUR", "GBP", "USD", "AUD", "NZD", "CHF"].contains(&code);
    let (class, tick, lot) = match pair {
        None => (AssetClass::Equity, "0.01", "1"),
        Some((_, "JPY")) => (AssetClass::Forex, "0.001", "1"),
        Some((base, _)) if is_currency(base) => (AssetClass::Forex, "0.00001", "1"),
        Some(("DOGE" | "XRP", _)) => (AssetClass::Crypto, "0.00001", "0.0001"),
        Some(_) => (AssetClass::Crypto, "0.01", "0.0001"),
    };
    Instrument {
        key: Key { venue: of("paper"), symbol: of(&symbol) },
        asset_class: class,
        quote: pair.map_or_else(|| of("USD"), |(_, quote)| of(quote)),
        tick: of(tick),
        lot: of(lot),
        qty_min: of(lot),
        qty_max: of("1000000000"),
        notional_min: Amount::ZERO,
        margin: if class == AssetClass::Forex { of("0.0333") } else { Ratio::ONE },
        shortable: class != AssetClass::Crypto,
    }
}

/// A folder in memory where there is such a place, for a venue's log is flushed to the disk at every row.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// The demo's market and signals, and the rules that both sides go by.
struct Days {
    folder: TempDir,
    ours: Arc<Catalog>,
    at_venue: Arc<Catalog>,
    signals: Vec<Decided>,
    until: Time,
}

impl Days {
    fn new(until: &str) -> Self {
        let folder = folder();
        let demo = Command::new(env!("CARGO_BIN_EXE_tradewind"))
            .args(["demo", "--out", "look"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(code(&demo), 0, "{}", stderr(&demo));
        let mut names: Vec<String> = std::fs::read_dir(folder.path().join("look/bars"))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names.len(), 33, "{names:?}");
        let rows: Vec<Instrument> = names.iter().map(|name| instrument(name)).collect();
        let mut lent = rows.clone();
        for row in &mut lent {
            row.shortable &= row.key.symbol != of::<Symbol>(NOT_LENT);
        }
        let ours = Arc::new(Catalog::new(rows).unwrap());
        let at_venue = Arc::new(Catalog::new(lent).unwrap());
        let text = std::fs::read_to_string(folder.path().join("look/signals.jsonl")).unwrap();
        let defaults = Defaults::new(of("unnamed"), Arc::clone(&ours));
        let read = intake::read(&text, "signals.jsonl", of("2030-01-01T00:00:00Z"), &defaults);
        assert!(read.faults.is_empty() && !read.signals.is_empty(), "{:?}", read.faults);
        Self { folder, ours, at_venue, signals: read.signals, until: of(until) }
    }

    fn bars(&self) -> Bars {
        Bars::open(&self.folder.path().join("look/bars"), &self.ours).unwrap().until(self.until)
    }

    /// When both sides begin: before the first price.
    fn start() -> Time {
        of("2024-01-01T00:00:00Z")
    }

    fn setup(&self) -> Setup {
        Setup {
            catalog: Arc::clone(&self.ours),
            policy: Policy { sizing: Sizing::EquityPct(of("8")), equity: Basis::Closed, ..Policy::paper() },
            limits: Limits::paper(),
            calendar: Calendar::new(),
            base: of("USD"),
            venues: [(of("paper"), capabilities())].into(),
            bars: AssetClass::ALL.into_iter().map(|class| (class, TimeDelta::hours(1))).collect(),
            stage: engine::Stage::Replay,
            buckets: [].into(),
            blackouts: [].into(),
            drilled: None,
            alerts: None,
        }
    }

    fn settings() -> Settings {
        let class = |spread: &str, fee: &str, slippage: &str| ClassCosts {
            spread: of(spread),
            fee: of(fee),
            slippage: of(slippage),
        };
        Settings {
            currency: of::<Currency>("USD"),
            cash: of("10000"),
            costs: Costs {
                equity: class("0.0002", "0.0001", "0.0001"),
                forex: class("0.00015", "0", "0.00005"),
                crypto: class("0.0006", "0.001", "0.0003"),
                fee_min: of("0.01"),
                places: 2,
            },
            participation: Some(of("0.05")),
            latency: TimeDelta::zero(),
            account: of("paper-1"),
            venue: of("paper"),
        }
    }
}

/// A trading process whose clock is stepped.
struct Process {
    runtime: Runtime,
    venue: Arc<PaperVenue>,
    now: Arc<Mutex<Time>>,
    runner: Option<Runner<MemoryStore>>,
    store: MemoryStore,
    _folder: TempDir,
}

impl Process {
    fn start(days: &Days) -> Self {
        let folder = folder();
        let file = folder.path().join("paper-venue.sqlite");
        let venue = PaperVenue::open(&file, Arc::clone(&days.at_venue), Days::settings()).unwrap();
        let venue = Arc::new(venue);
        let now = Arc::new(Mutex::new(Days::start()));
        venue.set_time(Days::start());
        let hand = Arc::clone(&now);
        let clock: Clock = Arc::new(move || *hand.lock().unwrap());
        let broker: Arc<dyn Broker> = Arc::clone(&venue) as Arc<dyn Broker>;
        let ours = Venue::new(broker, Arc::clone(&clock), folder.path().join("halt"));
        let store = MemoryStore::new(JOURNAL);
        let journal = Journal::open(store.clone()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let runner = runtime.block_on(Runner::start(
            Desk::new(days.setup()),
            Book::default(),
            journal,
            vec![ours],
            clock,
            VERSION,
            Onlookers::from(None),
        ));
        let runner = Some(runner.unwrap());
        Self { runtime, venue, now, runner, store, _folder: folder }
    }

    fn set(&self, now: Time) {
        *self.now.lock().unwrap() = now;
        self.venue.set_time(now);
    }

    fn turn(&mut self, inputs: Vec<Input>) {
        let runner = self.runner.take().unwrap();
        self.runner = Some(self.runtime.block_on(runner.turn(inputs)).unwrap());
    }

    /// As a pass plays a moment: the venue meets it, the desk sees its price, and then event by event what it brought.
    fn play(&mut self, moment: &Moment, days: &Days) {
        self.set(moment.at());
        self.venue.play(moment).unwrap();
        let row = days.ours.get(moment.ix()).unwrap();
        if let Some(quote) = moment.quote_in_ticks(row, &Days::settings().costs) {
            self.turn(vec![Input::Quote { ix: moment.ix(), quote }]);
        }
        while self.venue.next_event().unwrap() {
            let runner = self.runner.take().unwrap();
            self.runner = Some(self.runtime.block_on(runner.catch_up()).unwrap());
        }
    }

    fn read_account(&mut self) {
        let account: Account = self.runtime.block_on(self.venue.account()).unwrap();
        self.turn(vec![Input::Snapshot { account }]);
    }

    fn decide(&mut self, decisions: Vec<Decided>) {
        self.turn(decisions.into_iter().map(|(signal, digest)| Input::Signal { signal, digest }).collect());
    }

    /// Lives through the days: the account is read at each close, and before signals are taken in.
    fn live(&mut self, days: &Days) {
        let mut bars = days.bars();
        let mut signals = days.signals.clone();
        signals.sort_by_key(|(signal, _)| signal.decided_at);
        let mut signals = signals.into_iter().peekable();
        let mut last = None::<Time>;
        let mut waiting = bars.next().unwrap();
        while let Some(moment) = waiting {
            let at = moment.at();
            // At one time closes come before decisions, and decisions before what opens.
            let is_close = matches!(moment, Moment::Close { .. });
            let comes_first = |due: Time| if is_close { due < at } else { due <= at };
            while let Some(due) = signals.peek().map(|(signal, _)| signal.decided_at)
                && comes_first(due)
            {
                self.take(last.map_or(due, |last| last.max(due)), &mut signals);
            }
            self.play(&moment, days);
            last = Some(at);
            if is_close {
                self.read_account();
            }
            waiting = bars.next().unwrap();
        }
        let last = last.unwrap();
        while signals.peek().is_some_and(|(signal, _)| signal.decided_at <= last) {
            self.take(last, &mut signals);
        }
    }

    /// Takes all signals that were decided by `now`.
    fn take(&mut self, now: Time, signals: &mut std::iter::Peekable<std::vec::IntoIter<Decided>>) {
        self.set(now);
        let mut due = Vec::new();
        while let Some(signal) = signals.next_if(|(signal, _)| signal.decided_at <= now) {
            due.push(signal);
        }
        self.read_account();
        self.decide(due);
    }

    fn records(&self) -> (Vec<Stamped>, Journal<MemoryStore>) {
        let journal = Journal::open(self.store.clone()).unwrap();
        (journal.read(0, usize::MAX).unwrap(), journal)
    }
}

/// The same days as a replay, with the records as they were shown and as they were kept.
fn replayed(days: &Days) -> (Vec<Stamped>, Journal<MemoryStore>) {
    let engine = Matching::new(Arc::clone(&days.at_venue), Days::settings());
    let keep = Keep::Journal(Journal::open(MemoryStore::new(JOURNAL)).unwrap());
    let mut replay = Replay::begin(days.setup(), engine, keep, Vec::new(), VERSION, Days::start()).unwrap();
    let played = drive(&mut replay, &mut days.bars(), &mut Told::new(days.signals.clone())).unwrap();
    assert!(played.bars > 15_000, "{played:?}");
    let (shown, Keep::Journal(journal)) = replay.end() else { panic!("a journal was given") };
    (shown, journal)
}

/// Where two runs of records part, with what came before; nothing when they are the same.
fn difference(process: &[Stamped], replay: &[Stamped]) -> Option<String> {
    let same = process.iter().zip(replay).take_while(|(one, other)| one == other).count();
    if same == process.len() && same == replay.len() {
        return None;
    }
    let shown = |records: &[Stamped]| {
        let all = records.iter().take(same + 1).skip(same.saturating_sub(BEFORE));
        all.map(|stamped| format!("{stamped:#?}")).collect::<Vec<_>>().join("\n")
    };
    let (process, replay) = (shown(process), shown(replay));
    Some(format!("after {same} records\nTHE PROCESS:\n{process}\nTHE REPLAY:\n{replay}"))
}

/// How many records are of this kind.
fn count(records: &[Stamped], is_so: impl Fn(&Record) -> bool) -> usize {
    records.iter().filter(|stamped| is_so(&stamped.record)).count()
}

fn has_purpose(record: &Record, purpose: Purpose) -> bool {
    matches!(record, Record::Intended { intent: Intent { purpose: its, .. }, .. } if *its == purpose)
}

fn ended(record: &Record, how: Ending) -> bool {
    matches!(record, Record::SignalEnded { ending, .. } if *ending == how)
}

#[test]
fn a_process_and_a_replay_of_the_same_days_make_the_same_records() {
    let days = Days::new("2026-01-01T00:00:00Z");
    let mut process = Process::start(&days);
    process.live(&days);
    let (lived, kept) = process.records();
    let (shown, journal) = replayed(&days);
    if let Some(difference) = difference(&lived, &shown) {
        panic!("{difference}");
    }
    assert_eq!(kept.head(), journal.head(), "the same bytes, to the last hash");
    assert_eq!(journal.read(0, usize::MAX).unwrap(), shown, "what was shown is what was kept");

    // What happened in these days, so that equal records say something.
    let at_least = |what: &str, least: usize, is_so: &dyn Fn(&Record) -> bool| {
        let found = count(&lived, is_so);
        println!("{found} {what}");
        assert!(found >= least, "{what}: {found} of {least}");
    };
    println!("{} records", lived.len());
    assert!(lived.len() > 8_000, "{}", lived.len());
    at_least("fills", 200, &|record| matches!(record, Record::Filled { .. }));
    at_least("signals denied", 10, &|record| ended(record, Ending::Denied));
    at_least("orders cancelled", 50, &|record| matches!(record, Record::CancelStarted { .. }));
    at_least("stops", 50, &|record| has_purpose(record, Purpose::Stop));
    at_least("targets", 10, &|record| has_purpose(record, Purpose::Target));
    at_least("exits", 10, &|record| has_purpose(record, Purpose::Exit));
    at_least("signals filled in part", 1, &|record| ended(record, Ending::PartFilled));
    at_least("signals in conflict", 1, &|record| matches!(record, Record::SignalConflicted { .. }));
    at_least("orders refused", 1, &|record| {
        matches!(record, Record::Answered { answer: SubmitOutcome::Refused { .. }, .. })
    });
    at_least("account days", 100, &|record| matches!(record, Record::DayStarted { .. }));
}

#[test]
fn a_record_that_is_another_and_one_that_is_missing_are_found() {
    let record = |life| Record::Started { life, version: VERSION.into(), limits: of(&"a".repeat(64)) };
    let stamped = |seq, life| Stamped { seq, at: Days::start(), record: record(life) };
    let records = [stamped(1, 1), stamped(2, 2), stamped(3, 3)];
    assert_eq!(difference(&records, &records), None);
    let other = [stamped(1, 1), stamped(2, 7), stamped(3, 3)];
    assert!(difference(&records, &other).is_some_and(|text| text.starts_with("after 1 records")));
    assert!(difference(&records, &records[..2]).is_some_and(|text| text.starts_with("after 2 records")));
    assert!(difference(&[], &records).is_some());
}
