//! Functions of probability: the normal, beta, gamma and binomial distributions. The sums are those of statrs; the
//! inverses are found here by bisection, which is exact to the last digits wherever the sums are.

use statrs::function::{beta, erf, gamma};

use crate::figure::count;

/// The share of a standard normal below `z`.
pub(crate) fn normal(z: f64) -> f64 {
    0.5 * erf::erfc(-z / std::f64::consts::SQRT_2)
}

/// Where a share `p` of a standard normal lies below.
pub(crate) fn normal_inverse(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * p)
}

/// The regularised incomplete beta function I_x(a, b).
pub(crate) fn beta_share(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else {
        beta::beta_reg(a, b, x)
    }
}

/// The logarithm of the beta function.
pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    gamma::ln_gamma(a) + gamma::ln_gamma(b) - gamma::ln_gamma(a + b)
}

/// Where a share `p` of Beta(a, b) lies below.
pub(crate) fn beta_inverse(p: f64, a: f64, b: f64) -> f64 {
    bisect(0.0, 1.0, |x| beta_share(a, b, x) < p)
}

/// Where a share `p` of Gamma(shape, 1) lies below.
pub(crate) fn gamma_inverse(p: f64, shape: f64) -> f64 {
    let mut high = shape.max(1.0);
    while gamma::gamma_lr(shape, high) < p && high < 1e6 {
        high *= 2.0;
    }
    bisect(0.0, high, |x| gamma::gamma_lr(shape, x) < p)
}

/// The place between two bounds up to which `is_below` holds.
pub(crate) fn bisect(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let middle = low.midpoint(high);
        if middle <= low || middle >= high {
            break;
        }
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low.midpoint(high)
}

/// P(at most `k` of `n`), each with probability `p`.
pub(crate) fn binomial_at_most(k: usize, n: usize, p: f64) -> f64 {
    if k >= n { 1.0 } else { beta_share(count(n - k), count(k) + 1.0, 1.0 - p) }
}

/// P(at least `k` events) when `mean` are expected (Poisson).
pub(crate) fn poisson_at_least(k: usize, mean: f64) -> f64 {
    if k == 0 {
        1.0
    } else if mean <= 0.0 {
        0.0
    } else {
        gamma::gamma_lr(count(k), mean)
    }
}

/// P(at most `k` events) when `mean` are expected (Poisson).
pub(crate) fn poisson_at_most(k: usize, mean: f64) -> f64 {
    if mean <= 0.0 { 1.0 } else { gamma::gamma_ur(count(k) + 1.0, mean) }
}
