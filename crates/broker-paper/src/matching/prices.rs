//! Bid and ask around mid prices: what each side meets at a moment. No orders are known here.

use broker_api::{AssetClass, Bar, Overflow, Price, Quote, Side};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::costs::Costs;

/// The last prices of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    pub bid: Price,
    pub ask: Price,
    pub mid: Price,
}

impl Mark {
    pub(super) fn of(quote: &Quote) -> Result<Self, Overflow> {
        Ok(Self { bid: quote.bid, ask: quote.ask, mid: quote.mid()? })
    }

    /// What an order of `side` meets.
    pub(super) const fn against(&self, side: Side) -> Price {
        match side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        }
    }
}

/// How far bid and ask stand from the mid price of a bar.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spread {
    None,
    /// Half of it, in quote currency.
    Price(Decimal),
    /// Half of it, as a share of each mid price.
    Share(Decimal),
}

impl Spread {
    /// The bar's own spread, or else the configured one.
    pub(super) fn of(bar: &Bar, class: AssetClass, costs: &Costs) -> Self {
        let half = |whole: Decimal| whole * Decimal::new(5, 1);
        if let Some(own) = bar.spread {
            return Self::Price(half(own.get()));
        }
        let share = costs.of(class).spread.get();
        if share.is_zero() { Self::None } else { Self::Share(half(share)) }
    }

    fn half(self, mid: Price) -> Result<Decimal, Overflow> {
        match self {
            Self::None => Ok(Decimal::ZERO),
            Self::Price(half) => Ok(half),
            Self::Share(half) => mid.get().checked_mul(half).ok_or(Overflow),
        }
    }

    /// The price an order of `side` meets when the mid price is `mid`.
    pub(super) fn against(self, side: Side, mid: Price) -> Result<Price, Overflow> {
        if matches!(self, Self::None) {
            return Ok(mid);
        }
        let half = self.half(mid)?;
        let value = match side {
            Side::Buy => mid.get().checked_add(half),
            Side::Sell => mid.get().checked_sub(half),
        };
        value.and_then(|v| Price::new(v).ok()).ok_or(Overflow)
    }

    /// Bid and ask around `mid`.
    pub(super) fn around(self, mid: Price) -> Result<Mark, Overflow> {
        Ok(Mark { bid: self.against(Side::Sell, mid)?, ask: self.against(Side::Buy, mid)?, mid })
    }
}

/// What one side meets at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reach {
    /// At the moment's first price.
    pub open: Price,
    /// The lowest price.
    pub low: Price,
    /// The highest price.
    pub high: Price,
}

/// What both sides meet at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sides {
    pub buy: Reach,
    pub sell: Reach,
}

impl Sides {
    /// All of a bar.
    pub(super) fn of_range(bar: &Bar, spread: Spread) -> Result<Self, Overflow> {
        let reach = |side| -> Result<Reach, Overflow> {
            Ok(Reach {
                open: spread.against(side, bar.open)?,
                low: spread.against(side, bar.low)?,
                high: spread.against(side, bar.high)?,
            })
        };
        Ok(Self { buy: reach(Side::Buy)?, sell: reach(Side::Sell)? })
    }

    /// One bid and one ask.
    pub(super) const fn of_mark(mark: &Mark) -> Self {
        const fn flat(price: Price) -> Reach {
            Reach { open: price, low: price, high: price }
        }
        Self { buy: flat(mark.ask), sell: flat(mark.bid) }
    }

    pub(super) const fn of(&self, side: Side) -> &Reach {
        match side {
            Side::Buy => &self.buy,
            Side::Sell => &self.sell,
        }
    }
}
