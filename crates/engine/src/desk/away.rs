//! Venues that are away while others go on: for how long their last reading counts, and as what.
//!
//! Entries are sized and bounded by what would be left if every stop there had been hit, and every entry under way there had been
//! filled and stopped. Breakers go by the last reading itself: what may have been lost closes nothing and ends no day.

use std::collections::BTreeSet;

use broker_api::{
    Account, Amount, AssetClass, Direction, Left, OrderKind, Phase, Price, Purpose, Rate, Time, TimeInForce,
    VenueId,
};
use chrono::TimeDelta;
use risk::{Away, Stage};
use rust_decimal::Decimal;
use state::Book;
use state::book::{Order, Position};

use super::{Desk, Setup, Step};
use crate::market::Market;

/// Whether the account of a venue was read longer ago than it may be, while others are traded too.
fn is_away(setup: &Setup, book: &Book, market: &Market, venue: VenueId, now: Time) -> bool {
    let limit = TimeDelta::seconds(i64::from(setup.limits.equity_age_seconds));
    setup.stage == Stage::Broker
        && book.venues().count() > 1
        && market.account(venue).is_none_or(|account| now - account.at > limit)
}

/// All of them.
pub(super) fn all(setup: &Setup, book: &Book, market: &Market, now: Time) -> Vec<Away> {
    let venues = book.venues().map(|venue| venue.of.venue);
    let gone = venues.filter(|venue| is_away(setup, book, market, *venue, now));
    let told = |venue: VenueId| Away {
        venue,
        read: market.account(venue).map(|account| account.at),
        guarded: book
            .positions()
            .filter(|position| position.key.venue == venue)
            .all(|position| guard(setup, book, position).is_some()),
    };
    gone.map(told).collect()
}

/// The stop that rests over all of a position and outlives us, where there is one.
fn guard<'b>(setup: &Setup, book: &'b Book, position: &Position) -> Option<&'b Order> {
    let key = position.key;
    let is_share = setup.catalog.instrument(key).is_none_or(|row| row.asset_class == AssetClass::Equity);
    let is_part = is_share && !position.held.size().get().is_integer();
    if is_part && setup.venues.get(&key.venue).is_some_and(|venue| venue.parts_end_with_session) {
        return None;
    }
    book.open_orders_of(key).find(|row| {
        row.intent.purpose == Purpose::Stop
            && row.phase == Phase::Working
            && row.intent.tif == TimeInForce::Gtc
            && row.remaining() >= position.held.size()
    })
}

fn trigger(order: &Order) -> Option<Price> {
    match order.intent.order {
        OrderKind::Stop(stop) => Some(stop.trigger),
        OrderKind::StopLimit(stop) => Some(stop.trigger),
        _ => None,
    }
}

/// What is still lost of a position, from its last price, if its stop is hit; all of it where it has none. In quote currency.
fn at_risk(setup: &Setup, book: &Book, market: &Market, position: &Position) -> Option<Decimal> {
    let size = position.held.size().get();
    let stop = guard(setup, book, position).and_then(trigger).or(position.plan.stop);
    let quote = market.quote_of(position.key)?;
    let (price, way) = match position.direction {
        Direction::Long => (quote.bid, Decimal::ONE),
        Direction::Short => (quote.ask, Decimal::NEGATIVE_ONE),
    };
    let unit = match stop {
        Some(stop) => price.get().checked_sub(stop.get())?.checked_mul(way)?,
        None => price.get(),
    };
    unit.max(Decimal::ZERO).checked_mul(size)
}

/// What the account of a venue is worth, in its own currency, if every stop there is hit, and every entry under way is filled and
/// stopped; nothing where a price or a rate is missing.
fn at_stops(setup: &Setup, book: &Book, market: &Market, account: &Account) -> Option<Amount> {
    let venue = account.of.venue;
    let rate_of = |key| market.rate(setup.catalog.instrument(key)?.quote, account.of.currency);
    let mut left = account.equity.get();
    for position in book.positions().filter(|position| position.key.venue == venue) {
        let lost = at_risk(setup, book, market, position)?.checked_mul(rate_of(position.key)?.get())?;
        left = left.checked_sub(lost)?;
    }
    let entries =
        book.open_orders().filter(|row| row.intent.key.venue == venue && !row.intent.purpose.is_reducing());
    for row in entries {
        let from = row.intent.reference.get();
        let unit = row.intent.plan.stop.map_or(from, |stop| (from - stop.get()).abs());
        let lost = unit.checked_mul(row.remaining().get())?.checked_mul(rate_of(row.intent.key)?.get())?;
        left = left.checked_sub(lost)?;
    }
    Amount::new(left.round_dp(10)).ok()
}

/// What the currencies are worth, in base currency, that an account and what is held or under way there are in.
fn rates(setup: &Setup, book: &Book, market: &Market, account: &Account) -> Vec<Rate> {
    let held = book.positions().map(|position| position.key);
    let keys = held.chain(book.open_orders().map(|row| row.intent.key));
    let quoted = keys
        .filter(|key| key.venue == account.of.venue)
        .filter_map(|key| Some(setup.catalog.instrument(key)?.quote));
    let all: BTreeSet<_> = quoted.chain([account.of.currency]).filter(|from| *from != setup.base).collect();
    let rate = |from| Some(Rate { from, to: setup.base, rate: market.rate(from, setup.base)? });
    all.into_iter().filter_map(rate).collect()
}

/// An account as entries may count on it: one that is away as if its stops were hit, and never as more than it was.
fn counted(
    setup: &Setup,
    book: &Book,
    market: &Market,
    now: Time,
    account: &Account,
    read: Amount,
) -> Option<Amount> {
    if !is_away(setup, book, market, account.of.venue, now) {
        return Some(read);
    }
    let known = market.at_stops(account.of.venue);
    let least = known.or_else(|| at_stops(setup, book, market, account))?;
    Some(read.min(least))
}

impl Desk {
    /// The venues that are away while others are traded: whose account was read longer ago than it may be.
    pub fn away(&self, book: &Book, market: &Market, now: Time) -> Vec<Away> {
        all(&self.setup, book, market, now)
    }

    /// What a process writes down of each account as it ends, where several venues are traded.
    pub(crate) fn left(&self, book: &Book, market: &Market) -> Vec<Left> {
        if self.setup.stage != Stage::Broker || book.venues().count() < 2 {
            return Vec::new();
        }
        let accounts = book.venues().filter_map(|venue| market.account(venue.of.venue));
        let left = |account: &Account| Left {
            account: *account,
            at_stops: market
                .at_stops(account.of.venue)
                .or_else(|| at_stops(&self.setup, book, market, account)),
            rates: rates(&self.setup, book, market, account),
        };
        accounts.map(left).collect()
    }
}

impl Step<'_> {
    /// What entries are bounded by: what all venues are worth together, in base currency, those that are away with their stops hit.
    pub(super) fn counted_equity(&self) -> Option<Amount> {
        self.counted(|account| account.equity)
    }

    /// A figure of all accounts together as entries may count on it.
    pub(super) fn counted(&self, figure: impl Fn(&Account) -> Amount) -> Option<Amount> {
        let (setup, book, market, now) = (self.setup, &*self.book, self.market, self.now);
        let base = setup.base;
        super::day::summed(book, market, base, |account| {
            counted(setup, book, market, now, account, figure(account))
        })
    }

    /// The venue other than this one that is away, and whose last reading counts for the shortest time.
    pub(super) fn away_but(&self, own: VenueId) -> Option<Away> {
        let others = all(self.setup, self.book, self.market, self.now);
        others.into_iter().filter(|away| away.venue != own).min_by_key(Away::until)
    }

    /// Whether nothing was heard of a venue for longer than may be, while others are traded too.
    pub(super) fn is_silent(&self, venue: VenueId) -> bool {
        self.book.venues().count() > 1 && self.market.is_silent(venue, self.now)
    }

    /// When the accounts were last read that can be: the earliest of them. Where all are away, of all.
    pub(super) fn read_at(&self) -> Option<Time> {
        let venues = || self.book.venues().map(|venue| venue.of.venue);
        let is_here = |venue: &VenueId| !is_away(self.setup, self.book, self.market, *venue, self.now);
        let read = |venue: VenueId| self.market.account(venue).map(|account| account.at);
        let here = venues().filter(is_here).map(read).min();
        here.unwrap_or_else(|| venues().map(read).min().flatten())
    }
}
