//! One entry of the log. One form for all types: what a type does not have stays away, and older ones have less.

use broker_api::Time;
use broker_http::Exact;
use serde::Deserialize;

use super::{Extensions, Id};

/// What every transaction has, whatever its type.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    pub(crate) id: Id,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
}

/// A transaction.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    pub(crate) id: Id,
    #[serde(rename = "batchID")]
    pub(crate) batch: Option<Id>,
    pub(crate) time: Time,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    pub(crate) reason: Option<String>,
    pub(crate) reject_reason: Option<String>,
    pub(crate) instrument: Option<String>,
    /// Signed; of a fill, what was executed.
    pub(crate) units: Option<Exact>,
    pub(crate) requested_units: Option<Exact>,
    pub(crate) price: Option<Exact>,
    #[serde(rename = "fullVWAP")]
    pub(crate) full_vwap: Option<Exact>,
    pub(crate) time_in_force: Option<String>,
    pub(crate) client_extensions: Option<Extensions>,
    #[serde(rename = "orderID")]
    pub(crate) order: Option<Id>,
    #[serde(rename = "clientOrderID")]
    pub(crate) client_order: Option<String>,
    #[serde(rename = "replacesOrderID")]
    pub(crate) replaces: Option<Id>,
    #[serde(rename = "replacedByOrderID")]
    pub(crate) replaced_by: Option<Id>,
    /// In the account's currency, by OANDA's own conversion.
    pub(crate) pl: Option<Exact>,
    /// In the currency that the instrument is quoted in.
    #[serde(rename = "quotePL")]
    pub(crate) quote_pl: Option<Exact>,
    pub(crate) financing: Option<Exact>,
    pub(crate) commission: Option<Exact>,
    pub(crate) guaranteed_execution_fee: Option<Exact>,
    pub(crate) account_balance: Option<Exact>,
    pub(crate) home_conversion_factors: Option<Factors>,
    #[serde(rename = "gainQuoteHomeConversionFactor")]
    pub(crate) gain_factor: Option<Exact>,
    #[serde(rename = "lossQuoteHomeConversionFactor")]
    pub(crate) loss_factor: Option<Exact>,
    pub(crate) amount: Option<Exact>,
    pub(crate) funding_reason: Option<String>,
    pub(crate) dividend_adjustment: Option<Exact>,
    #[serde(default)]
    pub(crate) position_financings: Vec<PositionFinancing>,
}

/// What one unit of a currency was worth in the account's.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Factors {
    pub(crate) gain_quote_home: Option<Factor>,
    pub(crate) loss_quote_home: Option<Factor>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Factor {
    pub(crate) factor: Option<Exact>,
}

/// The financing of what was held of one instrument.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PositionFinancing {
    pub(crate) instrument: String,
    pub(crate) financing: Exact,
}

impl Transaction {
    /// What its client called the order that it makes, refuses, executes or ends.
    pub(crate) fn client(&self) -> Option<&str> {
        let own = self.client_extensions.as_ref().and_then(|extensions| extensions.id.as_deref());
        self.client_order.as_deref().or(own).filter(|id| !id.is_empty())
    }

    /// Whether it makes an order.
    pub(crate) fn makes(&self) -> bool {
        self.kind.ends_with("_ORDER")
    }

    /// Whether it refuses one.
    pub(crate) fn refuses(&self) -> bool {
        self.kind.ends_with("_ORDER_REJECT")
    }

    /// Whether an order of its kind is over at once, by its own time in force.
    pub(crate) fn is_immediate(&self) -> bool {
        matches!(self.time_in_force.as_deref(), Some("IOC" | "FOK"))
    }

    /// Whether what it is about came with the order itself.
    pub(crate) fn is_at_birth(&self) -> bool {
        self.order.is_some() && self.order == self.batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_and_numbers_are_exact_however_they_are_written() {
        let text = r#"{"id":"1000","batchID":999,"time":"2026-03-10T14:05:07.123456789Z","type":"ORDER_FILL",
            "orderID":"999","units":"-1500","price":1.08640,"pl":"1.2800","a":{"b":[1]},"clientExtensions":null}"#;
        let read: Transaction = serde_json::from_str(text).unwrap();
        assert!(read.id > Id(999) && read.is_at_birth());
        assert_eq!(read.price.unwrap().0.to_string(), "1.08640");
        assert_eq!(read.time.timestamp_subsec_nanos(), 123_456_789);
        for bad in [r#""x""#, "-1", "1.5", "null"] {
            assert!(serde_json::from_str::<Id>(bad).is_err(), "{bad}");
        }
    }
}
