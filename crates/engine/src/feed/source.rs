//! One CSV file of bars, row by row.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use broker_api::{AssetClass, BadNumber, Bar, InstrumentIx, Price, Qty, Time};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};

use super::FeedError;
use crate::calendar::Calendar;

const COLUMNS: [&str; 7] = ["time", "open", "high", "low", "close", "volume", "spread"];
/// How many rows are looked at to tell how long the bars of a file are.
const PROBE: usize = 1_000;
/// Bars this long or longer are daily ones whose dates were turned into moments.
const NEARLY_A_DAY: TimeDelta = TimeDelta::hours(20);
const CORRECT_ROW: &str = "correct the row or remove it";

/// How the rows of a file tell their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timing {
    /// By the date of their session.
    Dates,
    /// By the moment they begin; all last as long.
    Moments(TimeDelta),
}

/// A time as a row gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stamp {
    Date(NaiveDate),
    Moment(Time),
}

/// The rows of a file: one is held at a time, in memory that is used again.
#[derive(Debug)]
struct Rows {
    path: PathBuf,
    reader: BufReader<File>,
    text: String,
    line: u64,
    /// Where the first cells begin and end in the text; as many as there can be columns.
    cells: [(usize, usize); COLUMNS.len()],
    count: usize,
}

impl Rows {
    fn open(path: &Path) -> Result<Self, FeedError> {
        let file = File::open(path).map_err(|error| FeedError::unreadable(path, &error))?;
        let reader = BufReader::new(file);
        let cells = [(0, 0); COLUMNS.len()];
        Ok(Self { path: path.to_owned(), reader, text: String::new(), line: 0, cells, count: 0 })
    }

    /// Reads the next line that is not blank; false at the end.
    fn advance(&mut self) -> Result<bool, FeedError> {
        loop {
            self.text.clear();
            self.line += 1;
            let read = self.reader.read_line(&mut self.text);
            if read.map_err(|error| FeedError::unreadable(&self.path, &error).at(self.line))? == 0 {
                return Ok(false);
            }
            if !self.text.trim().is_empty() {
                break;
            }
        }
        let (mut from, mut count) = (0, 0);
        for cell in self.text.split(',') {
            if let Some(place) = self.cells.get_mut(count) {
                *place = (from, from + cell.len());
            }
            from += cell.len() + 1;
            count += 1;
        }
        self.count = count;
        Ok(true)
    }

    /// A cell of the row, without the blanks and quotes around it.
    fn cell(&self, place: usize) -> &str {
        let cell = self.cells.get(place).filter(|_| place < self.count);
        let cell = cell.and_then(|(from, to)| self.text.get(*from..*to)).unwrap_or("");
        let cell = cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')).unwrap_or(cell)
    }
}

/// Where the columns are. In the order of [`COLUMNS`].
#[derive(Clone, Copy, Debug)]
struct Columns {
    places: [Option<usize>; COLUMNS.len()],
    count: usize,
}

/// A file of bars under way.
#[derive(Debug)]
pub(super) struct Source {
    rows: Rows,
    columns: Columns,
    timing: Option<Timing>,
    ix: InstrumentIx,
    class: AssetClass,
    last: Option<Bar>,
}

impl Source {
    /// Opens a file and reads the names of its columns.
    pub(super) fn open(path: &Path, ix: InstrumentIx, class: AssetClass) -> Result<Self, FeedError> {
        let (rows, columns) = begin(path)?;
        Ok(Self { rows, columns, timing: None, ix, class, last: None })
    }

    /// Whose prices they are.
    pub(super) const fn ix(&self) -> InstrumentIx {
        self.ix
    }

    /// The next bar; nothing at the end of the file.
    pub(super) fn read(&mut self) -> Result<Option<Bar>, FeedError> {
        if !self.rows.advance()? {
            return Ok(None);
        }
        let bar = self.bar().map_err(|error| error.at(self.rows.line))?;
        self.last = Some(bar);
        Ok(Some(bar))
    }

    fn bar(&mut self) -> Result<Bar, FeedError> {
        if self.rows.count != self.columns.count {
            let why = format!("has {} cells, the first line has {}", self.rows.count, self.columns.count);
            let fix = "complete the row; if it is the last one, it may be half written";
            return Err(FeedError::new(&self.rows.path, why, fix));
        }
        let (opens, closes) = self.times()?;
        let volume =
            self.optional::<Qty>(5)?.filter(|volume| self.class != AssetClass::Forex || !volume.is_zero());
        let bar = Bar {
            opens,
            closes,
            open: self.number(1)?,
            high: self.number(2)?,
            low: self.number(3)?,
            close: self.number(4)?,
            volume,
            spread: self.spread()?,
        };
        let insane = |field, why: String| Err(FeedError::new(&self.rows.path, why, CORRECT_ROW).field(field));
        if bar.high < bar.open.max(bar.close) {
            return insane(
                "high",
                format!("{} is below the open {} or the close {}", bar.high, bar.open, bar.close),
            );
        }
        if bar.low > bar.open.min(bar.close) {
            return insane(
                "low",
                format!("{} is above the open {} or the close {}", bar.low, bar.open, bar.close),
            );
        }
        Ok(bar)
    }

    fn times(&mut self) -> Result<(Time, Time), FeedError> {
        let wrong = |why: String, fix: &str| Err(FeedError::new(&self.rows.path, why, fix).field("time"));
        let text = self.cell(0);
        let stamp = match stamp(text) {
            Ok(stamp) => stamp,
            Err(why) => {
                return wrong(why, "write a date like 2026-11-20, or a moment like 2026-11-20T14:30:00Z");
            }
        };
        let timing = match (self.timing, stamp) {
            (Some(timing), _) => timing,
            (None, Stamp::Date(_)) => Timing::Dates,
            (None, Stamp::Moment(_)) => Timing::Moments(period(&self.rows.path)?),
        };
        let (opens, closes) = match (timing, stamp) {
            (Timing::Dates, Stamp::Date(date)) => {
                let is_weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
                if self.class == AssetClass::Equity && is_weekend {
                    return wrong(
                        format!("{date} is a {}, on which no stock is traded", date.format("%A")),
                        CORRECT_ROW,
                    );
                }
                let calendar = Calendar::new();
                let session = calendar.day(self.class, date).or_else(|| calendar.regular(self.class, date));
                match session {
                    Some(session) => (session.opens, session.closes),
                    None => return wrong(format!("{date} is too far away"), CORRECT_ROW),
                }
            }
            (Timing::Moments(period), Stamp::Moment(opens)) => match opens.checked_add_signed(period) {
                Some(closes) => (opens, closes),
                None => return wrong(format!("{opens} is too far away"), CORRECT_ROW),
            },
            (Timing::Dates, Stamp::Moment(_)) | (Timing::Moments(_), Stamp::Date(_)) => {
                return wrong(
                    format!("{text:?} is not of the same form as the rows before"),
                    "use dates or moments throughout the file",
                );
            }
        };
        if let Some(last) = self.last {
            if opens == last.opens {
                return wrong(format!("{text:?} is there twice"), "remove one of the two rows");
            }
            if opens < last.opens {
                return wrong(format!("{text:?} comes after a later row"), "sort the file by time");
            }
            if opens < last.closes {
                let why = format!("{text:?} is within the bar before, which lasts until {}", last.closes);
                return wrong(why, "keep bars of one length in a file");
            }
        }
        self.timing = Some(timing);
        Ok((opens, closes))
    }

    /// The cell of a column; empty when the file has no such column.
    fn cell(&self, column: usize) -> &str {
        self.columns.places[column].map_or("", |place| self.rows.cell(place))
    }

    fn number<N: FromStr<Err = BadNumber>>(&self, column: usize) -> Result<N, FeedError> {
        let text = self.cell(column);
        text.parse().map_err(|bad: BadNumber| {
            FeedError::new(&self.rows.path, format!("{text:?} {bad}"), CORRECT_ROW).field(COLUMNS[column])
        })
    }

    fn optional<N: FromStr<Err = BadNumber>>(&self, column: usize) -> Result<Option<N>, FeedError> {
        if self.cell(column).is_empty() { Ok(None) } else { self.number(column).map(Some) }
    }

    /// The spread; nothing when it is empty or zero, which says that the source does not know it.
    fn spread(&self) -> Result<Option<Price>, FeedError> {
        match self.optional::<Qty>(6)? {
            Some(spread) if !spread.is_zero() => self.number(6).map(Some),
            _ => Ok(None),
        }
    }
}

fn begin(path: &Path) -> Result<(Rows, Columns), FeedError> {
    let mut rows = Rows::open(path)?;
    let count = if rows.advance()? { rows.count } else { 0 };
    let mut columns = Columns { places: [None; COLUMNS.len()], count };
    let wrong = |why: String| {
        let fix = "the first line must be date,open,high,low,close and may go on with volume and spread";
        Err(FeedError::new(path, why, fix).at(rows.line))
    };
    if count > COLUMNS.len() {
        return wrong(format!("has {count} columns"));
    }
    for place in 0..count {
        let name = rows.cell(place).to_ascii_lowercase();
        let known = match name.as_str() {
            "date" | "ts" | "timestamp" => Some(0),
            "time" => None,
            other => COLUMNS.iter().position(|column| *column == other),
        };
        let Some(known) = known else { return wrong(format!("the column {name:?} is not known")) };
        if columns.places[known].replace(place).is_some() {
            return wrong(format!("the column {:?} is there twice", COLUMNS[known]));
        }
    }
    if let Some(absent) = (0..5).find(|column| columns.places[*column].is_none()) {
        let name = if absent == 0 { "date" } else { COLUMNS[absent] };
        return wrong(format!("the column {name:?} is missing"));
    }
    Ok((rows, columns))
}

/// How long the bars of a file are: the shortest step between its first rows.
fn period(path: &Path) -> Result<TimeDelta, FeedError> {
    let (mut rows, columns) = begin(path)?;
    let (mut shortest, mut last) = (None::<TimeDelta>, None::<Time>);
    for _ in 0..PROBE {
        if !rows.advance()? {
            break;
        }
        // What is wrong with a row is told when its turn comes.
        let text = columns.places[0].map_or("", |place| rows.cell(place));
        let Ok(Stamp::Moment(at)) = stamp(text) else { break };
        if let Some(step) = last.map(|last| at - last).filter(|step| *step > TimeDelta::zero()) {
            shortest = Some(shortest.map_or(step, |shortest| shortest.min(step)));
        }
        last = Some(at);
    }
    match shortest {
        None => Err(FeedError::new(
            path,
            "holds one bar, which does not tell how long it is",
            "give it a second row, or a date instead of a moment for a daily bar",
        )),
        Some(period) if period >= NEARLY_A_DAY => Err(FeedError::new(
            path,
            "holds daily bars whose dates are written as moments",
            "write plain dates like 2026-11-20, so that each bar gets the hours of its session",
        )),
        Some(period) => Ok(period),
    }
}

fn stamp(text: &str) -> Result<Stamp, String> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        && text.len() == 10
    {
        return Ok(Stamp::Date(date));
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Ok(Stamp::Moment(at.with_timezone(&Utc))),
        Err(_) => Err(format!("{text:?} is neither a date nor a moment with its zone")),
    }
}
