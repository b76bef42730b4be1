//! The account as it is asked for, with its pairs and its configuration.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::errors::{Refusal, words};
use super::instruments::Listed;
use super::log::members;
use super::margin::Figures;
use super::money::{money, share, text};
use super::request::{Figure, Given, body};
use super::routes::{Answer, ok};
use super::settings::Division;
use super::venue::Venue;
use crate::core::{Request, nanos};

impl Venue {
    /// The figures that follow prices, as account and changes tell them.
    pub(super) fn figures_json(&self, figures: &Figures) -> Map<String, Value> {
        let mut told = members(json!({
            "unrealizedPL": money(figures.unrealized), "NAV": money(figures.nav), "marginUsed": money(figures.margin),
            "marginAvailable": money(figures.available()), "positionValue": money(figures.value),
            "marginCloseoutUnrealizedPL": money(figures.mid_unrealized), "marginCloseoutNAV": money(figures.mid_nav),
            "marginCloseoutMarginUsed": money(figures.margin),
            "marginCloseoutPercent": share(figures.closeout_share(self.closeout_part())),
            "marginCloseoutPositionValue": money(figures.value), "withdrawalLimit": money(figures.available()),
        }));
        if self.settings.division != Division::Japan {
            told.insert("marginCallMarginUsed".to_owned(), json!(money(figures.margin)));
            told.insert("marginCallPercent".to_owned(), json!(share(figures.closeout_share(Decimal::ONE))));
        }
        told
    }

    /// The account: in few words, or with all that is open.
    pub(super) fn account_json(&self, is_whole: bool) -> Value {
        let book = &self.book;
        let settings = &self.settings;
        let mut account = json!({
            "id": settings.account, "currency": settings.currency, "balance": money(book.balance),
            "createdByUserID": self.user, "createdTime": nanos(self.created),
            "guaranteedStopLossOrderMode": "DISABLED", "pl": money(book.pl), "resettablePL": money(book.pl),
            "financing": money(book.financing), "commission": money(Decimal::ZERO),
            "dividendAdjustment": money(book.dividend), "guaranteedExecutionFees": money(Decimal::ZERO),
            "openTradeCount": book.open_trades().count(), "openPositionCount": self.open_pairs().len(),
            "pendingOrderCount": book.pending().count(), "hedgingEnabled": settings.hedging,
            "lastTransactionID": book.last.to_string(),
        });
        if self.quirks().never_reset_is_nought {
            account["resettablePLTime"] = json!("0");
        }
        if let Some(alias) = &book.alias {
            account["alias"] = json!(alias);
        }
        if let Some(rate) = book.margin_rate {
            account["marginRate"] = json!(text(rate));
        }
        for (name, at) in
            [("lastOrderFillTimestamp", book.last_fill), ("marginCallEnterTime", book.margin_call)]
        {
            if let Some(at) = at {
                account[name] = json!(nanos(at));
            }
        }
        for (name, value) in self.figures_json(&self.figures()) {
            account[name] = value;
        }
        if is_whole {
            account["trades"] = book.open_trades().map(|(_, trade)| self.trade_json(trade, true)).collect();
            account["positions"] =
                book.positions.keys().map(|pair| self.position_json(book, *pair)).collect();
            account["orders"] = book.pending().map(|(_, order)| self.order_json(order)).collect();
        }
        json!({ "account": account, "lastTransactionID": book.last.to_string() })
    }

    /// Pairs of which something is held.
    pub(super) fn open_pairs(&self) -> Vec<usize> {
        let mut pairs: Vec<usize> = self.book.open_trades().map(|(_, trade)| trade.pair).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// The pairs that a list in a query names; all when there is none.
    ///
    /// # Errors
    /// One is not known.
    pub(super) fn named_pairs(&self, request: &Request) -> Result<Vec<usize>, Refusal> {
        let Some(names) = request.query("instruments") else { return Ok((0..self.pairs.len()).collect()) };
        let find = |name: &str| self.find_pair(name).ok_or_else(|| Refusal::no_value("instruments"));
        names.split(',').map(find).collect()
    }

    pub(super) fn instruments_json(&self, request: &Request) -> Answer {
        let pairs = self.named_pairs(request)?;
        let is_listed = |listed: &&Listed| listed.pair.tradeable;
        let all: Vec<Value> = pairs
            .iter()
            .map(|pair| &self.pairs[*pair])
            .filter(is_listed)
            .map(|listed| listed.pair.json())
            .collect();
        ok(&json!({ "instruments": all, "lastTransactionID": self.book.last.to_string() }))
    }

    pub(super) fn configure(&mut self, request: &Request) -> Answer {
        let asked = body(&request.body)?;
        let given = Given { members: &asked, at: "configuration" };
        let (alias, rate) = (given.text("alias")?, given.text("marginRate")?);
        let read = rate.as_deref().map(Figure::read);
        let rate_value = read
            .as_ref()
            .and_then(|figure| figure.value)
            .filter(|rate| *rate > Decimal::ZERO && *rate <= Decimal::ONE);
        let wrong = match (&alias, &rate, rate_value) {
            (None, None, _) => Some("CLIENT_CONFIGURE_DATA_MISSING"),
            (Some(alias), ..) if alias.is_empty() || alias.chars().count() > 64 => Some("ALIAS_INVALID"),
            (_, Some(_), None) => Some("MARGIN_RATE_INVALID"),
            (_, _, Some(rate)) if self.would_close_out(rate) => Some("MARGIN_RATE_WOULD_TRIGGER_CLOSEOUT"),
            _ => None,
        };
        let mut told = Map::new();
        for (name, value) in [("alias", &alias), ("marginRate", &rate)] {
            if let Some(value) = value {
                told.insert(name.to_owned(), json!(value));
            }
        }
        if let Some(reason) = wrong {
            told.insert("rejectReason".to_owned(), json!(reason));
            let id = self.write("CLIENT_CONFIGURE_REJECT", told);
            return Err(Refusal::coded(400, reason, words(reason))
                .with("clientConfigureRejectTransaction", self.told(id))
                .with("lastTransactionID", json!(self.book.last.to_string())));
        }
        self.book.alias = alias.or(self.book.alias.take());
        self.book.margin_rate = rate_value.or(self.book.margin_rate);
        let id = self.write("CLIENT_CONFIGURE", told);
        ok(&json!({
            "clientConfigureTransaction": self.told(id), "lastTransactionID": self.book.last.to_string(),
        }))
    }
}
