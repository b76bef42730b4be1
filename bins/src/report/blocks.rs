//! What a section is made of for people: figures with their names, tables, notes, drawings. Every figure is taken from the
//! document that `--json` prints, by its path there, so that no form can show another one.

use std::str::FromStr;

use broker_api::Time;
use evidence::plot::Plot;
use evidence::{Figure, Undefined};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::figures;

/// What stands where there is no figure.
pub const NONE: &str = "–";

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Words, as they are.
    Words,
    /// A whole number.
    Count,
    /// A figure with so many decimals.
    Number(u32),
    /// The same with its sign: above zero is the better side.
    Change(u32),
    /// The same with its sign, of a cost: above zero is the worse side.
    Cost(u32),
    /// A share, in percent, with so many decimals.
    Percent(u32),
    /// A share, in percent, with its sign.
    PercentChange(u32),
    /// Milliseconds, as a span.
    Span,
    /// A moment, to the minute.
    Minute,
    /// A moment, to the day.
    Day,
}

impl Form {
    /// Which way its sign counts.
    const fn sense(self) -> Sense {
        match self {
            Self::Change(_) | Self::PercentChange(_) => Sense::Gain,
            Self::Cost(_) => Sense::Cost,
            _ => Sense::Neither,
        }
    }

    /// Whether it stands to the right of its column.
    pub const fn is_figure(self) -> bool {
        !matches!(self, Self::Words | Self::Minute | Self::Day)
    }
}

/// One value of the document, and how it is shown.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its path in the document; empty for words of ours.
    pub field: String,
    /// What stands there.
    pub raw: String,
    /// What people read.
    pub shown: String,
    /// Why there is none.
    pub why: Option<String>,
    /// Whether it stands to the right.
    pub is_figure: bool,
    /// Which way its sign counts: above zero is a gain, a cost, or neither.
    pub sense: Sense,
}

/// Which way the sign of a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Neither.
    Neither,
    /// Above zero is the better side.
    Gain,
    /// Above zero is the worse side.
    Cost,
}

impl Cell {
    /// Words of ours, which are no value of the document.
    pub fn label(words: &str) -> Self {
        let none = String::new;
        let (shown, sense) = (words.to_owned(), Sense::Neither);
        Self { field: none(), raw: none(), shown, why: None, is_figure: false, sense }
    }
}

/// A value with its name, and what else there is to say of it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// The value.
    pub cell: Cell,
    /// What it is of, its unit or its basis.
    pub note: String,
}

/// Rows under heads.
#[derive(Clone, Debug)]
pub struct Grid {
    /// What each column is.
    pub heads: Vec<String>,
    /// The rows; each has a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A part of a section.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading below the section's.
    Head(String),
    /// Values by name.
    Facts(Vec<Fact>),
    /// A table; behind it what is said of it.
    Table(Grid),
    /// A table that nobody needs at first sight: its name, and it.
    Folded(String, Grid),
    /// A sentence.
    Note(String),
    /// A drawing, and how it was made.
    Plot(Box<Plot>, String),
}

/// A part of the document.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    whole: &'a Value,
    at: &'a str,
}

impl<'a> Look<'a> {
    /// The part at this path.
    pub const fn new(whole: &'a Value, at: &'a str) -> Self {
        Self { whole, at }
    }

    /// Another part of the same document.
    pub const fn below(&self, at: &'a str) -> Self {
        Self { whole: self.whole, at }
    }

    /// The path of something below this part; of the part itself where nothing is named.
    fn path(&self, path: &str) -> String {
        if path.is_empty() { self.at.to_owned() } else { format!("{}.{path}", self.at) }
    }

    /// A value, by its path below this part.
    pub fn cell(&self, path: &str, form: Form) -> Cell {
        let field = self.path(path);
        let value = find(self.whole, &field).unwrap_or(&Value::Null);
        let (shown, why) = shown(value, form);
        Cell { field, raw: raw(value), shown, why, is_figure: form.is_figure(), sense: form.sense() }
    }

    /// A value with its name.
    pub fn fact(&self, name: &str, path: &str, form: Form) -> Fact {
        self.fact_of(name, path, form, "")
    }

    /// A value with its name and what it is of.
    pub fn fact_of(&self, name: &str, path: &str, form: Form, note: &str) -> Fact {
        Fact { name: name.to_owned(), cell: self.cell(path, form), note: note.to_owned() }
    }

    /// Whether there is a value, and not only why there is none.
    pub fn has(&self, path: &str) -> bool {
        find(self.whole, &self.path(path)).is_some_and(|value| undefined(value).is_none())
    }

    /// Rows of a list: each column is a head, a path in the row (empty for the row itself), and a form.
    pub fn grid<P: AsRef<str>>(&self, list: &str, columns: &[(&str, P, Form)]) -> Grid {
        let rows = find(self.whole, &self.path(list)).and_then(Value::as_array);
        let row = |at: usize| {
            let cell = |(_, path, form): &(&str, P, Form)| {
                let path = path.as_ref();
                let dot = if path.is_empty() { "" } else { "." };
                self.cell(&format!("{list}.{at}{dot}{path}"), *form)
            };
            columns.iter().map(cell).collect()
        };
        Grid {
            heads: columns.iter().map(|(head, ..)| (*head).to_owned()).collect(),
            rows: (0..rows.map_or(0, Vec::len)).map(row).collect(),
        }
    }
}

/// The value at a path of keys and places with points between them.
pub fn find<'a>(whole: &'a Value, field: &str) -> Option<&'a Value> {
    field.split('.').try_fold(whole, |value, key| match value {
        Value::Array(rows) => rows.get(key.parse::<usize>().ok()?),
        value => value.get(key),
    })
}

/// Why a value is none, if it is `{"undefined": ...}`.
fn undefined(value: &Value) -> Option<String> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let why = object.get("undefined")?;
    let known = serde_json::from_value::<Undefined>(why.clone()).map(|why| why.words().to_owned());
    Some(known.unwrap_or_else(|_| why.as_str().unwrap_or_default().to_owned()))
}

/// Every value of a document that holds no other, with its path. What says why there is none is one.
pub fn leaves(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    match value {
        _ if undefined(value).is_some() => found.push((at.to_owned(), raw(value))),
        Value::Object(object) => object.iter().for_each(|(key, value)| leaves(value, &below(key), found)),
        Value::Array(rows) => {
            rows.iter().enumerate().for_each(|(n, value)| leaves(value, &below(&n.to_string()), found));
        }
        value => found.push((at.to_owned(), raw(value))),
    }
}

/// A value as the document has it; text without its quotes.
pub fn raw(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// As people read it, or why there is none.
fn shown(value: &Value, form: Form) -> (String, Option<String>) {
    if let Some(why) = undefined(value) {
        return (NONE.to_owned(), Some(why));
    }
    match value {
        Value::Null => (NONE.to_owned(), Some("not known".to_owned())),
        Value::Bool(is) => ((if *is { "yes" } else { "no" }).to_owned(), None),
        Value::String(text) if text.is_empty() => (NONE.to_owned(), None),
        Value::String(text) => (told(text, form).unwrap_or_else(|| text.clone()), None),
        Value::Number(number) => (counted(number, form), None),
        // Of a list within a row, how many; what they are is told where there is room.
        Value::Array(rows) => (figures::count(rows.len() as u64), None),
        Value::Object(_) => (value.to_string(), None),
    }
}

/// Text that is a decimal or a moment, in its form.
fn told(text: &str, form: Form) -> Option<String> {
    if let Form::Minute | Form::Day = form {
        let at: Time = text.parse().ok()?;
        let form = if form == Form::Day { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" };
        return Some(at.format(form).to_string());
    }
    let value = Decimal::from_str(text).ok()?;
    let (value, places, is_change) = match form {
        Form::Number(places) => (value, places, false),
        Form::Change(places) | Form::Cost(places) => (value, places, true),
        Form::Percent(places) => (value * Decimal::ONE_HUNDRED, places, false),
        Form::PercentChange(places) => (value * Decimal::ONE_HUNDRED, places, true),
        Form::Words | Form::Count | Form::Span | Form::Minute | Form::Day => return None,
    };
    let text = if is_change { figures::with_sign(value, places) } else { figures::fixed(value, places) };
    Some(with_unit(text, form))
}

fn with_unit(text: String, form: Form) -> String {
    match form {
        Form::Percent(_) | Form::PercentChange(_) => format!("{text} %"),
        _ => text,
    }
}

/// A number, in its form.
fn counted(number: &serde_json::Number, form: Form) -> String {
    if let Some(count) = number.as_u64() {
        match form {
            Form::Count | Form::Words => return figures::count(count),
            Form::Span => return milliseconds(count),
            _ => {}
        }
    }
    let Ok(figure) = serde_json::from_value::<Figure>(Value::Number(number.clone())) else {
        return number.to_string();
    };
    let hundred = evidence::ledger::number(Decimal::ONE_HUNDRED);
    let (figure, places) = match form {
        Form::Percent(places) | Form::PercentChange(places) => (figure.map(|share| share * hundred), places),
        Form::Number(places) | Form::Change(places) | Form::Cost(places) => (figure, places),
        Form::Span => return span(figure),
        Form::Words | Form::Count | Form::Minute | Form::Day => (figure, 3),
    };
    // A decimal again only to be written like every other figure: what is written is computed with no more.
    let places_of = usize::try_from(places).unwrap_or_default();
    let text = format!("{figure:.places_of$}");
    let Ok(value) = Decimal::from_str(&text) else { return text };
    let is_change = form.sense() != Sense::Neither;
    let text = if is_change { figures::with_sign(value, places) } else { figures::fixed(value, places) };
    with_unit(text, form)
}

/// Milliseconds with a part.
fn span(figure: Figure) -> String {
    let text = format!("{figure:.0}");
    text.parse().map_or(text, milliseconds)
}

fn milliseconds(ms: u64) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { figures::span_ms(ms) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_figure_that_is_none_says_why_and_every_other_is_written_like_all() {
        let document = json!({ "a": {
            "rate": 0.4212, "money": "-1234.5", "none": { "undefined": "no-losses" }, "why": { "undefined": "too new" },
            "null": null, "at": "2026-11-23T14:35:02Z", "zero": -0.0001, "ms": 1899.6, "few": 42, "rows": [{ "n": 1234 }],
        }});
        let look = Look::new(&document, "a");
        let told = |path: &str, form| {
            let cell = look.cell(path, form);
            (cell.shown, cell.why)
        };
        let plain = |text: &str| (text.to_owned(), None);
        assert_eq!(told("rate", Form::Percent(1)), plain("42.1 %"));
        assert_eq!(told("money", Form::Change(2)), plain("-1,234.50"));
        assert_eq!(told("zero", Form::Change(2)), plain("0.00"));
        assert_eq!(told("none", Form::Number(2)), (NONE.to_owned(), Some("no losing trade".to_owned())));
        assert_eq!(told("why", Form::Number(2)), (NONE.to_owned(), Some("too new".to_owned())));
        assert_eq!(told("null", Form::Number(2)).0, NONE);
        assert_eq!(told("at", Form::Minute), plain("2026-11-23 14:35"));
        assert_eq!((told("ms", Form::Span), told("few", Form::Span)), (plain("1.9 s"), plain("42 ms")));
        let grid = look.grid("rows", &[("number", "n", Form::Count)]);
        assert_eq!((grid.rows[0][0].field.as_str(), grid.rows[0][0].shown.as_str()), ("a.rows.0.n", "1,234"));
        let mut all = Vec::new();
        leaves(&document, "", &mut all);
        assert_eq!(all.len(), 10);
        assert!(all.contains(&("a.none".to_owned(), "{\"undefined\":\"no-losses\"}".to_owned())));
    }
}
