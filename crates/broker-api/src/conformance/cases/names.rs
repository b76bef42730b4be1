//! Our names: an order is found by the name that we gave it, and a name is one order.

use super::{Bench, Case, Done, case, not_here, takes};
use crate::conformance::Stop;
use crate::conformance::bench::demand;
use crate::{End, Finding, KindName, OrderKind, Purpose, Side, SubmitOutcome, VenueEvent};

pub(super) const CASES: &[Case] = &[
    case!(30, a_live_name_is_taken, [], "an order under the name of a live one is not taken a second time"),
    case!(
        31,
        an_executed_name_is_taken,
        [Session],
        "an order under the name of an executed one is not executed again"
    ),
    case!(32, a_name_comes_back_with_everything, [Session], "executions and live orders carry our name"),
    case!(33, what_rests_is_found, [], "an order that rests is found, live"),
    case!(34, what_is_executed_is_found, [Session], "an executed order is found, whole"),
    case!(35, what_is_cancelled_is_found, [Session], "a cancelled order is found, cancelled"),
    case!(
        36,
        what_is_refused_does_not_live,
        [],
        "a refused order is found refused, or not at all, and never live"
    ),
    case!(37, what_was_never_sent_is_not_found, [], "an order that was never sent is not found"),
    case!(38, what_is_found_is_found_by_another_process, [Session], "another process finds the same"),
    case!(
        39,
        a_free_name_hides_nothing,
        [Session],
        "where a name is free once its order is over, a second order of it is told beside the first, and found with it"
    ),
];

fn is_duplicate(answer: &SubmitOutcome) -> bool {
    matches!(answer, SubmitOutcome::Duplicate { .. })
}

async fn a_live_name_is_taken(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = bench.order(Side::Buy, 10, bench.limit(9_000)?)?;
    bench.take(&order).await?;
    bench.rests(order.id).await?;
    let again = bench.send(&order).await;
    demand(is_duplicate(&again), || format!("it must say that the name is taken: {again:?}"))?;
    let live = bench.open().await?;
    let count = live.iter().filter(|open| open.key == order.key).count();
    demand(count == 1, || format!("one order, not {count}: {live:?}"))
}

async fn an_executed_name_is_taken(bench: &mut Bench) -> Done {
    if bench.broker().capabilities().resolve.fence.is_some() {
        return not_here("a name is free there once its order is over, which is what its fence is for");
    }
    let order = bench.order(Side::Buy, 10, OrderKind::MARKET)?;
    bench.take(&order).await?;
    bench.ends(order.id, End::Filled).await?;
    let again = bench.send(&order).await;
    demand(is_duplicate(&again), || format!("it must say that the name is taken: {again:?}"))?;
    bench.pass(2).await?;
    bench.holds(10).await
}

async fn a_free_name_hides_nothing(bench: &mut Bench) -> Done {
    if bench.broker().capabilities().resolve.fence.is_none() {
        return not_here("a name is taken there for ever");
    }
    let order = bench.order(Side::Buy, 10, OrderKind::MARKET)?;
    bench.take(&order).await?;
    bench.ends(order.id, End::Filled).await?;
    let again = bench.send(&order).await;
    demand(is_duplicate(&again), || format!("while its trade is open the name is taken: {again:?}"))?;
    let exit = bench.exit(Side::Sell, 10)?;
    bench.take(&exit).await?;
    bench.ends(exit.id, End::Filled).await?;
    let again = bench.send(&order).await;
    if is_duplicate(&again) {
        return not_here("a name is taken there for ever");
    }
    bench.pass(1).await?;
    bench.holds(10).await?;
    let events = bench.events().await?;
    let is_it = |event: &&VenueEvent| matches!(event, VenueEvent::Filled(fill) if fill.order == order.id);
    let told = events.iter().filter(is_it).count();
    demand(told == 2, || format!("two orders of one name were executed, and its log tells {told}"))?;
    let seen = bench.found(order.id).await?;
    demand(seen.filled.get() == 20.into(), || format!("both are found: {seen:?}"))
}

async fn a_name_comes_back_with_everything(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let rests = bench.order(Side::Buy, 5, bench.limit(9_000)?)?;
    bench.take(&rests).await?;
    let order = bench.order(Side::Buy, 10, OrderKind::MARKET)?;
    bench.take(&order).await?;
    bench.ends(order.id, End::Filled).await?;
    let is_it = |event: &VenueEvent| matches!(event, VenueEvent::Filled(fill) if fill.order == order.id);
    let mut events = bench.events().await?;
    for _ in 0..20 {
        if events.iter().any(is_it) {
            break;
        }
        bench.pass(1).await?;
        events = bench.events().await?;
    }
    demand(events.iter().any(is_it), || format!("no execution has the name of its order: {events:?}"))?;
    let open = bench.open().await?;
    demand(open.iter().any(|open| open.id == Some(rests.id)), || {
        format!("no live order has the name that it was sent with: {open:?}")
    })
}

async fn what_rests_is_found(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = bench.order(Side::Buy, 10, bench.limit(9_000)?)?;
    bench.take(&order).await?;
    let seen = bench.found(order.id).await?;
    demand(seen.end.is_none() && seen.filled.is_zero(), || format!("it rests: {seen:?}"))
}

async fn what_is_executed_is_found(bench: &mut Bench) -> Done {
    let order = bench.order(Side::Buy, 10, OrderKind::MARKET)?;
    bench.take(&order).await?;
    let seen = bench.ends(order.id, End::Filled).await?;
    demand(seen.filled.get() == 10.into(), || format!("10 were executed: {seen:?}"))
}

async fn what_is_cancelled_is_found(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = bench.order(Side::Buy, 10, bench.limit(9_000)?)?;
    bench.take(&order).await?;
    bench.cancel(order.id).await?;
    bench.ends(order.id, End::Cancelled).await.map(drop)
}

async fn what_is_refused_does_not_live(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = bench.order(Side::Buy, 900_000_000, bench.limit(5_000)?)?;
    bench.refuse(&order).await?;
    match bench.find(order.id).await? {
        Finding::Found { order } if order.end != Some(End::Refused) => {
            Err(Stop::Failed(format!("it was refused: {order:?}")))
        }
        Finding::Found { .. } | Finding::Absent { .. } | Finding::NotYet { .. } => Ok(()),
    }
}

async fn what_was_never_sent_is_not_found(bench: &mut Bench) -> Done {
    let id = bench.name(Purpose::Entry)?;
    let finding = bench.find(id).await?;
    demand(!matches!(finding, Finding::Found { .. }), || format!("it was never sent: {finding:?}"))
}

async fn what_is_found_is_found_by_another_process(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = bench.order(Side::Buy, 10, bench.limit(9_000)?)?;
    bench.take(&order).await?;
    let filled = bench.filled(Side::Buy, 10).await?[0].order;
    let before = (bench.found(order.id).await?, bench.found(filled).await?);
    bench.stage.restart().await?;
    let missed = |why: Stop| match why {
        Stop::Failed(what) => Stop::Failed(format!("another process: {what}")),
        skipped @ Stop::Skipped(_) => skipped,
    };
    let after = (bench.found(order.id).await.map_err(missed)?, bench.found(filled).await.map_err(missed)?);
    demand(before == after, || format!("{before:?} before, {after:?} after"))
}
