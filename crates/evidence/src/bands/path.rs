//! All figures of a sample, in one pass over its trades.

use super::Metric;
use crate::figure::{Figure, Undefined, count};

/// The figures of one sample, by [`Metric`]: infinite when there is no loss, not a number when undefined.
pub(crate) type Draw = [f64; Metric::COUNT];

/// The figures of a sample in the order of its trades.
#[inline]
pub(crate) fn draw(values: &[f64], share_per_unit: Option<f64>) -> Draw {
    let (mut gain, mut loss) = (0.0_f64, 0.0_f64);
    let (mut wins, mut losses) = (0_u32, 0_u32);
    let (mut sum, mut peak, mut deepest) = (0.0_f64, 0.0_f64, 0.0_f64);
    let (mut streak, mut longest) = (0_u32, 0_u32);
    for &x in values {
        if x > 0.0 {
            gain += x;
            wins += 1;
        }
        if x < 0.0 {
            loss -= x;
            losses += 1;
            streak += 1;
            longest = longest.max(streak);
        } else {
            streak = 0;
        }
        sum += x;
        peak = peak.max(sum);
        deepest = deepest.max(peak - sum);
    }
    let none = f64::NAN;
    let by_losses = |top: f64, bottom: f64| match (wins, losses) {
        (0, 0) => none,
        (_, 0) => f64::INFINITY,
        _ => top / bottom,
    };
    let (w, l) = (f64::from(wins), f64::from(losses));
    let n = count(values.len());
    [
        if values.is_empty() { none } else { w / n },
        by_losses(gain, loss),
        if values.is_empty() { none } else { sum / n },
        if wins == 0 { none } else { by_losses(gain * l, loss * w) },
        deepest,
        share_per_unit.map_or(none, |share| deepest_share(values, share)),
        f64::from(longest),
    ]
}

/// The deepest fall of equity below its highest point when each unit moves it by `share`. All of it, once all is lost.
fn deepest_share(values: &[f64], share: f64) -> f64 {
    let (mut equity, mut peak, mut deepest) = (1.0_f64, 1.0_f64, 0.0_f64);
    for &x in values {
        equity *= 1.0 + share * x;
        if equity <= 0.0 {
            return 1.0;
        }
        // The quotient is taken at new lows only: the fall from a peak is deepest at the lowest point after it.
        if equity > peak {
            peak = equity;
        } else if equity < peak * (1.0 - deepest) {
            deepest = 1.0 - equity / peak;
        }
        // Keeps long and lucky samples within what a number holds.
        if peak > 1e100 {
            equity /= peak;
            peak = 1.0;
        }
    }
    deepest
}

/// A drawn number as a figure.
pub(crate) fn figure(metric: Metric, x: f64) -> Figure {
    if x.is_nan() {
        let why = match metric {
            Metric::MaxDrawdownShare => Undefined::NotGiven,
            Metric::Payoff => Undefined::NoWins,
            Metric::ProfitFactor => Undefined::OnlyScratches,
            _ => Undefined::NoTrades,
        };
        return why.into();
    }
    if x.is_infinite() { Undefined::NoLosses.into() } else { x.into() }
}

/// The figures of trades as they were, by [`Metric::ALL`].
pub fn figures(values: &[f64], share_per_unit: Option<f64>) -> Vec<(Metric, Figure)> {
    let drawn = draw(values, share_per_unit);
    Metric::ALL.iter().map(|m| (*m, figure(*m, drawn[m.index()]))).collect()
}
