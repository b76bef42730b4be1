//! Losing streaks, against values computed with more digits.

use super::near;
use crate::compare::streak::{
    at_least, at_least_with_runs, loss_after_loss, mean, quantile, variance_inflation,
};

const U: f64 = 0.58;

/// Fails unless the same to within a share of it.
#[track_caller]
fn close(found: f64, expected: f64, share: f64) {
    near(found, expected, expected * share);
}

#[test]
fn three_trades_by_hand() {
    near(at_least(2, 3, U), 0.477_688, 1e-9);
    // All ways to lose two in a row: LLx and WLL.
    near(at_least(2, 3, U), U * U + (1.0 - U) * U * U, 1e-12);
    for n in 0..5 {
        near(at_least(0, n, U), 1.0, 0.0);
        near(at_least(n + 1, n, U), 0.0, 0.0);
    }
    near(at_least(1, 4, U), 1.0 - 0.42_f64.powi(4), 1e-12);
}

#[test]
fn independent_trades() {
    let rows: &[(usize, f64, [usize; 6])] = &[
        (12, 3.683, [2, 2, 3, 5, 7, 9]),
        (50, 6.187, [4, 5, 6, 7, 10, 13]),
        (100, 7.440, [5, 6, 7, 9, 12, 15]),
        (200, 8.703, [6, 7, 8, 10, 13, 16]),
        (266, 9.224, [6, 8, 9, 10, 14, 16]),
        (1000, 11.65, [9, 10, 11, 13, 16, 19]),
        (2926, 13.62, [11, 12, 13, 15, 18, 21]),
    ];
    for (n, expected, quantiles) in rows {
        let tail = |k: usize| at_least(k, *n, U);
        near(mean(*n, tail), *expected, 0.006);
        for (share, expected) in [0.05, 0.25, 0.50, 0.75, 0.95, 0.99].into_iter().zip(quantiles) {
            assert_eq!(quantile(share, *n, tail), *expected, "{share} of {n}");
        }
    }
    let tails: &[(usize, usize, f64)] = &[
        (12, 10, 0.00793),
        (50, 10, 0.0750),
        (50, 15, 0.00444),
        (50, 20, 0.000_252),
        (50, 36, 2.1e-8),
        (50, 40, 1.8e-9),
        (100, 20, 0.000_642),
        (100, 36, 8.5e-8),
        (200, 15, 0.0220),
        (200, 40, 2.3e-8),
        (266, 10, 0.379),
        (266, 36, 3.0e-7),
        (1000, 10, 0.840),
        (1000, 36, 1.2e-6),
        (1000, 40, 1.4e-7),
    ];
    for (n, k, expected) in tails {
        close(at_least(*k, *n, U), *expected, 0.04);
    }
    let exact: &[(usize, f64)] = &[
        (12, 0.83283),
        (13, 0.64447),
        (14, 0.45037),
        (15, 0.2929),
        (16, 0.18195),
        (18, 0.065_241),
        (20, 0.02242),
        (22, 0.007_592_6),
        (25, 0.001_484_3),
        (30, 9.7325e-5),
        (36, 3.6975e-6),
        (40, 4.1785e-7),
    ];
    for (k, expected) in exact {
        close(at_least(*k, 2926, U), *expected, 2e-4);
    }
    // An independent series needs such a loss rate for a median of 36.
    near(crate::special::bisect(0.5, 0.99, |u| at_least(36, 2926, u) < 0.5), 0.834, 1e-3);
}

#[test]
fn losses_that_follow_losses() {
    // (after a loss, n, [median, 95 %, 99 %], [>= 15, 20, 25, 30, 36, 40])
    type Row = (f64, usize, [usize; 3], [f64; 6]);
    let rows: &[Row] = &[
        (0.80, 50, [10, 20, 26], [0.197, 0.058, 0.016, 0.0045, 0.0009, 0.0003]),
        (0.80, 266, [18, 29, 36], [0.760, 0.353, 0.128, 0.043, 0.011, 0.0045]),
        (0.80, 2926, [28, 40, 47], [1.0, 0.994, 0.801, 0.408, 0.128, 0.054]),
        (0.8395, 50, [12, 24, 31], [0.314, 0.120, 0.044, 0.015, 0.0041, 0.0016]),
        (0.8395, 266, [21, 35, 44], [0.911, 0.599, 0.301, 0.134, 0.047, 0.023]),
        (0.8395, 2926, [35, 49, 59], [1.0, 1.0, 0.985, 0.822, 0.449, 0.255]),
    ];
    for (a, n, quantiles, tails) in rows {
        let tail = |k: usize| at_least_with_runs(k, *n, U, *a);
        for (share, expected) in [0.50, 0.95, 0.99].into_iter().zip(quantiles) {
            assert_eq!(quantile(share, *n, tail), *expected, "{share} of {n} at {a}");
        }
        for (k, expected) in [15, 20, 25, 30, 36, 40].into_iter().zip(tails) {
            near(tail(k), *expected, (expected * 0.07).clamp(6e-5, 6e-4));
        }
    }
    for (a, expected) in [(0.775, 0.05), (0.820, 0.25), (0.844, 0.50), (0.864, 0.75), (0.887, 0.95)] {
        near(at_least_with_runs(36, 2926, U, a), expected, 0.012);
    }
    for (a, expected) in [(0.775, 2.7), (0.820, 3.7), (0.844, 4.4), (0.864, 5.2), (0.887, 6.4)] {
        near(variance_inflation(U, a), expected, 0.06);
    }
    near(loss_after_loss(36, 2926, U).expect("runs"), 0.844, 5e-4);
    assert_eq!(loss_after_loss(13, 2926, U), None);
    // Without runs it is the other recursion.
    for (k, n) in [(1, 5), (2, 3), (7, 50), (13, 266)] {
        near(at_least_with_runs(k, n, U, U), at_least(k, n, U), 1e-12);
    }
}
