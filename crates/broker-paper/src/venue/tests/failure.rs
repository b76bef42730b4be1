//! A file that fails: nothing counts until it is known.

use broker_api::{CancelOutcome, Finding};

use super::*;
use crate::venue::log::Fault;

fn set(venue: &PaperVenue, fault: Option<Fault>) {
    venue.state.lock().unwrap().log.fault = fault;
}

fn pragma(venue: &PaperVenue, name: &str, value: i64) {
    let state = venue.state.lock().unwrap();
    state.log.db().pragma_update_and_check(None, name, value, |_| Ok(())).ok();
}

fn started(place: &Place) -> PaperVenue {
    let venue = place.open();
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    assert!(accepted(&now(venue.submit(&buy("e1"), mark()))));
    play(&venue, &moments("AAPL", 1, ["100", "101", "99", "100"]));
    venue
}

type Seen = (Vec<broker_api::OpenOrder>, broker_api::Account, Vec<Line>);

fn seen(venue: &PaperVenue) -> Seen {
    (now(venue.open_orders()).unwrap(), now(venue.account()).unwrap(), lines(venue))
}

fn unknown(outcome: &SubmitOutcome, part: &str) {
    let SubmitOutcome::Unknown { why } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains(part), "{why}");
}

#[test]
fn an_order_that_was_not_written_leaves_nothing() {
    let place = Place::new();
    let venue = started(&place);
    let before = seen(&venue);
    set(&venue, Some(Fault::Lost));
    unknown(&now(venue.submit(&limit("e2", "90"), mark())), "could not be written");
    // While the file fails nothing is said of anything.
    let query = now(venue.find(id("e2"), mark(), sent())).unwrap_err();
    assert!(query.transient);
    assert!(
        now(venue.open_orders()).is_err() && now(venue.account()).is_err() && now(venue.positions()).is_err()
    );
    assert!(now(venue.activity_since(None)).is_err() && venue.flush().is_err());
    unknown(&now(venue.submit(&limit("e3", "90"), mark())), "could not be written");
    assert!(matches!(now(venue.cancel(id("e1"))), CancelOutcome::Unknown { .. }));
    set(&venue, None);
    assert_eq!(seen(&venue), before);
    assert!(matches!(now(venue.find(id("e2"), mark(), sent())).unwrap(), Finding::Absent { .. }));
    assert!(accepted(&now(venue.submit(&limit("e2", "90"), mark()))));
}

#[test]
fn an_order_that_was_written_unheard_is_found() {
    let place = Place::new();
    let venue = started(&place);
    set(&venue, Some(Fault::Doubtful));
    unknown(&now(venue.submit(&limit("e2", "90"), mark())), "could not be written");
    set(&venue, None);
    assert!(matches!(now(venue.find(id("e2"), mark(), sent())).unwrap(), Finding::Found { .. }));
    let before = seen(&venue);
    drop(venue);
    assert_eq!(seen(&place.open()), before);
}

#[test]
fn a_cancel_that_was_not_written_leaves_the_order() {
    let place = Place::new();
    let venue = started(&place);
    assert!(accepted(&now(venue.submit(&limit("e2", "90"), mark()))));
    let before = seen(&venue);
    set(&venue, Some(Fault::Lost));
    assert!(matches!(now(venue.cancel(id("e2"))), CancelOutcome::Unknown { .. }));
    set(&venue, None);
    assert_eq!(seen(&venue), before);
    assert_eq!(now(venue.cancel(id("e2"))), CancelOutcome::Accepted);
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing() {
    let place = Place::new();
    let venue = started(&place);
    venue.flush().unwrap();
    let before = seen(&venue);
    // As many pages as there are, and no more: the database itself says that the disk is full.
    pragma(&venue, "max_page_count", 1);
    let mut taken = 0;
    let full = loop {
        let outcome = now(venue.submit(&limit(&format!("f{taken}"), "90"), mark()));
        if !accepted(&outcome) {
            break outcome;
        }
        taken += 1;
    };
    unknown(&full, "the disk is full, make room");
    pragma(&venue, "max_page_count", 1_000_000);
    let after = seen(&venue);
    assert_eq!((after.0.len(), after.2.len()), (before.0.len() + taken, before.2.len() + taken));
    drop(venue);
    assert_eq!(seen(&place.open()), after);
}

#[test]
fn a_file_that_may_not_be_written_is_named() {
    let place = Place::new();
    let venue = started(&place);
    let before = seen(&venue);
    pragma(&venue, "query_only", 1);
    unknown(&now(venue.submit(&limit("e2", "90"), mark())), "may not be written");
    pragma(&venue, "query_only", 0);
    assert_eq!(seen(&venue), before);
}

#[test]
fn two_programs_on_one_file_are_noticed() {
    let place = Place::new();
    let one = started(&place);
    one.flush().unwrap();
    let two = place.open();
    play(&two, &moments("AAPL", 2, ["100", "101", "99", "100"]));
    assert!(accepted(&now(two.submit(&limit("e2", "90"), mark()))));
    unknown(&now(one.submit(&limit("e3", "90"), mark())), "let only one program use it");
    // It then sees what the other did.
    assert_eq!(seen(&one).2, seen(&two).2);
}

#[test]
fn a_flush_in_the_middle_of_a_moment_that_failed_unheard_is_repeated() {
    let place = Place::new();
    let venue = started(&place);
    assert!(accepted(&now(venue.submit(&buy("e2"), mark()))));
    venue.play(&moments("AAPL", 2, ["100", "101", "99", "100"])[0]).unwrap();
    set(&venue, Some(Fault::Doubtful));
    venue.flush().unwrap_err();
    set(&venue, None);
    assert!(venue.next_event().unwrap());
    let before = seen(&venue);
    drop(venue);
    let venue = place.open();
    assert_eq!(seen(&venue), before);
    assert!(!venue.next_event().unwrap());
}
