//! What cases are written with: orders that are made and sent. What is read afterwards stands in `reading`.

mod reading;

use std::sync::Arc;

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{Done, Power, Stage, Stop, Trouble};
use crate::intent::{Limit, Stop as StopOrder};
use crate::{
    Broker, ClientOrderId, Cursor, Finding, Instrument, Intent, Key, OrderKind, Price, Protection, Purpose,
    Qty, Side, SubmitOutcome, Time, TimeInForce,
};

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

/// So many units.
///
/// # Errors
/// Never, for what is a quantity.
pub(super) fn units(count: i64) -> Result<Qty, Stop> {
    number(Qty::new(Decimal::from(count)))
}

impl Bench {
    /// A stage on which nothing happened, at 99.99 to 100.01.
    ///
    /// # Errors
    /// A venue that cannot even be read.
    pub(super) async fn new(stage: Box<dyn Stage>, case: u16) -> Result<Self, Stop> {
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
        let mut bench = Self { stage, case, names: 0, began, from };
        // Where prices cannot be set, the market's own are as good.
        if bench.stage.lacks(Power::Prices).is_none() {
            bench.quote(9_999, 10_001).await?;
        }
        Ok(bench)
    }

    /// So many hundredths of what the instrument costs, where 10 000 are that price; to whole hundredths of a unit of money.
    ///
    /// # Errors
    /// Never, for what is a price.
    pub fn price(&self, share: i64) -> Result<Price, Stop> {
        number(Price::new((self.stage.level().get() * Decimal::new(share, 4)).round_dp(2)))
    }

    /// A limit order.
    ///
    /// # Errors
    /// See [`Self::price`].
    pub fn limit(&self, share: i64) -> Result<OrderKind, Stop> {
        Ok(OrderKind::Limit(Limit { limit: self.price(share)? }))
    }

    /// A stop order.
    ///
    /// # Errors
    /// See [`Self::price`].
    pub fn stop(&self, share: i64) -> Result<OrderKind, Stop> {
        Ok(OrderKind::Stop(StopOrder { trigger: self.price(share)? }))
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

    /// Bid and ask, as [`Self::price`] has them.
    ///
    /// # Errors
    /// A stage that fails to set prices.
    pub async fn quote(&mut self, bid: i64, ask: i64) -> Done {
        let (symbol, bid, ask) = (self.stage.symbol(), self.price(bid)?, self.price(ask)?);
        Ok(self.stage.quote(symbol, bid, ask).await?)
    }

    /// So many seconds pass.
    ///
    /// # Errors
    /// A stage that fails to let time pass.
    pub async fn pass(&mut self, seconds: i64) -> Done {
        Ok(self.stage.pass(TimeDelta::seconds(seconds)).await?)
    }

    /// Something goes wrong with the next order.
    ///
    /// # Errors
    /// A stage that fails to make it.
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
            reference: self.price(10_000)?,
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
            // A refusal in words that are in no table is one once the venue does not have the order.
            SubmitOutcome::RefusedUnlisted { text, .. } if !text.is_empty() => {
                match self.find(intent.id).await? {
                    Finding::Found { order } => failed(format!("refused ({text}), and found: {order:?}")),
                    Finding::Absent { .. } | Finding::NotYet { .. } => Ok(()),
                }
            }
            other => failed(format!("it must be refused: {other:?}")),
        }
    }
}
