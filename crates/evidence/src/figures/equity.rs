//! Figures of an equity curve, on time-weighted returns: what was paid in or out moves none of them.

use serde::{Deserialize, Serialize};

use super::drawdown::{Drawdown, falls};
use super::moments::{Moments, autocorrelation, mean, quantile, sorted, whole};
use super::sharpe;
use crate::figure::{Figure, Undefined, count, ratio};
use crate::ledger::{days, equity};
use crate::{EquityPoint, Time};

/// How returns become figures of a year. They stand beside every figure that follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conventions {
    /// Periods in a year: 252 for a curve of business days, 365 for one of all days.
    pub periods_per_year: f64,
    /// Yearly return without risk, compounded: per period `(1 + rf)^(1/P) - 1`.
    pub risk_free_per_year: f64,
    /// Least acceptable return of one period, for Sortino and Omega.
    pub least_acceptable: f64,
    /// How many lags of correlation enter the adjusted annualisation.
    pub lags: usize,
}

impl Conventions {
    /// A curve of business days, no return without risk.
    pub const BUSINESS_DAYS: Self =
        Self { periods_per_year: 252.0, risk_free_per_year: 0.0, least_acceptable: 0.0, lags: 5 };
    /// A curve of all days, no return without risk.
    pub const ALL_DAYS: Self = Self { periods_per_year: 365.0, ..Self::BUSINESS_DAYS };
}

/// What an equity curve comes to. Standard deviations are those of the sample (divisor n - 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EquityFigures {
    /// The conventions of all that follows.
    pub conventions: Conventions,
    /// How many returns.
    pub periods: usize,
    /// Return over all, compounded.
    pub total_return: Figure,
    /// Yearly growth, with years of n / P (empyrical, quantstats).
    pub cagr: Figure,
    /// Yearly growth, with years of days / 365.25; needs the dates.
    pub cagr_calendar: Figure,
    /// sd times root of P.
    pub volatility: Figure,
    /// mean(r - rf) / sd(r - rf) times root of P.
    pub sharpe: Figure,
    /// The same with Lo's factor for returns that correlate in the place of the root.
    pub sharpe_correlated: Figure,
    /// Growth by volatility, (cagr - rf) / volatility: backtesting.py's form. Not to be compared with `sharpe`.
    pub sharpe_of_growth: Figure,
    /// Standard error of `sharpe`, independent normal returns (Lo), annualised.
    pub sharpe_error: Figure,
    /// Standard error of `sharpe` for returns of this shape (Mertens), annualised.
    pub sharpe_error_shaped: Figure,
    /// The probability that the true Sharpe ratio is above zero; population skew and kurtosis.
    pub sharpe_above_zero: Figure,
    /// Periods until it is sure, at 95 %, that the true Sharpe ratio is above zero.
    pub minimum_record: Figure,
    /// mean(r - MAR) / sqrt(mean(min(r - MAR, 0)^2)) times root of P, over all periods.
    pub sortino: Figure,
    /// Falls below the highest point; absent without a return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawdown: Option<Drawdown>,
    /// From the peak to where the deepest fall was made good (to the end while it is not), in days; needs the dates.
    pub drawdown_days: Figure,
    /// cagr by the deepest fall, over all ("MAR ratio"; the packages' "calmar").
    pub calmar: Figure,
    /// The same over the last 36 months (Young 1991); needs the dates, and 36 months.
    pub calmar_36_months: Figure,
    /// (cagr - rf) by ulcer index (Martin ratio).
    pub martin: Figure,
    /// sum(max(r - MAR, 0)) / sum(max(MAR - r, 0)).
    pub omega: Figure,
    /// sum(r) / |sum of the negative r|.
    pub gain_to_pain: Figure,
    /// |95 % quantile| / |5 % quantile|.
    pub tail_ratio: Figure,
    /// Mean of the worst 5 % of periods (of the worst one at least).
    pub worst_twentieth: Figure,
    /// R^2 of a line through the running log return.
    pub stability: Figure,
    /// Population skew.
    pub skew: Figure,
    /// Population kurtosis, 3 for a normal.
    pub kurtosis: Figure,
}

impl EquityFigures {
    /// Of an equity series.
    pub fn of(points: &[EquityPoint], conventions: Conventions) -> Result<Self, Undefined> {
        let returns = equity::returns(points)?;
        let dates: Vec<Time> = points.iter().map(|point| point.at).collect();
        Ok(Self::with_dates(&returns, &dates, conventions))
    }

    /// Of returns of periods alone; what needs dates is undefined.
    pub fn of_returns(returns: &[f64], conventions: Conventions) -> Self {
        Self::with_dates(returns, &[], conventions)
    }

    /// `dates` has one more than `returns`, or none.
    fn with_dates(returns: &[f64], dates: &[Time], conventions: Conventions) -> Self {
        let Conventions { periods_per_year: p, risk_free_per_year, least_acceptable: mar, lags } =
            conventions;
        let free = (1.0 + risk_free_per_year).powf(1.0 / p) - 1.0;
        let above: Vec<f64> = returns.iter().map(|r| r - free).collect();
        let moments = Moments::of(returns);
        let shape = Moments::of(&above);
        let sharpe = shape.map(|m| m.mean / m.sd);
        let correlations: Result<Vec<f64>, _> = (1..=lags).map(|k| autocorrelation(&above, k)).collect();
        let factor = correlations.and_then(|rho| sharpe::annualisation(whole(p.round()), &rho));
        let volatility = moments.map(|m| m.sd * p.sqrt());
        let total = total(returns);
        let cagr = total.and_then(|t| growth(t, count(returns.len()) / p));
        let span = dates.first().zip(dates.last()).map(|(a, b)| days(*a, *b)).ok_or(Undefined::NotGiven);
        let drawdown = Drawdown::of(returns);
        let depth =
            drawdown.as_ref().map_or_else(|why| Err(*why), |d| ratio(1.0, -d.max, Undefined::NoDrawdown));
        let ulcer =
            drawdown.as_ref().map_or_else(|why| Err(*why), |d| ratio(1.0, d.ulcer, Undefined::NoDrawdown));
        let error = |skew: f64, kurtosis: f64| {
            sharpe
                .and_then(|s| sharpe::standard_error(s, returns.len(), skew, kurtosis))
                .map(|e| e * p.sqrt())
        };
        let in_days = drawdown.as_ref().map_err(|why| *why).and_then(|d| {
            let end = d.recovery.unwrap_or(returns.len());
            let (from, to) = dates.get(d.peak).zip(dates.get(end)).ok_or(Undefined::NotGiven)?;
            if d.max < 0.0 { Ok(days(*from, *to)) } else { Err(Undefined::NoDrawdown) }
        });
        let few = |why| if returns.is_empty() { Undefined::TooFew } else { why };
        let (gains, pains) =
            returns.iter().fold((0.0, 0.0), |(g, l), r| (g + (r - mar).max(0.0), l + (mar - r).max(0.0)));
        let pain: f64 = returns.iter().map(|r| r.min(0.0)).sum();
        let order = sorted(returns);
        let tail = quantile(&order, 0.95).and_then(|high| {
            quantile(&order, 0.05).and_then(|low| ratio(high.abs(), low.abs(), Undefined::NoDownside))
        });
        Self {
            conventions,
            periods: returns.len(),
            total_return: total.into(),
            cagr: cagr.into(),
            cagr_calendar: total.and_then(|t| growth(t, span? / 365.25)).into(),
            volatility: volatility.into(),
            sharpe: sharpe.map(|s| s * p.sqrt()).into(),
            sharpe_correlated: sharpe.and_then(|s| factor.map(|f| s * f)).into(),
            sharpe_of_growth: cagr.and_then(|c| volatility.map(|v| (c - risk_free_per_year) / v)).into(),
            sharpe_error: error(0.0, 3.0).into(),
            sharpe_error_shaped: shape.and_then(|m| error(m.skew, m.kurtosis)).into(),
            sharpe_above_zero: shape
                .and_then(|m| sharpe::probabilistic(m.mean / m.sd, 0.0, m.n, m.skew, m.kurtosis))
                .into(),
            minimum_record: shape
                .and_then(|m| sharpe::minimum_record(m.mean / m.sd, 0.0, 0.95, m.skew, m.kurtosis))
                .into(),
            sortino: sortino(returns, mar).map(|s| s * p.sqrt()).into(),
            drawdown_days: in_days.into(),
            calmar: cagr.and_then(|c| depth.map(|d| c * d)).into(),
            calmar_36_months: calmar_36_months(returns, dates).into(),
            martin: cagr.and_then(|c| ulcer.map(|u| (c - risk_free_per_year) * u)).into(),
            omega: ratio(gains, pains, few(Undefined::NoDownside)).into(),
            gain_to_pain: ratio(returns.iter().sum(), -pain, few(Undefined::NoDownside)).into(),
            tail_ratio: tail.into(),
            worst_twentieth: worst(&order).into(),
            stability: stability(returns).into(),
            skew: moments.map(|m| m.skew).into(),
            kurtosis: moments.map(|m| m.kurtosis).into(),
            drawdown: drawdown.ok(),
        }
    }
}

/// How far below its highest point the curve was after each period, as shares, never above zero.
pub fn underwater(points: &[EquityPoint]) -> Result<Vec<f64>, Undefined> {
    Ok(falls(&equity::returns(points)?))
}

fn total(returns: &[f64]) -> Result<f64, Undefined> {
    if returns.is_empty() {
        Err(Undefined::TooFew)
    } else {
        Ok(returns.iter().map(|r| 1.0 + r).product::<f64>() - 1.0)
    }
}

/// Yearly growth of a return over so many years. A curve that lost everything fell by all of it.
fn growth(total: f64, years: f64) -> Result<f64, Undefined> {
    if years > 0.0 { Ok((1.0 + total).max(0.0).powf(1.0 / years) - 1.0) } else { Err(Undefined::NoTime) }
}

fn sortino(returns: &[f64], mar: f64) -> Result<f64, Undefined> {
    let above: Vec<f64> = returns.iter().map(|r| r - mar).collect();
    let downside = above.iter().map(|r| r.min(0.0).powi(2)).sum::<f64>() / count(above.len().max(1));
    ratio(mean(&above)?, downside.sqrt(), Undefined::NoDownside)
}

fn calmar_36_months(returns: &[f64], dates: &[Time]) -> Result<f64, Undefined> {
    let end = *dates.last().ok_or(Undefined::NotGiven)?;
    let from = end.checked_sub_months(chrono::Months::new(36)).ok_or(Undefined::TooFew)?;
    let at = dates.partition_point(|date| *date <= from).checked_sub(1).ok_or(Undefined::TooFew)?;
    let part = returns.get(at..).ok_or(Undefined::TooFew)?;
    let growth = growth(total(part)?, days(dates[at], end) / 365.25)?;
    ratio(growth, -Drawdown::of(part)?.max, Undefined::NoDrawdown)
}

/// The mean of the worst 5 %: of the floor of 5 % of n - 1, and one more (empyrical).
fn worst(order: &[f64]) -> Result<f64, Undefined> {
    let last = order.len().checked_sub(1).ok_or(Undefined::TooFew)?;
    mean(&order[..=whole(count(last) * 0.05)])
}

fn stability(returns: &[f64]) -> Result<f64, Undefined> {
    let mut sum = 0.0;
    let curve: Vec<f64> = returns
        .iter()
        .map(|r| {
            sum += (1.0 + r).ln();
            sum
        })
        .collect();
    if curve.len() < 2 || curve.iter().any(|y| !y.is_finite()) {
        return Err(Undefined::TooFew);
    }
    let (mx, my) = (count(curve.len() - 1) / 2.0, mean(&curve)?);
    let products = curve.iter().enumerate().fold((0.0, 0.0, 0.0), |(xy, xx, yy), (x, y)| {
        let (dx, dy) = (count(x) - mx, y - my);
        (xy + dx * dy, xx + dx * dx, yy + dy * dy)
    });
    ratio(products.0 * products.0, products.1 * products.2, Undefined::NoSpread)
}
