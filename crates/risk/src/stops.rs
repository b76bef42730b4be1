//! What stops entries of a part of trading: the loss of a class in a day, executions that are dearer or later than was
//! reckoned with. And what makes everything stand still: too many differences between book and broker.

use broker_api::{Amount, AssetClass, Code, Level, Ratio, Reason, VenueId};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::breakers::{Trip, percent};
use crate::limits::Limits;

const CLASS_LOSS: Code = Code::fixed("class_loss");
const SLIPPAGE: Code = Code::fixed("slippage");
const SLIPPAGE_MEAN: Code = Code::fixed("slippage_mean");
const SLOW_ANSWERS: Code = Code::fixed("slow_answers");
const CLOCK_SKEW: Code = Code::fixed("clock_skew");
/// Why a desk stands still that differs from its broker in too much.
pub const MANY_DIVERGED: Code = Code::fixed("many_diverged");

/// How many entries of a class there must be before their mean counts.
pub const ENTRIES_LEAST: usize = 20;
/// How many answers there must be before their median counts.
pub const ANSWERS_LEAST: usize = 10;
/// The mean of a class may be so many times smaller than what one entry may cost.
const MEAN_SHARE: i64 = 4;

/// How much a class may lose in a day that began with so much equity; nothing when that cannot be computed.
pub fn class_loss_max(begun: Amount, class: AssetClass, limits: &Limits) -> Option<Amount> {
    let (limit, _) = limits.daily_loss_of(class);
    let most = begun.get().checked_mul(limit.get())?.checked_div(Decimal::ONE_HUNDRED)?;
    Amount::new(most).ok().filter(|_| begun > Amount::ZERO)
}

/// Why entries of a class rest that lost so much in a day that began with so much equity.
pub fn class_loss(class: AssetClass, lost: Amount, begun: Amount, limits: &Limits) -> Reason {
    let (limit, key) = limits.daily_loss_of(class);
    let is = crate::breakers::fall_percent(begun, begun.minus(lost).unwrap_or(begun)).unwrap_or(Ratio::ZERO);
    let (is, limit) = (percent(is), percent(limit));
    let text = format!(
        "{class} lost {} since the day began, {is} of its equity, limit {limit}; no entries of {class} before the next account day",
        lost.round_half_even(2)
    );
    over(CLASS_LOSS, key, text, is, limit)
}

/// How entries were lately executed and orders answered. Nothing where nothing can be said: prices that come as bars say
/// nothing of executions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Executed {
    /// The entry of this account day into the instrument that was executed the furthest from the price it was decided at,
    /// against us: in hundredths of a percent.
    pub worst: Option<Ratio>,
    /// The mean of the last [`ENTRIES_LEAST`] entries of its class; nothing while there are fewer.
    pub mean: Option<Ratio>,
    /// The median time from a decision to its answer, of all within ten minutes; nothing while there are fewer than
    /// [`ANSWERS_LEAST`].
    pub answer: Option<TimeDelta>,
}

/// What executions and answers stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poor {
    /// One instrument, until the next account day.
    Instrument(Reason),
    /// Its class, until a person looks.
    Class(Reason),
    /// Everything, for an hour.
    Everything(Reason),
}

impl Poor {
    /// Why.
    pub fn reason(self) -> Reason {
        match self {
            Self::Instrument(reason) | Self::Class(reason) | Self::Everything(reason) => reason,
        }
    }
}

/// What is wrong with executions and answers, what stops the most first.
pub fn poor(executed: &Executed, class: AssetClass, limits: &Limits) -> Vec<Poor> {
    let (bound, key) = limits.slippage_of(class);
    let mut all = Vec::new();
    if let Some(answer) = executed.answer
        && answer > TimeDelta::seconds(i64::from(limits.answer_seconds_max))
    {
        let (is, limit) = (seconds(answer), format!("{} s", limits.answer_seconds_max));
        let text = format!(
            "orders are answered {is} after they are sent, at the median of the last ten minutes, limit {limit}; entries rest for an hour"
        );
        all.push(Poor::Everything(over(SLOW_ANSWERS, "answer_seconds_max", text, is, limit)));
    }
    let quarter = bound.get().checked_div(Decimal::from(MEAN_SHARE)).unwrap_or(Decimal::ZERO);
    if let Some(mean) = executed.mean
        && mean.get() > quarter
    {
        let (is, limit) = (bps(mean.get()), bps(quarter));
        let text = format!(
            "the last {ENTRIES_LEAST} entries of {class} were executed {is} worse than decided, at the mean, limit {limit}: a quarter of what one may; no entries of {class} until a person has looked and resumes"
        );
        all.push(Poor::Class(over(SLIPPAGE_MEAN, key, text, is, limit)));
    }
    if let Some(worst) = executed.worst
        && worst > bound
    {
        let (is, limit) = (bps(worst.get()), bps(bound.get()));
        let text = format!(
            "an entry was executed {is} worse than decided, limit {limit}; no entries there before the next account day"
        );
        all.push(Poor::Instrument(over(SLIPPAGE, key, text, is, limit)));
    }
    all
}

/// Why nothing is entered while the clock of a venue is so far ahead of ours, or behind; nothing when that is not too far.
pub fn apart(ahead: TimeDelta, venue: VenueId, limits: &Limits) -> Option<Reason> {
    if ahead.abs() <= TimeDelta::milliseconds(i64::from(limits.clock_milliseconds)) {
        return None;
    }
    let way = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
    let (is, limit) =
        (format!("{} ms", ahead.num_milliseconds().abs()), format!("{} ms", limits.clock_milliseconds));
    let text = format!(
        "the clock of {venue} is {is} {way} ours, limit {limit}; set the clock of this machine: timedatectl set-ntp true"
    );
    Some(over(CLOCK_SKEW, "clock_milliseconds", text, is, limit))
}

/// Whether book and broker disagree about so much that nothing must move by itself. `venues` are those of which the book
/// disagrees about more than an instrument.
pub fn diverged(instruments: usize, venues: usize, limits: &Limits) -> Option<Trip> {
    let limit = usize::try_from(limits.diverged_max).unwrap_or(usize::MAX);
    if instruments <= limit && venues == 0 {
        return None;
    }
    let is = if venues > 0 { format!("{venues} venues") } else { format!("{instruments} instruments") };
    let text = format!(
        "book and broker disagree about {is} at once, limit {limit} instruments and no venue; nothing moves by itself until a person has repaired it"
    );
    let reason = over(MANY_DIVERGED, "diverged_max", text, is, limit.to_string());
    Some(Trip { level: Level::Frozen, reason, until: None })
}

fn over(code: Code, key: &str, text: String, is: String, limit: String) -> Reason {
    Reason {
        code,
        text: text.into(),
        limit: Some(limit.into()),
        would_be: Some(is.into()),
        key: Some(key.into()),
    }
}

fn bps(of: Decimal) -> String {
    format!("{} bps", of.round_dp(1).normalize())
}

fn seconds(of: TimeDelta) -> String {
    format!("{} s", (Decimal::from(of.num_milliseconds()) / Decimal::ONE_THOUSAND).round_dp(1).normalize())
}
