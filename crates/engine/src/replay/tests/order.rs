//! Moments and decisions in the order of time.

use super::*;

const FLAT: [Row; 4] = [[10_000, 10_100, 9_900, 10_050]; 4];

/// Two coins whose days meet at midnight, and a stock.
fn three() -> Past {
    Past::new(&[("BTC/USD", daily(&FLAT)), ("ETH/USD", daily(&FLAT)), ("AAPL", daily(&[FLAT[0]; 2]))])
}

/// Writes down what it is told, in the order in which it is told.
struct Diary {
    told: Told,
    lines: Vec<String>,
}

impl SignalSource for Diary {
    fn at_close(&mut self, seen: &AtClose<'_>, out: &mut Vec<Decided>) {
        self.lines.push(format!(
            "close {} {}",
            seen.instrument.key.symbol,
            seen.bar.closes.format("%dT%H:%M")
        ));
        self.told.at_close(seen, out);
    }

    fn next_at(&self) -> Option<Time> {
        self.told.next_at()
    }

    fn at(&mut self, now: Time, out: &mut Vec<Decided>) {
        self.lines.push(format!("told {}", now.format("%dT%H:%M")));
        self.told.at(now, out);
    }
}

fn diary(past: &Past, signals: &[Signal]) -> (Vec<String>, Came) {
    let mut diary = Diary { told: told(signals), lines: Vec::new() };
    let came = past.replay(&mut diary);
    (diary.lines, came)
}

#[test]
fn a_decision_of_a_close_comes_after_all_closes_of_that_instant_and_before_what_opens() {
    let (lines, came) = diary(&three(), &[enter("BTC/USD", at("02T00:00:00"), "90", "")]);
    assert_eq!(
        lines[..5],
        [
            "close AAPL 01T21:00",
            "close BTC/USD 02T00:00",
            "close ETH/USD 02T00:00",
            "told 02T00:00",
            "close AAPL 02T21:00",
        ]
    );
    assert_eq!(came.taken(), [("enter/BTC/USD/1704153600".into(), at("02T00:00:00"))]);
    // The bar that opens at the same instant fills it.
    assert_eq!(came.fills(), [(Purpose::Entry, at("02T00:00:00"), of("100.00"))]);
}

#[test]
fn a_decision_a_second_later_meets_the_close_of_the_bar_that_is_under_way_then() {
    let (lines, came) = diary(&three(), &[enter("BTC/USD", at("02T00:00:01"), "90", "")]);
    assert_eq!(lines[3..5], ["told 02T00:00", "close AAPL 02T21:00"]);
    assert_eq!(came.taken()[0].1, at("02T00:00:01"));
    assert_eq!(came.fills(), [(Purpose::Entry, at("03T00:00:00"), of("100.50"))]);
}

#[test]
fn decisions_before_the_first_price_and_after_the_last_one() {
    let signals = [
        enter("BTC/USD", at("05T00:00:01"), "90", ""),
        enter("ETH/USD", at("05T00:00:00"), "90", ""),
        enter("BTC/USD", of("2023-12-31T12:00:00Z"), "90", ""),
    ];
    let mut source = told(&signals);
    let came = three().replay(&mut source);
    let times: Vec<Time> = came.taken().into_iter().map(|(_, at)| at).collect();
    assert_eq!(times, [of("2023-12-31T12:00:00Z"), at("05T00:00:00")]);
    assert_eq!(source.left(), 1, "the one after the last close");
    assert_eq!(came.fills(), []);
    let denied = came.records.iter().any(|stamped| {
        matches!(&stamped.record, Record::SignalEnded { reason: Some(reason), .. } if reason.code.to_string() == "no_price")
    });
    assert!(denied, "{:#?}", came.records);
}

#[test]
fn decisions_of_one_moment_are_taken_together_in_the_order_they_were_given() {
    let when = at("02T12:00:00");
    let (lines, came) = diary(
        &three(),
        &[
            enter("ETH/USD", when, "90", ""),
            enter("AAPL", at("01T22:00:00"), "90", ""),
            enter("BTC/USD", when, "90", ""),
        ],
    );
    let symbols: Vec<String> = came.taken().into_iter().map(|(id, _)| id).collect();
    assert!(
        symbols[0].contains("AAPL") && symbols[1].contains("ETH") && symbols[2].contains("BTC"),
        "{symbols:?}"
    );
    assert_eq!(lines.iter().filter(|line| line.starts_with("told")).count(), 2, "{lines:?}");
    // Both were taken in before either of their orders was sent.
    let place =
        |found: &dyn Fn(&Record) -> bool| came.records.iter().rposition(|stamped| found(&stamped.record));
    let last_taken = place(&|record| matches!(record, Record::SignalTaken { .. })).unwrap();
    let answered = came
        .records
        .iter()
        .enumerate()
        .filter(|(_, stamped)| stamped.at == when && matches!(stamped.record, Record::Answered { .. }));
    assert!(
        answered.clone().count() == 2 && answered.clone().all(|(n, _)| n > last_taken),
        "{:#?}",
        came.records
    );
}

#[test]
fn bars_told_whole_at_their_close_are_all_told_before_a_decision_of_that_moment() {
    let rows = |prices: &[i64]| {
        let mut text = "ts,open,high,low,close\n".to_owned();
        for (n, price) in (1..).zip(prices) {
            writeln!(text, "{},{price},{price},{price},{price}", 1_704_067_200 + 60 * n).unwrap();
        }
        text
    };
    let past = Past::new(&[("BTC/USD", rows(&[100, 101, 102])), ("ETH/USD", rows(&[50, 51, 52]))]);
    let (lines, came) = diary(&past, &[enter("ETH/USD", at("01T00:01:00"), "40", "")]);
    assert_eq!(
        lines[..4],
        ["close BTC/USD 01T00:01", "close ETH/USD 01T00:01", "told 01T00:01", "close BTC/USD 01T00:02"]
    );
    // It saw the close of its minute, and met the open of the next one.
    assert_eq!(came.fills(), [(Purpose::Entry, at("01T00:02:00"), of("51"))]);
    assert_eq!(
        came.played,
        Played { bars: 6, first: Some(at("01T00:01:00")), last: Some(at("01T00:03:00")), silent: Vec::new() }
    );
}

#[test]
fn the_account_is_read_once_a_bar_and_before_each_decision() {
    let came = three().told(&[enter("BTC/USD", at("02T12:00:00"), "90", "")]);
    let times: Vec<Time> = came.readings.iter().map(|reading| reading.at).collect();
    let mut expected = vec![of("2023-12-31T00:00:00Z")];
    for day in ["01", "02"] {
        expected.push(at(&format!("{day}T21:00:00")));
        let midnight = at(&format!("{day}T00:00:00")) + TimeDelta::days(1);
        expected.extend([midnight; 2]);
    }
    expected.insert(4, at("02T12:00:00"));
    expected.extend([at("04T00:00:00"); 2]);
    expected.extend([at("05T00:00:00"); 2]);
    assert_eq!(times, expected);
    assert_eq!(came.played.bars, 10);
}

#[test]
fn told_gives_what_is_due_in_order_and_counts_what_is_left() {
    let times = ["03T00:00:00", "01T00:00:00", "02T00:00:00", "01T00:00:00"].map(at);
    let symbols = ["A", "B", "C", "D"];
    let signals: Vec<Signal> =
        times.iter().zip(symbols).map(|(when, symbol)| enter(symbol, *when, "90", "")).collect();
    let mut source = told(&signals);
    let mut out = Vec::new();
    let mut take = |source: &mut Told, now: &str| {
        source.at(at(now), &mut out);
        let taken: Vec<String> = out.drain(..).map(|(signal, _)| signal.symbol.to_string()).collect();
        taken
    };
    assert_eq!((source.left(), source.next_at()), (4, Some(times[1])));
    assert_eq!(take(&mut source, "01T00:00:00"), ["B", "D"]);
    assert_eq!(source.next_at(), Some(times[2]));
    assert!(take(&mut source, "01T12:00:00").is_empty());
    assert_eq!(take(&mut source, "09T00:00:00"), ["C", "A"]);
    assert_eq!((source.left(), source.next_at()), (0, None));
}

#[test]
fn lanes_on_one_stream_come_to_what_each_comes_to_by_itself() {
    let past = three();
    let sets = [
        vec![enter("BTC/USD", at("02T00:00:00"), "90", "")],
        vec![
            enter("AAPL", at("01T22:00:00"), "90", ""),
            signal("exit", "AAPL", at("02T22:00:00"), Wanted::Exit),
        ],
        Vec::new(),
    ];
    let mut lanes: Vec<_> = sets.iter().map(|signals| Lane::new(past.begun(), told(signals))).collect();
    assert!(lanes[2].is_over() && !lanes[0].is_over());
    let mut bars = past.bars();
    while let Some(moment) = bars.advance().unwrap() {
        for lane in &mut lanes {
            lane.play(moment).unwrap();
        }
    }
    for (lane, signals) in lanes.into_iter().zip(&sets) {
        let came = past.told(signals);
        let (replay, last) = lane.end().unwrap();
        let (Kept { records, readings }, _) = replay.end();
        assert_eq!(records, came.records);
        assert_eq!(readings, came.readings);
        assert_eq!(last, came.played.last);
    }
}
