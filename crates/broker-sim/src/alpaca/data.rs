//! Market data over REST: last quotes, trades and bars, and bars of the past.

use broker_api::{Bar, Time};
use chrono::{SubsecRound as _, TimeDelta};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::assets::Listed;
use super::errors::Refusal;
use super::reading::moment;
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::{Request, number};

fn text(at: Time) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// What is asked of several symbols at once.
type Ask = fn(&Venue, &Listed) -> Option<Value>;

impl Venue {
    /// What stands behind `/v2/stocks/`.
    pub(super) fn stocks(&self, path: &[&str], request: &Request) -> Answer {
        match path {
            ["quotes", "latest"] => self.of_many(request, false, "quotes", Self::quote_json),
            ["trades", "latest"] => self.of_many(request, false, "trades", Self::trade_json),
            ["bars", "latest"] => self.of_many(request, false, "bars", Self::bar_json),
            ["snapshots"] => ok(&self.each(request, false, Self::snapshot)?.into()),
            ["bars"] => self.bars(request, None, false),
            [symbol, "quotes", "latest"] => self.of_one(symbol, "quote", Self::quote_json),
            [symbol, "trades", "latest"] => self.of_one(symbol, "trade", Self::trade_json),
            [symbol, "bars", "latest"] => self.of_one(symbol, "bar", Self::bar_json),
            [symbol, "snapshot"] => {
                let listed = self.listed(symbol, false)?;
                let mut snapshot = self.snapshot(listed).unwrap_or_else(|| json!({}));
                snapshot["symbol"] = json!(listed.symbol());
                ok(&snapshot)
            }
            [symbol, "bars"] => self.bars(request, Some(symbol), false),
            _ => Err(Refusal::not_found("endpoint not found")),
        }
    }

    /// What stands behind `/v1beta3/crypto/us/`.
    pub(super) fn crypto(&self, path: &[&str], request: &Request) -> Answer {
        match path {
            ["latest", "quotes"] => self.of_many(request, true, "quotes", Self::quote_json),
            ["latest", "trades"] => self.of_many(request, true, "trades", Self::trade_json),
            ["latest", "bars"] => self.of_many(request, true, "bars", Self::bar_json),
            ["latest", "orderbooks"] => self.of_many(request, true, "orderbooks", Self::order_book),
            ["snapshots"] => self.of_many(request, true, "snapshots", Self::snapshot),
            ["bars"] => self.bars(request, None, true),
            _ => Err(Refusal::not_found("endpoint not found")),
        }
    }

    fn listed(&self, symbol: &str, is_crypto: bool) -> Result<&Listed, Refusal> {
        let found =
            self.assets.iter().find(|asset| asset.symbol() == symbol && asset.is_crypto() == is_crypto);
        found.ok_or_else(|| Refusal::malformed(format!("invalid symbol: {symbol}")).status(400))
    }

    fn each(&self, request: &Request, is_crypto: bool, ask: Ask) -> Result<Map<String, Value>, Refusal> {
        let symbols = request.query("symbols").ok_or_else(|| Refusal::malformed("symbols is required"))?;
        let mut all = Map::new();
        for symbol in symbols.split(',').map(str::trim).filter(|symbol| !symbol.is_empty()) {
            let listed = self.listed(symbol, is_crypto)?;
            if let Some(value) = ask(self, listed) {
                all.insert(symbol.to_owned(), value);
            }
        }
        Ok(all)
    }

    fn of_many(&self, request: &Request, is_crypto: bool, name: &str, ask: Ask) -> Answer {
        let all = self.each(request, is_crypto, ask)?;
        let body: Map<String, Value> = [(name.to_owned(), Value::from(all))].into_iter().collect();
        ok(&body.into())
    }

    fn of_one(&self, symbol: &str, name: &str, ask: Ask) -> Answer {
        let listed = self.listed(symbol, false)?;
        let mut body = json!({ "symbol": symbol });
        body[name] = ask(self, listed).unwrap_or(Value::Null);
        ok(&body)
    }

    /// When the last prices are from: they are quoted anew as long as the market is open.
    fn quoted_at(&self, listed: &Listed) -> Option<Time> {
        let at = listed.prices?.at;
        if self.quirks().quotes_age {
            return Some(at);
        }
        if listed.is_crypto() || self.hours.is_open(self.at) {
            return Some(self.at);
        }
        let closed = self.hours.last_closed(self.at).map_or(at, |session| session.closes);
        Some(at.max(closed).min(self.at))
    }

    fn quote_json(&self, listed: &Listed) -> Option<Value> {
        let (prices, at) = (listed.prices?, self.quoted_at(listed)?);
        let (bid, ask) = (number(prices.bid.get()), number(prices.ask.get()));
        Some(if listed.is_crypto() {
            json!({ "t": text(at), "bp": bid, "bs": 1, "ap": ask, "as": 1 })
        } else {
            json!({ "t": text(at), "bx": "V", "bp": bid, "bs": 200, "ax": "V", "ap": ask, "as": 100, "c": ["R"], "z": "C" })
        })
    }

    fn trade_json(&self, listed: &Listed) -> Option<Value> {
        let (prices, at) = (listed.prices?, self.quoted_at(listed)?);
        let (price, id) = (number(prices.last.get()), at.timestamp_micros());
        Some(if listed.is_crypto() {
            json!({ "t": text(at), "p": price, "s": 1, "tks": "B", "i": id })
        } else {
            json!({ "t": text(at), "x": "V", "p": price, "s": 100, "c": ["@"], "i": id, "z": "C" })
        })
    }

    fn bar_json(&self, listed: &Listed) -> Option<Value> {
        let (prices, at) = (listed.prices?, self.quoted_at(listed)?);
        let minute = at.trunc_subsecs(0) - TimeDelta::seconds(at.timestamp() % 60);
        let price = number(prices.last.get());
        Some(
            json!({ "t": text(minute), "o": price, "h": price, "l": price, "c": price, "v": 100, "n": 1, "vw": price }),
        )
    }

    fn order_book(&self, listed: &Listed) -> Option<Value> {
        let (prices, at) = (listed.prices?, self.quoted_at(listed)?);
        let side = |price: broker_api::Price| json!([{ "p": number(price.get()), "s": 1 }]);
        Some(json!({ "t": text(at), "b": side(prices.bid), "a": side(prices.ask) }))
    }

    fn snapshot(&self, listed: &Listed) -> Option<Value> {
        let today = self.bar_json(listed)?;
        let before = listed.history.last().map_or_else(|| today.clone(), past);
        Some(json!({
            "latestTrade": self.trade_json(listed), "latestQuote": self.quote_json(listed), "minuteBar": today,
            "dailyBar": today, "prevDailyBar": before,
        }))
    }

    /// Bars of the past, page by page: by symbol, then by time. What is stored is given, whatever timeframe is asked.
    fn bars(&self, request: &Request, symbol: Option<&str>, is_crypto: bool) -> Answer {
        let symbols = match symbol {
            Some(symbol) => symbol,
            None => request.query("symbols").ok_or_else(|| Refusal::malformed("symbols is required"))?,
        };
        if request.query("timeframe").is_none() {
            return Err(Refusal::malformed("timeframe is required"));
        }
        let time = |name: &str| request.query(name).map(|text| moment(name, text)).transpose();
        let (start, end) = (time("start")?, time("end")?);
        let limit = match request.query("limit") {
            None => 1_000,
            Some(text) => text
                .parse::<usize>()
                .ok()
                .filter(|limit| (1..=10_000).contains(limit))
                .ok_or_else(|| Refusal::malformed("limit must be between 1 and 10000"))?,
        };
        let skip: usize = request.query("page_token").and_then(|token| token.parse().ok()).unwrap_or(0);
        let mut rows: Vec<(&str, &Bar)> = Vec::new();
        for symbol in symbols.split(',').map(str::trim) {
            let listed = self.listed(symbol, is_crypto)?;
            let day = |bar: &Bar| {
                if bar.closes - bar.opens > TimeDelta::hours(4) {
                    bar.opens.date_naive().and_time(chrono::NaiveTime::MIN).and_utc()
                } else {
                    bar.opens
                }
            };
            let is_wanted = |bar: &&Bar| {
                start.is_none_or(|start| day(bar) >= start || bar.opens >= start)
                    && end.is_none_or(|end| bar.opens <= end)
            };
            let bars = listed.history.iter().filter(is_wanted).map(|bar| (listed.symbol(), bar));
            if request.query("sort") == Some("desc") { rows.extend(bars.rev()) } else { rows.extend(bars) }
        }
        let more = rows.len() > skip + limit;
        let mut all: Map<String, Value> = Map::new();
        for (symbol, bar) in rows.into_iter().skip(skip).take(limit) {
            let list = all.entry(symbol).or_insert_with(|| json!([]));
            if let Value::Array(list) = list {
                list.push(past(bar));
            }
        }
        let token = more.then(|| (skip + limit).to_string());
        match symbol {
            Some(symbol) => {
                let bars = all.remove(symbol).unwrap_or_else(|| json!([]));
                ok(&json!({ "symbol": symbol, "bars": bars, "next_page_token": token }))
            }
            None => ok(&json!({ "bars": all, "next_page_token": token })),
        }
    }
}

fn past(bar: &Bar) -> Value {
    // A day's bar is told by midnight in New York, a shorter one by its opening.
    let opens = if bar.closes - bar.opens > TimeDelta::hours(4) {
        crate::core::new_york(crate::core::date_of(bar.opens), chrono::NaiveTime::MIN)
    } else {
        bar.opens
    };
    let volume = bar.volume.map_or(Decimal::ZERO, broker_api::Qty::get);
    let mid = (bar.high.get() + bar.low.get() + bar.close.get()) / Decimal::from(3);
    json!({
        "t": text(opens), "o": number(bar.open.get()), "h": number(bar.high.get()), "l": number(bar.low.get()),
        "c": number(bar.close.get()), "v": number(volume), "n": 1, "vw": number(mid.round_dp(6)),
    })
}
