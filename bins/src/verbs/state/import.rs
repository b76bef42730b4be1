//! `state import` for a file of our own: what a person changed in it becomes a record.

use std::path::Path;

use broker_api::{Code, Reason, Record};
use serde_json::json;
use state::checkpoint::{self, Loaded};
use state::{Journal, SqliteStore, Started};

use crate::edits;
use crate::failure::Failure;
use crate::figures;
use crate::files;
use crate::out::Out;
use crate::place::{Place, heading, headline};

/// Takes in what a person changed in a state file of this journal.
///
/// # Errors
/// A file that is not of this journal, holds no edit, or an edit that cannot be taken in; nothing was changed.
pub fn import_own(out: Out, place: &Place, file: &Path, reason: &str) -> Result<(), Failure> {
    let name = file.display().to_string();
    let given = checkpoint::read_at(file).map_err(|error| {
        Failure::usage("state_unreadable", format!("{name} cannot be taken in"))
            .because(&error)
            .fix("bring the edited file back whole, as JSON, and import it again; nothing was changed")
    })?;
    let Some(given) = given else {
        return Err(Failure::usage("no_file", format!("{name} is not there"))
            .fix("name the edited state file; edited ones are kept as paper-state.json.edited-1 and so on"));
    };
    let _lock = files::lock(place)?;
    let Started { mut book, mut journal, edited } = files::start(place)?;
    same_history(&given, &journal, &name)?;
    let broken = |error: &dyn std::error::Error| {
        Failure::usage("journal_broken", "the journal cannot be followed to where the file was written")
            .because(error)
            .fix("`tradewind journal verify` names the first record that does not fit; nothing was changed")
    };
    let then = journal.book_to(given.journal_seq).map_err(|error| broken(&error))?;
    let refused = |error: &dyn std::error::Error| {
        Failure::usage("edit_not_taken", format!("the edit in {name} was not taken in; nothing was changed"))
            .because(error)
            .fix("correct that place in the file and import it again; docs/state.md lists what may be edited")
    };
    let changes = checkpoint::changes(&given, &then).map_err(|error| refused(&error))?;
    if changes.is_empty() {
        return Err(Failure::usage(
            "nothing_edited",
            format!("nothing that a person may change differs in {name} from what the journal says"),
        )
        .fix("`tradewind state verify` compares the state file with the journal"));
    }
    let now = crate::clock::now();
    let text = serde_json::to_value(&changes).unwrap_or_default();
    let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
    let taken = Record::Edited { file: given.file, reason: reason.into(), changes };
    // First on a copy: what cannot follow is the person's to correct.
    book.clone().apply(&taken, now).map_err(|illegal| refused(&illegal))?;
    edits::commit(&mut book, &mut journal, vec![taken], now)?;
    if let Some(other) = edited.filter(|edit| edit.file != given.file) {
        edits::noted(out, &other, &mut book, &mut journal, now)?;
    }
    files::written(place, &book, &journal, now)?;
    let level = if book.guard().level == broker_api::Level::Trading {
        String::new()
    } else {
        format!("Level {}. Let entries through again: tradewind resume --why TEXT\n", book.guard().level)
    };
    out.text(&format!(
        "{}\nTaken in from {name}: {}\n  {}\n{level}",
        headline(&book, now),
        figures::counted(told.len(), "change"),
        told.join("\n  ")
    ))?;
    let head = journal.head();
    out.document(
        "state-edit",
        &heading(&book, journal.id(), head.seq, head.hash.as_str()),
        now,
        &json!({ "file": file, "reason": reason, "changes": text, "level": book.guard().level }),
    )
}

/// Whether a file is the face of a place of this journal.
fn same_history(given: &Loaded, journal: &Journal<SqliteStore>, name: &str) -> Result<(), Failure> {
    let there = journal.hash_at(given.journal_seq).ok().flatten();
    if *given.journal_id == *journal.id() && there == Some(given.journal_hash) {
        return Ok(());
    }
    let fix = "take a copy of the state file as the last pass wrote it, edit that, and import it; the keys that begin \
               with `journal_` stay as they are";
    Err(Failure::usage(
        "state_of_another_journal",
        format!(
            "{name} says it was written at record {} of journal {}, and journal {} has no such record with its hash",
            given.journal_seq,
            given.journal_id,
            journal.id()
        ),
    )
    .fix(fix))
}

/// The reason under which entries are off after a book was taken from a file.
pub fn not_read(code: Code, what: &str) -> Reason {
    Reason::plain(code, format!("{what}: the broker may know of orders that the book does not"))
}
