//! How much an entry buys or sells. Quantities are rounded down to whole lots, never up.

use broker_api::{Amount, Code, Price, Qty, Ratio, Reason, Signal, SizeWanted};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::View;

pub(crate) const NO_EQUITY: Code = Code::fixed("no_equity");
pub(crate) const NO_CONVERSION: Code = Code::fixed("no_conversion");
pub(crate) const NO_STOP: Code = Code::fixed("no_stop");
pub(crate) const OVERFLOW: Code = Code::fixed("number_too_large");
const TOO_SMALL: Code = Code::fixed("below_minimum");

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
    /// Equity divided into so many equal slots, one for each position.
    EqualSlots {
        /// How many.
        slots: u32,
    },
}

/// How orders are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How large an entry is when its signal does not say.
    pub sizing: Sizing,
}

impl Policy {
    /// What applies without a configuration: ten equal slots.
    pub const fn paper() -> Self {
        Self { sizing: Sizing::EqualSlots { slots: 10 } }
    }
}

pub(crate) fn too_large() -> Reason {
    Reason::plain(OVERFLOW, "a figure of this order is too large to compute with; check the signal's numbers")
}

/// The quantity of an entry at `price`, in whole lots.
pub(crate) fn size(
    signal: &Signal,
    wanted: SizeWanted,
    stop: Option<Price>,
    price: Price,
    view: &View<'_>,
    policy: &Policy,
) -> Result<Qty, Reason> {
    let raw = match wanted {
        SizeWanted::Quantity(qty) => qty.get(),
        SizeWanted::Notional(value) => by_value(value, price)?,
        SizeWanted::RiskPct(percent) => by_risk(percent, stop, price, view)?,
        SizeWanted::Configured => match policy.sizing {
            Sizing::Quantity(qty) => qty.get(),
            Sizing::Notional(value) => by_value(in_quote(value, view)?, price)?,
            Sizing::RiskPct(percent) => by_risk(percent, stop, price, view)?,
            Sizing::EqualSlots { slots } => {
                let slot = equity(view)?.get().checked_div(Decimal::from(slots)).ok_or_else(too_large)?;
                let slot = Amount::new(slot).map_err(|_| too_large())?;
                by_value(in_quote(slot, view)?, price)?
            }
        },
    };
    let instrument = view.instrument;
    let qty = Qty::new(raw.max(Decimal::ZERO))
        .ok()
        .and_then(|qty| qty.min(instrument.qty_max).round_down_to(instrument.lot).ok())
        .ok_or_else(too_large)?;
    let value = price.times(qty).map_err(|_| too_large())?;
    if qty.is_zero() || qty < instrument.qty_min || value < instrument.notional_min {
        return Err(Reason {
            code: TOO_SMALL,
            text: format!(
                "{} of {} at {price} would be {qty} ({value} {}); the least is {} units and {} {}",
                signal.wanted.as_str(),
                signal.symbol,
                instrument.quote,
                instrument.qty_min,
                instrument.notional_min,
                instrument.quote
            )
            .into(),
            limit: Some(instrument.qty_min.to_string().into()),
            would_be: Some(raw.round_dp(8).normalize().to_string().into()),
            key: Some("sizing".into()),
        });
    }
    Ok(qty)
}

pub(crate) fn equity(view: &View<'_>) -> Result<Amount, Reason> {
    view.equity.filter(|equity| equity.get() > Decimal::ZERO).ok_or_else(|| {
        Reason::plain(
            NO_EQUITY,
            "equity is not known, so the order cannot be sized; the venue's account must be readable",
        )
    })
}

/// What one unit of quote currency is worth in base currency.
pub(crate) fn rate(view: &View<'_>) -> Result<Ratio, Reason> {
    view.rate.filter(|rate| rate.get() > Decimal::ZERO).ok_or_else(|| {
        let text = format!(
            "no price that turns {} into the book's currency; add its pair to the data",
            view.instrument.quote
        );
        Reason::plain(NO_CONVERSION, text)
    })
}

fn in_quote(value: Amount, view: &View<'_>) -> Result<Amount, Reason> {
    let quote = value.get().checked_div(rate(view)?.get()).ok_or_else(too_large)?;
    Amount::new(quote).map_err(|_| too_large())
}

fn by_value(value: Amount, price: Price) -> Result<Decimal, Reason> {
    value.get().checked_div(price.get()).ok_or_else(too_large)
}

/// Units so that hitting the stop loses `percent` of equity: equity x percent / (distance to the stop x rate).
fn by_risk(percent: Ratio, stop: Option<Price>, price: Price, view: &View<'_>) -> Result<Decimal, Reason> {
    let stop = stop.ok_or_else(|| {
        Reason::plain(NO_STOP, "sized by risk, which needs a stop, and the signal has none")
    })?;
    let budget = equity(view)?.get().checked_mul(percent.get()).ok_or_else(too_large)? / Decimal::ONE_HUNDRED;
    let per_unit = price
        .to(stop)
        .ok()
        .and_then(|gap| gap.get().abs().checked_mul(rate(view).ok()?.get()))
        .ok_or_else(too_large)?;
    rate(view)?;
    budget.checked_div(per_unit).ok_or_else(too_large)
}
