//! A desk that is driven as a runner drives it, at a venue whose answers are made up, and the session of it.

use std::collections::BTreeMap;
use std::str::FromStr;

use broker_api::{
    Account, AccountRef, Activity, AssetClass, CancelOutcome, Capabilities, Direction, Fill, Instrument,
    KindName, Level, Mode, Protection, Purpose, Quote, Resend, ResolvePolicy, Signal, SizeWanted,
    SubmitOutcome, VenueEvent, VenueId, Wanted,
};
use chrono::{TimeDelta, TimeZone as _, Utc};
use orders::Policy;
use risk::Limits;
use state::{Batch, Journal, MemoryStore};

use super::super::*;
use crate::calendar::Calendar;
use crate::{Command, Desk, Input, Market, Operator};

pub(super) fn of<T: FromStr<Err: fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

fn account_ref() -> AccountRef {
    AccountRef { venue: of("paper"), account: of("paper-1"), mode: Mode::Paper, currency: of("USD") }
}

pub(super) fn setup() -> Setup {
    let row = |symbol: &str| Instrument {
        key: broker_api::Key { venue: of("paper"), symbol: of(symbol) },
        asset_class: AssetClass::Crypto,
        quote: of("USD"),
        tick: of("0.01"),
        lot: of("0.001"),
        qty_min: of("0.001"),
        qty_max: of("1000000"),
        notional_min: of("0"),
        margin: of("1"),
        shortable: false,
    };
    let resolve = ResolvePolicy {
        first_ask: TimeDelta::zero(),
        every: TimeDelta::seconds(1),
        asks_max: 5,
        settle: TimeDelta::milliseconds(1_500),
        send_within: TimeDelta::seconds(30),
        resend: Resend::ProbeSameId(TimeDelta::seconds(5)),
        attempts_max: 5,
        not_sent_max: 5,
        throttled_max: 5,
        gone_after: TimeDelta::zero(),
        fence: None,
    };
    let can = Capabilities {
        kinds: KindName::ALL.to_vec(),
        holds_when_closed: vec![],
        reduce_only: true,
        brackets: broker_api::Brackets::None,
        closing_binds: false,
        parts_end_with_session: false,
        closes_positions: false,
        paid_when_executed: false,
        log_tells_closings: true,
        blackouts: Vec::new(),
        resolve,
    };
    Setup {
        catalog: Arc::new(Catalog::new(vec![row("BTC/USD"), row("ETH/USD")]).unwrap()),
        policy: Policy::paper(),
        limits: Limits::paper(),
        calendar: Calendar::new(),
        base: of("USD"),
        venues: [(of::<VenueId>("paper"), can)].into(),
        bars: BTreeMap::from([(AssetClass::Equity, TimeDelta::hours(1))]),
        stage: risk::Stage::Paper,
        buckets: BTreeMap::new(),
        blackouts: [].into(),
        drilled: None,
        alerts: None,
    }
}

/// See the module.
pub(super) struct Scene {
    desk: Desk,
    book: Book,
    market: Market,
    pub(super) journal: Journal<MemoryStore>,
    pub(super) writer: Writer<Vec<u8>>,
    now: Time,
    commands: Vec<Command>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let setup = setup();
        let mut scene = Self {
            market: Market::new(Arc::clone(&setup.catalog)),
            desk: Desk::new(setup),
            book: Book::default(),
            journal: Journal::open(MemoryStore::new("scene")).unwrap(),
            writer: Writer::new(Vec::new()),
            now: Utc.with_ymd_and_hms(2026, 3, 3, 15, 0, 0).unwrap(),
            commands: Vec::new(),
        };
        scene
            .writer
            .write(&Line::Begin {
                version: "0",
                at: scene.now,
                setup: scene.desk.setup(),
                book: &scene.book,
                journal: scene.journal.id(),
                head: scene.journal.head().into(),
            })
            .unwrap();
        scene.put(vec![
            Record::VenueBound { of: account_ref(), equity: of("100000"), cursor: of("0") },
            Record::Started { life: 1, version: "0".into(), limits: of(&"a".repeat(64)) },
        ]);
        scene
    }

    pub(super) fn put(&mut self, records: Vec<Record>) {
        let mut batch = Batch::new(self.book.seq() + 1);
        for record in records {
            self.writer.write(&Line::Put { at: self.now, record: &record }).unwrap();
            batch.put(&mut self.book, record, self.now).unwrap();
        }
        self.commit(batch);
    }

    pub(super) fn feed(&mut self, inputs: &[Input]) {
        self.now += TimeDelta::microseconds(1_234_567);
        let mut batch = Batch::new(self.book.seq() + 1);
        for input in inputs {
            self.writer.write(&Line::Step { at: self.now, halted: false, input }).unwrap();
            self.desk.step(&mut self.book, &mut self.market, input, self.now, &mut batch).unwrap();
        }
        self.commit(batch);
    }

    fn commit(&mut self, batch: Batch<Command>) {
        let wrote = !batch.is_empty();
        self.commands = self.journal.commit(batch).unwrap().open();
        if wrote {
            self.writer.write(&Line::Commit { head: self.journal.head().into() }).unwrap();
        }
    }

    pub(super) fn price(&self, symbol: &str, bid: &str, ask: &str) -> Input {
        let ix = self.desk.setup().catalog.find_symbol(of(symbol)).unwrap();
        Input::Quote { ix, quote: Quote { bid: of(bid), ask: of(ask), at: self.now } }
    }

    fn signal(&self, id: &str, symbol: &str, wanted: Wanted) -> Input {
        let signal = Signal {
            id: of(id),
            strategy: of("trend"),
            symbol: of(symbol),
            decision_price: None,
            bar_close: None,
            decided_at: self.now,
            expires_at: self.now + TimeDelta::hours(1),
            wanted,
        };
        Input::Signal { signal, digest: of(&"b".repeat(64)) }
    }

    fn snapshot(&self) -> Input {
        let account = Account {
            of: account_ref(),
            equity: of("100000.00"),
            balance: of("100000"),
            margin_used: of("0"),
            buying_power: of("100000"),
            coin_power: None,
            previous_close: None,
            blocked: false,
            at: self.now,
        };
        Input::Snapshot { account }
    }

    /// What a venue says to the commands under way: taken, and the entries filled whole.
    fn answers(&mut self) {
        let mut inputs = Vec::new();
        let mut events = Vec::new();
        for command in std::mem::take(&mut self.commands) {
            match command {
                Command::Submit { order, attempt, .. } => {
                    let intent = order.open();
                    let outcome = SubmitOutcome::Accepted { venue_order: None };
                    inputs.push(Input::Submitted { order: intent.id, attempt, outcome });
                    if matches!(intent.purpose, Purpose::Entry | Purpose::Exit) {
                        events.push(VenueEvent::Filled(Fill {
                            execution: of(&format!("x{}", self.book.seq())),
                            order: intent.id,
                            key: intent.key,
                            side: intent.side,
                            qty: intent.qty,
                            price: intent.reference,
                            fee: of::<broker_api::Amount>("0.10").of(of("USD")),
                            kept: broker_api::Qty::ZERO,
                            rate: of("1.000"),
                            at: self.now,
                            model: None,
                        }));
                    }
                }
                Command::Cancel { order, .. } => {
                    inputs.push(Input::Cancelled { order, outcome: CancelOutcome::Accepted });
                    events.push(VenueEvent::Closed {
                        order,
                        end: broker_api::End::Cancelled,
                        code: of("cancelled"),
                        at: self.now,
                    });
                }
                Command::Find { order, .. } => inputs.push(Input::Found { order, finding: None }),
                Command::Close { key } => {
                    inputs.push(Input::Closing { key, outcome: CancelOutcome::Accepted });
                }
            }
        }
        let activity = Activity { events, cursor: of(&self.book.seq().to_string()), complete: true };
        inputs.push(Input::Activity { venue: of("paper"), activity });
        self.feed(&inputs);
    }

    /// Its session, and the journal it must come out as.
    pub(super) fn end(mut self) -> (Vec<u8>, Place, Book) {
        self.writer.finish().unwrap();
        (self.writer.to, self.journal.head().into(), self.book)
    }
}

/// A position that is opened, guarded and closed; an entry that is denied; one that is lost; a person who acts.
pub(super) fn played() -> Scene {
    let mut scene = Scene::new();
    let enter = |stop: &str| Wanted::Enter {
        side: Direction::Long,
        size: SizeWanted::Configured,
        plan: Protection { stop: Some(of(stop)), target: None, trail: None },
    };
    scene.feed(&[scene.price("BTC/USD", "49990.00", "50000.0"), scene.price("ETH/USD", "2999", "3000")]);
    let holdings = Input::Holdings { venue: of("paper"), holdings: broker_api::Holdings::default() };
    scene.feed(&[holdings, scene.snapshot(), Input::Timer]);
    scene.feed(&[
        scene.signal("in", "BTC/USD", enter("48000.00")),
        scene.signal("denied", "ETH/USD", enter("100")),
    ]);
    scene.answers();
    scene.answers();
    scene.feed(&[scene.signal("out", "BTC/USD", Wanted::Exit)]);
    while !scene.commands.is_empty() {
        scene.answers();
    }
    scene.feed(&[scene.price("ETH/USD", "2999", "3000"), scene.snapshot()]);
    scene.feed(&[scene.signal("lost", "ETH/USD", enter("2900"))]);
    let orders = scene.commands.iter().filter_map(|command| match command.subject() {
        crate::command::Subject::Order(order) => Some(order),
        crate::command::Subject::Position(_) => None,
    });
    let lost = orders.map(|order| Input::Submitted {
        order,
        attempt: 1,
        outcome: SubmitOutcome::Unknown { why: "a line\nand \"another\" \u{1f600}".into() },
    });
    let lost: Vec<_> = lost.collect();
    scene.feed(&lost);
    scene.answers();
    scene.feed(&[Input::Operator(Operator::Level {
        level: Level::Paused,
        name: "ann".into(),
        why: "odd".into(),
        until: Some(scene.now + TimeDelta::hours(1)),
    })]);
    scene.put(vec![Record::Stopped { life: 1, exit: 0, equity: Some(of("100000")), left: Vec::new() }]);
    scene
}
