//! The files of a place: its lock, taking its book up to write to it, writing its state file.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use broker_api::Time;
use state::checkpoint::{self, Written};
use state::{
    Book, Checkpoint, CheckpointError, Files, Journal, Lock, LockError, SqliteStore, StartError, Started,
};

use crate::failure::{Exit, Failure};
use crate::place::Place;

/// As this program signs what it writes.
pub const PROGRAM: &str = concat!("tradewind ", env!("CARGO_PKG_VERSION"));

/// Takes the lock of a place.
///
/// # Errors
/// When somebody holds it, it cannot be used, or a restore did not come to its end.
pub fn lock(place: &Place) -> Result<Lock, Failure> {
    let lock = lock_to_restore(place)?;
    settled(place)?;
    Ok(lock)
}

/// Whether the files of a place are one set: no restore stopped in the middle of them.
///
/// # Errors
/// When one did.
pub fn settled(place: &Place) -> Result<(), Failure> {
    match std::fs::read_to_string(&place.files.restoring) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(_) => Err(interrupted(place, Path::new("FOLDER"))),
        Ok(text) => {
            let marker: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            Err(interrupted(place, Path::new(marker["from"].as_str().unwrap_or("FOLDER"))))
        }
    }
}

/// A restore from `folder` did not come to its end.
pub fn interrupted(place: &Place, folder: &Path) -> Failure {
    let marker = place.files.restoring.display();
    Failure::usage("restore_interrupted", format!("a restore did not come to its end: {marker} lies there"))
        .fix(format!("finish it, which loses nothing: tradewind state restore {}", folder.display()))
}

/// The same while a restore may be under way.
///
/// # Errors
/// When somebody holds it, or it cannot be used.
pub fn lock_to_restore(place: &Place) -> Result<Lock, Failure> {
    Lock::take(&place.files.lock, PROGRAM, crate::clock::now()).map_err(|error| locked(&error))
}

/// Takes up the book of a place to write to it. Hold its lock.
///
/// # Errors
/// Files that do not fit each other or cannot be used.
pub fn start(place: &Place) -> Result<Started<SqliteStore>, Failure> {
    state::start::open(&place.files).map_err(|error| bad_start(&error))
}

/// A book that cannot be taken up.
pub fn bad_start(error: &StartError) -> Failure {
    Failure::usage("bad_start", "the state file and the journal cannot be used together")
        .because(error)
        .fix("do what the cause says and run again; nothing was changed or sent")
}

/// Writes the state file as the journal has the book.
///
/// # Errors
/// When it cannot be written; the one that was there is still there.
pub fn write_state(
    files: &Files,
    book: &Book,
    journal: &Journal<SqliteStore>,
    now: Time,
) -> Result<Written, CheckpointError> {
    // Nobody decides any more, so the book is not ahead of its journal.
    match Checkpoint::cut(book, journal, now, PROGRAM) {
        Some(checkpoint) => checkpoint::write(files, &checkpoint),
        None => Ok(Written { generation: 0, edited: None }),
    }
}

/// The same for a place, with what to do when it fails.
///
/// # Errors
/// As [`write_state`].
pub fn written(
    place: &Place,
    book: &Book,
    journal: &Journal<SqliteStore>,
    now: Time,
) -> Result<Written, Failure> {
    write_state(&place.files, book, journal, now).map_err(|error| {
        let file = place.files.state.display();
        Failure::new(
            Exit::Unexpected,
            "state_not_written",
            format!("{file} could not be written; the journal is complete"),
        )
        .because(&error)
        .fix("make room or correct the permissions; the next pass writes the file")
    })
}

/// A lock that was not to be had.
pub fn locked(error: &LockError) -> Failure {
    if matches!(error, LockError::Held { .. }) {
        return Failure::new(Exit::Unavailable, "state_locked", "another process works with this state")
            .because(error)
            .fix("wait for it to end, or stop it; nothing was changed");
    }
    Failure::usage("no_lock", "the state cannot be locked, and is not touched without its lock")
        .because(error)
        .fix("give this user the right to write in its folder, or name another state with --state; nothing was changed")
}

/// Whether two paths lead to one file that is there.
pub fn same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(one, other)| one == other)
}

/// Writes a new file, and waits until it is on the disk.
pub fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Puts a document away in a folder beside the state file, under `name` and its time; where it lies then. It is on the disk, and
/// nothing that lay there is changed.
///
/// # Errors
/// A folder that cannot be written to, and a document that lies there already.
pub fn put_away(
    place: &Place,
    folder: &Path,
    name: &str,
    at: Time,
    document: &serde_json::Value,
) -> std::io::Result<PathBuf> {
    if !folder.exists() {
        std::fs::create_dir_all(folder)?;
        sync(place.files.folder())?;
    }
    let mut file = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder)?;
    file.write_all(format!("{document:#}\n").as_bytes())?;
    file.as_file().sync_all()?;
    let path = folder.join(format!("{name}{}.json", at.format("%Y-%m-%dT%H%M%S%.3fZ")));
    file.persist_noclobber(&path).map_err(|error| error.error)?;
    sync(folder)?;
    Ok(path)
}

/// Waits until the names in a folder are on the disk.
pub fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}
