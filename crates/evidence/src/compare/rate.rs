//! Whether trades come as often as in the backtest, and what became of the signals.

use serde::{Deserialize, Serialize};

use super::proportion::{Interval, wilson};
use crate::figure::{Figure, Undefined, count, ratio};
use crate::special::{poisson_at_least, poisson_at_most};

/// Trades in so many weeks, against a rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateFigures {
    /// Trades closed.
    pub trades: usize,
    /// In so many weeks.
    pub weeks: f64,
    /// In one week.
    pub per_week: Figure,
    /// In one week of the backtest.
    pub expected_per_week: f64,
    /// How often chance brings so many or more (Poisson).
    pub chance_of_more: Figure,
    /// How often chance brings so many or fewer.
    pub chance_of_less: Figure,
}

impl RateFigures {
    /// Compares. `inflation` is by what clustering widens the variance of counts; it divides counts and means.
    pub fn of(trades: usize, weeks: f64, expected_per_week: f64, inflation: f64) -> Self {
        let by = inflation.max(1.0);
        let expected = expected_per_week * weeks / by;
        let (less, more) = ((count(trades) / by).ceil(), (count(trades) / by).floor());
        let whole = crate::figures::moments::whole;
        let if_time = |p: f64| if weeks > 0.0 { Figure::from(p) } else { Undefined::NoTime.into() };
        Self {
            trades,
            weeks,
            per_week: ratio(count(trades), weeks, Undefined::NoTime).into(),
            expected_per_week,
            chance_of_more: if_time(poisson_at_least(whole(more), expected)),
            chance_of_less: if_time(poisson_at_most(whole(less), expected)),
        }
    }

    /// Whether chance explains it: neither tail below 1 %.
    pub fn is_explained_by_chance(&self) -> bool {
        let is_likely = |chance: Figure| chance.value().is_some_and(|p| p >= 0.01);
        is_likely(self.chance_of_more) && is_likely(self.chance_of_less)
    }
}

/// What became of the signals of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalCounts {
    /// Signals that came.
    pub received: usize,
    /// Of these, signals that could not be read, or contradicted themselves.
    pub unreadable: usize,
    /// The same id with other contents.
    pub conflicting: usize,
    /// Too old when they came, or expired before they could be acted on.
    pub late: usize,
    /// Entries without a stop.
    pub without_stop: usize,
    /// Entries that our own guard denied.
    pub denied: usize,
    /// Entries that led to a position.
    pub opened: usize,
    /// Past signals that another run of the strategy would not give any more, or gives otherwise.
    pub repainted: usize,
}

/// What the counts say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalQuality {
    /// The counts themselves.
    pub counts: SignalCounts,
    /// Positions opened by entries that could have been.
    pub capture: Figure,
    /// The same at 95 % (Wilson).
    pub capture_interval: Interval,
    /// What must be answered before more money follows these signals, each a sentence.
    pub red_flags: Vec<String>,
}

impl SignalCounts {
    /// What they say. Late signals are a red flag from one in twenty on; repainted, conflicting and unreadable ones at once.
    pub fn quality(&self) -> SignalQuality {
        let valid = self.received.saturating_sub(self.unreadable + self.conflicting + self.denied);
        let mut red_flags = Vec::new();
        let at_once = [
            (
                self.repainted,
                "signals of the past changed when the strategy ran again: it looks ahead, or its prices were revised",
            ),
            (self.conflicting, "signals came again under the same id with other contents"),
            (self.unreadable, "signals could not be read or contradicted themselves"),
            (self.without_stop, "entries had no stop, so nothing says what they risked"),
        ];
        red_flags.extend(at_once.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")));
        if self.late * 20 > self.received {
            red_flags.push(format!("{} of {} signals came too late to act on", self.late, self.received));
        }
        SignalQuality {
            counts: *self,
            capture: ratio(count(self.opened), count(valid), Undefined::NoTrades).into(),
            capture_interval: wilson(self.opened.min(valid), valid, 0.95),
            red_flags,
        }
    }
}
