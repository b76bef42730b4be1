//! Signals that were not followed, each played alone, all of them on one reading of the bars.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use broker_api::{Amount, AssetClass, Catalog, InstrumentIx, Stamped, Symbol, Time};
use engine::Limits;
use engine::replay::{Decided, Lane, Told};
use state::SqliteStore;

use super::source::{Lived, Past, begins, came};
use crate::failure::{Exit, Failure};
use crate::verbs::replay::{bad_bars, ended};

/// One that is asked for.
pub struct Alone {
    /// What it is about.
    pub symbol: Symbol,
    /// The signal, and what was said of its symbol afterwards.
    pub signals: Vec<Decided>,
    /// What the account begins with.
    pub cash: Amount,
}

type Under = Lane<SqliteStore, Vec<Stamped>, Told>;

/// How far one has come.
enum Stage {
    /// Its first bar is still to come.
    Waits(Alone),
    Plays(Box<Under>),
    Done(Lived<'static>),
    /// Between two of these.
    Moves,
}

impl Past<'_> {
    /// Plays each by itself, with nothing beside it and all limits wide. Bars are read once, however many there are, and one
    /// that is over is played no further.
    ///
    /// # Errors
    /// Bars that cannot be read or trusted; what ends a replay.
    pub fn each_alone(&self, asked: Vec<Alone>) -> Result<Vec<Lived<'static>>, Failure> {
        let Some(first) = asked.iter().map(|one| begins(&one.signals)).min() else { return Ok(Vec::new()) };
        let symbols: BTreeSet<Symbol> = asked.iter().map(|one| one.symbol).collect();
        let foreign: BTreeSet<Symbol> =
            symbols.iter().copied().filter(|symbol| self.is_foreign(*symbol)).collect();
        // What a symbol is priced in has to be changed into the account's currency.
        let (listed, mut bars) = self.bars_of(
            |row| {
                symbols.contains(&row.key.symbol)
                    || !foreign.is_empty() && row.asset_class == AssetClass::Forex
            },
            first,
        )?;
        let mut of: BTreeMap<InstrumentIx, Vec<usize>> = BTreeMap::new();
        for (ix, row) in listed.iter() {
            let meets = |one: &Alone| {
                one.symbol == row.key.symbol
                    || row.asset_class == AssetClass::Forex && foreign.contains(&one.symbol)
            };
            of.insert(ix, (0..asked.len()).filter(|at| meets(&asked[*at])).collect());
        }
        let mut stages: Vec<Stage> = asked.into_iter().map(Stage::Waits).collect();
        while let Some(moment) = bars.advance().map_err(|error| bad_bars(&error))? {
            let (broker_paper::matching::Moment::Open { bar, .. }
            | broker_paper::matching::Moment::Range { bar, .. }
            | broker_paper::matching::Moment::Close { bar, .. }) = moment
            else {
                continue;
            };
            let Some(lanes) = of.get_mut(&moment.ix()) else { continue };
            for at in lanes.iter().copied() {
                let stage = std::mem::replace(&mut stages[at], Stage::Moves);
                stages[at] = match stage {
                    Stage::Waits(one) if begins(&one.signals) < bar.closes => {
                        let mut lane = self.lane(&listed, one)?;
                        lane.play(moment).map_err(|fault| ended(&fault))?;
                        Stage::Plays(Box::new(lane))
                    }
                    Stage::Plays(mut lane) => {
                        lane.play(moment).map_err(|fault| ended(&fault))?;
                        if lane.is_over() {
                            Stage::Done(over(*lane, bar.closes)?)
                        } else {
                            Stage::Plays(lane)
                        }
                    }
                    stage => stage,
                };
            }
            lanes.retain(|at| !matches!(stages[*at], Stage::Done(_)));
        }
        let end = |stage: Stage| match stage {
            Stage::Waits(one) => {
                let from = begins(&one.signals);
                over(self.lane(&listed, one)?, from)
            }
            Stage::Plays(lane) => over(*lane, first),
            Stage::Done(lived) => Ok(lived),
            Stage::Moves => Err(Failure::new(
                Exit::Unexpected,
                "unexpected",
                "a signal was lost while it was played alone",
            )),
        };
        stages.into_iter().map(end).collect()
    }

    fn lane(&self, listed: &Arc<Catalog>, one: Alone) -> Result<Under, Failure> {
        let from = begins(&one.signals);
        let replay = self.begin(Arc::clone(listed), Limits::wide(1), one.cash, from)?;
        Ok(Lane::new(replay, Told::new(one.signals)))
    }
}

/// What came of one.
fn over(lane: Under, until: Time) -> Result<Lived<'static>, Failure> {
    let (replay, last) = lane.end().map_err(|fault| ended(&fault))?;
    came(replay, last.unwrap_or(until))
}
