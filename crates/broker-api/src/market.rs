//! Prices as they come in: quotes and bars. Never journaled; a decision copies what it used into its record.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::number::{Overflow, Price, Qty, Ratio};

use rust_decimal::Decimal;

/// What could be bought and sold at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// The highest price somebody would pay: what a sale gets.
    pub bid: Price,
    /// The lowest price somebody would take: what a purchase costs.
    pub ask: Price,
    /// The moment the data is from, never the moment it was read.
    pub at: Time,
}

impl Quote {
    /// Halfway between bid and ask.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn mid(&self) -> Result<Price, Overflow> {
        let sum = self.bid.get().checked_add(self.ask.get()).ok_or(Overflow)?;
        Price::new(sum / Decimal::TWO).map_err(|_| Overflow)
    }

    /// The price that an order of `side` meets: the ask for a purchase, the bid for a sale.
    pub fn against(&self, side: crate::intent::Side) -> Price {
        match side {
            crate::intent::Side::Buy => self.ask,
            crate::intent::Side::Sell => self.bid,
        }
    }

    /// Whether the bid stands above the ask, which no healthy source says.
    pub fn is_crossed(&self) -> bool {
        self.bid > self.ask
    }

    /// The spread as a share of the mid price.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn spread(&self) -> Result<Ratio, Overflow> {
        let gap = self.ask.get().checked_sub(self.bid.get()).ok_or(Overflow)?;
        let share = gap.checked_div(self.mid()?.get()).ok_or(Overflow)?;
        Ratio::new(share).map_err(|_| Overflow)
    }
}

/// The prices of one period of one instrument. Mid prices when the source is bid and ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// When the period began; the open is of this moment.
    pub opens: Time,
    /// When it ended; nothing of the bar may be known before, save what its moments tell.
    pub closes: Time,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Units traded; nothing when the source does not count them (currencies).
    pub volume: Option<Qty>,
    /// Ask minus bid at the close, in quote currency; nothing when the source does not say.
    pub spread: Option<Price>,
}

impl Bar {
    /// Whether the low is the lowest, the high the highest, and time moves forward.
    pub fn is_sane(&self) -> bool {
        self.low <= self.open.min(self.close)
            && self.high >= self.open.max(self.close)
            && self.opens < self.closes
    }
}
