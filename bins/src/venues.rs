//! The brokers: chosen by the configuration, and connected here and nowhere else. Which ones a binary can reach it says
//! itself, so that one which reaches none holds the code and the addresses of none.

mod absent;
#[cfg(feature = "alpaca")]
mod alpaca;
mod clock;
#[cfg(any(feature = "alpaca", feature = "oanda"))]
mod credentials;
mod instruments;
#[cfg(feature = "oanda")]
mod oanda;
mod rehearsal;

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use async_trait::async_trait;
use broker_api::{
    AccountRef, Bar, Broker, Capabilities, Catalog, Instrument, Key, QueryFailed, Quote, Quotes, Symbol,
    Time, VenueId,
};
use engine::Clock;

pub use absent::Absent;
#[cfg(feature = "alpaca")]
pub use alpaca::ADAPTER as ALPACA;
pub use clock::VenueClock;
pub use instruments::each;
#[cfg(feature = "oanda")]
pub use oanda::ADAPTER as OANDA;

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

/// The brokers that answered: which accounts they are, what they trade, and what time it is there.
pub struct Connected {
    /// Their accounts, that of `[venue]` first. There is at least one.
    pub accounts: Vec<Account>,
    /// Those that do not answer now.
    pub absent: Vec<Absent>,
    /// Their prices.
    pub quotes: Arc<dyn Quotes>,
    /// What can be traded there, as they describe it.
    pub catalog: Arc<Catalog>,
    /// What they do not trade of what was asked for.
    pub unlisted: Vec<Symbol>,
    /// What time it is.
    pub clock: Arc<VenueClock>,
    /// Whether they run on this machine.
    pub is_loopback: bool,
}

/// An account at a broker.
#[derive(Clone)]
pub struct Account {
    /// Whose.
    pub name: BrokerName,
    /// Orders go here.
    pub broker: Arc<dyn Broker>,
    /// Which account it is.
    pub of: AccountRef,
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

/// Connects to the brokers that the configuration names. `held` is what the book holds or has orders for.
///
/// # Errors
/// A broker that this binary cannot reach, keys that are missing, no answer, another kind of account.
pub async fn connect(place: &Place, held: &BTreeSet<Key>) -> Result<Connected, Failure> {
    let connected = connect_present(place, held).await?;
    match connected.absent.first() {
        Some(Absent { name, failed, .. }) => Err(unavailable(*name, failed)),
        None => Ok(connected),
    }
}

/// Connects to those of them that answer, of which there must be one. The instruments of the others are as we know them.
///
/// # Errors
/// As [`connect`], where none answers, or one says something else than that it cannot answer now.
pub async fn connect_present(place: &Place, held: &BTreeSet<Key>) -> Result<Connected, Failure> {
    let clock = Arc::new(VenueClock::default());
    let (mut accounts, mut absent, mut prices) = (Vec::new(), Vec::new(), Vec::new());
    let (mut traded, mut unlisted, mut is_set) = (Vec::new(), Vec::new(), false);
    let mut on_this_machine = Vec::new();
    for name in place.brokers() {
        let reached = (adapter(name)?.reach)(place, clock.shared())?;
        on_this_machine.push(reached.is_loopback);
        let venue = reached.broker.id();
        let rows: Vec<_> =
            place.catalog.iter().map(|(_, row)| row).filter(|row| row.key.venue == venue).collect();
        let met = match meet(&reached, rows.clone(), held).await {
            Ok(met) => met,
            Err(failed) if failed.transient => {
                traded.extend(rows.into_iter().cloned());
                let gone = Absent::new(name, failed, reached.broker);
                prices.push((venue, gone.quotes()));
                absent.push(gone);
                continue;
            }
            Err(failed) => return Err(unavailable(name, &failed)),
        };
        let (of, wanted) = (met.of, place.loaded.config.venue.mode);
        if of.mode != wanted {
            let what = format!("{} says that account {} is a {} one", name.shown(), of.account, of.mode);
            return Err(other_mode(&format!("{what}, and the configuration says {wanted}")));
        }
        traded.extend(met.listed);
        unlisted.extend(met.unlisted);
        // Simulators that stand side by side are moved on together: the first one tells the time.
        if let Some((first, second)) = met.times.filter(|_| !is_set) {
            clock.set(first, second);
            is_set = true;
        }
        prices.push((of.venue, reached.quotes));
        let broker = if place.is_rehearsal { rehearsal::of(reached.broker) } else { reached.broker };
        accounts.push(Account { name, broker, of });
    }
    if let Some(Absent { name, failed, .. }) = absent.first().filter(|_| accounts.is_empty()) {
        return Err(unavailable(*name, failed));
    }
    let is_loopback = on_this_machine.contains(&true);
    if is_loopback && on_this_machine.contains(&false) {
        return Err(other_mode("one broker runs on this machine and the other one does not"));
    }
    let catalog = Catalog::new(traded).map_err(|twice| Failure::usage("bad_catalog", twice.to_string()))?;
    let (quotes, catalog) = (Arc::new(Prices(prices)) as _, Arc::new(catalog));
    Ok(Connected { accounts, absent, quotes, catalog, unlisted, clock, is_loopback })
}

/// What a broker says of itself.
struct Met {
    of: AccountRef,
    listed: Vec<Instrument>,
    unlisted: Vec<Symbol>,
    /// The time there, asked twice, where it counts.
    times: Option<(Time, Time)>,
}

/// Asks a broker who it is, what it trades of these, and where it runs on this machine what time it is.
async fn meet(reached: &Reached, rows: Vec<&Instrument>, held: &BTreeSet<Key>) -> Result<Met, QueryFailed> {
    let Reached { broker, is_loopback, .. } = reached;
    let of = broker.identity().await?;
    let first = if *is_loopback { Some(broker.clock().await?) } else { None };
    let (listed, unlisted) = instruments::read(broker, rows, held).await?;
    let times = match first {
        Some(first) => Some((first, broker.clock().await?)),
        None => None,
    };
    Ok(Met { of, listed, unlisted, times })
}

/// What a binary needs of a broker.
fn adapter(name: BrokerName) -> Result<&'static Adapter, Failure> {
    let adapters = ADAPTERS.get().copied().unwrap_or_default();
    adapters.iter().find(|adapter| adapter.name == name).ok_or_else(|| {
        let what = format!("this program was built without {}", name.shown());
        let instead = format!("run tradewind-{} instead, or set venue.broker to \"paper\"", name.as_str());
        Failure::usage("broker_not_built", what).fix(instead)
    })
}

impl Connected {
    /// Waits until one of them hints that there is something to read.
    pub async fn hint(&self) {
        let mut hints: Vec<_> = self.accounts.iter().map(|account| account.broker.hint()).collect();
        poll_fn(|context| {
            let is_there = hints.iter_mut().any(|hint| hint.as_mut().poll(context).is_ready());
            if is_there { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Looks again at clocks that stand still. One that does not answer is met by the questions that follow.
    pub async fn follow(&self) {
        for account in &self.accounts {
            let _ = self.clock.follow(account.broker.as_ref()).await;
        }
    }
}

/// The prices of several brokers: each of its own instruments.
struct Prices(Vec<(VenueId, Arc<dyn Quotes>)>);

impl Prices {
    fn of(&self, key: Key) -> Result<&Arc<dyn Quotes>, QueryFailed> {
        let found = self.0.iter().find(|(venue, _)| *venue == key.venue).map(|(_, quotes)| quotes);
        found.ok_or_else(|| QueryFailed {
            why: format!("no broker tells prices of {key}").into(),
            transient: false,
        })
    }
}

#[async_trait]
impl Quotes for Prices {
    async fn quote(&self, key: Key) -> Result<Option<Quote>, QueryFailed> {
        self.of(key)?.quote(key).await
    }

    async fn bars(&self, key: Key, from: Time, to: Time) -> Result<Vec<Bar>, QueryFailed> {
        self.of(key)?.bars(key, from, to).await
    }
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
