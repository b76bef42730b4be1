//! Finding the configuration, reading all of its layers, and what came from where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use broker_api::{AssetClass, Catalog};
use serde::Deserialize as _;

use super::faults::{Fault, Origin, failure};
use super::layers::{self, Layers};
use super::{Config, NAME, Source, file, keys};
use crate::args::Common;
use crate::failure::Failure;

/// The configuration with where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What applies.
    pub config: Config,
    /// The file, when there is one.
    pub file: Option<PathBuf>,
    /// What relative paths in it are relative to.
    pub base: PathBuf,
    /// Where each key that somebody set was set; aliases as `aliases.NAME`.
    pub origins: BTreeMap<String, Origin>,
}

/// A path that the environment names; nothing when it does not.
///
/// # Errors
/// A variable that is set to nothing.
pub fn path_of(variable: &str) -> Result<Option<PathBuf>, Failure> {
    match std::env::var_os(variable) {
        Some(path) if path.is_empty() => {
            Err(Failure::usage("bad_config", format!("environment {variable}: is empty"))
                .fix("unset it, or let it name a file"))
        }
        path => Ok(path.map(PathBuf::from)),
    }
}

impl Loaded {
    /// The paper defaults, and nothing else.
    pub const fn paper(config: Config, base: PathBuf) -> Self {
        Self { config, file: None, base, origins: BTreeMap::new() }
    }

    /// Reads the configuration that the command line or the environment names, or the one beside the state, or takes
    /// the defaults; then what the environment and the command line set. `catalog` is what is traded, where that is
    /// known before: aliases are held against it.
    ///
    /// # Errors
    /// Everything in it that cannot be meant, each with its place.
    pub fn load(common: &Common, state: &Path, catalog: Option<&Catalog>) -> Result<Self, Failure> {
        let beside = state.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        let named = match &common.config {
            Some(file) => Some(file.clone()),
            None => path_of(layers::CONFIG)?,
        };
        let found = match named {
            Some(file) => Some(file),
            // A link that leads nowhere is no missing file.
            None => match std::fs::symlink_metadata(beside.join(NAME)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                _ => Some(beside.join(NAME)),
            },
        };
        let mut layers = Layers::default();
        if let Some(found) = &found {
            layers.file(found, &file::read(found)?);
        }
        let is_read = layers.faults.iter().all(|fault| !fault.key.is_empty());
        layers.environment(std::env::vars_os());
        layers.flags(&common.set);
        Self::applied(layers, is_read, found, beside, catalog)
    }

    /// The configuration that a text is, whatever the environment and the command line say.
    ///
    /// # Errors
    /// As [`Loaded::load`].
    pub fn of_text(name: &Path, text: &str) -> Result<Self, Failure> {
        let mut layers = Layers::default();
        layers.file(name, text);
        let is_read = layers.faults.iter().all(|fault| !fault.key.is_empty());
        Self::applied(layers, is_read, Some(name.to_path_buf()), PathBuf::new(), None)
    }

    /// What all layers come to. `is_read` says whether the file was TOML at all.
    fn applied(
        mut layers: Layers,
        is_read: bool,
        found: Option<PathBuf>,
        beside: PathBuf,
        catalog: Option<&Catalog>,
    ) -> Result<Self, Failure> {
        let beginning = found.as_ref().map(|file| Origin::File { file: file.clone(), line: 1, column: 0 });
        if is_read {
            layers.together(beginning.clone(), catalog);
        }
        if !layers.faults.is_empty() {
            return Err(failure(layers.faults));
        }
        let config = merged(&layers).map_err(|error| {
            let at = beginning.unwrap_or(Origin::Default);
            let why = error.message().to_owned();
            failure(vec![Fault { at, key: String::new(), why, hint: "correct that key".to_owned() }])
        })?;
        let aliases =
            layers.aliases.iter().map(|(alias, given)| (format!("aliases.{alias}"), given.at.clone()));
        let origins =
            layers.values.iter().map(|(path, given)| (path.clone(), given.at.clone())).chain(aliases);
        let base = found
            .as_ref()
            .map_or(beside, |file| file.parent().unwrap_or_else(|| Path::new("")).to_path_buf());
        let loaded = Self { config, file: found, base, origins: origins.collect() };
        loaded.last_look()?;
        Ok(loaded)
    }

    /// What the venue and the guard ask for: the list of keys leaves nothing to them, and a test holds it so.
    fn last_look(&self) -> Result<(), Failure> {
        let is_sane = self.config.settings(crate::place::paper_venue()).costs.is_sane();
        if let Some(key) = self.config.limits.fault().or_else(|| (!is_sane).then_some("costs")) {
            return Err(Failure::usage("bad_config", format!("{key} cannot be what it is"))
                .fix("look at that key with `tradewind doctor --config`"));
        }
        Ok(())
    }

    /// Where a key was set.
    pub fn origin(&self, path: &str) -> Origin {
        self.origins.get(path).cloned().unwrap_or(Origin::Default)
    }

    /// Whether a file, the environment or the command line says how to size.
    pub fn says_size(&self) -> bool {
        self.file.is_some() || keys::WAYS.iter().any(|way| self.origins.contains_key(*way))
    }

    /// Where prices of a class come from.
    ///
    /// # Errors
    /// A source that is none.
    pub fn source(&self, class: AssetClass) -> Result<Source, Failure> {
        let text = match class {
            AssetClass::Equity => &self.config.data.equity,
            AssetClass::Forex => &self.config.data.forex,
            AssetClass::Crypto => &self.config.data.crypto,
        };
        match text.split_once(':') {
            None if text == "venue" => Ok(Source::Venue),
            Some(("bars", path)) if !path.is_empty() => Ok(Source::Bars(self.base.join(path))),
            Some(("quotes", path)) if !path.is_empty() => Ok(Source::Quotes(self.base.join(path))),
            _ => Err(Failure::usage(
                "bad_source",
                format!("[data] {class} = \"{text}\" is no source of prices"),
            )
            .fix("use \"bars:FOLDER\", \"quotes:FILE\" or \"venue\"")),
        }
    }
}

/// The defaults with what is set put over them.
fn merged(layers: &Layers) -> Result<Config, toml::de::Error> {
    let mut table = toml::Table::try_from(Config::paper()).map_err(serde::de::Error::custom)?;
    if layers.has_way()
        && let Some(sizing) = table.get_mut("sizing").and_then(toml::Value::as_table_mut)
    {
        sizing.remove("equal_slots");
    }
    for (path, given) in &layers.values {
        put(&mut table, path, given.value.clone());
    }
    let aliases = layers.aliases.iter().map(|(alias, given)| (alias.clone(), given.value.clone()));
    table.insert("aliases".to_owned(), toml::Value::Table(aliases.collect()));
    let blackouts = layers.blackouts.iter().map(|given| given.value.clone());
    table.insert("blackouts".to_owned(), toml::Value::Array(blackouts.collect()));
    let buckets = layers.buckets.iter().map(|(symbol, given)| (symbol.clone(), given.value.clone()));
    table.insert("buckets".to_owned(), toml::Value::Table(buckets.collect()));
    Config::deserialize(table)
}

fn put(table: &mut toml::Table, path: &str, value: toml::Value) {
    match path.split_once('.') {
        None => drop(table.insert(path.to_owned(), value)),
        Some((name, rest)) => {
            let inner = table.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let Some(inner) = inner.as_table_mut() {
                put(inner, rest, value);
            }
        }
    }
}
