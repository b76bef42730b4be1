//! The disk under the journal: it keeps what it is given, or says that it did not, rightly or wrongly.

use std::sync::{Arc, Mutex, PoisonError};

use state::{Encoded, MemoryStore, Store, StoreError};

use crate::fault::{Fates, Fault, Place};

/// A store whose appends fail as the fates want it.
#[derive(Clone, Debug)]
pub struct FaultyDisk {
    rows: MemoryStore,
    fates: Arc<Mutex<Fates>>,
}

impl FaultyDisk {
    /// A disk that holds these rows.
    pub const fn new(rows: MemoryStore, fates: Arc<Mutex<Fates>>) -> Self {
        Self { rows, fates }
    }
}

impl Store for FaultyDisk {
    fn append(&mut self, expected: u64, rows: &[Encoded]) -> Result<(), StoreError> {
        let fault = self.fates.lock().unwrap_or_else(PoisonError::into_inner).ask(Place::Commit);
        match fault {
            Some(Fault::DiskFull) => Err(StoreError::Full { place: "the disk".into() }),
            Some(_) => {
                self.rows.append(expected, rows)?;
                Err(StoreError::Failed {
                    place: "the disk".into(),
                    doing: "written",
                    why: "it does not say whether it was".into(),
                })
            }
            None => self.rows.append(expected, rows),
        }
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Encoded>, StoreError> {
        self.rows.read(after, limit)
    }

    fn head(&self) -> Result<Option<Encoded>, StoreError> {
        self.rows.head()
    }

    fn id(&self) -> &str {
        self.rows.id()
    }
}
