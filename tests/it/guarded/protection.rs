//! Stops and targets: what rests, what is watched, what becomes of the parts of an entry.

use broker_api::{
    Brackets, Capabilities, End, KindName, NonTrade, NonTradeKind, OrderKind, Protection, Purpose, Side,
    TimeInForce, VenueEvent, intent,
};
use engine::Setup;
use orders::Remainder;

use super::Scene;
use crate::world::{capabilities, key, of, plan, setup, venue};

/// As at a broker at which a live order that closes binds what it would close.
fn binding() -> Capabilities {
    Capabilities { closing_binds: true, closes_positions: true, ..capabilities() }
}

fn bracketing() -> Capabilities {
    Capabilities { brackets: Brackets::WholeShares, ..binding() }
}

fn with_remainder(remainder: Remainder) -> Setup {
    let mut setup = setup(capabilities());
    setup.policy.remainder = remainder;
    setup
}

fn trigger(intent: &broker_api::Intent) -> Option<broker_api::Price> {
    match intent.order {
        OrderKind::Stop(stop) => Some(stop.trigger),
        _ => None,
    }
}

// A stop and a target beside each other are refused for quantity, and users were left with the target alone:
// alpacahq/alpaca-trade-api-python#322.
#[test]
fn where_a_stop_binds_what_is_held_the_target_is_watched_and_closes_when_it_is_reached() {
    let mut scene = Scene::holding(binding(), plan("190", "210"));
    assert_eq!((scene.rests(Purpose::Stop).len(), scene.made(Purpose::Target).len()), (1, 0));
    scene.moves("209.99");
    assert!(scene.book.exit_wanted(key("AAPL")).is_none());
    scene.moves("210");
    let exits = scene.made(Purpose::Exit);
    assert_eq!((exits.len(), scene.rests(Purpose::Stop).len()), (1, 0), "the stop goes first, then the exit");
    scene.fills(exits[0].id, &exits[0].qty.to_string());
    scene.after(1);
    assert_eq!(scene.book.trades().next().expect("closed").exit_code, Some(of("target")));
}

#[test]
fn a_watched_target_survives_a_restart() {
    let mut scene = Scene::holding(binding(), plan("190", "210"));
    scene.restarts();
    scene.bid = "211".into();
    scene.after(5);
    scene.moves("211");
    assert_eq!(scene.made(Purpose::Exit).len(), 1);
}

// Legs that the venue makes look missing, and a second pair is placed beside them: alpacahq/alpaca-py#198.
#[test]
fn the_legs_of_a_bracket_are_the_venues_and_none_of_ours_stands_beside_them() {
    let mut scene = Scene::holding(bracketing(), plan("190", "210"));
    let entry = scene.made(Purpose::Entry)[0];
    assert_eq!((entry.bracket, entry.tif), (true, TimeInForce::Gtc));
    assert_eq!((scene.made(Purpose::Stop).len(), scene.made(Purpose::Target).len()), (0, 0));
    assert!(scene.book.has_resting_stop(key("AAPL")));
    scene.restarts();
    scene.after(60);
    assert_eq!((scene.made(Purpose::Stop).len(), scene.diverged()), (0, None));
    // The target is executed, and the venue ends its sibling without a word of ours.
    let (stop, target) =
        (entry.id.leg(Purpose::Stop).expect("short"), entry.id.leg(Purpose::Target).expect("short"));
    scene.fills(target, &entry.qty.to_string());
    scene.ends(stop, End::Cancelled);
    scene.after(1);
    let trade = scene.book.trades().next().expect("closed");
    assert_eq!(
        (trade.exit, trade.position.outside, scene.book.open_orders().len()),
        (Purpose::Target, None, 0)
    );
}

// Legs wake only once the entry is filled whole: a part of it lies bare for as long as the rest waits.
#[test]
fn a_part_of_a_bracket_lies_bare_no_longer_than_its_bound() {
    let mut scene = Scene::new(bracketing());
    scene.after(0);
    scene.enters("in", plan("190", "210"));
    let entry = scene.made(Purpose::Entry)[0];
    scene.fills(entry.id, "3");
    scene.after(1);
    scene.after(28);
    assert_eq!(
        (scene.rests(Purpose::Entry).len(), scene.made(Purpose::Stop).len()),
        (1, 0),
        "it is waited for"
    );
    scene.after(2);
    assert!(scene.rests(Purpose::Entry).is_empty(), "the rest goes");
    let stops = scene.rests(Purpose::Stop);
    assert_eq!((stops.len(), stops[0].qty), (1, of("3")));
    let bare = scene.book.position(key("AAPL")).expect("held").bare;
    assert!(bare.since.is_none() && (29_000..=32_000).contains(&bare.longest_ms), "{bare:?}");
}

// The stop was made for the ordered and not for the filled quantity: freqtrade/freqtrade#8374.
#[test]
fn a_stop_is_of_what_was_filled_and_grows_with_it() {
    let mut scene = Scene::new(capabilities());
    scene.after(0);
    scene.enters("in", plan("190", ""));
    let entry = scene.made(Purpose::Entry)[0];
    scene.fills(entry.id, "2");
    scene.after(1);
    assert_eq!(scene.rests(Purpose::Stop)[0].qty, of("2"));
    scene.fills(entry.id, "3");
    scene.after(6);
    let stops = scene.rests(Purpose::Stop);
    assert_eq!((stops.len(), stops[0].qty), (1, of("5")));
}

#[test]
fn the_rest_of_an_entry_goes_after_its_time_and_stays_where_the_part_is_too_little() {
    for (lot, stays) in [("1", false), ("10", true)] {
        let mut setup = with_remainder(Remainder::After(60));
        let rows = setup.catalog.iter().map(|(_, row)| {
            let mut row = row.clone();
            row.qty_min = of(lot);
            row
        });
        setup.catalog =
            std::sync::Arc::new(broker_api::Catalog::new(rows.collect()).expect("the same three"));
        let mut scene = Scene::with(setup);
        scene.after(0);
        scene.enters("in", plan("190", ""));
        let entry = scene.made(Purpose::Entry)[0];
        scene.fills(entry.id, "3");
        scene.after(58);
        assert_eq!(scene.rests(Purpose::Entry).len(), 1);
        scene.after(3);
        assert_eq!(!scene.rests(Purpose::Entry).is_empty(), stays, "{lot}");
    }
    let mut scene = Scene::with(with_remainder(Remainder::Session));
    scene.after(0);
    scene.enters("in", plan("190", ""));
    let entry = scene.made(Purpose::Entry)[0];
    scene.fills(entry.id, "3");
    scene.after(3_600);
    assert_eq!(scene.rests(Purpose::Entry).len(), 1, "the venue ends it with its session");
}

// Both legs were filled in a fast market, and the account was short: QuantConnect/Lean#4014.
#[test]
fn what_both_legs_filled_is_closed_in_turn() {
    let mut scene = Scene::holding(capabilities(), plan("190", "210"));
    let (stop, target) = (scene.rests(Purpose::Stop)[0], scene.rests(Purpose::Target)[0]);
    scene.fills(stop.id, &stop.qty.to_string());
    scene.fills(target.id, &target.qty.to_string());
    scene.after(1);
    let exits = scene.made(Purpose::Exit);
    assert_eq!((exits.len(), exits[0].side, exits[0].qty), (1, Side::Buy, stop.qty));
    assert_eq!(scene.book.exit_wanted(key("AAPL")).map(|exit| exit.code), Some(of("overfilled")));
    scene.fills(exits[0].id, &exits[0].qty.to_string());
    scene.after(1);
    assert!(scene.held_of(key("AAPL")).is_flat() && scene.book.positions().len() == 0);
}

/// One share of which the exit is refused, at a price below what an order is taken for.
fn dust() -> Scene {
    let mut setup = setup(binding());
    let rows = setup.catalog.iter().map(|(_, row)| {
        let mut row = row.clone();
        row.notional_min = of("10");
        row
    });
    setup.catalog = std::sync::Arc::new(broker_api::Catalog::new(rows.collect()).expect("the same three"));
    let mut scene = Scene::with(setup);
    scene.after(0);
    scene.enters("in", plan("190", ""));
    let entry = scene.made(Purpose::Entry)[0];
    scene.fills(entry.id, "1");
    scene.ends(entry.id, End::Cancelled);
    scene.after(1);
    scene.bid = "5".into();
    scene.refuses = vec![Purpose::Exit];
    scene
}

// What was left was below the minimum and could not be sold: freqtrade/freqtrade#2011.
#[test]
fn what_is_too_little_for_an_order_is_closed_by_the_venue_and_belongs_to_the_trade() {
    let mut scene = dust();
    scene.leaves("out");
    scene.after(61);
    scene.after(61);
    assert_eq!(scene.closes, [key("AAPL")]);
    scene.after(1);
    let trade = scene.book.trades().next().expect("closed");
    assert_eq!((trade.exit_code, trade.position.outside), (Some(of("dust")), None));
    assert_eq!((scene.diverged(), scene.book.totals().losses), (None, 1));
}

#[test]
fn a_venue_is_not_asked_to_close_what_is_too_little_where_it_holds_more_than_is_ours() {
    let mut scene = dust();
    scene.trades("by-hand", key("AAPL"), Side::Buy, "3");
    scene.leaves("out");
    scene.after(61);
    scene.after(61);
    assert_eq!((scene.closes.as_slice(), scene.held_of(key("AAPL"))), ([].as_slice(), of("4")));
}

#[test]
fn a_stop_follows_the_price_by_the_desk_and_never_goes_back() {
    let follows = Protection { trail: Some(of("10")), ..plan("190", "") };
    let no_trailing: Vec<KindName> =
        KindName::ALL.into_iter().filter(|kind| *kind != KindName::TrailingStop).collect();
    let mut scene = Scene::holding(Capabilities { kinds: no_trailing, ..capabilities() }, follows);
    let resting = |scene: &Scene| scene.rests(Purpose::Stop).iter().filter_map(trigger).collect::<Vec<_>>();
    assert_eq!(resting(&scene), [of("190")]);
    scene.moves("202");
    assert_eq!(resting(&scene), [of("190")], "a quarter of the distance is a step, and less is none");
    scene.moves("206");
    scene.after(6);
    assert_eq!(resting(&scene), [of("196")]);
    scene.moves("198");
    scene.after(6);
    assert_eq!(resting(&scene), [of("196")], "it stays when the price comes back");
}

#[test]
fn a_stop_that_the_venue_moves_is_left_to_it_and_does_not_begin_anew_further_away() {
    let follows = Protection { trail: Some(of("10")), ..plan("190", "") };
    let mut scene = Scene::holding(capabilities(), follows);
    let distance = intent::TrailingStop { distance: of("10") };
    assert_eq!(scene.rests(Purpose::Stop)[0].order, OrderKind::TrailingStop(distance));
    scene.moves("206");
    scene.after(6);
    scene.moves("199");
    scene.after(6);
    assert_eq!(scene.made(Purpose::Stop).len(), 1, "it follows there");
    // A part is sold by hand: what is placed anew is not where a new trail would begin.
    scene.trades("by-hand", key("AAPL"), Side::Sell, "1");
    scene.after(6);
    scene.after(6);
    let stops = scene.rests(Purpose::Stop);
    assert_eq!((stops.len(), trigger(&stops[0])), (1, Some(of("196"))));
}

// A split left the stop at the old price, and the position was sold at the open: freqtrade and others tell of it for coins.
#[test]
fn after_a_split_the_stop_is_of_the_new_units_at_the_new_price() {
    let mut scene = Scene::holding(capabilities(), plan("190", "210"));
    let (stop, target) = (scene.rests(Purpose::Stop)[0], scene.rests(Purpose::Target)[0]);
    let held = scene.held_of(key("AAPL"));
    let units = held.size().to_string();
    scene.held[0].1 = held.moved(held).expect("small");
    scene.tells(&VenueEvent::NonTrade(NonTrade {
        id: of("n1"),
        kind: NonTradeKind::Split,
        key: Some(key("AAPL")),
        units: of(&units),
        money: of::<broker_api::Amount>("0").of(of("USD")),
        becomes: None,
        at: scene.now(),
    }));
    scene.ends(stop.id, End::Cancelled);
    scene.ends(target.id, End::Cancelled);
    scene.bid = "100".into();
    scene.after(6);
    scene.after(6);
    let stops = scene.rests(Purpose::Stop);
    assert_eq!((stops.len(), trigger(&stops[0])), (1, Some(of("95"))));
    assert_eq!(stops[0].qty.to_string(), scene.held_of(key("AAPL")).size().to_string());
    assert_eq!(scene.diverged(), None);
    assert_eq!(scene.book.position(key("AAPL")).expect("held").key.venue, venue());
}

#[test]
fn a_stop_that_is_refused_once_and_rested_since_is_not_held_against_the_next() {
    let mut scene = Scene::new(capabilities());
    scene.after(0);
    scene.refuses = vec![Purpose::Stop];
    scene.enters("in", plan("190", ""));
    let entry = scene.made(Purpose::Entry)[0];
    scene.fills(entry.id, &entry.qty.to_string());
    scene.after(1);
    scene.refuses.clear();
    scene.after(6);
    let stop = scene.rests(Purpose::Stop)[0];
    scene.after(300);
    // The session ends, and with it the stop; the next one is refused once again.
    scene.refuses = vec![Purpose::Stop];
    scene.ends(stop.id, End::Expired);
    scene.after(1);
    scene.refuses.clear();
    scene.after(6);
    assert_eq!((scene.rests(Purpose::Stop).len(), scene.made(Purpose::Exit).len()), (1, 0));
}

#[test]
fn a_stop_that_is_refused_twice_ends_the_position_within_its_bound() {
    let mut scene = Scene::new(capabilities());
    scene.after(0);
    scene.refuses = vec![Purpose::Stop];
    scene.enters("in", plan("190", ""));
    let entry = scene.made(Purpose::Entry)[0];
    scene.fills(entry.id, "3");
    scene.after(1);
    assert!(scene.rests(Purpose::Entry).is_empty(), "what is left of the entry goes with the first refusal");
    scene.after(6);
    assert_eq!((scene.made(Purpose::Exit).len(), scene.made(Purpose::Exit)[0].qty), (1, of("3")));
}

#[test]
fn a_stop_that_no_venue_keeps_is_watched_where_a_person_allows_it_and_denied_elsewhere() {
    let kinds = vec![KindName::Market, KindName::Limit];
    let can = Capabilities { kinds, ..capabilities() };
    let mut scene = Scene::new(can.clone());
    scene.after(0);
    scene.enters("in", plan("190", ""));
    assert_eq!(scene.ended("in"), Some((broker_api::Ending::Denied, Some(of("stop_needs_daemon")))));
    let mut setup = setup(can);
    setup.policy.watched_stops = vec![of("AAPL")];
    let mut scene = Scene::with(setup);
    scene.after(0);
    scene.enters("in", plan("190", ""));
    let entry = scene.made(Purpose::Entry)[0];
    scene.fills(entry.id, &entry.qty.to_string());
    scene.after(1);
    scene.after(60);
    assert_eq!((scene.made(Purpose::Stop).len(), scene.made(Purpose::Exit).len()), (0, 0));
    scene.moves("189.90");
    assert_eq!(scene.made(Purpose::Exit).len(), 1);
    assert_eq!(scene.book.exit_wanted(key("AAPL")).map(|exit| exit.code), Some(of("stop")));
}
