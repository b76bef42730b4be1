//! The disk under the journal: it keeps what it is given, or says that it did not, rightly or wrongly.

use std::sync::{Arc, Mutex, PoisonError};

use state::{Encoded, MemoryStore, Store, StoreError};

use crate::fates::Fates;
use crate::fault::Fault;
use crate::place::{Holds, Place};
use crate::story::Story;

/// What the disk calls itself when it fails.
pub const PLACE: &str = "the disk";

/// No schedule has so many records, unless something goes round and round.
const RECORDS_MAX: u64 = 20_000;

/// A store whose appends fail as the fates want it.
#[derive(Clone, Debug)]
pub struct FaultyDisk {
    rows: MemoryStore,
    fates: Arc<Mutex<Fates>>,
    story: Story,
}

impl FaultyDisk {
    /// A disk that holds these rows.
    pub const fn new(rows: MemoryStore, fates: Arc<Mutex<Fates>>, story: Story) -> Self {
        Self { rows, fates, story }
    }
}

impl Store for FaultyDisk {
    fn append(&mut self, expected: u64, rows: &[Encoded]) -> Result<(), StoreError> {
        if expected > RECORDS_MAX {
            let (place, why) = ("the world".into(), "its records come to no end".into());
            return Err(StoreError::Failed { place, doing: "written", why });
        }
        let place = Place::Commit(Holds::of(rows.iter().map(|row| row.kind.as_str())));
        let fault = self.fates.lock().unwrap_or_else(PoisonError::into_inner).ask(place);
        if let Some(fault) = fault {
            self.story.tell(|| format!("          {place}: {}", fault.as_str()));
        }
        match fault {
            Some(Fault::DiskFull) => Err(StoreError::Full { place: PLACE.into() }),
            Some(_) => {
                self.rows.append(expected, rows)?;
                Err(StoreError::Failed {
                    place: PLACE.into(),
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
