//! The engine as plain data, and back: exact, also in the middle of a moment.
//!
//! Instruments are named by their keys, so that the catalog may change its order. An instrument may go only when
//! nothing is held or ordered of it.

use std::fmt;
use std::sync::Arc;

use broker_api::{Amount, Catalog, ClientOrderId, Currency, InstrumentIx, Key, Qty, Side, Time, VenueEvent};
use serde::{Deserialize, Serialize};

use super::ledger::Position;
use super::orders::{Order, Phase};
use super::play::{Budget, Playing, Stage};
use super::prices::{Mark, Sides};
use super::{Known, Matching, Over, Row, Settings, Transferred};

/// All that an engine is, beside its catalog and settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    balance: Amount,
    orders: u64,
    executions: u64,
    moments: u64,
    rows: Vec<SavedRow>,
    over: Vec<SavedOver>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    playing: Option<SavedPlaying>,
    fresh: Vec<(Key, u64)>,
    pending: Vec<VenueEvent>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    transfers: Vec<Transferred>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedRow {
    key: Key,
    position: Position,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    standing: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget: Option<Budget>,
    orders: Vec<Order>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedOver {
    id: ClientOrderId,
    is: Over,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedPlaying {
    key: Key,
    phase: Phase,
    at: Time,
    sides: Sides,
    fence: u64,
    stage: Stage,
    /// The orders that acted in it.
    acted: Vec<u64>,
}

/// Why a saved state is not one of this catalog and these settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadSaved {
    /// Something is held or ordered of an instrument that the catalog does not have.
    NoInstrument(Key),
    /// What is held or ordered is quoted in a currency that no instrument left leads to the account's.
    NoConversion(Currency),
    /// It contradicts itself; it was edited or damaged.
    Contradiction(&'static str),
}

impl fmt::Display for BadSaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInstrument(key) => {
                write!(
                    f,
                    "something is held or ordered of {key}, which is not among the instruments; list it again"
                )
            }
            Self::NoConversion(currency) => write!(
                f,
                "something held or ordered is quoted in {currency}, and no instrument is left whose price turns \
                 that into the account's currency; list it again"
            ),
            Self::Contradiction(what) => {
                write!(f, "the saved state contradicts itself: {what}; it was edited or damaged")
            }
        }
    }
}

impl std::error::Error for BadSaved {}

impl Matching {
    /// All that the engine is, as data.
    pub fn save(&self) -> Saved {
        let key = |ix: InstrumentIx| self.catalog.get(ix).map(|instrument| instrument.key);
        let rows = self.catalog.iter().zip(&self.rows).filter(|(_, row)| !row.is_blank());
        let over = self.known.iter().filter_map(|(id, known)| match known {
            Known::Over(is) => Some(SavedOver { id: *id, is: *is }),
            Known::Live(_) => None,
        });
        let mut over: Vec<_> = over.collect();
        over.sort_unstable_by_key(|over| over.id);
        let playing = self.playing.and_then(|playing| {
            let Playing { ix, phase, at, sides, fence, stage } = playing;
            let orders = self.rows[ix.index()].orders.iter();
            let acted = orders.filter(|order| order.acted == self.moments).map(|order| order.n).collect();
            Some(SavedPlaying { key: key(ix)?, phase, at, sides, fence, stage, acted })
        });
        Saved {
            balance: self.balance,
            orders: self.orders,
            executions: self.executions,
            moments: self.moments,
            rows: rows.map(|((_, instrument), row)| SavedRow::of(instrument.key, row)).collect(),
            over,
            playing,
            fresh: self.fresh.iter().filter_map(|(ix, n)| Some((key(*ix)?, *n))).collect(),
            pending: self.pending.iter().copied().collect(),
            transfers: self.transfers.clone(),
        }
    }

    /// The engine that was saved. Costs and rules of instruments may have changed since; what was booked stays,
    /// the cash of the settings counts for nothing.
    ///
    /// # Errors
    /// [`BadSaved`].
    pub fn restore(catalog: Arc<Catalog>, settings: Settings, saved: Saved) -> Result<Self, BadSaved> {
        let mut engine = Self::new(catalog, settings);
        let Saved { balance, orders, executions, moments, rows, over, playing, fresh, pending, transfers } =
            saved;
        engine.transfers = transfers;
        (engine.balance, engine.orders) = (balance, orders);
        (engine.executions, engine.moments) = (executions, moments);
        engine.pending = pending.into();
        for SavedOver { id, is } in over {
            engine.know(id, Known::Over(is))?;
        }
        for row in rows {
            row.check(orders)?;
            let Some(ix) = engine.catalog.find(row.key) else {
                if row.position.held.is_flat() && row.orders.is_empty() {
                    continue;
                }
                return Err(BadSaved::NoInstrument(row.key));
            };
            for order in &row.orders {
                engine.know(order.id, Known::Live(ix))?;
            }
            let SavedRow { position, mark, standing, budget, orders, .. } = row;
            engine.book.get_mut().moved(ix, position.held);
            engine.rows[ix.index()] = Row { position, mark, standing, budget, orders };
        }
        for (key, n) in fresh {
            let ix = engine.catalog.find(key).ok_or(BadSaved::NoInstrument(key))?;
            engine.fresh.push((ix, n));
        }
        if let Some(SavedPlaying { key, phase, at, sides, fence, stage, acted }) = playing {
            let ix = engine.catalog.find(key).ok_or(BadSaved::NoInstrument(key))?;
            for order in &mut engine.rows[ix.index()].orders {
                if acted.contains(&order.n) {
                    order.acted = moments;
                }
            }
            engine.playing = Some(Playing { ix, phase, at, sides, fence, stage });
        }
        for ((_, instrument), row) in engine.catalog.iter().zip(&engine.rows) {
            let needed = !row.position.held.is_flat() || !row.orders.is_empty();
            if needed && engine.rate(instrument.quote).is_none() {
                return Err(BadSaved::NoConversion(instrument.quote));
            }
        }
        Ok(engine)
    }

    fn know(&mut self, id: ClientOrderId, known: Known) -> Result<(), BadSaved> {
        match self.known.insert(id, known) {
            None => Ok(()),
            Some(_) => Err(BadSaved::Contradiction("an order stands in it twice")),
        }
    }
}

impl Row {
    fn is_blank(&self) -> bool {
        self.position.held.is_flat()
            && self.mark.is_none()
            && self.standing.is_none()
            && self.budget.is_none()
            && self.orders.is_empty()
    }
}

impl SavedRow {
    fn of(key: Key, row: &Row) -> Self {
        let Row { position, mark, standing, budget, orders } = row.clone();
        // What an order did in the moment that is being played is kept with that moment.
        let orders = orders.into_iter().map(|order| Order { acted: 0, ..order }).collect();
        Self { key, position, mark, standing, budget, orders }
    }

    fn check(&self, last: u64) -> Result<(), BadSaved> {
        let bad = |what| Err(BadSaved::Contradiction(what));
        let Position { held, cost } = self.position;
        if held.is_flat() != (cost == Amount::ZERO) || cost < Amount::ZERO {
            return bad("what is held and what it came to do not fit");
        }
        if !held.is_flat() && self.mark.is_none() {
            return bad("something is held that has no price");
        }
        if !self.orders.is_sorted_by(|a, b| a.n < b.n) || self.orders.iter().any(|o| o.n == 0 || o.n > last) {
            return bad("the orders are not in their order");
        }
        if self.orders.iter().any(|order| order.rest() == Qty::ZERO) {
            return bad("an order lives that has nothing left to fill");
        }
        let reducing = Side::reducing(held);
        if self.orders.iter().any(|order| super::fill::is_left_behind(order, reducing)) {
            return bad("an order reduces what is not held");
        }
        Ok(())
    }
}
