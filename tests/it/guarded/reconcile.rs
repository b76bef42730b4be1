//! Book and venue: what differs, what others do, and what a person makes of it.

use broker_api::{Ending, OpenOrder, Protection, Purpose, Qty, Record, Repair, Side, VenueOrder};

use chrono::TimeDelta;

use super::Scene;
use crate::world::{capabilities, key, of, plan};

fn holding() -> Scene {
    Scene::holding(capabilities(), plan("190", ""))
}

// A failed position query was read as flat, and the position was opened again: nautechsystems/nautilus_trader#3023.
#[test]
fn lists_that_cannot_be_read_change_nothing_and_let_no_entry_through() {
    let mut scene = Scene::new(capabilities());
    scene.is_listed = false;
    scene.after(0);
    scene.enters("in", plan("190", ""));
    assert_eq!((scene.sent.len(), scene.ended("in")), (0, None), "it waits");
    scene.is_listed = true;
    scene.after(5);
    assert_eq!(scene.made(Purpose::Entry).len(), 1);
    let entry = scene.made(Purpose::Entry)[0];
    scene.fills(entry.id, &entry.qty.to_string());
    scene.after(1);
    scene.restarts();
    scene.is_listed = false;
    scene.after(120);
    assert_eq!(
        (scene.diverged(), scene.book.positions().len(), scene.made(Purpose::Exit).len()),
        (None, 1, 0)
    );
}

#[test]
fn a_difference_is_looked_at_twice_and_then_entries_stop_there_and_nothing_is_sold() {
    let mut scene = holding();
    scene.after(60);
    let held = scene.held_of(key("AAPL"));
    scene.held[0].1 = of("3");
    scene.after(1);
    assert_eq!(scene.diverged(), None, "a list may be behind");
    scene.held[0].1 = held;
    scene.after(10);
    scene.held[0].1 = of("3");
    scene.after(10);
    assert_eq!(scene.diverged(), None, "it was right in between");
    scene.after(5);
    assert_eq!(scene.diverged().as_deref(), Some("position_differs"));
    let before = scene.records.len();
    scene.after(60);
    scene.after(60);
    let again = scene.records[before..].iter().filter(|record| matches!(record, Record::Diverged { .. }));
    assert_eq!(again.count(), 0, "said once");
    assert_eq!(
        (scene.book.held(key("AAPL")), scene.rests(Purpose::Stop).len(), scene.made(Purpose::Exit).len()),
        (held, 1, 0)
    );
    // What is closed is no more than both hold.
    scene.leaves("out");
    scene.after(5);
    assert_eq!(scene.made(Purpose::Exit)[0].qty, of("3"));
}

// Positions that were closed by hand stayed open in memory all session: nautechsystems/nautilus_trader#3655.
#[test]
fn a_sale_by_hand_makes_our_position_smaller_and_its_stop_with_it() {
    let mut scene = holding();
    let held = scene.held_of(key("AAPL")).size();
    scene.trades("by-hand", key("AAPL"), Side::Sell, "2");
    scene.after(1);
    scene.after(6);
    let left = held.minus(of("2")).expect("more than two");
    assert_eq!((scene.rests(Purpose::Stop).len(), scene.rests(Purpose::Stop)[0].qty), (1, left));
    assert_eq!(scene.diverged().as_deref(), Some("outside_trade"));
    scene.trades("by-hand", key("AAPL"), Side::Sell, &left.to_string());
    scene.after(1);
    scene.after(6);
    assert_eq!(
        (scene.book.positions().len(), scene.live.len()),
        (0, 0),
        "no stop is left that would open the other way"
    );
    assert_eq!(
        (scene.book.totals().outside, scene.book.totals().losses, scene.book.guard().losses_in_row),
        (1, 0, 0)
    );
    scene.enters("again", plan("190", ""));
    assert_eq!(scene.ended("again"), Some((Ending::Denied, Some(of("diverged")))));
    scene.repairs(Repair::TrustBroker, Protection::default());
    scene.after(61);
    scene.enters("after", plan("190", ""));
    assert_eq!(scene.made(Purpose::Entry).len(), 2, "a person has looked");
}

// A forced liquidation was not booked: QuantConnect/Lean#5839.
#[test]
fn what_the_broker_liquidates_is_booked_as_not_ours() {
    let mut scene = holding();
    let (stop, held) = (scene.rests(Purpose::Stop)[0], scene.held_of(key("AAPL")).size());
    scene.ends(stop.id, broker_api::End::Cancelled);
    scene.trades("7d2f", key("AAPL"), Side::Sell, &held.to_string());
    scene.after(1);
    scene.after(6);
    assert_eq!((scene.book.positions().len(), scene.live.len(), scene.made(Purpose::Exit).len()), (0, 0, 0));
    let trade = scene.book.trades().next().expect("closed");
    assert_eq!(
        (trade.exit_code, trade.position.outside),
        (Some(of("outside_trade")), Some(of("outside_trade")))
    );
}

// A manual trade once ended the run, and is now ignored: QuantConnect/Lean#2916.
#[test]
fn what_a_person_buys_beside_us_is_theirs_until_they_say_otherwise() {
    let mut scene = holding();
    let ours = scene.book.held(key("AAPL"));
    scene.trades("by-hand", key("AAPL"), Side::Buy, "4");
    scene.after(1);
    assert_eq!(
        (scene.book.held(key("AAPL")), scene.book.outside(key("AAPL")).map(|row| row.held)),
        (ours, Some(of("4")))
    );
    assert_eq!(scene.diverged().as_deref(), Some("outside_trade"));
    for _ in 0..3 {
        scene.after(60);
    }
    assert_eq!(scene.diverged().as_deref(), Some("outside_trade"), "the lists agree with that");
    scene.repairs(Repair::Adopt, plan("195", ""));
    scene.after(6);
    let stop = scene.rests(Purpose::Stop)[0];
    assert_eq!(
        (stop.qty.to_string(), stop.order.prices()[1]),
        (scene.held_of(key("AAPL")).size().to_string(), Some(of("195")))
    );
    assert_eq!((scene.diverged(), scene.book.outside(key("AAPL"))), (None, None));
}

#[test]
fn what_is_closed_by_a_repair_is_flat_at_the_venue() {
    let mut scene = Scene::new(capabilities());
    scene.after(0);
    scene.trades("by-hand", key("AAPL"), Side::Buy, "4");
    scene.after(1);
    scene.repairs(Repair::Close, Protection::default());
    let exits = scene.made(Purpose::Exit);
    assert_eq!((exits.len(), exits[0].qty), (1, of("4")));
    scene.fills(exits[0].id, "4");
    scene.after(1);
    assert!(scene.held_of(key("AAPL")).is_flat() && scene.book.positions().len() == 0);
    assert_eq!((scene.diverged(), scene.book.totals().outside), (None, 1));
}

fn of_others(name: &str) -> OpenOrder {
    OpenOrder {
        id: Some(of(name)),
        parent: None,
        key: key("AAPL"),
        side: Side::Buy,
        qty: of("1"),
        kind: None,
        order: VenueOrder { venue_order: None, end: None, filled: Qty::ZERO },
    }
}

// Orders that somebody else had placed could never be cancelled, and blocked trading:
// QuantConnect/Lean.Brokerages.InteractiveBrokers#232.
#[test]
fn what_was_left_alone_for_a_time_is_forgotten_once_it_is_gone_and_said_once_it_is_not() {
    for (there, beside, differs) in [("0", None, None), ("3", Some(of("3")), Some("position_differs"))] {
        let mut scene = Scene::new(capabilities());
        scene.after(0);
        scene.held.push((key("AAPL"), of("3")));
        scene.after(61);
        scene.after(6);
        assert_eq!(scene.diverged().as_deref(), Some("position_differs"));
        let until = scene.now() + TimeDelta::minutes(5);
        scene.repairs_until(Repair::Ignore, Protection::default(), Some(until));
        scene.after(61);
        assert_eq!(scene.book.outside(key("AAPL")).map(|row| row.held), Some(of("3")));
        scene.held[0].1 = of(there);
        scene.after(301);
        scene.after(61);
        let told = scene.book.outside(key("AAPL")).map(|row| row.held);
        assert_eq!((told, scene.diverged().as_deref()), (beside, differs));
    }
}

#[test]
fn an_order_of_somebody_else_stops_entries_until_it_is_left_alone_by_name() {
    let mut scene = Scene::new(capabilities());
    scene.after(0);
    scene.others.push(of_others("by-hand"));
    scene.after(1);
    scene.after(6);
    assert_eq!(scene.diverged().as_deref(), Some("order_of_others"));
    scene.repairs(Repair::Ignore, Protection::default());
    for _ in 0..3 {
        scene.after(60);
    }
    assert_eq!(scene.diverged(), None, "it is left alone");
    scene.enters("in", plan("190", ""));
    assert_eq!(scene.made(Purpose::Entry).len(), 1);
}

// Two copies of a program on one account: the second one's orders were nobody's: Drakkar-Software/OctoBot#1333.
#[test]
fn an_order_with_a_name_of_ours_that_we_do_not_know_is_never_left_alone() {
    let mut scene = Scene::new(capabilities());
    scene.after(0);
    scene.others.push(of_others("tw1copied-e1"));
    scene.after(1);
    scene.after(6);
    assert_eq!(scene.diverged().as_deref(), Some("order_unknown"));
    scene.repairs(Repair::Ignore, Protection::default());
    scene.after(60);
    scene.after(6);
    assert_eq!(scene.diverged().as_deref(), Some("order_unknown"));
}

// A fill at the venue was never delivered: nautechsystems/nautilus_trader#3869.
#[test]
fn an_order_that_the_venue_does_not_list_is_asked_about() {
    let mut scene = holding();
    let stop = scene.rests(Purpose::Stop)[0];
    scene.live.clear();
    scene.after(30);
    let asked = scene
        .records
        .iter()
        .any(|record| matches!(record, Record::AskStarted { order } if *order == stop.id));
    assert!(asked);
}

// The account held something before: none of it is ours, and our own entry has its own stop.
#[test]
fn after_a_restart_book_and_venue_are_compared_before_anything_enters() {
    let mut scene = holding();
    scene.held[0].1 = of("0");
    scene.live.clear();
    scene.restarts();
    scene.after(60);
    scene.enters("other", plan("190", ""));
    assert_eq!(scene.made(Purpose::Entry).len(), 1, "nothing more enters");
    scene.after(6);
    scene.after(6);
    assert_eq!(scene.diverged().as_deref(), Some("position_differs"));
    assert_eq!(scene.made(Purpose::Exit).len(), 0, "nothing is sold that is not there");
}
