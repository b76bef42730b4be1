//! What each check and each breaker of the guard cost or saved: the same bars, played again with some of the limits wide.

mod growth;
mod tally;
mod told;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use broker_api::{Catalog, Digest};
use broker_paper::matching::Matching;
use engine::replay::{Keep, Replay, ReplayFault, drive};
use engine::{Limits, Setup};
use risk::{Part, parts};
use state::SqliteStore;

use crate::args::ReplayArgs;
use crate::config::Loaded;
use crate::failure::{Exit, Failure};
use tally::{Outcome, Tally};

/// How many replays go on at once.
const AT_ONCE: usize = 2;

/// A part, and what came of the two replays that tell of it.
struct Row {
    part: Part,
    /// Its own limits as configured, all others wide.
    alone: Outcome,
    /// Its own limits wide, all others as configured.
    left_out: Outcome,
}

/// What the guard costs or saves.
pub struct Report {
    /// As configured: the replay itself.
    configured: Outcome,
    /// With every limit wide but the number of positions.
    wide: Outcome,
    rows: Vec<Row>,
    /// After how many account days a person resumes, if one does.
    resume_after: Option<u32>,
}

/// What all replays have in common.
struct Past<'a> {
    loaded: &'a Loaded,
    args: &'a ReplayArgs,
    catalog: &'a Arc<Catalog>,
}

impl Past<'_> {
    /// Plays it by other limits. Nothing is written down and nothing kept but sums.
    fn play(&self, limits: Limits) -> Result<Outcome, Failure> {
        let Self { loaded, args, catalog } = *self;
        let settings = super::settings(loaded, args)?;
        let mut source = super::source(loaded, args, catalog)?;
        let mut bars = super::bars(args, catalog)?;
        let setup = Setup { limits, ..super::setup(loaded, args, catalog, &settings) };
        let start = super::day(args.from).unwrap_or(broker_api::Time::UNIX_EPOCH);
        let engine = Matching::new(Arc::clone(catalog), settings);
        let keep = Keep::<SqliteStore>::Nothing;
        let tally = Tally::new(args.cash);
        let mut replay = Replay::begin(setup, engine, keep, tally, env!("CARGO_PKG_VERSION"), start)
            .map_err(|fault| super::ended(&fault))?;
        if let Some(days) = args.resume_after {
            replay = replay.resuming_after(days);
        }
        let played = drive(&mut replay, &mut bars, source.get()).map_err(|fault| super::ended(&fault))?;
        let last = played.last.unwrap_or(start);
        let account =
            replay.engine().account(last).map_err(|_| super::ended(&ReplayFault::Overflow(last)))?;
        let (tally, _) = replay.end();
        Ok(tally.end(args.cash, &account, played.first))
    }

    /// Plays it by each of these limits, some at once; what comes of them in their order.
    fn play_all(&self, limits: &[Limits]) -> Result<Vec<Outcome>, Failure> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let work = || {
            while let Some((n, limits)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, limits.get(n)?)))
            {
                let outcome = self.play(limits.clone());
                done.lock().unwrap_or_else(PoisonError::into_inner).push((n, outcome));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..AT_ONCE {
                // Without another thread this one does it all.
                let _ = std::thread::Builder::new().name("replay".into()).spawn_scoped(scope, work);
            }
            work();
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(n, _)| *n);
        done.into_iter().map(|(_, outcome)| outcome).collect()
    }
}

/// Plays the past once for each question: as configured, with all limits wide, and each part alone and left out.
///
/// # Errors
/// What ends a replay, and a replay as configured whose trades are not those of `trades`.
pub fn report(
    loaded: &Loaded,
    args: &ReplayArgs,
    catalog: &Arc<Catalog>,
    trades: Digest,
) -> Result<Report, Failure> {
    let past = Past { loaded, args, catalog };
    let configured = super::setup(loaded, args, catalog, &super::settings(loaded, args)?).limits;
    let parts = parts();
    let mut limits = vec![configured.clone(), Limits::wide(configured.positions_max)];
    limits.extend(parts.iter().flat_map(|part| [part.alone(&configured), part.left_out(&configured)]));
    let mut outcomes = past.play_all(&limits)?.into_iter();
    let mut next = || {
        outcomes.next().ok_or_else(|| {
            Failure::new(Exit::Unexpected, "replay_failed", "a replay of the guard report did not come back")
                .fix("nothing was written")
        })
    };
    let (configured, wide) = (next()?, next()?);
    let rows = parts.into_iter().map(|part| Ok(Row { part, alone: next()?, left_out: next()? }));
    let rows = rows.collect::<Result<Vec<Row>, Failure>>()?;
    if configured.hash != trades {
        let text =
            format!("the same bars gave other trades when they were played again: {}", configured.hash);
        return Err(Failure::new(Exit::Unexpected, "replay_failed", text)
            .fix("look whether somebody changed the bars meanwhile; nothing was written"));
    }
    Ok(Report { configured, wide, rows, resume_after: args.resume_after })
}
