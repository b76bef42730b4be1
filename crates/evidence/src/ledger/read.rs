//! Ledgers from text. Columns go by name, in any order; every fault is told with its row and column, what is there
//! and what is expected; nothing is left out in silence: columns that are not used are named.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr as _;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns::{self, COLUMNS, Column, Known};
use super::{Class, EQUITY_COLUMNS, EquityPoint, Ledger, Side, Trade};
use crate::Time;

/// One thing that is wrong in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The row of data, from 1 (the head line does not count); 0 is the text as a whole.
    pub row: usize,
    /// The column, by its first name; empty when it is the row as a whole.
    pub column: String,
    /// What is there.
    pub found: String,
    /// What is expected.
    pub expected: String,
}

impl Fault {
    pub(crate) fn new(row: usize, column: Column, found: &str, expected: impl Into<String>) -> Self {
        Self {
            row,
            column: columns::name(column).to_owned(),
            found: found.to_owned(),
            expected: expected.into(),
        }
    }

    fn whole(row: usize, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { row, column: String::new(), found: found.into(), expected: expected.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, column, found, expected } = self;
        match (*row, column.is_empty()) {
            (0, _) => write!(f, "{found}: expected {expected}"),
            (row, true) => write!(f, "row {row}: {found}: expected {expected}"),
            (row, false) => write!(f, "row {row}, {column}: found '{found}', expected {expected}"),
        }
    }
}

/// What was read, and what in it was not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read<T> {
    /// What was read.
    pub read: T,
    /// Names of columns that nothing here uses, as they stand in the text.
    pub unused: Vec<String>,
}

/// A row: cells by column, trimmed, the empty ones left out.
type Row = BTreeMap<Column, String>;

/// A ledger from CSV with a head line. All faults are told, not the first alone.
pub fn trades_csv(text: &str) -> Result<Read<Ledger>, Vec<Fault>> {
    let (rows, unused) = rows_of_csv(text, COLUMNS)?;
    ledger(&rows, unused)
}

/// A ledger from JSON: a list of objects, or an object that has it as `trades`. Amounts may be text or numbers; a number
/// is taken by the shortest decimal that is it.
pub fn trades_json(text: &str) -> Result<Read<Ledger>, Vec<Fault>> {
    const EXPECTED: &str = "a list of trades, or an object with a list `trades`";
    let value: Value = serde_json::from_str(text)
        .map_err(|why| vec![Fault::whole(0, format!("no JSON: {why}"), EXPECTED)])?;
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut map) => match map.remove("trades") {
            Some(Value::Array(list)) => list,
            _ => return Err(vec![Fault::whole(0, "an object without a list `trades`", EXPECTED)]),
        },
        _ => return Err(vec![Fault::whole(0, "neither a list nor an object", EXPECTED)]),
    };
    let (mut rows, mut unused, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for (index, entry) in list.into_iter().enumerate() {
        match entry {
            Value::Object(map) => rows.push(row_of_json(index + 1, map, &mut unused, &mut faults)),
            other => {
                faults.push(Fault::whole(index + 1, kind(&other), "an object with the columns of a trade"));
            }
        }
    }
    if faults.is_empty() { ledger(&rows, unused) } else { Err(faults) }
}

/// An equity series from CSV with a head line, ordered by time. The same moment twice is a fault.
pub fn equity_csv(text: &str) -> Result<Read<Vec<EquityPoint>>, Vec<Fault>> {
    let (rows, unused) = rows_of_csv(text, EQUITY_COLUMNS)?;
    let (mut points, mut faults) = (Vec::new(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        let mut cells = Cells { row: index + 1, by_column: row, faults: &mut faults };
        let at = cells.needed(Column::At, moment, MOMENT);
        let equity = cells.needed(Column::Equity, decimal, DECIMAL);
        let flow = cells.optional(Column::Flow, decimal, DECIMAL);
        if let (Some(at), Some(equity)) = (at, equity) {
            points.push((index + 1, EquityPoint { at, equity, flow: flow.unwrap_or_default() }));
        }
    }
    points.sort_by_key(|(_, point)| point.at);
    for pair in points.windows(2) {
        if pair[0].1.at == pair[1].1.at {
            let expected = format!("a moment of its own; row {} has it too", pair[0].0);
            faults.push(Fault::new(pair[1].0, Column::At, &pair[1].1.at.to_rfc3339(), expected));
        }
    }
    let read = points.into_iter().map(|(_, point)| point).collect();
    if faults.is_empty() { Ok(Read { read, unused }) } else { Err(faults) }
}

fn rows_of_csv(text: &str, known: &[Known]) -> Result<(Vec<Row>, Vec<String>), Vec<Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|why| vec![Fault::whole(0, why.to_string(), "a head line")])?.clone();
    let names: Vec<&str> = head.iter().collect();
    let columns = columns::of_head(known, &names);
    let mut faults = Vec::new();
    for row in known {
        let found = columns.iter().filter(|column| **column == Some(row.column)).count();
        let names = row.names.join(", ");
        if row.is_needed && found == 0 {
            let head: Vec<&str> = head.iter().collect();
            let expected = format!("a column {} (or {names})", row.names.first().unwrap_or(&""));
            faults.push(Fault::whole(0, format!("the head line [{}]", head.join(", ")), expected));
        }
        if found > 1 {
            faults.push(Fault::whole(
                0,
                format!("{found} columns that mean the same"),
                format!("one of {names}"),
            ));
        }
    }
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        match record {
            Ok(record) if record.len() == head.len() => rows.push(
                columns
                    .iter()
                    .zip(record.iter())
                    .filter(|(_, cell)| !cell.is_empty())
                    .filter_map(|(column, cell)| Some(((*column)?, cell.to_owned())))
                    .collect(),
            ),
            Ok(record) => faults.push(Fault::whole(
                index + 1,
                format!("{} cells", record.len()),
                format!("{}, as the head line has", head.len()),
            )),
            Err(why) => faults.push(Fault::whole(index + 1, why.to_string(), "a row of CSV in UTF-8")),
        }
    }
    let unused =
        head.iter().zip(&columns).filter(|(_, c)| c.is_none()).map(|(name, _)| name.to_owned()).collect();
    if faults.is_empty() { Ok((rows, unused)) } else { Err(faults) }
}

fn row_of_json(
    row: usize,
    map: serde_json::Map<String, Value>,
    unused: &mut Vec<String>,
    faults: &mut Vec<Fault>,
) -> Row {
    let mut cells = Row::new();
    for (key, value) in map {
        let Some(column) = columns::column(COLUMNS, &key) else {
            if !unused.contains(&key) {
                unused.push(key);
            }
            continue;
        };
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            other => {
                faults.push(Fault::new(row, column, kind(&other), "text, a number, true or false"));
                continue;
            }
        };
        if text.is_empty() {
            continue;
        }
        if let Some(first) = cells.insert(column, text) {
            faults.push(Fault::new(row, column, &first, "one name for it, found two"));
        }
    }
    cells
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn ledger(rows: &[Row], unused: Vec<String>) -> Result<Read<Ledger>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut trades = Vec::new();
    for (index, by_column) in rows.iter().enumerate() {
        trades.extend(trade(&mut Cells { row: index + 1, by_column, faults: &mut faults }));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ledger::new(trades).map(|read| Read { read, unused })
}

fn trade(cells: &mut Cells<'_>) -> Option<Trade> {
    let text = |text: &str| Some(text.to_owned());
    let before = cells.faults.len();
    let symbol = cells.needed(Column::Symbol, text, "a symbol");
    let side = cells.needed(Column::Side, side, "long or short (or buy, sell, l, s, 1, -1)");
    let opened = cells.needed(Column::Opened, moment, MOMENT);
    let closed = cells.needed(Column::Closed, moment, MOMENT);
    let quantity = cells.needed(Column::Quantity, decimal, DECIMAL);
    let entry = cells.needed(Column::Entry, decimal, DECIMAL);
    let exit = cells.needed(Column::Exit, decimal, DECIMAL);
    let pnl = cells.needed(Column::Pnl, decimal, DECIMAL);
    let trade = Trade {
        id: cells.by_column.get(&Column::Id).cloned().unwrap_or_else(|| format!("row-{}", cells.row)),
        strategy: cells.by_column.get(&Column::Strategy).cloned().unwrap_or_default(),
        class: cells.optional(Column::Class, class, "equity, forex or crypto (or stock, fx, coin)"),
        risk: cells.optional(Column::Risk, decimal, DECIMAL),
        r: cells.optional(Column::R, decimal, DECIMAL),
        notional: cells.optional(Column::Notional, decimal, DECIMAL),
        stop: cells.optional(Column::Stop, decimal, DECIMAL),
        target: cells.optional(Column::Target, decimal, DECIMAL),
        imported: cells.optional(Column::Imported, flag, "true or false (or yes, no, 1, 0)").unwrap_or(false),
        symbol: symbol?,
        side: side?,
        opened: opened?,
        closed: closed?,
        quantity: quantity?,
        entry: entry?,
        exit: exit?,
        pnl: pnl?,
    };
    (cells.faults.len() == before).then_some(trade)
}

/// A row under the eye of the reader.
struct Cells<'a> {
    row: usize,
    by_column: &'a Row,
    faults: &'a mut Vec<Fault>,
}

impl Cells<'_> {
    fn needed<T>(&mut self, column: Column, parse: impl Fn(&str) -> Option<T>, expected: &str) -> Option<T> {
        if !self.by_column.contains_key(&column) {
            self.faults.push(Fault::new(self.row, column, "", expected));
        }
        self.optional(column, parse, expected)
    }

    fn optional<T>(
        &mut self,
        column: Column,
        parse: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let cell = self.by_column.get(&column)?;
        let value = parse(cell);
        if value.is_none() {
            self.faults.push(Fault::new(self.row, column, cell, expected));
        }
        value
    }
}

const DECIMAL: &str = "a decimal number with a point and no other signs, such as -34.31";

fn decimal(text: &str) -> Option<Decimal> {
    let text = text.strip_prefix('+').unwrap_or(text);
    Decimal::from_str_exact(text).ok().or_else(|| Decimal::from_scientific(text).ok())
}

const MOMENT: &str =
    "a moment, such as 2026-11-20T21:05:00Z, 2026-11-20 21:05:00 (taken as UTC) or 2026-11-20";

fn moment(text: &str) -> Option<Time> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let at = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    at.or_else(|| NaiveDate::from_str(text).ok().map(|day| day.and_time(NaiveTime::MIN)))
        .map(|at| at.and_utc())
}

fn side(text: &str) -> Option<Side> {
    match text.to_lowercase().as_str() {
        "long" | "buy" | "l" | "b" | "1" | "+1" => Some(Side::Long),
        "short" | "sell" | "s" | "-1" => Some(Side::Short),
        _ => None,
    }
}

fn class(text: &str) -> Option<Class> {
    match text.to_lowercase().as_str() {
        "equity" | "equities" | "stock" | "stocks" | "etf" => Some(Class::Equity),
        "forex" | "fx" | "currency" | "currencies" => Some(Class::Forex),
        "crypto" | "coin" | "coins" | "cryptocurrency" => Some(Class::Crypto),
        _ => None,
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" => Some(true),
        "false" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}
