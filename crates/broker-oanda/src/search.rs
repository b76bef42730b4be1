//! What the transactions since a mark say of one order. The only proof there is that an order never came: a name is free
//! again once its order is over, and a lookup by name finds what is pending alone.

use broker_api::{
    ClientOrderId, End, Finding, Proof, Qty, QueryFailed, SentWindow, VenueOrder, VenueOrderId, planted,
};
use broker_http::{Priority, query_failed};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::classify;
use crate::convert::{self, unreadable};
use crate::inside::Inside;
use crate::log::{self, ending};
use crate::wire::{Id, OrderBody, Transaction};

/// The most stretches of the log that are searched for one order.
const STRETCHES_MAX: usize = 50;

/// Everything behind a transaction, to the end of the log.
pub(crate) async fn since(inside: &Inside, mark: Id) -> Result<(Vec<Transaction>, Id), QueryFailed> {
    let (mut rows, mut place) = (Vec::new(), mark);
    for _ in 0..STRETCHES_MAX {
        let read = log::stretch(inside, place).await?;
        rows.extend(read.rows);
        place = read.to;
        if read.is_end {
            return Ok((rows, place));
        }
    }
    let why = format!("the log from transaction {} on is too long to be searched at once", mark.0);
    Err(query_failed(why, true))
}

/// What the log has of an order; nothing when it does not have it. Several of one name are taken together: what was
/// executed of them counts, and it lives while one of them does.
pub(crate) fn seen(rows: &[Transaction], name: ClientOrderId) -> Result<Option<VenueOrder>, QueryFailed> {
    let is_ours = |row: &Transaction| row.client() == Some(name.as_str());
    let mut ids: Vec<Id> = Vec::new();
    for row in rows.iter().filter(|row| row.makes()) {
        // What is left of an order goes on under another id, and may not repeat the name.
        if is_ours(row) || row.replaces.is_some_and(|id| ids.contains(&id)) {
            ids.push(row.id);
        }
    }
    let of_ours = |row: &&Transaction| row.order.is_some_and(|id| ids.contains(&id)) || is_ours(row);
    let mut filled = Decimal::ZERO;
    let mut is_whole: Vec<Id> = Vec::new();
    for row in rows.iter().filter(|row| row.kind == "ORDER_FILL").filter(of_ours) {
        let units = row.units.map_or(Decimal::ZERO, |units| units.0.abs());
        filled = filled.checked_add(units).ok_or_else(|| too_large(row.id))?;
        let is_rest_on = |next: &Transaction| next.makes() && next.replaces == row.order;
        let made = rows.iter().find(|made| Some(made.id) == row.order);
        let is_all = row.requested_units.is_none_or(|wanted| units >= wanted.0.abs())
            || made.is_some_and(Transaction::is_immediate);
        if is_all || rows.iter().any(is_rest_on) {
            is_whole.extend(row.order);
        }
    }
    let (mut ends, mut others): (Vec<(Id, End)>, Vec<Id>) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.kind == "ORDER_CANCEL").filter(of_ours) {
        let Some(order) = row.order else { continue };
        let made = rows.iter().find(|made| made.id == order);
        let is_filled = rows.iter().any(|fill| fill.kind == "ORDER_FILL" && fill.order == Some(order));
        match ending(row, made, is_filled) {
            Some(end) => ends.push((order, end)),
            None => others.push(order),
        }
    }
    ids.retain(|id| !others.contains(id));
    let refused = rows
        .iter()
        .filter(|row| row.refuses())
        .filter(|row| is_ours(row))
        .find(|row| !classify::is_duplicate(row.reject_reason.as_deref().unwrap_or_default()));
    let Some(first) = ids.first().copied().or_else(|| ends.first().map(|(id, _)| *id)) else {
        return refused.map(|row| venue_order(row.id, Some(End::Refused), Decimal::ZERO)).transpose();
    };
    let lives = ids.iter().any(|id| !is_whole.contains(id) && !ends.iter().any(|(over, _)| over == id));
    let asked: Option<Decimal> =
        rows.iter().find(|row| row.id == first).and_then(|row| row.units).map(|u| u.0.abs());
    let end = if lives {
        None
    } else if asked.is_some_and(|asked| filled >= asked) || (ends.is_empty() && asked.is_none()) {
        Some(End::Filled)
    } else {
        Some(ends.last().map_or(End::Cancelled, |(_, end)| *end))
    };
    venue_order(first, end, filled).map(Some)
}

fn too_large(id: Id) -> QueryFailed {
    unreadable(&format!("the fill {}", id.0), &"its units do not fit into 28 digits")
}

fn venue_order(id: Id, end: Option<End>, filled: Decimal) -> Result<VenueOrder, QueryFailed> {
    Ok(VenueOrder {
        venue_order: VenueOrderId::new(&id.0.to_string()).ok(),
        end,
        filled: Qty::new(filled.normalize()).map_err(|why| unreadable("an order", &why))?,
    })
}

/// Looks for an order since the place that it was sent behind.
pub(crate) async fn find(
    inside: &Inside,
    order: ClientOrderId,
    mark: Id,
    sent: SentWindow,
) -> Result<Finding, QueryFailed> {
    // Before the log is read: what comes later is not in it.
    let now = inside.transport.now();
    let (rows, to) = if planted!(FoundByName) { (Vec::new(), mark) } else { since(inside, mark).await? };
    if let Some(order) = seen(&rows, order)? {
        return Ok(Finding::Found { order });
    }
    // What was made before the mark and still rests is found by its name. That it is not found says nothing.
    let path = format!("/orders/{}", convert::spec(order));
    let request = inside.transport.of_account(&path).await?.first(Priority::Order);
    if let Some(body) = inside.transport.ask::<OrderBody>(request).await?
        && body.order.state.as_deref().is_none_or(|state| state == "PENDING")
    {
        return venue_order(body.order.id, None, Decimal::ZERO).map(|order| Finding::Found { order });
    }
    let settled = sent.to + inside.capabilities().resolve.settle;
    if now > settled {
        return Ok(Finding::Absent { proof: Proof::FencePassed { fence: sent.to, to: log::cursor(to)? } });
    }
    Ok(Finding::NotYet { again_at: (settled + TimeDelta::milliseconds(1)).max(now + TimeDelta::seconds(1)) })
}

#[cfg(test)]
mod tests;
