//! What is drawn: it says the same as the figures that it is drawn from.

use rust_decimal::Decimal;

use super::{headline, ledger_of, near, skewed, value};
use crate::bands::{Metric, Plan};
use crate::compare::depths::depths;
use crate::compare::pairs::so_far;
use crate::compare::sequential::{ALARM, ln_e_value, looks, sprt};
use crate::compare::{Backtest, Chances, Pair, PairFigures, Reference, compare};
use crate::figure::count;
use crate::ledger::Unit;
use crate::plot::{Plot, of_chance, of_pairs};
use crate::series::beside;

fn reference(trades: usize) -> Reference {
    let plan = Plan { resamples: 2000, ..Plan::of(trades, 7) };
    Reference::new(&Backtest::Headline(headline()), Unit::R, plan, &|_| ()).expect("a reference")
}

/// So many trades, every fifth of them won.
fn poor(trades: usize) -> Vec<f64> {
    (0..trades).map(|at| if at % 5 == 4 { 1.6 } else { -1.0 }).collect()
}

#[track_caller]
fn sound(plot: &Plot) -> String {
    let svg = plot.svg("p1");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert!(plot.says.len() > 30 && !plot.x.label.is_empty(), "{plot:?}");
    svg
}

#[test]
fn the_way_of_a_test_ends_where_the_test_stands() {
    let won: Vec<bool> = poor(120).iter().map(|x| *x > 0.0).collect();
    let way = looks(&won, 0.42, 0.38, 1.0, 40);
    assert!(way.len() <= 40 && way.windows(2).all(|pair| pair[0].trades < pair[1].trades));
    let last = way.last().expect("a look");
    near(last.ln_e, ln_e_value(24, 120, 0.42), 1e-12);
    near(last.sprt, sprt(&won, 0.42, 0.38, 0.05, 1.0).sum, 1e-12);
    // Dependence divides the evidence.
    near(looks(&won, 0.42, 0.38, 4.0, 40).last().expect("a look").ln_e, last.ln_e / 4.0, 1e-12);
    assert!(last.ln_e > ALARM.ln());
    let drawn = of_chance::e_process(&way, last.ln_e.exp()).expect("a plot");
    assert!(drawn.title.contains("an alarm"), "{}", drawn.title);
    sound(&drawn);
    let found = sprt(&won, 0.42, 0.38, 0.05, 1.0);
    let drawn = of_chance::sprt(&way, &found).expect("a plot");
    assert!(drawn.title.contains("decided for the lower one"), "{}", drawn.title);
    assert!(
        of_chance::e_process(&looks(&won[..9], 0.42, 0.38, 1.0, 40), 1.0).is_none(),
        "too few for a drawing"
    );
}

#[test]
fn chances_are_shares_and_say_what_the_comparison_says() {
    let live = ledger_of(&poor(50));
    let reference = reference(50);
    let told = compare(&live, &reference).expect("a comparison");
    let found = Chances::of(&live, &reference, 40, 100).expect("chances");
    assert_eq!((found.trades, found.longest, found.now), (50, 4, 0));
    // Streaks: a distribution, and its tail is the chance that the comparison tells.
    let sum = |pick: fn(&crate::compare::streak::Chance) -> f64, from: usize| {
        found.streaks.iter().filter(|row| row.length >= from).map(pick).sum::<f64>()
    };
    assert!(found.streaks.last().is_some_and(|row| (40..=50).contains(&row.length)));
    near(sum(|row| value(row.independent), 0), 1.0, 1e-9);
    near(sum(|row| value(row.independent), 4), value(told.streak.independent), 1e-9);
    near(sum(|row| value(row.clustered), 4), value(told.streak.clustered), 1e-2);
    assert!(of_chance::streaks(&found, 40).expect("a plot").title.starts_with("4 losses in a row at most"));
    // Figures: the same six, live and place the same, and all samples in one part or another.
    assert_eq!(found.spreads.iter().map(|s| s.metric).collect::<Vec<_>>(), Metric::TOGETHER);
    for spread in &found.spreads {
        let place = told.clustered.iter().find(|place| place.metric == spread.metric).expect("a place");
        assert_eq!((spread.live, spread.percentile), (place.live, place.percentile));
        near(spread.parts.iter().map(|part| value(part.independent)).sum(), 1.0, 1e-9);
        near(spread.parts.iter().map(|part| value(part.clustered)).sum(), 1.0, 1e-9);
        assert!(spread.parts.windows(2).all(|pair| (pair[0].to - pair[1].from).abs() < 1e-9));
        sound(&of_chance::spread(spread, 50).expect("a plot"));
    }
    let streaks = found.spreads.iter().find(|s| s.metric == Metric::LongestLosingStreak).expect("streaks");
    near(streaks.parts[0].from.fract().abs(), 0.5, 1e-12);
}

#[test]
fn trades_stand_beside_those_of_the_backtest() {
    let found = beside(&poor(50), &skewed(), -3.0, 6.0, 0.5).expect("both");
    let drawn = of_chance::beside(&found, "R").expect("a plot");
    assert!(drawn.title.starts_with("80 % of live trades came out below zero, 58 %"), "{}", drawn.title);
    sound(&drawn);
    let drawn = of_chance::quantiles(&found, "R").expect("a plot");
    assert!(drawn.title.contains("from the backtest's on average"), "{}", drawn.title);
    sound(&drawn);
    let few = beside(&poor(9), &skewed(), -3.0, 6.0, 0.5).expect("both");
    assert!(of_chance::beside(&few, "R").is_none() && of_chance::quantiles(&few, "R").is_none());
}

#[test]
fn pairs_as_they_went_end_at_their_figures() {
    let pairs: Vec<Pair> = (0..60)
        .map(|at| Pair {
            id: at.to_string(),
            live: 0.5 - if at % 2 == 0 { 0.03 } else { -0.02 },
            shadow: 0.5,
            is_same_size: true,
            is_same_exit: true,
        })
        .collect();
    let way = so_far(&pairs, 25);
    assert!(way.len() <= 25);
    let (last, figures) = (way.last().expect("a step"), PairFigures::of(&pairs));
    near(last.mean, value(figures.mean), 1e-12);
    let sequence = figures.sequence.expect("a sequence");
    near(value(last.low), sequence.low, 1e-9);
    near(value(last.high), sequence.high, 1e-9);
    assert!(so_far(&pairs[..1], 25)[0].low.value().is_none(), "one pair has no spread");
    let drawn = of_pairs::pairs(&way, 0.05).expect("a plot");
    assert!(drawn.title.contains("parity is shown"), "{}", drawn.title);
    sound(&drawn);
    let lossy: Vec<Pair> = pairs.iter().map(|pair| Pair { live: pair.live - 0.2, ..pair.clone() }).collect();
    let drawn = of_pairs::pairs(&so_far(&lossy, 25), 0.05).expect("a plot");
    assert!(drawn.title.contains("not shown yet"), "{}", drawn.title);
}

#[test]
fn a_drawdown_by_chance_is_a_share_of_the_highest_equity() {
    let live = ledger_of(&poor(50));
    let reference = reference(50);
    let lost: Vec<f64> = live.money().into_iter().filter(|x| *x < 0.0).collect();
    let unit = -lost.iter().sum::<f64>() / count(lost.len());
    let told = depths(&reference, &live, Some(Decimal::from(250)));
    assert_eq!(told.iter().map(|row| row.samples).collect::<Vec<_>>(), [0.5, 0.9, 0.95]);
    for row in &told {
        let deepest = value(reference.bands().quantile(Metric::MaxDrawdown, row.samples));
        near(value(row.depth), deepest * unit / 250.0, 1e-12);
    }
    assert!(told.windows(2).all(|pair| value(pair[0].depth) < value(pair[1].depth)), "{told:?}");
    // Without an equity there is nothing that it is a share of.
    for nothing in [None, Some(Decimal::ZERO)] {
        assert!(depths(&reference, &live, nothing).iter().all(|row| row.depth.value().is_none()));
    }
}
