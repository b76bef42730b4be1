//! What is bound stays within the limits, with every order whose outcome nobody knows at its full size. Reckoned from
//! the records and from what the venue took, by arithmetic of its own.
//!
//! 1. No order that could open something counts as gone while it lives at the venue, or has fills that nobody booked;
//!    so what the records call open is all there is. One exception: silence is no proof, and what arrives after it was
//!    given up for silence counts from its first booked fill.
//! 2. When an entry is decided, first or again: the level is `trading`, no rest is due after losses in a row, the
//!    equity that the venue told has not fallen by the limits, and with it the positions, its own value, its
//!    instrument's, that of everything, and the loss at its stop are within the limits.
//! 3. The losing trades in a row are those of the strategy: nothing counts in which others had a part.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{
    ClientOrderId, End, Finding, Intent, Key, Level, NonTradeKind, Proof, Purpose, Record, Stamped,
    SubmitOutcome,
};
use rust_decimal::Decimal;

use super::holding::{Holding, Holdings};
use super::streak::Streak;
use super::{Bounds, Checker, Seen};

/// What sums of rounded averages may differ by.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// An order that could open something, as the records have it.
#[derive(Debug)]
struct Entry {
    intent: Intent,
    filled: Decimal,
    /// The record that ended it.
    ended: Option<u64>,
    /// What was last found of it is silence.
    is_silence: bool,
    /// It was given up for silence.
    is_doubtful: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Exposures {
    bounds: Bounds,
    entries: BTreeMap<ClientOrderId, Entry>,
    /// Those of them that are not over.
    open: BTreeSet<ClientOrderId>,
    held: Holdings,
    streak: Streak,
    level: Level,
    day: Option<Decimal>,
    high: Option<Decimal>,
    /// How many readings of equity, and arrivals, were looked at.
    looked: usize,
    /// Arrivals of entries that live, or whose fills are not all booked.
    lively: Vec<usize>,
}

impl Exposures {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            entries: BTreeMap::new(),
            open: BTreeSet::new(),
            held: Holdings::default(),
            streak: Streak::new(bounds.losses, bounds.latch),
            level: Level::Trading,
            day: None,
            high: None,
            looked: 0,
            lively: Vec::new(),
        }
    }

    /// Takes a record in.
    fn follow(&mut self, stamped: &Stamped, seen: &Seen<'_>) -> Result<(), String> {
        if let Some(net) = self.held.follow(&stamped.record) {
            self.streak.closed(net);
        }
        match &stamped.record {
            Record::Intended { intent, .. } if intent.purpose == Purpose::Entry => {
                self.admitted(intent, stamped.seq, seen)?;
                let (filled, ended) = (Decimal::ZERO, None);
                let entry = Entry { intent: *intent, filled, ended, is_silence: false, is_doubtful: false };
                self.entries.insert(intent.id, entry);
                self.open.insert(intent.id);
            }
            Record::Resent { order, .. } => {
                if let Some(intent) = self.entries.get(order).map(|entry| entry.intent) {
                    self.admitted(&intent, stamped.seq, seen)?;
                }
            }
            // An attempt before it, which only silence speaks against, may still arrive.
            Record::Answered { order, answer: SubmitOutcome::Refused { .. }, .. }
                if self.entries.get(order).is_some_and(|entry| entry.is_silence) => {}
            Record::Answered { order, answer: SubmitOutcome::Refused { .. }, .. }
            | Record::Closed { order, .. } => self.ends(*order, stamped.seq),
            Record::GaveUp { order, .. } => {
                self.ends(*order, stamped.seq);
                if let Some(entry) = self.entries.get_mut(order) {
                    entry.is_doubtful = entry.is_silence;
                }
            }
            Record::AskAnswered { order, finding } => {
                let Some(entry) = self.entries.get_mut(order) else { return Ok(()) };
                entry.is_silence = matches!(finding, Some(Finding::Absent { proof: Proof::Silence { .. } }));
                if let Some(Finding::Found { order: found }) = finding
                    && found.end.is_some_and(|end| end != End::Filled)
                    && found.filled.get() == entry.filled
                {
                    self.ends(*order, stamped.seq);
                }
            }
            Record::Filled { fill } => {
                if let Some(entry) = self.entries.get_mut(&fill.order) {
                    entry.filled += fill.qty.get();
                    if entry.filled >= entry.intent.qty.get() {
                        self.ends(fill.order, stamped.seq);
                    }
                }
            }
            Record::Busted { .. } | Record::Corrected { .. } => {
                // What was taken back changes what was reckoned from it; from here on less is known.
                self.streak.forget();
            }
            Record::NonTrade { entry, before, .. } if entry.kind == NonTradeKind::Transfer => {
                let (flow, before) = (entry.money.amount.get(), before.map(broker_api::Amount::get));
                let moved = |from: Option<Decimal>| from.map(|from| super::level::moved(from, flow, before));
                (self.day, self.high) = (moved(self.day), moved(self.high));
            }
            Record::DayStarted { equity, high_water, .. } => {
                (self.day, self.high) = (Some(equity.get()), Some(high_water.get()));
            }
            Record::LevelSet { level, reason, .. } => {
                self.level = *level;
                if matches!(reason.code.as_str(), "cooldown" | "loss_latch") {
                    self.streak.rests();
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn ends(&mut self, order: ClientOrderId, seq: u64) {
        if self.open.remove(&order)
            && let Some(entry) = self.entries.get_mut(&order)
        {
            entry.ended = Some(seq);
        }
    }

    /// An entry is decided by the record `seq`; all records before it are known.
    fn admitted(&self, intent: &Intent, seq: u64, seen: &Seen<'_>) -> Result<(), String> {
        let no = |what: String| Err(format!("record {seq} lets {} of {} in: {what}", intent.id, intent.key));
        let bounds = &self.bounds;
        if self.level != Level::Trading {
            return no(format!("the level is {}", self.level));
        }
        if let Some(losses) = self.streak.due() {
            return no(format!("a rest is due after {losses} losing trades in a row"));
        }
        // A step may still have seen the reading before the last one.
        let told = seen.truth.told.iter().rev().filter(|(records, _)| *records < seq).take(2);
        let Some(equity) = told.map(|(_, equity)| *equity).max() else {
            return no("the venue never told its equity".into());
        };
        for (from, limit, what) in
            [(self.day, bounds.day_fall, "of the day"), (self.high, bounds.fall, "from the highest")]
        {
            let least = from.map(|from| from - share(from, limit));
            if from.is_none() || least.is_some_and(|least| equity <= least) {
                return no(format!("equity is {equity}, the fall {what} ends at {least:?}"));
            }
        }
        let others = || self.open.iter().filter(|id| **id != intent.id).filter_map(|id| self.entries.get(id));
        let mut taken: BTreeSet<Key> = others().map(|entry| entry.intent.key).collect();
        taken.extend(self.held.iter().filter(|(_, holding)| !holding.is_flat()).map(|(key, _)| key));
        taken.insert(intent.key);
        if taken.len() > bounds.positions {
            return no(format!("it would be {} positions, the limit is {}", taken.len(), bounds.positions));
        }
        let price = intent.reference.get();
        let value = price * intent.qty.get();
        let worth = |entry: &Entry| (entry.intent.qty.get() - entry.filled) * entry.intent.reference.get();
        let waiting = |key: Option<Key>| -> Decimal {
            others().filter(|entry| key.is_none_or(|key| key == entry.intent.key)).map(worth).sum()
        };
        let own = self.held.get(intent.key).map_or(Decimal::ZERO, Holding::cost);
        let all: Decimal = self.held.iter().map(|(_, holding)| holding.cost()).sum();
        let Some(stop) = intent.plan.stop else { return no("it has no stop".into()) };
        let loss = (price - stop.get()).abs() * intent.qty.get();
        for (is, limit, what) in [
            (value, bounds.order, "its value"),
            (value + own + waiting(Some(intent.key)), bounds.position, "its instrument's"),
            (value + all + waiting(None), bounds.gross, "that of everything"),
            (loss, bounds.risk, "the loss at its stop"),
        ] {
            let most = share(equity, limit);
            if is > most + CENT {
                return no(format!("{what} would be {is}, the limit is {most} of {equity}"));
            }
        }
        Ok(())
    }

    /// What the records call gone is gone.
    fn is_counted(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let arrivals = &seen.truth.arrivals;
        for (place, arrival) in arrivals.iter().enumerate().skip(self.looked) {
            if arrival.intent.purpose == Purpose::Entry {
                self.lively.push(place);
            }
        }
        self.looked = arrivals.len();
        let mut wrong = None;
        let (entries, open) = (&self.entries, &self.open);
        self.lively.retain(|place| {
            let Some(arrival) = arrivals.get(*place) else { return false };
            let id = arrival.intent.id;
            let entry = entries.get(&id);
            let booked = entry.map_or(Decimal::ZERO, |entry| entry.filled);
            if arrival.end.is_some() && booked >= arrival.filled.get() {
                return false;
            }
            let is_stray = entry.is_some_and(|entry| {
                entry.is_doubtful && entry.ended.is_some_and(|ended| arrival.records >= ended)
            });
            if !open.contains(&id) && !is_stray {
                wrong = Some((id, entry.and_then(|entry| entry.ended), arrival.filled, booked));
            }
            true
        });
        match wrong {
            Some((id, ended, filled, booked)) => Err(format!(
                "{id} counts as gone since record {ended:?}, and the venue has it with {filled} filled, {booked} booked"
            )),
            None => Ok(()),
        }
    }
}

impl Checker for Exposures {
    fn name(&self) -> &'static str {
        "exposure"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            self.follow(stamped, seen)?;
        }
        let losses = seen.book.guard().losses_in_row;
        if let Some(own) = self.streak.losses().filter(|own| *own != losses) {
            return Err(format!(
                "the book counts {losses} losing trades in a row, its executions come to {own}"
            ));
        }
        self.is_counted(seen)
    }
}

fn share(of: Decimal, percent: Decimal) -> Decimal {
    of * percent / Decimal::ONE_HUNDRED
}
