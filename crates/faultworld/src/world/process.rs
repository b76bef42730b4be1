//! The lives of a process: started on what the disk holds, doing what it is told, dying anywhere.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::session::Line;
use engine::watch::Onlookers;
use engine::{Desk, Input, Policy, Runner, Setup, StartFault, Venue};
use state::{Book, Journal};

use super::{Violation, World, locked};
use crate::crash::Crash;
use crate::disk::{FaultyDisk, PLACE as DISK};
use crate::plan::limits;

/// Something that a process is to do.
pub(super) enum Turn {
    Take(Vec<Input>),
    Refresh,
}

impl World {
    /// A process does something, and may die of it. Without a process one is started first.
    pub(super) async fn turn(&mut self, turn: Turn) -> Result<(), Violation> {
        let runner = match self.process().await {
            Ok(Some(runner)) => runner,
            Ok(None) => return self.look(),
            Err(why) => {
                self.look()?;
                return self.stopped(Some(why));
            }
        };
        let crash = self.crash.clone();
        let done = tokio::select! {
            biased;
            () = crash.awaited() => None,
            done = async {
                match turn {
                    Turn::Take(inputs) => runner.turn(inputs).await,
                    Turn::Refresh => runner.refresh().await,
                }
            } => Some(done),
        };
        let stopped = match done {
            Some(Ok(runner)) => {
                self.runner = Some(Box::new(runner));
                None
            }
            Some(Err(frozen)) => Some(frozen.why),
            None => None,
        };
        self.look()?;
        self.stopped(stopped)
    }

    /// The code stops itself where a record cannot follow or the journal does not fit; but for the disk, nothing may
    /// bring it there.
    fn stopped(&self, why: Option<Box<str>>) -> Result<(), Violation> {
        match why {
            Some(why) if !why.contains(DISK) && self.blind != Some("stopped") => {
                Err(Violation { checker: "stopped", what: format!("the code stopped itself: {why}") })
            }
            _ => Ok(()),
        }
    }

    /// The process that lives, or a new one; nothing when it died while it started, and why when it stopped itself.
    async fn process(&mut self) -> Result<Option<Runner<FaultyDisk>>, Box<str>> {
        if let Some(runner) = self.runner.take() {
            return Ok(Some(*runner));
        }
        self.lives += 1;
        self.crash = Crash::default();
        let setup = self.setup();
        let disk = FaultyDisk::new(self.rows.clone(), Arc::clone(&self.fates));
        let told = |why: &dyn std::fmt::Display| Box::<str>::from(why.to_string());
        let journal = Journal::open(disk).map_err(|why| told(&why))?;
        let mut book = Book::default();
        journal.fold(&mut book, |_| true).map_err(|why| told(&why))?;
        let venue = Venue::new(
            Arc::new(self.venue.for_process(self.crash.clone())),
            Arc::clone(&self.clock),
            "/nonexistent/halt".into(),
        );
        let (inputs, trace) = (Arc::clone(&self.inputs), self.trace.clone());
        let recorder = Box::new(move |line: &Line<'_>| {
            if let Line::Step { input, .. } = line {
                inputs.fetch_add(1, Ordering::Relaxed);
                if let Some(trace) = &trace {
                    locked(trace).push(format!("    <- {input:?}"));
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
        tokio::select! {
            biased;
            () = crash.awaited() => Ok(None),
            started = starting => match started {
                Ok(runner) => Ok(Some(runner)),
                Err(StartFault::Frozen(frozen)) => Err(frozen.why),
                Err(StartFault::Unavailable { .. } | StartFault::OtherAccount { .. }) => Ok(None),
            },
        }
    }

    fn setup(&self) -> Setup {
        let classes = broker_api::AssetClass::ALL;
        Setup {
            catalog: Arc::clone(&self.catalog),
            policy: Policy::paper(),
            limits: limits(self.seed),
            calendar: Calendar::new(),
            base: self.venue_currency(),
            venues: [(broker_api::Broker::id(&self.venue), self.manner.capabilities.clone())].into(),
            bars: classes.map(|class| (class, TimeDelta::hours(1))).into(),
        }
    }

    fn venue_currency(&self) -> broker_api::Currency {
        self.catalog
            .iter()
            .next()
            .map_or_else(|| unreachable!("a stage has instruments"), |(_, instrument)| instrument.quote)
    }
}
