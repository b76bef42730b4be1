//! Prices from files: `Bars` from a folder of CSV files, `Quotes` from a file of JSON lines.
//!
//! 1. Bars are streamed: one row of each file is held at a time, however long the files are.
//! 2. They are merged into `Moment`s in the order of time. At one instant closes come first (what ended), then
//!    opens, then ranges (what happened after the opens), each in the order of the catalog: nothing looks ahead.
//! 3. A row that cannot be trusted ends the feed with a `FeedError`; it is never skipped.

mod quotes;
mod source;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::path::{Path, PathBuf};

use broker_api::{AssetClass, Bar, Catalog, InstrumentIx, Symbol, Time};
use broker_paper::matching::Moment;
use chrono::NaiveDate;

use crate::calendar::{Calendar, Session};
use source::Source;

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

/// What comes of one source next, in the order in which it is told at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Close,
    Open,
    Range,
}

/// A source and its bar under way.
#[derive(Debug)]
struct Playing {
    source: Source,
    bar: Option<Bar>,
}

/// The bars of a folder, as moments in the order of time.
#[derive(Debug)]
pub struct Bars {
    playing: Vec<Playing>,
    queue: BinaryHeap<Reverse<(Time, Part, InstrumentIx, usize)>>,
    missing: Vec<Symbol>,
    after: Option<Time>,
    until: Option<Time>,
    is_begun: bool,
    fault: Option<FeedError>,
}

impl Bars {
    /// Finds the files of a catalog's instruments in a folder: `AAPL.csv` for `AAPL`; `EURUSD.csv`, `EUR_USD.csv` or
    /// `EUR-USD.csv` for `EUR/USD`, in any case of letters. Other files are left alone.
    ///
    /// The first line names the columns: `date`, `ts` or `timestamp`, then `open`, `high`, `low`, `close`, and if
    /// wanted `volume` and `spread`, in any order. A time is either a date (`2026-11-20`), which makes it the bar of
    /// that day's session, or the moment at which the bar begins, with a zone (`2026-11-20T14:30:00Z`); such bars are
    /// all as long as the shortest step between the file's first thousand. An empty volume, or a volume of zero for
    /// a currency, is not known; so is a spread that is empty or zero.
    ///
    /// A date without a session by the calendar is taken by the usual hours of that date, for the calendar does not
    /// know all years and is not the sole authority; but a stock has no bar on a weekend.
    ///
    /// # Errors
    /// A folder that cannot be read or has no file of any instrument, two files for one instrument, a file without
    /// the columns needed.
    pub fn open(dir: &Path, catalog: &Catalog) -> Result<Self, FeedError> {
        let mut files = BTreeMap::<String, Vec<PathBuf>>::new();
        let unreadable = |error: std::io::Error| FeedError::unreadable(dir, &error);
        for entry in std::fs::read_dir(dir).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let is_csv = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
            if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_csv) {
                files.entry(stem.to_ascii_uppercase()).or_default().push(path);
            }
        }
        let (mut playing, mut missing) = (Vec::new(), Vec::new());
        for (ix, instrument) in catalog.iter() {
            let symbol = instrument.key.symbol;
            let mut found: Vec<&PathBuf> =
                file_names(symbol).iter().filter_map(|name| files.get(name)).flatten().collect();
            found.sort();
            match found.as_slice() {
                [] => missing.push(symbol),
                [path] => {
                    let source = Source::open(path, ix, instrument.asset_class)?;
                    playing.push(Playing { source, bar: None });
                }
                [one, other, ..] => {
                    let why = format!("{} and {} are both files of {symbol}", one.display(), other.display());
                    return Err(FeedError::new(dir, why, "keep one of them"));
                }
            }
        }
        if playing.is_empty() {
            let example = missing.first().and_then(|symbol| file_names(*symbol).pop()).unwrap_or_default();
            let why = format!("holds no file of any of the {} instruments", catalog.len());
            return Err(FeedError::new(
                dir,
                why,
                format!("put one CSV file per symbol there, such as {example}.csv"),
            ));
        }
        let queue = BinaryHeap::with_capacity(playing.len());
        Ok(Self { playing, queue, missing, after: None, until: None, is_begun: false, fault: None })
    }

    /// Leaves out the bars that had closed at `time` or before. A bar that closes later is played whole, its open
    /// too, even when it opened before `time`. To be called before the first moment is asked for.
    #[must_use]
    pub fn after(mut self, time: Time) -> Self {
        self.after = Some(time);
        self
    }

    /// Leaves out the bars that close after `time`: they are not complete yet. To be called before the first moment
    /// is asked for.
    #[must_use]
    pub fn until(mut self, time: Time) -> Self {
        self.until = Some(time);
        self
    }

    /// The symbols of the catalog that have no file.
    pub fn missing(&self) -> &[Symbol] {
        &self.missing
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
        if !self.is_begun {
            self.is_begun = true;
            for at in 0..self.playing.len() {
                self.advance(at);
            }
        }
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let Some(Reverse((_, part, ix, at))) = self.queue.pop() else { return Ok(None) };
        let Some(bar) = self.playing.get(at).and_then(|playing| playing.bar) else { return Ok(None) };
        Ok(Some(match part {
            Part::Open => {
                self.queue.push(Reverse((bar.opens, Part::Range, ix, at)));
                Moment::Open { ix, bar }
            }
            Part::Range => {
                self.queue.push(Reverse((bar.closes, Part::Close, ix, at)));
                Moment::Range { ix, bar }
            }
            Part::Close => {
                self.advance(at);
                Moment::Close { ix, bar }
            }
        }))
    }

    /// Reads the next bar of a source that is to be played, and puts its open into the queue.
    fn advance(&mut self, at: usize) {
        let Some(playing) = self.playing.get_mut(at) else { return };
        loop {
            match playing.source.read() {
                Ok(Some(bar)) if self.after.is_some_and(|after| bar.closes <= after) => {}
                Ok(Some(bar)) if self.until.is_none_or(|until| bar.closes <= until) => {
                    playing.bar = Some(bar);
                    self.queue.push(Reverse((bar.opens, Part::Open, playing.source.ix(), at)));
                    return;
                }
                Ok(_) => return,
                Err(error) => {
                    self.fault.get_or_insert(error);
                    return;
                }
            }
        }
    }
}

/// The names that the file of a symbol may have, without its end, in capitals.
fn file_names(symbol: Symbol) -> Vec<String> {
    let symbol = symbol.as_str();
    if symbol.contains('/') {
        ["", "_", "-"].iter().map(|joint| symbol.replace('/', joint)).collect()
    } else {
        vec![symbol.to_owned()]
    }
}
