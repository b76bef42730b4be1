//! The strategy against its definition, worked out the slow way: every channel by looking at all its bars, every
//! average by adding up, in whole cents and without a fraction.

use broker_api::Bar;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

/// All bars of one instrument so far, in cents.
#[derive(Clone, Debug, Default)]
struct Seen(Vec<Row>);

/// The strategy, and beside it what it should say.
struct Checked {
    strategy: Breakout,
    parameters: Parameters,
    seen: Vec<Seen>,
    /// How often each of them was decided: long, short, exit.
    decided: [u32; 3],
}

fn whole(number: Decimal) -> i64 {
    assert!(number.fract().is_zero(), "{number}");
    i64::try_from(number).unwrap()
}

fn in_cents(price: Price) -> i64 {
    whole(price.get() * Decimal::ONE_HUNDRED)
}

/// A multiple in tenths.
fn in_tenths(multiple: Ratio) -> i64 {
    whole(multiple.get() * Decimal::TEN)
}

/// The nearest whole number, ties upwards.
fn nearest(numerator: i64, denominator: i64) -> i64 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

impl Seen {
    /// What is decided on the last bar.
    fn decides(&self, p: &Parameters, shortable: bool, held: i8, is_busy: bool) -> Option<(i8, i64, i64)> {
        let bars = &self.0;
        let t = bars.len() - 1;
        if t < p.entry.max(p.exit).max(p.atr) {
            return None;
        }
        let highest = |n: usize| bars[t - n..t].iter().map(|bar| bar[1]).max().unwrap();
        let lowest = |n: usize| bars[t - n..t].iter().map(|bar| bar[2]).min().unwrap();
        let close = bars[t][3];
        if held > 0 {
            return (close < lowest(p.exit) && !is_busy).then_some((0, 0, 0));
        }
        if held < 0 {
            return (close > highest(p.exit) && !is_busy).then_some((0, 0, 0));
        }
        let side = if close > highest(p.entry) {
            1
        } else if p.both && shortable && close < lowest(p.entry) {
            -1
        } else {
            return None;
        };
        let ranges: i64 = (t + 1 - p.atr..=t)
            .map(|i| bars[i][1].max(bars[i - 1][3]) - bars[i][2].min(bars[i - 1][3]))
            .sum();
        let bars_averaged = i64::try_from(p.atr).unwrap();
        let level = |tenths: i64| nearest(close * bars_averaged * 10 + ranges * tenths, bars_averaged * 10);
        let (stop, target) = (-side * in_tenths(p.stop), side * in_tenths(p.target));
        let (stop, target) = (level(stop), level(target));
        let can = stop > 0 && target > 0 && stop != close && target != close && !is_busy;
        can.then_some((i8::try_from(side).unwrap(), stop, target))
    }
}

impl SignalSource for Checked {
    fn at_close(&mut self, seen: &AtClose<'_>, out: &mut Vec<Decided>) {
        let Bar { open, high, low, close, .. } = *seen.bar;
        let bars = &mut self.seen[seen.ix.index()];
        bars.0.push([open, high, low, close].map(in_cents));
        let held = seen.held();
        let held = if held.is_flat() {
            0
        } else if held.is_long() {
            1
        } else {
            -1
        };
        let is_busy = seen.is_closing() || held == 0 && seen.is_opening();
        let expected = bars.decides(&self.parameters, seen.instrument.shortable, held, is_busy);

        let before = out.len();
        self.strategy.at_close(seen, out);
        let said: Vec<_> = out[before..].iter().map(|(signal, _)| told(signal, seen.bar)).collect();
        assert_eq!(
            said,
            Vec::from_iter(expected),
            "bar {} of {}",
            bars.0.len() - 1,
            seen.instrument.key.symbol
        );
        for (side, ..) in said {
            self.decided[match side {
                1 => 0,
                -1 => 1,
                _ => 2,
            }] += 1;
        }
    }
}

/// A decision as side, stop and target; an exit has none of them.
fn told(signal: &Signal, bar: &Bar) -> (i8, i64, i64) {
    assert_eq!((signal.decided_at, signal.expires_at), (bar.closes, bar.closes + TimeDelta::days(1)));
    assert_eq!((signal.bar_close, signal.decision_price), (Some(bar.closes), Some(bar.close)));
    match signal.wanted {
        Wanted::Enter { side, size: SizeWanted::Configured, plan } => {
            let side = if side == Direction::Long { 1 } else { -1 };
            (side, in_cents(plan.stop.unwrap()), in_cents(plan.target.unwrap()))
        }
        Wanted::Exit => (0, 0, 0),
        _ => panic!("{signal:?}"),
    }
}

/// Plays these bars; every decision is compared on the way. Gives how many of each kind there were.
fn compared(parameters: Parameters, coins: [&[Row]; 2]) -> [u32; 3] {
    let [one, other] = coins;
    let past = Past::of(vec![
        (instrument("BTC/USD", true), daily(one)),
        (instrument("ETH/USD", false), daily(other)),
    ]);
    let strategy = Breakout::new(&past.catalog, parameters, of("breakout")).unwrap();
    let mut checked = Checked { strategy, parameters, seen: vec![Seen::default(); 2], decided: [0; 3] };
    let came = past.replay(&mut checked);
    assert_eq!(came.played.bars, (one.len() + other.len()) as u64);
    checked.decided
}

/// Bars with steps so small that prices meet often, and ties are common.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let steps = (-9_i64..10, -3_i64..4, 0_i64..5, 0_i64..5);
    (5_i64..400, prop::collection::vec(steps, 1..60)).prop_map(|(first, steps)| {
        let mut last = first;
        let bar = |(step, gap, above, below): (i64, i64, i64, i64)| {
            let open = (last + gap).max(1);
            let close = (open + step).max(1);
            last = close;
            [open, open.max(close) + above, (open.min(close) - below).max(1), close]
        };
        steps.into_iter().map(bar).collect()
    })
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let tenths = |n: i64| Ratio::new(Decimal::new(n, 1)).unwrap();
    (1_usize..9, 1_usize..7, 1_usize..8, 1_i64..40, 1_i64..40, any::<bool>()).prop_map(
        move |(entry, exit, atr, stop, target, both)| Parameters {
            entry,
            exit,
            atr,
            stop: tenths(stop),
            target: tenths(target),
            both,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn every_decision_is_what_the_slow_way_says(
        parameters in parameters(),
        bars in [rows(), rows()],
    ) {
        let [one, other] = &bars;
        compared(parameters, [one, other]);
    }
}

#[test]
fn all_kinds_of_decision_come_about() {
    // Up for twelve days, down for twelve, and so on, with a wobble.
    let wave: Vec<Row> = (0..200)
        .map(|n: i64| {
            let level = |n: i64| 20_000 + 150 * ((n % 24) - 12).abs() + 40 * (n % 3);
            let (open, close) = (level(n), level(n + 1));
            [open, open.max(close) + 30, open.min(close) - 30, close]
        })
        .collect();
    for (both, entry, exit) in [(false, 5, 3), (true, 5, 3), (true, 8, 2), (true, 3, 8)] {
        let parameters = Parameters { entry, exit, atr: 4, both, ..Parameters::default() };
        let [long, short, exits] = compared(parameters, [&wave, &wave]);
        assert!(long >= 8 && exits >= 4, "{parameters:?}: {long} long, {exits} exits");
        assert_eq!(short > 3, both, "{parameters:?}: {short} short");
    }
}

#[test]
fn parameters_that_cannot_be_meant_are_refused() {
    let past = Past::new(&[("BTC/USD", daily(&[]))]);
    let refused = |change: &dyn Fn(&mut Parameters)| {
        let mut parameters = Parameters::default();
        change(&mut parameters);
        Breakout::new(&past.catalog, parameters, of("breakout")).err().map(|fault| fault.parameter)
    };
    assert_eq!(refused(&|_| {}), None);
    assert_eq!(refused(&|p| p.entry = 0), Some("entry"));
    assert_eq!(refused(&|p| p.exit = 100_001), Some("exit"));
    assert_eq!(refused(&|p| p.atr = 0), Some("atr"));
    assert_eq!(refused(&|p| p.stop = Ratio::ZERO), Some("stop"));
    assert_eq!(refused(&|p| p.target = of("-1")), Some("target"));
}
