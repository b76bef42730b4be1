//! A resting order: what it still wants, when it takes part, and what a moment's prices make of it.
//!
//! Only one order and one moment's prices are looked at here. Quantities that can be had, fees and positions are
//! elsewhere.

use broker_api::{
    Amount, ClientOrderId, OrderKind, Overflow, Price, Protection, Purpose, Qty, Side, Time, TimeInForce,
};
use serde::{Deserialize, Serialize};

use super::codes::Word;
use super::prices::{Reach, Sides};

/// The moments in which orders meet prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Open,
    Range,
    Close,
    Quote,
}

/// An order that is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// Its number by acceptance, from 1.
    pub n: u64,
    pub id: ClientOrderId,
    pub side: Side,
    pub purpose: Purpose,
    pub qty: Qty,
    pub filled: Qty,
    pub kind: OrderKind,
    pub tif: TimeInForce,
    /// It never opens or turns a position.
    pub reduces: bool,
    /// For the entry of a bracket: what its legs are made from.
    pub plan: Option<Protection>,
    /// For a leg of a bracket: the entry it belongs to.
    pub parent: Option<ClientOrderId>,
    pub accepted: Time,
    /// It takes part from here on.
    pub from: Time,
    /// What the margin of a working entry is reckoned at.
    pub price: Price,
    /// What wakes it, while it sleeps; a trailing stop has none before its first price.
    pub trigger: Option<Price>,
    /// For a trailing stop: the best price so far.
    pub best: Option<Price>,
    /// A stop that was triggered.
    pub awake: bool,
    /// Value traded so far, in account currency.
    pub value: Amount,
    /// Fees so far, in account currency.
    pub paid: Amount,
    /// The most that its next turn may fill; then it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Qty>,
    /// The number of the last moment that it acted in.
    #[serde(skip)]
    pub acted: u64,
}

/// What an order does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// It fills at this price, before slippage and rounding; nothing when it only wakes.
    pub base: Option<Price>,
    /// Whether slippage applies.
    pub slips: bool,
    /// The model of the fill.
    pub model: Word,
}

/// How an order meets the market now: a triggered stop is a market order, a triggered stop-limit a limit order.
enum Manner {
    Now,
    Limit(Price),
    /// With the limit that holds once it is awake.
    Stop(Price, Option<Price>),
    /// A trailing stop that has seen no price.
    Blind,
}

fn worse(side: Side, a: Price, b: Price) -> Price {
    match side {
        Side::Buy => a.max(b),
        Side::Sell => a.min(b),
    }
}

fn within(side: Side, price: Price, limit: Price) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}

impl Order {
    /// What is still wanted.
    pub(super) fn rest(&self) -> Qty {
        self.qty.minus_or_zero(self.filled)
    }

    /// Its class in a moment; the lower goes first.
    pub(super) const fn rank(&self) -> u8 {
        match (&self.kind, self.purpose) {
            (OrderKind::Market(_), _) => 1,
            (OrderKind::Limit(_), _) => 3,
            (_, Purpose::Stop) => 0,
            (OrderKind::Stop(_) | OrderKind::StopLimit(_) | OrderKind::TrailingStop(_), _) => 2,
        }
    }

    /// Whether it is decided in the first open or quote it takes part in.
    pub(super) const fn is_immediate(&self) -> bool {
        matches!(self.tif, TimeInForce::Ioc | TimeInForce::Fok)
    }

    /// Whether it takes part in a moment.
    pub(super) fn takes_part(&self, fence: u64, at: Time) -> bool {
        self.n < fence && self.from <= at
    }

    /// Whether its time is over at a moment.
    pub(super) fn has_expired(&self, phase: Phase, at: Time) -> bool {
        match self.tif {
            TimeInForce::Gtd(until) => until <= at,
            TimeInForce::Day => phase == Phase::Close && self.accepted < at,
            TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => false,
        }
    }

    fn manner(&self) -> Manner {
        let trigger = self.trigger.filter(|_| !self.awake);
        match self.kind {
            OrderKind::Market(_) => Manner::Now,
            OrderKind::Limit(o) => Manner::Limit(o.limit),
            OrderKind::StopLimit(o) => {
                trigger.map_or(Manner::Limit(o.limit), |t| Manner::Stop(t, Some(o.limit)))
            }
            OrderKind::Stop(_) | OrderKind::TrailingStop(_) if self.awake => Manner::Now,
            OrderKind::Stop(_) | OrderKind::TrailingStop(_) => {
                trigger.map_or(Manner::Blind, |t| Manner::Stop(t, None))
            }
        }
    }

    /// What the prices of a moment make of it; nothing when they leave it alone.
    pub(super) fn touch(&self, phase: Phase, sides: &Sides) -> Option<Hit> {
        let reach = sides.of(self.side);
        if phase == Phase::Range && self.is_immediate() {
            return None;
        }
        // The price furthest for and against it.
        let (for_it, against_it) = match self.side {
            Side::Buy => (reach.low, reach.high),
            Side::Sell => (reach.high, reach.low),
        };
        let model = |in_range: Word, base: Price| match phase {
            Phase::Quote => Word::Quote,
            Phase::Range if base != reach.open => in_range,
            _ => Word::Gap,
        };
        match self.manner() {
            Manner::Now if phase == Phase::Range => None,
            Manner::Now => {
                let model = if phase == Phase::Quote { Word::Quote } else { Word::Open };
                Some(Hit { base: Some(reach.open), slips: true, model })
            }
            Manner::Limit(limit) if within(self.side, for_it, limit) => {
                // The better of the two is the one that the other would be worse than.
                let base = worse(self.side.opposite(), reach.open, limit);
                Some(Hit { base: Some(base), slips: false, model: model(Word::RangeLimit, base) })
            }
            Manner::Stop(trigger, limit) if within(self.side.opposite(), against_it, trigger) => {
                let base = worse(self.side, reach.open, trigger);
                let fills = limit.is_none_or(|limit| within(self.side, base, limit));
                let model = model(Word::RangeStop, base);
                Some(Hit { base: fills.then_some(base), slips: limit.is_none(), model })
            }
            Manner::Blind | Manner::Limit(_) | Manner::Stop(..) => None,
        }
    }

    /// Whether nothing comes of a bar for it, neither at the range nor at a price within: it waits for a price beyond, without
    /// a time of its own, and follows none.
    pub(super) fn rests_through(&self, range: &Sides) -> bool {
        let waits = match self.manner() {
            Manner::Limit(_) | Manner::Stop(..) => !matches!(self.kind, OrderKind::TrailingStop(_)),
            Manner::Now | Manner::Blind => false,
        };
        waits && self.tif == TimeInForce::Gtc && self.touch(Phase::Range, range).is_none()
    }

    /// Lets a trailing stop follow what it has seen.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(super) fn follow(&mut self, reach: &Reach) -> Result<(), Overflow> {
        let OrderKind::TrailingStop(trailing) = self.kind else { return Ok(()) };
        let seen = match self.side {
            Side::Buy => reach.low,
            Side::Sell => reach.high,
        };
        if self.awake || self.best.is_some_and(|best| !within(self.side, seen, best) || seen == best) {
            return Ok(());
        }
        let distance = Amount::new(trailing.distance.get()).map_err(|_| Overflow)?;
        self.best = Some(seen);
        self.trigger = match self.side {
            Side::Buy => Some(seen.moved(distance)?),
            // A distance larger than the price leaves a sale without a trigger above zero.
            Side::Sell => seen.moved(distance.negated()).ok(),
        };
        Ok(())
    }
}
