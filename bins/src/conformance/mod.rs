//! The stages on which the conformance suite is played: the paper broker, Alpaca over its simulator, and a practice account.

mod alpaca;
mod paper;

use std::str::FromStr;

pub use alpaca::AlpacaStage;
use broker_api::conformance::Broken;
pub use paper::PaperStage;

/// Reads what stands in a source file here.
fn of<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Broken> {
    text.parse().map_err(Broken::because)
}
