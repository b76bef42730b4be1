//! Entries and exits: for whole lots, with the plan that will guard the position. They are market orders, but for entries at
//! a venue that needs a fence: those are limit orders a little from the price, and end when their time to be sent does.

use broker_api::intent::Limit;
use broker_api::{
    Amount, AssetClass, Brackets, Code, Direction, Intent, Key, KindName, OrderKind, Overflow, Price,
    Protection, Purpose, Qty, Ratio, Reason, ResolvePolicy, Side, Signal, SignalId, Time, TimeInForce,
    Wanted, planted,
};

use crate::View;
use crate::ids::{Origin, client_order_id};
use crate::sizing::{self, Policy};

const NO_PRICE: Code = Code::fixed("no_price");
const STOP_SIDE: Code = Code::fixed("stop_side");
const TARGET_SIDE: Code = Code::fixed("target_side");
const BELOW_TICK: Code = Code::fixed("below_tick");
const NOT_SHORTABLE: Code = Code::fixed("not_shortable");
const KIND_NOT_TAKEN: Code = Code::fixed("kind_not_taken");
const STOP_NEEDS_DAEMON: Code = Code::fixed("stop_needs_daemon");
const NOT_AN_ENTRY: Code = Code::fixed("not_an_entry");
const NOTHING_HELD: Code = Code::fixed("nothing_held");

/// The order that a signal to enter asks for.
///
/// # Errors
/// A [`Reason`]: not an entry, not shortable, a kind of order that the venue does not take, no price, no equity, no
/// conversion, a stop or target on the wrong side of the price, less than the least quantity or value.
pub fn entry(signal: &Signal, view: &View<'_>, policy: &Policy) -> Result<Intent, Reason> {
    let Wanted::Enter { side, size, plan } = signal.wanted else {
        let text = format!("the signal asks to {}, not to enter", signal.wanted.as_str());
        return Err(Reason::plain(NOT_AN_ENTRY, text));
    };
    possible(side, &plan, view, policy)?;
    let order_side = side.entry_side();
    let reference = price(view, order_side)?;
    // A stop that follows begins so far from the price.
    let begins = plan.trail.map(|trail| moved(reference, trail, side)).transpose()?;
    let plan = Protection {
        stop: plan
            .stop
            .or(begins)
            .map(|stop| round_stop(stop, side, view).map_err(|_| below_tick(stop, view)))
            .transpose()?,
        target: plan
            .target
            .map(|target| round_target(target, side, view).map_err(|_| below_tick(target, view)))
            .transpose()?,
        trail: plan.trail,
    };
    on_the_right_side(&plan, side, view)?;
    let qty = sizing::size(size, plan.stop, reference, view, policy)?;
    let risk = plan.stop.map(|stop| sizing::planned_loss(reference, stop, qty, view)).transpose()?;
    let origin = Origin::Signal { strategy: signal.strategy, signal: signal.id };
    let (order, tif) = match view.capabilities.resolve.fence.filter(|_| !planted!(UnfencedEntry)) {
        Some(collar) => {
            let limit = collared(reference, collar, order_side, view)?;
            (
                OrderKind::Limit(Limit { limit }),
                TimeInForce::Gtd(send_by(&view.capabilities.resolve, Some(signal.expires_at), view.now)),
            )
        }
        None => (OrderKind::MARKET, lives(view)),
    };
    let bracket = brings_legs(qty, &plan, view);
    // The legs live as long as their entry may; behind a fence they have a life of their own.
    let is_fenced = view.capabilities.resolve.fence.is_some();
    let tif = if bracket && !is_fenced { TimeInForce::Gtc } else { tif };
    Ok(Intent {
        id: client_order_id(view.account, origin, Purpose::Entry, 1),
        key: view.instrument.key,
        signal: Some(signal.id),
        purpose: Purpose::Entry,
        side: order_side,
        qty,
        order,
        tif,
        reduce_only: false,
        bracket,
        plan,
        reference,
        risk,
    })
}

/// Whether the venue shall make stop and target itself: where a stop of ours and a target of ours cannot rest beside each
/// other, and it makes them.
fn brings_legs(qty: Qty, plan: &Protection, view: &View<'_>) -> bool {
    let is_whole = view.instrument.asset_class == AssetClass::Equity && qty.get().is_integer();
    let makes = match view.capabilities.brackets {
        Brackets::None => false,
        Brackets::WholeShares => is_whole,
        Brackets::AsFilled => true,
    };
    makes && view.capabilities.closing_binds && plan.stop.is_some() && plan.trail.is_none()
}

/// The order that closes `qty` of what is held, and never more than that. Without a quote it is measured against
/// the average price of what is held: a missing price does not hold an exit back.
///
/// # Errors
/// A [`Reason`]: nothing is held or asked for, or there is neither a quote nor an average price.
pub fn exit(
    qty: Qty,
    origin: Origin,
    generation: u32,
    signal: Option<SignalId>,
    view: &View<'_>,
) -> Result<Intent, Reason> {
    let held = view.held.confirmed;
    let qty = qty.min(held.size());
    let side = Side::reducing(held).filter(|_| !qty.is_zero()).ok_or_else(|| {
        let text = format!("{} are held of {}; there is nothing to close", held, view.instrument.key);
        Reason::plain(NOTHING_HELD, text)
    })?;
    Ok(Intent {
        id: client_order_id(view.account, origin, Purpose::Exit, generation),
        key: view.instrument.key,
        signal,
        purpose: Purpose::Exit,
        side,
        qty,
        order: OrderKind::MARKET,
        tif: lives(view),
        reduce_only: true,
        bracket: false,
        plan: Protection::default(),
        reference: price(view, side).or_else(|no_price| view.held.average.ok_or(no_price))?,
        risk: None,
    })
}

/// Until when an order that is decided now may be sent: as long as its venue allows, and an entry not past its signal.
pub fn send_by(policy: &ResolvePolicy, expires_at: Option<Time>, now: Time) -> Time {
    let within = now.checked_add_signed(policy.send_within).unwrap_or(Time::MAX_UTC);
    expires_at.map_or(within, |expires_at| within.min(expires_at))
}

/// A price so far from another, on the side of loss.
fn moved(from: Price, by: Price, side: Direction) -> Result<Price, Reason> {
    let away = match side {
        Direction::Long => Amount::new(-by.get()),
        Direction::Short => Amount::new(by.get()),
    };
    let moved = away.map_err(|_| Overflow).and_then(|away| from.moved(away));
    moved
        .map_err(|_| Reason::plain(STOP_SIDE, format!("a stop that follows {by} behind {from} has no price")))
}

/// The worst price that is still taken: `collar` of the price away from it, in whole ticks, never further.
fn collared(reference: Price, collar: Ratio, side: Side, view: &View<'_>) -> Result<Price, Reason> {
    let tick = view.instrument.tick;
    let away = reference.get().checked_mul(collar.get()).and_then(|away| Amount::new(away).ok());
    let limit = away.ok_or(Overflow).and_then(|away| match side {
        Side::Buy => reference.moved(away)?.round_down_to(tick),
        Side::Sell => reference.moved(away.negated())?.round_up_to(tick),
    });
    limit.map_err(|_| below_tick(reference, view))
}

/// A market that never closes, or closes once a week, has no end of the day to leave an order to.
fn lives(view: &View<'_>) -> TimeInForce {
    match view.instrument.asset_class {
        AssetClass::Equity => TimeInForce::Day,
        AssetClass::Forex | AssetClass::Crypto => TimeInForce::Gtc,
    }
}

fn price(view: &View<'_>, side: Side) -> Result<Price, Reason> {
    view.quote.map(|quote| quote.against(side)).ok_or_else(|| {
        let text = format!("no price of {}; its source is named under [data]", view.instrument.key.symbol);
        Reason { key: Some("data".into()), ..Reason::plain(NO_PRICE, text) }
    })
}

/// Whether the venue can hold such a position at all, and guard it as planned.
fn possible(side: Direction, plan: &Protection, view: &View<'_>, policy: &Policy) -> Result<(), Reason> {
    let Key { venue, symbol } = view.instrument.key;
    let is_watched = !view.capabilities.takes(KindName::Stop) && plan.stop.is_some();
    if is_watched && !policy.watched_stops.contains(&symbol) {
        let text = format!(
            "{venue} takes no stops, so the stop of {symbol} would only be as good as the process that watches it"
        );
        return Err(Reason {
            key: Some("orders.watched_stops".into()),
            ..Reason::plain(STOP_NEEDS_DAEMON, text)
        });
    }
    if side == Direction::Short && !view.instrument.shortable {
        return Err(Reason::plain(NOT_SHORTABLE, format!("{symbol} cannot be sold short at {venue}")));
    }
    let needed = [
        Some(KindName::Market),
        view.capabilities.resolve.fence.map(|_| KindName::Limit),
        plan.target.map(|_| KindName::Limit),
    ];
    match needed.into_iter().flatten().find(|kind| !view.capabilities.takes(*kind)) {
        Some(kind) => {
            let text = format!("{venue} takes no {} orders, and {symbol} would need one", kind.as_str());
            Err(Reason::plain(KIND_NOT_TAKEN, text))
        }
        None => Ok(()),
    }
}

/// A stop in whole ticks, away from the market: it is never hit earlier than asked.
pub(crate) fn round_stop(stop: Price, side: Direction, view: &View<'_>) -> Result<Price, Overflow> {
    match side {
        Direction::Long => stop.round_down_to(view.instrument.tick),
        Direction::Short => stop.round_up_to(view.instrument.tick),
    }
}

/// A target in whole ticks, away from the market: it never sells for less, or buys for more, than asked.
pub(crate) fn round_target(target: Price, side: Direction, view: &View<'_>) -> Result<Price, Overflow> {
    match side {
        Direction::Long => target.round_up_to(view.instrument.tick),
        Direction::Short => target.round_down_to(view.instrument.tick),
    }
}

fn below_tick(price: Price, view: &View<'_>) -> Reason {
    let tick = view.instrument.tick;
    let text = format!("{price} is no price of {}: it moves in steps of {tick}", view.instrument.key.symbol);
    Reason {
        limit: Some(tick.to_string().into()),
        would_be: Some(price.to_string().into()),
        ..Reason::plain(BELOW_TICK, text)
    }
}

/// The stop must lie beyond the price it would be executed at, or it is hit at once; the target beyond the price of
/// the entry, or it is no profit.
fn on_the_right_side(plan: &Protection, side: Direction, view: &View<'_>) -> Result<(), Reason> {
    let entered = price(view, side.entry_side())?;
    let left = price(view, side.entry_side().opposite())?;
    let (stop_word, target_word) = match side {
        Direction::Long => ("below", "above"),
        Direction::Short => ("above", "below"),
    };
    let lies =
        |price: Price, word: &str, bound: Price| if word == "below" { price < bound } else { price > bound };
    let wrong = |code, what: &str, at: Price, word: &str, bound: Price| {
        let symbol = view.instrument.key.symbol;
        let text =
            format!("the {what} {at} of a {} position in {symbol} must lie {word} {bound}", side.as_str());
        Err(Reason {
            limit: Some(bound.to_string().into()),
            would_be: Some(at.to_string().into()),
            ..Reason::plain(code, text)
        })
    };
    // A crossed quote has its sides exchanged; the entry's own price bounds the stop then as well.
    let bound = match side {
        Direction::Long => left.min(entered),
        Direction::Short => left.max(entered),
    };
    match (plan.stop, plan.target) {
        (Some(stop), _) if !lies(stop, stop_word, bound) => wrong(STOP_SIDE, "stop", stop, stop_word, bound),
        (_, Some(target)) if !lies(target, target_word, entered) => {
            wrong(TARGET_SIDE, "target", target, target_word, entered)
        }
        _ => Ok(()),
    }
}
