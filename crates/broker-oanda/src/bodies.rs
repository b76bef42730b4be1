//! Each body that OANDA may send, read as the adapter reads it: for who gives it bodies that nobody would send.

use broker_api::{ClientOrderId, Currency, Key, Mode, QueryFailed, Time, VenueId};
use broker_http::{Answer, Told};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use crate::convert::{self, unreadable};
use crate::log::{self, Memory, Rates};
use crate::wire::{
    AccountBody, Accounts, Candles, Closed, Id, Instruments, OrderBody, Placed, Positions, Pricing,
    Transaction, Transactions,
};
use crate::{broker, classify, config, quotes, search, stream};

/// Which body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The accounts of a token.
    Accounts,
    /// The account.
    Account,
    /// One order.
    Order,
    /// What is held.
    Positions,
    /// What is listed.
    Instruments,
    /// Prices and what currencies are worth.
    Pricing,
    /// Days.
    Candles,
    /// Transactions, as events and as the proof of one order.
    Log,
    /// An order that was taken.
    Placed,
    /// A position that was closed.
    Closed,
    /// A refusal, with this status.
    Refusal(u16),
    /// A stretch of the stream.
    Lines,
}

impl Body {
    /// Every one, but that refusals have one status.
    pub const ALL: [Self; 12] = [
        Self::Accounts,
        Self::Account,
        Self::Order,
        Self::Positions,
        Self::Instruments,
        Self::Pricing,
        Self::Candles,
        Self::Log,
        Self::Placed,
        Self::Closed,
        Self::Refusal(400),
        Self::Lines,
    ];

    /// Reads one; gives what was understood.
    ///
    /// # Errors
    /// [`QueryFailed`], as the adapter says it.
    pub fn read(self, key: Key, body: &[u8], at: Time) -> Result<String, QueryFailed> {
        let venue = key.venue;
        match self {
            Self::Accounts => {
                let seen: Accounts = parsed(body)?;
                let is_mt4: Vec<bool> = seen.accounts.iter().map(convert::is_mt4).collect();
                Ok(format!("{:?} {is_mt4:?}", convert::only_account(&seen)?))
            }
            Self::Account => account(venue, body, at),
            Self::Order => {
                Ok(format!("{:?}", convert::open_order(venue, &parsed::<OrderBody>(body)?.order, &[])?))
            }
            Self::Positions => {
                let all: Positions = parsed(body)?;
                let held: Result<Vec<_>, _> =
                    all.positions.iter().map(|row| convert::position(venue, row)).collect();
                Ok(format!("{:?}", held?))
            }
            Self::Instruments => {
                let all: Instruments = parsed(body)?;
                let rules: Result<Vec<_>, _> =
                    all.instruments.iter().map(|row| convert::instrument(venue, row, None)).collect();
                Ok(format!("{:?}", rules?))
            }
            Self::Pricing => {
                let pricing: Pricing = parsed(body)?;
                let name = convert::instrument_name(key.symbol);
                Ok(format!("{:?} {:?}", quotes::best(&pricing, &name), Rates::of(&pricing.home_conversions)))
            }
            Self::Candles => {
                let all: Candles = parsed(body)?;
                let bars: Result<Vec<_>, _> =
                    all.candles.iter().map(|candle| quotes::bar(key, candle)).collect();
                Ok(format!("{:?}", bars?))
            }
            Self::Log => transactions(venue, body),
            Self::Placed => Ok(format!("{:?}", broker::taken(&parsed::<Placed>(body)?))),
            Self::Closed => Ok(format!("{:?}", parsed::<Closed>(body)?)),
            Self::Refusal(status) => {
                let answer = Answer {
                    status,
                    headers: HeaderMap::new(),
                    body: body.to_vec(),
                    until: None,
                    told: Told::default(),
                };
                let text = || "refused".to_owned();
                Ok(format!(
                    "{:?} {:?} {:?}",
                    classify::submitted(&answer, text()),
                    classify::cancelled(&answer, text()),
                    classify::closed(&answer, text())
                ))
            }
            Self::Lines => stream::told_by(body).map_err(|why| unreadable("the stream", &why)),
        }
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, QueryFailed> {
    serde_json::from_slice(body).map_err(|why| unreadable("a body", &why))
}

fn account(venue: VenueId, body: &[u8], at: Time) -> Result<String, QueryFailed> {
    let of: AccountBody = parsed(body)?;
    let row = &of.account;
    let identity = convert::identity(venue, Mode::Practice, config::PRACTICE_HOST, row)?;
    let orders: Result<Vec<_>, _> =
        row.orders.iter().map(|order| convert::open_order(venue, order, &row.trades)).collect();
    Ok(format!("{:?} {:?} {:?} {:?}", convert::account(identity, row, at)?, orders?, row.trades, of.last))
}

/// The rows as events, and what they say of the order of the first name that they have.
fn transactions(venue: VenueId, body: &[u8]) -> Result<String, QueryFailed> {
    let all: Transactions = parsed(body)?;
    let mut rows: Vec<Transaction> = log::understood(&all.transactions, Id(0))?.1;
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    let home = Currency::new("USD").map_err(|why| unreadable("a currency", &why))?;
    let events = log::events_of(venue, home, &rows, &Rates::default(), &mut Memory::default())?;
    let name = rows.iter().find_map(|row| ClientOrderId::new(row.client()?).ok());
    let seen = name.map(|name| search::seen(&rows, name)).transpose()?;
    Ok(format!("{events:?} {seen:?} {:?}", all.last))
}
