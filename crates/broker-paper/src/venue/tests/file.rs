//! Opening, closing, opening again.

use broker_api::Catalog;

use super::*;

#[test]
fn the_account_goes_on_in_the_next_process() {
    let place = Place::new();
    let venue = place.open();
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    assert!(accepted(&now(venue.submit(&buy("e1"), mark()))));
    play(&venue, &moments("AAPL", 1, ["102", "103", "101", "102"]));
    assert!(accepted(&now(venue.submit(&trailing("s1", "5"), mark()))));
    play(&venue, &moments("AAPL", 2, ["104", "110", "103", "109"]));
    venue.flush().unwrap();
    let seen = |venue: &PaperVenue| {
        (
            now(venue.positions()).unwrap(),
            now(venue.open_orders()).unwrap(),
            now(venue.account()).unwrap(),
            events(venue),
            lines(venue),
            venue.last_played(),
            now(venue.clock()).unwrap(),
        )
    };
    let before = seen(&venue);
    assert_eq!(before.0.len(), 1);
    drop(venue);
    let venue = place.open();
    assert_eq!(seen(&venue), before);
    // The trailing stop kept what it had seen: 110 less 5.
    play(&venue, &moments("AAPL", 3, ["108", "108", "104", "104"]));
    assert!(now(venue.positions()).unwrap().is_empty());
    let VenueEvent::Filled(fill) = *events(&venue).last().unwrap() else { panic!("no fill") };
    assert_eq!((fill.order, fill.price), (id("s1"), n("105")));
}

#[test]
fn a_moment_without_events_writes_nothing() {
    let place = Place::new();
    let venue = place.open();
    let changes = |venue: &PaperVenue| venue.state.lock().unwrap().log.db().total_changes();
    let before = changes(&venue);
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    assert_eq!(changes(&venue), before);
    drop(venue);
    assert_eq!(place.open().last_played(), None);
}

#[test]
fn flushing_twice_writes_once() {
    let place = Place::new();
    let venue = place.open();
    let changes = || venue.state.lock().unwrap().log.db().total_changes();
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    venue.flush().unwrap();
    let before = changes();
    venue.flush().unwrap();
    assert_eq!(changes(), before);
    venue.set_time(day(3));
    venue.flush().unwrap();
    drop(venue);
    let venue = place.open();
    assert_eq!(now(venue.clock()).unwrap(), day(3));
    assert_eq!(venue.last_played(), Some(moments("AAPL", 0, ["1"; 4])[2].at()));
}

#[test]
fn another_account_is_refused_in_plain_words() {
    let place = Place::new();
    drop(place.open());
    let open = |settings| PaperVenue::open(&place.path, catalog(&["AAPL", "MSFT"]), settings);
    let said = |settings| open(settings).unwrap_err().to_string();
    let account = said(Settings { account: n("paper-2"), ..settings() });
    assert!(account.contains("its account is paper-1, configured is paper-2"), "{account}");
    let currency = said(Settings { currency: n("EUR"), ..settings() });
    assert!(currency.contains("its currency is USD, configured is EUR"), "{currency}");
    let venue = said(Settings { venue: n("other"), ..settings() });
    assert!(venue.contains("its venue is paper, configured is other"), "{venue}");
    place.open();
}

#[test]
fn files_that_are_not_ours_are_left_alone() {
    let place = Place::new();
    let other = rusqlite::Connection::open(&place.path).unwrap();
    other.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    assert!(matches!(place.try_open(), Err(VenueError::NotOurs { .. })));
    std::fs::remove_file(&place.path).unwrap();
    std::fs::write(&place.path, "this is a text, and long enough to be taken for a header of a file")
        .unwrap();
    let said = place.try_open().unwrap_err().to_string();
    assert!(said.contains("damaged or no database"), "{said}");
    assert!(std::fs::read_to_string(&place.path).unwrap().starts_with("this is a text"));
}

#[test]
fn a_newer_format_is_told_apart() {
    let place = Place::new();
    drop(place.open());
    rusqlite::Connection::open(&place.path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let said = place.try_open().unwrap_err();
    assert!(matches!(said, VenueError::Newer { found: 2, known: 1, .. }));
    assert!(said.to_string().contains("use the newer program"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let place = Place::new();
    let said = open(&place.path.with_file_name("none").join("venue.sqlite")).unwrap_err().to_string();
    assert!(said.contains("see that its folder exists"), "{said}");
}

#[test]
fn a_log_that_was_edited_is_noticed() {
    let place = Place::new();
    let venue = place.open();
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    now(venue.submit(&buy("e1"), mark()));
    play(&venue, &moments("AAPL", 1, ["102", "103", "101", "102"]));
    drop(venue);
    let db = rusqlite::Connection::open(&place.path).unwrap();
    db.execute("UPDATE log SET payload = replace(payload, '\"102\"', '\"92\"') WHERE kind = 'event'", [])
        .unwrap();
    assert!(matches!(place.try_open(), Err(VenueError::Contradiction { seq: 2, .. })));
}

#[test]
fn new_costs_and_instruments_hold_from_the_next_moment() {
    let place = Place::new();
    let venue = place.open();
    now(venue.clock()).unwrap_err();
    play(&venue, &moments("AAPL", 0, ["100", "101", "99", "100"]));
    now(venue.submit(&buy("e1"), mark()));
    let [open, range, close] = moments("AAPL", 1, ["102", "103", "101", "102"]);
    venue.play(&open).unwrap();
    assert!(venue.next_event().unwrap());
    // Killed in the middle of the moment; other costs and another order of instruments come.
    drop(venue);
    let mut dear = settings();
    dear.costs.equity.fee = n("0.01");
    let other = catalog(&["MSFT", "NVDA", "AAPL"]);
    let reopen = || PaperVenue::open(&place.path, Arc::<Catalog>::clone(&other), dear.clone()).unwrap();
    let here = |moment: &Moment| {
        let ix = other.find_symbol(n("AAPL")).unwrap();
        match *moment {
            Moment::Open { bar, .. } => Moment::Open { ix, bar },
            Moment::Range { bar, .. } => Moment::Range { ix, bar },
            Moment::Close { bar, .. } => Moment::Close { ix, bar },
            Moment::Quote { quote, .. } => Moment::Quote { ix, quote },
        }
    };
    let venue = reopen();
    assert_eq!(events(&venue).len(), 1);
    play(&venue, &[here(&open)]);
    assert_eq!(events(&venue).len(), 1);
    let sale = Intent { side: Side::Sell, purpose: Purpose::Exit, reduce_only: true, ..buy("x1") };
    assert!(accepted(&now(venue.submit(&sale, mark()))));
    drop(venue);
    let venue = reopen();
    play(&venue, &[here(&range), here(&close)]);
    play(&venue, &moments("AAPL", 2, ["103", "103", "103", "103"]).map(|m| here(&m)));
    let fees: Vec<_> = events(&venue)
        .iter()
        .filter_map(|event| match event {
            VenueEvent::Filled(fill) => Some(fill.fee.amount),
            _ => None,
        })
        .collect();
    assert_eq!(fees, [n::<Amount>("0"), n("10.20")]);
}
