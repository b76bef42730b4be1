//! A broker that is only looked at: every question goes through, and nothing that would change anything does.

use std::sync::Arc;

use async_trait::async_trait;
use broker_api::{
    Account, AccountRef, Activity, AssetClass, Broker, CancelOutcome, Capabilities, ClientOrderId, Cursor,
    Finding, Instrument, Intent, OpenOrder, QueryFailed, SentWindow, SubmitOutcome, Symbol, Time, VenueDay,
    VenueId, VenuePosition,
};
use chrono::NaiveDate;

const WHY: &str = "this is a rehearsal";

/// See the module.
struct Rehearsal(Arc<dyn Broker>);

/// The same broker, which takes nothing.
pub(super) fn of(broker: Arc<dyn Broker>) -> Arc<dyn Broker> {
    Arc::new(Rehearsal(broker))
}

#[async_trait]
impl Broker for Rehearsal {
    fn id(&self) -> VenueId {
        self.0.id()
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        self.0.instrument(symbol).await
    }

    async fn clock(&self) -> Result<Time, QueryFailed> {
        self.0.clock().await
    }

    async fn days(
        &self,
        class: AssetClass,
        from: NaiveDate,
        count: u32,
    ) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        self.0.days(class, from, count).await
    }

    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        self.0.identity().await
    }

    async fn submit(&self, _: &Intent, _: Cursor) -> SubmitOutcome {
        SubmitOutcome::NotSent { why: WHY.into() }
    }

    async fn close(&self, _: broker_api::Key) -> CancelOutcome {
        CancelOutcome::NotSent { why: WHY.into() }
    }

    async fn cancel(&self, _: ClientOrderId) -> CancelOutcome {
        CancelOutcome::NotSent { why: WHY.into() }
    }

    async fn find(
        &self,
        order: ClientOrderId,
        mark: Cursor,
        sent: SentWindow,
    ) -> Result<Finding, QueryFailed> {
        self.0.find(order, mark, sent).await
    }

    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        self.0.open_orders().await
    }

    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        self.0.positions().await
    }

    async fn account(&self) -> Result<Account, QueryFailed> {
        self.0.account().await
    }

    async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed> {
        self.0.activity_since(cursor).await
    }

    async fn hint(&self) {
        self.0.hint().await;
    }
}
