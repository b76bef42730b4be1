//! What a venue's own log tells: executions, what was taken back, what was closed. Read by cursor.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{ClientOrderId, Code, Cursor, ExecutionId, Key};
use crate::intent::Side;
use crate::number::{Held, Money, Overflow, Price, Qty, Ratio};
use crate::order::End;

/// One execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The venue's name of it: told twice, it counts once.
    pub execution: ExecutionId,
    /// The order it belongs to.
    pub order: ClientOrderId,
    /// Where and what.
    pub key: Key,
    /// Which way.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// At what price, in quote currency.
    pub price: Price,
    /// What it cost in money beside the price; positive is paid.
    pub fee: Money,
    /// What the venue kept of the instrument itself: a fee in kind, as of coins.
    #[serde(default = "Qty::nothing", skip_serializing_if = "Qty::is_nothing")]
    pub kept: Qty,
    /// What one unit of quote currency was worth in account currency.
    pub rate: Ratio,
    /// When, by the venue's clock.
    pub at: Time,
    /// For a simulated fill: the model that made it.
    pub model: Option<Code>,
}

impl Fill {
    /// By how much it moves what is held: what was executed, less what was kept of a purchase, or with it.
    ///
    /// # Errors
    /// [`Overflow`], also when more was kept than bought.
    pub fn moved(&self) -> Result<Qty, Overflow> {
        match self.side {
            Side::Buy => self.qty.minus(self.kept),
            Side::Sell => self.qty.plus(self.kept),
        }
    }
}

/// One entry of a venue's log that changes what we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum VenueEvent {
    /// Something was executed.
    Filled(Fill),
    /// An execution was taken back whole.
    Busted {
        /// Which one.
        execution: ExecutionId,
        /// When that was said.
        at: Time,
    },
    /// An execution was restated: the one of the same name is replaced by this.
    Corrected {
        /// As it now stands.
        fill: Fill,
        /// When that was said.
        at: Time,
    },
    /// Something happened in the account that is no trade.
    NonTrade(NonTrade),
    /// An order ended otherwise than by its last fill.
    Closed {
        /// Which one.
        order: ClientOrderId,
        /// How.
        end: End,
        /// The venue's reason.
        code: Code,
        /// When.
        at: Time,
    },
}

/// What an entry of a venue's log is that no trade made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonTradeKind {
    /// Money brought in or taken out: neither profit nor loss.
    Transfer,
    /// Units brought in or taken out, without a trade.
    UnitTransfer,
    /// A dividend, in money or in units.
    Dividend,
    /// Interest, swap, the cost of holding over night.
    Financing,
    /// A fee that was not told with its execution.
    Fee,
    /// A fee that was taken of the instrument itself. What executions said was kept covers it.
    FeeInKind,
    /// The number of units changed, and their worth with it the other way.
    Split,
    /// The instrument has another symbol.
    SymbolChange,
    /// Anything else: a merger, a spin-off, a word that is not known.
    Other,
}

impl NonTradeKind {
    /// All of them, in the order reports list them.
    pub const ALL: [Self; 9] = [
        Self::Transfer,
        Self::UnitTransfer,
        Self::Dividend,
        Self::Financing,
        Self::Fee,
        Self::FeeInKind,
        Self::Split,
        Self::SymbolChange,
        Self::Other,
    ];

    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::UnitTransfer => "transfer of units",
            Self::Dividend => "dividend",
            Self::Financing => "financing",
            Self::Fee => "late fee",
            Self::FeeInKind => "fee in kind",
            Self::Split => "split",
            Self::SymbolChange => "change of symbol",
            Self::Other => "other entry",
        }
    }
}

/// An entry of a venue's log that no trade made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonTrade {
    /// The venue's name of it: told twice, it counts once.
    pub id: ExecutionId,
    /// What it is.
    pub kind: NonTradeKind,
    /// Of which instrument, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// By how much it changed what the account holds of it.
    pub units: Held,
    /// What the account got; negative is paid.
    pub money: Money,
    /// For a change of symbol: the new one, of which the account holds what it held of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub becomes: Option<Key>,
    /// When, by the venue. A date is its first moment.
    pub at: Time,
}

/// A stretch of a venue's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// In the log's order.
    pub events: Vec<VenueEvent>,
    /// Where to read on. May overlap what was read before: executions count once by their name.
    pub cursor: Cursor,
    /// Whether the log ends here for now; otherwise ask again from `cursor`.
    pub complete: bool,
}
