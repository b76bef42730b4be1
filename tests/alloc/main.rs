//! What a replay allocates while nothing happens: nothing. Positions are held, their stops and targets rest, bars come
//! in from a file, the account is read at every close, and no memory is asked for.
//!
//! A program of its own, because the allocator of all its tests counts.

#![expect(clippy::expect_used, clippy::panic, reason = "in a test they are assertions")]

use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use broker_api::{
    Amount, AssetClass, Catalog, Direction, Instrument, Key, Protection, Ratio, Signal, SizeWanted, Time,
    Wanted,
};
use broker_paper::matching::{Costs, Matching, Settings};
use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::feed::Bars;
use engine::replay::{AtClose, Decided, Keep, Played, Replay, SignalSource, decided, drive};
use engine::{Basis, Limits, Policy, Setup, Sizing};
use state::MemoryStore;

/// 2024-03-05T23:00:00Z: an hour after an account day began, so that the bars lie within one.
const START: i64 = 1_709_679_600;
/// How many seconds a bar lasts.
const SECONDS: i64 = 10;
/// How many bars of each symbol come before it is counted, and how many while it is.
const BEFORE: i64 = 500;
const COUNTED: i64 = 6_800;
const SYMBOLS: [&str; 3] = ["BTC/USD", "ETH/USD", "SOL/USD"];
/// How many of the symbols are held.
const HELD: usize = 2;

fn of<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

fn time(seconds: i64) -> Time {
    Time::from_timestamp(seconds, 0).expect("a moment")
}

fn catalog() -> Arc<Catalog> {
    let row = |symbol: &&str| Instrument {
        key: Key { venue: of("paper"), symbol: of(symbol) },
        asset_class: AssetClass::Crypto,
        quote: of("USD"),
        tick: of("0.01"),
        lot: of("0.0001"),
        qty_min: of("0.0001"),
        qty_max: of("1000000"),
        notional_min: Amount::ZERO,
        margin: Ratio::ONE,
        shortable: false,
    };
    Arc::new(Catalog::new(SYMBOLS.iter().map(row).collect()).expect("three symbols"))
}

fn settings() -> Settings {
    Settings {
        currency: of("USD"),
        cash: of("100000"),
        costs: Costs::FREE,
        participation: Some(of("0.05")),
        latency: TimeDelta::zero(),
        account: of("paper-1"),
        venue: of("paper"),
    }
}

/// Bars of all symbols, from the one numbered `from` on: prices swing by a few cents around a hundred.
fn write_bars(folder: &Path, from: i64, count: i64) {
    for (nth, symbol) in (0_i64..).zip(SYMBOLS) {
        let mut text = "ts,open,high,low,close,volume\n".to_owned();
        for n in from..from + count {
            let cents = (n * 7 + nth * 3) % 40;
            let (open, close) = (10 + cents, 10 + (cents * 3) % 40);
            let (high, low) = (open.max(close) + 5, open.min(close) - 5);
            let at = START + (n + 1) * SECONDS;
            writeln!(text, "{at},100.{open:02},100.{high:02},100.{low:02},100.{close:02},{}", 500_000 + n)
                .expect("a text takes all");
        }
        let name = symbol.replace('/', "");
        std::fs::write(folder.join(format!("{name}.csv")), text).expect("a file");
    }
}

/// Enters the first symbols at their first closes, with a stop and a target far away, and then nothing more.
struct Once {
    entered: [bool; HELD],
    /// Asks for memory at each close, to see that this is counted.
    greedy: bool,
}

impl SignalSource for Once {
    fn at_close(&mut self, seen: &AtClose<'_>, out: &mut Vec<Decided>) {
        if self.greedy {
            assert!(!seen.instrument.key.symbol.as_str().to_owned().is_empty());
        }
        let Some(entered) = self.entered.get_mut(seen.ix.index()).filter(|entered| !**entered) else {
            return;
        };
        *entered = true;
        let signal = Signal {
            id: of(&format!("enter/{}", seen.instrument.key.symbol)),
            strategy: of("once"),
            symbol: seen.instrument.key.symbol,
            decision_price: Some(seen.bar.close),
            bar_close: Some(seen.bar.closes),
            decided_at: seen.bar.closes,
            expires_at: seen.bar.closes + TimeDelta::hours(1),
            wanted: Wanted::Enter {
                side: Direction::Long,
                size: SizeWanted::Configured,
                plan: Protection { stop: Some(of("50")), target: Some(of("200")), trail: None },
            },
        };
        out.push(decided(signal));
    }
}

/// What a call of `drive` allocates, however many bars it plays: the list of symbols of which a bar closed.
const OF_THE_CALL: u64 = 1;

/// What was allocated while the counted bars were played.
fn counted(greedy: bool) -> (AllocationInfo, Played) {
    let catalog = catalog();
    let folders = [(0, BEFORE), (BEFORE, COUNTED)].map(|(from, count)| {
        let folder = tempfile::tempdir().expect("a folder");
        write_bars(folder.path(), from, count);
        folder
    });
    let [mut before, mut bars] =
        folders.each_ref().map(|folder| Bars::open(folder.path(), &catalog).expect("bars"));
    let setup = Setup {
        catalog: Arc::clone(&catalog),
        policy: Policy { sizing: Sizing::EquityPct(of("8")), equity: Basis::Marked, ..Policy::paper() },
        limits: Limits::wide(10),
        calendar: Calendar::new(),
        base: of("USD"),
        venues: [(of("paper"), broker_paper::venue::capabilities())].into(),
        bars: AssetClass::ALL.into_iter().map(|class| (class, TimeDelta::hours(1))).collect(),
        stage: engine::Stage::Replay,
        buckets: [].into(),
        blackouts: [].into(),
        drilled: None,
        alerts: None,
    };
    let mut source = Once { entered: [false; HELD], greedy };
    let engine = Matching::new(Arc::clone(&catalog), settings());
    let mut replay = Replay::begin(setup, engine, Keep::<MemoryStore>::Nothing, (), "0", time(START))
        .expect("a beginning");
    let warm = drive(&mut replay, &mut before, &mut source).expect("the bars before");
    assert_eq!(warm.bars, 3 * BEFORE.unsigned_abs());
    // The first of its moments makes the feed read the beginning of each file.
    let first = bars.next().expect("a file").expect("a moment");
    replay.play(&first).expect("a moment");

    let seq = replay.book().seq();
    let mut played = Played::default();
    let info = measure(|| {
        played = drive(&mut replay, &mut bars, &mut source).expect("the counted bars");
    });
    assert_eq!(replay.book().seq(), seq, "no record was made while it was counted");
    assert_eq!(replay.book().positions().len(), HELD);
    assert_eq!(replay.book().open_orders().len(), 2 * HELD, "a stop and a target each");
    (info, played)
}

#[test]
fn bars_in_which_nothing_happens_allocate_nothing() {
    let (info, played) = counted(false);
    assert_eq!(played.bars, 3 * COUNTED.unsigned_abs());
    assert_eq!(info.count_total, OF_THE_CALL, "over {} bars: {info:?}", played.bars);
}

#[test]
fn one_allocation_a_bar_is_found() {
    let (info, played) = counted(true);
    assert_eq!(info.count_total, played.bars + OF_THE_CALL, "the source's own, one each");
}
