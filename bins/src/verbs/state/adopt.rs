//! `state adopt`: a state file whose journal is lost becomes the beginning of a new journal.

use broker_api::{Adopted, Code, Record};
use serde_json::json;
use state::checkpoint::{self, Loaded};
use state::{Book, Journal, SqliteStore, StoreError};

use super::import::not_read;
use crate::edits;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::files;
use crate::out::Out;
use crate::place::{Place, heading, headline};

const ADOPTED: Code = Code::fixed("state_adopted");

/// Begins a new journal with the state file. Entries are off until the broker's history was read and a person resumes.
///
/// # Errors
/// A journal that has records, or a file that is not as it was written; nothing was changed.
pub fn adopt(out: Out, place: &Place, reason: &str) -> Result<(), Failure> {
    let _lock = files::lock(place)?;
    let file = place.files.state.display().to_string();
    let loaded = intact(place, &file)?;
    let mut journal = empty_journal(place)?;
    let now = crate::clock::now();
    let mut book = Book::default();
    let begun = Record::Adopted(Adopted {
        file: loaded.file,
        journal: loaded.journal_id.clone(),
        seq: loaded.journal_seq,
        hash: loaded.journal_hash,
        written_at: loaded.written_at,
        reason: reason.into(),
        book: loaded.keys().into(),
    });
    let mut after = Book::default();
    after.apply(&begun, now).map_err(|illegal| {
        Failure::usage("state_unsound", format!("{file} cannot be the beginning of a journal"))
            .because(&illegal)
            .fix(format!("take the one before it: {}", place.files.previous.display()))
    })?;
    let off =
        edits::entries_off(&after, not_read(ADOPTED, "the journal was lost, and the state file adopted"));
    edits::commit(&mut book, &mut journal, [begun].into_iter().chain(off).collect(), now)?;
    files::written(place, &book, &journal, now)?;
    let level = book.guard().level;
    out.text(&format!(
        "{}\n{file} of {} is the beginning of a new journal: {} held, {} open. What happened since is at the broker: \
         entries are off (level {level}) until a pass has read it (tradewind run) and a person resumes (tradewind \
         resume --why TEXT).\n",
        headline(&book, now),
        figures::time(loaded.written_at),
        figures::counted(book.positions().len(), "position"),
        figures::counted(book.open_orders().len(), "order"),
    ))?;
    let head = journal.head();
    out.document(
        "state-adopt",
        &heading(&book, journal.id(), head.seq, head.hash.as_str()),
        now,
        &json!({
            "file": place.files.state,
            "reason": reason,
            "written_at": loaded.written_at,
            "journal": loaded.journal_id,
            "seq": loaded.journal_seq,
            "positions": book.positions().len(),
            "open_orders": book.open_orders().len(),
            "level": level,
        }),
    )
}

/// The state file, when it is there and as it was written.
fn intact(place: &Place, file: &str) -> Result<Loaded, Failure> {
    let loaded = checkpoint::read(&place.files).map_err(|error| {
        Failure::usage("state_unreadable", format!("{file} cannot be adopted")).because(&error).fix(format!(
            "adopt the one before it: move {file} away and {} in its place",
            place.files.previous.display()
        ))
    })?;
    let Some(loaded) = loaded else {
        return Err(Failure::usage("no_state", format!("{file} is not there, so there is nothing to adopt"))
            .fix("bring a copy of the state file back, or begin anew: tradewind run"));
    };
    if loaded.intact {
        return Ok(loaded);
    }
    Err(Failure::usage(
        "state_edited",
        format!("{file} is not as it was written, and without its journal nobody can tell what was changed"),
    )
    .fix(format!(
        "undo the edit, or adopt the one before it: move {file} away and {} in its place",
        place.files.previous.display()
    )))
}

/// A journal without records: the one that is there, or a new one.
fn empty_journal(place: &Place) -> Result<Journal<SqliteStore>, Failure> {
    let path = &place.files.journal;
    let failed = |error: &dyn std::error::Error| {
        Failure::usage("journal_unusable", format!("{} cannot be begun", path.display()))
            .because(error)
            .fix("make room, or give this user the right to write there, and adopt again; the state file is as it was")
    };
    let aside = format!(
        "if it cannot be brought back, move it away (mv {0} {0}.broken), and adopt again",
        path.display()
    );
    let store = match SqliteStore::open(path) {
        Ok(store) => store,
        Err(StoreError::Missing { .. }) => SqliteStore::create(path).map_err(|error| failed(&error))?,
        Err(error) => {
            return Err(failed(&error).fix(aside));
        }
    };
    let journal = Journal::open(store).map_err(|error| failed(&error).fix(aside))?;
    let head = journal.head();
    if head.seq == 0 {
        return Ok(journal);
    }
    Err(Failure::new(
        Exit::Usage,
        "journal_there",
        format!("{} is there and has {} records; it is what counts", path.display(), head.seq),
    )
    .fix("nothing is to be adopted: tradewind run"))
}
