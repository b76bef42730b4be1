//! One schedule, played from its seed to its end: lives of a process follow each other, everything is looked at after
//! each turn, then all is healed and must come to rest.

mod acts;
mod limits;
mod process;
mod repair;
mod rest;
mod told;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use broker_api::{Catalog, Key, Repair, Stamped, Time, VenueId};
use chrono::TimeDelta;
use engine::{Clock, Runner};
use rust_decimal::Decimal;
use state::{Book, Loaded, MemoryStore, Store, decode};
use tokio::time::Instant;

use crate::check::{self, Checker, Seen};
use crate::crash::Crash;
use crate::dice::Dice;
use crate::disk::FaultyDisk;
use crate::fates::{DEATHS_MIN, FAULTS_MIN, Fates, Hit};
use crate::ground::Ground;
use crate::plan::{BadStage, Script, Stage};
use crate::story::Story;
use crate::venue::FaultyVenue;
use crate::venue::manner::Manner;
use crate::venue::market::Market;
use process::Turn;

/// What an account begins with.
pub(crate) const CASH: i64 = 100_000;
/// A schedule ends when so many inputs reached the desk.
const INPUTS_MIN: u64 = 200;
/// And so many signals were decided.
const SIGNALS_MIN: usize = 10;
/// Or at the latest after so many happenings.
const HAPPENINGS_MAX: u32 = 900;

/// Something that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Who found it.
    pub checker: &'static str,
    /// What.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.checker, self.what)
    }
}

/// What came of a schedule.
#[derive(Clone, Debug)]
pub struct Played {
    /// Its seed.
    pub seed: u64,
    /// The manner of its venue.
    pub venue: &'static str,
    /// How many inputs reached the desk.
    pub inputs: u64,
    /// How many signals were decided.
    pub signals: usize,
    /// How many processes there were.
    pub lives: u32,
    /// How many of them died.
    pub deaths: u32,
    /// What went wrong.
    pub hits: Vec<Hit>,
    /// What of it went wrong on a wire, and how often.
    pub met: BTreeMap<&'static str, u64>,
    /// What did not hold.
    pub violation: Option<Violation>,
    /// The story, when it was asked for.
    pub trace: Vec<String>,
}

impl Played {
    /// Whether it was long and bad enough to count.
    pub fn counts(&self) -> bool {
        self.inputs >= INPUTS_MIN
            && self.signals >= SIGNALS_MIN
            && self.hits.len() >= FAULTS_MIN
            && self.deaths >= DEATHS_MIN
    }
}

/// How a schedule is played.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which of its faults happen; all without a list.
    pub only: Option<BTreeSet<u64>>,
    /// Whether its story is kept.
    pub trace: bool,
    /// A checker that is left out, by its name: to see what it alone guards.
    pub blind: Option<&'static str>,
}

/// Plays one schedule.
///
/// # Errors
/// [`BadStage`] when the world cannot be set up: a fault of this program.
pub fn play(seed: u64, manner: &Manner, options: &Options) -> Result<Played, BadStage> {
    #[cfg(feature = "wire")]
    if manner.is_wire() {
        return crate::wire::play(seed, manner, options);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|why| BadStage(why.to_string()))?;
    runtime.block_on(async {
        let mut world = World::new(seed, manner.clone(), options)?;
        let violation = world.run().await.err();
        Ok(world.played(violation))
    })
}

/// What the parts of a world share.
pub(crate) struct Shared {
    pub(crate) fates: Arc<Mutex<Fates>>,
    pub(crate) story: Story,
    pub(crate) rows: MemoryStore,
    pub(crate) venue_clock: Clock,
}

impl Shared {
    /// At the beginning of a schedule.
    pub(crate) fn of(seed: u64, manner: &Manner, options: &Options, begins: Time) -> Self {
        let start = Instant::now();
        Self {
            fates: Arc::new(Mutex::new(Fates::of(seed, manner.never.clone(), options.only.clone()))),
            story: Story::new(options.trace),
            rows: MemoryStore::new(&format!("world-{seed}")),
            venue_clock: Arc::new(move || begins + TimeDelta::from_std(start.elapsed()).unwrap_or_default()),
        }
    }
}

pub(crate) struct World {
    seed: u64,
    manner: Manner,
    fates: Arc<Mutex<Fates>>,
    rows: MemoryStore,
    venue: VenueId,
    ground: Box<dyn Ground>,
    catalog: Arc<Catalog>,
    script: Script,
    /// Our clock.
    clock: Clock,
    /// How far our clock is off, in seconds.
    skew: Arc<AtomicI64>,
    venue_clock: Clock,
    crash: Crash,
    runner: Option<Box<Runner<FaultyDisk>>>,
    lives: u32,
    deaths: u32,
    /// The state file as it lies on the disk, and how often it was written.
    file: Option<Vec<u8>>,
    /// The same, parsed.
    loaded: Option<Loaded>,
    generation: u64,
    blind: Option<&'static str>,
    looks: u64,
    inputs: Arc<AtomicU64>,
    checkers: Vec<Box<dyn Checker>>,
    /// What a person was to repair, and how.
    repairs: Vec<(Key, Repair)>,
    /// When a person arms the account, where it is one of real money.
    arms: Option<Dice>,
    records: Vec<Stamped>,
    folded: Book,
    story: Story,
}

impl World {
    fn new(seed: u64, manner: Manner, options: &Options) -> Result<Self, BadStage> {
        let stage = Stage::at(manner.name)?;
        // At every other seed parts of a share are traded where orders for them end with the session.
        let is_in_parts = manner.capabilities.parts_end_with_session && Dice::of(seed, 3).happens(500);
        let stage = if is_in_parts { stage.in_parts()? } else { stage };
        // At some seeds it is real money, which a person arms from time to time.
        let is_live = Dice::of(seed, 4).happens(125);
        let stage = if is_live { stage.with_real_money() } else { stage };
        let catalog = Arc::new(stage.catalog()?);
        let shared = Shared::of(seed, &manner, options, stage.begins);
        let market = Market::new(stage.listed, Decimal::from(CASH), stage.account.currency);
        let venue = FaultyVenue::new(
            manner.clone(),
            stage.account,
            Arc::clone(&catalog),
            market,
            Arc::clone(&shared.fates),
            shared.rows.clone(),
            Arc::clone(&shared.venue_clock),
        )
        .telling(shared.story.clone());
        let mut world = Self::on(Box::new(venue), seed, manner, options, shared, catalog);
        world.arms = is_live.then(|| Dice::of(seed, 5));
        Ok(world)
    }

    /// A world on some ground.
    pub(crate) fn on(
        ground: Box<dyn Ground>,
        seed: u64,
        manner: Manner,
        options: &Options,
        shared: Shared,
        catalog: Arc<Catalog>,
    ) -> Self {
        let Shared { fates, story, rows, venue_clock } = shared;
        let skew = Arc::new(AtomicI64::new(0));
        let (theirs, off) = (Arc::clone(&venue_clock), Arc::clone(&skew));
        let clock: Clock = Arc::new(move || theirs() + TimeDelta::seconds(off.load(Ordering::Relaxed)));
        let mut checkers = check::all(limits::bounds(&limits::of(seed).0));
        checkers.retain(|checker| options.blind != Some(checker.name()));
        let venue = catalog
            .iter()
            .next()
            .map_or_else(|| unreachable!("a stage has instruments"), |(_, instrument)| instrument.key.venue);
        Self {
            seed,
            venue,
            manner,
            fates,
            rows,
            ground,
            catalog,
            script: Script::of(seed),
            clock,
            skew,
            venue_clock,
            crash: Crash::default(),
            runner: None,
            lives: 0,
            deaths: 0,
            file: None,
            loaded: None,
            generation: 0,
            blind: options.blind,
            looks: 0,
            inputs: Arc::default(),
            checkers,
            repairs: Vec::new(),
            arms: None,
            records: Vec::new(),
            folded: Book::default(),
            story,
        }
    }

    pub(crate) fn played(&mut self, violation: Option<Violation>) -> Played {
        Played {
            seed: self.seed,
            venue: self.manner.name,
            inputs: self.inputs.load(Ordering::Relaxed),
            signals: self.script.signals(),
            lives: self.lives,
            deaths: self.deaths,
            hits: self.fates().hits().to_vec(),
            met: self.ground.met(),
            violation,
            trace: self.story.lines(),
        }
    }

    pub(crate) async fn run(&mut self) -> Result<(), Violation> {
        for _ in 0..HAPPENINGS_MAX {
            let pause = self.script.pause();
            self.passes(pause).await?;
            self.world_acts();
            // Something of it may have to be read at once.
            self.passes(TimeDelta::zero()).await?;
            self.happens().await?;
            let is_long = self.inputs.load(Ordering::Relaxed) >= INPUTS_MIN;
            let is_bad = {
                let fates = self.fates();
                fates.is_bad_enough() && fates.is_to_the_point()
            };
            if is_long && is_bad && self.script.signals() >= SIGNALS_MIN {
                break;
            }
        }
        self.heal();
        self.comes_to_rest().await
    }

    async fn passes(&mut self, time: TimeDelta) -> Result<(), Violation> {
        let mut left = time.to_std().unwrap_or_default();
        loop {
            left = self.ground.passes(left).await;
            if left.is_zero() {
                return Ok(());
            }
            self.turn(Turn::CatchUp).await?;
        }
    }

    fn fates(&self) -> MutexGuard<'_, Fates> {
        locked(&self.fates)
    }

    /// What must hold, looked at.
    fn look(&mut self) -> Result<(), Violation> {
        let fresh = self.fresh_records()?;
        let market = self.ground.market();
        let book = self.runner.as_ref().map_or(&self.folded, |runner| runner.book());
        if *book != self.folded {
            self.fails(check::FOLD, || "the book in memory is not the journal's fold".into())?;
        }
        let seen = Seen {
            now: (self.venue_clock)(),
            fresh: &self.records[fresh..],
            truth: &market.truth,
            book,
            is_alive: self.runner.is_some(),
            repairs: &self.repairs,
        };
        for checker in &mut self.checkers {
            let checked = checker.look(&seen);
            checked.map_err(|what| Violation { checker: checker.name(), what })?;
        }
        drop(market);
        self.looks += 1;
        self.is_told_right()
    }

    /// Something does not hold; nothing, when whoever found it is left out.
    fn fails(&self, checker: &'static str, what: impl FnOnce() -> String) -> Result<(), Violation> {
        if self.blind == Some(checker) { Ok(()) } else { Err(Violation { checker, what: what() }) }
    }

    /// Reads what is new in the journal; gives where it begins.
    fn fresh_records(&mut self) -> Result<usize, Violation> {
        let begins = self.records.len();
        match self.read_on() {
            Ok(()) => {}
            Err(why) => self.fails(check::FOLD, || why)?,
        }
        Ok(begins)
    }

    fn read_on(&mut self) -> Result<(), String> {
        for row in self.rows.read(self.folded.seq(), usize::MAX).map_err(|why| why.to_string())? {
            let stamped = decode(&row).map_err(|why| why.to_string())?;
            self.folded.apply(&stamped.record, stamped.at).map_err(|why| why.to_string())?;
            self.tell(|| format!("    {:>4} {}", stamped.seq, words::record(&stamped.record)));
            self.records.push(stamped);
        }
        Ok(())
    }

    fn tell(&self, line: impl FnOnce() -> String) {
        self.story.tell(line);
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
