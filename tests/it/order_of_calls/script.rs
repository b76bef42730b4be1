//! What a store and a broker are expected to be asked, call by call, in one sequence over both.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use broker_api::{
    Account, AccountRef, Activity, AssetClass, Broker, CancelOutcome, Capabilities, ClientOrderId, Cursor,
    Finding, Instrument, Intent, OpenOrder, QueryFailed, Record, SentWindow, SubmitOutcome, Symbol, Time,
    VenueDay, VenueEvent, VenueId, VenuePosition,
};
use chrono::NaiveDate;
use engine::{Desk, Runner, Venue};
use mockall::Sequence;
use state::{Book, Encoded, Files, Journal, Store, StoreError, decode};
use tempfile::TempDir;

use crate::world::{Stepped, account, account_ref, capabilities, of, quote, setup, venue};

/// What the broker holds and has live.
mod lists;

mockall::mock! {
    pub(super) Rows {}

    impl Store for Rows {
        fn append(&mut self, expected: u64, rows: &[Encoded]) -> Result<(), StoreError>;
        fn read(&self, after: u64, limit: usize) -> Result<Vec<Encoded>, StoreError>;
        fn head(&self) -> Result<Option<Encoded>, StoreError>;
        fn id(&self) -> &str;
    }
}

mockall::mock! {
    pub(super) Port {}

    #[async_trait]
    impl Broker for Port {
        fn id(&self) -> VenueId;
        fn capabilities(&self) -> &Capabilities;
        async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed>;
        async fn clock(&self) -> Result<Time, QueryFailed>;
        async fn days(
            &self,
            class: AssetClass,
            from: NaiveDate,
            count: u32,
        ) -> Result<Option<Vec<VenueDay>>, QueryFailed>;
        async fn identity(&self) -> Result<AccountRef, QueryFailed>;
        async fn submit(&self, intent: &Intent, mark: Cursor) -> SubmitOutcome;
        async fn close(&self, key: broker_api::Key) -> CancelOutcome;
        async fn cancel(&self, order: ClientOrderId) -> CancelOutcome;
        async fn find(
            &self,
            order: ClientOrderId,
            mark: Cursor,
            sent: SentWindow,
        ) -> Result<Finding, QueryFailed>;
        async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed>;
        async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed>;
        async fn account(&self) -> Result<Account, QueryFailed>;
        async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed>;
        async fn hint(&self);
    }
}

/// How long an answer is waited for here.
const PATIENCE: Duration = Duration::from_millis(20);

/// A command that reached the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Submit(Box<Intent>),
    Cancel(ClientOrderId),
    Find(ClientOrderId),
}

#[derive(Default)]
struct Seen {
    calls: Vec<Call>,
    /// The orders, and the questions and cancels about them, whose records are durable and not yet carried out.
    announced: BTreeSet<(&'static str, ClientOrderId)>,
    /// Calls that no durable record announced.
    unannounced: Vec<Call>,
    records: Vec<Record>,
    log: Vec<VenueEvent>,
}

/// What happened, kept outside of what is expected: an unexpected call in a task of its own only kills that task.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<Mutex<Seen>>);

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The commands that reached the broker, in order, once it is known that a record announced each.
    #[track_caller]
    pub(super) fn commands(&self) -> Vec<Call> {
        let seen = self.lock();
        assert_eq!(seen.unannounced, [], "called before its record was durable");
        seen.calls.clone()
    }

    /// The orders that were submitted, in order.
    #[track_caller]
    pub(super) fn submitted(&self) -> Vec<Intent> {
        let submits = self.commands().into_iter().filter_map(|call| match call {
            Call::Submit(intent) => Some(*intent),
            Call::Cancel(_) | Call::Find(_) => None,
        });
        submits.collect()
    }

    /// The records that the store took, in order.
    pub(super) fn records(&self) -> Vec<Record> {
        self.lock().records.clone()
    }

    /// Adds to what the venue's log tells.
    pub(super) fn tell(&self, event: &VenueEvent) {
        self.lock().log.push(*event);
    }

    fn call(&self, kind: &'static str, order: ClientOrderId, call: Call) {
        let mut seen = self.lock();
        if !seen.announced.remove(&(kind, order)) {
            seen.unannounced.push(call.clone());
        }
        seen.calls.push(call);
    }

    /// The last thing an append does before it returns.
    fn durable(&self, rows: &[Encoded]) {
        let mut seen = self.lock();
        for row in rows {
            let record = decode(row).expect("a record").record;
            match &record {
                Record::Intended { intent, .. } => drop(seen.announced.insert(("submit", intent.id))),
                Record::Resent { order, .. } => drop(seen.announced.insert(("submit", *order))),
                Record::CancelStarted { order, .. } => drop(seen.announced.insert(("cancel", *order))),
                Record::AskStarted { order } => drop(seen.announced.insert(("find", *order))),
                _ => {}
            }
            seen.records.push(record);
        }
    }

    fn activity(&self, cursor: Option<Cursor>) -> Activity {
        let seen = self.lock();
        let from = cursor.map_or(0, |cursor| of::<usize>(cursor.as_str()));
        let events = seen.log.get(from..).unwrap_or_default().to_vec();
        Activity { events, cursor: of(&seen.log.len().to_string()), complete: true }
    }
}

/// The broker that was made up, behind one that notes each command and keeps its answer back when told to.
struct Noting {
    port: MockPort,
    calls: Calls,
}

#[async_trait]
impl Broker for Noting {
    fn id(&self) -> VenueId {
        self.port.id()
    }
    fn capabilities(&self) -> &Capabilities {
        self.port.capabilities()
    }
    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        self.port.instrument(symbol).await
    }
    async fn clock(&self) -> Result<Time, QueryFailed> {
        self.port.clock().await
    }
    async fn days(
        &self,
        class: AssetClass,
        from: NaiveDate,
        count: u32,
    ) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        self.port.days(class, from, count).await
    }
    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        self.port.identity().await
    }
    async fn submit(&self, intent: &Intent, mark: Cursor) -> SubmitOutcome {
        self.calls.call("submit", intent.id, Call::Submit(Box::new(*intent)));
        let outcome = self.port.submit(intent, mark).await;
        if outcome == never() {
            std::future::pending::<()>().await;
        }
        outcome
    }
    async fn close(&self, key: broker_api::Key) -> CancelOutcome {
        self.port.close(key).await
    }

    async fn cancel(&self, order: ClientOrderId) -> CancelOutcome {
        self.calls.call("cancel", order, Call::Cancel(order));
        self.port.cancel(order).await
    }
    async fn find(
        &self,
        order: ClientOrderId,
        mark: Cursor,
        sent: SentWindow,
    ) -> Result<Finding, QueryFailed> {
        self.calls.call("find", order, Call::Find(order));
        self.port.find(order, mark, sent).await
    }
    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        Ok(self.calls.open_orders())
    }
    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        Ok(self.calls.positions())
    }
    async fn account(&self) -> Result<Account, QueryFailed> {
        self.port.account().await
    }
    async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed> {
        self.port.activity_since(cursor).await
    }
    async fn hint(&self) {
        self.port.hint().await;
    }
}

/// Stands for an answer that never comes.
pub(super) fn never() -> SubmitOutcome {
    SubmitOutcome::Unknown { why: "never".into() }
}

/// The broker took it.
pub(super) fn accepted() -> SubmitOutcome {
    SubmitOutcome::Accepted { venue_order: None }
}

/// What both are expected to be asked.
pub(super) struct Script {
    pub(super) calls: Calls,
    pub(super) clock: Stepped,
    stage: engine::Stage,
    order: Sequence,
    rows: MockRows,
    port: MockPort,
    folder: TempDir,
}

impl Script {
    /// What every process begins with.
    pub(super) fn new() -> Self {
        let (calls, clock) = (Calls::default(), Stepped::new());
        let (mut rows, mut port) = (MockRows::new(), MockPort::new());
        rows.expect_head().returning(|| Ok(None));
        rows.expect_id().return_const("made-up".to_owned());
        port.expect_id().returning(venue);
        port.expect_capabilities().return_const(capabilities());
        port.expect_days().returning(|_, _, _| Ok(None));
        port.expect_identity().returning(|| Ok(account_ref()));
        let (at, log) = (clock.clone(), calls.clone());
        port.expect_account().returning(move || Ok(account(at.now())));
        port.expect_activity_since().returning(move |cursor| Ok(log.activity(cursor)));
        let folder = tempfile::tempdir().expect("a folder");
        let stage = engine::Stage::Paper;
        let mut script = Self { calls, clock, stage, order: Sequence::new(), rows, port, folder };
        script.append(&["venue_bound", "started", "limits_set"]);
        script.append(&["day_started"]);
        script
    }

    /// The files of the book; only the halt file is ever there.
    pub(super) fn files(&self) -> Files {
        Files::beside(&self.folder.path().join("paper-state.json"))
    }

    /// It is a broker with a clock of its own, which is read so often: so many milliseconds ahead of ours.
    pub(super) fn clocks(&mut self, ahead: &'static [i64]) {
        self.stage = engine::Stage::Broker;
        let (at, mut ahead) = (self.clock.clone(), ahead.iter());
        self.port.expect_clock().times(ahead.len()).returning(move || {
            let ahead = ahead.next().expect("as often as that");
            Ok(at.now() + chrono::TimeDelta::milliseconds(*ahead))
        });
    }

    /// Next, one append of exactly these records, which succeeds.
    pub(super) fn append(&mut self, kinds: &'static [&'static str]) {
        self.append_while(kinds, || ());
    }

    /// The same, and something else happens meanwhile.
    pub(super) fn append_while(
        &mut self,
        kinds: &'static [&'static str],
        meanwhile: impl Fn() + Send + 'static,
    ) {
        let calls = self.calls.clone();
        self.rows
            .expect_append()
            .withf(move |_, rows| are(rows, kinds))
            .times(1)
            .in_sequence(&mut self.order)
            .returning(move |_, rows| {
                meanwhile();
                calls.durable(rows);
                Ok(())
            });
    }

    /// Next, one append of exactly these records, which fails.
    pub(super) fn append_fails(&mut self, kinds: &'static [&'static str]) {
        self.rows
            .expect_append()
            .withf(move |_, rows| are(rows, kinds))
            .times(1)
            .in_sequence(&mut self.order)
            .returning(|_, _| Err(StoreError::Full { place: "made-up".into() }));
    }

    /// Next, as many orders, each with this answer.
    pub(super) fn submits(&mut self, times: usize, answer: SubmitOutcome) {
        self.port
            .expect_submit()
            .times(times)
            .in_sequence(&mut self.order)
            .returning(move |_, _| answer.clone());
    }

    /// Next, one cancel.
    pub(super) fn cancel(&mut self, answer: CancelOutcome) {
        self.port.expect_cancel().times(1).in_sequence(&mut self.order).returning(move |_| answer.clone());
    }

    /// Next, one question about an order.
    pub(super) fn find(&mut self, answer: Finding) {
        self.port
            .expect_find()
            .times(1)
            .in_sequence(&mut self.order)
            .returning(move |_, _, _| Ok(answer.clone()));
    }

    /// From here on everything is written, each order has this answer, and each question that one.
    pub(super) fn always(&mut self, answer: SubmitOutcome, finding: Finding) {
        let calls = self.calls.clone();
        self.rows.expect_append().returning(move |_, rows| {
            calls.durable(rows);
            Ok(())
        });
        self.port.expect_submit().returning(move |_, _| answer.clone());
        self.port.expect_find().returning(move |_, _, _| Ok(finding.clone()));
    }

    /// Starts a runner on both, with a price of each instrument known.
    pub(super) async fn start(self) -> (Runner<MockRows>, Stage) {
        let halt = self.files().halt;
        let Self { calls, clock, stage, rows, port, folder, .. } = self;
        let broker = Arc::new(Noting { port, calls: calls.clone() });
        let ours = Venue::new(broker, clock.clock(), halt).with_patience(PATIENCE);
        let journal = Journal::open(rows).expect("an empty journal");
        let desk = Desk::new(engine::Setup { stage, ..setup(capabilities()) });
        let runner = Runner::start(desk, Book::default(), journal, vec![ours], clock.clock(), "0", None);
        let mut runner = runner.await.expect("a start");
        let now = clock.now();
        let prices = vec![
            quote("AAPL", "199.99", "200.01", now),
            quote("EUR/USD", "1.09999", "1.10001", now),
            quote("BTC/USD", "49999", "50001", now),
        ];
        runner = runner.turn(prices).await.expect("prices are no records");
        (runner, Stage { calls, clock, _folder: folder })
    }
}

/// What is left to look at while a script is played.
pub(super) struct Stage {
    pub(super) calls: Calls,
    pub(super) clock: Stepped,
    _folder: TempDir,
}

fn are(rows: &[Encoded], kinds: &[&str]) -> bool {
    rows.iter().map(|row| row.kind.as_str()).eq(kinds.iter().copied())
}
