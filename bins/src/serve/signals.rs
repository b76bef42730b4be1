//! Signals and the prices that they are judged by: asked for first, while everything else goes on.

use broker_api::{Key, QueryFailed, Symbol};
use engine::intake::Intake;
use engine::{Depth, Input};
use tokio::task::{Id, JoinSet};

use super::Serving;
use super::asks::Done;
use super::folder::Taken;
use crate::control::Asked;
use crate::failure::Failure;
use crate::verbs::run;

/// How many signals are taken in by one commit.
const AT_ONCE: usize = 10_000;

/// Signals, and who wants to know what became of them.
pub struct Batch {
    /// What was read.
    pub(super) intake: Intake,
    /// From where.
    pub(super) from: From,
}

/// Where signals came from.
pub enum From {
    /// A file of the watched folder.
    File(Taken),
    /// A line of standard input.
    Line,
    /// Another verb.
    Asked(Asked),
}

/// Prices that came, and those that did not.
type Prices = (Vec<Input>, Vec<(Key, QueryFailed)>);

/// Prices that are being asked for, and the signals that wait for them: kept here, so that no task can die with them.
#[derive(Default)]
pub(super) struct Pricing {
    tasks: JoinSet<Prices>,
    waiting: Vec<(Id, Batch)>,
}

/// Prices that came, and the signals that waited for them.
pub(super) struct Priced {
    inputs: Vec<Input>,
    failed: Vec<(Key, QueryFailed)>,
    batch: Option<Batch>,
}

impl Pricing {
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// How many batches wait.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Those that wait no longer.
    pub(super) fn take_waiting(&mut self) -> Vec<Batch> {
        self.waiting.drain(..).map(|(_, batch)| batch).collect()
    }

    /// Waits for the next prices; without any, what a task that died would have brought. Never ends while none are asked for.
    pub(super) async fn next(&mut self) -> Priced {
        let Some(done) = self.tasks.join_next_with_id().await else { return std::future::pending().await };
        let (id, (inputs, failed)) = match done {
            Ok(done) => done,
            Err(error) => (error.id(), Prices::default()),
        };
        let place = self.waiting.iter().position(|(waiting, _)| *waiting == id);
        Priced { inputs, failed, batch: place.map(|place| self.waiting.swap_remove(place).1) }
    }
}

impl Serving {
    /// Reads the broker, and the prices of what is held.
    pub(super) fn reads(mut self) -> Result<Self, Failure> {
        if self.pass.book().history_wanted().next().is_some() {
            self.pass = self.pass.refresh()?;
        } else {
            self.pass.read(Depth::All, &mut self.under_way);
        }
        if self.prices.is_empty() {
            self.price(&[], None);
        }
        Ok(self)
    }

    /// Asks for prices; gives a batch back that needs to wait for none.
    fn price(&mut self, symbols: &[Symbol], batch: Option<Batch>) -> Option<Batch> {
        let Some(wanted) = self.pass.wanted_prices(symbols) else { return batch };
        let id = self.prices.tasks.spawn_on(wanted.ask(), self.pass.handle()).id();
        self.prices.waiting.extend(batch.map(|batch| (id, batch)));
        None
    }

    /// Takes signals in, once the prices are there that they are judged by.
    pub(super) fn take(mut self, batch: Batch) -> Result<Self, Failure> {
        let symbols: Vec<_> = batch.intake.signals.iter().map(|(signal, _)| signal.symbol).collect();
        match self.price(&symbols, Some(batch)) {
            Some(batch) => self.judged(batch),
            None => Ok(self),
        }
    }

    /// Takes signals in by the prices that are known.
    pub(super) fn judged(self, batch: Batch) -> Result<Self, Failure> {
        self.priced(Priced { inputs: Vec::new(), failed: Vec::new(), batch: Some(batch) })
    }

    pub(super) fn priced(mut self, priced: Priced) -> Result<Self, Failure> {
        let Priced { mut inputs, failed, batch } = priced;
        self.pass.unpriced(failed);
        let Some(Batch { intake, from }) = batch else {
            self.pass = self.pass.act(&inputs, &mut self.under_way)?;
            return Ok(self);
        };
        let known = |id| Some(self.pass.book().signal(id)?.digest);
        let conflicts = run::conflicts(&intake.signals, known);
        run::tell_conflicts(self.out, &conflicts);
        let again =
            intake.signals.iter().filter(|(signal, _)| self.pass.book().signal(signal.id).is_some()).count();
        let all = intake.signals.len();
        let ids: Vec<_> = intake.signals.iter().map(|(signal, _)| signal.id).collect();
        inputs.extend(intake.signals.into_iter().map(|(signal, digest)| Input::Signal { signal, digest }));
        for some in inputs.chunks(AT_ONCE) {
            self.pass = self.pass.act(some, &mut self.under_way)?;
        }
        match from {
            From::File(taken) => taken.done(self.out, &intake.faults),
            From::Line => {}
            From::Asked(asked) => {
                let data = serde_json::json!({ "taken": all - again, "again": again, "conflicts": conflicts, "signals": ids });
                self.answers(&asked, Done::Data(data));
            }
        }
        Ok(self)
    }
}
