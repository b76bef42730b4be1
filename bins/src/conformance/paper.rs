//! The paper venue as a stage: prices are quotes, time is set, and its wire can fail.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use broker_api::conformance::{Broken, Did, Power, Stage, Trouble};
use broker_api::{
    Account, AccountRef, Activity, Amount, AssetClass, Broker, CancelOutcome, Capabilities, Catalog,
    ClientOrderId, Cursor, ExecutionId, Finding, Instrument, Intent, Key, OpenOrder, Price, QueryFailed,
    Quote, Ratio, SentWindow, SubmitOutcome, Symbol, Time, VenueDay, VenueId, VenuePosition,
};
use broker_paper::matching::{Costs, Moment, Settings};
use broker_paper::venue::{PaperVenue, backup};
use chrono::{NaiveDate, TimeDelta};
use tempfile::TempDir;

use super::of;

/// The paper venue behind a wire that can fail.
struct Wire {
    venue: PaperVenue,
    next: Mutex<Option<Trouble>>,
}

impl Wire {
    fn has_bad_keys(&self) -> bool {
        *self.next() == Some(Trouble::BadKeys)
    }

    fn next(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked<T>(&self, answer: Result<T, QueryFailed>) -> Result<T, QueryFailed> {
        if self.has_bad_keys() {
            return Err(QueryFailed { why: "these credentials are not known".into(), transient: false });
        }
        answer
    }
}

#[async_trait]
impl Broker for Wire {
    fn id(&self) -> VenueId {
        self.venue.id()
    }

    fn capabilities(&self) -> &Capabilities {
        self.venue.capabilities()
    }

    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        self.asked(self.venue.instrument(symbol).await)
    }

    async fn clock(&self) -> Result<Time, QueryFailed> {
        self.asked(self.venue.clock().await)
    }

    async fn days(
        &self,
        class: AssetClass,
        from: NaiveDate,
        count: u32,
    ) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        self.asked(self.venue.days(class, from, count).await)
    }

    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        self.asked(self.venue.identity().await)
    }

    async fn submit(&self, intent: &Intent, mark: Cursor) -> SubmitOutcome {
        if self.has_bad_keys() {
            return SubmitOutcome::Broken { why: "these credentials are not known".into() };
        }
        let trouble = self.next().take();
        let lost = || SubmitOutcome::Unknown { why: "no answer".into() };
        match trouble {
            Some(Trouble::LostRequest) => lost(),
            Some(Trouble::LostReply) => {
                self.venue.submit(intent, mark).await;
                lost()
            }
            Some(Trouble::Throttled) => match self.venue.clock().await {
                Ok(now) => SubmitOutcome::Throttled { until: now + TimeDelta::seconds(2) },
                Err(_) => lost(),
            },
            _ => self.venue.submit(intent, mark).await,
        }
    }

    async fn close(&self, key: Key) -> CancelOutcome {
        self.venue.close(key).await
    }

    async fn cancel(&self, order: ClientOrderId) -> CancelOutcome {
        self.venue.cancel(order).await
    }

    async fn find(
        &self,
        order: ClientOrderId,
        mark: Cursor,
        sent: SentWindow,
    ) -> Result<Finding, QueryFailed> {
        self.asked(self.venue.find(order, mark, sent).await)
    }

    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        self.asked(self.venue.open_orders().await)
    }

    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        self.asked(self.venue.positions().await)
    }

    async fn account(&self) -> Result<Account, QueryFailed> {
        self.asked(self.venue.account().await)
    }

    async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed> {
        self.asked(self.venue.activity_since(cursor).await)
    }

    async fn hint(&self) {
        self.venue.hint().await;
    }
}

/// The one instrument.
const SYMBOL: &str = "AAPL";

/// See the module.
pub struct PaperStage {
    wire: Arc<Wire>,
    catalog: Arc<Catalog>,
    symbol: Symbol,
    level: Price,
    path: PathBuf,
    starts: u32,
    now: Time,
    folder: TempDir,
}

impl PaperStage {
    /// A venue of its own, in a folder that goes with it.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn new() -> Result<Self, Broken> {
        let folder = tempfile::tempdir().map_err(Broken::because)?;
        let symbol = of(SYMBOL)?;
        let instrument = Instrument {
            key: Key { venue: of("paper")?, symbol },
            asset_class: AssetClass::Equity,
            quote: of("USD")?,
            tick: of("0.01")?,
            lot: of("1")?,
            qty_min: of("1")?,
            qty_max: of("1000000")?,
            notional_min: of("1")?,
            margin: Ratio::ONE,
            shortable: true,
        };
        let catalog = Arc::new(Catalog::new(vec![instrument]).map_err(Broken::because)?);
        let path = folder.path().join("paper-venue.sqlite");
        let now = of("2026-03-03T15:00:00Z")?;
        let wire = connect(&path, &catalog, now)?;
        Ok(Self { wire, catalog, symbol, level: of("100")?, path, starts: 1, now, folder })
    }

    fn events(&self) -> Did {
        while self.wire.venue.next_event().map_err(Broken::because)? {}
        Ok(())
    }
}

fn connect(path: &Path, catalog: &Arc<Catalog>, now: Time) -> Result<Arc<Wire>, Broken> {
    let settings = Settings {
        currency: of("USD")?,
        cash: of::<Amount>("100000")?,
        costs: Costs::FREE,
        participation: None,
        latency: TimeDelta::zero(),
        account: of("paper-1")?,
        venue: of("paper")?,
    };
    let venue = PaperVenue::open(path, Arc::clone(catalog), settings).map_err(Broken::because)?;
    venue.set_time(now);
    Ok(Arc::new(Wire { venue, next: Mutex::default() }))
}

#[async_trait]
impl Stage for PaperStage {
    fn broker(&self) -> Arc<dyn Broker> {
        Arc::<Wire>::clone(&self.wire)
    }

    fn symbol(&self) -> Symbol {
        self.symbol
    }

    fn level(&self) -> Price {
        self.level
    }

    fn run(&self) -> u64 {
        1
    }

    fn lacks(&self, power: Power) -> Option<&'static str> {
        match power {
            Power::Session | Power::Prices | Power::Losses | Power::Throttles | Power::Keys => None,
            Power::Hours => Some("it trades whenever there is a price"),
            Power::Parts => Some("at a quote it executes whole"),
            Power::Busts => Some("it takes nothing back"),
            Power::Hints | Power::Cuts => Some("it has no stream"),
            Power::Races => Some("it cancels at once"),
        }
    }

    async fn quote(&mut self, symbol: Symbol, bid: Price, ask: Price) -> Did {
        self.now += TimeDelta::milliseconds(1);
        let ix =
            self.catalog.find_symbol(symbol).ok_or_else(|| Broken::because("it trades one instrument"))?;
        self.wire.venue.set_time(self.now);
        let moment = Moment::Quote { ix, quote: Quote { bid, ask, at: self.now } };
        self.wire.venue.play(&moment).map_err(Broken::because)?;
        self.events()
    }

    async fn pass(&mut self, time: TimeDelta) -> Did {
        self.now += time;
        self.wire.venue.set_time(self.now);
        self.events()
    }

    async fn market(&mut self, _: bool) -> Did {
        Err(Broken::because("it has no hours"))
    }

    async fn trouble(&mut self, trouble: Trouble) -> Did {
        match trouble {
            Trouble::PartFill(_) | Trouble::LostStream | Trouble::LateCancel => {
                Err(Broken::because("that cannot happen here"))
            }
            Trouble::LostRequest | Trouble::LostReply | Trouble::Throttled | Trouble::BadKeys => {
                *self.wire.next() = Some(trouble);
                Ok(())
            }
        }
    }

    async fn bust(&mut self, _: ExecutionId) -> Did {
        Err(Broken::because("it takes nothing back"))
    }

    async fn hinted(&self, _: Arc<dyn Broker>) -> Result<bool, Broken> {
        Ok(false)
    }

    /// From what is in its file: one process has that at a time, so the next one gets a copy.
    async fn restart(&mut self) -> Did {
        self.wire.venue.flush().map_err(Broken::because)?;
        self.starts += 1;
        let path = self.folder.path().join(format!("paper-venue-{}.sqlite", self.starts));
        backup(&self.path, &path).map_err(Broken::because)?;
        self.wire = connect(&path, &self.catalog, self.now)?;
        self.path = path;
        Ok(())
    }

    async fn clear(&mut self) -> Did {
        Ok(())
    }
}
