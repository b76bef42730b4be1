//! What was lately decided and answered, as the guard counts it: from the book, so that a restart forgets nothing.

use std::collections::VecDeque;

use broker_api::{
    AssetClass, ClientOrderId, End, Intent, Key, Level, Phase, Qty, Scope, Side, Signal, SignalId,
    StrategyId, Time, Wanted,
};
use chrono::{NaiveDate, TimeDelta};
use risk::Lately;
use state::Book;
use state::book::{Order, SignalState, Trade};

use super::executed::Executions;
use super::{Setup, Step};

const A_MINUTE: TimeDelta = TimeDelta::minutes(1);
/// How far back answers count that are not the newest.
const ANSWERS: TimeDelta = TimeDelta::minutes(10);
/// How many trading days are looked at for stocks bought and sold on one day, today included.
const TRADING_DAYS: usize = 5;
/// No five trading days take longer, whatever the holidays.
const CALENDAR_DAYS: usize = 12;
/// The same as a span of time, a day more for where the clocks of a date are.
const CALENDAR_DAYS_AGO: i64 = 13;

/// What a guard wants to know of decisions like the one at hand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decisions {
    pub same: Option<SignalId>,
    pub last_bar: Option<Time>,
}

/// One entry that was sent.
#[derive(Clone, Copy, Debug)]
struct Entered {
    at: Time,
    id: ClientOrderId,
    key: Key,
    side: Side,
    qty: Qty,
    strategy: Option<StrategyId>,
}

/// What was sent within the last minute and day: what the book has of it as a process begins, and each order since. A guard
/// that went through all orders at each would be slow.
#[derive(Debug)]
pub(super) struct Pace {
    entries: VecDeque<Entered>,
    exits: VecDeque<Time>,
    /// How many orders are known to have been refused.
    refusals: u64,
    /// How entries were executed, and orders answered.
    pub(super) executions: Executions,
}

impl Pace {
    /// As the book has it.
    pub(super) fn of(book: &Book, setup: &Setup) -> Self {
        let mut orders: Vec<&Order> = book.open_orders().chain(book.closed_orders()).collect();
        orders.sort_by_key(|row| (row.decided_at, row.intent.id));
        let executions = Executions::of(&orders, setup);
        let mut pace = Self { entries: VecDeque::new(), exits: VecDeque::new(), refusals: 0, executions };
        for row in orders {
            pace.sent(&row.intent, row.decided_at, book);
            pace.refusals += u64::from(row.phase == Phase::Done(End::Refused));
        }
        pace
    }

    /// An order leaves.
    pub(super) fn sent(&mut self, intent: &Intent, at: Time, book: &Book) {
        if intent.purpose.is_reducing() {
            self.exits.push_back(at);
            return;
        }
        let Intent { id, key, side, qty, .. } = *intent;
        let strategy = intent.signal.and_then(|id| book.signal(id)).map(|state| state.signal.strategy);
        self.entries.push_back(Entered { at, id, key, side, qty, strategy });
    }

    pub(super) const fn refused(&mut self) {
        self.refusals += 1;
    }

    /// Forgets what is of before.
    fn since(&mut self, day: Time, minute: Time) {
        while self.exits.front().is_some_and(|at| *at <= minute) {
            self.exits.pop_front();
        }
        while self.entries.front().is_some_and(|entry| entry.at < day.min(minute)) {
            self.entries.pop_front();
        }
    }
}

impl Step<'_> {
    /// Orders that were decided, the order itself left out. Of an order that only reduces nothing but the pace matters.
    pub(super) fn lately(&mut self, intent: &Intent, own: Option<ClientOrderId>) -> Lately {
        let (minute, day) = (self.now - A_MINUTE, self.hours.account_day(self.now));
        self.pace.since(day, minute);
        if intent.purpose.is_reducing() {
            let is_counted = |id| self.book.order(id).is_some_and(|row| row.decided_at > minute);
            let others = self.pace.exits.len().saturating_sub(usize::from(own.is_some_and(is_counted)));
            let exits_in_minute = u32::try_from(others).unwrap_or(u32::MAX);
            return Lately { exits_in_minute, ..Lately::default() };
        }
        let ours = intent.signal.and_then(|id| self.book.signal(id)).map(|state| state.signal.strategy);
        let allowed = ours.and_then(|id| self.book.guard().allowed_at(Scope::Strategy(id)));
        let mut lately = self.answers();
        for entry in self.pace.entries.iter().filter(|entry| Some(entry.id) != own) {
            let is_of_day = entry.at >= day;
            lately.entries_in_day += u32::from(is_of_day);
            lately.entries_in_minute += u32::from(entry.at > minute);
            if entry.key != intent.key {
                continue;
            }
            lately.entries_again +=
                u32::from(is_of_day && entry.strategy == ours && Some(entry.at) > allowed);
            if entry.side == intent.side && entry.qty == intent.qty {
                lately.like_it = lately.like_it.max(Some(entry.at));
            }
        }
        lately
    }

    /// How venues answered, since a person last let entries through.
    pub(super) fn answers(&self) -> Lately {
        if self.pace.refusals == 0 {
            return Lately::default();
        }
        let guard = self.book.guard();
        let since = guard.since.filter(|_| guard.level == Level::Trading);
        let answered = || {
            let orders = self.book.open_orders().chain(self.book.closed_orders());
            let is_answered = |row: &&Order| match row.phase {
                Phase::Sending | Phase::Unknown | Phase::Waiting | Phase::Done(End::NeverSent) => false,
                Phase::Working | Phase::Cancelling | Phase::Done(_) => true,
            };
            orders.filter(is_answered).filter(move |row| since.is_none_or(|since| row.decided_at > since))
        };
        let is_refused = |row: &&Order| row.phase == Phase::Done(End::Refused);
        let recent = |row: &&Order| row.decided_at > self.now - ANSWERS;
        let taken = answered().filter(|row| !is_refused(row)).map(|row| row.decided_at).max();
        let in_row = answered().filter(is_refused).filter(|row| Some(row.decided_at) > taken);
        Lately {
            refused_in_row: count(in_row),
            answered: count(answered().filter(recent)),
            refused: count(answered().filter(recent).filter(is_refused)),
            ..Lately::default()
        }
    }

    /// Other decisions of the same strategy about the same instrument.
    pub(super) fn decisions(&self, signal: &Signal) -> Decisions {
        let Some(bar) = signal.bar_close else { return Decisions::default() };
        let enters = |wanted| match wanted {
            Wanted::Enter { side, .. } => Some(side),
            Wanted::Exit | Wanted::Adjust { .. } => None,
        };
        let mut decisions = Decisions::default();
        for SignalState { signal: other, orders, ended, .. } in self.book.signals() {
            if other.symbol != signal.symbol || other.strategy != signal.strategy || other.id == signal.id {
                continue;
            }
            decisions.last_bar = decisions.last_bar.max(other.bar_close);
            let leads = !orders.is_empty() || ended.is_none();
            if leads && other.bar_close == Some(bar) && enters(other.wanted) == enters(signal.wanted) {
                decisions.same.get_or_insert(other.id);
            }
        }
        decisions
    }

    /// Stocks that were bought and sold on one day, within the last five trading days; none where there are not as many trades
    /// at all as the limit allows.
    pub(super) fn day_trades(&self) -> u32 {
        let most = usize::try_from(self.setup.limits.day_trades_max).unwrap_or(usize::MAX);
        if self.book.trades().len() < most {
            return 0;
        }
        let long_ago = self.now - TimeDelta::days(CALENDAR_DAYS_AGO);
        let is_short = |trade: &&Trade| trade.closed_at - trade.position.opened_at < TimeDelta::days(1);
        // The calendar is asked only where there may be one.
        let lately = || self.book.trades().rev().take_while(|trade| trade.closed_at >= long_ago);
        if !lately().any(|trade| is_short(&trade)) {
            return 0;
        }
        let calendar = self.setup.calendar;
        let today = calendar.date(self.now);
        let has_session = |date| calendar.day(AssetClass::Equity, date).is_some();
        let dates = std::iter::successors(Some(today), NaiveDate::pred_opt).take(CALENDAR_DAYS);
        let Some(first) = dates.filter(|date| has_session(*date)).take(TRADING_DAYS).last() else { return 0 };
        let is_stock = |key: Key| {
            let rules = self.setup.catalog.instrument(key);
            rules.is_none_or(|rules| rules.asset_class == AssetClass::Equity)
        };
        let in_a_day = lately().filter(is_short).filter(|trade| {
            let (opened, closed) = (calendar.date(trade.position.opened_at), calendar.date(trade.closed_at));
            opened == closed && closed >= first && is_stock(trade.position.key)
        });
        u32::try_from(in_a_day.count()).unwrap_or(u32::MAX)
    }

    /// The position that has been without a stop for the longest, where stops rest at the venue. What is being closed had its
    /// stop taken away for that.
    pub(super) fn bare(&self) -> Option<(Key, Time)> {
        let positions = self.book.positions().filter(|position| {
            !self.is_watched_stop(position.key) && self.book.exit_wanted(position.key).is_none()
        });
        let bare = positions.filter_map(|position| Some((position.key, position.bare.since?)));
        bare.min_by_key(|(_, since)| *since)
    }

    /// The position that is held for the longest.
    pub(super) fn oldest(&self) -> Option<(Key, Time)> {
        let held = self.book.positions().map(|position| (position.key, position.opened_at));
        held.min_by_key(|(_, since)| *since)
    }
}

fn count<'a>(orders: impl Iterator<Item = &'a Order>) -> u32 {
    u32::try_from(orders.count()).unwrap_or(u32::MAX)
}
