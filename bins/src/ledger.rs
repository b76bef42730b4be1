//! Closed trades as CSV: one line each, decimals with a point, times in UTC, the same in every locale.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use broker_api::{Amount, Price, Ratio, SignalId, StrategyId};
use rust_decimal::Decimal;
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
    let mut csv = BufWriter::new(File::create(file).map_err(|error| failed(&error))?);
    csv.write_all(heads(&HEADS).as_bytes()).map_err(|error| failed(&error))?;
    let mut row = Line::default();
    for trade in trades {
        csv.write_all(line(trade, &mut row)).map_err(|error| failed(&error))?;
    }
    csv.flush().map_err(|error| failed(&error))
}

/// The first line of a ledger.
pub fn heads(names: &[&str]) -> String {
    names.join(",") + "\n"
}

/// The longest figure: a point, and a digit before as many as can stand behind it.
const FIGURE_BYTES: usize = 32;

/// A line of CSV under way, in memory that is used again.
#[derive(Debug, Default)]
pub struct Line {
    bytes: Vec<u8>,
}

impl Line {
    /// Begins a line.
    pub fn begin(&mut self) -> &mut Self {
        self.bytes.clear();
        self
    }

    /// The next cell: a number, or a word of ours.
    pub fn put(&mut self, value: impl Display) -> &mut Self {
        // Memory takes everything.
        let _ = write!(self.bytes, "{value}");
        self.bytes.push(b',');
        self
    }

    /// The next cell: a word of ours, which needs no quotes.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(b',');
        self
    }

    /// The next cell: a figure as it displays itself, which is done here in fewer steps; empty for nothing.
    pub fn figure(&mut self, figure: impl Into<Option<Decimal>>) -> &mut Self {
        let Some(figure) = figure.into() else { return self.text("") };
        let Ok(mut digits) = u64::try_from(figure.mantissa()) else { return self.put(figure) };
        let (mut text, mut at, mut places) = ([b'0'; FIGURE_BYTES], FIGURE_BYTES, 0);
        while digits > 0 || places <= figure.scale() {
            if places > 0 && places == figure.scale() {
                at -= 1;
                text[at] = b'.';
            }
            at -= 1;
            text[at] = b'0' + u8::try_from(digits % 10).unwrap_or_default();
            (digits, places) = (digits / 10, places + 1);
        }
        self.bytes.extend_from_slice(&text[at..]);
        self.bytes.push(b',');
        self
    }

    /// The next cell, of somebody else's words; empty for nothing.
    pub fn words(&mut self, text: Option<&str>) -> &mut Self {
        let text = safe(text.unwrap_or_default());
        if text.contains([',', '"', '\r', '\n']) {
            return self.text(&format!("\"{}\"", text.replace('"', "\"\"")));
        }
        self.text(&text)
    }

    /// The whole line, with its end.
    pub fn done(&mut self) -> &[u8] {
        if let Some(last) = self.bytes.last_mut() {
            *last = b'\n';
        }
        &self.bytes
    }
}

/// One closed trade.
pub fn line<'a>(trade: &Trade, row: &'a mut Line) -> &'a [u8] {
    let position = &trade.position;
    row.begin()
        .put(position.number)
        .text(position.key.venue.as_str())
        .words(Some(position.key.symbol.as_str()))
        .text(position.direction.as_str())
        .figure(position.entered.get())
        .text(&time_text(position.opened_at))
        .figure(trade.entry().map(Price::get))
        .text(&time_text(trade.closed_at))
        .figure(trade.exit_price().map(Price::get))
        .text(trade.exit_code.as_ref().map_or(trade.exit.as_str(), |code| code.as_str()));
    row.figure(position.gross.get())
        .figure(position.fees.get())
        .figure(trade.net().get())
        .figure(position.risk.map(Amount::get))
        .figure(trade.r().map(Ratio::get))
        .words(position.strategy.as_ref().map(StrategyId::as_str))
        .words(position.signal.as_ref().map(SignalId::as_str))
        .words(trade.exit_signal.as_ref().map(SignalId::as_str))
        .done()
}

/// Text that a spreadsheet would take for a formula gets a quote in front.
pub fn safe(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::{Line, safe};

    #[test]
    fn figures_are_written_as_they_display_themselves() {
        let digits = [0, 1, 7, 10, 99, 100, 12_345, 1_000_000, i64::MAX];
        for (number, scale) in digits.iter().flat_map(|number| (0..=28).map(move |scale| (*number, scale))) {
            for number in [number, -number] {
                let figure = broker_api::Amount::new(Decimal::new(number, scale)).unwrap();
                let mut line = Line::default();
                let cells = line.begin().figure(figure.get()).figure(None).done();
                assert_eq!(cells, format!("{figure},\n").as_bytes());
            }
        }
    }

    #[test]
    fn words_are_read_back_as_they_were() {
        let words = ["AAPL", "a,b", "\"", "say \"no\", twice", "two\nlines", "a\rb", "", "EUR/USD", "x=y-z"];
        let (mut line, mut file) = (Line::default(), b"head,words\n".to_vec());
        for words in words {
            file.extend_from_slice(line.begin().put(1).words(Some(words)).done());
        }
        let mut read = csv::Reader::from_reader(file.as_slice());
        let cells: Vec<String> = read.records().map(|row| row.unwrap()[1].to_owned()).collect();
        assert_eq!(cells, words);
    }

    #[test]
    fn a_spreadsheet_sees_no_formula() {
        assert_eq!(safe("=1+1"), "'=1+1");
        assert_eq!(safe("AAPL"), "AAPL");
    }
}
