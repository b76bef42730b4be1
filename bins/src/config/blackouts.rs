//! `[[blackouts]]`: times in which nothing is entered, each with its reason.

use broker_api::{AssetClass, Catalog, Symbol, Time};
use chrono::{DateTime, Utc};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::faults::{Origin, nearest};
use super::layers::{Given, Layers};
use super::values::named;

/// What a row is made of.
const KEYS: [&str; 5] = ["from", "until", "symbols", "classes", "why"];
/// How long a reason may be, in characters.
const WHY_MOST: usize = 200;
/// How many rows there may be: each entry looks at all of them.
const ROWS_MOST: usize = 10_000;

/// A value, or what is wrong with it and what to write.
type Read<T> = Result<T, (String, String)>;

fn no<T>(why: String, hint: &str) -> Read<T> {
    Err((why, hint.to_owned()))
}

/// A moment with its offset, in quotes or without.
fn moment(value: &DeValue<'_>) -> Read<Time> {
    const HINT: &str = "write it with its offset, as 2026-12-10T13:00:00Z or 2026-12-10T08:00:00-05:00";
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        other => return no(format!("is {}, and must be a moment", named(other)), HINT),
    };
    DateTime::parse_from_rfc3339(&text)
        .map(|moment| moment.with_timezone(&Utc))
        .or_else(|_| no(format!("is \"{text}\", which is no moment with an offset"), HINT))
}

/// A list of words.
fn words(value: &DeValue<'_>, hint: &str) -> Read<Vec<String>> {
    let DeValue::Array(items) = value else {
        return no(format!("is {}, and must be a list of words", named(value)), hint);
    };
    let word = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
        DeValue::String(text) => Ok(text.to_string()),
        other => no(format!("holds {}, and must be a list of words", named(other)), hint),
    };
    let words = items.iter().map(word).collect::<Read<Vec<String>>>()?;
    if words.is_empty() {
        return no(
            "is empty, which would not say what it is about".to_owned(),
            "leave the key away for everything",
        );
    }
    Ok(words)
}

fn symbols(value: &DeValue<'_>) -> Read<toml::Value> {
    const HINT: &str = "write symbols as [\"AAPL\", \"BTC/USD\"]";
    let words = words(value, HINT)?;
    match words.iter().find(|word| Symbol::new(word).is_err()) {
        Some(bad) => no(format!("holds \"{bad}\", which is no symbol"), HINT),
        None => Ok(words.into()),
    }
}

fn classes(value: &DeValue<'_>) -> Read<toml::Value> {
    const HINT: &str = "write classes as [\"equity\", \"forex\", \"crypto\"]";
    let words = words(value, HINT)?;
    let is_class = |word: &String| AssetClass::ALL.iter().any(|class| class.to_string() == *word);
    match words.iter().find(|word| !is_class(word)) {
        Some(bad) => no(format!("holds \"{bad}\", which is no class"), HINT),
        None => Ok(words.into()),
    }
}

fn why(value: &DeValue<'_>) -> Read<toml::Value> {
    const HINT: &str =
        "write in one line of at most 200 characters why nothing is entered, as \"earnings of AAPL\"";
    match value {
        DeValue::String(text) if text.trim().is_empty() => no("is empty".to_owned(), HINT),
        DeValue::String(text) if text.chars().count() > WHY_MOST => no("is too long".to_owned(), HINT),
        DeValue::String(text) if text.chars().any(char::is_control) => {
            no("holds characters that nobody sees".to_owned(), HINT)
        }
        DeValue::String(text) => Ok(text.trim().into()),
        other => no(format!("is {}, and must be a sentence", named(other)), HINT),
    }
}

impl Layers {
    /// Takes the rows of the file in; each is named by its number, from 1.
    pub(super) fn blackouts(&mut self, value: &Spanned<DeValue<'_>>, at: &dyn Fn(usize) -> Origin) {
        let here = at(value.span().start);
        let rows = match value.get_ref() {
            DeValue::Array(rows) => rows,
            other => {
                let why = format!("is {}, and must be a list", named(other));
                return self.fault(here, "blackouts", why, "write [[blackouts]] above each of them");
            }
        };
        if rows.len() > ROWS_MOST {
            let why = format!("has {} rows, and {ROWS_MOST} are the most", rows.len());
            return self.fault(here, "blackouts", why, "take those away that are over");
        }
        for (n, row) in rows.iter().enumerate() {
            let (key, here) = (format!("blackouts[{}]", n + 1), at(row.span().start));
            match row.get_ref() {
                DeValue::Table(row) => self.blackout(row, &key, here, at),
                other => {
                    let why = format!("is {}, and must be a table", named(other));
                    self.fault(here, key, why, "write [[blackouts]] above each of them");
                }
            }
        }
    }

    fn blackout(&mut self, row: &DeTable<'_>, key: &str, here: Origin, at: &dyn Fn(usize) -> Origin) {
        let before = self.faults.len();
        let mut table = toml::Table::new();
        let mut span: [Option<(Time, Origin)>; 2] = [None, None];
        for (name, value) in row {
            let (name_at, value_at) = (at(name.span().start), at(value.span().start));
            let (name, value) = (name.get_ref().as_ref(), value.get_ref());
            let mut end = |n: usize| {
                let read = moment(value)?;
                span[n] = Some((read, value_at.clone()));
                Ok(read.to_rfc3339().into())
            };
            let read: Read<toml::Value> = match name {
                "from" => end(0),
                "until" => end(1),
                "symbols" => symbols(value),
                "classes" => classes(value),
                "why" => why(value),
                other => {
                    let hint = match nearest(other, KEYS) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("known there: {}", KEYS.join(", ")),
                    };
                    self.fault(name_at, format!("{key}.{other}"), "is no key".to_owned(), hint);
                    continue;
                }
            };
            match read {
                Ok(value) => drop(table.insert(name.to_owned(), value)),
                Err((why, hint)) => self.fault(value_at, format!("{key}.{name}"), why, hint),
            }
        }
        for needed in ["from", "until", "why"] {
            if !row.iter().any(|(name, _)| name.get_ref() == needed) {
                let hint = format!("add it; a row has {}", KEYS.join(", "));
                self.fault(here.clone(), format!("{key}.{needed}"), "is missing".to_owned(), hint);
            }
        }
        if let [Some((from, _)), Some((until, until_at))] = &span
            && until <= from
        {
            let hint = "let it end after it begins";
            self.fault(until_at.clone(), format!("{key}.until"), format!("is not after from = {from}"), hint);
        }
        if self.faults.len() == before {
            self.blackouts.push(Given { value: toml::Value::Table(table), at: here });
        }
    }

    /// Every symbol that a row names is traded, where that is known before.
    pub(super) fn blackouts_of(&mut self, traded: &Catalog) {
        let known: Vec<&str> = traded.iter().map(|(_, row)| row.key.symbol.as_str()).collect();
        for Given { value, at } in self.blackouts.clone() {
            let named = value.get("symbols").and_then(toml::Value::as_array).into_iter().flatten();
            for symbol in named.filter_map(toml::Value::as_str).filter(|symbol| !known.contains(symbol)) {
                let hint = match nearest(symbol, known.iter().copied()) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => {
                        "write the symbol of an instrument that is traded, such as \"BTC/USD\"".to_owned()
                    }
                };
                let why = format!("names \"{symbol}\", which is not traded here");
                self.fault(at.clone(), "blackouts: symbols", why, hint);
            }
        }
    }
}
