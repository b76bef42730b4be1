//! What `limits`, `arm` and `disarm` are told.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// How limits are looked at.
pub const LIMITS_EXAMPLES: &str = "Examples:\n  tradewind limits\n  tradewind limits confirm positions_max --reason \"larger account\"\n  tradewind limits history";

/// How an account is armed.
pub const ARM_EXAMPLES: &str = "\
Examples:
  tradewind arm --account 904837e3-3b76-47ec-b432-046db621571b --for 8h --why \"first day\" \\
    --drill practice-state.json.drills/2026-11-20T150000.000Z.json --notify \"mail -s tradewind me@example.org\" \\
    --gate practice-state.json.gates/broker-paper-2026-11-20T210000.000Z.json
  tradewind arm --account 904837e3-3b76-47ec-b432-046db621571b --for 5d --why \"the week\" --drill drill.json --notify ./page-me";

/// How that is ended.
pub const DISARM_EXAMPLES: &str = "Examples:\n  tradewind disarm --why \"done for today\"";

/// `limits`.
#[derive(Args, Debug)]
pub struct LimitsArgs {
    /// What to do; without it what is in force is shown
    #[command(subcommand)]
    pub verb: Option<LimitsVerb>,
}

/// What can be done about limits.
#[derive(Debug, Subcommand)]
pub enum LimitsVerb {
    /// Confirm limits that are loosened more than twofold: they are in force from the next account day on
    #[command(after_help = "Examples:\n  tradewind limits confirm positions_max --reason \"larger account\"")]
    Confirm {
        /// Their keys, as `tradewind limits` shows them
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        /// Why, in your words; it stands in the journal
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// All versions the journal holds, and what changed with each
    #[command(after_help = "Examples:\n  tradewind limits history\n  tradewind limits history --json")]
    History,
}

/// `arm`.
#[derive(Args, Debug)]
pub struct ArmArgs {
    /// The account's name, as the broker tells it
    #[arg(long, value_name = "ACCOUNT")]
    pub account: String,
    /// For how long: hours or days, 8h or 5d, 30 days at most
    #[arg(long = "for", value_name = "TIME")]
    pub length: String,
    /// Why, in your words; it stands in the journal
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// A drill of the last 35 days that passed, as `tradewind drill` kept it beside the state of a paper or practice account
    #[arg(long, value_name = "FILE")]
    pub drill: Option<PathBuf>,
    /// The program that tells you of trouble, as `tradewind watchdog --notify` runs it: it gets a message to try
    #[arg(long, value_name = "COMMAND")]
    pub notify: Option<String>,
    /// The evaluation that passed the gate at a practice account, as `tradewind gate broker-paper --record` kept it
    #[arg(long, value_name = "FILE", conflicts_with = "override_gate")]
    pub gate: Option<PathBuf>,
    /// Go through the gate that was not passed, and why; it stands in the journal and is shown from then on
    #[arg(long, value_name = "TEXT")]
    pub override_gate: Option<String>,
}
