//! Quotes from a file of JSON lines.

use std::borrow::Cow;
use std::io::{BufRead, BufReader};
use std::path::Path;

use broker_api::{Catalog, InstrumentIx, Price, Quote};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::FeedError;
use crate::intake::exact::number;
use crate::intake::symbols;

/// One line, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    #[serde(borrow)]
    bid: &'a RawValue,
    #[serde(borrow)]
    ask: &'a RawValue,
    #[serde(borrow)]
    at: Cow<'a, str>,
}

/// The latest quote of each instrument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotes {
    rows: Vec<Option<(InstrumentIx, Quote)>>,
    others: u64,
}

impl Quotes {
    /// Reads `{"symbol": "AAPL", "bid": "227.10", "ask": "227.14", "at": "2026-11-20T20:59:58Z"}` line by line; of
    /// each instrument the quote with the latest `at` counts, of two with the same the later line. Prices are text or
    /// JSON numbers. Lines of other symbols are checked and counted. A last line that is still being written is left
    /// for the next time. Whether a quote is young enough, or crossed, is for the guard to judge.
    ///
    /// # Errors
    /// A file that cannot be read, a line that is not such an object.
    pub fn read(path: &Path, catalog: &Catalog) -> Result<Self, FeedError> {
        let unreadable = |error: std::io::Error| FeedError::unreadable(path, &error);
        let mut reader = BufReader::new(FeedError::open(path)?);
        let mut quotes = Self { rows: vec![None; catalog.len()], others: 0 };
        let mut text = String::new();
        for line in 1_u64.. {
            text.clear();
            if reader.read_line(&mut text).map_err(|error| unreadable(error).at(line))? == 0 {
                break;
            }
            let row = text.trim();
            if row.is_empty() {
                continue;
            }
            if !text.ends_with('\n') && serde_json::from_str::<&RawValue>(row).is_err() {
                break;
            }
            quotes.take(row, catalog, path).map_err(|error| error.at(line))?;
        }
        Ok(quotes)
    }

    fn take(&mut self, row: &str, catalog: &Catalog, path: &Path) -> Result<(), FeedError> {
        let wrong = |why: String| FeedError::new(path, why, "correct the line or remove it");
        let line: Line<'_> = serde_json::from_str(row).map_err(|error| {
            let fix =
                r#"write {"symbol": "AAPL", "bid": "227.10", "ask": "227.14", "at": "2026-11-20T20:59:58Z"}"#;
            FeedError::new(path, error.to_string(), fix)
        })?;
        let price = |field, raw: &RawValue| -> Result<Price, FeedError> {
            let text = number(raw).ok_or_else(|| wrong(format!("{raw} is not a number")).field(field))?;
            text.parse().map_err(|bad| wrong(format!("{text:?} {bad}")).field(field))
        };
        let (bid, ask) = (price("bid", line.bid)?, price("ask", line.ask)?);
        let at = DateTime::parse_from_rfc3339(&line.at).map_err(|_| {
            wrong(format!("{:?} is not a moment with its zone, such as 2026-11-20T20:59:58Z", line.at))
                .field("at")
        })?;
        let Some(ix) = symbols::find(&line.symbol, catalog) else {
            self.others += 1;
            return Ok(());
        };
        let quote = Quote { bid, ask, at: at.with_timezone(&Utc) };
        if let Some(row) = self.rows.get_mut(ix.index())
            && row.is_none_or(|(_, known)| known.at <= quote.at)
        {
            *row = Some((ix, quote));
        }
        Ok(())
    }

    /// The latest quote of an instrument; nothing when the file has none.
    pub fn get(&self, ix: InstrumentIx) -> Option<&Quote> {
        self.rows.get(ix.index())?.as_ref().map(|(_, quote)| quote)
    }

    /// All quotes, in the order of the catalog.
    pub fn iter(&self) -> impl Iterator<Item = (InstrumentIx, Quote)> {
        self.rows.iter().flatten().copied()
    }

    /// How many lines were about symbols that the catalog does not have.
    pub const fn others(&self) -> u64 {
        self.others
    }
}
