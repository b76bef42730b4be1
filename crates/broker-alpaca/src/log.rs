//! The log of an account: its fills, from the account's activities, its closings, from the list of orders, and what no
//! trade made, from the activities again, read by cursor.
//!
//! A cursor reads `a2.SEEN.ORDERS.NONTRADES`, all in milliseconds since 1970: the latest fill or closing that was told, a
//! moment before every order that was live then, and the latest entry that no trade made. From it one reads all orders since `ORDERS`, so each that was live or came since is
//! among them, and all fills since `SEEN` less an overlap, since Alpaca's rows appear late and out of order. What was
//! told before is told again, and counts once by its execution id. A cursor in the middle of a long log ends in `.more`:
//! from there the overlap is short, so that reading comes to an end.
//!
//! An order whose fills in the log are fewer than its filled quantity is asked about by itself (rows have gone missing
//! between pages). Until they are the same, the cursor stays, and no closing of it is told.
//!
//! A bust takes a row away, and a correction changes one. Neither has a row of its own among the activities, so they are
//! found by what this process was told before: a row that is gone, while the order's filled quantity is the sum of what
//! is left, was taken back. An order that filled less than was told of it lost an execution, however old that is. A bust
//! between two processes is not found here; it shows as a position that differs.

mod cursor;
mod memory;
mod non_trades;
mod reading;

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{Activity, ClientOrderId, Code, End, QueryFailed, Time, VenueEvent, planted};
use chrono::TimeDelta;

use crate::broker::Alpaca;
use crate::convert;
use crate::orders::{self, Status, text};
use crate::transport::{Request, Transport};
use crate::wire::{FillRow, Order};
use broker_http::Priority;

pub(crate) use cursor::Place;
pub(crate) use memory::Memory;
use reading::{Told, cum, is_whole, sum};

/// How late a row may appear.
const OVERLAP: TimeDelta = TimeDelta::minutes(15);
/// The same in the middle of a log, where everything is long past.
const OVERLAP_MORE: TimeDelta = TimeDelta::seconds(1);
/// How far one looks back when the stream says that an execution was amended.
const AMENDED: TimeDelta = TimeDelta::days(7);
/// How long an order may wait for rows that its filled quantity says there are. Then it is told as it is.
const LATE_MAX: TimeDelta = TimeDelta::hours(1);
/// Rows of a page, and pages of a call.
const PAGE: usize = 100;
const PAGES_MAX: usize = 20;

const REPLACED: Code = Code::fixed("replaced");

/// The log from a place on. `is_amended` says that the stream told of a bust or a correction.
pub(crate) async fn read(
    alpaca: &Alpaca,
    since: Option<Place>,
    is_amended: bool,
) -> Result<Activity, QueryFailed> {
    let (transport, venue) = (&alpaca.0.transport, alpaca.0.venue);
    let mut memory = alpaca.0.memory.lock().await;
    let from = since.map(|place| window(place, is_amended));
    // Orders first: the fills, read after them, hold at least as much as they say.
    let listed =
        transport.orders(Status::All, false, since.map(|place| place.orders), None, Priority::Read).await?;
    let mut orders: BTreeMap<String, Order> =
        listed.into_iter().map(|order| (order.id.clone(), order)).collect();
    let (mut rows, is_end) = rows(transport, from).await?;
    let ids: BTreeSet<String> = rows.iter().map(|row| row.order_id.clone()).collect();
    for id in &ids {
        if !orders.contains_key(id)
            && let Some(order) = transport.order(id, false, Priority::Read).await?
        {
            orders.insert(id.clone(), order);
        }
    }
    let mut late: BTreeSet<String> = BTreeSet::new();
    if is_end {
        for order in orders.values() {
            let touched = ids.contains(&order.id) || ended_since(order, from);
            if !touched || is_whole(order, &rows, from) {
                continue;
            }
            let own = own_rows(transport, &order.id).await?;
            // What filled meanwhile is in the rows, and not in the order as it was listed.
            let is_short = sum(&own) < convert::filled(order)?.get();
            let is_recent = order.updated_at.is_none_or(|at| transport.now() - at < LATE_MAX);
            if is_short && is_recent && !planted!(RowsSkipped) {
                late.insert(order.id.clone());
            }
            rows.retain(|row| row.order_id != order.id);
            rows.extend(own);
        }
    }
    // Entries before their legs, which are named after them.
    transport.learn_entries(orders.values())?;
    let mut names: BTreeMap<String, ClientOrderId> = BTreeMap::new();
    for order in orders.values() {
        names.insert(order.id.clone(), transport.name(order).await?);
    }
    let is_lagging = !late.is_empty();
    rows.sort_by(|a, b| (a.transaction_time, cum(a), &a.id).cmp(&(b.transaction_time, cum(b), &b.id)));
    rows.dedup_by(|a, b| a.id == b.id);
    // Before what is told now: an order as it was listed does not have that yet.
    let short = memory.short(&orders, transport.now())?;
    let mut events = Vec::new();
    for row in &rows {
        let order = orders.get(&row.order_id).ok_or_else(|| {
            convert::unreadable("a fill", &format!("its order {} is not there", row.order_id))
        })?;
        let name = names.get(&row.order_id).copied().map_or_else(|| convert::name(order), Ok)?;
        let fill = reading::fill(venue, order, name, row)?;
        events.push((fill.at, memory.event(&fill, &row.order_id, transport.now())));
    }
    if is_end {
        closings(&orders, &names, from, &late, &mut events)?;
    }
    let told = events.iter().map(|(at, _)| *at).max();
    let (entries, non_trades, is_all) = if is_end {
        non_trades::read(alpaca, &mut memory, since).await?
    } else {
        (Vec::new(), since.map_or(Time::UNIX_EPOCH, |place| place.non_trades), true)
    };
    events.extend(entries.into_iter().map(|entry| (entry.at, VenueEvent::NonTrade(entry))));
    // Fills before closings of the same moment: the sort keeps the order in which they were put.
    events.sort_by_key(|(at, _)| *at);
    if is_end {
        let mut gone = memory.gone(from, &rows);
        gone.extend(short);
        for (order, gone) in by_order(gone) {
            let busts = taken_back(transport, &mut memory, &order, &gone).await?;
            events.extend(busts.into_iter().map(|event| (transport.now(), event)));
        }
        memory.forget(told.or(from));
    }
    let seen = match since {
        Some(place) if is_lagging => place.seen,
        Some(place) => told.map_or(place.seen, |at| at.max(place.seen)),
        // Nothing ever happened: the beginning, so that the first event is not before it.
        None if is_lagging => Time::UNIX_EPOCH,
        None => told.unwrap_or(Time::UNIX_EPOCH),
    };
    let oldest = match since {
        _ if is_end && !is_lagging => oldest(&orders, since),
        Some(place) => place.orders,
        None => Time::UNIX_EPOCH,
    };
    let is_end = is_end && is_all;
    let place = Place { seen, orders: oldest, non_trades, is_inside: !is_end };
    Ok(Activity {
        events: events.into_iter().map(|(_, event)| event).collect(),
        cursor: place.cursor()?,
        complete: is_end,
    })
}

/// From when on rows are read.
fn window(place: Place, is_amended: bool) -> Time {
    let overlap = match (place.is_inside, is_amended) {
        (true, _) => OVERLAP_MORE,
        (false, false) if planted!(RowsSkipped) => TimeDelta::zero(),
        (false, true) => AMENDED,
        (false, false) => OVERLAP,
    };
    place.seen.checked_sub_signed(overlap).unwrap_or(Time::UNIX_EPOCH).max(Time::UNIX_EPOCH)
}

/// The rows since a moment, the oldest first, and whether these are all.
async fn rows(transport: &Transport, from: Option<Time>) -> Result<(Vec<FillRow>, bool), QueryFailed> {
    let mut rows: Vec<FillRow> = Vec::new();
    for _ in 0..PAGES_MAX {
        let mut request = fill_rows();
        if let Some(from) = from {
            request = request.with("after", text(from));
        }
        if let Some(last) = rows.last() {
            request = request.with("page_token", last.id.clone());
        }
        let page: Vec<FillRow> = transport.read(request).await?;
        let is_last = page.len() < PAGE;
        rows.extend(page);
        if is_last {
            return Ok((rows, true));
        }
    }
    Ok((rows, false))
}

/// The rows of one order.
async fn own_rows(transport: &Transport, order: &str) -> Result<Vec<FillRow>, QueryFailed> {
    let mut rows: Vec<FillRow> = Vec::new();
    for _ in 0..PAGES_MAX {
        let mut request = fill_rows().with("order_id", order);
        if let Some(last) = rows.last() {
            request = request.with("page_token", last.id.clone());
        }
        let page: Vec<FillRow> = transport.read(request).await?;
        let is_last = page.len() < PAGE;
        // A filter that is not known is passed over, and gives the rows of others.
        rows.extend(page.into_iter().filter(|row| row.order_id == order));
        if is_last {
            break;
        }
    }
    Ok(rows)
}

fn fill_rows() -> Request {
    Request::get("/v2/account/activities/FILL").with("direction", "asc").with("page_size", PAGE.to_string())
}

fn ended_since(order: &Order, from: Option<Time>) -> bool {
    let is_over = convert::end(&order.status).is_some();
    is_over && from.is_none_or(|from| convert::ended_at(order).is_none_or(|at| at >= from))
}

/// The orders that ended otherwise than by their last fill.
fn closings(
    orders: &BTreeMap<String, Order>,
    names: &BTreeMap<String, ClientOrderId>,
    from: Option<Time>,
    late: &BTreeSet<String>,
    events: &mut Vec<(Time, VenueEvent)>,
) -> Result<(), QueryFailed> {
    for order in orders.values().filter(|order| ended_since(order, from) && !late.contains(&order.id)) {
        let Some(end) = convert::end(&order.status).filter(|end| *end != End::Filled) else { continue };
        let name = names.get(&order.id).copied().map_or_else(|| convert::name(order), Ok)?;
        // What replaces a leg that wakes has its name, and lives on.
        if order.status == orders::REPLACED && convert::leg_of(name).is_some() {
            continue;
        }
        let code = match order.status.as_str() {
            orders::REPLACED => REPLACED,
            status => Code::new(status).map_err(|why| convert::unreadable("an order's status", &why))?,
        };
        let at =
            convert::ended_at(order).ok_or_else(|| convert::unreadable("an order", &"it has no time"))?;
        events.push((at, VenueEvent::Closed { order: name, end, code, at }));
    }
    Ok(())
}

/// A moment before every order that is live now, and before every one that is on its way while this is read.
fn oldest(orders: &BTreeMap<String, Order>, since: Option<Place>) -> Time {
    let began = |order: &Order| order.began();
    let newest = orders.values().filter_map(began).max().map(|at| at - OVERLAP);
    let live = orders.values().filter(|order| convert::end(&order.status).is_none()).filter_map(began).min();
    let before = live.into_iter().chain(newest).min().map(|at| at - TimeDelta::seconds(1));
    match (before, since) {
        (Some(at), Some(place)) => at.max(place.orders),
        (Some(at), None) => at,
        (None, Some(place)) => place.orders,
        (None, None) => Time::UNIX_EPOCH,
    }
}

/// Executions by Alpaca's name of their order, each once.
fn by_order(gone: Vec<Told>) -> BTreeMap<String, Vec<Told>> {
    let mut orders: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for told in gone.into_iter().filter(|_| !planted!(GoneIgnored)) {
        let of_order = orders.entry(told.order_id.clone()).or_default();
        if of_order.iter().all(|other| other.fill.execution != told.fill.execution) {
            of_order.push(told);
        }
    }
    orders
}

/// Which executions of an order were taken back: they have no row, and Alpaca's own count of the order says so too.
async fn taken_back(
    transport: &Transport,
    memory: &mut Memory,
    order: &str,
    gone: &[Told],
) -> Result<Vec<VenueEvent>, QueryFailed> {
    let Some(row) = transport.order(order, false, Priority::Read).await? else { return Ok(Vec::new()) };
    let rows = own_rows(transport, order).await?;
    if sum(&rows) != convert::filled(&row)?.get() {
        return Ok(Vec::new());
    }
    let is_gone = |told: &&Told| rows.iter().all(|row| row.id != told.fill.execution.as_str());
    let busted = gone.iter().filter(is_gone).map(|told| {
        memory.lost(told.fill.execution);
        VenueEvent::Busted { execution: told.fill.execution, at: transport.now() }
    });
    Ok(busted.collect())
}
