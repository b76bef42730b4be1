//! The account day and its week, and what everything is worth.

use broker_api::{Account, Amount, Currency, NonTrade, NonTradeKind, Ratio, Record, Time, planted};
use chrono::{Datelike, IsoWeek, TimeDelta};
use orders::Basis;
use state::{Book, Illegal};

use super::Step;
use crate::market::Market;

/// How late after its boundary the first reading of a day may be and still count as its beginning.
const ON_TIME: TimeDelta = TimeDelta::minutes(15);
/// From the beginning of an account day into the calendar day that it is named after.
const INTO_THE_DAY: TimeDelta = TimeDelta::hours(12);

/// The week of an account day: they begin with the one that ends on Monday.
fn week(starts: Time) -> IsoWeek {
    (starts + INTO_THE_DAY).iso_week()
}

/// What all venues are worth together, in base currency; nothing while one of them, or a rate, is not known.
pub(super) fn equity(book: &Book, market: &Market, base: Currency) -> Option<Amount> {
    summed(book, market, base, |account| account.equity)
}

/// One figure of all accounts together.
fn summed(
    book: &Book,
    market: &Market,
    base: Currency,
    figure: impl Fn(&Account) -> Amount,
) -> Option<Amount> {
    let mut sum = None;
    for venue in book.venues() {
        let account = market.account(venue.of.venue)?;
        let worth = if account.of.currency == base {
            figure(account)
        } else {
            figure(account).times(market.rate(account.of.currency, base)?).ok()?
        };
        sum = Some(sum.map_or(Ok(worth), |sum: Amount| sum.plus(worth)).ok()?);
    }
    sum
}

impl Step<'_> {
    pub(super) fn equity(&self) -> Option<Amount> {
        equity(self.book, self.market, self.setup.base)
    }

    /// What everything was worth before money came or went. Whether the last reading has the money in it no time tells (a
    /// venue often gives a date alone): it is taken for what is nearer to the last equity that was written down.
    pub(super) fn worth_before(&self, entry: &NonTrade) -> Option<Amount> {
        if entry.kind != NonTradeKind::Transfer {
            return None;
        }
        let (read, known) = (self.equity()?, self.book.guard().equity?);
        let money = entry.money.amount.times(self.rate(entry.money.currency)?).ok()?;
        let without = read.minus(money).ok()?;
        let far = |worth: Amount| Some(worth.minus(known).ok()?.get().abs());
        Some(if far(without)? < far(read)? { without } else { read })
    }

    /// What entries are sized by.
    pub(super) fn sizing_equity(&self) -> Option<Amount> {
        match self.setup.policy.equity {
            Basis::Marked => self.equity(),
            Basis::Closed => summed(self.book, self.market, self.setup.base, |account| account.balance),
        }
    }

    /// What one unit of `currency` is worth in base currency.
    pub(super) fn rate(&self, currency: Currency) -> Option<Ratio> {
        self.market.rate(currency, self.setup.base)
    }

    /// Begins the account day with its first complete reading of equity.
    pub(super) fn day(&mut self) -> Result<(), Illegal> {
        let starts = self.hours.account_day(self.now);
        let guard = self.book.guard();
        if guard.day.is_some_and(|day| day.starts >= starts) {
            return Ok(());
        }
        let Some(equity) = self.equity() else { return Ok(()) };
        let late = self.now > starts + ON_TIME;
        let before = guard.equity.filter(|_| late).unwrap_or(equity);
        let high_water = guard.high_water.unwrap_or(equity).max(equity);
        let equity = equity.max(before);
        let is_same = guard.day.is_some_and(|day| week(day.starts) == week(starts));
        let week = Some(guard.week.filter(|_| is_same && !planted!(WeekNotCarried)).unwrap_or(equity));
        let carried = self.carried();
        self.put(Record::DayStarted { starts, equity, high_water, late, week, carried })
    }

    /// When the next account day begins, and the next week of them.
    pub(super) fn next_day_and_week(&mut self) -> (Option<Time>, Option<Time>) {
        let starts = self.hours.account_day(self.now);
        let day = self.hours.day_around(self.now).map(|(_, next)| next);
        let days = (1..=7).map(|days| starts + TimeDelta::days(days) + TimeDelta::hours(2));
        let mut days = days.map(|inside| self.hours.account_day(inside));
        (day, days.find(|next| week(*next) != week(starts)))
    }
}
