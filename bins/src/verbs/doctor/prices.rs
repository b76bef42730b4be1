//! Prices: for each class its source, how young its newest price is, and which symbols have none.

use std::collections::BTreeMap;

use broker_api::{AssetClass, Catalog, InstrumentIx, Time};
use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::feed::{Bars, Quotes};
use serde_json::{Value, json};

use super::Report;
use super::broker::Broker;
use crate::config::Source;
use crate::failure::Failure;
use crate::figures;
use crate::pass::BAR_AGE_MAX;
use crate::place::Place;
use crate::prices::bad;
use crate::venues::unavailable;

/// How far back bars are looked at: what is older than the longest holiday is no price.
const LOOKS_BACK: TimeDelta = TimeDelta::days(30);
/// What a price may be late by and still only be delayed: the usual delay of free prices.
const DELAYED: TimeDelta = TimeDelta::minutes(20);

/// The newest price of each instrument that has one.
type Newest = BTreeMap<InstrumentIx, Time>;

/// Looks at the source of each class.
pub fn look(report: &mut Report, place: &Place, broker: Option<&Broker>, now: Time) -> Vec<Value> {
    let named = [
        (AssetClass::Equity, "stock prices", "stocks"),
        (AssetClass::Forex, "pair prices", "pairs"),
        (AssetClass::Crypto, "coin prices", "coins"),
    ];
    let mut look = Look { report, place, broker, now };
    named.into_iter().map(|(class, name, plural)| look.one(class, (name, plural))).collect()
}

/// What is looked at.
struct Look<'a> {
    report: &'a mut Report,
    place: &'a Place,
    broker: Option<&'a Broker>,
    now: Time,
}

impl Look<'_> {
    fn one(&mut self, class: AssetClass, (name, plural): (&'static str, &str)) -> Value {
        let key = format!("data.{class}");
        let at = self.place.loaded.origin(&key);
        let source = match self.place.loaded.source(class) {
            Ok(source) => source,
            Err(failure) => {
                self.report.fail(name, failure);
                return Value::Null;
            }
        };
        let catalog = self.broker.map_or(&*self.place.catalog, Broker::catalog);
        let (path, shown) = match &source {
            Source::Bars(folder) => (Some(folder), format!("bars:{}", folder.display())),
            Source::Quotes(file) => (Some(file), format!("quotes:{}", file.display())),
            Source::Venue => (None, format!("quotes of {}", self.place.broker_of(class).shown())),
        };
        let row = |word: &str, newest: Option<Time>, none: &[String]| json!({ "class": class, "source": shown, "state": word, "newest_at": newest, "none": none });
        let wanted: Vec<(InstrumentIx, String)> = catalog
            .iter()
            .filter(|(_, instrument)| instrument.asset_class == class)
            .map(|(ix, instrument)| (ix, instrument.key.symbol.to_string()))
            .collect();
        let every: Vec<String> = wanted.iter().map(|(_, symbol)| symbol.clone()).collect();
        if wanted.is_empty() {
            self.report.skip(name, format!("no {plural} are traded here"));
            return row("none", None, &every);
        }
        if path.is_some_and(|path| std::fs::symlink_metadata(path).is_err()) {
            self.report.warn(
                name,
                format!("none: {shown} is not there ({key}, {at}); entries will be denied"),
                format!("put the prices there, or set {key}"),
            );
            return row("none", None, &every);
        }
        let newest = match self.read(&source, class, catalog) {
            Ok(Some(newest)) => newest,
            Ok(None) => {
                self.report.skip(name, "the broker did not answer");
                return row("none", None, &every);
            }
            Err(failure) => {
                self.report.fail(name, failure);
                return row("none", None, &every);
            }
        };
        let none: Vec<String> = wanted
            .iter()
            .filter(|(ix, _)| !newest.contains_key(ix))
            .map(|(_, symbol)| symbol.clone())
            .collect();
        let without = if none.is_empty() {
            format!("all {} {plural} have one", wanted.len())
        } else {
            format!("none for {} of {}: {}", none.len(), wanted.len(), none.join(", "))
        };
        let latest = wanted.iter().filter_map(|(ix, symbol)| Some((*newest.get(ix)?, symbol))).max();
        let Some((latest, symbol)) = latest else {
            self.report.warn(
                name,
                format!("none: {shown} holds no price of {plural} ({key}, {at}); entries will be denied"),
                format!("bring it up to date, or set {key}"),
            );
            return row("none", None, &none);
        };
        let now = self.now();
        let word = freshness(self.place, class, &source, latest, now);
        let age = figures::span((now - latest).max(TimeDelta::zero()));
        let seen = format!("{word}: {shown}, newest {symbol} {age} ago; {without}");
        if word == "fresh" {
            self.report.ok(name, seen);
        } else {
            self.report.warn(
                name,
                format!("{seen}; entries will be denied"),
                "bring the prices up to date before the next pass",
            );
        }
        row(word, Some(latest), &none)
    }

    fn now(&self) -> Time {
        self.broker.map_or(self.now, Broker::now)
    }

    /// The newest prices of a source; nothing when it is a broker that could not be reached.
    fn read(&self, source: &Source, class: AssetClass, catalog: &Catalog) -> Result<Option<Newest>, Failure> {
        let now = self.now();
        let mut newest = Newest::new();
        match source {
            Source::Venue => {
                let Some(broker) = self.broker else { return Ok(None) };
                let quotes = broker
                    .quotes(class)
                    .map_err(|failed| unavailable(self.place.broker_of(class), &failed))?;
                newest.extend(quotes.into_iter().map(|(ix, quote)| (ix, quote.at)));
            }
            Source::Quotes(file) => {
                let quotes = Quotes::read(file, catalog).map_err(|error| bad(&error))?;
                let known = quotes.iter().filter(|(_, quote)| quote.at <= now);
                newest.extend(known.map(|(ix, quote)| (ix, quote.at)));
            }
            Source::Bars(folder) => {
                let bars = Bars::open(folder, catalog).map_err(|error| bad(&error))?;
                let mut bars = bars.after(now - LOOKS_BACK).until(now);
                while let Some(moment) = bars.next().map_err(|error| bad(&error))? {
                    newest.insert(moment.ix(), moment.at());
                }
            }
        }
        Ok(Some(newest))
    }
}

/// How young a price is, by the guard's measure: bars against the last close of their market, quotes against now, or
/// against that close while the market is closed.
fn freshness(place: &Place, class: AssetClass, source: &Source, at: Time, now: Time) -> &'static str {
    let calendar = Calendar::new();
    let last_close = calendar.last_close(class, now).unwrap_or(now);
    let limits = &place.loaded.config.limits;
    let seconds = match class {
        AssetClass::Equity => limits.quote_age_equity_seconds,
        AssetClass::Forex => limits.quote_age_forex_seconds,
        AssetClass::Crypto => limits.quote_age_crypto_seconds,
    };
    let oldest = match source {
        Source::Bars(_) => last_close - BAR_AGE_MAX,
        Source::Quotes(_) | Source::Venue => {
            let since = if calendar.session(class, now).is_some() { now } else { last_close };
            since - TimeDelta::seconds(i64::from(seconds))
        }
    };
    if at >= oldest {
        "fresh"
    } else if at >= oldest - DELAYED {
        "delayed"
    } else {
        "stale"
    }
}
