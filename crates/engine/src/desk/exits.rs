//! Closing what shall be closed: the legs are cancelled first, then the exit is reviewed and sent.

use broker_api::{Code, Key, Purpose, Time};
use orders::Origin;
use risk::Verdict;
use state::Illegal;

use super::{AFTER_REFUSAL, AGAIN, Step};

const EXIT: Code = Code::fixed("exit");
const NOTHING_HELD: Code = Code::fixed("nothing_held");

impl Step<'_> {
    /// Brings every wanted exit a step further, and cancels reducing orders that have nothing left to reduce.
    pub(super) fn exits(&mut self) -> Result<(), Illegal> {
        let orphans: Vec<_> = self
            .book
            .open_orders()
            .filter(|row| row.intent.purpose.is_reducing() && self.book.position(row.intent.key).is_none())
            .map(|row| (row.intent.key, row.intent.id))
            .collect();
        for (key, order) in orphans {
            self.cancel(key, order, NOTHING_HELD)?;
        }
        let wanted: Vec<Key> = self.book.exits_wanted().map(|(key, _)| key).collect();
        for key in wanted {
            self.exit(key)?;
        }
        Ok(())
    }

    fn exit(&mut self, key: Key) -> Result<(), Illegal> {
        let open: Vec<_> =
            self.book.open_orders().filter(|row| row.intent.key == key).map(|row| row.intent).collect();
        for intent in open.iter().filter(|intent| intent.purpose != Purpose::Exit) {
            self.cancel(key, intent.id, EXIT)?;
        }
        // Entries may fill further while they are cancelled; what they bring is closed by the next round.
        if open.iter().any(|intent| intent.purpose.is_reducing()) {
            return Ok(());
        }
        let (Some(position), Some(exit)) = (self.book.position(key), self.book.exit_wanted(key)) else {
            return Ok(());
        };
        let (generation, number, signal) = (exit.orders + 1, position.number, exit.signal);
        let qty = position.held.size();
        if let Some(again) =
            self.last_exit(key).map(|closed| closed + AFTER_REFUSAL).filter(|at| *at > self.now)
        {
            self.due_at(again);
            return Ok(());
        }
        let strategy = signal.and_then(|id| self.book.signal(id)).map(|state| state.signal.strategy);
        let origin = match (strategy, signal) {
            (Some(strategy), Some(signal)) => Origin::Signal { strategy, signal },
            _ => Origin::Position { key, number },
        };
        let Some(made) =
            self.with_order_view(key, |view| orders::exit(qty, origin, generation, signal, view))
        else {
            return Ok(());
        };
        let Ok(intent) = made else {
            self.due_at(self.now + AGAIN);
            return Ok(());
        };
        if self.waits_for_session(key, &intent) {
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

    /// When the last exit order of an instrument closed that executed nothing, while its exit is still wanted.
    fn last_exit(&self, key: Key) -> Option<Time> {
        let since = self.book.exit_wanted(key)?.at;
        self.book
            .closed_orders()
            .filter(|row| row.intent.key == key && row.intent.purpose == Purpose::Exit)
            .filter(|row| row.filled.is_zero() && row.decided_at >= since)
            .map(|row| row.since)
            .max()
    }
}
