//! A broker that does not answer when a process begins which trades at others too. Nothing is asked of it and nothing is sent to it:
//! who it is was not said. Once it answers, a process that serves begins anew, and meets it as any other.

use std::sync::Arc;

use async_trait::async_trait;
use broker_api::{
    Account, AccountRef, Activity, AssetClass, Bar, Broker, CancelOutcome, Capabilities, ClientOrderId,
    Cursor, Finding, Instrument, Intent, Key, OpenOrder, QueryFailed, Quote, Quotes, SentWindow,
    SubmitOutcome, Symbol, Time, VenueDay, VenueId, VenuePosition,
};
use chrono::NaiveDate;

use crate::config::BrokerName;

/// See the module.
#[derive(Clone)]
pub struct Absent {
    /// Whose account it would be.
    pub name: BrokerName,
    /// What it said instead.
    pub failed: QueryFailed,
    broker: Arc<dyn Broker>,
}

impl Absent {
    pub(super) fn new(name: BrokerName, failed: QueryFailed, broker: Arc<dyn Broker>) -> Self {
        Self { name, failed, broker }
    }

    /// Our name of it.
    pub fn venue(&self) -> VenueId {
        self.broker.id()
    }

    /// The same for a desk: a broker that answers nothing and takes nothing.
    pub fn desk(&self) -> Arc<dyn Broker> {
        Arc::new(self.clone())
    }

    pub(super) fn quotes(&self) -> Arc<dyn Quotes> {
        Arc::new(self.clone())
    }

    /// Whether it answers by now.
    pub async fn answers(&self) -> bool {
        self.broker.identity().await.is_ok()
    }

    fn silent<T>(&self) -> Result<T, QueryFailed> {
        Err(QueryFailed { why: self.why(), transient: true })
    }

    fn why(&self) -> Box<str> {
        format!("{} did not answer when this process began: {}", self.name.shown(), self.failed.why).into()
    }
}

#[async_trait]
impl Broker for Absent {
    fn id(&self) -> VenueId {
        self.broker.id()
    }

    fn capabilities(&self) -> &Capabilities {
        self.broker.capabilities()
    }

    async fn instrument(&self, _: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        self.silent()
    }

    async fn clock(&self) -> Result<Time, QueryFailed> {
        self.silent()
    }

    async fn days(&self, _: AssetClass, _: NaiveDate, _: u32) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        self.silent()
    }

    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        self.silent()
    }

    async fn submit(&self, _: &Intent, _: Cursor) -> SubmitOutcome {
        SubmitOutcome::NotSent { why: self.why() }
    }

    async fn close(&self, _: Key) -> CancelOutcome {
        CancelOutcome::NotSent { why: self.why() }
    }

    async fn cancel(&self, _: ClientOrderId) -> CancelOutcome {
        CancelOutcome::NotSent { why: self.why() }
    }

    async fn find(&self, _: ClientOrderId, _: Cursor, _: SentWindow) -> Result<Finding, QueryFailed> {
        self.silent()
    }

    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        self.silent()
    }

    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        self.silent()
    }

    async fn account(&self) -> Result<Account, QueryFailed> {
        self.silent()
    }

    async fn activity_since(&self, _: Option<Cursor>) -> Result<Activity, QueryFailed> {
        self.silent()
    }

    async fn hint(&self) {
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Quotes for Absent {
    async fn quote(&self, _: Key) -> Result<Option<Quote>, QueryFailed> {
        Err(QueryFailed { why: self.why(), transient: false })
    }

    async fn bars(&self, _: Key, _: Time, _: Time) -> Result<Vec<Bar>, QueryFailed> {
        Err(QueryFailed { why: self.why(), transient: false })
    }
}
