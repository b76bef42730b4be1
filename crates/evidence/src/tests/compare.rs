//! Live against backtest, as a whole.

use std::sync::Mutex;

use super::{headline, ledger_of, near, skewed, value};
use crate::bands::{Metric, Plan, Zone};
use crate::compare::pairs::pairs_power;
use crate::compare::{Backtest, Basis, Pair, PairFigures, Reference, SignalCounts, compare};
use crate::ledger::Unit;
use crate::{Figure, Headline, Undefined};

const SEED: u64 = 7;

fn reference(backtest: &Backtest, trades: usize) -> Reference {
    let plan = Plan { resamples: 4000, ..Plan::of(trades, SEED) };
    Reference::new(backtest, Unit::R, plan, &|_| ()).expect("a reference")
}

/// Twenty-one wins of fifty, spread as the made-up ledger is.
fn ordinary() -> Vec<f64> {
    let ledger = skewed();
    let pick = |at: usize| {
        if at % 50 % 2 == 1 && at % 50 < 42 {
            ledger[(at * 29) % 1229]
        } else {
            ledger[1229 + (at * 31) % 1697]
        }
    };
    (0..50).map(pick).collect()
}

#[test]
fn an_ordinary_sample_is_inside_and_power_is_told() {
    let reference = reference(&Backtest::Headline(headline()), 50);
    assert_eq!((reference.basis, reference.unit), (Basis::Generated, Unit::MeanLoss));
    near(reference.inflation, 4.4, 0.05);
    near(value(reference.figures.longest_losing_streak), 36.0, 0.0);
    assert_eq!(reference.figures.max_drawdown, Figure::none(Undefined::NeedsLedger));
    let found = compare(&ledger_of(&ordinary()), &reference).expect("a comparison");
    assert!(
        found.clustered_joint.as_ref().is_some_and(|joint| joint.is_inside),
        "{:?}",
        found.clustered_joint
    );
    let wins = found.independent.iter().find(|p| p.metric == Metric::WinRate).expect("a place");
    near(value(wins.live), 0.42, 1e-12);
    near(value(wins.percentile), 0.5, 0.05);
    assert_eq!(wins.zone, Zone::Green);
    assert!(found.win_rate_exact.holds(0.42) && found.win_rate_wilson.holds(0.38));
    assert!(found.power.len() > 6 && found.power.iter().all(|p| !p.to_see.is_empty()));
    let by_wins = &found.power[0];
    assert!(value(by_wins.value) < 0.15, "fifty clustered trades see little: {by_wins:?}");
    assert!(value(by_wins.trades_for_80) > 3000.0);
    let about: Vec<_> = found.contradictions.iter().map(|c| c.about.as_str()).collect();
    assert_eq!(about, ["longest-losing-streak", "growth-and-sharpe", "sharpe-and-trades"]);
    // Seven a week are not five a week, once there are enough.
    let rate = found.rate.expect("a rate");
    near(value(rate.per_week), 7.1, 0.1);
    let text = serde_json::to_string(&compare(&ledger_of(&ordinary()), &reference).expect("a comparison"))
        .expect("text");
    assert!(text.contains("\"basis\":\"generated\"") && !text.contains("null,"), "{text}");
}

#[test]
fn a_broken_sample_is_outside_on_the_bad_side_and_a_lucky_one_on_the_other() {
    let reference =
        reference(&Backtest::Headline(Headline { longest_losing_streak: None, ..headline() }), 50);
    assert!(reference.clustered.is_none());
    near(reference.inflation, 1.0, 0.0);
    let broken: Vec<f64> = ordinary().iter().map(|r| if *r > 0.0 { r * 0.2 } else { *r }).collect();
    let found = compare(&ledger_of(&broken), &reference).expect("a comparison");
    let payoff = found.independent.iter().find(|p| p.metric == Metric::Payoff).expect("a place");
    assert_eq!(payoff.zone, Zone::Red);
    assert!(!found.independent_joint.is_inside && value(payoff.chance_of_less) < 0.01);
    let lucky: Vec<f64> = ordinary().iter().map(|r| if *r > 0.0 { r * 5.0 } else { *r }).collect();
    let found = compare(&ledger_of(&lucky), &reference).expect("a comparison");
    let payoff = found.independent.iter().find(|p| p.metric == Metric::Payoff).expect("a place");
    assert!(payoff.zone == Zone::Red && value(payoff.chance_of_more) < 0.01);
}

#[test]
fn weeks_of_a_ledger_widen_its_bands() {
    // Blocks of seven days that win or lose together.
    let ledger = skewed();
    let together: Vec<f64> = (0..700)
        .map(|at| {
            if (at / 7) * 7919 % 101 < 42 {
                ledger[(at * 29) % 1229]
            } else {
                ledger[1229 + (at * 31) % 1697]
            }
        })
        .collect();
    let reference = reference(&Backtest::Ledger(ledger_of(&together)), 49);
    assert_eq!(reference.basis, Basis::Ledger);
    assert!(reference.inflation > 2.5, "{}", reference.inflation);
    near(value(reference.per_week), 7.0, 0.02);
    assert!(value(reference.loss_after_loss) > 0.85);
    let wide = |bands: &crate::Bands| value(bands.spread(Metric::WinRate));
    let clustered = reference.clustered.as_ref().expect("bands");
    assert!(wide(clustered) > 1.5 * wide(&reference.independent));
    assert!(reference.blocks.is_some());
    assert_eq!(
        Reference::new(&Backtest::Ledger(ledger_of(&[])), Unit::R, Plan::of(10, 1), &|_| ()).err(),
        Some(Undefined::NoTrades)
    );
}

#[test]
fn progress_is_told_to_the_end() {
    let told = Mutex::new(Vec::new());
    let plan = Plan { resamples: 1000, ..Plan::of(20, SEED) };
    let source = crate::Source::Independent { values: skewed() };
    crate::Bands::new(&source, Unit::R, plan, &|p| told.lock().expect("a list").push(p.done)).expect("bands");
    let mut told = told.into_inner().expect("a list");
    told.sort_unstable();
    assert_eq!(told, [250, 500, 750, 1000]);
}

#[test]
fn pairs_tell_execution_from_the_market() {
    let pair = |at: usize, live: f64, shadow: f64| Pair {
        id: at.to_string(),
        live,
        shadow,
        is_same_size: true,
        is_same_exit: at != 3,
    };
    let pairs: Vec<Pair> = ordinary()
        .iter()
        .enumerate()
        .map(|(at, r)| pair(at, r - 0.02 + if at % 2 == 0 { 0.05 } else { -0.05 }, *r))
        .collect();
    let found = PairFigures::of(&pairs);
    near(value(found.mean), -0.02, 1e-9);
    near(value(found.sd), 0.0505, 1e-3);
    near(value(found.lower_bound()), -0.02 - 1.645 * 0.0505 / 50.0_f64.sqrt(), 1e-4);
    assert_eq!((found.other_size, found.other_exit), (0, 1));
    let (one, many) = (found.interval.expect("an interval"), found.sequence.expect("a sequence"));
    assert!(one.holds(-0.02) && many.low < one.low && many.high > one.high);
    near(value(pairs_power(69, 0.10, 0.03)), 0.80, 0.01);
    let same: Vec<Pair> = (0..5).map(|at| pair(at, 1.0, 1.0)).collect();
    near(value(PairFigures::of(&same).lower_bound()), 0.0, 0.0);
    assert_eq!(PairFigures::of(&[]).lower_bound(), Figure::none(Undefined::TooFew));
}

#[test]
fn signals_raise_red_flags() {
    let good = SignalCounts { received: 100, opened: 80, denied: 20, late: 5, ..SignalCounts::default() };
    let quality = good.quality();
    assert_eq!(quality.red_flags, Vec::<String>::new());
    near(value(quality.capture), 1.0, 0.0);
    let bad = SignalCounts { late: 6, repainted: 2, conflicting: 1, without_stop: 3, unreadable: 4, ..good };
    assert_eq!(bad.quality().red_flags.len(), 5);
    assert_eq!(SignalCounts::default().quality().capture, Figure::none(Undefined::NoTrades));
}
