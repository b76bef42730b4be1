//! `sim`: what a simulated broker is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  tradewind sim alpaca
  tradewind sim alpaca --listen 127.0.0.1:8080 --prices AAPL=227.10,BTC/USD=95000 --market calendar
  tradewind sim alpaca --live --listen 127.0.0.1:8080
  tradewind sim alpaca --clock stepped --at 2026-11-20T15:00:00Z --faults faults.jsonl --wire-log wire.jsonl";
const OANDA_EXAMPLES: &str = "\
Examples:
  tradewind sim oanda
  tradewind sim oanda --listen 127.0.0.1:8080 --prices EUR_USD=1.085,USD_JPY=156.25 --market calendar
  tradewind sim oanda --currency EUR --hedging --division europe
  tradewind sim oanda --clock stepped --at 2026-11-20T15:00:00Z --faults faults.jsonl --wire-log wire.jsonl";

/// Which broker.
#[derive(Debug, Subcommand)]
pub enum SimVerb {
    /// Alpaca: trading, trade_updates and market data on one port of this machine
    #[command(after_help = EXAMPLES)]
    Alpaca(AlpacaArgs),
    /// OANDA: REST v20 and its streams on one port of this machine
    #[command(after_help = OANDA_EXAMPLES)]
    Oanda(OandaArgs),
}

/// What a simulated Alpaca is told.
#[derive(Args, Debug)]
pub struct AlpacaArgs {
    #[command(flatten)]
    pub sim: SimArgs,
    /// What a practice account was found to do, as `tradewind conformance --out` wrote it down
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// What a transcript of a practice account shows: its assets, its prices, and the facts that single answers have
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    pub transcript: Option<PathBuf>,
}

/// What a simulated OANDA is told.
#[derive(Args, Debug)]
pub struct OandaArgs {
    #[command(flatten)]
    pub sim: SimArgs,
    /// The account's id
    #[arg(long, value_name = "ID", default_value = "101-001-7654321-001")]
    pub account: String,
    /// The account's currency
    #[arg(long, value_name = "CURRENCY", default_value = "USD")]
    pub currency: String,
    /// Long and short trades of a pair can be open together
    #[arg(long)]
    pub hedging: bool,
    /// Whose rules apply
    #[arg(long, value_enum, default_value = "europe")]
    pub division: DivisionOf,
}

/// Whose rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DivisionOf {
    /// First in, first out; trades with orders of their own differ in size
    Us,
    /// Closeout at half of the margin
    Europe,
    /// Closeout at all of the margin
    Japan,
}

/// What every simulated broker is told.
#[derive(Args, Debug)]
pub struct SimArgs {
    /// Where it listens: an address of this machine alone; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Symbols and their first prices, with commas between them; each can be traded [default: a few]
    #[arg(long, value_name = "SYMBOL=PRICE,..")]
    pub prices: Option<String>,
    /// A folder of CSV files, one for each symbol of --prices: what is over is history, the rest is played
    #[arg(long, value_name = "DIR")]
    pub bars: Option<PathBuf>,
    /// The cash the account begins with, in its currency
    #[arg(long, value_name = "AMOUNT", default_value = "100000")]
    pub cash: broker_api::Amount,
    /// The account is one of real money by its number, for trying out what such an account needs; it is simulated all the same
    #[arg(long)]
    pub live: bool,
    /// Whether the market is open
    #[arg(long, value_enum, default_value = "open")]
    pub market: MarketOf,
    /// Whether time runs, or stands until it is stepped by the control
    #[arg(long, value_enum, default_value = "real")]
    pub clock: ClockOf,
    /// Where a stepped clock begins, with its zone: 2026-11-20T15:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<broker_api::Time>,
    /// What chance follows from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What goes wrong, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Write everything on the wire to this file, one JSON object a line, secrets masked
    #[arg(long, value_name = "FILE")]
    pub wire_log: Option<PathBuf>,
}

/// Whether the market is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MarketOf {
    /// Always
    Open,
    /// Never
    Closed,
    /// By the exchanges' calendar
    Calendar,
}

/// Whether time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockOf {
    /// It runs
    Real,
    /// It is stepped
    Stepped,
}
