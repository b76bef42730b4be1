//! Risk tonight, where the phase stands, and what is not known.

use evidence::Criterion;
use evidence::gates::Outcome;
use serde::Serialize;
use serde_json::Value;

use super::against::References;
use super::blocks::Form;
use super::equity::Worths;
use super::{Block, Known, Look, Section, Seen};
use crate::failure::Failure;
use crate::quality::Quality;
use crate::tonight::Tonight;
use crate::verbs::gate;

/// What could be lost by the morning, as `status` has it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Risk {
    told: Value,
    #[serde(skip)]
    lines: String,
}

impl Risk {
    pub(super) fn of(seen: &Seen<'_>, worths: &Worths) -> Self {
        let tonight = Tonight::of_reading(seen.place, seen.reading, worths.now());
        Self { told: tonight.json(), lines: tonight.block() }
    }
}

impl Section for Risk {
    const KEY: &'static str = "tonight";
    const TITLE: &'static str = "Risk tonight";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let mut blocks = vec![
            Block::Facts(vec![
                look.fact("if every stop is hit", "every_stop.loss", Form::Number(2)),
                look.fact_of("the same", "every_stop.share", Form::Percent(2), "of equity"),
                look.fact("a gap of one ATR beyond", "gap_of_one_atr.loss", Form::Number(2)),
                look.fact_of("the same", "gap_of_one_atr.share", Form::Percent(2), "of equity"),
                look.fact_of(
                    "one loss",
                    "breakers.loss",
                    Form::Number(2),
                    "what losses to a breaker are counted in",
                ),
            ]),
            Block::Table(look.grid(
                "carried",
                &[
                    ("symbol", "symbol", Form::Words),
                    ("side", "side", Form::Words),
                    ("quantity", "quantity", Form::Words),
                    ("from", "from", Form::Words),
                    ("stop", "stop", Form::Words),
                    ("loss at it", "loss", Form::Number(2)),
                    ("with a gap", "loss_with_gap", Form::Number(2)),
                    ("guarded alone by", "alone", Form::Words),
                    ("why", "why", Form::Words),
                ],
            )),
        ];
        let lines =
            self.lines.lines().map(str::trim).map(|line| line.strip_prefix("tonight").unwrap_or(line).trim());
        blocks.extend(lines.map(|line| Block::Note(line.to_owned())));
        blocks
    }
}

/// Where the phase stands: the gate to the next one, as `gate` has it.
#[derive(Debug, Serialize)]
pub struct Stands {
    gate: String,
    outcome: Outcome,
    agreed: Outcome,
    met: usize,
    of: usize,
    judged: usize,
    counted: usize,
    mark: Known<usize>,
    next: usize,
    criteria: Vec<Criterion>,
    #[serde(skip)]
    notes: Vec<String>,
}

impl Stands {
    pub(super) fn of(seen: &Seen<'_>) -> Result<Self, Failure> {
        let looked = gate::look(seen.place, seen.reading, seen.story, seen.twin)?;
        let evaluation = looked.evaluation;
        Ok(Self {
            met: evaluation.met(),
            of: evaluation.criteria.len(),
            gate: evaluation.gate,
            outcome: evaluation.outcome,
            agreed: evaluation.agreed,
            judged: looked.gathered.judged.len(),
            counted: looked.gathered.counted,
            mark: Known::of(looked.gathered.mark, "too few trades to be judged"),
            next: looked.gathered.next,
            criteria: evaluation.criteria,
            notes: looked.notes,
        })
    }
}

impl Section for Stands {
    const KEY: &'static str = "gate";
    const TITLE: &'static str = "Gate";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        vec![
            Block::Facts(vec![
                look.fact("gate", "gate", Form::Words),
                look.fact("outcome", "outcome", Form::Words),
                look.fact_of("as it was agreed", "agreed", Form::Words, "without what is stronger"),
                look.fact_of("met", "met", Form::Count, "criteria"),
                look.fact_of("of", "of", Form::Count, "criteria"),
                look.fact_of("judged", "judged", Form::Count, "trades"),
                look.fact_of("of", "counted", Form::Count, "trades that count"),
                look.fact_of("evaluated next at", "next", Form::Count, "trades"),
            ]),
            Block::Table(look.grid(
                "criteria",
                &[
                    ("criterion", "name", Form::Words),
                    ("needed", "needed", Form::Words),
                    ("have", "have", Form::Words),
                    ("verdict", "verdict", Form::Words),
                    ("power", "power.value", Form::Percent(0)),
                    ("80 % takes", "power.trades_for_80", Form::Number(0)),
                ],
            )),
            Block::Folded(
                "On what each verdict rests".to_owned(),
                look.grid(
                    "criteria",
                    &[
                        ("criterion", "name", Form::Words),
                        ("evidence", "evidence", Form::Words),
                        ("to see", "power.to_see", Form::Words),
                    ],
                ),
            ),
        ]
    }
}

/// What is not known, and why.
#[derive(Debug, Serialize)]
pub struct Notes {
    notes: Vec<String>,
}

impl Notes {
    pub(super) fn of(seen: &Seen<'_>, quality: &Quality, stands: &Stands, references: &References) -> Self {
        let mut notes: Vec<String> = stands.notes.clone();
        notes.extend(references.notes.iter().filter(|note| !stands.notes.contains(note)).cloned());
        if seen.every.imported() > 0 && !seen.place.loaded.config.gate.count_imported {
            notes.push(format!(
                "{} of another program are in no figure",
                crate::figures::counted(seen.every.imported(), "trade")
            ));
        }
        let without = seen.counted.trades().iter().filter(|trade| trade.multiple().is_none()).count();
        if without > 0 {
            notes.push(format!(
                "{} had no stop: figures in R need one of every trade",
                crate::figures::counted(without, "trade")
            ));
        }
        if quality.known.iter().any(|known| known.orders > 0) {
            notes.push("the journal does not know when a request was written, nor the middle of a quote: the steps from approved to sent to accepted and the half spread have no value; from approved to accepted has".to_owned());
            notes.push("the price that the market stood at as an order left is the ask of a purchase and the bid of a sale, and is told only where the signal has a decision price of its own".to_owned());
            notes.extend(missed(quality));
            notes.push("fills carry the venue's clock, all else ours: a step between the two is off by what they differ, and one that runs backwards is counted and left out".to_owned());
        }
        Self { notes }
    }
}

/// What nothing tells of orders that were not filled whole.
fn missed(quality: &Quality) -> Option<String> {
    let all = quality.decided.first()?;
    let unknown = all.missed.checked_sub(all.opportunity.orders).filter(|unknown| *unknown > 0)?;
    let why = if quality.has_bars {
        "no bar closed since they were over"
    } else {
        "no bars are given; write [gate] bars = \"DIR\""
    };
    Some(format!(
        "{} not filled whole, without a price at the end: what it cost to miss them is not known, and they are in no shortfall; {why}",
        crate::figures::counted(unknown, "order")
    ))
}

impl Section for Notes {
    const KEY: &'static str = "notes";
    const TITLE: &'static str = "What is not known";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        if self.notes.is_empty() {
            return vec![Block::Note("Nothing of note.".to_owned())];
        }
        vec![Block::Table(look.grid("notes", &[("note", "", Form::Words)]))]
    }
}
