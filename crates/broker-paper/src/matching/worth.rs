//! What is held, valued: kept from one reading of the account to the next, so that only what changed is reckoned
//! anew.
//!
//! 1. A price or a fill only marks what it concerns. What is marked is valued when the account is read: most prices
//!    are replaced by later ones before anybody asks.
//! 2. The values are added up at each reading, in the catalog's order. A running sum that is added to and taken from
//!    would not always have the digits that adding up gives; these figures are printed.
//! 3. What does not fit fails the reading and stays marked, until a later price fits again.

use broker_api::{
    Amount, Catalog, Currency, Held, Instrument, InstrumentIx, Overflow, Price, Qty, Ratio, Side,
};

use super::ledger::PLACES;
use super::rates::Rates;
use super::{Matching, Row};

/// What the account comes to at the last prices, in account currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worth {
    pub equity: Amount,
    pub margin: Amount,
}

impl Worth {
    /// What is not bound.
    pub(super) fn free(self) -> Result<Amount, Overflow> {
        Ok(self.equity.minus(self.margin)?.max(Amount::ZERO))
    }

    fn plus(self, other: Self) -> Result<Self, Overflow> {
        Ok(Self { equity: self.equity.plus(other.equity)?, margin: self.margin.plus(other.margin)? })
    }
}

/// A row that holds something.
#[derive(Clone, Copy, Debug)]
struct Holding {
    ix: InstrumentIx,
    /// What it adds to the account, when it was last valued.
    worth: Worth,
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
        self.total = None;
        for feed in &self.feeds[ix.index()] {
            let rate = &mut self.rates[feed.rate];
            rate.is_stale |= feed.way <= rate.way;
        }
    }

    /// The position of a row is another one, and with it the balance.
    pub(super) fn moved(&mut self, ix: InstrumentIx, held: Held) {
        self.stale[ix.index()] = true;
        self.total = None;
        match (self.held.binary_search_by_key(&ix, |holding| holding.ix), !held.is_flat()) {
            (Err(place), true) => {
                let worth = Worth { equity: Amount::ZERO, margin: Amount::ZERO };
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
        let mut sum = Worth { equity: self.balance, margin: Amount::ZERO };
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
            sum = sum.plus(*worth)?;
        }
        *total = Some(sum);
        Ok(sum)
    }

    fn valued(&self, ix: InstrumentIx, rate: Ratio) -> Result<Worth, Overflow> {
        let instrument = self.catalog.get(ix).ok_or(Overflow)?;
        let Row { position, mark, .. } = &self.rows[ix.index()];
        let side = Side::reducing(position.held).ok_or(Overflow)?;
        let price = mark.ok_or(Overflow)?.against(side);
        let equity = position.profit(price)?.times(rate)?.round_half_even(PLACES);
        Ok(Worth { equity, margin: margin(instrument, position.held.size(), price, rate)? })
    }
}

/// What is bound by so much, in account currency.
pub(super) fn margin(
    instrument: &Instrument,
    qty: Qty,
    price: Price,
    rate: Ratio,
) -> Result<Amount, Overflow> {
    Ok(price.times(qty)?.times(instrument.margin)?.times(rate)?.round_half_even(PLACES))
}
