//! What a fill does to a position, exactly.
//!
//! A position keeps the exact sum its held part came to. An exit releases the share of that sum that it closes,
//! rounded half to even at 10 places, and the last exit releases all that is left; so the profits of a position
//! always add up to exits minus entries, whatever the fills were. Profit is in quote currency and becomes account
//! currency at the rate of the closing fill, rounded half to even at 10 places.

use broker_api::{Amount, Direction, Fill, Held, Intent, Overflow, Protection, Qty, Ratio, Side, StrategyId};

use super::rows::Position;

const PLACES: u32 = 10;

/// What a fill did.
pub(crate) enum Effect {
    /// The position goes on.
    Open(Position),
    /// The position became flat, and nothing was left of the fill.
    Flat(Position),
    /// The position became flat, and the rest of the fill opened one the other way.
    Turned(Position, Box<Position>),
}

/// A position of what `fill` opens.
fn opened(
    number: u64,
    fill: &Fill,
    qty: Qty,
    intent: &Intent,
    strategy: Option<StrategyId>,
) -> Result<Position, Overflow> {
    let value = fill.price.times(qty)?;
    let entry = !intent.purpose.is_reducing();
    Ok(Position {
        key: fill.key,
        number,
        direction: if fill.side == Side::Buy { Direction::Long } else { Direction::Short },
        held: fill.side.signed(qty),
        cost: value,
        entered: qty,
        entered_value: value,
        exited: Qty::ZERO,
        exited_value: Amount::ZERO,
        gross: Amount::ZERO,
        fees: fill.fee.amount,
        opened_at: fill.at,
        signal: intent.signal,
        strategy,
        decided_at_price: intent.reference,
        risk: planned(intent, qty)?,
        plan: if entry { intent.plan } else { Protection::default() },
        legs_made: 0,
        blocked: None,
        refused: Vec::new(),
        executions: vec![fill.execution],
        imported: None,
    })
}

/// The part of the intent's planned loss that falls on `qty` of it.
fn planned(intent: &Intent, qty: Qty) -> Result<Option<Amount>, Overflow> {
    let Some(risk) = intent.risk else { return Ok(None) };
    let share = Ratio::new(qty.get().checked_div(intent.qty.get()).ok_or(Overflow)?).map_err(|_| Overflow)?;
    Ok(Some(risk.times(share)?.round_half_even(PLACES)))
}

/// The position after `fill`, which belongs to an order as in `intent`.
pub(crate) fn filled(
    position: Option<Position>,
    number: u64,
    fill: &Fill,
    intent: &Intent,
    strategy: Option<StrategyId>,
) -> Result<Effect, Overflow> {
    let Some(mut p) = position else {
        return opened(number, fill, fill.qty, intent, strategy).map(Effect::Open);
    };
    if Side::reducing(p.held) != Some(fill.side) {
        let value = fill.price.times(fill.qty)?;
        p.held = p.held.moved(fill.side.signed(fill.qty))?;
        p.cost = p.cost.plus(value)?;
        p.entered = p.entered.plus(fill.qty)?;
        p.entered_value = p.entered_value.plus(value)?;
        p.fees = p.fees.plus(fill.fee.amount)?;
        p.risk = match (p.risk, planned(intent, fill.qty)?) {
            (Some(a), Some(b)) => Some(a.plus(b)?),
            (known, None) | (None, known) => known,
        };
        p.executions.push(fill.execution);
        return Ok(Effect::Open(p));
    }
    let closed = fill.qty.min(p.held.size());
    let rest = fill.qty.minus(closed)?;
    let value = fill.price.times(closed)?;
    let released = release(p.cost, closed, p.held)?;
    let profit = match p.direction {
        Direction::Long => value.minus(released)?,
        Direction::Short => released.minus(value)?,
    };
    p.held = p.held.moved(fill.side.signed(closed))?;
    p.cost = p.cost.minus(released)?;
    p.exited = p.exited.plus(closed)?;
    p.exited_value = p.exited_value.plus(value)?;
    p.gross = p.gross.plus(profit.times(fill.rate)?.round_half_even(PLACES))?;
    p.fees = p.fees.plus(fill.fee.amount)?;
    p.executions.push(fill.execution);
    if !p.held.is_flat() {
        return Ok(Effect::Open(p));
    }
    if rest.is_zero() {
        return Ok(Effect::Flat(p));
    }
    let mut turned = opened(number, fill, rest, intent, strategy)?;
    turned.fees = Amount::ZERO; // the whole fee of this fill is booked on the position it closed
    Ok(Effect::Turned(p, Box::new(turned)))
}

/// The part of `cost` that falls on `closed` of what is `held`.
fn release(cost: Amount, closed: Qty, held: Held) -> Result<Amount, Overflow> {
    if closed == held.size() {
        return Ok(cost);
    }
    let part = cost.get().checked_mul(closed.get()).ok_or(Overflow)?;
    let share = part.checked_div(held.size().get()).ok_or(Overflow)?;
    Ok(Amount::new(share).map_err(|_| Overflow)?.round_half_even(PLACES))
}
