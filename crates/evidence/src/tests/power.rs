//! Intervals and power, against their tables.

use super::{near, value};
use crate::compare::pairs::pairs_needed;
use crate::compare::power::{
    exact, exact_trades, mean_trades, normal_trades, orders_for_quantile, two_sample_trades,
};
use crate::compare::proportion::{clopper_pearson, wilson};
use crate::special::binomial_at_most;

#[test]
fn intervals_of_a_share() {
    let rows = [
        (0, 12, (0.0, 0.264_648), (0.0, 0.242_494)),
        (5, 12, (0.151_652, 0.723_330), (0.193_260, 0.680_489)),
        (12, 12, (0.735_352, 1.0), (0.757_506, 1.0)),
        (21, 50, (0.281_882, 0.567_940), (0.293_750, 0.557_666)),
        (84, 200, (0.350_744, 0.491_664), (0.353_736, 0.489_279)),
        (1229, 2926, (0.402_060, 0.438_154), (0.402_260, 0.438_004)),
    ];
    for (k, n, exact, close) in rows {
        let (found, by_score) = (clopper_pearson(k, n, 0.95), wilson(k, n, 0.95));
        near(found.low, exact.0, 1e-6);
        near(found.high, exact.1, 1e-6);
        near(by_score.low, close.0, 1e-6);
        near(by_score.high, close.1, 1e-6);
    }
    let none = clopper_pearson(0, 0, 0.95);
    assert!(none.low <= 0.0 && none.high >= 1.0);
    // Shares of windows that won.
    let windows =
        [(13, 18, 0.465, 0.903), (31, 43, 0.563, 0.847), (36, 50, 0.575, 0.838), (72, 100, 0.621, 0.805)];
    for (k, n, low, high) in windows {
        let found = clopper_pearson(k, n, 0.95);
        near(found.low, low, 6e-4);
        near(found.high, high, 6e-4);
    }
}

#[test]
fn trades_that_a_win_rate_needs() {
    // (rate, one-sided 80 % normal, first exact, safe exact, one-sided 90 %, both sides 80 %, both sides 90 %)
    let rows = [
        (0.40, 3747.0, 3748, 3836, 5182.0, 4759.0, 6362.0),
        (0.38, 931.0, 934, 969, 1286.0, 1184.0, 1579.0),
        (0.36, 411.0, 417, 435, 566.0, 523.0, 696.0),
        (0.35, 301.0, 304, 322, 414.0, 383.0, 509.0),
        (0.33, 181.0, 182, 198, 247.0, 230.0, 305.0),
        (0.30, 100.0, 102, 110, 136.0, 128.0, 168.0),
        (0.25, 48.0, 48, 54, 65.0, 62.0, 81.0),
    ];
    for (p1, one_80, first, safe, one_90, both_80, both_90) in rows {
        let needs = |alpha, power| value(normal_trades(0.42, p1, alpha, power));
        // The table rounds where we take the next whole trade.
        near(needs(0.05, 0.8), one_80, 1.0);
        near(needs(0.05, 0.9), one_90, 1.0);
        near(needs(0.025, 0.8), both_80, 1.0);
        near(needs(0.025, 0.9), both_90, 1.0);
        assert_eq!(exact_trades(0.42, p1, 0.05, 0.8, 10_000), (Some(first), Some(safe)), "{p1}");
    }
    near(value(two_sample_trades(0.42, 0.38, 0.05, 0.8)), 2354.0, 1.0);
}

#[test]
fn the_exact_test_and_its_power() {
    let rows: &[(usize, usize, f64, [f64; 3])] = &[
        (12, 1, 0.0140, [0.027, 0.042, 0.085]),
        (50, 14, 0.0293, [0.093, 0.188, 0.447]),
        (100, 33, 0.0413, [0.177, 0.380, 0.779]),
        (200, 72, 0.0489, [0.307, 0.647, 0.972]),
        (266, 98, 0.0496, [0.374, 0.757, 0.993]),
        (500, 191, 0.0464, [0.556, 0.938, 1.0]),
        (1000, 393, 0.0444, [0.811, 0.998, 1.0]),
    ];
    for (n, limit, size, powers) in rows {
        for (p1, power) in [0.38, 0.35, 0.30].into_iter().zip(powers) {
            let found = exact(*n, 0.42, p1, 0.05);
            assert_eq!(found.reject_at, Some(*limit), "{n}");
            near(found.size, *size, 6e-5);
            near(found.power, *power, 6e-4);
        }
    }
    assert_eq!(exact(3, 0.42, 0.3, 0.05).reject_at, None);
}

#[test]
fn the_gate_of_fifty_trades_screens_for_plumbing() {
    // Fifty two-point trades earn when at least 20 win; 77 of 200, and 5 of 12.
    let passes = |n: usize, k: usize, p: f64| 1.0 - binomial_at_most(k - 1, n, p);
    let even = 1.0 / (1.0 + 1.18 * 0.58 / 0.42);
    near(passes(50, 20, 0.42), 0.664, 6e-4);
    near(passes(50, 20, even), 0.439, 6e-4);
    near(passes(50, 20, 0.34), 0.226, 6e-4);
    near(passes(200, 77, 0.42), 0.859, 6e-4);
    near(passes(200, 77, even), 0.472, 6e-4);
    near(passes(12, 5, 0.42), 0.618, 6e-4);
    near(passes(12, 5, even), 0.505, 6e-4);
}

#[test]
fn trades_that_an_expectancy_and_pairs_need() {
    near(value(mean_trades(0.1044, 1.298, 0.8, 1.0)), 955.0, 1.5);
    near(value(mean_trades(0.1044, 1.715, 0.8, 1.0)), 1670.0, 2.5);
    near(value(pairs_needed(0.10, 0.03, 0.8)), 69.0, 0.6);
    near(value(pairs_needed(0.05, 0.03, 0.8)), 17.2, 0.6);
    assert_eq!((orders_for_quantile(0.95), orders_for_quantile(0.99)), (59, 299));
}
