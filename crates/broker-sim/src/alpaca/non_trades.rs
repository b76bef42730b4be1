//! What happens in the account that no trade makes: money and units that come and go, dividends, interest, late fees, splits,
//! new symbols. Each really changes the account, and has its rows among the activities.

use broker_api::{Amount, Held, Price, Side};
use chrono_tz::America::New_York;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::activities::Row;
use super::order::Status;
use super::venue::{Venue, engine_qty};
use crate::core::{NonTrade, date_of, decimal_text, nanos};

/// What is told of every one.
#[derive(Clone, Copy)]
struct Told<'a> {
    kind: &'static str,
    sub_type: Option<&'a str>,
    symbol: Option<&'a str>,
    qty: Option<Decimal>,
    money: Decimal,
    group: Option<&'a str>,
}

impl Told<'_> {
    const fn of(kind: &'static str) -> Self {
        Self { kind, sub_type: None, symbol: None, qty: None, money: Decimal::ZERO, group: None }
    }
}

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp(2)
}

fn said(why: impl std::fmt::Display) -> String {
    why.to_string()
}

/// Units before and after.
#[derive(Clone, Copy)]
struct Ratio {
    old: Decimal,
    new: Decimal,
}

impl Ratio {
    fn units(self, qty: Decimal) -> Decimal {
        (qty * self.new / self.old).round_dp_with_strategy(9, RoundingStrategy::ToZero)
    }

    fn price(self, price: Decimal, places: u32) -> Decimal {
        (price * self.old / self.new).round_dp(places)
    }
}

impl Venue {
    /// Lets something happen; gives the ids of its activities.
    ///
    /// # Errors
    /// It cannot happen in this account.
    pub(super) fn happens(&mut self, what: &NonTrade) -> Result<Vec<String>, String> {
        match what {
            NonTrade::Dividend { symbol, per_share } => self.pays_dividend(symbol, per_share.get()),
            NonTrade::StockDividend { symbol, qty } => self.brings_units(symbol, qty.get()),
            NonTrade::Interest { amount } => {
                let sub_type = Some(if amount.get().is_sign_negative() { "MGN" } else { "CDT" });
                self.moves_money(Told { sub_type, money: amount.get(), ..Told::of("INT") })
            }
            NonTrade::Fee { amount, kind } => self.moves_money(Told {
                sub_type: Some(kind.as_str()).filter(|kind| !kind.is_empty()),
                money: -amount.get(),
                ..Told::of("FEE")
            }),
            NonTrade::Cash { amount } => {
                let kind = if amount.get().is_sign_negative() { "CSW" } else { "CSD" };
                self.moves_money(Told { money: amount.get(), ..Told::of(kind) })
            }
            NonTrade::Split { symbol, old, new } => {
                if old.is_zero() || new.is_zero() || old == new {
                    return Err(format!("{old} for {new} is no split"));
                }
                self.splits(symbol, Ratio { old: old.get(), new: new.get() })
            }
            NonTrade::Rename { symbol, becomes } => self.renames(symbol, becomes),
            NonTrade::Units { symbol, qty, price } => self.moves_units(symbol, qty.get(), *price),
        }
    }

    /// Writes an activity.
    fn writes(&mut self, told: &Told<'_>) -> String {
        let at = self.stamp();
        let id = format!("{}::{}", at.with_timezone(&New_York).format("%Y%m%d%H%M%S%3f"), self.chance.uuid());
        let mut json = json!({
            "id": id, "activity_type": told.kind, "date": date_of(at).to_string(), "currency": "USD",
            "net_amount": decimal_text(told.money), "status": "executed",
        });
        let texts = [("activity_sub_type", told.sub_type), ("symbol", told.symbol), ("group_id", told.group)];
        for (name, text) in texts {
            if let Some(text) = text {
                json[name] = json!(text);
            }
        }
        if let Some(qty) = told.qty {
            json["qty"] = json!(decimal_text(qty));
        }
        if self.quirks().activities_tell_creation {
            json["created_at"] = json!(nanos(at));
        }
        self.non_trades.push(Row { at, id: id.clone(), kind: told.kind, json, order: None });
        id
    }

    fn earns(&mut self, money: Decimal) -> Result<(), String> {
        let amount = Amount::new(-money).map_err(said)?;
        self.engine.charge(amount).map_err(said)
    }

    fn moves_money(&mut self, told: Told<'_>) -> Result<Vec<String>, String> {
        self.earns(told.money)?;
        Ok(vec![self.writes(&told)])
    }

    fn traded(&self, symbol: &str) -> Result<usize, String> {
        self.find_asset(symbol).ok_or_else(|| format!("{symbol} is not listed"))
    }

    /// An asset of which something is held, and how much.
    fn of_what_is_held(&self, symbol: &str) -> Result<(usize, Decimal), String> {
        let asset = self.traded(symbol)?;
        let held = self.held(asset);
        if held.is_zero() { Err(format!("nothing of {symbol} is held")) } else { Ok((asset, held)) }
    }

    fn pays_dividend(&mut self, symbol: &str, per_share: Decimal) -> Result<Vec<String>, String> {
        let (_, held) = self.of_what_is_held(symbol)?;
        let money = cents(held * per_share);
        self.earns(money)?;
        let (sub_type, symbol, qty) = (Some("CDIV"), Some(symbol), Some(held.abs()));
        let id = self.writes(&Told { sub_type, symbol, qty, money, ..Told::of("DIV") });
        if let Some(row) = self.non_trades.last_mut() {
            row.json["per_share_amount"] = json!(decimal_text(per_share));
        }
        Ok(vec![id])
    }

    fn brings_units(&mut self, symbol: &str, qty: Decimal) -> Result<Vec<String>, String> {
        let (asset, held) = self.of_what_is_held(symbol)?;
        self.holds(asset, held + qty)?;
        let (sub_type, symbol, qty) = (Some("SDIV"), Some(symbol), Some(qty));
        Ok(vec![self.writes(&Told { sub_type, symbol, qty, ..Told::of("DIV") })])
    }

    /// So much is held, for what it came to before.
    fn holds(&mut self, asset: usize, held: Decimal) -> Result<(), String> {
        let at = self.stamp();
        self.engine.restate(self.assets[asset].ix, Held::new(held).map_err(said)?, at).map_err(said)?;
        self.drain();
        Ok(())
    }

    /// Units come or go at a price; the money for them does not.
    fn shifts(&mut self, asset: usize, qty: Decimal, price: Price) -> Result<(), String> {
        let side = if qty.is_sign_negative() { Side::Sell } else { Side::Buy };
        let at = self.stamp();
        self.engine.book(self.assets[asset].ix, side, engine_qty(qty.abs()), price, at).map_err(said)?;
        self.drain();
        self.earns(qty * price.get())
    }

    fn moves_units(
        &mut self,
        symbol: &str,
        qty: Decimal,
        price: Option<Price>,
    ) -> Result<Vec<String>, String> {
        let asset = self.traded(symbol)?;
        let last = self.assets[asset].prices.map(|prices| prices.last);
        let price = price.or(last).ok_or_else(|| format!("{symbol} has no price"))?;
        if qty.is_zero() {
            return Err("no units would come or go".to_owned());
        }
        self.shifts(asset, qty, price)?;
        let symbol = self.assets[asset].plain_symbol();
        Ok(vec![self.writes(&Told { symbol: Some(&symbol), qty: Some(qty), ..Told::of("ACATS") })])
    }

    /// The live orders of an asset.
    fn live(&self, asset: usize) -> Vec<usize> {
        let is_live =
            |place: &usize| self.orders[*place].asset == asset && !self.orders[*place].status.is_over();
        (0..self.orders.len()).filter(is_live).collect()
    }

    fn splits(&mut self, symbol: &str, ratio: Ratio) -> Result<Vec<String>, String> {
        let asset = self.traded(symbol)?;
        if self.assets[asset].is_crypto() {
            return Err(format!("{symbol} is a pair of coins, which does not split"));
        }
        let prices = self.assets[asset].prices.ok_or_else(|| format!("{symbol} has no price"))?;
        let is_reverse = ratio.new < ratio.old;
        let mut back = Vec::new();
        for place in self.live(asset) {
            if is_reverse || self.quirks().forward_split_cancels {
                self.end(place, Status::Canceled);
            } else if self.orders[place].engine.is_some() {
                self.leave(place);
                back.push(place);
            }
        }
        self.live(asset).into_iter().for_each(|place| self.adjusts(place, ratio));
        let after = |price: Price| Price::new(ratio.price(price.get(), 4)).map_err(said);
        let ids = self.splits_what_is_held(asset, ratio, after(prices.last)?)?;
        self.assets[asset].before = self.assets[asset].before.map(after).transpose()?;
        // Orders meet the new price, not the new order the old one.
        self.set_prices(asset, after(prices.bid)?, after(prices.ask)?);
        for place in
            back.into_iter().filter(|place| !self.orders[*place].status.is_over()).collect::<Vec<_>>()
        {
            self.enter(place);
        }
        Ok(ids)
    }

    /// What is left of an order, in units and prices of after a split.
    fn adjusts(&mut self, place: usize, ratio: Ratio) {
        let order = &mut self.orders[place];
        let is_whole = order.qty.is_some_and(|qty| qty.fract().is_zero());
        if let Some(rest) = order.rest() {
            let rest = ratio.units(rest);
            let qty = order.filled + if is_whole { rest.trunc() } else { rest };
            (order.qty, order.target) = (order.qty.map(|_| qty), Some(qty));
        }
        let figures = [&mut order.limit, &mut order.stop, &mut order.trail_price, &mut order.best];
        for price in figures.into_iter().flatten() {
            *price = ratio.price(*price, 2);
        }
        order.reckoned = ratio.price(order.reckoned, 4);
    }

    fn splits_what_is_held(
        &mut self,
        asset: usize,
        ratio: Ratio,
        price: Price,
    ) -> Result<Vec<String>, String> {
        let held = self.held(asset);
        if held.is_zero() {
            return Ok(Vec::new());
        }
        let all = ratio.units(held);
        let is_paid_out = self.quirks().cash_in_lieu && held.fract().is_zero();
        let kept = if is_paid_out { all.trunc() } else { all };
        let rest = all - kept;
        self.holds(asset, all)?;
        let mut money = Decimal::ZERO;
        if !rest.is_zero() {
            // A fraction is sold at the price of after the split, to the cent.
            let exact = rest * price.get();
            money = cents(exact);
            self.shifts(asset, -rest, price)?;
            self.earns(money)?;
        }
        let symbol = self.assets[asset].symbol().to_owned();
        let sub_type = Some(if ratio.new < ratio.old { "RSPLIT" } else { "FSPLIT" });
        let told = Told { sub_type, symbol: Some(&symbol), money, ..Told::of("SPLIT") };
        if !self.quirks().split_as_pair {
            return Ok(vec![self.writes(&Told { qty: Some(kept - held), ..told })]);
        }
        let group = self.chance.uuid();
        let group = Some(group.as_str());
        let old = self.writes(&Told { qty: Some(-held), money: Decimal::ZERO, group, ..told });
        Ok(vec![old, self.writes(&Told { qty: Some(kept), group, ..told })])
    }

    fn renames(&mut self, symbol: &str, becomes: &str) -> Result<Vec<String>, String> {
        let (from, to) = (self.traded(symbol)?, self.traded(becomes)?);
        if from == to || !self.held(to).is_zero() {
            return Err(format!("{symbol} cannot become {becomes}, of which something is held"));
        }
        let prices = self.assets[from].prices.ok_or_else(|| format!("{symbol} has no price"))?;
        self.live(from).into_iter().for_each(|place| self.end(place, Status::Canceled));
        self.set_prices(to, prices.bid, prices.ask);
        self.assets[from].asset.active = false;
        self.assets[from].asset.tradable = false;
        let held = self.held(from);
        if held.is_zero() {
            return Ok(Vec::new());
        }
        let positions = self.engine.positions();
        let average = positions.iter().find(|position| position.key.symbol.as_str() == symbol);
        let average = average.ok_or_else(|| format!("nothing of {symbol} is held"))?.average;
        self.shifts(from, -held, average)?;
        self.shifts(to, held, average)?;
        let group = self.chance.uuid();
        let told = |symbol, qty| Told {
            sub_type: Some("SNC"),
            symbol: Some(symbol),
            qty: Some(qty),
            group: Some(&group),
            ..Told::of("NC")
        };
        Ok(vec![self.writes(&told(symbol, -held)), self.writes(&told(becomes, held))])
    }

    /// Every activity that no trade made, as the wire shows it.
    pub(super) fn non_trades_json(&self) -> Value {
        self.non_trades.iter().map(|row| row.json.clone()).collect()
    }
}
