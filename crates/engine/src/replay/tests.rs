//! Bars of a few coins through a replay, with whatever decides.

use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use broker_api::{
    Amount, AssetClass, Catalog, Direction, Instrument, Key, Price, Protection, Purpose, Ratio, SizeWanted,
    Symbol, Wanted,
};
use broker_paper::matching::{Costs, Settings};
use chrono::{NaiveDate, TimeDelta};
use orders::{Basis, Policy, Sizing};
use risk::Limits;
use state::MemoryStore;
use tempfile::TempDir;

use super::*;
use crate::calendar::Calendar;
use crate::feed::Bars;

mod ahead;
mod channels;
mod fills;
mod order;
mod sizes;

/// Prices in cents: open, high, low, close.
type Row = [i64; 4];

fn of<T: FromStr<Err: fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

/// A moment of January 2024.
fn at(text: &str) -> Time {
    of(&format!("2024-01-{text}Z"))
}

/// A coin, or a stock when its name has no second half.
fn instrument(symbol: &str, shortable: bool) -> Instrument {
    let is_coin = symbol.contains('/');
    Instrument {
        key: Key { venue: of("paper"), symbol: of(symbol) },
        asset_class: if is_coin { AssetClass::Crypto } else { AssetClass::Equity },
        quote: of("USD"),
        tick: of("0.01"),
        lot: of(if is_coin { "0.0001" } else { "1" }),
        qty_min: of("0.0001"),
        qty_max: of("1000000000"),
        notional_min: Amount::ZERO,
        margin: Ratio::ONE,
        shortable,
    }
}

fn cents(price: i64) -> String {
    format!("{}.{:02}", price / 100, price % 100)
}

/// A file of daily bars from 2024-01-01 on.
fn daily(rows: &[Row]) -> String {
    let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let mut text = "date,open,high,low,close\n".to_owned();
    for (n, row) in (0..).zip(rows) {
        let [open, high, low, close] = row.map(cents);
        writeln!(text, "{},{open},{high},{low},{close}", first + TimeDelta::days(n)).unwrap();
    }
    text
}

/// Keeps every record, and every reading of the account.
#[derive(Debug, Default)]
struct Kept {
    records: Vec<Stamped>,
    readings: Vec<Account>,
}

impl Watcher for Kept {
    fn made(&mut self, records: &[Stamped], _: &Book) -> Result<(), Box<str>> {
        self.records.extend_from_slice(records);
        Ok(())
    }

    fn read(&mut self, account: &Account) {
        self.readings.push(*account);
    }
}

/// A market of the past.
struct Past {
    folder: TempDir,
    catalog: Arc<Catalog>,
    /// Which equity entries of 8 percent are sized by.
    basis: Basis,
    until: Option<Time>,
}

/// What came of a replay.
struct Came {
    records: Vec<Stamped>,
    readings: Vec<Account>,
    book: Book,
    played: Played,
}

impl Past {
    /// Files by symbol.
    fn new(files: &[(&str, String)]) -> Self {
        Self::of(files.iter().map(|(symbol, text)| (instrument(symbol, false), text.clone())).collect())
    }

    fn of(files: Vec<(Instrument, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = Vec::new();
        for (instrument, text) in files {
            let name = instrument.key.symbol.as_str().replace('/', "");
            std::fs::write(folder.path().join(format!("{name}.csv")), text).unwrap();
            rows.push(instrument);
        }
        let catalog = Arc::new(Catalog::new(rows).unwrap());
        Self { folder, catalog, basis: Basis::Closed, until: None }
    }

    fn begun(&self) -> Replay<MemoryStore, Kept> {
        let settings = Settings {
            currency: of("USD"),
            cash: of("100000"),
            costs: Costs::FREE,
            participation: None,
            latency: TimeDelta::zero(),
            account: of("paper-1"),
            venue: of("paper"),
        };
        let setup = Setup {
            catalog: Arc::clone(&self.catalog),
            policy: Policy { sizing: Sizing::EquityPct(of("8")), equity: self.basis, ..Policy::paper() },
            limits: Limits::wide(10),
            calendar: Calendar::new(),
            base: of("USD"),
            venues: [(of("paper"), broker_paper::capabilities())].into(),
            bars: AssetClass::ALL.into_iter().map(|class| (class, TimeDelta::hours(1))).collect(),
            stage: risk::Stage::Replay,
            buckets: [].into(),
            blackouts: [].into(),
            drilled: None,
            alerts: None,
        };
        let engine = Matching::new(Arc::clone(&self.catalog), settings);
        Replay::begin(setup, engine, Keep::Nothing, Kept::default(), "0", of("2023-12-31T00:00:00Z")).unwrap()
    }

    fn bars(&self) -> Bars {
        let bars = Bars::open(self.folder.path(), &self.catalog).unwrap();
        self.until.into_iter().fold(bars, Bars::until)
    }

    fn replay(&self, source: &mut dyn SignalSource) -> Came {
        let (mut replay, mut bars) = (self.begun(), self.bars());
        let played = drive(&mut replay, &mut bars, source).unwrap();
        let book = replay.book().clone();
        let (Kept { records, readings }, _) = replay.end();
        Came { records, readings, book, played }
    }

    fn told(&self, signals: &[Signal]) -> Came {
        self.replay(&mut told(signals))
    }
}

impl Came {
    /// Every fill: of what purpose, when and at what price.
    fn fills(&self) -> Vec<(Purpose, Time, Price)> {
        let purpose = |id| {
            self.records.iter().find_map(|stamped| match &stamped.record {
                Record::Intended { intent, .. } if intent.id == id => Some(intent.purpose),
                _ => None,
            })
        };
        let filled = self.records.iter().filter_map(|stamped| match &stamped.record {
            Record::Filled { fill } => Some(fill),
            _ => None,
        });
        filled.map(|fill| (purpose(fill.order).unwrap(), fill.at, fill.price)).collect()
    }

    /// When each signal was taken in, in that order.
    fn taken(&self) -> Vec<(String, Time)> {
        self.records
            .iter()
            .filter_map(|stamped| match &stamped.record {
                Record::SignalTaken { signal, .. } => Some((signal.id.to_string(), stamped.at)),
                _ => None,
            })
            .collect()
    }
}

/// A decision to buy for 8 percent of equity; an empty price is none.
fn enter(symbol: &str, when: Time, stop: &str, target: &str) -> Signal {
    let price = |text: &str| (!text.is_empty()).then(|| of(text));
    let plan = Protection { stop: price(stop), target: price(target), trail: None };
    signal("enter", symbol, when, Wanted::Enter { side: Direction::Long, size: SizeWanted::Configured, plan })
}

fn signal(name: &str, symbol: &str, when: Time, wanted: Wanted) -> Signal {
    Signal {
        id: of(&format!("{name}/{symbol}/{}", when.timestamp())),
        strategy: of("by-hand"),
        symbol: of::<Symbol>(symbol),
        decision_price: None,
        bar_close: None,
        decided_at: when,
        expires_at: when + TimeDelta::days(2),
        wanted,
    }
}

fn told(signals: &[Signal]) -> Told {
    Told::new(signals.iter().map(|signal| decided(*signal)).collect())
}
