//! Who stands at the wire: does to each request what was laid out for it, and writes down what was sent and answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use broker_api::{ClientOrderId, Key};
use broker_sim::core::{Bystander, OnRequest, Reply, Request};
use rust_decimal::Decimal;
use serde_json::Value;
use state::{MemoryStore, Store};

use super::act::{Act, name};
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
    Find,
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
    fn laid_out(&mut self, request: &Request) -> Option<Act> {
        let path = request.path.as_str();
        match (request.method.as_str(), path) {
            ("POST", "/v2/orders") => self.of_order(Of::Submit, order_of(request)),
            ("DELETE", _) => {
                let order = path.strip_prefix("/v2/orders/").and_then(|id| self.names.get(id)).copied();
                self.of_order(Of::Cancel, order)
            }
            ("GET", "/v2/orders:by_client_order_id") => {
                let order = request.query("client_order_id").and_then(|id| ClientOrderId::new(id).ok());
                self.of_order(Of::Find, order)
            }
            ("GET", "/v2/account") => self.account.take(),
            ("GET", _) if path.starts_with("/v2/orders") || path.starts_with("/v2/account/activities") => {
                let (others, act) = self.log.take()?;
                if others == 0 {
                    return Some(act);
                }
                self.log = Some((others - 1, act));
                None
            }
            _ => None,
        }
    }
}

/// The table as the simulator sees it.
pub(super) struct AtTheWire {
    pub(super) table: Arc<Mutex<Table>>,
    pub(super) rows: MemoryStore,
    pub(super) pace: Pace,
    pub(super) story: Story,
}

impl Bystander for AtTheWire {
    fn request(&mut self, request: &Request) -> Option<OnRequest> {
        self.pace.moved();
        let mut table = locked(&self.table);
        let act = table.laid_out(request);
        self.story.tell(|| {
            let what = act.as_ref().map_or("", |act| name(&act.on));
            let order = order_of(request).map_or_else(String::new, |order| format!(" {order}"));
            format!("              {} {}{order} {what}", request.method, request.path)
        });
        if let Some(order) = order_of(request).filter(|_| request.method == "POST") {
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
        if request.path == "/v2/account" && answer.status == 200 {
            table.equity = body()["equity"].as_str().and_then(|text| text.parse().ok());
        }
        if let Some((place, true)) = answering
            && is_refusal(answer.status, &body())
        {
            table.sends[place].is_refused = true;
        }
    }
}

/// Whether whoever sent the request gets to read what is answered.
const fn is_heard(act: &OnRequest) -> bool {
    matches!(act, OnRequest::Reject { .. } | OnRequest::PartialFill { .. } | OnRequest::RejectedLater)
}

/// Whether an answer refuses the order that it is the answer to, and not everything, nor its name.
fn is_refusal(status: u16, body: &Value) -> bool {
    let is_name =
        body["message"].as_str().is_some_and(|text| text.starts_with("client_order_id must be unique"));
    (400..500).contains(&status) && !matches!(status, 401 | 429) && !is_name
}

fn order_of(request: &Request) -> Option<ClientOrderId> {
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    ClientOrderId::new(body["client_order_id"].as_str()?).ok()
}
