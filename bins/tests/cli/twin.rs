//! Pairs of real runs: what nobody spoils is the same to the cent, and each thing that is spoiled is named by its layer.

#[cfg(feature = "alpaca")]
mod alpaca;
mod paper;
pub mod world;

use serde_json::Value;

/// The pair of a signal.
#[track_caller]
fn pair<'a>(twin: &'a Value, id: &str) -> &'a Value {
    let pairs = twin["data"]["pairs"].as_array().unwrap();
    pairs.iter().find(|pair| pair["id"] == id).unwrap_or_else(|| panic!("{id}: {twin:#}"))
}

/// Where a pair parts, and why: `fill entry-price`.
#[track_caller]
fn parts(twin: &Value, id: &str) -> String {
    let pair = pair(twin, id);
    let cause = pair["cause"].as_str().map_or_else(String::new, |cause| format!(" {cause}"));
    format!("{}{cause}", pair["layer"].as_str().unwrap())
}

/// A decimal of a document.
#[track_caller]
fn decimal(value: &Value) -> rust_decimal::Decimal {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}
