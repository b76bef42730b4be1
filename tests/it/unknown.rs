//! Orders whose outcome nobody knows, at venues of every kind: what is asked, what is sent again, what is given up, and what
//! becomes of what comes late. A desk alone, told step by step what its venue says.

mod attempts;

use std::sync::Arc;

use broker_api::{
    Blackout, Capabilities, ClientOrderId, Code, Direction, End, Ending, Fill, Finding, Intent, KindName,
    Money, Phase, Proof, Purpose, Record, Resend, ResolvePolicy, Side, SubmitOutcome, Time, TimeInForce,
    VenueEvent, Wanted,
};
use chrono::{NaiveTime, TimeDelta, Weekday};
use engine::{Command, Desk, Input, Market};
use state::{Batch, Book};

use crate::world::{
    Stepped, account, account_ref, arrives, capabilities, enter, key, of, plan, quote, setup, signal, venue,
};

/// A desk, and what it wants done.
struct Alone {
    desk: Desk,
    book: Book,
    market: Market,
    clock: Stepped,
    log: Vec<VenueEvent>,
    submits: Vec<(Intent, u32)>,
    cancels: usize,
    finds: Vec<ClientOrderId>,
}

fn policy(resend: Resend) -> ResolvePolicy {
    ResolvePolicy {
        first_ask: TimeDelta::seconds(1),
        every: TimeDelta::seconds(5),
        asks_max: 30,
        settle: TimeDelta::seconds(10),
        send_within: TimeDelta::seconds(20),
        resend,
        ..capabilities().resolve
    }
}

impl Alone {
    /// One whose guard waits for outcomes for an hour.
    fn new(can: Capabilities) -> Self {
        let mut decides = setup(can);
        decides.limits.unknown_minutes = 60;
        Self::with(decides)
    }

    fn with(decides: engine::Setup) -> Self {
        let mut alone = Self {
            market: Market::of_history(Arc::clone(&decides.catalog)),
            desk: Desk::new(decides),
            book: Book::default(),
            clock: Stepped::new(),
            log: Vec::new(),
            submits: Vec::new(),
            cancels: 0,
            finds: Vec::new(),
        };
        let now = alone.clock.now();
        let bound = Record::VenueBound { of: account_ref(), equity: of("100000"), cursor: of("0") };
        alone.book.apply(&bound, now).expect("a new book");
        alone.begins();
        alone
    }

    fn begins(&mut self) {
        let (life, limits) = (self.book.life() + 1, state::encode::digest(b"limits"));
        let started = Record::Started { life, version: "0".into(), limits };
        self.book.apply(&started, self.clock.now()).expect("the next process");
    }

    /// Another process with other capabilities goes on.
    fn goes_on(&mut self, can: Capabilities) {
        let decides = setup(can);
        self.market = Market::of_history(Arc::clone(&decides.catalog));
        self.desk = Desk::new(decides);
        self.begins();
        self.after(0);
    }

    fn feed(&mut self, inputs: &[Input]) {
        let mut batch = Batch::new(self.book.seq() + 1);
        for input in inputs {
            let now = self.clock.now();
            self.desk
                .step(&mut self.book, &mut self.market, input, now, &mut batch)
                .expect("records that follow");
        }
        let (_, commands) = batch.drain_volatile();
        for command in commands {
            match command {
                Command::Submit { order, attempt, .. } => self.submits.push((order.open(), attempt)),
                Command::Cancel { .. } => self.cancels += 1,
                Command::Find { order, .. } => self.finds.push(order),
                Command::Close { key } => panic!("nobody asked to close {key}"),
            }
        }
    }

    /// So many seconds later everything is read, and the clock looked at.
    fn after(&mut self, seconds: i64) {
        self.clock.forward(TimeDelta::seconds(seconds));
        let (now, cursor) = (self.clock.now(), self.book.venue(venue()).expect("bound").cursor);
        let from: usize = of(cursor.as_str());
        let activity = broker_api::Activity {
            events: self.log[from..].to_vec(),
            cursor: of(&self.log.len().to_string()),
            complete: true,
        };
        self.feed(&[
            quote("AAPL", "199.99", "200.01", now),
            quote("EUR/USD", "1.09999", "1.10001", now),
            Input::Activity { venue: venue(), activity },
            Input::Snapshot { account: account(now) },
            Input::Timer,
        ]);
    }

    fn enters(&mut self, id: &str, lives: i64) {
        let now = self.clock.now();
        let mut wanted = signal(id, "AAPL", enter(Direction::Long, plan("190", "")), now);
        wanted.expires_at = now + TimeDelta::seconds(lives);
        self.feed(&[arrives(wanted)]);
    }

    fn leaves(&mut self, id: &str) {
        let exit = arrives(signal(id, "AAPL", Wanted::Exit, self.clock.now()));
        self.feed(&[exit]);
    }

    /// The answer to what was sent last.
    fn answers(&mut self, outcome: SubmitOutcome) {
        let (intent, attempt) = *self.submits.last().expect("an order was sent");
        self.feed(&[Input::Submitted { order: intent.id, attempt, outcome }]);
    }

    fn lost(&mut self) {
        self.answers(SubmitOutcome::Unknown { why: "no answer".into() });
    }

    fn accepted(&mut self) {
        self.answers(SubmitOutcome::Accepted { venue_order: None });
    }

    /// The answer to the last question.
    fn finds(&mut self, finding: Option<Finding>) {
        let order = *self.finds.last().expect("it was asked");
        self.feed(&[Input::Found { order, finding }]);
    }

    fn absent(&mut self, proof: Proof) {
        self.finds(Some(Finding::Absent { proof }));
    }

    /// All of an order is executed; the next reading tells.
    fn fills(&mut self, intent: &Intent) {
        self.log.push(VenueEvent::Filled(Fill {
            execution: of(&format!("x{}", self.log.len())),
            order: intent.id,
            key: intent.key,
            side: intent.side,
            qty: intent.qty,
            price: of("200"),
            fee: Money { amount: of("0"), currency: of("USD") },
            kept: of("0"),
            rate: of("1"),
            at: self.clock.now(),
            model: None,
        }));
    }

    fn phase(&self, order: ClientOrderId) -> Phase {
        self.book.order(order).expect("it was made").phase
    }

    fn ended(&self, id: &str) -> Option<(Ending, Option<Code>)> {
        let ended = self.book.signal(of(id)).expect("it was taken in").ended.as_ref()?;
        Some((ended.ending, ended.reason.as_ref().map(|reason| reason.code)))
    }

    fn sent(&self, purpose: Purpose) -> Vec<(Intent, u32)> {
        self.submits.iter().filter(|(intent, _)| intent.purpose == purpose).copied().collect()
    }
}

fn log_to(end: &str) -> Proof {
    Proof::CompleteLog { from: of("0"), to: of(end) }
}

/// A venue that is looked after from five past ten in New York, five minutes from the beginning, for ten minutes.
fn looked_after() -> Capabilities {
    let at = |minute| NaiveTime::from_hms_opt(10, minute, 0).expect("a time of day");
    let blackout = Blackout { days: vec![Weekday::Tue], from: at(5), to: at(15) };
    Capabilities { blackouts: vec![blackout], resolve: policy(Resend::AfterProof), ..capabilities() }
}

#[test]
fn while_a_venue_is_looked_after_nobody_is_asked_no_entry_goes_and_an_exit_does() {
    let mut alone = Alone::new(looked_after());
    alone.after(0);
    alone.enters("in", 600);
    alone.accepted();
    let entry = alone.submits[0].0;
    alone.fills(&entry);
    alone.after(1);
    alone.accepted();
    let stop = alone.submits[1].0;
    // Ten past ten. The exit's cancel is tried, and then the exit.
    alone.after(609);
    alone.leaves("out");
    assert_eq!(alone.cancels, 1);
    alone.log.push(VenueEvent::Closed {
        order: stop.id,
        end: End::Cancelled,
        code: of("cancelled"),
        at: alone.clock.now(),
    });
    alone.after(1);
    let exits = alone.sent(Purpose::Exit);
    assert_eq!(exits.len(), 1, "an exit is tried");
    alone.lost();
    let mut other = signal("other", "EUR/USD", enter(Direction::Long, plan("1.05", "")), alone.clock.now());
    other.expires_at = alone.clock.now() + TimeDelta::minutes(30);
    alone.feed(&[arrives(other)]);
    for _ in 0..28 {
        alone.after(10);
    }
    assert_eq!((alone.finds.len(), alone.sent(Purpose::Entry).len()), (0, 1), "nobody asks, nothing enters");
    assert_eq!(alone.book.order(exits[0].0.id).expect("it was made").asks, 0, "and that is not counted");
    // A quarter past ten.
    alone.after(20);
    assert_eq!((alone.finds.len(), alone.sent(Purpose::Entry).len()), (1, 2));
    assert_eq!(alone.ended("other"), None);
}

#[test]
fn a_venue_that_goes_under_while_it_is_asked_proves_nothing() {
    let mut alone = Alone::new(looked_after());
    alone.after(270);
    alone.enters("in", 3_600);
    alone.lost();
    // Five seconds before it goes under.
    alone.after(25);
    assert_eq!(alone.finds.len(), 1);
    alone.clock.forward(TimeDelta::seconds(10));
    alone.absent(log_to("0"));
    let entry = alone.submits[0].0;
    assert_eq!(alone.book.order(entry.id).expect("it was made").proof, None);
    alone.after(300);
    assert_eq!((alone.submits.len(), alone.finds.len(), alone.phase(entry.id)), (1, 1, Phase::Unknown));
    alone.after(300);
    assert_eq!(alone.finds.len(), 2, "it is asked again afterwards");
    alone.absent(log_to("0"));
    assert_eq!(alone.submits.len(), 2, "and believed");
}

/// How much is at risk is not known as long as an outcome is not.
#[test]
fn an_order_without_an_outcome_for_ten_minutes_ends_entries() {
    let mut alone = Alone::with(setup(looked_after()));
    alone.after(0);
    alone.enters("in", 3_600);
    alone.lost();
    let level = |alone: &Alone| alone.book.guard().level;
    alone.after(599);
    assert_eq!(level(&alone), broker_api::Level::Trading);
    alone.after(1);
    assert_eq!(level(&alone), broker_api::Level::ReduceOnly);
    let reason = alone.book.guard().reason.as_ref().map(|reason| reason.code);
    assert_eq!(reason, Some(of("unknown_too_old")));
}

fn fenced() -> Capabilities {
    let resolve = ResolvePolicy { fence: Some(of("0.005")), ..policy(Resend::AfterProof) };
    Capabilities { resolve, ..capabilities() }
}

#[test]
fn an_entry_behind_a_fence_is_sent_again_only_when_its_last_moment_has_passed_and_with_a_new_one() {
    let mut alone = Alone::new(fenced());
    alone.after(0);
    let begins = alone.clock.now();
    alone.enters("in", 600);
    alone.lost();
    let first = alone.submits[0].0;
    assert_eq!(first.order.name(), KindName::Limit);
    let last = begins + TimeDelta::seconds(20);
    assert_eq!(first.tif, TimeInForce::Gtd(last));
    let passed = |fence: Time| Proof::FencePassed { fence, to: of("0") };
    // Too early, by a log alone, and of an earlier moment.
    for proof in [passed(last), log_to("0"), passed(last - TimeDelta::seconds(1)), log_to("0")] {
        alone.after(6);
        alone.absent(proof);
        assert_eq!(alone.submits.len(), 1, "{proof:?}");
    }
    alone.after(12);
    alone.absent(passed(last));
    let (second, attempt) = alone.submits[1];
    let next = TimeInForce::Gtd(alone.clock.now() + TimeDelta::seconds(20));
    assert_eq!((second, attempt), (Intent { tif: next, ..first }, 2));
    assert_eq!(alone.book.order(first.id).expect("it was made").intent, second, "as it is written down");
}

#[test]
fn a_market_order_is_never_sent_again_where_names_are_free_again() {
    let mut alone = Alone::new(Capabilities { resolve: policy(Resend::AfterProof), ..capabilities() });
    alone.after(0);
    alone.enters("in", 3_600);
    let (entry, last) = (alone.submits[0].0, alone.clock.now() + TimeDelta::seconds(20));
    assert_eq!(entry.order.name(), KindName::Market);
    alone.goes_on(fenced());
    for _ in 0..40 {
        alone.after(60);
        if alone.book.order(entry.id).is_some_and(|row| row.asking) {
            alone.absent(Proof::FencePassed { fence: last, to: of("0") });
        }
    }
    assert_eq!((alone.submits.len(), alone.phase(entry.id)), (1, Phase::Unknown), "it counts as live");
}

/// Silence settles it after ten seconds; a request may come for a hundred.
fn by_silence() -> Capabilities {
    let resend = Resend::AfterSilence(TimeDelta::seconds(10));
    let gone_after = TimeDelta::seconds(100);
    Capabilities { resolve: ResolvePolicy { gone_after, ..policy(resend) }, ..capabilities() }
}

#[test]
fn what_may_still_arrive_counts_as_live_and_what_arrives_after_all_is_taken_in() {
    let mut alone = Alone::new(by_silence());
    alone.after(0);
    let begins = alone.clock.now();
    alone.enters("in", 12);
    alone.lost();
    let entry = alone.submits[0].0;
    let mut since = None;
    while alone.phase(entry.id) == Phase::Unknown && alone.clock.now() < begins + TimeDelta::seconds(300) {
        alone.after(4);
        if alone.book.order(entry.id).is_some_and(|row| row.asking) {
            let since = *since.get_or_insert(alone.clock.now());
            alone.absent(Proof::Silence { since });
        }
    }
    assert_eq!(alone.phase(entry.id), Phase::Done(End::NeverSent));
    assert!(alone.clock.now() >= begins + TimeDelta::seconds(100), "{}", alone.clock.now());
    assert_eq!(alone.ended("in"), Some((Ending::NeverSent, Some(of("expired")))));
    assert_eq!(alone.submits.len(), 1);
    // It comes after all.
    alone.fills(&entry);
    alone.after(60);
    assert_eq!(alone.book.held(key("AAPL")).size(), entry.qty);
    let (stop, _) = *alone.submits.last().expect("a stop");
    assert_eq!((stop.purpose, stop.qty, stop.side), (Purpose::Stop, entry.qty, Side::Sell));
    assert_eq!(alone.book.diverged().len() + alone.book.venues_diverged().len(), 0);
}

#[test]
fn a_refusal_in_no_table_is_final_once_the_order_is_not_there() {
    let by_log = Capabilities { resolve: policy(Resend::AfterProof), ..capabilities() };
    let log: fn(Time) -> Proof = |_| log_to("0");
    let silence: fn(Time) -> Proof = |since| Proof::Silence { since };
    let passed: fn(Time) -> Proof =
        |sent| Proof::FencePassed { fence: sent + TimeDelta::seconds(20), to: of("0") };
    for (can, proof) in [(by_log, log), (by_silence(), silence), (fenced(), passed)] {
        let mut alone = Alone::new(can);
        alone.after(0);
        alone.enters("in", 3_600);
        let (entry, sent) = (alone.submits[0].0, alone.clock.now());
        alone.answers(SubmitOutcome::RefusedUnlisted { code: of("told_so"), text: "no".into() });
        assert_eq!(alone.phase(entry.id), Phase::Unknown, "until it is found not to be there");
        for _ in 0..40 {
            alone.after(6);
            if alone.book.order(entry.id).is_some_and(|row| row.asking) {
                alone.absent(proof(sent));
            }
        }
        assert_eq!((alone.phase(entry.id), alone.submits.len()), (Phase::Done(End::Refused), 1));
        assert_eq!(alone.ended("in").map(|(ending, _)| ending), Some(Ending::Rejected));
    }
}

#[test]
fn an_unknown_entry_takes_its_whole_room_and_its_instrument_no_other() {
    let mut alone = Alone::new(by_silence());
    alone.after(0);
    alone.enters("in", 3_600);
    alone.lost();
    let entry = alone.submits[0].0;
    let exposure = alone.book.exposure(key("AAPL"));
    assert_eq!((exposure.unknown, exposure.entering), (1, entry.qty));
    alone.enters("again", 3_600);
    assert_eq!(alone.ended("again"), Some((Ending::Denied, Some(of("unknown_order")))));
    assert_eq!(alone.submits.len(), 1);
}
