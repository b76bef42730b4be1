//! Falls below the highest point. The curve begins at its starting value, so a loss in the first period counts.

use serde::{Deserialize, Serialize};

use crate::figure::{Undefined, count};

/// The deepest and the longest fall of a curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawdown {
    /// The deepest fall, as a share of the highest point before it: never above zero.
    pub max: f64,
    /// How far below its highest point the curve is at the end: never above zero.
    pub now: f64,
    /// Where the highest point before the deepest fall lies: periods from the start, 0 is the start itself.
    pub peak: usize,
    /// Where the deepest point lies.
    pub valley: usize,
    /// Where the curve is first at the height of the peak again; none while it is not.
    pub recovery: Option<usize>,
    /// The most periods in a row that ended below the highest point.
    pub longest_underwater: usize,
    /// The periods at the end that are below the highest point.
    pub underwater_now: usize,
    /// Root of the mean square of the falls over the periods (Martin's ulcer index, as a share).
    pub ulcer: f64,
}

impl Drawdown {
    /// Of the returns of periods.
    pub fn of(returns: &[f64]) -> Result<Self, Undefined> {
        if returns.is_empty() {
            return Err(Undefined::TooFew);
        }
        let falls = falls(returns);
        let mut found = Self {
            max: 0.0,
            now: *falls.last().unwrap_or(&0.0),
            peak: 0,
            valley: 0,
            recovery: Some(0),
            longest_underwater: 0,
            underwater_now: 0,
            ulcer: (falls.iter().map(|d| d * d).sum::<f64>() / count(falls.len())).sqrt(),
        };
        let mut peak = 0;
        for (index, fall) in falls.iter().enumerate() {
            let period = index + 1;
            if *fall < 0.0 {
                found.underwater_now += 1;
                found.longest_underwater = found.longest_underwater.max(found.underwater_now);
            } else {
                found.underwater_now = 0;
                if found.recovery.is_none() {
                    found.recovery = Some(period);
                }
                peak = period;
            }
            if *fall < found.max {
                (found.max, found.peak, found.valley, found.recovery) = (*fall, peak, period, None);
            }
        }
        Ok(found)
    }
}

/// How far below the highest point each period ended: never above zero.
pub fn falls(returns: &[f64]) -> Vec<f64> {
    let (mut value, mut peak) = (1.0_f64, 1.0_f64);
    let fall = |r: &f64| {
        value *= 1.0 + r;
        peak = peak.max(value);
        value / peak - 1.0
    };
    returns.iter().map(fall).collect()
}
