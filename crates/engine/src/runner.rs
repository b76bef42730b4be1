//! Steps, commits, sends, in this order: what a trading process does with its inputs.
//!
//! 1. Nothing is sent before the records that announce it are durable: a command can only be opened by a
//!    [`Venue`], and only out of what a commit gave back.
//! 2. A commit that failed, or a record that cannot follow, ends the runner: what is left is [`Frozen`], which has
//!    no book to act on or to report from.
//! 3. Between two calls the book in memory is the journal: nothing of it is ahead.

mod clocks;
mod fault;
mod history;
mod holdings;
mod serving;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use broker_api::{AssetClass, Digest, LimitsSet, Record, Time, VenueId};
use state::encode::digest;
use state::{Batch, Book, Durable, Head, Journal, Store};
use tokio::task::JoinSet;

pub use fault::{Frozen, StartFault};
pub use serving::{Answer, Depth, UnderWay};

use crate::calendar::Calendar;
use crate::command::Command;
use crate::desk::{Desk, Setup};
use crate::input::Input;
use crate::market::Market;
use crate::session::{Line, Recorder};
use crate::venue::{Clock, OnItsWay, Venue};
use crate::watch::{self, Note, Onlookers, Watch};

/// How many days of its own calendar a venue is asked for.
pub const DAYS_AHEAD: u32 = 10;

/// A process that trades.
pub struct Runner<S: Store> {
    // Boxed, as a runner moves through many futures.
    desk: Box<Desk>,
    book: Box<Book>,
    market: Market,
    journal: Journal<S>,
    venues: Vec<Arc<Venue>>,
    clock: Clock,
    watch: Watch,
    recorder: Option<Recorder>,
    silent: Vec<(VenueId, Box<str>)>,
    no_days: Vec<(VenueId, Box<str>)>,
}

/// The hash of the limits in their canonical form: what the journal names them by.
///
/// # Errors
/// [`Frozen`] when they cannot be written down.
pub fn limits_digest(limits: &risk::Limits) -> Result<Digest, Frozen> {
    serde_json::to_vec(limits).map(|text| digest(&text)).map_err(|error| frozen(&error))
}

/// The record that says which limits are in force from now on; nothing when they are what they were, and when they are loosened
/// more than may be: then those of the book stay in force, and the guard lets no entry through. History has no versions.
fn limits_set(book: &Book, setup: &Setup, now: Time) -> Option<Record> {
    let (guard, limits) = (book.guard(), &setup.limits);
    let (before, figures) = (guard.limits.as_ref().map(|limits| &limits.figures), limits.figures());
    let (_, pending) = risk::versions::in_force(before, limits, guard.confirmed.as_ref(), now);
    let is_new = before != Some(&figures) && pending.is_empty() && setup.stage != risk::Stage::Replay;
    is_new.then(|| Record::LimitsSet(LimitsSet { version: guard.limits_version() + 1, figures }))
}

impl<S: Store> Runner<S> {
    /// Starts a process on a book: looks at who the venues are, writes that it began, and catches up with what
    /// happened meanwhile. What an earlier process had on its way is asked about before anything else is decided. A venue that is
    /// [absent](Venue::absent) is not asked, and must be one that the book knows.
    ///
    /// # Errors
    /// [`StartFault`]; nothing was sent.
    pub async fn start(
        desk: Desk,
        book: Book,
        journal: Journal<S>,
        venues: Vec<Venue>,
        clock: Clock,
        version: &str,
        onlookers: impl Into<Onlookers>,
    ) -> Result<Self, StartFault> {
        let Onlookers { watch, mut recorder } = onlookers.into();
        let market = Market::new(Arc::clone(&desk.setup().catalog));
        let venues: Vec<_> = venues.into_iter().map(Arc::new).collect();
        let mut bound = Vec::new();
        for venue in &venues {
            let unavailable = |failed: broker_api::QueryFailed| StartFault::Unavailable {
                venue: venue.id(),
                why: failed.why,
            };
            if venue.is_absent() {
                // It is asked who it is before anything is sent there, by another process.
                let why = "it did not answer, and the book does not know it".into();
                book.venue(venue.id()).ok_or(StartFault::Unavailable { venue: venue.id(), why })?;
                continue;
            }
            let found = venue.identity().await.map_err(unavailable)?;
            if let Some(known) = book.venue(venue.id()) {
                if known.of != found {
                    let bound = Box::new(known.of);
                    return Err(StartFault::OtherAccount { bound, found: Box::new(found) });
                }
                continue;
            }
            let account = venue.account().await.map_err(unavailable)?;
            let mut activity = venue.activity_since(None).await.map_err(unavailable)?;
            while !activity.complete {
                activity = venue.activity_since(Some(activity.cursor)).await.map_err(unavailable)?;
            }
            bound.push(Record::VenueBound { of: found, equity: account.equity, cursor: activity.cursor });
            bound.extend(holdings::found_there(&venue.holdings().await.map_err(unavailable)?));
        }
        let limits = limits_digest(&desk.setup().limits)?;
        let watch = watch.unwrap_or_else(watch::nobody);
        let now = clock();
        let (setup, head) = (desk.setup(), journal.head().into());
        tell(
            &mut recorder,
            &Line::Begin { version, at: now, setup, book: &book, journal: journal.id(), head },
        );
        let (silent, no_days) = (Vec::new(), Vec::new());
        let mut runner = Self {
            desk: Box::new(desk),
            book: Box::new(book),
            market,
            journal,
            venues,
            clock,
            watch,
            recorder,
            silent,
            no_days,
        };
        let started = Record::Started { life: runner.book.life() + 1, version: version.into(), limits };
        let mut batch = Batch::new(runner.book.seq() + 1);
        let set = limits_set(&runner.book, runner.desk.setup(), now);
        for record in bound.into_iter().chain([started]).chain(set) {
            runner.put(&mut batch, record, now)?;
        }
        drop(runner.commit(batch)?);
        let days = runner.days().await;
        Ok(runner.refresh_with(days).await?)
    }

    /// The venues' own calendars of the days ahead, for the markets that are traded.
    async fn days(&mut self) -> Vec<Input> {
        let from = Calendar::new().date((self.clock)());
        let classes: BTreeSet<AssetClass> =
            self.desk.setup().catalog.iter().map(|(_, instrument)| instrument.asset_class).collect();
        let mut inputs = Vec::new();
        for venue in self.venues.iter().filter(|venue| !venue.is_absent()) {
            for class in &classes {
                match venue.days(*class, from, DAYS_AHEAD).await {
                    Ok(Some(days)) => inputs.push(Input::Days { venue: venue.id(), class: *class, days }),
                    Ok(None) => {}
                    Err(failed) => self.no_days.push((venue.id(), failed.why)),
                }
            }
        }
        inputs
    }

    /// The book, as the journal has it.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// What is known of prices and accounts.
    pub const fn market(&self) -> &Market {
        &self.market
    }

    /// What it decides by.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The last record of the journal.
    pub fn head(&self) -> Head {
        self.journal.head()
    }

    /// The journal, to be read.
    pub const fn journal(&self) -> &Journal<S> {
        &self.journal
    }

    /// Tidies the journal's files up, at a moment at which nothing waits. What could not be costs space and nothing else.
    pub fn maintain(&mut self) {
        let _ = self.journal.maintain();
    }

    /// The journal's id.
    pub fn journal_id(&self) -> &str {
        self.journal.id()
    }

    /// The questions that got no answer in the last call, and what was seen instead.
    pub fn silent(&self) -> &[(VenueId, Box<str>)] {
        &self.silent
    }

    /// The venues that did not say at the start when they are open, and what they said instead.
    pub fn no_days(&self) -> &[(VenueId, Box<str>)] {
        &self.no_days
    }

    /// Takes inputs in: steps each, commits, sends, takes in what came of it and what the venues' logs tell then,
    /// until nothing is left to do now.
    ///
    /// # Errors
    /// [`Frozen`] when a commit failed or a record could not follow.
    pub async fn turn(mut self, inputs: Vec<Input>) -> Result<Self, Frozen> {
        let mut waiting = inputs;
        loop {
            let commands = self.decide(&waiting)?;
            if commands.get().is_empty() {
                return Ok(self);
            }
            let touched: BTreeSet<VenueId> = commands.get().iter().map(Command::venue).collect();
            waiting = self.send(commands).await;
            for venue in touched {
                self.read_log(venue, &mut waiting).await?;
            }
        }
    }

    /// Reads what is new in every venue's log and takes it in.
    ///
    /// # Errors
    /// As [`Runner::turn`].
    pub async fn catch_up(mut self) -> Result<Self, Frozen> {
        self.silent.clear();
        let mut inputs = Vec::new();
        for venue in self.venues.clone() {
            self.read_log(venue.id(), &mut inputs).await?;
        }
        self.turn(inputs).await
    }

    /// Reads what is new in every venue's log, and every account, and takes it in.
    ///
    /// # Errors
    /// As [`Runner::turn`].
    pub async fn refresh(self) -> Result<Self, Frozen> {
        self.refresh_with(Vec::new()).await
    }

    async fn refresh_with(mut self, mut inputs: Vec<Input>) -> Result<Self, Frozen> {
        self.silent.clear();
        for venue in self.venues.clone() {
            self.read_log(venue.id(), &mut inputs).await?;
            if self.wants_holdings(venue.id()) {
                match venue.holdings().await {
                    Ok(holdings) => inputs.push(Input::Holdings { venue: venue.id(), holdings }),
                    Err(failed) => self.silent.push((venue.id(), failed.why)),
                }
            }
            if let Some(limit) = self.wants_clock(venue.id()) {
                let (read, failed) = clocks::read(&venue, limit).await;
                inputs.extend(read);
                self.silent.extend(failed.map(|failed| (venue.id(), failed.why)));
            }
            match venue.account().await {
                Ok(account) => inputs.push(Input::Snapshot { account }),
                Err(failed) => {
                    self.silent.push((venue.id(), failed.why));
                    inputs.extend(self.left_of(venue.id()));
                }
            }
        }
        inputs.push(Input::Timer);
        let runner = Box::pin(self.turn(inputs)).await?;
        Box::pin(runner.end_histories()).await
    }

    /// Writes a fact that no step decides: what a person brought in. The accounts are read anew before anything else
    /// is decided, for a reading from before it would be held against figures from after it.
    ///
    /// # Errors
    /// [`Frozen`] when it could not be written, cannot follow, or an account does not answer.
    pub async fn record(mut self, record: Record) -> Result<Self, Frozen> {
        let mut batch = Batch::new(self.book.seq() + 1);
        let now = (self.clock)();
        self.put(&mut batch, record, now)?;
        drop(self.commit(batch)?);
        let mut inputs = Vec::new();
        for venue in self.venues.clone().into_iter().filter(|venue| !venue.is_absent()) {
            let account = venue.account().await.map_err(|failed| Frozen { why: failed.why })?;
            inputs.push(Input::Snapshot { account });
        }
        self.turn(inputs).await
    }

    /// Writes that the process ends by itself, and gives back what it leaves.
    ///
    /// # Errors
    /// [`Frozen`] when that could not be written.
    pub fn stop(mut self, exit: u8) -> Result<(Book, Journal<S>), Frozen> {
        let equity = self.desk.equity_left(&self.book, &self.market);
        let left = self.desk.left(&self.book, &self.market);
        let record = Record::Stopped { life: self.book.life(), exit, equity, left };
        let mut batch = Batch::new(self.book.seq() + 1);
        let now = (self.clock)();
        self.put(&mut batch, record, now)?;
        drop(self.commit(batch)?);
        Ok((*self.book, self.journal))
    }

    /// Steps each input in one batch and commits it.
    fn decide(&mut self, inputs: &[Input]) -> Result<Durable<Vec<Command>>, Frozen> {
        let now = (self.clock)();
        let halted = self.venues.iter().any(|venue| venue.is_halted());
        self.desk.set_halted(halted);
        let mut batch = Batch::new(self.book.seq() + 1);
        for input in inputs {
            tell(&mut self.recorder, &Line::Step { at: now, halted, input });
            self.desk
                .step(&mut self.book, &mut self.market, input, now, &mut batch)
                .map_err(|illegal| frozen(&illegal))?;
        }
        self.commit(batch)
    }

    /// Puts a record that no step decides.
    fn put(&mut self, batch: &mut Batch<Command>, record: Record, now: Time) -> Result<(), Frozen> {
        tell(&mut self.recorder, &Line::Put { at: now, record: &record });
        batch.put(&mut self.book, record, now).map(|_| ()).map_err(|illegal| frozen(&illegal))
    }

    fn commit(&mut self, batch: Batch<Command>) -> Result<Durable<Vec<Command>>, Frozen> {
        if let Some(first) = batch.records().first() {
            (self.watch)(Note::Commit { first: first.seq, records: batch.records().len() });
        }
        let wrote = !batch.is_empty();
        let durable = self.journal.commit(batch).map_err(|failed| frozen(&failed))?;
        if wrote {
            tell(&mut self.recorder, &Line::Commit { head: self.journal.head().into() });
        }
        Ok(durable)
    }

    /// Sends all at once, and gives what came of each in the order of the commands.
    async fn send(&self, commands: Durable<Vec<Command>>) -> Vec<Input> {
        let mut tasks = JoinSet::new();
        let mut outcomes = Vec::new();
        for (n, command) in commands.each().enumerate() {
            let on_its_way = OnItsWay::of(command.get());
            // What no task answers for, nobody knows.
            outcomes.push(on_its_way.lost("the task that sent it died"));
            let wanted = command.get().venue();
            if let Some(venue) = self.venues.iter().find(|venue| venue.id() == wanted) {
                let (venue, watch) = (Arc::clone(venue), Arc::clone(&self.watch));
                tasks.spawn(async move { (n, venue.send(command, &watch).await) });
            }
        }
        while let Some(done) = tasks.join_next().await {
            if let Ok((n, outcome)) = done
                && let Some(place) = outcomes.get_mut(n)
            {
                *place = outcome;
            }
        }
        outcomes
    }

    /// Reads a venue's log from where the book has it to its end.
    async fn read_log(&mut self, id: VenueId, inputs: &mut Vec<Input>) -> Result<(), Frozen> {
        let Some(venue) = self.venues.iter().find(|venue| venue.id() == id).cloned() else { return Ok(()) };
        let (log, failed) = venue.log_since(self.book.venue(id).map(|state| state.cursor)).await;
        self.silent.extend(failed.map(|failed| (id, failed.why)));
        let first = inputs.len();
        inputs.extend(log);
        if !self.wants_history(id) {
            return Ok(());
        }
        let events = inputs[first..].iter().filter_map(|input| match input {
            Input::Activity { activity, .. } => Some(activity.events.iter().copied()),
            _ => None,
        });
        let events: Vec<_> = events.flatten().collect();
        Box::pin(self.adopt(id, &events)).await
    }
}

fn tell(recorder: &mut Option<Recorder>, line: &Line<'_>) {
    if let Some(recorder) = recorder {
        recorder(line);
    }
}

fn frozen(why: &dyn fmt::Display) -> Frozen {
    Frozen { why: why.to_string().into() }
}
