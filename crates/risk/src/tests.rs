//! One good order, and one thing wrong with it at a time; then the promises over many inputs.

use broker_api::{
    Account, AccountId, AccountRef, Amount, AssetClass, ClientOrderId, Currency, Day, Direction, Exposure,
    GuardState, Held, Instrument, Intent, Key, Level, Mark, Marks, Mode, OrderKind, Protection, Purpose, Qty,
    Quote, Ratio, Side, Signal, SignalId, SizeWanted, StrategyId, Symbol, Time, TimeInForce, VenueId, Wanted,
};
use chrono::{DateTime, TimeDelta};
use rust_decimal::Decimal;

use super::*;

mod bounds;
mod properties;

fn now() -> Time {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

fn key(symbol: &str) -> Key {
    Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new(symbol).unwrap() }
}

/// Everything a review looks at, owned.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct World {
    intent: Intent,
    instrument: Instrument,
    quote: Option<Quote>,
    account: Option<Account>,
    equity: Option<Amount>,
    rate: Option<Ratio>,
    guard: GuardState,
    exposures: Vec<Exposure>,
    contact: Option<Time>,
    signal: Option<Signal>,
    duplicate: bool,
    market_open: bool,
    venue_holds: bool,
    halted: bool,
    live_reducing: Qty,
    limits: Limits,
}

impl World {
    fn good() -> Self {
        let plan = Protection {
            stop: Some("219".parse().unwrap()),
            target: Some("243".parse().unwrap()),
            trail: None,
        };
        let instrument = Instrument {
            key: key("AAPL"),
            asset_class: AssetClass::Equity,
            quote: Currency::new("USD").unwrap(),
            tick: "0.01".parse().unwrap(),
            lot: "1".parse().unwrap(),
            qty_min: "1".parse().unwrap(),
            qty_max: "1000".parse().unwrap(),
            notional_min: "1".parse().unwrap(),
            margin: Ratio::ONE,
            shortable: true,
        };
        let signal = Signal {
            id: SignalId::new("2026/AAPL/enter").unwrap(),
            strategy: StrategyId::new("trend-a").unwrap(),
            symbol: instrument.key.symbol,
            decision_price: Some("227".parse().unwrap()),
            bar_close: Some(now() - TimeDelta::hours(1)),
            decided_at: now() - TimeDelta::minutes(50),
            expires_at: now() + TimeDelta::hours(20),
            wanted: Wanted::Enter { side: Direction::Long, size: SizeWanted::Configured, plan },
        };
        let of = AccountRef {
            venue: instrument.key.venue,
            account: AccountId::new("paper-1").unwrap(),
            mode: Mode::Paper,
            currency: instrument.quote,
        };
        let ten = "10000".parse().unwrap();
        Self {
            intent: Intent {
                id: ClientOrderId::new("tw1-a-e1").unwrap(),
                key: instrument.key,
                signal: Some(signal.id),
                purpose: Purpose::Entry,
                side: Side::Buy,
                qty: "4".parse().unwrap(),
                order: OrderKind::MARKET,
                tif: TimeInForce::Day,
                reduce_only: false,
                bracket: false,
                plan,
                reference: "227".parse().unwrap(),
                risk: Some("32".parse().unwrap()),
            },
            quote: Some(Quote { bid: "226.9".parse().unwrap(), ask: "227".parse().unwrap(), at: now() }),
            account: Some(Account {
                of,
                equity: ten,
                balance: ten,
                margin_used: Amount::ZERO,
                buying_power: ten,
                coin_power: None,
                previous_close: None,
                blocked: false,
                at: now(),
            }),
            equity: Some(ten),
            rate: Some(Ratio::ONE),
            guard: GuardState {
                day: Some(Day {
                    starts: now() - TimeDelta::hours(5),
                    equity: ten,
                    late: false,
                    realised: Amount::ZERO,
                }),
                high_water: Some(ten),
                ..GuardState::default()
            },
            exposures: Vec::new(),
            contact: Some(now()),
            signal: Some(signal),
            duplicate: false,
            market_open: true,
            venue_holds: false,
            halted: false,
            live_reducing: Qty::ZERO,
            limits: Limits::paper(),
            instrument,
        }
    }

    /// The stop of a position of four.
    fn leg() -> Self {
        let mut world = Self::good();
        world.exposures = vec![held("AAPL", 4, "227")];
        world.intent.purpose = Purpose::Stop;
        world.intent.side = Side::Sell;
        world.intent.order = OrderKind::Stop(broker_api::intent::Stop { trigger: "219".parse().unwrap() });
        world.intent.reduce_only = true;
        world
    }

    fn review(&self) -> Verdict {
        let rate = self.rate;
        let values = move |_: Key| rate;
        let view = View {
            instrument: &self.instrument,
            quote: self.quote.as_ref(),
            account: self.account.as_ref(),
            equity: self.equity,
            equity_at: self.account.as_ref().map(|account| account.at),
            rate: self.rate,
            guard: &self.guard,
            exposures: &self.exposures,
            values: &values,
            contact: self.contact,
            signal: self.signal.as_ref(),
            duplicate: self.duplicate,
            market_open: self.market_open,
            venue_holds: self.venue_holds,
            last_close: Some(now() - TimeDelta::hours(17)),
            halted: self.halted,
            compared: true,
            live_reducing: self.live_reducing,
            quote_age_max: None,
            now: now(),
        };
        review(self.intent, &view, &self.limits)
    }
}

fn held(symbol: &str, units: i64, average: &str) -> Exposure {
    Exposure {
        held: Held::new(Decimal::from(units)).unwrap(),
        confirmed: Held::new(Decimal::from(units)).unwrap(),
        average: Some(average.parse().unwrap()),
        ..Exposure::none(key(symbol))
    }
}

#[test]
fn a_good_order_passes_every_check() {
    let Verdict::Approved { order, clipped_by, marks } = World::good().review() else {
        panic!("not approved")
    };
    assert_eq!((order.open(), clipped_by), (World::good().intent, None));
    assert_eq!(marks.count(Mark::Denied) + marks.count(Mark::Missing), 0);
    assert_eq!(marks.count(Mark::Absent), 40 - CHECKS.len());
    assert!(matches!(World::leg().review(), Verdict::Approved { clipped_by: None, .. }));
}

/// Every check has an order that it lets pass as what it looks at, not as what it does not apply to.
#[test]
fn each_check_lets_a_good_order_pass() {
    let marks = |world: &World| match world.review() {
        Verdict::Approved { marks, .. } => marks,
        other => panic!("{other:?}"),
    };
    let mut short = World::good();
    short.intent.side = Side::Sell;
    short.intent.plan = Protection { stop: Some("235".parse().unwrap()), target: None, trail: None };
    let (long, short) = (marks(&World::good()), marks(&short));
    for check in CHECKS {
        let passed = |marks: Marks| matches!(marks.get(check.number), Mark::Passed | Mark::Near);
        assert!(passed(long) || passed(short), "{} {}", check.number, check.name);
    }
}

/// One change, the check that must stop it, and the code it must give.
type Wrong = (u8, &'static str, fn(&mut World));

const WRONG: &[Wrong] = &[
    (1, "bad_limits", |w| w.limits.positions_max = 0),
    (2, "level", |w| w.guard.level = Level::Paused),
    (2, "halted", |w| w.halted = true),
    (4, "diverged", |w| w.exposures = vec![Exposure { diverged: true, ..Exposure::none(key("AAPL")) }]),
    (4, "unknown_order", |w| w.exposures = vec![Exposure { unknown: 1, ..Exposure::none(key("AAPL")) }]),
    (4, "no_equity", |w| w.account = None),
    (4, "stale_account", |w| w.account.as_mut().unwrap().at = now() - TimeDelta::seconds(61)),
    (4, "stale_account", |w| w.account.as_mut().unwrap().at = now() + TimeDelta::seconds(61)),
    (5, "no_contact", |w| w.contact = None),
    (5, "no_contact", |w| w.contact = Some(now() - TimeDelta::seconds(31))),
    (5, "no_contact", |w| w.contact = Some(now() + TimeDelta::seconds(61))),
    (8, "duplicate_order", |w| w.duplicate = true),
    (9, "no_signal", |w| w.signal = None),
    (9, "expired", |w| w.signal.as_mut().unwrap().expires_at = now()),
    (9, "stale_signal", |w| w.signal.as_mut().unwrap().bar_close = Some(now() - TimeDelta::hours(97))),
    (10, "future_signal", |w| w.signal.as_mut().unwrap().decided_at = now() + TimeDelta::seconds(61)),
    (11, "unknown_instrument", |w| w.intent.key = key("MSFT")),
    (11, "account_blocked", |w| w.account.as_mut().unwrap().blocked = true),
    (13, "no_price", |w| w.quote = None),
    (13, "crossed_price", |w| w.quote.as_mut().unwrap().bid = "228".parse().unwrap()),
    (13, "stale_price", |w| w.quote.as_mut().unwrap().at = now() - TimeDelta::seconds(6)),
    (13, "future_price", |w| w.quote.as_mut().unwrap().at = now() + TimeDelta::seconds(61)),
    (13, "wide_spread", |w| w.quote.as_mut().unwrap().bid = "222".parse().unwrap()),
    (14, "collar", |w| w.intent.reference = "222.4".parse().unwrap()),
    (15, "decision_drift", |w| w.signal.as_mut().unwrap().decision_price = Some("210".parse().unwrap())),
    (16, "order_notional", |w| w.intent.qty = "9".parse().unwrap()),
    (17, "bad_quantity", |w| w.intent.qty = "3.5".parse().unwrap()),
    (17, "bad_quantity", |w| w.intent.qty = Qty::ZERO),
    (17, "below_minimum", |w| w.instrument.notional_min = "1000".parse().unwrap()),
    (18, "no_stop", |w| w.intent.plan.stop = None),
    (18, "stop_side", |w| w.intent.plan.stop = Some("230".parse().unwrap())),
    (18, "stop_distance", |w| w.intent.plan.stop = Some("226.8".parse().unwrap())),
    (18, "stop_distance", |w| w.intent.plan.stop = Some("120".parse().unwrap())),
    // sent again, with the market past its stop and still within the collar
    (18, "stop_side", |w| {
        w.intent.plan.stop = Some("226".parse().unwrap());
        (w.quote.as_mut().unwrap().bid, w.quote.as_mut().unwrap().ask) =
            ("225.8".parse().unwrap(), "225.9".parse().unwrap());
    }),
    (19, "no_risk", |w| w.intent.risk = None),
    (20, "max_positions", |w| w.exposures = (0..10).map(|n| held(&format!("S{n}"), 1, "1")).collect()),
    (21, "position_notional", |w| w.exposures = vec![held("AAPL", 5, "227")]),
    (21, "position_notional", |w| w.exposures = vec![held("AAPL", 5, "100")]),
    (21, "against_position", |w| w.exposures = vec![held("AAPL", -1, "227")]),
    (24, "buying_power", |w| w.account.as_mut().unwrap().buying_power = "900".parse().unwrap()),
    (26, "not_shortable", |w| {
        w.instrument.shortable = false;
        w.intent.side = Side::Sell;
        w.intent.plan.stop = Some("235".parse().unwrap());
    }),
    (31, "loss_streak", |w| w.guard.losses_in_row = 10),
    (32, "no_day", |w| w.guard.day = None),
    (32, "daily_loss", |w| w.equity = Some("9700".parse().unwrap())),
    (33, "no_high_water", |w| w.guard.high_water = None),
    (33, "drawdown", |w| w.guard.high_water = Some("11765".parse().unwrap())),
];

#[test]
fn each_check_stops_what_it_is_there_for() {
    for (number, code, change) in WRONG {
        let mut world = World::good();
        change(&mut world);
        match world.review() {
            Verdict::Denied { check, reason, marks } => {
                assert_eq!((check, reason.code.as_str()), (*number, *code), "{}", reason.text);
                assert!(matches!(marks.get(check), Mark::Denied | Mark::Missing));
            }
            other => panic!("{number} {code}: {other:?}"),
        }
    }
    let covered: std::collections::BTreeSet<u8> =
        WRONG.iter().map(|(number, ..)| *number).chain([12, 22, 27]).collect();
    assert_eq!(covered, CHECKS.iter().map(|check| check.number).collect());
}

#[test]
fn what_passes_by_itself_is_waited_for() {
    let mut closed = World::good();
    closed.market_open = false;
    assert!(matches!(closed.review(), Verdict::Wait { check: 12, .. }));
    let mut opposing = World::good();
    opposing.exposures = vec![Exposure { exiting: "1".parse().unwrap(), ..Exposure::none(key("AAPL")) }];
    assert!(matches!(opposing.review(), Verdict::Wait { check: 27, .. }));
    let mut silent = World::leg();
    silent.contact = None;
    assert!(matches!(silent.review(), Verdict::Wait { check: 5, .. }));
}

#[test]
fn what_is_too_large_is_made_smaller_in_whole_lots() {
    let mut risky = World::good();
    risky.intent.risk = Some("250".parse().unwrap());
    let Verdict::Approved { order, clipped_by: Some(19), .. } = risky.review() else { panic!("not clipped") };
    // 200 may be lost, 62.50 a share: three
    assert_eq!((order.get().qty, order.get().risk), ("3".parse().unwrap(), Some("187.5".parse().unwrap())));
    let mut full = World::good();
    full.exposures = vec![held("MSFT", 95, "100")];
    let Verdict::Approved { order, clipped_by: Some(22), .. } = full.review() else { panic!("not clipped") };
    assert_eq!(order.get().qty, "2".parse().unwrap());
    full.exposures = vec![held("MSFT", 98, "100")];
    assert!(matches!(full.review(), Verdict::Denied { check: 22, .. }));
}

#[test]
fn a_reducing_order_passes_through_every_entry_limit_and_never_opens() {
    let mut worst = World::leg();
    worst.guard = GuardState { level: Level::Flattening, losses_in_row: 50, ..GuardState::default() };
    (worst.equity, worst.account, worst.quote, worst.signal, worst.halted) = (None, None, None, None, true);
    (worst.market_open, worst.venue_holds) = (false, true);
    worst.limits.positions_max = 0;
    assert!(matches!(worst.review(), Verdict::Approved { .. }));
    let mut too_much = World::leg();
    too_much.intent.qty = "5".parse().unwrap();
    assert!(matches!(too_much.review(), Verdict::Denied { check: 21, .. }));
    let mut opening = World::leg();
    opening.exposures = vec![held("AAPL", -4, "227")];
    assert!(matches!(opening.review(), Verdict::Denied { check: 21, .. }));
    let mut exit = World::leg();
    exit.intent.purpose = Purpose::Exit;
    exit.intent.order = OrderKind::MARKET;
    assert!(matches!(exit.review(), Verdict::Approved { .. }));
    exit.live_reducing = "4".parse().unwrap();
    assert!(matches!(exit.review(), Verdict::Wait { check: 21, .. }));
}
