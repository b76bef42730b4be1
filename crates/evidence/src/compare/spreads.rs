//! How each figure is spread over samples of a backtest, and where the live one lies: the bands, drawn out.

use serde::{Deserialize, Serialize};

use super::Reference;
use crate::bands::{Bands, Metric};
use crate::figure::{Figure, Undefined, count};
use crate::figures::moments::whole;

/// In how many parts a figure is spread.
const PARTS: usize = 24;
/// Between which shares of samples it is shown, the widest that are known first: a ratio may be beyond every bound.
const ENDS: [[f64; 2]; 4] = [[0.005, 0.995], [0.025, 0.975], [0.05, 0.9], [0.1, 0.75]];

/// A part of a figure's range, and the share of samples in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// From here on.
    pub from: f64,
    /// And below here.
    pub to: f64,
    /// Of samples with every trade by itself.
    pub independent: Figure,
    /// Of samples in which what ended together is kept together.
    pub clustered: Figure,
}

/// How one figure is spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Which figure.
    pub metric: Metric,
    /// The live one.
    pub live: Figure,
    /// The share of samples below it, those that are equal counted by half.
    pub percentile: Figure,
    /// From the lowest to the highest part, without a gap; what lies outside is counted at its end.
    pub parts: Vec<Part>,
}

/// Of all figures that are read together; one that no sample has is left out.
pub fn spreads(reference: &Reference, live: &[f64]) -> Vec<Spread> {
    let placed = reference.bands().place(live);
    let of = |metric: &Metric| {
        let place = placed.iter().find(|place| place.metric == *metric)?;
        let (live, percentile) = (place.live, place.percentile);
        Some(Spread { metric: *metric, live, percentile, parts: parts(reference, *metric)? })
    };
    Metric::TOGETHER.iter().filter_map(of).collect()
}

fn parts(reference: &Reference, metric: Metric) -> Option<Vec<Part>> {
    let bands = reference.bands();
    let ends = |[low, high]: [f64; 2]| {
        let (low, high) = (bands.quantile(metric, low).value()?, bands.quantile(metric, high).value()?);
        (high > low).then_some((low, high))
    };
    let (low, high) = ENDS.into_iter().find_map(ends)?;
    let (low, width, parts) = if metric == Metric::LongestLosingStreak {
        // Whole numbers, each in the middle of its part; a few to a part where there are very many.
        let each = ((high - low + 1.0) / 50.0).ceil();
        (low - 0.5, each, whole(((high - low + 1.0) / each).ceil()))
    } else {
        (low, (high - low) / count(PARTS), PARTS)
    };
    let edges: Vec<f64> = (0..=parts).map(|at| low + width * count(at)).collect();
    let shares = |bands: Option<&Bands>| bands.map(|bands| bands.shares_between(metric, &edges));
    let independent = shares(Some(&reference.independent));
    let clustered = shares(reference.clustered.as_ref());
    let at = |shares: Option<&Vec<f64>>, at: usize| -> Figure {
        shares.and_then(|all| all.get(at)).copied().ok_or(Undefined::NotGiven).into()
    };
    let part = |n: usize| Part {
        from: edges[n],
        to: edges[n + 1],
        independent: at(independent.as_ref(), n),
        clustered: at(clustered.as_ref(), n),
    };
    Some((0..parts).map(part).collect())
}
