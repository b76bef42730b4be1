//! Which instruments a step touched: what follows from the book is looked for there, and not everywhere at each price.
//!
//! A fresh desk knows nothing of what happened before and looks at everything once.

use broker_api::{Key, Record};
use state::Book;

/// Instruments to look at.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    all: bool,
    keys: Vec<Key>,
}

impl Default for Touched {
    fn default() -> Self {
        Self { all: true, keys: Vec::new() }
    }
}

impl Touched {
    pub(super) fn everything(&mut self) {
        self.all = true;
    }

    /// Whether an instrument is to be looked at.
    pub(super) fn has(&self, key: Key) -> bool {
        self.all || self.keys.contains(&key)
    }

    pub(super) fn is_nothing(&self) -> bool {
        !self.all && self.keys.is_empty()
    }

    /// Begins anew, and says whether it was everything.
    pub(super) fn take(&mut self) -> bool {
        self.keys.clear();
        std::mem::take(&mut self.all)
    }

    /// Notes what a record touched; `book` holds it already.
    pub(super) fn by(&mut self, record: &Record, book: &Book) {
        match record {
            // Signals are looked at by themselves; a place in a log and a new day touch nothing.
            Record::SignalTaken { .. }
            | Record::SignalConflicted { .. }
            | Record::SignalEnded { .. }
            | Record::DayStarted { .. }
            | Record::CursorMoved { .. } => {}
            _ => {
                let of_order = || record.order().and_then(|id| book.order(id)).map(|row| row.intent.key);
                match record.key().or_else(of_order) {
                    Some(key) if self.keys.contains(&key) => {}
                    Some(key) => self.keys.push(key),
                    None => self.all = true,
                }
            }
        }
    }
}
