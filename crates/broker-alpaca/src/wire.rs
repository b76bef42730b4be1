//! Alpaca's JSON. What it sends is read leniently: fields may be missing or null, words that are not known stay text,
//! and a number counts to its last digit whether it comes as text or as a JSON number. What we send is typed.

mod order;
mod sent;

use broker_api::Time;
use chrono::NaiveDate;
use serde::Deserialize;

pub(crate) use broker_http::{Exact, Rough};
pub(crate) use order::Order;
pub(crate) use sent::coin_stop_limit;
pub use sent::{NewOrder, OrderClass, OrderSize, OrderType, StopLoss, TakeProfit, WireSide, WireTimeInForce};

/// `GET /v2/account`.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "they are the fields of the wire")]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) account_number: Option<String>,
    pub(crate) status: String,
    pub(crate) currency: Option<String>,
    pub(crate) cash: Option<Exact>,
    pub(crate) equity: Option<Exact>,
    pub(crate) last_equity: Option<Exact>,
    pub(crate) buying_power: Option<Exact>,
    /// For coins, and for stocks that are not bought on credit.
    pub(crate) non_marginable_buying_power: Option<Exact>,
    pub(crate) initial_margin: Option<Exact>,
    pub(crate) trading_blocked: Option<bool>,
    pub(crate) account_blocked: Option<bool>,
    pub(crate) trade_suspended_by_user: Option<bool>,
    pub(crate) shorting_enabled: Option<bool>,
    /// A word as in `status`.
    pub(crate) crypto_status: Option<String>,
}

/// A row of `GET /v2/positions`.
#[derive(Debug, Deserialize)]
pub(crate) struct Position {
    pub(crate) symbol: String,
    pub(crate) asset_class: Option<String>,
    pub(crate) side: Option<String>,
    pub(crate) qty: Exact,
    pub(crate) avg_entry_price: Option<Rough>,
    pub(crate) current_price: Option<Rough>,
    pub(crate) lastday_price: Option<Rough>,
}

/// `GET /v2/assets/{symbol}`, and a row of the list.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are the fields of the wire")]
pub(crate) struct Asset {
    pub(crate) class: Option<String>,
    pub(crate) symbol: String,
    pub(crate) status: Option<String>,
    #[serde(default)]
    pub(crate) tradable: bool,
    #[serde(default)]
    pub(crate) marginable: bool,
    #[serde(default)]
    pub(crate) shortable: bool,
    #[serde(default)]
    pub(crate) fractionable: bool,
    pub(crate) borrow_status: Option<String>,
    /// Deprecated in favour of the one before, and still seen.
    pub(crate) easy_to_borrow: Option<bool>,
    /// Percent.
    pub(crate) margin_requirement_long: Option<Exact>,
    pub(crate) min_order_size: Option<Exact>,
    pub(crate) min_trade_increment: Option<Exact>,
    pub(crate) price_increment: Option<Exact>,
}

/// A row of `GET /v2/account/activities/FILL`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FillRow {
    pub(crate) id: String,
    pub(crate) transaction_time: Time,
    pub(crate) order_id: String,
    pub(crate) side: String,
    pub(crate) price: Exact,
    pub(crate) qty: Exact,
    pub(crate) cum_qty: Option<Exact>,
}

/// A row of `GET /v2/account/activities` that no trade made.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NonTradeRow {
    pub(crate) id: String,
    pub(crate) activity_type: String,
    pub(crate) activity_sub_type: Option<String>,
    /// A date, or a moment.
    pub(crate) date: Option<String>,
    pub(crate) created_at: Option<Time>,
    pub(crate) transaction_time: Option<Time>,
    pub(crate) net_amount: Option<Exact>,
    pub(crate) currency: Option<String>,
    pub(crate) qty: Option<Exact>,
    pub(crate) per_share_amount: Option<Exact>,
    pub(crate) symbol: Option<String>,
    /// Shared by the rows of one event.
    pub(crate) group_id: Option<String>,
    pub(crate) status: Option<String>,
}

/// `GET /v2/clock`.
#[derive(Debug, Deserialize)]
pub(crate) struct ClockNow {
    pub(crate) timestamp: Time,
}

/// A row of `GET /v2/calendar`. Times are of New York.
#[derive(Debug, Deserialize)]
pub(crate) struct CalendarRow {
    pub(crate) date: NaiveDate,
    pub(crate) open: String,
    pub(crate) close: String,
}

/// A latest quote: nought is no quote on that side.
#[derive(Debug, Deserialize)]
pub(crate) struct LatestQuote {
    pub(crate) t: Time,
    pub(crate) bp: Option<Exact>,
    pub(crate) ap: Option<Exact>,
}

/// `GET …/quotes/latest`, by symbol.
#[derive(Debug, Deserialize)]
pub(crate) struct LatestQuotes {
    #[serde(default)]
    pub(crate) quotes: std::collections::BTreeMap<String, LatestQuote>,
}

/// One bar.
#[derive(Debug, Deserialize)]
pub(crate) struct BarRow {
    pub(crate) t: Time,
    pub(crate) o: Exact,
    pub(crate) h: Exact,
    pub(crate) l: Exact,
    pub(crate) c: Exact,
    pub(crate) v: Option<Exact>,
}

/// `GET …/bars`, by symbol, one page.
#[derive(Debug, Deserialize)]
pub(crate) struct Bars {
    /// Null when there are none.
    pub(crate) bars: Option<std::collections::BTreeMap<String, Vec<BarRow>>>,
    pub(crate) next_page_token: Option<String>,
}
