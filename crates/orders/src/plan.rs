//! Entries and exits: market orders, for whole lots, with the plan that will guard the position.

use broker_api::{
    Amount, AssetClass, Code, Direction, Intent, OrderKind, Price, Protection, Purpose, Qty, Reason, Side,
    Signal, SignalId, TimeInForce, Wanted,
};

use crate::View;
use crate::ids::{Origin, client_order_id};
use crate::sizing::{self, Policy, too_large};

const NO_PRICE: Code = Code::fixed("no_price");
const STOP_SIDE: Code = Code::fixed("stop_side");
const NOT_AN_ENTRY: Code = Code::fixed("not_an_entry");
const NOTHING_HELD: Code = Code::fixed("nothing_held");

/// The order that a signal to enter asks for.
///
/// # Errors
/// A [`Reason`]: no price, no equity, no conversion, a stop or target on the wrong side of the price, less than the
/// least quantity or value.
pub fn entry(signal: &Signal, view: &View<'_>, policy: &Policy) -> Result<Intent, Reason> {
    let Wanted::Enter { side, size, plan } = signal.wanted else {
        return Err(Reason::plain(
            NOT_AN_ENTRY,
            format!("the signal asks to {}, not to enter", signal.wanted.as_str()),
        ));
    };
    let order_side = side.entry_side();
    let reference = price(view, order_side)?;
    let plan = round_plan(plan, side, view)?;
    on_the_right_side(&plan, side, reference, view)?;
    let stop = plan.stop;
    let qty = sizing::size(signal, size, stop, reference, view, policy)?;
    let risk = stop.map(|stop| planned_loss(reference, stop, qty, view)).transpose()?;
    let origin = Origin::Signal { strategy: signal.strategy, signal: signal.id };
    // A market that never closes, or closes once a week, has no end of the day to leave an order to.
    let tif =
        if view.instrument.asset_class == AssetClass::Equity { TimeInForce::Day } else { TimeInForce::Gtc };
    Ok(Intent {
        id: client_order_id(view.account, origin, Purpose::Entry, 1),
        key: view.instrument.key,
        signal: Some(signal.id),
        purpose: Purpose::Entry,
        side: order_side,
        qty,
        order: OrderKind::MARKET,
        tif,
        reduce_only: false,
        bracket: false,
        plan,
        reference,
        risk,
    })
}

/// The order that closes `qty` of what is held.
///
/// # Errors
/// A [`Reason`]: nothing is held, or there is no price.
pub fn exit(
    qty: Qty,
    origin: Origin,
    generation: u32,
    signal: Option<SignalId>,
    view: &View<'_>,
) -> Result<Intent, Reason> {
    let side = Side::reducing(view.held.held)
        .ok_or_else(|| Reason::plain(NOTHING_HELD, format!("nothing is held of {}", view.instrument.key)))?;
    let tif =
        if view.instrument.asset_class == AssetClass::Equity { TimeInForce::Day } else { TimeInForce::Gtc };
    Ok(Intent {
        id: client_order_id(view.account, origin, Purpose::Exit, generation),
        key: view.instrument.key,
        signal,
        purpose: Purpose::Exit,
        side,
        qty: qty.min(view.held.held.size()),
        order: OrderKind::MARKET,
        tif,
        reduce_only: true,
        bracket: false,
        plan: Protection::default(),
        reference: price(view, side).or_else(|no_price| view.held.average.ok_or(no_price))?,
        risk: None,
    })
}

fn price(view: &View<'_>, side: Side) -> Result<Price, Reason> {
    view.quote.map(|quote| quote.against(side)).ok_or_else(|| {
        let text = format!("no price of {}; its source is named under [data]", view.instrument.key.symbol);
        Reason { code: NO_PRICE, text: text.into(), limit: None, would_be: None, key: Some("data".into()) }
    })
}

/// Stop and target in whole ticks. A stop is rounded away from the market, a target towards it: the first is not
/// hit earlier than asked, the second not later.
pub(crate) fn round_plan(plan: Protection, side: Direction, view: &View<'_>) -> Result<Protection, Reason> {
    let tick = view.instrument.tick;
    let down = |price: Price| price.round_down_to(tick).map_err(|_| too_large());
    let up = |price: Price| price.round_up_to(tick).map_err(|_| too_large());
    let (stop, target) = match side {
        Direction::Long => (plan.stop.map(down), plan.target.map(down)),
        Direction::Short => (plan.stop.map(up), plan.target.map(up)),
    };
    Ok(Protection { stop: stop.transpose()?, target: target.transpose()? })
}

fn on_the_right_side(
    plan: &Protection,
    side: Direction,
    reference: Price,
    view: &View<'_>,
) -> Result<(), Reason> {
    let (below, above) = match side {
        Direction::Long => (plan.stop, plan.target),
        Direction::Short => (plan.target, plan.stop),
    };
    if below.is_none_or(|price| price < reference) && above.is_none_or(|price| price > reference) {
        return Ok(());
    }
    let shown = |price: Option<Price>| price.map_or_else(|| "none".to_owned(), |price| price.to_string());
    Err(Reason {
        code: STOP_SIDE,
        text: format!(
            "a {} position in {} at {reference} cannot have its stop at {} and its target at {}",
            side.as_str(),
            view.instrument.key.symbol,
            shown(plan.stop),
            shown(plan.target)
        )
        .into(),
        limit: Some(reference.to_string().into()),
        would_be: plan.stop.map(|stop| stop.to_string().into()),
        key: None,
    })
}

/// What is lost if the stop is hit at its price: distance x quantity, in base currency, to the cent.
fn planned_loss(reference: Price, stop: Price, qty: Qty, view: &View<'_>) -> Result<Amount, Reason> {
    let rate = sizing::rate(view)?;
    let gap = reference.to(stop).map_err(|_| too_large())?.get().abs();
    let loss =
        gap.checked_mul(qty.get()).and_then(|loss| loss.checked_mul(rate.get())).ok_or_else(too_large)?;
    Ok(Amount::new(loss).map_err(|_| too_large())?.round_half_even(2))
}
