//! What is just within its bound.

use super::*;

/// Just within its bound.
pub(in super::super) const ALLOWED: &[Case] = &[
    (1, |w| w.limits.positions_max = 1),
    (1, |w| w.limits.bucket_risk_percent = w.limits.open_risk_percent),
    // other parts are stopped than the one it belongs to
    (2, |w| w.stops(Scope::Class(AssetClass::Crypto), None)),
    (2, |w| w.stops(Scope::Strategy(StrategyId::new("trend-b").unwrap()), None)),
    (2, |w| w.stops(Scope::Instrument(key("MSFT")), None)),
    (4, |w| w.account.as_mut().unwrap().at = now() - TimeDelta::seconds(60)),
    (4, |w| w.account.as_mut().unwrap().at = now() + TimeDelta::seconds(60)),
    (4, |w| w.away = Some(away(false, Some(TimeDelta::hours(1))))),
    (4, |w| w.away = Some(away(true, Some(TimeDelta::hours(72))))),
    (5, |w| w.contact = Some(now() - TimeDelta::seconds(30))),
    (5, |w| w.contact = Some(now() + TimeDelta::seconds(60))),
    (6, |w| w.at_broker(Some((TimeDelta::milliseconds(2_000), now() - TimeDelta::minutes(5))))),
    (6, |w| w.at_broker(Some((TimeDelta::milliseconds(-2_000), now())))),
    (8, |w| w.lately.like_it = Some(now() - TimeDelta::seconds(60))),
    (9, |w| w.signal.as_mut().unwrap().bar_close = Some(now() - TimeDelta::hours(96))),
    (9, |w| w.signal.as_mut().unwrap().expires_at = now() + TimeDelta::milliseconds(1)),
    (10, |w| w.signal.as_mut().unwrap().decided_at = now() + TimeDelta::seconds(60)),
    (10, |w| w.last_bar = w.signal.unwrap().bar_close),
    (10, |w| {
        w.signal.as_mut().unwrap().bar_close = None;
        w.last_bar = Some(now());
    }),
    (12, |w| (w.market_open, w.venue_holds) = (false, true)),
    (13, |w| w.quote.as_mut().unwrap().at = now() - TimeDelta::seconds(5)),
    (13, |w| w.quote.as_mut().unwrap().at = now() + TimeDelta::seconds(60)),
    (13, |w| {
        (w.quote.as_mut().unwrap().bid, w.quote.as_mut().unwrap().ask) =
            ("224.73".parse().unwrap(), "229.27".parse().unwrap());
    }),
    (14, |w| w.intent.reference = "222.46".parse().unwrap()),
    (15, |w| {
        (w.quote.as_mut().unwrap().bid, w.quote.as_mut().unwrap().ask) =
            ("228".parse().unwrap(), "228".parse().unwrap());
        w.signal.as_mut().unwrap().decision_price = Some("240".parse().unwrap());
    }),
    (16, |w| w.limits.order_value_max = "908".parse().unwrap()),
    (16, |w| w.limits.order_notional_percent = "9.08".parse().unwrap()),
    (17, |w| w.instrument.notional_min = "908".parse().unwrap()),
    (17, |w| (w.instrument.qty_min, w.instrument.qty_max) = (w.intent.qty, w.intent.qty)),
    (18, |w| w.intent.plan.stop = Some("226.773".parse().unwrap())),
    (18, |w| {
        w.intent.plan.stop = Some("158.9".parse().unwrap());
        w.intent.qty = "2".parse().unwrap();
    }),
    (19, |w| w.intent.risk = Some("200".parse().unwrap())),
    (20, |w| w.exposures = (0..9).map(|n| held(&format!("S{n}"), 1, "1")).collect()),
    (20, |w| {
        w.limits.positions_equity_max = 2;
        w.exposures = vec![held("MSFT", 1, "1")];
    }),
    // another class has its own places
    (20, |w| {
        w.limits.positions_equity_max = 1;
        w.rules.push(World::pair().instrument);
        w.exposures = vec![held("EUR/USD", 1, "1")];
    }),
    (20, |w| {
        w.limits.positions_strategy_max = 1;
        w.exposures = vec![Exposure { strategy: StrategyId::new("trend-b").ok(), ..held("MSFT", 1, "1") }];
    }),
    (21, |w| {
        w.exposures = vec![held("AAPL", 4, "227")];
        w.limits.position_notional_percent = "18.16".parse().unwrap();
    }),
    (22, |w| w.limits.gross_exposure_percent = "9.08".parse().unwrap()),
    (22, |w| w.limits.net_exposure_percent = "9.08".parse().unwrap()),
    (22, |w| w.limits.exposure_equity_percent = "9.08".parse().unwrap()),
    (22, |w| {
        *w = World::pair();
        w.limits.exposure_currency_percent = "8.8".parse().unwrap();
    }),
    // what is held short makes room for what is bought
    (22, |w| {
        w.exposures = vec![held("MSFT", -5, "100")];
        w.limits.net_exposure_percent = "4.08".parse().unwrap();
    }),
    // the book's own currency is owed without a bound
    (22, |w| {
        *w = World::pair();
        w.knows_pair("AUD/USD", "USD");
        w.exposures = vec![held("AUD/USD", 1000, "1")];
        w.limits.exposure_currency_percent = "8.8".parse().unwrap();
    }),
    // short of the same currency by way of another pair
    (22, |w| {
        *w = World::pair();
        w.knows_pair("GBP/EUR", "EUR");
        w.exposures = vec![held("GBP/EUR", 800, "1")];
        w.limits.exposure_currency_percent = "0.8".parse().unwrap();
    }),
    (23, |w| {
        w.exposures = vec![bare("MSFT", 57, "10")];
        w.limits.open_risk_percent = "6.02".parse().unwrap();
    }),
    (23, |w| {
        w.exposures = vec![entering("MSFT", 57, "100")];
        w.limits.open_risk_percent = "6.02".parse().unwrap();
    }),
    (23, |w| {
        w.exposures = vec![bare("MSFT", 37, "10")];
        w.buckets = ["AAPL", "MSFT"].map(|symbol| (key(symbol), Code::fixed("tech"))).to_vec();
        w.limits.bucket_risk_percent = "4.02".parse().unwrap();
    }),
    // it moves with nothing
    (23, |w| {
        w.exposures = vec![bare("MSFT", 37, "10")];
        w.buckets = vec![(key("MSFT"), Code::fixed("tech"))];
    }),
    // its stop has moved beyond what was paid
    (23, |w| {
        let mut won = held("MSFT", 50, "100");
        won.plan.stop = Some("120".parse().unwrap());
        w.exposures = vec![won];
        w.limits.open_risk_percent = "0.32".parse().unwrap();
        w.limits.bucket_risk_percent = "0.32".parse().unwrap();
    }),
    (24, |w| w.account.as_mut().unwrap().buying_power = "908".parse().unwrap()),
    (24, |w| {
        let account = w.account.as_mut().unwrap();
        (account.buying_power, account.equity) = ("1135".parse().unwrap(), "500".parse().unwrap());
    }),
    (24, |w| {
        *w = World::pair();
        w.instrument.margin = "0.5".parse().unwrap();
        w.account.as_mut().unwrap().buying_power = "550".parse().unwrap();
    }),
    (25, |w| w.day_trades = 2),
    (26, |w| *w = World::short()),
    (27, |w| w.exposures = vec![entering("AAPL", 1, "227")]),
    (28, |w| w.lately.entries_in_minute = 19),
    (28, |w| w.lately.entries_in_day = 99),
    (28, |w| w.lately.exits_in_minute = 1000),
    (29, |w| w.lately.entries_again = 2),
    (30, |w| w.lately.refused_in_row = 2),
    (30, |w| (w.lately.answered, w.lately.refused) = (10, 2)),
    (30, |w| (w.lately.answered, w.lately.refused) = (9, 9)),
    (31, |w| w.guard.losses_in_row = 9),
    (32, |w| w.equity = Some("9700.01".parse().unwrap())),
    (32, |w| w.guard.week = Some("10869.56".parse().unwrap())),
    (33, |w| w.guard.high_water = Some("11764.7".parse().unwrap())),
    (34, |w| {
        (w.executed.worst, w.executed.mean) = ("100".parse().ok(), "25".parse().ok());
        w.executed.answer = Some(TimeDelta::seconds(5));
    }),
    // executed better than decided
    (34, |w| (w.executed.worst, w.executed.mean) = ("-300".parse().ok(), "-300".parse().ok())),
    (35, |w| w.bare = Some((key("MSFT"), now() - TimeDelta::seconds(30)))),
    (36, |w| w.oldest = Some((key("MSFT"), now() - TimeDelta::days(365)))),
    (37, |w| w.blackout = Some(blackout(-1, 0))),
    (37, |w| w.blackout = Some(blackout(1, 2))),
    (37, |w| {
        w.blackout = Some(blackout(0, 1));
        w.blackout.as_mut().unwrap().classes = vec![AssetClass::Crypto, AssetClass::Forex];
    }),
    (38, |w| {
        w.versioned();
        (w.limits.positions_max, w.limits.duplicate_seconds) = (20, 30);
    }),
    (39, |w| {
        w.stage = Stage::Broker;
        w.account.as_mut().unwrap().of.mode = Mode::Practice;
    }),
    (39, |w| {
        w.armed();
        w.guard.armed.as_mut().unwrap().until = now() + TimeDelta::milliseconds(1);
    }),
    (40, |w| {
        w.armed();
        w.drilled = Some(now() - TimeDelta::days(35));
    }),
    (40, |w| {
        w.armed();
        w.drilled = Some(now() + TimeDelta::seconds(60));
    }),
];
