//! The desk: what is decided, from what is known. Pure: no I/O, no clock, no randomness.
//!
//! 1. A step takes one input; every change of the book is a record, put as it is decided, so that the second
//!    signal of a batch sees what the first one reserved.
//! 2. What must be done next is derived from the book, never remembered beside it; each command comes with the
//!    record that takes its need out of the book, so the same input twice does nothing the second time.
//! 3. The desk itself holds configuration, scratch space, and the moment at which something is next due.

mod arming;
mod away;
mod breakers;
mod day;
mod events;
mod executed;
mod exits;
mod found;
mod hours;
mod idle;
mod lately;
mod losses;
mod opening;
mod parts;
#[cfg(planted)]
mod planted;
mod protection;
mod reconcile;
mod review;
mod signals;
mod stops;
mod touched;
mod unsettled;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use broker_api::{
    Amount, AssetClass, Capabilities, Catalog, Code, Currency, Exposure, Key, KindName, Record, Symbol, Time,
    VenueId,
};
use chrono::TimeDelta;
use orders::Policy;
use risk::{Blackout, Floor, Limits, Stage};
use state::{Batch, Book, Illegal};

use crate::calendar::Calendar;
use crate::command::Command;
use crate::input::{Input, Operator};
use crate::market::Market;
use arming::Loosened;
use found::Found;
use hours::Hours;
use idle::Calm;
use lately::Pace;
use losses::Losses;
use reconcile::Suspects;
use touched::Touched;
use watch::follows;

pub use breakers::unclear;
pub use exits::tried_again;
pub use unsettled::awaited;

/// How long until something that failed for a passing reason is tried again.
const AGAIN: TimeDelta = TimeDelta::seconds(5);
/// How long an order that the venue refused to take is left alone before it is made anew.
const AFTER_REFUSAL: TimeDelta = TimeDelta::seconds(60);

/// What a desk decides by. Fixed for the life of a process.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What can be traded, and where.
    pub catalog: Arc<Catalog>,
    /// How orders are made.
    pub policy: Policy,
    /// What the guard allows.
    pub limits: Limits,
    /// When markets are open.
    pub calendar: Calendar,
    /// The currency the book is kept in.
    pub base: Currency,
    /// What each venue can do.
    pub venues: BTreeMap<VenueId, Capabilities>,
    /// The classes whose prices come as bars: such a price may be as old as the last close its market had, and this
    /// much more. Prices of other classes are live and must be as young as the limits say.
    pub bars: BTreeMap<AssetClass, TimeDelta>,
    /// Where it trades.
    pub stage: Stage,
    /// The bucket of instruments that move together to which a symbol belongs.
    pub buckets: BTreeMap<Symbol, Code>,
    /// Times in which nothing is entered.
    pub blackouts: Arc<[Blackout]>,
    /// When the kill switch was last tried, and did as it should.
    pub drilled: Option<Time>,
    /// Whether the last message to the command that tells people went through; nothing when there is none.
    pub alerts: Option<bool>,
}

/// Decides. See the module.
#[derive(Debug)]
pub struct Desk {
    setup: Setup,
    exposures: Vec<Exposure>,
    hours: Hours,
    floor: Floor,
    /// When the account was first read at a fall that closes everything; it is read once more before that is done.
    doubt: Option<Time>,
    /// The first reading of an account day, and when it was made, while a second one must confirm it.
    first: Option<(Amount, Time)>,
    /// What everything was worth by the last reading, and by the one before.
    read: (Option<Amount>, Option<Amount>),
    losses: Losses,
    /// Venues at which money came or went since their account was last read: what that says is of before.
    flowed: BTreeSet<VenueId>,
    /// What was lately sent.
    pace: Option<Pace>,
    calm: Option<Calm>,
    loosened: Loosened,
    due: Option<Time>,
    touched: Touched,
    suspects: Suspects,
    /// Whether some position may have to be looked after at each price.
    watches: bool,
    is_fresh: bool,
    halted: bool,
    reviews: u64,
}

/// One step under way: the book, the market, the moment, and what was put so far.
struct Step<'a> {
    setup: &'a Setup,
    book: &'a mut Book,
    market: &'a Market,
    now: Time,
    out: &'a mut Batch<Command>,
    exposures: &'a mut Vec<Exposure>,
    hours: &'a mut Hours,
    floor: &'a mut Floor,
    doubt: &'a mut Option<Time>,
    first: &'a mut Option<(Amount, Time)>,
    losses: &'a mut Losses,
    flowed: &'a mut BTreeSet<VenueId>,
    pace: &'a mut Pace,
    loosened: &'a mut Loosened,
    due: Option<Time>,
    touched: &'a mut Touched,
    suspects: &'a mut Suspects,
    halted: bool,
    reviews: &'a mut u64,
    /// The venue whose reading this step takes in.
    reading: Option<VenueId>,
}

impl Desk {
    /// A desk that decides by `setup`.
    pub fn new(setup: Setup) -> Self {
        let hours = Hours::new(setup.calendar);
        let watches = setup.venues.values().any(|venue| venue.closing_binds || !venue.takes(KindName::Stop));
        Self {
            setup,
            exposures: Vec::new(),
            hours,
            floor: Floor::default(),
            doubt: None,
            first: None,
            read: (None, None),
            losses: Losses::default(),
            flowed: BTreeSet::new(),
            pace: None,
            calm: None,
            loosened: Loosened::default(),
            due: None,
            touched: Touched::default(),
            suspects: Suspects::new(),
            watches,
            is_fresh: true,
            halted: false,
            reviews: 0,
        }
    }

    /// What it decides by.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// When something is due without any input, as far as the last step could tell.
    pub fn next_due(&self) -> Option<Time> {
        self.due
    }

    /// Whether the account shall be read once more, and when, before everything is closed, a class is stopped, or a day begins.
    pub fn doubts(&self) -> Option<Time> {
        let of_day = self.first.map(|(_, at)| at);
        let first = self.doubt.into_iter().chain(self.losses.doubt()).chain(of_day).min()?;
        Some(first + TimeDelta::seconds(i64::from(self.setup.limits.confirm_seconds)))
    }

    /// How many orders were put before the guard.
    pub const fn reviews(&self) -> u64 {
        self.reviews
    }

    /// Whether the halt file lies there: no entry is born while it does.
    pub fn set_halted(&mut self, halted: bool) {
        self.halted = halted;
    }

    /// Instruments in which a venue was seen to hold something else than the book, and that are looked at again.
    pub fn suspects(&self) -> impl Iterator<Item = Key> {
        self.suspects.keys().copied()
    }

    /// What all venues are worth together, in base currency; nothing while one of them, or a rate, is not known.
    pub fn equity(&self, book: &Book, market: &Market) -> Option<Amount> {
        day::equity(book, market, self.setup.base)
    }

    /// Takes in one input, puts what follows from it into `out`.
    ///
    /// # Errors
    /// [`Illegal`] when a record does not follow what the book holds: a fault of this program. The batch must then
    /// be dropped together with the book.
    pub fn step(
        &mut self,
        book: &mut Book,
        market: &mut Market,
        input: &Input,
        now: Time,
        out: &mut Batch<Command>,
    ) -> Result<(), Illegal> {
        if self.note(book, market, input, now) {
            return Ok(());
        }
        self.act(book, market, input, now, out)
    }

    /// Notes an input, and says whether nothing follows from it. Otherwise it is yet to be [acted on](Self::act).
    #[inline]
    pub(crate) fn note(&mut self, book: &Book, market: &mut Market, input: &Input, now: Time) -> bool {
        if self.is_fresh && self.setup.stage == Stage::Broker {
            market.set_away_after(TimeDelta::seconds(i64::from(self.setup.limits.contact_seconds)));
        }
        market.observe(input, now);
        match input {
            Input::Quote { ix, quote } => self.losses.sees(*ix, quote),
            Input::Snapshot { .. } => self.note_equity(book, market),
            _ => {}
        }
        if std::mem::take(&mut self.is_fresh) {
            self.watches |= book.positions().any(|position| position.plan.trail.is_some());
        }
        self.watches |= follows(input);
        self.is_idle(book, market, input, now)
    }

    /// Puts what follows from an input that was noted into `out`.
    ///
    /// # Errors
    /// As [`Desk::step`].
    pub(crate) fn act(
        &mut self,
        book: &mut Book,
        market: &mut Market,
        input: &Input,
        now: Time,
        out: &mut Batch<Command>,
    ) -> Result<(), Illegal> {
        if let Input::Submitted { order, outcome, .. } = input
            && let Some(row) = book.order(*order)
        {
            market.answered(row.intent.key.venue, outcome, now);
        }
        // What follows from a reading is looked at in full once more.
        self.calm = None;
        let pace = self.pace.get_or_insert_with(|| Pace::of(book, &self.setup));
        let mut step = Step {
            setup: &self.setup,
            book,
            market,
            now,
            out,
            exposures: &mut self.exposures,
            hours: &mut self.hours,
            floor: &mut self.floor,
            doubt: &mut self.doubt,
            first: &mut self.first,
            losses: &mut self.losses,
            flowed: &mut self.flowed,
            pace,
            loosened: &mut self.loosened,
            due: None,
            touched: &mut self.touched,
            suspects: &mut self.suspects,
            halted: self.halted,
            reviews: &mut self.reviews,
            reading: None,
        };
        let before = step.out.records().len();
        step.take(input)?;
        // What is due may be due anywhere, a timer is there to look at everything, and a reading may be what was waited for.
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_due || matches!(input, Input::Timer | Input::Operator(_) | Input::Holdings { .. }) {
            step.touched.everything();
        }
        let is_everything = step.derive(before)?;
        let due = step.due;
        // Elsewhere is due what was due there before.
        self.due = if is_everything { due } else { self.due.into_iter().chain(due).min() };
        Ok(())
    }
}

impl Step<'_> {
    fn take(&mut self, input: &Input) -> Result<(), Illegal> {
        match input {
            Input::Signal { signal, digest } => self.signal(signal, *digest),
            Input::Activity { venue, activity } => self.activity(*venue, activity),
            Input::Submitted { order, attempt, outcome } => self.submitted(*order, *attempt, outcome),
            Input::Cancelled { order, outcome } => self.cancelled(*order, outcome),
            Input::Found { order, finding } => self.found(*order, finding.as_ref()),
            Input::Snapshot { account } => {
                self.flowed.remove(&account.of.venue);
                self.day()
            }
            Input::Holdings { venue, holdings } => {
                self.reading = Some(*venue);
                self.holdings(*venue, holdings)
            }
            Input::Clock { venue, .. } => self.clock(*venue),
            Input::Closing { key, outcome } => {
                self.put(Record::CloseAnswered { key: *key, answer: outcome.clone() })
            }
            Input::Quote { ix, quote } => self.watch(*ix, quote),
            Input::Left { .. } => self.day(),
            Input::Days { .. } | Input::Timer => Ok(()),
            Input::Operator(act) => self.operator(act),
        }
    }

    /// All that must be done next, in the order of its urgency: guard, exits, protection, orders without an
    /// answer, signals; and again, until nothing follows from it any more. A stop that is given up makes an exit
    /// wanted, and the exit's cancels belong to the same moment. Each record takes its need out of the book, so this
    /// comes to an end.
    ///
    /// Only instruments are looked at that the records since `before` touched, or all of them; says whether it was all.
    fn derive(&mut self, before: usize) -> Result<bool, Illegal> {
        let (mut seen, mut is_everything) = (before, false);
        loop {
            let made = self.out.records().len();
            for stamped in &self.out.records()[seen..] {
                self.touched.by(&stamped.record, self.book);
                self.losses.note(&stamped.record);
            }
            seen = made;
            let found = Found::of(self.book, self.touched, made);
            self.breakers(found)?;
            self.stops()?;
            self.level()?;
            self.disarms()?;
            if !self.touched.is_nothing() {
                self.parts(found)?;
                self.exits(found)?;
                self.protect()?;
                self.unsettled(found)?;
            }
            self.end_signals()?;
            // What was looked at is done with, until a record touches it again.
            is_everything |= self.touched.take();
            if self.out.records().len() == made {
                return Ok(is_everything);
            }
        }
    }

    fn put(&mut self, record: Record) -> Result<(), Illegal> {
        self.out.put(self.book, record, self.now).map(|_| ())
    }

    fn put_with(&mut self, record: Record, command: Command) -> Result<(), Illegal> {
        self.out.put_with(self.book, record, command, self.now).map(|_| ())
    }

    fn due_at(&mut self, at: Time) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    fn operator(&mut self, act: &Operator) -> Result<(), Illegal> {
        match act {
            Operator::Level { .. } | Operator::Flatten { .. } => self.level_asked(act),
            Operator::Repair { .. } => self.repair(act),
            Operator::Arm { .. } | Operator::Disarm { .. } | Operator::ConfirmLimits { .. } => {
                self.allowed(act)
            }
            Operator::Stop { .. } | Operator::Allow { .. } => self.part_asked(act),
        }
    }
}
