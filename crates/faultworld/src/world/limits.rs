//! The limits that a schedule is played under: those of paper trading, or ones so narrow that they bind.

use broker_api::Ratio;
use chrono::TimeDelta;
use engine::{Limits, Policy, Sizing};
use rust_decimal::Decimal;

use crate::check::Bounds;
use crate::dice::Dice;

/// The limits of a seed, and how large its entries are.
pub(super) fn of(seed: u64) -> (Limits, Policy) {
    let mut dice = Dice::of(seed, 2);
    let (mut limits, mut policy) = (Limits::paper(), Policy::paper());
    // Our clock jumps by up to 40 seconds: at most seeds that is no reason to let no entry through.
    if !Dice::of(seed, 6).happens(100) {
        limits.clock_milliseconds = 60_000;
    }
    if dice.happens(400) {
        return (limits, policy);
    }
    let mut percent = |limit: &mut Ratio, least: i64, most: i64| {
        *limit = Ratio::new(Decimal::new(dice.between(least, most), 1)).unwrap_or(*limit);
    };
    percent(&mut limits.gross_exposure_percent, 120, 450);
    percent(&mut limits.daily_loss_percent, 1, 20);
    percent(&mut limits.drawdown_percent, 2, 40);
    limits.daily_loss_flatten_percent = limits.daily_loss_percent.max(limits.daily_loss_flatten_percent);
    // A class stops before everything does.
    let half =
        Ratio::new(limits.daily_loss_percent.get() / Decimal::TWO).unwrap_or(limits.daily_loss_percent);
    limits.daily_loss_equity_percent = half;
    (limits.daily_loss_forex_percent, limits.daily_loss_crypto_percent) = (half, half);
    limits.positions_max = if dice.happens(500) { 1 } else { 2 };
    limits.cooldown_losses = if dice.happens(500) { 1 } else { 2 };
    limits.cooldown_hours = 1;
    limits.latch_losses = if dice.happens(500) { 3 } else { 5 };
    if limits.latch_losses == 3 {
        // Where little closes everything, and a person may go on soon.
        let twice = Ratio::new(limits.daily_loss_percent.get() * Decimal::TWO);
        limits.daily_loss_flatten_percent = twice.unwrap_or(limits.daily_loss_flatten_percent);
        limits.flatten_rest_hours = 1;
    }
    policy.sizing = Sizing::EqualSlots { slots: if dice.happens(500) { 10 } else { 6 } };
    (limits, policy)
}

/// The same limits as plain numbers.
pub(super) fn bounds(limits: &Limits) -> Bounds {
    Bounds {
        positions: usize::try_from(limits.positions_max).unwrap_or(usize::MAX),
        order: limits.order_notional_percent.get(),
        position: limits.position_notional_percent.get(),
        gross: limits.gross_exposure_percent.get(),
        risk: limits.risk_per_trade_percent.get(),
        day_fall: limits.daily_loss_percent.get(),
        fall: limits.drawdown_percent.get(),
        flattens: [limits.daily_loss_flatten_percent.get(), limits.drawdown_flatten_percent.get()],
        rest: TimeDelta::hours(i64::from(limits.flatten_rest_hours)),
        losses: limits.cooldown_losses,
        latch: limits.latch_losses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_limits_are_limits() {
        let mut narrow = 0;
        for seed in 0..500 {
            let limits = of(seed).0;
            assert!(limits.is_sane(), "seed {seed}: {:?}", limits.fault());
            narrow += u32::from(limits.positions_max < Limits::paper().positions_max);
        }
        assert!(narrow > 200, "{narrow}");
    }
}
