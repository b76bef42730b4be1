//! How long losses come in a row by chance, exactly. Independent trades: the recursion of de Moivre (Feller, vol. 1, ch.
//! XIII), kept as the probability that a row comes, which only adds and so holds for the smallest tails. Trades whose
//! losses follow losses: the states of a Markov chain.

use serde::{Deserialize, Serialize};

use crate::figure::{Figure, count};
use crate::special::bisect;

/// P(at least `k` losses in a row in `n` independent trades), each lost with probability `u`.
pub fn at_least(k: usize, n: usize, u: f64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    if k > n {
        return 0.0;
    }
    let row = u.powf(count(k));
    let begins = (1.0 - u) * row;
    // came[i] is the probability that a row came within k + i trades.
    let mut came = vec![row];
    for i in 1..=n - k {
        let free = if i > k { 1.0 - came[i - k - 1] } else { 1.0 };
        came.push(came[i - 1] + begins * free);
    }
    came[n - k].min(1.0)
}

/// P(at least `k` losses in a row in `n` trades) when a share `u` is lost in the long run and a loss follows a loss with
/// probability `a`.
pub fn at_least_with_runs(k: usize, n: usize, u: f64, a: f64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    if k > n || u <= 0.0 {
        return 0.0;
    }
    let after_win = if u < 1.0 { (u * (1.0 - a) / (1.0 - u)).clamp(0.0, 1.0) } else { 1.0 };
    // state[j] is the probability to have lost the last j, and never yet k in a row.
    let mut state = vec![0.0; k];
    state[0] = 1.0 - u;
    let mut came = 0.0;
    if k == 1 {
        came = u;
    } else {
        state[1] = u;
    }
    for _ in 1..n {
        let running: f64 = state[1..].iter().sum();
        let last = if k == 1 { state[0] * after_win } else { state[k - 1] * a };
        let zero = state[0] * (1.0 - after_win) + (1.0 - a) * running;
        let one = state[0] * after_win;
        for j in (2..k).rev() {
            state[j] = state[j - 1] * a;
        }
        if k > 1 {
            state[1] = one;
        }
        state[0] = zero;
        came += last;
    }
    came.min(1.0)
}

/// The smallest length that the longest row does not exceed with this probability. `tail(k)` is P(at least k).
pub fn quantile(share: f64, n: usize, tail: impl Fn(usize) -> f64) -> usize {
    (0..n).find(|k| 1.0 - tail(k + 1) >= share).unwrap_or(n)
}

/// The mean length of the longest row: the sum of the tails.
pub fn mean(n: usize, tail: impl Fn(usize) -> f64) -> f64 {
    (1..=n).map(tail).take_while(|p| *p > 1e-15).sum()
}

/// How often the longest row of so many trades has just this length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chance {
    /// Losses in a row.
    pub length: usize,
    /// When trades are independent.
    pub independent: Figure,
    /// When losses follow losses as in the backtest.
    pub clustered: Figure,
}

/// The distribution of the longest row of `n` trades, exactly, up to the length that all but one of a thousand samples stay
/// below, or to `least` if that is longer. `a` is the probability of a loss after a loss, where it is known.
pub fn chances(n: usize, u: f64, a: Figure, least: usize) -> Vec<Chance> {
    // The least correlation is none: what is measured below it is chance.
    let a = a.map(|a| a.max(u));
    let clustered = |k: usize| a.map(|a| at_least_with_runs(k, n, u, a));
    let farthest = quantile(0.999, n, |k| clustered(k).value().unwrap_or_else(|| at_least(k, n, u)));
    (0..=farthest.max(least).min(n))
        .map(|k| Chance {
            length: k,
            independent: (at_least(k, n, u) - at_least(k + 1, n, u)).max(0.0).into(),
            clustered: clustered(k)
                .get()
                .and_then(|p| Ok(p - clustered(k + 1).get()?))
                .map(|p| p.max(0.0))
                .into(),
        })
        .collect()
}

/// How probable a loss must be after a loss, so that half of such records have a row of at least `streak`. None when
/// independent trades have it as often already.
pub fn loss_after_loss(streak: usize, n: usize, u: f64) -> Option<f64> {
    if u <= 0.0 || u >= 1.0 || at_least(streak, n, u) >= 0.5 {
        return None;
    }
    Some(bisect(u, 1.0, |a| at_least_with_runs(streak, n, u, a) < 0.5))
}

/// By how much runs widen the spread of a mean: (1 + rho)/(1 - rho), rho the correlation of neighbours' signs.
pub fn variance_inflation(u: f64, a: f64) -> f64 {
    let rho = (a - u) / (1.0 - u);
    (1.0 + rho) / (1.0 - rho)
}
