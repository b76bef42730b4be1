//! `tradewind.toml`: what a person sets. Without the file the paper defaults apply, and they are printed.

mod blackouts;
pub mod buckets;
pub mod faults;
mod file;
mod gate;
pub mod keys;
pub mod layers;
mod loaded;
mod sizing;
mod together;
mod values;
pub mod venue;

use std::collections::BTreeMap;
use std::path::PathBuf;

use broker_api::{AccountId, Amount, Code, Currency, Ratio, Symbol, VenueId};
use broker_paper::matching::{ClassCosts, Costs, Settings};
use chrono::TimeDelta;
use engine::{Blackout, Limits, Policy, Remainder, Sizing};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use gate::{Backtest, GateSettings};
pub use loaded::{Loaded, path_of};
pub use venue::{Alpaca, BrokerName, Oanda, Route, Venue};

/// The name that is looked for beside the state file.
pub const NAME: &str = "tradewind.toml";

/// All that can be set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which venue is traded.
    #[serde(default)]
    pub venue: Venue,
    /// Which classes are traded at another broker.
    #[serde(default)]
    pub route: Route,
    /// The embedded paper account.
    #[serde(default)]
    pub paper: Paper,
    /// An account at Alpaca.
    #[serde(default)]
    pub alpaca: Alpaca,
    /// An account at OANDA.
    #[serde(default)]
    pub oanda: Oanda,
    /// Where prices come from.
    #[serde(default)]
    pub data: Data,
    /// How large an entry is when its signal does not say, and which equity it is a share of.
    #[serde(default = "Policy::paper", with = "sizing")]
    pub sizing: Policy,
    /// What becomes of orders.
    #[serde(default)]
    pub orders: Orders,
    /// What the guard allows. A file names every limit.
    pub limits: Limits,
    /// What trading costs on paper.
    #[serde(default)]
    pub costs: CostTable,
    /// Other names of symbols, beside the built-in ones.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// Times in which nothing is entered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
    /// Which symbols move together, where it is not as the built-in table says: the bucket of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub buckets: BTreeMap<Symbol, Code>,
    /// The backtest that gates hold live trades against.
    #[serde(default)]
    pub backtest: Backtest,
    /// How gates are evaluated.
    #[serde(default)]
    pub gate: GateSettings,
}

/// The embedded paper account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paper {
    /// Its name.
    pub account: AccountId,
    /// What its figures are in.
    pub currency: Currency,
    /// What it begins with. Only the first pass reads it.
    pub cash: Amount,
    /// The share of a bar's volume that may be filled, in percent.
    pub participation_percent: Ratio,
    /// How long after its acceptance an order begins to take part.
    pub latency_milliseconds: u32,
}

/// What becomes of orders.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Orders {
    /// How long the rest of an entry that was filled in part is kept; 0 for as long as the order lives.
    pub entry_remainder_seconds: u32,
    /// Symbols whose stop may be watched where the broker takes none, with commas between them.
    pub watched_stops: String,
}

/// Where prices come from, for each class: `bars:DIR` or `quotes:FILE`, relative to the configuration, or `venue`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// For stocks and funds.
    pub equity: String,
    /// For currency pairs.
    pub forex: String,
    /// For coins.
    pub crypto: String,
}

/// What trading costs on paper, by class.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CostTable {
    /// For stocks and funds.
    pub equity: CostRow,
    /// For currency pairs.
    pub forex: CostRow,
    /// For coins.
    pub crypto: CostRow,
}

/// What trading one class costs, in basis points (hundredths of a percent).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "a unit stands in every name of the configuration")]
pub struct CostRow {
    /// Ask minus bid, of the price between them.
    pub spread_bps: Ratio,
    /// The fee, of the value traded.
    pub fee_bps: Ratio,
    /// How much worse than the price there an order at market fills.
    pub slippage_bps: Ratio,
}

/// Where prices of one class come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A folder of bars, one CSV per symbol.
    Bars(PathBuf),
    /// A file of quotes, JSON lines.
    Quotes(PathBuf),
    /// The broker that is traded.
    Venue,
}

#[expect(clippy::expect_used, reason = "the literals below are numbers, and a test makes the defaults")]
fn ratio(text: &str) -> Ratio {
    text.parse().expect("a ratio")
}

impl Default for Paper {
    #[expect(clippy::expect_used, reason = "literals, and a test makes the defaults")]
    fn default() -> Self {
        Self {
            account: AccountId::new("paper-1").expect("an account"),
            currency: Currency::new("USD").expect("a currency"),
            cash: "10000".parse().expect("an amount"),
            participation_percent: ratio("5"),
            latency_milliseconds: 0,
        }
    }
}

impl Default for Data {
    fn default() -> Self {
        let bars = || "bars:bars".to_owned();
        Self { equity: bars(), forex: bars(), crypto: bars() }
    }
}

impl Default for CostTable {
    fn default() -> Self {
        let row = |spread, fee, slippage| CostRow {
            spread_bps: ratio(spread),
            fee_bps: ratio(fee),
            slippage_bps: ratio(slippage),
        };
        Self { equity: row("2", "0", "1"), forex: row("1.5", "0", "0.5"), crypto: row("6", "10", "3") }
    }
}

impl Config {
    /// What applies without a file. Live trading is impossible with it.
    pub fn paper() -> Self {
        Self {
            venue: Venue::default(),
            route: Route::default(),
            paper: Paper::default(),
            alpaca: Alpaca::default(),
            oanda: Oanda::default(),
            data: Data::default(),
            sizing: Policy::paper(),
            orders: Orders::default(),
            limits: Limits::paper(),
            costs: CostTable::default(),
            aliases: BTreeMap::new(),
            blackouts: Vec::new(),
            buckets: BTreeMap::new(),
            backtest: Backtest::default(),
            gate: GateSettings::default(),
        }
    }

    /// What applies without a file, in a few lines.
    pub fn told(&self) -> String {
        let limits: Vec<String> =
            self.limits.lines().iter().map(|line| format!("{} {}", line.key, line.value)).collect();
        let paper = &self.paper;
        let mut text = format!(
            "no tradewind.toml: the paper defaults apply (`tradewind init` writes them down)\n  account {} with {} {}; \
             entries of {}; prices from {}\n",
            paper.account,
            paper.cash,
            paper.currency,
            match self.sizing.sizing {
                Sizing::Quantity(qty) => format!("{qty} units"),
                Sizing::Notional(value) => format!("{value} {}", paper.currency),
                Sizing::EquityPct(percent) => format!("{percent} % of equity"),
                Sizing::RiskPct(percent) => format!("{percent} % of equity at risk"),
                Sizing::EqualSlots { slots } => format!("a slot in {slots} of equity"),
            },
            self.data.equity
        );
        text.push_str("  limits: ");
        text.push_str(&limits.join(", "));
        text
    }

    /// The settings of the paper venue.
    pub fn settings(&self, venue: VenueId) -> Settings {
        let share = |bps: Ratio| scaled(bps, 10_000);
        let class = |row: CostRow| ClassCosts {
            spread: share(row.spread_bps),
            fee: share(row.fee_bps),
            slippage: share(row.slippage_bps),
        };
        Settings {
            currency: self.paper.currency,
            cash: self.paper.cash,
            costs: Costs {
                equity: class(self.costs.equity),
                forex: class(self.costs.forex),
                crypto: class(self.costs.crypto),
                fee_min: Amount::ZERO,
                places: 2,
            },
            participation: Some(scaled(self.paper.participation_percent, 100)),
            latency: TimeDelta::milliseconds(i64::from(self.paper.latency_milliseconds)),
            account: self.paper.account,
            venue,
        }
    }

    /// How orders are made.
    pub fn policy(&self) -> Policy {
        let watched = self.orders.watched_stops.split(',').filter_map(|name| Symbol::new(name.trim()).ok());
        Policy {
            remainder: match self.orders.entry_remainder_seconds {
                0 => Remainder::Session,
                seconds => Remainder::After(seconds),
            },
            watched_stops: watched.collect(),
            ..self.sizing.clone()
        }
    }
}

fn scaled(ratio: Ratio, by: i64) -> Ratio {
    Ratio::new(ratio.get() / Decimal::from(by)).unwrap_or(Ratio::ZERO)
}
