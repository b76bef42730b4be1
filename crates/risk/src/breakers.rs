//! Trips that change the level. They tighten; only a person loosens.

use broker_api::{Amount, Code, GuardState, Level, Ratio, Reason, Time};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::limits::Limits;

const DAILY_LOSS: Code = Code::fixed("daily_loss");
const DRAWDOWN: Code = Code::fixed("drawdown");
const LATCH: Code = Code::fixed("loss_latch");
const COOLDOWN: Code = Code::fixed("cooldown");

/// A change of the level that the limits ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    /// To what.
    pub level: Level,
    /// Why, with the figures.
    pub reason: Reason,
    /// When it ends by itself, for a cooldown.
    pub until: Option<Time>,
}

/// The fall from `from` to `to`, in percent of `from`; nothing when `from` is not above zero.
pub(crate) fn fall_percent(from: Amount, to: Amount) -> Option<Ratio> {
    let share = from.minus(to).ok()?.share_of(from)?;
    Ratio::new(share.get().checked_mul(Decimal::ONE_HUNDRED)?).ok()
}

/// The strictest trip that the state and the equity call for; nothing when the level is as strict already. Without
/// an equity only what is counted in trades can trip: a missing figure is for the checks to stop at.
pub fn breakers(guard: &GuardState, equity: Option<Amount>, now: Time, limits: &Limits) -> Option<Trip> {
    let fell = |from: Option<Amount>| from.zip(equity).and_then(|(from, to)| fall_percent(from, to));
    let daily = fell(guard.day.as_ref().map(|day| day.equity));
    let deep = fell(guard.high_water);
    let losses = guard.losses_in_row;
    let share = |level, code, key: &str, what: &str, fall: Option<Ratio>, limit: Ratio| {
        let fall = fall.filter(|fall| *fall >= limit)?;
        Some(Trip {
            level,
            reason: reason(level, code, key, what, &percent(fall), &percent(limit)),
            until: None,
        })
    };
    let trips = [
        share(
            Level::Flattening,
            DAILY_LOSS,
            "daily_loss_flatten_percent",
            "equity fell since the day began",
            daily,
            limits.daily_loss_flatten_percent,
        ),
        share(
            Level::Flattening,
            DRAWDOWN,
            "drawdown_flatten_percent",
            "equity fell from its highest",
            deep,
            limits.drawdown_flatten_percent,
        ),
        share(
            Level::ReduceOnly,
            DAILY_LOSS,
            "daily_loss_percent",
            "equity fell since the day began",
            daily,
            limits.daily_loss_percent,
        ),
        share(
            Level::ReduceOnly,
            DRAWDOWN,
            "drawdown_percent",
            "equity fell from its highest",
            deep,
            limits.drawdown_percent,
        ),
        (losses >= limits.latch_losses && losses > guard.cooled_at).then(|| Trip {
            level: Level::ReduceOnly,
            reason: reason(
                Level::ReduceOnly,
                LATCH,
                "latch_losses",
                "losing trades in a row",
                &losses.to_string(),
                &limits.latch_losses.to_string(),
            ),
            until: None,
        }),
        // Once for every so many losses of one streak.
        (losses / limits.cooldown_losses.max(1) > guard.cooled_at / limits.cooldown_losses.max(1)).then(
            || Trip {
                level: Level::Paused,
                reason: reason(
                    Level::Paused,
                    COOLDOWN,
                    "cooldown_losses",
                    "losing trades in a row",
                    &losses.to_string(),
                    &limits.cooldown_losses.to_string(),
                ),
                until: Some(now + TimeDelta::hours(i64::from(limits.cooldown_hours))),
            },
        ),
    ];
    trips.into_iter().flatten().find(|trip| trip.level > guard.level)
}

fn percent(share: Ratio) -> String {
    format!("{} %", share.get().round_dp(2).normalize())
}

fn reason(level: Level, code: Code, key: &str, what: &str, is: &str, limit: &str) -> Reason {
    let then = match level {
        Level::Trading | Level::Paused => "entries rest until the pause ends",
        Level::ReduceOnly => "no entries until a person has looked and resumes",
        Level::Flattening | Level::Frozen => "everything is closed; a person looks before anything is opened",
    };
    Reason {
        code,
        text: format!("{what}: {is}, limit {limit}; {then}").into(),
        limit: Some(limit.into()),
        would_be: Some(is.into()),
        key: Some(key.into()),
    }
}
