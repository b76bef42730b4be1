//! OANDA's JSON. What it sends is read leniently: fields may be missing or null, words that are not known stay text, and a
//! number counts to its last digit whether it comes as text or as a JSON number. What we send is typed.

mod id;
mod sent;
mod transaction;

use broker_api::Time;
use broker_http::Exact;
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) use id::Id;
pub use sent::{NewOrder, OrderType, PositionFill, WireTimeInForce};
pub(crate) use transaction::{Head, Transaction};

/// `GET /v3/accounts`.
#[derive(Debug, Deserialize)]
pub(crate) struct Accounts {
    pub(crate) accounts: Vec<AccountRow>,
}

/// One account that the token sees.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountRow {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(rename = "mt4AccountID")]
    pub(crate) mt4: Option<Id>,
}

/// `GET /v3/accounts/{id}/summary`, and the whole account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountBody {
    pub(crate) account: Account,
    #[serde(rename = "lastTransactionID")]
    pub(crate) last: Option<Id>,
}

/// An account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) currency: String,
    pub(crate) balance: Option<Exact>,
    #[serde(rename = "NAV")]
    pub(crate) nav: Option<Exact>,
    pub(crate) margin_used: Option<Exact>,
    pub(crate) margin_available: Option<Exact>,
    pub(crate) margin_rate: Option<Exact>,
    /// Of the whole account alone.
    #[serde(default)]
    pub(crate) trades: Vec<Trade>,
    /// Of the whole account alone.
    #[serde(default)]
    pub(crate) orders: Vec<Order>,
}

/// What a client wrote on an order or a trade.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Extensions {
    pub(crate) id: Option<String>,
}

/// A trade that is open.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trade {
    pub(crate) id: Id,
    pub(crate) instrument: String,
    pub(crate) current_units: Exact,
    pub(crate) client_extensions: Option<Extensions>,
}

/// An order that is pending.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) id: Id,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) state: Option<String>,
    /// Nothing for one that belongs to a trade.
    pub(crate) instrument: Option<String>,
    pub(crate) units: Option<Exact>,
    pub(crate) price: Option<Exact>,
    pub(crate) price_bound: Option<Exact>,
    pub(crate) distance: Option<Exact>,
    pub(crate) client_extensions: Option<Extensions>,
    #[serde(rename = "tradeID")]
    pub(crate) trade: Option<Id>,
}

/// `GET /v3/accounts/{id}/orders/{spec}`.
#[derive(Debug, Deserialize)]
pub(crate) struct OrderBody {
    pub(crate) order: Order,
}

/// `GET /v3/accounts/{id}/openPositions`.
#[derive(Debug, Deserialize)]
pub(crate) struct Positions {
    pub(crate) positions: Vec<Position>,
}

/// `GET /v3/accounts/{id}/positions/{instrument}`.
#[derive(Debug, Deserialize)]
pub(crate) struct PositionBody {
    pub(crate) position: Position,
}

/// What is held of a pair; an account that hedges may hold both sides.
#[derive(Debug, Deserialize)]
pub(crate) struct Position {
    pub(crate) instrument: String,
    pub(crate) long: Side,
    pub(crate) short: Side,
}

/// One side of what is held.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Side {
    /// Negative for the short side.
    pub(crate) units: Exact,
    pub(crate) average_price: Option<Exact>,
}

/// `GET /v3/accounts/{id}/instruments`.
#[derive(Debug, Deserialize)]
pub(crate) struct Instruments {
    pub(crate) instruments: Vec<Instrument>,
}

/// The rules of an instrument.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instrument {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) display_precision: Option<u32>,
    pub(crate) trade_units_precision: Option<u32>,
    pub(crate) minimum_trade_size: Option<Exact>,
    pub(crate) maximum_order_units: Option<Exact>,
    pub(crate) margin_rate: Option<Exact>,
}

/// `GET /v3/accounts/{id}/pricing`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pricing {
    #[serde(default)]
    pub(crate) prices: Vec<PriceRow>,
    #[serde(default)]
    pub(crate) home_conversions: Vec<HomeConversion>,
    pub(crate) time: Option<Time>,
}

/// A price.
#[derive(Debug, Deserialize)]
pub(crate) struct PriceRow {
    pub(crate) instrument: Option<String>,
    pub(crate) time: Time,
    /// Either side may be empty, and the best need not stand first.
    #[serde(default)]
    pub(crate) bids: Vec<Bucket>,
    #[serde(default)]
    pub(crate) asks: Vec<Bucket>,
}

/// So much can be had at a price.
#[derive(Debug, Deserialize)]
pub(crate) struct Bucket {
    pub(crate) price: Exact,
}

/// What one unit of a currency is worth in the account's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HomeConversion {
    pub(crate) currency: String,
    pub(crate) account_gain: Option<Exact>,
    pub(crate) account_loss: Option<Exact>,
}

/// `GET /v3/accounts/{id}/instruments/{instrument}/candles`.
#[derive(Debug, Deserialize)]
pub(crate) struct Candles {
    #[serde(default)]
    pub(crate) candles: Vec<Candle>,
}

/// The prices of one period.
#[derive(Debug, Deserialize)]
pub(crate) struct Candle {
    /// When it began.
    pub(crate) time: Time,
    #[serde(default)]
    pub(crate) complete: bool,
    pub(crate) mid: Option<Four>,
    pub(crate) bid: Option<Four>,
    pub(crate) ask: Option<Four>,
}

/// First, highest, lowest and last price.
#[derive(Debug, Deserialize)]
pub(crate) struct Four {
    pub(crate) o: Exact,
    pub(crate) h: Exact,
    pub(crate) l: Exact,
    pub(crate) c: Exact,
}

/// `GET /v3/accounts/{id}/transactions/sinceid` and `/idrange`. Each row is read by itself, so that one that cannot be
/// understood does not take the others with it.
#[derive(Debug, Deserialize)]
pub(crate) struct Transactions {
    #[serde(default)]
    pub(crate) transactions: Vec<Box<RawValue>>,
    #[serde(rename = "lastTransactionID")]
    pub(crate) last: Id,
}

/// `GET /v3/accounts/{id}/transactions/{id}`.
#[derive(Debug, Deserialize)]
pub(crate) struct TransactionBody {
    pub(crate) transaction: Box<RawValue>,
}

/// What an order that was taken did.
#[derive(Debug, Deserialize)]
pub(crate) struct Placed {
    #[serde(rename = "orderCreateTransaction")]
    pub(crate) made: Transaction,
    #[serde(rename = "orderFillTransaction")]
    pub(crate) filled: Option<Transaction>,
    #[serde(rename = "orderCancelTransaction")]
    pub(crate) cancelled: Option<Transaction>,
}

/// What closing a position did.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Closed {
    pub(crate) long_order_cancel_transaction: Option<Transaction>,
    pub(crate) short_order_cancel_transaction: Option<Transaction>,
}
