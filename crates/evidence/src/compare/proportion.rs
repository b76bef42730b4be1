//! Intervals for a share of wins: Clopper and Pearson (1934), exact and never too narrow; Wilson (1927), close on average
//! (Brown, Cai and DasGupta 2001).

use serde::{Deserialize, Serialize};

use crate::figure::count;
use crate::special::{beta_inverse, normal_inverse};

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether it holds this value.
    pub fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The exact interval for `k` of `n` at this confidence; all shares when `n` is 0.
pub fn clopper_pearson(k: usize, n: usize, confidence: f64) -> Interval {
    let tail = (1.0 - confidence) / 2.0;
    let (won, lost) = (count(k.min(n)), count(n - k.min(n)));
    Interval {
        low: if k == 0 { 0.0 } else { beta_inverse(tail, won, lost + 1.0) },
        high: if k >= n { 1.0 } else { beta_inverse(1.0 - tail, won + 1.0, lost) },
    }
}

/// Wilson's interval for `k` of `n` at this confidence; all shares when `n` is 0.
pub fn wilson(k: usize, n: usize, confidence: f64) -> Interval {
    if n == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let z = normal_inverse(0.5 + confidence / 2.0);
    let (n, share) = (count(n), count(k.min(n)) / count(n));
    let scale = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / scale;
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / scale;
    // The ends are exact at 0 and n; only rounding says otherwise.
    Interval {
        low: if k == 0 { 0.0 } else { centre - half },
        high: if share >= 1.0 { 1.0 } else { centre + half },
    }
}
