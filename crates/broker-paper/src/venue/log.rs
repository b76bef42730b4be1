//! The venue's file: its log, and what the engine is rebuilt from. Moves text; knows no orders and no prices.
//!
//! `log` is the venue's own transaction log, one row per thing that happened; nothing in it ever changes.
//! `snapshot` is the engine as it stood between two moments, `steps` all that was done to it since, `rules` the
//! settings and instruments that were valid for both. A step's rows, its place in `steps` and, from time to time,
//! a new snapshot are written in one transaction.

use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::error::VenueError;

/// The format of the file.
const FORMAT: i64 = 1;
/// Says whose file it is: `TWpv`.
const APPLICATION: i64 = 0x5457_7076;
/// How long another reader of the file is waited for, in milliseconds.
const PATIENCE_MS: u64 = 2_000;

const TABLES: &str = "
CREATE TABLE log (
    seq     INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    kind    TEXT NOT NULL,
    payload TEXT NOT NULL
) STRICT;
CREATE TABLE snapshot (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    saved   TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    last_played TEXT,
    clock   TEXT,
    played  TEXT NOT NULL
) STRICT;
CREATE TABLE steps (
    first   INTEGER PRIMARY KEY,
    clock   TEXT,
    ops     TEXT NOT NULL
) STRICT;
CREATE TABLE meta (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    rules   TEXT NOT NULL,
    settled INTEGER NOT NULL
) STRICT;
";

/// A row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub at: String,
    pub kind: String,
    pub payload: String,
}

/// The engine between two moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub saved: String,
    /// The last row of the log that it knows.
    pub seq: u64,
    pub last_played: Option<String>,
    pub clock: Option<String>,
    /// The moments of `last_played` that were played.
    pub played: String,
}

/// Steps since the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    /// How many come before them. They take the place of any that are there from this one on.
    pub first: i64,
    pub clock: Option<String>,
    pub ops: String,
}

/// All that the engine is rebuilt from.
pub(super) struct Stored {
    pub rules: String,
    pub snapshot: Snapshot,
    pub steps: Vec<Steps>,
    /// The rows after the snapshot's.
    pub lines: Vec<Line>,
}

/// One transaction.
#[derive(Default)]
pub(super) struct Change {
    pub rules: Option<String>,
    /// Takes the place of the former one and of all steps.
    pub snapshot: Option<Snapshot>,
    pub steps: Option<Steps>,
    pub lines: Vec<Line>,
}

/// What a test makes the next transactions do.
#[cfg(test)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Fails and leaves nothing.
    Lost,
    /// Is written, and fails all the same.
    Doubtful,
}

pub(super) struct Log {
    db: Connection,
    path: PathBuf,
    #[cfg(test)]
    pub(super) fault: Option<Fault>,
}

type Sql<T> = rusqlite::Result<T>;

fn signed(seq: u64) -> Sql<i64> {
    i64::try_from(seq).map_err(|why| rusqlite::Error::ToSqlConversionFailure(why.into()))
}

fn head(db: &Connection) -> Sql<u64> {
    let head: i64 =
        db.prepare_cached("SELECT coalesce(max(seq), 0) FROM log")?.query_row([], |row| row.get(0))?;
    Ok(head.unsigned_abs())
}

fn put(tx: &Transaction<'_>, first: u64, change: &Change) -> Sql<()> {
    if let Some(rules) = &change.rules {
        tx.execute(
            "INSERT INTO meta VALUES (1, ?1, 0) ON CONFLICT (id) DO UPDATE SET rules = excluded.rules",
            [rules],
        )?;
    }
    if let Some(s) = &change.snapshot {
        tx.prepare_cached("DELETE FROM steps")?.execute([])?;
        tx.prepare_cached("INSERT OR REPLACE INTO snapshot VALUES (1, ?1, ?2, ?3, ?4, ?5)")?
            .execute(params![s.saved, signed(s.seq)?, s.last_played, s.clock, s.played])?;
    }
    if let Some(steps) = &change.steps {
        tx.prepare_cached("DELETE FROM steps WHERE first >= ?1")?.execute([steps.first])?;
        tx.prepare_cached("INSERT INTO steps VALUES (?1, ?2, ?3)")?.execute(params![
            steps.first,
            steps.clock,
            steps.ops
        ])?;
    }
    let mut insert = tx.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3, ?4)")?;
    for (seq, line) in (first..).zip(&change.lines) {
        insert.execute(params![signed(seq)?, line.at, line.kind, line.payload])?;
    }
    Ok(())
}

impl Log {
    /// Opens the file, or makes an empty one.
    pub(super) fn open(path: &Path) -> Result<Self, VenueError> {
        let fail = |why: rusqlite::Error| VenueError::storage(path, "opened", &why);
        let db = Connection::open(path).map_err(fail)?;
        db.busy_timeout(std::time::Duration::from_millis(PATIENCE_MS)).map_err(fail)?;
        let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fail);
        let (whose, format) = (number("application_id")?, number("user_version")?);
        let tables: i64 =
            db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fail)?;
        let fresh = whose == 0 && format == 0 && tables == 0;
        if !fresh && whose != APPLICATION {
            return Err(VenueError::NotOurs { path: path.to_owned() });
        }
        if format > FORMAT {
            return Err(VenueError::Newer { path: path.to_owned(), found: format, known: FORMAT });
        }
        let mode: String =
            db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(fail)?;
        if mode != "wal" {
            let why = format!("it cannot keep a write-ahead log there (it says {mode:?}); use a local disk");
            return Err(VenueError::Storage { path: path.to_owned(), doing: "opened", why: why.into() });
        }
        db.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
        Ok(Self {
            db,
            path: path.to_owned(),
            #[cfg(test)]
            fault: None,
        })
    }

    /// Opens a file to read it, beside whoever writes to it.
    pub(super) fn open_read_only(path: &Path) -> Result<Self, VenueError> {
        let fail = |why: rusqlite::Error| VenueError::storage(path, "opened", &why);
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fail)?;
        db.busy_timeout(std::time::Duration::from_millis(PATIENCE_MS)).map_err(fail)?;
        let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fail);
        if number("application_id")? != APPLICATION {
            return Err(VenueError::NotOurs { path: path.to_owned() });
        }
        let found = number("user_version")?;
        if found > FORMAT {
            return Err(VenueError::Newer { path: path.to_owned(), found, known: FORMAT });
        }
        Ok(Self {
            db,
            path: path.to_owned(),
            #[cfg(test)]
            fault: None,
        })
    }

    /// Copies the file, as it stands, to a new one that keeps no write-ahead log, and waits until that is on the disk.
    pub(super) fn copy_to(&self, to: &Path) -> Result<(), VenueError> {
        let fail = |why: rusqlite::Error| VenueError::storage(to, "written", &why);
        let mut copy = Connection::open(to).map_err(fail)?;
        let done = Backup::new(&self.db, &mut copy).and_then(|backup| backup.step(-1)).map_err(fail)?;
        if done != StepResult::Done {
            return Err(VenueError::Shared { path: self.path.clone() });
        }
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).map_err(fail)?;
        drop(copy);
        let sync = std::fs::File::open(to).and_then(|file| file.sync_all());
        sync.map_err(|why| VenueError::Storage {
            path: to.to_owned(),
            doing: "written",
            why: why.to_string().into(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is there; nothing in a new file.
    pub(super) fn read(&self) -> Result<Option<Stored>, VenueError> {
        self.try_read().map_err(|why| VenueError::storage(&self.path, "read", &why))
    }

    fn try_read(&self) -> Sql<Option<Stored>> {
        let db = &self.db;
        let format: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if format == 0 {
            return Ok(None);
        }
        let snapshot =
            db.query_row("SELECT saved, seq, last_played, clock, played FROM snapshot", [], |row| {
                let seq: i64 = row.get(1)?;
                Ok(Snapshot {
                    saved: row.get(0)?,
                    seq: seq.unsigned_abs(),
                    last_played: row.get(2)?,
                    clock: row.get(3)?,
                    played: row.get(4)?,
                })
            })?;
        let lines = db
            .prepare("SELECT at, kind, payload FROM log WHERE seq > ?1 ORDER BY seq")?
            .query_map([signed(snapshot.seq)?], |row| {
                Ok(Line { at: row.get(0)?, kind: row.get(1)?, payload: row.get(2)? })
            })?
            .collect::<Sql<_>>()?;
        Ok(Some(Stored {
            rules: db.query_row("SELECT rules FROM meta", [], |row| row.get(0))?,
            steps: db
                .prepare("SELECT first, clock, ops FROM steps ORDER BY first")?
                .query_map([], |row| Ok(Steps { first: row.get(0)?, clock: row.get(1)?, ops: row.get(2)? }))?
                .collect::<Sql<_>>()?,
            snapshot,
            lines,
        }))
    }

    /// Makes the tables of a new file, with its first content.
    pub(super) fn create(&mut self, first: &Change) -> Result<(), VenueError> {
        let make = |db: &mut Connection| -> Sql<()> {
            let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            tx.execute_batch(TABLES)?;
            tx.pragma_update(None, "application_id", APPLICATION)?;
            tx.pragma_update(None, "user_version", FORMAT)?;
            put(&tx, 1, first)?;
            tx.commit()
        };
        make(&mut self.db).map_err(|why| VenueError::storage(&self.path, "created", &why))
    }

    /// Writes one transaction, whose first line becomes row `expected + 1` of the log.
    ///
    /// # Errors
    /// Whatever is said, the change may have been written: see [`Log::settle`].
    pub(super) fn write(&mut self, expected: u64, change: &Change) -> Result<(), VenueError> {
        let Self { db, path, .. } = self;
        let fail = |why: rusqlite::Error| VenueError::storage(path, "written", &why);
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        if head(&tx).map_err(fail)? != expected {
            return Err(VenueError::Shared { path: path.clone() });
        }
        put(&tx, expected + 1, change).map_err(fail)?;
        #[cfg(test)]
        if self.fault == Some(Fault::Lost) {
            return Err(fail(rusqlite::Error::InvalidQuery));
        }
        tx.commit().map_err(fail)?;
        #[cfg(test)]
        if self.fault == Some(Fault::Doubtful) {
            return Err(fail(rusqlite::Error::InvalidQuery));
        }
        Ok(())
    }

    /// The last row of the log, after a transaction whose outcome is not known. It is asked by writing: only what
    /// lies before a successful write can no longer appear or disappear.
    pub(super) fn settle(&mut self) -> Result<u64, VenueError> {
        let ask = |log: &mut Self| -> Sql<u64> {
            let tx = log.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            tx.execute("UPDATE meta SET settled = settled + 1", [])?;
            let head = head(&tx)?;
            #[cfg(test)]
            if log.fault.is_some() {
                return Err(rusqlite::Error::InvalidQuery);
            }
            tx.commit()?;
            Ok(head)
        };
        ask(self).map_err(|why| VenueError::storage(&self.path, "written", &why))
    }

    /// Rows of one kind after row `after`, at most `limit`, with their places.
    pub(super) fn rows(&self, kind: &str, after: u64, limit: u32) -> Result<Vec<(u64, String)>, VenueError> {
        let ask = || -> Sql<Vec<(u64, String)>> {
            self.db
                .prepare_cached(
                    "SELECT seq, payload FROM log WHERE seq > ?1 AND kind = ?3 ORDER BY seq LIMIT ?2",
                )?
                .query_map(params![signed(after)?, limit, kind], |row| {
                    let seq: i64 = row.get(0)?;
                    Ok((seq.unsigned_abs(), row.get(1)?))
                })?
                .collect()
        };
        ask().map_err(|why| VenueError::storage(&self.path, "read", &why))
    }

    /// All lines, for tests.
    #[cfg(test)]
    pub(super) fn lines(&self) -> Vec<Line> {
        self.db
            .prepare("SELECT at, kind, payload FROM log ORDER BY seq")
            .unwrap()
            .query_map([], |row| Ok(Line { at: row.get(0)?, kind: row.get(1)?, payload: row.get(2)? }))
            .unwrap()
            .collect::<Sql<_>>()
            .unwrap()
    }

    #[cfg(test)]
    pub(super) fn db(&self) -> &Connection {
        &self.db
    }
}
