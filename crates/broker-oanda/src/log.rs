//! The log of an account: its transactions, whose ids follow each other without a gap.
//!
//! A cursor reads `t4123`: the last transaction that was told. From it one reads on, and a stretch counts only when every id
//! of it is there: one that is missing is asked for by itself, and only OANDA's own word that there is none of that id lets
//! one read past it. What comes of one cause shares a batch and is told together, so that a cursor never stands inside one.
//!
//! How a transaction becomes an event stands in `events`, what a fill is worth in `money`.

mod events;
mod memory;
mod money;

use std::collections::BTreeSet;

use broker_api::{Activity, Cursor, QueryFailed};
use broker_http::query_failed;
use serde_json::value::RawValue;

use crate::convert::unreadable;
use crate::inside::Inside;
use crate::wire::{Head, Id, Transaction, TransactionBody, Transactions};

pub(crate) use events::ending;
#[cfg(feature = "probe")]
pub(crate) use events::of as events_of;
pub(crate) use memory::Memory;
pub(crate) use money::Rates;

/// The most transactions that are asked for at once.
const PAGE: u64 = 1_000;
/// The most that are asked for one by one, where a stretch has holes.
const MISSING_MAX: usize = 20;

/// What a cursor begins with.
const FORM: char = 't';

/// The place behind a transaction.
pub(crate) fn cursor(id: Id) -> Result<Cursor, QueryFailed> {
    Cursor::new(&format!("{FORM}{}", id.0)).map_err(|why| unreadable("a place in the log", &why))
}

/// The transaction that a place lies behind.
pub(crate) fn place(cursor: Cursor) -> Result<Id, QueryFailed> {
    let read = cursor.as_str().strip_prefix(FORM).and_then(|id| id.parse().ok()).map(Id);
    read.ok_or_else(|| {
        let why = format!("{:?} is no place in the log of an account at OANDA", cursor.as_str());
        query_failed(why, false)
    })
}

/// A stretch of the log.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// In order.
    pub(crate) rows: Vec<Transaction>,
    /// The last transaction of it, whether it is among the rows or means nothing to us.
    pub(crate) to: Id,
    /// Whether the log ends there for now.
    pub(crate) is_end: bool,
}

/// What of the log means something: the types whose rows must be understood. Anything else may be of any form.
fn matters(kind: &str) -> bool {
    kind.ends_with("_ORDER")
        || kind.ends_with("_ORDER_REJECT")
        || matches!(
            kind,
            "ORDER_FILL" | "ORDER_CANCEL" | "DAILY_FINANCING" | "DIVIDEND_ADJUSTMENT" | "TRANSFER_FUNDS"
        )
}

/// The log behind a transaction, as far as one reads at once.
pub(crate) async fn stretch(inside: &Inside, since: Id) -> Result<Stretch, QueryFailed> {
    let transport = &inside.transport;
    let newest = match inside.newest() {
        Some(newest) if newest >= since => newest,
        _ => inside.summary().await?.1,
    };
    // How much `sinceid` gives at once is not documented: far from the end one asks for ranges.
    let read: Transactions = if newest.0.saturating_sub(since.0) > PAGE {
        let (from, to) = (since.0 + 1, since.0 + PAGE);
        let request = transport.of_account("/transactions/idrange").await?;
        transport.read(request.with("from", from.to_string()).with("to", to.to_string())).await?
    } else {
        let request = transport.of_account("/transactions/sinceid").await?;
        transport.read(request.with("id", since.0.to_string())).await?
    };
    inside.saw(read.last);
    if read.last < since {
        let why = format!(
            "the log ends at transaction {}, and it was read up to {} before: it is another account's, or was set back",
            read.last.0, since.0
        );
        return Err(query_failed(why, false));
    }
    let (mut ids, mut rows) = understood(&read.transactions, since)?;
    let mut to = Id(read.last.0.min(since.0.saturating_add(PAGE)));
    // An answer may be cut at its end: one reads on from there.
    if let Some(told) = ids.iter().max().filter(|told| **told < to) {
        to = *told;
    }
    rows.extend(missing(inside, since, to, &mut ids).await?);
    rows.retain(|row| row.id <= to);
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    let is_end = to == read.last;
    let to = if is_end { to } else { whole_batches(&mut rows, to) };
    Ok(Stretch { rows, to, is_end })
}

/// The ids behind a transaction, and the rows of them that mean something.
pub(crate) fn understood(
    raw: &[Box<RawValue>],
    since: Id,
) -> Result<(Vec<Id>, Vec<Transaction>), QueryFailed> {
    let (mut ids, mut rows) = (Vec::new(), Vec::new());
    for row in raw {
        let head: Head = serde_json::from_str(row.get()).map_err(|why| unreadable("a transaction", &why))?;
        if head.id <= since {
            continue;
        }
        ids.push(head.id);
        match serde_json::from_str::<Transaction>(row.get()) {
            Ok(row) => rows.push(row),
            Err(why) if matters(&head.kind) => {
                return Err(unreadable(&format!("transaction {} ({})", head.id.0, head.kind), &why));
            }
            Err(_) => {}
        }
    }
    Ok((ids, rows))
}

/// What of a stretch was not in the answer. Told one by one, or that there is none.
async fn missing(
    inside: &Inside,
    since: Id,
    to: Id,
    ids: &mut [Id],
) -> Result<Vec<Transaction>, QueryFailed> {
    ids.sort_unstable();
    let holes: Vec<u64> = (since.0 + 1..=to.0)
        .filter(|id| ids.binary_search(&Id(*id)).is_err())
        .take(MISSING_MAX + 1)
        .collect();
    if holes.len() > MISSING_MAX {
        let why = format!(
            "more than {MISSING_MAX} transactions between {} and {} are not in the answer",
            since.0, to.0
        );
        return Err(query_failed(why, true));
    }
    let mut found = Vec::new();
    for id in holes {
        let request = inside.transport.of_account(&format!("/transactions/{id}")).await?;
        let Some(body) = inside.transport.ask::<TransactionBody>(request).await? else { continue };
        match serde_json::from_str::<Transaction>(body.transaction.get()) {
            Ok(row) => found.push(row),
            Err(why) => {
                let kind = serde_json::from_str::<Head>(body.transaction.get()).map(|head| head.kind);
                if kind.map_or(true, |kind| matters(&kind)) {
                    return Err(unreadable(&format!("transaction {id}"), &why));
                }
            }
        }
    }
    Ok(found)
}

/// Leaves the last batch to the next stretch, which may have the rest of it; where that would leave nothing, it is all there is.
fn whole_batches(rows: &mut Vec<Transaction>, to: Id) -> Id {
    let Some(last) = rows.last().and_then(|row| row.batch) else { return to };
    if rows.first().is_none_or(|first| first.id >= last) || last.0 == 0 {
        return to;
    }
    rows.retain(|row| row.id < last);
    Id(last.0 - 1)
}

/// The log from a place on.
pub(crate) async fn read(inside: &Inside, since: Option<Cursor>) -> Result<Activity, QueryFailed> {
    let since = since.map(place).transpose()?.unwrap_or(Id(0));
    let facts = inside.facts().await?;
    let read = stretch(inside, since).await?;
    let mut memory = inside.memory.lock().await;
    let rates = rates(inside, &read.rows).await?;
    let events = events::of(inside.venue, facts.currency, &read.rows, &rates, &mut memory)?;
    drop(memory);
    Ok(Activity { events, cursor: cursor(read.to)?, complete: read.is_end })
}

/// What quote currencies are worth now, for fills of long ago that do not say what theirs was worth.
async fn rates(inside: &Inside, rows: &[Transaction]) -> Result<Rates, QueryFailed> {
    let is_mute = |row: &&Transaction| row.kind == "ORDER_FILL" && !money::says_its_rate(row);
    let pairs: BTreeSet<&str> =
        rows.iter().filter(is_mute).filter_map(|row| row.instrument.as_deref()).collect();
    if pairs.is_empty() {
        return Ok(Rates::default());
    }
    let names = pairs.into_iter().collect::<Vec<_>>().join(",");
    let request = inside.transport.of_account("/pricing").await?;
    let request = request.with("instruments", names).with("includeHomeConversions", "true");
    let now = inside.transport.read::<crate::wire::Pricing>(request).await?;
    Ok(Rates::of(&now.home_conversions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_last_transaction_that_was_told() {
        assert_eq!(place(cursor(Id(4123)).unwrap()).unwrap(), Id(4123));
        for bad in ["4123", "t", "t-1", "a2.1.2.3", "t1.more"] {
            assert!(place(Cursor::new(bad).unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_batch_is_never_cut() {
        let row = |id: u64, batch: u64| -> Transaction {
            let row =
                serde_json::json!({"id": id, "batchID": batch, "time": "2026-03-10T14:05:07Z", "type": "X"});
            serde_json::from_value(row).unwrap()
        };
        let mut rows = vec![row(4, 4), row(5, 5), row(6, 5)];
        assert_eq!(whole_batches(&mut rows, Id(6)), Id(4));
        assert_eq!(rows.len(), 1);
        let mut rows = vec![row(5, 5), row(6, 5)];
        assert_eq!((whole_batches(&mut rows, Id(6)), rows.len()), (Id(6), 2), "all of it is one batch");
        // What comes after the rows and means nothing to us is read past.
        let mut none = Vec::new();
        assert_eq!(whole_batches(&mut none, Id(9)), Id(9));
    }
}
