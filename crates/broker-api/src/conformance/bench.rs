//! What cases are written with: orders that are made and sent, what is read afterwards, and what is demanded of it.

use std::sync::Arc;

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{Done, Stage, Stop, Trouble};
use crate::intent::{Limit, Stop as StopOrder};
use crate::{
    Broker, ClientOrderId, Cursor, End, Fill, Finding, Held, Instrument, Intent, Key, OpenOrder, OrderKind,
    Price, Protection, Purpose, Qty, SentWindow, Side, SubmitOutcome, Time, TimeInForce, VenueEvent,
    VenueOrder,
};

/// How often something that takes a moment is looked for.
const LOOKS: u32 = 40;
/// How much time passes between two looks.
const MOMENT: TimeDelta = TimeDelta::milliseconds(500);

/// A stage with what a case did on it so far.
pub struct Bench {
    /// What surrounds the venue.
    pub stage: Box<dyn Stage>,
    case: u16,
    names: u32,
    /// Where the venue's log stood when the case began.
    pub began: Cursor,
    from: Time,
}

/// Fails with what was seen, unless it holds.
///
/// # Errors
/// [`Stop::Failed`].
pub(super) fn demand(holds: bool, seen: impl FnOnce() -> String) -> Done {
    if holds { Ok(()) } else { Err(Stop::Failed(seen())) }
}

fn failed<T>(what: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Failed(what.into()))
}

fn number<T>(made: Result<T, impl std::fmt::Display>) -> Result<T, Stop> {
    made.map_err(|why| Stop::Failed(why.to_string()))
}

/// A price of so many hundredths.
///
/// # Errors
/// Never, for what is a price.
pub(super) fn price(cents: i64) -> Result<Price, Stop> {
    number(Price::new(Decimal::new(cents, 2)))
}

/// So many units.
///
/// # Errors
/// Never, for what is a quantity.
pub(super) fn units(count: i64) -> Result<Qty, Stop> {
    number(Qty::new(Decimal::from(count)))
}

/// A limit order.
///
/// # Errors
/// See [`price`].
pub(super) fn limit(cents: i64) -> Result<OrderKind, Stop> {
    Ok(OrderKind::Limit(Limit { limit: price(cents)? }))
}

/// A stop order.
///
/// # Errors
/// See [`price`].
pub(super) fn stop(cents: i64) -> Result<OrderKind, Stop> {
    Ok(OrderKind::Stop(StopOrder { trigger: price(cents)? }))
}

impl Bench {
    /// A stage on which nothing happened, at 99.99 to 100.01.
    ///
    /// # Errors
    /// A venue that cannot even be read.
    pub(super) async fn new(mut stage: Box<dyn Stage>, case: u16) -> Result<Self, Stop> {
        // Where prices cannot be set, the market's own are as good for most cases.
        let symbol = stage.symbol();
        let _ = stage.quote(symbol, price(9_999)?, price(10_001)?).await;
        let broker = stage.broker();
        let from = broker.clock().await.map_err(|why| Stop::Failed(format!("its time: {why}")))?;
        let mut began = None;
        for _ in 0..10_000 {
            let read =
                broker.activity_since(began).await.map_err(|why| Stop::Failed(format!("its log: {why}")))?;
            began = Some(read.cursor);
            if read.complete {
                break;
            }
        }
        let Some(began) = began else { return failed("its log has no place") };
        Ok(Self { stage, case, names: 0, began, from })
    }

    /// The venue.
    pub fn broker(&self) -> Arc<dyn Broker> {
        self.stage.broker()
    }

    /// What is traded.
    pub fn key(&self) -> Key {
        Key { venue: self.broker().id(), symbol: self.stage.symbol() }
    }

    /// The rules of what is traded.
    ///
    /// # Errors
    /// A venue that does not tell them.
    pub async fn instrument(&self) -> Result<Instrument, Stop> {
        match self.broker().instrument(self.stage.symbol()).await {
            Ok(Some(instrument)) => Ok(instrument),
            other => failed(format!("the rules of {}: {other:?}", self.stage.symbol())),
        }
    }

    /// Bid and ask, in hundredths.
    ///
    /// # Errors
    /// A stage that cannot set prices.
    pub async fn quote(&mut self, bid: i64, ask: i64) -> Done {
        let symbol = self.stage.symbol();
        Ok(self.stage.quote(symbol, price(bid)?, price(ask)?).await?)
    }

    /// So many seconds pass.
    ///
    /// # Errors
    /// A stage without time.
    pub async fn pass(&mut self, seconds: i64) -> Done {
        Ok(self.stage.pass(TimeDelta::seconds(seconds)).await?)
    }

    /// Something goes wrong with the next order.
    ///
    /// # Errors
    /// A stage on which it cannot.
    pub async fn trouble(&mut self, trouble: Trouble) -> Done {
        Ok(self.stage.trouble(trouble).await?)
    }

    /// A name that no order had.
    ///
    /// # Errors
    /// Never.
    pub fn name(&mut self, purpose: Purpose) -> Result<ClientOrderId, Stop> {
        self.names += 1;
        let text = format!("{:012}{:04}{:04}", self.stage.run() % 1_000_000_000_000, self.case, self.names);
        // As ours are: twenty letters.
        let letter = |digit: u8| char::from(digit - b'0' + b'a');
        let letters: String = text.bytes().map(letter).collect();
        number(ClientOrderId::new(&format!("tw1{letters}-{}1", purpose.letter())))
    }

    /// An order for so many units, not sent yet.
    ///
    /// # Errors
    /// Never, for what is a quantity.
    pub fn order(&mut self, side: Side, count: i64, order: OrderKind) -> Result<Intent, Stop> {
        let tif = match order {
            OrderKind::Market(_) => TimeInForce::Day,
            _ => TimeInForce::Gtc,
        };
        Ok(Intent {
            id: self.name(Purpose::Entry)?,
            key: self.key(),
            signal: None,
            purpose: Purpose::Entry,
            side,
            qty: units(count)?,
            order,
            tif,
            reduce_only: false,
            bracket: false,
            plan: Protection::default(),
            reference: price(10_000)?,
            risk: None,
        })
    }

    /// The same, that may only reduce.
    ///
    /// # Errors
    /// Never, for what is a quantity.
    pub fn exit(&mut self, side: Side, count: i64) -> Result<Intent, Stop> {
        let id = self.name(Purpose::Exit)?;
        let order = self.order(side, count, OrderKind::MARKET)?;
        Ok(Intent { id, purpose: Purpose::Exit, reduce_only: true, ..order })
    }

    /// Sends an order.
    pub async fn send(&self, intent: &Intent) -> SubmitOutcome {
        self.broker().submit(intent, self.began).await
    }

    /// Sends an order that must be taken.
    ///
    /// # Errors
    /// Any other answer.
    pub async fn take(&self, intent: &Intent) -> Done {
        match self.send(intent).await {
            SubmitOutcome::Accepted { .. } => Ok(()),
            other => {
                failed(format!("{} {} {}: {other:?}", intent.side, intent.qty, intent.order.name().as_str()))
            }
        }
    }

    /// Sends an order that must be refused, in words that name it.
    ///
    /// # Errors
    /// Any other answer.
    pub async fn refuse(&self, intent: &Intent) -> Done {
        match self.send(intent).await {
            SubmitOutcome::Refused { text, .. } if !text.is_empty() => Ok(()),
            // Our own check is as good, where nothing was sent.
            SubmitOutcome::NotSent { .. } => Ok(()),
            other => failed(format!("it must be refused: {other:?}")),
        }
    }

    /// What the venue says of an order.
    ///
    /// # Errors
    /// A question that fails.
    pub async fn find(&self, id: ClientOrderId) -> Result<Finding, Stop> {
        let now = self.broker().clock().await.map_err(|why| Stop::Failed(why.to_string()))?;
        let sent = SentWindow { from: self.from, to: now };
        self.broker().find(id, self.began, sent).await.map_err(|why| Stop::Failed(format!("{id}: {why}")))
    }

    /// The order as the venue has it.
    ///
    /// # Errors
    /// One that it does not have.
    pub async fn found(&mut self, id: ClientOrderId) -> Result<VenueOrder, Stop> {
        for _ in 0..LOOKS {
            if let Finding::Found { order } = self.find(id).await? {
                return Ok(order);
            }
            self.stage.pass(MOMENT).await?;
        }
        failed(format!("{id} arrived and is not found: {:?}", self.find(id).await?))
    }

    /// Waits until an order has ended so.
    ///
    /// # Errors
    /// One that does not.
    pub async fn ends(&mut self, id: ClientOrderId, end: End) -> Result<VenueOrder, Stop> {
        let mut order = self.found(id).await?;
        for _ in 0..LOOKS {
            if order.end == Some(end) {
                return Ok(order);
            }
            self.stage.pass(MOMENT).await?;
            order = self.found(id).await?;
        }
        failed(format!("{id} must end as {end:?}: {order:?}"))
    }

    /// Lets a few moments pass, and demands that an order lives, with nothing executed.
    ///
    /// # Errors
    /// One that ended or was executed.
    pub async fn rests(&mut self, id: ClientOrderId) -> Done {
        for _ in 0..3 {
            let order = self.found(id).await?;
            demand(order.end.is_none() && order.filled.is_zero(), || format!("{id} must rest: {order:?}"))?;
            self.stage.pass(MOMENT).await?;
        }
        Ok(())
    }

    /// All that happened since the case began, or since a place.
    ///
    /// # Errors
    /// A log that cannot be read, or has no end.
    pub async fn events_since(&self, since: Option<Cursor>) -> Result<(Vec<VenueEvent>, Cursor), Stop> {
        let (mut events, mut cursor) = (Vec::new(), since);
        for _ in 0..10_000 {
            let read = self.broker().activity_since(cursor).await;
            let read = read.map_err(|why| Stop::Failed(format!("its log: {why}")))?;
            events.extend(read.events);
            cursor = Some(read.cursor);
            if read.complete {
                return Ok((once(events), read.cursor));
            }
        }
        failed("its log has no end")
    }

    /// All that happened since the case began.
    ///
    /// # Errors
    /// See [`Self::events_since`].
    pub async fn events(&self) -> Result<Vec<VenueEvent>, Stop> {
        Ok(self.events_since(Some(self.began)).await?.0)
    }

    /// The executions of an order since the case began, once they come to what the order says.
    ///
    /// # Errors
    /// When they never do.
    pub async fn fills(&mut self, id: ClientOrderId) -> Result<Vec<Fill>, Stop> {
        let mut seen = (Vec::new(), Qty::ZERO);
        for _ in 0..LOOKS {
            let filled = self.found(id).await?.filled;
            let fills: Vec<Fill> = self
                .events()
                .await?
                .into_iter()
                .filter_map(|event| match event {
                    VenueEvent::Filled(fill) if fill.order == id => Some(fill),
                    _ => None,
                })
                .collect();
            let sum: Decimal = fills.iter().map(|fill| fill.qty.get()).sum();
            if sum == filled.get() {
                return Ok(fills);
            }
            seen = (fills, filled);
            self.stage.pass(MOMENT).await?;
        }
        failed(format!("{id} says that {} were executed, and its executions are {:?}", seen.1, seen.0))
    }

    /// Buys, or sells short, so many units at market, to their end.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn filled(&mut self, side: Side, count: i64) -> Result<Vec<Fill>, Stop> {
        let order = self.order(side, count, OrderKind::MARKET)?;
        self.take(&order).await?;
        self.ends(order.id, End::Filled).await?;
        self.fills(order.id).await
    }

    /// Every live order.
    ///
    /// # Errors
    /// A question that fails.
    pub async fn open(&self) -> Result<Vec<OpenOrder>, Stop> {
        self.broker().open_orders().await.map_err(|why| Stop::Failed(format!("its live orders: {why}")))
    }

    /// What is held of what is traded.
    ///
    /// # Errors
    /// A question that fails.
    pub async fn held(&self) -> Result<Held, Stop> {
        let all = self.broker().positions().await;
        let all = all.map_err(|why| Stop::Failed(format!("its positions: {why}")))?;
        let of_key: Vec<_> = all.iter().filter(|position| position.key == self.key()).collect();
        demand(of_key.len() <= 1, || format!("one instrument is one position: {of_key:?}"))?;
        Ok(of_key.first().map_or(Held::FLAT, |position| position.held))
    }

    /// Demands what is held, as soon as the venue says so.
    ///
    /// # Errors
    /// When it never does.
    pub async fn holds(&mut self, count: i64) -> Done {
        let wanted = number(Held::new(Decimal::from(count)))?;
        for _ in 0..LOOKS {
            if self.held().await? == wanted {
                return Ok(());
            }
            self.stage.pass(MOMENT).await?;
        }
        failed(format!("{} must be held, and it says {}", wanted, self.held().await?))
    }
}

/// Events that were told again are the same event: a cursor may overlap.
fn once(events: Vec<VenueEvent>) -> Vec<VenueEvent> {
    let mut seen: Vec<VenueEvent> = Vec::new();
    for event in events {
        if !seen.contains(&event) {
            seen.push(event);
        }
    }
    seen
}
