//! A session told again: each input goes through the desk once more, and what comes out must have the hashes that the
//! session wrote down. Nothing is sent: the commands lie in batches that are dropped, and only a commit opens them.

use std::collections::VecDeque;
use std::fmt;
use std::io::{BufRead, Read as _};
use std::sync::Arc;

use broker_api::{Catalog, Record, Time, record};
use serde::de::DeserializeOwned;
use state::{Batch, Book, Encoded, Illegal, encode};

use super::wire::{Header, Kind, Row};
use super::{HEADER_MAX, LINE_MAX, Place, SCHEMA};
use crate::command::Command;
use crate::desk::Desk;
use crate::input::Input;
use crate::market::Market;

/// How many of the lines that led to a difference are kept.
const SHOWN: usize = 20;

/// Why a file, or a line of it, cannot be told again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionFault {
    /// The file cannot be read.
    Read {
        /// At which line.
        line: u64,
        /// Why.
        why: Box<str>,
    },
    /// It does not begin as a session does.
    NotASession {
        /// What is wrong with its first line.
        why: Box<str>,
    },
    /// A newer program made it.
    Newer {
        /// What is newer about it.
        found: Box<str>,
        /// What this program knows.
        known: Box<str>,
    },
    /// It ends in the middle of a line.
    Cut {
        /// Which.
        line: u64,
    },
    /// A line is no line of a session.
    Unreadable {
        /// Which.
        line: u64,
        /// What is wrong with it.
        why: Box<str>,
    },
}

impl fmt::Display for SessionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { line, why } => write!(f, "line {line} cannot be read: {why}"),
            Self::NotASession { why } => write!(f, "it is no session: {why}"),
            Self::Newer { found, known } => write!(f, "it has {found}, and this program knows {known}"),
            Self::Cut { line } => write!(f, "line {line} is cut: the file ends in the middle of it"),
            Self::Unreadable { line, why } => write!(f, "line {line} is no line of a session: {why}"),
        }
    }
}

impl std::error::Error for SessionFault {}

/// What came of telling a session again.
#[derive(Clone, Debug)]
pub struct Reproduced {
    /// The version of the program that recorded it.
    pub version: Box<str>,
    /// When it began.
    pub at: Time,
    /// The journal's id.
    pub journal: Box<str>,
    /// Where the journal ended when it began.
    pub from: Place,
    /// Where it ended at the last commit that came out equal.
    pub head: Place,
    /// How many steps were taken, each with one input; those of a difference are left out.
    pub inputs: u64,
    /// How many commits came out equal.
    pub commits: u64,
    /// How many records were made after the last commit of the session: it does not tell whether they are equal.
    pub untold: u64,
    /// The book as it is now.
    pub book: Book,
    /// How it ended.
    pub end: End,
}

impl Reproduced {
    /// How many records came out byte for byte as they were recorded.
    pub const fn records(&self) -> u64 {
        self.head.seq.saturating_sub(self.from.seq)
    }

    /// Whether all that the session tells came out equal. A file that is cut or damaged later on is not the whole
    /// session.
    pub const fn is_equal(&self) -> bool {
        matches!(self.end, End::Stopped | End::Open | End::Froze { .. })
    }
}

/// How a session ended when it was told again.
#[derive(Clone, Debug)]
pub enum End {
    /// With the record that the process ended by itself.
    Stopped,
    /// Without it: the process was killed, or its recording ended before it did.
    Open,
    /// With an input from which no lawful record followed; it is the last line, so the process froze there too.
    Froze {
        /// Its line.
        line: u64,
        /// What did not follow.
        why: Box<str>,
    },
    /// With a line that cannot be told again; everything before it came out equal.
    Broken(SessionFault),
    /// With records that are not those of the session.
    Differs(Box<Difference>),
}

/// The first commit of a session that comes out otherwise.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Which commit; they count from 1.
    pub commit: u64,
    /// The line of that commit.
    pub line: u64,
    /// Where the journal ended before it.
    pub before: Place,
    /// Where it ended after it, by the session.
    pub recorded: Place,
    /// Where it would end now.
    pub now: Place,
    /// The records as they come out now.
    pub records: Vec<Encoded>,
    /// How many inputs lie between the commit before and this one.
    pub inputs: u64,
    /// The last of the lines that went into it.
    pub taken: Vec<Taken>,
    /// The line after which nothing lawful follows now, and why, where the session went on.
    pub froze: Option<(u64, Box<str>)>,
}

/// A line that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number.
    pub line: u64,
    /// How many records were put because of it.
    pub records: usize,
    /// As it stands in the file.
    pub text: Box<str>,
}

/// Tells a session again, line by line, up to its end or to the first thing that is not as it was.
///
/// # Errors
/// [`SessionFault`] when the first line is not that of a session this program can tell; what is wrong with a later
/// line stands in [`Reproduced::end`].
pub fn reproduce(from: impl BufRead) -> Result<Reproduced, SessionFault> {
    let mut lines = Lines { from, number: 0, text: Vec::new() };
    let header = header(&mut lines)?;
    let unfit = |why: Box<str>| SessionFault::NotASession { why };
    let setup = header.setup().map_err(unfit)?;
    let begin = Place { seq: header.journal.seq, hash: header.journal.hash };
    let (version, journal) = (header.tradewind.into(), header.journal.id.into());
    let book = header.book.into_owned();
    if book.seq() != begin.seq {
        let why = format!("its book ends with record {}, and its journal with {}", book.seq(), begin.seq);
        return Err(unfit(why.into()));
    }
    let catalog = Arc::clone(&setup.catalog);
    let mut teller = Teller {
        market: Market::new(Arc::clone(&catalog)),
        desk: Desk::new(setup),
        batch: Batch::new(book.seq() + 1),
        book,
        catalog,
        head: begin,
        told: Told::default(),
        inputs: 0,
        commits: 0,
        is_stopped: false,
        froze: None,
    };
    let end = teller.tell(&mut lines);
    Ok(Reproduced {
        version,
        at: header.at,
        journal,
        from: begin,
        head: teller.head,
        inputs: teller.inputs,
        commits: teller.commits,
        untold: if matches!(end, End::Differs(_)) { 0 } else { teller.batch.records().len() as u64 },
        book: teller.book,
        end,
    })
}

/// The first line, if it is that of a session of ours.
fn header<R: BufRead>(lines: &mut Lines<R>) -> Result<Header<'static>, SessionFault> {
    let not = |why: String| SessionFault::NotASession { why: why.into() };
    let first = |fault: SessionFault| match fault {
        SessionFault::Unreadable { why, .. } => SessionFault::NotASession { why },
        // Half a first line may be half of anything.
        SessionFault::Cut { .. } => not("its first line is not whole".to_owned()),
        fault => fault,
    };
    if !lines.next(HEADER_MAX).map_err(first)? {
        return Err(not("it is empty".to_owned()));
    }
    let kind: Kind = lines.parse().map_err(first)?;
    if *kind.schema != *SCHEMA {
        return Err(match kind.schema.strip_prefix("tradewind.session/") {
            Some(_) => SessionFault::Newer { found: kind.schema, known: SCHEMA.into() },
            None => not(format!("its schema is {:?}", kind.schema)),
        });
    }
    let header: Header<'static> = lines.parse().map_err(first)?;
    if header.record_version > record::VERSION {
        let found = format!("records of version {}", header.record_version).into();
        let known = format!("versions up to {}", record::VERSION).into();
        return Err(SessionFault::Newer { found, known });
    }
    Ok(header)
}

/// What was taken in since the last commit.
#[derive(Default)]
struct Told {
    inputs: u64,
    last: VecDeque<Taken>,
}

/// The desk of a session, and what belongs to it.
struct Teller {
    desk: Desk,
    book: Book,
    market: Market,
    catalog: Arc<Catalog>,
    batch: Batch<Command>,
    head: Place,
    told: Told,
    inputs: u64,
    commits: u64,
    is_stopped: bool,
    froze: Option<(u64, Box<str>)>,
}

impl Teller {
    fn tell<R: BufRead>(&mut self, lines: &mut Lines<R>) -> End {
        loop {
            let row = match lines.next(LINE_MAX) {
                Ok(true) => lines.parse::<Row>(),
                Ok(false) => return self.ended(),
                Err(fault) => Err(fault),
            };
            let taken = row.and_then(|row| self.take(row, lines));
            match taken {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(fault) => return End::Broken(fault),
            }
        }
    }

    /// Takes a line in; gives the end when it is one.
    fn take<R: BufRead>(&mut self, row: Row, lines: &Lines<R>) -> Result<Option<End>, SessionFault> {
        let before = self.batch.records().len();
        let done = match row {
            Row::Commit { seq, hash } => return self.commit(Place { seq, hash }, lines),
            // The book cannot be gone on with; what the session made of it, its next commit tells.
            _ if self.froze.is_some() => return Ok(None),
            Row::Put { at, record } => {
                self.is_stopped = matches!(record, Record::Stopped { .. });
                self.batch.put(&mut self.book, record, at).map(|_| ())
            }
            Row::Step { at, halted, input } => {
                self.is_stopped = false;
                let input = input.input(&self.catalog).map_err(|why| lines.unreadable(why))?;
                self.inputs += 1;
                self.told.inputs += 1;
                self.step(&input, at, halted)
            }
        };
        if self.told.last.len() == SHOWN {
            self.told.last.pop_front();
        }
        let text = String::from_utf8_lossy(lines.text()).into();
        let records = self.batch.records().len() - before;
        self.told.last.push_back(Taken { line: lines.number, records, text });
        if let Err(illegal) = done {
            self.froze = Some((lines.number, illegal.to_string().into()));
        }
        Ok(None)
    }

    fn step(&mut self, input: &Input, at: Time, halted: bool) -> Result<(), Illegal> {
        self.desk.set_halted(halted);
        self.desk.step(&mut self.book, &mut self.market, input, at, &mut self.batch)
    }

    /// Compares what was put since the last commit with what the session says of this one.
    fn commit<R: BufRead>(&mut self, recorded: Place, lines: &Lines<R>) -> Result<Option<End>, SessionFault> {
        let mut now = self.head;
        let mut records = Vec::with_capacity(self.batch.records().len());
        for stamped in self.batch.records() {
            let row = encode(now.hash, stamped).map_err(|why| lines.unreadable(why.to_string().into()))?;
            now = Place { seq: row.seq, hash: row.hash };
            records.push(row);
        }
        let told = std::mem::take(&mut self.told);
        if now == recorded && self.froze.is_none() && !records.is_empty() {
            self.batch = Batch::new(now.seq + 1);
            self.head = now;
            self.commits += 1;
            return Ok(None);
        }
        self.inputs -= told.inputs;
        Ok(Some(End::Differs(Box::new(Difference {
            commit: self.commits + 1,
            line: lines.number,
            before: self.head,
            recorded,
            now,
            records,
            inputs: told.inputs,
            taken: told.last.into(),
            froze: self.froze.take(),
        }))))
    }

    fn ended(&mut self) -> End {
        match self.froze.take() {
            Some((line, why)) => End::Froze { line, why },
            None if self.is_stopped && self.batch.is_empty() => End::Stopped,
            None => End::Open,
        }
    }
}

/// The lines of a file, one at a time.
struct Lines<R> {
    from: R,
    number: u64,
    text: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// Reads the next line; false when there is none.
    fn next(&mut self, most: usize) -> Result<bool, SessionFault> {
        self.number += 1;
        self.text.clear();
        let read = (&mut self.from).take(most as u64 + 1).read_until(b'\n', &mut self.text);
        match read {
            Err(why) => Err(SessionFault::Read { line: self.number, why: why.to_string().into() }),
            Ok(0) => Ok(false),
            Ok(bytes) if bytes > most => {
                Err(self.unreadable(format!("it has more than {most} bytes").into()))
            }
            Ok(_) if !self.text.ends_with(b"\n") => Err(SessionFault::Cut { line: self.number }),
            Ok(_) => Ok(true),
        }
    }

    /// The line without its end.
    fn text(&self) -> &[u8] {
        self.text.strip_suffix(b"\n").unwrap_or(&self.text)
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, SessionFault> {
        serde_json::from_slice(self.text()).map_err(|why| self.unreadable(why.to_string().into()))
    }

    fn unreadable(&self, why: Box<str>) -> SessionFault {
        SessionFault::Unreadable { line: self.number, why }
    }
}
