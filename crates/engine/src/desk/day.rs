//! The account day and its week, and what everything is worth.

use broker_api::{Account, Amount, Currency, NonTrade, NonTradeKind, Ratio, Record, Time, planted};
use chrono::{Datelike, IsoWeek, TimeDelta};
use orders::Basis;
use risk::Stage;
use rust_decimal::Decimal;
use state::{Book, Illegal};

use super::{AGAIN, Desk, Step};
use crate::calendar::Calendar;
use crate::market::Market;

/// How late after its boundary the first reading of a day may be and still count as its beginning.
const ON_TIME: TimeDelta = TimeDelta::minutes(15);

/// The week of an account day: they begin with the one that ends on Monday.
fn week(starts: Time) -> IsoWeek {
    Calendar::account_date(starts).iso_week()
}

/// What all venues are worth together, in base currency; nothing while one of them, or a rate, is not known.
pub(super) fn equity(book: &Book, market: &Market, base: Currency) -> Option<Amount> {
    summed(book, market, base, |account| Some(account.equity))
}

/// One figure of all accounts together.
pub(super) fn summed(
    book: &Book,
    market: &Market,
    base: Currency,
    figure: impl Fn(&Account) -> Option<Amount>,
) -> Option<Amount> {
    let mut sum = None;
    for venue in book.venues() {
        let account = market.account(venue.of.venue)?;
        let worth = if account.of.currency == base {
            figure(account)?
        } else {
            figure(account)?.times(market.rate(account.of.currency, base)?).ok()?
        };
        sum = Some(sum.map_or(Ok(worth), |sum: Amount| sum.plus(worth)).ok()?);
    }
    sum
}

/// Whether two equities differ by less than so many percent of the larger one.
fn is_near(one: Amount, other: Amount, percent: Ratio) -> bool {
    let differ = one.minus(other).ok().and_then(|gap| gap.get().abs().checked_mul(Decimal::ONE_HUNDRED));
    let most = percent.get().checked_mul(one.get().abs().max(other.get().abs()));
    one == other || differ.zip(most).is_some_and(|(differ, most)| differ < most)
}

impl Desk {
    /// Notes what everything is worth by a reading of the account, and what it was by the one before.
    pub(super) fn note_equity(&mut self, book: &Book, market: &Market) {
        if self.setup.stage == Stage::Broker {
            self.read = (self.equity(book, market), self.read.0);
        }
    }

    /// The equity that a process writes down as it ends. A last reading that is far above the one before it and above what was
    /// written down may be wrong, and the next day must not be measured from it.
    pub(crate) fn equity_left(&self, book: &Book, market: &Market) -> Option<Amount> {
        // What the day shall be measured from must not become a reading that nothing has confirmed.
        if self.first.is_some() {
            return None;
        }
        let equity = self.equity(book, market)?;
        let (known, before) = (book.guard().equity, self.read.1);
        let percent = self.setup.limits.daily_loss_percent;
        let is_like = |other: Amount| equity < other || is_near(equity, other, percent);
        let is_doubtful = self.setup.stage == Stage::Broker
            && known.is_some_and(|known| !is_like(known))
            && !before.is_some_and(is_like);
        (!is_doubtful).then_some(equity)
    }
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
            Basis::Marked => self.counted_equity(),
            Basis::Closed => self.counted(|account| account.balance),
        }
    }

    /// What one unit of `currency` is worth in base currency.
    pub(super) fn rate(&self, currency: Currency) -> Option<Ratio> {
        self.market.rate(currency, self.setup.base)
    }

    /// The reading of equity that an account day may begin with: one that is near the last equity that was written down, or else
    /// the nearer of two that both lie on the same side of it, at least `confirm_seconds` apart. One reading may be wrong: as the
    /// beginning of a day, one that is too high would make all that follow look like a fall, and one that is too low would hide one.
    /// History and the embedded broker reckon equity by themselves.
    fn believed(&mut self, equity: Amount) -> Option<Amount> {
        let limits = &self.setup.limits;
        let known = self.book.guard().equity.filter(|_| self.setup.stage == Stage::Broker);
        let Some(known) = known.filter(|known| !is_near(*known, equity, limits.daily_loss_percent)) else {
            *self.first = None;
            return Some(equity);
        };
        let read = self.read_at()?;
        let (first, at) = match *self.first {
            Some((first, at)) if (first > known) == (equity > known) => (first, at),
            _ => *self.first.insert((equity, read)),
        };
        if read - at < TimeDelta::seconds(i64::from(limits.confirm_seconds)) {
            self.due_at(self.now + AGAIN);
            return None;
        }
        *self.first = None;
        Some(if equity > known { first.min(equity) } else { first.max(equity) })
    }

    /// Begins the account day with its first complete reading of equity that is believed.
    pub(super) fn day(&mut self) -> Result<(), Illegal> {
        let starts = self.hours.account_day(self.now);
        if self.book.guard().day.is_some_and(|day| day.starts >= starts) {
            return Ok(());
        }
        let Some(equity) = self.equity().and_then(|equity| self.believed(equity)) else { return Ok(()) };
        let guard = self.book.guard();
        let late = self.now > starts + ON_TIME;
        let before = guard.equity.filter(|_| late).unwrap_or(equity);
        let high_water = guard.high_water.unwrap_or(equity).max(equity);
        let read = (before > equity).then_some(equity);
        let equity = equity.max(before);
        let is_same = guard.day.is_some_and(|day| week(day.starts) == week(starts));
        let week = Some(guard.week.filter(|_| is_same && !planted!(WeekNotCarried)).unwrap_or(equity));
        let carried = self.carried();
        self.put(Record::DayStarted { starts, equity, read, high_water, late, week, carried })
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
