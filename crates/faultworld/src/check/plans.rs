//! Where the stop of each position shall be, by the records alone, and whether an entry opened it.

use std::collections::BTreeMap;

use broker_api::{ClientOrderId, Intent, Key, NonTradeKind, Price, Purpose, Record, Repair};
use rust_decimal::Decimal;

use super::holding::Holdings;

/// What is known of a position.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    /// Where its stop shall be; nothing when it shall have none.
    pub(super) stop: Option<Decimal>,
    /// It was opened by an order that was to close another one.
    pub(super) is_overfilled: bool,
    /// Something of it was taken back: nothing is claimed of it any more.
    pub(super) is_unclear: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Plans {
    held: Holdings,
    orders: BTreeMap<ClientOrderId, Intent>,
    rows: BTreeMap<Key, Plan>,
}

impl Plans {
    /// Takes a record in.
    pub(super) fn follow(&mut self, record: &Record) {
        let key = match record {
            Record::Intended { intent, .. } => {
                self.orders.insert(intent.id, *intent);
                return;
            }
            Record::PlanSet { key, plan, .. } => {
                if let Some(row) = self.rows.get_mut(key) {
                    row.stop = plan.stop.map(Price::get).or(row.stop);
                }
                return;
            }
            Record::StopTrailed { key, stop } => {
                if let Some(row) = self.rows.get_mut(key) {
                    row.stop = Some(stop.get());
                }
                return;
            }
            Record::Filled { fill } | Record::Outside { fill, .. } | Record::Corrected { fill } => {
                Some(fill.key)
            }
            Record::NonTrade { entry, .. } => entry.key,
            Record::Repaired { key, .. } => *key,
            Record::Busted { .. } => None,
            _ => return,
        };
        let Some(key) = key else {
            self.held.follow(record);
            // Which one it was of, and what its plan was, is the book's to know.
            let keys: Vec<Key> = self.held.iter().map(|(key, _)| key).collect();
            for key in keys {
                self.rows.entry(key).or_default().is_unclear = true;
            }
            return;
        };
        let before = self.held(key);
        let ratio = match record {
            Record::NonTrade { entry, .. } if entry.kind == NonTradeKind::Split => {
                self.held.get(key).map(|row| row.ratio(entry.units.get()))
            }
            _ => None,
        };
        self.held.follow(record);
        let after = self.held(key);
        if after.is_zero() {
            self.rows.remove(&key);
            return;
        }
        let opens = before.is_zero() || before.is_sign_negative() != after.is_sign_negative();
        let row = self.rows.entry(key).or_default();
        match record {
            Record::Filled { fill } if opens => {
                let order = self.orders.get(&fill.order);
                let entry = order.filter(|order| order.purpose == Purpose::Entry);
                *row = Plan {
                    stop: entry.and_then(|entry| entry.plan.stop).map(Price::get),
                    is_overfilled: order.is_some_and(|order| order.purpose.is_reducing()) || entry.is_none(),
                    is_unclear: false,
                };
            }
            Record::Repaired { with, .. } if with.repair != Repair::Ignore => {
                if opens {
                    *row = Plan::default();
                }
                row.stop = with.plan.stop.map(Price::get).or(row.stop);
            }
            _ => {}
        }
        if let Some(ratio) = ratio {
            row.stop = row.stop.map(|stop| stop / ratio);
        }
    }

    fn held(&self, key: Key) -> Decimal {
        self.held.get(key).map_or(Decimal::ZERO, super::holding::Holding::held)
    }

    /// What is known of the position in an instrument; nothing where nothing is claimed.
    pub(super) fn of(&self, key: Key) -> Option<Plan> {
        self.rows.get(&key).copied().filter(|plan| !plan.is_unclear)
    }
}
