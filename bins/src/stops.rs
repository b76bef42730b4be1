//! Parts of trading whose entries are stopped, for people and for programs.

use broker_api::Stopped;
use serde_json::{Value, json};
use state::Book;

use crate::args::option;
use crate::figures;

/// How a stop ends.
fn ends(stop: &Stopped) -> String {
    match stop.until {
        Some(until) => format!("until {}", figures::minute(until)),
        None => format!("until a person resumes: tradewind {}", resume(stop)),
    }
}

/// The verb that ends it.
pub fn resume(stop: &Stopped) -> String {
    format!("resume {} --why TEXT", option(&stop.scope))
}

/// A line for each.
pub fn lines(book: &Book) -> String {
    let mut text = String::new();
    for stop in &book.guard().stopped {
        let Stopped { scope, since, reason, .. } = stop;
        text.push_str(&format!(
            "stopped    entries of {scope} since {}, {}: {}\n",
            figures::minute(*since),
            ends(stop),
            reason.text
        ));
    }
    text
}

/// The same for programs.
pub fn json(book: &Book) -> Value {
    let stops = &book.guard().stopped;
    let row = |stop: &Stopped| {
        json!({
            "scope": stop.scope,
            "since": stop.since,
            "until": stop.until,
            "code": stop.reason.code,
            "why": stop.reason.text,
            "resume": resume(stop),
        })
    };
    Value::Array(stops.iter().map(row).collect())
}
