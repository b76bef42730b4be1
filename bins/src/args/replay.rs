//! `replay`.

use std::path::PathBuf;

use broker_api::{Amount, Ratio};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "Examples:
  tradewind replay --bars bars --symbols symbols.csv --strategy breakout --out out
  tradewind replay --bars bars --symbols symbols.csv --signals signals.jsonl --cash 1000 --out out
  tradewind replay --bars bars --symbols symbols.csv --strategy breakout --limits wide --costs none --out out
  tradewind replay --bars bars --symbols symbols.csv --strategy breakout --guard-report --out out
  tradewind replay --bars bars --symbols symbols.csv --strategy breakout --guard-report --resume-after 1 --out out
docs/replay.md states every rule.";

/// History through the same desk.
#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The bars: a folder with one CSV file per symbol, or one file of all symbols
    #[arg(long, value_name = "PATH")]
    pub bars: PathBuf,
    /// What is traded: a CSV file with symbol, asset_class, tick, lot
    #[arg(long, value_name = "FILE")]
    pub symbols: PathBuf,
    /// Decisions that were made before: a signals file
    #[arg(long, value_name = "FILE", conflicts_with = "strategy", required_unless_present = "strategy")]
    pub signals: Option<PathBuf>,
    /// Decisions by a built-in strategy
    #[arg(long, value_enum)]
    pub strategy: Option<StrategyOf>,
    /// What the account begins with
    #[arg(long, value_name = "AMOUNT", default_value = "100000")]
    pub cash: Amount,
    /// How many positions may be open at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub slots: u32,
    /// Size entries by so many percent of equity [default: what the configuration file says, or 8]
    #[arg(long, value_name = "PERCENT", conflicts_with = "risk_percent")]
    pub equity_percent: Option<Ratio>,
    /// Size entries so that the stop loses so many percent of equity
    #[arg(long, value_name = "PERCENT")]
    pub risk_percent: Option<Ratio>,
    /// Which equity: without open profit, or with it [default: what the configuration file says, or closed]
    #[arg(long, value_enum)]
    pub equity: Option<EquityOf>,
    /// What trading costs
    #[arg(long, value_enum, default_value_t = CostsOf::Config)]
    pub costs: CostsOf,
    /// What the guard allows
    #[arg(long, value_enum, default_value_t = LimitsOf::Config)]
    pub limits: LimitsOf,
    /// The first day, in UTC: bars that close after its beginning
    #[arg(long, value_name = "DATE")]
    pub from: Option<NaiveDate>,
    /// The last day, in UTC: bars that close by its end
    #[arg(long, value_name = "DATE")]
    pub to: Option<NaiveDate>,
    /// breakout: the channel that a close must leave to enter, in bars
    #[arg(long, value_name = "BARS", default_value_t = 50)]
    pub entry: usize,
    /// breakout: the channel that a close must leave to exit, in bars
    #[arg(long, value_name = "BARS", default_value_t = 20)]
    pub exit: usize,
    /// breakout: the bars of the average true range
    #[arg(long, value_name = "BARS", default_value_t = 14)]
    pub atr: usize,
    /// breakout: how many average ranges the stop stands from the close
    #[arg(long, value_name = "MULTIPLE", default_value = "2")]
    pub stop: Ratio,
    /// breakout: how many average ranges the target stands from the close
    #[arg(long, value_name = "MULTIPLE", default_value = "4")]
    pub target: Ratio,
    /// breakout: only buy, or also sell short what may be sold short
    #[arg(long, value_enum, default_value_t = DirectionOf::Long)]
    pub direction: DirectionOf,
    /// Keep the journal too, committed turn by turn
    #[arg(long)]
    pub journal: bool,
    /// Also play it with each check and each breaker of the guard alone and left out, and tell what they cost or save
    #[arg(long)]
    pub guard_report: bool,
    /// Resume as a person would, so many account days after a trip [default: nobody does]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub resume_after: Option<u32>,
    /// Where the results go: a folder that is made, or that holds an earlier replay
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// A built-in strategy.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StrategyOf {
    /// In when a close leaves the channel of the bars before it
    Breakout,
}

/// Which equity entries are sized by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum EquityOf {
    /// Without open profit
    Closed,
    /// With open profit
    Marked,
}

/// What trading costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CostsOf {
    /// As configured, or the paper defaults
    Config,
    /// Nothing, and no limit by volume
    None,
}

/// What the guard allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LimitsOf {
    /// As configured, or the paper defaults
    Config,
    /// So much that only the number of positions binds
    Wide,
}

/// Which way a strategy trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DirectionOf {
    /// Only buys
    Long,
    /// Also sells short
    Both,
}
