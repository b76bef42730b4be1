//! One good order, and one thing wrong with it at a time; then the promises over many inputs.

use broker_api::{
    Account, AccountId, AccountRef, Amount, Armed, AssetClass, ClientOrderId, Code, Currency, Day, Direction,
    Exposure, GuardState, Held, Instrument, Intent, Key, Level, LimitsInForce, Mark, Marks, Mode, OrderKind,
    Price, Protection, Purpose, Qty, Quote, Ratio, Reason, Scope, Side, Signal, SignalId, SizeWanted,
    Stopped, StrategyId, Symbol, Time, TimeInForce, VenueId, Wanted,
};
use chrono::{DateTime, TimeDelta};
use rust_decimal::Decimal;

use super::*;
use tables::{ALLOWED, HELD_BACK, REMOVED, UNBOUNDED, WRONG};
use world::{World, held, key, now};

#[cfg(planted)]
mod blinded;
mod bounds;
mod controls;
mod loosening;
mod properties;
mod stops;
mod sums;
mod tables;
mod tonight;
mod world;

#[test]
fn a_good_order_passes_every_check() {
    let Verdict::Approved { order, clipped_by, marks } = World::good().review() else {
        panic!("not approved")
    };
    assert_eq!((order.open(), clipped_by), (World::good().intent, None));
    assert_eq!(marks.count(Mark::Denied) + marks.count(Mark::Missing), 0);
    assert_eq!(marks.count(Mark::Absent), 40 - CHECKS.len());
    assert!(matches!(World::leg().review(), Verdict::Approved { clipped_by: None, .. }));
    assert!(matches!(World::pair().review(), Verdict::Approved { clipped_by: None, .. }));
}

/// Every check has an order that it lets pass as what it looks at, not as what it does not apply to.
#[test]
fn each_check_lets_a_good_order_pass() {
    let marks = |world: &World| match world.review() {
        Verdict::Approved { marks, .. } => marks,
        other => panic!("{other:?}"),
    };
    let [long, short, live] = [World::good(), World::short(), World::live()].map(|world| marks(&world));
    for check in CHECKS {
        let passed = |marks: Marks| matches!(marks.get(check.number), Mark::Passed | Mark::Near);
        assert!([long, short, live].into_iter().any(passed), "{} {}", check.number, check.name);
    }
}

#[test]
fn each_check_stops_what_it_is_there_for() {
    for (number, code, change) in WRONG {
        let mut world = World::good();
        change(&mut world);
        match world.review() {
            Verdict::Denied { check, reason, marks } => {
                assert_eq!((check, reason.code.as_str()), (*number, *code), "{}", reason.text);
                assert!(matches!(marks.get(check), Mark::Denied | Mark::Missing));
                let row = CHECKS.iter().find(|row| row.number == check).unwrap();
                let of_row = |key: &str| row.keys.contains(&key) || check == 1;
                assert!(reason.key.as_deref().is_none_or(of_row), "{number} {code}: {:?}", reason.key);
            }
            other => panic!("{number} {code}: {other:?}"),
        }
    }
    let covered: std::collections::BTreeSet<u8> =
        WRONG.iter().map(|(number, ..)| *number).chain([12, 27]).collect();
    assert_eq!(covered, CHECKS.iter().map(|check| check.number).collect());
}

#[test]
fn what_lies_exactly_on_a_bound_is_let_through() {
    for (row, (number, change)) in ALLOWED.iter().enumerate() {
        let mut world = World::good();
        change(&mut world);
        match world.review() {
            Verdict::Approved { clipped_by: None, marks, .. } => {
                assert!(matches!(marks.get(*number), Mark::Passed | Mark::Near), "row {row}: {number}");
            }
            other => panic!("row {row}, check {number}: {other:?}"),
        }
    }
    let covered: std::collections::BTreeSet<u8> =
        ALLOWED.iter().map(|(number, ..)| *number).chain(UNBOUNDED.iter().copied()).collect();
    assert_eq!(covered, CHECKS.iter().map(|check| check.number).collect());
}

/// What a check does not know stops an entry, and never passes for what it does not apply to.
#[test]
fn what_is_missing_denies_an_entry_and_is_marked() {
    let good = |world: World| match world.review() {
        Verdict::Approved { marks, .. } => marks,
        other => panic!("{other:?}"),
    };
    let (good, live) = (good(World::good()), good(World::live()));
    for (row, (number, change)) in REMOVED.iter().enumerate() {
        let mut world = World::good();
        change(&mut world);
        match world.review() {
            Verdict::Denied { marks, reason, .. } => {
                assert_eq!(marks.get(*number), Mark::Missing, "row {row}, check {number}: {}", reason.text);
                let mode = world.account.map(|account| account.of.mode);
                let base = if mode == Some(Mode::Live) { live } else { good };
                for check in CHECKS {
                    let applies = |marks: Marks| marks.get(check.number) != Mark::NotApplicable;
                    // An account that nobody knows may be of any kind.
                    let may_be = mode.is_none() && !check.applies.modes.contains(&Mode::Paper);
                    assert_eq!(applies(marks), applies(base) || may_be, "row {row}, check {}", check.number);
                }
            }
            other => panic!("row {row}, check {number}: {other:?}"),
        }
    }
    // Those that say that an entry is denied when something is missing, and no others.
    let removed: std::collections::BTreeSet<u8> = REMOVED.iter().map(|(number, ..)| *number).collect();
    let said = CHECKS.iter().filter(|check| check.missing.contains("the entry is denied"));
    assert_eq!(removed, said.map(|check| check.number).collect());
}

/// Whatever stops an entry: the stop and the exit of what is held go out, or wait for the venue.
#[test]
fn what_stops_an_entry_does_not_deny_an_order_that_reduces() {
    let wrong = WRONG.iter().map(|(number, _, change)| (*number, *change));
    for (number, change) in wrong.chain(REMOVED.iter().copied()) {
        for purpose in [Purpose::Stop, Purpose::Exit] {
            let mut world = World::good();
            change(&mut world);
            world.reduce(purpose);
            match world.review() {
                Verdict::Approved { clipped_by: None, marks, .. } => {
                    let row = CHECKS.iter().find(|row| row.number == number).unwrap();
                    if row.applies.orders == Orders::Entries {
                        assert_eq!(marks.get(number), Mark::NotApplicable, "{number}");
                    }
                }
                Verdict::Wait { check, .. } => {
                    assert!(check == number && [5, 8].contains(&check), "{number}");
                }
                other => panic!("{number}: {other:?}"),
            }
        }
    }
}

/// All are asked, and the one that stands first in the table decides.
#[test]
fn the_first_check_that_says_no_decides() {
    assert!(CHECKS.is_sorted_by_key(|check| check.number));
    // What takes something away leaves nothing for another to change.
    let takes = ["no_equity", "no_signal", "no_price", "no_day"];
    let firsts: Vec<_> = WRONG.iter().filter(|(_, code, _)| !takes.contains(code)).collect();
    let (mut denied, mut let_through) = (0, 0);
    for (one, code, change) in &firsts {
        for (other, _, too) in &firsts {
            let mut world = World::good();
            change(&mut world);
            let exposures = std::mem::take(&mut world.exposures);
            too(&mut world);
            world.exposures.extend(exposures);
            match world.review() {
                Verdict::Denied { check, marks, .. } => {
                    let stops = |number| matches!(marks.get(number), Mark::Denied | Mark::Missing);
                    let first = CHECKS.iter().map(|row| row.number).find(|number| stops(*number));
                    assert_eq!(first, Some(check), "{one} {code}, {other}");
                    denied += 1;
                }
                // The one undid what is wrong in the other: another order, another limit.
                Verdict::Approved { .. } | Verdict::Wait { .. } => let_through += 1,
            }
        }
    }
    assert!(let_through * 100 < denied, "{let_through} of {denied}");
}

#[test]
fn what_passes_by_itself_is_waited_for() {
    for (number, change) in HELD_BACK {
        let mut world = World::good();
        change(&mut world);
        match world.review() {
            Verdict::Wait { check, marks, .. } => {
                assert_eq!((check, marks.get(check)), (*number, Mark::Missing));
                assert_eq!(marks.count(Mark::Absent), 40 - CHECKS.len(), "all were asked");
            }
            other => panic!("{number}: {other:?}"),
        }
    }
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
