//! Orders as clients read them: one, or lists of them, and the end of all at once.

use broker_api::Time;
use chrono::{NaiveDate, NaiveTime};
use serde_json::{Value, json};

use super::errors::Refusal;
use super::order::{Status, side_text};
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::{Reply, Request};

/// A moment or a date of a query.
///
/// # Errors
/// Neither.
pub(super) fn moment(name: &str, text: &str) -> Result<Time, Refusal> {
    // A plus sign that was not escaped arrives as a blank.
    let repaired = text.replace(' ', "+");
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    let at = chrono::DateTime::parse_from_rfc3339(text)
        .or_else(|_| chrono::DateTime::parse_from_rfc3339(&repaired))
        .map(|at| at.to_utc())
        .ok()
        .or_else(date);
    at.ok_or_else(|| Refusal::unprocessable(format!("invalid {name}: {text}")))
}

impl Venue {
    /// An order as the wire shows it, with its legs where it has some.
    pub(super) fn order_json(&self, place: usize, nested: bool) -> Value {
        let order = &self.orders[place];
        let listed = &self.assets[order.asset];
        let mut json = order.json(listed.symbol(), &listed.id, listed.class());
        if let Some((group, role)) = order.group.as_ref().filter(|_| self.quirks().group_ids) {
            json["group_id"] = json!(group);
            json["group_role"] = json!(role.as_str());
        }
        if nested && !order.legs.is_empty() {
            json["legs"] = order.legs.iter().map(|leg| self.order_json(*leg, true)).collect();
        }
        json
    }

    fn is_visible(&self, place: usize) -> bool {
        let order = &self.orders[place];
        order.created + self.quirks().visible_after <= self.at || self.quirks().visible_after.is_zero()
    }

    /// An order by its id.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn find_order(&self, id: &str) -> Result<usize, Refusal> {
        if id.len() != 36 {
            return Err(Refusal::unprocessable(format!("invalid order id: {id}")));
        }
        let found = self.by_id.get(id).copied().filter(|place| self.is_visible(*place));
        found.ok_or_else(|| Refusal::not_found(format!("order not found for {id}")))
    }

    pub(super) fn order_by_id(&self, id: &str, request: &Request) -> Answer {
        let place = self.find_order(id)?;
        ok(&self.order_json(place, request.asks("nested") || self.orders[place].parent.is_none()))
    }

    pub(super) fn order_by_client_id(&self, request: &Request) -> Answer {
        let id = request
            .query("client_order_id")
            .ok_or_else(|| Refusal::invalid("client_order_id is required"))?;
        let found = self.by_client.get(id).copied().filter(|place| self.is_visible(*place));
        let place = found.ok_or_else(|| Refusal::not_found(format!("order not found for {id}")))?;
        ok(&self.order_json(place, true))
    }

    pub(super) fn list_orders(&self, request: &Request) -> Answer {
        let time = |name: &str| request.query(name).map(|text| moment(name, text)).transpose();
        let (after, until) = (time("after")?, time("until")?);
        let cursor = |name: &str| request.query(name).map(|id| self.find_order(id)).transpose();
        let (before_id, after_id) = (cursor("before_order_id")?, cursor("after_order_id")?);
        if before_id.is_some() && after_id.is_some() {
            return Err(Refusal::unprocessable("only one of before_order_id and after_order_id is accepted"));
        }
        let limit: usize = match request.query("limit") {
            None => 50,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=500).contains(limit))
                .ok_or_else(|| Refusal::unprocessable("limit must be between 1 and 500"))?,
        };
        let status = request.query("status").unwrap_or("open");
        let symbols: Vec<&str> =
            request.query("symbols").into_iter().flat_map(|list| list.split(',')).map(str::trim).collect();
        let nested = request.asks("nested");
        let is_wanted = |place: &usize| {
            let order = &self.orders[*place];
            let listed = &self.assets[order.asset];
            let fits_status = match status {
                "all" => true,
                "closed" => order.status.is_over(),
                // Legs that wait are no open orders.
                _ => !order.status.is_over() && (order.status != Status::Held || nested),
            };
            let by_side = request.query("side").is_none_or(|side| side == side_text(order.side));
            let by_class = request.query("asset_class").is_none_or(|class| class == listed.class());
            let by_symbol = symbols.is_empty() || symbols.iter().any(|name| listed.is_named(name));
            let is_leg = nested && order.parent.is_some();
            let by_time = after.is_none_or(|after| order.submitted > after)
                && until.is_none_or(|until| order.submitted < until);
            let by_cursor =
                after_id.is_none_or(|after| *place > after) && before_id.is_none_or(|id| *place < id);
            fits_status
                && by_side
                && by_class
                && by_symbol
                && !is_leg
                && by_time
                && by_cursor
                && self.is_visible(*place)
        };
        let mut found: Vec<usize> = (0..self.orders.len()).filter(is_wanted).collect();
        // The legs of an order came with it.
        found.sort_by_key(|place| (self.orders[*place].submitted, *place));
        if request.query("direction") != Some("asc") {
            found.reverse();
        }
        found.truncate(limit);
        ok(&found.into_iter().map(|place| self.order_json(place, nested)).collect())
    }

    /// Cancels everything, and tells of each what came of it.
    pub(super) fn cancel_all(&mut self) -> Reply {
        let open = |place: &usize| {
            let order = &self.orders[*place];
            !order.status.is_over() && order.status != Status::Held
        };
        let places: Vec<usize> = (0..self.orders.len()).filter(open).collect();
        let rows: Vec<Value> = places
            .into_iter()
            .map(|place| {
                let id = self.orders[place].id.clone();
                match self.cancel(place) {
                    Ok(()) => json!({ "id": id, "status": 200, "body": self.order_json(place, true) }),
                    Err(refusal) => json!({ "id": id, "status": 500, "body": refusal.body() }),
                }
            })
            .collect();
        Reply::json(207, &rows.into())
    }
}
