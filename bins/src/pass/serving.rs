//! A pass that goes on: what it sends and asks is under way beside it, and it is the caller who waits.

use std::sync::Arc;

use broker_api::{InstrumentIx, Key, QueryFailed, Quotes, Symbol};
use engine::{Answer, Depth, Input, UnderWay};
use state::Checkpoint;
use state::checkpoint::{self, Written};

use super::broker::ask_prices;
use super::{At, LOOKS_BACK, Pass, stopped};
use crate::failure::{Exit, Failure};
use crate::prices::{self, Prices};
use crate::venues::Absent;

/// Prices to be asked for, by whom and of what.
pub struct Wanted {
    quotes: Arc<dyn Quotes>,
    of: Vec<(InstrumentIx, Key)>,
}

impl Wanted {
    /// Asks for them: what came, and what did not.
    pub async fn ask(self) -> (Vec<Input>, Vec<(Key, QueryFailed)>) {
        ask_prices(&self.quotes, self.of).await
    }
}

impl Pass {
    /// Nothing under way yet, in the runtime of this pass.
    pub fn under_way(&self) -> UnderWay {
        UnderWay::new(self.runtime.handle().clone())
    }

    /// Where its tasks run.
    pub fn handle(&self) -> &tokio::runtime::Handle {
        self.runtime.handle()
    }

    /// Waits for something of its runtime.
    pub fn wait_for<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    /// Takes inputs in, and begins what follows from them.
    ///
    /// # Errors
    /// A journal that fails.
    pub fn act(mut self, inputs: &[Input], under_way: &mut UnderWay) -> Result<Self, Failure> {
        self.runner = self.runner.act(inputs, under_way).map_err(|frozen| stopped(&frozen))?;
        self.sends(under_way);
        Ok(self)
    }

    /// Takes answers in, and begins what follows from them.
    ///
    /// # Errors
    /// A journal that fails.
    pub fn took(mut self, answers: Vec<Answer>, under_way: &mut UnderWay) -> Result<Self, Failure> {
        self.runner = self.runner.took(answers, under_way).map_err(|frozen| stopped(&frozen))?;
        self.sends(under_way);
        Ok(self)
    }

    /// Lets what was just decided leave, before anything else is done that takes time.
    fn sends(&self, under_way: &UnderWay) {
        if under_way.commands() > 0 {
            self.runtime.block_on(tokio::task::yield_now());
        }
    }

    /// Begins to read its venue.
    pub fn read(&self, depth: Depth, under_way: &mut UnderWay) {
        self.runner.read(depth, under_way);
    }

    /// Looks at a clock that somebody else moves on.
    #[must_use]
    pub fn on_time(self) -> Self {
        self.followed()
    }

    /// Waits until its broker hints that there is something to read.
    pub async fn hint(&self) {
        match &self.at {
            At::Paper(_) => std::future::pending().await,
            At::Broker(connected) => connected.hint().await,
        }
    }

    /// Whether one of the brokers answers that did not when this pass began; nothing where all did.
    pub fn absent(&self) -> Option<impl Future<Output = bool> + Send + 'static> {
        let At::Broker(connected) = &self.at else { return None };
        let gone = connected.absent.clone();
        if gone.is_empty() { None } else { Some(one_answers(gone)) }
    }

    /// The prices that are to be asked of the broker: of these symbols, and of what the book holds, has orders for, or waits
    /// for. Nothing where all prices come from files.
    pub fn wanted_prices(&self, symbols: &[Symbol]) -> Option<Wanted> {
        let At::Broker(connected) = &self.at else { return None };
        let of = self.wanted(symbols);
        (!of.is_empty()).then(|| Wanted { quotes: Arc::clone(&connected.quotes), of })
    }

    /// Says which prices did not come, each once.
    pub fn unpriced(&mut self, failed: Vec<(Key, QueryFailed)>) {
        for (key, failed) in failed {
            if self.unpriced.insert(key) {
                self.out.warn("no_quote", &format!("no price of {key}: {failed}"));
            }
        }
    }

    /// What changes when one of the files changes that hold prices.
    pub fn price_files(&self) -> u64 {
        prices::stamp(&self.place)
    }

    /// Whether all that files hold of prices since the last time can be read.
    ///
    /// # Errors
    /// What cannot, as one that is being written.
    pub fn price_files_are_whole(&self) -> Result<(), Failure> {
        let now = self.now();
        let from = match &self.at {
            At::Paper(venue) => venue.last_played(),
            At::Broker(_) => None,
        };
        let mut prices = Prices::open(&self.place, from.unwrap_or(now - LOOKS_BACK), now)?;
        while prices.next()?.is_some() {}
        Ok(())
    }

    /// Takes in what files hold of prices since the last time.
    ///
    /// # Errors
    /// Rows that are no prices, a venue or a journal that fails.
    pub fn prices_from_files(self) -> Result<Self, Failure> {
        if self.place.is_paper() { self.catch_up() } else { self.file_prices() }
    }

    /// Tidies the journal's files up. What could not be costs space and nothing else.
    pub fn tidy(&mut self) {
        self.runner.maintain();
    }

    /// Writes the state file as the journal has the book now.
    ///
    /// # Errors
    /// When it cannot be written; the one that was there is still there.
    pub fn write_state(&self) -> Result<Option<Written>, Failure> {
        let Some(cut) =
            Checkpoint::cut(self.book(), self.runner.journal(), self.now(), crate::files::PROGRAM)
        else {
            return Ok(None);
        };
        checkpoint::write(&self.place.files, &cut).map(Some).map_err(|error| {
            let file = self.place.files.state.display();
            Failure::new(Exit::Unexpected, "state_not_written", format!("{file} could not be written"))
                .because(&error)
                .fix("make room or correct the permissions: the journal is complete, and the file is written again then")
        })
    }
}

/// Whether one of these answers.
async fn one_answers(gone: Vec<Absent>) -> bool {
    for gone in gone {
        if gone.answers().await {
            return true;
        }
    }
    false
}
