//! Nothing looks ahead: whatever prices come later, all that was recorded before them is the same.

use proptest::prelude::*;

use super::*;

/// A source of one's own: a strategy, and somebody who also decides by hand.
struct Both {
    strategy: Breakout,
    told: Told,
}

impl SignalSource for Both {
    fn at_close(&mut self, seen: &AtClose<'_>, out: &mut Vec<Decided>) {
        self.strategy.at_close(seen, out);
    }

    fn next_at(&self) -> Option<Time> {
        self.told.next_at()
    }

    fn at(&mut self, now: Time, out: &mut Vec<Decided>) {
        self.told.at(now, out);
    }
}

const DAYS: usize = 30;

/// Bars that stay around 100 and go up and down by some percent.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let steps = (-400_i64..400, -200_i64..200, 0_i64..300, 0_i64..300);
    prop::collection::vec(steps, DAYS).prop_map(|steps| {
        let mut last = 10_000;
        let bar = |(step, gap, above, below): (i64, i64, i64, i64)| {
            let open = (last + gap).max(3_000);
            let close = (open + step).max(3_000);
            last = close;
            [open, open.max(close) + above, open.min(close) - below, close]
        };
        steps.into_iter().map(bar).collect()
    })
}

fn past(coins: [&[Row]; 2]) -> Past {
    let [one, other] = coins;
    Past::of(vec![(instrument("BTC/USD", true), daily(one)), (instrument("ETH/USD", false), daily(other))])
}

fn played(past: &Past) -> Came {
    let parameters = Parameters { entry: 3, exit: 2, atr: 2, both: true, ..Parameters::default() };
    let strategy = Breakout::new(&past.catalog, parameters, of("breakout")).unwrap();
    // By hand, and sometimes in the way of the strategy.
    let by_hand: Vec<Signal> = (0..6)
        .flat_map(|n| {
            let when = at("03T00:00:00") + TimeDelta::hours(60) * n;
            [
                enter("ETH/USD", when, "70", "130"),
                signal("exit", "ETH/USD", when + TimeDelta::hours(24), Wanted::Exit),
            ]
        })
        .collect();
    past.replay(&mut Both { strategy, told: told(&by_hand) })
}

/// The first so many bars of one, and the bars of the other after them.
fn joined(one: &[Row], other: &[Row], until: usize) -> Vec<Row> {
    [&one[..until], &other[until..]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn other_prices_later_change_nothing_before_them(
        bars in [rows(), rows()],
        others in [rows(), rows()],
        until in 1..DAYS,
    ) {
        let [one, other] = &bars;
        let whole = played(&past([one, other]));
        let changed = played(&past([&joined(one, &others[0], until), &joined(other, &others[1], until)]));
        // What is recorded up to the last closes that are the same, and before anything opens at that instant.
        let last = at("01T00:00:00") + TimeDelta::days(i64::try_from(until).unwrap());
        let mut short = past([one, other]);
        short.until = Some(last);
        let short = played(&short);
        prop_assert_eq!(short.played.last, Some(last));
        let count = short.records.len();
        prop_assert!(count <= whole.records.len() && count <= changed.records.len());
        prop_assert_eq!(&short.records[..], &whole.records[..count]);
        prop_assert_eq!(&short.records[..], &changed.records[..count]);
    }
}

#[test]
fn the_bars_of_this_test_do_make_trades() {
    // The property above would hold of a replay that does nothing.
    let wave: Vec<Row> = (0..30)
        .map(|n: i64| {
            let (from, to) = (10_000 + 600 * ((n % 8) - 4).abs(), 10_000 + 600 * (((n + 1) % 8) - 4).abs());
            [from, from.max(to) + 50, from.min(to) - 50, to]
        })
        .collect();
    let came = played(&past([&wave, &wave]));
    let orders =
        came.records.iter().filter(|stamped| matches!(stamped.record, Record::Intended { .. })).count();
    assert!(came.book.totals().trades >= 4 && orders > 10, "{:?}", came.book.totals());
}

#[test]
fn a_stock_that_has_closed_does_not_know_the_coin_whose_day_goes_on() {
    // The stock closes at 21:00, the coin's bars at midnight; a bar that opens after the close changes.
    let flat = [10_000, 10_100, 9_900, 10_000];
    let coin = |last: Row| daily(&[flat, flat, last]);
    let run = |last: Row| {
        let past = Past::new(&[("BTC/USD", coin(last)), ("AAPL", daily(&[flat; 2]))]);
        past.told(&[
            enter("BTC/USD", at("02T00:00:00"), "95", "120"),
            enter("AAPL", at("01T22:00:00"), "95", "120"),
        ])
    };
    let (one, other) = (run(flat), run([9_000, 9_100, 8_000, 8_500]));
    let until = |came: &Came| -> Vec<Stamped> {
        came.records.iter().filter(|stamped| stamped.at <= at("02T21:00:00")).cloned().collect()
    };
    assert!(until(&one).len() > 8, "{:#?}", one.records);
    assert_eq!(until(&one), until(&other));
    assert_ne!(one.records, other.records, "what came later differs");
}
