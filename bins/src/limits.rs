//! Which limits are in force for a process that starts now, and what of the configuration waits.

use broker_api::{LimitsInForce, Time};
use engine::Limits;
use risk::{Pending, Until, versions};
use serde_json::{Value, json};
use state::Book;

use crate::figures;
use crate::summary::Need;

/// What a book and a configuration come to.
#[derive(Clone, Debug)]
pub struct Force {
    /// In force for a process that starts now.
    pub limits: Limits,
    /// What the configuration says otherwise, and what it waits for.
    pub pending: Vec<Pending>,
    /// What the book has.
    pub known: Option<LimitsInForce>,
}

impl Force {
    /// What is in force of these limits.
    pub fn of(wanted: &Limits, book: &Book, now: Time) -> Self {
        let guard = book.guard();
        let known = guard.limits.clone();
        let before = known.as_ref().map(|limits| &limits.figures);
        let (limits, pending) = versions::in_force(before, wanted, guard.confirmed.as_ref(), now);
        Self { limits, pending, known }
    }

    /// The keys that wait for a person.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &Pending> {
        self.pending.iter().filter(|row| row.until == Until::Confirmed)
    }

    /// What a person must be told about it.
    pub fn needs(&self) -> Vec<Need> {
        let need = |row: &Pending| {
            let verb = match row.until {
                Until::Confirmed => format!("limits confirm {} --reason TEXT", row.key),
                Until::Time(_) | Until::With(_) => "limits".to_owned(),
            };
            Need { text: format!("{} -> tradewind {verb}", told(row)), verb }
        };
        self.pending.iter().map(need).collect()
    }

    /// Which version, and since when.
    pub fn version(&self) -> String {
        self.known.as_ref().map_or_else(
            || "no version yet: the first process writes it".to_owned(),
            |known| format!("version {} since {}", known.version, figures::minute(known.since)),
        )
    }
}

/// One limit that waits, in words.
pub fn told(row: &Pending) -> String {
    let Pending { key, from, to, factor, until } = row;
    let waits = match until {
        Until::Confirmed => "until a person confirms it, and the next account day begins".to_owned(),
        Until::Time(at) => format!("confirmed, until the first process from {} on", figures::minute(*at)),
        Until::With(other) => format!("as long as {other} does, which it goes with"),
    };
    format!("limit {key} stays {from}, not {to} ({factor} times as loose), {waits}")
}

/// The same for programs.
pub fn json(row: &Pending) -> Value {
    let (waits, at) = match row.until {
        Until::Confirmed => ("confirmation", None),
        Until::Time(at) => ("time", Some(at)),
        Until::With(_) => ("another_limit", None),
    };
    json!({
        "key": row.key, "in_force": row.from, "configured": row.to, "factor": row.factor.to_string(),
        "waits_for": waits, "from": at,
    })
}
