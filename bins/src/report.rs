//! A report: one document of everything that the trades, orders and limits of a book come to, computed once; and its sections
//! for people, whose every figure is taken from that document.

mod against;
mod beside;
mod blocks;
mod chances;
mod equity;
mod guard;
mod head;
mod html;
mod markdown;
mod orders;
mod period;
mod rest;
mod text;
mod trades;
mod whole;

use broker_api::Time;
use serde::Serialize;
use serde_json::Value;

use crate::args::PeriodOf;
use crate::failure::{Exit, Failure};
use crate::gate;
use crate::history::{History, Story};
use crate::place::{Place, Reading};
use crate::quality::Quality;
use crate::twin::{self, Past, Twin};
use against::References;
pub use blocks::{Block, Look};
pub use html::html;
pub use markdown::markdown;
pub use text::text;

/// A value, or why there is none.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Known<T> {
    /// The value.
    Is(T),
    /// None.
    Not {
        /// Why, in a few words.
        undefined: String,
    },
}

impl<T> Known<T> {
    fn not(why: impl Into<String>) -> Self {
        Self::Not { undefined: why.into() }
    }

    fn of(value: Option<T>, why: &str) -> Self {
        value.map_or_else(|| Self::not(why), Self::Is)
    }

    const fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Not { .. } => None,
        }
    }
}

/// A section: a part of the document, and how people are told of it.
pub trait Section: Serialize {
    /// Its key in the document.
    const KEY: &'static str;
    /// Its heading.
    const TITLE: &'static str;

    /// What people read. `look` is this part of the document.
    fn blocks(&self, look: &Look<'_>) -> Vec<Block>;
}

/// Everything there is to tell.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whose it is, how it stands, what needs a person.
    pub head: head::Head,
    /// The time that was asked for, beside the time before.
    pub period: period::Period,
    /// All trades so far.
    pub all: whole::Whole,
    /// What the account was worth.
    pub equity: equity::Worths,
    /// How trades came out.
    pub trades: trades::Trades,
    /// Trades beside their shadows.
    pub twin: Known<beside::Shadows>,
    /// How orders were carried out.
    pub execution: Quality,
    /// What was stopped and denied.
    pub guard: guard::Guard,
    /// What could be lost by the morning.
    pub tonight: rest::Risk,
    /// Where the phase stands.
    pub gate: rest::Stands,
    /// What is not known, and why.
    pub notes: rest::Notes,
}

/// What sections are made from.
pub struct Seen<'a> {
    place: &'a Place,
    reading: &'a Reading,
    story: &'a Story,
    history: &'a History,
    records: &'a [broker_api::Stamped],
    /// What signals make on the bars that are configured.
    twin: Option<&'a Twin>,
    /// Trades that count as they do for a gate.
    counted: evidence::Ledger,
    /// All that make a ledger.
    every: evidence::Ledger,
    /// Trades that something else than our orders changed.
    changed: usize,
    asked: PeriodOf,
}

impl Seen<'_> {
    const fn now(&self) -> Time {
        self.reading.as_of
    }
}

impl Report {
    /// Computes all of it; nothing is written.
    ///
    /// # Errors
    /// A journal, bars, a backtest or answers that cannot be read.
    pub fn of(place: &Place, reading: &Reading, asked: PeriodOf) -> Result<Self, Failure> {
        let story = reading.story()?;
        let Story { history, records } = &story;
        let bars = twin::bars(place, None);
        let past = bars.as_deref().map(|bars| Past::open(place, reading, bars)).transpose()?;
        let twin = past.as_ref().map(|past| twin::compute_on(place, reading, &story, past)).transpose()?;
        let (every, changed) = gate::closed(place, history)?;
        let counted = if place.loaded.config.gate.count_imported { every.clone() } else { every.own() };
        let changed = changed.len();
        let twin = twin.as_ref();
        let seen =
            Seen { place, reading, story: &story, history, records, twin, counted, every, changed, asked };
        let mut references = References::default();
        let equity = equity::Worths::of(&seen, &mut references)?;
        let execution = Quality::of(place, reading, history, past.as_ref())?;
        let stands = rest::Stands::of(&seen)?;
        let period = period::Period::of(&seen, &equity, &mut references)?;
        let all = whole::Whole::of(&seen, &mut references)?;
        let trades = trades::Trades::of(&seen, &all, &mut references)?;
        let notes = rest::Notes::of(&seen, &execution, &stands, &references);
        Ok(Self {
            head: head::Head::of(&seen),
            period,
            all,
            guard: guard::Guard::of(&seen),
            tonight: rest::Risk::of(&seen, &equity),
            equity,
            trades,
            twin: beside::Shadows::of(&seen),
            execution,
            gate: stands,
            notes,
        })
    }

    /// The document.
    ///
    /// # Errors
    /// What cannot be written as JSON.
    pub fn document(&self) -> Result<Value, Failure> {
        serde_json::to_value(self).map_err(|error| {
            Failure::new(Exit::Unexpected, "unexpected", "the report cannot be written").because(&error)
        })
    }

    /// The sections, in the order in which they are read. A new one is a field above, and a line here.
    pub fn sections(&self, document: &Value) -> Vec<Part> {
        vec![
            part(&self.head, document),
            part(&self.period, document),
            part(&self.all, document),
            part(&self.equity, document),
            part(&self.trades, document),
            part(&self.twin, document),
            part(&self.execution, document),
            part(&self.guard, document),
            part(&self.tonight, document),
            part(&self.gate, document),
            part(&self.notes, document),
        ]
    }
}

/// A section, made.
#[derive(Debug)]
pub struct Part {
    /// Its key in the document.
    pub key: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What people read.
    pub blocks: Vec<Block>,
}

fn part<S: Section>(section: &S, document: &Value) -> Part {
    Part { key: S::KEY, title: S::TITLE, blocks: section.blocks(&Look::new(document, S::KEY)) }
}
