//! How often: the same decision, the same order, too many of them, too many refusals.

use broker_api::planted;
use chrono::TimeDelta;

use super::{Applies, COUNTED, Case, Check, Control, Lack, Said, counted, no, over};
use crate::breakers::storm;

pub(super) const DUPLICATE_DECISION: Check = Check {
    number: 7,
    name: "duplicate_decision",
    what: "no other signal of the strategy says the same of the same bar",
    keys: &[],
    inputs: "signals of the same strategy, instrument, bar and direction",
    applies: Applies::ENTRIES,
    missing: COUNTED,
    control: Control::DUPLICATES,
    judge: duplicate_decision,
};

fn duplicate_decision(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let Some(other) = case.view.same_decision else { return Ok(Said::Passed) };
    let text = format!(
        "signal {other} is the same decision about {}: same strategy, bar and direction; one decision is one order",
        case.view.instrument.key
    );
    Ok(Said::denied(no("duplicate_decision", text)))
}

pub(super) const DUPLICATE_ORDER: Check = Check {
    number: 8,
    name: "duplicate_order",
    what: "no order of the same kind is open, and no equal entry was decided a moment ago",
    keys: &["duplicate_seconds"],
    inputs: "open orders of the instrument, the last entry of the same side and size",
    applies: Applies::ALL,
    missing: COUNTED,
    control: Control::DUPLICATES,
    judge: duplicate_order,
};

fn duplicate_order(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (view, purpose) = (case.view, case.intent.purpose);
    let key = view.instrument.key;
    if view.duplicate && !(planted!(RenewalDoubled) && purpose.is_protective()) {
        let text = format!("another {} order of {key} is open; it must end first", purpose.as_str());
        let reason = no("duplicate_order", text);
        return Ok(if case.is_entry() { Said::denied(reason) } else { Said::wait(reason) });
    }
    let limit = case.limits.duplicate_seconds;
    if case.is_entry()
        && let Some(at) = view.lately.like_it
        && view.now - at < TimeDelta::seconds(i64::from(limit))
    {
        let age = (view.now - at).num_seconds();
        let text = format!(
            "an entry of the same side and size in {key} was decided {age} s ago, limit {limit} s; if it is meant, send it later"
        );
        return Ok(Said::denied(over(
            "duplicate_entry",
            "duplicate_seconds",
            text,
            format!("{age} s"),
            format!("{limit} s"),
        )));
    }
    Ok(Said::Passed)
}

pub(super) const RATE: Check = Check {
    number: 28,
    name: "order_rate",
    what: "not too many orders are decided in a minute, nor entries in a day",
    keys: &["entries_minute_max", "entries_day_max", "exits_minute_max"],
    inputs: "entries of the last minute and of the day, reducing orders of the last minute",
    applies: Applies::ALL,
    missing: COUNTED,
    control: Control::DUPLICATES,
    judge: rate,
};

fn rate(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (lately, limits) = (&case.view.lately, case.limits);
    if !case.is_entry() {
        let (is, limit) = (lately.exits_in_minute, limits.exits_minute_max);
        if is < limit {
            return Ok(counted(is.saturating_add(1), limit));
        }
        let text = format!(
            "{is} reducing orders within a minute, limit {limit}; it is sent when the minute has passed"
        );
        return Ok(Said::wait(over(
            "exit_rate",
            "exits_minute_max",
            text,
            is.saturating_add(1).to_string(),
            limit.to_string(),
        )));
    }
    let (minute, day) = (lately.entries_in_minute, lately.entries_in_day);
    if minute >= limits.entries_minute_max {
        let limit = limits.entries_minute_max;
        let text = format!(
            "{minute} entries within a minute, limit {limit}; look at what sends them, it may be a loop"
        );
        return Ok(Said::denied(over(
            "entry_rate",
            "entries_minute_max",
            text,
            minute.saturating_add(1).to_string(),
            limit.to_string(),
        )));
    }
    if day >= limits.entries_day_max {
        let limit = limits.entries_day_max;
        let text = format!(
            "{day} entries in this account day, limit {limit}; look at what sends them; entries go on with the next day"
        );
        return Ok(Said::denied(over(
            "entries_day",
            "entries_day_max",
            text,
            day.saturating_add(1).to_string(),
            limit.to_string(),
        )));
    }
    let of_minute = counted(minute.saturating_add(1), limits.entries_minute_max);
    Ok(of_minute.or_near(&counted(day.saturating_add(1), limits.entries_day_max)))
}

pub(super) const REPEATED: Check = Check {
    number: 29,
    name: "repeated_execution",
    what: "a strategy does not enter one instrument over and over",
    keys: &["entries_again_max"],
    inputs: "entries of the strategy into the instrument in this account day, since a person last let it go on",
    applies: Applies::ENTRIES,
    missing: COUNTED,
    control: Control::REPEATED,
    judge: repeated,
};

fn repeated(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (is, limit) = (case.view.lately.entries_again, case.limits.entries_again_max);
    if is < limit {
        return Ok(counted(is.saturating_add(1), limit));
    }
    let text = format!(
        "the strategy entered {} {is} times in this account day, limit {limit}; the strategy is stopped until a person has looked at why it comes again, and resumes",
        case.view.instrument.key
    );
    Ok(Said::denied(over(
        "repeated_execution",
        "entries_again_max",
        text,
        is.saturating_add(1).to_string(),
        limit.to_string(),
    )))
}

pub(super) const REFUSALS: Check = Check {
    number: 30,
    name: "refusals",
    what: "the venue does not refuse one order after the other",
    keys: &["refusals_max", "refusals_percent"],
    inputs: "the venue's answers of the last ten minutes, refusals in a row",
    applies: Applies::ENTRIES,
    missing: COUNTED,
    control: Control::MONITORING,
    judge: refusals,
};

fn refusals(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (lately, limits) = (&case.view.lately, case.limits);
    // The same that trips: after a trip nobody else would be asked.
    Ok(match storm(lately, limits) {
        Some(reason) => Said::denied(reason),
        None => counted(lately.refused_in_row.saturating_add(1), limits.refusals_max),
    })
}
