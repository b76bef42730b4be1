//! The command line of Tradewind, shared by all its binaries: parse, do, print, end with a code.

#![expect(unreachable_pub, reason = "the parts of one program, pub to each other")]

#[cfg(planted)]
compile_error!("a build with planted bugs is for `torture` alone: build it with `-p faultworld`");

mod alerts;
mod args;
mod arming;
mod at_broker;
mod away;
mod beside;
mod blackouts;
mod catalog;
mod clock;
mod closing;
mod compared;
mod config;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod conformance;
mod control;
mod demo;
mod drills;
mod edits;
mod ending;
mod failure;
mod figures;
mod files;
mod gate;
mod help;
mod history;
mod ledger;
mod limits;
mod notify;
mod out;
mod pass;
mod place;
mod prices;
mod program;
mod quality;
mod reading;
mod recording;
mod report;
mod serve;
mod stops;
mod summary;
mod symbols;
mod tell;
mod tonight;
mod twin;
mod unknown;
mod usage;
mod venues;
mod verbs;
mod words;

use std::process::ExitCode;

use args::{Cli, JournalVerb, StateVerb, Verb};
use clap::{CommandFactory as _, Parser as _};
use failure::{Exit, Failure};
use out::Out;
use place::Place;
#[cfg(feature = "alpaca")]
pub use venues::ALPACA;
pub use venues::Adapter;
#[cfg(feature = "oanda")]
pub use venues::OANDA;

/// Every broker this was built with.
pub const EVERY: &[Adapter] = &[
    #[cfg(feature = "alpaca")]
    ALPACA,
    #[cfg(feature = "oanda")]
    OANDA,
];

/// Runs the program: reads the command line, does what it says, and gives the exit code. `adapters` are the brokers it
/// can reach, beside the embedded one.
pub fn main(adapters: &'static [Adapter]) -> ExitCode {
    venues::offer(adapters);
    let (out, done) = match Cli::try_parse() {
        Ok(cli) => {
            let out = Out::new(cli.common.json, cli.common.quiet, cli.common.verbose);
            (out, act(out, &cli))
        }
        Err(error) => {
            let out = Out::new(std::env::args_os().any(|word| word == "--json"), false, false);
            (out, usage::refused(out, &error))
        }
    };
    let exit = match done {
        Ok(exit) => exit,
        Err(failure) => {
            out.failed(&failure, clock::now());
            failure.exit
        }
    };
    ExitCode::from(exit.code())
}

/// Reads the text of a configuration: gives it written down whole, or what is wrong with it. For tests from outside.
///
/// # Errors
/// What is said to a person.
#[doc(hidden)]
pub fn check_config(text: &str) -> Result<String, String> {
    let loaded = config::Loaded::of_text(std::path::Path::new("tradewind.toml"), text);
    let loaded = loaded.map_err(|failure| failure.to_string())?;
    toml::to_string(&loaded.config).map_err(|error| error.to_string())
}

/// Reads a question to the process that serves: gives it written down whole, or what is wrong with it. For tests from outside.
///
/// # Errors
/// What is said to who asks.
#[doc(hidden)]
pub fn check_ask(text: &str) -> Result<String, String> {
    let ask: control::Ask = serde_json::from_str(text).map_err(|error| error.to_string())?;
    serde_json::to_string(&ask).map_err(|error| error.to_string())
}

/// Reads a file that processes leave for each other as everything that it may be. Gives it written down as each that can be written
/// again (an answer, signals that are handed over, who holds a lock), and what is told of it as each that is only read (a sign of
/// life, a drill, an evaluation of a gate). For tests from outside.
#[doc(hidden)]
pub fn check_left(text: &str, now: broker_api::Time) -> (Vec<String>, Vec<String>) {
    fn again<T: serde::de::DeserializeOwned + serde::Serialize>(text: &str) -> Option<String> {
        serde_json::to_string(&serde_json::from_str::<T>(text).ok()?).ok()
    }
    let written =
        [again::<control::Answer>(text), again::<control::Handed>(text), again::<state::lock::Holder>(text)];
    let drill = drills::of(text)
        .map(|drill| format!("{} {:?} {}", drill.told(now), drill.at_a_desk(now, now), drill.json()));
    let evaluation = gate::of(text).map(|evaluation| format!("{evaluation:?}"));
    let told = [control::told(text, now), drill, evaluation];
    (written.into_iter().flatten().collect(), told.into_iter().flatten().collect())
}

fn act(out: Out, cli: &Cli) -> Result<Exit, Failure> {
    let reads_none = matches!(
        cli.verb,
        Verb::Init(_)
            | Verb::Demo(_)
            | Verb::Reproduce(_)
            | Verb::Completions { .. }
            | Verb::State(StateVerb::Schema { .. })
    ) || tries_brokers(&cli.verb);
    if let Some(set) = cli.common.set.first().filter(|_| reads_none) {
        return Err(Failure::usage("bad_config", format!("--set {set}: this verb reads no configuration"))
            .fix("leave --set away"));
    }
    match &cli.verb {
        Verb::Init(args) => verbs::init::init(out, args.venue, args.out.as_deref())?,
        Verb::Demo(args) => verbs::demo::demo(out, args.out.as_deref())?,
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            let name = std::env::args().next().unwrap_or_default();
            let name = std::path::Path::new(&name)
                .file_name()
                .map_or_else(|| "tradewind".into(), |name| name.to_string_lossy());
            clap_complete::generate(*shell, &mut Cli::command(), name, &mut script);
            out::print(&String::from_utf8_lossy(&script))?;
        }
        Verb::Help { words } => verbs::help::help(out, words)?,
        Verb::State(StateVerb::Schema { of }) => verbs::state::schema(*of)?,
        Verb::Replay(args) => verbs::replay::replay(out, &cli.common, args)?,
        Verb::Reproduce(asked) => {
            return verbs::reproduce::reproduce(out, &asked.file, cli.common.state.as_deref());
        }
        #[cfg(feature = "sim")]
        Verb::Sim(asked) => verbs::sim::sim(out, asked)?,
        #[cfg(feature = "conformance")]
        Verb::Conformance(asked) => return verbs::conformance::conformance(out, asked),
        Verb::Doctor(asked) => return verbs::doctor::doctor(out, &cli.common, asked),
        Verb::Watchdog(asked) => return verbs::watchdog::watchdog(out, &cli.common, asked),
        Verb::Drill(asked) => return verbs::drill::drill(out, &cli.common, asked),
        verb => return at_a_place(out, &Place::of(&cli.common)?, verb),
    }
    Ok(Exit::Done)
}

fn at_a_place(out: Out, place: &Place, verb: &Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::Run(args) => return verbs::run::run(out, place, args),
        Verb::Serve(args) => return serve::serve(out, place, args),
        Verb::Status(at) => verbs::status::status(out, place, at)?,
        Verb::Positions(at) => verbs::lists::positions(out, place, at)?,
        Verb::Orders(list) => verbs::lists::orders(out, place, list)?,
        Verb::Fills(list) => verbs::lists::fills(out, place, list)?,
        Verb::Trades(list) => verbs::lists::trades(out, place, list)?,
        Verb::Signals(list) => verbs::lists::signals(out, place, list)?,
        Verb::Explain(asked) => verbs::explain::explain(out, place, asked)?,
        Verb::Halt(asked) => match asked.part.scope(place)? {
            Some(scope) => verbs::halt::halt_part(out, place, scope, &asked.why)?,
            None => verbs::halt::halt(out, place, &asked.why)?,
        },
        Verb::Resume(asked) => match asked.part.scope(place)? {
            Some(scope) => verbs::halt::resume_part(out, place, scope, &asked.why)?,
            None => verbs::halt::resume(out, place, &asked.why)?,
        },
        Verb::Flatten(asked) => verbs::halt::flatten(out, place, asked)?,
        Verb::Limits(asked) => verbs::limits::limits(out, place, asked)?,
        Verb::Arm(asked) => verbs::arm::arm(out, place, asked)?,
        Verb::Gate(asked) => return verbs::gate::gate(out, place, asked),
        Verb::Twin(asked) => verbs::twin::twin(out, place, asked)?,
        Verb::Report(asked) => verbs::report::report(out, place, asked)?,
        Verb::Disarm(asked) => verbs::arm::disarm(out, place, &asked.why)?,
        Verb::Reconcile => return verbs::reconcile::reconcile(out, place),
        Verb::Repair(asked) => return verbs::repair::repair(out, place, asked),
        Verb::State(StateVerb::Export(args)) => verbs::state::export(out, place, args.out.as_deref())?,
        Verb::State(StateVerb::Import { file, reason, dry_run, partial }) => {
            let (dry_run, partial) = (*dry_run, *partial);
            let asked = verbs::import::Asked { file, reason, dry_run, partial };
            return verbs::import::import(out, place, asked);
        }
        Verb::State(StateVerb::Verify) => verbs::state::verify(out, place)?,
        Verb::State(StateVerb::Adopt { reason }) => verbs::state::adopt(out, place, reason)?,
        Verb::State(StateVerb::Backup(args)) => verbs::state::backup(out, place, args.out.as_deref())?,
        Verb::State(StateVerb::Restore { folder }) => verbs::state::restore(out, place, folder)?,
        Verb::Journal(JournalVerb::Verify) => verbs::state::verify_journal(out, place)?,
        Verb::Journal(JournalVerb::Tail { last }) => verbs::state::tail(out, place, *last)?,
        Verb::Init(_)
        | Verb::Demo(_)
        | Verb::Replay(_)
        | Verb::Reproduce(_)
        | Verb::Doctor(_)
        | Verb::Watchdog(_)
        | Verb::Drill(_)
        | Verb::Completions { .. }
        | Verb::Help { .. }
        | Verb::State(StateVerb::Schema { .. }) => {}
        #[cfg(feature = "sim")]
        Verb::Sim(_) => {}
        #[cfg(feature = "conformance")]
        Verb::Conformance(_) => {}
    }
    Ok(Exit::Done)
}

/// Whether a verb is about brokers themselves, and about no place of a trader.
const fn tries_brokers(verb: &Verb) -> bool {
    match verb {
        #[cfg(feature = "sim")]
        Verb::Sim(_) => true,
        #[cfg(feature = "conformance")]
        Verb::Conformance(_) => true,
        _ => false,
    }
}
