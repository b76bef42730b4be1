//! What differs from one broker's wire to another's: who is simulated and how, which request asks for what, and in which
//! words something is refused. How its truth is read stands in `truth`.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use broker_api::{Broker, ClientOrderId, Time};
use broker_sim::core::{Control, OnRequest, Request};
use chrono::TimeDelta;
use engine::Clock;
use rust_decimal::Decimal;
use serde_json::Value;

use super::truth::Tells;
use super::{alpaca, oanda};
use crate::dice::Dice;
use crate::plan::BadStage;
use crate::venue::manner::Manner;

/// A simulator that runs; it stops when this goes.
pub(super) struct Simulator {
    pub(super) address: SocketAddr,
    pub(super) control: Control,
    pub(super) _runs: Box<dyn Any>,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// That this order is taken.
    Order(Option<ClientOrderId>),
    /// That this order is cancelled.
    Cancel(Option<ClientOrderId>),
    /// What became of this order.
    Find(Option<ClientOrderId>),
    /// What happened.
    Log,
    /// What the account is worth.
    Account,
    /// Anything else.
    Other,
}

/// In which words an order is refused.
pub(super) struct Refusals {
    /// This one.
    pub(super) listed: OnRequest,
    /// In words that stand in no table.
    pub(super) unlisted: OnRequest,
    /// Everything would be.
    pub(super) all: OnRequest,
}

/// A refusal.
pub(super) fn refusal(status: u16, code: impl Into<broker_sim::core::ErrorCode>, message: &str) -> OnRequest {
    OnRequest::Reject { status, code: code.into(), message: message.to_owned() }
}

/// A broker whose wire is played.
#[async_trait(?Send)]
pub(super) trait House: Send + Sync {
    /// What its venue is called.
    fn venue(&self) -> &'static str;

    /// What is traded there, and at what price it begins.
    fn listed(&self) -> [(&'static str, Decimal); 3];

    /// Starts its simulator; what nobody has verified of the wire, the dice say.
    async fn starts(&self, seed: u64, begins: Time, dice: &mut Dice) -> Result<Simulator, BadStage>;

    /// The adapter that trades there, before an address.
    fn adapter(&self, at: SocketAddr, clock: &Clock) -> Result<Arc<dyn Broker>, BadStage>;

    /// Reads its truth.
    fn tells(&self) -> Box<dyn Tells>;

    /// What a request asks for; `names` are the venue's own names of orders.
    fn asks(&self, request: &Request, names: &BTreeMap<String, ClientOrderId>) -> Asks;

    /// Whether an answer refuses the order that it is the answer to, and not everything, nor its name.
    fn refuses(&self, status: u16, body: &Value) -> bool;

    /// The equity that an answer tells.
    fn equity(&self, body: &Value) -> Option<Decimal>;

    /// How it refuses.
    fn refusals(&self) -> Refusals;

    /// Where an order is looked for in the log, which proves that it never came, the path of that; elsewhere one is found by its
    /// name alone, and silence proves nothing for good.
    fn searched(&self) -> Option<String>;

    /// How many requests there are when the log is read: one or two.
    fn asks_for_log(&self) -> u32;

    /// How long until its markets are open; zero while they are.
    fn opens_in(&self, now: Time) -> TimeDelta;
}

/// The broker of a manner, as it is at a seed.
pub(super) fn of(manner: &Manner, seed: u64) -> Result<Arc<dyn House>, BadStage> {
    match manner.name {
        Manner::ALPACA_WIRE => Ok(Arc::new(alpaca::House)),
        Manner::OANDA_WIRE => Ok(Arc::new(oanda::House::of(seed))),
        other => Err(BadStage(format!("{other} has no wire"))),
    }
}
