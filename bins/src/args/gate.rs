//! What `gate` is told.

use clap::{Args, ValueEnum};

/// How a gate is asked for.
pub const EXAMPLES: &str = "Examples:\n  tradewind gate paper\n  tradewind gate paper --json\n  tradewind gate paper --record --why \"fifty trades, as agreed\"\n  tradewind gate broker-paper --state practice-state.json\n\nExit codes: 0 the gate is passed, 3 it is not.";

/// Which gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GateName {
    /// From paper to a broker's paper account
    Paper,
    /// From a broker's practice account to small real money
    BrokerPaper,
}

/// `gate`.
#[derive(Args, Debug)]
pub struct GateArgs {
    /// Which gate
    #[arg(value_enum, value_name = "GATE")]
    pub gate: GateName,
    /// Put the evaluation away beside the state, and write into the journal that the gate was passed, if it was
    #[arg(long, requires = "why")]
    pub record: bool,
    /// With --record: why, in your words; it stands in the journal
    #[arg(long, value_name = "TEXT", requires = "record")]
    pub why: Option<String>,
}
