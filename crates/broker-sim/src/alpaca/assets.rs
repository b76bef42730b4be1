//! What can be traded: assets as Alpaca lists them, with their prices, and as the matching engine's instruments.

use std::sync::Arc;

use broker_api::{
    Amount, AssetClass, Bar, Catalog, Currency, Instrument, InstrumentIx, Key, Price, Qty, Ratio, Symbol,
    Time, VenueId,
};
use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::core::{Chance, Hours, decimal_text, number};

/// An asset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the fields of the wire")]
pub struct Asset {
    /// A ticker, or a pair such as `BTC/USD`.
    pub symbol: String,
    /// Whether it is `active`.
    pub active: bool,
    /// Whether orders are taken.
    pub tradable: bool,
    /// Whether it may be bought on margin.
    pub marginable: bool,
    /// Whether it may be sold short.
    pub shortable: bool,
    /// Whether it is hard to borrow.
    pub hard_to_borrow: bool,
    /// Whether parts of a share are traded.
    pub fractionable: bool,
    /// For a pair: the smallest step of its price.
    pub price_increment: Decimal,
    /// For a pair: the smallest step of its quantity.
    pub trade_increment: Decimal,
}

impl Asset {
    /// An asset as most are.
    pub fn usual(symbol: &str) -> Self {
        let is_stock = !symbol.contains('/');
        Self {
            symbol: symbol.to_owned(),
            active: true,
            tradable: true,
            marginable: is_stock,
            shortable: is_stock,
            hard_to_borrow: false,
            fractionable: true,
            price_increment: Decimal::new(1, if is_stock { 2 } else { 4 }),
            trade_increment: Decimal::new(1, 9),
        }
    }

    /// Whether it is a pair of coins.
    pub fn is_crypto(&self) -> bool {
        self.symbol.contains('/')
    }
}

/// What is known of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prices {
    pub bid: Price,
    pub ask: Price,
    pub last: Price,
    pub at: Time,
}

/// An asset with its prices.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub asset: Asset,
    pub id: String,
    pub ix: InstrumentIx,
    pub prices: Option<Prices>,
    /// The price at the last close.
    pub before: Option<Price>,
    /// Bars that are over, the oldest first.
    pub history: Vec<Bar>,
}

impl Listed {
    pub(super) fn symbol(&self) -> &str {
        &self.asset.symbol
    }

    pub(super) fn is_crypto(&self) -> bool {
        self.asset.is_crypto()
    }

    /// As positions, and lists of orders, name it.
    pub(super) fn plain_symbol(&self) -> String {
        self.asset.symbol.replace('/', "")
    }

    pub(super) fn class(&self) -> &'static str {
        if self.is_crypto() { "crypto" } else { "us_equity" }
    }

    pub(super) fn exchange(&self) -> &'static str {
        if self.is_crypto() { "CRYPTO" } else { "NASDAQ" }
    }

    /// Whether a text names it: by its symbol, its symbol without the slash, or its id.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.asset.symbol == name || self.id == name || (self.is_crypto() && self.plain_symbol() == name)
    }

    pub(super) fn last(&self) -> Option<Decimal> {
        self.prices.map(|prices| prices.last.get())
    }

    pub(super) fn json(&self, easy_to_borrow: bool) -> Value {
        let Asset { active, tradable, marginable, shortable, fractionable, .. } = self.asset;
        let is_easy = shortable && !self.asset.hard_to_borrow;
        let mut asset = json!({
            "id": self.id, "class": self.class(), "exchange": self.exchange(), "symbol": self.symbol(),
            "name": format!("{} (simulated)", self.symbol()), "status": if active { "active" } else { "inactive" },
            "tradable": tradable, "marginable": marginable, "shortable": shortable, "fractionable": fractionable,
            "margin_requirement_long": if marginable { "30" } else { "100" },
            "margin_requirement_short": if shortable { "30" } else { "100" },
            "maintenance_margin_requirement": number(Decimal::from(if marginable { 30 } else { 100 })),
            "attributes": [],
        });
        if self.is_crypto() {
            asset["min_order_size"] = json!(decimal_text(self.asset.trade_increment));
            asset["min_trade_increment"] = json!(decimal_text(self.asset.trade_increment));
            asset["price_increment"] = json!(decimal_text(self.asset.price_increment));
        } else {
            asset["borrow_status"] = json!(if is_easy { "easy_to_borrow" } else { "hard_to_borrow" });
            asset["attributes"] = json!(["fractional_eh_enabled", "has_options"]);
        }
        if easy_to_borrow {
            asset["easy_to_borrow"] = json!(is_easy);
        }
        asset
    }
}

/// The assets of the settings, and the catalog of their instruments.
///
/// # Errors
/// A symbol or a price that is none, or a symbol that is listed twice.
pub(super) fn list(
    prices: &[(String, Decimal)],
    assets: &[Asset],
    multiplier: Decimal,
    at: Time,
    chance: &mut Chance,
) -> Result<(Arc<Catalog>, Vec<Listed>), String> {
    let mut all: Vec<(Asset, Option<Price>)> = Vec::new();
    for (symbol, price) in prices {
        let asset = assets.iter().find(|asset| asset.symbol == *symbol).cloned();
        let price = Price::new(*price).map_err(|why| format!("the price of {symbol} {why}"))?;
        all.push((asset.unwrap_or_else(|| Asset::usual(symbol)), Some(price)));
    }
    let unpriced = assets.iter().filter(|asset| prices.iter().all(|(symbol, _)| *symbol != asset.symbol));
    all.extend(unpriced.map(|asset| (asset.clone(), None)));
    let instruments: Result<Vec<_>, _> = all.iter().map(|(asset, _)| instrument(asset, multiplier)).collect();
    let catalog = Catalog::new(instruments?).map_err(|error| error.to_string())?;
    let listed = catalog.iter().zip(all).map(|((ix, _), (asset, price))| Listed {
        asset,
        id: chance.uuid(),
        ix,
        prices: price.map(|price| Prices { bid: price, ask: price, last: price, at }),
        before: price,
        history: Vec::new(),
    });
    let listed = listed.collect();
    Ok((Arc::new(catalog), listed))
}

fn instrument(asset: &Asset, multiplier: Decimal) -> Result<Instrument, String> {
    let bad = |what: &str| format!("{}: {what}", asset.symbol);
    let symbol = Symbol::new(&asset.symbol).map_err(|why| bad(&why.to_string()))?;
    let quote = asset.symbol.split_once('/').map_or("USD", |(_, quote)| quote);
    if quote != "USD" {
        return Err(bad("only pairs against USD are simulated"));
    }
    let is_crypto = asset.is_crypto();
    let step = |value: Decimal| Price::new(value).map_err(|why| bad(&why.to_string()));
    let lot = Qty::new(Decimal::new(1, 9)).map_err(|why| bad(&why.to_string()))?;
    let margin = if asset.marginable && !is_crypto { Decimal::ONE / multiplier } else { Decimal::ONE };
    Ok(Instrument {
        key: Key { venue: venue()?, symbol },
        asset_class: if is_crypto { AssetClass::Crypto } else { AssetClass::Equity },
        quote: Currency::new("USD").map_err(|why| why.to_string())?,
        tick: if is_crypto { step(asset.price_increment)? } else { step(Decimal::new(1, 4))? },
        lot,
        qty_min: lot,
        qty_max: Qty::new(Decimal::from(1_000_000_000_u64)).map_err(|why| bad(&why.to_string()))?,
        notional_min: Amount::ZERO,
        margin: Ratio::new(margin).map_err(|why| bad(&why.to_string()))?,
        shortable: asset.shortable && !is_crypto,
    })
}

/// When a day's bar opens and closes: the exchange's hours, or the whole day in UTC for a pair.
pub(super) fn day_of(symbol: &str, date: NaiveDate, hours: &Hours) -> Option<(Time, Time)> {
    if !symbol.contains('/') {
        return hours.session(date).map(|session| (session.opens, session.closes));
    }
    let opens = date.and_hms_opt(0, 0, 0)?.and_utc();
    Some((opens, opens + TimeDelta::days(1)))
}

/// The engine's name of the venue.
pub(super) fn venue() -> Result<VenueId, String> {
    VenueId::new("alpaca").map_err(|why| why.to_string())
}
