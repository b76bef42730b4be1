//! What orders cost beyond their model as they followed each other, and at which hour of the day: drift or a single event, and
//! when not to trade.

use chrono::Timelike as _;
use serde::{Deserialize, Serialize};

use super::{CostModel, End, Execution};
use crate::figure::{Figure, Undefined, count};
use crate::figures::Moments;
use crate::figures::moments::{mean, quantile, sorted};
use crate::{Class, Time};

/// The weight of the latest order in the mean that rolls.
const WEIGHT: f64 = 0.1;
/// How many standard deviations of that mean are within the limits.
const SIGMAS: f64 = 3.0;

/// One filled order beside its model, in basis points against the decision price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which one, from 1, by its first fill.
    pub number: usize,
    /// What was traded.
    pub symbol: String,
    /// Its kind.
    pub class: Class,
    /// Its first fill.
    pub at: Time,
    /// What it cost.
    pub cost: f64,
    /// What the model says.
    pub model: f64,
    /// The rolling mean of cost less model, after it.
    pub rolling: f64,
}

/// Costs as they went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Filled orders of a class that has a model.
    pub orders: usize,
    /// The mean of cost less model.
    pub mean: Figure,
    /// Its standard deviation.
    pub sd: Figure,
    /// The rolling mean lies within this on both sides of zero while nothing drifts: 3 sd, of a mean that weighs the latest by 0.1.
    pub limit: Figure,
    /// Where the rolling mean stands.
    pub rolling: Figure,
    /// After how many orders it lay above the limit.
    pub above: usize,
    /// The last orders.
    pub rows: Vec<Row>,
}

/// Costs of filled orders in the order of their first fills, beside the models of their classes; no more than the last `most`
/// are told one by one.
pub fn drift(orders: &[Execution], models: &[CostModel], most: usize) -> Drift {
    let known = |order: &Execution| {
        let is_filled = matches!(order.end, End::Filled | End::Partly);
        let model = models.iter().find(|model| model.class == order.class)?;
        let (at, cost) = (order.times.first_fill?, order.decision_slippage()?);
        is_filled.then_some((at, cost, model.expected))
    };
    let mut all: Vec<(&Execution, (Time, f64, f64))> =
        orders.iter().filter_map(|order| Some((order, known(order)?))).collect();
    all.sort_by(|(one, a), (other, b)| a.0.cmp(&b.0).then_with(|| one.id.cmp(&other.id)));
    let beyond: Vec<f64> = all.iter().map(|(_, (_, cost, model))| cost - model).collect();
    let sd = match Moments::of(&beyond) {
        Err(Undefined::NoSpread) => Ok(0.0),
        other => other.map(|moments| moments.sd),
    };
    let limit = sd.map(|sd| SIGMAS * sd * (WEIGHT / (2.0 - WEIGHT)).sqrt());
    let (mut rolling, mut above, mut rows) = (0.0, 0, Vec::new());
    for (at, (order, (first, cost, model))) in all.iter().enumerate() {
        rolling += WEIGHT * (cost - model - rolling);
        above += usize::from(limit.is_ok_and(|limit| rolling > limit));
        rows.push(Row {
            number: at + 1,
            symbol: order.symbol.clone(),
            class: order.class,
            at: *first,
            cost: *cost,
            model: *model,
            rolling,
        });
    }
    let now = rows.last().map_or(Err(Undefined::NotGiven), |row| Ok(row.rolling));
    Drift {
        orders: rows.len(),
        mean: mean(&beyond).map_err(|_| Undefined::NotGiven).into(),
        sd: sd.into(),
        limit: limit.into(),
        rolling: now.into(),
        above,
        rows: rows.split_off(rows.len().saturating_sub(most)),
    }
}

/// Orders that were filled first in one hour of the day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hour {
    /// The hour, in UTC, from 0 to 23.
    pub hour: u32,
    /// Filled orders.
    pub orders: usize,
    /// Half of them cost no more, in basis points.
    pub median: Figure,
    /// The dearest.
    pub worst: Figure,
}

/// What orders cost against the decision price, by the hour of their first fill. An hour without any is left out.
pub fn by_hour(orders: &[Execution]) -> Vec<Hour> {
    let filled = orders.iter().filter(|order| matches!(order.end, End::Filled | End::Partly));
    let known: Vec<(u32, f64)> = filled
        .filter_map(|order| Some((order.times.first_fill?.hour(), order.decision_slippage()?)))
        .collect();
    let of = |hour: u32| {
        let costs: Vec<f64> = known.iter().filter(|(at, _)| *at == hour).map(|(_, cost)| *cost).collect();
        let order = sorted(&costs);
        let at = |share| quantile(&order, share).map_err(|_| Undefined::NotGiven).into();
        Hour { hour, orders: costs.len(), median: at(0.5), worst: at(1.0) }
    };
    (0..24).map(of).filter(|hour| hour.orders > 0).collect()
}

impl Row {
    /// The hour of the day with its part, in UTC.
    pub fn hour(&self) -> f64 {
        let minutes = self.at.hour() * 60 + self.at.minute();
        f64::from(minutes) / 60.0
    }

    /// How far beyond its model it cost.
    pub fn beyond(&self) -> f64 {
        self.cost - self.model
    }
}

/// Whether there are enough for a picture of how they went.
pub(crate) fn is_enough(orders: usize) -> bool {
    count(orders) * WEIGHT >= 1.0
}
