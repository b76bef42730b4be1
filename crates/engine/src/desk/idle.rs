//! What most inputs of a day are: noted, and nothing follows from them.

use broker_api::{Account, Amount, Time};
use risk::Stage;
use state::Book;

use super::Desk;
use super::arming::is_another;
use crate::input::Input;
use crate::market::Market;

/// When a reading of the account changes nothing, while the book has so many records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    seq: u64,
    /// The account day.
    from: Time,
    until: Time,
    /// Equities that no breaker trips at lie above.
    above: Amount,
}

impl Calm {
    fn holds(&self, book: &Book, now: Time) -> bool {
        self.seq == book.seq() && self.from <= now && now < self.until
    }
}

impl Desk {
    /// Whether any input may be what is waited for, or something is due.
    fn is_waited_for(&self, now: Time) -> bool {
        self.doubt.is_some() || !self.flowed.is_empty() || self.due.is_some_and(|due| due <= now)
    }

    /// Whether an input that was noted changes nothing: a price alone touches nothing that follows from the book, and
    /// a reading of the account only the day and the breakers. Most inputs of a day are of this kind.
    pub(super) fn is_idle(&mut self, book: &Book, market: &Market, input: &Input, now: Time) -> bool {
        if self.is_waited_for(now) {
            return false;
        }
        match input {
            Input::Quote { .. } => !self.watches,
            Input::Days { .. } => true,
            Input::Snapshot { account } if self.losses.wants() || is_another(book, &account.of) => false,
            Input::Snapshot { .. } => {
                let Some(equity) = self.equity(book, market) else { return self.is_calm(book, None, now) };
                if let Some(calm) = &self.calm
                    && calm.holds(book, now)
                    && equity > calm.above
                {
                    return true;
                }
                let is_calm = self.is_calm(book, Some(equity), now);
                let day = self.hours.day_around(now).zip(self.floor.above()).filter(|_| is_calm);
                let calm = |((from, until), above)| Calm { seq: book.seq(), from, until, above };
                self.calm = day.map(calm);
                is_calm
            }
            _ => false,
        }
    }

    /// Whether nothing follows from an account that was read once more and is what it was at the last reading, in history.
    pub(crate) fn is_still(&self, book: &Book, account: &Account, now: Time) -> bool {
        self.calm.as_ref().is_some_and(|calm| calm.holds(book, now))
            && !self.is_waited_for(now)
            && !self.losses.wants()
            && self.setup.stage == Stage::Replay
            // Otherwise what it is worth follows from prices.
            && account.of.currency == self.setup.base
    }

    /// Whether the account day has begun, and no breaker may trip.
    fn is_calm(&mut self, book: &Book, equity: Option<Amount>, now: Time) -> bool {
        let (guard, starts) = (book.guard(), self.hours.account_day(now));
        guard.day.is_some_and(|day| day.starts >= starts)
            && !self.floor.may_trip(guard, equity, &self.setup.limits)
    }
}
