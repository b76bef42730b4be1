//! `replay`: bars of the past through the same desk, guard and matching engine. `docs/replay.md` states the rules.

mod files;
mod guard;
mod told;

use std::sync::Arc;

use broker_api::{AssetClass, Catalog, StrategyId, Symbol, Time};
use broker_paper::matching::{Costs, Matching, Settings};
use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use engine::calendar::Calendar;
use engine::feed::{Bars, FeedError};
use engine::intake;
use engine::replay::{Breakout, Keep, Parameters, Replay, ReplayFault, SignalSource, Told, drive};
use engine::{Basis, Limits, Policy, Setup, Sizing};
use state::{Journal, SqliteStore};

use crate::args::{Common, CostsOf, DirectionOf, EquityOf, LimitsOf, ReplayArgs};
use crate::config::{Config, Loaded};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::pass::BAR_AGE_MAX;
use crate::place::paper_venue;
use crate::symbols::{self, Symbols};
use files::Files;

/// What a summary calls itself.
const SCHEMA: &str = "tradewind.replay/1";

/// What decides.
enum Source {
    Breakout(Breakout),
    Told(Told),
}

impl Source {
    fn get(&mut self) -> &mut dyn SignalSource {
        match self {
            Self::Breakout(strategy) => strategy,
            Self::Told(told) => told,
        }
    }
}

/// Plays the past and writes down what came of it.
pub fn replay(out: Out, common: &Common, args: &ReplayArgs) -> Result<(), Failure> {
    let began = crate::clock::Stopwatch::start();
    let loaded = Loaded::load(common, &crate::place::Place::state_of(common)?, None)?;
    let settings = settings(&loaded, args)?;
    let Symbols { catalog, unused } = symbols::read(&args.symbols, settings.venue, settings.currency)?;
    let catalog = Arc::new(catalog);
    for column in &unused {
        out.say(&format!("{}: the column {column} is not used", args.symbols.display()));
    }
    let mut source = source(&loaded, args, &catalog)?;
    let mut bars = bars(args, &catalog)?;
    let setup = setup(&loaded, args, &catalog, &settings);
    let files = Files::begin(&args.out)?;
    let keep = if args.journal { Keep::Journal(journal(&files)?) } else { Keep::Nothing };
    let start = day(args.from).unwrap_or(Time::UNIX_EPOCH);
    let costs = settings.costs;
    let engine = Matching::new(Arc::clone(&catalog), settings);
    let mut replay = Replay::begin(setup, engine, keep, files, env!("CARGO_PKG_VERSION"), start)
        .map_err(|fault| ended(&fault))?;
    if let Some(days) = args.resume_after {
        replay = replay.resuming_after(days);
    }
    let played = drive(&mut replay, &mut bars, source.get()).map_err(|fault| ended(&fault))?;
    let last = played.last.ok_or_else(|| {
        Failure::usage(
            "no_bars",
            format!("{} holds no bar in the time that was asked for", args.bars.display()),
        )
        .fix("look at --from and --to; nothing was written")
    })?;
    if let Some(symbol) = bars.first_other() {
        out.warn(
            "rows_left_out",
            &format!(
                "{} rows of symbols that are not listed were left out, the first of {symbol}",
                bars.others()
            ),
        );
    }
    absent(&bars, args)?;
    if let Some(symbol) = played.silent.first().filter(|_| args.from.is_none() && args.to.is_none()) {
        return Err(no_bars(args, *symbol));
    }
    let left = match &source {
        Source::Told(told) => told.left(),
        Source::Breakout(_) => 0,
    };
    let account = replay.engine().account(last).map_err(|_| ended(&ReplayFault::Overflow(last)))?;
    let book = replay.book().clone();
    let reviews = replay.desk().reviews();
    let (mut files, keep) = replay.end();
    let hash = files.close(&book)?;
    if let Keep::Journal(mut journal) = keep {
        journal.maintain().map_err(|error| ended(&ReplayFault::Journal(error)))?;
    }
    let guard = args.guard_report.then(|| guard::report(&loaded, args, &catalog, hash)).transpose()?;
    if let Some(guard) = &guard {
        files.put("guard.json", &format!("{:#}\n", guard.json()))?;
    }
    let ended = told::Ended {
        args,
        loaded: &loaded,
        costs,
        played,
        account,
        book,
        reviews,
        hash,
        left,
        counts: files.counts().clone(),
        unused,
        guard,
    };
    files.publish(&format!("{:#}\n", ended.summary(&catalog)))?;
    ended.tell(out, &catalog, began.elapsed())
}

fn settings(loaded: &Loaded, args: &ReplayArgs) -> Result<Settings, Failure> {
    if args.cash.get() <= rust_decimal::Decimal::ZERO {
        return Err(Failure::usage("bad_cash", "--cash must be above zero").fix("nothing was written"));
    }
    let percents = [("equity-percent", args.equity_percent), ("risk-percent", args.risk_percent)];
    for (name, percent) in percents {
        if percent.is_some_and(|percent| percent.get() <= rust_decimal::Decimal::ZERO) {
            return Err(
                Failure::usage("bad_size", format!("--{name} must be above zero")).fix("nothing was written")
            );
        }
    }
    let mut settings = loaded.config.settings(paper_venue());
    settings.cash = args.cash;
    if args.costs == CostsOf::None {
        (settings.costs, settings.participation) = (Costs::FREE, None);
    }
    Ok(settings)
}

fn setup(loaded: &Loaded, args: &ReplayArgs, catalog: &Arc<Catalog>, settings: &Settings) -> Setup {
    let (mut limits, blackouts) = match args.limits {
        LimitsOf::Config => (loaded.config.limits.clone(), loaded.config.blackouts.as_slice().into()),
        LimitsOf::Wide => (Limits::wide(args.slots), [].into()),
    };
    limits.positions_max = args.slots;
    Setup { blackouts, ..setup_by(&loaded.config, catalog, settings, policy(loaded, args), limits) }
}

/// What a desk decides by that is given bars of the past, at any time of any day.
pub fn setup_by(
    config: &Config,
    catalog: &Arc<Catalog>,
    settings: &Settings,
    policy: Policy,
    limits: Limits,
) -> Setup {
    Setup {
        catalog: Arc::clone(catalog),
        policy,
        limits,
        calendar: Calendar::new(),
        base: settings.currency,
        venues: [(settings.venue, broker_paper::venue::capabilities())].into(),
        bars: AssetClass::ALL.into_iter().map(|class| (class, BAR_AGE_MAX)).collect(),
        stage: engine::Stage::Replay,
        buckets: crate::config::buckets::all(&config.buckets),
        blackouts: [].into(),
        drilled: None,
        alerts: None,
    }
}

/// How entries are sized: by the command line, or else by a configuration file, or else as the page says.
fn policy(loaded: &Loaded, args: &ReplayArgs) -> Policy {
    let eight = broker_api::Ratio::new(rust_decimal::Decimal::from(8)).unwrap_or(broker_api::Ratio::ONE);
    let usual = if loaded.says_size() {
        loaded.config.policy()
    } else {
        Policy { sizing: Sizing::EquityPct(eight), equity: Basis::Closed, ..Policy::paper() }
    };
    let sizing = match (args.equity_percent, args.risk_percent) {
        (Some(percent), _) => Sizing::EquityPct(percent),
        (None, Some(percent)) => Sizing::RiskPct(percent),
        (None, None) => usual.sizing,
    };
    let equity = match args.equity {
        Some(EquityOf::Closed) => Basis::Closed,
        Some(EquityOf::Marked) => Basis::Marked,
        None => usual.equity,
    };
    Policy { sizing, equity, ..usual }
}

fn source(loaded: &Loaded, args: &ReplayArgs, catalog: &Arc<Catalog>) -> Result<Source, Failure> {
    let Some(file) = &args.signals else {
        let parameters = Parameters {
            entry: args.entry,
            exit: args.exit,
            atr: args.atr,
            stop: args.stop,
            target: args.target,
            both: args.direction == DirectionOf::Both,
        };
        return Breakout::new(catalog, parameters, breakout()).map(Source::Breakout).map_err(|fault| {
            Failure::usage("bad_parameter", format!("--{fault}")).fix("nothing was written")
        });
    };
    let limit = u64::try_from(intake::TEXT_BYTES_MAX).unwrap_or(u64::MAX);
    let text = crate::reading::read_text(file, limit).map_err(|failure| {
        let fix =
            failure.fix.or_else(|| Some("name a file that this user may read; nothing was written".into()));
        Failure { code: "signals_unreadable", fix, ..failure }
    })?;
    let defaults = crate::prices::defaults_of(catalog, &loaded.config);
    let read = intake::read(&text, &file.display().to_string(), crate::clock::now(), &defaults);
    match read.faults.first() {
        None => Ok(Source::Told(Told::new(read.signals))),
        Some(first) => {
            let count = read.faults.len();
            Err(Failure::usage("bad_signals", format!("{first} ({count} faults in all)"))
                .fix("correct the entries; nothing was written"))
        }
    }
}

#[expect(clippy::expect_used, reason = "a literal, and a test makes it")]
fn breakout() -> StrategyId {
    StrategyId::new("breakout").expect("a strategy")
}

fn bars(args: &ReplayArgs, catalog: &Catalog) -> Result<Bars, Failure> {
    let mut bars = Bars::open(&args.bars, catalog).map_err(|error| bad_bars(&error))?;
    if args.bars.is_dir() {
        absent(&bars, args)?;
    }
    if let Some(from) = day(args.from) {
        bars = bars.after(from);
    }
    if let Some(until) = day(args.to.and_then(|to| to.succ_opt())) {
        bars = bars.until(until);
    }
    Ok(bars.ahead())
}

/// Every symbol that is listed must have bars.
fn absent(bars: &Bars, args: &ReplayArgs) -> Result<(), Failure> {
    bars.missing().first().map_or(Ok(()), |symbol| Err(no_bars(args, *symbol)))
}

fn no_bars(args: &ReplayArgs, symbol: Symbol) -> Failure {
    let what =
        format!("{} has no bars of {symbol}, which {} lists", args.bars.display(), args.symbols.display());
    Failure::usage("no_bars", what).fix("add its bars, or take it out of the list; nothing was written")
}

fn day(date: Option<NaiveDate>) -> Option<Time> {
    date.map(|date| Utc.from_utc_datetime(&date.and_time(NaiveTime::MIN)))
}

fn journal(files: &Files) -> Result<Journal<SqliteStore>, Failure> {
    let made = SqliteStore::create(&files.journal()).map_err(state::JournalError::from);
    made.and_then(Journal::open).map_err(|error| ended(&ReplayFault::Journal(error)))
}

/// Bars that cannot be used.
pub fn bad_bars(error: &FeedError) -> Failure {
    Failure::usage("bad_bars", "the bars cannot be used")
        .because(error)
        .fix("correct the row or file that the cause names; nothing was written")
}

/// What ended a replay before its end.
pub fn ended(fault: &ReplayFault) -> Failure {
    match fault {
        ReplayFault::Feed(error) => bad_bars(error),
        ReplayFault::Overflow(_) => {
            Failure::usage("number_too_large", fault.to_string()).fix("nothing was written")
        }
        _ => Failure::new(Exit::Unexpected, "replay_failed", fault.to_string()).fix("nothing was written"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_literals_are_what_they_should_be() {
        assert_eq!(super::breakout().as_str(), "breakout");
    }
}
