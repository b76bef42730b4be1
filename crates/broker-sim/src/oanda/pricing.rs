//! Prices as they are asked for.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::instruments::Listed;
use super::money::text;
use super::request::moment;
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::{Request, nanos, number};

/// The prices that a fill saw.
pub(super) fn full_price(listed: &Listed, liquidity: Decimal) -> Value {
    let Some(prices) = listed.prices else { return Value::Null };
    let text_of = |price: Decimal| listed.pair.price_text(price);
    let bucket = |price: Decimal| json!([{ "price": text_of(price), "liquidity": text(liquidity) }]);
    json!({
        "closeoutBid": text_of(prices.bid), "closeoutAsk": text_of(prices.ask), "timestamp": nanos(prices.at),
        "bids": bucket(prices.bid), "asks": bucket(prices.ask),
    })
}

impl Venue {
    /// A price as REST and stream tell it; nothing for a pair that has none.
    pub(super) fn price_json(&self, pair: usize) -> Option<Value> {
        let listed = &self.pairs[pair];
        let prices = listed.prices?;
        let is_open = self.is_open_for(pair);
        let text_of = |price: Decimal| listed.pair.price_text(price);
        let bucket = |price: Decimal| json!([{ "price": text_of(price), "liquidity": number(self.settings.liquidity) }]);
        Some(json!({
            "type": "PRICE", "time": nanos(prices.at), "bids": bucket(prices.bid), "asks": bucket(prices.ask),
            "closeoutBid": text_of(prices.bid), "closeoutAsk": text_of(prices.ask),
            "status": if is_open { "tradeable" } else { "non-tradeable" }, "tradeable": is_open,
            "instrument": listed.name(),
        }))
    }

    /// What the currencies of pairs are worth in the account's.
    pub(super) fn home_conversions(&self, pairs: &[usize]) -> Value {
        let names = pairs.iter().flat_map(|pair| {
            let (base, quote) = self.pairs[*pair].pair.currencies();
            [base, quote]
        });
        let names: BTreeSet<&str> = names.collect();
        names
            .into_iter()
            .map(|name| {
                let factors = self.factors(name);
                json!({
                    "currency": name, "accountGain": text(factors.gain), "accountLoss": text(factors.loss),
                    "positionValue": text(factors.mid.round_dp(8)),
                })
            })
            .collect()
    }

    pub(super) fn pricing(&self, request: &Request) -> Answer {
        if request.query("instruments").is_none() {
            return Err(Refusal::no_value("instruments"));
        }
        let pairs = self.named_pairs(request)?;
        let since = match request.query("since") {
            None => None,
            Some(text) => Some(moment(text).ok_or_else(|| Refusal::no_value("since"))?),
        };
        let is_new = |pair: &&usize| {
            since.is_none_or(|since| self.pairs[**pair].prices.is_some_and(|prices| prices.at > since))
        };
        let prices: Vec<Value> =
            pairs.iter().filter(is_new).filter_map(|pair| self.price_json(*pair)).collect();
        let mut told = json!({ "prices": prices, "time": nanos(self.at) });
        if request.asks("includeHomeConversions") {
            told["homeConversions"] = self.home_conversions(&pairs);
        }
        ok(&told)
    }
}
