//! The account: who it is, what it holds, what it is worth, and its time.

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{Bench, Case, Done, case, not_here};
use crate::conformance::Stop;
use crate::conformance::bench::demand;
use crate::{Account, AssetClass, CancelOutcome, Side, VenueEvent};

pub(super) const CASES: &[Case] = &[
    case!(
        50,
        what_is_bought_is_held,
        [Session],
        "what is bought is held, at the price that it was bought at"
    ),
    case!(52, what_is_closed_is_not_held, [Session], "what is closed is not among the positions"),
    case!(53, equity_follows_prices, [Session, Prices], "the account is worth more when what it holds is"),
    case!(54, buying_power_falls_with_what_is_held, [Session], "what is held takes of what can be bought"),
    case!(55, it_is_one_account, [], "the account says the same of itself each time, and of its figures"),
    case!(56, time_goes_forward, [], "its time does not go back, and goes on"),
    case!(
        57,
        days_are_in_order,
        [],
        "its calendar tells each date once, in order, and no session ends before it begins"
    ),
    case!(
        58,
        positions_have_a_sign,
        [Session],
        "what is held is listed once, with its sign: what is sold short is negative, until it is bought back"
    ),
    case!(
        59,
        what_the_venue_closes_is_gone,
        [Session],
        "where it closes positions, nothing is left, its log has the execution, and a second time is too late"
    ),
];

async fn account(bench: &Bench) -> Result<Account, Stop> {
    bench.broker().account().await.map_err(|why| Stop::Failed(format!("its account: {why}")))
}

async fn what_is_bought_is_held(bench: &mut Bench) -> Done {
    let fills = bench.filled(Side::Buy, 10).await?;
    bench.holds(10).await?;
    let all = bench.broker().positions().await.map_err(|why| Stop::Failed(why.to_string()))?;
    let average = all.iter().find(|position| position.key == bench.key()).map(|position| position.average);
    let value: Decimal = fills.iter().map(|fill| fill.price.get() * fill.qty.get()).sum();
    let paid = value / Decimal::TEN;
    let near = |price: crate::Price| (price.get() - paid).abs() <= Decimal::new(1, 2);
    demand(average.is_some_and(near), || format!("bought at {paid}, and it says {average:?}"))
}

async fn what_is_closed_is_not_held(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    let exit = bench.exit(Side::Sell, 10)?;
    bench.take(&exit).await?;
    bench.ends(exit.id, crate::End::Filled).await?;
    bench.holds(0).await?;
    let all = bench.broker().positions().await.map_err(|why| Stop::Failed(why.to_string()))?;
    demand(all.iter().all(|position| position.key != bench.key()), || format!("{all:?}"))
}

async fn equity_follows_prices(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    let before = account(bench).await?;
    let (before, before_of) = (before.equity, before.of);
    bench.quote(10_999, 11_001).await?;
    let after = account(bench).await?.equity;
    let more = after.get() - before.get();
    // Ten units, a tenth more each; a venue may reckon at bid, ask or the last price. What is quoted in another currency
    // than the account's is worth less of it by then.
    let rules = bench.instrument().await?;
    let is_home = rules.base() == Some(before_of.currency);
    let level = bench.stage.level().get();
    let level = if is_home { level / bench.price(11_000)?.get() } else { level };
    let near = (more - level).abs() <= level / Decimal::ONE_HUNDRED;
    demand(near, || format!("it must be worth about {level} more: {before}, then {after}"))
}

async fn buying_power_falls_with_what_is_held(bench: &mut Bench) -> Done {
    let before = account(bench).await?.buying_power;
    bench.filled(Side::Buy, 10).await?;
    bench.holds(10).await?;
    let after = account(bench).await?.buying_power;
    demand(after < before, || format!("{before} before, {after} with 10 held"))
}

async fn it_is_one_account(bench: &mut Bench) -> Done {
    let failed = |why: crate::QueryFailed| Stop::Failed(why.to_string());
    let (first, again) =
        (bench.broker().identity().await.map_err(failed)?, bench.broker().identity().await.map_err(failed)?);
    let of = account(bench).await?.of;
    demand(first == again && first == of && of.venue == bench.broker().id(), || {
        format!("it must be one: {first:?}, {again:?}, {of:?}")
    })
}

async fn time_goes_forward(bench: &mut Bench) -> Done {
    let failed = |why: crate::QueryFailed| Stop::Failed(why.to_string());
    let first = bench.broker().clock().await.map_err(failed)?;
    bench.pass(2).await?;
    let then = bench.broker().clock().await.map_err(failed)?;
    let went = then - first;
    demand(went >= TimeDelta::seconds(1) && went < TimeDelta::minutes(5), || {
        format!("two seconds passed, and its time went from {first} to {then}")
    })
}

async fn days_are_in_order(bench: &mut Bench) -> Done {
    let now = bench.broker().clock().await.map_err(|why| Stop::Failed(why.to_string()))?;
    let days = bench.broker().days(AssetClass::Equity, now.date_naive(), 20).await;
    let Some(days) = days.map_err(|why| Stop::Failed(why.to_string()))? else {
        return not_here("it has no calendar");
    };
    let is_sane = |day: &crate::VenueDay| day.hours.is_none_or(|hours| hours.opens < hours.closes);
    let each_once = days.windows(2).all(|two| two[0].date < two[1].date);
    demand(!days.is_empty() && each_once && days.iter().all(is_sane), || {
        format!("each date once, in order: {days:?}")
    })
}

async fn positions_have_a_sign(bench: &mut Bench) -> Done {
    bench.filled(Side::Buy, 10).await?;
    bench.holds(10).await?;
    let exit = bench.exit(Side::Sell, 10)?;
    bench.take(&exit).await?;
    bench.ends(exit.id, crate::End::Filled).await?;
    bench.holds(0).await?;
    bench.filled(Side::Sell, 4).await?;
    bench.holds(-4).await?;
    let cover = bench.exit(Side::Buy, 3)?;
    bench.take(&cover).await?;
    bench.ends(cover.id, crate::End::Filled).await?;
    bench.holds(-1).await
}

async fn what_the_venue_closes_is_gone(bench: &mut Bench) -> Done {
    if !bench.broker().capabilities().closes_positions {
        return not_here("it closes no positions itself");
    }
    bench.filled(Side::Buy, 10).await?;
    bench.holds(10).await?;
    // Its order has a name of the venue's own: what is new is of it.
    let before = bench.events().await?;
    let answer = bench.broker().close(bench.key()).await;
    demand(answer == CancelOutcome::Accepted, || format!("{answer:?}"))?;
    bench.holds(0).await?;
    bench.pass(1).await?;
    let events = bench.events().await?;
    let sold = |event: &&VenueEvent| matches!(event, VenueEvent::Filled(fill) if fill.side == Side::Sell);
    let new: Vec<_> = events.iter().filter(|event| !before.contains(event)).filter(sold).collect();
    let qty = |event: &&VenueEvent| {
        if let VenueEvent::Filled(fill) = event { fill.qty.get() } else { Decimal::ZERO }
    };
    let sum: Decimal = new.iter().map(qty).sum();
    demand(sum == Decimal::TEN, || format!("its log must have the sale: {new:?}"))?;
    let again = bench.broker().close(bench.key()).await;
    demand(again == CancelOutcome::TooLate, || format!("a second time: {again:?}"))?;
    bench.holds(0).await
}
