//! What people allow: limits that are confirmed, accounts of real money that are armed, and what disarms them.
//!
//! Nothing here arms by itself. What may not be is not done, and whoever asked for it has been told why.

use broker_api::arming::{ARMED_AT_MOST, BROKER_PAPER, Disarmed, GateOverridden, GatePassed};
use broker_api::{
    AccountRef, Armed, By, Code, Digest, Figures, Gate, Level, LimitsConfirmed, Mode, Reason, Record, Time,
    VenueId,
};
use chrono::TimeDelta;
use risk::{Stage, Unclear};
use state::{Book, Illegal};

use super::{Step, unclear};
use crate::input::Operator;

const DISARMED: Code = Code::fixed("disarmed");
const OPERATOR: Code = Code::fixed("operator");

/// What the guard says of this process's limits, remembered while the book's do not change.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loosened {
    /// The version in force, and whether the time of what was confirmed has come.
    of: Option<(u32, bool)>,
    key: Option<&'static str>,
}

/// Whether the account that was read is not the one that is armed at its venue.
pub(super) fn is_another(book: &Book, read: &AccountRef) -> bool {
    let armed = book.guard().armed.as_ref();
    armed.is_some_and(|armed| armed.of.venue == read.venue && armed.of != *read)
}

impl Step<'_> {
    /// The limit of this process that is loosened beyond what is in force by more than may be.
    pub(super) fn loosened(&mut self) -> Option<&'static str> {
        let guard = self.book.guard();
        let limits = guard.limits.as_ref().filter(|_| self.setup.stage != Stage::Replay)?;
        let is_due = guard.confirmed.as_ref().is_some_and(|confirmed| confirmed.from <= self.now);
        let of = Some((limits.version, is_due));
        if self.loosened.of != of {
            let key = risk::versions::loosened(guard, &self.setup.limits, self.now);
            *self.loosened = Loosened { of, key };
        }
        self.loosened.key
    }

    /// Whether a venue is one of real money that takes no entries now.
    pub(super) fn is_unarmed(&self, venue: VenueId) -> bool {
        let of = self.book.venue(venue).map(|state| state.of);
        of.is_some_and(|of| self.book.guard().may_enter(&of, self.now).is_err())
    }

    /// Ends the arming when its time is up, or something is not as it was when a person armed.
    pub(super) fn disarms(&mut self) -> Result<(), Illegal> {
        let Some(armed) = &self.book.guard().armed else { return Ok(()) };
        let until = armed.until;
        let Some(text) = self.disarmed_by(armed) else {
            self.due_at(until);
            return Ok(());
        };
        let reason = Reason::plain(DISARMED, text);
        self.put(Record::Disarmed(Disarmed { by: By::Guard, reason }))
    }

    fn disarmed_by(&self, armed: &Armed) -> Option<String> {
        let guard = self.book.guard();
        let read = self.market.account(armed.of.venue).map(|account| account.of);
        if armed.until <= self.now {
            return Some(format!("it was armed until {}", armed.until));
        }
        if guard.level >= Level::ReduceOnly {
            return Some(format!("the level is {}", guard.level));
        }
        if guard.limits_version() != armed.limits {
            let (with, now) = (armed.limits, guard.limits_version());
            return Some(format!(
                "it was armed with version {with} of the limits, and version {now} is in force"
            ));
        }
        if let Some(read) = read.filter(|read| *read != armed.of) {
            return Some(format!(
                "the account that was read is {} ({}), and {} was armed",
                read.account, read.mode, armed.of.account
            ));
        }
        let (venue, _) = self.book.history_wanted().next()?;
        Some(format!("what happened at {venue} is not in the book"))
    }

    /// A person's word about what is allowed.
    pub(super) fn allowed(&mut self, act: &Operator) -> Result<(), Illegal> {
        match act {
            Operator::Arm { of, seconds, limits, drilled_before, override_gate, certificate, name, why } => {
                let until = self.now + TimeDelta::seconds(i64::from(*seconds));
                let (name, reason) = (name.clone(), why.clone());
                let drilled = drilled_before.map(|before| self.now - TimeDelta::seconds(i64::from(before)));
                let armed = Armed { of: *of, until, limits: *limits, drilled, name, reason };
                self.arm(armed, override_gate.as_deref(), *certificate)
            }
            Operator::Disarm { name, why } if self.book.guard().armed.is_some() => {
                let by = By::Operator { name: name.clone() };
                let reason = Reason::plain(OPERATOR, why.clone());
                self.put(Record::Disarmed(Disarmed { by, reason }))
            }
            Operator::ConfirmLimits { figures, name, why } => self.confirm(figures, name, why),
            _ => Ok(()),
        }
    }

    fn arm(
        &mut self,
        armed: Armed,
        override_gate: Option<&str>,
        certificate: Option<Digest>,
    ) -> Result<(), Illegal> {
        let known = self.book.guard().gates.get(&BROKER_PAPER);
        let is_through = known.is_some() || certificate.is_some();
        let is_known =
            |shown: &Digest| matches!(known, Some(Gate::Passed { certificate, .. }) if certificate == shown);
        let shown = certificate.filter(|shown| !is_known(shown));
        if !self.may_arm(&armed.of, armed.until, armed.limits) || !is_through && override_gate.is_none() {
            return Ok(());
        }
        if let Some(certificate) = shown {
            let (name, reason) = (armed.name.clone(), armed.reason.clone());
            let record = GatePassed { gate: BROKER_PAPER, certificate, name, reason };
            self.put(Record::GatePassed(record))?;
        }
        if let Some(reason) = override_gate.filter(|_| !is_through) {
            let name = armed.name.clone();
            let record = GateOverridden { gate: BROKER_PAPER, name, reason: reason.into() };
            self.put(Record::GateOverridden(record))?;
        }
        self.put(Record::Armed(armed))
    }

    fn may_arm(&self, of: &AccountRef, until: Time, limits: u32) -> bool {
        let guard = self.book.guard();
        let is_read = self.market.account(of.venue).is_some_and(|account| account.of == *of);
        let is_bound = self.book.venue(of.venue).is_some_and(|venue| venue.of == *of);
        of.mode == Mode::Live
            && is_read
            && is_bound
            && self.now < until
            && until <= self.now + ARMED_AT_MOST
            && limits > 0
            && limits == guard.limits_version()
            && guard.level == Level::Trading
            && !self.halted
            && unclear(self.book) == Unclear::default()
            && self.book.history_wanted().next().is_none()
    }

    /// Limits that a person confirms are in force from the next account day on.
    fn confirm(&mut self, figures: &Figures, name: &str, why: &str) -> Result<(), Illegal> {
        let Some(known) = self.book.guard().limits.as_ref().map(|limits| &limits.figures) else {
            return Ok(());
        };
        let is_known = !figures.is_empty() && figures.keys().all(|key| known.contains_key(key));
        let Some(from) = self.next_day_and_week().0.filter(|from| is_known && *from > self.now) else {
            return Ok(());
        };
        let (figures, name, reason) = (figures.clone(), name.into(), why.into());
        self.put(Record::LimitsConfirmed(LimitsConfirmed { figures, from, name, reason }))
    }
}
