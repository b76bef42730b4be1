//! Wanted protection = held quantity.

use broker_api::{Held, Intent, KindName, Reason, TimeInForce};
use rust_decimal::Decimal;

use super::*;

/// Stop and target.
#[derive(Debug, PartialEq)]
struct Legs {
    stop: Option<Intent>,
    target: Option<Intent>,
}

/// Both that should rest.
fn protection(number: u64, made: u32, signal: Option<SignalId>, view: &View<'_>) -> Result<Legs, Reason> {
    let one = |purpose| leg(purpose, number, made, signal, view);
    Ok(Legs { stop: one(Purpose::Stop)?, target: one(Purpose::Target)? })
}

proptest! {
    /// What should rest is what is held, and what rests like that is left alone.
    #[test]
    fn legs_are_as_large_as_what_is_held(
        units in -500_000_i64..500_000,
        number in 1_u64..1_000,
        made in 0_u32..100,
    ) {
        let mut world = World::new("1", "227.10", "227.14");
        world.held.held = Held::new(Decimal::new(units, 3)).unwrap();
        world.held.confirmed = world.held.held;
        world.held.plan = plan(Some("219.005"), Some("243.305"));
        let legs = protection(number, made, None, &world.view()).unwrap();
        if units == 0 {
            prop_assert_eq!(legs, Legs { stop: None, target: None });
            return Ok(());
        }
        let size = world.held.held.size();
        let (stop, target) = (legs.stop.unwrap(), legs.target.unwrap());
        for leg in [stop, target] {
            prop_assert_eq!(leg.qty, size);
            prop_assert_eq!(leg.side, if units > 0 { Side::Sell } else { Side::Buy });
            prop_assert!(leg.reduce_only && leg.tif == TimeInForce::Gtc && leg.purpose.is_protective());
            prop_assert!(covers(&leg, &leg, leg.qty) && !covers(&leg, &leg, Qty::ZERO));
        }
        let long = units > 0;
        prop_assert_eq!(stop.order.prices(), plan(Some(if long { "219.00" } else { "219.01" }), None).prices());
        prop_assert_eq!(target.order.prices(), plan(None, Some(if long { "243.31" } else { "243.30" })).prices());
        prop_assert_eq!((stop.order.name(), target.order.name()), (KindName::Stop, KindName::Limit));
        let ends = (format!("-s{}", made + 1), format!("-t{}", made + 2));
        prop_assert!(stop.id.as_str().ends_with(&ends.0) && target.id.as_str().ends_with(&ends.1));
        prop_assert!(!covers(&stop, &target, size) && !covers(&target, &stop, size));
    }
}

trait Prices {
    /// As an order has them: limit first.
    fn prices(&self) -> [Option<broker_api::Price>; 2];
}

impl Prices for Protection {
    fn prices(&self) -> [Option<broker_api::Price>; 2] {
        [self.target, self.stop]
    }
}

#[test]
fn a_live_order_stays_only_while_it_is_what_is_wanted() {
    let mut world = World::new("1", "227.10", "227.14");
    world.held.held = "5".parse().unwrap();
    world.held.confirmed = world.held.held;
    world.held.plan = plan(Some("219"), None);
    let wanted = protection(1, 4, None, &world.view()).unwrap().stop.unwrap();
    // made earlier, under another name and for another signal: the same order all the same
    let live = protection(1, 0, Some(SignalId::new("s").unwrap()), &world.view()).unwrap().stop.unwrap();
    assert_ne!(wanted.id, live.id);
    assert!(covers(&wanted, &live, qty("5")));
    assert!(!covers(&wanted, &live, qty("4")) && !covers(&wanted, &live, qty("6")));
    world.held.plan = plan(Some("220"), None);
    let moved = protection(1, 4, None, &world.view()).unwrap().stop.unwrap();
    assert!(!covers(&moved, &live, qty("5")));
    world.held.held = "-5".parse().unwrap();
    world.held.confirmed = world.held.held;
    world.held.plan = plan(Some("219"), None);
    let turned = protection(1, 4, None, &world.view()).unwrap().stop.unwrap();
    assert!(!covers(&turned, &live, qty("5")));
}

#[test]
fn a_price_that_cannot_exist_costs_no_leg() {
    let mut world = World::new("1", "227.10", "227.14");
    world.held.held = "5".parse().unwrap();
    world.held.confirmed = world.held.held;
    world.held.plan = plan(Some("0.004"), Some("243"));
    let legs = protection(1, 0, None, &world.view()).unwrap();
    assert_eq!(legs.stop.unwrap().reference, world.instrument.tick);
    assert!(legs.target.is_some());
    world.held.held = "-5".parse().unwrap();
    world.held.confirmed = world.held.held;
    world.held.plan = plan(Some("243"), Some("0.004"));
    let legs = protection(1, 0, None, &world.view()).unwrap();
    assert_eq!(legs.target.unwrap().reference, world.instrument.tick);
    assert_eq!(legs.stop.unwrap().reference.to_string(), "243");
    // the highest price there is has no tick above it, and stays what it is
    world.instrument.tick = "0.3".parse().unwrap();
    world.held.plan = plan(Some("1000000000000"), None);
    let legs = protection(1, 0, None, &world.view()).unwrap();
    assert_eq!(legs.stop.unwrap().reference.to_string(), "1000000000000");
    assert_eq!(
        protection(1, u32::MAX - 1, None, &world.view()).unwrap_err().code.as_str(),
        "number_too_large"
    );
}
