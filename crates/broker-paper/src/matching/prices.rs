//! Bid and ask around mid prices: what each side meets at a moment. No orders are known here.

use broker_api::{AssetClass, Bar, Overflow, Price, Side};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::costs::Costs;

/// The last prices of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "MarkText", into = "MarkText")]
pub(super) struct Mark {
    pub bid: Price,
    pub ask: Price,
}

/// A mark as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkText {
    bid: Price,
    ask: Price,
    /// For whoever reads the file; it follows from the two.
    mid: Price,
}

impl From<Mark> for MarkText {
    fn from(mark: Mark) -> Self {
        Self { bid: mark.bid, ask: mark.ask, mid: mark.mid() }
    }
}

impl From<MarkText> for Mark {
    fn from(MarkText { bid, ask, mid: _ }: MarkText) -> Self {
        Self { bid, ask }
    }
}

impl Mark {
    /// Halfway between the two. It is reckoned when it is asked for, which is for conversions only.
    pub(super) fn mid(&self) -> Price {
        let sum = self.bid.get().checked_add(self.ask.get());
        let half = sum.and_then(|sum| sum.checked_div(Decimal::TWO)).map(Price::new);
        // Halfway between two prices lies a price, so this is never the fallback.
        half.and_then(Result::ok).unwrap_or(self.bid)
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
    /// As a share of each mid price.
    Share(Share),
}

/// A share of a price that lies on each side of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    half: Decimal,
    /// One without the half, and one with it.
    below: Decimal,
    above: Decimal,
}

impl Share {
    fn of(whole: Decimal) -> Self {
        let half = half(whole);
        // A share that no cost can be leaves the price nothing.
        let below = Decimal::ONE.checked_sub(half).unwrap_or_default();
        let above = Decimal::ONE.checked_add(half).unwrap_or_default();
        Self { half, below, above }
    }

    /// Bid and ask. Nothing where more than 28 digits would have to be rounded: the product of a price and a sum is
    /// then not the sum of the products.
    fn around(&self, mid: Decimal) -> Option<[Decimal; 2]> {
        let sides = [mid.checked_mul(self.below)?, mid.checked_mul(self.above)?];
        let scale = mid.scale() + self.half.scale();
        sides.iter().all(|side| side.scale() == scale).then_some(sides)
    }
}

fn price(value: Decimal) -> Result<Price, Overflow> {
    Price::new(value).map_err(|_| Overflow)
}

fn half(whole: Decimal) -> Decimal {
    whole * Decimal::new(5, 1)
}

impl Spread {
    /// The bar's own spread, or else the configured one.
    pub(super) fn of(bar: &Bar, class: AssetClass, costs: &Costs) -> Self {
        Self::own(bar).unwrap_or_else(|| Self::configured(class, costs))
    }

    /// The spread that a bar says itself.
    pub(super) fn own(bar: &Bar) -> Option<Self> {
        bar.spread.map(|own| Self::Price(half(own.get())))
    }

    /// The spread of bars that say none.
    pub(super) fn configured(class: AssetClass, costs: &Costs) -> Self {
        let share = costs.of(class).spread.get();
        if share.is_zero() { Self::None } else { Self::Share(Share::of(share)) }
    }

    /// Bid and ask around `mid`.
    pub(super) fn around(&self, mid: Price) -> Result<Mark, Overflow> {
        let value = mid.get();
        let half = match self {
            Self::None => return Ok(Mark { bid: mid, ask: mid }),
            Self::Price(half) => *half,
            Self::Share(share) => match share.around(value) {
                Some([bid, ask]) => return Ok(Mark { bid: price(bid)?, ask: price(ask)? }),
                None => value.checked_mul(share.half).ok_or(Overflow)?,
            },
        };
        let bid = value.checked_sub(half).ok_or(Overflow)?;
        let ask = value.checked_add(half).ok_or(Overflow)?;
        Ok(Mark { bid: price(bid)?, ask: price(ask)? })
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
    pub(super) fn of_range(bar: &Bar, spread: &Spread) -> Result<Self, Overflow> {
        let [open, low, high] = [spread.around(bar.open)?, spread.around(bar.low)?, spread.around(bar.high)?];
        Ok(Self {
            buy: Reach { open: open.ask, low: low.ask, high: high.ask },
            sell: Reach { open: open.bid, low: low.bid, high: high.bid },
        })
    }

    /// One bid and one ask.
    pub(super) const fn of_mark(mark: &Mark) -> Self {
        const fn flat(price: Price) -> Reach {
            Reach { open: price, low: price, high: price }
        }
        Self { buy: flat(mark.ask), sell: flat(mark.bid) }
    }

    /// Whether the first price and `mark` lie within what is met.
    pub(super) fn hold(&self, mark: &Mark) -> bool {
        let within = |reach: &Reach, price: Price| reach.low <= price && price <= reach.high;
        [(&self.buy, mark.ask), (&self.sell, mark.bid)]
            .iter()
            .all(|(reach, last)| within(reach, reach.open) && within(reach, *last))
    }

    pub(super) const fn of(&self, side: Side) -> &Reach {
        match side {
            Side::Buy => &self.buy,
            Side::Sell => &self.sell,
        }
    }
}
