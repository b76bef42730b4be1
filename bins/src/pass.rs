//! One pass: take the lock, read the book, catch up with prices and the broker, take inputs, end, write the state.
//!
//! `run`, `halt`, `flatten` and `demo` are passes; they differ in what they feed in and in who tells the time.

mod at;
mod broker;
mod paper;
mod serving;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use broker_api::{AssetClass, Catalog, Digest, Key, Level, Record, Time};
use broker_paper::matching::Costs;

use chrono::TimeDelta;
use engine::session::Recorder;
use engine::watch::Onlookers;
use engine::{Clock, Desk, Frozen, Input, Runner, Setup, Stage, StartFault, Venue};
use state::book::VenueState;
use state::reconcile::{Reconciliation, Verdict, reconcile};
use state::{Book, Head, Journal, Lock, SqliteStore, Started, checkpoint};
use tokio::runtime::Runtime;

use crate::alerts;
use crate::config::Source;
use crate::drills;
use crate::edits;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::limits::Force;
use crate::out::Out;
use crate::place::{Place, paper_venue};

use at::At;
pub use paper::{at_the_venue, paper_only, venue_is_there};

/// How much older than the last close of its market a bar may be and still be a price.
pub const BAR_AGE_MAX: TimeDelta = TimeDelta::hours(1);
/// How far back is looked for prices where nobody knows since when: long enough for the longest holiday.
const LOOKS_BACK: TimeDelta = TimeDelta::days(10);

/// How often, and for how long each time, a second reading is waited for that confirms a fall.
const CONFIRMATIONS: usize = 2;
const CONFIRMS_WITHIN: Duration = Duration::from_secs(61);
const CONFIRM_SLACK: Duration = Duration::from_millis(50);

/// A pass under way. It is consumed by what fails, so there is never one without its runner.
pub struct Pass {
    place: Place,
    out: Out,
    at: At,
    costs: Costs,
    clock: Clock,
    runtime: Runtime,
    runner: Runner<SqliteStore>,
    /// The edited state file that was found at the start.
    edit: Option<FoundEdit>,
    /// What was said to have no price, once.
    unpriced: BTreeSet<Key>,
    // Let go last: nobody else may write before everything above is closed.
    lock: Lock,
}

/// An edit of the state file, as a start met it.
#[derive(Clone, Copy)]
struct FoundEdit {
    /// The hash of the file's bytes.
    file: Digest,
    /// Whether no pass had seen it before.
    is_new: bool,
}

/// A pass that ended, with the lock still held: what is read from it is what was written.
pub struct Ended {
    place: Place,
    book: Book,
    journal: Journal<SqliteStore>,
    _lock: Lock,
}

impl Ended {
    /// The place it worked in.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// The book.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// The journal's id and its last record.
    pub fn journal_head(&self) -> (String, Head) {
        (self.journal.id().to_owned(), self.journal.head())
    }
}

impl Pass {
    /// Begins a pass by the clock of this machine, and catches up with prices.
    ///
    /// # Errors
    /// A lock that is held, files that cannot be used, a venue that is not available.
    pub fn begin(place: &Place, out: Out) -> Result<Self, Failure> {
        Self::recorded(place, out, None)
    }

    /// As [`Pass::begin`], with somebody who writes down all that reaches the desk.
    ///
    /// # Errors
    /// As [`Pass::begin`].
    pub fn recorded(place: &Place, out: Out, recorder: Option<Recorder>) -> Result<Self, Failure> {
        let clock: Clock = Arc::new(crate::clock::now);
        let pass = Self::open(place, out, clock, Arc::clone(&place.catalog), recorder)?;
        if pass.place.is_paper() { pass.catch_up() } else { pass.file_prices()?.price(&[])?.refresh() }
    }

    /// Begins a pass by another clock, at a paper venue that may describe its instruments otherwise than we do.
    ///
    /// # Errors
    /// As [`Pass::begin`].
    pub fn with(place: &Place, out: Out, clock: Clock, at_venue: Arc<Catalog>) -> Result<Self, Failure> {
        Self::open(place, out, clock, at_venue, None)
    }

    fn open(
        place: &Place,
        out: Out,
        clock: Clock,
        at_venue: Arc<Catalog>,
        recorder: Option<Recorder>,
    ) -> Result<Self, Failure> {
        out.step("lock");
        let lock = files::lock(place)?;
        out.step("read");
        let Started { mut book, mut journal, edited } = files::start(place)?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                Failure::new(Exit::Unexpected, "no_runtime", "no runtime could be made").because(&error)
            })?;
        let mut place = place.clone();
        broker::bound_here(&place, &book)?;
        let (at, clock) = if place.is_paper() {
            (At::Paper(paper::open(&place, &book, at_venue, &clock)?), clock)
        } else {
            let connected = broker::connect(&mut place, &book, &runtime, out)?;
            let clock = connected.clock.shared();
            (At::Broker(Box::new(connected)), clock)
        };
        // What is loosened a great deal waits; from here on the place has what is in force.
        place.loaded.config.limits = Force::of(&place.loaded.config.limits, &book, clock()).limits;
        let edit = match &edited {
            Some(edit) => {
                let is_new = edits::noted(out, edit, &mut book, &mut journal, clock())?;
                Some(FoundEdit { file: edit.file, is_new })
            }
            None => None,
        };
        let costs = place.loaded.config.settings(paper_venue()).costs;
        let ours = at.venues(&clock, &place.files.halt);
        let setup = setup(&place, &at, &book, &ours, clock());
        let start = Runner::start(
            Desk::new(setup),
            book,
            journal,
            ours,
            Arc::clone(&clock),
            env!("CARGO_PKG_VERSION"),
            Onlookers { watch: out.watch(), recorder },
        );
        let runner = runtime.block_on(start).map_err(|fault| did_not_start(&fault))?;
        let unpriced = BTreeSet::new();
        Ok(Self { place, out, at, costs, clock, runtime, runner, edit, unpriced, lock })
    }

    /// The time by this pass's clock.
    pub fn now(&self) -> Time {
        (self.clock)()
    }

    /// The place it works in.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// What is traded, as the desk sees it.
    pub const fn runner(&self) -> &Runner<SqliteStore> {
        &self.runner
    }

    /// The book.
    pub fn book(&self) -> &Book {
        self.runner.book()
    }

    /// The book held against what the brokers were last seen to hold, as of when that was read: what was executed since is
    /// recent then.
    pub fn compared(&self) -> Vec<Reconciliation> {
        let (book, market) = (self.book(), self.runner.market());
        let of_venue = |state: &VenueState| {
            let venue = state.of.venue;
            let (holdings, seen) = market.holdings(venue).zip(market.compared(venue))?;
            Some(reconcile(book, venue, holdings, seen))
        };
        book.venues().filter_map(of_venue).collect()
    }

    /// One verdict for each instrument that book or broker knows something of.
    pub fn verdicts(&self) -> Vec<Verdict> {
        self.compared().into_iter().flat_map(|found| found.verdicts).collect()
    }

    /// Whether the state file was found edited in a way that no pass before this one has told.
    pub fn has_new_edit(&self) -> bool {
        self.edit.is_some_and(|edit| edit.is_new)
    }

    /// Takes inputs in and carries out what follows from them.
    ///
    /// # Errors
    /// A journal that fails.
    pub fn take(self, inputs: Vec<Input>) -> Result<Self, Failure> {
        self.step(|runner| runner.turn(inputs))
    }

    /// Reads the venue's log and account.
    ///
    /// # Errors
    /// A journal that fails.
    pub fn refresh(self) -> Result<Self, Failure> {
        self.followed().step(Runner::refresh)
    }

    /// Writes a fact that no step decides: what a person brought in.
    ///
    /// # Errors
    /// A journal or a venue that fails.
    pub fn record(self, record: Record) -> Result<Self, Failure> {
        self.step(|runner| runner.record(record))
    }

    /// Reads the account once more when the first reading calls for closing everything: one reading may be wrong. The time in
    /// between is waited for; a clock that somebody else moves is not.
    ///
    /// # Errors
    /// A journal that fails.
    pub fn confirmed(mut self) -> Result<Self, Failure> {
        for _ in 0..CONFIRMATIONS {
            let Some(at) = self.runner.desk().doubts() else { break };
            let left = (at - self.now()).to_std().unwrap_or_default().min(CONFIRMS_WITHIN);
            if self.book().guard().level >= Level::Flattening {
                break;
            }
            self.out.step("confirm");
            crate::clock::pause(left + CONFIRM_SLACK);
            self = self.price(&[])?.refresh()?;
        }
        Ok(self)
    }

    /// Waits until nothing is on its way any more, or the time is over.
    ///
    /// # Errors
    /// A journal that fails.
    pub fn settle(mut self, at_most: Duration) -> Result<Self, Failure> {
        let began = crate::clock::Stopwatch::start();
        loop {
            let left = at_most.saturating_sub(began.elapsed());
            if left.is_zero() || self.is_settled() {
                return Ok(self);
            }
            self.wait(left);
            self = self.price(&[])?.refresh()?;
        }
    }

    /// Ends the pass: writes that it ended, and then the state file.
    ///
    /// # Errors
    /// A journal or a state file that cannot be written. The journal is the truth; the next pass writes the file.
    pub fn end(self, exit: Exit) -> Result<Ended, Failure> {
        let now = self.now();
        if let At::Paper(venue) = &self.at {
            venue.flush().map_err(|error| at_the_venue(&error))?;
        }
        let (mut book, mut journal) = self.runner.stop(exit.code()).map_err(|frozen| stopped(&frozen))?;
        self.out.step("checkpoint");
        let written = files::written(&self.place, &book, &journal, now)?;
        if let Some((_, file)) = written.edited
            && self.edit.is_none_or(|edit| edit.file != file.file)
        {
            // It was edited while this pass went on.
            let failed = |error: &dyn std::error::Error| {
                Failure::new(
                    Exit::Unexpected,
                    "edit_not_noted",
                    "an edit of the state file could not be noted",
                )
                .because(error)
                .fix("the edited file is kept beside the state, the journal counts: `tradewind help edit_not_noted`")
            };
            let then = journal.book_to(file.journal_seq).map_err(|error| failed(&error))?;
            let edit =
                checkpoint::edit(&self.place.files.state, &file, &then).map_err(|error| failed(&error))?;
            edits::noted(self.out, &edit, &mut book, &mut journal, now)?;
            files::written(&self.place, &book, &journal, now)?;
        }
        self.out.step("exit");
        Ok(Ended { place: self.place, book, journal, _lock: self.lock })
    }

    fn step<F>(mut self, act: impl FnOnce(Runner<SqliteStore>) -> F) -> Result<Self, Failure>
    where
        F: Future<Output = Result<Runner<SqliteStore>, Frozen>>,
    {
        self.runner = self.runtime.block_on(act(self.runner)).map_err(|frozen| stopped(&frozen))?;
        Ok(self)
    }
}

/// What the desk decides by.
fn setup(place: &Place, at: &At, book: &Book, venues: &[Venue], now: Time) -> Setup {
    let is_bars = |class: &AssetClass| matches!(place.loaded.source(*class), Ok(Source::Bars(_)));
    Setup {
        catalog: Arc::clone(&place.catalog),
        policy: place.loaded.config.policy(),
        limits: place.loaded.config.limits.clone(),
        calendar: at.calendar(),
        base: at.currency(place, book),
        venues: venues.iter().map(|venue| (venue.id(), at.capabilities(place, venue))).collect(),
        bars: AssetClass::ALL.into_iter().filter(is_bars).map(|class| (class, BAR_AGE_MAX)).collect(),
        stage: if place.is_paper() { Stage::Paper } else { Stage::Broker },
        buckets: crate::config::buckets::all(&place.loaded.config.buckets),
        blackouts: place.loaded.config.blackouts.as_slice().into(),
        drilled: drills::tried(place, now),
        alerts: alerts::last(place).map(|last| last.went_through),
    }
}

fn did_not_start(fault: &StartFault) -> Failure {
    let exit = match fault {
        StartFault::Unavailable { .. } => Exit::Unavailable,
        StartFault::OtherAccount { .. } => Exit::Usage,
        StartFault::Frozen(_) => Exit::Unexpected,
    };
    Failure::new(exit, "not_started", fault.to_string()).fix(match exit {
        Exit::Unavailable => "wait for it and run again; nothing was sent",
        Exit::Usage => "name the state file of that account with --state; nothing was sent",
        _ => "correct what it names and run again; nothing was sent",
    })
}

fn stopped(frozen: &Frozen) -> Failure {
    Failure::new(Exit::Unexpected, "frozen", frozen.to_string())
        .fix("correct what it names and run again: what was on its way is then found out, and nothing is sent twice")
}
