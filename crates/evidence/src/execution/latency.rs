//! Times along the way of an order, by the wall clock in UTC. Times of a broker are of another clock: only `accepted` to
//! `stop_confirmed` may be, and a time that runs backwards is counted and told, never cut to zero.

use serde::{Deserialize, Serialize};

use super::Execution;
use crate::Time;
use crate::figure::{Figure, Undefined};
use crate::figures::moments::{quantile, sorted};

/// When an order went by each place; none where it did not, or nobody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Times {
    /// t0: the bar closed.
    pub data: Option<Time>,
    /// t1: the strategy decided.
    pub decided: Option<Time>,
    /// t2: the signal came in.
    pub taken: Option<Time>,
    /// t3: the guard said yes.
    pub approved: Option<Time>,
    /// t4: the request was written.
    pub sent: Option<Time>,
    /// t5: the broker had it.
    pub accepted: Option<Time>,
    /// t6: the first fill.
    pub first_fill: Option<Time>,
    /// t7: the last fill.
    pub last_fill: Option<Time>,
    /// t8: the stop was confirmed.
    pub stop_confirmed: Option<Time>,
}

/// From one place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// t2 - t0: how old the data was when the signal came in.
    SignalAge,
    /// t3 - t2: sizing and guard.
    Deciding,
    /// t4 - t3: to the first byte.
    Sending,
    /// t5 - t3: from the guard's yes until the broker had it, where nobody knows t4.
    Answering,
    /// t5 - t4: until the broker had it.
    Accepting,
    /// t6 - t5: until the first fill.
    Filling,
    /// t6 - t1: from signal to fill.
    SignalToFill,
    /// t7 - t6: from the first to the last fill.
    Completing,
    /// t8 - t6: held without a confirmed stop.
    Unprotected,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::SignalAge,
        Self::Deciding,
        Self::Sending,
        Self::Answering,
        Self::Accepting,
        Self::Filling,
        Self::SignalToFill,
        Self::Completing,
        Self::Unprotected,
    ];

    /// As a person reads it.
    pub fn words(self) -> &'static str {
        match self {
            Self::SignalAge => "bar to signal taken in",
            Self::Deciding => "taken in to approved",
            Self::Sending => "approved to sent",
            Self::Answering => "approved to accepted",
            Self::Accepting => "sent to accepted",
            Self::Filling => "accepted to first fill",
            Self::SignalToFill => "decided to first fill",
            Self::Completing => "first to last fill",
            Self::Unprotected => "first fill to stop",
        }
    }

    /// From where to where, where both are known.
    pub fn ends(self, times: &Times) -> Option<(Time, Time)> {
        let (from, to) = match self {
            Self::SignalAge => (times.data, times.taken),
            Self::Deciding => (times.taken, times.approved),
            Self::Sending => (times.approved, times.sent),
            Self::Answering => (times.approved, times.accepted),
            Self::Accepting => (times.sent, times.accepted),
            Self::Filling => (times.accepted, times.first_fill),
            Self::SignalToFill => (times.decided, times.first_fill),
            Self::Completing => (times.first_fill, times.last_fill),
            Self::Unprotected => (times.first_fill, times.stop_confirmed),
        };
        from.zip(to)
    }

    /// In milliseconds, below zero when clocks disagree.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of centuries are below 2^53")]
    pub fn milliseconds(self, times: &Times) -> Option<f64> {
        let (from, to) = self.ends(times)?;
        (to - from).num_microseconds().map(|us| us as f64 / 1000.0)
    }
}

/// How long one step took, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTimes {
    /// Which step.
    pub step: Step,
    /// Orders of which both ends are known and in order.
    pub orders: usize,
    /// Half took no longer.
    pub p50: Figure,
    /// 90 % took no longer.
    pub p90: Figure,
    /// 95 % took no longer.
    pub p95: Figure,
    /// 99 % took no longer.
    pub p99: Figure,
    /// The longest.
    pub longest: Figure,
    /// Orders of which the step ran backwards: clocks that disagree. They are in nothing above.
    pub backwards: usize,
}

/// The times of every step.
pub fn latencies(orders: &[Execution]) -> Vec<StepTimes> {
    let of = |step: Step| {
        let all: Vec<f64> = orders.iter().filter_map(|order| step.milliseconds(&order.times)).collect();
        let forward: Vec<f64> = all.iter().copied().filter(|ms| *ms >= 0.0).collect();
        let order = sorted(&forward);
        let at = |p| quantile(&order, p).map_err(|_| Undefined::NotGiven).into();
        StepTimes {
            step,
            orders: forward.len(),
            p50: at(0.50),
            p90: at(0.90),
            p95: at(0.95),
            p99: at(0.99),
            longest: at(1.0),
            backwards: all.len() - forward.len(),
        }
    };
    Step::ALL.into_iter().map(of).collect()
}
