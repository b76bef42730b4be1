//! What the guard did: what it stopped, what it denied and by which check.

use std::collections::BTreeMap;

use broker_api::{By, Ending, Level, Record, Time};
use serde::Serialize;

use super::blocks::Form;
use super::{Block, Look, Section, Seen};

/// How many stops are listed.
const LISTED: usize = 20;

/// Signals that one check denied.
#[derive(Debug, Serialize)]
struct Denials {
    check: String,
    signals: usize,
    last: Time,
    /// What was said the last time.
    says: String,
}

/// Signals that ended in one way.
#[derive(Debug, Serialize)]
struct Ended {
    how: &'static str,
    signals: usize,
}

/// Entries that were stopped, in all or in part.
#[derive(Debug, Serialize)]
struct Stop {
    at: Time,
    what: String,
    by: &'static str,
    why: String,
}

/// What the guard did, from the first record on.
#[derive(Debug, Serialize)]
pub struct Guard {
    signals: usize,
    open: usize,
    ended: Vec<Ended>,
    denials: Vec<Denials>,
    stops: usize,
    /// The latest first.
    last_stops: Vec<Stop>,
    losses_in_a_row: u32,
}

impl Guard {
    pub(super) fn of(seen: &Seen<'_>) -> Self {
        let signals = &seen.history.signals;
        let ended = |how: Ending| {
            let is =
                |state: &&state::book::SignalState| state.ended.as_ref().is_some_and(|end| end.ending == how);
            Ended { how: how.as_str(), signals: signals.values().filter(is).count() }
        };
        let mut denials: BTreeMap<String, Denials> = BTreeMap::new();
        for end in signals.values().filter_map(|state| state.ended.as_ref()) {
            let Some(reason) = end.reason.as_ref().filter(|_| end.ending == Ending::Denied) else { continue };
            let check = reason.code.to_string();
            let row = denials.entry(check.clone()).or_insert_with(|| Denials {
                check,
                signals: 0,
                last: end.at,
                says: String::new(),
            });
            row.signals += 1;
            if end.at >= row.last {
                (row.last, row.says) = (end.at, reason.text.to_string());
            }
        }
        let mut denials: Vec<Denials> = denials.into_values().collect();
        denials.sort_by_key(|row| std::cmp::Reverse(row.signals));
        let mut stops: Vec<Stop> = seen.records.iter().filter_map(stop).collect();
        let all = stops.len();
        stops.reverse();
        stops.truncate(LISTED);
        Self {
            signals: signals.len(),
            open: signals.values().filter(|state| state.ended.is_none()).count(),
            ended: Ending::ALL.into_iter().map(ended).filter(|row| row.signals > 0).collect(),
            denials,
            stops: all,
            last_stops: stops,
            losses_in_a_row: seen.reading.book.guard().losses_in_row,
        }
    }
}

fn stop(stamped: &broker_api::Stamped) -> Option<Stop> {
    let (what, by, why) = match &stamped.record {
        Record::LevelSet { level, by, reason, .. } if *level != Level::Trading => {
            let by = if matches!(by, By::Guard) { "the guard" } else { "a person" };
            (format!("level {level}"), by, reason.text.to_string())
        }
        Record::EntriesStopped { scope, reason, .. } => {
            (format!("entries of {scope}"), "the guard or a person", reason.text.to_string())
        }
        Record::Diverged { reason, .. } => {
            ("entries where book and broker disagree".to_owned(), "the guard", reason.text.to_string())
        }
        _ => return None,
    };
    Some(Stop { at: stamped.at, what, by, why })
}

impl Section for Guard {
    const KEY: &'static str = "guard";
    const TITLE: &'static str = "Guard";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let mut blocks = vec![
            Block::Facts(vec![
                look.fact("signals", "signals", Form::Count),
                look.fact_of("of these, not over yet", "open", Form::Count, ""),
                look.fact("losses in a row now", "losses_in_a_row", Form::Count),
                look.fact_of("stops of entries", "stops", Form::Count, "from the first record on"),
            ]),
            Block::Table(
                look.grid("ended", &[("ended", "how", Form::Words), ("signals", "signals", Form::Count)]),
            ),
            Block::Head("Denials by check".to_owned()),
        ];
        if self.denials.is_empty() {
            blocks.push(Block::Note("No signal was denied.".to_owned()));
        } else {
            blocks.push(Block::Table(look.grid(
                "denials",
                &[
                    ("check", "check", Form::Words),
                    ("signals", "signals", Form::Count),
                    ("last, UTC", "last", Form::Minute),
                    ("what was said then", "says", Form::Words),
                ],
            )));
        }
        if self.stops > 0 {
            blocks.push(Block::Head("What stopped entries, the latest first".to_owned()));
            blocks.push(Block::Table(look.grid(
                "last_stops",
                &[
                    ("at, UTC", "at", Form::Minute),
                    ("what", "what", Form::Words),
                    ("by", "by", Form::Words),
                    ("why", "why", Form::Words),
                ],
            )));
        }
        blocks
    }
}
