//! Each failure of order flow, from the records that tell of it.

use broker_api::{
    AccountRef, Amount, Code, Cursor, Direction, ExecutionId, Fill, Finding, Intent, Key, Marks, OrderKind,
    Proof, Protection, Purpose, Ratio, Reason, Signal, SizeWanted, TimeInForce, Wanted,
};
use state::encode::digest;

use super::*;

const BOUND: TimeDelta = TimeDelta::seconds(30);

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

fn key() -> Key {
    Key { venue: of("alpaca"), symbol: of("AAPL") }
}

/// Ten shares bought by a signal, without a stop.
fn intent(id: &str, signal: &str) -> Intent {
    Intent {
        id: of(id),
        key: key(),
        signal: Some(of(signal)),
        purpose: Purpose::Entry,
        side: broker_api::Side::Buy,
        qty: of("10"),
        order: OrderKind::MARKET,
        tif: TimeInForce::Gtc,
        reduce_only: false,
        bracket: false,
        plan: Protection { stop: None, target: None, trail: None },
        reference: of("100"),
        risk: None,
    }
}

fn fill(order: &str, name: &str, qty: &str) -> Fill {
    Fill {
        execution: ExecutionId::new(name).unwrap(),
        order: of(order),
        key: key(),
        side: broker_api::Side::Buy,
        qty: of(qty),
        price: of("100"),
        fee: Amount::ZERO.of(of("USD")),
        kept: broker_api::Qty::ZERO,
        rate: Ratio::ONE,
        at: of("2026-10-05T14:40:02Z"),
        model: None,
    }
}

fn signal(id: &str) -> Record {
    let plan = Protection { stop: None, target: None, trail: None };
    let signal = Signal {
        id: of(id),
        strategy: of("trend-a"),
        symbol: of("AAPL"),
        decision_price: None,
        bar_close: None,
        decided_at: of("2026-10-05T14:39:00Z"),
        expires_at: of("2026-10-05T20:00:00Z"),
        wanted: Wanted::Enter { side: Direction::Long, size: SizeWanted::Configured, plan },
    };
    Record::SignalTaken { signal, digest: digest(id.as_bytes()) }
}

fn intended(id: &str, signal: &str) -> Record {
    let (mark, send_by) = (Cursor::new("0").unwrap(), of("2026-10-05T14:45:00Z"));
    Record::Intended { intent: intent(id, signal), mark, send_by, marks: Marks::default() }
}

fn accepted(id: &str) -> Record {
    Record::Answered { order: of(id), attempt: 1, answer: SubmitOutcome::Accepted { venue_order: None } }
}

/// What the one day of these records failed by, a second between each two of them.
#[track_caller]
fn failures(records: Vec<Record>) -> Vec<String> {
    let of_practice =
        AccountRef { venue: key().venue, account: of("P1"), mode: Mode::Practice, currency: of("USD") };
    let bound =
        Record::VenueBound { of: of_practice, equity: of("100000"), cursor: Cursor::new("0").unwrap() };
    let started = Record::Started { life: 1, version: "0".into(), limits: digest(b"limits") };
    let mut week = Week { bound: BOUND, ..Week::default() };
    let mut at: Time = of("2026-10-05T14:40:00Z");
    for (seq, record) in (1..).zip([bound, started].into_iter().chain(records)) {
        week.take(&Stamped { seq, at, record }).unwrap();
        at += TimeDelta::seconds(1);
    }
    let facts = week.ended();
    assert_eq!(facts.days.len(), 1, "{:?}", facts.days);
    facts.days[0].failures.clone()
}

const ONE: &str = "tw1test-e1";
const TWO: &str = "tw1test-e2";

fn filled(name: &str, qty: &str) -> Record {
    Record::Filled { fill: fill(ONE, name, qty) }
}

#[test]
fn orders_that_go_as_they_should_are_no_failure() {
    let found = failures(vec![
        signal("one"),
        intended(ONE, "one"),
        accepted(ONE),
        filled("a", "4"),
        filled("b", "6"),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn more_filled_than_was_asked_for_is_one_failure_of_its_order() {
    let begun = || vec![signal("one"), intended(ONE, "one"), accepted(ONE), filled("a", "10")];
    let mut records = begun();
    records.extend([filled("b", "1"), filled("c", "1")]);
    let found = failures(records);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0], format!("record 7: order {ONE} was filled beyond what was asked for"));
    // A correction can do it too.
    let mut records = begun();
    records.push(Record::Corrected { fill: fill(ONE, "a", "11") });
    let found = failures(records);
    assert!(found.len() == 1 && found[0].contains("filled beyond"), "{found:?}");
}

#[test]
fn an_order_that_is_given_up_is_a_failure() {
    let unknown = Record::Answered {
        order: of(ONE),
        attempt: 1,
        answer: SubmitOutcome::Unknown { why: "no answer".into() },
    };
    let proof = Proof::CompleteLog { from: Cursor::new("0").unwrap(), to: Cursor::new("1").unwrap() };
    let absent = Record::AskAnswered { order: of(ONE), finding: Some(Finding::Absent { proof }) };
    let reason = Reason::plain(Code::fixed("expired"), "its time passed".to_owned());
    let found = failures(vec![
        signal("one"),
        intended(ONE, "one"),
        unknown,
        Record::AskStarted { order: of(ONE) },
        absent,
        Record::GaveUp { order: of(ONE), reason },
    ]);
    assert_eq!(found, [format!("record 8: order {ONE} never arrived, and was given up: its time passed")]);
}

#[test]
fn a_second_entry_of_one_signal_is_a_failure_once_it_has_left() {
    let found = failures(vec![
        signal("one"),
        intended(ONE, "one"),
        accepted(ONE),
        filled("a", "10"),
        intended(TWO, "one"),
        accepted(TWO),
    ]);
    assert_eq!(found, ["record 7: the signal one entered a second time"]);
    // One that provably did not leave is none.
    let unsent = Record::Answered {
        order: of(TWO),
        attempt: 1,
        answer: SubmitOutcome::NotSent { why: "no line".into() },
    };
    let found = failures(vec![
        signal("one"),
        intended(ONE, "one"),
        accepted(ONE),
        filled("a", "10"),
        intended(TWO, "one"),
        unsent,
    ]);
    assert_eq!(found, [""; 0]);
}
