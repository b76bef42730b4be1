//! What is left over: the rest of an entry that was executed in part, a position that no decision opened, and one that is
//! too little for an order.

use broker_api::{ClientOrderId, Code, Key, Qty, Record, Time, planted};
use chrono::TimeDelta;
use orders::Remainder;
use state::Illegal;

use super::found::{Found, Sort, is_rest};
use super::{AFTER_REFUSAL, Step};
use crate::command::Command;

const REMAINDER: Code = Code::fixed("remainder");
const OVERFILLED: Code = Code::fixed("overfilled");
/// How often a venue is asked to close what is too little for an order.
const CLOSINGS_MAX: u32 = 3;
/// How long until an order for what is too little is tried again where the venue closes nothing by itself.
const DUST_AGAIN: TimeDelta = TimeDelta::hours(1);

impl Step<'_> {
    pub(super) fn parts(&mut self, found: Found) -> Result<(), Illegal> {
        let overfilled: Vec<Key> = self
            .book
            .positions()
            .filter(|position| position.overfilled && self.touched.has(position.key))
            .filter(|position| self.book.exit_wanted(position.key).is_none() && !planted!(OverfillKept))
            .map(|position| position.key)
            .collect();
        for key in overfilled {
            self.put(Record::ExitWanted { key, signal: None, code: OVERFILLED })?;
        }
        if !found.may_be(Sort::Rest, self.out.records().len()) {
            return Ok(());
        }
        let rests: Vec<(Key, ClientOrderId, Time)> = self
            .book
            .open_orders()
            .filter(|row| self.touched.has(row.intent.key))
            .filter(|row| is_rest(row))
            .map(|row| (row.intent.key, row.intent.id, row.decided_at))
            .collect();
        for (key, id, decided_at) in rests {
            self.rest(key, id, decided_at)?;
        }
        Ok(())
    }

    /// The rest of an entry goes when its policy says so, unless what was executed were too little to be given out again.
    fn rest(&mut self, key: Key, id: ClientOrderId, decided_at: Time) -> Result<(), Illegal> {
        let Remainder::After(seconds) = self.setup.policy.remainder else { return Ok(()) };
        let ends = decided_at + TimeDelta::seconds(i64::from(seconds));
        if ends > self.now {
            self.due_at(ends);
            return Ok(());
        }
        let held = self.book.held(key).size();
        if self.is_dust(key, held) {
            return Ok(());
        }
        self.cancel(key, id, REMAINDER)
    }

    /// Whether so much of an instrument is less than its venue takes an order for.
    pub(super) fn is_dust(&self, key: Key, qty: Qty) -> bool {
        let Some(rules) = self.setup.catalog.instrument(key) else { return false };
        let worth = self.market.quote_of(key).and_then(|quote| quote.bid.times(qty).ok());
        qty < rules.qty_min || worth.is_some_and(|worth| worth < rules.notional_min)
    }

    /// Asks the venue to close what is too little for an order. It closes all that the account holds of an instrument, so it is
    /// asked only with a reading in hand that says that this is just what the book holds.
    pub(super) fn close_dust(&mut self, key: Key) -> Result<(), Illegal> {
        let closes = self.setup.venues.get(&key.venue).is_some_and(|venue| venue.closes_positions);
        if !closes {
            let again = self.now + DUST_AGAIN;
            self.due_at(again);
            return Ok(());
        }
        let is_ours_alone = self.reading == Some(key.venue)
            && self.book.outside(key).is_none_or(|outside| outside.held.is_flat())
            && self.market.there(key).is_some_and(|(there, _)| there == self.book.held(key));
        if !is_ours_alone && !planted!(OthersClosed) {
            self.due_at(self.now + AFTER_REFUSAL);
            return Ok(());
        }
        if let Some(closing) = self.book.closing(key) {
            if closing.asking || closing.asks >= CLOSINGS_MAX {
                return Ok(());
            }
            let again = closing.at + AFTER_REFUSAL;
            if again > self.now {
                self.due_at(again);
                return Ok(());
            }
        }
        self.put_with(Record::CloseStarted { key }, Command::Close { key })
    }
}
