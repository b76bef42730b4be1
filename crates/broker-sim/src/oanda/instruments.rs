//! What can be traded: pairs as OANDA lists them, with their prices, and as the matching engine's instruments.

use std::sync::Arc;

use broker_api::{
    Amount, AssetClass, Bar, Catalog, Currency, Instrument, InstrumentIx, Key, Price, Qty, Ratio, Symbol,
    Time, VenueId,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::money::text;
use super::settings::{Division, Settings};

/// The days of a week on the wire, with how many days of financing are charged at 17:00 New York.
const DAYS: [(&str, u32); 7] = [
    ("MONDAY", 1),
    ("TUESDAY", 1),
    ("WEDNESDAY", 3),
    ("THURSDAY", 1),
    ("FRIDAY", 1),
    ("SATURDAY", 0),
    ("SUNDAY", 0),
];
/// Pairs whose margin is the lesser one in the United States.
const MAJORS: &[&str] = &["AUD", "CAD", "CHF", "DKK", "EUR", "GBP", "JPY", "NOK", "NZD", "SEK", "USD"];
/// The pairs of an account when nothing else is said.
pub(super) const USUAL: &[&str] = &[
    "AUD_CAD", "AUD_CHF", "AUD_JPY", "AUD_NZD", "AUD_USD", "CAD_CHF", "CAD_JPY", "CHF_JPY", "EUR_AUD",
    "EUR_CAD", "EUR_CHF", "EUR_GBP", "EUR_JPY", "EUR_NZD", "EUR_USD", "GBP_AUD", "GBP_CAD", "GBP_CHF",
    "GBP_JPY", "GBP_NZD", "GBP_USD", "NZD_CAD", "NZD_CHF", "NZD_JPY", "NZD_USD", "USD_CAD", "USD_CHF",
    "USD_JPY",
];

/// A pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Its name, such as `EUR_USD`.
    pub name: String,
    /// Decimal places of its price.
    pub display_precision: u32,
    /// Where a pip is: -4 is the fourth decimal place.
    pub pip_location: i32,
    /// Decimal places of units.
    pub units_precision: u32,
    /// The least units of an order.
    pub minimum_trade_size: Decimal,
    /// The most units of an order.
    pub maximum_order_units: Decimal,
    /// The most units of a position; nought is any number.
    pub maximum_position_size: Decimal,
    /// The least distance of a trailing stop.
    pub minimum_trailing: Decimal,
    /// The most distance of a trailing stop.
    pub maximum_trailing: Decimal,
    /// Margin asked per unit of value.
    pub margin_rate: Decimal,
    /// What is earned in a year per unit held long; negative is paid.
    pub long_rate: Decimal,
    /// What is earned in a year per unit held short; negative is paid.
    pub short_rate: Decimal,
    /// Days of financing that are charged on each day of the week, from Monday on.
    pub financing_days: [u32; 7],
    /// Whether orders of this account are taken.
    pub tradeable: bool,
}

impl Pair {
    /// A pair as most are.
    pub fn usual(name: &str, division: Division) -> Self {
        let quote = name.split_once('_').map_or("", |(_, quote)| quote);
        let is_metal = name.starts_with("XAU") || name.starts_with("XAG");
        let (places, pip): (u32, i32) = match quote {
            "JPY" | "HUF" | "THB" => (3, -2),
            _ if is_metal => (3, -2),
            _ => (5, -4),
        };
        let is_major = name.split('_').all(|currency| MAJORS.contains(&currency));
        let margin = match division {
            Division::Us if is_major => 200,
            Division::Europe if is_major => 333,
            Division::Us | Division::Europe => 500,
            Division::Japan => 400,
        };
        let pips = |count: i64| Decimal::new(count, pip.unsigned_abs());
        Self {
            name: name.to_owned(),
            display_precision: places,
            pip_location: pip,
            units_precision: 0,
            minimum_trade_size: Decimal::ONE,
            maximum_order_units: Decimal::from(100_000_000),
            maximum_position_size: Decimal::ZERO,
            minimum_trailing: pips(5),
            maximum_trailing: pips(10_000),
            margin_rate: Decimal::new(margin, 4),
            long_rate: Decimal::new(-231, 4),
            short_rate: Decimal::new(18, 4),
            financing_days: DAYS.map(|(_, days)| days),
            tradeable: true,
        }
    }

    /// Its two currencies.
    pub fn currencies(&self) -> (&str, &str) {
        self.name.split_once('_').unwrap_or((&self.name, ""))
    }

    /// A pip.
    pub fn pip(&self) -> Decimal {
        Decimal::new(1, self.pip_location.unsigned_abs())
    }

    fn kind(&self) -> &'static str {
        if self.name.starts_with('X') { "METAL" } else { "CURRENCY" }
    }

    pub(super) fn json(&self) -> Value {
        let places = |value: Decimal| self.price_text(value);
        let days: Vec<Value> = DAYS
            .iter()
            .zip(self.financing_days)
            .map(|((day, _), charged)| json!({ "dayOfWeek": day, "daysCharged": charged }))
            .collect();
        json!({
            "name": self.name, "type": self.kind(), "displayName": self.name.replace('_', "/"),
            "pipLocation": self.pip_location, "displayPrecision": self.display_precision,
            "tradeUnitsPrecision": self.units_precision, "minimumTradeSize": text(self.minimum_trade_size),
            "maximumTrailingStopDistance": places(self.maximum_trailing),
            "minimumTrailingStopDistance": places(self.minimum_trailing),
            "maximumPositionSize": text(self.maximum_position_size), "maximumOrderUnits": text(self.maximum_order_units),
            "marginRate": text(self.margin_rate), "guaranteedStopLossOrderMode": "DISABLED",
            "tags": [{ "type": "ASSET_CLASS", "name": self.kind() }],
            "financing": {
                "longRate": text(self.long_rate), "shortRate": text(self.short_rate), "financingDaysOfWeek": days,
            },
        })
    }

    /// A price with all of its places.
    pub(super) fn price_text(&self, price: Decimal) -> String {
        format!("{:.*}", self.display_precision as usize, price)
    }
}

/// What is known of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prices {
    pub bid: Decimal,
    pub ask: Decimal,
    pub at: Time,
}

impl Prices {
    pub(super) fn mid(&self) -> Decimal {
        (self.bid + self.ask) / Decimal::TWO
    }
}

/// A pair with its prices.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub pair: Pair,
    pub ix: InstrumentIx,
    pub key: Key,
    pub prices: Option<Prices>,
    /// Bars that are over, the oldest first.
    pub history: Vec<Bar>,
    /// It alone is halted.
    pub is_halted: bool,
}

impl Listed {
    pub(super) fn name(&self) -> &str {
        &self.pair.name
    }
}

/// The pairs of the settings, and the catalog of their instruments.
///
/// # Errors
/// A name or a price that is none, or a pair that is listed twice.
pub(super) fn list(settings: &Settings, at: Time) -> Result<(Arc<Catalog>, Vec<Listed>), String> {
    let mut all: Vec<(Pair, Option<Prices>)> = Vec::new();
    let known = |name: &str| settings.pairs.iter().find(|pair| pair.name == name).cloned();
    for (name, price) in &settings.prices {
        let name = name.replace('/', "_");
        let pair = known(&name).unwrap_or_else(|| Pair::usual(&name, settings.division));
        Price::new(*price).map_err(|why| format!("the price of {name} {why}"))?;
        let half = settings.spread_pips * pair.pip() / Decimal::TWO;
        let round = |value: Decimal| value.round_dp(pair.display_precision);
        let prices = Prices { bid: round(price - half), ask: round(price + half), at };
        if prices.bid <= Decimal::ZERO {
            return Err(format!("the price of {name} is not greater than half of its spread"));
        }
        all.push((pair, Some(prices)));
    }
    let is_listed =
        |all: &[(Pair, Option<Prices>)], name: &str| all.iter().any(|(pair, _)| pair.name == name);
    for pair in &settings.pairs {
        if !is_listed(&all, &pair.name) {
            all.push((pair.clone(), None));
        }
    }
    for name in USUAL {
        if !is_listed(&all, name) {
            all.push((Pair::usual(name, settings.division), None));
        }
    }
    let instruments: Result<Vec<_>, _> = all.iter().map(|(pair, _)| instrument(pair)).collect();
    let catalog = Catalog::new(instruments?).map_err(|error| error.to_string())?;
    let listed = catalog.iter().zip(all).map(|((ix, instrument), (pair, prices))| Listed {
        pair,
        ix,
        key: instrument.key,
        prices,
        history: Vec::new(),
        is_halted: false,
    });
    let listed = listed.collect();
    Ok((Arc::new(catalog), listed))
}

/// The pair as the engine has it: it says when an order fills and at what price. Money and margin are the account's affair,
/// so there all pairs are quoted in one currency and bind next to nothing.
fn instrument(pair: &Pair) -> Result<Instrument, String> {
    let bad = |what: &dyn std::fmt::Display| format!("{}: {what}", pair.name);
    let (base, quote) = pair.currencies();
    let is_pair = [base, quote].iter().all(|name| Currency::new(name).is_ok());
    if !is_pair {
        return Err(bad(&"a pair is written as EUR_USD"));
    }
    let step = |places: u32| Decimal::new(1, places);
    Ok(Instrument {
        key: Key {
            venue: venue()?,
            symbol: Symbol::new(&format!("{base}/{quote}")).map_err(|why| bad(&why))?,
        },
        asset_class: AssetClass::Equity,
        quote: Currency::new(ENGINE).map_err(|why| bad(&why))?,
        tick: Price::new(step(pair.display_precision)).map_err(|why| bad(&why))?,
        lot: Qty::new(step(pair.units_precision)).map_err(|why| bad(&why))?,
        qty_min: Qty::new(step(pair.units_precision)).map_err(|why| bad(&why))?,
        qty_max: Qty::new(Decimal::from(10_000_000_000_u64)).map_err(|why| bad(&why))?,
        notional_min: Amount::ZERO,
        margin: Ratio::new(step(9)).map_err(|why| bad(&why))?,
        shortable: true,
    })
}

/// The one currency of the engine.
pub(super) const ENGINE: &str = "USD";

/// The engine's name of the venue.
pub(super) fn venue() -> Result<VenueId, String> {
    VenueId::new("oanda").map_err(|why| why.to_string())
}
