//! The example strategy: complete signals, and round trips that both win and lose.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::VenueId;
use chrono::{Datelike, Days, NaiveDate, NaiveTime};

use super::*;
use crate::catalog::instruments;
use crate::demo::market::write_bars;

fn catalog() -> Arc<Catalog> {
    Arc::new(Catalog::new(instruments(VenueId::new("paper").unwrap())).unwrap())
}

fn at(day: NaiveDate, hour: u32) -> Time {
    day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap()).and_utc()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// The bars of two generated years of one instrument.
fn bars(dir: &std::path::Path, instrument: &Instrument) -> Vec<Bar> {
    let file = dir.join(format!("{}.csv", instrument.key.symbol.as_str().replace('/', "-")));
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    lines
        .map(|cells| {
            let day: NaiveDate = cells[0].parse().unwrap();
            let (opens, closes) = match instrument.asset_class {
                AssetClass::Equity => (at(day, 14), at(day, 21)),
                AssetClass::Forex => (at(day - Days::new(1), 22), at(day, 22)),
                AssetClass::Crypto => (at(day, 0), at(day + Days::new(1), 0)),
            };
            let [open, high, low, close] = [1, 2, 3, 4].map(|i| price(cells[i]));
            Bar { opens, closes, open, high, low, close, volume: None, spread: None }
        })
        .collect()
}

/// The signals of two generated years, per instrument with its bars: the one at bar n, if any, in place n.
fn two_years(seed: u64) -> Vec<(Instrument, Vec<Bar>, Vec<Option<Value>>)> {
    let catalog = catalog();
    let dir = std::env::temp_dir().join(format!("tradewind-breakout-{}-{seed}", std::process::id()));
    let [from, to] =
        [(2023, 1, 2), (2024, 12, 31)].map(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d).unwrap());
    let open =
        |class, day: NaiveDate| class == AssetClass::Crypto || day.weekday().num_days_from_monday() < 5;
    write_bars(&dir, &catalog, from, to, seed, &open).unwrap();
    let mut strategy = Breakout::new(Arc::clone(&catalog));
    let rows = catalog.iter().map(|(ix, instrument)| {
        let bars = bars(&dir, instrument);
        let signals = bars.iter().map(|b| strategy.close(ix, b, b.closes + Days::new(1))).collect();
        (instrument.clone(), bars, signals)
    });
    let rows = rows.collect();
    std::fs::remove_dir_all(dir).unwrap();
    rows
}

/// What each round trip earns per unit, when entries and exits are filled at the next open and the resting
/// orders at their prices, or at the open when it is already past them; the stop first.
fn round_trips(bars: &[Bar], signals: &[Option<Value>]) -> Vec<Decimal> {
    let (mut trips, mut held, mut leaving) = (Vec::new(), None::<(Price, Belief)>, false);
    for (i, bar) in bars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| signals[i].as_ref());
        if let Some(signal) = before {
            if signal["action"] == "enter" {
                assert!(held.is_none(), "enters only when out");
                let [stop, target] = ["stop", "target"].map(|key| price(signal[key].as_str().unwrap()));
                let side = if signal["side"] == "long" { Direction::Long } else { Direction::Short };
                held = Some((bar.open, Belief { side, stop, target }));
            } else {
                leaving = true;
            }
        }
        let Some((entry, belief)) = held else {
            assert!(!leaving, "exits only when in");
            continue;
        };
        let (stop, target) = (belief.stop, belief.target);
        let out = match belief.side {
            _ if leaving => bar.open,
            _ if !belief.is_ended_by(bar) => continue,
            Direction::Long if bar.low <= stop => bar.open.min(stop),
            Direction::Long => bar.open.max(target),
            Direction::Short if bar.high >= stop => bar.open.max(stop),
            Direction::Short => bar.open.min(target),
        };
        let gain = entry.to(out).unwrap().get();
        trips.push(if belief.side == Direction::Long { gain } else { -gain });
        (held, leaving) = (None, false);
    }
    trips
}

#[test]
fn it_wins_and_loses_on_the_generated_market() {
    for seed in [1, 7, 2026] {
        let (mut all, mut won) = (0, 0);
        for (instrument, bars, signals) in two_years(seed) {
            let trips = round_trips(&bars, &signals);
            let symbol = instrument.key.symbol;
            assert!((4..=40).contains(&trips.len()), "{symbol}, seed {seed}: {} trips", trips.len());
            all += trips.len();
            won += trips.iter().filter(|gain| gain.is_sign_positive()).count();
        }
        let percent = won * 100 / all;
        assert!((30..=60).contains(&percent), "seed {seed}: {percent} % of {all} round trips won");
    }
}

#[test]
fn every_signal_is_complete_and_named_once() {
    let mut ids = BTreeSet::new();
    let mut kinds = BTreeMap::new();
    for (instrument, bars, signals) in two_years(3) {
        for (bar, signal) in bars.iter().zip(signals) {
            let Some(signal) = signal else { continue };
            let signal: Value = serde_json::from_str(&signal.to_string()).unwrap();
            let text =
                |key: &str| signal[key].as_str().unwrap_or_else(|| panic!("{key} in {signal}")).to_owned();
            assert!(ids.insert(text("id")), "{signal}");
            broker_api::SignalId::new(&text("id")).unwrap();
            broker_api::StrategyId::new(&text("strategy")).unwrap();
            assert_eq!(text("symbol"), instrument.key.symbol.as_str());
            assert_eq!(text("asset_class"), instrument.asset_class.to_string());
            assert_eq!(text("bar_close").parse::<Time>().unwrap(), bar.closes);
            assert_eq!(text("decided_at").parse::<Time>().unwrap(), bar.closes);
            assert!(text("expires_at").parse::<Time>().unwrap() > bar.closes);
            let on_tick = |key: &str| {
                let price = price(&text(key));
                assert!(price.is_multiple_of(instrument.tick), "{key} in {signal}");
                price
            };
            let decided = on_tick("decision_price");
            if text("action") == "enter" {
                let (stop, target) = (on_tick("stop"), on_tick("target"));
                match text("side").as_str() {
                    "long" => assert!(stop < decided && decided < target, "{signal}"),
                    side => assert!(side == "short" && target < decided && decided < stop, "{signal}"),
                }
                *kinds.entry((instrument.asset_class, text("side"))).or_insert(0) += 1;
            } else {
                assert_eq!(text("action"), "exit");
            }
        }
    }
    let kinds: Vec<_> = kinds.keys().map(|(class, side)| format!("{class} {side}")).collect();
    assert_eq!(kinds, ["equity long", "forex long", "forex short", "crypto long"]);
}

/// Feeds closes of one stock, each bar a dollar high around its close, and gives the last signal.
fn feed(strategy: &mut Breakout, days: std::ops::Range<u64>, close: impl Fn(u64) -> String) -> Option<Value> {
    let catalog = catalog();
    let (ix, _) = catalog.iter().find(|(_, i)| i.key.symbol.as_str() == "AAPL").unwrap();
    let start = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
    days.map(|day| {
        let close = price(&close(day));
        let half = |by: &str| close.moved(by.parse().unwrap()).unwrap();
        let (opens, closes) = (at(start + Days::new(day), 14), at(start + Days::new(day), 21));
        let bar = Bar {
            opens,
            closes,
            open: close,
            high: half("0.50"),
            low: half("-0.50"),
            close,
            volume: None,
            spread: None,
        };
        strategy.close(ix, &bar, closes + Days::new(1))
    })
    .last()
    .flatten()
}

#[test]
fn a_breakout_enters_with_a_plan_and_leaves_by_the_shorter_channel() {
    let mut strategy = Breakout::new(catalog());
    assert_eq!(feed(&mut strategy, 0..20, |_| "100.00".into()), None);
    // Thirteen ranges of 1.00 and one of 1.51: 2 averages are 2.0728..., 4 are 4.1457...
    let enter = feed(&mut strategy, 20..21, |_| "101.01".into()).unwrap();
    assert_eq!(
        enter.to_string(),
        concat!(
            r#"{"id":"2026-01-25/AAPL/enter","symbol":"AAPL","asset_class":"equity","action":"enter","#,
            r#""side":"long","decision_price":"101.01","stop":"98.93","target":"105.15","#,
            r#""bar_close":"2026-01-25T21:00:00Z","decided_at":"2026-01-25T21:00:00Z","#,
            r#""expires_at":"2026-01-26T21:00:00Z","strategy":"breakout-20"}"#
        )
    );
    assert_eq!(feed(&mut strategy, 21..31, |_| "101.01".into()), None);
    let exit = feed(&mut strategy, 31..32, |_| "100.51".into());
    assert_eq!(exit, None, "touching the channel is not beyond it");
    let exit = feed(&mut strategy, 32..33, |_| "99.90".into()).unwrap();
    assert_eq!((&exit["id"], &exit["action"]), (&json!("2026-02-06/AAPL/exit"), &json!("exit")));
    assert_eq!(exit.get("stop"), None);
}

#[test]
fn a_touched_stop_or_target_ends_it_without_a_signal() {
    for (touching, next) in [("99.43", "111.00"), ("104.65", "115.00")] {
        let mut strategy = Breakout::new(catalog());
        feed(&mut strategy, 0..20, |_| "100.00".into());
        feed(&mut strategy, 20..21, |_| "101.01".into()).unwrap();
        let at_touch = feed(&mut strategy, 21..22, |_| touching.into());
        let again = at_touch.or_else(|| feed(&mut strategy, 22..23, |_| next.into())).unwrap();
        assert_eq!(again["action"], "enter", "after {touching} it is out, and the next breakout enters");
    }
}
