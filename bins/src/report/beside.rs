//! Trades beside their shadows: what the same signals make on bars, as `twin` has it, pair by pair there and summed up here.

use broker_api::{Amount, Time};
use evidence::compare::pairs::{SoFar, so_far};
use evidence::gates::PaperNeeds;
use evidence::plot::of_pairs;
use evidence::twin::{RegretSum, Summary, Twin as Pair};
use rust_decimal::Decimal;
use serde::Serialize;

use super::blocks::Form;
use super::{Block, Known, Look, Section, Seen};
use crate::twin::{BOUND, LEFT_OUT, SHOWN, Twin, so_it, why, worst_first};

/// At how many places a long series is told.
const PLACES: usize = 150;

/// A pair that parts.
#[derive(Debug, Serialize)]
struct Parted {
    signal: String,
    symbol: String,
    layer: &'static str,
    why: String,
    entry: Known<Decimal>,
    exit: Known<Decimal>,
    quantity: Known<Decimal>,
    r: Known<evidence::Figure>,
    money: Known<Decimal>,
}

/// What one reason for not following signals comes to.
#[derive(Debug, Serialize)]
struct Regretted {
    #[serde(flatten)]
    sum: RegretSum,
    so_it: &'static str,
}

/// Signals without a pair, for one reason.
#[derive(Debug, Serialize)]
struct LeftOut {
    why: &'static str,
    words: &'static str,
    signals: usize,
    first: String,
}

/// Trades beside their shadows.
#[derive(Debug, Serialize)]
pub struct Shadows {
    bars: String,
    first: Known<Time>,
    last: Known<Time>,
    cash: Amount,
    signals: usize,
    summary: Summary,
    /// The mean difference, pair by pair.
    so_far: Vec<SoFar>,
    /// How many part.
    parted_in_all: usize,
    /// The worst of them.
    parted: Vec<Parted>,
    regret: Vec<Regretted>,
    left_out: Vec<LeftOut>,
    imported: usize,
    without_signal: usize,
    flows: usize,
    #[serde(skip)]
    plot: Option<Block>,
}

impl Shadows {
    pub(super) fn of(seen: &Seen<'_>) -> Known<Self> {
        let none = "no bars are given: write [gate] bars = \"DIR\"";
        Known::of(seen.twin.map(Self::told), none)
    }

    fn told(twin: &Twin) -> Self {
        let pairs: Vec<_> = twin.pairs.iter().filter_map(Pair::pair).collect();
        let so_far = so_far(&pairs, PLACES);
        let plot = of_pairs::pairs(&so_far, PaperNeeds::default().parity);
        let how = format!("n = {}; asymptotic confidence sequence, 95 %", pairs.len());
        let parted = worst_first(twin);
        let left_out = LEFT_OUT.iter().filter_map(|(code, words)| {
            let mut of_it = twin.left_out.iter().filter(|left| left.why == *code);
            let first = of_it.next()?.id.clone();
            Some(LeftOut { why: code, words, signals: of_it.count() + 1, first })
        });
        Self {
            bars: twin.bars.display().to_string(),
            first: Known::of(twin.first, "there is no bar"),
            last: Known::of(twin.last, "there is no bar"),
            cash: twin.cash,
            signals: twin.pairs.len(),
            summary: twin.summary.clone(),
            so_far,
            parted_in_all: parted.len(),
            parted: parted.into_iter().take(SHOWN).map(Parted::of).collect(),
            regret: twin.regret.iter().map(|sum| Regretted { sum: sum.clone(), so_it: so_it(sum) }).collect(),
            left_out: left_out.collect(),
            imported: twin.imported,
            without_signal: twin.without_signal,
            flows: twin.flows,
            plot: plot.map(|plot| Block::Plot(Box::new(plot), how)),
        }
    }

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let mut blocks = vec![Block::Facts(self.facts(look))];
        blocks.extend(self.plot.clone());
        blocks.push(Block::Head("Where pairs part first".to_owned()));
        blocks.push(Block::Table(look.grid(
            "summary.layers",
            &[
                ("layer", "layer", Form::Words),
                ("pairs", "pairs", Form::Count),
                ("R together", "r", Form::Change(3)),
                ("of all differences", "share", Form::Percent(1)),
            ],
        )));
        if self.parted_in_all > 0 {
            blocks.push(Block::Head(format!(
                "{} of {} that part, the worst first; below zero is worse for us",
                self.parted.len(),
                self.parted_in_all
            )));
            blocks.push(Block::Table(look.grid(
                "parted",
                &[
                    ("signal", "signal", Form::Words),
                    ("symbol", "symbol", Form::Words),
                    ("layer", "layer", Form::Words),
                    ("why", "why", Form::Words),
                    ("entry", "entry", Form::Words),
                    ("exit", "exit", Form::Words),
                    ("quantity", "quantity", Form::Words),
                    ("R", "r", Form::Change(3)),
                    ("money", "money", Form::Change(2)),
                ],
            )));
        }
        blocks.push(Block::Head("Signals that were not followed".to_owned()));
        if self.regret.is_empty() {
            blocks.push(Block::Note("No signal was denied or expired.".to_owned()));
        } else {
            blocks.push(Block::Table(look.grid(
                "regret",
                &[
                    ("why", "code", Form::Words),
                    ("signals", "signals", Form::Count),
                    ("traded", "traded", Form::Count),
                    ("open", "open", Form::Count),
                    ("R", "r", Form::Change(2)),
                    ("money", "pnl", Form::Change(2)),
                    ("so it", "so_it", Form::Words),
                ],
            )));
            blocks.push(Block::Note(format!("What they would have made: {BOUND}.")));
        }
        if !self.left_out.is_empty() {
            blocks.push(Block::Head("Signals without a pair".to_owned()));
            blocks.push(Block::Table(look.grid(
                "left_out",
                &[
                    ("signals", "signals", Form::Count),
                    ("why", "words", Form::Words),
                    ("the first", "first", Form::Words),
                ],
            )));
        }
        blocks.push(Block::Folded(
            "The mean difference, pair by pair".to_owned(),
            look.grid(
                "so_far",
                &[
                    ("pairs", "pairs", Form::Count),
                    ("mean, R", "mean", Form::Change(3)),
                    ("from", "low", Form::Change(3)),
                    ("to", "high", Form::Change(3)),
                ],
            ),
        ));
        blocks
    }

    fn facts(&self, look: &Look<'_>) -> Vec<super::blocks::Fact> {
        let mut facts = vec![
            look.fact_of("signals to enter", "signals", Form::Count, "each played again on bars"),
            look.fact("bars", "bars", Form::Words),
            look.fact_of("from", "first", Form::Minute, "UTC"),
            look.fact_of("to", "last", Form::Minute, "UTC"),
            look.fact_of("pairs", "summary.figures.pairs", Form::Count, "traded and closed on both sides"),
            look.fact_of(
                "mean difference",
                "summary.figures.mean",
                Form::Change(3),
                "R, ours less the shadow's",
            ),
            look.fact_of(
                "the shadow's own mean",
                "summary.figures.shadow_expectancy",
                Form::Change(3),
                "R; with a bad one it was the market",
            ),
        ];
        let figures = &self.summary.figures;
        for (name, path, is_there, note) in [
            ("mean difference", "interval", figures.interval.is_some(), "95 %, one look"),
            ("any look", "sequence", figures.sequence.is_some(), "95 %, however often one looks"),
        ] {
            if is_there {
                let at = |end| format!("summary.figures.{path}.{end}");
                facts.push(look.fact_of(&format!("{name}, from"), &at("low"), Form::Change(3), note));
                facts.push(look.fact_of(&format!("{name}, to"), &at("high"), Form::Change(3), "R"));
            }
        }
        facts.extend([
            look.fact("only here", "summary.only_here", Form::Count),
            look.fact_of("which made", "summary.only_here_r", Form::Change(2), "R"),
            look.fact("only in the shadow", "summary.only_there", Form::Count),
            look.fact_of("which made", "summary.only_there_r", Form::Change(2), "R"),
            look.fact_of("not over", "summary.open", Form::Count, "pairs"),
            look.fact_of("without R", "summary.without_r", Form::Count, "pairs without a stop"),
        ]);
        if self.flows > 0 {
            facts.push(look.fact_of(
                "money came or went",
                "flows",
                Form::Count,
                "times since the first signal, and the shadow has none of it: sizes part there",
            ));
        }
        facts
    }
}

impl Parted {
    fn of(pair: &Pair) -> Self {
        let differs = &pair.differences;
        let known =
            |value: Option<Decimal>| Known::of(value.map(|value| value.normalize()), "not on both sides");
        Self {
            signal: pair.id.clone(),
            symbol: pair.symbol.clone(),
            layer: pair.layer.as_str(),
            why: why(pair),
            entry: known(differs.entry),
            exit: known(differs.exit),
            quantity: known(differs.quantity),
            r: Known::of(differs.r.map(Into::into), "not known on both sides"),
            money: known(differs.pnl),
        }
    }
}

impl Section for Known<Shadows> {
    const KEY: &'static str = "twin";
    const TITLE: &'static str = "Beside the shadows of the trades";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        match self {
            Self::Is(shadows) => shadows.blocks(look),
            Self::Not { .. } => vec![Block::Facts(vec![look.fact("shadows", "", Form::Words)])],
        }
    }
}
