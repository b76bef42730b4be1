//! Where the bounds lie: breakers, what is reckoned once more, and the limits as they are written down.

use super::*;

#[test]
fn breakers_trip_at_their_bound_and_not_before() {
    let ten: Amount = "10000".parse().unwrap();
    let guard = World::good().guard;
    let trip = |guard: &GuardState, equity: &str| {
        breakers(guard, Some(equity.parse().unwrap()), true, now(), &Limits::paper())
    };
    assert_eq!(trip(&guard, "9700.01"), None);
    assert_eq!(trip(&guard, "9700").map(|trip| trip.level), Some(Level::ReduceOnly));
    assert_eq!(trip(&guard, "9400.01").map(|trip| trip.level), Some(Level::ReduceOnly));
    assert_eq!(trip(&guard, "9400").map(|trip| trip.level), Some(Level::Flattening));
    let deep = GuardState { day: None, high_water: Some(ten), ..GuardState::default() };
    assert_eq!(trip(&deep, "8500.01"), None);
    assert_eq!(trip(&deep, "8500").map(|trip| trip.level), Some(Level::ReduceOnly));
    assert_eq!(trip(&deep, "7500").map(|trip| trip.level), Some(Level::Flattening));
    let streak = |losses: u32, cooled: u32| GuardState {
        losses_in_row: losses,
        cooled_at: cooled,
        ..GuardState::default()
    };
    assert_eq!(trip(&streak(9, 0), "10000"), None);
    let cooldown = trip(&streak(10, 0), "10000").unwrap();
    assert_eq!((cooldown.level, cooldown.until), (Level::Paused, Some(now() + TimeDelta::hours(24))));
    assert_eq!(cooldown.reason.code.as_str(), "cooldown");
    assert_eq!(trip(&streak(11, 10), "10000"), None);
    assert_eq!(trip(&streak(20, 10), "10000").map(|trip| trip.level), Some(Level::Paused));
    assert_eq!(trip(&streak(40, 30), "10000").map(|trip| trip.level), Some(Level::ReduceOnly));
}

/// What closes everything waits for its confirmation; entries end at once.
#[test]
fn an_unconfirmed_fall_only_ends_entries() {
    let guard = World::good().guard;
    let trip = |guard: &GuardState, equity: &str, is_confirmed: bool| {
        breakers(guard, Some(equity.parse().unwrap()), is_confirmed, now(), &Limits::paper())
    };
    let first = trip(&guard, "9400", false).unwrap();
    assert_eq!(first.level, Level::ReduceOnly);
    assert_eq!(first.reason.key.as_deref(), Some("daily_loss_flatten_percent"));
    let reduced = GuardState { level: Level::ReduceOnly, ..guard };
    assert_eq!(trip(&reduced, "9400", false), None);
    assert_eq!(trip(&reduced, "9400", true).map(|trip| trip.level), Some(Level::Flattening));
    assert!(is_deep(&reduced, Some("9400".parse().unwrap()), &Limits::paper()));
    assert!(!is_deep(&reduced, Some("9400.01".parse().unwrap()), &Limits::paper()));
}

#[test]
fn the_week_has_a_bound_of_its_own() {
    let guard = GuardState {
        week: Some("10000".parse().unwrap()),
        day: None,
        high_water: None,
        ..GuardState::default()
    };
    let trip = |equity: &str| breakers(&guard, Some(equity.parse().unwrap()), true, now(), &Limits::paper());
    assert_eq!(trip("9200.01"), None);
    let week = trip("9200").unwrap();
    assert_eq!((week.level, week.reason.code.as_str()), (Level::ReduceOnly, "weekly_loss"));
}

#[test]
fn refusals_in_a_row_or_too_large_a_share_of_them_are_a_storm() {
    let told = |refused_in_row, answered, refused| {
        let lately = Lately { refused_in_row, answered, refused, ..Lately::default() };
        storm(&lately, &Limits::paper()).and_then(|reason| reason.key)
    };
    assert_eq!((told(2, 9, 2), told(0, 10, 2)), (None, None));
    assert_eq!(told(3, 3, 3).as_deref(), Some("refusals_max"));
    assert_eq!(told(0, 10, 3).as_deref(), Some("refusals_percent"));
    assert_eq!(told(0, 9, 9), None, "too few answers for a share");
}

#[test]
fn every_limit_says_why_and_the_defaults_are_sane() {
    let lines = Limits::paper().lines();
    assert!(lines.iter().all(|line| line.basis.ends_with('.') && !line.value.is_empty()));
    assert!(Limits::paper().is_sane());
}

#[test]
fn without_an_equity_only_what_is_counted_trips() {
    let bad = GuardState { losses_in_row: 9, ..World::good().guard };
    assert_eq!(breakers(&bad, None, true, now(), &Limits::paper()), None);
    let streak = GuardState { losses_in_row: 10, ..bad };
    assert_eq!(
        breakers(&streak, None, true, now(), &Limits::paper()).map(|trip| trip.level),
        Some(Level::Paused)
    );
}

#[test]
fn a_trip_names_its_key_its_bound_and_the_figure() {
    let trip =
        breakers(&World::good().guard, Some("9650".parse().unwrap()), true, now(), &Limits::paper()).unwrap();
    let told = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    assert_eq!(told(&trip.reason.key).as_deref(), Some("daily_loss_percent"));
    assert_eq!(told(&trip.reason.would_be).as_deref(), Some("3.5 %"));
    assert_eq!(told(&trip.reason.limit).as_deref(), Some("3 %"));
}

/// An order that says less of its risk than it carries is cut down by what it carries.
#[test]
fn the_risk_an_order_declares_is_not_believed() {
    let mut world = World::good();
    world.intent.plan.stop = Some("165".parse().unwrap());
    world.intent.risk = Some("1".parse().unwrap());
    let Verdict::Approved { order, clipped_by: Some(19), marks } = world.review() else {
        panic!("not clipped")
    };
    // 200 may be lost, 62 a share
    assert_eq!((order.get().qty, marks.get(19)), ("3".parse().unwrap(), Mark::Clipped));
}

#[test]
fn a_dearer_market_than_the_order_was_decided_at_counts() {
    let mut world = World::good();
    world.intent.qty = "9".parse().unwrap();
    world.intent.reference = "222.2".parse().unwrap();
    world.signal.as_mut().unwrap().decision_price = Some("226".parse().unwrap());
    world.limits.collar_equity_percent = "3".parse().unwrap();
    // 1,999.80 as it was decided, 2,043 as it would be bought
    assert!(matches!(world.review(), Verdict::Denied { check: 16, .. }));
}

#[test]
fn what_is_held_may_be_closed_even_when_it_is_not_whole_lots() {
    let mut world = World::leg();
    world.exposures[0].held = Held::new(Decimal::new(25, 1)).unwrap();
    world.exposures[0].confirmed = world.exposures[0].held;
    world.intent.qty = "2.5".parse().unwrap();
    assert!(matches!(world.review(), Verdict::Approved { .. }));
    world.intent.qty = "1.5".parse().unwrap();
    assert!(matches!(world.review(), Verdict::Denied { check: 17, .. }));
}

#[test]
fn the_collar_of_an_exit_is_wider_and_needs_no_quote() {
    let mut world = World::leg();
    world.intent.purpose = Purpose::Exit;
    world.intent.order = OrderKind::Limit(broker_api::intent::Limit { limit: "216".parse().unwrap() });
    assert!(matches!(world.review(), Verdict::Approved { .. }));
    world.quote = None;
    assert!(matches!(world.review(), Verdict::Approved { .. }));
    world.intent.order = OrderKind::Limit(broker_api::intent::Limit { limit: "200".parse().unwrap() });
    assert!(matches!(world.review(), Verdict::Denied { check: 14, .. }));
}

/// The account is in yen, as the instrument is; the book is in dollars.
#[test]
fn buying_power_is_compared_in_one_currency() {
    let mut world = World::good();
    let yen = Currency::new("JPY").unwrap();
    (world.instrument.quote, world.rate) = (yen, Some("0.01".parse().unwrap()));
    let account = world.account.as_mut().unwrap();
    (account.of.currency, account.buying_power) = (yen, "908".parse().unwrap());
    assert!(matches!(world.review(), Verdict::Approved { .. }));
    world.account.as_mut().unwrap().buying_power = "907".parse().unwrap();
    assert!(matches!(world.review(), Verdict::Denied { check: 24, .. }));
}

#[test]
fn coins_are_paid_out_of_what_may_be_spent_on_coins() {
    // Four at 227 come to 908.
    let review = |class, power: &str| {
        let mut world = World::good();
        world.instrument.asset_class = class;
        world.account.as_mut().unwrap().coin_power = Some(power.parse().unwrap());
        world.review()
    };
    assert!(matches!(review(AssetClass::Crypto, "908"), Verdict::Approved { .. }));
    assert!(matches!(review(AssetClass::Equity, "907"), Verdict::Approved { .. }));
    let Verdict::Denied { check: 24, reason, .. } = review(AssetClass::Crypto, "907") else {
        panic!("it is not paid for")
    };
    assert!(reason.text.contains("907 is free for coins"), "{}", reason.text);
}

#[test]
fn no_mark_says_not_applicable_because_something_is_missing() {
    let of = |change: fn(&mut World)| {
        let mut world = World::good();
        change(&mut world);
        match world.review() {
            Verdict::Denied { marks, .. } => marks,
            other => panic!("{other:?}"),
        }
    };
    let (priceless, causeless) = (of(|w| w.quote = None), of(|w| w.signal = None));
    assert_eq!(
        (priceless.get(13), priceless.get(14), priceless.get(15)),
        (Mark::Missing, Mark::Missing, Mark::Missing)
    );
    assert_eq!(
        (causeless.get(9), causeless.get(10), causeless.get(15)),
        (Mark::Missing, Mark::Missing, Mark::Missing)
    );
}

#[test]
fn limits_are_read_whole_or_not_at_all() {
    let paper = Limits::paper();
    let json = serde_json::to_value(&paper).unwrap();
    assert_eq!(serde_json::from_value::<Limits>(json.clone()).unwrap(), paper);
    let table = json.as_object().unwrap();
    let keys: Vec<&str> = paper.lines().iter().map(|line| line.key).collect();
    assert_eq!(table.keys().map(String::as_str).collect::<Vec<_>>(), keys);
    for key in keys {
        let mut less = table.clone();
        less.remove(key);
        assert!(serde_json::from_value::<Limits>(less.into()).is_err(), "{key}");
    }
    let mut more = table.clone();
    more.insert("positions_maximum".into(), 3.into());
    assert!(serde_json::from_value::<Limits>(more.into()).is_err());
}

#[test]
fn a_limit_that_cannot_be_one_is_named() {
    let fault = |change: fn(&mut Limits)| {
        let mut limits = Limits::paper();
        change(&mut limits);
        limits.fault()
    };
    assert_eq!(fault(|_| ()), None);
    assert_eq!(fault(|l| l.positions_max = 0), Some("positions_max"));
    assert_eq!(
        fault(|l| l.daily_loss_flatten_percent = "2".parse().unwrap()),
        Some("daily_loss_flatten_percent")
    );
    assert_eq!(fault(|l| l.gross_exposure_percent = "-1".parse().unwrap()), Some("gross_exposure_percent"));
    assert_eq!(fault(|l| l.latch_losses = 9), Some("latch_losses"));
}
