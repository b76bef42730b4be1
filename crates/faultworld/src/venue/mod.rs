//! A venue that does what its manner says, and what the fates want done to it.

pub mod manner;
pub mod market;
mod port;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker_api::{
    Account, AccountRef, Brackets, CancelOutcome, Catalog, ClientOrderId, Cursor, End, Finding, Intent,
    OpenOrder, Proof, QueryFailed, SentWindow, SubmitOutcome, Time, TimeInForce, VenueOrder, VenueOrderId,
    VenuePosition,
};
use chrono::TimeDelta;
use engine::calendar::Calendar;
use rust_decimal::Decimal;
use state::{MemoryStore, Store};

use crate::crash::Crash;
use crate::fates::Fates;
use crate::fault::Fault;
use crate::place::{Doubt, Place, Round};
use crate::story::Story;
use manner::{Ids, Manner, Search};
use market::{EXPIRED, KILLED, Market, Rules, cursor};

/// An order on its way.
#[derive(Clone, Copy, Debug)]
struct Request {
    intent: Intent,
    /// What was held when it was made, by its number: what closes, closes that and nothing later.
    trade: u64,
}

/// Tells the venue's own time.
pub type VenueClock = Arc<dyn Fn() -> Time + Send + Sync>;

/// A venue as a broker.
#[derive(Clone)]
pub struct FaultyVenue {
    manner: Arc<Manner>,
    account: AccountRef,
    catalog: Arc<Catalog>,
    fates: Arc<Mutex<Fates>>,
    market: Arc<Mutex<Market>>,
    store: MemoryStore,
    clock: VenueClock,
    crash: Crash,
    /// Since when it was asked for what it does not know.
    silent: Arc<Mutex<BTreeMap<ClientOrderId, Time>>>,
    /// The process dies with its next question: it has an answer in hand that it did not write down.
    is_doomed: Arc<AtomicBool>,
    /// Until when nothing of it is reached.
    out_until: Arc<Mutex<Option<Time>>>,
    /// The orders that it was sent, and those that it was to cancel, whether that arrived or not.
    asked: Arc<Mutex<Asked>>,
    /// The orders that are on their way, although nobody waits for them any more.
    travelling: Arc<Mutex<BTreeMap<u64, Request>>>,
    /// What it last told of its account.
    told: Arc<Mutex<Option<Account>>>,
    /// What it last told of what is held and what is live.
    lists: Arc<Mutex<Lists>>,
    story: Story,
}

/// The lists that a venue told last.
#[derive(Debug, Default)]
struct Lists {
    positions: Vec<VenuePosition>,
    orders: Vec<OpenOrder>,
    /// The last reading of what is live had an answer.
    has_orders: bool,
}

/// What a venue was asked before.
#[derive(Debug, Default)]
struct Asked {
    sent: BTreeSet<ClientOrderId>,
    cancelled: BTreeSet<ClientOrderId>,
}

impl FaultyVenue {
    /// A venue of some manner.
    pub fn new(
        manner: Manner,
        account: AccountRef,
        catalog: Arc<Catalog>,
        market: Market,
        fates: Arc<Mutex<Fates>>,
        store: MemoryStore,
        clock: VenueClock,
    ) -> Self {
        let mut market = market;
        market.truth.frees_names = manner.ids == Ids::WhileLive;
        market.truth.lists = Some(Vec::new());
        let can = &manner.capabilities;
        market.rules = Rules {
            makes_legs: can.brackets != Brackets::None,
            binds: can.closing_binds,
            parts_end: can.parts_end_with_session,
            adjusts: manner.adjusts,
            reduces: can.reduce_only,
        };
        Self {
            manner: Arc::new(manner),
            account,
            catalog,
            fates,
            market: Arc::new(Mutex::new(market)),
            store,
            clock,
            crash: Crash::default(),
            silent: Arc::default(),
            is_doomed: Arc::default(),
            out_until: Arc::default(),
            asked: Arc::default(),
            travelling: Arc::default(),
            told: Arc::default(),
            lists: Arc::default(),
            story: Story::default(),
        }
    }

    /// The same venue, which tells what it is asked.
    #[must_use]
    pub fn telling(self, story: Story) -> Self {
        Self { story, ..self }
    }

    /// The same venue for another process.
    #[must_use]
    pub fn for_process(&self, crash: Crash) -> Self {
        Self { crash, is_doomed: Arc::default(), ..self.clone() }
    }

    /// Its own side.
    pub fn market(&self) -> MutexGuard<'_, Market> {
        locked(&self.market)
    }

    /// Its own time.
    pub fn now(&self) -> Time {
        (self.clock)()
    }

    /// Nothing of it is reached until then.
    pub fn goes_out(&self, until: Option<Time>) {
        *locked(&self.out_until) = until;
    }

    fn is_out(&self) -> bool {
        locked(&self.out_until).is_some_and(|until| (self.clock)() < until)
    }

    fn ask(&self, place: Place) -> Option<Fault> {
        self.ask_about(place, None)
    }

    fn ask_about(&self, place: Place, order: Option<ClientOrderId>) -> Option<Fault> {
        let fault = locked(&self.fates).ask(place);
        let fault = fault.or_else(|| self.is_out().then_some(Fault::NotSent));
        self.story.tell(|| {
            let about = order.map_or_else(String::new, |order| format!(" {order}"));
            let what = fault.map_or("goes well", Fault::as_str);
            format!("{}  to {}: {place}{about}: {what}", (self.clock)().format("%H:%M:%S"), self.manner.name)
        });
        fault
    }

    /// An order is sent: for the first time, or again.
    fn submit_place(&self, intent: &Intent) -> Place {
        let is_new = locked(&self.asked).sent.insert(intent.id);
        Place::Submit(intent.purpose, if is_new { Round::First } else { Round::Again })
    }

    fn cancel_place(&self, order: ClientOrderId) -> Place {
        let is_new = locked(&self.asked).cancelled.insert(order);
        Place::Cancel(if is_new { Round::First } else { Round::Again })
    }

    fn find_place(&self, order: ClientOrderId) -> Place {
        let is_cancelled = locked(&self.asked).cancelled.contains(&order);
        Place::Find(if is_cancelled { Doubt::Cancelling } else { Doubt::Unknown })
    }

    /// What becomes of a cancel, and of a closing that was asked for, as a fault has it.
    async fn carries_out(&self, fault: Option<Fault>, done: impl Fn() -> CancelOutcome) -> CancelOutcome {
        match fault {
            Some(Fault::DiesBefore) => self.crash.die().await,
            Some(Fault::DiesAfter | Fault::DiesAnswered) => {
                done();
                self.crash.die().await
            }
            Some(Fault::RequestLost) => pending().await,
            Some(Fault::ReplyLost) => {
                done();
                pending().await
            }
            Some(Fault::ReplyLate) => {
                let answer = done();
                tokio::time::sleep(seconds(self.measure(1, 45))).await;
                answer
            }
            Some(Fault::NotSent) => CancelOutcome::NotSent { why: "no connection".into() },
            _ => done(),
        }
    }

    fn measure(&self, first: i64, last: i64) -> i64 {
        locked(&self.fates).measure().between(first, last)
    }

    fn records(&self) -> u64 {
        self.store.head().ok().flatten().map_or(0, |row| row.seq)
    }

    /// The order arrives: it is taken, or the venue says that it has one of this name, or that its last moment has passed,
    /// or that what it closes is closed.
    fn arrives(&self, request: &Request, fault: Option<Fault>) -> SubmitOutcome {
        let Request { intent, trade } = *request;
        let (at, records) = ((self.clock)(), self.records());
        let mut market = self.market();
        let no = |code| SubmitOutcome::Refused { code, text: "too late".into() };
        if matches!(intent.tif, TimeInForce::Gtd(last) if last < at) {
            return no(EXPIRED);
        }
        if self.manner.ids == Ids::WhileLive && intent.reduce_only && trade != market.trade(intent.key) {
            return no(KILLED);
        }
        let is_taken = match self.manner.ids {
            Ids::ForEver => market.truth.find(intent.id).is_some(),
            Ids::WhileLive => market.truth.find(intent.id).is_some_and(|arrival| arrival.end.is_none()),
        };
        if is_taken {
            if let Some(sending) = market.truth.sends.iter_mut().rev().find(|s| s.order == intent.id) {
                sending.is_duplicate = true;
            }
            return SubmitOutcome::Duplicate { text: "this name is taken".into() };
        }
        if market.is_bound(&intent) || self.is_too_little(&market, &intent) {
            return SubmitOutcome::Refused { code: KILLED, text: "not so much of it is free".into() };
        }
        let place = market.accept(intent, records, fault == Some(Fault::PartFilled), at);
        if fault == Some(Fault::KilledOnArrival) {
            market.close(place, End::Cancelled, KILLED, at);
        }
        SubmitOutcome::Accepted { venue_order: VenueOrderId::new(&format!("v{place}")).ok() }
    }

    /// Whether it is less than the venue takes an order for.
    fn is_too_little(&self, market: &Market, intent: &Intent) -> bool {
        let least = market.listed.get(&intent.key).map_or(Decimal::ZERO, |listed| listed.lot);
        self.manner.capabilities.closes_positions && intent.qty.get() < least
    }

    /// It arrives although nobody waits for it any more.
    fn arrives_late(&self, request: &Request) {
        let is_leg = request.intent.purpose.is_protective();
        let most = if is_leg { self.manner.leg_late_max } else { self.manner.late_max };
        let request = Request { intent: request.intent, trade: request.trade };
        let (venue, after) = (self.clone(), self.measure(1, most.num_seconds().max(1)));
        let number = {
            let mut travelling = locked(&self.travelling);
            let number = travelling.last_key_value().map_or(0, |(last, _)| last + 1);
            travelling.insert(number, request);
            number
        };
        tokio::spawn(async move {
            tokio::time::sleep(seconds(after)).await;
            let request = locked(&venue.travelling).remove(&number);
            if let Some(request) = request {
                drop(venue.arrives(&request, None));
            }
        });
    }

    /// What is on its way arrives now.
    pub fn all_arrive(&self) {
        let travelling = std::mem::take(&mut *locked(&self.travelling));
        for request in travelling.into_values() {
            drop(self.arrives(&request, None));
        }
    }

    /// Whether it is being looked after: it answers, and knows nothing. What it says of itself is a minute wider on each
    /// side, since clocks differ.
    fn is_looked_after(&self, now: Time) -> bool {
        let lies = |at| {
            let blackouts = &self.manner.capabilities.blackouts;
            blackouts.iter().any(|blackout| Calendar::new().blackout(blackout, at).is_some())
        };
        lies(now - TimeDelta::minutes(1)) && lies(now + TimeDelta::minutes(1))
    }

    fn shown(&self, order: ClientOrderId, until: Time) -> Option<VenueOrder> {
        if self.is_looked_after((self.clock)()) {
            return None;
        }
        let market = self.market();
        let arrival = market.truth.find(order).filter(|arrival| arrival.at <= until)?;
        Some(VenueOrder { venue_order: None, end: arrival.end, filled: arrival.filled })
    }

    fn not_found(&self, order: ClientOrderId, mark: Cursor, sent: SentWindow, now: Time) -> Finding {
        let again_at = now + TimeDelta::seconds(5);
        let end = self.market().end_of_log(now - self.manner.lag);
        let Some(to) = cursor(end) else { return Finding::NotYet { again_at } };
        match self.manner.search {
            Search::Log => Finding::Absent { proof: Proof::CompleteLog { from: mark, to } },
            Search::ByName => {
                let since = *locked(&self.silent).entry(order).or_insert(now);
                Finding::Absent { proof: Proof::Silence { since } }
            }
            Search::Transactions => {
                let known_until = now - self.manner.lag;
                if known_until > sent.to + self.manner.capabilities.resolve.settle {
                    Finding::Absent { proof: Proof::FencePassed { fence: sent.to, to } }
                } else {
                    let again_at = sent.to + self.manner.capabilities.resolve.settle + self.manner.lag;
                    Finding::NotYet { again_at: again_at.max(now + TimeDelta::seconds(1)) }
                }
            }
            Search::List => Finding::NotYet { again_at: now + TimeDelta::seconds(30) },
        }
    }

    fn failed(&self) -> QueryFailed {
        QueryFailed { why: format!("{} does not answer", self.manner.name).into(), transient: true }
    }
}

fn seconds(count: i64) -> Duration {
    Duration::from_secs(count.unsigned_abs())
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
