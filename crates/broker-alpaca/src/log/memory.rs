//! What one process was told of the log, so that a row that changes or goes is noticed.

use std::collections::BTreeMap;

use broker_api::{ExecutionId, Fill, QueryFailed, Time, VenueEvent};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::reading::Told;
use crate::convert;
use crate::wire::{FillRow, Order};

/// How long an execution is remembered for the sake of its amendments.
const REMEMBERED: TimeDelta = TimeDelta::days(8);
/// How often an order is asked about that filled less than was told of it.
const ASK_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How often what no trade made is read.
const READ_EVERY: TimeDelta = TimeDelta::minutes(1);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    told: BTreeMap<ExecutionId, Told>,
    /// Orders that filled less than was told of them, and when they were asked about.
    short: BTreeMap<String, Time>,
    /// When what no trade made was last read to its end.
    non_trades_at: Option<Time>,
}

impl Memory {
    /// A fill as an event: a correction when it was told otherwise before.
    pub(super) fn event(&mut self, fill: &Fill, order_id: &str, now: Time) -> VenueEvent {
        let told = Told { fill: *fill, order_id: order_id.to_owned() };
        match self.told.insert(fill.execution, told) {
            Some(before) if before.fill != *fill => VenueEvent::Corrected { fill: *fill, at: now },
            _ => VenueEvent::Filled(*fill),
        }
    }

    /// Forgets what is too old to be amended.
    pub(super) fn forget(&mut self, now: Option<Time>) {
        if let Some(floor) = now.and_then(|now| now.checked_sub_signed(REMEMBERED)) {
            self.told.retain(|_, told| told.fill.at > floor);
        }
    }

    /// An execution was taken back.
    pub(super) fn lost(&mut self, execution: ExecutionId) {
        self.told.remove(&execution);
    }

    /// What was told of the time that was read, and has no row any more.
    pub(super) fn gone(&self, from: Option<Time>, rows: &[FillRow]) -> Vec<Told> {
        let floor = from.map(|from| from + TimeDelta::seconds(1));
        let is_read = |told: &&Told| floor.is_none_or(|floor| told.fill.at > floor);
        let is_there = |told: &Told| rows.iter().any(|row| row.id == told.fill.execution.as_str());
        self.told.values().filter(is_read).filter(|told| !is_there(told)).cloned().collect()
    }

    /// All that was told of orders that filled less than that: some of it was taken back. Each is told of once a minute.
    pub(super) fn short(
        &mut self,
        orders: &BTreeMap<String, Order>,
        now: Time,
    ) -> Result<Vec<Told>, QueryFailed> {
        let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
        for told in self.told.values() {
            *sums.entry(&told.order_id).or_default() += told.fill.qty.get();
        }
        let mut short: Vec<&Order> = Vec::new();
        for order in orders.values() {
            if sums
                .get(order.id.as_str())
                .is_some_and(|sum| *sum > order.filled_qty.map_or(Decimal::ZERO, |n| n.0))
            {
                convert::filled(order)?;
                short.push(order);
            }
        }
        self.short.retain(|id, at| now - *at < ASK_EVERY && short.iter().any(|order| order.id == *id));
        short.retain(|order| !self.short.contains_key(&order.id));
        self.short.extend(short.iter().map(|order| (order.id.clone(), now)));
        let is_short = |told: &&Told| short.iter().any(|order| order.id == told.order_id);
        Ok(self.told.values().filter(is_short).cloned().collect())
    }

    /// Whether what no trade made is to be read again: at first, and then once a minute.
    pub(super) fn wants_non_trades(&self, now: Time) -> bool {
        self.non_trades_at.is_none_or(|at| now < at || now - at >= READ_EVERY)
    }

    /// It was read; `when` is nothing where more is to be read at once.
    pub(super) fn read_non_trades(&mut self, when: Option<Time>) {
        self.non_trades_at = when;
    }
}
