//! When the book is held against what a venue holds, and what is there before the book begins.

use std::collections::BTreeSet;

use broker_api::{Held, Holdings, Key, Protection, Record, Repair, Repaired, VenueId};
use chrono::TimeDelta;
use state::Store;
use state::book::ExitWanted;

use super::Runner;
use crate::input::Input;

/// How often the book is held against what a venue holds.
const COMPARE_EVERY: TimeDelta = TimeDelta::seconds(60);
/// The same where something differs.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(5);

impl<S: Store> Runner<S> {
    /// Whether it is time to hold the book against what a venue holds: once at the start, then from time to time; sooner
    /// when it was out of reach, where something differs, or where an exit was refused as if there were less than the book has.
    pub(super) fn wants_holdings(&self, id: VenueId) -> bool {
        let Some(compared) = self.market.compared(id) else { return true };
        let age = (self.clock)() - compared;
        let differs = self.desk.suspects().any(|key| key.venue == id);
        let is_refused = |(key, exit): (Key, &ExitWanted)| {
            key.venue == id && exit.failed_at.is_some_and(|failed| failed >= compared)
        };
        age >= COMPARE_EVERY
            || self.market.was_away(id)
            || self.market.is_silent(id, (self.clock)())
            || differs && age >= LOOK_AGAIN
            || self.book.exits_wanted().any(is_refused)
    }
}

impl<S: Store> Runner<S> {
    /// What the process before this one last read of a venue that this one has not read.
    pub(super) fn left_of(&self, id: VenueId) -> Option<Input> {
        let left = self.book.left(id).filter(|_| self.market.account(id).is_none())?;
        Some(Input::Left { left: left.clone() })
    }
}

/// What an account holds, and whose orders rest there, before the book begins: none of it is ours.
pub(super) fn found_there(holdings: &Holdings) -> Vec<Record> {
    let with_orders = holdings.orders.iter().map(|order| order.key);
    let keys: BTreeSet<Key> =
        holdings.positions.iter().map(|position| position.key).chain(with_orders).collect();
    let found = keys.into_iter().map(|key| {
        let position = holdings.positions.iter().find(|position| position.key == key);
        Record::Repaired {
            venue: key.venue,
            key: Some(key),
            with: Repaired {
                repair: Repair::Ignore,
                there: position.map_or(Held::FLAT, |position| position.held),
                average: position.map(|position| position.average),
                plan: Protection::default(),
                until: None,
            },
            name: "tradewind".into(),
            reason: "it was there when the book began".into(),
        }
    });
    found.collect()
}
