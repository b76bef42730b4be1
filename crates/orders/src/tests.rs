//! The crate's promises: what an entry, an exit and a name are. Sizes, legs and the resolver have files of their own.

mod legs;
mod resolver;
mod sizes;

use broker_api::{
    AccountId, Amount, AssetClass, Capabilities, Currency, Direction, Exposure, Instrument, Key, Protection,
    Purpose, Qty, Quote, Ratio, Resend, ResolvePolicy, Side, Signal, SignalId, SizeWanted, StrategyId,
    Symbol, Time, VenueId, Wanted,
};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::*;

fn now() -> Time {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

fn instrument(lot: &str) -> Instrument {
    Instrument {
        key: Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new("AAPL").unwrap() },
        asset_class: AssetClass::Equity,
        quote: Currency::new("USD").unwrap(),
        tick: "0.01".parse().unwrap(),
        lot: lot.parse().unwrap(),
        qty_min: lot.parse().unwrap(),
        qty_max: "100000".parse().unwrap(),
        notional_min: "1".parse().unwrap(),
        margin: Ratio::ONE,
        shortable: true,
    }
}

fn policy_of(resend: Resend) -> ResolvePolicy {
    ResolvePolicy {
        first_ask: TimeDelta::seconds(2),
        every: TimeDelta::seconds(10),
        asks_max: 3,
        settle: TimeDelta::zero(),
        send_within: TimeDelta::seconds(30),
        resend,
        attempts_max: 3,
        not_sent_max: 3,
        throttled_max: 3,
        gone_after: TimeDelta::zero(),
        fence: None,
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        kinds: broker_api::KindName::ALL.to_vec(),
        holds_when_closed: Vec::new(),
        reduce_only: true,
        brackets: broker_api::Brackets::None,
        closing_binds: false,
        parts_end_with_session: false,
        closes_positions: false,
        paid_when_executed: false,
        log_tells_closings: true,
        blackouts: Vec::new(),
        resolve: policy_of(Resend::AfterProof),
    }
}

fn signal(size: SizeWanted, side: Direction, plan: Protection) -> Signal {
    Signal {
        id: SignalId::new("2026-11-20/AAPL/enter").unwrap(),
        strategy: StrategyId::new("trend-a").unwrap(),
        symbol: Symbol::new("AAPL").unwrap(),
        decision_price: None,
        bar_close: None,
        decided_at: now(),
        expires_at: now() + TimeDelta::days(1),
        wanted: Wanted::Enter { side, size, plan },
    }
}

/// Everything a view borrows.
struct World {
    instrument: Instrument,
    capabilities: Capabilities,
    quote: Option<Quote>,
    held: Exposure,
    equity: Option<Amount>,
    rate: Option<Ratio>,
}

impl World {
    fn new(lot: &str, bid: &str, ask: &str) -> Self {
        let instrument = instrument(lot);
        let quote = Quote { bid: bid.parse().unwrap(), ask: ask.parse().unwrap(), at: now() };
        Self {
            held: Exposure::none(instrument.key),
            instrument,
            capabilities: capabilities(),
            quote: Some(quote),
            equity: Some("10000".parse().unwrap()),
            rate: Some(Ratio::ONE),
        }
    }

    fn view(&self) -> View<'_> {
        View {
            instrument: &self.instrument,
            capabilities: &self.capabilities,
            quote: self.quote.as_ref(),
            equity: self.equity,
            rate: self.rate,
            held: &self.held,
            account: AccountId::new("paper-1").unwrap(),
            market_open: true,
            now: now(),
        }
    }
}

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

fn plan(stop: Option<&str>, target: Option<&str>) -> Protection {
    Protection {
        stop: stop.map(|p| p.parse().unwrap()),
        target: target.map(|p| p.parse().unwrap()),
        trail: None,
    }
}

#[test]
fn ten_equal_slots_in_whole_lots_rounded_down() {
    let world = World::new("1", "227.10", "227.14");
    let wanted = signal(SizeWanted::Configured, Direction::Long, plan(Some("219.006"), Some("243.303")));
    let intent = entry(&wanted, &world.view(), &Policy::paper()).unwrap();
    assert_eq!(
        (intent.qty.to_string(), intent.side, intent.reference.to_string()),
        ("4".into(), Side::Buy, "227.14".into())
    );
    // both away from the market; the loss is to the rounded stop: 4 x 8.14
    assert_eq!(intent.plan, plan(Some("219.00"), Some("243.31")));
    assert_eq!(intent.risk, Some("32.56".parse().unwrap()));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let code = |world: &World, size: SizeWanted, side: Direction, plan: Protection| {
        entry(&signal(size, side, plan), &world.view(), &Policy::paper())
            .unwrap_err()
            .code
            .as_str()
            .to_owned()
    };
    let good = || World::new("1", "227.10", "227.14");
    let none = Protection::default();
    let mut world = good();
    world.quote = None;
    assert_eq!(code(&world, SizeWanted::Configured, Direction::Long, none), "no_price");
    let mut world = good();
    world.equity = None;
    assert_eq!(code(&world, SizeWanted::Configured, Direction::Long, none), "no_equity");
    let mut world = good();
    world.rate = None;
    assert_eq!(code(&world, SizeWanted::Configured, Direction::Long, none), "no_conversion");
    assert_eq!(code(&good(), SizeWanted::RiskPct(Ratio::ONE), Direction::Long, none), "no_stop");
    assert_eq!(code(&good(), SizeWanted::Configured, Direction::Long, plan(Some("230"), None)), "stop_side");
    assert_eq!(
        code(&good(), SizeWanted::Configured, Direction::Short, plan(None, Some("230"))),
        "target_side"
    );
    assert_eq!(
        code(&good(), SizeWanted::Quantity("0.5".parse().unwrap()), Direction::Long, none),
        "size_zero"
    );
    // with a stop, the rate is missing and nothing else is, however it is sized
    let mut world = good();
    world.rate = None;
    let stop = plan(Some("219"), None);
    for size in [SizeWanted::Configured, SizeWanted::RiskPct(Ratio::ONE), SizeWanted::Quantity(qty("2"))] {
        assert_eq!(code(&world, size, Direction::Long, stop), "no_conversion", "{size:?}");
    }
    // between bid and ask a stop would be hit at once
    assert_eq!(
        code(&good(), SizeWanted::Configured, Direction::Long, plan(Some("227.12"), None)),
        "stop_side"
    );
    assert_eq!(
        code(&good(), SizeWanted::Configured, Direction::Short, plan(Some("227.12"), None)),
        "stop_side"
    );
    assert_eq!(
        code(&good(), SizeWanted::Configured, Direction::Long, plan(Some("0.004"), None)),
        "below_tick"
    );
    let mut world = good();
    world.instrument.shortable = false;
    assert_eq!(code(&world, SizeWanted::Configured, Direction::Short, none), "not_shortable");
    let mut world = good();
    world.capabilities.kinds = vec![broker_api::KindName::Market];
    assert_eq!(code(&world, SizeWanted::Configured, Direction::Long, stop), "stop_needs_daemon");
    let mut world = good();
    world.instrument.qty_min = qty("5");
    assert_eq!(code(&world, SizeWanted::Quantity(qty("4")), Direction::Long, none), "below_minimum");
    let mut world = good();
    world.instrument.notional_min = "1000".parse().unwrap();
    assert_eq!(code(&world, SizeWanted::Quantity(qty("4")), Direction::Long, none), "below_minimum");
    let exit = Signal { wanted: Wanted::Exit, ..signal(SizeWanted::Configured, Direction::Long, none) };
    assert_eq!(entry(&exit, &good().view(), &Policy::paper()).unwrap_err().code.as_str(), "not_an_entry");
}

#[test]
fn an_entry_lives_as_long_as_its_market_has_a_day() {
    use broker_api::TimeInForce::{Day, Gtc};
    for (class, tif) in [(AssetClass::Equity, Day), (AssetClass::Forex, Gtc), (AssetClass::Crypto, Gtc)] {
        let mut world = World::new("1", "227.10", "227.14");
        world.instrument.asset_class = class;
        let wanted = signal(SizeWanted::Configured, Direction::Short, plan(Some("230"), Some("200")));
        let intent = entry(&wanted, &world.view(), &Policy::paper()).unwrap();
        assert_eq!((intent.tif, intent.bracket, intent.reduce_only), (tif, false, false));
        assert_eq!((intent.side, intent.reference.to_string().as_str()), (Side::Sell, "227.10"));
        world.held.held = "-4".parse().unwrap();
        world.held.confirmed = world.held.held;
        let origin = Origin::Signal { strategy: wanted.strategy, signal: wanted.id };
        let exit = exit(qty("9"), origin, 1, None, &world.view()).unwrap();
        assert_eq!((exit.side, exit.qty, exit.tif, exit.reduce_only), (Side::Buy, qty("4"), tif, true));
    }
}

#[test]
fn an_exit_needs_something_to_close_but_no_quote() {
    let mut world = World::new("1", "227.10", "227.14");
    let origin = Origin::Position { key: world.instrument.key, number: 1 };
    let code = |qty: Qty, world: &World| {
        exit(qty, origin, 1, None, &world.view()).unwrap_err().code.as_str().to_owned()
    };
    assert_eq!(code(qty("1"), &world), "nothing_held");
    world.held.held = "3".parse().unwrap();
    world.held.confirmed = world.held.held;
    assert_eq!(code(Qty::ZERO, &world), "nothing_held");
    world.quote = None;
    assert_eq!(code(qty("3"), &world), "no_price");
    world.held.average = Some("220".parse().unwrap());
    let exit = exit(qty("3"), origin, 1, None, &world.view()).unwrap();
    assert_eq!(exit.reference.to_string(), "220");
}

#[test]
fn names_are_stable_and_differ_in_every_part() {
    let account = AccountId::new("paper-1").unwrap();
    let of = |strategy: &str, signal: &str| Origin::Signal {
        strategy: StrategyId::new(strategy).unwrap(),
        signal: SignalId::new(signal).unwrap(),
    };
    let key = instrument("1").key;
    let first = client_order_id(account, of("trend-a", "2026-11-20/AAPL/enter"), Purpose::Entry, 1);
    assert_eq!(first.as_str(), KNOWN);
    let others = [
        client_order_id(
            AccountId::new("paper-2").unwrap(),
            of("trend-a", "2026-11-20/AAPL/enter"),
            Purpose::Entry,
            1,
        ),
        client_order_id(account, of("trend-b", "2026-11-20/AAPL/enter"), Purpose::Entry, 1),
        client_order_id(account, of("trend-a", "2026-11-21/AAPL/enter"), Purpose::Entry, 1),
        client_order_id(account, of("trend-a", "2026-11-20/AAPL/enter"), Purpose::Exit, 1),
        client_order_id(account, of("trend-a", "2026-11-20/AAPL/enter"), Purpose::Entry, 2),
        client_order_id(account, Origin::Position { key, number: 1 }, Purpose::Stop, 1),
        client_order_id(account, Origin::Position { key, number: 2 }, Purpose::Stop, 1),
    ];
    let distinct: std::collections::BTreeSet<_> = others.iter().chain([&first]).collect();
    assert_eq!(distinct.len(), 8);
    let longest =
        client_order_id(account, Origin::Position { key, number: u64::MAX }, Purpose::Stop, 9_999_999);
    assert!(longest.as_str().len() <= 32);
}

proptest! {
    /// Two generations never share a name, and every name can be made.
    #[test]
    fn every_generation_has_its_own_name(a in any::<u32>(), b in any::<u32>(), number in any::<u64>()) {
        let account = AccountId::new("paper-1").unwrap();
        let origin = Origin::Position { key: instrument("1").key, number };
        let of = |generation| client_order_id(account, origin, Purpose::Stop, generation);
        prop_assert_eq!(a == b, of(a) == of(b));
        prop_assert_ne!(of(a % 10_000_000), of(a % 10_000_000 + 10_000_000));
        prop_assert!(of(a).as_str().len() <= 32);
    }
}

/// Reckoned elsewhere: base32 of SHA-256 over `paper-1\0signal\0trend-a\02026-11-20/AAPL/enter\0`.
const KNOWN: &str = "tw1klaktafpbrxlbkhrj63u-e1";

/// Where a name is free again once its order is over, an entry is a limit order that ends by itself.
#[test]
fn an_entry_behind_a_fence_ends_with_its_time_to_be_sent_and_never_pays_more_than_its_collar() {
    let mut world = World::new("1", "99.99", "100.03");
    world.capabilities.resolve.fence = Some(Ratio::new("0.005".parse().unwrap()).unwrap());
    let limit = |side, view: &View<'_>| {
        let intent =
            entry(&signal(SizeWanted::Configured, side, plan(None, None)), view, &Policy::paper()).unwrap();
        (intent.order.prices()[0].unwrap().to_string(), intent.tif)
    };
    let last = broker_api::TimeInForce::Gtd(now() + TimeDelta::seconds(30));
    // 100.03 x 1.005 = 100.53015 and 99.99 x 0.995 = 99.49005, each in whole ticks towards the price
    assert_eq!(limit(Direction::Long, &world.view()), ("100.53".into(), last));
    assert_eq!(limit(Direction::Short, &world.view()), ("99.5".into(), last));
    // and not later than its signal
    let short = Signal {
        expires_at: now() + TimeDelta::seconds(12),
        ..signal(SizeWanted::Configured, Direction::Long, plan(None, None))
    };
    let intent = entry(&short, &world.view(), &Policy::paper()).unwrap();
    assert_eq!(intent.tif, broker_api::TimeInForce::Gtd(now() + TimeDelta::seconds(12)));
    // what closes is no such order: it can only reduce
    world.held = Exposure {
        held: "7".parse().unwrap(),
        confirmed: "7".parse().unwrap(),
        ..Exposure::none(world.instrument.key)
    };
    let origin = Origin::Position { key: world.instrument.key, number: 1 };
    let exit = exit(qty("7"), origin, 1, None, &world.view()).unwrap();
    assert_eq!((exit.order, exit.reduce_only), (broker_api::OrderKind::MARKET, true));
    world.capabilities.kinds = vec![broker_api::KindName::Market];
    let told = entry(
        &signal(SizeWanted::Configured, Direction::Long, plan(None, None)),
        &world.view(),
        &Policy::paper(),
    );
    assert_eq!(told.unwrap_err().code.as_str(), "kind_not_taken");
}
