//! `conformance`: which broker is put to the test, and how.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "\
Examples:
  tradewind conformance --venue paper
  tradewind conformance --venue alpaca --simulated --json
  tradewind conformance --venue alpaca --simulated --wire-log wire.jsonl
  tradewind conformance --venue oanda --simulated
  tradewind conformance --venue alpaca --symbol F --out answers
  tradewind conformance --venue alpaca --cases 1-9,20,33";

/// `conformance`.
#[derive(Args, Debug)]
pub struct ConformanceArgs {
    /// Which broker
    #[arg(long, value_enum)]
    pub venue: TestedVenue,
    /// Its adapter over the simulator of this machine, instead of a practice account
    #[arg(long)]
    pub simulated: bool,
    /// Only these cases, by number: 1-9,20,33
    #[arg(long, value_name = "LIST")]
    pub cases: Option<String>,
    /// What is traded in a practice account: a stock that is cheap and easy to borrow, of which nothing is held
    #[arg(long, value_name = "SYMBOL", default_value = "F", conflicts_with = "simulated")]
    pub symbol: broker_api::Symbol,
    /// Also use up the rate limit of a practice account, to see what the broker says then
    #[arg(long, conflicts_with = "simulated")]
    pub throttle: bool,
    /// Where the profile of a practice account and the masked transcript go
    #[arg(long, value_name = "DIR", conflicts_with = "simulated")]
    pub out: Option<PathBuf>,
    /// Everything that went over the wire of the simulator, one JSON object a line
    #[arg(long, value_name = "FILE", requires = "simulated")]
    pub wire_log: Option<PathBuf>,
}

/// Which broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestedVenue {
    /// The embedded paper broker
    Paper,
    /// Alpaca
    Alpaca,
    /// OANDA, over its simulator alone
    Oanda,
}
