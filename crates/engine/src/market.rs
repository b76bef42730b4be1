//! What is known of prices and accounts right now. Never journaled and empty after a start, so that the guard
//! denies until it is fresh.

use std::sync::Arc;

use broker_api::{
    Account, AssetClass, Catalog, Currency, Held, Holdings, InstrumentIx, Key, Price, Quote, Ratio,
    SubmitOutcome, Time, VenueDay, VenueId,
};
use chrono::TimeDelta;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::calendar;
use crate::input::Input;

/// Significant digits of a rate that was divided.
const DIGITS: u32 = 16;

/// Quotes by instrument, accounts and contact by venue.
#[derive(Clone, Debug)]
pub struct Market {
    catalog: Arc<Catalog>,
    quotes: Vec<Option<Quote>>,
    venues: Vec<Seen>,
    days: Vec<(VenueId, AssetClass, Vec<VenueDay>)>,
    holdings: Vec<(VenueId, Holdings)>,
    is_history: bool,
}

/// What was last seen of one venue.
#[derive(Clone, Copy, Debug)]
struct Seen {
    venue: VenueId,
    account: Option<Account>,
    contact: Option<Time>,
    clock: Option<ClockSeen>,
    compared: Option<Time>,
    was_away: bool,
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
        }
    }

    /// The same for history that is played again: what its venue holds is what the book holds, and nobody reads it.
    #[must_use]
    pub fn of_history(catalog: Arc<Catalog>) -> Self {
        Self { is_history: true, ..Self::new(catalog) }
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
                let seen = self.venue(account.of.venue);
                seen.account = Some(*account);
                seen.contact = Some(now);
            }
            Input::Days { venue, class, days } => {
                self.days.retain(|(known, of, _)| (known, of) != (venue, class));
                self.days.push((*venue, *class, days.clone()));
            }
            Input::Holdings { venue, holdings } => {
                let seen = self.venue(*venue);
                (seen.compared, seen.contact, seen.was_away) = (Some(now), Some(now), false);
                self.holdings.retain(|(known, _)| known != venue);
                self.holdings.push((*venue, holdings.clone()));
            }
            Input::Activity { venue, .. } => self.venue(*venue).contact = Some(now),
            Input::Clock { venue, ahead } => {
                let seen = self.venue(*venue);
                let before = seen.clock.map(|clock| clock.ahead);
                (seen.clock, seen.contact) = (Some(ClockSeen { ahead: *ahead, before, at: now }), Some(now));
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

    /// A venue answered an order: contact.
    pub fn answered(&mut self, venue: VenueId, outcome: &SubmitOutcome, now: Time) {
        match outcome {
            SubmitOutcome::Accepted { .. }
            | SubmitOutcome::Refused { .. }
            | SubmitOutcome::RefusedUnlisted { .. }
            | SubmitOutcome::Duplicate { .. }
            | SubmitOutcome::Throttled { .. } => {
                self.venue(venue).contact = Some(now);
            }
            SubmitOutcome::NotSent { .. } | SubmitOutcome::Unknown { .. } | SubmitOutcome::Broken { .. } => {
                let seen = self.venue(venue);
                (seen.contact, seen.was_away) = (None, true);
            }
        }
    }

    fn venue(&mut self, venue: VenueId) -> &mut Seen {
        let at = self.venues.iter().position(|seen| seen.venue == venue).unwrap_or_else(|| {
            self.venues.push(Seen {
                venue,
                account: None,
                contact: None,
                clock: None,
                compared: None,
                was_away: false,
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

    /// Whether the book was held against what the venue holds, in this process.
    pub fn is_compared(&self, venue: VenueId) -> bool {
        self.is_history || self.compared(venue).is_some()
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

    /// The pair whose price says what one unit of `from` is worth in `to`; nothing for the same currency, or without one.
    pub fn pair(&self, from: Currency, to: Currency) -> Option<InstrumentIx> {
        if from == to {
            return None;
        }
        self.catalog.iter().find_map(|(ix, instrument)| {
            let both = (instrument.base()?, instrument.quote);
            (self.quote(ix).is_some() && (both == (from, to) || both == (to, from))).then_some(ix)
        })
    }

    /// What one unit of `from` is worth in `to`, at the mid of their pair, direct or inverse; nothing without one. The
    /// inverse is rounded half to even at 16 significant digits.
    pub fn rate(&self, from: Currency, to: Currency) -> Option<Ratio> {
        if from == to {
            return Some(Ratio::ONE);
        }
        self.catalog.iter().find_map(|(ix, instrument)| {
            let base = instrument.base()?;
            let mid = self.quote(ix)?.mid().ok()?.get();
            if (base, instrument.quote) == (from, to) {
                Ratio::new(mid).ok()
            } else if (base, instrument.quote) == (to, from) {
                let inverse = Decimal::ONE.checked_div(mid)?;
                Ratio::new(inverse.round_sf_with_strategy(DIGITS, RoundingStrategy::MidpointNearestEven)?)
                    .ok()
            } else {
                None
            }
        })
    }
}
