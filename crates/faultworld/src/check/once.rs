//! Nothing is sent twice, and nothing without a record: at most one live order for each intent, and no order at the
//! venue that was not announced, as it is, before it arrived.

use std::collections::BTreeMap;

use broker_api::{ClientOrderId, Intent, Key, NonTradeKind, Purpose, Record, Time, TimeInForce, VenueEvent};

use super::{Checker, Seen};
use crate::truth::Arrival;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Once {
    announced: BTreeMap<ClientOrderId, Announced>,
    /// What venues were asked to close by themselves, and did not yet.
    closings: Vec<Key>,
    looked: usize,
}

/// An order as it was written down.
#[derive(Debug)]
struct Announced {
    /// By which record.
    seq: u64,
    intent: Intent,
    send_by: Time,
}

impl Checker for Once {
    fn name(&self) -> &'static str {
        "once"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            match &stamped.record {
                Record::Intended { intent, send_by, .. } => {
                    self.announced.insert(
                        intent.id,
                        Announced { seq: stamped.seq, intent: *intent, send_by: *send_by },
                    );
                }
                Record::Resent { order, send_by, .. } => {
                    let Some(announced) = self.announced.get_mut(order) else {
                        return Err(format!("{order} is sent again and never was announced"));
                    };
                    // What ends when its time to be sent does gets its new time.
                    if announced.intent.tif == TimeInForce::Gtd(announced.send_by) {
                        announced.intent.tif = TimeInForce::Gtd(*send_by);
                    }
                    announced.send_by = *send_by;
                }
                Record::CloseStarted { key } => self.closings.push(*key),
                _ => {}
            }
        }
        for arrival in seen.truth.arrivals.get(self.looked..).unwrap_or_default() {
            let id = arrival.intent.id;
            // A leg that the venue makes itself was announced with its entry.
            if let Some((entry, purpose)) = id.leg_of().filter(|(entry, _)| entry.is_ours()) {
                let announced = self.announced.get(&entry).filter(|announced| announced.intent.bracket);
                let is_told = announced.is_some_and(|announced| is_leg(&announced.intent, purpose, arrival));
                if !is_told || announced.is_none_or(|announced| announced.seq > arrival.records) {
                    return Err(format!(
                        "{id} was made by the venue, and is no leg that its entry asked for"
                    ));
                }
                continue;
            }
            // So is the order with which it closes what it was asked to.
            let asked = self.closings.iter().position(|key| !id.is_ours() && *key == arrival.intent.key);
            if let Some(place) = asked {
                self.closings.swap_remove(place);
                continue;
            }
            let Some(Announced { seq, intent, .. }) = self.announced.get(&id) else {
                return Err(format!("{id} arrived without a record"));
            };
            if *seq > arrival.records {
                return Err(format!(
                    "{id} arrived before its record {seq}: {} were durable",
                    arrival.records
                ));
            }
            // What rests through a split is another order after it.
            let is_restated = seen.truth.log.iter().any(|(at, event)| {
                matches!(event, VenueEvent::NonTrade(entry) if entry.kind == NonTradeKind::Split
                    && entry.key == Some(intent.key) && *at >= arrival.at)
            });
            if *intent != arrival.intent && !is_restated {
                return Err(format!(
                    "{id} arrived otherwise than it was written down: {intent:?}, {:?}",
                    arrival.intent
                ));
            }
            let twins: Vec<_> = seen.truth.arrivals.iter().filter(|other| other.intent.id == id).collect();
            let executed: rust_decimal::Decimal = twins.iter().map(|twin| twin.filled.get()).sum();
            let live = twins.iter().filter(|twin| twin.end.is_none()).count();
            // One that was ended on arrival, for there was nothing left to reduce, changed nothing.
            let is_more = twins.last().is_some_and(|twin| twin.end.is_none() || !twin.filled.is_zero());
            let is_used = is_more && twins.iter().rev().skip(1).any(|twin| !twin.filled.is_zero());
            // Where names are free again an exit may come twice: it names what it closes, and closes no more than that.
            let is_harmless = seen.truth.frees_names && intent.reduce_only;
            let is_twice = executed > intent.qty.get() || is_used;
            if live > 1 || is_twice && !is_harmless {
                return Err(format!("{id} arrived {} times: {live} live, {executed} executed", twins.len()));
            }
        }
        self.looked = seen.truth.arrivals.len();
        Ok(())
    }
}

/// Whether an order is the leg that an entry asks its venue for.
fn is_leg(entry: &Intent, purpose: Purpose, arrival: &Arrival) -> bool {
    let leg = arrival.intent;
    let price = if purpose == Purpose::Stop { entry.plan.stop } else { entry.plan.target };
    price.is_some()
        && leg.order.prices().contains(&price)
        && (leg.key, leg.side, leg.qty) == (entry.key, entry.side.opposite(), entry.qty)
}
