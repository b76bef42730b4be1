//! The truth of a simulated Alpaca. Names are unique for ever; a bracket's legs have names of their own there, and go by
//! what they are for here.

use std::collections::BTreeMap;

use broker_api::intent::{Limit, Stop, StopLimit, TrailingStop};
use broker_api::{
    Amount, ClientOrderId, End, ExecutionId, Fill, Intent, Money, OrderKind, Protection, Purpose, Qty, Ratio,
    Side, Time, TimeInForce,
};
use chrono::SubsecRound;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{Known, Names, Read, Tells, Told, number, price, qty, said, text};
use crate::truth::Truth;

/// See the module.
#[derive(Debug, Default)]
pub(in crate::wire) struct OfAlpaca {
    /// The entries of brackets, by the name of their group.
    groups: BTreeMap<String, ClientOrderId>,
}

impl OfAlpaca {
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
}

impl Tells for OfAlpaca {
    fn since(&self, seen: Time) -> Time {
        seen
    }

    fn symbol(&self, told: &Value) -> Read<String> {
        // Positions in coins go by a name without its stroke.
        Ok(match text(told, "symbol")? {
            "BTCUSD" => "BTC/USD",
            symbol => symbol,
        }
        .to_owned())
    }

    fn order(&mut self, order: &Value, truth: &Truth, names: &mut Names) -> Read<Option<Told>> {
        let (name, entry) = self.named(order)?;
        names.insert(text(order, "id")?.to_owned(), name);
        let status = text(order, "status")?;
        // What replaces a leg that wakes goes by its name.
        if entry.is_some() && status == "replaced" {
            return Ok(None);
        }
        let end = match status {
            "filled" => Some(End::Filled),
            "canceled" | "replaced" => Some(End::Cancelled),
            "expired" => Some(End::Expired),
            "rejected" => Some(End::Refused),
            _ => None,
        };
        Ok(Some(Told {
            place: truth.place(name),
            name,
            entry,
            at: said(text(order, "created_at")?.parse(), order)?,
            filled: qty(order, "filled_qty")?,
            end,
            cancelling: status == "pending_cancel",
        }))
    }

    fn arrived(&mut self, _: &Value, _: usize) -> Read<()> {
        Ok(())
    }

    fn intent(&self, told: &Told, order: &Value, known: &Known) -> Read<Intent> {
        let side = if text(order, "side")? == "buy" { Side::Buy } else { Side::Sell };
        let id = told.name;
        if let (Some(entry), Some((_, purpose))) = (told.entry, id.leg_of()) {
            let of_entry = known.given.get(&entry).ok_or_else(|| format!("{order}: a leg of no entry"))?;
            let kind = match purpose {
                Purpose::Stop => OrderKind::Stop(Stop { trigger: price(order, "stop_price")? }),
                _ => OrderKind::Limit(Limit { limit: price(order, "limit_price")? }),
            };
            return Ok(Intent {
                id,
                purpose,
                side,
                qty: qty(order, "qty")?,
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
            side,
            qty: qty(order, "qty")?,
            order: kind,
            tif,
            bracket: !text(order, "order_class")?.is_empty(),
            ..known.intent(id, known.key(&self.symbol(order)?)?)?
        })
    }

    fn executed(&self, execution: &Value, known: &Known, names: &Names) -> Read<Fill> {
        let (kept, fee) = (number(execution, "kept")?, number(execution, "fee")?);
        let order = names.get(text(execution, "order_id")?).copied().map_or_else(|| name(execution), Ok)?;
        Ok(Fill {
            execution: said(ExecutionId::new(text(execution, "activity_id")?), execution)?,
            order,
            key: known.key(&self.symbol(execution)?)?,
            side: if text(execution, "side")? == "buy" { Side::Buy } else { Side::Sell },
            qty: qty(execution, "qty")?,
            price: price(execution, "price")?,
            kept: said(Qty::new(kept.normalize()), execution)?,
            fee: Money { amount: said(Amount::new(fee), execution)?, currency: known.currency },
            rate: Ratio::ONE,
            // Rows tell microseconds.
            at: said(text(execution, "at")?.parse::<Time>(), execution)?.trunc_subsecs(6),
            model: None,
        })
    }

    fn held(&self, position: &Value) -> Read<(String, Decimal)> {
        Ok((self.symbol(position)?, number(position, "qty")?))
    }
}

/// The name of an order, as the adapter tells it: a UUID without its dashes, any other as it is.
fn name(of: &Value) -> Read<ClientOrderId> {
    let given = text(of, "client_order_id")?;
    let is_uuid = given.len() == 36 && given.matches('-').count() == 4;
    said(ClientOrderId::new(&if is_uuid { given.replace('-', "") } else { given.to_owned() }), of)
}
