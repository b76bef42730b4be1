//! What is behind the venue's lock: the machine, its file, and how much of the one is in the other.
//!
//! A step is done in memory, then written. If the writing fails nobody knows whether it counts: the machine stays
//! in doubt, answers nothing, and before the next use the file is asked. What it holds is taken over; what it does
//! not hold is undone.

use std::path::Path;

use broker_api::{Catalog, Cursor, Time};

use super::convert::{self, Kept};
use super::error::VenueError;
use super::log::Log;
use super::machine::{Machine, Op, Rules, is_same};
use super::text::{Row, TransferredText};
use crate::matching::{Moment, TransferIn, Transferred};

/// After at least so many steps a new base is taken.
const STEPS_MIN: usize = if cfg!(test) { 8 } else { 512 };
/// Bytes of the base per step: it is not written anew before the steps since weigh about as much.
const BYTES_PER_STEP: usize = 128;

/// Where the machine was before a step whose outcome is not known.
#[derive(Clone, Copy, Debug)]
struct Before {
    ops: usize,
    seq: u64,
}

pub(super) struct State {
    pub log: Log,
    pub machine: Machine,
    kept: Kept,
    /// The rules that are configured; the machine takes them up between two moments.
    given: Rules,
    doubt: Option<Before>,
    /// The moment that was played last is one of those that had been played before: it has no events.
    passed: bool,
}

impl State {
    pub(super) fn open(path: &Path, given: Rules) -> Result<Self, VenueError> {
        if !given.settings.costs.is_sane() {
            let what = "a cost is negative or eats the whole price; give shares like 0.001";
            return Err(VenueError::BadSettings { what });
        }
        let mut log = Log::open(path)?;
        let (machine, kept) = if let Some(stored) = log.read()? {
            convert::machine(&stored, path)?
        } else {
            let machine = Machine::new(given.clone());
            log.create(&convert::change(&machine, &Kept::default(), &[], path)?)?;
            (machine, Kept { rules: true, base: true, ..Kept::default() })
        };
        let mut state = Self { log, machine, kept, given, doubt: None, passed: false };
        state.same_account()?;
        state.take_rules()?;
        Ok(state)
    }

    fn same_account(&self) -> Result<(), VenueError> {
        let (file, given) = (&self.machine.rules().settings, &self.given.settings);
        let pairs = [
            ("venue", file.venue.as_str(), given.venue.as_str()),
            ("account", file.account.as_str(), given.account.as_str()),
            ("currency", file.currency.as_str(), given.currency.as_str()),
        ];
        match pairs.into_iter().find(|(_, file, given)| file != given) {
            None => Ok(()),
            Some((what, file, given)) => Err(VenueError::OtherAccount {
                path: self.log.path().to_owned(),
                what,
                file: file.into(),
                given: given.into(),
            }),
        }
    }

    fn take_rules(&mut self) -> Result<(), VenueError> {
        if self.machine.place.current.is_some() || self.machine.rules().same(&self.given) {
            return Ok(());
        }
        self.machine
            .change_rules(self.given.clone())
            .map_err(|why| VenueError::unreadable(self.log.path(), "account under the new settings", why))?;
        self.kept = Kept { base_len: self.kept.base_len, ..Kept::default() };
        Ok(())
    }

    /// Ends a doubt. Every use begins with it.
    pub(super) fn settle(&mut self) -> Result<(), VenueError> {
        let Some(before) = self.doubt else { return Ok(()) };
        if self.log.settle()? == before.seq {
            self.machine = self.machine.rebuilt(before.ops)?;
        } else {
            let path = self.log.path().to_owned();
            let stored = self.log.read()?.ok_or_else(|| VenueError::NotOurs { path: path.clone() })?;
            let clock = self.machine.place.clock;
            (self.machine, self.kept) = convert::machine(&stored, &path)?;
            self.machine.place.clock = self.machine.place.clock.max(clock);
            self.same_account()?;
        }
        self.doubt = None;
        self.take_rules()
    }

    /// A step with all that belongs to it: when it makes rows they are in the file before it returns.
    pub(super) fn step(&mut self, op: Op) -> Result<Vec<Row>, VenueError> {
        let before = Before { ops: self.machine.ops().len(), seq: self.machine.seq };
        // Until the end of this function nothing is certain.
        self.doubt = Some(before);
        let rows = self.machine.step(op)?;
        if !rows.is_empty() {
            self.write(before.seq, &rows)?;
        }
        self.doubt = None;
        Ok(rows)
    }

    fn write(&mut self, head: u64, rows: &[Row]) -> Result<(), VenueError> {
        let change = convert::change(&self.machine, &self.kept, rows, self.log.path())?;
        self.log.write(head, &change)?;
        let base_len = change.snapshot.map_or(self.kept.base_len, |s| s.saved.len());
        self.kept = Kept { rules: true, base: true, ops: self.machine.ops().len(), base_len };
        Ok(())
    }

    fn rebase(&mut self) {
        self.machine.rebase();
        self.kept.base = false;
        self.kept.ops = 0;
    }

    /// The instruments as they are configured.
    pub(super) fn catalog(&self) -> &Catalog {
        &self.given.catalog
    }

    pub(super) fn set_time(&mut self, at: Time) {
        self.machine.place.set(at);
    }

    /// Takes positions and cash from outside, once for each file.
    pub(super) fn transfer_in(&mut self, transfer: &TransferIn) -> Result<Transferred, VenueError> {
        if let Some(known) = self.machine.engine.transferred(transfer.file) {
            return Ok(known);
        }
        let refused = |why: Box<str>| VenueError::NotTransferred { why };
        if let Some(current) = &self.machine.place.current {
            return Err(VenueError::Unfinished { at: current.at() });
        }
        let at = self.machine.place.clock.ok_or_else(|| refused("the venue has no time yet".into()))?;
        let tried = self.machine.engine.clone().transfer(transfer);
        let done = tried.map_err(|refusal| refused(refusal.text))?;
        self.step(Op::Transfer { at, transfer: Box::new(transfer.clone()) })?;
        Ok(done)
    }

    /// What came from outside after a place in the log.
    pub(super) fn transfers_since(&self, cursor: Cursor) -> Result<Vec<Transferred>, VenueError> {
        let bad = |why: &dyn std::fmt::Display| VenueError::unreadable(self.log.path(), "log", why);
        let after: u64 = cursor.as_str().parse().map_err(|why| bad(&why))?;
        let rows = self.log.rows("transferred", after, u32::MAX)?;
        let read = |(_, text): (u64, String)| {
            serde_json::from_str::<TransferredText>(&text).map(|row| row.done).map_err(|why| bad(&why))
        };
        rows.into_iter().map(read).collect()
    }

    /// Begins a moment. One that was played before, or is being played, is known by its instrument and time.
    pub(super) fn play(&mut self, moment: &Moment) -> Result<(), VenueError> {
        self.catalog().get(moment.ix()).ok_or(VenueError::NoInstrument)?;
        let (place, at) = (&self.machine.place, moment.at());
        self.passed = self.given.moved(moment, self.machine.rules()).is_some_and(|m| place.has_played(&m));
        if self.passed {
            return Ok(());
        }
        if let Some(current) = &place.current {
            // It may have begun under the rules before.
            let moment = self.given.moved(moment, self.machine.rules());
            return match moment {
                Some(moment) if is_same(current, &moment) => Ok(()),
                _ => Err(VenueError::Unfinished { at: current.at() }),
            };
        }
        if let Some(last) = place.last.filter(|last| at < *last) {
            return Err(VenueError::Past { at, last });
        }
        if self.machine.ops().len() >= STEPS_MIN.max(self.kept.base_len / BYTES_PER_STEP) {
            self.rebase();
        }
        self.step(Op::Begin(*moment)).map(drop)
    }

    /// Takes the moment's next event; false when there is none, or no moment.
    pub(super) fn next_event(&mut self) -> Result<bool, VenueError> {
        if self.machine.place.current.is_none() || self.passed {
            return Ok(false);
        }
        let more = !self.step(Op::Next)?.is_empty();
        if !more {
            self.take_rules()?;
        }
        Ok(more)
    }

    /// Writes what is only in memory: moments without events, and the time.
    pub(super) fn flush(&mut self) -> Result<(), VenueError> {
        if self.machine.place.current.is_none() {
            let (machine, kept) = (&self.machine, &self.kept);
            if kept.rules && kept.base && machine.ops().is_empty() && machine.place == machine.base().place {
                return Ok(());
            }
            self.rebase();
        }
        let before = Before { ops: self.machine.ops().len(), seq: self.machine.seq };
        self.doubt = Some(before);
        self.write(before.seq, &[])?;
        self.doubt = None;
        Ok(())
    }
}
