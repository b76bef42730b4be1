//! Figures along the way: running sums beside what a backtest leads one to expect, windows that roll, counts by size, live
//! sizes beside those of a backtest.

use serde::{Deserialize, Serialize};

use crate::Undefined;
use crate::compare::Reference;
use crate::figure::{Figure, count};
use crate::figures::moments::{mean, quantile, sorted, whole};

/// The sum of so many trades.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    /// After how many trades.
    pub trades: usize,
    /// What they came to.
    pub sum: f64,
    /// Where nine of ten sums of so many trades of the backtest lie: the lower end.
    pub low: Figure,
    /// The backtest's mean, so many times.
    pub middle: Figure,
    /// The upper end.
    pub high: Figure,
}

/// The running sum in the order of the trades, at no more than `most` places; the last one is always there.
pub fn running(values: &[f64], reference: Option<&Reference>, most: usize) -> Vec<Sum> {
    let every = values.len().div_ceil(most.max(1)).max(1);
    let mut sum = 0.0;
    let mut found = Vec::new();
    for (at, value) in values.iter().enumerate() {
        sum += value;
        let trades = at + 1;
        if trades % every == 0 || trades == values.len() {
            let band = reference.map_or(Err(Undefined::NotGiven), |reference| reference.sum_band(trades));
            let of = |pick: fn(SumBand) -> f64| band.map(pick).into();
            found.push(Sum {
                trades,
                sum,
                low: of(|band| band.low),
                middle: of(|band| band.middle),
                high: of(|band| band.high),
            });
        }
    }
    found
}

/// Where sums of so many trades lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SumBand {
    /// One of twenty lies below.
    pub low: f64,
    /// Their mean.
    pub middle: f64,
    /// One of twenty lies above.
    pub high: f64,
}

/// Win rate and mean of the last trades.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rolling {
    /// After how many trades.
    pub trades: usize,
    /// Of the trades of the window.
    pub win_rate: Figure,
    /// Their mean.
    pub expectancy: Figure,
}

/// Windows of so many trades that end at each trade, at no more than `most` places; nothing while there are too few.
pub fn rolling(values: &[f64], window: usize, most: usize) -> Vec<Rolling> {
    let windows = values.len().saturating_sub(window.max(1)) + 1;
    let every = windows.div_ceil(most.max(1)).max(1);
    let all = values.windows(window.max(1)).enumerate();
    all.filter(|(at, _)| at % every == 0 || at + 1 == windows)
        .map(|(at, part)| Rolling {
            trades: at + window,
            win_rate: (count(part.iter().filter(|x| **x > 0.0).count()) / count(part.len())).into(),
            expectancy: mean(part).map_err(|_| Undefined::NoTrades).into(),
        })
        .collect()
}

/// Trades of about one size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// From this size on.
    pub from: f64,
    /// And below this one.
    pub to: f64,
    /// How many.
    pub trades: usize,
}

/// Trades by their size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sizes {
    /// From the smallest to the largest size that is shown, without a gap.
    pub bins: Vec<Bin>,
    /// Trades below the first bin; they are counted in it.
    pub clipped_below: usize,
    /// Trades above the last bin; they are counted in it.
    pub clipped_above: usize,
}

/// Counts values in bins of this width, from `low` to `high`; what lies outside is counted at its end.
pub fn sizes(values: &[f64], low: f64, high: f64, width: f64) -> Sizes {
    let bins = whole(((high - low) / width).round()).max(1);
    let last = bins - 1;
    let mut counts = vec![0; bins];
    for value in values {
        // What is below zero becomes the first bin.
        let at = whole(((value - low) / width).floor().max(0.0)).min(last);
        counts[at] += 1;
    }
    let edge = |at: usize| low + width * count(at);
    let bins =
        counts.into_iter().enumerate().map(|(at, trades)| Bin { from: edge(at), to: edge(at + 1), trades });
    Sizes {
        bins: bins.collect(),
        clipped_below: values.iter().filter(|value| **value < low).count(),
        clipped_above: values.iter().filter(|value| **value >= high).count(),
    }
}

/// Trades of about one size, by their share of all: live and in the backtest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// From this size on.
    pub from: f64,
    /// And below this one.
    pub to: f64,
    /// Of the live trades.
    pub live: f64,
    /// Of the backtest's.
    pub backtest: f64,
}

/// A size below which the same share of trades lies, live and in the backtest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// The share.
    pub share: f64,
    /// The size, live.
    pub live: Figure,
    /// The size in the backtest.
    pub backtest: Figure,
}

/// Live trades beside the backtest's, by size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// Live trades.
    pub trades: usize,
    /// Trades of the backtest.
    pub backtest_trades: usize,
    /// From the smallest to the largest size that is shown, without a gap; what lies outside is counted at its end.
    pub shares: Vec<Shares>,
    /// Live trades beyond the ends.
    pub clipped: usize,
    /// Trades of the backtest beyond the ends.
    pub backtest_clipped: usize,
    /// At 5, 10, 20 .. 90, 95 %.
    pub quantiles: Vec<Quantiles>,
}

/// At which shares live trades are held against those of a backtest.
const BESIDE: [f64; 11] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

/// Live trades beside the backtest's, in bins of this width; nothing while one of the two has none.
pub fn beside(live: &[f64], backtest: &[f64], low: f64, high: f64, width: f64) -> Option<Beside> {
    if live.is_empty() || backtest.is_empty() {
        return None;
    }
    let (ours, theirs) = (sizes(live, low, high, width), sizes(backtest, low, high, width));
    let share = |trades: usize, of: &[f64]| count(trades) / count(of.len());
    let shares = ours.bins.iter().zip(&theirs.bins).map(|(one, other)| Shares {
        from: one.from,
        to: one.to,
        live: share(one.trades, live),
        backtest: share(other.trades, backtest),
    });
    let (in_order, of_backtest) = (sorted(live), sorted(backtest));
    let quantiles = BESIDE.map(|share| Quantiles {
        share,
        live: quantile(&in_order, share).into(),
        backtest: quantile(&of_backtest, share).into(),
    });
    Some(Beside {
        trades: live.len(),
        backtest_trades: backtest.len(),
        shares: shares.collect(),
        clipped: ours.clipped_below + ours.clipped_above,
        backtest_clipped: theirs.clipped_below + theirs.clipped_above,
        quantiles: quantiles.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::{beside, rolling, running, sizes};

    #[test]
    fn shares_of_both_sides_add_up_to_one() {
        let live = [-1.0, -0.75, 0.0, 0.49, 3.0];
        let backtest = [-9.0, -1.0, 2.0, 7.0];
        let found = beside(&live, &backtest, -2.0, 3.0, 0.5).unwrap();
        let sum = |pick: fn(&super::Shares) -> f64| found.shares.iter().map(pick).sum::<f64>();
        assert!((sum(|row| row.live) - 1.0).abs() < 1e-12 && (sum(|row| row.backtest) - 1.0).abs() < 1e-12);
        assert_eq!((found.clipped, found.backtest_clipped), (1, 2));
        let middle = found.quantiles.iter().find(|row| row.share > 0.49).unwrap();
        assert_eq!((middle.live.value(), middle.backtest.value()), (Some(0.0), Some(0.5)));
        assert!(beside(&[], &backtest, -2.0, 3.0, 0.5).is_none());
    }

    #[test]
    fn a_long_series_keeps_its_end() {
        let values: Vec<f64> = vec![1.0; 1001];
        let all = running(&values, None, 100);
        assert!(all.len() <= 101, "{}", all.len());
        assert_eq!(all.last().map(|s| (s.trades, s.sum)), Some((1001, 1001.0)));
        let windows = rolling(&values, 20, 50);
        assert!(windows.len() <= 51 && windows[0].trades == 20 && windows.last().unwrap().trades == 1001);
        assert!(rolling(&values[..19], 20, 50).is_empty() && running(&[], None, 10).is_empty());
    }

    #[test]
    fn every_trade_is_in_one_bin() {
        let found = sizes(&[-9.0, -1.0, -0.75, 0.0, 0.49, 3.0, 7.0], -2.0, 3.0, 0.5);
        assert_eq!(found.bins.len(), 10);
        assert_eq!(found.bins.iter().map(|bin| bin.trades).sum::<usize>(), 7);
        assert_eq!((found.bins[0].trades, found.bins[2].trades, found.bins[4].trades), (1, 2, 2));
        assert_eq!((found.clipped_below, found.clipped_above), (1, 2));
    }
}
