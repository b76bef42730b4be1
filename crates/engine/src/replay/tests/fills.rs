//! What a position meets inside a bar.

use super::*;

/// One coin whose first day is flat at 100; the decision on its close enters at the second day's open.
fn after(rows: &[Row]) -> Past {
    let flat = [[10_000, 10_000, 10_000, 10_000]];
    Past::new(&[("BTC/USD", daily(&[&flat[..], rows].concat()))])
}

fn in_at_first_close(past: &Past, stop: &str, target: &str) -> Came {
    past.told(&[enter("BTC/USD", at("02T00:00:00"), stop, target)])
}

fn entry(price: &str) -> (Purpose, Time, Price) {
    (Purpose::Entry, at("02T00:00:00"), of(price))
}

#[test]
fn a_position_is_guarded_in_the_bar_in_which_it_is_opened() {
    let came = in_at_first_close(&after(&[[10_000, 10_200, 9_000, 10_100]]), "95", "");
    assert_eq!(came.fills(), [entry("100.00"), (Purpose::Stop, at("02T00:00:00"), of("95.00"))]);
    assert_eq!(came.book.trades().next().unwrap().exit, Purpose::Stop);
    let came = in_at_first_close(&after(&[[10_000, 10_900, 9_900, 10_100]]), "95", "108");
    assert_eq!(came.fills(), [entry("100.00"), (Purpose::Target, at("02T00:00:00"), of("108.00"))]);
}

#[test]
fn touching_is_enough_and_a_tick_short_of_it_is_not() {
    let came = in_at_first_close(&after(&[[10_000, 10_200, 9_500, 10_100]]), "95", "");
    assert_eq!(came.fills().len(), 2);
    let came = in_at_first_close(&after(&[[10_000, 10_200, 9_501, 10_100]]), "95", "");
    assert_eq!(came.fills(), [entry("100.00")]);
    assert_eq!(came.book.open_orders().len(), 1, "the stop rests");
}

#[test]
fn a_gap_through_the_stop_fills_at_the_open() {
    let calm = [10_000, 10_200, 9_900, 10_100];
    let came = in_at_first_close(&after(&[calm, [9_100, 9_400, 9_000, 9_300]]), "95", "120");
    assert_eq!(came.fills(), [entry("100.00"), (Purpose::Stop, at("03T00:00:00"), of("91.00"))]);
    let came = in_at_first_close(&after(&[calm, [12_500, 12_600, 12_000, 12_100]]), "95", "120");
    assert_eq!(came.fills(), [entry("100.00"), (Purpose::Target, at("03T00:00:00"), of("125.00"))]);
}

#[test]
fn when_a_bar_touches_both_the_stop_is_what_fills() {
    let calm = [10_000, 10_200, 9_900, 10_100];
    let wild = [10_000, 12_500, 9_000, 12_400];
    for rows in [&[calm, wild][..], &[wild]] {
        let came = in_at_first_close(&after(rows), "95", "120");
        let fills = came.fills();
        assert_eq!((fills.len(), fills[1].0, fills[1].2), (2, Purpose::Stop, of("95")), "{fills:?}");
        assert_eq!(came.book.open_orders().len(), 0, "the target is cancelled");
        assert_eq!(came.book.positions().len(), 0);
    }
}

#[test]
fn an_exit_takes_stop_and_target_away_and_fills_at_the_next_open() {
    let calm = [10_000, 10_200, 9_900, 10_100];
    let past = after(&[calm, calm, [10_300, 12_500, 9_000, 12_400]]);
    for (decided, day, price, net) in [
        ("04T00:00:00", "04T00:00:00", "103.00", "240.00"),
        ("03T12:00:00", "04T00:00:00", "101.00", "80.00"),
    ] {
        // The second one is decided while a bar is under way, and meets the close of that bar.
        let came = past.told(&[
            enter("BTC/USD", at("02T00:00:00"), "95", "120"),
            signal("exit", "BTC/USD", at(decided), Wanted::Exit),
        ]);
        assert_eq!(came.fills(), [entry("100.00"), (Purpose::Exit, at(day), of(price))]);
        assert_eq!(came.book.open_orders().len(), 0);
        let trade = came.book.trades().next().unwrap();
        assert_eq!((trade.net(), trade.exit), (of(net), Purpose::Exit), "80 coins");
    }
}
