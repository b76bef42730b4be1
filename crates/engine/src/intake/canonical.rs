//! The one way to write a signal down, whatever form it came in, and its hash.

use broker_api::{Digest, Price, Protection, Signal, SizeWanted, Time, Wanted};
use chrono::SecondsFormat;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// A time as faults and the canonical form have it.
pub(super) fn utc(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The digest of a signal's canonical form.
pub(super) fn digest(signal: &Signal, is_expiry_given: bool) -> Digest {
    let plain = |number: Decimal| number.normalize().to_string();
    let (side, size, plan) = match signal.wanted {
        Wanted::Enter { side, size, plan } => (Some(side), size, plan),
        Wanted::Exit => (None, SizeWanted::Configured, Protection::default()),
        Wanted::Adjust { plan } => (None, SizeWanted::Configured, plan),
    };
    let (mut quantity, mut notional, mut risk) = (None, None, None);
    match size {
        SizeWanted::Quantity(qty) => quantity = Some(plain(qty.get())),
        SizeWanted::Notional(amount) => notional = Some(plain(amount.get())),
        SizeWanted::RiskPct(ratio) => risk = Some(plain(ratio.get())),
        SizeWanted::Configured => {}
    }
    let price = |price: Option<Price>| price.map(|price| plain(price.get()));
    let sorted = [
        ("action", Some(signal.wanted.as_str().to_owned())),
        ("bar_close", signal.bar_close.map(utc)),
        ("decided_at", Some(utc(signal.decided_at))),
        ("decision_price", price(signal.decision_price)),
        ("expires_at", is_expiry_given.then(|| utc(signal.expires_at))),
        ("id", Some(signal.id.to_string())),
        ("notional", notional),
        ("quantity", quantity),
        ("risk_pct", risk),
        ("side", side.map(|side| side.as_str().to_owned())),
        ("stop", price(plan.stop)),
        ("strategy", Some(signal.strategy.to_string())),
        ("symbol", Some(signal.symbol.to_string())),
        ("target", price(plan.target)),
        ("trail", price(plan.trail)),
    ];
    let map: Map<String, Value> =
        sorted.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::String(value?)))).collect();
    state::encode::digest(Value::Object(map).to_string().as_bytes())
}
