//! The venue behind the port: each call asks the fates first.

use std::future::pending;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use broker_api::{
    Account, AccountRef, Activity, Amount, AssetClass, Broker, CancelOutcome, Capabilities, ClientOrderId,
    Code, Cursor, End, Finding, Held, Instrument, Intent, Key, OpenOrder, QueryFailed, SentWindow,
    SubmitOutcome, Symbol, Time, VenueDay, VenueId, VenueOrder, VenuePosition,
};
use chrono::{NaiveDate, TimeDelta};

use super::manner::Search;
use super::market::{CANCELLED, cursor};
use super::{FaultyVenue, Request, locked, seconds};
use crate::fault::Fault;
use crate::place::{Place, Round};
use crate::truth::{Sending, Told};

const NO: Code = Code::fixed("told_so");

#[async_trait]
impl Broker for FaultyVenue {
    fn id(&self) -> VenueId {
        self.account.venue
    }

    fn capabilities(&self) -> &Capabilities {
        &self.manner.capabilities
    }

    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        Ok(self.catalog.find_symbol(symbol).and_then(|ix| self.catalog.get(ix)).cloned())
    }

    async fn clock(&self) -> Result<Time, QueryFailed> {
        Ok((self.clock)())
    }

    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        if self.is_out() { Err(self.failed()) } else { Ok(self.account) }
    }

    async fn submit(&self, intent: &Intent, _: Cursor) -> SubmitOutcome {
        let fault = self.ask_about(self.submit_place(intent), Some(intent.id));
        // What it has it does not refuse.
        let refuses = |fault: Option<Fault>| matches!(fault, Some(Fault::Refused | Fault::RefusedUnlisted));
        let fault =
            fault.filter(|fault| !refuses(Some(*fault)) || self.market().truth.find(intent.id).is_none());
        let (order, records, is_refused) = (intent.id, self.records(), refuses(fault));
        self.market().truth.sends.push(Sending { order, records, is_refused, is_duplicate: false });
        let request = Request { intent: *intent, trade: self.market().trade(intent.key) };
        let unknown = |why: &str| SubmitOutcome::Unknown { why: why.into() };
        match fault {
            Some(Fault::DiesBefore) => self.crash.die().await,
            Some(Fault::DiesAfter) => {
                self.arrives(&request, fault);
                self.crash.die().await
            }
            Some(Fault::DiesInFlight) => {
                self.arrives_late(&request);
                self.crash.die().await
            }
            Some(Fault::RequestLost) => pending().await,
            Some(Fault::RequestLate) => {
                self.arrives_late(&request);
                pending().await
            }
            Some(Fault::ReplyLost) => {
                self.arrives(&request, fault);
                pending().await
            }
            Some(Fault::ReplyLate) => {
                let answer = self.arrives(&request, fault);
                tokio::time::sleep(seconds(self.measure(1, 45))).await;
                answer
            }
            Some(Fault::Throttled) => {
                SubmitOutcome::Throttled { until: (self.clock)() + TimeDelta::seconds(self.measure(1, 20)) }
            }
            Some(Fault::Refused) => SubmitOutcome::Refused { code: NO, text: "not this one".into() },
            Some(Fault::RefusedUnlisted) => {
                SubmitOutcome::RefusedUnlisted { code: NO, text: "a refusal that stands in no table".into() }
            }
            Some(Fault::Ambiguous) => {
                if self.measure(0, 1) == 1 {
                    self.arrives(&request, fault);
                }
                unknown("503")
            }
            Some(Fault::Question) => unknown("it asks back, and took nothing"),
            Some(Fault::NotSent) => SubmitOutcome::NotSent { why: "no connection".into() },
            Some(Fault::DiesAnswered) => {
                self.is_doomed.store(true, Ordering::Relaxed);
                self.arrives(&request, fault)
            }
            Some(Fault::Broken) => SubmitOutcome::Broken { why: "it knows us no more".into() },
            _ => self.arrives(&request, fault),
        }
    }

    async fn cancel(&self, order: ClientOrderId) -> CancelOutcome {
        let fault = self.ask_about(self.cancel_place(order), Some(order));
        let done = || {
            let at = (self.clock)();
            let mut market = self.market();
            let Some(place) = market.truth.place(order) else {
                return CancelOutcome::NotSent { why: "no order of this name".into() };
            };
            if fault == Some(Fault::Overtaken) && market.truth.arrivals[place].end.is_none() {
                let intent = market.truth.arrivals[place].intent;
                if let Some(price) = market.price(intent.key, intent.side) {
                    market.fill(place, rust_decimal::Decimal::ONE, price, at);
                }
            }
            if market.truth.arrivals[place].end.is_some() {
                return CancelOutcome::TooLate;
            }
            if self.measure(0, 3) == 0 {
                market.truth.arrivals[place].cancelling = true;
            } else {
                market.close(place, End::Cancelled, CANCELLED, at);
            }
            CancelOutcome::Accepted
        };
        self.carries_out(fault, done).await
    }

    async fn find(
        &self,
        order: ClientOrderId,
        mark: Cursor,
        sent: SentWindow,
    ) -> Result<Finding, QueryFailed> {
        let now = (self.clock)();
        let stale = |seconds| now - self.manner.lag - TimeDelta::seconds(seconds);
        let until = match self.ask_about(self.find_place(order), Some(order)) {
            Some(Fault::DiesBefore | Fault::DiesAnswered) => self.crash.die().await,
            Some(Fault::ReplyLost) => pending().await,
            Some(Fault::Unreadable | Fault::NotSent) => return Err(self.failed()),
            Some(Fault::Partial) if self.manner.search == Search::List => {
                return Ok(Finding::NotYet { again_at: now + TimeDelta::seconds(30) });
            }
            // Only what may lag can be stale.
            Some(Fault::Stale) if self.manner.search == Search::List => stale(self.measure(1, 60)),
            _ => stale(0),
        };
        Ok(match self.shown(order, until) {
            Some(order) => Finding::Found { order },
            None => self.not_found(order, mark, sent, now),
        })
    }

    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        let fault = self.ask(Place::Orders);
        locked(&self.lists).has_orders = false;
        match fault {
            Some(Fault::DiesBefore) => self.crash.die().await,
            Some(Fault::Unreadable | Fault::NotSent) => return Err(self.failed()),
            _ => {}
        }
        let mut lists = locked(&self.lists);
        lists.has_orders = true;
        if fault == Some(Fault::Stale) {
            return Ok(lists.orders.clone());
        }
        let shown = |arrival: &crate::truth::Arrival| {
            let intent = arrival.intent;
            let parent = intent.id.leg_of().map(|(entry, _)| entry).filter(ClientOrderId::is_ours);
            OpenOrder {
                id: Some(intent.id),
                parent,
                key: intent.key,
                side: intent.side,
                qty: intent.qty,
                kind: Some(intent.order),
                order: VenueOrder { venue_order: None, end: None, filled: arrival.filled },
            }
        };
        lists.orders = self.market().truth.live().map(shown).collect();
        if fault == Some(Fault::Partial) {
            let place = self.measure(0, 5).unsigned_abs();
            return Ok(without(&lists.orders, place));
        }
        Ok(lists.orders.clone())
    }

    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        let fault = self.ask(Place::Positions);
        match fault {
            Some(Fault::DiesBefore) => self.crash.die().await,
            Some(Fault::Unreadable | Fault::NotSent) => return Err(self.failed()),
            _ => {}
        }
        let mut lists = locked(&self.lists);
        let records = self.records();
        let mut market = self.market();
        if fault != Some(Fault::Stale) {
            let shown = |(key, held): (&Key, &Held)| {
                let average = market.price(*key, broker_api::Side::Sell)?;
                Some(VenuePosition { key: *key, held: *held, average })
            };
            lists.positions =
                market.truth.held.iter().filter(|(_, held)| !held.is_flat()).filter_map(shown).collect();
        }
        let told = if fault == Some(Fault::Partial) {
            without(&lists.positions, self.measure(0, 5).unsigned_abs())
        } else {
            lists.positions.clone()
        };
        if let (true, Some(lists)) = (lists.has_orders, &mut market.truth.lists) {
            let held = told.iter().map(|position| (position.key, position.held)).collect();
            lists.push(Told { records, held });
        }
        Ok(told)
    }

    async fn close(&self, key: Key) -> CancelOutcome {
        if !self.manner.capabilities.closes_positions {
            return CancelOutcome::NotSent { why: "it closes nothing by itself".into() };
        }
        let fault = self.ask(Place::Cancel(Round::First));
        let done = || {
            let at = (self.clock)();
            if self.market().closes(key, at) { CancelOutcome::Accepted } else { CancelOutcome::TooLate }
        };
        self.carries_out(fault, done).await
    }

    async fn account(&self) -> Result<Account, QueryFailed> {
        match self.ask(Place::Account) {
            Some(Fault::DiesBefore) => self.crash.die().await,
            Some(Fault::Unreadable | Fault::NotSent) => return Err(self.failed()),
            Some(Fault::Stale) => {
                let told = *locked(&self.told);
                if let Some(told) = told {
                    return Ok(self.tells(told));
                }
            }
            _ => {}
        }
        let now = (self.clock)();
        let equity = self.market().equity().round_dp(2);
        let amount = |value| Amount::new(value).map_err(|_| self.failed());
        Ok(self.tells(Account {
            of: self.account,
            equity: amount(equity)?,
            balance: amount(equity)?,
            margin_used: Amount::ZERO,
            buying_power: amount(equity.max(rust_decimal::Decimal::ZERO))?,
            coin_power: None,
            previous_close: None,
            blocked: false,
            at: now,
        }))
    }

    async fn activity_since(&self, since: Option<Cursor>) -> Result<Activity, QueryFailed> {
        if self.is_doomed.load(Ordering::Relaxed) {
            self.crash.die().await;
        }
        let fault = self.ask(Place::Activity);
        let mut until = (self.clock)() - self.manner.lag;
        match fault {
            Some(Fault::DiesBefore | Fault::DiesAnswered) => self.crash.die().await,
            Some(Fault::Unreadable | Fault::NotSent) => return Err(self.failed()),
            Some(Fault::Stale) => until -= TimeDelta::seconds(self.measure(1, 60)),
            _ => {}
        }
        let market = self.market();
        let from = since.and_then(|place| place.as_str().parse::<usize>().ok()).unwrap_or(0);
        let mut to = market.end_of_log(until).max(from);
        let end = to;
        if fault == Some(Fault::Partial) {
            to = to.min(from + 1);
        }
        let again = if fault == Some(Fault::Duplicated) { 3 } else { 0 };
        let mut events: Vec<_> = market
            .truth
            .log
            .get(from.saturating_sub(again)..to)
            .unwrap_or_default()
            .iter()
            .map(|(_, e)| *e)
            .collect();
        let last = events.len();
        // Only things of different orders can change places, and never an execution with its bust.
        if fault == Some(Fault::Reordered)
            && last >= 2
            && let (Some(one), Some(other)) = (order_of(&events[last - 1]), order_of(&events[last - 2]))
            && one != other
        {
            events.swap(last - 1, last - 2);
        }
        let cursor = cursor(to).ok_or_else(|| self.failed())?;
        Ok(Activity { events, cursor, complete: to == end })
    }

    async fn days(&self, _: AssetClass, _: NaiveDate, _: u32) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        Ok(None)
    }

    async fn hint(&self) {
        pending::<()>().await;
    }
}

impl FaultyVenue {
    /// Tells what an account is, and remembers that it did.
    fn tells(&self, account: Account) -> Account {
        *locked(&self.told) = Some(account);
        let records = self.records();
        self.market().truth.told.push((records, account.equity.get()));
        account
    }
}

/// A list of which one row is missing.
fn without<T: Clone>(list: &[T], place: u64) -> Vec<T> {
    let gone = usize::try_from(place).ok().and_then(|place| place.checked_rem(list.len()));
    list.iter().enumerate().filter(|(n, _)| Some(*n) != gone).map(|(_, row)| row.clone()).collect()
}

fn order_of(event: &broker_api::VenueEvent) -> Option<ClientOrderId> {
    match event {
        broker_api::VenueEvent::Filled(fill) | broker_api::VenueEvent::Corrected { fill, .. } => {
            Some(fill.order)
        }
        broker_api::VenueEvent::Closed { order, .. } => Some(*order),
        broker_api::VenueEvent::Busted { .. } | broker_api::VenueEvent::NonTrade(_) => None,
    }
}
