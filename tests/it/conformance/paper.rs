//! The paper venue as a stage: prices are quotes, time is set, and its wire can fail.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use broker_api::conformance::{Can, Cannot, Stage, Trouble};
use broker_api::{
    Account, AccountRef, Activity, Amount, AssetClass, Broker, CancelOutcome, Capabilities, Catalog,
    ClientOrderId, Cursor, ExecutionId, Finding, Instrument, Intent, Key, OpenOrder, Price, QueryFailed,
    Quote, Ratio, SentWindow, SubmitOutcome, Symbol, Time, VenueDay, VenueId, VenuePosition,
};
use broker_paper::matching::{Costs, Moment, Settings};
use broker_paper::venue::PaperVenue;
use chrono::{NaiveDate, TimeDelta};
use tempfile::TempDir;

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("what a test says")
}

/// The paper venue behind a wire that can fail.
pub(super) struct Wire {
    venue: PaperVenue,
    next: Mutex<Option<Trouble>>,
}

impl Wire {
    fn has_bad_keys(&self) -> bool {
        *self.next.lock().expect("nobody panics with it") == Some(Trouble::BadKeys)
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
        let trouble = self.next.lock().expect("nobody panics with it").take();
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

/// See the module.
pub(super) struct PaperStage {
    wire: Option<Arc<Wire>>,
    catalog: Arc<Catalog>,
    path: PathBuf,
    now: Time,
    _folder: TempDir,
}

fn settings() -> Settings {
    Settings {
        currency: of("USD"),
        cash: of::<Amount>("100000"),
        costs: Costs::FREE,
        participation: None,
        latency: TimeDelta::zero(),
        account: of("paper-1"),
        venue: of("paper"),
    }
}

impl PaperStage {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let instrument = Instrument {
            key: Key { venue: of("paper"), symbol: of("AAPL") },
            asset_class: AssetClass::Equity,
            quote: of("USD"),
            tick: of("0.01"),
            lot: of("1"),
            qty_min: of("1"),
            qty_max: of("1000000"),
            notional_min: of("1"),
            margin: Ratio::ONE,
            shortable: true,
        };
        let catalog = Arc::new(Catalog::new(vec![instrument]).expect("one instrument"));
        let path = folder.path().join("paper-venue.sqlite");
        let now = of("2026-03-03T15:00:00Z");
        let mut stage = Self { wire: None, catalog, path, now, _folder: folder };
        stage.connect();
        stage
    }

    fn connect(&mut self) {
        self.wire = None; // one process has the file at a time
        let venue = PaperVenue::open(&self.path, Arc::clone(&self.catalog), settings()).expect("a venue");
        venue.set_time(self.now);
        self.wire = Some(Arc::new(Wire { venue, next: Mutex::default() }));
    }

    fn wire(&self) -> &Arc<Wire> {
        self.wire.as_ref().expect("it is connected but while it connects")
    }

    fn events(&self) {
        while self.wire().venue.next_event().expect("an event, or none") {}
    }
}

#[async_trait]
impl Stage for PaperStage {
    fn broker(&self) -> Arc<dyn Broker> {
        Arc::<Wire>::clone(self.wire())
    }

    fn symbol(&self) -> Symbol {
        of("AAPL")
    }

    fn run(&self) -> u64 {
        1
    }

    async fn quote(&mut self, symbol: Symbol, bid: Price, ask: Price) -> Can {
        self.now += TimeDelta::milliseconds(1);
        let ix = self.catalog.find_symbol(symbol).ok_or(Cannot("it trades one instrument"))?;
        self.wire().venue.set_time(self.now);
        let moment = Moment::Quote { ix, quote: Quote { bid, ask, at: self.now } };
        self.wire().venue.play(&moment).expect("a quote");
        self.events();
        Ok(())
    }

    async fn pass(&mut self, time: TimeDelta) -> Can {
        self.now += time;
        self.wire().venue.set_time(self.now);
        self.events();
        Ok(())
    }

    async fn market(&mut self, _: bool) -> Can {
        Err(Cannot("it trades whenever there is a price"))
    }

    async fn trouble(&mut self, trouble: Trouble) -> Can {
        if matches!(trouble, Trouble::PartFill(_)) {
            return Err(Cannot("at a quote it executes whole"));
        }
        *self.wire().next.lock().expect("nobody panics with it") = Some(trouble);
        Ok(())
    }

    async fn bust(&mut self, _: ExecutionId) -> Can {
        Err(Cannot("it takes nothing back"))
    }

    async fn restart(&mut self) -> Can {
        self.wire().venue.flush().expect("its file");
        self.connect();
        Ok(())
    }
}
