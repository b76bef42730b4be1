//! A store without a file, for tests and rehearsals: its copies share their rows, as two openings of one file
//! do, and it fails on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::encode::Encoded;
use crate::store::{Store, StoreError};

/// How a [`MemoryStore`] fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is kept, and an error told.
    Lost,
    /// The rows are kept, and an error told all the same.
    Doubtful,
}

#[derive(Debug, Default)]
struct Kept {
    rows: Vec<Encoded>,
    appends: u64,
    fault: Option<(u64, Fault)>,
}

/// Rows in memory. Nothing in it outlives the process.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    id: Box<str>,
    kept: Arc<Mutex<Kept>>,
}

impl MemoryStore {
    /// An empty store for the journal of this id.
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), kept: Arc::default() }
    }

    /// Makes the append after `more` more ones fail, and all that follow.
    pub fn fail_after(&self, more: u64, fault: Fault) {
        let mut kept = self.lock();
        kept.fault = Some((kept.appends + more, fault));
    }

    /// Makes appends succeed again.
    pub fn heal(&self) {
        self.lock().fault = None;
    }

    /// All rows.
    pub fn rows(&self) -> Vec<Encoded> {
        self.lock().rows.clone()
    }

    /// Changes rows behind the journal's back.
    pub fn tamper(&self, change: impl FnOnce(&mut Vec<Encoded>)) {
        change(&mut self.lock().rows);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn append(&mut self, expected: u64, rows: &[Encoded]) -> Result<(), StoreError> {
        let mut kept = self.lock();
        let head = kept.rows.last().map_or(0, |row| row.seq);
        if head != expected {
            let why = format!("it ends with record {head} instead of {expected}");
            return Err(StoreError::Shared { place: "memory".into(), why: why.into() });
        }
        let fault = kept.fault.filter(|(from, _)| kept.appends >= *from).map(|(_, fault)| fault);
        kept.appends += 1;
        if fault != Some(Fault::Lost) {
            kept.rows.extend_from_slice(rows);
        }
        match fault {
            None => Ok(()),
            Some(_) => Err(StoreError::Full { place: "memory".into() }),
        }
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Encoded>, StoreError> {
        Ok(self.lock().rows.iter().filter(|row| row.seq > after).take(limit).cloned().collect())
    }

    fn head(&self) -> Result<Option<Encoded>, StoreError> {
        Ok(self.lock().rows.last().cloned())
    }

    fn id(&self) -> &str {
        &self.id
    }
}
