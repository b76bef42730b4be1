//! Trips that change the level. They tighten; only a person loosens.

use broker_api::{Amount, Code, GuardState, Level, Ratio, Reason, Time};
use chrono::TimeDelta;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::limits::Limits;
use crate::view::Lately;

const DAILY_LOSS: Code = Code::fixed("daily_loss");
const WEEKLY_LOSS: Code = Code::fixed("weekly_loss");
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

/// One fall that is bounded.
struct Fall {
    level: Level,
    code: Code,
    key: &'static str,
    what: &'static str,
    from: Option<Amount>,
    limit: Ratio,
}

/// All of them, those that close everything first.
fn falls(guard: &GuardState, limits: &Limits) -> [Fall; 5] {
    let day = guard.day.as_ref().map(|day| day.equity);
    let of_day = "equity fell since the day began";
    let of_all = "equity fell from its highest";
    let fall = |level, code, key, what, from, limit| Fall { level, code, key, what, from, limit };
    let (flat, reduce) = (Level::Flattening, Level::ReduceOnly);
    let (high, week) = (guard.high_water, guard.week);
    let deep_day = limits.daily_loss_flatten_percent;
    let deep = limits.drawdown_flatten_percent;
    let of_week = "equity fell since the week began";
    [
        fall(flat, DAILY_LOSS, "daily_loss_flatten_percent", of_day, day, deep_day),
        fall(flat, DRAWDOWN, "drawdown_flatten_percent", of_all, high, deep),
        fall(reduce, DAILY_LOSS, "daily_loss_percent", of_day, day, limits.daily_loss_percent),
        fall(reduce, WEEKLY_LOSS, "weekly_loss_percent", of_week, week, limits.weekly_loss_percent),
        fall(reduce, DRAWDOWN, "drawdown_percent", of_all, high, limits.drawdown_percent),
    ]
}

impl Fall {
    /// How far it went, when it reached its bound.
    fn reached(&self, equity: Option<Amount>) -> Option<Ratio> {
        let fall = fall_percent(self.from?, equity?)?;
        (fall >= self.limit).then_some(fall)
    }
}

/// Whether equity has fallen so far that everything is to be closed.
pub fn is_deep(guard: &GuardState, equity: Option<Amount>, limits: &Limits) -> bool {
    falls(guard, limits).iter().any(|fall| fall.level == Level::Flattening && fall.reached(equity).is_some())
}

/// The strictest trip that the state and the equity call for; nothing when the level is as strict already. Without
/// an equity only what is counted in trades can trip: a missing figure is for the checks to stop at.
///
/// What closes everything cannot be taken back: until a second reading has confirmed such a fall, only entries end.
pub fn breakers(
    guard: &GuardState,
    equity: Option<Amount>,
    is_confirmed: bool,
    now: Time,
    limits: &Limits,
) -> Option<Trip> {
    for fall in falls(guard, limits) {
        let level = if is_confirmed { fall.level } else { fall.level.min(Level::ReduceOnly) };
        if level > guard.level
            && let Some(is) = fall.reached(equity)
        {
            let reason = reason(level, fall.code, fall.key, fall.what, &percent(is), &percent(fall.limit));
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
    week: Option<Amount>,
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
        let (level, week, high_water) = (guard.level, guard.week, guard.high_water);
        let is_known = self.known.as_ref().is_some_and(|known| {
            known.level == level && known.day == day && known.week == week && known.high_water == high_water
        });
        if !is_known {
            let floor = floor(guard, limits);
            let cents = floor.and_then(whole_cents);
            self.known = Some(Known { level, day, week, high_water, floor, cents });
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
fn floor(guard: &GuardState, limits: &Limits) -> Option<Amount> {
    let mut highest = Decimal::MIN;
    for Fall { level, from, limit, .. } in falls(guard, limits) {
        if level <= guard.level {
            continue;
        }
        let Some(from) = from.map(Amount::get).filter(|from| *from > Decimal::ZERO) else { continue };
        let fall = from.checked_mul(limit.get())?.checked_div(Decimal::ONE_HUNDRED)?;
        highest = highest.max(from.checked_sub(fall)?);
    }
    // A hair above, for what a division may have rounded.
    let above = if highest == Decimal::MIN { highest } else { highest.checked_add(Decimal::new(1, 9))? };
    Amount::new(above).ok()
}

pub(crate) fn percent(share: Ratio) -> String {
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

/// How many answers there must be before the share of refusals among them counts.
const ANSWERS_LEAST: u32 = 10;

/// Whether venues lately refused so much that entries stop, and the figures. A reason with the code of a check; who trips
/// by it gives its own.
pub fn storm(lately: &Lately, limits: &Limits) -> Option<Reason> {
    let Lately { refused_in_row, answered, refused, .. } = *lately;
    let reason = |key: &str, what: &str, is: String, limit: String| Reason {
        code: Code::fixed("refusals"),
        text: format!("{what}: {is}, limit {limit}; no entries until a person has looked and resumes").into(),
        limit: Some(limit.into()),
        would_be: Some(is.into()),
        key: Some(key.into()),
    };
    if refused_in_row >= limits.refusals_max {
        let (is, limit) = (refused_in_row.to_string(), limits.refusals_max.to_string());
        return Some(reason("refusals_max", "orders refused in a row", is, limit));
    }
    let share = Decimal::from(refused) * Decimal::ONE_HUNDRED;
    let limit = limits.refusals_percent.get();
    if answered >= ANSWERS_LEAST && share > limit.checked_mul(Decimal::from(answered))? {
        let is = format!("{refused} of {answered}");
        return Some(reason(
            "refusals_percent",
            "orders refused within ten minutes",
            is,
            format!("{limit} %"),
        ));
    }
    None
}
