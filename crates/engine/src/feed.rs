//! Prices from files: `Bars` from a folder of CSV files or from one tape, `Quotes` from a file of JSON lines.
//!
//! 1. Bars are streamed: a fixed part of each file is held at a time, however long the files are.
//! 2. A folder has one file per symbol. They are merged into `Moment`s in the order of time. At one instant closes
//!    come first (what ended), then the bars that are known by their close only, each told whole (open, range,
//!    close), then opens, then ranges (what happened after the opens), each in the order of the catalog: nothing
//!    looks ahead.
//! 3. A tape is one file of all symbols. Its bars are known by their close only, and are told whole in the order of
//!    the file.
//! 4. A row that cannot be trusted ends the feed with a `FeedError`; it is never skipped. A last line that has all
//!    its cells but no line end is taken as complete, for nothing tells whether its last cell was cut.

mod ahead;
mod cells;
mod folder;
mod quotes;
mod rows;
mod sessions;
mod sheet;
mod source;
mod tape;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use broker_api::{AssetClass, Bar, Catalog, InstrumentIx, Symbol, Time};
use broker_paper::matching::Moment;
use chrono::NaiveDate;

use crate::calendar::{Calendar, Session};
use ahead::{Ahead, Said};
use folder::Folder;
use tape::Tape;

pub use quotes::Quotes;

/// Prices that cannot be read: where, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedError {
    /// The file, or the folder when it is about the folder.
    pub file: PathBuf,
    /// The line in it, from 1; nothing when it is about the file as a whole.
    pub line: Option<u64>,
    /// The column or key; nothing when it is about the line as a whole.
    pub field: Option<&'static str>,
    /// What is wrong.
    pub why: Box<str>,
    /// What to do.
    pub fix: Box<str>,
}

impl FeedError {
    fn new(file: &Path, why: impl Into<Box<str>>, fix: impl Into<Box<str>>) -> Self {
        Self { file: file.to_owned(), line: None, field: None, why: why.into(), fix: fix.into() }
    }

    /// Opens a file to read it. What is no regular file is refused before it is opened: a pipe that nobody writes
    /// into would be waited for without an end.
    fn open(file: &Path) -> Result<std::fs::File, Self> {
        let failed = |error: std::io::Error| Self::unreadable(file, &error);
        if !std::fs::metadata(file).map_err(failed)?.is_file() {
            let why = "is not a file but a folder, a pipe or a device";
            return Err(Self::new(file, why.to_owned(), "name a file with the prices"));
        }
        std::fs::File::open(file).map_err(failed)
    }

    fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        Self::new(file, format!("cannot be read: {error}"), "check that it exists and may be read")
    }

    fn at(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(field) = self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}; {}", self.why, self.fix)
    }
}

impl std::error::Error for FeedError {}

/// The session that a daily bar of a date belongs to; nothing when the market has none on that date.
pub fn day(calendar: &Calendar, class: AssetClass, date: NaiveDate) -> Option<Session> {
    calendar.day(class, date)
}

/// Which bars are played, by their closes.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    after: Option<Time>,
    until: Option<Time>,
}

impl Window {
    fn has_begun(&self, closes: Time) -> bool {
        self.after.is_none_or(|after| closes > after)
    }

    fn is_over(&self, closes: Time) -> bool {
        self.until.is_some_and(|until| closes > until)
    }
}

/// What of a bar is told next, in the order in which it is told at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Close,
    /// All three, one after the other.
    Whole,
    Open,
    Range,
}

/// Where the bars come from.
#[derive(Debug)]
enum Origin {
    Folder(Box<Folder>),
    Tape(Box<Tape>),
}

impl Origin {
    fn missing(&self) -> &[Symbol] {
        match self {
            Self::Folder(folder) => folder.missing(),
            Self::Tape(tape) => tape.missing(),
        }
    }

    /// The instrument and the bar that something was told of last.
    fn under_way(&self) -> Option<(InstrumentIx, &Bar)> {
        match self {
            Self::Folder(folder) => folder.under_way(),
            Self::Tape(tape) => tape.under_way(),
        }
    }

    /// What is told next, of the bar that is then under way; nothing at the end.
    fn next(&mut self, window: Window) -> Result<Option<Part>, FeedError> {
        match self {
            Self::Folder(folder) => folder.next(window),
            Self::Tape(tape) => tape.next(window),
        }
    }
}

/// Who reads.
#[derive(Debug)]
enum Reader {
    /// Whoever asks.
    Here(Origin),
    /// Whoever asks, up to now; a thread of its own once a bar is asked for.
    AheadSoon(Origin),
    Ahead(Ahead),
    /// Nobody: the source went to a thread that came to nothing.
    Gone,
}

/// The bars of a folder or a tape, as moments in the order of time.
#[derive(Debug)]
pub struct Bars {
    reader: Reader,
    path: PathBuf,
    window: Window,
    /// What is still to be told of a bar that is told whole.
    rest: Option<Part>,
    told: u64,
    /// What was told last.
    moment: Option<Moment>,
    fault: Option<FeedError>,
}

impl Bars {
    /// Opens the bars of a catalog's instruments: the files in a folder, or a tape when `path` is a file.
    ///
    /// The files of a folder are called `AAPL.csv` for `AAPL`; `EURUSD.csv`, `EUR_USD.csv` or `EUR-USD.csv` for
    /// `EUR/USD`, in any case of letters. Other files are left alone.
    ///
    /// The first line names the columns: `date`, `ts` or `timestamp`, then `open`, `high`, `low`, `close`, and if
    /// wanted `volume` and `spread`, in any order. An empty volume, or a volume of zero for a currency, is not known;
    /// so is a spread that is empty or zero. A time is, the same through a file,
    ///
    /// 1. a date (`2026-11-20`), which makes it the bar of that day's session;
    /// 2. the moment at which the bar begins, with a zone (`2026-11-20T14:30:00Z`); such bars are all as long as the
    ///    shortest step between the file's first thousand;
    /// 3. the moment at which the bar closes, in whole seconds since 1970 (`1420070460`); when it began is not known,
    ///    so it opens and closes at that moment, and is told whole there.
    ///
    /// A date without a session by the calendar is taken by the usual hours of that date, for the calendar does not
    /// know all years and is not the sole authority; but a stock has no bar on a weekend.
    ///
    /// A tape has a column `symbol` more, whose symbols are written as in the catalog or as the names of files may
    /// be. Its times are closes in seconds, and never step back. Of rows of other symbols only the time is looked at.
    ///
    /// # Errors
    /// A path that cannot be read, a folder without a file of any instrument, two files for one instrument, a file
    /// without the columns needed.
    pub fn open(path: &Path, catalog: &Catalog) -> Result<Self, FeedError> {
        let about = std::fs::metadata(path).map_err(|error| FeedError::unreadable(path, &error))?;
        let origin = if about.is_dir() {
            Origin::Folder(Box::new(Folder::open(path, catalog)?))
        } else {
            Origin::Tape(Box::new(Tape::open(path, catalog)?))
        };
        let (reader, path, window) = (Reader::Here(origin), path.to_owned(), Window::default());
        Ok(Self { reader, path, window, rest: None, told: 0, moment: None, fault: None })
    }

    /// Leaves out the bars that had closed at `time` or before. A bar that closes later is played whole, its open
    /// too, even when it opened before `time`. To be called before the first moment is asked for.
    #[must_use]
    pub fn after(mut self, time: Time) -> Self {
        self.window.after = Some(time);
        self
    }

    /// Leaves out the bars that close after `time`: they are not complete yet. To be called before the first moment
    /// is asked for.
    #[must_use]
    pub fn until(mut self, time: Time) -> Self {
        self.window.until = Some(time);
        self
    }

    /// Reads on a thread of its own, some thousand bars ahead of what is asked for: for whoever plays all of them. To be
    /// called before the first moment is asked for.
    #[must_use]
    pub fn ahead(mut self) -> Self {
        self.reader = match self.reader {
            Reader::Here(origin) => Reader::AheadSoon(origin),
            other => other,
        };
        self
    }

    /// The symbols of the catalog that have no file. Of a tape those that have not come so far, and while it is read
    /// ahead all of them: what is missing is known when all of it is played.
    pub fn missing(&self) -> &[Symbol] {
        match &self.reader {
            Reader::Here(origin) | Reader::AheadSoon(origin) => origin.missing(),
            Reader::Ahead(ahead) => ahead.missing(),
            Reader::Gone => &[],
        }
    }

    /// How many rows of a tape were left out so far because the catalog does not have their symbol; while it is read
    /// ahead none.
    pub fn others(&self) -> u64 {
        match &self.reader {
            Reader::Here(Origin::Tape(tape)) => tape.others(),
            _ => 0,
        }
    }

    /// The first symbol of these rows.
    pub fn first_other(&self) -> Option<&str> {
        match &self.reader {
            Reader::Here(Origin::Tape(tape)) => tape.first_other(),
            _ => None,
        }
    }

    /// How many bars were told so far, to their close.
    pub const fn bars(&self) -> u64 {
        self.told
    }

    /// The next moment; nothing when all bars are played.
    ///
    /// # Errors
    /// A row that cannot be trusted: not a number, unsorted, twice, a low above the open. From then on the same
    /// error is given again.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator cannot say that it must not be asked again"
    )]
    pub fn next(&mut self) -> Result<Option<Moment>, FeedError> {
        self.advance().map(Option::<&Moment>::copied)
    }

    /// The same, to be looked at where it lies: a moment is large, and a replay asks for millions.
    ///
    /// # Errors
    /// As [`Bars::next`].
    pub fn advance(&mut self) -> Result<Option<&Moment>, FeedError> {
        let part = match self.rest.take() {
            Some(rest) => rest,
            None => match self.read()? {
                Some(part) => part,
                None => return Ok(None),
            },
        };
        let under_way = match &self.reader {
            Reader::Here(origin) => origin.under_way(),
            Reader::Ahead(ahead) => ahead.under_way(),
            Reader::AheadSoon(_) | Reader::Gone => None,
        };
        let Some((ix, bar)) = under_way else { return Ok(None) };
        self.moment = Some(match part {
            Part::Open => Moment::Open { ix, bar: *bar },
            Part::Whole => {
                self.rest = Some(Part::Range);
                Moment::Open { ix, bar: *bar }
            }
            Part::Range => {
                self.rest = (bar.opens == bar.closes).then_some(Part::Close);
                Moment::Range { ix, bar: *bar }
            }
            Part::Close => {
                self.told += 1;
                Moment::Close { ix, bar: *bar }
            }
        });
        Ok(self.moment.as_ref())
    }

    /// The close of the bar that is told whole, when its open is what was told last: whoever played all of it at once needs
    /// nothing of what lies between. Nothing otherwise, and then nothing is left out.
    pub fn skip_to_close(&mut self) -> Option<&Moment> {
        if let Some(Moment::Open { ix, bar }) = self.moment
            && self.rest == Some(Part::Range)
        {
            (self.rest, self.moment) = (None, Some(Moment::Close { ix, bar }));
            self.told += 1;
            return self.moment.as_ref();
        }
        None
    }

    fn read(&mut self) -> Result<Option<Part>, FeedError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let part = match &mut self.reader {
            Reader::Here(origin) => origin.next(self.window),
            Reader::Ahead(ahead) => match ahead.next() {
                Ok(Said::Row(part)) => return Ok(Some(part)),
                Ok(Said::Over(origin, fault)) => {
                    self.reader = Reader::Here(*origin);
                    fault.map_or(Ok(None), Err)
                }
                Err(fault) => Err(fault),
            },
            Reader::AheadSoon(_) | Reader::Gone => self.start(),
        };
        part.inspect_err(|fault| self.fault = Some(fault.clone()))
    }

    /// Gives the source to a thread of its own, and takes its first row.
    #[cold]
    fn start(&mut self) -> Result<Option<Part>, FeedError> {
        if let Reader::AheadSoon(origin) = std::mem::replace(&mut self.reader, Reader::Gone) {
            self.reader = Reader::Ahead(Ahead::start(origin, self.window, &self.path)?);
            return self.read();
        }
        Ok(None)
    }
}
