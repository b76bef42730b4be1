//! How well orders were carried out, from plain rows: prices against what was decided, times along the way, what was filled
//! and refused, and costs against a model. Positive is a cost throughout; all shares are in basis points.
//!
//! Sources: Perold (1988); Kissell, The Science of Algorithmic Trading; Harris, Trading and Exchanges.

/// Costs against what a model says.
pub mod cost;
/// Costs as they went, and by the hour.
pub mod drift;
/// Times along the way of an order.
pub mod latency;

use serde::{Deserialize, Serialize};

pub use cost::{CostModel, CostVerdict, against_model};
pub use drift::{Drift, Hour, by_hour, drift};
pub use latency::{Step, StepTimes, Times, latencies};

use crate::figure::{Figure, Undefined, count, ratio};
use crate::figures::Moments;
use crate::figures::moments::{mean, quantile, sorted};
use crate::{Class, Side};

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// All of it was filled.
    Filled,
    /// Some of it was.
    Partly,
    /// None of it was.
    Unfilled,
    /// The broker refused it.
    Refused,
    /// Our own guard stopped it; it counts in no rate of the broker's.
    Denied,
}

/// One order, as it was carried out. Prices are statistics here, no longer money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// The order.
    pub id: String,
    /// What was traded.
    pub symbol: String,
    /// Its kind.
    pub class: Class,
    /// Which way the order goes: long buys, short sells.
    pub side: Side,
    /// Whether it closes a position.
    pub is_exit: bool,
    /// What was asked for, in units of the instrument.
    pub asked: f64,
    /// What was filled.
    pub filled: f64,
    /// The price that the backtest would have booked.
    pub decision: f64,
    /// The middle of the quote when the order left us.
    pub arrival: Option<f64>,
    /// The mean price of its fills, without fees.
    pub fill: Option<f64>,
    /// The middle of the quote at the fill.
    pub middle_at_fill: Option<f64>,
    /// The price at which what was not filled stood in the end.
    pub end_price: Option<f64>,
    /// Fees, in quote currency.
    pub fees: f64,
    /// How it ended.
    pub end: End,
    /// When it went by each place.
    pub times: Times,
}

impl Execution {
    fn basis_points(&self, price: Option<f64>, reference: Option<f64>) -> Option<f64> {
        let (price, reference) = (price?, reference.filter(|r| *r > 0.0)?);
        Some(1e4 * self.side.sign() * (price - reference) / reference)
    }

    /// The fill against the decision price, in basis points.
    pub fn decision_slippage(&self) -> Option<f64> {
        self.basis_points(self.fill, Some(self.decision))
    }

    /// The market when the order left against the decision price, in basis points: what waiting cost.
    pub fn delay_cost(&self) -> Option<f64> {
        self.basis_points(self.arrival, Some(self.decision))
    }

    /// The fill against the market when the order left, in basis points.
    pub fn arrival_slippage(&self) -> Option<f64> {
        self.basis_points(self.fill, self.arrival)
    }

    /// The fill against the middle at the fill, in basis points.
    pub fn half_spread(&self) -> Option<f64> {
        self.basis_points(self.fill, self.middle_at_fill)
    }

    /// Implementation shortfall (Perold), in quote currency: what was filled against the decision price, what was not filled
    /// against the price at the end, and fees. None when what it needs is not known.
    pub fn shortfall(&self) -> Option<f64> {
        let (sign, left) = (self.side.sign(), self.asked - self.filled);
        let paid = if self.filled > 0.0 { sign * self.filled * (self.fill? - self.decision) } else { 0.0 };
        let missed = if left > 0.0 { sign * left * (self.end_price? - self.decision) } else { 0.0 };
        Some(paid + missed + self.fees)
    }

    /// What was not filled against the price at the end, in basis points of what was asked for at the decision price: what it
    /// cost to miss it, below zero where it saved. None where all was filled, or nothing tells the price at the end.
    pub fn opportunity(&self) -> Option<f64> {
        let (left, worth) = (self.asked - self.filled, self.asked * self.decision);
        let missed = self.side.sign() * left * (self.end_price? - self.decision);
        (left > 0.0 && worth > 0.0).then(|| 1e4 * missed / worth)
    }

    /// Whether some of it was not filled, of an order that was sent.
    pub fn is_missed(&self) -> bool {
        self.end != End::Denied && self.asked > self.filled
    }

    /// The shortfall in basis points of what was asked for at the decision price.
    pub fn shortfall_basis_points(&self) -> Option<f64> {
        let worth = self.asked * self.decision;
        self.shortfall().filter(|_| worth > 0.0).map(|cost| 1e4 * cost / worth)
    }
}

/// The distribution of one cost, in basis points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slippage {
    /// Orders of which it is known.
    pub orders: usize,
    /// Their mean.
    pub mean: Figure,
    /// Their standard deviation (divisor n - 1).
    pub sd: Figure,
    /// The middle one.
    pub median: Figure,
    /// 95 % are no worse.
    pub p95: Figure,
    /// The worst.
    pub worst: Figure,
}

impl Slippage {
    fn of(values: &[f64]) -> Self {
        let order = sorted(values);
        let at = |p| quantile(&order, p).map_err(|_| Undefined::NotGiven).into();
        Self {
            orders: values.len(),
            mean: mean(values).map_err(|_| Undefined::NotGiven).into(),
            sd: Moments::of(values).map(|m| m.sd).into(),
            median: at(0.5),
            p95: at(0.95),
            worst: at(1.0),
        }
    }
}

/// What became of orders. Those that our own guard denied are in no denominator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Orders that were sent.
    pub sent: usize,
    /// Filled quantity by quantity asked for, each order counting alike.
    pub fill_rate: Figure,
    /// Orders filled whole, by orders sent.
    pub filled_whole: Figure,
    /// Orders filled in part, by orders sent.
    pub filled_partly: Figure,
    /// Orders refused by the broker, by orders sent.
    pub refused: Figure,
    /// Orders that our own guard denied.
    pub denied: usize,
}

/// How well the orders of one kind were carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Which kind; none is all of them.
    pub class: Option<Class>,
    /// The fill against the decision price.
    pub decision: Slippage,
    /// What waiting cost.
    pub delay: Slippage,
    /// The fill against the market when the order left.
    pub arrival: Slippage,
    /// The fill against the middle.
    pub half_spread: Slippage,
    /// Implementation shortfall, in basis points of what was asked for.
    pub shortfall: Slippage,
    /// Orders that were sent and not filled whole.
    pub missed: usize,
    /// What that cost, of those whose price at the end is known: the fourth part of the shortfall, likewise.
    pub opportunity: Slippage,
    /// What became of them.
    pub rates: Rates,
}

/// Of all orders, or of those of one class.
pub fn quality(orders: &[Execution], class: Option<Class>) -> Quality {
    let all: Vec<&Execution> = orders.iter().filter(|o| class.is_none_or(|class| o.class == class)).collect();
    let slippage = |f: fn(&Execution) -> Option<f64>| {
        let known: Vec<f64> = all.iter().filter(|o| o.end != End::Denied).filter_map(|o| f(o)).collect();
        Slippage::of(&known)
    };
    let sent: Vec<&&Execution> = all.iter().filter(|o| o.end != End::Denied).collect();
    let share = |end: End| {
        let ended = sent.iter().filter(|o| o.end == end).count();
        ratio(count(ended), count(sent.len()), Undefined::NotGiven).into()
    };
    let filled: Vec<f64> = sent.iter().filter(|o| o.asked > 0.0).map(|o| o.filled / o.asked).collect();
    Quality {
        class,
        decision: slippage(Execution::decision_slippage),
        delay: slippage(Execution::delay_cost),
        arrival: slippage(Execution::arrival_slippage),
        half_spread: slippage(Execution::half_spread),
        shortfall: slippage(Execution::shortfall_basis_points),
        missed: all.iter().filter(|order| order.is_missed()).count(),
        opportunity: slippage(Execution::opportunity),
        rates: Rates {
            sent: sent.len(),
            fill_rate: mean(&filled).map_err(|_| Undefined::NotGiven).into(),
            filled_whole: share(End::Filled),
            filled_partly: share(End::Partly),
            refused: share(End::Refused),
            denied: all.len() - sent.len(),
        },
    }
}
