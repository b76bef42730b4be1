//! What is known of prices and accounts right now. Never journaled and empty after a start, so that the guard
//! denies until it is fresh.

mod rates;

use std::sync::Arc;

use broker_api::{
    Account, Amount, AssetClass, Catalog, Held, Holdings, InstrumentIx, Key, Price, Quote, Rate,
    SubmitOutcome, Time, VenueDay, VenueId,
};
use chrono::TimeDelta;

pub use rates::{Way, leads};

use crate::calendar;
use crate::input::Input;

/// Quotes by instrument, accounts and contact by venue.
#[derive(Clone, Debug)]
pub struct Market {
    catalog: Arc<Catalog>,
    quotes: Vec<Option<Quote>>,
    venues: Vec<Seen>,
    days: Vec<(VenueId, AssetClass, Vec<VenueDay>)>,
    holdings: Vec<(VenueId, Holdings)>,
    is_history: bool,
    /// After how long without an answer a venue was away; nothing where none ever is.
    away_after: Option<TimeDelta>,
    /// What a process before this one knew of rates, where this one has no pair to say it.
    rates: Vec<Rate>,
}

/// What was last seen of one venue.
#[derive(Clone, Copy, Debug)]
struct Seen {
    venue: VenueId,
    account: Option<Account>,
    contact: Option<Time>,
    /// When it last answered anything, whatever was lost since.
    heard: Option<Time>,
    clock: Option<ClockSeen>,
    compared: Option<Time>,
    was_away: bool,
    /// When it answered again after it was away, the last time.
    back: Option<Time>,
    /// What a process before this one reckoned it to be worth with every stop hit, while this one has not read it.
    at_stops: Option<Amount>,
}

/// What the clock of one venue said, the last two times: how far it was from ours.
#[derive(Clone, Copy, Debug)]
struct ClockSeen {
    ahead: TimeDelta,
    before: Option<TimeDelta>,
    at: Time,
}

impl Market {
    /// Nothing known yet.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self {
            quotes: vec![None; catalog.len()],
            catalog,
            venues: Vec::new(),
            days: Vec::new(),
            holdings: Vec::new(),
            is_history: false,
            away_after: None,
            rates: Vec::new(),
        }
    }

    /// The same for history that is played again: what its venue holds is what the book holds, and nobody reads it.
    #[must_use]
    pub fn of_history(catalog: Arc<Catalog>) -> Self {
        Self { is_history: true, ..Self::new(catalog) }
    }

    /// One of several venues that was not heard for longer than so was away: what it holds is read before anything more is entered
    /// there.
    pub fn set_away_after(&mut self, after: TimeDelta) {
        self.away_after = Some(after);
    }

    /// Takes in what an input tells about prices, accounts and contact. The first line of every step.
    pub fn observe(&mut self, input: &Input, now: Time) {
        match input {
            Input::Quote { ix, quote } => {
                if let Some(row) = self.quotes.get_mut(ix.index())
                    && row.is_none_or(|known| known.at <= quote.at)
                {
                    *row = Some(*quote);
                }
            }
            Input::Snapshot { account } => {
                let seen = self.heard(account.of.venue, now);
                (seen.account, seen.at_stops) = (Some(*account), None);
            }
            Input::Left { left } => {
                let seen = self.venue(left.account.of.venue);
                if seen.account.is_none() {
                    (seen.account, seen.at_stops) = (Some(left.account), left.at_stops);
                    self.rates.extend(&left.rates);
                }
            }
            Input::Days { venue, class, days } => {
                self.days.retain(|(known, of, _)| (known, of) != (venue, class));
                self.days.push((*venue, *class, days.clone()));
            }
            Input::Holdings { venue, holdings } => {
                let seen = self.heard(*venue, now);
                (seen.compared, seen.was_away) = (Some(now), false);
                self.holdings.retain(|(known, _)| known != venue);
                self.holdings.push((*venue, holdings.clone()));
            }
            Input::Activity { venue, .. } => {
                self.heard(*venue, now);
            }
            Input::Clock { venue, ahead } => {
                let seen = self.heard(*venue, now);
                let before = seen.clock.map(|clock| clock.ahead);
                seen.clock = Some(ClockSeen { ahead: *ahead, before, at: now });
            }
            Input::Closing { .. }
            | Input::Signal { .. }
            | Input::Submitted { .. }
            | Input::Cancelled { .. }
            | Input::Found { .. }
            | Input::Timer
            | Input::Operator(_) => {}
        }
    }

    /// An account was read once more, and is what it was.
    pub(crate) fn read_again(&mut self, venue: VenueId, now: Time) {
        if let Some(account) = &mut self.heard(venue, now).account {
            account.at = now;
        }
    }

    /// A venue answered an order: contact.
    pub fn answered(&mut self, venue: VenueId, outcome: &SubmitOutcome, now: Time) {
        match outcome {
            SubmitOutcome::Accepted { .. }
            | SubmitOutcome::Refused { .. }
            | SubmitOutcome::RefusedUnlisted { .. }
            | SubmitOutcome::Duplicate { .. }
            | SubmitOutcome::Throttled { .. } => {
                self.heard(venue, now);
            }
            SubmitOutcome::NotSent { .. } | SubmitOutcome::Unknown { .. } | SubmitOutcome::Broken { .. } => {
                let seen = self.venue(venue);
                (seen.contact, seen.was_away) = (None, true);
            }
        }
    }

    /// A venue answered. One that was away before is not taken for the one that is known before what it holds was read. One lost
    /// answer is no absence: otherwise a venue that loses some would put off for ever what goes by the time since it is back.
    fn heard(&mut self, venue: VenueId, now: Time) -> &mut Seen {
        let after = self.away_after.filter(|_| self.venues.len() > 1);
        let seen = self.venue(venue);
        if after.zip(seen.heard).is_some_and(|(after, last)| now - last > after) {
            (seen.was_away, seen.back) = (true, Some(now));
        }
        (seen.contact, seen.heard) = (Some(now), Some(now));
        seen
    }

    fn venue(&mut self, venue: VenueId) -> &mut Seen {
        let at = self.venues.iter().position(|seen| seen.venue == venue).unwrap_or_else(|| {
            self.venues.push(Seen {
                venue,
                account: None,
                contact: None,
                heard: None,
                clock: None,
                compared: None,
                was_away: false,
                back: None,
                at_stops: None,
            });
            self.venues.len() - 1
        });
        &mut self.venues[at]
    }

    fn seen(&self, venue: VenueId) -> Option<&Seen> {
        self.venues.iter().find(|seen| seen.venue == venue)
    }

    /// The last quote of an instrument.
    pub fn quote(&self, ix: InstrumentIx) -> Option<&Quote> {
        self.quotes.get(ix.index())?.as_ref()
    }

    /// The last quote of an instrument, by key.
    pub fn quote_of(&self, key: Key) -> Option<&Quote> {
        self.quote(self.catalog.find(key)?)
    }

    /// The last reading of a venue's account.
    pub fn account(&self, venue: VenueId) -> Option<&Account> {
        self.seen(venue)?.account.as_ref()
    }

    /// What the venues' own calendars say: which venue, of which market, every date.
    pub fn days(&self) -> &[(VenueId, AssetClass, Vec<VenueDay>)] {
        &self.days
    }

    /// What a venue's own calendar says of a moment: open or closed; nothing when it has none, or does not reach so far.
    pub fn says(&self, venue: VenueId, class: AssetClass, t: Time) -> Option<bool> {
        let (.., days) = self.days.iter().find(|(known, of, _)| (*known, *of) == (venue, class))?;
        calendar::says(days, t)
    }

    /// When the book was last held against what the venue holds, in this process.
    pub fn compared(&self, venue: VenueId) -> Option<Time> {
        self.seen(venue)?.compared
    }

    /// Whether a venue was out of reach since what it holds was last read.
    pub fn was_away(&self, venue: VenueId) -> bool {
        self.seen(venue).is_some_and(|seen| seen.was_away)
    }

    /// When a venue answered again after it was away, the last time.
    pub fn back(&self, venue: VenueId) -> Option<Time> {
        self.seen(venue)?.back
    }

    /// What a process before this one reckoned the account of a venue to be worth with every stop hit; nothing once it was read.
    pub fn at_stops(&self, venue: VenueId) -> Option<Amount> {
        self.seen(venue)?.at_stops
    }

    /// Whether a venue was not heard for longer than it may be.
    pub fn is_silent(&self, venue: VenueId, now: Time) -> bool {
        let is_late = |last: Time| self.away_after.is_some_and(|after| now - last > after);
        self.away_after.is_some() && self.seen(venue).and_then(|seen| seen.heard).is_none_or(is_late)
    }

    /// Whether the book was held against what the venue holds, in this process, and since it was away.
    pub fn is_compared(&self, venue: VenueId) -> bool {
        let is_back = self.away_after.is_some() && self.venues.len() > 1 && self.was_away(venue);
        self.is_history || self.compared(venue).is_some() && !is_back
    }

    /// What a venue was last seen to hold; nothing when it was not read.
    pub fn holdings(&self, venue: VenueId) -> Option<&Holdings> {
        self.holdings.iter().find(|(known, _)| *known == venue).map(|(_, holdings)| holdings)
    }

    /// What a venue was last seen to hold of an instrument; nothing when it was not read.
    pub fn there(&self, key: Key) -> Option<(Held, Option<Price>)> {
        let holdings = self.holdings(key.venue)?;
        let row = holdings.positions.iter().find(|position| position.key == key);
        Some(row.map_or((Held::FLAT, None), |row| (row.held, Some(row.average))))
    }

    /// When the venue last answered; nothing when it never did, or when its last answer is missing.
    pub fn contact(&self, venue: VenueId) -> Option<Time> {
        self.seen(venue)?.contact
    }

    /// How far the venue's clock is from ours, by the nearer of its last two readings, and when it was last read; nothing when it
    /// was not read in this process. One reading may be wrong: what only the last one says is not so yet, unless it is the only one.
    pub fn clock(&self, venue: VenueId) -> Option<(TimeDelta, Time)> {
        let ClockSeen { ahead, before, at } = self.seen(venue)?.clock?;
        let nearer = before.filter(|before| before.abs() < ahead.abs()).unwrap_or(ahead);
        Some((nearer, at))
    }

    /// The same where it was read twice.
    pub fn clock_twice(&self, venue: VenueId) -> Option<TimeDelta> {
        self.seen(venue)?.clock?.before?;
        self.clock(venue).map(|(ahead, _)| ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_no_absence_and_silence_is() {
        let mut market = Market::new(Arc::new(Catalog::new(Vec::new()).unwrap()));
        market.set_away_after(TimeDelta::seconds(30));
        let [one, other] = ["one", "other"].map(|name| VenueId::new(name).unwrap());
        let at = |seconds| Time::UNIX_EPOCH + TimeDelta::seconds(seconds);
        market.heard(one, at(0));
        market.heard(other, at(0));
        assert!(!market.is_silent(one, at(30)) && market.is_silent(one, at(31)));
        let lost = SubmitOutcome::Unknown { why: "no answer".into() };
        for seconds in [1, 21, 41] {
            market.answered(one, &lost, at(seconds));
            assert_eq!((market.contact(one), market.is_silent(one, at(seconds))), (None, false));
            market.heard(one, at(seconds + 10));
            assert_eq!(
                (market.back(one), market.was_away(one)),
                (None, true),
                "it answered ten seconds before"
            );
        }
        market.answered(one, &lost, at(60));
        market.heard(one, at(82));
        assert_eq!(market.back(one), Some(at(82)));
        assert_eq!(market.back(other), None);
    }

    #[test]
    fn one_that_is_traded_alone_is_never_back() {
        let mut market = Market::new(Arc::new(Catalog::new(Vec::new()).unwrap()));
        market.set_away_after(TimeDelta::seconds(30));
        let alone = VenueId::new("alone").unwrap();
        market.heard(alone, Time::UNIX_EPOCH);
        market.heard(alone, Time::UNIX_EPOCH + TimeDelta::hours(1));
        assert_eq!((market.back(alone), market.was_away(alone)), (None, false));
    }
}
