//! The command line: one definition from which parser, help and completions come.

mod arm;
#[cfg(feature = "conformance")]
mod conformance;
mod gate;
mod part;
mod replay;
mod report;
mod serve;
#[cfg(feature = "sim")]
mod sim;
mod state;
mod twin;
mod watch;

use std::path::PathBuf;

use broker_api::{Price, Repair};
use clap::{Args, Parser, Subcommand};

use crate::config::BrokerName;
pub use arm::{ArmArgs, LimitsArgs, LimitsVerb};
#[cfg(feature = "conformance")]
pub use conformance::{ConformanceArgs, TestedVenue};
pub use gate::{GateArgs, GateName};
pub use part::{Part, option};
pub use replay::{CostsOf, DirectionOf, EquityOf, LimitsOf, ReplayArgs};
pub use report::{FormatOf, PeriodOf, ReportArgs};
pub use serve::ServeArgs;
#[cfg(feature = "sim")]
pub use sim::{AlpacaArgs, ClockOf, DivisionOf, MarketOf, OandaArgs, SimArgs, SimVerb};
pub use state::{JournalVerb, SchemaOf, StateVerb};
pub use twin::TwinArgs;
pub use watch::{DrillArgs, WatchdogArgs};

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 unexpected failure, 2 usage, configuration or input, 3 halted or not armed, 4 book and broker disagree,
5 broker unavailable or outcome unknown, 6 signals denied or rejected (only with --fail-on-denied).";

/// Takes a strategy's decisions to a broker: nothing sent twice, nothing lost, nothing assumed.
#[derive(Debug, Parser)]
#[command(name = "tradewind", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub struct Cli {
    /// What every verb takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What every verb takes.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// The configuration; without it, and without a tradewind.toml beside the state, the paper defaults apply
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The state file, the local record of truth [default: paper-state.json]
    #[arg(long, global = true, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Set one key of the configuration, before the file and the environment; may be given more than once
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print one JSON document instead of text for people
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Say only what must be known
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write a commented configuration, an example signals file, example prices and the cron lines
    #[command(
        after_help = "Examples:\n  tradewind init\n  tradewind init --out trading\n  tradewind init --venue alpaca --out trading"
    )]
    Init(InitArgs),
    /// Show the whole thing on a generated market: two years, 33 symbols, the very path that `run` takes
    #[command(after_help = "Examples:\n  tradewind demo\n  tradewind demo --out look")]
    Demo(OutDir),
    /// One pass for cron: catch up, take signals in, act, settle, write the state, say what came of it
    #[command(
        after_help = "Examples:\n  tradewind run --signals signals.json\n  my-strategy | tradewind run --signals - --dry-run\n  tradewind run --signals signals.json --record session.jsonl"
    )]
    Run(RunArgs),
    /// The same desk kept awake: a watched folder of signals, timers, and the broker's stream; see docs/serve.md
    #[command(after_help = serve::EXAMPLES)]
    Serve(ServeArgs),
    /// History through the same desk: bars of the past, and what would have come of them
    #[command(after_help = replay::EXAMPLES)]
    Replay(Box<ReplayArgs>),
    /// Where things stand, or stood
    #[command(after_help = "Examples:\n  tradewind status\n  tradewind status --at 2026-11-20T21:00:00Z")]
    Status(At),
    /// What is held, and what guards it
    #[command(after_help = "Examples:\n  tradewind positions\n  tradewind positions --json")]
    Positions(At),
    /// Orders that are live, unknown or waiting; with --all also those that are over
    #[command(after_help = "Examples:\n  tradewind orders\n  tradewind orders --all")]
    Orders(List),
    /// Executions, newest first
    #[command(after_help = "Examples:\n  tradewind fills\n  tradewind fills --last 100")]
    Fills(List),
    /// Closed trades, newest first
    #[command(after_help = "Examples:\n  tradewind trades\n  tradewind trades --all --json")]
    Trades(List),
    /// Signals and how they ended, newest first
    #[command(after_help = "Examples:\n  tradewind signals\n  tradewind signals --all")]
    Signals(List),
    /// Everything the journal holds about one signal, order or symbol, and why it went as it did
    #[command(
        after_help = "Examples:\n  tradewind explain 2026-11-20/NVDA/enter\n  tradewind explain AAPL --bars bars"
    )]
    Explain(Explain),
    /// Feed a recorded session through the desk again: every record must come out as it was, byte for byte
    #[command(
        after_help = "Examples:\n  tradewind reproduce session.jsonl\n  tradewind reproduce session.jsonl --state paper-state.json"
    )]
    Reproduce(Reproduce),
    /// A simulated broker on this machine that speaks the real wire, with faults; see docs/simulators.md
    #[cfg(feature = "sim")]
    #[command(subcommand)]
    Sim(SimVerb),
    /// Every case that a broker must pass, on paper, on a simulator, or on a practice account; see docs/conformance.md
    #[cfg(feature = "conformance")]
    #[command(after_help = conformance::EXAMPLES)]
    Conformance(ConformanceArgs),
    /// Look at everything a pass needs, change nothing, and end with the code that `run` would end with
    #[command(after_help = "Examples:\n  tradewind doctor\n  tradewind doctor --config")]
    Doctor(Doctor),
    /// Stop all entries at once; stops stay where they are
    #[command(
        after_help = "Examples:\n  tradewind halt --why \"odd prices\"\n  tradewind halt\n  tradewind halt --class crypto --why \"odd prices of coins\""
    )]
    Halt(Why),
    /// Let entries through again; only a person does this
    #[command(
        after_help = "Examples:\n  tradewind resume --why \"prices are fine again\"\n  tradewind resume --strategy trend-a --why \"its loop is corrected\""
    )]
    Resume(Needed),
    /// Cancel everything and close everything that is held
    #[command(after_help = "Examples:\n  tradewind flatten --why \"leaving\" --confirm paper-1")]
    Flatten(Flatten),
    /// The limits: which are in force, in which version, what of the configuration waits; see docs/arming.md
    #[command(after_help = arm::LIMITS_EXAMPLES)]
    Limits(LimitsArgs),
    /// Let entries go to an account of real money, for a while; whatever is missing for it is listed; see docs/arming.md
    #[command(after_help = arm::ARM_EXAMPLES)]
    Arm(ArmArgs),
    /// End that: no entry leaves, exits and stops go on
    #[command(after_help = arm::DISARM_EXAMPLES)]
    Disarm(Needed),
    /// What the trades so far say about going on to the next account: one line for each criterion; see docs/gate.md
    #[command(after_help = gate::EXAMPLES)]
    Gate(GateArgs),
    /// Every signal beside what a replay makes of it on bars: where they part, and what was saved or lost; see docs/twin.md
    #[command(after_help = twin::EXAMPLES)]
    Twin(TwinArgs),
    /// What came of trades, orders and limits: text, Markdown, JSON, or one page with drawings; see docs/report.md
    #[command(after_help = report::EXAMPLES)]
    Report(ReportArgs),
    /// Watch the process that serves, and stop entries when it gives no sign of life; see docs/serve.md
    #[command(after_help = watch::WATCHDOG_EXAMPLES)]
    Watchdog(WatchdogArgs),
    /// Try a halt on a paper or practice account: how fast entries are off, and that they go through again after
    #[command(after_help = watch::DRILL_EXAMPLES)]
    Drill(DrillArgs),
    /// Hold the book against what the broker says it holds: one line for each instrument; nothing is written or sent
    #[command(after_help = "Examples:\n  tradewind reconcile\n  tradewind reconcile --json")]
    Reconcile,
    /// Decide what becomes of something that book and broker disagree about; it stands in the journal with your reason
    #[command(
        after_help = "Examples:\n  tradewind repair trust-broker TSLA --reason \"I sold it by hand\"\n  tradewind repair adopt AAPL --stop 219 --reason \"bought by hand, run it from here\"\n  tradewind repair ignore SPY --until 2026-12-01T00:00:00Z --reason \"my own\"\n  tradewind repair close KO --reason \"not wanted\""
    )]
    Repair(RepairArgs),
    /// The state file: export, verify, import, adopt, backup, restore, schema
    #[command(subcommand)]
    State(StateVerb),
    /// The journal: verify, tail
    #[command(subcommand)]
    Journal(JournalVerb),
    /// What a code means and what to do about it, or how a verb is used; alone, all codes
    #[command(
        after_help = "Examples:\n  tradewind help TW0102\n  tradewind help no_price\n  tradewind help run\n  tradewind help"
    )]
    Help {
        /// A number such as TW0102, a word such as no_price, or a verb
        #[arg(value_name = "CODE")]
        words: Vec<String>,
    },
    /// Print completions for a shell
    #[command(after_help = "Examples:\n  tradewind completions bash > /etc/bash_completion.d/tradewind")]
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

/// `init`.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// The folder to write into; made when it is not there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Whose account is to be traded
    #[arg(long, value_enum, value_name = "VENUE", default_value = "paper")]
    pub venue: BrokerName,
}

/// Where to write.
#[derive(Args, Debug)]
pub struct OutDir {
    /// The folder to write into; made when it is not there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Signals to take in: a file, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub signals: Option<PathBuf>,
    /// How long to wait for answers that are outstanding before the pass ends
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub settle: u64,
    /// Do all of it on a copy, and say what would happen; nothing is sent or written
    #[arg(long)]
    pub dry_run: bool,
    /// Take nothing in when one signal of the file is bad
    #[arg(long)]
    pub strict: bool,
    /// End with code 6 when a signal was denied or rejected
    #[arg(long)]
    pub fail_on_denied: bool,
    /// Write everything that reaches the desk to this new file, for `tradewind reproduce`
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub record: Option<PathBuf>,
}

/// `reproduce`.
#[derive(Args, Debug)]
pub struct Reproduce {
    /// A session, as `run --record` wrote it; with --state, what the journal holds is shown beside what differs
    pub file: PathBuf,
}

/// `doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Print every key with its value, where it was set, and why it is there
    #[arg(long)]
    pub keys: bool,
    /// The configuration to look at; without a FILE the same as --keys
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = NO_FILE)]
    pub config: Option<PathBuf>,
}

/// What `doctor --config` without a file is read as.
pub const NO_FILE: &str = "-";

/// A moment of the past.
#[derive(Args, Debug)]
pub struct At {
    /// As it stood at this moment, with its zone: 2026-11-20T21:00:00Z
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

/// How much of a list.
#[derive(Args, Debug)]
pub struct List {
    /// Everything the journal holds
    #[arg(long)]
    pub all: bool,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub last: usize,
}

/// `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// A signal id, an order id, or a symbol
    pub id: String,
    /// Also show each signal beside what a replay makes of it on these bars [default: `gate.bars`]
    #[arg(long, value_name = "PATH")]
    pub bars: Option<PathBuf>,
}

/// A reason that may be given.
#[derive(Args, Debug)]
pub struct Why {
    /// Only a part of trading.
    #[command(flatten)]
    pub part: Part,
    /// Why, in your words; it stands in the journal
    #[arg(long, value_name = "TEXT", default_value = "halted by hand")]
    pub why: String,
}

/// A reason that must be given.
#[derive(Args, Debug)]
pub struct Needed {
    /// Only a part of trading.
    #[command(flatten)]
    pub part: Part,
    /// Why, in your words; it stands in the journal
    #[arg(long, value_name = "TEXT")]
    pub why: String,
}

/// `repair`.
#[derive(Args, Debug)]
pub struct RepairArgs {
    /// adopt: what the broker holds is ours; ignore: it is not, leave it; close: sell or buy it back; trust-broker: the book
    /// becomes what the broker holds
    #[arg(value_parser = repair, value_name = "HOW")]
    pub how: Repair,
    /// The symbol; or the venue, for what concerns all of it
    #[arg(value_name = "SYMBOL")]
    pub what: String,
    /// Why, in your words; it stands in the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// With ignore: until when [default: for good]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// With adopt: its stop
    #[arg(long, value_name = "PRICE")]
    pub stop: Option<Price>,
    /// With adopt: its target
    #[arg(long, value_name = "PRICE")]
    pub target: Option<Price>,
}

fn repair(text: &str) -> Result<Repair, String> {
    let named = Repair::ALL.into_iter().find(|repair| repair.as_str() == text);
    named.ok_or_else(|| format!("one of {}", Repair::ALL.map(Repair::as_str).join(", ")))
}

/// `flatten`.
#[derive(Args, Debug)]
pub struct Flatten {
    /// Why, in your words; it stands in the journal
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// The account's name, to show that this one is meant
    #[arg(long, value_name = "ACCOUNT")]
    pub confirm: Option<String>,
    /// End a process that holds the state and does not answer
    #[arg(long)]
    pub take_over: bool,
}
