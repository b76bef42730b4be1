//! The file of one symbol, bar by bar.

use std::path::Path;

use broker_api::{AssetClass, Bar, InstrumentIx, Time};
use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

use super::FeedError;
use super::cells::Stamp;
use super::sessions::Sessions;
use super::sheet::Sheet;

/// How many rows are looked at to tell how long the bars of a file are.
const PROBE: usize = 1_000;
/// Bars this long or longer are daily ones whose dates were turned into moments.
const NEARLY_A_DAY: TimeDelta = TimeDelta::hours(20);

/// How the rows of a file tell their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timing {
    /// By the date of their session.
    Dates,
    /// By the moment they begin; all last as long.
    Moments(TimeDelta),
    /// By the moment they close; when they began is not known.
    Closes,
}

/// A file of bars under way.
#[derive(Debug)]
pub(super) struct Source {
    sheet: Sheet,
    timing: Option<Timing>,
    ix: InstrumentIx,
    class: AssetClass,
    /// When the bar before opened and closed.
    last: Option<(Time, Time)>,
}

impl Source {
    /// Opens a file and reads the names of its columns.
    pub(super) fn open(path: &Path, ix: InstrumentIx, class: AssetClass) -> Result<Self, FeedError> {
        Ok(Self { sheet: Sheet::of_one(path)?, timing: None, ix, class, last: None })
    }

    /// Whose prices they are.
    pub(super) const fn ix(&self) -> InstrumentIx {
        self.ix
    }

    /// The next bar; nothing at the end of the file. One that is known by its close only opens when it closes.
    #[inline]
    pub(super) fn read(&mut self, sessions: &mut Sessions) -> Result<Option<Bar>, FeedError> {
        if !self.sheet.advance()? {
            return Ok(None);
        }
        let (opens, closes) = self.times(sessions)?;
        let bar = self.sheet.bar(opens, closes, self.class)?;
        self.last = Some((opens, closes));
        Ok(Some(bar))
    }

    fn times(&mut self, sessions: &mut Sessions) -> Result<(Time, Time), FeedError> {
        let sheet = &self.sheet;
        let stamp = sheet.stamp()?;
        let timing = match (self.timing, stamp) {
            (Some(timing), _) => timing,
            (None, Stamp::Date(_)) => Timing::Dates,
            (None, Stamp::Moment(_)) => {
                Timing::Moments(period(sheet.path()).map_err(|error| error.at(sheet.line()))?)
            }
            (None, Stamp::Close(_)) => Timing::Closes,
        };
        let (opens, closes) = match (timing, stamp) {
            (Timing::Dates, Stamp::Date(date)) => self.session(date, sessions)?,
            (Timing::Moments(period), Stamp::Moment(opens)) => match opens.checked_add_signed(period) {
                Some(closes) => (opens, closes),
                None => return Err(sheet.wrong_date(format!("{opens} is too far away"))),
            },
            (Timing::Closes, Stamp::Close(at)) => (at, at),
            (Timing::Dates | Timing::Moments(_) | Timing::Closes, _) => {
                let fix = "use one form throughout the file: dates, moments or seconds";
                return Err(sheet.wrong_time("is not of the same form as the rows before", fix));
            }
        };
        if let Some((last_opens, last_closes)) = self.last {
            if opens == last_opens {
                return Err(sheet.wrong_time("is there twice", "remove one of the two rows"));
            }
            if opens < last_opens {
                return Err(sheet.wrong_time("comes after a later row", "sort the file by time"));
            }
            if opens < last_closes {
                let why = format!("is within the bar before, which lasts until {last_closes}");
                return Err(sheet.wrong_time(&why, "keep bars of one length in a file"));
            }
        }
        self.timing = Some(timing);
        Ok((opens, closes))
    }

    fn session(&self, date: NaiveDate, sessions: &mut Sessions) -> Result<(Time, Time), FeedError> {
        if self.class == AssetClass::Equity && matches!(date.weekday(), Weekday::Sat | Weekday::Sun) {
            let why = format!("{date} is a {}, on which no stock is traded", date.format("%A"));
            return Err(self.sheet.wrong_date(why));
        }
        match sessions.get(self.class, date) {
            Some(session) => Ok((session.opens, session.closes)),
            None => Err(self.sheet.wrong_date(format!("{date} is too far away"))),
        }
    }
}

/// How long the bars of a file are: the shortest step between its first rows.
fn period(path: &Path) -> Result<TimeDelta, FeedError> {
    let mut sheet = Sheet::of_one(path)?;
    let (mut shortest, mut last) = (None::<TimeDelta>, None::<Time>);
    for _ in 0..PROBE {
        // What is wrong with a row is told when its turn comes.
        let Ok(true) = sheet.advance() else { break };
        let Ok(Stamp::Moment(at)) = sheet.stamp() else { break };
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
