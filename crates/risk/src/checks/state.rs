//! Limits, level, agreement with the broker, contact.

use broker_api::{Level, Reason, planted};
use chrono::TimeDelta;

use rust_decimal::Decimal;

use super::{AHEAD, Applies, COUNTED, Case, Check, Control, DENIES, Lack, Said, beyond, no, over, within};
use crate::stops::apart;
use crate::view::Stage;

pub(super) const LIMITS: Check = Check {
    number: 1,
    name: "limits",
    what: "the limits are limits",
    keys: &[],
    inputs: "all limits",
    applies: Applies::ENTRIES,
    missing: "nothing can be: a configuration names all limits, or none for those of paper",
    control: Control::CHANGE,
    judge: limits,
};

fn limits(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let Some(key) = case.limits.fault() else { return Ok(Said::Passed) };
    let text =
        format!("{key} is zero, negative, or does not fit the step beside it; correct it under [limits]");
    Ok(Said::denied(Reason { key: Some(key.into()), ..no("bad_limits", text) }))
}

pub(super) const LEVEL: Check = Check {
    number: 2,
    name: "level",
    what: "the level, and no halt file, let entries through; its class, strategy and instrument are not stopped",
    keys: &[],
    inputs: "the level, the halt file, what is stopped",
    applies: Applies::ALL,
    missing: COUNTED,
    control: Control::KILL,
    judge: level,
};

fn level(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let guard = case.view.guard;
    let why = || guard.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", reason.text));
    if !case.is_entry() {
        return Ok(match guard.level {
            Level::Frozen => Said::wait(no("frozen", format!("frozen{}; nothing moves by itself", why()))),
            _ => Said::Passed,
        });
    }
    if case.view.halted {
        return Ok(Said::denied(no(
            "halted",
            "the halt file lies there; `tradewind resume` lets entries through again",
        )));
    }
    if guard.level == Level::Trading || planted!(LevelIgnored) {
        return Ok(stopped(case));
    }
    Ok(Said::denied(beyond(
        "level",
        format!(
            "level {}{}; entries go on after `tradewind resume`, or when a pause ends",
            guard.level,
            why()
        ),
        guard.level.to_string(),
        Level::Trading.to_string(),
    )))
}

/// Whether the part of trading that an entry belongs to is stopped.
fn stopped(case: &Case<'_, '_>) -> Said {
    let strategy = case.view.signal.map(|signal| signal.strategy);
    let stopped = &case.view.guard.stopped;
    let Some(stop) = stopped.iter().find(|stop| stop.scope.covers(case.view.instrument, strategy)) else {
        return Said::Passed;
    };
    if planted!(StopIgnored) {
        return Said::Passed;
    }
    let end = match stop.until {
        Some(until) => format!("they go on by themselves at {until}"),
        None => "a person looks, and lets them go on with `tradewind resume`".to_owned(),
    };
    Said::denied(no(
        "entries_stopped",
        format!("entries of {} are stopped: {}; {end}", stop.scope, stop.reason.text),
    ))
}

pub(super) const RECONCILED: Check = Check {
    number: 4,
    name: "reconciled",
    what: "book and broker agree about the instrument, no order of it is unknown, the account was read a moment ago, and each other one while its last reading counts",
    keys: &["equity_age_seconds"],
    inputs: "what the venue holds, unknown orders, when equity was read; where several brokers are traded, when each account was read, and whether stops rest over all that is held there: the last reading counts for an hour, and for 72 where they do",
    applies: Applies::ENTRIES,
    missing: "the entry is denied; before book and broker were compared it waits",
    control: Control::POST_TRADE,
    judge: reconciled,
};

fn reconciled(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let own = &case.own;
    if own.diverged {
        return Ok(Said::denied(no(
            "diverged",
            format!("book and broker disagree about {}; a person repairs that first", own.key),
        )));
    }
    if own.unknown > 0 {
        let text = format!(
            "{} orders of {} have no known outcome and count as live; wait until they are settled",
            own.unknown, own.key
        );
        return Ok(Said::denied(no("unknown_order", text)));
    }
    if !case.view.compared && !planted!(EntriesBeforeCompared) {
        let text = format!(
            "what {} holds of {} was not held against the book yet, or differs and is looked at again",
            own.key.venue, own.key.symbol
        );
        return Ok(Said::wait(no("not_reconciled", text)));
    }
    let at = case.view.equity_at.ok_or(Lack::Equity)?;
    let age = case.view.now - at;
    let limit = case.limits.equity_age_seconds;
    if at > case.view.now + AHEAD {
        let text =
            format!("the account's reading is of {at}, ahead of {}; set the clocks right", case.view.now);
        return Ok(Said::missing(no("stale_account", text)));
    }
    if age > TimeDelta::seconds(i64::from(limit)) {
        let text = format!(
            "the account was read {} s ago, limit {limit} s; it must be read again",
            age.num_seconds()
        );
        return Ok(Said::missing(over(
            "stale_account",
            "equity_age_seconds",
            text,
            format!("{} s", age.num_seconds()),
            format!("{limit} s"),
        )));
    }
    // What is worth something elsewhere is part of every share of equity.
    if let Some(reason) = case.view.away.and_then(|away| away.stops(case.view.now)) {
        return Ok(Said::missing(reason));
    }
    Ok(Said::Passed)
}

pub(super) const CONNECTIVITY: Check = Check {
    number: 5,
    name: "connectivity",
    what: "the venue answered a moment ago",
    keys: &["contact_seconds"],
    inputs: "when the venue last answered",
    applies: Applies::ALL,
    missing: "the entry is denied; an order that reduces waits",
    control: Control::MONITORING,
    judge: connectivity,
};

fn connectivity(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let limit = case.limits.contact_seconds;
    let fault = match case.view.contact {
        None => no(
            "no_contact",
            format!("{} has not answered; look at the connection", case.view.instrument.key.venue),
        ),
        Some(at) if case.view.now - at > TimeDelta::seconds(i64::from(limit)) => {
            let age = (case.view.now - at).num_seconds();
            let text = format!(
                "{} answered last {age} s ago, limit {limit} s; look at the connection",
                case.view.instrument.key.venue
            );
            over("no_contact", "contact_seconds", text, format!("{age} s"), format!("{limit} s"))
        }
        Some(at) if at > case.view.now + AHEAD => {
            let text =
                format!("the last answer is of {at}, ahead of {}; set the clocks right", case.view.now);
            no("no_contact", text)
        }
        Some(_) => return Ok(Said::Passed),
    };
    // Legs and exits are delayed, never denied.
    Ok(if case.is_entry() { Said::missing(fault) } else { Said::wait(fault) })
}

pub(super) const CLOCK: Check = Check {
    number: 6,
    name: "clock",
    what: "the venue's clock and ours say the same",
    keys: &["clock_milliseconds"],
    inputs: "the last two readings of the venue's own clock, of which the nearer one counts. What the way there and back explains of a difference is none; a simulator on this machine gives the time itself. The embedded broker has no clock of its own",
    applies: Applies { stages: &[Stage::Broker], ..Applies::ENTRIES },
    missing: DENIES,
    control: Control::MONITORING,
    judge: clock,
};

/// How long ago a clock may have been read last.
const READ_WITHIN: TimeDelta = TimeDelta::minutes(5);

fn clock(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let venue = case.view.instrument.key.venue;
    let missing = |text: String| Ok(Said::missing(no("no_clock", text)));
    let Some((ahead, read)) = case.view.clock else {
        return missing(format!("the clock of {venue} was not read; it must be readable"));
    };
    if case.view.now - read > READ_WITHIN {
        let age = (case.view.now - read).num_seconds();
        return missing(format!("the clock of {venue} was read {age} s ago; it must be read again"));
    }
    if let Some(reason) = apart(ahead, venue, case.limits) {
        return Ok(Said::denied(reason));
    }
    let is = Decimal::from(ahead.num_milliseconds().abs());
    Ok(within(is, Decimal::from(case.limits.clock_milliseconds)))
}
