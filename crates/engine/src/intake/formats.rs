//! From a text in one of four forms to entries of named cells.

use std::collections::BTreeSet;

use csv::{ReaderBuilder, StringRecord, Trim};
use serde_json::value::RawValue;

use super::entry::KEYS;
use super::exact::{Pairs, text};
use super::{Fault, SCHEMA_NAME, did_you_mean};

/// A value as it is written. What is empty or `null` is not there at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// A text.
    Text(String),
    /// The digits of a JSON number.
    Number(String),
    /// A list, an object, or a truth value.
    Other,
}

/// The named cells of an entry.
pub(super) type Cells = Vec<(String, Cell)>;

/// One entry, or why it is none.
pub(super) struct Entry {
    pub(super) place: String,
    pub(super) cells: Result<Cells, String>,
}

/// The entries of a text; a fault when the text is not whole.
pub(super) fn entries(whole: &str, name: &str) -> Result<Vec<Entry>, Fault> {
    let whole = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    let entries = match whole.trim_start().bytes().next() {
        None => Err(
            "is empty; write [] when there are no signals, so that it is not taken for a half-written file"
                .to_owned(),
        ),
        Some(b'[') => array(whole, whole, name),
        Some(b'{') => objects(whole, name),
        Some(_) => table(whole, name),
    };
    entries.map_err(|why| Fault { place: name.to_owned(), field: "file".to_owned(), why })
}

fn array(whole: &str, list: &str, name: &str) -> Result<Vec<Entry>, String> {
    let rows: Vec<&RawValue> = serde_json::from_str(list).map_err(|error| not_json(&error))?;
    let (mut line, mut counted) = (1, 0);
    let entry = |(number, raw): (usize, &RawValue)| {
        let at = raw.get().as_ptr().addr().saturating_sub(whole.as_ptr().addr());
        line += whole.get(counted..at).map_or(0, |between| between.matches('\n').count());
        counted = at;
        Entry { place: format!("{name}, entry {number}, line {line}"), cells: cells(raw) }
    };
    Ok((1_usize..).zip(rows).map(entry).collect())
}

/// An object with a list of signals, one signal, or JSON lines.
fn objects(whole: &str, name: &str) -> Result<Vec<Entry>, String> {
    let raw = match serde_json::from_str::<&RawValue>(whole) {
        Ok(raw) => raw,
        Err(error) => {
            let first = whole.trim_start().lines().next().unwrap_or("");
            let is_lines = serde_json::from_str::<Pairs<'_>>(first).is_ok_and(|pairs| !is_envelope(&pairs));
            return if is_lines { lines(whole, name) } else { Err(not_json(&error)) };
        }
    };
    let pairs: Pairs<'_> = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
    if !is_envelope(&pairs) {
        return Ok(vec![only(whole, raw, name)]);
    }
    let (mut schema, mut signals) = (None, None);
    for (key, raw) in pairs.0 {
        let place = match key.as_str() {
            "schema" => &mut schema,
            "signals" => &mut signals,
            other => {
                let hint = did_you_mean(other, ["schema", "signals"].into_iter());
                return Err(format!("the key {other:?} beside \"signals\" is not known{hint}"));
            }
        };
        if place.replace(raw).is_some() {
            return Err(format!("the key {key:?} is there twice"));
        }
    }
    match schema.map(text) {
        Some(Some(schema)) if schema == SCHEMA_NAME => {}
        Some(_) => {
            return Err(format!("the \"schema\" is not {SCHEMA_NAME:?}, the only one this version reads"));
        }
        None => return Err(format!("the key \"schema\" is missing; write \"schema\": {SCHEMA_NAME:?}")),
    }
    let Some(signals) = signals else { return Err("the key \"signals\" is missing".to_owned()) };
    if !signals.get().starts_with('[') {
        return Err("\"signals\" is not a list".to_owned());
    }
    array(whole, signals.get(), name)
}

fn is_envelope(pairs: &Pairs<'_>) -> bool {
    pairs.0.iter().any(|(key, _)| key == "signals" || key == "schema")
}

/// The entry of a text that is one object.
fn only(whole: &str, raw: &RawValue, name: &str) -> Entry {
    let before = whole.len() - whole.trim_start().len();
    let line = 1 + whole.get(..before).map_or(0, |blank| blank.matches('\n').count());
    Entry { place: format!("{name}, line {line}"), cells: cells(raw) }
}

fn lines(whole: &str, name: &str) -> Result<Vec<Entry>, String> {
    let is_ended = whole.ends_with('\n');
    let rows: Vec<(usize, &str)> = (1..)
        .zip(whole.lines())
        .map(|(line, row)| (line, row.trim()))
        .filter(|(_, row)| !row.is_empty())
        .collect();
    let last = rows.len();
    let mut entries = Vec::with_capacity(last);
    for (count, (line, row)) in (1..).zip(rows) {
        let cells = match serde_json::from_str::<&RawValue>(row) {
            Ok(raw) => cells(raw),
            Err(error) if count == last && !is_ended => return Err(not_json(&error)),
            Err(error) => Err(format!("is not JSON: {error}")),
        };
        entries.push(Entry { place: format!("{name}, line {line}"), cells });
    }
    Ok(entries)
}

/// The cells of a JSON object.
fn cells(raw: &RawValue) -> Result<Cells, String> {
    if !raw.get().starts_with('{') {
        return Err("is not an object".to_owned());
    }
    let pairs: Pairs<'_> =
        serde_json::from_str(raw.get()).map_err(|error| format!("is not JSON: {error}"))?;
    let mut cells = Cells::with_capacity(pairs.0.len());
    let mut seen = BTreeSet::new();
    for (key, raw) in pairs.0 {
        if !seen.insert(key.clone()) {
            return Err(format!("the key {key:?} is there twice"));
        }
        let cell = match raw.get().as_bytes().first() {
            Some(b'"') => text(raw).map_or(Cell::Other, Cell::Text),
            Some(b'-' | b'0'..=b'9') => Cell::Number(raw.get().to_owned()),
            Some(b'n') => continue,
            _ => Cell::Other,
        };
        cells.push((key, cell));
    }
    Ok(cells)
}

fn not_json(error: &serde_json::Error) -> String {
    if error.is_eof() {
        format!("ends in the middle, as a half-written file does ({error}); nothing of it is taken")
    } else {
        format!("is not JSON ({error}); nothing of it is taken")
    }
}

fn table(whole: &str, name: &str) -> Result<Vec<Entry>, String> {
    if !whole.ends_with('\n') {
        let text = "does not end with a line break, so it may be half written; nothing of it is taken. \
                    End a complete file with a line break";
        return Err(text.to_owned());
    }
    let mut rows = (1_usize..).zip(whole.lines()).filter(|(_, row)| !row.trim().is_empty());
    let headers = rows.next().map(|(_, row)| row_cells(row)).transpose()?.unwrap_or_default();
    let mut seen = BTreeSet::new();
    for header in &headers {
        if !KEYS.contains(&header) {
            let hint = did_you_mean(header, KEYS.into_iter());
            return Err(format!(
                "is neither JSON nor CSV with known columns: the column {header:?} is not known{hint}"
            ));
        }
        if !seen.insert(header) {
            return Err(format!("the column {header:?} is there twice"));
        }
    }
    let entry = |(line, row): (usize, &str)| {
        let cells = row_cells(row).and_then(|row| {
            if row.len() != headers.len() {
                return Err(format!("has {} cells, the first line has {}", row.len(), headers.len()));
            }
            let filled = headers.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
            Ok(filled.map(|(key, cell)| (key.to_owned(), Cell::Text(cell.to_owned()))).collect())
        });
        Entry { place: format!("{name}, line {line}"), cells }
    };
    Ok(rows.map(entry).collect())
}

/// The cells of one row. No value of a signal holds a line break, so a row is a line.
fn row_cells(row: &str) -> Result<StringRecord, String> {
    if row.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
        return Err("has a quote that is not closed".to_owned());
    }
    let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(row.as_bytes());
    let mut cells = StringRecord::new();
    reader.read_record(&mut cells).map_err(|error| format!("is not CSV: {error}"))?;
    Ok(cells)
}
