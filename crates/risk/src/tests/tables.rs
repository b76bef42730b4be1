//! The cases: what each check stops, what it just lets through, what it must not be without, what waits.

use super::world::{away, bare, blackout, entering};
use super::*;

mod allowed;

pub(super) use allowed::ALLOWED;

/// One change, the check that must stop it, and the code it must give.
pub(super) type Wrong = (u8, &'static str, fn(&mut World));

/// One change, and the check that it concerns.
pub(super) type Case = (u8, fn(&mut World));

pub(super) const WRONG: &[Wrong] = &[
    (1, "bad_limits", |w| w.limits.positions_max = 0),
    (1, "bad_limits", |w| w.limits.confirm_seconds = 0),
    (2, "level", |w| w.guard.level = Level::Paused),
    (2, "halted", |w| w.halted = true),
    (2, "entries_stopped", |w| w.stops(Scope::Class(AssetClass::Equity), None)),
    (2, "entries_stopped", |w| w.stops(Scope::Strategy(w.signal.unwrap().strategy), None)),
    (2, "entries_stopped", |w| w.stops(Scope::Instrument(key("AAPL")), Some(now() + TimeDelta::hours(1)))),
    // its time has come, and nobody has said so yet
    (2, "entries_stopped", |w| w.stops(Scope::Instrument(key("AAPL")), Some(now()))),
    (4, "diverged", |w| w.exposures = vec![Exposure { diverged: true, ..Exposure::none(key("AAPL")) }]),
    (4, "unknown_order", |w| w.exposures = vec![Exposure { unknown: 1, ..Exposure::none(key("AAPL")) }]),
    (4, "no_equity", |w| w.account = None),
    (4, "stale_account", |w| w.account.as_mut().unwrap().at = now() - TimeDelta::seconds(61)),
    (4, "stale_account", |w| w.account.as_mut().unwrap().at = now() + TimeDelta::seconds(61)),
    (4, "venue_away", |w| w.away = Some(away(false, Some(TimeDelta::minutes(61))))),
    (4, "venue_away", |w| w.away = Some(away(true, Some(TimeDelta::hours(73))))),
    (4, "venue_away", |w| w.away = Some(away(true, None))),
    (5, "no_contact", |w| w.contact = None),
    (5, "no_contact", |w| w.contact = Some(now() - TimeDelta::seconds(31))),
    (5, "no_contact", |w| w.contact = Some(now() + TimeDelta::seconds(61))),
    (6, "clock_skew", |w| w.at_broker(Some((TimeDelta::milliseconds(2_001), now())))),
    (6, "clock_skew", |w| w.at_broker(Some((TimeDelta::milliseconds(-2_001), now())))),
    (6, "no_clock", |w| w.at_broker(None)),
    (6, "no_clock", |w| w.at_broker(Some((TimeDelta::zero(), now() - TimeDelta::seconds(301))))),
    (7, "duplicate_decision", |w| w.same_decision = SignalId::new("2026/AAPL/again").ok()),
    (8, "duplicate_order", |w| w.duplicate = true),
    (8, "duplicate_entry", |w| w.lately.like_it = Some(now() - TimeDelta::seconds(59))),
    (8, "duplicate_entry", |w| w.lately.like_it = Some(now() + TimeDelta::seconds(1))),
    (9, "no_signal", |w| w.signal = None),
    (9, "expired", |w| w.signal.as_mut().unwrap().expires_at = now()),
    (9, "stale_signal", |w| w.signal.as_mut().unwrap().bar_close = Some(now() - TimeDelta::hours(97))),
    (10, "future_signal", |w| w.signal.as_mut().unwrap().decided_at = now() + TimeDelta::seconds(61)),
    (10, "out_of_order", |w| w.last_bar = Some(now() - TimeDelta::minutes(59))),
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
    (16, "order_value", |w| w.limits.order_value_max = "907".parse().unwrap()),
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
    // too much is lost with the least there may be
    (19, "risk_per_trade", |w| {
        w.intent.risk = Some("900".parse().unwrap());
        w.limits.open_risk_percent = "50".parse().unwrap();
    }),
    (20, "max_positions", |w| w.exposures = (0..10).map(|n| held(&format!("S{n}"), 1, "1")).collect()),
    (20, "class_positions", |w| {
        w.limits.positions_equity_max = 1;
        w.exposures = vec![held("MSFT", 1, "1")];
    }),
    (20, "class_positions", |w| {
        w.limits.positions_equity_max = 1;
        w.exposures = vec![Exposure { unknown: 1, ..Exposure::none(key("MSFT")) }];
    }),
    (20, "strategy_positions", |w| {
        w.limits.positions_strategy_max = 1;
        w.exposures = vec![Exposure { strategy: Some(w.signal.unwrap().strategy), ..held("MSFT", 1, "1") }];
    }),
    (20, "strategy_positions", |w| {
        w.limits.positions_strategy_max = 1;
        w.exposures = vec![held("MSFT", 1, "1")];
    }),
    (21, "position_notional", |w| w.exposures = vec![held("AAPL", 5, "227")]),
    (21, "position_notional", |w| w.exposures = vec![held("AAPL", 5, "100")]),
    (21, "against_position", |w| w.exposures = vec![held("AAPL", -1, "227")]),
    (22, "net_exposure", |w| w.limits.net_exposure_percent = "9.07".parse().unwrap()),
    (22, "net_exposure", |w| {
        w.exposures = vec![entering("MSFT", 10, "50")];
        w.limits.net_exposure_percent = "14.07".parse().unwrap();
    }),
    (22, "currency_exposure", |w| {
        *w = World::pair();
        w.limits.exposure_currency_percent = "8.79".parse().unwrap();
    }),
    // what is held of another pair owes the same currency
    (22, "currency_exposure", |w| {
        *w = World::pair();
        w.knows_pair("EUR/GBP", "GBP");
        w.exposures = vec![held("EUR/GBP", 1000, "1")];
        w.limits.exposure_currency_percent = "18.79".parse().unwrap();
    }),
    (22, "gross_exposure", |w| w.exposures = vec![held("MSFT", 98, "100")]),
    (22, "class_exposure", |w| {
        w.exposures = vec![held("MSFT", 98, "10")];
        w.limits.exposure_equity_percent = "10".parse().unwrap();
    }),
    (23, "open_risk", |w| w.exposures = vec![bare("MSFT", 57, "10")]),
    (23, "open_risk", |w| w.exposures = vec![entering("MSFT", 57, "100")]),
    (23, "open_risk", |w| {
        w.exposures = vec![Exposure { entering_stop: None, ..entering("MSFT", 57, "10") }];
    }),
    (23, "bucket_risk", |w| {
        w.exposures = vec![bare("MSFT", 37, "10")];
        w.buckets = ["AAPL", "MSFT"].map(|symbol| (key(symbol), Code::fixed("tech"))).to_vec();
    }),
    (24, "buying_power", |w| w.account.as_mut().unwrap().buying_power = "900".parse().unwrap()),
    // an account that lends keeps a fifth
    (24, "buying_power", |w| {
        let account = w.account.as_mut().unwrap();
        (account.buying_power, account.equity) = ("1134".parse().unwrap(), "500".parse().unwrap());
    }),
    (24, "buying_power", |w| {
        *w = World::pair();
        w.instrument.margin = "0.5".parse().unwrap();
        w.account.as_mut().unwrap().buying_power = "549".parse().unwrap();
    }),
    (25, "day_trades", |w| w.day_trades = 3),
    (26, "not_shortable", |w| {
        *w = World::short();
        w.instrument.shortable = false;
    }),
    (28, "entry_rate", |w| w.lately.entries_in_minute = 20),
    (28, "entries_day", |w| w.lately.entries_in_day = 100),
    (29, "repeated_execution", |w| w.lately.entries_again = 3),
    (30, "refusals", |w| w.lately.refused_in_row = 3),
    (30, "refusals", |w| (w.lately.answered, w.lately.refused) = (10, 3)),
    (31, "loss_streak", |w| w.guard.losses_in_row = 10),
    (32, "no_day", |w| w.guard.day = None),
    (32, "unconfirmed_equity", |w| w.unconfirmed = true),
    (32, "daily_loss", |w| w.equity = Some("9700".parse().unwrap())),
    (32, "weekly_loss", |w| w.guard.week = Some("10870".parse().unwrap())),
    (33, "no_high_water", |w| w.guard.high_water = None),
    (33, "drawdown", |w| w.guard.high_water = Some("11765".parse().unwrap())),
    (34, "slippage", |w| w.executed.worst = "100.1".parse().ok()),
    (34, "slippage_mean", |w| w.executed.mean = "25.1".parse().ok()),
    (34, "slow_answers", |w| w.executed.answer = Some(TimeDelta::milliseconds(5_001))),
    (34, "slippage", |w| {
        *w = World::pair();
        w.executed.worst = "20.1".parse().ok();
    }),
    (34, "slippage_mean", |w| {
        *w = World::pair();
        w.executed.mean = "5.1".parse().ok();
    }),
    (35, "stop_missing", |w| w.bare = Some((key("MSFT"), now() - TimeDelta::seconds(31)))),
    (36, "held_too_long", |w| {
        w.oldest = Some((key("MSFT"), now() - TimeDelta::days(365) - TimeDelta::seconds(1)));
    }),
    (37, "blackout", |w| w.blackout = Some(blackout(0, 1))),
    (37, "blackout", |w| {
        w.blackout = Some(blackout(-1, 1));
        w.blackout.as_mut().unwrap().symbols = vec![w.instrument.key.symbol];
    }),
    (38, "loosened_limit", |w| {
        w.versioned();
        w.limits.positions_max = 21;
    }),
    (38, "loosened_limit", |w| {
        w.versioned();
        w.limits.duplicate_seconds = 29;
    }),
    (39, "not_armed", |w| {
        w.armed();
        w.guard.armed = None;
    }),
    (39, "not_armed", |w| {
        w.armed();
        w.guard.armed.as_mut().unwrap().until = now();
    }),
    (39, "not_armed", |w| {
        w.armed();
        w.guard.armed.as_mut().unwrap().of.account = AccountId::new("other").unwrap();
    }),
    (39, "not_armed", |w| {
        w.armed();
        w.guard.limits.as_mut().unwrap().version = 2;
    }),
    (40, "no_drill", |w| {
        w.armed();
        w.drilled = None;
    }),
    (40, "old_drill", |w| {
        w.armed();
        w.drilled = Some(now() - TimeDelta::days(35) - TimeDelta::milliseconds(1));
    }),
    (40, "old_drill", |w| {
        w.armed();
        w.drilled = Some(now() + TimeDelta::seconds(61));
    }),
    (40, "no_alerts", |w| {
        w.armed();
        w.alerts = None;
    }),
    (40, "alerts_failed", |w| {
        w.armed();
        w.alerts = Some(false);
    }),
];

/// Those that have no bound to lie on.
pub(super) const UNBOUNDED: &[u8] = &[7, 11];

/// What each check must not be without.
pub(super) const REMOVED: &[Case] = &[
    (4, |w| w.account = None),
    (5, |w| w.contact = None),
    (6, |w| w.at_broker(None)),
    (9, |w| w.signal = None),
    (10, |w| w.signal = None),
    (11, |w| w.account = None),
    (13, |w| w.quote = None),
    (14, |w| w.quote = None),
    (15, |w| w.quote = None),
    (15, |w| w.signal = None),
    (16, |w| w.quote = None),
    (16, |w| w.rate = None),
    (16, |w| w.equity = None),
    (18, |w| w.quote = None),
    (19, |w| w.quote = None),
    (19, |w| w.rate = None),
    (19, |w| w.equity = None),
    (19, |w| w.intent.risk = None),
    (19, |w| w.intent.plan.stop = None),
    (20, |w| w.signal = None),
    (20, unknown_held),
    (21, |w| w.quote = None),
    (21, |w| w.rate = None),
    (21, |w| w.equity = None),
    (21, |w| w.exposures = vec![Exposure { average: None, ..held("AAPL", 1, "227") }]),
    (22, |w| w.quote = None),
    (22, |w| w.rate = None),
    (22, |w| w.equity = None),
    (22, unknown_held),
    (22, |w| w.exposures = vec![Exposure { average: None, ..held("MSFT", 1, "1") }]),
    (22, |w| w.exposures = vec![Exposure { entering_at: None, ..entering("MSFT", 1, "1") }]),
    (23, |w| w.quote = None),
    (23, |w| w.rate = None),
    (23, |w| w.equity = None),
    (23, |w| w.intent.plan.stop = None),
    (23, unknown_held),
    (24, |w| w.account = None),
    (24, |w| w.quote = None),
    (24, |w| w.rate = None),
    (24, |w| {
        w.exposures = vec![entering("MSFT", 1, "1")];
        w.unknown = Some(key("MSFT"));
    }),
    (32, |w| w.guard.day = None),
    (32, |w| w.equity = None),
    (32, |w| w.unconfirmed = true),
    (33, |w| w.guard.high_water = None),
    (33, |w| w.equity = None),
    (39, |w| w.account = None),
    (40, |w| w.account = None),
    (40, |w| {
        w.armed();
        w.drilled = None;
    }),
    (40, |w| {
        w.armed();
        w.alerts = None;
    }),
];

fn unknown_held(world: &mut World) {
    world.exposures = vec![held("GONE", 1, "1")];
    world.unknown = Some(key("GONE"));
}

/// What waits.
pub(super) const HELD_BACK: &[Case] = &[
    (4, |w| w.compared = false),
    (12, |w| w.market_open = false),
    (27, |w| w.exposures = vec![Exposure { exiting: "1".parse().unwrap(), ..Exposure::none(key("AAPL")) }]),
    (27, |w| {
        w.exposures = vec![Exposure { entering_side: Some(Side::Sell), ..entering("AAPL", 1, "227") }];
    }),
    (5, |w| {
        w.reduce(Purpose::Stop);
        w.contact = None;
    }),
    (8, |w| {
        w.reduce(Purpose::Stop);
        w.duplicate = true;
    }),
    (28, |w| {
        w.reduce(Purpose::Exit);
        w.lately.exits_in_minute = 60;
    }),
];
