//! What a fill is worth in the account's currency, to the last digit.
//!
//! OANDA converts what a fill won by one factor and what it lost by another: what a unit of quote currency was worth, less
//! or more a charge. It books `pl` of that, rounded to its own digits. A fill of ours has one rate, by which whoever
//! reads it converts profit and value alike, so the rate is the middle of the two: what a unit was worth. The rest is what
//! converting it cost, and is a fee of the fill:
//!
//! `fee = commission + guaranteed execution fee + (quotePL × rate − pl)`
//!
//! so that profit by the rate, less the fee, is OANDA's `pl` less its own fees, whatever digits it rounded to.

use std::collections::BTreeMap;

use broker_api::{Currency, Money, QueryFailed, Ratio};
use broker_http::Exact;
use rust_decimal::Decimal;

use crate::convert::unreadable;
use crate::wire::{HomeConversion, Transaction};

/// What currencies are worth now.
#[derive(Debug, Default)]
pub(crate) struct Rates(BTreeMap<String, Decimal>);

impl Rates {
    /// As prices tell them.
    pub(crate) fn of(rows: &[HomeConversion]) -> Self {
        let rate = |row: &HomeConversion| {
            Some((row.currency.clone(), middle(row.account_gain?.0, row.account_loss?.0)?))
        };
        Self(rows.iter().filter_map(rate).collect())
    }
}

fn middle(one: Decimal, other: Decimal) -> Option<Decimal> {
    let middle = one.checked_add(other)? / Decimal::TWO;
    (middle > Decimal::ZERO).then_some(middle.normalize())
}

/// The middle of the factors that a fill tells.
fn told(fill: &Transaction) -> Option<Decimal> {
    let factors = fill.home_conversion_factors.as_ref();
    let gain = factors.and_then(|all| all.gain_quote_home.as_ref()).and_then(|one| one.factor);
    let loss = factors.and_then(|all| all.loss_quote_home.as_ref()).and_then(|one| one.factor);
    middle(gain.or(fill.gain_factor)?.0, loss.or(fill.loss_factor)?.0)
}

/// What its own profit says, where it made one.
fn implied(fill: &Transaction) -> Option<Decimal> {
    let (pl, quote) = (fill.pl?.0, fill.quote_pl?.0);
    let rate = pl.checked_div(quote)?;
    (rate > Decimal::ZERO).then_some(rate)
}

/// Whether a fill tells what its quote currency was worth.
pub(super) fn says_its_rate(fill: &Transaction) -> bool {
    told(fill).or_else(|| implied(fill)).is_some()
}

/// What one unit of quote currency was worth, and what the fill cost beside its price.
pub(super) fn of(
    fill: &Transaction,
    quote: &str,
    home: Currency,
    rates: &Rates,
) -> Result<(Ratio, Money), QueryFailed> {
    let bad = |why: &dyn std::fmt::Display| unreadable(&format!("the fill {}", fill.id.0), why);
    let is_home = quote == home.as_str();
    let rate = if is_home {
        Some(Decimal::ONE)
    } else {
        told(fill).or_else(|| implied(fill)).or_else(|| rates.0.get(quote).copied())
    };
    let rate = rate.ok_or_else(|| bad(&format!("nothing says what a {quote} was worth in {home}")))?;
    let number = |number: Option<Exact>| number.map_or(Decimal::ZERO, |number| number.0);
    let charge = match (fill.pl, fill.quote_pl) {
        (Some(pl), Some(quote)) => quote.0.checked_mul(rate).and_then(|gross| gross.checked_sub(pl.0)),
        // Older ones tell the profit in one currency: the rate is all that is known.
        _ => Some(Decimal::ZERO),
    };
    let fees = number(fill.commission).checked_add(number(fill.guaranteed_execution_fee));
    let fee = charge.zip(fees).and_then(|(charge, fees)| charge.checked_add(fees));
    let fee = fee.ok_or_else(|| bad(&"its money is too large"))?;
    let amount = broker_api::Amount::new(fee.normalize()).map_err(|why| bad(&why))?;
    Ok((Ratio::new(rate).map_err(|why| bad(&why))?, amount.of(home)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn fill(more: &Value) -> Transaction {
        let mut fill = json!({"id": "9", "time": "2026-03-10T14:05:07Z", "type": "ORDER_FILL"});
        for (name, value) in more.as_object().unwrap() {
            fill[name] = value.clone();
        }
        serde_json::from_value(fill).unwrap()
    }

    fn eur() -> Currency {
        Currency::new("EUR").unwrap()
    }

    /// Rate and fee as text, and what a profit in quote currency comes to in the end.
    fn worth(more: &Value, profit: &str) -> (String, String, Decimal) {
        let (rate, fee) = of(&fill(more), "USD", eur(), &Rates::default()).unwrap();
        let net = profit.parse::<Decimal>().unwrap() * rate.get() - fee.amount.get();
        (rate.to_string(), fee.amount.to_string(), net)
    }

    #[test]
    fn what_is_booked_in_the_end_is_what_oanda_booked() {
        let factors = json!({"gainQuoteHome": {"factor": "0.8955"}, "lossQuoteHome": {"factor": "0.9045"}});
        // 12.80 dollars won: 12.80 × 0.8955 = 11.4624.
        let won = json!({"pl": "11.4624", "quotePL": "12.80", "homeConversionFactors": factors});
        assert_eq!(worth(&won, "12.80"), ("0.9".into(), "0.0576".into(), "11.4624".parse().unwrap()));
        // The same lost costs more: −12.80 × 0.9045 = −11.5776.
        let lost = json!({"pl": "-11.5776", "quotePL": "-12.80", "homeConversionFactors": factors});
        assert_eq!(worth(&lost, "-12.80"), ("0.9".into(), "0.0576".into(), "-11.5776".parse().unwrap()));
        // OANDA's own rounding is a part of it: 0.01 × 0.8955 = 0.008955, booked as 0.0090.
        let small = json!({"pl": "0.0090", "quotePL": "0.01", "homeConversionFactors": factors});
        assert_eq!(worth(&small, "0.01").2, "0.0090".parse::<Decimal>().unwrap());
        // One trade won 10 and another lost 10: nothing in dollars, and both charges in euros.
        let both =
            json!({"pl": "-0.0900", "quotePL": "0", "homeConversionFactors": factors, "commission": "0.5"});
        assert_eq!(worth(&both, "0"), ("0.9".into(), "0.59".into(), "-0.59".parse().unwrap()));
        // What only opens costs nothing.
        let opened = json!({"pl": "0.0000", "quotePL": "0", "homeConversionFactors": factors});
        assert_eq!(worth(&opened, "0").1, "0");
    }

    #[test]
    fn where_quote_is_home_or_the_factors_are_not_told() {
        let usd = Currency::new("USD").unwrap();
        let plain = fill(
            &json!({"pl": "1.2800", "quotePL": "1.28000", "commission": "0.10", "guaranteedExecutionFee": "0.02"}),
        );
        let (rate, fee) = of(&plain, "USD", usd, &Rates::default()).unwrap();
        assert_eq!((rate, fee.amount.to_string()), (Ratio::ONE, "0.12".to_owned()));
        let old = json!({"pl": "11.4624", "quotePL": "12.80"});
        assert_eq!(worth(&old, "12.80").0, "0.8955");
        let older = json!({"gainQuoteHomeConversionFactor": "0.89", "lossQuoteHomeConversionFactor": "0.91"});
        assert_eq!(worth(&older, "0").0, "0.9");
        let mute = fill(&json!({"pl": "0"}));
        assert!(!says_its_rate(&mute) && of(&mute, "USD", eur(), &Rates::default()).is_err());
        let row: HomeConversion =
            serde_json::from_value(json!({"currency": "USD", "accountGain": "0.89", "accountLoss": "0.91"}))
                .unwrap();
        assert_eq!(of(&mute, "USD", eur(), &Rates::of(&[row])).unwrap().0.to_string(), "0.9");
    }
}
