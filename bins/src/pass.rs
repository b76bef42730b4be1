//! One pass: take the lock, read the book, catch up with prices and the broker, take inputs, end, write the state.
//!
//! `run`, `halt`, `flatten` and `demo` are passes; they differ in what they feed in and in who tells the time.

use std::sync::Arc;
use std::time::Duration;

use broker_api::{AssetClass, Broker, Catalog, Digest, KindName, Phase, Record, Time};
use broker_paper::matching::{Costs, Moment};
use broker_paper::venue::{PaperVenue, VenueError};
use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::session::Recorder;
use engine::watch::Onlookers;
use engine::{Clock, Desk, Frozen, Input, Runner, Setup, StartFault, Venue};
use state::{Book, Head, Journal, Lock, SqliteStore, Started, checkpoint};
use tokio::runtime::Runtime;

use crate::config::Source;
use crate::edits;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::out::Out;
use crate::place::{Place, paper_venue};
use crate::prices::Prices;

/// How much older than the last close of its market a bar may be and still be a price.
pub const BAR_AGE_MAX: TimeDelta = TimeDelta::hours(1);
/// How far back a new account looks for prices: long enough for the longest holiday.
const NEW_ACCOUNT_LOOKS_BACK: TimeDelta = TimeDelta::days(10);
/// How often a pass that waits looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// A pass under way. It is consumed by what fails, so there is never one without its runner.
pub struct Pass {
    place: Place,
    out: Out,
    venue: Arc<PaperVenue>,
    costs: Costs,
    clock: Clock,
    runtime: Runtime,
    runner: Runner<SqliteStore>,
    /// The edited state file that was found at the start.
    edit: Option<FoundEdit>,
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
        pass.catch_up()
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
        let edit = match &edited {
            Some(edit) => {
                let is_new = edits::noted(out, edit, &mut book, &mut journal, clock())?;
                Some(FoundEdit { file: edit.file, is_new })
            }
            None => None,
        };
        venue_is_there(place, &book)?;
        let settings = place.loaded.config.settings(paper_venue());
        let costs = settings.costs;
        let venue = Arc::new(
            PaperVenue::open(&place.venue, at_venue, settings).map_err(|error| at_the_venue(&error))?,
        );
        unfinished(&book, &venue)?;
        venue.set_time(clock());
        let broker: Arc<dyn Broker> = Arc::clone(&venue) as Arc<dyn Broker>;
        let ours = Venue::new(broker, Arc::clone(&clock), place.files.halt.clone());
        let is_bars = |class: &AssetClass| matches!(place.loaded.source(*class), Ok(Source::Bars(_)));
        let mut capabilities = ours.capabilities().clone();
        if !AssetClass::ALL.iter().all(is_bars) {
            // A quote stands when its market has closed, and is no price to trade at then: such orders wait with us.
            capabilities.holds_when_closed.retain(|kind| *kind != KindName::Market);
        }
        let setup = Setup {
            catalog: Arc::clone(&place.catalog),
            policy: place.loaded.config.policy(),
            limits: place.loaded.config.limits.clone(),
            calendar: Calendar::new(),
            base: place.loaded.config.paper.currency,
            venues: [(paper_venue(), capabilities)].into(),
            bars: AssetClass::ALL.into_iter().filter(is_bars).map(|class| (class, BAR_AGE_MAX)).collect(),
        };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|error| {
                Failure::new(Exit::Unexpected, "no_runtime", "no runtime could be made").because(&error)
            })?;
        let start = Runner::start(
            Desk::new(setup),
            book,
            journal,
            vec![ours],
            Arc::clone(&clock),
            env!("CARGO_PKG_VERSION"),
            Onlookers { watch: out.watch(), recorder },
        );
        let runner = runtime.block_on(start).map_err(|fault| did_not_start(&fault))?;
        Ok(Self { place: place.clone(), out, venue, costs, clock, runtime, runner, edit, lock })
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

    /// The paper venue.
    pub fn venue(&self) -> &PaperVenue {
        &self.venue
    }

    /// The book.
    pub fn book(&self) -> &Book {
        self.runner.book()
    }

    /// Whether the state file was found edited in a way that no pass before this one has told.
    pub fn has_new_edit(&self) -> bool {
        self.edit.is_some_and(|edit| edit.is_new)
    }

    /// Plays everything the price sources hold since the last time, moment by moment.
    fn catch_up(mut self) -> Result<Self, Failure> {
        // A process that was killed in the middle of a moment left events of it untaken, and its prices may not come
        // again: a file of quotes holds only the last ones.
        self = self.drain()?;
        let now = self.now();
        let from = self.venue.last_played().unwrap_or(now - NEW_ACCOUNT_LOOKS_BACK);
        let mut prices = Prices::open(&self.place, from, now)?;
        for absent in &prices.absent {
            self.out.warn(
                "no_source",
                &format!(
                    "{absent} is not there: no price of what it should hold, so its entries will be denied"
                ),
            );
        }
        while let Some(moment) = prices.next()? {
            self = self.play(&moment)?;
        }
        self.venue.set_time(now);
        self.refresh()
    }

    /// Plays one moment of one instrument: the venue meets it first, then the desk sees the price and, event by
    /// event, what it brought about, before time moves on.
    ///
    /// # Errors
    /// A venue or a journal that fails.
    pub fn play(mut self, moment: &Moment) -> Result<Self, Failure> {
        let Some(instrument) = self.place.catalog.get(moment.ix()) else { return Ok(self) };
        let (class, quote) = (instrument.asset_class, moment.quote_in_ticks(instrument, &self.costs));
        // A quote from outside the session is something to know, and nothing that orders could meet.
        let is_tradable = !matches!(moment, Moment::Quote { .. })
            || Calendar::new().open(class, moment.at(), None).is_trading();
        if is_tradable {
            self.venue.play(moment).map_err(|error| at_the_venue(&error))?;
        }
        if let Some(quote) = quote {
            self = self.take(vec![Input::Quote { ix: moment.ix(), quote }])?;
        }
        if is_tradable { self.drain() } else { Ok(self) }
    }

    /// Takes the events of the moment under way, one by one, and lets the desk act upon each.
    fn drain(mut self) -> Result<Self, Failure> {
        while self.venue.next_event().map_err(|error| at_the_venue(&error))? {
            self = self.step(Runner::catch_up)?;
        }
        Ok(self)
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
        self.step(Runner::refresh)
    }

    /// Writes a fact that no step decides: what a person brought in.
    ///
    /// # Errors
    /// A journal or a venue that fails.
    pub fn record(self, record: Record) -> Result<Self, Failure> {
        self.step(|runner| runner.record(record))
    }

    /// Waits until nothing is on its way any more, or the time is over.
    ///
    /// # Errors
    /// A journal that fails.
    pub fn settle(mut self, at_most: Duration) -> Result<Self, Failure> {
        let began = crate::clock::Stopwatch::start();
        loop {
            let unsettled = self
                .book()
                .open_orders()
                .any(|order| matches!(order.phase, Phase::Sending | Phase::Unknown | Phase::Cancelling));
            if !unsettled || began.elapsed() >= at_most {
                return Ok(self);
            }
            self.runtime.block_on(tokio::time::sleep(LOOK_AGAIN));
            self = self.refresh()?;
        }
    }

    /// Ends the pass: writes that it ended, and then the state file.
    ///
    /// # Errors
    /// A journal or a state file that cannot be written. The journal is the truth; the next pass writes the file.
    pub fn end(self, exit: Exit) -> Result<Ended, Failure> {
        let now = self.now();
        self.venue.flush().map_err(|error| at_the_venue(&error))?;
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
        // Nothing waits now. What could not be tidied up costs space and nothing else.
        let _ = journal.maintain();
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

/// A book that has traded needs the venue's file.
///
/// # Errors
/// When it is not there.
pub fn venue_is_there(place: &Place, book: &Book) -> Result<(), Failure> {
    let known = book.venue(paper_venue()).is_some_and(|venue| venue.cursor.as_str() != "0");
    // An empty file would be made into a new account.
    if known && !std::fs::metadata(&place.venue).is_ok_and(|file| file.len() > 0) {
        return Err(Failure::usage(
            "venue_missing",
            format!("{} is not there or is empty, and the book has traded at it", place.venue.display()),
        )
        .fix("put the file back from where the state was copied; without it this would be another account"));
    }
    Ok(())
}

/// Stops where the venue took an import that the journal does not hold: what it changed would count as profit or loss.
fn unfinished(book: &Book, venue: &PaperVenue) -> Result<(), Failure> {
    let Some(bound) = book.venue(paper_venue()) else { return Ok(()) };
    let since = venue.transfers_since(bound.cursor).map_err(|error| at_the_venue(&error))?;
    match since.iter().find(|done| book.import(done.file).is_none()) {
        None => Ok(()),
        Some(done) => Err(Failure::usage(
            "import_unfinished",
            format!(
                "an import was interrupted: the paper account holds it, the journal does not (file {})",
                &done.file.as_str()[..12]
            ),
        )
        .fix("run the same `tradewind state import` again; it goes on where it was")),
    }
}

/// A venue that cannot go on.
pub fn at_the_venue(error: &VenueError) -> Failure {
    Failure::new(Exit::Unavailable, "venue_failed", "the paper venue cannot go on")
        .because(error)
        .fix("correct what the cause names and run again; what was on its way is then found out")
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
