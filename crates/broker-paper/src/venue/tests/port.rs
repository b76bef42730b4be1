//! The venue as a broker.

use broker_api::{CancelOutcome, Finding, Mode, Proof};

use super::*;

fn started() -> (Place, PaperVenue) {
    let place = Place::new();
    let venue = place.open();
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    (place, venue)
}

#[test]
fn it_says_who_it_is_and_what_it_can() {
    let (_place, venue) = started();
    let of = now(venue.identity()).unwrap();
    assert_eq!((of.mode, of.account, venue.id()), (Mode::Paper, n("paper-1"), n("paper")));
    let can = venue.capabilities();
    assert!(broker_api::KindName::ALL.iter().all(|kind| can.takes(*kind) && can.holds(*kind)));
    assert_eq!(can.resolve.attempts_max, 5);
    assert_eq!(now(venue.instrument(n("AAPL"))).unwrap(), Some(instrument("AAPL")));
    assert_eq!(now(venue.instrument(n("TSLA"))).unwrap(), None);
}

#[test]
fn without_a_time_nothing_is_sent() {
    let place = Place::new();
    let venue = place.open();
    assert!(matches!(now(venue.submit(&buy("e1"), mark())), SubmitOutcome::NotSent { .. }));
    assert!(now(venue.account()).unwrap_err().transient);
    venue.set_time(day(0));
    venue.set_time(day(0) - TimeDelta::days(1));
    assert_eq!(now(venue.clock()).unwrap(), day(0));
    assert!(now(venue.submit(&buy("e1"), mark())) != SubmitOutcome::NotSent { why: "".into() });
}

#[test]
fn an_order_is_taken_filled_and_found() {
    let (_place, venue) = started();
    let SubmitOutcome::Accepted { venue_order } = now(venue.submit(&buy("e1"), mark())) else {
        panic!("not accepted")
    };
    assert!(venue_order.is_some());
    let [open] = now(venue.open_orders()).unwrap()[..] else { panic!("not one order") };
    let (name, order) = (open.id.unwrap(), open.order);
    assert_eq!((name, order.venue_order, order.end), (id("e1"), venue_order, None));
    play(&venue, &moments("AAPL", 1, ["102", "103", "101", "102"]));
    let Finding::Found { order } = now(venue.find(id("e1"), mark(), sent())).unwrap() else {
        panic!("not found")
    };
    assert_eq!((order.end, order.filled), (Some(broker_api::End::Filled), n("10")));
    assert!(now(venue.open_orders()).unwrap().is_empty());
    let [VenueEvent::Filled(fill)] = events(&venue)[..] else { panic!("not one fill") };
    assert_eq!((fill.order, fill.price, fill.at), (id("e1"), n("102"), day(1)));
}

#[test]
fn an_id_is_taken_once_and_a_refused_one_is_used_up() {
    let (place, venue) = started();
    assert!(accepted(&now(venue.submit(&buy("e1"), mark()))));
    let refused = |venue: &PaperVenue, intent: &Intent| match now(venue.submit(intent, mark())) {
        SubmitOutcome::Refused { code, .. } => code,
        SubmitOutcome::Duplicate { .. } => n("taken"),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&venue, &buy("e1")), n("taken"));
    let half = Intent { qty: n("0.5"), ..buy("e2") };
    assert_eq!(refused(&venue, &half), n("bad_quantity"));
    let before = lines(&venue);
    assert_eq!(before.iter().map(|l| l.kind.as_str()).collect::<Vec<_>>(), ["accepted", "refused"]);
    drop(venue);
    let venue = place.open();
    assert_eq!(refused(&venue, &buy("e1")), n("taken"));
    assert_eq!(refused(&venue, &buy("e2")), n("taken"));
    assert_eq!(lines(&venue), before);
    let found = now(venue.find(id("e2"), mark(), sent())).unwrap();
    let Finding::Found { order } = found else { panic!("{found:?}") };
    assert_eq!(order.end, Some(broker_api::End::Refused));
}

#[test]
fn absence_is_proven_by_the_whole_log() {
    let (_place, venue) = started();
    now(venue.submit(&buy("e1"), mark()));
    let found = now(venue.find(id("e2"), mark(), sent())).unwrap();
    assert_eq!(found, Finding::Absent { proof: Proof::CompleteLog { from: mark(), to: n("1") } });
    for wrong in ["2", "01", "x", "-1"] {
        let why = now(venue.find(id("e2"), n(wrong), sent())).unwrap_err();
        assert!(!why.transient, "{why}");
    }
}

#[test]
fn a_cancel_is_done_too_late_or_of_nothing() {
    let (place, venue) = started();
    assert!(accepted(&now(venue.submit(&limit("e1", "90"), mark()))));
    assert_eq!(now(venue.cancel(id("e1"))), CancelOutcome::Accepted);
    assert_eq!(now(venue.cancel(id("e1"))), CancelOutcome::TooLate);
    assert!(matches!(now(venue.cancel(id("e9"))), CancelOutcome::NotSent { .. }));
    let closed = events(&venue);
    assert!(
        matches!(closed[..], [VenueEvent::Closed { order, end: broker_api::End::Cancelled, .. }] if order == id("e1"))
    );
    drop(venue);
    assert_eq!(events(&place.open()), closed);
}

#[test]
fn the_log_is_read_in_pages() {
    let (_place, venue) = started();
    // One row for the order, one for its end: 501 events among 1002 rows.
    for i in 0..501 {
        let name = format!("e{i}");
        assert!(accepted(&now(venue.submit(&limit(&name, "90"), mark()))));
        now(venue.cancel(id(&name)));
    }
    let first = now(venue.activity_since(None)).unwrap();
    assert_eq!((first.events.len(), first.cursor, first.complete), (500, n("1000"), false));
    let second = now(venue.activity_since(Some(first.cursor))).unwrap();
    assert_eq!((second.events.len(), second.cursor, second.complete), (1, n("1002"), true));
    let third = now(venue.activity_since(Some(second.cursor))).unwrap();
    assert_eq!((third.events.len(), third.cursor, third.complete), (0, n("1002"), true));
    let beyond = now(venue.activity_since(Some(n("1003")))).unwrap_err();
    assert!(!beyond.transient && beyond.why.contains("beyond the end"), "{beyond}");
    assert!(!now(venue.activity_since(Some(n("x1")))).unwrap_err().transient);
}

#[test]
fn prices_come_in_order_and_events_are_taken_first() {
    let (_place, venue) = started();
    now(venue.submit(&buy("e1"), mark()));
    let [open, range, _] = moments("AAPL", 1, ["102", "103", "101", "102"]);
    venue.play(&open).unwrap();
    assert!(matches!(venue.play(&range), Err(VenueError::Unfinished { .. })));
    venue.play(&open).unwrap();
    assert!(venue.next_event().unwrap());
    assert!(!venue.next_event().unwrap());
    assert!(!venue.next_event().unwrap());
    play(&venue, &[range]);
    let past = moments("AAPL", 0, ["100"; 4])[0];
    let said = venue.play(&past).unwrap_err();
    assert!(matches!(said, VenueError::Past { .. }), "{said}");
}

#[test]
fn moments_of_one_time_are_played_once_each() {
    let (_place, venue) = started();
    now(venue.submit(&limit("e1", "105"), mark()));
    let aapl = moments("AAPL", 1, ["102", "103", "101", "102"]);
    let msft = moments("MSFT", 1, ["50", "51", "49", "50"]);
    play(&venue, &[aapl[0], aapl[0], msft[0], aapl[0], msft[0]]);
    assert_eq!(events(&venue).len(), 1);
    assert_eq!(venue.last_played(), Some(day(1)));
}

#[test]
fn a_hint_never_comes() {
    let (_place, venue) = started();
    let hint = std::pin::pin!(venue.hint());
    assert!(hint.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn it_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<PaperVenue>();
}

#[test]
fn an_order_between_two_events_leaves_the_second_to_the_moment() {
    let (_place, venue) = started();
    for name in ["e1", "e2"] {
        assert!(accepted(&now(venue.submit(&buy(name), mark()))));
    }
    venue.play(&moments("AAPL", 1, ["102", "103", "101", "102"])[0]).unwrap();
    assert!(venue.next_event().unwrap());
    assert!(accepted(&now(venue.submit(&stop("s1", "90"), mark()))));
    now(venue.cancel(id("s1")));
    let fills = || events(&venue).iter().filter(|event| matches!(event, VenueEvent::Filled(_))).count();
    assert_eq!(fills(), 1);
    assert!(venue.next_event().unwrap());
    assert_eq!(fills(), 2);
    assert!(!venue.next_event().unwrap());
}
