//! Copies of the venue's file: whole, beside the writer, over nothing; and a file that was changed is found out.

use super::super::{VenueError, backup, verify};
use super::*;

#[test]
fn a_copy_is_made_beside_the_writer_and_is_the_same_account() {
    let place = Place::new();
    let venue = place.open();
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    assert!(accepted(&now(venue.submit(&buy("e1"), mark()))));
    play(&venue, &moments("AAPL", 1, ["102", "103", "101", "102"]));
    let to = place.path.with_file_name("copy.sqlite");
    let rows = u64::try_from(lines(&venue).len()).unwrap();
    assert_eq!(backup(&place.path, &to), Ok(rows));
    let again = backup(&place.path, &to).unwrap_err().to_string();
    assert!(again.contains("not overwritten"), "{again}");
    play(&venue, &moments("AAPL", 2, ["104", "110", "103", "109"]));
    assert!(accepted(&now(venue.submit(&stop("s1", "90"), mark()))));
    assert_eq!(verify(&to), Ok(rows), "the copy stays as it was");
    let copy = open(&to).unwrap();
    assert_eq!((lines(&copy).len() as u64, now(copy.positions()).unwrap().len()), (rows, 1));
}

#[test]
fn a_file_that_was_changed_is_found_out() {
    let place = Place::new();
    let venue = place.open();
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    assert!(accepted(&now(venue.submit(&buy("e1"), mark()))));
    venue.state.lock().unwrap().log.db().execute("UPDATE log SET at = '2020' || substr(at, 5)", []).unwrap();
    let to = place.path.with_file_name("copy.sqlite");
    assert!(matches!(verify(&place.path), Err(VenueError::Contradiction { .. })));
    assert!(matches!(backup(&place.path, &to), Err(VenueError::Contradiction { .. })));
    std::fs::write(&to, "something else that is long enough to look like a file of some kind").unwrap();
    assert!(verify(&to).is_err());
}
