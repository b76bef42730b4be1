//! Passes at the hours that matter: after the close, five minutes after the open, around the change of the currencies'
//! day, at the boundary of the account day, after days without any. Each pass is a process of its own, which knows no
//! price until it has read one.

use std::sync::Arc;

use broker_api::{
    AssetClass, Broker, Code, Day, Direction, Ending, KindName, Purpose, Record, Time, VenueDay, VenueHours,
    Wanted,
};
use broker_paper::matching::Moment;
use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::watch::Onlookers;
use engine::{Desk, Input, Runner, Setup, Venue};
use state::{Book, Journal, MemoryStore};

use crate::world::paper::Paper;
use crate::world::{arrives, enter, ix, key, of, plan, setup, signal, venue};

/// What a pass meets.
#[derive(Default)]
struct Meets {
    /// A symbol, its bid and ask.
    prices: Vec<(&'static str, &'static str, &'static str)>,
    inputs: Vec<Input>,
}

/// A book under a paper venue whose prices are live, as `run` has it with a file of quotes.
struct Cron {
    paper: Paper,
    book: Book,
    journal: Option<Journal<MemoryStore>>,
    /// Whether prices come as bars.
    is_bars: bool,
    due: Option<Time>,
}

impl Cron {
    fn new() -> Self {
        let journal = Journal::open(MemoryStore::new("cron")).expect("an empty journal");
        let (paper, book) = (Paper::new(), Book::default());
        Self { paper, book, journal: Some(journal), is_bars: false, due: None }
    }

    fn setup(&self, ours: &Venue) -> Setup {
        let mut capabilities = ours.capabilities().clone();
        if self.is_bars {
            return setup(capabilities);
        }
        capabilities.holds_when_closed.retain(|kind| *kind != KindName::Market);
        Setup { bars: [].into(), ..setup(capabilities) }
    }

    /// One pass at a moment: start, prices, inputs, end.
    async fn pass(&mut self, at: &str, meets: Meets) {
        let at: Time = of(at);
        self.paper.clock.forward(at - self.paper.clock.now());
        self.paper.venue.set_time(at);
        let broker: Arc<dyn Broker> = Arc::clone(&self.paper.venue) as Arc<dyn Broker>;
        let ours = Venue::new(broker, self.paper.clock.clock(), self.paper.files().halt);
        let desk = Desk::new(self.setup(&ours));
        let (book, journal) = (self.book.clone(), self.journal.take().expect("the pass before ended"));
        let clock = self.paper.clock.clock();
        let mut runner = Runner::start(desk, book, journal, vec![ours], clock, "0", Onlookers::default())
            .await
            .expect("a start");
        for (symbol, bid, ask) in meets.prices {
            let quote = broker_api::Quote { bid: of(bid), ask: of(ask), at };
            let class = Self::class(symbol);
            if Calendar::new().open(class, at, None).is_trading() {
                self.paper.venue.play(&Moment::Quote { ix: ix(symbol), quote }).expect("a venue that works");
            }
            runner = runner.turn(vec![Input::Quote { ix: ix(symbol), quote }]).await.expect("nothing fails");
            while self.paper.venue.next_event().expect("a venue that works") {
                runner = runner.catch_up().await.expect("nothing fails");
            }
        }
        runner = runner.refresh().await.expect("nothing fails");
        runner = runner.turn(meets.inputs).await.expect("nothing fails");
        runner = runner.refresh().await.expect("nothing fails");
        self.due = runner.desk().next_due();
        let (book, journal) = runner.stop(0).expect("nothing fails");
        (self.book, self.journal) = (book, Some(journal));
    }

    fn class(symbol: &str) -> AssetClass {
        crate::world::catalog().instrument(key(symbol)).expect("one of the three").asset_class
    }

    /// How a signal ended, and by which code; nothing while it is open.
    fn ended(&self, id: &str) -> Option<(Ending, Option<Code>)> {
        let ended = self.book.signal(of(id)).expect("it was taken in").ended.as_ref()?;
        Some((ended.ending, ended.reason.as_ref().map(|reason| reason.code)))
    }

    fn orders(&self, purpose: Purpose) -> usize {
        let records = self.journal.as_ref().expect("between passes").read(0, 10_000).expect("rows");
        let is_one =
            |record: &Record| matches!(record, Record::Intended { intent, .. } if intent.purpose == purpose);
        records.iter().filter(|stamped| is_one(&stamped.record)).count()
    }

    fn days(&self) -> Vec<(Time, bool)> {
        let records = self.journal.as_ref().expect("between passes").read(0, 10_000).expect("rows");
        records
            .iter()
            .filter_map(|stamped| match stamped.record {
                Record::DayStarted { starts, late, .. } => Some((starts, late)),
                _ => None,
            })
            .collect()
    }
}

/// An entry as a strategy decides it now, which holds until a moment.
fn entry(id: &str, symbol: &str, stop: &str, decided: &str, expires: &str) -> Input {
    let wanted = enter(Direction::Long, plan(stop, ""));
    let mut entry = signal(id, symbol, wanted, of(decided));
    entry.expires_at = of(expires);
    arrives(entry)
}

fn at(symbol: &'static str, bid: &'static str, ask: &'static str) -> Meets {
    Meets { prices: vec![(symbol, bid, ask)], inputs: vec![] }
}

const AAPL: (&str, &str, &str) = ("AAPL", "199.95", "200.00");
const EURUSD: (&str, &str, &str) = ("EUR/USD", "1.10000", "1.10010");

/// A decision of a Tuesday evening, in the pass ten minutes after the close.
async fn decided_after_the_close() -> Cron {
    let mut cron = Cron::new();
    let wanted = entry("in", "AAPL", "190", "2026-03-03T21:00:00Z", "2026-03-04T15:00:00Z");
    cron.pass("2026-03-03T20:59:00Z", at(AAPL.0, AAPL.1, AAPL.2)).await;
    let prices = vec![AAPL];
    cron.pass("2026-03-03T21:10:00Z", Meets { prices, inputs: vec![wanted] }).await;
    assert_eq!((cron.ended("in"), cron.orders(Purpose::Entry)), (None, 0), "it waits");
    assert_eq!(cron.due, Some(of("2026-03-04T14:30:00Z")), "for the next opening");
    cron
}

#[tokio::test(flavor = "current_thread")]
async fn an_entry_decided_after_the_close_goes_in_the_pass_after_the_open() {
    let mut cron = decided_after_the_close().await;
    // Nothing happens at night, however often a pass runs.
    cron.pass("2026-03-04T03:00:00Z", at(AAPL.0, AAPL.1, AAPL.2)).await;
    assert_eq!(cron.ended("in"), None);
    // The pass begins without a price, which must not be held against the entry, and reads one.
    cron.pass("2026-03-04T14:35:00Z", at(AAPL.0, AAPL.1, AAPL.2)).await;
    assert_eq!(cron.ended("in"), Some((Ending::Filled, None)));
    assert_eq!((cron.orders(Purpose::Entry), cron.orders(Purpose::Stop)), (1, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn an_entry_that_waits_without_a_price_waits_until_it_expires() {
    let mut cron = decided_after_the_close().await;
    cron.pass("2026-03-04T14:35:00Z", Meets::default()).await;
    assert_eq!(cron.ended("in"), None);
    assert_eq!(cron.due, Some(of("2026-03-04T15:00:00Z")));
    // The last moment of it, and the first after it.
    cron.pass("2026-03-04T14:59:59Z", Meets::default()).await;
    assert_eq!(cron.ended("in"), None);
    cron.pass("2026-03-04T15:00:00Z", at(AAPL.0, AAPL.1, AAPL.2)).await;
    assert_eq!(cron.ended("in"), Some((Ending::Expired, Some(of("expired")))));
    assert_eq!(cron.orders(Purpose::Entry), 0);
}

#[tokio::test(flavor = "current_thread")]
async fn no_entry_goes_around_the_change_of_the_currencies_day_but_an_exit_does() {
    let mut cron = Cron::new();
    let early = entry("early", "EUR/USD", "1.09", "2026-03-03T21:00:00Z", "2026-03-03T22:30:00Z");
    cron.pass("2026-03-03T21:10:00Z", Meets { prices: vec![EURUSD], inputs: vec![early] }).await;
    assert_eq!(cron.ended("early"), Some((Ending::Filled, None)));
    let exit = arrives(signal("out", "EUR/USD", Wanted::Exit, of("2026-03-03T22:00:00Z")));
    cron.pass("2026-03-03T22:05:00Z", Meets { prices: vec![EURUSD], inputs: vec![exit] }).await;
    assert_eq!(cron.ended("out"), Some((Ending::Filled, None)), "an exit is tried");
    let late = entry("late", "EUR/USD", "1.09", "2026-03-03T22:00:00Z", "2026-03-03T22:30:00Z");
    cron.pass("2026-03-03T22:05:00Z", Meets { prices: vec![EURUSD], inputs: vec![late] }).await;
    assert_eq!((cron.ended("late"), cron.due), (None, Some(of("2026-03-03T22:15:00Z"))));
    cron.pass("2026-03-03T22:14:59Z", Meets { prices: vec![EURUSD], inputs: vec![] }).await;
    assert_eq!(cron.ended("late"), None);
    cron.pass("2026-03-03T22:15:00Z", Meets { prices: vec![EURUSD], inputs: vec![] }).await;
    assert_eq!(cron.ended("late"), Some((Ending::Filled, None)));
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_decided_by_a_days_bar_goes_at_the_change_of_the_day() {
    let mut cron = Cron::new();
    cron.is_bars = true;
    let late = entry("late", "EUR/USD", "1.09", "2026-03-03T22:00:00Z", "2026-03-03T22:30:00Z");
    cron.pass("2026-03-03T22:00:00Z", Meets { prices: vec![EURUSD], inputs: vec![late] }).await;
    assert_eq!(cron.orders(Purpose::Entry), 1, "{:?}", cron.ended("late"));
}

#[tokio::test(flavor = "current_thread")]
async fn an_exit_that_waits_for_the_open_leaves_the_stop_until_it_goes() {
    let mut cron = Cron::new();
    let wanted = entry("in", "AAPL", "190", "2026-03-03T20:00:00Z", "2026-03-03T20:30:00Z");
    cron.pass("2026-03-03T20:00:00Z", Meets { prices: vec![AAPL], inputs: vec![wanted] }).await;
    let out = arrives(signal("out", "AAPL", Wanted::Exit, of("2026-03-03T21:05:00Z")));
    cron.pass("2026-03-03T21:10:00Z", Meets { prices: vec![AAPL], inputs: vec![out] }).await;
    let rests = |cron: &Cron| cron.book.open_orders().map(|row| row.intent.purpose).collect::<Vec<_>>();
    assert_eq!((rests(&cron), cron.orders(Purpose::Exit)), (vec![Purpose::Stop], 0));
    assert_eq!(cron.due, Some(of("2026-03-04T14:30:00Z")));
    cron.pass("2026-03-04T14:35:00Z", at(AAPL.0, AAPL.1, AAPL.2)).await;
    assert_eq!((rests(&cron), cron.ended("out")), (vec![], Some((Ending::Filled, None))));
}

/// What a venue says of a Tuesday and the day after it: the Tuesday is as told.
fn tuesday(hours: Option<(&str, &str)>) -> Input {
    let hours = hours.map(|(opens, closes)| VenueHours { opens: of(opens), closes: of(closes) });
    let days =
        vec![VenueDay { date: of("2026-03-03"), hours }, VenueDay { date: of("2026-03-04"), hours: None }];
    Input::Days { venue: venue(), class: AssetClass::Equity, days }
}

#[tokio::test(flavor = "current_thread")]
async fn where_the_venue_says_otherwise_no_entry_goes_and_an_exit_is_tried() {
    let mut cron = Cron::new();
    let one = entry("one", "AAPL", "190", "2026-03-03T15:00:00Z", "2026-03-03T16:00:00Z");
    let inputs = vec![tuesday(None), one];
    cron.pass("2026-03-03T15:00:00Z", Meets { prices: vec![AAPL], inputs }).await;
    assert_eq!(cron.ended("one"), Some((Ending::Denied, Some(of("calendars_differ")))));
    // It says the same as we do: the entry goes.
    let usual = tuesday(Some(("2026-03-03T14:30:00Z", "2026-03-03T21:00:00Z")));
    let two = entry("two", "AAPL", "190", "2026-03-03T15:00:00Z", "2026-03-03T16:00:00Z");
    cron.pass("2026-03-03T15:01:00Z", Meets { prices: vec![AAPL], inputs: vec![usual, two] }).await;
    assert_eq!(cron.ended("two"), Some((Ending::Filled, None)));
    // It is closed by our calendar, and the venue says that it trades until seven: the exit is sent, an entry is not.
    let long = tuesday(Some(("2026-03-03T14:30:00Z", "2026-03-04T00:00:00Z")));
    let out = arrives(signal("out", "AAPL", Wanted::Exit, of("2026-03-03T21:05:00Z")));
    cron.pass("2026-03-03T21:05:00Z", Meets { prices: vec![], inputs: vec![out] }).await;
    assert_eq!(cron.orders(Purpose::Exit), 0, "closed, and nobody says otherwise");
    let timer = Input::Timer;
    cron.pass("2026-03-03T21:06:00Z", Meets { prices: vec![], inputs: vec![long, timer] }).await;
    assert_eq!(cron.orders(Purpose::Exit), 1);
}

#[tokio::test(flavor = "current_thread")]
async fn the_account_day_begins_at_five_in_new_york_with_the_first_pass_of_it() {
    let mut cron = Cron::new();
    let monday: Time = of("2026-03-02T22:00:00Z");
    let tuesday: Time = of("2026-03-03T22:00:00Z");
    let wednesday: Time = of("2026-03-04T22:00:00Z");
    cron.pass("2026-03-03T21:59:59Z", Meets::default()).await;
    assert_eq!(cron.days(), [(monday, true)], "the first pass of all is a late one");
    // Exactly at the boundary, and once more within the day.
    cron.pass("2026-03-03T22:00:00Z", Meets::default()).await;
    cron.pass("2026-03-03T22:10:00Z", Meets::default()).await;
    assert_eq!(cron.days(), [(monday, true), (tuesday, false)]);
    // A quarter of an hour after it is on time, a moment more is not.
    cron.pass("2026-03-04T22:15:00Z", Meets::default()).await;
    assert_eq!(cron.days().last(), Some(&(wednesday, false)));
    cron.pass("2026-03-05T22:15:01Z", Meets::default()).await;
    assert_eq!(cron.days().last(), Some(&(of("2026-03-05T22:00:00Z"), true)));
}

#[tokio::test(flavor = "current_thread")]
async fn days_without_a_pass_leave_one_late_day_that_begins_with_the_larger_equity() {
    let mut cron = Cron::new();
    let one = entry("in", "BTC/USD", "45000", "2026-03-03T22:00:00Z", "2026-03-03T23:00:00Z");
    let coin = ("BTC/USD", "49999", "50000");
    cron.pass("2026-03-03T22:05:00Z", Meets { prices: vec![coin], inputs: vec![one] }).await;
    assert_eq!(cron.ended("in"), Some((Ending::Filled, None)));
    let before = cron.book.guard().equity.expect("a reading");
    // From Tuesday to Monday nobody looks, the clocks change, and the coin falls.
    cron.pass("2026-03-09T13:35:00Z", at("BTC/USD", "47000", "47001")).await;
    let Some(Day { starts, equity, .. }) = cron.book.guard().day else { panic!("a day") };
    assert_eq!(starts, of::<Time>("2026-03-08T21:00:00Z"), "one day, the one that is under way");
    assert_eq!(cron.days().len(), 2);
    assert_eq!(cron.days().last().map(|day| day.1), Some(true));
    assert_eq!(equity, before, "what was lost since the last reading counts against this day");
    let now = cron.book.guard().equity.expect("a reading");
    assert!(now < before, "{now} {before}");
    assert_eq!(of::<Time>("2026-03-09T13:35:00Z") - starts, TimeDelta::minutes(16 * 60 + 35));
}
