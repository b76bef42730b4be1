//! Where live figures fall in the bands.

use serde::{Deserialize, Serialize};

use super::path::{Draw, draw, figure};
use super::{Bands, Metric};
use crate::figure::{Figure, Undefined, count};
use crate::figures::moments::whole;

/// How far out a figure lies. Both sides count: too good is a defect too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zone {
    /// Between the 10 % and 90 % quantiles.
    Green,
    /// Beyond them, and between the 2.5 % and 97.5 % quantiles.
    Amber,
    /// Beyond those.
    Red,
    /// The figure is undefined.
    Unplaced,
}

/// Where one live figure falls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// Which figure.
    pub metric: Metric,
    /// What it is.
    pub live: Figure,
    /// The share of samples below it, those that are equal counted by half.
    pub percentile: Figure,
    /// How often chance gives so little or less: (1 + samples at or below) / (1 + samples).
    pub chance_of_less: Figure,
    /// How often chance gives so much or more.
    pub chance_of_more: Figure,
    /// How far out that is.
    pub zone: Zone,
}

/// All figures read together: the limit is calibrated so that one of twenty samples has any of them beyond it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Joint {
    /// Which figures.
    pub metrics: Vec<Metric>,
    /// The smallest tail among them, live.
    pub smallest_tail: f64,
    /// The smallest tail that nineteen of twenty samples have or exceed.
    pub limit: f64,
    /// Whether the live one does.
    pub is_inside: bool,
}

/// The defined values of one figure, in rising order.
pub(super) fn ordered(draws: &[Draw], metric: Metric) -> Vec<f64> {
    let mut all: Vec<f64> = draws.iter().map(|d| d[metric.index()]).filter(|x| !x.is_nan()).collect();
    all.sort_by(f64::total_cmp);
    all
}

fn percentile(sorted: &[f64], x: f64) -> f64 {
    let below = sorted.partition_point(|s| *s < x);
    let up_to = sorted.partition_point(|s| *s <= x);
    count(below + up_to) / 2.0 / count(sorted.len().max(1))
}

impl Bands {
    /// Where each figure of these trades falls.
    pub fn place(&self, live: &[f64]) -> Vec<Placement> {
        let drawn = draw(live, self.plan.share_per_unit);
        let metrics = Metric::ALL.into_iter();
        let shown = metrics.filter(|m| self.plan.share_per_unit.is_some() || *m != Metric::MaxDrawdownShare);
        shown.map(|metric| self.place_one(metric, drawn[metric.index()])).collect()
    }

    fn place_one(&self, metric: Metric, x: f64) -> Placement {
        let (live, sorted) = (figure(metric, x), self.sorted_of(metric));
        if x.is_nan() || sorted.is_empty() {
            let why = live.get().err().unwrap_or(Undefined::TooFew);
            let none = Figure::none(why);
            return Placement {
                metric,
                live,
                percentile: none,
                chance_of_less: none,
                chance_of_more: none,
                zone: Zone::Unplaced,
            };
        }
        let share = percentile(sorted, x);
        let chance = |n: usize| Figure::from((1.0 + count(n)) / (1.0 + count(sorted.len())));
        let tail = share.min(1.0 - share);
        let zone = if tail >= 0.10 {
            Zone::Green
        } else if tail >= 0.025 {
            Zone::Amber
        } else {
            Zone::Red
        };
        Placement {
            metric,
            live,
            percentile: share.into(),
            chance_of_less: chance(sorted.partition_point(|s| *s <= x)),
            chance_of_more: chance(sorted.len() - sorted.partition_point(|s| *s < x)),
            zone,
        }
    }

    /// All of [`Metric::TOGETHER`] read together (the min-p method of Westfall and Young 1993).
    pub fn joint(&self, live: &[f64]) -> Joint {
        self.joint_of(live, &Metric::TOGETHER, self.joint_limit)
    }

    /// Likewise for [`Metric::OF_GATES`].
    pub fn joint_of_gates(&self, live: &[f64]) -> Joint {
        self.joint_of(live, &Metric::OF_GATES, self.gate_limit)
    }

    fn joint_of(&self, live: &[f64], metrics: &[Metric], limit: f64) -> Joint {
        let smallest_tail = self.smallest_tail(&draw(live, self.plan.share_per_unit), metrics);
        Joint { metrics: metrics.to_vec(), smallest_tail, limit, is_inside: smallest_tail >= limit }
    }

    fn smallest_tail(&self, drawn: &Draw, metrics: &[Metric]) -> f64 {
        let tail = |metric: &Metric| {
            let x = drawn[metric.index()];
            let share = percentile(self.sorted_of(*metric), x);
            if x.is_nan() { 1.0 } else { share.min(1.0 - share) }
        };
        metrics.iter().map(tail).fold(1.0, f64::min)
    }

    /// The largest limit that no more than one of twenty samples falls below.
    pub(super) fn limit(&self, metrics: &[Metric]) -> f64 {
        let mut all: Vec<f64> = self.draws.iter().map(|drawn| self.smallest_tail(drawn, metrics)).collect();
        all.sort_by(f64::total_cmp);
        all.get(whole(0.05 * count(all.len()))).copied().unwrap_or(0.0)
    }
}
