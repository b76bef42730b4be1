//! What people allow: limits by their versions, arming for real money, gates; and what the fold refuses of it.

use broker_api::arming::{
    BROKER_PAPER, Disarmed, GateOverridden, GatePassed, LimitsConfirmed, LimitsSet, PAPER,
};
use broker_api::{Armed, By, Figures, Gate, Level, Reason};

use super::*;

fn of(mode: Mode, account: &str) -> AccountRef {
    AccountRef {
        venue: VenueId::new("alpaca").unwrap(),
        account: AccountId::new(account).unwrap(),
        mode,
        currency: usd(),
    }
}

fn binds(of: AccountRef) -> Record {
    Record::VenueBound { of, equity: "1000".parse().unwrap(), cursor: cursor() }
}

fn figures(positions: &str) -> Figures {
    [("positions_max".into(), positions.into())].into()
}

fn limits(version: u32, positions: &str) -> Record {
    Record::LimitsSet(LimitsSet { version, figures: figures(positions) })
}

fn confirms(key: &str, figure: &str, from: i64) -> Record {
    let figures = [(key.into(), figure.into())].into();
    Record::LimitsConfirmed(LimitsConfirmed {
        figures,
        from: at(from),
        name: "ann".into(),
        reason: "more".into(),
    })
}

fn arms(of: AccountRef, until: i64, limits: u32) -> Record {
    Record::Armed(Armed {
        of,
        until: at(until),
        limits,
        drilled: None,
        name: "ann".into(),
        reason: "to begin".into(),
    })
}

fn overrides() -> Record {
    Record::GateOverridden(GateOverridden { gate: BROKER_PAPER, name: "ann".into(), reason: "seen".into() })
}

fn disarms() -> Record {
    let reason = Reason::plain(Code::fixed("test"), "over");
    Record::Disarmed(Disarmed { by: By::Guard, reason })
}

fn level(level: Level) -> Record {
    let by = By::Operator { name: "ann".into() };
    Record::LevelSet { level, by, reason: Reason::plain(Code::fixed("test"), "so"), until: None }
}

/// A book of an account of real money, with limits, a gate that was overridden, and nothing armed.
fn ready() -> Book {
    let mut book = Book::default();
    for record in [binds(of(Mode::Live, "L1")), limits(1, "10"), overrides()] {
        book.apply(&record, at(0)).unwrap();
    }
    book
}

#[track_caller]
fn refused(book: &Book, record: &Record, now: i64, why: &str) {
    let mut after = book.clone();
    let illegal = after.apply(record, at(now)).unwrap_err();
    assert!(illegal.to_string().contains(why), "{illegal}");
    assert_eq!(after, *book, "it leaves no trace");
}

#[test]
fn versions_of_limits_follow_one_another() {
    let mut book = Book::default();
    refused(&book, &limits(2, "10"), 0, "version 2 of the limits does not follow version 0");
    book.apply(&limits(1, "10"), at(1)).unwrap();
    for version in [0, 1, 3] {
        refused(&book, &limits(version, "11"), 2, "does not follow version 1");
    }
    refused(&book, &Record::LimitsSet(LimitsSet { version: 2, figures: Figures::new() }), 2, "none");
    book.apply(&limits(2, "11"), at(2)).unwrap();
    let known = book.guard().limits.clone().unwrap();
    assert_eq!((known.version, known.since, known.figures), (2, at(2), figures("11")));
}

#[test]
fn what_was_confirmed_is_kept_until_its_time_and_used_up_once() {
    let mut book = Book::default();
    refused(&book, &confirms("positions_max", "30", 9), 0, "no limits are in force yet");
    book.apply(&limits(1, "10"), at(0)).unwrap();
    refused(&book, &confirms("other", "30", 9), 1, "other is no limit");
    refused(&book, &confirms("positions_max", "30", 1), 1, "a time to come");
    book.apply(&confirms("positions_max", "30", 9), at(1)).unwrap();
    book.apply(&limits(2, "12"), at(8)).unwrap();
    assert!(book.guard().confirmed.is_some(), "its time has not come");
    book.apply(&limits(3, "30"), at(9)).unwrap();
    assert_eq!(book.guard().confirmed, None);
}

#[test]
fn an_account_is_armed_only_as_it_is_bound_with_what_is_in_force_and_through_the_gate() {
    let book = ready();
    let (ours, hour) = (of(Mode::Live, "L1"), 3_600);
    refused(&book, &arms(of(Mode::Live, "L2"), hour, 1), 0, "not bound to account L2");
    refused(&book, &arms(of(Mode::Practice, "L1"), hour, 1), 0, "not bound");
    refused(&book, &arms(ours, 0, 1), 0, "a time to come");
    refused(&book, &arms(ours, 30 * 24 * hour + 1, 1), 0, "30 days at most");
    refused(&book, &arms(ours, hour, 2), 0, "version 2 of the limits is not in force");
    refused(&book, &disarms(), 0, "nothing is armed");
    let mut paused = book.clone();
    paused.apply(&level(Level::Paused), at(0)).unwrap();
    refused(&paused, &arms(ours, hour, 1), 1, "the level is paused");
    let mut practice = Book::default();
    practice.apply(&binds(of(Mode::Practice, "P1")), at(0)).unwrap();
    practice.apply(&limits(1, "10"), at(0)).unwrap();
    practice.apply(&overrides(), at(0)).unwrap();
    refused(&practice, &arms(of(Mode::Practice, "P1"), hour, 1), 0, "no real money");
    let mut shut = Book::default();
    shut.apply(&binds(ours), at(0)).unwrap();
    refused(&shut, &arms(ours, hour, 0), 0, "limits");
    shut.apply(&limits(1, "10"), at(0)).unwrap();
    refused(&shut, &arms(ours, hour, 1), 0, "the gate broker_paper was not passed");
    let mut armed = book;
    armed.apply(&arms(ours, 30 * 24 * hour, 1), at(0)).unwrap();
    assert_eq!(armed.guard().may_enter(&ours, at(hour)), Ok(()));
    assert!(armed.guard().may_enter(&ours, at(30 * 24 * hour)).is_err(), "its time is up");
    assert!(armed.guard().may_enter(&of(Mode::Live, "L2"), at(hour)).is_err(), "it is another account");
    armed.apply(&limits(2, "9"), at(1)).unwrap();
    assert!(armed.guard().may_enter(&ours, at(hour)).is_err(), "the limits are others");
    armed.apply(&disarms(), at(2)).unwrap();
    assert_eq!(armed.guard().armed, None);
}

fn passes(gate: Code) -> Record {
    let certificate = crate::encode::digest(b"a week");
    Record::GatePassed(GatePassed { gate, certificate, name: "ana".into(), reason: "all met".into() })
}

#[test]
fn what_is_tried_without_real_money_is_not_passed_with_it() {
    refused(&ready(), &passes(PAPER), 1, "not passed with real money");
    let mut practice = Book::default();
    practice.apply(&binds(of(Mode::Practice, "P1")), at(0)).unwrap();
    practice.apply(&passes(PAPER), at(1)).unwrap();
    assert!(matches!(practice.guard().gates[&PAPER], Gate::Passed { .. }));
}

/// A record of an older program names nobody, and is written again as it was.
#[test]
fn a_gate_that_nobody_named_is_read_and_written_as_before() {
    let old = format!(r#"{{"gate":"paper","certificate":"{}"}}"#, "a".repeat(64));
    let read: GatePassed = serde_json::from_str(&old).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
}

#[test]
fn a_gate_that_was_passed_is_not_overridden_and_one_that_was_overridden_is_passed() {
    let mut book = ready();
    assert!(matches!(book.guard().gates[&BROKER_PAPER], Gate::Overridden { .. }));
    let certificate = crate::encode::digest(b"a week");
    book.apply(&passes(BROKER_PAPER), at(1)).unwrap();
    assert_eq!(book.guard().gates[&BROKER_PAPER], Gate::Passed { at: at(1), certificate });
    refused(&book, &overrides(), 2, "nothing to override");
}

#[test]
fn real_money_and_practice_never_share_a_book() {
    let mut book = Book::default();
    book.apply(&binds(of(Mode::Live, "L1")), at(0)).unwrap();
    let other = AccountRef { venue: VenueId::new("paper").unwrap(), ..of(Mode::Paper, "P1") };
    refused(&book, &binds(other), 1, "never share a book");
    let mut book = Book::default();
    book.apply(&binds(other), at(0)).unwrap();
    refused(&book, &binds(of(Mode::Live, "L1")), 1, "never share a book");
}

/// A file of an older program has none of it, and what is written without it looks as it did.
#[test]
fn a_guard_without_all_of_this_is_read_and_written_as_before() {
    let text = serde_json::to_string(Book::default().guard()).unwrap();
    for key in ["limits", "confirmed", "armed", "gates"] {
        assert!(!text.contains(&format!("\"{key}\"")), "{text}");
    }
    let read: broker_api::GuardState = serde_json::from_str(&text).unwrap();
    assert_eq!(read, *Book::default().guard());
}
