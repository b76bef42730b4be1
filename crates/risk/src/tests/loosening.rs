//! Limits that change: a great deal looser only when somebody said so twice.

use std::collections::BTreeSet;

use broker_api::{Figures, LimitsConfirmed};
use proptest::prelude::*;
use versions::{Pending, Until, in_force};

use super::*;

/// Limits that are loosened when they become smaller, and all others. A new limit is put into one of the two.
const SMALLER: [&str; 5] = [
    "flatten_rest_hours",
    "cooldown_hours",
    "stop_distance_min_percent",
    "buying_power_buffer_percent",
    "duplicate_seconds",
];
const LARGER: [&str; 56] = [
    "daily_loss_percent",
    "daily_loss_flatten_percent",
    "weekly_loss_percent",
    "drawdown_percent",
    "drawdown_flatten_percent",
    "confirm_seconds",
    "cooldown_losses",
    "latch_losses",
    "unknown_minutes",
    "positions_max",
    "positions_equity_max",
    "positions_forex_max",
    "positions_crypto_max",
    "positions_strategy_max",
    "order_notional_percent",
    "order_value_max",
    "position_notional_percent",
    "gross_exposure_percent",
    "net_exposure_percent",
    "exposure_equity_percent",
    "exposure_forex_percent",
    "exposure_crypto_percent",
    "exposure_currency_percent",
    "risk_per_trade_percent",
    "open_risk_percent",
    "bucket_risk_percent",
    "stop_distance_max_percent",
    "day_trades_max",
    "entries_minute_max",
    "entries_day_max",
    "exits_minute_max",
    "entries_again_max",
    "refusals_max",
    "refusals_percent",
    "contact_seconds",
    "equity_age_seconds",
    "stop_missing_seconds",
    "holding_days_max",
    "signal_age_hours",
    "quote_age_equity_seconds",
    "quote_age_forex_seconds",
    "quote_age_crypto_seconds",
    "collar_equity_percent",
    "collar_forex_percent",
    "collar_crypto_percent",
    "decision_drift_percent",
    "drill_age_days",
    "daily_loss_equity_percent",
    "daily_loss_forex_percent",
    "daily_loss_crypto_percent",
    "slippage_equity_bps",
    "slippage_forex_bps",
    "slippage_crypto_bps",
    "answer_seconds_max",
    "diverged_max",
    "clock_milliseconds",
];

#[test]
fn every_limit_has_the_direction_that_its_meaning_says() {
    let of = |looser: Looser| -> BTreeSet<&str> {
        let lines = Limits::paper().lines().into_iter();
        lines.filter(|line| line.looser == looser).map(|line| line.key).collect()
    };
    assert_eq!(of(Looser::Smaller), SMALLER.into());
    assert_eq!(of(Looser::Larger), LARGER.into());
}

fn set(limits: &mut Limits, key: &str, figure: &str) {
    assert!(limits.put(key, figure), "{key} {figure}");
}

fn confirmed(figures: &[(&str, &str)], from: Time) -> LimitsConfirmed {
    let figures = figures.iter().map(|(key, figure)| ((*key).into(), (*figure).into())).collect();
    LimitsConfirmed { figures, from, name: "ann".into(), reason: "tested".into() }
}

fn keys(pending: &[Pending]) -> Vec<(&str, Until)> {
    pending.iter().map(|row| (row.key, row.until)).collect()
}

#[test]
fn figures_are_the_limits_and_nothing_else() {
    let limits = Limits::paper();
    let figures = limits.figures();
    assert_eq!(figures.len(), limits.lines().len());
    let mut again = Limits::wide(3);
    for (key, figure) in &figures {
        set(&mut again, key, figure);
    }
    assert_eq!(again, limits);
    assert!(!again.put("no_such_limit", "1") && !again.put("positions_max", "many"));
    // The same number, written otherwise, is no change.
    set(&mut again, "open_risk_percent", "6.00");
    assert_eq!(again.figures(), figures);
}

#[test]
fn twofold_is_at_once_and_more_waits_until_confirmed_and_due() {
    let old = Limits::paper().figures();
    for (key, twice, more) in [
        ("positions_max", "20", "21"),
        ("duplicate_seconds", "30", "29"),
        ("stop_distance_min_percent", "0.05", "0.049"),
    ] {
        let mut wanted = Limits::paper();
        set(&mut wanted, key, twice);
        assert_eq!(in_force(Some(&old), &wanted, None, now()), (wanted.clone(), Vec::new()), "{key}");
        set(&mut wanted, key, more);
        let (limits, pending) = in_force(Some(&old), &wanted, None, now());
        assert_eq!((limits.figures(), keys(&pending)), (old.clone(), vec![(key, Until::Confirmed)]), "{key}");
        let soon = confirmed(&[(key, more)], now() + TimeDelta::seconds(1));
        let (limits, pending) = in_force(Some(&old), &wanted, Some(&soon), now());
        assert_eq!((limits.figures(), keys(&pending)), (old.clone(), vec![(key, Until::Time(soon.from))]));
        let due = confirmed(&[(key, more)], now());
        assert_eq!(in_force(Some(&old), &wanted, Some(&due), now()), (wanted.clone(), Vec::new()), "{key}");
        // What was confirmed is one value, and not whatever comes after it.
        let less = confirmed(&[(key, twice)], now());
        assert_eq!(in_force(Some(&old), &wanted, Some(&less), now()).0.figures(), old, "{key}");
        assert!(keys(&in_force(Some(&old), &wanted, Some(&confirmed(&[], now())), now()).1).len() == 1);
    }
}

#[test]
fn what_was_never_written_down_and_a_limit_that_is_new_take_effect_at_once() {
    let wide = Limits::wide(500);
    assert_eq!(in_force(None, &wide, None, now()), (wide.clone(), Vec::new()));
    let mut old = Limits::paper().figures();
    old.remove("positions_max");
    let mut wanted = Limits::paper();
    wanted.positions_max = 500;
    assert_eq!(in_force(Some(&old), &wanted, None, now()), (wanted, Vec::new()));
}

#[test]
fn a_step_beside_one_that_waits_waits_with_it() {
    let old = Limits::paper().figures();
    let mut wanted = Limits::paper();
    set(&mut wanted, "daily_loss_percent", "6.1");
    let (limits, pending) = in_force(Some(&old), &wanted, None, now());
    assert_eq!(keys(&pending), [("daily_loss_percent", Until::Confirmed)]);
    assert!(limits.is_sane());
    let mut wanted = Limits::paper();
    set(&mut wanted, "open_risk_percent", "20");
    set(&mut wanted, "bucket_risk_percent", "8");
    let (limits, pending) = in_force(Some(&old), &wanted, None, now());
    let expected =
        [("open_risk_percent", Until::Confirmed), ("bucket_risk_percent", Until::With("open_risk_percent"))];
    assert_eq!((limits.figures(), keys(&pending).as_slice()), (old, &expected[..]));
}

#[test]
fn who_loosens_is_seen_by_the_guard_and_only_against_what_is_in_force() {
    let mut world = World::good();
    let mut wanted = Limits::paper();
    wanted.positions_max = 21;
    assert_eq!(versions::loosened(&world.guard, &wanted, now()), None, "nothing is in force yet");
    world.versioned();
    assert_eq!(versions::loosened(&world.guard, &wanted, now()), Some("positions_max"));
    world.guard.confirmed = Some(confirmed(&[("positions_max", "21")], now()));
    assert_eq!(versions::loosened(&world.guard, &wanted, now()), None);
}

/// By how many times one figure is looser than another.
fn times(key: &str, old: &Figures, new: &Figures) -> Decimal {
    let of = |figures: &Figures| figures[key].parse::<Decimal>().unwrap();
    if SMALLER.contains(&key) { of(old) / of(new) } else { of(new) / of(old) }
}

/// Limits that fit each other, with some of the usual ones changed by up to so much.
fn changed() -> impl Strategy<Value = Limits> {
    proptest::collection::vec((0_usize..60, 1_u32..1_000), 0..12).prop_filter_map("fits", |changes| {
        let mut limits = Limits::paper();
        let figures = limits.figures();
        let keys: Vec<_> = figures.keys().cloned().collect();
        for (at, percent) in changes {
            let key = &keys[at % keys.len()];
            let value: Decimal = figures[key].parse().unwrap();
            let value = value * Decimal::from(percent) / Decimal::ONE_HUNDRED;
            if !limits.put(key, &value.to_string()) {
                let whole = value.trunc().max(Decimal::ONE);
                assert!(limits.put(key, &whole.to_string()), "{key} {value}");
            }
        }
        limits.is_sane().then_some(limits)
    })
}

proptest! {
    /// Without a word of a person nothing becomes more than twice as loose, whatever is wished for; what fits stays fitting;
    /// and what waits is told.
    #[test]
    fn nothing_is_loosened_more_than_twofold_by_itself(before in changed(), wanted in changed()) {
        let old = before.figures();
        let (limits, pending) = in_force(Some(&old), &wanted, None, now());
        let (is, wished) = (limits.figures(), wanted.figures());
        prop_assert!(limits.is_sane());
        let waiting: BTreeSet<&str> = pending.iter().map(|row| row.key).collect();
        for key in is.keys() {
            prop_assert!(times(key, &old, &is) <= Decimal::TWO, "{key}: {} to {}", old[key], is[key]);
            if waiting.contains(&**key) {
                prop_assert_eq!(&is[key], &old[key]);
            } else {
                prop_assert_eq!(&is[key], &wished[key]);
            }
        }
        // What is held without being far is beside one that is.
        for row in &pending {
            match row.until {
                Until::Confirmed => prop_assert!(times(row.key, &old, &wished) > Decimal::TWO),
                Until::With(other) => prop_assert!(waiting.contains(other)),
                Until::Time(_) => prop_assert!(false, "nothing was confirmed"),
            }
        }
        // What is in force is no loosening of itself.
        prop_assert_eq!(in_force(Some(&is), &limits, None, now()).1, Vec::new());
    }

    /// All that is pending, confirmed and due, is in force.
    #[test]
    fn what_was_confirmed_is_in_force_when_its_time_has_come(before in changed(), wanted in changed()) {
        let old = before.figures();
        let (_, pending) = in_force(Some(&old), &wanted, None, now());
        let words: Vec<(&str, &str)> = pending.iter().map(|row| (row.key, &*row.to)).collect();
        let due = confirmed(&words, now());
        prop_assert_eq!(in_force(Some(&old), &wanted, Some(&due), now()), (wanted, Vec::new()));
    }

    /// Small steps go far, each of them within twofold.
    #[test]
    fn a_chain_of_small_steps_is_a_chain_of_small_steps(wanted in proptest::collection::vec(changed(), 1..6)) {
        let mut figures = Limits::paper().figures();
        for wanted in wanted {
            let (limits, _) = in_force(Some(&figures), &wanted, None, now());
            let next = limits.figures();
            for key in next.keys() {
                prop_assert!(times(key, &figures, &next) <= Decimal::TWO, "{key}");
            }
            figures = next;
        }
    }
}
