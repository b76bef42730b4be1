//! What is held and open already: orders against this one, positions without a stop, positions held for too long.

use chrono::TimeDelta;

use super::{Applies, COUNTED, Case, Check, Control, Lack, Said, no, over};

pub(super) const OPPOSING: Check = Check {
    number: 27,
    name: "opposing_order",
    what: "no order of the other direction is open",
    keys: &[],
    inputs: "open orders of the instrument",
    applies: Applies::ENTRIES,
    missing: COUNTED,
    control: Control::NONE,
    judge: opposing,
};

fn opposing(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let own = &case.own;
    let against = own.entering_side.is_some_and(|side| side != case.intent.side) || !own.exiting.is_zero();
    if against {
        return Ok(Said::wait(no(
            "opposing_order",
            format!("an order of the other direction in {} is open", own.key.symbol),
        )));
    }
    Ok(Said::Passed)
}

pub(super) const GUARDED: Check = Check {
    number: 35,
    name: "protection",
    what: "no position has been without its stop for long",
    keys: &["stop_missing_seconds"],
    inputs: "the position that has been without its stop for the longest",
    applies: Applies::ENTRIES,
    missing: COUNTED,
    control: Control::POST_TRADE,
    judge: guarded,
};

fn guarded(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let Some((key, since)) = case.view.bare else { return Ok(Said::Passed) };
    let (age, limit) = (case.view.now - since, case.limits.stop_missing_seconds);
    if age <= TimeDelta::seconds(i64::from(limit)) {
        return Ok(Said::Passed);
    }
    let age = age.num_seconds();
    let text = format!(
        "{key} is held and has been without its stop for {age} s, limit {limit} s; entries go on once it has one"
    );
    Ok(Said::denied(over(
        "stop_missing",
        "stop_missing_seconds",
        text,
        format!("{age} s"),
        format!("{limit} s"),
    )))
}

pub(super) const HOLDING_TIME: Check = Check {
    number: 36,
    name: "holding_time",
    what: "no position is held for longer than any trade should be",
    keys: &["holding_days_max"],
    inputs: "the position that is held for the longest",
    applies: Applies::ENTRIES,
    missing: COUNTED,
    control: Control::POST_TRADE,
    judge: holding_time,
};

fn holding_time(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let Some((key, since)) = case.view.oldest else { return Ok(Said::Passed) };
    let (age, limit) = (case.view.now - since, case.limits.holding_days_max);
    if age <= TimeDelta::days(i64::from(limit)) {
        return Ok(Said::Passed);
    }
    // Days that have begun: more than the limit.
    let age = age.num_days().saturating_add(1);
    let text = format!(
        "{key} is in its day {age}, limit {limit} days; close it, or raise the limit if it is meant to be held"
    );
    Ok(Said::denied(over("held_too_long", "holding_days_max", text, age.to_string(), limit.to_string())))
}
