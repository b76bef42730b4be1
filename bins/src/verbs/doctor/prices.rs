//! Prices: for each class its source, how young its newest price is, and which symbols have none.

use std::collections::BTreeMap;

use broker_api::{AssetClass, InstrumentIx, Time};
use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::feed::{Bars, Quotes};
use serde_json::{Value, json};

use super::Report;
use crate::config::Source;
use crate::failure::Failure;
use crate::figures;
use crate::pass::BAR_AGE_MAX;
use crate::place::Place;
use crate::prices::bad;

/// How far back bars are looked at: what is older than the longest holiday is no price.
const LOOKS_BACK: TimeDelta = TimeDelta::days(30);
/// What a price may be late by and still only be delayed: the usual delay of free prices.
const DELAYED: TimeDelta = TimeDelta::minutes(20);

/// The newest price of each instrument that has one.
type Newest = BTreeMap<InstrumentIx, Time>;

/// Looks at the source of each class.
pub fn look(report: &mut Report, place: &Place, now: Time) -> Vec<Value> {
    let named = [
        (AssetClass::Equity, "stock prices", "stocks"),
        (AssetClass::Forex, "pair prices", "pairs"),
        (AssetClass::Crypto, "coin prices", "coins"),
    ];
    named.into_iter().map(|(class, name, plural)| one(report, place, class, (name, plural), now)).collect()
}

fn one(
    report: &mut Report,
    place: &Place,
    class: AssetClass,
    (name, plural): (&'static str, &str),
    now: Time,
) -> Value {
    let key = format!("data.{class}");
    let at = place.loaded.origin(&key);
    let source = match place.loaded.source(class) {
        Ok(source) => source,
        Err(failure) => {
            report.fail(name, failure);
            return Value::Null;
        }
    };
    let (path, shown) = match &source {
        Source::Bars(folder) => (folder, format!("bars:{}", folder.display())),
        Source::Quotes(file) => (file, format!("quotes:{}", file.display())),
    };
    let row = |word: &str, newest: Option<Time>, none: &[String]| json!({ "class": class, "source": shown, "state": word, "newest_at": newest, "none": none });
    let wanted: Vec<(InstrumentIx, String)> = place
        .catalog
        .iter()
        .filter(|(_, instrument)| instrument.asset_class == class)
        .map(|(ix, instrument)| (ix, instrument.key.symbol.to_string()))
        .collect();
    let every: Vec<String> = wanted.iter().map(|(_, symbol)| symbol.clone()).collect();
    if std::fs::symlink_metadata(path).is_err() {
        report.warn(
            name,
            format!("none: {shown} is not there ({key}, {at}); entries will be denied"),
            format!("put the prices there, or set {key}"),
        );
        return row("none", None, &every);
    }
    let newest = match read(&source, place, now) {
        Ok(newest) => newest,
        Err(failure) => {
            report.fail(name, failure);
            return row("none", None, &every);
        }
    };
    let none: Vec<String> =
        wanted.iter().filter(|(ix, _)| !newest.contains_key(ix)).map(|(_, symbol)| symbol.clone()).collect();
    let without = if none.is_empty() {
        format!("all {} {plural} have one", wanted.len())
    } else {
        format!("none for {} of {}: {}", none.len(), wanted.len(), none.join(", "))
    };
    let latest = wanted.iter().filter_map(|(ix, symbol)| Some((*newest.get(ix)?, symbol))).max();
    let Some((latest, symbol)) = latest else {
        report.warn(
            name,
            format!("none: {shown} holds no price of {plural} ({key}, {at}); entries will be denied"),
            format!("bring it up to date, or set {key}"),
        );
        return row("none", None, &none);
    };
    let word = freshness(place, class, &source, latest, now);
    let age = figures::span(now - latest);
    let seen = format!("{word}: {shown}, newest {symbol} {age} ago; {without}");
    if word == "fresh" {
        report.ok(name, seen);
    } else {
        report.warn(
            name,
            format!("{seen}; entries will be denied"),
            "bring the prices up to date before the next pass",
        );
    }
    row(word, Some(latest), &none)
}

fn read(source: &Source, place: &Place, now: Time) -> Result<Newest, Failure> {
    let mut newest = Newest::new();
    match source {
        Source::Quotes(file) => {
            let quotes = Quotes::read(file, &place.catalog).map_err(|error| bad(&error))?;
            newest
                .extend(quotes.iter().filter(|(_, quote)| quote.at <= now).map(|(ix, quote)| (ix, quote.at)));
        }
        Source::Bars(folder) => {
            let bars = Bars::open(folder, &place.catalog).map_err(|error| bad(&error))?;
            let mut bars = bars.after(now - LOOKS_BACK).until(now);
            while let Some(moment) = bars.next().map_err(|error| bad(&error))? {
                newest.insert(moment.ix(), moment.at());
            }
        }
    }
    Ok(newest)
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
        Source::Quotes(_) => {
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
