//! Candles, put together from the bars that there are.

use std::collections::BTreeMap;

use broker_api::{Bar, Time};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::instruments::Prices;
use super::request::moment;
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::{Request, nanos, number};

/// Candles when nothing is said, and at most.
const USUAL: usize = 500;
const MOST: usize = 5_000;

/// How long a candle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    Seconds(i64),
    Day,
    Week,
    Month,
}

fn span(name: &str) -> Option<Span> {
    let (unit, count) = name.split_at_checked(1)?;
    let seconds = match (unit, count) {
        ("D", "") => return Some(Span::Day),
        ("W", "") => return Some(Span::Week),
        ("M", "") => return Some(Span::Month),
        ("S", "5" | "10" | "15" | "30") => 1,
        ("M", "1" | "2" | "4" | "5" | "10" | "15" | "30") => 60,
        ("H", "1" | "2" | "3" | "4" | "6" | "8" | "12") => 3_600,
        _ => return None,
    };
    count.parse::<i64>().ok().map(|count| Span::Seconds(count * seconds))
}

/// Where days and weeks begin.
struct Alignment {
    zone: Tz,
    hour: u32,
    weekday: u32,
}

impl Alignment {
    fn read(request: &Request) -> Result<Self, Refusal> {
        let zone = request.query("alignmentTimezone").unwrap_or("America/New_York");
        let zone = zone.parse().map_err(|_| Refusal::no_value("alignmentTimezone"))?;
        let hour = request.query("dailyAlignment").map_or(Ok(17), str::parse);
        let hour = hour.ok().filter(|hour| *hour < 24).ok_or_else(|| Refusal::no_value("dailyAlignment"))?;
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let weekday = request.query("weeklyAlignment").unwrap_or("Friday");
        let weekday = (0..).zip(days).find(|(_, name)| *name == weekday).map(|(place, _)| place);
        Ok(Self { zone, hour, weekday: weekday.ok_or_else(|| Refusal::no_value("weeklyAlignment"))? })
    }

    fn begin_of(&self, date: NaiveDate) -> Time {
        let at = date.and_hms_opt(self.hour, 0, 0).unwrap_or_default();
        self.zone.from_local_datetime(&at).earliest().map_or_else(|| at.and_utc(), |at| at.to_utc())
    }

    /// The date on which the day of a moment begins.
    fn date_of(&self, at: Time) -> NaiveDate {
        let here: DateTime<Tz> = at.with_timezone(&self.zone);
        let date = here.date_naive();
        if here.hour() >= self.hour { date } else { date.pred_opt().unwrap_or(date) }
    }

    /// When the candle of a moment begins.
    fn floor(&self, at: Time, span: Span) -> Time {
        let date = self.date_of(at);
        match span {
            Span::Seconds(seconds) if seconds <= 3_600 => {
                at - TimeDelta::seconds(at.timestamp().rem_euclid(seconds))
            }
            Span::Seconds(seconds) => {
                let begin = self.begin_of(date);
                begin + TimeDelta::seconds((at - begin).num_seconds() / seconds * seconds)
            }
            Span::Day => self.begin_of(date),
            Span::Week => {
                let back = (date.weekday().num_days_from_monday() + 7 - self.weekday) % 7;
                self.begin_of(date.checked_sub_days(Days::new(u64::from(back))).unwrap_or(date))
            }
            Span::Month => {
                // The first day of a month begins on the day before.
                let next = date.succ_opt().unwrap_or(date);
                let first = next.with_day(1).unwrap_or(next);
                self.begin_of(first.pred_opt().unwrap_or(first))
            }
        }
    }
}

/// A candle.
#[derive(Clone, Copy, Debug)]
struct Candle {
    open: Decimal,
    high: Decimal,
    low: Decimal,
    close: Decimal,
    volume: Decimal,
}

impl Candle {
    fn with(self, bar: &Bar) -> Self {
        Self {
            open: self.open,
            high: self.high.max(bar.high.get()),
            low: self.low.min(bar.low.get()),
            close: bar.close.get(),
            volume: self.volume + volume(bar),
        }
    }
}

fn volume(bar: &Bar) -> Decimal {
    bar.volume.map_or(Decimal::ONE, |volume| volume.get().trunc())
}

fn of_bar(bar: &Bar) -> Candle {
    let (open, high, low, close) = (bar.open.get(), bar.high.get(), bar.low.get(), bar.close.get());
    Candle { open, high, low, close, volume: volume(bar) }
}

fn of_price(prices: Prices) -> Candle {
    let mid = prices.mid();
    Candle { open: mid, high: mid, low: mid, close: mid, volume: Decimal::ONE }
}

impl Venue {
    /// The candles of a pair by when they begin: of bars that are no longer than a candle, and of the price of now.
    fn candles_of(&self, pair: usize, span: Span, alignment: &Alignment) -> BTreeMap<Time, Candle> {
        let listed = &self.pairs[pair];
        let longest = match span {
            Span::Seconds(seconds) => TimeDelta::seconds(seconds),
            Span::Day => TimeDelta::hours(25),
            Span::Week => TimeDelta::days(8),
            Span::Month => TimeDelta::days(32),
        };
        let mut all: BTreeMap<Time, Candle> = BTreeMap::new();
        for bar in listed.history.iter().filter(|bar| bar.closes - bar.opens <= longest) {
            all.entry(alignment.floor(bar.opens, span))
                .and_modify(|candle| *candle = candle.with(bar))
                .or_insert_with(|| of_bar(bar));
        }
        if let Some(prices) = listed.prices {
            let begin = alignment.floor(prices.at, span);
            let is_later = listed.history.last().is_none_or(|bar| bar.closes < prices.at);
            if is_later {
                let now = of_price(prices);
                all.entry(begin)
                    .and_modify(|candle| {
                        candle.close = now.close;
                        candle.high = candle.high.max(now.high);
                        candle.low = candle.low.min(now.low);
                    })
                    .or_insert(now);
            }
        }
        all
    }

    fn candle_json(&self, pair: usize, at: Time, candle: &Candle, is_complete: bool, sides: &str) -> Value {
        let listed = &self.pairs[pair];
        let half = listed.prices.map(|prices| (prices.ask - prices.bid) / Decimal::TWO).unwrap_or_default();
        let mut json = json!({ "time": nanos(at), "complete": is_complete, "volume": number(candle.volume) });
        for (side, name, by) in [('M', "mid", Decimal::ZERO), ('B', "bid", -half), ('A', "ask", half)] {
            if sides.contains(side) {
                let text = |price: Decimal| {
                    listed.pair.price_text((price + by).round_dp(listed.pair.display_precision))
                };
                json[name] = json!({
                    "o": text(candle.open), "h": text(candle.high), "l": text(candle.low), "c": text(candle.close),
                });
            }
        }
        json
    }

    /// Whether a candle is over.
    fn is_complete(&self, at: Time, span: Span, alignment: &Alignment) -> bool {
        alignment.floor(self.at, span) > at
    }

    pub(super) fn candles(&self, name: &str, request: &Request) -> Answer {
        let pair = self.find_pair(name).ok_or_else(|| Refusal::no_value("instrument"))?;
        let granularity = request.query("granularity").unwrap_or("S5");
        let span = span(granularity).ok_or_else(|| Refusal::no_value("granularity"))?;
        let sides = request.query("price").unwrap_or("M");
        if !sides.chars().all(|side| "MBA".contains(side)) {
            return Err(Refusal::no_value("price"));
        }
        let alignment = Alignment::read(request)?;
        let at = |name: &str| -> Result<Option<Time>, Refusal> {
            request.query(name).map(|text| moment(text).ok_or_else(|| Refusal::no_value(name))).transpose()
        };
        let (from, to) = (at("from")?, at("to")?);
        let count = match request.query("count") {
            None => USUAL,
            Some(_) if from.is_some() && to.is_some() => {
                return Err(Refusal::plain(
                    400,
                    "'count' cannot be specified when both 'to' and 'from' are set",
                ));
            }
            Some(text) => text.parse().map_err(|_| Refusal::no_value("count"))?,
        };
        if count > MOST {
            return Err(Refusal::plain(400, "Maximum value for 'count' exceeded"));
        }
        let is_first = !matches!(request.query("includeFirst"), Some("false" | "False"));
        let is_asked = |begin: Time| {
            from.is_none_or(|from| if is_first { begin >= from } else { begin > from })
                && to.is_none_or(|to| begin < to)
        };
        let all = self.candles_of(pair, span, &alignment);
        let mut asked: Vec<(&Time, &Candle)> = all.iter().filter(|(begin, _)| is_asked(**begin)).collect();
        if from.is_some() && to.is_some() {
            if asked.len() > MOST {
                return Err(Refusal::plain(400, "Maximum value for 'count' exceeded"));
            }
        } else if from.is_some() {
            asked.truncate(count);
        } else {
            asked.drain(..asked.len().saturating_sub(count));
        }
        let told: Vec<Value> = asked
            .into_iter()
            .map(|(begin, candle)| {
                self.candle_json(pair, *begin, candle, self.is_complete(*begin, span, &alignment), sides)
            })
            .collect();
        ok(&json!({ "instrument": self.pairs[pair].name(), "granularity": granularity, "candles": told }))
    }

    pub(super) fn latest_candles(&self, request: &Request) -> Answer {
        let asked = request.query("candleSpecifications");
        let asked = asked.ok_or_else(|| Refusal::no_value("candleSpecifications"))?;
        let alignment = Alignment::read(request)?;
        let mut latest = Vec::new();
        for asked in asked.split(',') {
            let no = || Refusal::no_value("candleSpecifications");
            let [name, granularity, sides] = asked.split(':').collect::<Vec<_>>()[..] else {
                return Err(no());
            };
            let pair = self.find_pair(name).ok_or_else(no)?;
            let length = span(granularity).ok_or_else(no)?;
            let all = self.candles_of(pair, length, &alignment);
            let mut told: Vec<Value> = all
                .iter()
                .rev()
                .take(2)
                .map(|(begin, candle)| {
                    self.candle_json(
                        pair,
                        *begin,
                        candle,
                        self.is_complete(*begin, length, &alignment),
                        sides,
                    )
                })
                .collect();
            told.reverse();
            latest.push(json!({ "instrument": name, "granularity": granularity, "candles": told }));
        }
        ok(&json!({ "latestCandles": latest }))
    }
}
