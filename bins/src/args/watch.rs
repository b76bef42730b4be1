//! What `watchdog` and `drill` are told.

use clap::Args;
use clap::builder::RangedU64ValueParser;

/// How the watchdog is used.
pub const WATCHDOG_EXAMPLES: &str = "Examples:\n  tradewind watchdog\n  tradewind watchdog --after 60 --notify \"mail -s tradewind me@example.org\"\n  tradewind watchdog --notify \"mail -s tradewind me@example.org\" --try\n  tradewind watchdog --flatten --flatten-after 600 --json";

/// How a drill is used.
pub const DRILL_EXAMPLES: &str = "Examples:\n  tradewind drill\n  tradewind drill --confirm PA3ABCDE";

/// The shortest silence that is acted upon, in seconds: a process that gave no sign for three does not answer.
const SHORTEST: u64 = 4;

/// `watchdog`.
#[derive(Args, Clone, Debug)]
pub struct WatchdogArgs {
    /// How long the process that serves may give no sign of life before entries are stopped; at least 4
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = RangedU64ValueParser::<u64>::new().range(SHORTEST..))]
    pub after: u64,
    /// Run this program for every message, with the message on its standard input; its words are split at spaces
    #[arg(long, value_name = "COMMAND")]
    pub notify: Option<String>,
    /// With --notify: send one message that says that nothing has happened, tell what came of it, and end
    #[arg(long, requires = "notify")]
    pub r#try: bool,
    /// Close everything when the silence goes on, as `flatten --take-over` does
    #[arg(long)]
    pub flatten: bool,
    /// With --flatten: how much longer the silence must go on
    #[arg(long, value_name = "SECONDS", default_value_t = 300, requires = "flatten")]
    pub flatten_after: u64,
}

/// `drill`.
#[derive(Args, Debug)]
pub struct DrillArgs {
    /// The account's name, to show that this one is meant; needed where something is held or rests at a broker
    #[arg(long, value_name = "ACCOUNT")]
    pub confirm: Option<String>,
}
