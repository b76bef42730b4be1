//! The venue as one process reaches it: the adapter that trades, with what the fates want done laid out on its wire before
//! each call.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use broker_api::{
    Account, AccountRef, Activity, AssetClass, Broker, CancelOutcome, Capabilities, ClientOrderId, Cursor,
    ExecutionId, Finding, Instrument, Intent, OpenOrder, QueryFailed, SentWindow, SubmitOutcome, Symbol,
    Time, VenueDay, VenueEvent, VenueId, VenuePosition,
};
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::act::{self, Act, on_cancel, on_question, on_submit};
use super::table::Of;
use super::{Inside, locked};
use crate::crash::Crash;
use crate::fault::Fault;
use crate::place::{Doubt, Place, Round};
use crate::truth::Sending;

/// What a venue was asked before, by any process.
#[derive(Debug, Default)]
pub(super) struct Asked {
    sent: BTreeSet<ClientOrderId>,
    cancelled: BTreeSet<ClientOrderId>,
}

/// One process's way to the venue.
pub(super) struct Process {
    pub(super) inside: Arc<Inside>,
    /// The adapter.
    pub(super) adapter: Arc<dyn Broker>,
    /// The same before a port at which nobody listens.
    pub(super) nowhere: Arc<dyn Broker>,
    pub(super) crash: Crash,
    /// The executions that it was told, while it can read on.
    pub(super) told: Mutex<BTreeSet<ExecutionId>>,
    /// It dies with its next question: it has an answer in hand that it did not write down.
    pub(super) is_doomed: AtomicBool,
}

/// A call on its way: a sign of life at its beginning and at its end.
struct Call<'a>(&'a Inside);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.pace.moved();
    }
}

impl Process {
    /// Asks the fates; tells which adapter the call goes through.
    fn call(&self, place: Place, order: Option<ClientOrderId>) -> (Option<Fault>, &dyn Broker, Call<'_>) {
        let fault = locked(&self.inside.fates).ask(place);
        self.inside.story.tell(|| {
            let about = order.map_or_else(String::new, |order| format!(" {order}"));
            let what = fault.map_or("goes well", Fault::as_str);
            format!("{}  to {}: {place}{about}: {what}", self.inside.now().format("%H:%M:%S"), self.id())
        });
        let (adapter, call) = self.plain(fault == Some(Fault::NotSent));
        (fault, adapter, call)
    }

    /// The adapter of a call that nobody asks the fates about.
    fn plain(&self, is_nowhere: bool) -> (&dyn Broker, Call<'_>) {
        self.inside.pace.moved();
        let is_nowhere = is_nowhere || self.inside.is_out();
        if is_nowhere {
            locked(&self.inside.table).count(act::REFUSED);
        }
        (if is_nowhere { &*self.nowhere } else { &*self.adapter }, Call(&self.inside))
    }

    fn is_there(&self, order: ClientOrderId) -> bool {
        self.inside.market().truth.find(order).is_some()
    }

    fn submit_act(&self, fault: Option<Fault>, intent: &Intent) -> Option<Act> {
        // What it has it does not refuse.
        let is_no = matches!(fault, Some(Fault::Refused | Fault::RefusedUnlisted));
        let fault = fault.filter(|_| !is_no || !self.is_there(intent.id))?;
        let lot = self.inside.market().listed.get(&intent.key).map_or(Decimal::ONE, |listed| listed.lot);
        let [late_max, leg_late_max] = self.inside.late_max;
        let late_max = if intent.purpose.is_protective() { leg_late_max } else { late_max };
        let refusals = self.inside.house.refusals();
        on_submit(fault, intent, lot, late_max.num_seconds(), refusals, &mut self.inside.measure())
    }

    /// The process dies with the answer in hand, or goes on with it.
    async fn dies_or<T>(&self, fault: Option<Fault>, answer: T) -> T {
        if fault == Some(Fault::DiesAnswered) { self.crash.die().await } else { answer }
    }

    /// The price touches an order, and comes back.
    fn overtakes(&self, order: ClientOrderId) {
        let Some(arrival) = self.inside.market().truth.find(order).cloned() else { return };
        let [limit, trigger] = arrival.intent.order.prices();
        if let Some(price) = trigger.or(limit).filter(|_| arrival.end.is_none()) {
            locked(&self.inside.table).count(act::OVERTAKEN);
            let symbol = arrival.intent.key.symbol;
            drop(self.inside.control.set_price(symbol.as_str(), price.get()));
            self.inside.prices(true);
        }
    }
}

#[async_trait]
impl Broker for Process {
    fn id(&self) -> VenueId {
        self.adapter.id()
    }

    fn capabilities(&self) -> &Capabilities {
        self.adapter.capabilities()
    }

    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        let (adapter, _call) = self.plain(false);
        adapter.instrument(symbol).await
    }

    async fn clock(&self) -> Result<Time, QueryFailed> {
        let (adapter, _call) = self.plain(false);
        adapter.clock().await
    }

    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        let (adapter, _call) = self.plain(false);
        adapter.identity().await
    }

    async fn submit(&self, intent: &Intent, mark: Cursor) -> SubmitOutcome {
        let is_new = locked(&self.inside.asked).sent.insert(intent.id);
        let round = if is_new { Round::First } else { Round::Again };
        let (fault, adapter, _call) = self.call(Place::Submit(intent.purpose, round), Some(intent.id));
        if fault == Some(Fault::DiesBefore) {
            self.crash.die().await;
        }
        locked(&self.inside.mirror).known.given.insert(intent.id, *intent);
        let at = (Of::Submit, intent.id);
        if let Some(act) = self.submit_act(fault, intent) {
            locked(&self.inside.table).orders.insert(at, act);
        }
        let records = self.inside.records();
        let outcome = adapter.submit(intent, mark).await;
        let mut table = locked(&self.inside.table);
        table.orders.remove(&at);
        if matches!(outcome, SubmitOutcome::Throttled { .. }) {
            locked(&self.told).clear();
        }
        if matches!(outcome, SubmitOutcome::NotSent { .. }) {
            // The wire did not see it: a sending all the same.
            table.sends.push(Sending { order: intent.id, records, is_refused: false, is_duplicate: false });
        }
        drop(table);
        if fault == Some(Fault::DiesAnswered) {
            self.is_doomed.store(true, Ordering::Relaxed);
        }
        outcome
    }

    async fn close(&self, key: broker_api::Key) -> CancelOutcome {
        let (adapter, _call) = self.plain(false);
        adapter.close(key).await
    }

    async fn cancel(&self, order: ClientOrderId) -> CancelOutcome {
        let is_new = locked(&self.inside.asked).cancelled.insert(order);
        let round = if is_new { Round::First } else { Round::Again };
        let (fault, adapter, _call) = self.call(Place::Cancel(round), Some(order));
        match fault {
            Some(Fault::DiesBefore) => self.crash.die().await,
            Some(Fault::Overtaken) => self.overtakes(order),
            _ => {}
        }
        self.inside.reads();
        let act = fault.and_then(|fault| on_cancel(fault, &mut self.inside.measure()));
        if let Some(act) = act {
            locked(&self.inside.table).orders.insert((Of::Cancel, order), act);
        }
        let outcome = adapter.cancel(order).await;
        locked(&self.inside.table).orders.remove(&(Of::Cancel, order));
        self.dies_or(fault, outcome).await
    }

    async fn find(
        &self,
        order: ClientOrderId,
        mark: Cursor,
        sent: SentWindow,
    ) -> Result<Finding, QueryFailed> {
        let is_cancelled = locked(&self.inside.asked).cancelled.contains(&order);
        let doubt = if is_cancelled { Doubt::Cancelling } else { Doubt::Unknown };
        let (fault, adapter, _call) = self.call(Place::Find(doubt), Some(order));
        let mut dice = self.inside.measure();
        let act = fault.and_then(|fault| on_question(fault, &mut dice));
        // Where the log has it, it is not asked for by its name.
        let is_search = self.inside.house.searched().is_some() && dice.happens(750);
        let at = (if is_search { Of::Search } else { Of::Find }, order);
        if let Some(act) = act {
            locked(&self.inside.table).orders.insert(at, act);
        }
        let found = adapter.find(order, mark, sent).await;
        locked(&self.inside.table).orders.remove(&at);
        self.dies_or(fault, found).await
    }

    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        let (adapter, _call) = self.plain(false);
        adapter.open_orders().await
    }

    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        let (adapter, _call) = self.plain(false);
        adapter.positions().await
    }

    async fn account(&self) -> Result<Account, QueryFailed> {
        let (fault, adapter, _call) = self.call(Place::Account, None);
        if let Some(act) = fault.and_then(|fault| on_question(fault, &mut self.inside.measure())) {
            locked(&self.inside.table).account = Some(act);
        }
        locked(&self.inside.table).equity = None;
        let account = adapter.account().await;
        let equity = {
            let mut table = locked(&self.inside.table);
            table.account = None;
            table.equity.take()
        };
        if let (Ok(_), Some(equity)) = (&account, equity) {
            let records = self.inside.records();
            self.inside.market().truth.told.push((records, equity));
        }
        account
    }

    async fn activity_since(&self, since: Option<Cursor>) -> Result<Activity, QueryFailed> {
        if self.is_doomed.load(Ordering::Relaxed) {
            self.crash.die().await;
        }
        let (fault, adapter, _call) = self.call(Place::Activity, None);
        let mut dice = self.inside.measure();
        if let Some(act) = fault.and_then(|fault| on_question(fault, &mut dice)) {
            let is_later = dice.happens(500) && self.inside.house.asks_for_log() > 1;
            let others = u32::from(is_later);
            locked(&self.inside.table).log = Some((others, act));
        }
        let activity = adapter.activity_since(since).await;
        locked(&self.inside.table).log = None;
        if activity.is_err() {
            // What is not read now cannot be missed.
            locked(&self.told).clear();
        }
        if let Ok(activity) = &activity {
            let fills = activity.events.iter().filter_map(|event| match event {
                VenueEvent::Filled(fill) => Some(fill.execution),
                _ => None,
            });
            locked(&self.told).extend(fills);
        }
        self.dies_or(fault, activity).await
    }

    async fn days(
        &self,
        class: AssetClass,
        from: NaiveDate,
        count: u32,
    ) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        let (adapter, _call) = self.plain(false);
        adapter.days(class, from, count).await
    }

    async fn hint(&self) {
        self.adapter.hint().await;
    }
}
