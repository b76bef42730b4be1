//! Configured times without entries, as `status` and `doctor` tell them: those that are on, and those that come soon.

use broker_api::Time;
use chrono::TimeDelta;
use engine::Blackout;
use serde_json::{Value, json};

use crate::figures;

/// How far ahead is soon.
const SOON: TimeDelta = TimeDelta::hours(24);

/// Those that are on, or begin within a day, in the order of their beginning.
pub fn near(all: &[Blackout], now: Time) -> Vec<&Blackout> {
    let is_near = |row: &&Blackout| row.until > now && row.from <= now + SOON;
    let mut near: Vec<&Blackout> = all.iter().filter(is_near).collect();
    near.sort_by_key(|row| (row.from, row.until));
    near
}

/// What one is about: `everything`, `AAPL, crypto`.
fn about(row: &Blackout) -> String {
    let symbols = row.symbols.iter().map(ToString::to_string);
    let names: Vec<String> = symbols.chain(row.classes.iter().map(ToString::to_string)).collect();
    if names.is_empty() { "everything".to_owned() } else { names.join(", ") }
}

/// One in words: `AAPL until 2026-12-10 14:00 UTC: earnings`.
pub fn told(row: &Blackout, now: Time) -> String {
    let begins = if row.is_on(now) { String::new() } else { format!(" from {}", figures::minute(row.from)) };
    format!("{}{begins} until {}: {}", about(row), figures::minute(row.until), row.why)
}

/// The same for programs.
pub fn json(row: &Blackout, now: Time) -> Value {
    json!({
        "from": row.from, "until": row.until, "symbols": row.symbols, "classes": row.classes,
        "why": row.why, "is_on": row.is_on(now),
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn what_is_on_or_begins_within_a_day_is_near() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let at = |minutes: i64| now + TimeDelta::minutes(minutes);
        let row = |from: i64, until: i64, why: &str| Blackout {
            from: at(from),
            until: at(until),
            symbols: Vec::new(),
            classes: Vec::new(),
            why: why.into(),
        };
        let all =
            [row(1_441, 1_500, "later"), row(1_440, 1_500, "tomorrow"), row(-5, 5, "on"), row(-5, 0, "over")];
        let names: Vec<&str> = near(&all, now).iter().map(|row| row.why.as_ref()).collect();
        assert_eq!(names, ["on", "tomorrow"]);
        assert_eq!(told(&all[2], now), format!("everything until {}: on", figures::minute(at(5))));
        assert!(told(&all[1], now).contains(" from "));
    }
}
