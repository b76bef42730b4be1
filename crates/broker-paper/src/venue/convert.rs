//! Between the machine and its file: what a transaction writes, and how a file becomes a machine again.

use std::path::Path;
use std::sync::Arc;

use broker_api::{Catalog, Time};

use super::error::VenueError;
use super::log::{Change, Line, Snapshot, Steps, Stored};
use super::machine::{Base, Machine, Op, Place, Rules};
use super::text::{self, MomentText, OpText, Row, RulesText};
use crate::matching::{Moment, Settings};

/// How much of a machine is in its file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    pub rules: bool,
    pub base: bool,
    /// Steps since the base.
    pub ops: usize,
    /// The length of the base in the file, in bytes.
    pub base_len: usize,
}

/// What is not in the file yet, together with the rows of the log that the last step made.
pub(super) fn change(
    machine: &Machine,
    kept: &Kept,
    rows: &[Row],
    path: &Path,
) -> Result<Change, VenueError> {
    let bad = |why: serde_json::Error| VenueError::unreadable(path, "new state", why);
    let Rules { catalog, settings } = machine.rules();
    let rules = if kept.rules {
        None
    } else {
        Some(serde_json::to_string(&RulesText::of(settings, catalog)).map_err(bad)?)
    };
    let snapshot = if kept.base {
        None
    } else {
        let Base { saved, seq, place } = machine.base();
        let played: Option<Vec<_>> = place.played.iter().map(|m| MomentText::of(m, catalog)).collect();
        Some(Snapshot {
            saved: serde_json::to_string(saved).map_err(bad)?,
            seq: *seq,
            last_played: place.last.map(text::time),
            clock: place.clock.map(text::time),
            played: serde_json::to_string(&played.ok_or(VenueError::NoInstrument)?).map_err(bad)?,
        })
    };
    let fresh = machine.ops().get(kept.ops..).unwrap_or_default();
    let steps = if fresh.is_empty() {
        None
    } else {
        let ops: Option<Vec<_>> = fresh.iter().map(|op| OpText::of(op, catalog)).collect();
        Some(Steps {
            first: i64::try_from(kept.ops).map_err(|_| VenueError::Overflow)?,
            clock: machine.place.clock.map(text::time),
            ops: serde_json::to_string(&ops.ok_or(VenueError::NoInstrument)?).map_err(bad)?,
        })
    };
    let lines = rows.iter().map(line).collect::<serde_json::Result<_>>().map_err(bad)?;
    Ok(Change { rules, snapshot, steps, lines })
}

fn line(row: &Row) -> serde_json::Result<Line> {
    Ok(Line { at: text::time(row.at()), kind: row.kind().to_owned(), payload: row.payload()? })
}

/// The machine that a file holds, and how much of it. Its log must be what its steps give.
pub(super) fn machine(stored: &Stored, path: &Path) -> Result<(Machine, Kept), VenueError> {
    let rules = rules(&stored.rules, path)?;
    let base = base(&stored.snapshot, &rules.catalog, path)?;
    let mut machine = Machine::restore(rules, base)
        .map_err(|why| VenueError::unreadable(path, "state of the account", why))?;
    let mut lines = stored.lines.iter();
    for steps in &stored.steps {
        for op in ops(&steps.ops, &machine.rules().catalog, path)? {
            for row in machine.step(op)? {
                let made = line(&row).map_err(|why| VenueError::unreadable(path, "log", why))?;
                if lines.next() != Some(&made) {
                    return Err(VenueError::Contradiction { path: path.to_owned(), seq: machine.seq });
                }
            }
        }
        if let Some(clock) = time(steps.clock.as_deref(), path)? {
            machine.place.set(clock);
        }
    }
    if lines.next().is_some() {
        return Err(VenueError::Contradiction { path: path.to_owned(), seq: machine.seq + 1 });
    }
    let kept =
        Kept { rules: true, base: true, ops: machine.ops().len(), base_len: stored.snapshot.saved.len() };
    Ok((machine, kept))
}

fn rules(stored: &str, path: &Path) -> Result<Rules, VenueError> {
    let text: RulesText =
        serde_json::from_str(stored).map_err(|why| VenueError::unreadable(path, "settings", why))?;
    let (settings, catalog): (Settings, Catalog) =
        text.read().ok_or_else(|| VenueError::unreadable(path, "settings", "they contradict themselves"))?;
    Ok(Rules { catalog: Arc::new(catalog), settings })
}

fn base(stored: &Snapshot, catalog: &Catalog, path: &Path) -> Result<Base, VenueError> {
    let bad = |why: serde_json::Error| VenueError::unreadable(path, "state of the account", why);
    let played: Vec<MomentText> = serde_json::from_str(&stored.played).map_err(bad)?;
    let played: Option<Vec<Moment>> = played.into_iter().map(|moment| moment.read(catalog)).collect();
    Ok(Base {
        saved: serde_json::from_str(&stored.saved).map_err(bad)?,
        seq: stored.seq,
        place: Place {
            clock: time(stored.clock.as_deref(), path)?,
            last: time(stored.last_played.as_deref(), path)?,
            played: played.ok_or_else(|| unknown(path))?,
            current: None,
        },
    })
}

fn ops(stored: &str, catalog: &Catalog, path: &Path) -> Result<Vec<Op>, VenueError> {
    let ops: Vec<OpText> =
        serde_json::from_str(stored).map_err(|why| VenueError::unreadable(path, "last steps", why))?;
    let ops: Option<Vec<Op>> = ops.into_iter().map(|op| op.read(catalog)).collect();
    ops.ok_or_else(|| unknown(path))
}

fn unknown(path: &Path) -> VenueError {
    VenueError::unreadable(path, "last steps", "they name an instrument that is not in its settings")
}

fn time(stored: Option<&str>, path: &Path) -> Result<Option<Time>, VenueError> {
    stored
        .map(str::parse::<Time>)
        .transpose()
        .map_err(|why| VenueError::unreadable(path, "time of the account", why))
}
