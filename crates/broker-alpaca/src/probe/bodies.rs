//! Each body that Alpaca may send, read as the adapter reads it: for who gives it bodies that nobody would send.

use broker_api::{Mode, QueryFailed, Time, VenueId};
use serde::de::DeserializeOwned;

use crate::convert::{self, May, unreadable};
use crate::transport::Answer;
use crate::wire::{
    Account, Bars, CalendarRow, ClockNow, FillRow, LatestQuotes, NonTradeRow, Order, Position,
};
use crate::{classify, config, stream};

/// Which body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The account.
    Account,
    /// One order.
    Order,
    /// Orders.
    Orders,
    /// What is held.
    Positions,
    /// What is listed.
    Asset,
    /// The days ahead.
    Calendar,
    /// The time.
    Clock,
    /// The last quotes.
    Quotes,
    /// Bars.
    Bars,
    /// Executions.
    Fills,
    /// What no trade made.
    NonTrades,
    /// A refusal, with this status.
    Refusal(u16),
    /// A message of the stream.
    Frame,
}

impl Body {
    /// Every one, but that refusals have one status.
    pub const ALL: [Self; 13] = [
        Self::Account,
        Self::Order,
        Self::Orders,
        Self::Positions,
        Self::Asset,
        Self::Calendar,
        Self::Clock,
        Self::Quotes,
        Self::Bars,
        Self::Fills,
        Self::NonTrades,
        Self::Refusal(422),
        Self::Frame,
    ];

    /// Reads one; gives what was understood.
    ///
    /// # Errors
    /// [`QueryFailed`], as the adapter says it.
    pub fn read(self, venue: VenueId, body: &[u8], at: Time) -> Result<String, QueryFailed> {
        match self {
            Self::Account => {
                let row: Account = parsed(body)?;
                let of = convert::identity(venue, Mode::Practice, config::PAPER_HOST, &row)?;
                let may = convert::may(&row);
                Ok(format!("{:?} {} {}", convert::account(of, &row, at)?, may.shorts, may.coins))
            }
            Self::Order => order(venue, &parsed(body)?),
            Self::Orders => parsed::<Vec<Order>>(body)?.iter().map(|row| order(venue, row)).collect(),
            Self::Positions => {
                let of = |row: &Position| {
                    let symbol = convert::symbol(&row.symbol)?;
                    Ok(format!("{:?}", convert::position(venue, symbol, row)?))
                };
                parsed::<Vec<Position>>(body)?.iter().map(of).collect()
            }
            Self::Asset => {
                let may = May { shorts: true, coins: true };
                Ok(format!("{:?}", convert::instrument(venue, &parsed(body)?, true, may)?))
            }
            Self::Calendar => {
                let rows: Vec<CalendarRow> = parsed(body)?;
                Ok(format!("{:?}", convert::days(&rows, at.date_naive(), 10)?))
            }
            Self::Clock => Ok(format!("{:?}", parsed::<ClockNow>(body)?)),
            Self::Quotes => Ok(format!("{:?}", parsed::<LatestQuotes>(body)?)),
            Self::Bars => Ok(format!("{:?}", parsed::<Bars>(body)?)),
            Self::Fills => Ok(format!("{:?}", parsed::<Vec<FillRow>>(body)?)),
            Self::NonTrades => Ok(format!("{:?}", parsed::<Vec<NonTradeRow>>(body)?)),
            Self::Refusal(status) => {
                let body = body.to_vec();
                let answer = Answer { status, body, request: None, until: None, has_retry_after: false };
                let (order, cancel) = (classify::submitted(&answer), classify::cancelled(&answer));
                Ok(format!("{order:?} {cancel:?} {:?}", classify::closed(&answer)))
            }
            Self::Frame => stream::told(body).map_err(|why| unreadable("a message", &why)),
        }
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, QueryFailed> {
    serde_json::from_slice(body).map_err(|why| unreadable("a body", &why))
}

fn order(venue: VenueId, row: &Order) -> Result<String, QueryFailed> {
    let (name, ended) = (convert::name(row)?, convert::ended_at(row));
    Ok(format!(
        "{name} {ended:?} {:?} {:?}",
        convert::kind(row),
        convert::open_order(venue, row, Some(name))?
    ))
}
