//! What is held, valued: kept from one reading of the account to the next, so that only what changed is reckoned
//! anew.
//!
//! 1. A price or a fill only marks what it concerns. What is marked is valued when the account is read: most prices
//!    are replaced by later ones before anybody asks.
//! 2. Each value has at most ten places, so they are added up as whole numbers of the tenth place: exactly, and
//!    quickly, since that is done at each reading.
//! 3. What does not fit fails the reading and stays marked, until a later price fits again.

use broker_api::{
    Amount, Catalog, Currency, Held, Instrument, InstrumentIx, Overflow, Price, Qty, Ratio, Side,
};

use rust_decimal::Decimal;

use super::ledger::PLACES;
use super::rates::Rates;
use super::{Matching, Row};

/// What the account comes to at the last prices, in account currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worth {
    pub equity: Amount,
    pub margin: Amount,
    /// What is not bound, never below zero.
    pub free: Amount,
}

impl Worth {
    pub(super) fn of(equity: Amount, margin: Amount) -> Result<Self, Overflow> {
        let free = if margin.get().is_zero() { equity } else { equity.minus(margin)? };
        let is_none = free.get().is_zero() || free.get().is_sign_negative();
        Ok(Self { equity, margin, free: if is_none { Amount::ZERO } else { free } })
    }
}

/// The same in whole units of the last of [`PLACES`].
#[derive(Clone, Copy, Debug, Default)]
struct Units {
    equity: i128,
    margin: i128,
}

/// A figure of at most [`PLACES`] places in units of the last.
fn units(amount: Amount) -> Result<i128, Overflow> {
    let figure = amount.get();
    let places = PLACES.checked_sub(figure.scale()).ok_or(Overflow)?;
    figure.mantissa().checked_mul(10_i128.pow(places)).ok_or(Overflow)
}

/// The figure, with no more places than it needs, and no more than fit: as decimals add up.
fn amount(units: i128) -> Result<Amount, Overflow> {
    let mut places = PLACES;
    if let Ok(mut figure) = i64::try_from(units) {
        for (step, by) in [(5, 100_000), (2, 100), (1, 10), (1, 10), (1, 10)] {
            if places >= step && figure % by == 0 {
                (figure, places) = (figure / by, places - step);
            }
        }
        return Amount::new(Decimal::new(figure, places)).map_err(|_| Overflow);
    }
    let mut figure = units;
    while places > 0 && figure % 10 == 0 {
        (figure, places) = (figure / 10, places - 1);
    }
    loop {
        match Decimal::try_from_i128_with_scale(figure, places) {
            Ok(figure) => return Amount::new(figure).map_err(|_| Overflow),
            Err(_) if places > 0 => (figure, places) = (figure / 10 + figure % 10 / 5, places - 1),
            Err(_) => return Err(Overflow),
        }
    }
}

/// A row that holds something.
#[derive(Clone, Copy, Debug)]
struct Holding {
    ix: InstrumentIx,
    /// What it adds to the account, when it was last valued.
    worth: Units,
    /// The rate it was valued at; nought before the first time, which no rate is.
    rate: Ratio,
}

/// What one unit of a currency is worth.
#[derive(Clone, Copy, Debug)]
struct Rate {
    from: Currency,
    /// The way it was found on. The better ones before it had none, the ones behind it do not matter.
    way: usize,
    value: Option<Ratio>,
    is_stale: bool,
}

/// A price that is part of a way.
#[derive(Clone, Copy, Debug)]
struct Feed {
    rate: usize,
    /// The best of the ways that it is part of.
    way: usize,
}

/// All that is held, with what it was worth when it was last asked for.
#[derive(Clone, Debug)]
pub(super) struct Book {
    /// In the catalog's order.
    held: Vec<Holding>,
    /// Whether the price or the position of a row changed since it was valued.
    stale: Vec<bool>,
    /// The currencies that rows are quoted in, save the account's.
    rates: Vec<Rate>,
    /// Which of them is a row's; nothing for the account's.
    quoted: Vec<Option<usize>>,
    /// What hangs on a row's price.
    feeds: Vec<Vec<Feed>>,
    /// The last reading, until something changes.
    total: Option<Worth>,
}

impl Book {
    /// A book in which nothing is held.
    pub(super) fn new(catalog: &Catalog, rates: &Rates, to: Currency) -> Self {
        let mut known: Vec<Rate> = Vec::new();
        let mut feeds = vec![Vec::new(); catalog.len()];
        let place = |(_, instrument): (_, &Instrument)| {
            let from = instrument.quote;
            if from == to {
                return None;
            }
            if let Some(place) = known.iter().position(|rate| rate.from == from) {
                return Some(place);
            }
            let place = known.len();
            known.push(Rate { from, way: usize::MAX, value: None, is_stale: true });
            for (way, step) in rates.steps_of(from) {
                let feeds: &mut Vec<Feed> = &mut feeds[step.index()];
                // The best way comes first.
                if feeds.iter().all(|feed| feed.rate != place) {
                    feeds.push(Feed { rate: place, way });
                }
            }
            Some(place)
        };
        let quoted = catalog.iter().map(place).collect();
        Self { held: Vec::new(), stale: vec![true; catalog.len()], rates: known, quoted, feeds, total: None }
    }

    /// The price of a row is another one.
    pub(super) fn priced(&mut self, ix: InstrumentIx) {
        self.stale[ix.index()] = true;
        let feeds = &self.feeds[ix.index()];
        // The price of what is not held, and that no conversion needs, changes nothing.
        if !feeds.is_empty() || self.held.iter().any(|holding| holding.ix == ix) {
            self.total = None;
        }
        for feed in feeds {
            let rate = &mut self.rates[feed.rate];
            rate.is_stale |= feed.way <= rate.way;
        }
    }

    /// The balance alone is another one.
    pub(super) fn balanced(&mut self) {
        self.total = None;
    }

    /// The position of a row is another one, and with it the balance.
    pub(super) fn moved(&mut self, ix: InstrumentIx, held: Held) {
        self.stale[ix.index()] = true;
        self.total = None;
        match (self.held.binary_search_by_key(&ix, |holding| holding.ix), !held.is_flat()) {
            (Err(place), true) => {
                let worth = Units::default();
                self.held.insert(place, Holding { ix, worth, rate: Ratio::ZERO });
            }
            (Ok(place), false) => drop(self.held.remove(place)),
            (Ok(_), true) | (Err(_), false) => {}
        }
    }
}

impl Rate {
    /// The rate by the last prices.
    fn now(&mut self, find: impl Fn(Currency) -> Option<(usize, Ratio)>) -> Option<Ratio> {
        if self.is_stale {
            let found = find(self.from);
            self.way = found.map_or(usize::MAX, |(way, _)| way);
            self.value = found.map(|(_, value)| value);
            self.is_stale = false;
        }
        self.value
    }
}

impl Matching {
    /// What the account comes to.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(super) fn worth(&self) -> Result<Worth, Overflow> {
        // Nothing below comes back here, so it is never borrowed twice.
        let Book { held, stale, rates, quoted, total, .. } = &mut *self.book.borrow_mut();
        if let Some(total) = *total {
            return Ok(total);
        }
        let mut sum = Units::default();
        for Holding { ix, worth, rate: before } in held {
            // What is held had a price and a rate when it was filled, and prices are never forgotten.
            let rate = match quoted[ix.index()] {
                None => Ratio::ONE,
                Some(place) => rates[place].now(|from| self.way_and_rate(from)).ok_or(Overflow)?,
            };
            let is_stale = &mut stale[ix.index()];
            if *is_stale || rate != *before {
                *worth = self.valued(*ix, rate)?;
                (*before, *is_stale) = (rate, false);
            }
            sum.equity = sum.equity.checked_add(worth.equity).ok_or(Overflow)?;
            sum.margin = sum.margin.checked_add(worth.margin).ok_or(Overflow)?;
        }
        let worth = Worth::of(self.balance.plus(amount(sum.equity)?)?, amount(sum.margin)?)?;
        *total = Some(worth);
        Ok(worth)
    }

    fn valued(&self, ix: InstrumentIx, rate: Ratio) -> Result<Units, Overflow> {
        let instrument = self.catalog.get(ix).ok_or(Overflow)?;
        let Row { position, mark, .. } = &self.rows[ix.index()];
        let side = Side::reducing(position.held).ok_or(Overflow)?;
        let value = mark.ok_or(Overflow)?.against(side).times(position.held.size())?;
        let equity = in_account_currency(position.profit(value)?, rate)?;
        let margin = bound(instrument, value, rate)?;
        Ok(Units { equity: units(equity)?, margin: units(margin)? })
    }
}

/// What is bound by so much, in account currency.
pub(super) fn margin(
    instrument: &Instrument,
    qty: Qty,
    price: Price,
    rate: Ratio,
) -> Result<Amount, Overflow> {
    bound(instrument, price.times(qty)?, rate)
}

/// The same by its value.
fn bound(instrument: &Instrument, value: Amount, rate: Ratio) -> Result<Amount, Overflow> {
    let bound = if instrument.margin == Ratio::ONE { value } else { value.times(instrument.margin)? };
    in_account_currency(bound, rate)
}

fn in_account_currency(amount: Amount, rate: Ratio) -> Result<Amount, Overflow> {
    let amount = if rate == Ratio::ONE { amount } else { amount.times(rate)? };
    Ok(if amount.get().scale() <= PLACES { amount } else { amount.round_half_even(PLACES) })
}
