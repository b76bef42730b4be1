//! History through the same desk: bars are played to the pure matching engine, and whatever comes of them to
//! [`Desk::step`], in one thread, without a broker and without a clock.
//!
//! 1. A turn is what it is in a trading process: all inputs are stepped, what was decided is kept, the commands are
//!    carried out in their order, and what came of them is the next turn's input, until nothing is left to do.
//! 2. Records are made, folded and shown to whoever watches, and then dropped; or they go into a journal first.
//! 3. Nothing looks ahead: a bar is told in three moments, and a decision that rests on its close meets prices
//!    that come after it. Every rule stands in `docs/replay.md`.

mod breakout;
mod drive;
mod person;
mod source;
#[cfg(test)]
mod tests;
mod venue;

use std::fmt;

use broker_api::{Account, Digest, Overflow, Record, Signal, Stamped, Time};
use broker_paper::matching::{Matching, Moment};
use state::{Batch, Book, Illegal, Journal, JournalError, Store};

pub use breakout::{Breakout, BreakoutFault, Parameters};
pub use drive::{Lane, Played, drive};
pub use source::{AtClose, Decided, SignalSource, Told, decided};

use crate::command::Command;
use crate::desk::{Desk, Setup};
use crate::feed::FeedError;
use crate::input::Input;
use crate::market::Market;
use crate::runner::limits_digest;
use person::Person;
use venue::Exchange;

/// Why a replay could not go on.
#[derive(Debug)]
pub enum ReplayFault {
    /// Prices that cannot be trusted.
    Feed(FeedError),
    /// A figure does not fit into 28 digits.
    Overflow(Time),
    /// A record does not follow what the book holds: a fault of this program.
    Illegal(Illegal),
    /// The journal cannot be written.
    Journal(JournalError),
    /// Whoever watches cannot go on, such as a full disk under the ledger.
    Watcher(Box<str>),
    /// The limits cannot be written down.
    Setup(Box<str>),
}

impl fmt::Display for ReplayFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feed(why) => why.fmt(f),
            Self::Overflow(at) => write!(
                f,
                "a figure at {at} does not fit into 28 digits; look at the prices and quantities of that moment"
            ),
            Self::Illegal(why) => why.fmt(f),
            Self::Journal(why) => why.fmt(f),
            Self::Watcher(why) | Self::Setup(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ReplayFault {}

impl From<FeedError> for ReplayFault {
    fn from(why: FeedError) -> Self {
        Self::Feed(why)
    }
}

impl From<Illegal> for ReplayFault {
    fn from(why: Illegal) -> Self {
        Self::Illegal(why)
    }
}

impl From<JournalError> for ReplayFault {
    fn from(why: JournalError) -> Self {
        Self::Journal(why)
    }
}

/// Is shown every record, right after the turn that made it, with the book as it then stands.
pub trait Watcher {
    /// Looks at what a turn made.
    ///
    /// # Errors
    /// Why it cannot go on; the replay ends with it.
    fn made(&mut self, records: &[Stamped], book: &Book) -> Result<(), Box<str>>;

    /// Looks at a reading of the account, after all that followed from it.
    fn read(&mut self, _account: &Account) {}
}

/// Nobody watches.
impl Watcher for () {
    fn made(&mut self, _: &[Stamped], _: &Book) -> Result<(), Box<str>> {
        Ok(())
    }
}

/// Keeps every record.
impl Watcher for Vec<Stamped> {
    fn made(&mut self, records: &[Stamped], _: &Book) -> Result<(), Box<str>> {
        self.extend_from_slice(records);
        Ok(())
    }
}

/// Where the records of a replay go.
#[derive(Debug)]
pub enum Keep<S> {
    /// Nowhere: they are dropped once they were shown.
    Nothing,
    /// Into a journal, committed turn by turn.
    Journal(Journal<S>),
}

/// A replay under way.
#[derive(Debug)]
pub struct Replay<S, W> {
    desk: Desk,
    book: Book,
    market: Market,
    exchange: Exchange,
    keep: Keep<S>,
    watcher: W,
    waiting: Vec<Input>,
    /// Memory for the records of a turn.
    spare: Vec<Stamped>,
    /// The last reading of the account; anything else before the first.
    reading: Input,
    person: Option<Person>,
}

impl<S: Store, W: Watcher> Replay<S, W> {
    /// Begins at `now` with an account as the matching engine has it.
    ///
    /// # Errors
    /// [`ReplayFault`].
    pub fn begin(
        setup: Setup,
        engine: Matching,
        keep: Keep<S>,
        watcher: W,
        version: &str,
        now: Time,
    ) -> Result<Self, ReplayFault> {
        let market = Market::of_history(std::sync::Arc::clone(&setup.catalog));
        let limits: Digest = limits_digest(&setup.limits).map_err(|frozen| ReplayFault::Setup(frozen.why))?;
        let exchange = Exchange::new(engine);
        let account = exchange.account(now).map_err(|_| ReplayFault::Overflow(now))?;
        let mut replay = Self {
            desk: Desk::new(setup),
            book: Book::default(),
            market,
            exchange,
            keep,
            watcher,
            waiting: Vec::new(),
            spare: Vec::new(),
            reading: Input::Timer,
            person: None,
        };
        let bound =
            Record::VenueBound { of: account.of, equity: account.equity, cursor: replay.exchange.cursor() };
        let started = Record::Started { life: 1, version: version.into(), limits };
        let mut batch = Batch::new(1);
        for record in [bound, started] {
            batch.put(&mut replay.book, record, now)?;
        }
        replay.keep(batch)?;
        replay.read_account(now)?;
        Ok(replay)
    }

    /// Plays one moment: orders meet its prices, and the desk acts after each thing that comes of it.
    ///
    /// # Errors
    /// [`ReplayFault`].
    pub fn play(&mut self, moment: &Moment) -> Result<(), ReplayFault> {
        let at = moment.at();
        let overflow = |_: Overflow| ReplayFault::Overflow(at);
        self.exchange.begin(moment);
        if let Some(quote) = self.exchange.seen(moment) {
            let quote = Input::Quote { ix: moment.ix(), quote };
            self.take(&quote, at)?;
        }
        while let Some(activity) = self.exchange.next().map_err(overflow)? {
            self.take(&activity, at)?;
        }
        Ok(())
    }

    /// Plays all of a bar that is told whole at its close, when its open is told, and gives whether it did: so it is when
    /// nothing comes of the bar but its last price. Otherwise nothing is done.
    ///
    /// # Errors
    /// [`ReplayFault`].
    pub fn pass(&mut self, moment: &Moment) -> Result<bool, ReplayFault> {
        let Moment::Open { ix, bar } = moment else { return Ok(false) };
        let at = bar.closes;
        if bar.opens != at || self.desk.next_due().is_some_and(|due| due <= at) {
            return Ok(false);
        }
        let Some(quote) = self.exchange.pass(*ix, bar) else { return Ok(false) };
        self.take(&Input::Quote { ix: *ix, quote }, at)?;
        Ok(true)
    }

    /// Reads the account, as a trading process does before it decides.
    ///
    /// # Errors
    /// [`ReplayFault`].
    pub fn read_account(&mut self, now: Time) -> Result<(), ReplayFault> {
        // One reading is kept and brought up to date: it is large, and this is done at every bar.
        let overflow = |_: Overflow| ReplayFault::Overflow(now);
        let is_same = match &mut self.reading {
            Input::Snapshot { account } => {
                let is_other = self.exchange.read_again(account, now).map_err(overflow)?;
                !is_other && self.desk.is_still(&self.book, account, now)
            }
            reading => {
                let account = self.exchange.account(now).map_err(overflow)?;
                *reading = Input::Snapshot { account };
                false
            }
        };
        // Of most readings, and of most prices, nothing follows: that is seen before room is made for what would.
        if is_same {
            self.market.read_again(self.exchange.venue(), now);
        } else if !self.desk.note(&self.book, &mut self.market, &self.reading, now) {
            let mut batch = self.batch();
            self.desk.act(&mut self.book, &mut self.market, &self.reading, now, &mut batch)?;
            self.go_on(batch, now)?;
        }
        if let Input::Snapshot { account } = &self.reading {
            self.watcher.read(account);
        }
        self.looked_at(now)
    }

    /// Takes decisions in: all of them, before any of their orders is sent.
    ///
    /// # Errors
    /// [`ReplayFault`].
    pub fn decide(&mut self, decisions: &[(Signal, Digest)], now: Time) -> Result<(), ReplayFault> {
        let mut batch = self.batch();
        for (signal, digest) in decisions {
            let input = Input::Signal { signal: *signal, digest: *digest };
            self.desk.step(&mut self.book, &mut self.market, &input, now, &mut batch)?;
        }
        self.go_on(batch, now)
    }

    /// What it decides by, and has counted.
    pub const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The book as it stands.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// The matching engine and its account.
    pub const fn engine(&self) -> &Matching {
        self.exchange.engine()
    }

    /// Ends it: gives back whoever watched and what was kept.
    pub fn end(self) -> (W, Keep<S>) {
        (self.watcher, self.keep)
    }

    /// One input, and all that follows from it.
    fn take(&mut self, input: &Input, now: Time) -> Result<(), ReplayFault> {
        if self.desk.note(&self.book, &mut self.market, input, now) {
            return Ok(());
        }
        let mut batch = self.batch();
        self.desk.act(&mut self.book, &mut self.market, input, now, &mut batch)?;
        self.go_on(batch, now)
    }

    fn batch(&mut self) -> Batch<Command> {
        Batch::again(self.book.seq() + 1, std::mem::take(&mut self.spare))
    }

    /// Keeps what was decided, carries its commands out, takes in what came of them, and so on until nothing is left
    /// to do.
    fn go_on(&mut self, batch: Batch<Command>, now: Time) -> Result<(), ReplayFault> {
        if batch.is_empty() {
            self.spare = batch.drain_volatile().0;
            return Ok(()); // there is no command without a record
        }
        let mut commands = self.keep(batch)?;
        while !commands.is_empty() {
            let mut inputs = std::mem::take(&mut self.waiting);
            inputs.clear();
            for command in commands {
                let answer = self.exchange.carry_out(command, now);
                inputs.push(answer.map_err(|_| ReplayFault::Overflow(now))?);
            }
            inputs.push(self.exchange.read_log());
            let mut batch = self.batch();
            for input in &inputs {
                self.desk.step(&mut self.book, &mut self.market, input, now, &mut batch)?;
            }
            self.waiting = inputs;
            commands = self.keep(batch)?;
        }
        Ok(())
    }

    /// Shows records, and keeps or drops them; gives the commands that may then be carried out.
    fn keep(&mut self, batch: Batch<Command>) -> Result<Vec<Command>, ReplayFault> {
        self.watcher.made(batch.records(), &self.book).map_err(ReplayFault::Watcher)?;
        match &mut self.keep {
            Keep::Nothing => {
                let (records, commands) = batch.drain_volatile();
                self.spare = records;
                Ok(commands)
            }
            Keep::Journal(journal) => Ok(journal.commit(batch)?.open()),
        }
    }
}
