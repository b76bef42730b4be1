//! What could be lost while nobody looks: at every stop, with a gap beyond it, and how far the breakers are from that.
//! For people; no check asks it.

use broker_api::{Amount, Bar, Direction, GuardState, Price, Qty, Ratio};
use rust_decimal::Decimal;

use crate::limits::Limits;

/// How many days an average true range is of.
pub const ATR_DAYS: usize = 14;
/// How many losing trades make an average.
pub const LOSSES_LEAST: usize = 10;
/// Places of what was divided.
const PLACES: u32 = 8;

/// One thing that is held, or would be if its entry filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Which way.
    pub direction: Direction,
    /// How much.
    pub qty: Qty,
    /// What the loss is counted from: the price it could be closed at now, or the one it was entered at.
    pub from: Price,
    /// What it was entered at, or would be.
    pub entry: Price,
    /// Where it is taken out.
    pub stop: Option<Price>,
    /// Its average true range.
    pub atr: Option<Price>,
    /// What one unit of its quote currency is worth in base currency.
    pub rate: Option<Ratio>,
}

/// How far beyond its stop something is taken out when the price gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// By its average true range.
    Atr,
    /// By the distance to its stop, since its range is not known.
    Distance,
    /// It has no stop: its whole value is counted.
    Whole,
}

impl Beyond {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Atr => "atr",
            Self::Distance => "distance",
            Self::Whole => "whole",
        }
    }
}

/// What is lost, in base currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// At the stop.
    pub at_stop: Amount,
    /// Beyond the stop; nothing when no distance is known.
    pub gapped: Option<Amount>,
    /// How far beyond.
    pub beyond: Beyond,
}

impl Carried {
    /// What is lost from [`Carried::from`] on: never less than nothing, and of what was bought never more than its
    /// value. Where there is no range, the gap is the distance to the stop, from the price or the entry, whichever is
    /// further. Nothing without a rate.
    pub fn loss(&self) -> Option<Loss> {
        let rate = self.rate?;
        let whole = self.from.times(self.qty).ok()?.times(rate).ok()?;
        let Some(stop) = self.stop else {
            return Some(Loss { at_stop: whole, gapped: Some(whole), beyond: Beyond::Whole });
        };
        let above = |price: Price| {
            let lost = match self.direction {
                Direction::Long => stop.to(price),
                Direction::Short => price.to(stop),
            };
            lost.ok().map(Amount::get)
        };
        let money = |each: Decimal| {
            let value = each.max(Decimal::ZERO).checked_mul(self.qty.get())?.checked_mul(rate.get())?;
            let value = Amount::new(value).ok()?;
            Some(if self.direction == Direction::Long { value.min(whole) } else { value })
        };
        let distance = above(self.from)?;
        let (gap, beyond) = if let Some(atr) = self.atr {
            (Some(atr.get()), Beyond::Atr)
        } else {
            let further = distance.abs().max(above(self.entry)?.abs());
            (Some(further).filter(|gap| !gap.is_zero()), Beyond::Distance)
        };
        let gapped = gap.and_then(|gap| money(distance.max(Decimal::ZERO).checked_add(gap)?));
        Some(Loss { at_stop: money(distance)?, gapped, beyond })
    }
}

/// The average true range of so many days after Wilder, of bars in the order of time: the mean of the first ranges, then
/// each day's with its share. Nothing when there are not one more bars than days.
pub fn average_true_range(bars: &[Bar], days: usize) -> Option<Price> {
    let range = |(before, bar): (&Bar, &Bar)| {
        bar.high.max(before.close).get().checked_sub(bar.low.min(before.close).get())
    };
    let ranges: Vec<Decimal> = bars.iter().zip(bars.iter().skip(1)).map(range).collect::<Option<_>>()?;
    let (first, rest) = ranges.split_at_checked(days).filter(|(first, _)| !first.is_empty())?;
    let count = Decimal::from(days);
    let add = |sum: Decimal, range: &Decimal| sum.checked_add(*range);
    let mean = first.iter().try_fold(Decimal::ZERO, add)?.checked_div(count)?;
    let smooth = |mean: Decimal, range: &Decimal| {
        mean.checked_mul(count - Decimal::ONE)?.checked_add(*range)?.checked_div(count)
    };
    Price::new(rest.iter().try_fold(mean, smooth)?.round_dp(PLACES).normalize()).ok()
}

/// The mean of the losses among these results, as an amount above zero, and how many there are; nothing when they are
/// fewer than [`LOSSES_LEAST`].
pub fn average_loss(results: impl Iterator<Item = Amount>) -> Option<(Amount, usize)> {
    let losses: Vec<Amount> = results.filter(|net| *net < Amount::ZERO).collect();
    if losses.len() < LOSSES_LEAST {
        return None;
    }
    let sum = losses.iter().try_fold(Amount::ZERO, |sum, loss| sum.minus(*loss).ok())?;
    let mean = sum.get().checked_div(Decimal::from(losses.len()))?;
    Some((Amount::new(mean).ok()?.round_half_even(PLACES), losses.len()))
}

/// How far equity and the count of losses are from what trips. An amount of zero or below is reached; what is not there
/// is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// To the loss of a day at which only reductions go on.
    pub daily_reduce: Option<Amount>,
    /// To the loss of a day at which everything is closed.
    pub daily_flatten: Option<Amount>,
    /// To the loss of a week at which only reductions go on.
    pub weekly_reduce: Option<Amount>,
    /// To the fall from the highest equity at which only reductions go on.
    pub drawdown_reduce: Option<Amount>,
    /// To the fall from the highest equity at which everything is closed.
    pub drawdown_flatten: Option<Amount>,
    /// Losses in a row to the next cooldown.
    pub cooldown: u32,
    /// Losses in a row to the latch.
    pub latch: u32,
}

/// The room that is left to each breaker.
pub fn room(guard: &GuardState, equity: Option<Amount>, limits: &Limits) -> Room {
    let left = |from: Option<Amount>, percent: Ratio| {
        let from = from.filter(|from| *from > Amount::ZERO)?;
        let fall = from.get().checked_mul(percent.get())?.checked_div(Decimal::ONE_HUNDRED)?;
        let floor = from.minus(Amount::new(fall).ok()?).ok()?;
        equity?.minus(floor).ok()
    };
    let (day, high) = (guard.day.as_ref().map(|day| day.equity), guard.high_water);
    let step = limits.cooldown_losses.max(1);
    let next = (guard.cooled_at / step).saturating_add(1).saturating_mul(step);
    let latch = limits.latch_losses.max(guard.cooled_at.saturating_add(1));
    Room {
        daily_reduce: left(day, limits.daily_loss_percent),
        daily_flatten: left(day, limits.daily_loss_flatten_percent),
        weekly_reduce: left(guard.week, limits.weekly_loss_percent),
        drawdown_reduce: left(high, limits.drawdown_percent),
        drawdown_flatten: left(high, limits.drawdown_flatten_percent),
        cooldown: next.saturating_sub(guard.losses_in_row),
        latch: latch.saturating_sub(guard.losses_in_row),
    }
}

/// How many such losses fit into a room, to one place, rounded down; zero when the breaker is reached. Nothing when the
/// loss is not above zero.
pub fn losses_in(room: Amount, loss: Amount) -> Option<Ratio> {
    let count = room.share_of(loss)?.get().max(Decimal::ZERO);
    Ratio::new(count.trunc_with_scale(1).normalize()).ok()
}
