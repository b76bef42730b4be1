//! Cancels: none of their answers says that the order is over.

use rust_decimal::Decimal;

use super::rules::bracket;
use super::{Bench, Case, Done, case, takes};
use crate::conformance::Trouble;
use crate::conformance::bench::demand;
use crate::{CancelOutcome, End, Intent, KindName, Purpose, Side, VenueEvent};

pub(super) const CASES: &[Case] = &[
    case!(
        20,
        cancel_ends_what_rests,
        [Session],
        "a resting order that is cancelled ends so, and its log says it"
    ),
    case!(
        21,
        cancel_of_what_is_over_is_too_late,
        [Session],
        "to cancel an executed order is too late, and changes nothing"
    ),
    case!(22, cancel_of_nothing_is_not_accepted, [], "no cancel of an order that never was is accepted"),
    case!(
        23,
        a_second_cancel_changes_nothing,
        [Session],
        "a second cancel of a cancelled order is too late, or taken, and changes nothing"
    ),
    case!(
        24,
        what_is_cancelled_is_not_executed,
        [Session, Prices],
        "a cancelled order is not executed when its price comes"
    ),
    case!(25, what_is_cancelled_does_not_live, [Session], "a cancelled order is not among the live ones"),
    case!(
        26,
        a_leg_is_cancelled_by_its_name,
        [Session],
        "where it makes brackets, a leg is found and cancelled by the name that follows from its entry's"
    ),
    case!(
        27,
        an_execution_overtakes_a_cancel,
        [Session, Prices, Races],
        "an order whose cancel is under way lives, is executed when its price comes, and does not end as cancelled"
    ),
];

async fn cancelled(bench: &mut Bench) -> Result<Intent, crate::conformance::Stop> {
    takes(bench, KindName::Limit)?;
    let order = bench.order(Side::Buy, 10, bench.limit(9_000)?)?;
    bench.take(&order).await?;
    bench.rests(order.id).await?;
    let answer = bench.cancel(order.id).await?;
    demand(answer == CancelOutcome::Accepted, || format!("{answer:?}"))?;
    bench.ends(order.id, End::Cancelled).await?;
    Ok(order)
}

async fn cancel_ends_what_rests(bench: &mut Bench) -> Done {
    let order = cancelled(bench).await?;
    if !bench.broker().capabilities().log_tells_closings {
        return Ok(());
    }
    let events = bench.events().await?;
    let is_it = |event: &&VenueEvent| matches!(event, VenueEvent::Closed { order: id, end: End::Cancelled, .. } if *id == order.id);
    demand(events.iter().filter(is_it).count() == 1, || format!("its log must tell the end once: {events:?}"))
}

async fn cancel_of_what_is_over_is_too_late(bench: &mut Bench) -> Done {
    let fills = bench.filled(Side::Buy, 10).await?;
    let id = fills[0].order;
    let answer = bench.broker().cancel(id).await;
    demand(answer == CancelOutcome::TooLate, || format!("it is executed, so it is too late: {answer:?}"))?;
    bench.ends(id, End::Filled).await?;
    bench.holds(10).await
}

async fn cancel_of_nothing_is_not_accepted(bench: &mut Bench) -> Done {
    let id = bench.name(Purpose::Entry)?;
    let answer = bench.broker().cancel(id).await;
    demand(matches!(answer, CancelOutcome::NotSent { .. } | CancelOutcome::TooLate), || {
        format!("there is nothing to cancel: {answer:?}")
    })
}

async fn a_second_cancel_changes_nothing(bench: &mut Bench) -> Done {
    let order = cancelled(bench).await?;
    let answer = bench.broker().cancel(order.id).await;
    // Alpaca answers the second as it did the first.
    demand(matches!(answer, CancelOutcome::TooLate | CancelOutcome::Accepted), || format!("{answer:?}"))?;
    bench.pass(2).await?;
    let seen = bench.found(order.id).await?;
    demand(seen.end == Some(End::Cancelled), || format!("a second cancel changed it: {seen:?}"))
}

async fn what_is_cancelled_is_not_executed(bench: &mut Bench) -> Done {
    let order = cancelled(bench).await?;
    bench.quote(8_900, 8_902).await?;
    bench.pass(2).await?;
    let seen = bench.found(order.id).await?;
    let is_over = seen.filled.is_zero() && seen.end == Some(End::Cancelled);
    demand(is_over, || format!("it was cancelled before its price came: {seen:?}"))?;
    bench.holds(0).await
}

async fn what_is_cancelled_does_not_live(bench: &mut Bench) -> Done {
    let order = cancelled(bench).await?;
    let open = bench.open().await?;
    demand(!open.iter().any(|open| open.id == Some(order.id)), || {
        format!("it was cancelled, and is among the live ones: {open:?}")
    })
}

async fn a_leg_is_cancelled_by_its_name(bench: &mut Bench) -> Done {
    let (entry, _) = bracket(bench).await?;
    let stop = super::rules::leg(&entry, Purpose::Stop)?;
    let seen = bench.found(stop).await?;
    demand(seen.end.is_none() && seen.filled.is_zero(), || format!("{stop} must live: {seen:?}"))?;
    let answer = bench.cancel(stop).await?;
    demand(answer == CancelOutcome::Accepted, || format!("{answer:?}"))?;
    bench.ends(stop, End::Cancelled).await?;
    let open = bench.open().await?;
    demand(open.iter().all(|open| open.id != Some(stop)), || format!("{stop} must be over: {open:?}"))?;
    bench.holds(10).await
}

async fn an_execution_overtakes_a_cancel(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let order = bench.order(Side::Buy, 10, bench.limit(9_500)?)?;
    bench.take(&order).await?;
    bench.rests(order.id).await?;
    bench.trouble(Trouble::LateCancel).await?;
    let answer = bench.cancel(order.id).await?;
    demand(answer == CancelOutcome::Accepted, || format!("{answer:?}"))?;
    let seen = bench.found(order.id).await?;
    demand(seen.end.is_none(), || format!("a cancel that is under way is no end: {seen:?}"))?;
    bench.quote(9_398, 9_400).await?;
    bench.ends(order.id, End::Filled).await?;
    let fills = bench.fills(order.id).await?;
    let sum: Decimal = fills.iter().map(|fill| fill.qty.get()).sum();
    demand(sum == Decimal::TEN, || format!("10 were executed before the cancel: {fills:?}"))?;
    // The cancel comes, and finds nothing.
    bench.pass(600).await?;
    let seen = bench.found(order.id).await?;
    demand(seen.end == Some(End::Filled), || format!("a cancel that came too late changed it: {seen:?}"))?;
    let events = bench.events().await?;
    let is_other = |event: &VenueEvent| matches!(event, VenueEvent::Closed { order: id, end, .. } if *id == order.id && *end != End::Filled);
    demand(!events.iter().any(is_other), || format!("its log has another end: {events:?}"))?;
    bench.holds(10).await
}
