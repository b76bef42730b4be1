//! What time it is at a broker. Ours, save at one that runs on this machine: a simulator's own time counts there, and
//! it may stand still until somebody moves it on.

use std::sync::{Arc, PoisonError, RwLock};

use broker_api::{Broker, QueryFailed, Time};
use chrono::TimeDelta;
use engine::Clock;

use crate::clock;

/// See the module.
#[derive(Debug, Default)]
pub struct VenueClock(RwLock<Told>);

/// What was found out about a clock.
#[derive(Clone, Copy, Debug, Default)]
enum Told {
    /// It is ours.
    #[default]
    Ours,
    /// It runs, so much before ours.
    Runs(TimeDelta),
    /// It stands still at this moment.
    Stands(Time),
}

impl VenueClock {
    /// The time.
    pub fn now(&self) -> Time {
        match *self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Told::Ours => clock::now(),
            Told::Runs(ahead) => clock::now().checked_add_signed(ahead).unwrap_or(Time::MAX_UTC),
            Told::Stands(at) => at,
        }
    }

    /// The same for whoever only reads it.
    pub fn shared(self: &Arc<Self>) -> Clock {
        let clock = Arc::clone(self);
        Arc::new(move || clock.now())
    }

    /// Goes by the venue from now on, which was asked twice: one that said the same both times stands still.
    pub fn set(&self, first: Time, second: Time) {
        let told = if second > first { Told::Runs(second - clock::now()) } else { Told::Stands(second) };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// Looks again at a clock that stands still: somebody may have moved it on.
    ///
    /// # Errors
    /// A venue that does not answer.
    pub async fn follow(&self, broker: &dyn Broker) -> Result<(), QueryFailed> {
        if !self.stands() {
            return Ok(());
        }
        let told = broker.clock().await?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Told::Stands(at) = &mut *known
            && told > *at
        {
            *at = told;
        }
        Ok(())
    }

    fn stands(&self) -> bool {
        matches!(*self.0.read().unwrap_or_else(PoisonError::into_inner), Told::Stands(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_said_the_same_twice_stands_still_and_another_runs_before_ours() {
        let at: Time = "2031-03-03T15:00:00Z".parse().unwrap();
        let clock = VenueClock::default();
        assert!((clock.now() - clock::now()).abs() < TimeDelta::seconds(5));
        clock.set(at, at);
        assert_eq!((clock.now(), clock.now()), (at, at));
        clock.set(at, at + TimeDelta::milliseconds(1));
        assert!(clock.now() >= at && clock.now() - at < TimeDelta::seconds(5));
    }
}
