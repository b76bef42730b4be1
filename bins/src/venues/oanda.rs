//! OANDA: its token and addresses from the names that are usual for it.

use std::num::NonZeroU32;
use std::sync::Arc;

use broker_oanda::{Config, ConfigError, Exits, Oanda};
use engine::Clock;

use super::credentials::Variables;
use super::{Adapter, Reached};
use crate::config::BrokerName;
use crate::failure::{Exit, Failure};
use crate::place::Place;

/// How much a simulator is asked: its time may stand still, and so would what counts the requests of a second.
const OF_A_SIMULATOR: NonZeroU32 = NonZeroU32::MIN.saturating_add(60_000);

/// OANDA.
pub const ADAPTER: Adapter = Adapter { name: BrokerName::Oanda, capabilities, reach };

/// What every account there can do.
fn capabilities() -> broker_api::Capabilities {
    broker_oanda::capabilities(Exits::Separate)
}

fn reach(place: &Place, clock: Clock) -> Result<Reached, Failure> {
    let settings = &place.loaded.config.oanda;
    let variables = Variables::of(place, &settings.credentials)?;
    let refused = |error: ConfigError| {
        let what = format!("{} has no usable account at OANDA", variables.place(&settings.credentials));
        Failure::usage("no_credentials", what)
            .because(&error)
            .fix(format!("set {}; nothing was sent", error.variable()))
    };
    let lookup = |name: &str| variables.get(name);
    let config = Config::from_lookup(BrokerName::Oanda.venue(), place.loaded.config.venue.mode, lookup)
        .map_err(refused)?;
    let is_loopback = config.is_loopback();
    let config = if is_loopback { config.with_requests_per_second(OF_A_SIMULATOR) } else { config };
    let oanda = Oanda::new(config, clock).map_err(|error| {
        Failure::new(Exit::Unexpected, "no_connection", "connections to OANDA cannot be made")
            .because(&error)
            .fix("give this machine its certificates of authorities; nothing was sent")
    })?;
    let oanda = Arc::new(oanda);
    Ok(Reached { broker: Arc::clone(&oanda) as _, quotes: oanda, is_loopback })
}
