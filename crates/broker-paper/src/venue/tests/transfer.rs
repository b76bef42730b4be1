//! Positions from outside are a row of the venue's own log: once for a file, whatever fails around it.

use broker_api::VenuePosition;

use super::*;
use crate::matching::TransferIn;
use crate::venue::log::Fault;

fn set(venue: &PaperVenue, fault: Option<Fault>) {
    venue.state.lock().unwrap().log.fault = fault;
}

fn come(held: &str) -> TransferIn {
    let key = Key { venue: n("paper"), symbol: n("AAPL") };
    let position = VenuePosition { key, held: n(held), average: n("90") };
    TransferIn { file: n(&"a".repeat(64)), cash: Some(n("5000")), positions: vec![position] }
}

fn started(place: &Place) -> PaperVenue {
    let venue = place.open();
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    venue
}

#[test]
fn it_is_in_the_file_once_and_no_event() {
    let place = Place::new();
    let venue = started(&place);
    let done = venue.transfer_in(&come("10")).unwrap();
    assert_eq!((done.flow, done.cash_taken), (n("-94900"), true));
    assert_eq!(venue.transfer_in(&come("10")).unwrap(), done);
    assert_eq!(lines(&venue).iter().map(|line| line.kind.as_str()).collect::<Vec<_>>(), ["transferred"]);
    assert!(events(&venue).is_empty());
    drop(venue);
    let venue = place.open();
    assert_eq!(now(venue.positions()).unwrap(), come("10").positions);
    assert_eq!(venue.transfer_in(&come("10")).unwrap(), done);
    assert_eq!(
        (venue.transfers_since(n("0")).unwrap(), venue.transfers_since(n("1")).unwrap()),
        (vec![done], vec![])
    );
    // What came can be guarded and closed, and is not turned.
    assert!(accepted(&now(venue.submit(&stop("s1", "95"), mark()))));
    play(&venue, &moments("AAPL", 1, ["94", "95", "93", "94"]));
    assert!(now(venue.positions()).unwrap().is_empty());
    assert_eq!(now(venue.account()).unwrap().balance, n("5040"));
    drop(venue);
    assert_eq!(now(place.open().account()).unwrap().equity, n("5040"));
}

#[test]
fn what_was_not_written_never_came_and_what_was_is_known() {
    for (fault, rows) in [(Fault::Lost, 0), (Fault::Doubtful, 1)] {
        let place = Place::new();
        let venue = started(&place);
        let before = now(venue.account()).unwrap();
        set(&venue, Some(fault));
        assert!(venue.transfer_in(&come("10")).is_err());
        set(&venue, None);
        assert_eq!(lines(&venue).len(), rows);
        assert_eq!(now(venue.account()).unwrap() == before, rows == 0);
        assert_eq!(venue.transfer_in(&come("10")).unwrap().flow, n("-94900"));
        assert_eq!((lines(&venue).len(), now(venue.account()).unwrap().equity), (1, n("5100")));
    }
}

#[test]
fn what_is_refused_leaves_no_row() {
    let place = Place::new();
    let venue = started(&place);
    let refused = venue.transfer_in(&come("0")).unwrap_err();
    assert!(
        matches!(&refused, VenueError::NotTransferred { why } if why.contains("nothing of")),
        "{refused}"
    );
    let [open, ..] = moments("AAPL", 1, ["100", "101", "99", "100"]);
    venue.play(&open).unwrap();
    assert!(matches!(venue.transfer_in(&come("1")).unwrap_err(), VenueError::Unfinished { .. }));
    assert!(lines(&venue).is_empty());
}
