//! Closed trades as CSV: one line each, decimals with a point, times in UTC, the same in every locale.

use std::path::Path;

use state::book::Trade;

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
    };
    let mut csv = csv::Writer::from_path(file).map_err(|error| failed(&error))?;
    csv.write_record(HEADS).map_err(|error| failed(&error))?;
    for trade in trades {
        csv.write_record(line(trade)).map_err(|error| failed(&error))?;
    }
    csv.flush().map_err(|error| failed(&error))
}

/// One closed trade.
pub fn line(trade: &Trade) -> [String; HEADS.len()] {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map_or_else(String::new, |value| value.to_string())
    }
    let position = &trade.position;
    let time = |at: broker_api::Time| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    [
        position.number.to_string(),
        position.key.venue.to_string(),
        safe(position.key.symbol.as_str()),
        position.direction.as_str().to_owned(),
        position.entered.to_string(),
        time(position.opened_at),
        text(trade.entry()),
        time(trade.closed_at),
        text(trade.exit_price()),
        trade.exit_code.map_or_else(|| trade.exit.as_str().to_owned(), |code| code.to_string()),
        position.gross.to_string(),
        position.fees.to_string(),
        trade.net().to_string(),
        text(position.risk),
        text(trade.r()),
        safe(&text(position.strategy)),
        safe(&text(position.signal)),
        safe(&text(trade.exit_signal)),
    ]
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
