//! Bands, against exact values of the binomial and simulated ones of the reference. Seeds are fixed and printed.

use super::{headline, near, skewed, value};
use crate::bands::blocks;
use crate::bands::source::circular;
use crate::bands::{Bands, Metric, Plan, Source};
use crate::ledger::Unit;
use crate::special::{binomial_at_most, bisect};
use crate::{Figure, Undefined};

const SEED: u64 = 20_261_122;
const SHARE: f64 = 0.0118;

fn drawn(source: &Source, trades: usize, resamples: usize) -> Bands {
    println!("seed {SEED}");
    let plan = Plan { resamples, share_per_unit: Some(SHARE), ..Plan::of(trades, SEED) };
    Bands::new(source, Unit::R, plan, &|_| ()).expect("bands")
}

fn markov(a: f64) -> Source {
    Source::with_runs(&skewed(), 0.42, (a - 0.58) / 0.42)
}

/// Quantiles at these shares.
fn quantiles<const N: usize>(bands: &Bands, metric: Metric, shares: [f64; N]) -> [Figure; N] {
    shares.map(|share| bands.quantile(metric, share))
}

#[test]
fn two_sizes_follow_the_binomial() {
    let payoff = 1.18 * 0.58 / 0.42;
    let shares = [0.025, 0.05, 0.25, 0.50, 0.75, 0.95, 0.975];
    let rows: &[(usize, [usize; 7], [f64; 7], [f64; 7])] = &[
        (
            12,
            [2, 2, 4, 5, 6, 8, 8],
            [0.326, 0.326, 0.815, 1.164, 1.630, 3.259, 3.259],
            [-0.562, -0.562, -0.124, 0.096, 0.315, 0.753, 0.753],
        ),
        (
            50,
            [14, 15, 19, 21, 23, 27, 28],
            [0.634, 0.698, 0.999, 1.180, 1.388, 1.913, 2.074],
            [-0.264, -0.211, -0.001, 0.104, 0.210, 0.420, 0.473],
        ),
        (
            100,
            [32, 34, 39, 42, 45, 50, 52],
            [0.767, 0.839, 1.042, 1.180, 1.333, 1.630, 1.765],
            [-0.159, -0.106, 0.026, 0.104, 0.183, 0.315, 0.367],
        ),
        (
            200,
            [70, 73, 79, 84, 89, 96, 98],
            [0.877, 0.937, 1.064, 1.180, 1.307, 1.504, 1.566],
            [-0.080, -0.040, 0.039, 0.104, 0.170, 0.262, 0.289],
        ),
    ];
    for (n, wins, factors, means) in rows {
        for (place, share) in shares.into_iter().enumerate() {
            let k = (0..=*n).find(|k| binomial_at_most(*k, *n, 0.42) >= share).expect("a number of wins");
            assert_eq!(k, wins[place], "{share} of {n}");
            let (won, lost) = (k as f64, (n - k) as f64);
            near(won * payoff / lost, factors[place], 6e-4);
            near((won * payoff - lost) / *n as f64, means[place], 6e-4);
        }
        // What is drawn has the same quantiles, to within one win.
        let bands =
            drawn(&Source::Signs { wins: vec![payoff], losses: vec![-1.0], win_rate: 0.42 }, *n, 10_000);
        for (place, found) in quantiles(&bands, Metric::WinRate, shares).into_iter().enumerate() {
            near(value(found) * *n as f64, wins[place] as f64, 1.01);
        }
        near(value(bands.mean(Metric::WinRate)), 0.42, 0.004);
    }
}

/// Each drawn quantile may be off by what 20,000 samples leave open, and by the rounding of the table.
fn held(bands: &Bands, metric: Metric, expected: [f64; 7], scale: f64, tolerance: f64) {
    let shares = [0.025, 0.05, 0.25, 0.50, 0.75, 0.95, 0.975];
    for ((share, found), expected) in shares.into_iter().zip(quantiles(bands, metric, shares)).zip(expected) {
        let found = value(found) * scale;
        let allowed = tolerance * (1.0 + expected.abs());
        assert!(
            (found - expected).abs() <= allowed,
            "{metric:?} at {share}: {found} for {expected} ({})",
            bands.method
        );
    }
}

#[test]
fn spread_sizes_follow_the_reference() {
    type Row = (Option<f64>, usize, [f64; 7], [f64; 7], [f64; 7], [f64; 7], [f64; 7]);
    let rows: &[Row] = &[
        (
            None,
            12,
            [0.13, 0.21, 0.63, 1.11, 1.87, 3.84, 4.89],
            [-0.75, -0.64, -0.25, 0.06, 0.41, 0.98, 1.19],
            [1.0, 2.0, 2.0, 3.0, 5.0, 7.0, 8.0],
            [1.4, 1.7, 2.9, 4.2, 5.9, 8.9, 9.9],
            [1.7, 2.0, 3.4, 4.8, 6.7, 10.0, 11.1],
        ),
        (
            None,
            50,
            [0.52, 0.60, 0.90, 1.17, 1.50, 2.10, 2.34],
            [-0.34, -0.28, -0.06, 0.10, 0.26, 0.52, 0.61],
            [3.0, 3.0, 5.0, 6.0, 7.0, 10.0, 11.0],
            [4.2, 4.7, 7.0, 9.5, 12.8, 19.3, 21.7],
            [4.9, 5.5, 8.1, 10.7, 14.3, 20.7, 22.9],
        ),
        (
            None,
            200,
            [0.80, 0.86, 1.03, 1.18, 1.33, 1.58, 1.67],
            [-0.13, -0.09, 0.02, 0.10, 0.18, 0.31, 0.35],
            [5.0, 6.0, 7.0, 8.0, 10.0, 13.0, 14.0],
            [9.2, 10.2, 14.1, 18.3, 24.2, 36.1, 40.8],
            [10.5, 11.5, 15.7, 20.0, 25.6, 35.7, 39.3],
        ),
        (
            Some(0.84),
            50,
            [0.26, 0.34, 0.73, 1.15, 1.77, 3.32, 4.12],
            [-0.62, -0.53, -0.19, 0.09, 0.37, 0.80, 0.94],
            [5.0, 6.0, 9.0, 12.0, 16.0, 24.0, 27.0],
            [5.5, 6.5, 10.7, 15.2, 21.4, 32.0, 35.5],
            [6.3, 7.4, 12.0, 16.6, 22.5, 31.7, 34.5],
        ),
        (
            Some(0.84),
            200,
            [0.61, 0.68, 0.94, 1.17, 1.45, 1.96, 2.16],
            [-0.28, -0.22, -0.04, 0.10, 0.24, 0.45, 0.51],
            [11.0, 12.0, 16.0, 19.0, 24.0, 33.0, 37.0],
            [14.7, 16.4, 24.1, 32.5, 44.2, 66.7, 75.1],
            [16.1, 17.9, 25.2, 32.4, 41.4, 55.3, 59.5],
        ),
    ];
    for (runs, n, factor, mean, streak, depth, share) in rows {
        let source = runs.map_or_else(|| Source::Independent { values: skewed() }, markov);
        let bands = drawn(&source, *n, 20_000);
        held(&bands, Metric::ProfitFactor, *factor, 1.0, 0.025);
        held(&bands, Metric::Expectancy, *mean, 1.0, 0.02);
        held(&bands, Metric::LongestLosingStreak, *streak, 1.0, 0.055);
        held(&bands, Metric::MaxDrawdown, *depth, 1.0, 0.025);
        held(&bands, Metric::MaxDrawdownShare, *share, 100.0, 0.025);
    }
    let few = drawn(&markov(0.84), 12, 200_000);
    assert_eq!(few.quantile(Metric::ProfitFactor, 0.975), Figure::none(Undefined::NoLosses));
    near(value(few.quantile(Metric::ProfitFactor, 0.50)), 1.05, 0.012);
    near(value(few.quantile(Metric::LongestLosingStreak, 0.95)), 12.0, 0.0);
}

#[test]
fn drawdowns_of_the_whole_and_of_a_quarter() {
    let shares = [0.05, 0.25, 0.50, 0.75, 0.95];
    for (runs, expected) in [
        (None, [31.4, 37.8, 43.9, 51.0, 62.7]),
        (Some(0.70), [38.3, 46.7, 53.6, 61.4, 74.6]),
        (Some(0.84), [52.8, 62.4, 70.8, 78.8, 89.7]),
    ] {
        let source = runs.map_or_else(|| Source::Independent { values: skewed() }, markov);
        let bands = drawn(&source, 2926, 4000);
        for (found, expected) in quantiles(&bands, Metric::MaxDrawdownShare, shares).into_iter().zip(expected)
        {
            near(value(found) * 100.0, expected, 1.3);
        }
    }
    let shares = [0.50, 0.75, 0.90, 0.95, 0.99];
    let rows = [
        (66, None, [12.3, 16.3, 20.6, 23.3, 28.6], [0.32, 0.031, 0.0001]),
        (66, Some(0.70), [14.6, 19.5, 24.6, 27.8, 33.8], [0.48, 0.092, 0.001]),
        (66, Some(0.84), [19.3, 26.0, 32.5, 36.4, 42.8], [0.71, 0.28, 0.022]),
        (117, None, [16.0, 20.9, 26.1, 29.5, 36.1], [0.57, 0.12, 0.003]),
        (117, Some(0.70), [19.2, 25.1, 31.5, 35.3, 42.3], [0.74, 0.25, 0.019]),
        (117, Some(0.84), [25.7, 33.6, 41.4, 46.0, 54.0], [0.91, 0.53, 0.12]),
    ];
    for (n, runs, expected, above) in rows {
        let source = runs.map_or_else(|| Source::Independent { values: skewed() }, markov);
        let bands = drawn(&source, n, 20_000);
        for (found, expected) in quantiles(&bands, Metric::MaxDrawdownShare, shares).into_iter().zip(expected)
        {
            near(value(found) * 100.0, expected, 0.02 * expected + 0.2);
        }
        for (depth, expected) in [0.15, 0.25, 0.40].into_iter().zip(above) {
            near(bands.share_at_least(Metric::MaxDrawdownShare, depth), expected, 0.012);
        }
    }
}

#[test]
fn batches_have_long_losing_streaks() {
    // (trades in a batch, correlation, median, share of at least 36), 600 paths each in the reference
    for (size, correlation, median, share) in
        [(10, 0.3, 29.0, 0.13), (10, 0.4, 33.0, 0.37), (10, 0.5, 40.0, 0.71), (5, 0.6, 31.0, 0.27)]
    {
        let (wins, losses) = crate::bands::generators::two_point(1.629_524);
        let bands = drawn(&Source::Batches { wins, losses, win_rate: 0.42, size, correlation }, 2926, 3000);
        near(value(bands.quantile(Metric::LongestLosingStreak, 0.5)), median, 1.01);
        near(bands.share_at_least(Metric::LongestLosingStreak, 36.0), share, 0.05);
        let spread = value(bands.spread(Metric::WinRate)).powi(2) * 2926.0 / (0.42 * 0.58);
        near(spread / (1.0 + (size as f64 - 1.0) * correlation), 1.0, 0.09);
    }
}

#[test]
fn the_gate_of_fifty_trades_under_spread_sizes() {
    let passes = |bands: &Bands| bands.share_at_least(Metric::Expectancy, f64::MIN_POSITIVE);
    near(passes(&drawn(&Source::Independent { values: skewed() }, 50, 40_000)), 0.656, 0.009);
    near(passes(&drawn(&markov(0.84), 50, 40_000)), 0.583, 0.009);
}

#[test]
fn blocks_wrap_around() {
    let places: Vec<usize> = circular([7, 2, 9, 0].into_iter(), 3, 10).take(10).collect();
    assert_eq!(places, [7, 8, 9, 2, 3, 4, 9, 0, 1, 0]);
}

#[test]
fn the_length_of_blocks() {
    let (mut state, mut before) = (12_345_u64, 0.0);
    let values: Vec<f64> = (0..1000)
        .map(|_| {
            state = (1_103_515_245 * state + 12_345) % (1 << 31);
            before = 0.6 * before + state as f64 / f64::from(1_u32 << 31) - 0.5;
            before
        })
        .collect();
    near(values[0], 0.155_154_048_465_192_32, 1e-15);
    near(values[999], 0.414_674_598_022_735_65, 1e-14);
    let found = blocks::best(&values).expect("a length");
    near(found.stationary, 11.982_751, 1e-6);
    near(found.circular, 13.716_826, 1e-6);
    assert_eq!(blocks::best(&[1.0; 100]), Err(Undefined::NoSpread));
    assert_eq!(blocks::best(&[1.0, 2.0]), Err(Undefined::TooFew));
}

#[test]
fn blocks_and_weeks_keep_neighbours_together() {
    // Ten weeks of ten trades that all win or all lose: 5 of each.
    let values: Vec<f64> = (0..100).map(|at| if (at / 10) % 2 == 0 { 1.5 } else { -1.0 }).collect();
    let weeks: Vec<i32> = (0..100).map(|at| at / 10).collect();
    let spread = |source: Source| value(drawn(&source, 100, 4000).spread(Metric::Expectancy));
    let alone = spread(Source::Independent { values: values.clone() });
    let inflation = |source: Source| (spread(source) / alone).powi(2);
    near(inflation(Source::weeks(values.clone(), &weeks)), 10.0, 1.0);
    near(inflation(Source::Circular { values: values.clone(), length: 1 }), 1.0, 0.1);
    // A block of ten that begins anywhere holds k of one week and 10 - k of the next: the mean of (10 - 2k)^2 / 10.
    near(inflation(Source::Circular { values: values.clone(), length: 10 }), 3.4, 0.35);
    // 1 + 2 sum of 0.9^k times the correlation at k, which goes from 1 down to -1 and up again every 20.
    near(inflation(Source::Stationary { values, length: 10.0 }), 1.62, 0.2);
}

#[test]
fn read_together_one_of_twenty_is_outside() {
    let bands = drawn(&Source::Independent { values: skewed() }, 50, 10_000);
    // Others from the same ledger: another seed, so other samples.
    let others = Bands::new(
        &Source::Independent { values: skewed() },
        Unit::R,
        Plan { resamples: 4000, ..Plan::of(50, SEED + 1) },
        &|_| (),
    )
    .expect("bands");
    assert!(bands.joint_limit > 0.001 && bands.joint_limit < 0.025, "{}", bands.joint_limit);
    assert!(bands.gate_limit >= bands.joint_limit);
    near(value(bands.power(&others, Metric::Expectancy)), 0.05, 0.012);
    near(value(bands.power(&others, Metric::MaxDrawdown)), 0.05, 0.012);
    let joint = bands.joint(&[-1.0; 50]);
    assert!(!joint.is_inside && joint.smallest_tail < joint.limit);
    let middle = bands.place(&skewed()[1229 - 21..1229 + 29]);
    assert!(middle.iter().any(|p| p.metric == Metric::WinRate && value(p.percentile) > 0.4));
}

#[test]
fn nothing_to_draw_from_is_no_band() {
    let plan = Plan::of(50, SEED);
    let none = Bands::new(&Source::Independent { values: vec![] }, Unit::R, plan, &|_| ());
    assert_eq!(none.err(), Some(Undefined::NoTrades));
    let flat = Source::Signs { wins: vec![1.0], losses: vec![], win_rate: 0.5 };
    assert_eq!(Bands::new(&flat, Unit::R, plan, &|_| ()).err(), Some(Undefined::NoTrades));
    let even = headline().derived().break_even_win_rate;
    near(bisect(0.0, 1.0, |p| p < value(even)), value(even), 1e-12);
}
