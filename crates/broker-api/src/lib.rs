//! The words every part of Tradewind shares, and the ports to the outside: [`Broker`] and [`Quotes`].
//!
//! This crate is the leaf of the workspace. It holds plain data, the rules that make wrong data impossible to
//! build, and one table ([`order::transition`]). It does no I/O, reads no clock, and knows no broker. Everything
//! that is traded, owned or owed is keyed by venue ([`VenueId`] stands for one account at one broker) and symbol.

/// The account behind a venue.
pub mod account;
/// What people allow: limits by version, arming, gates.
pub mod arming;
/// The ports.
pub mod broker;
/// What a venue can do.
pub mod capabilities;
#[cfg(feature = "conformance")]
pub mod conformance;
/// What a venue's log tells.
pub mod fill;
/// Levels, counters, check marks, exposure.
pub mod guard;
/// A venue's own hours.
pub mod hours;
/// Identifiers.
pub mod ids;
/// What can be traded.
pub mod instrument;
/// Orders as we want them.
pub mod intent;
/// Quotes and bars.
pub mod market;
/// Spans of time in files.
pub mod millis;
/// Prices, quantities, money.
pub mod number;
/// An order's life.
pub mod order;
/// What came of commands and questions.
pub mod outcome;
/// Bugs on purpose, for `torture --planted`.
#[cfg(planted)]
pub mod planted;
/// The facts that change the book.
pub mod record;
/// The strategy's decisions.
pub mod signal;
mod text;

/// Whether a bug was planted here: in this build there are none. Only `--cfg planted` has them, and `torture --planted`
/// chooses one, to see that the seeded world finds it.
#[cfg(not(planted))]
#[macro_export]
macro_rules! planted {
    ($bug:ident) => {
        false
    };
}

/// A moment, always in UTC. RFC 3339 with `Z` in every file.
pub type Time = chrono::DateTime<chrono::Utc>;

pub use account::{Account, AccountRef, Holdings, Left, Mode, Rate, VenuePosition};
pub use arming::{Armed, Figures, Gate, LimitsConfirmed, LimitsInForce, LimitsSet, NotArmed};
pub use broker::{Broker, Quotes};
pub use capabilities::{Blackout, Brackets, Capabilities, Resend, ResolvePolicy};
pub use fill::{Activity, Fill, NonTrade, NonTradeKind, VenueEvent};
pub use guard::{
    Allowed, By, ByClass, Day, Exposure, GuardState, Level, Mark, Marks, Reason, Scope, Stopped,
};
pub use hours::{VenueDay, VenueHours};
pub use ids::{
    AccountId, BadId, ClientOrderId, Code, Currency, Cursor, Digest, ExecutionId, Key, SignalId, StrategyId,
    Symbol, VenueId, VenueOrderId,
};
pub use instrument::{AssetClass, Catalog, Instrument, InstrumentIx};
pub use intent::{Intent, KindName, OrderKind, Protection, Purpose, Side, TimeInForce};
pub use market::{Bar, Quote};
pub use number::{Amount, BadNumber, Held, Money, Overflow, Price, Qty, Ratio};
pub use order::{End, Event, Phase, transition};
pub use outcome::{
    CancelOutcome, Finding, OpenOrder, Proof, QueryFailed, SentWindow, SubmitOutcome, VenueOrder,
};
pub use record::{
    Adopted, Change, Ending, ImportedPosition, ImportedTrade, Record, Repair, Repaired, Stamped,
};
pub use signal::{Direction, Signal, SizeWanted, Wanted};
pub use text::BadText;
