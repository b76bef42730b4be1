//! A desk with prices, an account, and a venue that takes everything and fills it: what the benches step.
//!
//! Time and prices follow from a counter, so two worlds that did the same hold the same records.

use std::collections::BTreeMap;
use std::sync::Arc;

use broker_api::{
    Account, AccountId, AccountRef, Activity, Amount, AssetClass, CancelOutcome, Capabilities, Catalog,
    ClientOrderId, Code, Currency, Cursor, Digest, Direction, End, ExecutionId, Fill, Instrument, Intent,
    Key, Mode, Protection, Purpose, Quote, Ratio, Record, Signal, SignalId, SizeWanted, Stamped, StrategyId,
    SubmitOutcome, Time, VenueEvent, VenueId, Wanted,
};
use chrono::{DateTime, TimeDelta};
use engine::calendar::Calendar;
use engine::{Command, Desk, Input, Limits, Market, Policy, Setup};
use state::{Batch, Book};

const PAIRS: [&str; 7] = ["EUR/USD", "GBP/USD", "USD/JPY", "USD/CHF", "AUD/USD", "USD/CAD", "EUR/GBP"];
const STOCKS: [&str; 20] = [
    "AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA", "BRK.B", "JPM", "V", "MA", "UNH", "XOM", "JNJ",
    "PG", "HD", "KO", "PEP", "COST", "WMT",
];
const COINS: [&str; 6] = ["BTC/USD", "ETH/USD", "SOL/USD", "LTC/USD", "XRP/USD", "DOGE/USD"];
/// Where the coins stand in the catalog. They are what is traded here: their market never closes.
const FIRST_COIN: usize = PAIRS.len() + STOCKS.len();
/// How long from one trade to the next: five a day.
const BETWEEN: TimeDelta = TimeDelta::seconds(17_280);

/// A desk and everything it works with.
pub(crate) struct World {
    of: AccountRef,
    between: TimeDelta,
    pub(crate) desk: Desk,
    pub(crate) book: Book,
    pub(crate) market: Market,
    pub(crate) now: Time,
    /// All that was put so far.
    pub(crate) records: Vec<Stamped>,
    kept: usize,
    trades: usize,
    log: u64,
}

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn account() -> AccountRef {
    let account: AccountId = "paper-1".parse().unwrap();
    AccountRef { venue: "paper".parse().unwrap(), account, mode: Mode::Paper, currency: usd() }
}

fn instruments(venue: VenueId) -> Vec<Instrument> {
    let all = [(AssetClass::Forex, &PAIRS[..]), (AssetClass::Equity, &STOCKS), (AssetClass::Crypto, &COINS)];
    let of = |class, symbol: &&str| Instrument {
        key: Key { venue, symbol: symbol.parse().unwrap() },
        asset_class: class,
        quote: symbol.split_once('/').map_or("USD", |(_, quote)| quote).parse().unwrap(),
        tick: "0.01".parse().unwrap(),
        lot: "0.01".parse().unwrap(),
        qty_min: "0.01".parse().unwrap(),
        qty_max: "1000000".parse().unwrap(),
        notional_min: "1".parse().unwrap(),
        margin: Ratio::ONE,
        shortable: class != AssetClass::Crypto,
    };
    all.into_iter().flat_map(|(class, symbols)| symbols.iter().map(move |symbol| of(class, symbol))).collect()
}

fn capabilities() -> Capabilities {
    broker_paper::venue::capabilities()
}

pub(crate) fn hash(n: usize) -> Digest {
    format!("{n:064x}").parse().unwrap()
}

fn cursor(n: u64) -> Cursor {
    n.to_string().parse().unwrap()
}

impl World {
    /// A book that is bound and started, with a price of everything and an account that was just read, and with
    /// so many positions that stay, each with its stop and its target working.
    pub(crate) fn new(kept: usize) -> Self {
        let now = DateTime::parse_from_rfc3339("2021-03-02T15:00:00.123456Z").unwrap().to_utc();
        Self::at(account(), now, BETWEEN, kept)
    }

    /// The same at another account, from another moment on, with so long from one trade to the next.
    pub(crate) fn at(of: AccountRef, now: Time, between: TimeDelta, kept: usize) -> Self {
        let catalog = Arc::new(Catalog::new(instruments(of.venue)).unwrap());
        let setup = Setup {
            catalog: Arc::clone(&catalog),
            policy: Policy::paper(),
            limits: Limits::paper(),
            calendar: Calendar::new(),
            base: usd(),
            venues: [(of.venue, capabilities())].into(),
            bars: BTreeMap::new(),
            stage: engine::Stage::Broker,
            buckets: BTreeMap::new(),
            blackouts: [].into(),
            drilled: None,
            alerts: None,
        };
        let (book, market) = (Book::default(), Market::of_history(catalog));
        let (desk, records) = (Desk::new(setup), Vec::new());
        let mut world = Self { of, between, desk, book, market, now, records, kept: 0, trades: 0, log: 0 };
        world.begin();
        world.refresh();
        for coin in 0..kept {
            world.kept = coin;
            let signal = world.signal();
            world.feed(&signal);
            world.fill(world.coin(), Purpose::Entry);
            world.trades = 0;
        }
        world.kept = kept;
        world
    }

    fn begin(&mut self) {
        let mut batch = Batch::<Command>::new(1);
        let bound = Record::VenueBound { of: self.of, equity: equity(), cursor: cursor(0) };
        let started = Record::Started { life: 1, version: "0.0.0".into(), limits: hash(1) };
        for record in [bound, started] {
            let _ = batch.put(&mut self.book, record, self.now).unwrap();
        }
        self.records.extend(batch.drain_volatile().0);
    }

    /// New prices and a new reading of the account.
    pub(crate) fn refresh(&mut self) {
        for n in 0..self.catalog().len() {
            let quote = self.quote(n, 0);
            self.feed(&quote);
        }
        let account = Account {
            of: self.of,
            equity: equity(),
            balance: equity(),
            margin_used: Amount::ZERO,
            buying_power: equity(),
            coin_power: None,
            previous_close: None,
            blocked: false,
            at: self.now,
        };
        self.feed(&Input::Snapshot { account });
    }

    /// A price of the `n`th instrument, so many cents above a hundred.
    pub(crate) fn quote(&self, n: usize, cents: u64) -> Input {
        let (ix, _) = self.catalog().iter().nth(n).unwrap();
        let price = |cents: u64| format!("{}.{:02}", 100 + cents / 100, cents % 100).parse().unwrap();
        Input::Quote { ix, quote: Quote { bid: price(cents), ask: price(cents + 2), at: self.now } }
    }

    /// The coin that is traded next.
    fn coin(&self) -> Key {
        let n = FIRST_COIN + self.kept + self.trades % (COINS.len() - self.kept);
        let (_, instrument) = self.catalog().iter().nth(n).unwrap();
        instrument.key
    }

    fn catalog(&self) -> &Catalog {
        &self.desk.setup().catalog
    }

    /// A signal to buy the next coin, with stop and target.
    pub(crate) fn signal(&self) -> Input {
        let (symbol, trade) = (self.coin().symbol, self.trades);
        let strategy: StrategyId = "channel-breakout".parse().unwrap();
        let id: SignalId = format!("{}/{symbol}/{trade}", self.now.date_naive()).parse().unwrap();
        let plan = Protection {
            stop: Some("95.5".parse().unwrap()),
            target: Some("109.25".parse().unwrap()),
            trail: None,
        };
        let signal = Signal {
            id,
            strategy,
            symbol,
            decision_price: Some("100".parse().unwrap()),
            bar_close: Some(self.now - TimeDelta::minutes(1)),
            decided_at: self.now,
            expires_at: self.now + TimeDelta::hours(1),
            wanted: Wanted::Enter { side: Direction::Long, size: SizeWanted::Configured, plan },
        };
        Input::Signal { signal, digest: hash(trade) }
    }

    /// Steps one input.
    pub(crate) fn step(&mut self, input: &Input) -> Batch<Command> {
        let mut batch = Batch::new(self.book.seq() + 1);
        self.desk.step(&mut self.book, &mut self.market, input, self.now, &mut batch).unwrap();
        batch
    }

    /// Trades until there are so many records or a few more; what was held before is held at the end.
    pub(crate) fn trade(&mut self, records: usize) {
        while self.records.len() < records {
            self.later();
            let signal = self.signal();
            let (records, commands) = self.step(&signal).drain_volatile();
            self.records.extend(records);
            self.finish(commands);
        }
    }

    /// Moves on to the next trade, with new prices.
    pub(crate) fn later(&mut self) {
        self.now += self.between;
        self.refresh();
    }

    /// Goes on after the step that took a signal in, until its position is closed by its stop or its target.
    pub(crate) fn finish(&mut self, commands: Vec<Command>) {
        let (coin, held) = (self.coin(), self.book.positions().len());
        self.answer(commands);
        self.fill(coin, Purpose::Entry);
        assert_eq!(self.book.positions().len(), held + 1, "an entry was not filled");
        self.now += TimeDelta::minutes(90);
        self.refresh();
        let by = if self.trades.is_multiple_of(3) { Purpose::Stop } else { Purpose::Target };
        self.fill(coin, by);
        assert_eq!(self.book.positions().len(), held, "a position was not closed");
        assert_eq!(self.book.open_orders().len(), 2 * self.kept, "an order was left open");
        self.trades += 1;
    }

    /// The venue fills the working order of this instrument and purpose.
    fn fill(&mut self, key: Key, purpose: Purpose) {
        let is_it = |intent: &Intent| intent.key == key && intent.purpose == purpose;
        let order = self.book.open_orders().map(|row| row.intent).find(is_it).unwrap();
        self.log += 1;
        let execution: ExecutionId = format!("x{:012}", self.log).parse().unwrap();
        let price = order.order.prices().into_iter().flatten().next().unwrap_or(order.reference);
        let fill = Fill {
            execution,
            order: order.id,
            key,
            side: order.side,
            qty: order.qty,
            price,
            fee: "0.37".parse::<Amount>().unwrap().of(usd()),
            kept: broker_api::Qty::ZERO,
            rate: Ratio::ONE,
            at: self.now,
            model: Some(Code::fixed("bar_open")),
        };
        self.tell(&VenueEvent::Filled(fill));
    }

    fn tell(&mut self, event: &VenueEvent) {
        let activity = Activity { events: vec![*event], cursor: cursor(self.log), complete: true };
        self.feed(&Input::Activity { venue: self.of.venue, activity });
    }

    /// Steps one input and everything the venue answers to what follows from it.
    fn feed(&mut self, input: &Input) {
        let (records, commands) = self.step(input).drain_volatile();
        self.records.extend(records);
        self.answer(commands);
    }

    fn answer(&mut self, commands: Vec<Command>) {
        for command in commands {
            self.now += TimeDelta::microseconds(731);
            match command {
                Command::Submit { order, attempt, .. } => {
                    let order = order.get().id;
                    let outcome =
                        SubmitOutcome::Accepted { venue_order: Some(order.as_str().parse().unwrap()) };
                    self.feed(&Input::Submitted { order, attempt, outcome });
                }
                Command::Cancel { order, .. } => self.cancelled(order),
                Command::Find { order, .. } => self.feed(&Input::Found { order, finding: None }),
                Command::Close { key } => {
                    let why = "it closes nothing by itself".into();
                    self.feed(&Input::Closing { key, outcome: CancelOutcome::NotSent { why } });
                }
            }
        }
    }

    fn cancelled(&mut self, order: ClientOrderId) {
        self.feed(&Input::Cancelled { order, outcome: CancelOutcome::Accepted });
        self.log += 1;
        let (end, code) = (End::Cancelled, Code::fixed("cancelled"));
        self.tell(&VenueEvent::Closed { order, end, code, at: self.now });
    }

    /// Ends as a venue would whose log has nothing behind this place, so that a real program can go on from there.
    pub(crate) fn forget_the_log(&mut self, place: &str) {
        let mut batch = Batch::<Command>::new(self.book.seq() + 1);
        let record = Record::CursorMoved { venue: self.of.venue, cursor: place.parse().unwrap() };
        let _ = batch.put(&mut self.book, record, self.now).unwrap();
        self.records.extend(batch.drain_volatile().0);
    }
}

fn equity() -> Amount {
    "10000".parse().unwrap()
}
