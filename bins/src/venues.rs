//! The brokers: chosen by the configuration, and connected here and nowhere else. Which ones a binary can reach it says
//! itself, so that one which reaches none holds the code and the addresses of none.

#[cfg(feature = "alpaca")]
mod alpaca;
mod clock;
#[cfg(feature = "alpaca")]
mod credentials;
mod instruments;
mod rehearsal;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use broker_api::{AccountRef, Broker, Capabilities, Catalog, Key, QueryFailed, Quotes, Symbol, VenueId};
use engine::Clock;

#[cfg(feature = "alpaca")]
pub use alpaca::ADAPTER as ALPACA;
pub use clock::VenueClock;
pub use instruments::each;

use crate::config::BrokerName;
use crate::failure::{Exit, Failure};
use crate::place::{Place, paper_venue};

/// What this binary can reach.
static ADAPTERS: OnceLock<&'static [Adapter]> = OnceLock::new();

/// A broker that a binary can reach.
#[derive(Clone, Copy, Debug)]
pub struct Adapter {
    name: BrokerName,
    capabilities: fn() -> Capabilities,
    reach: fn(&Place, Clock) -> Result<Reached, Failure>,
}

/// A broker, before anything was asked of it.
struct Reached {
    broker: Arc<dyn Broker>,
    quotes: Arc<dyn Quotes>,
    /// Whether it runs on this machine: a simulator, whose own time and hours count.
    is_loopback: bool,
}

/// A broker that answered: which account it is, what it trades, and what time it is there.
pub struct Connected {
    /// Orders go here.
    pub broker: Arc<dyn Broker>,
    /// Its prices.
    pub quotes: Arc<dyn Quotes>,
    /// Which account it is.
    pub of: AccountRef,
    /// What can be traded there, as it describes it.
    pub catalog: Arc<Catalog>,
    /// What it does not trade of what was asked for.
    pub unlisted: Vec<Symbol>,
    /// What time it is.
    pub clock: Arc<VenueClock>,
    /// Whether it runs on this machine.
    pub is_loopback: bool,
}

/// Says what this binary can reach. Once, before anything else.
pub fn offer(adapters: &'static [Adapter]) {
    // A second time there is nothing else to say.
    let _ = ADAPTERS.set(adapters);
}

/// What a venue can do; nothing of one that this binary cannot reach.
pub fn capabilities(venue: VenueId) -> Option<Capabilities> {
    if venue == paper_venue() {
        return Some(broker_paper::venue::capabilities());
    }
    let adapters = ADAPTERS.get().copied().unwrap_or_default();
    adapters.iter().find(|adapter| adapter.name.venue() == venue).map(|adapter| (adapter.capabilities)())
}

/// Connects to the broker that the configuration names. `held` is what the book holds or has orders for.
///
/// # Errors
/// A broker that this binary cannot reach, keys that are missing, no answer, another kind of account.
pub async fn connect(place: &Place, held: &BTreeSet<Key>) -> Result<Connected, Failure> {
    let settings = place.loaded.config.venue;
    let name = settings.broker;
    let adapters = ADAPTERS.get().copied().unwrap_or_default();
    let Some(adapter) = adapters.iter().find(|adapter| adapter.name == name) else {
        let what = format!("this program was built without {}", name.shown());
        return Err(Failure::usage("broker_not_built", what)
            .fix(format!("run tradewind-{} instead, or set venue.broker to \"paper\"", name.as_str())));
    };
    let clock = Arc::new(VenueClock::default());
    let Reached { broker, quotes, is_loopback } = (adapter.reach)(place, clock.shared())?;
    let of = broker.identity().await.map_err(|failed| unavailable(name, &failed))?;
    if of.mode != settings.mode {
        let (is, wanted) = (of.mode, settings.mode);
        let what = format!("{} says that account {} is a {is} one", name.shown(), of.account);
        return Err(other_mode(&format!("{what}, and the configuration says {wanted}")));
    }
    let told = if is_loopback {
        Some(broker.clock().await.map_err(|failed| unavailable(name, &failed))?)
    } else {
        None
    };
    let (catalog, unlisted) = instruments::read(&broker, &place.catalog, held)
        .await
        .map_err(|failed| unavailable(name, &failed))?;
    let catalog = Catalog::new(catalog).map_err(|twice| Failure::usage("bad_catalog", twice.to_string()))?;
    if let Some(told) = told {
        let again = broker.clock().await.map_err(|failed| unavailable(name, &failed))?;
        clock.set(told, again);
    }
    let broker = if place.is_rehearsal { rehearsal::of(broker) } else { broker };
    Ok(Connected { broker, quotes, of, catalog: Arc::new(catalog), unlisted, clock, is_loopback })
}

/// Real money where practice was meant, or the other way round.
pub fn other_mode(what: &str) -> Failure {
    Failure::usage("other_mode", format!("{what}; real money and practice never share a state")).fix(
        "name the state file of that account with --state, or set venue.mode and the keys to what is meant; nothing was sent",
    )
}

/// A broker that did not answer as it should.
pub fn unavailable(name: BrokerName, failed: &QueryFailed) -> Failure {
    let fix = if failed.transient {
        "wait for it and run again; nothing was sent"
    } else {
        "correct what it names and run again; nothing was sent"
    };
    Failure::new(
        Exit::Unavailable,
        "broker_unavailable",
        format!("{} did not answer as it should", name.shown()),
    )
    .because(failed)
    .fix(fix)
}
