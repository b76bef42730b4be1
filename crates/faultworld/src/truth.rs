//! What really happened at a venue, whatever anybody was told: what the checkers compare the journal with.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{ClientOrderId, End, Held, Intent, Key, Qty, Time, VenueEvent};
use rust_decimal::Decimal;

/// An order that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When, by the venue's clock.
    pub at: Time,
    /// How many records were durable then.
    pub records: u64,
    /// What arrived.
    pub intent: Intent,
    /// How it ended; nothing while it lives.
    pub end: Option<End>,
    /// How much of it was executed.
    pub filled: Qty,
    /// A cancel was taken and not carried out yet.
    pub cancelling: bool,
}

impl Arrival {
    /// What is left of it.
    pub fn rest(&self) -> Qty {
        self.intent.qty.minus_or_zero(self.filled)
    }
}

/// An order that was sent, whether it arrived or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Which.
    pub order: ClientOrderId,
    /// How many records were durable then.
    pub records: u64,
    /// The venue refused it.
    pub is_refused: bool,
    /// The venue said that it has one of this name.
    pub is_duplicate: bool,
}

/// A list of what is held, as it was told: what a process may go by, whatever was so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// How many records were durable then.
    pub records: u64,
    /// What it said.
    pub held: BTreeMap<Key, Held>,
}

impl Told {
    /// What it said of an instrument.
    pub fn of(&self, key: Key) -> Held {
        self.held.get(&key).copied().unwrap_or(Held::FLAT)
    }
}

/// What really happened at a venue.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// A name is free again once its order is over.
    pub frees_names: bool,
    /// Every order that arrived and was taken, in its order. One name twice is two arrivals.
    pub arrivals: Vec<Arrival>,
    /// Every order that was sent, each time.
    pub sends: Vec<Sending>,
    /// Everything that was executed, taken back and closed, with the time of each.
    pub log: Vec<(Time, VenueEvent)>,
    /// What is held.
    pub held: BTreeMap<Key, Held>,
    /// What somebody else traded, or the venue took: what is held of it is not ours alone.
    pub disturbed: BTreeSet<Key>,
    /// The lists of what is held that it told beside a list of what is live; nothing where nobody writes them down.
    pub lists: Option<Vec<Told>>,
    /// What it told of the account's equity, each with how many records were durable then.
    pub told: Vec<(u64, Decimal)>,
}

impl Truth {
    /// The last arrival of this name.
    pub fn find(&self, order: ClientOrderId) -> Option<&Arrival> {
        self.arrivals.iter().rev().find(|arrival| arrival.intent.id == order)
    }

    /// Its place.
    pub fn place(&self, order: ClientOrderId) -> Option<usize> {
        self.arrivals.iter().rposition(|arrival| arrival.intent.id == order)
    }

    /// What lives.
    pub fn live(&self) -> impl Iterator<Item = &Arrival> {
        self.arrivals.iter().filter(|arrival| arrival.end.is_none())
    }

    /// What is held of an instrument.
    pub fn held(&self, key: Key) -> Held {
        self.held.get(&key).copied().unwrap_or(Held::FLAT)
    }
}
