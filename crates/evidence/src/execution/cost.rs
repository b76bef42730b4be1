//! Costs against what a model says they should be, by class.

use serde::{Deserialize, Serialize};

use super::{End, Execution};
use crate::compare::sequential::mean_radius;
use crate::figure::{Figure, Undefined, count, ratio};
use crate::figures::Moments;
use crate::special::normal_inverse;
use crate::{Class, gates::Verdict};

/// What an order of one class should cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostModel {
    /// Which class.
    pub class: Class,
    /// The mean cost against the decision price, in basis points.
    pub expected: f64,
    /// More than this stops entries in the instrument, in basis points.
    pub hard_cap: f64,
}

/// What is held against the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostVerdict {
    /// The model.
    pub model: CostModel,
    /// Filled orders of that class.
    pub orders: usize,
    /// Their mean cost, in basis points.
    pub mean: Figure,
    /// What the model allows for the mean of so many: expected + 2 sd / sqrt(n).
    pub bound: Figure,
    /// The mean cost that is still possible at 90 %, on the worse side.
    pub upper_90: Figure,
    /// The mean cost less the model's, at its lowest however often one looks (95 %): above zero, costs are higher.
    pub surely_above: Figure,
    /// Cost so far by modelled cost: above 1.25 is to be watched, above 1.5 is too much, from 30 orders on.
    pub budget: Figure,
    /// Orders beyond the hard cap.
    pub beyond_cap: Vec<String>,
    /// Whether slippage is within modelled bounds: upper_90 <= 1.25 times the model, from 20 orders on.
    pub within_bounds: Verdict,
}

/// Orders that make a mean worth judging.
const ENOUGH: usize = 20;

/// Holds the orders of one class against its model.
pub fn against_model(orders: &[Execution], model: CostModel) -> CostVerdict {
    let known: Vec<(&Execution, f64)> = orders
        .iter()
        .filter(|order| order.class == model.class && matches!(order.end, End::Filled | End::Partly))
        .filter_map(|order| order.decision_slippage().map(|cost| (order, cost)))
        .collect();
    let costs: Vec<f64> = known.iter().map(|(_, cost)| *cost).collect();
    let n = count(costs.len());
    let mean = crate::figures::moments::mean(&costs).map_err(|_| Undefined::NotGiven);
    let sd = match Moments::of(&costs) {
        Err(Undefined::NoSpread) => Ok(0.0),
        other => other.map(|m| m.sd),
    };
    let error = sd.map(|sd| sd / n.sqrt());
    let upper = mean.and_then(|m| error.map(|e| m + normal_inverse(0.90) * e));
    let within_bounds = match upper {
        _ if costs.len() < ENOUGH => Verdict::not_yet(format!("{} more filled orders", ENOUGH - costs.len())),
        Ok(upper) => Verdict::of(upper <= 1.25 * model.expected),
        Err(why) => Verdict::cannot_tell(why.words()),
    };
    CostVerdict {
        model,
        orders: costs.len(),
        mean: mean.into(),
        bound: error.map(|e| model.expected + 2.0 * e).into(),
        upper_90: upper.into(),
        surely_above: mean
            .and_then(|m| sd.map(|sd| m - model.expected - mean_radius(costs.len(), sd, 0.05)))
            .into(),
        budget: mean.and_then(|m| ratio(m, model.expected, Undefined::NotGiven)).into(),
        beyond_cap: known
            .iter()
            .filter(|(_, cost)| *cost > model.hard_cap)
            .map(|(o, _)| o.id.clone())
            .collect(),
        within_bounds,
    }
}

/// How many orders show a mean cost that is off by `gap` basis points, both sides at 5 %.
pub fn orders_needed(sd: f64, gap: f64) -> Figure {
    if gap <= 0.0 { Undefined::NotAbove.into() } else { ((normal_inverse(0.975) * sd / gap).powi(2)).into() }
}
