//! What must hold for all trades.

use proptest::collection::vec;
use proptest::prelude::*;

use super::skewed;
use crate::bands::{Bands, Metric, Plan, Source, figures};
use crate::compare::power::exact;
use crate::compare::proportion::{clopper_pearson, wilson};
use crate::compare::sequential::rate_sequence;
use crate::compare::streak;
use crate::figures::{Drawdown, Moments};
use crate::ledger::Unit;
use crate::special::{beta_inverse, beta_share, binomial_at_most, normal, normal_inverse};
use crate::{Conventions, EquityFigures, Figure, TradeFigures, Undefined};

/// Results in hundredths, with scratches among them.
fn results() -> impl Strategy<Value = Vec<f64>> {
    vec((-500_i32..=800).prop_map(|x| f64::from(x) / 100.0), 0..80)
}

fn same(a: Figure, b: Figure) -> bool {
    match (a, b) {
        (Figure::Is(a), Figure::Is(b)) => (a - b).abs() <= 1e-9 * (1.0 + a.abs()),
        (a, b) => a == b,
    }
}

proptest! {
    #[test]
    fn sums_do_not_know_the_order(trades in results(), by in 0_usize..80) {
        let mut turned = trades.clone();
        if !turned.is_empty() {
            let by = by % turned.len();
            turned.rotate_left(by);
            turned.reverse();
        }
        let (a, b) = (TradeFigures::of(&trades), TradeFigures::of(&turned));
        for (x, y) in [
            (a.win_rate, b.win_rate), (a.win_rate_decided, b.win_rate_decided), (a.payoff, b.payoff),
            (a.profit_factor, b.profit_factor), (a.expectancy, b.expectancy), (a.sqn, b.sqn), (a.kelly, b.kelly),
            (a.standard_deviation, b.standard_deviation), (a.best, b.best), (a.worst, b.worst), (a.median, b.median),
        ] {
            prop_assert!(same(x, y), "{x:?} and {y:?}");
        }
    }

    #[test]
    fn figures_go_together(trades in results()) {
        let f = TradeFigures::of(&trades);
        prop_assert_eq!(f.wins + f.losses + f.scratches, f.trades);
        prop_assert!(f.longest_losing_streak <= f.losses && f.losing_streak_now <= f.longest_losing_streak);
        // The identity E = p W - q L, with scratches in neither.
        if let (Figure::Is(w), Figure::Is(l), Figure::Is(e)) = (f.mean_win, f.mean_loss, f.expectancy) {
            let n = f.trades as f64;
            prop_assert!((e - (f.wins as f64 * w - f.losses as f64 * l) / n).abs() < 1e-9);
        }
        if let (Figure::Is(factor), Figure::Is(e)) = (f.profit_factor, f.expectancy) {
            prop_assert_eq!(factor > 1.0 + 1e-12, e > 1e-12);
        }
        prop_assert!(f.max_drawdown >= -f.net - 1e-9 && f.max_drawdown >= 0.0);
        let text = serde_json::to_string(&f).expect("text");
        prop_assert!(!text.contains("null"), "{}", text);
        prop_assert_eq!(serde_json::from_str::<TradeFigures>(&text).expect("figures"), f);
    }

    #[test]
    fn the_bands_compute_what_the_figures_do(trades in results()) {
        let f = TradeFigures::of(&trades);
        let of = |metric| figures(&trades, None).into_iter().find(|(m, _)| *m == metric).expect("a figure").1;
        prop_assert!(same(of(Metric::WinRate), f.win_rate));
        prop_assert!(same(of(Metric::Expectancy), f.expectancy));
        let streak = of(Metric::LongestLosingStreak).value().unwrap_or(0.0);
        prop_assert!((streak - f.longest_losing_streak as f64).abs() < 0.5);
        prop_assert!((of(Metric::MaxDrawdown).value().unwrap_or(0.0) - f.max_drawdown).abs() < 1e-9);
        for (band, figure) in [(of(Metric::ProfitFactor), f.profit_factor), (of(Metric::Payoff), f.payoff)] {
            prop_assert_eq!(band.value().is_some(), figure.value().is_some());
            prop_assert!(band.value().is_none() || same(band, figure));
        }
    }

    #[test]
    fn what_moves_all_amounts_moves_no_ratio(trades in results(), scale in 0.01_f64..100.0) {
        let scaled: Vec<f64> = trades.iter().map(|x| x * scale).collect();
        let (a, b) = (TradeFigures::of(&trades), TradeFigures::of(&scaled));
        prop_assert!(same(a.payoff, b.payoff) && same(a.profit_factor, b.profit_factor) && same(a.sqn, b.sqn));
        prop_assert!((a.max_drawdown * scale - b.max_drawdown).abs() < 1e-6);
    }

    #[test]
    fn equity_figures_are_finite_or_say_why(returns in vec(-0.9_f64..1.5, 0..60)) {
        let figures = EquityFigures::of_returns(&returns, Conventions::ALL_DAYS);
        let value = serde_json::to_value(&figures).expect("a value");
        for (key, value) in value.as_object().expect("an object") {
            prop_assert!(!value.is_null(), "{} is null", key);
        }
        if let Some(drawdown) = figures.drawdown {
            prop_assert!((-1.0..=0.0).contains(&drawdown.max) && drawdown.now >= drawdown.max);
            prop_assert!(drawdown.peak <= drawdown.valley && drawdown.ulcer <= -drawdown.max + 1e-12);
            prop_assert!(drawdown.recovery.is_none_or(|at| at >= drawdown.valley));
        } else {
            prop_assert!(returns.is_empty());
        }
    }

    #[test]
    fn a_drawdown_knows_its_own_depth(returns in vec(-0.5_f64..0.5, 1..60)) {
        let drawdown = Drawdown::of(&returns).expect("a drawdown");
        let value = |end: usize| returns[..end].iter().map(|r| 1.0 + r).product::<f64>();
        prop_assert!((value(drawdown.valley) / value(drawdown.peak) - 1.0 - drawdown.max).abs() < 1e-9);
    }

    #[test]
    fn intervals_hold_their_estimate(n in 1_usize..400, share in 0.0_f64..=1.0) {
        let k = crate::figures::moments::whole(share * n as f64).min(n);
        let estimate = k as f64 / n as f64;
        let (exact, close, sequence) = (clopper_pearson(k, n, 0.95), wilson(k, n, 0.95), rate_sequence(k, n, 0.05));
        for interval in [exact, close, sequence] {
            prop_assert!(interval.holds(estimate) && interval.low >= 0.0 && interval.high <= 1.0, "{interval:?}");
        }
        // Who may look at any time pays for it.
        prop_assert!(sequence.low <= exact.low + 1e-9 && sequence.high >= exact.high - 1e-9);
    }

    #[test]
    fn the_exact_test_is_no_larger_than_it_says(n in 1_usize..300, p0 in 0.05_f64..0.95) {
        let found = exact(n, p0, p0 * 0.8, 0.05);
        prop_assert!(found.size <= 0.05 && found.power >= found.size - 1e-12);
        // The most wins that still reject, counted one by one.
        prop_assert_eq!(found.reject_at, (0..=n).rev().find(|k| binomial_at_most(*k, n, p0) <= 0.05));
    }

    #[test]
    fn longer_streaks_are_rarer(n in 1_usize..120, u in 0.05_f64..0.95, more in 0.0_f64..0.9) {
        let a = u + (1.0 - u) * more;
        for k in 1..n.min(30) {
            prop_assert!(streak::at_least(k, n, u) >= streak::at_least(k + 1, n, u) - 1e-12);
            prop_assert!(streak::at_least(k, n, u) <= streak::at_least(k, n + 1, u) + 1e-12);
            let runs = streak::at_least_with_runs(k, n, u, a);
            prop_assert!((0.0..=1.0).contains(&runs));
        }
        prop_assert!((streak::at_least_with_runs(n, n, u, a) - u * a.powf(n as f64 - 1.0)).abs() < 1e-9);
    }

    #[test]
    fn inverses_are_inverse(p in 0.0001_f64..0.9999, a in 0.5_f64..500.0, b in 0.5_f64..500.0) {
        prop_assert!((normal(normal_inverse(p)) - p).abs() < 1e-9);
        prop_assert!((beta_share(a, b, beta_inverse(p, a, b)) - p).abs() < 1e-7);
    }

    #[test]
    fn nothing_varies_in_what_is_constant(x in -5.0_f64..5.0, n in 2_usize..40) {
        prop_assert_eq!(Moments::of(&vec![x; n]), Err(Undefined::NoSpread));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_same_seed_gives_the_same_bands_on_any_number_of_threads(seed: u64, threads in 2_usize..6, n in 1_usize..60) {
        let sources = [
            Source::Independent { values: skewed() },
            Source::with_runs(&skewed(), 0.42, 0.6),
            Source::Stationary { values: skewed(), length: 5.0 },
        ];
        for source in sources {
            let plan = Plan { resamples: 700, threads: 1, share_per_unit: Some(0.01), ..Plan::of(n, seed) };
            let one = Bands::new(&source, Unit::R, plan, &|_| ()).expect("bands");
            let many = Bands::new(&source, Unit::R, Plan { threads, ..plan }, &|_| ()).expect("bands");
            prop_assert_eq!(&one.bands, &many.bands);
            prop_assert_eq!((one.joint_limit, one.gate_limit), (many.joint_limit, many.gate_limit));
            let other = Bands::new(&source, Unit::R, Plan { seed: seed ^ 1, ..plan }, &|_| ()).expect("bands");
            prop_assert!(n < 5 || one.mean(Metric::Expectancy) != other.mean(Metric::Expectancy));
        }
    }
}
