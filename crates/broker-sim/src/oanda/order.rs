//! An order, and the words of the wire that it is made of.

use broker_api::{ClientOrderId, Time};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::core::nanos;

/// What kind of order it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Market,
    Limit,
    Stop,
    MarketIfTouched,
    TakeProfit,
    StopLoss,
    TrailingStopLoss,
}

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self::Market,
        Self::Limit,
        Self::Stop,
        Self::MarketIfTouched,
        Self::TakeProfit,
        Self::StopLoss,
        Self::TrailingStopLoss,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Market => "MARKET",
            Self::Limit => "LIMIT",
            Self::Stop => "STOP",
            Self::MarketIfTouched => "MARKET_IF_TOUCHED",
            Self::TakeProfit => "TAKE_PROFIT",
            Self::StopLoss => "STOP_LOSS",
            Self::TrailingStopLoss => "TRAILING_STOP_LOSS",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether it closes one trade.
    pub(super) const fn is_dependent(self) -> bool {
        matches!(self, Self::TakeProfit | Self::StopLoss | Self::TrailingStopLoss)
    }

    /// The member of a trade that tells it, without `ID`.
    pub(super) const fn member(self) -> &'static str {
        match self {
            Self::TakeProfit => "takeProfitOrder",
            Self::StopLoss => "stopLossOrder",
            _ => "trailingStopLossOrder",
        }
    }

    /// The member of an order that tells what it makes when it fills.
    pub(super) const fn on_fill(self) -> &'static str {
        match self {
            Self::TakeProfit => "takeProfitOnFill",
            Self::StopLoss => "stopLossOnFill",
            _ => "trailingStopLossOnFill",
        }
    }

    /// The beginning of what is wrong with it, where another order makes it.
    pub(super) const fn on_fill_code(self) -> &'static str {
        match self {
            Self::TakeProfit => "TAKE_PROFIT_ON_FILL",
            Self::StopLoss => "STOP_LOSS_ON_FILL",
            _ => "TRAILING_STOP_LOSS_ON_FILL",
        }
    }
}

/// The kinds that close one trade.
pub(super) const DEPENDENTS: [Kind; 3] = [Kind::TakeProfit, Kind::StopLoss, Kind::TrailingStopLoss];

/// How long an order lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tif {
    Gtc,
    Gtd,
    Gfd,
    Fok,
    Ioc,
}

impl Tif {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Gtd => "GTD",
            Self::Gfd => "GFD",
            Self::Fok => "FOK",
            Self::Ioc => "IOC",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Gtc, Self::Gtd, Self::Gfd, Self::Fok, Self::Ioc].into_iter().find(|tif| tif.as_str() == name)
    }

    pub(super) const fn is_immediate(self) -> bool {
        matches!(self, Self::Fok | Self::Ioc)
    }
}

/// What an order does to trades that are open the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PositionFill {
    OpenOnly,
    ReduceFirst,
    ReduceOnly,
}

/// Which price wakes an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// The side that it trades at.
    Own,
    /// The other side.
    Other,
    Bid,
    Ask,
    Mid,
}

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Filled,
    Cancelled,
}

impl State {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Filled => "FILLED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// What a market order was made to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closes {
    Trade(u64),
    /// The long side of its pair, or the short one.
    Side {
        is_long: bool,
    },
    /// The same, because there is too little margin.
    Margin(u64),
}

/// What another order makes when it opens a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OnFill {
    pub kind: Kind,
    pub price: Option<Decimal>,
    pub distance: Option<Decimal>,
    pub tif: Tif,
    pub gtd: Option<Time>,
    pub trigger: Trigger,
    pub client: Option<Value>,
    /// As it was asked for.
    pub echo: Map<String, Value>,
}

/// An order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub id: u64,
    pub kind: Kind,
    pub pair: usize,
    /// Negative sells; nought for what closes a trade.
    pub units: Decimal,
    pub trade: Option<u64>,
    pub price: Option<Decimal>,
    pub bound: Option<Decimal>,
    pub distance: Option<Decimal>,
    pub tif: Tif,
    pub gtd: Option<Time>,
    pub trigger: Trigger,
    pub position_fill: PositionFill,
    pub client: Option<Value>,
    pub trade_client: Option<Value>,
    pub on_fill: Vec<OnFill>,
    pub closes: Option<Closes>,
    /// What it is told by, in transactions and in orders.
    pub echo: Map<String, Value>,
    pub state: State,
    pub created: Time,
    pub expires: Option<Time>,
    pub filled: Decimal,
    pub filling: Option<u64>,
    pub filled_at: Option<Time>,
    pub opened: Option<u64>,
    pub reduced: Option<u64>,
    pub closed: Vec<u64>,
    pub cancelling: Option<u64>,
    pub cancelled_at: Option<Time>,
    pub replaces: Option<u64>,
    pub replaced_by: Option<u64>,
    /// The best price that a trailing stop has seen.
    pub best: Option<Decimal>,
    /// A market if touched that is reached from the other side than a stop: by a price as good or better.
    pub is_limit_like: bool,
    /// Its order in the engine.
    pub engine: Option<ClientOrderId>,
    pub entered: u32,
    /// The most that its first fill may be, whenever that comes: by a fault.
    pub first_fill: Option<Decimal>,
    /// It is killed as soon as it was taken: by a fault.
    pub killed: bool,
    /// Made by a person beside the client, or by the broker itself.
    pub is_foreign: bool,
}

impl Order {
    /// An order with nothing but this.
    pub(super) fn new(kind: Kind, pair: usize, units: Decimal, tif: Tif) -> Self {
        Self {
            id: 0,
            kind,
            pair,
            units,
            trade: None,
            price: None,
            bound: None,
            distance: None,
            tif,
            gtd: None,
            trigger: Trigger::Own,
            position_fill: PositionFill::ReduceFirst,
            client: None,
            trade_client: None,
            on_fill: Vec::new(),
            closes: None,
            echo: Map::new(),
            state: State::Pending,
            created: Time::UNIX_EPOCH,
            expires: None,
            filled: Decimal::ZERO,
            filling: None,
            filled_at: None,
            opened: None,
            reduced: None,
            closed: Vec::new(),
            cancelling: None,
            cancelled_at: None,
            replaces: None,
            replaced_by: None,
            best: None,
            is_limit_like: false,
            engine: None,
            entered: 0,
            first_fill: None,
            killed: false,
            is_foreign: false,
        }
    }

    pub(super) fn is_pending(&self) -> bool {
        self.state == State::Pending
    }

    /// Its client's name for it.
    pub(super) fn client_id(&self) -> Option<&str> {
        self.client.as_ref()?.get("id")?.as_str()
    }

    /// Where a trailing stop stands.
    pub(super) fn trailing(&self, is_sale: bool) -> Option<Decimal> {
        let (best, distance) = (self.best?, self.distance?);
        Some(if is_sale { best - distance } else { best + distance })
    }

    /// As `GET` shows it; `is_sale` of what closes a trade.
    pub(super) fn json(&self, is_sale: bool, price: impl Fn(Decimal) -> String) -> Value {
        let mut json = json!({
            "id": self.id.to_string(), "createTime": nanos(self.created), "type": self.kind.as_str(),
            "state": self.state.as_str(),
        });
        for (name, value) in &self.echo {
            json[name] = value.clone();
        }
        if self.kind != Kind::Market && !self.kind.is_dependent() {
            json["partialFill"] = json!("DEFAULT_FILL");
        }
        if self.kind == Kind::StopLoss {
            json["guaranteed"] = json!(false);
        }
        if self.kind == Kind::TrailingStopLoss
            && let Some(value) = self.trailing(is_sale)
        {
            json["trailingStopValue"] = json!(price(value));
        }
        if let Some(client) = &self.client {
            json["clientExtensions"] = client.clone();
        }
        if let Some(client) = &self.trade_client {
            json["tradeClientExtensions"] = client.clone();
        }
        let ids = [
            ("fillingTransactionID", self.filling),
            ("tradeOpenedID", self.opened),
            ("tradeReducedID", self.reduced),
            ("cancellingTransactionID", self.cancelling),
            ("replacesOrderID", self.replaces),
            ("replacedByOrderID", self.replaced_by),
        ];
        for (name, id) in ids {
            if let Some(id) = id {
                json[name] = json!(id.to_string());
            }
        }
        if !self.closed.is_empty() {
            json["tradeClosedIDs"] = self.closed.iter().map(|id| json!(id.to_string())).collect();
        }
        for (name, at) in [("filledTime", self.filled_at), ("cancelledTime", self.cancelled_at)] {
            if let Some(at) = at {
                json[name] = json!(nanos(at));
            }
        }
        json
    }
}
