//! The columns of a file, and the bar that a row of it makes.

use std::path::Path;
use std::str::FromStr;

use broker_api::{AssetClass, BadNumber, Bar, Price, Qty, Time};
use chrono::{NaiveDate, NaiveTime, Timelike};
use rust_decimal::Decimal;

use super::FeedError;
use super::cells::{self, Stamp};
use super::rows::{MOST_CELLS, Plain, Rows};

pub(super) const CORRECT_ROW: &str = "correct the row or remove it";
/// The columns in the order in which they are asked for here; the last one is of tapes only.
const COLUMNS: [&str; MOST_CELLS] = ["time", "open", "high", "low", "close", "volume", "spread", "symbol"];
const TIME: usize = 0;
const SYMBOL: usize = 7;

/// A file of bars whose first line is read.
#[derive(Debug)]
pub(super) struct Sheet {
    rows: Rows,
    /// Where the columns are. In the order of [`COLUMNS`].
    places: [Option<usize>; COLUMNS.len()],
    count: usize,
    /// The cells of the row that was read in one go.
    plain: [Plain; MOST_CELLS],
    /// The day of the last row that was read so, and the second that it began at.
    day: Option<(i64, NaiveDate)>,
}

impl Sheet {
    /// Opens the file of one symbol.
    pub(super) fn of_one(path: &Path) -> Result<Self, FeedError> {
        let fix = "the first line must be date,open,high,low,close and may go on with volume and spread";
        Self::open(path, false, fix)
    }

    /// Opens a file of all symbols, each row with its own.
    pub(super) fn of_all(path: &Path) -> Result<Self, FeedError> {
        let fix = "the first line must be symbol,ts,open,high,low,close and may go on with volume and spread";
        Self::open(path, true, fix)
    }

    fn open(path: &Path, has_symbols: bool, fix: &'static str) -> Result<Self, FeedError> {
        let mut rows = Rows::open(path)?;
        let count = if rows.advance()? { rows.count() } else { 0 };
        let mut places = [None; COLUMNS.len()];
        let columns = &COLUMNS[..if has_symbols { COLUMNS.len() } else { SYMBOL }];
        let wrong = |why: String| Err(FeedError::new(path, why, fix).at(rows.line()));
        if count > columns.len() {
            return wrong(format!("has {count} columns"));
        }
        for place in 0..count {
            let name = String::from_utf8_lossy(rows.cell(place)).to_ascii_lowercase();
            let known = match name.as_str() {
                "date" | "ts" | "timestamp" => Some(TIME),
                "time" => None,
                other => columns.iter().position(|column| *column == other),
            };
            let Some(known) = known else {
                return wrong(format!("the column {} is not known", quoted(&name)));
            };
            if places[known].replace(place).is_some() {
                return wrong(format!("the column {:?} is there twice", COLUMNS[known]));
            }
        }
        let needed = (0..5).chain(has_symbols.then_some(SYMBOL));
        if let Some(absent) = needed.into_iter().find(|column| places[*column].is_none()) {
            let name = match absent {
                TIME if has_symbols => "ts",
                TIME => "date",
                _ => COLUMNS[absent],
            };
            return wrong(format!("the column {name:?} is missing"));
        }
        Ok(Self { rows, places, count, plain: [Plain::default(); MOST_CELLS], day: None })
    }

    /// Reads the next row of a tape when it is written plainly, and gives its close; then [`Sheet::quick_symbol`] and
    /// [`Sheet::quick_bar`] are the rest of it. Otherwise nothing is done, and the row is left to [`Sheet::advance`].
    #[inline]
    pub(super) fn quick(&mut self) -> Option<Time> {
        let word = self.places[SYMBOL]?;
        self.rows.quick(self.plain.get_mut(..self.count)?, word)?;
        let time = self.plain[self.places[TIME]?];
        // Eight digits may be a date without its dashes.
        if time.places == 0
            && time.length > 0
            && time.length != 8
            && let Some(closes) = self.close_at(time.number)
        {
            return Some(closes);
        }
        self.rows.back();
        None
    }

    /// As [`cells::close_at`]; quick on the day of the row before.
    #[inline]
    fn close_at(&mut self, seconds: i64) -> Option<Time> {
        if let Some((from, day)) = self.day
            && let Ok(second) = u32::try_from(seconds - from)
            && let Some(time) = NaiveTime::from_num_seconds_from_midnight_opt(second, 0)
        {
            return Some(day.and_time(time).and_utc());
        }
        let at = cells::close_at(seconds)?;
        self.day = Some((seconds - i64::from(at.num_seconds_from_midnight()), at.date_naive()));
        Some(at)
    }

    /// Goes back before the row that was read in one go: [`Sheet::advance`] reads it again, to say what is wrong with it.
    pub(super) fn back(&mut self) {
        self.rows.back();
    }

    /// The symbol of the row that was read in one go, as it is written.
    #[inline]
    pub(super) fn quick_symbol(&self) -> &[u8] {
        self.rows.word()
    }

    /// The bar of the row that was read in one go, told whole at its close; nothing when it is not plain that it can be
    /// trusted.
    #[inline]
    pub(super) fn quick_bar(&self, closes: Time, class: AssetClass) -> Option<Bar> {
        let cell = |column: usize| self.places[column].and_then(|place| self.plain.get(place));
        let given = |column: usize| cell(column).filter(|cell| cell.length > 0);
        let figure = |cell: &Plain| Decimal::new(cell.number, cell.places);
        let price = |cell: &Plain| Price::of_digits(cell.number.unsigned_abs(), cell.places);
        let (open, high, low, close) = (cell(1)?, cell(2)?, cell(3)?, cell(4)?);
        let is_sane = [high, low, close].iter().all(|price| price.places == open.places)
            && 0 < low.number
            && low.number <= open.number.min(close.number)
            && open.number.max(close.number) <= high.number;
        if !is_sane {
            return None;
        }
        // What is nought, and says with it that it is not known, is left out as there.
        let volume = match given(5).filter(|volume| class != AssetClass::Forex || volume.number != 0) {
            Some(volume) => Some(Qty::new(figure(volume)).ok()?),
            None => None,
        };
        let spread = match given(6).filter(|spread| spread.number != 0) {
            Some(spread) => Some(price(spread)?),
            None => None,
        };
        let (open, high, low, close) = (price(open)?, price(high)?, price(low)?, price(close)?);
        Some(Bar { opens: closes, closes, open, high, low, close, volume, spread })
    }

    /// Reads the next row; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, FeedError> {
        if !self.rows.advance()? {
            return Ok(false);
        }
        let (count, expected) = (self.rows.count(), self.count);
        if count != expected {
            let why = format!("has {count} cells, the first line has {expected}");
            let fix = if count < expected {
                "complete the row; if it is the last one, it may be half written"
            } else {
                "take out what is too much; numbers are written without separators of thousands"
            };
            return Err(FeedError::new(self.rows.path(), why, fix).at(self.rows.line()));
        }
        Ok(true)
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        self.rows.path()
    }

    /// The line that the row stands in.
    pub(super) const fn line(&self) -> u64 {
        self.rows.line()
    }

    /// The symbol of the row, as it is written.
    pub(super) fn symbol(&self) -> &[u8] {
        self.cell(SYMBOL)
    }

    /// The symbol of the row as text.
    pub(super) fn symbol_text(&self) -> Result<&str, FeedError> {
        self.text(SYMBOL)
    }

    /// An error about the symbol of the row.
    pub(super) fn wrong_symbol(&self, why: impl Into<Box<str>>, fix: &str) -> FeedError {
        self.wrong(SYMBOL, why, fix)
    }

    /// The time of the row.
    pub(super) fn stamp(&self) -> Result<Stamp, FeedError> {
        if let Ok(Some(stamp)) = cells::usual(self.cell(TIME)) {
            return Ok(stamp);
        }
        let fix = "write a date like 2026-11-20, a moment like 2026-11-20T14:30:00Z, or when the bar closes in whole \
                   seconds since 1970, like 1420070460";
        cells::stamp(self.text(TIME)?).map_err(|why| self.wrong(TIME, why, fix))
    }

    /// An error about the time of the row, whose text comes before what is said.
    pub(super) fn wrong_time(&self, why: &str, fix: &str) -> FeedError {
        let text = String::from_utf8_lossy(self.cell(TIME));
        self.wrong(TIME, format!("{} {why}", quoted(&text)), fix)
    }

    /// An error about the time of the row.
    pub(super) fn wrong_date(&self, why: String) -> FeedError {
        self.wrong(TIME, why, CORRECT_ROW)
    }

    /// The bar of the row, between the times given.
    #[inline]
    pub(super) fn bar(&self, opens: Time, closes: Time, class: AssetClass) -> Result<Bar, FeedError> {
        let price = |column| self.number(column, Price::new);
        // Sources write a volume of zero where they do not count what is traded, as with currencies.
        let volume = self.optional(5)?.filter(|volume| class != AssetClass::Forex || !volume.is_zero());
        let (open, high, low, close) = (price(1)?, price(2)?, price(3)?, price(4)?);
        // A spread of zero says that the source does not know it.
        let spread = match self.optional(6)? {
            Some(spread) if !spread.is_zero() => Some(price(6)?),
            _ => None,
        };
        if high < open.max(close) {
            let why = format!("{high} is below the open {open} or the close {close}");
            return Err(self.wrong(2, why, CORRECT_ROW));
        }
        if low > open.min(close) {
            let why = format!("{low} is above the open {open} or the close {close}");
            return Err(self.wrong(3, why, CORRECT_ROW));
        }
        Ok(Bar { opens, closes, open, high, low, close, volume, spread })
    }

    /// The cell of a column; empty when the file has no such column.
    fn cell(&self, column: usize) -> &[u8] {
        self.places[column].map_or(&[], |place| self.rows.cell(place))
    }

    fn text(&self, column: usize) -> Result<&str, FeedError> {
        std::str::from_utf8(self.cell(column))
            .map_err(|_| self.wrong(column, "holds bytes that are no text", "save the file as UTF-8"))
    }

    fn number<N: FromStr<Err = BadNumber>>(
        &self,
        column: usize,
        new: impl Fn(Decimal) -> Result<N, BadNumber>,
    ) -> Result<N, FeedError> {
        if let Some(Ok(number)) = cells::plain(self.cell(column)).map(new) {
            return Ok(number);
        }
        let text = self.text(column)?;
        text.parse().map_err(|bad| self.wrong(column, format!("{} {bad}", quoted(text)), CORRECT_ROW))
    }

    fn optional(&self, column: usize) -> Result<Option<Qty>, FeedError> {
        if self.cell(column).is_empty() { Ok(None) } else { self.number(column, Qty::new).map(Some) }
    }

    fn wrong(&self, column: usize, why: impl Into<Box<str>>, fix: &str) -> FeedError {
        FeedError::new(self.path(), why, fix).field(COLUMNS[column]).at(self.line())
    }
}

/// A text in quotes, cut when it is long.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
