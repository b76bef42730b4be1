//! No size costs or risks more than was asked for.

use broker_api::Price;
use rust_decimal::Decimal;

use super::*;

fn amount(value: Decimal) -> Amount {
    Amount::new(value).unwrap()
}

proptest! {
    /// Whole lots, within what was asked for, and not a lot less than that; the stop is never nearer than asked.
    #[test]
    fn sizes_stay_within_what_was_asked(
        cents in 100_i64..5_000_000,
        spread in 0_i64..50,
        away in 1_000_i64..300_000,
        target in 1_000_i64..300_000,
        equity in 100_i64..10_000_000,
        lot in prop_oneof![Just("1"), Just("0.001"), Just("0.0001"), Just("100")],
        rate in prop_oneof![(50_i64..200).prop_map(|r| Decimal::new(r, 2)), (50_i64..200).prop_map(|r| Decimal::ONE / Decimal::from(r))],
        slots in 1_u32..40,
        short in any::<bool>(),
        kind in 0..7,
    ) {
        let (bid, ask) = (Decimal::new(cents, 2), Decimal::new(cents + spread, 2));
        let mut world = World::new(lot, &bid.to_string(), &ask.to_string());
        let equity = Decimal::from(equity);
        world.equity = Some(amount(equity));
        world.rate = Some(Ratio::new(rate).unwrap());
        let side = if short { Direction::Short } else { Direction::Long };
        // shares of a million, so that neither falls on a tick
        let (away, target) = (bid * Decimal::new(away, 6), bid * Decimal::new(target, 6));
        let (stop, target) = if short { (ask + away, bid - target) } else { (bid - away, ask + target) };
        let plan = Protection { stop: Price::new(stop).ok(), target: Price::new(target).ok(), trail: None };
        let percent = Ratio::new(Decimal::new(75, 2)).unwrap();
        let value = equity / Decimal::from(7);
        let (size, sizing) = match kind {
            0 => (SizeWanted::Configured, Sizing::EqualSlots { slots }),
            1 => (SizeWanted::Configured, Sizing::RiskPct(percent)),
            2 => (SizeWanted::Configured, Sizing::Notional(amount(value))),
            3 => (SizeWanted::Configured, Sizing::Quantity(Qty::new(value).unwrap())),
            4 => (SizeWanted::RiskPct(percent), Sizing::EqualSlots { slots }),
            5 => (SizeWanted::Configured, Sizing::EquityPct(percent)),
            _ => (SizeWanted::Notional(amount(value)), Sizing::EqualSlots { slots }),
        };
        let Ok(intent) = entry(&signal(size, side, plan), &world.view(), &Policy { sizing, ..Policy::paper() }) else { return Ok(()) };
        let (price, step) = (intent.reference.get(), world.instrument.lot.get());
        prop_assert_eq!(price, if short { bid } else { ask });
        let (rounded_stop, rounded_target) = (intent.plan.stop.unwrap().get(), intent.plan.target.unwrap().get());
        let gap = (price - rounded_stop).abs();
        let (unit, budget) = match kind {
            0 => (price * rate, equity / Decimal::from(slots)),
            1 | 4 => (gap * rate, equity * percent.get() / Decimal::ONE_HUNDRED),
            2 => (price * rate, value),
            3 => (Decimal::ONE, value),
            5 => (price * rate, equity * percent.get() / Decimal::ONE_HUNDRED),
            _ => (price, value),
        };
        prop_assert!(intent.qty.is_multiple_of(world.instrument.lot) && !intent.qty.is_zero());
        prop_assert!(intent.qty.get() * unit <= budget, "{} x {unit} > {budget}", intent.qty);
        let clipped = intent.qty == world.instrument.qty_max;
        prop_assert!(clipped || (intent.qty.get() + step) * unit > budget - Decimal::new(1, 9));
        // never towards the market, never more than a tick away from what was asked
        let (stop_moved, target_moved) =
            if short { (rounded_stop - stop, target - rounded_target) } else { (stop - rounded_stop, rounded_target - target) };
        for moved in [stop_moved, target_moved] {
            prop_assert!(moved >= Decimal::ZERO && moved < world.instrument.tick.get(), "moved by {moved}");
        }
        // what is frozen for R is what hitting the stop loses
        let risk = intent.risk.unwrap().get();
        prop_assert!((risk - gap * intent.qty.get() * rate).abs() <= Decimal::new(5, 3) && !risk.is_zero());
    }
}

#[test]
fn a_quotient_that_is_rounded_up_does_not_buy_one_lot_more() {
    // 7 / 9 is rounded up at its 28th digit: 9 of it are more than 7, although 7 divided by it comes out as 9.
    let rate = Decimal::from(7) / Decimal::from(9);
    assert!(Decimal::from(7) / rate == Decimal::from(9) && rate * Decimal::from(9) > Decimal::from(7));
    let mut world = World::new("1", "1", "1");
    world.rate = Some(Ratio::new(rate).unwrap());
    let policy = Policy { sizing: Sizing::Notional("7".parse().unwrap()), ..Policy::paper() };
    let wanted = signal(SizeWanted::Configured, Direction::Long, Protection::default());
    assert_eq!(entry(&wanted, &world.view(), &policy).unwrap().qty, qty("8"));
}

#[test]
fn slots_together_are_never_more_than_equity() {
    // A third of 20,000 is rounded up at its last digit; at just that price no slot pays for one, three least of all.
    let third = Decimal::from(20_000) / Decimal::from(3);
    assert!(third.to_string().ends_with("67"));
    let policy = Policy { sizing: Sizing::EqualSlots { slots: 3 }, ..Policy::paper() };
    let wanted = signal(SizeWanted::Configured, Direction::Long, Protection::default());
    for (price, fits) in [(third, false), (third.round_dp(12), false), (third.trunc_with_scale(12), true)] {
        let mut world = World::new("1", "1", "1");
        world.equity = Some("20000".parse().unwrap());
        let price = Price::new(price).unwrap();
        world.quote = Some(Quote { bid: price, ask: price, at: now() });
        assert_eq!(entry(&wanted, &world.view(), &policy).is_ok(), fits, "{price}");
    }
}

#[test]
fn by_risk_the_distance_to_the_stop_decides() {
    // 1 % of 10,000 is 100; 227.14 - 219 = 8.14 lose 100 with 12.28 shares
    let mut world = World::new("1", "227.10", "227.14");
    let wanted = signal(SizeWanted::RiskPct(Ratio::ONE), Direction::Long, plan(Some("219"), None));
    let intent = entry(&wanted, &world.view(), &Policy::paper()).unwrap();
    assert_eq!((intent.qty, intent.risk), (qty("12"), Some("97.68".parse().unwrap())));
    // in a currency worth half as much twice as many
    world.rate = Some("0.5".parse().unwrap());
    let intent = entry(&wanted, &world.view(), &Policy::paper()).unwrap();
    assert_eq!((intent.qty, intent.risk), (qty("24"), Some("97.68".parse().unwrap())));
}

#[test]
fn a_loss_below_a_cent_is_not_nothing() {
    let world = World::new("0.0001", "10.00", "10.00");
    let wanted = signal(SizeWanted::Quantity(qty("0.1")), Direction::Long, plan(Some("9.99"), None));
    assert_eq!(entry(&wanted, &world.view(), &Policy::paper()).unwrap().risk, Some("0.001".parse().unwrap()));
}

#[test]
fn what_cannot_size_says_so() {
    let mut world = World::new("1", "227.10", "227.14");
    let wanted = signal(SizeWanted::Configured, Direction::Long, Protection::default());
    let none = Policy { sizing: Sizing::EqualSlots { slots: 0 }, ..Policy::paper() };
    assert_eq!(entry(&wanted, &world.view(), &none).unwrap_err().code.as_str(), "no_slots");
    world.equity = Some("-5".parse().unwrap());
    let reason = entry(&wanted, &world.view(), &Policy::paper()).unwrap_err();
    assert_eq!((reason.code.as_str(), reason.text.contains("-5")), ("no_equity", true));
    world.equity = Some("1000".parse().unwrap());
    let reason = entry(&wanted, &world.view(), &Policy::paper()).unwrap_err();
    assert_eq!((reason.code.as_str(), reason.would_be.as_deref()), ("size_zero", Some("0.44025711")));
    assert_eq!(&*reason.text, "0.44025711 of AAPL at 227.14 USD is less than one lot of 1");
}

#[test]
fn sizings_are_read_as_they_are_written() {
    for sizing in [
        Sizing::Quantity(qty("2")),
        Sizing::Notional("500".parse().unwrap()),
        Sizing::RiskPct(Ratio::ONE),
        Sizing::EqualSlots { slots: 10 },
    ] {
        let policy = Policy { sizing, ..Policy::paper() };
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy, "{json}");
    }
    assert!(serde_json::from_str::<Policy>(r#"{"sizing":{"equal_slots":{"slots":10}},"more":1}"#).is_err());
}
