//! Live trades beside what the backtest's engine made of the same signals: the test with real power, since the spread of
//! the differences is a tenth of that of the trades.

use serde::{Deserialize, Serialize};

use super::proportion::Interval;
use super::sequential::mean_radius;
use crate::figure::{Figure, Undefined, count};
use crate::figures::Moments;
use crate::figures::moments::mean;
use crate::special::{normal, normal_inverse};

/// One signal, twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The trade or signal.
    pub id: String,
    /// What came of it live, in R.
    pub live: f64,
    /// What the backtest's engine made of it on the same prices, in R.
    pub shadow: f64,
    /// Whether side and size were the same.
    pub is_same_size: bool,
    /// Whether it ended for the same reason.
    pub is_same_exit: bool,
}

/// What pairs come to. Differences are live less shadow, in R: below zero costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairFigures {
    /// How many pairs.
    pub pairs: usize,
    /// The mean difference.
    pub mean: Figure,
    /// The standard deviation of the differences.
    pub sd: Figure,
    /// The mean difference at 95 %, for one look (normal).
    pub interval: Option<Interval>,
    /// The mean difference at 95 %, however often one looks.
    pub sequence: Option<Interval>,
    /// The mean of the shadows: bad too when it was the market and not the execution.
    pub shadow_expectancy: Figure,
    /// Pairs of another side or size.
    pub other_size: usize,
    /// Pairs that ended for another reason.
    pub other_exit: usize,
}

impl PairFigures {
    /// Of pairs in their order.
    pub fn of(pairs: &[Pair]) -> Self {
        let differences: Vec<f64> = pairs.iter().map(|pair| pair.live - pair.shadow).collect();
        let shadows: Vec<f64> = pairs.iter().map(|pair| pair.shadow).collect();
        let n = count(pairs.len());
        let middle = mean(&differences).map_err(|_| Undefined::NoTrades);
        // Pairs that are all the same differ by nothing: a spread of zero, and not an unknown one.
        let sd = match Moments::of(&differences) {
            Err(Undefined::NoSpread) => Ok(0.0),
            other => other.map(|m| m.sd),
        };
        let around = |radius: f64| middle.ok().map(|m| Interval { low: m - radius, high: m + radius });
        Self {
            pairs: pairs.len(),
            mean: middle.into(),
            sd: sd.into(),
            interval: sd.ok().and_then(|sd| around(normal_inverse(0.975) * sd / n.sqrt())),
            sequence: sd.ok().and_then(|sd| around(mean_radius(pairs.len(), sd, 0.05))),
            shadow_expectancy: mean(&shadows).map_err(|_| Undefined::NoTrades).into(),
            other_size: pairs.iter().filter(|pair| !pair.is_same_size).count(),
            other_exit: pairs.iter().filter(|pair| !pair.is_same_exit).count(),
        }
    }

    /// The mean difference that is still possible at 95 %, on the worse side, for one look.
    pub fn lower_bound(&self) -> Figure {
        let at = |sd: f64, mean: f64| mean - normal_inverse(0.95) * sd / count(self.pairs.max(1)).sqrt();
        self.sd.get().and_then(|sd| self.mean.get().map(|mean| at(sd, mean))).into()
    }
}

/// The mean difference of the first so many pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoFar {
    /// How many.
    pub pairs: usize,
    /// Their mean difference, in R.
    pub mean: f64,
    /// What is still possible at 95 %, however often one looks: the worse end.
    pub low: Figure,
    /// The better end.
    pub high: Figure,
}

/// The mean difference as it went, at no more than `most` places; the last one is always there.
pub fn so_far(pairs: &[Pair], most: usize) -> Vec<SoFar> {
    let every = pairs.len().div_ceil(most.max(1)).max(1);
    let (mut mean, mut squares) = (0.0, 0.0);
    let mut found = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let n = at + 1;
        let (difference, before) = (pair.live - pair.shadow, mean);
        mean += (difference - before) / count(n);
        squares += (difference - before) * (difference - mean);
        if n % every == 0 || n == pairs.len() {
            let sd = if n > 1 { Ok((squares / count(n - 1)).sqrt()) } else { Err(Undefined::TooFew) };
            let radius = sd.map(|sd| mean_radius(n, sd, 0.05));
            found.push(SoFar {
                pairs: n,
                mean,
                low: radius.map(|radius| mean - radius).into(),
                high: radius.map(|radius| mean + radius).into(),
            });
        }
    }
    found
}

/// How many pairs show a mean difference of `difference` with this power, one-sided at 5 %.
pub fn pairs_needed(sd: f64, difference: f64, power: f64) -> Figure {
    if difference <= 0.0 {
        return Undefined::NotAbove.into();
    }
    (((normal_inverse(0.95) + normal_inverse(power)) * sd / difference).powi(2)).into()
}

/// How often so many pairs whose mean difference is zero have their lower bound above `-bound`.
pub fn pairs_power(pairs: usize, sd: f64, bound: f64) -> Figure {
    if sd <= 0.0 {
        return Undefined::NoSpread.into();
    }
    normal(bound * count(pairs).sqrt() / sd - normal_inverse(0.95)).into()
}
