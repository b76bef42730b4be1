//! Live trades against the backtest: where each figure falls in its band, and what so many trades can tell of it.

use std::collections::BTreeMap;

use evidence::bands::{Band, Joint, Metric, Zone};
use evidence::compare::live::StreakChance;
use evidence::compare::sequential::Sequential;
use evidence::compare::{
    BacktestFigures, Basis, Contradiction, Interval, Power, RateFigures, Reference, compare,
};
use evidence::ledger::Unit;
use evidence::plot::of_trades::{Placed, places, power};
use evidence::{Figure, Ledger, Undefined};
use serde::Serialize;

use super::blocks::Form;
use super::{Block, Known, Look, Seen};
use crate::failure::Failure;
use crate::gate;

/// Fewer trades are not held against a backtest.
pub const FEWEST: usize = 5;

/// What was drawn, by the number of trades, and what is to be known of the backtest.
#[derive(Default)]
pub struct References {
    drawn: BTreeMap<usize, Option<Reference>>,
    /// A sentence each.
    pub notes: Vec<String>,
}

impl References {
    /// What the backtest leads one to expect of as many trades as these.
    pub fn of(&mut self, seen: &Seen<'_>, ledger: &Ledger) -> Result<Option<&Reference>, Failure> {
        if !self.drawn.contains_key(&ledger.len()) {
            let held = gate::backtest(seen.place, ledger)?;
            self.notes = held.notes;
            self.drawn.insert(ledger.len(), held.reference);
        }
        Ok(self.drawn.get(&ledger.len()).and_then(Option::as_ref))
    }
}

/// One figure, beside what the backtest gives for as many trades.
#[derive(Debug, Serialize)]
struct Row {
    metric: Metric,
    words: &'static str,
    live: Figure,
    backtest: Figure,
    band_5: Figure,
    band_50: Figure,
    band_95: Figure,
    percentile: Figure,
    zone: Zone,
    power: Figure,
    trades_for_80: Figure,
}

/// Live trades against the backtest.
#[derive(Debug, Serialize)]
pub struct Against {
    trades: usize,
    basis: Basis,
    unit: Unit,
    samples: usize,
    method: String,
    rows: Vec<Row>,
    joint: Joint,
    win_rate_interval: Interval,
    expectancy_interval: Known<Interval>,
    expectancy_sequence: Known<Interval>,
    pub(super) streak: StreakChance,
    /// What may be looked at every day.
    pub(super) sequential: Known<Sequential>,
    rate: Known<RateFigures>,
    power: Vec<Power>,
    contradictions: Vec<Contradiction>,
}

impl Against {
    /// Holds them against it; why not, where that cannot be.
    pub fn of(seen: &Seen<'_>, ledger: &Ledger, references: &mut References) -> Result<Known<Self>, Failure> {
        if ledger.len() < FEWEST {
            return Ok(Known::not(format!("fewer than {FEWEST} trades")));
        }
        let Some(reference) = references.of(seen, ledger)? else {
            return Ok(Known::not("no backtest is given"));
        };
        let told = match compare(ledger, reference) {
            Ok(told) => told,
            Err(why) => return Ok(Known::not(why.words())),
        };
        let bands = reference.bands();
        let placed = if reference.clustered.is_some() { &told.clustered } else { &told.independent };
        let rows = placed.iter().map(|place| {
            let power = reference.power(place.metric);
            let at = |share: usize| bands.quantile(place.metric, Band::SHARES[share]);
            Row {
                metric: place.metric,
                words: place.metric.words(),
                live: place.live,
                backtest: of_backtest(&reference.figures, place.metric),
                band_5: at(1),
                band_50: at(4),
                band_95: at(7),
                percentile: place.percentile,
                zone: place.zone,
                power: power.value,
                trades_for_80: power.trades_for_80,
            }
        });
        let spread = "the spread of so few trades is not known";
        Ok(Known::Is(Self {
            trades: ledger.len(),
            basis: told.basis,
            unit: told.unit,
            samples: bands.plan.resamples,
            method: bands.method.clone(),
            rows: rows.collect(),
            joint: told.clustered_joint.unwrap_or(told.independent_joint),
            win_rate_interval: told.win_rate_wilson,
            expectancy_interval: Known::of(told.expectancy_interval, spread),
            expectancy_sequence: Known::of(told.expectancy_sequence, spread),
            streak: told.streak,
            sequential: Known::of(told.sequential, "no closed trade"),
            rate: Known::of(told.rate, "the backtest does not tell how often it trades"),
            power: told.power.into_iter().skip(Metric::TOGETHER.len()).collect(),
            contradictions: told.contradictions,
        }))
    }

    /// What people read of it. `look` is this part of the document.
    pub fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let inside = if self.joint.is_inside {
            "Read together, the figures are inside what the backtest gives."
        } else {
            "Read together, the figures are outside what the backtest gives in 95 % of samples."
        };
        let unit = self.unit.word();
        let mut blocks = vec![
            Block::Note(format!(
                "{inside} {} samples of {} trades, {}; sizes in {unit}.",
                crate::figures::count(self.samples as u64),
                crate::figures::count(self.trades as u64),
                self.method
            )),
            Block::Table(look.grid(
                "rows",
                &[
                    ("figure", "words", Form::Words),
                    ("live", "live", Form::Number(3)),
                    ("backtest", "backtest", Form::Number(3)),
                    ("5 %", "band_5", Form::Number(3)),
                    ("median", "band_50", Form::Number(3)),
                    ("95 %", "band_95", Form::Number(3)),
                    ("percentile", "percentile", Form::Percent(1)),
                    ("zone", "zone", Form::Words),
                    ("power", "power", Form::Percent(0)),
                    ("80 % takes", "trades_for_80", Form::Number(0)),
                ],
            )),
            Block::Facts(vec![
                look.fact_of("trades", "trades", Form::Count, "held against the backtest"),
                look.fact_of("win rate, from", "win_rate_interval.low", Form::Percent(1), "Wilson, 95 %"),
                look.fact_of("win rate, to", "win_rate_interval.high", Form::Percent(1), ""),
            ]),
        ];
        let mut facts = Vec::new();
        for (name, path, note) in [
            ("expectancy", "expectancy_interval", "95 %, one look, clustering counted in"),
            ("expectancy, any look", "expectancy_sequence", "95 %, however often one looks"),
        ] {
            if look.has(path) {
                let at = |end| format!("{path}.{end}");
                facts.push(look.fact_of(
                    &format!("{name}, from"),
                    &at("low"),
                    Form::Change(2),
                    &format!("{unit}; {note}"),
                ));
                facts.push(look.fact_of(&format!("{name}, to"), &at("high"), Form::Change(2), unit));
            } else {
                facts.push(look.fact(name, path, Form::Number(2)));
            }
        }
        facts.extend([
            look.fact("longest losing streak", "streak.longest", Form::Count),
            look.fact_of(
                "so long or longer",
                "streak.independent",
                Form::Percent(1),
                "by chance, independent trades",
            ),
            look.fact_of(
                "the same",
                "streak.clustered",
                Form::Percent(1),
                "losses after losses as in the backtest",
            ),
        ]);
        if look.has("sequential") {
            facts.extend([
                look.fact_of(
                    "evidence that the win rate fell",
                    "sequential.e_value",
                    Form::Number(2),
                    "at most so far (e-process); look at 5, 20 is an alarm of 5 %, however often one looks",
                ),
                look.fact_of("after", "sequential.e_value_after", Form::Count, "trades"),
                look.fact_of(
                    "backtest's rate, or break-even",
                    "sequential.sprt.found",
                    Form::Words,
                    "SPRT, both errors 5 %",
                ),
                look.fact_of("after", "sequential.sprt.after", Form::Count, "trades"),
                look.fact_of(
                    "alarms of a fall by 7 points",
                    "sequential.amber.alarms",
                    Form::Count,
                    "CUSUM at 4: look",
                ),
                look.fact_of(
                    "alarms of a fall by 12 points",
                    "sequential.red.alarms",
                    Form::Count,
                    "CUSUM at 5: halve the size",
                ),
            ]);
        }
        if look.has("rate") {
            facts.extend([
                look.fact_of("trades a week", "rate.per_week", Form::Number(1), ""),
                look.fact_of("in the backtest", "rate.expected_per_week", Form::Number(1), "a week"),
                look.fact_of(
                    "so many or more",
                    "rate.chance_of_more",
                    Form::Percent(2),
                    "by chance (Poisson)",
                ),
                look.fact_of(
                    "so many or fewer",
                    "rate.chance_of_less",
                    Form::Percent(2),
                    "by chance (Poisson)",
                ),
            ]);
        } else {
            facts.push(look.fact("trades a week", "rate", Form::Number(1)));
        }
        blocks.push(Block::Facts(facts));
        blocks.push(Block::Table(look.grid(
            "power",
            &[
                ("what so many trades can see", "to_see", Form::Words),
                ("power", "value", Form::Percent(0)),
                ("80 % takes", "trades_for_80", Form::Number(0)),
            ],
        )));
        blocks.extend(
            self.contradictions.iter().map(|found| Block::Note(format!("{}: {}", found.about, found.says))),
        );
        blocks
    }

    /// Where its figures fall, drawn; nothing of fewer trades than make a drawing.
    pub fn plot(&self) -> Option<Block> {
        let rows = self.rows.iter().map(|row| Placed { name: row.words, percentile: row.percentile });
        let plot = places(&rows.collect::<Vec<_>>(), self.trades, self.samples)?;
        Some(Block::Plot(
            Box::new(plot),
            format!("n = {}; {}", crate::figures::count(self.trades as u64), self.method),
        ))
    }
}

/// How often so many trades see an edge, drawn.
pub fn power_plot(reference: &Reference, trades: usize) -> Option<Block> {
    let plot = power(reference, trades)?;
    Some(Block::Plot(Box::new(plot), "one-sided at 5 %, normal, clustering counted in".to_owned()))
}

fn of_backtest(figures: &BacktestFigures, metric: Metric) -> Figure {
    match metric {
        Metric::WinRate => figures.win_rate,
        Metric::ProfitFactor => figures.profit_factor,
        Metric::Expectancy => figures.expectancy,
        Metric::Payoff => figures.payoff,
        Metric::MaxDrawdown => figures.max_drawdown,
        Metric::LongestLosingStreak => figures.longest_losing_streak,
        Metric::MaxDrawdownShare => Undefined::NotGiven.into(),
    }
}
