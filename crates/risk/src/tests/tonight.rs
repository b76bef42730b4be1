//! What could be lost, by figures that were worked out by hand.

use broker_api::{Amount, Bar, Day, Direction, GuardState, Price, Ratio};
use chrono::TimeDelta;
use proptest::prelude::*;

use super::now;
use crate::tonight::{Beyond, Carried, Loss, average_loss, average_true_range, losses_in, room};
use crate::{Limits, breakers};

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn long() -> Carried {
    Carried {
        direction: Direction::Long,
        qty: "4".parse().unwrap(),
        from: price("227.10"),
        entry: price("225"),
        stop: Some(price("219")),
        atr: Some(price("3.50")),
        rate: Some(Ratio::ONE),
    }
}

fn lost(of: &Carried) -> (Amount, Option<Amount>, Beyond) {
    let Loss { at_stop, gapped, beyond } = of.loss().unwrap();
    (at_stop, gapped, beyond)
}

#[test]
fn what_was_bought_loses_down_to_its_stop_and_a_range_more() {
    // 4 x (227.10 - 219) = 32.40; 4 x (8.10 + 3.50) = 46.40.
    assert_eq!(lost(&long()), (amount("32.40"), Some(amount("46.40")), Beyond::Atr));
}

#[test]
fn what_was_sold_loses_up_to_its_stop_in_base_currency() {
    // 1,000 x (151.20 - 150) = 1,200 yen, at 0.0067 a yen 8.04 dollars; with 0.80 more 2,000 yen, 13.40 dollars.
    let short = Carried {
        direction: Direction::Short,
        qty: "1000".parse().unwrap(),
        from: price("150"),
        entry: price("150.5"),
        stop: Some(price("151.20")),
        atr: Some(price("0.80")),
        rate: Some("0.0067".parse().unwrap()),
    };
    assert_eq!(lost(&short), (amount("8.04"), Some(amount("13.40")), Beyond::Atr));
    assert_eq!(Carried { rate: None, ..short }.loss(), None, "without a rate it is not known");
}

#[test]
fn without_a_range_the_distance_to_the_stop_is_the_gap() {
    // From the price 8.10, from the entry 6: 4 x (8.10 + 8.10) = 64.80.
    let bare = Carried { atr: None, ..long() };
    assert_eq!(lost(&bare), (amount("32.40"), Some(amount("64.80")), Beyond::Distance));
    // The price has passed the stop: nothing more at the stop, and the gap is that from the entry, 4 x 6 = 24.
    let passed = Carried { from: price("218"), ..bare };
    assert_eq!(lost(&passed), (Amount::ZERO, Some(amount("24")), Beyond::Distance));
    // A stop at the price and at the entry: no distance is known, and none is made up.
    let at_it = Carried { from: price("219"), entry: price("219"), ..bare };
    assert_eq!(lost(&at_it), (Amount::ZERO, None, Beyond::Distance));
}

#[test]
fn without_a_stop_the_whole_value_counts() {
    // 4 x 227.10 = 908.40, with a gap no more.
    let bare = Carried { stop: None, ..long() };
    assert_eq!(lost(&bare), (amount("908.40"), Some(amount("908.40")), Beyond::Whole));
}

#[test]
fn what_was_bought_loses_no_more_than_its_value() {
    let wide = Carried { atr: Some(price("300")), ..long() };
    assert_eq!(lost(&wide), (amount("32.40"), Some(amount("908.40")), Beyond::Atr));
    let short = Carried { direction: Direction::Short, stop: Some(price("230")), ..wide };
    // 4 x (2.90 + 300): a short has no such bound.
    assert_eq!(lost(&short), (amount("11.60"), Some(amount("1211.60")), Beyond::Atr));
}

fn bar(day: i64, high: &str, low: &str, close: &str) -> Bar {
    let opens = now() + TimeDelta::days(day);
    let (high, low, close) = (price(high), price(low), price(close));
    Bar {
        opens,
        closes: opens + TimeDelta::hours(6),
        open: close,
        high,
        low,
        close,
        volume: None,
        spread: None,
    }
}

#[test]
fn the_average_true_range_is_wilders() {
    // True ranges: 2; 4 (from the close before, 10, up to 14); 3 (down to 9); 6.
    let bars = [
        bar(0, "11", "9", "10"),
        bar(1, "11", "9", "10"),
        bar(2, "14", "12", "12"),
        bar(3, "11", "9", "10"),
        bar(4, "16", "12", "15"),
    ];
    // Of three days: the mean of the first three is 3; then (2 x 3 + 6) / 3 = 4.
    assert_eq!(average_true_range(&bars[..4], 3), Some(price("3")));
    assert_eq!(average_true_range(&bars, 3), Some(price("4")));
    assert_eq!(average_true_range(&bars[..3], 3), None, "three days need four bars");
    assert_eq!(average_true_range(&bars, 0), None);
    let same = vec![bar(0, "10", "10", "10"); 20];
    assert_eq!(average_true_range(&same, 14), None, "no movement is no range");
}

#[test]
fn losses_are_averaged_when_there_are_enough() {
    let results = |losses: i64| {
        (1..=losses).map(|n| Amount::new((-n * 10).into()).unwrap()).chain([amount("500"), Amount::ZERO])
    };
    // 10 + 20 + ... + 100 = 550.
    assert_eq!(average_loss(results(10)), Some((amount("55"), 10)));
    assert_eq!(average_loss(results(9)), None);
}

fn guard() -> GuardState {
    let day =
        Day { starts: now(), equity: amount("10000"), late: false, realised: Amount::ZERO, carried: None };
    GuardState {
        day: Some(day),
        high_water: Some(amount("12000")),
        losses_in_row: 3,
        ..GuardState::default()
    }
}

#[test]
fn room_to_the_breakers() {
    let limits = Limits::paper();
    let left = room(&guard(), Some(amount("9900")), &limits);
    // The day trips at 9,700 and 9,400; the fall from 12,000 at 10,200 and 9,000.
    assert_eq!(left.daily_reduce, Some(amount("200")));
    assert_eq!(left.daily_flatten, Some(amount("500")));
    assert_eq!(left.drawdown_reduce, Some(amount("-300")), "reached");
    assert_eq!(left.drawdown_flatten, Some(amount("900")));
    assert_eq!((left.cooldown, left.latch), (7, 37));
    assert_eq!(losses_in(amount("200"), amount("55")), Some("3.6".parse().unwrap()), "3.63 rounded down");
    assert_eq!(losses_in(amount("-300"), amount("55")), Some(Ratio::ZERO));
    assert_eq!(losses_in(amount("200"), Amount::ZERO), None);
    let cooled = GuardState { losses_in_row: 12, cooled_at: 10, ..guard() };
    assert_eq!(room(&cooled, None, &limits).cooldown, 8, "one streak starts it again at twenty");
}

#[test]
fn what_is_not_known_is_not_told_as_nothing() {
    let left = room(&guard(), None, &Limits::paper());
    assert_eq!((left.daily_reduce, left.drawdown_flatten), (None, None));
    let left = room(&GuardState::default(), Some(amount("9900")), &Limits::paper());
    assert_eq!((left.daily_flatten, left.drawdown_reduce), (None, None));
}

proptest! {
    #[test]
    fn a_breaker_trips_where_its_room_ends(equity in 1_i64..20_000, losses in 0_u32..60, cooled in 0_u32..60) {
        let limits = Limits::paper();
        let guard = GuardState { losses_in_row: losses, cooled_at: cooled.min(losses), ..guard() };
        let equity = Amount::new(equity.into()).unwrap();
        let left = room(&guard, Some(equity), &limits);
        let falls = [left.daily_reduce, left.daily_flatten, left.weekly_reduce, left.drawdown_reduce, left.drawdown_flatten];
        let is_reached = falls.into_iter().flatten().any(|room| room <= Amount::ZERO)
            || left.cooldown == 0
            || left.latch == 0;
        prop_assert_eq!(is_reached, breakers(&guard, Some(equity), true, now(), &limits).is_some());
    }
}
