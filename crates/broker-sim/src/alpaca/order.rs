//! One order as Alpaca keeps it, and as it looks on the wire. What it meets is the matching engine's affair.

use broker_api::{ClientOrderId, Qty, Side, Time};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use crate::core::{decimal_text, nanos};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $name {
            $($variant),*
        }

        impl $name {
            /// As the wire writes it.
            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

/// Words that are also read.
macro_rules! read_words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        words!($(#[$doc])* $name { $($variant = $text),* });

        impl $name {
            /// By what the wire writes.
            pub(super) fn named(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

read_words!(
    /// How an order meets the market.
    Kind { Market = "market", Limit = "limit", Stop = "stop", StopLimit = "stop_limit", TrailingStop = "trailing_stop" }
);
read_words!(
    /// How long an order lives.
    Tif { Day = "day", Gtc = "gtc", Opg = "opg", Cls = "cls", Ioc = "ioc", Fok = "fok" }
);
read_words!(
    /// Which orders belong together.
    Class { Simple = "", Bracket = "bracket", Oco = "oco", Oto = "oto" }
);
words!(
    /// What an order is in its group.
    Role { Entry = "entry", TakeProfit = "take_profit", StopLoss = "stop_loss" }
);
words!(
    /// Where an order stands.
    Status {
        Accepted = "accepted",
        PendingNew = "pending_new",
        New = "new",
        PartiallyFilled = "partially_filled",
        Held = "held",
        PendingCancel = "pending_cancel",
        PendingReplace = "pending_replace",
        Filled = "filled",
        Canceled = "canceled",
        Expired = "expired",
        Rejected = "rejected",
        Replaced = "replaced",
    }
);

impl Status {
    /// Whether nothing comes of it any more.
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Filled | Self::Canceled | Self::Expired | Self::Rejected | Self::Replaced)
    }
}

/// An order.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are facts of it that do not depend on each other")]
pub(super) struct Order {
    pub id: String,
    pub client_id: String,
    /// Its asset's place.
    pub asset: usize,
    pub side: Side,
    pub kind: Kind,
    pub tif: Tif,
    pub class: Class,
    pub qty: Option<Decimal>,
    pub notional: Option<Decimal>,
    pub limit: Option<Decimal>,
    pub stop: Option<Decimal>,
    pub trail_price: Option<Decimal>,
    pub trail_percent: Option<Decimal>,
    /// For a trailing stop: the best price so far.
    pub best: Option<Decimal>,
    pub extended: bool,
    pub status: Status,
    pub created: Time,
    pub updated: Time,
    pub submitted: Time,
    pub filled_at: Option<Time>,
    pub expired_at: Option<Time>,
    pub canceled_at: Option<Time>,
    pub failed_at: Option<Time>,
    pub replaced_at: Option<Time>,
    pub replaced_by: Option<String>,
    pub replaces: Option<String>,
    pub expires: Option<Time>,
    /// What it fills in all; for a notional not known before it meets a price.
    pub target: Option<Decimal>,
    pub filled: Decimal,
    /// Price times quantity of its fills.
    pub value: Decimal,
    /// `buy_to_open` and so on.
    pub intent: &'static str,
    pub parent: Option<usize>,
    pub legs: Vec<usize>,
    pub group: Option<(String, Role)>,
    /// What it is in the matching engine, while it is there.
    pub engine: Option<ClientOrderId>,
    /// How often it was put there.
    pub entered: u32,
    /// A stop that was reached.
    pub is_awake: bool,
    /// Fills so much first, by a fault.
    pub first_fill: Option<Qty>,
    /// Is taken, and rejected afterwards, by a fault.
    pub rejected_later: bool,
    /// What a unit of it was reckoned at when it was taken.
    pub reckoned: Decimal,
    /// It was made by the broker or a person, not by the client.
    pub is_foreign: bool,
}

impl Order {
    /// What is still wanted; nothing where that is not known yet.
    pub(super) fn rest(&self) -> Option<Decimal> {
        Some((self.target.or(self.qty)? - self.filled).max(Decimal::ZERO))
    }

    pub(super) fn is_closing(&self) -> bool {
        self.intent.ends_with("close")
    }

    /// What it may still cost, as it was reckoned when it was taken.
    pub(super) fn reserved(&self) -> Decimal {
        match (self.notional, self.rest()) {
            (Some(notional), _) => (notional - self.value).max(Decimal::ZERO),
            (None, rest) => rest.unwrap_or_default() * self.reckoned,
        }
    }

    pub(super) fn average(&self) -> Option<Decimal> {
        let average = self.value.checked_div(self.filled)?;
        Some(average.round_dp_with_strategy(9, RoundingStrategy::MidpointNearestEven))
    }

    /// Whether it waits for a stop price that was not reached.
    pub(super) fn waits_for_stop(&self) -> bool {
        !self.is_awake && matches!(self.kind, Kind::Stop | Kind::StopLimit | Kind::TrailingStop)
    }

    /// How it looks on the wire, without its legs.
    pub(super) fn json(&self, symbol: &str, asset_id: &str, class: &str) -> Value {
        let money = |value: Option<Decimal>| value.map(decimal_text);
        let time = |at: Option<Time>| at.map(nanos);
        json!({
            "id": self.id, "client_order_id": self.client_id, "created_at": nanos(self.created),
            "updated_at": nanos(self.updated), "submitted_at": nanos(self.submitted), "filled_at": time(self.filled_at),
            "expired_at": time(self.expired_at), "expires_at": time(self.expires),
            "canceled_at": time(self.canceled_at), "failed_at": time(self.failed_at),
            "replaced_at": time(self.replaced_at), "replaced_by": self.replaced_by, "replaces": self.replaces,
            "asset_id": asset_id, "symbol": symbol, "asset_class": class, "notional": money(self.notional),
            "qty": money(self.qty), "filled_qty": decimal_text(self.filled), "filled_avg_price": money(self.average()),
            "order_class": self.class.as_str(), "order_type": self.kind.as_str(), "type": self.kind.as_str(),
            "side": side_text(self.side), "position_intent": self.intent, "time_in_force": self.tif.as_str(),
            "limit_price": money(self.limit), "stop_price": money(self.stop), "status": self.status.as_str(),
            "extended_hours": self.extended, "legs": null, "trail_percent": money(self.trail_percent),
            "trail_price": money(self.trail_price), "hwm": money(self.best), "subtag": null, "source": null,
        })
    }
}

/// A side as the wire writes it.
pub(super) const fn side_text(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}
