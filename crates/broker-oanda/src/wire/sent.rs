//! An order as it is sent, and the rules that OANDA states for it: what breaks one is not sent.

use broker_api::{
    ClientOrderId, Held, Instrument, Intent, OrderKind, Price, Purpose, Symbol, Time, TimeInForce,
};
use chrono::SecondsFormat;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// The kind of an order, with its prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderType {
    /// At once, never worse than the bound.
    Market {
        /// The worst price.
        bound: Option<Price>,
    },
    /// At a price or better.
    Limit {
        /// The worst price.
        price: Price,
    },
    /// At once, when a price is reached; cancelled where the price is beyond the bound then.
    Stop {
        /// The price that wakes it.
        price: Price,
        /// The worst price.
        bound: Option<Price>,
    },
    /// At once, when a price is reached from whichever side it lies.
    MarketIfTouched {
        /// The price that wakes it.
        price: Price,
        /// The worst price.
        bound: Option<Price>,
    },
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireTimeInForce {
    /// Until cancelled.
    Gtc,
    /// Until a moment.
    Gtd(Time),
    /// Until 17:00 New York.
    Gfd,
    /// All at once or nothing.
    Fok,
    /// At once, and the rest not at all.
    Ioc,
}

/// What an order does to trades that are open the other way. It is always said: what goes without saying differs between
/// accounts that hedge and accounts that do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionFill {
    /// Closes them first, and opens the rest.
    ReduceFirst,
    /// Closes them, and opens nothing.
    ReduceOnly,
    /// Leaves them. Accounts that do not hedge close them all the same.
    OpenOnly,
}

/// The body of `POST /v3/accounts/{id}/orders`. It always carries our id, in the order and, where it may open one, in its
/// trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Our name of it.
    pub id: ClientOrderId,
    /// `EUR/USD`.
    pub symbol: Symbol,
    /// How much; negative sells.
    pub units: Held,
    /// How it meets the market.
    pub kind: OrderType,
    /// How long it lives.
    pub time_in_force: WireTimeInForce,
    /// What it does to trades that are open the other way.
    pub position_fill: PositionFill,
    /// What its trade's stop is, once it opens one.
    pub stop: Option<Price>,
    /// What its trade's target is.
    pub target: Option<Price>,
    /// How far its trade's stop follows the price; then it has no other.
    pub trail: Option<Price>,
}

impl NewOrder {
    /// An intent in OANDA's words.
    ///
    /// # Errors
    /// Why OANDA would refuse it, in a sentence.
    pub fn from_intent(intent: &Intent) -> Result<Self, String> {
        let kind = match intent.order {
            OrderKind::Market(_) => OrderType::Market { bound: None },
            OrderKind::Limit(limit) => OrderType::Limit { price: limit.limit },
            OrderKind::Stop(stop) => OrderType::Stop { price: stop.trigger, bound: None },
            OrderKind::StopLimit(_) => {
                return Err(
                    "OANDA's stop with a bound is cancelled beyond it and does not wait there".to_owned()
                );
            }
            OrderKind::TrailingStop(_) => {
                return Err("a trailing stop belongs to one trade at OANDA, not to what is held".to_owned());
            }
        };
        let time_in_force = match (kind, intent.tif) {
            (_, TimeInForce::Ioc) => WireTimeInForce::Ioc,
            (OrderType::Market { .. }, _) | (_, TimeInForce::Fok) => WireTimeInForce::Fok,
            (_, TimeInForce::Day) => WireTimeInForce::Gfd,
            (_, TimeInForce::Gtc) => WireTimeInForce::Gtc,
            (_, TimeInForce::Gtd(until)) => WireTimeInForce::Gtd(until),
        };
        let reduces = intent.reduce_only || intent.purpose.is_reducing();
        let plan = if intent.bracket { intent.plan } else { broker_api::Protection::default() };
        if intent.bracket && plan.stop.is_none() && plan.target.is_none() && plan.trail.is_none() {
            return Err("a bracket needs a stop, a target, or both".to_owned());
        }
        Ok(Self {
            id: intent.id,
            symbol: intent.key.symbol,
            units: intent.side.signed(intent.qty),
            kind,
            time_in_force,
            position_fill: if reduces { PositionFill::ReduceOnly } else { PositionFill::ReduceFirst },
            stop: plan.stop.filter(|_| plan.trail.is_none()),
            target: plan.target,
            trail: plan.trail,
        })
    }

    /// Whether it keeps the rules that OANDA states, and those of the instrument where they are known.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, rules: Option<&Instrument>) -> Result<(), String> {
        let broken = |rule: String| Err(rule);
        if self.units.is_flat() {
            return broken("an order needs a number of units above nought".to_owned());
        }
        let is_market = matches!(self.kind, OrderType::Market { .. });
        let is_immediate = matches!(self.time_in_force, WireTimeInForce::Fok | WireTimeInForce::Ioc);
        if is_market && !is_immediate {
            return broken("a market order is fok or ioc".to_owned());
        }
        if is_immediate && matches!(self.kind, OrderType::MarketIfTouched { .. }) {
            return broken("an order that waits for a price cannot be immediate".to_owned());
        }
        if self.stop.is_some() && self.trail.is_some() {
            return broken("a trade has one stop: at a price, or behind it".to_owned());
        }
        let attached = self.stop.is_some() || self.target.is_some() || self.trail.is_some();
        if attached && self.position_fill == PositionFill::ReduceOnly {
            return broken("what only reduces opens no trade that could have a stop or a target".to_owned());
        }
        let Some(rules) = rules else { return Ok(()) };
        let units = self.units.size();
        if !units.is_multiple_of(rules.lot) || units < rules.qty_min || units > rules.qty_max {
            return broken(format!(
                "{units} units of {}: it is traded in steps of {}, from {} to {}",
                self.symbol, rules.lot, rules.qty_min, rules.qty_max
            ));
        }
        match self.prices().find(|price| !price.is_multiple_of(rules.tick)) {
            // OANDA rounds nothing: excess digits are refused.
            Some(price) => broken(format!("{price} is no whole number of ticks of {}", rules.tick)),
            None => Ok(()),
        }
    }

    fn prices(&self) -> impl Iterator<Item = Price> {
        let (price, bound) = match self.kind {
            OrderType::Market { bound } => (None, bound),
            OrderType::Limit { price } => (Some(price), None),
            OrderType::Stop { price, bound } | OrderType::MarketIfTouched { price, bound } => {
                (Some(price), bound)
            }
        };
        [price, bound, self.stop, self.target, self.trail].into_iter().flatten()
    }

    /// As it is sent.
    pub fn json(&self) -> Value {
        let mut order = Map::new();
        let mut put = |name: &str, value: Value| drop(order.insert(name.to_owned(), value));
        let (name, price, bound) = match self.kind {
            OrderType::Market { bound } => ("MARKET", None, bound),
            OrderType::Limit { price } => ("LIMIT", Some(price), None),
            OrderType::Stop { price, bound } => ("STOP", Some(price), bound),
            OrderType::MarketIfTouched { price, bound } => ("MARKET_IF_TOUCHED", Some(price), bound),
        };
        put("type", json!(name));
        put("instrument", json!(self.symbol.as_str().replace('/', "_")));
        put("units", json!(plain(self.units.get())));
        if let Some(price) = price {
            put("price", text(price));
        }
        if let Some(bound) = bound {
            put("priceBound", text(bound));
        }
        let (tif, until) = match self.time_in_force {
            WireTimeInForce::Gtc => ("GTC", None),
            WireTimeInForce::Gtd(until) => ("GTD", Some(until)),
            WireTimeInForce::Gfd => ("GFD", None),
            WireTimeInForce::Fok => ("FOK", None),
            WireTimeInForce::Ioc => ("IOC", None),
        };
        put("timeInForce", json!(tif));
        if let Some(until) = until {
            put("gtdTime", json!(until.to_rfc3339_opts(SecondsFormat::Nanos, true)));
        }
        put(
            "positionFill",
            json!(match self.position_fill {
                PositionFill::ReduceFirst => "REDUCE_FIRST",
                PositionFill::ReduceOnly => "REDUCE_ONLY",
                PositionFill::OpenOnly => "OPEN_ONLY",
            }),
        );
        put("clientExtensions", json!({"id": self.id.as_str()}));
        if self.position_fill != PositionFill::ReduceOnly {
            // Unique among open trades: a second order of the name is not executed while the first one's trade is open.
            put("tradeClientExtensions", json!({"id": self.id.as_str()}));
        }
        let leg = |purpose: Purpose, name: &str, value: Value| {
            let mut leg = json!({"timeInForce": "GTC"});
            leg[name] = value;
            if let Some(id) = self.id.leg(purpose) {
                leg["clientExtensions"] = json!({"id": id.as_str()});
            }
            leg
        };
        if let Some(target) = self.target {
            put("takeProfitOnFill", leg(Purpose::Target, "price", text(target)));
        }
        if let Some(stop) = self.stop {
            put("stopLossOnFill", leg(Purpose::Stop, "price", text(stop)));
        }
        if let Some(trail) = self.trail {
            put("trailingStopLossOnFill", leg(Purpose::Stop, "distance", text(trail)));
        }
        json!({"order": order})
    }
}

fn text(price: Price) -> Value {
    json!(plain(price.get()))
}

fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}
