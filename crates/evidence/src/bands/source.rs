//! Where the trades of a sample come from. A ledger is drawn from as it is, alone or in blocks that keep together what
//! ended together; a model draws a sign, and then a size from the wins or the losses.
//!
//! Sources: Efron and Tibshirani; Politis and Romano (JASA 1994).

use std::fmt;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::generators::beta_variate;
use crate::figure::count;

/// How trades are drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Each trade by itself, with replacement: a lower bound of what chance does.
    Independent {
        /// The ledger.
        values: Vec<f64>,
    },
    /// Blocks of a fixed length that begin anywhere; after the last trade comes the first.
    Circular {
        /// The ledger, in order.
        values: Vec<f64>,
        /// Trades in a block.
        length: usize,
    },
    /// Blocks of a length that is drawn: after each trade a new block begins with probability 1/length.
    Stationary {
        /// The ledger, in order.
        values: Vec<f64>,
        /// The mean length of a block, at least 1.
        length: f64,
    },
    /// Weeks of the calendar, whole: trades that ended together stay together, in their order.
    Weeks {
        /// The ledger, in order.
        values: Vec<f64>,
        /// Where each week begins in it.
        starts: Vec<usize>,
    },
    /// A sign by itself, then a size.
    Signs {
        /// The sizes of wins.
        wins: Vec<f64>,
        /// The losses, below zero.
        losses: Vec<f64>,
        /// The probability of a win.
        win_rate: f64,
    },
    /// A sign that depends on the one before, then a size.
    Markov {
        /// The sizes of wins.
        wins: Vec<f64>,
        /// The losses, below zero.
        losses: Vec<f64>,
        /// The share of losses in the long run.
        loss_rate: f64,
        /// The probability of a loss after a loss.
        loss_after_loss: f64,
    },
    /// Batches of trades that end together and share a probability of winning, which is drawn from a beta distribution.
    Batches {
        /// The sizes of wins.
        wins: Vec<f64>,
        /// The losses, below zero.
        losses: Vec<f64>,
        /// The mean probability of a win.
        win_rate: f64,
        /// Trades in a batch.
        size: usize,
        /// Correlation of two trades of a batch, between 0 and 1.
        correlation: f64,
    },
}

impl Source {
    /// The weeks of a ledger: `weeks` never falls, and has one entry for each trade.
    pub fn weeks(values: Vec<f64>, weeks: &[i32]) -> Self {
        let changes =
            weeks.windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]).map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(changes).collect();
        Self::Weeks { values, starts }
    }

    /// The same ledger as one that has this win rate, its wins and losses of the same sizes, each drawn by itself.
    pub fn with_win_rate(values: &[f64], win_rate: f64) -> Self {
        let (wins, losses) = split(values);
        Self::Signs { wins, losses, win_rate }
    }

    /// Likewise, with losses that follow losses: `correlation` is that of the signs of neighbours.
    pub fn with_runs(values: &[f64], win_rate: f64, correlation: f64) -> Self {
        let (wins, losses) = split(values);
        let loss_rate = 1.0 - win_rate;
        Self::Markov { wins, losses, loss_rate, loss_after_loss: loss_rate + correlation * win_rate }
    }

    /// One sample of `n` trades; none when there is nothing to draw from. The same seed and place give the same sample.
    pub fn sample(&self, seed: u64, place: u64, n: usize) -> Vec<f64> {
        let mut out = Vec::with_capacity(n);
        if self.can_draw() {
            self.draw(&mut generator(seed, place), n, &mut out);
        }
        out
    }

    /// Whether there is anything to draw.
    pub(super) fn can_draw(&self) -> bool {
        match self {
            Self::Independent { values } | Self::Stationary { values, .. } => !values.is_empty(),
            Self::Circular { values, length } => !values.is_empty() && *length > 0,
            Self::Weeks { values, starts } => !values.is_empty() && starts.first() == Some(&0),
            Self::Signs { wins, losses, .. }
            | Self::Markov { wins, losses, .. }
            | Self::Batches { wins, losses, .. } => !wins.is_empty() && !losses.is_empty(),
        }
    }

    /// Fills `out` with `n` trades.
    pub(super) fn draw(&self, random: &mut ChaCha8Rng, n: usize, out: &mut Vec<f64>) {
        out.clear();
        match self {
            Self::Independent { values } => out.extend((0..n).map(|_| values[below(random, values.len())])),
            Self::Circular { values, length } => {
                let starts = std::iter::repeat_with(|| below(random, values.len()));
                out.extend(circular(starts, *length, values.len()).take(n).map(|at| values[at]));
            }
            Self::Stationary { values, length } => {
                let anew = threshold(1.0 / length.max(1.0));
                let mut at = below(random, values.len());
                while out.len() < n {
                    out.push(values[at]);
                    at = if u64::from(random.next_u32()) < anew {
                        below(random, values.len())
                    } else {
                        (at + 1) % values.len()
                    };
                }
            }
            Self::Weeks { values, starts } => {
                while out.len() < n {
                    let week = below(random, starts.len());
                    let end = starts.get(week + 1).copied().unwrap_or(values.len());
                    out.extend_from_slice(&values[starts[week]..end]);
                }
                out.truncate(n);
            }
            Self::Signs { wins, losses, win_rate } => {
                let lost = threshold(1.0 - win_rate);
                out.extend((0..n).map(|_| signed(random, lost, wins, losses)));
            }
            Self::Markov { wins, losses, loss_rate, loss_after_loss } => {
                let (u, a) = (*loss_rate, *loss_after_loss);
                let after_loss = threshold(a);
                let after_win = threshold(u * (1.0 - a) / (1.0 - u));
                let mut lost = threshold(u);
                for _ in 0..n {
                    let x = signed(random, lost, wins, losses);
                    lost = if x < 0.0 { after_loss } else { after_win };
                    out.push(x);
                }
            }
            Self::Batches { wins, losses, win_rate, size, correlation } => {
                let weight = 1.0 / correlation.clamp(1e-9, 1.0 - 1e-9) - 1.0;
                while out.len() < n {
                    let p = beta_variate(random, win_rate * weight, (1.0 - win_rate) * weight);
                    let lost = threshold(1.0 - p);
                    out.extend((0..(*size).max(1)).map(|_| signed(random, lost, wins, losses)));
                }
                out.truncate(n);
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Independent { values } => write!(f, "independent, from a ledger of {}", values.len()),
            Self::Circular { values, length } => {
                write!(f, "circular blocks of {length}, from a ledger of {}", values.len())
            }
            Self::Stationary { values, length } => {
                write!(f, "stationary blocks of {length:.1} on average, from a ledger of {}", values.len())
            }
            Self::Weeks { values, starts } => {
                write!(f, "{} whole weeks of a ledger of {}", starts.len(), values.len())
            }
            Self::Signs { win_rate, .. } => write!(f, "independent, win rate {win_rate:.3}"),
            Self::Markov { loss_rate, loss_after_loss, .. } => {
                write!(f, "runs, loss rate {loss_rate:.3}, {loss_after_loss:.3} after a loss")
            }
            Self::Batches { win_rate, size, correlation, .. } => {
                write!(f, "batches of {size} with correlation {correlation:.2}, win rate {win_rate:.3}")
            }
        }
    }
}

fn split(values: &[f64]) -> (Vec<f64>, Vec<f64>) {
    (
        values.iter().copied().filter(|x| *x > 0.0).collect(),
        values.iter().copied().filter(|x| *x < 0.0).collect(),
    )
}

/// The places of blocks of one length: `length` from each start, and after the last place the first.
pub fn circular(
    starts: impl Iterator<Item = usize>,
    length: usize,
    places: usize,
) -> impl Iterator<Item = usize> {
    starts.flat_map(move |start| (0..length).map(move |step| (start + step) % places))
}

/// The random numbers of one sample: ChaCha8, which gives the same on every machine and in every version.
pub(crate) fn generator(seed: u64, sample: u64) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut random = ChaCha8Rng::from_seed(bytes);
    random.set_stream(sample);
    random
}

/// A place below `n`. One of 2^32 numbers is scaled: no place is more likely than another by more than n / 2^32.
#[inline]
fn below(random: &mut ChaCha8Rng, n: usize) -> usize {
    ((u64::from(random.next_u32()) * n as u64) >> 32) as usize
}

/// A number from 0 up to, and without, 1.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
pub(crate) fn uniform(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Below which of 2^32 numbers something of this probability happens.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^32")]
fn threshold(p: f64) -> u64 {
    (p.clamp(0.0, 1.0) * count(1 << 32)).round() as u64
}

#[inline]
fn signed(random: &mut ChaCha8Rng, lost: u64, wins: &[f64], losses: &[f64]) -> f64 {
    let from = if u64::from(random.next_u32()) < lost { losses } else { wins };
    from[below(random, from.len())]
}
