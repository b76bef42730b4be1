//! The ports: what every broker must do, and what every source of prices must do.
//!
//! The hard decision here is what is left out. There is no `replace`: a cancel and a new order have names and
//! outcomes of their own. There is no default body: what a venue cannot do it says in [`Capabilities`]. And
//! nothing here retries: an order is sent once per call, and only the desk decides that it is sent again.

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::Time;
use crate::account::{Account, AccountRef, VenuePosition};
use crate::capabilities::Capabilities;
use crate::fill::Activity;
use crate::hours::VenueDay;
use crate::ids::{ClientOrderId, Cursor, Key, Symbol, VenueId};
use crate::instrument::{AssetClass, Instrument};
use crate::intent::Intent;
use crate::market::{Bar, Quote};
use crate::outcome::{CancelOutcome, Finding, OpenOrder, QueryFailed, SentWindow, SubmitOutcome};

/// One account at one broker.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Our name of it.
    fn id(&self) -> VenueId;

    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// The rules of one instrument; nothing when the venue does not have it.
    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed>;

    /// The venue's time.
    async fn clock(&self) -> Result<Time, QueryFailed>;

    /// Every date of the venue's own calendar, from a date on, in order; nothing when it has no calendar of such a
    /// market. Asked at every start, and held against ours.
    async fn days(
        &self,
        class: AssetClass,
        from: NaiveDate,
        count: u32,
    ) -> Result<Option<Vec<VenueDay>>, QueryFailed>;

    /// Which account this is. Asked at every start; another one than the book's stops the program.
    async fn identity(&self) -> Result<AccountRef, QueryFailed>;

    /// Sends an order, once. `mark` is a place in the venue's log that lies before it.
    async fn submit(&self, intent: &Intent, mark: Cursor) -> SubmitOutcome;

    /// Asks for an order to be cancelled, once.
    async fn cancel(&self, order: ClientOrderId) -> CancelOutcome;

    /// Asks the venue to close all that is held of an instrument, however little, in an order of the venue's own. Asked
    /// twice, it closes no more: what is gone is gone. [`CancelOutcome::TooLate`] says that nothing is held.
    async fn close(&self, key: Key) -> CancelOutcome;

    /// Looks for an order in the venue's own records. `mark` is the one it was sent with, `sent` the time in
    /// which it can have arrived.
    async fn find(
        &self,
        order: ClientOrderId,
        mark: Cursor,
        sent: SentWindow,
    ) -> Result<Finding, QueryFailed>;

    /// Every order that is live in the account, whoever placed it.
    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed>;

    /// Everything that is held.
    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed>;

    /// The account as it stands.
    async fn account(&self) -> Result<Account, QueryFailed>;

    /// The venue's log from a place on; from its beginning without one.
    async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed>;

    /// Waits until the venue hints that there is something to read. A hint is never a fact. Venues without a
    /// stream wait for ever; the runner's timer is the backstop.
    async fn hint(&self);
}

/// A source of prices: a broker's data, or files.
#[async_trait]
pub trait Quotes: Send + Sync {
    /// The latest quote of an instrument, with the time of its data; nothing when there is none.
    async fn quote(&self, key: Key) -> Result<Option<Quote>, QueryFailed>;

    /// The daily bars of an instrument that closed from `from` up to `to`, in order, as they were traded: prices
    /// before a split are not adjusted.
    async fn bars(&self, key: Key, from: Time, to: Time) -> Result<Vec<Bar>, QueryFailed>;
}

// Both are used as trait objects: the venue is chosen at run time.
fn _object_safe(_: &dyn Broker, _: &dyn Quotes) {}
