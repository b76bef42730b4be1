//! Limits, level, agreement with the broker, contact, duplicates, breakers.

use broker_api::{Level, Reason, planted};
use chrono::TimeDelta;

use super::{AHEAD, Case, Said, beyond, no, over, within};
use crate::breakers::fall_percent;

pub(super) fn limits(case: &Case<'_>) -> Said {
    let Some(key) = case.limits.fault() else { return Said::Passed };
    let text =
        format!("{key} is zero, negative, or does not fit the step beside it; correct it under [limits]");
    Said::Denied(Reason { key: Some(key.into()), ..no("bad_limits", text) })
}

pub(super) fn level(case: &Case<'_>) -> Said {
    let guard = case.view.guard;
    let why = || guard.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", reason.text));
    if !case.is_entry() {
        return match guard.level {
            Level::Frozen => Said::Wait(no("frozen", format!("frozen{}; nothing moves by itself", why()))),
            _ => Said::Passed,
        };
    }
    if case.view.halted {
        return Said::Denied(no(
            "halted",
            "the halt file lies there; `tradewind resume` lets entries through again",
        ));
    }
    if guard.level == Level::Trading || planted!(LevelIgnored) {
        return Said::Passed;
    }
    Said::Denied(beyond(
        "level",
        format!(
            "level {}{}; entries go on after `tradewind resume`, or when a pause ends",
            guard.level,
            why()
        ),
        guard.level.to_string(),
        Level::Trading.to_string(),
    ))
}

pub(super) fn reconciled(case: &Case<'_>) -> Said {
    let own = case.view.own();
    if own.diverged {
        return Said::Denied(no(
            "diverged",
            format!("book and broker disagree about {}; a person repairs that first", own.key),
        ));
    }
    if own.unknown > 0 {
        let text = format!(
            "{} orders of {} have no known outcome and count as live; wait until they are settled",
            own.unknown, own.key
        );
        return Said::Denied(no("unknown_order", text));
    }
    if !case.view.compared && !planted!(EntriesBeforeCompared) {
        let text = format!(
            "what {} holds of {} was not held against the book yet, or differs and is looked at again",
            own.key.venue, own.key.symbol
        );
        return Said::Wait(no("not_reconciled", text));
    }
    let Some(at) = case.view.equity_at else { return Case::no_equity() };
    let age = case.view.now - at;
    let limit = case.limits.equity_age_seconds;
    if at > case.view.now + AHEAD {
        let text =
            format!("the account's reading is of {at}, ahead of {}; set the clocks right", case.view.now);
        return Said::Missing(no("stale_account", text));
    }
    if age > TimeDelta::seconds(i64::from(limit)) {
        let text = format!(
            "the account was read {} s ago, limit {limit} s; it must be read again",
            age.num_seconds()
        );
        return Said::Missing(over(
            "stale_account",
            "equity_age_seconds",
            text,
            format!("{} s", age.num_seconds()),
            format!("{limit} s"),
        ));
    }
    Said::Passed
}

pub(super) fn connectivity(case: &Case<'_>) -> Said {
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
        Some(_) => return Said::Passed,
    };
    // Legs and exits are delayed, never denied.
    if case.is_entry() { Said::Missing(fault) } else { Said::Wait(fault) }
}

pub(super) fn duplicate(case: &Case<'_>) -> Said {
    if !case.view.duplicate || planted!(RenewalDoubled) && case.intent.purpose.is_protective() {
        return Said::Passed;
    }
    let text = format!(
        "another {} order of {} is open; it must end first",
        case.intent.purpose.as_str(),
        case.view.instrument.key
    );
    let reason = no("duplicate_order", text);
    if case.is_entry() { Said::Denied(reason) } else { Said::Wait(reason) }
}

pub(super) fn streak(case: &Case<'_>) -> Said {
    let (guard, limits) = (case.view.guard, case.limits);
    let losses = guard.losses_in_row;
    let latched = losses >= limits.latch_losses && losses > guard.cooled_at;
    let step = limits.cooldown_losses.max(1);
    let due = losses / step > guard.cooled_at / step;
    if latched || due {
        let (key, limit) = if latched {
            ("latch_losses", limits.latch_losses)
        } else {
            ("cooldown_losses", limits.cooldown_losses)
        };
        let text = format!(
            "{losses} losing trades in a row, limit {limit}; entries rest until the pause ends or a person resumes"
        );
        return Said::Denied(over("loss_streak", key, text, losses.to_string(), limit.to_string()));
    }
    Said::Passed
}

pub(super) fn daily_loss(case: &Case<'_>) -> Said {
    let Some(day) = &case.view.guard.day else {
        return Said::Missing(no(
            "no_day",
            "equity at the beginning of the account day is not known; the venue's account must be readable",
        ));
    };
    fell(
        case,
        day.equity,
        "daily_loss",
        "daily_loss_percent",
        "since the day began",
        case.limits.daily_loss_percent,
    )
}

pub(super) fn drawdown(case: &Case<'_>) -> Said {
    let Some(high) = case.view.guard.high_water else {
        return Said::Missing(no(
            "no_high_water",
            "the highest equity is not known; the venue's account must be readable",
        ));
    };
    fell(case, high, "drawdown", "drawdown_percent", "from its highest", case.limits.drawdown_percent)
}

fn fell(
    case: &Case<'_>,
    from: broker_api::Amount,
    code: &'static str,
    key: &'static str,
    since: &str,
    limit: broker_api::Ratio,
) -> Said {
    let Some(equity) = case.view.equity else { return Case::no_equity() };
    let Some(fall) = fall_percent(from, equity) else { return Case::no_equity() };
    if fall >= limit {
        let is = fall.get().round_dp(2).normalize();
        let text =
            format!("equity fell {is} % {since}, limit {limit} %; no entries until a person has looked");
        return Said::Denied(over(code, key, text, format!("{is} %"), format!("{limit} %")));
    }
    within(fall.get(), limit.get())
}
