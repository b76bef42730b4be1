//! Costs, times and rates by hand.

use super::{near, value};
use crate::execution::cost::orders_needed;
use crate::execution::{
    CostModel, End, Execution, Step, Times, against_model, by_hour, drift, latencies, quality,
};
use crate::gates::Verdict;
use crate::plot::of_orders;
use crate::{Class, Figure, Side, Time, Undefined};

fn at(ms: i64) -> Option<Time> {
    Time::from_timestamp_millis(1_780_000_000_000 + ms)
}

/// Bought 10 of 10 at 101 where 100 was decided and 100.40 stood when it left.
fn bought() -> Execution {
    Execution {
        id: "a".into(),
        symbol: "AAPL".into(),
        class: Class::Equity,
        side: Side::Long,
        is_exit: false,
        asked: 10.0,
        filled: 10.0,
        decision: 100.0,
        arrival: Some(100.4),
        fill: Some(101.0),
        middle_at_fill: Some(100.9),
        end_price: None,
        fees: 0.5,
        end: End::Filled,
        times: Times {
            data: at(0),
            decided: at(300_000),
            taken: at(301_000),
            approved: at(301_002),
            sent: at(301_004),
            accepted: at(301_100),
            first_fill: at(301_400),
            last_fill: at(302_000),
            stop_confirmed: at(301_900),
        },
    }
}

#[test]
fn positive_is_a_cost_on_both_sides() {
    let buy = bought();
    near(buy.decision_slippage().expect("a cost"), 100.0, 1e-9);
    near(buy.delay_cost().expect("a cost"), 40.0, 1e-9);
    near(buy.arrival_slippage().expect("a cost"), 1e4 * 0.6 / 100.4, 1e-9);
    near(buy.half_spread().expect("a cost"), 1e4 * 0.1 / 100.9, 1e-9);
    near(buy.shortfall().expect("a cost"), 10.5, 1e-9);
    let sell = Execution { side: Side::Short, ..bought() };
    near(sell.decision_slippage().expect("a gain"), -100.0, 1e-9);
    near(sell.shortfall().expect("a gain"), -9.5, 1e-9);
}

#[test]
fn what_was_not_filled_costs_what_was_missed() {
    let partly = Execution { filled: 4.0, end: End::Partly, end_price: Some(103.0), ..bought() };
    near(partly.shortfall().expect("a cost"), 4.0 + 18.0 + 0.5, 1e-9);
    near(partly.shortfall_basis_points().expect("a cost"), 225.0, 1e-9);
    let missed = Execution {
        filled: 0.0,
        fill: None,
        end: End::Unfilled,
        end_price: Some(98.0),
        fees: 0.0,
        ..bought()
    };
    near(missed.shortfall().expect("a gain"), -20.0, 1e-9);
    assert_eq!(Execution { end_price: None, ..partly.clone() }.shortfall(), None);
    assert_eq!(missed.decision_slippage(), None);
    // The part that was missed, by itself.
    near(partly.opportunity().expect("a cost"), 1e4 * 18.0 / 1000.0, 1e-9);
    near(missed.opportunity().expect("a gain"), -200.0, 1e-9);
    assert_eq!(bought().opportunity(), None, "nothing was missed");
    let sold = Execution { side: Side::Short, ..missed.clone() };
    near(sold.opportunity().expect("a cost"), 200.0, 1e-9);
    let unknown = Execution { end_price: None, ..missed.clone() };
    let denied = Execution { end: End::Denied, ..missed.clone() };
    let found = quality(&[bought(), partly, missed, unknown, denied], None);
    assert_eq!((found.missed, found.opportunity.orders), (3, 2));
    near(value(found.opportunity.mean), -10.0, 1e-9);
}

#[test]
fn costs_that_rise_leave_their_limits_and_have_their_hour() {
    let model = CostModel { class: Class::Equity, expected: 4.0, hard_cap: 100.0 };
    let order = |n: i64, cost: f64| {
        let first_fill = at(n * 3_600_000);
        let times = Times { first_fill, ..Times::default() };
        Execution { id: n.to_string(), fill: Some(100.0 * (1.0 + cost / 1e4)), times, ..bought() }
    };
    let spread = |n: i64| if n % 2 == 0 { 1.0 } else { -1.0 };
    let even: Vec<Execution> = (0..40).map(|n| order(n, 4.0 + spread(n))).collect();
    let found = drift(&even, &[model], 25);
    assert_eq!((found.orders, found.above, found.rows.len()), (40, 0, 25));
    assert_eq!(found.rows.first().map(|row| row.number), Some(16), "the last ones");
    near(value(found.mean), 0.0, 1e-9);
    near(value(found.limit), 3.0 * value(found.sd) * (0.1_f64 / 1.9).sqrt(), 1e-12);
    let risen: Vec<Execution> =
        (0..40).map(|n| order(n, if n < 30 { 4.0 + spread(n) } else { 12.0 })).collect();
    let found = drift(&risen, &[model], 100);
    assert!(found.above > 0 && value(found.rolling) > value(found.limit), "{found:?}");
    let drawn = of_orders::drift(&found).expect("a plot");
    assert!(drawn.title.contains("above its limit"), "{}", drawn.title);
    // In their order, whatever order they come in, and only of classes with a model.
    let mut mixed: Vec<Execution> = risen.iter().rev().cloned().collect();
    mixed.push(Execution { class: Class::Crypto, ..order(50, 90.0) });
    assert_eq!(drift(&mixed, &[model], 100), found);
    let hours = by_hour(&risen);
    assert_eq!(hours.iter().map(|hour| hour.orders).sum::<usize>(), 40);
    assert_eq!(hours.len(), 24);
    let drawn = of_orders::hours(&found, &hours).expect("a plot");
    assert!(drawn.title.starts_with("Dearest hour: ") && drawn.title.contains("+8.5"), "{}", drawn.title);
    assert!(of_orders::drift(&drift(&even[..9], &[model], 25)).is_none(), "too few for a drawing");
}

#[test]
fn what_we_denied_is_in_no_rate_of_the_brokers() {
    let with = |end, filled| Execution { filled, end, ..bought() };
    let orders = [
        bought(),
        with(End::Partly, 5.0),
        with(End::Refused, 0.0),
        with(End::Unfilled, 0.0),
        with(End::Denied, 0.0),
        Execution { class: Class::Crypto, ..bought() },
    ];
    let found = quality(&orders, Some(Class::Equity));
    assert_eq!((found.rates.sent, found.rates.denied), (4, 1));
    near(value(found.rates.fill_rate), 1.5 / 4.0, 1e-12);
    near(value(found.rates.filled_whole), 0.25, 1e-12);
    near(value(found.rates.refused), 0.25, 1e-12);
    assert_eq!(quality(&orders, None).rates.sent, 5);
    let none = quality(&orders, Some(Class::Forex));
    assert_eq!(none.decision.mean, Figure::none(Undefined::NotGiven));
    assert_eq!(none.rates.refused, Figure::none(Undefined::NotGiven));
}

#[test]
fn times_that_run_backwards_are_told_and_not_cut() {
    let mut late = bought();
    late.times.accepted = at(300_900);
    let found = latencies(&[bought(), late]);
    let of = |step| found.iter().find(|s| s.step == step).expect("a step");
    near(value(of(Step::SignalToFill).p95), 1400.0, 1e-9);
    near(value(of(Step::SignalAge).p50), 301_000.0, 1e-9);
    near(value(of(Step::Unprotected).longest), 500.0, 1e-9);
    near(value(of(Step::Completing).longest), 600.0, 1e-9);
    assert_eq!((of(Step::Accepting).orders, of(Step::Accepting).backwards), (1, 1));
    near(value(of(Step::Accepting).longest), 96.0, 1e-9);
    near(value(of(Step::Filling).p50), 400.0, 1e-9);
    assert_eq!((of(Step::Deciding).orders, value(of(Step::Sending).p99)), (2, 2.0));
}

#[test]
fn costs_are_held_against_a_model() {
    let model = CostModel { class: Class::Equity, expected: 4.0, hard_cap: 100.0 };
    let orders = |cost: f64, n: usize| -> Vec<Execution> {
        let of = |i: usize| {
            let cost = cost + if i.is_multiple_of(2) { 1.0 } else { -1.0 };
            Execution { id: i.to_string(), fill: Some(100.0 * (1.0 + cost / 1e4)), ..bought() }
        };
        (0..n).map(of).collect()
    };
    let good = against_model(&orders(4.0, 40), model);
    assert_eq!(good.within_bounds, Verdict::Met);
    near(value(good.budget), 1.0, 1e-6);
    assert!(value(good.surely_above) < 0.0 && value(good.bound) > 4.3);
    let bad = against_model(&orders(9.0, 40), model);
    assert_eq!(bad.within_bounds, Verdict::NotMet);
    assert!(value(bad.surely_above) > 4.0 && value(bad.budget) > 1.5);
    let few = against_model(&orders(4.0, 12), model);
    assert_eq!(few.within_bounds, Verdict::NotYet { what: "8 more filled orders".into() });
    assert_eq!(against_model(&orders(150.0, 3), model).beyond_cap.len(), 3);
    near(value(orders_needed(15.0, 5.0)), 35.0, 0.5);
    near(value(orders_needed(40.0, 10.0)), 62.0, 0.6);
    near(value(orders_needed(40.0, 5.0)), 246.0, 0.5);
}
