//! Orders as we want them: sized, rounded to the instrument's rules, named. Plain data; an intent permits nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{ClientOrderId, Key, SignalId};
use crate::number::{Amount, Held, Price, Qty};

/// Which way an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Takes in.
    Buy,
    /// Gives out.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// The side that reduces `held`; nothing when nothing is held.
    pub fn reducing(held: Held) -> Option<Self> {
        if held.is_flat() {
            None
        } else if held.is_long() {
            Some(Self::Sell)
        } else {
            Some(Self::Buy)
        }
    }

    /// `qty` with this side's sign: what an execution of it adds to what is held.
    pub fn signed(self, qty: Qty) -> Held {
        let value = match self {
            Self::Buy => qty.get(),
            Self::Sell => -qty.get(),
        };
        // A quantity is within the bounds of what can be held, so this is never the fallback.
        Held::new(value).unwrap_or(Held::FLAT)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

/// Buy or sell at once, at the price there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {}

/// Buy or sell at `limit` or better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The worst price that is still accepted.
    pub limit: Price,
}

/// Becomes a market order once the price reaches `trigger` from the better side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The price that wakes it.
    pub trigger: Price,
}

/// Becomes a limit order once the price reaches `trigger`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopLimit {
    /// The price that wakes it.
    pub trigger: Price,
    /// The worst price accepted once awake.
    pub limit: Price,
}

/// A stop whose trigger follows the best price at a distance, and never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailingStop {
    /// The distance to the best price so far, in quote currency.
    pub distance: Price,
}

/// How an order meets the market. One type per kind: a market order has no limit price to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OrderKind {
    /// At once.
    Market(Market),
    /// At a price or better.
    Limit(Limit),
    /// At once, when a price is reached.
    Stop(Stop),
    /// At a price or better, when a price is reached.
    StopLimit(StopLimit),
    /// At once, when the price falls back by a distance.
    TrailingStop(TrailingStop),
}

/// The names of the order kinds, for saying what a venue can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    /// [`Market`].
    Market,
    /// [`Limit`].
    Limit,
    /// [`Stop`].
    Stop,
    /// [`StopLimit`].
    StopLimit,
    /// [`TrailingStop`].
    TrailingStop,
}

impl KindName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Market, Self::Limit, Self::Stop, Self::StopLimit, Self::TrailingStop];

    /// As people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit => "limit",
            Self::Stop => "stop",
            Self::StopLimit => "stop-limit",
            Self::TrailingStop => "trailing stop",
        }
    }
}

impl OrderKind {
    /// At the price there is.
    pub const MARKET: Self = Self::Market(Market {});

    /// Which kind it is.
    pub const fn name(&self) -> KindName {
        match self {
            Self::Market(_) => KindName::Market,
            Self::Limit(_) => KindName::Limit,
            Self::Stop(_) => KindName::Stop,
            Self::StopLimit(_) => KindName::StopLimit,
            Self::TrailingStop(_) => KindName::TrailingStop,
        }
    }

    /// The prices in it, limit first; each must be a whole number of ticks.
    pub fn prices(&self) -> [Option<Price>; 2] {
        match self {
            Self::Market(_) => [None, None],
            Self::Limit(o) => [Some(o.limit), None],
            Self::Stop(o) => [None, Some(o.trigger)],
            Self::StopLimit(o) => [Some(o.limit), Some(o.trigger)],
            Self::TrailingStop(o) => [None, Some(o.distance)],
        }
    }
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// To the end of the session (of the next one, when sent outside of one).
    Day,
    /// Until cancelled.
    Gtc,
    /// What can be filled at once; the rest is cancelled.
    Ioc,
    /// All at once or nothing.
    Fok,
    /// Until a moment, or the end of nothing else.
    Gtd(Time),
}

/// Why an order exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Opens or adds to a position.
    Entry,
    /// Closes it because somebody decided so.
    Exit,
    /// Closes it at a loss that was planned.
    Stop,
    /// Closes it at a profit that was planned.
    Target,
}

impl Purpose {
    /// Whether orders of this purpose can only reduce a position.
    pub const fn is_reducing(self) -> bool {
        !matches!(self, Self::Entry)
    }

    /// Whether it guards a position while nobody looks.
    pub const fn is_protective(self) -> bool {
        matches!(self, Self::Stop | Self::Target)
    }

    /// The letter it has in a client order id.
    pub const fn letter(self) -> char {
        match self {
            Self::Entry => 'e',
            Self::Exit => 'x',
            Self::Stop => 's',
            Self::Target => 't',
        }
    }

    /// `entry`, `exit`, `stop` or `target`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Stop => "stop",
            Self::Target => "target",
        }
    }
}

/// Where a position shall be taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// The planned loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Price>,
    /// The planned profit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Price>,
    /// How far behind the best price the stop follows, in quote currency. It only ever moves towards the market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Price>,
}

/// One order as we want it at its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Our name of it, the same at every attempt.
    pub id: ClientOrderId,
    /// Where and what.
    pub key: Key,
    /// The decision it serves; none for an operator's flatten.
    pub signal: Option<SignalId>,
    /// Why it exists.
    pub purpose: Purpose,
    /// Which way.
    pub side: Side,
    /// How much: a whole number of the instrument's lots.
    pub qty: Qty,
    /// How it meets the market.
    #[serde(flatten)]
    pub order: OrderKind,
    /// How long it lives.
    pub tif: TimeInForce,
    /// The venue shall never let it open or turn a position.
    pub reduce_only: bool,
    /// The venue shall make the stop and the target of `plan` itself once this entry fills.
    pub bracket: bool,
    /// For an entry: what will guard the position.
    pub plan: Protection,
    /// The price it was decided at; slippage is measured against it.
    pub reference: Price,
    /// For an entry with a stop: what is lost if that is hit, in account currency, frozen for R.
    pub risk: Option<Amount>,
}
