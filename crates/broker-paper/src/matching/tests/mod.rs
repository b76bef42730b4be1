//! The engine against what was reckoned by hand, and against sums of its own events.

mod bars;
mod brackets;
mod ends;
mod money;
mod outside;
mod prices;
mod random;
mod refusals;
mod restored;
mod transfer;
mod worth;

use std::sync::Arc;

use broker_api::intent::{Limit, Stop, StopLimit, TrailingStop};
use broker_api::{
    AssetClass, Bar, Catalog, Fill, Instrument, InstrumentIx, Intent, Key, OrderKind, Protection, Purpose,
    Quote, Side, Time, TimeInForce, VenueEvent,
};
use chrono::TimeDelta;

use super::{ClassCosts, Costs, Matching, Moment, Settings};

fn n<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn day(d: i64) -> Time {
    n::<Time>("2026-11-02T14:30:00Z") + TimeDelta::days(d)
}

fn instrument(symbol: &str, class: AssetClass, quote: &str) -> Instrument {
    let forex = class == AssetClass::Forex;
    Instrument {
        key: Key { venue: n("paper"), symbol: n(symbol) },
        asset_class: class,
        quote: n(quote),
        tick: n(if forex { "0.00001" } else { "0.01" }),
        lot: n("1"),
        qty_min: n("1"),
        qty_max: n("1000000"),
        notional_min: n("5"),
        margin: n(if forex { "0.05" } else { "1" }),
        shortable: symbol != "KO",
    }
}

fn catalog() -> Arc<Catalog> {
    let catalog = Catalog::new(vec![
        instrument("AAPL", AssetClass::Equity, "USD"),
        instrument("KO", AssetClass::Equity, "USD"),
        instrument("EUR/GBP", AssetClass::Forex, "GBP"),
        instrument("GBP/USD", AssetClass::Forex, "USD"),
        instrument("USD/JPY", AssetClass::Forex, "JPY"),
    ]);
    Arc::new(catalog.unwrap())
}

fn settings() -> Settings {
    Settings {
        currency: n("USD"),
        cash: n("10000"),
        costs: Costs::FREE,
        participation: None,
        latency: TimeDelta::zero(),
        account: n("paper-1"),
        venue: n("paper"),
    }
}

fn free() -> Matching {
    Matching::new(catalog(), settings())
}

/// With costs of equities, and a part of the volume.
fn costly(spread: &str, fee: &str, slippage: &str, least: &str, part: Option<&str>) -> Matching {
    let equity = ClassCosts { spread: n(spread), fee: n(fee), slippage: n(slippage) };
    let costs = Costs { equity, fee_min: n(least), ..Costs::FREE };
    Matching::new(catalog(), Settings { costs, participation: part.map(n), ..settings() })
}

fn ix(symbol: &str) -> InstrumentIx {
    catalog().find_symbol(n(symbol)).unwrap()
}

fn bar(d: i64, [open, high, low, close]: [&str; 4], volume: Option<&str>) -> Bar {
    Bar {
        opens: day(d),
        closes: day(d) + TimeDelta::minutes(390),
        open: n(open),
        high: n(high),
        low: n(low),
        close: n(close),
        volume: volume.map(n),
        spread: None,
    }
}

fn moments(symbol: &str, bar: Bar) -> [Moment; 3] {
    let ix = ix(symbol);
    [Moment::Open { ix, bar }, Moment::Range { ix, bar }, Moment::Close { ix, bar }]
}

fn drain(engine: &mut Matching) -> Vec<VenueEvent> {
    std::iter::from_fn(|| engine.next_event().unwrap()).collect()
}

/// A bar of AAPL, played to its end.
fn play_bar(engine: &mut Matching, bar: Bar) -> Vec<VenueEvent> {
    let mut events = Vec::new();
    for moment in moments("AAPL", bar) {
        engine.begin(&moment);
        events.extend(drain(engine));
    }
    events
}

/// Day `d` of AAPL: open, high, low, close. The events in short.
fn play(engine: &mut Matching, d: i64, prices: [&str; 4]) -> Vec<String> {
    told(&play_bar(engine, bar(d, prices, None)))
}

/// The same, so much being traded.
fn play_volume(engine: &mut Matching, d: i64, prices: [&str; 4], volume: &str) -> Vec<String> {
    told(&play_bar(engine, bar(d, prices, Some(volume))))
}

const QUIET: [&str; 4] = ["100", "101", "99", "100"];

fn quote(engine: &mut Matching, symbol: &str, at: Time, bid: &str, ask: &str) -> Vec<String> {
    let quote = Quote { bid: n(bid), ask: n(ask), at };
    engine.begin(&Moment::Quote { ix: ix(symbol), quote });
    told(&drain(engine))
}

fn order(id: &str, symbol: &str, side: Side, qty: &str, kind: OrderKind) -> Intent {
    Intent {
        id: n(id),
        key: Key { venue: n("paper"), symbol: n(symbol) },
        signal: None,
        purpose: Purpose::Entry,
        side,
        qty: n(qty),
        order: kind,
        tif: TimeInForce::Gtc,
        reduce_only: false,
        bracket: false,
        plan: Protection::default(),
        reference: n("100"),
        risk: None,
    }
}

fn buy(id: &str, qty: &str) -> Intent {
    order(id, "AAPL", Side::Buy, qty, OrderKind::MARKET)
}

fn limit(id: &str, price: &str) -> Intent {
    order(id, "AAPL", Side::Buy, "10", OrderKind::Limit(Limit { limit: n(price) }))
}

/// What sells ten, if there are ten.
fn exit(id: &str, purpose: Purpose, kind: OrderKind) -> Intent {
    Intent { purpose, reduce_only: true, ..order(id, "AAPL", Side::Sell, "10", kind) }
}

fn stop(id: &str, trigger: &str) -> Intent {
    exit(id, Purpose::Stop, OrderKind::Stop(Stop { trigger: n(trigger) }))
}

fn stop_limit(id: &str, trigger: &str, limit: &str) -> Intent {
    exit(id, Purpose::Stop, OrderKind::StopLimit(StopLimit { trigger: n(trigger), limit: n(limit) }))
}

fn trailing(id: &str, distance: &str) -> Intent {
    exit(id, Purpose::Stop, OrderKind::TrailingStop(TrailingStop { distance: n(distance) }))
}

fn target(id: &str, price: &str) -> Intent {
    exit(id, Purpose::Target, OrderKind::Limit(Limit { limit: n(price) }))
}

fn bracket(id: &str, qty: &str, stop: &str, target: &str) -> Intent {
    let plan = Protection { stop: Some(n(stop)), target: Some(n(target)), trail: None };
    Intent { bracket: true, plan, ..buy(id, qty) }
}

fn accept(engine: &mut Matching, intents: &[Intent], d: i64) {
    for intent in intents {
        engine.accept(intent, day(d)).unwrap();
    }
}

/// Each event in short: `order qty@price model`, or `order end code`.
fn told(events: &[VenueEvent]) -> Vec<String> {
    let short = |event: &VenueEvent| match event {
        VenueEvent::Filled(fill) => {
            format!("{} {}@{} {}", fill.order, fill.qty, fill.price, fill.model.unwrap())
        }
        VenueEvent::Closed { order, end, code, .. } => format!("{order} {end:?} {code}"),
        VenueEvent::Busted { .. } | VenueEvent::Corrected { .. } | VenueEvent::NonTrade(_) => {
            "never".to_owned()
        }
    };
    events.iter().map(short).collect()
}

fn fills(events: &[VenueEvent]) -> Vec<Fill> {
    let fill = |event: &VenueEvent| if let VenueEvent::Filled(fill) = event { Some(*fill) } else { None };
    events.iter().filter_map(fill).collect()
}

/// Ten AAPL, bought at 100.
fn holding() -> Matching {
    let mut engine = free();
    accept(&mut engine, &[buy("e", "10")], 0);
    assert_eq!(play(&mut engine, 0, QUIET), ["e 10@100 open"]);
    engine
}
