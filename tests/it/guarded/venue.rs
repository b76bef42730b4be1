//! The venue of these tests: it takes every order unless told otherwise, and executes what a test says.

use std::sync::Arc;

use broker_api::{
    AccountRef, Activity, CancelOutcome, Capabilities, ClientOrderId, End, Fill, Held, Holdings, Intent, Key,
    LimitsSet, Mode, Money, OpenOrder, Protection, Purpose, Qty, Record, Repair, Side, SubmitOutcome, Time,
    VenueEvent, VenueOrder, VenuePosition,
};
use chrono::TimeDelta;
use engine::{Command, Desk, Input, Market, Operator, Setup};
use state::{Batch, Book};

use crate::world::{Stepped, account, account_ref, arrives, key, of, quote, setup, signal, venue};

/// One order that lives there.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub(crate) intent: Intent,
    pub(crate) filled: Qty,
}

/// A desk, and its venue.
pub(crate) struct Scene {
    pub(crate) desk: Desk,
    pub(crate) book: Book,
    pub(crate) market: Market,
    pub(crate) clock: Stepped,
    pub(crate) records: Vec<Record>,
    pub(crate) live: Vec<Live>,
    pub(crate) sent: Vec<Intent>,
    pub(crate) closes: Vec<Key>,
    /// What the venue holds, whoever bought it.
    pub(crate) held: Vec<(Key, Held)>,
    /// Orders of others.
    pub(crate) others: Vec<OpenOrder>,
    /// What it refuses.
    pub(crate) refuses: Vec<Purpose>,
    /// Whether its lists can be read.
    pub(crate) is_listed: bool,
    pub(crate) bid: String,
    /// How many seconds its answers to orders take.
    pub(crate) slow: i64,
    /// What the account is worth, as it is read.
    pub(crate) equity: &'static str,
    /// What kind of account it says it is.
    pub(crate) mode: Mode,
    log: Vec<VenueEvent>,
    executions: usize,
}

impl Scene {
    pub(crate) fn new(can: Capabilities) -> Self {
        Self::with(setup(can))
    }

    pub(crate) fn with(setup: Setup) -> Self {
        let mut scene = Self {
            market: Market::new(Arc::clone(&setup.catalog)),
            desk: Desk::new(setup),
            book: Book::default(),
            clock: Stepped::new(),
            records: Vec::new(),
            live: Vec::new(),
            sent: Vec::new(),
            closes: Vec::new(),
            held: Vec::new(),
            others: Vec::new(),
            refuses: Vec::new(),
            is_listed: true,
            bid: "200".into(),
            slow: 0,
            equity: crate::world::CASH,
            mode: account_ref().mode,
            log: Vec::new(),
            executions: 0,
        };
        let bound = Record::VenueBound { of: account_ref(), equity: of("100000"), cursor: of("0") };
        scene.book.apply(&bound, scene.clock.now()).expect("a new book");
        scene.begins();
        scene
    }

    /// At an account of real money, with the limits of its desk in force, as version 1.
    pub(crate) fn live(can: Capabilities) -> Self {
        let mut scene = Self { book: Book::default(), mode: Mode::Live, ..Self::new(can) };
        let of = AccountRef { mode: Mode::Live, ..account_ref() };
        let bound =
            Record::VenueBound { of, equity: crate::world::of("100000"), cursor: crate::world::of("0") };
        scene.book.apply(&bound, scene.clock.now()).expect("a new book");
        scene.begins();
        scene.versioned(1);
        scene
    }

    /// The limits of its desk are written down.
    pub(crate) fn versioned(&mut self, version: u32) {
        let figures = self.desk.setup().limits.figures();
        let set = Record::LimitsSet(LimitsSet { version, figures });
        self.book.apply(&set, self.clock.now()).expect("the next version");
    }

    fn begins(&mut self) {
        let (life, limits) = (self.book.life() + 1, state::encode::digest(b"limits"));
        let started = Record::Started { life, version: "0".into(), limits };
        self.book.apply(&started, self.clock.now()).expect("the next process");
    }

    /// Another process goes on, and knows what the book knows.
    pub(crate) fn restarts(&mut self) {
        let setup = self.desk.setup().clone();
        self.market = Market::new(Arc::clone(&setup.catalog));
        self.desk = Desk::new(setup);
        self.begins();
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Takes inputs in, carries out what follows, and goes on until nothing does.
    pub(crate) fn feed(&mut self, inputs: &[Input]) {
        let mut waiting = inputs.to_vec();
        while !waiting.is_empty() {
            let (mut batch, now) = (Batch::new(self.book.seq() + 1), self.clock.now());
            for input in &waiting {
                self.desk
                    .step(&mut self.book, &mut self.market, input, now, &mut batch)
                    .expect("records that follow");
            }
            let (records, commands) = batch.drain_volatile();
            self.records.extend(records.into_iter().map(|stamped| stamped.record));
            waiting = commands.into_iter().map(|command| self.carry_out(command)).collect();
            if !waiting.is_empty() {
                waiting.push(self.reading());
            }
        }
    }

    fn carry_out(&mut self, command: Command) -> Input {
        match command {
            Command::Submit { order, attempt, .. } => {
                let intent = order.open();
                self.sent.push(intent);
                self.clock.forward(TimeDelta::seconds(self.slow));
                let outcome = if self.refuses.contains(&intent.purpose) {
                    SubmitOutcome::Refused { code: of("told_so"), text: "not this one".into() }
                } else {
                    self.live.push(Live { intent, filled: Qty::ZERO });
                    SubmitOutcome::Accepted { venue_order: None }
                };
                Input::Submitted { order: intent.id, attempt, outcome }
            }
            Command::Cancel { order, .. } => {
                let is_there = self.live.iter().any(|live| live.intent.id == order);
                self.ends(order, End::Cancelled);
                let outcome = if is_there { CancelOutcome::Accepted } else { CancelOutcome::TooLate };
                Input::Cancelled { order, outcome }
            }
            Command::Find { order, .. } => {
                let end = |live: &Live| VenueOrder { venue_order: None, end: None, filled: live.filled };
                let found = self.live.iter().find(|live| live.intent.id == order).map(end);
                // What does not live any more was cancelled, as far as anybody there knows.
                let over = VenueOrder { venue_order: None, end: Some(End::Cancelled), filled: Qty::ZERO };
                let finding = Some(broker_api::Finding::Found { order: found.unwrap_or(over) });
                Input::Found { order, finding }
            }
            Command::Close { key } => {
                self.closes.push(key);
                let held = self.held_of(key);
                if let Some(side) = Side::reducing(held) {
                    self.trades("9f2c", key, side, &held.size().to_string());
                }
                Input::Closing { key, outcome: CancelOutcome::Accepted }
            }
        }
    }

    fn reading(&self) -> Input {
        let cursor = self.book.venue(venue()).expect("bound").cursor;
        let from: usize = of(cursor.as_str());
        let (events, cursor) = (self.log[from..].to_vec(), of(&self.log.len().to_string()));
        Input::Activity { venue: venue(), activity: Activity { events, cursor, complete: true } }
    }

    pub(crate) fn holdings(&self) -> Input {
        let shown = |live: &Live| OpenOrder {
            id: Some(live.intent.id),
            parent: None,
            key: live.intent.key,
            side: live.intent.side,
            qty: live.intent.qty,
            kind: Some(live.intent.order),
            order: VenueOrder { venue_order: None, end: None, filled: live.filled },
        };
        let held = self.held.iter().filter(|(_, held)| !held.is_flat());
        let positions = held.map(|(key, held)| VenuePosition { key: *key, held: *held, average: of("200") });
        let orders = self.live.iter().map(shown).chain(self.others.iter().copied());
        let holdings = Holdings { positions: positions.collect(), orders: orders.collect() };
        Input::Holdings { venue: venue(), holdings }
    }

    /// So many seconds later all is read, as a process that is awake does.
    pub(crate) fn after(&mut self, seconds: i64) {
        self.clock.forward(TimeDelta::seconds(seconds));
        let now = self.now();
        let mut inputs = vec![self.price(now), self.reading()];
        inputs.extend(self.is_listed.then(|| self.holdings()));
        let mut account = broker_api::Account { equity: of(self.equity), ..account(now) };
        account.of.mode = self.mode;
        inputs.extend([Input::Snapshot { account }, Input::Timer]);
        self.feed(&inputs);
    }

    fn price(&self, now: Time) -> Input {
        let ask: rust_decimal::Decimal =
            of::<rust_decimal::Decimal>(&self.bid) + of::<rust_decimal::Decimal>("0.02");
        quote("AAPL", &self.bid, &ask.to_string(), now)
    }

    /// The price moves, and is seen.
    pub(crate) fn moves(&mut self, bid: &str) {
        self.bid = bid.into();
        let now = self.now();
        self.feed(&[self.price(now)]);
    }

    pub(crate) fn enters(&mut self, id: &str, plan: Protection) {
        let wanted = crate::world::enter(broker_api::Direction::Long, plan);
        self.feed(&[arrives(signal(id, "AAPL", wanted, self.now()))]);
    }

    pub(crate) fn leaves(&mut self, id: &str) {
        self.feed(&[arrives(signal(id, "AAPL", broker_api::Wanted::Exit, self.now()))]);
    }

    pub(crate) fn repairs(&mut self, repair: Repair, plan: Protection) {
        self.repairs_until(repair, plan, None);
    }

    /// The same, for a time.
    pub(crate) fn repairs_until(&mut self, repair: Repair, plan: Protection, until: Option<Time>) {
        let act = Operator::Repair {
            venue: venue(),
            key: Some(key("AAPL")),
            repair,
            plan,
            until,
            name: "ann".into(),
            why: "looked".into(),
        };
        self.feed(&[Input::Operator(act)]);
    }

    /// So much of an order is executed; the next reading tells.
    pub(crate) fn fills(&mut self, order: ClientOrderId, qty: &str) {
        let live = self.live.iter_mut().find(|live| live.intent.id == order).expect("it lives");
        live.filled = live.filled.plus(of(qty)).expect("small");
        let intent = live.intent;
        if live.filled == intent.qty {
            self.live.retain(|live| live.intent.id != order);
        }
        self.executes(order, intent.key, intent.side, qty);
    }

    /// Somebody trades under a name that is none of ours.
    pub(crate) fn trades(&mut self, name: &str, key: Key, side: Side, qty: &str) {
        self.executes(of(name), key, side, qty);
    }

    fn executes(&mut self, order: ClientOrderId, key: Key, side: Side, qty: &str) {
        self.executions += 1;
        let by = side.signed(of(qty));
        match self.held.iter_mut().find(|(known, _)| *known == key) {
            Some((_, held)) => *held = held.moved(by).expect("small"),
            None => self.held.push((key, by)),
        }
        self.log.push(VenueEvent::Filled(Fill {
            execution: of(&format!("x{}", self.executions)),
            order,
            key,
            side,
            qty: of(qty),
            price: of(&self.bid),
            fee: Money { amount: of("0"), currency: of("USD") },
            kept: Qty::ZERO,
            rate: of("1"),
            at: self.now(),
            model: None,
        }));
    }

    /// An order ends at the venue; the next reading tells.
    pub(crate) fn ends(&mut self, order: ClientOrderId, end: End) {
        if self.live.iter().any(|live| live.intent.id == order) {
            self.live.retain(|live| live.intent.id != order);
            self.log.push(VenueEvent::Closed { order, end, code: of("ended"), at: self.now() });
        }
    }

    pub(crate) fn tells(&mut self, event: &VenueEvent) {
        self.log.push(*event);
    }

    /// The venue makes the legs of a bracket.
    pub(crate) fn makes_legs(&mut self, entry: &Intent) {
        for (purpose, price) in [(Purpose::Stop, entry.plan.stop), (Purpose::Target, entry.plan.target)] {
            let (Some(price), Some(id)) = (price, entry.id.leg(purpose)) else { continue };
            let order = match purpose {
                Purpose::Stop => broker_api::OrderKind::Stop(broker_api::intent::Stop { trigger: price }),
                _ => broker_api::OrderKind::Limit(broker_api::intent::Limit { limit: price }),
            };
            let intent = Intent { id, purpose, order, side: entry.side.opposite(), bracket: false, ..*entry };
            self.live.push(Live { intent, filled: Qty::ZERO });
        }
    }

    pub(crate) fn held_of(&self, key: Key) -> Held {
        self.held.iter().find(|(known, _)| *known == key).map_or(Held::FLAT, |(_, held)| *held)
    }

    /// What lives there of one purpose.
    pub(crate) fn rests(&self, purpose: Purpose) -> Vec<Intent> {
        self.live.iter().map(|live| live.intent).filter(|intent| intent.purpose == purpose).collect()
    }

    /// What was sent of one purpose.
    pub(crate) fn made(&self, purpose: Purpose) -> Vec<Intent> {
        self.sent.iter().filter(|intent| intent.purpose == purpose).copied().collect()
    }

    /// How a signal ended.
    pub(crate) fn ended(&self, id: &str) -> Option<(broker_api::Ending, Option<broker_api::Code>)> {
        let ended = self.book.signal(of(id)).expect("it was taken in").ended.as_ref()?;
        Some((ended.ending, ended.reason.as_ref().map(|reason| reason.code)))
    }

    /// Why entries are stopped in the instrument.
    pub(crate) fn diverged(&self) -> Option<String> {
        let mut all = self.book.diverged();
        all.find(|(known, _)| *known == key("AAPL")).map(|(_, row)| row.reason.code.to_string())
    }

    /// An entry that was executed whole, and what follows.
    pub(crate) fn holding(can: Capabilities, plan: Protection) -> Self {
        let mut scene = Self::new(can);
        scene.after(0);
        scene.enters("in", plan);
        let entry = scene.made(Purpose::Entry)[0];
        scene.fills(entry.id, &entry.qty.to_string());
        if entry.bracket {
            scene.makes_legs(&entry);
        }
        scene.after(1);
        scene
    }
}
