//! What a book may come to, as plain numbers: whoever checks it does not share the code that keeps to it.

use chrono::TimeDelta;
use rust_decimal::Decimal;

/// The limits of a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Positions, entries under way included.
    pub positions: usize,
    /// The value of one order, in percent of equity, as are the next ones.
    pub order: Decimal,
    /// The value of one instrument.
    pub position: Decimal,
    /// The value of everything.
    pub gross: Decimal,
    /// What the stop of one order loses.
    pub risk: Decimal,
    /// The fall of a day at which no entry goes any more, in percent of the equity it began with.
    pub day_fall: Decimal,
    /// The fall from the highest equity.
    pub fall: Decimal,
    /// The falls at which everything is closed: of the day, and from the highest equity.
    pub flattens: [Decimal; 2],
    /// How long entries rest after that.
    pub rest: TimeDelta,
    /// Losing trades in a row after which entries rest.
    pub losses: u32,
    /// Losing trades in a row after which only a person goes on.
    pub latch: u32,
}
