//! The moments that prices are played in, and what can be bought and sold at each of them.

use broker_api::{AssetClass, Bar, Instrument, InstrumentIx, Price, Quote, Time};

use super::costs::Costs;
use super::prices::Spread;

/// One step of the market in one instrument. A bar is three: its open, its range, its close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The first price of a bar.
    Open {
        /// Of what.
        ix: InstrumentIx,
        /// The bar.
        bar: Bar,
    },
    /// All that happened between a bar's first and last price.
    Range {
        /// Of what.
        ix: InstrumentIx,
        /// The bar.
        bar: Bar,
    },
    /// The last price of a bar.
    Close {
        /// Of what.
        ix: InstrumentIx,
        /// The bar.
        bar: Bar,
    },
    /// A bid and an ask.
    Quote {
        /// Of what.
        ix: InstrumentIx,
        /// The prices.
        quote: Quote,
    },
}

impl Moment {
    /// The instrument it is about.
    pub const fn ix(&self) -> InstrumentIx {
        match self {
            Self::Open { ix, .. }
            | Self::Range { ix, .. }
            | Self::Close { ix, .. }
            | Self::Quote { ix, .. } => *ix,
        }
    }

    /// When it is: a bar's open and range at the bar's beginning, its close at its end.
    pub const fn at(&self) -> Time {
        match self {
            Self::Open { bar, .. } | Self::Range { bar, .. } => bar.opens,
            Self::Close { bar, .. } => bar.closes,
            Self::Quote { quote, .. } => quote.at,
        }
    }

    /// What could be bought and sold at it; nothing for a range, nor when the spread leaves no bid above zero.
    pub fn quote(&self, class: AssetClass, costs: &Costs) -> Option<Quote> {
        let (bar, mid) = match self {
            Self::Open { bar, .. } => (bar, bar.open),
            Self::Close { bar, .. } => (bar, bar.close),
            Self::Range { .. } => return None,
            Self::Quote { quote, .. } => return Some(*quote),
        };
        let mark = Spread::of(bar, class, costs).around(mid).ok()?;
        Some(Quote { bid: mark.bid, ask: mark.ask, at: self.at() })
    }

    /// The same in whole ticks, bid and ask rounded away from each other: what whoever decides gets to see.
    pub fn quote_in_ticks(&self, instrument: &Instrument, costs: &Costs) -> Option<Quote> {
        match self {
            Self::Open { bar, .. } => Self::seen(bar, bar.open, bar.opens, instrument, costs),
            Self::Close { bar, .. } => Self::seen(bar, bar.close, bar.closes, instrument, costs),
            Self::Range { .. } => None,
            Self::Quote { quote, .. } => Some(in_ticks(*quote, instrument)),
        }
    }

    /// What is seen, in whole ticks, at one price of a bar.
    pub fn seen(bar: &Bar, mid: Price, at: Time, instrument: &Instrument, costs: &Costs) -> Option<Quote> {
        if bar.spread.is_none()
            && costs.of(instrument.asset_class).spread.get().is_zero()
            && mid.is_multiple_of(instrument.tick)
        {
            return Some(Quote { bid: mid, ask: mid, at });
        }
        let mark = Spread::of(bar, instrument.asset_class, costs).around(mid).ok()?;
        Some(in_ticks(Quote { bid: mark.bid, ask: mark.ask, at }, instrument))
    }
}

fn in_ticks(quote: Quote, instrument: &Instrument) -> Quote {
    let bid = quote.bid.round_down_to(instrument.tick).unwrap_or(quote.bid);
    let ask = quote.ask.round_up_to(instrument.tick).unwrap_or(quote.ask);
    Quote { bid, ask, ..quote }
}
