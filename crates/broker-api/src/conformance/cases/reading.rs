//! The log: everything is read by cursor, once, whatever the steps in which it is read, and by whichever process.

use std::collections::BTreeSet;

use super::{Bench, Case, Done, case, takes};
use crate::conformance::bench::{demand, units};
use crate::conformance::{Power, Stop, Trouble};
use crate::{Cursor, Fill, KindName, OrderKind, Side, VenueEvent};

pub(super) const CASES: &[Case] = &[
    case!(40, reading_again_tells_the_same, [Session], "what is read twice from one place is the same"),
    case!(
        41,
        any_steps_tell_the_same,
        [Session],
        "reading on after each event tells the same as reading at once"
    ),
    case!(42, another_process_reads_on, [Session], "a place that one process read to is good for the next"),
    case!(43, executions_have_names_of_their_own, [Session], "no two executions have one name"),
    case!(
        44,
        executions_come_to_what_is_executed,
        [Session],
        "an order's executions come to what it says of itself"
    ),
    case!(
        45,
        the_beginning_holds_everything,
        [Session],
        "read from its beginning, the log holds what was read on the way"
    ),
    case!(
        46,
        the_end_holds_nothing,
        [Session],
        "at its end there is nothing to read, and it says that it is the end"
    ),
    case!(
        47,
        the_end_of_an_order_follows_its_executions,
        [Parts],
        "no execution of an order comes after its end"
    ),
    case!(48, times_go_forward, [Session], "events come in the order of their times"),
];

fn fills(events: &[VenueEvent]) -> Vec<Fill> {
    let fill = |event: &VenueEvent| if let VenueEvent::Filled(fill) = event { Some(*fill) } else { None };
    events.iter().filter_map(fill).collect()
}

/// Some orders that were executed, and one that was cancelled.
async fn story(bench: &mut Bench) -> Result<Vec<VenueEvent>, Stop> {
    takes(bench, KindName::Limit)?;
    bench.filled(Side::Buy, 10).await?;
    let rests = bench.order(Side::Buy, 5, bench.limit(9_000)?)?;
    bench.take(&rests).await?;
    bench.cancel(rests.id).await?;
    bench.ends(rests.id, crate::End::Cancelled).await?;
    later(bench).await?;
    bench.filled(Side::Buy, 3).await?;
    later(bench).await?;
    let exit = bench.exit(Side::Sell, 13)?;
    bench.take(&exit).await?;
    bench.ends(exit.id, crate::End::Filled).await?;
    bench.fills(exit.id).await?;
    let events = bench.events().await?;
    demand(fills(&events).len() >= 3, || format!("three orders were executed: {events:?}"))?;
    Ok(events)
}

/// A second later there is a price again, where prices can be set.
async fn later(bench: &mut Bench) -> Done {
    bench.pass(1).await?;
    if bench.stage.lacks(Power::Prices).is_none() { bench.quote(9_999, 10_001).await } else { Ok(()) }
}

async fn reading_again_tells_the_same(bench: &mut Bench) -> Done {
    let events = story(bench).await?;
    let again = bench.events().await?;
    demand(events == again, || format!("read again it is otherwise: {events:?}, and then {again:?}"))
}

async fn any_steps_tell_the_same(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let (mut cursor, mut steps): (Cursor, Vec<VenueEvent>) = (bench.began, Vec::new());
    for _ in 0..4 {
        let order = bench.order(Side::Buy, 3, OrderKind::MARKET)?;
        bench.take(&order).await?;
        bench.ends(order.id, crate::End::Filled).await?;
        bench.fills(order.id).await?;
        let (events, end) = bench.events_since(Some(cursor)).await?;
        steps.extend(events.into_iter().filter(|event| !steps.contains(event)).collect::<Vec<_>>());
        cursor = end;
    }
    let whole = bench.events().await?;
    demand(fills(&steps) == fills(&whole), || format!("in steps {steps:?}, at once {whole:?}"))
}

async fn another_process_reads_on(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    let (first, place) = bench.events_since(Some(bench.began)).await?;
    bench.stage.restart().await?;
    bench.filled(Side::Buy, 3).await?;
    let (then, _) = bench.events_since(Some(place)).await?;
    let whole = fills(&bench.events().await?);
    let mut told = fills(&first);
    told.extend(fills(&then).into_iter().filter(|fill| !told.contains(fill)).collect::<Vec<_>>());
    demand(told == whole, || format!("before and after {told:?}, at once {whole:?}"))
}

async fn executions_have_names_of_their_own(bench: &mut Bench) -> Done {
    let fills = fills(&story(bench).await?);
    let names: BTreeSet<_> = fills.iter().map(|fill| fill.execution).collect();
    demand(names.len() == fills.len(), || format!("each has a name of its own: {fills:?}"))
}

async fn executions_come_to_what_is_executed(bench: &mut Bench) -> Done {
    let events = story(bench).await?;
    let orders: BTreeSet<_> = fills(&events).iter().map(|fill| fill.order).collect();
    for order in orders {
        // Each is asked to have just what its executions come to.
        bench.fills(order).await?;
    }
    Ok(())
}

async fn the_beginning_holds_everything(bench: &mut Bench) -> Done {
    let events = fills(&story(bench).await?);
    let all = fills(&bench.events_since(None).await?.0);
    let missing: Vec<_> = events.iter().filter(|event| !all.contains(event)).collect();
    demand(missing.is_empty(), || format!("from the beginning these are missing: {missing:?}"))
}

async fn the_end_holds_nothing(bench: &mut Bench) -> Done {
    let events = story(bench).await?;
    let (_, end) = bench.events_since(Some(bench.began)).await?;
    let read = bench.broker().activity_since(Some(end)).await.map_err(|why| Stop::Failed(why.to_string()))?;
    let new: Vec<_> = read.events.iter().filter(|event| !events.contains(event)).collect();
    demand(read.complete && new.is_empty(), || format!("after the end: {read:?}"))
}

async fn the_end_of_an_order_follows_its_executions(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    if !bench.broker().capabilities().log_tells_closings {
        return super::not_here("its log does not tell the ends of orders");
    }
    bench.trouble(Trouble::PartFill(units(4)?)).await?;
    let order = bench.order(Side::Buy, 10, bench.limit(10_100)?)?;
    bench.take(&order).await?;
    bench.fills(order.id).await?;
    bench.cancel(order.id).await?;
    bench.ends(order.id, crate::End::Cancelled).await?;
    bench.pass(1).await?;
    let events = bench.events().await?;
    let is_fill = |event: &VenueEvent| matches!(event, VenueEvent::Filled(fill) if fill.order == order.id);
    let is_end =
        |event: &VenueEvent| matches!(event, VenueEvent::Closed { order: id, .. } if *id == order.id);
    let (fill, end) = (events.iter().rposition(is_fill), events.iter().position(is_end));
    demand(fill.is_some() && fill < end, || format!("its executions, and then its end: {events:?}"))
}

async fn times_go_forward(bench: &mut Bench) -> Done {
    let fills = fills(&story(bench).await?);
    demand(fills.is_sorted_by_key(|fill| fill.at), || format!("the earlier first: {fills:?}"))
}
