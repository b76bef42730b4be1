//! Refusals that come with the order itself.

use super::{Bench, Case, Done, case, not_here};
use crate::conformance::Stop;
use crate::conformance::bench::demand;
use crate::{End, Finding, OrderKind, Side, SubmitOutcome, VenueEvent};

pub(super) const CASES: &[Case] = &[case!(
    78,
    a_refusal_is_told_once,
    [Hours],
    "an order that is refused as it is taken, for a market that is closed, is refused in its log too, once, and found so"
)];

async fn a_refusal_is_told_once(bench: &mut Bench) -> Done {
    bench.stage.market(false).await?;
    let order = bench.order(Side::Buy, 10, OrderKind::MARKET)?;
    match bench.send(&order).await {
        SubmitOutcome::Refused { .. } => {}
        SubmitOutcome::Accepted { .. } => return not_here("it takes a market order for a closed market"),
        other => return Err(Stop::Failed(format!("it must be refused: {other:?}"))),
    }
    bench.pass(1).await?;
    let events = bench.events().await?;
    let end = |event: &VenueEvent| match event {
        VenueEvent::Closed { order: id, end, .. } if *id == order.id => Some(*end),
        _ => None,
    };
    let ends: Vec<End> = events.iter().filter_map(end).collect();
    demand(ends.len() <= 1 && ends.iter().all(|end| *end == End::Refused), || {
        format!("it was refused, and its log says {ends:?}")
    })?;
    match bench.find(order.id).await? {
        Finding::Found { order } if order.end != Some(End::Refused) => {
            Err(Stop::Failed(format!("it was refused, and is found as {order:?}")))
        }
        Finding::Found { .. } | Finding::Absent { .. } | Finding::NotYet { .. } => bench.holds(0).await,
    }
}
