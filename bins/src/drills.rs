//! Drills that were held, as they were put away: `<state>.drills/TIME.json`, one for each.

use std::io;
use std::path::{Path, PathBuf};

use broker_api::Time;
use serde_json::{Value, json};
use state::files::with_ending;

use crate::figures;
use crate::files;
use crate::place::Place;

/// How large one may be.
const SMALL: u64 = 1 << 20;

/// The last drill of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// When it was held.
    pub at: Time,
    /// Whether all of it was as it should be.
    pub has_passed: bool,
    /// How long a halt took until entries were off, in milliseconds.
    pub halt_ms: Option<u64>,
}

/// The folder they lie in.
fn folder(place: &Place) -> PathBuf {
    with_ending(&place.files.state, ".drills")
}

/// Puts one away, under its time; where it lies then. It is on the disk, and nothing that lay there is changed.
///
/// # Errors
/// A folder that cannot be written to.
pub fn keep(place: &Place, at: Time, document: &Value) -> io::Result<PathBuf> {
    files::put_away(place, &folder(place), "", at, document)
}

/// Keeps one that was held elsewhere at that time, as on a practice account, beside this state too.
///
/// # Errors
/// A file that cannot be read, a folder that cannot be written to.
pub fn take_over(place: &Place, file: &Path, at: Time) -> io::Result<()> {
    let text = std::fs::read_to_string(file)?;
    match keep(place, at, &serde_json::from_str(&text)?) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        kept => kept.map(drop),
    }
}

/// The last one that was kept here; nothing when none was, or it cannot be read.
pub fn last(place: &Place) -> Option<Last> {
    let entries = std::fs::read_dir(folder(place)).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_one = |name: &String| {
        !name.starts_with('.') && Path::new(name).extension().is_some_and(|end| end == "json")
    };
    let name = names.filter(is_one).max()?;
    read(&folder(place).join(name))
}

/// When the last one was held, if it passed, by the clock of a desk at which it is `now`: its age is by the clock that wrote it
/// down.
pub fn tried(place: &Place, now: Time) -> Option<Time> {
    let drill = last(place).filter(|drill| drill.has_passed)?;
    drill.at_a_desk(now, crate::clock::now())
}

/// A drill that was put away; nothing when the file is none.
pub fn read(file: &Path) -> Option<Last> {
    of(&crate::reading::read_text(file, SMALL).ok()?)
}

/// The drill that a text tells of; nothing when it is none.
pub fn of(text: &str) -> Option<Last> {
    let document: Value = serde_json::from_str(text).ok()?;
    if document["schema"] != "tradewind.drill/1" {
        return None;
    }
    let at = document["as_of"].as_str()?.parse().ok()?;
    let data = &document["data"];
    Some(Last { at, has_passed: data["passed"] == true, halt_ms: data["timings"]["entries_off_ms"].as_u64() })
}

impl Last {
    /// When it was by the clock of a desk at which it is `now` while it is `here` on this machine; nothing for a time that is none.
    pub fn at_a_desk(&self, now: Time, here: Time) -> Option<Time> {
        now.checked_sub_signed(here - self.at)
    }

    /// In words: `last drill 3 days ago, halt in 184 ms`.
    pub fn told(&self, now: Time) -> String {
        let took = self.halt_ms.map_or_else(String::new, |ms| format!(", halt in {ms} ms"));
        let failed = if self.has_passed { "" } else { ", FAILED" };
        format!("last drill {} ago{failed}{took}", figures::span(now - self.at))
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({ "at": self.at, "passed": self.has_passed, "entries_off_ms": self.halt_ms })
    }
}
