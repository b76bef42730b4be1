//! Orders at Alpaca, asked for in the ways that there are: by our name, by theirs, in pages.

use broker_api::{ClientOrderId, Purpose, QueryFailed, Time};
use chrono::{SecondsFormat, TimeDelta};

use crate::convert;
use crate::transport::{Request, Transport, lock, query_failed};
use crate::wire::Order;
use broker_http::Priority;

/// The most orders of a page.
const PAGE: usize = 500;
/// The most pages that are read for one question.
const PAGES_MAX: usize = 40;

/// How often what replaced an order is followed.
const REPLACED_MAX: usize = 5;
/// The status of an order that another one stands for.
pub(crate) const REPLACED: &str = "replaced";

/// How many groups of orders are remembered. One that is forgotten is looked up again.
const GROUPS_MAX: usize = 10_000;

/// A moment in a query.
pub(crate) fn text(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Which orders a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Open,
    All,
}

impl Transport {
    /// The order of a name; nothing when Alpaca does not know one. A name that stands for a UUID is asked for as a client
    /// id and then as Alpaca's own. Every question of it goes with the priority of who asks.
    pub(crate) async fn order_of_ours(
        &self,
        name: ClientOrderId,
        priority: Priority,
    ) -> Result<Option<Order>, QueryFailed> {
        if let Some((entry, purpose)) = convert::leg_of(name) {
            return self.leg(entry, purpose, priority).await;
        }
        let by_name = |id: String| {
            // The colon stands in the path as it is.
            Request::get("/v2/orders:by_client_order_id").with("client_order_id", id).first(priority)
        };
        let Some(uuid) = convert::with_dashes(name) else {
            return self.ask(by_name(name.as_str().to_owned())).await;
        };
        if let Some(order) = self.ask(by_name(uuid.clone())).await? {
            return Ok(Some(order));
        }
        self.order(&uuid, false, priority).await
    }

    /// The entry of a group of orders, and its id at Alpaca.
    fn group(&self, order: &Order) -> Option<(ClientOrderId, String)> {
        lock(&self.groups).get(order.group_id.as_deref()?).cloned()
    }

    /// Remembers whose entry a group of orders belongs to.
    pub(crate) fn learn(&self, name: ClientOrderId, entry: &Order) {
        let Some(group) = entry.group_id.clone() else { return };
        let mut groups = lock(&self.groups);
        if groups.len() >= GROUPS_MAX {
            groups.clear();
        }
        groups.insert(group, (name, entry.id.clone()));
    }

    /// The same of all orders that others are named after.
    pub(crate) fn learn_entries<'a>(
        &self,
        orders: impl IntoIterator<Item = &'a Order>,
    ) -> Result<(), QueryFailed> {
        for order in orders.into_iter().filter(|order| is_head(order)) {
            self.learn(convert::name(order)?, order);
        }
        Ok(())
    }

    /// The leg of an entry of ours, as it is now: one that woke may have been replaced.
    async fn leg(
        &self,
        entry: ClientOrderId,
        purpose: Purpose,
        priority: Priority,
    ) -> Result<Option<Order>, QueryFailed> {
        let request = Request::get("/v2/orders:by_client_order_id").with("client_order_id", entry.as_str());
        let Some(entry) = self.ask::<Order>(request.first(priority)).await? else { return Ok(None) };
        let family = self.order(&entry.id, true, priority).await?;
        let legs = family.and_then(|entry| entry.legs).unwrap_or_default();
        let of_purpose = || legs.iter().rev().filter(|leg| convert::leg_purpose(leg) == Some(purpose));
        let last = of_purpose().find(|leg| leg.status != REPLACED).or_else(|| of_purpose().next()).cloned();
        let Some(mut leg) = last else { return Ok(None) };
        // What replaced it may not stand under the entry.
        for _ in 0..REPLACED_MAX {
            let Some(next) = leg.replaced_by.clone().filter(|_| leg.status == REPLACED) else { break };
            match self.order(&next, false, priority).await? {
                Some(order) => leg = order,
                None => break,
            }
        }
        Ok(Some(leg))
    }

    /// Our name of an order: its own, or, for a leg that Alpaca made of an entry of ours, the one that follows from the entry's.
    pub(crate) async fn name(&self, order: &Order) -> Result<ClientOrderId, QueryFailed> {
        let own = convert::name(order)?;
        if own.is_ours() || !is_complex(order) {
            return Ok(own);
        }
        let entry = match self.group(order) {
            Some((entry, _)) => Some(entry),
            None => match self.family(order).await? {
                Some(entry) => {
                    let name = convert::name(&entry)?;
                    self.learn(name, &entry);
                    Some(name)
                }
                None => None,
            },
        };
        let leg = entry.filter(ClientOrderId::is_ours).and_then(|entry| convert::leg_name(entry, order));
        Ok(leg.filter(|_| entry != Some(own)).unwrap_or(own))
    }

    /// The order of Alpaca's own id.
    pub(crate) async fn order(
        &self,
        id: &str,
        nested: bool,
        priority: Priority,
    ) -> Result<Option<Order>, QueryFailed> {
        if !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(query_failed(format!("{id:?} is no id of an order at Alpaca"), false));
        }
        let request = Request::get(format!("/v2/orders/{id}")).first(priority);
        self.ask(if nested { request.with("nested", "true") } else { request }).await
    }

    /// All orders of a list, from the oldest on: pages of 500, each behind the last order of the one before. `nested` puts
    /// legs under their entry; otherwise each stands for itself.
    pub(crate) async fn orders(
        &self,
        status: Status,
        nested: bool,
        after: Option<Time>,
        until: Option<Time>,
        priority: Priority,
    ) -> Result<Vec<Order>, QueryFailed> {
        let list = || {
            let status = if status == Status::Open { "open" } else { "all" };
            Request::get("/v2/orders")
                .with("status", status)
                .with("limit", PAGE.to_string())
                .with("direction", "asc")
                .with("nested", nested.to_string())
                .first(priority)
        };
        let mut request = list();
        if let Some(after) = after {
            request = request.with("after", text(after));
        }
        if let Some(until) = until {
            request = request.with("until", text(until));
        }
        let mut all: Vec<Order> = self.read(request).await?;
        let (mut page, mut pages) = (all.len(), 1);
        while page == PAGE {
            if pages == PAGES_MAX {
                let why = format!(
                    "Alpaca lists more than {} orders; that is more than is read at once",
                    PAGE * PAGES_MAX
                );
                return Err(query_failed(why, false));
            }
            let last = all.last().map(|order| order.id.clone()).unwrap_or_default();
            // This cursor cannot stand beside `after` and `until`: what lies behind `until` is left out here.
            let mut more: Vec<Order> = self.read(list().with("after_order_id", last)).await?;
            (page, pages) = (more.len(), pages + 1);
            if let Some(until) = until {
                more.retain(|order| order.began().is_none_or(|began| began < until));
                page = more.len();
            }
            all.append(&mut more);
        }
        Ok(all)
    }

    /// Every live order with the entry that it belongs to, once.
    ///
    /// Two lists are needed: the one by entry hides the legs of an entry that is filled, and the flat one hides legs that
    /// are held back. A leg whose entry is filled is looked up together with it.
    pub(crate) async fn open(&self) -> Result<Vec<(Order, Option<ClientOrderId>)>, QueryFailed> {
        let flat = self.orders(Status::Open, false, None, None, Priority::Read).await?;
        let mut open: Vec<(Order, Option<ClientOrderId>)> = Vec::new();
        if flat.iter().any(is_complex) {
            for entry in self.orders(Status::Open, true, None, None, Priority::Read).await? {
                self.learn_entries([&entry])?;
                take_in(&mut open, entry)?;
            }
        }
        for order in flat {
            if open.iter().any(|(known, _)| known.id == order.id) {
                continue;
            }
            let family = if is_complex(&order) { self.family(&order).await? } else { None };
            let parent = family.as_ref().map(convert::name).transpose()?;
            if let Some(entry) = family {
                take_in(&mut open, entry)?;
            }
            // One in the place of a leg may not stand under the entry.
            if !open.iter().any(|(known, _)| known.id == order.id) {
                open.push((order, parent));
            }
        }
        open.retain(|(order, _)| convert::end(&order.status).is_none());
        Ok(open)
    }

    /// The entry of a leg, with all its legs: by its group, or since they were placed in one moment.
    async fn family(&self, leg: &Order) -> Result<Option<Order>, QueryFailed> {
        if let Some((_, entry)) = self.group(leg) {
            return self.order(&entry, true, Priority::Read).await;
        }
        let Some(began) = leg.created_at else { return Ok(None) };
        let (after, until) = (began - TimeDelta::seconds(5), began + TimeDelta::seconds(5));
        let near = self.orders(Status::All, true, Some(after), Some(until), Priority::Read).await?;
        let holds = |order: &Order| order.legs.iter().flatten().any(|other| other.id == leg.id);
        Ok(near.into_iter().find(holds))
    }
}

/// Whether an order belongs to others.
fn is_complex(order: &Order) -> bool {
    !matches!(order.order_class.as_deref(), None | Some("" | "simple"))
}

/// Whether the others of its group are named after it: an entry, and of a pair that closes the target.
fn is_head(order: &Order) -> bool {
    let closes = order.order_class.as_deref() == Some("oco");
    order.group_role.as_deref() == Some(if closes { "take_profit" } else { "entry" })
}

/// Takes in an entry and its legs, those that are not there yet.
fn take_in(open: &mut Vec<(Order, Option<ClientOrderId>)>, mut entry: Order) -> Result<(), QueryFailed> {
    let legs = entry.legs.take().unwrap_or_default();
    let parent = convert::name(&entry)?;
    let all = legs.into_iter().map(|leg| (leg, Some(parent)));
    for (order, parent) in [(entry, None)].into_iter().chain(all) {
        if !open.iter().any(|(known, _)| known.id == order.id) {
            open.push((order, parent));
        }
    }
    Ok(())
}
