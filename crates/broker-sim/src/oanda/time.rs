//! Time goes on: what falls due is played in its order, prices come, and orders meet them.

use broker_api::{Price, Quote, Time};
use broker_paper::matching::Moment;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::hours::Change;
use super::instruments::Prices;
use super::order::{Order, Trigger};
use super::venue::{Due, Venue};
use crate::core::{Reply, Rule, TimeAct, TimeRule, When};

/// The parts of a bar; of one moment the last price of one comes before the first of the next.
pub(super) const CLOSE: u8 = 0;
pub(super) const OPEN: u8 = 1;
pub(super) const RANGE: u8 = 2;

/// A jump that is longer is not told beat by beat on the streams.
const JUMP: TimeDelta = TimeDelta::seconds(120);
/// Members that are moments.
const MOMENTS: &[&str] = &[
    "time",
    "createTime",
    "openTime",
    "closeTime",
    "filledTime",
    "cancelledTime",
    "gtdTime",
    "timestamp",
    "createdTime",
    "resettablePLTime",
    "lastOrderFillTimestamp",
    "marginCallEnterTime",
    "from",
    "to",
];

/// The same, its moments in seconds.
pub(super) fn seconds_of(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let at = value
                    .as_str()
                    .filter(|_| MOMENTS.contains(&name.as_str()))
                    .and_then(|text| text.parse::<Time>().ok());
                let value = match at {
                    Some(at) => json!(format!("{}.{:09}", at.timestamp(), at.timestamp_subsec_nanos())),
                    None => seconds_of(value),
                };
                (name, value)
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(values) => values.into_iter().map(seconds_of).collect(),
        other => other,
    }
}

/// An answer whose moments are in seconds.
pub(super) fn in_seconds(mut reply: Reply) -> Reply {
    if let Ok(body) = serde_json::from_slice(&reply.body) {
        reply.body = seconds_of(body).to_string().into_bytes();
    }
    reply
}

impl Venue {
    pub(super) fn schedule(&mut self, at: Time, due: Due) {
        self.due += 1;
        self.agenda.insert((at, self.due), due);
    }

    /// Plays all that falls due up to `until`, in its order.
    pub(super) fn play_to(&mut self, until: Time) {
        if until - self.at > JUMP {
            self.streams.jump(until);
        }
        loop {
            let due = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let change = self.hours.next_change(self.changed);
            let bar = self.coming.front().map(|coming| coming.at);
            let stream = self.streams.next_due();
            let all = [due, bar, change.map(|(at, _)| at), stream];
            let Some(next) = all.into_iter().flatten().min() else { break };
            if next > until {
                break;
            }
            self.at = self.at.max(next);
            let part = self.coming.front().filter(|coming| coming.at == next).map(|coming| coming.part);
            match change {
                // The last price of a bar is of before, its first price is what the market opens at.
                Some((at, Change::Closes)) if at == next && part == Some(CLOSE) => self.play_bar(),
                Some((at, Change::Opens)) if at == next && matches!(part, Some(CLOSE | OPEN)) => {
                    self.play_bar();
                }
                Some((at, change)) if at == next => {
                    self.changed = (at, change);
                    self.session_changes(change);
                }
                _ if bar == Some(next) => self.play_bar(),
                _ if due == Some(next) => {
                    if let Some((_, due)) = self.agenda.pop_first() {
                        self.come_due(due);
                    }
                }
                _ => self.tell_due(),
            }
            self.settle();
        }
        self.at = self.at.max(until);
        self.changed = self.changed.max((until, Change::Opens));
    }

    fn session_changes(&mut self, change: Change) {
        let has_sessions = self.hours.market == crate::core::Market::Calendar;
        match change {
            Change::Closes => self.closes_market(),
            Change::Rolls => {
                self.charges_financing();
                if !has_sessions {
                    self.acts_of_close();
                }
            }
            Change::Opens => self.opens_market(),
        }
    }

    pub(super) fn opens_market(&mut self) {
        for pair in 0..self.pairs.len() {
            self.release(pair);
            self.tell_price(pair);
        }
    }

    pub(super) fn closes_market(&mut self) {
        for pair in 0..self.pairs.len() {
            self.withdraw(pair);
            self.tell_price(pair);
        }
        self.acts_of_close();
    }

    fn acts_of_close(&mut self) {
        for act in std::mem::take(&mut self.at_close) {
            self.act(&act);
        }
    }

    fn come_due(&mut self, due: Due) {
        self.batch();
        match due {
            Due::Expire(id) => {
                if let Some(place) = self.book.order(id) {
                    self.end(place, "TIME_IN_FORCE_EXPIRED");
                }
            }
            Due::Cancel(id) => {
                if let Some(place) = self.book.order(id) {
                    self.end(place, "CLIENT_REQUEST");
                }
            }
            Due::Act(act) => self.act(&act),
        }
    }

    /// Does what a script wants; what is impossible by now is passed over.
    pub(super) fn act(&mut self, act: &TimeAct) {
        match act {
            TimeAct::Liquidate { symbol } => drop(self.liquidates(symbol)),
            TimeAct::NonTrade(what) => drop(self.happens(what)),
            // Nothing is ever taken back here.
            TimeAct::Bust { .. } => {}
            TimeAct::Price { symbol, price } => {
                if let Some(pair) = self.find_pair(symbol) {
                    self.set_prices(pair, price.get(), price.get());
                }
            }
        }
    }

    /// Takes a fault of the stream or of the clock.
    pub(super) fn take_script(&mut self, rule: Rule) {
        match rule {
            Rule::Stream(rule) => self.streams.script(rule),
            Rule::Time(TimeRule { at: When::At(at), act }) => self.schedule(at, Due::Act(act)),
            Rule::Time(TimeRule { at: When::On(_), act }) => self.at_close.push(act),
            Rule::Request(_) => {}
        }
    }

    /// New bid and ask of a pair.
    pub(super) fn set_prices(&mut self, pair: usize, bid: Decimal, ask: Decimal) {
        // A price has no more places than its pair.
        let places = self.pairs[pair].pair.display_precision;
        let (bid, ask) = (bid.round_dp(places), ask.round_dp(places));
        self.play_quote(pair, bid, ask);
        self.ratchet(pair, ask, bid);
        self.tell_price(pair);
        self.settle();
    }

    pub(super) fn play_quote(&mut self, pair: usize, bid: Decimal, ask: Decimal) {
        self.pairs[pair].prices = Some(Prices { bid, ask, at: self.at });
        let is_open = self.is_open_for(pair);
        if bid != ask {
            self.withdraw_foreign(pair);
        }
        let ix = self.pairs[pair].ix;
        if let (Ok(bid), Ok(ask)) = (Price::new(bid), Price::new(ask)) {
            self.play(&Moment::Quote { ix, quote: Quote { bid, ask, at: self.at } });
        }
        if is_open {
            self.release(pair);
        }
    }

    /// Orders that other prices wake than those the engine looks at leave it, where those differ.
    fn withdraw_foreign(&mut self, pair: usize) {
        for place in 0..self.book.orders.len() {
            let order = &self.book.orders[place];
            if order.pair == pair && order.engine.is_some() && order.trigger != Trigger::Own {
                self.leave(place);
            }
        }
    }

    fn play(&mut self, moment: &Moment) {
        self.engine.begin(moment);
        self.drain(true);
    }

    /// Lets what filled in part meet the last prices once more.
    pub(super) fn play_again(&mut self) {
        for pair in 0..self.pairs.len() {
            let goes_on = |order: &Order| {
                order.pair == pair
                    && order.is_pending()
                    && (order.engine.is_none() && order.trigger == Trigger::Own || !order.filled.is_zero())
            };
            if let Some(prices) = self.pairs[pair].prices
                && self.is_open_for(pair)
                && self.book.orders.iter().any(goes_on)
            {
                let at = prices.at;
                self.play_quote(pair, prices.bid, prices.ask);
                self.pairs[pair].prices = Some(Prices { at, ..prices });
            }
        }
        self.settle();
    }

    fn play_bar(&mut self) {
        let Some(coming) = self.coming.pop_front() else { return };
        let (pair, bar) = (coming.pair, coming.bar);
        let ix = self.pairs[pair].ix;
        let price = if coming.part == CLOSE { bar.close } else { bar.open }.get();
        self.pairs[pair].prices = Some(Prices { bid: price, ask: price, at: self.at });
        match coming.part {
            OPEN => self.play(&Moment::Open { ix, bar }),
            RANGE => {
                self.release(pair);
                self.play(&Moment::Range { ix, bar });
                self.ratchet(pair, bar.low.get(), bar.high.get());
            }
            _ => {
                self.play(&Moment::Close { ix, bar });
                self.pairs[pair].history.push(coming.told);
            }
        }
        // The price stands until the next one.
        if coming.part != RANGE {
            self.play_quote(pair, price, price);
            self.ratchet(pair, price, price);
        }
        self.tell_price(pair);
    }
}
