//! What a process leaves for others to read: the state file, cut as a pass cuts it when it ends, the status that is
//! read from file and journal beside it, and the book that the next process begins with.

use std::path::Path;

use broker_api::{Digest, Time};
use state::{Book, Checkpoint, Files, Journal, MemoryStore, Started, Store, checkpoint, start};

use super::{Violation, World};
use crate::check::{self, Report};
use crate::disk::FaultyDisk;
use crate::fault::Fault;
use crate::place::Place;

/// After so many looks somebody asks for the status.
const STATUS_EVERY: u64 = 64;
/// The file's name. There is no such file: its text is kept in memory.
const NAME: &str = "paper-state.json";

impl World {
    /// A process ends by itself: it writes that it ends, and then the state file. The disk may fail, and the process may
    /// die over it.
    pub(super) async fn ends(&mut self) -> Result<(), Violation> {
        let Some(runner) = self.runner.take() else { return Ok(()) };
        let stopped = runner.stop(0);
        self.ground.ended().await;
        let Ok((book, journal)) = stopped else {
            self.deaths += 1;
            return self.look();
        };
        self.look()?;
        let now = (self.clock)();
        self.writes(&book, &journal, now)
    }

    fn writes(&mut self, book: &Book, journal: &Journal<FaultyDisk>, now: Time) -> Result<(), Violation> {
        let fault = self.fates().ask(Place::StateFile);
        self.tell(|| {
            let how = fault.map_or("goes well", Fault::as_str);
            format!("{}  {}: {how}", now.format("%H:%M:%S"), Place::StateFile)
        });
        self.deaths += u32::from(matches!(fault, Some(Fault::DiesBefore | Fault::DiesAfter)));
        // It takes its name when it is whole: what stops it before leaves the old one.
        if matches!(fault, Some(Fault::DiskFull | Fault::DiesBefore)) {
            return Ok(());
        }
        let Some(cut) = Checkpoint::cut(book, journal, now, "world") else {
            return self.fails(check::REPORTED, || "a book that ended runs ahead of its journal".into());
        };
        self.generation += 1;
        let text = match cut.text(self.generation) {
            Ok(text) => text,
            Err(why) => return self.fails(check::REPORTED, || format!("the state file: {why}")),
        };
        let head = journal.head();
        self.is_true("state file", (head.seq, head.hash), Some(&cut.book))?;
        (self.file, self.loaded) = (Some(text), None);
        Ok(())
    }

    /// The book and the journal that a process begins with: from the state file, and the rest of the journal. Everything
    /// durable was looked at before.
    pub(super) fn takes_up<S: Store + Clone>(
        &mut self,
        what: &'static str,
        store: S,
    ) -> Result<Started<S>, Violation> {
        let files = Files::beside(Path::new(NAME));
        // The file is the same until the next one is written: it is parsed once.
        if let (Some(text), None) = (&self.file, &self.loaded) {
            match checkpoint::parsed(&files.state, text) {
                Ok(loaded) if loaded.intact => self.loaded = Some(loaded),
                Ok(_) => {
                    self.fails(check::REPORTED, || "the state file reads back as if it was edited".into())?;
                }
                Err(why) => {
                    self.fails(check::REPORTED, || format!("the state file does not read back: {why}"))?;
                }
            }
        }
        let started = start::take_up(&files, self.loaded.clone(), store.clone());
        let failed = |what: String| Violation { checker: check::REPORTED, what };
        let started = match started {
            Ok(started) => started,
            Err(why) => {
                self.fails(check::REPORTED, || format!("the {what} fails: {why}"))?;
                start::take_up(&files, None, store).map_err(|why| failed(why.to_string()))?
            }
        };
        let head = started.journal.head();
        self.is_true(what, (head.seq, head.hash), Some(&started.book))?;
        Ok(started)
    }

    /// What the process that lives says of itself, and now and then what is read beside it.
    pub(super) fn is_told_right(&mut self) -> Result<(), Violation> {
        if let Some(runner) = &self.runner {
            let head = runner.head();
            // Its book was compared with the fold a moment ago.
            self.is_true("process", (head.seq, head.hash), None)?;
        }
        if self.looks.is_multiple_of(STATUS_EVERY) {
            self.takes_up::<MemoryStore>("status", self.rows.clone())?;
        }
        Ok(())
    }

    fn is_true(
        &self,
        what: &'static str,
        (seq, hash): (u64, Digest),
        book: Option<&Book>,
    ) -> Result<(), Violation> {
        let last = self.rows.head().ok().flatten();
        let report = Report { what, seq, hash, book };
        match check::reported(&report, last.as_ref(), &self.folded) {
            Ok(()) => Ok(()),
            Err(why) => self.fails(check::REPORTED, || why),
        }
    }
}
