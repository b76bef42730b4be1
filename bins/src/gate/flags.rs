//! What a person must have looked at before a gate is passed: each with its name, and with an answer where there is one.

use std::collections::BTreeMap;

use broker_api::{By, Level, Record, Stamped};
use evidence::gates::RedFlag;
use state::book::Trade;

use crate::failure::Failure;
use crate::figures;
use crate::history::History;
use crate::place::{Place, Reading};

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// By which an answer names it: the number of its record, or of its trade.
    pub name: String,
    /// What was seen.
    pub what: String,
    /// What the journal has for an answer.
    pub answer: Option<String>,
}

/// Every flag of a book: those of its records in their order, then those of its trades.
pub fn all(
    place: &Place,
    reading: &Reading,
    history: &History,
    records: &[Stamped],
    changed: &[&Trade],
) -> Vec<Flag> {
    let mut found: Vec<Flag> = Vec::new();
    for (at, stamped) in records.iter().enumerate() {
        if let Some((what, answer)) = of_record(stamped, &records[at + 1..]) {
            let what = format!("{what} on {}", figures::minute(stamped.at));
            found.push(Flag { name: stamped.seq.to_string(), what, answer });
        }
    }
    for trade in changed {
        let code = trade.position.outside.as_ref().map(ToString::to_string).unwrap_or_default();
        let symbol = &trade.position.key.symbol;
        let what = format!("{symbol} was changed by no order of ours ({code}), and does not count");
        found.push(Flag { name: format!("trade-{}", trade.position.number), what, answer: None });
    }
    let bound = u64::from(place.loaded.config.limits.stop_missing_seconds) * 1_000;
    let held = reading.book.positions();
    for position in history.trades.values().map(|trade| &trade.position).chain(held) {
        let now = position.bare.since.map_or(0, |since| (reading.as_of - since).num_milliseconds());
        let longest = position.bare.longest_ms.max(u64::try_from(now).unwrap_or_default());
        if longest > bound {
            let (took, most) = (figures::span_ms(longest), figures::span_ms(bound));
            let what = format!("{} lay without its stop for {took}, beyond {most}", position.key.symbol);
            found.push(Flag { name: format!("bare-{}", position.number), what, answer: None });
        }
    }
    found
}

/// A person's answers, by the names of flags.
#[derive(Debug, Default)]
pub struct Answers(BTreeMap<String, String>);

fn bad(why: &str) -> Failure {
    Failure::usage("bad_answers", format!("gate.answers: {why}")).fix(
        "write each answer behind the name of its flag, with semicolons between them: gate.answers = \"412: TEXT; trade-7: TEXT\"",
    )
}

impl Answers {
    /// Of the configuration.
    ///
    /// # Errors
    /// A text that is none.
    pub fn of(text: &str) -> Result<Self, Failure> {
        let mut answers = BTreeMap::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let split = part.split_once(':').map(|(name, text)| (name.trim(), text.trim()));
            let Some((name, text)) = split.filter(|(_, text)| !text.is_empty()) else {
                return Err(bad(&format!("\"{part}\" is no name with an answer behind it")));
            };
            answers.insert(name.to_owned(), text.to_owned());
        }
        Ok(Self(answers))
    }

    /// The same without answers to what is not among these: of a moment before they were seen.
    pub fn only(mut self, flags: &[Flag]) -> Self {
        self.0.retain(|name, _| flags.iter().any(|flag| flag.name == *name));
        self
    }

    /// Flags with their answers.
    ///
    /// # Errors
    /// An answer to a flag that is not there.
    pub fn to(mut self, flags: Vec<Flag>, more: Option<Flag>) -> Result<Vec<RedFlag>, Failure> {
        let flags = flags.into_iter().chain(more).map(|Flag { name, what, answer }| RedFlag {
            answer: self.0.remove(&name).or(answer),
            what: format!("{name}: {what}"),
        });
        let flags = flags.collect();
        match self.0.into_keys().next() {
            Some(name) => Err(bad(&format!("no red flag has the name {name}"))),
            None => Ok(flags),
        }
    }
}

/// What one record says, and what the records behind it answer.
fn of_record(stamped: &Stamped, later: &[Stamped]) -> Option<(String, Option<String>)> {
    match &stamped.record {
        Record::LevelSet { level, by: By::Guard, reason, until } if *level != Level::Trading => {
            let own = match until {
                Some(_) if *level == Level::Paused => Some("a pause that ends by itself".to_owned()),
                _ => later.iter().find_map(resumed),
            };
            Some((format!("the guard set the level {level} ({})", reason.text), own))
        }
        Record::Diverged { venue, key, reason, .. } => {
            let own = later.iter().find_map(|later| match &later.record {
                Record::Repaired { venue: of, key: which, name, reason, .. }
                    if of == venue && (which == key || which.is_none()) =>
                {
                    Some(format!("repaired by {name}: {reason}"))
                }
                _ => None,
            });
            Some((format!("book and broker disagreed ({})", reason.text), own))
        }
        Record::SignalConflicted { signal, .. } => {
            Some((format!("the signal {signal} came again with other content"), None))
        }
        Record::Edited { reason, .. } => {
            Some(("the state file was edited".to_owned(), Some(reason.to_string())))
        }
        Record::Adopted(adopted) => Some((
            "the book begins with a file; what was closed before it may not be in it".to_owned(),
            Some(adopted.reason.to_string()),
        )),
        Record::EntriesStopped { scope, reason, until } => {
            let own = match until {
                Some(until) => Some(format!("it ends by itself on {}", figures::minute(*until))),
                None => later.iter().find_map(|later| match &later.record {
                    Record::EntriesAllowed { scope: of, by: By::Operator { name }, reason }
                        if of == scope =>
                    {
                        Some(format!("resumed by {name}: {}", reason.text))
                    }
                    _ => None,
                }),
            };
            Some((format!("entries of {scope} were stopped ({})", reason.text), own))
        }
        _ => None,
    }
}

fn resumed(later: &Stamped) -> Option<String> {
    match &later.record {
        Record::LevelSet { level: Level::Trading, by: By::Operator { name }, reason, .. } => {
            Some(format!("resumed by {name}: {}", reason.text))
        }
        _ => None,
    }
}
