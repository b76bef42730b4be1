//! A person beside a replay: some account days after a trip they look, and let go on what then may, as a person does with
//! `resume`. Without one, what a trip stopped stays stopped to the end of the bars.

use broker_api::{By, GuardState, Level, Time};
use state::Store;

use super::{Replay, ReplayFault, Watcher};
use crate::input::{Input, Operator};

/// As whom it is written down.
const NAME: &str = "replay";
const WHY: &str = "looked at";

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    days: i64,
    /// When trading was last stopped, by a machine.
    tripped: Option<Time>,
}

impl Person {
    fn note(&mut self, guard: &GuardState) {
        if guard.level <= Level::Paused {
            self.tripped = None;
        } else if guard.by == Some(By::Guard) || self.tripped.is_none() {
            self.tripped = guard.since;
        }
    }
}

impl<S: Store, W: Watcher> Replay<S, W> {
    /// The same with a person who looks so many account days after a trip.
    #[must_use]
    pub fn resuming_after(mut self, days: u32) -> Self {
        self.person = Some(Person { days: i64::from(days), tripped: None });
        self
    }

    /// Lets the person act, at a reading of the account. What may not go on yet is looked at again at the next one.
    pub(super) fn looked_at(&mut self, now: Time) -> Result<(), ReplayFault> {
        let Some(person) = &mut self.person else { return Ok(()) };
        let guard = self.book.guard();
        person.note(guard);
        if person.tripped.is_none() && guard.stopped.is_empty() {
            return Ok(());
        }
        let (days, tripped) = (person.days, person.tripped);
        let calendar = self.desk.setup().calendar;
        let today = calendar.account_day(now);
        // Account days are 23 to 25 hours long.
        let is_time = |since: Time| ((today - calendar.account_day(since)).num_hours() + 12) / 24 >= days;
        let stopped = guard.stopped.iter().filter(|stop| stop.until.is_none() && is_time(stop.since));
        let acts: Vec<Operator> = stopped
            .map(|stop| Operator::Allow { scope: stop.scope, name: NAME.into(), why: WHY.into() })
            .collect();
        for act in acts {
            self.take(&Input::Operator(act), now)?;
        }
        // What closed everything is left in two steps.
        while tripped.is_some_and(is_time) {
            let (level, seq) = (self.book.guard().level, self.book.seq());
            if level <= Level::Paused {
                break;
            }
            let (name, why) = (NAME.into(), WHY.into());
            let act = Operator::Level { level: Level::Trading, name, why, until: None };
            self.take(&Input::Operator(act), now)?;
            if self.book.seq() == seq || self.book.guard().level >= level {
                break;
            }
        }
        Ok(())
    }
}
