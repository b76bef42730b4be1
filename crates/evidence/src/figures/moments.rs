//! Mean, spread and shape of observations.

use serde::{Deserialize, Serialize};

use crate::Undefined;
use crate::figure::count;

/// Mean, spread and shape. Skew and kurtosis are those of the population (divisor n), as PSR and DSR take them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// How many observations.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// The standard deviation of the sample (divisor n - 1).
    pub sd: f64,
    /// Third standardised moment, divisor n.
    pub skew: f64,
    /// Fourth standardised moment, divisor n, 3 for a normal.
    pub kurtosis: f64,
}

impl Moments {
    /// Of at least two observations that are not all the same.
    pub fn of(values: &[f64]) -> Result<Self, Undefined> {
        let n = count(values.len());
        if values.len() < 2 {
            return Err(Undefined::TooFew);
        }
        let mean = mean(values)?;
        let power = |k: i32| values.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
        let variance = power(2);
        // What is only the rounding of equal observations is no spread.
        if !variance.is_finite() || variance.sqrt() <= mean.abs() * 1e-13 {
            return Err(Undefined::NoSpread);
        }
        Ok(Self {
            n: values.len(),
            mean,
            sd: (variance * n / (n - 1.0)).sqrt(),
            skew: power(3) / variance.powf(1.5),
            kurtosis: power(4) / (variance * variance),
        })
    }

    /// Skew with the usual correction for small samples (pandas, SAS).
    pub fn corrected_skew(&self) -> Result<f64, Undefined> {
        let n = count(self.n);
        if self.n < 3 { Err(Undefined::TooFew) } else { Ok(self.skew * (n * (n - 1.0)).sqrt() / (n - 2.0)) }
    }

    /// Kurtosis above that of a normal, with the usual correction for small samples (pandas, SAS).
    pub fn corrected_excess(&self) -> Result<f64, Undefined> {
        let n = count(self.n);
        if self.n < 4 {
            return Err(Undefined::TooFew);
        }
        Ok((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * self.kurtosis - 3.0 * (n - 1.0)))
    }
}

/// The arithmetic mean of at least one observation.
pub fn mean(values: &[f64]) -> Result<f64, Undefined> {
    if values.is_empty() {
        Err(Undefined::TooFew)
    } else {
        Ok(values.iter().sum::<f64>() / count(values.len()))
    }
}

/// The quantile between sorted observations, on the line between neighbours (numpy's default, Hyndman-Fan 7).
pub fn quantile(sorted: &[f64], p: f64) -> Result<f64, Undefined> {
    let last = sorted.len().checked_sub(1).ok_or(Undefined::TooFew)?;
    let place = p.clamp(0.0, 1.0) * count(last);
    let below = whole(place).min(last);
    let above = (below + 1).min(last);
    let share = place - count(below);
    // Equal neighbours first: between two that are infinite there is no line.
    #[expect(clippy::float_cmp, reason = "equal neighbours need no line between them")]
    let same = sorted[below] == sorted[above] || share == 0.0;
    Ok(if same { sorted[below] } else { sorted[below] + share * (sorted[above] - sorted[below]) })
}

/// A number that is not negative, without its fraction.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and no fraction is wanted"
)]
pub(crate) fn whole(x: f64) -> usize {
    x as usize
}

/// Observations in rising order.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut all = values.to_vec();
    all.sort_by(f64::total_cmp);
    all
}

/// The correlation of observations with those `lag` places later (divisor n, as Lo takes it).
pub fn autocorrelation(values: &[f64], lag: usize) -> Result<f64, Undefined> {
    let mean = mean(values)?;
    let variance: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    if lag >= values.len() {
        return Err(Undefined::TooFew);
    }
    if variance <= 0.0 {
        return Err(Undefined::NoSpread);
    }
    let product: f64 = values.iter().zip(&values[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum();
    Ok(product / variance)
}
