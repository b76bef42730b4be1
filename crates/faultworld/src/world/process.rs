//! The lives of a process: started on what the disk holds, doing what it is told, dying anywhere.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::session::Line;
use engine::watch::Onlookers;
use engine::{Desk, Input, Runner, Setup, StartFault, Venue};
use state::Started;

use super::{Violation, World, limits, words};
use crate::check;
use crate::crash::Crash;
use crate::disk::{FaultyDisk, PLACE as DISK};

/// Something that a process is to do.
pub(super) enum Turn {
    Take(Vec<Input>),
    Refresh,
    CatchUp,
}

impl World {
    /// A process does something, and may die of it. Without a process one is started first.
    pub(super) async fn turn(&mut self, turn: Turn) -> Result<(), Violation> {
        let Some(runner) = self.process().await? else { return self.look() };
        let crash = self.crash.clone();
        let done = tokio::select! {
            biased;
            () = crash.awaited() => None,
            done = async {
                match turn {
                    Turn::Take(inputs) => runner.turn(inputs).await,
                    Turn::Refresh => runner.refresh().await,
                    Turn::CatchUp => runner.catch_up().await,
                }
            } => Some(done),
            () = self.ground.keeps_time() => None,
        };
        let stopped = match done {
            Some(Ok(runner)) => {
                self.runner = Some(Box::new(runner));
                None
            }
            Some(Err(frozen)) => Some(frozen.why),
            None => None,
        };
        if self.runner.is_none() {
            self.deaths += 1;
            self.ground.ended().await;
        }
        self.look()?;
        self.stopped(stopped)
    }

    /// The code stops itself where a record cannot follow or the journal does not fit; but for the disk, nothing may
    /// bring it there.
    fn stopped(&self, why: Option<Box<str>>) -> Result<(), Violation> {
        match why {
            Some(why) if !why.contains(DISK) => {
                self.fails(check::STOPPED, || format!("the code stopped itself: {why}"))
            }
            _ => Ok(()),
        }
    }

    /// The process that lives, or a new one; nothing when it died while it started.
    async fn process(&mut self) -> Result<Option<Runner<FaultyDisk>>, Violation> {
        if let Some(runner) = self.runner.take() {
            return Ok(Some(*runner));
        }
        self.lives += 1;
        self.crash = Crash::default();
        let setup = self.setup();
        let disk = FaultyDisk::new(self.rows.clone(), Arc::clone(&self.fates), self.story.clone());
        let Started { book, journal, .. } = self.takes_up("start", disk)?;
        let broker = self.ground.broker(&self.crash, &self.clock);
        let broker = broker.map_err(|why| Violation { checker: "world", what: why.0 })?;
        let venue = Venue::new(broker, Arc::clone(&self.clock), "/nonexistent/halt".into());
        let (inputs, story) = (Arc::clone(&self.inputs), self.story.clone());
        let recorder = Box::new(move |line: &Line<'_>| {
            if let Line::Step { input, .. } = line {
                inputs.fetch_add(1, Ordering::Relaxed);
                if let Some(line) = words::input(input) {
                    story.tell(|| format!("            {line}"));
                }
            }
        });
        let onlookers = Onlookers { watch: None, recorder: Some(recorder) };
        let starting = Runner::start(
            Desk::new(setup),
            book,
            journal,
            vec![venue],
            Arc::clone(&self.clock),
            "world",
            onlookers,
        );
        let crash = self.crash.clone();
        let started = tokio::select! {
            biased;
            () = crash.awaited() => Err(None),
            started = starting => started.map_err(Some),
            () = self.ground.keeps_time() => Err(None),
        };
        match started {
            Ok(runner) => return Ok(Some(runner)),
            // A venue that does not answer ends no process that had not begun.
            Err(Some(StartFault::Unavailable { .. } | StartFault::OtherAccount { .. })) => {
                self.ground.ended().await;
            }
            Err(None) => {
                self.deaths += 1;
                self.ground.ended().await;
            }
            Err(Some(StartFault::Frozen(frozen))) => {
                self.deaths += 1;
                self.ground.ended().await;
                self.look()?;
                self.stopped(Some(frozen.why))?;
            }
        }
        Ok(None)
    }

    fn setup(&self) -> Setup {
        let classes = broker_api::AssetClass::ALL;
        let (limits, policy) = limits::of(self.seed);
        Setup {
            catalog: Arc::clone(&self.catalog),
            policy,
            limits,
            calendar: Calendar::new(),
            base: self.venue_currency(),
            venues: [(self.venue, self.manner.capabilities.clone())].into(),
            bars: classes.map(|class| (class, TimeDelta::hours(1))).into(),
            stage: engine::Stage::Broker,
            buckets: std::collections::BTreeMap::new(),
            blackouts: [].into(),
            // With real money what is not armed is stopped by that alone.
            drilled: self.arms.as_ref().map(|_| (self.clock)()),
            alerts: self.arms.as_ref().map(|_| true),
        }
    }

    fn venue_currency(&self) -> broker_api::Currency {
        self.catalog
            .iter()
            .next()
            .map_or_else(|| unreachable!("a stage has instruments"), |(_, instrument)| instrument.quote)
    }
}
