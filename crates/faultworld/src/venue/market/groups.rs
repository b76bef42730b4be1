//! What a venue does with orders beside filling them: it makes the legs of brackets and ends one with the other, binds
//! units, and ends with a session what does not outlive it.

use broker_api::intent::{Limit, Stop};
use broker_api::{
    ClientOrderId, End, Intent, Key, OrderKind, Protection, Purpose, Qty, Side, Time, TimeInForce, VenueEvent,
};
use chrono::{NaiveTime, TimeDelta};
use rust_decimal::Decimal;

use super::{CANCELLED, EXPIRED, Market};
use crate::truth::Arrival;

impl Market {
    /// An order was executed: a bracket that is filled whole gets its legs, and a leg that is ends the other one.
    pub(super) fn group_filled(&mut self, place: usize, at: Time) {
        let Some(arrival) = self.truth.arrivals.get(place) else { return };
        if arrival.end != Some(End::Filled) {
            return;
        }
        if arrival.intent.bracket && self.rules.makes_legs {
            let (entry, records) = (arrival.intent, arrival.records);
            let made = legs(&entry).map(|leg| (leg, at, records));
            let legs = made.map(|(intent, at, records)| {
                let (end, filled, cancelling) = (None, Qty::ZERO, false);
                self.truth.arrivals.push(Arrival { at, records, intent, end, filled, cancelling });
                self.truth.arrivals.len() - 1
            });
            let legs = legs.collect();
            self.groups.insert(place, legs);
        }
        self.group_ends(place, at);
    }

    /// A leg ended: so does the other one, and its ending is told now or some seconds later.
    pub(super) fn group_ends(&mut self, place: usize, at: Time) {
        let Some(entry) =
            self.groups.iter().find_map(|(entry, legs)| legs.contains(&place).then_some(*entry))
        else {
            return;
        };
        for leg in self.groups.remove(&entry).unwrap_or_default() {
            let Some(arrival) = self.truth.arrivals.get_mut(leg).filter(|arrival| arrival.end.is_none())
            else {
                continue;
            };
            arrival.end = Some(End::Cancelled);
            let order = arrival.intent.id;
            let told = at + TimeDelta::seconds(i64::try_from(leg % 3).unwrap_or(0) * 20);
            let closed = VenueEvent::Closed { order, end: End::Cancelled, code: CANCELLED, at: told };
            if told == at { self.truth.log.push((at, closed)) } else { self.late.push((told, closed)) }
        }
    }

    /// What was to be told later is.
    pub(super) fn tells_late(&mut self, at: Time) {
        let (now, later) = std::mem::take(&mut self.late).into_iter().partition(|(told, _)| *told <= at);
        self.late = later;
        let now: Vec<(Time, VenueEvent)> = now;
        for (_, event) in now {
            if let VenueEvent::Closed { order, end, code, .. } = event {
                self.truth.log.push((at, VenueEvent::Closed { order, end, code, at }));
            }
        }
    }

    /// With each session end the orders of its day, and those for parts of a share.
    pub(super) fn sessions_end(&mut self, at: Time) {
        // Nine in the evening by Greenwich is four in the afternoon in New York.
        let closes = NaiveTime::from_hms_opt(21, 0, 0).unwrap_or(NaiveTime::MIN);
        let today = at.date_naive().and_time(closes).and_utc();
        let last = if today <= at { today } else { today - TimeDelta::days(1) };
        if self.session.replace(last).is_none_or(|ended| ended == last) {
            return;
        }
        for place in 0..self.truth.arrivals.len() {
            let arrival = &self.truth.arrivals[place];
            let is_stock = !arrival.intent.key.symbol.as_str().contains('/');
            let is_part = self.rules.parts_end && is_stock && !arrival.rest().get().is_integer();
            let ends = arrival.intent.tif == TimeInForce::Day || is_part;
            if arrival.end.is_none() && arrival.at <= last && ends {
                self.close(place, End::Expired, EXPIRED, at);
            }
        }
    }

    /// Whether an order is refused for what is there: it closes more than is free, or stands against an entry.
    pub fn is_bound(&self, intent: &Intent) -> bool {
        let held = self.truth.held(intent.key);
        if !self.rules.binds || !intent.purpose.is_reducing() || Side::reducing(held) != Some(intent.side) {
            return false;
        }
        let beside = || self.truth.live().filter(|arrival| arrival.intent.key == intent.key);
        let stands = |arrival: &Arrival| arrival.intent.side != intent.side;
        if intent.purpose == Purpose::Stop && beside().any(stands) {
            return true;
        }
        // Of a bracket's legs one binds what the other does.
        let is_second = |arrival: &Arrival| {
            let sibling = arrival.intent.id.leg_of().filter(|(_, purpose)| *purpose == Purpose::Target);
            let stop = sibling.and_then(|(entry, _)| entry.leg(Purpose::Stop));
            stop.is_some_and(|stop| beside().any(|other| other.intent.id == stop))
        };
        let closing = beside().filter(|arrival| arrival.intent.side == intent.side && !is_second(arrival));
        let bound: Decimal = closing.map(|arrival| arrival.rest().get()).sum();
        intent.qty.get() > held.size().get() - bound
    }

    /// All that is held is closed, because somebody asked for it.
    pub fn closes(&mut self, key: Key, at: Time) -> bool {
        let held = self.truth.held(key);
        let (Some(side), Ok(order)) = (Side::reducing(held), ClientOrderId::new("by-venue")) else {
            return false;
        };
        let Some(price) = self.price(key, side) else { return false };
        self.execute(order, key, side, held.size(), price, at);
        true
    }
}

/// The legs that an entry asks for.
fn legs(entry: &Intent) -> impl Iterator<Item = Intent> {
    let stop = entry.plan.stop.map(|trigger| (Purpose::Stop, OrderKind::Stop(Stop { trigger }), trigger));
    let target = entry.plan.target.map(|limit| (Purpose::Target, OrderKind::Limit(Limit { limit }), limit));
    let entry = *entry;
    stop.into_iter().chain(target).filter_map(move |(purpose, order, reference)| {
        Some(Intent {
            id: entry.id.leg(purpose)?,
            purpose,
            side: entry.side.opposite(),
            order,
            reduce_only: false,
            bracket: false,
            plan: Protection::default(),
            reference,
            risk: None,
            ..entry
        })
    })
}
