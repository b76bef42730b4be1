//! What the hours of the market do to orders: who waits, who is let through, who ends.

use chrono::{Days, TimeDelta};
use chrono_tz::America::New_York;

use super::order::{Status, Tif};
use super::venue::{Due, Venue};
use crate::core::{Change, Occasion, Rule, TimeRule, When, date_of, new_york};

impl Venue {
    pub(super) fn set_expiry(&mut self, place: usize) {
        let session = self.session();
        let created = self.orders[place].created;
        let order = &self.orders[place];
        let expires = match order.tif {
            Tif::Gtc => created.checked_add_days(Days::new(90)).map(|day| {
                let quarter = chrono::NaiveTime::from_hms_opt(16, 15, 0).unwrap_or_default();
                new_york(day.with_timezone(&New_York).date_naive(), quarter)
            }),
            // The evening belongs to the session before it.
            _ if order.extended => {
                let mut sessions = self.hours.sessions(date_of(self.at));
                sessions.find(|session| self.at < session.ends).map(|session| session.ends)
            }
            _ => session.map(|session| session.closes),
        };
        self.orders[place].expires = expires;
    }

    /// Whether an order may go to the market now.
    pub(super) fn can_be_routed(&self, place: usize) -> bool {
        let order = &self.orders[place];
        match order.tif {
            Tif::Opg | Tif::Cls => false,
            _ if self.is_open_for(order.asset) => true,
            _ => order.extended && self.hours.is_extended(self.at),
        }
    }

    /// What the hours of the market do to orders.
    pub(super) fn session_changes(&mut self, change: Change) {
        match change {
            Change::Begins => self.release(),
            Change::Opens => {
                self.finish_waiting_cancels();
                self.release();
                self.open_auction();
            }
            Change::Closes => self.close_session(),
            Change::Ends => self.end_day(),
        }
    }

    /// Lets orders that waited for the market go there.
    pub(super) fn release(&mut self) {
        for place in 0..self.orders.len() {
            let status = self.orders[place].status;
            if status == Status::Accepted && self.can_be_routed(place) {
                self.route(place);
            } else if matches!(status, Status::New | Status::PartiallyFilled | Status::Held)
                && self.orders[place].engine.is_none()
                && self.orders[place].entered > 0
                && self.can_be_routed(place)
            {
                self.enter(place);
            }
        }
    }

    fn open_auction(&mut self) {
        for place in 0..self.orders.len() {
            if self.orders[place].tif == Tif::Opg && self.orders[place].status == Status::Accepted {
                self.route(place);
            }
        }
    }

    /// The core session closes: orders for the close meet the last price, the day's orders end, the others leave the market.
    pub(super) fn close_session(&mut self) {
        for place in 0..self.orders.len() {
            if self.orders[place].tif == Tif::Cls && self.orders[place].status == Status::Accepted {
                self.route(place);
            }
        }
        let is_stock = |venue: &Self, place: usize| !venue.assets[venue.orders[place].asset].is_crypto();
        for place in 0..self.orders.len() {
            let order = &self.orders[place];
            // A leg ends with the order that its group began with.
            let is_later = order.status == Status::Accepted || order.extended;
            if order.status.is_over() || !is_stock(self, place) || is_later {
                continue;
            }
            let aged = order.expires.is_some_and(|expires| expires <= self.at + TimeDelta::minutes(15));
            if order.tif == Tif::Day || order.tif == Tif::Gtc && aged {
                let status = if order.tif == Tif::Day { Status::Expired } else { Status::Canceled };
                self.end(place, status);
            } else {
                self.leave(place);
            }
        }
        self.last_equity = self.figures().equity;
        for listed in &mut self.assets {
            listed.before = listed.prices.map(|prices| prices.last).or(listed.before);
        }
        for act in std::mem::take(&mut self.at_close) {
            self.act(&act);
        }
    }

    fn end_day(&mut self) {
        for place in 0..self.orders.len() {
            let order = &self.orders[place];
            if order.status.is_over() || !order.extended {
                continue;
            }
            let is_of_today = order.expires.is_some_and(|expires| expires <= self.at);
            if order.tif == Tif::Day && is_of_today {
                self.end(place, Status::Expired);
            } else {
                self.leave(place);
            }
        }
    }

    /// Takes a fault of the stream or of the clock.
    pub(super) fn take_script(&mut self, rule: Rule) {
        match rule {
            Rule::Stream(rule) => self.streams.script(rule),
            Rule::Time(TimeRule { at: When::At(at), act }) => self.schedule(at, Due::Act(act)),
            Rule::Time(TimeRule { at: When::On(Occasion::Close), act }) => self.at_close.push(act),
            Rule::Request(_) => {}
        }
    }
}
