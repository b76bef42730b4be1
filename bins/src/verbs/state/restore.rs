//! `state restore`: a backup takes the place of what is there, and what was there is kept.
//!
//! The copies are laid beside the files first. Then a marker says what is going on; from there on the restore is only
//! ever finished, never undone: each file that is there goes into the kept folder, and its copy takes its name. While
//! the marker lies there nothing else works with the place, and the same `state restore` goes on where it was. So a
//! process that dies leaves the old files, or the new ones, or a marker that says what to do.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use broker_api::{Code, Record, Time};
use serde::{Deserialize, Serialize};
use serde_json::json;
use state::files::with_ending;
use state::{Book, Head, Journal, SqliteStore, Started};

use super::backup::{self, NAME, PAGE, Page};
use super::import::not_read;
use crate::edits;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::files;
use crate::out::Out;
use crate::place::{Place, heading, headline};

const RESTORED: Code = Code::fixed("state_restored");
/// What SQLite keeps beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// What a restore under way is doing.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Marker {
    /// The folder of the backup, as it was named.
    from: PathBuf,
    /// The folder into which what was there goes.
    kept: PathBuf,
    /// What happened after this moment is at the broker alone; nothing when the broker's log came with the backup.
    unread_since: Option<Time>,
}

/// One file of the place: where it lies, and where its copy waits.
struct Slot {
    file: PathBuf,
    copy: PathBuf,
    beside: Vec<PathBuf>,
}

fn failed(what: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unexpected, "not_restored", what)
        .because(error)
        .fix("correct what the cause names, and run the same command again; nothing is lost")
}

/// Brings a backup back.
///
/// # Errors
/// A place that is in use, a backup that is not whole (nothing was changed then), or a disk that fails on the way (the
/// same command goes on then).
pub fn restore(out: Out, place: &Place, folder: &Path) -> Result<(), Failure> {
    let _lock = files::lock_to_restore(place)?;
    let marker = match interrupted(place)? {
        Some(marker) if marker.from == folder => {
            out.say("Going on with the restore that was interrupted.");
            marker
        }
        Some(marker) => return Err(files::interrupted(place, &marker.from)),
        None => begin(out, place, folder)?,
    };
    finish(place, &marker).map_err(|error| {
        failed("the restore could not be finished; what was there is kept", &error).fix(format!(
            "correct what the cause names, then go on: tradewind state restore {}",
            folder.display()
        ))
    })?;
    let Started { mut book, mut journal, .. } = files::start(place)?;
    let now = crate::clock::now();
    if let Some(since) = marker.unread_since {
        unread(&mut book, &mut journal, since, now)?;
        files::written(place, &book, &journal, now)?;
    }
    journal.verify().map_err(|broken| {
        failed("what was restored is not whole", &broken).fix(format!(
            "the disk may be failing: restore the backup at another place, with --state; what was there is kept in {}",
            marker.kept.display()
        ))
    })?;
    fs::remove_file(&place.files.restoring)
        .and_then(|()| files::sync(place.files.folder()))
        .map_err(|error| failed("the restore is done, and its marker could not be removed", &error))?;
    told(out, place, &marker, &book, &journal, now)
}

/// The marker of a restore that did not come to its end.
fn interrupted(place: &Place) -> Result<Option<Marker>, Failure> {
    let path = &place.files.restoring;
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("the marker of a restore cannot be read", &error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        failed(&format!("{} is not what a restore left", path.display()), &error)
            .fix("move it away, look which files lie in the folder, and restore again")
    })
}

/// Checks the backup, lays its copies beside the files, and writes the marker.
fn begin(out: Out, place: &Place, folder: &Path) -> Result<Marker, Failure> {
    let refused = |why: &dyn std::error::Error| {
        Failure::usage(
            "backup_not_whole",
            format!("{} was not restored; nothing was changed", folder.display()),
        )
        .because(why)
        .fix("take another backup")
    };
    let text = fs::read(folder.join(PAGE)).map_err(|error| refused(&error))?;
    let page: Page = serde_json::from_slice(&text).map_err(|error| refused(&error))?;
    if &*page.schema != NAME {
        return Err(refused(&backup::NotWhole(format!(
            "it is {}, and this program restores {NAME}",
            page.schema
        ))));
    }
    let book = backup::whole(folder, &page).map_err(|error| refused(&error))?;
    warn_if_older(out, place, &page);
    let has_broker = page.venue.is_some() && page.is_still;
    let slots = slots(place, page.venue.is_some());
    let lay = || -> io::Result<()> {
        for (slot, known) in slots.iter().zip(page.files()) {
            let from = folder.join(&*known.file);
            files::write(&slot.copy, &fs::read(&from)?)?;
        }
        files::sync(place.files.folder())
    };
    let cannot = |error: &dyn std::error::Error| {
        failed("the backup could not be laid beside the files; nothing was changed", error)
    };
    lay().map_err(|error| cannot(&error))?;
    let kept = free(&place.files.state).map_err(|error| cannot(&error))?;
    let at = book.last_stop().map_or(page.made_at, |stop| stop.at).min(page.made_at);
    let unread_since = (!has_broker && book.venues().next().is_some()).then_some(at);
    let marker = Marker { from: folder.to_owned(), kept, unread_since };
    let part = with_ending(&place.files.restoring, ".part");
    let mark = || -> io::Result<()> {
        files::write(&part, &serde_json::to_vec_pretty(&marker)?)?;
        fs::rename(&part, &place.files.restoring)?;
        files::sync(place.files.folder())
    };
    mark().map_err(|error| cannot(&error))?;
    Ok(marker)
}

/// Says what the backup does not hold of what is there.
fn warn_if_older(out: Out, place: &Place, page: &Page) {
    if !place.files.journal.exists() {
        return;
    }
    let there = SqliteStore::open_read_only(&place.files.journal)
        .map_err(|why| why.to_string())
        .and_then(|store| Journal::open(store).map_err(|why| why.to_string()));
    let journal = match there {
        Ok(journal) => journal,
        Err(why) => {
            return out
                .warn("backup_differs", &format!("what is there cannot be compared with the backup: {why}"));
        }
    };
    let Head { seq, at, .. } = journal.head();
    if journal.id() != &*page.journal_id {
        out.warn(
            "backup_differs",
            &format!("the journal that is there ({seq} records) is another one than the backup's"),
        );
    } else if seq > page.records {
        let at = at.map_or_else(String::new, |at| format!(", the last of {}", figures::time(at)));
        out.warn("backup_differs", &format!(
            "THE BACKUP IS OLDER: it ends with record {} of {seq}. {} that are there now{at} will not be in the book; \
             they are kept",
            page.records,
            figures::counted(usize::try_from(seq - page.records).unwrap_or(usize::MAX), "record"),
        ));
    }
}

/// The files of the place in the order in which they are replaced: the journal, which is the truth, after its face.
fn slots(place: &Place, with_venue: bool) -> Vec<Slot> {
    let database = |file: &Path| Slot {
        file: file.to_owned(),
        copy: with_ending(file, ".restored"),
        beside: BESIDE.iter().map(|ending| with_ending(file, ending)).collect(),
    };
    let state = Slot {
        file: place.files.state.clone(),
        copy: with_ending(&place.files.state, ".restored"),
        beside: vec![place.files.previous.clone()],
    };
    let mut all = vec![state, database(&place.files.journal)];
    if with_venue {
        all.push(database(&place.venue));
    }
    all
}

/// Puts every copy that still waits in its place. What is there goes into the kept folder first.
fn finish(place: &Place, marker: &Marker) -> io::Result<()> {
    fs::create_dir_all(&marker.kept)?;
    for slot in slots(place, true) {
        if !slot.copy.try_exists()? {
            continue; // done before, or not in the backup
        }
        for file in slot.beside.iter().chain([&slot.file]) {
            if file.try_exists()? {
                fs::rename(file, marker.kept.join(file.file_name().unwrap_or_default()))?;
            }
        }
        files::sync(&marker.kept)?;
        fs::rename(&slot.copy, &slot.file)?;
        files::sync(place.files.folder())?;
    }
    Ok(())
}

/// Turns entries off until the broker's history was read; once, however often it is tried.
fn unread(
    book: &mut Book,
    journal: &mut Journal<SqliteStore>,
    since: Time,
    now: Time,
) -> Result<(), Failure> {
    if book.history_wanted().len() > 0 {
        return Ok(());
    }
    let wanted = book.venues().map(|venue| Record::HistoryWanted { venue: venue.of.venue, since });
    let mut records: Vec<Record> = wanted.collect();
    records.extend(edits::entries_off(
        book,
        not_read(RESTORED, "a backup was restored without the broker's log"),
    ));
    edits::commit(book, journal, records, now)
}

fn told(
    out: Out,
    place: &Place,
    marker: &Marker,
    book: &Book,
    journal: &Journal<SqliteStore>,
    now: Time,
) -> Result<(), Failure> {
    let broker = match marker.unread_since {
        None => "The broker's log came with it: both fit, and entries are as they were then.".to_owned(),
        Some(since) => format!(
            "The broker's log did not: what happened since {} is read by the next pass (tradewind run). Entries are \
             off until then, and until a person resumes (tradewind resume --why TEXT).",
            figures::time(since)
        ),
    };
    let head = journal.head();
    out.text(&format!(
        "{}\nRestored from {}, read back, and whole: {} records (head {}), {} held. {broker}\nWhat was there is kept \
         in {}\n",
        headline(book, now),
        marker.from.display(),
        figures::count(head.seq),
        head.short(),
        figures::counted(book.positions().len(), "position"),
        marker.kept.display(),
    ))?;
    out.document(
        "state-restore",
        &heading(book, journal.id(), head.seq, head.hash.as_str()),
        now,
        &json!({
            "from": marker.from,
            "kept": marker.kept,
            "records": head.seq,
            "positions": book.positions().len(),
            "history_wanted_since": marker.unread_since,
            "state": place.files.state,
        }),
    )
}

/// The first free name for a folder that keeps what a restore takes away.
fn free(state: &Path) -> io::Result<PathBuf> {
    for n in 1u32.. {
        let name = with_ending(state, &format!(".before-restore-{n}"));
        if !name.try_exists()? {
            return Ok(name);
        }
    }
    Err(io::Error::other("every name for what was there is taken"))
}
