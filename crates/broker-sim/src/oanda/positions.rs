//! Positions: what is held of each pair, and closing it.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::book::{Book, Earned, Trade};
use super::errors::{Refusal, words};
use super::log::members;
use super::money::{money, text};
use super::order::Closes;
use super::request::{Figure, Given, body};
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::Request;

impl Venue {
    /// What would be earned on a side of a pair if it were closed now.
    pub(super) fn unrealized_side(&self, book: &Book, pair: usize, is_long: bool) -> Decimal {
        let of_it = |(_, trade): &(usize, &Trade)| trade.pair == pair && trade.is_long() == is_long;
        book.open_trades().filter(of_it).map(|(_, trade)| self.unrealized(trade)).sum()
    }

    fn side_json(&self, book: &Book, pair: usize, is_long: bool, earned: Earned) -> Value {
        let trades: Vec<&Trade> = book
            .open_trades()
            .map(|(_, trade)| trade)
            .filter(|trade| trade.pair == pair && trade.is_long() == is_long)
            .collect();
        let units: Decimal = trades.iter().map(|trade| trade.current).sum();
        let mut json = json!({
            "units": text(units), "pl": money(earned.pl), "resettablePL": money(earned.pl),
            "financing": money(earned.financing), "dividendAdjustment": money(earned.dividend),
            "guaranteedExecutionFees": money(Decimal::ZERO),
            "unrealizedPL": money(self.unrealized_side(book, pair, is_long)),
        });
        if !units.is_zero() {
            let value: Decimal = trades.iter().map(|trade| trade.current * trade.price).sum();
            json["averagePrice"] = json!(self.pairs[pair].pair.price_text(value / units));
            json["tradeIDs"] = trades.iter().map(|trade| json!(trade.id.to_string())).collect();
        }
        json
    }

    /// A position of a pair that was traded once.
    pub(super) fn position_json(&self, book: &Book, pair: usize) -> Value {
        let position = book.positions.get(&pair).copied().unwrap_or_default();
        let (long, short) = (position.long, position.short);
        let (held, sold) = (book.held(pair, true), book.held(pair, false));
        let unrealized = self.unrealized_side(book, pair, true) + self.unrealized_side(book, pair, false);
        let mut json = json!({
            "instrument": self.pairs[pair].name(), "pl": money(long.pl + short.pl),
            "resettablePL": money(long.pl + short.pl), "financing": money(long.financing + short.financing),
            "commission": money(Decimal::ZERO), "dividendAdjustment": money(long.dividend + short.dividend),
            "guaranteedExecutionFees": money(Decimal::ZERO), "unrealizedPL": money(unrealized),
            "long": self.side_json(book, pair, true, long), "short": self.side_json(book, pair, false, short),
        });
        if !held.is_zero() || !sold.is_zero() {
            json["marginUsed"] = json!(money(self.margin_of_position(pair, held, sold)));
        }
        json
    }

    pub(super) fn positions_json(&self, is_open: bool) -> Value {
        let book = self.view();
        let is_asked = |pair: &&usize| {
            !is_open || !book.held(**pair, true).is_zero() || !book.held(**pair, false).is_zero()
        };
        let all: Vec<Value> =
            book.positions.keys().filter(is_asked).map(|pair| self.position_json(book, *pair)).collect();
        json!({ "positions": all, "lastTransactionID": book.last.to_string() })
    }

    pub(super) fn get_position(&self, name: &str) -> Answer {
        let pair = self.find_pair(name).ok_or_else(|| Refusal::no_value("instrument"))?;
        let book = self.view();
        if !book.positions.contains_key(&pair) {
            return Err(Refusal::coded(404, "NO_SUCH_POSITION", "The Position specified does not exist")
                .with("lastTransactionID", json!(book.last.to_string())));
        }
        ok(&json!({ "position": self.position_json(book, pair), "lastTransactionID": book.last.to_string() }))
    }

    pub(super) fn close_position(&mut self, name: &str, request: &Request) -> Answer {
        let pair = self.find_pair(name).ok_or_else(|| Refusal::no_value("instrument"))?;
        let asked = body(&request.body)?;
        let given = Given { members: &asked, at: "close" };
        let before = self.book.last;
        let is_flat = [true, false].iter().all(|is_long| self.book.held(pair, *is_long).is_zero());
        let mut wanted = Vec::new();
        for (side, is_long) in [("long", true), ("short", false)] {
            let said = given.text(&format!("{side}Units"))?;
            let client = given.extensions(&format!("{side}ClientExtensions"))?;
            let units = said.clone().unwrap_or_else(|| "ALL".to_owned());
            let held = self.book.held(pair, is_long).abs();
            // A side that nobody named, and that is flat beside one that is not, asks for nothing.
            let is_passed_over =
                held.is_zero() && !is_flat && said.is_none() && self.quirks().flat_side_forgiven;
            if units == "NONE" || is_passed_over {
                continue;
            }
            match self.closing_size(pair, &units, held) {
                Ok(size) => wanted.push((side, is_long, units, size, client)),
                Err(reason) => return Err(self.closeout_rejected(pair, side, &units, reason, is_flat)),
            }
        }
        if wanted.is_empty() {
            return Err(self.closeout_rejected(
                pair,
                "long",
                "NONE",
                "CLOSEOUT_POSITION_INCOMPLETE_SPECIFICATION",
                false,
            ));
        }
        let mut told = Map::new();
        for (side, is_long, units, size, client) in wanted {
            let signed = if is_long { -size } else { size };
            let mut order = self.market_order(pair, signed, Some(Closes::Side { is_long }));
            order.client = client;
            let closeout = json!({ "instrument": self.pairs[pair].name(), "units": units });
            order.echo.insert(format!("{side}PositionCloseout"), closeout);
            let order = self.take(order, "POSITION_CLOSEOUT", Map::new());
            self.begin(order);
            self.tell_closing(order, side, &mut told);
        }
        told.insert("relatedTransactionIDs".to_owned(), self.related(before));
        told.insert("lastTransactionID".to_owned(), json!(self.book.last.to_string()));
        ok(&told.into())
    }

    fn closing_size(&self, pair: usize, units: &str, held: Decimal) -> Result<Decimal, &'static str> {
        if held.is_zero() {
            return Err("CLOSEOUT_POSITION_DOESNT_EXIST");
        }
        if units == "ALL" {
            return Ok(held);
        }
        let figure = Figure::read(units);
        match figure.value.filter(|value| *value > Decimal::ZERO) {
            None => Err("UNITS_INVALID"),
            Some(_) if figure.is_finer_than(self.pairs[pair].pair.units_precision) => {
                Err("UNITS_PRECISION_EXCEEDED")
            }
            Some(size) if size > held => Err("CLOSEOUT_POSITION_UNITS_EXCEED_POSITION_SIZE"),
            Some(size) => Ok(size),
        }
    }

    fn closeout_rejected(
        &mut self,
        pair: usize,
        side: &str,
        units: &str,
        reason: &str,
        is_flat: bool,
    ) -> Refusal {
        let before = self.book.last;
        let name = self.pairs[pair].name().to_owned();
        let told = json!({
            "instrument": name, "timeInForce": "FOK", "positionFill": "REDUCE_ONLY", "reason": "POSITION_CLOSEOUT",
            format!("{side}PositionCloseout"): { "instrument": name, "units": units }, "rejectReason": reason,
        });
        let id = self.write("MARKET_ORDER_REJECT", members(told));
        let status = if is_flat { 404 } else { 400 };
        Refusal::coded(status, reason, words(reason))
            .with(&format!("{side}OrderRejectTransaction"), self.told(id))
            .with("relatedTransactionIDs", self.related(before))
            .with("lastTransactionID", json!(self.book.last.to_string()))
    }
}
