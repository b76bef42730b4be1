//! `state` and `journal`: the two files, exported, verified, shown; edits taken in, copies made and brought back.

mod adopt;
mod backup;
mod import;
mod restore;

pub use adopt::adopt;
pub use backup::backup;
pub use import::import_own;
pub use restore::restore;

use broker_api::Time;
use serde_json::json;
use state::checkpoint::{self, Edit};

use crate::args::SchemaOf;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::ledger;
use crate::out::{self, Out};
use crate::place::Place;
use crate::words;

/// What `--json` prints, verb by verb.
pub const OUTPUT_SCHEMA: &str = include_str!("../../schema/output.schema.json");

/// Writes the state as the journal has it, and the closed trades as CSV, into a folder.
pub fn export(out: Out, place: &Place, folder: Option<&std::path::Path>) -> Result<(), Failure> {
    let folder = folder.unwrap_or_else(|| std::path::Path::new("export"));
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Unexpected, "not_exported", format!("{} cannot be written", folder.display()))
            .because(&error)
            .fix("make room, or name another folder with --out; the book is untouched")
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let reading = place.read(None)?;
    let target = Place::at(&folder.join("paper-state.json"), place.loaded.clone())?;
    if target.files.state.exists() && crate::files::same(&target.files.state, &place.files.state) {
        return Err(Failure::usage("same_folder", "the state is in that folder itself")
            .fix("name another folder with --out"));
    }
    crate::files::write_state(&target.files, &reading.book, reading.journal(), reading.as_of).map_err(
        |error| {
            Failure::new(
                Exit::Unexpected,
                "not_exported",
                format!("{} cannot be written", target.files.state.display()),
            )
            .because(&error)
            .fix("make room, or name another folder with --out; the book is untouched")
        },
    )?;
    let history = reading.history()?;
    let trades = folder.join("trades.csv");
    ledger::write(&trades, history.trades.values())?;
    out.text(&format!(
        "{}\nWritten: {} and {} ({} trades)\n",
        reading.headline(),
        target.files.state.display(),
        trades.display(),
        history.trades.len()
    ))?;
    let files = json!({ "state": target.files.state, "trades": trades, "count": history.trades.len() });
    out.document("state-export", &reading.heading(), reading.as_of, &files)
}

/// Compares the state file with the journal.
pub fn verify(out: Out, place: &Place) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let file = place.files.state.display().to_string();
    let loaded = checkpoint::read(&place.files).map_err(|error| {
        Failure::usage("state_unreadable", format!("{file} cannot be used")).because(&error).fix(
            "the journal is the truth: the next pass writes the file anew once the old one is moved away",
        )
    })?;
    let Some(loaded) = loaded else {
        return Err(Failure::usage("no_state", format!("{file} is not there"))
            .fix("the next pass writes it: tradewind run"));
    };
    if !loaded.intact {
        let broken = |error: &dyn std::error::Error| {
            Failure::usage(
                "state_edited",
                format!("{file}: keys of Tradewind's own were changed by something else"),
            )
            .because(error)
            .fix("undo the edit; `tradewind journal verify` tells whether the journal is whole; nothing was changed")
        };
        let then = reading.journal().book_to(loaded.journal_seq).map_err(|error| broken(&error))?;
        let edit = checkpoint::edit(&place.files.state, &loaded, &then).map_err(|error| broken(&error))?;
        return Err(edited(place, &edit));
    }
    let known = reading.journal().hash_at(loaded.journal_seq).ok().flatten();
    if known != Some(loaded.journal_hash) {
        return Err(Failure::usage(
            "state_of_another_journal",
            format!(
                "{file} was written at record {} with the hash {}, and the journal has {}",
                loaded.journal_seq,
                &loaded.journal_hash.as_str()[..12],
                known.map_or_else(|| "no such record".to_owned(), |hash| hash.as_str()[..12].to_owned())
            ),
        )
        .fix("bring the state and the journal that belong together back into one folder"));
    }
    let behind = reading.book.seq() - loaded.journal_seq;
    out.text(&format!(
        "{}\n{file}: whole, of this journal, {}\n",
        reading.headline(),
        if behind == 0 {
            "up to date".to_owned()
        } else {
            format!("{behind} records behind (the next pass writes it)")
        }
    ))?;
    let data = json!({ "file": place.files.state, "seq": loaded.journal_seq, "behind": behind, "generation": loaded.generation });
    out.document("state-verify", &reading.heading(), reading.as_of, &data)
}

/// A state file in which a person changed what is ours.
pub fn edited(place: &Place, edit: &Edit) -> Failure {
    let file = place.files.state.display();
    let told = edit.to_string();
    let mut lines = told.lines().map(|line| line.trim().to_owned());
    let mut failure = Failure::new(Exit::Divergence, "state_edited", lines.next().unwrap_or_default());
    failure.causes = lines.collect();
    failure.fix(format!(
        "take it in: tradewind state import {file} --reason TEXT; or let the next pass keep it aside and go on \
         without it: tradewind run"
    ))
}

/// Prints a schema.
pub fn schema(of: SchemaOf) -> Result<(), Failure> {
    out::print(match of {
        SchemaOf::State => checkpoint::SCHEMA,
        SchemaOf::Signals => engine::intake::SIGNALS_SCHEMA,
        SchemaOf::Output => OUTPUT_SCHEMA,
    })
}

/// Reads the whole journal, checks every hash, folds every record.
pub fn verify_journal(out: Out, place: &Place) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let began = crate::clock::Stopwatch::start();
    let verified = reading.journal().verify().map_err(|broken| not_whole(place, &broken))?;
    out.text(&format!(
        "{}\n{}: {} records, every hash follows from the one before, every record from the book before it; head {} ({} ms)\n",
        reading.headline(),
        place.files.journal.display(),
        figures::count(verified.records),
        &verified.head.hash.as_str()[..12],
        began.elapsed().as_millis()
    ))?;
    let data =
        json!({ "file": place.files.journal, "records": verified.records, "head": verified.head.hash });
    out.document("journal-verify", &reading.heading(), reading.as_of, &data)
}

/// A journal that was changed or cut.
pub fn not_whole(place: &Place, broken: &state::Broken) -> Failure {
    Failure::new(
        Exit::Unexpected,
        "journal_broken",
        format!("{} is not whole", place.files.journal.display()),
    )
    .because(broken)
    .fix("stop trading with it, keep the file, and go back to the last backup that verifies")
}

/// Prints the last records.
pub fn tail(out: Out, place: &Place, last: u64) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let records = reading
        .journal()
        .read(reading.book.seq().saturating_sub(last), usize::try_from(last).unwrap_or(usize::MAX))
        .map_err(|error| {
            Failure::new(Exit::Unexpected, "journal_broken", "the journal cannot be read")
                .because(&error)
                .fix("`tradewind journal verify` names the first record that does not fit")
        })?;
    let mut text = format!("{}\n", reading.headline());
    for stamped in &records {
        let at: Time = stamped.at;
        text.push_str(&format!(
            "  {:>7}  {}  {:<18} {}\n",
            stamped.seq,
            figures::time(at),
            stamped.record.name(),
            words::sentence(&stamped.record)
        ));
    }
    out.text(&text)?;
    let rows: Vec<_> = records
        .iter()
        .map(|stamped| json!({ "seq": stamped.seq, "at": stamped.at, "record": stamped.record }))
        .collect();
    out.document("journal-tail", &reading.heading(), crate::clock::now(), &json!(rows))
}
