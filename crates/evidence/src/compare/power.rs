//! What a sample of this size can tell. Tests are one-sided at 5 % unless said; shares by the exact binomial test.

use serde::{Deserialize, Serialize};

use crate::figure::{Figure, Undefined, count};
use crate::figures::moments::whole;
use crate::special::{binomial_at_most, normal, normal_inverse};

/// How often a sample of this size would see what it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// What would have to be seen.
    pub to_see: String,
    /// How often this many trades see it.
    pub value: Figure,
    /// How many trades see it in four of five cases.
    pub trades_for_80: Figure,
}

impl Power {
    /// Where there is no question of power.
    pub fn none(to_see: &str, why: Undefined) -> Self {
        Self { to_see: to_see.to_owned(), value: why.into(), trades_for_80: why.into() }
    }

    /// In a phrase; empty where there is no question of power.
    pub fn told(&self) -> String {
        let see = &self.to_see;
        let more = match self.trades_for_80 {
            Figure::Is(trades) => format!("; 80 % takes {trades:.0}"),
            Figure::Undefined { .. } => String::new(),
        };
        match self.value {
            _ if see.is_empty() => String::new(),
            Figure::Is(value) => format!("power {:.0} % to see {see}{more}", value * 100.0),
            Figure::Undefined { .. } => format!("power not known to see {see}{more}"),
        }
    }
}

/// The exact test of `n` trades against a win rate of `p0`: it is rejected at no more wins than this.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExactTest {
    /// The most wins that reject; none when even no win does not.
    pub reject_at: Option<usize>,
    /// How often it rejects although the rate is `p0`.
    pub size: f64,
    /// How often it rejects when the rate is `p1`.
    pub power: f64,
}

/// The exact one-sided test at `alpha`, and its power when the rate is `p1`.
pub fn exact(n: usize, p0: f64, p1: f64, alpha: f64) -> ExactTest {
    // From near the normal approximation: the exact limit is a few wins away.
    let near = count(n) * p0 + normal_inverse(alpha) * (count(n) * p0 * (1.0 - p0)).sqrt();
    let mut reject_at = Some(whole(near.max(0.0)).min(n));
    while let Some(k) = reject_at.filter(|k| binomial_at_most(*k, n, p0) > alpha) {
        reject_at = k.checked_sub(1);
    }
    while let Some(k) = reject_at.filter(|k| *k < n && binomial_at_most(*k + 1, n, p0) <= alpha) {
        reject_at = Some(k + 1);
    }
    let at = |p| reject_at.map_or(0.0, |k| binomial_at_most(k, n, p));
    ExactTest { reject_at, size: at(p0), power: at(p1) }
}

/// How many trades the exact test needs for this power: where it is first reached, and from where on it never falls
/// below again (it goes up and down like a saw). None above `most`.
pub fn exact_trades(p0: f64, p1: f64, alpha: f64, power: f64, most: usize) -> (Option<usize>, Option<usize>) {
    let approximate = normal_trades(p0, p1, alpha, power).value().map_or(most, whole);
    let end = most.min(approximate.saturating_mul(5) / 4 + 100);
    let reached = |n: usize| exact(n, p0, p1, alpha).power >= power;
    // Below four fifths of the approximation it is never reached.
    let from = (approximate / 5 * 4).saturating_sub(20).max(1);
    let first = (from..=end).find(|n| reached(*n));
    let last_below = first.and_then(|first| (first..=end).rev().find(|n| !reached(*n)));
    let safe = first.map(|first| last_below.map_or(first, |n| n + 1)).filter(|n| *n <= end);
    (first, safe)
}

/// Likewise by the normal approximation. Halve `alpha` for a test of both sides.
pub fn normal_trades(p0: f64, p1: f64, alpha: f64, power: f64) -> Figure {
    let gap = (p0 - p1).abs();
    if gap <= 0.0 {
        return Undefined::NotAbove.into();
    }
    let (za, zb) = (normal_inverse(1.0 - alpha), normal_inverse(power));
    let top = za * (p0 * (1.0 - p0)).sqrt() + zb * (p1 * (1.0 - p1)).sqrt();
    ((top / gap).powi(2).ceil()).into()
}

/// How many trades on each side tell two win rates apart, by the normal approximation, both sides.
pub fn two_sample_trades(p0: f64, p1: f64, alpha: f64, power: f64) -> Figure {
    let gap = (p0 - p1).abs();
    if gap <= 0.0 {
        return Undefined::NotAbove.into();
    }
    let (za, zb) = (normal_inverse(1.0 - alpha / 2.0), normal_inverse(power));
    let both = p0.midpoint(p1);
    let top = za * (2.0 * both * (1.0 - both)).sqrt() + zb * (p0 * (1.0 - p0) + p1 * (1.0 - p1)).sqrt();
    ((top / gap).powi(2)).into()
}

/// How often `n` trades of this mean and spread show a mean above zero, at 5 %; `inflation` is by what clustering widens
/// the variance.
pub fn mean_power(n: usize, mean: f64, sd: f64, inflation: f64) -> Figure {
    if sd <= 0.0 {
        return Undefined::NoSpread.into();
    }
    normal(mean * (count(n) / inflation).sqrt() / sd - normal_inverse(0.95)).into()
}

/// How many trades show it with this power: ((z + z') sd / mean)^2 times the inflation.
pub fn mean_trades(mean: f64, sd: f64, power: f64, inflation: f64) -> Figure {
    if mean <= 0.0 {
        return Undefined::NotAbove.into();
    }
    (((normal_inverse(0.95) + normal_inverse(power)) * sd / mean).powi(2) * inflation).into()
}

/// How many orders it takes until the largest of them is above their quantile `p` with 95 % confidence: 59 for the 95 %
/// quantile, 299 for the 99 %.
pub fn orders_for_quantile(p: f64) -> usize {
    whole((0.05_f64.ln() / p.ln()).ceil())
}
