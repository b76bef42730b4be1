//! What is wrong with a configuration, where, and what was probably meant.

use std::fmt;
use std::path::PathBuf;

use super::keys;
use crate::failure::Failure;

/// How many known keys are shown where none is near.
const KNOWN_SHOWN: usize = 8;

/// Where a value comes from. Later ones go before earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The file.
    File {
        /// Which.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters; 0 when it is about the line as a whole.
        column: usize,
    },
    /// An environment variable, by its name.
    Environment(String),
    /// `--set`, with what was written.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line, column: 0 } => write!(f, "{}:{line}", file.display()),
            Self::File { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(text) => write!(f, "--set {text}"),
        }
    }
}

/// One thing that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub at: Origin,
    /// The key; empty when it is about the whole.
    pub key: String,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub hint: String,
}

impl Fault {
    fn what(&self) -> String {
        if self.key.is_empty() {
            format!("{}: {}", self.at, self.why)
        } else {
            format!("{}: {} {}", self.at, self.key, self.why)
        }
    }
}

/// How many faults of one configuration are told one by one.
const TOLD_MAX: usize = 60;

/// All faults as one failure: what, where and what to do for each. There is at least one.
pub fn failure(mut faults: Vec<Fault>) -> Failure {
    faults.sort_by(|one, other| (&one.at, &one.key).cmp(&(&other.at, &other.key)));
    match faults.as_slice() {
        [one] => Failure::usage("bad_config", one.what()).fix(&one.hint),
        many => {
            let mut failure = Failure::usage(
                "bad_config",
                format!("{} faults in the configuration; nothing was done", many.len()),
            );
            let told = many.iter().take(TOLD_MAX).map(|fault| format!("{}; {}", fault.what(), fault.hint));
            failure.causes = told.collect();
            if many.len() > TOLD_MAX {
                failure.causes.push(format!("and {} more", many.len() - TOLD_MAX));
            }
            failure.fix("correct each of them; docs/config.md lists every key, and `tradewind init --out elsewhere` writes a complete file to compare with")
        }
    }
}

/// How far two names lie apart, whatever the order of their words and however a unit is written.
fn distance(one: &str, other: &str) -> usize {
    let words = |name: &str| -> Vec<String> {
        let long = name.split(['_', '-', '.']).map(|word| match word {
            "percentage" | "pct" => "percent",
            "maximum" => "max",
            "minimum" => "min",
            "bp" => "bps",
            word => word,
        });
        long.map(str::to_owned).collect()
    };
    let sorted = |mut words: Vec<String>| {
        words.sort_unstable();
        words.join("_")
    };
    let (one, other) = (words(one), words(other));
    // A unit that was left out.
    let is_begun = one.len() > other.len() && one.starts_with(&other);
    let plain = strsim::osa_distance(&one.join("_"), &other.join("_"));
    let turned = strsim::osa_distance(&sorted(one), &sorted(other)) + 1;
    if is_begun { 1 } else { plain.min(turned) }
}

/// The word that was probably meant; nothing when none is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase();
    known
        .into_iter()
        .map(|known| (distance(&known.to_ascii_lowercase(), &lower), known))
        .filter(|(distance, known)| *distance * 3 <= known.len().max(3))
        .min()
        .map(|(_, known)| known)
}

/// What to do about a path that is no key.
pub fn hint(path: &str) -> String {
    let (table, name) = path.rsplit_once('.').unwrap_or(("", path));
    let own = keys::all().iter().filter(|key| key.table() == table);
    if let Some(near) = nearest(name, own.map(keys::Key::name)) {
        return format!("did you mean `{near}`?");
    }
    let elsewhere = nearest(name, keys::all().iter().map(keys::Key::name));
    if let Some(key) = elsewhere.and_then(|name| keys::all().iter().find(|key| key.name() == name)) {
        return format!("did you mean `{}`? It stands in [{}]", key.path, key.table());
    }
    if let Some(near) = nearest(path, tables()) {
        return format!("did you mean [{near}]?");
    }
    let known = known_in(table);
    let more = known.len().saturating_sub(KNOWN_SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let shown: Vec<&str> = known.iter().take(KNOWN_SHOWN).map(String::as_str).collect();
    format!("known there: {}{more}", shown.join(", "))
}

/// What may stand in a table, or which tables there are.
fn known_in(table: &str) -> Vec<String> {
    let names: Vec<String> =
        keys::all().iter().filter(|key| key.table() == table).map(|key| key.name().to_owned()).collect();
    if names.is_empty() {
        tables().iter().filter(|known| !known.contains('.')).map(|known| format!("[{known}]")).collect()
    } else {
        names
    }
}

/// Every table, once.
pub fn tables() -> Vec<&'static str> {
    let mut tables = Vec::new();
    for key in keys::all() {
        let mut table = key.table();
        loop {
            if !tables.contains(&table) {
                tables.push(table);
            }
            match table.rsplit_once('.') {
                Some((outer, _)) => table = outer,
                None => break,
            }
        }
    }
    tables.push("aliases");
    tables
}
