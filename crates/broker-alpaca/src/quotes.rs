//! Prices of stocks and coins behind the port [`Quotes`]. Numbers come as JSON numbers and are read to the last digit.

use async_trait::async_trait;
use broker_api::{Bar, Key, Price, Qty, QueryFailed, Quote, Quotes, Symbol, Time, VenueHours};
use chrono::TimeDelta;
use chrono_tz::America::New_York;

use crate::broker::Alpaca;
use crate::convert::{self, unreadable};
use crate::orders::text;
use crate::transport::{At, Request, query_failed};
use crate::wire::{BarRow, Bars, Exact, LatestQuotes};

/// The most bars of a page, and the most pages: forty years of days.
const PAGE: u32 = 10_000;
const PAGES_MAX: usize = 4;

fn is_coin(symbol: Symbol) -> bool {
    symbol.as_str().contains('/')
}

#[async_trait]
impl Quotes for Alpaca {
    async fn quote(&self, key: Key) -> Result<Option<Quote>, QueryFailed> {
        self.of_this(key)?;
        let request = if is_coin(key.symbol) {
            Request::get("/v1beta3/crypto/us/latest/quotes").with("symbols", key.symbol.as_str())
        } else {
            let request = Request::get("/v2/stocks/quotes/latest").with("symbols", key.symbol.as_str());
            request.with("feed", self.0.feed.as_str())
        };
        let latest: LatestQuotes = self.0.transport.read(request.at(At::Data)).await?;
        let Some(row) = latest.quotes.get(key.symbol.as_str()) else { return Ok(None) };
        // Nought is no quote on that side.
        let side = |number: Option<Exact>| number.and_then(|number| Price::new(number.0.normalize()).ok());
        let (Some(bid), Some(ask)) = (side(row.bp), side(row.ap)) else { return Ok(None) };
        Ok(Some(Quote { bid, ask, at: row.t }))
    }

    async fn bars(&self, key: Key, from: Time, to: Time) -> Result<Vec<Bar>, QueryFailed> {
        self.of_this(key)?;
        let to = to.min(self.0.transport.now());
        if from > to {
            return Ok(Vec::new());
        }
        // A day's bar is of the moment at which the day began.
        let rows = self.rows(key.symbol, from - TimeDelta::days(2), to).await?;
        let bars = if is_coin(key.symbol) {
            let hours = |row: &BarRow| VenueHours { opens: row.t, closes: row.t + TimeDelta::days(1) };
            rows.iter().map(|row| bar(key, row, hours(row))).collect::<Result<Vec<_>, _>>()?
        } else {
            self.days_of_stocks(key, &rows).await?
        };
        Ok(bars.into_iter().filter(|bar| bar.closes >= from && bar.closes <= to).collect())
    }
}

impl Alpaca {
    fn of_this(&self, key: Key) -> Result<(), QueryFailed> {
        if key.venue == self.0.venue {
            Ok(())
        } else {
            Err(query_failed(format!("{key} is not of the venue {}", self.0.venue), false))
        }
    }

    /// Daily bars as they were traded, page by page.
    async fn rows(&self, symbol: Symbol, from: Time, to: Time) -> Result<Vec<BarRow>, QueryFailed> {
        let mut rows = Vec::new();
        let mut page = None;
        for _ in 0..PAGES_MAX {
            let request = if is_coin(symbol) {
                Request::get("/v1beta3/crypto/us/bars")
            } else {
                let request = Request::get("/v2/stocks/bars").with("adjustment", "raw");
                request.with("feed", self.0.feed.of_the_past())
            };
            let mut request = request
                .at(At::Data)
                .with("symbols", symbol.as_str())
                .with("timeframe", "1Day")
                .with("start", text(from))
                .with("end", text(to))
                .with("sort", "asc")
                .with("limit", PAGE.to_string());
            if let Some(token) = page.take() {
                request = request.with("page_token", token);
            }
            let answer: Bars = self.0.transport.read(request).await?;
            rows.extend(answer.bars.unwrap_or_default().remove(symbol.as_str()).unwrap_or_default());
            match answer.next_page_token.filter(|token| !token.is_empty()) {
                None => return Ok(rows),
                token => page = token,
            }
        }
        Err(query_failed(format!("more than {PAGE} daily bars of {symbol}"), false))
    }

    /// The bars of stocks open and close with their session, which may be a short one.
    async fn days_of_stocks(&self, key: Key, rows: &[BarRow]) -> Result<Vec<Bar>, QueryFailed> {
        let date = |row: &BarRow| row.t.with_timezone(&New_York).date_naive();
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
        let sessions = self.calendar(date(first), date(last)).await?;
        let session = |row: &BarRow| {
            let found = sessions.iter().find(|session| session.date == date(row));
            let none =
                || unreadable("a bar", &format!("{} of {key} is no day of its own calendar", date(row)));
            convert::hours(found.ok_or_else(none)?)
        };
        rows.iter().map(|row| bar(key, row, session(row)?)).collect()
    }
}

fn bar(key: Key, row: &BarRow, hours: VenueHours) -> Result<Bar, QueryFailed> {
    let bad = |why: &dyn std::fmt::Display| unreadable(&format!("a bar of {key}"), why);
    let price = |number: Exact| Price::new(number.0.normalize()).map_err(|why| bad(&why));
    let bar = Bar {
        opens: hours.opens,
        closes: hours.closes,
        open: price(row.o)?,
        high: price(row.h)?,
        low: price(row.l)?,
        close: price(row.c)?,
        volume: row.v.and_then(|number| Qty::new(number.0.normalize()).ok()),
        spread: None,
    };
    if bar.is_sane() { Ok(bar) } else { Err(bad(&"its low is not the lowest, or its high not the highest")) }
}
