//! What a review looks at: filled by the caller from its book and its market, borrowed, nothing kept.

use std::fmt;

use broker_api::{Account, Amount, Exposure, GuardState, Instrument, Key, Qty, Quote, Ratio, Signal, Time};
use chrono::TimeDelta;

/// The moment of a decision. What is `Option` may be missing, and then its checks say so.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct View<'a> {
    /// The rules of the order's instrument.
    pub instrument: &'a Instrument,
    /// Its last quote.
    pub quote: Option<&'a Quote>,
    /// The account it is traded in, as last read.
    pub account: Option<&'a Account>,
    /// What all venues are worth together, in base currency.
    pub equity: Option<Amount>,
    /// When that was read.
    pub equity_at: Option<Time>,
    /// What one unit of the instrument's quote currency is worth in base currency.
    pub rate: Option<Ratio>,
    /// What the guard judges by.
    pub guard: &'a GuardState,
    /// Everything that binds or could bind risk, the order itself left out.
    pub exposures: &'a [Exposure],
    /// What one unit of an instrument's quote currency is worth in base currency.
    pub values: &'a dyn Fn(Key) -> Option<Ratio>,
    /// When the venue last answered.
    pub contact: Option<Time>,
    /// The decision the order serves.
    pub signal: Option<&'a Signal>,
    /// Another order of the same instrument and purpose is open.
    pub duplicate: bool,
    /// Whether the market is open.
    pub market_open: bool,
    /// Whether the venue keeps such an order for the next session.
    pub venue_holds: bool,
    /// When the market last closed.
    pub last_close: Option<Time>,
    /// The halt file lies there.
    pub halted: bool,
    /// The book was held against what the venue holds, in this process, and the two agree about this instrument or are known
    /// to disagree.
    pub compared: bool,
    /// What open orders of other purposes would still close of this instrument.
    pub live_reducing: Qty,
    /// Prices come as bars: how much older than the last close of its market a price may be.
    pub quote_age_max: Option<TimeDelta>,
    /// The moment.
    pub now: Time,
}

impl View<'_> {
    /// What binds or could bind risk in the order's own instrument.
    pub(crate) fn own(&self) -> Exposure {
        let key = self.instrument.key;
        self.exposures.iter().find(|row| row.key == key).copied().unwrap_or_else(|| Exposure::none(key))
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("instrument", &self.instrument.key)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
