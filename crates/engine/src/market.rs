//! What is known of prices and accounts right now. Never journaled and empty after a start, so that the guard
//! denies until it is fresh.

use std::sync::Arc;

use broker_api::{
    Account, AssetClass, Catalog, Currency, InstrumentIx, Key, Quote, Ratio, SubmitOutcome, Time, VenueDay,
    VenueId,
};

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
}

/// What was last seen of one venue.
#[derive(Clone, Copy, Debug)]
struct Seen {
    venue: VenueId,
    account: Option<Account>,
    contact: Option<Time>,
}

impl Market {
    /// Nothing known yet.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self { quotes: vec![None; catalog.len()], catalog, venues: Vec::new(), days: Vec::new() }
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
            Input::Activity { venue, .. } => self.venue(*venue).contact = Some(now),
            Input::Signal { .. }
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
                self.venue(venue).contact = None;
            }
        }
    }

    fn venue(&mut self, venue: VenueId) -> &mut Seen {
        let at = self.venues.iter().position(|seen| seen.venue == venue).unwrap_or_else(|| {
            self.venues.push(Seen { venue, account: None, contact: None });
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

    /// When the venue last answered; nothing when it never did, or when its last answer is missing.
    pub fn contact(&self, venue: VenueId) -> Option<Time> {
        self.seen(venue)?.contact
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
