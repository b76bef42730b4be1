//! How long losses come in a row by chance, exactly. Independent trades: the recursion of de Moivre (Feller, vol. 1, ch.
//! XIII), kept as the probability that a row comes, which only adds and so holds for the smallest tails. Trades whose
//! losses follow losses: the states of a Markov chain.

use crate::figure::count;
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
