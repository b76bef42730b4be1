//! Whether a market is open, asked in one place: the calendar and what the venue says of itself, held together.

use std::fmt;

use broker_api::{AssetClass, Time};
use chrono::{Datelike, NaiveDate, TimeDelta};

use super::equity::Kind;
use super::{Calendar, FIRST_YEAR, LAST_YEAR, ROLL, Session, equity, is_weekend, local_date, new_york};

/// How long before and after the change of the currencies' day no entry is sent: venues pause then, and spreads are
/// wide. It counts at the beginning and the end of their week too.
const AROUND_ROLL: TimeDelta = TimeDelta::minutes(15);

/// What a market is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It trades.
    Open,
    /// It trades, but around the change of its day no entry is sent.
    Roll {
        /// When that is over.
        until: Time,
    },
    /// It is closed. [`Calendar::why`] says why.
    Closed,
    /// Calendar and venue say different things: no entry is sent, an exit is attempted.
    Disagree,
}

/// Why a stock, currency or coin cannot be traded at a moment, by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is before or after the hours of a day, or a weekend.
    Hours,
    /// The day was a short one, and is over.
    EarlyClose(&'static str),
    /// The day is a holiday, or closed for another reason.
    Closed(&'static str),
    /// The calendar does not reach so far.
    Unknown,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hours => f.write_str("outside of its hours"),
            Self::EarlyClose(name) => write!(f, "closed early: {name}"),
            Self::Closed(name) => f.write_str(name),
            Self::Unknown => write!(f, "the calendar covers {FIRST_YEAR} to {LAST_YEAR}"),
        }
    }
}

impl Opening {
    /// The calendar's session at `t`, if it has one, and what the venue says.
    pub(crate) fn of(class: AssetClass, session: Option<Session>, t: Time, says: Option<bool>) -> Self {
        match (session, says) {
            (Some(_), Some(false)) | (None, Some(true)) => Self::Disagree,
            (None, _) => Self::Closed,
            (Some(session), _) if class == AssetClass::Forex => {
                if t < session.opens + AROUND_ROLL {
                    Self::Roll { until: session.opens + AROUND_ROLL }
                } else if t >= session.closes - AROUND_ROLL {
                    Self::Roll { until: session.closes + AROUND_ROLL }
                } else {
                    Self::Open
                }
            }
            (Some(_), _) => Self::Open,
        }
    }

    /// Whether it trades, and nobody says otherwise.
    pub const fn is_trading(self) -> bool {
        matches!(self, Self::Open | Self::Roll { .. })
    }

    /// Whether an exit is worth an attempt.
    pub const fn takes_exits(self) -> bool {
        !matches!(self, Self::Closed)
    }
}

impl Calendar {
    /// What a market is at `t`. `says` is what the venue itself says of that moment, its clock, its own calendar and
    /// the instrument's state together; nothing when it says nothing, as the paper venue does.
    pub fn open(&self, class: AssetClass, t: Time, says: Option<bool>) -> Opening {
        Opening::of(class, self.session(class, t), t, says)
    }

    /// Why a market is closed at `t`; nothing when the calendar has it open.
    pub fn why(&self, class: AssetClass, t: Time) -> Option<Why> {
        if self.is_open(class, t) {
            return None;
        }
        let today = local_date(t);
        Some(match class {
            AssetClass::Equity => match equity::kind(today) {
                Kind::Short(closes, name) if new_york(today, closes).is_some_and(|closed| t >= closed) => {
                    Why::EarlyClose(name)
                }
                Kind::Closed(name) => Why::Closed(name),
                Kind::Unknown => Why::Unknown,
                Kind::Ordinary | Kind::Weekend | Kind::Short(..) => Why::Hours,
            },
            AssetClass::Forex => {
                let is_after = new_york(today, ROLL).is_some_and(|roll| t >= roll);
                let date = if is_after { today.succ_opt().unwrap_or(today) } else { today };
                rest_of_currencies(date)
            }
            AssetClass::Crypto => Why::Unknown,
        })
    }
}

/// Why currencies have no day of a date.
fn rest_of_currencies(date: NaiveDate) -> Why {
    match (date.month(), date.day()) {
        _ if is_weekend(date) => Why::Hours,
        (12, 25) => Why::Closed("Christmas Day"),
        (1, 1) => Why::Closed("New Year's Day"),
        _ => Why::Hours,
    }
}
