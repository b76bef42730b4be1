//! Bars read on a thread of their own, a fixed number ahead of whoever plays them: one reads while the other decides.
//!
//! What is told, and in which order, is what the source itself tells. Rows go from thread to thread by the thousand, and
//! their memory comes back to be filled again.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use broker_api::{Bar, InstrumentIx, Symbol};

use super::{FeedError, Origin, Part, Window};

/// How many rows go at once.
const ROWS: usize = 4_096;
/// How many times as many may lie ready.
const READY: usize = 2;

/// What is told of a bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) part: Part,
    pub(super) ix: InstrumentIx,
    pub(super) bar: Bar,
}

/// What comes over.
#[derive(Debug)]
enum Told {
    Rows(Vec<Row>),
    /// The end, or what is wrong there; the source comes back with it.
    End(Box<Origin>, Option<FeedError>),
}

/// The reader, as who plays its bars has it.
#[derive(Debug)]
pub(super) struct Ahead {
    /// Nothing when the reader was let go.
    told: Option<Receiver<Told>>,
    spent: Sender<Vec<Row>>,
    reader: Option<JoinHandle<()>>,
    rows: Vec<Row>,
    /// The place of the row that comes next.
    next: usize,
    /// The symbols without a file, or of a tape all of them, as it was at the start.
    missing: Vec<Symbol>,
    /// What is read: a file or a folder.
    file: PathBuf,
}

/// What the reader said.
pub(super) enum Said {
    /// The next row is the one under way.
    Row(Part),
    /// It is over; here is what was read.
    Over(Box<Origin>, Option<FeedError>),
}

impl Ahead {
    /// Gives a source to a thread of its own.
    pub(super) fn start(origin: Origin, window: Window, path: &Path) -> Result<Self, FeedError> {
        let (missing, file) = (origin.missing().to_vec(), path.to_owned());
        let (to, told) = sync_channel(READY);
        let (spent, back) = channel();
        let reader = Builder::new()
            .name("bars".to_owned())
            .spawn(move || read(origin, window, &to, &back))
            .map_err(|error| FeedError::unreadable(&file, &error))?;
        Ok(Self { told: Some(told), spent, reader: Some(reader), rows: Vec::new(), next: 0, missing, file })
    }

    pub(super) fn missing(&self) -> &[Symbol] {
        &self.missing
    }

    /// The row that was given last.
    #[inline]
    pub(super) fn under_way(&self) -> Option<(InstrumentIx, &Bar)> {
        let row = self.rows.get(self.next.checked_sub(1)?)?;
        Some((row.ix, &row.bar))
    }

    /// Takes the next row; waits for it when it is not read yet.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Said, FeedError> {
        if let Some(row) = self.rows.get(self.next) {
            self.next += 1;
            return Ok(Said::Row(row.part));
        }
        self.wait()
    }

    #[cold]
    fn wait(&mut self) -> Result<Said, FeedError> {
        match self.told.as_ref().map(Receiver::recv) {
            Some(Ok(Told::Rows(rows))) => {
                let spent = std::mem::replace(&mut self.rows, rows);
                // A reader that is through needs no memory any more.
                let _ = self.spent.send(spent);
                self.next = 0;
                self.next()
            }
            Some(Ok(Told::End(origin, fault))) => Ok(Said::Over(origin, fault)),
            // It neither came to an end nor said what is wrong.
            Some(Err(_)) | None => {
                let why = "its reader stopped, which is a fault of this program";
                Err(FeedError::new(&self.file, why, "run again, and report it when it comes again"))
            }
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // It stops once nobody takes what it reads.
        self.told = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn read(mut origin: Origin, window: Window, to: &SyncSender<Told>, back: &Receiver<Vec<Row>>) {
    loop {
        let mut rows = back.try_recv().unwrap_or_default();
        rows.clear();
        rows.reserve_exact(ROWS);
        let end = fill(&mut origin, window, &mut rows);
        if !rows.is_empty() && to.send(Told::Rows(rows)).is_err() {
            return;
        }
        if let ControlFlow::Break(fault) = end {
            let _ = to.send(Told::End(Box::new(origin), fault));
            return;
        }
    }
}

/// Reads rows until there are enough of them; breaks off at the end, with what is wrong there.
fn fill(origin: &mut Origin, window: Window, rows: &mut Vec<Row>) -> ControlFlow<Option<FeedError>> {
    while rows.len() < ROWS {
        let part = match origin.next(window) {
            Ok(Some(part)) => part,
            Ok(None) => return ControlFlow::Break(None),
            Err(fault) => return ControlFlow::Break(Some(fault)),
        };
        let Some((ix, bar)) = origin.under_way() else { return ControlFlow::Break(None) };
        rows.push(Row { part, ix, bar: *bar });
    }
    ControlFlow::Continue(())
}
