//! What a backtest leads one to expect of so many trades: each figure's distribution over resamples, seeded, the same
//! for any number of threads. Where a live figure falls in it is a [`crate::bands::Placement`].

/// How long a block must be.
pub mod blocks;
/// Ledgers made up from headline figures.
pub mod generators;
mod path;
mod place;
mod run;
/// Where trades are drawn from.
pub mod source;

use serde::{Deserialize, Serialize};

use crate::figure::{Figure, Undefined, count};
use crate::figures::moments::quantile;
use crate::ledger::Unit;

pub use path::figures;
pub use place::{Joint, Placement, Zone};
pub use run::Progress;
pub use source::Source;

pub(crate) use path::Draw;
pub(crate) use source::generator;

/// A figure that has a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Wins by all trades.
    WinRate,
    /// Sum of wins by size of the sum of losses.
    ProfitFactor,
    /// Mean of all trades.
    Expectancy,
    /// Mean win by mean loss.
    Payoff,
    /// Deepest fall of the running sum.
    MaxDrawdown,
    /// Deepest fall of equity, as a share of its highest point, when each unit moves it by a fixed share.
    MaxDrawdownShare,
    /// Most losses in a row.
    LongestLosingStreak,
}

impl Metric {
    /// How many there are.
    pub const COUNT: usize = 7;

    /// All of them, in the order in which they are told.
    pub const ALL: [Self; Self::COUNT] = [
        Self::WinRate,
        Self::ProfitFactor,
        Self::Expectancy,
        Self::Payoff,
        Self::MaxDrawdown,
        Self::MaxDrawdownShare,
        Self::LongestLosingStreak,
    ];

    /// Those that a gate compares with the backtest.
    pub const OF_GATES: [Self; 3] = [Self::WinRate, Self::ProfitFactor, Self::Payoff];

    /// Those that are read together: all that need no size of a position.
    pub const TOGETHER: [Self; 6] = [
        Self::WinRate,
        Self::ProfitFactor,
        Self::Expectancy,
        Self::Payoff,
        Self::MaxDrawdown,
        Self::LongestLosingStreak,
    ];

    /// As a person reads it.
    pub fn words(self) -> &'static str {
        match self {
            Self::WinRate => "win rate",
            Self::ProfitFactor => "profit factor",
            Self::Expectancy => "expectancy",
            Self::Payoff => "average win by average loss",
            Self::MaxDrawdown => "deepest drawdown",
            Self::MaxDrawdownShare => "deepest drawdown, share of equity",
            Self::LongestLosingStreak => "longest losing streak",
        }
    }

    /// Whether more of it is worse.
    pub fn is_bad_when_high(self) -> bool {
        matches!(self, Self::MaxDrawdown | Self::MaxDrawdownShare | Self::LongestLosingStreak)
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// How many samples are drawn, of how many trades.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Trades in each sample: as many as are to be compared.
    pub trades: usize,
    /// How many samples.
    pub resamples: usize,
    /// What everything that is drawn follows from.
    pub seed: u64,
    /// On how many threads; the result is the same for any number.
    pub threads: usize,
    /// By which share of equity a trade of one unit (one R, or one in base currency) moves it; none leaves
    /// [`Metric::MaxDrawdownShare`] out.
    pub share_per_unit: Option<f64>,
}

impl Plan {
    /// 10,000 samples of so many trades from this seed, on two threads.
    pub const fn of(trades: usize, seed: u64) -> Self {
        Self { trades, resamples: 10_000, seed, threads: 2, share_per_unit: None }
    }
}

/// One quantile of a band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// The share of samples below.
    pub share: f64,
    /// The figure there; `no-losses` when it is beyond every bound.
    pub value: Figure,
}

/// The distribution of one figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Which figure.
    pub metric: Metric,
    /// Its quantiles at 2.5, 5, 10, 25, 50, 75, 90, 95 and 97.5 %.
    pub quantiles: Vec<Quantile>,
    /// Samples in which the figure is undefined (no win, no trade won or lost); they are in no quantile.
    pub undefined: usize,
}

impl Band {
    /// The shares at which the quantiles stand.
    pub const SHARES: [f64; 9] = [0.025, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.975];
}

/// The distributions of all figures. They can be written and not read: their samples are drawn anew from the seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bands {
    /// How samples were drawn, in words.
    pub method: String,
    /// In which unit.
    pub unit: Unit,
    /// How many, of how many trades, from which seed.
    pub plan: Plan,
    /// One for each figure.
    pub bands: Vec<Band>,
    /// The share below which the smallest tail of [`Metric::TOGETHER`] falls in one of twenty samples.
    pub joint_limit: f64,
    /// The same over [`Metric::OF_GATES`].
    pub gate_limit: f64,
    #[serde(skip)]
    draws: Vec<Draw>,
    #[serde(skip)]
    sorted: Vec<Vec<f64>>,
}

impl Bands {
    /// Draws samples and orders their figures. `progress` is told after each part, from any thread; it must not wait.
    /// Undefined when there is nothing to draw from or nothing to draw.
    pub fn new(
        source: &Source,
        unit: Unit,
        plan: Plan,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, Undefined> {
        if !source.can_draw() || plan.trades == 0 {
            return Err(Undefined::NoTrades);
        }
        if plan.resamples < 2 {
            return Err(Undefined::TooFew);
        }
        let draws = run::draws(source, plan, progress);
        let sorted: Vec<Vec<f64>> =
            Metric::ALL.iter().map(|metric| place::ordered(&draws, *metric)).collect();
        let bands = Metric::ALL
            .iter()
            .zip(&sorted)
            .filter(|(metric, _)| plan.share_per_unit.is_some() || **metric != Metric::MaxDrawdownShare)
            .map(|(metric, sorted)| Band {
                metric: *metric,
                quantiles: Band::SHARES
                    .iter()
                    .map(|p| Quantile { share: *p, value: at(sorted, *p) })
                    .collect(),
                undefined: draws.len() - sorted.len(),
            })
            .collect();
        let mut found = Self {
            method: source.to_string(),
            unit,
            plan,
            bands,
            joint_limit: 0.0,
            gate_limit: 0.0,
            draws,
            sorted,
        };
        found.joint_limit = found.limit(&Metric::TOGETHER);
        found.gate_limit = found.limit(&Metric::OF_GATES);
        Ok(found)
    }

    /// The figure below which this share of the samples lies.
    pub fn quantile(&self, metric: Metric, share: f64) -> Figure {
        at(self.sorted_of(metric), share)
    }

    /// The mean over samples; undefined where one of them is beyond every bound.
    pub fn mean(&self, metric: Metric) -> Figure {
        let all = self.sorted_of(metric);
        if all.is_empty() {
            Undefined::TooFew.into()
        } else {
            (all.iter().sum::<f64>() / count(all.len())).into()
        }
    }

    /// The standard deviation over samples.
    pub fn spread(&self, metric: Metric) -> Figure {
        crate::figures::Moments::of(self.sorted_of(metric)).map(|m| m.sd).into()
    }

    /// The share of samples in which the figure is at least so much.
    pub fn share_at_least(&self, metric: Metric, value: f64) -> f64 {
        let all = self.sorted_of(metric);
        count(all.len() - all.partition_point(|x| *x < value)) / count(self.draws.len().max(1))
    }

    /// The share of samples between each two neighbours of `edges`, which rise; what lies outside is counted at its end.
    pub fn shares_between(&self, metric: Metric, edges: &[f64]) -> Vec<f64> {
        let all = self.sorted_of(metric);
        let parts = edges.len().saturating_sub(1);
        let below = |at: usize| match at {
            0 => 0,
            at if at == parts => all.len(),
            at => all.partition_point(|x| *x < edges[at]),
        };
        (0..parts).map(|at| count(below(at + 1) - below(at)) / count(all.len().max(1))).collect()
    }

    /// How often a sample of the other bands is seen to be worse than these: the share of its samples beyond the 5 %
    /// that are worst here. What is drawn from these bands themselves is seen in 5 % or less.
    pub fn power(&self, other: &Self, metric: Metric) -> Figure {
        let (mine, theirs) = (self.sorted_of(metric), other.sorted_of(metric));
        let place = crate::figures::moments::whole(0.05 * count(mine.len()));
        if mine.is_empty() || theirs.is_empty() {
            return Undefined::TooFew.into();
        }
        let worse = if metric.is_bad_when_high() {
            let limit = mine[mine.len() - 1 - place];
            theirs.len() - theirs.partition_point(|x| *x <= limit)
        } else {
            theirs.partition_point(|x| *x < mine[place])
        };
        (count(worse) / count(theirs.len())).into()
    }

    fn sorted_of(&self, metric: Metric) -> &[f64] {
        self.sorted.get(metric.index()).map_or(&[], Vec::as_slice)
    }
}

fn at(sorted: &[f64], share: f64) -> Figure {
    quantile(sorted, share)
        .and_then(|x| if x.is_infinite() { Err(Undefined::NoLosses) } else { Ok(x) })
        .into()
}
