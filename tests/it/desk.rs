//! A desk under a venue that does anything a venue may do: what must always hold is looked at after every step. A
//! failing case is kept beside this folder and tried first by the next run.

/// Fails the case when something does not hold.
macro_rules! holds {
    ($is:expr, $($text:tt)*) => {
        if !$is {
            return Err(TestCaseError::fail(format!($($text)*)));
        }
    };
}

/// Stop and target of what is held, moved.
mod adjusts;
/// What reached the desk, told again.
mod recorded;
/// The desk, its journal, and what is looked at.
mod rig;
/// The venue.
mod scripted;

use broker_api::{
    Direction, End, Level, Protection, Resend, ResolvePolicy, Signal, SizeWanted, Time, Wanted,
};
use chrono::TimeDelta;
use engine::{Input, Operator};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::world::{arrives, ix, of, signal};
use rig::Rig;

/// What a step gives: nothing, or what did not hold.
type Held = Result<(), TestCaseError>;

/// Each instrument, the price it begins at, and its tick.
const MARKET: [(&str, &str, &str); 3] =
    [("AAPL", "200", "0.01"), ("EUR/USD", "1.1", "0.00001"), ("BTC/USD", "50000", "0.01")];

/// Something that happens.
#[derive(Clone, Debug)]
enum Act {
    Enter { symbol: usize, is_long: bool, stop: u8, target: u8, lives: u16 },
    Exit { symbol: usize },
    Adjust { symbol: usize, stop: u8, target: u8 },
    Again { n: u8, is_other: bool },
    Quote { symbol: usize, to: i64 },
    Fill { n: u8, tenths: u8 },
    Close { n: u8, is_expired: bool },
    Read { again: u8, most: u8 },
    Answer { n: u8 },
    Timer,
    Equity { thousands: u8 },
    Level { level: u8 },
    Restart,
    DieBeforeSending,
    DiskFails { is_kept: bool },
    Settle,
}

/// One step: time passes, something happens, and the venue does with what is sent as its fates say.
#[derive(Clone, Debug)]
struct Step {
    after: u16,
    is_fresh: bool,
    act: Act,
    keeps_answers: bool,
    fates: [u8; 3],
}

fn acts() -> impl Strategy<Value = Act> {
    let symbol = 0..3usize;
    prop_oneof![
        12 => (symbol.clone(), any::<bool>(), 1..60u8, 0..40u8, 1..1800u16).prop_map(
            |(symbol, is_long, stop, target, lives)| Act::Enter { symbol, is_long, stop, target, lives }
        ),
        4 => symbol.clone().prop_map(|symbol| Act::Exit { symbol }),
        4 => (symbol.clone(), 0..60u8, 0..60u8)
            .prop_map(|(symbol, stop, target)| Act::Adjust { symbol, stop, target }),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(n, is_other)| Act::Again { n, is_other }),
        6 => (symbol, 9_000..11_000i64).prop_map(|(symbol, to)| Act::Quote { symbol, to }),
        20 => (any::<u8>(), 1..=10u8).prop_map(|(n, tenths)| Act::Fill { n, tenths }),
        5 => (any::<u8>(), any::<bool>()).prop_map(|(n, is_expired)| Act::Close { n, is_expired }),
        14 => (0..6u8, 1..5u8).prop_map(|(again, most)| Act::Read { again, most }),
        10 => any::<u8>().prop_map(|n| Act::Answer { n }),
        10 => Just(Act::Timer),
        1 => (92..=101u8).prop_map(|thousands| Act::Equity { thousands }),
        1 => (0..4u8).prop_map(|level| Act::Level { level }),
        1 => Just(Act::Restart),
        1 => Just(Act::DieBeforeSending),
        1 => any::<bool>().prop_map(|is_kept| Act::DiskFails { is_kept }),
        1 => Just(Act::Settle),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let after = prop_oneof![6 => Just(0u16), 6 => 1..8u16, 2 => 8..90u16, 1 => 90..3600u16];
    let step = (after, any::<bool>(), acts(), any::<bool>(), any::<[u8; 3]>()).prop_map(
        |(after, is_fresh, act, keeps_answers, fates)| Step { after, is_fresh, act, keeps_answers, fates },
    );
    prop::collection::vec(step, 100..250)
}

fn policies() -> impl Strategy<Value = ResolvePolicy> {
    (prop_oneof![Just(0i64), Just(5)], prop_oneof![Just(5u32), Just(100)]).prop_map(|(settle, most)| {
        ResolvePolicy {
            first_ask: TimeDelta::zero(),
            every: TimeDelta::seconds(1),
            asks_max: most,
            settle: TimeDelta::seconds(settle),
            send_within: TimeDelta::seconds(30),
            resend: Resend::AfterProof,
            attempts_max: most,
            not_sent_max: most,
            throttled_max: most,
            gone_after: TimeDelta::zero(),
            fence: None,
        }
    })
}

/// What is played, and the signals that were sent so far.
struct Play {
    rig: Rig,
    signals: Vec<Signal>,
}

impl Play {
    fn step(&mut self, step: &Step) -> Held {
        let Step { after, is_fresh, act, keeps_answers, fates } = step;
        self.rig.clock.forward(TimeDelta::seconds(i64::from(*after)));
        if *is_fresh {
            self.rig.refresh(fates)?;
            self.prices()?;
        }
        self.act(act, fates)?;
        for _ in 0..50 {
            if *keeps_answers || self.rig.answers.is_empty() {
                return Ok(());
            }
            let answers = std::mem::take(&mut self.rig.answers);
            self.rig.feed(&answers, fates)?;
        }
        Err(TestCaseError::fail("one step has no end"))
    }

    fn act(&mut self, act: &Act, fates: &[u8]) -> Held {
        let now = self.rig.now();
        match act {
            Act::Enter { symbol, is_long, stop, target, lives } => {
                let (side, sign) = if *is_long { (Direction::Long, -1) } else { (Direction::Short, 1) };
                let plan = self.plan(*symbol, *stop, *target, sign);
                let wanted = Wanted::Enter { side, size: SizeWanted::Configured, plan };
                self.decide(*symbol, wanted, now + TimeDelta::seconds(i64::from(*lives)), fates)
            }
            Act::Exit { symbol } => self.decide(*symbol, Wanted::Exit, now + TimeDelta::seconds(600), fates),
            Act::Adjust { symbol, stop, target } => {
                let is_short =
                    self.rig.book().held(crate::world::key(MARKET[*symbol].0)).get().is_sign_negative();
                let plan = self.plan(*symbol, *stop, *target, if is_short { 1 } else { -1 });
                self.decide(*symbol, Wanted::Adjust { plan }, now + TimeDelta::seconds(600), fates)
            }
            Act::Again { n, is_other } => {
                let Some(signal) = self.signals.get(usize::from(*n) % self.signals.len().max(1)) else {
                    return Ok(());
                };
                let input = match arrives(*signal) {
                    Input::Signal { signal, .. } if *is_other => {
                        Input::Signal { signal, digest: state::encode::digest(b"another") }
                    }
                    same => same,
                };
                self.rig.feed(&[input], fates)
            }
            Act::Quote { symbol, to } => {
                self.rig.prices.insert(MARKET[*symbol].0, *to);
                self.prices()
            }
            Act::Fill { n, tenths } => {
                if let Some(order) = self.rig.venue.nth(*n) {
                    self.rig.venue.fill(order, Decimal::new(i64::from(*tenths), 1), now);
                }
                Ok(())
            }
            Act::Close { n, is_expired } => {
                if let Some(order) = self.rig.venue.nth(*n) {
                    self.rig.venue.close(order, if *is_expired { End::Expired } else { End::Cancelled }, now);
                }
                Ok(())
            }
            Act::Read { again, most } => {
                let log = self.rig.log(usize::from(*again), usize::from(*most));
                self.rig.feed(&[log], fates)
            }
            Act::Answer { n } => {
                if self.rig.answers.is_empty() {
                    return Ok(());
                }
                let at = usize::from(*n) % self.rig.answers.len();
                let answer = self.rig.answers.remove(at);
                self.rig.feed(&[answer], fates)
            }
            Act::Timer => self.rig.feed(&[Input::Timer], fates),
            Act::Equity { thousands } => {
                self.rig.equity = of(&format!("{thousands}000"));
                self.rig.refresh(fates)
            }
            Act::Level { level } => self.level(*level, fates),
            Act::Restart => self.rig.restart(),
            Act::DieBeforeSending => {
                self.rig.dies_before_sending = true;
                Ok(())
            }
            Act::DiskFails { is_kept } => {
                self.rig.disk_fails(*is_kept);
                Ok(())
            }
            Act::Settle => self.rig.settle(),
        }
    }

    fn decide(&mut self, symbol: usize, wanted: Wanted, expires_at: Time, fates: &[u8]) -> Held {
        let id = format!("s{}", self.signals.len());
        let signal = Signal { expires_at, ..signal(&id, MARKET[symbol].0, wanted, self.rig.now()) };
        self.signals.push(signal);
        self.rig.feed(&[arrives(signal)], fates)
    }

    /// A stop and a target so many tenths of a percent away from the price; none for 0.
    fn plan(&self, symbol: usize, stop: u8, target: u8, sign: i64) -> Protection {
        let price = |away: i64| {
            let price = self.price(symbol) * Decimal::new(1_000 + away, 3);
            broker_api::Price::new(price.round_dp(5)).ok()
        };
        Protection {
            stop: (stop > 0).then(|| price(sign * i64::from(stop) * 3)).flatten(),
            target: (target > 0).then(|| price(-sign * i64::from(target))).flatten(),
            trail: None,
        }
    }

    fn price(&self, symbol: usize) -> Decimal {
        let (name, begins, _) = MARKET[symbol];
        of::<Decimal>(begins) * Decimal::new(self.rig.prices[name], 4)
    }

    /// A fresh price of everything.
    fn prices(&mut self) -> Held {
        let at = self.rig.now();
        let quotes: Vec<_> = (0..MARKET.len())
            .map(|symbol| {
                let (name, _, tick) = MARKET[symbol];
                let tick: Decimal = of(tick);
                let bid = (self.price(symbol) / tick).floor() * tick;
                let price = |value| broker_api::Price::new(value).expect("above zero");
                let quote = broker_api::Quote { bid: price(bid), ask: price(bid + tick), at };
                Input::Quote { ix: ix(name), quote }
            })
            .collect();
        self.rig.feed(&quotes, &[0])
    }

    /// A person sets the level; most often back to trading.
    fn level(&mut self, level: u8, fates: &[u8]) -> Held {
        let (name, why) = ("mira".into(), "as told".into());
        let act = match level {
            0 | 1 => Operator::Level { level: Level::Trading, name, why, until: None },
            2 => Operator::Level { level: Level::ReduceOnly, name, why, until: None },
            _ => Operator::Flatten { name, why },
        };
        self.rig.feed(&[Input::Operator(act)], fates)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 4_000, max_shrink_time: 60_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_venue_does_the_book_is_the_journal_and_what_is_held_is_guarded(
        policy in policies(),
        steps in steps(),
    ) {
        let mut play = Play { rig: Rig::new(policy)?, signals: Vec::new() };
        for step in &steps {
            play.step(step)?;
        }
        play.rig.settle()?;
        play.rig.clock.forward(TimeDelta::hours(1));
        play.prices()?;
        play.rig.settle()?;
    }
}

/// A desk at a venue that is told step by step: what the property above found is kept below.
fn friendly(attempts_max: u32) -> Play {
    let policy = ResolvePolicy { attempts_max, ..crate::world::capabilities().resolve };
    Play { rig: Rig::new(policy).expect("a start"), signals: Vec::new() }
}

fn step(after: u16, act: Act, fate: u8) -> Step {
    Step { after, is_fresh: false, act, keeps_answers: false, fates: [fate; 3] }
}

/// A position in AAPL with a stop and a target, of which nothing is told yet.
fn filled_unheard(play: &mut Play) -> Held {
    let enter = Act::Enter { symbol: 0, is_long: true, stop: 10, target: 10, lives: 600 };
    play.step(&Step { is_fresh: true, ..step(0, enter, 8) })
}

#[test]
fn a_cancel_that_was_lost_on_its_way_is_asked_about_and_sent_again() -> Held {
    let mut play = friendly(5);
    filled_unheard(&mut play)?;
    play.rig.settle()?;
    assert_eq!(play.rig.book().open_orders().len(), 2, "both legs rest");
    play.step(&step(0, Act::Exit { symbol: 0 }, 7))?;
    play.rig.settle()?;
    assert_eq!((play.rig.book().positions().len(), play.rig.book().open_orders().len()), (0, 0));
    Ok(())
}

#[test]
fn a_stop_that_cannot_be_placed_ends_the_position_though_its_target_cannot_be_placed_either() -> Held {
    let mut play = friendly(1);
    filled_unheard(&mut play)?;
    // Neither leg leaves, and from then on the venue is out of reach.
    play.step(&step(0, Act::Read { again: 0, most: 4 }, 13))?;
    for _ in 0..7 {
        play.step(&step(6, Act::Timer, 13))?;
    }
    let wanted = play.rig.book().exit_wanted(crate::world::key("AAPL")).map(|exit| exit.code);
    assert_eq!(wanted, Some(of("unprotected")));
    Ok(())
}

#[test]
fn a_stop_that_is_refused_beside_its_entry_ends_the_entry_and_then_the_position() -> Held {
    let mut play = friendly(5);
    play.rig.venue.ahead = TimeDelta::seconds(60);
    let enter = Act::Enter { symbol: 0, is_long: true, stop: 10, target: 10, lives: 600 };
    play.step(&Step { is_fresh: true, ..step(0, enter, 9) })?;
    let refuse = step(1, Act::Read { again: 0, most: 4 }, 12);
    (0..3).try_for_each(|_| play.step(&refuse))?;
    let entry = play.rig.book().open_orders().next().and_then(|entry| entry.cancel_wanted);
    assert_eq!(entry, Some(of("unprotected")), "what is left of the entry is not kept");
    (0..9).try_for_each(|_| play.step(&refuse))?;
    let (book, key) = (play.rig.book(), crate::world::key("AAPL"));
    let is_stop = |order: &&state::book::Order| order.intent.purpose == broker_api::Purpose::Stop;
    assert_eq!(book.closed_orders().filter(is_stop).count(), 2, "not one after the other");
    assert_eq!(book.exit_wanted(key).map(|exit| exit.code), Some(of("unprotected")));
    Ok(())
}

#[test]
fn a_venue_that_ends_every_stop_at_once_is_not_sent_one_after_the_other() -> Held {
    let mut play = friendly(5);
    filled_unheard(&mut play)?;
    play.rig.settle()?;
    for _ in 0..40 {
        let now = play.rig.now();
        let is_stop = |order: &&scripted::Resting| order.intent.purpose == broker_api::Purpose::Stop;
        let stops: Vec<_> = play.rig.venue.live().filter(is_stop).map(|order| order.intent.id).collect();
        for stop in stops {
            play.rig.venue.close(stop, End::Cancelled, now);
        }
        play.step(&step(1, Act::Read { again: 0, most: 4 }, 0))?;
    }
    let is_stop = |order: &&state::book::Order| order.intent.purpose == broker_api::Purpose::Stop;
    let (book, key) = (play.rig.book(), crate::world::key("AAPL"));
    assert_eq!(
        book.closed_orders().filter(is_stop).count(),
        2,
        "the first, and the one that was tried after it"
    );
    assert_eq!(book.exit_wanted(key).map(|exit| exit.code), Some(of("unprotected")), "it is closed instead");
    Ok(())
}

#[test]
fn an_execution_that_was_taken_back_does_not_count_when_the_log_is_read_again() -> Held {
    let mut play = friendly(5);
    filled_unheard(&mut play)?;
    play.rig.settle()?;
    let key = crate::world::key("AAPL");
    let fill = play.rig.book().executions().next().map(|known| known.fill).expect("one execution");
    let (cursor, at) = (play.rig.book().venue(key.venue).expect("bound").cursor, play.rig.now());
    let told = |events: Vec<broker_api::VenueEvent>| Input::Activity {
        venue: key.venue,
        activity: broker_api::Activity { events, cursor, complete: true },
    };
    let bust = broker_api::VenueEvent::Busted { execution: fill.execution, at };
    play.rig.feed(&[told(vec![bust])], &[0])?;
    assert_eq!(play.rig.book().positions().len(), 0);
    let again = told(vec![broker_api::VenueEvent::Filled(fill), bust]);
    let seq = play.rig.book().seq();
    play.rig.feed(&[again], &[0])?;
    assert_eq!((play.rig.book().positions().len(), play.rig.book().seq()), (0, seq));
    Ok(())
}
