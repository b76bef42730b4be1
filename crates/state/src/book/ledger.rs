//! What a fill does to a position, exactly.
//!
//! A position keeps the exact sum its held part came to. An exit releases the share of that sum that it closes,
//! rounded half to even at 10 places, and the last exit releases all that is left; so the profits of a position
//! always add up to exits minus entries, whatever the fills were. What a venue keeps of an instrument as its fee never was
//! held, and costs what it was bought at. Profit is in quote currency and becomes account
//! currency at the rate of the closing fill, rounded half to even at 10 places.

use broker_api::{
    Amount, Direction, Fill, Held, Intent, Overflow, Price, Protection, Qty, Ratio, Side, StrategyId,
};

use super::rows::{Bare, Position};

pub(super) const PLACES: u32 = 10;

/// A fill as it is booked.
#[derive(Clone, Copy)]
pub(crate) struct Booked<'a> {
    pub(crate) fill: &'a Fill,
    /// By how much it moves what is held.
    pub(crate) qty: Qty,
    /// What it cost beside its price, in account currency.
    pub(crate) fees: Amount,
}

impl<'a> Booked<'a> {
    /// The fill, whose money fee came to `fee` in account currency.
    pub(crate) fn new(fill: &'a Fill, fee: Amount) -> Result<Self, Overflow> {
        let kept = fill.price.times(fill.kept)?.times(fill.rate)?.round_half_even(PLACES);
        Ok(Self { fill, qty: fill.moved()?, fees: fee.plus(kept)? })
    }
}

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
    booked: &Booked<'_>,
    intent: &Intent,
    strategy: Option<StrategyId>,
) -> Result<Position, Overflow> {
    let Booked { fill, qty, fees } = *booked;
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
        fees,
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
        outside: None,
        overfilled: !entry,
        bare: Bare::default(),
        imported: None,
    })
}

/// The part of the intent's planned loss that falls on `qty` of it.
fn planned(intent: &Intent, qty: Qty) -> Result<Option<Amount>, Overflow> {
    let Some(risk) = intent.risk else { return Ok(None) };
    let share = Ratio::new(qty.get().checked_div(intent.qty.get()).ok_or(Overflow)?).map_err(|_| Overflow)?;
    Ok(Some(risk.times(share)?.round_half_even(PLACES)))
}

/// The position after a fill, which belongs to an order as in `intent`.
pub(crate) fn filled(
    position: Option<Position>,
    number: u64,
    booked: &Booked<'_>,
    intent: &Intent,
    strategy: Option<StrategyId>,
) -> Result<Effect, Overflow> {
    let Booked { fill, qty, fees } = *booked;
    let Some(mut p) = position else {
        return opened(number, booked, intent, strategy).map(Effect::Open);
    };
    if Side::reducing(p.held) != Some(fill.side) {
        let value = fill.price.times(qty)?;
        p.held = p.held.moved(fill.side.signed(qty))?;
        p.cost = p.cost.plus(value)?;
        p.entered = p.entered.plus(qty)?;
        p.entered_value = p.entered_value.plus(value)?;
        p.fees = p.fees.plus(fees)?;
        p.risk = match (p.risk, planned(intent, qty)?) {
            (Some(a), Some(b)) => Some(a.plus(b)?),
            (known, None) | (None, known) => known,
        };
        p.executions.push(fill.execution);
        return Ok(Effect::Open(p));
    }
    let part = qty.min(p.held.size());
    let rest = qty.minus(part)?;
    // The whole fee of a fill is booked on the position it closes.
    p = closed(p, &Booked { fill, qty: part, fees })?;
    if !p.held.is_flat() {
        return Ok(Effect::Open(p));
    }
    if rest.is_zero() {
        return Ok(Effect::Flat(p));
    }
    let rest = Booked { fill, qty: rest, fees: Amount::ZERO };
    Ok(Effect::Turned(p, Box::new(opened(number, &rest, intent, strategy)?)))
}

/// A position of which `booked`, which is not more than is held, closed a part or all.
pub(crate) fn closed(mut p: Position, booked: &Booked<'_>) -> Result<Position, Overflow> {
    let Booked { fill, qty, fees } = *booked;
    let value = fill.price.times(qty)?;
    let released = release(p.cost, qty, p.held)?;
    let profit = match p.direction {
        Direction::Long => value.minus(released)?,
        Direction::Short => released.minus(value)?,
    };
    p.held = p.held.moved(fill.side.signed(qty))?;
    p.cost = p.cost.minus(released)?;
    p.exited = p.exited.plus(qty)?;
    p.exited_value = p.exited_value.plus(value)?;
    p.gross = p.gross.plus(profit.times(fill.rate)?.round_half_even(PLACES))?;
    p.fees = p.fees.plus(fees)?;
    p.executions.push(fill.execution);
    Ok(p)
}

/// A position without `qty` of what it holds, which goes for what it came to: neither profit nor loss.
pub(crate) fn written_off(mut p: Position, qty: Qty) -> Result<Position, Overflow> {
    let released = release(p.cost, qty, p.held)?;
    let side = if p.held.is_long() { Side::Sell } else { Side::Buy };
    p.held = p.held.moved(side.signed(qty))?;
    p.cost = p.cost.minus(released)?;
    p.exited = p.exited.plus(qty)?;
    p.exited_value = p.exited_value.plus(released)?;
    Ok(p)
}

/// A position with `qty` more, at a price.
pub(crate) fn taken_in(mut p: Position, qty: Qty, price: Price) -> Result<Position, Overflow> {
    let value = price.times(qty)?;
    let side = if p.held.is_long() { Side::Buy } else { Side::Sell };
    p.held = p.held.moved(side.signed(qty))?;
    p.cost = p.cost.plus(value)?;
    p.entered = p.entered.plus(qty)?;
    p.entered_value = p.entered_value.plus(value)?;
    Ok(p)
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
