//! The truth of a simulated OANDA. A name is free again once its order is over, so an order is known by its id; what a fill
//! leaves of one may go on under another id, and is the same order here.

use std::collections::BTreeMap;

use broker_api::intent::{Limit, Stop};
use broker_api::{
    Amount, ClientOrderId, End, ExecutionId, Fill, Intent, OrderKind, Qty, Ratio, Side, Time, TimeInForce,
};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{Known, Names, Read, Tells, Told, number, price, said, text};
use crate::truth::Truth;

/// What an order is that goes on under several ids.
#[derive(Debug, Default)]
struct Chain {
    place: Option<usize>,
    /// What was executed under each id.
    filled: BTreeMap<String, Decimal>,
}

/// See the module.
#[derive(Debug, Default)]
pub(in crate::wire) struct OfOanda {
    /// The first id of each order, by any of its ids.
    first: BTreeMap<String, String>,
    /// By their first ids.
    chains: BTreeMap<String, Chain>,
}

impl Tells for OfOanda {
    /// Of one moment there may be more to come.
    fn since(&self, seen: Time) -> Time {
        seen - TimeDelta::nanoseconds(1)
    }

    fn symbol(&self, told: &Value) -> Read<String> {
        let name = told["instrument"].as_str().map_or_else(|| text(told, "symbol"), Ok)?;
        Ok(name.replace('_', "/"))
    }

    fn order(&mut self, order: &Value, _: &Truth, names: &mut Names) -> Read<Option<Told>> {
        let (id, state) = (text(order, "id")?, text(order, "state")?);
        let at: Time = said(text(order, "createTime")?.parse(), order)?;
        let until = order["gtdTime"].as_str().map(str::parse::<Time>).transpose();
        let (until, filled) = (said(until, order)?, number(order, "filled")?);
        let is_over = order["cancelledTime"].as_str().map(str::parse::<Time>).transpose();
        let ended = said(is_over, order)?;
        // What is over as it comes never lived: it was refused.
        if order["killed"] == true {
            return Ok(None);
        }
        let name = name(order, id)?;
        names.insert(id.to_owned(), name);
        let before = order["replacesOrderID"].as_str().and_then(|before| self.first.get(before)).cloned();
        let first = before.unwrap_or_else(|| id.to_owned());
        self.first.insert(id.to_owned(), first.clone());
        let chain = self.chains.entry(first).or_default();
        chain.filled.insert(id.to_owned(), filled);
        let is_whole = number(order, "units")?.abs() <= filled;
        let end = match state {
            // The rest of one that is immediate is gone.
            "FILLED" if order["replacedByOrderID"].is_null() => {
                Some(if is_whole { End::Filled } else { End::Cancelled })
            }
            "CANCELLED" if until.is_some() && ended >= until => Some(End::Expired),
            "CANCELLED" => Some(End::Cancelled),
            _ => None,
        };
        let filled = said(Qty::new(chain.filled.values().sum()), order)?;
        Ok(Some(Told { place: chain.place, name, entry: None, at, filled, end, cancelling: false }))
    }

    fn arrived(&mut self, order: &Value, place: usize) -> Read<()> {
        let first = self.first.get(text(order, "id")?);
        if let Some(chain) = first.and_then(|first| self.chains.get_mut(first)) {
            chain.place = Some(place);
        }
        Ok(())
    }

    fn intent(&self, told: &Told, order: &Value, known: &Known) -> Read<Intent> {
        let intent = known.intent(told.name, known.key(&self.symbol(order)?)?)?;
        let units = number(order, "units")?;
        let (kind, is_market) = match text(order, "type")? {
            "MARKET" => (OrderKind::MARKET, true),
            "LIMIT" => (OrderKind::Limit(Limit { limit: price(order, "price")? }), false),
            "STOP" => (OrderKind::Stop(Stop { trigger: price(order, "price")? }), false),
            other => return Err(format!("{other} is no kind of order that is sent")),
        };
        let given = known.given.get(&told.name).map(|given| given.tif);
        let tif = match text(order, "timeInForce")? {
            "GTC" => TimeInForce::Gtc,
            "GFD" => TimeInForce::Day,
            "IOC" => TimeInForce::Ioc,
            "GTD" => TimeInForce::Gtd(said(text(order, "gtdTime")?.parse(), order)?),
            // A market order is over at once there, however long it may live.
            _ if is_market => given.filter(|tif| *tif != TimeInForce::Ioc).unwrap_or(TimeInForce::Fok),
            _ => TimeInForce::Fok,
        };
        let legs = ["stopLossOnFill", "takeProfitOnFill", "trailingStopLossOnFill"];
        Ok(Intent {
            side: if units.is_sign_negative() { Side::Sell } else { Side::Buy },
            qty: said(Qty::new(units.abs()), order)?,
            order: kind,
            tif,
            reduce_only: order["positionFill"] == "REDUCE_ONLY",
            bracket: legs.iter().any(|leg| order[leg].is_object()),
            ..intent
        })
    }

    /// What converting a profit cost, to the last digit, is a fee: it is what the broker's own digits leave of it.
    fn executed(&self, execution: &Value, known: &Known, names: &Names) -> Read<Fill> {
        let order = text(execution, "order_id")?;
        let fee = number(execution, "quote_pl")? - number(execution, "pl")? + number(execution, "fee")?;
        let side = if text(execution, "side")? == "buy" { Side::Buy } else { Side::Sell };
        Ok(Fill {
            execution: said(ExecutionId::new(text(execution, "execution_id")?), execution)?,
            order: names.get(order).copied().map_or_else(|| name(execution, order), Ok)?,
            key: known.key(&self.symbol(execution)?)?,
            side,
            qty: super::qty(execution, "qty")?,
            price: price(execution, "price")?,
            kept: Qty::ZERO,
            fee: said(Amount::new(fee.normalize()), execution)?.of(known.currency),
            rate: Ratio::ONE,
            at: said(text(execution, "at")?.parse(), execution)?,
            model: None,
        })
    }

    fn held(&self, position: &Value) -> Read<(String, Decimal)> {
        let held = number(&position["long"], "units")? + number(&position["short"], "units")?;
        Ok((self.symbol(position)?, held))
    }
}

/// The name of an order: its client's, or else its id.
fn name(of: &Value, id: &str) -> Read<ClientOrderId> {
    let told = of["clientExtensions"]["id"].as_str().or_else(|| of["client_order_id"].as_str());
    let told = told.and_then(|told| ClientOrderId::new(told).ok());
    told.map_or_else(|| said(ClientOrderId::new(&format!("o{id}")), of), Ok)
}
