//! Four weeks at the paper venue, on bars that it is given one moment after the other, by a clock that is stepped.

use std::str::FromStr;
use std::sync::{Arc, Mutex};

use broker_api::{Account, Amount, AssetClass, Broker, Catalog, Currency, Instrument, Key, Ratio, Time};
use broker_paper::matching::{ClassCosts, Costs, Moment, Settings};
use broker_paper::venue::{PaperVenue, capabilities};
use chrono::{NaiveDate, TimeDelta};
use engine::calendar::Calendar;
use engine::feed::Bars;
use engine::intake::{self, Defaults};
use engine::replay::Decided;
use engine::watch::Onlookers;
use engine::{Clock, Desk, Input, Limits, Policy, Runner, Setup, Sizing, Venue};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::json;
use state::{Book, Journal, SqliteStore};
use tokio::runtime::Runtime;

use crate::place::Place;

/// The days on which the exchange is open.
const DAYS: [u32; 19] = [5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 20, 21, 22, 23, 26, 27, 28, 29, 30];
const TRADED: [&str; 5] = ["AAPL", "MSFT", "KO", "JPM", "EUR/USD"];
/// Days, symbol, what to do, way, stop.
const SIGNALS: [(&str, usize, &str, &str, &str); 11] = [
    ("aapl-in", 0, "AAPL", "long", "190"),
    ("msft-in", 1, "MSFT", "short", "420"),
    ("ko-in", 2, "KO", "long", "57"),
    ("aapl-out", 6, "AAPL", "", ""),
    ("msft-out", 8, "MSFT", "", ""),
    ("eur-in", 10, "EUR/USD", "long", "1.05"),
    ("jpm-in", 11, "JPM", "long", "280"),
    ("nvda-in", 12, "NVDA", "long", "100"),
    ("eur-out", 14, "EUR/USD", "", ""),
    ("jpm-out", 15, "JPM", "", ""),
    ("too-late", 18, "AAPL", "long", "190"),
];

/// What is spoiled.
#[derive(Default)]
pub struct Spoiled {
    /// Basis points of slippage more.
    pub slippage: &'static str,
    /// A signal that is taken in so many hours late.
    pub late: Option<(&'static str, i64)>,
    /// The venue does not lend MSFT.
    pub not_lent: bool,
    /// No more positions than these.
    pub positions: Option<u32>,
    /// Equity is divided into so many slots, and not as the configuration says.
    pub slots: Option<u32>,
    /// No trade risks more than this share of equity, in percent.
    pub risked: Option<&'static str>,
}

pub fn of<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

fn date(day: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, DAYS[day]).unwrap()
}

/// Open, high, low and close of a day.
fn bar(symbol: &str, day: usize) -> [Decimal; 4] {
    let n = Decimal::from(day);
    let around = |open: Decimal, high: &str, low: &str, close: &str| {
        [open, open + of::<Decimal>(high), open + of::<Decimal>(low), open + of::<Decimal>(close)]
    };
    match symbol {
        "AAPL" => around(Decimal::from(200) + n, "0.8", "-0.2", "0.5"),
        "MSFT" => around(Decimal::from(400) - n * Decimal::from(6), "0.5", "-3.5", "-3"),
        "KO" if day < 5 => around(Decimal::from(60), "0.2", "-0.2", "0.1"),
        "KO" if day == 5 => around(Decimal::from(59), "0.2", "-8", "-7"),
        "KO" => around(Decimal::from(52), "0.2", "-0.2", "0.1"),
        "JPM" => around(Decimal::from(300) + n * Decimal::TWO, "1", "-1", "0.5"),
        _ => around(of::<Decimal>("1.08") + n * of::<Decimal>("0.001"), "0.002", "-0.001", "0.001"),
    }
}

fn instrument(symbol: &str, shortable: bool) -> Instrument {
    let is_pair = symbol.contains('/');
    Instrument {
        key: Key { venue: of("paper"), symbol: of(symbol) },
        asset_class: if is_pair { AssetClass::Forex } else { AssetClass::Equity },
        quote: of("USD"),
        tick: of(if is_pair { "0.00001" } else { "0.01" }),
        lot: of("1"),
        qty_min: of("1"),
        qty_max: of(if is_pair { "100000000" } else { "1000000" }),
        notional_min: if is_pair { Amount::ZERO } else { of("1") },
        margin: if is_pair { of("0.0333") } else { Ratio::ONE },
        shortable,
    }
}

fn listed(spoiled: &Spoiled) -> [Arc<Catalog>; 2] {
    let rows = |lent: bool| TRADED.map(|symbol| instrument(symbol, lent || symbol != "MSFT"));
    [true, !spoiled.not_lent].map(|lent| Arc::new(Catalog::new(rows(lent).into()).unwrap()))
}

pub fn slippage(spoiled: &Spoiled) -> Ratio {
    let more = if spoiled.slippage.is_empty() { Decimal::ZERO } else { of(spoiled.slippage) };
    Ratio::new((more + Decimal::ONE) / Decimal::from(10_000)).unwrap()
}

/// The defaults, and the slippage of stocks.
fn settings(spoiled: &Spoiled) -> Settings {
    let class = |spread: &str, fee: &str, slippage: &str| ClassCosts {
        spread: of(spread),
        fee: of(fee),
        slippage: of(slippage),
    };
    Settings {
        currency: of::<Currency>("USD"),
        cash: of("100000"),
        costs: Costs {
            equity: ClassCosts { slippage: slippage(spoiled), ..class("0.0002", "0", "0") },
            forex: class("0.00015", "0", "0.00005"),
            crypto: class("0.0006", "0.001", "0.0003"),
            fee_min: Amount::ZERO,
            places: 2,
        },
        participation: Some(of("0.05")),
        latency: TimeDelta::zero(),
        account: of("paper-1"),
        venue: of("paper"),
    }
}

/// What a buy at the open of a day comes to.
pub fn bought(symbol: &str, day: usize, slippage: Ratio) -> Decimal {
    let ask = bar(symbol, day)[0] * of::<Decimal>("1.0001");
    let price = ask * (Decimal::ONE + slippage.get());
    price.round_dp_with_strategy(2, RoundingStrategy::AwayFromZero)
}

fn decisions(catalog: &Arc<Catalog>) -> Vec<Decided> {
    let lines = SIGNALS.iter().map(|(id, day, symbol, side, stop)| {
        let at = date(*day).and_hms_opt(21, 30, 0).unwrap().and_utc();
        let class = if symbol.contains('/') { "forex" } else { "equity" };
        // The last one comes on a Friday.
        let good_for = TimeDelta::hours(if *day == 18 { 100 } else { 40 });
        let mut signal = json!({
            "id": id, "symbol": symbol, "asset_class": class, "action": if side.is_empty() { "exit" } else { "enter" },
            "decided_at": at.to_rfc3339(), "expires_at": (at + good_for).to_rfc3339(), "strategy": "test",
        });
        if !side.is_empty() {
            (signal["side"], signal["stop"]) = (json!(side), json!(stop));
        }
        signal.to_string()
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let rows = catalog.iter().map(|(_, row)| row.clone()).chain([instrument("NVDA", true)]);
    let named = Arc::new(Catalog::new(rows.collect()).unwrap());
    let defaults = Defaults::new(of("unnamed"), named);
    let read = intake::read(&text, "signals.jsonl", of("2026-02-01T00:00:00Z"), &defaults);
    assert!(read.faults.is_empty(), "{:?}", read.faults);
    read.signals
}

/// A trading process whose clock is stepped.
struct Trader {
    runtime: Runtime,
    venue: Arc<PaperVenue>,
    now: Arc<Mutex<Time>>,
    runner: Option<Runner<SqliteStore>>,
}

impl Trader {
    fn start(place: &Place, spoiled: &Spoiled) -> Self {
        let [ours, at_venue] = listed(spoiled);
        let first: Time = of("2026-01-04T00:00:00Z");
        let file = place.file("paper-venue.sqlite");
        let venue = Arc::new(PaperVenue::open(&file, at_venue, settings(spoiled)).unwrap());
        venue.set_time(first);
        let now = Arc::new(Mutex::new(first));
        let hand = Arc::clone(&now);
        let clock: Clock = Arc::new(move || *hand.lock().unwrap());
        let broker: Arc<dyn Broker> = Arc::clone(&venue) as Arc<dyn Broker>;
        let setup = Setup {
            catalog: ours,
            policy: Policy {
                sizing: spoiled.slots.map_or(Policy::paper().sizing, |slots| Sizing::EqualSlots { slots }),
                ..Policy::paper()
            },
            limits: Limits {
                positions_max: spoiled.positions.unwrap_or(Limits::paper().positions_max),
                risk_per_trade_percent: spoiled.risked.map_or(Limits::paper().risk_per_trade_percent, of),
                ..Limits::paper()
            },
            calendar: Calendar::new(),
            base: of("USD"),
            venues: [(of("paper"), capabilities())].into(),
            bars: AssetClass::ALL.into_iter().map(|class| (class, TimeDelta::hours(1))).collect(),
            stage: engine::Stage::Replay,
            buckets: [].into(),
            blackouts: [].into(),
            drilled: None,
            alerts: None,
        };
        let store = SqliteStore::create(&place.file("paper-state.journal.sqlite")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let runner = runtime.block_on(Runner::start(
            Desk::new(setup),
            Book::default(),
            Journal::open(store).unwrap(),
            vec![Venue::new(broker, Arc::clone(&clock), place.file("halt"))],
            clock,
            "0",
            Onlookers::from(None),
        ));
        Self { runner: Some(runner.unwrap()), runtime, venue, now }
    }

    fn set(&self, now: Time) {
        *self.now.lock().unwrap() = now;
        self.venue.set_time(now);
    }

    fn turn(&mut self, inputs: Vec<Input>) {
        let runner = self.runner.take().unwrap();
        self.runner = Some(self.runtime.block_on(runner.turn(inputs)).unwrap());
    }

    fn play(&mut self, moment: &Moment, catalog: &Catalog, costs: &Costs) {
        self.set(moment.at());
        self.venue.play(moment).unwrap();
        if let Some(quote) = moment.quote_in_ticks(catalog.get(moment.ix()).unwrap(), costs) {
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

    fn take(&mut self, (at, (signal, digest)): (Time, Decided)) {
        self.set(at);
        self.read_account();
        self.turn(vec![Input::Signal { signal, digest }]);
    }
}

/// A place with the bars and the journal of four weeks.
pub fn lived(spoiled: &Spoiled) -> Place {
    let place = Place::new();
    std::fs::remove_file(place.file("tradewind.toml")).unwrap();
    std::fs::create_dir(place.file("bars")).unwrap();
    for symbol in TRADED {
        let rows = (0..DAYS.len()).map(|day| {
            let prices = bar(symbol, day).map(|price| price.to_string()).join(",");
            format!("{},{prices}\n", date(day))
        });
        let text = "date,open,high,low,close\n".to_owned() + &rows.collect::<String>();
        place.write(&format!("bars/{}.csv", symbol.replace('/', "")), &text);
    }
    let [catalog, _] = listed(spoiled);
    let mut bars = Bars::open(&place.file("bars"), &catalog).unwrap();
    let delay = |(signal, _): &Decided| match spoiled.late {
        Some((id, hours)) if signal.id.as_str() == id => TimeDelta::hours(hours),
        _ => TimeDelta::zero(),
    };
    let mut due: Vec<(Time, Decided)> = decisions(&catalog)
        .into_iter()
        .map(|decided| (decided.0.decided_at + delay(&decided), decided))
        .collect();
    due.sort_by_key(|(at, _)| *at);
    let mut due = due.into_iter().peekable();
    let (mut trader, costs) = (Trader::start(&place, spoiled), settings(&Spoiled::default()).costs);
    while let Some(moment) = bars.next().unwrap() {
        while let Some(next) = due.next_if(|(at, _)| *at < moment.at()) {
            trader.take(next);
        }
        trader.play(&moment, &catalog, &costs);
        if matches!(moment, Moment::Close { .. }) {
            trader.read_account();
        }
    }
    due.for_each(|next| trader.take(next));
    let runner = trader.runner.take().unwrap();
    drop(runner.stop(0).unwrap());
    place
}
