//! The promises, over many inputs.

use proptest::prelude::*;

use super::*;

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![
        Just(Level::Trading),
        Just(Level::Paused),
        Just(Level::ReduceOnly),
        Just(Level::Flattening),
        Just(Level::Frozen)
    ]
}

proptest! {
    /// Reckoned once more, by hand: what is approved breaks no hard limit.
    #[test]
    fn nothing_approved_breaks_a_limit(
        qty in 1_i64..40,
        cents in 1_000_i64..60_000,
        others in 0_usize..13,
        each in 1_i64..30,
        equity in 5_000_i64..12_000,
        losses in 0_u32..45,
        level in level(),
        risk in 1_i64..900,
    ) {
        let mut world = World::good();
        let price = Decimal::new(cents, 2);
        world.intent.reference = broker_api::Price::new(price).unwrap();
        world.intent.plan.stop = Some(broker_api::Price::new(price * Decimal::new(95, 2)).unwrap());
        world.intent.qty = Qty::new(Decimal::from(qty)).unwrap();
        world.intent.risk = Some(Amount::new(Decimal::from(risk)).unwrap());
        world.quote = Some(Quote { bid: world.intent.reference, ask: world.intent.reference, at: now() });
        world.signal.as_mut().unwrap().decision_price = Some(world.intent.reference);
        world.exposures = (0..others).map(|n| held(&format!("S{n}"), each, "100")).collect();
        world.equity = Some(Amount::new(Decimal::from(equity)).unwrap());
        world.guard.level = level;
        world.guard.losses_in_row = losses;
        if let Verdict::Approved { order, .. } = world.review() {
            let intent = order.open();
            let equity = Decimal::from(equity);
            let value = price * intent.qty.get();
            prop_assert!(level == Level::Trading && losses < 10 && others < 10);
            prop_assert!(value <= equity * Decimal::new(2, 1));
            prop_assert!(value + Decimal::from(each * 100) * Decimal::from(others) <= equity);
            prop_assert!(intent.risk.unwrap().get() <= equity * Decimal::new(2, 2) + Decimal::new(1, 2));
            prop_assert!(equity > Decimal::from(9_700));
            prop_assert!(intent.qty.get().is_integer() && intent.qty <= world.intent.qty);
        }
    }

    /// What is passed over without asking has nothing to say.
    #[test]
    fn a_floor_hides_no_trip(
        rows in proptest::collection::vec((1_i64..30_000, 0_u32..100, 0_u32..100, level(), 1_i64..20_000, 1_i64..20_000), 1..20),
    ) {
        let mut floor = Floor::default();
        let amount = |n: i64| Amount::new(Decimal::new(n, 1)).unwrap();
        for (equity, losses, cooled, level, day, high) in rows {
            let mut guard = GuardState { level, losses_in_row: losses, cooled_at: cooled.min(losses), ..World::good().guard };
            guard.high_water = Some(amount(high));
            if let Some(day_now) = &mut guard.day {
                day_now.equity = amount(day);
            }
            for equity in [Some(amount(equity)), Some(amount(high * 85 / 100)), Some(amount(day * 97 / 100)), None] {
                let may = floor.may_trip(&guard, equity, &Limits::paper());
                prop_assert!(may || breakers(&guard, equity, now(), &Limits::paper()).is_none(), "{equity:?} {guard:?}");
            }
        }
    }

    /// A breaker only ever tightens.
    #[test]
    fn breakers_only_tighten(equity in 1_i64..20_000, losses in 0_u32..100, cooled in 0_u32..100, level in level()) {
        let guard = GuardState { level, losses_in_row: losses, cooled_at: cooled.min(losses), ..World::good().guard };
        if let Some(trip) = breakers(&guard, Some(Amount::new(Decimal::from(equity)).unwrap()), now(), &Limits::paper()) {
            prop_assert!(trip.level > level);
        }
    }

    /// Whatever the price, the stop and what the order says of itself: the loss at the stop stays in its bound.
    #[test]
    fn nothing_approved_risks_more_than_its_share(
        qty in 1_i64..2_000,
        cents in 100_i64..60_000,
        stop in 700_i64..1_100,
        declared in 1_i64..900,
        short in any::<bool>(),
    ) {
        let mut world = World::good();
        let price = Decimal::new(cents, 2);
        world.intent.side = if short { Side::Sell } else { Side::Buy };
        let stop = (price * Decimal::new(stop, 3)).round_dp(2);
        world.intent.plan = Protection { stop: broker_api::Price::new(stop).ok(), target: None, trail: None };
        world.intent.reference = broker_api::Price::new(price).unwrap();
        world.intent.qty = Qty::new(Decimal::from(qty)).unwrap();
        world.intent.risk = Some(Amount::new(Decimal::from(declared)).unwrap());
        world.quote = Some(Quote { bid: world.intent.reference, ask: world.intent.reference, at: now() });
        world.signal.as_mut().unwrap().decision_price = Some(world.intent.reference);
        if let Verdict::Approved { order, clipped_by, .. } = world.review() {
            let taken = order.get().qty.get();
            prop_assert!((price - stop).abs() * taken <= Decimal::from(200));
            prop_assert!(price * taken <= Decimal::from(2_000));
            prop_assert!((stop > price) == short);
            prop_assert!(taken.is_integer() && (clipped_by.is_some() == (taken < Decimal::from(qty))));
        }
    }

    /// No limit on entries, and nothing that is missing, denies an order that only reduces what is held: it is let
    /// through whole, or waits for the venue.
    #[test]
    fn a_reducing_order_is_never_denied(
        units in 1_i64..40,
        part in 1_i64..40,
        short in any::<bool>(),
        exit in any::<bool>(),
        level in level(),
        losses in 0_u32..60,
        equity in proptest::option::of(-100_i64..20_000),
        known in any::<[bool; 7]>(),
        silent in 0_i64..60,
        others in 0_usize..15,
    ) {
        let mut world = World::leg();
        world.exposures = (0..others).map(|n| held(&format!("S{n}"), 90, "100")).collect();
        world.exposures.push(held("AAPL", if short { -units } else { units }, "227"));
        world.intent.side = if short { Side::Buy } else { Side::Sell };
        world.intent.qty = Qty::new(Decimal::from(part.min(units))).unwrap();
        if exit {
            (world.intent.purpose, world.intent.order) = (Purpose::Exit, OrderKind::MARKET);
        }
        world.equity = equity.map(|equity| Amount::new(Decimal::from(equity)).unwrap());
        (world.guard.level, world.guard.losses_in_row) = (level, losses);
        let [day, high, quote, account, signal, rate, sane] = known;
        world.guard.day = world.guard.day.filter(|_| day);
        world.guard.high_water = world.guard.high_water.filter(|_| high);
        world.quote = world.quote.filter(|_| quote);
        world.account = world.account.filter(|_| account);
        world.signal = world.signal.filter(|_| signal);
        world.rate = world.rate.filter(|_| rate);
        world.halted = !day;
        if !sane {
            world.limits.positions_max = 0;
        }
        world.contact = Some(now() - TimeDelta::seconds(silent));
        match world.review() {
            Verdict::Approved { order, clipped_by, .. } => {
                prop_assert_eq!((order.open(), clipped_by), (world.intent, None));
                prop_assert!(silent <= 30 && level != Level::Frozen);
            }
            Verdict::Wait { check, .. } => {
                prop_assert!((check == 5 && silent > 30) || (check == 2 && level == Level::Frozen));
            }
            Verdict::Denied { check, reason, .. } => prop_assert!(false, "denied by {}: {}", check, reason.text),
        }
    }
}
