//! Wanted protection = held quantity, after every event.
//!
//! A stop that the venue refuses is made once more after a moment, and what is left of the entry is cancelled; refused
//! again, the position is closed: what cannot be guarded is not kept. A target is given up.

use broker_api::{
    Capabilities, Code, Intent, Key, KindName, Level, OrderKind, Purpose, Reason, Record, Side, Time, planted,
};
use chrono::TimeDelta;
use risk::Verdict;
use state::Illegal;
use state::book::{Blocked, Position, REPAIR};

use super::{AGAIN, Step};

const RESIZE: Code = Code::fixed("resize");
const DOUBTED: Code = Code::fixed("doubted");
const NOT_PLANNED: Code = Code::fixed("not_planned");
pub(super) const UNPROTECTED: Code = Code::fixed("unprotected");
/// How long a position may lie without the stop it shall have.
pub(super) const BOUND: TimeDelta = TimeDelta::seconds(30);
/// How long until a target that could not be placed is tried again when nothing else happens.
const TARGET_AGAIN: TimeDelta = TimeDelta::hours(1);
/// How many refusals of one kind of leg end in an exit.
const REFUSALS_MAX: usize = 2;

impl Step<'_> {
    pub(super) fn protect(&mut self) -> Result<(), Illegal> {
        if self.book.guard().level == Level::Frozen {
            return Ok(()); // nothing moves by itself
        }
        let keys: Vec<Key> = self
            .book
            .positions()
            .filter(|position| self.touched.has(position.key))
            .filter(|position| !planted!(StopWaitsForEntry) || !self.book.has_open_entry(position.key))
            .filter(|position| !self.is_leaving(position.key) && !self.is_guarded(position))
            .map(|position| position.key)
            .collect();
        for key in keys {
            // Where the venue is seen to hold something else, what rests is left as it is: its lists may be wrong.
            let is_limited = self.book.confirmed(key) != self.book.held(key);
            let is_other = is_limited || self.doubted(key).is_some();
            if self.is_bracket_awaited(key)? || is_other && self.rests(key, Purpose::Stop) {
                continue;
            }
            if self.is_price_awaited(key) {
                continue;
            }
            for purpose in [Purpose::Stop, Purpose::Target] {
                self.leg(key, purpose)?;
            }
        }
        Ok(())
    }

    /// Whether a position is being closed, and not only to be closed later because its venue refused that.
    fn is_leaving(&self, key: Key) -> bool {
        self.book.exit_wanted(key).is_some() && self.waits_after_refusal(key).is_none()
    }

    /// Whether exactly the legs of the plan rest over exactly what is held: the usual case, told without making them.
    fn is_guarded(&self, position: &Position) -> bool {
        #[cfg(planted)]
        if self.is_of_yesterday(position.key, Purpose::Stop) {
            return false;
        }
        let (mut stops, mut targets) = (0, 0);
        let (confirmed, repaired) = (self.book.confirmed(position.key), self.repaired_at(position.key));
        for row in self.book.open_orders_of(position.key) {
            let fits = match (row.intent.purpose, row.intent.order) {
                (Purpose::Stop, OrderKind::Stop(order)) => {
                    stops += 1;
                    Some(order.trigger) == position.plan.stop
                }
                (Purpose::Target, OrderKind::Limit(order)) => {
                    targets += 1;
                    Some(order.limit) == position.plan.target
                }
                (Purpose::Stop, OrderKind::TrailingStop(order)) => {
                    stops += 1;
                    Some(order.distance) == position.plan.trail
                }
                (Purpose::Entry | Purpose::Exit, _) => true,
                (Purpose::Stop | Purpose::Target, _) => false,
            };
            let is_whole =
                row.remaining() == confirmed.size() && Some(row.intent.side) == Side::reducing(confirmed);
            let is_older = repaired.is_some_and(|at| row.decided_at < at);
            if !fits || (row.intent.purpose.is_protective() && (!is_whole || is_older)) {
                return false;
            }
        }
        let is_stopped = position.plan.stop.is_some() || position.plan.trail.is_some();
        let has_target = position.plan.target.is_some();
        stops == i32::from(is_stopped)
            && (targets == i32::from(has_target) || targets == 0 && self.is_watched_target(position))
    }

    /// When a person last said what is ours. Of a leg from before that the venue may have made another one, as it does when
    /// units are split.
    fn repaired_at(&self, key: Key) -> Option<Time> {
        self.book.outside(key).filter(|outside| outside.code == REPAIR).map(|outside| outside.at)
    }

    /// Whether the venue makes the legs itself as soon as an entry is filled whole. It is waited for as long as a position
    /// may lie without its stop; then what is left of the entry goes, and legs of our own are placed.
    fn is_bracket_awaited(&mut self, key: Key) -> Result<bool, Illegal> {
        let bracket = self
            .book
            .open_orders_of(key)
            .find(|row| row.intent.bracket && !row.filled.is_zero())
            .map(|row| row.intent.id);
        let (Some(entry), Some(position)) = (bracket, self.book.position(key)) else { return Ok(false) };
        let bound = position.bare.since.unwrap_or(position.opened_at) + BOUND;
        if bound > self.now {
            self.due_at(bound);
        } else {
            self.cancel(key, entry, UNPROTECTED)?;
        }
        Ok(true)
    }

    /// Whether a stop that the venue moves cannot be made yet: where it would begin follows from the price. A price is waited
    /// for as long as a position may lie without its stop, and what rests stays meanwhile; then a stop that stands is made.
    fn is_price_awaited(&mut self, key: Key) -> bool {
        let Some(position) = self.book.position(key).filter(|position| position.plan.trail.is_some()) else {
            return false;
        };
        let takes = |venue: &Capabilities| venue.takes(KindName::TrailingStop);
        let is_moved_there = self.setup.venues.get(&key.venue).is_some_and(takes);
        let bound = position.bare.since.map(|since| since + BOUND);
        let waits = is_moved_there
            && self.market.quote_of(key).is_none()
            && bound.is_none_or(|bound| bound > self.now);
        if waits {
            let again = self.now + AGAIN;
            self.due_at(again);
        }
        waits
    }

    fn leg(&mut self, key: Key, purpose: Purpose) -> Result<(), Illegal> {
        if self.is_leaving(key) || purpose == Purpose::Target && self.book.exit_wanted(key).is_some() {
            return Ok(()); // the other leg decided so
        }
        let Some(position) = self.book.position(key) else { return Ok(()) };
        let (number, made, signal) = (position.number, position.legs_made, position.signal);
        let Some(made) = self.with_order_view(key, |view| orders::leg(purpose, number, made, signal, view))
        else {
            return Ok(());
        };
        #[cfg(planted)]
        let made = made.map(|wanted| wanted.map(|wanted| self.ordered(wanted)));
        let wanted = match made {
            Ok(wanted) => wanted,
            Err(reason) => return self.blocked(key, purpose, reason),
        };
        let live: Vec<_> = self
            .book
            .open_orders_of(key)
            .filter(|row| row.intent.purpose == purpose)
            .map(|row| (row.intent, row.remaining(), row.is_adopted(), row.decided_at))
            .collect();
        let repaired = self.repaired_at(key);
        for (intent, rest, is_adopted, decided_at) in &live {
            let is_older = repaired.is_some_and(|at| *decided_at < at);
            match &wanted {
                Some(wanted) if orders::covers(wanted, intent, *rest) && !is_older => {}
                Some(_) => self.cancel(key, intent.id, RESIZE)?,
                // What was planned is not known, and what rests guards it.
                None if *is_adopted => {}
                None => self.cancel(key, intent.id, NOT_PLANNED)?,
            }
        }
        match wanted {
            Some(_) if purpose == Purpose::Target && self.is_for_the_watch(key) => Ok(()),
            Some(_) if purpose == Purpose::Stop && self.is_watched_stop(key) => Ok(()),
            Some(wanted) if live.is_empty() => self.place(key, &wanted),
            #[cfg(planted)]
            Some(wanted) if self.is_of_yesterday(key, purpose) => self.place(key, &wanted),
            _ => Ok(()),
        }
    }

    fn is_for_the_watch(&self, key: Key) -> bool {
        self.book.position(key).is_some_and(|position| self.is_watched_target(position))
    }

    fn place(&mut self, key: Key, wanted: &Intent) -> Result<(), Illegal> {
        let purpose = wanted.purpose;
        if let Some(until) = self.doubted(key) {
            self.due_at(until);
            let is_said = purpose != Purpose::Stop || self.blocked_before(key, purpose).is_some();
            let text = format!("{} lists something else of it, and is read again", key.venue);
            return if is_said { Ok(()) } else { self.blocked(key, purpose, Reason::plain(DOUBTED, text)) };
        }
        let refusals = self.book.position(key).map_or(&[][..], |position| &position.refused);
        let of_kind = refusals.iter().filter(|leg| leg.purpose == purpose).map(|leg| leg.at);
        let (count, last) = (of_kind.clone().count(), of_kind.max());
        if count >= REFUSALS_MAX {
            return self.give_up(key, purpose);
        }
        if count > 0 && purpose == Purpose::Stop {
            self.end_entries(key)?;
        }
        if let Some(again) = last.map(|at| at + AGAIN).filter(|at| *at > self.now) {
            self.due_at(again);
            return Ok(());
        }
        if let Some(blocked) = self.blocked_before(key, purpose)
            && blocked.bound > self.now
            && blocked.retry_at > self.now
        {
            let at = blocked.retry_at;
            self.due_at(at);
            return Ok(());
        }
        match self.review(wanted, None) {
            Some(Verdict::Approved { order, marks, .. }) => self.send(order, marks),
            Some(Verdict::Denied { reason, .. } | Verdict::Wait { reason, .. }) => {
                self.blocked(key, purpose, reason)
            }
            None => Ok(()),
        }
    }

    /// What is left of an entry goes when the stop beside it is refused: it may be what is in its way (a venue may take
    /// the two for a trade with oneself), and what cannot be guarded must not grow.
    fn end_entries(&mut self, key: Key) -> Result<(), Illegal> {
        let entries: Vec<_> = self
            .book
            .open_orders_of(key)
            .filter(|row| row.intent.purpose == Purpose::Entry)
            .map(|row| row.intent.id)
            .collect();
        entries.into_iter().try_for_each(|entry| self.cancel(key, entry, UNPROTECTED))
    }

    fn blocked_before(&self, key: Key, purpose: Purpose) -> Option<&Blocked> {
        self.book.position(key)?.blocked.as_ref().filter(|blocked| blocked.purpose == purpose)
    }

    /// A leg that cannot be placed now is tried again. A stop is tried until its bound, and then the position goes;
    /// a target guards nothing: it is tried with whatever happens next, and leaves no record, because a position
    /// has room for one and that is the stop's.
    fn blocked(&mut self, key: Key, purpose: Purpose, reason: Reason) -> Result<(), Illegal> {
        let now = self.now;
        if purpose == Purpose::Target {
            self.due_at(now + TARGET_AGAIN);
            return Ok(());
        }
        if let Some(blocked) = self.blocked_before(key, purpose) {
            let (bound, retry_at) = (blocked.bound, blocked.retry_at);
            if bound <= now {
                return self.give_up(key, purpose);
            }
            if retry_at > now {
                self.due_at(retry_at);
                return Ok(());
            }
        }
        let retry_at = now + AGAIN;
        self.due_at(retry_at);
        self.put(Record::ProtectionBlocked { key, purpose, reason, retry_at, bound: now + BOUND })
    }

    /// A position without the stop it shall have is closed; one without its target is kept.
    fn give_up(&mut self, key: Key, purpose: Purpose) -> Result<(), Illegal> {
        if purpose == Purpose::Stop && self.book.exit_wanted(key).is_none() {
            return self.put(Record::ExitWanted { key, signal: None, code: UNPROTECTED });
        }
        Ok(())
    }
}
