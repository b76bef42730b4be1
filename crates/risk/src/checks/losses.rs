//! What was lost: in a row, in the day and the week, from the highest equity.

use broker_api::{Amount, Ratio};

use super::{Applies, COUNTED, Case, Check, Control, DENIES, Lack, Said, Share, no, over};

pub(super) const STREAK: Check = Check {
    number: 31,
    name: "loss_streak",
    what: "losses in a row are below their bound",
    keys: &["cooldown_losses", "latch_losses"],
    inputs: "losing trades in a row, and those that entries have rested for",
    applies: Applies::ENTRIES,
    missing: COUNTED,
    control: Control::NONE,
    judge: streak,
};

fn streak(case: &Case<'_, '_>) -> Result<Said, Lack> {
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
        return Ok(Said::denied(over("loss_streak", key, text, losses.to_string(), limit.to_string())));
    }
    Ok(Said::Passed)
}

pub(super) const FALLEN: Check = Check {
    number: 32,
    name: "daily_loss",
    what: "the day's loss and the week's are below their bounds",
    keys: &["daily_loss_percent", "weekly_loss_percent"],
    inputs: "equity, what the day and the week began with. A book that has not begun a week yet has no loss of it; a first reading of a day that is far from what was known is confirmed by a second",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::CAPITAL,
    judge: fallen,
};

fn fallen(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let Some(day) = &case.view.guard.day else {
        return Ok(Said::missing(no(
            "no_day",
            "equity at the beginning of the account day is not known; the venue's account must be readable",
        )));
    };
    if case.view.unconfirmed {
        let text = "the first reading of equity of this account day is far from what was known; a second one must confirm it";
        return Ok(Said::missing(no("unconfirmed_equity", text)));
    }
    let of_day = fell(
        case,
        day.equity,
        "daily_loss",
        "daily_loss_percent",
        "since the day began",
        case.limits.daily_loss_percent,
    )?;
    let Some(week) = case.view.guard.week.filter(|_| matches!(of_day, Said::Passed | Said::Near)) else {
        return Ok(of_day);
    };
    let of_week = fell(
        case,
        week,
        "weekly_loss",
        "weekly_loss_percent",
        "since the week began",
        case.limits.weekly_loss_percent,
    )?;
    Ok(of_week.or_near(&of_day))
}

pub(super) const DRAWDOWN: Check = Check {
    number: 33,
    name: "drawdown",
    what: "the fall from the highest equity is below its bound",
    keys: &["drawdown_percent"],
    inputs: "equity, the highest there was",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::CAPITAL,
    judge: drawdown,
};

fn drawdown(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let Some(high) = case.view.guard.high_water else {
        return Ok(Said::missing(no(
            "no_high_water",
            "the highest equity is not known; the venue's account must be readable",
        )));
    };
    fell(case, high, "drawdown", "drawdown_percent", "from its highest", case.limits.drawdown_percent)
}

fn fell(
    case: &Case<'_, '_>,
    from: Amount,
    code: &'static str,
    key: &'static str,
    since: &str,
    limit: Ratio,
) -> Result<Said, Lack> {
    let equity = case.equity()?;
    if from <= Amount::ZERO {
        return Err(Lack::Equity);
    }
    let fall = Share::of(from.minus(equity)?.get(), from.get())?;
    let (to_bound, said) = fall.against(limit)?;
    if to_bound.is_lt() {
        return Ok(said);
    }
    let is = fall.percent();
    let text = format!("equity fell {is} % {since}, limit {limit} %; no entries until a person has looked");
    Ok(Said::denied(over(code, key, text, format!("{is} %"), format!("{limit} %"))))
}
