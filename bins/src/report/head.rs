//! Whose report it is, how things stand, and what needs a person now.

use broker_api::{Level, Mode, Time};
use serde::Serialize;

use super::blocks::Form;
use super::{Block, Known, Look, Section, Seen};
use crate::place::Reading;
use crate::verbs::status;

/// The first section.
#[derive(Debug, Serialize)]
pub struct Head {
    mode: Known<String>,
    account: Known<String>,
    phase: &'static str,
    level: Level,
    level_since: Known<Time>,
    as_of: Time,
    /// Whether it is of a moment that was asked for.
    is_past: bool,
    records: u64,
    journal: String,
    needs_you: Vec<Need>,
}

#[derive(Debug, Serialize)]
struct Need {
    what: String,
    verb: String,
}

impl Head {
    pub(super) fn of(seen: &Seen<'_>) -> Self {
        let Seen { place, reading, .. } = seen;
        let heading = reading.heading();
        let unbound = "the book is bound to no account yet";
        let guard = reading.book.guard();
        let needs = status::needs(place, reading).into_iter();
        Self {
            mode: Known::of(heading.mode, unbound),
            account: Known::of(heading.account, unbound),
            phase: phase(reading),
            level: guard.level,
            level_since: Known::of(guard.since, "never changed"),
            as_of: reading.as_of,
            is_past: reading.is_past(),
            records: reading.book.seq(),
            journal: reading.head().hash.as_str()[..12].to_owned(),
            needs_you: needs.map(|need| Need { what: need.text, verb: need.verb }).collect(),
        }
    }
}

fn phase(reading: &Reading) -> &'static str {
    match reading.book.venues().next().map(|venue| venue.of.mode) {
        None => "before the first pass",
        Some(Mode::Paper) => "paper trading, before the gate paper",
        Some(Mode::Practice) => "a broker's paper account",
        Some(Mode::Live) => "real money",
    }
}

impl Section for Head {
    const KEY: &'static str = "head";
    const TITLE: &'static str = "Where things stand";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let mut blocks = vec![Block::Facts(vec![
            look.fact("mode", "mode", Form::Words),
            look.fact("account", "account", Form::Words),
            look.fact("phase", "phase", Form::Words),
            look.fact("level", "level", Form::Words),
            look.fact_of("level since", "level_since", Form::Minute, "UTC"),
            look.fact_of("as of", "as_of", Form::Minute, "UTC"),
            look.fact_of("journal", "records", Form::Count, "records"),
        ])];
        if self.needs_you.is_empty() {
            blocks.push(Block::Note("Nothing needs you.".to_owned()));
        } else {
            blocks.push(Block::Head("Needs you now".to_owned()));
            blocks.push(Block::Table(
                look.grid("needs_you", &[("what", "what", Form::Words), ("verb", "verb", Form::Words)]),
            ));
        }
        blocks
    }
}
