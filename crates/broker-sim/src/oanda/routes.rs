//! Every path on one screen: who asks for what, and whether they may.

use serde_json::{Value, json};

use super::errors::Refusal;
use super::time::in_seconds;
use super::venue::Venue;
use crate::core::{Reply, Request, nanos};

/// What an endpoint answers when it does as asked.
pub(super) type Answer = Result<Reply, Refusal>;

#[expect(clippy::unnecessary_wraps, reason = "it is what an endpoint gives")]
pub(super) fn ok(body: &Value) -> Answer {
    Ok(Reply::json(200, body))
}

/// Whether moments are asked for in seconds.
pub(super) fn wants_seconds(request: &Request) -> bool {
    request.header("accept-datetime-format") == Some("UNIX")
}

impl Venue {
    /// The answer to a request.
    pub(super) fn routed(&mut self, request: &Request) -> Reply {
        self.requests += 1;
        let number = self.request_number();
        self.batch_of_request(number.clone(), request.header("clientrequestid").map(ToOwned::to_owned));
        let answer = match self.count_request() {
            Ok(()) => self.endpoint(request),
            Err(refusal) => Err(refusal),
        };
        let reply = answer.unwrap_or_else(|refusal| {
            let is_order = request.method != "GET" && refusal.status < 500;
            if is_order {
                let asked: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
                let client = asked["order"]["clientExtensions"]["id"].clone();
                self.refused.push(json!({
                    "at": nanos(self.at), "status": refusal.status, "client_order_id": client,
                    "path": request.path, "body": refusal.body(),
                }));
            }
            let reply = refusal.reply();
            if refusal.status == 429 && self.quirks().retry_after {
                reply.with("retry-after", &1)
            } else {
                reply
            }
        });
        let reply = if wants_seconds(request) { in_seconds(reply) } else { reply };
        reply.with("requestid", &number)
    }

    /// The number of the request under way.
    pub(super) fn request_number(&self) -> String {
        (61_299_900_011_000_000 + self.requests).to_string()
    }

    /// Whether somebody may ask about an account.
    ///
    /// # Errors
    /// They may not, or there is none.
    pub(super) fn admit(&self, request: &Request, account: Option<&str>) -> Result<(), Refusal> {
        let token = request.header("authorization").and_then(|value| value.split_once(' '));
        let token =
            token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let is_let_in = match (&self.settings.token, token) {
            (_, None | Some("")) => false,
            (None, Some(_)) => true,
            (Some(only), Some(token)) => only == token,
        };
        if !is_let_in {
            return Err(Refusal::unauthorized());
        }
        let Some(account) = account.filter(|account| *account != self.settings.account) else {
            return Ok(());
        };
        let parts: Vec<&str> = account.split('-').collect();
        let is_one = parts.len() == 4 && parts.iter().all(|part| part.parse::<u64>().is_ok());
        if !is_one {
            return Err(Refusal::no_value("accountID"));
        }
        Err(match self.quirks().unknown_account_status {
            401 => Refusal::unauthorized(),
            403 => Refusal::forbidden(),
            status => Refusal::plain(status, "The account specified does not exist"),
        })
    }

    fn endpoint(&mut self, request: &Request) -> Answer {
        let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
        let ["v3", path @ ..] = path.as_slice() else { return Err(no_path()) };
        let account = match path {
            ["accounts", account, ..] => Some(*account),
            _ => None,
        };
        self.admit(request, account)?;
        let method = request.method.as_str();
        match (method, path) {
            ("GET", ["accounts"]) => {
                ok(&json!({ "accounts": [{ "id": self.settings.account, "tags": [] }] }))
            }
            ("GET", ["instruments", pair, "candles"]) => self.candles(pair, request),
            (method, ["accounts", _, path @ ..]) => self.of_account(method, path, request),
            _ => Err(no_path()),
        }
    }

    fn of_account(&mut self, method: &str, path: &[&str], request: &Request) -> Answer {
        match (method, path) {
            ("GET", []) => ok(&self.account_json(true)),
            ("GET", ["summary"]) => ok(&self.account_json(false)),
            ("GET", ["instruments"]) => self.instruments_json(request),
            ("GET", ["instruments", pair, "candles"]) => self.candles(pair, request),
            ("GET", ["candles", "latest"]) => self.latest_candles(request),
            ("PATCH", ["configuration"]) => self.configure(request),
            ("GET", ["changes"]) => self.changes(request),
            ("GET", ["pricing"]) => self.pricing(request),
            ("POST", ["orders"]) => self.create_order(request),
            ("GET", ["orders"]) => self.list_orders(request),
            ("GET", ["pendingOrders"]) => ok(&self.pending_orders()),
            ("PUT", ["orders", name @ .., "cancel"]) => self.cancel_order(&name.join("/")),
            ("PUT", ["orders", name @ .., "clientExtensions"]) => self.extend_order(&name.join("/"), request),
            ("GET", ["orders", name @ ..]) => self.get_order(&name.join("/")),
            ("PUT", ["orders", name @ ..]) => self.replace_order(&name.join("/"), request),
            ("GET", ["trades"]) => self.list_trades(request),
            ("GET", ["openTrades"]) => ok(&self.open_trades()),
            ("PUT", ["trades", name @ .., "close"]) => self.close_trade(&name.join("/"), request),
            ("PUT", ["trades", name @ .., "clientExtensions"]) => self.extend_trade(&name.join("/"), request),
            ("PUT", ["trades", name @ .., "orders"]) => self.set_dependents(&name.join("/"), request),
            ("GET", ["trades", name @ ..]) => self.get_trade(&name.join("/")),
            ("GET", ["positions"]) => ok(&self.positions_json(false)),
            ("GET", ["openPositions"]) => ok(&self.positions_json(true)),
            ("GET", ["positions", pair]) => self.get_position(pair),
            ("PUT", ["positions", pair, "close"]) => self.close_position(pair, request),
            ("GET", ["transactions"]) => self.transaction_pages(request),
            ("GET", ["transactions", "idrange"]) => self.transactions_of_range(request),
            ("GET", ["transactions", "sinceid"]) => self.transactions_since(request),
            ("GET", ["transactions", id]) => self.get_transaction(id),
            (
                _,
                []
                | [
                    "configuration" | "summary" | "instruments" | "changes" | "pricing" | "pendingOrders"
                    | "openTrades" | "openPositions",
                ]
                | ["orders" | "trades" | "positions" | "transactions", ..],
            ) => Err(Refusal::plain(405, "The HTTP method is not allowed for the resource.")),
            _ => Err(no_path()),
        }
    }
}

fn no_path() -> Refusal {
    Refusal::plain(404, "The resource requested does not exist.")
}
