//! The log as it is asked for: one transaction, ranges of them, and pages of ranges.

use broker_api::Time;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::log::Entry;
use super::request::moment;
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::{Request, nanos};

/// Transactions of a page when nothing is said, and at most.
const USUAL_PAGE: u64 = 100;
const MOST_PAGE: u64 = 1_000;

/// Whether a transaction belongs to what a filter names.
fn is_of(kind: &str, filter: &str) -> bool {
    match filter {
        "ORDER" => kind.contains("ORDER"),
        "FUNDING" => {
            kind.starts_with("TRANSFER_FUNDS") || kind == "DAILY_FINANCING" || kind == "DIVIDEND_ADJUSTMENT"
        }
        "ADMIN" => {
            matches!(kind, "CREATE" | "CLOSE" | "REOPEN" | "RESET_RESETTABLE_PL")
                || kind.starts_with("CLIENT_CONFIGURE")
        }
        name => name == kind,
    }
}

fn number(request: &Request, name: &str) -> Result<u64, Refusal> {
    let text = request.query(name).ok_or_else(|| Refusal::no_value(name))?;
    text.parse().map_err(|_| Refusal::no_value(name))
}

/// The kinds that are asked for; all when there are none.
fn kinds(request: &Request) -> Vec<String> {
    request.query("type").map(|text| text.split(',').map(ToOwned::to_owned).collect()).unwrap_or_default()
}

fn is_asked(entry: &Entry, kinds: &[String]) -> bool {
    kinds.is_empty() || kinds.iter().any(|filter| is_of(entry.kind(), filter))
}

impl Venue {
    /// The refusal of a range that the log does not have.
    pub(super) fn beyond_last(&self) -> Refusal {
        let status = self.quirks().beyond_last_status;
        Refusal::plain(status, "The transaction range specified is not satisfiable")
            .with("lastTransactionID", json!(self.book.last.to_string()))
    }

    fn told_of(&self, from: u64, to: u64, kinds: &[String]) -> Vec<Value> {
        let in_range = |entry: &&Entry| entry.id >= from && entry.id <= to && is_asked(entry, kinds);
        self.log.iter().filter(in_range).map(|entry| entry.json.clone()).collect()
    }

    pub(super) fn get_transaction(&self, named: &str) -> Answer {
        let entry = named.parse().ok().and_then(|id| self.entry(id));
        let Some(entry) = entry else {
            return Err(Refusal::coded(
                404,
                "NO_SUCH_TRANSACTION",
                "The transaction ID specified does not exist",
            )
            .with("lastTransactionID", json!(self.book.last.to_string())));
        };
        ok(&json!({ "transaction": entry.json, "lastTransactionID": self.book.last.to_string() }))
    }

    pub(super) fn transactions_of_range(&self, request: &Request) -> Answer {
        let (from, to) = (number(request, "from")?, number(request, "to")?);
        if from > to || from == 0 || to > self.book.last {
            return Err(self.beyond_last());
        }
        let all = self.told_of(from, to, &kinds(request));
        ok(&json!({ "transactions": all, "lastTransactionID": self.book.last.to_string() }))
    }

    pub(super) fn transactions_since(&self, request: &Request) -> Answer {
        let since = number(request, "id")?;
        if since > self.book.last {
            return Err(self.beyond_last());
        }
        let mut all = self.told_of(since + 1, u64::MAX, &kinds(request));
        if let most @ 1.. = self.quirks().since_id_most as usize {
            all.truncate(most);
        }
        ok(&json!({ "transactions": all, "lastTransactionID": self.book.last.to_string() }))
    }

    pub(super) fn transaction_pages(&self, request: &Request) -> Answer {
        let at = |name: &str| -> Result<Option<Time>, Refusal> {
            request.query(name).map(|text| moment(text).ok_or_else(|| Refusal::no_value(name))).transpose()
        };
        let to = at("to")?.unwrap_or(self.at);
        let usual =
            if self.quirks().transactions_of_a_week { self.at - TimeDelta::weeks(1) } else { self.created };
        let from = at("from")?.unwrap_or(usual);
        let size = match request.query("pageSize") {
            None => USUAL_PAGE,
            Some(text) => text.parse().map_err(|_| Refusal::no_value("pageSize"))?,
        };
        if size == 0 || size > MOST_PAGE {
            return Err(Refusal::coded(400, "INVALID_PAGESIZE", "The specified page size is invalid"));
        }
        if to - from > TimeDelta::days(366) {
            return Err(Refusal::plain(400, "The time range specified is too large"));
        }
        let kinds = kinds(request);
        let in_time = |entry: &&Entry| entry.at >= from && entry.at <= to && is_asked(entry, &kinds);
        let ids: Vec<u64> = self.log.iter().filter(in_time).map(|entry| entry.id).collect();
        let kind = request
            .query("type")
            .map(|text| format!("&type={}", text.replace(',', "%2C")))
            .unwrap_or_default();
        let host = if self.settings.live { "api-fxtrade" } else { "api-fxpractice" };
        let page = |ids: &[u64]| {
            let (first, last) =
                (ids.first().copied().unwrap_or_default(), ids.last().copied().unwrap_or_default());
            let account = &self.settings.account;
            json!(format!(
                "https://{host}.oanda.com/v3/accounts/{account}/transactions/idrange?from={first}&to={last}{kind}"
            ))
        };
        let pages: Value = ids.chunks(usize::try_from(size).unwrap_or(1)).map(page).collect();
        let mut told = json!({
            "from": nanos(from), "to": nanos(to), "pageSize": size, "count": ids.len(), "pages": pages,
            "lastTransactionID": self.book.last.to_string(),
        });
        if !kinds.is_empty() {
            told["type"] = json!(kinds);
        }
        ok(&told)
    }
}
