//! The evaluation of a practice account's week, as whoever arms an account of real money shows it.

use std::path::Path;

use broker_api::{AccountRef, Digest, Mode, Time, VenueId};
use chrono::TimeDelta;
use evidence::Evaluation;
use evidence::gates::{BrokerPaperFacts, BrokerPaperNeeds, Certificate, Outcome, broker_paper};
use serde_json::Value;

use super::kept::LARGE;
use crate::figures;

/// The gate, as evaluations and the names of their files have it.
pub const GATE: &str = "broker-paper";
/// How old an evaluation may be: who looked a month ago looks again.
const OLD: TimeDelta = TimeDelta::days(30);
/// How one is made.
const HOW: &str = "make one with `tradewind gate broker-paper --record` at the practice account";

/// One that holds.
#[derive(Debug)]
pub struct Shown {
    /// The hash of its certificate.
    pub certificate: Digest,
    /// When it was evaluated.
    pub at: Time,
    /// The whole of it.
    pub document: Value,
}

/// Reads the file that was shown; or why it proves nothing for an account at this venue.
///
/// # Errors
/// The reason, in a sentence.
pub fn show(file: &Path, venue: Option<VenueId>, now: Time) -> Result<Shown, String> {
    held(file, venue, now).map_err(|why| format!("--gate {}: {why}; {HOW}", file.display()))
}

fn held(file: &Path, venue: Option<VenueId>, now: Time) -> Result<Shown, String> {
    let text = crate::reading::read_text(file, LARGE).map_err(|failure| failure.what)?;
    let document: Value =
        serde_json::from_str(&text).map_err(|_| "it is no evaluation of a gate".to_owned())?;
    let data = &document["data"];
    match data["gate"].as_str().filter(|_| document["schema"] == "tradewind.gate/1") {
        Some(GATE) => {}
        Some(other) => return Err(format!("it is of the gate {other}, and not of {GATE}")),
        None => return Err("it is no evaluation of a gate".to_owned()),
    }
    let is_broken = |error: serde_json::Error| format!("it is no whole evaluation: {error}");
    let evaluation: Evaluation = serde_json::from_value(data["evaluation"].clone()).map_err(is_broken)?;
    if evaluation.outcome != Outcome::Passed {
        return Err("the gate was not passed".to_owned());
    }
    let certificate: Certificate = serde_json::from_value(data["certificate"].clone()).map_err(is_broken)?;
    if evaluation.gate != GATE {
        return Err(format!("it certifies the gate {}, and not {GATE}", evaluation.gate));
    }
    certificate.holds(&data["facts"], &evaluation).map_err(|error| error.to_string())?;
    // Verdicts that were written by hand have a hash too.
    let facts: BrokerPaperFacts =
        serde_json::from_value(data["facts"]["facts"].clone()).map_err(is_broken)?;
    if facts.needs != BrokerPaperNeeds::default() || broker_paper(&facts).outcome != Outcome::Passed {
        return Err("its facts do not pass the gate".to_owned());
    }
    let of: AccountRef = serde_json::from_value(data["facts"]["of"].clone()).map_err(is_broken)?;
    if of.mode != Mode::Practice {
        return Err(format!("it is of a {} account, and not of a practice account", of.mode));
    }
    if let Some(venue) = venue.filter(|venue| *venue != of.venue) {
        return Err(format!("it is of an account at {}, and this one is at {venue}", of.venue));
    }
    if certificate.at > now || now - certificate.at > OLD {
        let (at, days) = (figures::minute(certificate.at), OLD.num_days());
        return Err(format!("it is of {at}, and must be of the last {days} days"));
    }
    let digest =
        Digest::new(&certificate.sha256).map_err(|error| format!("its certificate has no hash: {error}"))?;
    Ok(Shown { certificate: digest, at: certificate.at, document })
}
