//! A record as it stands in a journal.

use super::Record;
use crate::Time;

/// The version of the records written by this program.
pub const VERSION: u32 = 1;

/// A record with its place and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Counts from 1, without a gap.
    pub seq: u64,
    /// When it was decided, by the clock that was passed in.
    pub at: Time,
    /// The fact.
    pub record: Record,
}
