//! How sure a Sharpe ratio is. All ratios here are those of one period; observations are periods.
//!
//! Sources: Lo (FAJ 2002); Mertens (2002); Bailey and Lopez de Prado, The Sharpe Ratio Efficient Frontier (J. Risk 15(2),
//! 2012) and The Deflated Sharpe Ratio (JPM 2014).

use crate::Undefined;
use crate::figure::count;
use crate::special::{normal, normal_inverse};

const EULER: f64 = 0.577_215_664_901_532_9;

/// What the variance of the estimate has beside 1/T: `1 - g3 SR + (g4 - 1)/4 SR^2` (Mertens). Undefined unless above zero.
pub fn variance_term(sharpe: f64, skew: f64, kurtosis: f64) -> Result<f64, Undefined> {
    let term = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
    if term > 0.0 { Ok(term) } else { Err(Undefined::NoVariance) }
}

/// The standard error for independent returns of this shape; skew 0 and kurtosis 3 give Lo's `sqrt((1 + SR^2/2)/T)`.
pub fn standard_error(sharpe: f64, n: usize, skew: f64, kurtosis: f64) -> Result<f64, Undefined> {
    if n == 0 {
        Err(Undefined::TooFew)
    } else {
        Ok((variance_term(sharpe, skew, kurtosis)? / count(n)).sqrt())
    }
}

/// The probability that the true ratio is above `benchmark` (probabilistic Sharpe ratio).
pub fn probabilistic(
    sharpe: f64,
    benchmark: f64,
    n: usize,
    skew: f64,
    kurtosis: f64,
) -> Result<f64, Undefined> {
    if n < 2 {
        return Err(Undefined::TooFew);
    }
    let term = variance_term(sharpe, skew, kurtosis)?;
    Ok(normal((sharpe - benchmark) * (count(n) - 1.0).sqrt() / term.sqrt()))
}

/// How many observations it takes to be sure, at this confidence, that the true ratio is above `benchmark`
/// (minimum track record length).
pub fn minimum_record(
    sharpe: f64,
    benchmark: f64,
    confidence: f64,
    skew: f64,
    kurtosis: f64,
) -> Result<f64, Undefined> {
    if sharpe <= benchmark {
        return Err(Undefined::NotAbove);
    }
    let term = variance_term(sharpe, skew, kurtosis)?;
    Ok(1.0 + term * (normal_inverse(confidence) / (sharpe - benchmark)).powi(2))
}

/// The best ratio to be expected of so many trials without any edge, whose ratios spread by `spread`.
pub fn expected_best(trials: usize, spread: f64) -> Result<f64, Undefined> {
    match trials {
        0 => Err(Undefined::TooFew),
        1 => Ok(0.0),
        n => {
            let z = |share: f64| normal_inverse(1.0 - share / count(n));
            Ok(spread * ((1.0 - EULER) * z(1.0) + EULER * z((-1.0_f64).exp())))
        }
    }
}

/// The probability that the true ratio is above what the best of so many trials would show by chance (deflated Sharpe
/// ratio). `spread` is the standard deviation of the ratios of all trials, per period.
pub fn deflated(
    sharpe: f64,
    n: usize,
    skew: f64,
    kurtosis: f64,
    trials: usize,
    spread: f64,
) -> Result<f64, Undefined> {
    probabilistic(sharpe, expected_best(trials, spread)?, n, skew, kurtosis)
}

/// By what a ratio per period becomes one of `periods` periods when returns correlate (Lo): `q / sqrt(q + 2 sum (q - k) rho_k)`.
/// `correlations` begins with lag 1; lags that are not there count as zero.
pub fn annualisation(periods: usize, correlations: &[f64]) -> Result<f64, Undefined> {
    let q = count(periods);
    let sum: f64 = correlations.iter().zip(1..periods).map(|(rho, k)| (q - count(k)) * rho).sum();
    let under = q + 2.0 * sum;
    if periods > 0 && under > 0.0 { Ok(q / under.sqrt()) } else { Err(Undefined::NoVariance) }
}
