//! What the hours of a market ask of an order: it goes, it waits, or, where calendar and venue disagree, no entry goes.

use broker_api::{Capabilities, Code, Intent, Key, KindName, Purpose, Reason, Time, VenueId, planted};

use super::Step;
use crate::calendar::{Calendar, Opening, plural};

const CALENDARS_DIFFER: Code = Code::fixed("calendars_differ");

/// What becomes of an order now.
pub(super) enum Stands {
    /// Its market takes it, or its venue keeps it.
    Goes,
    /// Its market does not take it now. When it does is due.
    Waits,
    /// It is an entry, and calendar and venue say different things.
    Denied(Reason),
}

/// Until when a venue is looked after, if it is.
pub(super) fn looked_after(venue: &Capabilities, calendar: Calendar, now: Time) -> Option<Time> {
    venue.blackouts.iter().filter_map(|blackout| calendar.blackout(blackout, now)).max()
}

impl Step<'_> {
    /// What the market of an instrument is now; closed when the instrument is not known here.
    pub(super) fn opening(&mut self, key: Key) -> Opening {
        let Some(instrument) = self.setup.catalog.instrument(key) else { return Opening::Closed };
        let class = instrument.asset_class;
        let says = self.market.says(key.venue, class, self.now);
        if let Some(is_open) = says.filter(|_| self.setup.calendar.is_behind_venues()) {
            return if is_open { Opening::Open } else { Opening::Closed };
        }
        match self.hours.open(class, self.now, says) {
            // A day's bar closes at the change of the day. What is decided by it is not sent at the prices of then,
            // but meets the next bar.
            Opening::Roll { .. } if self.setup.bars.contains_key(&class) => Opening::Open,
            opening => opening,
        }
    }

    /// Until when a venue is looked after, if it is.
    pub(super) fn blackout(&self, venue: VenueId) -> Option<Time> {
        if planted!(BlackoutIgnored) {
            return None;
        }
        looked_after(self.setup.venues.get(&venue)?, self.setup.calendar, self.now)
    }

    /// Whether nothing that closes at market can be sent before a market opens; it is looked at again then.
    pub(super) fn waits_for_the_opening(&mut self, key: Key) -> bool {
        self.opening(key) == Opening::Closed && self.waits_where_closed(key, Purpose::Exit, KindName::Market)
    }

    /// Whether a venue does not keep an order of this kind for the opening of its market, which is due then.
    fn waits_where_closed(&mut self, key: Key, purpose: Purpose, kind: KindName) -> bool {
        if self.setup.venues.get(&key.venue).is_some_and(|venue| venue.keeps(purpose, kind)) {
            return false;
        }
        let class = self.setup.catalog.instrument(key).map(|instrument| instrument.asset_class);
        if let Some(opens) = class.and_then(|class| self.hours.next_open(class, self.now)) {
            self.due_at(opens);
        }
        true
    }

    /// What the hours of its market ask of an order.
    pub(super) fn stands(&mut self, intent: &Intent) -> Stands {
        let key = intent.key;
        let is_entry = intent.purpose == Purpose::Entry;
        if let Some(until) = self.blackout(key.venue).filter(|_| is_entry) {
            self.due_at(until);
            return Stands::Waits;
        }
        let kind = intent.order.name();
        match self.opening(key) {
            Opening::Closed if self.waits_where_closed(key, intent.purpose, kind) => Stands::Waits,
            Opening::Open | Opening::Closed => Stands::Goes,
            Opening::Roll { .. } | Opening::Disagree if !is_entry => Stands::Goes,
            Opening::Roll { until } => {
                self.due_at(until);
                Stands::Waits
            }
            Opening::Disagree => {
                let class = self.setup.catalog.instrument(key).map(|instrument| instrument.asset_class);
                let market = class.map_or("this market", plural);
                let text = format!(
                    "{} and our calendar disagree about whether {market} trade now; no entry until they agree, exits are tried",
                    key.venue
                );
                Stands::Denied(Reason::plain(CALENDARS_DIFFER, text))
            }
        }
    }
}
