//! Trips that change the level. They tighten; only a person loosens.

use broker_api::{Amount, Code, GuardState, Level, Ratio, Reason, Time};
use chrono::TimeDelta;
use rust_decimal::{Decimal, RoundingStrategy};

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
    let day = guard.day.as_ref().map(|day| day.equity);
    let falls = [
        (Level::Flattening, DAILY_LOSS, "daily_loss_flatten_percent", day, limits.daily_loss_flatten_percent),
        (
            Level::Flattening,
            DRAWDOWN,
            "drawdown_flatten_percent",
            guard.high_water,
            limits.drawdown_flatten_percent,
        ),
        (Level::ReduceOnly, DAILY_LOSS, "daily_loss_percent", day, limits.daily_loss_percent),
        (Level::ReduceOnly, DRAWDOWN, "drawdown_percent", guard.high_water, limits.drawdown_percent),
    ];
    for (level, code, key, from, limit) in falls {
        if level > guard.level
            && let Some(fall) = from.zip(equity).and_then(|(from, to)| fall_percent(from, to))
            && fall >= limit
        {
            let what = if code == DAILY_LOSS {
                "equity fell since the day began"
            } else {
                "equity fell from its highest"
            };
            let reason = reason(level, code, key, what, &percent(fall), &percent(limit));
            return Some(Trip { level, reason, until: None });
        }
    }
    let losses = guard.losses_in_row;
    let what = "losing trades in a row";
    let counted = |level, code, key, limit: u32, until| Trip {
        level,
        reason: reason(level, code, key, what, &losses.to_string(), &limit.to_string()),
        until,
    };
    if Level::ReduceOnly > guard.level && losses >= limits.latch_losses && losses > guard.cooled_at {
        return Some(counted(Level::ReduceOnly, LATCH, "latch_losses", limits.latch_losses, None));
    }
    // Once for every so many losses of one streak.
    let step = limits.cooldown_losses.max(1);
    if Level::Paused > guard.level && losses / step > guard.cooled_at / step {
        let until = now + TimeDelta::hours(i64::from(limits.cooldown_hours));
        return Some(counted(
            Level::Paused,
            COOLDOWN,
            "cooldown_losses",
            limits.cooldown_losses,
            Some(until),
        ));
    }
    None
}

/// The equity down to which nothing can trip, remembered: breakers are asked with every price, and seldom trip.
#[derive(Clone, Copy, Debug, Default)]
pub struct Floor {
    known: Option<Known>,
}

/// A floor with all that it follows from.
#[derive(Clone, Copy, Debug)]
struct Known {
    level: Level,
    day: Option<Amount>,
    high_water: Option<Amount>,
    floor: Option<Amount>,
    /// The floor in whole cents, not below it: equities mostly have as many places, and are then quickly compared.
    cents: Option<Amount>,
}

impl Floor {
    /// Whether [`breakers`] may have something to say; when not, it has not.
    pub fn may_trip(&mut self, guard: &GuardState, equity: Option<Amount>, limits: &Limits) -> bool {
        if guard.losses_in_row >= limits.cooldown_losses.min(limits.latch_losses) {
            return true;
        }
        let Some(equity) = equity else { return false };
        let day = guard.day.as_ref().map(|day| day.equity);
        let (level, high_water) = (guard.level, guard.high_water);
        let is_known = self
            .known
            .as_ref()
            .is_some_and(|known| known.level == level && known.day == day && known.high_water == high_water);
        if !is_known {
            let floor = floor(level, day, high_water, limits);
            let cents = floor.and_then(whole_cents);
            self.known = Some(Known { level, day, high_water, floor, cents });
        }
        let Some(Known { floor, cents, .. }) = &self.known else { return true };
        if cents.is_some_and(|cents| equity > cents) {
            return false;
        }
        floor.is_none_or(|floor| equity <= floor)
    }

    /// The equity above which the answer is no, as long as the guard is what it was when it was last asked with an equity.
    pub fn above(&self) -> Option<Amount> {
        self.known.as_ref()?.cents
    }
}

fn whole_cents(floor: Amount) -> Option<Amount> {
    Amount::new(floor.get().round_dp_with_strategy(2, RoundingStrategy::ToPositiveInfinity)).ok()
}

/// The highest equity at which a fall trips; nothing when that cannot be computed.
fn floor(level: Level, day: Option<Amount>, high_water: Option<Amount>, limits: &Limits) -> Option<Amount> {
    let mut highest = Decimal::MIN;
    let mut steps = [(None, limits.daily_loss_percent); 4];
    if level < Level::ReduceOnly {
        steps[0] = (day, limits.daily_loss_percent);
        steps[1] = (high_water, limits.drawdown_percent);
    }
    if level < Level::Flattening {
        steps[2] = (day, limits.daily_loss_flatten_percent);
        steps[3] = (high_water, limits.drawdown_flatten_percent);
    }
    for (from, limit) in steps {
        let Some(from) = from.map(Amount::get).filter(|from| *from > Decimal::ZERO) else { continue };
        let fall = from.checked_mul(limit.get())?.checked_div(Decimal::ONE_HUNDRED)?;
        highest = highest.max(from.checked_sub(fall)?);
    }
    // A hair above, for what a division may have rounded.
    let above = if highest == Decimal::MIN { highest } else { highest.checked_add(Decimal::new(1, 9))? };
    Amount::new(above).ok()
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
