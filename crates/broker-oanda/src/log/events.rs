//! Transactions as events. Pure.
//!
//! | transaction | event |
//! |---|---|
//! | `ORDER_FILL` | a fill, whatever trades it closed and opened: they are OANDA's own parts of what is held. Its financing, if any, stands beside it |
//! | `ORDER_CANCEL` | the order is closed; refused, when that came with the order itself |
//! | `…_ORDER_REJECT` with our name | the order is closed: refused |
//! | `DAILY_FINANCING` | financing, for each instrument |
//! | `DIVIDEND_ADJUSTMENT` | a dividend |
//! | `TRANSFER_FUNDS` | a transfer |
//! | another with a balance that does not follow | what the balance moved by, as what it is: something else |
//!
//! Orders that are made, margin calls, and words that are not known are none.

use std::collections::BTreeSet;

use broker_api::{
    Amount, ClientOrderId, Currency, End, ExecutionId, Fill, Held, Key, NonTrade, NonTradeKind, Price, Qty,
    QueryFailed, VenueEvent, VenueId,
};
use broker_http::Exact;
use rust_decimal::Decimal;

use super::memory::Memory;
use super::money::{self, Rates};
use crate::classify::{self, Killed};
use crate::convert::{self, unreadable};
use crate::wire::{Id, Transaction};

/// A stretch of the log as events, in its order.
pub(crate) fn of(
    venue: VenueId,
    home: Currency,
    rows: &[Transaction],
    rates: &Rates,
    memory: &mut Memory,
) -> Result<Vec<VenueEvent>, QueryFailed> {
    let filled: BTreeSet<Id> =
        rows.iter().filter(|row| row.kind == "ORDER_FILL").filter_map(|row| row.order).collect();
    let mut events = Vec::new();
    for row in rows {
        let telling = Telling { venue, home, row };
        match row.kind.as_str() {
            _ if row.makes() => memory.learn(row),
            "ORDER_FILL" => {
                let name = telling.name(memory)?;
                events.push(VenueEvent::Filled(telling.fill(name, rates)?));
                events.extend(telling.entry(
                    "f",
                    NonTradeKind::Financing,
                    row.instrument.as_deref(),
                    row.financing,
                )?);
                if is_left_behind(row, rows) {
                    let code = classify::code("IMMEDIATE_REST");
                    events.push(VenueEvent::Closed { order: name, end: End::Cancelled, code, at: row.time });
                }
            }
            "ORDER_CANCEL" => events.extend(telling.cancelled(rows, &filled, memory)?),
            "DAILY_FINANCING" => events.extend(telling.financing()?),
            "DIVIDEND_ADJUSTMENT" => events.extend(telling.entry(
                "d",
                NonTradeKind::Dividend,
                row.instrument.as_deref(),
                row.dividend_adjustment,
            )?),
            "TRANSFER_FUNDS" => {
                let kind = match row.funding_reason.as_deref() {
                    Some("ADJUSTMENT") => NonTradeKind::Other,
                    _ => NonTradeKind::Transfer,
                };
                events.extend(telling.entry("m", kind, None, row.amount)?);
            }
            _ if row.refuses() => events.extend(telling.refused()),
            _ => events.extend(telling.other(memory.balance)?),
        }
        if let Some(balance) = row.account_balance {
            memory.balance = Some(balance.0);
        }
    }
    Ok(events)
}

/// Whether an immediate order ended with this fill, which is not all of it: no transaction need tell that (unverified).
fn is_left_behind(fill: &Transaction, rows: &[Transaction]) -> bool {
    let (Some(units), Some(wanted), Some(order)) = (fill.units, fill.requested_units, fill.order) else {
        return false;
    };
    let made = rows.iter().find(|row| row.id == order && row.makes());
    let is_told = |row: &Transaction| {
        row.batch == fill.batch
            && (row.kind == "ORDER_CANCEL" && row.order == Some(order) || row.replaces == Some(order))
    };
    units.0.abs() < wanted.0.abs() && made.is_some_and(Transaction::is_immediate) && !rows.iter().any(is_told)
}

/// One transaction, and what is needed to tell it.
struct Telling<'a> {
    venue: VenueId,
    home: Currency,
    row: &'a Transaction,
}

impl Telling<'_> {
    fn bad(&self, why: &dyn std::fmt::Display) -> QueryFailed {
        unreadable(&format!("transaction {} ({})", self.row.id.0, self.row.kind), why)
    }

    fn key(&self, instrument: Option<&str>) -> Result<Key, QueryFailed> {
        let instrument = instrument.ok_or_else(|| self.bad(&"it tells no instrument"))?;
        Ok(Key { venue: self.venue, symbol: convert::symbol(instrument)? })
    }

    /// The name of the order that it executes or ends.
    fn name(&self, memory: &Memory) -> Result<ClientOrderId, QueryFailed> {
        let order = self.row.order.ok_or_else(|| self.bad(&"it tells no order"))?;
        let told = self.row.client().and_then(|client| ClientOrderId::new(client).ok());
        told.or_else(|| memory.name(order)).map_or_else(|| convert::name(None, order), Ok)
    }

    fn fill(&self, order: ClientOrderId, rates: &Rates) -> Result<Fill, QueryFailed> {
        let row = self.row;
        let key = self.key(row.instrument.as_deref())?;
        let units = row.units.ok_or_else(|| self.bad(&"it tells no units"))?.0;
        let price = row.full_vwap.or(row.price).ok_or_else(|| self.bad(&"it tells no price"))?.0;
        let quote = key.symbol.as_str().split_once('/').map_or("", |(_, quote)| quote);
        let (rate, fee) = money::of(row, quote, self.home, rates)?;
        let qty = Qty::new(units.abs().normalize()).ok().filter(|qty| !qty.is_zero());
        Ok(Fill {
            execution: self.id("")?,
            order,
            key,
            side: convert::side(units),
            qty: qty.ok_or_else(|| self.bad(&"it executes nothing"))?,
            price: Price::new(price.normalize()).map_err(|why| self.bad(&why))?,
            fee,
            kept: Qty::ZERO,
            rate,
            at: row.time,
            model: None,
        })
    }

    /// A name of something that this transaction tells.
    fn id(&self, part: &str) -> Result<ExecutionId, QueryFailed> {
        let text = format!("{}{}{part}", self.row.id.0, if part.is_empty() { "" } else { "-" });
        ExecutionId::new(&text).map_err(|why| self.bad(&why))
    }

    /// Money that came or went without a trade; nothing when none did.
    fn entry(
        &self,
        part: &str,
        kind: NonTradeKind,
        instrument: Option<&str>,
        money: Option<Exact>,
    ) -> Result<Option<VenueEvent>, QueryFailed> {
        let amount = money.map_or(Decimal::ZERO, |number| number.0).normalize();
        if amount.is_zero() {
            return Ok(None);
        }
        Ok(Some(VenueEvent::NonTrade(NonTrade {
            id: self.id(part)?,
            kind,
            key: instrument.map(|instrument| self.key(Some(instrument))).transpose()?,
            units: Held::FLAT,
            money: Amount::new(amount).map_err(|why| self.bad(&why))?.of(self.home),
            becomes: None,
            at: self.row.time,
        })))
    }

    /// Financing for each instrument, and what it does not come to for none.
    fn financing(&self) -> Result<Vec<VenueEvent>, QueryFailed> {
        let parts = &self.row.position_financings;
        let mut events = Vec::new();
        for (n, part) in parts.iter().enumerate() {
            let name = format!("f{n}");
            let one = Some(part.financing);
            events.extend(self.entry(&name, NonTradeKind::Financing, Some(&part.instrument), one)?);
        }
        let told: Decimal = parts.iter().map(|part| part.financing.0).sum();
        let whole = self.row.financing.map_or(told, |number| number.0);
        events.extend(self.entry("f", NonTradeKind::Financing, None, Some(Exact(whole - told)))?);
        Ok(events)
    }

    /// An order that was refused, if it had a name of ours. A second one of a name says nothing about the first.
    fn refused(&self) -> Option<VenueEvent> {
        let order = ClientOrderId::new(self.row.client()?).ok().filter(ClientOrderId::is_ours)?;
        let reason = self.row.reject_reason.as_deref().unwrap_or("REJECTED");
        if classify::is_duplicate(reason) {
            return None;
        }
        Some(VenueEvent::Closed { order, end: End::Refused, code: classify::code(reason), at: self.row.time })
    }

    fn cancelled(
        &self,
        rows: &[Transaction],
        filled: &BTreeSet<Id>,
        memory: &Memory,
    ) -> Result<Option<VenueEvent>, QueryFailed> {
        let row = self.row;
        let order = self.name(memory)?;
        let reason = row.reason.as_deref().unwrap_or("CANCELLED");
        let made = rows.iter().find(|made| Some(made.id) == row.order);
        let Some(end) = ending(row, made, row.order.is_some_and(|id| filled.contains(&id))) else {
            return Ok(None);
        };
        // What takes its place under its name is the same order.
        let is_replaced = |id: Id| {
            rows.iter()
                .any(|next| next.id == id && next.client().is_some_and(|client| client == order.as_str()))
        };
        if row.replaced_by.is_some_and(is_replaced) {
            return Ok(None);
        }
        Ok(Some(VenueEvent::Closed { order, end, code: classify::code(reason), at: row.time }))
    }

    /// What moved the balance and is of no type that is known.
    fn other(&self, before: Option<Decimal>) -> Result<Option<VenueEvent>, QueryFailed> {
        let (Some(before), Some(after)) = (before, self.row.account_balance) else { return Ok(None) };
        self.entry("b", NonTradeKind::Other, None, Some(Exact(after.0 - before)))
    }
}

/// How an order ended that was cancelled; nothing when that is no word on the order of its name.
pub(crate) fn ending(cancel: &Transaction, made: Option<&Transaction>, is_filled: bool) -> Option<End> {
    let reason = cancel.reason.as_deref().unwrap_or_default();
    let is_immediate = made.is_some_and(Transaction::is_immediate);
    if let Some(made) = made.filter(|_| cancel.is_at_birth() && !is_filled) {
        match classify::killed(made, reason) {
            Killed::Refused => return Some(End::Refused),
            Killed::Duplicate => return None,
            Killed::Ended => {}
        }
    }
    Some(if reason == "TIME_IN_FORCE_EXPIRED" && !is_immediate { End::Expired } else { End::Cancelled })
}

#[cfg(test)]
mod tests;
