//! The loss of each class in the account day. It is summed up when something happened to what is held, and not at each price:
//! from how much may still be lost follow prices, and while none of them is left behind no class can have lost so much.

use broker_api::{
    AssetClass, ByClass, Currency, Day, Direction, InstrumentIx, Key, Price, Quote, Ratio, Record, Scope,
    Time,
};
use rust_decimal::Decimal;
use state::Illegal;
use state::book::{Position, Trade};

use super::{AGAIN, Step};
use crate::market::Way;

/// How far a rate may move, at most, while the prices that follow from it hold.
const RATE_MOVES: Decimal = Decimal::from_parts(1, 0, 0, false, 1);

/// The prices between which nothing can have been lost that matters.
#[derive(Clone, Copy, Debug, Default)]
struct Corridor {
    low: Option<Price>,
    high: Option<Price>,
    /// There is no price yet, and any matters.
    any: bool,
}

/// Scratch: a fresh desk sums up anew.
#[derive(Debug)]
pub(super) struct Losses {
    /// Something happened that has not been summed up.
    is_stale: bool,
    /// A rate is missing: any price may bring it.
    is_blind: bool,
    corridors: Vec<Option<Corridor>>,
    /// Since when a class seems to have lost too much.
    doubts: [Option<Time>; AssetClass::ALL.len()],
}

impl Default for Losses {
    fn default() -> Self {
        Self { is_stale: true, is_blind: false, corridors: Vec::new(), doubts: [None; AssetClass::ALL.len()] }
    }
}

impl Losses {
    /// Looks at a price as it comes.
    pub(super) fn sees(&mut self, ix: InstrumentIx, quote: &Quote) {
        let Some(Some(corridor)) = self.corridors.get(ix.index()) else { return };
        let is_left = corridor.low.is_some_and(|low| quote.bid < low)
            || corridor.high.is_some_and(|high| quote.ask > high);
        self.is_stale |= is_left || corridor.any;
    }

    /// Notes what a record changed.
    pub(super) fn note(&mut self, record: &Record) {
        self.is_stale |= matches!(
            record,
            Record::Filled { .. }
                | Record::Busted { .. }
                | Record::Corrected { .. }
                | Record::Outside { .. }
                | Record::NonTrade { .. }
                | Record::FeeSettled { .. }
                | Record::Repaired { .. }
                | Record::Imported { .. }
                | Record::Edited { .. }
                | Record::DayStarted { .. }
                | Record::EntriesAllowed { .. }
        );
    }

    /// Whether there is anything to sum up.
    pub(super) fn wants(&self) -> bool {
        self.is_stale || self.is_blind || self.doubts.iter().any(Option::is_some)
    }

    /// Since when a class seems to have lost too much.
    pub(super) fn doubt(&self) -> Option<Time> {
        self.doubts.iter().flatten().min().copied()
    }

    fn narrow(&mut self, ix: InstrumentIx, low: Option<Price>, high: Option<Price>) {
        let Some(corridor) = self.corridors.get_mut(ix.index()) else { return };
        let corridor = corridor.get_or_insert_default();
        corridor.low = corridor.low.max(low);
        corridor.high = corridor.high.into_iter().chain(high).min();
    }
}

/// What is held of one instrument, as far as prices change it.
struct Marked {
    ix: InstrumentIx,
    price: Price,
    direction: Direction,
    size: Decimal,
    /// What one unit of its quote currency is worth, and the pairs that say so.
    rate: Ratio,
    way: Option<Way>,
    /// Its open profit, in base currency.
    open: Decimal,
}

/// Where a class stands in the day, in base currency.
struct Standing {
    /// What its trades brought that closed since the day began.
    realised: Decimal,
    /// The same with what is held, against what was held as the day began; nothing where that is not known.
    whole: Option<Decimal>,
    marked: Vec<Marked>,
}

impl Step<'_> {
    /// What positions carry now, by class: what they gave out and cost so far, and their open profit. Nothing where none is held.
    pub(super) fn carried(&self) -> Option<ByClass> {
        if self.book.positions().len() == 0 || !self.bounds_classes() {
            return None;
        }
        let carried = |class| {
            let mut sum = Decimal::ZERO;
            for position in self.book.positions().filter(|position| self.is_of(position.key, class)) {
                let (given, marked) = self.worth(position)?;
                sum = sum.checked_add(given)?.checked_add(marked.open)?;
            }
            broker_api::Amount::new(sum.round_dp(10)).ok()
        };
        Some(ByClass::of(carried))
    }

    /// Whether any class is bounded: limits that are wide on purpose, for a replay, let it lose all there is.
    fn bounds_classes(&self) -> bool {
        let limit = |class| self.setup.limits.daily_loss_of(class).0.get();
        AssetClass::ALL.into_iter().any(|class| limit(class) < Decimal::ONE_HUNDRED)
    }

    fn is_of(&self, key: Key, class: AssetClass) -> bool {
        self.setup.catalog.instrument(key).is_some_and(|instrument| instrument.asset_class == class)
    }

    /// What one unit of the currency is worth in which a venue's account is kept.
    fn of_account(&self, key: Key) -> Option<Decimal> {
        let currency: Currency = self.book.venue(key.venue)?.of.currency;
        Some(self.rate(currency)?.get())
    }

    /// What a position gave out and cost so far, and its open profit by the price that closing it would meet.
    fn worth(&self, position: &Position) -> Option<(Decimal, Marked)> {
        let catalog = &self.setup.catalog;
        let ix = catalog.find(position.key)?;
        let (quote, currency) = (self.market.quote(ix)?, catalog.get(ix)?.quote);
        let price = match position.direction {
            Direction::Long => quote.bid,
            Direction::Short => quote.ask,
        };
        let rate = self.rate(currency)?;
        let open = position.open_profit(price)?.get().checked_mul(rate.get())?;
        let given = position.gross.minus(position.fees).ok()?.get();
        let given = given.checked_mul(self.of_account(position.key)?)?;
        let way = self.market.way(currency, self.setup.base);
        let (direction, size) = (position.direction, position.held.size().get());
        Some((given, Marked { ix, price, direction, size, rate, way, open }))
    }

    /// Whether what came from another program came within the day: what it brought with it is no loss of ours.
    fn came_within(&self, position: &Position, day: &Day) -> bool {
        let import = |file| self.book.imports().find(|import| import.file == file);
        position.imported.and_then(import).is_some_and(|import| import.at >= day.starts)
    }

    fn standing(&self, class: AssetClass, day: &Day) -> Option<Standing> {
        let mut standing = Standing { realised: Decimal::ZERO, whole: None, marked: Vec::new() };
        let mut is_older = false;
        let closed = self.book.trades().rev().take_while(|trade| trade.closed_at >= day.starts);
        let counts =
            |position: &Position| self.is_of(position.key, class) && !self.came_within(position, day);
        for trade in closed.filter(|trade: &&Trade| counts(&trade.position)) {
            let net = trade.net().get().checked_mul(self.of_account(trade.position.key)?)?;
            standing.realised = standing.realised.checked_add(net)?;
            is_older |= trade.position.opened_at < day.starts;
        }
        let mut carries = Some(Decimal::ZERO);
        for position in self.book.positions().filter(|position| counts(position)) {
            is_older |= position.opened_at < day.starts;
            let Some((given, marked)) = self.worth(position) else {
                carries = None;
                continue;
            };
            carries = carries.and_then(|sum| sum.checked_add(given)?.checked_add(marked.open));
            standing.marked.push(marked);
        }
        let begun = day.carried.and_then(|carried| carried.get(class)).map(broker_api::Amount::get);
        // What was opened since the day began carried nothing as it did.
        let begun = begun.or((!is_older).then_some(Decimal::ZERO));
        standing.whole = carries
            .zip(begun)
            .and_then(|(now, begun)| standing.realised.checked_add(now)?.checked_sub(begun));
        Some(standing)
    }

    /// Stops entries of the classes that lost too much since the day began.
    pub(super) fn class_losses(&mut self) -> Result<(), Illegal> {
        if !self.losses.wants() {
            return Ok(());
        }
        (self.losses.is_stale, self.losses.is_blind) = (false, false);
        if !self.bounds_classes() {
            return Ok(());
        }
        self.losses.corridors.clear();
        self.losses.corridors.resize(self.setup.catalog.len(), None);
        // Between the beginning of a day and its first reading nobody knows what it began with.
        let starts = self.hours.account_day(self.now);
        let Some(day) = self.book.guard().day.filter(|day| day.starts >= starts) else { return Ok(()) };
        for (n, class) in AssetClass::ALL.into_iter().enumerate() {
            let scope = Scope::Class(class);
            let is_stopped = self.book.guard().stopped_at(scope).is_some();
            let most = risk::stops::class_loss_max(day.equity, class, &self.setup.limits);
            let standing = if is_stopped { None } else { self.standing(class, &day) };
            let Some((most, standing)) = most.zip(standing) else {
                self.set_doubt(n, None);
                continue;
            };
            let lost = -standing.whole.unwrap_or(standing.realised);
            if lost < most.get() {
                self.set_doubt(n, None);
                self.corridors(class, &standing, most.get() - lost);
                continue;
            }
            // What was closed is certain; what is held is reckoned by prices, and one may be wrong.
            let is_certain = -standing.realised >= most.get() || standing.marked.is_empty();
            let mut doubt = self.losses.doubts.get(n).copied().flatten();
            let is_confirmed = self.confirms(&mut doubt, Some(self.now));
            if !is_certain && !is_confirmed {
                self.set_doubt(n, doubt);
                self.due_at(self.now + AGAIN);
                continue;
            }
            self.set_doubt(n, None);
            if let Ok(lost) = broker_api::Amount::new(lost) {
                let reason = risk::stops::class_loss(class, lost, day.equity, &self.setup.limits);
                let until = self.next_day_and_week().0;
                self.stop(scope, reason, until)?;
            }
        }
        Ok(())
    }

    fn set_doubt(&mut self, class: usize, doubt: Option<Time>) {
        if let Some(known) = self.losses.doubts.get_mut(class) {
            *known = doubt;
        }
    }

    /// The prices down, or up, to which what is held can have lost no more than `left`: each of them its share.
    fn corridors(&mut self, class: AssetClass, standing: &Standing, left: Decimal) {
        let held = self.book.positions().filter(|position| self.is_of(position.key, class));
        let unpriced = held.filter(|position| self.worth(position).is_none());
        let unpriced: Vec<_> =
            unpriced.filter_map(|position| self.setup.catalog.find(position.key)).collect();
        for ix in unpriced {
            self.losses.is_blind |= self.market.quote(ix).is_some();
            if let Some(corridor) = self.losses.corridors.get_mut(ix.index()) {
                corridor.get_or_insert_default().any = true;
            }
        }
        let shares = Decimal::from(standing.marked.len()) * Decimal::TWO;
        for marked in &standing.marked {
            // Half of its share may go by its own price, half by the rate of its currency.
            let Some(half) = left.checked_div(shares) else { continue };
            let mut rate = marked.rate.get();
            if let Some(way) = marked.way {
                let moves =
                    half.checked_div(marked.open.abs()).map_or(RATE_MOVES, |part| part.min(RATE_MOVES));
                rate *= Decimal::ONE + moves;
                // Where two pairs say so, each may do half of it.
                let each = Decimal::TWO * Decimal::from(way.pairs().count());
                for pair in way.pairs() {
                    let mid = self.market.quote(pair).and_then(|quote| quote.mid().ok()).map(Price::get);
                    let part = mid.map(|mid| (mid, mid * moves / each));
                    let bound = |at: Decimal| Price::new(at).ok();
                    if let Some((mid, part)) = part {
                        self.losses.narrow(pair, bound(mid - part), bound(mid + part));
                    }
                }
            }
            let away = marked.size.checked_mul(rate).and_then(|unit| half.checked_div(unit));
            let Some(away) = away else { continue };
            let price = marked.price.get();
            let at = match marked.direction {
                Direction::Long => price.checked_sub(away),
                Direction::Short => price.checked_add(away),
            };
            let at = at.and_then(|at| Price::new(at).ok());
            match marked.direction {
                Direction::Long => self.losses.narrow(marked.ix, at, None),
                Direction::Short => self.losses.narrow(marked.ix, None, at),
            }
        }
    }
}
