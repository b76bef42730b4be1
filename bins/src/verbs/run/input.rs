//! The signals of a pass: read whole before anything is touched, judged one by one, and held against what came before
//! under the same ids.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::Path;

use broker_api::{Digest, Signal, SignalId};
use engine::intake::{self, Fault, Intake};
use serde_json::{Value, json};
use state::checkpoint;

use crate::args::RunArgs;
use crate::failure::Failure;
use crate::out::Out;
use crate::place::Place;
use crate::reading;

/// How many faults are told one by one; the document of `--json` has all.
const FAULTS_TOLD: usize = 100;

/// What the signals of this pass are. Nothing was written yet, and with `--strict` nothing will be when one is bad.
///
/// # Errors
/// A text that cannot be read; with `--strict` also an entry that is bad or in conflict.
pub fn given(out: Out, place: &Place, args: &RunArgs) -> Result<Intake, Failure> {
    let Some(path) = args.signals.as_deref() else { return Ok(Intake::default()) };
    let (text, name) = read(path)?;
    let intake = intake::read(&text, &name, crate::clock::now(), &crate::prices::defaults(place));
    for fault in intake.faults.iter().take(FAULTS_TOLD) {
        out.warn("bad_signal", &fault.to_string());
    }
    if intake.faults.len() > FAULTS_TOLD {
        out.warn("bad_signal", &format!("{name}: and {} faults more", intake.faults.len() - FAULTS_TOLD));
    }
    if args.strict {
        is_flawless(out, place, &intake)?;
    }
    Ok(intake)
}

/// Faults, for programs.
pub fn json(faults: &[Fault]) -> Vec<Value> {
    let row = |fault: &Fault| json!({ "place": fault.place, "field": fault.field, "why": fault.why });
    faults.iter().map(row).collect()
}

/// The ids that came with another content than the one that stands under them: in the book, which `known` asks, or
/// earlier in the same text.
pub fn conflicts(
    signals: &[(Signal, Digest)],
    known: impl Fn(SignalId) -> Option<Digest>,
) -> BTreeSet<SignalId> {
    let mut first: BTreeMap<SignalId, Digest> = BTreeMap::new();
    let is_other = |(signal, digest): &&(Signal, Digest)| {
        let stands = *first.entry(signal.id).or_insert_with(|| known(signal.id).unwrap_or(*digest));
        stands != *digest
    };
    signals.iter().filter(is_other).map(|(signal, _)| signal.id).collect()
}

/// Says which ids came with another content.
pub fn tell(out: Out, conflicts: &BTreeSet<SignalId>) {
    for id in conflicts {
        out.warn("signal_conflict", &format!(
            "signal {id}: came before with another content; the first stands and this one is not carried out. \
             A new decision needs a new id"
        ));
    }
}

/// The text of the signals and what it is called in messages.
fn read(path: &Path) -> Result<(String, String), Failure> {
    let limit = u64::try_from(intake::TEXT_BYTES_MAX).unwrap_or(u64::MAX);
    let (text, name) = if path.as_os_str() == "-" {
        if std::io::stdin().is_terminal() {
            return Err(Failure::usage(
                "no_input",
                "--signals - reads standard input, and that is a terminal",
            )
            .fix("pipe the signals in, or name a file"));
        }
        (reading::read_standard_input(limit), "standard input".to_owned())
    } else {
        (reading::read_text(path, limit), path.display().to_string())
    };
    let text = text.map_err(|failure| {
        let fix = failure.fix.as_deref().map_or_else(String::new, |fix| format!("{fix}; "));
        Failure { code: "signals_unreadable", ..failure }.fix(format!("{fix}nothing was taken in"))
    })?;
    Ok((text, name))
}

/// Refuses all of it for one entry that is bad, or in conflict with what the state file holds. That is read here and not
/// the journal, which makes files beside itself even for who only reads; where the two are not level, the pass finds
/// out, and asks [`in_conflict`] again.
fn is_flawless(out: Out, place: &Place, intake: &Intake) -> Result<(), Failure> {
    let loaded = checkpoint::read(&place.files).ok().flatten();
    let book = loaded.and_then(|loaded| loaded.book(&place.files.state).ok());
    let conflicts = conflicts(&intake.signals, |id| Some(book.as_ref()?.signal(id)?.digest));
    tell(out, &conflicts);
    let places: BTreeSet<&str> = intake.faults.iter().map(|Fault { place, .. }| place.as_str()).collect();
    let (bad, all) = (places.len() + conflicts.len(), places.len() + intake.signals.len());
    if bad == 0 {
        return Ok(());
    }
    Err(refused(bad, all))
}

/// With `--strict`, the failure that conflicts with the book are; nothing was taken in yet.
///
/// # Errors
/// That failure.
pub fn in_conflict(args: &RunArgs, conflicts: &BTreeSet<SignalId>, all: usize) -> Result<(), Failure> {
    if args.strict && !conflicts.is_empty() { Err(refused(conflicts.len(), all)) } else { Ok(()) }
}

fn refused(bad: usize, all: usize) -> Failure {
    let what = format!("{bad} of {all} signals are bad or in conflict; nothing was taken in");
    Failure::usage("bad_signals", what).fix("correct them, or leave --strict away to let the good ones go on")
}
