//! Trouble on the way: what was not heard is not known, and what happened is found.

use super::{Bench, Case, Done, case, takes};
use crate::conformance::bench::demand;
use crate::conformance::{Stop, Trouble};
use crate::{End, Finding, KindName, OrderKind, Side, SubmitOutcome, VenueEvent};

pub(super) const CASES: &[Case] = &[
    case!(
        80,
        a_lost_reply_is_unknown_and_found,
        [Losses],
        "an order whose answer was lost is unknown, and found"
    ),
    case!(
        81,
        a_lost_request_is_unknown_and_not_found,
        [Losses],
        "an order that was lost on its way is unknown, and not found"
    ),
    case!(
        82,
        a_lost_reply_is_executed_once,
        [Losses, Session],
        "an order whose answer was lost is executed once, and its executions are read"
    ),
    case!(
        83,
        throttled_is_not_unknown,
        [Throttles, Session],
        "an order that the venue put off is said to be put off, and can be sent again under its name"
    ),
    case!(
        84,
        bad_keys_are_not_an_answer,
        [Keys],
        "with bad credentials no question has an answer, and no order is refused"
    ),
    case!(
        85,
        what_is_taken_back_is_told,
        [Busts, Session],
        "an execution that is taken back is told as such, and what is held follows"
    ),
    case!(
        90,
        what_is_new_is_hinted,
        [Hints, Session],
        "where it has a stream, it hints that there is something to read once an order was executed"
    ),
    case!(
        91,
        a_lost_stream_loses_nothing,
        [Cuts, Session],
        "what happened while the stream was cut is read, and the stream comes back and hints"
    ),
];

async fn a_lost_reply_is_unknown_and_found(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    bench.trouble(Trouble::LostReply).await?;
    let order = bench.order(Side::Buy, 10, bench.limit(9_000)?)?;
    let answer = bench.send(&order).await;
    demand(matches!(answer, SubmitOutcome::Unknown { .. }), || format!("nobody answered: {answer:?}"))?;
    let seen = bench.found(order.id).await?;
    demand(seen.end.is_none(), || format!("it rests: {seen:?}"))
}

async fn a_lost_request_is_unknown_and_not_found(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    bench.trouble(Trouble::LostRequest).await?;
    let order = bench.order(Side::Buy, 10, bench.limit(9_000)?)?;
    let answer = bench.send(&order).await;
    demand(matches!(answer, SubmitOutcome::Unknown { .. }), || format!("{answer:?}"))?;
    for _ in 0..5 {
        bench.pass(5).await?;
        let finding = bench.find(order.id).await?;
        demand(!matches!(finding, Finding::Found { .. }), || format!("it was lost: {finding:?}"))?;
    }
    bench.holds(0).await
}

async fn a_lost_reply_is_executed_once(bench: &mut Bench) -> Done {
    bench.trouble(Trouble::LostReply).await?;
    let order = bench.order(Side::Buy, 10, OrderKind::MARKET)?;
    let answer = bench.send(&order).await;
    demand(matches!(answer, SubmitOutcome::Unknown { .. }), || format!("{answer:?}"))?;
    bench.ends(order.id, End::Filled).await?;
    bench.fills(order.id).await?;
    bench.holds(10).await
}

async fn throttled_is_not_unknown(bench: &mut Bench) -> Done {
    // Asked before: a venue that puts one thing off may put off everything.
    let now = bench.broker().clock().await.map_err(|why| Stop::Failed(why.to_string()))?;
    bench.trouble(Trouble::Throttled).await?;
    let order = bench.order(Side::Buy, 10, OrderKind::MARKET)?;
    let answer = bench.send(&order).await;
    let SubmitOutcome::Throttled { until } = answer else {
        return Err(Stop::Failed(format!("it was put off: {answer:?}")));
    };
    bench.pass((until - now).num_seconds().clamp(1, 120) + 1).await?;
    bench.take(&order).await?;
    bench.ends(order.id, End::Filled).await.map(drop)
}

async fn bad_keys_are_not_an_answer(bench: &mut Bench) -> Done {
    bench.trouble(Trouble::BadKeys).await?;
    let order = bench.order(Side::Buy, 10, OrderKind::MARKET)?;
    let answer = bench.send(&order).await;
    demand(matches!(answer, SubmitOutcome::Broken { .. }), || format!("{answer:?}"))?;
    let (identity, account) = (bench.broker().identity().await, bench.broker().account().await);
    let is_final = |failed: Option<&crate::QueryFailed>| failed.is_some_and(|failed| !failed.transient);
    demand(is_final(identity.as_ref().err()) && is_final(account.as_ref().err()), || {
        format!("a person is needed: {identity:?}, {account:?}")
    })
}

async fn what_is_taken_back_is_told(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    let fills = bench.filled(Side::Buy, 5).await?;
    bench.stage.bust(fills[0].execution).await?;
    bench.holds(10).await?;
    for _ in 0..10 {
        let events = bench.events().await?;
        let is_it = |event: &VenueEvent| matches!(event, VenueEvent::Busted { execution, .. } if *execution == fills[0].execution);
        if events.iter().any(is_it) {
            return Ok(());
        }
        bench.pass(1).await?;
    }
    Err(Stop::Failed("its log does not tell that the execution was taken back".to_owned()))
}

/// Waits for the hint that is owed.
async fn hinted(bench: &Bench, when: &str) -> Done {
    let came = bench.stage.hinted(bench.broker()).await?;
    demand(came, || format!("no hint came {when}"))
}

async fn what_is_new_is_hinted(bench: &mut Bench) -> Done {
    hinted(bench, "when the stream began, though what was before must be read").await?;
    bench.filled(Side::Buy, 10).await?;
    hinted(bench, "though an order was executed").await
}

async fn a_lost_stream_loses_nothing(bench: &mut Bench) -> Done {
    hinted(bench, "when the stream began, though what was before must be read").await?;
    bench.trouble(Trouble::LostStream).await?;
    bench.filled(Side::Buy, 10).await?;
    bench.holds(10).await?;
    hinted(bench, "after the stream was cut, though it can be connected anew").await?;
    bench.filled(Side::Sell, 10).await?;
    bench.holds(0).await
}
