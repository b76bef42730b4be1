//! What moves an account without an order of ours: executions of others, units that come and go, and a person's repair.
//!
//! An account holds what the book holds and, beside it, what is outside. What comes from outside moves that first: it is
//! taken from what is outside of the other sign, then from our position, and what is left is outside. So a person's own
//! trades are theirs as long as they have something to trade, and a sale of what is ours is booked as that.

use broker_api::{Code, Fill, Held, Key, NonTrade, Price, Purpose, Qty, Repair, Repaired, Side, Time};

use super::Book;
use super::fold::{No, no};
use super::ledger::{self, Booked};
use super::rows::{Execution, ExitWanted, Outside, Position, Trade};

/// What is held because a person said so.
pub const REPAIR: Code = Code::fixed("repair");
/// The rest of a position that was too little for an order, closed by the venue because we asked: a part of our trade.
pub const DUST: Code = Code::fixed("dust");

/// How something from outside falls on an account.
struct Split {
    /// What is outside from then on.
    outside: Held,
    /// How much of it our position gives up.
    ours: Qty,
}

fn size_and_side(by: Held) -> (Qty, Side) {
    (by.size(), if by.is_long() { Side::Buy } else { Side::Sell })
}

impl Book {
    /// How a change of `by` in what the account holds falls on what is outside and on what is ours.
    fn split(&self, key: Key, by: Held) -> Result<Split, No> {
        let (size, side) = size_and_side(by);
        let outside = self.outside.get(&key).map_or(Held::FLAT, |row| row.held);
        let takes = |held: Held| Side::reducing(held) == Some(side);
        let first = if takes(outside) { size.min(outside.size()) } else { Qty::ZERO };
        let left = size.minus(first)?;
        let held = self.held(key);
        let ours = if takes(held) { left.min(held.size()) } else { Qty::ZERO };
        Ok(Split { outside: outside.moved(side.signed(size.minus(ours)?))?, ours })
    }

    fn set_outside(&mut self, key: Key, held: Held, code: Code, at: Time) {
        if held.is_flat() {
            self.outside.remove(&key);
        } else {
            self.outside.insert(key, Outside { held, at, code, until: None });
        }
    }

    /// An execution that belongs to no order of ours.
    pub(super) fn outside_fill(&mut self, fill: &Fill, code: Code, at: Time) -> Result<(), No> {
        let key = fill.key;
        if self.has_execution(key.venue, fill.execution) {
            return no(format!("execution {} was told before", fill.execution));
        }
        if !self.venues.contains_key(&key.venue) {
            return no(format!("the book is not bound to {}", key.venue));
        }
        let split = self.split(key, fill.side.signed(fill.moved()?))?;
        let new = match self.positions.get(&key).filter(|_| !split.ours.is_zero()) {
            Some(position) => {
                let part = Fill { qty: split.ours, kept: Qty::ZERO, ..*fill };
                let booked =
                    Booked { fees: self.booked(fill)?.fees, ..Booked::new(&part, broker_api::Amount::ZERO)? };
                Some(ledger::closed(position.clone(), &booked)?)
            }
            None => None,
        };
        if let Some(position) = new {
            self.given_up(position, code, fill.at)?;
        }
        self.set_outside(key, split.outside, code, at);
        let execution = Execution { fill: *fill, purpose: None, busted: false };
        self.executions.entry(key.venue).or_default().insert(fill.execution, execution);
        self.there_moves(fill);
        self.settle_exit(key);
        Ok(())
    }

    /// What a venue was seen to hold of an instrument that differs moves with what is executed there, or the same units would
    /// be closed once more. When the reading had it already, the next one differs from this, and is said.
    pub(super) fn there_moves(&mut self, fill: &Fill) {
        let Some(divergence) = self.diverged.get_mut(&fill.key) else { return };
        let moved = fill.moved().ok().map(|qty| fill.side.signed(qty));
        if let (Some(there), Some(by)) = (divergence.there, moved) {
            divergence.there = there.moved(by).ok().or(divergence.there);
        }
    }

    /// Units came or went without a trade.
    pub(super) fn units_moved(&mut self, key: Key, entry: &NonTrade, code: Code, at: Time) -> Result<(), No> {
        if entry.units.is_flat() {
            return Ok(());
        }
        let split = self.split(key, entry.units)?;
        if let Some(position) = self.positions.get(&key).filter(|_| !split.ours.is_zero()) {
            let position = ledger::written_off(position.clone(), split.ours)?;
            self.given_up(position, code, entry.at)?;
        }
        self.set_outside(key, split.outside, code, at);
        self.settle_exit(key);
        Ok(())
    }

    /// Puts a position in its place that gave something up other than by an order of ours: it goes on, or is a trade.
    fn given_up(&mut self, mut position: Position, code: Code, at: Time) -> Result<(), No> {
        let key = position.key;
        if code != DUST {
            position.outside = Some(code);
        }
        let before = self.positions.get(&key).map(|old| (old.gross, old.fees));
        let (gross, fees) = before.unwrap_or_default();
        let total_gross = self.totals.gross.plus(position.gross.minus(gross)?)?;
        let total_fees = self.totals.fees.plus(position.fees.minus(fees)?)?;
        let is_flat = position.held.is_flat();
        let realised = match self.guard.day.filter(|_| is_flat) {
            Some(day) => Some(day.realised.plus(position.gross.minus(position.fees)?)?),
            None => None,
        };
        // Nothing below fails.
        (self.totals.gross, self.totals.fees) = (total_gross, total_fees);
        if let (Some(day), Some(realised)) = (&mut self.guard.day, realised) {
            day.realised = realised;
        }
        if !is_flat {
            self.positions.insert(key, position);
            return Ok(());
        }
        self.positions.remove(&key);
        self.closed(Trade {
            position,
            closed_at: at,
            exit: Purpose::Exit,
            exit_signal: None,
            exit_code: Some(code),
        });
        Ok(())
    }

    /// The venue kept less than executions were booked with.
    pub(super) fn fee_settled(&mut self, key: Key, back: Qty) -> Result<(), No> {
        let Some(position) = self.positions.get_mut(&key) else {
            return no(format!("nothing is held of {key}"));
        };
        let side = if position.held.is_long() { Side::Buy } else { Side::Sell };
        let (held, entered) = (position.held.moved(side.signed(back))?, position.entered.plus(back)?);
        (position.held, position.entered) = (held, entered);
        Ok(())
    }

    /// A person's decision about what book and venue disagree about.
    pub(super) fn repaired(
        &mut self,
        venue: broker_api::VenueId,
        key: Option<Key>,
        with: &Repaired,
        at: Time,
    ) -> Result<(), No> {
        let Some(key) = key else {
            if with.repair != Repair::Ignore {
                return no(format!("what concerns all of {venue} can only be ignored"));
            }
            self.venues_diverged.remove(&venue);
            return Ok(());
        };
        if !self.venues.contains_key(&venue) || key.venue != venue {
            return no(format!("the book is not bound to {venue}"));
        }
        match with.repair {
            Repair::Ignore => {
                let beside = with.there.moved(negated(self.held(key))?)?;
                // Kept when nothing is held: others may have orders there.
                self.outside.insert(key, Outside { held: beside, at, code: REPAIR, until: with.until });
            }
            Repair::Adopt | Repair::Close | Repair::TrustBroker => {
                self.becomes(key, with, at)?;
                self.outside.remove(&key);
                if with.repair == Repair::Close
                    && !self.exits.contains_key(&key)
                    && self.positions.contains_key(&key)
                {
                    self.exits.insert(
                        key,
                        ExitWanted { signal: None, code: REPAIR, at, orders: 0, failed_at: None },
                    );
                }
            }
        }
        self.diverged.remove(&key);
        self.settle_exit(key);
        Ok(())
    }

    /// Makes what is held what the venue holds. What is given up goes at its own average, so it is neither profit nor loss;
    /// what is taken in comes at the venue's.
    fn becomes(&mut self, key: Key, with: &Repaired, at: Time) -> Result<(), No> {
        let (held, there) = (self.held(key), with.there);
        let is_same_way = !held.is_flat() && !there.is_flat() && held.is_long() == there.is_long();
        let less = if is_same_way { held.size().minus_or_zero(there.size()) } else { held.size() };
        let more = if is_same_way { there.size().minus_or_zero(held.size()) } else { there.size() };
        let price = match (with.average, self.positions.get(&key)) {
            (Some(price), _) => Some(price),
            (None, Some(position)) => position.average(),
            (None, None) => None,
        };
        if !more.is_zero() && price.is_none() {
            return no(format!("nobody says what {key} came to at {}", key.venue));
        }
        if let Some(position) = self.positions.get(&key).filter(|_| !less.is_zero()) {
            let position = ledger::written_off(position.clone(), less)?;
            self.given_up(position, REPAIR, at)?;
        }
        if let (false, Some(price)) = (more.is_zero(), price) {
            let number = self.totals.positions + 1;
            let is_new = !self.positions.contains_key(&key);
            let mut position = match self.positions.get(&key) {
                Some(position) => ledger::taken_in(position.clone(), more, price)?,
                None => super::import::blank(there, price, at, key, number)?,
            };
            position.outside = Some(REPAIR);
            if is_new {
                self.totals.positions = number;
                position.legs_made = self.adopted_legs(key);
            }
            self.positions.insert(key, position);
        }
        if let Some(position) = self.positions.get_mut(&key) {
            let plan = with.plan;
            position.plan.stop = plan.stop.or(position.plan.stop);
            position.plan.target = plan.target.or(position.plan.target);
            position.plan.trail = plan.trail.or(position.plan.trail);
        }
        Ok(())
    }

    /// The best price was followed.
    pub(super) fn stop_trailed(&mut self, key: Key, stop: Price) -> Result<(), No> {
        let Some(position) = self.positions.get_mut(&key) else {
            return no(format!("nothing is held of {key}"));
        };
        let loosens = position
            .plan
            .stop
            .is_some_and(|old| if position.held.is_long() { stop < old } else { stop > old });
        if loosens {
            return no(format!("the stop of {key} only moves towards the market"));
        }
        position.plan.stop = Some(stop);
        Ok(())
    }
}

pub(super) fn negated(held: Held) -> Result<Held, No> {
    Ok(Held::FLAT.moved(if held.is_flat() {
        Held::FLAT
    } else if held.is_long() {
        Side::Sell.signed(held.size())
    } else {
        Side::Buy.signed(held.size())
    })?)
}
