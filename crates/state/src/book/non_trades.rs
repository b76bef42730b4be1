//! Entries of a venue's log that no trade made: money and units that come and go, splits, new symbols.
//!
//! Money that is brought in or taken out is neither profit nor loss: what falls are measured from moves with it, and in its
//! share, so that a fall of a tenth stays one. All else is part of what an account is worth, and is summed by its kind,
//! apart from what trades made.

use broker_api::{
    AccountRef, Amount, Code, Held, Key, NonTrade, NonTradeKind, Price, Qty, Side, Time, VenueId, planted,
};
use chrono::TimeDelta;
use rust_decimal::{Decimal, RoundingStrategy};

use super::Book;
use super::fold::{No, no};
use super::rows::Position;

/// How long before the newest entry of a venue others are remembered: longer than a venue's log is read again.
const REMEMBERED: TimeDelta = TimeDelta::days(30);
/// Places that a quantity after a split keeps.
const UNIT_PLACES: u32 = 9;
/// Places that a price after a split keeps.
const PRICE_PLACES: u32 = 10;
const UNITS: Code = Code::fixed("units_moved");

impl Book {
    pub(super) fn non_trade(
        &mut self,
        venue: VenueId,
        entry: &NonTrade,
        before: Option<Amount>,
        at: Time,
    ) -> Result<(), No> {
        if self.has_non_trade(venue, entry.id) {
            return no(format!("entry {} was told before", entry.id));
        }
        let Some(account) = self.venues.get(&venue).map(|state| state.of.currency) else {
            return no(format!("the book is not bound to {venue}"));
        };
        let money = entry.money.amount;
        let is_ours = entry.money.currency == account;
        let sum = self.totals.non_trades.get(&entry.kind).map_or(Amount::ZERO, |sum| sum.money);
        let sum = if is_ours { sum.plus(money)? } else { sum };
        match (entry.kind, entry.key, entry.becomes) {
            (NonTradeKind::Transfer, ..) if planted!(TransferIsProfit) => {}
            (NonTradeKind::Transfer, ..) if is_ours => {
                self.flows(money, before.filter(|_| !planted!(FlowAddsUp)))?;
            }
            (NonTradeKind::Split, Some(key), _) => self.split_units(key, entry.units)?,
            (NonTradeKind::SymbolChange, Some(key), Some(new)) => self.renamed(key, new)?,
            // What executions said was kept covers it.
            (NonTradeKind::FeeInKind, ..) | (_, None, _) => {}
            (_, Some(key), _) => self.units_moved(key, entry, UNITS, at)?,
        }
        let row = self.totals.non_trades.entry(entry.kind).or_default();
        (row.count, row.money) = (row.count + 1, sum);
        let known = self.non_trades.entry(venue).or_default();
        known.insert(entry.id, entry.at);
        let newest = known.values().max().copied().unwrap_or(entry.at);
        known.retain(|_, at| *at > newest - REMEMBERED);
        Ok(())
    }

    /// What an account brings as it joins the book: neither profit nor loss. In another currency its worth is not known here, and
    /// so it joins only a book that nothing is measured from yet.
    pub(super) fn joined(&mut self, of: &AccountRef, equity: Amount) -> Result<(), No> {
        if self.venues.is_empty() {
            (self.guard.equity, self.guard.high_water) = (Some(equity), Some(equity));
        } else if self.venues.values().all(|known| known.of.currency == of.currency) {
            self.flows(equity, None)?;
        } else if self.guard.day.is_none() {
            (self.guard.equity, self.guard.high_water) = (None, None);
        } else {
            return no("an account in another currency joins only a book that has not begun");
        }
        Ok(())
    }

    /// Money that came in or went out: neither profit nor loss. `before` is what everything was worth then.
    pub(super) fn flows(&mut self, flow: Amount, before: Option<Amount>) -> Result<(), No> {
        let moved = |figure: Option<Amount>| figure.map(|figure| figure.plus(flow)).transpose();
        let in_share =
            |figure: Option<Amount>| figure.map(|figure| in_share(figure, flow, before)).transpose();
        let (equity, high_water) = (moved(self.guard.equity)?, in_share(self.guard.high_water)?);
        let (base, week) = (in_share(self.guard.day.map(|day| day.equity))?, in_share(self.guard.week)?);
        (self.guard.equity, self.guard.high_water, self.guard.week) = (equity, high_water, week);
        if let (Some(day), Some(base)) = (&mut self.guard.day, base) {
            day.equity = base;
        }
        Ok(())
    }

    /// A split that changed what the account holds by so many units: ours and what is outside have their share of it.
    fn split_units(&mut self, key: Key, by: Held) -> Result<(), No> {
        let outside = self.outside.get(&key).map_or(Held::FLAT, |row| row.held);
        let (before, ours) = (outside.moved(self.held(key))?, self.held(key));
        if before.is_flat() || by.is_flat() {
            return Ok(());
        }
        let after = before.moved(by)?;
        // What a split makes of one unit follows from how many there were. A venue often holds what comes of it before
        // its log tells it.
        let there = self.diverged.get(&key).and_then(|divergence| divergence.there);
        if let Some(there) = there.filter(|there| ![before, after].contains(there)) {
            return no(format!(
                "{there} were seen to be held instead of {before}: what one becomes is not known"
            ));
        }
        if after.is_flat() || after.is_long() != before.is_long() {
            return no(format!("a split leaves {after} of {before}"));
        }
        let scale = |held: Held| {
            let scaled =
                held.size().get().checked_mul(after.size().get())?.checked_div(before.size().get())?;
            Qty::new(scaled.round_dp_with_strategy(UNIT_PLACES, RoundingStrategy::ToZero).normalize()).ok()
        };
        let too_large = || No("a figure is too large".into());
        let held = scale(ours).ok_or_else(too_large)?;
        let given = if ours.is_long() { Side::Sell.signed(held) } else { Side::Buy.signed(held) };
        let rest = after.moved(given)?;
        if let Some(position) = self.positions.get(&key) {
            let position =
                rescaled(position, held, after.size().get(), before.size().get()).ok_or_else(too_large)?;
            self.positions.insert(key, position);
        }
        if let Some(row) = self.outside.get_mut(&key) {
            row.held = rest;
        }
        Ok(())
    }

    /// What was held under one symbol is held under another.
    fn renamed(&mut self, key: Key, new: Key) -> Result<(), No> {
        if key == new {
            return Ok(());
        }
        if self.positions.contains_key(&new) || self.outside.contains_key(&new) {
            return no(format!("{new} is held already, and {key} becomes it"));
        }
        if let Some(mut position) = self.positions.remove(&key) {
            position.key = new;
            self.positions.insert(new, position);
        }
        if let Some(outside) = self.outside.remove(&key) {
            self.outside.insert(new, outside);
        }
        if let Some(exit) = self.exits.remove(&key) {
            self.exits.insert(new, exit);
        }
        if let Some(divergence) = self.diverged.remove(&key) {
            self.diverged.insert(new, divergence);
        }
        Ok(())
    }
}

/// What a fall is measured from, after money came or went: so that the fall keeps its share. In whole cents, rounded up.
fn in_share(from: Amount, flow: Amount, before: Option<Amount>) -> Result<Amount, No> {
    let is_worth = |amount: &Amount| amount.get() > Decimal::ZERO;
    let after = before.map(|before| before.plus(flow)).transpose()?.filter(is_worth);
    let (Some(before), Some(after)) = (before.filter(is_worth), after) else { return Ok(from.plus(flow)?) };
    let scaled = from.get().checked_mul(after.get()).and_then(|scaled| scaled.checked_div(before.get()));
    let up = |scaled: Decimal| scaled.round_dp_with_strategy(2, RoundingStrategy::ToPositiveInfinity);
    scaled.and_then(|scaled| Amount::new(up(scaled)).ok()).ok_or_else(|| No("a figure is too large".into()))
}

/// A position after a split from `old` units to `new`: prices go the other way, what it came to stays.
fn rescaled(position: &Position, held: Qty, new: Decimal, old: Decimal) -> Option<Position> {
    let mut p = position.clone();
    let exited = p.exited.get().checked_mul(new)?.checked_div(old)?;
    p.exited =
        Qty::new(exited.round_dp_with_strategy(UNIT_PLACES, RoundingStrategy::ToZero).normalize()).ok()?;
    p.entered = p.exited.plus(held).ok()?;
    let is_long = p.held.is_long();
    p.held = if is_long { Side::Buy.signed(held) } else { Side::Sell.signed(held) };
    // A stop is never nearer to the market than planned, a target never for less.
    let price = |price: Price, up: bool| {
        let to = if up { RoundingStrategy::ToPositiveInfinity } else { RoundingStrategy::ToNegativeInfinity };
        let scaled = price.get().checked_mul(old)?.checked_div(new)?;
        Price::new(scaled.round_dp_with_strategy(PRICE_PLACES, to).normalize()).ok()
    };
    p.decided_at_price = price(p.decided_at_price, false)?;
    if !planted!(SplitStopStays) {
        p.plan.stop = match p.plan.stop {
            Some(stop) => Some(price(stop, !is_long)?),
            None => None,
        };
        p.plan.target = match p.plan.target {
            Some(target) => Some(price(target, is_long)?),
            None => None,
        };
        p.plan.trail = match p.plan.trail {
            Some(trail) => Some(price(trail, true)?),
            None => None,
        };
    }
    Some(p)
}
