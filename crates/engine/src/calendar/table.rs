//! The table of the US stock exchanges' days, which is the authority for its years. It is compiled in.
//!
//! A table that cannot be read is no table: every day of its years then counts as closed. A test reads it.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::{hour, is_weekend};

const TEXT: &str = include_str!("../../calendar/us-equities.csv");
const HEAD: &str = "date,hours,name";
/// Between which hours a short day can close, in New York.
const SHORT: RangeInclusive<NaiveTime> = hour(10, 0)..=hour(15, 59);

/// The years that the table covers, each from its first day to its last.
pub(super) const YEARS: RangeInclusive<i32> = 2024..=2030;

/// A day that is not an ordinary one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    date: NaiveDate,
    /// When it closes early, in New York; nothing when it does not open.
    pub(super) closes: Option<NaiveTime>,
    /// Why.
    pub(super) name: &'static str,
}

static ROWS: LazyLock<Option<Vec<Row>>> = LazyLock::new(|| read(TEXT).ok());

/// What the table says of a weekday of its years: a row, or nothing when it is an ordinary day.
///
/// # Errors
/// There is no table.
pub(super) fn row(date: NaiveDate) -> Result<Option<Row>, NoTable> {
    let rows = ROWS.as_ref().ok_or(NoTable)?;
    Ok(rows.binary_search_by_key(&date, |row| row.date).ok().and_then(|at| rows.get(at)).copied())
}

/// The table cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoTable;

/// The rows of a table; else the number of the first line that is wrong, and what is wrong with it.
fn read(text: &'static str) -> Result<Vec<Row>, (usize, &'static str)> {
    let mut rows: Vec<Row> = Vec::new();
    let mut has_head = false;
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let n = n + 1;
        if !has_head {
            has_head = line == HEAD;
            if !has_head {
                return Err((n, "the columns are date,hours,name"));
            }
            continue;
        }
        let row = read_row(line).map_err(|why| (n, why))?;
        if rows.last().is_some_and(|last| last.date >= row.date) {
            return Err((n, "the date is not after the one before"));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn read_row(line: &'static str) -> Result<Row, &'static str> {
    let mut cells = line.splitn(3, ',');
    let (Some(date), Some(hours), Some(name)) = (cells.next(), cells.next(), cells.next()) else {
        return Err("it has less than three cells");
    };
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| "its date is none")?;
    if !YEARS.contains(&date.year()) {
        return Err("its year is outside of the table's");
    }
    if is_weekend(date) {
        return Err("its date is a Saturday or Sunday");
    }
    let closes = match hours {
        "closed" => None,
        _ => Some(NaiveTime::parse_from_str(hours, "%H:%M").map_err(|_| "its hours are no time of day")?),
    };
    if closes.is_some_and(|closes| !SHORT.contains(&closes)) {
        return Err("its close is not that of a short day");
    }
    if name.trim().is_empty() {
        return Err("it does not say why");
    }
    Ok(Row { date, closes, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_has_rows_of_every_year() {
        let rows = read(TEXT).unwrap();
        assert_eq!(rows.len(), TEXT.lines().count() - 3, "every line but the two remarks and the head");
        for year in YEARS {
            let of_year = rows.iter().filter(|row| row.date.year() == year).count();
            assert!((11..=15).contains(&of_year), "{year}: {of_year}");
        }
        assert_eq!(row(NaiveDate::from_ymd_opt(2025, 1, 10).unwrap()), Ok(None));
    }

    #[test]
    fn a_row_that_cannot_be_meant_is_named_by_its_line() {
        for (text, line, why) in [
            ("date,hours\n", 1, "columns"),
            ("# a remark\ndate,hours,name\n2026-12-25,closed\n", 3, "three cells"),
            ("date,hours,name\n2026-02-30,closed,x\n", 2, "its date"),
            ("date,hours,name\n2031-01-01,closed,x\n", 2, "year"),
            ("date,hours,name\n2026-12-26,closed,x\n", 2, "Saturday"),
            ("date,hours,name\n2026-12-24,1 pm,x\n", 2, "time of day"),
            ("date,hours,name\n2026-12-24,16:00,x\n", 2, "short day"),
            ("date,hours,name\n2026-12-24,13:00, \n", 2, "why"),
            ("date,hours,name\n2026-12-25,closed,x\n2026-12-24,13:00,y\n", 3, "after the one before"),
            ("date,hours,name\n2026-12-25,closed,x\n2026-12-25,closed,x\n", 3, "after the one before"),
        ] {
            let (at, told) = read(text).unwrap_err();
            assert!(at == line && told.contains(why), "{text:?}: line {at}: {told}");
        }
    }
}
