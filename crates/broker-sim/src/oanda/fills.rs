//! A fill: what it does to trades, positions and money, as one transaction, and the orders that come and go with it.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::book::Trade;
use super::effect::Effect;
use super::log::members;
use super::money::{Factors, PLACES, money, text};
use super::order::{Closes, Kind, Order, PositionFill, State, Tif};
use super::pricing::full_price;
use super::venue::Venue;

/// What closing part of a trade comes to.
struct Closed {
    place: usize,
    /// As the fill: negative sells.
    units: Decimal,
    quote: Decimal,
    home: Decimal,
    is_whole: bool,
    json: Value,
}

fn reason_of(order: &Order) -> &'static str {
    match (order.kind, order.closes) {
        (Kind::Market, None) => "MARKET_ORDER",
        (Kind::Market, Some(Closes::Trade(_))) => "MARKET_ORDER_TRADE_CLOSE",
        (Kind::Market, Some(Closes::Side { .. })) => "MARKET_ORDER_POSITION_CLOSEOUT",
        (Kind::Market, Some(Closes::Margin(_))) => "MARKET_ORDER_MARGIN_CLOSEOUT",
        (Kind::Limit, _) => "LIMIT_ORDER",
        (Kind::Stop, _) => "STOP_ORDER",
        (Kind::MarketIfTouched, _) => "MARKET_IF_TOUCHED_ORDER",
        (Kind::TakeProfit, _) => "TAKE_PROFIT_ORDER",
        (Kind::StopLoss, _) => "STOP_LOSS_ORDER",
        (Kind::TrailingStopLoss, _) => "TRAILING_STOP_LOSS_ORDER",
    }
}

pub(super) fn factors_json(quote: Factors, base: Factors) -> Value {
    json!({
        "gainQuoteHome": { "factor": text(quote.gain) }, "lossQuoteHome": { "factor": text(quote.loss) },
        "gainBaseHome": { "factor": text(base.gain) }, "lossBaseHome": { "factor": text(base.loss) },
    })
}

impl Venue {
    /// The engine says that an order fills so much at a price: it does, or is cancelled for what that would do.
    pub(super) fn fills(&mut self, place: usize, qty: Decimal, price: Decimal) {
        let order = &self.book.orders[place];
        if !order.is_pending() {
            return;
        }
        let is_sale = self.side_of(order) == broker_api::Side::Sell;
        let units = if is_sale { -qty } else { qty };
        let is_rest = order.trade.is_none() && qty < self.rest_of(order);
        match self.effect(order, units, price) {
            Ok(effect) => self.books(place, &effect, price, is_sale, is_rest),
            Err(reason) => drop(self.end(place, reason)),
        }
    }

    fn books(&mut self, place: usize, effect: &Effect, price: Decimal, is_sale: bool, is_rest: bool) {
        let order = self.book.orders[place].clone();
        let units = effect.units(is_sale);
        let closed: Vec<Closed> =
            effect.closes.iter().map(|(trade, units)| self.closed(&order, *trade, *units, price)).collect();
        let id = self.next_id();
        let opened = (!effect.opens.is_zero()).then(|| self.opened(&order, id, effect.opens, price));
        let quote: Decimal = closed.iter().map(|closed| closed.quote).sum();
        let home: Decimal = closed.iter().map(|closed| closed.home).sum();
        self.book.balance += home;
        self.book.pl += home;
        self.book.last_fill = Some(self.at);
        let told = self.fill_json(&order, units, price, (quote, home), &closed, opened.as_ref());
        self.write("ORDER_FILL", told);
        for closed in &closed {
            self.closes_trade(closed, id, price);
        }
        if let Some(trade) = opened {
            self.book.positions.entry(order.pair).or_default();
            self.book.trades.push(trade);
        }
        let at = self.at;
        let whole = order.filled + units.abs();
        let book = &mut self.book.orders[place];
        (book.filled, book.first_fill) = (whole, None);
        book.filling = book.filling.or(Some(id));
        book.filled_at = Some(at);
        book.opened = (!effect.opens.is_zero()).then_some(id).or(book.opened);
        for closed in &closed {
            let trade = self.book.trades[closed.place].id;
            if closed.is_whole { book.closed.push(trade) } else { book.reduced = Some(trade) }
        }
        let goes_on = is_rest && !order.tif.is_immediate() && !self.settings.quirks.reissue;
        if !goes_on {
            self.book.orders[place].state = State::Filled;
            self.leave(place);
        }
        self.unlink(&closed, id);
        if !effect.opens.is_zero() {
            self.makes_on_fill(&order, id, price);
        }
        if is_rest {
            self.rest(place, &order, effect);
        }
    }

    /// What closing so many units of a trade comes to.
    fn closed(&self, order: &Order, place: usize, units: Decimal, price: Decimal) -> Closed {
        let trade = &self.book.trades[place];
        let pair = &self.pairs[order.pair].pair;
        let signed = if trade.is_long() { -units } else { units };
        let quote = (price - trade.price) * -signed;
        let home = self.quote_factors(order.pair).of(quote).round_dp(PLACES);
        let mut json = json!({
            "tradeID": trade.id.to_string(), "units": text(signed), "price": pair.price_text(price),
            "realizedPL": money(home), "financing": money(Decimal::ZERO), "baseFinancing": "0.00000000000000",
            "guaranteedExecutionFee": money(Decimal::ZERO), "quoteGuaranteedExecutionFee": "0",
            "halfSpreadCost": money(self.half_spread(order.pair, units)),
        });
        if let Some(client) = trade.client_id() {
            json["clientTradeID"] = json!(client);
        }
        Closed { place, units: signed, quote, home, is_whole: units == trade.current.abs(), json }
    }

    fn opened(&self, order: &Order, id: u64, units: Decimal, price: Decimal) -> Trade {
        Trade {
            id,
            pair: order.pair,
            price,
            opened: self.at,
            initial: units,
            current: units,
            margin: self.margin_of(order.pair, units),
            realized: Decimal::ZERO,
            financing: Decimal::ZERO,
            dividend: Decimal::ZERO,
            closed_units: Decimal::ZERO,
            closed_value: Decimal::ZERO,
            closing: Vec::new(),
            closed_at: None,
            client: order.trade_client.clone(),
        }
    }

    /// What half of the spread of so many units comes to.
    fn half_spread(&self, pair: usize, units: Decimal) -> Decimal {
        let spread = self.pairs[pair].prices.map(|prices| prices.ask - prices.bid).unwrap_or_default();
        units.abs() * spread / Decimal::TWO * self.quote_factors(pair).mid
    }

    fn fill_json(
        &self,
        order: &Order,
        units: Decimal,
        price: Decimal,
        (quote, home): (Decimal, Decimal),
        closed: &[Closed],
        opened: Option<&Trade>,
    ) -> Map<String, Value> {
        let listed = &self.pairs[order.pair];
        let price = listed.pair.price_text(price);
        let factors = self.quote_factors(order.pair);
        let is_sale = units.is_sign_negative();
        let asked = self.rest_of(order);
        let mut json = json!({
            "orderID": order.id.to_string(), "instrument": listed.name(), "units": text(units),
            "requestedUnits": text(if is_sale { -asked } else { asked }), "price": price, "fullVWAP": price,
            "pl": money(home), "quotePL": text(quote), "financing": money(Decimal::ZERO), "baseFinancing": "0",
            "commission": money(Decimal::ZERO), "accountBalance": money(self.book.balance),
            "gainQuoteHomeConversionFactor": text(factors.gain), "lossQuoteHomeConversionFactor": text(factors.loss),
            "guaranteedExecutionFee": money(Decimal::ZERO), "quoteGuaranteedExecutionFee": "0",
            "halfSpreadCost": money(self.half_spread(order.pair, units)), "reason": reason_of(order),
            "fullPrice": full_price(listed, self.settings.liquidity),
            "homeConversionFactors": factors_json(factors, self.base_factors(order.pair)),
        });
        if let Some(client) = order.client_id() {
            json["clientOrderID"] = json!(client);
        }
        if let Some(trade) = opened {
            let mut told = json!({
                "tradeID": trade.id.to_string(), "units": text(trade.initial), "price": price,
                "guaranteedExecutionFee": money(Decimal::ZERO), "quoteGuaranteedExecutionFee": "0",
                "halfSpreadCost": money(self.half_spread(order.pair, trade.initial)),
                "initialMarginRequired": money(trade.margin),
            });
            if let Some(client) = &trade.client {
                told["clientExtensions"] = client.clone();
            }
            json["tradeOpened"] = told;
        }
        if let Some(reduced) = closed.iter().find(|closed| !closed.is_whole) {
            json["tradeReduced"] = reduced.json.clone();
        }
        let whole: Vec<Value> =
            closed.iter().filter(|closed| closed.is_whole).map(|closed| closed.json.clone()).collect();
        if !whole.is_empty() {
            json["tradesClosed"] = whole.into();
        }
        members(json)
    }

    fn closes_trade(&mut self, closed: &Closed, fill: u64, price: Decimal) {
        let at = self.at;
        let trade = &mut self.book.trades[closed.place];
        trade.current += closed.units;
        trade.realized += closed.home;
        trade.closed_units += closed.units.abs();
        trade.closed_value += closed.units.abs() * price;
        trade.closing.push(fill);
        if closed.is_whole {
            trade.closed_at = Some(at);
        }
        let (pair, is_long) = (trade.pair, trade.is_long());
        self.book.earned(pair, is_long).pl += closed.home;
    }

    /// Orders on trades that are no more end; those on what became smaller want less.
    fn unlink(&mut self, closed: &[Closed], fill: u64) {
        for Closed { place, is_whole, .. } in closed {
            let trade = self.book.trades[*place].id;
            let linked: Vec<usize> = self
                .book
                .pending()
                .filter(|(_, order)| order.trade == Some(trade))
                .map(|(place, _)| place)
                .collect();
            for order in linked {
                if *is_whole {
                    let more = json!({
                        "closedTradeID": trade.to_string(), "tradeCloseTransactionID": fill.to_string(),
                    });
                    self.end_with(order, "LINKED_TRADE_CLOSED", members(more));
                }
            }
        }
    }

    fn makes_on_fill(&mut self, order: &Order, trade: u64, price: Decimal) {
        let is_long = self.book.trade(trade).is_some_and(|place| self.book.trades[place].is_long());
        for made in &order.on_fill {
            let mut new = self.dependent_of(trade, order.pair, made, price, is_long);
            new.is_foreign = order.is_foreign;
            let place =
                self.take(new, "ON_FILL", members(json!({ "orderFillTransactionID": trade.to_string() })));
            self.waiting.push(self.book.orders[place].id);
        }
    }

    /// What becomes of what an order did not fill.
    fn rest(&mut self, place: usize, order: &Order, effect: &Effect) {
        if order.tif.is_immediate() {
            if self.quirks().ioc_rest_cancelled {
                let id = order.id.to_string();
                let mut told = json!({ "orderID": id, "reason": "INSUFFICIENT_LIQUIDITY" });
                if let Some(client) = order.client_id() {
                    told["clientOrderID"] = json!(client);
                }
                let id = self.write("ORDER_CANCEL", members(told));
                self.book.orders[place].cancelling = Some(id);
            }
            return;
        }
        if !self.quirks().reissue {
            return;
        }
        let done = effect.units(order.units.is_sign_negative());
        let mut next = Order {
            units: order.units - done,
            replaces: Some(order.id),
            replaced_by: None,
            filled: Decimal::ZERO,
            filling: None,
            filled_at: None,
            engine: None,
            entered: 0,
            first_fill: None,
            ..order.clone()
        };
        next.echo.insert("units".to_owned(), json!(text(next.units)));
        let made = self.take(next, "REPLACEMENT", Map::new());
        // It meets the next price, or the same one when time goes on.
        self.book.orders[place].replaced_by = Some(self.book.orders[made].id);
    }

    /// A market order of the account itself, or of a request that closes something.
    pub(super) fn market_order(&self, pair: usize, units: Decimal, closes: Option<Closes>) -> Order {
        let fill = if closes.is_some() { PositionFill::ReduceOnly } else { self.usual_fill() };
        let echo = json!({
            "instrument": self.pairs[pair].name(), "units": text(units), "timeInForce": "FOK",
            "positionFill": if closes.is_some() { "REDUCE_ONLY" } else { "DEFAULT" },
        });
        Order {
            position_fill: fill,
            closes,
            echo: members(echo),
            ..Order::new(Kind::Market, pair, units, Tif::Fok)
        }
    }
}
