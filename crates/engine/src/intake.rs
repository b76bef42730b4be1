//! Signals from files: what a strategy wrote becomes checked, complete `Signal`s.
//!
//! 1. Four forms are read: a JSON array, an object `{"schema": "tradewind.signals/1", "signals": [..]}`, JSON lines,
//!    and CSV with the same names in its first line. The form is told by the text itself.
//! 2. One bad entry is a `Fault` with its place, and the good ones go on. A text that is not whole (half written,
//!    not JSON, an unknown column) is one fault, and nothing of it is taken.
//! 3. Numbers are text or JSON numbers and are read digit by digit, never through a binary fraction. Times carry
//!    their zone. An unknown key is a fault, for a misspelt `stop` would be an entry without one.
//! 4. What is judged here is only whether an entry says completely and without contradiction what it wants. Whether
//!    that is wise, late or possible is the desk's to decide and to record.
//! 5. A text has at most `TEXT_BYTES_MAX` bytes and `ENTRIES_MAX` entries, an entry at most `ENTRY_BYTES_MAX`
//!    bytes; one that has more is refused whole, before its entries are looked at. Entries are read one by one.
//! 6. The same text always gives the same ids and digests, whenever it is read: nothing in them comes from `now`.
//!
//! **Id.** An entry without `id` gets `<bar_close>/<symbol>/<action>/<strategy>`, such as
//! `20261120T210000Z/AAPL/enter/trend-a`; so it needs `bar_close`, in whole seconds.
//!
//! **Digest.** The SHA-256 of the entry's canonical form: a JSON object without spaces, its keys sorted, values as
//! text; the symbol canonical, numbers without trailing zeros, times in UTC, the strategy and the id filled in;
//! `asset_class` and an expiry that was not given left out.
//!
//! **Expiry.** An entry without `expires_at` expires a fixed time after the first moment at which it could be acted
//! upon: the decision when the market is open, else the next opening. See `Expiry`.

mod canonical;
mod entry;
pub(crate) mod exact;
mod formats;
pub(crate) mod symbols;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use broker_api::{Catalog, Digest, Signal, StrategyId, Symbol, Time};
use chrono::TimeDelta;

/// The JSON Schema of the array and the object form; each JSON line is one `$defs/signal`.
pub const SIGNALS_SCHEMA: &str = include_str!("../schema/signals.schema.json");

/// The name of the form that an object must carry under `schema`.
pub const SCHEMA_NAME: &str = "tradewind.signals/1";

/// The most bytes that a text of signals can have: 64 MiB.
pub const TEXT_BYTES_MAX: usize = 64 << 20;

/// The most entries that a text of signals can have.
pub const ENTRIES_MAX: usize = 1_000_000;

/// The most bytes that one entry, or one line of JSON lines or CSV, can have: 1 MiB.
pub const ENTRY_BYTES_MAX: usize = 1 << 20;

/// The longest text, in bytes, for which a likeness is looked for, and the most characters of one that a fault shows.
const SHOWN_MAX: usize = 80;

/// What holds for entries that do not say it themselves, and what their symbols can mean.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// Who decided.
    pub strategy: StrategyId,
    /// The instruments that a symbol can mean.
    pub catalog: Arc<Catalog>,
    /// Other names of symbols, small letters like capitals where that leaves one meaning. `EURUSD`, `EUR_USD`,
    /// `eur-usd`, `EURUSD=X` for `EUR/USD`, and `BRK-B` for `BRK.B`, need none.
    pub aliases: BTreeMap<String, Symbol>,
    /// Until when an entry may be acted upon.
    pub expiry: Expiry,
}

impl Defaults {
    /// Without aliases, with the usual expiry.
    pub fn new(strategy: StrategyId, catalog: Arc<Catalog>) -> Self {
        Self { strategy, catalog, aliases: BTreeMap::new(), expiry: Expiry::default() }
    }
}

/// How long an entry without `expires_at` may be acted upon, from the first moment at which it could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// For `enter`: short, for the price moves away from the decision. Usually 30 minutes, which for a decision
    /// after the close is until 10:00 New York.
    pub enter: TimeDelta,
    /// For `exit` and `adjust`: long, for holding on is not the safe side. Usually 24 hours.
    pub other: TimeDelta,
}

impl Default for Expiry {
    fn default() -> Self {
        Self { enter: TimeDelta::minutes(30), other: TimeDelta::hours(24) }
    }
}

/// One thing that is wrong with a text of signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: the name of the text, the entry's number and line.
    pub place: String,
    /// The key; `entry` when it is about an entry, `file` when it is about the text, as a whole.
    pub field: String,
    /// What is wrong and what to do, as one sentence.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.field, self.why)
    }
}

/// What a text of signals holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// The good entries with their digests, in the order of the text.
    pub signals: Vec<(Signal, Digest)>,
    /// What is wrong with the others, in the order of the text.
    pub faults: Vec<Fault>,
}

/// Reads a text of signals. `name` is what faults call it, such as the name of its file; `now` only serves to refuse
/// decisions from the future.
pub fn read(text: &str, name: &str, now: Time, defaults: &Defaults) -> Intake {
    let mut intake = Intake::default();
    let whole = formats::each(text, name, &mut |formats::Entry { place, cells }| match cells
        .map_err(|why| vec![("entry".to_owned(), why)])
        .and_then(|cells| entry::read(cells, now, defaults))
    {
        Ok(signal) => intake.signals.push(signal),
        Err(faults) => intake.faults.extend(faults.into_iter().map(|(field, why)| Fault {
            place: place.clone(),
            field,
            why,
        })),
    });
    match whole {
        Ok(()) => intake,
        Err(fault) => Intake { signals: Vec::new(), faults: vec![fault] },
    }
}

/// A text as faults show it: in quotes, without anything that a terminal would obey, and no more than its beginning.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}… ({} bytes)", &text[..end], text.len()),
    }
}

/// The candidate that a text was perhaps meant to be, as the end of a sentence: `; did you mean "stop"?`.
fn did_you_mean<'c>(text: &str, candidates: impl Iterator<Item = &'c str>) -> String {
    if text.len() > SHOWN_MAX {
        return String::new();
    }
    let close = |candidate: &&str| strsim::jaro_winkler(text, candidate) > 0.75;
    let nearest = candidates
        .filter(close)
        .min_by(|a, b| strsim::jaro_winkler(text, b).total_cmp(&strsim::jaro_winkler(text, a)));
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest:?}?"))
}
