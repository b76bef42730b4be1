//! What should rest at the venue to guard what is held: wanted protection = held quantity.

use broker_api::intent::{Limit, Stop};
use broker_api::{
    Direction, Intent, OrderKind, Protection, Purpose, Qty, Reason, Side, SignalId, TimeInForce,
};

use crate::View;
use crate::ids::{Origin, client_order_id};
use crate::plan::{round_stop, round_target};
use crate::sizing::too_large;

/// The orders that should rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legs {
    /// The planned loss, over all that is held.
    pub stop: Option<Intent>,
    /// The planned profit, over all that is held.
    pub target: Option<Intent>,
}

/// What should rest for what `view.held` says is held, by its plan. `legs_made` legs were made before, so the stop
/// is of generation `legs_made + 1` and the target of `legs_made + 2`. Nothing for nothing held.
///
/// A planned price below the first tick becomes the first tick: a position is not left without its stop because
/// the price it was given cannot exist, nor because its target cannot.
///
/// # Errors
/// A [`Reason`] when no generation is left.
pub fn protection(
    number: u64,
    legs_made: u32,
    signal: Option<SignalId>,
    view: &View<'_>,
) -> Result<Legs, Reason> {
    let exposure = view.held;
    let Some(side) = Side::reducing(exposure.held) else { return Ok(Legs { stop: None, target: None }) };
    let direction = if exposure.held.is_long() { Direction::Long } else { Direction::Short };
    let tick = view.instrument.tick;
    let stop = exposure.plan.stop.map(|price| round_stop(price, direction, view).unwrap_or(price.max(tick)));
    let target =
        exposure.plan.target.map(|price| round_target(price, direction, view).unwrap_or(price.max(tick)));
    let generation = |next: u32| legs_made.checked_add(next).ok_or_else(too_large);
    let (first, second) = (generation(1)?, generation(2)?);
    let origin = Origin::Position { key: view.instrument.key, number };
    let leg = |purpose: Purpose, order: OrderKind, generation: u32, reference| Intent {
        id: client_order_id(view.account, origin, purpose, generation),
        key: view.instrument.key,
        signal,
        purpose,
        side,
        qty: exposure.held.size(),
        order,
        tif: TimeInForce::Gtc,
        reduce_only: true,
        bracket: false,
        plan: Protection::default(),
        reference,
        risk: None,
    };
    Ok(Legs {
        stop: stop.map(|trigger| leg(Purpose::Stop, OrderKind::Stop(Stop { trigger }), first, trigger)),
        target: target.map(|limit| leg(Purpose::Target, OrderKind::Limit(Limit { limit }), second, limit)),
    })
}

/// Whether a live order, of which `rest` is not executed yet, is what is wanted: then it stays. Names and
/// what it is measured against do not matter.
pub fn covers(wanted: &Intent, live: &Intent, rest: Qty) -> bool {
    wanted.key == live.key
        && wanted.purpose == live.purpose
        && wanted.side == live.side
        && wanted.order == live.order
        && wanted.qty == rest
}
