//! Tests for those who look every day. Wald's SPRT and Page's CUSUM for a win rate that fell; an e-process and a confidence
//! sequence that hold at any time of looking (Ville 1939; Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021; Waudby-
//! Smith and Ramdas 2023). All take trades as independent; `inflation` divides each step's evidence where they are not.

use serde::{Deserialize, Serialize};

use super::proportion::Interval;
use crate::figure::count;
use crate::figures::moments::mean;
use crate::special::{beta_share, bisect, ln_beta};

/// The evidence that one trade gives for a win rate of `p1` instead of `p0`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Steps {
    /// Of a win: ln(p1 / p0).
    pub win: f64,
    /// Of a loss: ln((1 - p1) / (1 - p0)).
    pub loss: f64,
}

impl Steps {
    /// For these two rates.
    pub fn of(p0: f64, p1: f64) -> Self {
        Self { win: (p1 / p0).ln(), loss: ((1.0 - p1) / (1.0 - p0)).ln() }
    }

    /// Of one trade; what is neither won nor lost counts as not won.
    pub fn of_trade(self, is_won: bool) -> f64 {
        if is_won { self.win } else { self.loss }
    }
}

/// What a sequential test came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// The rate is the backtest's.
    AsBefore,
    /// The rate is the lower one.
    Fell,
    /// More trades are needed.
    Open,
}

/// Wald's sequential probability ratio test of a win rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sprt {
    /// The rate of the backtest.
    pub p0: f64,
    /// The rate that is feared.
    pub p1: f64,
    /// The evidence so far; it stands still after a decision.
    pub sum: f64,
    /// At or above this the rate fell: ln((1 - beta) / alpha).
    pub upper: f64,
    /// At or below this it did not: ln(beta / (1 - alpha)).
    pub lower: f64,
    /// The decision.
    pub found: Found,
    /// After how many trades.
    pub after: usize,
}

impl Sprt {
    /// Before the first trade; both errors are `alpha`.
    pub fn new(p0: f64, p1: f64, alpha: f64) -> Self {
        let upper = ((1.0 - alpha) / alpha).ln();
        Self { p0, p1, sum: 0.0, upper, lower: -upper, found: Found::Open, after: 0 }
    }

    /// Takes one more trade in, and says what was found; nothing changes that any more.
    pub fn take(&mut self, is_won: bool, inflation: f64) -> Found {
        if self.found == Found::Open {
            self.sum += Steps::of(self.p0, self.p1).of_trade(is_won) / inflation;
            self.after += 1;
            if self.sum >= self.upper {
                self.found = Found::Fell;
            } else if self.sum <= self.lower {
                self.found = Found::AsBefore;
            }
        }
        self.found
    }
}

/// Runs the test over trades won or not; both errors are `alpha`.
pub fn sprt(won: &[bool], p0: f64, p1: f64, alpha: f64, inflation: f64) -> Sprt {
    let mut test = Sprt::new(p0, p1, alpha);
    for is_won in won {
        test.take(*is_won, inflation);
    }
    test
}

/// Page's CUSUM of a win rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    /// The rate of the backtest.
    pub p0: f64,
    /// The rate that is feared.
    pub p1: f64,
    /// It alarms here.
    pub limit: f64,
    /// Where it stands.
    pub now: f64,
    /// Trades taken in.
    pub taken: usize,
    /// After which trades it alarmed, from 1; it begins anew each time.
    pub alarms: Vec<usize>,
}

impl Cusum {
    /// Before the first trade.
    pub fn new(p0: f64, p1: f64, limit: f64) -> Self {
        Self { p0, p1, limit, now: 0.0, taken: 0, alarms: Vec::new() }
    }

    /// Takes one more trade in, `max(0, S + step)`, and says whether it alarms.
    pub fn take(&mut self, is_won: bool, inflation: f64) -> bool {
        let step = Steps::of(self.p0, self.p1).of_trade(is_won) / inflation;
        self.now = (self.now + step).max(0.0);
        self.taken += 1;
        let alarms = self.now >= self.limit;
        if alarms {
            self.alarms.push(self.taken);
            self.now = 0.0;
        }
        alarms
    }
}

/// Runs it over trades won or not.
pub fn cusum(won: &[bool], p0: f64, p1: f64, limit: f64, inflation: f64) -> Cusum {
    let mut chart = Cusum::new(p0, p1, limit);
    for is_won in won {
        chart.take(*is_won, inflation);
    }
    chart
}

/// Log evidence, after `k` wins of `n`, against a win rate of at least `p0`: a mixture over all lower rates. Above ln(20)
/// at any time is an alarm of 5 %.
pub fn ln_e_value(k: usize, n: usize, p0: f64) -> f64 {
    let (k, lost) = (count(k), count(n - k));
    let (a, b) = (1.0 + k, 1.0 + lost);
    ln_beta(a, b) + beta_share(a, b, p0).ln() - p0.ln() - k * p0.ln() - lost * (1.0 - p0).ln()
}

/// The largest log evidence over all looks, and after which trade: what an alarm is judged by.
pub fn largest_ln_e_value(won: &[bool], p0: f64) -> (f64, usize) {
    let mut wins = 0;
    won.iter().enumerate().fold((0.0, 0), |(most, at), (index, is_won)| {
        wins += usize::from(*is_won);
        let now = ln_e_value(wins, index + 1, p0);
        if now > most { (now, index + 1) } else { (most, at) }
    })
}

/// The win rates that are compatible with `k` of `n` however often one looked: a mixture over all rates.
pub fn rate_sequence(k: usize, n: usize, alpha: f64) -> Interval {
    if n == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (won, lost) = (count(k), count(n - k));
    let base = ln_beta(1.0 + won, 1.0 + lost) + alpha.ln();
    let likelihood = |p: f64| {
        let part = |n: f64, p: f64| if n > 0.0 { n * p.ln() } else { 0.0 };
        part(won, p) + part(lost, 1.0 - p)
    };
    let share = won / count(n);
    Interval {
        low: if k == 0 { 0.0 } else { bisect(0.0, share, |p| likelihood(p) <= base) },
        high: if k == n { 1.0 } else { bisect(share, 1.0, |p| likelihood(p) > base) },
    }
}

/// By how much a mean may be off, however often one looked, for a spread of `sd`: an asymptotic confidence sequence that is
/// narrowest near 200 observations.
pub fn mean_radius(n: usize, sd: f64, alpha: f64) -> f64 {
    const NARROWEST: f64 = 200.0;
    let a = -2.0 * alpha.ln();
    let r2 = (a + a.ln() + 1.0) / NARROWEST;
    let n = count(n);
    sd * (2.0 * (n * r2 + 1.0) / (n * n * r2) * ((n * r2 + 1.0).sqrt() / alpha).ln()).sqrt()
}

/// Log evidence against a mean of at least `least`, by betting: each value, no larger than `most`, wins a bet on "less".
/// Bets are spread evenly over the sizes that cannot lose everything. Choose `most` before looking, and clip the backtest
/// in the same way when `least` is computed.
pub fn ln_bet_against(values: &[f64], least: f64, most: f64) -> f64 {
    ln_mixture(&values.iter().map(|x| least - x.min(most)).collect::<Vec<_>>(), most - least)
}

/// Log evidence for a mean above zero, by betting; each value is taken as no smaller than `-worst`.
pub fn ln_bet_for(values: &[f64], worst: f64) -> f64 {
    ln_mixture(&values.iter().map(|x| x.max(-worst)).collect::<Vec<_>>(), worst)
}

/// The mean over twenty sizes of bets of what each made of one; `loss` is the most that one unit can lose.
fn ln_mixture(gains: &[f64], loss: f64) -> f64 {
    const SIZES: usize = 20;
    if loss <= 0.0 {
        return 0.0;
    }
    let made: Vec<f64> = (1..=SIZES)
        .map(|size| {
            let bet = count(size) / count(SIZES + 1) / loss;
            gains.iter().map(|gain| (1.0 + bet * gain).ln()).sum::<f64>()
        })
        .collect();
    let most = made.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = made.iter().map(|x| (x - most).exp()).collect();
    most + mean(&shares).map_or(0.0, f64::ln)
}

/// Evidence of this size that the rate fell is to be looked at.
pub const LOOK: f64 = 5.0;
/// Evidence of this size is an alarm of 5 %, however often one looks.
pub const ALARM: f64 = 20.0;

/// Where the tests stand after so many trades.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// After how many trades.
    pub trades: usize,
    /// Log evidence that the rate is below the backtest's.
    pub ln_e: f64,
    /// The sum of the SPRT; it stands still after a decision.
    pub sprt: f64,
}

/// The way of both tests, by no more than `most` places; the last one is always there.
pub fn looks(won: &[bool], rate: f64, break_even: f64, inflation: f64, most: usize) -> Vec<Look> {
    let every = won.len().div_ceil(most.max(1)).max(1);
    let (mut wins, mut test) = (0, Sprt::new(rate, break_even, 0.05));
    let mut found = Vec::new();
    for (at, is_won) in won.iter().enumerate() {
        wins += usize::from(*is_won);
        test.take(*is_won, inflation);
        let trades = at + 1;
        if trades % every == 0 || trades == won.len() {
            found.push(Look { trades, ln_e: ln_e_value(wins, trades, rate) / inflation, sprt: test.sum });
        }
    }
    found
}

/// All tests that may be looked at every day, of one win rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequential {
    /// By what each trade's evidence is divided, for trades that are not independent.
    pub inflation: f64,
    /// The SPRT between the backtest's rate and break-even, both errors 5 %.
    pub sprt: Sprt,
    /// The CUSUM of a fall by 7 points, limit 4: look at it.
    pub amber: Cusum,
    /// The CUSUM of a fall by 12 points, limit 5: halve the size.
    pub red: Cusum,
    /// The largest evidence so far that the rate is below the backtest's; 20 is an alarm of 5 %.
    pub e_value: f64,
    /// After which trade that was.
    pub e_value_after: usize,
    /// The win rates compatible with all of it at 95 %, however often one looked.
    pub rates: Interval,
}

impl Sequential {
    /// Of trades won or not, in their order, against the backtest's rate and the one at which it comes out even.
    pub fn of(won: &[bool], rate: f64, break_even: f64, inflation: f64) -> Self {
        let wins = won.iter().filter(|is_won| **is_won).count();
        let (most, e_value_after) = largest_ln_e_value(won, rate);
        let least = |p: f64| p.max(0.01);
        Self {
            inflation,
            sprt: sprt(won, rate, break_even, 0.05, inflation),
            amber: cusum(won, rate, least(rate - 0.07), 4.0, inflation),
            red: cusum(won, rate, least(rate - 0.12), 5.0, inflation),
            e_value: (most / inflation).exp(),
            e_value_after,
            rates: rate_sequence(wins, won.len(), 0.05),
        }
    }
}
