//! What `serve` is told on the command line.

use std::path::{Path, PathBuf};

use clap::Args;

/// How it is used.
pub const EXAMPLES: &str = "Examples:\n  tradewind serve --signals signals\n  my-strategy | tradewind serve --signals -\n  tradewind serve --signals signals --record sessions";

/// `serve`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Signals to take in: a folder into which files are moved, or - for lines of standard input
    #[arg(long, value_name = "DIR")]
    pub signals: Option<PathBuf>,
    /// Write everything that reaches the desk to files in this folder, for `tradewind reproduce`
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// How often the broker is read when nothing hints that there is something new
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub poll: u64,
}

impl ServeArgs {
    /// Whether signals come on standard input.
    pub fn reads_lines(&self) -> bool {
        self.signals.as_deref().is_some_and(|path| path.as_os_str() == "-")
    }

    /// The folder that is watched.
    pub fn folder(&self) -> Option<&Path> {
        self.signals.as_deref().filter(|path| path.as_os_str() != "-")
    }
}
