//! From a text in one of four forms to entries of named cells.

use std::collections::BTreeSet;

use csv::{ReaderBuilder, StringRecord, Trim};
use serde_json::value::RawValue;

use super::entry::KEYS;
use super::exact::{Pairs, Rows, text};
use super::{ENTRIES_MAX, ENTRY_BYTES_MAX, Fault, SCHEMA_NAME, TEXT_BYTES_MAX, did_you_mean, shown};

/// Said of a text that has more entries than any can have.
pub(super) const TOO_MANY: &str = "holds more than 1,000,000 entries, the most that are read; split it";

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

/// Who takes the entries of a text, one by one. What it was given is void when the text turns out not to be whole.
type Take<'t> = &'t mut dyn FnMut(Entry);

/// Hands on the entries of a text; a fault when the text is not whole.
pub(super) fn each(whole: &str, name: &str, take: Take<'_>) -> Result<(), Fault> {
    let whole = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    let done = match whole.trim_start().bytes().next() {
        _ if whole.len() > TEXT_BYTES_MAX => {
            Err(format!("has {} bytes, and at most {TEXT_BYTES_MAX} are read; split it", whole.len()))
        }
        None => Err(
            "is empty; write [] when there are no signals, so that it is not taken for a half-written file"
                .to_owned(),
        ),
        Some(b'[') => array(whole, whole, name, take),
        Some(b'{') => objects(whole, name, take),
        Some(_) => table(whole, name, take),
    };
    done.map_err(|why| Fault { place: name.to_owned(), field: "file".to_owned(), why })
}

/// `list` is the part of the whole text that is the list.
fn array(whole: &str, list: &str, name: &str, take: Take<'_>) -> Result<(), String> {
    let Rows(rows) = serde_json::from_str(list).map_err(|error| not_json(list, &error))?;
    let (mut line, mut counted) = (1, 0);
    for (number, raw) in (1_usize..).zip(rows) {
        let at = raw.get().as_ptr().addr().saturating_sub(whole.as_ptr().addr());
        line += whole.get(counted..at).map_or(0, |between| between.matches('\n').count());
        counted = at;
        if raw.get().len() > ENTRY_BYTES_MAX {
            return Err(too_long(&format!("entry {number}, line {line}"), raw.get()));
        }
        take(Entry { place: format!("{name}, entry {number}, line {line}"), cells: cells(raw) });
    }
    Ok(())
}

/// An object with a list of signals, one signal, or JSON lines.
fn objects(whole: &str, name: &str, take: Take<'_>) -> Result<(), String> {
    let raw = match serde_json::from_str::<&RawValue>(whole) {
        Ok(raw) => raw,
        Err(_) if is_lines(whole) => return lines(whole, name, take),
        Err(error) => return Err(not_json(whole, &error)),
    };
    let pairs: Pairs<'_> = serde_json::from_str(raw.get()).map_err(|error| not_json(whole, &error))?;
    if !is_envelope(&pairs) {
        if raw.get().len() > ENTRY_BYTES_MAX {
            return Err(too_long("its one entry", raw.get()));
        }
        take(only(whole, raw, name));
        return Ok(());
    }
    let (mut schema, mut signals) = (None, None);
    for (key, raw) in pairs.0 {
        let place = match key.as_str() {
            "schema" => &mut schema,
            "signals" => &mut signals,
            other => {
                let hint = did_you_mean(other, ["schema", "signals"].into_iter());
                return Err(format!("the key {} beside \"signals\" is not known{hint}", shown(other)));
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
    array(whole, signals.get(), name, take)
}

/// Whether a text that begins with `{` and is not one object is JSON lines: its first line is an entry, or cannot be
/// the beginning of one object while every line looks like an entry. What is cut off is never taken for lines by
/// that: its first line would be a beginning.
fn is_lines(whole: &str) -> bool {
    let mut rows = whole.lines().map(str::trim).filter(|row| !row.is_empty());
    let first = rows.next().unwrap_or("");
    match serde_json::from_str::<Pairs<'_>>(first) {
        Ok(pairs) => !is_envelope(&pairs),
        Err(error) if error.is_eof() => false,
        Err(_) => whole
            .lines()
            .map(str::trim)
            .filter(|row| !row.is_empty())
            .all(|row| row.starts_with('{') && row.ends_with('}')),
    }
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

/// The last line needs no line break: no object is whole before its last bracket, so it cannot be a cut one.
fn lines(whole: &str, name: &str, take: Take<'_>) -> Result<(), String> {
    let is_ended = whole.ends_with('\n');
    let rows = || {
        (1_usize..)
            .zip(whole.lines())
            .map(|(line, row)| (line, row.trim()))
            .filter(|(_, row)| !row.is_empty())
    };
    let last = within_limits(rows())?;
    for (count, (line, row)) in (1..).zip(rows()) {
        let cells = match serde_json::from_str::<&RawValue>(row) {
            Ok(raw) => cells(raw),
            Err(error) if count == last && !is_ended => return Err(not_json(row, &error)),
            Err(error) => Err(format!("is not JSON: {error}{}", no_number(row, &error))),
        };
        take(Entry { place: format!("{name}, line {line}"), cells });
    }
    Ok(())
}

/// How many lines there are, when neither they nor one of them is too much.
fn within_limits<'t>(rows: impl Iterator<Item = (usize, &'t str)>) -> Result<usize, String> {
    let mut count = 0;
    for (line, row) in rows {
        count += 1;
        if row.len() > ENTRY_BYTES_MAX {
            return Err(too_long(&format!("line {line}"), row));
        }
        if count > ENTRIES_MAX {
            return Err(TOO_MANY.to_owned());
        }
    }
    Ok(count)
}

fn too_long(place: &str, entry: &str) -> String {
    format!(
        "{place} has {} bytes, and no entry has more than {ENTRY_BYTES_MAX}; nothing of it is taken",
        entry.len()
    )
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
            return Err(format!("the key {} is there twice", shown(&key)));
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

/// Why a text that should be JSON is not taken.
fn not_json(text: &str, error: &serde_json::Error) -> String {
    if error.is_data() {
        return format!("{error}; nothing of it is taken");
    }
    if error.is_eof() {
        format!("ends in the middle, as a half-written file does ({error}); nothing of it is taken")
    } else {
        format!("is not JSON ({error}{}); nothing of it is taken", no_number(text, error))
    }
}

/// What JSON has no word for and some programs write all the same, if that is what the reader stumbled over.
fn no_number(text: &str, error: &serde_json::Error) -> &'static str {
    let row = text.lines().nth(error.line().saturating_sub(1)).unwrap_or("");
    let near = row.as_bytes().get(error.column().saturating_sub(2)..).unwrap_or(&[]);
    let is_there = |word: &str| near.windows(word.len()).take(3).any(|part| part == word.as_bytes());
    if is_there("NaN") || is_there("Infinity") {
        ": NaN and Infinity are no numbers; leave the key out"
    } else {
        ""
    }
}

fn table(whole: &str, name: &str, take: Take<'_>) -> Result<(), String> {
    if !whole.ends_with('\n') {
        let text = "does not end with a line break, so it may be half written; nothing of it is taken. \
                    End a complete file with a line break";
        return Err(text.to_owned());
    }
    let mut rows = (1_usize..).zip(whole.lines()).filter(|(_, row)| !row.trim().is_empty());
    within_limits(rows.clone().take(1))?;
    within_limits(rows.clone().skip(1))?;
    let headers = rows.next().map(|(_, row)| row_cells(row)).transpose()?.unwrap_or_default();
    let mut seen = BTreeSet::new();
    for header in &headers {
        if !KEYS.contains(&header) {
            let hint = did_you_mean(header, KEYS.into_iter());
            return Err(format!(
                "is neither JSON nor CSV with known columns: the column {} is not known{hint}",
                shown(header)
            ));
        }
        if !seen.insert(header) {
            return Err(format!("the column {} is there twice", shown(header)));
        }
    }
    for (line, row) in rows {
        let cells = row_cells(row).and_then(|row| {
            if row.len() != headers.len() {
                return Err(format!("has {} cells, the first line has {}", row.len(), headers.len()));
            }
            let filled = headers.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
            Ok(filled.map(|(key, cell)| (key.to_owned(), Cell::Text(cell.to_owned()))).collect())
        });
        take(Entry { place: format!("{name}, line {line}"), cells });
    }
    Ok(())
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
