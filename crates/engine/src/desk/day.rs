//! The account day, the breakers, and what a level asks for.

use broker_api::{Account, Amount, By, Code, Currency, Level, Ratio, Reason, Record};
use chrono::TimeDelta;
use orders::Basis;
use state::{Book, Illegal};

use super::Step;
use crate::market::Market;

/// How late after its boundary the first reading of a day may be and still count as its beginning.
const ON_TIME: TimeDelta = TimeDelta::minutes(15);

const LEVEL: Code = Code::fixed("level");
const FLATTEN: Code = Code::fixed("flatten");

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
        self.put(Record::DayStarted { starts, equity: equity.max(before), high_water, late })
    }

    /// Tightens the level when a breaker trips, and ends a pause whose time has come.
    pub(super) fn breakers(&mut self) -> Result<(), Illegal> {
        #[cfg(planted)]
        self.lifted()?;
        let guard = self.book.guard();
        if guard.level == Level::Paused
            && let Some(until) = guard.until
        {
            if until <= self.now {
                let reason = Reason::plain(Code::fixed("pause_over"), "the pause has ended by its own time");
                return self.put(Record::LevelSet {
                    level: Level::Trading,
                    by: By::Guard,
                    reason,
                    until: None,
                });
            }
            self.due_at(until);
        }
        let equity = self.equity();
        if !self.floor.may_trip(self.book.guard(), equity, &self.setup.limits) {
            return Ok(());
        }
        match risk::breakers(self.book.guard(), equity, self.now, &self.setup.limits) {
            Some(trip) => self.put(Record::LevelSet {
                level: trip.level,
                by: By::Guard,
                reason: trip.reason,
                until: trip.until,
            }),
            None => Ok(()),
        }
    }

    /// Cancels entries where the level says so; closes everything where it says that.
    pub(super) fn level(&mut self) -> Result<(), Illegal> {
        let level = self.book.guard().level;
        if matches!(level, Level::Trading | Level::Paused | Level::Frozen) {
            return Ok(());
        }
        let entries: Vec<_> = self
            .book
            .open_orders()
            .filter(|row| !row.intent.purpose.is_reducing())
            .map(|row| (row.intent.key, row.intent.id))
            .collect();
        for (key, order) in entries {
            self.cancel(key, order, LEVEL)?;
        }
        if level == Level::Flattening {
            let held: Vec<_> = self.book.positions().map(|position| position.key).collect();
            for key in
                held.into_iter().filter(|key| self.book.exit_wanted(*key).is_none()).collect::<Vec<_>>()
            {
                self.put(Record::ExitWanted { key, signal: None, code: FLATTEN })?;
            }
        }
        Ok(())
    }
}
