//! What no trade made: money and units that come and go, dividends, interest, late fees, splits, new symbols.
//!
//! Rows are read at first and then once a minute, from seven days before the latest that was told: some appear days after
//! the date that they bear. What is told again has the same name. Rows of one split, or of one change of a symbol, are one
//! event: a split is told as the change in units or as all of the old and all of the new ones, a change of symbol as the
//! old ones that go and the new ones that come. Which of them Alpaca writes is unverified.

use std::collections::BTreeMap;

use broker_api::{
    Amount, Currency, ExecutionId, Held, Key, Money, NonTrade, NonTradeKind, QueryFailed, Time,
};
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Memory, OVERLAP_MORE, PAGE, PAGES_MAX, Place};
use crate::broker::Alpaca;
use crate::convert::unreadable;
use crate::orders::text;
use crate::transport::Request;
use crate::wire::NonTradeRow;

/// How far one looks back. The book remembers names for longer.
const OVERLAP: TimeDelta = TimeDelta::days(7);

/// What it takes to read on behind a row, and to see whether it is about units.
#[derive(Deserialize)]
struct Head {
    id: String,
    symbol: Option<serde_json::Value>,
    qty: Option<serde_json::Value>,
}

/// What is new, where to read on, and whether that is all.
pub(super) async fn read(
    alpaca: &Alpaca,
    memory: &mut Memory,
    since: Option<Place>,
) -> Result<(Vec<NonTrade>, Time, bool), QueryFailed> {
    let now = alpaca.0.transport.now();
    let place = since.map_or(Time::UNIX_EPOCH, |place| place.non_trades);
    if since.is_some_and(|place| !place.is_inside) && !memory.wants_non_trades(now) {
        return Ok((Vec::new(), place, true));
    }
    memory.read_non_trades(None);
    let overlap = if since.is_some_and(|place| place.is_inside) { OVERLAP_MORE } else { OVERLAP };
    let from = since.map(|_| (place - overlap).max(Time::UNIX_EPOCH));
    let (mut rows, is_all) = rows(alpaca, from).await?;
    let newest = rows.iter().map(|row| row.at).max();
    if let (false, Some(newest)) = (is_all, newest) {
        // Their other half may stand on the next page.
        rows.retain(|row| !row.is_of_several() || row.at < newest - OVERLAP_MORE);
    }
    if is_all {
        memory.read_non_trades(Some(now));
    }
    // A date may lie ahead; what is created until then must not be passed over.
    let place = newest.map_or(place, |at| at.min(now).max(place));
    Ok((merged(rows), place, is_all))
}

/// The rows since a moment, the oldest first, and whether these are all.
async fn rows(alpaca: &Alpaca, from: Option<Time>) -> Result<(Vec<Row>, bool), QueryFailed> {
    let (mut rows, mut last) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let mut request = Request::get("/v2/account/activities")
            .with("category", "non_trade_activity")
            .with("direction", "asc")
            .with("page_size", PAGE.to_string());
        if let Some(from) = from {
            request = request.with("after", text(from));
        }
        if let Some(last) = last.take() {
            request = request.with("page_token", last);
        }
        let page: Vec<Box<RawValue>> = alpaca.0.transport.read(request).await?;
        for row in &page {
            let head: Head = parsed(row)?;
            rows.extend(Row::of(alpaca, row, &head, from).await?);
            last = Some(head.id);
        }
        if page.len() < PAGE {
            return Ok((rows, true));
        }
    }
    Ok((rows, false))
}

fn parsed<'a, T: Deserialize<'a>>(row: &'a RawValue) -> Result<T, QueryFailed> {
    serde_json::from_str(row.get()).map_err(|why| unreadable("an activity", &why))
}

/// A row, understood.
#[derive(Clone, Debug)]
struct Row {
    entry: NonTrade,
    /// When it was made, as far as it tells.
    at: Time,
    /// What it bears of one event with others.
    group: Option<String>,
    date: Option<NaiveDate>,
}

impl Row {
    /// Nothing for a row that does not count. One that cannot be understood is passed over only when it is not about units.
    async fn of(
        alpaca: &Alpaca,
        row: &RawValue,
        head: &Head,
        from: Option<Time>,
    ) -> Result<Option<Self>, QueryFailed> {
        let is_there = |value: &Option<serde_json::Value>| {
            value.as_ref().is_some_and(|value| !value.is_null() && value != "" && value != "0")
        };
        let is_about_units = is_there(&head.symbol) || is_there(&head.qty);
        let read = match parsed::<NonTradeRow>(row) {
            // A cancelled one was taken back, and one of a word that is not known is not carried out yet.
            Ok(row) if !matches!(row.status.as_deref(), None | Some("executed" | "correct")) => Ok(None),
            Ok(row) => Self::understood(alpaca, row, from).await.map(Some),
            Err(why) => Err(why),
        };
        match read {
            // That something was not to be had is no property of the row.
            Err(why) if is_about_units || why.transient => Err(why),
            Err(_) => Ok(None),
            Ok(row) => Ok(row),
        }
    }

    async fn understood(alpaca: &Alpaca, row: NonTradeRow, from: Option<Time>) -> Result<Self, QueryFailed> {
        let bad = |why: &dyn std::fmt::Display| unreadable(&format!("the activity {}", row.id), why);
        let (kind, is_about_units) = kind(&row);
        let qty = row.qty.map_or(Decimal::ZERO, |number| number.0);
        let units = if is_about_units { qty } else { Decimal::ZERO };
        let key = match row.symbol.as_deref().filter(|symbol| !symbol.is_empty()) {
            Some(symbol) => {
                let is_coin = matches!(row.activity_type.as_str(), "CFEE" | "OCT");
                match alpaca.canonical_of_activity(symbol, is_coin).await {
                    Ok(symbol) => Some(Key { venue: alpaca.0.venue, symbol }),
                    // Only the name of what paid is lost.
                    Err(why) if units.is_zero() && !why.transient => None,
                    Err(why) => return Err(why),
                }
            }
            None if !units.is_zero() => return Err(bad(&"it does not say of what its units are")),
            None => None,
        };
        let currency = row.currency.as_deref().filter(|code| !code.is_empty()).unwrap_or("USD");
        let amount = Amount::new(row.net_amount.map_or(Decimal::ZERO, |number| number.0.normalize()));
        let date = row.date.as_deref().and_then(date);
        let stamp = row.created_at.or(row.transaction_time);
        let at = stamp.or_else(|| Some(date?.and_time(NaiveTime::MIN).and_utc()));
        let at = at.ok_or_else(|| bad(&"it has no date"))?;
        Ok(Self {
            entry: NonTrade {
                id: ExecutionId::new(&row.id).map_err(|why| bad(&why))?,
                kind,
                key,
                units: Held::new(units.normalize()).map_err(|why| bad(&why))?,
                money: Money {
                    amount: amount.map_err(|why| bad(&why))?,
                    currency: Currency::new(currency).map_err(|why| bad(&why))?,
                },
                becomes: None,
                // One that appears long after its date is as new as what is read, or its name were forgotten before.
                at: from.map_or(at, |from| at.max(from)),
            },
            at,
            group: row.group_id.filter(|group| !group.is_empty()),
            date: date.or_else(|| Some(at.date_naive())),
        })
    }

    /// Whether it may be a part of an event that is told in several rows.
    fn is_of_several(&self) -> bool {
        matches!(self.entry.kind, NonTradeKind::Split | NonTradeKind::SymbolChange)
    }

    /// What the rows of one event have in common.
    fn common(&self) -> (NonTradeKind, String) {
        let date = self.date.map(|date| date.to_string()).unwrap_or_default();
        let of = match (&self.group, self.entry.kind) {
            (Some(group), _) => group.clone(),
            // As many go as come.
            (None, NonTradeKind::SymbolChange) => format!("{date} {}", self.entry.units.size()),
            (None, _) => {
                format!("{date} {}", self.entry.key.map_or_else(String::new, |key| key.to_string()))
            }
        };
        (self.entry.kind, of)
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok().or_else(|| text.parse::<Time>().ok().map(|at| at.date_naive()))
}

/// What a row is, and whether its quantity is units that came or went.
fn kind(row: &NonTradeRow) -> (NonTradeKind, bool) {
    let is_nothing = row.net_amount.is_none_or(|number| number.0.is_zero());
    match row.activity_type.as_str() {
        "CSD" | "CSW" | "JNLC" | "ACATC" | "TRANS" => (NonTradeKind::Transfer, false),
        "ACATS" | "JNLS" | "FOPT" | "OCT" => (NonTradeKind::UnitTransfer, true),
        "FEE" | "DIVFEE" | "PTC" | "PTR" => (NonTradeKind::Fee, false),
        "CFEE" => (NonTradeKind::FeeInKind, true),
        "SPLIT" => (NonTradeKind::Split, true),
        "NC" => (NonTradeKind::SymbolChange, true),
        // The quantity of a dividend in money is what it was paid on; one in units pays no money. Alpaca's own example has a
        // stock dividend with an amount for each share, which is one in money.
        text if text.starts_with("DIV") || text == "CGD" => {
            let is_in_units = row.activity_sub_type.as_deref() == Some("SDIV");
            (NonTradeKind::Dividend, is_in_units && is_nothing && row.per_share_amount.is_none())
        }
        text if text.starts_with("INT") => (NonTradeKind::Financing, false),
        _ => (NonTradeKind::Other, true),
    }
}

/// Rows as entries: those of one event are one.
fn merged(rows: Vec<Row>) -> Vec<NonTrade> {
    let mut entries = Vec::new();
    let mut events: BTreeMap<(NonTradeKind, String), Vec<NonTrade>> = BTreeMap::new();
    for row in rows {
        if row.is_of_several() {
            let entry = row.entry;
            let parts = events.entry(row.common()).or_default();
            if parts.iter().all(|part| part.id != entry.id) {
                parts.push(entry);
            }
        } else {
            entries.push(row.entry);
        }
    }
    for ((kind, _), parts) in events {
        let one = if kind == NonTradeKind::Split { split(&parts) } else { renamed(&parts) };
        match one {
            Some(entry) => entries.push(entry),
            // What is neither is for a person to look at.
            None => entries.extend(parts.iter().map(|part| NonTrade { kind: NonTradeKind::Other, ..*part })),
        }
    }
    entries
}

/// All money of the parts, under the name and at the moment of the first.
fn whole(parts: &[NonTrade]) -> Option<NonTrade> {
    let first = parts.iter().min_by_key(|part| part.id)?;
    let currency = first.money.currency;
    let mut amount = Amount::ZERO;
    for part in parts {
        if part.money.currency != currency && !part.money.amount.get().is_zero() {
            return None;
        }
        amount = amount.plus(part.money.amount).ok()?;
    }
    let at = parts.iter().map(|part| part.at).min()?;
    Some(NonTrade { money: Money { amount, currency }, at, ..*first })
}

/// A split of one instrument: by how much its units changed.
fn split(parts: &[NonTrade]) -> Option<NonTrade> {
    let one = whole(parts)?;
    // One that also brings another symbol cannot be told as one entry.
    if one.key.is_none() || parts.iter().any(|part| part.key != one.key) {
        return None;
    }
    let units: Decimal = parts.iter().map(|part| part.units.get()).sum();
    Some(NonTrade { units: Held::new(units.normalize()).ok()?, ..one })
}

/// A change of symbol: what goes under one name comes under another. What stays what it is changes nothing.
fn renamed(parts: &[NonTrade]) -> Option<NonTrade> {
    let one = whole(parts)?;
    let [first, second] = parts else { return None };
    if first.units.get() + second.units.get() != Decimal::ZERO || first.units.is_flat() {
        return None;
    }
    // Of what is held short it is the other way round. That is told the wrong way, which the book refuses, and a person looks.
    let (old, new) = if first.units.is_long() { (second, first) } else { (first, second) };
    Some(NonTrade { key: old.key, becomes: new.key, units: Held::FLAT, ..one })
}

#[cfg(test)]
mod tests;
