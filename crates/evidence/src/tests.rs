//! Figures against the values of their sources, and what must hold for all trades.

#![allow(
    clippy::cast_precision_loss,
    clippy::items_after_statements,
    clippy::type_complexity,
    reason = "tables of small numbers read better as they are"
)]

mod bands;
mod chances;
mod compare;
mod execution;
mod figures;
mod gates;
mod headline;
mod ledger;
mod power;
mod properties;
mod sequential;
mod streak;
mod twin;

use crate::Figure;

/// The value of a figure that must have one.
#[track_caller]
fn value(figure: impl Into<Figure>) -> f64 {
    figure.into().get().expect("a value")
}

/// Fails unless both are the same to within `tolerance`.
#[track_caller]
fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected} within {tolerance}");
}

/// 24 returns of business days from 2026-01-05, the base point on 2026-01-02.
const RETURNS: [f64; 24] = [
    0.012, -0.008, 0.005, 0.0, -0.015, 0.021, -0.004, 0.009, -0.011, 0.003, 0.018, -0.022, -0.007, -0.002,
    0.014, 0.006, -0.009, 0.011, 0.0, -0.005, 0.025, -0.013, 0.004, 0.008,
];

/// 15 trades in R.
const TRADES: [f64; 15] =
    [1.8, -1.0, -1.0, 2.4, -1.0, -0.6, 0.9, -1.0, -1.0, -1.0, 3.1, 0.0, -1.2, 1.1, -1.0];

/// The headline figures of the strategy that the reference values are about.
fn headline() -> crate::Headline {
    crate::Headline {
        trades: 2926,
        win_rate: 0.42,
        profit_factor: 1.18,
        payoff: None,
        years: Some(11.0),
        multiple: Some(26.3),
        sharpe: Some(0.69),
        max_drawdown: Some(0.44),
        longest_losing_streak: Some(36),
    }
}

/// The made-up ledger: 1,229 wins and 1,697 losses.
fn skewed() -> Vec<f64> {
    crate::bands::generators::skewed(2926, 0.42, 1.18).expect("a ledger")
}

/// These results, one a day from 2 March 2026 on, each risking 10.
fn ledger_of(values: &[f64]) -> crate::Ledger {
    let first: crate::Time = "2026-03-02T15:00:00Z".parse().expect("a moment");
    let trade = |(at, r): (usize, &f64)| {
        let opened = first + chrono::Days::new(at as u64);
        crate::Trade {
            id: format!("t{at:05}"),
            strategy: String::new(),
            symbol: "AAPL".into(),
            class: Some(crate::Class::Equity),
            side: crate::Side::Long,
            opened,
            closed: opened + chrono::TimeDelta::hours(5),
            quantity: 1.into(),
            entry: 100.into(),
            exit: 101.into(),
            pnl: rust_decimal::Decimal::from_f64_retain(r * 10.0).expect("an amount").round_dp(9),
            risk: Some(10.into()),
            r: None,
            notional: None,
            stop: None,
            target: None,
            imported: false,
        }
    };
    crate::Ledger::new(values.iter().enumerate().map(trade).collect()).expect("a ledger")
}
