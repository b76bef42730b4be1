//! What a venue says of its own hours.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Time;

/// What a venue's own calendar says of one date of a market. For currencies the date is the one their day ends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueDay {
    /// The date.
    pub date: NaiveDate,
    /// When it opens and closes; nothing when it stays closed.
    pub hours: Option<VenueHours>,
}

/// From when until when a venue is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueHours {
    /// Its first moment.
    pub opens: Time,
    /// The first moment after it.
    pub closes: Time,
}
