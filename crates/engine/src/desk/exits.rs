//! Closing what shall be closed: the legs are cancelled first, then the exit is reviewed and sent.

use broker_api::{Code, Key, Purpose, Time};
use orders::Origin;
use risk::Verdict;
use state::Illegal;
use state::book::ExitWanted;

use super::found::{Found, Sort, is_useless};
use super::opening::Stands;
use super::{AFTER_REFUSAL, AGAIN, Step};

const EXIT: Code = Code::fixed("exit");
const NOTHING_HELD: Code = Code::fixed("nothing_held");

/// When what shall be closed, and was refused, is tried again.
pub fn tried_again(exit: &ExitWanted) -> Option<Time> {
    exit.failed_at.map(|failed| failed + AFTER_REFUSAL)
}

impl Step<'_> {
    /// Brings every wanted exit a step further, and cancels what has lost its use: reducing orders that have nothing left
    /// to reduce, and what is left of an entry once the position that it opened is being taken out, which it would
    /// open anew.
    pub(super) fn exits(&mut self, found: Found) -> Result<(), Illegal> {
        if found.may_be(Sort::Useless, self.out.records().len()) {
            let touched = self.book.open_orders().filter(|row| self.touched.has(row.intent.key));
            let useless = touched.filter(|row| is_useless(self.book, row));
            let useless: Vec<_> = useless.map(|row| (row.intent.key, row.intent.id)).collect();
            for (key, order) in useless {
                self.cancel(key, order, NOTHING_HELD)?;
            }
        }
        let wanted: Vec<Key> =
            self.book.exits_wanted().map(|(key, _)| key).filter(|key| self.touched.has(*key)).collect();
        for key in wanted {
            self.exit(key)?;
        }
        Ok(())
    }

    fn exit(&mut self, key: Key) -> Result<(), Illegal> {
        if self.is_silent(key.venue) {
            // Nobody hears it there: the stop stays where it is until somebody does.
            self.due_at(self.now + AGAIN);
            return Ok(());
        }
        let open: Vec<_> = self.book.open_orders_of(key).map(|row| row.intent).collect();
        // What cannot be closed before its market opens, or before it is tried again, keeps its stop until then.
        let refused_until = self.waits_after_refusal(key);
        let keeps_legs = refused_until.is_some() || self.waits_for_the_opening(key);
        if let Some(again) = refused_until {
            self.due_at(again);
        }
        let is_in_the_way = |purpose: Purpose| match purpose {
            Purpose::Exit => false,
            Purpose::Stop | Purpose::Target => !keeps_legs,
            Purpose::Entry => true,
        };
        for intent in open.iter().filter(|intent| is_in_the_way(intent.purpose)) {
            self.cancel(key, intent.id, EXIT)?;
        }
        // Entries may fill further while they are cancelled; what they bring is closed by the next round.
        if open.iter().any(|intent| intent.purpose.is_reducing()) {
            return Ok(());
        }
        let (Some(position), Some(exit)) = (self.book.position(key), self.book.exit_wanted(key)) else {
            return Ok(());
        };
        let (mut generation, number, signal) = (exit.orders + 1, position.number, exit.signal);
        if let Some(until) = self.doubted(key) {
            self.due_at(until);
            return Ok(());
        }
        // No more than the venue is known to hold too.
        let qty = self.book.confirmed(key).size();
        if qty.is_zero() {
            return Ok(());
        }
        if exit.failed_at.is_some() && self.is_dust(key, qty) {
            return self.close_dust(key);
        }
        if refused_until.is_some() {
            return Ok(());
        }
        let strategy = signal.and_then(|id| self.book.signal(id)).map(|state| state.signal.strategy);
        let origin = match (strategy, signal) {
            (Some(strategy), Some(signal)) => Origin::Signal { strategy, signal },
            _ => Origin::Position { key, number },
        };
        // A position that came to life again, when an execution was taken back, may have had exits: their names are used up.
        let intent = loop {
            let made = self.with_order_view(key, |view| orders::exit(qty, origin, generation, signal, view));
            match made {
                None => return Ok(()),
                Some(Err(_)) => {
                    self.due_at(self.now + AGAIN);
                    return Ok(());
                }
                Some(Ok(intent)) if self.book.order(intent.id).is_some() => generation += 1,
                Some(Ok(intent)) => break intent,
            }
        };
        if !matches!(self.stands(&intent), Stands::Goes) {
            return Ok(());
        }
        match self.review(&intent, None) {
            Some(Verdict::Approved { order, marks, .. }) => self.send(order, marks),
            Some(Verdict::Denied { .. } | Verdict::Wait { .. }) | None => {
                self.due_at(self.now + AGAIN);
                Ok(())
            }
        }
    }

    /// Until when what shall be closed is left alone, since its venue refused that. Its stop guards it meanwhile; what is too
    /// little for an order is too little for a stop.
    pub(super) fn waits_after_refusal(&self, key: Key) -> Option<Time> {
        let again = tried_again(self.book.exit_wanted(key)?).filter(|at| *at > self.now)?;
        // Where the clock went back, the next attempt may be on its way already.
        let is_sent = self.rests(key, Purpose::Exit);
        (!is_sent && !self.is_dust(key, self.book.confirmed(key).size())).then_some(again)
    }
}
