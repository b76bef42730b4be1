//! A state file that somebody edited: shown, noted in the journal once, and entries turned off until a person decides.

use broker_api::{By, Code, Level, Reason, Record, Time};
use state::checkpoint::Edit;
use state::{Batch, Book, Journal, SqliteStore};

use crate::failure::{Exit, Failure};
use crate::out::Out;

/// Why the level is what it is after an edit was found.
pub const STATE_EDITED: Code = Code::fixed("state_edited");

/// Shows an edit. Unless the book knows of it, notes it and turns entries off. Says whether it is new.
///
/// # Errors
/// A journal that cannot be written.
pub fn noted(
    out: Out,
    edit: &Edit,
    book: &mut Book,
    journal: &mut Journal<SqliteStore>,
    now: Time,
) -> Result<bool, Failure> {
    let file = edit.kept.display();
    out.warn("state_edited", &format!(
        "{edit}\nThe journal counts; no entry leaves until a person decides. The edited file is kept as {file}. Take \
         the edit in: tradewind state import {file} --reason TEXT. Go on without it: tradewind resume --why TEXT"
    ));
    if book.edit_found().is_some_and(|found| found.file == edit.file) {
        return Ok(false);
    }
    let kept = edit.kept.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let places = edit.differences.len() as u64;
    let mut records = vec![Record::EditFound { file: edit.file, kept: kept.into(), places }];
    records.extend(entries_off(book, Reason::plain(STATE_EDITED, "the state file was edited")));
    commit(book, journal, records, now)?;
    Ok(true)
}

/// The record that turns entries off, unless they are off for good already.
pub fn entries_off(book: &Book, reason: Reason) -> Option<Record> {
    let guard = book.guard();
    let is_off = guard.level > Level::Paused || (guard.level == Level::Paused && guard.until.is_none());
    (!is_off).then_some(Record::LevelSet { level: Level::Paused, by: By::Guard, reason, until: None })
}

/// Folds records into the book and makes them durable, outside of a pass. Hold the lock.
///
/// # Errors
/// A record that cannot follow, or a journal that cannot be written; nothing was written then, or the next start
/// finds it out.
pub fn commit(
    book: &mut Book,
    journal: &mut Journal<SqliteStore>,
    records: Vec<Record>,
    now: Time,
) -> Result<(), Failure> {
    let mut batch = Batch::<()>::new(book.seq() + 1);
    for record in records {
        batch.put(book, record, now).map_err(|illegal| {
            Failure::usage("cannot_follow", "the journal takes no such record; nothing was changed")
                .because(&illegal)
                .fix("this is a fault of the program: keep the files as they are, and report it with the cause")
        })?;
    }
    let committed = journal.commit(batch).map_err(|error| {
        Failure::new(Exit::Unexpected, "not_journaled", "the journal could not be written")
            .because(&error)
            .fix("make room, or correct what the cause names, and run the same command again")
    })?;
    drop(committed);
    Ok(())
}
