//! What is summed up over everything held and under way, and what follows from it.

use super::world::{bare, entering};
use super::*;
use crate::checks::compared;

fn qty(verdict: &Verdict, check: u8) -> Option<Decimal> {
    match verdict {
        Verdict::Approved { order, clipped_by, marks } if *clipped_by == Some(check) => {
            assert_eq!(marks.get(check), Mark::Clipped);
            Some(order.get().qty.get())
        }
        _ => None,
    }
}

#[test]
fn a_class_that_is_full_cuts_the_order_down() {
    let mut world = World::good();
    world.limits.exposure_equity_percent = "15".parse().unwrap();
    world.exposures = vec![held("MSFT", 10, "100")];
    // 1,500 less 1,000 is room for two at 227
    assert_eq!(qty(&world.review(), 22), Some(Decimal::TWO));
    // another class takes none of it
    world.rules.push(Instrument { key: key("MSFT"), ..World::pair().instrument });
    assert!(matches!(world.review(), Verdict::Approved { clipped_by: None, .. }));
}

/// Two bounds of one check: the smaller of what both leave, with its reason.
#[test]
fn the_least_that_a_check_leaves_counts() {
    let mut world = World::good();
    world.limits.gross_exposure_percent = "12".parse().unwrap();
    world.limits.exposure_equity_percent = "10".parse().unwrap();
    world.exposures = vec![held("MSFT", 5, "100")];
    assert_eq!(qty(&world.review(), 22), Some(Decimal::TWO));
    (world.limits.gross_exposure_percent, world.limits.exposure_equity_percent) =
        ("10".parse().unwrap(), "12".parse().unwrap());
    assert_eq!(qty(&world.review(), 22), Some(Decimal::TWO));
    // near the one bound does not undo what the other leaves
    (world.limits.gross_exposure_percent, world.limits.exposure_equity_percent) =
        ("10".parse().unwrap(), "14.5".parse().unwrap());
    assert_eq!(qty(&world.review(), 22), Some(Decimal::TWO));
    world.limits.gross_exposure_percent = "7".parse().unwrap();
    let Verdict::Denied { check: 22, reason, .. } = world.review() else { panic!("not denied") };
    assert_eq!(reason.code.as_str(), "gross_exposure");
}

/// Room under the gross bound does not help where the net is full, also after the order was made smaller.
#[test]
fn what_was_cut_down_is_asked_for_its_net_too() {
    let mut world = World::good();
    world.exposures = vec![held("MSFT", 95, "100")];
    world.limits.net_exposure_percent = "98".parse().unwrap();
    let Verdict::Denied { check: 22, reason, .. } = world.review() else { panic!("not denied") };
    assert_eq!(reason.code.as_str(), "net_exposure");
    world.exposures = vec![held("MSFT", -95, "100")];
    assert_eq!(qty(&world.review(), 22), Some(Decimal::TWO));
}

/// What may never be executed makes no room.
#[test]
fn what_is_under_way_in_the_other_direction_takes_nothing_off_the_net() {
    let mut world = World::short();
    world.limits.net_exposure_percent = "9".parse().unwrap();
    world.exposures = vec![entering("MSFT", 5, "100")];
    assert!(matches!(world.review(), Verdict::Denied { check: 22, .. }));
    world.exposures = vec![held("MSFT", 5, "100")];
    assert!(matches!(world.review(), Verdict::Approved { .. }));
    // of an unknown side it counts for both
    let sideless = Exposure { entering_side: None, ..entering("MSFT", 5, "100") };
    let mut world = World::good();
    world.limits.net_exposure_percent = "10".parse().unwrap();
    world.exposures = vec![sideless];
    assert!(matches!(world.review(), Verdict::Denied { check: 22, .. }));
}

/// Both currencies of a pair count, in both directions, over whichever pairs they are held.
#[test]
fn a_currency_is_netted_over_all_pairs() {
    // bought: long of euros, short of pounds
    let review = |symbol: &str, quote: &str, others: Vec<Exposure>| {
        let mut world = World::pair();
        for (symbol, quote) in
            [("EUR/GBP", "GBP"), ("GBP/USD", "USD"), ("EUR/USD", "USD"), ("USD/JPY", "JPY")]
        {
            world.knows_pair(symbol, quote);
        }
        world.instrument.key = key(symbol);
        world.instrument.quote = Currency::new(quote).unwrap();
        world.intent.key = world.instrument.key;
        world.limits.exposure_currency_percent = "10".parse().unwrap();
        world.exposures = others;
        match world.review() {
            Verdict::Approved { .. } => None,
            Verdict::Denied { check: 22, reason, .. } => {
                assert_eq!(reason.code.as_str(), "currency_exposure");
                Some(
                    reason
                        .text
                        .split(" of ")
                        .nth(1)
                        .and_then(|rest| rest.split(' ').next())
                        .unwrap()
                        .to_owned(),
                )
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(review("EUR/GBP", "GBP", vec![]), None);
    assert_eq!(review("EUR/GBP", "GBP", vec![held("EUR/USD", 200, "1")]).as_deref(), Some("EUR"));
    assert_eq!(review("EUR/GBP", "GBP", vec![held("EUR/USD", -200, "1")]), None);
    assert_eq!(review("EUR/GBP", "GBP", vec![held("GBP/USD", -200, "1")]).as_deref(), Some("GBP"));
    assert_eq!(review("EUR/GBP", "GBP", vec![held("GBP/USD", 200, "1")]), None);
    assert_eq!(review("EUR/GBP", "GBP", vec![entering("EUR/USD", 200, "1")]).as_deref(), Some("EUR"));
    // a stock binds no currency, and neither does a pair of two others
    assert_eq!(review("EUR/GBP", "GBP", vec![held("MSFT", 200, "1"), held("USD/JPY", 500, "1")]), None);
    // the book's own currency is not bounded, on whichever side it stands
    assert_eq!(review("USD/JPY", "JPY", vec![held("EUR/USD", -900, "1"), held("GBP/USD", -900, "1")]), None);
}

#[test]
fn a_stop_that_lies_on_the_wrong_side_of_its_entry_is_none() {
    let risk = |stop: &str| {
        let mut world = World::good();
        world.limits.open_risk_percent = "4".parse().unwrap();
        world.exposures = vec![Exposure { entering_stop: stop.parse().ok(), ..entering("MSFT", 5, "100") }];
        matches!(world.review(), Verdict::Denied { check: 23, .. })
    };
    assert!(!risk("99") && risk("101") && risk("100"));
}

#[test]
fn a_short_position_loses_above_its_average() {
    let risk = |stop: &str| {
        let mut world = World::good();
        world.limits.open_risk_percent = "1".parse().unwrap();
        world.limits.bucket_risk_percent = "1".parse().unwrap();
        let mut short = held("MSFT", -10, "100");
        short.plan.stop = stop.parse().ok();
        world.exposures = vec![short];
        matches!(world.review(), Verdict::Denied { check: 23, .. })
    };
    // 32 of the order, ten for each above 100
    assert!(!risk("106.8") && risk("106.81") && !risk("90"));
}

/// Risk in another currency is brought into the book's.
#[test]
fn what_is_lost_is_reckoned_in_the_currency_of_the_book() {
    let mut world = World::good();
    (world.instrument.quote, world.rate) = (Currency::new("EUR").unwrap(), Some("2".parse().unwrap()));
    world.account.as_mut().unwrap().of.currency = Currency::new("USD").unwrap();
    world.intent.risk = Some("64".parse().unwrap());
    world.exposures = vec![bare("MSFT", 26, "10")];
    // 520 and 64
    assert!(matches!(world.review(), Verdict::Approved { .. }));
    world.exposures = vec![bare("MSFT", 27, "10")];
    assert!(matches!(world.review(), Verdict::Denied { check: 23, .. }));
}

/// One wrong limit does not hide behind another: what applies says the table, not the order of the questions.
#[test]
fn what_does_not_apply_says_the_table() {
    let marks = |world: &World| match world.review() {
        Verdict::Approved { marks, .. } => marks,
        other => panic!("{other:?}"),
    };
    let silent = |marks: Marks| {
        CHECKS
            .iter()
            .map(|row| row.number)
            .filter(|n| marks.get(*n) == Mark::NotApplicable)
            .collect::<Vec<_>>()
    };
    assert_eq!(silent(marks(&World::good())), [26, 40]);
    assert_eq!(silent(marks(&World::short())), [40]);
    assert_eq!(silent(marks(&World::pair())), [25, 26, 40]);
    let mut world = World::good();
    world.signal.as_mut().unwrap().decision_price = None;
    assert_eq!(silent(marks(&world)), [15, 26, 40]);
    let mut world = World::good();
    world.stage = Stage::Paper;
    assert_eq!(silent(marks(&world)), [6, 26, 40]);
    world.stage = Stage::Replay;
    assert_eq!(silent(marks(&world)), [6, 26, 34, 38, 39, 40]);
    // a replay of what was real money stays one
    world.armed();
    assert_eq!(silent(marks(&world)), [6, 26, 34, 38, 39, 40]);
    assert!(matches!(world.review(), Verdict::Approved { .. }));
    let of_leg: Vec<u8> =
        CHECKS.iter().map(|row| row.number).filter(|n| ![2, 5, 8, 11, 12, 17, 21, 28].contains(n)).collect();
    assert_eq!(silent(marks(&World::leg())), of_leg);
}

/// Only pairs whose name says both currencies can be netted.
#[test]
fn a_pair_without_a_base_is_no_pair() {
    let mut world = World::pair();
    world.instrument.key = key("EURUSD");
    world.intent.key = world.instrument.key;
    let Verdict::Denied { check: 20, reason, .. } = world.review() else { panic!("not denied") };
    assert_eq!(reason.code.as_str(), "unknown_instrument");
}

#[test]
fn figures_too_large_to_compute_with_stop_an_entry() {
    let mut world = World::good();
    let much = entering("MSFT", 900_000_000_000_000, "900000000000");
    world.exposures = (0..9).map(|n| Exposure { key: key(&format!("S{n}")), ..much }).collect();
    world.rate = Some("100".parse().unwrap());
    let Verdict::Denied { marks, .. } = world.review() else { panic!("not denied") };
    assert_eq!([22, 23, 24].map(|number| marks.get(number)), [Mark::Missing; 3]);
    // Each can be computed, and their sum cannot.
    world.rate = Some("50".parse().unwrap());
    let Verdict::Denied { marks, .. } = world.review() else { panic!("not denied") };
    assert_eq!([22, 23, 24].map(|number| marks.get(number)), [Mark::Missing; 3]);
}

/// A denial says which way the whole is, not which way the order goes alone.
#[test]
fn a_net_that_is_full_says_its_way() {
    let text = |mut world: World| {
        world.limits.net_exposure_percent = "8".parse().unwrap();
        match world.review() {
            Verdict::Denied { check: 22, reason, .. } => reason.text.into_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(text(World::good()).contains("908 net long over everything"));
    assert!(text(World::short()).contains("908 net short over everything"));
}

#[test]
fn near_is_said_within_a_tenth_of_a_bound() {
    let near = |change: fn(&mut World)| {
        let mut world = World::good();
        change(&mut world);
        match world.review() {
            Verdict::Approved { marks, .. } => CHECKS
                .iter()
                .map(|row| row.number)
                .filter(|n| marks.get(*n) == Mark::Near)
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(near(|_| ()), Vec::<u8>::new());
    assert_eq!(near(|w| w.limits.exposure_equity_percent = "10".parse().unwrap()), [22]);
    assert_eq!(near(|w| w.limits.net_exposure_percent = "10".parse().unwrap()), [22]);
    assert_eq!(near(|w| w.lately.entries_in_minute = 17), [28]);
    assert_eq!(near(|w| w.lately.entries_in_minute = 16), Vec::<u8>::new());
    assert_eq!(near(|w| w.day_trades = 2), [25]);
    assert_eq!(near(|w| w.guard.week = Some("10800".parse().unwrap())), [32]);
    assert_eq!(near(|w| w.limits.order_value_max = "1000".parse().unwrap()), [16]);
}

/// No figure is taken for nothing because it is too large.
#[test]
fn an_absurd_figure_is_compared_as_what_it_is() {
    let (one, absurd) = (Decimal::ONE, Decimal::MAX);
    assert!(compared(absurd, one).is_gt() && compared(one, absurd).is_lt() && compared(-absurd, one).is_lt());
}
