//! A runner that waits for nobody: what it sends and asks is under way beside its decisions, and comes back as answers.
//! A slow venue stops neither another one nor a person.
//!
//! One reading of a venue at a time, its log first, so that what the lists and the account say is never older than the
//! executions in the book. Lists beside which something was on its way are left out: the next reading has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use broker_api::{Account, Cursor, Holdings, VenueId};
use chrono::TimeDelta;
use state::{Durable, Store};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::{Frozen, Runner, clocks};
use crate::command::Command;
use crate::input::Input;
use crate::venue::{OnItsWay, Venue};
use crate::watch::Watch;

/// How many answers are taken in by one commit.
const AT_ONCE: usize = 1_000;

/// How much of a venue is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// What is new in its log.
    Log,
    /// That, what it holds when it is time to compare that, and the account.
    All,
}

/// Something that was under way, and what came of it.
#[derive(Debug)]
pub struct Answer(Told);

#[derive(Debug)]
enum Told {
    Outcome { venue: VenueId, input: Box<Input> },
    Reading(Box<Reading>),
}

/// What a venue told.
#[derive(Debug)]
struct Reading {
    venue: VenueId,
    /// How many commands had been sent there when it began.
    sent: u64,
    log: Vec<Input>,
    lists: Option<Holdings>,
    clock: Vec<Input>,
    account: Option<Account>,
    depth: Depth,
    silent: Option<Box<str>>,
}

/// What is asked of a venue beside its log.
#[derive(Clone, Copy, Debug)]
struct Asked {
    depth: Depth,
    lists: bool,
    /// How far its clock may be from ours, when that is read.
    clock: Option<TimeDelta>,
}

/// What is under way at one venue.
#[derive(Debug, Default)]
struct Traffic {
    /// How many commands were ever sent there.
    sent: u64,
    /// How many of them have no outcome yet.
    open: u64,
    reading: bool,
    /// What is to be read when the reading under way is over.
    again: Option<Depth>,
}

/// All that is under way.
pub struct UnderWay {
    handle: Handle,
    tasks: JoinSet<Answer>,
    /// What is said of a task that died.
    left: Vec<(tokio::task::Id, Left)>,
    venues: BTreeMap<VenueId, Traffic>,
}

#[derive(Clone, Copy, Debug)]
enum Left {
    Command(VenueId, OnItsWay),
    Reading(VenueId),
}

impl UnderWay {
    /// Nothing yet; what comes runs there.
    pub fn new(handle: Handle) -> Self {
        Self { handle, tasks: JoinSet::new(), left: Vec::new(), venues: BTreeMap::new() }
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// How many commands have no outcome yet.
    pub fn commands(&self) -> u64 {
        self.venues.values().map(|traffic| traffic.open).sum()
    }

    /// Waits for the next answers. Nothing is lost when this is given up: they wait. Never ends while nothing is under way.
    pub async fn answers(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        let Some(first) = self.tasks.join_next_with_id().await else { return std::future::pending().await };
        answers.extend(self.ended(first));
        while answers.len() < AT_ONCE
            && let Some(next) = self.tasks.try_join_next_with_id()
        {
            answers.extend(self.ended(next));
        }
        answers
    }

    /// What a task that is over says; of one that died, that nobody knows.
    fn ended(&mut self, done: Result<(tokio::task::Id, Answer), tokio::task::JoinError>) -> Option<Answer> {
        let id = match &done {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let place = self.left.iter().position(|(left, _)| *left == id)?;
        let (_, left) = self.left.swap_remove(place);
        Some(done.map_or_else(|error| left.died(&error), |(_, answer)| answer))
    }

    fn send(&mut self, commands: Durable<Vec<Command>>, venues: &[Arc<Venue>], watch: &Watch) {
        for command in commands.each() {
            let wanted = command.get().venue();
            let on_its_way = OnItsWay::of(command.get());
            let traffic = self.venues.entry(wanted).or_default();
            (traffic.sent, traffic.open) = (traffic.sent + 1, traffic.open + 1);
            let venue = venues.iter().find(|venue| venue.id() == wanted).cloned();
            let watch = Arc::clone(watch);
            let task = async move {
                let input = match venue {
                    Some(venue) => venue.send(command, &watch).await,
                    None => on_its_way.lost("no such venue is connected"),
                };
                Answer(Told::Outcome { venue: wanted, input: Box::new(input) })
            };
            let id = self.tasks.spawn_on(task, &self.handle).id();
            self.left.push((id, Left::Command(wanted, on_its_way)));
        }
    }

    fn read(&mut self, venue: Arc<Venue>, cursor: Option<Cursor>, mut asked: Asked) {
        let id = venue.id();
        let traffic = self.venues.entry(id).or_default();
        if traffic.reading {
            traffic.again = traffic.again.max(Some(asked.depth));
            return;
        }
        traffic.reading = true;
        let sent = traffic.sent;
        asked.lists &= traffic.open == 0;
        let task = async move { Answer(Told::Reading(Box::new(reading(&venue, cursor, asked, sent).await))) };
        let task = self.tasks.spawn_on(task, &self.handle).id();
        self.left.push((task, Left::Reading(id)));
    }
}

impl Left {
    fn died(self, error: &tokio::task::JoinError) -> Answer {
        Answer(match self {
            Self::Command(venue, command) => {
                Told::Outcome { venue, input: Box::new(command.lost("the task that sent it died")) }
            }
            Self::Reading(venue) => Told::Reading(Box::new(Reading {
                venue,
                sent: 0,
                log: Vec::new(),
                lists: None,
                clock: Vec::new(),
                account: None,
                depth: Depth::Log,
                silent: Some(error.to_string().into()),
            })),
        })
    }
}

async fn reading(venue: &Venue, cursor: Option<Cursor>, asked: Asked, sent: u64) -> Reading {
    let Asked { depth, lists, clock: limit } = asked;
    let (log, failed) = venue.log_since(cursor).await;
    let (mut lists_told, mut clock, mut account, mut silent) = (None, Vec::new(), None, failed);
    if depth == Depth::All {
        if let Some(limit) = limit {
            let (read, failed) = clocks::read(venue, limit).await;
            clock = read;
            silent = failed.or(silent);
        }
        if lists {
            match venue.holdings().await {
                Ok(holdings) => lists_told = Some(holdings),
                Err(failed) => silent = Some(failed),
            }
        }
        match venue.account().await {
            Ok(told) => account = Some(told),
            Err(failed) => silent = Some(failed),
        }
    }
    let silent = silent.map(|failed| failed.why);
    Reading { venue: venue.id(), sent, log, lists: lists_told, clock, account, depth, silent }
}

impl<S: Store> Runner<S> {
    /// Steps inputs, commits, and begins to send what follows: waits for no answer.
    ///
    /// # Errors
    /// As [`Runner::turn`].
    pub fn act(mut self, inputs: &[Input], under_way: &mut UnderWay) -> Result<Self, Frozen> {
        let commands = self.decide(inputs)?;
        under_way.send(commands, &self.venues, &self.watch);
        Ok(self)
    }

    /// Begins to read every venue; one that is being read is read again afterwards.
    pub fn read(&self, depth: Depth, under_way: &mut UnderWay) {
        for venue in &self.venues {
            self.read_one(venue.id(), depth, under_way);
        }
    }

    fn read_one(&self, id: VenueId, depth: Depth, under_way: &mut UnderWay) {
        let Some(venue) = self.venues.iter().find(|venue| venue.id() == id) else { return };
        let cursor = self.book.venue(id).map(|state| state.cursor);
        let is_all = depth == Depth::All;
        let lists = is_all && self.wants_holdings(id);
        let clock = self.wants_clock(id).filter(|_| is_all);
        under_way.read(Arc::clone(venue), cursor, Asked { depth, lists, clock });
    }

    /// Takes answers in, in one commit, and begins what follows from them. After an outcome the venue's log is read.
    ///
    /// # Errors
    /// As [`Runner::turn`].
    pub fn took(mut self, answers: Vec<Answer>, under_way: &mut UnderWay) -> Result<Self, Frozen> {
        let (mut inputs, mut to_read) = (Vec::new(), BTreeMap::<VenueId, Depth>::new());
        let mut again = |venue: VenueId, depth: Depth| {
            let known = to_read.entry(venue).or_insert(depth);
            *known = depth.max(*known);
        };
        for Answer(told) in answers {
            match told {
                Told::Outcome { venue, input } => {
                    if let Some(traffic) = under_way.venues.get_mut(&venue) {
                        traffic.open = traffic.open.saturating_sub(1);
                    }
                    inputs.push(*input);
                    again(venue, Depth::Log);
                }
                Told::Reading(read) => {
                    let Reading { venue, sent, log, lists, clock, account, depth, silent } = *read;
                    let traffic = under_way.venues.entry(venue).or_default();
                    traffic.reading = false;
                    if let Some(depth) = traffic.again.take() {
                        again(venue, depth);
                    }
                    self.silent.retain(|(known, _)| *known != venue);
                    self.silent.extend(silent.map(|why| (venue, why)));
                    inputs.extend(log);
                    let lists = lists.filter(|_| traffic.sent == sent);
                    inputs.extend(lists.map(|holdings| Input::Holdings { venue, holdings }));
                    inputs.extend(clock);
                    inputs.extend(account.map(|account| Input::Snapshot { account }));
                    if depth == Depth::All {
                        inputs.push(Input::Timer);
                    }
                }
            }
        }
        let runner = self.act(&inputs, under_way)?;
        for (venue, depth) in to_read {
            runner.read_one(venue, depth, under_way);
        }
        Ok(runner)
    }
}
