//! Rules: what cannot be is refused, in words that name the order; and what a venue says that it can, it can.

use rust_decimal::Decimal;

use super::{Bench, Case, Done, case, not_here, takes};
use crate::Brackets;
use crate::conformance::Stop;
use crate::conformance::bench::demand;
use crate::intent::{StopLimit, TrailingStop};
use crate::{
    ClientOrderId, End, Intent, KindName, OpenOrder, OrderKind, Price, Protection, Purpose, Qty, Side,
    SubmitOutcome, Symbol, TimeInForce,
};

pub(super) const CASES: &[Case] = &[
    case!(60, part_of_a_lot_is_refused, [], "a quantity that is no whole number of lots is refused"),
    case!(61, less_than_the_least_is_refused, [], "a quantity below the least is refused"),
    case!(62, part_of_a_tick_is_refused, [], "a price that is no whole number of ticks is refused"),
    case!(63, more_than_can_be_paid_is_refused, [], "an order that cannot be paid is refused"),
    case!(
        64,
        what_is_not_traded_is_refused,
        [],
        "an instrument that is not traded has no rules, and its orders are refused"
    ),
    case!(65, rules_make_sense, [], "an instrument's rules can be kept"),
    case!(
        66,
        what_may_only_reduce_opens_nothing,
        [],
        "where it says so, an order that may only reduce opens nothing"
    ),
    case!(
        67,
        what_may_only_reduce_does_not_turn,
        [Session],
        "where it says so, an exit larger than what is held leaves nothing"
    ),
    case!(
        68,
        kinds_that_are_not_taken_are_refused,
        [],
        "an order of a kind that it does not take is refused"
    ),
    case!(
        69,
        what_is_held_over_waits_for_the_session,
        [Hours],
        "where it says so, an order for a closed market waits, and is executed when it opens"
    ),
    case!(
        70,
        what_is_not_held_over_is_not_executed,
        [Hours],
        "a kind of which it does not say so is refused while the market is closed, or rests as long as that is so"
    ),
    case!(
        71,
        legs_are_known_by_their_entry,
        [Session],
        "where it makes brackets, stop and target live once the entry is executed, and name it"
    ),
    case!(
        72,
        one_leg_ends_the_other,
        [Session, Prices],
        "where it makes brackets, an executed target ends the stop"
    ),
    case!(
        73,
        live_orders_tell_what_they_are,
        [],
        "a live order tells its side, its quantity, its kind and its prices"
    ),
    case!(
        74,
        legs_have_names_that_follow,
        [Session],
        "where it makes brackets, live orders list stop and target under the names that follow from the entry's"
    ),
    case!(
        75,
        less_than_the_least_value_is_refused,
        [Prices],
        "an order that is worth less than the least value is refused"
    ),
    case!(
        76,
        each_kind_that_is_held_over_waits,
        [Hours],
        "each kind of order of which it says so waits for the session, and lives in it"
    ),
    case!(
        77,
        what_closes_binds_as_it_says,
        [Session],
        "where it says so, what a live order would close is bound by it; otherwise another may stand beside it"
    ),
];

async fn part_of_a_lot_is_refused(bench: &mut Bench) -> Done {
    let instrument = bench.instrument().await?;
    let half = Qty::new(instrument.lot.get() / Decimal::TWO + instrument.lot.get() * Decimal::TEN);
    let qty = half.map_err(|why| Stop::Failed(why.to_string()))?;
    let order = Intent { qty, ..bench.order(Side::Buy, 1, OrderKind::MARKET)? };
    bench.refuse(&order).await?;
    bench.holds(0).await
}

async fn less_than_the_least_is_refused(bench: &mut Bench) -> Done {
    let instrument = bench.instrument().await?;
    let less =
        Qty::new(instrument.qty_min.get() / Decimal::TEN).map_err(|why| Stop::Failed(why.to_string()))?;
    let order = Intent { qty: less, ..bench.order(Side::Buy, 1, OrderKind::MARKET)? };
    bench.refuse(&order).await?;
    bench.holds(0).await
}

async fn part_of_a_tick_is_refused(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    let tick = bench.instrument().await?.tick.get();
    let between = Price::new(bench.price(9_000)?.get() + tick / Decimal::TWO)
        .map_err(|why| Stop::Failed(why.to_string()))?;
    let kind = OrderKind::Limit(crate::intent::Limit { limit: between });
    let order = bench.order(Side::Buy, 1, kind)?;
    bench.refuse(&order).await
}

async fn more_than_can_be_paid_is_refused(bench: &mut Bench) -> Done {
    let account = bench.broker().account().await.map_err(|why| Stop::Failed(why.to_string()))?;
    takes(bench, KindName::Limit)?;
    let rules = bench.instrument().await?;
    let is_late = bench.broker().capabilities().paid_when_executed;
    // Four times what can be bought, at half the price, so that it would rest; where that is looked at only when it is
    // executed, at once.
    let (kind, bound) =
        if is_late { (OrderKind::MARKET, rules.margin.get()) } else { (bench.limit(5_000)?, Decimal::ONE) };
    // A unit of the account's own currency is worth one of it, whatever it is quoted in.
    let is_home = rules.base() == Some(account.of.currency);
    let worth = if is_home { Decimal::ONE } else { bench.stage.level().get() };
    let count = account.buying_power.get() * Decimal::from(8) / bound / worth;
    let count = i64::try_from(count.trunc()).unwrap_or(1_000_000);
    let order = bench.order(Side::Buy, count, kind)?;
    bench.refuse(&order).await?;
    bench.holds(0).await
}

async fn what_is_not_traded_is_refused(bench: &mut Bench) -> Done {
    let symbol = Symbol::new("NOSUCHTHING").map_err(|why| Stop::Failed(why.to_string()))?;
    let rules = bench.broker().instrument(symbol).await;
    demand(matches!(rules, Ok(None)), || format!("nobody trades it: {rules:?}"))?;
    let order = bench.order(Side::Buy, 1, OrderKind::MARKET)?;
    let order = Intent { key: crate::Key { symbol, ..order.key }, ..order };
    bench.refuse(&order).await
}

async fn rules_make_sense(bench: &mut Bench) -> Done {
    let rules = bench.instrument().await?;
    let lots =
        rules.qty_min.is_multiple_of(rules.lot) && !rules.lot.is_zero() && rules.qty_min <= rules.qty_max;
    let is_sane = lots && rules.tick.get() > Decimal::ZERO && rules.margin.get() > Decimal::ZERO;
    demand(is_sane && rules.key == bench.key(), || format!("they cannot be kept: {rules:?}"))
}

fn only_where_it_reduces(bench: &Bench) -> Done {
    if bench.broker().capabilities().reduce_only {
        Ok(())
    } else {
        not_here("it does not enforce that an order only reduces")
    }
}

async fn what_may_only_reduce_opens_nothing(bench: &mut Bench) -> Done {
    only_where_it_reduces(bench)?;
    let exit = bench.exit(Side::Sell, 10)?;
    let answer = bench.send(&exit).await;
    demand(!matches!(answer, SubmitOutcome::Unknown { .. }), || format!("{answer:?}"))?;
    bench.pass(2).await?;
    bench.holds(0).await
}

async fn what_may_only_reduce_does_not_turn(bench: &mut Bench) -> Done {
    only_where_it_reduces(bench)?;
    bench.filled(Side::Buy, 4).await?;
    let exit = bench.exit(Side::Sell, 10)?;
    let answer = bench.send(&exit).await;
    bench.pass(2).await?;
    let left = if matches!(answer, SubmitOutcome::Accepted { .. }) { 0 } else { 4 };
    bench.holds(left).await
}

async fn kinds_that_are_not_taken_are_refused(bench: &mut Bench) -> Done {
    let capabilities = bench.broker().capabilities().clone();
    let mut others = 0;
    for kind in every_kind(bench)?.into_iter().filter(|kind| !capabilities.takes(kind.name())) {
        let order = bench.order(Side::Buy, 1, kind)?;
        bench.refuse(&order).await?;
        others += 1;
    }
    if others == 0 { not_here("it takes all kinds") } else { Ok(()) }
}

async fn what_is_held_over_waits_for_the_session(bench: &mut Bench) -> Done {
    let capabilities = bench.broker().capabilities().clone();
    let kind = if capabilities.holds(KindName::Market) { OrderKind::MARKET } else { bench.limit(10_100)? };
    if !capabilities.holds(kind.name()) {
        return not_here("it keeps neither market nor limit orders for the next session");
    }
    bench.stage.market(false).await?;
    let order = Intent { tif: TimeInForce::Day, ..bench.order(Side::Buy, 10, kind)? };
    bench.take(&order).await?;
    bench.rests(order.id).await?;
    bench.stage.market(true).await?;
    bench.quote(9_999, 10_001).await?;
    bench.ends(order.id, End::Filled).await.map(drop)
}

/// One order to buy of each kind, none of which is executed at the price there is but the one at market.
fn every_kind(bench: &Bench) -> Result<[OrderKind; 5], Stop> {
    Ok([
        OrderKind::MARKET,
        bench.limit(9_000)?,
        bench.stop(11_000)?,
        OrderKind::StopLimit(StopLimit { trigger: bench.price(11_000)?, limit: bench.price(11_100)? }),
        OrderKind::TrailingStop(TrailingStop { distance: bench.price(200)? }),
    ])
}

/// Those that the venue takes.
fn each_kind(bench: &Bench) -> Result<Vec<OrderKind>, Stop> {
    let takes = |kind: &OrderKind| bench.broker().capabilities().takes(kind.name());
    Ok(every_kind(bench)?.into_iter().filter(takes).collect())
}

async fn what_is_not_held_over_is_not_executed(bench: &mut Bench) -> Done {
    let capabilities = bench.broker().capabilities().clone();
    let kinds: Vec<_> =
        each_kind(bench)?.into_iter().filter(|kind| !capabilities.holds(kind.name())).collect();
    if kinds.is_empty() {
        return not_here("it keeps all kinds for the next session");
    }
    bench.stage.market(false).await?;
    for kind in kinds {
        let order = bench.order(Side::Buy, 10, kind)?;
        match bench.send(&order).await {
            // It does more than it says, which is no harm while the market stays closed.
            SubmitOutcome::Accepted { .. } => bench.rests(order.id).await?,
            SubmitOutcome::Refused { .. } | SubmitOutcome::NotSent { .. } => {}
            other => return Err(Stop::Failed(format!("{}: {other:?}", kind.name().as_str()))),
        }
    }
    bench.holds(0).await
}

async fn each_kind_that_is_held_over_waits(bench: &mut Bench) -> Done {
    let capabilities = bench.broker().capabilities().clone();
    let kinds: Vec<_> =
        each_kind(bench)?.into_iter().filter(|kind| capabilities.holds(kind.name())).collect();
    if kinds.is_empty() {
        return not_here("it keeps no orders for the next session");
    }
    bench.stage.market(false).await?;
    let mut waiting = Vec::new();
    for kind in kinds {
        let order = bench.order(Side::Buy, 2, kind)?;
        bench.take(&order).await?;
        bench.rests(order.id).await?;
        waiting.push(order);
    }
    bench.stage.market(true).await?;
    bench.quote(9_999, 10_001).await?;
    for order in waiting {
        match order.order {
            OrderKind::Market(_) => drop(bench.ends(order.id, End::Filled).await?),
            _ => bench.rests(order.id).await?,
        }
    }
    Ok(())
}

async fn less_than_the_least_value_is_refused(bench: &mut Bench) -> Done {
    let rules = bench.instrument().await?;
    let half = rules.notional_min.get() / Decimal::TWO / bench.stage.level().get();
    let lots = (half / rules.lot.get()).trunc() * rules.lot.get();
    let mut qty = Qty::new(lots).map_err(|why| Stop::Failed(why.to_string()))?;
    // Where so little cannot be ordered, the least that can must be worth as little.
    if qty < rules.qty_min {
        qty = rules.qty_min;
        let share = i64::try_from((half / qty.get() * Decimal::from(10_000)).trunc()).unwrap_or(0);
        if share < 2 {
            return not_here("its least quantity is worth its least value at any price");
        }
        bench.quote(share - 1, share).await?;
    }
    let order = Intent { qty, ..bench.order(Side::Buy, 1, OrderKind::MARKET)? };
    bench.refuse(&order).await?;
    bench.holds(0).await
}

async fn what_closes_binds_as_it_says(bench: &mut Bench) -> Done {
    takes(bench, KindName::Limit)?;
    takes(bench, KindName::Stop)?;
    bench.filled(Side::Buy, 10).await?;
    bench.holds(10).await?;
    let (stop, target) = (bench.exit(Side::Sell, 10)?, bench.exit(Side::Sell, 10)?);
    let stop = Intent { order: bench.stop(9_000)?, tif: TimeInForce::Gtc, ..stop };
    let target = Intent { order: bench.limit(11_000)?, tif: TimeInForce::Gtc, ..target };
    bench.take(&stop).await?;
    bench.rests(stop.id).await?;
    if bench.broker().capabilities().closing_binds {
        bench.refuse(&target).await?;
    } else {
        bench.take(&target).await?;
        bench.rests(target.id).await?;
    }
    bench.rests(stop.id).await
}

pub(super) async fn bracket(bench: &mut Bench) -> Result<(Intent, Vec<OpenOrder>), Stop> {
    if bench.broker().capabilities().brackets == Brackets::None {
        return not_here("it makes no brackets");
    }
    let plan =
        Protection { stop: Some(bench.price(9_500)?), target: Some(bench.price(11_000)?), trail: None };
    let entry = Intent { bracket: true, plan, ..bench.order(Side::Buy, 10, OrderKind::MARKET)? };
    bench.take(&entry).await?;
    bench.ends(entry.id, End::Filled).await?;
    bench.pass(1).await?;
    let legs = bench.open().await?.into_iter().filter(|open| open.parent == Some(entry.id)).collect();
    Ok((entry, legs))
}

async fn legs_are_known_by_their_entry(bench: &mut Bench) -> Done {
    let (_, legs) = bracket(bench).await?;
    let sells = legs.iter().all(|leg| leg.side == Side::Sell && leg.qty.get() == Decimal::TEN);
    demand(legs.len() == 2 && sells, || format!("a stop and a target of the entry: {legs:?}"))
}

/// The name of a leg.
pub(super) fn leg(entry: &Intent, purpose: Purpose) -> Result<ClientOrderId, Stop> {
    entry.id.leg(purpose).ok_or_else(|| Stop::Failed(format!("{} leaves no room for a leg", entry.id)))
}

async fn legs_have_names_that_follow(bench: &mut Bench) -> Done {
    let (entry, legs) = bracket(bench).await?;
    for purpose in [Purpose::Stop, Purpose::Target] {
        let id = leg(&entry, purpose)?;
        let of_name: Vec<_> = legs.iter().filter(|leg| leg.id == Some(id)).collect();
        let is_it = |kind: Option<OrderKind>| match kind.map(|kind| kind.name()) {
            Some(KindName::Stop) => purpose == Purpose::Stop,
            Some(KindName::Limit) => purpose == Purpose::Target,
            _ => false,
        };
        demand(of_name.len() == 1 && is_it(of_name[0].kind), || format!("one {id} must live: {legs:?}"))?;
    }
    Ok(())
}

async fn one_leg_ends_the_other(bench: &mut Bench) -> Done {
    bracket(bench).await?;
    bench.quote(11_050, 11_052).await?;
    bench.holds(0).await?;
    bench.pass(1).await?;
    let open = bench.open().await?;
    demand(open.iter().all(|open| open.key != bench.key()), || format!("nothing must be left: {open:?}"))
}

async fn live_orders_tell_what_they_are(bench: &mut Bench) -> Done {
    let kinds = [bench.limit(9_000)?, bench.stop(11_000)?];
    for kind in
        kinds.into_iter().filter(|kind| bench.broker().capabilities().takes(kind.name())).collect::<Vec<_>>()
    {
        let order = bench.order(Side::Buy, 7, kind)?;
        bench.take(&order).await?;
        bench.rests(order.id).await?;
        let open = bench.open().await?;
        let told = open.iter().find(|open| open.id == Some(order.id));
        let is_whole = told.is_some_and(|open| {
            (open.key, open.side, open.qty, open.kind)
                == (order.key, order.side, order.qty, Some(order.order))
        });
        demand(is_whole, || format!("{:?} is told as {told:?}", order.order))?;
    }
    Ok(())
}
