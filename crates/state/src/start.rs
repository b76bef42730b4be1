//! How a book is taken up again: from its state file and its journal, which must fit each other.
//!
//! | state file | journal | then |
//! |---|---|---|
//! | none | none | an empty book and a new journal |
//! | none | there | all of the journal is folded |
//! | its hash stands in the journal | there | it is loaded, and the rest folded |
//! | ahead of the journal, or its hash is not in it, edited or not | there | refused, both shown |
//! | our keys edited | there | the journal counts and is folded; the difference is given, for whoever starts to act upon |
//! | there | none, or an empty one | refused until a person adopts it |
//! | the one that the journal was begun from | there | all of the journal is folded |
//!
//! What is folded is checked on the way: each row must follow the one before.

use std::fmt;
use std::path::{Path, PathBuf};

use broker_api::Digest;

use crate::book::Book;
use crate::checkpoint::{self, CheckpointError, Edit, Loaded};
use crate::files::Files;
use crate::journal::{Head, Journal, JournalError};
use crate::sqlite::SqliteStore;
use crate::store::{Store, StoreError};

/// A book taken up again, level with its journal.
#[derive(Debug)]
pub struct Started<S> {
    /// The book.
    pub book: Book,
    /// Its journal.
    pub journal: Journal<S>,
    /// The state file, when somebody changed our keys in it. The book is as the journal has it; no entry may leave
    /// until a person has decided.
    pub edited: Option<Edit>,
}

/// Why a book was not taken up. Nothing was changed.
#[derive(Debug)]
pub enum StartError {
    /// The state file cannot be used.
    State(CheckpointError),
    /// The journal cannot be used.
    Journal {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: JournalError,
    },
    /// The state file belongs to another journal.
    OtherJournal {
        /// The state file.
        state: PathBuf,
        /// The id in it.
        found: Box<str>,
        /// The journal's file.
        journal: PathBuf,
        /// The journal's id.
        id: Box<str>,
    },
    /// The state file knows records that the journal does not have.
    Ahead {
        /// The state file.
        state: PathBuf,
        /// The last record in it, and the hash of its row.
        found: Box<(u64, Digest)>,
        /// The journal's file.
        journal: PathBuf,
        /// Where it ends.
        head: Box<Head>,
    },
    /// The journal has another row where the state file was cut.
    NotInChain {
        /// The state file.
        state: PathBuf,
        /// The last record in it, and the hash of its row.
        found: Box<(u64, Digest)>,
        /// The journal's file.
        journal: PathBuf,
        /// The hash of its row there.
        there: Box<Digest>,
    },
    /// There is a state file, and nothing in its journal.
    FileOnly {
        /// The state file.
        state: PathBuf,
        /// Where its journal should be.
        journal: PathBuf,
        /// The last record in the file.
        seq: u64,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(why) => why.fmt(f),
            Self::Journal { path, why: why @ JournalError::Store(_) } => {
                write!(f, "the journal {} cannot be used: {why}", path.display())
            }
            Self::Journal { path, why } => write!(
                f,
                "the journal {} cannot be used: {why}; keep it as it is, look at it with `tradewind journal \
                 verify`, and bring back a copy that verifies",
                path.display()
            ),
            Self::OtherJournal { state, found, journal, id } => write!(
                f,
                "{} belongs to journal {found}, and {} is journal {id}; put the two that belong together side by \
                 side, or name another file with --state",
                state.display(),
                journal.display()
            ),
            Self::Ahead { state, found, journal, head } => write!(
                f,
                "{} holds record {} ({}), and the journal {} ends with record {} ({}): records are missing, as \
                 when the journal was copied without its write-ahead log. Bring back the whole journal, its \
                 -wal file too; nothing is traded from the file alone",
                state.display(),
                found.0,
                short(&found.1),
                journal.display(),
                head.seq,
                head.short()
            ),
            Self::NotInChain { state, found, journal, there } => write!(
                f,
                "{} was written at record {} with hash {}, and in the journal {} that record has hash {}: one of \
                 them is not what was written. Look at the journal with `tradewind journal verify`; if it is \
                 right, move the file away, and the next run writes it again",
                state.display(),
                found.0,
                short(&found.1),
                journal.display(),
                short(there)
            ),
            Self::FileOnly { state, journal, seq } => write!(
                f,
                "{} holds record {seq}, and its journal {} is not there or is empty; bring it back \
                 from where both were copied. If it is lost, go on from the file alone: `tradewind state adopt \
                 --reason TEXT`. To begin anew instead, move the file away",
                state.display(),
                journal.display()
            ),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::State(why) => Some(why),
            Self::Journal { why, .. } => Some(why),
            _ => None,
        }
    }
}

fn short(hash: &Digest) -> &str {
    hash.as_str().get(..12).unwrap_or_default()
}

/// Takes up the book of these files to write to it, or begins a new one. Hold its [`Lock`](crate::Lock).
///
/// # Errors
/// [`StartError`]; nothing was changed.
pub fn open(files: &Files) -> Result<Started<SqliteStore>, StartError> {
    let failed = |why: StoreError| StartError::Journal { path: files.journal.clone(), why: why.into() };
    match SqliteStore::open(&files.journal) {
        Ok(store) => start(files, store),
        Err(StoreError::Missing { .. }) => {
            if let Some(loaded) = checkpoint::read(files).map_err(StartError::State)? {
                return Err(file_only(files, &loaded));
            }
            start(files, SqliteStore::create(&files.journal).map_err(failed)?)
        }
        Err(why) => Err(failed(why)),
    }
}

/// Takes up the book of these files to look at it, beside whoever writes to it.
///
/// # Errors
/// [`StartError`].
pub fn open_read_only(files: &Files) -> Result<Started<SqliteStore>, StartError> {
    // The file first: a journal that is opened later is not behind it.
    let loaded = checkpoint::read(files).map_err(StartError::State)?;
    match (SqliteStore::open_read_only(&files.journal), loaded) {
        (Ok(store), loaded) => take_up(files, loaded, store),
        (Err(StoreError::Missing { .. }), Some(loaded)) => Err(file_only(files, &loaded)),
        (Err(why), _) => Err(StartError::Journal { path: files.journal.clone(), why: why.into() }),
    }
}

/// Takes up the book of a state file, if there is one, and the journal in `store`.
///
/// # Errors
/// [`StartError`]; nothing was changed.
pub fn start<S: Store>(files: &Files, store: S) -> Result<Started<S>, StartError> {
    let loaded = checkpoint::read(files).map_err(StartError::State)?;
    take_up(files, loaded, store)
}

/// Takes up the book of a state file that was read already, if there is one, and the journal in `store`. The files are
/// only told.
///
/// # Errors
/// [`StartError`]; nothing was changed.
pub fn take_up<S: Store>(files: &Files, loaded: Option<Loaded>, store: S) -> Result<Started<S>, StartError> {
    let failed = |why: JournalError| StartError::Journal { path: files.journal.clone(), why };
    let journal = Journal::open(store).map_err(failed)?;
    let Some(loaded) = loaded else {
        let mut book = Book::default();
        journal.fold(&mut book, |_| true).map_err(failed)?;
        return Ok(Started { book, journal, edited: None });
    };
    let from = fitting(files, &loaded, &journal)?;
    let mut book = match from {
        From::File => loaded.book(&files.state).map_err(StartError::State)?,
        From::Zero => Book::default(),
    };
    let mut edited = None;
    if !loaded.intact {
        journal.fold(&mut book, |stamped| stamped.seq <= loaded.journal_seq).map_err(failed)?;
        edited = Some(checkpoint::edit(&files.state, &loaded, &book).map_err(|why| {
            let path = files.folder().to_owned();
            StartError::State(CheckpointError::Io { path, doing: "read", why })
        })?);
    }
    journal.fold(&mut book, |_| true).map_err(failed)?;
    Ok(Started { book, journal, edited })
}

/// Where folding begins.
enum From {
    /// With the book in the state file.
    File,
    /// With the first record.
    Zero,
}

/// Whether a state file fits the journal, and what can be taken from it.
fn fitting<S: Store>(files: &Files, loaded: &Loaded, journal: &Journal<S>) -> Result<From, StartError> {
    let failed = |why: JournalError| StartError::Journal { path: files.journal.clone(), why };
    let (head, seq) = (journal.head(), loaded.journal_seq);
    let (state, path) = (files.state.clone(), files.journal.clone());
    if head.seq == 0 && (seq > 0 || !loaded.intact) {
        return Err(file_only(files, loaded));
    }
    if *loaded.journal_id != *journal.id() {
        if begun_from(loaded, journal).map_err(failed)? {
            return Ok(From::Zero);
        }
        let (found, id) = (loaded.journal_id.clone(), journal.id().into());
        return Err(StartError::OtherJournal { state, found, journal: path, id });
    }
    let found = Box::new((seq, loaded.journal_hash));
    match journal.hash_at(seq).map_err(failed)? {
        None => Err(StartError::Ahead { state, found, journal: path, head: Box::new(head) }),
        Some(there) if there != loaded.journal_hash => {
            Err(StartError::NotInChain { state, found, journal: path, there: Box::new(there) })
        }
        Some(_) if loaded.intact => Ok(From::File),
        Some(_) => Ok(From::Zero),
    }
}

/// Whether the journal begins with this very file: a process that adopted it died before it wrote it anew.
fn begun_from<S: Store>(loaded: &Loaded, journal: &Journal<S>) -> Result<bool, JournalError> {
    let mut book = Book::default();
    journal.fold(&mut book, |stamped| stamped.seq == 1)?;
    Ok(book.adopted_from().is_some_and(|from| loaded.is(from)))
}

fn file_only(files: &Files, loaded: &Loaded) -> StartError {
    let (state, journal): (&Path, &Path) = (&files.state, &files.journal);
    StartError::FileOnly { state: state.to_owned(), journal: journal.to_owned(), seq: loaded.journal_seq }
}

#[cfg(test)]
mod tests;
