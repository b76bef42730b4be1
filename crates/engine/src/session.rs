//! A session: everything that reached a desk, from a start to its stop, written down so that it can be told again.
//!
//! 1. The desk is pure, so its inputs, their times and the book it began with are all it takes to have its records
//!    again, byte for byte. What happened becomes a test.
//! 2. A session is a file of JSON lines: how it began, then each record that the runner put by itself, each step of
//!    the desk, and the journal's head after each commit. A row's hash covers every byte of the row and of all rows
//!    before it: an equal head is equal records.
//! 3. A step is written before it is taken, so that one which fails is in the file as well.
//! 4. Recording never stops trading. A line that cannot be written ends the recording, and that is said once.
//! 5. No type in it can hold a credential: those stay in the adapters. A venue's own words (why it refused, what it
//!    answered instead) are kept as they are in the journal, and whatever a venue puts there stands there.

mod reproduce;
mod wire;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use broker_api::{Catalog, Digest, Record, Time};
use state::{Book, Head};

use crate::desk::Setup;
use crate::input::Input;

pub use reproduce::{Difference, End, Reproduced, SessionFault, Taken, reproduce};
use wire::{Header, Row, Told};

/// The schema of a session file.
pub const SCHEMA: &str = "tradewind.session/1";
/// The most bytes of a line after the first.
pub const LINE_MAX: usize = 1 << 20;
/// The most bytes of the first line, which holds a whole book.
pub const HEADER_MAX: usize = 1 << 28;

/// Takes the lines of a session as they come. It is told, and asked nothing: it can neither stop nor change what the
/// runner does.
pub type Recorder = Box<dyn FnMut(&Line<'_>) + Send + Sync>;

/// A place in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The seq of a record; 0 before the first.
    pub seq: u64,
    /// The hash of its row.
    pub hash: Digest,
}

impl From<Head> for Place {
    fn from(head: Head) -> Self {
        Self { seq: head.seq, hash: head.hash }
    }
}

/// One line of a session.
#[derive(Clone, Copy, Debug)]
pub enum Line<'a> {
    /// A runner starts. The first line, and the only one of its kind.
    Begin {
        /// The program's version.
        version: &'a str,
        /// When.
        at: Time,
        /// What the desk decides by.
        setup: &'a Setup,
        /// The book it goes on with.
        book: &'a Book,
        /// The journal's id.
        journal: &'a str,
        /// Where the journal ends.
        head: Place,
    },
    /// The runner puts a record that no step decides.
    Put {
        /// When.
        at: Time,
        /// Which.
        record: &'a Record,
    },
    /// The desk is about to take an input.
    Step {
        /// By which time.
        at: Time,
        /// Whether the halt file lies there.
        halted: bool,
        /// Which.
        input: &'a Input,
    },
    /// A commit wrote records; here the journal ends now.
    Commit {
        /// Where.
        head: Place,
    },
}

/// Why a recording ended before its session.
#[derive(Debug)]
pub struct NotRecorded {
    /// The line that is not there.
    pub line: u64,
    /// Why.
    pub why: io::Error,
}

impl fmt::Display for NotRecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the session could not be written: {}", self.line, self.why)
    }
}

impl std::error::Error for NotRecorded {}

/// What was recorded so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Lines, the first one included.
    pub lines: u64,
    /// Steps of the desk, each with one input.
    pub inputs: u64,
    /// Commits that wrote records.
    pub commits: u64,
}

/// Writes a session. What it is given is handed on at every commit, so that a process that is killed leaves a session
/// up to its last one.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    catalog: Option<Arc<Catalog>>,
    line: Vec<u8>,
    done: Recorded,
    is_over: bool,
}

impl<W: Write> Writer<W> {
    /// Writes to `to`, which should be buffered.
    pub const fn new(to: W) -> Self {
        let done = Recorded { lines: 0, inputs: 0, commits: 0 };
        Self { to, catalog: None, line: Vec::new(), done, is_over: false }
    }

    /// What was recorded so far.
    pub const fn recorded(&self) -> Recorded {
        self.done
    }

    /// Whether a line could not be written, so that nothing more is.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Writes a line. After the first that fails, every other is passed over without a word.
    ///
    /// # Errors
    /// [`NotRecorded`], once.
    pub fn write(&mut self, line: &Line<'_>) -> Result<(), NotRecorded> {
        if self.is_over {
            return Ok(());
        }
        self.try_write(line).map_err(|why| {
            self.is_over = true;
            NotRecorded { line: self.done.lines + 1, why }
        })
    }

    /// Hands on what is still held back. The recording ends with it.
    ///
    /// # Errors
    /// [`NotRecorded`], unless the recording was over already.
    pub fn finish(&mut self) -> Result<Recorded, NotRecorded> {
        if !std::mem::replace(&mut self.is_over, true) {
            self.to.flush().map_err(|why| NotRecorded { line: self.done.lines, why })?;
        }
        Ok(self.done)
    }

    fn try_write(&mut self, line: &Line<'_>) -> io::Result<()> {
        self.line.clear();
        let most = match *line {
            Line::Begin { version, at, setup, book, journal, head } => {
                self.catalog = Some(Arc::clone(&setup.catalog));
                serde_json::to_writer(&mut self.line, &Header::of(version, at, setup, book, journal, head))?;
                HEADER_MAX
            }
            Line::Put { at, record } => self.encode(&Row::Put { at, record: record.clone() })?,
            Line::Step { at, halted, input } => {
                let input = Told::of(input, self.catalog.as_deref())
                    .map_err(String::from)
                    .map_err(io::Error::other)?;
                self.encode(&Row::Step { at, halted, input })?
            }
            Line::Commit { head: Place { seq, hash } } => self.encode(&Row::Commit { seq, hash })?,
        };
        self.line.push(b'\n');
        if self.line.len() > most {
            let why = format!("it has {} bytes, and a session takes {most} at most", self.line.len());
            return Err(io::Error::other(why));
        }
        self.to.write_all(&self.line)?;
        match line {
            Line::Begin { .. } => {
                self.to.flush()?;
                // It held a whole book, and no other line comes near its size.
                self.line = Vec::new();
            }
            Line::Put { .. } => {}
            Line::Step { .. } => self.done.inputs += 1,
            Line::Commit { .. } => {
                self.to.flush()?;
                self.done.commits += 1;
            }
        }
        self.done.lines += 1;
        Ok(())
    }

    fn encode(&mut self, row: &Row) -> io::Result<usize> {
        serde_json::to_writer(&mut self.line, row)?;
        Ok(LINE_MAX)
    }
}

#[cfg(test)]
mod tests;
