//! Evaluations that were recorded, as they were put away: `<state>.gates/NAME-TIME.json`, one for each.

use std::io;
use std::path::PathBuf;

use broker_api::Time;
use serde_json::Value;
use state::files::with_ending;

use super::shown::{GATE, Shown};
use crate::files;
use crate::place::Place;

/// How large one may be.
pub(super) const LARGE: u64 = 64 << 20;

/// One that was put away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// When it was evaluated.
    pub at: Time,
    /// What came of it.
    pub outcome: String,
    /// The hash of all that was evaluated.
    pub facts: String,
    /// The hash of its certificate, where it has one.
    pub certificate: Option<String>,
}

fn folder(place: &Place) -> PathBuf {
    with_ending(&place.files.state, ".gates")
}

/// Puts one away; where it lies then. It is on the disk, and nothing that lay there is changed.
///
/// # Errors
/// A folder that cannot be written to.
pub fn keep(place: &Place, gate: &str, at: Time, document: &Value) -> io::Result<PathBuf> {
    files::put_away(place, &folder(place), &format!("{gate}-"), at, document)
}

/// Keeps one that was made elsewhere, as on a practice account, beside this state too.
///
/// # Errors
/// A folder that cannot be written to.
pub fn take_over(place: &Place, shown: &Shown) -> io::Result<()> {
    match keep(place, GATE, shown.at, &shown.document) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        kept => kept.map(drop),
    }
}

/// Those of a gate at a number of trades, or at any, the oldest first.
///
/// # Errors
/// A folder, or a file in it, that cannot be read.
pub fn earlier(place: &Place, gate: &str, trades: Option<usize>) -> io::Result<Vec<Earlier>> {
    let folder = folder(place);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || !name.starts_with(&format!("{gate}-")) {
            continue;
        }
        let text = crate::reading::read_text(&folder.join(&name), LARGE).ok();
        let (earlier, of) = text.as_deref().and_then(of).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{name} is no evaluation of a gate"))
        })?;
        if trades.is_none_or(|trades| of == u64::try_from(trades).ok()) {
            found.push(earlier);
        }
    }
    found.sort_by_key(|earlier| earlier.at);
    Ok(found)
}

/// The evaluation that a text tells of, and of how many trades; nothing when it is none.
pub fn of(text: &str) -> Option<(Earlier, Option<u64>)> {
    let document: Value = serde_json::from_str(text).ok()?;
    let data = &document["data"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let earlier = Earlier {
        at: document["as_of"].as_str()?.parse().ok()?,
        outcome: text(&data["evaluation"]["outcome"])?,
        facts: text(&data["facts_sha256"])?,
        certificate: text(&data["certificate"]["sha256"]),
    };
    Some((earlier, data["judged"]["trades"].as_u64()))
}
