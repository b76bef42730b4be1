//! Figures of trades, in the unit of what is handed in: base currency, multiples of the risk, or returns of periods.

use serde::{Deserialize, Serialize};

use super::moments::{Moments, mean, quantile, sorted};
use crate::figure::{Figure, Undefined, count, ratio};
use crate::ledger::{Ledger, Trade, days, number};
use crate::{EquityPoint, Time};

/// What a row of trades comes to. A win is above zero, a loss below, a scratch exactly zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TradeFigures {
    /// How many trades.
    pub trades: usize,
    /// Above zero.
    pub wins: usize,
    /// Below zero.
    pub losses: usize,
    /// Exactly zero.
    pub scratches: usize,
    /// Wins by all trades (pyfolio, backtesting.py).
    pub win_rate: Figure,
    /// Wins by trades won or lost (quantstats).
    pub win_rate_decided: Figure,
    /// Mean of the wins.
    pub mean_win: Figure,
    /// Mean size of the losses, positive.
    pub mean_loss: Figure,
    /// Mean win by mean loss: the realised reward to risk ("average R:R").
    pub payoff: Figure,
    /// Sum of the wins by size of the sum of the losses.
    pub profit_factor: Figure,
    /// Mean of all trades.
    pub expectancy: Figure,
    /// Standard deviation of the sample (divisor n - 1).
    pub standard_deviation: Figure,
    /// Mean by standard deviation times root of n (Tharp's SQN; the t of independent trades).
    pub sqn: Figure,
    /// Mean by standard deviation: Sharpe ratio of one trade, not annualised.
    pub sharpe_per_trade: Figure,
    /// Share of equity that grows fastest for one lone two-point bet, p - q / payoff. To be shown, not to be used.
    pub kelly: Figure,
    /// The win rate at which wins and losses of these sizes come out even: 1 / (1 + payoff).
    pub break_even_win_rate: Figure,
    /// Sum of all.
    pub net: f64,
    /// The best trade.
    pub best: Figure,
    /// The worst trade.
    pub worst: Figure,
    /// The middle trade.
    pub median: Figure,
    /// Most losses in a row; a scratch ends a row (quantstats).
    pub longest_losing_streak: usize,
    /// Most wins in a row; a scratch ends a row.
    pub longest_winning_streak: usize,
    /// The losses in a row at the end.
    pub losing_streak_now: usize,
    /// Deepest fall of the running sum below its highest point, the start at zero included. Positive.
    pub max_drawdown: f64,
    /// Population skew.
    pub skew: Figure,
    /// Population kurtosis, 3 for a normal.
    pub kurtosis: Figure,
}

impl TradeFigures {
    /// In the order in which the trades ended.
    pub fn of(values: &[f64]) -> Self {
        let n = count(values.len());
        let wins: Vec<f64> = values.iter().copied().filter(|x| *x > 0.0).collect();
        let losses: Vec<f64> = values.iter().copied().filter(|x| *x < 0.0).map(f64::abs).collect();
        let decided = wins.len() + losses.len();
        let (gain, loss): (f64, f64) = (wins.iter().sum(), losses.iter().sum());
        let none = || if values.is_empty() { Undefined::NoTrades } else { Undefined::OnlyScratches };
        let no = |why: Undefined| if decided == 0 { none() } else { why };
        let win_rate = ratio(count(wins.len()), n, Undefined::NoTrades);
        let mean_win = mean(&wins).map_err(|_| no(Undefined::NoWins));
        let mean_loss = mean(&losses).map_err(|_| no(Undefined::NoLosses));
        // Without a win the ratio of means has no top; it is not zero.
        let payoff = mean_loss.and_then(|l| mean_win.map(|w| w / l));
        let moments = Moments::of(values);
        let per_trade = moments.map(|m| m.mean / m.sd);
        let order = sorted(values);
        let q = |p| quantile(&order, p).map_err(|_| Undefined::NoTrades);
        Self {
            trades: values.len(),
            wins: wins.len(),
            losses: losses.len(),
            scratches: values.len() - decided,
            win_rate: win_rate.into(),
            win_rate_decided: ratio(count(wins.len()), count(decided), none()).into(),
            mean_win: mean_win.into(),
            mean_loss: mean_loss.into(),
            payoff: payoff.into(),
            profit_factor: ratio(gain, loss, no(Undefined::NoLosses)).into(),
            expectancy: mean(values).map_err(|_| Undefined::NoTrades).into(),
            standard_deviation: moments.map(|m| m.sd).into(),
            sqn: per_trade.map(|s| s * n.sqrt()).into(),
            sharpe_per_trade: per_trade.into(),
            kelly: win_rate.and_then(|p| payoff.map(|b| p - (1.0 - p) / b)).into(),
            break_even_win_rate: payoff.map(|b| 1.0 / (1.0 + b)).into(),
            net: values.iter().sum(),
            best: q(1.0).into(),
            worst: q(0.0).into(),
            median: q(0.5).into(),
            longest_losing_streak: longest(values, |x| x < 0.0),
            longest_winning_streak: longest(values, |x| x > 0.0),
            losing_streak_now: values.iter().rev().take_while(|x| **x < 0.0).count(),
            max_drawdown: deepest_sum(values),
            skew: moments.map(|m| m.skew).into(),
            kurtosis: moments.map(|m| m.kurtosis).into(),
        }
    }
}

/// The most in a row of which this holds.
fn longest(values: &[f64], is_in: impl Fn(f64) -> bool) -> usize {
    let mut now = 0;
    values.iter().fold(0, |most, x| {
        now = if is_in(*x) { now + 1 } else { 0 };
        most.max(now)
    })
}

/// The deepest fall of the running sum below its highest point, which begins at zero.
fn deepest_sum(values: &[f64]) -> f64 {
    let (mut sum, mut peak) = (0.0_f64, 0.0_f64);
    values.iter().fold(0.0_f64, |deepest, x| {
        sum += x;
        peak = peak.max(sum);
        deepest.max(peak - sum)
    })
}

/// How much of the time, of the places and of the account was used, and what the plan said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// From the first entry to the last exit, in days.
    pub days: Figure,
    /// Trades closed in a week, over that span.
    pub trades_per_week: Figure,
    /// Mean time held, in days.
    pub mean_days_held: Figure,
    /// Time held by all trades, by places times span.
    pub slot_utilisation: Figure,
    /// Share of the span with at least one position.
    pub time_in_market: Figure,
    /// Time-average of the value held by equity; takes the value at entry for as long as a trade lasts, and the last
    /// equity known. Needs the value of every trade and an equity series.
    pub exposure: Figure,
    /// Mean of |target - entry| / |entry - stop| as planned; needs stop and target of every trade.
    pub planned_ratio: Figure,
    /// How many lost more than was risked: gaps and slippage. Needs the risk of every trade.
    pub worse_than_risked: Figure,
}

impl Exposure {
    /// Of a ledger, for so many places, beside an equity series (empty when there is none).
    pub fn of(ledger: &Ledger, slots: usize, equity: &[EquityPoint]) -> Self {
        let trades = ledger.trades();
        let first = trades.iter().map(|t| t.opened).min();
        let span = first.zip(trades.last().map(|t| t.closed)).ok_or(Undefined::NoTrades);
        let length = span.map(|(from, to)| days(from, to));
        let long = length.and_then(|d| if d > 0.0 { Ok(d) } else { Err(Undefined::NoTime) });
        let held: f64 = trades.iter().map(Trade::days).sum();
        let planned: Option<Vec<f64>> = trades.iter().map(Trade::planned_ratio).collect();
        let planned =
            planned.ok_or(Undefined::NotGiven).and_then(|all| mean(&all).map_err(|_| Undefined::NoTrades));
        let worse = |all: Vec<f64>| count(all.iter().filter(|r| **r < -1.0).count());
        Self {
            days: length.into(),
            trades_per_week: long.map(|d| count(trades.len()) / d * 7.0).into(),
            mean_days_held: ratio(held, count(trades.len()), Undefined::NoTrades).into(),
            slot_utilisation: long.and_then(|d| ratio(held, d * count(slots), Undefined::NotGiven)).into(),
            time_in_market: long.map(|d| covered(trades) / d).into(),
            exposure: long.and_then(|_| exposure(trades, equity)).into(),
            planned_ratio: planned.into(),
            worse_than_risked: ledger.multiples().map(worse).into(),
        }
    }
}

/// Days with at least one position.
fn covered(trades: &[Trade]) -> f64 {
    let mut spans: Vec<(Time, Time)> = trades.iter().map(|t| (t.opened, t.closed)).collect();
    spans.sort_unstable();
    let mut end: Option<Time> = None;
    spans.into_iter().fold(0.0, |sum, (from, to)| {
        let from = end.map_or(from, |end| end.max(from));
        end = Some(end.map_or(to, |end| end.max(to)));
        sum + days(from, to).max(0.0)
    })
}

/// Time-average of value held by equity, from the first entry to the last exit.
fn exposure(trades: &[Trade], equity: &[EquityPoint]) -> Result<f64, Undefined> {
    if equity.is_empty() {
        return Err(Undefined::NoEquity);
    }
    let mut steps: Vec<(Time, f64)> = Vec::new();
    for trade in trades {
        let value = number(trade.notional.ok_or(Undefined::NotGiven)?);
        steps.extend([(trade.opened, value), (trade.closed, -value)]);
    }
    let from = steps.iter().map(|s| s.0).min().ok_or(Undefined::NoTrades)?;
    let to = steps.iter().map(|s| s.0).max().ok_or(Undefined::NoTrades)?;
    steps.extend(equity.iter().filter(|p| p.at > from && p.at < to).map(|p| (p.at, 0.0)));
    steps.sort_by_key(|step| step.0);
    let (mut held, mut at, mut sum) = (0.0, from, 0.0);
    for (moment, change) in steps {
        let known = equity.partition_point(|p| p.at <= at);
        let worth = number(equity.get(known.saturating_sub(1)).ok_or(Undefined::NoEquity)?.equity);
        sum += days(at, moment) * ratio(held, worth, Undefined::NoEquity)?;
        held += change;
        at = moment;
    }
    ratio(sum, days(from, to), Undefined::NoTime)
}
