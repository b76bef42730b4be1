//! What headline figures of a backtest say by themselves, and where they contradict each other. Nothing here replaces a
//! ledger: what needs one says so.

use serde::{Deserialize, Serialize};

use super::streak;
use crate::figure::{Figure, Undefined, count, grouped, ratio};
use crate::figures::{Moments, sharpe};
use crate::special::{bisect, normal_inverse};

/// What is told of a backtest without its trades.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Headline {
    /// Closed trades.
    pub trades: usize,
    /// Wins by all trades, from 0 to 1.
    pub win_rate: f64,
    /// Sum of wins by size of the sum of losses.
    pub profit_factor: f64,
    /// Mean win by mean loss, where it is told too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payoff: Option<f64>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub years: Option<f64>,
    /// What one became: the end by the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiple: Option<f64>,
    /// The annual Sharpe ratio, by whatever convention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharpe: Option<f64>,
    /// The deepest drawdown as a share, positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_drawdown: Option<f64>,
    /// Most losses in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_losing_streak: Option<usize>,
}

/// What follows from headline figures. Sizes are in units of the mean loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Derived {
    /// Mean win by mean loss: PF q / p.
    pub payoff: Figure,
    /// The win rate at which it comes out even: 1 / (1 + payoff).
    pub break_even_win_rate: Figure,
    /// Mean of a trade: p payoff - q.
    pub expectancy: Figure,
    /// Standard deviation of a trade, every win and every loss of one size.
    pub sd_two_point: Figure,
    /// Standard deviation of a trade of the made-up ledger, whose wins and losses spread.
    pub sd_skewed: Figure,
    /// Trades in a year.
    pub trades_per_year: Figure,
    /// Trades in a week, of 52.18 in a year.
    pub trades_per_week: Figure,
    /// Yearly growth.
    pub cagr: Figure,
    /// Logarithm of the growth of one trade.
    pub growth_per_trade: Figure,
    /// The most that one can become at this Sharpe ratio, at any size: exp(years S^2 / 2).
    pub growth_bound: Figure,
    /// Standard error of the Sharpe ratio, independent normal days of 252 in a year (Lo).
    pub sharpe_error: Figure,
    /// What the Sharpe ratio of a year would be, were trades independent: root of trades in a year times mean by standard
    /// deviation of the made-up ledger.
    pub sharpe_if_independent: Figure,
    /// The share of equity that a mean loss costs, so that independent two-point trades grow as told.
    pub share_per_mean_loss: Figure,
    /// The share at which they grow fastest: p - q / payoff.
    pub kelly: Figure,
    /// How often independent trades have the longest losing streak told, or a longer one.
    pub streak_chance: Figure,
    /// The longest losing streak of independent trades, on average.
    pub streak_mean: Figure,
    /// How probable a loss must be after a loss, so that half of such records have the streak told.
    pub loss_after_loss: Figure,
    /// By what that widens the spread of means; so many times more trades tell as much.
    pub variance_inflation: Figure,
    /// The 95 % interval of the win rate if trades were independent (normal), half its width.
    pub win_rate_half_width: Figure,
}

/// Two given figures that do not go together, or not with what is taken for granted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contradiction {
    /// What about; stable.
    pub about: String,
    /// What is wrong, in a sentence.
    pub says: String,
    /// How often chance does it, where chance can.
    pub chance: Figure,
    /// What has to be answered.
    pub ask: String,
}

impl Headline {
    fn q(&self) -> f64 {
        1.0 - self.win_rate
    }

    fn payoff(&self) -> Result<f64, Undefined> {
        ratio(self.profit_factor * self.q(), self.win_rate, Undefined::NoWins)
    }

    /// The ledger made up from them, in units of the mean loss.
    pub fn ledger(&self) -> Result<Vec<f64>, Undefined> {
        crate::bands::generators::skewed(self.trades, self.win_rate, self.profit_factor)
    }

    /// What follows from them.
    pub fn derived(&self) -> Derived {
        let (p, q, n) = (self.win_rate, self.q(), count(self.trades));
        let given = |x: Option<f64>| x.ok_or(Undefined::NotGiven);
        let payoff = self.payoff();
        let expectancy = payoff.map(|b| p * b - q);
        let sd_two_point = payoff.map(|b| (p * q).sqrt() * (b + 1.0));
        let moments = self.ledger().and_then(|ledger| Moments::of(&ledger));
        let per_year = given(self.years).and_then(|years| ratio(n, years, Undefined::NoTime));
        let growth = given(self.multiple).map(f64::ln);
        let per_trade = growth.and_then(|g| ratio(g, n, Undefined::NoTrades));
        let chance = self.longest_losing_streak.ok_or(Undefined::NotGiven);
        let after =
            chance.and_then(|k| streak::loss_after_loss(k, self.trades, q).ok_or(Undefined::NotAbove));
        let sharpe = given(self.sharpe);
        let error = |s: f64| {
            let days =
                given(self.years).map(|years| crate::figures::moments::whole((years * 252.0).round()))?;
            sharpe::standard_error(s / 252.0_f64.sqrt(), days, 0.0, 3.0).map(|e| e * 252.0_f64.sqrt())
        };
        Derived {
            payoff: payoff.into(),
            break_even_win_rate: payoff.map(|b| 1.0 / (1.0 + b)).into(),
            expectancy: expectancy.into(),
            sd_two_point: sd_two_point.into(),
            sd_skewed: moments.map(|m| m.sd).into(),
            trades_per_year: per_year.into(),
            trades_per_week: per_year.map(|y| y / (365.25 / 7.0)).into(),
            cagr: growth.and_then(|g| given(self.years).map(|y| (g / y).exp() - 1.0)).into(),
            growth_per_trade: per_trade.into(),
            growth_bound: sharpe.and_then(|s| given(self.years).map(|y| (y * s * s / 2.0).exp())).into(),
            sharpe_error: sharpe.and_then(error).into(),
            sharpe_if_independent: per_year.and_then(|y| moments.map(|m| y.sqrt() * m.mean / m.sd)).into(),
            share_per_mean_loss: payoff.and_then(|b| per_trade.and_then(|g| share(p, b, g))).into(),
            kelly: payoff.map(|b| p - q / b).into(),
            streak_chance: chance.map(|k| streak::at_least(k, self.trades, q)).into(),
            streak_mean: if self.trades > 0 {
                streak::mean(self.trades, |k| streak::at_least(k, self.trades, q)).into()
            } else {
                Undefined::NoTrades.into()
            },
            loss_after_loss: after.into(),
            variance_inflation: after.map(|a| streak::variance_inflation(q, a)).into(),
            win_rate_half_width: ratio(normal_inverse(0.975) * (p * q).sqrt(), n.sqrt(), Undefined::NoTrades)
                .into(),
        }
    }

    /// Where they contradict each other.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let derived = self.derived();
        let found =
            [self.streak(&derived), self.growth(&derived), self.clustering(&derived), self.ratio(&derived)];
        found.into_iter().flatten().collect()
    }

    fn streak(&self, derived: &Derived) -> Option<Contradiction> {
        let chance = derived.streak_chance.value().filter(|p| *p < 0.01)?;
        let longest = self.longest_losing_streak?;
        Some(Contradiction {
            about: "longest-losing-streak".into(),
            says: format!(
                "{longest} losses in a row of {} trades, {:.0} % of them lost: independent trades do it in 1 of {} such \
                 records, and have {:.1} on average",
                grouped(count(self.trades), 0),
                self.q() * 100.0,
                grouped(1.0 / chance, 0),
                derived.streak_mean,
            ),
            chance: chance.into(),
            ask: "which trades were those: their dates, symbols and sizes? Trades that end together are fewer than they \
                  count, and one bad time is no chance"
                .into(),
        })
    }

    fn growth(&self, derived: &Derived) -> Option<Contradiction> {
        let (multiple, sharpe, years) = (self.multiple?, self.sharpe?, self.years?);
        let bound = derived.growth_bound.value().filter(|bound| multiple > *bound)?;
        Some(Contradiction {
            about: "growth-and-sharpe".into(),
            says: format!(
                "{multiple:.1} times in {years:.0} years is more than a Sharpe ratio of {sharpe:.2} can grow at any size, \
                 {bound:.1} times"
            ),
            chance: Undefined::NotGiven.into(),
            ask: "by which convention was the Sharpe ratio computed (growth by volatility? days of all weeks with 252?), \
                  and what was paid in?"
                .into(),
        })
    }

    fn clustering(&self, derived: &Derived) -> Option<Contradiction> {
        let sharpe = self.sharpe.filter(|s| *s > 0.0)?;
        let independent = derived.sharpe_if_independent.value()?;
        let inflation = (independent / sharpe).powi(2);
        (inflation > 1.5).then(|| Contradiction {
            about: "sharpe-and-trades".into(),
            says: format!(
                "so many trades of this expectancy would have a Sharpe ratio of {independent:.2} a year, were they \
                 independent; {sharpe:.2} means that a year varies {inflation:.1} times as much"
            ),
            chance: Undefined::NotGiven.into(),
            ask: "how many positions are open at once, and do they win and lose together?".into(),
        })
    }

    fn ratio(&self, derived: &Derived) -> Option<Contradiction> {
        let (told, follows) = (self.payoff?, derived.payoff.value()?);
        ((told / follows - 1.0).abs() > 0.03).then(|| Contradiction {
            about: "payoff".into(),
            says: format!(
                "a mean win of {told:.2} mean losses does not go with a profit factor of {:.2} at a win rate of {:.1} %, \
                 which make it {follows:.2}",
                self.profit_factor,
                self.win_rate * 100.0,
            ),
            chance: Undefined::NotGiven.into(),
            ask: "is one of them planned and not realised, or counted over other trades?".into(),
        })
    }
}

/// The share of equity that a mean loss costs, below the one that grows fastest, at which two-point trades grow so.
fn share(p: f64, payoff: f64, growth: f64) -> Result<f64, Undefined> {
    let kelly = p - (1.0 - p) / payoff;
    let grows = |f: f64| p * (1.0 + f * payoff).ln() + (1.0 - p) * (1.0 - f).ln();
    if kelly <= 0.0 || growth <= 0.0 || grows(kelly) < growth {
        return Err(Undefined::NotAbove);
    }
    Ok(bisect(0.0, kelly, |f| grows(f) < growth))
}

/// The share of equity that one unit moves, at which a ledger drawn independently grows so, by each trade.
pub fn share_of_ledger(values: &[f64], growth: f64) -> Result<f64, Undefined> {
    let worst = values.iter().copied().fold(0.0, f64::min);
    let grows = |f: f64| values.iter().map(|x| (1.0 + f * x).ln()).sum::<f64>() / count(values.len().max(1));
    if worst >= 0.0 {
        return Err(Undefined::NoLosses);
    }
    // Where it grows fastest: where its slope is zero.
    let slope = |f: f64| values.iter().map(|x| x / (1.0 + f * x)).sum::<f64>();
    let best = bisect(0.0, -0.999 / worst, |f| slope(f) > 0.0);
    if growth <= 0.0 || grows(best) < growth {
        Err(Undefined::NotAbove)
    } else {
        Ok(bisect(0.0, best, |f| grows(f) < growth))
    }
}
