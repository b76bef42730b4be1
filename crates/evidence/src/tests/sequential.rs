//! Tests for daily looks: exact values, and simulated rates within their error. Seeds are fixed and printed.

use super::near;
use crate::bands::generator;
use crate::bands::source::uniform;
use crate::compare::sequential::{
    Cusum, Found, Sprt, Steps, cusum, largest_ln_e_value, ln_bet_against, ln_bet_for, ln_e_value,
    mean_radius, rate_sequence, sprt,
};

const SEED: u64 = 20_261_122;

/// Trades won with this probability.
fn trades(stream: u64, n: usize, p: f64) -> Vec<bool> {
    let mut random = generator(SEED, stream);
    (0..n).map(|_| uniform(&mut random) < p).collect()
}

#[test]
fn steps_and_limits() {
    for (p1, win, loss) in
        [(0.38, -0.100_083, 0.066_691), (0.35, -0.182_322, 0.113_944), (0.30, -0.336_472, 0.188_052)]
    {
        let steps = Steps::of(0.42, p1);
        near(steps.win, win, 1e-6);
        near(steps.loss, loss, 1e-6);
    }
    near(sprt(&[], 0.42, 0.38, 0.05, 1.0).upper, 2.944_439, 1e-6);
    near(sprt(&[], 0.42, 0.38, 0.05, 1.0).lower, -2.944_439, 1e-6);
}

#[test]
fn the_ratio_test_errs_as_often_as_it_says() {
    println!("seed {SEED}");
    const RUNS: u64 = 4000;
    for (rate, p1, mean, share_fell) in [
        (0.42, 0.38, 806.0, 0.045),
        (0.38, 0.38, 808.0, 0.955),
        (0.42, 0.35, 263.0, 0.045),
        (0.35, 0.35, 265.0, 0.955),
    ] {
        let (mut length, mut fell) = (0.0, 0.0);
        for run in 0..RUNS {
            let (mut random, mut test) = (generator(SEED, run), Sprt::new(0.42, p1, 0.05));
            while test.take(uniform(&mut random) < rate, 1.0) == Found::Open {}
            length += test.after as f64 / RUNS as f64;
            fell += if test.found == Found::Fell { 1.0 / RUNS as f64 } else { 0.0 };
        }
        // The standard deviation of a length is about three quarters of its mean.
        near(length, mean, mean * 0.75 * 3.5 / (RUNS as f64).sqrt() + 1.0);
        near(fell, share_fell, 0.014);
    }
}

#[test]
fn the_chart_alarms_as_often_as_it_says() {
    println!("seed {SEED}");
    const RUNS: u64 = 3000;
    let rows = [
        (0.38, 2.0, 1508.0, 0.088, 367.0, 0.436),
        (0.35, 3.0, 1800.0, 0.099, 216.0, 0.737),
        (0.30, 3.0, 649.0, 0.321, 72.0, 0.995),
        (0.30, 4.0, 2005.0, 0.106, 106.0, 0.974),
    ];
    for (p1, limit, quiet, false_alarms, delay, detected) in rows {
        for (rate, length, share) in [(0.42, quiet, false_alarms), (p1, delay, detected)] {
            let (mut mean, mut within) = (0.0, 0.0);
            for run in 0..RUNS {
                let (mut random, mut chart) = (generator(SEED, run), Cusum::new(0.42, p1, limit));
                while !chart.take(uniform(&mut random) < rate, 1.0) {}
                let first = chart.taken as f64;
                mean += first / RUNS as f64;
                within += if first <= 266.0 { 1.0 / RUNS as f64 } else { 0.0 };
            }
            // Waiting times are nearly exponential: four standard errors.
            near(mean, length, length * 4.0 / (RUNS as f64).sqrt() + 1.0);
            near(within, share, 0.035);
        }
    }
}

#[test]
fn evidence_holds_at_every_look() {
    println!("seed {SEED}");
    const RUNS: u64 = 2000;
    let places = [50, 200, 266, 500, 1000];
    let rows = [
        (0.42, [0.029, 0.040, 0.040, 0.044, 0.048]),
        (0.38, [0.067, 0.129, 0.159, 0.239, 0.424]),
        (0.35, [0.126, 0.336, 0.413, 0.684, 0.951]),
        (0.30, [0.288, 0.817, 0.913, 0.997, 1.0]),
    ];
    for (rate, expected) in rows {
        let mut alarms = [0.0; 5];
        for run in 0..RUNS {
            let won = trades(run, 1000, rate);
            let mut wins = 0;
            let first = won.iter().enumerate().position(|(at, is_won)| {
                wins += usize::from(*is_won);
                ln_e_value(wins, at + 1, 0.42) >= 20.0_f64.ln()
            });
            for (alarm, place) in alarms.iter_mut().zip(places) {
                *alarm += if first.is_some_and(|at| at < place) { 1.0 / RUNS as f64 } else { 0.0 };
            }
        }
        for (found, expected) in alarms.into_iter().zip(expected) {
            near(found, expected, 3.5 * (expected * (1.0 - expected) / RUNS as f64).sqrt() + 0.005);
        }
    }
}

#[test]
fn evidence_by_hand() {
    // After one loss, mixing evenly over rates below p0: the mean of 1 - p there, by 1 - p0.
    near(ln_e_value(0, 1, 0.42).exp(), (1.0 - 0.21) / 0.58, 1e-9);
    near(ln_e_value(1, 1, 0.42).exp(), 0.21 / 0.42, 1e-9);
    let (most, at) = largest_ln_e_value(&[false, false, true], 0.42);
    assert_eq!(at, 2);
    near(most, ln_e_value(0, 2, 0.42), 1e-12);
}

#[test]
fn rates_that_hold_at_every_look() {
    let rows = [
        (5, 12, 0.100_361, 0.794_819),
        (21, 50, 0.224_082, 0.635_076),
        (42, 100, 0.271_630, 0.578_907),
        (84, 200, 0.309_308, 0.536_396),
        (210, 500, 0.345_919, 0.496_577),
        (420, 1000, 0.365_706, 0.475_620),
    ];
    for (k, n, low, high) in rows {
        let found = rate_sequence(k, n, 0.05);
        near(found.low, low, 1e-6);
        near(found.high, high, 1e-6);
    }
}

#[test]
fn means_that_hold_at_every_look() {
    for (n, radius) in [(50, 0.7825), (100, 0.5264), (200, 0.3681), (500, 0.2369), (1000, 0.1716)] {
        near(mean_radius(n, 1.7148, 0.05), radius, 6e-5);
    }
}

#[test]
fn bets_win_only_against_what_is_not_so() {
    println!("seed {SEED}");
    let (win, mut against, mut lost) = (1.629_524, 0, 0);
    for run in 0..500 {
        let of = |p| trades(run, 800, p).iter().map(|w| if *w { win } else { -1.0 }).collect::<Vec<_>>();
        against += usize::from(ln_bet_against(&of(0.42), 0.42 * win - 0.58, win) >= 20.0_f64.ln());
        lost += usize::from(ln_bet_against(&of(0.30), 0.42 * win - 0.58, win) >= 20.0_f64.ln());
        assert!(ln_bet_for(&of(0.0), 1.0) < 0.0);
    }
    assert!(against <= 25, "{against} of 500 alarms without a fall");
    assert!(lost >= 490, "only {lost} of 500 falls seen");
}

#[test]
fn runs_over_all_trades_stand_still_and_begin_anew() {
    let lost = [false; 200];
    let test = sprt(&lost, 0.42, 0.30, 0.05, 1.0);
    assert_eq!((test.found, test.after), (Found::Fell, 16));
    assert_eq!(sprt(&lost, 0.42, 0.30, 0.05, 2.0).after, 32);
    let chart = cusum(&lost, 0.42, 0.30, 5.0, 1.0);
    assert_eq!(chart.alarms.first(), Some(&27));
    assert_eq!(chart.alarms.len(), 7);
}
