//! How much an entry buys or sells. Quantities are rounded down to whole lots, never up.
//!
//! | sized by | budget | one unit costs |
//! |---|---|---|
//! | quantity | the units themselves | |
//! | value, by the signal | the value, in quote currency | price |
//! | value, configured | the value, in base currency | price x rate |
//! | risk | equity x percent / 100 | distance from the price to the stop x rate |
//! | share of equity | equity x percent / 100 | price x rate |
//! | equal slots | equity / slots | price x rate |

use broker_api::{Amount, Code, Price, Qty, Ratio, Reason, SizeWanted, Symbol};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::View;

const NO_EQUITY: Code = Code::fixed("no_equity");
const NO_CONVERSION: Code = Code::fixed("no_conversion");
const NO_STOP: Code = Code::fixed("no_stop");
const OVERFLOW: Code = Code::fixed("number_too_large");
const SIZE_ZERO: Code = Code::fixed("size_zero");
const BELOW_MINIMUM: Code = Code::fixed("below_minimum");
const NO_SLOTS: Code = Code::fixed("no_slots");
/// The decimal places a slot's value is cut to, so that dividing never rounds it up.
const SLOT_PLACES: u32 = 12;

/// How large an entry is when its signal does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Sizing {
    /// So many units.
    Quantity(Qty),
    /// So much value, in base currency.
    Notional(Amount),
    /// So many percent of equity lost if the stop is hit.
    RiskPct(Ratio),
    /// So many percent of equity.
    EquityPct(Ratio),
    /// Equity divided into so many equal slots, one for each position.
    EqualSlots {
        /// How many.
        slots: u32,
    },
}

/// Which equity a share of equity is a share of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// With the open profit of what is held.
    #[default]
    Marked,
    /// Without it: cash, that is deposits and closed profit. A backtest that books a trade when it closes sizes by this.
    Closed,
}

/// How orders are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How large an entry is when its signal does not say.
    pub sizing: Sizing,
    /// What shares of equity are shares of.
    pub equity: Basis,
    /// What becomes of the rest of an entry that was executed in part.
    #[serde(default)]
    pub remainder: Remainder,
    /// Instruments whose stop may be watched by a process, where the venue takes none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watched_stops: Vec<Symbol>,
}

/// What becomes of the rest of an entry that was executed in part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remainder {
    /// It is kept as long as the order lives: until its session ends, or until cancelled where a market has none.
    #[default]
    Session,
    /// It is cancelled so many seconds after it was decided.
    After(u32),
}

impl Policy {
    /// What applies without a configuration: ten equal slots.
    pub const fn paper() -> Self {
        Self {
            sizing: Sizing::EqualSlots { slots: 10 },
            equity: Basis::Marked,
            remainder: Remainder::Session,
            watched_stops: Vec::new(),
        }
    }
}

pub(crate) fn too_large() -> Reason {
    Reason::plain(OVERFLOW, "a figure of this order is too large to compute with; check the signal's numbers")
}

/// The quantity of an entry at `price`, in whole lots, at most the instrument's largest order.
pub(crate) fn size(
    wanted: SizeWanted,
    stop: Option<Price>,
    price: Price,
    view: &View<'_>,
    policy: &Policy,
) -> Result<Qty, Reason> {
    let (raw, qty) = match wanted {
        SizeWanted::Quantity(qty) => lots(qty.get(), view)?,
        SizeWanted::Notional(value) => within(value.get(), price.get(), view)?,
        SizeWanted::RiskPct(percent) => by_risk(percent, stop, price, view)?,
        SizeWanted::Configured => match policy.sizing {
            Sizing::Quantity(qty) => lots(qty.get(), view)?,
            Sizing::Notional(value) => within(value.get(), in_base(price.get(), view)?, view)?,
            Sizing::RiskPct(percent) => by_risk(percent, stop, price, view)?,
            Sizing::EquityPct(percent) => {
                within(part_of_equity(percent, view)?, in_base(price.get(), view)?, view)?
            }
            Sizing::EqualSlots { slots } => within(slot(slots, view)?, in_base(price.get(), view)?, view)?,
        },
    };
    large_enough(raw, qty, price, view)?;
    Ok(qty)
}

/// What hitting the stop loses, in base currency: to the cent, and exactly when that is less than one.
pub(crate) fn planned_loss(price: Price, stop: Price, qty: Qty, view: &View<'_>) -> Result<Amount, Reason> {
    let loss = in_base(gap(price, stop)?, view)?.checked_mul(qty.get()).ok_or_else(too_large)?;
    let loss = Amount::new(loss).map_err(|_| too_large())?;
    let cents = loss.round_half_even(2);
    Ok(if cents == Amount::ZERO { loss } else { cents })
}

/// The most lots whose cost is within `budget`, and the unrounded quantity.
fn within(budget: Decimal, unit: Decimal, view: &View<'_>) -> Result<(Decimal, Qty), Reason> {
    let (raw, qty) = lots(budget.checked_div(unit).ok_or_else(too_large)?, view)?;
    // The quotient is rounded at its 28th digit and may stand on the next lot by that.
    let cost = qty.get().checked_mul(unit).ok_or_else(too_large)?;
    let qty = if cost > budget { qty.minus_or_zero(view.instrument.lot) } else { qty };
    Ok((raw, qty))
}

fn lots(raw: Decimal, view: &View<'_>) -> Result<(Decimal, Qty), Reason> {
    let most = view.instrument.qty_max;
    let qty = Qty::new(raw.clamp(Decimal::ZERO, most.get()))
        .ok()
        .and_then(|qty| qty.round_down_to(view.instrument.lot).ok())
        .ok_or_else(too_large)?;
    Ok((raw, qty))
}

fn by_risk(
    percent: Ratio,
    stop: Option<Price>,
    price: Price,
    view: &View<'_>,
) -> Result<(Decimal, Qty), Reason> {
    let stop = stop.ok_or_else(|| {
        let text = format!(
            "{} is sized by {percent} % of equity at risk, which needs a stop, and the signal has none",
            view.instrument.key.symbol
        );
        Reason::plain(NO_STOP, text)
    })?;
    within(part_of_equity(percent, view)?, in_base(gap(price, stop)?, view)?, view)
}

fn part_of_equity(percent: Ratio, view: &View<'_>) -> Result<Decimal, Reason> {
    Ok(equity(view)?.checked_mul(percent.get()).ok_or_else(too_large)? / Decimal::ONE_HUNDRED)
}

fn slot(slots: u32, view: &View<'_>) -> Result<Decimal, Reason> {
    let share = equity(view)?.checked_div(Decimal::from(slots)).ok_or_else(|| Reason {
        key: Some("sizing".into()),
        ..Reason::plain(NO_SLOTS, "equity cannot be divided into 0 slots; set at least 1")
    })?;
    Ok(share.round_dp_with_strategy(SLOT_PLACES, RoundingStrategy::ToZero))
}

fn large_enough(raw: Decimal, qty: Qty, price: Price, view: &View<'_>) -> Result<(), Reason> {
    let instrument = view.instrument;
    let (symbol, currency) = (instrument.key.symbol, instrument.quote);
    let shown = raw.round_dp(8).normalize();
    let too_small = |code, text: String, limit: String, would_be: String| {
        Err(Reason {
            code,
            text: text.into(),
            limit: Some(limit.into()),
            would_be: Some(would_be.into()),
            key: Some("sizing".into()),
        })
    };
    if qty.is_zero() {
        let lot = instrument.lot;
        let text = format!("{shown} of {symbol} at {price} {currency} is less than one lot of {lot}");
        return too_small(SIZE_ZERO, text, lot.to_string(), shown.to_string());
    }
    if qty < instrument.qty_min {
        let least = instrument.qty_min;
        let text = format!("{qty} of {symbol} is less than the {least} that an order must have");
        return too_small(BELOW_MINIMUM, text, least.to_string(), qty.to_string());
    }
    let value = price.times(qty).map_err(|_| too_large())?;
    if value < instrument.notional_min {
        let least = instrument.notional_min;
        let text = format!(
            "{qty} of {symbol} at {price} is worth {value} {currency}, less than the {least} {currency} that an order must be worth"
        );
        return too_small(BELOW_MINIMUM, text, least.to_string(), value.to_string());
    }
    Ok(())
}

fn gap(price: Price, stop: Price) -> Result<Decimal, Reason> {
    price.to(stop).map(|gap| gap.get().abs()).map_err(|_| too_large())
}

fn equity(view: &View<'_>) -> Result<Decimal, Reason> {
    match view.equity.map(Amount::get) {
        Some(equity) if equity > Decimal::ZERO => Ok(equity),
        Some(equity) => {
            Err(Reason::plain(NO_EQUITY, format!("equity is {equity}; there is nothing to size an order by")))
        }
        None => Err(Reason::plain(
            NO_EQUITY,
            "equity is not known, so the order cannot be sized; the venue's account must be readable",
        )),
    }
}

/// `value` of quote currency in base currency.
fn in_base(value: Decimal, view: &View<'_>) -> Result<Decimal, Reason> {
    let rate = view.rate.filter(|rate| rate.get() > Decimal::ZERO).ok_or_else(|| {
        let text = format!(
            "no price that turns {} into the book's currency; add its pair to the data",
            view.instrument.quote
        );
        Reason { key: Some("data".into()), ..Reason::plain(NO_CONVERSION, text) }
    })?;
    value.checked_mul(rate.get()).ok_or_else(too_large)
}
