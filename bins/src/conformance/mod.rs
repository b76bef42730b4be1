//! The stages on which the conformance suite is played: the paper broker, Alpaca and OANDA over their simulators, and a
//! practice account at Alpaca, which is asked besides what nobody documents.

mod alpaca;
mod oanda;
mod paper;
mod practice;
mod probes;
mod tape;
mod wire;

use std::str::FromStr;
use std::sync::Arc;

pub use alpaca::{AlpacaStage, Simulated};
use broker_api::Time;
use broker_api::conformance::Broken;
pub use oanda::{OandaStage, SimulatedOanda};
pub use paper::PaperStage;
pub use practice::{Access, Pause, Practice, Unfit};
pub use probes::{Answer, probe, profile, questions, throttle};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Reads what stands in a source file here.
fn of<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Broken> {
    text.parse().map_err(Broken::because)
}
