//! The session of a life: what reached the desk is written down as it happens, and must come out again as it was.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use broker_api::{Record, Time};
use engine::session::{End, Line, Place, Writer, reproduce};
use engine::{Input, Setup};
use proptest::test_runner::TestCaseError;
use state::{Book, Journal, MemoryStore};

use super::Held;

/// A file in memory, which can be read while it is written.
#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was written of a life; of none, before the first one begins.
#[derive(Default)]
pub(super) struct Session(Option<Life>);

struct Life {
    text: Text,
    writer: Writer<Text>,
    head: Place,
}

impl Session {
    /// A life begins.
    pub(super) fn begin(setup: &Setup, book: &Book, journal: &Journal<MemoryStore>, at: Time) -> Self {
        let (text, head) = (Text::default(), journal.head().into());
        let mut session = Self(Some(Life { writer: Writer::new(text.clone()), text, head }));
        session.write(&Line::Begin { version: "0", at, setup, book, journal: journal.id(), head });
        session
    }

    /// A record is put beside the desk.
    pub(super) fn put(&mut self, at: Time, record: &Record) {
        self.write(&Line::Put { at, record });
    }

    /// The desk is about to take a step.
    pub(super) fn step(&mut self, at: Time, input: &Input) {
        self.write(&Line::Step { at, halted: false, input });
    }

    /// A commit was made, of some records or of none.
    pub(super) fn committed(&mut self, journal: &Journal<MemoryStore>) {
        let head = journal.head().into();
        if let Some(life) = &mut self.0
            && life.head != head
        {
            life.head = head;
            self.write(&Line::Commit { head });
        }
    }

    fn write(&mut self, line: &Line<'_>) {
        if let Some(life) = &mut self.0 {
            life.writer.write(line).expect("memory is never full");
        }
    }

    /// The life comes out again, up to the hash of its last commit.
    pub(super) fn check(&self) -> Held {
        let Some(life) = &self.0 else { return Ok(()) };
        let text = life.text.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = reproduce(text.as_slice()).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
        holds!(matches!(told.end, End::Open), "the session does not come out again: {:#?}", told.end);
        holds!(told.head == life.head, "the session ends at {:?}, its life at {:?}", told.head, life.head);
        holds!(told.commits == life.writer.recorded().commits, "{} commits are told", told.commits);
        Ok(())
    }
}
