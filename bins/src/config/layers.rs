//! What is set, where: the file, the environment before it, and `--set` before both. Every fault is gathered.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::faults::{Fault, Origin, hint, nearest, tables};
use super::file::place;
use super::keys::{self, WAYS};
use super::values::{Refused, named};

/// What every variable of ours begins with.
pub const PREFIX: &str = "TRADEWIND_";
/// The variables of the two paths.
pub const CONFIG: &str = "TRADEWIND_CONFIG";
/// See [`CONFIG`].
pub const STATE: &str = "TRADEWIND_STATE";
/// Variables that begin as ours do and set nothing: the tests read them.
pub const EXEMPT: [&str; 4] =
    ["TRADEWIND_SHARED", "TRADEWIND_KILL_SEED", "TRADEWIND_MONTH_SEED", "TRADEWIND_TEST_LOCK"];

/// A value and where it was set.
#[derive(Clone, Debug)]
pub struct Given {
    /// As the file would have it.
    pub value: toml::Value,
    /// Where.
    pub at: Origin,
}

/// Everything that is set.
#[derive(Debug, Default)]
pub struct Layers {
    /// What applies of what is set, by path.
    pub values: BTreeMap<String, Given>,
    /// Other names of symbols.
    pub aliases: BTreeMap<String, Given>,
    /// Times without entries, in the order of the file.
    pub blackouts: Vec<Given>,
    /// Which symbols move together: the bucket of each.
    pub buckets: BTreeMap<String, Given>,
    /// The tables of the file.
    pub sections: BTreeMap<String, Origin>,
    /// Every path that the file names, whether its value is one or not; and what its unknown keys probably mean.
    pub named: BTreeSet<String>,
    /// Paths with a value that is none.
    pub bad: BTreeSet<String>,
    /// All that is wrong.
    pub faults: Vec<Fault>,
    /// Whether a layer named a way to size.
    sized: bool,
    /// The ways to size that the layer under way names.
    ways: Vec<(String, Origin)>,
}

impl Layers {
    /// Takes the file in.
    pub fn file(&mut self, file: &Path, text: &str) {
        match DeTable::parse(text) {
            Ok(table) => {
                self.table(table.get_ref(), "", &|byte| place(file, text, byte));
                self.end_of_layer();
            }
            Err(error) => {
                let message = error.message().lines().next().unwrap_or_default().to_owned();
                let is_double = message.contains("duplicate");
                self.faults.push(Fault {
                    at: place(file, text, error.span().map_or(0, |span| span.start)),
                    key: String::new(),
                    why: format!("is no TOML: {message}; nothing after it was looked at"),
                    hint: if is_double { "keep one of the two" } else { "correct that line" }.to_owned(),
                });
            }
        }
    }

    fn table(&mut self, table: &DeTable<'_>, path: &str, at: &dyn Fn(usize) -> Origin) {
        for (name, value) in table {
            let (key_at, value_at) = (at(name.span().start), at(value.span().start));
            if path.is_empty() && name.get_ref() == "blackouts" {
                self.blackouts(value, at);
                continue;
            }
            if path.is_empty() && name.get_ref() == "buckets" {
                self.buckets(value, at);
                continue;
            }
            let (name, value) = (name.get_ref(), value.get_ref());
            let full = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            let known = keys::find(&full).filter(|_| !name.contains('.'));
            let inner = match value {
                DeValue::Table(inner) => Some(inner),
                _ => None,
            };
            if let Some(key) = known {
                self.named.insert(full);
                self.put(key, value_at, key.kind.read_toml(value));
            } else if full == "aliases" && inner.is_some() {
                for (alias, symbol) in inner.into_iter().flatten() {
                    self.alias(alias.get_ref(), symbol.get_ref(), at(symbol.span().start));
                }
            } else if let (true, false) = (tables().contains(&full.as_str()), name.contains('.')) {
                if let Some(inner) = inner {
                    self.sections.insert(full.clone(), key_at);
                    self.table(inner, &full, at);
                } else {
                    let hint = match full.as_str() {
                        "sizing.equal_slots" => "write equal_slots = { slots = 10 }".to_owned(),
                        _ => format!("write [{full}] on a line of its own, and its keys below"),
                    };
                    self.sections.insert(full.clone(), key_at);
                    if full == "sizing.equal_slots" {
                        self.named.insert("sizing.equal_slots.slots".to_owned());
                        self.ways.push(("sizing.equal_slots.slots".to_owned(), value_at.clone()));
                    }
                    self.fault(value_at, full, format!("is {}, and must be a table", named(value)), hint);
                }
            } else {
                let own = keys::all().iter().filter(|key| key.table() == path);
                if let Some(meant) = nearest(name, own.map(keys::Key::name)) {
                    let meant = format!("{path}.{meant}");
                    if WAYS.contains(&meant.as_str()) {
                        self.ways.push((meant.clone(), key_at.clone()));
                    }
                    self.named.insert(meant);
                }
                if let Some(near) = nearest(&full, tables()) {
                    self.sections.insert(near.to_owned(), key_at.clone());
                }
                let what = if inner.is_some() { "is no table that can be set" } else { "is no key" };
                let hint = hint(&full);
                self.fault(key_at, full, what.to_owned(), hint);
            }
        }
    }

    /// Takes the environment in.
    pub fn environment(&mut self, variables: impl Iterator<Item = (OsString, OsString)>) {
        let mut variables: Vec<_> = variables
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .filter(|(name, _)| name != CONFIG && name != STATE && !EXEMPT.contains(&name.as_str()))
            .collect();
        variables.sort();
        for (name, value) in variables {
            let at = Origin::Environment(name.clone());
            let Some(key) = keys::all().iter().find(|key| key.variable() == name) else {
                let known: Vec<String> = keys::all()
                    .iter()
                    .map(keys::Key::variable)
                    .chain([CONFIG.into(), STATE.into()])
                    .collect();
                let hint = if name.starts_with("TRADEWIND_ALIASES") {
                    "set aliases in the file, or with --set aliases.NAME=SYMBOL".to_owned()
                } else {
                    let rest = |name: &str| name.trim_start_matches(PREFIX).to_owned();
                    let short: Vec<String> = known.iter().map(|known| rest(known)).collect();
                    match nearest(&rest(&name), short.iter().map(String::as_str)) {
                        Some(near) => format!("did you mean {PREFIX}{near}?"),
                        None => format!(
                            "unset it; a key is set by {PREFIX}TABLE_KEY, as {}",
                            keys::variable("limits.positions_max")
                        ),
                    }
                };
                self.fault(at, String::new(), "is no variable that sets anything".to_owned(), hint);
                continue;
            };
            match value.to_str() {
                Some(text) => self.put(key, at, key.kind.read_text(text)),
                None => self.put(
                    key,
                    at,
                    Err(Refused { why: "is not UTF-8".to_owned(), hint: "write it as UTF-8".to_owned() }),
                ),
            }
        }
        self.end_of_layer();
    }

    /// Takes what `--set` says in.
    pub fn flags(&mut self, flags: &[String]) {
        let mut seen = BTreeSet::new();
        for text in flags {
            let at = Origin::Flag(text.clone());
            let split =
                if text.starts_with("aliases.") { text.rsplit_once('=') } else { text.split_once('=') };
            let Some((path, value)) = split.map(|(path, value)| (path.trim(), value.trim())) else {
                self.fault(
                    at,
                    String::new(),
                    "sets nothing".to_owned(),
                    "write --set KEY=VALUE, as --set limits.positions_max=5",
                );
                continue;
            };
            if !seen.insert(path.to_owned()) {
                self.fault(at, path.to_owned(), "is set twice".to_owned(), "keep one of the two");
                continue;
            }
            if let Some(alias) = path.strip_prefix("aliases.") {
                self.aliases.insert(alias.to_owned(), Given { value: value.into(), at });
            } else if let Some(key) = keys::find(path) {
                self.put(key, at, key.kind.read_text(value));
            } else {
                self.fault(at, path.to_owned(), "is no key".to_owned(), hint(path));
            }
        }
        self.end_of_layer();
    }

    /// What is wrong with something.
    pub fn fault(&mut self, at: Origin, key: impl Into<String>, why: String, hint: impl Into<String>) {
        self.faults.push(Fault { at, key: key.into(), why, hint: hint.into() });
    }

    fn put(&mut self, key: &keys::Key, at: Origin, value: Result<toml::Value, Refused>) {
        if WAYS.contains(&key.path.as_str()) {
            self.ways.push((key.path.clone(), at.clone()));
        }
        match value {
            Ok(value) => drop(self.values.insert(key.path.clone(), Given { value, at })),
            Err(Refused { why, mut hint }) => {
                // Where its range is told.
                if key.table() == "limits" && hint.starts_with("write a ") {
                    hint.push_str("; no limit can be switched off");
                }
                self.bad.insert(key.path.clone());
                self.fault(at, key.path.clone(), why, hint);
            }
        }
    }

    fn alias(&mut self, alias: &str, value: &DeValue<'_>, at: Origin) {
        match value {
            DeValue::String(symbol) => {
                let value = toml::Value::String(symbol.to_string());
                self.aliases.insert(alias.to_owned(), Given { value, at });
            }
            other => self.fault(
                at,
                format!("aliases.\"{alias}\""),
                format!("is {}, and must be a symbol in quotes", named(other)),
                "write it as \"BTCUSDT\" = \"BTC/USD\"",
            ),
        }
    }

    /// One layer names one way to size, and a later layer's way takes the place of an earlier one's.
    fn end_of_layer(&mut self) {
        let ways = std::mem::take(&mut self.ways);
        let Some((first, _)) = ways.first().cloned() else { return };
        for (way, at) in ways.iter().skip(1).filter(|(way, _)| *way != first) {
            self.bad.insert(way.clone());
            let why = format!("is a second way to size beside {first}");
            self.fault(at.clone(), way.clone(), why, "keep one of the two");
        }
        let of_this_layer = |path: &String| ways.iter().any(|(way, _)| way == path);
        self.values.retain(|path, _| !WAYS.contains(&path.as_str()) || of_this_layer(path));
        self.sized = true;
    }

    /// Whether anything says how to size.
    pub fn has_way(&self) -> bool {
        self.sized
    }
}
