//! The comparison on small books: what matches, what is explained, and what is said aloud.

use broker_api::{
    ClientOrderId, Held, Holdings, Key, NonTrade, NonTradeKind, OpenOrder, Qty, Record, Repair, Repaired,
    Side, Time, VenueOrder, VenuePosition,
};
use chrono::TimeDelta;
use proptest::prelude::*;

use super::{Explained, RECENT, Reconciliation, Says, reconcile};
use crate::Book;
use crate::testing::{at, bound, fill, intended, key, started, usd};

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn venue() -> broker_api::VenueId {
    of("paper")
}

/// A book that holds ten of the first instrument, whose order was executed whole at second 100.
fn book() -> Book {
    let mut book = Book::default();
    for record in [bound(), started(1), intended(0, 0), Record::Filled { fill: fill(0, 0, 10, 100) }] {
        book.apply(&record, at(100)).unwrap();
    }
    book
}

fn holds(rows: &[(Key, &str)]) -> Holdings {
    let row = |(key, held): &(Key, &str)| VenuePosition { key: *key, held: of(held), average: of("1") };
    Holdings { positions: rows.iter().map(row).collect(), orders: Vec::new() }
}

fn order(name: &str) -> OpenOrder {
    OpenOrder {
        id: Some(of(name)),
        parent: None,
        key: key(0),
        side: Side::Buy,
        qty: of("1"),
        kind: None,
        order: VenueOrder { venue_order: None, end: None, filled: Qty::ZERO },
    }
}

fn late() -> Time {
    at(100) + RECENT * 10
}

fn says(found: &Reconciliation, key: Key) -> Says {
    found.verdicts.iter().find(|verdict| verdict.key == key).unwrap().says.clone()
}

fn code(says: &Says) -> &str {
    match says {
        Says::Match => "match",
        Says::Explained(explained) => explained.as_str(),
        Says::Unexplained(reason) => reason.code.as_str(),
    }
}

#[test]
fn what_is_the_same_matches_and_what_is_not_is_said_with_its_figures() {
    let book = book();
    let same = reconcile(&book, venue(), &holds(&[(key(0), "10")]), late());
    assert_eq!(says(&same, key(0)), Says::Match);
    for there in ["0", "3", "11", "-10"] {
        let rows = if there == "0" { Vec::new() } else { vec![(key(0), there)] };
        let found = reconcile(&book, venue(), &holds(&rows), late());
        let Says::Unexplained(reason) = says(&found, key(0)) else { panic!("{there}: {found:?}") };
        assert_eq!(reason.code.as_str(), "position_differs");
        assert!(
            reason.text.contains("holds 10") && reason.text.contains(&format!("holds {there}")),
            "{reason:?}"
        );
    }
    let more = reconcile(&book, venue(), &holds(&[(key(0), "10"), (key(1), "5")]), late());
    assert_eq!(code(&says(&more, key(1))), "position_differs", "what the book knows nothing of");
}

// A venue's lists are read beside its log: https://github.com/QuantConnect/Lean skips its check around a fill for this.
#[test]
fn an_execution_of_just_now_explains_and_an_old_one_does_not() {
    let book = book();
    let flat = Holdings::default();
    assert_eq!(code(&says(&reconcile(&book, venue(), &flat, at(101)), key(0))), Explained::Recent.as_str());
    assert_eq!(code(&says(&reconcile(&book, venue(), &flat, late()), key(0))), "position_differs");
}

#[test]
fn a_live_order_explains_only_what_it_may_have_done() {
    let mut book = book();
    let stop = intended(1, 2);
    let id: ClientOrderId = of("tw1test-e1");
    book.apply(&stop, at(101)).unwrap();
    let accepted = broker_api::SubmitOutcome::Accepted { venue_order: None };
    book.apply(&Record::Answered { order: id, attempt: 1, answer: accepted }, at(101)).unwrap();
    let flat = Holdings::default();
    let found = reconcile(&book, venue(), &flat, late());
    assert_eq!(code(&says(&found, key(0))), Explained::OnItsWay.as_str());
    assert_eq!(found.missing, [id], "the venue does not list it, so it is asked about");
    // Listed as it is in the book, it did nothing: what is gone went otherwise.
    let mut listed = flat.clone();
    listed.orders.push(OpenOrder { side: Side::Sell, qty: of("10"), ..order("tw1test-e1") });
    let found = reconcile(&book, venue(), &listed, late());
    assert_eq!((code(&says(&found, key(0))), found.missing.len()), ("position_differs", 0));
    // An order of the other side explains nothing either.
    let more = holds(&[(key(0), "20")]);
    assert_eq!(code(&says(&reconcile(&book, venue(), &more, late()), key(0))), "position_differs");
}

#[test]
fn orders_that_the_book_does_not_have_are_said_by_whose_they_are() {
    let book = book();
    let with = |orders: Vec<OpenOrder>| Holdings { orders, ..holds(&[(key(0), "10")]) };
    let said = |name: &str| {
        let found = reconcile(&book, venue(), &with(vec![order(name)]), late() + TimeDelta::minutes(5));
        code(&says(&found, key(0))).to_owned()
    };
    assert_eq!(said("by-hand"), "order_of_others");
    assert_eq!(said("tw1abc-e1"), "order_unknown");
    assert_eq!(said("tw1test-e0"), "order_lives", "the book has it as filled");
    let leg = OpenOrder { parent: Some(of("tw1test-e0")), ..order("9f2c") };
    let found = reconcile(&book, venue(), &with(vec![leg]), late());
    assert_eq!(says(&found, key(0)), Says::Match, "a leg belongs to its entry");
}

#[test]
fn what_is_ignored_is_beside_the_book_until_its_time_is_over() {
    let mut book = book();
    let until = at(10_000);
    let with = Repaired {
        repair: Repair::Ignore,
        there: of("13"),
        average: Some(of("1")),
        plan: broker_api::Protection::default(),
        until: Some(until),
    };
    let ignored = Record::Repaired {
        venue: venue(),
        key: Some(key(0)),
        with,
        name: "ann".into(),
        reason: "mine".into(),
    };
    book.apply(&ignored, at(300)).unwrap();
    assert_eq!(book.outside(key(0)).unwrap().held, of::<Held>("3"));
    let mut there = holds(&[(key(0), "13")]);
    there.orders.push(order("by-hand"));
    let found = reconcile(&book, venue(), &there, at(9_999));
    assert_eq!(says(&found, key(0)), Says::Explained(Explained::Outside));
    assert_eq!(code(&says(&reconcile(&book, venue(), &there, until), key(0))), "order_of_others");
    there.orders.clear();
    assert_eq!(code(&says(&reconcile(&book, venue(), &there, until), key(0))), "position_differs");
}

#[test]
fn a_fee_in_kind_that_was_less_than_booked_is_settled_and_no_more_than_that() {
    let mut book = Book::default();
    let kept = broker_api::Fill { kept: of("0.5"), ..fill(0, 0, 10, 100) };
    for record in [bound(), started(1), intended(0, 0), Record::Filled { fill: kept }] {
        book.apply(&record, at(100)).unwrap();
    }
    let seen = |there| says(&reconcile(&book, venue(), &holds(&[(key(0), there)]), late()), key(0));
    assert_eq!(seen("9.8"), Says::Explained(Explained::FeeInKind { back: of("0.3") }));
    assert_eq!(code(&seen("10.1")), "position_differs");
    assert_eq!(code(&seen("9.4")), "position_differs", "less than was booked is no smaller fee");
    book.apply(&Record::FeeSettled { key: key(0), back: of("0.3") }, late()).unwrap();
    assert_eq!(book.held(key(0)), of::<Held>("9.8"));
    assert_eq!(book.check(), Ok(()));
}

/// What can happen to an account, and to our part of it.
#[derive(Clone, Debug)]
enum Act {
    Outside { buys: bool, units: u8 },
    Moved { units: i8 },
    Split { num: u8 },
    Trust { there: i8 },
    Ignore { there: i8 },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (any::<bool>(), 1u8..20).prop_map(|(buys, units)| Act::Outside { buys, units }),
        (-20i8..20).prop_map(|units| Act::Moved { units }),
        (2u8..5).prop_map(|num| Act::Split { num }),
        (-20i8..20).prop_map(|there| Act::Trust { there }),
        (-20i8..20).prop_map(|there| Act::Ignore { there }),
    ]
}

proptest! {
    // Whatever comes from outside: what the account holds is what is ours and what is beside it, and the book is sound.
    #[test]
    fn book_and_outside_are_what_the_account_holds(acts in proptest::collection::vec(act(), 1..20)) {
        let mut book = book();
        let mut account: i64 = 10;
        for (n, act) in acts.iter().enumerate() {
            let second = 200 + i64::try_from(n).unwrap();
            let units = |units: i64| of::<Held>(&units.to_string());
            let entry = |kind, by: i64| Record::NonTrade { venue: venue(), entry: NonTrade {
                id: of(&format!("n{n}")), kind, key: Some(key(0)), units: units(by),
                money: of::<broker_api::Amount>("0").of(usd()), becomes: None, at: at(second),
            }, before: None };
            let repair = |repair, there: i64| Record::Repaired {
                venue: venue(), key: Some(key(0)), name: "ann".into(), reason: "so".into(),
                with: Repaired {
                    repair, there: units(there), average: Some(of("2")), plan: broker_api::Protection::default(), until: None,
                },
            };
            let record = match act {
                Act::Outside { buys, units } => {
                    account += if *buys { i64::from(*units) } else { -i64::from(*units) };
                    let side = if *buys { Side::Buy } else { Side::Sell };
                    let order = of("by-hand");
                    let outside = broker_api::Fill { side, order, execution: of(&format!("o{n}")), ..fill(0, 0, *units, 150) };
                    Record::Outside { fill: outside, code: of("outside_trade") }
                }
                Act::Moved { units } => {
                    account += i64::from(*units);
                    entry(NonTradeKind::UnitTransfer, i64::from(*units))
                }
                Act::Split { num } => {
                    let by = account * (i64::from(*num) - 1);
                    account += by;
                    entry(NonTradeKind::Split, by)
                }
                Act::Trust { there } => {
                    account = i64::from(*there);
                    repair(Repair::TrustBroker, account)
                }
                Act::Ignore { there } => {
                    account = i64::from(*there);
                    repair(Repair::Ignore, account)
                }
            };
            book.apply(&record, at(second)).unwrap();
            let outside = book.outside(key(0)).map_or(Held::FLAT, |row| row.held);
            let sum = book.held(key(0)).moved(outside).unwrap();
            // A split divides ours and what is beside it, and what is no whole billionth goes to the latter.
            prop_assert_eq!(sum, of::<Held>(&account.to_string()), "after {:?}", act);
            prop_assert_eq!(book.check(), Ok(()));
            let rows: Vec<(Key, String)> = (account != 0).then(|| (key(0), account.to_string())).into_iter().collect();
            let rows: Vec<(Key, &str)> = rows.iter().map(|(key, text)| (*key, text.as_str())).collect();
            let found = reconcile(&book, venue(), &holds(&rows), late() + TimeDelta::days(1));
            prop_assert!(found.verdicts.iter().all(|row| !matches!(row.says, Says::Unexplained(_))), "{:?}", found);
        }
        prop_assert_eq!(book.totals().wins + book.totals().losses, 0, "none of it is the strategy's");
        prop_assert_eq!(book.totals().outside, book.totals().trades);
    }
}
