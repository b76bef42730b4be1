//! Account activities: executions, the fees of coins, and what no trade made, by page.

use broker_api::Time;
use chrono::{Days, NaiveTime, TimeDelta};
use chrono_tz::America::New_York;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::reading::moment;
use super::routes::{Answer, ok};
use super::venue::{Execution, Venue};
use crate::core::{Request, date_of, decimal_text, nanos, new_york};

/// One row.
#[derive(Clone)]
pub(super) struct Row {
    pub at: Time,
    pub id: String,
    pub kind: &'static str,
    pub json: Value,
    pub order: Option<usize>,
}

impl Venue {
    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let after = self.quirks().fills_after;
        let is_there = |execution: &&Execution| {
            !execution.busted && (after.is_zero() || execution.at + after <= self.at)
        };
        for execution in self.executions.iter().filter(is_there) {
            rows.push(self.fill_row(execution));
            rows.extend(self.fee_row(execution));
        }
        rows.extend(self.non_trades.iter().cloned());
        rows.sort_by_key(|row| row.at);
        if self.quirks().shuffled_activities {
            // Within a millisecond the last stands first.
            rows.sort_by(|a, b| {
                let millis = |row: &Row| row.at.timestamp_millis();
                millis(a).cmp(&millis(b)).then(b.at.cmp(&a.at))
            });
        }
        rows
    }

    fn fill_row(&self, execution: &Execution) -> Row {
        let order = &self.orders[execution.order];
        let listed = &self.assets[order.asset];
        let json = json!({
            "id": execution.activity, "activity_type": "FILL",
            "transaction_time": execution.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
            "type": if execution.is_last { "fill" } else { "partial_fill" }, "price": decimal_text(execution.price),
            "qty": decimal_text(execution.qty), "side": execution.side, "symbol": listed.symbol(),
            "leaves_qty": decimal_text(execution.leaves), "order_id": order.id,
            "cum_qty": decimal_text(execution.cumulative),
            "order_status": if execution.is_last { "filled" } else { "partially_filled" },
        });
        Row {
            at: execution.at,
            id: execution.activity.clone(),
            kind: "FILL",
            json,
            order: Some(execution.order),
        }
    }

    /// The fee of an execution in coins; it is posted when the day is over.
    fn fee_row(&self, execution: &Execution) -> Option<Row> {
        let day = execution.at.date_naive();
        let posted = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc();
        if posted > self.at {
            return None;
        }
        let order = &self.orders[execution.order];
        let symbol = self.assets[order.asset].symbol();
        let id = format!(
            "{}::{}",
            posted.with_timezone(&New_York).format("%Y%m%d%H%M%S%3f"),
            execution.activity.split("::").nth(1).unwrap_or_default()
        );
        let common = json!({ "id": id, "date": day.to_string(), "status": "executed", "currency": "USD" });
        let mut json = common;
        if self.quirks().activities_tell_creation {
            json["created_at"] = json!(nanos(posted));
        }
        let kind = match (execution.fee_in_kind, execution.fee) {
            (Some(coins), _) => {
                json["activity_type"] = json!("CFEE");
                json["symbol"] = json!(symbol.replace('/', ""));
                json["qty"] = json!(decimal_text(-coins));
                json["price"] = json!(decimal_text(execution.price));
                json["net_amount"] = json!("0");
                json["description"] = json!("Coin Pair Transaction Fee (Non USD)");
                "CFEE"
            }
            (None, Some(fee)) => {
                json["activity_type"] = json!("FEE");
                json["net_amount"] = json!(decimal_text(-fee));
                json["description"] = json!("Coin Pair Transaction Fee (USD)");
                "FEE"
            }
            (None, None) => return None,
        };
        Some(Row { at: posted, id, kind, json, order: None })
    }

    /// A page of activities.
    pub(super) fn activities(&self, request: &Request, kind: Option<&str>) -> Answer {
        let kinds: Vec<&str> = match kind {
            Some(kind) => vec![kind],
            None => request.query("activity_types").into_iter().flat_map(|list| list.split(',')).collect(),
        };
        let category = request.query("category");
        if category.is_some() && !kinds.is_empty() {
            return Err(Refusal::unprocessable("only one of category and activity_types is accepted"));
        }
        let time = |name: &str| request.query(name).map(|text| moment(name, text)).transpose();
        let (after, until) = (time("after")?, time("until")?);
        let day = request.query("date").map(|text| moment("date", text)).transpose()?;
        let day = day.map(|at| new_york(at.date_naive(), NaiveTime::MIN));
        let size: usize = match request.query("page_size") {
            None => 100,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| (1..=100).contains(size))
                .ok_or_else(|| Refusal::unprocessable("page_size must be between 1 and 100"))?,
        };
        let order = request.query("order_id").map(|id| self.find_order(id)).transpose()?;
        let is_wanted = |row: &Row| {
            let by_category = match category {
                Some("trade_activity") => row.kind == "FILL",
                Some(_) => row.kind != "FILL",
                None => true,
            };
            (kinds.is_empty() || kinds.contains(&row.kind))
                && by_category
                && after.is_none_or(|after| row.at > after)
                && until.is_none_or(|until| row.at < until)
                && day.is_none_or(|day| day <= row.at && row.at < day + TimeDelta::days(1))
                && order.is_none_or(|order| row.order == Some(order))
        };
        let mut rows: Vec<Row> = self.rows().into_iter().filter(is_wanted).collect();
        if request.query("direction") != Some("asc") {
            rows.reverse();
        }
        if let Some(token) = request.query("page_token") {
            let from = rows.iter().position(|row| row.id == token);
            let from = from.ok_or_else(|| Refusal::unprocessable(format!("invalid page_token: {token}")))?;
            rows.drain(..=from);
        }
        let is_full = rows.len() > size;
        rows.truncate(size);
        if is_full && self.quirks().page_edge_misses && rows.len() > 1 {
            rows.remove(rows.len() - 2);
        }
        ok(&rows.into_iter().map(|row| row.json).collect())
    }

    /// The date that figures of the day before are from.
    pub(super) fn balance_date(&self) -> chrono::NaiveDate {
        self.hours.last_closed(self.at).map_or_else(|| date_of(self.created), |session| session.date)
    }
}
