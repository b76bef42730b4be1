//! What can be told of orders that the book does not know.

use broker_api::{
    AccountId, AccountRef, Amount, Currency, Digest, Direction, End, Fill, Mode, Ratio, Signal, SizeWanted,
    Time, VenueEvent, VenueOrder,
};
use chrono::{DateTime, TimeDelta};

use super::*;

fn n<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn at(second: i64) -> Time {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn key(symbol: &str) -> Key {
    Key { venue: n("paper"), symbol: n(symbol) }
}

fn account() -> AccountId {
    n("P1")
}

/// A book that took one signal, and nothing more.
fn book() -> Book {
    let of = AccountRef { venue: n("paper"), account: account(), mode: Mode::Paper, currency: n("USD") };
    let plan = Protection { stop: Some(n("90")), target: None, trail: None };
    let signal = Signal {
        id: n("s1"),
        strategy: n("trend"),
        symbol: n("AAPL"),
        decision_price: None,
        bar_close: None,
        decided_at: at(0),
        expires_at: at(900),
        wanted: Wanted::Enter { side: Direction::Long, size: SizeWanted::Configured, plan },
    };
    let records = [
        Record::VenueBound { of, equity: n("1000"), cursor: n("0") },
        Record::Started { life: 1, version: "0".into(), limits: n::<Digest>(&"a".repeat(64)) },
        Record::SignalTaken { signal, digest: n(&"b".repeat(64)) },
        Record::HistoryWanted { venue: n("paper"), since: at(0) },
    ];
    let mut book = Book::default();
    for record in records {
        book.apply(&record, at(1)).unwrap();
    }
    book
}

fn fill(order: ClientOrderId, execution: &str, qty: &str) -> VenueEvent {
    VenueEvent::Filled(Fill {
        execution: n(execution),
        order,
        key: key("AAPL"),
        side: Side::Buy,
        qty: n(qty),
        price: n("100"),
        fee: Amount::ZERO.of(n::<Currency>("USD")),
        kept: Qty::ZERO,
        rate: Ratio::ONE,
        at: at(2),
        model: None,
    })
}

fn live(id: ClientOrderId, filled: &str) -> OpenOrder {
    let order = VenueOrder { venue_order: Some(n("7")), end: None, filled: n(filled) };
    let kind = OrderKind::Stop(broker_api::intent::Stop { trigger: n("90") });
    let (key, side, qty) = (key("AAPL"), Side::Sell, n("7"));
    OpenOrder { id: Some(id), parent: None, key, side, qty, kind: Some(kind), order }
}

fn intents(book: &Book, events: &[VenueEvent], open: &[OpenOrder]) -> Vec<Intent> {
    let records = orders(book, n("paper"), events, open);
    let mut folded = book.clone();
    records
        .iter()
        .map(|record| {
            folded.apply(record, at(3)).unwrap();
            let Record::OrderAdopted { intent, .. } = record else { panic!("{record:?}") };
            *intent
        })
        .collect()
}

fn entry() -> ClientOrderId {
    let origin = Origin::Signal { strategy: n("trend"), signal: n("s1") };
    client_order_id(account(), origin, Purpose::Entry, 1)
}

#[test]
fn an_entry_of_a_known_signal_has_its_plan_and_all_that_was_executed() {
    let book = book();
    let found = intents(&book, &[fill(entry(), "x1", "3"), fill(entry(), "x2", "4")], &[]);
    let [intent] = &found[..] else { panic!("{found:?}") };
    assert_eq!((intent.signal, intent.qty, intent.purpose), (Some(n("s1")), n("7"), Purpose::Entry));
    assert_eq!((intent.plan.stop, intent.reduce_only), (Some(n("90")), false));
}

#[test]
fn the_legs_of_what_it_opened_are_known_by_their_names() {
    let book = book();
    let name = |purpose, generation| {
        client_order_id(account(), Origin::Position { key: key("AAPL"), number: 1 }, purpose, generation)
    };
    let (first, second) = (name(Purpose::Stop, 1), name(Purpose::Stop, 2));
    let events = [
        fill(entry(), "x1", "7"),
        VenueEvent::Closed { order: first, end: End::Cancelled, code: n("cancelled"), at: at(2) },
    ];
    let found = intents(&book, &events, &[live(second, "0")]);
    let told: Vec<_> = found.iter().map(|i| (i.id, i.purpose, i.side, i.qty, i.reduce_only)).collect();
    let leg = |id| (id, Purpose::Stop, Side::Sell, n("7"), true);
    assert_eq!(told[1..], [leg(first), leg(second)]);
    // What it rests at is told of what is live, and of nothing else.
    assert_eq!(found[1].order, OrderKind::MARKET);
    assert_eq!(found[2].order.prices(), [None, Some(n("90"))]);
    // Once its entry is booked, the position does not give their names again.
    let mut folded = book;
    for record in orders(&folded, n("paper"), &events, &[live(second, "0")]) {
        folded.apply(&record, at(3)).unwrap();
    }
    let VenueEvent::Filled(fill) = events[0] else { unreachable!() };
    folded.apply(&Record::Filled { fill }, at(4)).unwrap();
    assert_eq!(folded.positions().next().unwrap().legs_made, 2);
}

#[test]
fn what_cannot_be_told_and_what_is_not_ours_is_left_out() {
    let book = book();
    let unknown = n("tw1aaaaaaaaaaaaaaaaaaaa-e1");
    let closed = VenueEvent::Closed { order: unknown, end: End::Cancelled, code: n("cancelled"), at: at(2) };
    assert_eq!(intents(&book, &[fill(n("by-hand"), "x1", "3"), closed], &[live(n("by-hand"), "0")]), []);
    // Its first execution tells, and so does the venue while it is live.
    assert_eq!(intents(&book, &[fill(unknown, "x1", "3"), closed], &[]).len(), 1);
    assert_eq!(intents(&book, &[], &[live(unknown, "0")]).len(), 1);
}
