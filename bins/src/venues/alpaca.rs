//! Alpaca: its keys and addresses from the names that Alpaca's own tools use, and how it is traded from the configuration.

use std::num::NonZeroU32;
use std::sync::Arc;

use broker_alpaca::{Alpaca, Config, ConfigError, Feed};
use engine::Clock;

use super::credentials::Variables;
use super::{Adapter, Reached};
use crate::config::BrokerName;
use crate::config::venue::{Feed as Told, Quantities};
use crate::failure::{Exit, Failure};
use crate::place::Place;

/// Where orders go.
const BASE_URL: &str = "APCA_API_BASE_URL";
/// Where prices come from.
const DATA_URL: &str = "APCA_API_DATA_URL";
/// How much a simulator is asked: its time may stand still, and so would what counts the requests of a minute.
const OF_A_SIMULATOR: NonZeroU32 = NonZeroU32::MIN.saturating_add(60_000);

/// Alpaca.
pub const ADAPTER: Adapter =
    Adapter { name: BrokerName::Alpaca, capabilities: broker_alpaca::capabilities, reach };

fn reach(place: &Place, clock: Clock) -> Result<Reached, Failure> {
    let settings = &place.loaded.config.alpaca;
    let variables = Variables::of(place, &settings.credentials)?;
    let refused = |error: ConfigError| {
        let what = format!("{} has no usable account at Alpaca", variables.place(&settings.credentials));
        Failure::usage("no_credentials", what)
            .because(&error)
            .fix(format!("set {}; nothing was sent", error.variable()))
    };
    let lookup = |name: &str| variables.get(name);
    let config = Config::from_lookup(BrokerName::Alpaca.venue(), place.loaded.config.venue.mode, lookup)
        .map_err(refused)?;
    let is_loopback = config.is_loopback();
    // Keys that are good for a simulator go to it alone.
    let config = match variables.get(BASE_URL) {
        Some(base) if is_loopback && variables.get(DATA_URL).is_none() => {
            config.with_data_url(&base).map_err(refused)?
        }
        _ => config,
    };
    let config = config
        .with_feed(match settings.feed {
            Told::Iex => Feed::Iex,
            Told::Sip => Feed::Sip,
            Told::DelayedSip => Feed::DelayedSip,
        })
        .with_fractions(settings.quantities == Quantities::Fractions);
    let config = if is_loopback { config.with_requests_per_minute(OF_A_SIMULATOR) } else { config };
    let alpaca = Alpaca::new(config, clock).map_err(|error| {
        Failure::new(Exit::Unexpected, "no_connection", "connections to Alpaca cannot be made")
            .because(&error)
            .fix("give this machine its certificates of authorities; nothing was sent")
    })?;
    let alpaca = Arc::new(alpaca);
    Ok(Reached { broker: Arc::clone(&alpaca) as _, quotes: alpaca, is_loopback })
}
