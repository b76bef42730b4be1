//! The simulator's truth as the checkers read it: what changed there since it was last read goes into the truth of the
//! schedule. What the wire carries of an order is the simulator's word; what it does not carry (what the order is for, its
//! signal) is what the adapter was given.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::intent::{Limit, Stop, StopLimit, TrailingStop};
use broker_api::{
    Amount, ClientOrderId, Currency, End, ExecutionId, Fill, Held, Intent, Key, Money, OrderKind, Price,
    Protection, Purpose, Qty, Ratio, Side, Symbol, Time, TimeInForce, VenueEvent, VenueId,
};
use chrono::SubsecRound;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::truth::{Arrival, Truth};

/// Reads on in the simulator's truth.
#[derive(Debug)]
pub(super) struct Mirror {
    venue: VenueId,
    currency: Currency,
    /// Everything that changed up to here was read.
    pub(super) seen: Time,
    told: BTreeSet<String>,
    busted: BTreeSet<String>,
    /// What the adapter was given.
    pub(super) given: BTreeMap<ClientOrderId, Intent>,
    /// The entries of brackets, by the name of their group.
    groups: BTreeMap<String, ClientOrderId>,
}

/// What could not be read, and where: a fault of this program.
type Read<T> = Result<T, String>;

fn text<'v>(of: &'v Value, field: &str) -> Read<&'v str> {
    of[field].as_str().ok_or_else(|| format!("{field} is no text in {of}"))
}

fn number(of: &Value, field: &str) -> Read<Decimal> {
    text(of, field)?.parse().map_err(|why| format!("{field} in {of}: {why}"))
}

fn price(of: &Value, field: &str) -> Read<Price> {
    Price::new(number(of, field)?).map_err(|why| format!("{field} in {of}: {why}"))
}

fn said<T>(read: Result<T, impl std::fmt::Display>, of: &Value) -> Read<T> {
    read.map_err(|why| format!("{of}: {why}"))
}

impl Mirror {
    pub(super) fn new(venue: VenueId, currency: Currency, seen: Time) -> Self {
        let (told, busted, given) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        Self { venue, currency, seen, told, busted, given, groups: BTreeMap::new() }
    }

    /// Takes in what changed; `records` tells how many records were durable when an order of a name arrived.
    pub(super) fn reads(
        &mut self,
        told: &Value,
        truth: &mut Truth,
        names: &mut BTreeMap<String, ClientOrderId>,
        records: impl Fn(ClientOrderId) -> u64,
    ) -> Read<()> {
        if let Some(changed) = told["changed"].as_str() {
            self.seen = said(changed.parse(), told)?;
        }
        for order in told["orders"].as_array().into_iter().flatten() {
            if order["foreign"] == true {
                truth.disturbed.insert(self.key(order)?);
                continue;
            }
            let (name, entry) = self.named(order)?;
            // What replaces a leg that wakes goes by its name.
            if entry.is_some() && order["status"] == "replaced" {
                names.insert(text(order, "id")?.to_owned(), name);
                continue;
            }
            names.insert(text(order, "id")?.to_owned(), name);
            let filled = said(Qty::new(number(order, "filled_qty")?), order)?;
            let status = text(order, "status")?;
            let place = truth.place(name).map_or_else(
                || {
                    let at = said(text(order, "created_at")?.parse(), order)?;
                    let intent = self.arrived(name, entry, order)?;
                    let (records, end, cancelling) = (records(entry.unwrap_or(name)), None, false);
                    truth.arrivals.push(Arrival { at, records, intent, end, filled, cancelling });
                    Ok::<_, String>(truth.arrivals.len() - 1)
                },
                Ok,
            )?;
            let arrival = &mut truth.arrivals[place];
            arrival.filled = filled;
            arrival.cancelling = status == "pending_cancel";
            arrival.end = match status {
                "filled" => Some(End::Filled),
                "canceled" | "replaced" => Some(End::Cancelled),
                "expired" => Some(End::Expired),
                "rejected" => Some(End::Refused),
                _ => None,
            };
        }
        for execution in told["executions"].as_array().into_iter().flatten() {
            self.executed(execution, names, truth)?;
        }
        let mut held = BTreeMap::new();
        for position in told["positions"].as_array().into_iter().flatten() {
            let amount = said(Held::new(number(position, "qty")?), position)?;
            held.insert(self.key(position)?, amount);
        }
        truth.held = held;
        Ok(())
    }

    fn executed(
        &mut self,
        execution: &Value,
        names: &BTreeMap<String, ClientOrderId>,
        truth: &mut Truth,
    ) -> Read<()> {
        let id = text(execution, "activity_id")?;
        let key = self.key(execution)?;
        let named = said(ExecutionId::new(id), execution)?;
        // Rows tell microseconds.
        let at: Time = said(text(execution, "at")?.parse::<Time>(), execution)?.trunc_subsecs(6);
        if self.told.insert(id.to_owned()) {
            let (qty, price) = (number(execution, "qty")?, price(execution, "price")?);
            let side = if text(execution, "side")? == "buy" { Side::Buy } else { Side::Sell };
            let (kept, fee) = (number(execution, "kept")?, number(execution, "fee")?);
            let fill = Fill {
                execution: named,
                order: names
                    .get(text(execution, "order_id")?)
                    .copied()
                    .map_or_else(|| name(execution), Ok)?,
                key,
                side,
                qty: said(Qty::new(qty), execution)?,
                price,
                kept: said(Qty::new(kept.normalize()), execution)?,
                fee: Money { amount: said(Amount::new(fee), execution)?, currency: self.currency },
                rate: Ratio::ONE,
                at,
                model: None,
            };
            truth.log.push((at, VenueEvent::Filled(fill)));
        }
        if execution["busted"] == true && self.busted.insert(id.to_owned()) {
            truth.disturbed.insert(key);
            truth.log.push((at, VenueEvent::Busted { execution: named, at }));
        }
        Ok(())
    }

    /// The name of an order, and the entry that it is a leg of.
    fn named(&mut self, order: &Value) -> Read<(ClientOrderId, Option<ClientOrderId>)> {
        let own = name(order)?;
        let Some(group) = order["group_id"].as_str() else { return Ok((own, None)) };
        let purpose = match order["group_role"].as_str() {
            Some("stop_loss") => Purpose::Stop,
            Some("take_profit") => Purpose::Target,
            _ => {
                self.groups.insert(group.to_owned(), own);
                return Ok((own, None));
            }
        };
        let entry = self.groups.get(group).copied();
        Ok(entry.and_then(|entry| Some((entry.leg(purpose)?, Some(entry)))).unwrap_or((own, None)))
    }

    fn key(&self, of: &Value) -> Read<Key> {
        // Positions in coins go by a name without its stroke.
        let symbol = match text(of, "symbol")? {
            "BTCUSD" => "BTC/USD",
            symbol => symbol,
        };
        Ok(Key { venue: self.venue, symbol: said(Symbol::new(symbol), of)? })
    }

    /// What arrived: the wire's part of it as the simulator has it.
    fn arrived(&self, id: ClientOrderId, entry: Option<ClientOrderId>, order: &Value) -> Read<Intent> {
        let side = if text(order, "side")? == "buy" { Side::Buy } else { Side::Sell };
        let given = self.given.get(&id);
        if let (Some(entry), Some((_, purpose))) = (entry, id.leg_of()) {
            let of_entry = self.given.get(&entry).ok_or_else(|| format!("{order}: a leg of no entry"))?;
            let kind = match purpose {
                Purpose::Stop => OrderKind::Stop(Stop { trigger: price(order, "stop_price")? }),
                _ => OrderKind::Limit(Limit { limit: price(order, "limit_price")? }),
            };
            return Ok(Intent {
                id,
                purpose,
                side: if text(order, "side")? == "buy" { Side::Buy } else { Side::Sell },
                qty: said(Qty::new(number(order, "qty")?), order)?,
                order: kind,
                reduce_only: true,
                bracket: false,
                plan: Protection::default(),
                ..*of_entry
            });
        }
        let (limit, trigger) = (|| price(order, "limit_price"), || price(order, "stop_price"));
        let is_coin = text(order, "symbol")?.contains('/');
        let kind = match text(order, "type")? {
            "market" => OrderKind::MARKET,
            "limit" => OrderKind::Limit(Limit { limit: limit()? }),
            "stop" => OrderKind::Stop(Stop { trigger: trigger()? }),
            // Coins have no plain stop.
            "stop_limit" if is_coin => OrderKind::Stop(Stop { trigger: trigger()? }),
            "stop_limit" => OrderKind::StopLimit(StopLimit { trigger: trigger()?, limit: limit()? }),
            "trailing_stop" => {
                OrderKind::TrailingStop(TrailingStop { distance: price(order, "trail_price")? })
            }
            other => return Err(format!("{other} is no kind of order")),
        };
        let tif = match text(order, "time_in_force")? {
            "day" => TimeInForce::Day,
            "gtc" => TimeInForce::Gtc,
            "ioc" => TimeInForce::Ioc,
            _ => TimeInForce::Fok,
        };
        Ok(Intent {
            id,
            key: self.key(order)?,
            signal: given.and_then(|given| given.signal),
            purpose: given.map_or(Purpose::Entry, |given| given.purpose),
            side,
            qty: said(Qty::new(number(order, "qty")?), order)?,
            order: kind,
            tif,
            reduce_only: given.is_some_and(|given| given.reduce_only),
            bracket: !text(order, "order_class")?.is_empty(),
            plan: given.map_or_else(Protection::default, |given| given.plan),
            reference: given
                .map_or(Price::new(Decimal::ONE).map_err(|why| why.to_string())?, |given| given.reference),
            risk: given.and_then(|given| given.risk),
        })
    }
}

/// The name of an order, as the adapter tells it: a UUID without its dashes, any other as it is.
fn name(of: &Value) -> Read<ClientOrderId> {
    let given = text(of, "client_order_id")?;
    let is_uuid = given.len() == 36 && given.matches('-').count() == 4;
    said(ClientOrderId::new(&if is_uuid { given.replace('-', "") } else { given.to_owned() }), of)
}
