//! The journal: the truth, record by record, each chained to all before it.
//!
//! 1. A commit is one transaction of the store; what it gives back may be acted on.
//! 2. After a commit whose outcome is not certain nothing is committed any more: what was written is found out
//!    by the next start, which reads it.

use std::fmt;

use broker_api::{Digest, Stamped, Time, planted};

use crate::batch::Batch;
use crate::book::{Book, Illegal};
use crate::durable::Durable;
use crate::encode::{Encoded, Unreadable, chained, decode, encode, genesis};
use crate::store::{Store, StoreError};

/// How many rows are read at once.
const PAGE: usize = 1_000;

/// Where a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The seq of the last record; 0 in an empty journal.
    pub seq: u64,
    /// The hash of the last row, which stands for everything before it.
    pub hash: Digest,
    /// When the last record was decided; nothing in an empty journal.
    pub at: Option<Time>,
}

impl Head {
    /// The first 12 characters of the hash: what reports and alerts show.
    pub fn short(&self) -> &str {
        self.hash.as_str().get(..12).unwrap_or_default()
    }
}

/// A journal that holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many records it has.
    pub records: u64,
    /// Where it ends.
    pub head: Head,
}

/// The first place where a journal does not hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The record's seq.
    pub seq: u64,
    /// What is wrong.
    pub why: Box<str>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the journal does not hold together at record {}: {}", self.seq, self.why)
    }
}

impl std::error::Error for Broken {}

/// Why a journal did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalError {
    /// The store failed.
    Store(StoreError),
    /// A row is not a record of this program.
    Unreadable(Unreadable),
    /// Rows are missing, changed, or do not follow each other.
    Broken(Broken),
    /// The batch does not begin where the journal ends; nothing was written.
    WrongPlace {
        /// Where it begins.
        first: u64,
        /// Where the journal ends.
        head: u64,
    },
    /// An earlier commit failed, and nobody knows what of it was written.
    Frozen {
        /// How it failed.
        why: Box<str>,
    },
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(why) => why.fmt(f),
            Self::Unreadable(why) => why.fmt(f),
            Self::Broken(why) => why.fmt(f),
            Self::WrongPlace { first, head } => write!(
                f,
                "the records begin with {first}, and the journal ends with {head}; nothing was written"
            ),
            Self::Frozen { why } => write!(
                f,
                "the journal takes no more records, since nobody knows what was written of the last ones ({why}); \
                 start again to find out"
            ),
        }
    }
}

impl std::error::Error for JournalError {}

impl From<StoreError> for JournalError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl From<Unreadable> for JournalError {
    fn from(why: Unreadable) -> Self {
        Self::Unreadable(why)
    }
}

impl From<Broken> for JournalError {
    fn from(why: Broken) -> Self {
        Self::Broken(why)
    }
}

/// An append-only, hash-chained log of records.
#[derive(Debug)]
pub struct Journal<S> {
    store: S,
    head: Head,
    frozen: Option<Box<str>>,
    #[cfg(planted)]
    late: Vec<Encoded>,
}

impl<S: Store> Journal<S> {
    /// The journal in a store. Only its last row is read; [`start`](crate::start()) checks the rest as far as needed.
    ///
    /// # Errors
    /// [`JournalError`] when the last row cannot be read.
    pub fn open(store: S) -> Result<Self, JournalError> {
        let head = match store.head()? {
            None => Head { seq: 0, hash: genesis(store.id()), at: None },
            Some(row) => Head { seq: row.seq, hash: row.hash, at: Some(decode(&row)?.at) },
        };
        Ok(Self {
            store,
            head,
            frozen: None,
            #[cfg(planted)]
            late: Vec::new(),
        })
    }

    /// Its id, given once when it was made.
    pub fn id(&self) -> &str {
        self.store.id()
    }

    /// Where it ends.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Why it takes no more records, when it does not.
    pub fn frozen(&self) -> Option<&str> {
        self.frozen.as_deref()
    }

    /// What it is kept in.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Makes the records of a batch durable and gives its commands back.
    ///
    /// # Errors
    /// [`JournalError::WrongPlace`] when the batch does not begin where the journal ends. [`JournalError::Store`]
    /// when it could not be written, or nobody knows; from then on every call gives [`JournalError::Frozen`].
    pub fn commit<C>(&mut self, batch: Batch<C>) -> Result<Durable<Vec<C>>, JournalError> {
        if let Some(why) = &self.frozen {
            return Err(JournalError::Frozen { why: why.clone() });
        }
        if batch.first() != self.head.seq + 1 {
            return Err(JournalError::WrongPlace { first: batch.first(), head: self.head.seq });
        }
        if batch.is_empty() {
            return Ok(Durable::mint(batch.into_commands()));
        }
        let mut head = self.head;
        let mut rows = Vec::with_capacity(batch.records().len());
        for stamped in batch.records() {
            let row = encode(head.hash, stamped)?;
            head = Head { seq: row.seq, hash: row.hash, at: Some(stamped.at) };
            rows.push(row);
        }
        let expected = self.head.seq;
        #[cfg(planted)]
        let (expected, rows) = self.held_back(expected, rows);
        if let Err(why) = self.store.append(expected, &rows)
            && !planted!(FailedCommitIgnored)
        {
            self.frozen = Some(why.to_string().into());
            return Err(why.into());
        }
        self.head = head;
        Ok(Durable::mint(batch.into_commands()))
    }

    #[cfg(planted)]
    fn held_back(&mut self, expected: u64, rows: Vec<Encoded>) -> (u64, Vec<Encoded>) {
        let rows = if planted!(SentBeforeCommit) { std::mem::replace(&mut self.late, rows) } else { rows };
        (rows.first().map_or(expected, |row| row.seq - 1), rows)
    }

    /// The records after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn read(&self, after: u64, limit: usize) -> Result<Vec<Stamped>, JournalError> {
        let rows = self.store.read(after, limit)?;
        Ok(rows.iter().map(decode).collect::<Result<_, _>>()?)
    }

    /// The hash of a row; of what stands before the first one for 0; nothing behind the end.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn hash_at(&self, seq: u64) -> Result<Option<Digest>, JournalError> {
        let Some(before) = seq.checked_sub(1) else { return Ok(Some(genesis(self.id()))) };
        let row = self.store.read(before, 1)?.pop();
        Ok(row.filter(|row| row.seq == seq).map(|row| row.hash))
    }

    /// Folds into the book what it does not know yet, checking the chain on the way, up to the end or to the first
    /// record that `until` refuses. Gives where it stopped.
    ///
    /// # Errors
    /// [`JournalError`]; then the book holds part of it and must not be used.
    pub fn fold(&self, book: &mut Book, until: impl Fn(&Stamped) -> bool) -> Result<Head, JournalError> {
        let from = book.seq();
        let before = self.hash_at(from)?;
        let missing = || Broken { seq: from, why: "it is not in the journal".into() };
        let mut walk = Head { seq: from, hash: before.ok_or_else(missing)?, at: None };
        loop {
            let rows = self.store.read(walk.seq, PAGE)?;
            if rows.is_empty() {
                reached(walk, self.head)?;
                return Ok(walk);
            }
            for row in &rows {
                let stamped = follow(walk, row)?;
                if !until(&stamped) {
                    return Ok(walk);
                }
                walk = Head { seq: row.seq, hash: row.hash, at: Some(stamped.at) };
                #[cfg(planted)]
                let stamped = stood_still(stamped, book);
                if planted!(LastRecordSkipped) && row.seq == self.head.seq {
                    continue;
                }
                book.apply(&stamped.record, stamped.at).map_err(|why| illegal(row.seq, &why))?;
            }
        }
    }

    /// The book of the first `seq` records, or of all when there are fewer.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn book_to(&self, seq: u64) -> Result<Book, JournalError> {
        let mut book = Book::default();
        self.fold(&mut book, |stamped| stamped.seq <= seq)?;
        Ok(book)
    }

    /// Walks the whole chain and folds every record.
    ///
    /// # Errors
    /// [`Broken`] with the first place that does not hold.
    pub fn verify(&self) -> Result<Verified, Broken> {
        let mut book = Book::default();
        let head = self.fold(&mut book, |_| true).map_err(|why| match why {
            JournalError::Broken(broken) => broken,
            JournalError::Unreadable(row) => Broken { seq: row.seq, why: row.why },
            other => Broken { seq: book.seq() + 1, why: other.to_string().into() },
        })?;
        Ok(Verified { records: book.seq(), head })
    }

    /// Housekeeping of the store; call it when nothing waits.
    ///
    /// # Errors
    /// [`JournalError`]; nothing is lost then.
    pub fn maintain(&mut self) -> Result<(), JournalError> {
        Ok(self.store.maintain()?)
    }
}

/// The book as it was at a moment: everything up to the first record that was decided later.
///
/// # Errors
/// [`JournalError`].
pub fn book_at<S: Store>(journal: &Journal<S>, time: Time) -> Result<Book, JournalError> {
    let mut book = Book::default();
    journal.fold(&mut book, |stamped| stamped.at <= time)?;
    Ok(book)
}

#[cfg(planted)]
fn stood_still(stamped: Stamped, book: &Book) -> Stamped {
    match stamped.record {
        broker_api::Record::CursorMoved { venue, .. } if planted!(CursorNotFolded) => {
            let cursor = book.venue(venue).map_or_else(|| unreachable!("it is bound"), |known| known.cursor);
            Stamped { record: broker_api::Record::CursorMoved { venue, cursor }, ..stamped }
        }
        _ => stamped,
    }
}

fn illegal(seq: u64, why: &Illegal) -> Broken {
    Broken { seq, why: why.to_string().into() }
}

/// The record of a row that must follow `before`.
fn follow(before: Head, row: &Encoded) -> Result<Stamped, JournalError> {
    let next = before.seq + 1;
    if row.seq != next {
        return Err(
            Broken { seq: next, why: format!("it is missing; record {} follows", row.seq).into() }.into()
        );
    }
    if chained(before.hash, row) != row.hash {
        let why = "its hash does not fit: it, or the row before it, was changed after it was written";
        return Err(Broken { seq: next, why: why.into() }.into());
    }
    Ok(decode(row)?)
}

/// A walk must reach the head that was read when the journal was opened, or that was written since.
fn reached(walk: Head, head: Head) -> Result<(), Broken> {
    if walk.seq < head.seq {
        let why = format!("it is missing; the journal went up to {}", head.seq);
        return Err(Broken { seq: walk.seq + 1, why: why.into() });
    }
    if walk.seq == head.seq && walk.hash != head.hash {
        return Err(Broken { seq: head.seq, why: "it changed since the journal was opened".into() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
