//! One account at Alpaca behind the port [`Broker`], call by call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use broker_api::{
    Account, AccountRef, Activity, AssetClass, Broker, CancelOutcome, Capabilities, ClientOrderId, Code,
    Cursor, Finding, Instrument, Intent, Key, Mode, OpenOrder, Proof, QueryFailed, SentWindow, SubmitOutcome,
    Symbol, Time, VenueDay, VenueEvent, VenueId, VenueOrderId, VenuePosition,
};
use chrono::{Days, NaiveDate, TimeDelta};
use reqwest::Method;

use crate::capabilities::capabilities;
use crate::classify;
use crate::config::{Config, Feed};
use crate::convert;
use crate::log::{self, Memory, Place};
use crate::orders::Status;
use crate::stream;
use crate::transport::{Failure, Request, StartError, Transport, lock, tls};
use crate::wire::{self, NewOrder};
use broker_http::{Clock, Priority};

/// One account at Alpaca. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Alpaca(pub(crate) Arc<Inside>);

pub(crate) struct Inside {
    pub(crate) venue: VenueId,
    pub(crate) mode: Mode,
    host: String,
    has_fractions: bool,
    pub(crate) feed: Feed,
    capabilities: Capabilities,
    pub(crate) transport: Transport,
    pub(crate) stream: stream::Handle,
    pub(crate) memory: tokio::sync::Mutex<Memory>,
    pub(crate) known: Mutex<Known>,
    /// The pairs of coins as they were listed last.
    pub(crate) coins: tokio::sync::Mutex<Option<(Time, Arc<[wire::Asset]>)>>,
}

/// What was learnt.
#[derive(Default)]
pub(crate) struct Known {
    /// Alpaca's names of our orders.
    ids: BTreeMap<ClientOrderId, String>,
    /// Since when an order that is asked about was not there.
    silent: BTreeMap<ClientOrderId, (SentWindow, Time)>,
    /// Pairs of coins, by their name without the slash.
    pub(crate) coins: BTreeMap<String, Symbol>,
    /// What the account said last that it may do.
    may: Option<convert::May>,
}

/// How many names are kept. One that is forgotten is asked for again.
const KNOWN_MAX: usize = 10_000;
const BAD_REQUEST: Code = Code::fixed("bad_request");
const NOT_FRACTIONABLE: Code = Code::fixed("not_fractionable");

impl fmt::Debug for Alpaca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Alpaca({} at {})", self.0.venue, self.0.host)
    }
}

/// An order that would be refused however often it came: it is refused here, and nothing is sent.
fn breaks_a_rule(code: Code, why: &str) -> SubmitOutcome {
    SubmitOutcome::Refused { code, text: format!("not sent: {why}").into() }
}

impl Alpaca {
    /// An account, not spoken to yet.
    ///
    /// # Errors
    /// The system has no certificates to trust, and a host needs them.
    pub fn new(config: Config, clock: Clock) -> Result<Self, StartError> {
        let tls = tls(config.needs_tls())?;
        let transport = Transport::new(&config, tls.clone(), Arc::clone(&clock))?;
        let authenticate = config.credentials.authenticate();
        Ok(Self(Arc::new(Inside {
            venue: config.venue,
            mode: config.mode,
            host: config.trading.host,
            has_fractions: config.has_fractions,
            feed: config.feed,
            capabilities: capabilities(),
            transport,
            stream: stream::Handle::new(config.stream, tls, authenticate, clock),
            memory: tokio::sync::Mutex::default(),
            known: Mutex::default(),
            coins: tokio::sync::Mutex::default(),
        })))
    }

    /// Sends an order in Alpaca's own words, once, before anything that is not urgent when `is_urgent`. For programs that
    /// want what an intent cannot say: money instead of units, hours outside the session, or a pair that closes.
    pub async fn place(&self, order: &NewOrder, is_urgent: bool) -> SubmitOutcome {
        if let Err(why) = order.check() {
            return breaks_a_rule(BAD_REQUEST, &why);
        }
        let body = match serde_json::to_vec(order) {
            Ok(body) => body,
            Err(why) => return SubmitOutcome::NotSent { why: why.to_string().into() },
        };
        let priority = if is_urgent { Priority::Urgent } else { Priority::Order };
        let request =
            Request { method: Method::POST, body: Some(body), ..Request::get("/v2/orders").first(priority) };
        let answer = match self.0.transport.exchange(request).await {
            Ok(answer) => answer,
            Err(failure @ (Failure::NotSent(_) | Failure::Full(_))) => {
                return SubmitOutcome::NotSent { why: failure.to_string().into() };
            }
            Err(Failure::Lost(why)) => return SubmitOutcome::Unknown { why: why.into() },
        };
        if !answer.is_success() {
            return classify::submitted(&answer);
        }
        match serde_json::from_slice::<wire::Order>(&answer.body) {
            Ok(made) if made.client_order_id.as_deref() == Some(order.client_order_id.as_str()) => {
                self.learn(order.client_order_id, &made.id);
                self.0.transport.learn(order.client_order_id, &made);
                SubmitOutcome::Accepted { venue_order: VenueOrderId::new(&made.id).ok() }
            }
            Ok(made) => {
                let why =
                    format!("POST /v2/orders: answered with the order {}, which has another name", made.id);
                SubmitOutcome::Unknown { why: why.into() }
            }
            Err(why) => {
                let why =
                    format!("POST /v2/orders: {} with a body that cannot be read ({why})", answer.status);
                SubmitOutcome::Unknown { why: why.into() }
            }
        }
    }

    /// Why an entry for a part of a share is not sent; what is held may be closed whole, however little it is.
    fn unwanted_fraction(&self, intent: &Intent) -> Option<&'static str> {
        let is_stock = !intent.key.symbol.as_str().contains('/');
        let is_fraction = is_stock && !intent.qty.get().fract().is_zero();
        (is_fraction && !self.0.has_fractions && !intent.purpose.is_reducing())
            .then_some("parts of a share are switched off (Config::with_fractions)")
    }

    fn learn(&self, name: ClientOrderId, id: &str) {
        let mut known = lock(&self.0.known);
        if known.ids.len() >= KNOWN_MAX {
            known.ids.clear();
        }
        known.ids.insert(name, id.to_owned());
        known.silent.remove(&name);
    }

    async fn account_row(&self) -> Result<wire::Account, QueryFailed> {
        let row = self.0.transport.read(Request::get("/v2/account")).await?;
        lock(&self.0.known).may = Some(convert::may(&row));
        Ok(row)
    }

    /// What the account may do; it is asked when it was not yet.
    async fn may(&self) -> Result<convert::May, QueryFailed> {
        let said = lock(&self.0.known).may;
        match said {
            Some(may) => Ok(may),
            None => Ok(convert::may(&self.account_row().await?)),
        }
    }

    fn identify(&self, row: &wire::Account) -> Result<AccountRef, QueryFailed> {
        convert::identity(self.0.venue, self.0.mode, &self.0.host, row)
    }

    /// The order in the list of all since it can have been sent.
    async fn listed(
        &self,
        order: ClientOrderId,
        sent: SentWindow,
    ) -> Result<Option<wire::Order>, QueryFailed> {
        let after = sent.from - TimeDelta::minutes(1);
        let listed = self.0.transport.orders(Status::All, false, Some(after), None, Priority::Order).await?;
        Ok(listed.into_iter().find(|row| convert::name(row) == Ok(order)))
    }

    /// Since when an order is silent in the time of this attempt: since it was first asked about and not there.
    fn silent_since(&self, order: ClientOrderId, sent: SentWindow) -> Time {
        let now = self.0.transport.now();
        let mut known = lock(&self.0.known);
        if known.silent.len() >= KNOWN_MAX {
            known.silent.clear();
        }
        let entry = known.silent.entry(order).or_insert((sent, now));
        if entry.0 != sent {
            *entry = (sent, now);
        }
        entry.1
    }
}

#[async_trait]
impl Broker for Alpaca {
    fn id(&self) -> VenueId {
        self.0.venue
    }

    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        let asset = if symbol.as_str().contains('/') {
            // A slash cannot stand in a path.
            self.coin(symbol).await?
        } else {
            self.0.transport.ask(Request::get(format!("/v2/assets/{symbol}"))).await?
        };
        match asset {
            Some(asset) => convert::instrument(self.0.venue, &asset, self.0.has_fractions, self.may().await?),
            None => Ok(None),
        }
    }

    async fn clock(&self) -> Result<Time, QueryFailed> {
        let clock: wire::ClockNow = self.0.transport.read(Request::get("/v2/clock")).await?;
        Ok(clock.timestamp)
    }

    async fn days(
        &self,
        class: AssetClass,
        from: NaiveDate,
        count: u32,
    ) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        // Coins trade around the clock, and currencies not at all here.
        if class != AssetClass::Equity {
            return Ok(None);
        }
        let last = from.checked_add_days(Days::new(u64::from(count.max(1) - 1))).unwrap_or(from);
        Ok(Some(convert::days(&self.calendar(from, last).await?, from, count)?))
    }

    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        self.identify(&self.account_row().await?)
    }

    async fn submit(&self, intent: &Intent, _mark: Cursor) -> SubmitOutcome {
        if let Some(why) = self.unwanted_fraction(intent) {
            return breaks_a_rule(NOT_FRACTIONABLE, why);
        }
        match NewOrder::from_intent(intent) {
            Ok(order) => self.place(&order, intent.purpose.is_reducing()).await,
            Err(why) => breaks_a_rule(BAD_REQUEST, &why),
        }
    }

    async fn cancel(&self, order: ClientOrderId) -> CancelOutcome {
        let known = lock(&self.0.known).ids.get(&order).cloned();
        let id = match known {
            Some(id) => id,
            None => match self.0.transport.order_of_ours(order, Priority::Urgent).await {
                Ok(Some(row)) if convert::end(&row.status).is_some() => return CancelOutcome::TooLate,
                Ok(Some(row)) => {
                    // A leg that wakes is replaced by one of another id.
                    if convert::leg_of(order).is_none() {
                        self.learn(order, &row.id);
                    }
                    row.id
                }
                Ok(None) => {
                    let why = format!("Alpaca knows no order {order}, so there is nothing to cancel yet");
                    return CancelOutcome::NotSent { why: why.into() };
                }
                Err(failed) => return CancelOutcome::NotSent { why: failed.why },
            },
        };
        let request = Request {
            method: Method::DELETE,
            ..Request::get(format!("/v2/orders/{id}")).first(Priority::Urgent)
        };
        match self.0.transport.exchange(request).await {
            Ok(answer) => classify::cancelled(&answer),
            Err(failure @ (Failure::NotSent(_) | Failure::Full(_))) => {
                CancelOutcome::NotSent { why: failure.to_string().into() }
            }
            Err(Failure::Lost(why)) => CancelOutcome::Unknown { why: why.into() },
        }
    }

    // Its order has a name of Alpaca's own; what is closed once is not there to be closed again.
    async fn close(&self, key: Key) -> CancelOutcome {
        let symbol = key.symbol.as_str().replace('/', "");
        let request = Request {
            method: Method::DELETE,
            ..Request::get(format!("/v2/positions/{symbol}")).first(Priority::Urgent)
        };
        match self.0.transport.exchange(request).await {
            Ok(answer) => classify::closed(&answer),
            Err(failure @ (Failure::NotSent(_) | Failure::Full(_))) => {
                CancelOutcome::NotSent { why: failure.to_string().into() }
            }
            Err(Failure::Lost(why)) => CancelOutcome::Unknown { why: why.into() },
        }
    }

    // Its own id first; then the list, since a lookup right after an order was lost has been seen to miss it.
    async fn find(
        &self,
        order: ClientOrderId,
        _mark: Cursor,
        sent: SentWindow,
    ) -> Result<Finding, QueryFailed> {
        let found = match self.0.transport.order_of_ours(order, Priority::Order).await? {
            Some(row) => Some(row),
            None => self.listed(order, sent).await?,
        };
        match found {
            Some(row) => {
                if convert::leg_of(order).is_none() {
                    self.learn(order, &row.id);
                }
                Ok(Finding::Found { order: convert::venue_order(&row)? })
            }
            None => Ok(Finding::Absent { proof: Proof::Silence { since: self.silent_since(order, sent) } }),
        }
    }

    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        let open = self.0.transport.open().await?;
        open.iter().map(|(order, parent)| convert::open_order(self.0.venue, order, *parent)).collect()
    }

    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        let rows: Vec<wire::Position> = self.0.transport.read(Request::get("/v2/positions")).await?;
        let mut positions = Vec::new();
        for row in &rows {
            positions.push(convert::position(self.0.venue, self.canonical(row).await?, row)?);
        }
        Ok(positions)
    }

    async fn account(&self) -> Result<Account, QueryFailed> {
        let row = self.account_row().await?;
        convert::account(self.identify(&row)?, &row, self.0.transport.now())
    }

    async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed> {
        let since = cursor.map(Place::read).transpose()?;
        let is_amended = self.0.stream.take_amended();
        let activity = log::read(self, since, is_amended).await?;
        let fills = activity.events.iter().filter_map(|event| match event {
            VenueEvent::Filled(fill) => Some(fill.at),
            _ => None,
        });
        if let Some(newest) = fills.max().filter(|at| since.is_some_and(|since| *at > since.seen)) {
            self.0.stream.log_told(newest);
        }
        Ok(activity)
    }

    async fn hint(&self) {
        self.0.stream.hint().await;
    }
}

impl Alpaca {
    /// The calendar's rows from a date to another.
    pub(crate) async fn calendar(
        &self,
        from: NaiveDate,
        last: NaiveDate,
    ) -> Result<Vec<wire::CalendarRow>, QueryFailed> {
        let request =
            Request::get("/v2/calendar").with("start", from.to_string()).with("end", last.to_string());
        self.0.transport.read(request).await
    }
}
