//! Parts of trading that are stopped: what ends a stop, and what does not.

use broker_api::{AssetClass, By, Reason, Scope};

use super::*;
use crate::testing::record;

const COINS: Scope = Scope::Class(AssetClass::Crypto);

fn stops(until: Option<i64>) -> Record {
    let reason = Reason::plain(Code::fixed("class_loss"), "it fell");
    Record::EntriesStopped { scope: COINS, reason, until: until.map(at) }
}

fn allows(by: By) -> Record {
    Record::EntriesAllowed { scope: COINS, by, reason: Reason::plain(Code::fixed("stop_over"), "over") }
}

fn ann() -> By {
    By::Operator { name: "ann".into() }
}

/// Whether the class is stopped, and when it goes on by itself.
fn until(book: &Book) -> (bool, Option<Time>) {
    let stop = book.guard().stopped_at(COINS);
    (stop.is_some(), stop.and_then(|stop| stop.until))
}

#[test]
fn a_stop_only_becomes_longer() {
    let mut book = bound();
    book.apply(&stops(Some(10)), at(1)).unwrap();
    for shorter in [Some(9), Some(10)] {
        assert!(book.apply(&stops(shorter), at(2)).is_err());
    }
    book.apply(&stops(Some(11)), at(2)).unwrap();
    assert_eq!((until(&book), book.guard().stopped[0].since), ((true, Some(at(11))), at(1)));
    book.apply(&stops(None), at(3)).unwrap();
    for other in [None, Some(99)] {
        assert!(book.apply(&stops(other), at(4)).is_err());
    }
    assert_eq!(until(&book), (true, None));
}

#[test]
fn the_guard_lets_go_on_what_had_a_time_and_a_person_anything() {
    let mut book = bound();
    assert!(book.apply(&allows(ann()), at(1)).is_err(), "it is not stopped");
    book.apply(&stops(Some(10)), at(1)).unwrap();
    assert!(book.apply(&allows(By::Guard), at(9)).is_err(), "not before its time");
    book.apply(&allows(By::Guard), at(10)).unwrap();
    assert_eq!((until(&book), book.guard().allowed_at(COINS)), ((false, None), None));
    book.apply(&stops(None), at(11)).unwrap();
    assert!(book.apply(&allows(By::Guard), at(99)).is_err(), "it has none");
    book.apply(&allows(ann()), at(12)).unwrap();
    assert_eq!((until(&book), book.guard().allowed_at(COINS)), ((false, None), Some(at(12))));
}

proptest! {
    /// Whatever else happens: a stop that is there stays until its time or a person ends it, and its time never comes sooner.
    #[test]
    fn a_stop_vanishes_by_its_time_or_a_person_alone(
        records in proptest::collection::vec((record(), 0_i64..4), 1..120),
    ) {
        let (mut book, mut now) = (Book::default(), 0);
        for (record, later) in records {
            now += later;
            let before = book.guard().stopped.clone();
            if book.apply(&record, at(now)).is_err() {
                prop_assert_eq!(&book.guard().stopped, &before);
                continue;
            }
            for stop in &before {
                let Some(after) = book.guard().stopped_at(stop.scope) else {
                    let Record::EntriesAllowed { scope, by, .. } = &record else {
                        return Err(TestCaseError::fail(format!("{record:?} ended {stop:?}")));
                    };
                    prop_assert_eq!(*scope, stop.scope);
                    prop_assert!(*by != By::Guard || stop.until.is_some_and(|until| until <= at(now)));
                    continue;
                };
                let is_sooner = match (stop.until, after.until) {
                    (None, until) => until.is_some(),
                    (Some(known), Some(until)) => until < known,
                    (Some(_), None) => false,
                };
                prop_assert!(!is_sooner && after.since == stop.since, "{:?} became {:?}", stop, after);
            }
        }
    }
}
