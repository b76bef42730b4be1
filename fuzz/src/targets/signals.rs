//! Signals: what is taken in is the same in every form, at every later time, and when it is written down and read again.

use broker_api::{Digest, Protection, Signal, SizeWanted, Time, Wanted};
use chrono::{SecondsFormat, TimeDelta};
use engine::intake::{self, Defaults, Intake, SCHEMA_NAME};
use serde_json::{Map, Value, json};

use super::world::{CATALOG, assert_said, monday};

/// A text of signals, in any of its forms.
pub fn signals(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let intake = read(text, monday());
    assert_eq!(intake, read(text, monday()), "the same text is read in two ways");
    for fault in &intake.faults {
        assert!(fault.place.starts_with("signals.txt") && !fault.field.is_empty(), "{fault:?}");
        assert!(!fault.to_string().contains('\n'), "a fault of two lines: {fault:?}");
        assert_said(&fault.to_string());
    }
    let later = read(text, monday() + TimeDelta::days(400));
    let mut rest = later.signals.iter();
    for signal in &intake.signals {
        assert!(rest.any(|known| known == signal), "{signal:?} is read otherwise later");
    }
    written_and_read(&intake.signals);
}

fn read(text: &str, now: Time) -> Intake {
    let defaults = Defaults::new("fuzz".parse().unwrap(), CATALOG.clone());
    intake::read(text, "signals.txt", now, &defaults)
}

fn written_and_read(signals: &[(Signal, Digest)]) {
    let rows: Vec<Map<String, Value>> = signals.iter().map(|(signal, _)| keys(signal)).collect();
    let array = read(&json!(rows).to_string(), monday());
    assert_eq!(array.faults, [], "what was taken in is refused when it is written down");
    assert!(array.signals.iter().map(|(signal, _)| signal).eq(signals.iter().map(|(signal, _)| signal)));
    let envelope = json!({ "signals": rows, "schema": SCHEMA_NAME });
    assert_eq!(read(&format!("{envelope:#}"), monday()), array);
    if rows.len() > 1 {
        let lines: Vec<String> = rows.iter().map(|row| json!(row).to_string()).collect();
        assert_eq!(read(&lines.join("\n"), monday()).signals, array.signals);
    }
    assert_eq!(read(&table(&rows), monday()).signals, array.signals);
}

/// A signal as an entry that says everything.
fn keys(signal: &Signal) -> Map<String, Value> {
    let Signal { id, strategy, symbol, decision_price, bar_close, decided_at, expires_at, wanted } = signal;
    let mut keys = Map::new();
    let mut put = |key: &str, value: String| drop(keys.insert(key.to_owned(), value.into()));
    let time = |at: &Time| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    put("id", id.to_string());
    put("strategy", strategy.to_string());
    put("symbol", symbol.to_string());
    put("action", wanted.as_str().to_owned());
    put("decided_at", time(decided_at));
    put("expires_at", time(expires_at));
    if let Some(at) = bar_close {
        put("bar_close", time(at));
    }
    if let Some(price) = decision_price {
        put("decision_price", price.to_string());
    }
    let plan = match wanted {
        Wanted::Enter { side, size, plan } => {
            put("side", side.as_str().to_owned());
            match size {
                SizeWanted::Quantity(qty) => put("quantity", qty.to_string()),
                SizeWanted::Notional(amount) => put("notional", amount.to_string()),
                SizeWanted::RiskPct(percent) => put("risk_pct", percent.to_string()),
                SizeWanted::Configured => {}
            }
            *plan
        }
        Wanted::Exit => Protection::default(),
        Wanted::Adjust { plan } => *plan,
    };
    if let Some(price) = plan.stop {
        put("stop", price.to_string());
    }
    if let Some(price) = plan.target {
        put("target", price.to_string());
    }
    keys
}

const COLUMNS: [&str; 14] = [
    "target",
    "stop",
    "side",
    "quantity",
    "notional",
    "risk_pct",
    "decision_price",
    "bar_close",
    "expires_at",
    "decided_at",
    "action",
    "symbol",
    "strategy",
    "id",
];

fn table(rows: &[Map<String, Value>]) -> String {
    let mut text = COLUMNS.join(",") + "\r\n";
    for row in rows {
        let cell = |key: &&str| {
            let value = row.get(*key).and_then(Value::as_str).unwrap_or_default();
            format!("\"{}\"", value.replace('"', "\"\""))
        };
        text.push_str(&COLUMNS.iter().map(cell).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text
}
