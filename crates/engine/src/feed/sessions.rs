//! The sessions of dates, computed once for all files of a folder.

use broker_api::AssetClass;
use chrono::{Datelike, NaiveDate};

use crate::calendar::{Calendar, Session};

/// How many days are remembered: the files of a folder are played side by side, so few are asked for at a time.
const DAYS: usize = 64;

/// A date and what came of it.
#[derive(Clone, Copy, Debug)]
struct Known {
    date: NaiveDate,
    session: Option<Session>,
}

/// The sessions of the last dates asked for. Asking the calendar takes longer than reading a row.
#[derive(Debug)]
pub(super) struct Sessions {
    known: [[Option<Known>; DAYS]; AssetClass::ALL.len()],
}

impl Sessions {
    pub(super) const fn new() -> Self {
        Self { known: [[None; DAYS]; AssetClass::ALL.len()] }
    }

    /// The session of a date by the calendar, or else its usual hours; nothing when the date is too far away.
    pub(super) fn get(&mut self, class: AssetClass, date: NaiveDate) -> Option<Session> {
        // The days of a year follow each other through the table; one that stands elsewhere is computed again.
        let known = &mut self.known[class as usize][date.ordinal0() as usize % DAYS];
        if let Some(known) = known.filter(|known| known.date == date) {
            return known.session;
        }
        let calendar = Calendar::new();
        let session = calendar.day(class, date).or_else(|| calendar.regular(class, date));
        *known = Some(Known { date, session });
        session
    }
}
