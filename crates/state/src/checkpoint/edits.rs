//! What a person may change in the state file, and how a change is found: the file is held against the book as the
//! journal has it at the file's own place.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use broker_api::{Change, Digest};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use super::merge::{self, Difference};
use super::{Loaded, readable, safe};
use crate::book::{Book, keyed};

/// How many differences are said.
const SHOWN: usize = 20;

/// What a person may do with a place of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    /// Give it another value, or take it away where it may be absent.
    Change,
    /// Take it away, whole.
    Remove,
    /// Nothing by itself: it is computed from what stands beside it, and must fit.
    Compute,
}

/// The rule: what may be changed, and nothing else. `*` is one name: a key, or the number of a trade.
const RULE: [(&str, May); 41] = [
    ("/positions/*", May::Remove),
    ("/positions/*/held", May::Change),
    ("/positions/*/cost", May::Change),
    ("/positions/*/entered", May::Change),
    ("/positions/*/entered_value", May::Change),
    ("/positions/*/exited", May::Change),
    ("/positions/*/exited_value", May::Change),
    ("/positions/*/gross", May::Change),
    ("/positions/*/fees", May::Change),
    ("/positions/*/risk", May::Change),
    ("/positions/*/plan/stop", May::Change),
    ("/positions/*/plan/target", May::Change),
    ("/positions/*/average_price", May::Compute),
    ("/trades/*", May::Remove),
    ("/trades/*/entered", May::Change),
    ("/trades/*/entered_value", May::Change),
    ("/trades/*/exited", May::Change),
    ("/trades/*/exited_value", May::Change),
    ("/trades/*/gross", May::Change),
    ("/trades/*/fees", May::Change),
    ("/trades/*/risk", May::Change),
    ("/trades/*/entry_price", May::Compute),
    ("/trades/*/exit_price", May::Compute),
    ("/trades/*/net", May::Compute),
    ("/trades/*/r", May::Compute),
    ("/totals/positions", May::Change),
    ("/totals/trades", May::Change),
    ("/totals/wins", May::Change),
    ("/totals/losses", May::Change),
    ("/totals/losses_in_row_max", May::Change),
    ("/totals/gross", May::Change),
    ("/totals/fees", May::Change),
    ("/totals/fills", May::Change),
    ("/totals/endings/*", May::Change),
    ("/guard/losses_in_row", May::Change),
    ("/guard/cooled_at", May::Change),
    ("/guard/week", May::Change),
    ("/guard/high_water", May::Change),
    ("/guard/equity", May::Change),
    ("/guard/day/equity", May::Change),
    ("/guard/day/realised", May::Change),
];

/// Why the rest is not a person's to change, by where it begins.
const NOT_YOURS: [(&str, &str); 13] = [
    ("/guard/armed", "an account is armed with `tradewind arm`, and only by it"),
    ("/guard/gates", "a gate is passed by evidence, or overridden with `tradewind arm --override-gate`"),
    ("/guard/limits", "limits are set in the configuration"),
    ("/guard/confirmed", "what is loosened a great deal is confirmed with `tradewind limits confirm`"),
    ("/guard/", "the level is set with `tradewind halt` and `tradewind resume`"),
    (
        "/positions/",
        "it follows from executions; held, sums, stop and target may be changed, or the position removed",
    ),
    ("/trades/", "it follows from executions; quantities and sums may be changed, or the trade removed"),
    ("/orders", "it is what was sent and answered"),
    ("/closed_orders", "it is what was sent and answered"),
    ("/executions", "it is what the broker told"),
    ("/signals", "it is what was taken in"),
    ("/venues", "it says which account is traded, and how far its log was read"),
    ("/journal_", "it says of which place of the journal the file is the face"),
];

/// What may be done with a place; nothing when it is not a person's.
fn may(path: &str) -> Option<May> {
    let fits = |pattern: &str| {
        let (mut names, mut given) = (pattern.split('/'), path.split('/'));
        loop {
            match (names.next(), given.next()) {
                (None, None) => return true,
                (Some(name), Some(there)) if name == "*" || name == there => {}
                _ => return false,
            }
        }
    };
    RULE.iter().find(|(pattern, _)| fits(pattern)).map(|(_, may)| *may)
}

/// Why an edit of the state file was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken(Box<str>);

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotTaken {}

fn not_taken<T>(why: impl Into<Box<str>>) -> Result<T, NotTaken> {
    Err(NotTaken(why.into()))
}

/// The edit in a file of ours, held against the book at the file's own place: what a person changed, when all of it is
/// a person's to change. Empty when nothing was.
///
/// # Errors
/// [`NotTaken`]: a key that is not a person's, a computed figure that does not fit, a value that cannot be.
pub fn changes(file: &Loaded, then: &Book) -> Result<Vec<Change>, NotTaken> {
    let wrong = |why: serde_json::Error| NotTaken(format!("it is no state file any more: {why}").into());
    let edited = Book::deserialize(&file.own).map_err(wrong)?;
    let form = |book: &Book| readable(book).map(|keys| keyed(Value::Object(keys))).map_err(wrong);
    let (was, is, given) = (form(then)?, form(&edited)?, keyed(file.own.clone()));
    for Difference { path, file: found, journal } in merge::differences(&given, &is, usize::MAX) {
        // A figure that was left as it was is not an edit; one that was changed must be what it would be computed to.
        if may(&path) == Some(May::Compute) && found.as_ref() != was.pointer(&path) {
            let (found, fits) = (shown(found.as_ref()), shown(journal.as_ref()));
            return not_taken(format!(
                "{path} is computed: {found} stands there, and {fits} would follow from the rest"
            ));
        }
    }
    let plain = |book: &Book| serde_json::to_value(book).map(keyed).map_err(wrong);
    let mut all = Vec::new();
    for Difference { path, file: to, journal: from } in
        merge::differences(&plain(&edited)?, &plain(then)?, usize::MAX)
    {
        if is_same(to.as_ref(), from.as_ref()) {
            continue;
        }
        let text = |value: &Value| value.to_string().into_boxed_str();
        let change = Change { from: from.as_ref().map(text), to: to.as_ref().map(text), path };
        match may(&change.path) {
            Some(May::Change) => all.push(change),
            Some(May::Remove) if change.to.is_none() => all.push(change),
            Some(May::Remove | May::Compute) | None => {
                let because = NOT_YOURS.iter().find(|(begins, _)| change.path.starts_with(begins));
                let because = because.map_or("it follows from what happened", |(_, why)| why);
                return not_taken(format!("{change} is not to be edited: {because}"));
            }
        }
    }
    Ok(all)
}

/// Whether two values are one number, written with more or fewer zeros at its end.
fn is_same(a: Option<&Value>, b: Option<&Value>) -> bool {
    let number = |value: Option<&Value>| value?.as_str()?.parse::<Decimal>().ok();
    number(a).is_some_and(|a| number(b) == Some(a))
}

/// An edited state file: shown, kept, and not followed. What counts is the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The state file.
    pub state: PathBuf,
    /// The hash of its bytes.
    pub file: Digest,
    /// The name under which it is kept when the state file is written anew.
    pub kept: PathBuf,
    /// Where it is not what the journal says; empty when only the checksum, or what no record tells, was changed.
    pub differences: Vec<Difference>,
}

/// The edit in the file at `state`, held against the book at the file's own place.
///
/// # Errors
/// When the folder cannot be looked into.
pub fn edit(state: &Path, file: &Loaded, then: &Book) -> io::Result<Edit> {
    let kept = safe::edited_name(state, file.file)?;
    let differences = file.differences(then, usize::MAX);
    Ok(Edit { state: state.to_owned(), file: file.file, kept, differences })
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, differences, .. } = self;
        write!(f, "Tradewind's own keys in {} were edited", state.display())?;
        if differences.is_empty() {
            write!(f, " (its checksum does not fit, and no record tells what was changed)")?;
        }
        for Difference { path, file, journal } in differences.iter().take(SHOWN) {
            let (file, journal) = (shown(file.as_ref()), shown(journal.as_ref()));
            write!(f, "\n  {path} is {file} in the file and {journal} by the journal")?;
        }
        if differences.len() > SHOWN {
            write!(f, "\n  and {} more", differences.len() - SHOWN)?;
        }
        Ok(())
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "absent".to_owned() };
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("...".chars()).collect() }
}
