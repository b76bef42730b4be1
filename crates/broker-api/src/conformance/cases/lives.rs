//! Each kind of order, from its sending to its end.

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{Bench, Case, Done, case, takes};
use crate::conformance::Trouble;
use crate::conformance::bench::{demand, units};
use crate::intent::{StopLimit, TrailingStop};
use crate::{End, Fill, Intent, KindName, OrderKind, Qty, Side, TimeInForce};

pub(super) const CASES: &[Case] = &[
    case!(1, market_buy_fills, [Session], "a market order to buy is executed whole, at the ask or near it"),
    case!(2, market_sell_closes, [Session], "a market order to sell what is held leaves nothing"),
    case!(
        3,
        market_sell_opens_short,
        [Session],
        "a market order to sell what is not held opens a short position"
    ),
    case!(4, limit_rests, [], "a limit order away from the price rests, whole"),
    case!(
        5,
        limit_buy_fills_at_its_price_or_better,
        [Prices],
        "a resting limit order to buy is executed when the ask comes to it, never above it"
    ),
    case!(
        6,
        limit_at_the_market_fills_at_once,
        [Session],
        "a limit order beyond the price is executed at once, not at its limit but at the price"
    ),
    case!(
        7,
        limit_sell_fills_at_its_price_or_better,
        [Session, Prices],
        "a resting limit order to sell is never executed below its limit"
    ),
    case!(
        8,
        stop_buy_sleeps_and_wakes,
        [Prices],
        "a stop order to buy rests until the price comes up to it, and is executed then"
    ),
    case!(
        9,
        stop_sell_sleeps_and_wakes,
        [Session, Prices],
        "a stop order to sell rests until the price comes down to it, and is executed then"
    ),
    case!(
        10,
        stop_limit_keeps_its_limit,
        [Session, Prices],
        "a stop-limit order that woke is not executed beyond its limit"
    ),
    case!(
        11,
        trailing_stop_follows,
        [Session, Prices],
        "a trailing stop follows the price up, and does not follow it down"
    ),
    case!(12, day_ends_with_the_session, [Hours], "a day order that rests when the session ends expires"),
    case!(13, gtc_outlives_the_session, [Hours], "an order until cancelled outlives the session"),
    case!(14, ioc_does_not_rest, [Session], "what cannot be executed at once of an immediate order ends"),
    case!(
        15,
        fok_is_whole_or_nothing,
        [Session],
        "a fill-or-kill order that cannot be executed ends with nothing"
    ),
    case!(16, gtd_ends_at_its_moment, [Prices], "an order until a moment expires then"),
    case!(
        17,
        parts_add_up,
        [Parts, Prices],
        "an order that is executed in parts lives until it is whole, and its parts come to that"
    ),
    case!(
        18,
        what_was_executed_stays,
        [Parts],
        "a partly executed order that is cancelled keeps what it has"
    ),
    case!(
        19,
        a_part_of_a_unit_ends_with_the_session,
        [Hours],
        "where it says so, an order for a part of a unit ends with the session, whatever it asks for"
    ),
];

fn at_most(bench: &Bench, fills: &[Fill], share: i64) -> Result<bool, crate::conformance::Stop> {
    let bound = bench.price(share)?;
    Ok(!fills.is_empty() && fills.iter().all(|fill| fill.price <= bound))
}

fn at_least(bench: &Bench, fills: &[Fill], share: i64) -> Result<bool, crate::conformance::Stop> {
    let bound = bench.price(share)?;
    Ok(!fills.is_empty() && fills.iter().all(|fill| fill.price >= bound))
}

async fn market_buy_fills(bench: &mut Bench) -> Done {
    let fills = bench.filled(Side::Buy, 10).await?;
    let sum: Decimal = fills.iter().map(|fill| fill.qty.get()).sum();
    demand(sum == Decimal::TEN, || format!("10 must be executed: {fills:?}"))?;
    demand(at_least(bench, &fills, 9_000)? && at_most(bench, &fills, 11_000)?, || {
        format!("at about 100: {fills:?}")
    })
}

async fn market_sell_closes(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    let exit = bench.exit(Side::Sell, 10)?;
    bench.take(&exit).await?;
    bench.ends(exit.id, End::Filled).await?;
    bench.holds(0).await
}

async fn market_sell_opens_short(bench: &mut Bench) -> Done {
    if !bench.instrument().await?.shortable {
        return super::not_here("it cannot be sold short");
    }
    let fills = bench.filled(Side::Sell, 10).await?;
    demand(fills.iter().all(|fill| fill.side == Side::Sell), || format!("{fills:?}"))?;
    bench.holds(-10).await
}

async fn resting(
    bench: &mut Bench,
    side: Side,
    order: OrderKind,
) -> Result<Intent, crate::conformance::Stop> {
    takes(bench, order.name())?;
    let order = bench.order(side, 10, order)?;
    bench.take(&order).await?;
    bench.rests(order.id).await?;
    Ok(order)
}

async fn limit_rests(bench: &mut Bench) -> Done {
    let order = resting(bench, Side::Buy, bench.limit(9_000)?).await?;
    let open = bench.open().await?;
    demand(open.iter().any(|open| open.id == Some(order.id)), || {
        format!("it must be among the live ones: {open:?}")
    })
}

async fn limit_buy_fills_at_its_price_or_better(bench: &mut Bench) -> Done {
    let order = resting(bench, Side::Buy, bench.limit(9_500)?).await?;
    bench.quote(9_488, 9_490).await?;
    bench.ends(order.id, End::Filled).await?;
    let fills = bench.fills(order.id).await?;
    demand(at_most(bench, &fills, 9_500)?, || format!("not above 95: {fills:?}"))
}

async fn limit_at_the_market_fills_at_once(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = bench.order(Side::Buy, 10, bench.limit(10_900)?)?;
    bench.take(&order).await?;
    bench.ends(order.id, End::Filled).await?;
    let fills = bench.fills(order.id).await?;
    demand(at_most(bench, &fills, 10_100)?, || format!("at the price there is: {fills:?}"))
}

async fn limit_sell_fills_at_its_price_or_better(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    let order = resting(bench, Side::Sell, bench.limit(10_500)?).await?;
    bench.quote(10_510, 10_512).await?;
    bench.ends(order.id, End::Filled).await?;
    let fills = bench.fills(order.id).await?;
    demand(at_least(bench, &fills, 10_500)?, || format!("not below 105: {fills:?}"))
}

async fn stop_buy_sleeps_and_wakes(bench: &mut Bench) -> Done {
    let order = resting(bench, Side::Buy, bench.stop(10_400)?).await?;
    bench.quote(10_450, 10_452).await?;
    bench.ends(order.id, End::Filled).await?;
    let fills = bench.fills(order.id).await?;
    demand(at_least(bench, &fills, 10_400)?, || format!("not before 104: {fills:?}"))
}

async fn stop_sell_sleeps_and_wakes(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    let order = resting(bench, Side::Sell, bench.stop(9_600)?).await?;
    bench.quote(9_550, 9_552).await?;
    bench.ends(order.id, End::Filled).await?;
    let fills = bench.fills(order.id).await?;
    demand(at_most(bench, &fills, 9_600)?, || format!("not before 96: {fills:?}"))
}

async fn stop_limit_keeps_its_limit(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    let kind = OrderKind::StopLimit(StopLimit { trigger: bench.price(9_600)?, limit: bench.price(9_580)? });
    let order = resting(bench, Side::Sell, kind).await?;
    // It wakes below its limit, and waits there.
    bench.quote(9_400, 9_402).await?;
    bench.rests(order.id).await?;
    bench.quote(9_590, 9_592).await?;
    bench.ends(order.id, End::Filled).await?;
    let fills = bench.fills(order.id).await?;
    demand(at_least(bench, &fills, 9_580)?, || format!("not below 95.80: {fills:?}"))
}

async fn trailing_stop_follows(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    let order =
        resting(bench, Side::Sell, OrderKind::TrailingStop(TrailingStop { distance: bench.price(200)? }))
            .await?;
    bench.quote(10_599, 10_601).await?;
    bench.rests(order.id).await?;
    // Four below the best price, and well above where it began.
    bench.quote(10_199, 10_201).await?;
    bench.ends(order.id, End::Filled).await.map(drop)
}

async fn day_ends_with_the_session(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = Intent { tif: TimeInForce::Day, ..bench.order(Side::Buy, 10, bench.limit(9_000)?)? };
    bench.take(&order).await?;
    bench.rests(order.id).await?;
    bench.stage.market(false).await?;
    bench.ends(order.id, End::Expired).await.map(drop)
}

async fn gtc_outlives_the_session(bench: &mut Bench) -> Done {
    let order = resting(bench, Side::Buy, bench.limit(9_000)?).await?;
    bench.stage.market(false).await?;
    bench.rests(order.id).await?;
    bench.stage.market(true).await?;
    bench.rests(order.id).await
}

async fn ioc_does_not_rest(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = Intent { tif: TimeInForce::Ioc, ..bench.order(Side::Buy, 10, bench.limit(9_000)?)? };
    bench.take(&order).await?;
    let order = bench.ends(order.id, End::Cancelled).await?;
    demand(order.filled.is_zero(), || format!("{order:?}"))
}

async fn fok_is_whole_or_nothing(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = Intent { tif: TimeInForce::Fok, ..bench.order(Side::Buy, 10, bench.limit(9_000)?)? };
    bench.take(&order).await?;
    let order = bench.ends(order.id, End::Cancelled).await?;
    demand(order.filled.is_zero(), || format!("{order:?}"))
}

async fn gtd_ends_at_its_moment(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let now =
        bench.broker().clock().await.map_err(|why| crate::conformance::Stop::Failed(why.to_string()))?;
    let tif = TimeInForce::Gtd(now + TimeDelta::seconds(30));
    let order = Intent { tif, ..bench.order(Side::Buy, 10, bench.limit(9_000)?)? };
    match bench.send(&order).await {
        crate::SubmitOutcome::NotSent { .. } | crate::SubmitOutcome::Refused { .. } => {
            return super::not_here("it has no such time in force, and says so");
        }
        crate::SubmitOutcome::Accepted { .. } => {}
        other => return Err(crate::conformance::Stop::Failed(format!("{other:?}"))),
    }
    bench.rests(order.id).await?;
    bench.pass(40).await?;
    // The next price finds it gone.
    bench.quote(8_900, 8_902).await?;
    bench.ends(order.id, End::Expired).await.map(drop)
}

async fn parts_add_up(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    bench.trouble(Trouble::PartFill(units(4)?)).await?;
    let order = bench.order(Side::Buy, 10, bench.limit(10_100)?)?;
    bench.take(&order).await?;
    let part = bench.fills(order.id).await?;
    let seen = bench.found(order.id).await?;
    demand(seen.end.is_none() && seen.filled == units(4)?, || {
        format!("4 of 10, and it lives: {seen:?} {part:?}")
    })?;
    bench.holds(4).await?;
    bench.quote(9_999, 10_001).await?;
    let is_named = bench.broker().capabilities().resolve.fence.is_some();
    if is_named && bench.found(order.id).await?.end == Some(End::Cancelled) {
        return super::not_here(
            "what is left of an order ends there, once the trade that it opened has its name",
        );
    }
    bench.ends(order.id, End::Filled).await?;
    let fills = bench.fills(order.id).await?;
    demand(fills.len() >= 2 && fills[0] == part[0], || format!("the first stays: {fills:?}"))?;
    bench.holds(10).await
}

async fn what_was_executed_stays(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    bench.trouble(Trouble::PartFill(units(4)?)).await?;
    let order = bench.order(Side::Buy, 10, bench.limit(10_100)?)?;
    bench.take(&order).await?;
    bench.fills(order.id).await?;
    bench.cancel(order.id).await?;
    let seen = bench.ends(order.id, End::Cancelled).await?;
    demand(seen.filled == units(4)?, || format!("4 were executed, and that stays: {seen:?}"))?;
    bench.holds(4).await
}

async fn a_part_of_a_unit_ends_with_the_session(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    if !bench.broker().capabilities().parts_end_with_session {
        return super::not_here("it does not say that orders for parts end with the session");
    }
    let half = units(3)?.get() / Decimal::TWO;
    let half = Qty::new(half).map_err(|why| crate::conformance::Stop::Failed(why.to_string()))?;
    if !half.is_multiple_of(bench.instrument().await?.lot) {
        return super::not_here("it trades no parts of a unit");
    }
    let order = Intent { qty: half, ..bench.order(Side::Buy, 2, bench.limit(9_000)?)? };
    bench.take(&order).await?;
    bench.rests(order.id).await?;
    bench.stage.market(false).await?;
    bench.ends(order.id, End::Expired).await.map(drop)
}
