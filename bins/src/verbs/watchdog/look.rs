//! What the watchdog sees of the process that trades, each second: its lock, its sign of life, and what it has left behind.

use std::time::Duration;

use broker_api::{Purpose, Time};

use crate::clock::Stopwatch;
use crate::control::{Sign, Trader, process_runs};
use crate::place::Place;

/// Who gave a new sign within so long answers; a sign is given each second.
const FRESH: Duration = Duration::from_secs(2);

/// A sign of life: whose, and when it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Whose.
    pub pid: u32,
    /// When, by its clock.
    pub at: Time,
}

/// What is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nobody holds the state, and who did ended as it should.
    Nobody,
    /// A process that has given no sign of life: a pass, or one that begins to serve.
    Works,
    /// A process that serves, with its last sign.
    Serves(Mark),
    /// A process that has ended and did not say so, with its last sign.
    Gone(Mark),
}

/// Whether something is left that nobody looks after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stake {
    /// A position, an entry that is open, or a book that cannot be read.
    Something,
    /// Neither, or a later pass has taken care of it.
    Nothing,
}

/// What was seen so far.
pub struct Look {
    after: Duration,
    last: Option<Mark>,
    settled: Option<Mark>,
    /// Since all was well for the last time.
    well: Stopwatch,
    /// Whether a process is gone, and none has served since.
    is_gone: bool,
}

impl Look {
    /// A first look; nothing is silent before so long has passed.
    pub fn new(after: Duration) -> Self {
        Self { after, last: None, settled: None, well: Stopwatch::start(), is_gone: false }
    }

    /// Looks. How long a silence lasts is measured here: a clock that jumps, or a machine that slept, makes none.
    pub fn at(&mut self, place: &Place) -> Seen {
        let seen = match self.see(place) {
            Seen::Gone(mark) if self.settled == Some(mark) => Seen::Nobody,
            seen => seen,
        };
        let is_well = match seen {
            Seen::Nobody => true,
            Seen::Works => !self.is_gone,
            Seen::Serves(mark) => self.last.replace(mark) != Some(mark),
            Seen::Gone(_) => false,
        };
        if is_well {
            (self.well, self.is_gone) = (Stopwatch::start(), false);
        }
        self.is_gone |= matches!(seen, Seen::Gone(_));
        seen
    }

    fn see(&self, place: &Place) -> Seen {
        let holder = state::lock::read(&place.files.lock);
        let alive = Sign::Trader.read(&place.files.control);
        let sign = alive.map(|alive| Mark { pid: alive.pid, at: alive.at });
        let Some(holder) = holder else {
            return match sign {
                None => Seen::Nobody,
                // Who begins anew lets go of the lock for a moment.
                Some(sign) if process_runs(sign.pid) => Seen::Serves(sign),
                Some(sign) => Seen::Gone(sign),
            };
        };
        // A sign that was taken away counts as the last one that was seen.
        let own = sign.or(self.last).filter(|sign| sign.pid == holder.pid);
        match (holder.runs(), own) {
            (Some(false), own) => Seen::Gone(own.unwrap_or(Mark { pid: holder.pid, at: holder.since })),
            (_, Some(sign)) => Seen::Serves(sign),
            (_, None) => Seen::Works,
        }
    }

    /// Whether who serves, or who is gone, has been silent for too long.
    pub fn is_silent(&self, seen: &Seen) -> bool {
        matches!(seen, Seen::Serves(_) | Seen::Gone(_)) && self.well.elapsed() >= self.after
    }

    /// Whether who serves gives its sign again.
    pub fn answers(&self, seen: &Seen) -> bool {
        matches!(seen, Seen::Serves(_)) && self.well.elapsed() < FRESH
    }

    /// Nothing is left of who gave this sign.
    pub fn settled(&mut self, mark: Mark) {
        self.settled = Some(mark);
    }
}

/// What who gave this sign has left, by the journal.
pub fn stake(place: &Place, mark: Mark) -> Stake {
    let is_left = match place.read(None) {
        Ok(reading) => {
            let book = &reading.book;
            let is_later = book.last_stop().is_some_and(|stop| stop.at > mark.at);
            let is_open = book.open_orders().any(|order| order.intent.purpose == Purpose::Entry);
            !is_later && (is_open || book.positions().len() > 0)
        }
        Err(_) => place.files.journal.exists(),
    };
    if is_left { Stake::Something } else { Stake::Nothing }
}

/// Who is watched, in words.
pub fn told(place: &Place, now: Time) -> String {
    Trader::of(place).map_or_else(|| "nobody trades here now".to_owned(), |trader| trader.told(now))
}
