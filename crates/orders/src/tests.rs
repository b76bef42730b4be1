//! The crate's promises, over many inputs.

use broker_api::{
    AccountId, Amount, AssetClass, Capabilities, Currency, Direction, Exposure, Held, Instrument, Key, Phase,
    Price, Proof, Protection, Purpose, Qty, Quote, Ratio, Resend, ResolvePolicy, SentWindow, Side, Signal,
    SignalId, SizeWanted, StrategyId, Symbol, Time, VenueId, Wanted,
};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use rust_decimal::Decimal;

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
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        kinds: Vec::new(),
        holds_when_closed: Vec::new(),
        reduce_only: true,
        brackets: false,
        log_tells_closings: true,
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

fn plan(stop: Option<&str>, target: Option<&str>) -> Protection {
    Protection { stop: stop.map(|p| p.parse().unwrap()), target: target.map(|p| p.parse().unwrap()) }
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
    // away from the market for the stop, towards it for the target; the loss is to the rounded stop: 4 x 8.14
    assert_eq!(intent.plan, plan(Some("219.00"), Some("243.30")));
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
    assert_eq!(code(&good(), SizeWanted::Configured, Direction::Short, plan(None, Some("230"))), "stop_side");
    assert_eq!(
        code(&good(), SizeWanted::Quantity("0.5".parse().unwrap()), Direction::Long, none),
        "below_minimum"
    );
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

/// Reckoned elsewhere: base32 of SHA-256 over `paper-1\0signal\0trend-a\02026-11-20/AAPL/enter\0`.
const KNOWN: &str = "tw1klaktafpbrxlbkhrj63u-e1";

#[test]
fn the_resolver_follows_the_venue_and_never_guesses() {
    let at = |seconds: i64| now() + TimeDelta::seconds(seconds);
    let order = |phase: Phase| Unsettled {
        phase,
        since: now(),
        sent: SentWindow { from: now(), to: at(30) },
        attempt: 1,
        asks: 0,
        asking: false,
        asked_at: None,
        not_before: None,
        proof: None,
    };
    let unknown = order(Phase::Unknown);
    let proven = Unsettled { proof: Some(Proof::Silence { since: now() }), asks: 1, ..unknown };
    for resend in [
        Resend::Never,
        Resend::AfterProof,
        Resend::AfterSilence(TimeDelta::seconds(10)),
        Resend::ProbeSameId(TimeDelta::seconds(100)),
    ] {
        let policy = policy_of(resend);
        let next = |order: &Unsettled, seconds: i64| resolve(&policy, order, at(seconds));
        // without proof nothing is ever sent again
        for seconds in [0, 1, 2, 40, 400, 40_000] {
            for asks in 0..5 {
                let order = Unsettled { asks, asked_at: (asks > 0).then(|| at(1)), ..unknown };
                assert_ne!(next(&order, seconds), Next::Resend, "{resend:?} {seconds} {asks}");
            }
        }
        assert_eq!(next(&unknown, 1), Next::Wait(at(2)));
        assert_eq!(next(&unknown, 2), Next::Ask);
        assert_eq!(next(&Unsettled { asks: 1, asked_at: Some(at(3)), ..unknown }, 5), Next::Wait(at(13)));
        assert_eq!(next(&Unsettled { asks: 1, asked_at: Some(at(3)), ..unknown }, 13), Next::Ask);
        assert_eq!(next(&Unsettled { not_before: Some(at(60)), ..unknown }, 13), Next::Wait(at(60)));
        assert!(matches!(next(&Unsettled { asking: true, ..unknown }, 500), Next::Wait(_)));
        assert_eq!(next(&Unsettled { asks: 3, asked_at: Some(at(3)), ..unknown }, 900), Next::TellPerson);
        // with proof it depends on the venue
        let expected = if resend == Resend::Never { Next::TellPerson } else { Next::Resend };
        assert_eq!(next(&proven, 50), expected);
        let late = if matches!(resend, Resend::ProbeSameId(_)) { Next::TellPerson } else { expected };
        assert_eq!(next(&proven, 101), late);
        assert_eq!(next(&Unsettled { attempt: 3, ..proven }, 50), Next::TellPerson);
        // what never left us needs no proof
        let waiting = order(Phase::Waiting);
        assert_eq!(next(&waiting, 0), Next::Resend);
        assert_eq!(next(&Unsettled { not_before: Some(at(9)), ..waiting }, 5), Next::Wait(at(9)));
        assert_eq!(next(&Unsettled { attempt: 3, ..waiting }, 5), Next::TellPerson);
    }
}

proptest! {
    /// No size costs or risks more than was asked for, and all are whole lots.
    #[test]
    fn sizes_stay_within_what_was_asked(
        cents in 100_i64..5_000_000,
        gap in 1_i64..99,
        equity in 100_i64..10_000_000,
        lots in prop_oneof![Just("1"), Just("0.001"), Just("0.0001")],
        rate in 50_i64..200,
        short in any::<bool>(),
        kind in 0..3,
    ) {
        let price = Decimal::new(cents, 2);
        let text = price.to_string();
        let mut world = World::new(lots, &text, &text);
        world.equity = Some(Amount::new(Decimal::from(equity)).unwrap());
        world.rate = Some(Ratio::new(Decimal::new(rate, 2)).unwrap());
        let side = if short { Direction::Short } else { Direction::Long };
        let away = price * Decimal::new(gap, 2) * Decimal::new(3, 1);
        let stop = if short { price + away } else { price - away };
        prop_assume!(Price::new(stop).is_ok());
        let plan = Protection { stop: Some(Price::new(stop).unwrap()), target: None };
        let size = match kind {
            0 => SizeWanted::Configured,
            1 => SizeWanted::RiskPct(Ratio::ONE),
            _ => SizeWanted::Notional(Amount::new(Decimal::from(equity) / Decimal::TEN).unwrap()),
        };
        let Ok(intent) = entry(&signal(size, side, plan), &world.view(), &Policy::paper()) else { return Ok(()) };
        let rate = Decimal::new(rate, 2);
        let value = intent.reference.get() * intent.qty.get();
        prop_assert!(intent.qty.is_multiple_of(world.instrument.lot) && !intent.qty.is_zero());
        match kind {
            0 => prop_assert!(value * rate <= Decimal::from(equity) / Decimal::TEN),
            // the stop is rounded away by less than a tick
            1 => {
                let loss = (intent.reference.get() - stop).abs() * intent.qty.get() * rate;
                prop_assert!(loss <= Decimal::from(equity) / Decimal::ONE_HUNDRED * Decimal::new(1_001, 3) + Decimal::new(1, 2) * intent.qty.get() * rate);
            }
            _ => prop_assert!(value <= Decimal::from(equity) / Decimal::TEN),
        }
        let rounded = intent.plan.stop.unwrap().get();
        let towards_market = if short { rounded < stop } else { rounded > stop };
        prop_assert!(!towards_market, "{stop} became {rounded}");
    }

    /// What should rest is what is held, and what rests like that is left alone.
    #[test]
    fn legs_are_as_large_as_what_is_held(units in -500_i64..500, number in 1_u64..1_000, made in 0_u32..100) {
        let mut world = World::new("1", "227.10", "227.14");
        world.held.held = Held::new(Decimal::from(units)).unwrap();
        world.held.plan = plan(Some("219.005"), Some("243.305"));
        let legs = protection(number, made, None, &world.view()).unwrap();
        if units == 0 {
            prop_assert_eq!(legs, Legs { stop: None, target: None });
            return Ok(());
        }
        let size = Qty::new(Decimal::from(units.abs())).unwrap();
        for leg in [legs.stop.unwrap(), legs.target.unwrap()] {
            prop_assert_eq!(leg.qty, size);
            prop_assert_eq!(leg.side, if units > 0 { Side::Sell } else { Side::Buy });
            prop_assert!(leg.reduce_only && covers(&leg, &leg, leg.qty));
            prop_assert!(!covers(&leg, &leg, Qty::ZERO));
        }
        prop_assert!(!covers(&legs.stop.unwrap(), &legs.target.unwrap(), size));
        prop_assert_ne!(legs.stop.unwrap().id, legs.target.unwrap().id);
    }
}
