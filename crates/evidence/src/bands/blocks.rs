//! How long blocks must be to keep what neighbours have in common: Politis and White (2004) with the correction of
//! Patton, Politis and White (2009), as `arch.bootstrap.optimal_block_length` computes it.

use serde::{Deserialize, Serialize};

use crate::Undefined;
use crate::figure::count;
use crate::figures::moments::{mean, whole};

/// The best length of a block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockLength {
    /// On average, where lengths are drawn.
    pub stationary: f64,
    /// Where they are fixed.
    pub circular: f64,
}

/// The best length for the mean of these observations, in their order. Capped at a third of them.
pub fn best(values: &[f64]) -> Result<BlockLength, Undefined> {
    let n = values.len();
    if n < 9 {
        return Err(Undefined::TooFew);
    }
    let nf = count(n);
    let mean = mean(values)?;
    let eps: Vec<f64> = values.iter().map(|x| x - mean).collect();
    let most = (3.0 * nf.sqrt()).min(nf / 3.0).ceil();
    let quiet = 5.max(whole(nf.log10()));
    let last = (whole(nf.sqrt().ceil()) + quiet).min(n - 2);
    let critical = 2.0 * (nf.log10() / nf).sqrt();
    let square = |part: &[f64]| part.iter().map(|e| e * e).sum::<f64>();
    let (mut covariance, mut correlation) = (Vec::new(), Vec::<f64>::new());
    let mut order = None;
    for lag in 0..=last {
        let product: f64 = eps[lag..].iter().zip(&eps).map(|(a, b)| a * b).sum();
        let spread = (square(&eps[lag + 1..]) * square(&eps[..n - lag - 1])).sqrt();
        if spread <= 0.0 {
            return Err(Undefined::NoSpread);
        }
        covariance.push(product / nf);
        correlation.push(product.abs() / spread);
        if lag >= quiet && order.is_none() && correlation[lag - quiet..lag].iter().all(|c| *c < critical) {
            order = Some(lag - quiet);
        }
    }
    let window = order.map_or(last, |order| 2 * order.max(1)).min(last);
    let (mut g, mut variance) = (0.0, covariance[0]);
    for (lag, value) in covariance.iter().enumerate().skip(1).take(window) {
        let place = count(lag) / count(window);
        let weight = if place <= 0.5 { 1.0 } else { 2.0 * (1.0 - place) };
        g += 2.0 * weight * count(lag) * value;
        variance += 2.0 * weight * value;
    }
    if variance <= 0.0 {
        return Err(Undefined::NoVariance);
    }
    let length = |d: f64| (2.0 * g * g / d).cbrt() * nf.cbrt();
    let square = variance * variance;
    Ok(BlockLength {
        stationary: length(2.0 * square).min(most),
        circular: length(4.0 / 3.0 * square).min(most),
    })
}
