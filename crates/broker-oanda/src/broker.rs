//! One account at OANDA behind the port [`Broker`], call by call.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use broker_api::{
    Account, AccountRef, Activity, AssetClass, Broker, CancelOutcome, Capabilities, ClientOrderId, Code,
    Cursor, Finding, Instrument, Intent, Key, OpenOrder, QueryFailed, SentWindow, SubmitOutcome, Symbol,
    Time, VenueDay, VenueId, VenueOrderId, VenuePosition, planted,
};
use broker_http::{Clock, Failure, Priority, StartError, lock, query_failed};
use chrono::NaiveDate;
use reqwest::Method;

use crate::classify::{self, Cancelled, Killed};
use crate::config::Config;
use crate::convert::{self, unreadable};
use crate::inside::Inside;
use crate::log;
use crate::search;
use crate::stream;
use crate::transport::Request;
use crate::wire::{self, Id, NewOrder, OrderType, Placed};

/// A pair that every account has.
const ANY_PAIR: &str = "EUR_USD";
/// How far back one looks for an order that a cancel did not find.
const LOOK_BACK: u64 = 1_000;
const BAD_REQUEST: Code = Code::fixed("bad_request");

/// One account at OANDA. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Oanda(pub(crate) Arc<Inside>);

impl fmt::Debug for Oanda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oanda({} at {})", self.0.venue, self.0.host)
    }
}

/// What was not heard.
fn unheard(failure: Failure) -> CancelOutcome {
    match failure {
        Failure::Lost(why) => CancelOutcome::Unknown { why: why.into() },
        not_sent => CancelOutcome::NotSent { why: not_sent.to_string().into() },
    }
}

impl Oanda {
    /// An account, not spoken to yet.
    ///
    /// # Errors
    /// The system has no certificates to trust, and a host needs them.
    pub fn new(config: Config, clock: Clock) -> Result<Self, StartError> {
        Ok(Self(Arc::new(Inside::new(config, clock)?)))
    }

    /// Sends an order in OANDA's own words, once, before anything that is not urgent when `is_urgent`. For programs that
    /// want what an intent cannot say: a bound, or an order that waits for a price on either side.
    pub async fn place(&self, order: &NewOrder, is_urgent: bool) -> SubmitOutcome {
        let rules = lock(&self.0.rules).get(&order.symbol).cloned();
        if let Err(why) = order.check(rules.as_ref()) {
            return SubmitOutcome::Refused { code: BAD_REQUEST, text: format!("not sent: {why}").into() };
        }
        let transport = &self.0.transport;
        let request = match transport.of_account("/orders").await {
            Ok(request) => request,
            Err(failed) => return SubmitOutcome::NotSent { why: failed.why },
        };
        let body = Some(order.json().to_string().into_bytes());
        let priority = if is_urgent { Priority::Urgent } else { Priority::Order };
        let request = Request { method: Method::POST, body, priority, ..request };
        let again = if planted!(MarketResent) { Some(request.clone()) } else { None };
        let mut answered = transport.exchange(request).await;
        if let (Err(Failure::Lost(_)), Some(again), OrderType::Market { .. }) = (&answered, again, order.kind)
        {
            answered = transport.exchange(again).await;
        }
        let answer = match answered {
            Ok(answer) => answer,
            Err(failure @ (Failure::NotSent(_) | Failure::Full(_))) => {
                return SubmitOutcome::NotSent { why: failure.to_string().into() };
            }
            Err(Failure::Lost(why)) => return SubmitOutcome::Unknown { why: why.into() },
        };
        if !(200..300).contains(&answer.status) {
            let text = transport.told(&answer);
            return classify::submitted(&answer, text);
        }
        match serde_json::from_slice::<Placed>(&answer.body) {
            Ok(placed) if placed.made.client() == Some(order.id.as_str()) => {
                self.0.memory.lock().await.learn(&placed.made);
                taken(&placed)
            }
            Ok(placed) => {
                let id = placed.made.id.0;
                let why = format!("POST /orders: answered with the order {id}, which has another name");
                SubmitOutcome::Unknown { why: why.into() }
            }
            Err(why) => {
                let why = format!("POST /orders: {} with a body that cannot be read ({why})", answer.status);
                SubmitOutcome::Unknown { why: why.into() }
            }
        }
    }

    /// What it means that no order of a name is pending.
    async fn not_pending(&self, order: ClientOrderId) -> CancelOutcome {
        if self.0.memory.lock().await.knows(order) {
            return CancelOutcome::TooLate;
        }
        // Another process may have seen it end.
        let recent = async {
            let (_, last) = self.0.summary().await?;
            let (rows, _) = search::since(&self.0, Id(last.0.saturating_sub(LOOK_BACK))).await?;
            search::seen(&rows, order)
        };
        match recent.await {
            Ok(Some(_)) => CancelOutcome::TooLate,
            Ok(None) => {
                let why = format!("OANDA has no order {order}, so there is nothing to cancel yet");
                CancelOutcome::NotSent { why: why.into() }
            }
            Err(failed) => CancelOutcome::NotSent { why: failed.why },
        }
    }
}

/// What came of an order that was made: it may be over already.
pub(crate) fn taken(placed: &Placed) -> SubmitOutcome {
    let made = &placed.made;
    let accepted = SubmitOutcome::Accepted { venue_order: VenueOrderId::new(&made.id.0.to_string()).ok() };
    let cancel = placed.cancelled.as_ref().filter(|row| row.order == Some(made.id));
    let Some(cancel) = cancel.filter(|_| placed.filled.is_none()) else { return accepted };
    let reason = cancel.reason.as_deref().unwrap_or("CANCELLED");
    let text: Box<str> = format!("201, and cancelled as it was made: {reason}").into();
    match classify::killed(made, reason) {
        Killed::Refused => SubmitOutcome::Refused { code: classify::code(reason), text },
        Killed::Duplicate => SubmitOutcome::Duplicate { text },
        Killed::Ended => accepted,
    }
}

#[async_trait]
impl Broker for Oanda {
    fn id(&self) -> VenueId {
        self.0.venue
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        let name = convert::instrument_name(symbol);
        let listed = self.0.listed().await?;
        let Some(row) = listed.iter().find(|row| row.name == name) else { return Ok(None) };
        let rules = convert::instrument(self.0.venue, row, self.0.facts().await?.least_margin)?;
        if let Some(rules) = &rules {
            lock(&self.0.rules).insert(symbol, rules.clone());
        }
        Ok(rules)
    }

    // The time of prices, which has every digit.
    async fn clock(&self) -> Result<Time, QueryFailed> {
        let request = self.0.transport.of_account("/pricing").await?.with("instruments", ANY_PAIR);
        let pricing: wire::Pricing = self.0.transport.read(request).await?;
        pricing.time.ok_or_else(|| unreadable("the time", &"prices do not tell it"))
    }

    // There is none: that a market is closed, prices tell.
    async fn days(&self, _: AssetClass, _: NaiveDate, _: u32) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        Ok(None)
    }

    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        let (row, _) = self.0.summary().await?;
        let of = convert::identity(self.0.venue, self.0.mode, &self.0.host, &row)?;
        // One that was named, and not found by looking, may be MetaTrader's.
        let seen: wire::Accounts = self.0.transport.read(Request::get("/v3/accounts")).await?;
        match seen.accounts.iter().find(|seen| seen.id == row.id) {
            Some(seen) if convert::is_mt4(seen) => {
                let why = format!(
                    "{} is MetaTrader's, whose bridge writes names on its orders; use another",
                    row.id
                );
                Err(query_failed(why, false))
            }
            _ => Ok(of),
        }
    }

    async fn submit(&self, intent: &Intent, _mark: Cursor) -> SubmitOutcome {
        match NewOrder::from_intent(intent) {
            Ok(order) => self.place(&order, intent.purpose.is_reducing()).await,
            Err(why) => SubmitOutcome::Refused { code: BAD_REQUEST, text: format!("not sent: {why}").into() },
        }
    }

    async fn cancel(&self, order: ClientOrderId) -> CancelOutcome {
        let transport = &self.0.transport;
        let path = format!("/orders/{}/cancel", convert::spec(order));
        let request = match transport.of_account(&path).await {
            Ok(request) => request.first(Priority::Urgent),
            Err(failed) => return CancelOutcome::NotSent { why: failed.why },
        };
        match transport.exchange(Request { method: Method::PUT, ..request }).await {
            Ok(answer) => match classify::cancelled(&answer, transport.told(&answer)) {
                Cancelled::So(outcome) => outcome,
                Cancelled::Gone => self.not_pending(order).await,
            },
            Err(failure) => unheard(failure),
        }
    }

    // Its order has no name; what is closed once is not there to be closed again. A side that is flat is not named, since
    // that is refused.
    async fn close(&self, key: Key) -> CancelOutcome {
        let transport = &self.0.transport;
        let path = format!("/positions/{}", convert::instrument_name(key.symbol));
        let held = async {
            let request = transport.of_account(&path).await?.first(Priority::Urgent);
            transport.ask::<wire::PositionBody>(request).await
        };
        let held = match held.await {
            Ok(Some(body)) => body.position,
            Ok(None) => return CancelOutcome::TooLate,
            Err(failed) => return CancelOutcome::NotSent { why: failed.why },
        };
        let side = |side: &wire::Side| if side.units.0.is_zero() { "NONE" } else { "ALL" };
        let (long, short) = (side(&held.long), side(&held.short));
        if (long, short) == ("NONE", "NONE") {
            return CancelOutcome::TooLate;
        }
        let body = serde_json::json!({"longUnits": long, "shortUnits": short});
        let request = match transport.of_account(&format!("{path}/close")).await {
            Ok(request) => request.first(Priority::Urgent),
            Err(failed) => return CancelOutcome::NotSent { why: failed.why },
        };
        let body = Some(body.to_string().into_bytes());
        let answer = match transport.exchange(Request { method: Method::PUT, body, ..request }).await {
            Ok(answer) => answer,
            Err(failure) => return unheard(failure),
        };
        if answer.status != 200 {
            return classify::closed(&answer, transport.told(&answer));
        }
        match serde_json::from_slice::<wire::Closed>(&answer.body) {
            Ok(closed) => {
                match closed.long_order_cancel_transaction.or(closed.short_order_cancel_transaction) {
                    Some(killed) => {
                        let reason = killed.reason.unwrap_or_default();
                        CancelOutcome::NotSent {
                            why: format!("taken, and cancelled at once: {reason}").into(),
                        }
                    }
                    None => CancelOutcome::Accepted,
                }
            }
            Err(why) => {
                let why = format!("PUT {path}/close: 200 with a body that cannot be read ({why})");
                CancelOutcome::Unknown { why: why.into() }
            }
        }
    }

    async fn find(
        &self,
        order: ClientOrderId,
        mark: Cursor,
        sent: SentWindow,
    ) -> Result<Finding, QueryFailed> {
        search::find(&self.0, order, log::place(mark)?, sent).await
    }

    // Orders and the trades that some belong to, in one answer.
    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        let request = self.0.transport.of_account("").await?;
        let body: wire::AccountBody = self.0.transport.read(request).await?;
        let row = body.account;
        row.orders.iter().map(|order| convert::open_order(self.0.venue, order, &row.trades)).collect()
    }

    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        let request = self.0.transport.of_account("/openPositions").await?;
        let body: wire::Positions = self.0.transport.read(request).await?;
        let rows = body.positions.iter().map(|row| convert::position(self.0.venue, row));
        rows.filter_map(Result::transpose).collect()
    }

    async fn account(&self) -> Result<Account, QueryFailed> {
        let (row, _) = self.0.summary().await?;
        let of = convert::identity(self.0.venue, self.0.mode, &self.0.host, &row)?;
        convert::account(of, &row, self.0.transport.now())
    }

    async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed> {
        let activity = log::read(&self.0, cursor).await?;
        self.0.stream.read_to(log::place(activity.cursor)?);
        Ok(activity)
    }

    async fn hint(&self) {
        let account = async {
            loop {
                match self.0.transport.account().await {
                    Ok(account) => return account.to_owned(),
                    Err(_) => tokio::time::sleep(stream::LONGEST).await,
                }
            }
        };
        self.0.stream.hint(account).await;
    }
}
