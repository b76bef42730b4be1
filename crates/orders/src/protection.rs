//! What should rest at the venue to guard what is held: wanted protection = held quantity.

use broker_api::intent::{Limit, Stop, TrailingStop};
use broker_api::{
    Direction, Intent, KindName, OrderKind, Price, Protection, Purpose, Qty, Reason, Side, SignalId,
    TimeInForce, planted,
};

use crate::View;
use crate::ids::{Origin, client_order_id};
use crate::plan::{round_stop, round_target};
use crate::sizing::too_large;

/// What should rest for what `view.held` says is held, by its plan, for one purpose: its stop or its target. `legs_made`
/// legs were made before, so the stop is of generation `legs_made + 1` and the target of `legs_made + 2`. Nothing for
/// nothing held or planned.
///
/// A planned price below the first tick becomes the first tick: a position is not left without its stop because
/// the price it was given cannot exist, nor because its target cannot.
///
/// # Errors
/// A [`Reason`] when no generation is left.
pub fn leg(
    purpose: Purpose,
    number: u64,
    legs_made: u32,
    signal: Option<SignalId>,
    view: &View<'_>,
) -> Result<Option<Intent>, Reason> {
    let exposure = view.held;
    let Some(side) = Side::reducing(exposure.confirmed) else { return Ok(None) };
    let direction = if exposure.held.is_long() { Direction::Long } else { Direction::Short };
    let tick = view.instrument.tick;
    // Names are left for both, so that a stop never has the name that a target would have had.
    let last = legs_made.checked_add(2).ok_or_else(too_large)?;
    let (order, generation, reference) = match purpose {
        Purpose::Target => {
            let Some(price) = exposure.plan.target else { return Ok(None) };
            let limit = round_target(price, direction, view).unwrap_or(price.max(tick));
            (OrderKind::Limit(Limit { limit }), last, limit)
        }
        Purpose::Stop => match (trailing(direction, view), exposure.plan.stop) {
            (Some((distance, at)), _) => (OrderKind::TrailingStop(TrailingStop { distance }), last - 1, at),
            (None, Some(price)) => {
                let trigger = round_stop(price, direction, view).unwrap_or(price.max(tick));
                (OrderKind::Stop(Stop { trigger }), last - 1, trigger)
            }
            (None, None) => return Ok(None),
        },
        Purpose::Entry | Purpose::Exit => return Ok(None),
    };
    let origin = Origin::Position { key: view.instrument.key, number };
    Ok(Some(Intent {
        id: client_order_id(view.account, origin, purpose, generation),
        key: view.instrument.key,
        signal,
        purpose,
        side,
        qty: exposure.confirmed.size(),
        order,
        tif: TimeInForce::Gtc,
        reduce_only: true,
        bracket: false,
        plan: Protection {
            trail: exposure.plan.trail.filter(|_| purpose == Purpose::Stop),
            ..Protection::default()
        },
        reference,
        risk: None,
    }))
}

/// The distance of a stop that follows at the venue, and where it would begin; nothing where the venue does not take one for
/// what is held, or where the stop has come nearer than that already: it only moves towards the market.
fn trailing(direction: Direction, view: &View<'_>) -> Option<(Price, Price)> {
    let distance = view.held.plan.trail?;
    let is_whole = view.held.confirmed.size().get().is_integer();
    if !view.capabilities.takes(KindName::TrailingStop)
        || (view.capabilities.parts_end_with_session && !is_whole)
    {
        return None;
    }
    let quote = view.quote?;
    let at = match direction {
        Direction::Long => quote.bid.get().checked_sub(distance.get())?,
        Direction::Short => quote.ask.get().checked_add(distance.get())?,
    };
    let at = Price::new(at).ok()?;
    let is_behind = view.held.plan.stop.is_some_and(|stop| match direction {
        Direction::Long => at < stop,
        Direction::Short => at > stop,
    });
    (!is_behind).then_some((distance, at))
}

/// Whether a live order, of which `rest` is not executed yet, is what is wanted: then it stays. Names and
/// what it is measured against do not matter.
pub fn covers(wanted: &Intent, live: &Intent, rest: Qty) -> bool {
    wanted.key == live.key
        && wanted.purpose == live.purpose
        && wanted.side == live.side
        && (wanted.order == live.order || follows(wanted, live) || planted!(StopNotMoved))
        && (wanted.qty == rest || planted!(StopNotResized))
}

/// Whether a stop that follows the price rests at the distance that is wanted: the venue moves it.
fn follows(wanted: &Intent, live: &Intent) -> bool {
    matches!(live.order, OrderKind::TrailingStop(TrailingStop { distance }) if wanted.plan.trail == Some(distance))
}
