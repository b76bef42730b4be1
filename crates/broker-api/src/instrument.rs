//! What can be traded, and by which rules.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{Currency, Key, Symbol};
use crate::number::{Amount, Price, Qty, Ratio};

/// The three kinds of instrument; sessions, costs and limits differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetClass {
    /// A stock or fund on a US exchange.
    Equity,
    /// A currency pair.
    Forex,
    /// A coin against a currency.
    Crypto,
}

impl AssetClass {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Equity, Self::Forex, Self::Crypto];
}

impl fmt::Display for AssetClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equity => "equity",
            Self::Forex => "forex",
            Self::Crypto => "crypto",
        })
    }
}

/// One instrument at one venue, as the venue describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Where and what.
    pub key: Key,
    /// Which sessions and defaults apply.
    pub asset_class: AssetClass,
    /// The currency its price and profit are in.
    pub quote: Currency,
    /// The smallest step of its price.
    pub tick: Price,
    /// The smallest step of its quantity; below one means fractions.
    pub lot: Qty,
    /// The least quantity of an order.
    pub qty_min: Qty,
    /// The most quantity of an order.
    pub qty_max: Qty,
    /// The least value of an order, in quote currency.
    pub notional_min: Amount,
    /// Margin asked per unit of value: 1 is fully paid, 0.05 is twentyfold.
    pub margin: Ratio,
    /// Whether it may be sold short.
    pub shortable: bool,
}

impl Instrument {
    /// The coin or currency that is bought, for a pair; nothing for a stock.
    pub fn base(&self) -> Option<Currency> {
        let (base, _) = self.key.symbol.as_str().split_once('/')?;
        Currency::new(base).ok()
    }
}

/// An instrument's place in a [`Catalog`]: an index, so that the market needs no look-up per price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentIx(u32);

impl InstrumentIx {
    /// As an index into a table that has one row per instrument of the catalog.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The instruments of one run, in a fixed order.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    rows: Vec<Instrument>,
    by_key: BTreeMap<Key, InstrumentIx>,
    by_symbol: BTreeMap<Symbol, InstrumentIx>,
}

/// Two instruments of a catalog share their venue and symbol, or a symbol is given to two venues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate(pub Key);

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the symbol of {} is listed twice", self.0)
    }
}

impl std::error::Error for Duplicate {}

impl Catalog {
    /// A catalog of `instruments`, in their order. Each symbol belongs to one venue: orders for it go there.
    ///
    /// # Errors
    /// A symbol listed twice.
    pub fn new(instruments: Vec<Instrument>) -> Result<Self, Duplicate> {
        let mut catalog = Self::default();
        for (row, instrument) in (0u32..).zip(instruments) {
            let (key, ix) = (instrument.key, InstrumentIx(row));
            if catalog.by_symbol.insert(key.symbol, ix).is_some() || catalog.by_key.insert(key, ix).is_some()
            {
                return Err(Duplicate(key));
            }
            catalog.rows.push(instrument);
        }
        Ok(catalog)
    }

    /// How many instruments there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All instruments with their places, in order.
    pub fn iter(&self) -> impl Iterator<Item = (InstrumentIx, &Instrument)> {
        (0u32..).map(InstrumentIx).zip(&self.rows)
    }

    /// The instrument at a place that this catalog gave out; nothing for one of a larger catalog.
    pub fn get(&self, ix: InstrumentIx) -> Option<&Instrument> {
        self.rows.get(ix.index())
    }

    /// The place of an instrument.
    pub fn find(&self, key: Key) -> Option<InstrumentIx> {
        self.by_key.get(&key).copied()
    }

    /// The place of a symbol, at whichever venue it is routed to.
    pub fn find_symbol(&self, symbol: Symbol) -> Option<InstrumentIx> {
        self.by_symbol.get(&symbol).copied()
    }

    /// The instrument behind a key.
    pub fn instrument(&self, key: Key) -> Option<&Instrument> {
        self.get(self.find(key)?)
    }
}
