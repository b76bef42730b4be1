//! Whether a book that came from outside is one that records could have made: it is asked after every edit, and of a
//! file that becomes a book again.

use std::collections::BTreeSet;

use broker_api::{Amount, Direction, Key};

use super::rows::Position;
use super::{Book, TRADES_KEPT};

impl Book {
    /// Whether its parts fit each other.
    ///
    /// # Errors
    /// The first place that does not fit, in a sentence.
    pub fn check(&self) -> Result<(), Box<str>> {
        let mut numbers = BTreeSet::new();
        for (key, position) in &self.positions {
            let at = format!("/positions/{}", escaped(*key));
            if position.key != *key {
                return bad(format!("{at}/key is {}: a position stands under its own key", position.key));
            }
            if position.held.is_flat() {
                return bad(format!("{at}/held is 0: remove the position instead"));
            }
            if position.held.is_long() != (position.direction == Direction::Long) {
                return bad(format!("{at}/held is {}, and its direction says otherwise", position.held));
            }
            self.sound(&at, position, &mut numbers)?;
        }
        if self.trades.len() > TRADES_KEPT {
            return bad(format!("/trades has {} entries; {TRADES_KEPT} is the most", self.trades.len()));
        }
        for trade in &self.trades {
            let at = format!("/trades/{}", trade.position.number);
            if !trade.position.held.is_flat() {
                return bad(format!("{at}/held is {}: what is closed holds nothing", trade.position.held));
            }
            self.sound(&at, &trade.position, &mut numbers)?;
        }
        self.counts()?;
        self.names()
    }

    /// What a position and a trade have in common.
    fn sound(&self, at: &str, position: &Position, numbers: &mut BTreeSet<u64>) -> Result<(), Box<str>> {
        let Position { number, held, entered, exited, .. } = position;
        if *number == 0 || *number > self.totals.positions || !numbers.insert(*number) {
            let most = self.totals.positions;
            return bad(format!(
                "{at}/number is {number}: it must be its own, from 1 to /totals/positions, {most}"
            ));
        }
        if entered.minus(*exited).ok() != Some(held.size()) {
            return bad(format!(
                "{at}: entered less exited must be what is held, and {entered} less {exited} is not {}; change \
                 `entered` or `exited` too",
                held.size()
            ));
        }
        let sums = [
            ("cost", position.cost),
            ("entered_value", position.entered_value),
            ("exited_value", position.exited_value),
            ("risk", position.risk.unwrap_or(Amount::ZERO)),
        ];
        match sums.into_iter().find(|(_, sum)| *sum < Amount::ZERO) {
            Some((name, sum)) => bad(format!("{at}/{name} is {sum}, and cannot be below zero")),
            None => Ok(()),
        }
    }

    fn counts(&self) -> Result<(), Box<str>> {
        let totals = &self.totals;
        if totals.wins.saturating_add(totals.losses) > totals.trades {
            return bad(format!(
                "/totals: {} wins and {} losses are more than {} trades",
                totals.wins, totals.losses, totals.trades
            ));
        }
        if totals.trades < self.trades.len() as u64 {
            let (kept, trades) = (self.trades.len(), totals.trades);
            return bad(format!("/totals/trades is {trades}, and /trades has {kept} entries"));
        }
        if self.guard.cooled_at > self.guard.losses_in_row {
            return bad(format!(
                "/guard/cooled_at is {}, which is more than /guard/losses_in_row, {}",
                self.guard.cooled_at, self.guard.losses_in_row
            ));
        }
        Ok(())
    }

    /// Whether everything stands under its own name, and in its place.
    fn names(&self) -> Result<(), Box<str>> {
        let wrong = |table: &str, name: &dyn std::fmt::Display| {
            bad(format!("/{table} holds {name} where it does not belong"))
        };
        if let Some(id) = self.orders.misplaced() {
            return wrong("orders", &id);
        }
        let mut closed = self.closed_orders.iter();
        if let Some((id, _)) = closed.find(|(id, row)| row.intent.id != **id || !row.phase.is_done()) {
            return wrong("closed_orders", id);
        }
        if let Some((venue, _)) = self.venues.iter().find(|(venue, row)| row.of.venue != **venue) {
            return wrong("venues", venue);
        }
        if let Some(state) = self.signals.misplaced() {
            return wrong("signals", &state);
        }
        let mut executions = self.executions.values().flatten();
        match executions.find(|(id, row)| row.fill.execution != **id) {
            Some((id, _)) => wrong("executions", id),
            None => Ok(()),
        }
    }
}

fn bad<T>(why: String) -> Result<T, Box<str>> {
    Err(why.into())
}

/// A key as a JSON pointer has it.
fn escaped(key: Key) -> String {
    key.to_string().replace('/', "~1")
}
