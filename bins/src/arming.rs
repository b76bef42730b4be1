//! Whether real money may be traded, and everything it lacks.

use broker_api::arming::BROKER_PAPER;
use broker_api::{AccountRef, Gate, Level, Mode, Time};
use engine::{Limits, unclear};
use serde_json::{Value, json};
use state::Book;

use crate::config::faults::Origin;
use crate::figures;
use crate::limits::{self, Force};
use crate::place::Place;

/// The account of real money that a book is bound to.
pub fn live(book: &Book) -> Option<AccountRef> {
    book.venues().map(|venue| venue.of).find(|of| of.mode == Mode::Live)
}

/// Whether a book is of real money and takes no entries now.
pub fn is_unarmed(book: &Book, now: Time) -> bool {
    live(book).is_some_and(|of| book.guard().may_enter(&of, now).is_err())
}

/// How things stand with real money, a line each; nothing for a book that has none and no gate.
pub fn lines(place: &Place, book: &Book, now: Time) -> String {
    let mut text = String::new();
    let guard = book.guard();
    if let Some(of) = live(book) {
        let line = match guard.may_enter(&of, now) {
            Ok(()) => guard.armed.as_ref().map_or_else(String::new, |armed| {
                let (until, left) = (figures::minute(armed.until), figures::span(armed.until - now));
                let (limits, name, reason) = (armed.limits, &armed.name, &armed.reason);
                format!("ARMED until {until} (for {left}), limits version {limits}, by {name}: {reason}")
            }),
            Err(why) => {
                let lacks = lacks(place, book, false, now);
                let lacks =
                    if lacks.is_empty() { String::new() } else { format!("; missing: {}", lacks.join("; ")) };
                format!(
                    "NOT ARMED: entries are denied, exits and stops go on; {why}{lacks}   -> tradewind arm"
                )
            }
        };
        text.push_str(&format!("live       {line}\n"));
    }
    for (gate, how) in &guard.gates {
        let line = match how {
            Gate::Overridden { at, name, reason } => {
                format!("OVERRIDDEN by {name} since {}: {reason}", figures::minute(*at))
            }
            Gate::Passed { at, certificate } => {
                format!("passed on {} (certificate {})", figures::minute(*at), &certificate.as_str()[..12])
            }
        };
        text.push_str(&format!("gate       {gate} {line}\n"));
    }
    text
}

/// The same for programs.
pub fn json(book: &Book, now: Time) -> Value {
    let guard = book.guard();
    let of = live(book);
    json!({
        "live": of.is_some(),
        "armed": of.is_some_and(|of| guard.may_enter(&of, now).is_ok()),
        "why_not": of.and_then(|of| guard.may_enter(&of, now).err()).map(|why| why.to_string()),
        "until": guard.armed.as_ref().map(|armed| armed.until),
        "limits_version": guard.armed.as_ref().map(|armed| armed.limits),
        "by": guard.armed.as_ref().map(|armed| &armed.name),
        "reason": guard.armed.as_ref().map(|armed| &armed.reason),
        "gates": guard.gates,
    })
}

/// What arming lacks by configuration and book alone, a sentence each. `is_through`: a person shows that
/// the gate was passed, or goes through it.
pub fn lacks(place: &Place, book: &Book, is_through: bool, now: Time) -> Vec<String> {
    let mut lacks = of_configuration(place);
    if !is_through && !book.guard().gates.contains_key(&BROKER_PAPER) {
        lacks.push(format!(
            "the gate {BROKER_PAPER} was not passed; show its evaluation, --gate FILE, or go through it with your reason, --override-gate TEXT"
        ));
    }
    lacks.extend(of_book(&place.loaded.config.limits, book, now));
    if place.files.halt.exists() {
        lacks.push("the halt file lies there: tradewind resume --why TEXT".to_owned());
    }
    lacks
}

/// What the configuration lacks.
fn of_configuration(place: &Place) -> Vec<String> {
    let loaded = &place.loaded;
    let mut lacks = Vec::new();
    let is_file = |path: &str| matches!(loaded.origin(path), Origin::File { .. });
    let mode = loaded.config.venue.mode;
    if place.is_paper() {
        lacks.push("venue.broker is \"paper\", whose account is one of no real money".to_owned());
    } else if mode != Mode::Live {
        lacks.push(format!(
            "venue.mode is \"{}\"; write \"live\" into a configuration file",
            mode.to_string().to_lowercase()
        ));
    } else if !is_file("venue.mode") {
        let from = loaded.origin("venue.mode");
        lacks.push(format!("venue.mode = \"live\" comes from {from}; write it into a configuration file"));
    }
    let paths: Vec<String> =
        Limits::paper().lines().iter().map(|line| format!("limits.{}", line.key)).collect();
    let other: Vec<&String> = paths.iter().filter(|path| !is_file(path)).collect();
    match other.as_slice() {
        [] => {}
        [first, rest @ ..] => lacks.push(format!(
            "{first}{} not set by a configuration file, which names all limits",
            if rest.is_empty() { " is".to_owned() } else { format!(" and {} more are", rest.len()) }
        )),
    }
    lacks
}

/// What the book lacks.
fn of_book(wanted: &Limits, book: &Book, now: Time) -> Vec<String> {
    let mut lacks = Vec::new();
    let of = book.venues().map(|venue| venue.of).find(|of| of.mode != Mode::Live);
    if let Some(of) = of {
        lacks.push(format!(
            "this state is of a {} account, {} at {}; paper and live never share a state: name a new one with --state",
            of.mode, of.account, of.venue
        ));
    }
    let guard = book.guard();
    if guard.level != Level::Trading {
        lacks.push(format!("the level is {}, not trading: tradewind resume --why TEXT", guard.level));
    }
    lacks.extend(Force::of(wanted, book, now).pending.iter().map(limits::told));
    let unclear = unclear(book);
    if unclear.diverged > 0 {
        lacks.push("book and broker disagree: tradewind reconcile, tradewind repair".to_owned());
    }
    if unclear.unknown > 0 {
        let orders = figures::counted(unclear.unknown, "order");
        lacks.push(format!("{orders} without a known outcome: tradewind run"));
    }
    if let Some((venue, _)) = book.history_wanted().next() {
        lacks.push(format!("what happened at {venue} is not in the book yet: tradewind run"));
    }
    if book.edit_found().is_some() {
        lacks.push("an edit of the state file was not taken in: tradewind status".to_owned());
    }
    lacks
}
