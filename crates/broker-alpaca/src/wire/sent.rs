//! An order as it is sent, and the rules that Alpaca states for it: what breaks one is not sent.

use std::fmt;

use broker_api::{Amount, ClientOrderId, Intent, OrderKind, Price, Qty, Ratio, Side, Symbol, TimeInForce};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Serialize, Serializer};

/// How much: units, or money. An intent has units; money is for programs that call this crate themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum OrderSize {
    /// Units: shares or coins.
    #[serde(rename = "qty")]
    Units(Qty),
    /// Dollars, at most two decimal places.
    #[serde(rename = "notional")]
    Money(#[serde(serialize_with = "plain")] Amount),
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WireSide {
    /// Takes in.
    Buy,
    /// Gives out.
    Sell,
}

/// The kind of an order, with its prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OrderType {
    /// At once.
    Market,
    /// At a price or better.
    Limit {
        /// The worst price.
        limit_price: Price,
    },
    /// At once, when a price is reached.
    Stop {
        /// The price that wakes it.
        stop_price: Price,
    },
    /// At a price or better, when a price is reached.
    StopLimit {
        /// The price that wakes it.
        stop_price: Price,
        /// The worst price.
        limit_price: Price,
    },
    /// At once, when the price falls back by a distance.
    TrailingStop {
        /// The distance, in dollars.
        trail_price: Price,
    },
    /// The same by a share of the price.
    #[serde(rename = "trailing_stop")]
    TrailingShare {
        /// The distance, in percent.
        trail_percent: Ratio,
    },
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WireTimeInForce {
    /// To the end of the session.
    Day,
    /// Until cancelled; Alpaca cancels it after 90 days.
    Gtc,
    /// At once, and the rest not at all.
    Ioc,
    /// All at once or nothing.
    Fok,
}

/// Which further orders Alpaca makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderClass {
    /// Stop and target after the entry is filled whole.
    Bracket,
    /// One of the two.
    Oto,
    /// To close what is held: the order is the target itself, and beside it stands a stop. One ends the other.
    Oco,
}

/// The target of a bracket, and of a pair that closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TakeProfit {
    /// Its limit.
    pub limit_price: Price,
}

/// The stop of a bracket, and of a pair that closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StopLoss {
    /// The price that wakes it.
    pub stop_price: Price,
    /// The worst price, where it is not at the market that it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_price: Option<Price>,
}

/// The body of `POST /v2/orders`. It always carries our id: without one an order could be sent twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewOrder {
    /// Our name of it.
    pub client_order_id: ClientOrderId,
    /// A ticker, or `BTC/USD`.
    pub symbol: Symbol,
    /// How much.
    #[serde(flatten)]
    pub size: OrderSize,
    /// Which way.
    pub side: WireSide,
    /// How it meets the market.
    #[serde(flatten)]
    pub kind: OrderType,
    /// How long it lives.
    pub time_in_force: WireTimeInForce,
    /// Also before and after the session. Limit orders only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub extended_hours: bool,
    /// Whether it brings further orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_class: Option<OrderClass>,
    /// The target of a bracket, and of a pair that closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<TakeProfit>,
    /// The stop of a bracket, and of a pair that closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<StopLoss>,
}

fn plain<S: Serializer>(amount: &Amount, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&amount.get().normalize().to_string())
}

/// How far from its trigger a coin's stop still fills: Alpaca has no plain stops for coins.
const COIN_STOP_SLIP: Decimal = Decimal::from_parts(5, 0, 0, false, 2);

/// The limit behind the stop of a coin: 5 % worse than its trigger, to as many digits as the trigger has.
pub(crate) fn coin_stop_limit(trigger: Price, side: Side) -> Option<Price> {
    let (factor, towards) = match side {
        Side::Sell => (Decimal::ONE - COIN_STOP_SLIP, RoundingStrategy::ToNegativeInfinity),
        Side::Buy => (Decimal::ONE + COIN_STOP_SLIP, RoundingStrategy::ToPositiveInfinity),
    };
    let trigger = trigger.get().normalize();
    let limit = trigger.checked_mul(factor)?.round_dp_with_strategy(trigger.scale(), towards);
    Price::new(limit).ok()
}

impl NewOrder {
    /// An intent in Alpaca's words.
    ///
    /// # Errors
    /// Why Alpaca would refuse it, in a sentence.
    pub fn from_intent(intent: &Intent) -> Result<Self, String> {
        let is_coin = intent.key.symbol.as_str().contains('/');
        let is_fraction = !is_coin && !intent.qty.get().fract().is_zero();
        let kind = match intent.order {
            OrderKind::Market(_) => OrderType::Market,
            OrderKind::Limit(limit) => OrderType::Limit { limit_price: limit.limit },
            // Section 14 of Alpaca's rules for coins: market, limit and stop-limit.
            OrderKind::Stop(stop) if is_coin => {
                let limit_price = coin_stop_limit(stop.trigger, intent.side)
                    .ok_or_else(|| format!("no limit fits behind a stop at {}", stop.trigger))?;
                OrderType::StopLimit { stop_price: stop.trigger, limit_price }
            }
            OrderKind::Stop(stop) => OrderType::Stop { stop_price: stop.trigger },
            OrderKind::StopLimit(both) => {
                OrderType::StopLimit { stop_price: both.trigger, limit_price: both.limit }
            }
            OrderKind::TrailingStop(trail) => OrderType::TrailingStop { trail_price: trail.distance },
        };
        let time_in_force = match intent.tif {
            // A fraction lives for a day, whatever is wanted: its end is told, and what is still wanted is placed anew.
            TimeInForce::Day | TimeInForce::Gtc if is_fraction => WireTimeInForce::Day,
            TimeInForce::Day => WireTimeInForce::Day,
            TimeInForce::Gtc => WireTimeInForce::Gtc,
            TimeInForce::Ioc => WireTimeInForce::Ioc,
            TimeInForce::Fok => WireTimeInForce::Fok,
            TimeInForce::Gtd(_) => return Err("Alpaca has no orders that live until a moment".to_owned()),
        };
        let (stop, target) =
            if intent.bracket { (intent.plan.stop, intent.plan.target) } else { (None, None) };
        let order_class = match (stop, target) {
            (Some(_), Some(_)) => Some(OrderClass::Bracket),
            (None, None) if intent.bracket => {
                return Err("a bracket needs a stop, a target, or both".to_owned());
            }
            (None, None) => None,
            _ => Some(OrderClass::Oto),
        };
        let order = Self {
            client_order_id: intent.id,
            symbol: intent.key.symbol,
            size: OrderSize::Units(intent.qty),
            side: match intent.side {
                Side::Buy => WireSide::Buy,
                Side::Sell => WireSide::Sell,
            },
            kind,
            time_in_force,
            extended_hours: false,
            order_class,
            take_profit: target.map(|limit_price| TakeProfit { limit_price }),
            stop_loss: stop.map(|stop_price| StopLoss { stop_price, limit_price: None }),
        };
        order.check()?;
        Ok(order)
    }

    /// A limit order that closes what is held, and beside it a stop: one ends the other.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn or_stop(self, stop: StopLoss) -> Result<Self, String> {
        let target = match self.kind {
            OrderType::Limit { limit_price } => Some(TakeProfit { limit_price }),
            _ => None,
        };
        let pair =
            Self { order_class: Some(OrderClass::Oco), take_profit: target, stop_loss: Some(stop), ..self };
        pair.check()?;
        Ok(pair)
    }

    /// Whether it keeps the rules that Alpaca states.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self) -> Result<(), String> {
        use OrderType as T;
        use WireTimeInForce as Tif;
        let is_coin = self.symbol.as_str().contains('/');
        let (is_fraction, is_money) = match self.size {
            OrderSize::Units(qty) if qty.is_zero() => {
                return broken("an order needs a quantity above nought");
            }
            OrderSize::Units(qty) if qty.get().normalize().scale() > 9 => {
                return broken("a quantity has at most nine decimal places");
            }
            OrderSize::Units(qty) => (!qty.get().fract().is_zero(), false),
            OrderSize::Money(amount)
                if amount.get() <= Decimal::ZERO || amount.get().normalize().scale() > 2 =>
            {
                return broken("an order for money needs an amount above nought, in whole cents");
            }
            OrderSize::Money(_) => (true, true),
        };
        let is_limit = matches!(self.kind, T::Limit { .. });
        let trails = matches!(self.kind, T::TrailingStop { .. } | T::TrailingShare { .. });
        let has_percent = match self.kind {
            T::TrailingShare { trail_percent } => {
                trail_percent > Ratio::ZERO && trail_percent.get() < Decimal::ONE_HUNDRED
            }
            _ => true,
        };
        let lasts = matches!(self.time_in_force, Tif::Day | Tif::Gtc);
        let rules: [(bool, &str); 11] = [
            (
                is_coin && !matches!(self.time_in_force, Tif::Gtc | Tif::Ioc),
                "an order for coins is gtc or ioc",
            ),
            (
                is_coin && (trails || matches!(self.kind, T::Stop { .. })),
                "coins have market, limit and stop-limit orders",
            ),
            (is_coin && self.order_class.is_some(), "coins have no brackets"),
            (is_coin && self.extended_hours, "coins have no session to extend"),
            (
                !is_coin && is_fraction && self.time_in_force != Tif::Day,
                "an order for a fraction of a share is a day order",
            ),
            (!is_coin && is_fraction && trails, "a trailing stop is for whole shares"),
            (!has_percent, "a stop trails by more than nought and less than all of a price"),
            (is_fraction && self.order_class.is_some(), "a bracket is for whole shares"),
            // Whether others are taken is not settled between Alpaca's own pages.
            (is_money && !matches!(self.kind, T::Market), "an order for money is a market order"),
            (
                self.extended_hours && !(is_limit && lasts),
                "only limit orders, day or gtc, trade outside the session",
            ),
            (
                !lasts && !matches!(self.kind, T::Market | T::Limit { .. }),
                "a stop lives for the day or until cancelled",
            ),
        ];
        if let Some((_, rule)) = rules.iter().find(|(breaks, _)| *breaks) {
            return broken(rule);
        }
        self.check_group(lasts)
    }

    fn check_group(&self, lasts: bool) -> Result<(), String> {
        let legs = usize::from(self.take_profit.is_some()) + usize::from(self.stop_loss.is_some());
        let wanted = match self.order_class {
            None => 0,
            Some(OrderClass::Oto) => 1,
            Some(OrderClass::Bracket | OrderClass::Oco) => 2,
        };
        if legs != wanted {
            return broken("a bracket has a stop and a target, an order that triggers one has one of them");
        }
        let Some(class) = self.order_class else { return Ok(()) };
        let closes = class == OrderClass::Oco;
        if !lasts || self.extended_hours {
            return broken("a bracket, and a pair that closes, is of the session, day or gtc");
        }
        match self.kind {
            OrderType::Market | OrderType::Limit { .. } if !closes => {}
            OrderType::Limit { limit_price } if self.take_profit == Some(TakeProfit { limit_price }) => {}
            _ if closes => return broken("a pair that closes is a limit order, and its limit is its target"),
            _ => return broken("the entry of a bracket is a market or limit order"),
        }
        if let (Some(target), Some(stop)) = (self.take_profit, self.stop_loss) {
            let is_long = (self.side == WireSide::Buy) != closes;
            let (low, high) = if is_long {
                (stop.stop_price, target.limit_price)
            } else {
                (target.limit_price, stop.stop_price)
            };
            if low >= high {
                return broken("a target lies on the side of profit, and the stop on the other");
            }
        }
        Ok(())
    }
}

fn broken(rule: &(impl fmt::Display + ?Sized)) -> Result<(), String> {
    Err(format!("not sent: {rule}"))
}

#[cfg(test)]
mod tests;
