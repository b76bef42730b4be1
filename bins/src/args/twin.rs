//! What `twin` is told.

use std::path::PathBuf;

use clap::Args;

/// How pairs are asked for.
pub const EXAMPLES: &str = "Examples:\n  tradewind twin --bars bars\n  tradewind twin --bars bars --out pairs.csv\n  tradewind twin --json";

/// `twin`.
#[derive(Args, Debug)]
pub struct TwinArgs {
    /// A folder with one CSV file per symbol, or one file of all symbols [default: `gate.bars`]
    #[arg(long, value_name = "PATH")]
    pub bars: Option<PathBuf>,
    /// Also write every pair to this file, as CSV
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
