//! The paper venue: one account on the matching engine, with a transaction log of its own in a file.
//!
//! It is a venue like any other: what was not committed to its file was never received, what was committed is true
//! even if nobody heard the answer, and an order without an answer is looked up in its log.
//!
//! 1. A row of the log, and the step of the engine that made it, are one transaction. A step that makes no row
//!    is kept in memory and goes into the file with the next row, or with [`PaperVenue::flush`].
//! 2. Prices come in by [`PaperVenue::play`], moment by moment in time order; what they bring about is taken by
//!    [`PaperVenue::next_event`], one event at a time, until it says false.
//! 3. After a crash the venue stands right after its last row, in the middle of a moment if need be. Play every
//!    moment from [`PaperVenue::last_played`] on again, that time included: a moment that was played to its end is
//!    passed over, one that was begun goes on behind its last event, and nothing is logged twice.
//!    (If its prices will not come again, take the rest of its events before the first moment is played.)
//! 4. A moment in the past of the played prices is refused. Time set by [`PaperVenue::set_time`] may be ahead of
//!    the prices: a bar is played when it is over, and what happened in it keeps its own time.
//! 5. Changed costs or instruments hold from the next moment on; the steps in the file keep the ones they had.
//! 6. No clock is read here. All times are given.

mod broker;
mod convert;
mod copy;
mod error;
mod log;
mod machine;
mod state;
mod text;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use broker_api::{AccountRef, Capabilities, Catalog, Currency, Cursor, Key, Mode, Ratio, Time};
pub use copy::{backup, verify};
pub use error::VenueError;
use machine::Rules;
use state::State;

pub use crate::capabilities::capabilities;
use crate::matching::{Moment, Settings, TransferIn, Transferred};

/// One paper account and its file.
pub struct PaperVenue {
    of: AccountRef,
    capabilities: Capabilities,
    catalog: Arc<Catalog>,
    state: Mutex<State>,
}

impl PaperVenue {
    /// Opens the account in the file at `path`, or begins a new one there. The folder must exist.
    ///
    /// # Errors
    /// A file that cannot be used, is of something else, of a newer format or of another account, or settings
    /// that cannot be right. Nothing is overwritten.
    pub fn open(path: &Path, catalog: Arc<Catalog>, settings: Settings) -> Result<Self, VenueError> {
        let of = AccountRef {
            venue: settings.venue,
            account: settings.account,
            mode: Mode::Paper,
            currency: settings.currency,
        };
        let rules = Rules { catalog: Arc::clone(&catalog), settings };
        let state = Mutex::new(State::open(path, rules)?);
        Ok(Self { of, capabilities: capabilities(), catalog, state })
    }

    /// Begins a moment; its events are then taken by [`Self::next_event`]. A moment that was played already is
    /// passed over, one that is being played goes on.
    ///
    /// # Errors
    /// Prices from before the last ones played, an instrument that is not in the catalog, a moment before that has
    /// events left, or a file that fails.
    pub fn play(&self, moment: &Moment) -> Result<(), VenueError> {
        self.settled()?.play(moment)
    }

    /// Takes the moment's next event into the log; false when none is left. Other [`broker_api::Broker`] calls
    /// may come between two events.
    ///
    /// # Errors
    /// A file that fails: the event is then not taken, and the call can be repeated. A figure that does not fit.
    pub fn next_event(&self) -> Result<bool, VenueError> {
        self.settled()?.next_event()
    }

    /// Sets the venue's time; an earlier one than it has is passed over.
    pub fn set_time(&self, at: Time) {
        if let Ok(mut state) = self.state.lock() {
            state.set_time(at);
        }
    }

    /// The time of the last moment that was begun. The moments of this very time may not all have been played:
    /// play them again, those that were are known.
    pub fn last_played(&self) -> Option<Time> {
        self.state.lock().ok()?.machine.place.last
    }

    /// Writes the moments that brought about nothing, and the time, so that the next process goes on here.
    ///
    /// # Errors
    /// A file that fails.
    pub fn flush(&self) -> Result<(), VenueError> {
        self.settled()?.flush()
    }

    /// Takes positions and cash from outside, as one row of the log; not in the middle of a moment. A file that came
    /// before comes no second time: what it brought then is said again.
    ///
    /// # Errors
    /// What cannot be taken, with the reason; then nothing is. A file that fails.
    pub fn transfer_in(&self, transfer: &TransferIn) -> Result<Transferred, VenueError> {
        self.settled()?.transfer_in(transfer)
    }

    /// Everything that came from outside, the first first.
    ///
    /// # Errors
    /// A file that fails.
    pub fn transfers(&self) -> Result<Vec<Transferred>, VenueError> {
        Ok(self.settled()?.machine.engine.transfers().to_vec())
    }

    /// What came from outside after a place in the log.
    ///
    /// # Errors
    /// A file that fails, or a place that is none of this log.
    pub fn transfers_since(&self, cursor: Cursor) -> Result<Vec<Transferred>, VenueError> {
        self.settled()?.transfers_since(cursor)
    }

    /// What one unit of a currency is worth in account currency at the last prices; nothing when they do not say.
    ///
    /// # Errors
    /// A file that fails.
    pub fn rate(&self, from: Currency) -> Result<Option<Ratio>, VenueError> {
        Ok(self.settled()?.machine.engine.rate(from))
    }

    /// The currency that an instrument's price is in; nothing for one that is not traded here.
    pub fn instrument_quote(&self, key: Key) -> Option<Currency> {
        self.catalog.instrument(key).map(|instrument| instrument.quote)
    }

    fn settled(&self) -> Result<MutexGuard<'_, State>, VenueError> {
        let mut state = self.state.lock().map_err(|_| VenueError::Stopped)?;
        state.settle()?;
        Ok(state)
    }
}

impl std::fmt::Debug for PaperVenue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperVenue").field("of", &self.of).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
