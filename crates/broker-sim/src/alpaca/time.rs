//! Time goes on: what falls due is played in its order, prices come, and orders meet them.

use broker_api::{InstrumentIx, Price, Quote, Time};
use broker_paper::matching::Moment;
use rust_decimal::Decimal;

use super::assets::Prices;
use super::order::Order;
use super::venue::{Due, Venue};
use crate::core::{Change, TimeAct};

/// The parts of a bar; of one moment the last price of one comes before the first of the next.
pub(super) const CLOSE: u8 = 0;
pub(super) const OPEN: u8 = 1;
pub(super) const RANGE: u8 = 2;

impl Venue {
    pub(super) fn schedule(&mut self, at: Time, due: Due) {
        self.due += 1;
        self.agenda.insert((at, self.due), due);
    }

    /// Plays all that falls due up to `until`, in its order.
    pub(super) fn play_to(&mut self, until: Time) {
        loop {
            let due = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let change = self.hours.next_change(self.changed);
            let bar = self.coming.front().map(|(at, ..)| *at);
            let Some(next) = [due, bar, change.map(|(at, _)| at)].into_iter().flatten().min() else { break };
            if next > until {
                break;
            }
            self.at = self.at.max(next);
            let part = self.coming.front().filter(|(at, ..)| *at == next).map(|(_, part, ..)| *part);
            match change {
                // The last price of a bar is of before, its first price is what the market opens at.
                Some((at, Change::Closes | Change::Ends)) if at == next && part == Some(CLOSE) => {
                    self.play_bar();
                }
                Some((at, Change::Begins | Change::Opens))
                    if at == next && matches!(part, Some(CLOSE | OPEN)) =>
                {
                    self.play_bar();
                }
                Some((at, change)) if at == next => {
                    self.changed = at;
                    self.session_changes(change);
                }
                _ if bar == Some(next) => self.play_bar(),
                _ => {
                    if let Some((_, due)) = self.agenda.pop_first() {
                        self.come_due(due);
                    }
                }
            }
        }
        self.at = self.at.max(until);
        self.changed = self.changed.max(until);
    }

    fn come_due(&mut self, due: Due) {
        match due {
            Due::Route(order) => self.route(order),
            Due::Cancel(order) => self.finish_cancel(order),
            Due::Replace { old, new } => self.finish_replace(old, new),
            Due::Act(act) => self.act(&act),
        }
    }

    /// Does what a script wants; what is impossible by now is passed over.
    pub(super) fn act(&mut self, act: &TimeAct) {
        match act {
            TimeAct::Liquidate { symbol } => drop(self.liquidate_position(symbol)),
            TimeAct::NonTrade(what) => drop(self.happens(what)),
            TimeAct::Bust { nth } => {
                let execution = nth.checked_sub(1).and_then(|place| self.executions.get(place));
                if let Some(id) = execution.map(|execution| execution.id.clone()) {
                    drop(self.take_back(&id));
                }
            }
            TimeAct::Price { symbol, price } => {
                if let Some(asset) = self.find_asset(symbol) {
                    self.set_prices(asset, *price, *price);
                }
            }
        }
    }

    /// New bid and ask of an asset.
    pub(super) fn set_prices(&mut self, asset: usize, bid: Price, ask: Price) {
        let last = (bid.get() + ask.get()) / Decimal::TWO;
        let last = Price::new(last.round_dp(9)).unwrap_or(bid);
        let at = self.at;
        let listed = &mut self.assets[asset];
        listed.prices = Some(Prices { bid, ask, last, at });
        listed.before = listed.before.or(Some(last));
        self.awaken(asset, bid, ask);
        self.play_quote(asset, bid, ask);
        self.ratchet(asset);
        self.streams.priced(&self.assets[asset]);
    }

    /// Lets everything that works meet the last prices once more: what filled in part goes on.
    pub(super) fn play_again(&mut self) {
        for asset in 0..self.assets.len() {
            let works =
                |order: &Order| order.asset == asset && order.engine.is_some() && !order.filled.is_zero();
            if let Some(prices) = self.assets[asset].prices
                && self.orders.iter().any(works)
            {
                self.play_quote(asset, prices.bid, prices.ask);
            }
        }
    }

    pub(super) fn play_quote(&mut self, asset: usize, bid: Price, ask: Price) {
        let ix = self.assets[asset].ix;
        let at = self.stamp();
        self.enter_waiting(asset);
        self.chance_of_parts(asset);
        self.play(&Moment::Quote { ix, quote: Quote { bid, ask, at } });
    }

    pub(super) fn play(&mut self, moment: &Moment) {
        self.engine.begin(moment);
        self.drain();
    }

    fn play_bar(&mut self) {
        let Some((_, part, asset, bar)) = self.coming.pop_front() else { return };
        let ix: InstrumentIx = self.assets[asset].ix;
        let price = if part == CLOSE { bar.close } else { bar.open };
        let at = self.at;
        self.assets[asset].prices = Some(Prices { bid: price, ask: price, last: price, at });
        self.enter_waiting(asset);
        match part {
            OPEN => self.play(&Moment::Open { ix, bar }),
            RANGE => {
                self.awaken(asset, bar.low, bar.high);
                self.play(&Moment::Range { ix, bar });
            }
            _ => {
                self.play(&Moment::Close { ix, bar });
                self.assets[asset].history.push(bar);
            }
        }
        self.ratchet(asset);
        // The price stands until the next one.
        if part != RANGE {
            self.play_quote(asset, price, price);
        }
        self.streams.priced(&self.assets[asset]);
    }
}
