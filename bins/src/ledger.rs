//! Closed trades as CSV: one line each, decimals with a point, times in UTC, the same in every locale.

use std::fmt::{Display, Write as _};
use std::path::Path;

use state::book::Trade;
use state::encode::time_text;

use crate::failure::{Exit, Failure};

/// What each column is.
pub const HEADS: [&str; 18] = [
    "number",
    "venue",
    "symbol",
    "side",
    "quantity",
    "opened_at",
    "entry_price",
    "closed_at",
    "exit_price",
    "exit",
    "gross",
    "fees",
    "net",
    "planned_loss",
    "r",
    "strategy",
    "signal",
    "exit_signal",
];

/// Writes the trades to a file.
///
/// # Errors
/// A file that cannot be written.
pub fn write<'a>(file: &Path, trades: impl Iterator<Item = &'a Trade>) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::new(Exit::Unexpected, "not_written", format!("{} cannot be written", file.display()))
            .because(error)
            .fix("make room, or name another folder with --out; the book is untouched")
    };
    let mut csv = csv::Writer::from_path(file).map_err(|error| failed(&error))?;
    csv.write_record(HEADS).map_err(|error| failed(&error))?;
    let mut row = Line::default();
    for trade in trades {
        csv.write_byte_record(line(trade, &mut row)).map_err(|error| failed(&error))?;
    }
    csv.flush().map_err(|error| failed(&error))
}

/// A line under way, in memory that is used again.
#[derive(Debug, Default)]
pub struct Line {
    cells: csv::ByteRecord,
    text: String,
}

impl Line {
    /// Begins a line.
    pub fn begin(&mut self) -> &mut Self {
        self.cells.clear();
        self
    }

    /// The next cell.
    pub fn put(&mut self, value: impl Display) -> &mut Self {
        self.text.clear();
        // Text takes everything.
        let _ = write!(self.text, "{value}");
        self.cells.push_field(self.text.as_bytes());
        self
    }

    /// The next cell; empty for nothing.
    pub fn may(&mut self, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.put(value),
            None => self.put(""),
        }
    }

    /// The next cell, of somebody else's words.
    pub fn words(&mut self, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.put(safe(&value.to_string())),
            None => self.put(""),
        }
    }

    /// The whole line.
    pub const fn done(&self) -> &csv::ByteRecord {
        &self.cells
    }
}

/// One closed trade.
pub fn line<'a>(trade: &Trade, row: &'a mut Line) -> &'a csv::ByteRecord {
    let position = &trade.position;
    row.begin()
        .put(position.number)
        .put(position.key.venue)
        .words(Some(position.key.symbol))
        .put(position.direction.as_str())
        .put(position.entered)
        .put(time_text(position.opened_at))
        .may(trade.entry())
        .put(time_text(trade.closed_at))
        .may(trade.exit_price());
    match trade.exit_code {
        Some(code) => row.put(code),
        None => row.put(trade.exit.as_str()),
    };
    row.put(position.gross)
        .put(position.fees)
        .put(trade.net())
        .may(position.risk)
        .may(trade.r())
        .words(position.strategy)
        .words(position.signal)
        .words(trade.exit_signal)
        .done()
}

/// Text that a spreadsheet would take for a formula gets a quote in front.
pub fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn a_spreadsheet_sees_no_formula() {
        assert_eq!(safe("=1+1"), "'=1+1");
        assert_eq!(safe("AAPL"), "AAPL");
    }
}
