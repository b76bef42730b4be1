//! Live against backtest for any number of trades: the [`Reference`] is drawn once for a backtest and a number of trades,
//! and then any live sample of that size is held against it.

use serde::{Deserialize, Serialize};

use super::headline::{Contradiction, Headline};
use super::power::{Power, exact, exact_trades, mean_power, mean_trades};
use super::proportion::{Interval, clopper_pearson, wilson};
use super::rate::RateFigures;
use super::sequential::{Sequential, mean_radius};
use super::streak;
use crate::Ledger;
use crate::bands::{Bands, Joint, Metric, Placement, Plan, Progress, Source, blocks};
use crate::figure::{Figure, Undefined, count};
use crate::figures::moments::whole;
use crate::figures::{Moments, TradeFigures};
use crate::ledger::Unit;
use crate::series::SumBand;
use crate::special::normal_inverse;

/// What is known of a backtest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backtest {
    /// Its trades.
    Ledger(Ledger),
    /// Its figures alone.
    Headline(Headline),
}

/// What a reference rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The trades of the backtest.
    Ledger,
    /// Trades made up from its headline figures: a stand-in until the trades are there.
    Generated,
}

/// The backtest's own figures, in the unit of its reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BacktestFigures {
    /// Closed trades.
    pub trades: usize,
    /// Wins by all trades.
    pub win_rate: Figure,
    /// The win rate at which it comes out even.
    pub break_even_win_rate: Figure,
    /// Sum of wins by size of the sum of losses.
    pub profit_factor: Figure,
    /// Mean win by mean loss.
    pub payoff: Figure,
    /// Mean of all trades.
    pub expectancy: Figure,
    /// Standard deviation of the sample.
    pub standard_deviation: Figure,
    /// Most losses in a row: of the ledger, or as told.
    pub longest_losing_streak: Figure,
    /// Deepest fall of the running sum; needs the order of trades, and so a ledger.
    pub max_drawdown: Figure,
}

impl BacktestFigures {
    fn of(backtest: &Backtest, values: &[f64]) -> Self {
        let of = TradeFigures::of(values);
        // What is made up has no order, so nothing that follows from one.
        let (longest_losing_streak, max_drawdown) = match backtest {
            Backtest::Ledger(_) => (count(of.longest_losing_streak).into(), of.max_drawdown.into()),
            Backtest::Headline(told) => {
                let longest = told.longest_losing_streak.map(count).ok_or(Undefined::NeedsLedger);
                (longest.into(), Undefined::NeedsLedger.into())
            }
        };
        Self {
            trades: of.trades,
            win_rate: of.win_rate,
            break_even_win_rate: of.break_even_win_rate,
            profit_factor: of.profit_factor,
            payoff: of.payoff,
            expectancy: of.expectancy,
            standard_deviation: of.standard_deviation,
            longest_losing_streak,
            max_drawdown,
        }
    }
}

/// What a backtest leads one to expect of so many trades. It can be written and not read: its samples are drawn anew.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reference {
    /// What it rests on.
    pub basis: Basis,
    /// The unit of all sizes.
    pub unit: Unit,
    /// The backtest's own figures.
    pub figures: BacktestFigures,
    /// How probable a loss is after a loss: of the ledger, or what the longest streak told makes of it.
    pub loss_after_loss: Figure,
    /// By what clustering widens the variance of a mean; at least 1.
    pub inflation: f64,
    /// The best length of a block.
    pub blocks: Option<blocks::BlockLength>,
    /// How many trades tell its win rate from the one that comes out even, in four of five cases (exact test, 5 %), clustering
    /// counted in.
    pub win_rate_trades: Figure,
    /// Trades in a week.
    pub per_week: Figure,
    /// Every trade by itself: a lower bound of what chance does.
    pub independent: Bands,
    /// What ended together kept together; none when nothing tells how trades cluster.
    pub clustered: Option<Bands>,
    /// The same sizes at the win rate that comes out even, clustered likewise: what the bands can be told from.
    pub without_edge: Bands,
    /// Figures of the backtest that contradict each other.
    pub contradictions: Vec<Contradiction>,
    /// Its trades in that unit, or those that were made up from its headline figures. They are in no certificate.
    #[serde(skip)]
    values: Vec<f64>,
}

impl Reference {
    /// Draws what this backtest leads one to expect, for `plan.trades` trades.
    pub fn new(
        backtest: &Backtest,
        unit: Unit,
        plan: Plan,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, Undefined> {
        let (values, basis, unit) = match backtest {
            Backtest::Ledger(ledger) => (ledger.values(unit)?, Basis::Ledger, unit),
            Backtest::Headline(headline) => (headline.ledger()?, Basis::Generated, Unit::MeanLoss),
        };
        let figures = BacktestFigures::of(backtest, &values);
        let (rate, even) = (figures.win_rate.get()?, figures.break_even_win_rate.get()?);
        let loss_rate = 1.0 - rate;
        let draw = |source: &Source| Bands::new(source, unit, plan, progress);
        let independent = draw(&Source::Independent { values: values.clone() })?;
        let (clustered, after, inflation) = match backtest {
            Backtest::Ledger(ledger) => {
                let bands = draw(&Source::weeks(values.clone(), &ledger.weeks()))?;
                let spread = |bands: &Bands| bands.spread(Metric::Expectancy).get();
                let wider = (spread(&bands)? / spread(&independent)?).powi(2);
                (Some(bands), after_loss(&values), wider.max(1.0))
            }
            Backtest::Headline(headline) => {
                let after = headline.derived().loss_after_loss;
                let runs = after.value().map(|a| (a - loss_rate) / rate);
                let bands = runs.map(|c| draw(&Source::with_runs(&values, rate, c))).transpose()?;
                let wider = after.value().map_or(1.0, |a| streak::variance_inflation(loss_rate, a));
                (bands, after, wider)
            }
        };
        let correlation = (inflation - 1.0) / (inflation + 1.0);
        let (per_week, contradictions) = match backtest {
            Backtest::Ledger(ledger) => (
                crate::figure::ratio(count(ledger.len()), ledger.span_weeks(), Undefined::NoTime).into(),
                Vec::new(),
            ),
            Backtest::Headline(headline) => (headline.derived().trades_per_week, headline.contradictions()),
        };
        let (first, _) = exact_trades(rate, even, 0.05, 0.8, 50_000);
        Ok(Self {
            basis,
            unit,
            win_rate_trades: first.map(|n| count(n) * inflation).ok_or(Undefined::TooFew).into(),
            blocks: if basis == Basis::Ledger { blocks::best(&values).ok() } else { None },
            without_edge: draw(&Source::with_runs(&values, even, correlation))?,
            figures,
            loss_after_loss: after,
            inflation,
            per_week,
            independent,
            clustered,
            contradictions,
            values,
        })
    }

    /// The trades that everything is drawn from, in its unit.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The bands that count: the clustered ones where there are any.
    pub fn bands(&self) -> &Bands {
        self.clustered.as_ref().unwrap_or(&self.independent)
    }

    /// How many trades as good as independent these are.
    pub fn effective(&self, trades: usize) -> usize {
        whole((count(trades) / self.inflation).floor())
    }

    /// How often a sample of so many trades without an edge would be seen in this figure.
    pub fn power(&self, metric: Metric) -> Power {
        let n = self.independent.plan.trades;
        let trades_for_80 = match metric {
            Metric::WinRate => self.win_rate_trades.get(),
            Metric::Expectancy | Metric::ProfitFactor => self.expectancy_power(n).trades_for_80.get(),
            _ => Err(Undefined::NotGiven),
        };
        Power {
            to_see: format!("that there is no edge, by the {}", metric.words()),
            value: self.bands().power(&self.without_edge, metric),
            trades_for_80: trades_for_80.into(),
        }
    }

    /// How often so many trades would show the backtest's expectancy to be above zero.
    pub fn expectancy_power(&self, trades: usize) -> Power {
        let both =
            self.figures.expectancy.get().and_then(|m| self.figures.standard_deviation.get().map(|s| (m, s)));
        match both {
            Ok((mean, sd)) => Power {
                to_see: format!("the backtest's expectancy of {mean:+.2} {}", self.unit.word()),
                value: mean_power(trades, mean, sd, self.inflation),
                trades_for_80: mean_trades(mean, sd, 0.8, self.inflation),
            },
            Err(why) => Power::none("the backtest's expectancy", why),
        }
    }

    /// Where the sum of so many trades lies in nine of ten cases, by the normal approximation, clustering counted in.
    pub fn sum_band(&self, trades: usize) -> Result<SumBand, Undefined> {
        let (mean, sd) = (self.figures.expectancy.get()?, self.figures.standard_deviation.get()?);
        let middle = mean * count(trades);
        let half = normal_inverse(0.95) * sd * (count(trades) * self.inflation).sqrt();
        Ok(SumBand { low: middle - half, middle, high: middle + half })
    }

    /// How often so many trades would be seen to win at break-even only, by the exact test of independent trades.
    pub fn win_rate_power(&self, trades: usize) -> Power {
        let both =
            self.figures.win_rate.get().and_then(|p| self.figures.break_even_win_rate.get().map(|e| (p, e)));
        match both {
            Ok((rate, even)) => Power {
                to_see: format!("a win rate of {:.0} % from {:.0} %", even * 100.0, rate * 100.0),
                value: exact(self.effective(trades), rate, even, 0.05).power.into(),
                trades_for_80: self.win_rate_trades,
            },
            Err(why) => Power::none("a win rate that comes out even", why),
        }
    }
}

/// The share of losses among trades that follow a loss.
fn after_loss(values: &[f64]) -> Figure {
    let pairs = values.windows(2).filter(|pair| pair[0] < 0.0);
    let (all, lost) = pairs.fold((0, 0), |(all, lost), pair| (all + 1, lost + usize::from(pair[1] < 0.0)));
    crate::figure::ratio(count(lost), count(all), Undefined::NoLosses).into()
}

/// How often so long a losing streak comes by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreakChance {
    /// The longest losing streak, live.
    pub longest: usize,
    /// How often independent trades that lose as often as the backtest have it or a longer one. Exact.
    pub independent: Figure,
    /// The same when losses follow losses as in the backtest. Exact for a Markov chain.
    pub clustered: Figure,
}

/// What live trades say beside a backtest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What the backtest's side rests on.
    pub basis: Basis,
    /// The unit of all sizes.
    pub unit: Unit,
    /// The live figures.
    pub live: TradeFigures,
    /// Where they fall, every trade by itself.
    pub independent: Vec<Placement>,
    /// All of them read together.
    pub independent_joint: Joint,
    /// Where they fall when what ended together is kept together; empty when nothing tells how trades cluster.
    pub clustered: Vec<Placement>,
    /// All of them read together.
    pub clustered_joint: Option<Joint>,
    /// The win rate at 95 %, exact (Clopper-Pearson).
    pub win_rate_exact: Interval,
    /// The win rate at 95 % (Wilson).
    pub win_rate_wilson: Interval,
    /// The backtest's own win rate at 95 % (Wilson), by the trades that it is worth.
    pub backtest_win_rate: Interval,
    /// The expectancy at 95 %, for one look, widened for clustering.
    pub expectancy_interval: Option<Interval>,
    /// The expectancy at 95 %, however often one looks.
    pub expectancy_sequence: Option<Interval>,
    /// How often so long a losing streak comes by chance.
    pub streak: StreakChance,
    /// What may be looked at every day.
    pub sequential: Option<Sequential>,
    /// Whether trades come as often.
    pub rate: Option<RateFigures>,
    /// What this many trades can and cannot tell.
    pub power: Vec<Power>,
    /// What does not go together.
    pub contradictions: Vec<Contradiction>,
}

/// Holds live trades against a reference that was drawn for as many.
pub fn compare(live: &Ledger, reference: &Reference) -> Result<Comparison, Undefined> {
    let values = live.values(reference.unit)?;
    let figures = TradeFigures::of(&values);
    let n = values.len();
    let (rate, even) = (reference.figures.win_rate.get()?, reference.figures.break_even_win_rate.get()?);
    let won: Vec<bool> = values.iter().map(|x| *x > 0.0).collect();
    let wider = reference.inflation.sqrt();
    let around =
        |radius: f64| figures.expectancy.value().map(|m| Interval { low: m - radius, high: m + radius });
    let sd = Moments::of(&values).map(|m| m.sd).ok();
    let longest = figures.longest_losing_streak;
    let weeks = live.span_weeks();
    let expected = reference.per_week.value();
    let rate_figures = expected.map(|per_week| RateFigures::of(n, weeks, per_week, 1.0));
    let mut contradictions = reference.contradictions.clone();
    contradictions.extend(rate_figures.as_ref().and_then(unexplained));
    let clustered = reference.clustered.as_ref();
    Ok(Comparison {
        basis: reference.basis,
        unit: reference.unit,
        independent: reference.independent.place(&values),
        independent_joint: reference.independent.joint(&values),
        clustered: clustered.map(|bands| bands.place(&values)).unwrap_or_default(),
        clustered_joint: clustered.map(|bands| bands.joint(&values)),
        win_rate_exact: clopper_pearson(figures.wins, n, 0.95),
        win_rate_wilson: wilson(figures.wins, n, 0.95),
        backtest_win_rate: backtest_win_rate(reference, rate),
        expectancy_interval: sd.and_then(|sd| around(normal_inverse(0.975) * sd * wider / count(n).sqrt())),
        expectancy_sequence: sd.and_then(|sd| around(mean_radius(n, sd * wider, 0.05))),
        streak: StreakChance {
            longest,
            independent: streak::at_least(longest, n, 1.0 - rate).into(),
            clustered: reference
                .loss_after_loss
                .map(|a| streak::at_least_with_runs(longest, n, 1.0 - rate, a.max(1.0 - rate))),
        },
        sequential: (n > 0).then(|| Sequential::of(&won, rate, even, reference.inflation)),
        rate: rate_figures,
        power: Metric::TOGETHER
            .iter()
            .map(|metric| reference.power(*metric))
            .chain([reference.expectancy_power(n), reference.win_rate_power(n)])
            .collect(),
        contradictions,
        live: figures,
    })
}

fn backtest_win_rate(reference: &Reference, rate: f64) -> Interval {
    let n = reference.effective(reference.figures.trades);
    wilson(whole((rate * count(n)).round()), n, 0.95)
}

/// Trades that come much more often, or much more rarely, than in the backtest.
pub fn unexplained(rate: &RateFigures) -> Option<Contradiction> {
    let per_week = rate.per_week.value()?;
    if rate.is_explained_by_chance() {
        return None;
    }
    let chance = rate.chance_of_more.value()?.min(rate.chance_of_less.value()?);
    Some(Contradiction {
        about: "trade-rate".into(),
        says: format!(
            "{per_week:.1} trades a week where the backtest has {:.1}: chance brings that in {:.2e} of such times",
            rate.expected_per_week, chance
        ),
        chance: chance.into(),
        ask: "which symbols did the backtest trade, and did it miss trades or do we take too many? Compare with its last \
              years alone if the universe grew"
            .into(),
    })
}
