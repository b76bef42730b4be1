//! Prices of pairs behind the port [`Quotes`].

use async_trait::async_trait;
use broker_api::{Bar, Key, Price, QueryFailed, Quote, Quotes, Time};
use broker_http::{Exact, query_failed};
use chrono::{Days, SecondsFormat, TimeDelta, TimeZone as _, Utc};
use chrono_tz::America::New_York;

use crate::broker::Oanda;
use crate::convert::{self, unreadable};
use crate::wire::{Bucket, Candle, Candles, Four, Pricing};

/// The most days that are asked for at once; 5,000 are given at most.
const DAYS_MAX: i64 = 4_000;

#[async_trait]
impl Quotes for Oanda {
    async fn quote(&self, key: Key) -> Result<Option<Quote>, QueryFailed> {
        self.of_this(key)?;
        let name = convert::instrument_name(key.symbol);
        let request = self.0.transport.of_account("/pricing").await?.with("instruments", name.as_str());
        let pricing: Pricing = self.0.transport.read(request).await?;
        Ok(best(&pricing, &name))
    }

    // Days from 17:00 to 17:00 in New York; one that is not complete is left out.
    async fn bars(&self, key: Key, from: Time, to: Time) -> Result<Vec<Bar>, QueryFailed> {
        self.of_this(key)?;
        let to = to.min(self.0.transport.now());
        let path = format!("/instruments/{}/candles", convert::instrument_name(key.symbol));
        let text = |at: Time| at.to_rfc3339_opts(SecondsFormat::Nanos, true);
        let mut bars = Vec::new();
        // A day's candle is of the moment at which the day began.
        let mut start = from - TimeDelta::days(2);
        while from <= to && start < to {
            let end = to.min(start + TimeDelta::days(DAYS_MAX));
            let request = self.0.transport.of_account(&path).await?;
            let request = request
                .with("granularity", "D")
                .with("price", "MBA")
                .with("dailyAlignment", "17")
                .with("alignmentTimezone", "America/New_York")
                .with("from", text(start))
                .with("to", text(end));
            let candles: Candles = self.0.transport.read(request).await?;
            for candle in candles.candles.iter().filter(|candle| candle.complete) {
                bars.push(bar(key, candle)?);
            }
            start = end;
        }
        bars.retain(|bar| bar.closes >= from && bar.closes <= to);
        bars.sort_by_key(|bar| bar.opens);
        bars.dedup_by_key(|bar| bar.opens);
        Ok(bars)
    }
}

impl Oanda {
    fn of_this(&self, key: Key) -> Result<(), QueryFailed> {
        if key.venue == self.0.venue {
            Ok(())
        } else {
            Err(query_failed(format!("{key} is not of the venue {}", self.0.venue), false))
        }
    }
}

/// The best prices of an instrument. Sides may be empty, and the best price need not stand first.
pub(crate) fn best(pricing: &Pricing, name: &str) -> Option<Quote> {
    let of_it = |told: &Option<String>| told.as_deref().is_none_or(|told| told == name);
    let row = pricing.prices.iter().find(|row| of_it(&row.instrument))?;
    let prices = |side: &[Bucket]| -> Vec<Price> {
        side.iter().filter_map(|bucket| Price::new(bucket.price.0.normalize()).ok()).collect()
    };
    let (bid, ask) = (prices(&row.bids).into_iter().max()?, prices(&row.asks).into_iter().min()?);
    Some(Quote { bid, ask, at: row.time })
}

/// The same hour of New York's clock, a day later.
fn a_day_later(at: Time) -> Option<Time> {
    let later = at.with_timezone(&New_York).naive_local().checked_add_days(Days::new(1))?;
    New_York.from_local_datetime(&later).earliest().map(|at| at.with_timezone(&Utc))
}

pub(crate) fn bar(key: Key, candle: &Candle) -> Result<Bar, QueryFailed> {
    let bad = |why: &dyn std::fmt::Display| unreadable(&format!("a day of {key}"), why);
    let price = |number: Exact| Price::new(number.0.normalize()).map_err(|why| bad(&why));
    let four: &Four = candle.mid.as_ref().ok_or_else(|| bad(&"it has no mid prices"))?;
    let spread = match (&candle.bid, &candle.ask) {
        (Some(bid), Some(ask)) => {
            ask.c.0.checked_sub(bid.c.0).and_then(|apart| Price::new(apart.normalize()).ok())
        }
        _ => None,
    };
    let bar = Bar {
        opens: candle.time,
        closes: a_day_later(candle.time).ok_or_else(|| bad(&"it has no end"))?,
        open: price(four.o)?,
        high: price(four.h)?,
        low: price(four.l)?,
        close: price(four.c)?,
        // Ticks are counted, not units.
        volume: None,
        spread,
    };
    if bar.is_sane() { Ok(bar) } else { Err(bad(&"its low is not the lowest, or its high not the highest")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_new_york_also_when_its_clock_changes() {
        let later = |text: &str| a_day_later(text.parse().unwrap()).unwrap().to_rfc3339();
        assert_eq!(later("2026-03-05T22:00:00Z"), "2026-03-06T22:00:00+00:00");
        assert_eq!(later("2026-03-08T21:00:00Z"), "2026-03-09T21:00:00+00:00");
        assert_eq!(later("2026-10-31T21:00:00Z"), "2026-11-01T22:00:00+00:00", "25 hours");
    }
}
