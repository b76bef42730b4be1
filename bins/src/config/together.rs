//! What must fit together in a configuration: limits and their second steps, and names of symbols.

use std::collections::BTreeMap;

use broker_api::{AssetClass, Catalog, Symbol};
use clap::ValueEnum as _;
use rust_decimal::Decimal;

use super::faults::{Origin, nearest};
use super::keys;
use super::layers::{Given, Layers};
use crate::catalog;
use crate::config::BrokerName;

/// The first must be at most the second, or below it where that is said.
const STEPS: [(&str, &str, bool, &str); 5] = [
    (
        "limits.daily_loss_percent",
        "limits.daily_loss_flatten_percent",
        false,
        "closing everything comes after closing entries",
    ),
    (
        "limits.drawdown_percent",
        "limits.drawdown_flatten_percent",
        false,
        "closing everything comes after closing entries",
    ),
    ("limits.bucket_risk_percent", "limits.open_risk_percent", false, "a bucket is a part of everything"),
    ("limits.cooldown_losses", "limits.latch_losses", false, "the rest comes before the latch"),
    (
        "limits.stop_distance_min_percent",
        "limits.stop_distance_max_percent",
        true,
        "no stop would be allowed",
    ),
];

impl Layers {
    /// Checks the whole. `file` is the place of a file's beginning when there is one; `catalog` is what is traded,
    /// where that is known before.
    pub fn together(&mut self, file: Option<Origin>, catalog: Option<&Catalog>) {
        if let Some(beginning) = file {
            self.whole_limits(&beginning);
            if let Some(at) = self.sections.get("sizing").filter(|_| !self.has_way()).cloned() {
                let names: Vec<&str> =
                    keys::WAYS.iter().map(|way| way.trim_start_matches("sizing.")).collect();
                self.fault(
                    at,
                    "sizing",
                    "names no way to size".to_owned(),
                    format!("name one of {}", names.join(", ")),
                );
            }
        }
        for (low, high, strictly, because) in STEPS {
            self.step(low, high, strictly, because);
        }
        let is_paper = self.text("venue.broker").is_none_or(|broker| broker == "paper");
        if is_paper {
            self.own_prices();
        }
        self.routes();
        self.one_origin_of_pairs();
        self.names(catalog, is_paper);
        if let Some(catalog) = catalog.filter(|_| is_paper) {
            self.blackouts_of(catalog);
            self.buckets_of(catalog);
        }
    }

    /// What is set at a path, as text.
    fn text(&self, path: &str) -> Option<&str> {
        self.values.get(path)?.value.as_str()
    }

    /// The paper broker makes its fills from prices, and has none of its own.
    fn own_prices(&mut self) {
        for path in ["data.equity", "data.forex", "data.crypto"] {
            if self.text(path) == Some("venue") {
                let at = self.values.get(path).map_or(Origin::Default, |given| given.at.clone());
                let why = "is \"venue\", and the paper broker has no prices of its own".to_owned();
                self.fault(at, path, why, "name bars:FOLDER or quotes:FILE, or another venue.broker");
            }
        }
    }

    /// A class is traded where it can be; the embedded broker has all of them or none, and real money lies in one account.
    fn routes(&mut self) {
        let broker = self.text("venue.broker").unwrap_or("paper").to_owned();
        let is_live = self.text("venue.mode") == Some("live");
        for class in AssetClass::ALL {
            let path = format!("route.{class}");
            let Some(to) = self.text(&path).and_then(|to| BrokerName::from_str(to, false).ok()) else {
                continue;
            };
            let (why, hint) = if broker == "paper" {
                (
                    format!(
                        "is {:?}, and venue.broker is \"paper\", which trades everything itself",
                        to.as_str()
                    ),
                    "name a broker in venue.broker, or leave it at \"venue\"",
                )
            } else if !to.trades(class) {
                let plural = engine::calendar::plural(class);
                (
                    format!("is {:?}, which trades no {plural}", to.as_str()),
                    "name a broker that does, or leave it at \"venue\"",
                )
            } else if is_live && to.as_str() != broker {
                (
                    "names another broker than venue.broker, and venue.mode is \"live\"".to_owned(),
                    "real money is traded at one broker by one state so far: arming and gates speak of one account",
                )
            } else {
                continue;
            };
            let at = self.values.get(&path).map_or(Origin::Default, |given| given.at.clone());
            self.fault(at, path, why, hint);
        }
    }

    /// Pairs are read or computed, and not both.
    fn one_origin_of_pairs(&mut self) {
        let is_set = |path: &str| self.text(path).is_some_and(|text| !text.is_empty());
        if is_set("gate.pairs") && is_set("gate.bars") {
            let at = self.values.get("gate.bars").map_or(Origin::Default, |given| given.at.clone());
            let why = "is set beside gate.pairs, and pairs have one origin".to_owned();
            self.fault(at, "gate.bars", why, "leave one of the two empty");
        }
    }

    /// A file names every limit, whatever else sets some of them.
    fn whole_limits(&mut self, beginning: &Origin) {
        let missing: Vec<&str> = keys::all()
            .iter()
            .filter(|key| key.table() == "limits" && !self.named.contains(&key.path))
            .map(keys::Key::name)
            .collect();
        if missing.is_empty() {
            return;
        }
        let at = self.sections.get("limits").unwrap_or(beginning).clone();
        let (is, keys) = if missing.len() == 1 { ("is", "key") } else { ("are", "keys") };
        let why = format!("{} {keys} {is} missing: {}", missing.len(), missing.join(", "));
        self.fault(
            at,
            "limits:",
            why,
            "a file names every limit; `tradewind init --out elsewhere` writes them with their defaults",
        );
    }

    fn step(&mut self, low: &str, high: &str, strictly: bool, because: &str) {
        if self.bad.contains(low) || self.bad.contains(high) {
            return;
        }
        let (Some(less), Some(more)) = (self.figure(low), self.figure(high)) else { return };
        if less < more || (less == more && !strictly) {
            return;
        }
        let at = |path: &str| self.values.get(path).map_or(Origin::Default, |given| given.at.clone());
        let (low_at, high_at) = (at(low), at(high));
        let relation = if strictly { "not below" } else { "above" };
        let hint = format!("raise {high} or lower {low}: {because}");
        if high_at > low_at {
            let relation = if strictly { "not above" } else { "below" };
            self.fault(high_at, high, format!("is {more}, {relation} {low} = {less} ({low_at})"), hint);
        } else {
            self.fault(low_at, low, format!("is {less}, {relation} {high} = {more} ({high_at})"), hint);
        }
    }

    /// The figure that applies.
    fn figure(&self, path: &str) -> Option<Decimal> {
        let text = match self.values.get(path) {
            Some(given) => given.value.as_str().map_or_else(|| given.value.to_string(), str::to_owned),
            None => keys::find(path)?.default.as_ref()?.trim_matches('"').to_owned(),
        };
        text.parse().ok()
    }

    /// Every alias leads to one instrument, and no two that look alike lead to different ones. What a broker trades it
    /// says itself, when a pass begins.
    fn names(&mut self, traded: Option<&Catalog>, is_paper: bool) {
        let mut seen: BTreeMap<String, (String, String)> = catalog::ALIASES
            .iter()
            .map(|(alias, symbol)| {
                (
                    plain(alias),
                    ((*symbol).to_owned(), format!("\"{alias}\", which is built in, leads to {symbol}")),
                )
            })
            .collect();
        let symbols: Vec<&str> =
            traded.into_iter().flat_map(Catalog::iter).map(|(_, row)| row.key.symbol.as_str()).collect();
        seen.extend(
            symbols
                .iter()
                .map(|symbol| (plain(symbol), ((*symbol).to_owned(), format!("is a way to write {symbol}")))),
        );
        for (alias, Given { value, at }) in self.aliases.clone() {
            let key = format!("aliases.\"{alias}\"");
            let symbol = value.as_str().unwrap_or_default();
            let is_known = match traded {
                Some(_) if is_paper => symbols.contains(&symbol),
                _ => Symbol::new(symbol).is_ok(),
            };
            if alias.trim().is_empty() || alias.trim() != alias {
                self.fault(
                    at,
                    key,
                    "is empty, or begins or ends with a blank".to_owned(),
                    "write the name as the other program does",
                );
            } else if !is_known {
                let hint = match nearest(symbol, symbols.iter().copied()) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => {
                        "write the symbol of an instrument that is traded, such as \"BTC/USD\"".to_owned()
                    }
                };
                self.fault(at, key, format!("leads to \"{symbol}\", which is not traded here"), hint);
            } else if let Some((_, by)) = seen.get(&plain(&alias)).filter(|(other, _)| other != symbol) {
                let why = format!("leads to {symbol}, and {by}");
                self.fault(at, key, why, "keep one of the two, or give it another name");
            } else {
                seen.insert(
                    plain(&alias),
                    (symbol.to_owned(), format!("\"{alias}\" ({at}) leads to {symbol}")),
                );
            }
        }
    }
}

/// A name without what tells ways to write it apart.
fn plain(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_suffix("=X").unwrap_or(&upper);
    bare.chars().filter(|letter| !matches!(letter, '/' | '_' | '-' | '.' | ' ')).collect()
}
