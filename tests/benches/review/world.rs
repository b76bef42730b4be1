//! Everything that a review looks at: an entry in a stock, with ten other instruments held, in a practice account.

use std::collections::BTreeMap;

use broker_api::{
    Account, AccountId, AccountRef, Amount, AssetClass, Catalog, ClientOrderId, Code, Currency, Day,
    Direction, Exposure, GuardState, Held, Instrument, Intent, Key, Mode, OrderKind, Price, Protection,
    Purpose, Qty, Quote, Ratio, Side, Signal, SignalId, SizeWanted, StrategyId, Symbol, Time, TimeInForce,
    VenueId, Wanted,
};
use chrono::{DateTime, TimeDelta};
use risk::{Lately, Limits, Stage, Verdict, View, review};
use rust_decimal::Decimal;

/// What is held, at which price, and how much of it.
const HELD: [(&str, AssetClass, &str, i64); 10] = [
    ("MSFT", AssetClass::Equity, "412.35", 2),
    ("NVDA", AssetClass::Equity, "131.07", 6),
    ("AMZN", AssetClass::Equity, "201.44", 4),
    ("META", AssetClass::Equity, "603.2", 1),
    ("KO", AssetClass::Equity, "64.81", 12),
    ("EUR/USD", AssetClass::Forex, "1.08512", 700),
    ("GBP/USD", AssetClass::Forex, "1.26733", 600),
    ("AUD/USD", AssetClass::Forex, "0.65021", -900),
    ("BTC/USD", AssetClass::Crypto, "84178.5", 0),
    ("ETH/USD", AssetClass::Crypto, "3321.7", 0),
];

pub(super) struct World {
    intent: Intent,
    signal: Signal,
    instrument: Instrument,
    quote: Quote,
    account: Account,
    guard: GuardState,
    pub(super) exposures: Vec<Exposure>,
    catalog: Catalog,
    buckets: BTreeMap<Symbol, Code>,
    limits: Limits,
    now: Time,
}

fn key(symbol: &str) -> Key {
    Key { venue: VenueId::new("alpaca").unwrap(), symbol: Symbol::new(symbol).unwrap() }
}

fn instrument(symbol: &str, asset_class: AssetClass) -> Instrument {
    Instrument {
        key: key(symbol),
        asset_class,
        quote: Currency::new("USD").unwrap(),
        tick: "0.01".parse().unwrap(),
        lot: "1".parse().unwrap(),
        qty_min: "1".parse().unwrap(),
        qty_max: "1000000".parse().unwrap(),
        notional_min: "1".parse().unwrap(),
        margin: Ratio::ONE,
        shortable: true,
    }
}

fn held((symbol, class, price, units): (&str, AssetClass, &str, i64)) -> Exposure {
    let average: Price = price.parse().unwrap();
    // Of coins a hundredth.
    let units = if class == AssetClass::Crypto { Decimal::new(1, 2) } else { Decimal::from(units) };
    let away = Decimal::new(if units.is_sign_negative() { 103 } else { 97 }, 2);
    Exposure {
        held: Held::new(units).unwrap(),
        confirmed: Held::new(units).unwrap(),
        average: Some(average),
        plan: Protection { stop: Price::new(average.get() * away).ok(), target: None, trail: None },
        ..Exposure::none(key(symbol))
    }
}

impl World {
    pub(super) fn new() -> Self {
        let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let own = instrument("AAPL", AssetClass::Equity);
        let mut rules = vec![own.clone()];
        rules.extend(HELD.iter().map(|(symbol, class, ..)| instrument(symbol, *class)));
        let plan = Protection {
            stop: Some("219.55".parse().unwrap()),
            target: Some("243.1".parse().unwrap()),
            trail: None,
        };
        let signal = Signal {
            id: SignalId::new("2026-11-27/AAPL/enter").unwrap(),
            strategy: StrategyId::new("trend-a").unwrap(),
            symbol: own.key.symbol,
            decision_price: Some("227.03".parse().unwrap()),
            bar_close: Some(now - TimeDelta::hours(1)),
            decided_at: now - TimeDelta::minutes(50),
            expires_at: now + TimeDelta::hours(20),
            wanted: Wanted::Enter { side: Direction::Long, size: SizeWanted::Configured, plan },
        };
        let ten: Amount = "10131.27".parse().unwrap();
        let bucket = Code::fixed("tech");
        let of = AccountRef {
            venue: own.key.venue,
            account: AccountId::new("PA3ABCDE").unwrap(),
            mode: Mode::Practice,
            currency: own.quote,
        };
        let mut limits = Limits::paper();
        limits.positions_max = 20;
        limits.positions_equity_max = 20;
        limits.positions_strategy_max = 20;
        Self {
            intent: Intent {
                id: ClientOrderId::new("tw1-abcdefghijkl-e1").unwrap(),
                key: own.key,
                signal: Some(signal.id),
                purpose: Purpose::Entry,
                side: Side::Buy,
                qty: "4".parse().unwrap(),
                order: OrderKind::MARKET,
                tif: TimeInForce::Day,
                reduce_only: false,
                bracket: false,
                plan,
                reference: "227.14".parse().unwrap(),
                risk: Some("30.36".parse().unwrap()),
            },
            quote: Quote { bid: "227.11".parse().unwrap(), ask: "227.14".parse().unwrap(), at: now },
            account: Account {
                of,
                equity: ten,
                balance: "6020.4".parse().unwrap(),
                margin_used: "4110.87".parse().unwrap(),
                buying_power: "6020.4".parse().unwrap(),
                coin_power: None,
                previous_close: None,
                blocked: false,
                at: now,
            },
            guard: GuardState {
                day: Some(Day {
                    starts: now - TimeDelta::hours(5),
                    equity: "10152.1".parse().unwrap(),
                    late: false,
                    realised: Amount::ZERO,
                    carried: None,
                }),
                week: Some("10190.44".parse().unwrap()),
                high_water: Some("10344.9".parse().unwrap()),
                losses_in_row: 4,
                ..GuardState::default()
            },
            exposures: HELD.into_iter().map(held).collect(),
            buckets: ["AAPL", "MSFT", "NVDA"].map(|symbol| (Symbol::new(symbol).unwrap(), bucket)).into(),
            catalog: Catalog::new(rules).unwrap(),
            instrument: own,
            signal,
            limits,
            now,
        }
    }

    /// Puts the order before the guard.
    pub(super) fn review(&self) -> Verdict {
        let values = |key: Key| self.catalog.instrument(key).map(|_| Ratio::ONE);
        let instruments = |key: Key| self.catalog.instrument(key);
        let buckets = |key: Key| self.buckets.get(&key.symbol).copied();
        let view = View {
            instrument: &self.instrument,
            quote: Some(&self.quote),
            account: Some(&self.account),
            equity: Some(self.account.equity),
            away: None,
            equity_at: Some(self.account.at),
            rate: Some(Ratio::ONE),
            guard: &self.guard,
            exposures: &self.exposures,
            values: &values,
            instruments: &instruments,
            buckets: &buckets,
            lately: Lately { entries_in_day: 3, answered: 12, ..Lately::default() },
            base: self.instrument.quote,
            same_decision: None,
            last_bar: Some(self.now - TimeDelta::hours(25)),
            day_trades: 1,
            bare: None,
            oldest: Some((key("KO"), self.now - TimeDelta::days(31))),
            executed: risk::Executed::default(),
            loosened: None,
            blackout: None,
            drilled: None,
            alerts: None,
            stage: Stage::Broker,
            contact: Some(self.now),
            clock: Some((TimeDelta::zero(), self.now)),
            signal: Some(&self.signal),
            unconfirmed: false,
            duplicate: false,
            market_open: true,
            venue_holds: true,
            last_close: Some(self.now - TimeDelta::hours(17)),
            halted: false,
            compared: true,
            live_reducing: Qty::ZERO,
            quote_age_max: None,
            now: self.now,
        };
        review(self.intent, &view, &self.limits)
    }
}
