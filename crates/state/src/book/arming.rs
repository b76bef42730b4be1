//! What people allow, as the fold sees it: limits by their versions, arming for real money, gates.

use broker_api::arming::{
    ARMED_AT_MOST, Armed, BROKER_PAPER, GateOverridden, GatePassed, LimitsConfirmed, LimitsSet, PAPER,
};
use broker_api::{Gate, Level, LimitsInForce, Mode, Record, Time};

use super::Book;
use super::fold::{No, no};

impl Book {
    /// Folds what people allow.
    pub(super) fn permitted(&mut self, record: &Record, at: Time) -> Result<(), No> {
        match record {
            Record::LimitsSet(set) => self.limits_set(set, at),
            Record::LimitsConfirmed(confirmed) => self.limits_confirmed(confirmed, at),
            Record::Armed(armed) => self.armed(armed, at),
            Record::Disarmed(_) => match self.guard.armed.take() {
                Some(_) => Ok(()),
                None => no("nothing is armed"),
            },
            Record::GateOverridden(gate) => self.gate_overridden(gate, at),
            Record::GatePassed(passed) => self.gate_passed(passed, at),
            _ => Ok(()),
        }
    }

    fn limits_set(&mut self, set: &LimitsSet, at: Time) -> Result<(), No> {
        let LimitsSet { version, figures } = set;
        let before = self.guard.limits_version();
        if *version != before + 1 {
            return no(format!("version {version} of the limits does not follow version {before}"));
        }
        if figures.is_empty() {
            return no("limits without a single one are none");
        }
        self.guard.limits = Some(LimitsInForce { version: *version, since: at, figures: figures.clone() });
        // What was confirmed is good for one change.
        if self.guard.confirmed.as_ref().is_some_and(|confirmed| confirmed.from <= at) {
            self.guard.confirmed = None;
        }
        Ok(())
    }

    fn limits_confirmed(&mut self, confirmed: &LimitsConfirmed, at: Time) -> Result<(), No> {
        let Some(limits) = &self.guard.limits else { return no("no limits are in force yet") };
        if let Some(key) = confirmed.figures.keys().find(|key| !limits.figures.contains_key(*key)) {
            return no(format!("{key} is no limit that is in force"));
        }
        if confirmed.figures.is_empty() || confirmed.from <= at {
            return no("what is confirmed names limits, and a time to come");
        }
        let mut confirmed = confirmed.clone();
        // Others that were confirmed before stay so.
        for (key, figure) in self.guard.confirmed.take().into_iter().flat_map(|before| before.figures) {
            confirmed.figures.entry(key).or_insert(figure);
        }
        self.guard.confirmed = Some(confirmed);
        Ok(())
    }

    fn armed(&mut self, armed: &Armed, at: Time) -> Result<(), No> {
        let of = armed.of;
        if self.venues.get(&of.venue).is_none_or(|venue| venue.of != of) {
            return no(format!("the book is not bound to account {} at {}", of.account, of.venue));
        }
        if of.mode != Mode::Live {
            return no(format!("account {} is one of no real money, and needs no arming", of.account));
        }
        if armed.until <= at || armed.until > at + ARMED_AT_MOST {
            return no("an account is armed until a time to come, and for 30 days at most");
        }
        let version = self.guard.limits_version();
        if version == 0 || armed.limits != version {
            return no(format!("version {} of the limits is not in force, but {version}", armed.limits));
        }
        if self.guard.level != Level::Trading {
            return no(format!("the level is {}, not trading", self.guard.level));
        }
        if !self.guard.gates.contains_key(&BROKER_PAPER) {
            return no(format!("the gate {BROKER_PAPER} was not passed"));
        }
        self.guard.armed = Some(armed.clone());
        Ok(())
    }

    /// What is tried without real money is not passed in a book of real money. The gate in front of that is: its evidence
    /// comes from another book.
    fn gate_passed(&mut self, passed: &GatePassed, at: Time) -> Result<(), No> {
        let GatePassed { gate, certificate, .. } = passed;
        if *gate == PAPER && self.venues.values().any(|venue| venue.of.mode == Mode::Live) {
            return no(format!("the gate {gate} is not passed with real money"));
        }
        self.guard.gates.insert(*gate, Gate::Passed { at, certificate: *certificate });
        Ok(())
    }

    fn gate_overridden(&mut self, gate: &GateOverridden, at: Time) -> Result<(), No> {
        let GateOverridden { gate, name, reason } = gate;
        if let Some(Gate::Passed { .. }) = self.guard.gates.get(gate) {
            return no(format!("the gate {gate} was passed, and there is nothing to override"));
        }
        let (name, reason) = (name.clone(), reason.clone());
        self.guard.gates.insert(*gate, Gate::Overridden { at, name, reason });
        Ok(())
    }
}
