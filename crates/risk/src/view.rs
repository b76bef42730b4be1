//! What a review looks at: filled by the caller from its book and its market, borrowed, nothing kept.

use std::fmt;

use broker_api::{
    Account, Amount, Code, Currency, Exposure, GuardState, Instrument, Key, Qty, Quote, Ratio, Signal,
    SignalId, Time,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::away::Away;
use crate::blackouts::Blackout;
use crate::stops::Executed;

/// The moment of a decision. What is `Option` may be missing, and then its checks say so.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct View<'a> {
    /// The rules of the order's instrument.
    pub instrument: &'a Instrument,
    /// Its last quote.
    pub quote: Option<&'a Quote>,
    /// The account it is traded in, as last read.
    pub account: Option<&'a Account>,
    /// What all venues are worth together, in base currency; one that is away at its last reading, as if its stops were hit.
    pub equity: Option<Amount>,
    /// When that was read at the order's own venue.
    pub equity_at: Option<Time>,
    /// Another venue that is away; of several the one whose last reading counts for the shortest time.
    pub away: Option<Away>,
    /// The book's own currency, in which all its figures are.
    pub base: Currency,
    /// What one unit of the instrument's quote currency is worth in base currency.
    pub rate: Option<Ratio>,
    /// What the guard judges by.
    pub guard: &'a GuardState,
    /// Everything that binds or could bind risk, the order itself left out. For an order that only reduces its own instrument's
    /// is enough.
    pub exposures: &'a [Exposure],
    /// What one unit of an instrument's quote currency is worth in base currency.
    pub values: &'a dyn Fn(Key) -> Option<Ratio>,
    /// The rules of any instrument.
    pub instruments: &'a dyn Fn(Key) -> Option<&'a Instrument>,
    /// The bucket of instruments that move together to which one belongs, where one was given.
    pub buckets: &'a dyn Fn(Key) -> Option<Code>,
    /// What was lately decided and answered.
    pub lately: Lately,
    /// How entries were lately executed, and orders answered.
    pub executed: Executed,
    /// When the venue last answered.
    pub contact: Option<Time>,
    /// How far the venue's own clock is from ours, above zero when it is ahead, by the nearer of its last two readings; and when
    /// it was last read.
    pub clock: Option<(TimeDelta, Time)>,
    /// The decision the order serves.
    pub signal: Option<&'a Signal>,
    /// Another decision of the same strategy, about the same instrument, bar and direction, that led or may lead to an order.
    pub same_decision: Option<SignalId>,
    /// The newest bar that another decision of the same strategy about the same instrument rested on.
    pub last_bar: Option<Time>,
    /// Stocks that were bought and sold on one day, within the last five trading days.
    pub day_trades: u32,
    /// The position that has been without its stop for the longest, and since when.
    pub bare: Option<(Key, Time)>,
    /// The position that is held for the longest, and since when.
    pub oldest: Option<(Key, Time)>,
    /// The configured time without entries that the moment lies in; of several the one that ends last.
    pub blackout: Option<&'a Blackout>,
    /// When the kill switch was last tried, and did as it should.
    pub drilled: Option<Time>,
    /// Whether the last message to the command that tells people went through; nothing when there is no such command, or
    /// none was sent yet.
    pub alerts: Option<bool>,
    /// Where it is traded.
    pub stage: Stage,
    /// The first reading of equity of this account day is far from what was known, and no second one has confirmed it yet.
    pub unconfirmed: bool,
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
    /// The limit that is loosened beyond what is in force in the book by more than may be, when there is one: what
    /// [`loosened`](crate::versions::loosened) says.
    pub loosened: Option<&'static str>,
    /// The moment.
    pub now: Time,
}

/// Where something is traded, which says what of the guard applies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// History, told again.
    Replay,
    /// The embedded paper broker.
    Paper,
    /// A broker's account, on paper or not: the account says which.
    Broker,
}

/// What was lately decided and answered, counted from the book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// When the last entry into the same instrument, of the same side and size and under another id, was decided.
    pub like_it: Option<Time>,
    /// Entries that were decided within the last minute.
    pub entries_in_minute: u32,
    /// Entries that were decided in this account day.
    pub entries_in_day: u32,
    /// Orders that only reduce, and were decided within the last minute.
    pub exits_in_minute: u32,
    /// Entries of the same strategy into the same instrument that were decided in this account day.
    pub entries_again: u32,
    /// Refusals in a row, the newest last, since a person last let entries through.
    pub refused_in_row: u32,
    /// Orders that were answered within the last ten minutes, since a person last let entries through.
    pub answered: u32,
    /// Those of them that were refused.
    pub refused: u32,
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
