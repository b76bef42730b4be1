//! Venues that lie in one point each: what a case is worth is seen at the one that lies in its point.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use broker_api::intent::{Limit, Stop};
use broker_api::{
    Account, AccountRef, Activity, Amount, AssetClass, Broker, CancelOutcome, Capabilities, ClientOrderId,
    Cursor, End, Fill, Finding, Held, Instrument, Intent, OpenOrder, OrderKind, Price, Proof, Qty,
    QueryFailed, SentWindow, Side, SubmitOutcome, Symbol, Time, TimeInForce, VenueDay, VenueEvent, VenueId,
    VenueOrder, VenuePosition,
};
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::lies::Lie;

/// What a liar remembers.
#[derive(Default)]
pub(super) struct Memory {
    sent: Vec<ClientOrderId>,
    cancelled: Vec<ClientOrderId>,
    asked: Option<ClientOrderId>,
    readings: u32,
    place: Option<Cursor>,
    told: (Vec<VenueEvent>, u32),
    began: Option<Time>,
    account: Option<Account>,
    legs: BTreeMap<ClientOrderId, OpenOrder>,
    pub(super) restarted: bool,
    pub(super) has_lost_stream: bool,
    has_hinted: bool,
}

/// See the module.
pub(super) struct Liar {
    pub(super) inner: Arc<dyn Broker>,
    pub(super) lie: Lie,
    pub(super) memory: Arc<Mutex<Memory>>,
    pub(super) capabilities: Capabilities,
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("what a test says")
}

impl Liar {
    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().expect("nobody panics with it")
    }

    fn told(&self, fill: &Fill) -> Fill {
        let worse = Decimal::from(20) * if fill.side == Side::Buy { Decimal::ONE } else { -Decimal::ONE };
        match self.lie {
            Lie::WorsePrices => {
                Fill { price: Price::new(fill.price.get() + worse).expect("a price"), ..*fill }
            }
            Lie::LosesNames => Fill { order: number("somebody-elses"), ..*fill },
            Lie::OneExecution => Fill { execution: number("x"), ..*fill },
            Lie::TellsHalf => {
                Fill { qty: Qty::new(fill.qty.get() / Decimal::TWO).expect("a quantity"), ..*fill }
            }
            _ => *fill,
        }
    }

    fn event(&self, event: &VenueEvent) -> Option<VenueEvent> {
        match event {
            VenueEvent::Filled(_) if self.lie == Lie::HidesFills => None,
            VenueEvent::Busted { .. } if self.lie == Lie::HidesBusts => None,
            VenueEvent::Filled(fill) => Some(VenueEvent::Filled(self.told(fill))),
            event => Some(*event),
        }
    }

    fn order(&self, id: ClientOrderId, order: VenueOrder) -> VenueOrder {
        let is_part = order.end.is_none() && !order.filled.is_zero();
        match self.lie {
            Lie::EndsResting if order.end.is_none() => VenueOrder { end: Some(End::Cancelled), ..order },
            Lie::PartIsWhole if is_part => VenueOrder { filled: number("10"), ..order },
            Lie::ForgetsParts if order.end.is_some() => VenueOrder { filled: Qty::ZERO, ..order },
            Lie::FindsEverything => VenueOrder { end: None, ..order },
            Lie::PartsLiveOn if order.end == Some(End::Expired) => VenueOrder { end: None, ..order },
            Lie::CancelsAtOnce if self.memory().asked == Some(id) => {
                VenueOrder { end: Some(End::Cancelled), ..order }
            }
            Lie::ExecutesInTheNight => VenueOrder { end: Some(End::Filled), filled: number("10"), ..order },
            Lie::ExecutesCancelled if order.end == Some(End::Cancelled) => {
                let mut memory = self.memory();
                if memory.cancelled.contains(&id) {
                    return VenueOrder { end: Some(End::Filled), filled: number("10"), ..order };
                }
                memory.cancelled.push(id);
                order
            }
            _ if self.memory().cancelled.contains(&id) => VenueOrder { end: None, ..order },
            _ => order,
        }
    }
}

#[async_trait]
impl Broker for Liar {
    fn id(&self) -> VenueId {
        self.inner.id()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        let rules = self.inner.instrument(symbol).await?;
        match self.lie {
            Lie::KnowsEverything => self.inner.instrument(number("AAPL")).await,
            Lie::BadRules => {
                Ok(rules.map(|rules| Instrument { qty_min: number("1.5"), lot: number("1"), ..rules }))
            }
            _ => Ok(rules),
        }
    }

    async fn clock(&self) -> Result<Time, QueryFailed> {
        let now = self.inner.clock().await?;
        let began = *self.memory().began.get_or_insert(now);
        Ok(if self.lie == Lie::TimeStands { began } else { now })
    }

    async fn days(
        &self,
        class: AssetClass,
        from: NaiveDate,
        count: u32,
    ) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        let days = self.inner.days(class, from, count).await?;
        Ok(days.map(|days| match self.lie {
            Lie::DaysTwice => days.iter().flat_map(|day| [*day, *day]).collect(),
            _ => days,
        }))
    }

    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        self.inner.identity().await.map_err(|why| match self.lie {
            Lie::KeysPass => QueryFailed { transient: true, ..why },
            _ => why,
        })
    }

    async fn submit(&self, intent: &Intent, mark: Cursor) -> SubmitOutcome {
        let mut intent = *intent;
        let is_second = {
            let mut memory = self.memory();
            let is_second = memory.sent.contains(&intent.id);
            memory.sent.push(intent.id);
            is_second
        };
        match (self.lie, intent.order) {
            (Lie::RenamesSecond, _) if is_second => {
                intent.id = number(&format!("{}9", intent.id));
            }
            (Lie::WakesAtOnce, OrderKind::Stop(_)) => intent.order = OrderKind::MARKET,
            (Lie::ForgetsLimit, OrderKind::StopLimit(order)) => {
                intent.order = OrderKind::Stop(Stop { trigger: order.trigger });
            }
            (Lie::DoesNotTrail, OrderKind::TrailingStop(_)) => {
                intent.order = OrderKind::Stop(Stop { trigger: number("98") });
            }
            (Lie::AlwaysGtc, _) => intent.tif = TimeInForce::Gtc,
            (Lie::AlwaysDay, _) => intent.tif = TimeInForce::Day,
            (Lie::ForgetsReduceOnly, _) => {
                (intent.reduce_only, intent.purpose) = (false, broker_api::Purpose::Entry);
            }
            (Lie::KeepsNothing, _) | (Lie::KeepsNoStops, OrderKind::Stop(_)) => {
                return SubmitOutcome::Refused { code: number("closed"), text: "closed".into() };
            }
            (Lie::HidesKinds, OrderKind::Limit(_)) => {
                intent.order = OrderKind::Limit(Limit { limit: number("89") });
            }
            _ => {}
        }
        match (self.lie, self.inner.submit(&intent, mark).await) {
            (
                Lie::RefusesNothing | Lie::KnowsEverything,
                SubmitOutcome::Refused { .. } | SubmitOutcome::NotSent { .. },
            ) => SubmitOutcome::Accepted { venue_order: None },
            (Lie::ThrottledIsUnknown, SubmitOutcome::Throttled { .. }) => {
                SubmitOutcome::Unknown { why: "429".into() }
            }
            (Lie::SilenceIsRefusal, SubmitOutcome::Unknown { why }) => {
                SubmitOutcome::Refused { code: number("timeout"), text: why }
            }
            (_, outcome) => outcome,
        }
    }

    async fn close(&self, key: broker_api::Key) -> CancelOutcome {
        match self.lie {
            Lie::KeepsPosition => CancelOutcome::Accepted,
            _ => self.inner.close(key).await,
        }
    }

    async fn cancel(&self, order: ClientOrderId) -> CancelOutcome {
        match self.lie {
            Lie::KeepsCancelled => {
                self.memory().cancelled.push(order);
                CancelOutcome::Accepted
            }
            Lie::LivesAgain => {
                let is_second = self.memory().asked.replace(order) == Some(order);
                if is_second {
                    self.memory().cancelled.push(order);
                }
                self.inner.cancel(order).await
            }
            Lie::LegsStay => {
                drop(self.open_orders().await);
                self.inner.cancel(order).await
            }
            Lie::CancelsAtOnce => {
                self.memory().asked = Some(order);
                self.inner.cancel(order).await
            }
            Lie::TakesEveryCancel => {
                self.inner.cancel(order).await;
                CancelOutcome::Accepted
            }
            _ => self.inner.cancel(order).await,
        }
    }

    async fn find(
        &self,
        order: ClientOrderId,
        mark: Cursor,
        sent: SentWindow,
    ) -> Result<Finding, QueryFailed> {
        let finding = self.inner.find(order, mark, sent).await?;
        let live = VenueOrder { venue_order: None, end: None, filled: Qty::ZERO };
        let restarted = self.memory().restarted;
        Ok(match (self.lie, finding) {
            (Lie::FindsNothing, _) if restarted => {
                Finding::Absent { proof: Proof::CompleteLog { from: mark, to: mark } }
            }
            (Lie::FindsEverything, Finding::Absent { .. } | Finding::NotYet { .. }) => {
                Finding::Found { order: live }
            }
            (_, Finding::Found { order: seen }) => Finding::Found { order: self.order(order, seen) },
            (_, finding) => finding,
        })
    }

    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        let mut open = self.inner.open_orders().await?;
        let mut memory = self.memory();
        for order in &open {
            if let Some(id) = order.id {
                memory.legs.insert(id, *order);
            }
        }
        match self.lie {
            Lie::OrphansLegs => open.iter_mut().for_each(|order| order.parent = None),
            Lie::LegsStay => open = memory.legs.values().copied().collect(),
            Lie::RenamesLegs => {
                let legs = open.iter_mut().filter(|order| order.parent.is_some());
                legs.enumerate().for_each(|(n, leg)| leg.id = Some(number(&format!("leg{n}"))));
            }
            Lie::HidesKinds => open.iter_mut().for_each(|order| order.kind = None),
            Lie::LosesNames => open.iter_mut().for_each(|order| order.id = None),
            _ => {}
        }
        Ok(open)
    }

    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        let mut all = self.inner.positions().await?;
        for position in &mut all {
            match self.lie {
                Lie::TurnsSign => position.held = Held::new(position.held.get().abs()).expect("what is held"),
                Lie::WrongAverage => position.average = number("77"),
                _ => {}
            }
        }
        if self.lie == Lie::ListsFlat && all.is_empty() {
            let key = broker_api::Key { venue: self.inner.id(), symbol: number("AAPL") };
            all.push(VenuePosition { key, held: number("1"), average: number("100") });
        }
        Ok(all)
    }

    async fn account(&self) -> Result<Account, QueryFailed> {
        let account = self.inner.account().await.map_err(|why| match self.lie {
            Lie::KeysPass => QueryFailed { transient: true, ..why },
            _ => why,
        })?;
        let first = *self.memory().account.get_or_insert(account);
        Ok(match self.lie {
            Lie::EquityStands => Account { equity: first.equity, ..account },
            Lie::PowerStands => Account { buying_power: first.buying_power, ..account },
            Lie::RefusesNothing => Account { buying_power: number::<Amount>("4000"), ..account },
            Lie::OtherAccount => {
                Account { of: AccountRef { account: number("another"), ..account.of }, ..account }
            }
            _ => account,
        })
    }

    async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed> {
        let (readings, restarted, is_deaf, is_later) = {
            let mut memory = self.memory();
            memory.readings += 1;
            // The first place that is read from is where the case began.
            let began = cursor.map(|cursor| *memory.place.get_or_insert(cursor));
            (memory.readings, memory.restarted, memory.has_lost_stream, began != cursor)
        };
        let from = if self.lie == Lie::BeginsAtTheEnd && cursor.is_none() && readings > 1 {
            Some(self.inner.activity_since(None).await?.cursor)
        } else {
            cursor
        };
        let mut read = self.inner.activity_since(from).await?;
        read.events = read.events.iter().filter_map(|event| self.event(event)).collect();
        match self.lie {
            Lie::SkipsOne if is_later && !read.events.is_empty() => drop(read.events.remove(0)),
            Lie::ForgetsNow => {
                let mut memory = self.memory();
                if memory.told.0 == read.events {
                    memory.told.1 += 1;
                } else {
                    memory.told = (read.events.clone(), 0);
                }
                if memory.told.1 >= 2 {
                    read.events.clear();
                }
            }
            Lie::ForgetsAtRestart if restarted && is_later => read.events.clear(),
            Lie::RestsOnItsStream if is_deaf => read.events.clear(),
            Lie::NeverComplete if is_later => read.complete = false,
            Lie::Backwards => read.events.reverse(),
            _ => {}
        }
        Ok(read)
    }

    async fn hint(&self) {
        self.inner.hint().await;
        let is_first = !std::mem::replace(&mut self.memory().has_hinted, true);
        if self.lie == Lie::HintsOnce && !is_first {
            std::future::pending::<()>().await;
        }
    }
}
