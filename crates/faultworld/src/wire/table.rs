//! Who stands at the wire: does to each request what was laid out for it, and writes down what was sent and answered. Which
//! request is which, the house knows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use broker_api::{ClientOrderId, Key};
use broker_sim::core::{Bystander, OnRequest, Reply, Request};
use rust_decimal::Decimal;
use serde_json::Value;
use state::{MemoryStore, Store};

use super::act::{Act, name};
use super::house::{Asks, House};
use super::locked;
use super::pace::Pace;
use crate::crash::Crash;
use crate::story::Story;
use crate::truth::Sending;

/// What is asked of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Submit,
    Cancel,
    /// By its name.
    Find,
    /// In the log.
    Search,
}

/// What is laid out, and what was seen.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// What happens to the next request of an order.
    pub(super) orders: BTreeMap<(Of, ClientOrderId), Act>,
    /// What happens to a request of the log, after so many others.
    pub(super) log: Option<(u32, Act)>,
    /// What happens to the next reading of the account.
    pub(super) account: Option<Act>,
    /// The venue's names of orders.
    pub(super) names: BTreeMap<String, ClientOrderId>,
    /// How the process of now dies.
    pub(super) crash: Crash,
    /// Every order that was read off the wire.
    pub(super) sends: Vec<Sending>,
    /// How many records were durable when each was last read off the wire.
    pub(super) posted: BTreeMap<ClientOrderId, u64>,
    /// The equity in the last answer.
    pub(super) equity: Option<Decimal>,
    /// The prices that the simulator was last given.
    pub(super) prices: BTreeMap<Key, Decimal>,
    /// How often what went wrong.
    pub(super) met: BTreeMap<&'static str, u64>,
    /// The order that is being answered, and whether its answer is heard as it is.
    answering: Option<(usize, bool)>,
    /// The process dies of the answer.
    kills: bool,
}

impl Table {
    pub(super) fn count(&mut self, what: &'static str) {
        *self.met.entry(what).or_default() += 1;
    }

    fn of_order(&mut self, of: Of, order: Option<ClientOrderId>) -> Option<Act> {
        self.orders.remove(&(of, order?))
    }

    /// What was laid out for a request.
    fn laid_out(&mut self, asks: Asks) -> Option<Act> {
        match asks {
            Asks::Order(order) => self.of_order(Of::Submit, order),
            Asks::Cancel(order) => self.of_order(Of::Cancel, order),
            Asks::Find(order) => self.of_order(Of::Find, order),
            Asks::Account => self.account.take(),
            Asks::Log => self.of_log(),
            Asks::Other => None,
        }
    }

    fn of_log(&mut self) -> Option<Act> {
        let Some((others, act)) = self.log.take() else {
            let searched = self.orders.keys().find(|(of, _)| *of == Of::Search).copied()?;
            return self.orders.remove(&searched);
        };
        if others == 0 {
            return Some(act);
        }
        self.log = Some((others - 1, act));
        None
    }
}

/// The table as the simulator sees it.
pub(super) struct AtTheWire {
    pub(super) table: Arc<Mutex<Table>>,
    pub(super) rows: MemoryStore,
    pub(super) pace: Pace,
    pub(super) story: Story,
    pub(super) house: Arc<dyn House>,
}

impl Bystander for AtTheWire {
    fn request(&mut self, request: &Request) -> Option<OnRequest> {
        self.pace.moved();
        let mut table = locked(&self.table);
        let asks = self.house.asks(request, &table.names);
        let sent = if let Asks::Order(order) = asks { order } else { None };
        let act = table.laid_out(asks);
        self.story.tell(|| {
            let what = act.as_ref().map_or("", |act| name(&act.on));
            let order = sent.map_or_else(String::new, |order| format!(" {order}"));
            format!("              {} {}{order} {what}", request.method, request.path)
        });
        if let Some(order) = sent {
            let records = self.rows.head().ok().flatten().map_or(0, |row| row.seq);
            table.sends.push(Sending { order, records, is_refused: false, is_duplicate: false });
            table.posted.insert(order, records);
            let is_heard = act.as_ref().is_none_or(|act| is_heard(&act.on));
            table.answering = Some((table.sends.len() - 1, is_heard));
            if act.as_ref().is_some_and(|act| matches!(act.on, OnRequest::LateRequest { .. })) {
                // It arrives when it arrives.
                table.posted.remove(&order);
            }
        }
        let Act { on, kills } = act?;
        table.count(name(&on));
        table.kills = kills;
        Some(on)
    }

    fn answered(&mut self, request: &Request, answer: Option<&Reply>) {
        self.pace.moved();
        let mut table = locked(&self.table);
        if std::mem::take(&mut table.kills) {
            table.crash.strike();
        }
        let answering = table.answering.take();
        let Some(answer) = answer else { return };
        let body = || serde_json::from_slice::<Value>(&answer.body).unwrap_or(Value::Null);
        if answer.status == 200 && self.house.asks(request, &table.names) == Asks::Account {
            table.equity = self.house.equity(&body());
        }
        if let Some((place, true)) = answering
            && self.house.refuses(answer.status, &body())
        {
            table.sends[place].is_refused = true;
        }
    }
}

/// Whether whoever sent the request gets to read what is answered.
const fn is_heard(act: &OnRequest) -> bool {
    matches!(act, OnRequest::Reject { .. } | OnRequest::PartialFill { .. } | OnRequest::RejectedLater)
}
