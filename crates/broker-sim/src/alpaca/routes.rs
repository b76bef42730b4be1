//! Every path on one screen: who asks for what, and whether they may.

use serde_json::{Value, json};

use super::errors::Refusal;
use super::order::Status;
use super::request::{Fields, Wanted};
use super::venue::Venue;
use crate::core::{Reply, Request, nanos};

/// What an endpoint answers when it does as asked.
pub(super) type Answer = Result<Reply, Refusal>;

#[expect(clippy::unnecessary_wraps, reason = "it is what an endpoint gives")]
pub(super) fn ok(body: &Value) -> Answer {
    Ok(Reply::json(200, body))
}

impl Venue {
    /// The answer to a request.
    pub(super) fn routed(&mut self, request: &Request) -> Reply {
        let answer = match self.count_request() {
            Ok(()) => self.endpoint(request),
            Err(refusal) => Err(refusal),
        };
        answer.unwrap_or_else(|refusal| {
            let refusal = refusal.told(self.quirks());
            let reply = refusal.reply();
            if refusal.status == 429 && self.quirks().retry_after {
                reply.with("retry-after", &1)
            } else {
                reply
            }
        })
    }

    /// With the headers that tell how many more requests may come.
    pub(super) fn limits(&self, reply: Reply) -> Reply {
        self.limits_of(reply, self.settings.rate_limit.saturating_sub(self.minute.1))
    }

    pub(super) fn limits_of(&self, reply: Reply, remaining: u32) -> Reply {
        let reset = self.minute.0.timestamp() + 60;
        reply
            .with("x-ratelimit-limit", &self.settings.rate_limit)
            .with("x-ratelimit-remaining", &remaining)
            .with("x-ratelimit-reset", &reset)
            .with("x-request-id", &format!("{:032x}", self.requests))
    }

    fn endpoint(&mut self, request: &Request) -> Answer {
        let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
        // The last prices of coins are public.
        let is_public = matches!(path.as_slice(), ["v1beta3", "crypto", ..]);
        if !is_public {
            authorize(request)?;
        }
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["v2", "account"]) => ok(&self.account_json()),
            ("GET", ["v2", "account", "configurations"]) => ok(&self.configuration_json()),
            ("PATCH", ["v2", "account", "configurations"]) => self.configure(&Fields::read(&request.body)?),
            ("GET", ["v2", "account", "portfolio", "history"]) => ok(&self.history_json(request)),
            ("GET", ["v2", "account", "activities"]) => self.activities(request, None),
            ("GET", ["v2", "account", "activities", kind]) => self.activities(request, Some(kind)),
            ("GET", ["v2", "clock"]) => ok(&self.clock_json()),
            ("GET", ["v2", "calendar"]) => self.calendar(request),
            ("GET", ["v3", "clock"]) => ok(&self.clock_of_markets(request)),
            ("GET", ["v3", "calendar", market]) => self.calendar_of(market, request),
            ("GET", ["v2", "assets"]) => ok(&self.assets_json(request)),
            ("GET", ["v2", "assets", name @ ..]) => self.asset_json(&name.join("/")),
            ("POST", ["v2", "orders"]) => self.create(request),
            ("GET", ["v2", "orders"]) => self.list_orders(request),
            ("DELETE", ["v2", "orders"]) => Ok(self.cancel_all()),
            ("GET", ["v2", "orders:by_client_order_id"]) => self.order_by_client_id(request),
            ("GET", ["v2", "orders", id]) => self.order_by_id(id, request),
            ("PATCH", ["v2", "orders", id]) => {
                let place = self.find_order(id)?;
                let next = self.replace(place, &Fields::read(&request.body)?)?;
                ok(&self.order_json(next, true))
            }
            ("DELETE", ["v2", "orders", id]) => {
                let place = self.find_order(id)?;
                self.cancel(place).map(|()| Reply::empty(204))
            }
            ("GET", ["v2", "positions"]) => ok(&self.positions_json()),
            ("DELETE", ["v2", "positions"]) => Ok(self.close_all(request)),
            ("GET", ["v2", "positions", name @ ..]) => self.position(&name.join("/")),
            ("DELETE", ["v2", "positions", name @ ..]) => self.close_one(&name.join("/"), request),
            ("GET", ["v2", "stocks", rest @ ..]) => self.stocks(rest, request),
            ("GET", ["v1beta3", "crypto", _, rest @ ..]) => self.crypto(rest, request),
            _ => Err(Refusal::not_found("endpoint not found")),
        }
    }

    fn create(&mut self, request: &Request) -> Answer {
        let made = Wanted::read(&request.body).and_then(|wanted| {
            let asset = self.examine(&wanted)?;
            Ok(self.place(&wanted, asset))
        });
        match made {
            Ok(place) => {
                let mut order = self.order_json(place, true);
                if self.orders[place].status == Status::PendingNew {
                    order["status"] = json!(self.quirks().initial_status);
                }
                ok(&order)
            }
            Err(refusal) => {
                let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
                self.refused.push(json!({
                    "at": nanos(self.at), "status": refusal.status, "client_order_id": body["client_order_id"],
                    "body": refusal.body(),
                }));
                Err(refusal)
            }
        }
    }
}

/// Whether there are credentials; any will do.
fn authorize(request: &Request) -> Result<(), Refusal> {
    let has_keys =
        request.header("apca-api-key-id").is_some() && request.header("apca-api-secret-key").is_some();
    let given = request.header("authorization").and_then(|value| value.split_once(' '));
    let has_token = given.is_some_and(|(scheme, token)| {
        !token.trim().is_empty()
            && (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("basic"))
    });
    if has_keys || has_token { Ok(()) } else { Err(Refusal::unauthorized()) }
}
