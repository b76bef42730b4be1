//! Ledgers made up from headline figures. They stand in until a ledger of trades is there, and are labelled so.

use rand_chacha::ChaCha8Rng;

use super::source::uniform;
use crate::Undefined;
use crate::figure::count;
use crate::figures::moments::whole;
use crate::special::gamma_inverse;

/// Every win `payoff`, every loss 1.
pub fn two_point(payoff: f64) -> (Vec<f64>, Vec<f64>) {
    (vec![payoff], vec![-1.0])
}

/// A ledger of so many trades in units of its mean loss: wins spread as an exponential distribution, losses as a gamma
/// distribution of shape 4, both by their quantiles at (i + 0.5)/n, rescaled so that the means are exact. The wins come
/// first: what it holds is a distribution, not an order.
pub fn skewed(trades: usize, win_rate: f64, profit_factor: f64) -> Result<Vec<f64>, Undefined> {
    let wins = whole((count(trades) * win_rate).round());
    let losses = trades.saturating_sub(wins);
    if trades == 0 {
        return Err(Undefined::NoTrades);
    }
    if wins == 0 {
        return Err(Undefined::NoWins);
    }
    if losses == 0 {
        return Err(Undefined::NoLosses);
    }
    let middle = |i: usize, n: usize| (count(i) + 0.5) / count(n);
    let won = (0..wins).map(|i| -(1.0 - middle(i, wins)).ln()).collect();
    let lost = (0..losses).map(|j| gamma_inverse(middle(j, losses), 4.0)).collect();
    let mut ledger = rescaled(won, profit_factor * count(losses) / count(wins));
    ledger.extend(rescaled(lost, 1.0).iter().map(|x| -x));
    Ok(ledger)
}

fn rescaled(values: Vec<f64>, mean: f64) -> Vec<f64> {
    let by = mean * count(values.len()) / values.iter().sum::<f64>();
    values.into_iter().map(|x| x * by).collect()
}

/// A number from a beta distribution, as the share of one of two gammas.
pub(super) fn beta_variate(random: &mut ChaCha8Rng, a: f64, b: f64) -> f64 {
    let (x, y) = (gamma_variate(random, a), gamma_variate(random, b));
    if x + y > 0.0 { x / (x + y) } else { 0.5 }
}

/// A number from a gamma distribution (Marsaglia and Tsang 2000).
fn gamma_variate(random: &mut ChaCha8Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        let more = gamma_variate(random, shape + 1.0);
        return more * (1.0 - uniform(random)).powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal_variate(random);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - uniform(random)).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// A number from a standard normal distribution (Box and Muller 1958).
pub(crate) fn normal_variate(random: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(random)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(random)).cos()
}
