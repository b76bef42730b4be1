//! The journal's file: SQLite with a write-ahead log, every commit on the disk before it returns.
//!
//! One process writes; it holds the [`Lock`](crate::Lock), and the file notices whoever does not: rows are only
//! added after the row that the writer knows as the last, and only while the file at the path is still the one
//! that was opened. Readers open the file read-only, beside the writer, and read in pages.
//!
//! The write-ahead log is used again and again: it is folded into the file by [`Store::maintain`], when nothing
//! waits, and by SQLite itself only when that was not called for long. What a commit would have to do beside writing
//! its records is done there too: the log is begun anew, which takes a flush of its own, and it gets room beforehand,
//! so that a flush has no new blocks to note.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use broker_api::Digest;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, params};

use crate::encode::Encoded;
use crate::files::{folder, with_ending};
use crate::journal::Journal;
use crate::store::{Store, StoreError};

/// The format of the file.
const FORMAT: i64 = 1;
/// Says whose file it is: `TWjn`.
const APPLICATION: i64 = 0x5457_6a6e;
/// How long another user of the file is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pages in the write-ahead log at which SQLite folds it by itself: 16 MiB.
const WAL_PAGES: u32 = 4_096;
/// What the write-ahead log is cut to after it was folded, in bytes.
const WAL_BYTES: u32 = 16 * 1024 * 1024;
/// How much room the write-ahead log is given beforehand, in bytes: some hundred commits.
const WAL_ROOM: usize = 1024 * 1024;

const TABLES: &str = include_str!("sqlite/schema.sql");

/// A journal in a file.
#[derive(Debug)]
pub struct SqliteStore {
    db: Connection,
    path: PathBuf,
    id: Box<str>,
    file: Identity,
    /// Whether anything may have been written since the log was last folded.
    is_behind: bool,
}

/// What tells one file from another that took its name.
type Identity = Option<(u64, u64)>;

#[cfg(unix)]
fn identity(path: &Path) -> Identity {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Identity {
    fs::metadata(path).ok().map(|_| (0, 0))
}

impl SqliteStore {
    /// Makes a new journal.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when a file is there, and whatever stands against making one.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let fail = |why: &std::io::Error| io(path, "created", why);
        if path.try_exists().map_err(|why| fail(&why))? {
            return Err(StoreError::Exists { place: place(path) });
        }
        let log = with_ending(path, "-wal");
        if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            // SQLite would fold it into the new file.
            let why = format!(
                "{} is left of another journal; bring that one back, or move this away",
                log.display()
            );
            return Err(StoreError::Failed { place: place(path), doing: "created", why: why.into() });
        }
        // Made under another name: a crash on the way leaves no half of a journal.
        let part = with_ending(path, ".part");
        remove(&part);
        let make = || -> Result<(), rusqlite::Error> {
            let mut db = Connection::open(&part)?;
            tune(&db)?;
            let tx = db.transaction()?;
            tx.execute_batch(TABLES)?;
            tx.execute("INSERT INTO journal VALUES (lower(hex(randomblob(16))))", [])?;
            tx.pragma_update(None, "application_id", APPLICATION)?;
            tx.pragma_update(None, "user_version", FORMAT)?;
            tx.commit()
        };
        let made = make().map_err(|why| failed(path, "created", &why)).and_then(|()| publish(&part, path));
        remove(&part);
        made?;
        Self::open(path)
    }

    /// Opens a journal to write to it. Hold the [`Lock`](crate::Lock) of its book.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self::with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        tune(&store.db).map_err(|why| failed(path, "opened", &why))?;
        Ok(store)
    }

    /// Opens a journal to read it, whether it is written to at the time or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        Self::with(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn with(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        match fs::metadata(path) {
            Ok(file) if file.len() == 0 => {
                return Err(StoreError::Corrupt { place: place(path), why: "it is empty".into() });
            }
            Ok(_) => {}
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::Missing { place: place(path) });
            }
            Err(why) => return Err(io(path, "opened", &why)),
        }
        let fail = |why: rusqlite::Error| failed(path, "opened", &why);
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fail)?;
        db.busy_timeout(PATIENCE).map_err(fail)?;
        let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fail);
        if number("application_id")? != APPLICATION {
            return Err(StoreError::NotOurs { place: place(path) });
        }
        let found = number("user_version")?;
        if found > FORMAT {
            return Err(StoreError::Newer { place: place(path), found, known: FORMAT });
        }
        let id: String = db.query_row("SELECT id FROM journal", [], |row| row.get(0)).map_err(fail)?;
        Ok(Self { db, path: path.to_owned(), id: id.into(), file: identity(path), is_behind: true })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the journal to a new file, reads the copy back, and checks it from the first record to the last.
    /// Gives how many records it has. May be done beside the writer.
    ///
    /// # Errors
    /// [`StoreError`]; then there is no file at `path`.
    pub fn backup_to(&self, path: &Path) -> Result<u64, StoreError> {
        if path.try_exists().map_err(|why| io(path, "created", &why))? {
            return Err(StoreError::Exists { place: place(path) });
        }
        let part = with_ending(path, ".part");
        remove(&part);
        let copied = self.copied(&part).and_then(|records| publish(&part, path).map(|()| records));
        remove(&part);
        copied
    }

    fn copied(&self, to: &Path) -> Result<u64, StoreError> {
        let fail = |why: rusqlite::Error| failed(to, "written", &why);
        let mut copy = Connection::open(to).map_err(fail)?;
        let done = Backup::new(&self.db, &mut copy).and_then(|backup| backup.step(-1)).map_err(fail)?;
        if done != StepResult::Done {
            return Err(StoreError::Busy { place: place(&self.path) });
        }
        // One file that is whole by itself: the copy keeps no write-ahead log.
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).map_err(fail)?;
        drop(copy);
        let corrupt = |why: String| StoreError::Corrupt { place: place(to), why: why.into() };
        let copy = Journal::open(Self::open_read_only(to)?).map_err(|why| corrupt(why.to_string()))?;
        let verified = copy.verify().map_err(|why| corrupt(why.to_string()))?;
        if copy.id() != self.id() {
            return Err(corrupt("the copy has another id".to_owned()));
        }
        Ok(verified.records)
    }
}

impl Store for SqliteStore {
    fn append(&mut self, expected: u64, rows: &[Encoded]) -> Result<(), StoreError> {
        self.is_whole()?;
        self.is_behind = true;
        let fail = |why: rusqlite::Error| failed(&self.path, "written", &why);
        // Statements that are kept: making them costs as much as running them.
        let run = |what: &str| self.db.prepare_cached(what).and_then(|mut run| run.execute([]));
        run("BEGIN IMMEDIATE").map_err(fail)?;
        let put = self.put(expected, rows).and_then(|()| run("COMMIT").map(|_| ()).map_err(fail));
        if put.is_err() && !self.db.is_autocommit() {
            // What failed is told; what is left of it goes with the connection at the latest.
            let _ = run("ROLLBACK");
        }
        put
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Encoded>, StoreError> {
        let ask = || -> rusqlite::Result<Vec<Encoded>> {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            self.db
                .prepare_cached(
                    "SELECT seq, at, kind, version, payload, hash FROM records WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                )?
                .query_map(params![signed(after)?, limit], encoded)?
                .collect()
        };
        ask().map_err(|why| failed(&self.path, "read", &why))
    }

    fn head(&self) -> Result<Option<Encoded>, StoreError> {
        let ask = || -> rusqlite::Result<Option<Encoded>> {
            self.db
                .prepare_cached(
                    "SELECT seq, at, kind, version, payload, hash FROM records ORDER BY seq DESC LIMIT 1",
                )?
                .query_map([], encoded)?
                .next()
                .transpose()
        };
        ask().map_err(|why| failed(&self.path, "read", &why))
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn maintain(&mut self) -> Result<(), StoreError> {
        if !self.is_behind {
            return Ok(());
        }
        self.is_whole()?;
        let fold = || -> rusqlite::Result<()> {
            // Passive: waits for nobody, and does what readers allow.
            self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            // What is written next begins the log anew and flushes that by itself: this, which changes nothing.
            self.db.pragma_update(None, "user_version", FORMAT)
        };
        fold().map_err(|why| failed(&self.path, "written", &why))?;
        self.makes_room().map_err(|why| io(&self.path, "written", &why))?;
        self.is_behind = false;
        Ok(())
    }
}

impl SqliteStore {
    /// Whether the file is still the one that was opened.
    fn is_whole(&self) -> Result<(), StoreError> {
        if identity(&self.path) == self.file {
            return Ok(());
        }
        let why = "the file was replaced or moved away while it was in use";
        Err(StoreError::Shared { place: place(&self.path), why: why.into() })
    }

    /// Puts rows behind the row that is expected to be the last, in the transaction under way.
    fn put(&self, expected: u64, rows: &[Encoded]) -> Result<(), StoreError> {
        let fail = |why: rusqlite::Error| failed(&self.path, "written", &why);
        let head: i64 = self
            .db
            .prepare_cached("SELECT coalesce(max(seq), 0) FROM records")
            .and_then(|mut ask| ask.query_row([], |row| row.get(0)))
            .map_err(fail)?;
        if head.unsigned_abs() != expected {
            let why = format!("it ends with record {head}, and we wrote up to {expected}");
            return Err(StoreError::Shared { place: place(&self.path), why: why.into() });
        }
        let put = || -> rusqlite::Result<()> {
            let mut insert = self.db.prepare_cached("INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            for row in rows {
                let hash = row.hash.as_str();
                insert.execute(params![
                    signed(row.seq)?,
                    row.at,
                    row.kind,
                    row.version,
                    row.payload,
                    hash
                ])?;
            }
            Ok(())
        };
        put().map_err(fail)
    }

    /// Gives the log its room: zeros behind its end, where SQLite sees no page of its own.
    fn makes_room(&self) -> std::io::Result<()> {
        let mut log = OpenOptions::new().append(true).open(with_ending(&self.path, "-wal"))?;
        let has = usize::try_from(log.metadata()?.len()).unwrap_or(usize::MAX);
        let zeros = vec![0; WAL_ROOM.saturating_sub(has)];
        if zeros.is_empty() {
            return Ok(());
        }
        log.write_all(&zeros)?;
        log.sync_all()
    }
}

fn tune(db: &Connection) -> rusqlite::Result<()> {
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        let why = format!("no write-ahead log can be kept there (the mode is {mode}); use a local disk");
        return Err(rusqlite::Error::ToSqlConversionFailure(why.into()));
    }
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", WAL_PAGES, |_| Ok(()))?;
    db.pragma_update_and_check(None, "journal_size_limit", WAL_BYTES, |_| Ok(()))
}

fn signed(seq: u64) -> rusqlite::Result<i64> {
    i64::try_from(seq).map_err(|why| rusqlite::Error::ToSqlConversionFailure(why.into()))
}

fn encoded(row: &Row<'_>) -> rusqlite::Result<Encoded> {
    let wrong = |at: usize, why: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, why)
    };
    let hash: String = row.get(5)?;
    Ok(Encoded {
        seq: row.get::<_, i64>(0)?.unsigned_abs(),
        at: row.get(1)?,
        kind: row.get(2)?,
        version: row.get(3)?,
        payload: row.get(4)?,
        hash: Digest::new(&hash).map_err(|why| wrong(5, why.into()))?,
    })
}

fn place(path: &Path) -> Box<str> {
    path.display().to_string().into()
}

/// Removes a database that was being made, with what SQLite keeps beside it; mostly nothing is there.
fn remove(part: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        drop(fs::remove_file(with_ending(part, ending)));
    }
}

/// Gives a file its name, durably, unless somebody else took that name meanwhile.
fn publish(part: &Path, path: &Path) -> Result<(), StoreError> {
    let give = || -> std::io::Result<()> {
        File::open(part)?.sync_all()?;
        match fs::hard_link(part, path) {
            Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => return Err(why),
            Err(_) => fs::rename(part, path)?, // not every disk knows a second name
            Ok(()) => {}
        }
        File::open(folder(path))?.sync_all()
    };
    give().map_err(|why| io(path, "created", &why))
}

fn io(path: &Path, doing: &'static str, why: &std::io::Error) -> StoreError {
    use std::io::ErrorKind;
    let place = place(path);
    match why.kind() {
        ErrorKind::AlreadyExists => StoreError::Exists { place },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { place },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { place },
        _ => StoreError::Failed { place, doing, why: why.to_string().into() },
    }
}

fn failed(path: &Path, doing: &'static str, why: &rusqlite::Error) -> StoreError {
    let place = place(path);
    match why.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { place },
        // What SQLite cannot open is there: it was looked for. Its folder takes no write-ahead log.
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::ReadOnly { place }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { place },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt { place, why: why.to_string().into() },
        Some(ErrorCode::NotADatabase) => StoreError::NotOurs { place },
        _ => StoreError::Failed { place, doing, why: why.to_string().into() },
    }
}

#[cfg(test)]
mod tests;
